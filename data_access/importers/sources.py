"""Sources as the network knows them: who owns what they send, how often it should come, and how their columns are called."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from data_access import schema
from data_access.database import METADATA, Which
from data_access.i18n import _
from data_access.importers import heading_lines
from data_access.importers.records import Context, Unreadable
from data_access.importers.runs import source_id

SALT = "reference_salt"
WORDS = frozenset({"columns", "activities", "stages", "outcomes", "routes"})


def context_of(
    engines: Mapping[Which, Engine],
    source: str,
    column_map: Mapping[str, Any] | None = None,
    *,
    is_total_confirmed: bool = False,
    counts_both: bool = False,
) -> Context:
    """What readers need to know before they read a file of `source`; its saved column map where none is given.

    Writes nothing: a case database without a secret gets the one made here with its first load (`keep_salt`).
    """
    vocabulary: dict[str, set[str]] = {}
    labels: dict[str, set[str]] = {}
    saved: dict[str, Any] = {}
    salt = ""
    with engines["shared"].connect() as connection:
        for row in connection.execute(select(schema.code)):
            vocabulary.setdefault(row.facet, set()).add(row.code)
            for label in (row.label_en, row.label_de, row.label_ru):
                labels.setdefault(heading_lines.heading(label), set()).add(row.code)
        code_map = {(row.scheme, row.outside_code): (row.facet, row.code)
                    for row in connection.execute(select(schema.code_map))}  # fmt: skip
    for which, engine in engines.items():
        table = METADATA[which].tables["source"]
        with engine.connect() as connection:
            saved |= json.loads(connection.scalar(select(table.c.column_map).where(table.c.name == source)) or "{}")
    if "cases" in engines:
        with engines["cases"].connect() as connection:
            vocabulary["route"] = set(connection.scalars(select(schema.route.c.code)))
            salt = _salt(connection) or secrets.token_hex(32)
    return Context(
        source, vocabulary, code_map, saved if column_map is None else column_map, labels, salt, is_total_confirmed,
        counts_both,
    )  # fmt: skip


def _salt(connection: Connection) -> str | None:
    meta = schema.case_meta
    return connection.scalar(select(meta.c.value).where(meta.c.key == SALT))


def keep_salt(connection: Connection, salt: str) -> None:
    """Keep the secret that the references of a first load were made with. Raises Unreadable when another load was first."""
    kept = _salt(connection)
    if kept is None:
        connection.execute(insert(schema.case_meta), {"key": SALT, "value": salt})
    elif kept != salt:
        raise Unreadable(_("Another load of cases was quicker. Load the file again."))


def read_column_map(path: Path) -> dict[str, Any]:
    """A column map from its JSON file. Raises Unreadable."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(
            _("{file} is not a column map that can be read: {why}").format(file=path.name, why=error)
        ) from None
    if not isinstance(found, dict):
        raise Unreadable(
            _("{file} is not a column map: it must be a JSON object, as docs/importing.md shows.").format(
                file=path.name
            )
        )
    for name, value in found.items():
        parts = {"values": value.values() if isinstance(value, dict) else [None]}.get(name, [value])
        is_one = name not in WORDS and name != "values"
        if is_one and not isinstance(value, str):
            said = _("{file}: “{name}” must be one word, as docs/importing.md shows.")
            raise Unreadable(said.format(file=path.name, name=name))
        if not is_one and not all(_are_words(part) for part in parts):
            said = _("{file}: “{name}” must be an object of words, as docs/importing.md shows.")
            raise Unreadable(said.format(file=path.name, name=name))
    return found


def _are_words(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(word, str) for word in value.values())


def save_column_map(
    engines: Mapping[Which, Engine], which: Iterable[Which], source: str, column_map: Mapping[str, Any]
) -> None:
    """Keep the map beside the source in each database it loaded into, for its next file."""
    describe({name: engines[name] for name in which}, source, column_map=json.dumps(column_map, ensure_ascii=False))


def describe(engines: Mapping[Which, Engine], source: str, **facts: Any) -> None:
    """Set what is known of a source: owner, licence, rhythm_days (a load is due after so many days), column_map."""
    for which, engine in engines.items():
        table = METADATA[which].tables["source"]
        with engine.begin() as connection:
            number = source_id(connection, table, source)
            if facts:
                connection.execute(update(table).where(table.c.id == number).values(**facts))
