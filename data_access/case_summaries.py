"""Summaries of cases: grouped counts that pages read, so that a click does not grow with the number of cases.

Rebuilt at refresh inside the case database, in the caller's transaction. Two of them hold open or broken records one
by one, by pseudonymous reference: the call list and the records to fix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Date,
    Select,
    Table,
    and_,
    cast,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy import case as sql_case

from data_access import case_passage
from data_access.case_episodes import (
    CONTRADICTORY,
    COUNTRY,
    EARLIEST,
    EPISODE,
    ROUTE,
    UNKNOWN_COUNTRY,
    UNKNOWN_STAGE,
    days_between,
    impossible,
)
from data_access.case_passage import episode, stay
from data_access.schema import (
    STAGES,
    after_arrival,
    case_after,
    case_call,
    case_day,
    case_duration,
    case_episode,
    case_fix,
    case_lag,
    case_open,
    case_reach,
    case_stage_day,
    case_stay,
    case_transit,
    hold,
    legal_clock,
    relocation_case,
    stage_event,
)

PASSED, STAY = episode.c, stay.c
SETTLED_AFTER_DAYS = 90
NO_LAST_DAY = 99_999
SUMMARIES = (
    case_day,
    case_stage_day,
    case_reach,
    case_duration,
    case_open,
    case_stay,
    case_after,
    case_lag,
    case_transit,
    case_call,
    case_fix,
)


def rebuild(
    connection: Connection,
    as_of: date,
    standard_days: int,
    horizons: Sequence[int],
    marks: Mapping[str | None, date],
) -> None:
    """Replace every case summary by counts up to `as_of`, in the caller's transaction.

    `standard_days`: after how many days a case counts as due; `horizons`: days within which stages are counted as
    reached; `marks`: the newest change of policy per country, None for all of them.
    """
    for table in SUMMARIES:
        connection.execute(delete(table))
    with case_passage.found(connection, as_of):
        _rebuild_days(connection)
        _rebuild_stage_days(connection)
        _rebuild_reach(connection, horizons)
        _rebuild_durations(connection, as_of, standard_days)
        _rebuild_open(connection, as_of)
        _rebuild_stays(connection, as_of, marks)
        _rebuild_after(connection, as_of)
        _rebuild_lags(connection, as_of)
        _rebuild_transit(connection)
    _rebuild_fixes(connection, as_of)


FLOWS = (
    "opened",
    "reopened",
    "closed",
    "closed_reopened",
    "ineligible_in",
    "ineligible_out",
    "held",
    "resumed",
    "relocated_people",
)


def _rebuild_days(connection: Connection) -> None:
    again = sql_case((EPISODE.episode_no == 1, 0), else_=1)
    people = sql_case((PASSED.outcome == "relocated", func.coalesce(relocation_case.c.people, 1)), else_=0)
    ineligible = sql_case((PASSED.outcome == "ineligible", 1), else_=0)
    parts = [
        _flow(PASSED.opened_on, opened=1 - again, reopened=again, ineligible_in=ineligible),
        _flow(
            PASSED.ended_on,
            closed=literal(1),
            closed_reopened=again,
            ineligible_out=ineligible,
            relocated_people=people,
        )
        .join(relocation_case, relocation_case.c.id == PASSED.case_id)
        .where(PASSED.ended_on.is_not(None)),
    ]
    held = case_passage.held.c
    own = {name: held[name] if name in held else literal(0) for name in FLOWS}
    parts.append(select(held.on_date, held.host_country, held.route, *own.values()))
    both = union_all(*parts).subquery()
    keys = [both.c.on_date, both.c.host_country, both.c.route]
    counted = select(*keys, *(func.sum(both.c[name]) for name in FLOWS)).group_by(*keys)
    connection.execute(insert(case_day).from_select(["on_date", "host_country", "route", *FLOWS], counted))


def _flow(day: ColumnElement, **counts: ColumnElement) -> Select:
    """One row per episode: day, country, route and a column per kind of flow, 0 unless given."""
    named = (counts.get(name, literal(0)).label(name) for name in FLOWS)
    return (
        select(day.label("on_date"), PASSED.host_country, PASSED.route, *named)
        .select_from(episode)
        .join(case_episode, EPISODE.id == PASSED.id)
    )


def _rebuild_stage_days(connection: Connection) -> None:
    """Per day and stage: episodes that entered, that moved on, and that for the first time reached it or a later one
    (an ending counts as reaching all, A11)."""
    one, none = literal(1), literal(0)
    moving = STAY.left_on > STAY.entered_on
    lasting = or_(STAY.left_on.is_(None), moving)
    reached = case_passage.first_reached(with_ending=True).c
    keys = (STAY.number, STAY.stage)
    moves = union_all(
        select(STAY.entered_on.label("on_date"), *keys, one.label("entered"), none.label("moved_on")).where(lasting),
        select(STAY.left_on, *keys, none, one).where(moving),
    ).subquery()
    parts = (
        select(moves.c.on_date, PASSED.host_country, PASSED.route, moves.c.stage, moves.c.entered, moves.c.moved_on,
               none.label("reached")).join(episode, PASSED.number == moves.c.number),
        select(reached.day, reached.host_country, reached.route, reached.stage, none, none, one),
    )  # fmt: skip
    both = union_all(*parts).subquery()
    columns = ("on_date", "host_country", "route", "stage")
    group = [both.c[name] for name in columns]
    counts = ("entered", "moved_on", "reached")
    counted = select(*group, *(func.sum(both.c[name]) for name in counts)).group_by(*group)
    connection.execute(insert(case_stage_day).from_select([*columns, *counts], counted))


def _rebuild_reach(connection: Connection, horizons: Sequence[int]) -> None:
    """Per opening month and horizon: how many opened, and how many reached each stage or a later one within it."""
    first, keys = case_passage.first.c, [PASSED.host_country, PASSED.route, PASSED.opened_month]
    days = [days_between(connection, PASSED.opened_on, first[stage]).label(stage) for stage in STAGES]
    each = select(*keys, *days).join(case_passage.first, first.number == PASSED.number).subquery()
    steps = [(stage, horizon) for stage in STAGES for horizon in horizons]
    within = [func.sum(sql_case((each.c[stage] <= horizon, 1), else_=0)) for stage, horizon in steps]
    group = [each.c[key.name] for key in keys]
    names, begun = [column.name for column in case_reach.c], len(group)
    rows = []
    for row in connection.execute(select(*group, func.count(), *within).group_by(*group)):
        known, opened, reached = row[:begun], row[begun], row[begun + 1 :]
        rows += [(*known, horizon, "opened", opened) for horizon in horizons]
        rows += [(*known, horizon, stage, n) for (stage, horizon), n in zip(steps, reached, strict=True) if n]
    if rows:
        connection.execute(insert(case_reach), [dict(zip(names, row, strict=True)) for row in rows])


def _rebuild_durations(connection: Connection, as_of: date, standard_days: int) -> None:
    """Days from opening to ending or cut-off; `entry`: days that had passed when recording began (A20).

    Where cases that ended before the first was recorded are there too, the past was loaded whole: nothing enters late.
    """
    recorded = select(func.min(EPISODE.recorded_on)).join(episode, PASSED.id == EPISODE.id)
    begun = connection.scalar(recorded)
    if begun is not None and connection.scalar(
        select(func.count()).select_from(episode).where(PASSED.ended_on < begun)
    ):
        begun = None
    until = func.coalesce(PASSED.ended_on, literal(as_of, Date))
    outcome = sql_case((PASSED.ended_on.is_not(None), func.coalesce(PASSED.outcome, "unknown")), else_="open")
    entry: ColumnElement = literal(0)
    if begun is not None:
        passed = days_between(connection, PASSED.opened_on, literal(begun, Date))
        entry = sql_case((PASSED.opened_on < begun, passed), else_=0)
    statement = select(
        PASSED.host_country,
        PASSED.route,
        PASSED.opened_month,
        (PASSED.opened_on <= as_of - timedelta(days=standard_days)).label("is_due"),
        entry.label("entry"),
        days_between(connection, PASSED.opened_on, until).label("days"),
        outcome.label("outcome"),
    )
    _insert_counts(connection, case_duration, statement)


def _rebuild_open(connection: Connection, as_of: date) -> None:
    held = exists().where(
        hold.c.episode_id == EPISODE.id,
        hold.c.held_from <= as_of,
        or_(hold.c.held_to.is_(None), hold.c.held_to > as_of),
    )
    now = (
        select(
            EPISODE.case_id,
            EPISODE.episode_no,
            PASSED.host_country,
            PASSED.route,
            STAY.stage,
            held.label("on_hold"),
            EPISODE.opened_on,
        )
        .add_columns(STAY.entered_on.label("stage_since"), _stay_ends(connection, as_of))
        .add_columns(func.coalesce(EPISODE.entered_on <= as_of, false()))
        .select_from(episode)
        .join(case_episode, EPISODE.id == PASSED.id)
        .join(stay, and_(STAY.number == PASSED.number, STAY.is_last))
        .where(PASSED.ended_on.is_(None))
    )
    connection.execute(insert(case_call).from_select([c.name for c in case_call.c], now))
    call = case_call.c
    days = days_between(connection, call.opened_on, literal(as_of, Date)).label("days")
    _insert_counts(connection, case_open, select(call.host_country, call.route, call.stage, call.on_hold, days))


BEFORE_ISSUE = (UNKNOWN_STAGE, *STAGES[: STAGES.index("issued")])


def _rebuild_stays(connection: Connection, as_of: date, marks: Mapping[str | None, date]) -> None:
    """Every stay in a stage before issue: days in it, and from entering it to issue or a later stage (who ended relocated was
    issued), to another ending, or to the cut-off."""
    now = literal(as_of, Date)
    is_relocated = and_(PASSED.ended_on.is_not(None), PASSED.outcome == "relocated")
    issue = func.coalesce(case_passage.first.c.issued, sql_case((is_relocated, PASSED.ended_on)))
    outcome = sql_case((issue.is_not(None), "issued"), (PASSED.ended_on.is_not(None), "ended"), else_="open")
    until = func.coalesce(issue, PASSED.ended_on, now)
    statement = (
        select(
            PASSED.host_country,
            STAY.stage,
            _is_after(STAY.entered_on, PASSED.host_country, marks).label("is_current"),
            days_between(connection, STAY.entered_on, func.coalesce(STAY.left_on, now)).label("waited"),
            days_between(connection, STAY.entered_on, until).label("days"),
            outcome.label("outcome"),
        )
        .select_from(stay)
        .join(episode, PASSED.number == STAY.number)
        .join(case_passage.first, case_passage.first.c.number == STAY.number)
        .where(STAY.stage.in_(BEFORE_ISSUE), func.coalesce(STAY.left_on, now) > STAY.entered_on)
    )
    _insert_counts(connection, case_stay, statement)


def _is_after(day: ColumnElement, country: ColumnElement, marks: Mapping[str | None, date]) -> ColumnElement[bool]:
    """Whether a day is not before the newest change of policy of its country, or of all."""
    everywhere = marks.get(None, date.min)
    before = [and_(country == name, day < max(mark, everywhere)) for name, mark in marks.items() if name is not None]
    return sql_case((or_(day < everywhere, *before), false()), else_=true())


def _stay_ends(connection: Connection, as_of: date) -> ColumnElement:
    """The day the legal stay ends: the days of the route's clock after entry where its day is known, else after opening;
    NULL without a clock. The clock is the host country's own before that of all countries, the newest that holds then."""
    clock = legal_clock.c
    begins = sql_case((EPISODE.entered_on <= as_of, EPISODE.entered_on), else_=EPISODE.opened_on)
    is_own = clock.host_country == EPISODE.host_country
    days = (
        select(clock.days)
        .where(clock.route == EPISODE.route, or_(is_own, clock.host_country.is_(None)))
        .where(or_(clock.valid_from.is_(None), clock.valid_from <= begins))
        .where(or_(clock.valid_until.is_(None), clock.valid_until >= begins))
        .order_by(clock.host_country.is_(None), func.coalesce(clock.valid_from, EARLIEST).desc(), clock.id.desc())
        .limit(1)
        .correlate(case_episode)
        .scalar_subquery()
    )
    if connection.dialect.name == "sqlite":
        return sql_case((days.is_not(None), func.date(begins, func.printf("+%d days", days), type_=Date)))
    return cast(begins + days, Date)


