"""A URL in, an engine out: what a reader opens cannot write, attach, copy or run for long.

`open_reader` is for pages, `open_writer` for the command line and the sample builder; what each login may do is in `rights`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from data_access import addresses, rights
from data_access.i18n import _
from data_access.problems import DatabaseProblem
from data_access.viewer import Which

STATEMENT_SECONDS, IMPORT_SECONDS = 3, 600
NOT_COMPILED = "-c jit=off"
"""PostgreSQL compiles a statement that it thinks long; ours are wide and not long, and compiling takes more than running them."""


def open_reader(url: str, which: Which = "shared") -> Engine:
    """An engine that can only SELECT from Meridian's tables, each statement for at most three seconds.

    Raises DatabaseProblem when the URL is unusable or the SQLite file is missing.
    """
    parsed = addresses.parse(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite_engine(parsed, "ro", rights.authorizer("reader", which))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine
    options = " -c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"
    return _postgresql_engine(parsed, "meridian-reader", options)


def open_writer(url: str) -> Engine:
    """An engine for `meridian init`, imports and refresh. Creates the folder of a SQLite file; one writer waits for another."""
    parsed = addresses.parse(url)
    if parsed.get_backend_name() == "postgresql":
        own = str(parsed.query.get("options", ""))
        return create_engine(parsed, hide_parameters=True, connect_args={"options": f"{own} {NOT_COMPILED}".strip()})
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": IMPORT_SECONDS})

    @event.listens_for(engine, "connect")
    def enforce_foreign_keys(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


def open_appender(url: str, table: str) -> Engine:
    """An engine that can add rows to one table of the shared database, read that table, take rows out again where
    `rights.RIGHTS` says so, and do nothing else.

    On SQLite an authorizer holds this; on PostgreSQL the rights of the login (`rights.grant`). Two people writing
    at once wait for each other for at most five seconds.
    """
    return _open_login(url, "meridian-appender", rights.APPENDERS[table])


def open_importer(url: str) -> Engine:
    """An engine that loads files into the shared database and rebuilds what is derived from them, and does nothing else.

    On SQLite an authorizer holds this; on PostgreSQL the rights of the login (`rights.grant`).
    """
    return _open_login(url, "meridian-importer", "importer", seconds=IMPORT_SECONDS)


def open_publisher(url: str, which: Which) -> Engine:
    """An engine that freezes and publishes periods of cases, and does nothing else.

    On SQLite an authorizer holds this; on PostgreSQL the rights of the login (`rights.grant`).
    """
    return _open_login(url, "meridian-publisher", "publisher", which, IMPORT_SECONDS)


def _open_login(
    url: str, name: str, login: rights.Login, which: Which = "shared", seconds: int = STATEMENT_SECONDS
) -> Engine:
    """What a login may do: on SQLite an authorizer holds it, on PostgreSQL the server."""
    parsed = addresses.parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, "rw", rights.authorizer(login, which), seconds)
    return _postgresql_engine(parsed, name, seconds=seconds)


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
            "options": f"-c statement_timeout={seconds * 1000} {NOT_COMPILED}{options}",
        },
    )


def _sqlite_engine(parsed: URL, mode: str, authorizer: rights.Authorizer, seconds: int = STATEMENT_SECONDS) -> Engine:
    path = Path(parsed.database or "")
    if not path.is_file():
        raise DatabaseProblem(
            _("There is no database file at {file}.").format(file=path),
            _("Run `meridian init --sample` for the sample world, or `meridian init` for an empty database."),
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
