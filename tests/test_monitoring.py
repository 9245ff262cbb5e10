"""What those who run it can see: faults by their reference, lines of the log, figures for Prometheus (SECURITY: no value leaks)."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from prometheus_client import generate_latest
from sqlalchemy import Engine, text

from dashboard import faults as noting
from dashboard import logs, measures
from dashboard.commands import cli
from data_access import addresses, connections, database, faults, queries
from data_access.migrate import upgrade
from data_access.viewer import Viewer
from tests.conftest import ROOT

SECRET = "Maria Ivanova"


def broken() -> Exception:
    """A fault whose words hold a value of the data."""
    try:
        raise ValueError(f"no such initiative: {SECRET}")
    except ValueError as fault:
        return fault


@pytest.fixture
def own_deployment(fresh: Engine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Databases of one's own, named by the environment; the login of the log is their owner."""
    upgrade(fresh, "shared")
    url = fresh.url.render_as_string(hide_password=False)
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, url)
    monkeypatch.setenv(addresses.NARROW["fault"], url)
    monkeypatch.delenv(addresses.CASES_URL_VARIABLE, raising=False)
    noting._lately.clear()
    return url


def test_a_fault_is_found_by_the_reference_the_reader_was_told_and_holds_no_value(
    own_deployment: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        logging.getLogger("meridian").propagate = True
        reference = noting.note(broken(), "overview")
    asked = queries.provenance.faults(Viewer("steward", None), reference)
    kept = list(database.run(connections.open_reader(own_deployment), asked).itertuples())
    assert [(one.page, one.kind) for one in kept] == [("overview", "ValueError")]
    assert "test_monitoring.py" in kept[0].places and "broken" in kept[0].places
    assert cli.main(["faults", reference]) == 0
    shown = capsys.readouterr().out
    assert reference in shown and "ValueError" in shown and reference in caplog.text
    assert SECRET not in shown + caplog.text + kept[0].places
    assert cli.main(["faults", "00000000"]) == 1


def test_a_fault_whose_database_does_not_answer_is_told_and_logged_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, "sqlite:////nowhere/meridian.db")
    monkeypatch.setenv(addresses.NARROW["fault"], "sqlite:////nowhere/meridian.db")
    assert len(noting.note(broken(), "overview")) == 8


def test_a_flood_of_faults_fills_no_table(own_deployment: str) -> None:
    for _n in range(noting.MOST_AN_HOUR + 20):
        noting.note(broken(), "overview")
    with connections.open_reader(own_deployment).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM fault")) == noting.MOST_AN_HOUR


@pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
def test_the_login_of_the_log_can_add_a_fault_and_take_none_out(fresh: Engine) -> None:
    upgrade(fresh, "shared")
    narrow = connections.open_appender(str(fresh.url), "fault")
    faults.record(narrow, faults.Fault(datetime.now(UTC), "abcd1234", "overview", "ValueError", "x.py:1 f"))
    with pytest.raises(Exception, match=r"not authorized|prohibited"), narrow.begin() as connection:
        connection.execute(text("DELETE FROM fault"))


def test_lines_of_the_log_are_json_where_asked_and_say_of_an_exception_its_class_alone() -> None:
    told = {"reference": "abcd1234", "page": "overview"}
    record = logging.LogRecord("meridian", logging.ERROR, __file__, 1, "Fault %s", ("abcd1234",), None)
    record.told = told
    line = json.loads(logs.Json().format(record))
    assert line["message"] == "Fault abcd1234" and line["level"] == "error" and told.items() <= line.items()
    fault = broken()
    record = logging.LogRecord("streamlit", logging.ERROR, __file__, 1, "Uncaught", (), (ValueError, fault, None))
    text_of_it = logs.Json().format(record)
    assert json.loads(text_of_it)["exception"] == "ValueError" and SECRET not in text_of_it


LATER = """
import logging
from streamlit.logger import get_logger, update_formatter
early = get_logger("streamlit.web.early")
from dashboard import logs
logs.set_up()
later = get_logger("streamlit.web.later")
update_formatter()
for logger in (early, later, logging.getLogger("uvicorn.error")):
    try:
        raise ValueError("Anna Petrova")
    except ValueError:
        logger.warning("it failed", exc_info=True)
"""


def test_no_logger_of_the_server_writes_anything_but_json_whenever_it_was_made() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATER], env=os.environ | {logs.FORM_VARIABLE: "json", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["exception"] for line in lines] == ["ValueError"] * 3
    assert "Petrova" not in done.stderr


def test_figures_for_prometheus_count_reruns_and_faults_by_page_and_name_no_reader() -> None:
    with pytest.raises(ValueError, match="x"), measures.rerun("overlap"):
        raise ValueError("x")
    measures.note_sums(datetime.now(UTC).date(), is_stale=True)
    told = generate_latest(measures.REGISTRY).decode()
    assert 'meridian_rerun_seconds_count{page="overlap"}' in told
    assert "meridian_reruns_under_way 0.0" in told and "meridian_sums_stale 1.0" in told
    labels = {label for family in measures.REGISTRY.collect() for one in family.samples for label in one.labels}
    assert labels <= {"page", "status", "le"}


def test_figures_are_served_to_this_machine_alone_and_only_where_a_port_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple] = []
    monkeypatch.setattr(measures, "start_http_server", lambda *given: asked.append(given))
    monkeypatch.delenv(measures.PORT_VARIABLE, raising=False)
    measures.serve()
    assert asked == []
    monkeypatch.setenv(measures.PORT_VARIABLE, "9101")
    measures.serve()
    assert asked[0][:2] == (9101, "127.0.0.1")
