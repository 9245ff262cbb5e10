"""Where money is missing: what counts as funding, once; gaps per line; the cliff; dependence (METHODS.md B).

Amounts are integer minor units. `ledger` is the one place where re-granted money is counted once: a grant adds to its
recipient and, when the payer is itself in the network, takes the same amount from the payer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.metrics.standing import NOT_CONVERTED, holds, standing, takes_from_payer
from dashboard.metrics.statistics import Coverage, whole_shares

CURRENCIES = ("EUR", "USD")
RATE_AGE_DAYS = 7
CLIFF_SHARE = 0.75
DROP_SHARE = 0.25
MICRO = 1_000_000
NOT_STATED = "not_stated"


def convert(amounts: pd.DataFrame, rates: pd.DataFrame, currency: str, on: str = "committed_on") -> pd.DataFrame:
    """Adds `minor` (Int64, in `currency`) by the last rate on or before the date in `on`, at most 7 days old (B09).

    `amounts`: amount_minor, currency and the date column; `rates`: currency, on_date, micro_per_eur. Without such a
    rate `minor` is NA: listed as not converted, never guessed. Half-up to the cent.
    """
    stated, (own, reporting) = (
        amounts["amount_minor"].to_numpy("float64", na_value=np.nan),
        _sides(amounts, rates, currency, on),
    )
    exact = stated * reporting["rate"].to_numpy() / own["rate"].to_numpy()
    minor = np.floor(np.abs(exact) + 0.5) * np.sign(exact)
    minor = np.where(_is(amounts, currency), stated, minor)
    return amounts.assign(minor=pd.array(minor, "Float64").round().astype("Int64"))


def rates_used(amounts: pd.DataFrame, rates: pd.DataFrame, currency: str, on: str = "committed_on") -> pd.DataFrame:
    """By which rate `convert` converts each amount, and its day: rate (units of `currency` for one of the amount's own),
    rate_on (the older one where two rates are chained); NA where none was needed or there is none. In the order of `amounts`."""
    own, reporting = _sides(amounts, rates, currency, on)
    rate = (reporting["rate"] / own["rate"]).mask(_is(amounts, currency))
    day = pd.concat([own["rate_on"], reporting["rate_on"]], axis=1).min(axis=1).where(rate.notna())
    return pd.DataFrame({"rate": rate.astype("Float64"), "rate_on": day}).set_axis(amounts.index)


def _is(amounts: pd.DataFrame, currency: str) -> np.ndarray:
    return (amounts["currency"] == currency).to_numpy(bool, na_value=False)


def _sides(amounts: pd.DataFrame, rates: pd.DataFrame, currency: str, on: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rate of each amount's own currency and that of the reporting one, on its date."""
    dates = pd.to_datetime(amounts[on]).to_numpy("datetime64[us]")
    of_each = pd.Series([currency] * len(amounts))
    return _rates_on(amounts["currency"], dates, rates), _rates_on(of_each, dates, rates)


def _rates_on(codes: pd.Series, dates: np.ndarray, rates: pd.DataFrame) -> pd.DataFrame:
    """rate (millionths per euro) and rate_on, the last on or before each date that is not too old; NA where there is none."""
    rate, rate_on = np.full(len(codes), np.nan), np.full(len(codes), np.datetime64("NaT", "us"))
    rate[codes.eq("EUR").to_numpy(bool, na_value=False)] = MICRO
    for code, own in rates[rates["currency"].isin(codes.unique())].groupby("currency"):
        days = pd.to_datetime(own["on_date"]).to_numpy("datetime64[us]")
        order = np.argsort(days, kind="stable")
        rows = np.flatnonzero(codes.eq(code).to_numpy(bool, na_value=False) & ~np.isnat(dates))
        last = np.searchsorted(days[order], dates[rows], side="right") - 1
        rows, last = rows[last >= 0], order[last[last >= 0]]
        fresh = dates[rows] - days[last] <= np.timedelta64(RATE_AGE_DAYS, "D")
        rows, last = rows[fresh], last[fresh]
        rate[rows], rate_on[rows] = own["micro_per_eur"].to_numpy("float64")[last], days[last]
    return pd.DataFrame({"rate": rate, "rate_on": rate_on})


def ledger(grants: pd.DataFrame, status: str = "commitment") -> pd.DataFrame:
    """Signed entries that count re-granted money once (B04): every grant adds to its recipient if that is a member, and
    takes from its funder if that is a member; what somebody carries over herself adds and takes nothing.

    Adds organisation_id, line_project_id (of the grant, or of its parent that money is taken from), is_passed_on and
    signed `minor`; unconverted grants are left out (see `to_fix`). The sum over all entries is the money that came into
    the network less what left it.
    """
    counted = grants[(grants["status"] == status) & grants["minor"].notna()]
    into = counted[counted["recipient_is_member"].fillna(False)]
    out = counted[takes_from_payer(counted)]
    received = into.assign(organisation_id=into["recipient_id"], line_project_id=into["project_id"], is_passed_on=False)
    passed_on = out.assign(
        organisation_id=out["funder_id"],
        line_project_id=out["parent_project_id"],
        is_passed_on=True,
        minor=-out["minor"],
    )
    return pd.concat([received, passed_on], ignore_index=True)


def flow(received: pd.DataFrame) -> dict[str, int]:
    """How money came into the network and where it stands now, each euro once.

    `received`: one row per member, the columns of `money_sums.recipients`. new_money + carried_over + unsourced (re-grants
    of which nobody says who paid) + not_on_record (passed on beyond what is recorded as received) - outgoing = in_network
    = regranted (now with somebody who was passed it on) + kept (with those who received it first).
    """
    own = received[["entered", "carried_over", "own", "unsourced", "from_members", "passed_on", "left_network"]]
    sums = {name: int(own[name].sum()) for name in own}
    inflow = own["entered"] + own["carried_over"] + own["own"] + own["unsourced"]
    net = inflow + own["from_members"] - own["passed_on"] - own["left_network"]
    held, beyond = net.clip(lower=0), (-net).clip(lower=0)
    regranted = (own["from_members"] - own["passed_on"]).clip(lower=0).clip(upper=held)
    return {
        "new_money": sums["entered"],
        "carried_over": sums["carried_over"] + sums["own"],
        "unsourced": sums["unsourced"],
        "not_on_record": int(beyond.sum()),
        "outgoing": sums["left_network"],
        "in_network": int(held.sum()),
        "regranted": int(regranted.sum()),
        "kept": int(held.sum() - regranted.sum()),
    }


def ends_with(received: pd.DataFrame) -> pd.Series:
    """What each member holds of signed money when everything passed on is taken from who passed it on (B04, B12)."""
    into = received["total"] + received["own"]
    return (into - received["passed_on"] - received["left_network"]).clip(lower=0)


def has_days(entries: pd.DataFrame, start: str = "starts_on", end: str = "ends_on") -> pd.Series:
    """Whether an entry has both dates, not inverted: without them its money is in no month."""
    return (entries[end] >= entries[start]).fillna(False).astype(bool)


def spread(entries: pd.DataFrame, start: str = "starts_on", end: str = "ends_on") -> pd.DataFrame:
    """Each entry's `minor` by calendar month, by inclusive days, cents by largest remainder (B06).

    Entries without both dates, or with inverted ones, are not spread (see `to_fix`). Returns the entry's columns with
    month (first day) and minor for that month; an entry's months add to its amount exactly.
    """
    usable = entries[entries["minor"].notna() & has_days(entries, start, end)].reset_index(drop=True)
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
            minor=whole_shares(usable["minor"].astype("int64").to_numpy(), row, days, (last - first).astype(int) + 1),
        )
    )


