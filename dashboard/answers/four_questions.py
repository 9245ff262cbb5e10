"""The four answers of the overview: one sentence and one figure per question, each from its page's own metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from dashboard.answers import (
    case_rows,
    cases,
    closing,
    funding,
    gaps,
    initiative_rows,
    initiatives,
    live_or_published,
    money_rows,
    overlap,
)
from dashboard.answers.crossing import UNPLACED
from dashboard.answers.overlap import Overlap
from dashboard.answers.portfolio import Portfolio
from dashboard.page.blocks import Figure, Glance, Table
from dashboard.page.reading import shown_once
from dashboard.page.visit import Visit
from dashboard.words import written
from data_access.i18n import _

LINES = 4
FIGURES = ("active_initiatives", "need_covered", "pairs_to_check", "half_end_within", "may_end")
WAITING = ("half_end_within", "published_band")


@dataclass(frozen=True)
class Answer:
    """A question of the overview, its sentence, its figure and the page that tells more."""

    question: str
    page: str
    sentence: str
    figure: Figure
    glance: Glance


def four(visit: Visit, portfolio: Portfolio, similar: Overlap) -> list[Answer]:
    """The answers in the order of the questions."""
    return [where(visit), money(portfolio), same(similar), waiting(visit)]


def _lines(
    names: Sequence[str], values: pd.Series, shown: Callable[[float], str]
) -> list[tuple[str, float | None, str]]:
    """Names with bars as long as their values are of the largest."""
    most = float(values.max() if len(values) else 0) or 1.0
    return [(name, float(value) / most, shown(value)) for name, value in zip(names, values, strict=True)]


@shown_once
def where(visit: Visit) -> Answer:
    """Initiatives and the countries they work in."""
    found = initiatives.find(visit)
    said = initiatives.summary(found)
    first, countries = said.figures[:2]
    figure = Figure(
        first.term,
        first.value,
        first.shown,
        _("{placed} of them in {m} known host countries").format(
            placed=written.number(found.placement["placed"]), m=countries.shown
        ),
        first.coverage,
    )
    named = found.named.sort_values("initiatives", ascending=False, kind="stable").head(LINES)
    lines = _lines([written.country(place) for place in named["place"]], named["initiatives"], written.number)
    glance = Glance(_("Initiatives by host country"), lines)
    return Answer(_("Where are they?"), "initiatives", said.sentence, figure, glance)


@shown_once
def money(portfolio: Portfolio) -> Answer:
    """The share of need covered, and when signed money falls below it."""
    covered, gap = funding.covered(portfolio), funding.gap(portfolio)
    figure = Figure(covered.term, covered.value, covered.shown, _("gap {gap}").format(gap=gap.shown), covered.coverage)
    ranked = gaps.by_size(portfolio, "host_country")
    ranked = ranked[~ranked["host_country"].isin(UNPLACED)].head(0 if portfolio.is_unplaced else LINES)
    shown = partial(written.money, currency=portfolio.currency)
    lines = _lines([written.country(country) for country in ranked["host_country"]], ranked["gap"], shown)
    glance = Glance(_("Gap of {year} by host country").format(year=portfolio.year), lines, is_missing=True)
    return Answer(_("Where is money missing?"), "funding_gaps", funding.sentence(portfolio), figure, glance)


@shown_once
def same(found: Overlap) -> Answer:
    """Pairs to check, and those already coordinated."""
    said = overlap.summary(found)
    to_check, known = said.figures[:2]
    figure = Figure(
        to_check.term, to_check.value, to_check.shown, _("{k} coordinated").format(k=known.shown), to_check.coverage
    )
    pairs = found.with_status("possible_duplication").head(LINES)
    names = [f"{pair.organisation_a} – {pair.organisation_b}" for pair in pairs.itertuples()]
    money = [found.at_stake(pairs.iloc[[place]]) for place in range(len(pairs))]
    shown = ["–" if one is None else written.money(one, found.currency) for one in money]
    lines = [(name, None, said) for name, said in zip(names, shown, strict=True)]
    glance = Glance(_("The most alike, and what is signed for both"), lines)
    return Answer(_("Who does the same?"), "overlap", said.sentence, figure, glance)


@shown_once
def waiting(visit: Visit) -> Answer:
    """Waiting time for coordinators, published people for everybody else."""
    found = live_or_published.summary(visit)
    figure = next((one for one in found.figures if one.term in WAITING), found.figures[0])
    return Answer(_("How fast do cases move?"), "relocation", found.sentence, figure, live_or_published.glance(visit))


def rows_of_figure(visit: Visit, portfolio: Portfolio, similar: Overlap, figure: str) -> Table:
    """The rows behind a figure of the overview, as its own page shows them."""
    match figure:
        case "active_initiatives":
            return initiative_rows.rows_of_figure(initiatives.find(visit), figure)
        case "need_covered":
            return money_rows.rows_of_all(portfolio)
        case "pairs_to_check":
            return overlap.rows_of_figure(similar, figure)
        case "half_end_within":
            return case_rows.rows_of_figure(visit, cases.find(visit), figure)
    return closing.may_end(visit)
