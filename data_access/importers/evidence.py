"""What a whole column says about how its dates and amounts are written, so that 03/04/2025 and 1.234 mean the same in every row;
where it leaves two readings, the first of the house is taken and said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from data_access.importers.values import SPACES

YEARS_OF_TWO = range(10, 41)
CLOCK = r"(?:[T ,]\s*(?:[01]?\d|2[0-4])(?:\.[0-5]\d|:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)\s*(?:[ap]\.?m\.?)?)?"
"""The time behind a date; one with seconds has colons, since 15.03.24 may be another date."""
ZONE = r"(?:\s*(?:Z|[+-]\d{2}:?\d{2}))?"
PARTS = re.compile(rf"^(\d{{1,4}})[./\-\s](\d{{1,2}})[./\-\s](\d{{1,4}})\.?(?:\s*г\.?)?{CLOCK}{ZONE}$", re.IGNORECASE)
WRITTEN_ALONE = re.compile(r"[^\d.,]*([-+]?\d[\d.,' \u00a0\u202f\u2009]*)[^\d]*")


def numeric_date(cell: str) -> re.Match[str] | None:
    """The three parts of a date in figures of which day or month comes first; None for anything else."""
    parts = PARTS.match(cell.strip())
    return parts if parts and len(parts[1]) <= 2 else None


@dataclass
class Evidence:
    """What a whole column says about how its dates and amounts are written; `beside`: what the column says in all sheets, for where
    this one tells nothing."""

    beside: Evidence | None = None
    day_first: int = 0
    month_first: int = 0
    numeric: int = 0
    comma_decimal: int = 0
    point_decimal: int = 0
    short_years: int = 0
    maybe_year_first: int = 0
    made: int = 0
    made_beyond_12: int = 0

    @classmethod
    def of(cls, cells: Iterable[Any], beside: Evidence | None = None) -> Evidence:
        found = cls(beside)
        for cell in cells:
            found.see(cell)
        return found

    def see(self, cell: Any) -> None:
        """Count one cell in."""
        if isinstance(cell, date):
            self.made += 1
            self.made_beyond_12 += cell.day > 12
        if not isinstance(cell, str):
            return
        if parts := numeric_date(cell):
            self.numeric += 1
            self.day_first += int(parts[1]) > 12
            self.month_first += int(parts[2]) > 12
            if len(parts[3]) == 2 and "-" in cell:
                self.short_years += 1
                self.maybe_year_first += int(parts[1]) in YEARS_OF_TWO and int(parts[2]) <= 12 and int(parts[3]) <= 31
        if written := WRITTEN_ALONE.fullmatch(cell):
            line = SPACES.sub("", written[1]).rstrip(".,")
            last = max(line.rfind(","), line.rfind("."))
            if last >= 0 and (len(line) - last - 1 != 3 or len(set(line) & {",", "."}) == 2):
                self.comma_decimal += line[last] == "," and line.count(",") == 1
                self.point_decimal += line[last] == "." and line.count(".") == 1

    def decimals_by(self, mark: str) -> int:
        """How many cells have a comma, or a point, before their decimals."""
        if self.beside and not self.comma_decimal and not self.point_decimal:
            return self.beside.decimals_by(mark)
        return self.comma_decimal if mark == "," else self.point_decimal

    @property
    def date_order(self) -> Literal["day", "month", "both"] | None:
        """Which part comes first; "both" when the column contradicts itself, None when nothing tells."""
        if self.day_first and self.month_first:
            return "both"
        if self.beside and not self.day_first and not self.month_first:
            return None if self.beside.date_order == "both" else self.beside.date_order
        return "day" if self.day_first else "month" if self.month_first else None

    @property
    def may_begin_with_years(self) -> bool:
        """Whether every date with a year of two figures, parted as ISO parts them, could begin with that year."""
        return 0 < self.short_years == self.maybe_year_first

    @property
    def may_be_exchanged(self) -> bool:
        """Whether a spreadsheet made days of those figures alone whose order it could mistake: all that it left as text begin or go on
        with more than 12, and none that it made is beyond the 12th."""
        left = self.numeric in (self.day_first, self.month_first)
        return self.numeric > 0 and left and self.made > 0 and not self.made_beyond_12

    @property
    def is_ambiguous(self) -> bool:
        """Whether dates stand in the column whose order nothing tells, or that contradict each other."""
        return self.numeric > 0 and self.date_order in (None, "both")
