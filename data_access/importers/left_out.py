"""Grants and needs that a load left out as money that another source states already: kept whole, so that somebody may decide.

A record that is left out is written down with what hangs on it. It is put back when somebody says that the two are two, and
when the record that stated the same goes, so that money which one source still states is never lost.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from data_access import meta, schema
from data_access.i18n import _
from data_access.importers.entities import (
    ENTITIES,
    advance_sequences,
    as_json,
    free_id,
    from_json,
    is_row,
    row_key,
    trace_of,
)
from data_access.schema import import_change, import_run, same_money, source, source_record

PARTS = {"grant": ("payment", "grant_country"), "need": ()}
WAITING, ONE, TWO = "waiting", "one", "two"
BATCH = 2_000


class NotDecided(Exception):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True)
class Stated:
    """A new record of a load, and the record that states the same: its number, what its source calls it, and that source."""

    id: int
    external_id: str
    kept_id: int
    kept_name: str
    kept_source: str


def take_out(
    connection: Connection, of_source: int, run: int, entity: str, several: Collection[Stated]
) -> Counter[str]:
    """Take rows of `run` out with what hangs on them, and write them down; how many rows of each entity went.

    What was passed on from such a grant hangs on the one that is kept.
    """
    taken: Counter[str] = Counter()
    decided = _decisions(connection, of_source, entity)
    ordered = list(several)
    for start in range(0, len(ordered), BATCH):
        some = {stated.id: stated for stated in ordered[start : start + BATCH]}
        children = _hang_on_the_kept(connection, entity, some)
        rows = _written_down(connection, of_source, run, entity, list(some))
        for own, stated in some.items():
            taken.update(row["entity"] for row in rows[own])
            _note(connection, of_source, run, entity, stated, decided.get(stated.external_id),
                  {"rows": rows[own], "children": children[own], "moved": []})  # fmt: skip
    return taken


def are_two(connection: Connection, of_source: int, entity: str) -> set[str]:
    """What a source calls those of its records that somebody said are other ones than those that state the same."""
    return {name for name, (decision, _at, _by) in _decisions(connection, of_source, entity).items() if decision == TWO}


def forget_loaded(connection: Connection, of_source: int, run: int, entity: str, *, is_snapshot: bool) -> None:
    """Nothing is to decide any more about what was loaded after all, or, by a snapshot, what a source does not state any more."""
    of_kind = and_(same_money.c.source_id == of_source, same_money.c.entity == entity, same_money.c.decision != TWO)
    loaded = select(source_record.c.external_id).where(
        source_record.c.source_id == of_source, source_record.c.entity == entity
    )
    connection.execute(delete(same_money).where(of_kind, same_money.c.external_id.in_(loaded)))
    if is_snapshot:
        connection.execute(delete(same_money).where(of_kind, same_money.c.run_id != run))


def put_back_what_nobody_states(connection: Connection) -> int:
    """Put back what was left out for the sake of a record that is gone, unless what it refers to is gone as well; how many.

    Of several that stated the same, the first is put back, and the others wait for its sake.
    """
    count = 0
    for entity in PARTS:
        is_gone = same_money.c.kept_id.not_in(select(ENTITIES[entity].table.c.id))
        waits = (
            select(same_money)
            .join(import_run)
            .where(same_money.c.entity == entity, is_gone, same_money.c.decision != TWO, import_run.c.status == "done")
        )
        instead: dict[int, dict[str, Any]] = {}
        for found in map(dict, connection.execute(waits.order_by(same_money.c.id)).mappings().all()):
            this = same_money.c.id == found["id"]
            if known := instead.get(found["kept_id"]):
                connection.execute(update(same_money).where(this).values(**known))
                continue
            with suppress(IntegrityError), connection.begin_nested():
                own, _steps = _put_back(connection, found)
                connection.execute(delete(same_money).where(this))
                name = connection.scalar(select(source.c.name).where(source.c.id == found["source_id"]))
                instead[found["kept_id"]] = {
                    "kept_id": own, "kept_name": found["external_id"], "kept_source": name,
                }  # fmt: skip
                count += 1
    return count


def proposals(connection: Connection, *, is_decided: bool) -> list[dict[str, Any]]:
    """What was left out by loads that stand, the newest first, either to decide about or decided: id, entity, source, external_id,
    kept_id, kept_name, kept_source, decision, decided_at, decided_by, row (its facts), payer_id, owner_id (who gets it or needs
    it)."""
    is_asked = same_money.c.decision != WAITING if is_decided else same_money.c.decision == WAITING
    columns = [same_money.c[name] for name in ("id", "entity", "external_id", "kept_id", "kept_name", "kept_source",
                                               "decision", "decided_at", "decided_by", "steps")]  # fmt: skip
    asked = (
        select(*columns, source.c.name.label("source"))
        .join(source, source.c.id == same_money.c.source_id)
        .join(import_run, import_run.c.id == same_money.c.run_id)
        .where(import_run.c.status == "done", is_asked)
        .order_by(same_money.c.id.desc())
    )
    owners = connection.execute(select(schema.project.c.id, schema.project.c.organisation_id))
    leads = {row.id: row.organisation_id for row in owners}
    found = []
    for row in connection.execute(asked).mappings():
        facts = {name: value for name, value in row.items() if name != "steps"}
        said = from_json(ENTITIES[row["entity"]].table, json.loads(row["steps"])["rows"][0]["row"])
        owner = said.get("recipient_id") or said.get("organisation_id") or leads.get(said["project_id"])
        found.append(facts | {"row": said, "payer_id": said.get("funder_id"), "owner_id": owner})
    return found


def decide(engine: Engine, number: int, decision: str, by: str, now: datetime) -> None:
    """Say that what was left out is one with the record that states the same, or that they are two: then it counts as well.

    Raises NotDecided.
    """
    with _found(engine, number, (WAITING,)) as (connection, found):
        if decision == TWO:
            try:
                _own_id, steps = _put_back(connection, found)
            except IntegrityError as refusal:
                raise NotDecided(
                    _(
                        "Something it refers to was merged or removed since: load the file again and say that both count."
                    )
                ) from refusal
            connection.execute(update(same_money).where(same_money.c.id == number).values(steps=json.dumps(steps)))
        said = {"decision": decision, "decided_at": now, "decided_by": by}
        connection.execute(update(same_money).where(same_money.c.id == number).values(**said))


def take_back(engine: Engine, number: int) -> None:
    """Take a decision back: it waits to be decided about, and is counted once, as before. Raises NotDecided."""
    with _found(engine, number, (ONE, TWO)) as (connection, found):
        waits = {"decision": WAITING, "decided_at": None, "decided_by": None}
        if found["decision"] == TWO:
            own, steps = _own(connection, found), json.loads(found["steps"])
            stated = Stated(own, found["external_id"], found["kept_id"], found["kept_name"], found["kept_source"])
            _assert_unchanged(connection, found, own)
            _assert_kept(connection, found)
            for change in steps["moved"]:
                connection.execute(delete(import_change).where(import_change.c.id == change))
            connection.execute(update(same_money).where(same_money.c.id == number).values(**waits))
            take_out(connection, found["source_id"], found["run_id"], found["entity"], [stated])
        else:
            connection.execute(update(same_money).where(same_money.c.id == number).values(**waits))


@contextmanager
def _found(engine: Engine, number: int, decisions: Collection[str]) -> Iterator[tuple[Connection, Mapping[str, Any]]]:
    """What waits or was decided, in one transaction that keeps others out. Raises NotDecided."""
    with engine.begin() as connection:
        meta.take_turn(connection, "shared")
        asked = select(same_money).where(same_money.c.id == number, same_money.c.decision.in_(decisions))
        found = connection.execute(asked).mappings().first()
        if found is None:
            raise NotDecided(_("Somebody else decided about it, or its load was taken back."))
        yield connection, dict(found)
        meta.move(connection, "shared")


def _decisions(connection: Connection, of_source: int, entity: str) -> dict[str, tuple[str, Any, Any]]:
    """What was said of the records of a source, by what it calls them: decision, when, by whom."""
    one = same_money.c
    asked = select(one.external_id, one.decision, one.decided_at, one.decided_by).where(
        one.source_id == of_source, one.entity == entity
    )
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(asked)}


def _hang_on_the_kept(connection: Connection, entity: str, some: Mapping[int, Stated]) -> dict[int, list[int]]:
    """Let what was passed on from these hang on the ones that are kept; ids of the grants that do now."""
    children: dict[int, list[int]] = defaultdict(list)
    if entity == "grant":
        own, parent = schema.grant.c.id, schema.grant.c.parent_grant_id
        for child, of in connection.execute(select(own, parent).where(parent.in_(some))).all():
            children[of].append(child)
            connection.execute(update(schema.grant).where(own == child).values(parent_grant_id=some[of].kept_id))
    return children


def _written_down(
    connection: Connection, of_source: int, run: int, entity: str, ids: Collection[int]
) -> dict[int, list[dict[str, Any]]]:
    """Rows and what hangs on them, gone from the database: by id, the row itself first, each with its entity, row, what its source
    calls it, its hash, and the run that saw it last."""
    written: dict[int, list[dict[str, Any]]] = {own: [] for own in ids}
    gone = [(entity, ENTITIES[entity].table.c.id)]
    gone += [(part, ENTITIES[part].table.c[f"{entity}_id"]) for part in PARTS[entity]]
    for name, of in gone:
        table = ENTITIES[name].table
        rows = [dict(row) for row in connection.execute(select(table).where(of.in_(ids))).mappings()]
        traces = _traces(connection, of_source, name, [row_key(table, row) for row in rows])
        for row in rows:
            trace = traces[row_key(table, row)]
            facts = {"entity": name, "row": json.loads(as_json(row)), "external_id": trace["external_id"],
                     "content_hash": trace["content_hash"], "seen_run_id": trace["seen_run_id"]}  # fmt: skip
            written[row[of.name]].append(facts)
        _forget(connection, of_source, run, name, list(traces))
    for name, of in reversed(gone):
        connection.execute(delete(ENTITIES[name].table).where(of.in_(ids)))
    return written


def _traces(connection: Connection, of_source: int, entity: str, keys: list[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(keys), BATCH):
        asked = select(source_record).where(
            source_record.c.source_id == of_source,
            source_record.c.entity == entity,
            source_record.c.row_key.in_(keys[start : start + BATCH]),
        )
        found |= {row["row_key"]: row for row in connection.execute(asked).mappings()}
    return found


def _forget(connection: Connection, of_source: int, run: int, entity: str, keys: list[str]) -> None:
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        for table, of in (
            (source_record, source_record.c.source_id == of_source),
            (import_change, import_change.c.run_id == run),
        ):
            connection.execute(delete(table).where(of, table.c.entity == entity, table.c.row_key.in_(some)))


def _note(
    connection: Connection, of_source: int, run: int, entity: str, stated: Stated, before: tuple[str, Any, Any] | None,
    steps: Mapping[str, Any],
) -> None:  # fmt: skip
    """Write a record down that was left out; what somebody said of it before holds."""
    decision, at, by = before or (WAITING, None, None)
    names = {"source_id": of_source, "entity": entity, "external_id": stated.external_id}
    facts = {"run_id": run, "kept_id": stated.kept_id, "kept_name": stated.kept_name, "kept_source": stated.kept_source,
             "decision": decision, "decided_at": at, "decided_by": by,
             "steps": json.dumps(steps, ensure_ascii=False)}  # fmt: skip
    if before is None:
        connection.execute(insert(same_money), names | facts | {"id": free_id(connection, same_money)})
    else:
        of = [same_money.c[name] == value for name, value in names.items()]
        connection.execute(update(same_money).where(*of).values(**facts))


def _put_back(connection: Connection, found: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Put a record back under numbers that are free, as its load had written it, with what hung on it; its number, and the steps
    to note."""
    steps, entity = json.loads(found["steps"]), found["entity"]
    own = free_id(connection, ENTITIES[entity].table)
    for written in steps["rows"]:
        table = ENTITIES[written["entity"]].table
        row = from_json(table, written["row"])
        if table is ENTITIES[entity].table:
            row["id"] = own
        else:
            row[f"{entity}_id"] = own
            row |= {"id": free_id(connection, table)} if "id" in table.c else {}
        connection.execute(insert(table), row)
        names = {"entity": written["entity"], "external_id": written["external_id"], "row_key": row_key(table, row)}
        trace = {"source_id": found["source_id"], "run_id": found["run_id"], "content_hash": written["content_hash"],
                 "seen_run_id": written["seen_run_id"]}  # fmt: skip
        connection.execute(insert(source_record), names | trace)
        _note_change(connection, found["run_id"], names, None, None)
    moved = [_hang_on(connection, child, own, found) for child in steps["children"]]
    advance_sequences(connection, "shared")
    return own, steps | {"moved": [change for change in moved if change]}


