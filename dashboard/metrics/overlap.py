"""Who does the same: exact pair scores from facets, labels for people to check, and the grid (METHODS.md C).

A missing facet is unknown: it counts 0 in `low`, 1 in `high` and is left out of `score`. The machine never says
"duplicate"; it says possible duplication, coordinated, cannot tell yet.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import sparse

WEIGHTS = {"activity": 0.40, "host_country": 0.25, "audience": 0.25, "language": 0.10}
POSSIBLE = 0.75
RELATED = 0.45
MINIMUM_DAYS = 30
CROWDED_FROM = 5
BLOCK = 1024
LABELS = (
    "possible_duplication",
    "coordinated",
    "cannot_tell",
    "one_after_the_other",
    "related",
    "same_organisation",
)
PAIR_COLUMNS = [
    "project_a",
    "project_b",
    "low",
    "score",
    "high",
    *WEIGHTS,
    "days_together",
    "are_partners",
    "label",
]


def rarity(documents: pd.Series, n: int) -> pd.Series:
    """w = ln(1 + N/df): positive even for a value everyone has, larger for rare ones (C01)."""
    return np.log1p(n / documents)


def days_together(
    start_a: pd.Series, end_a: pd.Series, start_b: pd.Series, end_b: pd.Series, as_of: pd.Timestamp
) -> pd.Series:
    """Inclusive days both ran; an open end runs to the cut-off; an unknown start gives NA (C04)."""
    start = start_a.where(start_a >= start_b, start_b)
    last_a, last_b = end_a.fillna(as_of), end_b.fillna(as_of)
    end = last_a.where(last_a <= last_b, last_b)
    days = ((end - start).dt.days + 1).clip(lower=0)
    return days.where(start_a.notna() & start_b.notna()).astype("Int64")


def facet_counts(facets: pd.DataFrame) -> pd.DataFrame:
    """Projects per facet value: facet, code, projects, of_projects (all projects with any facet)."""
    counts = facets.groupby(["facet", "code"], as_index=False)["project_id"].nunique()
    return counts.rename(columns={"project_id": "projects"}).assign(of_projects=facets["project_id"].nunique())


def score_pairs(projects: pd.DataFrame, facets: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Every pair that shares an activity, scored exactly by block matrix products (C.2, C.5).

    `projects`: project_id, organisation_id, starts_on, ends_on (distinct ids); `facets`: project_id, facet, code.
    Returns project_a < project_b, low, score, high, one similarity per facet (NaN unknown), days_together and
    same_organisation. Symmetric: the order of the input does not matter.
    """
    projects = projects.sort_values("project_id").reset_index(drop=True)
    facets = facets[facets["facet"].isin(list(WEIGHTS)) & facets["project_id"].isin(projects["project_id"])]
    matrices = {facet: _weighted(projects, facets[facets["facet"] == facet], len(projects)) for facet in WEIGHTS}
    blocks = [_score_block(matrices, start) for start in range(0, len(projects), BLOCK)]
    pairs = pd.concat([b for b in blocks if len(b)] or [_score_block(matrices, 0)], ignore_index=True)
    a, b = (
        projects.iloc[pairs.pop("i")].reset_index(drop=True),
        projects.iloc[pairs.pop("j")].reset_index(drop=True),
    )
    pairs.insert(0, "project_a", a["project_id"])
    pairs.insert(1, "project_b", b["project_id"])
    pairs["days_together"] = days_together(a["starts_on"], a["ends_on"], b["starts_on"], b["ends_on"], as_of)
    pairs["same_organisation"] = (a["organisation_id"] == b["organisation_id"]).to_numpy(dtype=bool)
    return pairs


def _weighted(projects: pd.DataFrame, facets: pd.DataFrame, n: int) -> sparse.csr_matrix:
    """Projects x values, each cell sqrt(rarity), so that A @ A.T sums the weights two projects share."""
    codes = facets["code"].astype("category").cat.codes.to_numpy()
    rows = projects.set_index("project_id").index.get_indexer(facets["project_id"])
    width = int(codes.max()) + 1 if len(codes) else 1
    ones = sparse.csr_matrix((np.ones(len(rows)), (rows, codes)), shape=(len(projects), width))
    documents = np.maximum(np.asarray(ones.sum(axis=0)).ravel(), 1)
    return ones @ sparse.diags(np.sqrt(np.log1p(n / documents)))


