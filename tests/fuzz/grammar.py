"""The grammar of the random programs: templates with holes, by the type of what they give.

A hole is `<Name>`. `<S>` is an expression of type S, `<s>` a variable of it that may be assigned, `<+s>` a new one, known to
what follows the statement, and `<@i>` one that is known in the block beneath only. A digit makes two holes of a template the
same text (`<a1>[1:] += <a1>[:-1]`), `<#x>` is a name that nothing else uses. `<BLOCK>` is a block of statements, `<LOOP>`
one from which `break` and `continue` may leave.

    S, s    a float                     A, a    a vector of 4       B, b    a vector of 3       M, m    a matrix, 3 by 4
    I       an index, 0 to 3            k       an index that may be assigned                   i       a loop's own index
    N       a number of trips, 0 to 4   C       a condition         F       a literal           R       a row, 0 to 2
    Z, z    a complex number            J, j    4 indices           Q, q    4 booleans          l       a list that is not empty
    t       (a float, a vector of 4)    f       a function of a float                           O       an offset, -1 to 1

Values stay bounded: what is assigned goes through sin or tanh, or is scaled. Indices stay in range.
"""

from __future__ import annotations


def _blocks(text: str) -> list[str]:
    """Statements of several lines, with an empty line between them."""
    return text.strip().split("\n\n")


#: Where an expression may not grow any more.
LEAVES: dict[str, list[str]] = {
    "S": [
        "<s>", "<s>", "<s>", "<a>[<I>]", "<m>[<R>, <I>]", "<b>[<R>]", "<F>",
    ],
    "A": [
        "<a>", "<a>", "<a>[::-1]", "<m>[<R>]", "<m>[<R>, :]",
    ],
    "B": [
        "<b>", "<b>", "<a>[1:]", "<a>[:-1]", "<m>[:, <I>]", "<m>.T[<I>]", "<a>[:0:-1]", "<b>[::-1]",
    ],
    "M": [
        "<m>", "<m>", "<m>[::-1]", "<m>[:, ::-1]",
    ],
    "I": [
        "0", "1", "2", "3", "-1", "-2", "<k>", "<i>", "<i>", "<i>", "3 - <i>", "(<i> + 1) % 4", "<i> // 2",
        "-1 - <i>", "<i> - 1",
    ],
    "N": [
        "4", "3", "2", "n", "n", "n - 1", "<i>", "<i> + 1", "<k>", "len(<a>)", "<m>.shape[0]", "0", "<b>.size",
        "int(2.5 + np.tanh(<s>))",
    ],
    "R": [
        "0", "1", "2", "-1", "<i> % 3", "<k> % 3",
    ],
    "C": [
        "<s> > <F>", "<a>[<I>] < <F>", "n > 1", "flag", "<i> % 2 == 0", "<i> > 1", "<k> != 2",
    ],
    "F": [
        "0.53", "1.47", "-0.71", "0.29", "0.17", "-0.37",
    ],
    "Z": [
        "<z>", "complex(<s>, <s>)", "(<s> + 0.5j)",
    ],
    "J": [
        "<j>", "np.array([0, 2, 1, 0])", "np.array([3, 3, 1, 0])",
    ],
    "Q": [
        "<q>", "<a> > <F>", "<a> < <s>",
    ],
    "O": [
        "-1", "0", "1",
    ],
}  # fmt: skip

