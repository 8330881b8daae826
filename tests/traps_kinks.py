"""Traps at kinks, poles and corners. Subgradients are JAX's; a tie is shared so that the parts sum to 1."""

import math

import numpy as np

from traps_kit import trap

INF = math.inf


# --- ties -------------------------------------------------------------------------------------------------------------


@trap("a tie with a constant takes half", 0.0, value=0.0, grad=0.5)
def relu_by_maximum(x):
    return np.maximum(x, 0.0)


@trap("a tie with a constant takes half", 0.0, value=0.0, grad=0.5)
def relu_by_clip(x):
    return np.minimum(np.maximum(x, 0.0), 6.0)


@trap("both arguments are the same variable: halves sum to 1", 3.0, value=3.0, grad=1.0, compiled=True)
def maximum_of_itself(x):
    return np.maximum(x, x)


@trap("a tie between two arguments is shared", 2.0, 2.0, value=2.0, grad=[0.5, 0.5])
def maximum_tied(x, y):
    return np.maximum(x, y)


@trap("a tie between two arguments is shared", 2.0, 2.0, value=4.0, grad=[2.0, 2.0])
def minimum_tied_squared(x, y):
    return np.minimum(x, y) ** 2


@trap("fmax shares ties too", 2.0, 2.0, value=2.0, grad=[0.5, 0.5])
def fmax_tied(x, y):
    return np.fmax(x, y)


@trap("fmax ignores a NaN, and so does its derivative", 2.0, math.nan, value=2.0, grad=[1.0, 0.0])
def fmax_of_nan(x, y):
    return np.fmax(x, y)


@trap("three equal largest elements take a third each", np.array([1.0, 5.0, 5.0, 5.0]), value=5.0,
      grad=np.array([0.0, 1 / 3, 1 / 3, 1 / 3]), compiled=True)  # fmt: skip
def three_way_tie(x):
    return np.max(x)


@trap("every element is the smallest", np.zeros((2, 2)), value=0.0, grad=np.full((2, 2), 0.25))
def all_tied(x):
    return np.min(x)


@trap("ties within each row are shared within the row", np.array([[1.0, 1.0], [0.0, 2.0]]), value=3.0,
      grad=np.array([[0.5, 0.5], [0.0, 1.0]]))  # fmt: skip
def ties_in_rows(x):
    return np.sum(np.max(x, axis=1))


@trap("a spread over a tied maximum: shifting all elements changes nothing", np.array([2.0, 2.0]), value=2.0,
      grad=np.array([0.0, 0.0]))  # fmt: skip
def shifted_exponentials(x):
    return np.sum(np.exp(x - np.max(x)))


@trap("logsumexp with its usual shift: softmax, ties or not", np.array([1000.0, 1000.0]), value=1000 + math.log(2.0),
      grad=np.array([0.5, 0.5]), second=np.zeros(2), compiled=True)  # fmt: skip
def logsumexp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


@trap("a branch is differentiated as it was taken", 0.0, value=0.0, grad=1.0)
def relu_by_branch(x):
    return x if x >= 0 else 0.0


@trap("Python's max compares and picks the first", 1.0, value=1.0, grad=1.0)
def python_max(x):
    return max(x, 0.5)


@trap("a median of an even number of elements takes two halves", np.array([3.0, 1.0, 2.0, 10.0]), value=2.5,
      grad=np.array([0.5, 0.0, 0.5, 0.0]))  # fmt: skip
def median_of_four(x):
    return np.median(x)


@trap("equal elements keep their order when sorted", np.array([2.0, 2.0, 1.0]), value=1 + 4 + 6.0,
      grad=np.array([2.0, 3.0, 1.0]))  # fmt: skip
def weighted_sort(x):
    return np.sum(np.sort(x) * np.array([1.0, 2.0, 3.0]))


@trap("clip inside its bounds is the identity, at one of them it is half", np.array([-1.0, 0.0, 0.5, 2.0]), value=1.5,
      grad=np.array([0.0, 0.5, 1.0, 0.0]))  # fmt: skip
def clip_elements(x):
    return np.sum(np.minimum(np.maximum(x, 0.0), 1.0))


# --- |x| and distances ------------------------------------------------------------------------------------------------


@trap("|x| has the derivative 0 at 0", 0.0, value=0.0, grad=0.0, second=0.0)
def absolute(x):
    return abs(x)


@trap("|x| at -0.0", -0.0, value=0.0, grad=0.0)
def absolute_of_minus_zero(x):
    return np.abs(x)


@trap("x * |x| is smooth once", 0.0, value=0.0, grad=0.0, second=0.0)
def signed_square(x):
    return x * np.abs(x)


