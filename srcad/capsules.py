"""C functions that SciPy exports to Cython, with their addresses."""

from __future__ import annotations

import ctypes
from typing import Any

_name = ctypes.pythonapi.PyCapsule_GetName
_name.restype, _name.argtypes = ctypes.c_char_p, [ctypes.py_object]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def signature(capsule: Any) -> Any:
    """The C signature, as bytes."""
    return _name(capsule)


def address(capsule: Any) -> Any:
    """Where the function is."""
    return _pointer(capsule, _name(capsule))
