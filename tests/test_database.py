"""What a reader's connection can do: SELECT from our tables for three seconds, and nothing else (SECURITY 48-50)."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from data_access import addresses, connections, database, problems, queries, rights, schema
from data_access.viewer import Query
from tests.conftest import FUNDER

SQLITE_ATTACKS = {
    "insert": "INSERT INTO meta VALUES ('x', 'y')",
    "update": "UPDATE meta SET value = 'x'",
    "delete": "DELETE FROM meta",
    "drop": "DROP TABLE meta",
    "create": "CREATE TABLE stolen (x)",
    "temp table": "CREATE TEMP TABLE stolen AS SELECT * FROM meta",
    "attach": "ATTACH DATABASE '{other}' AS other",
    "vacuum into": "VACUUM INTO '{copy}'",
    "load extension": "SELECT load_extension('x')",
    "switch off query_only": "PRAGMA query_only = 0",
    "writable schema": "PRAGMA writable_schema = 1",
    "read_uncommitted": "PRAGMA read_uncommitted = 1",
    "file list": "PRAGMA database_list",
    "readfile": "SELECT readfile('/etc/passwd')",
    "recursion": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
    "function": "SELECT randomblob(1000000000)",
}


@pytest.mark.parametrize("attack", SQLITE_ATTACKS)
def test_a_sqlite_reader_refuses(sample_urls: addresses.Urls, tmp_path: Path, attack: str) -> None:
    statement = SQLITE_ATTACKS[attack].format(
        other=str(sample_urls.cases).removeprefix("sqlite:///"), copy=tmp_path / "c"
    )
    with connections.open_reader(sample_urls.shared).connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text(statement))
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO meta VALUES ('x', 'y')", "DROP TABLE meta", "CREATE TABLE t (x int)", "CREATE TEMP TABLE t (x int)",
     "SET TRANSACTION READ WRITE; DELETE FROM meta", "COPY meta TO PROGRAM 'true'"],
)  # fmt: skip
def test_a_postgresql_reader_refuses(postgresql_urls: addresses.Urls, statement: str) -> None:
    with connections.open_reader(postgresql_urls.shared).connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text(statement))


def test_a_role_with_select_alone_cannot_write_even_in_a_writable_transaction(postgresql_urls: addresses.Urls) -> None:
    plain = create_engine(postgresql_urls.shared.replace("postgresql:", "postgresql+psycopg:"))
    with plain.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text("DELETE FROM meta"))


def test_an_endless_query_is_stopped_on_sqlite(sample_urls: addresses.Urls) -> None:
    endless = "SELECT count(*) FROM fx_rate a, fx_rate b, fx_rate c, fx_rate d"
    started = time.monotonic()
    with (
        connections.open_reader(sample_urls.shared).connect() as connection,
        pytest.raises(DBAPIError, match="interrupted"),
    ):
        connection.execute(text(endless))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("which", ["sqlite_urls", "postgresql_urls"])
def test_a_query_at_the_time_limit_asks_for_more_than_a_page_may_read(request, which: str) -> None:
    urls = request.getfixturevalue("sample_urls" if which == "sqlite_urls" else which)
    several = [schema.fx_rate.alias() for _ in range(4)]
    endless = (
        select(func.count().label("n"))
        .select_from(*several)
        .where(*(t.c.on_date >= several[0].c.on_date for t in several[1:]))
    )
    with pytest.raises(problems.TooMuch):
        database.run(connections.open_reader(urls.shared), Query(endless, FUNDER))


def test_a_damaged_file_is_a_database_that_does_not_answer_wherever_the_damage_is_met(
    sample_urls: addresses.Urls, tmp_path: Path
) -> None:
    """At the statement or while its rows are fetched: never an error of the driver's own, which nothing waits for."""
    sound, page, met = Path(sample_urls.shared.removeprefix("sqlite:///")).read_bytes(), 4096, 0
    for seed in range(6):
        damaged, chance = bytearray(sound), random.Random(seed)
        for at in chance.sample(range(40, len(sound) // page), len(sound) // page // 6):
            damaged[at * page : (at + 1) * page] = b"\xff" * page
        (tmp_path / f"{seed}.db").write_bytes(damaged)
        for query in (queries.overlap.projects(FUNDER), queries.overlap.pairs(FUNDER)):
            try:
                database.run(connections.open_reader(f"sqlite:///{tmp_path}/{seed}.db"), query)
            except SQLAlchemyError:
                met += 1
    assert met


def test_a_sleeping_query_is_cancelled_on_postgresql(postgresql_urls: addresses.Urls) -> None:
    with (
        connections.open_reader(postgresql_urls.shared).connect() as connection,
        pytest.raises(DBAPIError, match="timeout"),
    ):
        connection.execute(text("SELECT pg_sleep(20)"))


def test_no_statement_is_compiled_on_postgresql_whoever_asks_it(postgresql_urls: addresses.Urls) -> None:
    """Compiling ours takes longer than running them."""
    told = f"{postgresql_urls.shared}?options=-c%20search_path%3Dpublic"
    for engine in (
        connections.open_reader(postgresql_urls.shared),
        *map(connections.open_writer, (postgresql_urls.shared, told)),
    ):
        with engine.connect() as connection:
            assert connection.scalar(text("SHOW jit")) == "off"
    with connections.open_writer(told).connect() as connection:
        assert connection.scalar(text("SHOW search_path")) == "public"


@pytest.mark.parametrize("table", ["relocation_case", "case_episode", "stage_event", "hold", "frozen_atom"])
def test_a_page_reader_cannot_read_a_row_of_a_case(urls: addresses.Urls, table: str) -> None:
    with connections.open_reader(str(urls.cases), "cases").connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text(f"SELECT count(*) FROM {table}"))


def test_error_texts_carry_no_bound_value(sample_urls: addresses.Urls) -> None:
    with connections.open_reader(sample_urls.shared).connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT nosuch FROM meta WHERE key = :secret"), {"secret": "Ivan SECRETNAME"})
    assert "SECRETNAME" not in str(caught.value)


def test_a_missing_file_is_named_with_the_command_that_mends_it(tmp_path: Path) -> None:
    with pytest.raises(problems.DatabaseProblem, match=r"no database file.*meridian init"):
        connections.open_reader(f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("url", ["not a url", "mysql://host/db", "http://example.invalid"])
def test_a_wrong_url_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(problems.DatabaseProblem) as caught:
        connections.open_reader(url)
    assert url not in str(caught.value)


def test_an_unreachable_server_is_said_in_a_sentence() -> None:
    engine = connections.open_reader("postgresql://nobody:secret@127.0.0.1:9/none")
    with pytest.raises(problems.DatabaseProblem, match="does not answer") as caught:
        database.assert_ready(engine)
    assert "secret" not in str(caught.value)


def test_an_old_schema_is_said_with_the_command(empty_shared, tmp_path: Path) -> None:
    with empty_shared.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'shared_0000'"))
    with pytest.raises(problems.DatabaseProblem, match=r"schema shared_0000.*meridian init"):
        database.assert_ready(connections.open_reader(str(empty_shared.url)))


def test_an_empty_database_and_a_foreign_file_are_told_apart(empty_shared, tmp_path: Path) -> None:
    with pytest.raises(problems.DatabaseProblem, match="empty"):
        database.assert_ready(connections.open_reader(str(empty_shared.url)))
    (tmp_path / "text.db").write_text("this is no database at all" * 100)
    with pytest.raises(problems.DatabaseProblem, match="not a SQLite database"):
        database.assert_ready(connections.open_reader(f"sqlite:///{tmp_path}/text.db"))
    (tmp_path / "blank.db").write_bytes(b"")
    with pytest.raises(problems.DatabaseProblem, match="no Meridian tables"):
        database.assert_ready(connections.open_reader(f"sqlite:///{tmp_path}/blank.db"))


def test_without_an_address_the_sample_files_are_meant_and_with_one_no_case_database_is_guessed(monkeypatch) -> None:
    monkeypatch.delenv(addresses.SHARED_URL_VARIABLE, raising=False)
    monkeypatch.delenv(addresses.CASES_URL_VARIABLE, raising=False)
    assert addresses.urls_from_environment().cases == addresses.DEFAULT_CASES_URL
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, "sqlite:////srv/real.db")
    assert addresses.urls_from_environment() == addresses.Urls("sqlite:////srv/real.db", None)
    monkeypatch.delenv(addresses.SHARED_URL_VARIABLE)
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, "sqlite:////srv/cases.db")
    with pytest.raises(problems.DatabaseProblem, match="Set both"):
        addresses.urls_from_environment()


