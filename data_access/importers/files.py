"""Files as people send them, opened safely: text tables in any encoding, workbooks, JSON, XML. Nothing is executed.

Refused as a whole, with a sentence: what is unreadable, encrypted, of an unknown kind, larger than the limits, a zip
bomb, a workbook with links to other files, XML with entities.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import openpyxl
from charset_normalizer import from_bytes
from lxml import etree

from data_access.i18n import _, in_digits
from data_access.importers.records import Unreadable

MOST_BYTES = 2 * 1024**3
MOST_JSON_BYTES = 200 * 1024**2
MOST_UNPACKED = 600 * 1024**2
MOST_RATIO = 200
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
OPEN_DOCUMENT_CONTENT = "content.xml"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
VALUE_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
OFFICE_TYPE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
NUMBERS = frozenset(["float", "currency", "percentage"])
SAMPLE_BYTES = 200_000
UNICODE = ("utf-8-sig", "utf-16")
DELIMITERS = (",", ";", "\t", "|")
NO_ELEMENT, HINT_FOR_PROGRAMMERS = "none", ", "

WORKBOOKS = ("workbook", "other workbook")
TABLES = (*WORKBOOKS, "text")
Kind = Literal["workbook", "other workbook", "text", "json", "xml"]


def kind_of(path: Path) -> Kind:
    """What the file is by its content, whatever its name says. Raises Unreadable."""
    if not path.is_file():
        raise Unreadable(_("There is no file {file}.").format(file=path.name))
    size = path.stat().st_size
    if size == 0:
        raise Unreadable(_("{file} is empty.").format(file=path.name))
    if size > MOST_BYTES:
        raise Unreadable(_("{file} is larger than {n} GB. Split it.").format(file=path.name, n=MOST_BYTES // 1024**3))
    with path.open("rb") as file:
        begin = file.read(4096)
    if begin.startswith(b"PK\x03\x04"):
        return _kind_of_archive(path)
    if begin.startswith(b"\xd0\xcf\x11\xe0"):
        return "other workbook"
    stripped = begin.lstrip(b"\xef\xbb\xbf \t\r\n")
    if stripped.startswith((b"{", b"[")):
        return "json"
    if stripped.startswith(b"<"):
        return "xml"
    if b"\x00" in begin and not begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(_("{file} is neither a workbook nor text, JSON or XML.").format(file=path.name))
    return "text"


def _kind_of_archive(path: Path) -> Kind:
    """An XLSX workbook, or one of another program: ODS or XLSB. Raises Unreadable for any other archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            _check_archive(path.name, archive)
            if "xl/workbook.xml" in names:
                return "workbook"
            is_ods = "mimetype" in names and archive.read("mimetype").startswith(OPEN_DOCUMENT)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise Unreadable(_("{file} is damaged: it cannot be unpacked.").format(file=path.name)) from None
    if is_ods or "xl/workbook.bin" in names:
        return "other workbook"
    raise Unreadable(
        _("{file} is an archive, but no workbook. Unpack it and load the files inside.").format(file=path.name)
    )


def shows_beside(path: Path) -> bool:
    """Whether what its cells show can be read of a workbook that is no XLSX: of ODS."""
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
        return OPEN_DOCUMENT_CONTENT in archive.namelist()
    return False


def shown_beside(path: Path) -> Mapping[str, Mapping[tuple[int, int], str]]:
    """What the cells of an ODS workbook show that are numbers and show more than figures, by sheet, row and column from 1; its reader
    gives out their numbers alone. Raises Unreadable for a cell that is an error, which its reader gives out as an empty one."""
    return _shown_beside(path, path.stat().st_mtime_ns)


