"""Names of countries in the languages people write them in, to ISO 3166-1 alpha-2."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from babel import Locale
from babel.core import get_global

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
    "netherlands (kingdom of the)": "NL", "holland": "NL", "weißrussland": "BY", "weissrussland": "BY", "белоруссия": "BY",
    "сша": "US", "голландия": "NL", "палестина": "PS", "palestine": "PS", "palästina": "PS", "ivory coast": "CI", "dr congo": "CD",
    "macedonia": "MK", "македония": "MK", "южная корея": "KR", "south korea": "KR", "северная корея": "KP", "оаэ": "AE", "uae": "AE",
    "moldawien": "MD", "молдавия": "MD", "киргизия": "KG", "kirgisien": "KG",
}  # fmt: skip


NO_ISO_CODE = frozenset(["XK"])
"""Codes in use that ISO 3166 does not have: files of 360Giving may not have them, so that such a country goes by its name."""


READ_FIRST = ("en", "de", "fr", "ru")
READ_AS_WELL = (
    "uk", "be", "pl", "cs", "sk", "lt", "lv", "et", "ro", "bg", "mk", "sr", "sr_Latn", "hr", "sl", "sq", "hu", "el", "tr", "az", "ka", "hy",
    "kk", "ky", "uz", "mn", "he", "es", "pt", "it", "nl", "fi", "sv", "nb", "da",
)  # fmt: skip
"""Languages of the countries that people went to; a name that two of them have for two countries is none."""
NO_COUNTRIES = frozenset(["EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"])


@lru_cache
def country_names() -> dict[str, str]:
    """Country names in the languages of host countries, the United Nations' own, and ISO 3166-1 codes, to alpha-2."""
    aliases = get_global("territory_aliases").items()
    names = {code.casefold(): now[0] for code, now in aliases if len(code) == 3 and code.isalpha() and len(now) == 1}
    meant: dict[str, set[str]] = {}
    for language in READ_AS_WELL:
        for name, code in _named(language):
            meant.setdefault(name, set()).add(code)
    names |= {name: codes.pop() for name, codes in meant.items() if len(codes) == 1}
    for language in reversed(READ_FIRST):
        for name, code in _named(language):
            names[name] = names[name.replace(" & ", " and ")] = names[code.casefold()] = code
    return names | UNITED_NATIONS_NAMES


def _named(language: str) -> Iterator[tuple[str, str]]:
    for code, name in Locale.parse(language).territories.items():
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES:
            yield str(name).casefold(), str(code)
