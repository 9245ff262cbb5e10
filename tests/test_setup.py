"""What a PostgreSQL server is given before the databases are made: logins that can do their work, and nobody else anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from dashboard.commands import setup
from dashboard.commands.cli import main
from data_access import addresses, connections
from tests.conftest import unavailable


@pytest.fixture
def made(postgresql: str) -> Iterator[tuple[str, str]]:
    """The script, run on a server that others use too, so that every name has an ending of its own."""
    if not shutil.which("psql"):
        unavailable("psql is missing; install it with: apt install postgresql-client")
    ending, url = uuid.uuid4().hex[:8], make_url(postgresql)
    script = "\n".join(setup.statements()).replace("meridian", f"m{ending}").replace("MERIDIAN", f"M{ending.upper()}")
    passwords = {
        setup.variable(role).replace("MERIDIAN", f"M{ending.upper()}"): "test" for role in (setup.OWNER, *setup.ROLES)
    }
    host = {
        "PGHOST": str(url.query.get("host") or url.host),
        "PGPORT": str(url.query.get("port") or url.port or 5432),
        "PGUSER": str(url.username),
    }
    if url.password:
        host["PGPASSWORD"] = str(url.password)
    done = subprocess.run(["psql", "-X", "-q", "-d", "postgres", "-f", "-"], input=script, env=os.environ | host | passwords,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    yield postgresql, f"m{ending}"
    engine = create_engine(connections.open_writer(f"{postgresql}/postgres").url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in (setup.SHARED, setup.CASES):
            connection.execute(text(f"DROP DATABASE {name.replace('meridian', f'm{ending}')} WITH (FORCE)"))
        for role in (setup.OWNER, *setup.ROLES):
            connection.execute(text(f"DROP ROLE {role.replace('meridian', f'm{ending}')}"))


def as_role(server: str, role: str, database: str) -> str:
    return make_url(f"{server}/{database}").set(username=role, password="test").render_as_string(hide_password=False)


def connects(url: str) -> bool:
    try:
        connections.open_writer(url).connect().close()
    except DBAPIError:
        return False
    return True


def test_each_login_reaches_its_databases_does_its_work_and_nobody_else_anything(
    made: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, name = made
    owner = {
        which: as_role(server, f"{name}_owner", database)
        for which, database in (("shared", name), ("cases", f"{name}_cases"))
    }
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, owner["shared"])
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, owner["cases"])
    narrow = [
        part
        for role, login in setup.ROLES.items()
        if login != "reader"
        for part in (f"--{login}", role.replace("meridian", name))
    ]
    assert main(["init", "--reader", f"{name}_coordinators", *narrow]) == 0
    monkeypatch.delenv(addresses.CASES_URL_VARIABLE)
    assert main(["init", "--reader", f"{name}_funders"]) == 0
    for role in setup.ROLES:
        own = role.replace("meridian", name)
        assert connects(as_role(server, own, name))
        assert connects(as_role(server, own, f"{name}_cases")) == (
            role in (setup.OF_COORDINATORS, "meridian_publisher")
        )
    with connections.open_writer(as_role(server, f"{name}_funders", name)).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM organisation")) == 0
        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text("CREATE TABLE mine (id integer)"))
    with connections.open_writer(owner["shared"]).begin() as connection:
        connection.execute(text(f'REVOKE ALL ON organisation_merge FROM "{name}_funders", "{name}_importer"'))
    assert main(["init"]) == 0
    for role, verb in (("funders", "SELECT"), ("importer", "INSERT")):
        with connections.open_writer(owner["shared"]).connect() as connection:
            asked = f"SELECT has_table_privilege('{name}_{role}', 'organisation_merge', '{verb}')"
            assert connection.scalar(text(asked)), "a new version gives roles the rights to its new tables"
            assert not connection.scalar(
                text(f"SELECT has_table_privilege('{name}_funders', 'organisation', 'INSERT')")
            )
    with connections.open_writer(owner["shared"]).connect() as connection:
        for database in (name, f"{name}_cases"):
            assert not connection.scalar(text(f"SELECT has_database_privilege('public', '{database}', 'CONNECT')"))
        assert not connection.scalar(text("SELECT has_schema_privilege('public', 'public', 'USAGE')"))
