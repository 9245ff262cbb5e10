"""What would be: every case of the method's section F that the product answers, and cases of our own for the other rules."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.metrics import bridging, carrying_on, claims, leaving, legal_stay, survival, unseen
from tests.conftest import examples

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "cases/E_whatif.json").read_text())["cases"]}
LEAVING = ["E01", "E02", "E03", "E05", "E06", "E09"]


def grants_of(case: dict[str, Any]) -> pd.DataFrame:
    """The grants that a reader sees: those to whom she may not see are gone, and those paid by them have no named payer."""
    hidden = set(case["params"].get("hidden", ()))
    rows = [
        {"grant": one["id"], "funder": None if one["funder"] in hidden else one["funder"], "recipient": one["recipient"],
         "parent": one.get("parent"), "ahead": float(one["ahead"]), "unpaid": float(one["ahead"] - one.get("paid_ahead", 0))}
        for one in case["input"] if one["recipient"] not in hidden
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("name", LEAVING)
def test_what_falls_when_a_funder_leaves(name: str) -> None:
    case = CASES[name]
    found, expected = leaving.leaves(grants_of(case), case["params"]["leaving"]), case["expected"]
    assert found.network_lost_high == expected["network_lost_high"]
    if "network_lost_low" in expected:
        assert found.network_lost_low == expected["network_lost_low"]
    columns = ["organisation", "ahead", "lost_low", "lost_high"]
    assert found.rows[columns].to_dict("records") == [{c: row[c] for c in columns} for row in expected["rows"]]
    assert (found.touched, found.more_than_half[1], found.all_of_it[1]) == (
        expected["touched"], expected["more_than_half"], expected["all"],
    )  # fmt: skip
    if "unnamed" in expected:
        assert found.unnamed == expected["unnamed"]


def test_the_low_bound_of_the_network_counts_before_the_cap_per_organisation() -> None:
    found = leaving.leaves(grants_of(CASES["E06"]), ["F1"])
    assert (found.network_lost_low, found.rows["lost_low"].sum()) == (100, 60)


def test_a_ring_of_parents_and_money_passed_on_beyond_what_came_end_in_figures() -> None:
    ring = pd.DataFrame({"grant": ["1", "2"], "funder": ["A", "B"], "recipient": ["B", "A"], "parent": ["2", "1"],
                         "ahead": [10.0, 30.0], "unpaid": [10.0, 30.0]})  # fmt: skip
    found = leaving.leaves(ring, ["nobody"])
    assert found.touched == 0 and found.excess == 20


@settings(max_examples=examples(200))
@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.sampled_from("XYZ"), st.integers(1, 50), st.integers(0, 50)), max_size=12
    )
)
def test_bounds_are_in_order_and_each_unit_falls_once(rows: list[tuple[str, str, int, int]]) -> None:
    grants = pd.DataFrame(
        [{"grant": n, "funder": f, "recipient": r, "parent": None, "ahead": float(a), "unpaid": float(min(a, u))}
         for n, (f, r, a, u) in enumerate(rows)],
        columns=["grant", "funder", "recipient", "parent", "ahead", "unpaid"],
    )  # fmt: skip
    found = leaving.leaves(grants, ["A"])
    assert (found.rows["lost_low"] <= found.rows["lost_high"]).all() and (
        found.rows["lost_high"] <= found.rows["ahead"]
    ).all()
    assert found.network_lost_high == grants.loc[grants["funder"] == "A", "ahead"].sum()
    assert found.more_than_half[0] <= found.more_than_half[1] and found.all_of_it[0] <= found.all_of_it[1]


def test_robustness_of_every_order_their_mean_and_largest_first() -> None:
    case = CASES["E04"]
    held: dict[str, dict[str, float]] = {}
    for one in case["input"]:
        held.setdefault(one["recipient"], {})[one["funder"]] = one["ahead"]
    expected = case["expected"]
    for order, area in expected["by_order"].items():
        assert leaving.curve(held, {}, [order[n : n + 2] for n in range(0, 6, 2)]) == pytest.approx(area)
    assert leaving.mean_robustness(held, {}) == pytest.approx(expected["mean"])
    assert leaving.curve(held, {}, leaving.largest_first(held)) == pytest.approx(expected["largest_first_ties_by_name"])


@settings(max_examples=examples(60))
@given(st.dictionaries(st.sampled_from("XYZ"), st.dictionaries(st.sampled_from("ABCD"), st.integers(1, 9), min_size=1),
                       min_size=1), st.integers(0, 9))  # fmt: skip
def test_the_exact_mean_is_that_over_all_orders(held: dict[str, dict[str, float]], unnamed: int) -> None:
    funders = sorted({funder for own in held.values() for funder in own})
    never = {"X": float(unnamed)}
    areas = [leaving.curve(held, never, order) for order in permutations(funders)]
    assert leaving.mean_robustness(held, never) == pytest.approx(sum(areas) / len(areas))


def test_the_mean_of_a_network_of_a_thousand_funders_and_of_one_with_twenty_each() -> None:
    """Too many orders for any computer's numbers, and one organisation with more funders than can be gone through."""
    alone = {f"O{n}": {f"F{n}": 1.0} for n in range(1_000)}
    assert leaving.mean_robustness(alone, {}) == pytest.approx(0.5)
    leaned_on = {"O": {f"F{n}": 1.0 for n in range(20)}}
    assert leaving.mean_robustness(leaned_on, {}) == pytest.approx((10 + 0.5) / 20)
    assert leaving.mean_robustness(leaned_on, {}) == leaving.mean_robustness(leaned_on, {})


