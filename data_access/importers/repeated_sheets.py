"""Sheets of a list of grants that add up what its other sheets say: their money would count twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from data_access.i18n import _
from data_access.importers.records import Place, Unreadable

FEWEST = 2
DAYS = ("committed_on", "starts_on", "ends_on")
Sheet = tuple[str, str]
Owner = tuple[str, str]


class Sums:
    """What each sheet says that each recipient gets, of grants that are stated once."""

    def __init__(self) -> None:
        self._stated: set[str] = set()
        self._sums: defaultdict[Sheet, Counter[Owner]] = defaultdict(Counter)
        self._grants: Counter[Sheet] = Counter()
        self._dated: set[Sheet] = set()

    def see(self, place: Place, number: str, grant: Mapping[str, Any]) -> None:
        """Count the grant of a line in, by its number."""
        if number in self._stated or not grant["amount_minor"]:
            return
        self._stated.add(number)
        sheet = place.file, place.sheet
        self._grants[sheet] += 1
        self._sums[sheet][grant["recipient"].casefold(), grant["currency"]] += grant["amount_minor"]
        if any(grant[day] is not None for day in DAYS):
            self._dated.add(sheet)

    def refuse_repeated(self) -> None:
        """Raises Unreadable for a sheet without days that says of each of its recipients, two at least, what the other sheets add
        up to; of several, for the one with the fewest rows."""
        every = sum(self._sums.values(), Counter[Owner]())
        adding_up = [
            sheet
            for sheet, sums in self._sums.items()
            if sheet not in self._dated
            and len(sums) >= FEWEST
            and all(every[owner] == 2 * minor for owner, minor in sums.items())
        ]
        if adding_up:
            file, sheet = min(reversed(adding_up), key=self._grants.__getitem__)
            raise Unreadable(
                _(
                    "{file}, sheet “{sheet}” says of each of its recipients what other sheets add up to: its money would count "
                    "twice. Hide the sheet, or take it out, and load again. If these are other grants, write their days."
                ).format(file=file, sheet=sheet)
            )
