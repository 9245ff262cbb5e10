"""Usable episodes, their stays in stages, and the first day of each stage: found once per refresh, for every summary of cases.

They stand in temporary tables of the caller's connection, because what makes them (a window over all stage events) is most of
the work; nothing of them is left after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy import case as sql_case
from sqlalchemy.sql.selectable import Subquery

from data_access.case_episodes import COUNTRY, EPISODE, ROUTE, UNKNOWN_STAGE, ends, month_of, usable
from data_access.schema import STAGES, hold, stage_event

TEMPORARY = MetaData()
episode = Table(
    "passage_episode",
    TEMPORARY,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36)),
    Column("case_id", String(36)),
    Column("host_country", String(8)),
    Column("route", String(40)),
    Column("opened_on", Date),
    Column("opened_month", Date),
    Column("ended_on", Date),
    Column("outcome", String(16)),
    prefixes=["TEMPORARY"],
)
"""Usable episodes, numbered anew; `ended_on` is NULL while they are open."""
stay = Table(
    "passage_stay",
    TEMPORARY,
    Column("number", Integer, nullable=False),
    Column("stage", String(24)),
    Column("position", Integer),
    Column("entered_on", Date),
    Column("left_on", Date),
    Column("is_last", Boolean),
    prefixes=["TEMPORARY"],
)
"""A row per stay of an episode in a stage, first a stay of unknown stage; `left_on` is NULL while it lasts."""
first = Table(
    "passage_first",
    TEMPORARY,
    Column("number", Integer, primary_key=True, autoincrement=False),
    *(Column(stage, Date) for stage in STAGES),
    prefixes=["TEMPORARY"],
)
"""The day each episode first reached each stage or a later one."""
held = Table(
    "passage_hold",
    TEMPORARY,
    Column("on_date", Date),
    Column("host_country", String(8)),
    Column("route", String(40)),
    Column("held", Integer),
    Column("resumed", Integer),
    prefixes=["TEMPORARY"],
)
"""Holds that began or ended, a row each."""


@contextmanager
def found(connection: Connection, as_of: date) -> Iterator[None]:
    """Fill the tables with what is as of a day, and take them away afterwards."""
    TEMPORARY.create_all(connection)
    for table, rows in ((episode, _episodes(connection, as_of)), (stay, _stays(as_of)), (first, _firsts())):
        connection.execute(insert(table).from_select([column.name for column in table.c], rows))
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ANALYZE {table.name}"))
    if holds := list(_holds(connection, as_of)):
        connection.execute(insert(held), holds)
    yield
    TEMPORARY.drop_all(connection)


def _episodes(connection: Connection, as_of: date) -> Select:
    number = func.row_number().over(order_by=EPISODE.id)
    return select(
        number, EPISODE.id, EPISODE.case_id, COUNTRY, ROUTE, EPISODE.opened_on, month_of(connection, EPISODE.opened_on),
        ends(as_of), EPISODE.outcome,
    ).where(usable(as_of))  # fmt: skip


def _stays(as_of: date) -> Select:
    """Stage events within the lifetime of their episode, from one to the next."""
    event = stage_event.c
    day = sql_case((event.entered_on < episode.c.opened_on, episode.c.opened_on), else_=event.entered_on)
    position = sql_case(*((event.stage == name, place) for place, name in enumerate(STAGES)), else_=-1)
    within = and_(event.entered_on <= as_of, or_(episode.c.ended_on.is_(None), event.entered_on <= episode.c.ended_on))
    recorded = (
        select(episode.c.number, event.stage, position.label("position"), day.label("day"), episode.c.ended_on)
        .join(stage_event, event.episode_id == episode.c.id)
        .where(within)
    )
    begin = select(episode.c.number, literal(UNKNOWN_STAGE), literal(-1), episode.c.opened_on, episode.c.ended_on)
    events = union_all(recorded, begin).subquery()
    following = func.lead(events.c.day).over(partition_by=events.c.number, order_by=(events.c.day, events.c.position))
    return select(
        events.c.number,
        events.c.stage,
        events.c.position,
        events.c.day,
        func.coalesce(following, events.c.ended_on),
        following.is_(None),
    )


def _firsts() -> Select:
    days = (func.min(sql_case((stay.c.position >= place, stay.c.entered_on))) for place in range(len(STAGES)))
    return select(stay.c.number, *days).group_by(stay.c.number)


def _holds(connection: Connection, as_of: date) -> Iterator[dict[str, Any]]:
    """Cases put on hold and taken up again; overlapping holds are one, and a hold ends with its episode."""
    statement = (
        select(
            *(episode.c[name] for name in ("id", "host_country", "route", "ended_on")), hold.c.held_from, hold.c.held_to
        )
        .join(hold, hold.c.episode_id == episode.c.id)
        .where(hold.c.held_from <= as_of)
        .order_by(episode.c.id, hold.c.held_from)
    )
    for (_id, country, way), (begun, ended) in _merged(connection.execute(statement)):
        for day, is_begin in ((begun, 1), (ended, 0)):
            if day is not None and day <= as_of:
                yield {"on_date": day, "host_country": country, "route": way, "held": is_begin, "resumed": 1 - is_begin}


def _merged(rows: Any) -> Iterator[tuple[tuple[str, str, str], tuple[date, date | None]]]:
    """Holds of one episode that overlap become one; the end is None while it lasts."""
    forever = date.max
    last: tuple | None = None
    begun = ended = forever
    for row in rows:
        key = (row.id, row.host_country, row.route)
        until = min(row.held_to or forever, row.ended_on or forever)
        if until <= row.held_from:
            continue
        if key == last and row.held_from <= ended:
            ended = max(ended, until)
            continue
        if last is not None:
            yield last, (begun, None if ended == forever else ended)
        last, begun, ended = key, row.held_from, until
    if last is not None:
        yield last, (begun, None if ended == forever else ended)


def first_reached(*, with_ending: bool) -> Subquery:
    """A row per episode and stage that it or a later one was reached: host_country, route, opened_on, opened_month, number,
    stage, day; an ending reaches all if `with_ending`."""
    known = [episode.c[name] for name in ("host_country", "route", "opened_on", "opened_month", "number")]
    each = []
    for stage in STAGES:
        day = func.coalesce(first.c[stage], episode.c.ended_on) if with_ending else first.c[stage]
        reached = select(*known, literal(stage).label("stage"), day.label("day")).join(
            first, first.c.number == episode.c.number
        )
        each.append(reached.where(day.is_not(None)))
    return union_all(*each).subquery("first_reached")
