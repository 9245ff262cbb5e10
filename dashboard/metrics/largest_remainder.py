"""Dividing whole cents so that the parts add to the whole."""

from __future__ import annotations

import numpy as np

from dashboard.metrics.statistics import added_up


def shares(amounts: np.ndarray, row: np.ndarray, part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`amounts[row]` times part/whole in whole cents; the cents left over go to the largest remainders, ties earlier.

    `row`: which amount each part is of, ascending; `part` and `whole`: integers, the parts of an amount adding to its
    `whole`. Exact for any size of int64: products that do not fit are made with Python's integers.
    """
    size = np.abs(amounts)
    largest = int(size.max(initial=0)) * max(int(part.max(initial=0)), 1)
    if largest > np.iinfo("int64").max:
        size, part, whole = size.astype(object), part.astype(object), whole.astype(object)
    floors, remainders = _divided(size[row] * part, whole[row])
    left = size.astype("int64") - added_up(floors, row, len(size))
    order = np.lexsort((np.arange(len(row)), -remainders, row))
    position = np.empty(len(row), dtype="int64")
    starts = np.concatenate([[0], np.bincount(row, minlength=len(size)).cumsum()[:-1]])
    position[order] = np.arange(len(row)) - starts[row[order]]
    return np.sign(amounts)[row] * (floors + (position < left[row]))


def _divided(product: np.ndarray, by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    floors, remainders = product // by, product % by
    return floors.astype("int64"), remainders.astype("int64")
