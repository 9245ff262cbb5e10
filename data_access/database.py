"""Connections: a URL in, an engine out; what a reader opens cannot write, attach, copy or run for long.

`open_reader` is for pages, `open_writer` for the command line and the sample builder. `run` turns a `Query` into a
frame with the same column types on SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from sqlalchemy import (
    Boolean,
    Connection,
    Date,
    DateTime,
    Engine,
    Float,
    Integer,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from data_access import meta, money_summaries, schema
from data_access.case_summaries import SUMMARIES
from data_access.viewer import Query, Viewer

SHARED_URL_VARIABLE = "MERIDIAN_DATABASE_URL"
CASES_URL_VARIABLE = "MERIDIAN_CASES_URL"
IMPORT_URL_VARIABLE = "MERIDIAN_IMPORT_URL"
UPLOADS_VARIABLE = "MERIDIAN_UPLOADS"
NARROW = {
    "overlap_verdict": "MERIDIAN_ANSWERS_URL",
    "export_log": "MERIDIAN_LOG_URL",
    "saved_view": "MERIDIAN_VIEWS_URL",
}
ERASABLE = frozenset({"saved_view"})
CHECKOUT = Path(__file__).parent.parent
SAMPLE_FOLDER = (CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()) / "var"
DEFAULT_SHARED_URL = f"sqlite:///{SAMPLE_FOLDER}/meridian.db"
DEFAULT_CASES_URL = f"sqlite:///{SAMPLE_FOLDER}/meridian-cases.db"
STATEMENT_SECONDS, IMPORT_SECONDS = 3, 600
SCOPE_SETTING = "meridian.countries"
HEAD = {"shared": "shared_0011", "cases": "cases_0005"}
METADATA = {"shared": schema.shared, "cases": schema.cases}

Which = Literal["shared", "cases"]
Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]

ALLOWED_FUNCTIONS = frozenset(
    [
        "abs",
        "avg",
        "coalesce",
        "count",
        "date",
        "ifnull",
        "julianday",
        "length",
        "like",
        "lower",
        "max",
        "min",
        "nullif",
        "round",
        "strftime",
        "substr",
        "sum",
        "total",
        "upper",
    ]
)


class DatabaseProblem(Exception):
    """The database cannot be read as it stands; `what` says why in a sentence, `remedy` names the mending command."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy


class DataMoved(DatabaseProblem):
    """The records changed after this reader's page began: what was read so far and what comes do not belong together."""

    def __init__(self) -> None:
        super().__init__("The records changed while they were read.", "Ask again.")


class TooMuch(DatabaseProblem):
    """A query was stopped at the time limit: it asked for more than a page may read at once."""

    def __init__(self) -> None:
        super().__init__("This would read more records than a page may.", "Choose a part of them.")


@dataclass(frozen=True)
class Urls:
    """Where the two databases are; `cases` is None on a deployment that must not know of cases."""

    shared: str
    cases: str | None


def urls_from_environment() -> Urls:
    """The URLs of this process. Without MERIDIAN_DATABASE_URL both default to the sample files under `var/`."""
    shared_url = os.environ.get(SHARED_URL_VARIABLE)
    cases_url = os.environ.get(CASES_URL_VARIABLE)
    if shared_url:
        return Urls(shared_url, cases_url or None)
    if cases_url:
        raise DatabaseProblem(
            f"{CASES_URL_VARIABLE} is set, {SHARED_URL_VARIABLE} is not.", "Set both, or neither for the sample world."
        )
    return Urls(DEFAULT_SHARED_URL, DEFAULT_CASES_URL if cases_url is None else None)


def narrow_url(table: str, urls: Urls) -> str | None:
    """Where pages write to one table: a login of its own, named by a variable of `NARROW`; with SQLite the file.

    None: this deployment does not write there.
    """
    return _own_or_file(NARROW[table], urls)


def import_url(urls: Urls) -> str | None:
    """Where stewards' uploads are loaded: MERIDIAN_IMPORT_URL, a login of its own; with SQLite the file.

    None: this deployment takes no uploads, which is the default (MERIDIAN_UPLOADS=1 switches them on).
    """
    if os.environ.get(UPLOADS_VARIABLE) != "1":
        return None
    return _own_or_file(IMPORT_URL_VARIABLE, urls)


