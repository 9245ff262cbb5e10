"""Disclosure control: a closed period of cases becomes a small fixed list of protected cells, drawn once.

SECURITY.md section 1. Freezing counts people per cell in the case database and commits; protecting, auditing and
inserting into the shared database follows and is idempotent, so a rerun after a crash completes it. The random source
is an argument.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from babel import Locale
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    case,
    distinct,
    func,
    insert,
    literal,
    or_,
    select,
)

from data_access.disclosure import ALL, Audit, Cell, Rounding, Structure
from data_access.schema import case_episode, frozen_atom, publication_year, published_cell, relocation_case, route

K = 10
BASE = 5
CLOSED_AFTER_DAYS = 30
CONTRIBUTORS = 3
MOST_COUNTRY_GROUPS = 10
MOST_ROUTE_GROUPS = 5
DRAWS = 20
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

    A country or route without a group counts as "other". Raises PublicationRefused for more groups than allowed.
    """

    year: int
    periods: str
    country_groups: Mapping[str, str]
    route_groups: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.periods not in PERIODS:
            raise PublicationRefused(f"Periods are {' or '.join(PERIODS)}, not {self.periods!r}.")
        for kind, names, most in (
            ("country", self.countries, MOST_COUNTRY_GROUPS),
            ("route", self.routes, MOST_ROUTE_GROUPS),
        ):
            if len(names) > most:
                raise PublicationRefused(f"{len(names)} {kind} groups, “other” included: at most {most} are safe.")
        if wrong := sorted(set(self.country_groups) - COUNTRIES):
            raise PublicationRefused(f"Not ISO 3166-1 countries: {', '.join(wrong)}.")

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
        raise PublicationRefused(f"{period!r} is not a period; write it like 2026Q3 or 2026H1.")
    months = 3 if period[4] == "Q" else 6
    year, last = int(period[:4]), int(period[5]) * months
    following = date(year + 1, 1, 1) if last == 12 else date(year, last + 1, 1)
    return date(year, last - months + 1, 1), following - timedelta(days=1)


def protect(count: int, draw: Draw) -> int | None:
    """Below 10 becomes None ('<10', zero included); else an unbiased random multiple of 5."""
    if count < K:
        return None
    lower, rest = divmod(count, BASE)
    return lower * BASE + (BASE if draw(BASE) < rest else 0)


def setting(connection: Connection, year: int) -> Year:
    """The stored settings of `year`, else those of the last year before it, else the house's own."""
    stored = publication_year.c
    row = connection.execute(
        select(publication_year).where(stored.year <= year).order_by(stored.year.desc()).limit(1)
    ).first()
    if row is None:
        return Year(year, "quarters", COUNTRY_GROUPS, ROUTE_GROUPS)
    return Year(year, row.periods, json.loads(row.country_groups), json.loads(row.route_groups))


def set_year(shared: Engine, chosen: Year) -> None:
    """Fix the settings of a year. Raises PublicationRefused once a period of it is published."""
    with shared.begin() as connection:
        begun = connection.scalar(
            select(func.count()).select_from(published_cell).where(published_cell.c.period.like(f"{chosen.year}%"))
        )
        if begun:
            raise PublicationRefused(f"A period of {chosen.year} is published: its groups and periods are fixed.")
        connection.execute(publication_year.delete().where(publication_year.c.year == chosen.year))
        connection.execute(insert(publication_year), _stored(chosen))


def _stored(chosen: Year) -> dict[str, object]:
    return {
        "year": chosen.year,
        "periods": chosen.periods,
        "country_groups": json.dumps(dict(chosen.country_groups), sort_keys=True),
        "route_groups": json.dumps(dict(chosen.route_groups), sort_keys=True),
    }


@dataclass(frozen=True)
class Release:
    """What was published: `inserted` cells, how many of them hidden, whether the year's table is in, draws needed."""

    period: str
    inserted: int
    hidden: int
    with_year: bool
    draws: int


