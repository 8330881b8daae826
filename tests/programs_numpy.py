"""NumPy and math: elementwise functions, broadcasting, reductions, linear algebra, attributes and methods."""

import math

import numpy as np
from numpy import exp, linalg, pi

from programs_kit import normal, program, sample, spd

# --- elementwise -----------------------------------------------------------------------------------------------------


@program(sample(5, low=0.3, high=0.8), tags="elementwise", analytic=True, single=True)
def trigonometry(x):
    return np.sin(x) * np.cos(x) + np.tan(x) - np.arcsin(x) * np.arccos(x) + np.arctan(x)


@program(sample(5, low=0.3, high=0.8), tags="elementwise", analytic=True, single=True)
def hyperbolics(x):
    return np.sinh(x) + np.cosh(x) * np.tanh(x) + np.arcsinh(x) * np.arctanh(x) + np.arccosh(x + 1.5)


@program(sample(5), tags="elementwise", analytic=True, single=True)
def exponentials(x):
    return np.exp(x) * np.log(x) + np.expm1(x) * np.log1p(x) + np.log2(x) - np.log10(x) + np.exp2(x)


@program(sample(5), tags="elementwise", single=True)
def roots_and_powers(x):
    return np.sqrt(x) + np.cbrt(x) + np.square(x) * np.reciprocal(x) + np.power(x, 1.5) + x**-2 + x**0.5


@program(sample(4), sample(4, seed=3), tags="elementwise pow")
def array_powers(x, y):
    return x**y + 2.0**x + np.power(y, x)


@program(0.4, 0.9, tags="math")
def math_module(x, y):
    return math.sin(x) * math.exp(y) + math.sqrt(x) / math.log(1.0 + y) + math.tanh(x * y) + math.hypot(x, y)


@program(0.4, 0.9, tags="math special beyond")
def math_special(x, y):
    return math.erf(x) * math.lgamma(y + 2.0) + math.pow(x, y) + math.atan2(x, y) - math.fabs(-x) + math.pi * math.e


@program(normal(6), normal(6, seed=1), tags="minmax")
def extremes(a, b):
    return np.maximum(a, b) * np.minimum(a, 0.3) + np.abs(a) * np.where(a > b, a * b, b) + np.fmax(a, 0.1)


@program(normal(6) * 2.0, tags="clip")
def clipped(a):
    return np.clip(a, -0.5, 1.5) * a + np.minimum(np.maximum(a, 0.0), 1.0)


@program(0.4, 0.9, tags="builtins")
def builtin_functions(a, b):
    return max(a, b, 0.2) * min(a, b) + abs(a - b) + pow(a, 3) + float(b) * round(2.6) + sum((a, b, a * b))


@program(normal(4), tags="unary")
def unary_operators(x):
    return -x * +x + (-x) ** 3 - (-(-x))


