"""Variables that may have no value: reading one raises UnboundLocalError in Python, and gives garbage in compiled code.

Beside a variable that some path leaves unassigned stands a flag: whether it is bound. Few such variables are read where they
may be unbound, so at first the flag only says "perhaps". If one is read under such a flag, lowering starts over with a bool
for this variable, which the read checks.
"""

from __future__ import annotations

from srcad.lower.known import FALSE, TRUE
from srcad.lower.scope import ALIVE, Env, Poison
from srcad.lower.values import Obj, Value

PERHAPS = Obj("perhaps bound")
#: Bound wherever the statements that follow are run.
IF_ALIVE = Obj("bound if alive")


class UnboundReadFound(Exception):  # noqa: N818 - control flow, not an error
    """A variable is read that may be unbound: start over, and keep track of it."""

    def __init__(self, key: tuple[object, str]) -> None:
        super().__init__(key)
        self.key = key


def flag_name(name: str) -> str:
    return f"<bound {name}>"


def is_flag(name: str) -> bool:
    return name.startswith("<bound ")


def flag_of(env: Env, name: str) -> Value:
    """Whether the variable is bound: a known bool, a computed one, or one of the two above."""
    if name not in env.names:
        return FALSE
    flag = env.names.get(flag_name(name), TRUE)
    assert not isinstance(flag, Poison)
    return flag


def set_flag(env: Env, name: str, flag: Value) -> None:
    if flag == TRUE:
        env.names.pop(flag_name(name), None)
    else:
        env.names[flag_name(name)] = flag


def settle(env: Env, alive: bool) -> None:
    """It became known whether the statements that follow are run."""
    for name in [name for name, value in env.names.items() if value is IF_ALIVE]:
        if alive:
            del env.names[name]
        else:
            env.names[name] = PERHAPS


def met(then: Env, orelse: Env, a: Value, b: Value) -> Value | None:
    """The flag where two branches meet that have these, if no bool is kept for it; None if it takes one."""
    if a == b:
        return a
    if not {type(a), type(b)} <= {type(TRUE), Obj}:
        return None
    left = [env.names.get(ALIVE) == FALSE for env in (then, orelse)]
    surely = [gone or flag == TRUE or flag is IF_ALIVE for gone, flag in zip(left, (a, b), strict=True)]
    return IF_ALIVE if all(surely) else PERHAPS
