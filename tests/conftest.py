"""Databases, servers and readers that tests share. SQLite always; PostgreSQL, browser and spreadsheet when present."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn, TypeVar
from zlib import crc32

import pytest
from filelock import FileLock
from hypothesis import settings
from sqlalchemy import Engine, Integer, create_engine, insert, select, text
from streamlit.components.v2 import manifest_scanner

from dashboard.page import reading
from dashboard.page.opening import open_for
from dashboard.page.reading import read_metas
from dashboard.page.registry import listed
from dashboard.page.visit import Visit, open_visit
from data_access import addresses, connections, database, rights, schema
from data_access.filters import Filters
from data_access.migrate import upgrade
from data_access.viewer import Viewer
from data_access.vocabulary import code_rows, route_rows
from deploy import cluster
from deploy.cluster import free_port

settings.register_profile("no wall time", deadline=None)
settings.load_profile("no wall time")
os.environ["MERIDIAN_LANGUAGE"] = "en"
IS_RELEASE = os.environ.get("MERIDIAN_RELEASE") == "1"
"""`make release` runs whole matrices of screens, choices and made examples, where `make test` runs a sample of each."""
T = TypeVar("T")
ROOT = Path(__file__).parent.parent
MERIDIAN = (sys.executable, "-m", "dashboard.commands.cli")
PAGES = tuple(listed())
FUNDER = Viewer("funder")
STEWARD = Viewer("steward", None)
LITHUANIAN = Viewer("coordinator", ("LT",))
EVERYWHERE = Viewer("coordinator", None)
ROLES = {"funder": FUNDER, "coordinator of LT": LITHUANIAN, "coordinator of all": EVERYWHERE, "steward": STEWARD}


KINDS: tuple[database.Which, ...] = ("shared", "cases")


def some(values: Sequence[T], of: int, *cell: object) -> list[T]:
    """Every one of `of` values, beginning at a place that differs from cell to cell of a matrix; all of them at a release."""
    if IS_RELEASE:
        return list(values)
    return list(values[sum(map(ord, "".join(map(str, cell)))) % of :: of])


def examples(whole: int, least: int = 6) -> int:
    """How many examples hypothesis makes: `whole` at a release, else a fifth of them and no fewer than `least`."""
    return whole if IS_RELEASE else max(least, whole // 5)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Figures of a small load, and what is marked so, are tried on one database or the other by turns, on both at a release.
    A test that starts PostgreSQL says so, also where its name does not: `make quick` leaves it out."""
    items[:] = [item for item in items if IS_RELEASE or _is_its_turn(item)]
    for item in items:
        if "postgresql" in getattr(item, "fixturenames", ()):
            item.add_marker("postgresql")


def _is_its_turn(item: pytest.Item) -> bool:
    kind = getattr(item, "callspec", None) and item.callspec.params.get("empty")  # type: ignore[attr-defined]
    if kind is None or not ("engines" in getattr(item, "fixturenames", ()) or item.get_closest_marker("by_turns")):
        return True
    return kind == ("sqlite", "postgresql")[crc32(item.name.replace(kind, "").encode()) % 2]


