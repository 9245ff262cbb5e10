"""Cells as people write them -> values: dates, amounts, yes and no, countries, and the many ways to say nothing.

A column of dates or amounts is read by evidence from the whole column (`Evidence`), so that 03/04/2025 and 1.234 mean
the same in every row; where the evidence leaves two readings, the first of the house is taken and said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale

from data_access.i18n import _
from data_access.importers.country_names import country_names

NOTHING = frozenset((
    "", "-", "–", "—", "n/a", "na", "none", "null", "nan", "unknown", "k. a.", "k.a.", "?", "??", "???", "unbekannt",
    "keine angabe", "нет", "н/д", "неизвестно", "нет данных", "уточняется",
))  # fmt: skip
YES = frozenset(["yes", "y", "true", "1", "x", "oui", "ja", "да", "sí", "si", "tak", "taip"])
NO = frozenset(["no", "n", "false", "0", "non", "nein", "не", "нет", "nie", "ne"])
SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
UNDER_EACH_OTHER = re.compile(r"\d\s*[\n\r\t]\s*[-+]?\d")
THOUSANDS_LOOK = re.compile(r"-?\d{1,3}\.\d{3}")
UNWRITABLE = re.compile(r"[\x00\ud800-\udfff\ufffe\uffff]")
SERIAL_BEGIN = date(1899, 12, 30)
YEARS_OF_TWO = range(10, 41)
SERIALS = range(18_264, 73_051)
CLOCK = r"(?:[T ,]\s*\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:\.\d+)?)?\s*(?:[ap]\.?m\.?)?)?"
ZONE = r"(?:\s*(?:Z|[+-]\d{2}:?\d{2}))?"
PARTS = re.compile(rf"^(\d{{1,4}})[./\-\s](\d{{1,2}})[./\-\s](\d{{1,4}})\.?(?:\s*г\.?)?{CLOCK}{ZONE}$", re.IGNORECASE)
WORDED = re.compile(
    rf"^(\d{{1,2}})(?:st|nd|rd|th|er|\.)?[\s\-](?:de\s)?([^\W\d]+)\.?,?[\s\-](\d{{4}}|\d{{2}})(?:\s*(?:г\.?|года))?{CLOCK}$",
    re.IGNORECASE,
)
MONTH_FIRST = re.compile(rf"^([^\W\d]+)\.?\s(\d{{1,2}})(?:st|nd|rd|th)?,?\s(\d{{4}}){CLOCK}$", re.IGNORECASE)
NUMBER = re.compile(r"\d(?:[\d.,'’ ]*\d)?")
FIGURES = re.compile(
    r"(?P<whole>\d{1,3}(?:(?P<group>[ '.,])\d{3})(?:(?P=group)\d{3})*|\d+)(?:(?P<mark>[.,])(?P<parts>\d+))?"
)
"""Figures with thousands in threes, all parted by the same mark, and decimals behind another one."""
WRITTEN_ALONE = re.compile(r"[^\d.,]*([-+]?\d[\d.,' \u00a0\u202f\u2009]*)[^\d]*")
MULTIPLIERS = {
    "k": 3, "к": 3, "тыс": 3, "тысяч": 3, "tsd": 3, "tausend": 3, "thousand": 3, "тис": 3,
    "m": 6, "mn": 6, "mln": 6, "mio": 6, "million": 6, "millions": 6, "millionen": 6, "млн": 6, "миллион": 6, "миллиона": 6,
    "миллионов": 6, "bn": 9, "mrd": 9, "billion": 9, "млрд": 9, "миллиард": 9, "миллиарда": 9,
}  # fmt: skip
CURRENCY_WORDS = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "евро": "EUR", "$": "USD", "us$": "USD", "dollar": "USD", "dollars": "USD",
    "usd": "USD", "долл": "USD", "долларов": "USD", "£": "GBP", "₽": "RUB", "руб": "RUB", "р": "RUB", "рублей": "RUB", "₾": "GEL",
    "лари": "GEL", "₸": "KZT", "тенге": "KZT", "драм": "AMD", "֏": "AMD", "грн": "UAH", "гривен": "UAH", "₴": "UAH", "zł": "PLN",
}  # fmt: skip
ERRORS = re.compile(
    r"^#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|ERROR!|SPILL!|CALC!)$|^(Loading|Загрузка|Wird geladen)\s?(\.\.\.|…)$",
    re.IGNORECASE,
)
MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$")
MOST_CENTS, MOST_OF_ANYTHING = 10**16, 2**31 - 1
NAMIBIA = "NA"


class Bad(ValueError):
    """A cell that cannot be read; `what` says what it is or is not, `do` what to write instead."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.what, self.do = what, do


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula: its text is never computed here."""

    text: str


def understood(readers: Mapping[str, Callable[[], Any]]) -> tuple[dict[str, Any], dict[str, Bad]]:
    """What each cell of a row says, by name, and what cannot be read of it: all of its faults, not the first."""
    found: dict[str, Any] = {}
    wrong: dict[str, Bad] = {}
    for what, read_cell in readers.items():
        try:
            found[what] = read_cell()
        except Bad as bad:
            wrong[what] = bad
    return found, wrong


def text(cell: Any) -> str | None:
    """The cell as one line of text, None for the ways to say nothing. Raises Bad for a formula."""
    line = _line(cell)
    return None if line.casefold() in NOTHING else line


def writable(line: str) -> str:
    """Text without signs that no database keeps: halves of pairs, and zero."""
    return UNWRITABLE.sub("", line)


def _line(cell: Any) -> str:
    if isinstance(cell, Formula):
        raise Bad(_("is a formula."), _("Paste its value instead."))
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, str) and ERRORS.match(cell.strip()):
        raise Bad(_("is an error of the spreadsheet."), _("Mend its formula, or write the value."))
    return SPACES.sub(" ", writable(str(cell))).strip()


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
    short_years: int = 0
    maybe_year_first: int = 0
    made: int = 0
    made_beyond_12: int = 0

    @classmethod
    def of(cls, cells: Iterable[Any]) -> Evidence:
        found = cls()
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

    @property
    def date_order(self) -> Literal["day", "month", "both"] | None:
        """Which part comes first; "both" when the column contradicts itself, None when nothing tells."""
        if self.day_first and self.month_first:
            return "both"
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


def day(cell: Any, evidence: Evidence | None = None, zone: str = "UTC") -> date | None:
    """A calendar date: ISO, day or month first by evidence, a spreadsheet's serial number. Raises Bad.

    A moment with an offset is told in the one reporting `zone` before its date is taken; plain dates never shift (A30).
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
    parts = PARTS.match(line)
    if parts is None and re.fullmatch(r"\d{8}", line):
        parts = re.match(r"(\d{4})(\d{2})(\d{2})", line)
    if parts is None:
        raise Bad(_("is not a date."), _("Write it like 2026-10-18."))
    try:
        return date(*_in_order(parts, evidence or Evidence()))
    except ValueError:
        raise Bad(_("is a day that does not exist."), _("Write it like 2026-10-18.")) from None


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
        return (cell if cell.tzinfo is None else cell.astimezone(ZoneInfo(zone))).date()
    except OverflowError:
        raise Bad(_("is a moment that no calendar holds."), _("Write it like 2026-10-18.")) from None


