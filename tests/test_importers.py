"""Loading: a round trip of our workbook, idempotence, updates that keep the old, undo, and bad rows that come back."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, text

from dashboard.commands.cli import main
from data_access import addresses, case_summaries, connections, database, rights, schema
from data_access.importers import (
    entities,
    load,
    outcomes,
    runs,
    tables,
    template,
    values,
    write_template,
    written_amounts,
    written_days,
)
from data_access.importers.evidence import Evidence
from data_access.importers.records import Problem, Record
from tests.case_files import case
from tests.conftest import some
from tests.import_files import CONTEXT, TODAY, book, rows_of


def contents(engines: Any) -> dict[str, list]:
    """Everything the template covers, by name and not by running number."""
    found = {}
    for sheet in template.sheets():
        names = [field.name for field in sheet.fields if field.name != "key"]
        rows = write_template._dumped(engines, sheet.entity)
        plain = [[row.get(name) for name in names] for row in rows]
        if sheet.entity == "partnership":
            plain = [[*sorted(row[:2]), *row[2:]] for row in plain]
        found[sheet.entity] = sorted(map(repr, plain))
    return found


def read(path: Path) -> Iterator[Record | Problem]:
    return template.read([path], CONTEXT)


@pytest.mark.parametrize("empty", some(["sqlite", "postgresql"], 2), indirect=True)
def test_a_dump_loads_into_an_empty_database_as_the_same_rows(empty, sample_urls, tmp_path: Path) -> None:
    source: dict[database.Which, Engine] = {
        "shared": connections.open_writer(sample_urls.shared),
        "cases": connections.open_writer(str(sample_urls.cases)),
    }
    counts = write_template.dump(source, tmp_path / "dump.xlsx")
    assert all(counts.values())
    done = load.load(empty, "dump", read(tmp_path / "dump.xlsx"), TODAY)
    assert done.rejected == 0 and {problem.code for problem in done.problems} <= {
        "similar_organisation",
        "ended_before_it_began",
    }
    assert contents(empty) == contents(source)
    again = load.load(empty, "dump", read(tmp_path / "dump.xlsx"), TODAY)
    assert not any(again.created.values()) and not any(again.updated.values())
    assert again.unchanged == Counter(done.created) + Counter(done.unchanged), (
        "codes and routes are in a new database already"
    )
    assert not any(again.not_seen.values())


MADE_ELSEWHERE = {
    "code_map": "by the importers, of what outside codes mean",
    "overlap_verdict": "by people, on the page",
    "published_cell": "by `meridian publish`",
    "publication_year": "by `meridian publish`",
    "publication_request": "by `meridian publish`",
    "unlisted_count": "by `meridian publish`",
    "digest_told": "by `meridian digest`",
    "live_key": "by readers",
    "contest": "by readers",
    "organisation_merge": "by stewards and coordinators",
    "same_money": "by loads",
    "frozen_atom": "by `meridian publish`",
    "frozen_event": "by `meridian publish`",
    "viewer": "by whoever gives roles",
    "viewer_country": "by whoever gives roles",
    "people_change": "by whoever gives roles",
    "sign_in": "by readers",
    "saved_view": "by readers",
    "export_log": "by the gate of exports",
    "fault": "by pages that break",
    "meta": "by every load and refresh",
}
MADE_AT_REFRESH = {*rights.REBUILT, *(table.name for table in case_summaries.SUMMARIES)}
OF_LOADS = {"source", "import_run", "source_record", "import_change", "import_issue"}
PART_OF_A_SHEET = {
    "grant_country": "grant",
    "case_episode": "case_event",
    "stage_event": "case_event",
    "hold": "case_event",
    "after_arrival": "case_event",
}


def test_every_table_can_be_filled_from_the_template_or_is_made_here() -> None:
    """A table that the sample alone fills would be a figure that no real network has."""
    sheets = {sheet.entity for sheet in template.sheets()}
    for metadata in (schema.shared, schema.cases):
        recorded = set(metadata.tables) - MADE_AT_REFRESH - OF_LOADS - set(MADE_ELSEWHERE)
        assert {PART_OF_A_SHEET.get(name, name) for name in recorded} <= sheets
        assert {name for name in recorded if name not in entities.ENTITIES} == set()


@pytest.mark.parametrize("language", template.LANGUAGES)
def test_the_template_has_headings_in_three_languages_and_its_example_is_never_loaded(
    tmp_path: Path, language: str
) -> None:
    write_template.write_template(tmp_path / "t.xlsx", language)
    assert template.fits(tmp_path / "t.xlsx", CONTEXT)
    assert list(read(tmp_path / "t.xlsx")) == []
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == [sheet.titles[language] for sheet in template.sheets()]
    assert book.worksheets[0].data_validations.dataValidation


INITIATIVES = [
    "Reference",
    "Name",
    "Is an initiative",
    "Gives money",
    "Legal seat",
    "Founded",
    "Independence",
    "Visibility",
]
GRANTS = [
    "Reference",
    "Funder",
    "Recipient",
    "Amount",
    "Currency",
    "Status",
    "Kind",
    "Restriction",
    "Signed",
    "Countries",
]


def two_initiatives(*more: list[Any]) -> list[list[Any]]:
    return [
        INITIATIVES,
        ["harbour", "Harbour of Letters", "yes", "no", "Germany", "01.05.2022", "independent", "public"],
        ["north", "Северный фонд", "нет", "да", "Литва", 44682, "unknown", "network"],
        *more,
    ]


def a_grant(**changes: Any) -> list[Any]:
    row = dict(zip(GRANTS, ["G1", "north", "harbour", "15.000,50", "EUR", "commitment", "new", "restricted", "2026-01-15", "DE 60; GE 40"], strict=True))  # fmt: skip
    return list((row | changes).values())


def test_cells_are_read_as_people_write_them(empty, tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", Initiatives=two_initiatives(), Grants=[GRANTS, a_grant()])
    done = load.load(empty, "register", read(path), TODAY)
    assert done.rejected == 0
    first, second = rows_of(empty["shared"], schema.organisation)
    assert (first["seat_country"], first["founded_on"]) == ("DE", date(2022, 5, 1))
    assert (second["is_initiative"], second["is_funder"], second["founded_on"]) == (False, True, date(2022, 5, 1))
    assert "severnyy fond" in second["search_key"]
    grant = rows_of(empty["shared"], schema.grant)[0]
    assert grant["amount_minor"] == 1_500_050 and grant["committed_on"] == date(2026, 1, 15)
    shares = {r["host_country"]: r["share_bp"] for r in rows_of(empty["shared"], schema.grant_country)}
    assert shares == {"DE": 6000, "GE": 4000}
    assert any(problem.code == "dates_ambiguous" and problem.is_warning for problem in done.problems)


def test_a_reader_that_misspells_a_column_is_told_and_nothing_is_written(empty) -> None:
    def misspelt() -> Iterator[Record]:
        yield Record("organisation", "a", {"slug": "a", "name": "A"})
        yield Record("grant", "g", {"reference": "g", "amount_minr": 100, "currency": "EUR"})

    with pytest.raises(outcomes.NoSuchColumn, match="grant has no amount_minr"):
        load.load(empty, "register", misspelt(), TODAY)
    assert rows_of(empty["shared"], schema.organisation) == []


def test_a_dry_run_says_what_would_happen_and_writes_nothing(empty, tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", Initiatives=two_initiatives())
    done = load.load(empty, "register", read(path), TODAY, dry_run=True)
    assert dict(done.created) == {"organisation": 2}
    for table in (schema.organisation, schema.source, schema.import_run, schema.source_record):
        assert rows_of(empty["shared"], table) == []


def test_a_change_keeps_the_old_value_and_can_be_undone(empty, tmp_path: Path) -> None:
    first = book(tmp_path / "1.xlsx", Initiatives=two_initiatives(), Grants=[GRANTS, a_grant()])
    second = book(tmp_path / "2.xlsx", Initiatives=two_initiatives(), Grants=[GRANTS, a_grant(Amount="20000"), a_grant(Reference="G2")])  # fmt: skip
    load.load(empty, "register", read(first), TODAY)
    before = contents(empty)
    done = load.load(empty, "register", read(second), TODAY)
    assert (dict(done.created), dict(done.updated)) == ({"grant": 1, "grant_country": 2}, {"grant": 1})
    with empty["shared"].connect() as connection:
        old = connection.scalar(text("SELECT before FROM import_change WHERE before IS NOT NULL"))
    assert '"amount_minor": 1500050' in old
    assert runs.undo(empty["shared"], "shared", done.runs["shared"]) == 4
    assert contents(empty) == before
    again = load.load(empty, "register", read(second), TODAY)
    assert (dict(again.created), dict(again.updated)) == (dict(done.created), dict(done.updated))


def test_only_the_newest_run_of_a_source_can_be_undone(empty, tmp_path: Path) -> None:
    path = book(tmp_path / "1.xlsx", Initiatives=two_initiatives())
    first = load.load(empty, "register", read(path), TODAY)
    second = load.load(empty, "register", read(path), TODAY)
    with pytest.raises(outcomes.NotUndone, match="came after it"):
        runs.undo(empty["shared"], "shared", first.runs["shared"])
    runs.undo(empty["shared"], "shared", second.runs["shared"])
    runs.undo(empty["shared"], "shared", first.runs["shared"])
    assert rows_of(empty["shared"], schema.organisation) == []
    with pytest.raises(outcomes.NotUndone):
        runs.undo(empty["shared"], "shared", first.runs["shared"])


def test_what_is_missing_is_only_flagged_unless_the_file_is_all_there_is(empty, tmp_path: Path) -> None:
    extra = ["south", "South", "yes", "no", "DE", None, "unknown", "public"]
    load.load(empty, "register", read(book(tmp_path / "1.xlsx", Initiatives=two_initiatives(extra))), TODAY)
    fewer = book(tmp_path / "2.xlsx", Initiatives=two_initiatives())
    flagged = load.load(empty, "register", read(fewer), TODAY)
    assert dict(flagged.not_seen) == {"organisation": 1} and len(rows_of(empty["shared"], schema.organisation)) == 3
    taken = load.load(empty, "register", read(fewer), TODAY, is_snapshot=True)
    assert len(rows_of(empty["shared"], schema.organisation)) == 2
    runs.undo(empty["shared"], "shared", taken.runs["shared"])
    assert {row["slug"] for row in rows_of(empty["shared"], schema.organisation)} == {"harbour", "north", "south"}


def test_bad_rows_are_named_kept_whole_and_leave_the_good_ones_alone(empty, tmp_path: Path) -> None:
    bad = ["bad", "Bad", "perhaps", "no", "Nowhere", "31.02.2025", "independent", "public"]
    path = book(tmp_path / "b.xlsx", Initiatives=two_initiatives(bad), Grants=[GRANTS, a_grant(Recipient="nobody"), a_grant(Reference="G2", Currency="XYZ")])  # fmt: skip
    done = load.load(empty, "register", read(path), TODAY)
    assert len(rows_of(empty["shared"], schema.organisation)) == 2
    said = [str(problem) for problem in done.problems if not problem.is_warning]
    for piece in ("Initiatives, row 4, Is an initiative: 'perhaps' – is neither yes nor no.", "'Nowhere' – is not a country.",
                  "'31.02.2025' – is a day that does not exist.", "Grants, row 3, Currency: 'XYZ' – is not a currency.",
                  "Grants, row 2, recipient"):  # fmt: skip
        assert any(piece in line for line in said), (piece, said)
    stored = rows_of(empty["shared"], schema.import_issue)
    assert any('"Name": "Bad"' in (row["raw_row"] or "") for row in stored)


def test_two_rows_with_one_reference_are_refused_and_the_same_row_twice_is_one(empty, tmp_path: Path) -> None:
    same = ["harbour", "Harbour of Letters", "yes", "no", "Germany", "01.05.2022", "independent", "public"]
    other = ["north", "Another name", "нет", "да", "Литва", 44682, "unknown", "network"]
    path = book(tmp_path / "b.xlsx", Initiatives=two_initiatives(same, other))
    done = load.load(empty, "register", read(path), TODAY)
    assert [problem.code for problem in done.problems if problem.code != "dates_ambiguous"] == ["same_row_twice", "two_rows_one_reference"]  # fmt: skip
    assert (len(rows_of(empty["shared"], schema.organisation)), done.rejected) == (2, 1)


def test_titles_totals_and_blank_lines_around_a_table_do_no_harm(empty, tmp_path: Path) -> None:
    rows = [["Register of the network"], ["as of today"], [], *two_initiatives([], ["Total:", 2])]
    done = load.load(empty, "register", read(book(tmp_path / "b.xlsx", Initiatives=rows)), TODAY)
    assert (dict(done.created), done.rejected) == ({"organisation": 2}, 0)


def test_a_missing_column_is_named_and_other_sheets_load(empty, tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", Initiatives=two_initiatives(), Projects=[["Reference", "Name"], ["p", "P"]])
    done = load.load(empty, "register", read(path), TODAY)
    assert any(p.code == "column_missing" and "Lead initiative, Status" in p.column for p in done.problems)
    assert dict(done.created) == {"organisation": 2}


def test_a_failure_in_the_middle_of_a_file_writes_nothing(empty, tmp_path: Path) -> None:
    def breaks() -> Iterator[Record | Problem]:
        yield from read(book(tmp_path / "b.xlsx", Initiatives=two_initiatives()))
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        load.load(empty, "register", breaks(), TODAY)
    assert rows_of(empty["shared"], schema.organisation) == [] and rows_of(empty["shared"], schema.import_run) == []


def test_cases_without_a_case_database_are_refused_row_by_row(empty, tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", Initiatives=two_initiatives(), Cases=[["Reference", "People"], ["c1", 2]])
    done = load.load({"shared": empty["shared"]}, "register", read(path), TODAY)
    assert any(p.code == "no_case_database" for p in done.problems)
    assert dict(done.created) == {"organisation": 2}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The `meridian` command on two new SQLite databases."""
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, f"sqlite:///{tmp_path}/s.db")
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, f"sqlite:///{tmp_path}/c.db")
    assert main(["init"]) == 0
    return main