def _own_or_file(variable: str, urls: Urls) -> str | None:
    """The login that a variable names, none where it is empty; where it is not set the SQLite file itself."""
    own = os.environ.get(variable)
    if own is not None:
        return own or None
    return urls.shared if make_url(urls.shared).get_backend_name() == "sqlite" else None


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseProblem(
            "The database address is not a database URL.",
            f"Set {SHARED_URL_VARIABLE} to something like sqlite:////srv/meridian.db or "
            "postgresql+psycopg://user@host/meridian.",
        ) from None
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise DatabaseProblem(
            f"Meridian reads SQLite and PostgreSQL, not {parsed.get_backend_name()}.",
            f"Set {SHARED_URL_VARIABLE} to a URL that starts with sqlite:/// or postgresql://.",
        )
    return parsed


def open_reader(url: str) -> Engine:
    """An engine that can only SELECT from Meridian's tables, each statement for at most three seconds.

    Raises DatabaseProblem when the URL is unusable or the SQLite file is missing.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite_engine(parsed, "ro", _authorise)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine
    options = " -c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"
    return _postgresql_engine(parsed, "meridian-reader", options)


def open_writer(url: str) -> Engine:
    """An engine for `meridian init`, imports and refresh. Creates the folder of a SQLite file; one writer waits for another."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed, hide_parameters=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": IMPORT_SECONDS})

    @event.listens_for(engine, "connect")
    def enforce_foreign_keys(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


def open_appender(url: str, table: str) -> Engine:
    """An engine that can add rows to one table of the shared database, read that table, take rows of `ERASABLE` ones
    out again, and do nothing else.

    On SQLite an authorizer holds this; on PostgreSQL the rights of the login (`grant_appender`). Two people writing
    at once wait for each other for at most five seconds.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, "rw", _authorise_appending(table))
    return _postgresql_engine(parsed, "meridian-appender")


def open_importer(url: str) -> Engine:
    """An engine that loads files into the shared database and rebuilds what is derived from them, and does nothing else.

    On SQLite an authorizer holds this; on PostgreSQL the rights of the login (`grant_importer`).
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, "rw", _authorise_importing, IMPORT_SECONDS)
    return _postgresql_engine(parsed, "meridian-importer", seconds=IMPORT_SECONDS)


def _postgresql_engine(parsed: URL, name: str, options: str = "", seconds: int = STATEMENT_SECONDS) -> Engine:
    """A small pool of short-lived statements, for the readers and writers of pages."""
    return create_engine(
        parsed,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=5,
        pool_timeout=5,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": 3,
            "application_name": name,
            "options": f"-c statement_timeout={seconds * 1000}{options}",
        },
    )


def _sqlite_engine(parsed: URL, mode: str, authorizer: Authorizer, seconds: int = STATEMENT_SECONDS) -> Engine:
    path = Path(parsed.database or "")
    if not path.is_file():
        raise DatabaseProblem(
            f"There is no database file at {path}.",
            "Run `meridian init --sample` for the sample world, or `meridian init` for an empty database.",
        )

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.set_authorizer(authorizer)
        return connection

    engine = create_engine("sqlite://", creator=connect, hide_parameters=True, poolclass=QueuePool, max_overflow=20)

    @event.listens_for(engine, "before_cursor_execute")
    def start_clock(connection: object, *_rest: object) -> None:
        raw = connection.connection.dbapi_connection  # type: ignore[attr-defined]
        raw.set_progress_handler(_deadline(time.monotonic() + seconds), 20_000)

    return engine


def _deadline(at: float) -> Callable[[], int]:
    return lambda: int(time.monotonic() > at)


CASE_TABLES_OF_PAGES = (
    *(table.name for table in SUMMARIES),
    "capacity",
    "meta",
    "policy_event",
    "route",
)
CASE_COLUMNS_OF_PAGES = {
    "source": ("id", "name", "owner", "licence", "rhythm_days"),
    "import_run": ("id", "source_id", "loaded_on", "status"),
}
READABLE = frozenset(schema.shared.tables) | frozenset(CASE_TABLES_OF_PAGES) | {"alembic_version"}


