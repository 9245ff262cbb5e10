"""Which column of somebody else's table is what: by its heading, by a tag row under the headings, by the source's map.

A column map is a JSON object: `columns` (heading -> what it is), a value for all rows (such as `country`), and words of
the source -> our codes (`activities`, `stages`, `outcomes`, `routes`). docs/importing.md has examples.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from data_access.importers import tables
from data_access.importers.records import Context, Unreadable

TAG = "#"


def columns_of(
    headings: Iterable[str], synonyms: Mapping[str, str], allowed: Collection[str], context: Context, name: str
) -> dict[str, str]:
    """Heading -> what it is: as the map says, else by its name. The first heading that means a thing has it.

    Raises Unreadable for a map that names what does not exist.
    """
    said = _said("columns", context)
    unknown = sorted({what for what in said.values() if what and what not in allowed})
    if unknown:
        raise Unreadable(
            f"The column map for {name} says {', '.join(unknown)}; it can say {', '.join(sorted(allowed))}, or nothing."
        )
    found: dict[str, str] = {}
    for heading in headings:
        plain = tables.heading(heading)
        what = said.get(plain, synonyms.get(plain, ""))
        if what and (what not in found.values() or plain in said):
            found[heading] = what
    return found


def known_headings(synonyms: Mapping[str, str], context: Context) -> set[str]:
    """Headings that mean something: by name, or because the source's map says so."""
    return {*synonyms, *_said("columns", context)}


def meanings(headings: Iterable[str], synonyms: Mapping[str, str], context: Context) -> set[str]:
    """What the headings mean, by the map or by name, to tell whether a table is of a kind."""
    said = _said("columns", context)
    return {said.get(tables.heading(h), synonyms.get(tables.heading(h), "")) for h in headings}


def _said(kind: str, context: Context) -> dict[str, str]:
    """One part of the source's map, by plain heading or word."""
    return {tables.heading(key): str(what) for key, what in dict(context.column_map.get(kind) or {}).items()}


def is_tag_row(cells: Mapping[str, Any]) -> bool:
    """Whether most filled cells are tags such as #org+name: a hint under the headings, never data."""
    filled = [str(cell).strip() for cell in cells.values() if cell is not None and str(cell).strip()]
    return bool(filled) and sum(cell.startswith(TAG) for cell in filled) * 2 > len(filled)


def translated(word: str | None, kind: str, codes: Collection[str], context: Context) -> str | None:
    """Our code for a word of the source: by its map (`kind`), or because it is one of our codes; else None.

    The empty string where the map says, with an empty code, that the word means nothing here.
    """
    if word is None:
        return None
    said = _said(kind, context)
    plain = tables.heading(word)
    code = said.get(plain, plain.replace(" ", "_"))
    return code if code in codes or (plain in said and not code) else None
