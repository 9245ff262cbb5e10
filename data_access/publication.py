"""Disclosure control: a closed quarter of cases becomes a small fixed list of protected cells, drawn once.

SECURITY.md section 1. Freezing counts people per cell in the case database and commits; protecting and inserting into
the shared database follows and is idempotent, so a rerun after a crash completes it. The random source is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import product

from sqlalchemy import ColumnElement, Connection, Engine, Select, case, distinct, func, insert, literal, select

from data_access.schema import case_episode, frozen_atom, published_cell, relocation_case

K = 10
BASE = 5
CLOSED_AFTER_DAYS = 30
CONTRIBUTORS = 3
ALL = "all"
OTHER = "other"
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

Draw = Callable[[int], int]
"""draw(n) -> a whole number from 0 to n - 1, every one as likely (secrets.randbelow in production)."""


class PublicationRefused(Exception):
    """The quarter cannot be published; the message says why."""


def quarter_days(period: str) -> tuple[date, date]:
    """First and last day of a quarter written 2026Q3. Raises PublicationRefused for anything else."""
    if not re.fullmatch(r"20[0-9]{2}Q[1-4]", period):
        raise PublicationRefused(f"{period!r} is not a quarter; write it like 2026Q3.")
    year, quarter = int(period[:4]), int(period[5])
    first = date(year, 3 * quarter - 2, 1)
    following = date(year + 1, 1, 1) if quarter == 4 else date(year, 3 * quarter + 1, 1)
    return first, following - timedelta(days=1)


def protect(count: int, draw: Draw) -> int | None:
    """Below 10 becomes None ('<10', zero included); else an unbiased random multiple of 5."""
    if count < K:
        return None
    lower, rest = divmod(count, BASE)
    return lower * BASE + (BASE if draw(BASE) < rest else 0)


def publish(cases: Engine, shared: Engine, period: str, today: date, draw: Draw) -> int:
    """Freeze `period` if it is not frozen yet, protect and insert its cells; returns how many cells were inserted.

    Published cells are never redrawn: a second run inserts 0. Raises PublicationRefused when the quarter is running
    or closed less than 30 days ago.
    """
    last = quarter_days(period)[1]
    if today <= last + timedelta(days=CLOSED_AFTER_DAYS):
        raise PublicationRefused(f"{period} closes for publication on {last + timedelta(days=CLOSED_AFTER_DAYS + 1)}.")
    with cases.begin() as connection:
        freeze(connection, period, last)
    with cases.connect() as connection:
        atoms = connection.execute(select(frozen_atom).where(frozen_atom.c.period == period)).all()
    counts = {(a.measure, a.country_group, a.route_group): (a.people, a.contributors) for a in atoms}
    with shared.begin() as connection:
        if connection.scalar(select(func.count()).select_from(published_cell).where(published_cell.c.period == period)):
            return 0
        rows = [
            {
                "measure": measure,
                "period": period,
                "country_group": country,
                "route_group": route,
                "release": period,
                "value": _protected(counts.get((measure, country, route), (0, 0)), draw),
            }
            for measure, country, route in cells()
        ]
        connection.execute(insert(published_cell), rows)
    return len(rows)


def _protected(count: tuple[int, int], draw: Draw) -> int | None:
    people, contributors = count
    return protect(people, draw) if contributors >= CONTRIBUTORS else None


def cells() -> Iterable[tuple[str, str, str]]:
    """The fixed list for one quarter: measure x (all, each country group, each route group), bands for all only."""
    countries = [ALL, *sorted(set(COUNTRY_GROUPS.values())), OTHER]
    routes = [*sorted(set(ROUTE_GROUPS.values())), OTHER]
    yield from product(MEASURES, countries, [ALL])
    yield from product(MEASURES, [ALL], routes)
    yield from product([name for _, name in BANDS] + [LAST_BAND], [ALL], [ALL])


def freeze(connection: Connection, period: str, last: date) -> None:
    """Count people per cell of `period` once, empty cells included; does nothing when it is frozen already.

    A cell is everything that happened from the first frozen quarter to the end of this one, less what earlier quarters
    froze: an event recorded late is booked to the first quarter that can still hold it, and moves nothing published.
    Quarters are frozen in order; raises PublicationRefused for one that lies before a frozen one.
    """
    frozen = connection.scalars(select(frozen_atom.c.period).distinct().order_by(frozen_atom.c.period)).all()
    if period in frozen:
        return
    if frozen and period < frozen[-1]:
        raise PublicationRefused(f"{period} lies before {frozen[-1]}, which is published; quarters come in order.")
    first = quarter_days(period)[0]
    begin = quarter_days(frozen[0])[0] if frozen else first
    contributors = {cell: n for cell, (_people, n) in _counts(connection, first, last).items()}
    people = {cell: n for cell, (n, _contributors) in _counts(connection, begin, last).items()}
    for row in connection.execute(
        select(*(frozen_atom.c[name] for name in CELL), func.sum(frozen_atom.c.people).label("people")).group_by(
            *(frozen_atom.c[name] for name in CELL)
        )
    ):
        cell = (row.measure, row.country_group, row.route_group)
        people[cell] = max(0, people.get(cell, 0) - row.people)
    rows = [
        dict(zip(CELL, cell, strict=True))
        | {"period": period, "people": people.get(cell, 0), "contributors": contributors.get(cell, 0)}
        for cell in cells()
    ]
    connection.execute(insert(frozen_atom), rows)


CELL = ("measure", "country_group", "route_group")


def _counts(connection: Connection, begin: date, last: date) -> dict[tuple[str, str, str], tuple[int, int]]:
    """People and distinct contributors per cell over events from `begin` to `last`; an unnamed handler is none."""
    country = _grouped(case_episode.c.host_country, COUNTRY_GROUPS)
    route = _grouped(case_episode.c.route, ROUTE_GROUPS)
    every = literal(ALL)
    counted: dict[tuple[str, str, str], tuple[int, int]] = {}
    for measure, day, condition in (
        ("opened", case_episode.c.opened_on, literal(True)),
        ("closed", case_episode.c.closed_on, literal(True)),
        ("relocated", case_episode.c.closed_on, case_episode.c.outcome == "relocated"),
    ):
        for by_country, by_route in ((every, every), (country, every), (every, route)):
            statement: Select = (
                select(
                    by_country.label("country_group"),
                    by_route.label("route_group"),
                    func.sum(func.coalesce(relocation_case.c.people, 1)).label("people"),
                    func.count(distinct(relocation_case.c.handler_id)).label("contributors"),
                )
                .join(relocation_case, relocation_case.c.id == case_episode.c.case_id)
                .where(day.between(begin, last), condition)
                .group_by("country_group", "route_group")
            )
            for row in connection.execute(statement):
                counted[measure, row.country_group, row.route_group] = (int(row.people), row.contributors)
    return counted | _bands(connection, begin, last)


def _grouped(column: ColumnElement, groups: dict[str, str]) -> ColumnElement:
    return case(*((column == code, group) for code, group in groups.items()), else_=OTHER)


def _bands(connection: Connection, begin: date, last: date) -> dict[tuple[str, str, str], tuple[int, int]]:
    """People whose case ended from `begin` to `last`, by how long it took."""
    statement = (
        select(
            case_episode.c.opened_on, case_episode.c.closed_on, relocation_case.c.people, relocation_case.c.handler_id
        )
        .join(relocation_case, relocation_case.c.id == case_episode.c.case_id)
        .where(case_episode.c.closed_on.between(begin, last), case_episode.c.opened_on <= case_episode.c.closed_on)
    )
    people: dict[str, int] = {}
    handlers: dict[str, set[int]] = {}
    for row in connection.execute(statement):
        days = (row.closed_on - row.opened_on).days
        band = next((name for upper, name in BANDS if days <= upper), LAST_BAND)
        people[band] = people.get(band, 0) + (row.people or 1)
        handlers.setdefault(band, set()).update({row.handler_id} - {None})
    return {(band, ALL, ALL): (n, len(handlers[band])) for band, n in people.items()}
