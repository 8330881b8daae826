"""The public functions. Names, argument order and errors follow JAX.

Each takes a plain function, one made by `differentiate`, an `@njit` function, a lambda, a closure, a `functools.partial`,
or what another of them returned: derivatives compose to any order. What `grad`, `value_and_grad`, `tangent`, `adjoint`,
`hvp`, `jacfwd`, `jacrev` and `hessian` return can be called from inside `@njit` code, passed to it, and pickled. It is
compiled for the types of its arguments when it is first called with them; its `source()` is the text that runs.

Everywhere, floats, float arrays, and tuples and namedtuples of them are differentiated for; ints, bools, strings, None and
functions are constants. A derivative has the shape, the dtype and the nesting of what it belongs to. Inputs are never
modified, and nothing that is returned shares memory with them.

Each of them takes `out=`, arrays of the caller's that the derivative is written into, so that a loop which calls it allocates
nothing for it: an array, or a tuple nested as the derivative is (what follows the value, for those that give that too), with
None for what is to be allocated, such as numbers. They are what is returned as well. From Python and from `@njit` code, `out` is
given by name; it is `out_` where the function has a parameter `out`. What the arrays held does not matter. TypeError is raised
where their dtype, number of axes or nesting is not that of the derivative; ValueError where their shape is not, where they are
read-only, or share memory with an argument or each other (by their address ranges, as `np.may_share_memory` has it). Any strides
will do. Batches and device functions have no `out`, nor, in `@njit` code, have functions with `*args`.

>>> gradient, x, g = grad(lambda x: np.sum(x * x)), np.array([1.0, 2.0]), np.empty(2)
>>> gradient(x, out=g) is g
True
>>> g
array([2., 4.])

Globals, closure values, attributes and the contents of arrays that a function reads are built into what is generated for
it. A call from Python looks whether they have changed since, and generates anew where they have; it costs about as much as
two calls more, and the contents of arrays of more than 1 MiB are not looked at. Calls from inside `@njit` code keep what was
compiled, as Numba has it. What changes often is better an argument.

`UnsupportedError` (a `NotImplementedError`) is raised for what srcad cannot differentiate, with the line, the reason and
a remedy; `TypeError` for arguments and results that have no such derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba.extending import register_jitable

from srcad.derive import Argnums, Pullback, derive, derive_once, into, primals_of, resolve, underlying, with_defaults
from srcad.jit.options import Options
from srcad.trees import check_constants, check_shapes, copied, filled, has_float, outline, pack, unpack, zeros

Function = Callable[..., Any]


def differentiate(
    fn: Function | None = None,
    /,
    *,
    argnums: Argnums = 0,
    target: str = "cpu",
    jit: bool = True,
    cache: bool = True,
    fastmath: Any = False,
    parallel: bool = False,
    boundscheck: bool | None = None,
    vectorize_math: bool = False,
) -> Any:
    """Compile a function, and give it its derivatives as attributes.

    argnums     what `grad` and its kin differentiate for: a parameter's position or name, or a tuple of them (0)
    target      "cpu"; "cuda" makes the function and its derivatives ones of many problems, batched over axis 0 of every
                argument, with a thread of a GPU for each (see `batched` below)
    jit         compile; False runs the same generated source as plain Python
    cache       keep compiled code on disk, for the next process
    fastmath, parallel, boundscheck   what they mean to `numba.njit`
    vectorize_math   in loops that LLVM can vectorise, take `np.exp` and its kin from `srcad.vector_math`, which it vectorises
                along: a fraction of the time, other numbers in the last place. Sums get a loop of their own, and memory for
                a number of each trip where need be. What `math` has raises as ever, and is not replaced

    The result is `fn` compiled, callable from Python and from `@njit` code, with `grad`, `value_and_grad`, `tangent`,
    `adjoint`, `hvp`, `jacfwd`, `jacrev` and `hessian` as the functions of these names make them, and `source(kind)`.

    It and all of these have `batched(target, in_axes)`, for many problems at once, on the CPU or a GPU, and `device(types)`,
    which is a function for CUDA kernels of your own.

    >>> @differentiate(argnums=(0, 1))
    ... def f(x1, x2):
    ...     return np.log(x1) + x1 * x2 - np.sin(x2)
    >>> f.grad(1.0, 0.0)
    (1.0, 0.0)
    """

    def decorate(fn: Function) -> Any:
        options = Options(target, jit, cache, fastmath, parallel, boundscheck, vectorize_math)
        return derive(fn, "primal", argnums, options=options)

    return decorate if fn is None else decorate(fn)


def grad(fun: Function, argnums: Argnums = 0, has_aux: bool = False) -> Any:
    """The gradient: a function of the same arguments.

    argnums   a parameter's position or name, or a tuple of them, which makes the gradient a tuple
    has_aux   `fun` returns (value, aux), and the result is (gradient, aux); aux may be anything it can return

    What it returns takes `out=`, an array to write the gradient into (a tuple of them for a tuple of `argnums`).

    TypeError is raised where `fun` does not return a real number, or an argument to differentiate for is not a float.

    >>> grad(lambda x, n: n * x**2)(3.0, 2)
    12.0
    >>> grad(lambda x: np.sum(x * x))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return derive(fun, "grad", argnums, has_aux)


