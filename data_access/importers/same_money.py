"""The same grant or need of two sources, or of two kinds of files: counted once until somebody says that they are two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, literal, or_, select, update

from data_access import schema
from data_access.database import METADATA
from data_access.i18n import N_, _
from data_access.importers.entities import ENTITIES, row_key
from data_access.importers.questions import id_in
from data_access.importers.records import Place, Problem
from data_access.importers.run import BATCH, Run

BY_PROGRAM = "IATI-%"
FACTS = {
    "grant": ("funder_id", "recipient_id", "committed_on", "amount_minor", "currency"),
    "need": ("project_id", "organisation_id", "kind", "period_start", "period_end", "amount_minor", "currency"),
}
NEEDED = {"grant": ("committed_on", "amount_minor"), "need": ("period_start", "amount_minor")}
SAME = {
    "grant": N_("states what {name} of “{source}” states: the same grant, sides, days and sum."),
    "need": N_("states what {name} of “{source}” states: the same need, sides, days and sum."),
}
PARTS = {"grant": ("payment", "grant_country"), "need": ()}


@dataclass(frozen=True)
class _Stated:
    """A record among those that state the same: its row, its outside id, whose and of what kind of file, and whether new."""

    id: int
    external_id: str
    side: tuple[int, int]
    source: str
    is_new: bool


def leave_out_same_money(run: Run, *, counts_both: bool) -> None:
    """Take new grants and needs out of the load that state what a record of another source, or of a file of another kind,
    states already; each is said. With `counts_both` somebody looked, and all of them stay.

    As many are left out as the other side states: two equal grants of one source are two.
    """
    for entity in FACTS:
        if entity in run.entities:
            twins = list(_twins(run, entity))
            if not counts_both:
                _take_out(run, entity, {new.id: old.id for new, old in twins})
            for new, old in twins:
                run.outcome.add(_said(entity, new, old, counts_both=counts_both))


def _said(entity: str, new: _Stated, old: _Stated, *, counts_both: bool) -> Problem:
    states = _(SAME[entity]).format(name=old.external_id, source=old.source)
    if counts_both:
        return Problem(Place(entity), "", new.external_id, "same_money_twice",
                       " ".join((states, _("Both are counted, as was asked."))), _("Nothing to do."),
                       is_warning=True)  # fmt: skip
    return Problem(Place(entity), "", new.external_id, "same_money",
                   " ".join((states, _("It was left out, so that it counts once."))),
                   _("If they are two, load the file again and say that both count."), is_warning=True)  # fmt: skip


def _twins(run: Run, entity: str) -> Iterator[tuple[_Stated, _Stated]]:
    """New records, each with the record of another side that states the same."""
    connection, table = run.connections["shared"], ENTITIES[entity].table
    traces, _ours = run.source_records(entity)
    joined = and_(table.c.id == id_in(traces), traces.c.entity == entity)
    facts = [table.c[name] for name in FACTS[entity]]
    kind = _kind(entity)
    differ = [func.min(side) != func.max(side) for side in (traces.c.source_id, kind)]
    twice = (
        select(*facts)
        .join(traces, joined)
        .where(*(table.c[name].is_not(None) for name in NEEDED[entity]))
        .group_by(*facts)
        .having(or_(*differ), func.count(table.c.id.distinct()) > 1)
    )
    for found in connection.execute(twice).all():
        yield from _pairs(_group(run, entity, dict(zip(FACTS[entity], found, strict=True))))


def _kind(entity: str) -> ColumnElement[int]:
    """Of which kind of file a record is: 1 where a program wrote it."""
    table = ENTITIES[entity].table
    return case((table.c.reference.like(BY_PROGRAM), 1), else_=0) if entity == "grant" else literal(0)


def _group(run: Run, entity: str, facts: Mapping[str, Any]) -> list[_Stated]:
    """Every record that states these facts, those there before the load first."""
    connection, table = run.connections["shared"], ENTITIES[entity].table
    traces, _ours = run.source_records(entity)
    tables = METADATA["shared"].tables
    changes, sources = tables["import_change"], tables["source"]
    is_new = (
        select(changes.c.id)
        .where(
            changes.c.run_id == run.runs["shared"], changes.c.entity == entity, changes.c.row_key == traces.c.row_key,
            changes.c.before.is_(None),
        )
        .exists()
    )  # fmt: skip
    states = (
        select(table.c.id, traces.c.external_id, traces.c.source_id, _kind(entity), sources.c.name, is_new)
        .join(traces, and_(table.c.id == id_in(traces), traces.c.entity == entity))
        .join(sources, sources.c.id == traces.c.source_id)
        .where(*(table.c[name].is_not_distinct_from(value) for name, value in facts.items()))
        .order_by(is_new, table.c.id)
    )
    return [_Stated(row[0], row[1], (row[2], row[3]), row[4], bool(row[5])) for row in connection.execute(states)]


def _pairs(group: Sequence[_Stated]) -> Iterator[tuple[_Stated, _Stated]]:
    kept: dict[tuple[int, int], list[_Stated]] = defaultdict(list)
    matched: Counter[tuple[int, int]] = Counter()
    for stated in group:
        others = max((of for side, of in kept.items() if side != stated.side), key=len, default=[])
        if stated.is_new and matched[stated.side] < len(others):
            yield stated, others[matched[stated.side]]
            matched[stated.side] += 1
        else:
            kept[stated.side].append(stated)


def _take_out(run: Run, entity: str, twins: Mapping[int, int]) -> None:
    """Take rows that this run created, and what hangs on them, out again; what was passed on hangs on their twins."""
    connection, ids = run.connections["shared"], list(twins)
    parent = schema.grant.c.parent_grant_id
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        if entity == "grant":
            for passed_on in connection.scalars(select(parent).where(parent.in_(some)).distinct()).all():
                connection.execute(
                    update(schema.grant).where(parent == passed_on).values(parent_grant_id=twins[passed_on])
                )
        for part in PARTS[entity]:
            _forget(run, part, ENTITIES[part].table.c[f"{entity}_id"].in_(some))
        _forget(run, entity, ENTITIES[entity].table.c.id.in_(some))


def _forget(run: Run, entity: str, which: ColumnElement[bool]) -> None:
    connection, table = run.connections["shared"], ENTITIES[entity].table
    keys = [
        row_key(table, dict(row._mapping))
        for row in connection.execute(select(*table.primary_key.columns).where(which))
    ]
    records, ours = run.source_records(entity)
    changes = METADATA["shared"].tables["import_change"]
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        connection.execute(delete(records).where(ours, records.c.row_key.in_(some)))
        connection.execute(
            delete(changes).where(
                changes.c.run_id == run.runs["shared"], changes.c.entity == entity, changes.c.row_key.in_(some)
            )
        )
    connection.execute(delete(table).where(which))
    run.outcome.created[entity] -= len(keys)
