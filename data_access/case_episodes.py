"""What an episode of a case is as of a day: usable or not, open, ended; and days between two of its days, on both databases."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Connection, Date, Integer, and_, cast, exists, extract, false, func, or_
from sqlalchemy import case as sql_case

from data_access.schema import case_episode, stage_event

UNKNOWN_COUNTRY = "ZZ"
UNKNOWN_ROUTE = "unknown"
UNKNOWN_STAGE = "unknown"
EARLIEST, YEARS_AHEAD = date(1990, 1, 1), 10
EPISODE = case_episode.c
COUNTRY = func.coalesce(EPISODE.host_country, UNKNOWN_COUNTRY).label("host_country")
ROUTE = func.coalesce(EPISODE.route, UNKNOWN_ROUTE).label("route")
CONTRADICTORY = and_(EPISODE.opened_on.is_not(None), EPISODE.closed_on < EPISODE.opened_on)


def usable(as_of: date) -> ColumnElement[bool]:
    """Episodes with an opening day up to the cut-off, no contradiction and no day that nobody can mean; closed ones need
    their day (A29)."""
    return and_(
        EPISODE.opened_on <= as_of,
        ~impossible(as_of),
        or_(EPISODE.closed_on.is_(None), EPISODE.closed_on >= EPISODE.opened_on),
        or_(EPISODE.status == "open", EPISODE.closed_on.is_not(None)),
    )


def latest_possible(as_of: date) -> date:
    """The last day that somebody can mean for a case, ten years after the cut-off."""
    return as_of.replace(year=as_of.year + YEARS_AHEAD, day=min(as_of.day, 28))


def impossible(as_of: date) -> ColumnElement[bool]:
    """A day before 1990 or more than ten years after the cut-off, in the episode or in one of its stages."""
    latest = latest_possible(as_of)
    beyond = [or_(day < EARLIEST, day > latest) for day in (EPISODE.opened_on, EPISODE.closed_on)]
    event = stage_event.alias()
    staged = exists().where(
        event.c.episode_id == EPISODE.id, or_(event.c.entered_on < EARLIEST, event.c.entered_on > latest)
    )
    return or_(*(func.coalesce(mask, false()) for mask in beyond), staged)


def is_open(as_of: date) -> ColumnElement[bool]:
    return or_(EPISODE.closed_on.is_(None), EPISODE.closed_on > as_of)


def ends(as_of: date) -> ColumnElement:
    """The closing day if it has come by the cut-off, else NULL."""
    return sql_case((EPISODE.closed_on <= as_of, EPISODE.closed_on))


def days_between(connection: Connection, start: ColumnElement, end: ColumnElement) -> ColumnElement:
    if connection.dialect.name == "sqlite":
        return cast(func.julianday(end) - func.julianday(start), Integer)
    return end - start


def month_of(connection: Connection, day: ColumnElement) -> ColumnElement:
    if connection.dialect.name == "sqlite":
        return func.date(day, "start of month", type_=Date)
    return cast(day - cast(extract("day", day), Integer) + 1, Date)
