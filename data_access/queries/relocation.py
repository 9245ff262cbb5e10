"""Relocation cases, already grouped, for coordinators; published cells for everybody else.

No case leaves as a row but in two lists by pseudonymous reference: whom to call, and what to fix.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Date, FromClause, Select, Table, case, func, literal, or_, select

from data_access.case_episodes import UNKNOWN_COUNTRY
from data_access.case_summaries import FLOWS
from data_access.filters import Filters
from data_access.queries import choosing
from data_access.schema import (
    capacity,
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
    legal_clock,
    publication_year,
    published_cell,
    route,
)
from data_access.viewer import Query, Viewer

LONGEST_LIST = 200


class NotCleared(PermissionError):
    """Live case figures were asked for by a viewer who may only read published cells."""


def _own(statement: Select, table: FromClause, filters: Filters, viewer: Viewer) -> Query:
    """`statement` kept to the countries the viewer coordinates, then to the chosen ones."""
    if not viewer.sees_cases:
        raise NotCleared("Live case figures are for coordinators; read published_cells instead.")
    if viewer.host_countries is not None:
        statement = statement.where(table.c.host_country.in_(viewer.host_countries))
    chosen = [table.c[row.cases].in_(values) for row, values in choosing.rows(filters) if row.cases]
    return Query(statement.where(*chosen), viewer, "cases")


def _counted(table: Table, keys: tuple[ColumnElement, ...], *counts: str) -> Select:
    """Sums of `counts` per distinct `keys`, in their order."""
    return select(*keys, *(func.sum(table.c[name]).label(name) for name in counts)).group_by(*keys).order_by(*keys)


def _opened_in(statement: Select, month: ColumnElement, filters: Filters) -> Select:
    if filters.since:
        statement = statement.where(month >= date.fromisoformat(f"{filters.since}-01"))
    if filters.until:
        statement = statement.where(month <= date.fromisoformat(f"{filters.until}-01"))
    return statement


def flow(filters: Filters, viewer: Viewer) -> Query:
    """Per day: on_date, opened, reopened, closed, closed_reopened and ineligible_out (parts of closed), ineligible_in
    (part of opened and reopened), held, resumed (episodes), relocated_people."""
    return _own(_counted(case_day, (case_day.c.on_date,), *FLOWS), case_day, filters, viewer)


def durations(filters: Filters, viewer: Viewer) -> Query:
    """Histogram of days from opening to ending or as-of: route, is_due, entry, days, outcome ('open'), episodes.

    `is_due`: opened at least the standard of 120 days before the cut-off; `entry`: days that had passed when recording
    began. Kept to episodes opened in the chosen period; `ineligible` is left out of every rate (METHODS A.0).
    """
    columns = tuple(case_duration.c[name] for name in ("route", "is_due", "entry", "days", "outcome"))
    statement = _counted(case_duration, columns, "episodes").where(case_duration.c.outcome != "ineligible")
    return _own(_opened_in(statement, case_duration.c.opened_month, filters), case_duration, filters, viewer)


def programme_durations(filters: Filters, viewer: Viewer) -> Query:
    """The histogram of `durations` for each host country and route: host_country ('ZZ' not known) and its columns."""
    columns = tuple(case_duration.c[name] for name in ("host_country", "route", "is_due", "entry", "days", "outcome"))
    statement = _counted(case_duration, columns, "episodes").where(case_duration.c.outcome != "ineligible")
    return _own(_opened_in(statement, case_duration.c.opened_month, filters), case_duration, filters, viewer)


def legal_clocks(day: date, viewer: Viewer) -> Query:
    """The legal clocks that hold on a day: route, host_country (NULL for every country without its own), days."""
    if not viewer.sees_cases:
        raise NotCleared("Legal clocks are read with live cases, which are for coordinators.")
    clock = legal_clock.c
    has_begun = or_(clock.valid_from.is_(None), clock.valid_from <= day)
    goes_on = or_(clock.valid_until.is_(None), clock.valid_until >= day)
    ordered = (clock.route, clock.host_country, clock.valid_from)
    statement = select(clock.route, clock.host_country, clock.days).where(has_begun, goes_on)
    return Query(statement.order_by(*ordered), viewer, "cases")


def open_by_stage(filters: Filters, viewer: Viewer) -> Query:
    """Open episodes by current stage, days open so far and hold: stage, on_hold, days, episodes."""
    columns = (case_open.c.stage, case_open.c.on_hold, case_open.c.days)
    return _own(_counted(case_open, columns, "episodes"), case_open, filters, viewer)


def stage_days(filters: Filters, viewer: Viewer, since: date | None = None) -> Query:
    """Per day and stage: on_date, stage, entered, moved_on, reached (for the first time, or a later stage, A11); what was before
    `since` stands on that day."""
    table = case_stage_day.c
    day = table.on_date if since is None else case((table.on_date < since, literal(since, Date)), else_=table.on_date)
    statement = _counted(case_stage_day, (day.label("on_date"), table.stage), "entered", "moved_on", "reached")
    return _own(statement, case_stage_day, filters, viewer)


def reach(horizon: int, filters: Filters, viewer: Viewer) -> Query:
    """Per opening month: opened_month, stage ('opened' for all), episodes that got there within `horizon` days."""
    columns = (case_reach.c.opened_month, case_reach.c.stage)
    statement = _counted(case_reach, columns, "episodes").where(case_reach.c.horizon == horizon)
    return _own(_opened_in(statement, case_reach.c.opened_month, filters), case_reach, filters, viewer)


def lags(filters: Filters, viewer: Viewer) -> Query:
    """Days from an event to its entry, over settled events: days, events."""
    return _own(_counted(case_lag, (case_lag.c.days,), "events"), case_lag, filters, viewer)


def transit(filters: Filters, viewer: Viewer) -> Query:
    """From where to where: waiting_country, host_country, is_open, episodes opened in the chosen period."""
    columns = (case_transit.c.waiting_country, case_transit.c.host_country, case_transit.c.is_open)
    statement = _opened_in(_counted(case_transit, columns, "episodes"), case_transit.c.opened_month, filters)
    return _own(statement, case_transit, filters, viewer)


def clocks(filters: Filters, viewer: Viewer) -> Query:
    """Open episodes with a legal clock: route, stay_ends_on, is_from_entry (else counted from opening), episodes."""
    keys = (case_call.c.route, case_call.c.stay_ends_on, case_call.c.is_from_entry)
    counted = select(*keys, func.count().label("episodes")).group_by(*keys).order_by(*keys)
    return _own(counted.where(case_call.c.stay_ends_on.is_not(None)), case_call, filters, viewer)


def places_pledged(day: date, filters: Filters, viewer: Viewer) -> Query:
    """Places pledged for the period `day` lies in: host_country, period_start, period_end, places."""
    statement = select(capacity).where(capacity.c.period_start <= day, capacity.c.period_end >= day)
    return _own(statement.order_by(capacity.c.host_country), capacity, filters, viewer)


def places_used(day: date, filters: Filters, viewer: Viewer) -> Query:
    """People relocated up to `day` since each country's own period began: host_country, relocated_people."""
    keys = (case_day.c.host_country,)
    statement = _counted(case_day, keys, "relocated_people").join(
        capacity, capacity.c.host_country == case_day.c.host_country
    )
    current = capacity.c.period_start <= day, capacity.c.period_end >= day
    within = case_day.c.on_date.between(capacity.c.period_start, day)
    return _own(statement.where(*current, within), case_day, filters, viewer)