@trap("math.fabs is |x|", -2.0, value=2.0, grad=-1.0)
def fabs(x):
    return math.fabs(x)


@trap("hypot at the origin has a subgradient", 0.0, 0.0, value=0.0, grad=[0.0, 0.0])
def hypot_at_origin(x, y):
    return np.hypot(x, y)


@trap("hypot of numbers whose squares overflow", 3e200, 4e200, value=5e200, grad=[0.6, 0.8])
def hypot_of_large(x, y):
    return np.hypot(x, y)


@trap("hypot along one axis", 0.0, 2.0, value=2.0, grad=[0.0, 1.0], second=0.5)
def hypot_on_axis(x, y):
    return np.hypot(x, y)


@trap(
    "the square of a norm is smooth at 0",
    np.zeros(3),
    value=0.0,
    grad=np.zeros(3),
    second=np.full(3, 2.0),
    compiled=True,
)
def squared_norm(x):
    return np.linalg.norm(x) ** 2


@trap("the square of a root is smooth at 0", 0.0, value=0.0, grad=0.0, second=2.0)
def squared_root_of_square(x):
    return np.sqrt(x * x) ** 2


@trap("sqrt(x*x) is |x| away from 0", -3.0, value=3.0, grad=-1.0, second=0.0)
def root_of_square(x):
    return np.sqrt(x * x)


@trap("sqrt(x**2 + eps) is smooth at 0", 0.0, value=1e-4, grad=0.0, second=1e4)
def smooth_absolute(x):
    return np.sqrt(x**2 + 1e-8)


@trap("copysign takes the sign of its second argument as a constant", -3.0, 2.0, value=3.0, grad=[-1.0, 0.0])
def copysign(x, y):
    return np.copysign(x, y)


@trap("the derivative of sign is 0", 0.7, value=0.7, grad=1.0, second=0.0)
def times_sign(x):
    return x * np.sign(x)


# --- angles -----------------------------------------------------------------------------------------------------------


@trap("arctan2 on the positive x axis", 0.0, 2.0, value=0.0, grad=[0.5, 0.0], second=0.0)
def angle_on_positive_axis(y, x):
    return np.arctan2(y, x)


@trap("arctan2 on the y axis, where y/x has a pole", 2.0, 0.0, value=math.pi / 2, grad=[0.0, -0.5])
def angle_on_vertical_axis(y, x):
    return math.atan2(y, x)


@trap(
    "arctan2 on the negative x axis is on its branch cut, and smooth from above",
    0.0,
    -2.0,
    value=math.pi,
    grad=[-0.5, 0.0],
)
def angle_on_branch_cut(y, x):
    return np.arctan2(y, x)


@trap("arctan of an infinite argument is flat", INF, value=math.pi / 2, grad=0.0)
def arctan_of_infinity(x):
    return np.arctan(x)


@trap("sinc at 0, where sin(t)/t is 0/0", 0.0, value=1.0, grad=0.0, second=-(math.pi**2) / 3)
def sinc(x):
    return np.sinc(x)


# --- powers -----------------------------------------------------------------------------------------------------------


@trap("x**0 is 1, also at 0", 0.0, value=1.0, grad=0.0, second=0.0, compiled=True)
def to_the_zeroth(x):
    return x**0


@trap("x**0 with a computed exponent", 0.0, 0, value=1.0, grad=0.0, second=0.0, compiled=True)
def to_a_computed_zeroth(x, n):
    return x**n


@trap("x**1 at 0 with a computed exponent", 0.0, 1, value=0.0, grad=1.0, second=0.0)
def to_a_computed_first(x, n):
    return x**n


@trap("x**2 at 0 with a computed float exponent", 0.0, 2.0, value=0.0, grad=[0.0, 0.0], second=2.0)
def to_a_computed_second(x, p):
    return x**p


@trap("0**p as a function of p > 0 is constant", 2.0, value=0.0, grad=0.0, second=0.0)
def zero_to_the(p):
    return 0.0**p


@trap("0**p with a computed base", 2.0, 0.0, value=0.0, grad=[0.0, 0.0])
def computed_zero_to_the(p, x):
    return x**p


@trap("a negative base with an integer exponent", -2.0, value=-8.0, grad=12.0, second=-12.0)
def cube_of_negative(x):
    return x**3


@trap("a negative base with a computed integer exponent", -2.0, 3, value=-8.0, grad=12.0, second=-12.0, compiled=True)
def computed_cube_of_negative(x, n):
    return x**n


@trap(
    "a negative base with a float exponent that is an integer, held constant", -2.0, value=-8.0, grad=12.0, second=-12.0
)
def float_cube_of_negative(x):
    return x**3.0


