"""Faults put in on purpose: killed in the midst, no room left, a disk that takes nothing, a damaged file, a clock that went back.
Nothing is lost, nothing is half there, and there is a sentence for each."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from streamlit.testing.v1 import AppTest

from dashboard.commands import cli
from dashboard.page import reading
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, database, meta, rights, sign_ins
from data_access.case_summaries import SUMMARIES
from data_access.migrate import upgrade
from data_access.viewer import Which
from deploy import cluster
from tests import killed
from tests.conftest import IS_RELEASE, ROOT, unavailable
from tests.import_files import book
from tests.small_loads import AS_OF, GRANTS, INITIATIVES, grant, initiative
from tests.test_backups import address, rows

Engines = Mapping[Which, Engine]
COMMAND = """
from dashboard.commands.cli import main
status = main(sys.argv[2:])
told()
sys.exit(status)
"""
PLACES = (0.05, 0.3, 0.5, 0.7, 0.9, 0.99) if IS_RELEASE else (0.7,)
MADE = {*rights.REBUILT, *(table.name for table in SUMMARIES)} - {"meta"}
BOTH: tuple[Which, Which] = ("shared", "cases")
RUNS = {"import_run", "import_issue", "import_change", "source_record"}
COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "import": lambda folder: ["import", str(folder / "second.xlsx"), "--source", "second"],
    "refresh": lambda folder: ["refresh", "--as-of", "2024-09-30"],
    "undo": lambda folder: ["undo", "1"],
    "backup": lambda folder: ["backup", str(folder / "kept")],
}

KILLED = (
    [(what, kind) for what in COMMANDS for kind in ("sqlite", "postgresql")] if IS_RELEASE else [("import", "sqlite")]
)


def a_book(path: Path, name: str, grants: int = 60) -> Path:
    organisations = [initiative(name), initiative(f"F{name}", member="no")]
    return book(
        path,
        Initiatives=[INITIATIVES, *organisations],
        Grants=[GRANTS, *(grant(f"{name}{n}", f"F{name}", name, 10 + n) for n in range(grants))],
    )


@pytest.fixture
def loaded(empty: Engines, tmp_path: Path) -> Engines:
    """Two databases with one small load, summed up, and a second file at hand."""
    bring(empty, Request("first", [a_book(tmp_path / "first.xlsx", "A")]), AS_OF, lambda _n: None)
    refresh(empty["shared"], empty["cases"], AS_OF)
    a_book(tmp_path / "second.xlsx", "B")
    return empty


def run(engines: Engines, at: int, words: list[str]) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own that dies before its `at`-th statement; 0: lives."""
    urls = {"MERIDIAN_DATABASE_URL": address(engines["shared"]), "MERIDIAN_CASES_URL": address(engines["cases"])}
    return killed.run(COMMAND, at, words, urls)


def state(engines: Engines) -> dict[Which, dict[str, list]]:
    """Every row of both databases."""
    return {which: rows(engine, which) for which, engine in engines.items()}


def copies(engines: Engines, folder: Path) -> Callable[[], None]:
    """Keeps what is there; what it returns puts it back."""
    if engines["shared"].dialect.name == "sqlite":
        kept = {Path(str(one.url.database)): folder / f"{which}.kept" for which, one in engines.items()}
        for path, copy in kept.items():
            shutil.copy(path, copy)

        def back() -> None:
            for engine in engines.values():
                engine.dispose()
            for path, copy in kept.items():
                shutil.copy(copy, path)

        return back
    server = engines["shared"].url.set(database="postgres")
    names = {which: f"{one.url.database}_kept" for which, one in engines.items()}

    def each(make: Callable[[str, str], tuple[str, ...]]) -> None:
        for which, engine in engines.items():
            engine.dispose()
            with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
                for statement in make(str(engine.url.database), names[which]):
                    connection.execute(text(statement))

    each(lambda own, kept: (f"CREATE DATABASE {kept} TEMPLATE {own}",))
    return lambda: each(
        lambda own, kept: (f"DROP DATABASE {own} WITH (FORCE)", f"CREATE DATABASE {own} TEMPLATE {kept}")
    )


