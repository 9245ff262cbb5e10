"""Pair scores and labels, against the worked examples C, and the properties that must always hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.metrics import overlap
from tests.case_files import case, close

AS_OF = pd.Timestamp("2024-12-31")


def test_rare_values_weigh_more_and_common_ones_still_count() -> None:
    given_values, expected = case("C01")
    assert list(overlap.rarity(pd.Series(given_values["df"]), given_values["N"])) == close(expected["w"])


def facet_rows(*projects: dict[str, list[str]]) -> pd.DataFrame:
    rows = [(n, f, c) for n, facets in enumerate(projects, 1) for f, codes in facets.items() for c in codes]
    return pd.DataFrame(rows, columns=["project_id", "facet", "code"])


def project_rows(n: int, **columns: object) -> pd.DataFrame:
    base = pd.DataFrame({"project_id": range(1, n + 1), "organisation_id": range(101, n + 101)})
    base["starts_on"], base["ends_on"] = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")
    return base.assign(**columns)


def test_one_facet_is_a_rarity_weighted_jaccard_and_unknown_is_not_zero() -> None:
    """C02 through the block scorer: ten projects give the stated document frequencies."""
    given_values, expected = case("C02")
    audiences: list[list[str]] = [["media", "legal"], ["media", "psych"], [], ["media"], ["legal"], ["media"],
                                  ["media"], ["media"], ["housing"], ["housing"]]  # fmt: skip
    facets = facet_rows(*({"activity": ["x"], "audience": a} if a else {"activity": ["x"]} for a in audiences))
    facets = pd.concat([facets, pd.DataFrame([(2, "audience", "housing")], columns=facets.columns)])
    df = facets[facets["facet"] == "audience"].groupby("code").size()
    assert dict(df) == given_values["df"]
    pairs = overlap.score_pairs(project_rows(10), facets, AS_OF).set_index(["project_a", "project_b"])["audience"]
    weight = {v: np.log1p(10 / n) for v, n in given_values["df"].items()}
    assert pairs[1, 5] == close(expected["similarity"][4])
    assert pairs[4, 5] == expected["similarity"][2]
    assert np.isnan(pairs[3, 4])
    assert pairs[1, 4] == close(weight["media"] / (weight["media"] + weight["legal"]))


def test_time_together_is_counted_in_inclusive_days() -> None:
    given_values, expected = case("C04")
    sides = [[pair[side][edge] for pair in given_values["pairs"]] for side in (0, 1) for edge in (0, 1)]
    found = overlap.days_together(
        *(pd.to_datetime(pd.Series(side, dtype="str")) for side in sides), pd.Timestamp(given_values["as_of"])
    )
    assert [None if pd.isna(n) else n for n in found] == expected["days"]


def test_a_missing_facet_widens_the_range_instead_of_scoring_full() -> None:
    facets = facet_rows(
        {"activity": ["media"], "host_country": ["DE"], "audience": ["x"], "language": ["ru"]},
        {"activity": ["media"], "audience": ["x"], "language": ["ru"]},
    )
    pair = overlap.score_pairs(project_rows(2), facets, AS_OF).iloc[0]
    assert (pair["low"], pair["score"], pair["high"]) == close((0.75, 1.0, 1.0))
    assert np.isnan(pair["host_country"])


def labelled(**changes: object) -> str:
    row = {
        "low": 0.8,
        "score": 0.8,
        "high": 0.8,
        "days_together": 100,
        "are_partners": False,
        "same_organisation": False,
    }
    frame = pd.DataFrame([row | changes]).astype({"days_together": "Int64"})
    return str(overlap.label(frame).iloc[0])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "possible_duplication"),
        ({"same_organisation": True}, "same_organisation"),
        ({"high": 0.4, "score": 0.3, "low": 0.2}, "not_related"),
        ({"are_partners": True}, "coordinated"),
        ({"days_together": 0}, "one_after_the_other"),
        ({"low": 0.6, "high": 0.9}, "cannot_tell"),
        ({"days_together": None}, "cannot_tell"),
        ({"days_together": 20}, "related"),
        ({"low": 0.5, "score": 0.5, "high": 0.6}, "related"),
        ({"low": 0.3, "score": 0.3, "high": 0.6}, "not_related"),
    ],
)
def test_labels_come_in_the_order_of_the_method(changes: dict, expected: str) -> None:
    assert labelled(**changes) == expected


CODES = st.lists(st.sampled_from("abcd"), max_size=3, unique=True)
PROJECT = st.fixed_dictionaries({"activity": CODES, "host_country": CODES, "audience": CODES, "language": CODES})


@settings(deadline=None, max_examples=60)
@given(st.lists(PROJECT, min_size=2, max_size=7), st.randoms(use_true_random=False))
def test_scores_are_ordered_symmetric_and_blind_to_the_order_of_rows(projects: list[dict], rng) -> None:
    facets = facet_rows(*projects)
    found = overlap.score_pairs(project_rows(len(projects)), facets, AS_OF)
    assert (found["low"] <= found["score"]).all() and (found["score"] <= found["high"]).all()
    assert (found["high"] <= 1).all() and (found["low"] >= 0).all()
    order = list(range(len(projects)))
    rng.shuffle(order)
    shuffled = overlap.score_pairs(
        project_rows(len(projects)).iloc[order], facets.sample(frac=1, random_state=1), AS_OF
    )
    pd.testing.assert_frame_equal(found.reset_index(drop=True), shuffled.reset_index(drop=True))


def test_pairs_without_a_common_activity_are_not_compared() -> None:
    facets = facet_rows({"activity": ["media"], "audience": ["x"]}, {"activity": ["legal"], "audience": ["x"]})
    assert overlap.score_pairs(project_rows(2), facets, AS_OF).empty


def test_blocks_do_not_change_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    facets = facet_rows(*({"activity": [f"a{n % 3}"], "audience": [f"b{n % 4}"]} for n in range(20)))
    whole = overlap.score_pairs(project_rows(20), facets, AS_OF)
    monkeypatch.setattr(overlap, "BLOCK", 3)
    pd.testing.assert_frame_equal(whole, overlap.score_pairs(project_rows(20), facets, AS_OF))


def answers(*rows: tuple[int, int, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["project_a", "project_b", "answer", "subject", "facet_hash"])
    return frame.assign(answered_at=range(len(frame)))


def test_an_answer_holds_until_the_facts_change_and_two_answers_are_a_dispute() -> None:
    """C14."""
    pairs = pd.DataFrame(
        {"project_a": [1, 1, 1, 1, 2], "project_b": [2, 3, 4, 5, 3], "facet_hash": ["h1", "h2", "h1", "h9", "h1"],
         "label": "possible_duplication"}
    )  # fmt: skip
    said = answers(
        (1, 2, "not_a_duplicate", "u", "h1"),
        (1, 3, "not_a_duplicate", "u", "h1"),
        (1, 4, "already_coordinating", "u", "h1"),
        (2, 3, "confirmed", "u", "h1"),
        (2, 3, "not_a_duplicate", "v", "h1"),
    )
    found = overlap.reviewed(pairs, said).set_index(["project_a", "project_b"])
    assert list(found["status"]) == [
        "dismissed",
        "possible_duplication",
        "coordinated",
        "possible_duplication",
        "disputed",
    ]
    assert list(found["has_changed"]) == [False, True, False, False, False]
    assert overlap.agreement(found) == (1, 3)


def test_the_newest_answer_of_a_person_counts() -> None:
    said = answers((1, 2, "not_sure", "u", "h"), (1, 2, "confirmed", "u", "h"))
    assert list(overlap.current_answers(said)["answer"]) == ["confirmed"]
