"""Tables of workbooks and text files, cell by cell accounted for: what was read, what was left out and why.

Sheets that are hidden or hold a pivot are left out; merged cells fill their range; two heading lines are joined; titles
above and notes, totals and sources below a table are no data. XLSX is read by openpyxl, ODS, XLSB and XLS by calamine.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from openpyxl.utils.cell import range_boundaries
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from data_access.i18n import N_, _, in_digits, ngettext
from data_access.importers import files
from data_access.importers.country_names import country_names
from data_access.importers.records import Place, Problem, Unreadable
from data_access.importers.values import Bad, Formula, numeric_date, text

HEADER_WITHIN = 30
MOST_COLUMNS = 2_000
PARTS_AT_ONCE = 1 << 20
OVERLAP = 4_096
TOTAL = re.compile(
    r"^\W*(?:(?:grand|sub|overall|general)[\s-]*)?(?:totals?|sum|summe|gesamt(?:summe|betrag)?|zwischensumme|insgesamt|итого|всего|"
    r"подытог|промежуточный итог|somme|sous[\s-]total|suma|razem|iš viso)\b(?P<of>.*)$",
    re.IGNORECASE | re.DOTALL,
)
OF_A_TOTAL = frozenset((
    "général", "générale", "general", "grant", "grants", "funding", "amount", "amounts", "expenses", "projects", "year", "years",
    "for", "of", "in", "the", "all", "за", "по", "год", "года", "г", "гг", "jahr", "für", "im", "der", "die", "fördermittel",
))  # fmt: skip
NOTES = re.compile(
    r"^(\*|†|©|(?:source|sources|quelle|источник|note|notes|anmerkung|hinweis|примечани\w*|updated|last updated|stand|обновлено|as of|"
    r"по состоянию|disclaimer|figures?|data)\b(?:\s*:|(?:\s+\S+){5}))",
    re.IGNORECASE,
)
LEFT_OUT = {
    "totals": N_("rows that are totals and no data were left out: {rows}."),
    "notes": N_("rows that are notes and no data were left out: {rows}."),
    "sections": N_("rows that head a section and hold no data were left out: {rows}."),
}
SCALES = {
    "thousand": "tsd",
    "tsd": "tsd",
    "tausend": "tsd",
    "тыс": "tsd",
    "million": "mio",
    "mio": "mio",
    "mln": "mio",
    "млн": "mio",
}
SCALE = re.compile(
    r"\b(?P<word>thousand|tsd|tausend|тыс|million|mio|mln|млн)\w*|['’]000|\bk\s?(?=€|eur|usd|\$|gbp)", re.IGNORECASE
)
SCALED_TITLE = re.compile(rf"\b(?:in|в)\s+(?:(?:of|€|eur|usd|\$)\s+)*(?:{SCALE.pattern})", re.IGNORECASE)
OF_MONEY = re.compile(
    r"amount|betrag|summe|сумм|montant|value|grant|paid|budget|funding|award|disburs|commit|kwota|suma|cost|need|потребн|mittel",
    re.IGNORECASE,
)
CURRENCIES = {"€": "EUR", "£": "GBP", "₽": "RUB"} | {
    code: code
    for code in (
        "EUR",
        "USD",
        "GBP",
        "RUB",
        "CHF",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "GEL",
        "AMD",
        "KZT",
        "UAH",
        "TRY",
        "ILS",
    )
}
SECTION_FROM = 3
MERGED = re.compile(r'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]+\d+:[A-Z]+\d+)"')
HIDDEN_ROW = re.compile(r'<(?:\w+:)?row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')
NUMBER_LIKE = re.compile(r"^[-+~≈]?[\d.,\s]+\S?$")
PARENT_TABLE, PARENT_INDEX, INDEX = "_parent_table_name", "_parent_index", "_index"
DEEPEST_FORM = 5
COUNTED = re.compile(r"^(?=.*\d)(?!.*[^\W\d_]{5,})")
Line = tuple[int, list[Any]]


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
    count: int = 0

    def rows(self) -> Iterator[Row]:
        """The rows that are data; blank ones, totals and notes are set aside."""
        for row in self.lines:
            kind = _kind(row)
            if kind == "data":
                self.filled.update(name for name, cell in row.cells.items() if cell is not None and str(cell).strip())
                self.count += 1
                yield row
            elif kind != "blank":
                self.set_aside.setdefault(kind, []).append(row.number)

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


@dataclass(frozen=True)
class Marks:
    """What a sheet's cells do not say themselves: merged ranges (first and last row and column), and hidden rows."""

    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden: frozenset[int] = frozenset()


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
            if not _is_left_out(path, sheet):
                yield _table(path.name, sheet.title, _filled(_sheet_lines(sheet), _marks(path, sheet)), known)
    elif kind == "other workbook":
        files.refuse_errors(path)
        for name, lines, marks in _calamine_sheets(path):
            yield _table(path.name, name, _filled(lines, marks), known)
    else:
        yield _table(path.name, "", files.text_lines(path, MOST_COLUMNS), known)


