"""A whole deployment on this machine, on loopback: `make cluster`.

HAProxy with TLS in front of several servers, a PostgreSQL primary with a streaming replica that pages read, databases and
logins as `meridian setup postgresql --print` makes them, the sample world in them. Debian's packages and nothing else; all of it
is gone when it ends. The front is that of `deploy/haproxy.cfg`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dashboard.commands import setup
from data_access import addresses

HERE = Path(__file__).parent
ROOT = HERE.parent
LOOPBACK = "127.0.0.1"
HOST = "localhost"
OWNER_OF_SERVER = "postgres"
SAMPLE = ("init", "--sample")
PATIENCE = 120.0
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "hot_standby_feedback": "on",
    "wal_level": "replica",
}


class Missing(RuntimeError):
    """A program is not there; the message says how to get it."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        return int(free.getsockname()[1])


def programs() -> Path:
    """The folder of the newest PostgreSQL's programs. Raises Missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise Missing("PostgreSQL is missing; install it with: apt install postgresql")
    return found[-1].parent


class Database:
    """A PostgreSQL server with its files in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data, self.port = folder / "data", free_port()
        folder.mkdir()
        self.as_user: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER_OF_SERVER)
            self.as_user = ["runuser", "-u", OWNER_OF_SERVER, "--"]

    @property
    def address(self) -> str:
        """Its name and port."""
        return f"{LOOPBACK}:{self.port}"

    def run(self, program: str, *arguments: object, **environment: str) -> None:
        """One of PostgreSQL's programs, as the user that may."""
        subprocess.run(
            [*self.as_user, programs() / program, *map(str, arguments)],
            check=True,
            cwd="/",
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
        )

    def make(self) -> None:
        """Its files, anew: nobody needs a password yet."""
        self.run("initdb", "-D", self.data, "-U", OWNER_OF_SERVER, "-A", "trust", "-E", "UTF8", "--locale=C")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = " ".join(f"-c {name}='{value}'" for name, value in (SETTINGS | {"port": str(self.port)}).items())
        self.run("pg_ctl", "-D", self.data, "-w", "-l", self.data / "log", "-o", options, "start")

    def kill(self) -> None:
        """As when the machine loses power: the server and what it started are gone at once."""
        with suppress(OSError):
            server = (self.data / "postmaster.pid").read_text().split()[0]
            started = Path(f"/proc/{server}/task/{server}/children").read_text().split()
            for process in (server, *started):
                with suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            while any(Path(f"/proc/{process}").exists() for process in started):
                time.sleep(0.05)


