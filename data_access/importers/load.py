"""Records -> rows, in one transaction: created, updated, unchanged, rejected, not seen again; undone run by run.

Idempotent by (source, entity, outside id) and a hash of what the source said: the same file twice changes nothing. What
an update replaces is kept in `import_change`, so that a run can be undone. Memory does not grow with the file: records
are written in batches, and looked up in batches.

Organisations are never merged because their names are alike, only proposed; amounts far above the source's usual ones
are loaded with a loud warning.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Table,
    and_,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from data_access import meta, schema
from data_access.case_summaries import EARLIEST, latest_possible
from data_access.database import METADATA, Which
from data_access.importers.records import PART_OF_A_SEARCH, Place, Problem, Record, Unreadable
from data_access.search import normalised

BATCH = 2_000
LOOKED_UP_AT_ONCE = 400
LARGEST_REPORT = 5_000
MOST_REJECTED = 50_000
ALIKE_FROM = 92
LEGAL_FORMS = frozenset(["ev", "e.v.", "ggmbh", "gmbh", "ngo", "ltd", "inc", "asbl", "vzw", "zs", "z.s.", "mtu", "vsi", "sro", "fund", "fond", "foundation", "association", "verein", "stiftung", "фонд", "ано", "нко", "ооо"])  # fmt: skip
OUTLIER_FROM = 100
LONG_LIVED = frozenset(["organisation", "presence", "fx_rate"])
FEWEST_FOR_MEDIAN = 5


@dataclass(frozen=True)
class Entity:
    """A table that can be loaded: its references (value name -> column, entity), and what names an existing row."""

    table: Table
    references: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    natural: tuple[str, ...] = ()
    which: Which = "shared"

    @cached_property
    def names(self) -> frozenset[str]:
        """What a record of it may hold: columns, and references by their own names."""
        return frozenset([*self.table.c.keys(), *self.references])


ENTITIES: dict[str, Entity] = {
    "organisation": Entity(schema.organisation, {"fiscal_host": ("fiscal_host_id", "organisation")}, ("slug",)),
    "presence": Entity(
        schema.presence,
        {"organisation": ("organisation_id", "organisation")},
        ("organisation_id", "host_country", "role", "place"),
    ),
    "partnership": Entity(
        schema.partnership,
        {"first": ("organisation_a", "organisation"), "second": ("organisation_b", "organisation")},
        ("organisation_a", "organisation_b"),
    ),
    "project": Entity(schema.project, {"organisation": ("organisation_id", "organisation")}, ("slug",)),
    "project_facet": Entity(
        schema.project_facet, {"project": ("project_id", "project")}, ("project_id", "facet", "code")
    ),
    "need": Entity(
        schema.need,
        {"project": ("project_id", "project"), "organisation": ("organisation_id", "organisation")},
    ),
    "grant": Entity(
        schema.grant,
        {
            "funder": ("funder_id", "organisation"),
            "recipient": ("recipient_id", "organisation"),
            "project": ("project_id", "project"),
            "parent": ("parent_grant_id", "grant"),
        },
        ("reference",),
    ),
    "grant_country": Entity(schema.grant_country, {"grant": ("grant_id", "grant")}, ("grant_id", "host_country")),
    "payment": Entity(schema.payment, {"grant": ("grant_id", "grant")}),
    "fx_rate": Entity(schema.fx_rate, {}, ("currency", "on_date")),
    "relocation_case": Entity(
        schema.relocation_case, {"handler": ("handler_id", "organisation")}, ("id",), which="cases"
    ),
    "case_episode": Entity(
        schema.case_episode, {"case": ("case_id", "relocation_case")}, ("case_id", "episode_no"), which="cases"
    ),
    "stage_event": Entity(
        schema.stage_event,
        {"episode": ("episode_id", "case_episode")},
        ("episode_id", "stage", "entered_on"),
        which="cases",
    ),
    "hold": Entity(
        schema.hold, {"episode": ("episode_id", "case_episode")}, ("episode_id", "held_from"), which="cases"
    ),
    "capacity": Entity(schema.capacity, {}, ("host_country", "period_start"), which="cases"),
}
ORDER = tuple(ENTITIES)
PROVENANCE = ("source", "import_run", "import_change", "import_issue")


class NoSuchColumn(TypeError):
    """A reader handed over a record with a name that its table does not have: a fault of the reader, not of the file."""


class NotUndone(Exception):
    """The run cannot be undone; the message says why."""


class NotASnapshot(Unreadable):
    """A file that was declared to be all there is, is not."""


class TooManyRejected(Unreadable):
    """So few rows can be read that the file is something else than it was taken for."""


@dataclass(frozen=True)
class Origin:
    """What was loaded: the format and the SHA-256 of the file."""

    format: str | None = None
    file_hash: str | None = None


@dataclass
class Outcome:
    """What a run did, or on a dry run would do: counts per entity, and problems in the order they were met."""

    created: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    updated: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unchanged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rejected: int = 0
    not_seen: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    problems: list[Problem] = field(default_factory=list)
    runs: dict[Which, int] = field(default_factory=dict)

    def add(self, problem: Problem) -> None:
        """Keep a problem; warnings do not reject. Raises TooManyRejected."""
        self.rejected += not problem.is_warning
        if self.rejected > MOST_REJECTED:
            raise TooManyRejected(
                f"More than {MOST_REJECTED:,} rows cannot be read, such as: {problem} "
                "State the format with --as, or say with --map which column is which."
            )
        if len(self.problems) < LARGEST_REPORT or not problem.is_warning:
            self.problems.append(problem)


def load(
    engines: Mapping[Which, Engine],
    source: str,
    records: Iterable[Record | Problem],
    today: date,
    *,
    origin: Origin = Origin(),
    dry_run: bool = False,
    is_snapshot: bool = False,
    progress: Callable[[int], None] = lambda _n: None,
) -> Outcome:
    """Write `records` of `source`, each database in one transaction that ends at the end of the file, or not at all.

    A dry run does everything and takes it back. With `is_snapshot`, rows of this source that are not in the file any
    more are taken out; otherwise they are only counted. Raises what the readers of `records` raise, and then nothing
    was written.
    """
    outcome = Outcome()
    open_transactions = {which: engine.connect() for which, engine in engines.items()}
    try:
        for which, connection in open_transactions.items():
            meta.take_turn(connection, which)
        run = _Run(open_transactions, source, today, outcome, origin)
        run.take(records, progress)
        run.look_for_the_missing(is_snapshot)
        run.propose_similar()
        run.warn_of_outliers()
        run.finish()
        for connection in open_transactions.values():
            if dry_run:
                connection.rollback()
            else:
                connection.commit()
    finally:
        for connection in open_transactions.values():
            connection.close()
    return outcome


class _Run:
    """One load into the open transactions of both databases."""

    def __init__(
        self,
        connections: Mapping[Which, Connection],
        source: str,
        today: date,
        outcome: Outcome,
        origin: Origin,
    ) -> None:
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

    def take(self, records: Iterable[Record | Problem], progress: Callable[[int], None]) -> None:
        """Write records as they come; those whose references are not there yet wait for the end of the file."""
        waiting = 0
        for number, found in enumerate(records, 1):
            if isinstance(found, Problem):
                self.outcome.add(found)
                continue
            if unknown := {*found.values, *found.defaults} - ENTITIES[found.entity].names:
                raise NoSuchColumn(f"{found.entity} has no {', '.join(sorted(unknown))}: {found.key}.")
            self._ask_about_days(found)
            self.waiting[found.entity].append(found)
            waiting += 1
            if waiting >= BATCH:
                self._flush()
                waiting = 0
                progress(number)
        self._flush()
        while self.late:
            again, self.late = self.late, []
            for record, _names in again:
                self.waiting[record.entity].append(record)
            self._flush()
            if len(self.late) == len(again):
                self._reject_late()

    def _ask_about_days(self, record: Record) -> None:
        """A note on days that nobody can mean; the row is loaded, and figures leave such a case out."""
        if record.entity in LONG_LIVED:
            return
        for column, value in record.values.items():
            if isinstance(value, date) and not EARLIEST <= value <= latest_possible(self.today):
                self.outcome.add(
                    Problem(record.place, column, value.isoformat(), "impossible_day",
                            f"is before {EARLIEST.year} or more than ten years ahead. Is it meant?",
                            "Correct the year and load again.", is_warning=True)
                )  # fmt: skip

    def _reject_late(self) -> None:
        for record, names in self.late:
            shown = ", ".join(str(record.values[name]) for name in names)
            self.outcome.add(
                Problem(record.place, ", ".join(names), shown, "unknown_reference",
                        "refers to something that is neither in this file nor in the database.",
                        "Add it, or correct the reference.")
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
        run = _free_id(connection, tables["import_run"])
        row = _run_row(run, self.sources[which], self.today, self.origin, "done")
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
                    Problem(record.place, "", record.key, "no_case_database", "belongs to the case database, which is not configured.",
                            "Set MERIDIAN_CASES_URL and load again.")
                )  # fmt: skip
            return
        run = self._start(spec.which)
        self.entities.add(entity)
        known = self._known(entity, [record.key for record in records])
        fresh: list[tuple[Record, dict[str, Any], str]] = []
        same: list[str] = []
        for record, values in self._resolved(spec, records):
            digest = _digest(record.values)
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
                Problem(record.place, "", record.key, "same_row_twice", "stands in the file more than once; it was counted once.",
                        "Nothing to do.", is_warning=True)
            )  # fmt: skip
        else:
            self.outcome.add(
                Problem(record.place, "", record.key, "two_rows_one_reference", "has the reference of another row that says something else.",
                        "Give each row its own reference, or remove one.")
            )  # fmt: skip

    def _source_records(self, entity: str) -> tuple[Table, ColumnElement[bool]]:
        """The table of source records, and which of them are this source's of one entity."""
        which = ENTITIES[entity].which
        table = METADATA[which].tables["source_record"]
        return table, and_(table.c.source_id == self.sources[which], table.c.entity == entity)

    def _known(self, entity: str, keys: list[str]) -> dict[str, dict[str, Any]]:
        table, ours = self._source_records(entity)
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
                yield record, _sorted_pair(values)

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
            for key, stored in self._known(entity, part).items():
                result[key] = json.loads(stored["row_key"])[0]
        return result

    def _insert(self, connection: Connection, entity: str, fresh: list[tuple[Record, dict[str, Any], str]]) -> None:
        spec, run = ENTITIES[entity], self.runs[ENTITIES[entity].which]
        rows, traces, changes = [], [], []
        for record, values, digest in fresh:
            existing = self._existing(connection, entity, {**record.defaults, **values})
            if existing is not None:
                self._adopt(connection, entity, record, values, existing, digest)
                continue
            rows.append((record, self._new_row(connection, spec.table, record, values), digest))
        for record, row, digest in self._inserted(connection, spec.table, rows):
            self.outcome.created[entity] += 1
            if entity == "organisation":
                self.new_organisations.append((record.place, row["id"], row["name"]))
            key = _row_key(spec.table, row)
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
        columns = sorted({name for _record, row, _digest in rows for name in row})
        plain = [{name: row.get(name) for name in columns} for _record, row, _digest in rows]
        same = all(set(row) == set(columns) for _record, row, _digest in rows)
        if same:
            try:
                with connection.begin_nested():
                    connection.execute(insert(table), plain)
                return rows
            except SQLAlchemyError:
                pass
        kept = []
        for record, row, digest in rows:
            try:
                with connection.begin_nested():
                    connection.execute(insert(table), row)
                kept.append((record, row, digest))
            except SQLAlchemyError as error:
                self.outcome.add(_refused(record, error))
        return kept

    def _existing(self, connection: Connection, entity: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """A row with the same natural name; not looked for where every row of the table is this source's own."""
        spec = ENTITIES[entity]
        if not spec.natural or any(name not in values for name in spec.natural) or self._is_ours(connection, entity):
            return None
        same = [spec.table.c[name].is_not_distinct_from(values[name]) for name in spec.natural]
        row = connection.execute(select(spec.table).where(and_(*same))).first()
        return None if row is None else dict(row._mapping)

    def _is_ours(self, connection: Connection, entity: str) -> bool:
        if entity not in self.only_ours:
            table, ours = self._source_records(entity)
            of_source = connection.scalar(select(func.count()).select_from(table).where(ours))
            rows = connection.scalar(select(func.count()).select_from(ENTITIES[entity].table))
            self.only_ours[entity] = rows == of_source
        return self.only_ours[entity]

    def _adopt(
        self, connection: Connection, entity: str, record: Record, values: dict[str, Any], existing: dict[str, Any], digest: str
    ) -> None:  # fmt: skip
        """A row that is there already, from elsewhere: taken into this source's care, and updated where it differs."""
        spec, run = ENTITIES[entity], self.runs[ENTITIES[entity].which]
        key = _row_key(spec.table, existing)
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
        row = connection.execute(select(spec.table).where(_is_row(spec.table, stored["row_key"]))).first()
        stored["seen_run_id"] = run
        if row is None:
            values = self._new_row(connection, spec.table, record, values)
            if not self._inserted(connection, spec.table, [(record, values, digest)]):
                return
            key, before = _row_key(spec.table, values), None
        else:
            before = dict(row._mapping)
            if not self._changed(connection, spec.table, stored["row_key"], values, record):
                return
            key = _row_key(spec.table, before | values)
        self.outcome.updated[entity] += 1
        self._remember(connection, entity, record.key, key, before, _trace_of(stored), run)
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
            with connection.begin_nested():
                connection.execute(update(table).where(_is_row(table, key)).values(**values))
        except SQLAlchemyError as error:
            self.outcome.add(_refused(record, error))
            return False
        return True

    def _trace(self, entity: str, external: str, key: str, digest: str) -> dict[str, Any]:
        which = ENTITIES[entity].which
        return {
            "source_id": self.sources[which], "entity": entity, "external_id": external, "row_key": key,
            "content_hash": digest, "run_id": self.runs[which], "seen_run_id": self.runs[which],
        }  # fmt: skip

    def _mark(self, connection: Connection, entity: str, external: list[str], values: Mapping[str, Any]) -> None:
        table, ours = self._source_records(entity)
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
            "before": None if before is None else _as_json(before),
            "record_before": None if trace is None else _as_json(trace),
        }  # fmt: skip

    def _new_id(self, connection: Connection, table: Table) -> int:
        number = self.next_id.get(table.fullname) or _free_id(connection, table)
        self.next_id[table.fullname] = number + 1
        return number

    def look_for_the_missing(self, is_snapshot: bool) -> None:
        """Count what this source once had and the file has no more; take it out when the file is all there is."""
        if is_snapshot and (self.outcome.rejected or any(p.code == PART_OF_A_SEARCH for p in self.outcome.problems)):
            raise NotASnapshot(
                f"{self.outcome.rejected:,} rows were rejected, or a part is missing, so this is not all there is and nothing can be "
                "taken out. Mend them first, or load without --snapshot."
            )
        for entity in reversed(ORDER):
            spec = ENTITIES[entity]
            if entity not in self.entities:
                continue
            connection, (table, ours) = self.connections[spec.which], self._source_records(entity)
            unseen = table.c.seen_run_id != self.runs[spec.which]
            gone = connection.execute(select(table).where(ours, unseen)).all()
            self.outcome.not_seen[entity] += len(gone)
            for row in gone if is_snapshot else ():
                self._take_out(connection, entity, dict(row._mapping))

    def _take_out(self, connection: Connection, entity: str, stored: dict[str, Any]) -> None:
        spec = ENTITIES[entity]
        row = connection.execute(select(spec.table).where(_is_row(spec.table, stored["row_key"]))).first()
        try:
            with connection.begin_nested():
                connection.execute(delete(spec.table).where(_is_row(spec.table, stored["row_key"])))
        except IntegrityError:
            place = Place(entity)
            self.outcome.add(
                Problem(place, "", stored["external_id"], "still_referred_to", "is gone from the file, but other rows refer to it; it stays.",
                        "Remove those rows first.", is_warning=True)
            )  # fmt: skip
            return
        table, ours = self._source_records(entity)
        connection.execute(delete(table).where(ours, table.c.external_id == stored["external_id"]))
        if row is not None:
            before, run = dict(row._mapping), self.runs[spec.which]
            self._remember(connection, entity, stored["external_id"], stored["row_key"], before, _trace_of(stored), run)

    def propose_similar(self) -> None:
        """Say which new organisations have a name like that of another one, new or old; none is merged."""
        if not self.new_organisations:
            return
        with_slugs = select(schema.organisation.c.id, schema.organisation.c.slug, schema.organisation.c.name)
        everybody = self.connections["shared"].execute(with_slugs.order_by(schema.organisation.c.id)).all()
        names = [_bare(row.name) for row in everybody]
        for place, own, name in self.new_organisations:
            alike = process.extract(_bare(name), names, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE_FROM, limit=3)
            others = [everybody[index] for _name, _score, index in alike if everybody[index].id < own]
            if others:
                shown = ", ".join(f"{row.name} ({row.slug})" for row in others)
                self.outcome.add(
                    Problem(place, "", name, "similar_organisation", f"has a name like {shown}; they were not merged.",
                            "If they are one, give both rows the same reference; if not, there is nothing to do.", is_warning=True)
                )  # fmt: skip

    def warn_of_outliers(self) -> None:
        """Say which amounts of this run are a hundred times what this source usually states in that currency."""
        for entity in ("grant", "need", "payment"):
            if entity not in self.entities:
                continue
            connection, table = self.connections["shared"], ENTITIES[entity].table
            records, ours = self._source_records(entity)
            number = func.substr(records.c.row_key, 2, func.length(records.c.row_key) - 2)
            size = func.abs(table.c.amount_minor)
            of_source = records.join(table, table.c.id == cast(number, Integer))
            stated = select(table.c.currency, size).select_from(of_source).where(ours, size.is_not(None))
            by_currency: dict[str, array[int]] = defaultdict(lambda: array("q"))
            for currency, amount in connection.execute(stated.execution_options(yield_per=BATCH)):
                by_currency[currency].append(amount)
            for currency, amounts in by_currency.items():
                usual = statistics.median(amounts) if len(amounts) >= FEWEST_FOR_MEDIAN else 0
                if usual <= 0:
                    continue
                far = select(records.c.external_id, table.c.amount_minor).select_from(of_source)
                far = far.where(ours, records.c.run_id == self.runs["shared"], table.c.currency == currency)
                for name, amount in connection.execute(far.where(size >= OUTLIER_FROM * usual).order_by(number)):
                    self.outcome.add(
                        Problem(Place(entity), "amount", f"{amount / 100:,.2f} {currency}", "outlier",
                                f"of {name} is {abs(amount) / usual:,.0f} times this source's median of {usual / 100:,.2f} "
                                f"{currency}. IT WAS LOADED.",
                                "Check thousands separators, decimals and currency.", is_warning=True)
                    )  # fmt: skip

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
                self._store_problems(connection, tables["import_issue"], run)
            _advance_sequences(connection, which)
            meta.move(connection, which)

    def _database_of_problems(self) -> Which:
        """Rows about cases stay in the case database; a file of both puts all its problems there."""
        return "cases" if "cases" in self.runs else "shared"

    def _store_problems(self, connection: Connection, table: Table, run: int) -> None:
        rows = [
            {
                "run_id": run,
                "file_name": problem.place.file[:200] or None,
                "sheet": problem.place.sheet[:120] or None,
                "row_number": problem.place.row,
                "column_name": problem.column[:120] or None,
                "value": problem.value or None,
                "code": problem.code,
                "message": problem.message,
                "suggestion": problem.suggestion,
                "raw_row": _as_json(problem.place.raw) if problem.place.raw else None,
                "is_warning": problem.is_warning,
            }
            for problem in self.outcome.problems
        ]
        begin = _free_id(connection, table)
        if rows:
            connection.execute(insert(table), [{**row, "id": begin + n} for n, row in enumerate(rows)])