def test_many_threads_read_at_once_without_closing_each_others_connections(urls: addresses.Urls) -> None:
    reader = connections.open_reader(urls.shared)

    def read(_n: int) -> int:
        with reader.connect() as connection:
            return int(connection.scalar(text("SELECT count(*) FROM project_facet")) or 0)

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(read, range(400)))) == 1


CASE_TABLES = [name for name in rights.CASE_TABLES_OF_PAGES if name not in ("meta", "route", *rights.LAW)]


@pytest.mark.parametrize("table", CASE_TABLES)
def test_a_postgresql_reader_sees_cases_of_the_named_countries_alone_and_none_by_default(
    postgresql_urls: addresses.Urls, table: str
) -> None:
    """SECURITY 39 and 40: nothing without a scope, and a scope ends with its transaction."""
    reader = connections.open_reader(str(postgresql_urls.cases), "cases")
    count = text(f"SELECT count(*) FROM {table}")
    countries = text(f"SELECT DISTINCT host_country FROM {table}")
    with reader.connect() as connection:
        assert connection.scalar(count) == 0
    with reader.begin() as connection:
        connection.execute(text("SELECT set_config('meridian.countries', '[\"DE\"]', true)"))
        assert set(connection.scalars(countries)) == {"DE"}
    with reader.begin() as connection:
        assert connection.scalar(count) == 0
    for scope in ('["DE,LT"]', '"DE"', ""):
        with reader.begin() as connection:
            connection.execute(text("SELECT set_config('meridian.countries', :scope, true)"), {"scope": scope})
            found = set(connection.scalars(countries))
            assert found <= ({"DE"} if scope == '"DE"' else set())


def test_a_postgresql_reader_learns_when_cases_were_loaded_and_not_how_many(postgresql_urls: addresses.Urls) -> None:
    with connections.open_reader(str(postgresql_urls.cases), "cases").connect() as connection:
        connection.execute(text("SELECT loaded_on, status FROM import_run"))
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT created FROM import_run"))


def test_no_view_lets_anybody_past_the_scope(postgresql_urls: addresses.Urls) -> None:
    """SECURITY 42."""
    with connections.open_reader(str(postgresql_urls.cases), "cases").connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_views WHERE schemaname = 'public'")) == 0
