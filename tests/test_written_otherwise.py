"""The same thing written otherwise by a spreadsheet or a keyboard: numbers without their zeros, letters that look alike, days
that were exchanged. Nothing counts twice, and no day is taken for another, without a word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dashboard.upkeep.loading import Request, bring
from data_access.importers.outcomes import Outcome
from data_access.importers.records import Unreadable
from data_access.importers.written_otherwise import folded, plain_number
from data_access.viewer import Which
from tests.import_files import book
from tests.small_loads import AS_OF

Engines = Mapping[Which, Engine]
LISTED = {"No": "id", "Org": "recipient", "From": "funder", "Sum": "amountAwarded", "Day": "awardDate"}


def load(engines: Engines, path: Path, rows: list[list[Any]], **said: Any) -> Outcome:
    """A list of grants: number, recipient, funder, amount, day."""
    book(path, Grants=[list(LISTED), *rows])
    request = Request("s", [path], "360giving", {"columns": LISTED, "currency": "EUR"}, **said)
    return bring(engines, request, AS_OF, lambda _n: None)


def codes(done: Outcome) -> list[str]:
    return [problem.code for problem in done.problems]


def stored(engines: Engines, what: str) -> list[Any]:
    with engines["shared"].connect() as connection:
        return sorted(connection.scalars(text(what)))


FIRST = [["001", "Org A", "Fund F", 100, "2024-03-20"], ["A-002", "Org B", "Fund F", 200, "2024-03-21"]]


@pytest.mark.parametrize(
    "again",
    [
        [["1", "Org A", "Fund F", 100, "2024-03-20"]],
        [["a 2", "Org B", "Fund F", 250, "2024-03-21"]],
        [["А-002", "Org B", "Fund F", 200, "2024-03-21"]],
        [[2, "Org Z", "Fund F", 5, "2024-03-21"], [1.0, "Org A", "Fund F", 100, "2024-03-20"]],
    ],
    ids=["without zeros", "other separators and capitals", "a letter of another script", "as a figure"],
)
def test_a_grant_whose_number_comes_again_written_otherwise_counts_once_until_somebody_says_so(
    engines: dict[Which, Engine], tmp_path: Path, again: list[list[Any]]
) -> None:
    load(engines, tmp_path / "a.xlsx", FIRST)
    with pytest.raises(Unreadable, match=r"all there is.*both count"):
        load(engines, tmp_path / "b.xlsx", again)
    assert len(stored(engines, 'SELECT id FROM "grant"')) == 2
    load(engines, tmp_path / "b.xlsx", again, counts_both=True)
    assert len(stored(engines, 'SELECT id FROM "grant"')) == 2 + len(again)
    load(engines, tmp_path / "c.xlsx", [[*row[:3], 9, row[4]] for row in again])
    assert len(stored(engines, 'SELECT id FROM "grant" WHERE amount_minor = 900')) == len(again)


def test_the_whole_list_may_number_its_grants_otherwise(engines: dict[Which, Engine], tmp_path: Path) -> None:
    load(engines, tmp_path / "a.xlsx", FIRST)
    load(engines, tmp_path / "b.xlsx", [["1", *FIRST[0][1:]]], is_snapshot=True)
    assert stored(engines, 'SELECT reference FROM "grant"') == ["1"]


def test_numbers_that_are_others_are_no_question(engines: dict[Which, Engine], tmp_path: Path) -> None:
    load(engines, tmp_path / "a.xlsx", [["1-12", *FIRST[0][1:]], ["2024-1", *FIRST[1][1:]]])
    others = [["11-2", "Org A", "Fund F", 5, "2024-03-20"], ["2024-10", "Org B", "Fund F", 5, "2024-03-21"]]
    assert "numbers_alike" not in codes(load(engines, tmp_path / "b.xlsx", others))
    assert len(stored(engines, 'SELECT id FROM "grant"')) == 4


def test_two_numbers_of_one_list_that_are_one_written_otherwise_are_said(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    done = load(engines, tmp_path / "a.xlsx", [*FIRST, ["1", "Org C", "Fund F", 7, "2024-03-20"]])
    (said,) = [problem for problem in done.problems if problem.code == "numbers_alike"]
    assert said.value in ("1", "001") and said.is_warning


def test_names_that_only_look_alike_are_proposed_however_short(engines: dict[Which, Engine], tmp_path: Path) -> None:
    rows = [["1", "Сова", "Fund F", 100, "2024-03-20"], ["2", "Cова", "Fund F", 100, "2024-03-20"]]
    assert codes(load(engines, tmp_path / "a.xlsx", rows)).count("similar_organisation") == 1


def test_a_case_number_with_a_letter_of_another_script_is_said(engines: dict[Which, Engine], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("case,opened\nB-1,2024-01-02\nВ-1,2024-01-02\n", encoding="utf-8")
    done = bring(engines, Request("s", [path], "case-log", {"route": "asylum"}), AS_OF, lambda _n: None)
    assert "numbers_alike" in codes(done)


def test_numbers_and_names_are_compared_without_what_hands_and_spreadsheets_change() -> None:
    assert len({plain_number(one) for one in ("АК-007/1", "AK 7.01", "ak_007-1")}) == 1
    assert len({plain_number(one) for one in ("1-12", "11-2", "112")}) == 3
    assert folded("СОВА") == folded("COBA") != folded("сови")


def day_cells(*days: Any) -> list[list[Any]]:
    return [[str(n), f"Org {n}", "Fund F", 100 + n, one] for n, one in enumerate(days)]


@pytest.mark.parametrize(
    ("left", "refused"),
    [
        (["13/02/2024", "25.12.2024"], 2),
        (["02/13/2024"], 2),
        (["13/02/2024", "05/02/2024"], 0),
        (["2024-02-13"], 0),
        ([], 0),
    ],
    ids=[
        "day first left",
        "month first left",
        "both kinds left",
        "no figures of which order could be mistaken",
        "none left",
    ],
)
def test_days_that_a_spreadsheet_made_where_it_could_mistake_their_order_are_refused(
    engines: dict[Which, Engine], tmp_path: Path, left: list[str], refused: int
) -> None:
    """Which dates of a column it left as text tells how it read the others."""
    made = [date(2024, 3, 2), date(2024, 12, 5), date(2024, 7, 7)]
    done = load(engines, tmp_path / "a.xlsx", day_cells(*left, *made))
    bad = [problem for problem in done.problems if not problem.is_warning]
    assert len(bad) == refused and all("exchanged" in problem.message for problem in bad)
    assert len(stored(engines, 'SELECT id FROM "grant"')) == len(left) + 3 - refused


def test_a_day_beyond_the_12th_shows_that_the_spreadsheet_read_the_column_as_it_is_written(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    done = load(engines, tmp_path / "a.xlsx", day_cells("13/02/2024", date(2024, 3, 2), date(2024, 12, 25)))
    assert not [problem for problem in done.problems if not problem.is_warning]


def test_days_that_a_spreadsheet_may_have_exchanged_are_refused_in_lists_of_cases_too(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    rows = [["1", "13/02/2024"], ["2", date(2024, 3, 2)], ["3", date(2024, 12, 5)], ["4", date(2024, 7, 7)]]
    path = book(tmp_path / "a.xlsx", Log=[["case", "opened"], *rows])
    done = bring(engines, Request("s", [path], "case-log", {"route": "asylum"}), AS_OF, lambda _n: None)
    assert [problem.place.row for problem in done.problems if "exchanged" in problem.message] == [3, 4]
    with engines["cases"].connect() as connection:
        assert len(list(connection.scalars(text("SELECT id FROM relocation_case")))) == 2


FLOWS = "id,amountUSD,srcOrganization,destOrganization,boundary,onBoundary,status,date\n"


@pytest.mark.parametrize("written", ["3.500", "250.000", "1.250.000", "3,500"])
def test_a_flow_whose_amount_a_spreadsheet_wrote_again_is_refused_where_thousands_may_be_meant(
    engines: dict[Which, Engine], tmp_path: Path, written: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        f'{FLOWS}1,"{written}",F,A,incoming,single,paid,2024-03-02\n2,0.250,F,A,incoming,single,paid,2024-03-02\n'
    )
    done = bring(engines, Request("s", [path], "fts"), AS_OF, lambda _n: None)
    (bad,) = [problem for problem in done.problems if not problem.is_warning]
    assert bad.value.removesuffix(" USD") == written
    assert stored(engines, 'SELECT amount_minor FROM "grant"') == [25]


def test_days_of_flows_that_a_spreadsheet_wrote_again_are_read_by_what_their_column_shows(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        f"{FLOWS}1,5,F,A,incoming,single,commitment,2/3/2024\n2,7,F,A,incoming,single,commitment,2/13/2024\n"
    )
    bring(engines, Request("s", [path], "fts"), AS_OF, lambda _n: None)
    assert stored(engines, 'SELECT committed_on FROM "grant"') in (
        [date(2024, 2, 3), date(2024, 2, 13)],
        ["2024-02-03", "2024-02-13"],
    )


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_table_of_flows_loads_as_its_publisher_writes_it(
    engines: dict[Which, Engine], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        path.write_text(
            f"{FLOWS}1,725689,F,A,incoming,single,paid,2024-03-02\n2,7.5,F,A,incoming,single,paid,2024-03-02\n"
        )
    else:
        same = ["F", "A", "incoming", "single", "paid", date(2024, 3, 2)]
        book(path, Flows=[FLOWS.strip().split(","), [1, 725689, *same], [2, 7.5, *same]])
    done = bring(engines, Request("s", [path], "fts"), AS_OF, lambda _n: None)
    assert not [problem for problem in done.problems if not problem.is_warning]
    assert stored(engines, 'SELECT amount_minor FROM "grant"') == [750, 72_568_900]
