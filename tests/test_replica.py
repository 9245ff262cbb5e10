"""Pages read a replica, what was just written is read on the primary, and one of the two being away is said, not shown as a fault."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy.exc import OperationalError
from streamlit.testing.v1 import AppTest

from dashboard.page import reading
from dashboard.upkeep.writers import writers
from data_access import addresses, connections, database, saved_views
from data_access.schema import meta as meta_table


@pytest.fixture
def behind(sample_urls: addresses.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a primary that is one load ahead of the replica that pages read."""
    primary = tmp_path / "primary.db"
    shutil.copy(sample_urls.shared.removeprefix("sqlite:///"), primary)
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, sample_urls.shared)
    monkeypatch.delenv(addresses.CASES_URL_VARIABLE, raising=False)
    monkeypatch.setenv(addresses.WRITE_URL_VARIABLE, f"sqlite:///{primary}")
    monkeypatch.setattr(reading, "PRIMARY", reading.Primary())
    reading.forget()
    with connections.open_writer(f"sqlite:///{primary}").begin() as connection:
        connection.execute(meta_table.update().where(meta_table.c.key == "data_version").values(value="9999"))
    return str(primary)


def test_what_was_just_written_is_read_on_the_primary_and_pages_say_that_newer_records_are_on_their_way(
    behind: str,
) -> None:
    found = reading.now(database.read_meta)
    assert found["data_version"] == "9999" != reading.read_metas()["shared"]["data_version"]
    assert reading.newer_records(reading.read_metas()["shared"]["data_version"])
    assert not reading.newer_records("9999") and not reading.primary_is_away()


def test_commands_write_to_the_primary(behind: str) -> None:
    assert writers()["shared"].url.database == behind


def test_while_the_primary_is_away_the_replica_answers_and_the_primary_is_asked_again_after_ten_seconds(
    behind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(reading, "PRIMARY", reading.Primary(lambda: clock[0]))
    Path(behind).rename(f"{behind}.away")
    version = reading.read_metas()["shared"]["data_version"]
    assert reading.now(database.read_meta)["data_version"] == version
    assert reading.primary_is_away() and not reading.newer_records(version)
    Path(f"{behind}.away").rename(behind)
    assert reading.now(database.read_meta)["data_version"] == version
    clock[0] += reading.AWAY_SECONDS
    assert reading.now(database.read_meta)["data_version"] == "9999"
    assert not reading.primary_is_away()


def test_one_reader_at_a_time_finds_out_whether_the_primary_is_back_and_it_is_away_until_it_answers() -> None:
    clock = [0.0]
    primary = reading.Primary(lambda: clock[0])
    assert primary.may_be_asked() and primary.may_be_asked() and not primary.is_away
    primary.note_away()
    clock[0] += reading.AWAY_SECONDS
    assert primary.is_away and primary.may_be_asked() and not primary.may_be_asked()
    assert primary.is_away
    primary.note_answer()
    assert primary.may_be_asked() and primary.may_be_asked() and not primary.is_away


def test_without_a_primary_of_its_own_a_deployment_asks_one_database(
    sample_urls: addresses.Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, sample_urls.shared)
    for name in (addresses.CASES_URL_VARIABLE, addresses.WRITE_URL_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    asked: list[object] = []
    reading.now(asked.append)
    assert asked == [reading.shared_engine()] and not reading.newer_records("another")


def test_while_the_primary_is_away_a_page_is_read_and_says_that_nothing_can_be_kept(
    behind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in set(addresses.NARROW.values()):
        monkeypatch.setenv(variable, f"sqlite:///{behind}")
    app = AppTest.from_file(str(Path(__file__).parent.parent / "dashboard" / "app.py"), default_timeout=60).run()
    assert not app.exception and not app.error
    Path(behind).rename(f"{behind}.away")
    reading._engines.clear()
    app.run()
    assert not app.exception and not app.error and app.title
    assert any("nothing can be kept" in one.value for one in app.warning)


def test_who_was_in_the_midst_of_a_page_when_another_reader_found_the_primary_away_is_shown_it(
    behind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in set(addresses.NARROW.values()):
        monkeypatch.setenv(variable, f"sqlite:///{behind}")
    asked: list[str] = []

    def lost(_engine: object, subject: str) -> NoReturn:
        asked.append(subject)
        reading.PRIMARY.note_away()
        raise OperationalError("SELECT", {}, ConnectionError())

    monkeypatch.setattr(saved_views, "views_of", lost)
    app = AppTest.from_file(str(Path(__file__).parent.parent / "dashboard" / "app.py"), default_timeout=60).run()
    assert len(asked) == 1 and not app.exception and not app.error and app.title
    assert any("nothing can be kept" in one.value for one in app.warning)


def test_a_sign_in_that_cannot_be_looked_up_lets_nobody_in(behind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "primary_is_away", lambda: True)
    monkeypatch.setenv(addresses.NARROW["sign_in"], f"sqlite:///{behind}")
    assert reading.writes_to("sign_in") and not reading.keeps_now("sign_in")
