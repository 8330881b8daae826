"""Logistic regression on the Wisconsin breast cancer data, fitted by SciPy with srcad's gradient.

The reference is scikit-learn's fit of the same penalised likelihood, with a gradient written by hand.
Needs `pip install srcad[examples]`.
"""

import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import srcad


def loss(w, X, sign):
    """The negative log likelihood of labels -1 and +1, with a unit penalty on all but the intercept w[0]."""
    margin = sign * (X @ w[1:] + w[0])
    return np.sum(np.logaddexp(0.0, -margin)) + 0.5 * np.sum(w[1:] ** 2)


def main() -> None:
    X, benign = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    sign = np.where(benign, 1.0, -1.0)

    start = np.zeros(X.shape[1] + 1)
    fit = minimize(srcad.value_and_grad(loss), start, args=(X, sign), jac=True, method="L-BFGS-B", tol=1e-10)
    accuracy = np.mean(sign * (X @ fit.x[1:] + fit.x[0]) > 0.0)
    print(f"{X.shape[0]} patients, {X.shape[1]} features: {fit.nit} iterations, {fit.nfev} gradients")
    print(f"loss {loss(start, X, sign):.3f} -> {fit.fun:.6f}, {accuracy:.1%} classified correctly")

    reference = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(X, benign)
    best = np.concatenate((reference.intercept_, reference.coef_[0]))
    print(f"scikit-learn: loss {loss(best, X, sign):.6f}; the weights differ by {abs(fit.x - best).max():.1e} at most")
    assert fit.fun <= loss(best, X, sign) + 1e-6
    assert np.allclose(fit.x, best, atol=2e-3)


if __name__ == "__main__":
    main()