def value_and_grad(fun: Function, argnums: Argnums = 0, has_aux: bool = False) -> Any:
    """The value and the gradient, from one evaluation: as `grad`, but returning (value, gradient).

    With `has_aux` it returns ((value, aux), gradient).

    >>> value_and_grad(lambda x: x**2)(3.0)
    (9.0, 6.0)
    """
    return derive(fun, "value_and_grad", argnums, has_aux)


def tangent(fun: Function) -> Any:
    """The tangent trace, forward mode: (*args, *x_dots) -> (y, y_dot), with one x_dot for every argument with floats.

    The value and its derivative along one direction, at the cost of two or three evaluations. Each x_dot is nested as
    its argument, and y_dot as y, with None for what is not a float.

    The tangent of a kernel, made by `@cuda.jit`, is a kernel that takes an x_dot after its arguments for each that is an array of
    floats, and writes derivatives into those of what it writes: `tangent(kernel)[blocks, threads](x, out, x_dot, out_dot)`.

    >>> tangent(lambda x, n: x**n)(3.0, 2, 1.0)
    (9.0, 6.0)
    """
    return derive(fun, "tangent")


def adjoint(fun: Function) -> Any:
    """The adjoint trace, reverse mode: (*args, y_bar) -> (y, *x_bars), with one x_bar for every argument with floats.

    The value and how y_bar . y depends on every argument, at the cost of a few evaluations. y_bar is nested as y and
    each x_bar as its argument, with None for what is not a float. Where defaults are left out, y_bar is given by name.

    The adjoint of a kernel, made by `@cuda.jit`, is a kernel that takes an x_bar after its arguments for each that is an array of
    floats, adds to those of what it reads, and takes those of what it writes: `adjoint(kernel)[blocks, threads](x, out, x_bar,
    out_bar)`, after `kernel[blocks, threads](x, out)`. None in place of an x_bar holds an array constant; numbers are constants.

    >>> adjoint(lambda x1, x2: x1 * x2)(3.0, 2.0, 1.0)
    (6.0, 2.0, 3.0)
    """
    return derive(fun, "adjoint")


def jvp(fun: Function, primals: Sequence[Any], tangents: Sequence[Any], *, out: Any = None) -> tuple[Any, Any]:
    """(y, y_dot): the value at `primals` and its derivative along `tangents`, forward mode.

    `tangents` has an item for each of `primals`, nested like it; those of arguments without floats are ignored. y may nest
    as it likes; y_dot has None for what is not a float, and arrays of `out` where that has any. TypeError is raised where
    the two do not fit, ValueError where their shapes differ.

    >>> jvp(lambda x, y: x * y, (3.0, 2.0), (1.0, 0.0))
    (6.0, 2.0)
    """
    if len(primals) != len(tangents):
        raise TypeError(f"jvp needs a tangent for each primal: got {len(primals)} primals, {len(tangents)} tangents")
    check_constants(tuple(primals), tuple(tangents), "tangents")
    check_shapes(tuple(primals), tuple(tangents), "tangents")
    dots = [dot for x, dot in zip(primals, tangents, strict=True) if has_float(x)]
    filled = with_defaults(fun, primals)
    dots += [zeros(x) for x in filled[len(primals) :] if has_float(x)]
    tangent = derive_once(fun, "tangent", len(primals))
    value, derivative = tangent(*filled, *dots, **into(tangent, out))
    return value, derivative


