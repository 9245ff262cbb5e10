"""Typed sheets -> an OpenDocument spreadsheet (ODS), streamed, the same bytes for the same cells.

Written here because the libraries for it take minutes for what takes seconds, or put the moment of writing into the file.
A cell is text, a number, a share or a day; nothing is ever a formula or a link.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

MIME = "application/vnd.oasis.opendocument.spreadsheet"
WRITTEN = (1980, 1, 1, 0, 0, 0)
NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
}
MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIME}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
DAY, SHARE, HEAD = "day", "share", "head"


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, headings, rows of values, and which columns hold shares (by place)."""

    name: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Any]]
    shares: frozenset[int] = frozenset()


def write(sheets: Iterable[Sheet]) -> bytes:
    """The file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        kind = zipfile.ZipInfo("mimetype", WRITTEN)
        archive.writestr(kind, MIME, zipfile.ZIP_STORED)
        archive.writestr(zipfile.ZipInfo("META-INF/manifest.xml", WRITTEN), MANIFEST, zipfile.ZIP_DEFLATED)
        entry = zipfile.ZipInfo("content.xml", WRITTEN)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with io.BufferedWriter(archive.open(entry, "w", force_zip64=True)) as content:
            _content(XMLGenerator(content, "utf-8", short_empty_elements=True), sheets)
    return buffer.getvalue()


def _content(xml: XMLGenerator, sheets: Iterable[Sheet]) -> None:
    xml.startDocument()
    spaces = {f"xmlns:{prefix}": name for prefix, name in NAMES.items()}
    _start(xml, "office:document-content", spaces | {"office:version": "1.2"})
    _styles(xml)
    _start(xml, "office:body")
    _start(xml, "office:spreadsheet")
    for sheet in sheets:
        _sheet(xml, sheet)
    for name in ("office:spreadsheet", "office:body", "office:document-content"):
        xml.endElement(name)
    xml.endDocument()


def _styles(xml: XMLGenerator) -> None:
    _start(xml, "office:automatic-styles")
    _start(xml, "number:date-style", {"style:name": "n-day"})
    for part in ("year", "month", "day"):
        _empty(xml, f"number:{part}", {"number:style": "long"})
        if part != "day":
            _start(xml, "number:text")
            xml.characters("-")
            xml.endElement("number:text")
    xml.endElement("number:date-style")
    _start(xml, "number:percentage-style", {"style:name": "n-share"})
    _empty(xml, "number:number", {"number:decimal-places": "0", "number:min-integer-digits": "1"})
    _start(xml, "number:text")
    xml.characters("%")
    xml.endElement("number:text")
    xml.endElement("number:percentage-style")
    for name in (DAY, SHARE):
        _empty(
            xml, "style:style", {"style:name": name, "style:family": "table-cell", "style:data-style-name": f"n-{name}"}
        )
    _start(xml, "style:style", {"style:name": HEAD, "style:family": "table-cell"})
    _empty(xml, "style:text-properties", {"fo:font-weight": "bold"})
    xml.endElement("style:style")
    xml.endElement("office:automatic-styles")


def _sheet(xml: XMLGenerator, sheet: Sheet) -> None:
    _start(xml, "table:table", {"table:name": sheet.name})
    _empty(xml, "table:table-column", {"table:number-columns-repeated": str(max(1, len(sheet.headings)))})
    if sheet.headings:
        _start(xml, "table:table-header-rows")
        _row(xml, sheet.headings, frozenset(), HEAD)
        xml.endElement("table:table-header-rows")
    for row in sheet.rows:
        _row(xml, row, sheet.shares)
    xml.endElement("table:table")


def _row(xml: XMLGenerator, row: Sequence[Any], shares: frozenset[int], style: str | None = None) -> None:
    _start(xml, "table:table-row")
    for place, value in enumerate(row):
        _cell(xml, value, place in shares, style)
    xml.endElement("table:table-row")


def _cell(xml: XMLGenerator, value: Any, is_share: bool, style: str | None) -> None:
    if value is None:
        _empty(xml, "table:table-cell")
        return
    if isinstance(value, date):
        told = {"office:value-type": "date", "office:date-value": value.isoformat(), "table:style-name": DAY}
    elif isinstance(value, int | float) and not isinstance(value, bool):
        kind = (
            {"office:value-type": "percentage", "table:style-name": SHARE}
            if is_share
            else {"office:value-type": "float"}
        )
        told = kind | {"office:value": repr(value)}
    else:
        told = {"office:value-type": "string"} | ({"table:style-name": style} if style else {})
    _start(xml, "table:table-cell", told)
    for line in str(value).split("\n") if "string" in told.values() else ():
        _start(xml, "text:p")
        xml.characters(line)
        xml.endElement("text:p")
    xml.endElement("table:table-cell")


def _start(xml: XMLGenerator, name: str, attributes: Mapping[str, str] = MappingProxyType({})) -> None:
    xml.startElement(name, AttributesImpl(dict(attributes)))


def _empty(xml: XMLGenerator, name: str, attributes: Mapping[str, str] = MappingProxyType({})) -> None:
    _start(xml, name, attributes)
    xml.endElement(name)
