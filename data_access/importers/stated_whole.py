"""What a file states whole of an owner it names: the next file of the source takes its place, and does not add to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


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
