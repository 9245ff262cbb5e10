"""Organisations that are one under two names: proposed, merged so that everything that named either follows, and taken back.

A merge writes down each row that it changes as it was before, so that it can be undone row by row. Loads know an organisation
by the key its source has for it: afterwards both keys lead to the one that was kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import Column, Connection, Engine, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from data_access import meta
from data_access.i18n import _
from data_access.importers.entities import ENTITIES, as_json, bare, free_id, from_json, is_row, row_key
from data_access.importers.questions import ALIKE_FROM
from data_access.schema import (
    contest,
    import_change,
    import_run,
    organisation,
    organisation_merge,
    partnership,
    presence,
    shared,
    source_record,
)
from data_access.secrecy import stricter, undisclosed

NEIGHBOURS = 20
MERGED, KEPT_APART = "merged", "kept_apart"
FILLED = ("is_registered", "legal_form", "seat_country", "founded_on", "website", "description", "volunteers", "paid_staff",
          "fiscal_host_id")  # fmt: skip
REFERRING: dict[Table, list[Column]] = {}
for _table in shared.sorted_tables:
    for _column in _table.c:
        if any(key.column.table is organisation for key in _column.foreign_keys):
            REFERRING.setdefault(_table, []).append(_column)
ENTITY_OF = {spec.table: (name, spec.natural) for name, spec in ENTITIES.items() if spec.which == "shared"}


class NotMerged(Exception):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True)
class Pair:
    """Two organisations with names alike, `alike` of 100, the one that was there first before the other."""

    first: int
    second: int
    alike: int


def proposals(connection: Connection) -> list[Pair]:
    """Pairs with names alike that nobody has decided about, the most alike first.

    Each name is compared with its neighbours in the order of its words and in the order of its letters from behind, so that
    fifty thousand names take seconds.
    """
    rows = connection.execute(select(organisation.c.id, organisation.c.name)).all()
    named = [(" ".join(sorted(bare(row.name).split())), row.id) for row in rows]
    decided = {
        frozenset(pair)
        for pair in connection.execute(select(organisation_merge.c.kept_id, organisation_merge.c.gone_id))
    }
    found: dict[frozenset[int], int] = {}
    for order in (sorted(named), sorted(named, key=lambda one: (one[0][::-1], one[1]))):
        for place, (name, own) in enumerate(order):
            for other_name, other in order[place + 1 : place + 1 + NEIGHBOURS]:
                alike = fuzz.ratio(name, other_name, score_cutoff=ALIKE_FROM) if name and other_name else 0
                if alike and frozenset((own, other)) not in decided:
                    found[frozenset((own, other))] = int(alike)
    pairs = [Pair(min(both), max(both), alike) for both, alike in found.items()]
    return sorted(pairs, key=lambda pair: (-pair.alike, pair.first, pair.second))


def after(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an organisation that two were: its own, the other's where it has none, the stricter visibility."""
    facts = {name: gone[name] if kept[name] is None else kept[name] for name in FILLED}
    if facts["fiscal_host_id"] in (kept["id"], gone["id"]):
        facts["fiscal_host_id"] = None
    closed = [kept["closed_on"], gone["closed_on"]]
    closed_on = None if None in closed else max(closed)
    if closed_on and facts["founded_on"] and facts["founded_on"] > closed_on:
        facts["founded_on"] = kept["founded_on"]
    confirmed = [day for day in (kept["confirmed_on"], gone["confirmed_on"]) if day]
    return facts | {
        "is_initiative": kept["is_initiative"] or gone["is_initiative"],
        "is_funder": kept["is_funder"] or gone["is_funder"],
        **stricter(organisation, kept, gone),
        "independence": gone["independence"] if kept["independence"] == "unknown" else kept["independence"],
        "confirmed_on": max(confirmed, default=None),
        "closed_on": closed_on,
        "search_key": f"{kept['search_key']} {gone['search_key']}"[:600],
    }


def names(connection: Connection, identities: Collection[int]) -> dict[int, str]:
    """The names of organisations by their ids."""
    asked = select(organisation.c.id, organisation.c.name).where(organisation.c.id.in_(identities))
    return {row.id: row.name for row in connection.execute(asked)}


def row_of(connection: Connection, identity: int) -> dict[str, Any]:
    """The row of an organisation. Raises NotMerged where it is gone."""
    found = connection.execute(select(organisation).where(organisation.c.id == identity)).mappings().first()
    if found is None:
        raise NotMerged(_("One of them is not there any more."))
    return dict(found)


def named_in(connection: Connection, identity: int) -> dict[str, int]:
    """How many rows of each kind name an organisation, of those there are any: table -> rows."""
    counted = {
        table.name: connection.scalar(
            select(func.count()).select_from(table).where(or_(*(column == identity for column in columns)))
        )
        for table, columns in REFERRING.items()
    }
    return {name: n for name, n in counted.items() if n}


