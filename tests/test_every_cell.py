"""Nothing of a file vanishes: what of a cell, a row, a column or a sheet is not understood is said, and nothing is guessed."""

from __future__ import annotations

import json
import string
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from dashboard.upkeep.loading import Request, bring
from data_access import schema
from data_access.importers import files, formats, runs, tables, values, written_amounts, written_days
from data_access.importers.correct import write_corrections
from data_access.importers.outcomes import Outcome
from data_access.importers.records import Unreadable
from data_access.viewer import Which
from tests.conftest import examples, unavailable

pytestmark = pytest.mark.by_turns

TODAY = date(2026, 11, 25)
SIGNS = string.ascii_letters + "+-~%€$£#*()абвкмтü"
HEADINGS_360 = ["Identifier", "Currency", "Amount Awarded", "Award Date", "Recipient Org:Identifier", "Recipient Org:Name",
                "Funding Org:Identifier", "Funding Org:Name"]  # fmt: skip
ROW_360 = ["g1", "EUR", "1000", "2025-03-04", "R-1", "Lantern House", "F-1", "North Fund"]


def understood(read: Any, cell: str) -> Any:
    """What a reader makes of a cell; None where it says that it cannot."""
    try:
        return read(cell)
    except values.Bad:
        return None


@settings(max_examples=examples(500))
@given(st.integers(0, 10**9), st.sampled_from(SIGNS), st.booleans(), st.booleans())
def test_a_sign_beside_an_amount_never_changes_it_without_a_word(
    n: int, sign: str, in_front: bool, apart: bool
) -> None:
    gap = " " if apart else ""
    found = understood(written_amounts.money, f"{sign}{gap}{n}" if in_front else f"{n}{gap}{sign}")
    if found is not None and found.minor != n * 100:
        assert found.is_worked_out
    if found is not None and sign in "€$£":
        assert found.currency == {"€": "EUR", "$": "USD", "£": "GBP"}[sign]


@settings(max_examples=examples(500))
@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.sampled_from(SIGNS), st.integers(0, 10))
def test_a_sign_in_a_day_never_makes_another_day_of_it(day: date, sign: str, place: int) -> None:
    line = day.isoformat()
    assert understood(written_days.day, line[:place] + sign + line[place:]) in (None, day)


@settings(max_examples=examples(500))
@given(st.integers(0, 10**6), st.sampled_from(SIGNS), st.booleans())
def test_a_sign_in_a_count_of_people_is_refused(n: int, sign: str, in_front: bool) -> None:
    found = understood(written_amounts.whole, f"{sign}{n}" if in_front else f"{n}{sign}")
    assert found in (None, n) or sign == "-"


@settings(max_examples=examples(500))
@given(st.sampled_from(sorted(values.country_names())), st.sampled_from(SIGNS), st.booleans())
def test_a_sign_beside_a_country_names_no_other_one(name: str, sign: str, in_front: bool) -> None:
    assume(len(name) > 3)
    cell = f"{sign}{name}" if in_front else f"{name}{sign}"
    assume(cell.casefold() not in values.country_names())
    assert understood(values.countries, cell) in (None, [values.country_names()[name]])


@pytest.mark.parametrize(
    ("cell", "minor", "currency"),
    [
        ("15k €", 1_500_000, "EUR"),
        ("USD 3,000", 300_000, "USD"),
        ("20 тыс.", 2_000_000, None),
        ("€ 12.500,-", 1_250_000, "EUR"),
        ("1.2 million", 120_000_000, None),
        ("12 500 руб.", 1_250_000, "RUB"),
        ("2'500.50", 250_050, None),
        ("1 Mio. CHF", 100_000_000, "CHF"),
    ],
)
def test_amounts_as_people_type_them_are_read_with_every_sign(cell: str, minor: int, currency: str | None) -> None:
    found = written_amounts.money(cell)
    assert found is not None and (found.minor, found.currency) == (minor, currency)