def left_out(path: Path) -> Iterator[Problem]:
    """What of a workbook was not read as it stands: hidden sheets, pivots, hidden rows, merged cells."""
    kind = files.kind_of(path)
    if kind == "other workbook":
        hidden = [meta.name for meta in _calamine(path).sheets_metadata if meta.visible != SheetVisibleEnum.Visible]
        yield from _sheets_left_out(path, hidden, [])
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
    pivots = [sheet.title for sheet in sheets if sheet.title not in hidden and _has_pivot(path, sheet)]
    yield from _sheets_left_out(path, hidden, pivots)
    for sheet in sheets:
        if sheet.title in hidden or sheet.title in pivots:
            continue
        marks = _marks(path, sheet)
        if n := len(marks.hidden):
            said = ngettext("{n} row is hidden; it was read.", "{n} rows are hidden; they were read.", n)
            yield _of_file(path, sheet.title, "hidden_rows", said.format(n=in_digits(n)),
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


def _of_file(path: Path, sheet: str, code: str, message: str, remedy: str) -> Problem:
    return Problem(Place(sheet, file=path.name), "", "", code, message, remedy, is_warning=True)


def heading(cell: str) -> str:
    """A heading as it is compared: lower case, single spaces, no star of a required column."""
    return " ".join(cell.replace("\u00a0", " ").replace("*", " ").split()).casefold()


def _table(file: str, sheet: str, lines: Iterator[Line], known: Collection[str]) -> Table:
    begin: list[Line] = []
    for line in lines:
        begin.append(line)
        if len(begin) == HEADER_WITHIN:
            break
    if not begin:
        return Table(file, sheet, [], iter(()))
    recognised = [_recognised(cells, known) for _number, cells in begin]
    is_known = any(recognised)
    best = max(range(len(begin)), key=lambda n: (recognised[n], 0 if is_known else _texts(begin[n][1]), -n))
    cells, start, after = begin[best][1], best, best + 1
    for upper in (best - 1, best):
        if upper >= 0 and upper + 1 < len(begin):
            joined = _joined(begin[upper][1], begin[upper + 1][1], known)
            if joined and _recognised(joined, known) > _recognised(cells, known):
                cells, start, after = joined, upper, upper + 2
    headings = _headings(cells)

    _refuse_what_says_more_than_its_cells(file, sheet, begin[: start + 1], recognised[best], known)
    beside = {name: said for name in headings if (said := _beside(name))}

    def rows() -> Iterator[Row]:
        for number, found in chain(begin[after:], lines):
            if is_known and _is_heading_line(found, recognised[best], known):
                if [cell for cell in found if cell is not None] == [cell for cell in cells if cell is not None]:
                    continue
                raise _two_tables(file, sheet, number)
            for place in range(len(headings), len(found)):
                if _says_something(found[place]):
                    if not sheet:
                        raise _too_long(file, number, len(headings))
                    headings.extend(f"column {one}" for one in range(len(headings) + 1, place + 2))
            yield Row(number, _as_headed(dict(zip(headings, found, strict=False)), beside))

    return Table(file, sheet, headings, rows())


def _is_heading_line(cells: list[Any], best: int, known: Collection[str]) -> bool:
    """Whether a line beside the headings, of which `best` are known, is one of headings as well; a line of tags is none."""
    is_tagged = any(isinstance(cell, str) and cell.startswith("#") for cell in cells)
    return not is_tagged and _recognised(cells, known) >= max(2, best / 2)


def _too_long(file: str, number: int, most: int) -> Unreadable:
    return Unreadable(
        _(
            "{file}, line {line}: holds more than the {n} cells of its heading line. A text with a comma or a semicolon in it stands "
            "in quotes; save the file as CSV again."
        ).format(file=file, line=number, n=in_digits(most))
    )


def _two_tables(file: str, sheet: str, number: int) -> Unreadable:
    return Unreadable(
        _(
            "{file}, sheet “{sheet}”, row {row}: another table begins here. Put each on a sheet, or in a file, of its own."
        ).format(file=file, sheet=sheet, row=in_digits(number))
    )


def _refuse_what_says_more_than_its_cells(
    file: str, sheet: str, down_to: list[Line], best: int, known: Collection[str]
) -> None:
    """Raises Unreadable where another table, or a title that says in what amounts are counted, stands above the headings, which
    are the last of these lines; what stands right above them belongs to them."""
    first = down_to[-1][0]
    for number, cells in down_to[:-1]:
        if number < first - 1 and best and _is_heading_line(cells, best, known):
            raise _two_tables(file, sheet, number)
        title = next((cell for cell in cells if isinstance(cell, str) and SCALED_TITLE.search(cell)), None)
        if title is not None:
            raise Unreadable(
                _(
                    "{file}, row {row}: “{title}” says that amounts are not written out. Write them out, or say it in the heading of "
                    "the column that it is of."
                ).format(file=file, row=in_digits(number), title=title.strip()[:80])
            )


def _beside(name: str) -> str:
    """What the heading of a column of amounts says of each of them: thousands, a currency."""
    if not OF_MONEY.search(name):
        return ""
    said = []
    if scale := SCALE.search(name):
        said.append(SCALES[(scale["word"] or "thousand").casefold()])
    named = {
        CURRENCIES[one] for one in re.findall(r"[€£₽]|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", name) if one in CURRENCIES
    }
    return " ".join([*said, *(named if len(named) == 1 else ())])


def _as_headed(cells: dict[str, Any], beside: Mapping[str, str]) -> dict[str, Any]:
    """Cells with what their headings say beside the figures, as if it stood in each."""
    for name, said in beside.items():
        cell = cells.get(name)
        is_figure = isinstance(cell, int | float) and not isinstance(cell, bool)
        if is_figure or (isinstance(cell, str) and NUMBER_LIKE.match(cell.strip()) and cell.strip()[-1].isdigit()):
            cells[name] = f"{cell} {said}"
    return cells


def _joined(upper: list[Any], lower: list[Any], known: Collection[str]) -> list[Any] | None:
    """Two heading lines as one: the lower name where it is there, else the upper; None when the lower is no heading line."""
    named = [cell for cell in lower if cell is not None and str(cell).strip()]
    if not all(isinstance(cell, str) for cell in named) or _recognised(named, known) * 2 < len(named) or not named:
        return None
    width = max(len(upper), len(lower))
    pairs = zip([*upper, *[None] * (width - len(upper))], [*lower, *[None] * (width - len(lower))], strict=True)
    return [below if below is not None and str(below).strip() else above for above, below in pairs]


def _recognised(cells: Collection[Any], known: Collection[str]) -> int:
    return len({heading(cell) for cell in cells if isinstance(cell, str)} & set(known))


def _texts(cells: Collection[Any]) -> int:
    """How many different texts a line holds: most in the line of headings, where none of them is known."""
    return len(
        {cell for cell in cells if isinstance(cell, str) and cell.strip() and not NUMBER_LIKE.match(cell.strip())}
    )


def _headings(cells: list[Any]) -> list[str]:
    names: dict[str, None] = {}
    for place, cell in enumerate(cells, 1):
        name = "" if cell is None or isinstance(cell, Formula) else str(cell).strip()
        name = name or f"column {place}"
        names[name if name not in names else f"{name} ({place})"] = None
    return list(names)


def _kind(row: Row) -> str:
    """What a row is: data, blank, a line of totals, or a note under the table."""
    filled = [cell for cell in row.cells.values() if isinstance(cell, Formula) or _says_something(cell)]
    if not filled:
        return "blank"
    first = filled[0] if isinstance(filled[0], str) else ""
    said = [cell for cell in filled if isinstance(cell, str) and not _is_measure(cell)]
    has_figure = any(not isinstance(cell, str) or COUNTED.match(cell) for cell in filled)
    if said and has_figure and all(map(_names_a_total, said)):
        return "totals"
    if len(filled) == 1 and len(row.cells) > 1 and (NOTES.match(first.strip()) or TOTAL.match(first)):
        return "notes"
    if len(filled) >= SECTION_FROM and first and all(cell == first for cell in filled):
        return "sections"
    return "data"


def _is_measure(cell: str) -> bool:
    """A cell that only measures or places a total: a number, a year, a currency, a country."""
    plain = cell.strip()
    return bool(COUNTED.match(plain)) or plain in CURRENCIES or plain.casefold() in country_names()


def _names_a_total(cell: str) -> bool:
    """Whether a text says that its row is a total: of a year, of a country, or of everything."""
    found = TOTAL.match(cell.strip())
    if found is None:
        return False
    of = found["of"].strip(" :()").casefold()
    return of in country_names() or all(
        word in OF_A_TOTAL
        or word.isdigit()
        or word.upper() in CURRENCIES
        or (len(word) > 2 and word in country_names())
        for word in re.findall(r"[^\W_]+", of)
    )


def _says_something(cell: Any) -> bool:
    try:
        return text(cell) is not None
    except Bad:
        return True


def _sheet_lines(sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(), 1):
        if len(row) > MOST_COLUMNS:
            raise Unreadable(
                _("Sheet {sheet} has more than {n} columns: refused.").format(
                    sheet=sheet.title, n=in_digits(MOST_COLUMNS)
                )
            )
        yield number, [Formula(str(cell.value)) if cell.data_type == "f" else cell.value for cell in row]


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
    """Whether a merged cell holds a number, which is meant once."""
    if isinstance(value, str):
        return bool(NUMBER_LIKE.match(value.strip())) and numeric_date(value) is None
    return isinstance(value, int | float)


def _member(path: Path, sheet: Any) -> str:
    return str(sheet._worksheet_path).removeprefix("/")


def _is_left_out(path: Path, sheet: Any) -> bool:
    return sheet.sheet_state != "visible" or _has_pivot(path, sheet)


def _has_pivot(path: Path, sheet: Any) -> bool:
    folder, _slash, name = _member(path, sheet).rpartition("/")
    with zipfile.ZipFile(path) as archive:
        try:
            return b"pivotTable" in archive.read(f"{folder}/_rels/{name}.rels")
        except KeyError:
            return False


def _marks(path: Path, sheet: Any) -> Marks:
    """Merged ranges and hidden rows, from the sheet's own XML: openpyxl's quick reader does not tell them."""
    return _marks_of(path, path.stat().st_mtime_ns, _member(path, sheet))


@lru_cache(64)
def _marks_of(path: Path, _changed: int, member: str) -> Marks:
    """Read once, however many formats ask whether the file is theirs."""
    merged: set[str] = set()
    hidden: set[int] = set()
    with zipfile.ZipFile(path) as archive, archive.open(member) as file:
        rest = ""
        while part := file.read(PARTS_AT_ONCE):
            piece = rest + part.decode("utf-8", errors="replace")
            merged.update(MERGED.findall(piece))
            hidden.update(int(number) for number in HIDDEN_ROW.findall(piece))
            rest = piece[-OVERLAP:]
    ranges = (range_boundaries(reference) for reference in sorted(merged))
    return Marks(tuple((top, bottom, left, right) for left, top, right, bottom in ranges), frozenset(hidden))


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
