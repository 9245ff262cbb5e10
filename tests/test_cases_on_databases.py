"""The worked examples A through the whole way: records in a case database, refreshed, queried, measured."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, insert

from dashboard.metrics import relocation, survival
from data_access import case_summaries, database, queries
from data_access.filters import Filters
from data_access.migrate import upgrade
from data_access.schema import STAGES, case_episode, hold, legal_clock, relocation_case, route, stage_event
from data_access.viewer import Query
from data_access.vocabulary import route_rows
from tests.case_files import case, close
from tests.conftest import EVERYWHERE

OUTCOMES = {"granted": "relocated", "closed": "relocated"}


class Cases:
    """A case database to fill; `read` gives what a coordinator's page would read."""

    def __init__(self, engine: Engine) -> None:
        upgrade(engine, "cases")
        self.engine = engine
        self.number = 0

    def add(self, opened: Any, closed: Any = None, outcome: str | None = None, **more: Any) -> None:
        """One case of one episode: stages as (stage, day) pairs, holds as (from, to) pairs."""
        self.number += 1
        name = f"c{self.number:03}"
        status = more.get("status", "closed" if closed else "open")
        row = {
            "id": name, "case_id": name, "episode_no": 1, "opened_on": day_of(opened), "closed_on": day_of(closed),
            "status": status, "route": more.get("route"), "outcome": OUTCOMES.get(outcome or "", outcome), "host_country": "DE",
            "recorded_on": day_of(more.get("recorded", opened)),
        }  # fmt: skip
        with self.engine.begin() as connection:
            connection.execute(insert(relocation_case), {"id": name, "people": more.get("people", 1)})
            connection.execute(insert(case_episode), row)
            for stage, entered in more.get("stages", ()):
                event = {"episode_id": name, "stage": stage, "entered_on": day_of(entered)}
                connection.execute(insert(stage_event), event | {"recorded_on": event["entered_on"]})
            for begun, ended in more.get("holds", ()):
                held = {"held_from": day_of(begun), "held_to": day_of(ended), "reason": "unknown"}
                connection.execute(insert(hold), {"episode_id": name} | held)

    def refresh(self, as_of: Any) -> None:
        with self.engine.begin() as connection:
            case_summaries.rebuild(connection, day_of(as_of), relocation.STANDARD_DAYS, relocation.HORIZONS, {})

    def read(self, query: Any, *before: Any) -> pd.DataFrame:
        asked: Query = query(*before, Filters(), EVERYWHERE)
        return database.run(self.engine, asked)


@pytest.fixture
def cases(fresh: Engine) -> Cases:
    return Cases(fresh)


START = date(2024, 1, 1)


def day_of(value: Any) -> Any:
    """A date from text, or from a number of days after the start; None stays None."""
    if isinstance(value, int):
        return START + timedelta(days=value)
    return date.fromisoformat(value) if isinstance(value, str) else value


def test_a10_open_at_the_end_of_a_day(cases: Cases) -> None:
    rows, expected = case("A10")
    for row in rows:
        cases.add(row["opened"], row["closed"])
    cases.refresh("2024-03-01")
    flow = cases.read(queries.relocation.flow)
    found = {day: relocation.open_on(flow, pd.Timestamp(day)) for day in expected["wip"]}
    assert found == expected["wip"]


def test_a11_stages_reached_with_a_skip_a_send_back_and_a_withdrawal(cases: Cases) -> None:
    given, expected = case("A11")
    names = {"Intake": "request", "Documents": "file_complete", "Visa": "issued"}
    of_case: dict[str, list[dict]] = {}
    for event in given["events"]:
        of_case.setdefault(event["case_id"], []).append(event)
    for name, events in of_case.items():
        ended = next((e["day"] for e in events if e["stage"] == "Exit"), None)
        stages = [(names[e["stage"]], e["day"]) for e in events if e["stage"] != "Exit"]
        cases.add(events[0]["day"], ended, given["exit_of"].get(name), stages=stages)
    cases.refresh(9)
    moves, flow = cases.read(queries.relocation.stage_days), cases.read(queries.relocation.flow)
    table = []
    for day in range(1, 10):
        when = pd.Timestamp(day_of(day))
        reached = relocation.reached_by(moves, when)
        exits = int(flow.loc[flow["on_date"] <= when, "closed"].sum())
        table.append([*(reached.get(stage, 0) for stage in names.values()), exits])
    assert table == expected["cumulative_by_day_1_to_9"]
    stock = relocation.stage_stock(moves, pd.Timestamp(day_of(6)))
    assert [stock.get(stage, 0) for stage in names.values()] == list(expected["current_stage_day_6"].values())
    at_five = relocation.reached_by(moves, pd.Timestamp(day_of(5)))
    bands = [*(at_five[stage] for stage in names.values()), table[4][3]]
    assert [a - b for a, b in itertools.pairwise(bands)] == list(expected["band_day_5"].values())


