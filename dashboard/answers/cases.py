"""Live relocation cases of a coordinator's countries, grouped: where they are stuck, whom to call, what to expect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

import pandas as pd

from dashboard.metrics import relocation, survival
from dashboard.metrics.statistics import Coverage, minimum_n, wilson
from dashboard.page.blocks import Chart, Figure, Glance, Summary, Table
from dashboard.page.reading import found_once, read, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext
from data_access.schema import STAGES

LiveFigure = partial(Figure, is_live=True)
HALF_YEAR, A_YEAR = 180, 365
MONTH = 30
STANDS_OUT = 1.5
MOST_OF_IT = 0.6
UNKNOWN_STAGE = "unknown"


@dataclass(frozen=True)
class Live:
    """Grouped live cases: `flow` per month, `per_day`, `durations` (histogram), `open_ages` by stage, `problems`."""

    flow: pd.DataFrame
    per_day: pd.DataFrame
    durations: pd.DataFrame
    open_ages: pd.DataFrame
    problems: pd.DataFrame

    @property
    def open_now(self) -> int:
        return int(self.open_ages["episodes"].sum())

    @property
    def curve(self) -> pd.DataFrame:
        """Outcomes by day since opening, open cases included (A16)."""
        return _curve(self)


@found_once
def find(visit: Visit) -> Live:
    """Read the grouped cases; the flow is never cut by the period, because open cases are a running sum."""
    filters, viewer = visit.filters, visit.viewer
    per_day = read(queries.relocation.flow(filters, viewer))
    return Live(
        relocation.monthly_flow(per_day, visit.cases_as_of),
        per_day,
        read(queries.relocation.durations(filters, viewer)),
        read(queries.relocation.open_by_stage(filters, viewer)),
        read(queries.relocation.problems(filters, viewer)),
    )


@found_once
def _curve(cases: Live) -> pd.DataFrame:
    return survival.outcome_curve(cases.durations)


def part_names() -> dict[str, str]:
    """The parts of the page, in reading order."""
    return {
        "now": _("Where cases wait"),
        "call": _("Whom to call"),
        "flow": _("Arriving and leaving"),
        "outcomes": _("Outcomes and routes"),
        "programmes": _("Programmes side by side"),
        "after": _("After arrival"),
        "places": _("Places and journeys"),
        "records": _("Records"),
    }


@shown_once
def summary(visit: Visit, cases: Live) -> Summary:
    """Five KPIs of METHODS E.4 over live cases."""
    open_now = relocation.open_on(cases.per_day, visit.cases_as_of)
    due, half = relocation.on_time_share(cases.durations), half_end_within(cases)
    if half.value is not None:
        sentence = ngettext(
            "{n} case is open; half of all cases end within {days}, those still waiting included.",
            "{n} cases are open; half of all cases end within {days}, those still waiting included.",
            open_now,
        )
    else:
        sentence = ngettext(
            "{n} case is open; too few have ended to say how long they take.",
            "{n} cases are open; too few have ended to say how long they take.",
            open_now,
        )
    on_time = LiveFigure("on_time", due.share, written.percent(due.share), between(due), written.out_of(due))
    return Summary(
        sentence.format(n=written.number(open_now), days=half.shown),
        [_open_cases(visit, cases, open_now), _resolved_rate(cases), half, on_time, _open_long(cases)],
    )


def _open_cases(visit: Visit, cases: Live, open_now: int) -> Figure:
    as_of = visit.cases_as_of
    then = as_of - (pd.offsets.MonthEnd(3) if as_of.is_month_end else pd.DateOffset(months=3))
    held = int(cases.open_ages.loc[cases.open_ages["on_hold"].astype(bool), "episodes"].sum())
    change = written.signed(open_now - relocation.open_on(cases.per_day, then))
    return LiveFigure(
        "open_cases",
        open_now,
        written.number(open_now),
        _("{change} since {day}").format(change=change, day=written.day(then)),
        _("{n} on hold").format(n=written.number(held)),
    )


def _resolved_rate(cases: Live) -> Figure:
    rate, earlier = relocation.resolved_rate(cases.flow), relocation.resolved_rate(cases.flow, skip=1)
    said = _("{closed} closed while {incoming} came, in 3 full months, those not eligible left out").format(
        closed=written.number(rate.closed), incoming=written.number(rate.incoming)
    )
    before = _("{n} in the 3 months before").format(n=_per_hundred(earlier.percent))
    return LiveFigure(
        "resolved_rate",
        rate.percent,
        _per_hundred(rate.percent),
        said if rate.incoming else _("no new cases"),
        before if earlier.percent is not None else _("nothing to compare with in the 3 months before"),
    )


def _per_hundred(rate: float | None) -> str:
    return written.percent(None if rate is None else rate / 100)


def _open_long(cases: Live) -> Figure:
    old, days = relocation.open_longer_than(cases.open_ages), cases.open_ages["days"].dropna()
    oldest = written.days(int(days.max()) if len(days) else None)
    return LiveFigure(
        "open_long",
        old.known,
        written.number(old.known),
        _("oldest {days}").format(days=oldest),
        written.out_of(old),
    )


def half_end_within(cases: Live) -> Figure:
    """Days by which half and four in five have ended, with limits; or why that cannot be said yet (X06)."""
    followed = _("{n} cases followed").format(n=written.number(int(cases.durations["episodes"].sum())))
    ended = int(cases.durations.loc[cases.durations["outcome"] != "open", "episodes"].sum())
    if not relocation.can_show_percentile(cases.durations, 50):
        why = _("{k} have ended, {n} are needed to say").format(k=written.number(ended), n=minimum_n(50))
        return LiveFigure("half_end_within", None, "–", why, followed)
    readable = relocation.readable(cases.curve)
    half = survival.days_until(readable, 0.5)
    if half is None:
        return LiveFigure("half_end_within", None, "–", _("fewer than half have closed yet"), followed)
    low, high = survival.limits_of(cases.curve, 0.5)
    parts = [
        _("at least {n}").format(n=written.number(low))
        if high is None
        else written.between(written.number(low), written.number(high))
    ]
    four = survival.days_until(readable, 0.8)
    if four is not None and relocation.can_show_percentile(cases.durations, 80):
        parts.append(_("four in five within {days}").format(days=written.days(four)))
    else:
        parts.append(_("fewer than four in five have ended yet"))
    return LiveFigure("half_end_within", half, written.days(half), " · ".join(parts), followed)


ENDED_BY = (30, 90, 180, 365)


def ended_by(cases: Live) -> Glance:
    """The share of cases that had ended by some days since opening, those still waiting included."""
    curve = relocation.readable(cases.curve)
    lines = []
    for days in ENDED_BY:
        reached = curve[curve["t"] <= days]
        if len(reached) and days <= curve["t"].max():
            share = 1 - float(reached["still_open"].iloc[-1])
            lines.append((_("within {days}").format(days=written.days(days)), share, written.percent(share)))
    return Glance(_("Cases that have ended, by days since opening"), lines)


def between(share: Coverage) -> str:
    """The 95 % interval of a share in words, empty when there is nothing to judge."""
    limits = wilson(share.known, share.total)
    if limits is None:
        return ""
    return written.between(written.percent(limits[0]), written.percent(limits[1]))


def _a_year_before(visit: Visit) -> pd.Timestamp:
    return visit.cases_as_of - pd.DateOffset(years=1)


def moves(visit: Visit) -> pd.DataFrame:
    """The columns of `queries.relocation.stage_days` for the last year; what was before stands on its first day."""
    return read(queries.relocation.stage_days(visit.filters, visit.viewer, _a_year_before(visit).date()))


@shown_once
def bottleneck(visit: Visit) -> Chart | None:
    """Where the waiting of the last twelve months happened; None when nobody waited."""
    waited = relocation.waiting_by_stage(moves(visit), _a_year_before(visit), visit.cases_as_of)
    if waited.empty:
        return None
    title = _bottleneck_title(waited)
    waited = in_process_order(waited)
    shown = [written.percent(share) for share in waited["share"]]
    names = {stage: codes.word(stage) for stage in waited["stage"]}
    return Chart(
        "bottleneck",
        title,
        waited.rename(columns={"days": "waiting_days", "share": "waiting_share"}),
        _("Share of the days cases spent in each stage over the last 12 months, {n} days in all; open cases included. A "
          "stage lasts until the next is reached: “verified” is the wait for a complete file.")
        .format(n=written.number(int(waited["days"].sum()))),
        charts.ranked_bars(
            waited.assign(percent=(waited["share"] * 100).round(1)), "stage", [("percent", "%")], names, unknown=("unknown",),
            text=shown, suffix=" %",
        ),
        charts.alternative(title, list(names.values()), shown),
        "rows",
        opens_under="ages",
        is_live=True,
    )  # fmt: skip


def in_process_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by stage in the order of the process, an unknown stage last."""
    place = {stage: number for number, stage in enumerate(STAGES)}
    return rows.sort_values(
        "stage", key=lambda stages: stages.map(place).fillna(len(place)), kind="stable", ignore_index=True
    )