def unavailable(what: str) -> NoReturn:
    """Skip with the reason; on CI a missing tool is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have what every test needs: {what}", pytrace=False)
    pytest.skip(what)


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills: by the first process of this run that asks for it, for all of them."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            unfinished = Path(f"{folder}.unfinished")
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder


def build_sample(shared_url: str, cases_url: str) -> None:
    """The sample world in two databases, by the command that makes it for everybody."""
    known = {addresses.SHARED_URL_VARIABLE: shared_url, addresses.CASES_URL_VARIABLE: cases_url}
    subprocess.run(
        [*MERIDIAN, "init", "--sample"], check=True, cwd=ROOT, env=os.environ | known, stdout=subprocess.DEVNULL
    )


def copy_rows(source: str, target: str, which: database.Which) -> None:
    """Every row of a database into a new one of another kind."""
    there, here = connections.open_writer(source), connections.open_writer(target)
    upgrade(here, which)
    with there.connect() as reading_, here.begin() as writing:
        for table in database.METADATA[which].sorted_tables:
            rows = [dict(row) for row in reading_.execute(select(table)).mappings()]
            for first in range(0, len(rows), 10_000):
                writing.execute(table.insert(), rows[first : first + 10_000])
            if rows and isinstance(table.columns[0].type, Integer) and table.columns[0].name == "id":
                set_next = (
                    f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), max(id)) FROM \"{table.name}\""
                )
                writing.execute(text(set_next))
    for engine in (there, here):
        engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def packages_looked_through_once() -> Iterator[None]:
    """Streamlit looks through every installed package for components at each run of a page outside a server."""
    looked = cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manifest_scanner, "scan_component_manifests", looked)
        yield


@pytest.fixture(scope="session")
def sample_urls(tmp_path_factory: pytest.TempPathFactory) -> addresses.Urls:
    """The sample world on SQLite; tests that write have a copy."""

    def make(folder: Path) -> None:
        build_sample(f"sqlite:///{folder}/shared.db", f"sqlite:///{folder}/cases.db")

    folder = made_once(tmp_path_factory, "sample", make)
    return addresses.Urls(f"sqlite:///{folder}/shared.db", f"sqlite:///{folder}/cases.db")


def postgresql_programs() -> Path:
    """The folder of the newest PostgreSQL's programs."""
    try:
        return cluster.programs()
    except cluster.Missing as missing:
        unavailable(str(missing))


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server on loopback, started for this process; ends with its superuser's name."""
    programs, folder, port = postgresql_programs(), tmp_path_factory.mktemp("postgresql"), free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:
        for parent in (folder, *folder.parents):
            if parent.stat().st_mode & 0o5 != 0o5:
                parent.chmod(0o755)
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    subprocess.run(
        [*as_user, programs / "initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C"],
        check=True,
        capture_output=True,
    )
    options = (
        f"-p {port} -c max_connections=400 -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    )
    control = [*as_user, programs / "pg_ctl", "-D", data, "-w"]
    subprocess.run(
        [*control, "-o", options, "-l", folder / "log", "start"], check=True, stdout=subprocess.DEVNULL, cwd=folder
    )
    yield f"postgresql://owner@127.0.0.1:{port}"
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL, cwd=folder)


@pytest.fixture(scope="session")
def postgresql_urls(
    postgresql: str, sample_urls: addresses.Urls, tmp_path_factory: pytest.TempPathFactory
) -> addresses.Urls:
    """The sample world on PostgreSQL, read as a role that may only SELECT: row by row as on SQLite; built there at a release."""
    built_here = False
    administrator = create_engine(
        f"{postgresql.replace('postgresql', 'postgresql+psycopg')}/postgres", isolation_level="AUTOCOMMIT"
    )
    with administrator.connect() as connection:
        connection.execute(text("CREATE ROLE reader LOGIN"))
        connection.execute(text("CREATE DATABASE shared"))
        connection.execute(text("CREATE DATABASE cases"))

    def make(folder: Path) -> None:
        nonlocal built_here
        if IS_RELEASE:
            build_sample(f"{postgresql}/shared", f"{postgresql}/cases")
        for which in KINDS:
            if not IS_RELEASE:
                copy_rows(str(getattr(sample_urls, which)), f"{postgresql}/{which}", which)
            copied = [postgresql_programs() / "pg_dump", "-Fc", "-f", folder / which, f"{postgresql}/{which}"]
            subprocess.run(copied, check=True)
        built_here = True

    folder = made_once(tmp_path_factory, "sample_on_postgresql", make)
    for which in KINDS:
        if not built_here:
            restored = [postgresql_programs() / "pg_restore", "-d", f"{postgresql}/{which}", folder / which]
            subprocess.run(restored, check=True)
    owners = {which: connections.open_writer(f"{postgresql}/{which}") for which in KINDS}
    rights.grant(owners, "reader", "reader")
    reader = postgresql.replace("owner@", "reader@")
    return addresses.Urls(f"{reader}/shared", f"{reader}/cases")


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest) -> addresses.Urls:
    """The sample world on either database."""
    return request.getfixturevalue("sample_urls" if request.param == "sqlite" else "postgresql_urls")


