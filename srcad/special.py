"""SciPy's special functions for compiled code: `special.ndtr` and its kin are SciPy's own.

Numba does not know them. SciPy exports their scalar C functions (`scipy.special.cython_special`), which are called directly, by a
symbol's name, so that what is compiled can be cached. Importing this module makes them known to every `@njit` function, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numpy as np
from numba.core import types
from numba.extending import overload

try:
    import scipy.special as _scipy
    from scipy.special.cython_special import __pyx_capi__ as _exported
except ImportError:
    raise ImportError("the special functions need SciPy: pip install 'srcad[scipy]'") from None

from srcad.capsules import address, signature
from srcad.ops import SPECIAL


def _in_double(name: str, arity: int) -> Any:
    """The function of doubles among those that are exported under this name, for Numba to call."""
    for exported, capsule in _exported.items():
        wanted = f"double ({'double, ' * arity}int __pyx_skip_dispatch)".encode()
        if re.fullmatch(rf"(__pyx_fuse(_\d+)+)?{name}", exported) and signature(capsule) == wanted:
            symbol = f"srcad_special_{name}"
            llvmlite.binding.add_symbol(symbol, address(capsule))
            return types.ExternalFunction(symbol, types.float64(*[types.float64] * arity, types.intc))
    raise ImportError(f"scipy.special.cython_special has no {name}")


def _register(name: str, arity: int) -> None:
    function, ufunc = _in_double(name, arity), getattr(_scipy, name)
    params = ", ".join("xyzw"[:arity])
    names: dict[str, Any] = {"function": function, "float32": np.float32, "float64": np.float64}
    call = f"function({', '.join(f'float64({p})' for p in params.split(', '))}, 0)"
    exec(f"def double({params}): return {call}\ndef single({params}): return float32({call})", names)

    def choose(args: tuple[Any, ...]) -> Callable[..., float] | None:
        if not all(isinstance(arg, types.Number | types.Boolean) for arg in args):
            return None
        single = all(arg == types.float32 for arg in args)
        chosen: Callable[..., float] = names["single" if single else "double"]
        return chosen

    names["choose"] = choose
    exec(f"def typer({params}): return choose(({params},))", names)
    overload(ufunc)(names["typer"])
    globals()[name] = ufunc


for _name, _arity in SPECIAL.items():
    _register(_name, _arity)

__all__ = sorted(SPECIAL)