#: All other expressions; the holes in them are filled one level deeper.
FORMS: dict[str, list[str]] = {
    "S": [
        "(<S> + <S>)", "(<S> - <S>)", "<S> * <S>", "<S> * <S>", "-<s>", "np.sin(<S>)", "math.cos(<S>)",
        "<S> / (1.5 + <S> ** 2)", "np.exp(-(<S>) ** 2)", "math.tanh(<S>)", "(<S>) ** 2", "(<S>) ** 3", "abs(<S>)",
        "np.sqrt(1.0 + (<S>) ** 2)", "(<S> if <C> else <S>)", "max(<S>, <S>)", "min(<S>, <S>, <F>)", "np.sum(<A>)",
        "np.dot(<A>, <A>)", "(<A> @ <A>)", "np.mean(<M>)", "<M>.sum()", "np.max(<A>)", "<A>.min()",
        "np.linalg.norm(<A> + 2.0)", "np.prod(<B>)", "np.var(<A>)", "<A>[<I>]", "<M>[<R>, <I>]", "branchy(<S>, <S>)",
        "early(<A>, <S>)", "power(<S>, <N>)", "ping(<S>, <N>)", "pair(<S>, <S>)[1]", "inner_sum(<A>)", "<f>(<S>)",
        "sum([<S> * 0.3 for <@i> in range(<N>)])", "sum(<@s1> * <S> for <@s> in <A>)",
        "sum((0.4 * <@s1> for <@s> in <A> if <C>), 0.0)", "max(<@s1> * <F> for <@s> in <A>)", "<l>[0]", "<l>[-1]",
        "sum(<l>)", "len(<l>) * <S>", "<t>[0]", "<t>[1][<I>]", "<I> * <S>", "float(<I>) * <S>", "<N> / 2 * <S>",
        "(<N> // 2) * <S>", "(<S>) % 1.9", "float(n) ** 2 * <S>", "abs(<Z>)", "(<Z> * <Z>).real", "np.exp(<Z>).imag",
        "(<Z>).conjugate().imag", "np.where(<C>, <S>, <S>)", "<A>[<J>][<I>]", "np.sum(<A>[<Q>])",
        "np.hypot(<S>, 1.5)", "np.arctan2(<S>, 2.5)", "math.log(2.0 + (<S>) ** 2)", "np.log1p((<S>) ** 2)",
        "np.cumsum(<A>)[<I>]", "np.trace(<M>[:, :3])", "(lambda <@s>: <S> * <@s1>)(<S>)",
        "functools.reduce(lambda p, q: 0.5 * p + q, <A>)", "apply(<f>, <S>)", "apply(math.sin, <S>)",
        "any(<@s1> > <F> for <@s> in <A>) * <S>", "(<S> and <S>)", "np.float32(<S>) * <S>", "np.sum(<A> * <A>)",
        "np.sum(<M> ** 2)", "<A>[<A1> > 0.1].sum()", "shift(x=<S>)", "shift(<S>, by=<S>)",
        "np.einsum('i,i', <A>, <A>)", "dict_free(<S>, (<S>, <A>))",
        "sum(<@s1> * <@s2> for <@s>, <@s> in zip(<A>, <A>))", "np.linalg.det(np.eye(3) + 0.2 * <M>[:, :3])",
        "np.array([<S>, <S>])[int(<C>)]", "(<#w> := <S>) * <#w>", "np.clip(<S>, -0.45, 0.65)",
        "divmod(<N>, 2)[1] * <S>", "[<S>, <S>, <S>, <S>][<I>]",
    ],
    "A": [
        "<A> * <A>", "(<A> + <A>)", "(<A> - <S> * <A>)", "np.sin(<A>)", "np.tanh(<A>) * <A>", "<S> * <A>",
        "np.where(<A> > <S>, <A>, <A>)", "np.maximum(<A>, <A>)", "<A> / (1.5 + <A> ** 2)", "<A>.copy()",
        "np.sum(<M>, axis=0)", "np.mean(<M> * <A>, axis=0)", "np.abs(<A>)", "<M>.T @ <B>", "(<B> @ <M>)",
        "np.max(<M>, axis=0)", "np.linalg.solve(np.eye(4) + 0.1 * np.outer(<A>, <A>), <A>)", "<A>[<J>]",
        "np.array([<S>, <S>, <S>, 0.5])", "np.clip(<A>, -0.5, <S>)", "np.sum(<A>[:, None] * <A>, axis=0)",
        "np.roll(<A>, <O>)", "np.cumsum(<A>)", "np.concatenate((<B>, <A>[:1]))", "np.append(<B>, <S>)",
        "np.zeros_like(<A>)", "np.full(4, <S>)", "np.arange(4) * <S>", "0.5 * <A> ** 2", "np.where(<Q>, <A>, <S>)",
        "np.array([<@s1> * <S> for <@s> in <A>])", "np.array([<S> for <@i> in range(4)])", "np.sort(<A>)", "<t>[1]",
        "<M>[<R>] * <F>", "np.flip(<A>)", "<M>.reshape(-1)[2:6]", "<M>.ravel()[::3]", "<M>.flatten()[4:8]",
        "viewed(<A>)", "np.stack((<A>, <A>))[<I> % 2]", "np.exp(-<A> ** 2)", "np.hstack((<A>[:2], <A>[2:]))",
        "np.atleast_1d(<A>)", "(<A>.astype(np.float32) + <A>)", "<A>.reshape(2, 2).T.ravel()", "(<A> > <F>) * <A>",
        "~<Q> * <A>", "np.array(<l>).sum() * <A>", "np.repeat(<A>[:2], 2)", "np.outer(<A>, <A>)[<I>]", "(<A> % 1.7)",
        "np.asarray(<A>)",
    ],
    "B": [
        "<B> * <S>", "(<B> + <B>)", "<M> @ <A>", "np.sum(<M>, axis=1)", "np.cos(<B>)", "<M>.mean(axis=1)",
        "<A>[1:] - <A>[:-1]", "np.diff(<A>)", "<M>[np.arange(3), <J>[:3]]", "np.array((<S>, <S>, <S>))",
        "np.min(<M>, axis=1)", "np.cross(<B>, <B>)", "<M>[:, <I>] * <B>",
    ],
    "M": [
        "np.sin(<M>)", "<M> * <A>", "(<M> - <M>[:, :1])", "<S> * <M>", "np.outer(<B>, <A>)", "(<M> + <M>[::-1])",
        "<M>.copy().reshape(4, 3).T", "<M> / (2.0 + np.sum(<M> ** 2))", "0.3 * <M> @ np.outer(<A>, <A>)",
        "<B>[:, None] * <A>", "<B>.reshape(3, 1) + <A>", "np.where(<M> > <F>, <M>, <S>)",
        "np.vstack((<A>, <A>, <A>))", "np.tanh(<M>) ** 2", "<M>.copy()", "<M>[np.array([2, 0, 0])]",
        "np.cumsum(<M>, axis=1)", "<M> * <M>", "np.broadcast_to(<A>, (3, 4)) * <S>", "np.tile(<A>, 3).reshape(3, 4)",
        "<M>[[1, 0, 2]]", "np.maximum(<M>, <A>)", "<A>[None, :] * <M>", "np.zeros((3, 4)) + <A>",
        "np.transpose(np.transpose(<M>))", "np.array([<A>, <A>, <A>])", "np.einsum('ij,j->ij', <M>, <A>)",
    ],
    "I": [
        "int(flag)", "(<I> + <I>) % 4", "<I> % 4", "<J>[<I>]", "min(<i>, 2)", "abs(<O>)", "<N> // 2",
        "np.argmax(<A>)", "(2 * <i> + 1) % 4", "len(<A>) - 1",
    ],
    "N": [
        "<N>", "min(<N>, 3)", "max(<O>, 1)", "(<N> + 1) // 2", "<N> - 1",
    ],
    "R": [
        "<R>", "<I> % 3",
    ],
    "C": [
        "<S> > <F>", "<S> < <S>", "-0.4 < <S> < 0.6", "<C> and <C>", "<C> or <C>", "not <C>", "<I> == 2", "<N> >= 2",
        "np.any(<A> > 0.9)", "<Q>[<I>]", "<N> in (1, 3)", "np.all(<A> < 0.6)", "any(<@s1> > <F> for <@s> in <A>)",
        "<s> is not None", "bool(<N>)", "(flag and <S> > <F>)", "<I> & 1",
    ],
    "F": [
        "<F>",
    ],
    "Z": [
        "(<Z> + <Z>)", "<Z> * <Z>", "<Z> / (2.5 + abs(<Z>))", "np.exp(1j * <S>)", "<S> * <Z>", "np.conj(<Z>)",
    ],
    "J": [
        "<J>[::-1]", "(<J> + 1) % 4", "np.argsort(<A>)", "np.array([<I> % 4, 1, <I> % 4, 2])", "np.arange(4)",
        "np.arange(3, -1, -1)",
    ],
    "Q": [
        "<A> > <F>", "<A> < <A>", "(<Q> & <Q>)", "~<Q>", "(<Q> | <Q>)", "np.array([flag, True, not flag, False])",
        "<J> % 2 == 0",
    ],
    "O": [
        "<O>",
    ],
}  # fmt: skip

