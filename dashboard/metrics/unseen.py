"""Whom money does not reach, whether it follows money, and how thinly it is spread (WHATIF.md F.5)."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.metrics.statistics import Z95

FEWEST_ALIKE = 10
MOST_JUDGED, SEED = 2_000, 20260101
THIN = 0.05


@dataclass(frozen=True)
class Pull:
    """Whether money goes where money went before.

    `observed` and `expected`: per judged grant, the recipient's earlier funders, and the mean over all who could have been
    chosen; `variance`: of a choice at random, summed; `unnamed`: grants without a named payer, not judged.
    """

    observed: list[int]
    expected: list[float]
    variance: float
    unnamed: int

    @property
    def ratio(self) -> float | None:
        """1: no pull; None where nobody who could have been chosen had a funder."""
        whole = sum(self.expected)
        return sum(self.observed) / whole if whole else None

    @property
    def by_chance(self) -> tuple[float, float] | None:
        """Between which ratios a choice at random would lie, 19 times in 20."""
        whole = sum(self.expected)
        if not whole:
            return None
        spread = Z95 * math.sqrt(self.variance) / whole
        return max(0.0, 1 - spread), 1 + spread


def money_follows_money(grants: pd.DataFrame, could: pd.DataFrame, work: pd.DataFrame | None = None) -> Pull:
    """For each grant by a funder new to its recipient: the recipient's earlier distinct funders against the mean over all
    that this funder could have chosen that day (E27).

    `grants`: funder (NA: not named), recipient, day, in any order, of signed grants; without a day none is judged. `could`:
    initiative, opens, closes (NaT: always). `work`: initiative, tag (an activity or country); those with a tag of the
    recipient's are taken instead of all where at least ten of them could have been chosen. Beyond 2,000 grants a sample with a
    fixed seed is judged.
    """
    dated = grants[grants["day"].notna()].sort_values("day", kind="stable")
    places = {name: place for place, name in enumerate(could["initiative"])}
    opens = could["opens"].fillna(pd.Timestamp("1677-09-22")).to_numpy()
    closes = could["closes"].fillna(pd.Timestamp("2262-04-10")).to_numpy()
    alike = _Alike(places, work)
    counts, gave = np.zeros(len(could)), dict[object, set[int]]()
    new = _new_relations(dated[dated["funder"].notna()], places)
    judged = _sample(len(new))
    observed, expected, variance = [], [], 0.0
    for number, (funder, recipient, day) in enumerate(new):
        place, own = places[recipient], gave.setdefault(funder, set())
        if number in judged:
            eligible = (opens <= day) & (closes >= day)
            eligible[list(own)] = False
            eligible[place] = True
            values = counts[alike.among(eligible, recipient)]
            observed.append(int(counts[place]))
            expected.append(float(values.mean()))
            variance += float(values.var())
        own.add(place)
        counts[place] += 1
    return Pull(observed, expected, variance, int(dated["funder"].isna().sum()))


class _Alike:
    """Who does the same or works in the same country."""

    def __init__(self, places: Mapping[object, int], work: pd.DataFrame | None) -> None:
        self.places, self.tags, self.holders = places, dict[object, list](), dict[object, np.ndarray]()
        if work is not None:
            known = work[work["initiative"].isin(list(places))]
            self.tags = known.groupby("initiative")["tag"].agg(list).to_dict()
            numbers = known["initiative"].map(places)
            self.holders = {tag: own.to_numpy(dtype=int) for tag, own in numbers.groupby(known["tag"])}

    def among(self, eligible: np.ndarray, recipient: object) -> np.ndarray:
        """Of the eligible those alike, where they are enough; all otherwise."""
        near = np.zeros(len(eligible), dtype=bool)
        for tag in self.tags.get(recipient, ()):
            near[self.holders[tag]] = True
        near &= eligible
        near[self.places[recipient]] = True
        return near if near.sum() >= FEWEST_ALIKE else eligible


def _new_relations(named: pd.DataFrame, places: Mapping[object, int]) -> list[tuple[object, object, np.datetime64]]:
    """First grants of each funder to each recipient, in time."""
    first = named[named["recipient"].isin(list(places))].drop_duplicates(["funder", "recipient"])
    return list(zip(first["funder"], first["recipient"], first["day"].to_numpy(), strict=True))


def _sample(size: int) -> frozenset[int]:
    if size <= MOST_JUDGED:
        return frozenset(range(size))
    return frozenset(random.Random(SEED).sample(range(size), MOST_JUDGED))


@dataclass(frozen=True)
class Thinness:
    """How many relations of funder and recipient there are, and how many of the smallest carry the last 5 % of the money."""

    relations: int
    thin: int


def spread_thinly(amounts: pd.Series) -> Thinness:
    """`amounts`: money per relation of a named funder and a recipient."""
    sizes = np.sort(amounts.to_numpy(dtype=float))
    if not len(sizes) or not sizes.sum():
        return Thinness(len(sizes), 0)
    return Thinness(len(sizes), int((sizes.cumsum() <= THIN * sizes.sum() + 1e-9).sum()))


def not_reached(
    each: pd.DataFrame, last_signed: pd.DataFrame, as_of: pd.Timestamp, *, fresh: int, years: int
) -> pd.DataFrame:
    """Open, independent initiatives confirmed within `fresh` days without a signed grant on record, or with none signed in
    `years` years; with `none_since`, the day of the newest one, NaT where there is none at all.

    `each`: organisation_id, organisation, independence, founded_on, closed_on, confirmed_on, one per initiative. `last_signed`:
    organisation_id, signed (grants), newest (day, NaT where none of them has one: not judged).
    """
    is_open = each["closed_on"].isna() | (each["closed_on"] > as_of)
    has_begun = each["founded_on"].isna() | (each["founded_on"] <= as_of)
    is_fresh = each["confirmed_on"] >= as_of - pd.Timedelta(days=fresh)
    asked = each[is_open & has_begun & is_fresh & (each["independence"] == "independent")]
    known = asked.merge(last_signed, on="organisation_id", how="left")
    never = known["signed"].fillna(0) == 0
    long_ago = known["newest"] < as_of - pd.DateOffset(years=years)
    return known[never | long_ago].assign(none_since=known["newest"]).reset_index(drop=True)
