"""What counts as funding, gaps, cliff, dependence, newcomers, against the worked examples B."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics import funding, receiving
from dashboard.metrics.standing import standing
from tests.case_files import case, close


def grants(*rows: dict) -> pd.DataFrame:
    """Grant rows with sensible defaults; minor equals amount_minor."""
    base = {
        "grant_id": 0, "funder_id": 1, "funder": "F", "funder_is_member": False, "recipient_id": 2, "recipient": "R",
        "recipient_is_member": True, "project_id": None, "parent_project_id": None, "amount_minor": 0, "currency": "EUR",
        "status": "commitment", "kind": "new", "committed_on": "2024-01-01", "starts_on": "2024-01-01",
        "ends_on": "2024-12-31", "paid_minor": None,
    }  # fmt: skip
    frame = pd.DataFrame([base | {"grant_id": n} | row for n, row in enumerate(rows, 1)])
    whole = ["funder_id", "recipient_id", "project_id", "parent_project_id", "amount_minor", "paid_minor"]
    frame[whole] = frame[whole].astype("Int64")
    dates = ["committed_on", "starts_on", "ends_on"]
    frame[dates] = frame[dates].apply(pd.to_datetime)
    return frame.assign(minor=frame["amount_minor"])


def test_gaps_are_summed_per_line_and_unknown_need_stays_unknown() -> None:
    rows, expected = case("B01")
    lines = pd.DataFrame(rows).astype({"need": "Int64", "funded": "Int64"}).set_index("line")
    found = funding.coverage_lines(lines)
    assert [None if pd.isna(v) else v for v in found["coverage"]] == list(expected["coverage"].values())
    assert [None if pd.isna(v) else v for v in found["gap"]] == list(expected["gap"].values())
    totals = funding.coverage_totals(found)
    known = expected["totals"]
    assert totals.lines.known == known["lines_with_need"]
    assert (totals.need, totals.funded, totals.gap, totals.surplus, totals.need - totals.funded) == (
        known["need"], known["funded_on_lines_with_need"], known["gross_gap"], known["surplus"], known["net_gap"],
    )  # fmt: skip
    assert totals.coverage == close(known["coverage"])
    assert totals.coverage_capped == close(known["coverage_capped"])
    assert found.loc[found["need"].isna(), "funded"].sum() == known["funded_without_stated_need"]
    assert totals.lines.share == known["need_known_share"]


def test_committed_and_paid_count_once_and_pledges_never() -> None:
    rows, expected = case("B03")
    stated = [{key: value for key, value in row.items() if value is not None} for row in rows]
    frame = grants(
        *(
            {"status": "unknown", "amount_minor": row["amount"], "paid_minor": row.get("disbursed")} | row
            for row in stated
        )
    )
    paid_is_committed = frame.assign(status=frame["status"].replace("paid", "commitment"))
    sums, paid = paid_is_committed.groupby(standing(paid_is_committed))["minor"].sum(), funding.paid_in(frame)
    assert expected == {
        "funding_total": sums["entered"] + sums["carried_over"], "of_which_new": sums["entered"],
        "of_which_carry_over": sums["carried_over"], "pledged": sums["pledged"], "unknown_status": sums["unknown_status"],
        "disbursed": paid.sum(), "committed_not_yet_paid": sums["entered"] + sums["carried_over"] - paid.sum(),
    }  # fmt: skip


def test_regranted_money_is_counted_once() -> None:
    given_values, expected = case("B04")
    members = set(given_values["boundary_members"])
    flows = given_values["flows"]
    ids = {name: n for n, name in enumerate(sorted({f["source"] for f in flows} | {f["dest"] for f in flows}), 1)}
    frame = grants(
        *(
            {
                "funder_id": ids[f["source"]], "recipient_id": ids[f["dest"]], "amount_minor": f["amount"],
                "funder_is_member": f["source"] in members, "recipient_is_member": f["dest"] in members,
            }
            for f in flows
        )
    )  # fmt: skip
    sums = frame.groupby(standing(frame))["minor"].sum()
    assert sums["entered"] == expected["new_money_into_boundary"]
    assert sums.sum() == expected["naive_sum_of_all_flows"]
    assert (sums["passed_on"], sums["left"]) == (expected["internal"], expected["outgoing"])
    ends = funding.ledger(frame).groupby("organisation_id")["minor"].sum()
    assert {name: int(ends[ids[name]]) for name in ("O1", "O2", "O3")} == {"O1": 40, "O2": 30, "O3": 20}
    assert ends[ids["I"]] == expected["by_end_recipient"]["I (kept)"]
    assert ends.sum() + sums["left"] == expected["check_sum_plus_outgoing"]


def test_the_cliff_is_found_where_signed_money_ends() -> None:
    given_values, expected = case("B07")
    frame = grants(
        *({"starts_on": g["start"], "ends_on": g["end"], "amount_minor": g["amount"]} for g in given_values["grants"])
    )
    months = pd.date_range("2024-01-01", "2025-12-01", freq="MS")
    signed = funding.spread(frame).groupby("month")["minor"].sum().reindex(months, fill_value=0).to_numpy()
    per_day = dict(zip(months, signed / months.days_in_month, strict=True))
    for day, rate in expected["committed_per_day"].items():
        assert per_day[pd.Timestamp(day).to_period("M").start_time] == close(rate)
    need = [given_values["need_per_day"] * month.days_in_month for month in months]
    monthly = pd.DataFrame({"month": months, "signed": signed, "signed_on_need": signed, "need": need})
    fall = funding.cliff(monthly, pd.Timestamp(given_values["as_of"]), frame["ends_on"].max())
    assert fall.below_need == pd.Timestamp(expected["first_date_below_75pct_of_need"])
    assert str(fall.last_day.date()) == expected["last_day_with_any_committed_money"]


def test_a_drop_of_exactly_a_quarter_counts_as_a_drop() -> None:
    months = pd.date_range("2024-09-01", "2024-11-01", freq="MS")
    monthly = pd.DataFrame({"month": months, "signed": [200, 160, 150], "need": pd.array([None] * 3, "Int64")})
    fall = funding.cliff(monthly.assign(signed_on_need=0), pd.Timestamp("2024-09-30"), None)
    assert (fall.drop, fall.below_need) == (pd.Timestamp("2024-11-01"), None)


@given(
    st.lists(
        st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 1500), st.integers(0, 900)), min_size=1, max_size=20
    )
)
def test_months_of_a_grant_add_to_it_to_the_cent(rows: list[tuple[int, int, int]]) -> None:
    start = pd.Timestamp("2022-01-15")
    frame = grants(
        *(
            {"amount_minor": a, "starts_on": start + pd.Timedelta(days=s), "ends_on": start + pd.Timedelta(days=s + n)}
            for a, s, n in rows
        )
    )
    spread = funding.spread(frame).groupby("grant_id")["minor"].sum()
    assert list(spread) == list(frame["minor"])


def test_one_cent_over_three_days_in_two_months_goes_to_the_larger_part() -> None:
    frame = grants({"amount_minor": 1, "starts_on": "2024-01-30", "ends_on": "2024-02-01"})
    assert list(funding.spread(frame)["minor"]) == [1, 0]


def test_undated_and_inverted_grants_are_not_spread_but_listed() -> None:
    frame = grants(
        {"amount_minor": 100, "ends_on": None},
        {"amount_minor": 100, "starts_on": "2024-06-01", "ends_on": "2024-01-01"},
        {"amount_minor": None},
        {"amount_minor": 100},
    )
    assert set(funding.spread(frame)["grant_id"]) == {4}
    assert list(funding.to_fix(frame)["reason"]) == ["no_amount", "no_dates", "inverted_dates"]


def rates(*rows: tuple[str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["currency", "on_date", "rate"])
    return frame.assign(
        on_date=pd.to_datetime(frame["on_date"]), micro_per_eur=(frame["rate"] * 1_000_000).round().astype("Int64")
    )


def test_a_grant_is_converted_at_the_last_rate_of_the_week_before_or_not_at_all() -> None:
    table = rates(("USD", "2024-01-05", 2.0), ("USD", "2024-01-12", 4.0))
    frame = grants(
        {"amount_minor": 100, "currency": "USD", "committed_on": "2024-01-07"},
        {"amount_minor": 100, "currency": "USD", "committed_on": "2024-01-12"},
        {"amount_minor": 100, "currency": "USD", "committed_on": "2024-01-20"},
        {"amount_minor": 100, "currency": "USD", "committed_on": None},
        {"amount_minor": 100, "currency": "EUR", "committed_on": None},
        {"amount_minor": 100, "currency": "GEL", "committed_on": "2024-01-12"},
    )
    converted = funding.convert(frame, table, "EUR")["minor"]
    assert [None if pd.isna(v) else int(v) for v in converted] == [50, 25, None, None, 100, None]


def test_a_grant_is_converted_whatever_stands_beside_it() -> None:
    table = rates(("USD", "2024-01-05", 2.0))
    dollars = {"amount_minor": 100, "currency": "USD", "committed_on": "2024-01-07"}
    frame = grants(dollars | {"committed_on": None}, dollars, dollars | {"currency": "EUR"}, dollars)
    for some in (frame, frame.iloc[1:], frame.iloc[::-1], frame.iloc[[3]]):
        converted = funding.convert(some, table, "EUR").set_index("grant_id")["minor"]
        expected = {1: None, 2: 50, 3: 100, 4: 50}
        assert {n: None if pd.isna(v) else v for n, v in converted.items()} == {
            n: expected[n] for n in some["grant_id"]
        }


def test_conversion_rounds_half_up_to_the_cent() -> None:
    frame = grants({"amount_minor": 5, "currency": "USD", "committed_on": "2024-01-05"})
    assert funding.convert(frame, rates(("USD", "2024-01-05", 2.0)), "EUR")["minor"].iloc[0] == 3


def test_declared_shares_are_kept_and_undeclared_ones_split_equally() -> None:
    entries = pd.DataFrame({"entry": [1, 2, 3], "minor": pd.array([100, 100, 7], "Int64")})
    parts = pd.DataFrame(
        {
            "entry": [1, 1, 2, 2, 2],
            "host_country": ["DE", "LT", "DE", "GE", "LT"],
            "share_bp": pd.array([7000, 3000, None, None, None], "Int64"),
        }
    )
    found = funding.split(entries, parts, "host_country", "entry")
    rows = [tuple(row) for row in found[["entry", "host_country", "minor"]].to_numpy()]
    assert rows == [
        (1, "DE", 70), (1, "LT", 30), (2, "DE", 34), (2, "GE", 33), (2, "LT", 33), (3, "not_stated", 7),
    ]  # fmt: skip


def test_dependence_is_said_only_when_unnamed_money_cannot_change_it() -> None:
    frame = grants(
        {"recipient_id": 1, "funder_id": 7, "amount_minor": 60},
        {"recipient_id": 1, "funder_id": 8, "amount_minor": 40},
        {"recipient_id": 2, "funder_id": 7, "amount_minor": 40},
        {"recipient_id": 2, "funder_id": None, "amount_minor": 60},
        {"recipient_id": 3, "funder_id": 7, "amount_minor": 50},
        {"recipient_id": 3, "funder_id": 8, "amount_minor": 50},
    )
    found = receiving.dependence(receiving.largest_funders(frame)).set_index("organisation_id")["is_dependent"]
    assert found[1] and not found[3]
    assert pd.isna(found[2])


def test_newcomers_of_the_first_recorded_year_cannot_be_judged() -> None:
    given_values, expected = case("B14")
    rows = pd.DataFrame(given_values["grants"])
    frame = pd.DataFrame(
        {
            "organisation_id": rows["org"],
            "year": pd.to_datetime(rows["date"]).dt.year,
            "total": rows["amount"].astype("Int64"),
        }
    )
    found = receiving.newcomers(frame).set_index("year")
    assert pd.isna(found.loc[2022, "newcomers"])
    for year in (2023, 2024):
        known = expected["new_to_all_funders"][str(year)]
        assert (found.loc[year, "newcomers"], found.loc[year, "grantees"]) == (known["k"], known["n"])
        assert found.loc[year, "newcomer_amount"] / found.loc[year, "amount"] == close(known["amount_share"])
    one = receiving.newcomers(frame[rows["funder"] == "F2"]).set_index("year")
    assert pd.isna(one.loc[2023, "newcomers"])
    assert one.loc[2024, "newcomers"] == expected["new_to_this_funder"]["F2"]["2024"]["k"]


def test_months_of_cash_are_unknown_without_cash_or_cost() -> None:
    rows, expected = case("B08")
    assert [funding.runway(r["cash"], r["avg_monthly_cost"]) for r in rows] == expected["months"]
    assert [funding.runway(r["unrestricted"], r["avg_monthly_cost"]) for r in rows] == expected["months_unrestricted"]


def test_concentration_is_said_as_a_number_of_equal_recipients() -> None:
    rows, expected = case("B10")
    found = [receiving.concentration(pd.Series(row["shares"])) for row in rows]
    assert [f["hhi"] for f in found] == close(expected["hhi"])
    assert [f["effective_number"] for f in found] == close(expected["effective_number"])


def test_concentration_of_nothing_is_unknown() -> None:
    rows, expected = case("B11")
    found = [receiving.concentration(pd.Series(row["amounts"], dtype="float64")) for row in rows]
    assert [f["hhi"] for f in found] == expected["hhi"]
    assert [f["effective_number"] for f in found] == expected["effective_number"]


def test_gini_of_one_recipient_is_zero_although_it_holds_everything() -> None:
    rows, expected = case("B12")
    found = [receiving.gini(pd.Series(row["amounts"], dtype="float64")) for row in rows]
    assert [None if f["gini"] is None else round(f["gini"], 9) for f in found] == [
        None if g is None else round(g, 9) for g in expected["gini"]
    ]
    corrected = [f["gini_corrected"] for f in found]
    for value, wanted in zip(corrected, expected["gini_corrected"], strict=True):
        assert value == (None if wanted is None else close(wanted))
    example = pd.Series([10, 20, 30, 40])
    assert receiving.lorenz(example).to_numpy().ravel().tolist() == close(
        [v for point in expected["lorenz_10_20_30_40"] for v in point]
    )
    assert (receiving.top_share(example, 1), receiving.top_share(example, 2)) == close(
        (expected["top1_share_10_20_30_40"], expected["top2_share"])
    )


def test_grant_sizes_use_the_nearest_rank() -> None:
    given_values, expected = case("B15")
    amounts = pd.Series(given_values["amounts"])
    found = receiving.grant_sizes(amounts, given_values["small_threshold"])
    assert (found["median"], found["p80"]) == (expected["median"], expected["p80"])
    assert (found["small"].known, found["small"].total) == (expected["small"]["k"], expected["small"]["n"])
    assert found["small_amount_share"] == close(expected["small"]["amount_share"])


def test_unlabelled_money_widens_the_unrestricted_share() -> None:
    given_values, expected = case("B16")
    found = receiving.restricted_share(**given_values)
    assert found["of_labelled"] == close(expected["unrestricted_share_of_labelled"])
    assert found["labelled"] == close(expected["labelled_share"])
    assert found["bounds"] == close(tuple(expected["bounds_unrestricted_of_all"]))
    assert receiving.restricted_share(0, 0, 0) == {"of_labelled": None, "labelled": None, "bounds": None}


def test_money_per_thousand_is_a_range_and_unknown_population_cannot_be_compared() -> None:
    rows, expected = case("B20")
    frame = pd.DataFrame(rows)
    money = pd.DataFrame({"host_country": frame["country"], "funded": frame["funding"]})
    known = frame[frame["pop"].notna()]
    population = pd.DataFrame(
        {"host_country": known["country"], "central": known["pop"], "low": known["low"], "high": known["high"]}
    )
    found = funding.per_thousand(money, population).set_index("host_country")
    for country, value in expected["per_1000"].items():
        assert (
            pd.isna(found.loc[country, "per_1000"]) if value is None else found.loc[country, "per_1000"] == close(value)
        )
    for country, span in expected["range"].items():
        ends = found.loc[country, ["low", "high"]]
        assert ends.isna().all() if span is None else list(ends) == close(span)
    for country, value in expected["lq"].items():
        assert found.loc[country, "lq"] == close(value)
    missing = found.loc[found["per_1000"].isna(), "funded"].sum() / found["funded"].sum()
    assert missing == close(expected["not_normalised_share"])


def test_waiting_for_payment_includes_those_still_unpaid() -> None:
    frame = grants(
        {"committed_on": "2024-01-01"},
        {"committed_on": "2024-01-01"},
        {"committed_on": "2024-01-01"},
        {"status": "pledge"},
    ).assign(first_paid_on=pd.to_datetime(["2024-01-21", "2024-02-10", None, None]))
    rows = funding.payment_durations(frame, pd.Timestamp("2024-03-01"))
    assert rows.to_numpy().tolist() == [[20, "paid", 1], [40, "paid", 1], [60, "open", 1]]


def test_a_grant_to_fix_is_listed_with_each_of_its_reasons() -> None:
    frame = grants({"amount_minor": None, "ends_on": None}, {"amount_minor": 5}, {"status": "pledge", "ends_on": None})
    found = funding.to_fix(frame, unplaced={2})
    assert list(zip(found["grant_id"], found["reason"], strict=True)) == [
        (1, "no_amount"),
        (1, "no_dates"),
        (2, "no_country"),
    ]


def test_the_rate_used_is_that_of_the_conversion_and_has_its_day() -> None:
    rates = pd.DataFrame(
        [("USD", "2024-01-02", 1_100_000, "e"), ("RUB", "2024-01-05", 100_000_000, "e")],
        columns=["currency", "on_date", "micro_per_eur", "rate_set"],
    )
    rates["on_date"] = pd.to_datetime(rates["on_date"])
    amounts = pd.DataFrame(
        [
            ("RUB", 1_000_000, "2024-01-07"),
            ("EUR", 500, "2024-01-07"),
            ("USD", 700, "2024-01-07"),
            ("RUB", 9, None),
            ("RUB", 9, "2024-03-01"),
        ],
        columns=["currency", "amount_minor", "committed_on"],
    )
    used = funding.rates_used(amounts, rates, "USD")
    assert (
        used["rate"].tolist()[:2] == [pytest.approx(0.011), pytest.approx(1.1)]
        and used["rate"].isna().tolist()[2:] == [True] * 3
    )
    assert [day.date().isoformat() for day in used["rate_on"][:2]] == ["2024-01-02", "2024-01-02"]
    converted = funding.convert(amounts, rates, "USD")["minor"]
    assert [round(n * r) for n, r in zip(amounts["amount_minor"][:2], used["rate"][:2], strict=True)] == list(
        converted[:2]
    )


def test_paid_is_converted_at_the_grants_own_rate_and_unknown_without_a_payment() -> None:
    grants = pd.DataFrame(
        {"amount_minor": [1000, 1000, None], "paid_minor": [250, None, 100], "minor": [900, 900, None]}, dtype="Int64"
    )
    assert funding.paid_in(grants).tolist() == [225, pd.NA, pd.NA]