def _score_block(matrices: dict[str, sparse.csr_matrix], start: int) -> pd.DataFrame:
    shared_activity = (matrices["activity"][start : start + BLOCK] @ matrices["activity"].T).tocoo()
    above = shared_activity.col > shared_activity.row + start
    i, j = shared_activity.row[above] + start, shared_activity.col[above]
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    similarities = {facet: _jaccard(matrix, i, j) for facet, matrix in matrices.items()}
    return pd.DataFrame({"i": i, "j": j} | _bounds(similarities) | similarities)


def _jaccard(matrix: sparse.csr_matrix, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Weighted Jaccard per pair; NaN where either side has no value (C02)."""
    total = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    shared = np.empty(len(i))
    for part in range(0, len(i), 200_000):
        cut = slice(part, part + 200_000)
        shared[cut] = np.asarray(matrix[i[cut]].multiply(matrix[j[cut]]).sum(axis=1)).ravel()
    known = (total[i] > 0) & (total[j] > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, shared / (total[i] + total[j] - shared), np.nan)


def _bounds(similarities: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    weight = np.array([WEIGHTS[facet] for facet in similarities])[:, None]
    values = np.vstack(list(similarities.values()))
    known = ~np.isnan(values)
    low = (np.nan_to_num(values) * weight).sum(axis=0)
    judged = (known * weight).sum(axis=0)
    high = low + (~known * weight).sum(axis=0)
    score = np.divide(low, judged, out=np.zeros_like(low), where=judged > 0)
    return {name: np.round(v, 9) for name, v in {"low": low, "score": score, "high": high}.items()}


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
    return pd.Series(np.select(conditions, [name for _, name in rules], "not_related"), index=pairs.index)


def unknown_facts(pairs: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Per pair, which facts are missing: facet names and 'dates'."""
    missing = pairs[list(WEIGHTS)].isna().assign(dates=pairs["days_together"].isna())
    return (tuple(missing.columns[row]) for row in missing.to_numpy(dtype=bool))


def current_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """The newest answer per pair and person, joined to one status per pair (C14).

    Returns project_a, project_b, answer ('disputed' when people differ), facet_hash of the newest, people.
    """
    pair = ["project_a", "project_b"]
    newest = answers.sort_values("answered_at").drop_duplicates([*pair, "subject"], keep="last")
    grouped = newest.groupby(pair, as_index=False)
    found = grouped.agg(answer=("answer", "last"), facet_hash=("facet_hash", "last"), people=("subject", "nunique"))
    differ = grouped["answer"].nunique()["answer"] > 1
    return found.assign(answer=found["answer"].mask(differ, "disputed"))


def reviewed(pairs: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """`pairs` with people's answers laid over: adds answer, has_changed (facts changed since) and status.

    An answer holds while the facet hash is the same; `not_a_duplicate` hides a pair, `already_coordinating` makes
    it coordinated, different answers make it disputed (C14).
    """
    if answers.empty:
        return pairs.assign(answer=None, people=pd.NA, has_changed=False, status=pairs["label"])
    joined = pairs.merge(current_answers(answers), on=["project_a", "project_b"], how="left", suffixes=("", "_then"))
    joined["has_changed"] = joined["answer"].notna() & (joined["facet_hash"] != joined["facet_hash_then"])
    holds = joined["answer"].where(~joined["has_changed"])
    status = joined["label"].astype(object)
    status = status.mask(holds == "not_a_duplicate", "dismissed").mask(holds == "already_coordinating", "coordinated")
    status = status.mask(holds == "confirmed", "confirmed").mask(holds == "disputed", "disputed")
    return joined.assign(status=status.astype("str")).drop(columns="facet_hash_then")


def agreement(pairs: pd.DataFrame) -> tuple[int, int]:
    """People agreed with k of n suggestions: reviewed pairs labelled possible duplication with a clear answer (C.4)."""
    suggested = pairs.loc[pairs["label"] == "possible_duplication", "answer"].dropna()
    judged = suggested[~suggested.isin(["not_sure", "disputed"])]
    return int((judged != "not_a_duplicate").sum()), len(judged)


def grid_words(organisations: pd.Series) -> pd.Series:
    """What a cell of the grid says: none recorded, one provider, several, crowded (5 or more)."""
    edges = [-1, 0, 1, CROWDED_FROM - 1, np.inf]
    return pd.cut(organisations, edges, labels=["none_recorded", "one_provider", "several", "crowded"]).astype("str")
