"""Bad rows come back as a workbook: each whole as it was, with what is wrong and what to do, to be mended and loaded
again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import xlsxwriter

from data_access.i18n import N_, _
from data_access.importers.records import Problem
from data_access.importers.values import Formula
from data_access.workbooks import INERT_TEXT, write_cell

WRONG, TODO = N_("What is wrong"), N_("What to do")


def write_corrections(path: Path, problems: Iterable[Problem]) -> int:
    """A sheet per sheet of the file, a line per rejected row; returns how many lines. Writes nothing without any."""
    sheets: dict[str, dict[int | None, list[Problem]]] = {}
    for problem in problems:
        if not problem.is_warning and problem.place.raw:
            sheets.setdefault(problem.place.sheet or _("Rows"), {}).setdefault(problem.place.row, []).append(problem)
    if not sheets:
        return 0
    with path.open("wb") as file, xlsxwriter.Workbook(file, INERT_TEXT) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF4"})
        for title, rows in sheets.items():
            page = book.add_worksheet(title[:31])
            page.freeze_panes(1, 0)
            headings = list(dict.fromkeys(name for found in rows.values() for name in found[0].place.raw))
            for column, heading in enumerate([*headings, _(WRONG), _(TODO)]):
                page.write_string(0, column, heading, bold)
                page.set_column(column, column, max(14, len(heading) + 2))
            for number, found in enumerate(rows.values(), 1):
                for column, heading in enumerate(headings):
                    cell = found[0].place.raw.get(heading)
                    write_cell(page, number, column, cell.text if isinstance(cell, Formula) else cell)
                page.write_string(number, len(headings), "; ".join(f"{p.column}: {p.message}" for p in found))
                page.write_string(number, len(headings) + 1, " ".join(dict.fromkeys(p.suggestion for p in found)))
    return sum(len(rows) for rows in sheets.values())
