"""Amounts are read as a person reads them from the screen of a spreadsheet: with what headings, titles and formats say beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, text

from dashboard.upkeep.loading import Request, bring
from data_access import database
from data_access.importers import heading_lines, kinds_of_rows, values, written_amounts, written_days
from data_access.importers.evidence import Evidence
from data_access.importers.records import Unreadable
from tests.small_loads import AS_OF

Engines = dict[database.Which, Engine]
MAP = {"columns": {"R": "recipient", "F": "funder", "A": "amountAwarded", "D": "awardDate"}, "currency": "EUR"}


def grants(engines: Engines) -> list[tuple[int | None, str | None]]:
    with engines["shared"].connect() as connection:
        asked = text('SELECT g.amount_minor, g.currency FROM "grant" g ORDER BY g.amount_minor')
        return [(row.amount_minor, row.currency) for row in connection.execute(asked)]


def load(engines: Engines, path: Path, **own: Any) -> Any:
    return bring(engines, Request("x", [path], column_map=MAP | own), AS_OF, lambda _n: None)


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        (heading, "tsd")
        for heading in ("Betrag in T€", "Amount (000 EUR)", "Amount EUR 000", "Amount 000s", "Amount x1000", "Amount in 1.000 EUR",
                        "Amount (k)", "Amount, thous. EUR", "Grants (th. EUR)", "Сумма, TEUR", "Сумма, тис. грн", "тыс. евро",
                        "Размер, тыс. евро", "Förderung in Tsd. €")
    ] + [(heading, "mio") for heading in ("Amount (€m)", "Summe (Mill. €)")],
)  # fmt: skip
def test_a_heading_says_in_which_unit_its_amounts_are(heading: str, said: str) -> None:
    assert heading_lines.beside(heading).split()[0] == said


@pytest.mark.parametrize(
    "heading",
    [
        "Amount awarded",
        "Amount EUR",
        "Betrag in EUR",
        "Grant 2024",
        "Amount of the month",
        "Grants above 10 000 EUR",
        "Grants bis 5.000 EUR",
    ],
)
def test_a_heading_without_a_unit_says_none(heading: str) -> None:
    assert not {"tsd", "mio"} & set(heading_lines.beside(heading).split())


@pytest.mark.parametrize(
    ("title", "scales"),
    [("Alle Angaben in TEUR", True), ("тыс. рублей", True), ("All figures in €k", True), ("Figures: EUR '000", True),
     ("Grants of more than 1 million EUR", False), ("Grants for 20 thousand people", False), ("Grants in 2024", False)],
)  # fmt: skip
def test_a_title_above_a_table_says_in_which_unit_its_amounts_are(title: str, scales: bool) -> None:
    assert heading_lines._scales(title) == scales


@pytest.mark.parametrize(
    ("number_format", "said"),
    [('#,##0 "₽"', "RUB"), ("[$$-409]#,##0.00", "USD"), ('0" тыс."', "tsd"), ("#,##0.00 [$€-407]", "EUR"), ("#,##0.00", ""),
     ("#,##0\\ [$USD]", "USD"), ("[$-409]d-mmm-yy", ""), ('0" чел."', ""), ("0%", "")],
)  # fmt: skip
def test_a_number_format_says_what_is_shown_beside_a_number(number_format: str, said: str) -> None:
    assert heading_lines.beside_of_format(number_format) == said


def test_cells_are_loaded_with_the_currency_and_the_thousands_that_they_show(engines: Engines, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["R", "F", "A"], ["K", "X", 100_000], ["D", "X", 5_000], ["M", "X", 15], ["O", "X", 417.375]):
        sheet.append(row)
    for cell, shown in (("C2", '#,##0 "₽"'), ("C3", "[$$-409]#,##0.00"), ("C4", '0" тыс. евро"'), ("C5", '0.00 "€"')):
        sheet[cell].number_format = shown
    book.save(tmp_path / "shown.xlsx")
    own = {name: value for name, value in MAP.items() if name != "currency"} | {"currency": ""}
    bring(engines, Request("x", [tmp_path / "shown.xlsx"], column_map=own), AS_OF, lambda _n: None)
    assert grants(engines) == [(417_38, "EUR"), (5_000_00, "USD"), (15_000_00, "EUR"), (100_000_00, "RUB")]


def test_two_numbers_in_a_cell_are_no_number(engines: Engines, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('R;F;A;D\nK;X;"500\n300";2025-01-03\nD;X;"700\nEUR";2025-01-03\n', encoding="utf-8")
    done = load(engines, tmp_path / "a.csv")
    assert done.rejected == 1 and grants(engines) == [(700_00, "EUR")]
    with pytest.raises(values.Bad):
        written_amounts.decimal("500\n300")


@pytest.mark.parametrize("number", [417.125, 1.5, 1234.567, 0.125, 12.0, -3.250, 1e-7, 999.999])
def test_a_number_of_a_cell_written_as_text_is_the_same_number(number: float) -> None:
    assert float(written_amounts.decimal(written_amounts.as_text(number)) or 0) == number


@pytest.mark.parametrize(
    "word", ["Ковчег Итог", "Fund A Total", "Общий итог", "Gesamtergebnis", "Kovcheg Ergebnis", "Усього"]
)
def test_a_line_that_a_spreadsheet_added_as_a_total_is_no_grant(word: str) -> None:
    assert kinds_of_rows.kind_of([word, None, 3000, None]) == "totals"
    assert kinds_of_rows.kind_of([word, "Fund", 3000, "2025-01-03"]) == "data"


@pytest.mark.parametrize(
    ("said", "kind"), [("No", "new"), ("0", "new"), ("not a regrant", "new"), ("FRG010", "regrant"), ("", "new")]
)
def test_a_type_of_re_grant_that_says_no_makes_none(engines: Engines, tmp_path: Path, said: str, kind: str) -> None:
    (tmp_path / "a.csv").write_text(f"R;F;A;D;T\nK;X;500;2025-01-03;{said}\n", encoding="utf-8")
    load(engines, tmp_path / "a.csv", columns=MAP["columns"] | {"T": "regrantType"})  # type: ignore[operator]
    with engines["shared"].connect() as connection:
        assert list(connection.scalars(text('SELECT kind FROM "grant"'))) == [kind]


def test_a_map_that_calls_two_columns_the_amount_is_refused(engines: Engines, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("R;F;2024;2025\nK;X;1000;2000\nD;X;5000;\n", encoding="utf-8")
    columns = {"R": "recipient", "F": "funder", "2024": "amountAwarded", "2025": "amountAwarded"}
    with pytest.raises(Unreadable, match=r"2024.*2025"):
        load(engines, tmp_path / "a.csv", columns=columns)


def test_rows_that_differ_in_a_column_that_is_not_read_are_several_and_said(engines: Engines, tmp_path: Path) -> None:
    rows = "".join(f"K;X;1000;;{month}\n" for month in ("January", "February", "March", "March"))
    (tmp_path / "a.csv").write_text("R;F;A;D;Month\n" + rows, encoding="utf-8")
    done = load(engines, tmp_path / "a.csv")
    assert grants(engines) == [(1_000_00, "EUR")] * 3
    codes = [problem.code for problem in done.problems]
    assert codes.count("alike_but_for_what_is_not_read") == 2 and codes.count("same_row_twice") == 1
    assert not load(engines, tmp_path / "a.csv").created


def test_the_country_of_a_map_holds_for_grants_that_leave_it_open_and_its_words_are_read(
    engines: Engines, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("R;F;A;C\nK;X;100;Tbilisi\nL;X;200;\nM;X;300;Serbia\n", encoding="utf-8")
    columns = {"R": "recipient", "F": "funder", "A": "amountAwarded", "C": "country"}
    load(engines, tmp_path / "a.csv", columns=columns, country="Armenia", values={"country": {"Tbilisi": "GE"}})
    with engines["shared"].connect() as connection:
        asked = (
            'SELECT g.amount_minor, c.host_country FROM grant_country c JOIN "grant" g ON g.id = c.grant_id ORDER BY 1'
        )
        found = [tuple(row) for row in connection.execute(text(asked))]
    assert found == [(100_00, "GE"), (200_00, "AM"), (300_00, "RS")]


@pytest.mark.parametrize(
    ("column", "read"),
    [(["25-01-10", "25-03-11"], False), (["25-03-24"], False), (["25-03-24", "05-04-24"], True), (["25.03.24"], True),
     (["31-12-99"], True), (["2025-03-04"], True), (["25-03-2024"], True)],
)  # fmt: skip
def test_a_day_that_may_begin_or_end_with_its_year_is_asked_about(column: list[str], read: bool) -> None:
    evidence = Evidence.of(column)
    if read:
        assert written_days.day(column[0], evidence)
    else:
        with pytest.raises(values.Bad):
            written_days.day(column[0], evidence)


@pytest.mark.parametrize("shown", ["0%", "0.00 %", "#,##0%"])
def test_a_cell_that_shows_a_percentage_is_no_amount(engines: Engines, tmp_path: Path, shown: str) -> None:
    book = openpyxl.Workbook()
    for row in (["R", "F", "A"], ["Org A", "Fund", 0.5], ["Org B", "Fund", 300]):
        book.active.append(row)
    book.active["C2"].number_format = shown
    book.save(tmp_path / "a.xlsx")
    done = load(engines, tmp_path / "a.xlsx", columns={"R": "recipient", "F": "funder", "A": "amountAwarded"})
    assert [problem.value for problem in done.problems if not problem.is_warning] == ["50 %"]
    assert grants(engines) == [(30_000, "EUR")]


def test_a_recipient_called_as_a_line_of_totals_is_said(engines: Engines, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("R,F,A\nOrg A,Fund,100\nTotal of Org A and Org B,Fund,100\n", encoding="utf-8")
    done = load(engines, path, columns={"R": "recipient", "F": "funder", "A": "amountAwarded"})
    assert [problem.place.row for problem in done.problems if problem.code == "may_be_a_total"] == [3]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Euro", "EUR"),
        ("долл. США", "USD"),
        ("US dollars", "USD"),
        ("руб.", "RUB"),
        ("£", "GBP"),
        ("gel", "GEL"),
        ("Лари", "GEL"),
    ],
)
def test_a_column_of_currencies_may_name_them_in_words(word: str, code: str) -> None:
    assert written_amounts.currency(word) == code
    with pytest.raises(values.Bad):
        written_amounts.currency(f"{word} or so")
