"""What a file states whole of an owner it names: the next file of the source takes its place, and does not add to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from data_access.i18n import _
from data_access.importers.records import Problem, Record


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
