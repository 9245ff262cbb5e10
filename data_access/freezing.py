"""Freezing: the people of a closed period are counted once per cell, in the case database, and never again.

SECURITY.md section 1. What is frozen is what `publication` protects, audits and publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import product

from sqlalchemy import ColumnElement, Connection, case, distinct, exists, func, insert, literal, or_, select

from data_access.disclosure import ALL
from data_access.i18n import _
from data_access.protected_year import (
    BAND_NAMES,
    BANDS,
    COUNTRIES,
    LAST_BAND,
    MEASURES,
    OTHER,
    K,
    Key,
    PublicationRefused,
    Year,
    period_days,
)
from data_access.schema import case_episode, frozen_atom, frozen_event, relocation_case, route

CONTRIBUTORS = 3


def frozen_periods(connection: Connection) -> list[str]:
    """The periods that are frozen, oldest first."""
    names = connection.scalars(select(frozen_atom.c.period).distinct()).all()
    return sorted(names, key=lambda name: period_days(name)[0])


def freeze(connection: Connection, chosen: Year, period: str, *, is_shown: bool = True) -> None:
    """Count people per cell of `period` once, empty cells included; does nothing when it is frozen already.

    Counted are the events up to the period's end that no earlier period counted (`frozen_event`), so that an event
    recorded late goes to the first period that can still hold it, and none is counted twice or moves what is
    published. Raises PublicationRefused, and freezes nothing, for an unknown country or route, and unless
    `is_shown` is False for a group that would be shown with fewer than three contributors.
    """
    frozen = frozen_periods(connection)
    if period in frozen:
        return
    begin, last = period_days(period)
    earliest = period_days(frozen[0])[0] if frozen else begin
    _refuse_unknown_codes(connection, earliest, last)
    _book(connection, period, earliest, last)
    found = people_and_contributors(connection, chosen, frozen_event.c.period == period)
    keys = [
        *product(MEASURES, chosen.countries, chosen.routes),
        *(key for measure in MEASURES for key in _margins(measure, chosen)),
        *((band, ALL, ALL) for band in BAND_NAMES),
    ]
    people = {key: found.get(key, (0, 0))[0] for key in keys}
    if is_shown:
        _refuse_few_contributors(people, found)
    connection.execute(
        insert(frozen_atom),
        [
            {
                "measure": measure,
                "period": period,
                "country_group": country,
                "route_group": kind,
                "people": n,
                "contributors": found.get((measure, country, kind), (0, 0))[1],
            }
            for (measure, country, kind), n in people.items()
        ],
    )


def _book(connection: Connection, period: str, earliest: date, last: date) -> None:
    """Note the events this period counts: those since publication began that no period has counted yet."""
    for measure, (day, condition) in _events().items():
        counted = exists().where(frozen_event.c.episode_id == case_episode.c.id, frozen_event.c.measure == measure)
        events = select(case_episode.c.id, literal(measure), literal(period)).where(
            day.between(earliest, last), condition, ~counted
        )
        connection.execute(insert(frozen_event).from_select(["episode_id", "measure", "period"], events))


def _events() -> dict[str, tuple[ColumnElement, ColumnElement]]:
    """The day and condition of each measure's event."""
    ended = case_episode.c.closed_on
    return {
        "opened": (case_episode.c.opened_on, literal(True)),
        "closed": (ended, literal(True)),
        "relocated": (ended, case_episode.c.outcome == "relocated"),
    }


def _margins(measure: str, chosen: Year) -> Iterable[Key]:
    yield measure, ALL, ALL
    yield from ((measure, country, ALL) for country in chosen.countries)
    yield from ((measure, ALL, kind) for kind in chosen.routes)


def _refuse_unknown_codes(connection: Connection, begin: date, last: date) -> None:
    touched = or_(case_episode.c.opened_on.between(begin, last), case_episode.c.closed_on.between(begin, last))
    countries = connection.scalars(select(case_episode.c.host_country).where(touched).distinct()).all()
    routes = connection.scalars(select(case_episode.c.route).where(touched).distinct()).all()
    known = set(connection.scalars(select(route.c.code)))
    wrong = sorted({c for c in countries if c} - COUNTRIES) + sorted({r for r in routes if r} - known)
    if wrong:
        raise PublicationRefused(
            _("Unknown countries or routes in the cases: {codes}. Mend them first.").format(codes=", ".join(wrong))
        )


def _refuse_few_contributors(people: Mapping[Key, int], here: Mapping[Key, tuple[int, int]]) -> None:
    """Finer cells are only shown summed over a year; those of one period must each have three contributors."""
    shown = {key: n for key, n in people.items() if n >= K and (ALL in key[1:] or key[0] in BAND_NAMES)}
    few = sorted(
        "/".join(part for part in key if part != ALL) for key in shown if here.get(key, (0, 0))[1] < CONTRIBUTORS
    )
    if few:
        raise PublicationRefused(
            _(
                "Fewer than {n} organisations stand behind {groups}: one of them could subtract itself and read the others. "
                "Close the period with --withhold, and merge the group from the next year on with `meridian publication-year`."
            ).format(n=CONTRIBUTORS, groups=", ".join(few[:5]))
        )


def people_and_contributors(connection: Connection, chosen: Year, *which: ColumnElement) -> dict[Key, tuple[int, int]]:
    """People and distinct contributors per cell over the booked events that meet `which`; an unnamed handler is none."""
    groups = _grouped(case_episode.c.host_country, chosen.country_groups)
    routes = _grouped(case_episode.c.route, chosen.route_groups)
    every = literal(ALL)
    margins = ((every, every), (groups, every), (every, routes), (groups, routes))
    lasting = (frozen_event.c.measure == "closed", case_episode.c.opened_on <= case_episode.c.closed_on)
    handler: ColumnElement = relocation_case.c.handler_id
    if chosen.merged:
        handler = case(*((handler == gone, kept) for gone, kept in chosen.merged.items()), else_=handler)
    tables = [(frozen_event.c.measure, *margin, ()) for margin in margins] + [
        (_band(connection), every, every, lasting)
    ]
    counted: dict[Key, tuple[int, int]] = {}
    for measure, by_country, by_route, conditions in tables:
        statement = (
            select(
                measure.label("cell_measure"),
                by_country.label("country_group"),
                by_route.label("route_group"),
                func.sum(func.coalesce(relocation_case.c.people, 1)).label("people"),
                func.count(distinct(handler)).label("contributors"),
            )
            .select_from(frozen_event)
            .join(case_episode, case_episode.c.id == frozen_event.c.episode_id)
            .join(relocation_case, relocation_case.c.id == case_episode.c.case_id)
            .where(*which, *conditions)
            .group_by("cell_measure", "country_group", "route_group")
        )
        for row in connection.execute(statement):
            counted[row.cell_measure, row.country_group, row.route_group] = (int(row.people), row.contributors)
    return counted


def _band(connection: Connection) -> ColumnElement:
    days = case_episode.c.closed_on - case_episode.c.opened_on
    if connection.dialect.name == "sqlite":
        days = func.julianday(case_episode.c.closed_on) - func.julianday(case_episode.c.opened_on)
    return case(*((days <= upper, name) for upper, name in BANDS), else_=LAST_BAND)


def _grouped(column: ColumnElement, groups: Mapping[str, str]) -> ColumnElement:
    known = [(column == code, group) for code, group in groups.items()]
    return case(*known, else_=OTHER) if known else literal(OTHER)
