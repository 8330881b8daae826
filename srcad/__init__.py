"""Derivatives of NumPy and Numba code, as readable Python source that Numba compiles.

>>> import srcad
>>> srcad.grad(lambda x: x**3)(2.0)
12.0
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from srcad import implicit as implicit
    from srcad import testing as testing
    from srcad.api import adjoint as adjoint
    from srcad.api import differentiate as differentiate
    from srcad.api import grad as grad
    from srcad.api import hessian as hessian
    from srcad.api import hvp as hvp
    from srcad.api import inverse_hvp as inverse_hvp
    from srcad.api import jacfwd as jacfwd
    from srcad.api import jacrev as jacrev
    from srcad.api import jvp as jvp
    from srcad.api import stop_gradient as stop_gradient
    from srcad.api import tangent as tangent
    from srcad.api import value_and_grad as value_and_grad
    from srcad.api import vjp as vjp
    from srcad.checkpointing import checkpoint as checkpoint
    from srcad.custom import custom_jvp as custom_jvp
    from srcad.custom import custom_vjp as custom_vjp
    from srcad.custom import rule as rule
    from srcad.errors import SourceError as SourceError
    from srcad.errors import SrcadError as SrcadError
    from srcad.errors import TypeInferenceError as TypeInferenceError
    from srcad.errors import UnsupportedError as UnsupportedError

__version__ = "0.1.0"

_HOMES = {
    "srcad.api": """adjoint differentiate grad hessian hvp inverse_hvp jacfwd jacrev jvp stop_gradient tangent
        value_and_grad vjp""",
    "srcad.checkpointing": "checkpoint",
    "srcad.custom": "custom_jvp custom_vjp rule",
    "srcad.errors": "SourceError SrcadError TypeInferenceError UnsupportedError",
}
_NAMES = {name: module for module, names in _HOMES.items() for name in names.split()}
_MODULES = ("implicit", "testing")
__all__ = [*_MODULES, *_NAMES]  # pyright: ignore


def __getattr__(name: str) -> Any:
    """Numba takes a second to import: only what is used is."""
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"srcad.{name}")
    if name not in _NAMES:
        raise AttributeError(f"module 'srcad' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_NAMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
