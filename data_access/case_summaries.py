"""Summaries of cases: grouped counts that pages read, so that a click does not grow with the number of cases.

Rebuilt at refresh inside the case database, in the caller's transaction. Two of them hold open or broken records one
by one, by pseudonymous reference: the call list and the records to fix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
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

UNKNOWN_COUNTRY = "ZZ"
UNKNOWN_ROUTE = "unknown"
UNKNOWN_STAGE = "unknown"
SETTLED_AFTER_DAYS = 90
NO_LAST_DAY = 99_999
EARLIEST, YEARS_AHEAD = date(1990, 1, 1), 10
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
_episode = case_episode.c
_country = func.coalesce(_episode.host_country, UNKNOWN_COUNTRY).label("host_country")
_route = func.coalesce(_episode.route, UNKNOWN_ROUTE).label("route")
_contradictory = and_(_episode.opened_on.is_not(None), _episode.closed_on < _episode.opened_on)


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


def _usable(as_of: date) -> ColumnElement[bool]:
    """Episodes with an opening day up to the cut-off, no contradiction and no day that nobody can mean; closed ones need
    their day (A29)."""
    return and_(
        _episode.opened_on <= as_of,
        ~_impossible(as_of),
        or_(_episode.closed_on.is_(None), _episode.closed_on >= _episode.opened_on),
        or_(_episode.status == "open", _episode.closed_on.is_not(None)),
    )


def latest_possible(as_of: date) -> date:
    """The last day that somebody can mean for a case, ten years after the cut-off."""
    return as_of.replace(year=as_of.year + YEARS_AHEAD, day=min(as_of.day, 28))


def _impossible(as_of: date) -> ColumnElement[bool]:
    """A day before 1990 or more than ten years after the cut-off, in the episode or in one of its stages."""
    latest = latest_possible(as_of)
    beyond = [or_(day < EARLIEST, day > latest) for day in (_episode.opened_on, _episode.closed_on)]
    event = stage_event.alias()
    staged = exists().where(
        event.c.episode_id == _episode.id, or_(event.c.entered_on < EARLIEST, event.c.entered_on > latest)
    )
    return or_(*(func.coalesce(mask, false()) for mask in beyond), staged)


def _is_open(as_of: date) -> ColumnElement[bool]:
    return or_(_episode.closed_on.is_(None), _episode.closed_on > as_of)


def _ends(as_of: date) -> ColumnElement:
    """The closing day if it has come by the cut-off, else NULL."""
    return sql_case((_episode.closed_on <= as_of, _episode.closed_on))


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
    again = sql_case((_episode.episode_no == 1, 0), else_=1)
    people = sql_case((_episode.outcome == "relocated", func.coalesce(relocation_case.c.people, 1)), else_=0)
    ineligible = sql_case((_episode.outcome == "ineligible", 1), else_=0)
    parts = [
        _flow(_episode.opened_on, opened=1 - again, reopened=again, ineligible_in=ineligible).where(_usable(as_of)),
        _flow(
            _episode.closed_on,
            closed=literal(1),
            closed_reopened=again,
            ineligible_out=ineligible,
            relocated_people=people,
        )
        .join(relocation_case, relocation_case.c.id == _episode.case_id)
        .where(_usable(as_of), _episode.closed_on <= as_of),
    ]
    both = union_all(*parts).subquery()
    keys = [both.c.on_date, both.c.host_country, both.c.route]
    counted = select(*keys, *(func.sum(both.c[name]) for name in FLOWS)).group_by(*keys)
    connection.execute(insert(case_day).from_select(["on_date", "host_country", "route", *FLOWS], counted))
    _add_holds(connection, as_of)


def _flow(day: ColumnElement, **counts: ColumnElement) -> Select:
    """One row per episode: day, country, route and a column per kind of flow, 0 unless given."""
    return select(
        day.label("on_date"), _country, _route, *(counts.get(name, literal(0)).label(name) for name in FLOWS)
    ).select_from(case_episode)


def _add_holds(connection: Connection, as_of: date) -> None:
    """Cases put on hold and taken up again per day; overlapping holds are one, and a hold ends with its episode."""
    statement = (
        select(_episode.id, _country, _route, hold.c.held_from, hold.c.held_to, _ends(as_of).label("closed_on"))
        .join(hold, hold.c.episode_id == _episode.id)
        .where(_usable(as_of), hold.c.held_from <= as_of)
        .order_by(_episode.id, hold.c.held_from)
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
    within = and_(event.entered_on <= as_of, or_(_episode.closed_on.is_(None), event.entered_on <= _episode.closed_on))
    shared = (_episode.id.label("episode_id"), _country, _route, _episode.opened_on, _ends(as_of).label("closed_on"))
    recorded = (
        select(
            *shared,
            event.stage,
            sql_case((event.entered_on < _episode.opened_on, _episode.opened_on), else_=event.entered_on).label("day"),
            _position(event.stage).label("position"),
        )
        .join(stage_event, event.episode_id == _episode.id)
        .where(_usable(as_of), within)
    )
    begin = select(*shared, literal(UNKNOWN_STAGE), _episode.opened_on, literal(-1)).where(_usable(as_of))
    return union_all(recorded, begin).subquery("events")


def _stays(as_of: date) -> Subquery:
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
    ).subquery("stays")


def _rebuild_stage_days(connection: Connection, stays: Subquery, as_of: date) -> None:
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
    stages = union_all(
        *(select(literal(name).label("stage"), literal(place).label("position")) for place, name in enumerate(STAGES))
    ).subquery("all_stages")
    columns = [events.c[name] for name in ("episode_id", "host_country", "route", "opened_on")]
    reached = select(*columns, events.c.day, events.c.position).where(events.c.position >= 0)
    if with_ending:
        endings = select(*columns, events.c.closed_on, literal(len(STAGES)))
        ended = endings.where(events.c.position == -1, events.c.closed_on.is_not(None))
        steps = union_all(reached, ended).subquery("steps")
    else:
        steps = reached.subquery("steps")
    group = [steps.c[name] for name in ("episode_id", "host_country", "route", "opened_on")]
    return (
        select(*group, stages.c.stage, func.min(steps.c.day).label("day"))
        .join(stages, steps.c.position >= stages.c.position)
        .group_by(*group, stages.c.stage)
        .subquery("first_reached")
    )


def _rebuild_reach(connection: Connection, as_of: date, horizons: Sequence[int]) -> None:
    """Per opening month and horizon: how many opened, and how many reached each stage or a later one within it."""
    first = _first_reached(as_of, with_ending=False)
    month = _month_of(connection, first.c.opened_on)
    opened = select(_country, _route, _month_of(connection, _episode.opened_on).label("opened_month")).where(
        _usable(as_of)
    )
    for horizon in horizons:
        within = _days_between(connection, first.c.opened_on, first.c.day) <= horizon
        reached = select(
            first.c.host_country, first.c.route, month.label("opened_month"), literal(horizon).label("horizon"),
            first.c.stage,
        ).where(within)  # fmt: skip
        _insert_counts(connection, case_reach, reached)
        _insert_counts(connection, case_reach, opened.add_columns(literal(horizon), literal("opened").label("stage")))


def _days_between(connection: Connection, start: ColumnElement, end: ColumnElement) -> ColumnElement:
    if connection.dialect.name == "sqlite":
        return cast(func.julianday(end) - func.julianday(start), Integer)
    return end - start


def _month_of(connection: Connection, day: ColumnElement) -> ColumnElement:
    if connection.dialect.name == "sqlite":
        return func.date(day, "start of month", type_=Date)
    return cast(day - cast(extract("day", day), Integer) + 1, Date)


def _rebuild_durations(connection: Connection, as_of: date, standard_days: int) -> None:
    """Days from opening to ending or cut-off; `entry`: days that had passed when recording began (A20).

    Where cases that ended before the first was recorded are there too, the past was loaded whole: nothing enters late.
    """
    begun = connection.scalar(select(func.min(_episode.recorded_on)).where(_usable(as_of)))
    if begun is not None and connection.scalar(select(func.count()).where(_usable(as_of), _episode.closed_on < begun)):
        begun = None
    ended = and_(_episode.closed_on.is_not(None), _episode.closed_on <= as_of)
    until = sql_case((ended, _episode.closed_on), else_=literal(as_of, Date))
    outcome = sql_case((ended, func.coalesce(_episode.outcome, "unknown")), else_="open")
    entry: ColumnElement = literal(0)
    if begun is not None:
        passed = _days_between(connection, _episode.opened_on, literal(begun, Date))
        entry = sql_case((_episode.opened_on < begun, passed), else_=0)
    statement = select(
        _country,
        _route,
        _month_of(connection, _episode.opened_on).label("opened_month"),
        (_episode.opened_on <= as_of - timedelta(days=standard_days)).label("is_due"),
        entry.label("entry"),
        _days_between(connection, _episode.opened_on, until).label("days"),
        outcome.label("outcome"),
    ).where(_usable(as_of))
    _insert_counts(connection, case_duration, statement)


def _rebuild_open(connection: Connection, stays: Subquery, as_of: date) -> None:
    held = exists().where(
        hold.c.episode_id == _episode.id,
        hold.c.held_from <= as_of,
        or_(hold.c.held_to.is_(None), hold.c.held_to > as_of),
    )
    now = (
        select(
            _episode.case_id,
            _episode.episode_no,
            _country,
            _route,
            stays.c.stage,
            held.label("on_hold"),
            _episode.opened_on,
        )
        .add_columns(stays.c.entered_on.label("stage_since"), _stay_ends(connection, as_of))
        .add_columns(func.coalesce(_episode.entered_on <= as_of, false()))
        .join(stays, and_(stays.c.episode_id == _episode.id, stays.c.is_last))
        .where(_usable(as_of), _is_open(as_of))
    )
    connection.execute(insert(case_call).from_select([c.name for c in case_call.c], now))
    call = case_call.c
    days = _days_between(connection, call.opened_on, literal(as_of, Date)).label("days")
    _insert_counts(connection, case_open, select(call.host_country, call.route, call.stage, call.on_hold, days))


BEFORE_ISSUE = (UNKNOWN_STAGE, *STAGES[: STAGES.index("issued")])


def _rebuild_stays(connection: Connection, stays: Subquery, as_of: date, marks: Mapping[str | None, date]) -> None:
    """Every stay in a stage before issue: days in it, and from entering it to issue or a later stage (who ended relocated was
    issued), to another ending, or to the cut-off."""
    first = _first_reached(as_of, with_ending=False)
    issued = select(first.c.episode_id, first.c.day).where(first.c.stage == "issued").subquery("issued")
    now = literal(as_of, Date)
    ending = _ends(as_of)
    is_relocated = and_(ending.is_not(None), _episode.outcome == "relocated")
    issue = func.coalesce(issued.c.day, sql_case((is_relocated, ending)))
    outcome = sql_case((issue.is_not(None), "issued"), (ending.is_not(None), "ended"), else_="open")
    until = func.coalesce(issue, ending, now)
    statement = (
        select(
            stays.c.host_country,
            stays.c.stage,
            _is_after(stays.c.entered_on, stays.c.host_country, marks).label("is_current"),
            _days_between(connection, stays.c.entered_on, func.coalesce(stays.c.left_on, now)).label("waited"),
            _days_between(connection, stays.c.entered_on, until).label("days"),
            outcome.label("outcome"),
        )
        .join(case_episode, _episode.id == stays.c.episode_id)
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
    begins = sql_case((_episode.entered_on <= as_of, _episode.entered_on), else_=_episode.opened_on)
    is_own = clock.host_country == _episode.host_country
    days = (
        select(clock.days)
        .where(clock.route == _episode.route, or_(is_own, clock.host_country.is_(None)))
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
    arrived = and_(_usable(as_of), _ends(as_of).is_not(None), _episode.outcome == "relocated")
    known = (
        select(
            _country,
            _route,
            event.episode_id,
            event.event,
            event.on_date,
            event.until,
            func.row_number()
            .over(partition_by=(event.episode_id, event.event), order_by=event.on_date.desc())
            .label("place"),
            func.count().over(partition_by=(event.episode_id, event.event)).label("times"),
        )
        .join(after_arrival, event.episode_id == _episode.id)
        .where(arrived, event.on_date <= as_of)
        .subquery()
    )
    is_valid = known.c.event.in_(("permit", "document"))
    left = func.coalesce(_days_between(connection, now, known.c.until), NO_LAST_DAY)
    keys = (known.c.host_country, known.c.route)
    newest = select(*keys, known.c.event, sql_case((is_valid, left), else_=0).label("days")).where(known.c.place == 1)
    renewed = select(*keys, literal("renewed"), literal(0)).where(
        known.c.place == 1, known.c.times > 1, known.c.event == "permit"
    )
    everyone = select(_country, _route, literal("arrived"), literal(0)).where(arrived)
    _insert_counts(connection, case_after, union_all(newest, renewed, everyone))


def _rebuild_lags(connection: Connection, as_of: date) -> None:
    """Days from an event to its entry, over events old enough that all should have been entered (A35)."""
    settled = as_of - timedelta(days=SETTLED_AFTER_DAYS)
    opened = select(
        _country, _route, _days_between(connection, _episode.opened_on, _episode.recorded_on).label("days")
    ).where(_episode.opened_on <= settled, _episode.recorded_on >= _episode.opened_on)
    event = stage_event.c
    entered = (
        select(_country, _route, _days_between(connection, event.entered_on, event.recorded_on))
        .join(stage_event, event.episode_id == _episode.id)
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
            _country,
            _route,
            _month_of(connection, _episode.opened_on).label("opened_month"),
            _is_open(as_of).label("is_open"),
        )
        .join(relocation_case, relocation_case.c.id == _episode.case_id)
        .where(_usable(as_of))
    )
    _insert_counts(connection, case_transit, statement)


def _rebuild_fixes(connection: Connection, as_of: date) -> None:
    """Each broken record once, under the first reason that applies (A29)."""
    problem = sql_case(
        (_impossible(as_of), "impossible_day"),
        (_contradictory, "closed_before_opened"),
        (_episode.opened_on.is_(None), "no_opening_date"),
        (_episode.opened_on > as_of, "opened_in_future"),
        (and_(_episode.status == "closed", _episode.closed_on.is_(None)), "no_closing_date"),
    )
    broken = select(_episode.case_id, _episode.episode_no, _country, _route, problem).where(problem.is_not(None))
    connection.execute(insert(case_fix).from_select([c.name for c in case_fix.c], broken))


def _insert_counts(connection: Connection, table: Table, episodes: Select | CompoundSelect) -> None:
    """Count the episodes of each distinct row into `table`, whose last column is the count."""
    rows = episodes.subquery()
    counted = select(*rows.c, func.count()).group_by(*rows.c)
    connection.execute(insert(table).from_select([c.name for c in table.c], counted))
