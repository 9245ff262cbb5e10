"""How fast relocation cases move: stock and flow, waiting times that include those still waiting (METHODS.md A).

Everything works on grouped rows: episodes per day, or a histogram of days with how each ended ('open' if it has not).
Cases are never loaded one by one. Unknown is None, never 0 or infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.metrics.statistics import Coverage, minimum_n, percent_change, percentile

AGE_EDGES = (0, 30, 90, 180, 365)
AGE_BUCKETS = ("0-29", "30-89", "90-179", "180-364", "365+", "unknown")
STANDARD_DAYS = 120
HORIZONS = (60, 120, 180, 365)
FEWEST_AT_RISK = 5
FEWEST_WEEKS = 8
WEEKS_USED = 12
FEWEST_MONTHS = 12
XMR_FACTOR = 2.66
LONGEST_FORECAST = 520
CLOCK_STEPS = (0, 30, 60, 90)
OUTCOMES = ("relocated", "other_route", "refused", "withdrawn", "lost_contact")


def monthly_flow(per_day: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Incoming and outgoing per month: month (first day), the columns of `per_day`, incoming, open_at_end, is_partial.

    `per_day`: on_date, opened, reopened, closed, closed_reopened, ineligible_in, ineligible_out, held, resumed. Months without events count 0. The identity
    end = begin + in - out holds by construction (A01, A10).
    """
    columns = ["opened", "reopened", "closed", "closed_reopened", "ineligible_in", "ineligible_out", "held", "resumed"]
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


def full_months(flow: pd.DataFrame) -> pd.DataFrame:
    """The months of a `monthly_flow` that are over; a part of a month is never compared with a whole one."""
    return flow[~flow["is_partial"].astype(bool)]


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
    """Closed against new and reopened over the last `months` full months, `skip` windows back; without what turned out
    ineligible (A.0)."""
    full = full_months(flow)
    end = len(full) - skip * months
    window = full.iloc[max(0, end - months) : max(0, end)]
    closed = int(window["closed"].sum() - window["ineligible_out"].sum())
    return ResolvedRate(closed, int(window["incoming"].sum() - window["ineligible_in"].sum()))


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
    """Three named denominators (A14): of_decided leaves withdrawals out, of_closed does not, non_decision; `unrecorded`:
    closings without an outcome, which are in no other, of all."""
    closed = durations[durations["outcome"] != "open"].groupby("outcome")["episodes"].sum()
    relocated, refused = int(closed.get("relocated", 0)), int(closed.get("refused", 0))
    undecided = int(closed.get("withdrawn", 0) + closed.get("lost_contact", 0))
    unknown = int(closed.get("unknown", 0))
    recorded = int(closed.sum()) - unknown
    return {
        "of_decided": Coverage(relocated, relocated + refused),
        "of_closed": Coverage(relocated, recorded),
        "non_decision": Coverage(undecided, recorded),
        "unrecorded": Coverage(unknown, int(closed.sum())),
    }


@dataclass(frozen=True)
class StockFlow:
    """A period's stocks and flows, as courts count them (A01, A03): episodes on hold are inactive.

    `closed` leaves out `closed_reopened`, as `new` leaves out `reopened`.
    """

    begin_active: int
    begin_inactive: int
    new: int
    reopened: int
    reactivated: int
    closed: int
    closed_reopened: int
    placed_inactive: int

    @property
    def incoming(self) -> int:
        return self.new + self.reopened + self.reactivated

    @property
    def outgoing(self) -> int:
        return self.closed + self.closed_reopened + self.placed_inactive

    @property
    def end_active(self) -> int:
        return self.begin_active + self.incoming - self.outgoing

    @property
    def end_inactive(self) -> int:
        return self.begin_inactive + self.placed_inactive - self.reactivated

    @property
    def clearance_rate(self) -> float | None:
        """Everything that left per 100 that came, parking included; shown nowhere, because parking looks like progress."""
        return 100 * self.outgoing / self.incoming if self.incoming else None

    @property
    def resolved_rate(self) -> float | None:
        """Closed per 100 new or reopened; placing on hold does not count (the product's figure)."""
        return ResolvedRate(self.closed + self.closed_reopened, self.new + self.reopened).percent


