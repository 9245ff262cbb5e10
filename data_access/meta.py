"""The `meta` table of each database: the cut-off date, the network's settings, and which state of the records this is.

`data_version` moves in the transaction of every load, undo and refresh. `summed_version` is the state that the
summaries were made of: while the two differ, summaries are older than the records beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, Integer, Text, cast, delete, insert, select, update

from data_access import schema

TABLES = {"shared": schema.meta, "cases": schema.case_meta}
VERSION, SUMMED = "data_version", "summed_version"


def read(connection: Connection, which: str) -> dict[str, str]:
    """All keys and values."""
    table = TABLES[which]
    return {row.key: row.value for row in connection.execute(select(table.c.key, table.c.value))}


def write(connection: Connection, which: str, **values: str) -> None:
    """Set keys."""
    table = TABLES[which]
    connection.execute(delete(table).where(table.c.key.in_(values)))
    connection.execute(insert(table), [{"key": key, "value": value} for key, value in values.items()])


def move(connection: Connection, which: str) -> str:
    """The records change in this transaction: the new data version. Two at once wait for each other."""
    table = TABLES[which]
    mine = table.c.key == VERSION
    following = cast(cast(table.c.value, Integer) + 1, Text)
    if not connection.execute(update(table).where(mine).values(value=following)).rowcount:
        connection.execute(insert(table), {"key": VERSION, "value": "1"})
    return version(connection, which)


def version(connection: Connection, which: str) -> str:
    """The data version, "0" before the first load."""
    table = TABLES[which]
    return str(connection.scalar(select(table.c.value).where(table.c.key == VERSION)) or "0")


def note_summed(connection: Connection, which: str, as_of: date) -> None:
    """The summaries were rebuilt up to `as_of` in this transaction."""
    write(connection, which, as_of=as_of.isoformat(), summed_version=move(connection, which))


def is_stale(values: Mapping[str, str]) -> bool:
    """Whether records were loaded after the summaries were made; `values` as `read` gives them."""
    return values.get(SUMMED) != values.get(VERSION)