@lru_cache(64)
def _shown_beside(path: Path, _changed: int) -> Mapping[str, Mapping[tuple[int, int], str]]:
    """Looked through once, however many formats ask whether the file is theirs."""
    found: defaultdict[str, dict[tuple[int, int], str]] = defaultdict(dict)
    if not shows_beside(path):
        return found
    with zipfile.ZipFile(path) as archive, archive.open(OPEN_DOCUMENT_CONTENT) as content:
        sheet, row, column = "", 0, 0
        for event, element in etree.iterparse(
            content, ("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
        ):
            if event == "start":
                if element.tag == f"{TABLE}table":
                    sheet, row = element.get(f"{TABLE}name", ""), 0
                elif element.tag == f"{TABLE}table-row":
                    row, column = row + _repeated(element, "rows"), 0
            elif element.tag == f"{TABLE}table-row":
                element.clear()
            elif element.tag in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                if element.get(VALUE_TYPE) == "error":
                    raise Unreadable(
                        _(
                            "{file}, sheet “{sheet}”, row {row}: a cell is an error of the spreadsheet. Mend its formula, or "
                            "write the value."
                        ).format(file=path.name, sheet=sheet, row=in_digits(row))
                    )
                column += _repeated(element, "columns")
                shown = "".join(element.itertext())
                if element.get(OFFICE_TYPE) in NUMBERS and any(not one.isdecimal() for one in shown):
                    found[sheet][row, column] = shown
    return found


def _repeated(element: etree._Element, of: str) -> int:
    """How often a row or a cell of an ODS workbook stands there."""
    return int(element.get(f"{TABLE}number-{of}-repeated") or 1)


def encoding_of(path: Path) -> str:
    """The encoding of a text file, from its first 200,000 bytes."""
    with path.open("rb") as file:
        begin = file.read(SAMPLE_BYTES)
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        begin.decode("utf-8")
        return "utf-8-sig"
    except UnicodeDecodeError as error:
        if error.start > len(begin) - 4 and len(begin) == SAMPLE_BYTES:
            return "utf-8-sig"
    best = from_bytes(begin, cp_isolation=["cp1251", "cp1252"]).best()
    if best is None:
        raise Unreadable(_("The encoding of {file} cannot be told. Save it as UTF-8.").format(file=path.name))
    return best.encoding


def open_workbook(path: Path) -> Any:
    """The workbook; its container was checked by `kind_of`. Raises Unreadable."""
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except Exception as error:
        raise Unreadable(
            _("{file} is not a workbook that can be read ({kind}).").format(file=path.name, kind=type(error).__name__)
        ) from None


def _check_archive(name: str, archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries) or 1
    if unpacked > MOST_UNPACKED or (unpacked > 10 * 1024**2 and unpacked / packed > MOST_RATIO):
        raise Unreadable(
            _("{file} unpacks to {n} MB: refused. Split it, or save it as CSV.").format(
                file=name, n=in_digits(unpacked // 1024**2)
            )
        )
    for entry in entries:
        if entry.filename.startswith(("/", "\\")) or ".." in entry.filename.replace("\\", "/").split("/"):
            raise Unreadable(_("{file} holds a path that leaves the archive: refused.").format(file=name))
        if entry.filename.startswith("xl/externalLinks/"):
            raise Unreadable(
                _("{file} links to other files. Break the links, or paste values, and save again.").format(file=name)
            )


def text_lines(path: Path, most_columns: int) -> Iterator[tuple[int, list[Any]]]:
    """The lines of a text table that hold anything, parted into cells, with their numbers. Raises Unreadable."""
    encoding = encoding_of(path)
    csv.field_size_limit(1_000_000)
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(_begin(path, encoding))
        reader, most = csv.reader(file, delimiter=delimiter, strict=True), 0
        try:
            for cells in reader:
                if len(cells) > most_columns:
                    raise Unreadable(
                        _("{file} has more than {n} columns: refused.").format(
                            file=path.name, n=in_digits(most_columns)
                        )
                    )
                most = max(most, len(cells))
                if any(_holds_rows(cell, delimiter, most) for cell in cells):
                    raise Unreadable(
                        _(
                            "{file}, line {line}: a cell that begins with a quotation mark holds whole rows of the table. Take the "
                            "mark out, or double it, and load again."
                        ).format(file=path.name, line=in_digits(reader.line_num))
                    )
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, list(cells)
        except UnicodeDecodeError:
            raise Unreadable(
                _(
                    "{file}, after line {line}: is written in another encoding than its begin ({encoding}). Save it as UTF-8."
                ).format(file=path.name, line=in_digits(reader.line_num), encoding=encoding)
            ) from None
        except csv.Error as error:
            raise Unreadable(
                _("{file}, line {line}: {why}. Save it as CSV again.").format(
                    file=path.name, line=reader.line_num, why=error
                )
            ) from None


def _holds_rows(cell: str, delimiter: str, columns: int) -> bool:
    """Whether a cell with line breaks holds as many delimiters as a row does; those of prose have a blank behind them."""
    return (
        columns > 2
        and len(cell.splitlines()) > 1
        and len(re.findall(rf"{re.escape(delimiter)}(?! )", cell)) >= columns - 1
    )


def _begin(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        return file.read(SAMPLE_BYTES)


def _delimiter(sample: str) -> str:
    """The mark that parts most lines into the same number of cells, and into most of them."""
    lines = sample.splitlines()[:60]

    def fit(mark: str) -> tuple[int, int]:
        counts = [len(cells) for cells in csv.reader(io.StringIO("\n".join(lines)), delimiter=mark) if cells]
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual), usual) if usual > 1 else (0, 0)

    return max(DELIMITERS, key=fit)


def read_json(path: Path) -> Any:
    """The parsed file. Raises Unreadable."""
    if path.stat().st_size > MOST_JSON_BYTES:
        raise Unreadable(
            _("{file} is larger than {n} MB. Split it into several files.").format(
                file=path.name, n=MOST_JSON_BYTES // 1024**2
            )
        )
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Unreadable(_("{file} is not JSON that can be read: {why}").format(file=path.name, why=error)) from None


def root_of(path: Path) -> tuple[str, dict[str, str]]:
    """The name and attributes of an XML file's first element. Raises Unreadable; a document type is refused."""
    for element in _met(path, None):
        if element.getroottree().docinfo.doctype:
            raise Unreadable(
                _("{file} declares a document type (DOCTYPE): refused. Save it without one.").format(file=path.name)
            )
        return str(element.tag), {str(name): str(value) for name, value in element.attrib.items()}
    raise Unreadable(_("{file} is not XML that can be read: it ends before it begins.").format(file=path.name))


def elements(path: Path, name: str) -> Iterator[ElementTree.Element]:
    """The elements of this name below the root, one after the other, in memory that does not grow. Raises Unreadable.

    Entities can only be defined in a document type, which `root_of` refuses.
    """
    root_of(path)
    _check(path, path.stat().st_mtime_ns)
    events = ElementTree.iterparse(path, ("start", "end"))
    depth = 0
    try:
        for event, element in events:
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                root = element
            elif event == "end" and depth == 1:
                if element.tag == name:
                    yield element
                root.clear()
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise Unreadable(_("{file} is not XML that can be read: {why}.").format(file=path.name, why=error)) from None


@lru_cache(64)
def _check(path: Path, _changed: int) -> None:
    """Go through the whole file once with a parser that bounds text and depth. Raises Unreadable."""
    for _element in _met(path, NO_ELEMENT):
        break


def _met(path: Path, name: str | None) -> Iterator[etree._Element]:
    """Elements as they start, by a parser that bounds text and depth, expands nothing and fetches nothing."""
    events = etree.iterparse(
        path, ("start",), tag=name, resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False,
    )  # fmt: skip
    try:
        for _event, element in events:
            yield element
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        said = " ".join(str(getattr(error, "msg", error)).split()).split(HINT_FOR_PROGRAMMERS)[0]
        raise Unreadable(_("{file} is not XML that can be read: {why}.").format(file=path.name, why=said)) from None
