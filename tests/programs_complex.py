"""Complex numbers on the way from real arguments to a real result (and to a complex one)."""

import math

import numpy as np

from programs_kit import normal, program, sample


@program(sample(3), tags="complex")
def modulus_of_a_wave(x):
    return np.sum(np.abs(np.exp(1j * x) * x))


@program(0.7, tags="complex")
def modulus_squared(x):
    return abs(1j * x + 1) ** 2


@program(0.3, tags="complex")
def made_of_two_parts(t):
    z = complex(math.cos(t), math.sin(t))
    return (z * z).real + abs(z + t)


@program(sample(3), tags="complex elementwise")
def holomorphic_functions(x):
    z = x + 1j * x**2
    w = np.sqrt(z) * np.sin(z) / np.cos(z) + np.log(z) - np.tanh(z) * np.conj(z) + z**3 + z**0.5
    return np.sum(w.real * w.imag) + np.sum(np.angle(w))


@program(sample(4), tags="complex memory")
def complex_buffer(x):
    u = np.zeros(x.size, dtype=np.complex128)
    for i in range(x.size):
        u[i] = x[i] * np.exp(2j * i * x[i])
    u[1:] += u[:-1] * x[0]
    u *= 1j * x
    return np.sum(np.abs(u) ** 2)


@program(sample(5), tags="complex dot")
def power_spectrum(x):
    k = np.arange(x.size)
    spectrum = np.exp(-2j * np.pi * np.outer(k, k) / x.size) @ x
    return np.sum((spectrum * np.conj(spectrum)).real * k)


@program(0.3, 4, tags="complex loop")
def julia_steps(x, n):
    z = 0j
    for _ in range(n):
        z = z * z + complex(x, 0.3)
        if abs(z) > 3:
            break
    return z.real * z.imag


@program(1.3, tags="complex while")
def escape(x):
    z = x * (1 + 0j)
    while abs(z) < 5:
        z = z * z + 0.5j * x
    return abs(z)


@program(normal(2, 2) + 2 * np.eye(2), tags="complex linalg")
def complex_system(a):
    b = a + 1j * a.T @ a
    x = np.linalg.solve(b, a[:, 0] * (1 + 1j))
    return np.linalg.norm(x) + np.std(np.linalg.inv(b)) + np.linalg.det(b).imag


@program(sample(4), tags="complex where")
def chosen_parts(x):
    return np.sum(np.where(x > 0.5, 1j * x * x, x).imag) + np.imag(x).sum() + np.real(x).sum()


@program(sample(3), tags="complex result")
def complex_result(x):
    return np.mean(np.exp(1j * x)).real, np.exp(-x * x) * (x - 1j).conjugate().real


@program(sample(3), tags="complex pow", second=False, compiled=False)
def power_of_an_imaginary_number(x):
    return np.sum(np.abs(1j**x + x)) + ((2 - 1j) ** x[0]).real