def stays(filters: Filters, viewer: Viewer) -> Query:
    """Past stays before issue: stage, is_current (begun after the last mark of policy), waited (days in the stage), days (to
    issue, another ending, or the cut-off), outcome (issued, ended, open), stays."""
    columns = tuple(case_stay.c[name] for name in ("stage", "is_current", "waited", "days", "outcome"))
    return _own(_counted(case_stay, columns, "stays"), case_stay, filters, viewer)


def legal_stays(filters: Filters, viewer: Viewer) -> Query:
    """Open cases by stage: stage, stage_since, stay_ends_on (NULL without a clock on record), cases."""
    call = case_call.c
    keys = (call.stage, call.stage_since, call.stay_ends_on)
    counted = select(*keys, func.count().label("cases")).group_by(*keys).order_by(*keys)
    return _own(counted, case_call, filters, viewer)


def after_arrival(filters: Filters, viewer: Viewer) -> Query:
    """What came after arrival: host_country, route, what (arrived, permit, document, renewed, route_changed, moved_on, returned),
    days (left of a permit or document; NO_LAST_DAY where its end is not stated), episodes."""
    keys = tuple(case_after.c[name] for name in ("host_country", "route", "what", "days"))
    return _own(_counted(case_after, keys, "episodes"), case_after, filters, viewer)


