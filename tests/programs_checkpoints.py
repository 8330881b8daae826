"""Loops over srcad.checkpoint: what they carry, what they write in place, how they are left, and what is around and inside."""

import numpy as np

import srcad
from programs_kit import program, sample


@program(0.4, 7, tags="checkpoint scalar", analytic=True, single=True)
def checkpointed_orbit(x, n):
    for t in srcad.checkpoint(range(n)):
        x = x + 0.1 * np.sin(x) * (t + 1)
    return x


@program(sample(6), 7, tags="checkpoint swap stencil", single=True)
def checkpointed_buffers(x, n):
    u, v = x.copy(), np.zeros_like(x)
    for _ in srcad.checkpoint(range(n)):
        for i in range(1, x.size - 1):
            v[i] = u[i] + 0.1 * u[i - 1] * u[i + 1] * x[i]
        u, v = v, u
    return np.sum(u) + np.prod(v + 1.0)


@program(sample(6), 11, tags="checkpoint slots in-place", single=True, compiled=False)
def checkpointed_in_place(x, n):
    u = x.copy()
    for _ in srcad.checkpoint(range(n), slots=2):
        for i in range(1, x.size - 1):
            u[i] = u[i] + 0.1 * u[i - 1] * u[i + 1]
    return np.sum(u * u)


@program(sample(4), 7, 3, tags="checkpoint slots anew", compiled=False)
def checkpointed_anew(x, n, slots):
    u = x
    for _ in srcad.checkpoint(range(n), slots=slots):
        u = u + 0.1 * np.sin(u) * x
    return np.sum(u * x)


@program(sample(3), 0, tags="checkpoint zero-trips", compiled=False)
def checkpointed_without_trips(x, n):
    u, s = x * x, 1.0
    for t in srcad.checkpoint(range(n)):
        u *= s
        s = s * x[t]
    return np.sum(u * s)


@program(sample(3), 1, tags="checkpoint one-trip", compiled=False)
def checkpointed_one_trip(x, n):
    u, s = x * x, 1.0
    for t in srcad.checkpoint(range(n), slots=4):
        u *= s
        s = s * x[t]
    return np.sum(u * s)


@program(sample(5), 12, tags="checkpoint slots negative", compiled=False)
def checkpointed_backwards(x, n):
    s = 0.0
    for t in srcad.checkpoint(range(n, -1, -2), slots=1):
        s = np.sin(s) * x[t % x.size] + x[0] * t
    for t in srcad.checkpoint(range(2, n, 3)):
        s = s * np.cos(x[t % x.size])
    return s


@program(sample(3), 9, tags="checkpoint continue branch", compiled=False)
def checkpointed_continue(x, n):
    s = 0.3
    for t in srcad.checkpoint(range(n), slots=2):
        if t % 3 == 1:
            continue
        if s > 1.0:
            s = s - 0.5 * x[0]
        else:
            s = s * s + x[1]
    return s


@program(sample(3), 9, tags="checkpoint break else", compiled=False)
def checkpointed_break(x, n):
    s = 0.3
    for _ in srcad.checkpoint(range(n)):
        s = s + np.sin(s) * x[0]
        if s > 2.5:
            break
    else:
        s = s * x[2]
    return s * x[1]


@program(sample(3), 12, tags="checkpoint slots return", compiled=False)
def checkpointed_return(x, n):
    s = 0.3
    for _ in srcad.checkpoint(range(n), slots=2):
        s = s + np.sin(s) * x[0]
        if s > 2.0:
            return s * s
    return s * x[1]


@program(sample(2), 8, tags="checkpoint history", compiled=False)
def checkpointed_history(x, n):
    u, squares = np.zeros(n + 1), np.zeros(n)
    u[0] = x[0]
    for t in srcad.checkpoint(range(n)):
        u[t + 1] = np.sin(u[t]) + x[1] * u[t] ** 2
        squares[t] = u[t] * u[t]
    squares *= 2.0
    return np.sum(u * u) + np.sum(squares * squares)


@program(sample(2), 8, tags="checkpoint accumulate", compiled=False)
def checkpointed_totals(x, n):
    total = np.zeros(2)
    s = x[0]
    for t in srcad.checkpoint(range(n), slots=2):
        s = s + 0.1 * np.sin(s) * x[1]
        total[t % 2] += s * s
    return np.sum(total**2)


@program(sample(3), 8, tags="checkpoint views", compiled=False)
def checkpointed_views(x, n):
    u = np.outer(x, x)
    inner, first = u[1:, 1:], u[0]
    for _ in srcad.checkpoint(range(n), slots=2):
        inner *= 0.9
        first[:] = np.sin(u[1]) * u[0]
    return np.sum(u * u)


@program(sample(3), 8, tags="checkpoint overwritten-after", compiled=False)
def checkpointed_reads(x, n):
    w, s = x * x, 0.5
    for t in srcad.checkpoint(range(n)):
        s = np.sin(s * w[t % 3]) + w[0]
    w[:] = s * w
    return np.sum(w * w)


@program(sample(3), 8, tags="checkpoint result", compiled=False)
def checkpointed_results(x, n):
    u, s = x.copy(), 1.0
    for _ in srcad.checkpoint(range(n), slots=3):
        u *= u * 0.5 + 0.6
        s = s + u[0] * s * 0.1
    return u, s, u[1:] * s