@pytest.mark.parametrize(
    "cell",
    ["~20 000", "approx. 5000", "5,000-7,000", "(500)", "10 000 $ + 2000 €", "TBC", "1.500k", "3 apples", "5 k M"],
)
def test_an_amount_of_which_anything_is_left_over_is_refused(cell: str) -> None:
    with pytest.raises(values.Bad):
        written_amounts.money(cell)


@pytest.mark.parametrize(
    "cell",
    ["5 March 2026", "5. März 2026", "5 марта 2026 г.", "5-Mar-26", "March 5, 2026", "2026-03-05Z", "2026-03-05+02:00",
     "05.03.2026", "2026-03-05 14:30", "5 mars 2026"],
)  # fmt: skip
def test_days_as_people_write_them(cell: str) -> None:
    assert written_days.day(cell) == date(2026, 3, 5)


@pytest.mark.parametrize("cell", ["2026-03-05 or so", "spring 2026", "2026-03", "#REF!", "Loading..."])
def test_a_day_of_which_anything_is_left_over_is_refused(cell: str) -> None:
    with pytest.raises(values.Bad):
        written_days.day(cell)


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("Georgia / Armenia", ["GE", "AM"]),
        ("Lithuania and Latvia", ["LT", "LV"]),
        ("Грузия и Армения", ["GE", "AM"]),
        ("Georgia\nArmenia", ["GE", "AM"]),
        ("Georgia Armenia", ["GE", "AM"]),
        ("Congo, The Democratic Republic of the", ["CD"]),
        ("Korea, Republic of, Moldova", ["KR", "MD"]),
        ("Trinidad and Tobago", ["TT"]),
        ("NA", ["NA"]),
        ("n/a", []),
    ],
)
def test_every_country_of_a_cell_is_read(cell: str, named: list[str]) -> None:
    assert values.countries(cell) == named


def workbook(path: Path, *rows: list[Any], merged: tuple[str, ...] = (), title: str = "grants") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    book.save(path)
    return path


def loaded(engines: dict[Which, Engine], *paths: Path, source: str = "s") -> Outcome:
    return bring(engines, Request(source, list(paths)), TODAY, lambda _n: None)


def codes(done: Outcome) -> set[str]:
    return {problem.code for problem in done.problems}


def countries_of(engines: dict[Which, Engine]) -> list[str]:
    with engines["shared"].connect() as connection:
        return sorted(connection.scalars(select(schema.presence.c.host_country)))


def test_a_merged_cell_counts_for_each_of_its_rows_and_a_merged_number_once(empty, tmp_path: Path) -> None:
    file = workbook(
        tmp_path / "3w.xlsx",
        ["Organisation", "Country", "Sector", "People"],
        ["Lantern House", "Georgia", "media", 10],
        [None, "Armenia", "media", None],
        [None, "Lithuania", "media", None],
        merged=("A2:A4", "D2:D4"),
    )
    done = loaded(empty, file)
    assert countries_of(empty) == ["AM", "GE", "LT"] and done.rejected == 0 and "merged_cells" in codes(done)
    table = next(iter(tables.of(file, {"organisation", "country"})))
    assert [row.cells.get("People") for row in table.rows()] == [10, None, None]


def test_two_lines_of_headings_are_one(empty, tmp_path: Path) -> None:
    file = workbook(
        tmp_path / "3w.xlsx",
        ["Organisation", "Location", None, "Sector"],
        [None, "Country", "Region", None],
        ["Lantern House", "Georgia", "Tbilisi", "media"],
        merged=("A1:A2", "B1:C1", "D1:D2"),
    )
    assert loaded(empty, file).rejected == 0
    with empty["shared"].connect() as connection:
        rows = connection.execute(select(schema.presence.c.host_country, schema.presence.c.place)).all()
    assert [tuple(row) for row in rows] == [("GE", "Tbilisi")]