def test_a12_ages_of_open_cases(cases: Cases) -> None:
    given, expected = case("A12")
    for row in given["open_cases"]:
        cases.add(row["opened"], recorded="2024-06-30")
    cases.refresh(given["as_of"])
    buckets = relocation.age_buckets(cases.read(queries.relocation.open_by_stage)).set_index("bucket")["episodes"]
    fixes = cases.read(queries.relocation.problems).set_index("problem")["episodes"]
    known = {name: n for name, n in expected["buckets"].items() if name not in ("unknown", "future_dated_excluded")}
    assert buckets.to_dict() == known
    assert fixes["no_opening_date"] == expected["buckets"]["unknown"]
    assert fixes["opened_in_future"] == expected["buckets"]["future_dated_excluded"]


@pytest.mark.parametrize("name", ["A16", "A18"])
def test_outcomes_by_day(cases: Cases, name: str) -> None:
    rows, expected = case(name)
    as_of = 30
    for row in rows:
        if row["outcome"]:
            cases.add(as_of - 20, as_of - 20 + row["time"], row["outcome"])
        else:
            cases.add(as_of - row["time"])
    cases.refresh(as_of)
    curve = survival.outcome_curve(cases.read(queries.relocation.durations))
    if name == "A18":
        assert dict(zip(curve["t"].astype(str), curve["still_open"], strict=True)) == close(expected["survival"])
        assert survival.days_until(curve, 0.5) == expected["median"]
        return
    found = curve.set_index("t")
    for line in expected["table"]:
        for column, value in line.items():
            if column != "t":
                series = found.get(OUTCOMES.get(column, column))
                assert float(series[line["t"]] if series is not None else 0) == close(value)
    assert survival.days_until(curve, 0.5) == expected["median_time_to_any_closure"]


def test_a20_cases_older_than_the_records_enter_late(cases: Cases) -> None:
    rows, expected = case("A20")
    begun = 100
    for row in rows:
        opened = begun - row["entry"]
        if row["outcome"]:
            cases.add(opened, opened + row["time"], row["outcome"], recorded=begun)
    cases.refresh(begun + 60)
    found = cases.read(queries.relocation.durations)
    entries = found.groupby("days")["entry"].first().to_dict()
    assert entries == {row["time"]: row["entry"] for row in rows if row["outcome"]}
    whole = pd.DataFrame(
        {"days": [r["time"] for r in rows], "entry": [r["entry"] for r in rows], "episodes": 1,
         "outcome": [OUTCOMES.get(r["outcome"] or "", r["outcome"]) or "open" for r in rows]}
    )  # fmt: skip
    curve = survival.outcome_curve(whole).set_index("t")
    for line in expected["table"]:
        assert float(curve["still_open"][line["t"]]) == close(line["still_open"])
        assert int(curve["at_risk"][line["t"]]) == line["at_risk"]


def test_a27_a_cohort_is_judged_when_it_is_mature(cases: Cases) -> None:
    given, expected = case("A27")
    names = {"Documents": "file_complete", "Visa": "issued", "Arrived": "travelled"}
    for row in given["cases"]:
        cases.add(row["opened"], stages=[(names[stage], day) for stage, day in row["reached"].items()])
    cases.refresh(given["as_of"])
    horizon = given["horizon_days"]
    reach = cases.read(queries.relocation.reach, horizon)
    table = relocation.cohorts(reach, STAGES, pd.Timestamp(given["as_of"]), horizon).set_index("month")
    for month, line in expected.items():
        row = table.loc[pd.Timestamp(f"{month}-01")]
        assert [row["n"], *(row[stage] for stage in names.values())] == line["reached"]
        assert bool(row["is_mature"]) is line["mature"]
        if line["share"]:
            assert [row[stage] / row["n"] for stage in names.values()] == close(line["share"][1:])


