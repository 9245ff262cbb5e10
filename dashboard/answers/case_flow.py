"""Arrivals against closings of live cases: months, the forecast, and how the counts agree."""

from __future__ import annotations

import pandas as pd

from dashboard.answers import events
from dashboard.answers.cases import Live, moves
from dashboard.metrics import relocation
from dashboard.page.blocks import Chart, Table
from dashboard.page.reading import read, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext

CHANCES = (0.5, 0.85, 0.95)


@shown_once
def arrived_and_left(visit: Visit, cases: Live) -> Chart:
    """The running totals with the gap that waits, and the marks of policy."""
    lines = relocation.cumulative_flow(cases.flow)
    title = _direction(cases)
    newest, marks = lines.iloc[::-1], events.marks(visit, lines["month"], of_cases=True)
    said = _("Episodes opened or reopened, and closed with any outcome, added up since the records begin.")
    return Chart(
        "arrived_left",
        title,
        lines,
        said,
        charts.two_lines(lines, "month", ("arrived", _("arrived")), ("left", _("left")), _("still waiting"), marks),
        charts.alternative(
            title,
            [written.short_month(month) for month in newest["month"]],
            [written.number(n) for n in newest["still_waiting"]],
        ),
        is_live=True,
        marked=events.named(marks),
    )


def _direction(cases: Live) -> str:
    """Whether open cases grew or shrank over the last three full months."""
    window = relocation.full_months(cases.flow).tail(3)
    more = int(window["incoming"].sum() - window["closed"].sum())
    if not more:
        return _("Over 3 full months as many cases left as came")
    text = (
        ngettext(
            "Over 3 full months {n} more case came than left", "Over 3 full months {n} more cases came than left", more
        )
        if more > 0
        else ngettext(
            "Over 3 full months {n} more case left than came", "Over 3 full months {n} more cases left than came", -more
        )
    )
    return text.format(n=written.number(abs(more)))


@shown_once
def months(visit: Visit, cases: Live) -> Chart:
    """Opened and closed per month, the running month hatched, with what is unusual in words."""
    flow, marks = cases.flow, events.marks(visit, cases.flow["month"], of_cases=True)
    title = month_title(flow)
    columns = ["month", "opened", "reopened", "closed", "open_at_end"]
    values = [("incoming", _("opened or reopened")), ("closed", _("closed"))]
    newest = flow.iloc[::-1]
    return Chart(
        "flow",
        title,
        newest[columns],
        " ".join(part for part in (to_date(visit, cases), unusual_months(flow)) if part),
        charts.columns_over_time(flow, "month", values, partial="is_partial", marks=marks),
        charts.alternative(
            title,
            [written.short_month(month) for month in newest["month"]],
            [f"{a}/{b}" for a, b in zip(newest["incoming"], newest["closed"], strict=True)],
        ),
        is_live=True,
        marked=events.named(marks),
    )


def month_title(flow: pd.DataFrame) -> str:
    """The newest full month against the same month last year, or the three months before."""
    full = relocation.full_months(flow).set_index("month")["incoming"]
    found = relocation.compare(full)
    if found is None:
        return _("Opened and closed by month")
    if found.percent is None:
        said = (
            _("Cases that arrived in {month}: {n}, in the same month last year: {then}")
            if found.against == "year"
            else _("Cases that arrived in {month}: {n}, on average of the 3 months before: {then}")
        )
    else:
        said = (
            _("Cases that arrived in {month}: {n} ({change} % against the same month last year)")
            if found.against == "year"
            else _("Cases that arrived in {month}: {n} ({change} % against the average of the 3 months before)")
        )
    return said.format(
        month=written.month(found.month),
        n=written.number(found.value),
        then=written.decimal(found.then),
        change="" if found.percent is None else written.signed(round(found.percent)),
    )


