"""Relocation as this viewer may see it: live grouped cases for coordinators, published cells for everybody else."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard import charts, export, labels, words
from dashboard.data import read
from dashboard.i18n import _
from dashboard.metrics import relocation, survival
from dashboard.metrics.statistics import Coverage, wilson
from dashboard.report import Chart, Figure, Summary, Table
from dashboard.visit import Visit
from data_access import publication, queries
from data_access.filters import Filters

FEWEST_PEOPLE = 30
HALF_YEAR = 180
BANDS = [name for _upper, name in publication.BANDS] + [publication.LAST_BAND]


@dataclass(frozen=True)
class Live:
    """Grouped live cases of the coordinator's countries."""

    flow: pd.DataFrame
    per_day: pd.DataFrame
    durations: pd.DataFrame
    open_ages: pd.DataFrame
    problems: pd.DataFrame


def is_live(visit: Visit) -> bool:
    """Whether this viewer, on this deployment, sees live cases."""
    return visit.viewer.sees_cases and visit.has_cases


def summary(visit: Visit) -> Summary:
    """Sentence and KPIs for whichever picture the viewer may see."""
    return live_summary(visit, live(visit)) if is_live(visit) else published_summary(published(visit))


def live(visit: Visit) -> Live:
    """Read the grouped cases; the flow is never cut by the period, because open cases are a running sum."""
    filters, viewer = visit.filters, visit.viewer
    per_day = read(queries.relocation.flow(filters, viewer))
    return Live(
        relocation.monthly_flow(per_day, visit.as_of),
        per_day,
        read(queries.relocation.durations(filters, viewer)),
        read(queries.relocation.open_by_stage(filters, viewer)),
        read(queries.relocation.problems(filters, viewer)),
    )


def live_summary(visit: Visit, cases: Live) -> Summary:
    """Five KPIs of METHODS E.4 over live cases."""
    open_now = relocation.open_on(cases.per_day, visit.as_of)
    before = relocation.open_on(cases.per_day, visit.as_of - pd.DateOffset(months=3))
    held = int(cases.open_ages.loc[cases.open_ages["on_hold"].astype(bool), "episodes"].sum())
    rate, earlier = relocation.resolved_rate(cases.flow), relocation.resolved_rate(cases.flow, skip=1)
    curve = relocation.readable(survival.outcome_curve(cases.durations))
    half, four_fifths = survival.days_until(curve, 0.5), survival.days_until(curve, 0.8)
    if not relocation.can_show_percentile(cases.durations, 80):
        half = four_fifths = None
    due = relocation.on_time_share(cases.durations)
    old = relocation.open_longer_than(cases.open_ages)
    ages = cases.open_ages["days"].dropna()
    oldest = int(ages.max()) if len(ages) else None
    followed = int(cases.durations["episodes"].sum())
    sentence = (
        _("{n} cases are open; half of all cases end within {days}, those still waiting included.").format(
            n=words.number(open_now), days=words.days(half)
        )
        if half is not None
        else _("{n} cases are open; too few have ended to say how long they take.").format(n=words.number(open_now))
    )
    return Summary(
        sentence,
        [
            Figure(
                "open_cases",
                open_now,
                words.number(open_now),
                _("{change} in 3 months").format(change=words.signed(open_now - before)),
                _("{n} on hold").format(n=words.number(held)),
            ),
            Figure(
                "resolved_rate",
                rate.percent,
                words.number(rate.percent) + (" %" if rate.percent is not None else ""),
                _("{closed} closed of {incoming} new or reopened").format(
                    closed=words.number(rate.closed), incoming=words.number(rate.incoming)
                ),
                _("{p} % in the 3 months before").format(p=words.number(earlier.percent)),
            ),
            Figure(
                "half_end_within",
                half,
                words.days(half),
                _("four in five within {days}").format(days=words.days(four_fifths))
                if four_fifths is not None
                else _("fewer than four in five have ended yet"),
                _("{n} cases followed").format(n=words.number(followed)),
            ),
            Figure("on_time", due.share, words.percent(due.share), between(due), words.based_on(due)),
            Figure(
                "open_long",
                old.known,
                words.number(old.known),
                _("oldest {days}").format(days=words.days(oldest)),
                words.based_on(old),
            ),
        ],
    )


@dataclass(frozen=True)
class Published:
    """Published cells of the chosen country groups: one row per quarter; `cells` is what a table may show."""

    quarters: pd.DataFrame
    cells: pd.DataFrame
    bands: pd.DataFrame
    groups: list[str]


def published(visit: Visit) -> Published:
    """Sums of shown cells per quarter; a hidden cell stays hidden, never 0 and never a difference."""
    cells = read(queries.relocation.published_cells(visit.viewer))
    groups = groups_of(visit.filters)
    periods = [p for p in sorted(cells["period"].unique()) if _within(p, visit.filters)]
    kept = cells[cells["period"].isin(periods)]
    national = kept[(kept["route_group"] == publication.ALL) & kept["measure"].isin(publication.MEASURES)]
    chosen = national[national["country_group"].isin(groups)]
    table = chosen.groupby(["period", "measure"])["value"].agg(
        value=lambda v: v.sum(min_count=1), hidden=lambda v: int(v.isna().sum())
    )
    quarters = table.unstack("measure")
    quarters.columns = [measure if kind == "value" else f"{measure}_hidden" for kind, measure in quarters.columns]
    bands = kept[kept["measure"].isin(BANDS) & (kept["country_group"] == publication.ALL)]
    return Published(quarters.reset_index(), chosen, bands, groups)


