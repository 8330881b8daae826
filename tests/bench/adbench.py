"""The objectives of ADBench (Srajer, Kukelova & Fitzgibbon 2018), as one writes them with loops; their data is made up."""

from __future__ import annotations

import numpy as np

from tests.bench.kit import Program


def gmm_full(alphas, means, factors, x, gamma):
    """The log-likelihood of a mixture of Gaussians whose inverse covariances are given by their Cholesky factors, with a Wishart
    prior; constants are left out. `factors` holds the logarithms of the diagonal, then the lower triangle by columns."""
    k, d = means.shape
    sums = np.zeros(k)
    for c in range(k):
        for i in range(d):
            sums[c] += factors[c, i]
    main = np.empty(k)
    gap = np.empty(d)
    total = 0.0
    for n in range(x.shape[0]):
        for c in range(k):
            for i in range(d):
                gap[i] = x[n, i] - means[c, i]
            square = 0.0
            for i in range(d):
                q = np.exp(factors[c, i]) * gap[i]
                for j in range(i):
                    q += factors[c, d + i - j - 1 + j * d - j * (j + 1) // 2] * gap[j]
                square += q * q
            main[c] = alphas[c] + sums[c] - 0.5 * square
        top = np.max(main)
        total += top + np.log(np.sum(np.exp(main - top)))
    total -= x.shape[0] * np.log(np.sum(np.exp(alphas)))
    for c in range(k):
        for i in range(d):
            total += 0.5 * gamma * gamma * np.exp(2.0 * factors[c, i])
        for i in range(d, factors.shape[1]):
            total += 0.5 * gamma * gamma * factors[c, i] ** 2
    return total


def bundle(cams, points, weights, observed, feats):
    """Half the sum of the squares of bundle adjustment's residuals. A camera has a rotation (axis and angle), a centre, a focal
    length, a principal point and two radial distortions."""
    total = 0.0
    for p in range(weights.size):
        c = observed[p, 0]
        k = observed[p, 1]
        rx, ry, rz = cams[c, 0], cams[c, 1], cams[c, 2]
        x = points[k, 0] - cams[c, 3]
        y = points[k, 1] - cams[c, 4]
        z = points[k, 2] - cams[c, 5]
        sq = rx * rx + ry * ry + rz * rz
        if sq > 1e-12:
            angle = np.sqrt(sq)
            cos = np.cos(angle)
            sin = np.sin(angle)
            ax, ay, az = rx / angle, ry / angle, rz / angle
            dot = (ax * x + ay * y + az * z) * (1.0 - cos)
            u = x * cos + (ay * z - az * y) * sin + ax * dot
            v = y * cos + (az * x - ax * z) * sin + ay * dot
            w = z * cos + (ax * y - ay * x) * sin + az * dot
        else:
            u = x + ry * z - rz * y
            v = y + rz * x - rx * z
            w = z + rx * y - ry * x
        u = u / w
        v = v / w
        r2 = u * u + v * v
        scale = 1.0 + cams[c, 9] * r2 + cams[c, 10] * r2 * r2
        e0 = weights[p] * (cams[c, 6] * u * scale + cams[c, 7] - feats[p, 0])
        e1 = weights[p] * (cams[c, 6] * v * scale + cams[c, 8] - feats[p, 1])
        e2 = 1.0 - weights[p] * weights[p]
        total += 0.5 * (e0 * e0 + e1 * e1 + e2 * e2)
    return total


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm_layers(main, extra, state0, sequence):
    """The loss of ADBench's LSTM: gates act element by element, each layer on what the one before gives."""
    layers = main.shape[0] // 2
    state = state0.copy()
    total = 0.0
    for t in range(sequence.shape[0] - 1):
        x = sequence[t] * extra[0]
        for l in range(layers):
            weight = main[2 * l]
            bias = main[2 * l + 1]
            hidden = state[2 * l]
            cell = state[2 * l + 1]
            b = hidden.size
            forget = sigmoid(x * weight[:b] + bias[:b])
            write = sigmoid(hidden * weight[b : 2 * b] + bias[b : 2 * b])
            read = sigmoid(x * weight[2 * b : 3 * b] + bias[2 * b : 3 * b])
            change = np.tanh(hidden * weight[3 * b :] + bias[3 * b :])
            state[2 * l + 1] = cell * forget + write * change
            state[2 * l] = read * np.tanh(state[2 * l + 1])
            x = state[2 * l]
        y = x * extra[1] + extra[2]
        y = y - np.log(np.sum(np.exp(y)) + 2.0)
        total += np.sum(sequence[t + 1] * y)
    return -total / ((sequence.shape[0] - 1) * sequence.shape[1])


def pose(theta, bones):
    """The angles of every bone: the first three columns turn, scale and move the whole hand."""
    out = np.zeros((3, bones + 3))
    out[:, 0] = theta[:3]
    out[:, 1] = 1.0
    out[:, 2] = theta[3:6]
    at = 6
    column = 5
    for finger in range(5):
        for joint in range(2, 5):
            out[0, column] = theta[at]
            at += 1
            if joint == 2:
                out[1, column] = theta[at]
                at += 1
            column += 1
        column += 1
    return out


def euler(x, y, z):
    """The rotation about the axes x, y and z in turn."""
    cx, cy, cz = np.cos(x), np.cos(y), np.cos(z)
    sx, sy, sz = np.sin(x), np.sin(y), np.sin(z)
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cx, -sx], [0.0, sx, cx]])
    about_y = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    about_z = np.array([[cz, -sz, 0.0], [sz, cz, 0.0], [0.0, 0.0, 1.0]])
    return about_z @ about_y @ about_x