def _in_order(parts: re.Match[str], evidence: Evidence) -> tuple[int, int, int]:
    """Year, month and day of a date in figures, as its column tells. Raises Bad where its year may stand first or last."""
    first, second, third = (int(part) for part in parts.groups())
    if len(parts[1]) == 4:
        return first, second, third
    if len(parts[3]) == 2 and "-" in parts[0] and evidence.may_begin_with_years:
        raise Bad(_("may begin or end with its year."), _("Write the year with four figures."))
    order = evidence.date_order
    month_first = (order == "month" or (order == "both" and second > 12)) and not (order == "both" and first > 12)
    year = third + 2000 if len(parts[3]) == 2 else third
    return (year, first, second) if month_first else (year, second, first)


@lru_cache
def _months() -> dict[str, int]:
    """Names of months in the languages people write them in, long and short, as they stand in a date and alone."""
    names: dict[str, int] = {}
    for language in ("en", "de", "fr", "ru", "uk", "pl", "lt", "es"):
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


@dataclass(frozen=True)
class Money:
    """An amount as a cell states it: minor units, the currency it names if any, and whether words or signs were applied."""

    minor: int
    currency: str | None = None
    is_worked_out: bool = False


def as_text(number: float) -> str:
    """A number of a cell as text in which a point can only stand before decimals."""
    if float(number).is_integer():
        return str(int(number))
    written = format(Decimal(repr(number)), "f")
    return f"{written}0" if THOUSANDS_LOOK.fullmatch(written) else written


