"""What a sheet of a workbook says by its looks alone: merged ranges, rows that are hidden or struck through, and pivots."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from openpyxl.utils.cell import range_boundaries

PARTS_AT_ONCE = 1 << 20
OVERLAP = 4_096
STYLES, STRUCK = "xl/styles.xml", b"strike"
MERGED = re.compile(r'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]+\d+:[A-Z]+\d+)"')
HIDDEN_ROW = re.compile(r'<(?:\w+:)?row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')


@dataclass(frozen=True)
class Marks:
    """What a sheet's cells do not say themselves: merged ranges (first and last row and column), and hidden rows."""

    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden: frozenset[int] = frozenset()


def _member(path: Path, sheet: Any) -> str:
    return str(sheet._worksheet_path).removeprefix("/")


def is_left_out(path: Path, sheet: Any) -> bool:
    """Whether a sheet is hidden or holds a pivot, which repeats another one."""
    return sheet.sheet_state != "visible" or has_pivot(path, sheet)


def has_pivot(path: Path, sheet: Any) -> bool:
    """Whether a pivot stands on a sheet."""
    folder, _slash, name = _member(path, sheet).rpartition("/")
    with zipfile.ZipFile(path) as archive:
        try:
            return b"pivotTable" in archive.read(f"{folder}/_rels/{name}.rels")
        except KeyError:
            return False


def marks_of(path: Path, sheet: Any) -> Marks:
    """Merged ranges and hidden rows, from the sheet's own XML: openpyxl's quick reader does not tell them."""
    return _read(path, path.stat().st_mtime_ns, _member(path, sheet))


@lru_cache(64)
def _read(path: Path, _changed: int, member: str) -> Marks:
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


def struck_rows(path: Path, sheet: Any) -> int:
    """In how many rows of a sheet a cell that holds anything is struck through."""
    with zipfile.ZipFile(path) as archive:
        if STYLES not in archive.namelist() or STRUCK not in archive.read(STYLES):
            return 0
    rows = sheet.iter_rows()
    return sum(any(cell.value is not None and cell.font.strike for cell in row) for row in rows)
