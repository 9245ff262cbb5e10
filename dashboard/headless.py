"""A page without a browser: run for its report, part by part, with the same functions that draw it."""

from __future__ import annotations

import logging
import runpy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dashboard.report import Report
from dashboard.visit import Visit, current, is_headless, open_visit


class _Quiet(logging.Filter):
    """Drops Streamlit's warnings that nothing is drawn: here nothing shall be."""

    def filter(self, _record: logging.LogRecord) -> bool:
        """Whether the record is kept."""
        return not is_headless()


logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").addFilter(_Quiet())
PAGES = Path(__file__).parent.parent / "pages"
PART = "part"


class NoSuchPage(ValueError):
    """There is no page of this name."""


def whole(page: str, visit: Visit, own: Mapping[str, str]) -> Report:
    """Everything `page` shows this viewer over all its parts, with her own choices `own` on it.

    A part's figures and tables come after those of the parts before it; nothing is there twice. Afterwards the current
    visit is the one that was before. Raises NoSuchPage.
    """
    if not page.isidentifier() or not (PAGES / f"{page}.py").is_file():
        raise NoSuchPage(
            f"There is no page {page!r}; pages are {', '.join(sorted(p.stem for p in PAGES.glob('*.py')))}."
        )
    before = current()
    try:
        first = _run(page, visit, {name: value for name, value in own.items() if name != PART})
        reports = [first.report]
        for part in first.parts[1:]:
            reports.append(_run(page, visit, {**own, PART: part}).report)
    finally:
        open_visit(before)
    return _merged(reports)


def _run(page: str, visit: Visit, own: Mapping[str, str]) -> Visit:
    mine = replace(visit, own=dict(own), parts=[], is_headless=True, report=Report(page))
    open_visit(mine)
    runpy.run_path(str(PAGES / f"{page}.py"))
    return mine


def _merged(reports: list[Report]) -> Report:
    first = reports[0]
    for report in reports[1:]:
        first.figures += [figure for figure in report.figures if figure not in first.figures]
        keys = {table.key for table in first.tables}
        first.tables += [table for table in report.tables if table.key not in keys]
        first.notes += [note for note in report.notes if note not in first.notes]
    return first
