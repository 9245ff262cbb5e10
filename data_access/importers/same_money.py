"""The same grant or need of two sources, or of two kinds of files: counted once until somebody says that they are two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from data_access.database import METADATA
from data_access.i18n import N_, _
from data_access.importers import left_out
from data_access.importers.entities import ENTITIES
from data_access.importers.questions import id_in
from data_access.importers.records import Place, Problem
from data_access.importers.run import Run

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


@dataclass(frozen=True)
class _Stated:
    """A record among those that state the same: its row, its outside id, whose and of what kind of file, and whether new."""

    id: int
    external_id: str
    side: tuple[int, int]
    source: str
    is_new: bool


def leave_out_same_money(run: Run, *, counts_both: bool, is_snapshot: bool) -> None:
    """Take new grants and needs out of the load that state what a record of another source, or of a file of another kind,
    states already; each is said, and waits to be decided about. With `counts_both` somebody looked, and all of them stay; so does
    what somebody said to be another one.

    As many are left out as the other side states: two equal grants of one source are two. What waited for the sake of a record
    that this load took out is put back.
    """
    if "shared" not in run.runs:
        return
    connection, of_source, number = run.connections["shared"], run.sources["shared"], run.runs["shared"]
    for entity in FACTS:
        if entity not in run.entities:
            continue
        twins = list(_twins(run, entity))
        two = (
            {new.external_id for new, _old in twins} if counts_both else left_out.are_two(connection, of_source, entity)
        )
        same = [
            left_out.Stated(new.id, new.external_id, old.id, old.external_id, old.source)
            for new, old in twins
            if new.external_id not in two
        ]
        for of, rows in left_out.take_out(connection, of_source, number, entity, same).items():
            run.outcome.created[of] -= rows
        left_out.forget_loaded(connection, of_source, number, entity, is_snapshot=is_snapshot)
        for new, old in twins:
            run.outcome.add(_said(entity, new, old, are_two=new.external_id in two))
    left_out.put_back_what_nobody_states(connection)


def _said(entity: str, new: _Stated, old: _Stated, *, are_two: bool) -> Problem:
    states = _(SAME[entity]).format(name=old.external_id, source=old.source)
    if are_two:
        return Problem(Place(entity), "", new.external_id, "same_money_twice",
                       " ".join((states, _("Both are counted, as was asked."))), _("Nothing to do."),
                       is_warning=True)  # fmt: skip
    return Problem(Place(entity), "", new.external_id, "same_money",
                   " ".join((states, _("It was left out, so that it counts once."))),
                   _("If they are two, say so on page Data, or load the file again and say that both count."),
                   is_warning=True)  # fmt: skip


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
