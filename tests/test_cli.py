"""The command line: one sentence per problem, never a traceback."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dashboard.commands.cli import main, meridian
from data_access import addresses, connections, database
from tests.conftest import Server


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, f"sqlite:///{tmp_path}/shared.db")
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, f"sqlite:///{tmp_path}/cases.db")
    return tmp_path


def test_init_makes_tables_and_words_and_check_says_what_is_missing(here: Path, capsys) -> None:
    assert main(["init"]) == 0
    assert main(["check"]) == 1
    assert "empty" in capsys.readouterr().out
    assert database.counts_per_table(connections.open_writer(f"sqlite:///{here}/shared.db"), "shared")["code"] > 40


def test_the_sample_is_built_once_and_never_into_a_filled_database(
    sample_urls: addresses.Urls, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """The sample of all tests is made by this command."""
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, sample_urls.shared)
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, str(sample_urls.cases))
    assert main(["check"]) == 0
    said = capsys.readouterr().out
    assert "as of 2026-10-18" in said and "relocation_case" in said and "to mend: " in said
    assert main(["init", "--sample"]) == 1
    assert "not empty" in capsys.readouterr().err


def test_refresh_moves_the_data_version(own_sample: addresses.Urls) -> None:
    engine = connections.open_reader(own_sample.shared)
    before = int(database.read_meta(engine)["data_version"])
    assert main(["refresh"]) == 0
    assert int(database.read_meta(engine)["data_version"]) == before + 1


def test_refresh_without_a_date_asks_for_one(here: Path, capsys) -> None:
    main(["init"])
    assert main(["refresh"]) == 1
    assert "--as-of" in capsys.readouterr().err


def test_a_wrong_address_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, "nonsense")
    assert main(["check"]) == 1
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, "postgresql://nobody@127.0.0.1:9/x")
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, "")
    assert main(["init"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_ending_the_command_ends_the_server_it_started(sample_urls: addresses.Urls) -> None:
    served = Server(sample_urls)
    served.process.terminate()
    assert served.process.wait(timeout=20) in (0, -signal.SIGTERM)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{served.address}/_stcore/health", timeout=2)


@pytest.mark.parametrize("command", sorted(meridian.commands))
def test_every_command_has_help(command: str, capsys) -> None:
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"Usage: meridian {command}" in said and str(meridian.commands[command].help).split(".")[0][:30] in said


def test_what_is_typed_wrongly_is_said_with_the_way_on(capsys) -> None:
    assert main(["improt"]) == 2 and "No such command 'improt'" in capsys.readouterr().err
    assert main(["refresh", "--as-of", "soon"]) == 2 and "%Y-%m-%d" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["import FILE --source s --dry-run", "refresh", "undo 1", "dump OUT.xlsx"])
def test_a_mistyped_address_is_one_sentence_and_creates_nothing(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv("MERIDIAN_DATABASE_URL", f"sqlite:///{tmp_path}/mistyped/shared.db")
    file = tmp_path / "t.csv"
    file.write_text("Organisation,Country\nLantern House,GE\n")
    words = [
        str(file) if word == "FILE" else str(tmp_path / word) if word.startswith("OUT") else word
        for word in command.split()
    ]
    assert main(words) == 1
    assert "There is no database file" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv"]


def test_a_database_of_an_unknown_version_is_one_sentence(here: Path, capsys) -> None:
    assert main(["init"]) == 0
    with connections.open_writer(f"sqlite:///{here}/shared.db").begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'shared_9999'")
    for words in (["init"], ["refresh"], ["check"]):
        assert main(words) == 1
    said = capsys.readouterr()
    assert "shared_9999" in said.err and "Traceback" not in said.err + said.out
