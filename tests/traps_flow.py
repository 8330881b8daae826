"""Traps of control flow: loops, exits, and names that are bound along the way."""

import math

import numpy as np

from traps_kit import trap

X = np.array([1.0, 2.0, 3.0])


@trap("a loop variable keeps its last value", 2.0, value=4.0, grad=2.0)
def loop_variable_after(x):
    for i in range(3):
        pass
    return x * i


@trap("a loop variable assigned inside its loop does not change the trips", 2.0, value=6.0, grad=3.0)
def loop_variable_assigned(x):
    s = 0.0
    for i in range(3):
        i = 10
        s += x
    return s + 0 * i


@trap("a bound that changes inside the loop was read before it", 2.0, 3, value=6.0, grad=3.0)
def bound_changed(x, n):
    s = 0.0
    for _ in range(n):
        n = n - 1
        s += x
    return s + n


@trap("a zero-trip loop leaves its variables as they were", 2.0, 0, value=2.0, grad=1.0, second=0.0, compiled=True)
def zero_trips(x, n):
    y = x
    for i in range(n):
        y = y * y * i
    return y


@trap("a zero-trip while", 2.0, value=4.0, grad=4.0)
def zero_trip_while(x):
    y = x * x
    while y > 10.0:
        y = y / x
    return y


@trap("a range that runs backwards", 2.0, value=2 * 5 + 2 * 3 + 2.0, grad=9.0)
def backwards(x):
    s = 0.0
    for i in range(5, 0, -2):
        s += x * i
    return s


@trap("a range of floats' steps: the last value of the index is 6", 1.0, value=6.0, grad=6.0)
def last_index(x):
    k = 0
    for i in range(0, 7, 3):
        k = i
    return x * k


@trap("for-else runs after a loop without break", 2.0, value=2 + 2 + 10.0, grad=7.0)
def for_else(x):
    s = 0.0
    for i in range(2):
        if s > 100.0:
            break
        s += x
    else:
        s += 5 * x
    return s


@trap("for-else does not run after a break", 2.0, value=2.0, grad=1.0)
def for_else_broken(x):
    s = 0.0
    for i in range(5):
        s += x
        if i == 0:
            break
    else:
        s = s * 100.0
    return s


@trap("while-else with a continue", 2.0, value=2.0 * 3 + 1 + 4.0, grad=3.0 + 4.0)
def while_else(x):
    i, s = 0, 0.0
    while i < 4:
        i += 1
        if i == 2:
            continue
        s += x
    else:
        s += x * x + 1.0
    return s


@trap("a break out of the inner loop only", 1.0, value=4.0, grad=4.0)
def inner_break(x):
    s = 0.0
    for i in range(2):
        for j in range(5):
            if j == 2:
                break
            s += x
    return s


@trap("the number of trips depends on the value: 1, 2, 4, 8", 1.0, value=8.0, grad=8.0, second=0.0, compiled=True)
def doubled_until(x):
    while x < 5.0:
        x = 2 * x
    return x


@trap("returns of different kinds of expression", 3.0, value=9.0, grad=6.0)
def early_returns(x):
    if x < 0:
        return -x
    for i in range(3):
        if i > x:
            return 1.0
        if i == 2:
            return x**2
    return 0.0


@trap("a return out of two loops", X, value=2.0 * 3, grad=np.array([0.0, 3.0, 2.0]), compiled=True)
def return_from_two_loops(x):
    for i in range(3):
        for j in range(3):
            if i + j == 3:
                return x[i] * x[j]
    return 0.0


@trap("an int on one path is a float on the other", 3.0, value=3.0, grad=1.0)
def int_or_float(x):
    y = 0
    if x > 1:
        y = x
    return y


@trap("an int that becomes a float in a loop", 0.5, value=0.5 + 0.25 + 0.125, grad=1 + 2 * 0.5 + 3 * 0.25)
def int_becomes_float(x):
    s = 0
    p = 1
    for _ in range(3):
        p = p * x
        s = s + p
    return s


@trap("a variable first assigned in one branch, used in the same", 2.0, value=8.0, grad=12.0)
def assigned_in_one_branch(x):
    flag = x > 1
    if flag:
        y = x * x
    z = 1.0
    if flag:
        z = y * x
    return z


@trap("a walrus binds inside a condition", 2.0, value=16.0, grad=32.0)
def walrus(x):
    if (y := x * x) > 3.0:
        return y * y
    return y


@trap("a walrus in a while condition, evaluated once a trip: 3/2, 3/4", 3.0, value=2.25, grad=0.75)
def walrus_in_while(x):
    s = 0.0
    y = x
    while (y := y / 2) > 0.5:
        s += y
    return s


@trap("`and` does not evaluate its second operand", 0.0, value=5.0, grad=0.0)
def short_circuit(x):
    if x != 0.0 and 1.0 / x > 0.0:
        return 1.0 / x
    return 5.0


@trap("`or` gives its first true operand", 0.0, 3.0, value=3.0, grad=[0.0, 1.0])
def or_gives_an_operand(x, y):
    return x or y