def stock_flow(flow: pd.DataFrame, months: int = 3) -> StockFlow:
    """Stocks and flows over the last `months` full months of a `monthly_flow`."""
    full = full_months(flow)
    window, before = full.tail(months), full.iloc[: max(0, len(full) - months)]
    held = int(before["held"].sum() - before["resumed"].sum())
    total = {name: int(window[name].sum()) for name in ("opened", "reopened", "closed", "closed_reopened")}
    return StockFlow(
        begin_active=int(before["incoming"].sum() - before["closed"].sum()) - held,
        begin_inactive=held,
        new=total["opened"],
        reopened=total["reopened"],
        reactivated=int(window["resumed"].sum()),
        closed=total["closed"] - total["closed_reopened"],
        closed_reopened=total["closed_reopened"],
        placed_inactive=int(window["held"].sum()),
    )


def disposition_days(resolved: int, pending: int, days: int) -> float | None:
    """At this pace, days needed to close everything open; None when nothing was closed (A05)."""
    return days * pending / resolved if resolved else None


def months_of_work(pending: int, arrivals_latest_first: Sequence[int]) -> float | None:
    """Months of arrivals, counted back from the newest, that make up what is open; None when history is too short
    (A07)."""
    left = float(pending)
    for months, arrivals in enumerate(arrivals_latest_first):
        if arrivals >= left:
            return months + (left / arrivals if arrivals else 0.0)
        left -= arrivals
    return None


@dataclass(frozen=True)
class LittlesLaw:
    """Average number open against departures per day times their mean time: equal when a window starts and ends
    empty (A08). A check of the data, not a forecast."""

    average_open: float
    departures: int
    days: int
    mean_time: float | None

    @property
    def expected(self) -> float | None:
        return None if self.mean_time is None else self.departures / self.days * self.mean_time


