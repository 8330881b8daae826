"""From Python source to the trace: an abstract interpreter that runs a function once for its argument types.

    entry.py           from argument types to the trace
    function.py        the interpreter's state              values.py      what an expression evaluates to
    statements.py      simple statements                    control.py     statements in order, branches, early exits
    loops.py           for and while                        carry.py       what a loop carries
    iteration.py       what a for loop runs over            merge.py       where paths meet
    expressions.py     expressions                          names.py       assigned and live names
    comprehensions.py  comprehensions                       lists.py       lists that grow
    call_expressions.py  a call as it is written            list_methods.py  and their methods
    iterating.py       itertools (iterators.py)             sharing.py     where arrays in lists may be copies
    delays.py          iterators that Python would ask later  checkpointed.py  loops over srcad.checkpoint
    records.py         dictionaries                         changes.py     which lists and dictionaries are changed
    calls.py           which way a call is lowered          inline.py      a callee's body, in place
    recursion.py       functions that call themselves       capture.py     what these read of the functions around
    scope.py           variables, globals, closures         unbound.py     variables that may have no value
    derivatives.py     grad and its kin, called inside      functional.py  functools.reduce
    selection.py       what is chosen when it runs          matching.py    match as a chain of if
    indexing.py        subscripts                           picking.py     masks and arrays of indices
    structure.py       tuples in parameters and results     layouts.py     reshapes that may be views or copies
    printing.py        print                                guards.py      what is checked when the program runs

The rest is what operators, methods and the functions of NumPy mean.
"""

from __future__ import annotations

from srcad.lower.entry import lower

__all__ = ["lower"]
