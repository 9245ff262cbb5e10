"""Blocks by which somebody changes what is recorded: files, roles, keys, what is said to be wrong. They stay out of links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.page.blocks import Block


@dataclass(frozen=True)
class Sent:
    """Files (name, content) a steward sent: whose they are, and what they are said to be.

    `counts_both`, `is_total_confirmed`, `discloses`: somebody looked at what a load asked about.
    """

    source: str
    files: list[tuple[str, bytes]]
    format: str | None
    column_map: Mapping[str, Any] | None = None
    is_snapshot: bool = field(default=False, kw_only=True)
    counts_both: bool = field(default=False, kw_only=True)
    discloses: bool = field(default=False, kw_only=True)
    is_total_confirmed: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class FileForm(Block):
    """Asks for files of a source; `why_not` says instead why this reader cannot send any. Answers what was Sent."""

    sources: Sequence[str]
    formats: Mapping[str, str]
    why_not: str | None


@dataclass(frozen=True)
class TableKind:
    """What a table can be taken for: its name, its columns as (heading, examples, what it is proposed to be), and what
    columns can be: key -> name."""

    name: str
    columns: Sequence[tuple[str, str, str]]
    fields: Mapping[str, str]


@dataclass(frozen=True)
class ColumnForm(Block):
    """Asks which column of a table is what; the first of `kinds` is proposed. Answers (kind, heading -> what it is, "" to
    leave it out).

    `is_needed`: nothing is known of the table without it, so it stands open.
    """

    kinds: Mapping[str, TableKind]
    is_needed: bool


@dataclass(frozen=True)
class Fault:
    """A text that cannot be read as what its column is, in how many rows, why, and what it could be read as, if a list."""

    what: str
    name: str
    value: str
    rows: int
    message: str
    options: Mapping[str, str] | None = None


@dataclass(frozen=True)
class ValueForm(Block):
    """Asks how to read what cannot be read. Answers what a column is -> its text -> how to read it."""

    faults: Sequence[Fault]


@dataclass(frozen=True)
class TryOrLoad(Block):
    """Asks whether to try or to load. Answers "try", "load" or None."""


@dataclass(frozen=True)
class Confirm(Block):
    """A button for what cannot be half done. Answers whether it was pressed."""

    label: str
    icon: str = "undo"


@dataclass(frozen=True)
class Decision:
    """What becomes of a person: "give", "take" or "sign_out"; by her reference, and what she is to be."""

    what: str
    reference: str
    role: str
    countries: Sequence[str]
    spoken: str


@dataclass(frozen=True)
class PersonForm(Block):
    """Asks what becomes of a person; without a reference, whose. `role`, `countries` and `spoken` are what she is now. It stays out
    of links. `can_sign_out`: her sign-ins are kept here. Answers the Decision once."""

    reference: str
    role: str
    countries: Sequence[str]
    spoken: str
    roles: Mapping[str, str]
    places: Mapping[str, str]
    languages: Mapping[str, str]
    can_sign_out: bool


@dataclass(frozen=True)
class KeyForm(Block):
    """Asks what a new key is called and for how many days it is good, at most `most_days`. It stays out of links. Answers
    (name, days) once."""

    most_days: int


@dataclass(frozen=True)
class ContestForm(Block):
    """Asks which record is wrong and how; nobody writes a text. It stays out of links. Answers (record, what) once."""

    records: Mapping[str, str]
    kinds: Mapping[str, str]


@dataclass(frozen=True)
class Shown(Block):
    """A text to copy that is shown this once, and what to do with it."""

    text: str
    said: str


@dataclass(frozen=True)
class Attempt(Block):
    """Runs `load`, which says as it goes what it is at; a refusal becomes its sentence, and nothing was written. Answers the
    outcome."""

    load: Callable[[Callable[[str], None]], Any]
