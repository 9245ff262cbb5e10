"""Live relocation cases of a coordinator's countries, grouped: where they are stuck, whom to call, what to expect."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import pandas as pd

from dashboard import charts, labels, maps, words
from dashboard.data import found_once, read, shown_once
from dashboard.i18n import _, ngettext
from dashboard.metrics import relocation, survival
from dashboard.metrics.statistics import Coverage, minimum_n, wilson
from dashboard.report import Chart, Figure, Summary, Table
from dashboard.visit import Visit
from data_access import queries
from data_access.schema import STAGES

LiveFigure = partial(Figure, is_live=True)
HALF_YEAR = 180
MONTH = 30
CHANCES = (0.5, 0.85, 0.95)
MOST_FLOWS = 30
FEWEST_FOR_SHARES = 10
STANDS_OUT = 1.5
MOST_OF_IT = 0.6
FEW_COUNTRIES = 3


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

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Outcomes by day since opening, open cases included (A16)."""
        return survival.outcome_curve(self.durations)


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


def part_names() -> dict[str, str]:
    """The parts of the page, in reading order."""
    return {
        "now": _("Where cases wait"),
        "flow": _("Arriving and leaving"),
        "outcomes": _("Outcomes and routes"),
        "places": _("Places and journeys"),
        "records": _("Records"),
    }


@shown_once
def summary(visit: Visit, cases: Live) -> Summary:
    """Five KPIs of METHODS E.4 over live cases."""
    open_now = relocation.open_on(cases.per_day, visit.cases_as_of)
    before = relocation.open_on(cases.per_day, visit.cases_as_of - pd.DateOffset(months=3))
    held = int(cases.open_ages.loc[cases.open_ages["on_hold"].astype(bool), "episodes"].sum())
    rate, earlier = relocation.resolved_rate(cases.flow), relocation.resolved_rate(cases.flow, skip=1)
    due = relocation.on_time_share(cases.durations)
    old = relocation.open_longer_than(cases.open_ages)
    ages = cases.open_ages["days"].dropna()
    oldest = int(ages.max()) if len(ages) else None
    half = half_end_within(cases)
    sentence = (
        ngettext(
            "{n} case is open; half of all cases end within {days}, those still waiting included.",
            "{n} cases are open; half of all cases end within {days}, those still waiting included.",
            open_now,
        )
        if half.value is not None
        else ngettext(
            "{n} case is open; too few have ended to say how long they take.",
            "{n} cases are open; too few have ended to say how long they take.",
            open_now,
        )
    ).format(n=words.number(open_now), days=half.shown)
    return Summary(
        sentence,
        [
            LiveFigure(
                "open_cases",
                open_now,
                words.number(open_now),
                _("{change} since {day}").format(
                    change=words.signed(open_now - before), day=words.day(visit.cases_as_of - pd.DateOffset(months=3))
                ),
                _("{n} on hold").format(n=words.number(held)),
            ),
            LiveFigure(
                "resolved_rate",
                rate.percent,
                words.number(rate.percent) + ("\u00a0%" if rate.percent is not None else ""),
                _("{closed} closed while {incoming} came, in 3 full months").format(
                    closed=words.number(rate.closed), incoming=words.number(rate.incoming)
                )
                if rate.incoming
                else _("no new cases"),
                _("{p} % in the 3 months before").format(p=words.number(earlier.percent))
                if earlier.percent is not None
                else _("nothing to compare with in the 3 months before"),
            ),
            half,
            LiveFigure("on_time", due.share, words.percent(due.share), between(due), words.based_on(due)),
            LiveFigure(
                "open_long",
                old.known,
                words.number(old.known),
                _("oldest {days}").format(days=words.days(oldest)),
                words.based_on(old),
            ),
        ],
    )


