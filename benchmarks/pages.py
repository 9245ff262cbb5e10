"""What a visit costs the server, page by page: the first visit, a filter nobody chose before, and the same choice again.

    .venv/bin/python -m benchmarks.pages [--as coordinator]

Runs on the database the environment points at (the sample world by default) in Streamlit's own script runner; the
time is the script's, from the first line of the frame to the last, as the server spends it on a rerun. It is split into
SQL (databases and their driver), figures (`charts` and `maps`), metrics (topics and metrics around those) and the rest:
Streamlit, the frame and drawing.
"""

from __future__ import annotations

import argparse
import inspect
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from dashboard.page import reading
from dashboard.page.registry import listed
from dashboard.pictures import charts, maps
from data_access import database

ROOT = Path(__file__).parent.parent
PAGES = tuple(listed())
NEW = ("DE", "LT", "PL", "GE", "AM")
REPEATS = 5
PARTS = ("SQL", "metrics", "figures", "rest")


@dataclass
class Meter:
    """Milliseconds per part of the last script run, each moment counted once, in the innermost part."""

    spent: Counter[str] = field(default_factory=Counter)
    stack: list[str] = field(default_factory=list)
    since: float = 0.0

    def enter(self, part: str) -> None:
        self._book()
        self.stack.append(part)

    def leave(self) -> None:
        self._book()
        self.stack.pop()

    def _book(self) -> None:
        now = time.perf_counter()
        if self.stack:
            self.spent[self.stack[-1]] += (now - self.since) * 1000  # type: ignore[assignment]
        self.since = now


meter = Meter()


def counted(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, its time booked on `part`."""

    @wraps(function)
    def timed(*arguments: Any, **named: Any) -> Any:
        meter.enter(part)
        try:
            return function(*arguments, **named)
        finally:
            meter.leave()

    return timed


def count_module(part: str, module: ModuleType) -> None:
    """Book every public function of a module."""
    for name, function in vars(module).copy().items():
        if inspect.isfunction(function) and not name.startswith("_") and function.__module__ == module.__name__:
            setattr(module, name, counted(part, function))


count_module("figures", charts)
count_module("figures", maps)
database.run = counted("SQL", database.run)
_kept = reading._kept
reading._kept = lambda store, key, make: _kept(store, key, counted("metrics", make))
script_runner.exec_func_with_error_handling = counted("rest", script_runner.exec_func_with_error_handling)


def timed(app: AppTest) -> Counter[str]:
    """Milliseconds per part of one script run."""
    meter.spent = Counter()
    app.run()
    if app.exception or app.error:
        raise RuntimeError([fault.value for fault in (*app.exception, *app.error)])
    return meter.spent


def middle(runs: list[Counter[str]]) -> Counter[str]:
    """The median of each part."""
    return Counter({part: median(run[part] for run in runs) for part in PARTS})


def measure(page: str, role: str) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """The first visit with empty caches, a choice nobody made before, and the same choice again."""
    reading.forget()
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=300)
    app.query_params["as"] = role
    app.run()
    reading.forget()
    app.switch_page(f"../pages/{page}.py")
    first = timed(app)
    new = []
    for country in NEW:
        app.session_state["filter_country"] = [country]
        new.append(timed(app))
    return first, middle(new), middle([timed(app) for _turn in range(REPEATS)])


def main() -> None:
    """Print one row per page."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as", dest="role", default="funder", choices=("funder", "coordinator", "steward"))
    role = parser.parse_args().role
    print(f"| page | first visit ms | new choice ms | {' | '.join(PARTS)} | again ms |\n|{'---|' * 8}")
    for page in PAGES:
        try:
            first, new, again = measure(page, role)
        except RuntimeError as fault:
            print(f"| {page} | fails: {fault} |", flush=True)
            continue
        split = " | ".join(f"{new[part]:.0f}" for part in PARTS)
        print(f"| {page} | {first.total():.0f} | {new.total():.0f} | {split} | {again.total():.0f} |", flush=True)


if __name__ == "__main__":
    main()
