"""What deploy/ and docs/deploy.md say: files that there are, commands that there are, a front that ends what it should."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy import text

from benchmarks.readers import asked, opened
from dashboard.commands import cli, doctor, setup
from dashboard.commands.refusal import Refused
from data_access import addresses, connections
from deploy import cluster
from tests.conftest import IS_RELEASE, unavailable

DEPLOY = cluster.HERE
SERVERS = sorted(DEPLOY.glob("servers*.cfg"))
MADE_BY_WHO_DEPLOYS = {"private/secrets.toml", "private/front.pem", "private/postgres", "private/setup.sql", ""}
PASSWORDS = {role: f"secret-of-{role}" for role in (setup.OWNER, *setup.ROLES, setup.REPLICATION)}


def commands_in(text: str) -> list[list[str]]:
    """Every call of `meridian` in blocks and lines of a document, in words."""
    joined = text.replace("\\\n", " ")
    found = re.findall(r"(?:\.venv/bin/meridian|`meridian) ((?:[^\n`|>;#&()…]|(?<=[A-Z])…)*)", joined)
    return [shlex.split(re.sub(r"\[[^\]]*\]", "", one)) for one in found]


@pytest.mark.parametrize("document", ["README.md", *sorted(str(path) for path in Path("docs").glob("*.md"))])
def test_every_command_a_document_names_exists_with_its_options(document: str) -> None:
    for words in commands_in((cluster.ROOT / document).read_text(encoding="utf-8")):
        command: click.Command = cli.meridian
        left = words[2:] if words[:1] == ["--language"] else words
        while isinstance(command, click.Group) and left and left[0] in command.commands:
            command, left = command.commands[left[0]], left[1:]
        assert command is not cli.meridian or not left, f"{document}: meridian {' '.join(words)}"
        known = {name for one in command.params for name in one.opts} | {"--help"}
        unknown = [word for word in left if word.startswith("--") and word.partition("=")[0] not in known]
        assert not unknown, f"{document}: {command.name} knows no {unknown}"


def test_what_deploy_names_in_its_own_folder_is_there() -> None:
    text = "\n".join(path.read_text() for path in (DEPLOY / "compose.yaml", *DEPLOY.glob("systemd/*")))
    named = {one.strip("'\" ") for one in re.findall(r"(?:- |file: )\./([^:}\s]*)", text)}
    named |= set(re.findall(r"/opt/meridian/deploy/([\w.-]+)", text))
    missing = sorted(one for one in named - MADE_BY_WHO_DEPLOYS if not (DEPLOY / one).exists())
    assert named and not missing
    copied = re.findall(r"^COPY (.*) \S+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert all((cluster.ROOT / one).exists() for line in copied for one in line.split())


def test_containers_are_given_no_secret_that_they_do_not_need() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    services = dict(re.findall(r"^  ?(?:x-)?([\w-]+):(?: &\w+)?\n((?:    .*\n|\n)+)", text, re.MULTILINE))
    told = {name: set(re.findall(r"private/([\w.]+)", body)) for name, body in services.items()}
    assert told["front"] == {"front.pem"} and told["primary"] == {"passwords.env", "setup.sql"}
    assert told["replica"] == {"replication.env"} and told["owner"] == {"owner.env"}
    everybody = re.search(r"^x-server:.*\n((?:  .*\n)+)", text, re.MULTILINE)
    assert everybody and set(re.findall(r"private/([\w.]+)", everybody[1])) == {"servers.env", "secrets.toml"}
    assert not re.search(r"^      - \.{1,2}/?:", text, re.MULTILINE), "a whole folder is mounted"
    assert not re.search(r"^COPY (\.streamlit|deploy|\.) ", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("servers", SERVERS, ids=lambda path: path.name)
def test_the_front_understands_its_own_settings(servers: Path, tmp_path: Path) -> None:
    cluster.certificate(tmp_path / "front.pem")
    done = subprocess.run(
        [haproxy(), "-c", "-f", DEPLOY / "haproxy.cfg", "-f", servers], env=front_of(tmp_path, 8443), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "[ALERT]" not in done.stderr + done.stdout, done.stderr


def test_a_server_reads_the_replica_and_writes_to_whichever_takes_writes() -> None:
    told = setup.environment("coordinators", PASSWORDS, "one:5432", "two:5432")
    assert "host=two:5432&host=one:5432&target_session_attrs=prefer-standby" in told[addresses.SHARED_URL_VARIABLE]
    for variable in (addresses.WRITE_URL_VARIABLE, *addresses.NARROW.values()):
        assert "host=one:5432&host=two:5432&target_session_attrs=primary" in told[variable]
    assert len({addresses.parse(url).username for url in told.values()}) == len(set(addresses.NARROW.values())) + 1
    assert all(PASSWORDS[str(addresses.parse(url).username)] == addresses.parse(url).password for url in told.values())


def test_the_address_for_writing_is_answered_by_a_primary_also_to_who_may_only_read(postgresql: str) -> None:
    """A reader's session is read-only: an address that asks for sessions that take writes would be refused by every host."""
    host = postgresql.partition("@")[2]
    told = setup.address("owner", "", "postgres", [host, host], "primary")
    with connections.open_reader(told).connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    with connections.open_appender(told, "saved_view").connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_two_servers_that_both_take_writes_are_told_of(postgresql: str) -> None:
    host = postgresql.partition("@")[2]
    (found,) = doctor._one_primary("shared", setup.address("owner", "", "postgres", [host, host], "primary"))
    assert "take writes, each for itself" in found.what and "replica" in found.remedy
    away = f"127.0.0.1:{cluster.free_port()}"
    found, gone = doctor._one_primary("shared", setup.address("owner", "", "postgres", [host, away], "primary"))
    assert not found.remedy and away in gone.what and gone.remedy


