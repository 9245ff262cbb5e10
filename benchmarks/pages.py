"""What a visit costs: queries, SQL time and script time per page, first and second visit, and a filter change.

    .venv/bin/python -m benchmarks.pages [--as coordinator]

Runs on the database the environment points at (the sample world by default) in Streamlit's own script runner; the
time is the script's, from the first line of the frame to the last, as the server spends it on a rerun.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from sqlalchemy import Engine, event
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parent.parent
PAGES = ("overview", "initiatives", "funding_gaps", "overlap", "relocation", "directory", "data", "definitions")
REPEATS = 5


@dataclass
class Meter:
    """Statements and seconds spent in the databases since the last reset."""

    statements: int = 0
    seconds: float = 0.0
    started: float = 0.0
    script: float = 0.0

    def reset(self) -> None:
        self.statements, self.seconds = 0, 0.0


meter = Meter()


@event.listens_for(Engine, "before_cursor_execute")
def _start(*_arguments: object) -> None:
    meter.started = time.perf_counter()


@event.listens_for(Engine, "after_cursor_execute")
def _stop(*_arguments: object) -> None:
    meter.statements += 1
    meter.seconds += time.perf_counter() - meter.started


_execute = script_runner.exec_func_with_error_handling


def _timed_script(script: Callable[[], object], context: object) -> object:
    started = time.perf_counter()
    try:
        return _execute(script, context)
    finally:
        meter.script = time.perf_counter() - started


script_runner.exec_func_with_error_handling = _timed_script


def timed(app: AppTest) -> tuple[float, int, float]:
    """Milliseconds of one script run, its statements and their milliseconds."""
    meter.reset()
    app.run()
    return meter.script * 1000, meter.statements, meter.seconds * 1000


def measure(page: str, role: str) -> tuple[float, ...]:
    """First visit, second visit, first and second visit of a filter choice."""
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=120)
    app.query_params["as"] = role
    app.run()
    st.cache_resource.clear()
    app.switch_page(f"../pages/{page}.py")
    first, statements, sql = timed(app)
    second = min(timed(app)[0] for _ in range(REPEATS))
    app.session_state["filter_country"] = ["LT"]
    app.run()
    app.session_state["filter_country"] = ["DE"]
    change, change_statements, change_sql = timed(app)
    again = min(timed(app)[0] for _ in range(REPEATS))
    return first, statements, sql, second, change, change_statements, change_sql, again


def main() -> None:
    """Print one row per page."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as", dest="role", default="funder", choices=("funder", "coordinator", "steward"))
    role = parser.parse_args().role
    print("| page | first ms | queries | SQL ms | second ms | new filter ms | queries | SQL ms | same filter ms |")
    print("|---|---|---|---|---|---|---|---|---|")
    for page in PAGES:
        first, n, sql, second, change, m, change_sql, again = measure(page, role)
        print(
            f"| {page} | {first:.0f} | {n} | {sql:.0f} | {second:.0f} | {change:.0f} | {m} | {change_sql:.0f} "
            f"| {again:.0f} |"
        )


if __name__ == "__main__":
    main()
