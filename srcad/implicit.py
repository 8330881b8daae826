"""Solutions of equations, differentiated by the implicit function theorem: no iteration is differentiated or kept.

Where g(y, p) = 0, the derivatives are dy = -(dg/dy)^-1 (dg/dp) dp, so that the adjoint is one linear solve with the transposed
matrix, whatever it took to find y (Griewank & Walther 2008, section 15.4; Blondel et al. 2022).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from srcad.api import jacfwd, vjp
from srcad.custom import custom_vjp


@functools.partial(custom_vjp, nondiff_argnums=("f", "tol", "maxiter"))
def root(f: Any, x0: Any, args: Any = (), tol: float = 1e-12, maxiter: int = 50) -> Any:
    """y with f(y, *args) = 0, by Newton's method from `x0`: a number, or a vector with as many equations.

    f         a function; it may read variables around it, which are constants to the derivative
    args      a tuple of what the solution depends on
    tol       the last step, beside the solution, both as their largest elements
    maxiter   RuntimeError is raised where so many steps are not enough

    The derivative for `args`, to any order, is that of the solution; that for `x0` is zero.

    >>> @functools.partial(srcad.differentiate, jit=False)
    ... def kepler(M, e):
    ...     return root(lambda E, M, e: E - e * np.sin(E) - M, M, (M, e))
    >>> round(kepler(1.0, 0.3), 6), round(kepler.grad(1.0, 0.3), 6)
    (1.288091, 1.091329)
    """
    y = 1.0 * x0
    for _ in range(maxiter):
        step = _solve(jacfwd(f)(y, *args), f(y, *args))
        y = y - step
        if np.max(np.abs(step)) <= tol * max(1.0, np.max(np.abs(y))):
            return y
    raise RuntimeError("srcad.implicit.root did not converge")


def _root_fwd(f: Any, x0: Any, args: Any, tol: Any, maxiter: Any) -> Any:
    y = root(f, x0, args, tol, maxiter)
    return y, (y, args)


def _root_bwd(f: Any, tol: Any, maxiter: Any, residuals: Any, y_bar: Any) -> Any:
    y, args = residuals
    u = _solve(np.transpose(jacfwd(f)(y, *args)), -y_bar)
    return None, _pulled(f, y, args, u)


root.defvjp(_root_fwd, _root_bwd)


@functools.partial(custom_vjp, nondiff_argnums=("f", "tol", "maxiter"))
def fixed_point(f: Any, x0: Any, args: Any = (), tol: float = 1e-12, maxiter: int = 1000) -> Any:
    """y with y = f(y, *args), by iteration from `x0`: a number, or a vector. The arguments are those of `root`.

    The derivative solves with 1 - df/dy, and does not iterate.

    >>> @functools.partial(srcad.differentiate, jit=False)
    ... def dottie(a):
    ...     return fixed_point(lambda y, a: np.cos(a * y), 0.5, (a,))
    >>> round(dottie(1.0), 6), round(dottie.grad(1.0), 6)
    (0.739085, -0.297474)
    """
    y = 1.0 * x0
    for _ in range(maxiter):
        last, y = y, f(y, *args)
        if np.max(np.abs(y - last)) <= tol * max(1.0, np.max(np.abs(y))):
            return y
    raise RuntimeError("srcad.implicit.fixed_point did not converge")


def _fixed_point_fwd(f: Any, x0: Any, args: Any, tol: Any, maxiter: Any) -> Any:
    y = fixed_point(f, x0, args, tol, maxiter)
    return y, (y, args)


def _fixed_point_bwd(f: Any, tol: Any, maxiter: Any, residuals: Any, y_bar: Any) -> Any:
    y, args = residuals
    u = _solve(_one_minus(np.transpose(jacfwd(f)(y, *args))), y_bar)
    return None, _pulled(f, y, args, u)


fixed_point.defvjp(_fixed_point_fwd, _fixed_point_bwd)


def _solve(matrix: Any, right: Any) -> Any:
    if np.ndim(right) == 0:
        return right / matrix
    return np.linalg.solve(matrix, right)


def _one_minus(matrix: Any) -> Any:
    if np.ndim(matrix) == 0:
        return 1.0 - matrix
    return np.eye(matrix.shape[0]) - matrix


def _pulled(f: Any, y: Any, args: Any, u: Any) -> Any:
    """(df/dargs)^T u."""
    _, pullback = vjp(f, y, *args)
    return pullback(u)[1:]


__all__ = ["fixed_point", "root"]
