"""Summary tables: what pages read so that a click does not grow with the number of cases. Rebuilt at refresh.

`rebuild_cases` counts in SQL inside the case database. `store_overlap` replaces stored pairs; the scoring itself is
`dashboard.metrics.overlap`, called by `dashboard.refresh`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Integer,
    Select,
    Table,
    and_,
    cast,
    delete,
    exists,
    extract,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy import case as sql_case

from data_access.schema import (
    case_day,
    case_duration,
    case_episode,
    case_open,
    case_problem,
    facet_rarity,
    hold,
    overlap_pair,
    stage_event,
)

UNKNOWN_COUNTRY = "ZZ"
UNKNOWN_ROUTE = "unknown"
STANDARD_DAYS = 120
FLAG = "possible_duplication"
ROWS_AT_ONCE = 20_000
_episode = case_episode.c
_country = func.coalesce(_episode.host_country, UNKNOWN_COUNTRY).label("host_country")
_route = func.coalesce(_episode.route, UNKNOWN_ROUTE).label("route")
_contradictory = and_(_episode.opened_on.is_not(None), _episode.closed_on < _episode.opened_on)


def rebuild_cases(connection: Connection, as_of: date) -> None:
    """Replace every case summary by counts up to `as_of`, in the caller's transaction."""
    for table in (case_day, case_duration, case_open, case_problem):
        connection.execute(delete(table))
    _rebuild_days(connection, as_of)
    _rebuild_durations(connection, as_of)
    _rebuild_open(connection, as_of)
    _rebuild_problems(connection, as_of)


def _usable(as_of: date) -> ColumnElement[bool]:
    """Episodes with an opening day up to the cut-off and no contradiction; closed ones need their day (A29)."""
    return and_(
        _episode.opened_on <= as_of,
        or_(_episode.closed_on.is_(None), _episode.closed_on >= _episode.opened_on),
        or_(_episode.status == "open", _episode.closed_on.is_not(None)),
    )


def _rebuild_days(connection: Connection, as_of: date) -> None:
    one, none = literal(1), literal(0)
    first = sql_case((_episode.episode_no == 1, 1), else_=0)
    opened = select(
        _episode.opened_on.label("on_date"),
        _country,
        _route,
        first.label("opened"),
        (1 - first).label("reopened"),
        none.label("closed"),
    ).where(_usable(as_of))
    closed = select(
        _episode.closed_on,
        _country,
        _route,
        none.label("opened"),
        none.label("reopened"),
        one.label("closed"),
    ).where(_usable(as_of), _episode.closed_on <= as_of)
    both = union_all(opened, closed).subquery()
    columns = ("on_date", "host_country", "route")
    grouped = select(
        *(both.c[name] for name in columns), *(func.sum(both.c[n]) for n in ("opened", "reopened", "closed"))
    ).group_by(*(both.c[name] for name in columns))
    connection.execute(insert(case_day).from_select([*columns, "opened", "reopened", "closed"], grouped))


def _days_between(connection: Connection, start: ColumnElement, end: ColumnElement) -> ColumnElement:
    if connection.dialect.name == "sqlite":
        return cast(func.julianday(end) - func.julianday(start), Integer)
    return end - start


def _month_of(connection: Connection, day: ColumnElement) -> ColumnElement:
    if connection.dialect.name == "sqlite":
        return func.date(day, "start of month", type_=Date)
    return cast(day - cast(extract("day", day), Integer) + 1, Date)


def _rebuild_durations(connection: Connection, as_of: date) -> None:
    ended = and_(_episode.closed_on.is_not(None), _episode.closed_on <= as_of)
    until = sql_case((ended, _episode.closed_on), else_=literal(as_of, Date))
    outcome = sql_case((ended, func.coalesce(_episode.outcome, "unknown")), else_="open")
    statement = select(
        _country,
        _route,
        _month_of(connection, _episode.opened_on).label("opened_month"),
        (_episode.opened_on <= as_of - timedelta(days=STANDARD_DAYS)).label("is_due"),
        _days_between(connection, _episode.opened_on, until).label("days"),
        outcome.label("outcome"),
    ).where(_usable(as_of))
    _insert_counts(connection, case_duration, statement)


