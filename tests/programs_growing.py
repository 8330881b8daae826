"""Lists that grow: of arrays, tuples and lists; passed to functions, given back by them, and run through by iterators."""

import itertools
import math
import operator
from collections import namedtuple

import numpy as np

from programs_kit import program

STATE = namedtuple("STATE", "x v")
VALUES = np.array([0.3, 0.72, 1.1, 0.5])


@program(VALUES, 4, tags="list loop", rtol=1e-5)
def trajectory_of_arrays(x, n):
    states = [x]
    for k in range(n):
        x = x + 0.1 * np.sin(states[-1] * x)
        states.append(x)
    table = np.array(states)
    s = np.sum(table[1:] * table[:-1]) + sum(states)[1] + np.stack(states, axis=1)[2, 1] * len(states)
    for i, state in enumerate(states):
        s += np.dot(state, state) * i
    return s + np.concatenate(states)[5] + np.vstack(states)[0, 1] ** 2


@program(VALUES, 5, tags="list tuple while", rtol=1e-5)
def points_of_a_curve(x, n):
    points = [(0.0, x[0])]
    while len(points) <= n:
        t, y = points[-1]
        points.append((t + 0.1 * x[1], y + 0.1 * math.cos(y) * x[2]))
    area = 0.0
    for i in range(1, len(points)):
        (t0, y0), (t1, y1) = points[i - 1], points[i]
        area += (t1 - t0) * (y0 + y1) / 2
    for t, y in points:
        area += t * y * y
    columns = np.array(points)
    return area + np.sum(columns[:, 0] * columns[:, 1])


@program(VALUES, 4, tags="list tuple branch")
def named_tuples_in_a_list(x, n):
    history = [STATE(x[0], x[1])]
    for _ in range(n):
        q = history[-1]
        if q.x > 2.0:
            break
        history.append(STATE(q.x + 0.1 * q.v, q.v - 0.1 * math.sin(q.x)))
    best = max(history, key=lambda q: q.x * q.v)
    ordered = sorted(history, key=lambda q: -q.v)
    return best.x * best.v + ordered[0].x * ordered[-1].v + sum(q.x for q in history)


@program(VALUES, 4, tags="list comprehension loop")
def lists_of_lists(x, n):
    rows = []
    for i in range(n):
        row = [1.0]
        for j in range(i):
            row.append(row[-1] * x[j] + x[i])
        rows.append(row)
    s = 0.0
    for row in rows:
        s += sum(row) * len(row)
    grid = [[x[i] * x[j] + (i == j) for j in range(n)] for i in range(n)]
    grid[1][0] += s * 0.01
    matrix = np.array([[v * v for v in r] for r in grid])
    return s + rows[-1][1] + np.sum(matrix @ x) + sum(v * grid[0][1] for r in grid for v in r)


def record(history, v):
    history.append(v * v)
    if v > 0.6:
        history.append(v)


def discounted(history):
    s = 0.0
    for v in history:
        s = s * 0.7 + v
    return s * len(history)


def positions(x, n):
    xs, vs = [x[0]], []
    for k in range(n):
        vs.append(math.sin(xs[-1]) * x[1])
        xs.append(xs[-1] + 0.1 * vs[-1])
    return xs, vs


@program(VALUES, 3, tags="list call loop")
def lists_lent_to_functions(x, n):
    history = []
    for v in x:
        record(history, v)
    xs, vs = positions(x, n)
    xs.append(discounted(history))
    a, b, *_ = vs
    return sum(xs) * vs[-1] + a * b + history[0] * discounted(history)


@program(VALUES, 3, tags="list loop while")
def lists_that_change_places(x, n):
    current, total = [x[0]], 0.0
    for _ in range(n):
        following = []
        for v in current:
            following.append(v * x[1])
            following.append(v + x[2])
        current = following
        total += sum(current)
    stack = [(0, x[3])]
    while stack:
        depth, v = stack.pop()
        if depth < n:
            stack.append((depth + 1, v * x[1]))
            if depth % 2 == 0:
                stack.append((depth + 2, v + x[0]))
        else:
            total += v * v
    return total


@program(VALUES, 3, tags="list")
def methods_of_lists(x, n):
    h = [x[0]]
    for i in range(n):
        h.insert(0, x[i] * h[0])
        h.insert(-1, x[i])
    a, b, c = h.pop(0), h.pop(1), h.pop()
    h += [a, b]
    h.extend(v * c for v in x)
    s = 0.0
    for v in reversed(h + [c]):
        s = s * 0.9 + v
    h.reverse()
    low, *_, high = sorted(h[::2])
    return s + low * high + h[0] * h.index(b) + (s if c in h else 0.0)


@program(VALUES, 3, tags="list inplace")
def arrays_of_a_list_changed(x, n):
    rows = [np.zeros(4) for _ in range(n)]
    for i in range(n):
        for j in range(4):
            rows[i][j] += x[j] * i
    rows[1] *= x
    rows[0] = x * x
    kept = [row * 2.0 for row in rows if row[0] > 0.05]
    return np.sum(np.array(rows) ** 2) + sum(np.sum(row) for row in kept)


@program(VALUES, 3, tags="list loop call")
def weights_of_layers(x, n):
    def descend(layers, slopes):
        for k in range(len(layers)):
            layers[k] = layers[k] - 0.1 * slopes[k]

    layers = [x[:2] * 1.0, x[2:] * 2.0, x[1:3] + 1.0]
    speed = [np.zeros_like(layer) for layer in layers]
    for _ in range(n):
        for k in range(3):
            speed[k] = 0.5 * speed[k] + np.sin(layers[k]) * layers[k - 1]
        descend(layers, speed)
        layers[1] *= x[0]
    return np.sum(np.array(layers) ** 2) + layers[0] @ layers[1]


