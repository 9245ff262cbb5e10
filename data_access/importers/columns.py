"""Which column of somebody else's table is what: by its heading, by a tag row under the headings, by the source's map.

A column map is a JSON object: `columns` (heading -> what it is), `values` (what it is -> a cell's text -> how to read it),
a word for all rows that leave it open (such as `country`), and words of the source -> our codes (`activities`, `stages`,
`outcomes`, `routes`). docs/importing.md has examples.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from data_access.i18n import _
from data_access.importers import heading_lines
from data_access.importers.records import Context, Unreadable
from data_access.importers.values import Formula

TAG = "#"
ONE_EACH = frozenset(
    ["amountAwarded", "recipient", "funder", "awardDate", "starts", "ends", "currency", "id", "status"]
)
"""What a row of grants has one of; a map that names two columns of it would lose one."""
PARTS = re.compile(r"\s*[,;/|+&\n]\s*")


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
            _("The column map for {file} says {unknown}; it can say {allowed}, or nothing.").format(
                file=name, unknown=", ".join(unknown), allowed=", ".join(sorted(allowed))
            )
        )
    found: dict[str, str] = {}
    for heading in headings:
        plain = heading_lines.heading(heading)
        what = said.get(plain, synonyms.get(plain, ""))
        if what and (what not in found.values() or plain in said):
            found[heading] = what
    said_twice = [what for what in set(found.values()) if what in ONE_EACH and [*found.values()].count(what) > 1]
    for what in sorted(said_twice):
        several = ", ".join(f"“{heading}”" for heading, own in found.items() if own == what)
        raise Unreadable(
            _(
                "The column map for {file} says of {columns} that each is {what}: a row has one. Leave out all but one."
            ).format(file=name, columns=several, what=what)
        )
    return found


def known_headings(synonyms: Mapping[str, str], context: Context) -> set[str]:
    """Headings that mean something: by name, or because the source's map says so."""
    return {*synonyms, *_said("columns", context)}


def meanings(headings: Iterable[str], synonyms: Mapping[str, str], context: Context) -> set[str]:
    """What a table says, by the map or by the names of its columns, to tell whether it is of a kind."""
    said = _said("columns", context)
    by_column = {said.get(heading_lines.heading(h), synonyms.get(heading_lines.heading(h), "")) for h in headings}
    return by_column | {what for what, word in context.column_map.items() if isinstance(word, str)}


def line_of(cells: Mapping[str, Any], columns: Mapping[str, str], context: Context) -> dict[str, Any]:
    """What a row says, by what its columns are: each cell as the map reads it, and what the map says of every row.

    Of columns that the map says are the same, a row may fill one. Raises Unreadable where it fills two differently.
    """
    line: dict[str, Any] = {}
    for heading, what in columns.items():
        cell = as_mapped(what, cells.get(heading), context)
        if cell not in (None, "") and line.get(what) not in (None, "", cell):
            several = ", ".join(f"“{other}”" for other, own in columns.items() if own == what)
            raise Unreadable(
                _(
                    "The column map says of {columns} that each is {what}, and there are rows that fill more than one. One of "
                    "them would be lost: leave out all but one, or bring them into one column."
                ).format(columns=several, what=what)
            )
        if what not in line or cell not in (None, ""):
            line[what] = cell
    for what, word in context.column_map.items():
        if isinstance(word, str) and line.get(what) in (None, ""):
            line[what] = word
    return line


def as_mapped(what: str, cell: Any, context: Context) -> Any:
    """A cell of a column that is `what`, as the map reads it."""
    read_as = (context.column_map.get("values") or {}).get(what)
    return read_as.get(as_said(cell), cell) if read_as and cell is not None else cell


def as_said(cell: Any) -> str:
    """A cell as one line, as `values` of a map names it."""
    return " ".join(str(cell.text if isinstance(cell, Formula) else cell).split())


def _said(kind: str, context: Context) -> dict[str, str]:
    """One part of the source's map, by plain heading or word."""
    return {heading_lines.heading(key): str(what) for key, what in dict(context.column_map.get(kind) or {}).items()}


def is_tag_row(cells: Mapping[str, Any]) -> bool:
    """Whether most filled cells are tags such as #org+name: a hint under the headings, never data."""
    filled = [str(cell).strip() for cell in cells.values() if cell is not None and str(cell).strip()]
    return bool(filled) and sum(cell.startswith(TAG) for cell in filled) * 2 > len(filled)


def translated(word: str | None, kind: str, codes: Collection[str], context: Context) -> str | None:
    """Our code for a word of the source: by its map (`kind`), or because it is one of our codes or what one is called; else None.

    The empty string where the map says, with an empty code, that the word means nothing here.
    """
    if word is None:
        return None
    said = _said(kind, context)
    plain = heading_lines.heading(word)
    labelled = context.labels.get(plain, set()) & set(codes)
    code = said.get(plain, labelled.pop() if len(labelled) == 1 else plain.replace(" ", "_"))
    return code if code in codes or (plain in said and not code) else None


def codes_of(word: str | None, kind: str, codes: Collection[str], context: Context) -> list[str]:
    """Our codes for what a cell says: one, or several parted by commas and the like, or by blanks; none where a part is
    unknown. A code is empty where the map says that the word means nothing here."""
    for parts in ([word], PARTS.split(word or ""), (word or "").split()):
        found = [translated(part, kind, codes, context) for part in parts if part]
        if found and None not in found:
            return [code for code in dict.fromkeys(found) if code is not None]
    return []