def groups_of(filters: Filters) -> list[str]:
    """A country in a group selects the group; without a country, the total cell."""
    if not filters.host_countries:
        return [publication.ALL]
    return sorted({publication.COUNTRY_GROUPS.get(c, publication.OTHER) for c in filters.host_countries})


def _within(period: str, filters: Filters) -> bool:
    first, last = publication.quarter_days(period)
    return (not filters.since or f"{first:%Y-%m}" >= filters.since) and (
        not filters.until or f"{last:%Y-%m}" <= filters.until
    )


def shown_people(value: float | None, hidden: int) -> str:
    """A published figure as words: a number, '≥ 85' when some cells are hidden, '<10' when all are."""
    if pd.isna(value):
        return "<10" if hidden == 1 else "–"
    return f"≥ {words.number(value)}" if hidden else words.number(value)


def cell_words(value: float | None) -> str:
    """One published cell: its number, or '<10'."""
    return "<10" if pd.isna(value) else words.number(value)


def published_summary(cells: Published) -> Summary:
    """KPIs of the newest published quarter."""
    if cells.quarters.empty:
        return Summary(_("No quarter has been published yet."), [Figure("published_opened", None, "–")])
    newest = cells.quarters.iloc[-1]
    earlier = cells.quarters.iloc[-2] if len(cells.quarters) > 1 else None

    def figure(measure: str) -> Figure:
        shown = shown_people(newest[measure], newest[f"{measure}_hidden"])
        then = shown_people(earlier[measure], earlier[f"{measure}_hidden"]) if earlier is not None else "–"
        value = None if pd.isna(newest[measure]) else int(newest[measure])
        return Figure(
            f"published_{measure}",
            value,
            shown,
            _("in {quarter}").format(quarter=newest["period"]),
            _("{then} the quarter before").format(then=then),
        )

    opened, relocated, closed = figure("opened"), figure("relocated"), figure("closed")
    band = middle_band(cells.bands[cells.bands["period"] == newest["period"]])
    where = words.listing([words.country(group) for group in cells.groups])
    sentence = _(
        "{where}: in {quarter} about {asked} people asked for help to relocate and {safe} reached safety."
    ).format(quarter=newest["period"], asked=opened.shown, safe=relocated.shown, where=where)
    middle = Figure(
        "published_band",
        band,
        band_words(band),
        _("of cases that ended in {quarter}").format(quarter=newest["period"]),
        _("all countries together"),
    )
    return Summary(sentence, [opened, relocated, closed, middle])


def middle_band(bands: pd.DataFrame) -> str | None:
    """The band in which the middle person lies, if hidden bands cannot change it and there are 30 people or more."""
    shown = bands.set_index("measure")["value"].reindex(BANDS)
    if shown.sum() < FEWEST_PEOPLE:
        return None
    ends = {_middle(shown.fillna(0)), _middle(shown.fillna(publication.K - 1))}
    return ends.pop() if len(ends) == 1 else None


def _middle(people: pd.Series) -> str:
    running = people.cumsum()
    return str(running.index[running >= people.sum() / 2][0])


def band_words(band: str | None) -> str:
    """A duration band as a reader says it."""
    words_ = {
        "band_1": _("1 month"),
        "band_2": _("1–2 months"),
        "band_3": _("2–3 months"),
        "band_4": _("3–4 months"),
        "band_6": _("4–6 months"),
        "band_9": _("6–9 months"),
        "band_12": _("9–12 months"),
        publication.LAST_BAND: _("over 12 months"),
    }
    return words_[band] if band else "–"


def arrived_and_left(cases: Live) -> Chart:
    """The running totals with the gap that waits."""
    lines = relocation.cumulative_flow(cases.flow)
    waiting_now = words.number(lines["still_waiting"].iloc[-1]) if len(lines) else "0"
    title = _("{n} still waiting: cases arrived and left").format(n=waiting_now)
    newest = lines.iloc[::-1]
    return Chart(
        "arrived_left",
        title,
        lines,
        _("Episodes opened or reopened, and closed with any outcome, added up since the records begin."),
        charts.two_lines(lines, "month", ("arrived", _("arrived")), ("left", _("left")), _("still waiting")),
        charts.alternative(
            title,
            [words.short_month(month) for month in newest["month"]],
            [words.number(n) for n in newest["still_waiting"]],
        ),
        is_live=True,
    )


