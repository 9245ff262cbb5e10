"""Who does the same: exact pair scores from facets, labels for people to check, and the grid (METHODS.md C).

A missing facet is unknown: it counts 0 in `low`, 1 in `high` and is left out of `score`. The machine never says
"duplicate"; it says possible duplication, coordinated, cannot tell yet.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

# Starting values of METHODS C.2, not yet validated: they are to move until four of five suggestions are worth a talk.
WEIGHTS = {"activity": 0.40, "host_country": 0.25, "audience": 0.25, "language": 0.10}
POSSIBLE = 0.75
RELATED = 0.45
MINIMUM_DAYS = 30
VALIDATED_FROM = 100
WINDOW_DAYS = 365
CROWDED_FROM = 5
BLOCK, SMALLEST_BLOCK = 512, 16
CELLS_AT_ONCE, PAIRS_AT_ONCE = 5_000_000, 1_000_000
STRATA = (0.45, 0.6, 0.75, 0.9)
STATUS_AFTER = {
    "not_a_duplicate": "dismissed",
    "already_coordinating": "coordinated",
    "confirmed": "confirmed",
    "disputed": "disputed",
    "not_sure": "unsure",
}


def rarity(documents: pd.Series, n: int) -> pd.Series:
    """w = ln(1 + N/df): positive even for a value everyone has, larger for rare ones (C01)."""
    return np.log1p(n / documents)


def days_together(
    start_a: pd.Series, end_a: pd.Series, start_b: pd.Series, end_b: pd.Series, as_of: pd.Timestamp
) -> pd.Series:
    """Inclusive days both ran or are to run; an unknown start gives NA (C04).

    An open end runs to the cut-off, or as long as the other where that one has only begun or is still to begin.
    """
    one, until_one, other, until_other = (
        day.to_numpy().astype("datetime64[D]") for day in (start_a, end_a, start_b, end_b)
    )
    return pd.Series(_days_together(one, until_one, other, until_other, as_of), index=start_a.index)


def _days_together(
    start_a: np.ndarray, end_a: np.ndarray, start_b: np.ndarray, end_b: np.ndarray, as_of: pd.Timestamp
) -> pd.arrays.IntegerArray:
    """`days_together` of arrays of days."""
    today = np.datetime64(as_of, "D")
    last = np.minimum(_open_end(end_a, end_b, start_b, today), _open_end(end_b, end_a, start_a, today))
    is_unknown = np.isnat(start_a) | np.isnat(start_b)
    days = (last - np.fmax(start_a, start_b)).astype("int64") + 1
    return pd.arrays.IntegerArray(np.where(is_unknown, 0, np.maximum(days, 0)), is_unknown)


def _open_end(own: np.ndarray, other: np.ndarray, other_start: np.ndarray, today: np.datetime64) -> np.ndarray:
    """The last day of an open end: the cut-off; the other's end if the other starts after it."""
    ends, is_open = own.copy(), np.flatnonzero(np.isnat(own))
    theirs = other[is_open]
    ends[is_open] = np.where((other_start[is_open] > today) & ~np.isnat(theirs), theirs, today)
    return ends


