"""Time until something ends, with those still waiting: competing outcomes over a histogram (METHODS.md A.1)."""

from __future__ import annotations

import numpy as np
import pandas as pd


def outcome_curve(durations: pd.DataFrame) -> pd.DataFrame:
    """Aalen-Johansen over a histogram: share of episodes with each outcome by day t, the rest still open (A16, A20).

    `durations`: days, outcome ('open' = censored), episodes, optional entry (days already elapsed when recording
    began; at risk only if entry < t <= days). Returns t, at_risk, still_open and one column per outcome seen; each
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
    by_entry = np.argsort(entry)
    entered = np.concatenate([[0.0], weight[by_entry].cumsum()])[np.searchsorted(entry[by_entry], t, side="left")]
    return entered - left_before


def days_until(curve: pd.DataFrame, share: float) -> int | None:
    """Smallest t by which at least `share` of episodes ended, from a curve; None when not reached (A16, A18)."""
    reached = curve[curve["still_open"] <= 1 - share + 1e-12]
    return int(reached["t"].iloc[0]) if len(reached) else None