def _bottleneck_title(waited: pd.DataFrame) -> str:
    """One stage if it stands out, else how many share most of the waiting."""
    known = waited[waited["stage"] != UNKNOWN_STAGE]
    waited = waited if known.empty else known
    first = waited.iloc[0]
    if len(waited) == 1 or first["share"] >= STANDS_OUT * waited["share"].iloc[1]:
        return _("“{stage}” takes {share} of all waiting").format(
            stage=codes.word(first["stage"]), share=written.percent(first["share"])
        )
    several = waited[: int((waited["share"].cumsum() < MOST_OF_IT).sum()) + 1]
    return _("{n} stages share {share} of all waiting: {stages}").format(
        n=written.number(len(several)),
        share=written.percent(float(several["share"].sum())),
        stages=written.listing([codes.word(stage) for stage in several["stage"]]),
    )


@shown_once
def ages(cases: Live) -> Chart:
    """Who has waited too long, and where."""
    buckets = relocation.age_buckets(cases.open_ages)
    totals = buckets.groupby("stage")["episodes"].sum().sort_values(ascending=False, kind="stable")
    buckets = in_process_order(buckets)
    title = _ages_title(totals)
    names = {value: codes.word(value) for value in [*buckets["stage"], *relocation.AGE_BUCKETS]}
    stages = buckets.groupby("stage", sort=False)["episodes"].sum().reset_index()
    return Chart(
        "ages",
        title,
        buckets,
        _("Open cases by current stage and days since opening."),
        charts.stacked_bars(buckets, "stage", "bucket", "episodes", relocation.AGE_BUCKETS, names, "unknown"),
        charts.alternative(title, [codes.word(s) for s in totals.index], [written.number(n) for n in totals]),
        "rows",
        on_paper=Table("brief_stages", title, stages, _("Open cases by current stage."), is_live=True),
        is_live=True,
    )