RULES = {"proportional": claims.proportional, "equal_awards": claims.equal_awards, "equal_losses": claims.equal_losses,
         "talmud": claims.talmud}  # fmt: skip


@pytest.mark.parametrize("name", ["E21", "E22"])
@pytest.mark.parametrize("rule", list(RULES))
def test_an_amount_over_claims(name: str, rule: str) -> None:
    case = CASES[name]
    found = RULES[rule](claims.exactly(case["input"]["claims"]), Fraction(case["input"]["amount"]))
    assert {line: float(award) for line, award in found.items()} == pytest.approx(case["expected"][rule])


def test_equal_coverage_raises_the_least_covered_first() -> None:
    case = CASES["E25"]
    need, signed = (claims.exactly(case["input"][side]) for side in ("need", "signed"))
    gaps = {line: max(Fraction(0), need[line] - signed[line]) for line in need}
    found = claims.equal_coverage(need)(gaps, Fraction(case["input"]["amount"]))
    assert {line: float(award) for line, award in found.items()} == pytest.approx(case["expected"]["awards"])


@settings(max_examples=examples(300))
@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=8), st.integers(0, 900),
       st.integers(0, 40), st.integers(1, 60))  # fmt: skip
def test_every_rule_gives_nobody_less_than_nothing_or_more_than_the_claim_and_adds_up(
    lines: list[tuple[int, int]], amount: int, smallest: int, ceiling: int
) -> None:
    need = {n: Fraction(a + b) for n, (a, b) in enumerate(lines)}
    signed = {n: Fraction(b) for n, (_a, b) in enumerate(lines)}
    gaps = {n: need[n] - signed[n] for n in need}
    rules = [
        *RULES.values(),
        claims.equal_coverage(need),
        claims.in_order([*reversed(gaps)]),
        claims.first_to({0, 2}),
    ]
    for rule in rules:
        awards = rule(gaps, Fraction(amount))
        assert all(0 <= awards[line] <= gaps[line] for line in gaps)
        assert sum(awards.values()) == min(amount, sum(gaps.values()))
        large = claims.with_smallest(rule, gaps, Fraction(amount), Fraction(smallest))
        assert all(award == 0 or award >= smallest for award in large.values()) and sum(large.values()) <= amount
        low = claims.with_ceiling(rule, gaps, Fraction(amount), Fraction(ceiling))
        assert all(award <= ceiling for award in low.values()) and sum(low.values()) <= amount
        cents = claims.in_cents({line: award * 100 / 7 for line, award in awards.items()})
        whole = sum(awards.values()) * 100 / 7
        assert sum(cents.values()) == whole.numerator // whole.denominator


def test_a_cut_of_five_hundred_protects_nobody_under_proportional() -> None:
    cuts = claims.cut(claims.proportional, claims.exactly({"a": 100, "b": 200, "c": 300}), Fraction(500))
    assert {line: round(float(one), 2) for line, one in cuts.items()} == {"a": 83.33, "b": 166.67, "c": 250.0}


def test_who_carries_on() -> None:
    case = CASES["E17"]
    cells = pd.DataFrame([(name, cell) for name, own in case["input"]["cells"].items() for cell in own],
                         columns=["initiative", "cell"])  # fmt: skip
    found = carrying_on.contribution(cells).set_index("initiative")
    assert found["contribution"].to_dict() == pytest.approx(case["expected"]["contribution"])
    assert found["alone"].to_dict() == case["expected"]["alone"]
    sets = {name: set(own) for name, own in case["input"]["cells"].items()}
    assert vars(carrying_on.of_pair(sets, "A", "B")) == case["expected"]["pair_AB"]