def test_a_hidden_sheet_is_left_out_and_named(empty, tmp_path: Path) -> None:
    path = workbook(tmp_path / "grants.xlsx", HEADINGS_360, ROW_360)
    book = openpyxl.load_workbook(path)
    old = book.create_sheet("old 2024", 0)
    old.append(HEADINGS_360)
    old.append([*ROW_360[:2], "500", *ROW_360[3:]])
    old.sheet_state = "hidden"
    book.save(path)
    done = loaded(empty, path)
    with empty["shared"].connect() as connection:
        assert list(connection.scalars(select(schema.grant.c.amount_minor))) == [100_000]
    (said,) = [problem for problem in done.problems if problem.code == "hidden_sheets"]
    assert "old 2024" in said.message


def test_columns_and_lines_that_are_no_data_are_said(empty, tmp_path: Path) -> None:
    file = tmp_path / "3w.csv"
    file.write_text(
        "Organisation,Country,Sector,Contact\nLantern House,Georgia,media,someone\nHarbour Desk,LT,media,\n"
        "Total organisations: 2,,,\nSource: the network,,,\n* figures are provisional,,,\n"
    )
    done = loaded(empty, file)
    said = {problem.code: problem.message for problem in done.problems}
    assert "Contact" in said["columns_not_read"] and "(1 value)" in said["columns_not_read"]
    assert "4, 5, 6" in said["notes_left_out"] and done.created["organisation"] == 2


def test_an_amount_in_another_currency_than_its_column_is_refused_and_a_multiplier_is_said(
    empty, tmp_path: Path
) -> None:
    rows = [[f"g{n}", "EUR", amount, *ROW_360[3:]] for n, amount in enumerate(("USD 3,000", "15k €", "1000"))]
    done = loaded(empty, workbook(tmp_path / "grants.xlsx", HEADINGS_360, *rows))
    with empty["shared"].connect() as connection:
        assert sorted(connection.scalars(select(schema.grant.c.amount_minor))) == [100_000, 1_500_000]
    wrong = [problem for problem in done.problems if not problem.is_warning]
    assert [(p.column, p.value, p.place.row) for p in wrong] == [("amountAwarded", "USD 3,000", 2)]
    assert "amount_worked_out" in codes(done)


def test_all_faults_of_a_row_are_told_at_once_with_column_and_value(empty, tmp_path: Path) -> None:
    file = tmp_path / "3w.csv"
    file.write_text(
        "Organisation,Country,Sector,Start date\nLantern House,Atlantis,media,soon\nHarbour Desk,LT,media,2025-01-01\n"
    )
    wrong = [problem for problem in loaded(empty, file).problems if not problem.is_warning]
    assert {(p.column, p.value) for p in wrong} == {("country", "Atlantis"), ("starts_on", "soon")}


@pytest.mark.parametrize("ending", ["ods", "xls"])
def test_workbooks_of_other_programs_are_read(empty, tmp_path: Path, ending: str) -> None:
    path = workbook(tmp_path / "grants.xlsx", HEADINGS_360, ROW_360)
    asked = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", ending,
             "--outdir", str(tmp_path), str(path)]  # fmt: skip
    try:
        subprocess.run(asked, check=True, capture_output=True, timeout=120)
    except FileNotFoundError:
        unavailable("LibreOffice is missing; install it with: apt install libreoffice-calc-nogui")
    assert formats.format_of(tmp_path / f"grants.{ending}", formats.Context()) == "360giving"
    assert loaded(empty, tmp_path / f"grants.{ending}").created["grant"] == 1


IATI = """<iati-activities version="2.03"><iati-activity default-currency="EUR"><iati-identifier>X-1</iati-identifier>
<reporting-org ref="F-1" type="60"><narrative>North Fund</narrative></reporting-org><title><narrative>T</narrative></title>
<participating-org ref="R-1" role="4"><narrative>Lantern House</narrative></participating-org>{places}
<transaction><transaction-type code="2"/>{first}<receiver-org ref="R-1"/>{here}</transaction>
<transaction><transaction-type code="2"/>{second}<receiver-org ref="R-1"/>{there}</transaction>
</iati-activity></iati-activities>"""


