"""The legal stay against the queue: how many are not expected to be issued in time, and what pace would do (WHATIF.md F.6).

Never per person: cases enter as counts, and what comes out is a distribution of counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

FEWEST_OPEN, FEWEST_PAST = 10, 30
CENTRAL = 0.9


@dataclass(frozen=True)
class InTime:
    """Of open cases by the days of legal stay they have left: `running`, `over`, without a clock on record (`no_clock`);
    `unjudged`: running ones that no past stay can be compared with.

    `chances`: the chance of each judged one not to be issued in time, with how many share it; `distribution[n]`: the chance
    that n of the judged ones are not.
    """

    running: int
    over: int
    no_clock: int
    unjudged: int
    chances: Sequence[tuple[float, int]]
    distribution: np.ndarray

    @property
    def expected(self) -> float:
        """How many of the judged ones are not expected in time."""
        return float(sum(chance * cases for chance, cases in self.chances))

    @property
    def limits(self) -> tuple[int, int]:
        """Fewest and most of them, in nine of ten cases."""
        reached = np.cumsum(self.distribution)
        low = int(np.searchsorted(reached, (1 - CENTRAL) / 2 - 1e-12))
        return low, int(np.searchsorted(reached, (1 + CENTRAL) / 2 - 1e-12))


def not_issued_by(stays: pd.DataFrame | Mapping[str, np.ndarray], waited: int, left: int) -> float | None:
    """The chance of not being issued within `left` days for who has waited `waited` days in a stage (E12).

    `stays` of that stage: waited (days in it), days (from entering it to issue, to another ending or to the end of what is
    known), outcome (issued, ended, open), stays (how many). Those still in the stage after `waited` days are compared
    (landmark), by Aalen-Johansen where follow-up ends early; None where there are none.
    """
    at_risk = np.flatnonzero((np.asarray(stays["waited"]) > waited) & (np.asarray(stays["days"]) > waited))
    if not len(at_risk):
        return None
    weight, until, ending = (np.asarray(stays[name])[at_risk] for name in ("stays", "days", "outcome"))
    weight = weight.astype(float)
    days, place = np.unique(until, return_inverse=True)
    gone = np.bincount(place, weight)
    issued, ended = (np.bincount(place, weight * (ending == outcome), len(days)) for outcome in ("issued", "ended"))
    there = weight.sum() - np.concatenate([[0.0], np.cumsum(gone)[:-1]])
    still = np.cumprod(1 - (issued + ended) / there)
    before = np.concatenate([[1.0], still[:-1]])
    return float(1 - (before * issued / there)[days <= waited + left].sum())


def against_the_queue(stays: pd.DataFrame, cases: pd.DataFrame) -> InTime:
    """How many open cases will probably not be issued before their legal stay ends (E12).

    `stays`: stage and the columns of `not_issued_by`; `cases`: stage, waited, left (days of legal stay left, NA without a
    clock on record), cases. A stay that ends today is over.
    """
    known = cases[cases["left"].notna()]
    running = known[known["left"] > 0]
    numbers = {"waited": "int64", "days": "int64", "stays": "int64", "outcome": "object"}
    by_stage = {
        stage: {name: own[name].to_numpy(kind) for name, kind in numbers.items()}
        for stage, own in stays.groupby("stage")
    }
    chances, unjudged = [], 0
    for row in running.itertuples():
        of_stage = by_stage.get(row.stage)
        chance = None if of_stage is None else not_issued_by(of_stage, int(row.waited), int(row.left))
        if chance is None:
            unjudged += int(row.cases)
        else:
            chances.append((chance, int(row.cases)))
    return InTime(
        int(running["cases"].sum()),
        int(known.loc[known["left"] <= 0, "cases"].sum()),
        int(cases.loc[cases["left"].isna(), "cases"].sum()),
        unjudged,
        chances,
        how_many(chances),
    )


def how_many(chances: Sequence[tuple[float, int]]) -> np.ndarray:
    """The chance of each number of events among independent ones with these chances, by exact convolution."""
    found = np.ones(1)
    for chance, cases in chances:
        for _case in range(cases):
            found = np.convolve(found, (1 - chance, chance))
    return found


def pace_needed(left: Sequence[int]) -> float:
    """Visas a week so that no stay runs out first: the most that any number of whole weeks needs (E13).

    `left`: days of legal stay left of each open case whose stay still runs; 0 without any.
    """
    weeks = np.ceil(np.asarray([days for days in left if days > 0], dtype=float) / 7).astype(int)
    due = np.cumsum(np.bincount(weeks)) if len(weeks) else np.zeros(1)
    return max((float(due[week]) / week for week in range(1, len(due))), default=0.0)


def closings_needed(arrivals_per_month: float, open_now: int, target: int, months: float) -> float:
    """Closings a month so that `target` cases are open after `months` at these arrivals; never below 0 (E16)."""
    return max(0.0, arrivals_per_month + (open_now - target) / months) if months > 0 else math.nan