@program(0.4, 3, tags="integer arithmetic")
def integer_arithmetic(x, n):
    k = (7 // n) * (7 % n) + n**2 - -n
    return x * k / n + (n << 1) * x**2 + divmod(7, n)[0] * x


@program(-1.3, tags="pow negative base")
def integer_powers_of_negatives(x):
    return x**2 + x**3 - x**-1 + x**0


@program(2.7, tags="floor")
def floors(x):
    return x * np.floor(x) + math.ceil(x) * x**2 + int(x) * x + x % 2.0 * x


@program(sample(3), sample(3, seed=1), tags="elementwise two")
def two_argument_functions(a, b):
    return np.arctan2(a, b) + np.hypot(a, b) * np.logaddexp(a, b) + np.copysign(a, -b)


# --- broadcasting ----------------------------------------------------------------------------------------------------


@program(sample(4, 1), sample(3), tags="broadcast", single=True)
def outer_by_broadcasting(c, r):
    return c * r + r / c


@program(sample(1), sample(4), tags="broadcast size1")
def size_one_array(a, x):
    return np.sum(a * x) + a[0]


@program(sample(4, 3), sample(3), 0.4, tags="broadcast")
def matrix_vector_scalar(m, v, s):
    return (m - v) * s + m / v


@program(sample(4, 3), sample(4, 1), tags="broadcast inplace")
def broadcast_in_place(m, c):
    a = m.copy()
    a *= c
    a += 1.0
    return np.sum(a * a)


@program(sample(3), sample(2), tags="newaxis")
def pairwise_differences(x, y):
    d = x[:, None] - y[None, :]
    return np.sum(np.exp(-d * d))


@program(sample(2, 3, 4), sample(4), tags="3d")
def three_dimensions(t, v):
    return np.sum(t * v * t[0], axis=2)


@program(0.5, sample(4), tags="scalar array")
def scalar_times_array(s, x):
    return s * x + x / s - s


# --- reductions ------------------------------------------------------------------------------------------------------


@program(sample(4, 3), tags="sum axis", single=True)
def sums(m):
    return np.sum(m) * np.sum(m, axis=0) + m.sum(axis=1)[:3] * m.sum()


@program(sample(4, 3), tags="mean axis")
def means(m):
    return np.mean(m) * m.mean(axis=0) - np.mean(m * m, axis=0)


@program(sample(4, 3), tags="prod")
def products(m):
    return np.prod(m) + np.prod(m[0]) * m[1].prod()


@program(sample(3, 2), tags="prod axis")
def products_along_axes(m):
    return np.prod(m, axis=0) + m.prod(axis=1)[:2]


@program(np.array([0.4, 0.0, 1.3]), tags="prod zero")
def product_with_a_zero(x):
    return np.prod(x) + x[0] * x[1]


@program(sample(4, 3), tags="max min")
def largest_and_smallest(m):
    return np.max(m) * m.min() + np.max(m, axis=0) * m[np.argmax(m[:, 0]), 1]


@program(normal(7), tags="var")
def variance_by_hand(x):
    mu = x.mean()
    return np.sqrt(np.sum((x - mu) ** 2) / (len(x) - 1))


@program(normal(4, 3), tags="softmax keepdims")
def softmax_rows(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


@program(normal(5), tags="logsumexp")
def log_sum_exp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


# --- linear algebra --------------------------------------------------------------------------------------------------


@program(sample(3, 4), sample(4), tags="matmul", single=True, analytic=True)
def matrix_times_vector(A, x):
    return A @ x


@program(sample(3, 4), sample(4, 2), sample(3), tags="matmul")
def chained_matmuls(A, B, v):
    return v @ A @ B + np.dot(v, np.dot(A, B))


@program(sample(4), sample(4, seed=1), tags="dot")
def inner_products(x, y):
    return np.dot(x, y) * x.dot(x) + (x @ y) ** 2


@program(sample(3), sample(4), tags="outer")
def outer_product(a, b):
    return np.outer(a, b) + np.outer(a * a, b)


@program(spd(3), sample(3), tags="solve", analytic=True)
def linear_solve(A, b):
    return np.linalg.solve(A, b)


@program(spd(3), sample(3, 2), tags="solve matrix")
def linear_solve_matrix(A, B):
    X = np.linalg.solve(A, B)
    return np.sum(X * X)


@program(spd(3), tags="inv")
def inverse(A):
    return np.linalg.inv(A) @ A[0]


@program(spd(3), tags="det inv")
def determinant(A):
    return np.log(np.linalg.det(A)) + np.linalg.det(A) * A[0, 1]


@program(sample(3, 3), 4, tags="matrix power")
def matrix_power(A, n):
    P = np.eye(3)
    for _ in range(n):
        P = P @ A
    return np.sum(P)


@program(normal(4, 3), tags="gram beyond")
def gram_matrix(X):
    G = X.T @ X
    return np.sum(G * G) + np.trace(G)


@program(spd(3), sample(3), tags="quadratic form")
def gaussian_log_density(S, x):
    d = x - 0.5
    return -0.5 * (d @ linalg.solve(S, d)) - 0.5 * np.log(linalg.det(S)) - 1.5 * np.log(2 * pi)


@program(sample(4), tags="norm beyond")
def unit_vector(x):
    return x / np.linalg.norm(x)


# --- attributes and methods ------------------------------------------------------------------------------------------


@program(sample(4, 3), tags="attributes")
def attributes(m):
    n, k = m.shape
    return m.T[1] * m.size + m[:, 0] * m.ndim * n / k + len(m)


@program(sample(2, 6), tags="reshape ravel")
def shape_methods(m):
    a = m.reshape(3, 4)
    b = m.reshape(-1)
    c = m.ravel()
    return a.T.copy() @ a[:, 0] * b[0] + c[1:5] * m.flatten()[2]


@program(sample(2, 3), tags="transpose")
def transposes(m):
    return m.T * m.transpose() + np.transpose(m)[::-1] * 2.0


@program(sample(3), 0.4, tags="creation")
def created_arrays(x, s):
    a = np.array([s, s * s, x[0]])
    b = np.ones(3) * np.full(3, s) + np.zeros_like(x) + np.ones_like(x)
    c = np.linspace(0.0, 1.0, 3) + np.arange(3.0)
    return a * b * c + np.eye(3) @ x


@program(0.4, 0.9, tags="creation 2d")
def rotation_matrix(t, r):
    R = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    return R @ np.array([r, 1.0])


@program(sample(3), sample(2), tags="concatenate beyond")
def joined(a, b):
    return np.concatenate((a * a, b)) * np.hstack((b, a))


@program(sample(3), tags="vdot name import")
def names_imported_from_numpy(x):
    return exp(-x * x) * pi


@program(sample(5), tags="cumsum diff beyond")
def cumulative(x):
    return np.cumsum(x * x)[1:] * np.diff(x)


@program(sample(4), tags="dtype")
def dtypes_named(x):
    y = np.zeros(4, dtype=np.float64)
    z = np.empty(x.shape, dtype=x.dtype)
    for i in range(x.shape[0]):
        y[i] = x[i] ** 2
        z[i] = y[i] * x[0]
    return y + z.astype(np.float64)


@program(spd(3), 0.3, tags="linalg loop")
def inverses_in_a_loop(A, s):
    for i in range(2):
        K = np.linalg.inv(A + s)
        s += np.sum(K @ K)
    return s


@program(spd(3), normal(3, 2), tags="linalg loop carried")
def refined_solution(A, B):
    X = np.zeros((3, 2))
    for i in range(3):
        X = X + np.linalg.solve(A, B - 0.5 * A @ X)
    return np.sum(X * X)


@program(spd(3), normal(3, 3), 2, tags="linalg loop carried branch")
def solved_or_not(A, B, n):
    X = B
    for i in range(n):
        if i % 2 == 0:
            X = np.linalg.solve(A, X)
        else:
            X = np.linalg.inv(A + X @ X.T).T
    return np.sum(X.ravel() * B.ravel())


@program(spd(3), normal(3, 3), 2, tags="linalg branch layout")
def inverse_or_argument(A, B, n):
    s = 0.0
    for i in range(n):
        M = np.linalg.inv(A) if i > 0 else B
        N = M.T if i > 0 else A
        s += np.sum(M @ B * N)
        A = A + 0.1 * M
    return s


@program(spd(2), 0.2, tags="linalg loop list second order")
def inverses_until_large(A, s):
    k = 0
    while s < 2.0 and k < 5:
        K = np.linalg.inv(A + s * np.eye(2))
        s = s + np.sum(K @ K) * 0.2
        k += 1
    return s


@program(spd(2), tags="linalg loop break unassigned")
def the_inverse_before(A):
    X = np.linalg.inv(A)
    for k in range(3):
        Z = X
        X = np.linalg.inv(X + A)
        if X[0, 0] > 9:
            break
    return np.sum(X * Z)


@program(normal(3), tags="broadcast fusion", compiled=False)
def rows_and_columns(x):
    across, down = np.broadcast_arrays(x, x[:, None])
    return np.sum(np.sin(across) * down**2, axis=0)


@program(normal(6), tags="reshape order", compiled=False)
def columns_of_a_line(x):
    y = x.copy()
    a, b = y.reshape(2, 3, order="F"), np.reshape(x[::-1], (-1, 3), order="F")
    a[0] *= 2
    return np.sum(a * y.reshape(2, 3) ** 2) + np.sum(a[1] * b[0] * x.reshape((3, 1, 2), order="F").sum(axis=2).ravel())


@program(np.array([0.7, -0.4, 0.0]), np.array([2.0, -1.0, 0.5]), tags="ufunc out where guard", compiled=False)
def computed_where_it_is_defined(x, y):
    rows = np.zeros((2, 3))
    z = np.divide(y, x, out=np.ones_like(x), where=np.abs(x) > 0.1)
    np.log(z, out=z, where=z > 0)
    np.sqrt(y, rows[1], where=np.array([True, False, True]))
    return rows[1] * y + z * y


@program(normal(5), tags="windows loop", compiled=False)
def windowed_pieces(x):
    out = np.hamming(1) * x[0] + np.bartlett(0).sum()
    for m in range(2, x.size):
        w = np.hanning(m) + np.hamming(m) * x[0] + np.blackman(m) - np.bartlett(m) * x[1]
        out = out + np.sum(w * x[:m] ** 2)
    return out