def test_the_owner_writes_to_whichever_is_the_primary_and_is_told_nothing_that_a_server_was() -> None:
    told = setup.environment("owner", PASSWORDS, "one:5432", "two:5432")
    assert "host=one:5432&host=two:5432&target_session_attrs=primary" in told[addresses.SHARED_URL_VARIABLE]
    assert told[addresses.WRITE_URL_VARIABLE] == told[addresses.CASES_WRITE_URL_VARIABLE] == ""


def test_the_funders_servers_know_of_no_case_database_and_servers_of_no_owner() -> None:
    for part in ("funders", "coordinators"):
        told = setup.environment(part, PASSWORDS, "one:5432")
        assert (addresses.CASES_URL_VARIABLE in told) is (part == "coordinators")
        assert setup.OWNER not in str(told) and addresses.WRITE_URL_VARIABLE not in told
        assert f"meridian_{'coordinators' if part == 'funders' else 'funders'}" not in str(told)


def test_servers_that_load_files_and_try_publications_are_told_how_and_funders_are_not() -> None:
    told = setup.environment("coordinators", PASSWORDS, "one:5432", takes_uploads=True)
    assert told[addresses.UPLOADS_VARIABLE] == "1"
    assert addresses.parse(told[addresses.IMPORT_URL_VARIABLE]).username == "meridian_importer"
    for variable in addresses.PUBLISHER_URL_VARIABLES.values():
        assert addresses.parse(told[variable]).username == "meridian_publisher"
    plain = setup.environment("coordinators", PASSWORDS, "one:5432")
    assert set(told) - set(plain) == {
        addresses.UPLOADS_VARIABLE, addresses.IMPORT_URL_VARIABLE, *addresses.PUBLISHER_URL_VARIABLES.values()
    }  # fmt: skip
    with pytest.raises(Refused, match="funders"):
        setup.environment("funders", PASSWORDS, "one:5432", takes_uploads=True)


def test_passwords_are_asked_for_by_name_where_they_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(setup.variable(setup.OWNER), raising=False)
    assert cli.main(["setup", "environment", "owner"]) == 1
    assert setup.variable(setup.OWNER) in capsys.readouterr().err
    assert cli.main(["setup", "passwords"]) == 0
    made = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    assert len(set(made.values())) == len(made) == len(PASSWORDS)
    assert all(len(password.strip("'")) >= 32 for password in made.values())


def haproxy() -> str:
    found = shutil.which("haproxy")
    if not found:
        unavailable("haproxy is missing; install it with: apt install haproxy")
    return str(found)