#: Statements without a block.
SIMPLE: list[str] = [
    # scalars
    "<s> = np.sin(<S>)", "<s> = np.sin(<S>)", "<+s> = np.sin(<S>)", "<+s> = math.tanh(<S>)", "<s> += 0.3 * <S>",
    "<s> *= <S>", "<s> -= 0.2 * <S>", "<s>, <s> = <s>, <s>", "<+s>, <s> = np.tanh(<S>), np.sin(<S>)",
    "<s1>, (<s2>, <+s>) = pair(<S>, <S>)[0], pair(<S>, <S>)", "<s> /= 1.5 + <S> ** 2", "<+s> = <s> = np.cos(<S>)",
    "<+s>: float = np.sin(<S>)", "<+s>, *<#r>, <+s> = <A>", "<s> = np.sin(<S>) if <C> else <S> * 0.5", "<s> **= 2",
    "<s> = <s> - <s> // 1.7 if <s1> > 5.0 else <s>", "assert <s1> < 1e9, 'large'", "pass",
    # vectors
    "<a>[<I>] = np.sin(<S>)", "<a>[<I>] += 0.3 * <S>", "<a>[<I>] *= <S>", "<a1>[<I>] = <a1>[<I>] * <S>",
    "<a> = np.sin(<A>)", "<+a> = np.tanh(<A>)", "<a> += 0.3 * <A>", "<a> *= 0.5", "<a> -= 0.2 * <A>",
    "<a>[:] = np.sin(<A>)", "<a>[::-1] = np.cos(<A>)", "<a>[1:3] = <S>", "<a>[:2] = <a>[2:] * <S>",
    "<a>[1:] = 0.5 * <a>[:-1]", "<a>[::2] *= <S>", "<a1>[1:] += 0.5 * <a1>[:-1]", "<a1>[:-1] -= 0.3 * <a1>[1:]",
    "<a1> -= 0.4 * <a1>[::-1]", "<a1>[:] = <a1>[::-1]", "<a>[1:3] -= <a>[2:] * 0.3", "<a>, <a> = <a>, <a>",
    "<a1>[0], <a1>[<I>] = <a1>[<I>], <a1>[0]", "<a>[1:] += 0.3 * <B>", "<a>[0] = <a>[1] = np.sin(<S>)", "<+a> = <a>",
    "<+a> = <a>[::-1]", "<+a> = <m>[<R>]", "<a> = <a>", "<+a> = <m>[<R>, ::-1]", "<+a> = <a>.copy()",
    "<a> = np.zeros(4)", "<+b> = <a>[1:]", "<+b> = <a>[:-1]", "<+b> = <m>[:, <I>]", "<+b> = <m>.T[<I>]",
    "<+b> = <a>[::-1][1:]", "<b> *= <S>", "<b>[:] = np.sin(<B>)", "<b>[<R>] = np.sin(<S>)",
    "<b1>[1:] += 0.5 * <b1>[:-1]", "<+b> = np.cos(<B>)", "<b>[:] = <S>", "<b> += 0.3 * <B>", "<a>[1:] *= <b>",
    "<a> = <a> if <C> else <a>", "<+a> = np.ones(4) * <S>",
    # matrices; a row is never assigned a column of the same matrix, which NumPy itself does not buffer: +<B> is a copy
    "<m>[<R>] = np.sin(<A>)", "<m>[:, <I>] *= np.cos(<S>)", "<m>[<R>, <I>] = np.sin(<S>)", "<m>[<R>] += 0.3 * <A>",
    "<m1>[1:, :2] = 0.5 * <m1>[:2, 2:]", "<m>[:, 1] = <m>[:, 2] * np.cos(<S>)", "<m> = np.sin(<M>)",
    "<+m> = np.tanh(<M>)", "<m> *= 0.7", "<m> += 0.3 * <M>", "<m>[<R>, <I>] += 0.3 * <S>", "<+m> = <m>",
    "<+m> = <m>[::-1]", "<+m> = <m>[:, ::-1]", "<+m> = <m>.copy()", "<m1>[:, 1:] += 0.2 * <m1>[:, :-1]",
    "<m1>[0], <m1>[1] = <m1>[1].copy(), <m1>[0].copy()", "<m>, <m> = <m>, <m>",
    "<m1>[:3, :3] += 0.2 * <m1>[:3, :3].T", "<m>.T[<I>] = +<B>", "<m>[<R>][<I>] = np.sin(<S>)", "<m>[...] = <S>",
    "<m>[<R>, 1:] = +<B>", "<+m> = <m>.T.copy().T", "<m1>[::-1] = <m1> * 0.5", "<+m> = np.zeros((3, 4))",
    "<m>.T[1:] *= 0.6", "<+a> = <m>.reshape(12)[4:8]", "<+a> = <m>[1:][<R> % 2]",
    # index arrays and masks
    "<+j> = <J>", "<+q> = <Q>", "<a>[<J>] = np.sin(<A>)", "<a>[<J>] += 0.3 * <A>", "<a>[<J>] *= <S>",
    "np.add.at(<a>, <J>, 0.3 * <A>)", "<a>[<Q>] = <S>", "<a>[<Q>] *= 0.5", "<a1>[<a1> > 0.1] -= 0.3",
    "<a1>[<Q1>] += 0.3 * <A>[<Q1>]", "<m>[:, <J>] += 0.2 * <S>", "<m1>[<m1> > 0.2] = <S>", "<j>[<I>] = <I> % 4",
    "<q>[<I>] = <C>", "<m>[np.array([0, 2])] *= <S>",
    # integers, lists, tuples, functions, complex numbers
    "<+k> = <N> % 4", "<k> = (<k> + <N>) % 4", "<k> = min(<k> + 1, 3)", "<+l> = [<S>]", "<l>.append(np.sin(<S>))",
    "<l>.append(np.sin(<S>))", "<l>[0] = np.sin(<S>)", "<l>[-1] *= <S>",
    "<+l> = [np.sin(<S>) for <@i> in range(1, <N> + 2)]", "<+l> = [<@s1> * <S> for <@s> in <A>]",
    "<+t> = (<S>, <A>)", "<s>, <a> = <t>", "<+t> = <t>", "<t> = (np.sin(<S>), <t>[1])", "<t>[1][<I>] = <S>",
    "<+f> = lambda <@s>: <S> * <@s1>", "<+z> = <Z>", "<z> = <Z> * 0.5", "<z> += 0.3 * <Z>", "<s> = (<Z>).real * 0.4",
    "<+k> = int(<s> > 0.1)", "<+t> = pair(<S>, <S>)[0], <A>",
    # calls with side effects
    "<s> = np.sin(write(<a>, <S>))", "<s> = np.sin(write(<m>[<R>], <S>))", "scale(<a>, <S>)", "scale(<m>, <S>)",
    "<s> = fill(<a>, <N>, <S>)", "shift_in(<a>, <a>)", "scale(<b>, <S>)", "<a> = step(<a>, <S>)",
    "<a>, <a> = flip(<a>, <a>)", "write(<a>, write(<a>, <S>))", "recur(<a>, <N>)", "<a> = viewed(<a>)",
    "<+a> = viewed(<a>)", "scale(<a>[::-1], <S>)", "<s> = 0.5 * <s> + 0.3 * write(<a>[::-1], <S>)",
]  # fmt: skip

