"""Tables of workbooks and text files, cell by cell accounted for: what was read, what was left out and why.

Sheets that are hidden or hold a pivot are left out; merged cells fill their range; two heading lines are joined; titles
above and notes, totals and sources below a table are no data. XLSX is read by openpyxl, ODS, XLSB and XLS by calamine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from data_access.i18n import _, in_digits, ngettext
from data_access.importers import files, heading_lines
from data_access.importers.evidence import numeric_date
from data_access.importers.kinds_of_rows import LEFT_OUT, NUMBER_LIKE, SECTION_FROM, Line, kind_of, says_something
from data_access.importers.records import Place, Problem, Unreadable
from data_access.importers.sheet_marks import Marks, has_pivot, is_left_out, marks_of, struck_rows
from data_access.importers.values import Bad, Formula
from data_access.importers.written_amounts import as_text, money

HEADER_WITHIN = 30
MOST_COLUMNS = 2_000
FIGURE = re.compile(r"[-+]?\d[\d.,'’\s]*")
PARENT_TABLE, PARENT_INDEX, INDEX = "_parent_table_name", "_parent_index", "_index"
DEEPEST_FORM = 5


@dataclass(frozen=True)
class Row:
    """A row of a table: its number as a spreadsheet counts, and its cells by heading."""

    number: int
    cells: dict[str, Any]


@dataclass
class Table:
    """A table of a file: its sheet, its headings, and rows that can be read once and are counted on the way."""

    file: str
    sheet: str
    headings: list[str]
    lines: Iterator[Row]
    filled: Counter[str] = field(default_factory=Counter)
    inherited: frozenset[str] = frozenset()
    set_aside: dict[str, list[int]] = field(default_factory=dict)
    section: str = ""
    count: int = 0

    def rows(self) -> Iterator[Row]:
        """The rows that are data; blank ones, totals and notes are set aside."""
        for row in self.lines:
            kind = kind_of(row.cells.values())
            if kind == "data":
                self.filled.update(name for name, cell in row.cells.items() if cell is not None and str(cell).strip())
                self.count += 1
                yield row
            elif kind != "blank":
                self._set_aside(kind, row)

    def heads_section(self, row: Row) -> bool:
        """Whether a row of which more would be said, were it data, says one thing alone: what the rows below are; it is set aside."""
        said = [cell for cell in row.cells.values() if says_something(cell)]
        is_head = len(row.cells) >= SECTION_FROM and len(said) == 1 and isinstance(said[0], str)
        if is_head:
            self.begin_section(row)
        return is_head

    def begin_section(self, row: Row) -> None:
        """The row is no data: it says what the rows below are."""
        self._set_aside("sections", row)

    def _set_aside(self, kind: str, row: Row) -> None:
        heading_lines.refuse_scaled(self.file, row.number, row.cells.values())
        self.set_aside.setdefault(kind, []).append(row.number)
        if kind == "sections":
            self.section = next(str(cell) for cell in row.cells.values() if says_something(cell))

    def left_out(self, read: Collection[str]) -> Iterator[Problem]:
        """What of the rows read so far no reader understood: columns beside those `read`, totals and notes."""
        unread = {
            name: self.filled[name]
            for name in self.headings
            if name not in {*read, *self.inherited} and self.filled[name]
        }
        if unread:
            names, n = ", ".join(unread), sum(unread.values())
            said = ngettext("columns not read: {names} ({n} value).", "columns not read: {names} ({n} values).", n)
            yield self._note(
                "columns_not_read",
                said.format(names=names, n=in_digits(n)),
                _("If one of them matters, say what it is."),
            )
        for kind, numbers in self.set_aside.items():
            shown = ", ".join(map(str, numbers[:5])) + (" …" if len(numbers) > 5 else "")
            yield self._note(
                f"{kind}_left_out",
                _(LEFT_OUT[kind]).format(rows=shown),
                _("Nothing to do."),
            )

    def passed_over(self) -> Iterator[Problem]:
        """That nothing of the table was read, where it holds rows."""
        for _row in self.rows():
            pass
        if self.count:
            names = ", ".join(name for name in self.headings if self.filled[name])
            said = ngettext(
                "was not read ({n} row): its columns are none of those looked for: {names}.",
                "was not read ({n} rows): its columns are none of those looked for: {names}.",
                self.count,
            ).format(n=in_digits(self.count), names=names)
            yield self._note("sheet_not_read", said, _("If it matters, say which of its columns is which."))

    def _note(self, code: str, message: str, remedy: str) -> Problem:
        return Problem(Place(self.sheet, file=self.file), "", "", code, message, remedy, is_warning=True)


def of(path: Path, known: Collection[str]) -> Iterator[Table]:
    """The tables of a workbook or text file.

    The heading line is the one of the first thirty that holds most of the `known` headings (lower case), so that
    titles above a table do no harm. A sheet of repeated answers (Kobo) has the answers of its form beside its own.
    Raises Unreadable.
    """
    for table in _each(path, known):
        yield _with_form(path, table, known) if {PARENT_TABLE, PARENT_INDEX} <= set(table.headings) else table


def _with_form(path: Path, table: Table, known: Collection[str]) -> Table:
    """A sheet of repeated answers, each row with what its form answered in columns that the sheet has not itself."""
    forms = {
        (form.sheet, str(row.cells.get(INDEX))): row.cells
        for form in _each(path, known)
        if form.sheet != table.sheet and INDEX in form.headings
        for row in form.lines
    }

    def answers(cells: dict[str, Any], depth: int = DEEPEST_FORM) -> dict[str, Any]:
        form = forms.get((str(cells.get(PARENT_TABLE)), str(cells.get(PARENT_INDEX))))
        return cells if form is None or not depth else answers(form, depth - 1) | cells

    own = set(table.headings)
    added = list(dict.fromkeys(name for cells in forms.values() for name in cells if name not in own))
    rows = (Row(row.number, answers(row.cells)) for row in table.lines)
    return Table(table.file, table.sheet, [*table.headings, *added], rows, inherited=frozenset(added))


def _each(path: Path, known: Collection[str]) -> Iterator[Table]:
    kind = files.kind_of(path)
    if kind == "workbook":
        book = files.open_workbook(path)
        for sheet in book.worksheets:
            if not is_left_out(path, sheet):
                yield _table(path.name, sheet.title, _filled(_sheet_lines(sheet), marks_of(path, sheet)), known)
    elif kind == "other workbook":
        shown = files.shown_beside(path)
        for name, lines, marks in _calamine_sheets(path):
            yield _table(path.name, name, _filled(_with_shown(lines, shown.get(name, {})), marks), known)
    else:
        yield _table(path.name, "", files.text_lines(path, MOST_COLUMNS), known)


def left_out(path: Path) -> Iterator[Problem]:
    """What of a workbook was not read as it stands: hidden sheets, pivots, rows that are hidden or struck through, merged
    cells."""
    kind = files.kind_of(path)
    if kind == "other workbook":
        hidden = [meta.name for meta in _calamine(path).sheets_metadata if meta.visible != SheetVisibleEnum.Visible]
        yield from _sheets_left_out(path, hidden, [])
        yield _looks_not_read(path)
    if kind == "text" and (encoding := files.encoding_of(path)) not in files.UNICODE:
        said = _("is not written in UTF-8; it was read as {encoding}.").format(encoding=encoding)
        yield _of_file(
            path,
            "",
            "encoding_guessed",
            said,
            _("Look at a name with accents; if it is wrong, save the file as UTF-8."),
        )
    if kind != "workbook":
        return
    sheets = files.open_workbook(path).worksheets
    hidden = [sheet.title for sheet in sheets if sheet.sheet_state != "visible"]
    pivots = [sheet.title for sheet in sheets if sheet.title not in hidden and has_pivot(path, sheet)]
    yield from _sheets_left_out(path, hidden, pivots)
    for sheet in sheets:
        if sheet.title in hidden or sheet.title in pivots:
            continue
        marks = marks_of(path, sheet)
        if n := len(marks.hidden):
            said = ngettext("{n} row is hidden; it was read.", "{n} rows are hidden; they were read.", n)
            yield _of_file(path, sheet.title, "hidden_rows", said.format(n=in_digits(n)),
                           _("Delete them if they should not count."))  # fmt: skip
        if n := struck_rows(path, sheet):
            said = ngettext(
                "{n} row is struck through; it was read.", "{n} rows are struck through; they were read.", n
            )
            yield _of_file(path, sheet.title, "struck_rows", said.format(n=in_digits(n)),
                           _("Delete them if they should not count."))  # fmt: skip
        if n := sum(one[1] > one[0] for one in marks.merged):
            said = ngettext(
                "{n} merged range: its text was taken for each of its rows, its numbers once.",
                "{n} merged ranges: their text was taken for each of their rows, their numbers once.",
                n,
            )
            yield _of_file(path, sheet.title, "merged_cells", said.format(n=in_digits(n)),
                           _("Unmerge them if that is not what they mean."))  # fmt: skip


def _sheets_left_out(path: Path, hidden: list[str], pivots: list[str]) -> Iterator[Problem]:
    if hidden:
        said = ngettext(
            "{n} sheet is hidden and left out: {names}.", "{n} sheets are hidden and left out: {names}.", len(hidden)
        )
        yield _of_file(path, "", "hidden_sheets", said.format(n=len(hidden), names=", ".join(hidden)),
                       _("Show them and load again if they should count."))  # fmt: skip
    if pivots:
        said = _("holds pivot tables, which repeat other sheets; left out: {names}.")
        yield _of_file(path, "", "pivots", said.format(names=", ".join(pivots)), _("Nothing to do."))


def _looks_not_read(path: Path) -> Problem:
    """What the looks of a workbook that is no XLSX may say and nobody read."""
    if files.shows_beside(path):
        said = _("is a workbook of which hidden rows and struck out ones cannot be told.")
    else:
        said = _(
            "is a workbook of which neither hidden or struck out rows can be told, nor what cells show beside their numbers: a currency, "
            "per cent, thousands."
        )
    return _of_file(path, "", "looks_not_read", said, _("Save it as XLSX and load that to be sure."))


def _of_file(path: Path, sheet: str, code: str, message: str, remedy: str) -> Problem:
    return Problem(Place(sheet, file=path.name), "", "", code, message, remedy, is_warning=True)


def _table(file: str, sheet: str, lines: Iterator[Line], looked_for: Collection[str]) -> Table:
    known = frozenset(looked_for)
    begin: list[Line] = []
    for line in lines:
        begin.append(line)
        if len(begin) == HEADER_WITHIN:
            break
    if not begin:
        return Table(file, sheet, [], iter(()))
    recognised = [heading_lines.recognised(cells, known) for _number, cells in begin]
    is_known = any(recognised)
    best = max(
        range(len(begin)), key=lambda n: (recognised[n], 0 if is_known else heading_lines.texts(begin[n][1]), -n)
    )
    cells, start, after = begin[best][1], best, best + 1
    for upper in (best - 1, best):
        if upper >= 0 and upper + 1 < len(begin):
            joined = heading_lines.joined(begin[upper][1], begin[upper + 1][1], known)
            if joined and heading_lines.recognised(joined, known) > heading_lines.recognised(cells, known):
                cells, start, after = joined, upper, upper + 2
    headings = heading_lines.headings(cells)
    heading_lines.refuse_what_says_more_than_its_cells(file, sheet, begin[: start + 1], recognised[best], known)
    beside = {name: said for name in headings if (said := heading_lines.beside(name))}

    def rows() -> Iterator[Row]:
        for number, found in chain(begin[after:], lines):
            if is_known and heading_lines.is_heading_line(found, recognised[best], known):
                if [cell for cell in found if cell is not None] == [cell for cell in cells if cell is not None]:
                    continue
                raise heading_lines.two_tables(file, sheet, number)
            for place in range(len(headings), len(found)):
                if says_something(found[place]):
                    if not sheet:
                        raise heading_lines.too_long(file, number, len(headings))
                    headings.extend(f"column {one}" for one in range(len(headings) + 1, place + 2))
            whole = [*found, *[None] * (len(headings) - len(found))]
            yield Row(number, heading_lines.as_headed(dict(zip(headings, whole, strict=False)), beside))

    return Table(file, sheet, headings, rows())


def _sheet_lines(sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(), 1):
        if len(row) > MOST_COLUMNS:
            raise Unreadable(
                _("Sheet {sheet} has more than {n} columns: refused.").format(
                    sheet=sheet.title, n=in_digits(MOST_COLUMNS)
                )
            )
        yield number, [Formula(str(cell.value)) if cell.data_type == "f" else _as_shown(cell) for cell in row]


def _as_shown(cell: Any) -> Any:
    """What a cell holds, a number with the per cent, the currency or the thousands that its format shows beside it."""
    if cell.data_type != "n" or not isinstance(cell.value, int | float) or cell.number_format == "General":
        return cell.value
    return _beside(cell.value, cell.number_format, heading_lines.beside_of_format(cell.number_format))


def _beside(number: float, shown: str, said: str) -> Any:
    """A number with what is said beside it where it is `shown`: a share as per cent."""
    if "%" in shown:
        return f"{as_text(number * 100)} %"
    return f"{as_text(number)} {said}" if said else number


def _with_shown(lines: Iterator[Line], shown: Mapping[tuple[int, int], str]) -> Iterator[Line]:
    """Lines with what their numbers show beside them, as in `_as_shown`."""
    for number, cells in lines:
        for place, cell in enumerate(cells):
            text = shown.get((number, place + 1))
            if text is not None and isinstance(cell, int | float) and not isinstance(cell, bool):
                words = f"amount {FIGURE.sub(' ', text)}"
                is_scaled = len(as_text(abs(cell))) - len(re.sub(r"\D", "", text)) > 1
                cells[place] = _beside(cell, text, heading_lines.beside(words, is_written_out=is_scaled))
        yield number, cells


def _filled(lines: Iterator[Line], marks: Marks) -> Iterator[Line]:
    """Lines that hold anything, merged ranges filled: text and days in each of their rows, numbers in the first alone."""
    held: dict[int, Any] = {}
    for number, cells in lines:
        for place, (first, last, left, right) in enumerate(marks.merged):
            if not first <= number <= last:
                continue
            if number == first:
                held[place] = cells[left - 1] if left <= len(cells) else None
            value = held.get(place)
            if value is None or _is_number(value):
                continue
            cells.extend([None] * (right - len(cells)))
            for column in range(left - 1, right):
                if cells[column] in (None, ""):
                    cells[column] = value
        if any(cell is not None and cell != "" for cell in cells):
            yield number, cells


def _is_number(value: Any) -> bool:
    """Whether a merged cell holds a number, or one with words of money beside it, which is meant once."""
    if not isinstance(value, str):
        return isinstance(value, int | float)
    if NUMBER_LIKE.match(value.strip()):
        return numeric_date(value) is None
    try:
        return money(value) is not None
    except Bad:
        return False


def _calamine(path: Path) -> CalamineWorkbook:
    try:
        with _without_panic():
            return CalamineWorkbook.from_path(path)
    except PasswordError:
        raise Unreadable(
            _("{file} is encrypted. Save it without a password and load that.").format(file=path.name)
        ) from None
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable(
            _("{file} is encrypted or damaged ({kind}). Save it again, without a password, as .xlsx.").format(
                file=path.name, kind=type(error).__name__
            )
        ) from None


@contextmanager
def _without_panic() -> Iterator[None]:
    """The reader of other workbooks is written in Rust; what it stumbles over there is no Exception. Raises CalamineError."""
    try:
        yield
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":
            raise
        raise CalamineError(str(fault)) from None


def _calamine_sheets(path: Path) -> Iterator[tuple[str, Iterator[Line], Marks]]:
    book = _calamine(path)
    for number, meta in enumerate(book.sheets_metadata):
        if meta.visible != SheetVisibleEnum.Visible:
            continue
        try:
            with _without_panic():
                sheet = book.get_sheet_by_index(number)
                lines = sheet.to_python(skip_empty_area=False)
                merged = getattr(sheet, "merged_cell_ranges", None) or []
        except CalamineError as error:
            raise Unreadable(
                _("{file}, sheet {sheet} cannot be read ({kind}).").format(
                    file=path.name, sheet=meta.name, kind=type(error).__name__
                )
            ) from None
        if lines and len(lines[0]) > MOST_COLUMNS:
            raise Unreadable(
                _("Sheet {sheet} has more than {n} columns: refused.").format(
                    sheet=meta.name, n=in_digits(MOST_COLUMNS)
                )
            )
        ranges = tuple((top + 1, bottom + 1, left + 1, right + 1) for (top, left), (bottom, right) in merged)
        cells = ((row, [None if cell == "" else cell for cell in line]) for row, line in enumerate(lines, 1))
        yield meta.name, cells, Marks(ranges)