def in_window(projects: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Which projects ran, or are to run, within a year of the cut-off; unknown dates stay in (C.2, one window)."""
    first, last = as_of - pd.Timedelta(days=WINDOW_DAYS), as_of + pd.Timedelta(days=WINDOW_DAYS)
    return ~(projects["ends_on"] < first) & ~(projects["starts_on"] > last)


def is_dated(projects: pd.DataFrame) -> pd.Series:
    """Which projects have days that can be compared: a start is known, and an end if they have ended (C04).

    `projects`: starts_on, ends_on, status.
    """
    has_unknown_end = (projects["status"] == "ended") & projects["ends_on"].isna()
    return projects["starts_on"].notna() & ~has_unknown_end


def facet_counts(facets: pd.DataFrame) -> pd.DataFrame:
    """Projects per facet value: facet, code, projects, of_projects (all projects with any facet)."""
    counts = facets.drop_duplicates().groupby(["facet", "code"])["project_id"].size()
    return counts.rename("projects").reset_index().assign(of_projects=facets["project_id"].nunique())


def scored_blocks(
    projects: pd.DataFrame, facets: pd.DataFrame, as_of: pd.Timestamp, partners: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """Every pair that shares an activity and could be related, scored exactly by block matrix products (C.2, C.5).

    `projects`: project_id, organisation_id, starts_on, ends_on (distinct ids); `facets`: project_id, facet, code; `partners`:
    organisation_a, organisation_b. Yields project_a < project_b, low, score, high, one similarity per facet (NaN unknown),
    days_together, same_organisation and are_partners; pairs whose highest possible score is below `RELATED` are left
    out. Projects with the same facets are of one kind, and kinds are compared; blocks are so small that memory does not grow
    with the square of the projects. At least one block comes, which may be empty. Symmetric: the order of the input does not
    matter.
    """
    projects = projects.sort_values("project_id").reset_index(drop=True)
    facets = facets[facets["facet"].isin(list(WEIGHTS)) & facets["project_id"].isin(projects["project_id"])]
    of_project = {facet: _weighted(projects, facets[facets["facet"] == facet], len(projects)) for facet in WEIGHTS}
    kinds = _Kinds.of(projects, facets)
    matrices = {facet: matrix[kinds.first] for facet, matrix in of_project.items()}
    totals = {name: np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel() for name, matrix in matrices.items()}
    ids, leads = (projects[name].to_numpy(dtype="int64") for name in ("project_id", "organisation_id"))
    starts, ends = (projects[name].to_numpy().astype("datetime64[D]") for name in ("starts_on", "ends_on"))
    are_partners = _partnership(leads, partners)
    size = max(SMALLEST_BLOCK, min(BLOCK, CELLS_AT_ONCE // max(len(kinds.first), 1)))
    for start in range(0, max(len(kinds.first), 1), size):
        alike = _score_block(matrices, totals, start, size)
        for row, i, j in kinds.pairs(alike.pop("i").to_numpy(), alike.pop("j").to_numpy()):
            together = _days_together(starts[i], ends[i], starts[j], ends[j], as_of)
            yield pd.DataFrame(
                {"project_a": ids[i], "project_b": ids[j]}
                | {name: scores.to_numpy()[row] for name, scores in alike.items()}
                | {"days_together": together, "same_organisation": leads[i] == leads[j]}
                | {"are_partners": are_partners(i, j)},
                copy=False,
            )


def _partnership(leads: np.ndarray, partners: pd.DataFrame) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Whether the leads of projects at two places say that they work together."""
    a, b = (partners[side].to_numpy(dtype="int64") for side in ("organisation_a", "organisation_b"))
    together = np.unique(_both(a, b))
    has_any = np.isin(leads, np.concatenate([a, b]))

    def are_partners(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        found = has_any[i] & has_any[j]
        near = np.flatnonzero(found)
        found[near] = np.isin(_both(leads[i[near]], leads[j[near]]), together)
        return found

    return are_partners


def _both(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Two ids in whichever order as one number."""
    return np.minimum(one, other) << 32 | np.maximum(one, other)


@dataclass(frozen=True)
class _Kinds:
    """Projects by kind, those with the same facets: their places, kind after kind, and of each kind its `first` project, where its
    own places `begin` and how many there are (`sizes`)."""

    first: np.ndarray
    places: np.ndarray
    begin: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, projects: pd.DataFrame, facets: pd.DataFrame) -> _Kinds:
        """The kinds of projects that are sorted by id."""
        values = pd.DataFrame({"project_id": facets["project_id"], "value": facets["facet"] + "=" + facets["code"]})
        values = values.drop_duplicates().sort_values(["project_id", "value"])
        said = values.groupby("project_id")["value"].agg("\n".join).reindex(projects["project_id"]).fillna("")
        kind, _names = pd.factorize(said)
        sizes = np.bincount(kind, minlength=len(_names))
        places = np.argsort(kind, kind="stable")
        begin = np.concatenate([[0], sizes.cumsum()[:-1]]).astype("int64")
        return cls(places[begin] if len(sizes) else begin[:0], places, begin, sizes)

    def pairs(self, one: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The pairs of projects of pairs of kinds, so many at once: which pair of kinds, the place of the first project and of the
        second, which comes later."""
        counts = self.sizes[one].astype("int64") * self.sizes[other]
        cuts = np.searchsorted(counts.cumsum(), np.arange(PAIRS_AT_ONCE, counts.sum(), PAIRS_AT_ONCE))
        for some in np.split(np.arange(len(one)), np.unique(cuts)):
            row = np.repeat(some, counts[some])
            place = np.arange(len(row)) - np.repeat(counts[some].cumsum() - counts[some], counts[some])
            of_one, of_other = np.divmod(place, self.sizes[other][row])
            i = self.places[self.begin[one][row] + of_one]
            j = self.places[self.begin[other][row] + of_other]
            is_pair = (one[row] != other[row]) | (i < j)
            row, i, j = row[is_pair], i[is_pair], j[is_pair]
            yield row, np.minimum(i, j), np.maximum(i, j)


def _weighted(projects: pd.DataFrame, facets: pd.DataFrame, n: int) -> sparse.csr_matrix:
    """Projects x values, each cell sqrt(rarity), so that A @ A.T sums the weights two projects share."""
    codes = facets["code"].astype("category").cat.codes.to_numpy()
    rows = projects.set_index("project_id").index.get_indexer(facets["project_id"])
    width = int(codes.max()) + 1 if len(codes) else 1
    ones = sparse.csr_matrix((np.ones(len(rows)), (rows, codes)), shape=(len(projects), width))
    documents = np.maximum(np.asarray(ones.sum(axis=0)).ravel(), 1)
    return ones @ sparse.diags(np.sqrt(np.log1p(n / documents)))


def _score_block(
    matrices: dict[str, sparse.csr_matrix], totals: dict[str, np.ndarray], start: int, size: int
) -> pd.DataFrame:
    shared_activity = (matrices["activity"][start : start + size] @ matrices["activity"].T).tocoo()
    above = shared_activity.col >= shared_activity.row + start
    i, j = shared_activity.row[above] + start, shared_activity.col[above]
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    similarities = pd.DataFrame(
        {facet: _jaccard(matrix, totals[facet], i, j, start, size) for facet, matrix in matrices.items()}
    )
    scored = pd.concat([pd.DataFrame({"i": i, "j": j}), gower(similarities, WEIGHTS), similarities], axis=1)
    return scored[scored["high"] >= RELATED]


def _jaccard(
    matrix: sparse.csr_matrix, total: np.ndarray, i: np.ndarray, j: np.ndarray, start: int, size: int
) -> np.ndarray:
    """Weighted Jaccard per pair, `i` within the block from `start`; NaN where either side has no value (C02).

    `total`: per project the weight of all its values.
    """
    shared = (matrix[start : start + size] @ matrix.T).toarray()[i - start, j]
    known = (total[i] > 0) & (total[j] > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, shared / (total[i] + total[j] - shared), np.nan)


def gower(similarities: pd.DataFrame, weights: Mapping[str, float]) -> pd.DataFrame:
    """Weighted mean of the similarities that are known: `low` counts unknown as 0, `high` as 1, `score` leaves it out.

    One row per row of `similarities` (columns named as in `weights`, NaN unknown); rounded to 9 decimals (C13).
    """
    weight = np.array([weights[facet] for facet in similarities])
    values = similarities.to_numpy(dtype=float)
    known = ~np.isnan(values)
    same, judged = np.nan_to_num(values) @ weight, known @ weight
    score = np.divide(same, judged, out=np.zeros_like(same), where=judged > 0)
    bounds = {"low": same / weight.sum(), "score": score, "high": (same + ~known @ weight) / weight.sum()}
    return pd.DataFrame(bounds, index=similarities.index).round(9)


def label(pairs: pd.DataFrame) -> pd.Series:
    """One label per pair in the order of METHODS C.2, without people's answers (those are laid over in `reviewed`)."""
    days, dated = pairs["days_together"], pairs["days_together"].notna()
    unsure = (pairs["high"] >= POSSIBLE) & ((pairs["low"] < POSSIBLE) | ~dated)
    rules = [
        (pairs["same_organisation"], "same_organisation"),
        (pairs["high"] < RELATED, "not_related"),
        (pairs["are_partners"], "coordinated"),
        (dated & (days == 0), "one_after_the_other"),
        (unsure, "cannot_tell"),
        ((pairs["low"] >= POSSIBLE) & (days >= MINIMUM_DAYS).fillna(False), "possible_duplication"),
        (pairs["score"] >= RELATED, "related"),
    ]
    conditions = [rule.to_numpy(dtype=bool, na_value=False) for rule, _ in rules]
    names = list(dict.fromkeys([*(name for _, name in rules), "not_related"]))
    codes = np.select(
        conditions, [np.int8(names.index(name)) for _, name in rules], np.int8(names.index("not_related"))
    )
    return pd.Series(pd.Categorical.from_codes(codes, names), index=pairs.index)


def unknown_facts(pairs: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Per pair, which facts are missing: facet names and 'dates'."""
    missing = pairs[list(WEIGHTS)].isna().assign(dates=pairs["days_together"].isna())
    facts = list(missing.columns)
    return (tuple(itertools.compress(facts, row)) for row in missing.to_numpy(dtype=bool).tolist())


def newest_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """The newest answer of each person to each pair, in the order given; earlier ones stay in the history (C14)."""
    return answers.drop_duplicates(["project_a", "project_b", "subject"], keep="last")


def reviewed(pairs: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """`pairs` with people's answers laid over (C14).

    `answers`: project_a, project_b, answer, reason, subject, answered_at, facet_hash, oldest first. Adds answer
    ('disputed' when people differ; who is not sure differs from nobody), reason, people, answered_at, has_changed and status. An answer holds while the
    facts it was given on are the same; when none holds any more the label stands again and has_changed is True.
    """
    pair = ["project_a", "project_b"]
    said = newest_answers(answers).merge(pairs[[*pair, "facet_hash"]], on=pair, suffixes=("", "_now"))
    said["holds"] = said["facet_hash"] == said["facet_hash_now"]
    last = said.groupby(pair).agg(answered_at=("answered_at", "last"), ever=("answer", "last"))
    holding = said[said["holds"]]
    clear = holding[holding["answer"] != "not_sure"]
    held = pd.concat([clear, holding[~_pairs_of(holding).isin(_pairs_of(clear))]]).groupby(pair)
    joint = held.agg(answer=("answer", "last"), reason=("reason", "last"), people=("subject", "nunique"))
    joint["answer"] = joint["answer"].mask(held["answer"].nunique() > 1, "disputed")
    found = pairs.merge(joint, on=pair, how="left").merge(last, on=pair, how="left")
    found["has_changed"] = found["answer"].isna() & found.pop("ever").notna()
    found["people"] = found["people"].astype("Int64")
    found["status"] = found["answer"].map(STATUS_AFTER).fillna(found["label"]).astype("str")
    return found


def _pairs_of(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[["project_a", "project_b"]])


def worth_a_talk(answer: pd.Series) -> pd.Series:
    """Whether people found a suggested pair worth a conversation: boolean, NA without a clear answer."""
    clear = {"not_a_duplicate": False, "already_coordinating": True, "confirmed": True}
    return answer.map(clear).astype("boolean")


def agreement(pairs: pd.DataFrame) -> tuple[int, int]:
    """People agreed with k of n suggestions: reviewed pairs labelled possible duplication with a clear answer (C.4)."""
    judged = worth_a_talk(pairs.loc[pairs["label"] == "possible_duplication", "answer"]).dropna()
    return int(judged.sum()), len(judged)


def precision_at(k: int, judged: pd.Series) -> float | None:
    """Share of the first `k` of a ranking that people found right; NA (unsure, unanswered) counts neither way (C09)."""
    found = judged.head(k).dropna()
    return float(found.mean()) if len(found) else None


def average_precision(judged: pd.Series) -> float | None:
    """Mean of the precision at each right answer of a ranking (C09); None without one."""
    clear = judged.dropna().astype(float).reset_index(drop=True)
    running = clear.cumsum() / (clear.index + 1)
    return float(running[clear == 1].mean()) if clear.any() else None


def kappa(both_yes: int, only_first: int, only_second: int, both_no: int) -> float | None:
    """Cohen's kappa of two people's yes and no (C11); None when chance alone would make them agree, or without data."""
    n = both_yes + only_first + only_second + both_no
    if not n:
        return None
    observed = (both_yes + both_no) / n
    first, second = (both_yes + only_first) / n, (both_yes + only_second) / n
    expected = first * second + (1 - first) * (1 - second)
    return None if expected == 1 else (observed - expected) / (1 - expected)


def kappa_of(answers: pd.DataFrame) -> tuple[float | None, int]:
    """Kappa over pairs two people answered clearly, the first two of each pair, and how many such pairs."""
    newest = newest_answers(answers)
    clear = newest.assign(yes=worth_a_talk(newest["answer"])).dropna(subset="yes")
    votes = [tuple(yes.head(2)) for _pair, yes in clear.groupby(["project_a", "project_b"])["yes"] if len(yes) > 1]
    both_yes, only_first, only_second = (votes.count(vote) for vote in ((True, True), (True, False), (False, True)))
    return kappa(both_yes, only_first, only_second, votes.count((False, False))), len(votes)


def agreement_by_score(pairs: pd.DataFrame) -> pd.DataFrame:
    """Of the answered pairs in each stratum of the score, how many were worth a talk: stratum, pairs, answered, agreed."""
    bounds = [0.0, *STRATA, 1.0]
    names = [f"{low:.2f}–{high:.2f}" for low, high in itertools.pairwise(bounds)]
    stratum = pd.cut(pairs["score"], bounds, labels=names, include_lowest=True, right=False).fillna(names[-1])
    yes = worth_a_talk(pairs["answer"])
    counted = pd.DataFrame({"stratum": stratum, "answered": yes.notna(), "agreed": yes.fillna(False)})
    found = counted.groupby("stratum", observed=False).agg(
        pairs=("answered", "size"), answered=("answered", "sum"), agreed=("agreed", "sum")
    )
    return found[::-1].reset_index()


def facts_to_fill(pairs: pd.DataFrame, projects: pd.DataFrame, facets: pd.DataFrame) -> pd.DataFrame:
    """Which missing fact of which project keeps pairs undecided: project_id, fact, pairs; most pairs first.

    `pairs`: those that cannot be told yet; `projects`: project_id, starts_on, ends_on, status; `facets`: project_id, facet, code. A
    fact is a facet or 'dates'.
    """
    recorded = set(zip(facets["project_id"], facets["facet"], strict=True))
    dated = projects.loc[is_dated(projects), "project_id"]
    recorded |= {(project, "dates") for project in dated}
    sides = zip(pairs["project_a"], pairs["project_b"], unknown_facts(pairs), strict=True)
    missing = [(p, fact) for a, b, facts in sides for p in (a, b) for fact in facts if (p, fact) not in recorded]
    found = pd.DataFrame(missing, columns=["project_id", "fact"]).value_counts().rename("pairs").reset_index()
    return found.sort_values(["pairs", "project_id", "fact"], ascending=[False, True, True], ignore_index=True)


def groups(pairs: pd.DataFrame) -> dict[int, int]:
    """Project -> number of its group, largest first: Louvain with a fixed seed over the score (C12).

    Only to put alike pairs beside each other in a list; never shown as a finding.
    """
    import networkx as nx  # noqa: PLC0415 - loaded only where a list is grouped

    graph = nx.Graph()
    graph.add_weighted_edges_from(pairs[["project_a", "project_b", "score"]].itertuples(index=False, name=None))
    found = sorted(nx.community.louvain_communities(graph, seed=1), key=lambda g: (-len(g), min(g)))
    return {project: number for number, group in enumerate(found, 1) for project in group}


def co_funding(grants: pd.DataFrame, most: int = 25) -> pd.DataFrame:
    """Grantees two funders share: first, second, shared, grantees (of the first), jaccard, overlap_coefficient (C08).

    `grants`: funder_id, recipient_id. The `most` funders with most grantees, every ordered pair of them, the diagonal
    included.
    """
    portfolios = grants.dropna().groupby("funder_id")["recipient_id"].agg(set)
    largest = portfolios[portfolios.map(len).sort_values(ascending=False, kind="stable").index[:most]]
    rows = [
        (first, second, len(a & b), len(a), *set_similarity(a, b))
        for (first, a), (second, b) in itertools.product(largest.items(), repeat=2)
    ]
    columns = ["first", "second", "shared", "grantees", "jaccard", "overlap_coefficient"]
    return pd.DataFrame(rows, columns=columns)


def set_similarity(a: set, b: set) -> tuple[float | None, float | None]:
    """Jaccard index and overlap coefficient of two sets; None when either is empty (C06, C08)."""
    if not a or not b:
        return None, None
    return len(a & b) / len(a | b), len(a & b) / min(len(a), len(b))


def is_placed(grid: pd.DataFrame, across: str = "host_country") -> pd.Series:
    """Whether a row of the grid is a combination of a host country (or `across`) and an activity, nothing of it withheld or not
    stated."""
    return ~grid[across].isin(["withheld", "not_stated", "ZZ"]) & grid["activity"].ne("not_stated")


def most_at_once(projects: pd.DataFrame) -> int:
    """How many projects (starts_on, ends_on; without an end: still running) run in the same month at most."""
    starts = projects["starts_on"].dt.to_period("M")
    ends = projects["ends_on"].dt.to_period("M").where(projects["ends_on"].notna(), starts.max())
    return max((int(((starts <= month) & (ends >= month)).sum()) for month in starts.unique()), default=0)


def grid_words(organisations: pd.Series) -> pd.Series:
    """What a cell of the grid says: none recorded, one provider, several, crowded (5 or more)."""
    edges = [-1, 0, 1, CROWDED_FROM - 1, np.inf]
    return pd.cut(organisations, edges, labels=["none_recorded", "one_provider", "several", "crowded"]).astype("str")
