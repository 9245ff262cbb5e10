"""How fast relocation cases move: stock and flow, waiting times that include those still waiting (METHODS.md A).

Everything works on grouped rows: episodes per day, or a histogram of days with how each ended ('open' if it has not).
Cases are never loaded one by one. Unknown is None, never 0 or infinity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.metrics.statistics import Coverage, minimum_n

AGE_EDGES = (0, 30, 90, 180, 365)
AGE_BUCKETS = ("0-29", "30-89", "90-179", "180-364", "365+", "unknown")
STANDARD_DAYS = 120
FEWEST_AT_RISK = 5
OUTCOMES = ("relocated", "other_route", "refused", "withdrawn", "lost_contact")


def monthly_flow(per_day: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Incoming and outgoing per month: month (first day), opened, reopened, incoming, closed, open_at_end, is_partial.

    `per_day`: on_date, opened, reopened, closed. Months without events count 0. The identity
    end = begin + in - out holds by construction (A01, A10).
    """
    columns = ["opened", "reopened", "closed"]
    seen = per_day[per_day["on_date"] <= as_of]
    if seen.empty:
        return pd.DataFrame(columns=["month", *columns, "incoming", "open_at_end", "is_partial"])
    months = pd.period_range(seen["on_date"].min(), as_of, freq="M")
    counts = seen.groupby(seen["on_date"].dt.to_period("M"))[columns].sum().reindex(months, fill_value=0)
    flow = counts.astype("int64").rename_axis("month").reset_index()
    flow["month"] = months.start_time
    flow["incoming"] = flow["opened"] + flow["reopened"]
    flow["open_at_end"] = (flow["incoming"] - flow["closed"]).cumsum()
    flow["is_partial"] = months.end_time.normalize() > as_of
    return flow


def cumulative_flow(flow: pd.DataFrame) -> pd.DataFrame:
    """Two lines whose gap is 'still waiting': month, arrived, left, still_waiting. Lines never cross."""
    arrived, left = flow["incoming"].cumsum(), flow["closed"].cumsum()
    return pd.DataFrame({"month": flow["month"], "arrived": arrived, "left": left, "still_waiting": arrived - left})


def open_on(per_day: pd.DataFrame, day: pd.Timestamp) -> int:
    """Episodes open at the end of `day`: opened by then and not closed by then (A10)."""
    seen = per_day[per_day["on_date"] <= day]
    return int(seen["opened"].sum() + seen["reopened"].sum() - seen["closed"].sum())


@dataclass(frozen=True)
class ResolvedRate:
    """`closed` per 100 `incoming` over full months; None when nothing came in (A05)."""

    closed: int
    incoming: int

    @property
    def percent(self) -> float | None:
        return 100 * self.closed / self.incoming if self.incoming else None


def resolved_rate(flow: pd.DataFrame, months: int = 3, skip: int = 0) -> ResolvedRate:
    """Closed against new and reopened over the last `months` full months, `skip` windows back."""
    full = flow[~flow["is_partial"].astype(bool)]
    end = len(full) - skip * months
    window = full.iloc[max(0, end - months) : max(0, end)]
    return ResolvedRate(int(window["closed"].sum()), int(window["incoming"].sum()))


def readable(curve: pd.DataFrame) -> pd.DataFrame:
    """The curve up to the last day with at least five at risk."""
    return curve[curve["at_risk"] >= FEWEST_AT_RISK]


def can_show_percentile(durations: pd.DataFrame, p: int) -> bool:
    """Whether enough episodes ended for the p-th percentile to have a finite upper limit (X06)."""
    return int(durations.loc[durations["outcome"] != "open", "episodes"].sum()) >= minimum_n(p)


def on_time_share(durations: pd.DataFrame, standard: int = STANDARD_DAYS) -> Coverage:
    """Of episodes opened at least `standard` days before the cut-off, how many closed within it (A13, third share).

    The only one of the three on-time shares that slow open cases cannot flatter. `durations` needs is_due.
    """
    due = durations[durations["is_due"].astype(bool)]
    closed = due[(due["outcome"] != "open") & (due["days"] <= standard)]
    return Coverage(int(closed["episodes"].sum()), int(due["episodes"].sum()))


def age_buckets(open_ages: pd.DataFrame) -> pd.DataFrame:
    """Open episodes per stage and age bucket, closed on the left (A12): stage, bucket, episodes.

    `open_ages`: stage, days, episodes. Unknown ages are their own bucket, future-dated ones are left out.
    """
    dated = open_ages[open_ages["days"].isna() | (open_ages["days"] >= 0).fillna(False)]
    days = dated["days"].astype("float64")
    bucket = (
        pd.cut(days, [*AGE_EDGES, np.inf], right=False, labels=list(AGE_BUCKETS[:-1])).astype(object).fillna("unknown")
    )
    counted = dated.assign(bucket=bucket).groupby(["stage", "bucket"], as_index=False)["episodes"].sum()
    return counted


def open_longer_than(open_ages: pd.DataFrame, days: int = STANDARD_DAYS) -> Coverage:
    """Open episodes older than `days`, of all open ones."""
    older = open_ages[(open_ages["days"] > days).fillna(False)]
    return Coverage(int(older["episodes"].sum()), int(open_ages["episodes"].sum()))


def outcome_shares(durations: pd.DataFrame) -> dict[str, Coverage]:
    """Three named denominators (A14): of_decided leaves withdrawals out, of_closed does not, non_decision."""
    closed = durations[durations["outcome"] != "open"].groupby("outcome")["episodes"].sum()
    relocated, refused = int(closed.get("relocated", 0)), int(closed.get("refused", 0))
    undecided = int(closed.get("withdrawn", 0) + closed.get("lost_contact", 0))
    return {
        "of_decided": Coverage(relocated, relocated + refused),
        "of_closed": Coverage(relocated, int(closed.sum())),
        "non_decision": Coverage(undecided, int(closed.sum())),
    }