def merge(engine: Engine, kept: int, gone: int, by: str, now: datetime) -> int:
    """Make two organisations one, in one transaction: every row that named either names `kept`; the number of the merge.

    Rows that would stand there twice (the same presence, the same partnership) stand once. Raises NotMerged.
    """
    with engine.begin() as connection:
        meta.take_turn(connection, "shared")
        if kept == gone:
            raise NotMerged(_("They are one already."))
        own, other = row_of(connection, kept), row_of(connection, gone)
        steps, secret = _Steps(connection), undisclosed(connection)
        steps.change(organisation, own, own | after(own, other))
        for table, columns in REFERRING.items():
            for row in _rows(connection, table, or_(*(column == gone for column in columns))):
                _follow(steps, table, row, kept, gone)
        for row in _rows(connection, presence, presence.c.organisation_id == kept):
            for one in (kept, gone):
                hidden = {"precision": secret.get((one, row["host_country"]), row["precision"])}
                steps.change(presence, row, row := row | stricter(presence, row, hidden))
        _lead_to(steps, "organisation", row_key(organisation, other), row_key(organisation, own))
        named = and_(contest.c.entity == "initiative", contest.c.record_id == gone)
        for row in _rows(connection, contest, named):
            steps.change(contest, row, row | {"record_id": kept})
        for row in _rows(connection, organisation_merge, organisation_merge.c.kept_id == gone):
            steps.change(organisation_merge, row, row | {"kept_id": kept})
        steps.take_out(organisation, other)
        number = _note(connection, own, other, MERGED, by, now, steps.taken)
        meta.move(connection, "shared")
    return number


def keep_apart(engine: Engine, first: int, second: int, by: str, now: datetime) -> int:
    """Note that two with names alike are two, so that nobody is asked again; the number of the decision. Raises NotMerged."""
    with engine.begin() as connection:
        meta.take_turn(connection, "shared")
        return _note(connection, row_of(connection, first), row_of(connection, second), KEPT_APART, by, now, [])


def undo(engine: Engine, number: int) -> int:
    """Take a decision back: of a merge every row is as it was; how many are not, because somebody changed them by hand since.

    Raises NotMerged where a later load or merge went on from it.
    """
    left = 0
    with engine.begin() as connection:
        meta.take_turn(connection, "shared")
        found = connection.execute(select(organisation_merge).where(organisation_merge.c.id == number)).first()
        if found is None:
            raise NotMerged(_("There is no such decision any more."))
        if found.decision == MERGED:
            _assert_last(connection, found)
            try:
                left = sum(not _take_back(connection, **step) for step in reversed(json.loads(found.steps)))
            except IntegrityError as refusal:
                raise NotMerged(
                    _("Other records took the place of what was merged: it cannot be taken back.")
                ) from refusal
        connection.execute(delete(organisation_merge).where(organisation_merge.c.id == number))
        meta.move(connection, "shared")
    return left


def decisions(connection: Connection) -> list[dict[str, Any]]:
    """What was decided, the newest first: id, kept_id, kept (its name), gone_name, decision, decided_at, decided_by."""
    one = organisation_merge.c
    kept = select(organisation.c.name).where(organisation.c.id == one.kept_id).scalar_subquery().label("kept")
    asked = select(one.id, one.kept_id, kept, one.gone_name, one.decision, one.decided_at, one.decided_by).order_by(
        one.id.desc()
    )
    return [dict(row) for row in connection.execute(asked).mappings()]


