"""What a row of a table is: data, nothing, a total, a note, or the head of a section."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from data_access.i18n import N_
from data_access.importers.country_names import country_names
from data_access.importers.values import Bad, Formula, text
from data_access.importers.written_amounts import CURRENCY_WORDS

TOTAL = re.compile(
    r"^\W*(?:(?:grand|sub|overall|general)[\s-]*)?(?:totals?|sum|summe|endsumme|gesamt(?:summe|betrag)?|totale?|toplam|łącznie|загалом|(?:общая |итоговая )?сумма|сума|average|mittelwert|остаток|zwischensumme|insgesamt|итого?|среднее|median|celkem|kokku|kopā|viso|totaal|ukupno|összesen|yhteensä|summa|ჯამი|всего|"
    r"подытог|промежуточный итог|somme|sous[\s-]total|suma|razem|iš viso)\b(?P<of>.*)$",
    re.IGNORECASE | re.DOTALL,
)
SUBTOTAL = re.compile(
    r"\S\s+(?:total|ergebnis|итого?)\W*$|^(?:gesamtergebnis|общий итог|усього|всього|разом)\W*$", re.IGNORECASE
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
COUNTED = re.compile(r"^(?=.*\d)(?!.*[^\W\d_]{5,})")
NUMBER_LIKE = re.compile(r"^[-+~≈]?[\d.,\s]+\S?$")
CURRENCIES = {sign: CURRENCY_WORDS[sign] for sign in "€£₽"} | {
    code: code
    for code in [
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
        "RSD",
        "MDL",
        "HUF",
        "CAD",
        "AUD",
        "RON",
        "BGN",
        "BYN",
        "AZN",
        "KGS",
        "UZS",
        "TJS",
    ]
}
"""What a heading or a line of totals may name a currency by: signs of one alone, and codes that are no other word."""
SECTION_FROM = 3
Line = tuple[int, list[Any]]


def kind_of(cells: Collection[Any]) -> str:
    """What a row is: data, blank, a line of totals, a note under the table, or the head of a section."""
    filled = [cell for cell in cells if isinstance(cell, Formula) or says_something(cell)]
    if not filled:
        return "blank"
    first = filled[0] if isinstance(filled[0], str) else ""
    if _is_of_totals(filled):
        return "totals"
    if len(filled) == 1 and len(cells) > 1 and (NOTES.match(first.strip()) or TOTAL.match(first)):
        return "notes"
    if len(filled) >= SECTION_FROM and first and all(cell == first for cell in filled):
        return "sections"
    return "data"


def _is_of_totals(filled: Collection[Any]) -> bool:
    """Whether every text of a row that measures nothing names a total, and there is a figure beside it."""
    texts = [cell for cell in filled if isinstance(cell, str)]
    if not any(TOTAL.match(cell.strip()) or SUBTOTAL.search(cell.strip()) for cell in texts):
        return False
    said = [cell for cell in texts if not _is_measure(cell)]
    has_figure = any(not isinstance(cell, str) or COUNTED.match(cell) for cell in filled)
    return bool(said) and has_figure and all(map(_names_a_total, said))


def _is_measure(cell: str) -> bool:
    """A cell that only measures or places a total: a number, a year, a currency, a country."""
    plain = cell.strip()
    return bool(COUNTED.match(plain)) or plain in CURRENCIES or plain.casefold() in country_names()


def _names_a_total(cell: str) -> bool:
    """Whether a text says that its row is a total: of a year, of a country, of everything, or of what stands before the word, as
    in the lines that spreadsheets add."""
    if SUBTOTAL.search(cell.strip()):
        return True
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


def says_something(cell: Any) -> bool:
    """Whether a cell holds more than one of the ways to say nothing; one that cannot be read does."""
    try:
        return text(cell) is not None
    except Bad:
        return True
