"""Where money is missing: what counts as funding, once; gaps per line; the cliff; dependence (METHODS.md B).

Amounts are integer minor units. `ledger` is the one place where re-granted money is counted once: a grant adds to its
recipient and, when the payer is itself in the network, takes the same amount from the payer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.metrics.statistics import Coverage, percentile

RATE_AGE_DAYS = 7
CLIFF_SHARE = 0.75
DROP_SHARE = 0.25
MICRO = 1_000_000
SMALL_GRANT_MINOR = 1_000_000
DEPENDENT_ABOVE = 0.5
NOT_STATED = "not_stated"


def convert(amounts: pd.DataFrame, rates: pd.DataFrame, currency: str, on: str = "committed_on") -> pd.DataFrame:
    """Adds `minor` (Int64, in `currency`) by the last rate on or before the date in `on`, at most 7 days old (B09).

    `amounts`: amount_minor, currency and the date column; `rates`: currency, on_date, micro_per_eur. Without such a
    rate `minor` is NA: listed as not converted, never guessed. Half-up to the cent.
    """
    result = amounts.assign(_order=range(len(amounts)), _date=pd.to_datetime(amounts[on])).sort_values("_date")
    known = result[result["_date"].notna()].assign(_reporting=currency)
    for side, code in (("_from", "currency"), ("_to", "_reporting")):
        known = _with_rate(known.assign(_code=known[code].astype("str")), rates, side)
    same = known["currency"] == currency
    exact = known["amount_minor"].astype("float64") * known["_to"] / known["_from"]
    minor = np.floor(exact.abs() + 0.5) * np.sign(exact)
    minor = minor.where(~same, known["amount_minor"].astype("float64"))
    undated = result[result["_date"].isna() & (result["currency"] == currency)]["amount_minor"].astype("float64")
    combined = pd.concat([minor.set_axis(known["_order"]), undated.set_axis(result.loc[undated.index, "_order"])])
    return amounts.assign(minor=combined.reindex(range(len(amounts))).round().astype("Int64").to_numpy())


def _with_rate(frame: pd.DataFrame, rates: pd.DataFrame, column: str) -> pd.DataFrame:
    table = rates[["currency", "on_date", "micro_per_eur"]].rename(
        columns={"currency": "_code", "on_date": "_date", "micro_per_eur": column}
    )
    table = table.astype({"_code": "str", column: "float64"}).sort_values("_date")
    table["_date"] = table["_date"].astype(frame["_date"].dtype)
    merged = pd.merge_asof(frame, table, on="_date", by="_code", tolerance=pd.Timedelta(days=RATE_AGE_DAYS))
    merged.loc[merged["_code"] == "EUR", column] = float(MICRO)
    return merged


def money_status(grants: pd.DataFrame) -> dict[str, int]:
    """Totals by status, each euro once (B03): commitments count whole, paid is a later state of the same money.

    `grants`: minor, status (pledge, commitment, paid, cancelled, unknown), kind, paid_minor.
    """
    counted = grants[grants["status"].isin(["commitment", "paid"])]
    total = int(counted["minor"].sum())
    carried = int(counted.loc[counted["kind"] == "carry_over", "minor"].sum())
    paid = int(counted["paid_minor"].fillna(0).sum())
    return {
        "funding_total": total,
        "of_which_new": total - carried,
        "of_which_carry_over": carried,
        "pledged": int(grants.loc[grants["status"] == "pledge", "minor"].sum()),
        "disbursed": paid,
        "committed_not_yet_paid": total - paid,
        "unknown_status": int(grants.loc[~grants["status"].isin(STATUSES), "minor"].sum()),
    }


STATUSES = ("commitment", "paid", "pledge", "cancelled")


def ledger(grants: pd.DataFrame, status: str = "commitment") -> pd.DataFrame:
    """Signed entries that count re-granted money once (B04): every grant adds to its recipient if that is a member,
    and takes from its funder if that is a member.

    Adds organisation_id, line_project_id (of the grant, or of its parent that money is taken from), is_passed_on and
    signed `minor`; unconverted grants are left out (see `to_fix`). The sum over all entries is the new money into the
    network less what left it.
    """
    counted = grants[(grants["status"] == status) & grants["minor"].notna()]
    into = counted[counted["recipient_is_member"].fillna(False)]
    out = counted[counted["funder_is_member"].fillna(False)]
    received = into.assign(organisation_id=into["recipient_id"], line_project_id=into["project_id"], is_passed_on=False)
    passed_on = out.assign(
        organisation_id=out["funder_id"],
        line_project_id=out["parent_project_id"],
        is_passed_on=True,
        minor=-out["minor"],
    )
    return pd.concat([received, passed_on], ignore_index=True)


def pass_through(grants: pd.DataFrame) -> dict[str, int]:
    """New money into the network, what moved inside, what left, and the naive sum that counts twice (B04)."""
    counted = grants[(grants["status"] == "commitment") & grants["minor"].notna()]
    payer = counted["funder_is_member"].fillna(False).astype(bool)
    payee = counted["recipient_is_member"].fillna(False).astype(bool)
    return {
        "new_money": int(counted.loc[~payer & payee, "minor"].sum()),
        "internal": int(counted.loc[payer & payee, "minor"].sum()),
        "outgoing": int(counted.loc[payer & ~payee, "minor"].sum()),
        "naive_sum": int(counted["minor"].sum()),
    }


def spread(entries: pd.DataFrame, start: str = "starts_on", end: str = "ends_on") -> pd.DataFrame:
    """Each entry's `minor` by calendar month, by inclusive days, cents by largest remainder (B06).

    Entries without both dates, or with inverted ones, are not spread (see `to_fix`). Returns the entry's columns with
    month (first day) and minor for that month; an entry's months add to its amount exactly.
    """
    usable = entries[entries["minor"].notna() & (entries[end] >= entries[start]).fillna(False)].reset_index(drop=True)
    if usable.empty:
        return usable.assign(month=pd.Series(dtype="datetime64[us]"))
    first = usable[start].to_numpy().astype("datetime64[D]")
    last = usable[end].to_numpy().astype("datetime64[D]")
    months = (last.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(int) + 1
    row = np.repeat(np.arange(len(usable)), months)
    step = np.arange(len(row)) - np.repeat(np.concatenate([[0], months.cumsum()[:-1]]), months)
    month = first.astype("datetime64[M]")[row] + step
    begins, finishes = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]") - 1
    days = (np.minimum(finishes, last[row]) - np.maximum(begins, first[row])).astype(int) + 1
    return (
        usable.iloc[row]
        .reset_index(drop=True)
        .assign(
            month=begins.astype("datetime64[us]"),
            minor=_shares(usable["minor"].astype("int64").to_numpy(), row, days, (last - first).astype(int) + 1),
        )
    )


def _shares(amounts: np.ndarray, row: np.ndarray, part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`amounts[row]` times part/whole in whole cents; the cents left over go to the largest remainders, ties earlier."""
    size = np.abs(amounts)
    floors, remainders = np.divmod(size[row] * part, whole[row])
    left = size - np.bincount(row, weights=floors, minlength=len(size)).astype("int64")
    order = np.lexsort((np.arange(len(row)), -remainders, row))
    position = np.empty(len(row), dtype="int64")
    starts = np.concatenate([[0], np.bincount(row, minlength=len(size)).cumsum()[:-1]])
    position[order] = np.arange(len(row)) - starts[row[order]]
    return np.sign(amounts)[row] * (floors + (position < left[row]))


