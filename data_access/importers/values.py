"""Cells as people write them -> values: dates, amounts, yes and no, countries, and the many ways to say nothing.

A column of dates or amounts is read by evidence from the whole column (`Evidence`), so that 03/04/2025 and 1.234 mean
the same in every row; where the evidence leaves two readings, the first of the house is taken and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global

NOTHING = frozenset(
    [
        "",
        "-",
        "–",
        "—",
        "n/a",
        "na",
        "none",
        "null",
        "nan",
        "unknown",
        "k. a.",
        "k.a.",
        "unbekannt",
        "нет",
        "н/д",
        "неизвестно",
    ]
)
YES = frozenset(["yes", "y", "true", "1", "x", "oui", "ja", "да", "sí", "si", "tak", "taip"])
NO = frozenset(["no", "n", "false", "0", "non", "nein", "не", "нет", "nie", "ne"])
SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
UNWRITABLE = re.compile(r"[\x00\ud800-\udfff\ufffe\uffff]")
SERIAL_BEGIN = date(1899, 12, 30)
SERIALS = range(18_264, 73_051)
PARTS = re.compile(r"^(\d{1,4})[./\-\s](\d{1,2})[./\-\s](\d{1,4})(?:[T ,].*)?$")
MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$")
MOST_CENTS = 10**16


UNITED_NATIONS_NAMES = {
    "uk": "GB", "usa": "US", "united states of america": "US", "czech republic": "CZ",
    "united kingdom of great britain and northern ireland": "GB",
    "turkey": "TR", "türkiye": "TR", "türkei": "TR", "турция": "TR", "russian federation": "RU", "syrian arab republic": "SY",
    "iran, islamic republic of": "IR", "iran (islamic republic of)": "IR", "republic of moldova": "MD",
    "moldova, republic of": "MD", "viet nam": "VN", "lao people's democratic republic": "LA",
    "venezuela, bolivarian republic of": "VE", "venezuela (bolivarian republic of)": "VE",
    "bolivia (plurinational state of)": "BO", "tanzania, united republic of": "TZ", "united republic of tanzania": "TZ",
    "korea, republic of": "KR", "republic of korea": "KR", "korea, democratic people's republic of": "KP",
    "democratic republic of the congo": "CD", "congo, the democratic republic of the": "CD", "congo": "CG",
    "occupied palestinian territory": "PS", "state of palestine": "PS", "holy see": "VA", "the netherlands": "NL",
    "netherlands (kingdom of the)": "NL",
}  # fmt: skip


class Bad(ValueError):
    """A cell that cannot be read; `what` says what it is not, `do` what to write instead."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.what, self.do = what, do


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula: its text is never computed here."""

    text: str


def text(cell: Any) -> str | None:
    """The cell as one line of text, None for the ways to say nothing. Raises Bad for a formula."""
    line = _line(cell)
    return None if line.casefold() in NOTHING else line


def _line(cell: Any) -> str:
    if isinstance(cell, Formula):
        raise Bad("a formula", "Paste its value instead.")
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return SPACES.sub(" ", UNWRITABLE.sub("", str(cell))).strip()


def numeric_date(cell: str) -> re.Match[str] | None:
    """The three parts of a date in figures of which day or month comes first; None for anything else."""
    parts = PARTS.match(cell.strip())
    return parts if parts and len(parts[1]) <= 2 else None


@dataclass
class Evidence:
    """What a whole column says about how its dates and amounts are written."""

    day_first: int = 0
    month_first: int = 0
    numeric: int = 0
    comma_decimal: int = 0
    point_decimal: int = 0

    @classmethod
    def of(cls, cells: Iterable[Any]) -> Evidence:
        found = cls()
        for cell in cells:
            found.see(cell)
        return found

    def see(self, cell: Any) -> None:
        """Count one cell in."""
        if not isinstance(cell, str):
            return
        if parts := numeric_date(cell):
            self.numeric += 1
            self.day_first += int(parts[1]) > 12
            self.month_first += int(parts[2]) > 12
        line = SPACES.sub("", cell)
        if re.fullmatch(r"[-+]?[\d.,']+", line):
            last = max(line.rfind(","), line.rfind("."))
            if last >= 0 and (len(line) - last - 1 != 3 or len(set(line) & {",", "."}) == 2):
                self.comma_decimal += line[last] == "," and line.count(",") == 1
                self.point_decimal += line[last] == "." and line.count(".") == 1

    @property
    def date_order(self) -> Literal["day", "month", "both"] | None:
        """Which part comes first; "both" when the column contradicts itself, None when nothing tells."""
        if self.day_first and self.month_first:
            return "both"
        return "day" if self.day_first else "month" if self.month_first else None

    @property
    def is_ambiguous(self) -> bool:
        """Whether dates stand in the column whose order nothing tells, or that contradict each other."""
        return self.numeric > 0 and self.date_order in (None, "both")


def day(cell: Any, evidence: Evidence | None = None, zone: str = "UTC") -> date | None:
    """A calendar date: ISO, day or month first by evidence, a spreadsheet's serial number. Raises Bad.

    A moment with an offset is told in the one reporting `zone` before its date is taken; plain dates never shift (A30).
    """
    if isinstance(cell, str) and MOMENT.match(cell.strip()):
        cell = _moment(cell.strip())
    if isinstance(cell, datetime):
        try:
            return (cell if cell.tzinfo is None else cell.astimezone(ZoneInfo(zone))).date()
        except OverflowError:
            raise Bad("a moment that no calendar holds", "Write it like 2026-10-18.") from None
    if isinstance(cell, date):
        return cell
    line = text(cell)
    if line is None:
        return None
    if re.fullmatch(r"\d{4,5}(\.\d+)?", line) and int(float(line)) in SERIALS:
        return SERIAL_BEGIN + timedelta(days=int(float(line)))
    parts = PARTS.match(line)
    if parts is None and re.fullmatch(r"\d{8}", line):
        parts = re.match(r"(\d{4})(\d{2})(\d{2})", line)
    if parts is None:
        raise Bad("not a date", "Write it like 2026-10-18.")
    first, second, third = (int(part) for part in parts.groups())
    if len(parts[1]) == 4:
        year, month, number = first, second, third
    else:
        year = third + 2000 if len(parts[3]) == 2 else third
        order = evidence.date_order if evidence else None
        month_first = (order == "month" or (order == "both" and second > 12)) and not (order == "both" and first > 12)
        month, number = (first, second) if month_first else (second, first)
    try:
        return date(year, month, number)
    except ValueError:
        raise Bad("a day that does not exist", "Write it like 2026-10-18.") from None


def _moment(line: str) -> datetime:
    try:
        return datetime.fromisoformat(line)
    except ValueError:
        raise Bad("a moment that does not exist", "Write it like 2026-10-18T12:00:00Z.") from None


def amount(cell: Any, evidence: Evidence | None = None) -> int | None:
    """Money in minor units: 1.234,50 or 1,234.50 or 1 234,50 by evidence. Raises Bad."""
    number = decimal(cell, evidence)
    return None if number is None else _minor(number)


def decimal(cell: Any, evidence: Evidence | None = None) -> Decimal | None:
    """A number with thousands and decimal separators read by evidence. Raises Bad."""
    if isinstance(cell, bool):
        raise Bad("not a number", "Write it like 1234.50.")
    if isinstance(cell, int | float | Decimal):
        return _finite(Decimal(str(cell)))
    line = text(cell)
    if line is None:
        return None
    plain = re.sub(r"^[^\d+\-(]{1,4}|[^\d)]{1,4}$", "", line.replace("\u2212", "-"))
    bare = SPACES.sub("", plain).replace("'", "").replace("’", "")
    if not re.fullmatch(r"[-+]?\d[\d.,]*", bare):
        raise Bad("not a number", "Write it like 1234.50.")
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:
        separator = "," if comma > point else "."
    elif max(comma, point) < 0:
        separator = ""
    else:
        separator = _single(bare, "," if comma >= 0 else ".", evidence)
    others = {",", "."} - {separator}
    for other in others:
        bare = bare.replace(other, "")
    try:
        return Decimal(bare.replace(separator, ".") if separator else bare)
    except InvalidOperation:
        raise Bad("not a number", "Write it like 1234.50.") from None


def machine_number(cell: Any) -> Decimal | None:
    """A number as programs write it: a point before decimals, nothing between thousands. Raises Bad."""
    line = str(cell) if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool) else text(cell)
    if line is None:
        return None
    try:
        return _finite(Decimal(line))
    except InvalidOperation:
        raise Bad("not a number with a point before its decimals", "Fetch the file again from its publisher.") from None


def machine_amount(cell: Any) -> int | None:
    """Money of a program's file in minor units. Raises Bad."""
    number = machine_number(cell)
    return None if number is None else _minor(number)


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise Bad("not a number", "Write it like 1234.50.")
    return number


