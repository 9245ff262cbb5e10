"""Copies of the databases: of one moment, whole or not there, and the same again when they are used."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from dashboard.commands.cli import main
from data_access import addresses, backups, connections, database, meta
from data_access.problems import DatabaseProblem
from data_access.viewer import Which
from deploy import cluster
from tests.conftest import new_databases, unavailable
from tests.test_rights import METADATA


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg", "postgresql")


def rows(engine: Engine, which: Which) -> dict[str, list[tuple]]:
    found = {}
    with engine.connect() as connection:
        for table in METADATA[which].sorted_tables:
            found[table.name] = sorted(map(repr, connection.execute(table.select())))
    return found


def test_a_backup_restored_is_what_it_was_made_of(
    empty: dict[Which, Engine], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    kind = empty["shared"].dialect.name
    if kind == "postgresql" and not shutil.which("pg_dump"):
        unavailable("pg_dump is missing; install it with: apt install postgresql-client")
    with empty["shared"].begin() as connection:
        connection.execute(
            text(
                "INSERT INTO organisation (slug, name, search_key, is_initiative, is_funder) VALUES ('a', 'Ä', 'a', true, false)"
            )
        )
    urls = {which: address(engine) for which, engine in empty.items()}
    made = backups.backup(urls, tmp_path / "kept")
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {
        "manifest.json",
        *(copy.file for copy in made.values()),
    }
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "kept").iterdir())
    before = {which: rows(engine, which) for which, engine in empty.items()}
    request.param = kind
    (tmp_path / "again").mkdir()
    again = new_databases(request, tmp_path / "again")
    new = {which: address(engine) for which, engine in again.items()}
    backups.restore(tmp_path / "kept", new)
    for which in ("shared", "cases"):
        engine = connections.open_writer(new[which])
        database.assert_schema(engine, which)
        assert rows(engine, which) == before[which]
        engine.dispose()
    with pytest.raises(DatabaseProblem, match="has tables already"):
        backups.restore(tmp_path / "kept", new)


@pytest.fixture
def kept(own_sample: addresses.Urls, tmp_path: Path) -> tuple[Path, dict[Which, str]]:
    urls: dict[Which, str] = {"shared": own_sample.shared, "cases": str(own_sample.cases)}
    backups.backup(urls, tmp_path / "kept")
    return tmp_path / "kept", urls


def test_a_changed_or_missing_file_is_noticed_before_anything_is_written(
    kept: tuple[Path, dict[Which, str]], tmp_path: Path
) -> None:
    folder, _urls = kept
    new: dict[Which, str] = {which: f"sqlite:///{tmp_path}/new/{which}.db" for which in ("shared", "cases")}
    with (folder / "cases.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"\x00\x01\x02")
    with pytest.raises(DatabaseProblem, match="not as it was written"):
        backups.restore(folder, new)
    (folder / "cases.db").unlink()
    with pytest.raises(DatabaseProblem, match="missing"):
        backups.restore(folder, new)
    (folder / "manifest.json").unlink()
    with pytest.raises(DatabaseProblem, match="is no backup"):
        backups.restore(folder, new)
    assert not (tmp_path / "new").exists()


def test_a_load_between_the_two_copies_begins_the_backup_anew_and_three_leave_nothing(
    own_sample: addresses.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls: dict[Which, str] = {"shared": own_sample.shared, "cases": str(own_sample.cases)}
    loads = [1]
    copied = backups._copied

    def meanwhile(url: str, which: Which, state: tuple[str, str], folder: Path) -> backups.Copy:
        made = copied(url, which, state, folder)
        if which == "shared" and loads:
            loads.pop()
            with connections.open_writer(url).begin() as connection:
                meta.move(connection, "shared")
        return made

    monkeypatch.setattr(backups, "_copied", meanwhile)
    made = backups.backup(urls, tmp_path / "kept")
    with connections.open_writer(urls["shared"]).connect() as connection:
        assert made["shared"].version == meta.version(connection, "shared")
    loads.extend([1, 1, 1])
    with pytest.raises(DatabaseProblem, match="during every try"):
        backups.backup(urls, tmp_path / "other")
    assert not (tmp_path / "other").exists() and not list(tmp_path.glob(".other-*"))


def test_the_commands_say_what_they_did_and_check_the_books(
    own_sample: addresses.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    assert main(["backup", str(tmp_path / "kept")]) == 0
    assert main(["backup", str(tmp_path / "kept")]) == 1
    assert "is not empty" in capsys.readouterr().err
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, f"sqlite:///{tmp_path}/new/shared.db")
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, f"sqlite:///{tmp_path}/new/cases.db")
    assert main(["restore", str(tmp_path / "kept")]) == 0
    assert "The books balance." in capsys.readouterr().out
    assert inspect(connections.open_writer(f"sqlite:///{tmp_path}/new/shared.db")).has_table("organisation")


@pytest.mark.by_turns
def test_a_backup_finds_the_one_of_several_servers_that_takes_writes(
    empty: dict[Which, Engine], tmp_path: Path
) -> None:
    if empty["shared"].dialect.name == "sqlite":
        return
    here = empty["shared"].url
    away = f"127.0.0.1:{cluster.free_port()}"
    both = {}
    for which, engine in empty.items():
        where = f"host={away}&host={here.host}:{here.port}&target_session_attrs=primary"
        both[which] = f"postgresql://{here.username}@/{engine.url.database}?{where}"
    made = backups.backup(both, tmp_path / "kept")
    assert set(made) == {"shared", "cases"}