def test_the_command_loads_shows_what_is_wrong_and_takes_it_back(command, tmp_path: Path, capsys) -> None:
    bad = ["bad", "Bad", "perhaps", "no", "Nowhere", None, "independent", "public"]
    path, mend = str(book(tmp_path / "b.xlsx", Initiatives=two_initiatives(bad))), tmp_path / "mend.xlsx"
    assert command(["import", path, "--source", "register", "--dry-run"]) == 0
    assert "would be" in capsys.readouterr().out
    reader = connections.open_writer(f"sqlite:///{tmp_path}/s.db")
    assert rows_of(reader, schema.organisation) == []
    assert command(["import", path, "--source", "register", "--corrections", str(mend), "--as-of", "2026-10-18"]) == 0
    said = capsys.readouterr().out
    assert "'Nowhere' – is not a country" in said and "1 row to mend is in" in said
    assert len(rows_of(reader, schema.organisation)) == 2
    page = openpyxl.load_workbook(mend)["Initiatives"]
    assert [cell.value for cell in page[1]][-2:] == ["What is wrong", "What to do"]
    page["C2"], page["E2"] = "yes", "DE"
    page.parent.save(mend)
    assert command(["import", str(mend), "--source", "register", "--as-of", "2026-10-18"]) == 0
    assert {row["slug"] for row in rows_of(reader, schema.organisation)} == {"harbour", "north", "bad"}
    assert command(["undo", "2"]) == 0 and command(["undo", "1"]) == 0
    assert rows_of(reader, schema.organisation) == []
    assert command(["undo", "1"]) == 1


