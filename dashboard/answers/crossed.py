"""What crossed a line: the rules of a digest and their thresholds, all of them here or, where pages draw the same line, by name.

Each rule says what is so at the cut-off, about what, and on which day it became so where that is known. Nothing of relocation
cases but published figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd

from dashboard.answers import closing, dependence, overlap, portfolio, published, sources
from dashboard.answers.crossing import UNPLACED
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access.i18n import N_, _, ngettext

COVERAGE_BELOW = 0.75
"""Share of the need stated for the year that signed money covers, per host country."""
COMBINATION_ENDS_WITHIN, ORGANISATION_ENDS_WITHIN = closing.DAYS, dependence.ENDING_DAYS
"""Days within which the last signed money of every provider of a combination, or of an organisation, ends."""
ALIKE_FROM = 0.9
"""Likeness of two projects by what is known of them, of 1."""
OVERDUE_AFTER = sources.OVERDUE_AFTER
"""Times its own rhythm since a source was loaded."""


@dataclass(frozen=True)
class Crossed:
    """A line that was crossed: by which rule, about what (stable over time), on which day where that is known, how bad (largest
    first), what is said of it, and where on the pages it stands."""

    rule: str
    about: str
    day: date | None
    weight: float
    said: str
    page: str
    asked: dict[str, str]


def _coverage(visit: Visit) -> Iterator[Crossed]:
    money = portfolio.picture(visit)
    for row in portfolio.by_part(money, ["host_country"]).itertuples():
        if row.host_country in UNPLACED or pd.isna(row.coverage) or row.coverage >= COVERAGE_BELOW:
            continue
        said = _("{country}: signed money covers {share} of the need stated for {year}; {amount} is lacking.").format(
            country=written.country(row.host_country), share=written.percent(row.coverage), year=money.year,
            amount=written.money(row.gap, money.currency),
        )  # fmt: skip
        about = f"{row.host_country} {money.year}"
        yield Crossed("coverage", about, None, float(row.gap), said, "funding_gaps", {"country": row.host_country})


def _combinations(visit: Visit) -> Iterator[Crossed]:
    for row in closing.may_end(visit).rows.itertuples():
        day = pd.Timestamp(row.last_day)
        said = ngettext(
            "{activity} in {country}: the signed money of its only provider ends on {day}.",
            "{activity} in {country}: the signed money of its {n} providers ends, the last on {day}.",
            int(row.providers),
        ).format(
            activity=codes.code("activity", row.activity), country=codes.code("host_country", row.host_country),
            n=written.number(row.providers), day=written.day(day),
        )  # fmt: skip
        about, since = f"{row.host_country}/{row.activity}", day - pd.Timedelta(days=COMBINATION_ENDS_WITHIN)
        soon = -float((day - visit.as_of).days)
        yield Crossed("combination", about, since.date(), soon, said, "what_if", {"part": "closes"})


def _organisations(visit: Visit) -> Iterator[Crossed]:
    rows = dependence.ending(portfolio.picture(visit)).rows
    for row in rows.itertuples():
        day = pd.Timestamp(row.last_day)
        said = _("{organisation}: its last signed money ends on {day}.").format(
            organisation=row.organisation, day=written.day(day)
        )
        since = (day - pd.Timedelta(days=ORGANISATION_ENDS_WITHIN)).date()
        about = str(row.organisation)[:200]
        yield Crossed("organisation", about, since, -float(row.days_left), said, "funding_gaps", {"part": "dependence"})


def _pairs(visit: Visit) -> Iterator[Crossed]:
    found = overlap.find(visit).with_status("possible_duplication")
    alike = found[found["low"] >= ALIKE_FROM]
    for pair, row in zip(overlap.addresses(visit, alike), alike.itertuples(), strict=True):
        said = _(
            "{a} ({oa}) and {b} ({ob}) look alike: {n} of 100 by what is known. Do they know of each other?"
        ).format(
            a=row.name_a, oa=row.organisation_a, b=row.name_b, ob=row.organisation_b, n=written.number(row.low * 100)
        )
        since = None if pd.isna(row.flagged_on) else pd.Timestamp(row.flagged_on).date()
        yield Crossed("pair", pair, since, float(row.low), said, "overlap", {"pair": pair})


def _sources(visit: Visit) -> Iterator[Crossed]:
    found = sources.find(visit)
    for row in found[found["freshness"] == "overdue"].itertuples():
        said = _("{source} is overdue: last loaded on {day}, promised every {n} days.").format(
            source=row.source, day=written.day(row.loaded_on), n=written.number(row.rhythm_days)
        )
        since = (pd.Timestamp(row.loaded_on) + pd.Timedelta(days=float(row.rhythm_days) * OVERDUE_AFTER)).date()
        about = f"{row.source} {row.loaded_on:%Y-%m-%d}"[:200]
        yield Crossed("source", about, since, float(row.days_since), said, "data", {})


def _periods(visit: Visit) -> Iterator[Crossed]:
    found = published.find(visit)
    if found.newest is None:
        return
    newest = found.periods.iloc[-1]
    opened, relocated = (
        published.shown_people(newest.get(measure), int(newest.get(f"{measure}_hidden", 0)))
        for measure in ("opened", "relocated")
    )
    said = _("{period} was published: people who asked for help {opened}, who reached safety {relocated}.").format(
        period=written.period(found.newest), opened=opened, relocated=relocated
    )
    yield Crossed("period", found.newest, None, 0.0, said, "relocation", {})


RULES: dict[str, tuple[str, Callable[[Visit], Iterator[Crossed]]]] = {
    "coverage": (N_("Need that signed money no longer covers"), _coverage),
    "combination": (N_("Work whose last money ends"), _combinations),
    "organisation": (N_("Organisations whose last money ends"), _organisations),
    "pair": (N_("Projects that look alike"), _pairs),
    "source": (N_("Sources that are overdue"), _sources),
    "period": (N_("Published periods"), _periods),
}
"""The rules in the order of a digest, worsening first: heading, and what crossed its line."""


def lines(visit: Visit, since: date, told: set[tuple[str, str]]) -> dict[str, list[Crossed]]:
    """By rule what crossed its line after `since` and was not `told`; where no day is known, what is so and was not told."""
    found = {}
    for rule, (_heading, cross) in RULES.items():
        new = [one for one in cross(visit) if (one.day is None or one.day > since) and (rule, one.about) not in told]
        if new:
            found[rule] = sorted(new, key=lambda one: (-one.weight, one.said))
    return found


def heading(rule: str) -> str:
    """What stands above the lines of a rule."""
    return _(RULES[rule][0])
