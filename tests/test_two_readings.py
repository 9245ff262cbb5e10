"""Lists of grants of which a cell, a heading, a head or a number can be read in two ways: refused, or said; never counted in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from dashboard.upkeep.loading import Request, bring
from data_access import schema
from data_access.importers import grant_status, heading_lines
from data_access.importers.evidence import Evidence
from data_access.importers.outcomes import Outcome
from data_access.importers.records import Unreadable
from data_access.importers.stated_whole import NumberOfAnother
from data_access.importers.values import Bad
from data_access.importers.written_amounts import money
from tests.small_loads import AS_OF

COLUMNS = {"id": "id", "Org": "recipient", "From": "funder", "Sum": "amountAwarded", "Day": "awardDate"}


def load(engines, folder: Path, text: str, source: str = "list") -> Outcome:
    path = folder / f"{source}.csv"
    path.write_text(text)
    asked = Request(source, [path], "360giving", {"columns": COLUMNS, "currency": "EUR"})
    return bring(engines, asked, AS_OF, lambda _n: None)


def grants(engines) -> list[tuple[int, str]]:
    with engines["shared"].connect() as connection:
        found = connection.execute(select(schema.grant.c.amount_minor, schema.grant.c.status))
        return sorted((row[0], row[1]) for row in found)


def test_a_number_that_another_source_gave_to_somebody_elses_grant_takes_nothing_away(empty, tmp_path: Path) -> None:
    load(empty, tmp_path, "id,Org,From,Sum,Day\n1,A,F,100,2024-01-02\n", "prague")
    with pytest.raises(NumberOfAnother, match="row 2"):
        load(empty, tmp_path, "id,Org,From,Sum,Day\n1,B,G,7,2024-05-02\n", "oslo")
    assert grants(empty) == [(100_00, "commitment")]


def test_another_amount_under_the_number_of_another_source_is_said(empty, tmp_path: Path) -> None:
    load(empty, tmp_path, "id,Org,From,Sum,Day\n1,A,F,100,2024-01-02\n", "prague")
    done = load(empty, tmp_path, "id,Org,From,Sum,Day\n1,A,F,120,2024-01-02\n", "oslo")
    assert "another_amount" in {problem.code for problem in done.problems} and grants(empty) == [(120_00, "commitment")]


@pytest.mark.parametrize(
    "said",
    ["Closed Lost", "Approved in principle", "Conditionally approved", "предварительно одобрено", "почти подписан", "Fundable",
     "vorläufig bewilligt", "Funding sought", "Recommended by committee", "Partly signed", "Paid back"],
)  # fmt: skip
def test_a_state_that_is_half_true_is_none(said: str) -> None:
    with pytest.raises(Bad):
        grant_status.status_of(said)


@pytest.mark.parametrize(
    ("head", "status"),
    [("Cancelled grants", "cancelled"), ("Отменены", "cancelled"), ("Pledged", "pledge"), ("Signed", "commitment"),
     ("Open Society Foundations", "commitment"), ("Planned Giving Trust", "commitment")],
)  # fmt: skip
def test_the_head_of_a_section_says_what_became_of_its_grants_and_a_payers_name_does_not(
    empty, head: str, status: str, tmp_path: Path
) -> None:
    load(empty, tmp_path, f"Org,From,Sum,Day\nA,F,100,2024-01-02\n{head},,,\nB,F,200,2024-01-02\n")
    assert grants(empty) == [(100_00, "commitment"), (200_00, status)]


@pytest.mark.parametrize("head", ["Not yet signed", "Не подписано", "To be confirmed", "Pipeline", "Wishlist"])
def test_below_a_head_that_says_they_are_not_signed_no_grant_counts(empty, head: str, tmp_path: Path) -> None:
    load(empty, tmp_path, f"Org,From,Sum,Day\nA,F,100,2024-01-02\n{head},,,\nB,F,200,2024-01-02\n")
    assert grants(empty) == [(100_00, "commitment")]


@pytest.mark.parametrize("line", ["in thousand EUR", "* Amounts in thousand EUR", "Суммы в тыс. евро"])
def test_a_line_that_counts_in_thousands_is_refused_wherever_it_stands(empty, line: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="not written out"):
        load(empty, tmp_path, f"Org,From,Sum,Day\nA,F,100,2024-01-02\nB,F,200,2024-01-02\n{line},,,\n")


@pytest.mark.parametrize("total", ["Итог", "Celkem", "Viso", "Ukupno", "Totaal"])
def test_totals_are_known_in_the_languages_of_host_countries(empty, total: str, tmp_path: Path) -> None:
    load(empty, tmp_path, f"Org,From,Sum,Day\nA,,100,2024-01-02\nB,,200,2024-01-02\n{total},,300,\n")
    assert grants(empty) == [(100_00, "commitment"), (200_00, "commitment")]


@pytest.mark.parametrize(
    ("rows", "is_said"),
    [("Tot.,F,300,\n", True), ("Tot.,F,301,\n", False), ("Tot.,F,300,2024-02-01\n", False)],
)
def test_a_row_without_a_day_that_adds_up_the_others_is_said_whatever_it_is_called(
    empty, rows: str, is_said: bool, tmp_path: Path
) -> None:
    done = load(empty, tmp_path, f"Org,From,Sum,Day\nA,F,100,2024-01-02\nB,F,200,2024-01-02\n{rows}")
    assert ("may_be_a_total" in {problem.code for problem in done.problems}) == is_said


@pytest.mark.parametrize(
    ("heading", "said"),
    [("Выделено, тыс.", "tsd"), ("Bewilligt in Tsd.", "tsd"), ("Approved (USD)", "USD"), ("Montant (milliers €)", "tsd EUR"),
     ("Kwota (tys. EUR)", "tsd EUR"), ("Amount (×1000)", "tsd"), ("USD", ""), ("Exchange rate USD", ""), ("Row 000", ""),
     ("Country", "")],
)  # fmt: skip
def test_a_heading_says_thousands_and_currencies_in_any_words_of_money(heading: str, said: str) -> None:
    assert heading_lines.beside(heading) == said


@pytest.mark.parametrize(
    ("cells", "cell"),
    [(("0.5",), "1.234"), (("1,5", "2,25"), "1,234"), (("12.50", "350.75"), "1.234"), (("12,50", "350,75"), "12,345")],
)
def test_thousandths_of_money_are_thousands_or_nothing(cells: tuple[str, ...], cell: str) -> None:
    with pytest.raises(Bad, match="two ways"):
        money(cell, Evidence.of([*cells, cell]))
