"""What a format's reader hands over: records with references by outside id, and problems that name their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from data_access.i18n import N_, _, in_digits, ngettext
from data_access.importers.evidence import Evidence, numeric_date

PART_OF_A_SEARCH = "part_of_a_search"
ROWS_NAMED = 5


class Unreadable(Exception):
    """The whole file is refused; the message says why and what to do."""


@dataclass(frozen=True)
class Context:
    """What a reader knows besides the files: the network's codes, outside codes, and the source's own columns.

    `vocabulary`: facet -> codes, and "route" -> routes. `code_map`: (scheme, outside code) -> (facet, code).
    `labels`: what a code is called in any language, as headings are compared -> codes. `column_map`: as docs/importing.md describes it. `salt` makes case references that nobody can guess from outside.
    `is_total_confirmed`: somebody looked at a file whose own total does not reproduce, and wants its rows.
    `counts_both`: somebody looked; what seems to be stated twice is two.
    """

    source: str = ""
    vocabulary: Mapping[str, set[str]] = field(default_factory=dict)
    code_map: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    column_map: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, set[str]] = field(default_factory=dict)
    salt: str = ""
    is_total_confirmed: bool = False
    counts_both: bool = False


@dataclass(frozen=True)
class Place:
    """Where something stood: sheet (or element), row number as a spreadsheet counts, the whole row as it was, file.

    `raw` is handed back as a workbook to mend and load again: leave it empty where such a workbook is no file of the format.
    """

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
        return told([self])


def worked_out(place: Place, column: str, value: str, minor: int) -> Problem:
    """A note that an amount was not simply read: a multiplier or a sign was applied."""
    said = _("was read as {amount}.").format(amount=in_digits(minor / 100, 2))
    return Problem(
        place, column, value, "amount_worked_out", said, _("Write figures alone to be sure."), is_warning=True
    )


DATES_READ = {
    "day": N_("dates in this column were read day first."),
    "month": N_("dates in this column were read month first."),
    "both": N_("dates in this column were read each by itself, day first where both fit."),
}


def dates_read(place: Place, column: str, value: str, evidence: Evidence) -> Problem:
    """A note on how dates in figures were read, and whether anything in their column told it."""
    code = "dates_ambiguous" if evidence.is_ambiguous else "dates_read"
    said = _(DATES_READ[evidence.date_order or "day"])
    return Problem(place, column, value, code, said, _("Write dates like 2026-10-18 to be sure."), is_warning=True)


def say_of_dates(
    lines: Sequence[tuple[Place, Mapping[str, Any]]], evidence: Mapping[str, Evidence]
) -> Iterator[Problem]:
    """A note on each column of dates of whose order nothing tells, with the first of them."""
    for column, told_by in evidence.items():
        if told_by.is_ambiguous:
            place, line = next((p, line) for p, line in lines if numeric_date(str(line.get(column) or "")))
            yield dates_read(place, column, str(line[column]), told_by)


def alike(problems: Iterable[Problem]) -> list[list[Problem]]:
    """Problems that say the same of the same column of one sheet, together, in the order of their first."""
    groups: dict[tuple, list[Problem]] = {}
    for one in problems:
        same = one.place.file, one.place.sheet, one.column, one.message, one.suggestion, one.is_warning
        groups.setdefault(same, []).append(one)
    return list(groups.values())


def _rows(rows: Sequence[str]) -> str:
    named, more = ", ".join(rows[:ROWS_NAMED]), len(rows) - ROWS_NAMED
    if more > 0:
        return ngettext("rows {rows} and {n} more", "rows {rows} and {n} more", more).format(
            rows=named, n=in_digits(more)
        )
    return ngettext("row {rows}", "rows {rows}", len(rows)).format(rows=named) if rows else ""


def told(several: Sequence[Problem]) -> str:
    """Problems that are alike in one line: where, which rows, the value, what is wrong and what to do."""
    first = several[0]
    rows = [str(one.place.row) for one in several if one.place.row]
    where = ", ".join(part for part in (first.place.file, first.place.sheet, _rows(rows), first.column) if part)
    shown = list(dict.fromkeys(one.value for one in several if one.value))
    value = f": {', '.join(repr(one) for one in shown[:ROWS_NAMED])}{', …' if len(shown) > ROWS_NAMED else ''}"
    return f"{where}{value if shown else ''} – {first.message} {first.suggestion}".strip()
