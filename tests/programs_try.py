"""Exceptions that are caught. Most programs come by all of their handlers."""

import contextlib
import math

import numpy as np

from programs_kit import program, sample

INDEFINITE = np.array([[1.0, 0.4, 0.2], [0.4, 0.3, 0.1], [0.2, 0.1, -0.1]])


def checked(x, low):
    if not x > low:
        raise ValueError(f"{x} is too small")
    for k in range(4):
        if x * k > 3.0:
            raise OverflowError("too large")
        x = x * 1.1
    return x


@program(np.array([0.3, 0.9, 1.7]), tags="try call loop", single=True)
def handlers_by_class(a):
    total = 0.0
    for x in a:
        try:
            total += checked(x, 0.5) * 0.5 + x
        except ValueError:
            total += 0.1 * x
        except OverflowError:
            total += 0.2 * x * x
        else:
            total *= 1.5
    return total


@program(1.3, tags="try while")
def backtracking(x):
    step = 4.0 * x
    count = 0
    value = 0.0
    while True:
        try:
            count += 1
            value = checked(2.0 - step, 0.0)
            break
        except ValueError:
            step *= 0.5
        except OverflowError:
            step *= 1.1
    return value * count + step


@program(INDEFINITE, tags="try linalg")
def growing_jitter(k):
    jitter = 1e-2
    for _ in range(8):
        try:
            factor = np.linalg.cholesky(k + jitter * np.eye(k.shape[0]))
        except np.linalg.LinAlgError:
            jitter *= 4.0
        else:
            return np.sum(np.log(np.diag(factor))) + jitter
    return -np.inf


@program(np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0]), tags="try linalg")
def solve_or_not(a, b):
    total = 0.0
    for k in range(3):
        try:
            x = np.linalg.solve(a * (k - 1.0), b)
        except np.linalg.LinAlgError:
            x = 2.0 * b
        total += np.sum(x * x)
    return total


@program(1.7, 5, tags="try division")
def division_by_zero(x, n):
    total = 0.0
    for k in range(n):
        try:
            total += x / (k - 2)
            total += x**2 % (k - 1.0)
        except ZeroDivisionError:
            total *= x
    return total


@program(np.array([0.4, 1.5, -0.3, 0.9]), tags="try math")
def domain_errors(a):
    total = 0.0
    for x in a:
        try:
            total += math.sqrt(x - 0.5) * math.log(x)
            total += int(x)
        except ValueError:
            total += x * x
            continue
        finally:
            total += 0.3 * x
        total *= 1.2
    return total


@program(sample(4), tags="try index memory")
def past_the_end(a):
    out = np.zeros(3)
    total = 0.0
    i = 0
    while True:
        try:
            out[i] = a[i] * a[i + 1]
            total += out[i]
            i += 1
        except IndexError:
            break
    return total * np.sum(out)


@program(np.array([0.2, 0.8, 1.3]), tags="try memory nested")
def written_before_raise(a):
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        try:
            for j in range(n):
                if a[j] > 0.9 * (i + 1):
                    raise StopIteration
                a[j] *= 1.1
        except StopIteration:
            a[i] -= 0.05
            continue
        a[i] += 0.02
    return np.sum(a**2)


@program(np.array([0.3, 1.2, 1.4, 1.9]), tags="try nested")
def raised_in_handlers(a):
    total = 0.0
    for x in a:
        y = x
        try:
            try:
                y = y * 2
                if y > 3:
                    raise IndexError
                if y > 2:
                    raise KeyError
                y = y * 2
            except KeyError:
                y = y + 1
                if y > 3.5:
                    raise ValueError from None
                if y > 3.3:
                    raise
            finally:
                y = y * 1.5
            y = y + x
        except (LookupError, ValueError) as error:
            y = y + 7 * x
        total += y * y
    return total


@program(np.array([0.2, 0.9, -0.4, 2.1]), tags="try return break")
def left_through_finally(a):
    def one(x):
        for k in range(3):
            try:
                if x > 2:
                    return x * k
                if x > 1:
                    continue
                if x < 0:
                    break
                x = x + 0.3
            finally:
                x = x * 1.5
        else:
            x = x + 10
        return x * x

    return one(a[0]) + one(a[1]) + one(a[2]) + one(a[3])


@program(1.5, 3, tags="try recursion")
def caught_in_recursion(x, n):
    try:
        if x * n > 5.0:
            raise ValueError
        return x if n == 0 else 1.0 / (x - n) + caught_in_recursion(x * 1.3, n - 1)
    except ValueError:
        return x * x


@program(0.7, tags="try with", single=True)
def suppressed(x):
    with contextlib.suppress(ValueError, KeyError):
        x = x * 2
        if x > 1:
            raise ValueError
        x = x * 3
    return x * x


@program(2.3, 3, tags="try pow", compiled=False)
def powers_with_and_without_a_value(x, n):
    s = 1.0
    for k in range(n + 1):
        try:
            s += math.pow(x - k, 1.5) * math.pow(x, 1000.0 if k == 2 else 2.0)
        except ValueError:
            s *= x
        except OverflowError:
            s -= x**2
    return s


@program(1.7, tags="try dictionary", compiled=False)
def keys_that_are_not_there(x):
    known, s = {"a": x, "b": x * x}, 0.0
    for key in ("a", "c", "b"):
        try:
            s += known[key]
        except KeyError:
            s *= 3.0
    return s * x