@pytest.mark.parametrize(("what", "empty"), KILLED, indirect=["empty"])
def test_a_command_killed_in_its_midst_leaves_each_database_as_it_was_or_as_it_becomes_and_can_be_run_again(
    loaded: Engines, what: str, tmp_path: Path
) -> None:
    if what == "backup" and loaded["shared"].dialect.name == "postgresql" and not shutil.which("pg_dump"):
        unavailable("pg_dump is missing; install it with: apt install postgresql-client")
    words, back = COMMANDS[what](tmp_path), copies(loaded, tmp_path)
    before = state(loaded)
    whole = run(loaded, 0, words)
    assert whole.returncode == 0, whole.stderr
    after, statements = state(loaded), killed.statements(whole)
    for place in PLACES:
        back()
        shutil.rmtree(tmp_path / "kept", ignore_errors=True)
        died = run(loaded, max(1, round(statements * place)), words)
        assert died.returncode == -signal.SIGKILL, died.stderr
        now = state(loaded)
        for which, engine in loaded.items():
            then, made = counted(before[which]), counted(after[which])
            for part in (records_in, sums_in):
                held = part(counted(now[which]))
                assert held in (part(then), part(made)), (what, place, which)
            is_loaded, is_summed = (part(counted(now[which])) != part(then) for part in (records_in, sums_in))
            if is_loaded and not is_summed and sums_in(then) != sums_in(made):
                assert meta.is_stale(database.read_meta(engine, which)), (what, place, which)
            assert now[which] == before[which] or what != "backup"
        assert not (tmp_path / "kept").exists()
        assert run(loaded, 0, words).returncode == 0
        again = state(loaded)
        for which in loaded:
            assert without_runs(counted(again[which])) == without_runs(counted(after[which])), (what, place, which)


def without_runs(counts: Mapping[str, int]) -> dict[str, int]:
    """What there is, but for how it came: a load that was whole already is noted again as one that changed nothing."""
    return {name: n for name, n in counts.items() if name not in RUNS}


def records_in(counts: Mapping[str, int]) -> dict[str, int]:
    """What was recorded."""
    return {name: n for name, n in counts.items() if name not in MADE}


def sums_in(counts: Mapping[str, int]) -> dict[str, int]:
    """What is made of it at refresh."""
    return {name: n for name, n in counts.items() if name in MADE}


def counted(tables: Mapping[str, list]) -> dict[str, int]:
    """How many rows each table holds: ids differ between two runs, what there is does not."""
    return {name: len(found) for name, found in tables.items()}


@pytest.fixture
def full(empty: Engines) -> Iterator[Engine]:
    """A SQLite file that may grow by a few pages and no more."""
    engine = empty["shared"]

    @event.listens_for(engine, "connect")
    def limit(connection, _record) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    engine.dispose()
    yield engine
    event.remove(engine, "connect", limit)


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_a_load_for_which_there_is_no_room_leaves_nothing_behind_and_says_so(
    full: Engine, empty: Engines, tmp_path: Path
) -> None:
    before = rows(full, "shared")
    path = a_book(tmp_path / "large.xlsx", "L", grants=400)
    with pytest.raises(SQLAlchemyError) as refusal:
        bring({"shared": full}, Request("large", [path]), AS_OF, lambda _n: None)
    assert "full" in str(cli._first(refusal.value))
    full.dispose()
    left = rows(connections.open_writer(address(full)), "shared")
    changed = {name for name in left if left[name] != before[name]}
    assert not changed


