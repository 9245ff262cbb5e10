"""Relocation as this viewer may see it: live grouped cases for coordinators, published cells for everybody else."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard import words
from dashboard.data import read
from dashboard.i18n import _
from dashboard.metrics import relocation
from dashboard.report import Figure
from dashboard.visit import Visit
from data_access import publication, queries
from data_access.filters import Filters

FEWEST_PEOPLE = 30
BANDS = [name for _upper, name in publication.BANDS] + [publication.LAST_BAND]


@dataclass(frozen=True)
class Summary:
    """The page's sentence and KPIs."""

    sentence: str
    figures: list[Figure]


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
    return live_summary(visit, live(visit)) if is_live(visit) else published_summary(visit, published(visit))


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
    curve = relocation.readable(relocation.outcome_curve(cases.durations))
    half, four_fifths = relocation.days_until(curve, 0.5), relocation.days_until(curve, 0.8)
    if not relocation.can_show_percentile(cases.durations, 80):
        half = four_fifths = None
    due = relocation.on_time_share(cases.durations)
    old = relocation.open_longer_than(cases.open_ages)
    oldest = cases.open_ages["days"].max() if len(cases.open_ages) else None
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
            Figure("open_cases", open_now, words.number(open_now),
                   _("{change} in 3 months").format(change=words.signed(open_now - before)), _("{n} on hold").format(n=words.number(held))),
            Figure("resolved_rate", rate.percent, words.number(rate.percent) + (" %" if rate.percent is not None else ""),
                   _("{closed} closed of {incoming} new or reopened").format(closed=words.number(rate.closed), incoming=words.number(rate.incoming)),
                   _("{p} % in the 3 months before").format(p=words.number(earlier.percent))),
            Figure("half_end_within", half, words.days(half),
                   _("four in five within {days}").format(days=words.days(four_fifths)) if four_fifths is not None
                   else _("fewer than four in five have ended yet"),
                   _("{n} cases followed").format(n=words.number(followed))),
            Figure("on_time", due.share, words.percent(due.share), _("closed within 120 days"), words.based_on(due)),
            Figure("open_long", old.known, words.number(old.known), _("oldest {days}").format(days=words.days(None if pd.isna(oldest) else int(oldest))),
                   words.based_on(old)),
        ],
    )  # fmt: skip


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
    return (not filters.since or f"{first:%Y-%m}" >= filters.since) and (not filters.until or f"{last:%Y-%m}" <= filters.until)


def shown_people(value: float | None, hidden: int) -> str:
    """A published figure as words: a number, '≥ 85' when some cells are hidden, '<10' when all are."""
    if pd.isna(value):
        return "<10" if hidden == 1 else "–"
    return f"≥ {words.number(value)}" if hidden else words.number(value)


def published_summary(visit: Visit, cells: Published) -> Summary:
    """KPIs of the newest published quarter."""
    if cells.quarters.empty:
        return Summary(_("No quarter has been published yet."), [Figure("published_opened", None, "–")])
    newest = cells.quarters.iloc[-1]
    earlier = cells.quarters.iloc[-2] if len(cells.quarters) > 1 else None

    def figure(measure: str) -> Figure:
        shown = shown_people(newest[measure], newest[f"{measure}_hidden"])
        then = shown_people(earlier[measure], earlier[f"{measure}_hidden"]) if earlier is not None else "–"
        value = None if pd.isna(newest[measure]) else int(newest[measure])
        return Figure(f"published_{measure}", value, shown, _("in {quarter}").format(quarter=newest["period"]),
                      _("{then} the quarter before").format(then=then))  # fmt: skip

    opened, relocated, closed = figure("opened"), figure("relocated"), figure("closed")
    band = middle_band(cells.bands[cells.bands["period"] == newest["period"]])
    where = _("in {groups}").format(groups=words.listing([words.country(g) for g in cells.groups]))
    sentence = _("In {quarter} about {asked} people asked for help to relocate and {safe} reached safety ({where}).").format(
        quarter=newest["period"], asked=opened.shown, safe=relocated.shown, where=where
    )
    middle = Figure("published_band", band, band_words(band), _("of cases that ended in {quarter}").format(quarter=newest["period"]),
                    _("all countries together"))  # fmt: skip
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
        "band_1": _("1 month"), "band_2": _("1–2 months"), "band_3": _("2–3 months"), "band_4": _("3–4 months"),
        "band_6": _("4–6 months"), "band_9": _("6–9 months"), "band_12": _("9–12 months"), publication.LAST_BAND: _("over 12 months"),
    }  # fmt: skip
    return words_[band] if band else "–"
