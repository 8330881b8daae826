"""Sorting, medians and quantiles: the derivative is that of the elements in their order."""

import numpy as np

from programs_kit import normal, program


@program(normal(7), tags="sort")
def order_statistics(x):
    y = np.sort(x * x)
    return np.sum(y * np.arange(7)) + y[np.argsort(x)[0]] * np.median(x)


@program(normal(5), 0.3, tags="sort quantile")
def moving_quantile(x, q):
    return np.quantile(x**2, q) + np.percentile(x, 80.0) * np.median(x[1:])


@program(normal(4, 3), tags="sort axis")
def medians_of_columns(a):
    b = a * 1.0
    b.sort(axis=0)
    return np.median(a, axis=0) * b[0] + np.sort(a, axis=1)[2]


@program(normal(6), normal(6, seed=1), tags="sort loss")
def optimal_transport(x, y):
    return np.mean((np.sort(x) - np.sort(y)) ** 2)