def half_end_within(cases: Live) -> Figure:
    """Days by which half and four in five have ended, with limits; or why that cannot be said yet (X06)."""
    followed = _("{n} cases followed").format(n=words.number(int(cases.durations["episodes"].sum())))
    ended = int(cases.durations.loc[cases.durations["outcome"] != "open", "episodes"].sum())
    if not relocation.can_show_percentile(cases.durations, 50):
        why = _("{k} have ended, {n} are needed to say").format(k=words.number(ended), n=minimum_n(50))
        return LiveFigure("half_end_within", None, "–", why, followed)
    readable = relocation.readable(cases.curve)
    half = survival.days_until(readable, 0.5)
    if half is None:
        return LiveFigure("half_end_within", None, "–", _("fewer than half have closed yet"), followed)
    low, high = survival.limits_of(cases.curve, 0.5)
    parts = [_("between {low} and {high}").format(low=words.number(low), high=words.number(high))]
    four = survival.days_until(readable, 0.8)
    if four is not None and relocation.can_show_percentile(cases.durations, 80):
        parts.append(_("four in five within {days}").format(days=words.days(four)))
    else:
        parts.append(_("fewer than four in five have ended yet"))
    return LiveFigure("half_end_within", half, words.days(half), " · ".join(parts), followed)


def between(share: Coverage) -> str:
    """The 95 % interval of a share in words, empty when there is nothing to judge."""
    limits = wilson(share.known, share.total)
    if limits is None:
        return ""
    return _("between {low} and {high}").format(low=words.percent(limits[0]), high=words.percent(limits[1]))


def policy_marks(visit: Visit) -> list[tuple[pd.Timestamp, str]]:
    """Dated changes of policy for time axes: day and label."""
    found = read(queries.relocation.policy_events(visit.filters, visit.viewer))
    return [
        (row.on_date, f"{row.label_en} ({words.country(row.host_country)})" if pd.notna(row.host_country) else row.label_en)
        for row in found.itertuples()
    ]  # fmt: skip


def mark_words(marks: list[tuple[pd.Timestamp, str]]) -> str:
    """What the numbered marks of a time axis stand for."""
    if not marks:
        return ""
    named = [f"{n} {label}, {words.short_month(day)}" for n, (day, label) in enumerate(marks, 1)]
    return _("Marks: {marks}.").format(marks="; ".join(named))


@shown_once
def bottleneck(visit: Visit) -> Chart | None:
    """Where the waiting of the last twelve months happened; None when nobody waited."""
    first = visit.cases_as_of - pd.DateOffset(years=1)
    moves = read(queries.relocation.stage_days(visit.filters, visit.viewer))
    waited = relocation.waiting_by_stage(moves, first, visit.cases_as_of)
    if waited.empty:
        return None
    title = _bottleneck_title(waited)
    shown = [words.percent(share) for share in waited["share"]]
    names = {stage: labels.word(stage) for stage in waited["stage"]}
    return Chart(
        "bottleneck",
        title,
        waited.rename(columns={"days": "waiting_days", "share": "waiting_share"}),
        _("Share of the days cases spent in each stage over the last 12 months, {n} days in all; open cases included. A "
          "stage lasts until the next is reached: “verified” is the wait for a complete file.")
        .format(n=words.number(int(waited["days"].sum()))),
        charts.ranked_bars(waited, "stage", [("days", _("days"))], names, unknown=("unknown",), text=shown),
        charts.alternative(title, list(names.values()), shown),
        is_live=True,
    )  # fmt: skip


def _bottleneck_title(waited: pd.DataFrame) -> str:
    """One stage if it stands out, else how many share most of the waiting."""
    first = waited.iloc[0]
    if len(waited) == 1 or first["share"] >= STANDS_OUT * waited["share"].iloc[1]:
        return _("“{stage}” takes {share} of all waiting").format(
            stage=labels.word(first["stage"]), share=words.percent(first["share"])
        )
    several = waited[: int((waited["share"].cumsum() < MOST_OF_IT).sum()) + 1]
    return _("{n} stages share {share} of all waiting: {stages}").format(
        n=words.number(len(several)),
        share=words.percent(float(several["share"].sum())),
        stages=words.listing([labels.word(stage) for stage in several["stage"]]),
    )


