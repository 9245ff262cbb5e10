"""Files that say one thing and are easily read as another: refused or said, and never read in silence."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font
from sqlalchemy import select

from dashboard.upkeep.loading import Request, bring
from data_access import schema
from data_access.importers import files, tables, written_days
from data_access.importers.outcomes import Outcome
from data_access.importers.records import Unreadable
from data_access.importers.values import Bad
from tests.small_loads import AS_OF
from tests.test_corrected_files import iati, money, sent, threesixty


def loaded(engines, path: Path) -> Outcome:
    return bring(engines, Request("partner", [path]), AS_OF, lambda _n: None)


def codes(done: Outcome) -> set[str]:
    return {problem.code for problem in done.problems}


def test_shares_of_a_country_that_is_stated_twice_are_added(empty, tmp_path: Path) -> None:
    shares = "".join(
        f'<recipient-country code="{code}" percentage="{n}"/>' for code, n in (("GE", 30), ("GE", 30), ("AM", 40))
    )
    content = iati(country="GE").replace('<recipient-country code="GE"/>', shares)
    done = loaded(empty, sent(tmp_path, "twice", content))
    assert money(empty)["places"] == [("AM", 4_000), ("GE", 6_000)] and "shares_under_100" not in codes(done)


def test_a_transaction_in_several_countries_goes_to_each(empty, tmp_path: Path) -> None:
    content = iati(country="", place="GE").replace('<recipient-country code="GE"/>', '<recipient-country code="GE" percentage="25"/>'
                                                   '<recipient-country code="AM" percentage="75"/>')  # fmt: skip
    loaded(empty, sent(tmp_path, "several", content))
    assert money(empty)["places"] == [("AM", 7_500), ("GE", 2_500)]


@pytest.mark.parametrize("is_named", [True, False])
def test_who_reports_what_others_did_is_not_the_funder(empty, is_named: bool, tmp_path: Path) -> None:
    funder = '<participating-org ref="XM-R" role="1"><narrative>Real Funder</narrative></participating-org>'
    content = iati().replace('type="10">', 'type="10" secondary-reporter="1">')
    content = content.replace("<activity-status", f"{funder}<activity-status") if is_named else content
    loaded(empty, sent(tmp_path, "secondary", content))
    payer = select(schema.organisation.c.name).join_from(
        schema.grant, schema.organisation, schema.grant.c.funder_id == schema.organisation.c.id, isouter=True
    )
    with empty["shared"].connect() as connection:
        assert connection.execute(payer).scalars().all() == (["Real Funder"] if is_named else [None])


def test_a_grant_to_several_and_money_in_another_currency_are_refused(empty, tmp_path: Path) -> None:
    several, other = json.loads(threesixty("GE", 1)), json.loads(threesixty("GE", 1))
    several["grants"][0]["recipientOrganization"].append({"id": "XI-B", "name": "Org B"})
    other["grants"][0] |= {"id": "360G-f-2", "amountDisbursed": "500 USD"}
    done = loaded(empty, sent(tmp_path, "several", json.dumps({"grants": [*several["grants"], *other["grants"]]})))
    assert "several_organisations" in codes(done) and done.rejected == 1
    assert money(empty)["paid"] == [] and len(money(empty)["grants"]) == 1
    assert any("USD" in problem.message for problem in done.problems)


def test_of_a_row_that_cannot_be_read_only_the_columns_that_are_read_are_kept(empty, tmp_path: Path) -> None:
    path = tmp_path / "3w.csv"
    path.write_text("Organisation,Country,Sector,Passport\nOrg A,Nowhereland,media,75 123456\nOrg B,Georgia,media,\n")
    done = loaded(empty, path)
    assert done.rejected == 1
    with empty["shared"].connect() as connection:
        kept = connection.execute(select(schema.import_issue.c.raw_row)).scalars().all()
    assert any(row and "Nowhereland" in row for row in kept) and not any(row and "123456" in row for row in kept)


def test_an_ending_before_the_opening_and_no_number_of_people_are_said(empty, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "case,stage,date,people\nC1,closed,2024-04-20,2\nC1,opened,2024-05-01,2\nC2,opened,2024-01-01,-4\nC3,opened,2024-01-01,1\n"
    )
    done = loaded(empty, path)
    assert {"ended_before_it_began", "bad_value"} <= codes(done) and done.rejected == 1


def ods(path: Path, rows: str) -> Path:
    """A workbook of another program with one sheet, Grants, of these rows of XML."""
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Grants">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", files.OPEN_DOCUMENT)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return path


def test_an_error_in_an_ods_workbook_is_refused_and_no_empty_cell(tmp_path: Path) -> None:
    cell = (
        '<table:table-row table:number-rows-repeated="2"/>'
        '<table:table-row><table:table-cell office:value-type="string"><text:p>G1</text:p></table:table-cell>'
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error">'
        "<text:p>#DIV/0!</text:p></table:table-cell></table:table-row>"
    )
    with pytest.raises(Unreadable, match=r"Grants.*row 3"):
        files.shown_beside(ods(tmp_path / "grants.ods", cell))


def test_numbers_of_an_ods_workbook_are_read_with_what_they_show_beside_them(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    def words(*texts: str) -> str:
        return "".join(
            f'<table:table-cell office:value-type="string"><text:p>{one}</text:p></table:table-cell>' for one in texts
        )

    def number(kind: str, value: float, shown: str) -> str:
        return f'<table:table-cell office:value-type="{kind}" office:value="{value}"><text:p>{shown}</text:p></table:table-cell>'

    rows = (
        row(words("ID", "Funder"), '<table:table-cell table:number-columns-repeated="2"/>', words("Amount")),
        *(
            row(words(name, "F"), '<table:table-cell table:number-columns-repeated="2"/>', number(kind, value, shown))
            for name, kind, value, shown in (
                ("A", "percentage", 0.5, "50%"), ("B", "currency", 1234.5, "1.234,50 €"), ("C", "float", 15, "15 тыс. ₽"),
                ("D", "float", 1000000, "1 000 000"), ("E", "float", -70, "(70)"),
            )
        ),
    )  # fmt: skip
    (table,) = tables.of(ods(tmp_path / "a.ods", "".join(rows)), {"id", "funder", "amount"})
    assert [line.cells["Amount"] for line in table.rows()] == ["50 %", "1234.5 EUR", "15 tsd RUB", 1_000_000, -70]


GRANTS_CSV = "ID,Recipient,Funder,Currency,Amount\n"


def read_table(folder: Path, content: str, name: str = "grants.csv") -> tables.Table:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    (table,) = tables.of(path, {"id", "recipient", "funder", "currency", "amount"})
    return table


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (GRANTS_CSV + "G1,Org A,Fund F,EUR,5,000\n", "line 2: holds more than the 5 cells"),
        (GRANTS_CSV + 'G1,Org A,"Fund F,EUR,5000\nG2,Org B,Fund F,EUR,1\n', "line 3"),
        (GRANTS_CSV + "G1,A,F,EUR,1\nID,Recipient,Funder,Currency,Sum\nG2,B,F,EUR,2\n", "row 3: another table begins"),
        (
            "Grants 2024,,,,\nall amounts in thousand EUR,,,,\n" + GRANTS_CSV + "G1,A,F,EUR,12\n",
            "row 2: “all amounts in",
        ),
    ],
)
def test_a_table_that_says_more_than_its_cells_is_refused(content: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=re.escape(why)):
        list(read_table(tmp_path, content).rows())


@pytest.mark.parametrize(
    ("heading", "cell", "read"),
    [
        ("Betrag (Tsd. €)", "12", "12 tsd EUR"),
        ("Amount USD", "12.50", "12.50 USD"),
        ("Сумма, тыс. руб.", "12", "12 tsd RUB"),
        ("Amount (in millions)", "1.2", "1.2 mio"),
        ("Amount", "12", "12"),
        ("USD", "1.08", "1.08"),
        ("Amount USD", "12 500 USD", "12 500 USD"),
    ],
)
def test_what_a_heading_says_of_its_amounts_is_said_of_each(heading: str, cell: str, read: str, tmp_path: Path) -> None:
    table = read_table(tmp_path, f'ID,Recipient,Funder,Currency,"{heading}"\nG1,A,F,EUR,{cell}\n')
    assert next(table.rows()).cells[heading] == read


@pytest.mark.parametrize(
    ("label", "is_total"),
    [
        ("Total", True), ("Subtotal Georgia", True), ("Summe 2024", True), ("Gesamtsumme", True), ("Zwischensumme:", True),
        ("Total général", True), ("TOTAL GRANTS", True), ("Grand Total (EUR)", True), ("Итого за 2024 год", True),
        ("Total Peace e.V.", False), ("Summer School", False), ("Sum of Us", False), ("Totalitarianism Archive", False),
    ],
)  # fmt: skip
def test_rows_of_totals_are_no_data_and_names_that_begin_alike_are(label: str, is_total: bool, tmp_path: Path) -> None:
    table = read_table(tmp_path, f"{GRANTS_CSV}G1,Org A,Fund F,EUR,1000\n{label},,,EUR,1000\n,{label},,EUR,1000\n")
    assert len(list(table.rows())) == (1 if is_total else 3)
    assert table.set_aside == ({"totals": [3, 4]} if is_total else {})


def test_a_text_that_changes_its_encoding_on_the_way_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "grants.csv"
    path.write_bytes(
        GRANTS_CSV.encode() + b"G1,Org,Fund,EUR,1\n" * 20_000 + "G2,Организация,Fund,EUR,1\n".encode("cp1251")
    )
    with pytest.raises(Unreadable, match="another encoding"):
        list(next(tables.of(path, {"id", "recipient", "amount"})).rows())


def test_an_encoding_that_had_to_be_guessed_is_said(empty, tmp_path: Path) -> None:
    file = tmp_path / "3w.csv"
    names = "".join(f"Организация номер {n},Georgia,media\n" for n in range(20))
    file.write_bytes(f"Organisation,Country,Sector\n{names}".encode("cp1251"))
    said = {problem.code: problem.message for problem in loaded(empty, file).problems}
    assert "cp1251" in said["encoding_guessed"]


def sheet(path: Path, rows: list[list[Any]], formats: dict[str, str] | None = None, merged: str = "") -> Path:
    """A workbook whose rows end with their last cell, as spreadsheets write them."""
    made = openpyxl.Workbook()
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row, 1):
            made.active.cell(number, place, cell)
    for cell, number_format in (formats or {}).items():
        made.active[cell].number_format = number_format
    if merged:
        made.active.merge_cells(merged)
    made.save(path)
    return path


def amounts_in(path: Path) -> list[Any]:
    (table,) = tables.of(path, {"recipient", "funder", "amount"})
    return [row.cells["Amount"] for row in table.rows()]


HEADINGS = ["Recipient", "Funder", "Amount"]


def test_a_row_that_ends_early_is_the_same_row(tmp_path: Path) -> None:
    rows = [HEADINGS, ["A", "F", 1], ["Rejected"], ["B", "F", 2], ["Source: the chat of the group"]]
    (table,) = tables.of(sheet(tmp_path / "a.xlsx", rows), {"recipient", "funder", "amount"})
    found = [row for row in table.rows() if not table.heads_section(row)]
    assert [row.cells["Recipient"] for row in found] == ["A", "B"]
    assert {kind: list(at) for kind, at in table.set_aside.items()} == {"sections": [3], "notes": [5]}


@pytest.mark.parametrize(
    ("cell", "shown"), [(9000, '#,##0.00 "€"'), (9000, "General"), ("9 000 EUR", "General"), ("EUR 9000", "General")]
)
def test_an_amount_that_is_merged_over_rows_counts_once_whatever_stands_beside_it(
    tmp_path: Path, cell: Any, shown: str
) -> None:
    rows = [HEADINGS, ["A", "F", cell], ["B", "F"], ["C", "F"]]
    assert amounts_in(sheet(tmp_path / "a.xlsx", rows, {"C2": shown}, "C2:C4"))[1:] == [None, None]


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        ('#,##0,"k€"', "1500000 EUR"),
        ('#,##0,\\ "тыс. ₽"', "1500000 RUB"),
        ('0.0,,"M€"', "1500000 EUR"),
        ("_-* #,##0.00\\ _€_-", 1_500_000),
        ("#,##0_);(#,##0)", 1_500_000),
        ('0" тыс. €"', "1500000 tsd EUR"),
        ("#,##0 [$Kč-405]", "1500000 CZK"),
    ],
)
def test_what_a_format_only_shows_changes_no_number(tmp_path: Path, shown: str, read: Any) -> None:
    """Thousands that the format itself takes away, and blanks as wide as a sign."""
    assert amounts_in(sheet(tmp_path / "a.xlsx", [HEADINGS, ["A", "F", 1_500_000]], {"C2": shown})) == [read]


LIST = {"Org": "recipient", "From": "funder", "Sum": "amountAwarded", "Day": "awardDate"}
GRANTS = [["Org", "From", "Sum", "Day"], ["A", "F", "100 EUR", "2024-01-15"], ["A", "F", "200 EUR", "2024-02-15"], ["B", "F", "50 EUR", "2024-03-01"]]  # fmt: skip


def amounts_of(engines, path: Path) -> list[int]:
    bring(engines, Request("list", [path], "360giving", {"columns": LIST}), AS_OF, lambda _n: None)
    with engines["shared"].connect() as connection:
        return sorted(connection.execute(select(schema.grant.c.amount_minor)).scalars())


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(path)
    return path


def test_a_sheet_that_adds_up_the_others_is_refused_and_names_itself(empty, tmp_path: Path) -> None:
    added_up = [["Org", "From", "Sum"], ["A", None, "300 EUR"], ["B", None, "50 EUR"]]
    with pytest.raises(Unreadable, match="“By hand”"):
        amounts_of(empty, workbook(tmp_path / "list.xlsx", {"By hand": added_up, "Grants": GRANTS}))
    other = [*added_up[:2], ["B", None, "60 EUR"]]
    assert amounts_of(empty, workbook(tmp_path / "other.xlsx", {"Pledged later": other, "Grants": GRANTS})) == [
        5_000, 6_000, 10_000, 20_000, 30_000,
    ]  # fmt: skip


def test_the_same_grants_in_another_year_are_other_grants(empty, tmp_path: Path) -> None:
    years = {
        year: [GRANTS[0], ["A", "F", "100 EUR", f"{year}-01-15"], ["B", "F", "50 EUR", f"{year}-03-01"]]
        for year in ("2023", "2024")
    }
    assert amounts_of(empty, workbook(tmp_path / "years.xlsx", years)) == [5_000, 5_000, 10_000, 10_000]


def test_rows_that_are_struck_through_are_said(empty, tmp_path: Path) -> None:
    path = workbook(tmp_path / "struck.xlsx", {"Grants": GRANTS})
    book = openpyxl.load_workbook(path)
    for cell in book["Grants"][3]:
        cell.font = Font(strike=True)
    book.save(path)
    done = bring(empty, Request("list", [path], "360giving", {"columns": LIST}), AS_OF, lambda _n: None)
    assert [problem.message for problem in done.problems if problem.code == "struck_rows"] == [
        "1 row is struck through; it was read."
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_quotation_mark_left_open_swallows_no_rows(empty, delimiter: str, tmp_path: Path) -> None:
    rows = [["Org", "From", "Sum", "Day"], *([name, "F", "100 EUR", "2024-01-15"] for name in ('"A', "B", 'C"', "D"))]
    path = tmp_path / "open.csv"
    path.write_text("\n".join(map(delimiter.join, rows)) + "\n")
    with pytest.raises(Unreadable, match="line 4: a cell that begins with a quotation mark"):
        amounts_of(empty, path)


def test_prose_of_several_lines_in_a_cell_swallows_nothing(empty, tmp_path: Path) -> None:
    path = tmp_path / "prose.csv"
    path.write_text(
        'Org,From,Sum,Day,About\nA,F,100 EUR,2024-01-15,"media, law, schools, shelter,\nand more, of it, in all, towns"\n'
        "B,F,50 EUR,2024-01-16,law\n"
    )
    assert amounts_of(empty, path) == [5_000, 10_000]


@pytest.mark.parametrize(
    "cell", ["01.02.2024 15.03.24", "01.02.2024 15.03.2024", "01.02.2024 31.03", "2024-02-01 25:10"]
)
def test_two_days_in_a_cell_are_no_day_with_a_time(cell: str) -> None:
    with pytest.raises(Bad):
        written_days.day(cell)
