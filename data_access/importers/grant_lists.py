"""Lists of grants as people keep them: rows without numbers, of what was refused, of several payers, of a payer written once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from data_access.i18n import _, in_digits, ngettext
from data_access.importers import grant_status, tables, values, written_amounts
from data_access.importers.columns import PARTS
from data_access.importers.evidence import Evidence
from data_access.importers.kinds_of_rows import TOTAL
from data_access.importers.records import Place, Problem
from data_access.importers.references import BY_ROW, opaque

Lines = Sequence[tuple[Place, Mapping[str, Any]]]
TEXTS = {
    "id": "Identifier", "recipient": "Recipient Org:Name", "recipient_id": "Recipient Org:Identifier",
    "funder": "Funding Org:Name", "funder_id": "Funding Org:Identifier", "joint": "Related Activity", "regrantType": "Regrant Type",
}  # fmt: skip
SIDES = ("funder", "recipient")
FEWEST_ADDED = 2
BETWEEN_NAMES = re.compile(PARTS.pattern + r"|\s+(?:and|und|и|та|et|i)\s+")
PARTS_NAMES = re.compile(r"[;\n|]")
LISTED = re.compile(r"\S,\S")


class RowIds:
    """Ids for the rows of a file that gives none, made of what each says however it is written; rows that differ in what is not
    read are several."""

    def __init__(self) -> None:
        self._ranks: dict[str, dict[int, int]] = {}

    def of(self, facts: Iterable[Any], cells: int) -> tuple[str, bool]:
        """The id of a row of these facts, by its `cells` (a hash), and whether it is the first to differ like this from one that
        says the same in all that is read."""
        said = "|".join(map(str, facts))
        ranks = self._ranks.setdefault(said, {})
        is_new = cells not in ranks
        rank = ranks.setdefault(cells, len(ranks))
        return opaque(BY_ROW, f"{said}|{rank}" if rank else said), is_new and rank > 0


def beside_the_grant(line: Mapping[str, Any], evidence: Mapping[str, Evidence]) -> tuple[Any, ...]:
    """What a line says of where its money goes and what was paid."""
    paid = line.get("amountDisbursed")
    with suppress(values.Bad):
        paid = written_amounts.money(paid, evidence["amountDisbursed"])
    return line.get("country"), line.get("shares"), getattr(paid, "minor", paid)


def say_alike(place: Place, line: Mapping[str, Any]) -> Problem:
    """A note on a row that differs from another one in what is not read alone."""
    return Problem(
        place,
        "recipient",
        str(line.get("recipient")),
        "alike_but_for_what_is_not_read",
        _("differs from a row above in columns alone that are not read; both count."),
        _("If they are one grant, remove one of them."),
        is_warning=True,
    )


def say_refused(table: tables.Table, refused: Mapping[str, int]) -> Iterator[Problem]:
    """A loud note on columns that are not read and say of rows that they were refused."""
    for name, n in refused.items():
        said = ngettext(
            "is not read, and says of {n} row that it was refused. IT WAS LOADED AS SIGNED.",
            "is not read, and says of {n} rows that they were refused. THEY WERE LOADED AS SIGNED.",
            n,
        ).format(n=in_digits(n))
        yield Problem(Place(table.sheet, file=table.file), name, "", "refused_but_loaded", said,
                      _("Say that the column is the status of the grant, and load again."), is_warning=True)  # fmt: skip


def is_not_granted(line: Mapping[str, Any]) -> bool:
    """Whether a row says of itself, or stands under a head that says, that nothing was granted."""
    with suppress(values.Bad):
        return grant_status.status_of(line.get("status")) == grant_status.NOT_GRANTED
    return False


def say_not_granted(lines: Lines) -> Iterator[Problem]:
    """A note on rows of what was asked for and not granted, by what they say."""
    by_word: dict[tuple[str, str], list[Place]] = {}
    for place, line in lines:
        by_word.setdefault((place.file, str(line["status"])), []).append(place)
    for (_file, word), at in by_word.items():
        said = ngettext("{n} row is not granted by what it says, and was left out.", "{n} rows are not granted by what they say, and "
                        "were left out.", len(at)).format(n=in_digits(len(at)))  # fmt: skip
        yield Problem(at[0], "status", word, "not_granted", said,
                      _("If one of them was loaded as signed before, say that the file is all there is."), is_warning=True)  # fmt: skip


def several_in(line: Mapping[str, Any], names: Collection[str]) -> str | None:
    """The heading of a cell of a line that names several organisations, None where none does; `names`: of `names_in`."""
    return next((TEXTS[side] for side in SIDES if _are_several(line, side, names)), None)


def names_in(lines: Lines) -> set[str]:
    """Every name of a payer or recipient, in small letters."""
    return {name for _place, line in lines for side in SIDES if (name := _name(line, side))}


def _name(line: Mapping[str, Any], side: str) -> str:
    return str(line.get(side) or "").strip().casefold()


def _are_several(line: Mapping[str, Any], side: str, names: Collection[str]) -> bool:
    return line.get(f"{side}_id") in (None, "") and are_several(_name(line, side), names)


def are_several(name: str, names: Collection[str]) -> bool:
    """Whether a cell, in small letters, names several organisations: parted by what no name holds, or each of them alone in another
    row, or one of them where commas stand as programs write them; `names`: of all rows."""
    parts = [part.strip() for part in BETWEEN_NAMES.split(name) if part.strip()]
    known = [part in names for part in parts]
    return len(parts) > 1 and (
        bool(PARTS_NAMES.search(name)) or all(known) or (any(known) and bool(LISTED.search(name)))
    )


def say_of_totals(lines: Lines) -> Iterator[Problem]:
    """A note on recipients that are called as lines of totals are."""
    for place, line in lines:
        if TOTAL.match(str(line.get("recipient") or "").strip()):
            yield Problem(place, TEXTS["recipient"], str(line["recipient"]), "may_be_a_total",
                          _("is called as a line of totals is. IT WAS LOADED."),
                          _("If it is one, take the row out and load again."), is_warning=True)  # fmt: skip


def say_of_sums(lines: Lines, evidence: Mapping[str, Evidence]) -> Iterator[Problem]:
    """A note on rows that say no day and whose amount is that of the dated rows right above them, or right below, together."""
    amounts: list[int | None] = []
    for _place, line in lines:
        amounts.append(None)
        with suppress(values.Bad):
            amounts[-1] = written_amounts.amount(line.get("amountAwarded"), evidence["amountAwarded"])
    is_dated = [
        any(line.get(day) not in (None, "") for day in ("awardDate", "starts", "ends")) for _place, line in lines
    ]
    for at, (place, line) in enumerate(lines):
        if is_dated[at]:
            continue
        several = max(_adding_up_to(amounts[at], amounts, is_dated, at, step) for step in (-1, 1))
        if several >= FEWEST_ADDED:
            said = _("says no day, and its amount is that of the {n} rows beside it together. IT WAS LOADED.")
            yield Problem(place, "amountAwarded", str(line.get("amountAwarded")), "may_be_a_total", said.format(n=in_digits(several)),
                          _("If it adds them up, take the row out and load again."), is_warning=True)  # fmt: skip


def _adding_up_to(
    whole: int | None, amounts: Sequence[int | None], is_dated: Sequence[bool], at: int, step: int
) -> int:
    """How many dated rows that follow each other from a place add up to a whole; 0 where none do."""
    left, count, place = whole or 0, 0, at + step
    while left > 0 and 0 <= place < len(amounts) and is_dated[place]:
        left, count, place = left - (amounts[place] or 0), count + 1, place + step
    return count if whole and left == 0 else 0


def say_of_blank_payers(lines: Lines) -> Iterator[Problem]:
    """A note on rows that name no payer, below one that does: it may be written once for all of them."""
    below, is_below = list[Place](), False
    for place, line in lines:
        is_named = values.text(line.get("funder")) is not None
        if is_below and not is_named:
            below.append(place)
        is_below = is_below or is_named
    if below:
        said = ngettext(
            "is empty in {n} row below one that names it; its money is counted as of a payer who is not named.",
            "is empty in {n} rows below one that names it; their money is counted as of a payer who is not named.",
            len(below),
        ).format(n=in_digits(len(below)))
        yield Problem(below[0], TEXTS["funder"], "", "payer_left_blank", said,
                      _("If the name above is meant, write it into each of them and load again."), is_warning=True)  # fmt: skip
