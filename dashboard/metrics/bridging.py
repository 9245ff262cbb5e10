"""Need and signed money of days to come, per organisation: what a bridge costs, and how long cash lasts (WHATIF.md F.2, F.5)."""

from __future__ import annotations

import math

import pandas as pd

MONTHS = 12
FOREVER = pd.Timestamp("2200-01-01")


def within(
    rows: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, begins: str = "starts_on", ends: str = "ends_on"
) -> pd.Series:
    """The part of each row's `minor` that falls on days from `first` to `last`, by days; 0 without both days of its own, or
    with inverted ones."""
    start, end = pd.to_datetime(rows[begins]), pd.to_datetime(rows[ends])
    days = (end - start).dt.days + 1
    inside = (end.clip(upper=last) - start.clip(lower=first)).dt.days + 1
    share = inside.clip(lower=0) / days.where(days > 0)
    return (rows["minor"].astype("Float64") * share.astype("Float64")).fillna(0).astype(float)


def to_bridge(needs: pd.DataFrame, signed: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Per organisation, for days from `first` to `last`: need (NA where none is stated, or one without an amount), signed, and
    what is missing, never below 0. Index organisation_id; columns need, signed, to_bridge in minor units.

    `needs`: organisation_id, period_start, period_end, minor of one reading of need. `signed`: entries of `funding.ledger`:
    organisation_id, starts_on, ends_on, minor, what was passed on below 0.
    """
    near = needs[(needs["period_end"] >= first) & (needs["period_start"] <= last)]
    stated = within(near, first, last, "period_start", "period_end").groupby(near["organisation_id"]).sum()
    unknown = near["minor"].isna().groupby(near["organisation_id"]).any()
    ahead = within(signed, first, last).groupby(signed["organisation_id"]).sum()
    found = pd.DataFrame({"need": stated.where(~unknown.reindex(stated.index, fill_value=False)), "signed": ahead})
    found["signed"] = found["signed"].fillna(0)
    missing = (found["need"] - found["signed"]).clip(lower=0)
    return found.assign(to_bridge=missing).round().astype("Int64")


def newly_uncovered(need: pd.Series, before: pd.Series, after: pd.Series) -> float:
    """How much more of the need of some days is not met: per organisation what is missing after less what was before.

    `need` (NA where none is stated), and signed money `before` and `after`, each by organisation.
    """
    known = need.dropna().astype(float)
    short = [(known - signed.reindex(known.index).fillna(0)).clip(lower=0) for signed in (before, after)]
    return float((short[1] - short[0]).clip(lower=0).sum())


def cash_months(cash: float | None, monthly_cost: float | None, signed_per_month: float) -> float | None:
    """Months that cash lasts beside what is still signed; infinite where nothing is missing, None where cash or cost is
    unknown."""
    if cash is None or monthly_cost is None or pd.isna(cash) or pd.isna(monthly_cost):
        return None
    missing = monthly_cost - signed_per_month
    return max(0.0, cash) / missing if missing > 0 else math.inf