def test_countries_of_transactions_are_places_of_their_money_to_the_cent(empty, tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text(IATI.format(
        places="", here='<recipient-country code="GE"/>', there='<recipient-country code="AM"/>',
        first='<transaction-date iso-date="2025-03-01"/><value>60000</value>',
        second='<transaction-date iso-date="2025-03-01"/><value>30000.01</value>'))  # fmt: skip
    loaded(empty, file)
    with empty["shared"].connect() as connection:
        rows = connection.execute(
            select(
                schema.grant_country.c.host_country, schema.grant.c.amount_minor, schema.grant_country.c.share_bp
            ).join(schema.grant, schema.grant.c.id == schema.grant_country.c.grant_id)
        ).all()
    assert sorted(tuple(row) for row in rows) == [("AM", 3_000_001, 10_000), ("GE", 6_000_000, 10_000)]


def test_a_day_is_taken_where_a_publisher_wrote_it(empty, tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text(IATI.format(
        places='<recipient-country code="GE"/>', here="", there="",
        first='<value value-date="2025-06-15">10</value>',
        second='<transaction-date>2025-06-16Z</transaction-date><value>10</value>'))  # fmt: skip
    done = loaded(empty, file)
    with empty["shared"].connect() as connection:
        assert list(connection.scalars(select(schema.grant.c.committed_on))) == [date(2025, 6, 15)]
    assert done.rejected == 0


def signed(engines: dict[Which, Engine]) -> int:
    with engines["shared"].connect() as connection:
        return int(connection.scalar(select(func.coalesce(func.sum(schema.grant.c.amount_minor), 0))) or 0)


def test_the_same_grant_of_two_sources_counts_once_until_somebody_says_otherwise(empty, tmp_path: Path) -> None:
    loaded(empty, workbook(tmp_path / "one.xlsx", HEADINGS_360, ROW_360), source="one")
    two = workbook(tmp_path / "two.xlsx", HEADINGS_360, ["other", *ROW_360[1:]], ["more", "EUR", "7", *ROW_360[3:]])
    again = loaded(empty, two, source="two")
    assert signed(empty) == 100_700 and again.created["grant"] == 1
    (said,) = [problem for problem in again.problems if problem.code == "same_money"]
    assert said.value == "other" and "g1 of “one”" in said.message and said.is_warning
    once_more = loaded(empty, two, source="two")
    assert signed(empty) == 100_700 and (once_more.created["grant"], once_more.unchanged["grant"]) == (0, 1)
    both = bring(empty, Request("two", [two], counts_both=True), TODAY, lambda _n: None)
    assert signed(empty) == 200_700 and both.created["grant"] == 1


def test_two_equal_grants_of_one_source_are_two_and_are_matched_one_to_one(empty, tmp_path: Path) -> None:
    loaded(empty, workbook(tmp_path / "one.xlsx", HEADINGS_360, ROW_360), source="one")
    twice = [["a", *ROW_360[1:]], ["b", *ROW_360[1:]]]
    done = loaded(empty, workbook(tmp_path / "two.xlsx", HEADINGS_360, *twice), source="two")
    assert signed(empty) == 200_000 and done.created["grant"] == 1


def test_what_hung_on_a_grant_that_is_left_out_hangs_on_its_twin_and_a_load_of_it_can_be_undone(
    empty, tmp_path: Path
) -> None:
    heads = [*HEADINGS_360, "Amount Disbursed", "Beneficiary Location:Country Code"]
    loaded(empty, workbook(tmp_path / "one.xlsx", heads, [*ROW_360, "400", "GE"]), source="one")
    done = loaded(empty, workbook(tmp_path / "two.xlsx", heads, ["x", *ROW_360[1:], "400", "GE"]), source="two")
    assert (done.created["grant"], done.created["payment"], done.created["grant_country"]) == (0, 0, 0)
    with empty["shared"].connect() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.payment)) == 1
    runs.undo(empty["shared"], "shared", done.runs["shared"])
    assert signed(empty) == 100_000