def open_to_a_server(folder: Path) -> None:
    """Let the user that PostgreSQL runs as reach a folder of this test."""
    for one in (folder, *folder.parents):
        if one.stat().st_mode & 0o5 != 0o5:
            one.chmod(0o755)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 MB in memory, where this machine lets one be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200m,mode=755", "tmpfs", folder],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def on_small_disk(request: pytest.FixtureRequest, small_disk: Path) -> Iterator[tuple[Engines, Callable[[], None]]]:
    """Two databases that lie on it, and how to start their server anew."""
    open_to_a_server(small_disk)
    if request.param == "sqlite":
        server, urls = None, {which: f"sqlite:///{small_disk}/{which}.db" for which in BOTH}
    else:
        server = cluster.Database(small_disk / "server")
        server.make()
        server.start()
        urls = {which: f"postgresql://{cluster.OWNER_OF_SERVER}@{server.address}/{which}" for which in BOTH}
        owner = create_engine(
            f"postgresql+psycopg://{cluster.OWNER_OF_SERVER}@{server.address}/postgres", isolation_level="AUTOCOMMIT"
        )
        with owner.connect() as connection:
            for which in BOTH:
                connection.execute(text(f"CREATE DATABASE {which}"))
        owner.dispose()
    engines = {which: connections.open_writer(url) for which, url in urls.items()}
    for which, engine in engines.items():
        upgrade(engine, which)

    def again() -> None:
        for engine in engines.values():
            engine.dispose()
        if server:
            server.kill()
            server.start()

    yield engines, again
    for engine in engines.values():
        engine.dispose()
    if server:
        server.kill()


def test_a_load_that_fills_the_disk_leaves_nothing_behind_says_so_and_goes_in_when_there_is_room(
    on_small_disk: tuple[Engines, Callable[[], None]], small_disk: Path, tmp_path: Path
) -> None:
    engines, again = on_small_disk
    bring(engines, Request("first", [a_book(tmp_path / "first.xlsx", "A")]), AS_OF, lambda _n: None)
    refresh(engines["shared"], engines["cases"], AS_OF)
    a_book(tmp_path / "second.xlsx", "L", grants=800)
    before = state(engines)
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file:
        file.write(bytes(max(0, shutil.disk_usage(small_disk).free - 200_000)))
    done = run(engines, 0, COMMANDS["import"](tmp_path))
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert "full" in done.stderr or "No space left" in done.stderr, done.stderr
    ballast.unlink()
    again()
    assert state(engines) == before
    assert run(engines, 0, COMMANDS["import"](tmp_path)).returncode == 0
    assert counted(state(engines)["shared"])["grant"] == counted(before["shared"])["grant"] + 800


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_a_command_on_a_disk_that_takes_nothing_says_so_and_readers_go_on(empty: Engines, tmp_path: Path) -> None:
    if os.geteuid() == 0 and not _can_be_read_only(tmp_path):
        pytest.skip("this machine lets root write everywhere")
    before = rows(empty["shared"], "shared")
    with read_only(Path(str(empty["shared"].url.database))):
        done = run(empty, 0, ["refresh", "--as-of", "2024-06-30"])
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert "readonly" in done.stderr, done.stderr
        reader = connections.open_reader(address(empty["shared"]))
        assert database.read_meta(reader) == database.read_meta(empty["shared"])
    assert rows(empty["shared"], "shared") == before


class read_only:  # noqa: N801
    """A file and its folder that nobody writes to, not even root."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __enter__(self) -> None:
        self.file.chmod(0o400)
        subprocess.run(["chattr", "+i", self.file], check=False, capture_output=True)

    def __exit__(self, *_fault: object) -> None:
        subprocess.run(["chattr", "-i", self.file], check=False, capture_output=True)
        self.file.chmod(0o600)


def _can_be_read_only(folder: Path) -> bool:
    probe = folder / "probe"
    probe.touch()
    with read_only(probe):
        try:
            probe.write_text("x")
        except OSError:
            return True
    return False


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgresql: str) -> Iterator[cluster.Database]:
    """A PostgreSQL server of this test's own with an empty sample network, which pages read."""
    open_to_a_server(tmp_path)
    server = cluster.Database(tmp_path / "server")
    server.make()
    server.start()
    url = f"postgresql://{cluster.OWNER_OF_SERVER}@{server.address}/postgres"
    owner = connections.open_writer(url)
    upgrade(owner, "shared")
    with owner.begin() as connection:
        meta.write(connection, "shared", is_sample="1")
    refresh(owner, None, AS_OF)
    owner.dispose()
    for name in (addresses.CASES_URL_VARIABLE, addresses.WRITE_URL_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, url)
    reading.forget()
    yield server
    reading.forget()
    server.kill()