SIMPLE += _blocks("""
if (<+s> := np.sin(<S>)) > <F>:
    <s> = <S>

<+a> = np.empty(4)
<+a1>[:] = <S>

<#d1> = <S>
<s> = np.sin(<#d1>)
del <#d1>
""")

#: Statements with blocks, and longer ones of their kind: a variable that one branch assigns, buffers that are swapped, an
#: integer that becomes a float.
NESTED: list[str] = _blocks("""
if <C>:
    <BLOCK>

if <C>:
    <BLOCK>
else:
    <BLOCK>

if <C>:
    <BLOCK>
elif <C>:
    <BLOCK>
else:
    <BLOCK>

for <@i> in range(<N>):
    <LOOP>

for <@i> in range(<N>):
    <LOOP>

for <@i> in range(1, <N>):
    <LOOP>

for <@i> in range(3, -1, -1):
    <LOOP>

for <@i> in range(0, 4, 2):
    <LOOP>

for <@i> in range(<N1> - 1, -1, -1):
    <LOOP>

for <@i> in range(<N>):
    <LOOP>
else:
    <BLOCK>

for <@s> in <A>:
    <LOOP>

for <@i>, <@s> in enumerate(<A>):
    <LOOP>

for <@s>, <@s> in zip(<A>, <B>):
    <LOOP>

for <@a> in <M>:
    <LOOP>

for <@a> in <m>:
    <@a1>[<I>] *= <S>
    <LOOP>

for <@i> in reversed(range(<N>)):
    <LOOP>

for <@i>, <@a> in enumerate(<M>):
    <LOOP>

for <@s> in <l>:
    <s> = np.sin(<S> * <@s1>)

for <@i> in (2, 0, 1):
    <LOOP>

for <@s> in (<S>, <S>):
    <LOOP>

for <@i> in <J>:
    <LOOP>

for <#i>, <@s> in np.ndenumerate(<A>):
    <LOOP>

for <@b> in <m>.T:
    <LOOP>

<#k> = 0
while <#k> < <N1> % 5:
    <#k> += 1
    <LOOP>

<#k> = 0
while <#k> < 3 and <C>:
    <#k> += 1
    <LOOP>

<#k> = 3
while True:
    if <#k> <= 0 or <C>:
        break
    <#k> -= 1
    <BLOCK>

<#k> = 0
while <#k> < 3:
    <#k> += 1
    <LOOP>
else:
    <BLOCK>

<#c> = 0
while <s1> < 0.8 and <#c> < 4:
    <s1> += 0.21 + 0.1 * <S> ** 2
    <#c> += 1
    <LOOP>

<#c> = <C>
if <#c>:
    <#v> = <S>
<SIMPLE>
if <#c>:
    <s> = np.sin(<#v>)

if <C>:
    <#v> = np.sin(<S>)
else:
    <#v> = <S>
<s> = 0.5 * <#v>

if <C>:
    <#u> = <a>
else:
    <#u> = <A>.copy()
<#u>[<I>] = np.sin(<S>)
<s> = np.sum(<#u>) * 0.2

if <C>:
    <#u> = <m>[<R>]
else:
    <#u> = <a>
<#u> *= <S>

<#t> = 0
for <@i> in range(<N>):
    <#t> = <#t> + 0.3 * <S>
    <BLOCK>
<s> = np.sin(<#t>)

for <#i> in range(1 + <N1>):
    <a>[<#i> % 4] += 0.2 * <S>
<s> = <#i> * <S> * 0.3

<#n> = <N>
for <@i> in range(<#n>):
    <#n> = 7
    <LOOP>

<#p>, <#q> = <A>.copy(), np.zeros(4)
for <@i> in range(<N>):
    <#q>[1:] = 0.5 * <#p>[:-1] + <S>
    <#p>, <#q> = <#q>, <#p>
<+a> = <#p>

<#l> = []
for <@i> in range(<N>):
    <#l>.append(<S>)
    <BLOCK>
<s> = np.sin(sum(<#l>))

<#l> = [<S>]
while len(<#l>) < 1 + <N1> % 4:
    <#l>.append(np.sin(<#l>[-1] * <S>))
<s> = <#l>[-1]

<#u> = np.zeros((5, 4))
<#u>[0] = <A>
for <#i> in range(4):
    <#u>[<#i> + 1] = 0.7 * <#u>[<#i>] + 0.2 * np.sin(<#u>[<#i>, ::-1]) * <S>
<+a> = <#u>[<I> + 1]

def <+f>(<@s>):
    if <C>:
        return <@s1> * <S>
    return <S>

def <#g>(<@a>):
    <@a1>[<I>] = <S>
    <BLOCK>
    return <S>
<s> = np.sin(<#g>(<a>))

match <N>:
    case 0:
        <BLOCK>
    case 1 | 2:
        <BLOCK>
    case _:
        <BLOCK>

if <C>:
    for <@i> in range(<N>):
        <LOOP>

with np.errstate(all='ignore'):
    <BLOCK>

for <@i> in range(<N>):
    for <@i> in range(<N>):
        <LOOP>
    <BLOCK>

def <#g>():
    nonlocal <s1>
    <s1> = np.sin(<s1> + 0.3 * <S>)
<#g>()
<SIMPLE>
<#g>()

for <@i> in range(3):
    for <#j> in range(4):
        <m1>[<#j> % 3, <#j>] = 0.5 * <m1>[<@i1>, <#j>] + 0.1 * <S>
        <LOOP>
""")