@trap("a negative exponent", -2.0, value=-0.125, grad=-3 / 16, second=-12 / 32)
def negative_cube(x):
    return x**-3


@trap(
    "an exponent of an integer base: log(2) * 2**p",
    3.0,
    value=8.0,
    grad=8 * math.log(2.0),
    second=8 * math.log(2.0) ** 2,
)
def two_to_the(p):
    return 2**p


@trap("x**x", 2.0, value=4.0, grad=4 * (math.log(2.0) + 1), second=4 * (math.log(2.0) + 1) ** 2 + 2, compiled=True)
def self_power(x):
    return x**x


@trap(
    "a polynomial at 0 by powers of a computed array",
    0.0,
    np.array([5.0, 3.0, 2.0]),
    value=5.0,
    grad=[3.0, np.array([1.0, 0.0, 0.0])],
    second=4.0,
)
def polynomial_of_powers(x, c):
    s = 0.0
    for k in range(c.size):
        s += c[k] * x**k
    return s


@trap("sqrt has an infinite slope at 0, where it counts", 0.0, value=0.0, grad=INF)
def plain_root(x):
    return np.sqrt(x)


@trap("x * sqrt(x) by power is smooth at 0", 0.0, value=0.0, grad=0.0)
def power_three_halves(x):
    return x**1.5


@trap("cbrt is defined for negative numbers", -8.0, value=-2.0, grad=1 / 12)
def cube_root(x):
    return np.cbrt(x)


# --- products ---------------------------------------------------------------------------------------------------------


@trap("prod with one zero: only its own factor counts", np.array([2.0, 0.0, 3.0]), value=0.0,
      grad=np.array([0.0, 6.0, 0.0]), second=np.array([3.0, 5.0, 2.0]), compiled=True)  # fmt: skip
def product_with_a_zero(x):
    return np.prod(x)


@trap("prod with two zeros is flat, but not its second derivative", np.array([0.0, 4.0, 0.0]), value=0.0, grad=np.zeros(3),
      second=np.array([4.0, 0.0, 4.0]))  # fmt: skip
def product_with_two_zeros(x):
    return np.prod(x)


@trap("prod along an axis with a zero in one row", np.array([[2.0, 0.0], [5.0, 7.0]]), value=35.0,
      grad=np.array([[0.0, 2.0], [7.0, 5.0]]))  # fmt: skip
def product_of_rows(x):
    return np.sum(np.prod(x, axis=1))


@trap("a product by a loop, through a zero", np.array([2.0, 0.0, 3.0]), value=0.0, grad=np.array([0.0, 6.0, 0.0]),
      second=np.array([3.0, 5.0, 2.0]))  # fmt: skip
def product_by_loop(x):
    p = 1.0
    for i in range(x.size):
        p *= x[i]
    return p


@trap("a product written over itself in an array", np.array([2.0, 0.0, 3.0]), value=0.0, grad=np.array([0.0, 6.0, 0.0]))
def product_by_cells(x):
    p = np.ones(1)
    for v in x:
        p[0] *= v
    return p[0]


@trap("cumprod through a zero", np.array([2.0, 0.0, 3.0]), value=2.0, grad=np.array([1.0, 8.0, 0.0]))
def cumulative_product(x):
    return np.sum(np.cumprod(x))


@trap("the determinant of a singular matrix: its cofactors", np.array([[1.0, 2.0], [2.0, 4.0]]), value=0.0,
      grad=np.array([[4.0, -2.0], [-2.0, 1.0]]), second=np.array([[1.0, -1.0], [-1.0, 1.0]]), compiled=True)  # fmt: skip
def singular_determinant(a):
    return np.linalg.det(a)


@trap("the determinant of the zero matrix", np.zeros((2, 2)), value=0.0, grad=np.zeros((2, 2)),
      second=np.array([[1.0, -1.0], [-1.0, 1.0]]))  # fmt: skip
def determinant_of_zero(a):
    return np.linalg.det(a)


@trap("a 3x3 matrix of rank 1: flat, and a second derivative",
      np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), value=0.0,
      grad=np.zeros((3, 3)), second=np.array([[0.0, 0.0, 0.0], [0.0, 1.0, -1.0], [0.0, -1.0, 1.0]]))  # fmt: skip
def determinant_of_rank_one(a):
    return np.linalg.det(a)


# --- branches that are not taken --------------------------------------------------------------------------------------


@trap("where guards a root at a negative number", np.array([-1.0, 4.0]), value=2.0, grad=np.array([0.0, 0.25]),
      second=np.array([0.0, -1 / 32]), compiled=True)  # fmt: skip
