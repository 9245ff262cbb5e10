"""The scores of all pairs of projects, for everybody who may know other facts of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from dashboard.metrics import overlap
from dashboard.upkeep.readers import EVERYTHING, EVERYWHERE, FUNDER, coordinators
from data_access import database, queries, summaries
from data_access.viewer import Viewer

SCOPED_UP_TO = 1500


@dataclass(frozen=True)
class Basis:
    """What all scores rest on alike: which organisations are `partners`, which pairs people `answered`, and the facets they
    `judged`, which nobody withholds."""

    partners: pd.DataFrame
    answered: set[tuple]
    judged: pd.DataFrame
    as_of: date


@dataclass(frozen=True)
class Scores:
    """What computes the scores of each clearance, and a `digest` of all that they are made of: where it is the same, so are they."""

    of: list[tuple[str, Callable[[], summaries.Scored]]]
    digest: str


def for_everyone(shared: Connection, as_of: date) -> Scores:
    """The scores of each clearance, from what is read of the database now: of funders, those who see everything, coordinators of all
    countries and of each set that somebody has.

    Coordinators who see no fact that funders do not see are left out: they read the funders' scores. So are all sets of
    countries in a database of more than `SCOPED_UP_TO` projects, where a copy per set would be too large. Those who see the
    facts that stewards see have their scores, computed once.
    """
    partners = database.run(shared, queries.overlap.partnerships(EVERYTHING))
    judged = database.run(shared, queries.overlap.facets(EVERYTHING, known_to=FUNDER))
    basis = Basis(partners, summaries.answered(shared), judged, as_of)
    score = partial(_score, basis)
    common, everything = facts(shared, FUNDER, as_of), facts(shared, EVERYTHING, as_of)
    of_stewards = cache(partial(score, everything))
    scores: list[tuple[str, Callable[[], summaries.Scored]]] = [
        (FUNDER.clearance, partial(score, common)),
        (EVERYTHING.clearance, of_stewards),
    ]
    made_of = _digest(as_of, sorted(basis.answered), partners, judged, *common, *everything)
    for viewer in (EVERYWHERE, *(coordinators(shared) if len(common[0]) <= SCOPED_UP_TO else ())):
        known = facts(shared, viewer, as_of)
        if _are_same(known, everything):
            scores.append((viewer.clearance, of_stewards))
        elif not _are_same(known, common):
            scores.append((viewer.clearance, partial(score, known)))
        made_of = _digest(made_of, viewer.clearance, *known)
    return Scores(scores, made_of)


def _digest(*parts: Any) -> str:
    found = hashlib.sha256()
    for part in parts:
        is_frame = isinstance(part, pd.DataFrame)
        found.update(pd.util.hash_pandas_object(part).to_numpy().tobytes() if is_frame else repr(part).encode())
    return found.hexdigest()


def _are_same(known: Sequence[pd.DataFrame], others: Sequence[pd.DataFrame]) -> bool:
    return all(mine.equals(theirs) for mine, theirs in zip(known, others, strict=True))


def facts(shared: Connection, viewer: Viewer, as_of: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Projects of the window and their facets, as far as `viewer` may know them; one whose days cannot be compared has no start."""
    projects = database.run(shared, queries.overlap.projects(viewer))
    projects = projects.assign(starts_on=projects["starts_on"].where(overlap.is_dated(projects)))
    projects = projects[overlap.in_window(projects, pd.Timestamp(as_of))].reset_index(drop=True)
    facets = database.run(shared, queries.overlap.facets(viewer))
    return projects, facets[facets["project_id"].isin(projects["project_id"])].reset_index(drop=True)


def _score(basis: Basis, known: tuple[pd.DataFrame, pd.DataFrame]) -> summaries.Scored:
    """The strongest labelled pairs, how many there are, and how rare each facet value is, from the facts of `facts`."""
    projects, facets = known
    strongest = summaries.Strongest(basis.answered, without=("not_related", "same_organisation"))
    for pairs in overlap.scored_blocks(projects, facets, pd.Timestamp(basis.as_of), basis.partners):
        strongest.add(pairs.assign(label=overlap.label(pairs)))
    kept = strongest.pairs().drop(columns="same_organisation")
    paired = projects[projects["project_id"].isin([*kept["project_a"], *kept["project_b"]])]
    fingerprints = facet_hashes(paired, basis.judged[basis.judged["project_id"].isin(paired["project_id"])])
    ids = zip(kept["project_a"], kept["project_b"], strict=True)
    kept = kept.assign(facet_hash=[_joined(fingerprints[a], fingerprints[b]) for a, b in ids])
    return summaries.Scored(kept, dict(strongest.totals), overlap.facet_counts(facets))


def facet_hashes(projects: pd.DataFrame, facets: pd.DataFrame) -> dict[int, str]:
    """One fingerprint per project of the facts a person judged: facet values nobody withholds, and dates.

    Withheld places stay out, so that an answer means the same to every reader and tells nobody of a withheld change.
    """
    values = (facets["facet"] + "=" + facets["code"]).groupby(facets["project_id"]).agg(lambda v: ";".join(sorted(v)))
    dates = _iso(projects["starts_on"]) + "/" + _iso(projects["ends_on"])
    known = projects["project_id"].map(values.to_dict()).astype(object).fillna("") + "|" + dates
    return dict(zip(projects["project_id"], known, strict=True))


def _iso(days: pd.Series) -> pd.Series:
    return days.dt.strftime("%Y-%m-%d").fillna("?")


def _joined(first: str, second: str) -> str:
    return hashlib.sha256("\n".join(sorted((first, second))).encode()).hexdigest()