def test_combinations_that_may_end() -> None:
    case = CASES["E28"]
    rows = [(cell, one["o"], one["last"]) for cell, several in case["input"]["cells"].items() for one in several]
    frame = pd.DataFrame(rows, columns=["cell", "initiative", "last_day"])
    found = carrying_on.may_end(frame, pd.Timestamp(case["input"]["as_of"]), case["input"]["days"])
    states = found.groupby("state")["cell"].apply(list).to_dict()
    assert states["may_end"] == case["expected"]["may_end"]
    assert states["no_money_on_record"] == case["expected"]["no_money_on_record"]
    past = carrying_on.may_end(frame, pd.Timestamp("2027-02-01"), 180).set_index("cell")["state"]
    assert past["GE media"] == "ended"


def past_stays(rows: list[dict]) -> pd.DataFrame:
    """Stays of a case of F.6: who was issued left the stage that day."""
    return pd.DataFrame(
        [
            {
                "stage": row["stage"],
                "waited": row["issued_day"] or row["followed"],
                "days": row["issued_day"] or row["followed"],
                "outcome": "issued" if row["issued_day"] else "open",
                "stays": 1,
            }
            for row in rows
        ]
    )


def test_the_clock_against_the_queue() -> None:
    case = CASES["E12"]
    stays = past_stays(case["input"]["past"])
    cases = pd.DataFrame(case["input"]["open"]).rename(columns={"days_in_stage": "waited", "days_of_stay_left": "left"})
    found = legal_stay.against_the_queue(stays, cases.assign(cases=1))
    expected = case["expected"]
    assert [chance for chance, _n in found.chances] == list(expected["p_not_in_time"].values())
    assert found.distribution == pytest.approx(expected["distribution"], abs=1e-9)
    assert (found.over, found.expected) == (expected["already_over"], expected["expected"])
    unclocked = cases.assign(cases=3, left=pd.array([None, 5, 5], "Int64"), stage=["verified", "verified", "nowhere"])
    apart = legal_stay.against_the_queue(stays, unclocked)
    assert (apart.running, apart.no_clock, apart.unjudged) == (6, 3, 3)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 4)), max_size=8))
def test_chances_of_numbers_add_to_one_and_to_the_number_expected(chances: list[tuple[float, int]]) -> None:
    found = legal_stay.how_many(chances)
    assert found.sum() == pytest.approx(1)
    assert (found * range(len(found))).sum() == pytest.approx(sum(chance * n for chance, n in chances))


stay = st.tuples(
    st.integers(1, 40), st.integers(0, 40), st.sampled_from(["issued", "ended", "open"]), st.integers(1, 3)
)


@given(st.lists(stay, min_size=1, max_size=12), st.integers(0, 40), st.integers(1, 40))
def test_a_landmark_is_the_outcome_curve_of_those_still_there(rows: list[tuple], waited: int, left: int) -> None:
    """The same by the curve of outcomes that the page has already, made of those who are left at the landmark."""
    stays = pd.DataFrame([(w, w + more, outcome, n) for w, more, outcome, n in rows], columns=["waited", "days", "outcome", "stays"])  # fmt: skip
    chance = legal_stay.not_issued_by(stays, waited, left)
    there = stays[stays["waited"] > waited].rename(columns={"stays": "episodes"})
    if there.empty:
        assert chance is None
        return
    curve = survival.outcome_curve(there)
    reached = curve[curve["t"] <= waited + left]
    issued = float(reached["issued"].iloc[-1]) if len(reached) and "issued" in reached else 0.0
    assert chance == pytest.approx(1 - issued)


def test_the_pace_that_lets_no_stay_run_out_first_and_capacity_for_a_target() -> None:
    assert legal_stay.pace_needed(CASES["E13"]["input"]["days_left"]) == CASES["E13"]["expected"]["per_week"]
    assert legal_stay.pace_needed([]) == 0 and legal_stay.pace_needed([-3, 0]) == 0
    assert legal_stay.pace_needed([1] * 7 + [8] * 7) == 7
    given_ = CASES["E16"]["input"]
    assert legal_stay.closings_needed(
        given_["arrivals_per_month"], given_["open"], given_["target"], given_["months"]
    ) == pytest.approx(CASES["E16"]["expected"]["per_month"])
    assert legal_stay.closings_needed(1, 10, 1_000, 2) == 0