def _hang_on(connection: Connection, child: int, own: int, found: Mapping[str, Any]) -> int | None:
    """Let a grant that was passed on from this one hang on it again, as a change of its load; the number of the change."""
    table = schema.grant
    found_row = connection.execute(select(table).where(table.c.id == child)).mappings().first()
    row = dict(found_row or {})
    if row.get("parent_grant_id") != found["kept_id"]:
        return None
    key = row_key(table, row)
    trace = _traces(connection, found["source_id"], "grant", [key]).get(key)
    if trace is None:
        return None
    connection.execute(update(table).where(is_row(table, key)).values(parent_grant_id=own))
    names = {"entity": "grant", "external_id": trace["external_id"], "row_key": key}
    return _note_change(connection, found["run_id"], names, row, trace_of(trace))


def _note_change(
    connection: Connection, run: int, names: Mapping[str, Any], before: Mapping[str, Any] | None,
    record_before: Mapping[str, Any] | None,
) -> int:  # fmt: skip
    number = free_id(connection, import_change)
    said = {"before": before and as_json(before), "record_before": record_before and as_json(record_before)}
    connection.execute(insert(import_change), {"id": number, "run_id": run, **names, **said})
    return number


def _own(connection: Connection, found: Mapping[str, Any]) -> int:
    """The number of a record that was put back. Raises NotDecided where it is gone."""
    one = source_record.c
    asked = select(one.row_key).where(
        one.source_id == found["source_id"], one.entity == found["entity"], one.external_id == found["external_id"]
    )
    key = connection.scalar(asked)
    if key is None:
        raise NotDecided(_("It is not in the database any more: a later load took it out."))
    return int(json.loads(key)[0])


def _assert_kept(connection: Connection, found: Mapping[str, Any]) -> None:
    """Raises NotDecided where the record that stated the same is gone: this one alone states the money now."""
    table = ENTITIES[found["entity"]].table
    if connection.scalar(select(table.c.id).where(table.c.id == found["kept_id"])) is None:
        raise NotDecided(_("The record that stated the same is gone: this one alone states the money now."))


def _assert_unchanged(connection: Connection, found: Mapping[str, Any], own: int) -> None:
    """Raises NotDecided where a later load changed a record that was put back."""
    one = import_change.c
    key = json.dumps([own])
    asked = select(func.min(one.run_id)).where(
        one.run_id > found["run_id"], one.entity == found["entity"], one.row_key == key
    )
    if (run := connection.scalar(asked)) is not None:
        raise NotDecided(_("Load {run} came after it and changed it: take that load back first.").format(run=run))
