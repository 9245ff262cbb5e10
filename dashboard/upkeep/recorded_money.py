"""Reading what the placement of money needs: all of it at refresh, and the part behind a figure when somebody opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from dashboard.metrics import circles
from dashboard.metrics.circles import KEYS
from dashboard.metrics.funding import NOT_STATED
from dashboard.metrics.placement import Records
from data_access import queries
from data_access.queries import visible
from data_access.queries.money import Cut
from data_access.viewer import Query, Viewer

IDS_AT_ONCE = 30_000
READ: dict[str, Callable[..., Query]] = {
    "grants": queries.funding.grants,
    "needs": queries.funding.needs,
    "declared": queries.funding.declared_places,
    "places": queries.funding.organisation_places,
    "facets": queries.funding.project_facets,
}
"""How each frame of records is read."""


def records_of(read: Callable[[Query], pd.DataFrame], viewer: Viewer, cut: Cut | None = None) -> Records:
    """Everything recorded about the money this viewer may see, or about that of organisations in the `cut`."""
    known = {name: read(query(viewer, cut)) for name, query in READ.items()}
    return Records(**known, rates=read(queries.funding.rates(viewer)))


NOT_SUMMED = frozenset(
    [
        "reference",
        "funder",
        "funder_slug",
        "recipient",
        "recipient_slug",
        "project",
        "organisation",
        "organisation_slug",
        "recorded_on",
        "first_paid_on",
        "has_payment",
    ]
)
"""Columns of records that no sum needs; names are most of what there is to read and to copy."""
OWN_COLUMNS = {
    "grants": ["grant_id", "funder_id", "funder_is_member", "project_id", "parent_project_id"],
    "needs": ["need_id"],
}
"""What a viewer may know otherwise of a record that she may see, by the organisations that she may name and by nothing else; the
other columns say the same to everybody."""


def summed_records(read: Callable[[Query], pd.DataFrame], viewer: Viewer) -> Records:
    """What sums need of everything recorded about the money that this viewer may see, its words as categories."""

    def compact(query: Query) -> pd.DataFrame:
        columns = query.statement.selected_columns.keys()
        rows = read(_only(query, [name for name in columns if name not in NOT_SUMMED]))
        return rows.astype({name: "category" for name in WORDS if name in rows})

    records = records_of(compact, viewer)
    named = [records.declared["host_country"], records.places["host_country"], records.facets["code"]]
    codes = pd.CategoricalDtype(sorted({NOT_STATED, visible.WITHHELD}.union(*named)))
    return replace(
        records,
        declared=records.declared.astype({"host_country": codes}),
        places=records.places.astype({"host_country": codes}),
        facets=records.facets.astype({"facet": "category", "code": codes}),
    )


WORDS = ("currency", "status", "kind", "restriction", "confidence", "stated_by")


class Otherwise:
    """What viewers know of the money of which one knows `most`, near whatever is known otherwise by anybody: read for each is only
    what can be otherwise for somebody.

    `known`: the `summed_records` of `most`; nobody knows less than `least`; `after`: what lasts beyond this day is known of
    everything.
    """

    def __init__(
        self, read: Callable[[Query], pd.DataFrame], known: Records, most: Viewer, least: Viewer, after: date
    ) -> None:
        self._read, self._after = read, pd.Timestamp(after)
        self.unlike = {name: self._known_otherwise(name, most, least) for name in READ}
        """Of what anybody can know something else than these two, per frame."""
        self.lines, self.organisations = circles.touched(known, self.unlike)
        """Of which anybody can know something else."""
        self._near = known.among(self.lines, self.organisations)
        ahead = known.grants[known.grants["ends_on"] > self._after]
        self._ahead_alike = ahead[~ahead["grant_id"].isin(self.unlike["grants"])]
        self._slugs = read(queries.funding.short_names(most)).set_index("organisation_id")["slug"]
        self._told: dict[tuple[str, bytes], pd.DataFrame] = {}

    def records(self, viewer: Viewer) -> Records:
        """What a viewer knows of these lines and organisations."""
        seen = self._read(_only(queries.funding.short_names(viewer), ["organisation_id"]))["organisation_id"]
        named = np.sort(seen.to_numpy("int64")).tobytes()
        return replace(self._near, **{name: self._mine(name, viewer, named) for name in READ})

    def _known_otherwise(self, name: str, most: Viewer, least: Viewer) -> np.ndarray:
        key = KEYS[name]
        all_of_it, least_of_it = (_own(name, READ[name](viewer)) for viewer in (most, least))
        asked = queries.funding.known_otherwise(all_of_it, least_of_it, key)
        return np.sort(self._read(asked)[key].to_numpy(dtype="int64"))

    def _mine(self, name: str, viewer: Viewer, named: bytes) -> pd.DataFrame:
        near, key, unlike = getattr(self._near, name), KEYS[name], self.unlike[name]
        if not len(unlike):
            return near
        own, is_alike = self._said_to(name, viewer, named), ~near[key].isin(unlike)
        if name in OWN_COLUMNS:
            own = own.merge(near[~is_alike].drop(columns=OWN_COLUMNS[name][1:]), on=key)[near.columns]
        own = own.astype(near.dtypes)
        return pd.concat([near[is_alike], own]).sort_values(key, kind="stable", ignore_index=True)

    def _said_to(self, name: str, viewer: Viewer, named: bytes) -> pd.DataFrame:
        """What a viewer knows of what can be known otherwise; of those who may name the same organisations one is asked where
        nothing else tells them apart."""

        def asked() -> pd.DataFrame:
            several = (_own(name, READ[name](viewer, among=some)) for some in _at_once(self.unlike[name]))
            return pd.concat([self._read(query) for query in several])

        if name not in OWN_COLUMNS:
            return asked()
        if (name, named) not in self._told:
            self._told[name, named] = asked()
        return self._told[name, named]

    def grants_ahead(self, mine: Records) -> pd.DataFrame:
        """All grants that last beyond the day `after`, of a viewer whose `records` are given, with funder_slug and recipient_slug."""
        own = mine.grants[mine.grants["grant_id"].isin(self.unlike["grants"])]
        both = pd.concat([self._ahead_alike, own[own["ends_on"] > self._after]])
        slugs = {f"{side}_slug": both[f"{side}_id"].map(self._slugs) for side in ("funder", "recipient")}
        return both.assign(**slugs).sort_values("grant_id", ignore_index=True)


def _own(name: str, query: Query) -> Query:
    """The question for what viewers can know otherwise."""
    return _only(query, OWN_COLUMNS[name]) if name in OWN_COLUMNS else query


def _only(query: Query, names: Sequence[str]) -> Query:
    """The question for these of its columns."""
    columns = query.statement.selected_columns
    return replace(query, statement=query.statement.with_only_columns(*(columns[name] for name in names)))


def _at_once(ids: np.ndarray) -> Iterator[list[int]]:
    for at in range(0, len(ids), IDS_AT_ONCE):
        yield ids[at : at + IDS_AT_ONCE].tolist()
