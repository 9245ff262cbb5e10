"""Sources and their loads: who sees what of them, files stewards send, loads that fail or are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from dashboard.answers import fixes, sources
from dashboard.answers import uploads as files
from dashboard.page.forms import (
    Sent,
)
from dashboard.page.visit import open_visit
from dashboard.upkeep.loading import Request, bring
from data_access import addresses, connections, database, queries, rights, schema
from data_access.importers import sources as source_records
from data_access.importers.records import Unreadable
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, ROOT, STEWARD, open_sample_visit
from tests.import_files import TODAY, as_json, rows_of
from tests.test_formats import FLOWS, LOG, page, written


def test_a_source_is_due_after_its_rhythm_and_overdue_half_a_rhythm_later() -> None:
    since = pd.Series([30, 31, 45, 46, None, 3], dtype="Int64")
    rhythm = pd.Series([30, 30, 30, 30, 30, None], dtype="Int64")
    assert list(sources.freshness(since, rhythm)) == ["fresh", "due", "due", "overdue", "never", "no_rhythm"]


@pytest.mark.parametrize("viewer", [FUNDER, LITHUANIAN, EVERYWHERE], ids=lambda viewer: viewer.clearance)
def test_counts_and_problems_of_loads_reach_stewards_alone(sample_urls: addresses.Urls, viewer) -> None:
    reader = connections.open_reader(sample_urls.shared)
    for ask in (queries.provenance.runs, queries.provenance.problems):
        assert database.run(reader, ask(viewer)).empty
        assert not database.run(reader, ask(STEWARD)).empty
    assert database.run(reader, queries.provenance.exports(viewer)).empty
    assert not {"created", "rejected", "not_seen"} & set(
        database.run(reader, queries.provenance.sources(viewer)).columns
    )


def test_case_sources_are_listed_for_who_sees_live_cases(sample_urls: addresses.Urls) -> None:
    reader = connections.open_reader(str(sample_urls.cases), "cases")
    assert list(database.run(reader, queries.provenance.case_sources(LITHUANIAN))["source"]) == [
        "Coordinators' case log (invented)"
    ]
    for viewer in (FUNDER, STEWARD):
        assert database.run(reader, queries.provenance.case_sources(viewer)).empty


def test_records_to_fix_name_only_what_the_reader_may_see_and_say_what_charts_leave_out(
    own_sample: addresses.Urls,
) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("UPDATE organisation SET visibility = 'aggregate_only' WHERE id = 3"))
        hidden = connection.scalar(text("SELECT name FROM organisation WHERE id = 3"))
    try:
        found = fixes.find(open_sample_visit())
        assert hidden not in set(found["initiative"]) and len(found)
        shown = fixes.by_reason(found).rows
        assert int(shown["number"].sum()) == len(found)
        assert set(found["reason"]) <= set(fixes.EFFECTS)
        assert found["slug"].notna().all()
    finally:
        open_visit(None)


@pytest.fixture
def uploads(own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch) -> addresses.Urls:
    monkeypatch.setenv(addresses.UPLOADS_VARIABLE, "1")
    return own_sample


def sent(tmp_path: Path, *, name: str = "flows.json") -> Sent:
    content = as_json(tmp_path / "flows", page(*FLOWS)).read_bytes()
    return Sent("Invented FTS", [(name, content)], None)


def grants_of(urls: addresses.Urls) -> int:
    with connections.open_writer(urls.shared).connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(schema.grant)) or 0)


def test_a_steward_tries_a_file_then_loads_it_and_pages_see_new_data(uploads: addresses.Urls, tmp_path: Path) -> None:
    visit, before, said = open_sample_visit(STEWARD), grants_of(uploads), []
    version = int(database.read_meta(connections.open_reader(uploads.shared))["data_version"])
    tried = files.take(visit, sent(tmp_path), said.append, dry_run=True)
    assert tried.created["grant"] == 5 and grants_of(uploads) == before
    done = files.take(visit, sent(tmp_path, name="..\\..\\x/../evil.json"), said.append, dry_run=False)
    assert grants_of(uploads) == before + 5 and done.created == tried.created
    meta = database.read_meta(connections.open_reader(uploads.shared))
    assert int(meta["data_version"]) > version and meta["as_of"] == "2026-10-18"
    again = files.take(visit, sent(tmp_path), said.append, dry_run=False)
    assert not any(again.created.values()) and not any(again.updated.values())


@pytest.mark.parametrize("viewer", [FUNDER, LITHUANIAN, EVERYWHERE], ids=lambda viewer: viewer.clearance)
def test_nobody_but_a_steward_loads_a_file(uploads: addresses.Urls, tmp_path: Path, viewer) -> None:
    with pytest.raises(PermissionError):
        files.take(open_sample_visit(viewer), sent(tmp_path), print, dry_run=True)


def test_without_the_switch_nobody_loads_a_file(own_sample: addresses.Urls, tmp_path: Path) -> None:
    assert own_sample
    with pytest.raises(PermissionError):
        files.take(open_sample_visit(STEWARD), sent(tmp_path), print, dry_run=True)


def test_a_log_of_cases_is_not_taken_where_there_is_no_case_database(uploads: addresses.Urls, tmp_path: Path) -> None:
    log = Sent("log", [("log.csv", LOG.encode())], None)
    with pytest.raises(Unreadable, match="no case database is configured"):
        files.take(open_sample_visit(STEWARD), log, print, dry_run=True)
    assert uploads


FORBIDDEN = [
    "UPDATE viewer SET role = 'steward'",
    "INSERT INTO viewer (subject, role) VALUES ('x', 'steward')",
    "DELETE FROM overlap_verdict",
    "DELETE FROM published_cell",
    "UPDATE export_log SET page = 'x'",
    "DROP TABLE need",
    "CREATE TABLE x (y INTEGER)",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_connection_of_uploads_can_do_nothing_else(own_sample: addresses.Urls, statement: str) -> None:
    with connections.open_importer(own_sample.shared).begin() as connection, pytest.raises(DBAPIError):
        connection.execute(text(statement))


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_postgresql_login_of_uploads_can_do_nothing_else(importer_login: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError), importer_login.begin() as connection:
        connection.execute(text(statement))


@pytest.fixture
def importer_login(empty) -> Engine:
    """The login that loads uploads, on a fresh PostgreSQL database."""
    shared = empty["shared"]
    with shared.begin() as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = 'importer'")):
            connection.execute(text("CREATE ROLE importer LOGIN"))
    rights.grant({"shared": shared}, "importer", "importer")
    return connections.open_importer(shared.url.set(username="importer").render_as_string(hide_password=False))


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_the_login_of_uploads_loads_a_file_and_refreshes(importer_login: Engine, tmp_path: Path) -> None:
    from dashboard.upkeep.refresh import refresh

    flows = as_json(tmp_path / "flows", page(*FLOWS))
    done = bring({"shared": importer_login}, Request("fts", [flows]), TODAY, print)
    assert done.created["grant"] == 5
    refresh(importer_login, None, TODAY)


def test_a_failed_load_says_failed_and_the_old_data_stay(empty, tmp_path: Path) -> None:
    good = as_json(tmp_path / "good", page(*FLOWS))
    bring(empty, Request("fts", [good]), TODAY, print)
    before = rows_of(empty["shared"], schema.grant)
    bad = as_json(tmp_path / "bad", page(*FLOWS, funding=7))
    with pytest.raises(Unreadable):
        bring(empty, Request("fts", [bad]), TODAY, print)
    assert rows_of(empty["shared"], schema.grant) == before
    assert [run["status"] for run in rows_of(empty["shared"], schema.import_run)] == ["done", "failed"]
    state = database.run(empty["shared"], queries.provenance.sources(STEWARD))
    assert list(state["last_status"]) == ["failed"] and state["loaded_on"][0].date() == TODAY
    said = database.run(empty["shared"], queries.provenance.runs(STEWARD))["message"][0]
    assert "states 7" in said


def test_a_column_map_given_once_is_kept_for_the_next_file(empty, tmp_path: Path) -> None:
    log = written(tmp_path / "log.csv", "No,When,What,Land\n1,2025-01-03,request,DE\n")
    columns = {"columns": {"No": "case", "When": "date", "What": "stage", "Land": "country"}}
    bring(empty, Request("log", [log], column_map=columns), TODAY, print)
    log.write_text(log.read_text() + "2,2025-02-03,request,DE\n")
    done = bring(empty, Request("log", [log]), TODAY, print)
    assert done.created["case_episode"] == 1 and done.unchanged["case_episode"] == 1


def test_what_is_known_of_a_source_can_be_said_before_and_after_it_was_loaded(empty) -> None:
    source_records.describe(empty, "fts", licence="CC BY-IGO", rhythm_days=30)
    source_records.describe(empty, "fts", owner="OCHA")
    for table in (schema.source, schema.case_source):
        (row,) = rows_of(empty["shared" if table is schema.source else "cases"], table)
        assert (row["licence"], row["owner"], row["rhythm_days"]) == ("CC BY-IGO", "OCHA", 30)


def test_killing_the_process_in_mid_import_leaves_the_database_as_it_was(empty, tmp_path: Path) -> None:
    rows = [f"{n},request,{date(2025, 1, 1 + n % 28)},DE" for n in range(60_000)]
    log = written(tmp_path / "log.csv", "\n".join(["case,stage,date,country", *rows]))
    addresses = {f"MERIDIAN_{'DATABASE' if which == 'shared' else 'CASES'}_URL": engine.url.render_as_string(hide_password=False)
                 for which, engine in empty.items()}  # fmt: skip
    command = [sys.executable, "-m", "dashboard.commands.cli", "import", str(log), "--source", "log"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | addresses, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "rows read" in process.stderr.readline()
    process.kill()
    process.wait()
    process.stderr.close()
    for _attempt in range(50):
        try:
            counts = {which: database.counts_per_table(engine, which) for which, engine in empty.items()}
            break
        except DBAPIError:
            time.sleep(0.1)
    assert counts["cases"] | {"meta": 0, "route": 0} == dict.fromkeys(counts["cases"], 0)
    assert counts["shared"] | {"code": 0, "meta": 0} == dict.fromkeys(counts["shared"], 0)
