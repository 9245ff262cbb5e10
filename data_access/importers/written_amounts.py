"""Amounts and other numbers as people, spreadsheets and programs write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from babel import Locale

from data_access.i18n import _
from data_access.importers.evidence import Evidence
from data_access.importers.values import SPACES, Bad, text

UNDER_EACH_OTHER = re.compile(r"\d\s*[\n\r\t]\s*[-+]?\d")
THOUSANDS_LOOK = re.compile(r"-?\d{1,3}\.\d{3}")
NUMBER = re.compile(r"\d(?:[\d.,'’ ]*\d)?")
FIGURES = re.compile(
    r"(?P<whole>\d{1,3}(?:(?P<group>[ '.,])\d{3})(?:(?P=group)\d{3})*|\d+)(?:(?P<mark>[.,])(?P<parts>\d+))?"
)
"""Figures with thousands in threes, all parted by the same mark, and decimals behind another one."""
MULTIPLIERS = {
    "k": 3, "к": 3, "тыс": 3, "тысяч": 3, "tsd": 3, "tausend": 3, "thousand": 3, "тис": 3,
    "m": 6, "mn": 6, "mln": 6, "mio": 6, "million": 6, "millions": 6, "millionen": 6, "млн": 6, "миллион": 6, "миллиона": 6,
    "миллионов": 6, "bn": 9, "mrd": 9, "billion": 9, "млрд": 9, "миллиард": 9, "миллиарда": 9,
}  # fmt: skip
CURRENCY_WORDS = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "евро": "EUR", "$": "USD", "us$": "USD", "dollar": "USD", "dollars": "USD",
    "usd": "USD", "долл": "USD", "долларов": "USD", "£": "GBP", "₽": "RUB", "руб": "RUB", "р": "RUB", "рублей": "RUB", "₾": "GEL",
    "лари": "GEL", "₸": "KZT", "тенге": "KZT", "драм": "AMD", "֏": "AMD", "грн": "UAH", "гривен": "UAH", "₴": "UAH", "zł": "PLN",
    "kč": "CZK", "₪": "ILS", "ft": "HUF",
}  # fmt: skip
CURRENCIES_IN_FULL = {
    "us dollar": "USD", "us dollars": "USD", "долл сша": "USD", "доллар сша": "USD", "доллары сша": "USD", "us-dollar": "USD",
    "доллары": "USD", "доллар": "USD", "рубли": "RUB", "рубль": "RUB", "российские рубли": "RUB",
    "pound sterling": "GBP", "pounds sterling": "GBP", "фунты стерлингов": "GBP",
    "гривна": "UAH", "гривны": "UAH", "злотый": "PLN", "злотые": "PLN", "zloty": "PLN", "złoty": "PLN", "złote": "PLN",
}  # fmt: skip
"""Names of currencies that a column of them says alone."""
MOST_CENTS, MOST_OF_ANYTHING = 10**16, 2**31 - 1


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
        if _is_decimal(before, found["group"], evidence):
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


def _is_decimal(before: str, mark: str, evidence: Evidence | None) -> bool:
    """Whether a single mark between figures, three of them behind it, is a decimal one: behind a zero alone. Raises Bad where
    the column has decimals behind such a mark elsewhere: nobody writes thousandths of money, so that 5.000 beside 12.50 may be five thousand."""
    if before == "0":
        return True
    if evidence is None:
        return False
    if evidence.decimals_by(mark) and not evidence.decimals_by("." if mark == "," else ","):
        raise Bad(_("is an amount that can be read in two ways."), _("Write it out, like 1500000."))
    return False


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


def currency(cell: Any) -> str | None:
    """An ISO 4217 currency, from its code, its sign or its name. Raises Bad."""
    line = text(cell)
    if line is None:
        return None
    plain = " ".join(word.strip(".,") for word in line.casefold().split())
    found = CURRENCY_WORDS.get(plain) or CURRENCIES_IN_FULL.get(plain) or line.upper()
    if found not in Locale("en").currencies:
        raise Bad(_("is not a currency."), _("Write the three-letter code, such as EUR."))
    return found
