"""Lists of grants of which a cell, a heading, a head or a number can be read in two ways: refused, or said; never counted in silence."""

from __future__ import annotations

from datetime import date
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
from data_access.importers.values import Bad, countries
from data_access.importers.written_amounts import money
from data_access.importers.written_days import day
from tests.import_files import book
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


def sheets(engines, path: Path, **by_name: list[tuple[str, str]]) -> list[tuple[int, date | None]]:
    """Grants of one workbook whose sheets write amounts and days in ways of their own: amount and day."""
    head = ["id", "Org", "From", "Sum", "Day"]
    rows = {
        name: [head, *([f"{name}-{n}", f"Org {n}", "F", *cells] for n, cells in enumerate(own))]
        for name, own in by_name.items()
    }
    asked = Request("list", [book(path, **rows)], "360giving", {"columns": COLUMNS, "currency": "EUR"})
    done = bring(engines, asked, AS_OF, lambda _n: None)
    assert not done.rejected, done.problems
    with engines["shared"].connect() as connection:
        facts = select(schema.grant.c.amount_minor, schema.grant.c.committed_on).order_by(schema.grant.c.reference)
        return [(row[0], row[1]) for row in connection.execute(facts)]


EUROPEAN = [("1.500,00", "25.03.2024"), ("2.500,00", "05.04.2024")]
AMERICAN = [("1,500.00", "03/25/2024"), ("2,500.00", "04/05/2024")]
SAME = [(1_500_00, date(2024, 3, 25)), (2_500_00, date(2024, 4, 5))]


@pytest.mark.by_turns
def test_each_sheet_says_how_its_own_days_and_amounts_are_written(empty, tmp_path: Path) -> None:
    assert sheets(empty, tmp_path / "a.xlsx", A=EUROPEAN, B=AMERICAN) == SAME * 2


@pytest.mark.by_turns
def test_a_sheet_that_says_nothing_of_its_days_is_read_as_the_others_are(empty, tmp_path: Path) -> None:
    assert sheets(empty, tmp_path / "a.xlsx", A=AMERICAN, B=[("700.00", "04/05/2024")])[-1] == (
        700_00,
        date(2024, 4, 5),
    )


@pytest.mark.parametrize("name", ["ditto", "〃", '"', "Same as above", "то же", "s. o."])
def test_a_payer_of_another_row_is_refused(empty, name: str, tmp_path: Path) -> None:
    done = bring(
        empty,
        Request("list", [book(tmp_path / "a.xlsx", G=[[*COLUMNS], ["1", "A", name, 10, "2024-01-02"]])], "360giving",
                {"columns": COLUMNS, "currency": "EUR"}),
        AS_OF,
        lambda _n: None,
    )  # fmt: skip
    assert done.rejected == 1 and not grants(empty)


@pytest.mark.parametrize("name", ["TBD", "n.a.", "не указано", "0", "to be confirmed"])
def test_a_payer_whom_a_word_for_nobody_names_is_not_named(empty, name: str, tmp_path: Path) -> None:
    load(empty, tmp_path, f"id,Org,From,Sum,Day\n1,A,{name},10,2024-01-02\n")
    with empty["shared"].connect() as connection:
        assert connection.scalars(select(schema.grant.c.funder_id)).all() == [None]
        assert connection.scalars(select(schema.organisation.c.name)).all() == ["A"]


@pytest.mark.parametrize(("second", "is_refused"), [("Armenia", True), ("", False), ("Georgia", False)])
def test_of_two_columns_that_are_said_to_be_one_a_row_fills_one_or_the_list_is_refused(
    empty, second: str, is_refused: bool, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Name,Where,Where else\nA,Georgia,{second}\n")
    columns = {"Name": "organisation", "Where": "country", "Where else": "country"}
    asked = Request("list", [path], "3w", {"columns": columns})
    if is_refused:
        with pytest.raises(Unreadable, match="“Where”, “Where else”"):
            bring(empty, asked, AS_OF, lambda _n: None)
    else:
        assert bring(empty, asked, AS_OF, lambda _n: None).created["presence"] == 1


@pytest.mark.parametrize(
    ("cell", "named"),
    [("Kosovo*", "XK"), ("U.K.", "GB"), ("U.S.A.", "US"), ("Republic of Georgia", "GE"), ("Georgia, Republic of", "GE"),
     ("Rep. of Moldova", "MD"), ("The Gambia", "GM"), ("Georgia [1]", "GE"), ("Грузия¹", "GE"), ("🇬🇪", "GE"), ("🇬🇪 Georgia", "GE"),
     ("Georgia (GE)", "GE"), ("Republic of China", "TW")],
)  # fmt: skip
def test_a_country_is_known_by_its_formal_name_with_its_mark_flag_or_code(cell: str, named: str) -> None:
    assert countries(cell) == [named]


@pytest.mark.parametrize("cell", ["Georgia (DE)", "State of Georgia", "Germany (Berlin)", "Germany?"])
def test_what_stands_beside_a_country_and_is_not_its_own_is_refused(cell: str) -> None:
    with pytest.raises(Bad):
        countries(cell)


@pytest.mark.parametrize(
    ("cell", "told"),
    [("Mon 04/11/2024", date(2024, 11, 4)), ("Thu, 11/04/2024", date(2024, 4, 11)), ("вт, 5 марта 2024", date(2024, 3, 5)),
     ("Di, 05.03.2024", date(2024, 3, 5)), ("Tue, March 5, 2024", date(2024, 3, 5)), ("mar 5 2024", date(2024, 3, 5)),
     ("Mon 05/03/2024", None), ("Fri, 5 March 2024", None)],
)  # fmt: skip
def test_a_weekday_tells_day_and_month_apart_and_one_that_is_not_of_its_day_is_refused(
    cell: str, told: date | None
) -> None:
    if told is None:
        with pytest.raises(Bad, match="weekday"):
            day(cell, Evidence())
    else:
        assert day(cell, Evidence()) == told