def split(entries: pd.DataFrame, parts: pd.DataFrame, by: str, key: str) -> pd.DataFrame:
    """Divide each entry's `minor` over `parts` (B18): adds `by` ('not_stated' without a part) and is_estimated.

    `parts`: `key`, `by`, optional share_bp. Declared shares are used when every part of an entry has one; else equal
    parts, marked estimated. Cents by largest remainder, so an entry's parts add to it.
    """
    joined = entries.assign(_row=range(len(entries))).merge(parts, on=key, how="left", sort=False)
    joined = joined.sort_values(["_row", by], kind="stable").reset_index(drop=True)
    row = joined["_row"].to_numpy()
    share = joined["share_bp"].astype("float64") if "share_bp" in joined else pd.Series(np.nan, index=joined.index)
    declared = share.notna().groupby(row).transform("all").to_numpy()
    weight = np.where(declared, share.fillna(0), 1).astype("int64")
    amounts = entries["minor"].fillna(0).to_numpy(dtype="int64")
    divided = _shares(amounts, row, weight, np.bincount(row, weights=weight, minlength=len(entries)).astype("int64"))
    joined[by] = joined[by].astype(object).fillna(NOT_STATED).astype("str")
    joined["is_estimated"] = joined["_row"].duplicated(keep=False).to_numpy() & ~declared
    joined["minor"] = pd.Series(divided, dtype="Int64").mask(joined["minor"].isna())
    return joined.drop(columns=["_row", *(["share_bp"] if "share_bp" in joined else [])])


