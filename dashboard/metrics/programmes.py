"""One programme beside all of them: how far its figures lie from the pooled ones, with 95 % intervals (METHODS.md A.1).

A programme is a host country and a legal route. Every figure is made of the same definitions for one and for all. The interval
of a difference is put together from those of its two sides (MOVER, Zou and Donner 2008), which takes the sides to be
independent; a programme is a part of the whole, so the interval is rather too wide than too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.metrics import relocation, survival
from dashboard.metrics.statistics import Z95, Coverage, wilson

FEWEST = 10
LITTLE = 0.1


@dataclass(frozen=True)
class Measured:
    """A figure with its 95 % limits."""

    value: float
    low: float
    high: float

    def less(self, other: Measured) -> Measured:
        """How much more this is than the other."""
        away = self.value - other.value
        down = math.hypot(self.value - self.low, other.high - other.value)
        up = math.hypot(self.high - self.value, other.value - other.low)
        return Measured(away, away - down, away + up)

    @property
    def is_told_apart(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Programme:
    """What became of the cases of one programme, or of all: `followed` cases, days until half had ended, the share relocated by
    a day, the share that ended within the standard, the share still open on that day; None where there are too few to say."""

    followed: int
    half: Measured | None
    relocated: Measured | None
    on_time: Measured | None
    waiting: float | None = None


def of_cases(durations: pd.DataFrame, day: int) -> Programme:
    """The figures of a histogram of durations (`queries.relocation.durations`), `relocated` by `day`."""
    followed = int(durations["episodes"].sum())
    if not followed or (durations["outcome"] == "open").all():
        return Programme(followed, None, None, None)
    curve = survival.outcome_curve(durations)
    enough = followed >= FEWEST and _is_followed_to(day, durations, curve)
    return Programme(
        followed,
        _half(durations, relocation.readable(curve)),
        share_by(curve, "relocated", day) if enough else None,
        _share(relocation.on_time_share(durations)),
        open_on(curve, day) if enough else None,
    )


def open_on(curve: pd.DataFrame, day: int) -> float:
    """The share of cases that are still open after a day, those of which nothing more is known included. `curve`: `outcome_curve`."""
    until = curve.loc[curve["t"] <= day, "still_open"]
    return float(until.iloc[-1]) if len(until) else 1.0


def _is_followed_to(day: int, durations: pd.DataFrame, curve: pd.DataFrame) -> bool:
    """Whether enough cases are followed to a day, or so many had ended by then that the rest changes little."""
    left = int(durations.loc[durations["days"] >= day, "episodes"].sum())
    until = curve.loc[curve["t"] <= day, "still_open"]
    return left >= relocation.FEWEST_AT_RISK or (len(until) > 0 and until.iloc[-1] <= LITTLE)


def _half(durations: pd.DataFrame, curve: pd.DataFrame) -> Measured | None:
    """Days until half had ended, those still waiting included; None without a limit on both sides."""
    days = survival.days_until(curve, 0.5) if relocation.can_show_percentile(durations, 50) else None
    if days is None:
        return None
    low, high = survival.limits_of(curve, 0.5)
    return None if low is None or high is None else Measured(days, low, high)


def _share(share: Coverage) -> Measured | None:
    limits = wilson(share.known, share.total) if share.total >= FEWEST else None
    return None if limits is None else Measured(share.known / share.total, *limits)


def share_by(curve: pd.DataFrame, outcome: str, day: int) -> Measured | None:
    """The share with an outcome by a day, open cases included, with limits of the delta method (Marubini and Valsecchi); None
    where nobody had that outcome by then, which has no such limits. `curve`: `outcome_curve`."""
    until = curve[curve["t"] <= day]
    if outcome not in until or until[outcome].sum() <= 0:
        return None
    alive, at_risk = until["still_open"].to_numpy(dtype=float), until["at_risk"].to_numpy(dtype=float)
    before, reached = np.concatenate([[1.0], alive[:-1]]), until[outcome].to_numpy(dtype=float)
    ended = at_risk * (1 - alive / before)
    own = np.diff(reached, prepend=0.0) * at_risk / before
    rest = reached[-1] - reached
    with np.errstate(divide="ignore", invalid="ignore"):
        of_leaving = np.where(at_risk > ended, rest**2 * ended / (at_risk * (at_risk - ended)), 0.0)
    of_own = before**2 * (at_risk - own) * own / at_risk**3
    variance = float((of_leaving + of_own - 2 * rest * before * own / at_risk**2).sum())
    spread = Z95 * math.sqrt(max(0.0, variance))
    return Measured(float(reached[-1]), max(0.0, reached[-1] - spread), min(1.0, reached[-1] + spread))


def rounded_share(part: float, whole: float, off: int) -> Measured:
    """A share of two published figures, each rounded at random by at most `off`, with what it can be at least and at most."""
    low, high = max(0.0, part - off) / (whole + off), min(1.0, (part + off) / max(1.0, whole - off))
    return Measured(min(1.0, part / whole), low, high)
