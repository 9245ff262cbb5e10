"""A way on for a table in no known format: its columns are proposed, somebody says what they are, and it loads as said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import func, select

from dashboard.answers import uploads
from dashboard.commands.cli import main
from dashboard.page.forms import (
    Sent,
)
from dashboard.page.visit import open_visit
from dashboard.upkeep.loading import Request, bring
from data_access import addresses, connections, schema
from data_access.importers import formats, proposals, tables, template
from data_access.importers.records import Context, Record, Unreadable
from data_access.vocabulary import code_rows
from tests.conftest import STEWARD, open_sample_visit

pytestmark = pytest.mark.by_turns

TODAY = date(2026, 11, 25)
VOCABULARY: dict[str, set[str]] = {}
for _row in code_rows():
    VOCABULARY.setdefault(_row["facet"], set()).add(_row["code"])
CONTEXT = Context("s", VOCABULARY)
RUSSIAN = (
    "Список групп,,,,\n,,,,\nНазвание,Страна,Деятельность,С какого года,Заметки\n"
    "Дом Фонарь,Грузия / Армения,legal_aid,весна 2022,дубль?\nПричал,Литва,media,2022-03-01,\nЛипа,удалённо,помощь,,\n"
)
AIRTABLE = (
    "\ufeffName,Countries,Type of work,Started,Budget,Website\n"
    'Lantern House,"Georgia,Armenia","legal_aid,media",3/4/2022,"€15,000.00",https://example.org\n'
    "Harbour Desk,Lithuania,media,12/31/2022,,\n"
)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def said(found: proposals.Proposal | None) -> dict[str, str]:
    assert found is not None
    return {column.heading: column.what for column in found.columns if column.what}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (RUSSIAN, {"Название": "organisation", "Страна": "country", "Деятельность": "activity", "С какого года": "starts_on"}),
        (AIRTABLE, {"Name": "organisation", "Countries": "country", "Type of work": "activity", "Started": "starts_on"}),
        ("Träger;Gastland;Ort;Telefon\nHaus;Georgien;Tiflis;1\n", {"Träger": "organisation", "Gastland": "country", "Ort": "place"}),
        ("Who;nowhere known;x\nLantern;Georgia;1\nHarbour;Armenia;2\n", {"nowhere known": "country"}),
    ],
    ids=["Russian under a title", "Airtable", "German", "told by content"],
)  # fmt: skip
def test_columns_are_proposed_by_heading_and_content(text: str, columns: dict[str, str], tmp_path: Path) -> None:
    assert said(proposals.propose([written(tmp_path / "t.csv", text)], CONTEXT)) == columns


def test_a_list_of_grants_is_told_from_a_list_of_initiatives(tmp_path: Path) -> None:
    file = written(tmp_path / "t.csv", "Получатель,Сумма,Донор,Дата\nДом Фонарь,20 тыс. €,North Fund,05.03.2026\n")
    found = proposals.propose([file], CONTEXT)
    assert found is not None and found.kind == "grants"
    assert said(found) == {"Получатель": "recipient", "Сумма": "amountAwarded", "Донор": "funder", "Дата": "awardDate"}


def test_a_column_of_other_content_is_not_proposed_for_its_heading(tmp_path: Path) -> None:
    file = written(tmp_path / "t.csv", "Name,Country\nLantern House,someone@example.org\n")
    assert said(proposals.propose([file], CONTEXT)) == {"Name": "organisation"}


@pytest.fixture
def kobo(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    form, repeat = book.active, book.create_sheet("projects")
    form.title = "Survey"
    for line in [["start", "org/Name of your organisation", "org/Where do you work? country", "org/Where do you work? country/Georgia",
                  "work/What do you do?", "_uuid", "_index"],
                 ["2026-03-04T10:00:00.000+03:00", "Lantern House", "Georgia Armenia", 1, "legal_aid media", "u1", 1],
                 ["2026-03-05T10:00:00.000+03:00", "Harbour Desk", "Lithuania", 0, "media", "u2", 2]]:  # fmt: skip
        form.append(line)
    for line in [["Project name", "_index", "_parent_table_name", "_parent_index"], ["Legal desk", 1, "Survey", 1],
                 ["Podcast", 2, "Survey", 2]]:  # fmt: skip
        repeat.append(line)
    book.save(tmp_path / "kobo.xlsx")
    return tmp_path / "kobo.xlsx"


def test_repeated_answers_stand_beside_those_of_their_form(kobo: Path, empty) -> None:
    found = proposals.propose([kobo], CONTEXT)
    assert said(found) == {
        "org/Name of your organisation": "organisation", "org/Where do you work? country": "country",
        "work/What do you do?": "activity", "Project name": "project",
    }  # fmt: skip
    assert found is not None and "start" not in found.column_map["columns"]
    assert "org/Where do you work? country/Georgia" in found.column_map["columns"]
    bring(empty, Request("s", [kobo], "3w", found.column_map), TODAY, lambda _n: None)
    with empty["shared"].connect() as connection:
        of_whom = select(schema.project.c.name, schema.organisation.c.name).join(schema.organisation)
        assert {("Legal desk", "Lantern House"), ("Podcast", "Harbour Desk")} <= {
            tuple(r) for r in connection.execute(of_whom)
        }
        codes = select(schema.project_facet.c.code).join(schema.project).where(schema.project.c.name == "Legal desk")
        assert set(connection.scalars(codes)) == {"legal_aid", "media", "GE", "AM"}


def test_what_a_map_says_of_values_is_read_in_every_row_and_nothing_else_changes(tmp_path: Path, empty) -> None:
    file = written(tmp_path / "t.csv", RUSSIAN)
    found = proposals.propose([file], CONTEXT)
    assert found is not None
    read_as = {
        "country": {"удалённо": "-"},
        "activity": {"помощь": "legal_aid"},
        "starts_on": {"весна 2022": "2022-04-01"},
    }
    done = bring(empty, Request("s", [file], "3w", {**found.column_map, "values": read_as}), TODAY, lambda _n: None)
    assert done.rejected == 0 and done.created["organisation"] == 3 and done.created["presence"] == 3
    again = bring(empty, Request("s", [file], "3w"), TODAY, lambda _n: None)
    assert again.rejected == 0 and not any(again.created.values())
    without = bring(empty, Request("s", [file], "3w", found.column_map, dry_run=True), TODAY, lambda _n: None)
    assert {problem.value for problem in without.problems if not problem.is_warning} == {"удалённо", "весна 2022"}


def test_a_list_of_grants_without_references_loads_by_what_it_says(tmp_path: Path, empty) -> None:
    text = "Кому,Сумма,Дата,Где\nДом Фонарь,20 тыс.,05.03.2026,Грузия / Армения\nПричал,5000,06.03.2026,Литва\n"
    file = written(tmp_path / "t.csv", text)
    columns = {"Кому": "recipient", "Сумма": "amountAwarded", "Дата": "awardDate", "Где": "country"}
    column_map = {"columns": columns, "funder": "North Fund", "currency": "EUR"}
    done = bring(empty, Request("s", [file], None, column_map), TODAY, lambda _n: None)
    assert done.rejected == 0 and done.created["grant"] == 2 and done.created["grant_country"] == 3
    again = bring(empty, Request("s", [file]), TODAY, lambda _n: None)
    assert not any(again.created.values()) and again.unchanged["grant"] == 2
    with empty["shared"].connect() as connection:
        assert connection.scalar(select(func.sum(schema.grant.c.amount_minor))) == 2_500_000


def test_an_unknown_table_is_refused_with_a_way_on_and_no_command(tmp_path: Path) -> None:
    with pytest.raises(formats.UnknownFormat, match="which of its columns is which") as refusal:
        formats.format_of(written(tmp_path / "t.csv", AIRTABLE), CONTEXT)
    assert "--" not in str(refusal.value) and "meridian " not in str(refusal.value)


def test_nothing_a_file_is_answered_with_names_an_option_of_the_command_line() -> None:
    folder = Path(tables.__file__).parent
    named = [(path.name, line) for path in folder.glob("*.py") for line in path.read_text().splitlines()
             if '"' in line and any(f"--{word}" in line for word in ("map", "as", "snapshot", "confirm", "corrections"))]  # fmt: skip
    assert named == []


def test_the_command_writes_a_proposal_that_loads(
    tmp_path: Path, own_sample: addresses.Urls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert own_sample
    file, out = written(tmp_path / "t.csv", AIRTABLE), tmp_path / "map.json"
    assert main(["map", str(file), str(out)]) == 0
    assert (
        json.loads(out.read_text())["columns"]["Name"] == "organisation" and "Lantern House" in capsys.readouterr().out
    )
    assert main(["import", str(file), "--source", "a", "--as", "3w", "--map", str(out), "--dry-run"]) == 0
    assert "rejected rows and sheets: 0" in capsys.readouterr().out


@pytest.fixture
def steward(own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch) -> Iterator[addresses.Urls]:
    monkeypatch.setenv(addresses.UPLOADS_VARIABLE, "1")
    yield own_sample
    open_visit(None)


def initiatives(urls: addresses.Urls) -> int:
    with connections.open_reader(urls.shared).connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(schema.organisation)) or 0)


def test_in_the_browser_a_steward_says_what_columns_are_and_how_values_are_read_and_takes_the_load_back(
    steward: addresses.Urls,
) -> None:
    visit, before = open_sample_visit(STEWARD), initiatives(steward)
    sent = Sent("Volunteers", [("t.csv", RUSSIAN.encode())], None)
    kinds, is_needed = uploads.table_kinds(visit, sent) or ({}, False)
    assert is_needed and next(iter(kinds)) == "initiatives"
    columns = {heading: what for heading, _examples, what in kinds["initiatives"].columns}
    sent = uploads.with_columns(sent, "initiatives", columns, kinds["initiatives"], is_needed=is_needed)
    met = {(fault.what, fault.value): fault for fault in uploads.faults(sent)}
    assert set(met) == {("starts_on", "весна 2022"), ("country", "удалённо"), ("activity", "помощь")}
    assert "legal_aid" in (met["activity", "помощь"].options or {})
    assert list(uploads.first_rows(sent, "initiatives").rows["country"]) == ["GE, AM", "LT", "?"]
    sent = uploads.with_values(sent, {"starts_on": {"весна 2022": "-"}, "country": {"удалённо": "-"}})
    assert list(uploads.first_rows(sent, "initiatives").rows["country"]) == ["GE, AM", "LT", ""]
    done = uploads.take(visit, sent, lambda _n: None, dry_run=False)
    assert done.rejected == 0 and initiatives(steward) == before + 3
    kept, needed_again = uploads.table_kinds(visit, Sent("Volunteers", sent.files, None)) or ({}, True)
    assert not needed_again and {h: w for h, _e, w in kept["initiatives"].columns}["Название"] == "organisation"
    run = str(done.runs["shared"])
    assert run in uploads.undoable(open_sample_visit(STEWARD))
    assert int(uploads.would_undo(run).rows["taken_out"].sum()) == sum(done.created.values())
    uploads.undo(visit, run, lambda _n: None)
    assert initiatives(steward) == before
    with pytest.raises(Unreadable, match="no finished run"):
        uploads.undo(visit, run, lambda _n: None)


def test_a_known_table_is_read_as_it_is_unless_somebody_says_otherwise(steward: addresses.Urls) -> None:
    visit = open_sample_visit(STEWARD)
    assert steward
    text = "Organisation,Country,Sector,Remarks\nLantern House,Georgia,media,x\n"
    sent = Sent("Register", [("t.csv", text.encode())], None)
    kinds, is_needed = uploads.table_kinds(visit, sent) or ({}, True)
    columns = {heading: what for heading, _examples, what in kinds["initiatives"].columns}
    assert not is_needed and columns["Remarks"] == ""
    assert uploads.with_columns(sent, "initiatives", columns, kinds["initiatives"], is_needed=False) == sent
    other = uploads.with_columns(
        sent, "initiatives", columns | {"Remarks": "place"}, kinds["initiatives"], is_needed=False
    )
    assert other.column_map == {"columns": columns | {"Remarks": "place"}}


def test_a_file_whose_columns_are_known_asks_nothing(steward: addresses.Urls) -> None:
    assert steward
    flows = Sent("FTS", [("f.json", b'{"grants": [{"id": "1"}]}')], None)
    damaged = Sent("x", [("f.xlsx", b"PK\x03\x04 no archive")], None)
    assert uploads.table_kinds(open_sample_visit(STEWARD), flows) is None
    assert uploads.table_kinds(open_sample_visit(STEWARD), damaged) is None


@pytest.mark.parametrize(
    ("cells", "is_country"),
    [
        (["no"] * 9 + ["yes"], False), (["NO"] * 6, False), (["No", "Yes", "No", "No", "No", "No"], False),
        (["nein", "ja"] * 5, False), (["ru", "de", "pl", "ru"] * 3, False), (["LT"] * 8, False),
        (["LT", "GE", "PL", "LT"] * 3, True), (["Lithuania"] * 8, True), (["Грузия", "Литва"] * 4, True),
        (["LT, GE", "PL"] * 4, True),
    ],
)  # fmt: skip
def test_content_alone_says_country_only_where_it_can_be_nothing_else(
    cells: list[str], is_country: bool, tmp_path: Path
) -> None:
    """A column "Gives money" of "no" made Norway of every group."""
    path = tmp_path / "list.csv"
    path.write_text("Name;Xyz\n" + "".join(f"Group {n};{cell}\n" for n, cell in enumerate(cells)), encoding="utf-8")
    found = proposals.propose([path], CONTEXT, "initiatives")
    assert found is not None
    assert ({column.heading: column.what for column in found.columns}["Xyz"] == "country") is is_country


@pytest.mark.parametrize("language", template.LANGUAGES)
@pytest.mark.parametrize("sheet", template.sheets(), ids=lambda sheet: sheet.entity)
def test_one_sheet_of_ours_saved_as_a_file_of_its_own_is_that_sheet(
    sheet: template.Sheet, language: str, tmp_path: Path
) -> None:
    for fields in (sheet.fields, [field for field in sheet.fields if field.required]):
        path = tmp_path / "sheet.csv"
        headings = [f"{field.titles[language]} *" if field.required else field.titles[language] for field in fields]
        path.write_text(",".join(headings) + "\n" + ",".join("x" for _heading in headings) + "\n", encoding="utf-8")
        (table,) = tables.of(path, {heading for one in template.sheets() for heading in one.headings()})
        met = template.sheet_by_headings(table)
        assert met in ((sheet,) if fields is sheet.fields and len(headings) > 2 else (sheet, None))


def test_a_csv_of_the_templates_initiatives_loads_as_the_workbook_does(tmp_path: Path) -> None:
    sheet = next(one for one in template.sheets() if one.entity == "organisation")
    said = {
        "slug": "g-1", "name": "Lantern House", "is_initiative": "yes", "is_funder": "no", "independence": "independent",
        "visibility": "aggregate_only",
    }  # fmt: skip
    rows = [{field.titles["en"]: said[field.name] for field in sheet.fields if field.name in said}]
    assert len(rows[0]) == len(said)
    csv_file, book_file = tmp_path / "groups.csv", tmp_path / "book.xlsx"
    csv_file.write_text("\n".join(",".join(line) for line in (rows[0].keys(), rows[0].values())), encoding="utf-8")
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = sheet.titles["en"]
    for line in (rows[0].keys(), rows[0].values()):
        book.active.append(list(line))
    book.save(book_file)
    read = [
        [(one.entity, one.values) for one in formats.read([path], CONTEXT)[1] if isinstance(one, Record)]
        for path in (csv_file, book_file)
    ]
    assert formats.format_of(csv_file, CONTEXT) == "template"
    assert read[0] == read[1] and len(read[0]) == 1


@pytest.mark.parametrize(
    ("heading", "never"),
    [
        ("Amount requested", "amountAwarded"),
        ("Requested amount (EUR)", "amountAwarded"),
        ("Grant amount applied for", "amountAwarded"),
        ("Beantragte Summe", "amountAwarded"),
        ("Summe laut Antrag", "amountAwarded"),
        ("Запрошенная сумма", "amountAwarded"),
        ("Сумма заявленная", "amountAwarded"),
        ("Budget amount", "amountAwarded"),
        ("Сумма заявки", "amountAwarded"),
        ("Испрашиваемая сумма", "amountAwarded"),
        ("Ожидаемая сумма", "amountAwarded"),
        ("Сколько просили", "amountAwarded"),
        ("Amount spent", "amountAwarded"),
        ("Amount matched by others", "amountAwarded"),
        ("Montant demandé", "amountAwarded"),
        ("Bewilligt", "awardDate"),
        ("Дата подання", "awardDate"),
        ("Дата поступления", "awardDate"),
        ("Дата начала", "awardDate"),
        ("End date", "awardDate"),
        ("Дата рождения", "awardDate"),
        ("Remaining amount", "amountAwarded"),
        ("Amount not paid", "amountDisbursed"),
        ("Application date", "awardDate"),
        ("Deadline date", "awardDate"),
        ("Date of report", "awardDate"),
        ("Дата подачи", "awardDate"),
        ("Datum des Antrags", "awardDate"),
    ],
)
def test_what_was_asked_for_or_is_left_or_due_is_never_proposed_as_what_was_granted(
    tmp_path: Path, heading: str, never: str
) -> None:
    cell = "2024-03-01" if never == "awardDate" and heading != "Bewilligt" else "4000"
    text = f"Recipient,{heading}\nGroup A,{cell}\nGroup B,{cell}\n"
    found = proposals.propose([written(tmp_path / "t.csv", text)], CONTEXT, "grants")
    assert found is not None
    assert never not in said(found).values()


OTHER_COUNTRIES = ("Country of origin", "Гражданство", "Страна происхождения", "Страна регистрации", "Страна донора",
                   "Staatsangehörigkeit", "Donor country")  # fmt: skip


@pytest.mark.parametrize("kind", ["initiatives", "grants", "cases"])
def test_a_country_people_or_money_come_from_is_never_proposed_as_where_somebody_works(
    tmp_path: Path, kind: str
) -> None:
    first = "Case number" if kind == "cases" else "Name"
    rows = [[first, *OTHER_COUNTRIES], *([str(n), *[country] * 7] for n, country in enumerate(("Russia", "Belarus")))]
    found = proposals.propose([written(tmp_path / "t.csv", "\n".join(map(",".join, rows)))], CONTEXT, kind)
    assert found is not None and not {"country", "funder", "recipient"} & set(said(found).values())


@pytest.mark.parametrize(
    ("heading", "what"),
    [("Дата рождения", ""), ("Дата выезда", ""), ("Received visa", ""), ("Submitted to embassy", ""), ("Дата решения", ""),
     ("Дата закрытия", "closed"), ("Дата обращения", "opened"), ("Дата въезда", "entry"), ("Date received", "opened")],
)  # fmt: skip
def test_a_day_of_something_else_is_never_proposed_as_that_of_a_cases_opening_or_end(
    tmp_path: Path, heading: str, what: str
) -> None:
    text = f"Case number,{heading}\n1,2024-03-01\n2,2024-05-13\n"
    found = proposals.propose([written(tmp_path / "t.csv", text)], CONTEXT, "cases")
    assert found is not None and said(found).get(heading, "") == what


@pytest.mark.parametrize(
    ("heading", "what"),
    [
        ("Amount awarded in EUR", "amountAwarded"),
        ("Сумма гранта", "amountAwarded"),
        ("Bewilligte Summe", "amountAwarded"),
        ("Сумма гранта, евро", "amountAwarded"),
        ("Grant size, thousand EUR", "amountAwarded"),
        ("Одобрено", "amountAwarded"),
        ("Bewilligt", "amountAwarded"),
        ("Дата начала", "starts"),
        ("Projektende", "ends"),
        ("Date signed", "awardDate"),
        ("Дата подписания", "awardDate"),
        ("Paid out so far", "amountDisbursed"),
        ("Restricted grant amount", "amountAwarded"),
    ],
)
def test_what_was_granted_signed_and_paid_is_proposed(tmp_path: Path, heading: str, what: str) -> None:
    cell = "4000" if what.startswith("amount") else "2024-03-01"
    text = f'Recipient,"{heading}"\nGroup A,{cell}\nGroup B,{cell}\n'
    found = proposals.propose([written(tmp_path / "t.csv", text)], CONTEXT, "grants")
    assert found is not None
    assert said(found)[heading] == what