def _authorise(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ and (first in READABLE or first == "sqlite_master"):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and second in ALLOWED_FUNCTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first == "read_uncommitted" and second is None:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _authorise_appending(table: str) -> Authorizer:
    """INSERT into and SELECT from `table`; of the tables it refers to, the ids that a foreign key checks."""
    referred = {key.column.table.name for key in schema.shared.tables[table].foreign_keys}

    def authorise(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
        if action == sqlite3.SQLITE_INSERT and first == table:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_DELETE and first == table and table in ERASABLE:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and first != table:
            return sqlite3.SQLITE_OK if first in referred and second == "id" else sqlite3.SQLITE_DENY
        return _authorise(action, first, second, database, trigger)

    return authorise


LOADED = (
    "organisation", "presence", "partnership", "project", "project_facet", "need", "grant", "grant_country", "payment",
    "fx_rate", "source", "import_run", "source_record", "import_change", "import_issue",
)  # fmt: skip
REBUILT = (
    "overlap_pair", "overlap_total", "facet_rarity", "initiative_choice", *money_summaries.TABLES, "summed_for", "meta",
)  # fmt: skip
READ_BY_IMPORTS = ("code", "code_map", "viewer", "viewer_country", "overlap_verdict", "alembic_version")


def _authorise_importing(
    action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
) -> int:
    """Rows of the tables that imports write and refresh rebuilds; savepoints, and nothing of the structure."""
    if action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE) and first in (*LOADED, *REBUILT):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_SAVEPOINT or (action == sqlite3.SQLITE_FUNCTION and second in ("substr", "replace")):
        return sqlite3.SQLITE_OK
    return _authorise(action, first, second, database, trigger)


def assert_ready(engine: Engine, which: Which = "shared") -> None:
    """Raise DatabaseProblem unless the schema is at head and `meta` states an as-of date."""
    try:
        with engine.connect() as connection:
            version = connection.scalar(text("SELECT version_num FROM alembic_version"))
            values = read_meta(engine, which) if version == HEAD[which] else {}
    except SQLAlchemyError as error:
        raise _explain(error) from None
    if version != HEAD[which]:
        raise DatabaseProblem(
            f"The database has schema {version}, this version of Meridian needs {HEAD[which]}.",
            "Run `meridian init` to bring it up to date; no data are lost.",
        )
    if "as_of" not in values:
        raise DatabaseProblem(
            "The database is empty.", "Run `meridian init --sample`, or load data and `meridian refresh`."
        )
    if meta.SUMMED not in values:
        raise DatabaseProblem("Its summaries are of an earlier version of Meridian.", "Run `meridian refresh`.")


def _explain(error: SQLAlchemyError) -> DatabaseProblem:
    words = str(getattr(error, "orig", error)).lower()
    if "alembic_version" in words:
        return DatabaseProblem("The database has no Meridian tables yet.", "Run `meridian init`.")
    if "not a database" in words:
        return DatabaseProblem("The file is not a SQLite database.", f"Check {SHARED_URL_VARIABLE}.")
    return DatabaseProblem(
        "The database does not answer.",
        f"Check that it runs and that {SHARED_URL_VARIABLE} is right, then `meridian check`.",
    )


def read_meta(engine: Engine, which: Which = "shared") -> dict[str, str]:
    """The `meta` table as a dict: as_of, data_version, is_sample and the network's settings."""
    with engine.connect() as connection:
        return meta.read(connection, which)


QUERY_CANCELED = "57014"


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
            rows = connection.execute(query.statement).all()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == QUERY_CANCELED or "interrupted" in str(error.orig):
                raise TooMuch from None
            raise
    columns = query.statement.selected_columns
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return pd.DataFrame(
        {column.key: _typed(list(found), column.type) for column, found in zip(columns, values, strict=True)}
    )


def _scope(viewer: Viewer) -> str:
    """The countries whose cases the viewer may read, as JSON; "*" is all of them, and nobody else reads any."""
    if not viewer.sees_cases:
        return "[]"
    return json.dumps(["*"] if viewer.host_countries is None else list(viewer.host_countries))


def _typed(values: list[Any], kind: object) -> Any:
    if isinstance(kind, Date):
        return np.array(values, dtype="datetime64[us]")
    if isinstance(kind, DateTime):
        return pd.to_datetime(pd.Series(values, dtype="object"), utc=True).dt.tz_localize(None).to_numpy()
    if isinstance(kind, Boolean):
        return pd.array(values, dtype="boolean")
    if isinstance(kind, Integer):
        return pd.array([None if value is None else int(value) for value in values], dtype="Int64")
    if isinstance(kind, Float):
        return np.array(values, dtype="float64")
    return pd.array(values, dtype="str")


def counts_per_table(engine: Engine, which: Which) -> dict[str, int]:
    """Rows per table that exists, for `meridian check`."""
    present = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in METADATA[which].tables.items()
            if name in present
        }