@program(sample(3), 6, tags="checkpoint nested slots")
def checkpointed_nest(x, n):
    s = 0.4
    for t in srcad.checkpoint(range(n)):
        for k in srcad.checkpoint(range(t), slots=2):
            s = s + 0.1 * np.sin(s) * x[k % 3]
        s = s * x[1]
    return s


@program(sample(4), 5, tags="checkpoint in-loop swap", compiled=False)
def checkpointed_in_a_loop(x, n):
    u, v, total = x.copy(), 0.5 * x, 0.0
    for _ in range(3):
        for _ in srcad.checkpoint(range(n), slots=2):
            for i in range(1, x.size):
                v[i] = np.sin(u[i]) * u[i - 1]
            u, v = v, u
        u[0] = u[0] * u[1]
        total += np.sum(u) * total + u[2]
    return np.sum(u * v) * total


@program(sample(4), 5, tags="checkpoint in-branch temporaries", compiled=False)
def checkpointed_in_a_branch(x, n):
    s = x[0]
    if x[1] > 0.1:
        for _ in srcad.checkpoint(range(n)):
            k = np.zeros(4)
            for i in range(4):
                k[i] = np.sin(s * (i + 1)) * x[i]
            k[1:] = k[1:] * k[:-1]
            s = s + 0.1 * np.sum(k * k)
    else:
        s = x[1]
    return s * s


def _leap(state, force):
    p, q = state
    return p - 0.1 * force(q), q + 0.1 * p


@program(sample(3), 6, tags="checkpoint tuple call", compiled=False)
def checkpointed_tuples(x, n):
    state = (x[0], x[1])
    for _ in srcad.checkpoint(range(n), slots=2):
        state = _leap(state, lambda q: np.sin(q) * x[2])
    return state[0] * state[1]


@program(sample(3), 6, tags="checkpoint last-value", compiled=False)
def checkpointed_last(x, n):
    s, w = 0.1, x
    for _ in srcad.checkpoint(range(n)):
        w = x * s
        z = np.sum(w * w)
        s = np.sin(z)
    return s * w[0]


@program(sample(3), 6, tags="checkpoint while", compiled=False)
def checkpointed_while(x, n):
    s = 2.0
    for _ in srcad.checkpoint(range(n), slots=2):
        k = 0
        while s > 0.5 and k < 5:
            s = s * 0.7 * np.cos(x[0])
            k += 1
        s = s + x[1] * s + 0.7
    return s


@program(sample(3), 5, tags="checkpoint linalg", compiled=False)
def checkpointed_systems(x, n):
    a = np.outer(x, x) + np.eye(x.size)
    u = x.copy()
    for _ in srcad.checkpoint(range(n)):
        u = np.linalg.solve(a, u) + 0.1 * (a @ u)
    return np.sum(u)


@program(sample(7), tags="checkpoint enumerate zip", compiled=False)
def checkpointed_items(x):
    s = 0.2
    for k, (a, b) in srcad.checkpoint(enumerate(zip(x, x[::-1], strict=True)), slots=2):
        s = np.sin(s * a) + k * b
    return s


@program(sample(5), 4, tags="checkpoint lists", compiled=False)
def checkpointed_lists(x, n):
    weights = [1.0, 2.0]
    weights.append(x[0])
    s = 1.0
    for _ in srcad.checkpoint(range(n)):
        found = [s]
        for i in range(3):
            found.append(np.sin(found[i]) * x[i] * weights[i])
        s = sum(found)
    return s


def _powers(x, n):
    return x if n == 0 else np.sin(_powers(x, n - 1)) * x


@program(0.7, 5, tags="checkpoint recursion", compiled=False)
def checkpointed_recursion(x, n):
    s = x
    for k in srcad.checkpoint(range(n), slots=2):
        s = s * _powers(x, k % 3) + x
    return s


@program(np.asfortranarray(sample(3, 3)), 3, 0.5, tags="checkpoint layout branch", compiled=False)
def checkpointed_columns(m, n, x):
    if x > 0.1:
        for k in srcad.checkpoint(range(n), slots=2):
            m[::-1] = np.sin(m) * m[k] * x
    return np.sum(np.linalg.inv(m + np.eye(3)) ** 2)


@program(sample(4), 3, tags="checkpoint sizes", compiled=False)
def checkpointed_sizes(x, n):
    t, u = x, x[:1]
    for k in srcad.checkpoint(range(1, n + 1), slots=2):
        t = x[:k] * x[0]
        u = np.append(u, x[k] * u[-1])
        x = x * np.sum(t)
    return np.sum(t * t) + x[1] * np.sum(u)


@program(sample(4), 5, tags="checkpoint undefined", compiled=False)
def checkpointed_on_some_paths(x, n):
    total, previous = 0.0, None
    for k in srcad.checkpoint(range(n), slots=2):
        for _ in srcad.checkpoint(range(2)):
            if k * x[0] > 9.0:
                return x * total
        if previous is not None:
            total += np.sum(previous**2)
        previous = x[: k % 3 + 1] * total + x[0] if k % 2 == 0 else None
    return x * total * total


@srcad.custom_vjp
def _sine(x):
    return np.sin(x)


_sine.defvjp(lambda x: (np.sin(x), x), lambda x, g: (g * np.cos(x),))


@program(sample(2), 5, tags="checkpoint rule", compiled=False)
def checkpointed_rule(x, n):
    s = x[0]
    for _ in srcad.checkpoint(range(n), slots=2):
        s = _sine(s) * x[1] + s
    return s
