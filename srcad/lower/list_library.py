"""What happens to the columns of lists (lists.py), written as library.py is."""

from __future__ import annotations

from typing import Any

import numpy as np

#: What is said where arrays of several shapes meet in a list.
RAGGED = "the arrays in a list have different shapes, which srcad does not support"


def with_room(column: Any, count: Any) -> Any:
    """The column of a list, or a longer copy if it is full."""
    if count < column.shape[0]:
        return column
    longer = np.empty(2 * count + 1, column.dtype)
    longer[:count] = column
    return longer


def with_room_for(column: Any, count: Any, item: Any) -> Any:
    """The same for a list of arrays; without items, the column has yet to learn their shape."""
    if 0 < count < column.shape[0]:
        return column
    longer = np.empty((2 * count + 8, *item.shape), column.dtype)
    for k in range(count):
        longer[k] = column[k]
    return longer


def with_wide_room(rows: Any, count: Any, item: Any, size: Any) -> Any:
    """The rows of a list of lists with one list more."""
    if count < rows.shape[0] and size <= rows.shape[1]:
        wide = rows
    else:
        wide = np.empty((2 * count + 8, max(rows.shape[1], size)), rows.dtype)
        for i in range(count):
            for j in range(rows.shape[1]):
                wide[i, j] = rows[i, j]
    for j in range(size):
        wide[count, j] = item[j]
    return wide


def rows_of_lists(rows: Any, sizes: Any, count: Any) -> Any:
    width = sizes[0] if count > 0 else 0
    out = np.empty((count, width), rows.dtype)
    for i in range(count):
        if sizes[i] != width:
            raise ValueError("setting an array element with a sequence: the lists have different lengths")
        for j in range(width):
            out[i, j] = rows[i, j]
    return out


def joined(column: Any, count: Any, more: Any) -> Any:
    """The column of a list with the elements of an array after its items."""
    total = count + more.shape[0]
    room = column
    if total > column.shape[0]:
        room = np.empty(2 * total, column.dtype)
        room[:count] = column[:count]
    room[count:total] = more
    return room


def insert_last(column: Any, count: Any, place: Any) -> None:
    """Move the last item to a place, as list.insert has it."""
    first = max(0, place + count - 1) if place < 0 else min(place, count - 1)
    last = column[count - 1]
    for k in range(count - 1, first, -1):
        column[k] = column[k - 1]
    column[first] = last


def close_gap(column: Any, count: Any, place: Any) -> None:
    """Move the items after a place to the front by one."""
    first = place + count if place < 0 else place
    for k in range(first, count - 1):
        column[k] = column[k + 1]


def count_of(values: Any, sought: Any) -> Any:
    total = 0
    for k in range(values.shape[0]):
        if values[k] == sought:
            total += 1
    return total


def place_of(values: Any, sought: Any) -> Any:
    for k in range(values.shape[0]):
        if values[k] == sought:
            return k
    raise ValueError("the value is not in the list")


def largest_by(values: Any, key: Any, default: Any) -> Any:
    best = None
    best_key = None
    for value in values:
        this_key = key(value)
        if best_key is None or this_key > best_key:
            best = value
            best_key = this_key
    if best_key is None:
        if default is None:
            raise ValueError("max() iterable argument is empty")
        best = default
    return best


def smallest_by(values: Any, key: Any, default: Any) -> Any:
    best = None
    best_key = None
    for value in values:
        this_key = key(value)
        if best_key is None or this_key < best_key:
            best = value
            best_key = this_key
    if best_key is None:
        if default is None:
            raise ValueError("min() iterable argument is empty")
        best = default
    return best


def largest_or(values: Any, default: Any) -> Any:
    return default if len(values) == 0 else max(values)


def smallest_or(values: Any, default: Any) -> Any:
    return default if len(values) == 0 else min(values)


def sorted_by(values: Any, key: Any, descending: Any) -> Any:
    keys = np.array([key(value) for value in values])
    order = np.argsort(-keys) if descending else np.argsort(keys)
    return [values[k] for k in order]