def to_date(visit: Visit, cases: Live) -> str:
    """The running month against the same days of the month before."""
    arrivals = cases.per_day.assign(n=cases.per_day["opened"] + cases.per_day["reopened"])
    if arrivals.empty:
        return ""
    found = relocation.like_for_like(arrivals.set_index("on_date")["n"], visit.cases_as_of)
    return _("To {day}: {now} arrived in {days} days, {then} in the first {before} days of the month before.").format(
        day=written.day(visit.cases_as_of),
        now=written.number(found.current),
        days=found.current_days,
        then=written.number(found.previous),
        before=found.previous_days,
    )


def unusual_months(flow: pd.DataFrame) -> str:
    """Full months outside the usual range of arrivals or closures, the newest year of them."""
    full = relocation.full_months(flow)
    parts = []
    for column, name in (("incoming", _("arrivals")), ("closed", _("closures"))):
        limits = relocation.usual(list(full[column]))
        if limits is None:
            continue
        newest = full.tail(12)
        marked = [
            text.format(months=written.listing([written.short_month(month) for month in newest["month"][beyond]]))
            for text, beyond in (
                (_("more than usual in {months}"), limits.above(newest[column])),
                (_("fewer than usual in {months}"), limits.below(newest[column])),
            )
            if beyond.any()
        ]
        parts.append(
            _("{name} usually lie between {low} and {high} a month").format(
                name=name, low=written.number(max(0, limits.lower)), high=written.number(limits.upper)
            )
            + "".join(f", {text}" for text in marked)
        )
    if not parts:
        return _("With fewer than 12 full months nothing is called unusual.")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


@shown_once
def forecast(visit: Visit, cases: Live) -> Chart | None:
    """When all open cases would be closed at the pace of the last weeks; None without eight full weeks."""
    weeks = relocation.weekly(cases.per_day, visit.cases_as_of)
    alone = relocation.forecast(cases.open_now, list(weeks["closures"]))
    if alone is None or not cases.open_now:
        return None
    going = relocation.forecast(cases.open_now, list(weeks["closures"]), list(weeks["arrivals"]))
    assert going is not None
    rows = pd.DataFrame(
        [
            {"scenario": name, **{f"weeks_{round(c * 100)}": found.weeks_at(c) for c in CHANCES}}
            for name, found in (("without_arrivals", alone), ("with_arrivals", going))
        ]
    ).astype({f"weeks_{round(c * 100)}": "Int64" for c in CHANCES})
    even = alone.weeks_at(0.5)
    title = ngettext(
        "Without new arrivals, all open cases would be closed in {n} week, at even odds",
        "Without new arrivals, all open cases would be closed in {n} weeks, at even odds",
        even or 0,
    ).format(n=written.number(even))
    if even is None:
        title = _("At the pace of the last {n} weeks open cases would not be closed").format(n=len(weeks))
    drawn = rows.assign(
        first=rows["weeks_50"], second=rows["weeks_85"] - rows["weeks_50"], third=rows["weeks_95"] - rows["weeks_85"]
    )
    parts = [("first", _("weeks, even odds")), ("second", _("more to 85 %")), ("third", _("more to 95 %"))]
    names = {name: codes.word(name) for name in rows["scenario"]}
    text = [_weeks_in_words(even, late) for even, late in zip(rows["weeks_50"], rows["weeks_95"], strict=True)]
    return Chart(
        "forecast",
        title,
        rows,
        " ".join((growth(going, weeks), _("Each week to come is taken to be like one of the last {n}.").format(n=len(weeks)))),
        charts.ranked_bars(drawn.fillna(0), "scenario", parts, names, text=text),
        charts.alternative(title, list(names.values()), text),
        is_live=True,
    )  # fmt: skip


def _weeks_in_words(even: int | None, late: int | None) -> str:
    """From even odds to 95 of 100."""
    if pd.isna(even):
        return _("does not clear")
    if pd.isna(late):
        return _("{n} or more").format(n=written.number(even))
    return written.number(even) if even == late else f"{written.number(even)}–{written.number(late)}"