def grant_reader(engine: Engine, which: Which, role: str) -> None:
    """PostgreSQL: let an existing `role` SELECT from the tables pages read, and do nothing else.

    Of the case database these are when which source was loaded, and the summaries alone; and of those only the rows of the countries that the transaction
    names in `meridian.countries`: none when it names none.
    """
    tables = CASE_TABLES_OF_PAGES if which == "cases" else tuple(schema.shared.tables)
    _grant(engine, role, {"SELECT": (*tables, "alembic_version")})
    if which == "shared":
        return
    quote = engine.dialect.identifier_preparer.quote_identifier
    named = f"coalesce(nullif(current_setting('{SCOPE_SETTING}', true), ''), '[]')::jsonb"
    with engine.begin() as connection:
        for name, columns in CASE_COLUMNS_OF_PAGES.items():
            connection.execute(text(f"GRANT SELECT ({', '.join(columns)}) ON {quote(name)} TO {quote(role)}"))
        for name in tables:
            if "host_country" in schema.cases.tables[name].c and name != "policy_event":
                policy = quote(f"{role} reads its countries")
                connection.execute(text(f"ALTER TABLE {quote(name)} ENABLE ROW LEVEL SECURITY"))
                connection.execute(text(f"DROP POLICY IF EXISTS {policy} ON {quote(name)}"))
                connection.execute(
                    text(
                        f"CREATE POLICY {policy} ON {quote(name)} FOR SELECT TO {quote(role)} "
                        f"USING ({named} ? '*' OR {named} ? host_country)"
                    )
                )


def grant_importer(engine: Engine, role: str) -> None:
    """PostgreSQL: let an existing `role` load files into the shared database, and do nothing else."""
    writes = (*LOADED, *REBUILT)
    _grant(engine, role, {"SELECT": (*writes, *READ_BY_IMPORTS), "INSERT": writes, "UPDATE": writes, "DELETE": writes})
    quote = engine.dialect.identifier_preparer.quote_identifier
    with engine.begin() as connection:
        for name in LOADED:
            if "id" not in schema.shared.tables[name].c:
                continue
            sequence = connection.scalar(select(func.pg_get_serial_sequence(quote(name), "id")))
            connection.execute(text(f"GRANT USAGE, UPDATE ON SEQUENCE {sequence} TO {quote(role)}"))


def grant_publisher(engine: Engine, which: Which, role: str) -> None:
    """PostgreSQL: let an existing `role` freeze and publish: count cases, add frozen and published cells, and no more."""
    if which == "shared":
        cells = ("published_cell", "publication_year")
        _grant(engine, role, {"SELECT": (*cells, "viewer_country", "alembic_version"), "INSERT": cells})
    else:
        frozen = ("frozen_atom", "frozen_event")
        counted = ("case_episode", "relocation_case", "route", *frozen, "alembic_version")
        _grant(engine, role, {"SELECT": counted, "INSERT": frozen})


def _grant(engine: Engine, role: str, rights: Mapping[str, Sequence[str]]) -> None:
    """Give `role` these rights on these tables and take away any other it had."""
    quote = engine.dialect.identifier_preparer.quote_identifier
    with engine.begin() as connection:
        connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quote(role)}"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quote(role)}"))
        for right, tables in rights.items():
            names = ", ".join(quote(name) for name in tables)
            connection.execute(text(f"GRANT {right} ON {names} TO {quote(role)}"))


def grant_appender(engine: Engine, role: str, table: str) -> None:
    """PostgreSQL: let an existing `role` add rows to one shared table and read it, take out those of `ERASABLE` tables,
    and do nothing else."""
    quote = engine.dialect.identifier_preparer.quote_identifier
    erases = {"DELETE": (table,)} if table in ERASABLE else {}
    _grant(engine, role, {"SELECT": (table,), "INSERT": (table,)} | erases)
    if "id" not in schema.shared.tables[table].c:
        return
    with engine.begin() as connection:
        sequence = connection.scalar(select(func.pg_get_serial_sequence(quote(table), "id")))
        connection.execute(text(f"GRANT USAGE ON SEQUENCE {sequence} TO {quote(role)}"))