def _minor(number: Decimal) -> int:
    if abs(number) > MOST_CENTS // 100:
        raise Bad("more than any grant there is", "Check the amount and its currency.")
    return int((number * 100).to_integral_value())


def _single(bare: str, mark: str, evidence: Evidence | None) -> str:
    """Whether the only kind of mark is a decimal one: not if it repeats or groups thousands as in the whole column."""
    if bare.count(mark) > 1:
        return ""
    if len(bare) - bare.rfind(mark) - 1 != 3:
        return mark
    if evidence is None:
        return ""
    decided = evidence.comma_decimal if mark == "," else evidence.point_decimal
    other = evidence.point_decimal if mark == "," else evidence.comma_decimal
    return mark if decided > 0 and not other else ""


def whole(cell: Any) -> int | None:
    """A whole number. Raises Bad."""
    number = decimal(cell)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise Bad("not a whole number", "Write it without decimals.")
    return int(number)


def flag(cell: Any) -> bool | None:
    """Yes or no in several languages. Raises Bad."""
    if isinstance(cell, bool):
        return cell
    line = _line(cell)
    word = line.casefold()
    if word in NOTHING and word not in NO:
        return None
    if word in YES:
        return True
    if word in NO:
        return False
    raise Bad("neither yes nor no", "Write yes or no, or leave it empty.")


