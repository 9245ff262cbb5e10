"""The row of a load in the database: its source, its number, its failure, and how it is taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from data_access import meta
from data_access.database import METADATA, Which
from data_access.i18n import _
from data_access.importers.entities import ENTITIES, as_json, free_id, from_json, is_row, take_out
from data_access.importers.left_out import put_back_what_nobody_states
from data_access.importers.outcomes import NotUndone, Origin
from data_access.importers.records import Problem, Unreadable
from data_access.importers.values import writable
from data_access.schema import organisation_merge
from data_access.secrecy import stricter


def note_failure(engine: Engine, which: Which, source: str, today: date, origin: Origin, message: str) -> None:
    """Record that a load of `source` failed and why; nothing else of it is in the database."""
    tables = METADATA[which].tables
    with engine.begin() as connection:
        meta.take_turn(connection, which)
        of_source = source_id(connection, tables["source"], source)
        run = free_id(connection, tables["import_run"])
        connection.execute(insert(tables["import_run"]), run_row(run, of_source, today, origin, "failed"))
        issue = {"id": free_id(connection, tables["import_issue"]), "run_id": run, "code": "failed", "message": message,
                 "is_warning": False}  # fmt: skip
        connection.execute(insert(tables["import_issue"]), issue)


def note_problems(connection: Connection, table: Table, run: int, problems: Sequence[Problem]) -> None:
    """Record what was met in a load, in the order in which it was met."""
    begin = free_id(connection, table)
    rows = [
        {
            "id": begin + number,
            "run_id": run,
            "file_name": writable(problem.place.file)[:200] or None,
            "sheet": writable(problem.place.sheet)[:120] or None,
            "row_number": problem.place.row,
            "column_name": writable(problem.column)[:120] or None,
            "value": writable(problem.value) or None,
            "code": problem.code,
            "message": writable(problem.message),
            "suggestion": writable(problem.suggestion),
            "raw_row": writable(as_json(problem.place.raw)) if problem.place.raw else None,
            "is_warning": problem.is_warning,
        }
        for number, problem in enumerate(problems)
    ]
    if rows:
        connection.execute(insert(table), rows)


def refuse_twin(engine: Engine, which: Which, source: str, file_hash: str) -> None:
    """Raises Unreadable when the very same file is loaded already, under another source's name: nothing counts twice."""
    tables = METADATA[which].tables
    sources, loads = tables["source"], tables["import_run"]
    same = (
        select(sources.c.name, loads.c.loaded_on)
        .join(loads, loads.c.source_id == sources.c.id)
        .where(loads.c.file_hash == file_hash, loads.c.status == "done", sources.c.name != source)
    )
    with engine.connect() as connection:
        twin = connection.execute(same.order_by(loads.c.id.desc())).first()
    if twin is not None:
        raise Unreadable(
            _(
                "This very file was loaded on {day} as a file of “{source}”. Load it under that name, so that nothing counts "
                "twice, or take that load back first."
            ).format(day=twin.loaded_on.isoformat(), source=twin.name)
        )


def source_id(connection: Connection, table: Table, name: str) -> int:
    """The source of this name, made when there is none."""
    found = connection.scalar(select(table.c.id).where(table.c.name == name))
    if found is None:
        found = free_id(connection, table)
        connection.execute(insert(table), {"id": found, "name": name})
    return int(found)


def run_row(run: int, of_source: int, today: date, origin: Origin, status: str) -> dict[str, Any]:
    """The values of a run's row."""
    return {
        "id": run, "source_id": of_source, "loaded_on": today, "status": status, "format": origin.format,
        "file_hash": origin.file_hash, "created": 0, "updated": 0, "unchanged": 0, "rejected": 0, "not_seen": 0,
    }  # fmt: skip


def would_undo(engine: Engine, which: Which, run_id: int) -> dict[str, tuple[int, int]]:
    """What taking a run back would do, by entity: rows that would go, and rows that would be as they were before."""
    changes = METADATA[which].tables["import_change"]
    gone, back = func.count().filter(changes.c.before.is_(None)), func.count().filter(changes.c.before.is_not(None))
    counted = select(changes.c.entity, gone, back).where(changes.c.run_id == run_id).group_by(changes.c.entity)
    with engine.connect() as connection:
        found = {entity: (int(gone), int(back)) for entity, gone, back in connection.execute(counted)}
    return {entity: found[entity] for entity in ENTITIES if entity in found}


def undo(engine: Engine, which: Which, run_id: int) -> int:
    """Take back everything one run did, newest change first; returns how many rows. Raises NotUndone."""
    tables = METADATA[which].tables
    runs, records, changes = tables["import_run"], tables["source_record"], tables["import_change"]
    with engine.begin() as connection:
        meta.take_turn(connection, which)
        run = connection.execute(select(runs).where(runs.c.id == run_id)).first()
        if run is None or run.status != "done":
            raise NotUndone(_("There is no finished run {run}.").format(run=run_id))
        later = connection.scalar(
            select(func.min(runs.c.id)).where(
                runs.c.source_id == run.source_id, runs.c.id > run_id, runs.c.status == "done"
            )
        )
        if later is not None:
            raise NotUndone(_("Run {run} of the same source came after it: undo that first.").format(run=later))
        if which == "shared":
            _assert_not_merged_since(connection, run_id)
        found = connection.execute(
            select(changes).where(changes.c.run_id == run_id).order_by(changes.c.id.desc())
        ).all()
        for change in found:
            _take_back(connection, change, records, run.source_id)
        connection.execute(update(runs).where(runs.c.id == run_id).values(status="undone"))
        connection.execute(delete(changes).where(changes.c.run_id == run_id))
        if which == "shared":
            put_back_what_nobody_states(connection)
        meta.move(connection, which)
    return len(found)


def _assert_not_merged_since(connection: Connection, run_id: int) -> None:
    """Raises NotUndone where organisations were merged after the run: its rows may name another one by now."""
    merge = organisation_merge.c
    later = select(func.min(merge.id)).where(merge.decision == "merged", merge.after_run >= run_id)
    if (number := connection.scalar(later)) is not None:
        raise NotUndone(
            _("Organisations were merged after it: take merge {n} back first (`meridian unmerge {n}`).").format(
                n=number
            )
        )


def _take_back(connection: Connection, change: Any, records: Table, source_id: int) -> None:
    table = ENTITIES[change.entity].table
    here = and_(
        records.c.source_id == source_id,
        records.c.entity == change.entity,
        records.c.external_id == change.external_id,
    )
    row = is_row(table, change.row_key)
    if change.before is None:
        connection.execute(delete(records).where(here))
        try:
            take_out(connection, table, change.row_key)
        except IntegrityError:
            raise NotUndone(
                _("{entity} {name} is referred to by rows of another source, or by somebody's answer.").format(
                    entity=change.entity, name=change.external_id
                )
            ) from None
        return
    before = from_json(table, json.loads(change.before))
    if (now := connection.execute(select(table).where(row)).mappings().first()) is not None:
        before |= stricter(table, before, dict(now))
    if connection.execute(update(table).where(row).values(**before)).rowcount == 0:
        connection.execute(insert(table), before)
    connection.execute(delete(records).where(here))
    if change.record_before is not None:
        trace = json.loads(change.record_before)
        connection.execute(
            insert(records),
            {"source_id": source_id, "entity": change.entity, "external_id": change.external_id} | trace,
        )