def _assert_one(line: str) -> None:
    """Raises Bad for a cell in which one number stands under another."""
    if UNDER_EACH_OTHER.search(line.strip()):
        raise Bad(_("holds two numbers, one under the other."), _("Write each in a row of its own."))


def money(cell: Any, evidence: Evidence | None = None) -> Money | None:
    """Money with every sign of the cell understood: 1.234,50, 15k €, USD 3,000, 20 тыс. Raises Bad where one is not."""
    if not isinstance(cell, str):
        number = decimal(cell, evidence)
        return None if number is None else Money(_minor(number), None, number < 0)
    _assert_one(cell)
    line = text(cell)
    if line is None:
        return None
    number, power, named = _understood(line, evidence)
    return Money(_minor(number.scaleb(power)), named, bool(power) or number < 0)


def amount(cell: Any, evidence: Evidence | None = None) -> int | None:
    """The minor units of `money`. Raises Bad."""
    found = money(cell, evidence)
    return None if found is None else found.minor


def agreed(found: Money | None, stated: str | None) -> str | None:
    """The currency of an amount: as its column states, else as the cell itself does. Raises Bad where the two differ."""
    if found is None or found.currency is None or stated in (None, found.currency):
        return stated or (found.currency if found else None)
    raise Bad(
        _("is in {named}, and its column says {stated}.").format(named=found.currency, stated=stated),
        _("Make the two agree."),
    )


def _understood(line: str, evidence: Evidence | None) -> tuple[Decimal, int, str | None]:
    """Number, power of ten and currency of a line of which nothing is left over. Raises Bad."""
    plain = line.replace("\u2212", "-")
    if (dashed := re.search(r"(?<=\d)\s*([.,])\s*[-–—]+(?=\D*$)", plain)) is not None:
        thousands = "," if dashed[1] == "." else "."
        plain = (plain[: dashed.start()] + plain[dashed.end() :]).replace(thousands, "")
    found = NUMBER.search(plain)
    if found is None:
        raise Bad(_("is not an amount."), _("Write it like 1234.50."))
    before, after = plain[: found.start()].strip(), plain[found.end() :].strip()
    sign = -1 if before.startswith("-") or before.endswith("-") else 1
    power, named = 0, None
    for word in [*before.strip("-+ ").split(), *after.split()]:
        kind, meant = _word_of_money(word)
        if kind == "power" and not power:
            power = int(meant)
        elif kind == "currency" and named in (None, meant):
            named = str(meant)
        else:
            raise Bad(
                _("is not an amount: “{word}” is not understood.").format(word=word),
                _("Write it like 1234.50, its currency in its own column."),
            )
    if power and re.search(r"[.,]\d{3}$", found[0]):
        raise Bad(_("is an amount that can be read in two ways."), _("Write it out, like 1500000."))
    return sign * decimal_text(found[0], evidence), power, named


