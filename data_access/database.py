"""Reading a database: a `Query` becomes a frame with the same column types on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    Boolean,
    Connection,
    CursorResult,
    Date,
    DateTime,
    Engine,
    Float,
    Integer,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from data_access import meta, schema
from data_access.addresses import SHARED_URL_VARIABLE
from data_access.i18n import _
from data_access.problems import DatabaseProblem, DataMoved, TooMuch
from data_access.rights import SCOPE_SETTING
from data_access.viewer import Query, Viewer, Which

HEAD = {"shared": "shared_0026", "cases": "cases_0009"}
METADATA = {"shared": schema.shared, "cases": schema.cases}


def assert_ready(engine: Engine, which: Which = "shared") -> None:
    """Raise DatabaseProblem unless the schema is at head and `meta` states an as-of date."""
    assert_schema(engine, which)
    try:
        values = read_meta(engine, which)
    except SQLAlchemyError as error:
        raise _explain(error) from None
    if "as_of" not in values:
        raise DatabaseProblem(
            _("The database is empty."),
            _("Load records with `meridian import`; to look around with invented ones, `meridian init --sample`."),
        )
    if meta.SUMMED not in values:
        raise DatabaseProblem(_("Its summaries are of an earlier version of Meridian."), _("Run `meridian refresh`."))


def assert_schema(engine: Engine, which: Which = "shared") -> None:
    """Raise DatabaseProblem unless the tables are those of this version."""
    try:
        with engine.connect() as connection:
            version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError as error:
        raise _explain(error) from None
    if version != HEAD[which]:
        raise DatabaseProblem(
            _("The database has schema {version}, this version of Meridian needs {needed}.").format(
                version=version, needed=HEAD[which]
            ),
            _("Run `meridian init` to bring it up to date; no data are lost."),
        )


def _explain(error: SQLAlchemyError) -> DatabaseProblem:
    words = str(getattr(error, "orig", error)).lower()
    if "alembic_version" in words:
        return DatabaseProblem(_("The database has no Meridian tables yet."), _("Run `meridian init`."))
    if "not a database" in words:
        return DatabaseProblem(
            _("The file is not a SQLite database."), _("Check {variable}.").format(variable=SHARED_URL_VARIABLE)
        )
    return DatabaseProblem(
        _("The database does not answer."),
        _("Check that it runs and that {variable} is right, then `meridian check`.").format(
            variable=SHARED_URL_VARIABLE
        ),
    )


def read_meta(engine: Engine, which: Which = "shared") -> dict[str, str]:
    """The `meta` table as a dict: as_of, data_version, is_sample and the network's settings."""
    with engine.connect() as connection:
        return meta.read(connection, which)


QUERY_CANCELED = "57014"
TEXTS_IN_ARROW_FROM = 20_000
SHORT_TEXTS, LONG_TEXTS = pd.StringDtype("python", na_value=np.nan), pd.StringDtype("pyarrow", na_value=np.nan)
"""A step on a column of texts costs Arrow some tenths of a millisecond however short the column is, and a page takes hundreds of
steps; of long columns it takes less time and memory."""
pd.options.mode.string_storage = SHORT_TEXTS.storage
ROWS_AT_ONCE = 100_000
"""Rows that are Python's own objects at the same time; as columns they take a tenth of that."""


def run(source: Engine | Connection, query: Query, version: str | None = None) -> pd.DataFrame:
    """The rows of `query`: dates and UTC times as datetime64, counts and money as Int64, flags as boolean, text as str.

    Raises TooMuch at the time limit. With `version`, raises DataMoved when the records are not in that state any more, so that figures of two states
    never stand beside each other.
    """
    with source.connect() if isinstance(source, Engine) else nullcontext(source) as connection:
        if version is not None and meta.version(connection, query.database) != version:
            raise DataMoved
        if query.database == "cases" and connection.dialect.name == "postgresql":
            connection.execute(select(func.set_config(SCOPE_SETTING, _scope(query.viewer), True)))
        try:
            with connection.execute(query.statement) as result:
                several = [_frame(query, rows) for rows in _parts(result)]
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == QUERY_CANCELED or "interrupted" in str(error.orig):
                raise TooMuch from None
            raise
    if len(several) > 1:
        return pd.concat(several, ignore_index=True)
    return several[0] if several else _frame(query, [])


def _parts(result: CursorResult) -> Iterator[Sequence[Any]]:
    """The driver's own rows, so many at once. Raises OperationalError, as SQLAlchemy does of rows that it hands over."""
    try:
        yield from iter(partial(result.cursor.fetchmany, ROWS_AT_ONCE), [])
    except sqlite3.Error as error:
        raise OperationalError("fetching rows", None, error) from error


def _frame(query: Query, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows as the driver has them, a column at a time, which takes half the time of making each value a Python object of its type."""
    columns = query.statement.selected_columns
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return pd.DataFrame({column.key: _typed(found, column.type) for column, found in zip(columns, values, strict=True)})


def _scope(viewer: Viewer) -> str:
    """The countries whose cases the viewer may read, as JSON; "*" is all of them, and nobody else reads any."""
    if not viewer.sees_cases:
        return "[]"
    return json.dumps(["*"] if viewer.host_countries is None else list(viewer.host_countries))


def _typed(values: Sequence[Any], kind: object) -> Any:
    """One column of what a driver hands over: SQLite's days are texts and its flags numbers, PostgreSQL's sums decimals."""
    if isinstance(kind, Date):
        return np.array(values, dtype="datetime64[us]")
    if isinstance(kind, DateTime):
        moments = pd.to_datetime(pd.Series(values, dtype="object"), utc=True, format="ISO8601")
        return moments.dt.tz_localize(None).dt.as_unit("us").to_numpy()
    if isinstance(kind, Boolean):
        return pd.array(values, dtype="boolean")
    if isinstance(kind, Integer):
        found = np.array(values, dtype=object)
        is_missing = found == None  # noqa: E711 - each of them is compared
        found[is_missing] = 0
        return pd.arrays.IntegerArray(found.astype("int64"), is_missing)
    if isinstance(kind, Float):
        return np.array(values, dtype="float64")
    return pd.array(values, dtype=SHORT_TEXTS if len(values) < TEXTS_IN_ARROW_FROM else LONG_TEXTS)


def counts_per_table(engine: Engine, which: Which) -> dict[str, int]:
    """Rows per table that exists, for `meridian check`."""
    present = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in METADATA[which].tables.items()
            if name in present
        }
