"""From Python source to the trace: an abstract interpreter that runs a function once for its argument types.

    function.py     the interpreter's state         control.py     statements in order, branches, early exits
    statements.py   simple statements               loops.py       for and while, and what they carry
    expressions.py  expressions                     iteration.py   what a for loop runs over
    calls.py        what a call does                merge.py       where paths meet
    inline.py       a callee's body, in place       entry.py       from argument types to the trace
    scope.py        variables, globals, closures    names.py       liveness
    values.py       what an expression evaluates to

The rest is what operators, subscripts, methods and the functions of NumPy mean.
"""

from __future__ import annotations

from srcad.lower.entry import lower

__all__ = ["lower"]