def _rebuild_after(connection: Connection, as_of: date) -> None:
    """What came after arrival, by episode that ended relocated: the newest permit and document with the days left of it (from
    -1 when it is over; NO_LAST_DAY where its last day is not stated), whether one was renewed, and what else happened."""
    event, now = after_arrival.c, literal(as_of, Date)
    arrived = and_(PASSED.ended_on.is_not(None), PASSED.outcome == "relocated")
    known = (
        select(
            PASSED.host_country,
            PASSED.route,
            event.episode_id,
            event.event,
            event.on_date,
            event.until,
            func.row_number()
            .over(partition_by=(event.episode_id, event.event), order_by=event.on_date.desc())
            .label("place"),
            func.count().over(partition_by=(event.episode_id, event.event)).label("times"),
        )
        .join(after_arrival, event.episode_id == PASSED.id)
        .where(arrived, event.on_date <= as_of)
        .subquery()
    )
    is_valid = known.c.event.in_(("permit", "document"))
    left = func.coalesce(days_between(connection, now, known.c.until), NO_LAST_DAY)
    keys = (known.c.host_country, known.c.route)
    newest = select(*keys, known.c.event, sql_case((is_valid, left), else_=0).label("days")).where(known.c.place == 1)
    renewed = select(*keys, literal("renewed"), literal(0)).where(
        known.c.place == 1, known.c.times > 1, known.c.event == "permit"
    )
    everyone = select(PASSED.host_country, PASSED.route, literal("arrived"), literal(0)).where(arrived)
    _insert_counts(connection, case_after, union_all(newest, renewed, everyone))


