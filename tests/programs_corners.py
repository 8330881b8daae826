"""Corners where a careless derivative is NaN though the mathematics is finite."""

import numpy as np
from scipy import special

from programs_kit import program


@program(np.array([800.0, 0.1, -3.0]), tags="where guard")
def guarded_softplus(x):
    return np.sum(np.where(x > 30, x, np.log1p(np.exp(x))))


@program(np.array([0.0, 0.4, 2.0]), tags="where guard")
def guarded_root(x):
    r = np.sqrt(np.where(x > 0.1, x, 0.0))
    return np.sum(np.where(x > 0.1, x / r + r * r * r, x**2))


@program(-0.5, 900.0, tags="where guard")
def guarded_scalars(x, y):
    return np.where(x > 0, np.log(x), x * x) + np.where(y < 100, np.exp(y) * x, y * x)


@program(np.array([[1.0, 0.0], [900.0, 2.0]]), tags="where guard axis")
def guarded_rows(a):
    return np.sum(np.where(a > 0.5, np.minimum(a, 5.0) * a, np.exp(a) * np.exp(a)), axis=0)


@program(np.zeros(2), tags="norm zero")
def squared_norm_at_zero(x):
    return np.linalg.norm(x) ** 2 + np.sqrt(np.sum(x * x)) ** 2


@program(np.array([-1.5, 0.0]), tags="norm zero")
def ratio_kept_as_written(x):
    return np.sum(np.where(x < -1.0, 2 * x * x / (2 * x), x))


@program(0.0, np.array([1.0, 2.0, 3.0]), tags="pow zero")
def polynomial_at_zero(x, c):
    return np.sum(c * x ** np.arange(3))


@program(np.array([0.0, 1e-9, 0.02, 0.5]), tags="sinc")
def sinc_at_zero(x):
    return np.sum(np.sinc(x) * np.array([1.0, 2.0, 3.0, 4.0]))


@program(np.array([-800.0, -3.0, 0.0, 2.0, 800.0]), tags="special expit")
def logistic_function(x):
    return np.sum(special.expit(x) * np.arange(5))


@program(np.array([[1.0, 2.0], [2.0, 4.0]]), tags="linalg det", second=False)
def singular_determinant(a):
    return np.linalg.det(a) + np.linalg.det(a @ a + np.eye(2))
