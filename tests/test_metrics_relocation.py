"""Stock, flow and waiting times, against the worked examples A."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics import relocation, survival
from tests.case_files import case, close


def per_day(cases: list[dict]) -> pd.DataFrame:
    """Grouped days of cases with opened and closed, as the summary table holds them."""
    opened = pd.Series([c["opened"] for c in cases]).value_counts().rename("opened")
    closed = pd.Series([c["closed"] for c in cases if c["closed"]], dtype="str").value_counts().rename("closed")
    frame = pd.concat([opened, closed], axis=1).fillna(0).astype("int64").sort_index()
    return frame.assign(reopened=0, on_date=pd.to_datetime(frame.index)).reset_index(drop=True)


def test_resolved_rate_is_unknown_when_nothing_came_in() -> None:
    rows, expected = case("A05")
    found = [relocation.ResolvedRate(row["resolved"], row["incoming"]).percent for row in rows]
    assert found == [row["clearance_rate"] for row in expected]


def test_open_at_the_end_of_a_day_leaves_out_what_closed_that_day() -> None:
    cases, expected = case("A10")
    days = per_day(cases)
    assert {day: relocation.open_on(days, pd.Timestamp(day)) for day in expected["wip"]} == expected["wip"]


def test_months_without_events_count_zero_and_the_newest_is_partial() -> None:
    days = per_day([{"opened": "2024-01-05", "closed": "2024-03-02"}, {"opened": "2024-03-01", "closed": None}])
    flow = relocation.monthly_flow(days, pd.Timestamp("2024-03-20"))
    assert list(flow["incoming"]) == [1, 0, 1]
    assert list(flow["open_at_end"]) == [1, 1, 1]
    assert list(flow["is_partial"]) == [False, False, True]
    assert relocation.resolved_rate(flow, months=2).incoming == 1


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200)), min_size=1, max_size=40))
def test_arrived_never_falls_below_left_and_the_gap_is_who_waits(rows: list[tuple[int, int]]) -> None:
    start = pd.Timestamp("2023-01-01")
    cases = [
        {"opened": str((start + pd.Timedelta(days=a)).date()), "closed": str((start + pd.Timedelta(days=a + n)).date())}
        for a, n in rows
    ]
    as_of = pd.Timestamp("2023-12-31")
    days = per_day(cases)
    days = days[days["on_date"] <= as_of]
    lines = relocation.cumulative_flow(relocation.monthly_flow(days, as_of))
    assert (lines["arrived"] >= lines["left"]).all()
    assert lines["still_waiting"].iloc[-1] == relocation.open_on(days, as_of)


def histogram(rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame({"days": [r["time"] for r in rows], "outcome": [r["outcome"] or "open" for r in rows]})
    if any("entry" in row for row in rows):
        frame["entry"] = [row["entry"] for row in rows]
    return frame.assign(episodes=1)


@pytest.mark.parametrize("name", ["A16", "A20"])
def test_outcomes_compete_and_ties_are_exact(name: str) -> None:
    rows, expected = case(name)
    table = survival.outcome_curve(histogram(rows)).set_index("t")
    for line in expected["table"]:
        for column, value in line.items():
            if column != "t":
                assert float(table[column].get(line["t"]) if column in table else 0) == close(value), (
                    line["t"],
                    column,
                )


def test_the_curve_says_when_half_have_ended_and_unknown_when_they_have_not() -> None:
    rows, expected = case("A16")
    curve = survival.outcome_curve(histogram(rows))
    assert survival.days_until(curve, 0.5) == expected["median_time_to_any_closure"]
    assert survival.days_until(curve, 0.8) is None


def test_median_at_exactly_one_half_is_the_first_day_it_is_reached() -> None:
    rows, expected = case("A18")
    curve = survival.outcome_curve(histogram(rows))
    assert dict(zip(curve["t"].astype(str), curve["still_open"], strict=True)) == close(expected["survival"], 1e-12)
    assert survival.days_until(curve, 0.5) == expected["median"]


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.sampled_from(["open", "relocated", "refused"]), st.integers(1, 9)), min_size=1
    )
)
def test_shares_add_to_one_on_every_day(rows: list[tuple[int, str, int]]) -> None:
    curve = survival.outcome_curve(pd.DataFrame(rows, columns=["days", "outcome", "episodes"]))
    if len(curve):
        total = curve.drop(columns=["t", "at_risk"]).sum(axis=1)
        assert list(total) == close([1.0] * len(curve))
        assert curve["still_open"].is_monotonic_decreasing


def test_a_histogram_gives_the_curve_of_its_cases() -> None:
    rows = [(3, "relocated", 4), (5, "open", 2), (7, "refused", 3), (9, "open", 5)]
    grouped = pd.DataFrame(rows, columns=["days", "outcome", "episodes"])
    single = grouped.loc[grouped.index.repeat(grouped["episodes"])].assign(episodes=1)
    pd.testing.assert_frame_equal(survival.outcome_curve(grouped), survival.outcome_curve(single))


def test_ages_fall_into_buckets_closed_on_the_left_and_future_ones_are_left_out() -> None:
    given_values, expected = case("A12")
    as_of = pd.Timestamp(given_values["as_of"])
    opened = pd.to_datetime(pd.Series([c["opened"] for c in given_values["open_cases"]], dtype="str"))
    frame = pd.DataFrame({"stage": "x", "days": (as_of - opened).dt.days.astype("Int64"), "episodes": 1})
    found = relocation.age_buckets(frame).set_index("bucket")["episodes"].to_dict()
    assert found == {bucket: n for bucket, n in expected["buckets"].items() if bucket != "future_dated_excluded"}


def test_on_time_counts_slow_open_cases_against_the_standard() -> None:
    rows = pd.DataFrame(
        [(True, 100, "relocated", 2), (True, 130, "relocated", 1), (True, 200, "open", 2), (False, 30, "relocated", 9)],
        columns=["is_due", "days", "outcome", "episodes"],
    )
    due = relocation.on_time_share(rows)
    assert (due.known, due.total, due.share) == (2, 5, 0.4)


def test_three_denominators_have_three_names() -> None:
    counts, expected = case("A14")
    names = {"granted": "relocated"}
    rows = [(10, names.get(k, k), n) for k, n in counts.items()]
    shares = relocation.outcome_shares(pd.DataFrame(rows, columns=["days", "outcome", "episodes"]))
    assert shares["of_decided"].share == expected["recognition_rate"]["share"]
    assert shares["of_closed"].share == expected["share_of_all_closed"]
    assert shares["non_decision"].share == close(expected["non_decision_share"])
