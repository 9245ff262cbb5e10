"""Disclosure control: a closed quarter of cases becomes a small fixed list of protected cells, drawn once.

SECURITY.md section 1. Freezing counts people per cell in the case database and commits; protecting and inserting into
the shared database follows and is idempotent, so a rerun after a crash completes it. The random source is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, case, distinct, func, insert, literal, select

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
    year, _, quarter = period.partition("Q")
    if not (year.isdigit() and len(year) == 4 and quarter in ("1", "2", "3", "4")):
        raise PublicationRefused(f"{period!r} is not a quarter; write it like 2026Q3.")
    first = date(int(year), 3 * int(quarter) - 2, 1)
    following = date(first.year + first.month // 12, (first.month + 3 - 1) % 12 + 1, 1)
    if quarter == "4":
        following = date(first.year + 1, 1, 1)
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
    first, last = quarter_days(period)
    if today <= last + timedelta(days=CLOSED_AFTER_DAYS):
        raise PublicationRefused(f"{period} closes for publication on {last + timedelta(days=CLOSED_AFTER_DAYS + 1)}.")
    with cases.begin() as connection:
        freeze(connection, period, first, last)
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
                "value": _protected(counts.get((measure, country, route), (0, 0)), country, route, draw),
            }
            for measure, country, route in cells()
        ]
        connection.execute(insert(published_cell), rows)
    return len(rows)


def _protected(count: tuple[int, int], country: str, route: str, draw: Draw) -> int | None:
    people, contributors = count
    shown = (country == ALL and route == ALL) or contributors >= CONTRIBUTORS
    return protect(people, draw) if shown else None


def cells() -> Iterable[tuple[str, str, str]]:
    """The fixed list for one quarter: measure x (all, each country group, each route group), bands for all only."""
    countries = [ALL, *sorted(set(COUNTRY_GROUPS.values())), OTHER]
    routes = [*sorted(set(ROUTE_GROUPS.values())), OTHER]
    yield from product(MEASURES, countries, [ALL])
    yield from product(MEASURES, [ALL], routes)
    yield from product([name for _, name in BANDS] + [LAST_BAND], [ALL], [ALL])


def freeze(connection: Connection, period: str, first: date, last: date) -> None:
    """Count people per cell of `period` once, empty cells included; does nothing when it is frozen already."""
    if connection.scalar(select(func.count()).select_from(frozen_atom).where(frozen_atom.c.period == period)):
        return
    country = _grouped(case_episode.c.host_country, COUNTRY_GROUPS)
    route = _grouped(case_episode.c.route, ROUTE_GROUPS)
    rows: list[dict[str, Any]] = []
    for measure, day, condition in (
        ("opened", case_episode.c.opened_on, literal(True)),
        ("closed", case_episode.c.closed_on, literal(True)),
        ("relocated", case_episode.c.closed_on, case_episode.c.outcome == "relocated"),
    ):
        kept = and_(day.between(first, last), condition)
        rows += _counted(connection, measure, period, kept, literal(ALL), literal(ALL))
        rows += _counted(connection, measure, period, kept, country, literal(ALL))
        rows += _counted(connection, measure, period, kept, literal(ALL), route)
    rows += _banded(connection, period, first, last)
    counted = {(row["measure"], row["country_group"], row["route_group"]): row for row in rows}
    nobody = {"period": period, "people": 0, "contributors": 0}
    names = ("measure", "country_group", "route_group")
    connection.execute(
        insert(frozen_atom), [nobody | dict(zip(names, cell, strict=True)) | counted.get(cell, {}) for cell in cells()]
    )


def _grouped(column: ColumnElement, groups: dict[str, str]) -> ColumnElement:
    return case(*((column == code, group) for code, group in groups.items()), else_=OTHER)


def _counted(
    connection: Connection, measure: str, period: str, kept: ColumnElement, country: ColumnElement, route: ColumnElement
) -> list[dict[str, Any]]:
    statement: Select = (
        select(
            country.label("country_group"),
            route.label("route_group"),
            func.sum(func.coalesce(relocation_case.c.people, 1)).label("people"),
            func.count(distinct(relocation_case.c.handler_id)).label("contributors"),
        )
        .join(relocation_case, relocation_case.c.id == case_episode.c.case_id)
        .where(kept)
        .group_by("country_group", "route_group")
    )
    found = connection.execute(statement).mappings()
    return [dict(row) | {"measure": measure, "period": period} for row in found if row["people"] is not None]


def _banded(connection: Connection, period: str, first: date, last: date) -> list[dict[str, Any]]:
    """People who left in the quarter by how long their case took."""
    statement = (
        select(
            case_episode.c.opened_on,
            case_episode.c.closed_on,
            relocation_case.c.people,
            relocation_case.c.handler_id,
        )
        .join(relocation_case, relocation_case.c.id == case_episode.c.case_id)
        .where(
            case_episode.c.closed_on.between(first, last),
            case_episode.c.opened_on <= case_episode.c.closed_on,
        )
    )
    people: dict[str, int] = {}
    handlers: dict[str, set[int | None]] = {}
    for row in connection.execute(statement):
        days = (row.closed_on - row.opened_on).days
        band = next((name for upper, name in BANDS if days <= upper), LAST_BAND)
        people[band] = people.get(band, 0) + (row.people or 1)
        handlers.setdefault(band, set()).add(row.handler_id)
    return [
        {
            "measure": band,
            "period": period,
            "country_group": ALL,
            "route_group": ALL,
            "people": n,
            "contributors": len(handlers[band]),
        }
        for band, n in people.items()
    ]
