"""Presented tables -> an XLSX: typed cells, frozen headings, filters, widths, number formats, a chart beside the numbers.

Rows are written one after the other, so that a large table needs no more memory than its text.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from dashboard.page.blocks import Chart, Table
from dashboard.words import columns
from data_access.i18n import _
from data_access.workbooks import INERT_TEXT

FIRST_DAY_ALL_AGREE_ON = date(1900, 3, 1)
MEASURED_ROWS = 500
WIDEST = 48
STREAMED_FROM = 20_000
CHARTED_UP_TO = 400
COLOURS = ("#12436D", "#F46A25", "#28A197", "#801650")
NUMBERS = ("integer", "money", "percent", "decimal", "rate", "exchange")
DAYS = {"month": "yyyy-mm", "date": "yyyy-mm-dd"}
STYLES = {
    "head": {"bold": True, "bg_color": "#12436D", "font_color": "#FFFFFF", "text_wrap": True, "valign": "top"},
    "wrap": {"text_wrap": True, "valign": "top"},
    "date": {"num_format": "yyyy-mm-dd"},
    "month": {"num_format": "yyyy-mm"},
    "money": {"num_format": "#,##0.00"},
    "percent": {"num_format": "0%"},
    "integer": {"num_format": "#,##0"},
    "decimal": {"num_format": "#,##0.00"},
    "rate": {"num_format": "0.00"},
    "exchange": {"num_format": "0.0000"},
}


@dataclass(frozen=True)
class Sheet:
    """A table, the name of its sheet, and its rows as a reader sees them."""

    table: Table
    name: str
    shown: pd.DataFrame


def write(sheets: Sequence[Sheet], about: Sequence[tuple[str, str]], as_of: date, safe: Callable[[str], str]) -> bytes:
    """The file. `about` is label and text per line; `safe` makes text harmless; times inside come from `as_of`."""
    buffer = io.BytesIO()
    is_large = max((len(sheet.shown) for sheet in sheets), default=0) > STREAMED_FROM
    options = {"constant_memory": True} if is_large else {"in_memory": True}
    with xlsxwriter.Workbook(buffer, INERT_TEXT | options) as book:
        book.set_properties({"author": "", "created": datetime.combine(as_of, time())})
        styles = {name: book.add_format(style) for name, style in STYLES.items()}
        for sheet in sheets:
            _data_sheet(book, sheet, styles, safe)
        page = book.add_worksheet(_("About"))
        _on_paper(page)
        page.set_column(0, 0, 30)
        page.set_column(1, 1, 90, styles["wrap"])
        for row, (label, text) in enumerate(about):
            page.write_string(row, 0, safe(label))
            page.write_string(row, 1, safe(text))
    return buffer.getvalue()


def _on_paper(page: Worksheet) -> None:
    """One page of A4 landscape wide, as long as it is."""
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_footer("&L&A&R&P / &N")


def _data_sheet(book: xlsxwriter.Workbook, sheet: Sheet, styles: dict, safe: Callable[[str], str]) -> None:
    page, shown = book.add_worksheet(sheet.name), sheet.shown
    _on_paper(page)
    page.repeat_rows(0)
    kinds = [columns.column(key, sheet.table.key).kind for key in sheet.table.rows.columns]
    page.freeze_panes(1, 0)
    if kinds:
        page.autofilter(0, 0, max(1, len(shown)), len(kinds) - 1)
    for column, heading in enumerate(shown.columns):
        cells = shown.iloc[:MEASURED_ROWS, column]
        longest = max([len(heading), *(len(str(cell)) for cell in cells)])
        page.set_column(column, column, min(WIDEST, longest + 3))
        page.write_string(0, column, safe(heading), styles["head"])
    formats = [styles.get(kind) for kind in kinds]
    for number, row in enumerate(shown.itertuples(index=False), 1):
        for column, value in enumerate(row):
            _write(page, number, column, value, formats[column], safe)
    _chart_beside(book, page, sheet, kinds, safe)


def _write(page: Worksheet, row: int, column: int, value: Any, style: Any, safe: Callable[[str], str]) -> None:
    if value is None or pd.isna(value):
        page.write_blank(row, column, None)
    elif isinstance(value, date) and value < FIRST_DAY_ALL_AGREE_ON:
        page.write_string(row, column, value.isoformat())
    elif isinstance(value, date):
        page.write_datetime(row, column, datetime.combine(value, time()), style)
    elif isinstance(value, bool | str):
        page.write_string(row, column, safe(str(value)))
    else:
        page.write_number(row, column, float(value), style)


def _chart_beside(
    book: xlsxwriter.Workbook, page: Worksheet, sheet: Sheet, kinds: Sequence[str], safe: Callable[[str], str]
) -> None:
    """A native chart of the columns that share the unit of the first number, where the screen shows bars or lines."""
    kind = _native_kind(sheet.table)
    numeric = [place for place, kind_ in enumerate(kinds) if kind_ in NUMBERS]
    if kind is None or not numeric or numeric[0] == 0 or not 0 < len(sheet.shown) <= CHARTED_UP_TO:
        return
    drawn = [place for place in numeric if kinds[place] == kinds[numeric[0]]][: len(COLOURS)]
    chart = book.add_chart({"type": kind})
    for colour, place in zip(COLOURS, drawn, strict=False):
        chart.add_series(
            {
                "name": [sheet.name, 0, place],
                "categories": [sheet.name, 1, 0, len(sheet.shown), numeric[0] - 1],
                "values": [sheet.name, 1, place, len(sheet.shown), place],
                "fill": {"color": colour},
                "line": {"color": colour},
            }
        )
    chart.set_title({"name": safe(sheet.table.title).lstrip("'=+-@ ").replace("!", " "), "name_font": {"size": 11}})
    chart.set_legend({"position": "bottom"})
    if kinds[0] in DAYS and kind != "bar":
        chart.set_x_axis({"date_axis": True, "num_format": DAYS[kinds[0]]})
    if kind == "bar":
        chart.set_y_axis({"reverse": True})
    chart.set_size({"width": 720, "height": max(320, min(900, 22 * len(sheet.shown) + 120)) if kind == "bar" else 380})
    page.insert_chart(1, len(kinds) + 1, chart)


def _native_kind(table: Table) -> str | None:
    """bar, column or line as on the screen; None for grids, maps and tables."""
    if not isinstance(table, Chart):
        return None
    traces = getattr(table.picture, "data", None) or ()
    if not traces or traces[0].type not in ("bar", "scatter"):
        return None
    if traces[0].type == "bar":
        return "bar" if traces[0].orientation == "h" else "column"
    return "line" if "lines" in (traces[0].mode or "lines") else None
