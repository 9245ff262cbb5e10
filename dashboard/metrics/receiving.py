"""How money divides over those who receive it: dependence, newcomers, concentration, sizes (METHODS.md B10-B16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.metrics.standing import itself
from dashboard.metrics.statistics import DAYS_PER_MONTH, Coverage, added_up, percentile

SMALL_GRANT_MINOR = 1_000_000
DEPENDENT_ABOVE = 0.5
A_YEAR = 366


def largest_funders(grants: pd.DataFrame) -> pd.DataFrame:
    """Per organisation its signed money and the largest share of it by one funder (B13): organisation_id, total, funders
    (named ones, of unconverted grants too), largest_funder_id, largest, unnamed (money whose source is not named).

    Nobody is a funder of herself: own money carried over is left out. `grants`: recipient_id, funder_id, status, minor.
    """
    signed = grants[(grants["status"] == "commitment") & ~itself(grants)]
    named_payers = signed.groupby("recipient_id")["funder_id"].nunique()
    counted = signed[signed["minor"].notna()].rename(columns={"recipient_id": "organisation_id"})
    per_funder = counted.groupby(["organisation_id", "funder_id"], as_index=False, dropna=False)["minor"].sum()
    named = per_funder[per_funder["funder_id"].notna()].sort_values("minor", ascending=False, kind="stable")
    top = named.groupby("organisation_id").agg(largest_funder_id=("funder_id", "first"), largest=("minor", "first"))
    unnamed = per_funder[per_funder["funder_id"].isna()].groupby("organisation_id")["minor"].sum()
    total = per_funder.groupby("organisation_id")["minor"].sum()
    table = pd.DataFrame({"total": total}).join(top).join(unnamed.rename("unnamed"))
    table = table.join(named_payers.rename("funders").rename_axis("organisation_id"), how="outer")
    table["total"] = table["total"].astype("Int64").fillna(0)
    amounts = ["funders", "largest", "unnamed"]
    table[amounts] = table[amounts].astype("Int64").fillna(0)
    return table.reset_index()


def dependence(organisations: pd.DataFrame) -> pd.DataFrame:
    """Adds low, high and is_dependent to total, largest and unnamed per organisation, the most dependent first (B13).

    Money from unnamed funders makes the share of the largest funder a range; `is_dependent` is NA unless both ends agree
    on more than half, and where grants without a known amount in this currency (`unconverted`) could change the answer:
    always, unless one named funder gave everything. Organisations without converted money keep low and high NA. What was given
    back is in the total, so that a share could be more than the whole: it is the whole then.
    """
    total, hidden = organisations["total"].astype("Float64"), organisations["unnamed"].astype("Float64")
    total = total.where(total > 0)
    largest = organisations["largest"].astype("Float64")
    low = (largest / total).clip(upper=1)
    high = ((largest + hidden) / total).clip(lower=low, upper=1)
    agree = (low > DEPENDENT_ABOVE) == (high > DEPENDENT_ABOVE)
    has_unconverted = organisations.get("unconverted", pd.Series(0, organisations.index)) > 0
    is_sure = (
        ~has_unconverted | ((organisations["funders"] == 1) & (hidden == 0)) if "funders" in organisations else True
    )
    verdict = (low > DEPENDENT_ABOVE).astype("boolean").where((agree & is_sure).fillna(False))
    table = organisations.assign(low=low, high=high, is_dependent=verdict)
    return table.sort_values("low", ascending=False, kind="stable", na_position="last")


def newcomers(years: pd.DataFrame, begins: int | None = None) -> pd.DataFrame:
    """First-time grantees per year (B14): year, grantees, newcomers, amount, newcomer_amount.

    `years`: organisation_id, year of signature, total. Newcomer figures of the first recorded year are NA: it cannot be
    judged.
    """
    who = pd.factorize(years["organisation_id"])[0]
    recorded, at = np.unique(years["year"].to_numpy("int64"), return_inverse=True)
    total = years["total"].to_numpy("int64", na_value=0)
    first = np.full(who.max(initial=-1) + 1, len(recorded))
    np.minimum.at(first, who, at)
    is_new = first[who] == at
    amount, of_new = (added_up(own, at, len(recorded)) for own in (total, np.where(is_new, total, 0)))
    each = np.unique(who * len(recorded) + at) % max(len(recorded), 1)
    unjudged = recorded == (begins if begins is not None else recorded.min(initial=9999))
    return pd.DataFrame(
        {
            "year": pd.array(recorded, "Int64"),
            "grantees": pd.array(np.bincount(each, minlength=len(recorded)), "Int64"),
            "newcomers": pd.arrays.IntegerArray(np.bincount(first, minlength=len(recorded)), unjudged),
            "amount": pd.array(amount, "Int64"),
            "newcomer_amount": pd.arrays.IntegerArray(of_new, unjudged.copy()),
        }
    )


def concentration(amounts: pd.Series) -> dict[str, float | None]:
    """HHI and effective number, 'as if N equal recipients'; None for a zero total (B10, B11)."""
    total = float(amounts.sum())
    if not total:
        return {"hhi": None, "effective_number": None}
    index = float(((amounts.astype(float) / total * 100) ** 2).sum())
    return {"hhi": index, "effective_number": 10000 / index}


def top_share(amounts: pd.Series, n: int) -> float | None:
    """Share of the n largest recipients (B12)."""
    total = float(amounts.sum())
    return float(amounts.nlargest(n).sum()) / total if total else None


def gini(amounts: pd.Series) -> dict[str, float | None]:
    """Gini and its correction for few recipients (B12); None for a zero total. Never shown without the top share:
    a single recipient has Gini 0."""
    n, total = len(amounts), float(amounts.sum())
    if not total:
        return {"gini": None, "gini_corrected": None}
    ascending = amounts.sort_values().to_numpy(dtype=float)
    value = float(2 * (np.arange(1, n + 1) * ascending).sum() / (n * total) - (n + 1) / n)
    return {"gini": value, "gini_corrected": value * n / (n - 1) if n > 1 else None}


def lorenz(amounts: pd.Series) -> pd.DataFrame:
    """Points of the Lorenz curve, smallest recipients first (B12): recipients, money, both as shares from 0 to 1."""
    ascending = amounts.sort_values().to_numpy(dtype=float)
    share = np.concatenate([[0.0], ascending.cumsum() / ascending.sum()]) if ascending.sum() else np.array([0.0])
    return pd.DataFrame({"recipients": np.linspace(0, 1, len(share)), "money": share})


def restricted_share(unrestricted: int, restricted: int, unknown: int) -> dict[str, Any]:
    """Unrestricted money as a share of labelled money, and its bounds if the unlabelled went either way (B16)."""
    labelled, total = unrestricted + restricted, unrestricted + restricted + unknown
    return {
        "of_labelled": unrestricted / labelled if labelled else None,
        "labelled": labelled / total if total else None,
        "bounds": (unrestricted / total, (unrestricted + unknown) / total) if total else None,
    }


def grant_sizes(amounts: pd.Series, small: int = SMALL_GRANT_MINOR) -> dict[str, Any]:
    """Median and p80 (nearest rank), and how many are small with their share of money (B15); an award of zero is no
    grant size."""
    amounts = amounts[amounts > 0]
    under = amounts[amounts < small]
    total = float(amounts.sum())
    return {
        "median": percentile(amounts, 50),
        "p80": percentile(amounts, 80),
        "small": Coverage(len(under), len(amounts)),
        "small_amount_share": float(under.sum()) / total if total else None,
    }


@dataclass(frozen=True)
class Lengths:
    """How long signed money lasts: `multi_year` of the money whose days are known, the median `months` of a grant, and how
    many grants have both days."""

    multi_year: float | None
    months: float | None
    dated: Coverage


def lengths(grants: pd.DataFrame) -> Lengths:
    """Of signed, converted grants: minor, starts_on, ends_on. A grant of more than a year is multi-year."""
    days = (grants["ends_on"] - grants["starts_on"]).dt.days + 1
    known = days.notna() & (days > 0)
    money = grants["minor"].astype("Float64").fillna(0)
    whole, long = float(money[known].sum()), float(money[known & (days > A_YEAR)].sum())
    median = percentile(days[known].astype(int), 50)
    dated = Coverage(int(known.sum()), len(grants))
    return Lengths(long / whole if whole else None, None if median is None else median / DAYS_PER_MONTH, dated)
