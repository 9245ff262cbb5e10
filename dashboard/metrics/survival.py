"""Time until something ends, with those still waiting: competing outcomes over a histogram (METHODS.md A.1)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.metrics.statistics import Z95


def outcome_curve(durations: pd.DataFrame) -> pd.DataFrame:
    """Aalen-Johansen over a histogram: share of episodes with each outcome by day t, the rest still open (A16, A20).

    `durations`: days, outcome ('open' = censored), episodes, optional entry (days already elapsed when recording
    began; at risk only if entry < t <= days; 0 is from the first day on). Returns t, at_risk, still_open and one column per outcome seen; each
    row adds to 1. Ties are exact; a case censored at t is still at risk at t.
    """
    ended = durations[durations["outcome"] != "open"]
    outcomes = sorted(ended["outcome"].unique())
    counts = ended.pivot_table(index="days", columns="outcome", values="episodes", aggfunc="sum", fill_value=0)
    counts = counts.reindex(columns=outcomes).astype(float)
    t = counts.index.to_numpy()
    at_risk = _at_risk(durations, t)
    events = counts.to_numpy().reshape(len(t), len(outcomes))
    survival = np.cumprod(1 - events.sum(axis=1) / at_risk)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum((before / at_risk)[:, None] * events, axis=0)
    table = pd.DataFrame({"t": t, "at_risk": at_risk.astype("int64"), "still_open": survival})
    return table.join(pd.DataFrame(incidence, columns=outcomes))


def _at_risk(durations: pd.DataFrame, t: np.ndarray) -> np.ndarray:
    days, weight = durations["days"].to_numpy(dtype=float), durations["episodes"].to_numpy(dtype=float)
    order = np.argsort(days)
    left_before = np.concatenate([[0.0], weight[order].cumsum()])[np.searchsorted(days[order], t, side="left")]
    if "entry" not in durations:
        return weight.sum() - left_before
    entry = durations["entry"].to_numpy(dtype=float)
    entry = np.where(entry > 0, entry, -1)
    by_entry = np.argsort(entry)
    entered = np.concatenate([[0.0], weight[by_entry].cumsum()])[np.searchsorted(entry[by_entry], t, side="left")]
    return entered - left_before


def days_until(curve: pd.DataFrame, share: float) -> int | None:
    """Smallest t by which at least `share` of episodes ended, from a curve; None when not reached (A16, A18)."""
    reached = curve[curve["still_open"] <= 1 - share + 1e-12]
    return int(reached["t"].iloc[0]) if len(reached) else None


def limits_of(curve: pd.DataFrame, share: float) -> tuple[int | None, int | None]:
    """95 % limits of `days_until`, from log-log Greenwood limits of the curve; None where a limit is not reached.

    `curve`: t, at_risk, still_open of `outcome_curve`.
    """
    alive = curve["still_open"].to_numpy(dtype=float)
    before = np.concatenate([[1.0], alive[:-1]])
    at_risk = curve["at_risk"].to_numpy(dtype=float)
    ended = np.round(at_risk * (1 - np.divide(alive, before, out=np.zeros_like(alive), where=before > 0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(ended / (at_risk * (at_risk - ended)))
        spread = Z95 * np.sqrt(variance) / np.abs(np.log(alive))
        low, high = alive ** np.exp(spread), alive ** np.exp(-spread)
    low, high = (np.where(np.isnan(limit), alive, limit) for limit in (low, high))
    reached = [np.flatnonzero(limit <= 1 - share + 1e-12) for limit in (low, high)]
    days = curve["t"].to_numpy()
    first, last = (int(days[found[0]]) if len(found) else None for found in reached)
    return first, last
