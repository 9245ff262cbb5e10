"""Who knows the same: viewers who know the same of a line of money, or of an organisation, are a circle and share its sums.

What nobody knows otherwise is everybody's. Of the rest, each distinct knowledge is placed once, whoever has it: the records of
those who are the first to have it are put side by side with ids moved apart, so that no line of one meets another's. What a viewer
reads is the rows of the circles she is in; nothing is added to or taken from them. docs/money.md has an example.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd

from dashboard.metrics.money_sums import EVERYBODY, Part, sums
from dashboard.metrics.placement import APART, Amounts, Records, ids, moved, with_own_sums

GRANTS_AT_ONCE = 150_000
KEYS = {
    "grants": "grant_id",
    "needs": "need_id",
    "declared": "grant_id",
    "places": "organisation_id",
    "facets": "project_id",
}
"""The frames of records in which viewers can differ, and what their rows are about."""
Unlike = Mapping[str, np.ndarray]
"""Per frame of `KEYS` the ids of which anybody knows something else than somebody; all others are alike to everybody."""


def touched(known: Records, unlike: Unlike) -> tuple[pd.Index, pd.Index]:
    """The lines and the organisations of which somebody can know something else than who knows all that is `known`.

    Who may not name a project, or what a re-grant is taken from, has its money on the core line of the organisation.
    """
    grants, needs = known.grants, known.needs
    is_unlike = grants["grant_id"].isin(unlike["grants"])
    own, asked = grants[is_unlike], needs[needs["need_id"].isin(unlike["needs"])]
    is_near = is_unlike | grants["grant_id"].isin(unlike["declared"])
    is_near |= grants["recipient_id"].isin(unlike["places"]) | grants["funder_id"].isin(unlike["places"])
    is_near_need = needs["organisation_id"].isin(unlike["places"])
    organisations = with_own_sums(own)
    lines = [
        pd.Series(unlike["facets"]),
        known.received_on[is_near],
        known.taken_from[is_near],
        known.needed_on[is_near_need],
        *(own[project] for project in ("project_id", "parent_project_id")),
        -organisations.to_series(),
        asked["project_id"],
        -asked["organisation_id"],
    ]
    return ids(lines), organisations


class Circles:
    """What several viewers know of the same `lines` and `organisations`, of which they can know otherwise what is `unlike`."""

    def __init__(self, lines: pd.Index, organisations: pd.Index, unlike: Unlike) -> None:
        self._unlike = unlike
        self._lines, self._organisations = _Versions(lines), _Versions(organisations)
        self._worlds: list[Records] = []

    def add(self, mine: Records) -> None:
        """One more viewer, by all she knows of them."""
        of_lines, of_organisations = _digests(mine, self._unlike)
        self._worlds.append(mine.among(self._lines.add(of_lines), self._organisations.add(of_organisations)))

    def members(self) -> pd.DataFrame:
        """Who is in which circle: viewer (their numbers, in the order in which they were added), circle."""
        _each, number, known_to = self._numbered
        place, viewer = np.nonzero(known_to)
        everybody = pd.DataFrame({"viewer": np.arange(len(self._worlds)), "circle": EVERYBODY})
        own = pd.DataFrame({"viewer": viewer, "circle": number[place]})
        return pd.concat([everybody, own]).drop_duplicates(ignore_index=True)

    def sums(self, amounts: Amounts) -> Iterator[Part]:
        """What is kept of all that they know, see `money_sums.sums`; so many worlds at once as have `GRANTS_AT_ONCE` grants."""
        grants = np.cumsum([len(world.grants) for world in self._worlds])
        for turn in np.unique(grants // GRANTS_AT_ONCE):
            worlds = np.flatnonzero(grants // GRANTS_AT_ONCE == turn).tolist()
            lines, organisations = (
                of[np.isin(of.index.to_series().abs() // APART, worlds)] for of in self._numbered[0]
            )
            yield from sums(_side_by_side({n: self._worlds[n] for n in worlds}), amounts, lines, organisations)

    @cached_property
    def _numbered(self) -> tuple[tuple[pd.Series, pd.Series], np.ndarray, np.ndarray]:
        """The circle of each version of lines and of organisations; the numbers of the circles, and who is in each of them."""
        (lines, of_lines), (organisations, of_organisations) = self._lines.found(), self._organisations.found()
        known_to, place = np.unique(np.concatenate([of_lines, of_organisations]), axis=0, return_inverse=True)
        number = np.where(np.all(known_to, axis=1), EVERYBODY, np.arange(len(known_to)) + EVERYBODY + 1)
        circle = number[place]
        each = pd.Series(circle[: len(lines)], index=lines), pd.Series(circle[len(lines) :], index=organisations)
        return each, number, known_to


class _Versions:
    """Of some `ids`, which of several viewers know the same."""

    def __init__(self, ids: pd.Index) -> None:
        self._ids = ids
        self._known: list[np.ndarray] = []
        self._first: list[np.ndarray] = []

    def add(self, digests: pd.Series) -> pd.Index:
        """One more viewer, by a digest of what she knows of each id: those of which she is the first to know it."""
        mine, number = digests.reindex(self._ids, fill_value=0).to_numpy(), len(self._known)
        first = np.full(len(mine), number)
        for earlier in reversed(range(number)):
            first[self._known[earlier] == mine] = earlier
        self._known.append(mine)
        self._first.append(first)
        return self._ids[first == number]

    def found(self) -> tuple[np.ndarray, np.ndarray]:
        """Every version: its id, moved apart by the number of who is the first to have it; and who else has it, a column each."""
        first = np.array(self._first)
        number, place = np.nonzero(first == np.arange(len(first))[:, None])
        own = self._ids.to_numpy(dtype="int64")[place]
        return own + np.sign(own) * number * APART, number[:, None] == first[:, place].T


def _digests(mine: Records, unlike: Unlike) -> tuple[pd.Series, pd.Series]:
    """What a viewer knows of each line and of each organisation that others can know otherwise, as a number: where two viewers have
    the same, they know the same. A line's number is of the records that placing its money reads, an organisation's of its grants."""
    said = {name: _said(getattr(mine, name), KEYS[name], unlike[name]) for name in KEYS}

    def of(name: str, about: np.ndarray) -> np.ndarray:
        return said[name].reindex(about, fill_value=0).to_numpy()

    grants, needs = mine.grants, mine.needs
    recipient, payer, grant = (_numbers(grants[name]) for name in ("recipient_id", "funder_id", "grant_id"))
    of_grants = of("grants", grant)
    whole = of_grants + of("declared", grant)
    asking = of("needs", _numbers(needs["need_id"])) + of("places", _numbers(needs["organisation_id"]))
    of_lines = [
        (_numbers(mine.received_on), whole + of("places", recipient)),
        (_numbers(mine.taken_from), whole + of("places", payer)),
        (_numbers(mine.needed_on), asking),
        (said["facets"].index, said["facets"].to_numpy()),
    ]
    return _together(of_lines), _together([(recipient, of_grants), (payer, of_grants)])


def _said(rows: pd.DataFrame, key: str, unlike: np.ndarray) -> pd.Series:
    """What the rows say of each of these ids, as a number."""
    rows = rows[rows[key].isin(unlike)]
    return _together([(_numbers(rows[key]), pd.util.hash_pandas_object(rows, index=False).to_numpy())])


def _together(parts: list[tuple]) -> pd.Series:
    about, digests = (np.concatenate(each) for each in zip(*parts, strict=True))
    return pd.Series(digests, index=about).groupby(level=0).sum()


def _numbers(ids: pd.Series) -> np.ndarray:
    return ids.to_numpy(dtype="int64", na_value=0)


def _side_by_side(worlds: Mapping[int, Records]) -> Records:
    """The records of several worlds as one, the ids of each moved apart by its number."""
    any_of_them = next(iter(worlds.values()))
    frames = {
        name: pd.concat(
            [moved(getattr(own, name), number * APART) for number, own in worlds.items()], ignore_index=True
        )
        for name in KEYS
    }
    return replace(any_of_them, **frames)
