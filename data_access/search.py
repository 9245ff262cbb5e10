"""Finding names in any script: one normalised key per name, stored, so that both databases match it alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from anyascii import anyascii
from sqlalchemy import ColumnElement, and_


def normalised(text: str) -> str:
    """Lower case, without accents, umlauts or breves, single spaces."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())


@lru_cache(100_000)
def search_key(name: str) -> str:
    """What a search looks into: the normalised name, and its Latin transliteration where that differs."""
    plain = normalised(name)
    latin = normalised(anyascii(name))
    return plain if latin == plain else f"{plain} {latin}"


def matches(column: ColumnElement, words: str) -> ColumnElement[bool]:
    """Every word of `words` occurs somewhere in the key, in any order, whole or in part."""
    return and_(True, *(column.contains(word, autoescape=True) for word in _looked_for(words)))


def found(names: Mapping[str, str], words: str) -> list[str]:
    """The keys of the names that a search finds, as `matches` does in a database."""
    wanted = _looked_for(words)
    return [key for key, name in names.items() if all(word in search_key(name) for word in wanted)]


def _looked_for(words: str) -> list[str]:
    return normalised(words).split()[:8]
