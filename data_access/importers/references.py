"""What outside files name, as records of ours: organisations and places of grants, with references that are short,
readable and the same for the same outside id every time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from anyascii import anyascii

from data_access.importers import values
from data_access.importers.records import Place, Problem, Record
from data_access.search import search_key

LONGEST = 60
LONGEST_KEPT = 140
NOT_STATED = "Recipient not stated"
BY_ROW = "ROW"
"""How references begin of rows that have none, made of what each says."""


def slug(name: str, outside_id: str) -> str:
    """A readable reference of an organisation or project: its name in Latin letters, and six signs of its id."""
    plain = re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower()).strip("-")[: LONGEST - 7].strip("-")
    return f"{plain or 'unnamed'}-{_signs(outside_id, 6)}"


def reference(outside_id: str) -> str:
    """The outside id itself where it is short enough, else its beginning and eight signs of the whole."""
    return outside_id if len(outside_id) <= LONGEST else f"{outside_id[: LONGEST - 9]}-{_signs(outside_id, 8)}"


def opaque(scheme: str, outside_id: str) -> str:
    """A reference that names nobody, for records whose outside id is made of other people's names."""
    return f"{scheme}-{_signs(outside_id, 16)}"


def shortened(outside_id: str) -> str:
    """An outside id as it is kept in the record of what was loaded: whole, or its beginning and sixteen signs of it."""
    kept = LONGEST_KEPT
    return outside_id if len(outside_id) <= kept else f"{outside_id[: kept - 17]}-{_signs(outside_id, 16)}"


def with_short_ids(record: Record, references: Collection[str]) -> Record:
    """The record with outside ids no longer than the database keeps them: its own, and those of its `references`."""
    long = {name for name in references if len(str(record.values.get(name) or "")) > LONGEST_KEPT}
    if not long and len(record.key) <= LONGEST_KEPT:
        return record
    values_ = {name: shortened(str(value)) if name in long else value for name, value in record.values.items()}
    return replace(record, key=shortened(record.key), values=values_)


def organisation(key: str, name: str, place: Place, *, is_funder: bool, is_initiative: bool) -> Record:
    """Only the name comes from the file; what a steward decides about an organisation later is not overwritten."""
    known = {"name": values.writable(name).strip()[:200], "search_key": values.writable(search_key(name))[:600]}
    decided = {"slug": slug(name, key), "is_funder": is_funder, "is_initiative": is_initiative,
               "independence": "unknown", "visibility": "aggregate_only"}  # fmt: skip
    return Record("organisation", key, known, place, decided)


def places(
    grant: str, countries: Iterable[str], place: Place, shares: Mapping[str, int | None] = MappingProxyType({})
) -> Iterator[Record | Problem]:
    """A grant's countries, with `shares` in basis points where the file states them; a warning for what is no country."""
    for name in dict.fromkeys(countries):
        try:
            found = values.countries(name)
        except values.Bad as bad:
            yield Problem(place, "country", name, "bad_value", bad.what, bad.do, is_warning=True)
            continue
        for country in found:
            spot = {"grant": grant, "host_country": country, "share_bp": shares.get(name)}
            yield Record("grant_country", f"{grant}|{country}", spot, place)


def _signs(text: str, count: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:count]
