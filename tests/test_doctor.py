"""What a deployment lacks is said with what mends it; what is as it should be is said too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text

from dashboard.commands import doctor
from dashboard.commands.cli import main
from data_access import addresses, connections, people
from data_access.people import Person

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
COOKIE = "0f" * 32


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
    secrets.write_text(f'[auth]\ncookie_secret = "{COOKIE}"\n')
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


class Provider(BaseHTTPRequestHandler):
    """A provider of identities that says who it is, or something else."""

    said = b'{"issuer": "https://id.example/own"}'

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.said)

    def log_message(self, *_told: object) -> None:
        """Nothing on the screen."""


@pytest.fixture
def provider() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_provider_of_identities_is_asked_who_it_is_and_where_it_sends_readers_back(
    sound: addresses.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    secrets, back = tmp_path / "secrets.toml", f"{provider}oauth2callback"
    told = f'[auth]\ncookie_secret = "{COOKIE}"\nserver_metadata_url = "{provider}"\nredirect_uri = "{back}"\n'
    secrets.write_text(told)
    monkeypatch.setenv("MERIDIAN_PUBLIC_URL", provider)
    assert wrong() == []
    assert any("https://id.example/own" in one.what for one in doctor.findings(NOW))
    monkeypatch.setenv("MERIDIAN_PUBLIC_URL", "http://127.0.0.1:9")
    assert [one for one in wrong() if back in one]
    assert any("http://127.0.0.1:9 does not answer" in one for one in wrong())
    secrets.write_text(told.replace(COOKIE, "COOKIE-SECRET"))
    assert any("others could guess" in one for one in wrong())
    secrets.write_text(told)
    monkeypatch.setattr(Provider, "said", b"<html>")
    assert any("nobody can sign in" in one for one in wrong())
    secrets.write_text('[auth]\nserver_metadata_url = "http://127.0.0.1:9/"\n')
    assert any("ConnectError" in one for one in wrong())


@pytest.mark.usefixtures("engines")
def test_a_database_without_records_is_something_to_mend() -> None:
    assert any("empty" in one for one in wrong())