def test_template_and_dump_are_written_by_the_command(command, tmp_path: Path) -> None:
    assert command(["template", str(tmp_path / "t.xlsx"), "--language", "ru"]) == 0
    assert command(["import", str(tmp_path / "t.xlsx"), "--source", "empty", "--as-of", "2026-10-18"]) == 0
    assert command(["dump", str(tmp_path / "d.xlsx")]) == 0


def archive(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return path


def with_formula(path: Path) -> Path:
    return book(path, Initiatives=two_initiatives(["=1+1", '=HYPERLINK("http://x")', "yes", "no", "DE", None, "unknown", "public"]))  # fmt: skip


def test_a_formula_is_refused_cell_by_cell_and_never_computed(empty, tmp_path: Path) -> None:
    done = load.load(empty, "register", read(with_formula(tmp_path / "f.xlsx")), TODAY)
    assert dict(done.created) == {"organisation": 2}
    assert any("a formula. Paste its value instead." in str(problem) for problem in done.problems)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: archive(p, xl__workbook_xml=b"x", bomb=b"0" * 700_000_000), "unpacks to"),
        (lambda p: archive(p, **{"..__..__etc__passwd": b"x"}), "leaves the archive"),
        (lambda p: archive(p, xl__workbook_xml=b"x", xl__externalLinks__a_xml=b"x"), "links to other files"),
        (lambda p: archive(p, readme=b"x"), "no workbook"),
        (lambda p: archive(p, xl__workbook_xml=b"<broken"), "cannot be read|can be read"),
        (lambda p: p.write_bytes(b"PK\x03\x04 not a zip") and p, "damaged"),
        (lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0" + b"0" * 600) and p, "encrypted"),
        (lambda p: p.write_bytes(b"\x00\x01\x02" * 50) and p, "neither"),
        (lambda p: p.write_bytes(b"") or p, "empty"),
        (lambda p: p.write_text("a;b\n1;2") and p, "no format that is known"),
    ],
    ids=["bomb", "path", "links", "archive", "xml", "damaged", "encrypted", "binary", "empty", "unknown shape"],
)
def test_a_file_that_is_dangerous_or_unreadable_is_refused_with_a_sentence(
    command, tmp_path, capsys, make, says
) -> None:
    path = make(tmp_path / "file.xlsx")
    assert command(["import", str(path), "--source", "x"]) == 1
    assert re.search(says, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("cells", "cell", "day"),
    [
        (["31/12/2025", "01/02/2025"], "01/02/2025", date(2025, 2, 1)),
        (["12/31/2025", "01/02/2025"], "01/02/2025", date(2025, 1, 2)),
        (["2025-02-01"], "2025-02-01", date(2025, 2, 1)),
        (["1.2.25"], "1.2.25", date(2025, 2, 1)),
        (["45689"], "45689", date(2025, 2, 1)),
        (["31/12/2025", "12/31/2025"], "12/31/2025", date(2025, 12, 31)),
        (["2025-02-01T10:00:00Z"], "2025-02-01T10:00:00Z", date(2025, 2, 1)),
        (["20250201"], "20250201", date(2025, 2, 1)),
        ([], "n/a", None),
    ],
)
def test_dates_are_read_by_the_evidence_of_their_column(cells: list, cell: str, day: date | None) -> None:
    assert written_days.day(cell, Evidence.of(cells)) == day


