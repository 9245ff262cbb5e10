"""Where the records came from: sources and their loads for everybody, counts and problems of loads for stewards alone.

Counts would tell others of records that are withheld from them, so that nobody else reads them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, Table, and_, false, func, select, true

from data_access.database import METADATA, Which
from data_access.queries import visible
from data_access.schema import export_log, fault, import_issue, import_run, source
from data_access.viewer import Query, Viewer


def sources(viewer: Viewer) -> Query:
    """Sources of the shared database that may be named: source, owner, licence, rhythm_days, loaded_on (newest finished), last_status."""
    return Query(_sources("shared").where(visible.sources(viewer)), viewer)


def case_sources(viewer: Viewer) -> Query:
    """The same of the case database, for who sees live cases; nobody else gets a row."""
    return Query(_sources("cases").where(true() if viewer.sees_cases else false()), viewer, "cases")


def _sources(which: Which) -> Select:
    named, runs = METADATA[which].tables["source"], METADATA[which].tables["import_run"]
    done = (
        select(runs.c.source_id, func.max(runs.c.loaded_on).label("loaded_on"))
        .where(runs.c.status == "done")
        .group_by(runs.c.source_id)
        .subquery()
    )
    newest = select(runs.c.source_id, func.max(runs.c.id).label("id")).group_by(runs.c.source_id).subquery()
    last = runs.alias("last_run")
    return (
        select(
            named.c.name.label("source"),
            named.c.owner,
            named.c.licence,
            named.c.rhythm_days,
            done.c.loaded_on,
            last.c.status.label("last_status"),
        )
        .outerjoin(done, done.c.source_id == named.c.id)
        .outerjoin(newest, newest.c.source_id == named.c.id)
        .outerjoin(last, last.c.id == newest.c.id)
        .order_by(named.c.name)
    )


def _for_stewards(viewer: Viewer) -> bool:
    return viewer.role == "steward"


def runs(viewer: Viewer) -> Query:
    """Every load of the shared database, newest first, for stewards: run_id, source, loaded_on, status, format, created,
    updated, unchanged, rejected, not_seen, message (of a failure)."""
    failure = and_(import_issue.c.run_id == import_run.c.id, import_issue.c.code == "failed")
    counts = [import_run.c[name] for name in ("created", "updated", "unchanged", "rejected", "not_seen")]
    statement = (
        select(
            import_run.c.id.label("run_id"),
            source.c.name.label("source"),
            import_run.c.loaded_on,
            import_run.c.status,
            import_run.c.format,
            *counts,
            import_issue.c.message,
        )
        .join(source, source.c.id == import_run.c.source_id)
        .outerjoin(import_issue, failure)
        .where(true() if _for_stewards(viewer) else false())
        .order_by(import_run.c.id.desc())
    )
    return Query(statement, viewer)


def problems(viewer: Viewer) -> Query:
    """What was wrong in the newest load of each source, for stewards: source, file_name, sheet, row_number, column_name,
    value, is_warning, message, suggestion."""
    newest = select(func.max(import_run.c.id)).group_by(import_run.c.source_id)
    said = [import_issue.c[name] for name in ("file_name", "sheet", "row_number", "column_name", "value", "is_warning")]
    statement = (
        select(source.c.name.label("source"), *said, import_issue.c.message, import_issue.c.suggestion)
        .join(import_run, import_run.c.id == import_issue.c.run_id)
        .join(source, source.c.id == import_run.c.source_id)
        .where(import_run.c.id.in_(newest), true() if _for_stewards(viewer) else false())
        .order_by(import_issue.c.is_warning, import_issue.c.id)
    )
    return Query(statement, viewer)


def exports(viewer: Viewer, newest: int = 500) -> Query:
    """The newest entries of the export log, for stewards: exported_at, subject, role, page, what, format, filters, reason,
    rows, refused."""
    names = ("exported_at", "subject", "role", "page", "what", "format", "filters", "reason", "rows", "refused")
    return _newest(export_log, names, viewer, newest)


def faults(viewer: Viewer, reference: str = "", newest: int = 200) -> Query:
    """The newest faults of pages, or those told under a reference, for stewards: noted_at, reference, page, kind, places."""
    asked = fault.c.reference == reference if reference else true()
    return _newest(fault, ("noted_at", "reference", "page", "kind", "places"), viewer, newest, asked)


def _newest(
    table: Table, names: Sequence[str], viewer: Viewer, newest: int, asked: ColumnElement[bool] | None = None
) -> Query:
    """The newest rows of a log, for stewards alone."""
    may = true() if _for_stewards(viewer) else false()
    statement = select(*(table.c[name] for name in names)).where(may, true() if asked is None else asked)
    return Query(statement.order_by(table.c.id.desc()).limit(newest), viewer)
