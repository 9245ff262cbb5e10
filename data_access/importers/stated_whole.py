"""What a file states whole of an owner it names: the next file of the source takes its place, and does not add to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class StatedWhole:
    """Records of which a file states all that an `owner` has, by the owner's id at the begin of theirs."""

    owner: str
    parts: frozenset[str]
    owner_of: Callable[[str], str]


OF_A_GRANT = StatedWhole("grant", frozenset(["grant_country"]), lambda key: key.rpartition("|")[0])
STATED_WHOLE = {
    "iati": StatedWhole("project", frozenset(["payment", "grant_country", "grant"]), lambda key: key.partition("|")[0]),
    "360giving": replace(OF_A_GRANT, parts=frozenset(["payment", "grant_country"])),
}
"""By format; of any other one where a grant goes is stated whole, and what was paid of it is not: payments may come one by one."""