@pytest.fixture(scope="session")
def sample(sample_urls: addresses.Urls) -> dict[str, Engine]:
    """Readers of the SQLite sample: shared and cases."""
    return {
        "shared": connections.open_reader(sample_urls.shared),
        "cases": connections.open_reader(str(sample_urls.cases), "cases"),
    }


@pytest.fixture
def empty_shared(tmp_path: Path) -> Engine:
    """A writable shared database with tables and no rows."""
    engine = connections.open_writer(f"sqlite:///{tmp_path}/empty.db")
    upgrade(engine, "shared")
    return engine


def new_database(request: pytest.FixtureRequest, tmp_path: Path, name: str = "fresh") -> Engine:
    """A newly created, empty database that can be written, of the kind the fixture is parametrised with."""
    if request.param == "sqlite":
        return connections.open_writer(f"sqlite:///{tmp_path}/{name}.db")
    return created(request.getfixturevalue("postgresql"), f"{name}_{uuid.uuid4().hex[:8]}")


def new_databases(request: pytest.FixtureRequest, tmp_path: Path) -> dict[database.Which, Engine]:
    """A new shared and a new case database."""
    return {which: new_database(request, tmp_path, which) for which in KINDS}


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """A newly created, empty database that can be written."""
    return new_database(request, tmp_path)


@pytest.fixture
def deployment(
    request: pytest.FixtureRequest, sample_urls: addresses.Urls, monkeypatch: pytest.MonkeyPatch
) -> Iterator[addresses.Urls]:
    """The process environment points at the sample, which nobody writes. What one test found out is kept for the next that
    reads the sample, as for readers of one server; a test that replaces anything begins and ends with nothing kept."""
    replaces = {"monkeypatch", "own_sample"} & set(inspect.signature(request.function).parameters)
    if replaces:
        reading.forget()
    serve(sample_urls, monkeypatch)
    yield sample_urls
    if replaces:
        reading.forget()


@pytest.fixture(autouse=True)
def _nothing_of_another_database(request: pytest.FixtureRequest) -> None:
    """A test that serves databases of its own begins with nothing kept."""
    if "deployment" not in request.fixturenames:
        _served.clear()
        reading.forget()


@pytest.fixture
def own_sample(tmp_path: Path, sample_urls: addresses.Urls, monkeypatch: pytest.MonkeyPatch) -> addresses.Urls:
    """A sample world of this test's own, to write into, served like `deployment`.

    Of its coordinators of some countries those of Lithuania alone are left, which makes a refresh quick.
    """
    for url in (sample_urls.shared, str(sample_urls.cases)):
        shutil.copy(url.removeprefix("sqlite:///"), tmp_path)
    urls = addresses.Urls(f"sqlite:///{tmp_path}/shared.db", f"sqlite:///{tmp_path}/cases.db")
    with connections.open_writer(urls.shared).begin() as connection:
        connection.execute(text("DELETE FROM export_log"))
        connection.execute(text("DELETE FROM viewer_country WHERE host_country <> 'LT'"))
    serve(urls, monkeypatch)
    return urls


_served: list[addresses.Urls] = []