@given(st.lists(st.integers(1, 200), min_size=1, max_size=40))
def test_at_the_pace_needed_every_stay_is_served_in_time_and_at_less_not(left: list[int]) -> None:
    pace = legal_stay.pace_needed(left)
    due = sorted(math.ceil(days / 7) for days in left)
    assert all(number <= pace * week + 1e-9 for number, week in enumerate(due, 1))
    assert any(number > (pace - 0.01) * week for number, week in enumerate(due, 1))


def relations(case: dict) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Grants that give each initiative its earlier funders, then those of the case by funders of their own."""
    day = pd.Timestamp("2024-01-01")
    before = [(f"{name}{n}", name, day) for name, many in case["input"]["eligible"].items() for n in range(many)]
    then = [(f"new {n}", name, day + pd.Timedelta(days=n + 1)) for n, name in enumerate(case["input"]["grants_by_new_funders"])]  # fmt: skip
    grants = pd.DataFrame([*before, *then], columns=["funder", "recipient", "day"])
    could = pd.DataFrame({"initiative": list(case["input"]["eligible"]), "opens": pd.NaT, "closes": pd.NaT})
    return grants, could, len(before)


def test_money_follows_money_where_earlier_funders_are_more_than_by_chance() -> None:
    case = CASES["E27"]
    grants, could, before = relations(case)
    again = pd.DataFrame([("new 0", "X", pd.Timestamp("2024-06-01")), (None, "Y", pd.Timestamp("2024-06-01"))], columns=grants.columns)  # fmt: skip
    found = unseen.money_follows_money(pd.concat([grants, again]).sample(frac=1, random_state=1), could)
    assert found.unnamed == 1 and len(found.observed) == before + len(case["input"]["grants_by_new_funders"])
    observed, expected = found.observed[before:], found.expected[before:]
    assert observed == case["expected"]["observed"]
    assert expected == pytest.approx(case["expected"]["expected"])
    assert sum(observed) / sum(expected) == pytest.approx(case["expected"]["ratio"])


def test_who_had_not_begun_had_closed_or_had_the_funder_already_could_not_be_chosen() -> None:
    day = pd.Timestamp("2024-01-01")
    grants = pd.DataFrame(
        [("F", "A", day), ("G", "A", day + pd.Timedelta(days=1)), ("F", "B", day + pd.Timedelta(days=2))],
        columns=["funder", "recipient", "day"],
    )
    could = pd.DataFrame({"initiative": ["A", "B", "young", "closed"],
                          "opens": [pd.NaT, pd.NaT, day + pd.Timedelta(days=9), pd.NaT],
                          "closes": [pd.NaT, pd.NaT, pd.NaT, day - pd.Timedelta(days=1)]})  # fmt: skip
    found = unseen.money_follows_money(grants, could)
    assert (found.observed, found.expected) == ([0, 1, 0], [0.0, 0.5, 0.0])
    assert found.ratio == 2.0 and found.by_chance[0] <= 1 <= found.by_chance[1]
    assert unseen.money_follows_money(grants.head(1), could).ratio is None


def test_those_of_the_same_work_are_compared_where_they_are_enough() -> None:
    day = pd.Timestamp("2024-01-01")
    names = [f"media{n}" for n in range(10)] + [f"legal{n}" for n in range(10)]
    could = pd.DataFrame({"initiative": names, "opens": pd.NaT, "closes": pd.NaT})
    grants = pd.DataFrame([("F", "media0", day), ("G", "media1", day)], columns=["funder", "recipient", "day"])
    work = pd.DataFrame({"initiative": names, "tag": [name.rstrip("0123456789") for name in names]})
    assert unseen.money_follows_money(grants, could, work).expected[1] == pytest.approx(1 / 10)
    assert unseen.money_follows_money(grants, could, work.drop(index=0)).expected[1] == pytest.approx(1 / 20)


def test_relations_that_carry_the_last_twentieth_of_the_money_are_thin() -> None:
    assert unseen.spread_thinly(pd.Series([90.0, 5, 3, 2])) == unseen.Thinness(4, 2)
    assert unseen.spread_thinly(pd.Series([95.0, 5])) == unseen.Thinness(2, 1)
    assert unseen.spread_thinly(pd.Series([], dtype=float)) == unseen.Thinness(0, 0)


def test_cash_lasts_beside_what_is_still_signed_and_what_is_not_known_stays_blank() -> None:
    assert bridging.cash_months(300, 100, 40) == 5
    assert math.isinf(bridging.cash_months(300, 100, 100))
    assert bridging.cash_months(-5, 100, 0) == 0
    assert bridging.cash_months(None, 100, 0) is None and bridging.cash_months(300, float("nan"), 0) is None