def note_failure(engine: Engine, which: Which, source: str, today: date, origin: Origin, message: str) -> None:
    """Record that a load of `source` failed and why; nothing else of it is in the database."""
    tables = METADATA[which].tables
    with engine.begin() as connection:
        meta.take_turn(connection, which)
        of_source = source_id(connection, tables["source"], source)
        run = _free_id(connection, tables["import_run"])
        connection.execute(insert(tables["import_run"]), _run_row(run, of_source, today, origin, "failed"))
        issue = {"id": _free_id(connection, tables["import_issue"]), "run_id": run, "code": "failed", "message": message,
                 "is_warning": False}  # fmt: skip
        connection.execute(insert(tables["import_issue"]), issue)


def source_id(connection: Connection, table: Table, name: str) -> int:
    """The source of this name, made when there is none."""
    found = connection.scalar(select(table.c.id).where(table.c.name == name))
    if found is None:
        found = _free_id(connection, table)
        connection.execute(insert(table), {"id": found, "name": name})
    return int(found)


def _run_row(run: int, of_source: int, today: date, origin: Origin, status: str) -> dict[str, Any]:
    return {
        "id": run, "source_id": of_source, "loaded_on": today, "status": status, "format": origin.format,
        "file_hash": origin.file_hash, "created": 0, "updated": 0, "unchanged": 0, "rejected": 0, "not_seen": 0,
    }  # fmt: skip


