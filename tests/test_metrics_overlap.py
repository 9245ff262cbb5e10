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


NOBODY = pd.DataFrame({"organisation_a": [], "organisation_b": []})


def score_pairs(
    projects: pd.DataFrame, facets: pd.DataFrame, as_of: pd.Timestamp, partners: pd.DataFrame = NOBODY
) -> pd.DataFrame:
    """All blocks in one frame."""
    return pd.concat(overlap.scored_blocks(projects, facets, as_of, partners), ignore_index=True)


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
    pairs = score_pairs(project_rows(10), facets, AS_OF).set_index(["project_a", "project_b"])["audience"]
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
    pair = score_pairs(project_rows(2), facets, AS_OF).iloc[0]
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
    found = score_pairs(project_rows(len(projects)), facets, AS_OF)
    assert (found["low"] <= found["score"]).all() and (found["score"] <= found["high"]).all()
    assert (found["high"] <= 1).all() and (found["low"] >= 0).all()
    order = list(range(len(projects)))
    rng.shuffle(order)
    shuffled = score_pairs(project_rows(len(projects)).iloc[order], facets.sample(frac=1, random_state=1), AS_OF)
    pd.testing.assert_frame_equal(found.reset_index(drop=True), shuffled.reset_index(drop=True))


def test_pairs_without_a_common_activity_are_not_compared() -> None:
    facets = facet_rows({"activity": ["media"], "audience": ["x"]}, {"activity": ["legal"], "audience": ["x"]})
    assert score_pairs(project_rows(2), facets, AS_OF).empty


def test_blocks_do_not_change_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    facets = facet_rows(*({"activity": [f"a{n % 3}"], "audience": [f"b{n % 4}"]} for n in range(20)))
    whole = score_pairs(project_rows(20), facets, AS_OF)
    monkeypatch.setattr(overlap, "BLOCK", 3)
    pd.testing.assert_frame_equal(whole, score_pairs(project_rows(20), facets, AS_OF))