def vjp(fun: Function, *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """(y, pullback): the value at `primals`, and the function y_bar -> x_bars of reverse mode.

    `pullback` takes a y_bar nested as y, and gives a tuple with one x_bar for each primal: None for those without floats.
    It takes `out=`, a tuple with an array, or None, for each primal. It may be called again and again, and be
    differentiated itself: it is linear, so that its own pullback is the JVP. TypeError is raised where y_bar does not fit,
    ValueError where its shape differs, and RuntimeError where a global that the function reads has changed since.

    >>> y, pullback = vjp(lambda x, n: x**n, 3.0, 2)
    >>> y, pullback(1.0), pullback(10.0)
    (9.0, (6.0, None), (60.0, None))
    """
    given = tuple(with_defaults(fun, copied(primals)))
    function = derive_once(fun, "value", len(primals))
    value = function(*primals)
    return value, Pullback(
        derive_once(fun, "adjoint", len(primals)), given, len(primals), outline(value), function.reads.copy()
    )


def jacfwd(fun: Function, argnums: Argnums = 0) -> Any:
    """The Jacobian by forward mode, for more outputs than inputs: an array of shape y.shape + x.shape.

    Where tangents would repeat loops of the function that are dear, up to four directions share them.

    Numbers have the shape (), and a number by a number gives a number. The result nests as y, each leaf of that as the
    argument (a tuple of them for a tuple of `argnums`). TypeError is raised for arguments that are not floats.

    >>> jacfwd(lambda x: np.array([x[0] * x[1], x[1]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [0., 1.]])
    """
    return derive(fun, "jacfwd", argnums)


def jacrev(fun: Function, argnums: Argnums = 0) -> Any:
    """The Jacobian by reverse mode, for more inputs than outputs: as `jacfwd` otherwise.

    >>> jacrev(lambda x: x * x)(np.array([2.0, 3.0]))
    array([[4., 0.],
           [0., 6.]])
    """
    return derive(fun, "jacrev", argnums)


def hessian(fun: Function, argnums: Argnums = 0) -> Any:
    """The matrix of second derivatives, forward over reverse: an array of shape y.shape + x.shape + x.shape.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0]))
    array([[6., 4.],
           [4., 0.]])
    """
    return derive(fun, "hessian", argnums)


def hvp(fun: Function, argnums: Argnums = 0) -> Any:
    """Hessian-vector products, forward over reverse: (*args, v) -> H v, without H.

    `v` is nested and shaped as the argument to differentiate for, or a tuple of those for a tuple of `argnums`, of which
    H v is one too. Where defaults are left out, `v` is given by name. The cost is that of a few evaluations. TypeError is
    raised as by `grad`, ValueError where `v` has another shape.

    >>> hvp(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0]), np.array([1.0, 0.0]))
    array([6., 4.])
    """
    return derive(fun, "hvp", argnums)


def inverse_hvp(fun: Function, argnums: Argnums = 0, tol: float = 1e-8, maxiter: int | None = None) -> Function:
    """Solve H u = r by conjugate gradients on Hessian-vector products: (*args, r) -> u, for positive definite H.

    `r` and `u` are nested as the `v` of `hvp`. `tol` is the norm of the residual beside that of r, `maxiter` the largest
    number of iterations (ten times the number of unknowns). `numpy.linalg.LinAlgError` is raised where that is not
    enough, ImportError without SciPy. What is returned is for Python only, not for `@njit` code.

    >>> inverse_hvp(lambda x: x[0] ** 2 + 2.0 * x[1] ** 2)(np.zeros(2), np.array([2.0, 4.0]))
    array([1., 1.])
    """
    product = hvp(fun, argnums)
    wrt = resolve(underlying(fun), argnums)

    def solve(*args: Any, **kwargs: Any) -> Any:
        try:
            from scipy.sparse.linalg import LinearOperator, cg
        except ImportError:
            raise ImportError("inverse_hvp needs SciPy: pip install 'srcad[scipy]'") from None
        if "r" in kwargs:
            args = (*args, kwargs.pop("r"))
        elif not args:
            raise TypeError("inverse_hvp takes the arguments of the function, and r")
        *primals, r = args
        x = primals_of(fun, primals, kwargs, wrt)
        check_shapes(x, r, "r")
        flat = np.concatenate([np.ravel(leaf) for leaf in unpack(filled(x, r, "r"))])

        def multiply(v: Any) -> Any:
            return np.concatenate([np.ravel(leaf) for leaf in unpack(product(*primals, v=pack(x, v), **kwargs))])

        operator = LinearOperator((flat.size, flat.size), matvec=multiply, dtype=flat.dtype)
        solution, failed = cg(operator, flat, rtol=tol, atol=0.0, maxiter=maxiter)
        if failed:
            raise np.linalg.LinAlgError(f"conjugate gradients did not converge in {failed} iterations: is H definite?")
        return pack(x, solution)

    solve.__name__ = solve.__qualname__ = f"{product.__name__.removesuffix('_hvp')}_inverse_hvp"
    solve.__srcad_refusal__ = "inverse_hvp is computed by SciPy and has no derivative"  # type: ignore[attr-defined]
    return solve


@register_jitable  # type: ignore[untyped-decorator]
def stop_gradient(x: Any) -> Any:
    """`x` itself, which derivatives take for a constant.

    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    return x


__all__ = [
    "adjoint",
    "differentiate",
    "grad",
    "hessian",
    "hvp",
    "inverse_hvp",
    "jacfwd",
    "jacrev",
    "jvp",
    "stop_gradient",
    "tangent",
    "value_and_grad",
    "vjp",
]