def test_the_very_same_file_is_not_loaded_under_another_name(empty, tmp_path: Path) -> None:
    file = workbook(tmp_path / "one.xlsx", HEADINGS_360, ROW_360)
    loaded(empty, file, source="one")
    with pytest.raises(Unreadable, match="“one”"):
        loaded(empty, file, source="two")
    assert signed(empty) == 100_000


def test_numbers_of_cases_that_differ_by_zeros_are_proposed_over_loads_without_being_kept(
    empty, tmp_path: Path
) -> None:
    first, second = tmp_path / "march.csv", tmp_path / "april.csv"
    first.write_text("case number,opened,closed\n17,2026-01-05,\nKZ-18,2026-01-06,\n1900,2026-01-07,\n")
    second.write_text("case number,opened,closed\n0017,2026-01-05,2026-02-01\nkz 18,2026-01-06,\n190,2026-01-07,\n")
    assert "numbers_alike" not in codes(loaded(empty, first))
    said = [problem for problem in loaded(empty, second).problems if problem.code == "numbers_alike"]
    assert sorted(problem.place.row or 0 for problem in said) == [2, 3] and all(problem.is_warning for problem in said)
    assert not any(number in f"{said}" for number in ("0017", "kz 18"))
    assert "numbers_alike" not in codes(loaded(empty, second))


def test_a_title_above_a_table_does_no_harm_to_a_column_map(empty, tmp_path: Path) -> None:
    file = tmp_path / "partners.csv"
    file.write_text("Our partners in spring,,\n\nWho,Where,What\nLantern House,Georgia,media\n")
    columns = {"columns": {"Who": "organisation", "Where": "country", "What": "activity"}}
    done = bring(empty, Request("s", [file], None, columns), TODAY, lambda _n: None)
    assert done.rejected == 0 and countries_of(empty) == ["GE"]


