"""Tables -> bytes. What is exported is what `columns.presented` put on the screen; nothing in a cell becomes a formula.

XLSX (`dashboard.files.workbook`) and ODS: a typed sheet per table and an About sheet that says what was filtered, when and for
whom. CSV: UTF-8 with BOM and a header block of the same facts; several tables are a ZIP of them. JSON: stable keys and
typed values, described in docs/exports.md. The same report and export id give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pandas as pd

from dashboard.files import opendocument, workbook
from dashboard.page import links, offer
from dashboard.page.blocks import Chart, Report, Table
from dashboard.page.visit import Visit, current
from dashboard.words import codes, columns, terms, written
from data_access.i18n import _, language, languages

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
LONGEST_SHEET_NAME, RESERVED_BY_EXCEL = 31, ("history",)
NO_CHARACTERS = "\ufffe\uffff"
PARTED_FORMULA = re.compile(r"([;\t|])(\s*[=+\-@])")


@dataclass(frozen=True)
class Format:
    """A kind of file: its ending, the button's name, its media type, and what makes it of (report, tables, export id)."""

    ending: str
    name: str
    mime: str
    make: Callable[[Report, Sequence[Table], str], bytes]


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a leading = + - @, tab, CR, NUL, also full-width or after a BOM,
    gets an apostrophe before it; control characters go."""
    cleaned = without_controls(text)
    plain = unicodedata.normalize("NFKC", cleaned).lstrip()
    return f"'{cleaned}" if plain.startswith(FORMULA_STARTS) or text.startswith(FORMULA_STARTS) else cleaned


def without_controls(text: str) -> str:
    """Text without control characters and marks of byte order."""
    kept = (c for c in text if c == "\n" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in NO_CHARACTERS))
    return "".join(kept).lstrip("\ufeff")


def says_all(report: Report, tables: Sequence[Table]) -> bool:
    """Whether a file may say the page's answer, figures and notes: not beside a table that needs no reason to leave,
    where the page holds exact figures of live cases."""
    return not report.is_live or len(tables) == len(report.tables) or any(table.is_live for table in tables)


def about(visit: Visit, report: Report, export_id: str, *, with_answer: bool = True) -> list[tuple[str, str]]:
    """The facts every export carries: label and text, in reading order."""
    facts = [
        (_("Page"), report.title),
        (_("Answer"), report.answer if with_answer else ""),
        (_("Filters"), offer.sentence(visit)),
        (_("Made for the role"), codes.word(visit.viewer.role)),
        (_("As of"), written.day(visit.as_of)),
        *([(_("Live cases as of"), written.day(visit.cases_as_of))] if visit.cut_offs_differ else []),
        (_("Last load"), written.day(visit.last_load)),
        (_("Data version"), visit.data_version),
        (_("Amounts in"), visit.currency),
        (_("Language"), languages()[language.get()]),
        (_("Link that restores the view"), links.from_outside(visit.link)),
        (_("Export id"), export_id),
    ]
    if visit.is_sample:
        facts.append((_("Sample"), _("Every name and figure is invented.")))
    facts += [(_("Note"), note) for note in report.notes if with_answer]
    return [(label, text) for label, text in facts if text]


def column_facts(table: Table) -> list[tuple[str, str]]:
    """Heading, unit and definition of each column of a table."""
    return [
        (
            columns.heading(key, table.key),
            " · ".join(
                part for part in (columns.unit(key, table.key), _(columns.column(key, table.key).definition)) if part
            ),
        )
        for key in table.rows.columns
    ]


def excel(report: Report, tables: Sequence[Table], export_id: str) -> bytes:
    """An XLSX with one typed sheet per table, native charts, and an About sheet."""
    sheets = [
        workbook.Sheet(table, name, columns.presented(table.rows, table.key))
        for table, name in zip(tables, sheet_names(tables), strict=True)
    ]
    return workbook.write(sheets, _about_lines(report, tables, export_id), current().as_of.date(), safe_text)


def _about_lines(report: Report, tables: Sequence[Table], export_id: str) -> list[tuple[str, str]]:
    with_answer = says_all(report, tables)
    lines = [*about(current(), report, export_id, with_answer=with_answer), ("", "")]
    for item in report.figures if with_answer else ():
        term = terms.term(item.term)
        beside = " · ".join(part for part in (item.comparison, item.coverage) if part)
        meaning = _(term.definition)
        lines.append((_(term.label), f"{item.shown} ({beside}). {meaning}" if beside else item.shown))
    for table, name in zip(tables, sheet_names(tables), strict=True):
        lines += [("", ""), (_("Sheet"), name), (table.title, table.notes or ""), *column_facts(table)]
    return lines


def sheet_names(tables: Sequence[Table]) -> list[str]:
    """What the sheets of a workbook are called: by what each table is, the same in every language and at every choice, so that what
    refers to a sheet finds it in the next export as well."""
    keys = [table.key for table in tables]
    return [
        (key if keys.count(key) == 1 and key not in RESERVED_BY_EXCEL else f"{key}_{keys[:place].count(key) + 1}")[
            :LONGEST_SHEET_NAME
        ]
        for place, key in enumerate(keys)
    ]


def open_document(report: Report, tables: Sequence[Table], export_id: str) -> bytes:
    """An ODS with one typed sheet per table and an About sheet."""
    sheets = []
    for table, name in zip(tables, sheet_names(tables), strict=True):
        shown = columns.presented(table.rows, table.key)
        shares = frozenset(
            place for place, key in enumerate(table.rows.columns) if columns.column(key, table.key).kind == "percent"
        )
        rows = ([_cell(value) for value in row] for row in shown.itertuples(index=False))
        headings = [safe_text(heading) for heading in shown.columns]
        sheets.append(opendocument.Sheet(name, headings, rows, shares))
    lines = [[safe_text(label), safe_text(text)] for label, text in _about_lines(report, tables, export_id)]
    return opendocument.write([*sheets, opendocument.Sheet(_("About"), [], lines)])


def comma_separated(report: Report, tables: Sequence[Table], export_id: str) -> bytes:
    """A CSV (UTF-8 with BOM): a header block of comment lines, then exactly the rows on screen; a ZIP when several."""
    if len(tables) == 1:
        return _csv(report, tables[0], export_id, with_answer=says_all(report, tables))
    return packed(report, tables, export_id)


def packed(report: Report, tables: Sequence[Table], export_id: str) -> bytes:
    """A ZIP with a CSV per table."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, table in enumerate(tables, 1):
            entry = zipfile.ZipInfo(f"{number:02d}-{table.key}.csv", opendocument.WRITTEN)
            archive.writestr(
                entry, _csv(report, table, export_id, with_answer=says_all(report, tables)), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def _csv(report: Report, table: Table, export_id: str, *, with_answer: bool) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    facts = [(_("Table"), table.title), (_("Table note"), table.notes)]
    facts += about(current(), report, export_id, with_answer=with_answer)
    for label, text in facts:
        if text:
            writer.writerow([f"# {label}", _parted(safe_text(text))])
    return out.getvalue().encode("utf-8-sig") + bare_csv(table)


def bare_csv(table: Table) -> bytes:
    """Headings and rows as on screen, in UTF-8, and nothing before them: what a program reads."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    shown = columns.presented(table.rows, table.key)
    writer.writerow([safe_text(heading) for heading in shown.columns])
    for row in shown.itertuples(index=False):
        writer.writerow(["" if (cell := _cell(value)) is None else _parted(cell) for value in row])
    return out.getvalue().encode()


def _parted(cell: Any) -> Any:
    """Text in which nothing becomes a formula either where a spreadsheet parts at semicolons, tabs or bars."""
    return PARTED_FORMULA.sub(r"\1'\2", cell) if isinstance(cell, str) else cell


def _cell(value: Any) -> Any:
    """A presented value as plain text, number, day or None."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, str | bool):
        return safe_text(str(value))
    if isinstance(value, date):
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def as_json(report: Report, tables: Sequence[Table], export_id: str) -> bytes:
    """Every figure and table with stable keys, typed values and nulls (docs/exports.md)."""
    return json.dumps(as_values(report, tables, export_id), ensure_ascii=False, indent=1).encode()


def as_values(report: Report, tables: Sequence[Table], export_id: str) -> dict[str, Any]:
    """What `as_json` writes, as plain values."""
    visit, with_answer = current(), says_all(report, tables)
    return {
        "page": report.page,
        "title": report.title,
        "answer": report.answer if with_answer else None,
        "about": {
            "role": visit.viewer.role,
            "scope": None if visit.viewer.host_countries is None else list(visit.viewer.host_countries),
            "filters": {name: value for name, value in asdict(visit.filters).items() if value},
            "filter_sentence": offer.sentence(visit),
            "choices": dict(visit.own),
            "as_of": f"{visit.as_of:%Y-%m-%d}",
            **({"cases_as_of": f"{visit.cases_as_of:%Y-%m-%d}"} if visit.cut_offs_differ else {}),
            "last_load": None if visit.last_load is None or pd.isna(visit.last_load) else f"{visit.last_load:%Y-%m-%d}",
            "data_version": visit.data_version,
            "currency": visit.currency,
            "language": language.get(),
            "link": links.from_outside(visit.link),
            "export_id": export_id,
            "is_sample": visit.is_sample,
        },
        "figures": [
            {
                "key": item.term,
                "label": _(terms.term(item.term).label),
                "value": _plain(item.value),
                "shown": item.shown,
                "comparison": item.comparison,
                "coverage": item.coverage,
                "definition": _(terms.term(item.term).definition),
                "source": terms.term(item.term).source,
            }
            for item in (report.figures if with_answer else ())
        ],
        "tables": [table_values(table) for table in tables],
        "notes": list(report.notes) if with_answer else [],
    }


def table_values(table: Table) -> dict[str, Any]:
    """A table with stable keys: what its columns mean, and its rows as plain values."""
    described = []
    for key in table.rows.columns:
        known = columns.column(key, table.key)
        column = {"key": key, "heading": columns.heading(key, table.key), "kind": known.kind, "unit": columns.unit(key, table.key),
                  "definition": _(known.definition)}  # fmt: skip
        if known.kind in ("code", "country", "word", "quarter"):
            codes = [value for value in dict.fromkeys(table.rows[key]) if not pd.isna(value)]
            shown = columns.presented(pd.DataFrame({key: codes}), table.key).iloc[:, 0] if codes else []
            column["labels"] = {str(_plain(code)): str(label) for code, label in zip(codes, shown, strict=True)}
        described.append(column)
    money = {key for key in table.rows.columns if columns.column(key, table.key).kind == "money"}
    rows = [
        {
            key: _plain(value / 100 if key in money and value is not None and not pd.isna(value) else value)
            for key, value in zip(table.rows.columns, row, strict=True)
        }
        for row in table.rows.itertuples(index=False)
    ]
    return {"key": table.key, "title": table.title, "note": table.notes, "is_chart": isinstance(table, Chart),
            "is_live": table.is_live, "columns": described, "rows": rows}  # fmt: skip


def _plain(value: Any) -> Any:
    """A value as JSON knows it: null for unknown, days as ISO text, whole numbers without a point."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, str | bool):
        return value
    if isinstance(value, date | pd.Timestamp):
        return value.isoformat()[:10]
    number = float(value)
    return int(number) if number.is_integer() else number


FORMATS = {
    form.ending: form
    for form in (
        Format("xlsx", "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", excel),
        Format("csv", "CSV", "text/csv", comma_separated),
        Format("ods", "ODS", opendocument.MIME, open_document),
        Format("json", "JSON", "application/json", as_json),
    )
}
SEVERAL_CSV = Format("zip", "CSV (ZIP)", "application/zip", packed)
"""What the CSV of a whole page is."""
