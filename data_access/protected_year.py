"""The settings of a calendar year of publication: its periods, groups and protection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from babel import Locale

from data_access.disclosure import Structure
from data_access.i18n import _, ngettext

K = 10
BASE = 5
MOST_COUNTRY_GROUPS = 10
MOST_ROUTE_GROUPS = 5
OTHER = "other"
PERIODS = {"quarters": ("Q1", "Q2", "Q3", "Q4"), "halves": ("H1", "H2")}
COUNTRY_GROUPS = {
    "DE": "DE",
    "LT": "LT",
    "PL": "PL",
    "FR": "western_europe",
    "NL": "western_europe",
    "ES": "western_europe",
    "BE": "western_europe",
    "AT": "western_europe",
    "GE": "caucasus",
    "AM": "caucasus",
    "AZ": "caucasus",
    "LV": "LV",
    "CZ": "CZ",
    "RS": "balkans",
    "ME": "balkans",
}
ROUTE_GROUPS = {
    "humanitarian_visa": "humanitarian_visa",
    "asylum": "protection",
    "tolerated": "protection",
    "residence": "residence",
    "freelance_visa": "residence",
    "visa_free": "visa_free",
}
BANDS = (
    (30, "band_1"),
    (61, "band_2"),
    (91, "band_3"),
    (122, "band_4"),
    (183, "band_6"),
    (274, "band_9"),
    (365, "band_12"),
)
LAST_BAND = "band_over_12"
MEASURES = ("opened", "closed", "relocated")
BAND_NAMES = (*(name for _upper, name in BANDS), LAST_BAND)
COUNTRIES = {code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()} - {
    "EU", "EZ", "QO", "UN", "XA", "XB", "ZZ",
}  # fmt: skip
Draw = Callable[[int], int]
"""draw(n) -> a whole number from 0 to n - 1, every one as likely (secrets.randbelow in production)."""
Key = tuple[str, str, str]
"""measure, country group, route group: a cell of one period"""


class PublicationRefused(Exception):
    """The period cannot be published; the message says why and what to do."""


@dataclass(frozen=True)
class Year:
    """The network's settings for a calendar year: kind of periods, and the fixed groups of countries and routes.

    A country or route without a group counts as "other". `merged`: organisations that became another one, so that whoever handled
    cases under two names counts as one. Raises PublicationRefused for more groups than allowed.
    """

    year: int
    periods: str
    country_groups: Mapping[str, str]
    route_groups: Mapping[str, str]
    merged: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.periods not in PERIODS:
            one, other = PERIODS
            said = _("Periods are {one} or {other}, not {stated}.")
            raise PublicationRefused(said.format(one=one, other=other, stated=repr(self.periods)))
        if (n := len(self.countries)) > MOST_COUNTRY_GROUPS:
            said = ngettext(
                "{n} country group, “other” included: at most {most} are safe.",
                "{n} country groups, “other” included: at most {most} are safe.",
                n,
            )
            raise PublicationRefused(said.format(n=n, most=MOST_COUNTRY_GROUPS))
        if (n := len(self.routes)) > MOST_ROUTE_GROUPS:
            said = ngettext(
                "{n} route group, “other” included: at most {most} are safe.",
                "{n} route groups, “other” included: at most {most} are safe.",
                n,
            )
            raise PublicationRefused(said.format(n=n, most=MOST_ROUTE_GROUPS))
        if wrong := sorted(set(self.country_groups) - COUNTRIES):
            raise PublicationRefused(_("Not ISO 3166-1 countries: {codes}.").format(codes=", ".join(wrong)))

    @property
    def countries(self) -> tuple[str, ...]:
        return (*sorted(set(self.country_groups.values()) - {OTHER}), OTHER)

    @property
    def routes(self) -> tuple[str, ...]:
        return (*sorted(set(self.route_groups.values()) - {OTHER}), OTHER)

    @property
    def names(self) -> tuple[str, ...]:
        """The periods of the year, in order: 2026Q1, ..."""
        return tuple(f"{self.year}{part}" for part in PERIODS[self.periods])

    def structure(self, periods: Iterable[str]) -> Structure:
        """How the cells of these periods add up."""
        return Structure(MEASURES, self.countries, self.routes, tuple(periods), str(self.year), BAND_NAMES)


def period_days(period: str) -> tuple[date, date]:
    """First and last day of a quarter or half-year, written 2026Q3 or 2026H1. Raises PublicationRefused for others."""
    if not re.fullmatch(r"20[0-9]{2}(Q[1-4]|H[12])", period):
        raise PublicationRefused(
            _("{period} is not a period; write it like 2026Q3 or 2026H1.").format(period=repr(period))
        )
    months = 3 if period[4] == "Q" else 6
    year, last = int(period[:4]), int(period[5]) * months
    following = date(year + 1, 1, 1) if last == 12 else date(year, last + 1, 1)
    return date(year, last - months + 1, 1), following - timedelta(days=1)