#: Ways out of the program, and out of a loop.
LEAVE: list[str] = _blocks("""
if <C>:
    return <RESULT>

if <C>:
    <SIMPLE>
    return <RESULT>
""")


LEAVE_LOOP: list[str] = _blocks("""
if <C>:
    break

if <C>:
    continue

if <C>:
    <SIMPLE>
    break

if <C>:
    <SIMPLE>
    continue
""")

#: What a program may return, all ways out of it alike.
RESULTS: list[str] = [
    "<S> + np.sum(<A> * a) + 0.1 * s", "<S> + <S> + np.sum(<M> ** 2)", "np.sum(<A>) + np.sum(<m>) + <s>",
    "np.sum(<a>) * 0.5 + s", "np.sum(<A>) + np.sum(<m>) + <s>", "<A> * <S>", "(x + <S>, np.sin(<A>))",
    "Point(<S> * 1.0, (x * <S>, s - <S>))", "np.sin(<M>)", "np.sum(a * np.arange(4)) + np.sum(m) + s * x",
]  # fmt: skip

#: Functions that programs call: early exits, writes into arguments, recursion, views as results, defaults and keywords.
HELPERS = """import functools
import math
from collections import namedtuple

import numpy as np

Point = namedtuple("Point", "value rest")


def branchy(p, q):
    if p > q:
        return p * q
    for i in range(3):
        if i * q > 1.1:
            return math.sin(p)
    return np.sin(p) + 0.5 * q


def early(u, p):
    for i, e in enumerate(u):
        if e * p > 0.4:
            return e + i
        p = 0.5 * p + e
    else:
        p = p * 0.3
    return p


def write(u, p):
    u[1] = u[0] * p
    if p > 0.3:
        return u[2]
    u[2:] *= 0.5
    return u[3] + p


def scale(u, p):
    u *= np.cos(p)


def fill(u, k, p):
    for i in range(k):
        u[i % 4] = math.sin(u[i % 4] * p)
        if i == 2:
            return u[0]
    return p


def shift_in(u, v):
    u[1:] = 0.5 * v[:-1]
    v[0] = u[3]


def step(u, p):
    v = u.copy()
    v[1:] += 0.3 * u[:-1] * p
    return v


def flip(u, v):
    u[0] += 0.2 * v[3]
    return v, u


def viewed(u):
    return u[::-1]


def recur(u, k):
    if k > 0:
        u[k % 4] = np.sin(u[(k + 1) % 4] * u[k % 4])
        recur(u, k - 1)
        u[0] *= 0.9


def power(p, k):
    if k <= 0:
        return 1.0
    half = power(np.sin(p + k), k // 2)
    return half * p if k % 2 else half + p


def ping(p, k):
    return p if k <= 0 else 0.5 * pong(math.sin(p), k - 1)


def pong(p, k):
    return p * p if k <= 0 else ping(p + 0.2, k - 1) + p


def pair(p, q):
    return 0.5 * p, p * q


def inner_sum(u):
    return sum(math.sin(e) * k for k, e in enumerate(u))


def shift(x, by=0.25, *rest):
    return x * by + len(rest)


def apply(g, p):
    return g(p) * 0.5


def dict_free(p, t):
    q, u = t
    return p * q + u[1]


"""
