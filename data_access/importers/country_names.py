"""Names of countries in the languages people write them in, to ISO 3166-1 alpha-2."""

from __future__ import annotations

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
    "польша": "PL", "polska": "PL", "litwa": "LT", "gruzja": "GE", "niemcy": "DE", "грузія": "GE", "німеччина": "DE", "польща": "PL",
    "литва": "LT", "вірменія": "AM", "moldawien": "MD", "молдавия": "MD", "киргизия": "KG", "kirgisien": "KG",
}  # fmt: skip


NO_ISO_CODE = frozenset(["XK"])
"""Codes in use that ISO 3166 does not have: files of 360Giving may not have them, so that such a country goes by its name."""


@lru_cache
def country_names() -> dict[str, str]:
    """Country names in English, German, French and Russian, the United Nations' own, and ISO 3166-1 codes, to alpha-2."""
    aliases = get_global("territory_aliases").items()
    names = {code.casefold(): now[0] for code, now in aliases if len(code) == 3 and code.isalpha() and len(now) == 1}
    for language in ("ru", "fr", "de", "en"):
        for code, name in Locale(language).territories.items():
            if len(str(code)) == 2 and str(code).isalpha() and code not in ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"):
                names[name.casefold()] = names[name.casefold().replace(" & ", " and ")] = str(code)
                names[str(code).casefold()] = str(code)
    return names | UNITED_NATIONS_NAMES