@pytest.mark.parametrize(
    ("cells", "cell", "cents"),
    [
        ([], "1.234,50", 123_450), ([], "1,234.50", 123_450), ([], "1 234,50", 123_450), ([], "1\u00a0234.5", 123_450),
        ([], "€ 1.000", 100_000), (["0,5"], "1.234", 123_400),
        ([], "1'234.50", 123_450), ([], "-12,5", -1_250), ([], "−12.5", -1_250), ([], 12.5, 1_250), ([], "-", None),
        ([], "1.234.567", 123_456_700),
    ],
)  # fmt: skip
def test_amounts_are_read_by_the_evidence_of_their_column(cells: list, cell: Any, cents: int | None) -> None:
    assert written_amounts.amount(cell, Evidence.of(cells)) == cents


@pytest.mark.parametrize(
    "cell",
    [
        "twelve", "1,2,3.4.5", "12 apples please", True, "1.234.56", "1,000,00", "10,5,3", "5 000, 3 000", "2 500 3",
        "5 000 10 000", "01.02.2024", "1 23", "12,34,567", "1.234 567", "1'23.5",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(cell: Any) -> None:
    with pytest.raises(values.Bad):
        written_amounts.amount(cell)
    if isinstance(cell, str):
        with pytest.raises(values.Bad):
            written_amounts.whole(cell)


@pytest.mark.parametrize("cells", [["5.000", "12.50", "20.000"], ["1,500", "2,5"], ["12.50 EUR", "5.000 EUR"]])
def test_thousands_beside_decimals_with_the_same_mark_are_refused_and_not_read_as_decimals(cells: list[str]) -> None:
    evidence = Evidence.of(cells)
    with pytest.raises(values.Bad, match="two ways"):
        [written_amounts.amount(cell, evidence) for cell in cells]


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8-sig", ";"), ("cp1251", ","), ("utf-16", "\t"), ("utf-8", "|")])
def test_text_tables_are_read_in_any_encoding_and_with_any_mark(tmp_path: Path, encoding: str, mark: str) -> None:
    lines = [["Название", "Страна", "Сумма"], *[["Северный фонд помощи", "Литва", "12"]] * 8]
    path = tmp_path / "t.csv"
    path.write_bytes("\n".join(mark.join(line) for line in lines).encode(encoding))
    table = next(iter(tables.of(path, {"название", "страна"})))
    headings, rows = table.headings, table.rows()
    assert headings == ["Название", "Страна", "Сумма"]
    assert [row.cells["Страна"] for row in rows] == ["Литва"] * 8


def test_a_moment_is_told_in_the_reporting_zone_and_a_plain_date_never_shifts() -> None:
    """A30 and A31."""
    rows, expected = case("A30")
    for zone, months in expected.items():
        found = [written_days.day(row.get("timestamp") or row["date"], None, zone) for row in rows]
        assert [f"{day:%Y-%m}" for day in found if day] == months, zone
    given, wanted = case("A31")
    opened, closed = (written_days.day(given[edge], None, given["zone"]) for edge in ("opened", "closed"))
    assert opened and closed and (closed - opened).days == wanted["days"]


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("Georgia", ["GE"]), ("ge", ["GE"]), ("GE, LT", ["GE", "LT"]), ("GE/LT", ["GE", "LT"]), ("Lithuania; DE", ["LT", "DE"]),
        ("Germany and Georgia", ["DE", "GE"]), ("GE LT", ["GE", "LT"]), ("Holland", ["NL"]), ("Weißrussland", ["BY"]),
        ("Bosnia and Herzegovina", ["BA"]), ("United Kingdom", ["GB"]),
    ],
)  # fmt: skip
def test_every_country_of_a_cell_is_read(cell: str, codes: list[str]) -> None:
    assert values.countries(cell) == codes


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("США", "US"), ("Голландия", "NL"), ("Palestine", "PS"), ("Ivory Coast", "CI"), ("Южная Корея", "KR"), ("Польща", "PL"),
        ("Gruzja", "GE"), ("Vokietija", "DE"), ("Srbija", "RS"), ("საქართველო", "GE"), ("Černá Hora", "ME"), ("Ermenistan", "AM"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_the_name_that_people_call_it(name: str, code: str) -> None:
    assert values.country(name) == code


@pytest.mark.parametrize(
    "cell", ["in Georgia", "Poland to Germany", "as Germany", "no", "Georgia, USA", "Georgia or Armenia"]
)
def test_small_words_are_no_countries(cell: str) -> None:
    with pytest.raises(values.Bad):
        values.countries(cell)
