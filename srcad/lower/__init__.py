"""From Python source to the trace: an abstract interpreter that runs a function once for its argument types.

    entry.py           from argument types to the trace
    function.py        the interpreter's state              values.py      what an expression evaluates to
    statements.py      simple statements                    control.py     statements in order, branches, early exits
    loops.py           for and while                        carry.py       what a loop carries
    iteration.py       what a for loop runs over            merge.py       where paths meet
    expressions.py     expressions                          names.py       assigned and live names
    comprehensions.py  comprehensions                       lists.py       lists that grow
    calls.py           which way a call is lowered          inline.py      a callee's body, in place
    recursion.py       functions that call themselves       structure.py   tuples in parameters and results
    scope.py           variables, globals, closures        layouts.py     reshapes that may be views or copies

The rest is what operators, subscripts, methods and the functions of NumPy mean.
"""

from __future__ import annotations

from srcad.lower.entry import lower

__all__ = ["lower"]