def coverage_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Adds coverage, gap and surplus per line (B01): `lines` has need and funded in minor units, need NA if unknown.

    Gap is never netted across lines; need 0 has coverage NA and gap 0.
    """
    need, funded = lines["need"].astype("Int64"), lines["funded"].astype("Int64").fillna(0)
    short = (need - funded).clip(lower=0)
    over = (funded - need).clip(lower=0)
    ratio = funded.astype("Float64") / need.astype("Float64").where(need > 0)
    return lines.assign(need=need, funded=funded, coverage=ratio, gap=short, surplus=over)


@dataclass(frozen=True)
class CoverageTotals:
    """Totals over lines with a stated need; what has none is beside, never inside (B01)."""

    lines: Coverage
    need: int
    funded: int
    gap: int
    surplus: int
    funded_without_need: int

    @property
    def coverage(self) -> float | None:
        return self.funded / self.need if self.need else None

    @property
    def coverage_capped(self) -> float | None:
        """Share of need met when surplus on one line cannot serve another."""
        return (self.need - self.gap) / self.need if self.need else None

    @property
    def net_gap(self) -> int:
        return self.need - self.funded


def coverage_totals(lines: pd.DataFrame) -> CoverageTotals:
    """Sums of `coverage_lines` output."""
    known = lines[lines["need"].notna()]
    unknown = lines[lines["need"].isna()]
    return CoverageTotals(
        Coverage(len(known), len(lines)),
        int(known["need"].sum()),
        int(known["funded"].sum()),
        int(known["gap"].sum()),
        int(known["surplus"].sum()),
        int(unknown["funded"].sum()),
    )


@dataclass(frozen=True)
class Cliff:
    """The first month, this one included, with signed money under 75 % of need; the first 25 % below today's (B07)."""

    today: int
    below_need: pd.Timestamp | None
    drop: pd.Timestamp | None
    last_day: pd.Timestamp | None


def cliff(monthly: pd.DataFrame, as_of: pd.Timestamp, last_day: pd.Timestamp | None) -> Cliff:
    """`monthly`: month, signed, signed_on_need and need (NA if none is stated for the month).

    Need is compared with the money on the lines that state it; both thresholds as in METHODS B.1.
    """
    this_month = as_of.to_period("M").start_time
    now = monthly.loc[monthly["month"] == this_month, "signed"]
    today = int(now.iloc[0]) if len(now) else 0
    later = monthly[monthly["month"] > this_month]
    ahead = monthly[(monthly["month"] >= this_month) & monthly["need"].gt(0).fillna(False)]
    enough = ahead["signed_on_need"] >= CLIFF_SHARE * ahead["need"].astype("Float64")
    under = ahead[~enough.fillna(False)]
    dropped = later[later["signed"] <= (1 - DROP_SHARE) * today] if today else later.iloc[:0]

    def first(rows: pd.DataFrame) -> pd.Timestamp | None:
        return rows["month"].iloc[0] if len(rows) else None

    return Cliff(today, first(under), first(dropped), last_day)


def largest_funders(grants: pd.DataFrame) -> pd.DataFrame:
    """Per organisation its signed money and the largest share of it by one funder (B13): organisation_id, total, funders
    (named ones), largest_funder_id, largest, unnamed (money whose source is not named).

    `grants`: recipient_id, funder_id, status, minor.
    """
    counted = grants[grants["status"].isin(["commitment", "paid"]) & grants["minor"].notna()]
    counted = counted.rename(columns={"recipient_id": "organisation_id"})
    per_funder = counted.groupby(["organisation_id", "funder_id"], as_index=False, dropna=False)["minor"].sum()
    named = per_funder[per_funder["funder_id"].notna()].sort_values("minor", ascending=False, kind="stable")
    top = named.groupby("organisation_id").agg(
        funders=("minor", "size"), largest_funder_id=("funder_id", "first"), largest=("minor", "first")
    )
    unnamed = per_funder[per_funder["funder_id"].isna()].groupby("organisation_id")["minor"].sum()
    total = per_funder.groupby("organisation_id")["minor"].sum()
    table = pd.DataFrame({"total": total}).join(top).join(unnamed.rename("unnamed"))
    amounts = ["funders", "largest", "unnamed"]
    table[amounts] = table[amounts].astype("Int64").fillna(0)
    return table.reset_index()


def dependence(organisations: pd.DataFrame) -> pd.DataFrame:
    """Adds low, high and is_dependent to total, largest and unnamed per organisation, the most dependent first (B13).

    Money from unnamed funders makes the share of the largest funder a range; `is_dependent` is NA unless both ends agree
    on more than half. Organisations without money are left out.
    """
    table = organisations[organisations["total"] > 0]
    total, hidden = table["total"].astype(float), table["unnamed"].astype(float)
    low, high = table["largest"].astype(float) / total, (table["largest"].astype(float) + hidden) / total
    agree = (low > DEPENDENT_ABOVE) == (high > DEPENDENT_ABOVE)
    verdict = (low > DEPENDENT_ABOVE).astype("boolean").where(agree)
    return table.assign(low=low, high=high, is_dependent=verdict).sort_values("low", ascending=False, kind="stable")