def guarded_root(x):
    return np.sum(np.where(x > 0, np.sqrt(x), 0.0))


@trap("where guards a root at 0, whose slope is infinite", np.array([0.0, 4.0]), value=2.0, grad=np.array([0.0, 0.25]),
      second=np.array([0.0, -1 / 32]))  # fmt: skip
def guarded_root_at_zero(x):
    return np.sum(np.where(x > 0, np.sqrt(x), 0.0))


@trap("where guards a division by zero", np.array([0.0, 2.0]), value=0.5, grad=np.array([0.0, -0.25]),
      second=np.array([0.0, 0.25]), compiled=True)  # fmt: skip
def guarded_reciprocal(x):
    return np.sum(np.where(x != 0, 1 / x, 0.0))


@trap("where guards a logarithm", 0.0, value=0.0, grad=0.0, second=0.0)
def guarded_entropy(p):
    return np.where(p > 0, p * np.log(p), 0.0)


@trap("the guarded value multiplies a state that a loop carries", np.array([-1.0, 4.0, -2.0]), value=3.0,
      grad=np.array([0.0, 0.25, 0.0]), second=np.array([0.0, -1 / 32, 0.0]), compiled=True)  # fmt: skip
def guarded_growth(x):
    s = 1.0
    for i in range(x.size):
        s += np.where(x[i] > 0, np.sqrt(x[i]), 0.0) * s
    return s


@trap("the same in a while loop, whose tape is a list", np.array([-1.0, 4.0, -2.0]), value=3.0,
      grad=np.array([0.0, 0.25, 0.0]), second=np.array([0.0, -1 / 32, 0.0]))  # fmt: skip
def guarded_growth_in_while(x):
    s, i = 1.0, 0
    while i < x.size and s < 100.0:
        s += np.where(x[i] > 0, np.sqrt(x[i]), 0.0) * s
        i += 1
    return s


@trap("the guarded array multiplies a state that a loop carries", np.array([-1.0, 4.0]), value=9.0,
      grad=np.array([0.0, 1.5]), second=np.array([0.0, -1 / 16]))  # fmt: skip
def guarded_array_growth(x):
    s = np.ones(2)
    for _ in range(2):
        s += np.where(x > 0, np.sqrt(x), 0.0) * s
    return s[1]


@trap("a conditional expression guards too", -1.0, value=0.0, grad=0.0, second=0.0)
def guarded_by_expression(x):
    return np.sqrt(x) if x > 0 else 0.0


@trap("the masked elements only are touched", np.array([-1.0, 4.0]), value=2.0, grad=np.array([0.0, 0.25]))
def guarded_by_mask(x):
    y = np.zeros(2)
    m = x > 0
    y[m] = np.sqrt(x[m])
    return np.sum(y)


@trap("nested guards", np.array([-4.0, 0.0, 4.0]), value=4.0, grad=np.array([-0.25, 0.0, 0.25]))
def guarded_twice(x):
    return np.sum(np.where(x > 0, np.sqrt(x), np.where(x < 0, np.sqrt(-x), 0.0)))


@trap("an overflow on the path not taken", 1000.0, value=1000.0, grad=1.0, second=0.0)
def guarded_exponential(x):
    return np.where(x > 50, x, np.log1p(np.exp(x)))


@trap("a where whose branch is multiplied by a zero", 0.0, value=0.0, grad=1.0, second=0.0)
def guarded_quotient(x):
    return np.where(np.abs(x) > 1e-8, np.sin(x) / np.where(np.abs(x) > 1e-8, x, 1.0), 1.0) * x


# --- overflow ---------------------------------------------------------------------------------------------------------


@trap("softplus by logaddexp at 800", 800.0, value=800.0, grad=1.0, second=0.0, compiled=True)
def softplus(x):
    return np.logaddexp(0.0, x)


@trap("softplus by logaddexp at -800", -800.0, value=0.0, grad=0.0, second=0.0)
def softplus_far_below(x):
    return np.logaddexp(x, 0.0)


@trap("softplus by its stable form at 800", 800.0, value=800.0, grad=1.0, second=0.0)
def stable_softplus(x):
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


@trap("softplus by its stable form at 0, on two kinks", 0.0, value=math.log(2.0), grad=0.5)
def stable_softplus_at_zero(x):
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


@trap("logaddexp with -inf is the other argument", 1.0, -INF, value=1.0, grad=[1.0, 0.0], compiled=True)
def logaddexp_with_nothing(x, y):
    return np.logaddexp(x, y)


@trap(
    "a log-sum started at -inf",
    np.array([0.0, 0.0]),
    value=math.log(2.0),
    grad=np.array([0.5, 0.5]),
    second=np.zeros(2),
)
def logaddexp_from_nothing(x):
    s = -np.inf
    for v in x:
        s = np.logaddexp(s, v)
    return s


