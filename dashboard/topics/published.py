"""Relocation as funders and stewards read it: sums, ratios and ranks of published cells, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard import charts, export, labels, words
from dashboard.data import read
from dashboard.i18n import _
from dashboard.report import Chart, Figure, Summary
from dashboard.visit import Visit
from data_access import publication, queries
from data_access.filters import Filters

FEWEST_PEOPLE = 30
BANDS = [name for _upper, name in publication.BANDS] + [publication.LAST_BAND]


@dataclass(frozen=True)
class Published:
    """Published cells of the chosen country groups: one row per quarter; `cells` is what a table may show."""

    quarters: pd.DataFrame
    cells: pd.DataFrame
    bands: pd.DataFrame
    groups: list[str]


def find(visit: Visit) -> Published:
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


def summary(cells: Published) -> Summary:
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


def notes(cells: Published) -> list[str]:
    """How published figures are protected."""
    return [
        _(export.PROTECTED_NOTE),
        _("A country inside a group shows the whole group: {groups}.").format(groups=group_names(cells)),
        _("Funders and stewards never read cases; these figures would be the same if no case database existed."),
    ]