def test_a29_broken_records_are_counted_once_and_left_out_of_dated_figures(cases: Cases) -> None:
    given, expected = case("A29")
    for row in given["cases"]:
        cases.add(row["opened"], row["closed"], "refused" if row["status"] == "closed" else None,
                  status=row["status"], recorded="2024-06-30")  # fmt: skip
    cases.refresh(given["as_of"])
    flow = relocation.monthly_flow(cases.read(queries.relocation.flow), pd.Timestamp(given["as_of"]))
    problems = cases.read(queries.relocation.problems).set_index("problem")["episodes"].to_dict()
    assert int(flow["open_at_end"].iloc[-1]) == expected["wip"]
    assert problems == {
        "closed_before_opened": expected["closed_contradictory"],
        "no_opening_date": expected["arrivals_undated"],
        "no_closing_date": expected["closed_undated"],
        "opened_in_future": expected["future_dated"],
    }
    durations = cases.read(queries.relocation.durations)
    closed = durations[durations["outcome"] != "open"]
    assert sorted(closed["days"], reverse=True) == expected["durations"]
    assert int(durations["episodes"].sum()) + sum(problems.values()) == expected["total"]


def test_a35_how_complete_the_newest_days_are(cases: Cases) -> None:
    given, expected = case("A35")
    for lag in given["entry_lag_days_of_settled_events"]:
        cases.add(0, recorded=lag)
    cases.refresh(200)
    shares, median = relocation.entry_delay(cases.read(queries.relocation.lags), (0, 7, 30, 60))
    assert {str(x): share for x, share in shares.items()} == close(expected["expected_share_recorded"])
    assert median == expected["median_lag"]


def test_a01_and_a03_stock_and_flow_with_cases_on_hold(cases: Cases) -> None:
    """Ten times smaller than the courts' examples, the same identities."""
    for number in range(10):
        cases.add("2024-01-05", "2024-01-25" if number < 7 else None, "relocated" if number < 7 else None,
                  holds=[("2024-01-10", None), ("2024-01-12", "2024-01-20")] if number > 7 else [])  # fmt: skip
    cases.refresh("2024-02-15")
    flow = relocation.monthly_flow(cases.read(queries.relocation.flow), pd.Timestamp("2024-02-15"))
    january = relocation.stock_flow(flow.head(1), months=1)
    assert (january.incoming, january.outgoing) == (10, 9)
    assert (january.end_active, january.end_inactive) == (1, 2)
    assert (january.clearance_rate, january.resolved_rate) == (90, 70)
    for name in ("A01", "A03"):
        given, expected = case(name)
        found = relocation.StockFlow(**given)
        for field, key in (("incoming", "incoming"), ("outgoing", "outgoing"), ("end_active", "end_active"),
                           ("end_inactive", "end_inactive"), ("clearance_rate", "clearance_rate_ncsc"),
                           ("resolved_rate", "resolved_rate")):  # fmt: skip
            assert getattr(found, field) == close(expected[key]), (name, field)


def test_a08_average_open_is_rate_times_mean_time_when_a_window_is_empty_at_both_ends(cases: Cases) -> None:
    given, expected = case("A08")
    for opened, closed in given["cases"]:
        cases.add(opened, closed, "relocated")
    cases.refresh(10)
    first, last = (pd.Timestamp(day_of(day)) for day in given["window"])
    ended = cases.read(queries.relocation.durations)
    check = relocation.littles_law(cases.read(queries.relocation.flow), ended, first, last)
    assert check.average_open == close(expected["avg_wip"])
    assert check.mean_time == close(expected["mean_time_departed"])
    assert check.expected == close(expected["little_rhs"])


def test_a_hold_ends_with_its_case_and_overlapping_holds_are_one(cases: Cases) -> None:
    cases.add(0, 50, "refused", holds=[(10, 20), (15, 30), (40, None)])
    cases.add(0, None, holds=[(5, None)])
    cases.refresh(60)
    flow = cases.read(queries.relocation.flow).set_index("on_date")
    held = {(day - pd.Timestamp(START)).days: int(n) for day, n in flow["held"].items() if n}
    resumed = {(day - pd.Timestamp(START)).days: int(n) for day, n in flow["resumed"].items() if n}
    assert held == {5: 1, 10: 1, 40: 1}
    assert resumed == {30: 1, 50: 1}


def test_waiting_days_add_up_over_stages_with_open_stays_inside(cases: Cases) -> None:
    """A21: request 0-10, verified 10-30, closed at 30; another open in request from 20 to the cut-off at 60."""
    cases.add(0, 30, "relocated", stages=[("request", 0), ("verified", 10)])
    cases.add(20, None, stages=[("request", 20)])
    cases.refresh(60)
    moves = cases.read(queries.relocation.stage_days)
    whole = relocation.waiting_by_stage(moves, pd.Timestamp(START), pd.Timestamp(day_of(60)))
    assert whole.set_index("stage")["days"].to_dict() == {"request": 50, "verified": 20}
    assert whole["share"].sum() == close(1.0)
    part = relocation.waiting_by_stage(moves, pd.Timestamp(day_of(5)), pd.Timestamp(day_of(25)))
    assert part.set_index("stage")["days"].to_dict() == {"verified": 15, "request": 10}