def one_of(cell: Any, codes: Iterable[str], names: dict[str, str] | None = None) -> str | None:
    """A code of a list, by itself or by one of its `names` (any case). Raises Bad.

    A list may itself hold a word for nothing, such as unknown; then it is that code.
    """
    line = _line(cell)
    known = {code.casefold(): code for code in codes} | {name.casefold(): code for name, code in (names or {}).items()}
    found = known.get(line.casefold()) or known.get(line.casefold().replace(" ", "_"))
    if found is None and line.casefold() not in NOTHING:
        raise Bad("not in the list", f"Use one of: {', '.join(sorted(set(known.values()))[:12])}.")
    return found


@lru_cache
def country_names() -> dict[str, str]:
    """Country names in English, German, French and Russian, the United Nations' own, and ISO 3166-1 codes, to alpha-2."""
    aliases = get_global("territory_aliases").items()
    names = {code.casefold(): now[0] for code, now in aliases if len(code) == 3 and code.isalpha() and len(now) == 1}
    for language in ("ru", "fr", "de", "en"):
        for code, name in Locale(language).territories.items():
            if len(str(code)) == 2 and str(code).isalpha() and code not in ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"):
                names[name.casefold()] = str(code)
                names[str(code).casefold()] = str(code)
    return names | UNITED_NATIONS_NAMES


def country(cell: Any) -> str | None:
    """An ISO 3166-1 alpha-2 country, from its code or its name in four languages. Raises Bad."""
    line = text(cell)
    if line is None:
        return None
    found = country_names().get(line.casefold())
    if found is None:
        raise Bad("not a country", "Write the two-letter code, such as LT.")
    return found


def currency(cell: Any) -> str | None:
    """An ISO 4217 currency. Raises Bad."""
    line = text(cell)
    if line is None:
        return None
    found = {"€": "EUR", "$": "USD", "£": "GBP", "₽": "RUB"}.get(line, line.upper())
    if found not in Locale("en").currencies:
        raise Bad("not a currency", "Write the three-letter code, such as EUR.")
    return found