def _ages_title(totals: pd.Series) -> str:
    """Where most open cases are, or more than anywhere else; neutral when no stage stands out."""
    if totals.empty or (len(totals) > 1 and totals.iloc[0] == totals.iloc[1]):
        return _("Open cases by stage and age")
    share = float(totals.iloc[0] / totals.sum())
    text = (
        _("Most open cases are at “{stage}” ({share})")
        if share > 0.5
        else _("More open cases are at “{stage}” than at any other stage ({share})")
    )
    return text.format(stage=codes.word(totals.index[0]), share=written.percent(share))


@shown_once
def soon_too_long(cases: Live) -> list[Figure]:
    """How many cases will have been open for more than 180 days in a month, and how much work is waiting."""
    curve = relocation.readable(cases.curve)
    now, at_most, expected = relocation.open_after(cases.open_ages, curve, HALF_YEAR, MONTH)
    full = relocation.full_months(cases.flow)
    dated = Coverage(int(cases.open_ages.loc[cases.open_ages["days"].notna(), "episodes"].sum()), cases.open_now)
    recorded = ngettext("{n} full month on record", "{n} full months on record", len(full)).format(n=len(full))
    months = relocation.months_of_work(cases.open_now, list(full["incoming"].iloc[::-1]))
    window = full.tail(3)
    days = int((pd.to_datetime(window["month"]) + pd.offsets.MonthEnd(0)).dt.day.sum())
    pace = relocation.disposition_days(int(window["closed"].sum()), cases.open_now, days)
    return [
        LiveFigure(
            "open_very_long",
            now,
            written.number(now),
            _("of {n} open cases").format(n=written.number(cases.open_now)),
            written.based_on(dated),
        ),
        LiveFigure(
            "soon_very_long",
            expected,
            _("about {n}").format(n=written.number(expected)),
            _("at most {n}, if no case ends by then").format(n=written.number(at_most)),
            _("if cases end as past ones did"),
        ),
        LiveFigure(
            "months_of_work",
            months,
            _("{n} months").format(n=written.decimal(months)) if months is not None else "–",
            _("of arrivals are waiting") if months is not None else _("the records are too short to say"),
            recorded,
        ),
        LiveFigure(
            "pace",
            pace,
            written.days(None if pace is None else round(pace)),
            _("to close all open cases at the pace of 3 months")
            if pace is not None
            else _("no case was closed in 3 months"),
            recorded,
        ),
    ]


