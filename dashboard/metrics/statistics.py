"""Rounding, percentiles and intervals that every topic shares (METHODS.md, X_common)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

DAYS_PER_MONTH = 365.25 / 12
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Coverage:
    """A figure is based on `known` of `total` records; the rest is unknown, not zero."""

    known: int
    total: int

    @property
    def share(self) -> float | None:
        return self.known / self.total if self.total else None


def added_up(amounts: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Whole `amounts` added up per number of their group (int64, where `np.bincount` adds floats); those of group -1 are in none."""
    inside, sums = group >= 0, np.zeros(groups, dtype="int64")
    np.add.at(sums, group[inside], amounts[inside])
    return sums


def largest_remainder(values: Sequence[float] | np.ndarray, total: int) -> list[int]:
    """`values` scaled to whole numbers that add to `total`; ties go to the earlier value (X01, METHODS 7).

    All zeros give all zeros: there is nothing to hand out.
    """
    weights = np.asarray(values, dtype=float)
    if weights.size == 0 or weights.sum() == 0:
        return [0] * int(weights.size)
    exact = weights / weights.sum() * total
    shares = np.floor(np.round(exact, 9)).astype("int64")
    order = np.argsort(-np.round(exact - shares, 9), kind="stable")
    shares[order[: int(total - shares.sum())]] += 1
    return shares.tolist()


def percentile(
    values: Sequence[int] | pd.Series, p: int, weights: Sequence[int] | pd.Series | None = None
) -> int | None:
    """Nearest-rank percentile: the value with rank ceil(p*n/100), rank in integers; None when empty (X04, X05).

    `weights` gives how often each value occurs, so that a histogram need not be unrolled.
    """
    numbers = np.asarray(values)
    counts = np.ones(len(numbers), dtype="int64") if weights is None else np.asarray(weights, dtype="int64")
    n = int(counts.sum())
    if n == 0:
        return None
    order = np.argsort(numbers, kind="stable")
    rank = -(-p * n // 100)
    return numbers[order][np.searchsorted(counts[order].cumsum(), rank)].item()


def minimum_n(p: int) -> int:
    """Smallest n at which the p-th percentile has a finite 95 % upper limit; below it show dots (X06)."""
    return int(np.ceil(np.log(0.025) / np.log(p / 100)))


def percent_change(then: float | None, now: float) -> float | None:
    """100 × (now − then) / then; None from unknown or from 0 to something, 0 from 0 to 0 (X03)."""
    if then is None:
        return None
    if then == 0:
        return 0.0 if now == 0 else None
    return 100 * (now - then) / then


def wilson(k: int, n: int) -> tuple[float, float] | None:
    """Wilson 95 % interval for k of n; None for n = 0 (X07)."""
    if n == 0:
        return None
    spread = Z95 * np.sqrt(Z95**2 + 4 * k * (1 - k / n))
    low, high = ((2 * k + Z95**2 + sign * spread) / (2 * (n + Z95**2)) for sign in (-1, 1))
    return max(0.0, float(low)), min(1.0, float(high))


def poisson_limits(count: int) -> tuple[float, float]:
    """95 % limits for a count: exact below 10, Byar's approximation from there (D03)."""
    if count < 10:
        low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
        return float(low), float(stats.chi2.ppf(0.975, 2 * (count + 1)) / 2)
    up = count + 1
    low = count * (1 - 1 / (9 * count) - Z95 / (3 * np.sqrt(count))) ** 3
    return float(low), float(up * (1 - 1 / (9 * up) + Z95 / (3 * np.sqrt(up))) ** 3)


def competition_rank(counts: pd.Series) -> pd.Series:
    """Rank labels, largest first; equal counts share a rank marked '=' (D08)."""
    rank = counts.rank(method="min", ascending=False).astype("int64")
    tied = rank.duplicated(keep=False)
    return rank.astype("str").where(~tied, rank.astype("str") + "=")


def whole_shares(amounts: np.ndarray, row: np.ndarray, part: np.ndarray, whole: np.ndarray) -> np.ndarray:
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