def growth(going: relocation.Forecast, weeks: pd.DataFrame) -> str:
    """Whether open cases grow or shrink at the present pace, and what would hold them level."""
    if going.weekly_growth >= 0:
        return _("With arrivals like the last weeks’, open cases grow by {x} a week; {y} closures a week hold them level.").format(
            x=written.decimal(going.weekly_growth), y=written.decimal(float(weeks["arrivals"].mean()))
        )  # fmt: skip
    return _("With arrivals like the last weeks’, open cases shrink by {x} a week.").format(
        x=written.decimal(-going.weekly_growth)
    )


def fixes(visit: Visit) -> Table:
    """Records that contradict themselves or lack a date, by reference."""
    found = read(queries.relocation.fixes(visit.filters, visit.viewer))
    title = ngettext("{n} record to fix", "{n} records to fix", len(found)).format(n=written.number(len(found)))
    rows = found.assign(case_reference=found["case_id"])[["case_reference", "host_country", "route", "problem"]]
    return Table("fixes", title, rows, _("Left out of every dated figure until mended."), is_live=True)


@shown_once
def reconciliation(visit: Visit, cases: Live) -> Table:
    """Stocks and flows of the last three full months, and whether open cases by date and by stage agree."""
    found = relocation.stock_flow(cases.flow)
    rows = [
        ("begin_active", found.begin_active),
        ("new_cases", found.new),
        ("reopened_cases", found.reopened),
        ("reactivated", found.reactivated),
        ("closed_cases", -found.closed),
        ("closed_again", -found.closed_reopened),
        ("put_on_hold", -found.placed_inactive),
        ("end_active", found.end_active),
        ("end_inactive", found.end_inactive),
        *_since(cases.flow),
    ]
    by_date = relocation.open_on(cases.per_day, visit.cases_as_of)
    by_moves = sum(relocation.stage_stock(moves(visit), visit.cases_as_of).values())
    broken = int(cases.problems["episodes"].sum())
    agreement = (
        _("Open today by dates, by stage and by moves between stages: {n}, they agree.").format(
            n=written.number(by_date)
        )
        if by_date == cases.open_now == by_moves
        else _("Open today by dates {a}, by stage {b}, by moves {c}: they differ; refresh the summaries.").format(
            a=written.number(by_date), b=written.number(cases.open_now), c=written.number(by_moves)
        )
    )
    in_none = ngettext(
        "{n} record to fix is in none of these.", "{n} records to fix are in none of these.", broken
    ).format(n=written.number(broken))
    return Table(
        "reconciliation",
        _("How open cases came about, last 3 full months"),
        pd.DataFrame(rows, columns=["entry_line", "cases"]).astype({"cases": "Int64"}),
        " ".join(filter(None, (agreement, _littles_law(visit, cases), in_none))),
        is_live=True,
    )


def _littles_law(visit: Visit, cases: Live) -> str:
    """Whether stock and waiting times tell the same story since records began; empty for a part of the time."""
    if visit.filters.since or visit.filters.until or cases.per_day.empty:
        return ""
    ended = cases.durations[cases.durations["outcome"] != "open"]
    first = cases.per_day["on_date"].min()
    found = relocation.littles_law(cases.per_day, ended, first, visit.cases_as_of + pd.Timedelta(days=1))
    if found.expected is None:
        return ""
    return _(
        "Data check (Little’s law) since records began: {a} open on average; the cases that ended explain {b}, those still "
        "open the rest."
    ).format(a=written.decimal(found.average_open), b=written.decimal(found.expected))


def _since(flow: pd.DataFrame) -> list[tuple[str, int]]:
    """What came and went in the running month, and who is open and not on hold today."""
    running = flow[flow["is_partial"].astype(bool)]
    came = int(running["incoming"].sum() + running["resumed"].sum())
    left = int(running["closed"].sum() + running["held"].sum())
    held = int(flow["held"].sum() - flow["resumed"].sum())
    today = int(flow["incoming"].sum() - flow["closed"].sum()) - held
    return [("since_in", came), ("since_out", -left), ("active_today", today)]