def axis_angle(r):
    """The rotation about an axis by an angle, its length (Rodrigues)."""
    angle = np.sqrt(np.sum(r**2))
    if angle < 1e-4:
        return np.eye(3)
    x, y, z = r[0] / angle, r[1] / angle, r[2] / angle
    s, c = np.sin(angle), np.cos(angle)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + s * cross + (1.0 - c) * (cross @ cross)


def skin(theta, parents, relatives, inverses, base, weights):
    """Where the vertices of the hand are: each goes with its bones, by weights."""
    bones = parents.size
    angles = pose(theta, bones)
    absolutes = np.zeros((bones, 4, 4))
    out = np.zeros((3, base.shape[1]))
    for i in range(bones):
        local = np.eye(4)
        local[:3, :3] = euler(angles[0, i + 3], angles[1, i + 3], angles[2, i + 3])
        relative = relatives[i] @ local
        if parents[i] < 0:
            absolutes[i] = relative
        else:
            absolutes[i] = absolutes[parents[i]] @ relative
        moved = absolutes[i] @ inverses[i]
        out += (moved[:3] @ base) * weights[i]
    whole = axis_angle(angles[:, 0])
    for d in range(3):
        whole[d] *= angles[d, 1]
    return whole @ out + angles[:, 2:3]


def hand_tracking(theta, us, parents, relatives, inverses, base, weights, triangles, seen, points):
    """Half the sum of the squares of hand tracking's residuals: points beside those of the hand's triangles, by barycentric
    coordinates, that are said to be there."""
    vertices = skin(theta, parents, relatives, inverses, base, weights)
    total = 0.0
    for i in range(seen.size):
        t = triangles[seen[i]]
        u, v = us[i, 0], us[i, 1]
        for d in range(3):
            there = u * vertices[d, t[0]] + v * vertices[d, t[1]] + (1.0 - u - v) * vertices[d, t[2]]
            total += 0.5 * (points[d, i] - there) ** 2
    return total


def programs() -> list[Program]:
    r = np.random.default_rng(2)
    f = r.standard_normal
    k, d = 10, 8
    cams, points, count = 10, 200, 2_000
    cameras = np.hstack(
        [0.3 * f((cams, 3)), 0.1 * f((cams, 3)), 500.0 + f((cams, 1)), f((cams, 2)), 1e-2 * f((cams, 2))]
    )
    seen = np.stack([r.integers(0, cams, count), r.integers(0, points, count)], axis=1)
    hand = _hand(r)
    calls = ("pose", "euler", "axis_angle", "skin")
    return [
        Program("gmm_full", gmm_full, (f(k), f((k, d)), 0.3 * f((k, d * (d + 1) // 2)), f((200, d)), 0.5), (0, 1, 2)),
        Program(
            "bundle",
            bundle,
            (cameras, f((points, 3)) + [0.0, 0.0, 5.0], r.uniform(0.5, 1.5, count), seen, f((count, 2))),
            (0, 1, 2),
        ),
        Program(
            "lstm_layers", lstm_layers, (f((4, 56)), f((3, 14)), f((4, 14)), r.random((100, 14))), (0, 1), ("sigmoid",)
        ),
        Program("hand_tracking", hand_tracking, hand, (0, 1), calls),
    ]


def _hand(r: np.random.Generator) -> tuple[np.ndarray, ...]:
    """A hand of ADBench's size: 22 bones, of which each finger has four, and 544 vertices; made up."""
    bones, vertices, count = 22, 544, 200
    parents = np.array([-1, 0, *(1 if k % 4 == 0 else k + 1 for k in range(20))])
    relatives = np.tile(np.eye(4), (bones, 1, 1))
    relatives[:, :3, 3] = 0.1 * r.standard_normal((bones, 3))
    absolutes = relatives.copy()
    for k in range(1, bones):
        absolutes[k] = absolutes[parents[k]] @ relatives[k]
    base = np.ones((4, vertices))
    base[:3] = r.standard_normal((3, vertices))
    weights = r.random((bones, vertices)) ** 8
    triangles = r.integers(0, vertices, (1000, 3))
    theta = 0.3 * r.standard_normal(26)
    us = r.random((count, 2)) / 2.0
    seen = r.integers(0, 1000, count)
    points = r.standard_normal((3, count))
    return (
        theta,
        us,
        parents,
        relatives,
        np.linalg.inv(absolutes),
        base,
        weights / np.sum(weights, 0),
        triangles,
        seen,
        points,
    )
