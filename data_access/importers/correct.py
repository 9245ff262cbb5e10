"""Bad rows come back as a workbook: each whole as it was, with what is wrong and what to do, to be mended and loaded
again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from data_access.importers.records import Problem
from data_access.importers.values import Formula

WRONG, TODO = "What is wrong", "What to do"


def write_corrections(path: Path, problems: Iterable[Problem]) -> int:
    """A sheet per sheet of the file, a line per rejected row; returns how many lines. Writes nothing without any."""
    sheets: dict[str, dict[int | None, list[Problem]]] = {}
    for problem in problems:
        if not problem.is_warning and problem.place.raw:
            sheets.setdefault(problem.place.sheet or "Rows", {}).setdefault(problem.place.row, []).append(problem)
    if not sheets:
        return 0
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF4"})
        for title, rows in sheets.items():
            page = book.add_worksheet(title[:31])
            page.freeze_panes(1, 0)
            headings = list(dict.fromkeys(name for found in rows.values() for name in found[0].place.raw))
            for column, heading in enumerate([*headings, WRONG, TODO]):
                page.write_string(0, column, heading, bold)
                page.set_column(column, column, max(14, len(heading) + 2))
            for number, found in enumerate(rows.values(), 1):
                for column, heading in enumerate(headings):
                    _write(page, number, column, found[0].place.raw.get(heading))
                page.write_string(number, len(headings), "; ".join(f"{p.column}: {p.message}" for p in found))
                page.write_string(number, len(headings) + 1, " ".join(dict.fromkeys(p.suggestion for p in found)))
    return sum(len(rows) for rows in sheets.values())


def _write(page: Any, row: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        page.write_number(row, column, value)
    elif isinstance(value, datetime | date):
        page.write_string(row, column, value.isoformat()[:10])
    else:
        page.write_string(row, column, value.text if isinstance(value, Formula) else str(value))