def front_of(folder: Path, port: int) -> dict[str, str]:
    return {
        "MERIDIAN_DEPLOY": str(DEPLOY), "MERIDIAN_BIND": f"127.0.0.1:{port}", "MERIDIAN_HOST": "dash.example",
        "MERIDIAN_CERTIFICATE": str(folder / "front.pem"),
    }  # fmt: skip


@pytest.fixture
def front(tmp_path: Path) -> Iterator[int]:
    """The port of a front whose only server is not there."""
    cluster.certificate(tmp_path / "front.pem")
    port, nowhere = cluster.free_port(), cluster.free_port()
    servers = tmp_path / "servers.cfg"
    servers.write_text(f"backend meridian from servers\n    server one 127.0.0.1:{nowhere} cookie one\n")
    running = subprocess.Popen(
        [haproxy(), "-db", "-f", DEPLOY / "haproxy.cfg", "-f", servers], env=front_of(tmp_path, port), stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for _try in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield port
    running.kill()
    running.wait()


def said(port: int, request: str, patience: float = 3.0) -> str:
    """What the front answers to these bytes, over TLS."""
    answer, context = b"", cluster.trusting()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=patience) as raw,
        context.wrap_socket(raw, server_hostname="dash.example") as secured,
    ):
        secured.sendall(request.encode())
        while piece := secured.recv(65536):
            answer += piece
    return answer.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("request_lines", "status"),
    [
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n", 421),
        ("GET / HTTP/1.1\r\nHost: dash.example.evil.example\r\n", 421),
        ("GET /ready HTTP/1.1\r\nHost: dash.example\r\n", 404),
        ("GET /metrics HTTP/1.1\r\nHost: dash.example\r\n", 404),
        ("PUT /x HTTP/1.1\r\nHost: dash.example\r\nContent-Length: 99999999\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: dash.example\r\n" + "".join(f"X-{n}: y\r\n" for n in range(80)), 400),
        ("GET / HTTP/1.1\r\nHost: dash.example\r\nX: " + "y" * 40_000 + "\r\n", 400),
    ],
)
def test_the_front_refuses_foreign_names_inner_addresses_and_oversized_requests(
    front: int, request_lines: str, status: int
) -> None:
    assert said(front, f"{request_lines}Connection: close\r\n\r\n").startswith(f"HTTP/1.1 {status}")


def test_while_no_server_answers_the_front_says_so_in_words_of_ours(front: int) -> None:
    for _try in range(40):
        answer = said(front, "GET / HTTP/1.1\r\nHost: dash.example\r\nConnection: close\r\n\r\n")
        if answer.startswith("HTTP/1.1 503"):
            break
        time.sleep(0.2)
    assert "Meridian" in answer and "HAProxy" not in answer and "antwortet" in answer and "не отвечает" in answer


def test_the_front_ends_a_browser_that_never_finishes_its_question(front: int) -> None:
    begun = time.monotonic()
    answer = said(front, "GET / HTTP/1.1\r\nHost: dash.example\r\n", patience=15)
    assert answer.startswith("HTTP/1.1 408") or not answer
    assert time.monotonic() - begun < 12


def test_the_front_speaks_no_old_tls(front: int) -> None:
    old = cluster.trusting()
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", front), timeout=3) as raw, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(raw, server_hostname="dash.example")


@pytest.mark.skipif(not IS_RELEASE, reason="a whole deployment, at a release")
def test_a_reader_goes_on_when_her_server_the_replica_or_the_primary_dies() -> None:
    haproxy()
    with cluster.Cluster(2) as made:
        for dies, back in (
            ("server-0", lambda: made.start_server(0)),
            ("server-1", lambda: made.start_server(1)),
            ("replica", made.replica.start),
            ("primary", made.primary.start),
        ):
            made.kill(dies)
            asyncio.run(reads(made.address))
            back()
            made._wait_for(lambda: not made.down())


async def reads(address: str) -> None:
    """A reader who comes, within ten seconds, and reads a page."""
    until = time.monotonic() + 10
    while True:
        try:
            async with await opened(address, ssl=cluster.trusting()) as reader:
                await asked(reader, "", "as=coordinator", {})
                return
        except Exception:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.3)
