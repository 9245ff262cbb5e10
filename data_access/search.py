"""Finding names in any script: one normalised key per name, stored, so that both databases match it alike."""

from __future__ import annotations

import unicodedata

from anyascii import anyascii
from sqlalchemy import ColumnElement, and_


def normalised(text: str) -> str:
    """Lower case, without accents, umlauts or breves, single spaces."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())


def search_key(name: str) -> str:
    """What a search looks into: the normalised name, and its Latin transliteration where that differs."""
    plain = normalised(name)
    latin = normalised(anyascii(name))
    return plain if latin == plain else f"{plain} {latin}"


def matches(column: ColumnElement, words: str) -> ColumnElement[bool]:
    """Every word of `words` occurs somewhere in the key, in any order, whole or in part."""
    return and_(True, *(column.contains(word, autoescape=True) for word in normalised(words).split()[:8]))
