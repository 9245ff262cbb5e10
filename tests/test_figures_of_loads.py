"""Figures of small loads, as pages and exports show them, on both databases: one kind of file each."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from dashboard.answers import (
    accounts,
    case_flow,
    case_rows,
    cases,
    crossing,
    dependence,
    four_questions,
    funding,
    initiatives,
    money_reach,
    money_rows,
    portfolio,
    providers,
)
from dashboard.answers.portfolio import Portfolio
from data_access import database
from tests.conftest import EVERYWHERE, FUNDER, STEWARD
from tests.small_loads import (
    FACETS,
    GRANTS,
    INITIATIVES,
    NEEDS,
    PRESENCES,
    PROJECTS,
    grant,
    initiative,
    load_book,
    load_text,
    visit_of,
)

Engines = dict[database.Which, Engine]


def money_of(engines: Engines, folder: Path, organisations: list, grants: list, **more: list) -> Portfolio:
    load_book(engines, folder, Initiatives=[INITIATIVES, *organisations], Grants=[GRANTS, *grants], **more)
    return portfolio.picture(visit_of())


def steps(money: Portfolio) -> dict[str, int]:
    return money_reach.flow(money).rows.set_index("step")["total"].to_dict()


def figure(figures: list, term: str):
    return next(item for item in figures if item.term == term)


def test_money_to_outsiders_is_in_no_figure_and_listed(engines: Engines, tmp_path: Path) -> None:
    money = money_of(
        engines,
        tmp_path,
        [initiative("A"), *(initiative(f, member="no") for f in "FGX")],
        [grant("g1", "F", "A", 30), grant("g2", "G", "A", 20), grant("g3", "F", "X", 700)],
    )
    assert len(money.leaning) == 1 and money.leaning["total"].tolist() == [50_00]
    assert money_reach.newcomers(money).rows["grantees"].tolist() == [1]
    assert money.cells["signed"].sum() == 50_00 == money_reach.signed_grants(money).rows["total"].sum()
    assert steps(money)["new_money"] == 50_00
    found = money_rows.outside(money).rows
    assert found["reference"].tolist() == ["g3"] and found["total"].tolist() == [700_00]
    assert any("€700" in note and "outside the network" in note for note in funding.notes(money))
    assert all("Org X" not in str(table.rows) for table in (dependence.dependence(money), dependence.ending(money)))


def test_what_an_organisation_carries_over_itself_is_neither_new_nor_passed_on(
    engines: Engines, tmp_path: Path
) -> None:
    money = money_of(
        engines,
        tmp_path,
        [initiative("A"), initiative("F", member="no")],
        [grant("g1", "F", "A", 80), grant("g2", "A", "A", 40, kind="carry_over")],
    )
    assert money.lines["funded"].tolist() == [120_00]
    found = steps(money)
    assert (found["new_money"], found["carried_over"], found["regranted"]) == (80_00, 40_00, 0)
    assert found["kept"] == found["in_network"] == 120_00
    assert money.leaning[["largest_funder", "low"]].to_numpy().tolist() == [["Org F", 1.0]]
    assert dependence.ending(money).rows.empty
    assert dependence.who_funds(money).rows["funder"].tolist() == ["Org F", "own money"]
    assert "No money" in money_reach.flow(money).title


def test_money_that_is_passed_on_counts_where_it_ends_up(engines: Engines, tmp_path: Path) -> None:
    money = money_of(
        engines,
        tmp_path,
        [*(initiative(name) for name in "IOP"), initiative("F", member="no")],
        [
            grant("g1", "F", "I", 100),
            grant("g2", "I", "O", 70, kind="regrant", parent="g1"),
            grant("g3", "O", "P", 25, kind="regrant", parent="g2"),
        ],
    )
    assert sorted(money_reach._ends_with(money)) == [25_00, 30_00, 45_00]
    found = steps(money)
    assert (found["new_money"], found["regranted"], found["kept"]) == (100_00, -70_00, 30_00)
    assert money_reach.flow(money).title.startswith("70")
    assert "100" in funding.notes(money)[1] and "195" not in " ".join(funding.notes(money))


def test_a_regrant_without_a_payer_makes_new_money_a_range(engines: Engines, tmp_path: Path) -> None:
    money = money_of(
        engines,
        tmp_path,
        [initiative("I"), initiative("O"), initiative("F", member="no")],
        [grant("g1", "F", "I", 100), grant("r9", None, "O", 40, kind="regrant")],
    )
    chart = money_reach.flow(money)
    assert steps(money)["new_money"] == 100_00 and steps(money)["unsourced"] == 40_00
    assert "between €100.00 and €140.00" in chart.note and "r9" in chart.note
    assert money_reach.rows_of_step(money, "unsourced").rows["reference"].tolist() == ["r9"]


def test_more_passed_on_than_is_on_record_is_named_and_never_a_negative_rest(engines: Engines, tmp_path: Path) -> None:
    money = money_of(
        engines,
        tmp_path,
        [initiative("I"), initiative("O"), initiative("F", member="no")],
        [grant("g1", "F", "I", 10), grant("g2", "I", "O", 90, kind="regrant")],
    )
    found = steps(money)
    assert found["not_on_record"] == 80_00 and found["kept"] == 0 and found["in_network"] == 90_00
    assert money_reach.flow(money).title.startswith("100")


def test_who_cannot_be_converted_is_a_grantee_and_a_missing_day_is_called_that(
    engines: Engines, tmp_path: Path
) -> None:
    money = money_of(
        engines,
        tmp_path,
        [*(initiative(name) for name in "ABC"), initiative("F", member="no")],
        [
            grant("g0", "F", "C", 10, signed=date(2022, 1, 1), starts=date(2022, 1, 1), ends=date(2022, 12, 31)),
            grant("g1", "F", "A", 100),
            grant("g2", "F", "B", 5000, currency="GEL"),
            grant("g3", "F", "C", 10, currency="USD", signed=None),
        ],
    )
    assert len(money.leaning) == 3
    assert figure(funding.summary(money).figures, "dependent").comparison == "of 3 organisations that signed a grant"
    years = money_reach.newcomers(money).rows.set_index("year")["grantees"].to_dict()
    assert years == {"2022": 1, "2024": 2}
    reasons = money_rows.to_fix(money).rows
    assert dict(zip(reasons["reference"], reasons["reason"], strict=True)) | {} == {
        "g0": "no_country", "g1": "no_country", "g2": "no_rate", "g3": "no_signing_date"
    }  # fmt: skip
    account = accounts.of_money(money).rows
    lines = account.loc[account["in_figures"] == "left_out"].set_index("standing")["number"].to_dict()
    assert lines == {"no_signing_date": 1, "no_rate": 1}
    notes = " ".join(funding.notes(money))
    assert "2 signed grants have no amount in EUR" in notes and "1 signed grant has no signing date" in notes


def test_a_payment_without_a_day_is_paid_and_in_no_waiting_time(engines: Engines, tmp_path: Path) -> None:
    paid = [["Reference", "Grant", "Paid on", "Amount", "Currency"], ["y1", "g1", None, 100, "EUR"]]
    money = money_of(
        engines,
        tmp_path,
        [initiative("A"), initiative("F", member="no")],
        [grant("g1", "F", "A", 100), grant("g2", "F", "A", 0)],
        Payments=paid,
    )
    wait = figure(money_reach.shape(money), "payment_wait")
    assert wait.coverage == "1 of 2 have no payment on record · 1 paid on a day not recorded"
    assert figure(money_reach.shape(money), "grant_size").value == 100


@pytest.mark.parametrize(
    ("countries", "parts", "said"),
    [
        ("GE 60", {"GE": 60_00, "not_stated": 40_00}, "shares_under_100"),
        ("GE 50; AM 30", {"GE": 50_00, "AM": 30_00, "not_stated": 20_00}, "shares_under_100"),
        ("GE 80; AM 60", {"not_stated": 100_00}, "shares_over_100"),
        ("GE 40; AM", {"GE": 40_00, "AM": 60_00}, None),
        ("GE; AM", {"GE": 50_00, "AM": 50_00}, None),
        ("GE 100", {"GE": 100_00}, None),
    ],
)
def test_declared_shares_are_never_stretched(
    engines: Engines, tmp_path: Path, countries: str, parts: dict[str, int], said: str | None
) -> None:
    done = load_book(
        engines,
        tmp_path,
        Initiatives=[INITIATIVES, initiative("A"), initiative("F", member="no")],
        Grants=[GRANTS, grant("g1", "F", "A", 100, countries=countries)],
    )
    money = portfolio.picture(visit_of())
    assert money.cells.groupby("host_country")["signed"].sum().to_dict() == parts
    codes = [problem.code for problem in done.problems if problem.code.startswith("shares")]
    assert codes == ([said] if said else [])
    reasons = money_rows.to_fix(money).rows["reason"].tolist()
    assert reasons == (["shares_over_100"] if said == "shares_over_100" else [])


def test_a_region_keeps_its_share_out_of_the_countries(engines: Engines, tmp_path: Path) -> None:
    activity = (
        '<iati-activities version="2.03"><iati-activity default-currency="EUR"><iati-identifier>ZZ-9-B</iati-identifier>'
        '<reporting-org ref="ZZ-9" type="10"><narrative>Fund</narrative></reporting-org><title><narrative>B</narrative></title>'
        '<activity-date type="1" iso-date="2024-01-01"/><activity-date type="3" iso-date="2024-12-31"/>'
        '<recipient-country code="LT" percentage="30"/><recipient-region code="89" percentage="70"/>'
        '<transaction><transaction-type code="2"/><transaction-date iso-date="2024-01-01"/>'
        '<value value-date="2024-01-01">2000</value><receiver-org ref="ZZ-10"><narrative>Group</narrative></receiver-org>'
        "</transaction></iati-activity></iati-activities>"
    )
    done = load_text(engines, tmp_path / "a.xml", activity)
    assert "place_not_stated" in [problem.code for problem in done.problems]
    cells = portfolio.picture(visit_of()).cells.groupby("host_country")["signed"].sum().to_dict()
    assert cells == {"LT": 600_00, "not_stated": 1400_00}


LOG = {"country": "DE", "route": "asylum"}


def test_a_stage_entered_again_is_kept_and_the_case_stands_there(engines: Engines, tmp_path: Path) -> None:
    text = "case,stage,date\n7,opened,2024-01-01\n7,verified,2024-01-05\n7,file_complete,2024-01-10\n7,verified,2024-02-01\n"
    load_text(engines, tmp_path / "log.csv", text, column_map=LOG)
    visit = visit_of(EVERYWHERE)
    calls = case_rows.call_list(visit, "urgent").rows
    assert calls[["stage", "days_in_stage"]].to_numpy().tolist() == [["verified", 150]]
    waited = cases.bottleneck(visit).rows.set_index("stage")["waiting_days"]
    assert waited.to_dict() == {"verified": 5 + 150, "file_complete": 22, "unknown": 4}


def test_a_case_closed_twice_is_two_episodes_the_second_to_fix(engines: Engines, tmp_path: Path) -> None:
    text = "case,opened,closed,outcome\n7,2023-07-04,2023-09-17,refused\n7,2023-07-04,2023-10-25,relocated\n"
    load_text(engines, tmp_path / "log.csv", text, column_map=LOG)
    visit = visit_of(EVERYWHERE)
    assert case_flow.fixes(visit).rows["problem"].tolist() == ["no_opening_date"]
    found = cases.find(visit)
    assert found.durations.set_index("outcome")["episodes"].to_dict() == {"refused": 1}


def test_days_nobody_can_mean_are_asked_about_and_in_no_figure(engines: Engines, tmp_path: Path) -> None:
    text = "case,opened,closed,outcome\n1,0206-03-03,,\n2,2205-03-01,,\n3,2024-03-02,2206-04-01,relocated\n4,2024-03-05,2024-04-01,relocated\n"
    done = load_text(engines, tmp_path / "log.csv", text, column_map=LOG)
    assert [problem.code for problem in done.problems] == ["impossible_day"] * 3
    visit = visit_of(EVERYWHERE)
    found = cases.find(visit)
    assert case_flow.fixes(visit).rows["problem"].tolist() == ["impossible_day"] * 3
    assert found.open_now == 0 and len(case_flow.arrived_and_left(visit, found).rows) == 4


def test_closings_without_an_outcome_are_unknown(engines: Engines, tmp_path: Path) -> None:
    load_text(engines, tmp_path / "log.csv", "case,opened,closed\n1,2024-03-05,2024-04-01\n", column_map=LOG)
    visit = visit_of(EVERYWHERE)
    notes = " ".join(cases.notes(visit, cases.find(visit)))
    assert "of all closed –" in notes and "1 of 1 closings have no recorded outcome" in notes
    pace = figure(cases.soon_too_long(cases.find(visit)), "pace")
    assert pace.value == 0 and "no case was closed" not in pace.comparison


def test_grids_name_what_is_withheld_and_what_is_not_stated(engines: Engines, tmp_path: Path) -> None:
    running = [[p, p, o, date(2024, 1, 1), None, "running"] for p, o in (("p1", "A"), ("p2", "B"), ("p3", "C"))]
    facets = [
        ["p1", "host_country", "DE", None], ["p1", "activity", "media", None], ["p2", "activity", "media", None],
        ["p3", "host_country", "GE", "yes"], ["p3", "activity", "legal_aid", None],
    ]  # fmt: skip
    load_book(
        engines,
        tmp_path,
        Initiatives=[INITIATIVES, *(initiative(name) for name in "ABC")],
        Projects=[PROJECTS, *running],
        Facets=[FACETS, *facets],
    )
    seen = {}
    for viewer in (FUNDER, STEWARD):
        visit = visit_of(viewer)
        rows = providers.chart(visit, "host_country").rows
        seen[viewer.role] = {(r.host_country, r.activity): r.organisations for r in rows.itertuples()}
        grid = crossing.cells(visit, portfolio.picture(visit))
        assert set(zip(grid["host_country"], grid["activity"], strict=True)) == set(seen[viewer.role])
        assert len(providers.rows_of_cell(visit, "not_stated.media").rows) == 1
    common = {("DE", "media"): 1, ("not_stated", "media"): 1}
    assert seen == {
        "funder": common | {("withheld", "legal_aid"): 1},
        "steward": common | {("GE", "legal_aid"): 1},
    }


@pytest.mark.parametrize("precision", ["city", "country", "region", "undisclosed"])
def test_a_precision_lets_a_funder_know_what_its_words_say(engines: Engines, tmp_path: Path, precision: str) -> None:
    load_book(
        engines,
        tmp_path,
        Initiatives=[INITIATIVES, initiative("A")],
        Presences=[PRESENCES, ["A", "KZ", "team", precision, "Almaty"]],
    )
    from dashboard.answers import profile

    known, place = {}, {}
    for viewer in (FUNDER, STEWARD):
        visit = visit_of(viewer)
        known[viewer.role] = initiatives.by_country(initiatives.find(visit)).rows["place"].tolist()
        place[viewer.role] = profile.find(visit, "A").places["site"].dropna().tolist()
    assert known["steward"] == ["KZ"] and place["steward"] == ["Almaty"]
    assert known["funder"] == (["KZ"] if precision in ("city", "country") else ["withheld"])
    assert place["funder"] == (["Almaty"] if precision == "city" else [])


def test_kinds_of_need_nest_day_by_day(engines: Engines, tmp_path: Path) -> None:
    """A minimum of 26 to the end of June inside a budget of 61 for the year: lowest is 26 and the other half of 61."""
    needs = [
        ["n1", None, "A", date(2024, 1, 1), date(2024, 6, 30), 26, "EUR", "minimum", "high", "A", date(2024, 1, 1)],
        ["n2", None, "A", date(2024, 1, 1), date(2024, 12, 31), 61, "EUR", "budget", "low", "A", date(2024, 1, 1)],
        ["n3", None, "A", date(2024, 1, 1), date(2024, 12, 31), 75, "EUR", "ambition", None, "A", date(2024, 1, 1)],
        ["n4", None, "A", date(2024, 1, 1), date(2024, 12, 31), 90, "EUR", "ambition", None, "A", date(2024, 2, 1)],
    ]
    load_book(
        engines,
        tmp_path,
        Initiatives=[INITIATIVES, initiative("A"), initiative("F", member="no")],
        Grants=[GRANTS, grant("g1", "F", "A", 10)],
        Needs=[NEEDS, *needs],
    )
    money = portfolio.picture(visit_of())
    second_half = 61_00 * 184 / 366
    assert money.totals.need == pytest.approx(26_00 + second_half, abs=1)
    table = funding.tiers(money).rows.set_index("tier")
    assert table.loc[["minimum", "budget", "ambition", "highest"], "need"].tolist() == [26_00, 61_00, 90_00, 90_00]
    assert table.loc["highest", "gap"] == 80_00
    june, july = (money.monthly.set_index("month")["need"][pd.Timestamp(f"2024-0{m}-01")] for m in (6, 7))
    assert june == pytest.approx(26_00 * 30 / 182, abs=2) and july == pytest.approx(61_00 * 31 / 366, abs=2)
    sure = portfolio.picture(visit_of(), "lowest", "sure")
    assert sure.totals.need == pytest.approx(26_00 + 90_00 * 184 / 366, abs=1)
    assert portfolio.picture(visit_of(), "ambition").totals.gap == 80_00
    assert "75 % of need" in funding.sentence(money)


def test_money_that_has_no_days_covers_an_unknown_share_of_need_and_not_none(engines: Engines, tmp_path: Path) -> None:
    undated = grant("g1", "F", "A", 2_000)
    undated[GRANTS.index("Starts")] = undated[GRANTS.index("Ends")] = None
    year = date(2024, 1, 1), date(2024, 12, 31)
    needs = [["n1", None, "A", *year, 12_000, "EUR", "budget", "high", "A", date(2024, 1, 1)]]
    load_book(engines, tmp_path, Initiatives=[INITIATIVES, initiative("A"), initiative("F", member="no")],
              Needs=[NEEDS, *needs], Grants=[GRANTS, undated])  # fmt: skip
    money = portfolio.picture(visit_of())
    assert money.is_unplaced
    for figure in (funding.covered(money), funding.gap(money)):
        assert figure.value is None and figure.shown == "–" and "1 of 1 signed grants" in figure.coverage
    chart = funding.cliff(money)
    assert chart.rows["signed"].isna().all() and chart.title == "Signed money and stated need by month"
    assert "not known" in funding.answer(money) and "0 %" not in funding.answer(money)
    assert four_questions.money(money).glance.lines == []