def undo(engine: Engine, which: Which, run_id: int) -> int:
    """Take back everything one run did, newest change first; returns how many rows. Raises NotUndone."""
    tables = METADATA[which].tables
    runs, records, changes = tables["import_run"], tables["source_record"], tables["import_change"]
    with engine.begin() as connection:
        meta.take_turn(connection, which)
        run = connection.execute(select(runs).where(runs.c.id == run_id)).first()
        if run is None or run.status != "done":
            raise NotUndone(f"There is no finished run {run_id}.")
        later = connection.scalar(
            select(func.min(runs.c.id)).where(
                runs.c.source_id == run.source_id, runs.c.id > run_id, runs.c.status == "done"
            )
        )
        if later is not None:
            raise NotUndone(f"Run {later} of the same source came after it: undo that first.")
        found = connection.execute(
            select(changes).where(changes.c.run_id == run_id).order_by(changes.c.id.desc())
        ).all()
        for change in found:
            _take_back(connection, change, records, run.source_id)
        connection.execute(update(runs).where(runs.c.id == run_id).values(status="undone"))
        connection.execute(delete(changes).where(changes.c.run_id == run_id))
        meta.move(connection, which)
    return len(found)


def _take_back(connection: Connection, change: Any, records: Table, source_id: int) -> None:
    table = ENTITIES[change.entity].table
    here = and_(
        records.c.source_id == source_id,
        records.c.entity == change.entity,
        records.c.external_id == change.external_id,
    )
    row = _is_row(table, change.row_key)
    if change.before is None:
        connection.execute(delete(records).where(here))
        try:
            with connection.begin_nested():
                connection.execute(delete(table).where(row))
        except IntegrityError:
            raise NotUndone(f"{change.entity} {change.external_id} is referred to by rows of another source.") from None
        return
    before = _from_json(table, json.loads(change.before))
    if connection.execute(update(table).where(row).values(**before)).rowcount == 0:
        connection.execute(insert(table), before)
    connection.execute(delete(records).where(here))
    if change.record_before is not None:
        trace = json.loads(change.record_before)
        connection.execute(
            insert(records),
            {"source_id": source_id, "entity": change.entity, "external_id": change.external_id} | trace,
        )