@shown_once
def clocks(visit: Visit) -> Chart | None:
    """Legal stays that run out; None when no open case is on a route with a clock."""
    stays = read(queries.relocation.clocks(visit.filters, visit.viewer))
    if stays.empty:
        return None
    found = relocation.running_out(stays, visit.cases_as_of)
    from_entry = int(stays.loc[stays["is_from_entry"].astype(bool), "episodes"].sum())
    order = ["later", "within_90", "within_60", "within_30", "over"]
    soon = int(found.loc[found["left"].isin(order[-2:]), "episodes"].sum())
    title = ngettext(
        "The legal stay of {n} open case is over or ends within 30 days",
        "The legal stay of {n} open cases is over or ends within 30 days",
        soon,
    ).format(n=written.number(soon))
    names = {route: codes.code("route", route) for route in found["route"]} | {left: codes.word(left) for left in order}
    return Chart(
        "clocks",
        title,
        found.rename(columns={"left": "clock_left"}),
        _(
            "Open cases with a legal clock on record, by days of stay left: {k} of {n} counted from entry, the others from the opening of the case."
        ).format(k=written.number(from_entry), n=written.number(stays["episodes"].sum())),
        charts.stacked_bars(found, "route", "left", "episodes", order, names),
        charts.alternative(
            title,
            [f"{names[r.route]} {names[r.left]}" for r in found.itertuples()],
            [written.number(n) for n in found["episodes"]],
        ),
        "rows",
        is_live=True,
    )


def long_over(visit: Visit) -> date:
    """The day before which a legal stay must have ended for its case to be a record to check."""
    return (visit.cases_as_of - pd.Timedelta(days=A_YEAR)).date()


@shown_once
def notes(visit: Visit, cases: Live) -> list[str]:
    """What the live figures leave out, and how they count."""
    broken = int(cases.problems["episodes"].sum())
    shares = relocation.outcome_shares(cases.durations)
    left_out = ngettext(
        "{n} record contradicts itself or lacks a date and is left out of dated figures.",
        "{n} records contradict themselves or lack a date and are left out of dated figures.",
        broken,
    )
    unrecorded = shares["unrecorded"]
    return [
        left_out.format(n=written.number(broken)),
        *(f"{codes.word(row.problem)}: {written.number(row.episodes)}" for row in cases.problems.itertuples()),
        _("A reopened case counts as a new episode. Figures count cases, not people, unless they say people."),
        entry_delay_words(visit),
        _(
            "Relocated of decided {decided} ({interval}), of all closed {closed}; ended without a decision {none}."
        ).format(
            decided=written.percent(shares["of_decided"].share),
            interval=between(shares["of_decided"]) or "–",
            closed=written.percent(shares["of_closed"].share),
            none=written.percent(shares["non_decision"].share),
        ),
        *(
            [
                _("{k} of {n} closings have no recorded outcome: they are in none of these shares.").format(
                    k=written.number(unrecorded.known), n=written.number(unrecorded.total)
                )
            ]
            if unrecorded.known
            else []
        ),
        _("The waiting times include those still waiting; closed cases alone would mislead."),
        _("Cases opened before records began enter the curves on the day recording began."),
    ]


def entry_delay_words(visit: Visit) -> str:
    """How much of the newest week is usually entered by now."""
    shares, median = relocation.entry_delay(read(queries.relocation.lags(visit.filters, visit.viewer)), (7,))
    if median is None:
        return _("The newest weeks are incomplete: entries arrive late.")
    return _("Entries arrive late: half within {days}; about {share} of what happened a week ago is entered by now.").format(
        days=written.days(median), share=written.percent(shares[7])
    )  # fmt: skip
