"""Programs with the functions of `srcad.vector_math`, which their derivatives have, too."""

import numpy as np

from programs_kit import normal, program, sample
from srcad import vector_math as vm
from srcad.vector_math import exp, sigmoid


@program(normal(5), sample(5), tags="vector elementwise loop power", single=True)
def own_functions(x, y):
    total = 0.0
    for i in range(x.size):
        total += exp(-y[i]) * vm.sin(x[i]) + vm.pow(y[i], x[i]) + vm.log1p(y[i] * y[i]) / vm.log(2 + y[i])
    return total


@program(normal(3, 4), normal(4), tags="vector array nested", single=True, compiled=False)
def gated(W, x):
    z = W @ x
    gates = sigmoid(z) * vm.tanh(z) + vm.cos(z)
    return np.sum(gates * vm.expm1(z)) + vm.exp(gates[0]) * vm.pow(gates[1] ** 2, 2)


@program(sample(3), 6, tags="vector loop branch inner", compiled=False)
def with_early_exit(x, n):
    """In loops that carry what they compute, and are left."""
    s = x[0]
    for k in range(n):
        if s > 2.0:
            break
        for i in range(x.size):
            s = s + vm.exp(-s) * x[i] if k % 2 else vm.sigmoid(s) + vm.expit(x[i])
    return s * vm.sin(s)