@trap("`and` gives its last operand", 2.0, 3.0, value=3.0, grad=[0.0, 1.0])
def and_gives_an_operand(x, y):
    return x and y


@trap("a chained comparison", 2.0, value=4.0, grad=2.0)
def chained_comparison(x):
    return 2 * x if 1.0 < x < 3.0 else x


@trap("match on a number", 3.0, 2, value=9.0, grad=6.0)
def match_on_number(x, n):
    match n:
        case 0:
            return 1.0
        case 1 | 3:
            return x
        case 2:
            return x * x
        case _:
            return -x


@trap("match with a guard and a capture", 3.0, value=6.0, grad=2.0)
def match_with_guard(x):
    match (x, 2):
        case (a, b) if a > 100:
            return a
        case (a, b):
            return a * b


@trap("a loop over the rows of a matrix", np.array([[1.0, 2.0], [3.0, 4.0]]), value=2 + 12.0,
      grad=np.array([[2.0, 1.0], [4.0, 3.0]]))  # fmt: skip
def rows(a):
    s = 0.0
    for row in a:
        s += row[0] * row[1]
    return s


@trap("a row bound by a loop is a view: writing it writes the matrix", np.array([[1.0, 2.0], [3.0, 4.0]]), value=30.0,
      grad=np.array([[2.0, 4.0], [6.0, 8.0]]))  # fmt: skip
def rows_written(a):
    b = a.copy()
    for row in b:
        row *= row
    return np.sum(b)


@trap("a loop over a tuple of mixed types", 2.0, value=2.0 + 4 + 6, grad=6.0)
def mixed_tuple(x):
    s = 0.0
    for k in (1, 2.0, 3):
        s += k * x
    return s


@trap("enumerate with a start, over a reversed array", X, value=3 * 1 + 2 * 2 + 1 * 3.0, grad=np.array([3.0, 2.0, 1.0]))
def enumerate_reversed(x):
    s = 0.0
    for k, v in enumerate(x[::-1], 1):
        s += k * v
    return s


@trap(
    "zip stops at the shorter",
    X,
    np.array([5.0, 6.0]),
    value=17.0,
    grad=[np.array([5.0, 6.0, 0.0]), np.array([1.0, 2.0])],
)
def zip_of_two_lengths(x, y):
    s = 0.0
    for a, b in zip(x, y):
        s += a * b
    return s


@trap(
    "the array is written while it is iterated over: the loop sees it",
    X,
    value=1 + 2 + 4.0,
    grad=np.array([7.0, 0.0, 0.0]),
)
def written_while_iterated(x):
    y = x.copy()
    s = 0.0
    i = 0
    for v in y:
        s += v
        if i < 2:
            y[i + 1] = 2 * y[i]
        i += 1
    return s


@trap("del unbinds, and the name may be bound again", 2.0, value=8.0, grad=12.0)
def deleted(x):
    y = x
    del y
    y = x**3
    return y


@trap("an assert that holds has no derivative", 2.0, value=4.0, grad=4.0)
def asserted(x):
    assert x > 0, "must be positive"
    return x * x


@trap("a raise on the path not taken", 2.0, value=4.0, grad=4.0)
def raised(x):
    if x < 0:
        raise ValueError("negative")
    return x * x


@trap("print leaves derivatives alone", 2.0, value=4.0, grad=4.0)
def printed(x):
    print(x)
    return x * x


@trap("Newton's iteration for sqrt: the derivative converges with it", 2.0, value=math.sqrt(2.0), grad=1 / (2 * math.sqrt(2.0)),
      second=-1 / (4 * 2.0**1.5), compiled=True)  # fmt: skip
def newton(a):
    x = a
    while abs(x * x - a) > 1e-15 * a:
        x = 0.5 * (x + a / x)
        if abs(x * x - a) <= 4e-16 * a:
            x = 0.5 * (x + a / x)
            x = 0.5 * (x + a / x)
            break
    return x


@trap(
    "the logistic map, overwritten in place: x1 = 4x(1-x), x2", 0.25, value=0.75, grad=(4 - 8 * 0.25) * (4 - 8 * 0.75)
)
def logistic_map(x):
    for _ in range(2):
        x = 4 * x * (1 - x)
    return x


@trap("a state machine: the branch depends on the state", 1.0, value=12.0, grad=12.0)
def state_machine(x):
    state, y = 0, x
    while state != 3:
        if state == 0:
            y = y * 2
            state = 2
        elif state == 2:
            y = y * 3
            state = 1
        else:
            y = y * 2
            state = 3
    return y


@trap("tuple assignment reads everything before it writes", 1.0, value=5.0, grad=5.0)
def fibonacci(x):
    a, b = x, x
    for _ in range(3):
        a, b = b, a + b
    return b


@trap("an index is computed from the data", np.array([2.0, 0.0, 7.0]), value=7.0 + 2.0, grad=np.array([1.0, 0.0, 1.0]))
def index_from_data(x):
    k = int(x[0])
    return x[k] + x[int(x[1])]


@trap("argmax is a constant", X, value=3.0 * 2, grad=np.array([0.0, 0.0, 2.0]))
def at_argmax(x):
    k = np.argmax(x)
    return x[k] * k
