"""What a deployment lacks is said with what mends it; what is as it should be is said too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from dashboard.commands import doctor
from dashboard.commands.cli import main
from data_access import addresses, connections, people
from data_access.people import Person

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def wrong(now: datetime = NOW) -> list[str]:
    return [one.what for one in doctor.findings(now) if one.remedy]


@pytest.fixture
def sound(own_sample: addresses.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> addresses.Urls:
    """A deployment that lacks nothing."""
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("DELETE FROM meta WHERE key = 'is_sample'"))
    writer = connections.open_writer(own_sample.shared)
    for subject in ("anna", "boris"):
        people.add(writer, Person(people.pseudonym("https://id.example", subject), "steward"))
    secrets, kept = tmp_path / "secrets.toml", tmp_path / "kept" / "today"
    secrets.write_text("[auth]\n")
    secrets.chmod(0o600)
    kept.mkdir(parents=True)
    (kept / "manifest.json").write_text(json.dumps({"made_at": "2026-11-25T12:00:01Z"}))
    monkeypatch.setattr(doctor, "SECRETS", (secrets,))
    monkeypatch.setenv(doctor.BACKUPS_VARIABLE, str(tmp_path / "kept"))
    monkeypatch.setenv(doctor.HOSTS_VARIABLE, "meridian.example")
    return own_sample


def test_a_sound_deployment_has_nothing_to_mend(sound: addresses.Urls) -> None:
    assert wrong() == []


def test_each_thing_that_is_wrong_is_named_with_its_remedy(
    sound: addresses.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    (tmp_path / "secrets.toml").chmod(0o644)
    monkeypatch.delenv(doctor.HOSTS_VARIABLE)
    monkeypatch.setenv("MERIDIAN_VIEWS_URL", "")
    monkeypatch.setenv("MERIDIAN_LOG_URL", "sqlite:////nowhere/log.db")
    with connections.open_writer(sound.shared).begin() as connection:
        connection.execute(
            text(
                "DELETE FROM viewer WHERE role = 'steward' AND subject <> (SELECT max(subject) FROM viewer WHERE role = 'steward')"
            )
        )
        connection.execute(text("UPDATE meta SET value = '999' WHERE key = 'data_version'"))
    said = " ".join(wrong(NOW + timedelta(days=3)))
    for words in ("can be read by others", "is not set: only this machine", "MERIDIAN_VIEWS_URL is not set",
                  "MERIDIAN_LOG_URL does not answer", "fewer than two stewards", "sums are older", "older than two days"):  # fmt: skip
        assert words in said
    assert main(["doctor"]) == 1
    assert "chmod 600" in capsys.readouterr().out


def test_a_missing_database_is_said_without_a_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, f"sqlite:///{tmp_path}/none.db")
    monkeypatch.delenv(addresses.CASES_URL_VARIABLE, raising=False)
    assert any("There is no database file" in one for one in wrong())