def answers(*rows: tuple[int, int, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["project_a", "project_b", "answer", "subject", "facet_hash"])
    return frame.assign(answered_at=range(len(frame)), reason=None)


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
    assert overlap.agreement(found) == (1, 2)


def test_the_newest_answer_of_a_person_counts() -> None:
    said = answers((1, 2, "not_sure", "u", "h"), (1, 2, "confirmed", "u", "h"))
    assert list(overlap.newest_answers(said)["answer"]) == ["confirmed"]


def test_an_answer_given_on_older_facts_takes_no_part_in_a_dispute() -> None:
    pairs = pd.DataFrame({"project_a": [1], "project_b": [2], "facet_hash": ["h2"], "label": "possible_duplication"})
    said = answers((1, 2, "not_a_duplicate", "u", "h1"), (1, 2, "confirmed", "v", "h2"))
    found = overlap.reviewed(pairs, said).iloc[0]
    assert (found["status"], found["people"], found["has_changed"]) == ("confirmed", 1, False)


def test_precision_leaves_the_unsure_out_of_both_sides() -> None:
    given_values, expected = case("C09")
    ranked = pd.Series(given_values["labels_ranked"])
    for k, precision in expected["precision_at"].items():
        assert overlap.precision_at(int(k), ranked) == close(precision)
    assert overlap.average_precision(ranked) == close(expected["average_precision"])
    unsure = pd.Series(given_values["labels_with_unsure"])
    assert overlap.precision_at(5, unsure) == close(expected["precision_at_5_ignoring_unsure"])
    assert overlap.precision_at(10, pd.Series([], dtype="float64")) is None
    assert overlap.average_precision(pd.Series([0, 0])) is None


def test_two_people_agree_beyond_chance() -> None:
    given_values, expected = case("C11")
    assert overlap.kappa(**given_values) == close(expected["kappa"])
    assert overlap.kappa(0, 0, 0, 0) is None
    assert overlap.kappa(5, 0, 0, 0) is None


def test_kappa_is_counted_from_the_pairs_two_people_answered() -> None:
    rows = []
    for n, (first, second) in enumerate(
        [("confirmed", "confirmed")] * 20
        + [("already_coordinating", "not_a_duplicate")] * 5
        + [("not_a_duplicate", "confirmed")] * 10
        + [("not_a_duplicate", "not_a_duplicate")] * 15
    ):
        rows += [(n, 1000, first, "u", "h"), (n, 1000, second, "v", "h")]
    rows += [(900, 1000, "confirmed", "u", "h"), (901, 1000, "confirmed", "u", "h"), (901, 1000, "not_sure", "v", "h")]
    found, pairs = overlap.kappa_of(answers(*rows))
    assert (found, pairs) == (close(case("C11")[1]["kappa"]), 50)
    assert overlap.kappa_of(answers()) == (None, 0)


def test_agreement_is_counted_per_stratum_of_the_score() -> None:
    pairs = pd.DataFrame(
        {"score": [1.0, 0.9, 0.76, 0.5, 0.2], "answer": ["confirmed", "not_a_duplicate", "not_sure", None, "confirmed"]}
    )
    found = overlap.agreement_by_score(pairs).set_index("stratum")
    assert found.loc["0.90–1.00"].tolist() == [2, 2, 1]
    assert found.loc["0.75–0.90"].tolist() == [1, 0, 0]
    assert found.loc["0.00–0.45"].tolist() == [1, 1, 1]
    assert next(iter(found.index)) == "0.90–1.00"


def test_unknown_facets_are_left_out_of_the_mean_and_bound_it() -> None:
    """C13: a number within its range, a category and a missing value."""
    given_values, expected = case("C13")
    one, two, three = given_values["rows"]

    def alike(a: dict, b: dict) -> dict[str, float]:
        known = {k: a[k] is not None and b[k] is not None for k in a}
        budget = 1 - abs(a["budget"] - b["budget"]) / given_values["range_budget"] if known["budget"] else np.nan
        return {"budget": budget} | {k: float(a[k] == b[k]) if known[k] else np.nan for k in ("type", "lang")}

    rows = pd.DataFrame([alike(one, two), alike(one, three), alike(two, three)])
    found = overlap.gower(rows, {"budget": 1, "type": 1, "lang": 1})
    assert list(found["score"]) == close(list(expected["similarity"].values()))
    assert (found["low"] <= found["score"]).all() and (found["score"] <= found["high"]).all()
    assert found["high"].iloc[2] == close(2 / 3)


def test_similar_projects_are_grouped_the_same_way_each_time() -> None:
    given_values, expected = case("C12")
    pairs = pd.DataFrame(given_values["edges"], columns=["project_a", "project_b"]).assign(score=1.0)
    found = pd.Series(overlap.groups(pairs))
    assert [sorted(found[found == n].index) for n in (1, 2)] == expected["communities"]
    assert overlap.groups(pairs.iloc[::-1]) == overlap.groups(pairs)


def test_funders_that_pay_the_same_organisations_are_counted_in_sets() -> None:
    given_values, expected = case("C08")
    rows = [(f, r) for f, recipients in given_values.items() for r in recipients]
    found = overlap.co_funding(pd.DataFrame([*rows, ("F1", "A")], columns=["funder_id", "recipient_id"]))
    cells = found.set_index(["first", "second"])
    for measure in ("shared", "jaccard", "overlap_coefficient"):
        known = {pair: value for pair, value in expected[measure].items() if value is not None}
        for pair, value in known.items():
            assert cells.loc[tuple(pair.split("-")), measure] == close(value)
    assert cells.loc[("F1", "F1"), "shared"] == 3
    assert "F4" not in found["first"].unique()
    assert overlap.set_similarity({"A"}, set()) == (None, None)


def test_plain_set_similarity_of_the_documented_example() -> None:
    given_values, expected = case("C06")
    jaccard, coefficient = overlap.set_similarity(*map(set, given_values["sets"]))
    assert (jaccard, coefficient) == (close(expected["jaccard"]), close(expected["overlap_coefficient"]))


def test_facts_to_fill_in_name_the_project_that_lacks_them() -> None:
    facets = facet_rows(
        {"activity": ["media"], "audience": ["x"], "language": ["ru"]},
        {"activity": ["media"], "audience": ["x"], "language": ["ru"], "host_country": ["DE"]},
        {"activity": ["media"], "audience": ["x"], "language": ["ru"], "host_country": ["DE"]},
    )
    projects = project_rows(3, starts_on=pd.to_datetime(pd.Series(["2024-01-01", None, "2024-01-01"])))
    pairs = score_pairs(projects, facets, AS_OF)
    found = overlap.facts_to_fill(pairs, projects.assign(status="running"), facets)
    assert list(found.itertuples(index=False, name=None)) == [(1, "host_country", 2), (2, "dates", 2)]


def test_the_window_keeps_a_year_on_either_side_and_unknown_dates() -> None:
    dates = [("2024-01-01", "2025-01-01"), ("2020-01-01", "2023-12-31"), ("2026-01-01", None), (None, None),
             ("2025-12-31", None), ("2020-01-01", "2024-01-01")]  # fmt: skip
    projects = pd.DataFrame(dates, columns=["starts_on", "ends_on"]).apply(pd.to_datetime)
    assert list(overlap.in_window(projects, AS_OF)) == [True, False, False, True, True, True]


def test_an_open_end_lasts_as_long_as_a_project_that_is_still_to_come() -> None:
    days = pd.to_datetime(pd.Series(["2025-02-01"])), pd.to_datetime(pd.Series(["2025-03-02"]))
    begun, open_end = pd.to_datetime(pd.Series(["2024-06-01"])), pd.to_datetime(pd.Series([None]))
    assert list(overlap.days_together(*days, begun, open_end, AS_OF)) == [30]
    assert list(overlap.days_together(begun, open_end, *days, AS_OF)) == [30]


def test_who_is_not_sure_disputes_nothing() -> None:
    pairs = pd.DataFrame({"project_a": [1, 1], "project_b": [2, 3], "facet_hash": "h", "label": "possible_duplication"})
    said = answers((1, 2, "not_sure", "u", "h"), (1, 2, "confirmed", "v", "h"), (1, 3, "not_sure", "u", "h"))
    found = overlap.reviewed(pairs, said)
    assert list(found["status"]) == ["confirmed", "unsure"]
    assert list(found["answer"]) == ["confirmed", "not_sure"]


def test_who_works_together_on_purpose_is_found_in_whichever_order_it_was_recorded() -> None:
    projects = project_rows(4)
    facets = facet_rows(*[{"activity": ["media"], "host_country": ["LT"]}] * 4)
    partners = pd.DataFrame({"organisation_a": [102, 103], "organisation_b": [101, 104]})
    pairs = score_pairs(projects, facets, AS_OF, partners)
    together = pairs.loc[pairs["are_partners"], ["project_a", "project_b"]]
    assert sorted(together.itertuples(index=False, name=None)) == [(1, 2), (3, 4)]
    assert len(pairs) == 6 and not score_pairs(projects, facets, AS_OF)["are_partners"].any()
