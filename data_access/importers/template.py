"""Our own workbook: template, dump and reading, all from one description, `template.json` (a Table Schema per sheet)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from data_access.i18n import SOURCE, _, language
from data_access.importers import files, heading_lines, tables, template_cells, values, written_amounts, written_days
from data_access.importers.evidence import Evidence, numeric_date
from data_access.importers.records import Context, Place, Problem, Record, Unreadable, dates_read, worked_out
from data_access.importers.template_rows import records_of

DESCRIPTION = Path(__file__).with_name("template.json")
EXAMPLE = "EXAMPLE"
LANGUAGES = ("en", "ru", "de")
FEWEST_HEADINGS, MOST_OF_HEADINGS = 3, 0.8


@dataclass(frozen=True)
class Field:
    """A column: its name in our tables, headings per language, type, format, codes, and what a person is told."""

    name: str
    titles: Mapping[str, str]
    type: str
    format: str
    required: bool
    codes: tuple[str, ...]
    example: str
    descriptions: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """A sheet: its entity, titles per language, and columns."""

    entity: str
    titles: Mapping[str, str]
    fields: tuple[Field, ...]

    def headings(self) -> dict[str, Field]:
        """Every heading in every language, as it is compared, to its field; our own names where no heading is alike."""
        ours = {heading_lines.heading(field.name): field for field in self.fields}
        return ours | {heading_lines.heading(title): field for field in self.fields for title in field.titles.values()}


@lru_cache
def sheets() -> tuple[Sheet, ...]:
    """The sheets in their order."""
    package = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return tuple(
        Sheet(
            resource["name"],
            resource["titles"],
            tuple(
                Field(
                    name=field["name"],
                    titles=field["titles"],
                    type=field["type"],
                    format=field.get("format", ""),
                    required=field.get("constraints", {}).get("required", False),
                    codes=tuple(field.get("constraints", {}).get("enum", ())),
                    example=field["example"],
                    descriptions=field["descriptions"] | {SOURCE: field["description"]},
                )
                for field in resource["schema"]["fields"]
            ),
        )
        for resource in package["resources"]
    )


def _spoken(texts: Mapping[str, str]) -> str:
    """Of titles or descriptions per language that of the reader, the English one where there is none."""
    return texts.get(language.get(), texts[SOURCE])


def sheet_named(title: str) -> Sheet | None:
    """The sheet of this title in any of the languages."""
    wanted = heading_lines.heading(title)
    return next((s for s in sheets() if wanted in {heading_lines.heading(t) for t in s.titles.values()}), None)


def _known_headings() -> set[str]:
    return {heading for sheet in sheets() for heading in sheet.headings()}


def sheet_by_headings(table: tables.Table) -> Sheet | None:
    """The sheet that a table without its name is: all headings that a sheet needs, and hardly another; None where two could be
    meant as well."""
    met = {heading_lines.heading(heading) for heading in table.headings} - {""}
    if len(met) < FEWEST_HEADINGS:
        return None
    likely: dict[int, list[Sheet]] = {}
    for sheet in sheets():
        said = [field.name for heading, field in sheet.headings().items() if heading in met]
        needed = {field.name for field in sheet.fields if field.required}
        if needed <= set(said) and len(said) >= MOST_OF_HEADINGS * len(met):
            likely.setdefault(len(said), []).append(sheet)
    best = likely[max(likely)] if likely else []
    return best[0] if len(best) == 1 else None


def is_a_sheet(path: Path) -> bool:
    """Whether a file that is none of our workbooks holds a table of ours: one sheet saved as a file of its own, say."""
    return files.kind_of(path) in files.TABLES and any(
        sheet_by_headings(table) is not None for table in tables.of(path, _known_headings())
    )


def fits(path: Path, _context: Context) -> bool:
    """Whether the file is a workbook with one of our sheets: its name, and half of the columns it needs."""
    if files.kind_of(path) not in files.WORKBOOKS:
        return False
    for table in tables.of(path, _known_headings()):
        sheet = sheet_named(table.sheet)
        ours = sheet.headings() if sheet else {}
        found = {
            field.name
            for heading, field in ours.items()
            if heading in {heading_lines.heading(h) for h in table.headings}
        }
        needed = {field.name for field in (sheet.fields if sheet else ()) if field.required}
        if needed and len(found & needed) * 2 >= len(needed):
            return True
    return False


def read(paths: Sequence[Path], context: Context) -> Iterator[Record | Problem]:
    """The records and problems of workbooks, each in the order its references need.

    Raises Unreadable when no sheet of one is ours.
    """
    for path in paths:
        yield from _read_book(path, context.vocabulary)


def _read_book(path: Path, vocabulary: Mapping[str, set[str]]) -> Iterator[Record | Problem]:
    found, others = _sheets_in(path, lambda table: sheet_named(table.sheet))
    if not found:
        found, others = _sheets_in(path, sheet_by_headings)
    if not found:
        raise Unreadable(
            _("{file} has none of our sheets: {names}.").format(
                file=path.name, names=", ".join(_spoken(sheet.titles) for sheet in sheets())
            )
        )
    known_codes = _with_codes_of(found, vocabulary)
    for sheet in sheets():
        if sheet.entity in found:
            yield from _read_sheet(sheet, *found[sheet.entity], known_codes)
    for name in others:
        yield Problem(Place(name, file=path.name), "", "", "sheet_not_read", _("is none of our sheets and was not read."),
                      _("Name it as in the template if it should be."), is_warning=True)  # fmt: skip


Found = dict[str, tuple[tables.Table, list[tables.Row]]]


def _sheets_in(path: Path, which: Callable[[tables.Table], Sheet | None]) -> tuple[Found, list[str]]:
    """The tables of a file that are sheets of ours, each once, with their rows; and the names of others that hold any."""
    found: Found = {}
    others = []
    for table in tables.of(path, _known_headings()):
        sheet = which(table)
        if sheet is not None and sheet.entity not in found:
            found[sheet.entity] = table, list(table.rows())
        elif any(True for _row in table.rows()):
            others.append(table.sheet)
    return found, others


def _with_codes_of(
    found: Mapping[str, tuple[tables.Table, list[tables.Row]]], vocabulary: Mapping[str, set[str]]
) -> dict[str, set[str]]:
    """The codes of the network and those that the book itself adds: its sheets of codes and of routes."""
    every = {facet: set(codes) for facet, codes in vocabulary.items()}
    for sheet in sheets():
        if sheet.entity not in ("code", "route") or sheet.entity not in found:
            continue
        named = sheet.headings()
        for row in found[sheet.entity][1]:
            said = {named[heading_lines.heading(name)].name: str(cell or "").strip() for name, cell in row.cells.items()
                    if heading_lines.heading(name) in named}  # fmt: skip
            every.setdefault(said.get("facet", "route"), set()).add(said.get("code", ""))
    return every


def _said_twice(columns: Mapping[str, Field]) -> list[str]:
    """The columns of which another one says the same."""
    fields = list(columns.values())
    return [name for name, field in columns.items() if fields.count(field) > 1]


def _read_sheet(
    sheet: Sheet, table: tables.Table, rows: list[tables.Row], vocabulary: Mapping[str, set[str]]
) -> Iterator[Record | Problem]:
    by_heading, file, title = sheet.headings(), table.file, table.sheet
    columns = {
        name: by_heading[heading_lines.heading(name)]
        for name in table.headings
        if heading_lines.heading(name) in by_heading
    }
    blank = {name for name in _said_twice(columns) if all(row.cells.get(name) in (None, "") for row in rows)}
    columns = {name: field for name, field in columns.items() if name not in blank}
    if twice := _said_twice(columns):
        yield Problem(Place(title, file=file), ", ".join(twice), "", "column_twice",
                      _("say the same; nothing of this sheet was read."), _("Leave one of these columns."))  # fmt: skip
        return
    missing = [f for f in sheet.fields if f.required and f not in columns.values()]
    if missing:
        names = ", ".join(_spoken(field.titles) for field in missing)
        yield Problem(Place(title, file=file), names, "", "column_missing",
                      _("is missing; nothing of this sheet was read."),
                      _("Add the column, or start from a fresh template."))  # fmt: skip
        return
    evidence = {
        name: Evidence.of(row.cells.get(name) for row in rows)
        for name, field in columns.items()
        if field.type in ("date", "number")
    }
    yield from table.left_out(columns)
    yield from _say_ambiguous(file, title, columns, evidence, rows)
    cells: list[tuple[Place, dict[str, Any]]] = []
    for row in rows:
        place = Place(title, row.number, {name: row.cells.get(name) for name in columns}, file)
        if any(str(row.cells.get(name) or "").strip().startswith(EXAMPLE) for name in columns):
            continue
        values_, problems = _row(place, columns, evidence, vocabulary)
        yield from problems
        if not any(not problem.is_warning for problem in problems):
            cells.append((place, values_))
    yield from records_of(sheet.entity, cells)


def _say_ambiguous(
    file: str, title: str, columns: Mapping[str, Field], evidence: Mapping[str, Evidence], rows: list[tables.Row]
) -> Iterator[Problem]:
    for name, field in columns.items():
        if field.type != "date":
            continue
        numeric = [
            row for row in rows
            if isinstance(row.cells.get(name), str)
            and numeric_date(row.cells[name])
        ]  # fmt: skip
        if not numeric:
            continue
        first = numeric[0]
        yield dates_read(Place(title, first.number, file=file), name, str(first.cells[name]), evidence[name])


def _row(
    place: Place,
    columns: Mapping[str, Field],
    evidence: Mapping[str, Evidence],
    vocabulary: Mapping[str, set[str]],
) -> tuple[dict[str, Any], list[Problem]]:
    """The values of one row and what is wrong with it."""
    found: dict[str, Any] = {}
    amounts: dict[str, written_amounts.Money | None] = {}
    problems: list[Problem] = []
    for name, field in columns.items():
        cell = place.raw.get(name)
        shown = cell.text if isinstance(cell, values.Formula) else "" if cell is None else str(cell)
        try:
            if field.format == "money":
                amounts[name] = money = written_amounts.money(cell, evidence.get(name))
                found[field.name] = None if money is None else money.minor
            else:
                found[field.name] = _value(cell, field, evidence.get(name), vocabulary)
        except values.Bad as bad:
            problems.append(Problem(place, name, shown, "bad_value", bad.what, bad.do))
            continue
        if field.required and found[field.name] is None:
            problems.append(
                Problem(place, name, shown, "value_missing", _("is empty, but needed."), _spoken(field.descriptions))
            )
    problems += _amount_problems(place, amounts, found)
    if found.get("micro_per_eur") and found.get("currency") and not problems:
        likely = partial(template_cells.likely_rate, found["currency"])
        problems += _refused_by(likely, "micro_per_eur", place, columns, found)
    if found.get("facet") and found.get("code") and not problems:
        code_of = partial(template_cells.code_of, found["facet"], vocabulary=vocabulary)
        problems += _refused_by(code_of, "code", place, columns, found)
    return found, problems


def _amount_problems(
    place: Place, amounts: Mapping[str, written_amounts.Money | None], found: dict[str, Any]
) -> Iterator[Problem]:
    """Amounts that name another currency than their row, and notes on those that were not simply read."""
    for name, money in amounts.items():
        shown = str(place.raw.get(name))
        try:
            if agreed := written_amounts.agreed(money, found.get("currency")):
                found["currency"] = agreed
        except values.Bad as bad:
            yield Problem(place, name, shown, "bad_value", bad.what, bad.do)
            continue
        if money is not None and money.is_worked_out and isinstance(place.raw.get(name), str):
            yield worked_out(place, name, shown, money.minor)


def _refused_by(
    check: Callable[[Any], Any], name: str, place: Place, columns: Mapping[str, Field], found: dict[str, Any]
) -> Iterator[Problem]:
    """Read a value again by what stands beside it in its row, or say why it cannot be."""
    try:
        found[name] = check(found[name])
    except values.Bad as bad:
        column = next(heading for heading, field in columns.items() if field.name == name)
        yield Problem(place, column, str(place.raw.get(column)), "bad_value", bad.what, bad.do)


def _value(cell: Any, field: Field, evidence: Evidence | None, vocabulary: Mapping[str, set[str]]) -> Any:
    if field.codes:
        return values.one_of(cell, field.codes)
    readers: dict[str, Callable[[Any], Any]] = {
        "country": values.country,
        "currency": written_amounts.currency,
        "uuid": template_cells.reference,
        "code": template_cells.code,
        "website": template_cells.website,
        "sentence": template_cells.sentence,
        "reference": template_cells.reference,
        "route": lambda found: values.one_of(found, sorted(vocabulary.get("route", ()))),
        "rate": lambda found: template_cells.micro(found, evidence),
        "shares": template_cells.shares,
        "date": lambda found: written_days.day(found, evidence),
        "integer": written_amounts.whole,
        "boolean": values.flag,
    }
    return readers.get(field.format or field.type, values.text)(cell)


def rows(connection: Connection, table: Any) -> Iterator[dict[str, Any]]:
    """Every row of a table, by its key."""
    for row in connection.execute(select(table).order_by(*table.primary_key.columns)):
        yield dict(row._mapping)
