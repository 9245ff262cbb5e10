"""The command line: one sentence per problem, never a traceback."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from dashboard.commands import speaking
from dashboard.commands.cli import main, meridian
from data_access import addresses, connections, database, i18n
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


GERMAN = {
    "Serve the dashboard.": "Das Dashboard ausliefern.",
    "Load what networks have: {formats}.": "Laden, was Netze haben: {formats}.",
    "3W tables": "3W-Tabellen",
    "Usage:": "Aufruf:",
    "No such command {name!r}.": "Den Befehl {name!r} gibt es nicht.",
    "There is no database file at {file}.": "Unter {file} ist keine Datenbank.",
}


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue of a few German texts, and no language named by the environment."""
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = Catalog(locale="de")
    for english, said in GERMAN.items():
        catalogue.add(english, said)
    with (folder / f"{i18n.DOMAIN}.po").open("wb") as file:
        write_po(file, catalogue)
    monkeypatch.setattr(i18n, "LOCALE_DIR", tmp_path / "locale")
    for variable in (speaking.VARIABLE, *speaking.LOCALES):
        monkeypatch.delenv(variable, raising=False)
    _forget_languages()
    yield
    _forget_languages()


def _forget_languages() -> None:
    for known in vars(i18n).values():
        if hasattr(known, "cache_clear"):
            known.cache_clear()


@pytest.mark.parametrize(
    ("variable", "code", "option"),
    [
        ("", "", "de"),
        (speaking.VARIABLE, "de", ""),
        ("LC_ALL", "de_AT.UTF-8", ""),
        ("LANG", "de", ""),
        ("LANG", "fr_FR", "de"),
    ],
)
@pytest.mark.usefixtures("german")
def test_the_command_line_speaks_the_language_asked_for(
    variable: str, code: str, option: str, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    if variable:
        monkeypatch.setenv(variable, code)
    asked = ["--language", option] if option else []
    assert main([*asked, "--help"]) == 0 and main([*asked, "import", "--help"]) == 0
    said = capsys.readouterr().out
    assert "Aufruf: meridian" in said and GERMAN["Serve the dashboard."] in said
    assert "Laden, was Netze haben: our own workbook" in said and "3W-Tabellen." in said
    assert main([*asked, "improt"]) == 2 and "Den Befehl 'improt' gibt es nicht." in capsys.readouterr().err
    assert i18n.language.get() == "en"


@pytest.mark.usefixtures("german")
def test_problems_of_databases_are_said_in_the_language_asked_for(here: Path, capsys) -> None:
    assert main(["--language", "de", "refresh"]) == 1
    assert f"Unter {here}/shared.db ist keine Datenbank. Run `meridian init" in capsys.readouterr().err


@pytest.mark.usefixtures("german")
def test_a_language_that_is_not_there_is_refused_by_name_and_that_of_the_system_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert main(["--help"]) == 0 and "Usage: meridian" in capsys.readouterr().out
    assert main(["--language", "fr", "--help"]) == 1
    assert capsys.readouterr().err == "meridian: There is no language 'fr' here; there are: en, de.\n"
    monkeypatch.setenv(speaking.VARIABLE, "fr")
    assert main(["check"]) == 1 and "There is no language 'fr'" in capsys.readouterr().err


def test_click_still_says_what_is_translated_for_it() -> None:
    said = "".join(path.read_text() for path in Path(click.__file__).parent.glob("*.py"))
    assert [text for text in speaking.OF_CLICK if repr(text)[1:-1] not in said] == []


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", str(tmp_path / "nowhere" / "t.xlsx")]) == 1
    assert "nowhere/t.xlsx: No such file or directory." in capsys.readouterr().err