def _rebuild_lags(connection: Connection, as_of: date) -> None:
    """Days from an event to its entry, over events old enough that all should have been entered (A35)."""
    settled = as_of - timedelta(days=SETTLED_AFTER_DAYS)
    opened = select(
        COUNTRY, ROUTE, days_between(connection, EPISODE.opened_on, EPISODE.recorded_on).label("days")
    ).where(EPISODE.opened_on <= settled, EPISODE.recorded_on >= EPISODE.opened_on)
    event = stage_event.c
    entered = (
        select(COUNTRY, ROUTE, days_between(connection, event.entered_on, event.recorded_on))
        .join(stage_event, event.episode_id == EPISODE.id)
        .where(event.entered_on <= settled, event.recorded_on >= event.entered_on)
    )
    both = union_all(opened, entered).subquery()
    _insert_counts(connection, case_lag, select(both))


def _rebuild_transit(connection: Connection) -> None:
    """From where people waited to where they were to go, per opening month."""
    waiting = func.coalesce(relocation_case.c.waiting_country, UNKNOWN_COUNTRY).label("waiting_country")
    statement = select(
        waiting, PASSED.host_country, PASSED.route, PASSED.opened_month, PASSED.ended_on.is_(None).label("is_open")
    ).join(relocation_case, relocation_case.c.id == PASSED.case_id)
    _insert_counts(connection, case_transit, statement)


def _rebuild_fixes(connection: Connection, as_of: date) -> None:
    """Each broken record once, under the first reason that applies (A29)."""
    problem = sql_case(
        (impossible(as_of), "impossible_day"),
        (CONTRADICTORY, "closed_before_opened"),
        (EPISODE.opened_on.is_(None), "no_opening_date"),
        (EPISODE.opened_on > as_of, "opened_in_future"),
        (and_(EPISODE.status == "closed", EPISODE.closed_on.is_(None)), "no_closing_date"),
    )
    broken = select(EPISODE.case_id, EPISODE.episode_no, COUNTRY, ROUTE, problem).where(problem.is_not(None))
    connection.execute(insert(case_fix).from_select([c.name for c in case_fix.c], broken))


def _insert_counts(connection: Connection, table: Table, episodes: Select | CompoundSelect) -> None:
    """Count the episodes of each distinct row into `table`, whose last column is the count."""
    rows = episodes.subquery()
    counted = select(*rows.c, func.count()).group_by(*rows.c)
    connection.execute(insert(table).from_select([c.name for c in table.c], counted))