def _trace_of(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a source record said before it is changed."""
    return {name: stored[name] for name in ("row_key", "content_hash", "run_id", "seen_run_id")}


def _sorted_pair(values: dict[str, Any]) -> dict[str, Any]:
    if "organisation_a" in values and values["organisation_a"] > values["organisation_b"]:
        values["organisation_a"], values["organisation_b"] = values["organisation_b"], values["organisation_a"]
    return values


def _bare(name: str) -> str:
    """A name as names are compared: normalised, without words for a legal form."""
    words = normalised(name).replace(",", " ").split()
    return " ".join(word for word in words if word.strip(".") not in LEGAL_FORMS and word not in LEGAL_FORMS)


def _refused(record: Record, error: SQLAlchemyError) -> Problem:
    """What the database did not accept, without its statement or parameters."""
    reason = str(getattr(error, "orig", error)).splitlines()[0]
    return Problem(
        record.place, "", record.key, "refused", f"was refused by the database: {reason}.", "Correct the row."
    )


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(_as_json(dict(sorted(values.items()))).encode()).hexdigest()


def _as_json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, default=str, ensure_ascii=False)


def _from_json(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _typed(table.c[name], value) for name, value in values.items()}


def _typed(column: Any, value: Any) -> Any:
    kind = column.type.python_type
    if value is None or not isinstance(value, str) or kind is str:
        return value
    return datetime.fromisoformat(value) if kind is datetime else date.fromisoformat(value) if kind is date else value


def _row_key(table: Table, row: Mapping[str, Any]) -> str:
    return json.dumps([row[column.name] for column in table.primary_key.columns], default=str)


def _is_row(table: Table, key: str) -> Any:
    parts = json.loads(key)
    columns = list(table.primary_key.columns)
    return and_(*(column == _typed(column, part) for column, part in zip(columns, parts, strict=True)))


def _free_id(connection: Connection, table: Table) -> int:
    return int(connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0) + 1


def _advance_sequences(connection: Connection, which: Which) -> None:
    """PostgreSQL: ids were given here; its sequences go on after them."""
    if connection.dialect.name != "postgresql":
        return
    provenance = {METADATA[which].tables[name] for name in PROVENANCE}
    for table in provenance | {spec.table for spec in ENTITIES.values() if spec.which == which}:
        column = table.c.get("id")
        if column is not None and column.type.python_type is int:
            name = connection.dialect.identifier_preparer.quote_identifier(table.name)
            sequence = connection.scalar(select(func.pg_get_serial_sequence(name, "id")))
            newest = connection.scalar(select(func.max(column)))
            if sequence is not None and newest is not None:
                connection.execute(select(func.setval(sequence, newest)))