def serve(urls: addresses.Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages read these databases for the length of a test, with nothing kept of others."""
    if _served[-1:] != [urls]:
        _served[:] = [urls]
        reading.forget()
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, urls.shared)
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, urls.cases or "")


def open_sample_visit(viewer: Viewer = FUNDER, filters: Filters | None = None) -> Visit:
    """A visit on the sample outside the frame, for topics and exports."""
    visit = open_for(viewer, read_metas())
    visit.filters = filters or Filters()
    return visit


@pytest.fixture
def visit(deployment: addresses.Urls) -> Iterator[Visit]:
    """A funder's unfiltered visit."""
    yield open_sample_visit()
    open_visit(None)


class Server:
    """A running dashboard on loopback: of this checkout, or of the `program` given."""

    def __init__(
        self,
        urls: addresses.Urls,
        program: Sequence[str | Path] = MERIDIAN,
        folder: Path = ROOT,
        port: int | None = None,
        **environment: str,
    ) -> None:
        self.port = port or free_port()
        self.address = f"http://localhost:{self.port}"
        known = {addresses.SHARED_URL_VARIABLE: urls.shared, addresses.CASES_URL_VARIABLE: urls.cases or ""}
        self.process = subprocess.Popen(
            [*program, "serve", "--port", str(self.port)],
            cwd=folder,
            env=os.environ | known | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait()

    def _wait(self) -> None:
        for _attempt in range(300):
            try:
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("The dashboard did not start.")

    def stop(self) -> str:
        """Stop the server; returns everything it logged."""
        os.killpg(self.process.pid, 15)
        return self.process.communicate(timeout=10)[0].decode()


@pytest.fixture(scope="session")
def server(sample_urls: addresses.Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One running dashboard for all browser tests; what it writes goes to a copy, so that the sample stays as built."""
    written = tmp_path_factory.mktemp("written") / "shared.db"
    shutil.copy(sample_urls.shared.removeprefix("sqlite:///"), written)
    running = Server(sample_urls, **dict.fromkeys(addresses.NARROW.values(), f"sqlite:///{written}"))
    yield running
    running.stop()


def with_vocabulary(engines: Mapping[database.Which, Engine]) -> None:
    """New databases as `meridian init` leaves them."""
    for which, engine in engines.items():
        upgrade(engine, which)
    with engines["shared"].begin() as connection:
        connection.execute(insert(schema.code), code_rows())
    with engines["cases"].begin() as connection:
        connection.execute(insert(schema.route), route_rows())
    for engine in engines.values():
        engine.dispose()


@pytest.fixture(scope="session")
def empty_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty shared.db and cases.db with their vocabulary, made once: to copy."""

    def make(folder: Path) -> None:
        with_vocabulary({which: connections.open_writer(f"sqlite:///{folder}/{which}.db") for which in KINDS})

    return made_once(tmp_path_factory, "empty", make)


@pytest.fixture(scope="session")
def empty_templates(postgresql: str) -> str:
    """The server that holds databases of empty_shared and empty_cases with their vocabulary, to be copied."""
    with_vocabulary({which: created(postgresql, f"empty_{which}") for which in KINDS})
    return postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[database.Which, Engine]]:
    """Two empty databases with their vocabulary."""
    if request.param == "sqlite":
        made: Path = request.getfixturevalue("empty_files")
        engines = {which: copied(made / f"{which}.db", tmp_path) for which in KINDS}
    else:
        server: str = request.getfixturevalue("empty_templates")
        engines = {which: created(server, f"{which}_{uuid.uuid4().hex[:8]}", f"empty_{which}") for which in KINDS}
    yield engines
    for engine in engines.values():
        engine.dispose()


def copied(made: Path, folder: Path) -> Engine:
    """A copy of a SQLite database that can be written."""
    shutil.copy(made, folder)
    return connections.open_writer(f"sqlite:///{folder}/{made.name}")


def created(server: str, name: str, template: str = "template1") -> Engine:
    """A new database of a PostgreSQL server that can be written."""
    administrator = connections.open_writer(f"{server}/postgres")
    with administrator.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    administrator.dispose()
    return connections.open_writer(f"{server}/{name}")


@pytest.fixture
def engines(
    empty: dict[database.Which, Engine], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[database.Which, Engine]]:
    """Two empty databases with their vocabulary that pages read."""
    shared, cases = (
        empty[which].url.render_as_string(hide_password=False).replace("postgresql+psycopg", "postgresql")
        for which in ("shared", "cases")
    )
    serve(addresses.Urls(shared, cases), monkeypatch)
    yield empty
    open_visit(None)


CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """One browser for all tests of a process: a second one cannot be started beside it."""
    from playwright import sync_api as playwright

    program = shutil.which("chromium")
    if not program:
        unavailable("Chromium is missing; install it with: apt install chromium")
    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()