class Cluster:
    """Front, servers, primary and replica; `processes` by name. A context: all of it ends with it.

    `servers`: how many; `fill`: the command that fills the databases, or what is given the addresses of both.
    """

    def __init__(self, servers: int = 4, fill: Sequence[str] | Callable[[str, str], None] = SAMPLE) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="meridian-cluster-"))
        self.folder.chmod(0o755)
        self.fill = fill
        self.passwords = setup.new_passwords()
        self.port, self.ports = free_port(), [free_port() for _server in range(servers)]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Cluster:
        """Start everything, in the order of a real deployment. Raises Missing."""
        for program in ("haproxy", "openssl"):
            if not shutil.which(program):
                raise Missing(f"{program} is missing; install it with: apt install {program}")
        try:
            self._databases()
            for number in range(len(self.ports)):
                self.start_server(number)
            self._front()
            self._wait_for(lambda: not self.down())
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_fault: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where readers come."""
        return f"https://{HOST}:{self.port}"

    def _databases(self) -> None:
        self.primary = Database(self.folder / "primary")
        self.primary.make()
        access = (
            f"host all {OWNER_OF_SERVER} {LOOPBACK}/32 trust\nhost replication {setup.REPLICATION} {LOOPBACK}/32 scram-sha-256\n"
            f"host all all {LOOPBACK}/32 scram-sha-256\n"
        )
        (self.primary.data / "pg_hba.conf").write_text(access)
        self.primary.start()
        named = {setup.variable(role): password for role, password in self.passwords.items()}
        subprocess.run(
            [programs() / "psql", "-q", "-h", LOOPBACK, "-p", str(self.primary.port), "-U", OWNER_OF_SERVER, "-d", "postgres"],
            input="\n".join(setup.statements()),
            text=True,
            check=True,
            env=os.environ | named,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self._tables()
        self.replica = Database(self.folder / "replica")
        self.replica.run(
            "pg_basebackup", "-h", LOOPBACK, "-p", self.primary.port, "-U", setup.REPLICATION, "-D", self.replica.data, "-R", "-X", "stream", "-c", "fast",
            PGPASSWORD=self.passwords[setup.REPLICATION],
        )  # fmt: skip
        self.replica.start()

    def _tables(self) -> None:
        owner = self.owner()
        narrow = [word for role, login in setup.ROLES.items() if login != "reader" for word in (f"--{login}", role)]
        if callable(self.fill):
            self.fill(owner[addresses.SHARED_URL_VARIABLE], owner[addresses.CASES_URL_VARIABLE])
            fill: Sequence[str] = ("init",)
        else:
            fill = self.fill
        _meridian(owner, *fill, "--reader", setup.OF_COORDINATORS, *narrow)

    def owner(self) -> dict[str, str]:
        """What the commands are told that write to the primary."""
        return setup.environment("owner", self.passwords, self.primary.address)

    def environment(self) -> dict[str, str]:
        """What a server is told: it reads the replica, or the primary while there is none, and writes to whichever may be
        written."""
        return setup.environment("coordinators", self.passwords, self.primary.address, self.replica.address)

    def start_server(self, number: int) -> None:
        """Start a server, or start it again."""
        command = [sys.executable, "-m", "dashboard.commands.cli", "serve", "--port", str(self.ports[number])]
        with (self.folder / f"server-{number}.log").open("ab") as log:
            self.processes[f"server-{number}"] = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | self.environment(), stdout=log, stderr=log, start_new_session=True
            )

    def _front(self) -> None:
        made = certificate(self.folder / "front.pem")
        servers = self.folder / "servers.cfg"
        rows = [f"    server s{number} {LOOPBACK}:{port} cookie s{number}" for number, port in enumerate(self.ports)]
        servers.write_text("\n".join(("backend meridian from servers", *rows, "")))
        environment = {
            "MERIDIAN_DEPLOY": str(HERE),
            "MERIDIAN_BIND": f"{LOOPBACK}:{self.port}",
            "MERIDIAN_CERTIFICATE": str(made),
            "MERIDIAN_HOST": HOST,
        }
        with (self.folder / "front.log").open("ab") as log:
            self.processes["front"] = subprocess.Popen(
                ["haproxy", "-db", "-f", HERE / "haproxy.cfg", "-f", servers],
                env=os.environ | environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def down(self) -> list[str]:
        """The servers that cannot answer readers, and the front where it does not answer."""
        silent = [
            f"server-{number}"
            for number, port in enumerate(self.ports)
            if not answers(f"http://{LOOPBACK}:{port}/ready")
        ]
        return silent + ([] if answers(self.address) else ["front"])

    def _wait_for(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > until:
                logs = "\n".join(path.read_text()[-800:] for path in sorted(self.folder.glob("*.log")))
                raise RuntimeError(f"{', '.join(self.down())} not ready in {PATIENCE:.0f} s:\n{logs}")
            time.sleep(0.2)

    def kill(self, name: str) -> None:
        """A server, the primary or the replica is gone, as when its machine loses power."""
        if name in ("primary", "replica"):
            {"primary": self.primary, "replica": self.replica}[name].kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(self.processes[name].pid, signal.SIGKILL)
            self.processes[name].wait()

    def stop(self) -> None:
        """End everything, and leave nothing."""
        for name in list(self.processes):
            self.kill(name)
        for one in (getattr(self, "replica", None), getattr(self, "primary", None)):
            if one is not None:
                one.kill()
        time.sleep(0.5)
        shutil.rmtree(self.folder, ignore_errors=True)


def _meridian(environment: Mapping[str, str], *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "dashboard.commands.cli", *arguments],
        cwd=ROOT, env=os.environ | dict(environment), check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def certificate(file: Path) -> Path:
    """A certificate for this machine that nobody signed, with its key, in one file as the front reads it."""
    key = file.with_suffix(".key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", file],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + key.read_text())
    return file


def trusting() -> ssl.SSLContext:
    """For asking the front, whose certificate nobody signed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def answers(address: str) -> bool:
    """Whether somebody answers there, and well."""
    try:
        with urllib.request.urlopen(address, timeout=3, context=trusting() if address.startswith("https") else None):
            return True
    except OSError:
        return False


def main() -> None:
    """Start a cluster, say where it is, and keep it until somebody presses Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=4)
    chosen = parser.parse_args()
    try:
        with Cluster(chosen.servers) as cluster:
            print(
                f"Meridian: {cluster.address} ({chosen.servers} servers; the certificate is nobody's: accept it once)",
                flush=True,
            )
            signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(0))
            signal.pause()
    except KeyboardInterrupt:
        print()
    except Missing as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main()