def test_what_was_before_a_day_is_the_same_told_day_by_day_or_on_that_day(cases: Cases) -> None:
    cases.add(0, 30, "relocated", stages=[("request", 0), ("verified", 10)])
    cases.add(20, None, stages=[("request", 20), ("host_found", 44)])
    cases.refresh(60)
    day_by_day = cases.read(queries.relocation.stage_days)
    since = day_of(25)
    told = database.run(cases.engine, queries.relocation.stage_days(Filters(), EVERYWHERE, since))
    assert told["on_date"].min() == pd.Timestamp(since) > day_by_day["on_date"].min()
    first, last = pd.Timestamp(since), pd.Timestamp(day_of(60))
    pd.testing.assert_frame_equal(
        relocation.waiting_by_stage(told, first, last), relocation.waiting_by_stage(day_by_day, first, last)
    )
    for day in pd.date_range(first, last, freq="7D"):
        assert relocation.stage_stock(told, day) == relocation.stage_stock(day_by_day, day)
        assert relocation.reached_by(told, day) == relocation.reached_by(day_by_day, day)


def test_an_unrecorded_stage_is_its_own_stay(cases: Cases) -> None:
    cases.add(0, None, stages=[("host_found", 12)])
    cases.refresh(20)
    moves = cases.read(queries.relocation.stage_days)
    waited = relocation.waiting_by_stage(moves, pd.Timestamp(START), pd.Timestamp(day_of(20)))
    assert waited.set_index("stage")["days"].to_dict() == {"unknown": 12, "host_found": 8}


def test_the_call_list_holds_open_cases_by_reference_the_oldest_first(cases: Cases) -> None:
    cases.add(5, None, stages=[("request", 5), ("verified", 30)])
    cases.add(0, 20, "relocated")
    cases.add(3, None, stages=[("request", 3)])
    cases.refresh(60)
    oldest = cases.read(queries.relocation.call_list, "oldest", day_of(-365))
    assert list(oldest["case_id"]) == ["c003", "c001"]
    assert list(oldest["stage"]) == ["request", "verified"]
    stuck = cases.read(queries.relocation.call_list, "stuck", day_of(-365))
    assert list((stuck["stage_since"] - pd.Timestamp(START)).dt.days) == [3, 30]


def test_a_past_that_was_loaded_whole_enters_the_curve_from_the_first_day(cases: Cases) -> None:
    for number in range(20):
        cases.add(0, 10 + number, "relocated", recorded=200)
    cases.add(190, None, recorded=200)
    cases.refresh(210)
    found = cases.read(queries.relocation.durations)
    assert set(found["entry"]) == {0}
    curve = survival.outcome_curve(found)
    assert (curve["at_risk"] > 0).all() and curve["still_open"].between(0, 1).all()


def test_what_turned_out_ineligible_is_in_no_rate(cases: Cases) -> None:
    cases.add("2024-01-05", "2024-01-20", "relocated")
    cases.add("2024-01-05", "2024-01-20", "ineligible")
    cases.add("2024-01-05", None)
    cases.refresh("2024-02-15")
    flow = relocation.monthly_flow(cases.read(queries.relocation.flow), pd.Timestamp("2024-02-15"))
    rate = relocation.resolved_rate(flow)
    assert (rate.closed, rate.incoming) == (1, 2)
    assert int(flow["incoming"].iloc[0]) == 3


def test_whose_legal_stay_ends_first_is_called_first(cases: Cases) -> None:
    with cases.engine.begin() as connection:
        connection.execute(insert(route), route_rows())
        clocks = {"visa_free": 365, "short_stay_extension": 90}
        connection.execute(insert(legal_clock), [{"route": code, "days": days} for code, days in clocks.items()])
    cases.add(0, None, route="visa_free")
    cases.add(5, None, route="short_stay_extension")
    cases.add(2, None, route="asylum")
    cases.add(1, None)
    cases.refresh(60)
    found = cases.read(queries.relocation.call_list, "urgent", day_of(-365))
    assert list(found["case_id"]) == ["c002", "c001", "c004", "c003"]
    ends = (found["stay_ends_on"] - pd.Timestamp(START)).dt.days
    assert list(ends[:2]) == [95, 365] and ends[2:].isna().all()