def test_a_database_that_is_restarted_under_readers_is_a_sentence_meanwhile_and_serves_them_again(
    own_server: cluster.Database,
) -> None:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    assert not app.exception and not app.error
    shown = app.title[0].value
    own_server.kill()
    app.run()
    assert not app.exception and app.title[0].value == "Meridian cannot read its database"
    assert "postgres" not in str(app.error[0].value) + str(app.info[0].value)
    own_server.start()
    app.run()
    assert not app.exception and not app.error and app.title[0].value == shown


@pytest.mark.parametrize("place", [1, 2, 5, 9])
def test_a_page_whose_connection_breaks_in_the_midst_of_a_read_is_read_once_more_and_shown(
    own_server: cluster.Database, place: int
) -> None:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    shown = app.title[0].value
    reading.forget()
    watch = create_engine(os.environ[addresses.SHARED_URL_VARIABLE], isolation_level="AUTOCOMMIT")
    asked: list[str] = []

    @event.listens_for(reading.shared_engine(), "before_cursor_execute")
    def break_it(_connection: object, cursor: Any, statement: str, *_rest: object) -> None:
        asked.append(statement)
        if len(asked) == place:
            with watch.connect() as other:
                other.execute(
                    text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": cursor.connection.info.backend_pid}
                )

    app.run()
    assert len(asked) > place and not app.exception and not app.error and app.title[0].value == shown
    watch.dispose()


@pytest.mark.parametrize("damage", ["cut", "noise", "empty"])
def test_a_damaged_database_file_is_a_sentence_on_pages_and_in_commands(
    damage: str, sample_urls: addresses.Urls, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.db"
    whole = Path(sample_urls.shared.removeprefix("sqlite:///")).read_bytes()
    noise = whole[:3000] + os.urandom(len(whole) - 3000)
    path.write_bytes({"cut": whole[: len(whole) // 3], "noise": noise, "empty": b""}[damage])
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.commands.cli", "check"], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"MERIDIAN_DATABASE_URL": f"sqlite:///{path}", "MERIDIAN_CASES_URL": ""},
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in told and "meridian" in told.lower(), told


def test_a_clock_that_went_back_ends_no_sign_in_early_and_keeps_none_longer(fresh: Engine) -> None:
    upgrade(fresh, "shared")
    sign_ins._noted.clear()
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    began = now.timestamp()
    sign_ins.seen(fresh, "anna", began, now)
    sign_ins._noted.clear()
    sign_ins.seen(fresh, "anna", began, now - timedelta(minutes=5))
    sign_ins._noted.clear()
    sign_ins.seen(fresh, "anna", began, now + timedelta(minutes=20))
    sign_ins._noted.clear()
    with pytest.raises(sign_ins.Ended):
        sign_ins.seen(fresh, "anna", began, now + timedelta(minutes=55))


def test_a_load_whose_clock_went_back_comes_after_the_one_before(empty: Engines, tmp_path: Path) -> None:
    """The order of loads is that of their numbers, whatever the clock said: the newest of a source is taken back first."""
    versions = []
    for day, name in ((AS_OF, "A"), (AS_OF - timedelta(days=400), "B")):
        bring(empty, Request("one", [a_book(tmp_path / f"{name}.xlsx", name, 3)]), day, lambda _n: None)
        with empty["shared"].connect() as connection:
            versions.append(int(meta.version(connection, "shared")))
    assert versions == sorted(set(versions))
