"""Backpropagation: a two-layer network learns two interleaved half moons.

srcad's reverse mode gives exactly what the textbook's backpropagation gives, without anyone having to derive it.
"""

from typing import NamedTuple

import numpy as np

import srcad


class Network(NamedTuple):
    W1: np.ndarray
    b1: np.ndarray
    w2: np.ndarray
    b2: float


def loss(net, X, t):
    """The mean cross entropy of labels 0 and 1."""
    hidden = np.tanh(X @ net.W1 + net.b1)
    p = 1.0 / (1.0 + np.exp(-(hidden @ net.w2 + net.b2)))
    return -np.mean(t * np.log(p) + (1.0 - t) * np.log(1.0 - p))


def backpropagation(net, X, t):
    """The gradient of the loss, derived by hand."""
    hidden = np.tanh(X @ net.W1 + net.b1)
    p = 1.0 / (1.0 + np.exp(-(hidden @ net.w2 + net.b2)))
    delta = (p - t) / t.size
    back = np.outer(delta, net.w2) * (1.0 - hidden**2)
    return Network(X.T @ back, back.sum(axis=0), hidden.T @ delta, delta.sum())


def half_moons(n, rng):
    angle = np.pi * rng.random(n)
    t = (np.arange(n) % 2).astype(float)
    x = np.where(t, 1.0 - np.cos(angle), np.cos(angle))
    y = np.where(t, 0.5 - np.sin(angle), np.sin(angle))
    return np.column_stack((x, y)) + 0.1 * rng.standard_normal((n, 2)), t


def main() -> None:
    rng = np.random.default_rng(0)
    X, t = half_moons(200, rng)
    net = Network(rng.standard_normal((2, 16)), np.zeros(16), 0.3 * rng.standard_normal(16), 0.0)
    value_and_grad = srcad.value_and_grad(loss)

    _, g = value_and_grad(net, X, t)
    by_hand = backpropagation(net, X, t)
    worst = max(np.max(abs(a - b)) for a, b in zip(g, by_hand, strict=True))
    print(f"largest difference to backpropagation by hand: {worst:.1e}")
    assert isinstance(g, Network)
    assert worst < 1e-14

    for epoch in range(1001):
        value, g = value_and_grad(net, X, t)
        if epoch % 250 == 0:
            print(f"epoch {epoch:4d}: loss {value:.4f}")
        net = Network(*(w - 1.0 * dw for w, dw in zip(net, g, strict=True)))

    p = np.tanh(X @ net.W1 + net.b1) @ net.w2 + net.b2
    accuracy = np.mean((p > 0.0) == (t > 0.5))
    print(f"{accuracy:.1%} of {t.size} points on the right side")
    assert accuracy > 0.95


if __name__ == "__main__":
    main()