@shown_once
def ages(cases: Live) -> Chart:
    """Who has waited too long, and where."""
    buckets = relocation.age_buckets(cases.open_ages)
    totals = buckets.groupby("stage")["episodes"].sum().sort_values(ascending=False, kind="stable")
    buckets = buckets.set_index("stage").loc[list(totals.index)].reset_index()
    title = _ages_title(totals)
    names = {value: labels.word(value) for value in [*buckets["stage"], *relocation.AGE_BUCKETS]}
    return Chart(
        "ages",
        title,
        buckets,
        _("Open cases by current stage and days since opening."),
        charts.stacked_bars(buckets, "stage", "bucket", "episodes", relocation.AGE_BUCKETS, names),
        charts.alternative(title, [labels.word(s) for s in totals.index], [words.number(n) for n in totals]),
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
    return text.format(stage=labels.word(totals.index[0]), share=words.percent(share))


@shown_once
def soon_too_long(cases: Live) -> list[Figure]:
    """How many cases will have been open for more than 180 days in a month, and how much work is waiting."""
    curve = relocation.readable(cases.curve)
    now, at_most, expected = relocation.open_after(cases.open_ages, curve, HALF_YEAR, MONTH)
    full = relocation.full_months(cases.flow)
    months = relocation.months_of_work(cases.open_now, list(full["incoming"].iloc[::-1]))
    window = full.tail(3)
    days = int((pd.to_datetime(window["month"]) + pd.offsets.MonthEnd(0)).dt.day.sum())
    pace = relocation.disposition_days(int(window["closed"].sum()), cases.open_now, days)
    return [
        LiveFigure(
            "open_very_long", now, words.number(now), _("of {n} open cases").format(n=words.number(cases.open_now))
        ),
        LiveFigure(
            "soon_very_long",
            expected,
            _("about {n}").format(n=words.number(expected)),
            _("at most {n}, if no case ends by then").format(n=words.number(at_most)),
            _("if cases end as past ones did"),
        ),
        LiveFigure(
            "months_of_work",
            months,
            _("{n} months").format(n=words.decimal(months)) if months is not None else "–",
            _("of arrivals are waiting") if months is not None else _("the records are too short to say"),
        ),
        LiveFigure(
            "pace",
            pace,
            words.days(None if pace is None else round(pace)),
            _("to close all open cases at the pace of 3 months")
            if pace is not None
            else _("no case was closed in 3 months"),
        ),
    ]


@shown_once
def clocks(visit: Visit) -> Chart | None:
    """Legal stays that run out; None when no open case is on a route with a clock."""
    found = relocation.running_out(read(queries.relocation.clocks(visit.filters, visit.viewer)))
    if found.empty:
        return None
    order = ["later", "within_90", "within_60", "within_30", "over"]
    soon = int(found.loc[found["left"].isin(order[-2:]), "episodes"].sum())
    title = ngettext(
        "The legal stay of {n} open case is over or ends within 30 days",
        "The legal stay of {n} open cases is over or ends within 30 days",
        soon,
    ).format(n=words.number(soon))
    names = {route: labels.code("route", route) for route in found["route"]} | {
        left: labels.word(left) for left in order
    }
    return Chart(
        "clocks",
        title,
        found.rename(columns={"left": "clock_left"}),
        _("Open cases on routes with a legal clock, by days left since the case was opened."),
        charts.stacked_bars(found, "route", "left", "episodes", order, names),
        charts.alternative(
            title,
            [f"{names[r.route]} {names[r.left]}" for r in found.itertuples()],
            [words.number(n) for n in found["episodes"]],
        ),
        is_live=True,
    )


def call_orders() -> dict[str, str]:
    """How the call list can be sorted."""
    return {"urgent": _("most urgent"), "stuck": _("longest in their stage"), "oldest": _("open longest")}


def call_list(visit: Visit, order: str) -> Table:
    """Whom to call today: open cases by pseudonymous reference, own countries only."""
    found = read(queries.relocation.call_list(order, visit.filters, visit.viewer))
    rows = found.assign(
        case_reference=found["case_id"],
        days_open=(visit.cases_as_of - found["opened_on"]).dt.days.astype("Int64"),
        days_in_stage=(visit.cases_as_of - found["stage_since"]).dt.days.astype("Int64"),
        stay_left=(found["stay_ends_on"] - visit.cases_as_of).dt.days.astype("Int64"),
        hold=found["on_hold"].map({True: "on_hold", False: "moving"}),
    )
    columns = [
        "stage",
        "days_in_stage",
        "days_open",
        "stay_left",
        "route",
        "host_country",
        "hold",
        "opened_on",
        "case_reference",
    ]
    title = _("Whom to call today")
    note = _(
        "The first {n} open cases of your countries; most urgent: legal stay ends soonest, then longest in their stage. The "
        "person behind a reference is known only to who handles the case."
    ).format(n=words.number(len(rows)))
    return Table("call_list", title, rows[columns], note, is_live=True)


@shown_once
def arrived_and_left(visit: Visit, cases: Live) -> Chart:
    """The running totals with the gap that waits, and the marks of policy."""
    lines = relocation.cumulative_flow(cases.flow)
    title = _direction(cases)
    newest, marks = lines.iloc[::-1], policy_marks(visit)
    said = _("Episodes opened or reopened, and closed with any outcome, added up since the records begin.")
    return Chart(
        "arrived_left",
        title,
        lines,
        f"{said} {mark_words(marks)}",
        charts.two_lines(lines, "month", ("arrived", _("arrived")), ("left", _("left")), _("still waiting"), marks),
        charts.alternative(
            title,
            [words.short_month(month) for month in newest["month"]],
            [words.number(n) for n in newest["still_waiting"]],
        ),
        is_live=True,
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
    return text.format(n=words.number(abs(more)))


@shown_once
def months(visit: Visit, cases: Live) -> Chart:
    """Opened and closed per month, the running month hatched, with what is unusual in words."""
    flow, marks = cases.flow, policy_marks(visit)
    title = month_title(flow)
    columns = ["month", "opened", "reopened", "closed", "open_at_end"]
    values = [("incoming", _("opened or reopened")), ("closed", _("closed"))]
    newest = flow.iloc[::-1]
    return Chart(
        "flow",
        title,
        newest[columns],
        " ".join(part for part in (to_date(visit, cases), unusual_months(flow), mark_words(marks)) if part),
        charts.columns_over_time(flow, "month", values, partial="is_partial", marks=marks),
        charts.alternative(
            title,
            [words.short_month(month) for month in newest["month"]],
            [f"{a}/{b}" for a, b in zip(newest["incoming"], newest["closed"], strict=True)],
        ),
        is_live=True,
    )


def month_title(flow: pd.DataFrame) -> str:
    """The newest full month against the same month last year, or the three months before."""
    full = relocation.full_months(flow).set_index("month")["incoming"]
    found = relocation.compare(full)
    if found is None:
        return _("Opened and closed by month")
    than = _("the same month last year") if found.against == "year" else _("the average of the 3 months before")
    if found.percent is None:
        change = _("against {n} in {than}").format(n=words.decimal(found.then), than=than)
    else:
        change = _("{change} % against {than}").format(change=words.signed(round(found.percent)), than=than)
    return _("{month}: {n} cases arrived, {change}").format(
        month=words.month(found.month), n=words.number(found.value), change=change
    )


def to_date(visit: Visit, cases: Live) -> str:
    """The running month against the same days of the month before."""
    arrivals = cases.per_day.assign(n=cases.per_day["opened"] + cases.per_day["reopened"])
    if arrivals.empty:
        return ""
    found = relocation.like_for_like(arrivals.set_index("on_date")["n"], visit.cases_as_of)
    return _("To {day}: {now} arrived in {days} days, {then} in the first {before} days of the month before.").format(
        day=words.day(visit.cases_as_of),
        now=words.number(found.current),
        days=found.current_days,
        then=words.number(found.previous),
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
            text.format(months=words.listing([words.short_month(month) for month in newest["month"][beyond]]))
            for text, beyond in (
                (_("more than usual in {months}"), limits.above(newest[column])),
                (_("fewer than usual in {months}"), limits.below(newest[column])),
            )
            if beyond.any()
        ]
        parts.append(
            _("{name} usually lie between {low} and {high} a month").format(
                name=name, low=words.number(max(0, limits.lower)), high=words.number(limits.upper)
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
    ).format(n=words.number(even))
    if even is None:
        title = _("At the pace of the last {n} weeks open cases would not be closed").format(n=len(weeks))
    drawn = rows.assign(
        first=rows["weeks_50"], second=rows["weeks_85"] - rows["weeks_50"], third=rows["weeks_95"] - rows["weeks_85"]
    )
    parts = [("first", _("weeks, even odds")), ("second", _("more to 85 %")), ("third", _("more to 95 %"))]
    names = {name: labels.word(name) for name in rows["scenario"]}
    text = [words.number(n) if pd.notna(n) else _("does not clear") for n in rows["weeks_95"]]
    return Chart(
        "forecast",
        title,
        rows,
        " ".join((growth(going, weeks), _("Each week to come is taken to be like one of the last {n}.").format(n=len(weeks)))),
        charts.ranked_bars(drawn.fillna(0), "scenario", parts, names, text=text),
        charts.alternative(title, list(names.values()), text),
        is_live=True,
    )  # fmt: skip


def growth(going: relocation.Forecast, weeks: pd.DataFrame) -> str:
    """Whether open cases grow or shrink at the present pace, and what would hold them level."""
    if going.weekly_growth >= 0:
        return _("With arrivals like the last weeks’, open cases grow by {x} a week; {y} closures a week hold them level.").format(
            x=words.decimal(going.weekly_growth), y=words.decimal(float(weeks["arrivals"].mean()))
        )  # fmt: skip
    return _("With arrivals like the last weeks’, open cases shrink by {x} a week.").format(
        x=words.decimal(-going.weekly_growth)
    )


@shown_once
def outcomes(cases: Live) -> Chart:
    """What happens to people, and when."""
    curve = relocation.readable(cases.curve)
    columns = ["t", "at_risk", *[c for c in curve if c in labels.COLUMNS and c not in ("t", "at_risk")]]
    half_year = curve[curve["t"] <= HALF_YEAR]
    title = _("Outcomes by days since opening")
    if len(half_year) and "relocated" in curve:
        is_least = "unknown" in curve and half_year["unknown"].iloc[-1] > 0
        text = (
            _("At least {share} are relocated within {n} days")
            if is_least
            else _("{share} are relocated within {n} days")
        )
        title = text.format(share=words.percent(half_year["relocated"].iloc[-1]), n=HALF_YEAR)
    names = {column: labels.heading(column) for column in columns}
    last = [words.percent(curve[c].iloc[-1]) if len(curve) else "–" for c in columns[2:]]
    return Chart(
        "outcomes",
        title,
        curve[columns],
        _("Share of cases by outcome, open cases included; drawn while at least 5 cases are followed."),
        charts.outcome_areas(curve, names),
        charts.alternative(title, [names[c] for c in columns[2:]], last),
        is_live=True,
    )


@shown_once
def routes(cases: Live) -> Table:
    """Every route by the same definitions; shares and times only where there are enough cases."""
    rows = [_route_row(route, durations) for route, durations in cases.durations.groupby("route")]
    columns = ["route", "followed", "half_days", "four_fifths_days", "relocated_180", "on_time_share", "of_decided"]
    table = pd.DataFrame(rows, columns=columns).sort_values("followed", ascending=False)
    kinds = {"followed": "Int64", "half_days": "Int64", "four_fifths_days": "Int64"}
    return Table(
        "routes",
        _("Routes by the same definitions"),
        table.astype(kinds).reset_index(drop=True),
        _("An empty field: too few cases ended to say, or that many have not ended yet."),
        is_live=True,
    )


def _route_row(route: str, durations: pd.DataFrame) -> tuple:
    curve = relocation.readable(survival.outcome_curve(durations))
    days = [
        survival.days_until(curve, p / 100) if relocation.can_show_percentile(durations, p) else None for p in (50, 80)
    ]
    followed = int(durations["episodes"].sum())
    until = curve[curve["t"] <= HALF_YEAR]
    enough = followed >= FEWEST_FOR_SHARES and len(until) > 0 and "relocated" in curve
    relocated = float(until["relocated"].iloc[-1]) if enough else None
    due, decided = relocation.on_time_share(durations), relocation.outcome_shares(durations)["of_decided"]
    shares = [share.share if share.total >= FEWEST_FOR_SHARES else None for share in (due, decided)]
    return route, followed, *days, relocated, *shares


def horizon_names() -> dict[str, str]:
    """Within how many days a cohort is judged."""
    return {
        str(days): _("within {n} days").format(n=days) for days in (180, *(h for h in relocation.HORIZONS if h != 180))
    }


@shown_once
def cohorts(visit: Visit, horizon: str) -> Table:
    """Is it getting better: of the cases opened in a month, how many reached each stage within the horizon."""
    days = int(horizon)
    reach = read(queries.relocation.reach(days, visit.filters, visit.viewer))
    table = relocation.cohorts(reach, STAGES, visit.cases_as_of, days)
    table = table.sort_values(["is_mature", "month"], ascending=False)
    shown = table[["month", "n"]].rename(columns={"n": "cohort"})
    for stage in ("verified", "file_complete", "host_found", "approved_not_issued", "travelled"):
        share = table[stage] / table["n"].where(table["n"] >= FEWEST_FOR_SHARES)
        shown[f"reached_{stage}"] = share.where(table["is_mature"]).astype("Float64")
    shown["maturity"] = table["is_mature"].map({True: "mature", False: "too_young"})
    return Table(
        "cohorts",
        _("Cases by month of opening: how far within {n} days").format(n=days),
        shown.reset_index(drop=True),
        _("A stage counts as reached if it or a later one was; a month too young, or with fewer than {n} cases, has no shares.").format(n=FEWEST_FOR_SHARES),
        is_live=True,
    )  # fmt: skip


@shown_once
def places(visit: Visit) -> Chart | None:
    """Places pledged and used this period, per country; None where none are pledged."""
    day = visit.cases_as_of.date()
    pledged = read(queries.relocation.places_pledged(day, visit.filters, visit.viewer))
    if pledged.empty:
        return None
    used = read(queries.relocation.places_used(day, visit.filters, visit.viewer)).set_index("host_country")
    rows = pledged.assign(used=pledged["host_country"].map(used["relocated_people"]).fillna(0).astype("Int64"))
    rows["places_left"] = (rows["places"] - rows["used"]).clip(lower=0)
    rows = rows.sort_values("places", ascending=False).reset_index(drop=True)
    full = int((rows["used"] >= rows["places"]).sum())
    title = _("In {n} of {m} countries all pledged places are used").format(
        n=words.number(full), m=words.number(len(rows))
    )
    if len(rows) <= FEW_COUNTRIES:
        parts = [
            _("{country} has used {used} of {places}").format(
                country=words.country(r.host_country), used=r.used, places=r.places
            )
            for r in rows.itertuples()
        ]
        title = _("Pledged places: {parts}").format(parts=words.listing(parts))
    names = {code: words.country(code) for code in rows["host_country"]}
    text = [_("{used} of {places}").format(used=r.used, places=r.places) for r in rows.itertuples()]
    return Chart(
        "places",
        title,
        rows[["host_country", "places", "used", "places_left"]],
        _("People relocated since each country’s period of places began, against places pledged."),
        charts.ranked_bars(
            rows, "host_country", [("used", _("people relocated")), ("places_left", _("places left"))], names, text=text
        ),
        charts.alternative(title, list(names.values()), text),
        is_live=True,
    )


@shown_once
def journeys(visit: Visit) -> Chart | None:
    """From where people waited to where they were to go; None when neither is known."""
    found = read(queries.relocation.transit(visit.filters, visit.viewer))
    total = int(found["episodes"].sum())
    known = found[
        found["waiting_country"].isin(list(maps.label_points())) & found["host_country"].isin(list(maps.label_points()))
    ]
    flows = known.groupby(["waiting_country", "host_country"], as_index=False)["episodes"].sum()
    flows = flows.sort_values("episodes", ascending=False, kind="stable").head(MOST_FLOWS).reset_index(drop=True)
    if flows.empty:
        return None
    names = [f"{words.country(r.waiting_country)} → {words.country(r.host_country)}" for r in flows.itertuples()]
    lines = [ngettext("{n} case", "{n} cases", n).format(n=words.number(n)) for n in flows["episodes"]]
    title = _("The most frequent way: {way}, {n} of {m} cases").format(
        way=names[0], n=words.number(flows["episodes"].iloc[0]), m=words.number(total)
    )
    return Chart(
        "journeys",
        title,
        flows.rename(columns={"episodes": "journeys"}),
        _("Cases from the country of waiting to the host country, the {n} strongest ways; both are known for {k} of {m}.").format(
            n=words.number(len(flows)), k=words.number(int(known["episodes"].sum())), m=words.number(total)
        ),
        maps.arcs(flows.assign(title=names, line=lines), dark=visit.is_dark),
        charts.alternative(title, names, lines),
        is_live=True,
    )  # fmt: skip


def fixes(visit: Visit) -> Table:
    """Records that contradict themselves or lack a date, by reference."""
    found = read(queries.relocation.fixes(visit.filters, visit.viewer))
    title = ngettext("{n} record to fix", "{n} records to fix", len(found)).format(n=words.number(len(found)))
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
    moves = read(queries.relocation.stage_days(visit.filters, visit.viewer))
    by_moves = sum(relocation.stage_stock(moves, visit.cases_as_of).values())
    broken = int(cases.problems["episodes"].sum())
    agreement = (
        _("Open today by dates, by stage and by moves between stages: {n}, they agree.").format(n=words.number(by_date))
        if by_date == cases.open_now == by_moves
        else _("Open today by dates {a}, by stage {b}, by moves {c}: they differ; refresh the summaries.").format(
            a=words.number(by_date), b=words.number(cases.open_now), c=words.number(by_moves)
        )
    )
    return Table(
        "reconciliation",
        _("How open cases came about, last 3 full months"),
        pd.DataFrame(rows, columns=["entry_line", "cases"]).astype({"cases": "Int64"}),
        f"{agreement} {_littles_law(visit, cases)} "
        + _("{n} records to fix are in none of these.").format(n=words.number(broken)),
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
    ).format(a=words.decimal(found.average_open), b=words.decimal(found.expected))


def _since(flow: pd.DataFrame) -> list[tuple[str, int]]:
    """What came and went in the running month, and who is open and not on hold today."""
    running = flow[flow["is_partial"].astype(bool)]
    came = int(running["incoming"].sum() + running["resumed"].sum())
    left = int(running["closed"].sum() + running["held"].sum())
    held = int(flow["held"].sum() - flow["resumed"].sum())
    today = int(flow["incoming"].sum() - flow["closed"].sum()) - held
    return [("since_in", came), ("since_out", -left), ("active_today", today)]


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
        left_out.format(n=words.number(broken)),
        *(f"{labels.word(row.problem)}: {words.number(row.episodes)}" for row in cases.problems.itertuples()),
        _("A reopened case counts as a new episode. Figures count cases, not people, unless they say people."),
        entry_delay_words(visit),
        _(
            "Relocated of decided {decided} ({interval}), of all closed {closed}; ended without a decision {none}."
        ).format(
            decided=words.percent(shares["of_decided"].share),
            interval=between(shares["of_decided"]) or "–",
            closed=words.percent(shares["of_closed"].share),
            none=words.percent(shares["non_decision"].share),
        ),
        *(
            [
                _("{k} of {n} closings have no recorded outcome: they are in none of these shares.").format(
                    k=words.number(unrecorded.known), n=words.number(unrecorded.total)
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
        days=words.days(median), share=words.percent(shares[7])
    )  # fmt: skip
