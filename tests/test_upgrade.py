"""From the first released schema to today's with records in it: nothing is lost, and what fails leaves what was there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, MetaData, Table, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from dashboard.answers import initiatives
from dashboard.page import reading
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, database, migrate, rights
from data_access.case_summaries import SUMMARIES
from tests.conftest import FUNDER, IS_RELEASE, new_databases, open_sample_visit, serve

MADE_ANEW = {*rights.REBUILT, *(table.name for table in SUMMARIES), "source_record", "import_change", "import_issue"}
"""What is made of the records, and how they came: an older version wrote both in ways of its own."""
BROKEN_OFF = [
    (kind, which, table)
    for kind in ("sqlite", "postgresql")
    for which, table in (("shared", "sign_in"), ("cases", "after_arrival"))
    if IS_RELEASE or (kind, which) in (("sqlite", "cases"), ("postgresql", "shared"))
]
Rows = dict[str, set[tuple]]


@pytest.fixture(params=["sqlite", "postgresql"])
def first(
    request: pytest.FixtureRequest, tmp_path: Path, sample_urls: addresses.Urls
) -> Iterator[dict[database.Which, Engine]]:
    """Two databases of the first schema that hold the records of the sample, as far as it knew them."""
    engines = new_databases(request, tmp_path)
    for which, engine in engines.items():
        with engine.begin() as connection:
            command.upgrade(migrate.config(which, connection), f"{which}_0001")
        with connections.open_writer(url_of(sample_urls, which)).connect() as source:
            for table in of(engine).sorted_tables:
                if table.name in database.METADATA[which].tables and table.name not in MADE_ANEW:
                    copy(source, engine, database.METADATA[which].tables[table.name], table)
    yield engines
    for engine in engines.values():
        engine.dispose()


def url_of(urls: addresses.Urls, which: database.Which) -> str:
    return urls.shared if which == "shared" else str(urls.cases)


def of(engine: Engine) -> MetaData:
    """The tables that there are."""
    found = MetaData()
    found.reflect(engine)
    return found


def copy(source, engine: Engine, today: Table, then: Table) -> None:
    """The rows of a table, in the columns that it had then."""
    names = [column.name for column in then.c if column.name in today.c]
    rows = [dict(row._mapping) for row in source.execute(select(*(today.c[name] for name in names)))]
    if not rows:
        return
    with engine.begin() as connection:
        connection.execute(insert(then), rows)
        if engine.dialect.name == "postgresql" and "id" in then.c:
            sequence = connection.scalar(select(func.pg_get_serial_sequence(f'"{then.name}"', "id")))
            if sequence:
                connection.execute(text(f"SELECT setval('{sequence}', (SELECT max(id) FROM \"{then.name}\"))"))


def rows_of(engine: Engine, which: database.Which, names: dict[str, list[str]]) -> Rows:
    """The rows of these tables in these columns."""
    tables = database.METADATA[which].tables
    with engine.connect() as connection:
        return {
            name: {tuple(row) for row in connection.execute(select(*(tables[name].c[one] for one in columns)))}
            for name, columns in names.items()
        }


def common(engine: Engine, which: database.Which) -> dict[str, list[str]]:
    """The tables and columns that the first schema has and today's still does."""
    today = database.METADATA[which].tables
    return {
        table.name: [column.name for column in table.c if column.name in today[table.name].c]
        for table in of(engine).sorted_tables
        if table.name in today and table.name not in MADE_ANEW
    }


@pytest.mark.parametrize("first", ["sqlite", "postgresql"] if IS_RELEASE else ["sqlite"], indirect=True)
def test_every_record_of_the_first_schema_is_there_after_the_upgrade_and_pages_read_it(
    first: dict[database.Which, Engine], sample_urls: addresses.Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {which: common(engine, which) for which, engine in first.items()}
    before = {which: rows_of(engine, which, names[which]) for which, engine in first.items()}
    assert sum(map(len, before["shared"].values())) > 3000 and sum(map(len, before["cases"].values())) > 10_000
    migrate.upgrade_both(first)
    for which, engine in first.items():
        assert rows_of(engine, which, names[which]) == before[which]
        database.assert_schema(engine, which)
    refresh(first["shared"], first["cases"], date(2026, 10, 18))
    urls = {which: engine.url.render_as_string(hide_password=False) for which, engine in first.items()}
    serve(addresses.Urls(urls["shared"], urls["cases"]), monkeypatch)
    reading.forget()
    upgraded = initiatives.find(open_sample_visit(FUNDER)).total
    serve(sample_urls, monkeypatch)
    reading.forget()
    assert upgraded == initiatives.find(open_sample_visit(FUNDER)).total > 100
    reading.forget()


@pytest.mark.parametrize(("first", "which", "in_the_way"), BROKEN_OFF, indirect=["first"])
def test_an_upgrade_that_fails_in_its_midst_leaves_the_database_as_it_was(
    first: dict[database.Which, Engine], which: database.Which, in_the_way: str
) -> None:
    engine = first[which]
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {in_the_way} (id integer)"))
    tables = {table.name: [column.name for column in table.c] for table in of(engine).sorted_tables}
    before = {name: count(engine, name) for name in tables}
    with pytest.raises(DBAPIError):
        migrate.upgrade(engine, which)
    assert {table.name: [column.name for column in table.c] for table in of(engine).sorted_tables} == tables
    assert {name: count(engine, name) for name in tables} == before
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == f"{which}_0001"
        connection.execute(text(f"DROP TABLE {in_the_way}"))
    migrate.upgrade(engine, which)
    database.assert_schema(engine, which)
    assert inspect(engine).has_table(in_the_way)


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0)
