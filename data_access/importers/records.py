"""What a format's reader hands over: records with references by outside id, and problems that name their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PART_OF_A_SEARCH = "part_of_a_search"


class Unreadable(Exception):
    """The whole file is refused; the message says why and what to do."""


@dataclass(frozen=True)
class Context:
    """What a reader knows besides the files: the network's codes, outside codes, and the source's own columns.

    `vocabulary`: facet -> codes, and "route" -> routes. `code_map`: (scheme, outside code) -> (facet, code).
    `column_map`: as docs/importing.md describes it. `salt` makes case references that nobody can guess from outside.
    `is_total_confirmed`: somebody looked at a file whose own total does not reproduce, and wants its rows.
    """

    source: str = ""
    vocabulary: Mapping[str, set[str]] = field(default_factory=dict)
    code_map: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    column_map: Mapping[str, Any] = field(default_factory=dict)
    salt: str = ""
    is_total_confirmed: bool = False


@dataclass(frozen=True)
class Place:
    """Where something stood: sheet (or element), row number as a spreadsheet counts, the whole row as it was, file."""

    sheet: str = ""
    row: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True)
class Record:
    """One row of one table. `values`: column -> value; a reference holds the outside id of what it refers to.

    `defaults` are only used when the row is new, so that what a steward decided later is not overwritten.
    """

    entity: str
    key: str
    values: Mapping[str, Any]
    place: Place = Place()
    defaults: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a value or row and what to do. `is_warning`: the row was loaded all the same."""

    place: Place
    column: str
    value: str
    code: str
    message: str
    suggestion: str
    is_warning: bool = False

    def __str__(self) -> str:
        row = f"row {self.place.row}" if self.place.row else ""
        where = ", ".join(part for part in (self.place.file, self.place.sheet, row, self.column) if part)
        value = f": {self.value!r}" if self.value else ""
        return f"{where}{value} – {self.message} {self.suggestion}".strip()
