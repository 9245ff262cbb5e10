"""Reading what the placement of money needs: all of it at refresh, and the part behind a figure when somebody opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from dashboard.metrics import clearances
from dashboard.metrics.clearances import KEYS
from dashboard.metrics.placement import Records
from data_access import queries
from data_access.queries.money import Cut
from data_access.viewer import Query, Viewer

IDS_AT_ONCE = 5_000
READ: dict[str, Callable[..., Query]] = {
    "grants": queries.funding.grants,
    "needs": queries.funding.needs,
    "declared": queries.funding.declared_places,
    "places": queries.funding.organisation_places,
    "facets": queries.funding.project_facets,
}
"""How each frame of records is read."""


def records_of(
    read: Callable[[Query], pd.DataFrame],
    viewer: Viewer,
    cut: Cut | None = None,
    rates: pd.DataFrame | None = None,
) -> Records:
    """Everything recorded about the money this viewer may see, or about that of organisations in the `cut`.

    Exchange rates are the same for every viewer; whoever has them already gives them as `rates`.
    """
    known = {name: read(query(viewer, cut)) for name, query in READ.items()}
    return Records(**known, rates=read(queries.funding.rates(viewer)) if rates is None else rates)


class Between:
    """What viewers see who know no less than `least` and no more than `most`: read for each is only what these two know
    otherwise, and only what is near it is kept beside it.

    `least` and `whole`: the records of the two viewers, the second with every grant and need once per reporting currency;
    `after`: what lasts beyond this day is known of everything.
    """

    def __init__(self, read: Callable[[Query], pd.DataFrame], least: Records, whole: Records, after: date) -> None:
        self._read, self._after = read, pd.Timestamp(after)
        most = replace(
            whole,
            grants=whole.grants[list(least.grants)].drop_duplicates("grant_id", ignore_index=True),
            needs=whole.needs[list(least.needs)].drop_duplicates("need_id", ignore_index=True),
        )
        self.unlike = {
            name: np.sort(clearances.not_in_both(getattr(least, name), getattr(most, name))[key].unique())
            for name, key in KEYS.items()
        }
        """Of what anybody can know something other than these two, per frame."""
        differs = clearances.differences(most, least, self.unlike)
        self.least = least.among(differs.lines, differs.recipients)
        """What `least` knows of all this."""
        self.most = most.among(differs.lines, differs.recipients)
        """What `whole` knows of it."""
        ahead = least.grants[least.grants["ends_on"] > self._after]
        self._ahead_alike = ahead[~ahead["grant_id"].isin(self.unlike["grants"])]

    def records(self, viewer: Viewer) -> Records:
        """What a viewer knows near whatever is known otherwise by anybody."""
        return replace(self.least, **{name: self._mine(name, viewer) for name in READ})

    def _mine(self, name: str, viewer: Viewer) -> pd.DataFrame:
        key, near, unlike = KEYS[name], getattr(self.least, name), self.unlike[name]
        several = [self._read(READ[name](viewer, among=some))[list(near)] for some in _at_once(unlike)]
        rows = pd.concat([near[~near[key].isin(unlike)], *several])
        return rows.sort_values(key, kind="stable", ignore_index=True)

    def grants_ahead(self, mine: Records) -> pd.DataFrame:
        """All grants that last beyond the day `after`, of a viewer whose `records` are given."""
        own = mine.grants[mine.grants["grant_id"].isin(self.unlike["grants"])]
        both = pd.concat([self._ahead_alike, own[own["ends_on"] > self._after]])
        return both.sort_values("grant_id", ignore_index=True)


def _at_once(ids: np.ndarray) -> Iterator[list[int]]:
    for at in range(0, len(ids), IDS_AT_ONCE):
        yield ids[at : at + IDS_AT_ONCE].tolist()