def _word_of_money(word: str) -> tuple[str, int | str]:
    """A word beside a number: ("power", 3) for thousands, ("currency", "EUR"), or ("", "") for anything else."""
    plain = word.casefold().strip(".")
    if plain in MULTIPLIERS:
        return "power", MULTIPLIERS[plain]
    if plain in CURRENCY_WORDS:
        return "currency", CURRENCY_WORDS[plain]
    if len(word) == 3 and word.upper() in Locale("en").currencies and word.isalpha():
        return "currency", word.upper()
    for sign, code in CURRENCY_WORDS.items():
        if not sign.isalpha() and plain != sign and plain.replace(sign, "") in MULTIPLIERS and sign in plain:
            raise Bad(
                _("is not an amount: “{word}” is not understood.").format(word=word),
                _("Write it with a blank before {sign} ({code}).").format(sign=sign, code=code),
            )
    return "", ""


def decimal(cell: Any, evidence: Evidence | None = None) -> Decimal | None:
    """A number with thousands and decimal separators read by evidence, and nothing else in its cell. Raises Bad."""
    if isinstance(cell, bool):
        raise Bad(_("is not a number."), _("Write it like 1234.50."))
    if isinstance(cell, int | float | Decimal):
        return _finite(Decimal(str(cell)))
    if isinstance(cell, str):
        _assert_one(cell)
    line = text(cell)
    if line is None:
        return None
    plain = line.replace("\u2212", "-")
    sign, bare = (-1, plain[1:]) if plain.startswith("-") else (1, plain.removeprefix("+"))
    if not NUMBER.fullmatch(bare.strip()):
        raise Bad(_("is not a number."), _("Write it like 1234.50."))
    return sign * decimal_text(bare.strip(), evidence)


def decimal_text(written: str, evidence: Evidence | None = None) -> Decimal:
    """Figures with separators as a number: which is the decimal one is told by themselves, else by evidence. Raises Bad where
    separators stand where none can, or where the column leaves two readings."""
    found = FIGURES.fullmatch(SPACES.sub(" ", written).replace("’", "'").strip())
    if found is None or (found["mark"] and found["mark"] == found["group"]):
        raise Bad(_("is not a number: its separators are not where thousands or decimals begin."),
                  _("Write it like 1234.50."))  # fmt: skip
    whole, parts = found["whole"], found["parts"] or ""
    if found["group"] in (".", ",") and whole.count(found["group"]) == 1 and not parts:
        before, after = whole.split(found["group"])
        if _is_decimal(before, after, found["group"], evidence):
            whole, parts = before, after
    digits = "".join(sign for sign in whole if sign.isdigit())
    return Decimal(f"{digits}.{parts}" if parts else digits)


def machine_number(cell: Any) -> Decimal | None:
    """A number as programs write it: a point before decimals, nothing between thousands. Raises Bad."""
    line = str(cell) if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool) else text(cell)
    if line is None:
        return None
    try:
        return _finite(Decimal(line))
    except InvalidOperation:
        raise Bad(
            _("is not a number with a point before its decimals."), _("Fetch the file again from its publisher.")
        ) from None


def machine_amount(cell: Any) -> int | None:
    """Money of a program's file in minor units. Raises Bad."""
    number = machine_number(cell)
    return None if number is None else _minor(number)


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise Bad(_("is not a number."), _("Write it like 1234.50."))
    return number


def _minor(number: Decimal) -> int:
    if abs(number) > MOST_CENTS // 100:
        raise Bad(_("is more than any grant there is."), _("Check the amount and its currency."))
    return int((number * 100).to_integral_value())


def _is_decimal(before: str, after: str, mark: str, evidence: Evidence | None) -> bool:
    """Whether a single mark between figures, three of them behind it, is a decimal one: as the column has it elsewhere. Raises Bad
    where that leaves two readings: nobody writes thousandths that end in nothing, so that 5.000 beside 12.50 may be five
    thousand."""
    if before == "0":
        return True
    if evidence is None:
        return False
    decided = evidence.comma_decimal if mark == "," else evidence.point_decimal
    other = evidence.point_decimal if mark == "," else evidence.comma_decimal
    if decided and not other and after.endswith("0"):
        raise Bad(_("is an amount that can be read in two ways."), _("Write it out, like 1500000."))
    return bool(decided and not other)


