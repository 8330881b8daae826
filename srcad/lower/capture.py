"""Closure conversion: what the functions among some values read of the functions around them.

A function defined inside another one keeps that one's frame and reads its variables when it is called. Where it has to be told
of them instead (in a recursive function, which is a trace of its own), `captured` finds the variables, and `moved` gives the
same function in a frame with other values in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from srcad.lower.names import read_names
from srcad.lower.scope import Closure, Env, Frame, Poison, locals_of, owner
from srcad.lower.values import Func, Obj, Seq, Tup, Value

#: Variables by the frame they live in and their name.
Variables = dict[tuple[Frame, str], Value]


def captured(values: Iterable[Value], function: Frame | None = None) -> Variables:
    """The variables of functions around that these values, and the function of this frame, read or lead to."""
    found: Variables = {}

    def reads(node: object, parent: Frame | None) -> None:
        for name in sorted(read_names(node) - locals_of(node)):
            scope = owner(parent, name) if parent else None
            value = scope.env.names.get(name) if scope else None
            if scope is None or value is None or isinstance(value, Poison) or (scope, name) in found:
                continue
            found[scope, name] = value
            look(value)

    def look(value: Value) -> None:
        match value:
            case Tup() | Seq() | Func():
                for item in value.items:
                    look(item)
            case Obj(value=Closure() as closure):
                for default in closure.defaults.values():
                    look(default)
                reads(closure.node, closure.frame)

    if function is not None:
        reads(function.node, function.parent)
    for value in values:
        look(value)
    return found


def moved(variables: Mapping[tuple[Frame, str], Value]) -> tuple[Callable[[Value], Value], Callable[[Frame], Frame]]:
    """What gives a value, and a frame, in which the variables have these values."""
    frames: dict[Frame, Frame] = {}

    def frame(old: Frame) -> Frame:
        if old not in frames:
            frames[old] = new = replace(old, env=Env())
            new.parent = frame(old.parent) if old.parent else None
        return frames[old]

    def value(old: Value) -> Value:
        match old:
            case Tup():
                return Tup(tuple(map(value, old.items)), old.cls)
            case Seq():
                return Seq(tuple(map(value, old.items)))
            case Func():
                return Func(old.kind, tuple(map(value, old.items)))
            case Obj(value=Closure() as closure):
                defaults = {name: value(default) for name, default in closure.defaults.items()}
                return Obj(replace(closure, frame=frame(closure.frame), defaults=defaults))
        return old

    for (scope, name), given in variables.items():
        frame(scope).env.names[name] = value(given)
    return value, frame


def map_atoms(change: Callable[[Value], Value], value: Value) -> Value:
    """The value with its numbers and arrays replaced; functions stay."""
    match value:
        case Tup():
            return Tup(tuple(map_atoms(change, item) for item in value.items), value.cls)
        case Seq():
            return Seq(tuple(map_atoms(change, item) for item in value.items))
        case Func():
            return Func(value.kind, tuple(map_atoms(change, item) for item in value.items))
        case Obj():
            return value
    return change(value)
