"""Stock, flow and waiting times, against the worked examples A."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics import relocation, survival
from dashboard.metrics.statistics import percent_change
from tests.case_files import case, close


def per_day(cases: list[dict]) -> pd.DataFrame:
    """Grouped days of cases with opened and closed, as the summary table holds them."""
    opened = pd.Series([c["opened"] for c in cases]).value_counts().rename("opened")
    closed = pd.Series([c["closed"] for c in cases if c["closed"]], dtype="str").value_counts().rename("closed")
    frame = pd.concat([opened, closed], axis=1).fillna(0).astype("int64").sort_index()
    rest = dict.fromkeys(("reopened", "closed_reopened", "ineligible_in", "ineligible_out", "held", "resumed"), 0)
    return frame.assign(on_date=pd.to_datetime(frame.index), **rest).reset_index(drop=True)


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


def test_what_was_closed_on_its_first_day_is_at_risk_on_that_day() -> None:
    rows = pd.DataFrame([(0, "refused", 1, 0), (9, "open", 3, 0)], columns=["days", "outcome", "episodes", "entry"])
    curve = survival.outcome_curve(rows)
    assert (curve["at_risk"].iloc[0], curve["still_open"].iloc[0]) == (4, 0.75)


def test_days_needed_are_unknown_when_nothing_was_closed() -> None:
    rows, expected = case("A05")
    found = [relocation.disposition_days(row["resolved"], row["pending_end"], row["days"]) for row in rows]
    assert found == pytest.approx([row["disposition_days"] for row in expected])


def test_work_waiting_is_counted_back_in_months_of_arrivals() -> None:
    rows, expected = case("A07")
    found = [relocation.months_of_work(row["pending"], row["receipts_latest_first"]) for row in rows]
    assert found == expected["months"]
    assert relocation.months_of_work(0, [0, 5]) == 0


def test_granted_of_decided_and_changes_from_year_to_year() -> None:
    rows, expected = case("A06")
    for row, percent in zip(rows, expected["grant_percent_rounded"], strict=True):
        decided = {"relocated": row["granted"], "refused": row["initial_decisions"] - row["granted"], "withdrawn": 99}
        shares = relocation.outcome_shares(
            pd.DataFrame([(1, k, n) for k, n in decided.items()], columns=["days", "outcome", "episodes"])
        )
        share = shares["of_decided"].share
        assert share is not None and round(share * 100) == percent
    for field, percent in expected["change_2015_percent"].items():
        change = percent_change(rows[2][field], rows[3][field])
        assert change is not None and round(change) == percent


def test_a_forecast_is_the_exact_chance_of_clearing_what_is_open() -> None:
    given_values, expected = case("A22")
    found = relocation.forecast(given_values["backlog"], given_values["weekly_closures"])
    assert found is not None
    weeks = {p: found.weeks_at(int(p) / 100) for p in expected["weeks_to_clear"]}
    assert weeks == expected["weeks_to_clear"]
    for week, chance in expected["probability_cleared_by_week"].items():
        assert found.cleared[int(week) - 1] == close(chance)


def test_a_forecast_with_arrivals_stops_at_the_week_that_clears() -> None:
    given_values, expected = case("A24")
    found = relocation.exact_forecast(
        given_values["backlog"], given_values["weekly_closures"], given_values["weekly_arrivals"]
    )
    for week, chance in expected["probability_cleared_by_week"].items():
        assert found.cleared[int(week) - 1] == close(chance)


def test_too_little_history_gives_no_forecast() -> None:
    given_values, expected = case("A26")
    assert relocation.forecast(given_values["backlog"], given_values["weekly_closures"]) is expected["weeks_to_clear"]


def test_a_stock_that_grows_is_never_promised_to_clear() -> None:
    found = relocation.forecast(400, [5] * 12, [7] * 12)
    assert found is not None
    assert (found.weekly_growth, found.weeks_at(0.5)) == (2, None)
    assert relocation.forecast(0, [1] * 8).weeks_at(0.95) == 1  # type: ignore[union-attr]


def test_weeks_end_at_the_cut_off_and_only_whole_ones_count() -> None:
    days = pd.date_range("2024-01-01", periods=10)
    rows = pd.DataFrame({"on_date": days, "opened": 1, "reopened": 0, "closed": 2})
    found = relocation.weekly(rows, pd.Timestamp("2024-01-10"))
    assert found.to_dict("list") == {"arrivals": [7], "closures": [14]}
    assert relocation.weekly(rows.iloc[:0], pd.Timestamp("2024-01-10")).empty


def test_a_running_month_is_compared_day_for_day() -> None:
    given_values, expected = case("A33")
    per_day = pd.concat(
        pd.Series(n, index=pd.date_range(*period.split(".."))) for period, n in given_values["arrivals_per_day"].items()
    )
    found = relocation.like_for_like(per_day, pd.Timestamp(given_values["as_of"]))
    wanted = expected["like_for_like"]
    assert (found.current, found.previous) == (wanted["current"], wanted["previous"])
    assert (found.current_days, found.previous_days) == (wanted["current_days"], wanted["previous_days"])
    assert found.change_in_daily_rate == close(wanted["change_in_daily_rate_percent"])


def test_a_month_is_compared_with_the_same_month_last_year() -> None:
    given_values, expected = case("A34")
    monthly = pd.Series(given_values["monthly"])
    monthly.index = pd.to_datetime(monthly.index)
    found = relocation.compare(monthly[: pd.Timestamp("2024-08-01")])
    assert found is not None
    assert (found.percent, found.against) == (close(expected["yoy_2024_08_percent"]), "year")
    assert percent_change(24, 10) == close(expected["mom_2024_08_percent"])
    short = relocation.compare(monthly["2024-07-01":].reindex(pd.date_range("2024-06-01", periods=4, freq="MS"), fill_value=9))  # fmt: skip
    assert short is not None and short.against == "three_months"
    assert relocation.compare(monthly.head(2)) is None


def test_a_month_outside_the_usual_range_is_marked_and_short_histories_are_not() -> None:
    given_values, expected = case("A41")
    found = relocation.usual(given_values["monthly"])
    assert found is not None
    assert (found.mean, found.upper, found.lower) == close((expected["mean"], expected["upper"], expected["lower"]))
    then = pd.Series(given_values["then_month"])
    assert list(found.above(then) | found.below(then)) == expected["signal"]
    assert relocation.usual(given_values["monthly"][:11]) is None


def test_change_from_zero_and_from_unknown_has_no_percent() -> None:
    given_values, expected = case("X03")
    assert [percent_change(a, b) for a, b in given_values["pairs"]] == expected["change_percent"]


def test_clocks_that_end_today_are_over() -> None:
    today = pd.Timestamp("2026-01-01")
    clocks = pd.DataFrame(
        [("visa_free", 0, 2), ("visa_free", 29, 3), ("visa_free", 30, 1), ("short", 89, 4)],
        columns=["route", "stay_ends_on", "episodes"],
    )
    clocks["stay_ends_on"] = today + pd.to_timedelta(clocks["stay_ends_on"], unit="D")
    found = relocation.running_out(clocks, today).set_index(["route", "left"])["episodes"].to_dict()
    assert found == {("visa_free", "over"): 2, ("visa_free", "within_30"): 4, ("short", "within_90"): 4}


def test_who_will_have_waited_longer_next_month_lies_between_none_ending_and_all_as_usual() -> None:
    curve = pd.DataFrame({"t": [150, 200], "still_open": [0.5, 0.25], "at_risk": [9, 9]})
    ages = pd.DataFrame({"days": [140, 175, 190, 10], "episodes": [4, 2, 3, 50]})
    now, at_most, expected = relocation.open_after(ages, curve, 180, 30)
    assert (now, at_most) == (3, 5)
    assert expected == close(2 * 0.5 + 3 * 0.5)


def test_limits_of_the_median_enclose_it_and_narrow_with_more_cases() -> None:
    few = pd.DataFrame({"days": range(10, 50, 2), "outcome": "relocated", "episodes": 1})
    many = few.assign(episodes=30)
    for rows in (few, many):
        curve = survival.outcome_curve(rows)
        low, high = survival.limits_of(curve, 0.5)
        middle = survival.days_until(curve, 0.5)
        assert low is not None and high is not None and middle is not None and low <= middle <= high
    assert survival.limits_of(survival.outcome_curve(many), 0.5) == (28, 30)
    assert survival.limits_of(survival.outcome_curve(few), 0.5) == (18, 38)


# Days, whether it ended (1) or was still followed (0), how many: the "waltons" data of lifelines 0.30 (MIT licence).
WALTONS = {
    "control": [(7, 0, 1), (7, 1, 1), (17, 1, 1), (32, 1, 1), (33, 1, 1), (38, 1, 2), (41, 1, 7), (45, 0, 1), (45, 1, 9), (48, 1, 8), (51, 1, 3), (53, 1, 7), (54, 1, 2), (56, 1, 18), (58, 1, 4), (60, 0, 1), (60, 1, 15), (61, 0, 2), (61, 1, 9), (63, 1, 9), (66, 1, 3), (68, 0, 1), (68, 1, 9), (69, 0, 1), (69, 1, 12), (75, 1, 1)],
    "miR-137": [(6, 1, 1), (9, 1, 3), (13, 1, 3), (15, 1, 2), (19, 1, 3), (22, 1, 4), (26, 1, 5), (29, 1, 5), (33, 1, 2), (36, 1, 2), (43, 1, 1), (47, 1, 1), (62, 1, 2)],
}  # fmt: skip


def test_the_curve_agrees_with_another_library_on_its_own_data() -> None:
    """A39: numbers by lifelines' KaplanMeierFitter."""
    _given, expected = case("A39")

    def curve(*groups: str) -> tuple[pd.DataFrame, int, int]:
        rows = [(days, "relocated" if ended else "open", n) for g in groups for days, ended, n in WALTONS[g]]
        data = pd.DataFrame(rows, columns=["days", "outcome", "episodes"])
        return survival.outcome_curve(data), int(data["episodes"].sum()), sum(n for _d, o, n in rows if o != "open")

    whole, n, events = curve(*WALTONS)
    assert (n, events, survival.days_until(whole, 0.5)) == (expected["n"], expected["events"], expected["median"])
    found = whole.set_index("t")["still_open"]
    assert {str(t): found[int(t)] for t in expected["S"]} == close(expected["S"])
    for group, wanted in expected["by_group"].items():
        own, n, events = curve(group)
        assert (n, events, survival.days_until(own, 0.5)) == (wanted["n"], wanted["events"], wanted["median"])