def publish(cases: Engine, shared: Engine, period: str, today: date, draw: Draw) -> Release:
    """Freeze `period`, protect, audit and insert its cells, with the year's table after its last period.

    Published cells are never redrawn: a second run inserts nothing. Raises PublicationRefused when the period is
    running or closed less than 30 days ago, of the wrong kind, out of order, holds an unknown country or route, shows a
    group with fewer than three contributors, or cannot be protected against the audit's attackers: somebody outside,
    and each country's coordinator.
    """
    last = period_days(period)[1]
    if today <= last + timedelta(days=CLOSED_AFTER_DAYS):
        raise PublicationRefused(f"{period} closes for publication on {last + timedelta(days=CLOSED_AFTER_DAYS + 1)}.")
    with shared.connect() as connection:
        chosen = setting(connection, int(period[:4]))
        if connection.scalar(select(func.count()).select_from(published_cell).where(published_cell.c.period == period)):
            return Release(period, 0, 0, False, 0)
    if period not in chosen.names:
        raise PublicationRefused(f"{chosen.year} is published in {chosen.periods}: {', '.join(chosen.names)}.")
    with cases.begin() as connection:
        freeze(connection, chosen, period)
    with shared.begin() as connection:
        if connection.scalar(select(func.count()).select_from(published_cell).where(published_cell.c.period == period)):
            return Release(period, 0, 0, False, 0)
        if not connection.scalar(select(publication_year.c.year).where(publication_year.c.year == chosen.year)):
            connection.execute(insert(publication_year), _stored(chosen))
        cells, draws = _safe_cells(connection, cases, chosen, period, draw)
        rows = [
            {
                "measure": cell[0],
                "period": cell[1],
                "country_group": cell[2],
                "route_group": cell[3],
                "release": period,
                "value": value,
            }
            for cell, value in cells.items()
        ]
        connection.execute(insert(published_cell), rows)
    with_year = any(cell[1] == str(chosen.year) for cell in cells)
    return Release(period, len(rows), sum(value is None for value in cells.values()), with_year, draws)


def _safe_cells(
    connection: Connection, cases: Engine, chosen: Year, period: str, draw: Draw
) -> tuple[dict[Cell, int | None], int]:
    """Protected cells of the release that pass the audit together with the year's earlier ones, and the draws it took.

    After twenty draws, or where fewer than three contributors stand behind one of its figures, the finest table, of
    the year, is left out; after twenty more the release is refused.
    """
    counts = _frozen(cases, chosen)
    earlier = {
        (row.measure, row.period, row.country_group, row.route_group): row.value
        for row in connection.execute(select(published_cell).where(published_cell.c.period.in_(chosen.names)))
    }
    fine = list(year_cells(chosen)) if period == chosen.names[-1] and _can_show_year(cases, chosen, counts) else []
    attackers = [{}, *_coordinators(cases, chosen, counts)]
    structure = chosen.structure(sorted({cell[1] for cell in earlier} | {period}))
    for table in (fine, []) if fine else ([],):
        new = [*period_cells(chosen, period), *table]
        audit = Audit([*earlier, *new], structure, Rounding(K, BASE))
        for turn in range(1, DRAWS + 1):
            cells = {cell: protect(counts.get(cell, 0), draw) for cell in new}
            if not any(audit.provable(earlier | cells, known) for known in attackers):
                return cells, turn
    raise PublicationRefused(
        f"{period} cannot be protected: in {DRAWS} draws an attacker could still prove somebody in a hidden cell. "
        "Publish half-years, or merge groups, from the next year on."
    )


def period_cells(chosen: Year, period: str) -> Iterable[Cell]:
    """The fixed list of one period: measure x (all, each country group, each route group), bands for all only."""
    for measure, country in product(MEASURES, (ALL, *chosen.countries)):
        yield measure, period, country, ALL
    for measure, group in product(MEASURES, chosen.routes):
        yield measure, period, ALL, group
    for band in BAND_NAMES:
        yield band, period, ALL, ALL


def year_cells(chosen: Year) -> Iterable[Cell]:
    """The year's table: measure x country group x route group."""
    for measure, country, group in product(MEASURES, chosen.countries, chosen.routes):
        yield measure, str(chosen.year), country, group


def _frozen(cases: Engine, chosen: Year) -> dict[Cell, int]:
    """People frozen per cell of the year's periods, with the year's own cells as their sums."""
    with cases.connect() as connection:
        rows = connection.execute(select(frozen_atom).where(frozen_atom.c.period.in_(chosen.names))).all()
    counts = {(r.measure, r.period, r.country_group, r.route_group): r.people for r in rows}
    for cell in year_cells(chosen):
        counts[cell] = sum(counts.get((cell[0], name, *cell[2:]), 0) for name in chosen.names)
    return counts


