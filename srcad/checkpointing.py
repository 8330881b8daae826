"""Loops of which reverse mode keeps little: the request, and where the checkpoints of a loop stand."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

NO_SLOTS = "slots= of srcad.checkpoint must be at least 1"


@register_jitable  # type: ignore[untyped-decorator]
def checkpoint(iterable: Any, slots: int | None = None) -> Any:
    """`iterable` itself, for a `for` statement whose derivative in reverse mode is to take little memory.

    Reverse mode keeps what each iteration overwrites. Of a loop over `checkpoint(range(n))` it keeps what the loop carries
    from one iteration to the next (variables, and arrays that the body writes) at about sqrt(n) checkpoints only, and computes
    the rest again, one run of about sqrt(n) iterations at a time. The gradient is the same. Each iteration is computed once
    more: the time is less than twice that of the gradient without checkpoints.

    iterable   what a `for` statement may run over: a range, an array, `enumerate` or `zip` of these
    slots      the most states that are kept at a time, and the most iterations of which more than that is kept. With fewer
               than sqrt(n) slots iterations are computed several times, by a binomial schedule (Revolve: Griewank & Walther
               2000, Algorithm 799), as few times as is possible: with slots = s, r times are enough for s (s + r)! / (s! r!)
               iterations

    Elsewhere, in plain Python, in `@njit` functions and in forward mode, it has no effect. ValueError is raised for fewer than
    one slot. In reverse mode the loop is refused with an UnsupportedError where iterations cannot be computed again: where they
    draw random numbers, or write to an array that the loop carries and that has another name. What `print` shows is shown once.
    In functions that call themselves everything is kept.

    >>> @functools.partial(srcad.differentiate, jit=False)
    ... def orbit(x, n):
    ...     for t in checkpoint(range(n)):
    ...         x = x + 0.01 * np.sin(x)
    ...     return x
    >>> round(orbit.grad(1.0, 100), 6)
    1.106433
    """
    if slots is not None and slots < 1:
        raise ValueError(NO_SLOTS)
    return iterable


@register_jitable  # type: ignore[untyped-decorator]
def next_checkpoint(at: int, end: int, run: int, free: int) -> int:
    """Where to put the next checkpoint, if iterations from the one at `at` to `end` are to be run backwards, in runs of `run`
    iterations, with `free` slots for more checkpoints: `end` if there is none.

    With s checkpoints and r repetitions, (s + r)! / (s! r!) runs can be reversed, and no more. Of l runs, as many come before
    the next checkpoint as can be reversed from this one with a repetition less, and leave no more than can be from the next
    one, with a slot less (Griewank & Walther 2000, Algorithm 799).

    >>> next_checkpoint(0, 10, 1, 2)
    4
    """
    runs = (end - at + run - 1) // run
    if free < 1 or runs < 2:
        return end
    slots, repeats, most = free + 1, 0, 1  # most: (slots + repeats)! / (slots! repeats!)
    while most < runs:
        repeats += 1
        most = most * (slots + repeats) // repeats
    fewer = most * repeats // (slots + repeats)  # with a repetition less
    both = fewer * slots // (slots + repeats - 1)  # and with a slot less
    return at + run * min(fewer, runs - both)
