"""Which line of a table is the one of its headings, and what headings say beside the names of their columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Set
from functools import lru_cache
from typing import Any

from data_access.i18n import _, in_digits
from data_access.importers.kinds_of_rows import CURRENCIES, NUMBER_LIKE, Line
from data_access.importers.records import Unreadable
from data_access.importers.values import Formula
from data_access.importers.written_amounts import CURRENCY_WORDS, MULTIPLIERS, as_text

SAID_AS = {3: "tsd", 6: "mio"}
UNIT = r"(?:€|\$|£|₽|eur|usd|gbp|rub|chf|gel)"
SCALE = re.compile(
    rf"\b(?P<word>thousand|tsd|tausend|тыс|тис|million|mio|mln|млн)\w*|(?P<mill>\bmill\b|{UNIT}\s?m\b|\bm(?={UNIT}))|['’]000"
    rf"|(?<![\d.,])(?<!\d\s)000s?\b|(?:\b(?:x|in)|[×*])\s?(?:{UNIT}\s?)?1[.,' ]?000s?\b|\(1[.,' ]?000\s?{UNIT}\)"
    rf"|\b(?:milliers?|tūkst|tys|tis|ths)\b\.?|\b(?:in|в)\s[KT]\b|\bth(?:ous)?\b\.?|\b[kt]\s?(?={UNIT})|{UNIT}\s?k\b|\(\s?k\s?\)",
    re.IGNORECASE,
)
"""Thousands or millions of which a heading or a title says that its amounts are; a million that is counted itself is none."""
SCALED_TITLE = re.compile(rf"\b(?:in|в)\s+(?:(?:of|€|eur|usd|\$)\s+)*(?:{SCALE.pattern})", re.IGNORECASE)
COUNTED = re.compile(rf"\d[\s\u00a0]?{UNIT}?[\s\u00a0]?$", re.IGNORECASE)
SIGN_OR_WORD = re.compile(r"us\$|[€$£₽₾₸₴֏₪]|[^\W\d_]+")
SHOWN = re.compile(r'\[\$([^\]-]*)(?:-[^\]]*)?\]|"([^"]*)"|\\(.)|([€$£₽₾₸₴֏₪])')
BLANKS = re.compile(r"[_*].")
"""In the format of a cell a blank as wide as a sign, and a sign that fills the cell: neither is shown beside the number."""
SHOWN_SCALED = re.compile(r"[0#?],+(?![0#?,])")
"""A comma behind the last figure of a format: the number is shown in thousands of what it is."""
OF_MONEY = re.compile(
    r"amount|betrag|summe|сумм|montant|value|grant|paid|budget|funding|award|disburs|commit|kwota|suma|cost|need|потребн|mittel|"
    r"\bsum\b|total|approved|signed|received|выдел|выплач|утвержд|одобр|договор|стоимост|bewilligt|gezahlt|zugesagt|erhalten|kosten",
    re.IGNORECASE,
)


def heading(cell: str) -> str:
    """A heading as it is compared: lower case, single spaces, no star of a required column."""
    return " ".join(cell.replace("\u00a0", " ").replace("*", " ").split()).casefold()


def is_heading_line(cells: list[Any], best: int, known: Set[str]) -> bool:
    """Whether a line beside the headings, of which `best` are known, is one of headings as well; a line of tags is none."""
    return recognised(cells, known) >= max(2, best / 2) and not any(
        isinstance(cell, str) and cell.startswith("#") for cell in cells
    )


def too_long(file: str, number: int, most: int) -> Unreadable:
    """What is said of a line of text with more cells than the `most` that its table has headings for."""
    return Unreadable(
        _(
            "{file}, line {line}: holds more than the {n} cells of its heading line. A text with a comma or a semicolon in it stands "
            "in quotes; save the file as CSV again."
        ).format(file=file, line=number, n=in_digits(most))
    )


def two_tables(file: str, sheet: str, number: int) -> Unreadable:
    """What is said of a second line of headings."""
    return Unreadable(
        _(
            "{file}, sheet “{sheet}”, row {row}: another table begins here. Put each on a sheet, or in a file, of its own."
        ).format(file=file, sheet=sheet, row=in_digits(number))
    )


def refuse_what_says_more_than_its_cells(
    file: str, sheet: str, down_to: list[Line], best: int, known: Set[str]
) -> None:
    """Raises Unreadable where another table, or a title that says in what amounts are counted, stands above the headings, which
    are the last of these lines; what stands right above them belongs to them."""
    first = down_to[-1][0]
    for number, cells in down_to[:-1]:
        if number < first - 1 and best and is_heading_line(cells, best, known):
            raise two_tables(file, sheet, number)
        refuse_scaled(file, number, cells)


def refuse_scaled(file: str, number: int, cells: Collection[Any]) -> None:
    """Raises Unreadable for a line that is no data and says that amounts are counted in thousands or millions."""
    title = next((cell for cell in cells if isinstance(cell, str) and _scales(cell)), None)
    if title is not None:
        raise Unreadable(
            _(
                "{file}, row {row}: “{title}” says that amounts are not written out. Write them out, or say it in the heading of "
                "the column that it is of."
            ).format(file=file, row=in_digits(number), title=title.strip()[:80])
        )


def _scales(title: str) -> bool:
    """Whether a title says that the amounts of its table are counted in thousands or millions."""
    if SCALED_TITLE.search(title):
        return True
    scales = [found.start() for found in SCALE.finditer(title)]
    return bool(scales and currencies_in(title)) and not any(COUNTED.search(title[:at]) for at in scales)


def currencies_in(words: str) -> set[str]:
    """The currencies that a heading, a title or the format of a cell names, by sign, code or word."""
    codes = {CURRENCIES[one] for one in re.findall(r"[€£₽]|[A-Z]{3}(?![A-Za-z])", words) if one in CURRENCIES}
    return codes | {CURRENCY_WORDS[one] for one in SIGN_OR_WORD.findall(words.casefold()) if one in CURRENCY_WORDS}


def beside(name: str, *, is_written_out: bool = False) -> str:
    """What the heading of a column of amounts, or the format of a cell of one, says of each of them: thousands, a currency.
    `is_written_out`: thousands are only shown, the number is whole."""
    named, scale = currencies_in(name), None if is_written_out else SCALE.search(name)
    if not OF_MONEY.search(name) and not (named and scale):
        return ""
    said = [SAID_AS[6 if scale["mill"] else MULTIPLIERS[(scale["word"] or "thousand").casefold()]]] if scale else []
    return " ".join([*said, *(named if len(named) == 1 else ())])


@lru_cache(1_000)
def beside_of_format(number_format: str) -> str:
    """What the format of a cell shows beside its number: a currency, thousands; empty where it shows nothing of both."""
    first = BLANKS.sub("", number_format.split(";", maxsplit=1)[0])
    words = " ".join("".join(found) for found in SHOWN.findall(first))
    return beside(f"amount {words}", is_written_out=bool(SHOWN_SCALED.search(first))) if words.strip() else ""


def as_headed(cells: dict[str, Any], said_beside: Mapping[str, str]) -> dict[str, Any]:
    """Cells with what their headings say beside the figures, as if it stood in each."""
    for name, said in said_beside.items():
        cell = cells.get(name)
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            cells[name] = f"{as_text(cell)} {said}"
        elif isinstance(cell, str) and NUMBER_LIKE.match(cell.strip()) and cell.strip()[-1].isdigit():
            cells[name] = f"{cell} {said}"
    return cells


def joined(upper: list[Any], lower: list[Any], known: Set[str]) -> list[Any] | None:
    """Two heading lines as one: the lower name where it is there, else the upper; None when the lower is no heading line."""
    named = [cell for cell in lower if cell is not None and str(cell).strip()]
    if not all(isinstance(cell, str) for cell in named) or recognised(named, known) * 2 < len(named) or not named:
        return None
    width = max(len(upper), len(lower))
    pairs = zip([*upper, *[None] * (width - len(upper))], [*lower, *[None] * (width - len(lower))], strict=True)
    return [below if below is not None and str(below).strip() else above for above, below in pairs]


def recognised(cells: Collection[Any], known: Set[str]) -> int:
    """How many of the `known` headings a line holds."""
    return len({heading(cell) for cell in cells if isinstance(cell, str)} & known)


def texts(cells: Collection[Any]) -> int:
    """How many different texts a line holds: most in the line of headings, where none of them is known."""
    return len(
        {cell for cell in cells if isinstance(cell, str) and cell.strip() and not NUMBER_LIKE.match(cell.strip())}
    )


def headings(cells: list[Any]) -> list[str]:
    """The names of a table's columns, each once; what has none is called by its place."""
    names: dict[str, None] = {}
    for place, cell in enumerate(cells, 1):
        name = "" if cell is None or isinstance(cell, Formula) else str(cell).strip()
        name = name or f"column {place}"
        names[name if name not in names else f"{name} ({place})"] = None
    return list(names)