def _can_show_year(cases: Engine, chosen: Year, counts: Mapping[Cell, int]) -> bool:
    """All periods are frozen, and three contributors stand behind every figure the year's table would show."""
    if not {cell[1] for cell in counts} >= set(chosen.names):
        return False
    first, last = period_days(chosen.names[0])[0], period_days(chosen.names[-1])[1]
    with cases.connect() as connection:
        found = _count(connection, chosen, first, last)
    return all(
        found.get((cell[0], *cell[2:]), (0, 0))[1] >= CONTRIBUTORS for cell in year_cells(chosen) if counts[cell] >= K
    )


def _coordinators(cases: Engine, chosen: Year, counts: Mapping[Cell, int]) -> list[Mapping]:
    """For each country, what its coordinator knows: at least her own people in every atom, exactly where the group is
    her country alone."""
    alone = {group: [c for c, g in chosen.country_groups.items() if g == group] for group in chosen.countries}
    known: list[Mapping] = []
    with cases.connect() as connection:
        countries = connection.scalars(select(case_episode.c.host_country).distinct()).all()
        for country in sorted(c for c in countries if c):
            group = chosen.country_groups.get(country, OTHER)
            atoms: dict[Cell, tuple[int, int | None]] = {}
            for name in {cell[1] for cell in counts} & set(chosen.names):
                own = _count(connection, chosen, *period_days(name), country=country)
                for measure, kind in product(MEASURES, chosen.routes):
                    cell = (measure, name, group, kind)
                    people = counts.get(cell, 0)
                    hers = min(people, own.get((measure, group, kind), (0, 0))[0])
                    is_alone = alone.get(group) == [country] and group != OTHER
                    atoms[cell] = (people, people) if is_alone else (hers, None)
            known.append(atoms)
    return known


def freeze(connection: Connection, chosen: Year, period: str) -> None:
    """Count people per cell of `period` once, empty cells included; does nothing when it is frozen already.

    A cell is everything that happened from the first frozen period to the end of this one, less what earlier periods
    froze: an event recorded late is booked to the first period that can still hold it, and moves nothing published.
    Periods are frozen in order. Raises PublicationRefused, and freezes nothing, for one that lies before a frozen one,
    for an unknown country or route, and for a group that would be shown with fewer than three contributors.
    """
    frozen = connection.scalars(select(frozen_atom.c.period).distinct()).all()
    if period in frozen:
        return
    begin, last = period_days(period)
    earliest = min((period_days(name)[0] for name in frozen), default=begin)
    if newest := max((name for name in frozen if period_days(name)[0] > begin), default=None):
        raise PublicationRefused(f"{period} lies before {newest}, which is published; periods come in order.")
    _refuse_unknown_codes(connection, earliest, last)
    here = _count(connection, chosen, begin, last)
    so_far = _count(connection, chosen, earliest, last)
    booked = _booked(connection)
    people = {
        key: max(0, so_far.get(key, (0, 0))[0] - booked.get(key, 0))
        for key in (*product(MEASURES, chosen.countries, chosen.routes), *((band, ALL, ALL) for band in BAND_NAMES))
    }
    for measure in MEASURES:
        for key in _margins(measure, chosen):
            people[key] = sum(n for atom, n in people.items() if _is_part(atom, key) and ALL not in atom)
    _refuse_few_contributors(people, here)
    connection.execute(
        insert(frozen_atom),
        [
            {
                "measure": measure,
                "period": period,
                "country_group": country,
                "route_group": kind,
                "people": n,
                "contributors": here.get((measure, country, kind), (0, 0))[1],
            }
            for (measure, country, kind), n in people.items()
        ],
    )


def _margins(measure: str, chosen: Year) -> Iterable[Key]:
    yield measure, ALL, ALL
    yield from ((measure, country, ALL) for country in chosen.countries)
    yield from ((measure, ALL, kind) for kind in chosen.routes)


