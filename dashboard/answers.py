"""The four answers of the overview: one sentence and one figure per question, each from its page's own metric."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard import waiting, words
from dashboard.data import read
from dashboard.i18n import _, ngettext
from dashboard.metrics import distribution, funding
from dashboard.metrics import overlap as overlap_metrics
from dashboard.portfolio import Portfolio
from dashboard.report import Figure
from dashboard.visit import Visit
from data_access import queries


@dataclass(frozen=True)
class Answer:
    """A question of the overview, its sentence, its figure and the page that tells more."""

    question: str
    page: str
    sentence: str
    figure: Figure


def where(visit: Visit) -> Answer:
    """Initiatives and the countries they work in."""
    places = read(queries.initiatives.places(visit.filters, visit.viewer))
    counts = distribution.placement(places, visit.as_of)
    total = sum(counts.values())
    countries = distribution.by_country(places, visit.as_of)
    named = countries[~countries["place"].isin(["withheld", "not_stated"])]
    confirmed = distribution.confirmed_coverage(distribution.one_per_initiative(places), visit.as_of)
    sentence = ngettext("{n} initiative works in {m} host countries.", "{n} initiatives work in {m} host countries.", total).format(
        n=words.number(total), m=words.number(len(named))
    )
    shown = _("in {m} host countries").format(m=words.number(len(named)))
    figure = Figure("active_initiatives", total, words.number(total), shown, _("{k} confirmed in 12 months").format(k=words.number(confirmed.known)))
    return Answer(_("Where are they?"), "initiatives", sentence, figure)


def money(visit: Visit, picture: Portfolio) -> Answer:
    """The gap, and when signed money falls below need."""
    totals = funding.coverage_totals(funding.coverage_lines(picture.lines))
    fall = funding.cliff(picture.monthly, visit.as_of, picture.last_day).below_need
    sentence = _("{gap} of the need stated for {year} has no signed money.").format(
        gap=words.money(totals.gap, visit.currency), year=picture.year
    )
    if fall is not None:
        sentence += " " + _("From {month} it is below three quarters of need.").format(month=words.month(fall))
    figure = Figure("need_covered", totals.coverage_capped, words.percent(totals.coverage_capped),
                    _("gap {gap}").format(gap=words.money(totals.gap, visit.currency)),
                    _("need known for {k} of {n} lines").format(k=totals.lines.known, n=totals.lines.total))  # fmt: skip
    return Answer(_("Where is money missing?"), "funding_gaps", sentence, figure)


def overlap(visit: Visit) -> Answer:
    """Pairs to check, and those already coordinated."""
    pairs = read(queries.overlap.pairs(visit.filters, visit.viewer))
    pairs = overlap_metrics.reviewed(pairs, read(queries.overlap.answers(visit.viewer)))
    n = int((pairs["status"] == "possible_duplication").sum())
    known = int((pairs["status"] == "coordinated").sum())
    unclear = int((pairs["status"] == "cannot_tell").sum())
    sentence = ngettext(
        "{n} pair of projects looks alike without known coordination.", "{n} pairs of projects look alike without known coordination.", n
    ).format(n=words.number(n))
    figure = Figure("pairs_to_check", n, words.number(n), _("{k} coordinated").format(k=words.number(known)),
                    _("{u} cannot be judged yet").format(u=words.number(unclear)))  # fmt: skip
    return Answer(_("Who does the same?"), "overlap", sentence, figure)


def relocation(visit: Visit) -> Answer:
    """Waiting time for coordinators, published people for everybody else."""
    summary = waiting.summary(visit)
    return Answer(_("How fast do cases move?"), "relocation", summary.sentence, summary.figures[0])
