"""Summaries of cases: grouped counts that pages read, so that a click does not grow with the number of cases.

Rebuilt at refresh inside the case database, in the caller's transaction. Two of them hold open or broken records one
by one, by pseudonymous reference: the call list and the records to fix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
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
from sqlalchemy.sql.selectable import Subquery

from data_access.case_episodes import (
    CONTRADICTORY,
    COUNTRY,
    EARLIEST,
    EPISODE,
    ROUTE,
    UNKNOWN_COUNTRY,
    UNKNOWN_STAGE,
    days_between,
    ends,
    impossible,
    is_open,
    month_of,
    usable,
)
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
    stays = _stays(as_of)
    _rebuild_days(connection, as_of)
    _rebuild_stage_days(connection, stays, as_of)
    _rebuild_reach(connection, as_of, horizons)
    _rebuild_durations(connection, as_of, standard_days)
    _rebuild_open(connection, stays, as_of)
    _rebuild_stays(connection, stays, as_of, marks)
    _rebuild_after(connection, as_of)
    _rebuild_lags(connection, as_of)
    _rebuild_transit(connection, as_of)
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


def _rebuild_days(connection: Connection, as_of: date) -> None:
    again = sql_case((EPISODE.episode_no == 1, 0), else_=1)
    people = sql_case((EPISODE.outcome == "relocated", func.coalesce(relocation_case.c.people, 1)), else_=0)
    ineligible = sql_case((EPISODE.outcome == "ineligible", 1), else_=0)
    parts = [
        _flow(EPISODE.opened_on, opened=1 - again, reopened=again, ineligible_in=ineligible).where(usable(as_of)),
        _flow(
            EPISODE.closed_on,
            closed=literal(1),
            closed_reopened=again,
            ineligible_out=ineligible,
            relocated_people=people,
        )
        .join(relocation_case, relocation_case.c.id == EPISODE.case_id)
        .where(usable(as_of), EPISODE.closed_on <= as_of),
    ]
    both = union_all(*parts).subquery()
    keys = [both.c.on_date, both.c.host_country, both.c.route]
    counted = select(*keys, *(func.sum(both.c[name]) for name in FLOWS)).group_by(*keys)
    connection.execute(insert(case_day).from_select(["on_date", "host_country", "route", *FLOWS], counted))
    _add_holds(connection, as_of)


def _flow(day: ColumnElement, **counts: ColumnElement) -> Select:
    """One row per episode: day, country, route and a column per kind of flow, 0 unless given."""
    return select(
        day.label("on_date"), COUNTRY, ROUTE, *(counts.get(name, literal(0)).label(name) for name in FLOWS)
    ).select_from(case_episode)


def _add_holds(connection: Connection, as_of: date) -> None:
    """Cases put on hold and taken up again per day; overlapping holds are one, and a hold ends with its episode."""
    statement = (
        select(EPISODE.id, COUNTRY, ROUTE, hold.c.held_from, hold.c.held_to, ends(as_of).label("closed_on"))
        .join(hold, hold.c.episode_id == EPISODE.id)
        .where(usable(as_of), hold.c.held_from <= as_of)
        .order_by(EPISODE.id, hold.c.held_from)
    )
    counts: dict[tuple[date, str, str], dict[str, int]] = {}
    for (_id, country, way), (begun, ended) in _merged(connection.execute(statement)):
        for day, name in ((begun, "held"), (ended, "resumed")):
            if day is not None and day <= as_of:
                found = counts.setdefault((day, country, way), {"held": 0, "resumed": 0})
                found[name] += 1
    for (day, country, way), found in counts.items():
        here = (case_day.c.on_date == day, case_day.c.host_country == country, case_day.c.route == way)
        if not connection.execute(case_day.update().where(*here).values(**found)).rowcount:
            zero = dict.fromkeys(FLOWS, 0)
            row = {"on_date": day, "host_country": country, "route": way} | zero | found
            connection.execute(insert(case_day), row)


def _merged(rows: Any) -> Iterator[tuple[tuple[str, str, str], tuple[date, date | None]]]:
    """Holds of one episode that overlap become one; the end is None while it lasts."""
    forever = date.max
    last: tuple | None = None
    begun = ended = forever
    for row in rows:
        key = (row.id, row.host_country, row.route)
        until = min(row.held_to or forever, row.closed_on or forever)
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


def _position(stage: ColumnElement) -> ColumnElement:
    return sql_case(*((stage == name, place) for place, name in enumerate(STAGES)), else_=-1)


def _events(as_of: date) -> Subquery:
    """Stage events of usable episodes within their lifetime, and for each a first stay of unknown stage."""
    event = stage_event.c
    within = and_(event.entered_on <= as_of, or_(EPISODE.closed_on.is_(None), event.entered_on <= EPISODE.closed_on))
    shared = (EPISODE.id.label("episode_id"), COUNTRY, ROUTE, EPISODE.opened_on, ends(as_of).label("closed_on"))
    recorded = (
        select(
            *shared,
            event.stage,
            sql_case((event.entered_on < EPISODE.opened_on, EPISODE.opened_on), else_=event.entered_on).label("day"),
            _position(event.stage).label("position"),
        )
        .join(stage_event, event.episode_id == EPISODE.id)
        .where(usable(as_of), within)
    )
    begin = select(*shared, literal(UNKNOWN_STAGE), EPISODE.opened_on, literal(-1)).where(usable(as_of))
    return union_all(recorded, begin).subquery("events")


def _stays(as_of: date) -> CTE:
    """One row per stay of an episode in a stage: entered, left (NULL while it lasts), and whether it is the last."""
    events = _events(as_of)
    following = func.lead(events.c.day).over(
        partition_by=events.c.episode_id, order_by=(events.c.day, events.c.position)
    )
    return select(
        *(events.c[name] for name in ("episode_id", "host_country", "route", "stage", "opened_on")),
        events.c.day.label("entered_on"),
        func.coalesce(following, events.c.closed_on).label("left_on"),
        following.is_(None).label("is_last"),
    ).cte("stays")


def _rebuild_stage_days(connection: Connection, stays: CTE, as_of: date) -> None:
    """Per day and stage: episodes that entered, that moved on, and that for the first time reached it or a later one
    (an ending counts as reaching all, A11)."""
    keys = (stays.c.host_country, stays.c.route, stays.c.stage)
    one, none = literal(1), literal(0)
    moving = stays.c.left_on > stays.c.entered_on
    lasting = or_(stays.c.left_on.is_(None), moving)
    first = _first_reached(as_of, with_ending=True)
    parts = (
        select(stays.c.entered_on.label("on_date"), *keys, one.label("entered"), none.label("moved_on"), none.label("reached")).where(lasting),
        select(stays.c.left_on, *keys, none, one, none).where(moving),
        select(first.c.day, first.c.host_country, first.c.route, first.c.stage, none, none, one),
    )  # fmt: skip
    both = union_all(*parts).subquery()
    columns = ("on_date", "host_country", "route", "stage")
    group = [both.c[name] for name in columns]
    counts = ("entered", "moved_on", "reached")
    counted = select(*group, *(func.sum(both.c[name]) for name in counts)).group_by(*group)
    connection.execute(insert(case_stage_day).from_select([*columns, *counts], counted))


def _first_reached(as_of: date, *, with_ending: bool) -> Subquery:
    """The day each episode first reached each stage or a later one; an ending reaches all if `with_ending`."""
    events = _events(as_of)
    keys = [events.c[name] for name in ("episode_id", "host_country", "route", "opened_on")]
    day_at = {place: sql_case((events.c.position >= place, events.c.day)) for place in range(len(STAGES))}
    if with_ending:
        is_ending = and_(events.c.position == -1, events.c.closed_on.is_not(None))
        day_at = {place: sql_case((is_ending, events.c.closed_on), else_=day) for place, day in day_at.items()}
    firsts = (
        select(*keys, *(func.min(day_at[place]).label(stage) for place, stage in enumerate(STAGES)))
        .group_by(*keys)
        .cte("firsts_with_ending" if with_ending else "firsts")
    )
    known = [firsts.c[key.name] for key in keys]
    each = (
        select(*known, literal(stage).label("stage"), firsts.c[stage].label("day")).where(firsts.c[stage].is_not(None))
        for stage in STAGES
    )
    return union_all(*each).subquery("first_reached")


def _rebuild_reach(connection: Connection, as_of: date, horizons: Sequence[int]) -> None:
    """Per opening month and horizon: how many opened, and how many reached each stage or a later one within it."""
    first = _first_reached(as_of, with_ending=False)
    reached = select(
        first.c.host_country, first.c.route, month_of(connection, first.c.opened_on).label("opened_month"),
        first.c.stage, days_between(connection, first.c.opened_on, first.c.day).label("days"),
    )  # fmt: skip
    opened = select(
        COUNTRY, ROUTE, month_of(connection, EPISODE.opened_on), literal("opened"), literal(0)
    ).where(usable(as_of))  # fmt: skip
    steps = union_all(reached, opened).subquery()
    within = union_all(*(select(literal(days).label("horizon")) for days in horizons)).subquery()
    columns = [steps.c[name] for name in ("host_country", "route", "opened_month")]
    statement = select(*columns, within.c.horizon, steps.c.stage).join(within, steps.c.days <= within.c.horizon)
    _insert_counts(connection, case_reach, statement)


def _rebuild_durations(connection: Connection, as_of: date, standard_days: int) -> None:
    """Days from opening to ending or cut-off; `entry`: days that had passed when recording began (A20).

    Where cases that ended before the first was recorded are there too, the past was loaded whole: nothing enters late.
    """
    begun = connection.scalar(select(func.min(EPISODE.recorded_on)).where(usable(as_of)))
    if begun is not None and connection.scalar(select(func.count()).where(usable(as_of), EPISODE.closed_on < begun)):
        begun = None
    ended = and_(EPISODE.closed_on.is_not(None), EPISODE.closed_on <= as_of)
    until = sql_case((ended, EPISODE.closed_on), else_=literal(as_of, Date))
    outcome = sql_case((ended, func.coalesce(EPISODE.outcome, "unknown")), else_="open")
    entry: ColumnElement = literal(0)
    if begun is not None:
        passed = days_between(connection, EPISODE.opened_on, literal(begun, Date))
        entry = sql_case((EPISODE.opened_on < begun, passed), else_=0)
    statement = select(
        COUNTRY,
        ROUTE,
        month_of(connection, EPISODE.opened_on).label("opened_month"),
        (EPISODE.opened_on <= as_of - timedelta(days=standard_days)).label("is_due"),
        entry.label("entry"),
        days_between(connection, EPISODE.opened_on, until).label("days"),
        outcome.label("outcome"),
    ).where(usable(as_of))
    _insert_counts(connection, case_duration, statement)


def _rebuild_open(connection: Connection, stays: CTE, as_of: date) -> None:
    held = exists().where(
        hold.c.episode_id == EPISODE.id,
        hold.c.held_from <= as_of,
        or_(hold.c.held_to.is_(None), hold.c.held_to > as_of),
    )
    now = (
        select(
            EPISODE.case_id,
            EPISODE.episode_no,
            COUNTRY,
            ROUTE,
            stays.c.stage,
            held.label("on_hold"),
            EPISODE.opened_on,
        )
        .add_columns(stays.c.entered_on.label("stage_since"), _stay_ends(connection, as_of))
        .add_columns(func.coalesce(EPISODE.entered_on <= as_of, false()))
        .join(stays, and_(stays.c.episode_id == EPISODE.id, stays.c.is_last))
        .where(usable(as_of), is_open(as_of))
    )
    connection.execute(insert(case_call).from_select([c.name for c in case_call.c], now))
    call = case_call.c
    days = days_between(connection, call.opened_on, literal(as_of, Date)).label("days")
    _insert_counts(connection, case_open, select(call.host_country, call.route, call.stage, call.on_hold, days))


BEFORE_ISSUE = (UNKNOWN_STAGE, *STAGES[: STAGES.index("issued")])


def _rebuild_stays(connection: Connection, stays: CTE, as_of: date, marks: Mapping[str | None, date]) -> None:
    """Every stay in a stage before issue: days in it, and from entering it to issue or a later stage (who ended relocated was
    issued), to another ending, or to the cut-off."""
    first = _first_reached(as_of, with_ending=False)
    issued = select(first.c.episode_id, first.c.day).where(first.c.stage == "issued").subquery("issued")
    now = literal(as_of, Date)
    ending = ends(as_of)
    is_relocated = and_(ending.is_not(None), EPISODE.outcome == "relocated")
    issue = func.coalesce(issued.c.day, sql_case((is_relocated, ending)))
    outcome = sql_case((issue.is_not(None), "issued"), (ending.is_not(None), "ended"), else_="open")
    until = func.coalesce(issue, ending, now)
    statement = (
        select(
            stays.c.host_country,
            stays.c.stage,
            _is_after(stays.c.entered_on, stays.c.host_country, marks).label("is_current"),
            days_between(connection, stays.c.entered_on, func.coalesce(stays.c.left_on, now)).label("waited"),
            days_between(connection, stays.c.entered_on, until).label("days"),
            outcome.label("outcome"),
        )
        .join(case_episode, EPISODE.id == stays.c.episode_id)
        .outerjoin(issued, issued.c.episode_id == stays.c.episode_id)
        .where(stays.c.stage.in_(BEFORE_ISSUE), func.coalesce(stays.c.left_on, now) > stays.c.entered_on)
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
    arrived = and_(usable(as_of), ends(as_of).is_not(None), EPISODE.outcome == "relocated")
    known = (
        select(
            COUNTRY,
            ROUTE,
            event.episode_id,
            event.event,
            event.on_date,
            event.until,
            func.row_number()
            .over(partition_by=(event.episode_id, event.event), order_by=event.on_date.desc())
            .label("place"),
            func.count().over(partition_by=(event.episode_id, event.event)).label("times"),
        )
        .join(after_arrival, event.episode_id == EPISODE.id)
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
    everyone = select(COUNTRY, ROUTE, literal("arrived"), literal(0)).where(arrived)
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


def _rebuild_transit(connection: Connection, as_of: date) -> None:
    """From where people waited to where they were to go, per opening month."""
    waiting = func.coalesce(relocation_case.c.waiting_country, UNKNOWN_COUNTRY).label("waiting_country")
    statement = (
        select(
            waiting,
            COUNTRY,
            ROUTE,
            month_of(connection, EPISODE.opened_on).label("opened_month"),
            is_open(as_of).label("is_open"),
        )
        .join(relocation_case, relocation_case.c.id == EPISODE.case_id)
        .where(usable(as_of))
    )
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