def routes(viewer: Viewer) -> Query:
    """The legal routes and their names: code, label_en, label_de, label_ru."""
    if not viewer.sees_cases:
        raise NotCleared("Routes are read with live cases, which are for coordinators.")
    columns = [route.c[name] for name in ("code", "label_en", "label_de", "label_ru")]
    return Query(select(*columns).order_by(route.c.position), viewer, "cases")


@dataclass(frozen=True)
class Which:
    """Which open cases to list: of a stage, of a route with a legal clock on record, opened before or after a day; nothing
    said: all."""

    stage: str | None = None
    clocks_of_route: str | None = None
    opened_before: date | None = None
    opened_after: date | None = None


EVERY_CASE = Which()


def call_list(order: str, long_over: date, filters: Filters, viewer: Viewer, which: Which = EVERY_CASE) -> Query:
    """At most 200 open cases: case_id, host_country, route, stage, on_hold, opened_on, stage_since, stay_ends_on.

    `order`: "urgent" (legal stay ends first, then longest in their stage; those it ended for before `long_over` last),
    "oldest" or "stuck" (longest in their stage).
    """
    call = case_call.c
    place = case((call.stay_ends_on.is_(None), 1), (call.stay_ends_on < long_over, 2), else_=0)
    by = {"urgent": (place, call.stay_ends_on, call.stage_since), "oldest": (call.opened_on,),
          "stuck": (call.stage_since,)}[order]  # fmt: skip
    names = ("case_id", "host_country", "route", "stage", "on_hold", "opened_on", "stage_since", "stay_ends_on")
    kept = [
        *([call.stage == which.stage] if which.stage else []),
        *([call.route == which.clocks_of_route, call.stay_ends_on.is_not(None)] if which.clocks_of_route else []),
        *([call.opened_on < which.opened_before] if which.opened_before else []),
        *([call.opened_on > which.opened_after] if which.opened_after else []),
    ]
    statement = select(*(call[name] for name in names)).where(*kept)
    statement = statement.order_by(*by, call.case_id).limit(LONGEST_LIST)
    return _own(statement, case_call, filters, viewer)


def stays_over_before(day: date, filters: Filters, viewer: Viewer) -> Query:
    """At most 200 open cases whose legal stay ended before a day, longest ago first: case_id, host_country, route, stage,
    stay_ends_on."""
    call = case_call.c
    statement = select(*(call[name] for name in ("case_id", "host_country", "route", "stage", "stay_ends_on")))
    ended = statement.where(call.stay_ends_on < day).order_by(call.stay_ends_on, call.case_id)
    return _own(ended.limit(LONGEST_LIST), case_call, filters, viewer)


def problems(filters: Filters, viewer: Viewer) -> Query:
    """Records left out of dated figures, by reason: problem, episodes."""
    statement = select(case_fix.c.problem, func.count().label("episodes")).group_by(case_fix.c.problem)
    return _own(statement.order_by(case_fix.c.problem), case_fix, filters, viewer)


def on_record(viewer: Viewer) -> Query:
    """Episodes of the countries the viewer coordinates, counted from the records alone: episodes."""
    country = func.coalesce(case_episode.c.host_country, UNKNOWN_COUNTRY).label("host_country")
    every = select(case_episode.c.id, country).subquery()
    return _own(select(func.count().label("episodes")).select_from(every), every, Filters(), viewer)


def fixes(filters: Filters, viewer: Viewer) -> Query:
    """Records to fix: case_id, host_country, route, problem."""
    columns = [case_fix.c[name] for name in ("case_id", "host_country", "route", "problem")]
    statement = select(*columns).order_by(case_fix.c.problem, case_fix.c.case_id)
    return _own(statement, case_fix, filters, viewer)


def published_cells(viewer: Viewer) -> Query:
    """Every published cell: measure, period, country_group, route_group, value (NULL is '<10'), release."""
    return Query(select(published_cell).order_by(published_cell.c.period), viewer)


def published_periods(viewer: Viewer) -> Query:
    """The periods of which anything is published or withheld: period."""
    return Query(select(published_cell.c.period).distinct().order_by(published_cell.c.period), viewer)


def publication_years(viewer: Viewer) -> Query:
    """The network's settings per calendar year: year, periods, country_groups, route_groups (JSON)."""
    return Query(select(publication_year).order_by(publication_year.c.year), viewer)
