"""The adjoints of scalars that the reverse of a loop threads: of those around the loop that its body reads, which grow, and of
those that the loop carries, which are passed from each iteration to the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srcad.ir import BOOL, Atom, Builder, For, Loop, Scalar, Var, const, free
from srcad.transforms.alias import next_values
from srcad.transforms.bars import TRUE, Bars, either, zero
from srcad.transforms.shadows import bar_name

if TYPE_CHECKING:
    from srcad.transforms.sweeps import Sweeps


class LoopBars:
    """`params` and `inits` are those of the loop that runs backwards, `inner` and `bars` what its body starts from."""

    def __init__(self, sweeps: Sweeps, loop: Loop, around: Bars) -> None:
        active = sweeps.active
        outer = [v for v in free(loop.body) if isinstance(v.type, Scalar) and v in active and v not in loop.params]
        if isinstance(loop, For):
            outer = [v for v in outer if v is not loop.index]
        results = dict(zip(loop.params, loop.results, strict=True))
        # one that the body only assigns is active as the loop's result only, one not read after the loop as its parameter only
        scalars = [v for v in loop.params if isinstance(v.type, Scalar)]
        self.sweeps, self.loop = sweeps, loop
        self.carried = [v for v in scalars if v in active or results[v] in active]
        nexts = dict(zip(loop.params, next_values(loop), strict=True))
        self.firsts = dict(zip(loop.params, loop.inits, strict=True))

        seeds = {v: sweeps.take(around, results[v]) for v in self.carried}
        self.outer = outer + [sweeps.used[v] for v in outer if v in sweeps.used]
        self.asked = [v for v in self.carried if nexts[v] in sweeps.used or self.firsts[v] in sweeps.used]

        params = [Var(v.hint if v.type == BOOL else bar_name(v), v.type) for v in (*self.outer, *self.carried)]
        params += [Var("used", BOOL) for _ in self.asked]
        inits = [around.get(v, zero(v.type)) for v in self.outer]
        inits += [seeds[v][0] or zero(v.type) for v in self.carried]
        inits += [seeds[v][1] for v in self.asked]
        self.params, self.inits = params, inits
        self.inner = Builder()
        self.bars: Bars = dict(zip(self.outer, params, strict=False))
        used: Bars = dict(zip(self.asked, params[len(self.outer) + len(self.carried) :], strict=True))
        for v, seed in zip(self.carried, params[len(self.outer) :], strict=False):
            sweeps.add(self.inner, self.bars, nexts[v], seed, used.get(v, TRUE))

    def yields(self) -> list[Atom]:
        """What the body has come to."""
        yields = [self.bars.get(v, zero(v.type)) for v in self.outer]
        passed = {v: self.sweeps.take(self.bars, v) for v in self.carried}
        yields += [passed[v][0] or zero(v.type) for v in self.carried]
        return yields + [passed[v][1] for v in self.asked]

    def leave(self, b: Builder, around: Bars, finals: tuple[Var, ...], trips: Atom | None) -> None:
        """After the loop: `finals` are its results for the params. `trips` is how often it ran, None where it is taken to run."""
        around.update(zip(self.outer, finals, strict=False))
        for name in (v for v in self.outer if v.type == BOOL and self.bars.get(v) == TRUE):
            ran = TRUE if trips is None else b.op("gt", trips, const(0))
            around[name] = either(b, self.inits[self.outer.index(name)], ran)
        after = finals[len(self.outer) :]
        used = dict(zip(self.asked, after[len(self.carried) :], strict=False))
        for v, final in zip(self.carried, after, strict=False):
            self.sweeps.contribute(b, around, self.firsts[v], final, used.get(v, TRUE))