def test_a_country_code_that_is_none_is_said(empty, tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    money = '<transaction-date iso-date="2025-03-01"/><value>10</value>'
    places = '<recipient-country code="XQ" percentage="40"/><recipient-country code="GE" percentage="60"/>'
    file.write_text(IATI.format(places=places, here="", there="", first=money, second=money))
    said = [problem for problem in loaded(empty, file).problems if problem.code == "bad_value"]
    assert [(p.column, p.value, p.is_warning) for p in said] == [("recipient-country", "XQ", True)]


PART = (
    '<iati-activity default-currency="EUR"><iati-identifier>{own}</iati-identifier><reporting-org ref="F" type="60">'
    '<narrative>North Fund</narrative></reporting-org><participating-org role="4" ref="R"><narrative>Lantern House</narrative>'
    '</participating-org><transaction><transaction-type code="2"/><transaction-date iso-date="2026-01-01"/>'
    '<value value-date="2026-01-01">{value}</value><receiver-org ref="R"><narrative>Lantern House</narrative></receiver-org>'
    '</transaction><related-activity ref="{related}" type="{type}"/></iati-activity>'
)


@pytest.mark.parametrize(("parts", "total"), [((60, 40), 10_000), ((60, 30), 19_000), ((0, 0), 10_000)])
def test_a_programme_whose_parts_state_its_money_counts_once(
    empty, tmp_path: Path, parts: tuple[int, int], total: int
) -> None:
    first, second = parts
    activities = [PART.format(own="P", value=100, related="P-1", type=2), PART.format(own="P-1", value=first, related="P", type=1),
                  PART.format(own="P-2", value=second, related="P", type=1)]  # fmt: skip
    file = tmp_path / "a.xml"
    file.write_text(f'<iati-activities version="2.03">{"".join(activities)}</iati-activities>')
    done = loaded(empty, file)
    assert signed(empty) == total and ("money_of_parts" in codes(done)) == (sum(parts) > 0)
    if sum(parts) == 100:
        bring(empty, Request("s", [file], counts_both=True), TODAY, lambda _n: None)
        assert signed(empty) == 20_000


def case_secrets(engines: dict[Which, Engine]) -> int:
    with engines["cases"].connect() as connection:
        return len(connection.execute(select(schema.case_meta).where(schema.case_meta.c.key == "reference_salt")).all())


def test_a_dry_run_or_a_refused_load_of_cases_writes_nothing_not_even_its_secret(empty, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("case,opened\n1,2026-01-05\n")
    bring(empty, Request("s", [log], dry_run=True), TODAY, lambda _n: None)
    broken = tmp_path / "broken.csv"
    broken.write_text("case,opened\n")
    with pytest.raises(Unreadable):
        bring(empty, Request("s", [broken], "case-log", {"columns": {"x": "nonsense"}}), TODAY, lambda _n: None)
    assert case_secrets(empty) == 0
    first = loaded(empty, log)
    assert case_secrets(empty) == 1 and first.created["relocation_case"] == 1
    assert loaded(empty, log).unchanged["relocation_case"] == 1


def test_rejected_awards_and_flows_of_json_come_back_as_a_table_that_loads(empty, tmp_path: Path) -> None:
    award = {"id": "g1", "currency": "EUR", "amountAwarded": "ten", "awardDate": "2025-03-04",
             "recipientOrganization": [{"id": "R", "name": "Lantern"}], "fundingOrganization": [{"id": "F", "name": "North"}],
             "beneficiaryLocation": [{"countryCode": "GE"}]}  # fmt: skip
    file, mend = tmp_path / "awards.json", tmp_path / "mend.xlsx"
    file.write_text(json.dumps({"grants": [award]}))
    done = loaded(empty, file)
    assert done.rejected == 1 and write_corrections(mend, done.problems) == 1
    book = openpyxl.load_workbook(mend)
    headings = [cell.value for cell in book.active[1]]
    book.active.cell(2, headings.index("amount awarded") + 1).value = 10
    book.save(mend)
    assert loaded(empty, mend).created["grant"] == 1 and signed(empty) == 1_000
    assert countries_of_grants(empty) == ["GE"]


def countries_of_grants(engines: dict[Which, Engine]) -> list[str]:
    with engines["shared"].connect() as connection:
        return sorted(connection.scalars(select(schema.grant_country.c.host_country)))


def test_what_a_program_wrote_wrongly_makes_no_workbook_to_mend(empty, tmp_path: Path) -> None:
    file, mend = tmp_path / "a.xml", tmp_path / "mend.xlsx"
    file.write_text(
        f'<iati-activities version="2.03">{PART.format(own="P", value="1,000", related="X", type=1)}</iati-activities>'
    )
    done = loaded(empty, file)
    assert done.rejected == 1 and write_corrections(mend, done.problems) == 0 and not mend.exists()


def test_an_attribute_of_many_megabytes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text(f'<iati-activities version="2.03" x="{"a" * 11_000_000}"><iati-activity/></iati-activities>')
    with pytest.raises(Unreadable, match="limit"):
        list(files.elements(file, "iati-activity"))


def test_outside_ids_of_any_length_and_signs_that_no_database_keeps_load_or_are_said(empty, tmp_path: Path) -> None:
    long = "g" * 400
    rows = [[long, *ROW_360[1:]], ["g2", "EUR", "ten \ud800", "2025-03-04", "R" * 300, "Lantern \ud800 Light", *ROW_360[6:]],
            ["g3", "EUR", "7", "2025-03-04", "R" * 300, "Lantern \x00 Light", *ROW_360[6:]]]  # fmt: skip
    file = tmp_path / "grants.json"
    names = ("id", "currency", "amountAwarded", "awardDate")
    awards = [
        dict(zip(names, row[:4], strict=True))
        | {
            "recipientOrganization": [{"id": row[4], "name": row[5]}],
            "fundingOrganization": [{"id": row[6], "name": row[7]}],
        }
        for row in rows
    ]
    file.write_text(json.dumps({"grants": awards}))
    done = loaded(empty, file)
    assert done.created["grant"] == 2 and done.rejected == 1
    assert loaded(empty, file).unchanged["grant"] == 2
