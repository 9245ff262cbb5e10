"""One table of rights: what a login may do is said once, and holds on SQLite and PostgreSQL alike."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from data_access import addresses, connections, rights, schema
from data_access.migrate import upgrade
from data_access.viewer import Which
from tests.conftest import new_databases

METADATA = {"shared": schema.shared, "cases": schema.cases}
STATEMENTS: dict[rights.Verb, str] = {
    "SELECT": "SELECT count(*) FROM {table}",
    "INSERT": "INSERT INTO {table} SELECT * FROM {table} WHERE 1 = 0",
    "UPDATE": "UPDATE {table} SET {column} = {column} WHERE 1 = 0",
    "DELETE": "DELETE FROM {table} WHERE 1 = 0",
}


def may(connection: sqlite3.Connection | Engine, verb: rights.Verb, table: str, column: str) -> bool:
    statement = STATEMENTS[verb].format(table=f'"{table}"', column=f'"{column}"')
    if isinstance(connection, sqlite3.Connection):
        try:
            connection.execute(statement)
        except sqlite3.DatabaseError as refusal:
            if "prohibited" in str(refusal) or "not authorized" in str(refusal):
                return False
            raise
        return True
    try:
        with connection.begin() as transaction:
            transaction.execute(text(statement))
    except DBAPIError as refusal:
        if "permission denied" in str(refusal):
            return False
        raise
    return True


def expected(own: rights.Rights, verb: rights.Verb, table: str) -> bool:
    """What the table of rights says; rows of a table read by columns can be counted, and to copy rows one must read them."""
    if verb == "SELECT" and table in own.columns:
        return True
    return table in own.tables.get(verb, ()) and table in own.tables.get("SELECT", ())


@pytest.mark.parametrize("login", rights.LOGINS)
def test_a_login_may_on_sqlite_do_what_the_table_says_and_nothing_else(login: rights.Login, tmp_path: Path) -> None:
    for which, own in rights.RIGHTS[login].items():
        path = tmp_path / f"{which}.db"
        engine = connections.open_writer(f"sqlite:///{path}")
        upgrade(engine, which)
        engine.dispose()
        connection = sqlite3.connect(path)
        connection.set_authorizer(rights.authorizer(login, which))
        for name, table in METADATA[which].tables.items():
            for verb in STATEMENTS:
                column = next(iter(table.c)).name
                assert may(connection, verb, name, column) == expected(own, verb, name), (login, which, verb, name)
        for forbidden in (
            "DROP TABLE meta",
            "ATTACH ':memory:' AS other",
            "PRAGMA user_version = 5",
            "SELECT load_extension('x')",
        ):
            with pytest.raises(sqlite3.DatabaseError):
                connection.execute(forbidden)
        connection.close()


@pytest.fixture(params=["postgresql"])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> dict[Which, Engine]:
    """Two new databases on PostgreSQL with their tables."""
    engines = new_databases(request, tmp_path)
    for which, engine in engines.items():
        upgrade(engine, which)
    return engines


@pytest.mark.parametrize("login", rights.LOGINS)
def test_a_role_may_on_postgresql_do_what_the_table_says_and_nothing_else(
    login: rights.Login, servers: dict[Which, Engine]
) -> None:
    role = f"right_{login}"
    with servers["shared"].begin() as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
            connection.execute(text(f"CREATE ROLE {role} LOGIN"))
    rights.grant(servers, login, role)
    for which, own in rights.RIGHTS[login].items():
        engine = create_engine(servers[which].url.set(username=role))
        for name, table in METADATA[which].tables.items():
            for verb in STATEMENTS:
                column = next(iter(table.c)).name
                assert may(engine, verb, name, column) == expected(own, verb, name), (login, which, verb, name)
        engine.dispose()


def test_a_planted_right_is_on_both_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wider = rights.Rights({"SELECT": ("export_log", "viewer"), "INSERT": ("export_log",)})
    monkeypatch.setitem(rights.RIGHTS, "log", {"shared": wider})
    path = tmp_path / "shared.db"
    engine = connections.open_writer(f"sqlite:///{path}")
    upgrade(engine, "shared")
    connection = sqlite3.connect(path)
    connection.set_authorizer(rights.authorizer("log"))
    assert may(connection, "SELECT", "viewer", "subject")


def test_of_a_table_read_by_columns_no_other_column_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cases.db"
    engine = connections.open_writer(f"sqlite:///{path}")
    upgrade(engine, "cases")
    connection = sqlite3.connect(path)
    connection.set_authorizer(rights.authorizer("reader", "cases"))
    connection.execute("SELECT name, owner FROM source")
    for hidden in set(schema.cases.tables["source"].c.keys()) - {"id", "name", "owner", "licence", "rhythm_days"}:
        with pytest.raises(sqlite3.DatabaseError):
            connection.execute(f"SELECT {hidden} FROM source")


def test_every_narrow_address_has_a_login() -> None:
    assert set(addresses.NARROW) == set(rights.APPENDERS)