@program(VALUES, 3, tags="list loop swap")
def swapped_arrays_of_a_list(x, n):
    state = [x * 1.0, x * 2.0, x[::-1] * 3.0]
    for k in range(n):
        state[0], state[1] = state[1], state[0] * state[2]
        state[2], state[1], state[0] = state[0], state[2], state[1]
        state[k][1] = state[0][0] * state[1][2]
    return state[0] @ state[1] + np.sum(state[2] ** 2)


@program(VALUES, 3, tags="list loop inplace")
def arrays_put_into_a_list_one_by_one(x, n):
    seen = []
    u = x * 1.0
    for k in range(n):
        seen.append(u)
        u = u + np.sin(u) * k
    for k in range(n):
        seen[k] *= x[0]
    return np.sum(seen[0] * seen[-1])


@program(VALUES, 5, tags="list while loop")
def window_of_arrays(x, n):
    window = [x * 1.0]
    s = 0.0
    while n > 0:
        window.append(window[-1] * 0.5 + x * window[0])
        if len(window) > 3:
            old = window.pop(0)
            s += old @ window[1]
        for i, w in enumerate(window):
            window[i] = w + 0.1 * window[i - 1]
        n -= 1
    window.append(window.pop(1))
    return s + np.sum(window[0] * window[-1])


@program(VALUES, tags="iteration loop list", rtol=1e-5)
def run_through_by_itertools(x):
    s = 0.0
    for a, b in itertools.pairwise(x):
        s += (a - b) ** 2
    for i, j in itertools.combinations(range(x.size), 2):
        s += x[i] * x[j] * (i + 2 * j)
    for i, j in itertools.product(range(2), repeat=2):
        s += x[i] * x[j] ** 2
    for v in itertools.chain(x, [s], x[::-1]):
        s = s * 0.5 + v
    for v in filter(lambda v: v > 0.4, x):
        s += v**3
    return s + list(itertools.accumulate(x, operator.mul))[2] + sum(itertools.islice(x, 1, None))


@program(VALUES, VALUES[::-1].copy(), tags="iteration range slice")
def ranges_and_slices_in_variables(x, y):
    n = x.size
    inside, left = slice(1, n - 1), slice(None, -2)
    steps = range(1, n)
    z = np.zeros(n)
    z[inside] = x[left] * y[inside]
    pairs = list(zip(x, z, strict=True))
    s = pairs[1][0] * pairs[2][1]
    for i in reversed(steps):
        s += x[i] * z[i - 1] * len(steps) + y[steps[-1]]
    squares = (v * v for v in x)
    weights = zip((1.0, 2.0), (x[0], x[1]), strict=True)
    s += sum(v for v in squares if v > 0.2)
    for weight, v in weights:
        s += weight * v
    return s + (x[0] if n - 1 in steps else 0.0)


# --- what is None, strings, dictionaries --------------------------------------------------------------------------------


def widest_gap(x, least):
    for i in range(x.size - 1):
        gap = (x[i + 1] - x[i]) ** 2
        if gap > least:
            return i, gap
    return None


@program(VALUES, 3, tags="none loop branch", rtol=1e-5)
def what_may_be_none(x, n):
    total, previous, low, buffer = 0.0, None, None, None
    for i in range(n):
        if buffer is None:
            buffer = np.zeros(x.size)
        buffer += x * x[i]
        if previous is not None:
            total += np.sum((buffer - previous) ** 2)
        previous = buffer * 1.5 if i % 2 == 0 else None
        if low is None or x[i] < low:
            low = x[i]
    found = widest_gap(x, 0.1)
    if found is not None:
        i, gap = found
        total += i * gap
    return total + low**2 if widest_gap(x, 9.0) is None else total


@program(VALUES, tags="string loop match while")
def a_machine_of_strings(x):
    weights = {"up": 1.0, "down": 2.0, "rest": 0.5}
    mode, s = "up", x[0]
    for v in x:
        s += weights[mode] * v * v
        if mode == "up":
            mode = "down" if v > 0.6 else "rest"
        elif mode in ("down", "rest"):
            mode = "up"
    while mode != "rest":
        match mode:
            case "up":
                s = s * 1.5
                mode = "down" if s > 2 else "up"
            case "down":
                s = s * x[1]
                mode = "rest" if s < 3 else "down"
    return s * len(weights)


def leap(state, h):
    state["x"] += h * state["v"]
    state["v"] -= h * math.sin(state["x"])
    state["steps"] += 1


@program(VALUES, 3, tags="dictionary call loop")
def a_state_by_name(x, n):
    state = {"x": x[0], "v": x[1], "steps": 0}
    model = dict(w=x[:2] * 2.0, act=np.tanh)
    seen = {"last": 0.0}

    def note(v):
        seen["last"] = v * state["x"]

    for _ in range(n):
        leap(state, 0.1)
        if state["x"] > 0.2:
            note(state["v"])
    layers = {**model, "b": x[3]}
    out = layers["act"](np.sum(layers["w"] * state["x"]) + layers.get("b", 0.0))
    return out * state["v"] + seen["last"] * state["steps"] + sum(v * k for k, v in {1: x[0], 2: x[1]}.items())
