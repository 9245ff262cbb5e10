"""Names of countries in the languages people write them in, to ISO 3166-1 alpha-2."""

from __future__ import annotations

import re
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
    "republic of china": "TW", "the republic of china": "TW", "china, republic of": "TW", "moldawien": "MD", "молдавия": "MD", "киргизия": "KG", "kirgisien": "KG",
}  # fmt: skip


FIRST_OF_FLAGS = 0x1F1E6
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
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
    names |= UNITED_NATIONS_NAMES
    for name, code in _named("en"):
        for formal in (f"the {name}", f"republic of {name}", f"the republic of {name}", f"{name}, republic of"):
            names.setdefault(formal, code)
    return names


def without_marks(written: str) -> str:
    """A country as written, without marks of footnotes (Kosovo*) and points of initials (U.K.), its code for its flag, and without its own
    code in brackets."""
    line = re.sub(r"\s*(?:[*†‡¹²³⁰-⁹]+|\[\d+\])", "", written)
    line = re.sub(r"\b(?:[A-Za-z]\.){2,}", lambda initials: initials[0].replace(".", ""), line)
    line = re.sub(r"\brep\. of\b", "republic of", line, flags=re.IGNORECASE)
    flags = FLAG.findall(line)
    bare = FLAG.sub(" ", line).strip()
    if flags and not bare:
        return " / ".join("".join(chr(ord(sign) - FIRST_OF_FLAGS + ord("A")) for sign in flag) for flag in flags)
    named = re.fullmatch(r"(.+?)\s*\(([A-Za-z]{2,3})\)", bare)
    known = country_names()
    is_own_code = named is not None and known.get(named[1].casefold()) == known.get(named[2].casefold(), "")
    return named[1] if named is not None and is_own_code else bare


def _named(language: str) -> Iterator[tuple[str, str]]:
    for code, name in Locale.parse(language).territories.items():
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES:
            yield str(name).casefold(), str(code)
