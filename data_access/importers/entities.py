"""What can be loaded: each entity's table, references and natural name, and how its rows are told apart."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, or_, select

from data_access import schema
from data_access.database import METADATA, Which
from data_access.importers.written_otherwise import folded
from data_access.search import normalised

LEGAL_FORMS = frozenset(["ev", "e.v.", "ggmbh", "gmbh", "ngo", "ltd", "inc", "asbl", "vzw", "zs", "z.s.", "mtu", "vsi", "sro", "fund", "fond", "foundation", "association", "verein", "stiftung", "фонд", "ано", "нко", "ооо"])  # fmt: skip


QUOTES = re.compile(r"[,«»“”„‟\"‹›()]|(?<!\w)['’‘]|['’‘](?!\w)")


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
    "code": Entity(schema.code, {}, ("facet", "code")),
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
    "local_partner": Entity(
        schema.local_partner,
        {"organisation": ("organisation_id", "organisation")},
        ("organisation_id", "name", "host_country"),
    ),
    "project": Entity(schema.project, {"organisation": ("organisation_id", "organisation")}, ("slug",)),
    "project_facet": Entity(
        schema.project_facet, {"project": ("project_id", "project")}, ("project_id", "facet", "code")
    ),
    "project_result": Entity(schema.project_result, {"project": ("project_id", "project")}),
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
    "policy_event": Entity(schema.policy_event, {}, ("on_date", "label_en")),
    "population": Entity(schema.population, {}, ("host_country",)),
    "organisation_finance": Entity(
        schema.organisation_finance,
        {"organisation": ("organisation_id", "organisation")},
        ("organisation_id", "on_date"),
    ),
    "other_income": Entity(
        schema.other_income,
        {"organisation": ("organisation_id", "organisation")},
        ("organisation_id", "year", "kind"),
    ),
    "route": Entity(schema.route, {}, ("code",), which="cases"),
    "legal_clock": Entity(schema.legal_clock, {}, ("route", "host_country", "valid_from"), which="cases"),
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
    "after_arrival": Entity(
        schema.after_arrival,
        {"episode": ("episode_id", "case_episode")},
        ("episode_id", "event", "on_date"),
        which="cases",
    ),
    "capacity": Entity(schema.capacity, {}, ("host_country", "period_start"), which="cases"),
}
ORDER = tuple(ENTITIES)
PROVENANCE = ("source", "import_run", "import_change", "import_issue")


def trace_of(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a source record said before it is changed."""
    return {name: stored[name] for name in ("row_key", "content_hash", "run_id", "seen_run_id")}


def sorted_pair(values: dict[str, Any]) -> dict[str, Any]:
    """With the two sides of a pair in one order, so that no pair is there twice."""
    if "organisation_a" in values and values["organisation_a"] > values["organisation_b"]:
        values["organisation_a"], values["organisation_b"] = values["organisation_b"], values["organisation_a"]
    return values


def bare(name: str) -> str:
    """A name as names are compared: normalised, without quotes and words for a legal form, letters that look alike as one."""
    words = QUOTES.sub(" ", normalised(name)).split()
    kept = (word for word in words if word.strip(".") not in LEGAL_FORMS and word not in LEGAL_FORMS)
    return folded(" ".join(kept))


def fingerprint(values: Mapping[str, Any]) -> str:
    """A hash of what a source said of a record."""
    return hashlib.sha256(as_json(dict(sorted(values.items()))).encode()).hexdigest()


def as_json(values: Mapping[str, Any]) -> str:
    """Values as JSON text, days as ISO text."""
    return json.dumps(values, default=str, ensure_ascii=False)


def from_json(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `as_json`, days as days again."""
    return {name: _typed(table.c[name], value) for name, value in values.items()}


def _typed(column: Any, value: Any) -> Any:
    kind = column.type.python_type
    if value is None or not isinstance(value, str) or kind is str:
        return value
    return datetime.fromisoformat(value) if kind is datetime else date.fromisoformat(value) if kind is date else value


def row_key(table: Table, row: Mapping[str, Any]) -> str:
    """The primary key of a row as JSON text."""
    return json.dumps([row[column.name] for column in table.primary_key.columns], default=str)


def is_row(table: Table, key: str) -> Any:
    """The condition that a row of `table` has this key, as `row_key` writes it."""
    parts = json.loads(key)
    columns = list(table.primary_key.columns)
    return and_(*(column == _typed(column, part) for column, part in zip(columns, parts, strict=True)))


def take_out(connection: Connection, table: Table, key: str) -> None:
    """Delete a row, and the computed pairs that name it. Raises IntegrityError where other records refer to it."""
    pair = schema.overlap_pair
    with connection.begin_nested():
        if table is schema.project:
            (number,) = json.loads(key)
            connection.execute(delete(pair).where(or_(pair.c.project_a == number, pair.c.project_b == number)))
        connection.execute(delete(table).where(is_row(table, key)))


def free_id(connection: Connection, table: Table) -> int:
    """The first id above all that are taken; one that a merge took out of organisations may come back."""
    highest = connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
    if table is schema.organisation:
        highest = max(highest, connection.scalar(select(func.max(schema.organisation_merge.c.gone_id))) or 0)
    return int(highest) + 1


def kept_for(connection: Connection) -> dict[int, int]:
    """Organisations that merges took out -> the one that was kept; cases name their handlers by the old number."""
    merge = schema.organisation_merge.c
    asked = select(merge.gone_id, merge.kept_id).where(merge.decision == "merged")
    return {row.gone_id: row.kept_id for row in connection.execute(asked)}


def kept_under(connection: Connection) -> dict[str, int]:
    """Short names that merges took out -> the organisation that was kept."""
    merge = schema.organisation_merge.c
    asked = select(merge.gone_slug, merge.kept_id).where(merge.decision == "merged")
    return {row.gone_slug: row.kept_id for row in connection.execute(asked)}


def are_two_names(connection: Connection, entity: str, key: str) -> bool:
    """Whether more than one name of sources leads to a row, as after a merge: it stays when one of them goes."""
    table = schema.source_record
    same = (table.c.entity == entity, table.c.row_key == key)
    return bool((connection.scalar(select(func.count()).select_from(table).where(*same)) or 0) > 1)


def advance_sequences(connection: Connection, which: Which) -> None:
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