def whole(cell: Any) -> int | None:
    """A whole number. Raises Bad."""
    number = decimal(cell)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise Bad(_("is not a whole number."), _("Write it without decimals."))
    if abs(number) > MOST_OF_ANYTHING:
        raise Bad(_("is more than there can be."), _("Check the number."))
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
    raise Bad(_("is neither yes nor no."), _("Write yes or no, or leave it empty."))


def one_of(cell: Any, codes: Iterable[str], names: dict[str, str] | None = None) -> str | None:
    """A code of a list, by itself or by one of its `names` (any case). Raises Bad.

    A list may itself hold a word for nothing, such as unknown; then it is that code.
    """
    line = _line(cell)
    known = {code.casefold(): code for code in codes} | {name.casefold(): code for name, code in (names or {}).items()}
    found = known.get(line.casefold()) or known.get(line.casefold().replace(" ", "_"))
    if found is None and line.casefold() not in NOTHING:
        raise Bad(
            _("is not in the list."),
            _("Use one of: {codes}.").format(codes=", ".join(sorted(set(known.values()))[:12])),
        )
    return found


def country(cell: Any) -> str | None:
    """An ISO 3166-1 alpha-2 country, from its code or its name in four languages; NA is Namibia. Raises Bad."""
    found = countries(cell)
    if len(found) > 1:
        raise Bad(_("is several countries."), _("Write one country per row."))
    return found[0] if found else None


PARTING = re.compile(r"(\s*[/;,|+&\n]\s*|\s+(?:and|und|et|и|та|y)\s+|\s+)", re.IGNORECASE)


def countries(cell: Any) -> list[str]:
    """Every country a cell names, in its order; a name that holds a comma or a blank stays whole. Raises Bad.

    Parts between /, ;, commas, line breaks, “and” and the like; the longest run of parts that names a country is one. Two letters
    beside other words are a code in capitals alone, and not within a sentence: “in Georgia” is not India as well.
    """
    line = _line(str(cell).replace("\n", " / ") if isinstance(cell, str) else cell)
    if line.casefold() in NOTHING and line != NAMIBIA:
        return []
    parts, known, found, at = PARTING.split(line), country_names(), [], 0
    while at < len(parts):
        for end in range(len(parts), at, -2):
            name = "".join(parts[at:end]).strip()
            if (code := known.get(name.casefold())) and not (len(name) == 2 and _is_a_word(name, parts)):
                found.append(code)
                at = end + 1
                break
        else:
            said = _("is not a country.") if len(parts) == 1 else _("is not countries: “{name}” is none.")
            raise Bad(said.format(name=parts[at].strip()), _("Write the two-letter code, such as LT."))
    if found[:2] == ["GE", "US"]:
        raise Bad(
            _("can be read in two ways: a state of the USA, or two countries."),
            _("Write the two-letter code, such as LT."),
        )
    return list(dict.fromkeys(found))


def _is_a_word(name: str, parts: list[str]) -> bool:
    """Whether two letters are a word of a sentence and no code."""
    if len(parts) == 1:
        return name == "no"
    is_sentence = any(len(part) > 2 for part in parts[::2]) and all(not mark.strip() for mark in parts[1::2])
    return name != name.upper() or is_sentence


def currency(cell: Any) -> str | None:
    """An ISO 4217 currency. Raises Bad."""
    line = text(cell)
    if line is None:
        return None
    found = {"€": "EUR", "$": "USD", "£": "GBP", "₽": "RUB"}.get(line, line.upper())
    if found not in Locale("en").currencies:
        raise Bad(_("is not a currency."), _("Write the three-letter code, such as EUR."))
    return found
