"""The four answers of the overview: one sentence and one figure per question, each from its page's own metric."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.answers import funding, initiatives, live_or_published, overlap
from dashboard.answers.overlap import Overlap
from dashboard.answers.portfolio import Portfolio
from dashboard.page.blocks import Figure
from dashboard.page.reading import shown_once
from dashboard.page.visit import Visit
from dashboard.words.i18n import _

WAITING = ("half_end_within", "published_band")


@dataclass(frozen=True)
class Answer:
    """A question of the overview, its sentence, its figure and the page that tells more."""

    question: str
    page: str
    sentence: str
    figure: Figure


def four(visit: Visit, portfolio: Portfolio, similar: Overlap) -> list[Answer]:
    """The answers in the order of the questions."""
    return [where(visit), money(portfolio), same(similar), waiting(visit)]


@shown_once
def where(visit: Visit) -> Answer:
    """Initiatives and the countries they work in."""
    found = initiatives.find(visit)
    first, countries = initiatives.summary(found).figures[:2]
    figure = Figure(
        first.term,
        first.value,
        first.shown,
        _("in {m} host countries").format(m=countries.shown),
        first.coverage,
    )
    return Answer(_("Where are they?"), "initiatives", initiatives.sentence(found), figure)


@shown_once
def money(portfolio: Portfolio) -> Answer:
    """The share of need covered, and when signed money falls below it."""
    covered, gap = funding.covered(portfolio), funding.gap(portfolio)
    figure = Figure(covered.term, covered.value, covered.shown, _("gap {gap}").format(gap=gap.shown), covered.coverage)
    return Answer(_("Where is money missing?"), "funding_gaps", funding.sentence(portfolio), figure)


@shown_once
def same(found: Overlap) -> Answer:
    """Pairs to check, and those already coordinated."""
    said = overlap.summary(found)
    to_check, known = said.figures[:2]
    figure = Figure(
        to_check.term, to_check.value, to_check.shown, _("{k} coordinated").format(k=known.shown), to_check.coverage
    )
    return Answer(_("Who does the same?"), "overlap", said.sentence, figure)


@shown_once
def waiting(visit: Visit) -> Answer:
    """Waiting time for coordinators, published people for everybody else."""
    found = live_or_published.summary(visit)
    figure = next((one for one in found.figures if one.term in WAITING), found.figures[0])
    return Answer(_("How fast do cases move?"), "relocation", found.sentence, figure)
