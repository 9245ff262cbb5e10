"""Rounding, percentiles, intervals, against the worked examples X."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics import statistics
from dashboard.words import written
from tests.case_files import case, close


@pytest.mark.parametrize("name", ["X01", "X02"])
def test_percentages_add_to_100_by_largest_remainder(name: str) -> None:
    given_values, expected = case(name)
    assert statistics.largest_remainder(given_values["values"], 100) == expected["percent"]


def test_a_share_that_is_not_nothing_never_reads_zero_and_one_that_is_not_all_never_reads_100() -> None:
    given_values, expected = case("X02")
    shown = [written.percent(v / sum(given_values["values"])).replace("\u00a0", "") for v in given_values["values"]]
    assert shown == expected["display"]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30), st.integers(0, 10**9))
def test_largest_remainder_always_adds_up(values: list[int], total: int) -> None:
    shares = statistics.largest_remainder(values, total)
    assert sum(shares) == (total if sum(values) else 0)
    assert min(shares) >= 0


@pytest.mark.parametrize("name", ["X04_5", "X04_10", "X04_11"])
def test_percentiles_are_nearest_rank(name: str) -> None:
    given_values, expected = case(name)
    assert [statistics.percentile(given_values["values"], p) for p in given_values["p"]] == expected["percentiles"]


def test_percentile_of_nothing_is_unknown_and_rank_is_counted_in_integers() -> None:
    given_values, expected = case("X05")
    found = [statistics.percentile(values, given_values["p"]) for values in given_values["lists"]]
    assert found == expected["percentiles"]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5)), min_size=1), st.integers(1, 100))
def test_a_histogram_has_the_percentile_of_its_unrolled_values(pairs: list[tuple[int, int]], p: int) -> None:
    unrolled = [value for value, n in pairs for _ in range(n)]
    values, weights = zip(*pairs, strict=True)
    assert statistics.percentile(values, p, weights) == statistics.percentile(unrolled, p)


def test_a_percentile_needs_enough_cases() -> None:
    given_values, expected = case("X06")
    assert [statistics.minimum_n(p) for p in given_values["p"]] == expected["min_n"]


def test_wilson_interval() -> None:
    given_values, expected = case("X07")
    for (k, n), limits in zip(given_values["k_n"], expected["lower_upper"], strict=True):
        assert statistics.wilson(k, n) == close(tuple(limits))
    assert statistics.wilson(0, 0) is None


def test_equal_counts_share_a_rank() -> None:
    given_values, expected = case("D08")
    ranks = statistics.competition_rank(pd.Series(given_values["counts"]))
    assert dict(ranks) == {country: str(rank) for country, rank in expected["rank"].items()}
