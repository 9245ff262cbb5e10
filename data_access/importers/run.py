"""One load into the open transactions of both databases: each record created, updated, unchanged or refused."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from data_access import meta, schema
from data_access.database import METADATA, Which
from data_access.i18n import _
from data_access.importers.days_asked import ask_about_days
from data_access.importers.entities import (
    ENTITIES,
    ORDER,
    Entity,
    advance_sequences,
    are_two_names,
    as_json,
    fingerprint,
    free_id,
    is_row,
    kept_under,
    row_key,
    sorted_pair,
    take_out,
    trace_of,
)
from data_access.importers.outcomes import NoSuchColumn, NotASnapshot, Origin, Outcome
from data_access.importers.records import PART_OF_A_SEARCH, Place, Problem, Record
from data_access.importers.references import with_short_ids
from data_access.importers.refusals import RowRefused, problem_of, savepoint
from data_access.importers.runs import note_problems, run_row, source_id
from data_access.importers.secrets_kept import Secrets
from data_access.importers.stated_whole import OF_A_GRANT, STATED_WHOLE, said_of_another_source, said_of_update

BATCH = 2_000
NAMES = frozenset({"name", "search_key"})
"""What a merge chose of an organisation, and no load changes."""
LOOKED_UP_AT_ONCE = 400


class Run:
    """One load into the open transactions of both databases."""

    def __init__(
        self,
        connections: Mapping[Which, Connection],
        source: str,
        today: date,
        outcome: Outcome,
        origin: Origin,
        *,
        discloses: bool = False,
    ) -> None:
        self.secrets = Secrets(connections, outcome, discloses=discloses)
        self.connections, self.outcome, self.today = connections, outcome, today
        self.source_name, self.origin = source, origin
        self.waiting: dict[str, list[Record]] = defaultdict(list)
        self.late: list[tuple[Record, list[str]]] = []
        self.entities: set[str] = set()
        self.next_id: dict[str, int] = {}
        self.only_ours: dict[str, bool] = {}
        self.sources: dict[Which, int] = {}
        self.runs = outcome.runs
        self.new_organisations: list[tuple[Place, int, str]] = []
        self.new_cases: dict[str, Place] = {}

    def take(self, records: Iterable[Record | Problem]) -> None:
        """Write records as they come; those whose references are not there yet wait for the end of the file."""
        waiting = 0
        for found in records:
            if isinstance(found, Problem):
                self.outcome.add(found)
                continue
            if unknown := {*found.values, *found.defaults} - ENTITIES[found.entity].names:
                raise NoSuchColumn(f"{found.entity} has no {', '.join(sorted(unknown))}: {found.key}.")
            ask_about_days(found, self.today, self.outcome, self.origin.format)
            self.waiting[found.entity].append(with_short_ids(found, ENTITIES[found.entity].references))
            waiting += 1
            if waiting >= BATCH:
                self._flush()
                waiting = 0
        self._flush()
        while self.late:
            again, self.late = self.late, []
            for record, _names in again:
                self.waiting[record.entity].append(record)
            self._flush()
            if len(self.late) == len(again):
                self._reject_late()

    def _reject_late(self) -> None:
        for record, names in self.late:
            shown = ", ".join(str(record.values[name]) for name in names)
            self.outcome.add(
                Problem(record.place, ", ".join(names), shown, "unknown_reference",
                        _("refers to something that is neither in this file nor in the database."),
                        _("Add it, or correct the reference."))
            )  # fmt: skip
        self.late = []

    def _flush(self) -> None:
        for entity in ORDER:
            records, self.waiting[entity] = self.waiting[entity], []
            for start in range(0, len(records), LOOKED_UP_AT_ONCE):
                self._write(entity, records[start : start + LOOKED_UP_AT_ONCE])

    def _start(self, which: Which) -> int:
        """The run's row in this database, made when the first record for it comes."""
        if which in self.runs:
            return self.runs[which]
        connection, tables = self.connections[which], METADATA[which].tables
        self.sources[which] = source_id(connection, tables["source"], self.source_name)
        run = free_id(connection, tables["import_run"])
        row = run_row(run, self.sources[which], self.today, self.origin, "done")
        connection.execute(insert(tables["import_run"]), row)
        self.runs[which] = run
        return run

    def _write(self, entity: str, records: list[Record]) -> None:
        if not records:
            return
        spec = ENTITIES[entity]
        connection = self.connections.get(spec.which)
        if connection is None:
            for record in records:
                self.outcome.add(
                    Problem(record.place, "", record.key, "no_case_database",
                            _("belongs to the case database, which is not configured."),
                            _("Set MERIDIAN_CASES_URL and load again."))
                )  # fmt: skip
            return
        run = self._start(spec.which)
        self.entities.add(entity)
        known = self._known(entity, [record.key for record in records])
        fresh: list[tuple[Record, dict[str, Any], str]] = []
        same: list[str] = []
        for record, values in self._resolved(spec, records):
            digest = fingerprint(record.values)
            stored = known.get(record.key)
            if stored is None:
                fresh.append((record, values, digest))
                known[record.key] = {"content_hash": digest, "seen_run_id": run, "row_key": ""}
            elif stored["seen_run_id"] == run:
                self._say_twice(record, stored, digest)
            elif stored["content_hash"] == digest:
                same.append(record.key)
                stored["seen_run_id"] = run
            else:
                self._update(connection, entity, record, values, stored, digest)
        self.outcome.unchanged[entity] += len(same)
        self._mark(connection, entity, same, {"seen_run_id": run})
        self._insert(connection, entity, fresh)

    def _say_twice(self, record: Record, stored: Mapping[str, Any], digest: str) -> None:
        if stored["content_hash"] == digest:
            self.outcome.add(
                Problem(record.place, "", record.key, "same_row_twice",
                        _("stands in the file more than once; it was counted once."), _("Nothing to do."), is_warning=True)
            )  # fmt: skip
        else:
            self.outcome.add(
                Problem(record.place, "", record.key, "two_rows_one_reference",
                        _("has the reference of another row that says something else."),
                        _("Give each row its own reference, or remove one."))
            )  # fmt: skip

    def source_records(self, entity: str) -> tuple[Table, ColumnElement[bool]]:
        """The table of source records, and which of them are this source's of one entity."""
        which = ENTITIES[entity].which
        table = METADATA[which].tables["source_record"]
        return table, and_(table.c.source_id == self.sources[which], table.c.entity == entity)

    def _known(self, entity: str, keys: list[str]) -> dict[str, dict[str, Any]]:
        table, ours = self.source_records(entity)
        rows = self.connections[ENTITIES[entity].which].execute(
            select(table).where(ours, table.c.external_id.in_(keys))
        )
        return {row.external_id: dict(row._mapping) for row in rows}

    def _resolved(self, spec: Entity, records: list[Record]) -> Iterator[tuple[Record, dict[str, Any]]]:
        """Records with outside ids replaced by our keys; those that refer to nothing known yet go to `late`."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for record in records:
            for name, (_column, entity) in spec.references.items():
                if record.values.get(name) is not None:
                    wanted[entity].add(str(record.values[name]))
        found = {entity: self._keys_of(entity, sorted(names)) for entity, names in wanted.items()}
        for record in records:
            values = {k: v for k, v in record.values.items() if k not in spec.references}
            missing = []
            for name, (column, entity) in spec.references.items():
                if name not in record.values:
                    continue
                outside = record.values[name]
                key = None if outside is None else found[entity].get(str(outside))
                if outside is not None and key is None:
                    missing.append(name)
                values[column] = key
            if missing:
                self.late.append((record, missing))
            else:
                yield record, sorted_pair(values)

    def _keys_of(self, entity: str, names: list[str]) -> dict[str, Any]:
        """Outside id -> our key, by what this source loaded before, else by the natural name of an existing row."""
        spec = ENTITIES[entity]
        if spec.which not in self.connections:
            return {}
        connection, result = self.connections[spec.which], {}
        own = spec.table.primary_key.columns.values()[0]
        self._start(spec.which)
        for start in range(0, len(names), LOOKED_UP_AT_ONCE):
            part = names[start : start + LOOKED_UP_AT_ONCE]
            if len(spec.natural) == 1:
                column = spec.table.c[spec.natural[0]]
                for key, name in connection.execute(select(own, column).where(column.in_(part))):
                    result[name] = key
                if entity == "organisation":
                    result |= {name: kept for name, kept in self._kept_under.items() if name in part}
            for key, stored in self._known(entity, part).items():
                result[key] = json.loads(stored["row_key"])[0]
        return result

    def _insert(self, connection: Connection, entity: str, fresh: list[tuple[Record, dict[str, Any], str]]) -> None:
        spec, run = ENTITIES[entity], self.runs[ENTITIES[entity].which]
        rows, traces, changes = [], [], []
        for record, values, digest in fresh:
            existing = self._existing(connection, entity, {**record.defaults, **values})
            if entity == "organisation" and existing is None:
                existing = self._merged(connection, {**record.defaults, **values}.get("slug"))
                if existing is not None:
                    self._adopt(connection, entity, record, {}, existing, digest)
                    continue
            if existing is not None:
                self._adopt(connection, entity, record, values, existing, digest)
                continue
            row = self._new_row(connection, spec.table, record, values)
            rows.append((record, *self.secrets.kept(spec.table, record, row, row, digest)))
        for record, row, digest in self._inserted(connection, spec.table, rows):
            self.outcome.created[entity] += 1
            if entity == "organisation":
                self.new_organisations.append((record.place, row["id"], row["name"]))
            if entity == "relocation_case":
                self.new_cases[str(row["id"])] = Place(record.place.sheet, record.place.row, file=record.place.file)
            key = row_key(spec.table, row)
            traces.append(self._trace(entity, record.key, key, digest))
            changes.append(self._change(connection, entity, record.key, key, None, None, run))
        if traces:
            connection.execute(insert(METADATA[spec.which].tables["source_record"]), traces)
            connection.execute(insert(METADATA[spec.which].tables["import_change"]), changes)

    def _new_row(self, connection: Connection, table: Table, record: Record, values: dict[str, Any]) -> dict[str, Any]:
        row = dict(record.defaults) | values
        if "id" in table.c and "id" not in row:
            row["id"] = self._new_id(connection, table)
        return row

    def _inserted(
        self, connection: Connection, table: Table, rows: list[tuple[Record, dict[str, Any], str]]
    ) -> list[tuple[Record, dict[str, Any], str]]:
        """Insert all at once; if the database refuses one, each on its own, so that only the bad one is left out."""
        if not rows:
            return []
        columns = sorted({name for _record, row, digest in rows for name in row})
        plain = [{name: row.get(name) for name in columns} for _record, row, digest in rows]
        same = all(set(row) == set(columns) for _record, row, digest in rows)
        if same:
            with suppress(RowRefused):
                with savepoint(connection):
                    connection.execute(insert(table), plain)
                return rows
        kept = []
        for record, row, digest in rows:
            try:
                with savepoint(connection):
                    connection.execute(insert(table), row)
                kept.append((record, row, digest))
            except RowRefused as refusal:
                self.outcome.add(problem_of(record, refusal))
        return kept

    def _existing(self, connection: Connection, entity: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """A row with the same natural name; not looked for where every row of the table is this source's own."""
        spec = ENTITIES[entity]
        if not spec.natural or any(name not in values for name in spec.natural) or self._is_ours(connection, entity):
            return None
        same = [spec.table.c[name].is_not_distinct_from(values[name]) for name in spec.natural]
        row = connection.execute(select(spec.table).where(and_(*same))).first()
        return None if row is None else dict(row._mapping)

    @cached_property
    def _kept_under(self) -> dict[str, int]:
        """Short names that merges took out -> the organisation that was kept, as they are for the length of the run."""
        return kept_under(self.connections["shared"])

    def _merged(self, connection: Connection, slug: str | None) -> dict[str, Any] | None:
        """The organisation that another one of this short name was merged into."""
        kept = self._kept_under.get(slug or "")
        if kept is None:
            return None
        table = schema.organisation
        return dict(connection.execute(select(table).where(table.c.id == kept)).one()._mapping)

    def _is_ours(self, connection: Connection, entity: str) -> bool:
        if entity not in self.only_ours:
            table, ours = self.source_records(entity)
            of_source = connection.scalar(select(func.count()).select_from(table).where(ours))
            rows = connection.scalar(select(func.count()).select_from(ENTITIES[entity].table))
            self.only_ours[entity] = rows == of_source
        return self.only_ours[entity]

    def _adopt(
        self, connection: Connection, entity: str, record: Record, values: dict[str, Any], existing: dict[str, Any], digest: str
    ) -> None:  # fmt: skip
        """A row that is there already, from elsewhere: taken into this source's care, and updated where it differs."""
        spec, run = ENTITIES[entity], self.runs[ENTITIES[entity].which]
        key = row_key(spec.table, existing)
        for note in said_of_another_source(record, existing, values):
            self.outcome.add(note)
        values, digest = self.secrets.kept(spec.table, record, existing, values, digest)
        different = {name: value for name, value in values.items() if existing.get(name) != value}
        if different:
            if not self._changed(connection, spec.table, key, different, record):
                return
            self.outcome.updated[entity] += 1
        else:
            self.outcome.unchanged[entity] += 1
        self._remember(connection, entity, record.key, key, existing, None, run)
        connection.execute(
            insert(METADATA[spec.which].tables["source_record"]), self._trace(entity, record.key, key, digest)
        )

    def _update(
        self, connection: Connection, entity: str, record: Record, values: dict[str, Any], stored: dict[str, Any], digest: str
    ) -> None:  # fmt: skip
        spec, run = ENTITIES[entity], self.runs[ENTITIES[entity].which]
        row = connection.execute(select(spec.table).where(is_row(spec.table, stored["row_key"]))).first()
        stored["seen_run_id"] = run
        if row is None:
            values = self._new_row(connection, spec.table, record, values)
            if not self._inserted(connection, spec.table, [(record, values, digest)]):
                return
            key, before = row_key(spec.table, values), None
        else:
            before = dict(row._mapping)
            if entity == "organisation" and before["id"] in self._kept_under.values():
                values = {name: value for name, value in values.items() if name not in NAMES}
            values, digest = self.secrets.kept(spec.table, record, before, values, digest)
            if not self._changed(connection, spec.table, stored["row_key"], values, record):
                return
            key = row_key(spec.table, before | values)
            for note in said_of_update(record, before, values):
                self.outcome.add(note)
        self.outcome.updated[entity] += 1
        self._remember(connection, entity, record.key, key, before, trace_of(stored), run)
        self._mark(
            connection,
            entity,
            [record.key],
            {"row_key": key, "content_hash": digest, "run_id": run, "seen_run_id": run},
        )

    def _changed(
        self, connection: Connection, table: Table, key: str, values: Mapping[str, Any], record: Record
    ) -> bool:
        try:
            with savepoint(connection):
                connection.execute(update(table).where(is_row(table, key)).values(**values))
        except RowRefused as refusal:
            self.outcome.add(problem_of(record, refusal))
            return False
        return True

    def _trace(self, entity: str, external: str, key: str, digest: str) -> dict[str, Any]:
        which = ENTITIES[entity].which
        return {
            "source_id": self.sources[which], "entity": entity, "external_id": external, "row_key": key,
            "content_hash": digest, "run_id": self.runs[which], "seen_run_id": self.runs[which],
        }  # fmt: skip

    def _mark(self, connection: Connection, entity: str, external: list[str], values: Mapping[str, Any]) -> None:
        table, ours = self.source_records(entity)
        if external:
            connection.execute(update(table).where(ours, table.c.external_id.in_(external)).values(**values))

    def _remember(
        self, connection: Connection, entity: str, external: str, key: str,
        before: Mapping[str, Any] | None, trace: Mapping[str, Any] | None, run: int,
    ) -> None:  # fmt: skip
        change = self._change(connection, entity, external, key, before, trace, run)
        connection.execute(insert(METADATA[ENTITIES[entity].which].tables["import_change"]), change)

    def _change(
        self, connection: Connection, entity: str, external: str, key: str,
        before: Mapping[str, Any] | None, trace: Mapping[str, Any] | None, run: int,
    ) -> dict[str, Any]:  # fmt: skip
        table = METADATA[ENTITIES[entity].which].tables["import_change"]
        return {
            "id": self._new_id(connection, table), "run_id": run, "entity": entity, "external_id": external, "row_key": key,
            "before": None if before is None else as_json(before),
            "record_before": None if trace is None else as_json(trace),
        }  # fmt: skip

    def _new_id(self, connection: Connection, table: Table) -> int:
        number = self.next_id.get(table.fullname) or free_id(connection, table)
        self.next_id[table.fullname] = number + 1
        return number

    def look_for_the_missing(self, is_snapshot: bool) -> None:
        """Count what this source once had and the file has no more; take it out when the file is all there is, or states anew the
        grant that it was a part of: where it goes, and in the formats of publishers what was paid of it."""
        if is_snapshot and (self.outcome.rejected or any(p.code == PART_OF_A_SEARCH for p in self.outcome.problems)):
            raise NotASnapshot(self.outcome.rejected)
        for entity in reversed(ORDER):
            spec = ENTITIES[entity]
            if entity not in self.entities:
                continue
            connection, (table, ours) = self.connections[spec.which], self.source_records(entity)
            unseen = table.c.seen_run_id != self.runs[spec.which]
            gone = connection.execute(select(table).where(ours, unseen)).all()
            taken = gone if is_snapshot else self._stated_anew(entity, gone)
            for row in taken:
                self._take_out(connection, entity, dict(row._mapping))
            self.outcome.not_seen[entity] += len(gone) if is_snapshot else len(gone) - len(taken)

    def _stated_anew(self, entity: str, gone: Sequence[Row]) -> list[Row]:
        """Of the records that are gone those whose owner this file states: what it says of it takes the place of all it said,
        unless something of the file cannot be read."""
        whole = STATED_WHOLE.get(self.origin.format or "", OF_A_GRANT)
        if not gone or self.outcome.rejected or entity not in whole.parts or whole.owner not in self.entities:
            return []
        connection, (table, ours) = self.connections[ENTITIES[entity].which], self.source_records(whole.owner)
        met = table.c.seen_run_id == self.runs[ENTITIES[entity].which]
        owners = set(map(whole.owner_named, connection.execute(select(table.c.external_id).where(ours, met)).scalars()))
        return [row for row in gone if whole.owner_of(row.external_id) in owners]

    def _take_out(self, connection: Connection, entity: str, stored: dict[str, Any]) -> None:
        spec = ENTITIES[entity]
        row = connection.execute(select(spec.table).where(is_row(spec.table, stored["row_key"]))).first()
        try:
            if not (self._kept_under and are_two_names(connection, entity, stored["row_key"])):
                take_out(connection, spec.table, stored["row_key"])
        except IntegrityError:
            place = Place(entity)
            self.outcome.add(
                Problem(place, "", stored["external_id"], "still_referred_to",
                        _("is gone from the file, but other rows refer to it; it stays."),
                        _("Remove those rows first."), is_warning=True)
            )  # fmt: skip
            return
        table, ours = self.source_records(entity)
        connection.execute(delete(table).where(ours, table.c.external_id == stored["external_id"]))
        if row is not None:
            before, run = dict(row._mapping), self.runs[spec.which]
            self._remember(connection, entity, stored["external_id"], stored["row_key"], before, trace_of(stored), run)

    def finish(self) -> None:
        """Write the counts and the problems to the run of the database they belong to."""
        for which, run in self.runs.items():
            connection, tables = self.connections[which], METADATA[which].tables
            mine = [entity for entity in ORDER if ENTITIES[entity].which == which]
            counts = {
                name: sum(n for entity, n in getattr(self.outcome, name).items() if entity in mine)
                for name in ("created", "updated", "unchanged", "not_seen")
            }
            is_first = which == next(iter(self.runs))
            rejected = self.outcome.rejected if is_first else 0
            connection.execute(
                update(tables["import_run"]).where(tables["import_run"].c.id == run).values(**counts, rejected=rejected)
            )
            where = self._database_of_problems()
            if which == where:
                note_problems(connection, tables["import_issue"], run, self.outcome.problems)
            advance_sequences(connection, which)
            meta.move(connection, which)

    def _database_of_problems(self) -> Which:
        """Rows about cases stay in the case database; a file of both puts all its problems there."""
        return "cases" if "cases" in self.runs else "shared"