def _rebuild_open(connection: Connection, as_of: date) -> None:
    newest = (
        select(stage_event.c.stage)
        .where(stage_event.c.episode_id == _episode.id, stage_event.c.entered_on <= as_of)
        .order_by(stage_event.c.entered_on.desc(), stage_event.c.recorded_on.desc(), stage_event.c.stage.desc())
        .limit(1)
        .scalar_subquery()
    )
    held = exists().where(
        hold.c.episode_id == _episode.id,
        hold.c.held_from <= as_of,
        or_(hold.c.held_to.is_(None), hold.c.held_to > as_of),
    )
    statement = select(
        _country,
        _route,
        func.coalesce(newest, "unknown").label("stage"),
        held.label("on_hold"),
        _days_between(connection, _episode.opened_on, literal(as_of, Date)).label("days"),
    ).where(_usable(as_of), or_(_episode.closed_on.is_(None), _episode.closed_on > as_of))
    _insert_counts(connection, case_open, statement)


def _rebuild_problems(connection: Connection, as_of: date) -> None:
    """Each broken record once, under the first reason that applies (A29)."""
    problem = sql_case(
        (_contradictory, "closed_before_opened"),
        (_episode.opened_on.is_(None), "no_opening_date"),
        (_episode.opened_on > as_of, "opened_in_future"),
        (and_(_episode.status == "closed", _episode.closed_on.is_(None)), "no_closing_date"),
    ).label("problem")
    broken = select(_country, _route, problem).where(problem.is_not(None))
    _insert_counts(connection, case_problem, broken)


def _insert_counts(connection: Connection, table: Table, episodes: Select) -> None:
    """Count the episodes of each distinct row into `table`, whose last column is `episodes`."""
    rows = episodes.subquery()
    counted = select(*rows.c, func.count()).group_by(*rows.c)
    connection.execute(insert(table).from_select([*rows.c.keys(), "episodes"], counted))


@dataclass(frozen=True)
class Scored:
    """What one clearance reads of overlap: labelled `pairs` and, per facet value, its `rarity`."""

    pairs: pd.DataFrame
    rarity: pd.DataFrame


def store_overlap(connection: Connection, scores: Iterable[tuple[str, Callable[[], Scored]]], as_of: date) -> None:
    """Replace all stored pairs and value counts, in the caller's transaction.

    `scores`: clearance and what computes its scores, called one after the other so that only one is in memory.

    A pair keeps the day it was first flagged for checking; nothing is new at the first scoring of a clearance.
    """
    before = _flagged_before(connection)
    for table in (overlap_pair, facet_rarity):
        connection.execute(delete(table))
    for clearance, score in scores:
        _store(connection, clearance, score(), before.get(clearance), as_of)


def _store(connection: Connection, clearance: str, found: Scored, before: dict | None, as_of: date) -> None:
    for table, frame in ((overlap_pair, _with_first_flag(found.pairs, before, as_of)), (facet_rarity, found.rarity)):
        for start in range(0, len(frame), ROWS_AT_ONCE):
            rows = frame.iloc[start : start + ROWS_AT_ONCE].assign(clearance=clearance).astype(object)
            connection.execute(insert(table), rows.where(rows.notna(), None).to_dict("records"))


def _flagged_before(connection: Connection) -> dict[str, dict[tuple[int, int], date | None]]:
    """Per clearance scored before, its flagged pairs and the day each was first flagged."""
    stored = overlap_pair.c
    flagged = select(stored.clearance, stored.project_a, stored.project_b, stored.flagged_on)
    before: dict[str, dict] = {name: {} for name in connection.scalars(select(facet_rarity.c.clearance).distinct())}
    for clearance, first, second, day in connection.execute(flagged.where(stored.label == FLAG)):
        before.setdefault(clearance, {})[first, second] = day
    return before


def _with_first_flag(pairs: pd.DataFrame, before: dict | None, as_of: date) -> pd.DataFrame:
    keys = zip(pairs["project_a"], pairs["project_b"], pairs["label"] == FLAG, strict=True)
    first_time = None if before is None else as_of
    return pairs.assign(flagged_on=[(before or {}).get((a, b), first_time) if flag else None for a, b, flag in keys])
