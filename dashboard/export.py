"""Tables -> bytes. What is exported is what `labels.presented` put on the screen; nothing in a cell becomes a formula.

XLSX: a typed sheet per table and an About sheet that says what was filtered, when and for whom. CSV: UTF-8 with BOM
and a header block of the same facts.
"""

from __future__ import annotations

import csv
import io
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from dashboard import labels, words
from dashboard.i18n import _
from dashboard.report import Report, Table
from dashboard.visit import Visit, current
from data_access.workbooks import INERT_TEXT

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
FORBIDDEN_IN_SHEET_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
PROTECTED_NOTE = (
    "Figures are rounded at random to 5. Groups under 10 people, including none, are shown as “<10”. Numbers are "
    "published once, 30 days after the quarter ends, and are not changed. Parts need not add up. This protects people."
)


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a leading = + - @, tab, CR, NUL, also full-width or after a BOM,
    gets an apostrophe before it; control characters go."""
    cleaned = _without_controls(text)
    plain = unicodedata.normalize("NFKC", cleaned).lstrip()
    return f"'{cleaned}" if plain.startswith(FORMULA_STARTS) or text.startswith(FORMULA_STARTS) else cleaned


def _without_controls(text: str) -> str:
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) != "Cc").lstrip("\ufeff")


def about(visit: Visit, report: Report, export_id: str) -> list[tuple[str, str]]:
    """The facts every export carries: label and text, in reading order."""
    facts = [
        (_("Page"), report.title),
        (_("Answer"), report.answer),
        (_("Filters"), filter_sentence(visit)),
        (_("Who may see it"), _("made for a {role}").format(role=labels.word(visit.viewer.role))),
        (_("As of"), words.day(visit.as_of)),
        (_("Last load"), words.day(visit.last_load)),
        (_("Data version"), visit.data_version),
        (_("Link that restores the view"), visit.link),
        (_("Export id"), export_id),
    ]
    if visit.is_sample:
        facts.append((_("Sample"), _("Every name and figure is invented.")))
    facts += [(_("Note"), note) for note in report.notes]
    return [(label, text) for label, text in facts if text]


def filter_sentence(visit: Visit) -> str:
    """The reader's choices as one sentence."""
    parts = [f"{label}: {words.listing(values)}" for _name, label, values in chosen(visit)]
    return "; ".join(parts) if parts else _("none: the whole network")


def chosen(visit: Visit) -> list[tuple[str, str, list[str]]]:
    """URL name, label and readable values of every filter that is set."""
    filters = visit.filters
    parts = [
        ("country", _("Host country"), [words.country(code) for code in filters.host_countries]),
        ("activity", _("Activity"), [labels.code("activity", code) for code in filters.activities]),
        ("audience", _("Audience"), [labels.code("audience", code) for code in filters.audiences]),
        ("funder", _("Funder"), [visit.funders.get(slug, slug) for slug in filters.funders]),
        ("from", _("From"), [words.month(pd.Timestamp(filters.since))] if filters.since else []),
        ("to", _("To"), [words.month(pd.Timestamp(filters.until))] if filters.until else []),
        ("state", _("Scope"), [_("state-linked programmes included")] if filters.include_state_linked else []),
    ]
    return [part for part in parts if part[2]]


def workbook(report: Report, tables: Sequence[Table]) -> bytes:
    """An XLSX with one typed sheet per table and an About sheet."""
    visit, export_id = current(), secrets.token_hex(8)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, INERT_TEXT | {"in_memory": True}) as book:
        book.set_properties({"author": "", "created": datetime.combine(visit.as_of.date(), time())})
        styles = {
            "head": book.add_format(
                {
                    "bold": True,
                    "bg_color": "#12436D",
                    "font_color": "#FFFFFF",
                    "text_wrap": True,
                    "valign": "top",
                }
            ),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
            "percent": book.add_format({"num_format": "0%"}),
            "integer": book.add_format({"num_format": "#,##0"}),
            "decimal": book.add_format({"num_format": "#,##0.00"}),
            "rate": book.add_format({"num_format": "0.00"}),
        }
        for number, table in enumerate(tables, 1):
            _data_sheet(book.add_worksheet(sheet_name(table.title, number)), table, styles)
        _about_sheet(book.add_worksheet(_("About")), about(visit, report, export_id), tables, styles)
    return buffer.getvalue()


def sheet_name(title: str, number: int) -> str:
    """At most 31 characters, none that Excel forbids, distinct by number."""
    return f"{number} {_without_controls(title).translate(FORBIDDEN_IN_SHEET_NAME)}"[:31].strip()


def _data_sheet(sheet: Worksheet, table: Table, styles: dict) -> None:
    shown = labels.presented(table.rows)
    for column, (key, heading) in enumerate(zip(table.rows.columns, shown.columns, strict=True)):
        kind = labels.COLUMNS[key].kind
        style = styles.get("date" if kind == "month" else kind)
        sheet.write_string(0, column, safe_text(heading), styles["head"])
        longest = len(heading)
        for row, value in enumerate(shown[heading], 1):
            longest = max(longest, min(60, len(str(value))))
            _write(sheet, row, column, value, style, styles)
        sheet.set_column(column, column, min(48, longest + 3))
    sheet.freeze_panes(1, 0)
    if len(shown.columns):
        sheet.autofilter(0, 0, max(1, len(shown)), len(shown.columns) - 1)


def _write(sheet: Worksheet, row: int, column: int, value: object, style: object, styles: dict) -> None:
    if value is None or pd.isna(value):
        sheet.write_blank(row, column, None)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime.combine(value, time()), styles["date"])
    elif isinstance(value, bool | str):
        sheet.write_string(row, column, safe_text(str(value)))
    else:
        sheet.write_number(row, column, float(value), style)  # type: ignore[arg-type]


def _about_sheet(sheet: Worksheet, facts: list[tuple[str, str]], tables: Sequence[Table], styles: dict) -> None:
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90, styles["wrap"])
    lines = [*facts, ("", "")]
    for table in tables:
        lines += [(table.title, table.note or "")]
        lines += [(labels.heading(key), _(labels.COLUMNS[key].definition)) for key in table.rows.columns]
    for row, (label, text) in enumerate(lines):
        sheet.write_string(row, 0, safe_text(label))
        sheet.write_string(row, 1, safe_text(text))


def comma_separated(report: Report, table: Table) -> bytes:
    """A CSV (UTF-8 with BOM): a header block of comment lines, then exactly the rows on screen."""
    visit, export_id = current(), secrets.token_hex(8)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for label, text in [(_("Table"), table.title), *about(visit, report, export_id)]:
        writer.writerow([f"# {label}", safe_text(text)])
    shown = labels.presented(table.rows)
    writer.writerow([safe_text(heading) for heading in shown.columns])
    for row in shown.itertuples(index=False):
        writer.writerow([_plain(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _plain(value: object) -> object:
    if value is None or pd.isna(value):
        return ""
    return safe_text(value) if isinstance(value, str) else value
