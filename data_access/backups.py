"""Copies of the databases of one moment in a folder, and databases made of them again. Nothing is half there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import URL

from data_access import addresses, connections, database, meta
from data_access.i18n import _
from data_access.problems import DatabaseProblem
from data_access.viewer import Which

MANIFEST = "manifest.json"
TRIES = 3
LIBPQ = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING", "options": "PGOPTIONS", "connect_timeout": "PGCONNECT_TIMEOUT",
    "application_name": "PGAPPNAME", "target_session_attrs": "PGTARGETSESSIONATTRS", "service": "PGSERVICE",
}  # fmt: skip
"""What an address may say, and the variable that tells PostgreSQL's programs."""
SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True)
class Copy:
    """One database in a backup: its file, the kind of database, schema, data version and the file's SHA-256."""

    file: str
    kind: str
    schema: str
    version: str
    sha256: str


def backup(urls: Mapping[Which, str], folder: Path) -> dict[Which, Copy]:
    """Copy each database into a new folder, all of the same moment. Raises DatabaseProblem; then there is no folder."""
    if folder.exists() and any(folder.iterdir()):
        raise DatabaseProblem(
            _("{folder} is not empty.").format(folder=folder), _("Name a folder that is not there yet.")
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        copies = _of_one_moment(urls, made)
        facts = {which: vars(copy) for which, copy in copies.items()}
        stamp = {"made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "databases": facts}
        (made / MANIFEST).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
        (made / MANIFEST).chmod(0o600)
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return copies


def _of_one_moment(urls: Mapping[Which, str], folder: Path) -> dict[Which, Copy]:
    """Copies between which no load, undo or refresh came. Raises DatabaseProblem when one always did."""
    for _try in range(TRIES):
        before = _states(urls)
        copies = {which: _copied(url, which, before[which], folder) for which, url in urls.items()}
        if _states(urls) == before:
            return copies
    raise DatabaseProblem(
        _("Records were loaded or refreshed during every try."), _("Try again when nothing is being loaded.")
    )


def _states(urls: Mapping[Which, str]) -> dict[Which, tuple[str, str]]:
    """Schema and data version of each database."""
    found: dict[Which, tuple[str, str]] = {}
    for which, url in urls.items():
        engine = connections.open_reader(url, which)
        database.assert_schema(engine, which)
        with engine.connect() as connection:
            schema = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
            found[which] = schema, meta.version(connection, which)
        engine.dispose()
    return found


def _copied(url: str, which: Which, state: tuple[str, str], folder: Path) -> Copy:
    parsed = addresses.parse(url)
    kind = parsed.get_backend_name()
    path = folder / (f"{which}.db" if kind == SQLITE else f"{which}.dump")
    if kind == SQLITE:
        _copy_sqlite(Path(parsed.database or ""), path)
    else:
        _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}"], parsed)
    path.chmod(0o600)
    return Copy(path.name, kind, *state, _sha256(path))


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise DatabaseProblem(_("There is no database file at {file}.").format(file=source), _("Check the address."))
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as here,
        closing(sqlite3.connect(target)) as there,
    ):
        here.backup(there)


def _run(command: list[str], parsed: URL) -> None:
    """Run a program of PostgreSQL; where and as whom is in its environment, where no list of processes shows it."""
    said = parsed.get_dialect()().create_connect_args(parsed)[1]
    if unknown := sorted(set(said) - set(LIBPQ)):
        raise DatabaseProblem(
            _("The database address has parameters that pg_dump is not told: {names}.").format(
                names=", ".join(unknown)
            ),
            _("Leave them out for backups, or set them in the service file of PostgreSQL."),
        )
    named = {LIBPQ[name]: str(value) for name, value in said.items() if value}
    try:
        subprocess.run(command, env=os.environ | named, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise DatabaseProblem(
            _("{program} is not on this machine.").format(program=command[0]),
            _("Install PostgreSQL's client programs, such as Debian's postgresql-client."),
        ) from None
    except subprocess.CalledProcessError as failed:
        why = (failed.stderr or "").strip().splitlines()[:1]
        raise DatabaseProblem(
            _("{program} failed: {why}").format(program=command[0], why=" ".join(why)),
            _("Mend it and try again, when restoring with empty databases."),
        ) from None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict[Which, Copy]:
    """What a backup holds, its files as they were written. Raises DatabaseProblem for what is missing or was changed."""
    try:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["databases"]
        copies: dict[Which, Copy] = {which: Copy(**own) for which, own in facts.items()}
    except (OSError, ValueError, KeyError, TypeError):
        raise DatabaseProblem(
            _("{folder} is no backup of Meridian: its manifest is missing or cannot be read.").format(folder=folder),
            _("Name a folder that `meridian backup` made."),
        ) from None
    for copy in copies.values():
        path = folder / copy.file
        if not path.is_file() or _sha256(path) != copy.sha256:
            raise DatabaseProblem(
                _("{file} is missing or not as it was written.").format(file=path), _("Use another backup.")
            )
    return copies


def restore(folder: Path, urls: Mapping[Which, str]) -> dict[Which, Copy]:
    """Make empty databases what a backup holds. Raises DatabaseProblem before anything is written: for a backup that is not
    whole, databases that hold something, other kinds of databases, or fewer than were kept."""
    copies = read_manifest(folder)
    for which, copy in copies.items():
        if which not in urls:
            raise DatabaseProblem(
                _("The backup holds a {which} database, and none is named here.").format(which=which),
                _("Set {variable}.").format(variable=addresses.CASES_URL_VARIABLE),
            )
        if (kind := addresses.parse(urls[which]).get_backend_name()) != copy.kind:
            raise DatabaseProblem(
                _("The backup is of {kind}, the {which} database here is {here}.").format(
                    kind=copy.kind, which=which, here=kind
                ),
                _(
                    "Restore into the kind it was made of; `meridian dump` and `import` take records from one to the other."
                ),
            )
        _assert_empty(urls[which], which)
    placed = {which: (folder / copy.file, addresses.parse(urls[which])) for which, copy in copies.items()}
    _place_sqlite(
        [(file, Path(url.database or "")) for file, url in placed.values() if url.get_backend_name() == SQLITE]
    )
    for file, url in placed.values():
        if url.get_backend_name() == POSTGRESQL:
            _run(["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", f"--dbname={url.database}", str(file)],
                 url)  # fmt: skip
    return copies


def _assert_empty(url: str, which: Which) -> None:
    parsed = addresses.parse(url)
    if parsed.get_backend_name() == SQLITE and not Path(parsed.database or "").exists():
        return
    engine: Engine = connections.open_writer(url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    if tables:
        raise DatabaseProblem(
            _("The {which} database has tables already ({tables}).").format(which=which, tables=", ".join(tables[:3])),
            _("A backup only goes into empty databases: choose another URL, or move the old one away."),
        )


def _place_sqlite(files: Sequence[tuple[Path, Path]]) -> None:
    """All files whole or none: each is written beside its place, then all are moved there."""
    ready: list[tuple[str, Path]] = []
    try:
        for source, target in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}-", delete=False) as made:
                ready.append((made.name, target))
                shutil.copyfile(source, made.name)
                os.fsync(made.fileno())
            os.chmod(made.name, 0o600)
        for made_name, target in ready:
            os.replace(made_name, target)
    finally:
        for made_name, _target in ready:
            Path(made_name).unlink(missing_ok=True)
