"""Numbers, money, dates and country names in the reader's language. Unknown is a word, never 0."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache

import pandas as pd
import pyuca
from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_compact_currency, format_compact_decimal, format_currency, format_decimal

from dashboard.metrics.statistics import Coverage
from data_access.case_episodes import UNKNOWN_COUNTRY
from data_access.i18n import SOURCE, _, language, ngettext


@lru_cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def capital(text: str) -> str:
    """A text as it begins a title: only its first letter is touched, since nouns and names keep theirs."""
    return text[:1].upper() + text[1:]


@lru_cache(100_000)
def sort_key(text: str) -> str:
    """Where a text stands in an alphabet, letters of every script and case among each other as people expect them (UCA)."""
    return "".join(f"{weight:04x}" for weight in _collator().sort_key(text))


@lru_cache
def _collator() -> pyuca.Collator:
    return pyuca.Collator()


def alphabetical(texts: pd.Series) -> pd.Series:
    """The key to sort a column of texts by."""
    return texts.fillna("").astype("str").map(sort_key)


def separators() -> str:
    """The signs before decimals and between thousands."""
    signs = _locale(language.get()).number_symbols["latn"]
    return f"{signs['decimal']}{signs['group']}"


def number(value: float | None) -> str:
    """A whole number with the locale's separators, or a dash for unknown."""
    return "–" if value is None or pd.isna(value) else _whole(round(value), language.get())


@lru_cache(10_000)
def _whole(value: int, code: str) -> str:
    return format_decimal(value, locale=code)


def decimal(value: float | None, digits: int = 1) -> str:
    """A number with at most `digits` decimals."""
    return "–" if value is None or pd.isna(value) else format_decimal(round(value, digits), locale=language.get())


def percent(share: float | None) -> str:
    """A share as whole per cent; a small one is '<1 %', an almost full one '>99 %' (X02)."""
    if share is None or pd.isna(share):
        return "–"
    if 0 < share < 0.005:
        return "<1\u00a0%"
    if 0.995 <= share < 1:
        return ">99\u00a0%"
    return f"{number(math.floor(share * 100 + 0.5))}\u00a0%"


def money(minor: float | None, currency: str) -> str:
    """An amount in at most three significant digits: €1.24 m, €840 k; less than one unit to the cent, since it is not nil."""
    if minor is None or pd.isna(minor):
        return "–"
    if 0 < abs(minor) < 100:
        return exact_money(minor, currency)
    major = float(f"{minor / 100:.3g}") if abs(minor) >= 99_950 else minor / 100
    power = 0 if abs(major) < 1000 else int(math.log10(abs(major)))
    if 3 <= power < 6 and not _shortens_thousands(language.get()):
        return _grouped(int(major), currency)
    digits = max(0, 2 - power % 3) if power else 0
    return format_compact_currency(
        round(major) if digits == 0 else major, currency, locale=language.get(), fraction_digits=digits
    )


@lru_cache
def _shortens_thousands(code: str) -> bool:
    """Whether a language has a short word for a thousand; German writes it out."""
    return format_compact_decimal(1000, locale=code) != "1000"


def _grouped(major: int, currency: str) -> str:
    """Whole units of a currency, written out."""
    pattern = re.sub(r"[.,]0+", "", _locale(language.get()).currency_formats["standard"].pattern)
    return format_currency(major, currency, locale=language.get(), currency_digits=False, format=pattern)


def exact_money(minor: float | None, currency: str) -> str:
    """An amount to the cent."""
    return "–" if minor is None or pd.isna(minor) else format_currency(minor / 100, currency, locale=language.get())


def day(when: pd.Timestamp | None) -> str:
    """18 October 2026, 18. Oktober 2026, 18 октября 2026: without the Russian “г.”, which would end a sentence twice."""
    if when is None or pd.isna(when):
        return _("unknown")
    written = format_date(when, "d MMMM y" if language.get() == SOURCE else "long", locale=language.get())
    return written.removesuffix("\u202fг.").removesuffix("\u00a0г.").removesuffix(" г.")


def month(when: pd.Timestamp | None) -> str:
    """October 2026."""
    return _("unknown") if when is None or pd.isna(when) else format_date(when, "LLLL y", locale=language.get())


def short_month(when: pd.Timestamp) -> str:
    """Oct 2026."""
    return format_date(when, "LLL y", locale=language.get())


def quarter(when: pd.Timestamp) -> str:
    """2026 Q3."""
    return _("{year} Q{quarter}").format(year=when.year, quarter=when.quarter)


def period(code: str) -> str:
    """A published period: April–June 2026 for 2026Q2; a year as it is."""
    if len(code) == len("2026"):
        return code
    months = 3 if code[4] == "Q" else 6
    last = int(code[5]) * months
    year = int(code[:4])
    first, end = (
        format_date(pd.Timestamp(year, month, 1), "LLLL", locale=language.get()) for month in (last - months + 1, last)
    )
    return f"{first}–{end} {year}"


def country(code: str) -> str:
    """A host country's name; `withheld`, `not_stated`, ZZ and country groups have words of their own."""
    special = {
        "withheld": _("Location withheld"),
        "not_stated": _("Not stated"),
        UNKNOWN_COUNTRY: _("Not stated"),
        "western_europe": _("Western Europe"),
        "caucasus": _("South Caucasus"),
        "balkans": _("Western Balkans"),
        "other": _("Other countries"),
        "all": _("All countries"),
    }
    return special.get(code) or str(_locale(language.get()).territories.get(code, code))


def country_key(code: str) -> str:
    """Where a country stands in the alphabet of its names."""
    return sort_key(country(code))


def countries(codes: Iterable[str]) -> str:
    """The names of countries in the order of the alphabet: Latvia and Lithuania."""
    return listing(in_order(country(code) for code in codes))


def in_order(names: Iterable[str]) -> list[str]:
    """Each name once, in the order of the alphabet."""
    return sorted(dict.fromkeys(names), key=sort_key)


def in_a_cell(names: Iterable[str]) -> str:
    """What one cell of a table holds of several names: Latvia, Lithuania."""
    return ", ".join(in_order(names))


def between(low: str, high: str) -> str:
    """A range of two written figures; one that reads the same at both ends is no range."""
    return low if low == high else _("between {low} and {high}").format(low=low, high=high)


def listing(items: list[str]) -> str:
    """Lithuania, Latvia and Poland."""
    return format_list(items, locale=language.get())


def based_on(coverage: Coverage) -> str:
    """The coverage line under a figure: for how many of all it is known."""
    return _("based on {known} of {total}").format(known=number(coverage.known), total=number(coverage.total))


def out_of(share: Coverage) -> str:
    """What a share counts: how many, of how many."""
    return _("{k} of {n}").format(k=number(share.known), n=number(share.total))


def signed(value: int) -> str:
    """+3, −2 or 0, with a true minus sign."""
    return f"+{number(value)}" if value > 0 else f"−{number(-value)}" if value < 0 else "0"


def days(count: int | None) -> str:
    """A number of days in words."""
    if count is None:
        return "–"
    return ngettext("{n} day", "{n} days", count).format(n=number(count))
