"""Days as people, spreadsheets and programs write them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale

from data_access.i18n import _
from data_access.importers.evidence import CLOCK, PARTS, Evidence
from data_access.importers.values import Bad, text

LANGUAGES_OF_DAYS = ("en", "de", "fr", "ru", "uk", "pl", "lt", "es")
WEEKDAY = re.compile(r"^([^\W\d_]+)\.?,?\s+(?=\d|[^\W\d_]+\.?\s\d)")
SERIAL_BEGIN = date(1899, 12, 30)
SERIALS = range(18_264, 73_051)
WORDED = re.compile(
    rf"^(\d{{1,2}})(?:st|nd|rd|th|er|\.)?[\s\-](?:de\s)?([^\W\d]+)\.?,?[\s\-](\d{{4}}|\d{{2}})(?:\s*(?:г\.?|года))?{CLOCK}$",
    re.IGNORECASE,
)
MONTH_FIRST = re.compile(rf"^([^\W\d]+)\.?\s(\d{{1,2}})(?:st|nd|rd|th)?,?\s(\d{{4}}){CLOCK}$", re.IGNORECASE)
MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$")


def day(cell: Any, evidence: Evidence | None = None, zone: str = "UTC") -> date | None:
    """A calendar date: ISO, day or month first by evidence, a spreadsheet's serial number. Raises Bad, also for 05/03/2026 where no
    column is there to tell.

    A moment with an offset is told in the one reporting `zone` before its date is taken; plain dates never shift (A30), nor does
    midnight, which is how programs write a date.
    """
    if isinstance(cell, str) and MOMENT.match(cell.strip()):
        cell = _moment(cell.strip())
    if isinstance(cell, date):
        return _made(cell, evidence, zone)
    line = text(cell)
    if line is None:
        return None
    if re.fullmatch(r"\d{4,5}(\.\d+)?", line) and int(float(line)) in SERIALS:
        return SERIAL_BEGIN + timedelta(days=int(float(line)))
    if (worded := _worded(line)) is not None:
        return worded
    if (named := WEEKDAY.match(line)) is not None and (weekdays := _weekdays().get(named[1].casefold())):
        return _on_weekday(weekdays, line[named.end() :])
    parts = PARTS.match(line)
    if parts is None and re.fullmatch(r"\d{8}", line):
        parts = re.match(r"(\d{4})(\d{2})(\d{2})", line)
    if parts is None:
        raise Bad(_("is not a date."), _("Write it like 2026-10-18."))
    year, month, number = _in_order(parts, evidence)
    try:
        return date(year, month, number)
    except ValueError:
        raise Bad(_("is a day that does not exist."), _("Write it like 2026-10-18.")) from None


def _on_weekday(weekdays: Collection[int], line: str) -> date:
    """The day of a line that names its weekday, which tells day and month apart. Raises Bad where no reading is of that weekday."""
    readings = {
        found
        for order in (Evidence(day_first=1), Evidence(month_first=1))
        for found in [_or_none(line, order)]
        if found is not None and found.weekday() in weekdays
    }
    if len(readings) != 1:
        raise Bad(_("is no day of the weekday that stands before it."), _("Write it like 2026-10-18."))
    return readings.pop()


def _or_none(line: str, evidence: Evidence) -> date | None:
    try:
        return day(line, evidence)
    except Bad:
        return None


@lru_cache
def _weekdays() -> Mapping[str, frozenset[int]]:
    """Names of weekdays, long and short, each with those that it is of in one language or another, from Monday (0)."""
    named: dict[str, set[int]] = {}
    for language, form, width in product(
        LANGUAGES_OF_DAYS, ("format", "stand-alone"), ("wide", "abbreviated", "short")
    ):
        for number, name in Locale(language).days[form][width].items():
            named.setdefault(name.casefold().rstrip("."), set()).add(number)
    return {name: frozenset(days) for name, days in named.items()}


def _made(cell: date, evidence: Evidence | None, zone: str) -> date:
    """A day that a spreadsheet or a program made. Raises Bad where its month may be the day, and its day the month."""
    if evidence is not None and evidence.may_be_exchanged and cell.day != cell.month:
        raise Bad(
            _("may have its day and month exchanged: the spreadsheet made days of those dates alone that fit both ways, and left "
              "the others of this column as text."),
            _("Write every date of the column like 2026-10-18."),
        )  # fmt: skip
    if not isinstance(cell, datetime):
        return cell
    try:
        told = cell if cell.tzinfo is None else cell.astimezone(ZoneInfo(zone))
        return (told if any(cell.timetuple()[3:6]) else cell).date()
    except OverflowError:
        raise Bad(_("is a moment that no calendar holds."), _("Write it like 2026-10-18.")) from None


def _in_order(parts: re.Match[str], column: Evidence | None) -> tuple[int, int, int]:
    """Year, month and day of a date in figures, as its column tells. Raises Bad where its year may stand first or last, and where
    there is no column and it can be two days."""
    evidence = column or Evidence.of([parts[0]])
    first, second, third = (int(part) for part in parts.groups())
    if len(parts[1]) == 4:
        return first, second, third
    if len(parts[3]) == 2 and "-" in parts[0] and evidence.may_begin_with_years:
        raise Bad(_("may begin or end with its year."), _("Write the year with four figures."))
    order = evidence.date_order
    if column is None and order is None and first != second and "." not in parts[0]:
        raise Bad(_("can be two days."), _("Write it like 2026-10-18."))
    month_first = (order == "month" or (order == "both" and second > 12)) and not (order == "both" and first > 12)
    year = third + 2000 if len(parts[3]) == 2 else third
    return (year, first, second) if month_first else (year, second, first)


@lru_cache
def _months() -> dict[str, int]:
    """Names of months in the languages people write them in, long and short, as they stand in a date and alone."""
    names: dict[str, int] = {}
    for language in LANGUAGES_OF_DAYS:
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in Locale(language).months[form][width].items():
                    names.setdefault(name.casefold().rstrip("."), number)
    return names | {"sept": 9, "märz": 3, "мая": 5, "май": 5}


def _worded(line: str) -> date | None:
    """A date with its month in words: 5 March 2026, 5. März 2026, 5 марта 2026 г., March 5, 2026, 5-Mar-26."""
    if (found := WORDED.match(line)) is not None:
        number, word, year = found[1], found[2], found[3]
    elif (found := MONTH_FIRST.match(line)) is not None:
        word, number, year = found[1], found[2], found[3]
    else:
        return None
    month = _months().get(word.casefold())
    if month is None:
        return None
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, int(number))
    except ValueError:
        raise Bad(_("is a day that does not exist."), _("Write it like 2026-10-18.")) from None


def _moment(line: str) -> datetime:
    try:
        return datetime.fromisoformat(line)
    except ValueError:
        raise Bad(_("is a moment that does not exist."), _("Write it like 2026-10-18T12:00:00Z.")) from None
