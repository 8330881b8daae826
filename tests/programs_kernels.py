"""CUDA kernels as users write them, each with a launch: what `srcad.adjoint` must take, and what it must refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import cuda

rng = np.random.default_rng(7)


@dataclass(frozen=True)
class Launch:
    kernel: Any
    grid: Any
    block: Any
    args: tuple[Any, ...]
    #: Whether float32 arrays make a kernel without float64.
    narrow: bool


KERNELS: dict[str, Launch] = {}
REFUSED: dict[str, tuple[Any, str, str, str]] = {}


def launch(grid: Any, block: Any, *args: Any, narrow: bool = True) -> Callable[..., Any]:
    def add(fn: Callable[..., Any]) -> Any:
        kernel = cuda.jit(fn)
        KERNELS[fn.__name__] = Launch(kernel, grid, block, args, narrow)
        return kernel

    return add


def refused(types: str, words: str, at: str) -> Callable[..., Any]:
    """`words` of the message, and the piece of source that it points at."""

    def add(fn: Callable[..., Any]) -> Any:
        kernel = cuda.jit(fn)
        REFUSED[fn.__name__] = kernel, types, words, at
        return kernel

    return add


def some(*shape: int) -> Any:
    return rng.uniform(0.5, 1.5, shape)


N = 7

# --- elements ----------------------------------------------------------------------------------------------------------------


@launch(2, 4, 1.5, some(N), some(N))
def saxpy(a, x, y):
    i = cuda.grid(1)
    if i < x.size:
        y[i] = a * x[i] + y[i]


@launch(2, 4, some(N))
def same(x):
    i = cuda.grid(1)
    if i < x.size:
        x[i] = x[i]


@launch(2, 4, 1.5, some(N), some(N), some(N))
def product(a, x, y, out):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i >= x.size:
        return
    out[i] = a * x[i] * math.exp(y[i])


@launch(2, 4, some(N), some(N), some(N))
def two_outputs(x, a, b):
    i = cuda.grid(1)
    if i < x.size:
        a[i] = math.tanh(x[i])
        b[i] = a[i] * x[i]


@launch(2, 4, some(N), some(N), narrow=False)  # sin of float32 has a rare branch in float64
def written_twice(x, out):
    i = cuda.grid(1)
    if i < x.size:
        out[i] = x[i] ** 2
        out[i] = out[i] * out[i] * math.sin(out[i])


@launch(2, 4, some(N), some(N))
def backwards(x, out):
    i = cuda.grid(1)
    n = x.size
    if i < n:
        out[n - 1 - i] = x[i] ** 2


@launch(2, 4, some(3 * N), some(3 * N))
def three_each(x, out):
    i = cuda.grid(1)
    if 3 * i + 2 < x.size:
        for k in range(3):
            out[3 * i + k] = x[3 * i + k] * x[3 * i + (k + 1) % 3]


@launch(2, 4, some(N), some(N))
def kinks(x, out):
    i = cuda.grid(1)
    if i < x.size:
        other = x[i] if i % 2 == 0 else x[i] ** 2
        out[i] = max(x[i], 1.0) + min(x[i], 0.9) + abs(x[i] - 1.0) + other + x[i] ** 1.5


@launch(2, 4, some(N), some(N))
def branches(x, out):
    i = cuda.grid(1)
    if i >= x.size:
        return
    v = x[i]
    if v > 1.0:
        out[i] = v * v
        return
    if v < 0.7:
        v = v * 3.0
    out[i] = math.log(v)


@launch((2, 2, 1), (2, 2, 2), some(3, 3, 2), some(3, 3, 2))
def in_three_axes(x, out):
    i, j, k = cuda.grid(3)
    if i < x.shape[0] and j < x.shape[1] and k < x.shape[2]:
        out[i, j, k] = x[i, j, k] ** 2 * x[j, i, k]


@launch(1, (2, 3), some(6), some(6))
def in_one_block(x, out):
    k = cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    out[k] = x[k] ** 3


# --- neighbours and indices --------------------------------------------------------------------------------------------------


@launch(2, 4, some(8), some(8))
def stencil(u, out):
    i = cuda.grid(1)
    n = u.size
    if i > 0 and i < n - 1:
        out[i] = u[i] * (u[i - 1] - 2.0 * u[i] + u[i + 1])


@launch((2, 2), (3, 3), some(5, 6), some(5, 6))
def stencil_2d(u, out):
    i, j = cuda.grid(2)
    if 1 <= i < u.shape[0] - 1 and 1 <= j < u.shape[1] - 1:
        out[i, j] = u[i, j] ** 2 + 0.1 * (u[i - 1, j] * u[i + 1, j] + u[i, j - 1] - u[i, j + 1])


@launch(2, 4, some(5), np.array([0, 2, 2, 4, 1, 0, 3]), some(N))
def gather(x, idx, out):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[idx[i]] ** 2


@launch(2, 4, some(N), np.array([0, 2, 2, 3, 1, 0, 3]), some(4))
def histogram(w, idx, out):
    i = cuda.grid(1)
    if i < w.size:
        cuda.atomic.add(out, idx[i], w[i] * w[i])


@launch((2, 2), (2, 2), some(12), some(12), some(16), 4, 3, 4)
def flat_product(A, B, C, n, m, p):
    col, row = cuda.grid(2)
    if row < n and col < p:
        C[row * p + col] = 0.0
        for k in range(m):
            C[row * p + col] += A[row * m + k] * B[k * p + col]


@launch((2, 2), (2, 2), some(4, 3), some(3, 4), some(4, 4))
def matrix_product(A, B, C):
    i, j = cuda.grid(2)
    if i < C.shape[0] and j < C.shape[1]:
        s = 0.0
        for k in range(A.shape[1]):
            s += A[i, k] * B[k, j]
        C[i, j] = s


@launch(2, 4, some(N, 4), some(N, 4))
def rows(x, w):
    i = cuda.grid(1)
    if i < x.shape[0]:
        w[i, 0] = x[i, 0]
        for j in range(1, 4):
            w[i, j] = x[i, j] * w[i, j - 1]


@launch(2, 4, some(N, 4), some(N))
def views(x, out):
    i = cuda.grid(1)
    if i < out.size:
        row = x[i]
        out[i] = row[0] * row[3] + row[1] ** 2


@launch(2, 4, some(N, 2), np.array([5, 0, 3, 1, 2, 150, 9]), some(1))
def views_and_steps(x, steps, total):
    i = cuda.grid(1)
    if i < steps.size:
        row = x[i]
        y = row[0]
        for _ in range(steps[i]):
            y = y + 0.001 * y * row[1]
        cuda.atomic.add(total, 0, row[1] * y)


@launch(2, 4, some(8), some(2))
def first_of_a_block(x, out):
    if cuda.threadIdx.x == 0:
        s = 0.0
        for k in range(4):
            s += x[cuda.blockIdx.x * 4 + k] ** 2
        out[cuda.blockIdx.x] = s


@launch(2, 4, some(N), some(N))
def ends_by_one_thread(u, out):
    i = cuda.grid(1)
    n = u.size
    if 0 < i < n - 1:
        out[i] = u[i - 1] * u[i + 1]
    if i == 0:
        out[0] = u[0] ** 2
        out[n - 1] = u[n - 1] ** 2


@launch((2, 2), (3, 3), some(5, 6), some(5, 6))
def boundary(u, out):
    i, j = cuda.grid(2)
    if i < u.shape[0] and j < u.shape[1]:
        if i == 0:
            out[0, j] = u[0, j]
        elif i == u.shape[0] - 1 or j == 0:
            out[i, j] = u[i, j] ** 2
        else:
            out[i, j] = u[i, j] * (u[i - 1, j] + u[i + 1, j])


@launch(2, 4, some(4), np.array([0, 2, 2, 5, 7], np.int32), np.array([0, 1, 3, 2, 2, 0, 1], np.int32), some(7), some(4))
def sparse_product(y, first, column, value, x):
    i = cuda.grid(1)
    if i < y.size:
        s = 0.0
        for k in range(first[i], first[i + 1]):
            s += value[k] * x[column[k]]
        y[i] = s


@launch(2, 4, some(6, 2), some(6), some(6, 2))
def attraction(p, m, a):
    i = cuda.grid(1)
    if i >= p.shape[0]:
        return
    ax, ay = 0.0, 0.0
    for j in range(p.shape[0]):
        if j == i:
            continue
        dx, dy = p[j, 0] - p[i, 0], p[j, 1] - p[i, 1]
        r2 = dx * dx + dy * dy + 0.01
        w = m[j] / (r2 * math.sqrt(r2))
        ax += w * dx
        ay += w * dy
    a[i, 0] = ax
    a[i, 1] = ay


@launch(2, 4, some(N), some(N), some(N))
def reused(x, t, out):
    i = cuda.grid(1)
    if i < x.size:
        t[i] = x[i] * x[i]
        out[i] = math.exp(-t[i])
        t[i] = t[i] * out[i]
        out[i] = out[i] + t[i] ** 2


@launch(2, 4, some(8), some(2), some(1))
def added_to_by_all(x, out, total):
    i = cuda.grid(1)
    if i < x.size:
        s = 0.0
        for k in range(i + 1):
            s += x[k] * x[i]
            cuda.atomic.add(out, k % 2, s)
        cuda.atomic.add(total, 0, s * s)


# --- loops -------------------------------------------------------------------------------------------------------------------


@launch(2, 4, some(N), some(2), some(N))
def fixed_steps(u, p, out):
    i = cuda.grid(1)
    if i < u.size:
        y, h = u[i], 0.1
        for _ in range(8):
            k1 = p[0] * y - p[1] * y * y
            y2 = y + 0.5 * h * k1
            k2 = p[0] * y2 - p[1] * y2 * y2
            y3 = y + 0.5 * h * k2
            k3 = p[0] * y3 - p[1] * y3 * y3
            y4 = y + h * k3
            k4 = p[0] * y4 - p[1] * y4 * y4
            y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        out[i] = y


@launch(2, 4, some(N), some(2), 5, some(N))
def given_steps(u, p, steps, out):
    i = cuda.grid(1)
    if i < u.size:
        y = u[i]
        for _ in range(steps):
            y = y + 0.1 * (p[0] * y - p[1] * y * y)
        out[i] = y


@launch(2, 4, some(N), np.array([0, 5, 150, 3, 1, 2, 9]), some(N))
def own_steps(u, steps, out):
    i = cuda.grid(1)
    if i < u.size:
        y = u[i]
        for _ in range(steps[i]):
            y = y + 0.001 * y * y
        out[i] = y


@launch((2, 1), (2, 2), some(3, 2), np.array([[2, 0], [70, 1], [3, 80]]), some(3, 2))
def own_steps_in_two_axes(u, steps, out):
    i, j = cuda.grid(2)
    if i < u.shape[0] and j < u.shape[1]:
        y = u[i, j]
        for k in range(steps[i, j]):
            for _ in range(k % 3):
                y = y + 0.001 * y * y
        out[i, j] = y


@launch(2, 4, some(N), some(N))
def newton(a, out):
    i = cuda.grid(1)
    if i < a.size:
        x = 1.0
        n = 0
        while abs(x * x - a[i]) > 1e-12 and n < 50:
            x = 0.5 * (x + a[i] / x)
            n += 1
        out[i] = x


@launch(2, 4, some(N), 9, some(N))
def leaves_early(x, n, out):
    i = cuda.grid(1)
    if i < x.size:
        y = x[i]
        for k in range(n):
            y = y * (1.2 + y * 0.01 * k)
            if y > 2.0:
                break
        out[i] = y


@launch(2, 4, some(N, 3), some(N))
def local_array(x, out):
    i = cuda.grid(1)
    if i < out.size:
        a = cuda.local.array(3, x.dtype)
        for k in range(3):
            a[k] = x[i, k] ** 2
        for k in range(1, 3):
            a[k] = a[k] * a[k - 1]
        out[i] = a[2] + a[0]


@cuda.jit(device=True)
def grown(x, y):
    if x > 1.0:
        return x * y
    return math.exp(x) * y


@cuda.jit(device=True)
def put(x, i, out):
    out[i] = x * x


@launch(2, 4, some(N), some(N), some(N), some(N))
def device_functions(x, y, out, squares):
    i = cuda.grid(1)
    if i < x.size:
        out[i] = grown(x[i], y[i])
        put(x[i], i, squares)


# --- grid-stride loops -------------------------------------------------------------------------------------------------------


@launch(2, 2, some(11), some(11))
def strided(x, out):
    start = cuda.grid(1)
    step = cuda.gridsize(1)
    for i in range(start, x.size, step):
        out[i] = math.exp(x[i]) * x[i]


@launch(2, 2, some(11), some(11))
def strided_while(x, out):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    while i < x.size:
        out[i] = math.exp(x[i]) * x[i]
        i += cuda.blockDim.x * cuda.gridDim.x


@launch(2, 2, some(11), np.array([2, 0, 70, 1] + [3] * 7), some(11))
def strided_steps(x, m, out):
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        s = x[i]
        for _ in range(m[i]):
            s = 0.5 * s * s + 0.1 * x[0]
        out[i] = s


@launch((2, 1), (2, 2), some(5, 4), some(5, 4))
def strided_2d(x, out):
    i0, j0 = cuda.grid(2)
    di, dj = cuda.gridsize(2)
    for i in range(i0, x.shape[0], di):
        for j in range(j0, x.shape[1], dj):
            out[i, j] = x[i, j] ** 3 * x[0, j]


@launch(2, 2, some(9), some(9))
def strided_carry(x, out):
    s = 0.0
    k = cuda.grid(1)
    for i in range(k, x.size, cuda.gridsize(1)):
        s = s * 0.5 + x[i] * x[i]
    out[k] = s * s


@launch(2, 2, some(9), some(1))
def strided_total(x, out):
    s = 0.0
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        s += math.exp(x[i])
    cuda.atomic.add(out, 0, s)


@launch(2, 2, some(9, 3), some(9))
def strided_rows(x, out):
    a = cuda.local.array(3, x.dtype)
    for i in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
        row = x[i]
        for k in range(3):
            a[k] = row[k] * row[(k + 1) % 3]
        s = 0.0
        for k in range(3):
            s += a[k] * a[k]
        out[i] = s


@launch(3, 2, some(3, 5), some(3, 5))
def a_row_for_a_block(x, out):
    r = cuda.blockIdx.x
    for c in range(cuda.threadIdx.x, x.shape[1], cuda.blockDim.x):
        out[r, c] = x[r, c] ** 2 * x[r, 0]


# --- shared memory -----------------------------------------------------------------------------------------------------------


@launch(2, 4, some(8), some(3), some(8))
def staged(x, w, out):
    tile = cuda.shared.array(4, x.dtype)
    i = cuda.grid(1)
    t = cuda.threadIdx.x
    tile[t] = x[i]
    cuda.syncthreads()
    v = 0.0
    for k in range(3):
        v += w[k] * tile[(t + k) % 4] ** 2
    out[i] = v


@launch(2, 4, some(N), some(N))
def staged_with_margins(u, out):
    tile = cuda.shared.array(6, u.dtype)
    i = cuda.grid(1)
    t = cuda.threadIdx.x
    n = u.size
    if i < n:
        tile[t + 1] = u[i]
        if t == 0 and i > 0:
            tile[0] = u[i - 1]
        if t == cuda.blockDim.x - 1 and i < n - 1:
            tile[t + 2] = u[i + 1]
    cuda.syncthreads()
    if i > 0 and i < n - 1:
        out[i] = tile[t + 1] * (tile[t] - 2.0 * tile[t + 1] + tile[t + 2])


@launch(2, 4, some(8), some(8))
def staged_in_a_ring(x, out):
    tile = cuda.shared.array(4, x.dtype)
    t = cuda.threadIdx.x
    tile[t] = x[cuda.grid(1)]
    cuda.syncthreads()
    out[cuda.grid(1)] = tile[t] * tile[t - 1]


@launch(2, 4, some(8), some(2), some(8))
def staged_by_one(x, c, out):
    scale = cuda.shared.array(1, x.dtype)
    i = cuda.grid(1)
    if cuda.threadIdx.x == 0:
        scale[0] = c[cuda.blockIdx.x] ** 2
    cuda.syncthreads()
    if i < x.size:
        out[i] = scale[0] * x[i]


@launch((3, 3), (2, 2), some(5, 6), some(6, 5), some(5, 5))
def tiled_product(A, B, C):
    a = cuda.shared.array((2, 2), A.dtype)
    b = cuda.shared.array((2, 2), A.dtype)
    x, y = cuda.grid(2)
    tx = cuda.threadIdx.x
    ty = cuda.threadIdx.y
    s = 0.0
    for t in range((A.shape[1] + 1) // 2):
        a[ty, tx] = 0.0
        b[ty, tx] = 0.0
        if y < A.shape[0] and tx + t * 2 < A.shape[1]:
            a[ty, tx] = A[y, tx + t * 2]
        if x < B.shape[1] and ty + t * 2 < B.shape[0]:
            b[ty, tx] = B[ty + t * 2, x]
        cuda.syncthreads()
        for j in range(2):
            s += a[ty, j] * b[j, tx]
        cuda.syncthreads()
    if y < C.shape[0] and x < C.shape[1]:
        C[y, x] = s


@launch(2, 4, some(11), some(11))
def staged_in_a_loop(x, out):
    tile = cuda.shared.array(11, x.dtype)
    for k in range(cuda.threadIdx.x, x.size, cuda.blockDim.x):
        tile[k] = x[k]
    cuda.syncthreads()
    i = cuda.grid(1)
    if i < x.size:
        out[i] = tile[i] * tile[0]


@launch(2, 4, some(11), some(1))
def dot_product(x, out):
    s = cuda.shared.array(4, x.dtype)
    t = cuda.threadIdx.x
    mine = 0.0
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        mine += x[i] * x[i]
    s[t] = mine
    cuda.syncthreads()
    k = cuda.blockDim.x // 2
    while k > 0:
        if t < k:
            s[t] += s[t + k]
        cuda.syncthreads()
        k //= 2
    if t == 0:
        cuda.atomic.add(out, 0, s[0])


@launch(2, 4, some(8), some(2))
def block_product(x, out):
    s = cuda.shared.array(4, x.dtype)
    t = cuda.threadIdx.x
    s[t] = x[cuda.grid(1)]
    cuda.syncthreads()
    k = 2
    while k > 0:
        if t < k:
            s[t] = s[t] * s[t + k]
        cuda.syncthreads()
        k >>= 1
    if t == 0:
        out[cuda.blockIdx.x] = s[0] * s[0]


@launch(2, 4, some(8), np.array([0, 1, 1, 2, 0, 2, 2, 1]), some(3))
def shared_histogram(x, idx, out):
    s = cuda.shared.array(3, x.dtype)
    t = cuda.threadIdx.x
    if t < 3:
        s[t] = 0.0
    cuda.syncthreads()
    i = cuda.grid(1)
    if i < x.size:
        cuda.atomic.add(s, idx[i], x[i] ** 2)
    cuda.syncthreads()
    if t < 3:
        cuda.atomic.add(out, t, s[t] * s[t])


@launch(2, 4, some(8), 3, some(8))
def jacobi(x, n, out):
    s = cuda.shared.array(4, x.dtype)
    t = cuda.threadIdx.x
    s[t] = x[cuda.grid(1)]
    cuda.syncthreads()
    for _ in range(n):
        v = s[t] + 0.1 * s[t - 1] ** 2
        cuda.syncthreads()
        s[t] = v
        cuda.syncthreads()
    out[cuda.grid(1)] = s[t]


@launch(2, 4, some(8), some(8))
def prefix_sums(x, out):
    s = cuda.shared.array(4, x.dtype)
    t = cuda.threadIdx.x
    s[t] = x[cuda.grid(1)]
    cuda.syncthreads()
    d = 1
    while d < 4:
        v = 0.0
        if t >= d:
            v = s[t - d]
        cuda.syncthreads()
        s[t] += v
        cuda.syncthreads()
        d *= 2
    out[cuda.grid(1)] = s[t] ** 2


# --- refusals ----------------------------------------------------------------------------------------------------------------

VECTORS = "f8[:], f8[:]"


@refused("f8[:]", "reads an element of 'u' that another thread may have", "u[i + 1]")
def in_place(u):
    i = cuda.grid(1)
    if i < u.size - 1:
        u[i] = 0.5 * (u[i] + u[i + 1])


@refused("f8[:]", "reads an element of 'u' that another thread may have", "u[i - 1]")
def in_place_with_barriers(u):
    i = cuda.grid(1)
    for _ in range(3):
        v = u[i - 1] + u[i + 1]
        cuda.syncthreads()
        u[i] = v
        cuda.syncthreads()


@refused("f8[:]", "needs what 'x' held here", "x[i]")
def squared_in_place(x):
    i = cuda.grid(1)
    if i < x.size:
        x[i] = x[i] * x[i]


@refused(VECTORS, "writes an element of 'out' that another thread may have", "out[i + 1]")
def written_by_two(x, out):
    i = cuda.grid(1)
    if i < x.size - 1:
        out[i] = x[i]
        out[i + 1] = x[i]


@refused("f8[:], i8[:], f8[:]", "several threads may write the same element of 'out'", "out[idx[i]]")
def scattered(x, idx, out):
    i = cuda.grid(1)
    if i < x.size:
        out[idx[i]] = x[i]


@refused(VECTORS, "several threads .* cuda.threadIdx.x does", "out[cuda.blockIdx.x]")
def all_of_a_block(x, out):
    out[cuda.blockIdx.x] = x[cuda.grid(1)]


@refused("f8[:], f8[:], i8", "several threads may write", "out[i]")
def with_a_stride_of_its_own(x, out, stride):
    for i in range(cuda.grid(1), x.size, stride):
        out[i] = x[i]


@refused("f8[:], f8[:], f8[:]", "reads an element of 'out' .* adds to that array", "out[i]")
def read_while_others_add(x, out, y):
    i = cuda.grid(1)
    cuda.atomic.add(out, i // 2, x[i])
    y[i] = out[i]


@refused(VECTORS, "adds to an element of 'out' .* writes that array", "cuda.atomic.add(out, 0, x[i])")
def cleared_while_others_add(x, out):
    i = cuda.grid(1)
    out[i] = 0.0
    cuda.atomic.add(out, 0, x[i])


@refused(VECTORS, "old value of an atomic addition", "k * 2.0")
def takes_the_old_value(x, out):
    i = cuda.grid(1)
    k = cuda.atomic.add(out, 0, x[i])
    x[i] = k * 2.0


@refused(VECTORS, "reads an element of 's' that another thread writes .* no cuda.syncthreads", "s[t + 1]")
def without_a_barrier(x, out):
    s = cuda.shared.array(5, np.float64)
    t = cuda.threadIdx.x
    s[t] = x[cuda.grid(1)]
    out[cuda.grid(1)] = s[t + 1]


@refused("f8[:, :], f8[:]", "writes an element of 's' that another thread reads .* no cuda.syncthreads", "s[t]")
def without_the_second_barrier(x, out):
    s = cuda.shared.array(4, np.float64)
    t = cuda.threadIdx.x
    v = 0.0
    for k in range(x.shape[0]):
        s[t] = x[k, t]
        cuda.syncthreads()
        v += s[3 - t]
    out[t] = v


@refused(VECTORS, "reads an element of 's' that another thread writes", "s[t + k]")
def summed_without_barriers(x, out):
    s = cuda.shared.array(4, np.float64)
    t = cuda.threadIdx.x
    s[t] = x[cuda.grid(1)]
    cuda.syncthreads()
    k = 2
    while k > 0:
        if t < k:
            s[t] += s[t + k]
        k //= 2
    if t == 0:
        out[cuda.blockIdx.x] = s[0]


@refused(VECTORS, "several threads of a block may write the same element of 's'", "s[i // 2]")
def staged_by_two(x, out):
    s = cuda.shared.array(4, np.float64)
    i = cuda.threadIdx.x
    s[i // 2] = x[i]
    cuda.syncthreads()
    out[i] = s[i]


@refused("f8[:], f8[:], f8[:]", "one or another of its arguments", "")
def one_or_another(x, y, out):
    i = cuda.grid(1)
    a = x if i % 2 else y
    out[i] = a[i]


@refused("Tuple((f8[:], f8[:])), f8[:]", "is a tuple", "")
def of_a_tuple(t, out):
    i = cuda.grid(1)
    out[i] = t[0][i] * t[1][i]


@refused(VECTORS, "cuda.shfl_down_sync is not supported", "cuda.shfl_down_sync")
def shuffled(x, out):
    i = cuda.grid(1)
    out[i] = cuda.shfl_down_sync(1, x[i], 1)


@refused(VECTORS, "raises nothing", 'raise ValueError("too long")')
def raising(x, out):
    i = cuda.grid(1)
    if i >= x.size:
        raise ValueError("too long")
    out[i] = x[i]


@refused("f8[:], f8[:], i8", "shape of a local array", "cuda.local.array(n, np.float64)")
def of_any_size(x, out, n):
    a = cuda.local.array(n, np.float64)
    i = cuda.grid(1)
    a[0] = x[i]
    out[i] = a[0]


@refused(VECTORS, "complex", "1j * x[i]")
def with_complex_numbers(x, out):
    i = cuda.grid(1)
    out[i] = abs(1j * x[i])
