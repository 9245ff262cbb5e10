"""Numbers, money, dates and country names in the reader's language. Unknown is a word, never 0."""

from __future__ import annotations

import math
from functools import lru_cache

import pandas as pd
from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_compact_decimal, format_currency, format_decimal, get_currency_symbol

from dashboard.metrics.statistics import Coverage
from dashboard.words.i18n import _, language, ngettext
from data_access.case_episodes import UNKNOWN_COUNTRY


@lru_cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


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
    return f"{math.floor(share * 100 + 0.5)}\u00a0%"


def money(minor: float | None, currency: str) -> str:
    """An amount in at most three significant digits: €1.24 m, €840 k."""
    if minor is None or pd.isna(minor):
        return "–"
    major = minor / 100
    digits = 0 if abs(major) < 1000 else max(0, 2 - int(math.log10(abs(major))) % 3)
    compact = format_compact_decimal(
        round(major) if digits == 0 else major, locale=language.get(), fraction_digits=digits
    )
    return f"{get_currency_symbol(currency, locale=language.get())}{compact}"


def exact_money(minor: float | None, currency: str) -> str:
    """An amount to the cent."""
    return "–" if minor is None or pd.isna(minor) else format_currency(minor / 100, currency, locale=language.get())


def day(when: pd.Timestamp | None) -> str:
    """18 October 2026."""
    return _("unknown") if when is None or pd.isna(when) else format_date(when, "d MMMM y", locale=language.get())


def month(when: pd.Timestamp | None) -> str:
    """October 2026."""
    return _("unknown") if when is None or pd.isna(when) else format_date(when, "LLLL y", locale=language.get())


def short_month(when: pd.Timestamp) -> str:
    """Oct 2026."""
    return format_date(when, "LLL y", locale=language.get())


def quarter(when: pd.Timestamp) -> str:
    """2026 Q3."""
    return f"{when.year} Q{when.quarter}"


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


def listing(items: list[str]) -> str:
    """Lithuania, Latvia and Poland."""
    return format_list(items, locale=language.get())


def based_on(coverage: Coverage) -> str:
    """The coverage line under a figure."""
    return _("based on {known} of {total}").format(known=number(coverage.known), total=number(coverage.total))


def signed(value: int) -> str:
    """+3, −2 or 0, with a true minus sign."""
    return f"+{number(value)}" if value > 0 else f"−{number(-value)}" if value < 0 else "0"


def days(count: int | None) -> str:
    """A number of days in words."""
    if count is None:
        return "–"
    return ngettext("{n} day", "{n} days", count).format(n=number(count))