def split(entries: pd.DataFrame, parts: pd.DataFrame, by: str, key: str) -> pd.DataFrame:
    """Divide each entry's `minor` over `parts` (B18): adds `by`, 'not_stated' without a part.

    `parts`: `key`, `by` (text, or categories of which 'not_stated' is one), optional share_bp. Without any declared share:
    equal parts. With declared shares each part gets its own; what they leave is divided over the parts without a share, or
    is 'not_stated' where there are none. Shares beyond the whole place nothing: all of it is 'not_stated'. Nothing is ever
    stretched. Cents by largest remainder, so an entry's parts add to it.
    """
    parts = _with_rest(parts, by, key)
    joined = entries.assign(_row=range(len(entries))).merge(parts, on=key, how="left", sort=False)
    joined = joined.sort_values(["_row", by], kind="stable").reset_index(drop=True)
    row = joined["_row"].to_numpy()
    weight = joined["_weight"].fillna(1).to_numpy(dtype="int64")
    amounts = entries["minor"].fillna(0).to_numpy(dtype="int64")
    divided = whole_shares(
        amounts, row, weight, np.bincount(row, weights=weight, minlength=len(entries)).astype("int64")
    )
    joined[by] = joined[by].astype("str" if parts.empty else parts[by].dtype).fillna(NOT_STATED)
    joined["minor"] = pd.Series(divided, dtype="Int64").mask(joined["minor"].isna())
    return joined.drop(columns=["_row", "_weight"])


