"""One programme beside all: differences with their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.metrics import programmes, survival
from dashboard.metrics.programmes import Measured


def histogram(*rows: tuple[int, str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        [(days, outcome, n, True) for days, outcome, n in rows], columns=["days", "outcome", "episodes", "is_due"]
    )


def test_an_interval_of_a_difference_is_made_of_both_sides() -> None:
    away = Measured(138, 126, 150).less(Measured(100, 95, 109))
    assert (away.value, away.low, away.high) == (38, pytest.approx(38 - 15), pytest.approx(38 + 13))
    assert away.is_told_apart
    assert not Measured(105, 90, 130).less(Measured(100, 95, 109)).is_told_apart


def test_without_anybody_waiting_a_share_by_a_day_is_a_count_with_the_limits_of_one() -> None:
    found = programmes.share_by(
        survival.outcome_curve(histogram((10, "relocated", 30), (50, "refused", 70))), "relocated", 20
    )
    spread = 1.959963984540054 * np.sqrt(0.3 * 0.7 / 100)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.3 - spread, 0.3 + spread))


def test_the_limits_of_a_share_with_competing_endings_hold_in_95_of_100_drawn_worlds() -> None:
    rng, truth, held = np.random.default_rng(7), 0.6 * (1 - np.exp(-1)), 0
    for _world in range(300):
        ends, waits = rng.exponential(100, 200), rng.uniform(20, 300, 200)
        kinds = np.where(rng.random(200) < 0.6, "relocated", "refused")
        drawn = pd.DataFrame(
            {"days": np.ceil(np.minimum(ends, waits)).astype(int), "outcome": np.where(ends <= waits, kinds, "open")}
        )
        table = drawn.value_counts().rename("episodes").reset_index()
        found = programmes.share_by(survival.outcome_curve(table), "relocated", 100)
        held += found is not None and found.low <= truth <= found.high
    assert 0.91 <= held / 300 <= 0.985


def test_few_cases_say_nothing_and_no_ending_says_nothing() -> None:
    few = programmes.of_cases(histogram((10, "relocated", 2), (90, "open", 3)), 180)
    assert (few.followed, few.half, few.relocated, few.on_time) == (5, None, None, None)
    assert programmes.of_cases(histogram((90, "open", 30)), 180) == programmes.Programme(30, None, None, None)


def test_a_day_that_nobody_was_followed_to_has_no_share() -> None:
    durations = histogram((10, "relocated", 20), (30, "open", 20))
    assert programmes.of_cases(durations, 180).relocated is None
    assert programmes.of_cases(durations, 20).relocated is not None
    assert programmes.of_cases(histogram((10, "relocated", 20), (30, "refused", 20)), 180).relocated is not None


def test_rounding_bounds_a_published_share() -> None:
    found = programmes.rounded_share(30, 100, 4)
    assert (found.low, found.value, found.high) == pytest.approx((26 / 104, 0.3, 34 / 96))
    assert programmes.rounded_share(100, 100, 4).high == 1


def test_who_still_waits_after_a_day_and_all_outcomes_by_then_are_the_whole() -> None:
    rows = [(30, "relocated", 12), (90, "refused", 6), (200, "relocated", 10), (250, "open", 12)]
    durations = pd.DataFrame(rows, columns=["days", "outcome", "episodes"]).assign(is_due=True, entry=0)
    curve = survival.outcome_curve(durations)
    until = curve[curve["t"] <= 180].iloc[-1]
    assert (
        programmes.open_on(curve, 180)
        == pytest.approx(1 - until["relocated"] - until["refused"])
        == pytest.approx(22 / 40)
    )
    assert programmes.of_cases(durations, 180).waiting == pytest.approx(22 / 40)
    assert programmes.open_on(curve, 10) == 1.0
    few = pd.DataFrame([(30, "relocated", 2)], columns=["days", "outcome", "episodes"]).assign(is_due=True, entry=0)
    assert programmes.of_cases(few, 180).waiting is None
