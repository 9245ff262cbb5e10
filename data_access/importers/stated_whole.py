"""What a file states whole of an owner it names: the next file of the source takes its place, and does not add to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from data_access.i18n import _, in_digits
from data_access.importers.entities import bare
from data_access.importers.records import Problem, Record, Unreadable


@dataclass(frozen=True)
class StatedWhole:
    """Records of which a file states all that an `owner` has, by the owner's id at the begin of theirs; `owner_named`: whom a record
    of the owner's kind itself names."""

    owner: str
    parts: frozenset[str]
    owner_of: Callable[[str], str]
    owner_named: Callable[[str], str] = str


def _before_the_last_part(key: str) -> str:
    return key.rpartition("|")[0]


OF_A_GRANT = StatedWhole("grant", frozenset(["grant_country"]), _before_the_last_part)
STATED_WHOLE = {
    "iati": StatedWhole("project", frozenset(["payment", "grant_country", "grant"]), lambda key: key.partition("|")[0]),
    "360giving": replace(OF_A_GRANT, parts=frozenset(["payment", "grant_country"])),
    "case-log": StatedWhole("stage_event", frozenset(["stage_event"]), _before_the_last_part, _before_the_last_part),
}
"""By format; of a log's case a stage that it states again, whose day may have been corrected; of any other one where a grant goes is stated whole, and what was paid of it is not: payments may come one by one."""


IDENTIFIES = {"grant": ("recipient_id", "committed_on"), "case_episode": ("opened_on", "closed_on")}
"""What stays the same of a record when a source corrects it."""


def said_of_update(record: Record, before: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Problem]:
    """Notes on a record that takes the place of what a source said `before` under its number: a case that had ended and is open again,
    and what looks like another one by all that tells them apart."""
    place, key = (record.place, record.key) if record.entity == "grant" else (replace(record.place, raw={}), "")
    if record.entity == "case_episode" and before["status"] == "closed" and values.get("status") == "open":
        yield Problem(place, "closed", "", "open_again",
                      _("is of a case that had ended by an earlier load; by this one it is open again."),
                      _("If it has ended, load a log in which its ending stands."), is_warning=True)  # fmt: skip
    facts = IDENTIFIES.get(record.entity, ())
    if facts and all(before[fact] is not None and values.get(fact) not in (None, before[fact]) for fact in facts):
        yield Problem(place, "", key, "took_the_place",
                      _("has the number of one that was loaded before and is another one by all that tells them apart. IT TOOK ITS PLACE."),
                      _("If numbers begin again, write the year before them, take this load back and load again."),
                      is_warning=True)  # fmt: skip


TELL_APART = {
    "grant": ("recipient_id",), "need": ("organisation_id", "project_id"), "project": ("organisation_id",),
    "relocation_case": ("people", "waiting_country"),
}  # fmt: skip
"""Facts in which one record is not two: two sources that give one number to records which differ in them mean two."""


class NumberOfAnother(Unreadable):
    """Two sources give one number to two records; the message says what to do."""


def said_of_another_source(record: Record, before: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Problem]:
    """A note on a record that has the number of one that another source stated `before`, and says another amount. Raises
    NumberOfAnother where the two are somebody else's, or two organisations are called by one number."""
    facts = TELL_APART.get(record.entity, ())
    is_of_another = any(None not in (before[fact], values.get(fact)) and before[fact] != values[fact] for fact in facts)
    if record.entity == "organisation" and not any(sign.isalpha() for sign in str(before["slug"])):
        is_of_another = bare(before["name"]) != bare(values.get("name", before["name"]))
    if is_of_another:
        place = record.place
        raise NumberOfAnother(
            _(
                "{file}, sheet “{sheet}”, row {row}: has the number of a record of another source, which is of somebody else. Begin "
                "the numbers of each source with a name of its own, such as PRAGUE-1, and load again; if the two are one, write it as "
                "before."
            ).format(file=place.file, sheet=place.sheet, row=in_digits(place.row or 0))
        )
    amounts = ("amount_minor", "currency") if record.entity in ("grant", "need") else ()
    if any(None not in (before[name], values.get(name)) and values[name] != before[name] for name in amounts):
        yield Problem(record.place, "", record.key, "another_amount",
                      _("has the number of a record of another source and another amount. THE NEW AMOUNT TOOK ITS PLACE."),
                      _("If they are two, begin the numbers of each source with a name of its own and load again."),
                      is_warning=True)  # fmt: skip