def newcomers(years: pd.DataFrame, begins: int | None = None) -> pd.DataFrame:
    """First-time grantees per year (B14): year, grantees, newcomers, amount, newcomer_amount.

    `years`: organisation_id, year of signature, total. Newcomer figures of the first recorded year are NA: it cannot be
    judged.
    """
    first = years.groupby("organisation_id")["year"].transform("min")
    rows = years.assign(is_new=(years["year"] == first), new=years["total"].where(years["year"] == first, 0))
    table = (
        rows.groupby("year")
        .agg(grantees=("organisation_id", "nunique"), amount=("total", "sum"), newcomer_amount=("new", "sum"))
        .astype("Int64")
    )
    table.insert(1, "newcomers", rows[rows["is_new"]].groupby("year")["organisation_id"].nunique().astype("Int64"))
    table["newcomers"] = table["newcomers"].fillna(0)
    unjudged = table.index == (begins if begins is not None else years["year"].min())
    table.loc[unjudged, ["newcomers", "newcomer_amount"]] = pd.NA
    return table.reset_index()


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


def runway(cash: float | None, monthly_cost: float | None) -> float | None:
    """Months of cash: cash over average monthly cost; None when either is unknown or nothing is spent (B08)."""
    if cash is None or not monthly_cost or pd.isna(cash) or pd.isna(monthly_cost):
        return None
    return cash / monthly_cost


def restricted_share(unrestricted: int, restricted: int, unknown: int) -> dict[str, Any]:
    """Unrestricted money as a share of labelled money, and its bounds if the unlabelled went either way (B16)."""
    labelled, total = unrestricted + restricted, unrestricted + restricted + unknown
    return {
        "of_labelled": unrestricted / labelled if labelled else None,
        "labelled": labelled / total if total else None,
        "bounds": (unrestricted / total, (unrestricted + unknown) / total) if total else None,
    }


def per_thousand(money: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    """Money per 1,000 recent emigrants as a range (B20): host_country, funded, per_1000, low, high, lq.

    `money`: host_country, funded. Countries without a population keep NA: they cannot be compared. `low` and `high`
    are NA without a population range; `lq` compares the country's share of money with its share of people.
    """
    columns = populations[["host_country", "central", "low", "high"]].rename(columns={"low": "fewest", "high": "most"})
    joined = money.merge(columns, on="host_country", how="left")
    funded, people = joined["funded"].astype("Float64"), joined["central"].astype("Float64")
    known = people.notna()
    share_of_money = funded / funded[known].sum()
    share_of_people = people / people.sum()
    return joined.assign(
        per_1000=funded / people * 1000,
        low=funded / joined["most"].astype("Float64") * 1000,
        high=funded / joined["fewest"].astype("Float64") * 1000,
        lq=share_of_money / share_of_people,
    )[["host_country", "funded", "per_1000", "low", "high", "lq"]]


def payment_durations(grants: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Days from signature to first payment, unpaid ones still waiting (B17): days, outcome (paid, open), episodes."""
    signed = grants[(grants["status"] == "commitment") & (grants["committed_on"] <= as_of)]
    paid = signed["first_paid_on"].notna() & (signed["first_paid_on"] <= as_of)
    until = signed["first_paid_on"].where(paid, as_of)
    rows = pd.DataFrame(
        {"days": (until - signed["committed_on"]).dt.days.clip(lower=0), "outcome": np.where(paid, "paid", "open")}
    )
    return rows.groupby(["days", "outcome"]).size().rename("episodes").reset_index()


def grant_sizes(amounts: pd.Series, small: int = SMALL_GRANT_MINOR) -> dict[str, Any]:
    """Median and p80 (nearest rank), and how many are small with their share of money (B15)."""
    under = amounts[amounts < small]
    total = float(amounts.sum())
    return {
        "median": percentile(amounts, 50),
        "p80": percentile(amounts, 80),
        "small": Coverage(len(under), len(amounts)),
        "small_amount_share": float(under.sum()) / total if total else None,
    }


REASONS = ("no_amount", "no_rate", "no_dates", "inverted_dates", "no_country")


def to_fix(grants: pd.DataFrame, unplaced: set[int] | None = None) -> pd.DataFrame:
    """Signed grants a figure had to leave out or could not place, one row per grant and reason (E.2).

    Adds `reason` to the grant's columns, in the order a steward would mend them. `unplaced`: ids without a country.
    """
    counted = grants[grants["status"] == "commitment"]
    masks = (
        counted["amount_minor"].isna(),
        counted["amount_minor"].notna() & counted["minor"].isna(),
        counted["starts_on"].isna() | counted["ends_on"].isna(),
        (counted["ends_on"] < counted["starts_on"]).fillna(False),
        counted["grant_id"].isin(unplaced or set()),
    )
    found = [
        counted[mask.to_numpy(dtype=bool)].assign(reason=reason) for reason, mask in zip(REASONS, masks, strict=True)
    ]
    return pd.concat(found, ignore_index=True)
