"""Relocation as funders and stewards read it: sums, ratios and ranks of published cells, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.answers import events
from dashboard.page.blocks import Chart, Figure, Glance, Summary, Table
from dashboard.page.reading import computed, read_now, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts
from dashboard.words import codes, written
from data_access import protected_year, publication, queries
from data_access.filters import Filters
from data_access.i18n import N_, _, ngettext

FEWEST_PEOPLE = 30
SHARE_OF = 100
BANDS = list(protected_year.BAND_NAMES)
PROTECTED_NOTE = N_(
    "Figures are rounded at random to 5. Groups under 10 people, including none, are shown as “<10”. Numbers are "
    "published once, 30 days after the quarter ends, and are not changed. Parts need not add up. This protects people."
)


PERIODS_SHOWN = 5


@dataclass(frozen=True)
class Published:
    """Published cells of the chosen country groups: one row per period in `periods`; `cells` is what a table may show;
    `of_groups`, `of_routes`, `of_year` and `bands` are the other tables of the release, `totals` all periods of all countries."""

    periods: pd.DataFrame
    cells: pd.DataFrame
    of_groups: pd.DataFrame
    of_routes: pd.DataFrame
    of_year: pd.DataFrame
    bands: pd.DataFrame
    totals: pd.DataFrame
    groups: list[str]

    @property
    def newest(self) -> str | None:
        return None if self.periods.empty else str(self.periods["period"].iloc[-1])


def find(visit: Visit) -> Published:
    """Sums of shown cells per period; a hidden cell stays hidden, never 0 and never a difference.

    Periods are published without a load, so that the cells are read anew when there is another one.
    """
    periods = tuple(read_now(queries.relocation.published_periods(visit.viewer))["period"])
    return computed(lambda: _sums(visit), "published", visit.choice, periods)


def _sums(visit: Visit) -> Published:
    cells = read_now(queries.relocation.published_cells(visit.viewer))
    cells = cells[cells["measure"] != publication.WITHHELD]
    of_year = cells[cells["period"].str.len() == len("2026")]
    cells = cells[cells["period"].str.len() > len("2026")]
    order = {period: protected_year.period_days(period)[0] for period in cells["period"].unique()}
    is_total = (cells["country_group"] == publication.ALL) & (cells["route_group"] == publication.ALL)
    totals = cells[is_total & cells["measure"].isin(protected_year.MEASURES)]
    kept = cells[np.array([_within(period, visit.filters) for period in cells["period"]], dtype=bool)]
    kept = kept.assign(begins=kept["period"].map(order)).sort_values("begins", kind="stable").drop(columns="begins")
    plain = kept[kept["measure"].isin(protected_year.MEASURES)]
    total = plain[(plain["country_group"] == publication.ALL) & (plain["route_group"] == publication.ALL)]
    of_groups = plain[(plain["country_group"] != publication.ALL) & (plain["route_group"] == publication.ALL)]
    of_routes = plain[plain["route_group"] != publication.ALL]
    groups = groups_by_year(visit)
    wanted = {year: groups_of(visit.filters, of_year_) for year, of_year_ in groups.items()}
    in_group = [
        group in wanted.get(period[:4], groups_of(visit.filters, protected_year.COUNTRY_GROUPS))
        for period, group in zip(of_groups["period"], of_groups["country_group"], strict=True)
    ]
    chosen = of_groups[np.array(in_group, dtype=bool)] if visit.filters.host_countries else total
    named = (
        sorted(chosen.loc[chosen["period"] == chosen["period"].iloc[-1], "country_group"].unique())
        if len(chosen)
        else []
    )
    bands = kept[kept["measure"].isin(BANDS)]
    return Published(_per_period(chosen), chosen, of_groups, of_routes, of_year, bands, totals, named)


def _per_period(cells: pd.DataFrame) -> pd.DataFrame:
    table = cells.groupby(["period", "measure"], sort=False)["value"].agg(
        value=lambda v: v.sum(min_count=1), hidden=lambda v: int(v.isna().sum())
    )
    wide = table.unstack("measure").reindex(cells["period"].unique())
    wide.columns = [measure if kind == "value" else f"{measure}_hidden" for kind, measure in wide.columns]
    return wide.rename_axis("period").reset_index()


def groups_by_year(visit: Visit) -> dict[str, dict[str, str]]:
    """The country groups each year was published with."""
    rows = read_now(queries.relocation.publication_years(visit.viewer))
    return {str(row.year): json.loads(row.country_groups) for row in rows.itertuples()}


def groups_of(filters: Filters, groups: dict[str, str]) -> set[str]:
    """A country in a group selects the group."""
    return {groups.get(country, protected_year.OTHER) for country in filters.host_countries}


def _within(period: str, filters: Filters) -> bool:
    first, last = protected_year.period_days(period)
    return (not filters.since or f"{first:%Y-%m}" >= filters.since) and (
        not filters.until or f"{last:%Y-%m}" <= filters.until
    )


def shown_people(value: float | None, hidden: int) -> str:
    """A published figure as words: a number, '≥ 85' when some cells are hidden, '<10' when all are."""
    if pd.isna(value):
        return "<10" if hidden == 1 else "–"
    return f"≥ {written.number(value)}" if hidden else written.number(value)


def lately(found: Published) -> Glance:
    """People relocated in the newest published periods; a hidden figure has no bar."""
    periods = found.periods.tail(PERIODS_SHOWN).iloc[::-1] if found.newest else found.periods
    most = max([1.0, *periods["relocated"].dropna().astype(float)]) if found.newest else 1.0
    lines = [
        (
            written.period(row.period),
            None if pd.isna(row.relocated) else float(row.relocated) / most,
            shown_people(row.relocated, row.relocated_hidden),
        )
        for row in periods.itertuples()
    ]
    return Glance(_("People relocated per published period"), lines)


def _in_words(period: pd.Series, measure: str) -> str:
    """A published figure as it stands in a sentence."""
    value, hidden = period[measure], period[f"{measure}_hidden"]
    if pd.isna(value):
        return _("fewer than 10") if hidden == 1 else _("not shown")
    return (_("at least {n}") if hidden else _("about {n}")).format(n=written.number(value))


def cell_words(value: float | None) -> str:
    """One published cell: its number, or '<10'."""
    return "<10" if pd.isna(value) else written.number(value)


@shown_once
def summary(found: Published) -> Summary:
    """KPIs of the newest published period."""
    if found.periods.empty:
        return Summary(_("No period has been published yet."), [Figure("published_opened", None, "–")])
    newest = found.periods.iloc[-1]
    earlier = found.periods.iloc[-2] if len(found.periods) > 1 else None
    opened, relocated, closed = (_figure(measure, newest, earlier) for measure in ("opened", "relocated", "closed"))
    band = middle_band(found.bands[found.bands["period"] == newest["period"]])
    where = written.listing([written.country(group) for group in found.groups])
    sentence = _(
        "{where}, {period}: people who asked for help to relocate: {asked}; people who reached safety: {safe}."
    ).format(
        period=written.period(newest["period"]),
        asked=_in_words(newest, "opened"),
        safe=_in_words(newest, "relocated"),
        where=where,
    )
    middle = Figure(
        "published_band",
        band,
        band_words(band),
        _("of cases that ended in {period}").format(period=written.period(newest["period"])),
        _("all countries together"),
    )
    return Summary(sentence, [opened, relocated, closed, _share(newest), middle])


def _figure(measure: str, newest: pd.Series, earlier: pd.Series | None) -> Figure:
    shown = shown_people(newest[measure], newest[f"{measure}_hidden"])
    then = shown_people(earlier[measure], earlier[f"{measure}_hidden"]) if earlier is not None else "–"
    value = None if pd.isna(newest[measure]) else int(newest[measure])
    return Figure(
        f"published_{measure}",
        value,
        shown,
        _("in {period}").format(period=written.period(newest["period"])),
        _("{then} in the period before").format(then=then),
    )


def _share(newest: pd.Series) -> Figure:
    """Relocated of ended, both protected; whole per cent, at most 100, not below 30 people (SECURITY 1.3)."""
    whole = newest["closed"] if not newest["closed_hidden"] and not newest["relocated_hidden"] else None
    if whole is None or pd.isna(whole) or whole < FEWEST_PEOPLE:
        why = _("shown from {n} people on").format(n=FEWEST_PEOPLE)
        return Figure("published_share", None, "–", why)
    share = min(SHARE_OF, round(SHARE_OF * int(newest["relocated"]) / int(whole)))
    return Figure(
        "published_share",
        share,
        f"{share}\u00a0%",
        _("of {n} people whose case ended").format(n=written.number(whole)),
        _("in {period}").format(period=written.period(newest["period"])),
    )


def middle_band(bands: pd.DataFrame) -> str | None:
    """The band in which the middle person lies, if hidden bands cannot change it and there are 30 people or more."""
    shown = bands.set_index("measure")["value"].reindex(BANDS)
    if shown.sum() < FEWEST_PEOPLE:
        return None
    place = pd.Series(range(len(BANDS)), index=BANDS)
    most = protected_year.K - 1
    ends = {
        _middle(shown.fillna(pd.Series(np.where((place < cut) == early, most, 0), index=BANDS)))
        for cut in range(len(BANDS) + 1)
        for early in (True, False)
    }
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
        protected_year.LAST_BAND: _("over 12 months"),
    }
    return words_[band] if band else "–"


@shown_once
def people(found: Published, visit: Visit) -> Chart:
    """People who asked and people relocated per published period."""
    title = _("People who asked for help and people who reached safety")
    newest = found.periods.iloc[::-1]
    spans = {period: protected_year.period_days(period) for period in found.periods["period"]}
    marks = events.marks(visit, pd.to_datetime(pd.Series([day for span in spans.values() for day in span])))
    columns = [("opened", _("asked for help")), ("relocated", _("relocated"))]
    whole = found.periods.copy()
    for measure, _name in columns:
        whole[measure] = whole[measure].where(whole[f"{measure}_hidden"] == 0)
    return Chart(
        "published",
        title,
        shown_cells(found.cells),
        _("People per published period, {groups}. A missing column holds a figure below 10, not zero.").format(
            groups=group_names(found)
        ),
        charts.columns_over_time(whole, "period", columns, marks=events.in_periods(marks, spans)),
        charts.alternative(
            title,
            list(newest["period"]),
            [shown_people(n, hidden) for n, hidden in zip(newest["opened"], newest["opened_hidden"], strict=True)],
        ),
        marked=events.named(marks),
    )


def breakdown_names() -> dict[str, str]:
    """One breakdown at a time: finer ones are not published."""
    return {"country_group": _("country group"), "route_group": _("route group")}


def measure_names() -> dict[str, str]:
    """What a breakdown counts."""
    return {measure: codes.word(measure) for measure in protected_year.MEASURES}


@shown_once
def breakdown(found: Published, by: str, measure: str) -> Chart:
    """The newest period by country or route group: published values ranked, hidden ones unranked and alphabetical."""
    cells = found.of_groups if by == "country_group" else found.of_routes
    cells = cells[(cells["period"] == found.newest) & (cells["measure"] == measure)]
    name = written.country if by == "country_group" else codes.word
    cells = cells.assign(name=cells[by].map(name), is_hidden=cells["value"].isna(), minus=-cells["value"].fillna(0))
    cells = cells.sort_values("name", key=written.alphabetical)
    cells = cells.sort_values(["is_hidden", "minus"], kind="stable").reset_index(drop=True)
    hidden = int(cells["is_hidden"].sum())
    title = _("{what}, {period}").format(
        what=written.capital(codes.word(measure)), period=written.period(str(found.newest))
    )
    largest = cells["value"].dropna().nlargest(2).tolist()
    if len(largest) == 1 or (len(largest) == 2 and largest[0] > largest[1]):
        first = cells.iloc[0]
        title = _("{what}, {period}: “{name}” has the most published").format(
            what=written.capital(codes.word(measure)), period=written.period(str(found.newest)), name=first["name"]
        )
    note = _("People, rounded at random to 5; all groups, whichever country is chosen.")
    below = ngettext(
        "{n} group is below 10 and has no bar: below 10, not zero.",
        "{n} groups are below 10 and have no bar: below 10, not zero.",
        hidden,
    ).format(n=written.number(hidden))
    shown = [cell_words(value) for value in cells["value"]]
    names = dict(zip(cells[by], cells["name"], strict=True))
    return Chart(
        "breakdown",
        title,
        shown_cells(cells, by),
        f"{note} {below}" if hidden else note,
        charts.ranked_bars(cells, by, [("value", _("people"))], names, text=shown),
        charts.alternative(title, list(cells["name"]), shown),
    )


@shown_once
def year_table(found: Published) -> Table | None:
    """Country group by route group over the newest whole year; None before one is published."""
    if found.of_year.empty:
        return None
    year = found.of_year["period"].max()
    cells = found.of_year[found.of_year["period"] == year]
    title = _("{year} by country group and route group").format(year=year)
    note = _("Published once, with the last period of the year. Parts need not add up.")
    return Table("year", title, shown_cells(cells, "country_group", "route_group"), note)


@shown_once
def lengths(found: Published) -> Chart | None:
    """How long the cases took that ended in the newest published quarter; None below 30 people."""
    newest = found.bands[found.bands["period"] == found.newest]
    newest = newest.set_index("measure").reindex(BANDS).reset_index()
    if newest["value"].sum() < FEWEST_PEOPLE:
        return None
    period = written.period(str(found.newest))
    title = _("How long ended cases took, {period}").format(period=period)
    if (middle := middle_band(newest)) is not None:
        said = (
            _("More than half of the cases that ended in {period} took over 12 months")
            if middle == BANDS[-1]
            else _("Half of the cases that ended in {period} took {band} or less")
        )
        title = said.format(period=period, band=band_words(middle))
    names = {band: codes.word(band) for band in BANDS}
    shown = [cell_words(value) for value in newest["value"]]
    return Chart(
        "bands",
        title,
        shown_cells(newest),
        _("People whose case ended in the period, all countries, by time from opening to ending."),
        charts.ranked_bars(newest, "measure", [("value", _("people"))], names, text=shown),
        charts.alternative(title, list(names.values()), shown),
    )


def shown_cells(cells: pd.DataFrame, *by: str) -> pd.DataFrame:
    """Published cells as a table, newest first: a hidden value is '<10'."""
    order = {name: place for place, name in enumerate([*protected_year.MEASURES, *BANDS])}
    columns = list(by or ("country_group",))
    shown = cells.assign(people=[cell_words(value) for value in cells["value"]], order=cells["measure"].map(order))
    shown = shown.sort_values(["period", "order", *columns], ascending=[False, True, *(True for _ in columns)])
    return shown[["period", "measure", *columns, "people"]].reset_index(drop=True)


def group_names(cells: Published) -> str:
    """The country groups behind the figures."""
    return written.listing([written.country(group) for group in cells.groups])


def protection() -> str:
    """The sentence of SECURITY 1.5."""
    return _(PROTECTED_NOTE)


@shown_once
def notes(found: Published) -> list[str]:
    """How published figures are chosen and grouped."""
    return [
        _("A country inside a group shows the whole group: {groups}.").format(groups=group_names(found)),
        _("One breakdown at a time: figures by country and route exist for whole years alone."),
        _("Funders and stewards never read cases; these figures would be the same if no case database existed."),
    ]
