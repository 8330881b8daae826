"""Fourier transforms: spectra, filters, convolutions, and fits to them."""

import numpy as np
import scipy.fft

from programs_kit import normal, program


@program(normal(8), 0.7, 0.4, tags="fft")
def spectral_density_fit(x, scale, decay):
    """Whittle's likelihood of an autoregressive process."""
    periodogram = np.abs(np.fft.rfft(x)) ** 2 / x.size
    omega = 2 * np.pi * np.fft.rfftfreq(x.size)
    density = scale**2 / (1 + decay**2 - 2 * decay * np.cos(omega))
    return np.sum(np.log(density) + periodogram / density)


@program(normal(9), 0.2, tags="fft")
def low_pass_filter(x, width):
    f = np.fft.rfftfreq(x.size, d=0.5)
    smooth = np.fft.irfft(np.fft.rfft(x) * np.exp(-0.5 * (f / width) ** 2), n=x.size)
    return np.sum((smooth - x) ** 2)


@program(normal(5), normal(4), tags="fft", single=True)
def convolution_by_fft(a, b):
    n = a.size + b.size - 1
    return np.sum(np.fft.irfft(np.fft.rfft(a, n) * np.fft.rfft(b, n), n) ** 3)


@program(normal(6), tags="fft complex")
def autocorrelation(x):
    spectrum = np.fft.fft(x - np.mean(x), n=2 * x.size)
    return np.fft.ifft(spectrum * np.conj(spectrum)).real[: x.size] / x.size


@program(normal(4, 3), normal(4, 3), tags="fft complex")
def phase_retrieval_loss(image, phase):
    measured = np.abs(np.fft.fft2(image * np.exp(1j * phase))) ** 2
    return np.sum((measured - 1.5) ** 2) / measured.size


@program(normal(4, 6), tags="fft")
def power_spectra_of_columns(x):
    spectrum = np.fft.fft(x, axis=0, norm="ortho")
    centred = np.fft.fftshift(np.abs(spectrum) ** 2, axes=0)
    freqs = np.fft.fftshift(np.fft.fftfreq(x.shape[0]))
    return np.sum(centred * freqs[:, None] ** 2, axis=1)


@program(normal(7), normal(6), tags="fft")
def lengths_and_norms(x, y):
    total = np.sum(np.abs(np.fft.fft(x, 4, norm="forward"))) + np.sum(np.abs(np.fft.ifft(y, 9, norm="ortho")) ** 2)
    total += np.sum(np.fft.irfft(np.fft.rfft(x, norm="ortho"), 7, norm="forward") ** 3)
    total += np.sum(np.fft.irfft(y, norm="ortho") ** 2) + np.sum(np.fft.irfft(x + 1j * x**2, 8) ** 2)
    return total + np.sum(np.abs(np.fft.rfft(y, 3, norm="forward"))) + np.sum(np.fft.irfft(y * 1j, 2))


@program(normal(3, 4), tags="fft")
def several_axes(x):
    b = np.fft.rfftn(x[::-1], s=(4, 4), axes=(1, 0))
    c = np.fft.fftn(x * 1j, norm="forward") * x
    return np.sum(b.real * b.imag) + np.sum(np.fft.irfft2(c, s=(4, 5)) ** 2)


@program(normal(6, 4), tags="fft", single=True)
def real_transforms_along_axes(x):
    y = np.fft.rfft(x, axis=0)
    z = np.fft.irfft(y * (1 + 2j), n=5, axis=-2)
    return np.sum(z**2) + np.sum(np.fft.irfft2(np.fft.rfft2(x.T) ** 2) ** 2)


@program(normal(8), 3, tags="fft loop memory")
def spectral_heat_equation(u, steps):
    k = np.fft.fftfreq(u.size) * 2 * np.pi
    for _ in range(steps):
        spectrum = np.fft.fft(u) * np.exp(-0.1 * k**2)
        spectrum[0] = 0.0
        u = np.fft.ifft(spectrum).real + 0.1 * u**2
    return np.sum(u**2)


@program(normal(5), tags="fft complex")
def shifts_there_and_back(x):
    y = np.fft.ifftshift(np.fft.fftshift(x) * np.arange(5.0))
    z = np.fft.ifftshift(np.fft.fft(y))
    return np.sum(z.real * y) + np.angle(z[1]) + np.abs(z[2])


@program(normal(6), normal(4, 5), tags="fft dct")
def cosine_and_sine_transforms(x, y):
    smooth = scipy.fft.idct(scipy.fft.dct(x, norm="ortho") * np.exp(-0.1 * np.arange(6.0)), norm="ortho")
    sines = scipy.fft.dst(y, 1, axis=0) * scipy.fft.idst(y, type=3, norm="forward")
    return np.sum((smooth - x) ** 2) + np.sum(sines * y) + np.sum(scipy.fft.dct(x, 1, n=4) ** 3)


@program(normal(6), tags="fft")
def names_of_scipy(x):
    z = scipy.fft.ifft(scipy.fft.fft(x, n=8) * scipy.fft.fftfreq(8), norm="ortho", workers=1)
    plane = scipy.fft.rfft2(np.outer(x, x), axes=(0, 1))
    return np.sum(np.abs(scipy.fft.fftshift(z))) + np.sum(scipy.fft.irfftn(plane * 1j, s=(6, 6)) ** 2)
