"""Counting initiatives, against the worked examples D."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics import distribution
from dashboard.metrics.statistics import poisson_limits
from tests.case_files import case, close


def days(values: list[str | None]) -> pd.Series:
    return pd.to_datetime(pd.Series(values, dtype="str"))


def active_example() -> tuple[pd.DataFrame, pd.Timestamp, dict]:
    given_values, expected = case("D04")
    rows = pd.DataFrame(given_values["initiatives"])
    records = pd.DataFrame(
        {
            "organisation_id": rows["id"],
            "founded_on": days(list(rows["started"])),
            "closed_on": days(list(rows["ended"])),
            "confirmed_on": days(list(rows["last_verified"])),
        }
    )
    return records, pd.Timestamp(given_values["as_of"]), expected


def test_active_means_started_and_not_ended_by_that_evening() -> None:
    records, _as_of, expected = active_example()
    for day, n in expected["active_on"].items():
        assert distribution.active_on(records, pd.Timestamp(day)).sum() == n


def test_an_unknown_start_counts_now_but_not_in_history() -> None:
    records, as_of, expected = active_example()
    assert distribution.active_now(records, as_of).sum() == expected["active_incl_unknown_start_2024_06_30"]
    unknown = records["founded_on"].isna()
    assert list(records.loc[unknown, "organisation_id"]) == expected["start_unknown"]


def test_not_verified_for_a_year_is_not_confirmed() -> None:
    records, as_of, expected = active_example()
    coverage = distribution.confirmed_coverage(records, as_of)
    assert {"k": coverage.known, "n": coverage.total} == expected["confirmed_active_2024_06_30"]
    stale = distribution.active_now(records, as_of) & ~distribution.is_confirmed(records, as_of)
    assert list(records.loc[stale, "organisation_id"]) == expected["stale_active"]


def test_openings_and_closings_add_up_to_those_active() -> None:
    records, as_of, expected = active_example()
    quarters = distribution.openings_and_closings(records, as_of)
    yearly = quarters.groupby(quarters["quarter"].dt.year)[["opened", "closed"]].sum()
    assert {str(y): n for y, n in yearly["opened"].items() if n} == expected["openings"]
    assert {str(y): n for y, n in yearly["closed"].items() if n} == expected["closures"]
    assert quarters["active"].iloc[-1] == expected["active_on"]["2024-06-30"]
    assert list(quarters["is_first"])[:2] == [True, False]


def places(*rows: tuple[int, str | None, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["organisation_id", "host_country", "is_withheld"])
    return frame.assign(
        host_country=frame["host_country"].astype("str"),
        is_withheld=frame["is_withheld"].astype("boolean"),
        legal_id=frame["organisation_id"],
        presences=1,
        founded_on=pd.Timestamp("2023-01-01"),
        closed_on=pd.NaT,
        confirmed_on=pd.Timestamp("2024-01-01"),
    )


def test_an_initiative_in_two_countries_counts_in_both_and_once_in_the_network() -> None:
    rows = places((1, "DE", False), (1, "GE", False), (2, "DE", False), (3, None, True), (4, None, False))
    as_of = pd.Timestamp("2024-06-30")
    counts = distribution.count_by_place(rows, as_of).set_index("place")["initiatives"]
    assert counts.to_dict() == {"DE": 2, "GE": 1, "not_stated": 1, "withheld": 1}
    assert distribution.reconciliation(rows, as_of) == {"sum_of_countries": 3, "network": 2, "in_several": 1}
    assert distribution.placement(rows, as_of) == {"placed": 2, "withheld": 1, "not_stated": 1}


def test_unknown_places_come_last_however_many() -> None:
    rows = places((1, None, False), (2, None, False), (3, "DE", False))
    assert list(distribution.count_by_place(rows, pd.Timestamp("2024-06-30"))["place"]) == ["DE", "not_stated"]


def test_area_of_a_bubble_not_radius_shows_the_value() -> None:
    given_values, expected = case("D09")
    radius = distribution.bubble_radius(pd.Series(given_values["values"]), given_values["max_radius_px"])
    assert list(radius) == close(expected["radius_px"])


def test_counts_have_exact_limits_below_ten_and_byar_from_there() -> None:
    _given, expected = case("D03")
    assert poisson_limits(20) == close(tuple(expected["byar_count_limits"]["GE"]), 1e-6)
    assert poisson_limits(40) == close(tuple(expected["byar_count_limits"]["DE"]), 1e-6)
    assert poisson_limits(0) == close((0.0, expected["exact_poisson_upper_for_zero"]), 1e-6)


@pytest.mark.parametrize("k", [3])
@given(counts=st.dictionaries(st.sampled_from(["DE", "LT", "PL", "GE", "AM", "US", "KZ"]), st.integers(1, 6)))
def test_no_merged_group_can_be_recovered_by_subtraction(k: int, counts: dict[str, int]) -> None:
    groups = {country: country for country in ("DE", "LT", "PL", "GE", "AM")}
    table = distribution.merge_small(counts, groups, k)
    assert (table["organisations"] >= k).all()
    shown = set(table["country_group"]) - {"other"}
    hidden = {groups.get(country, "other") for country in counts} - shown
    if "other" in set(table["country_group"]):
        assert len(hidden) >= 2 or not shown


def test_four_units_are_four_counts() -> None:
    """D02: n1 and n2 belong to one legal organisation, n1 has two sites in Germany, projects go with their initiative."""
    _given, expected = case("D02")
    rows = places((1, "DE", False), (2, "GE", False), (3, "DE", False))
    rows = rows.assign(legal_id=[1, 1, 3], presences=[2, 1, 1])
    projects = pd.DataFrame({"organisation_id": [1, 3], "projects": [2, 1]})
    as_of = pd.Timestamp("2024-06-30")
    for unit, name in {"organisations": "organisations", "initiatives": "initiatives", "projects": "projects",
                       "presences": "locations"}.items():  # fmt: skip
        counts = distribution.count_by_place(rows, as_of, unit, projects).set_index("place")[unit]
        assert counts.to_dict() == {country: expected[country][name] for country in ("DE", "GE")}, unit
        assert distribution.reconciliation(rows, as_of, unit, projects)["network"] == expected["total"][name], unit


@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.sampled_from(["DE", "LT", "GE", None]), st.booleans()), min_size=1, max_size=30
    )
)
def test_shared_out_counts_add_to_the_network(rows: list[tuple[int, str | None, bool]]) -> None:
    unique = {(o, c): (o, c, w and c is None) for o, c, w in rows}
    frame = places(*unique.values())
    counts = distribution.count_by_place(frame, pd.Timestamp("2024-06-30"), share_out=True)
    assert counts["initiatives"].sum() == close(float(frame["organisation_id"].nunique()))
    assert (counts["confirmed"] + counts["not_confirmed"]).to_list() == close(counts["initiatives"].to_list())


def test_rates_are_ranges_and_places_without_a_population_are_left_out() -> None:
    """D03, with the population of the example as low and high."""
    rows, expected = case("D03")
    frame = pd.DataFrame(rows)
    counts = pd.DataFrame({"place": frame["country"], "initiatives": frame["count"]})
    known = frame[frame["pop"].notna()]
    population = pd.DataFrame(
        {"host_country": known["country"], "central": known["pop"], "low": pd.NA, "high": pd.NA}
    ).astype({"central": "Int64", "low": "Int64", "high": "Int64"})
    found = distribution.per_thousand(counts, population, per=100_000).set_index("place")
    assert set(found.index) == {"GE", "DE", "KZ"}
    for country, limits in expected["rate_limits"].items():
        assert found.loc[country, "rate"] == close(expected["rate"][country], 1e-6)
        assert (found.loc[country, "low_rate"], found.loc[country, "high_rate"]) == close(tuple(limits), 1e-6)
    assert found.loc["KZ", "rate"] == 0


def test_an_activity_is_compared_with_its_average_share_from_five_on() -> None:
    rows, expected = case("D07")
    frame = pd.DataFrame(rows).rename(columns={"country": "place", "n": "initiatives"})
    found = distribution.location_quotient(frame)
    assert dict(zip(found["place"] + "/" + found["activity"], found["lq"], strict=True)) == close(expected["lq"])
    assert distribution.location_quotient(frame.assign(initiatives=[20, 20, 4, 15]))["lq"].isna().sum() == 1


def test_a_mix_adds_to_100_and_leaves_small_places_out() -> None:
    rows = [("DE", "a", 1), ("DE", "b", 1), ("DE", "c", 4), ("LT", "a", 2)]
    mix = distribution.activity_mix(pd.DataFrame(rows, columns=["place", "activity", "initiatives"]))
    assert set(mix["place"]) == {"DE"}
    assert mix["percent"].sum() == 100