WHOLE_BP = 10_000


def _with_rest(parts: pd.DataFrame, by: str, key: str) -> pd.DataFrame:
    """One weight per entry and part: what is declared, equal parts of the rest, and the rest itself as 'not_stated'."""
    share = parts["share_bp"].astype("Int64") if "share_bp" in parts else pd.Series(pd.NA, parts.index, dtype="Int64")
    known = parts[[key, by]].assign(share=share, is_open=share.isna())
    of_entry = known.groupby(key)
    declared, unshared = of_entry["share"].transform("sum").fillna(0), of_entry["is_open"].transform("sum")
    any_declared = (of_entry["is_open"].transform("size") - unshared) > 0
    rest = (WHOLE_BP - declared).clip(lower=0)
    open_weight = rest.where(any_declared, unshared)
    weight = (known["share"].fillna(0) * unshared.clip(lower=1)).where(
        ~known["is_open"], open_weight.where(any_declared, 1)
    )
    is_over = declared > WHOLE_BP
    kept = known[[key, by]].assign(_weight=weight.astype("Int64"))[~is_over]
    left = known[any_declared & ~is_over & (unshared == 0) & (rest > 0)].drop_duplicates(key).index
    remainder = pd.DataFrame({key: known.loc[left, key], by: NOT_STATED, "_weight": rest[left]})
    whole = pd.concat([kept, remainder.astype({"_weight": "Int64"})], ignore_index=True) if len(left) else kept
    return whole[whole["_weight"] > 0].groupby([key, by], as_index=False, sort=False)["_weight"].sum()


def coverage_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Adds coverage, gap and surplus per line (B01): `lines` has need and funded in minor units, need NA if unknown.

    Gap is never netted across lines; need 0 has coverage NA and gap 0.
    """
    is_unknown = lines["need"].isna().to_numpy()
    need, funded = (lines[name].astype("Int64").to_numpy("int64", na_value=0) for name in ("need", "funded"))
    ratio = np.divide(funded, need, out=np.zeros(len(lines)), where=need > 0)

    def where_known(values: np.ndarray) -> pd.arrays.IntegerArray:
        return pd.arrays.IntegerArray(values, is_unknown.copy())

    return lines.assign(
        need=where_known(need),
        funded=pd.arrays.IntegerArray(funded, np.zeros(len(lines), dtype=bool)),
        coverage=pd.arrays.FloatingArray(ratio, is_unknown | (need <= 0)),
        gap=where_known(np.maximum(need - funded, 0)),
        surplus=where_known(np.maximum(funded - need, 0)),
    )


@dataclass(frozen=True)
class CoverageTotals:
    """Totals over lines with a stated need; what has none is beside, never inside (B01)."""

    lines: Coverage
    need: int
    funded: int
    gap: int
    surplus: int

    @property
    def coverage(self) -> float | None:
        return self.funded / self.need if self.need else None

    @property
    def coverage_capped(self) -> float | None:
        """Share of need met when surplus on one line cannot serve another."""
        return (self.need - self.gap) / self.need if self.need else None


def coverage_totals(lines: pd.DataFrame) -> CoverageTotals:
    """Sums of `coverage_lines` output."""
    is_known = lines["need"].notna().to_numpy()
    funded = lines["funded"].to_numpy("int64")
    need, gap, surplus = (int(lines[name].sum()) for name in ("need", "gap", "surplus"))
    return CoverageTotals(Coverage(int(is_known.sum()), len(lines)), need, int(funded[is_known].sum()), gap, surplus)


@dataclass(frozen=True)
class Cliff:
    """The first month, this one included, with signed money under 75 % of need; the first 25 % below today's (B07)."""

    today: int
    below_need: pd.Timestamp | None
    drop: pd.Timestamp | None
    last_day: pd.Timestamp | None