def _is_part(atom: Key, key: Key) -> bool:
    return atom[0] == key[0] and key[1] in (ALL, atom[1]) and key[2] in (ALL, atom[2])


def _booked(connection: Connection) -> dict[Key, int]:
    """People booked so far per cell, over all frozen periods."""
    columns = [frozen_atom.c[name] for name in ("measure", "country_group", "route_group")]
    rows = connection.execute(select(*columns, func.sum(frozen_atom.c.people)).group_by(*columns))
    return {(row[0], row[1], row[2]): int(row[3]) for row in rows}


def _refuse_unknown_codes(connection: Connection, begin: date, last: date) -> None:
    touched = or_(case_episode.c.opened_on.between(begin, last), case_episode.c.closed_on.between(begin, last))
    countries = connection.scalars(select(case_episode.c.host_country).where(touched).distinct()).all()
    routes = connection.scalars(select(case_episode.c.route).where(touched).distinct()).all()
    known = set(connection.scalars(select(route.c.code)))
    wrong = sorted({c for c in countries if c} - COUNTRIES) + sorted({r for r in routes if r} - known)
    if wrong:
        raise PublicationRefused(f"Unknown countries or routes in the cases: {', '.join(wrong)}. Mend them first.")


def _refuse_few_contributors(people: Mapping[Key, int], here: Mapping[Key, tuple[int, int]]) -> None:
    """Finer cells are only shown summed over a year; those of one period must each have three contributors."""
    shown = {key: n for key, n in people.items() if n >= K and (ALL in key[1:] or key[0] in BAND_NAMES)}
    few = sorted(
        "/".join(part for part in key if part != ALL) for key in shown if here.get(key, (0, 0))[1] < CONTRIBUTORS
    )
    if few:
        raise PublicationRefused(
            f"Fewer than {CONTRIBUTORS} organisations stand behind {', '.join(few[:5])}: one of them could subtract "
            "itself and read the others. Merge the group for the year with `meridian publication-year`."
        )


def _count(
    connection: Connection, chosen: Year, begin: date, last: date, *, country: str | None = None
) -> dict[Key, tuple[int, int]]:
    """People and distinct contributors per cell over events from `begin` to `last`; an unnamed handler is none."""
    groups = _grouped(case_episode.c.host_country, chosen.country_groups)
    routes = _grouped(case_episode.c.route, chosen.route_groups)
    every = literal(ALL)
    here = literal(True) if country is None else case_episode.c.host_country == country
    counted: dict[Key, tuple[int, int]] = {}
    ended = case_episode.c.closed_on
    measures: tuple[tuple[ColumnElement, ColumnElement, ColumnElement], ...] = (
        (literal("opened"), case_episode.c.opened_on, literal(True)),
        (literal("closed"), ended, literal(True)),
        (literal("relocated"), ended, case_episode.c.outcome == "relocated"),
        (_band(connection), ended, case_episode.c.opened_on <= ended),
    )
    for place, (measure, day, condition) in enumerate(measures):
        margins = ((every, every), (groups, every), (every, routes), (groups, routes))
        for by_country, by_route in margins[:1] if place == 3 else margins:
            statement = (
                select(
                    measure.label("measure"),
                    by_country.label("country_group"),
                    by_route.label("route_group"),
                    func.sum(func.coalesce(relocation_case.c.people, 1)).label("people"),
                    func.count(distinct(relocation_case.c.handler_id)).label("contributors"),
                )
                .join(relocation_case, relocation_case.c.id == case_episode.c.case_id)
                .where(day.between(begin, last), condition, here)
                .group_by("measure", "country_group", "route_group")
            )
            for row in connection.execute(statement):
                counted[row.measure, row.country_group, row.route_group] = (int(row.people), row.contributors)
    return counted


def _band(connection: Connection) -> ColumnElement:
    days = case_episode.c.closed_on - case_episode.c.opened_on
    if connection.dialect.name == "sqlite":
        days = func.julianday(case_episode.c.closed_on) - func.julianday(case_episode.c.opened_on)
    return case(*((days <= upper, name) for upper, name in BANDS), else_=LAST_BAND)


def _grouped(column: ColumnElement, groups: Mapping[str, str]) -> ColumnElement:
    return case(*((column == code, group) for code, group in groups.items()), else_=OTHER)
