"""The `meta` table of each database: the cut-off date, the network's settings, and which state of the records this is.

`data_version` moves in the transaction of every load, undo and refresh, one at a time. `summed_version` is the state that
the summaries were made of: while the two differ, summaries are older than the records beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, Integer, Text, cast, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

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


def take_turn(connection: Connection, which: str) -> None:
    """Wait until no other load, undo or refresh is at work on this database, and hold it until the transaction ends.

    Must come before anything is read, so that what is read is what the one before left. The lock is the row of the data
    version on PostgreSQL and the file's write lock on SQLite.
    """
    table = TABLES[which]
    mine = update(table).where(table.c.key == VERSION).values(value=table.c.value)
    if not connection.execute(mine).rowcount:
        made = {"postgresql": postgresql, "sqlite": sqlite}[connection.dialect.name].insert(table)
        connection.execute(made.values(key=VERSION, value="0").on_conflict_do_nothing())
        connection.execute(mine)


def move(connection: Connection, which: str) -> str:
    """The records change in this transaction: the new data version. Two at once wait for each other."""
    take_turn(connection, which)
    table = TABLES[which]
    following = cast(cast(table.c.value, Integer) + 1, Text)
    connection.execute(update(table).where(table.c.key == VERSION).values(value=following))
    return version(connection, which)


def version(connection: Connection, which: str) -> str:
    """The data version, "0" before the first load."""
    table = TABLES[which]
    return str(connection.scalar(select(table.c.value).where(table.c.key == VERSION)) or "0")


def note_summed(connection: Connection, which: str, as_of: date, summed: str) -> None:
    """The summaries were rebuilt in this transaction up to `as_of`, from the records of data version `summed`."""
    write(connection, which, as_of=as_of.isoformat(), summed_version=summed)


def is_stale(values: Mapping[str, str]) -> bool:
    """Whether records were loaded after the summaries were made; `values` as `read` gives them."""
    return values.get(SUMMED) != values.get(VERSION)


def is_summed_anew(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether a refresh is all that came between two states: it moves the data version once, and notes its sums for it."""
    moved = int(after.get(VERSION, "0")) - int(before.get(VERSION, "0"))
    return moved == 1 and not is_stale(after)