def is_short(monthly: pd.DataFrame) -> pd.Series:
    """Whether a month states a need and the money on the lines that state it is below three quarters of it (B07)."""
    enough = monthly["signed_on_need"] >= CLIFF_SHARE * monthly["need"].astype("Float64")
    return monthly["need"].gt(0).fillna(False) & ~enough.fillna(False)


def cliff(monthly: pd.DataFrame, as_of: pd.Timestamp, last_day: pd.Timestamp | None) -> Cliff:
    """`monthly`: month, signed, signed_on_need and need (NA if none is stated for the month).

    Need is compared with the money on the lines that state it; both thresholds as in METHODS B.1.
    """
    this_month = as_of.to_period("M").start_time
    now = monthly.loc[monthly["month"] == this_month, "signed"]
    today = int(now.iloc[0]) if len(now) else 0
    later = monthly[monthly["month"] > this_month]
    under = monthly[(monthly["month"] >= this_month) & is_short(monthly)]
    dropped = later[later["signed"] <= (1 - DROP_SHARE) * today] if today else later.iloc[:0]

    def first(rows: pd.DataFrame) -> pd.Timestamp | None:
        return rows["month"].iloc[0] if len(rows) else None

    return Cliff(today, first(under), first(dropped), last_day)


def runway(cash: float | None, monthly_cost: float | None) -> float | None:
    """Months of cash: cash over average monthly cost; None when either is unknown or nothing is spent (B08)."""
    if cash is None or not monthly_cost or pd.isna(cash) or pd.isna(monthly_cost):
        return None
    return cash / monthly_cost


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
    """Days from signature to first payment, unpaid ones still waiting (B17): days, outcome (paid, open), episodes.

    A grant paid on a day nobody recorded is paid, and in no waiting time.
    """
    is_timed = ~is_paid(grants) | grants["first_paid_on"].notna()
    signed = grants[(grants["status"] == "commitment") & (grants["committed_on"] <= as_of) & is_timed]
    paid = signed["first_paid_on"].notna() & (signed["first_paid_on"] <= as_of)
    until = signed["first_paid_on"].where(paid, as_of)
    rows = pd.DataFrame(
        {"days": (until - signed["committed_on"]).dt.days.clip(lower=0), "outcome": np.where(paid, "paid", "open")}
    )
    return rows.groupby(["days", "outcome"]).size().rename("episodes").reset_index()


def paid_in(grants: pd.DataFrame) -> pd.Series:
    """What was paid of each converted grant, in minor units of its reporting currency at the grant's own rate: payments in the
    grant's currency; NA without a payment on record or without an amount to convert by."""
    whole = grants["amount_minor"].astype("Float64")
    share = grants["paid_minor"].astype("Float64") / whole.where(whole > 0)
    return (grants["minor"].astype("Float64") * share).round().astype("Int64")


def is_paid(grants: pd.DataFrame) -> pd.Series:
    """Whether any payment of the grant is recorded, with or without its day."""
    with_day = grants["first_paid_on"].notna()
    return with_day | holds(grants["has_payment"]) if "has_payment" in grants else with_day


REASONS = (*NOT_CONVERTED, "no_dates", "inverted_dates", "shares_over_100", "no_country")


def to_fix(grants: pd.DataFrame, unplaced: set[int] | None = None, overshared: set[int] | None = None) -> pd.DataFrame:
    """Signed grants a figure had to leave out or could not place, one row per grant and reason (E.2).

    Adds `reason` to the grant's columns, in the order a steward would mend them. `unplaced`: ids without a country;
    `overshared`: ids whose declared shares add to more than the whole.
    """
    counted = grants[grants["status"] == "commitment"]
    what = standing(counted)
    masks = (
        *(what == reason for reason in NOT_CONVERTED),
        counted["starts_on"].isna() | counted["ends_on"].isna(),
        (counted["ends_on"] < counted["starts_on"]).fillna(False),
        counted["grant_id"].isin(overshared or set()),
        counted["grant_id"].isin((unplaced or set()) - (overshared or set())),
    )
    found = [np.flatnonzero(mask.to_numpy(dtype=bool)) for mask in masks]
    reason = np.repeat(REASONS, [len(places) for places in found])
    return counted.iloc[np.concatenate(found)].assign(reason=pd.array(reason, "str")).reset_index(drop=True)
