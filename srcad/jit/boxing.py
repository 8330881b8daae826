"""float32 numbers that stay float32 when compiled code returns them to Python.

Numba gives Python a float for every scalar. Arrays keep their dtype, so that a gradient would change its dtype with the shape
of its argument. A thin compiled caller around a function marks such scalars, and marked ones become NumPy's.
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.core.datamodel.models import PrimitiveModel
from numba.extending import box, intrinsic, register_model
from numba.np.numpy_support import as_dtype

#: The scalars that Numba would widen.
NARROW = (types.float32,)


class Marked(types.Type):  # type: ignore[misc]
    """A number on its way to Python, as a NumPy scalar."""

    def __init__(self, number: Any) -> None:
        self.number = number
        super().__init__(f"marked({number})")


@register_model(Marked)
class _Model(PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, type: Marked) -> None:
        super().__init__(manager, type, manager.lookup(type.number).get_value_type())


@intrinsic  # type: ignore[untyped-decorator]
def marked(typing_context: Any, number: Any) -> Any:
    """The number, marked."""
    return Marked(number)(number), lambda context, builder, signature, args: args[0]


@box(Marked)  # type: ignore[untyped-decorator]
def _box(type: Marked, value: Any, context: Any) -> Any:
    api = context.pyapi
    number = context.box(type.number, value)
    scalar = api.unserialize(api.serialize_object(as_dtype(type.number).type))
    result = api.call_function_objargs(scalar, [number])
    api.decref(number)
    api.decref(scalar)
    return result


def is_widened(type: Any) -> bool:
    """Whether a result of this type has numbers to mark."""
    return any(map(is_widened, type)) if isinstance(type, types.BaseTuple) else type in NARROW


def marking(result: str, type: Any, classes: dict[str, type]) -> str:
    """An expression for the result with such numbers marked; namedtuple classes get names in `classes`."""
    if type in NARROW:
        return f"marked({result})"
    if not isinstance(type, types.BaseTuple):
        return result
    items = "".join(f"{marking(f'{result}[{k}]', item, classes)}, " for k, item in enumerate(type))
    if not isinstance(type, types.BaseNamedTuple):
        return f"({items})"
    name = next((n for n, cls in classes.items() if cls is type.instance_class), f"class_{len(classes)}")
    classes[name] = type.instance_class
    return f"{name}({items})"