def outcomes(cases: Live) -> Chart:
    """What happens to people, and when."""
    curve = relocation.readable(survival.outcome_curve(cases.durations))
    columns = ["t", "at_risk", *[c for c in curve if c in labels.COLUMNS and c not in ("t", "at_risk")]]
    half_year = curve[curve["t"] <= HALF_YEAR]
    title = _("Outcomes by days since opening")
    if len(half_year) and "relocated" in curve:
        title = _("{share} are relocated within {n} days").format(
            share=words.percent(half_year["relocated"].iloc[-1]), n=HALF_YEAR
        )
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


def ages(cases: Live) -> Chart:
    """Who has waited too long, and where."""
    buckets = relocation.age_buckets(cases.open_ages)
    totals = buckets.groupby("stage")["episodes"].sum().sort_values(ascending=False, kind="stable")
    buckets = buckets.set_index("stage").loc[list(totals.index)].reset_index()
    title = _("Open cases by stage and age")
    if len(totals):
        title = _("Most open cases are at “{stage}”").format(stage=labels.word(totals.index[0]))
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


def months(cases: Live) -> Table:
    """Opened, closed and open at the end of each month, newest first."""
    columns = ["month", "opened", "reopened", "closed", "open_at_end"]
    return Table("flow", _("Opened and closed by month"), cases.flow[columns].iloc[::-1], is_live=True)


def between(share: Coverage) -> str:
    """The 95 % interval of a share in words, empty when there is nothing to judge."""
    limits = wilson(share.known, share.total)
    if limits is None:
        return ""
    return _("between {low} and {high}").format(low=words.percent(limits[0]), high=words.percent(limits[1]))


def live_notes(cases: Live) -> list[str]:
    """What the live figures leave out, and how they count."""
    broken = int(cases.problems["episodes"].sum())
    shares = relocation.outcome_shares(cases.durations)
    left_out = _("{n} records contradict themselves or lack a date and are left out of dated figures.")
    return [
        left_out.format(n=words.number(broken)),
        *(f"{labels.word(row.problem)}: {words.number(row.episodes)}" for row in cases.problems.itertuples()),
        _("A reopened case counts as a new episode. The newest weeks are incomplete: entries arrive late."),
        _(
            "Relocated of decided {decided} ({interval}), of all closed {closed}; ended without a decision {none}."
        ).format(
            decided=words.percent(shares["of_decided"].share),
            interval=between(shares["of_decided"]) or "–",
            closed=words.percent(shares["of_closed"].share),
            none=words.percent(shares["non_decision"].share),
        ),
        _("The waiting times include those still waiting; closed cases alone would mislead."),
    ]


def people(cells: Published) -> Chart:
    """People who asked and people relocated per published quarter."""
    title = _("People who asked for help and people who reached safety")
    newest = cells.quarters.iloc[::-1]
    columns = [("opened", _("asked for help")), ("relocated", _("relocated"))]
    whole = cells.quarters.copy()
    for measure, _name in columns:
        whole[measure] = whole[measure].where(whole[f"{measure}_hidden"] == 0)
    return Chart(
        "published",
        title,
        shown_cells(cells.cells),
        _("People per published quarter, {groups}. A missing column holds a figure below 10, not zero.").format(
            groups=group_names(cells)
        ),
        charts.columns_over_time(whole, "period", columns),
        charts.alternative(
            title,
            list(newest["period"]),
            [shown_people(n, hidden) for n, hidden in zip(newest["opened"], newest["opened_hidden"], strict=True)],
        ),
    )


def lengths(cells: Published) -> Chart | None:
    """How long the cases took that ended in the newest published quarter; None below 30 people."""
    newest = cells.bands[cells.bands["period"] == cells.bands["period"].max()]
    newest = newest.set_index("measure").reindex(BANDS).reset_index()
    if newest["value"].sum() < FEWEST_PEOPLE:
        return None
    title = _("How long ended cases took, {quarter}").format(quarter=newest["period"].iloc[0])
    names = {band: labels.word(band) for band in BANDS}
    shown = [cell_words(value) for value in newest["value"]]
    return Chart(
        "bands",
        title,
        shown_cells(newest),
        _("People whose case ended in the quarter, all countries, by time from opening to ending."),
        charts.ranked_bars(newest, "measure", [("value", _("people"))], names, text=shown),
        charts.alternative(title, list(names.values()), shown),
    )


def shown_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Published cells as a table, newest first: a hidden value is '<10'."""
    order = {name: place for place, name in enumerate([*publication.MEASURES, *BANDS])}
    shown = cells.assign(people=[cell_words(value) for value in cells["value"]], order=cells["measure"].map(order))
    shown = shown.sort_values(["period", "order", "country_group"], ascending=[False, True, True])
    return shown[["period", "measure", "country_group", "people"]].reset_index(drop=True)


def group_names(cells: Published) -> str:
    """The country groups behind the figures."""
    return words.listing([words.country(group) for group in cells.groups])


def published_notes(cells: Published) -> list[str]:
    """How published figures are protected."""
    return [
        _(export.PROTECTED_NOTE),
        _("A country inside a group shows the whole group: {groups}.").format(groups=group_names(cells)),
        _("Funders and stewards never read cases; these figures would be the same if no case database existed."),
    ]