@trap("the logistic function at 800", 800.0, value=1.0, grad=0.0, second=0.0)
def logistic_far_above(x):
    return 1 / (1 + np.exp(-x))


@trap("the logistic function by its stable form at -800", -800.0, value=0.0, grad=0.0, second=0.0)
def stable_logistic(x):
    return 1 / (1 + np.exp(-x)) if x >= 0 else np.exp(x) / (1 + np.exp(x))


@trap("the logistic function by tanh at -800", -800.0, value=0.0, grad=0.0, second=0.0)
def logistic_by_tanh(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


@trap("tanh at 800, where cosh overflows", 800.0, value=1.0, grad=0.0, second=0.0)
def tanh_far_above(x):
    return np.tanh(x)


@trap("exp of a large negative number", -800.0, value=0.0, grad=0.0, second=0.0)
def exponential_far_below(x):
    return np.exp(x)


@trap("a Gaussian far from its centre", 1e10, value=0.0, grad=0.0)
def gaussian_far_away(x):
    return np.exp(-0.5 * x**2)


@trap("log1p near 0 keeps its digits", 1e-20, value=1e-20, grad=1.0)
def log1p_near_zero(x):
    return np.log1p(x)


@trap("expm1 near 0 keeps its digits", 1e-20, value=1e-20, grad=1.0)
def expm1_near_zero(x):
    return np.expm1(x)


# --- steps ------------------------------------------------------------------------------------------------------------


@trap("floor is flat", 2.7, value=2.0 * 2.7, grad=2.0)
def times_floor(x):
    return x * np.floor(x)


@trap("x % 1 has the slope 1, also on negative numbers", -0.25, value=0.75, grad=1.0)
def sawtooth(x):
    return x % 1.0


@trap("the derivative of a remainder in its divisor", 7.5, 2.0, value=1.5, grad=[1.0, -3.0])
def remainder(x, y):
    return x % y


@trap("a floor division is flat", 7.5, 2.0, value=22.5, grad=[3.0, 0.0])
def floor_division(x, y):
    return x // y * x


@trap("int() is a constant", 2.7, value=2.0 * 2.7, grad=2.0)
def times_int(x):
    return x * int(x)


@trap("round() to even, a constant", 2.5, value=5.0, grad=2.0)
def times_round(x):
    return x * round(x)


@trap("a comparison is a constant", 0.5, value=1.5, grad=3.0)
def times_comparison(x):
    return 3.0 * x * (x > 0.25) + 2.0 * x * (x > 0.75)


@trap("the variance of equal elements is flat", np.full(3, 2.0), value=0.0, grad=np.zeros(3), second=np.zeros(3))
def variance_of_equal(x):
    return np.var(x)


# --- values that the path does not use --------------------------------------------------------------------------------


@trap(
    "a root of a negative number that only the other return uses", -1.0, value=-3.0, grad=3.0, second=0.0, compiled=True
)
def early_return(x):
    r = np.sqrt(x)
    if x > 2.0:
        return r
    return 3.0 * x


@trap("the length 0 is only looked at", np.zeros(3), value=0.0, grad=np.full(3, 2.0), second=np.zeros(3))
def guarded_length(x):
    n = np.sqrt(x @ x)
    if n < 1e-12:
        return 2.0 * np.sum(x)
    return np.sum(x / n)


@trap("the overflow of a value that only the other branch uses", 800.0, value=800.0, grad=1.0, second=0.0)
def softplus_with_a_branch(x):
    e = np.exp(x)
    if x > 30.0:
        return x
    return np.log1p(e)


@trap("a product with an infinity that is thrown away", 0.0, 3.0, value=9.0, grad=[0.0, 6.0])
def product_with_infinity(x, y):
    w = y * (1.0 / x)
    s = y * y
    if x > 0.5:
        s += w
    return s


@trap("a root that is used, with the adjoint 2 r = 0: it is no root that the path drops", 0.0, value=0.0, grad=1.0)
def square_of_a_root(x):
    r = np.sqrt(x)
    s = 0.0
    if x < 1.0:
        s += r * r
    return s


@trap("an adjoint that is 0 by its value has a derivative", 4.0, 0.0, value=0.0, grad=[0.0, 2.0], second=-0.0)
def used_with_factor_zero(x, p):
    r = np.sqrt(x)
    if x > 1.0:
        return r * p
    return x


@trap("the logarithms of a running maximum: -inf is never the largest", np.array([0.0, 2.0, 0.0, 4.0, 1.0]),
      value=math.log(4.0), grad=np.array([0.0, 0.0, 0.0, 0.25, 0.0]), compiled=True)  # fmt: skip
def running_maximum(x):
    m = -10.0
    for i in range(x.size):
        v = np.log(x[i])
        if v > m:
            m = v
    return m


@trap("only the last root counts", np.array([0.0, 0.0, 4.0]), value=2.0, grad=np.array([0.0, 0.0, 0.25]))
def last_root(x):
    r = 0.0
    for i in range(x.size):
        r = np.sqrt(x[i])
    return r


@trap("a root that each trip hands on, and two trips later nobody uses", np.array([0.0, 0.0, 4.0, 9.0]), value=5.0,
      grad=np.array([0.0, 0.0, 0.25, 1.0 / 6.0]))  # fmt: skip
def last_two_roots(x):
    old, new = 0.0, 0.0
    for i in range(x.size):
        old, new = new, np.sqrt(x[i])
    return old + new


@trap("a loop that does not run does not use the root", 0.0, value=0.0, grad=1.0, second=0.0)
def loop_without_trips(x):
    r = np.sqrt(x)
    s, k = 0.0, 0
    while r > 0.5 and k < 3:
        s += r
        k += 1
    return s + x


@trap("a guard inside a loop, of a value from before it", np.zeros(2), np.ones(2), value=2.0, grad=[np.zeros(2), np.ones(2)],
      compiled=True)  # fmt: skip
def guard_in_a_loop(v, w):
    n = np.sqrt(v @ v)
    s = 0.0
    for i in range(v.size):
        if n > 0.0:
            s += w[i] * v[i] / n
        else:
            s += w[i]
    return s


@trap("pairs, of which a point and itself are none", np.array([0.0, 1.0, 3.0]), value=11.0 / 3.0,
      grad=np.array([2.0 + 2.0 / 9.0, -2.0 + 0.5, -0.5 - 2.0 / 9.0]))  # fmt: skip
def pairs_without_self(x):
    e = 0.0
    for i in range(x.size):
        for j in range(x.size):
            d = x[i] - x[j]
            r = np.sqrt(d * d)
            if i != j:
                e += 1.0 / r
    return e


@trap("missing data is skipped", np.array([1.0, math.nan, 2.0]), 0.5, value=2.5, grad=[np.array([1.0, 0.0, 3.0]), -4.0])
def missing_data(d, m):
    s = 0.0
    for i in range(d.size):
        w = (d[i] - m) ** 2
        if not np.isnan(d[i]):
            s += w
    return s


@trap("a continue leaves the reciprocal of 0 behind", np.array([0.0, 2.0, 4.0]), value=0.75,
      grad=np.array([0.0, -0.25, -0.0625]))  # fmt: skip
def reciprocals_by_continue(x):
    s = 0.0
    for i in range(x.size):
        inverse = 1.0 / x[i]
        if x[i] == 0.0:
            continue
        s += inverse
    return s


@trap("a nested choice, of which the inner arm takes the root", 0.0, 1.0, value=1.0, grad=[0.0, 1.0])
def nested_choice(x, y):
    r = np.sqrt(x)
    s = y
    if y > 0.5:
        if x > 0.5:
            s += r
    else:
        s -= r
    return s


@trap("a callee's value that the caller drops", 0.0, value=0.0, grad=5.0, second=0.0)
def dropped_value_of_a_callee(x):
    def both(t):
        return np.sqrt(t), 5.0 * t

    root, line = both(x)
    return root if x > 1.0 else line


@trap("pairs, of which a point and itself are none, by an array of distances", np.array([0.0, 1.0, 3.0]), value=11.0 / 3.0,
      grad=np.array([2.0 + 2.0 / 9.0, -2.0 + 0.5, -0.5 - 2.0 / 9.0]), compiled=True)  # fmt: skip
def pairs_by_an_array(x):
    r = np.sqrt((x[:, None] - x[None, :]) ** 2)
    e = 0.0
    for i in range(x.size):
        for j in range(x.size):
            if i != j:
                e += 1.0 / r[i, j]
    return e


HALF = {"value": 11.0 / 6.0, "grad": np.array([1.0 + 1.0 / 9.0, -1.0 + 0.25, -0.25 - 1.0 / 9.0])}


@trap("the upper half of an array of distances", np.array([0.0, 1.0, 3.0]), **HALF, compiled=True)
def pairs_of_the_upper_half(x):
    r = np.sqrt((x[:, None] - x[None, :]) ** 2)
    e = 0.0
    for i in range(x.size):
        for j in range(i + 1, x.size):
            e += 1.0 / r[i, j]
    return e


@trap("the lower half of the reciprocals of distances, by while", np.array([0.0, 1.0, 3.0]), **HALF)
def pairs_of_the_lower_half(x):
    r = 1.0 / np.sqrt((x[:, None] - x[None, :]) ** 2)
    e = 0.0
    i = 0
    while i < x.size:
        j = 0
        while j < i:
            e += r[i, j]
            j += 1
        i += 1
    return e


@trap("the upper half of an array of distances, by indices", np.array([0.0, 1.0, 3.0]), **HALF)
def pairs_by_indices(x):
    r = np.sqrt((x[:, None] - x[None, :]) ** 2)
    return np.sum(1.0 / r[np.triu_indices(3, 1)])


@trap("logarithms are read from the end on, as far as they are positive", np.array([0.0, 4.0]), value=math.log(4.0) + 4.0,
      grad=np.array([0.0, 1.25]))  # fmt: skip
def logarithms_by_a_counter(x):
    r = np.log(x)
    s = 0.0
    i = 1
    while i >= 0 and r[i] > 0.0:
        s += r[i] + x[i]
        i -= 1
    return s


@trap("rows of norm 0 are left out by a mask that is broadcast", np.array([[0.0, 0.0], [3.0, 4.0]]), value=1.4,
      grad=np.array([[0.0, 0.0], [0.032, -0.024]]), compiled=True)  # fmt: skip
def normalised_rows(x):
    r = np.sqrt(np.sum(x**2, axis=1))
    return np.sum(np.where(r[:, None] > 0.1, x / r[:, None], 0.0))


@trap("an exponential that overflows where it is not read", np.array([800.0, 0.0]), value=800.0 + math.log(2.0),
      grad=np.array([1.0, 0.5]), second=np.array([0.0, 0.25]))  # fmt: skip
def softplus_by_an_array(x):
    e = np.exp(x)
    s = 0.0
    for i in range(x.size):
        s += x[i] if x[i] > 30.0 else np.log1p(e[i])
    return s


@trap("a root is read through a reversed view, but not at 0", np.array([0.0, 4.0]), value=8.0, grad=np.array([0.0, 3.0]),
      second=np.array([0.0, 0.375]))  # fmt: skip
def roots_backwards(x):
    v = np.sqrt(x)[::-1]
    s = 0.0
    for i in range(v.size):
        if v[i] > 0.0:
            s += v[i] ** 3
    return s


@trap("what depends on a root is read in part", np.array([0.0, 4.0]), value=-8.0, grad=np.array([0.0, -2.0]),
      second=np.array([0.0, 0.0]))  # fmt: skip
def products_of_roots(x):
    r = np.sqrt(x)
    q = np.zeros(x.size)
    for i in range(x.size):
        q[i] = -2.0 * r[i]
    s = 0.0
    for i in range(x.size):
        if x[i] > 0.0:
            s += q[i] * r[i]
    return s


@trap(
    "a cell that is read is overwritten, and not read again", np.array([0.0, 4.0]), value=4.0, grad=np.array([0.0, 0.5])
)
def roots_used_up(x):
    r = np.sqrt(x)
    s = 0.0
    for t in range(2):
        for i in range(x.size):
            if r[i] > 0.0:
                s += r[i]
            r[i] = np.sqrt(x[i]) if t == 0 else np.log(x[i])
    return s


@trap("a row is used whole, by one branch", np.array([0.0, 4.0]), -1.0, value=4.0, grad=[np.array([1.0, 1.0]), 0.0])
def a_vector_for_one_branch(x, flag):
    r = np.sqrt(x)
    if flag > 0.0:
        return np.dot(r, r)
    return np.sum(x)


@trap("a product with what is read at 0 is used, whatever its adjoint is", np.array([0.0, 4.0]), value=6.0,
      grad=np.array([math.nan, 1.25]))  # fmt: skip
def squares_of_roots(x):
    r = np.sqrt(x)
    s = 0.0
    for i in range(x.size):
        if x[i] == 0.0:
            s += r[i] * r[i]
        else:
            s += r[i] + x[i]
    return s


@trap("where a mask or an index points, a root at 0 is not read", np.array([0.0, 4.0, 9.0]), value=10.0,
      grad=np.array([0.0, 0.5, 1 / 3]), second=np.array([0.0, -0.0625, -1 / 54]))  # fmt: skip
def picked_roots(x):
    r = np.sqrt(x)
    (k,) = np.nonzero(x)
    return np.sum(r[k]) + np.sum(np.take(r, np.flatnonzero(x > 0.0)))


@trap("rows of length 0 are left out by an index", np.array([[0.0, 0.0], [3.0, 4.0]]), value=0.6 + 0.64,
      grad=np.array([[0.0, 0.0], [0.128 - 0.1536, -0.096 + 0.1152]]))  # fmt: skip
def rows_of_some_length(m):
    n = np.sqrt(np.sum(m * m, axis=1))
    good = n > 0.0
    u = m[good] / n[good, None]
    return np.sum(u[:, 0]) + np.sum(u[:, 1] ** 2)


@trap("an infinite reciprocal is overwritten where it is", np.array([0.0, 2.0, 4.0]), value=0.75,
      grad=np.array([0.0, -0.25, -0.0625]), second=np.array([0.0, 0.25, 0.03125]), compiled=True)  # fmt: skip
def reciprocals_mended(x):
    d = 1.0 / x
    d[np.isinf(d)] = 0.0
    return np.sum(d)


@trap("the cells at the ends are overwritten", np.array([0.0, 4.0, 0.0]), value=4.0, grad=np.array([0.0, 0.25, 0.0]))
def roots_between_walls(x):
    r = np.sqrt(x)
    r[0] = 2.0
    r[-1:] = 0.0
    return np.sum(r)


@trap("the diagonal is overwritten", np.array([[0.0, 4.0], [1.0, 0.0]]), value=3.0,
      grad=np.array([[0.0, 0.25], [0.5, 0.0]]))  # fmt: skip
def distances_without_the_diagonal(m):
    r = np.sqrt(m)
    np.fill_diagonal(r, 0.0)
    return np.sum(r)


@trap("two masks keep a root at 0 out", np.array([0.0, 4.0]), value=6.0, grad=np.array([0.0, 0.75]),
      second=np.array([0.0, -0.09375]))  # fmt: skip
def a_root_under_two_masks(x):
    r = np.sqrt(x)
    return np.sum(np.where(x > 0.0, r, 0.0) + 2.0 * np.where(x > 1.0, r, 0.0))


@trap("a mask keeps a whole array from the standard deviation", np.array([2.0, 2.0]), np.array([1.0, 3.0]), value=0.0,
      grad=[np.array([0.0, 0.0])] * 2, compiled=True)  # fmt: skip
def scores_of_what_is_constant(x, w):
    s = np.std(x)
    return np.sum(w * np.where(s > 0.0, (x - np.mean(x)) / s, 0.0))


@trap("a mask keeps a vector from its length", np.array([1.0, 1.0]), np.array([1.0, 3.0]), value=0.0,
      grad=[np.array([0.0, 0.0])] * 2)  # fmt: skip
def direction_of_nothing(x, y):
    v = x - 1.0
    n = np.linalg.norm(v)
    return np.dot(np.where(n > 1e-8, v / n, 0.0), y)


@trap("a mask keeps a product of values from what they are made of", np.array([0.0, 1.0]), value=1.0,
      grad=np.array([0.0, 0.5]))  # fmt: skip
def a_chain_under_two_masks(x):
    r = np.sqrt(x)
    q = np.log(x) / r
    return np.sum(np.where(x > 0.0, q * r, 0.0) + np.where(x > 0.5, 1.0 / r, 0.0))


@trap("a slice leaves a root at 0 out", np.array([0.0, 4.0, 9.0]), value=8.0, grad=np.array([0.0, 0.375, 1 / 6]),
      second=np.array([0.0, -0.046875, -1 / 108]))  # fmt: skip
def roots_of_the_rest(x):
    r = np.sqrt(x)
    v = r[1:][::-1]
    return np.sum(v) + 0.5 * r[1] + np.dot(r[2:], np.ones(1)) - v[0] + 2.0


@trap("parts of rows leave the diagonal out", np.array([0.0, 3.0]), value=2 / 3, grad=np.array([2 / 9, -2 / 9]))
def repulsion_by_rows(x):
    r = np.sqrt((x[:, None] - x) ** 2)
    e = 0.0
    for i in range(x.size):
        row = r[i]
        for q in row[:i]:
            e += 1.0 / q
        e += np.sum(1.0 / row[i + 1 :])
    return e


@trap("two elements are read, and not the one at 0", np.array([0.0, 4.0, 9.0]), value=6.0,
      grad=np.array([0.0, 0.75, 2 / 6]))  # fmt: skip
def product_of_two_roots(x):
    r = np.sqrt(x)
    return r[1] * r[2]


@trap("two slices side by side read all", np.array([1.0, 2.0, 4.0]), value=2 * math.log(2.0) ** 2,
      grad=np.array([-2 * math.log(2.0), 0.0, math.log(2.0) / 2]))  # fmt: skip
def squared_returns(p):
    r = np.log(p)
    return np.sum((r[1:] - r[:-1]) ** 2)