class _Steps:
    """Changes of rows, each done and written down."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.taken: list[dict[str, Any]] = []

    def change(self, table: Table, before: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        changed = {name: value for name, value in new.items() if before[name] != value}
        if changed:
            own = is_row(table, row_key(table, before))
            self.connection.execute(update(table).where(own).values(**changed))
            was = {name: before[name] for name in changed}
            self.taken.append({"table": table.name, "key": row_key(table, new), "before": _plain(was),
                               "now": _plain(changed)})  # fmt: skip

    def take_out(self, table: Table, row: Mapping[str, Any]) -> None:
        self.connection.execute(delete(table).where(is_row(table, row_key(table, row))))
        self.taken.append({"table": table.name, "key": None, "before": _plain(row), "now": None})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(json.loads(as_json(values)))


def _rows(connection: Connection, table: Table, condition: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table).where(condition)).mappings()]


def _follow(steps: _Steps, table: Table, row: dict[str, Any], kept: int, gone: int) -> None:
    """A row that named `gone` names `kept`; where such a row is there already, or would name an organisation as its own
    partner or host, it goes."""
    new = row | {column.name: kept for column in REFERRING[table] if row[column.name] == gone}
    if table is organisation:
        steps.change(table, row, new | ({"fiscal_host_id": None} if row["id"] in (kept, gone) else {}))
        return
    if table is partnership:
        new |= dict(
            zip(
                ("organisation_a", "organisation_b"),
                sorted((new["organisation_a"], new["organisation_b"])),
                strict=True,
            )
        )
    name, natural = ENTITY_OF[table]
    keys = [column.name for column in table.primary_key if column in REFERRING[table]]
    told_by = natural if set(natural) & {column.name for column in REFERRING[table]} else ()
    told_by = told_by or (tuple(column.name for column in table.primary_key) if keys else ())
    same = [table.c[key].is_not_distinct_from(new[key]) for key in told_by]
    twin = next(iter(_rows(steps.connection, table, and_(*same))), None) if same else None
    if twin is None and (table is not partnership or new["organisation_a"] != new["organisation_b"]):
        steps.change(table, row, new)
        _lead_to(steps, name, row_key(table, row), row_key(table, new))
    else:
        if twin is not None:
            steps.change(table, twin, _as_one(table, twin, row))
            _lead_to(steps, name, row_key(table, row), row_key(table, twin))
        steps.take_out(table, row)


def _as_one(table: Table, kept: Mapping[str, Any], gone: Mapping[str, Any]) -> dict[str, Any]:
    """Two rows of the same thing as one: what only one of them says, and of a place the stricter precision and all the days that
    either was there."""
    one = {name: gone[name] if value is None else value for name, value in kept.items()}
    if table is presence:
        begun = [day for day in (kept["started_on"], gone["started_on"]) if day]
        ended = [kept["ended_on"], gone["ended_on"]]
        one |= {
            **stricter(presence, kept, gone),
            "started_on": min(begun, default=None),
            "ended_on": None if None in ended else max(ended),
        }
    return one


def _lead_to(steps: _Steps, entity: str, before: str, now: str) -> None:
    """What sources call a row leads to another one."""
    if before != now:
        of_row = and_(source_record.c.entity == entity, source_record.c.row_key == before)
        for row in _rows(steps.connection, source_record, of_row):
            steps.change(source_record, row, row | {"row_key": now})


def _note(
    connection: Connection, kept: Mapping[str, Any], gone: Mapping[str, Any], decision: str, by: str, now: datetime,
    steps: list[dict[str, Any]],
) -> int:  # fmt: skip
    number = free_id(connection, organisation_merge)
    newest = connection.scalar(select(func.coalesce(func.max(import_run.c.id), 0)))
    row = {"id": number, "kept_id": kept["id"], "gone_id": gone["id"], "gone_slug": gone["slug"], "gone_name": gone["name"],
           "decision": decision, "decided_at": now, "decided_by": by, "after_run": newest,
           "steps": json.dumps(steps, ensure_ascii=False)}  # fmt: skip
    connection.execute(insert(organisation_merge), row)
    return number


def _assert_last(connection: Connection, found: Any) -> None:
    one = organisation_merge.c
    later = select(func.min(one.id)).where(one.id > found.id, one.decision == MERGED)
    if (number := connection.scalar(later)) is not None:
        raise NotMerged(_("Merge {n} came after it: take that back first.").format(n=number))
    for entity, keys in (*_keys_that_name(connection, found.kept_id), *_keys_changed(found)):
        touched = select(func.min(import_change.c.run_id)).where(
            import_change.c.run_id > found.after_run,
            import_change.c.entity == entity,
            import_change.c.row_key.in_(keys),
        )
        if (run := connection.scalar(touched)) is not None:
            raise NotMerged(
                _("Load {run} came after it and changed what it merged: take that load back first.").format(run=run)
            )


def _keys_changed(found: Any) -> Iterator[tuple[str, list[str]]]:
    """What the merge itself changed and a later load may have taken out."""
    for step in json.loads(found.steps):
        of = shared.tables[step["table"]]
        if step["key"] and of in ENTITY_OF:
            yield ENTITY_OF[of][0], [step["key"]]


def _keys_that_name(connection: Connection, identity: int) -> Iterator[tuple[str, list[str]]]:
    yield "organisation", [json.dumps([identity])]
    for table, columns in REFERRING.items():
        rows = _rows(connection, table, or_(*(column == identity for column in columns)))
        if table is not organisation and rows:
            yield ENTITY_OF[table][0], [row_key(table, row) for row in rows]


def _take_back(
    connection: Connection, table: str, key: str | None, before: dict[str, Any], now: dict[str, Any] | None
) -> bool:
    """One row as it was; a row that is gone meanwhile, or says something else by now, stays as it is: False."""
    of = shared.tables[table]
    if key is None or now is None:
        connection.execute(insert(of), from_json(of, before))
        return True
    same = [of.c[name].is_not_distinct_from(value) for name, value in from_json(of, now).items()]
    return bool(connection.execute(update(of).where(is_row(of, key), *same).values(**from_json(of, before))).rowcount)
