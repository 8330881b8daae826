"""Differences, slopes and interpolation along an axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcad.lower.line_library import in_line
from srcad.lower.written_out import axes_of, one_axis, refuse, reject, stands_for


def part(a: Any, axis: Any, start: Any, stop: Any) -> Any:
    """A slice along one axis."""
    return a[(slice(None),) * axis + (slice(start, stop),)]


@stands_for(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    found = np.diff(in_line(ary))
    if to_begin is not None:
        found = np.concatenate((in_line(to_begin).astype(found.dtype, copy=False), found))
    if to_end is not None:
        found = np.concatenate((found, in_line(to_end).astype(found.dtype, copy=False)))
    return found


@stands_for(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    f = np.asarray(f)
    if edge_order not in (1, 2):
        reject("the edge_order of np.gradient is 1 or 2")
    if f.dtype.kind not in "fc":
        f = f.astype(np.float64, copy=False)
    axes = axes_of(axis, f.ndim)
    steps = varargs if varargs else (1.0,)
    if len(steps) == 1 and np.ndim(steps[0]) == 0:
        steps = (steps[0],) * len(axes)
    if len(steps) != len(axes):
        reject("np.gradient takes one spacing, or one for each axis")
    found = tuple([slope(f, axes[k], steps[k], edge_order) for k in range(len(axes))])
    return found[0] if len(axes) == 1 else found


def slope(f: Any, axis: Any, step: Any, edge_order: Any) -> Any:
    """The derivative of the parabola through three neighbours; at the ends that of the line through two, or of the same
    parabola."""
    if f.shape[axis] < edge_order + 1:
        raise ValueError("Shape of array too small to calculate a numerical gradient")
    out = np.empty_like(f)
    to, y = np.moveaxis(out, axis, 0), np.moveaxis(f, axis, 0)
    step = np.asarray(step)
    if step.ndim == 0:
        to[1:-1] = (y[2:] - y[:-2]) / (2.0 * step)
        if edge_order == 1:
            to[0] = (y[1] - y[0]) / step
            to[-1] = (y[-1] - y[-2]) / step
        else:
            to[0] = (-1.5 * y[0] + 2.0 * y[1] - 0.5 * y[2]) / step
            to[-1] = (0.5 * y[-3] - 2.0 * y[-2] + 1.5 * y[-1]) / step
        return out
    if step.ndim != 1:
        reject("the distances of np.gradient are numbers or vectors")
    if step.shape[0] != f.shape[axis]:
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    h = np.expand_dims(np.diff(step), tuple([k + 1 for k in range(f.ndim - 1)]))
    steep = (y[1:] - y[:-1]) / h
    before, after = h[:-1], h[1:]
    to[1:-1] = (after * steep[:-1] + before * steep[1:]) / (before + after)
    if edge_order == 1:
        to[0] = steep[0]
        to[-1] = steep[-1]
    else:
        to[0] = steep[0] + (steep[0] - steep[1]) * h[0] / (h[0] + h[1])
        to[-1] = steep[-1] + (steep[-1] - steep[-2]) * h[-1] / (h[-1] + h[-2])
    return out


@stands_for(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: Any = -1, *, period: Any = 2 * math.pi) -> Any:
    """Steps of more than half a period are taken modulo the period, by what is constant between jumps."""
    p = np.asarray(p)
    if np.result_type(p.dtype, type(period)).kind != "f":
        refuse("np.unwrap of integers is not supported", "make them floats: p.astype(float)")
    axis = one_axis(axis, p.ndim)
    half = period / 2
    steps = np.diff(p, axis=axis)
    turned = (steps + half) % period - half
    turned = np.where((turned == -half) & (steps > 0), half, turned)
    bound = half if discont is None else discont
    corrections = np.where(np.abs(steps) < bound, 0.0, turned - steps)
    up = np.array(p, dtype=corrections.dtype)
    later = part(up, axis, 1, None)
    later += np.cumsum(corrections, axis=axis)
    return up


# --- interpolation ----------------------------------------------------------------------------------------------------


@stands_for(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    x, xp, fp = np.asarray(x), np.asarray(xp), np.asarray(fp)
    if xp.ndim != 1 or fp.ndim != 1:
        reject("np.interp takes vectors of points")
    x, xp = x.astype(np.float64, copy=False), xp.astype(np.float64, copy=False)
    fp = fp.astype(np.complex128 if fp.dtype.kind == "c" else np.float64, copy=False)
    n = xp.shape[0]
    if n == 0 or fp.shape[0] != n:
        raise ValueError("fp and xp are not of the same length, or empty")
    if period is not None:
        if period == 0:
            raise ValueError("period must be a non-zero value")
        period = abs(period)
        order = np.argsort(xp % period)
        xp, fp = (xp % period)[order], fp[order]
        xp = np.concatenate((xp[-1:] - period, xp, xp[:1] + period))
        fp = np.concatenate((fp[-1:], fp, fp[:1]))
        return interpolated(x % period, xp, fp, fp[0], fp[0])
    return interpolated(x, xp, fp, fp[0] if left is None else left, fp[n - 1] if right is None else right)


def interpolated(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> Any:
    if x.ndim == 0:
        return interpolate(x, xp, fp, left, right)
    out = np.empty(x.shape, fp.dtype)
    interpolate_each(out, x, xp, fp, left, right)
    return out


def interpolate_each(out: Any, x: Any, xp: Any, fp: Any, left: Any, right: Any) -> None:
    for i in range(x.shape[0]):
        if x.ndim == 1:
            out[i] = interpolate(x[i], xp, fp, left, right)
        else:
            interpolate_each(out[i], x[i], xp, fp, left, right)


def interpolate(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> Any:
    n = xp.shape[0]
    low = 0
    high = n - 1
    while high - low > 1:
        middle = (low + high) // 2
        if xp[middle] <= x:
            low = middle
        else:
            high = middle
    if x < xp[0]:
        value = left * 1.0
    elif x > xp[n - 1]:
        value = right * 1.0
    elif x == xp[n - 1]:
        value = fp[n - 1] * 1.0
    else:
        value = fp[low] + (fp[high] - fp[low]) / (xp[high] - xp[low]) * (x - xp[low])
    return value
