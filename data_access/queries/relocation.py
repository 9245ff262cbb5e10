"""Relocation cases, already grouped, for coordinators; published cells for everybody else. No case leaves as a row."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, func, select

from data_access import schema
from data_access.filters import Filters
from data_access.schema import case_day, case_duration, case_open, case_problem, published_cell
from data_access.viewer import Query, Viewer


class NotCleared(PermissionError):
    """Live case figures were asked for by a viewer who may only read published cells."""


def _own(statement: Select, table: schema.Table, filters: Filters, viewer: Viewer) -> Query:
    """`statement` kept to the countries the viewer coordinates, then to the chosen ones."""
    if not viewer.sees_cases:
        raise NotCleared("Live case figures are for coordinators; read published_cells instead.")
    if viewer.host_countries is not None:
        statement = statement.where(table.c.host_country.in_(viewer.host_countries))
    if filters.host_countries:
        statement = statement.where(table.c.host_country.in_(filters.host_countries))
    return Query(statement, viewer, "cases")


def flow(filters: Filters, viewer: Viewer) -> Query:
    """Per day: on_date, opened, reopened, closed (episodes)."""
    statement = (
        select(
            case_day.c.on_date,
            func.sum(case_day.c.opened).label("opened"),
            func.sum(case_day.c.reopened).label("reopened"),
            func.sum(case_day.c.closed).label("closed"),
        )
        .group_by(case_day.c.on_date)
        .order_by(case_day.c.on_date)
    )
    return _own(statement, case_day, filters, viewer)


def durations(filters: Filters, viewer: Viewer) -> Query:
    """Histogram of days from opening to ending or as-of: is_due, days, outcome ('open' if still open), episodes.

    `is_due`: opened at least the standard of 120 days before the cut-off. Kept to episodes opened in the chosen period; `ineligible` is left out of every rate (METHODS A.0).
    """
    columns = (case_duration.c.is_due, case_duration.c.days, case_duration.c.outcome)
    statement = (
        select(*columns, func.sum(case_duration.c.episodes).label("episodes"))
        .where(case_duration.c.outcome != "ineligible")
        .group_by(*columns)
        .order_by(*columns)
    )
    if filters.since:
        statement = statement.where(case_duration.c.opened_month >= date.fromisoformat(f"{filters.since}-01"))
    if filters.until:
        statement = statement.where(case_duration.c.opened_month <= date.fromisoformat(f"{filters.until}-01"))
    return _own(statement, case_duration, filters, viewer)


def open_by_stage(filters: Filters, viewer: Viewer) -> Query:
    """Open episodes by current stage, days open so far and hold: stage, on_hold, days, episodes."""
    statement = (
        select(
            case_open.c.stage,
            case_open.c.on_hold,
            case_open.c.days,
            func.sum(case_open.c.episodes).label("episodes"),
        )
        .group_by(case_open.c.stage, case_open.c.on_hold, case_open.c.days)
        .order_by(case_open.c.stage, case_open.c.days)
    )
    return _own(statement, case_open, filters, viewer)


def problems(filters: Filters, viewer: Viewer) -> Query:
    """Records left out of dated figures, by reason: problem, episodes."""
    statement = select(case_problem.c.problem, func.sum(case_problem.c.episodes).label("episodes")).group_by(
        case_problem.c.problem
    )
    return _own(statement, case_problem, filters, viewer)


def published_cells(viewer: Viewer) -> Query:
    """Every published cell: measure, period, country_group, route_group, value (NULL is '<10'), release."""
    return Query(select(published_cell).order_by(published_cell.c.period), viewer)