def littles_law(per_day: pd.DataFrame, ended: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> LittlesLaw:
    """The check over the days from `first` up to, not including, `last`.

    `per_day`: on_date, opened, reopened, closed; `ended`: days, episodes of what ended in the window. What turned out
    ineligible counts in neither where `per_day` says how much of it there was.
    """
    days = pd.date_range(first, last, inclusive="left")
    change = per_day.set_index("on_date")
    net = change["opened"] + change["reopened"] - change["closed"]
    if "ineligible_in" in change:
        net = net - change["ineligible_in"] + change["ineligible_out"]
    net = net.groupby(level=0).sum().cumsum()
    stock = net.reindex(net.index.union(days)).ffill().fillna(0).reindex(days)
    departures = int(ended["episodes"].sum())
    mean = float((ended["days"] * ended["episodes"]).sum() / departures) if departures else None
    return LittlesLaw(float(stock.mean()), departures, len(days), mean)


def weekly(per_day: pd.DataFrame, as_of: pd.Timestamp, weeks: int = WEEKS_USED) -> pd.DataFrame:
    """The last full weeks of seven days that end at the cut-off: arrivals, closures; oldest first, empty weeks 0."""
    if per_day.empty:
        return pd.DataFrame({"arrivals": [], "closures": []}, dtype="int64")
    back = (as_of - per_day["on_date"]).dt.days
    first = (as_of - per_day["on_date"].min()).days
    kept = per_day[(back >= 0) & (back < 7 * weeks)].assign(week=back // 7)
    kept = kept.assign(arrivals=kept["opened"] + kept["reopened"], closures=kept["closed"])
    whole = range(min(weeks, (first + 1) // 7) - 1, -1, -1)
    found = kept.groupby("week")[["arrivals", "closures"]].sum().reindex(whole, fill_value=0)
    return found.astype("int64").reset_index(drop=True)


@dataclass(frozen=True)
class Forecast:
    """`cleared`: chance that nothing is open after week 1, 2, …; `weekly_growth`: mean arrivals less closures."""

    cleared: np.ndarray
    weekly_growth: float

    def weeks_at(self, chance: float) -> int | None:
        """The first week by which everything is cleared with this chance; None when that is not foreseeable, as where no fewer
        come than go (METHODS A.1)."""
        if self.weekly_growth >= 0:
            return None
        reached = np.flatnonzero(self.cleared >= chance - 1e-12)
        return int(reached[0]) + 1 if len(reached) else None


def forecast(
    backlog: int, closures: Sequence[int], arrivals: Sequence[int] = (0,), weeks: int = LONGEST_FORECAST
) -> Forecast | None:
    """When everything open would be cleared if each week repeats one of the past ones, by exact convolution (A22, A24).

    None below eight full weeks of history (A26). Closures and arrivals are drawn independently; cleared is cleared.
    """
    if len(closures) < FEWEST_WEEKS:
        return None
    return exact_forecast(backlog, closures, arrivals, weeks)


def exact_forecast(
    backlog: int, closures: Sequence[int], arrivals: Sequence[int], weeks: int = LONGEST_FORECAST
) -> Forecast:
    """`forecast` for any length of history."""
    gone, come = np.bincount(np.asarray(closures)), np.bincount(np.asarray(arrivals))
    step = np.convolve(come / come.sum(), (gone / gone.sum())[::-1])
    most_gone = len(gone) - 1
    growth = float(np.mean(arrivals)) - float(np.mean(closures))
    chance, done, cleared = np.zeros(backlog + 1), 0.0, []
    chance[backlog] = 1.0
    if not backlog:
        return Forecast(np.ones(1), growth)
    for _week in range(weeks):
        moved = np.convolve(chance, step)
        done += float(moved[: most_gone + 1].sum())
        chance = np.concatenate([[0.0], moved[most_gone + 1 :]])
        kept = np.flatnonzero(chance > 1e-15)
        chance = chance[: kept[-1] + 1] if len(kept) else np.zeros(1)
        cleared.append(done)
        if done > 1 - 1e-9:
            break
    return Forecast(np.array(cleared), growth)


def open_after(open_ages: pd.DataFrame, curve: pd.DataFrame, days: int, ahead: int) -> tuple[int, int, float]:
    """Cases older than `days` now; those that will be in `ahead` days if none of them ends; and the number to expect
    if they end as past cases did (`curve` of `survival.outcome_curve`), past its last day as on it."""
    ages = open_ages["days"].astype(float)
    now = int(open_ages.loc[ages > days, "episodes"].sum())
    crossing = open_ages[ages > days - ahead]
    steps = np.concatenate([[1.0], curve["still_open"].to_numpy(dtype=float)])
    known = curve["t"].to_numpy(dtype=float)

    def still(day: pd.Series) -> np.ndarray:
        return steps[np.searchsorted(known, day.to_numpy(dtype=float), side="right")]

    before, after = still(crossing["days"]), still(crossing["days"] + ahead)
    staying = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    return now, int(crossing["episodes"].sum()), float((staying * crossing["episodes"].to_numpy(dtype=float)).sum())


def waiting_by_stage(stage_days: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Share of waiting days per stage from `first` up to, not including, `last` (A21): stage, days, share.

    `stage_days`: on_date, stage, entered, moved_on. Open stays are included; shares add to 1.
    """
    net = stage_days["entered"] - stage_days["moved_on"]
    from_day = stage_days["on_date"].clip(lower=first)
    lasting = (last - from_day).dt.days.clip(lower=0)
    days = (net * lasting).groupby(stage_days["stage"]).sum()
    days = days[days > 0].sort_values(ascending=False, kind="stable")
    total = days.sum()
    return pd.DataFrame({"stage": days.index, "days": days.to_numpy(), "share": (days / total).to_numpy(dtype=float)})


def stage_stock(stage_days: pd.DataFrame, day: pd.Timestamp) -> dict[str, int]:
    """Episodes in each stage at the end of `day`, send-backs in the stage they were sent back to (A11)."""
    seen = stage_days[stage_days["on_date"] <= day]
    stock = (seen["entered"] - seen["moved_on"]).groupby(seen["stage"]).sum()
    return {stage: int(n) for stage, n in stock.items() if n}


def reached_by(stage_days: pd.DataFrame, day: pd.Timestamp) -> dict[str, int]:
    """Episodes that had reached each stage or a later one by the end of `day`; lines never cross (A11)."""
    seen = stage_days[stage_days["on_date"] <= day].groupby("stage")["reached"].sum()
    return {stage: int(n) for stage, n in seen.items()}


def cohorts(reach: pd.DataFrame, stages: Sequence[str], as_of: pd.Timestamp, horizon: int) -> pd.DataFrame:
    """Of the cases opened in a month, how many reached each stage or a later one within `horizon` days (A27).

    `reach`: opened_month, stage ('opened' for all), episodes. Returns month, n, is_mature, and per stage its count;
    a cohort is mature when its last day is at least `horizon` days back.
    """
    wide = reach.pivot_table(index="opened_month", columns="stage", values="episodes", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=["opened", *stages], fill_value=0).astype("int64")
    month_end = wide.index + pd.offsets.MonthEnd(0)
    mature = month_end + pd.Timedelta(days=horizon) <= as_of
    return wide.rename(columns={"opened": "n"}).rename_axis("month", axis=0).assign(is_mature=mature).reset_index()


def entry_delay(lags: pd.DataFrame, within: Sequence[int]) -> tuple[dict[int, float | None], int | None]:
    """Share of settled events that had been entered within x days, and the median delay (A35). `lags`: days, events."""
    total = int(lags["events"].sum())
    shares = {x: float(lags.loc[lags["days"] <= x, "events"].sum()) / total if total else None for x in within}
    return shares, percentile(lags["days"], 50, lags["events"])


@dataclass(frozen=True)
class Limits:
    """What a month usually brings: mean, and the limits beyond which it is unusual (A41)."""

    mean: float
    lower: float
    upper: float

    def above(self, values: pd.Series) -> pd.Series:
        """Which values are unusually many."""
        return values > self.upper

    def below(self, values: pd.Series) -> pd.Series:
        """Which values are unusually few."""
        return values < self.lower


def usual(monthly: Sequence[int]) -> Limits | None:
    """XmR limits of full months: mean ± 2.66 × mean moving range; None below twelve months (A41)."""
    if len(monthly) < FEWEST_MONTHS:
        return None
    values = np.asarray(monthly, dtype=float)
    spread = XMR_FACTOR * float(np.abs(np.diff(values)).mean())
    return Limits(float(values.mean()), float(values.mean()) - spread, float(values.mean()) + spread)


@dataclass(frozen=True)
class Comparison:
    """A month against another: percent (None from 0) and what it is compared with: year, or three_months."""

    month: pd.Timestamp
    value: int
    then: float
    percent: float | None
    against: str


def compare(monthly: pd.Series) -> Comparison | None:
    """The newest full month against the same month last year; with less history against the three months before (A34).

    `monthly`: counts indexed by the first day of each full month. None without anything to compare.
    """
    if len(monthly) < 4:
        return None
    month, value = monthly.index[-1], int(monthly.iloc[-1])
    year_ago = month - pd.DateOffset(years=1)
    if year_ago in monthly.index:
        then, against = float(monthly[year_ago]), "year"
    else:
        then, against = float(monthly.iloc[-4:-1].mean()), "three_months"
    return Comparison(month, value, then, percent_change(then, value), against)


@dataclass(frozen=True)
class LikeForLike:
    """The running month to date against the same days of the month before, clipped to its end (A33)."""

    current: int
    current_days: int
    previous: int
    previous_days: int

    @property
    def change_in_daily_rate(self) -> float | None:
        return percent_change(self.previous / self.previous_days, self.current / self.current_days)


def like_for_like(per_day: pd.Series, as_of: pd.Timestamp) -> LikeForLike:
    """`per_day`: counts indexed by day."""
    start = as_of.replace(day=1)
    before = start - pd.DateOffset(months=1)
    last = min(before + pd.Timedelta(days=as_of.day - 1), start - pd.Timedelta(days=1))
    days = per_day.index
    return LikeForLike(
        int(per_day[(days >= start) & (days <= as_of)].sum()),
        as_of.day,
        int(per_day[(days >= before) & (days <= last)].sum()),
        last.day,
    )


def running_out(clocks: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Open episodes by days left of their legal stay: route, left (over, 30, 60, 90, later), episodes.

    `clocks`: route, stay_ends_on, episodes. A stay that ends today is over.
    """
    left = (clocks["stay_ends_on"] - as_of).dt.days.astype(float)
    names = ["over", *(f"within_{step}" for step in CLOCK_STEPS[1:]), "later"]
    bucket = pd.cut(left, [-np.inf, *CLOCK_STEPS, np.inf], labels=names).astype("str")
    return clocks.assign(left=bucket).groupby(["route", "left"], as_index=False)["episodes"].sum()
