"""What is exported equals the screen, and no cell becomes a formula (SECURITY 51-53, 59)."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from dashboard.answers import dependence, funding, initiatives, money_reach, overlap, portfolio
from dashboard.answers import gaps as gaps_of
from dashboard.files import formats, gate
from dashboard.page import walk
from dashboard.page.blocks import Report, Table
from dashboard.words import columns
from data_access.filters import Filters
from data_access.i18n import language, languages
from tests.conftest import open_sample_visit, unavailable

DANGEROUS = (
    '=HYPERLINK("http://evil.invalid")', "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\ufeff=1", "\0=1", "＝1", "＋1", "－1",
    "＠x", " =1", "'=1", "=1+1", "http://evil.invalid", "mailto:a@b.invalid",
)  # fmt: skip


def sheet_rows(content: bytes, sheet: int = 0) -> list[list]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [[cell.value for cell in row] for row in book.worksheets[sheet].iter_rows()]


@pytest.mark.usefixtures("visit")
@pytest.mark.parametrize("text", DANGEROUS)
def test_text_from_data_never_becomes_a_formula_or_a_link(text: str) -> None:
    rows = pd.DataFrame({"organisation": pd.Series([text], dtype="str"), "projects": [-3]})
    content = formats.excel(Report("p", title=text), [Table("k", text, rows)], "id")
    book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n"), cell.value
                assert cell.hyperlink is None
    written = formats.comma_separated(Report("p"), [Table("k", text, rows)], "id").decode("utf-8-sig")
    for cells in csv.reader(io.StringIO(written)):
        for value in cells[:1]:
            assert not value.lstrip("\ufeff ").startswith(("=", "+", "@", "\t", "\r", "＝", "＋", "＠"))


@pytest.mark.usefixtures("visit")
def test_negative_numbers_stay_numbers() -> None:
    rows = pd.DataFrame({"organisation": ["a"], "projects": [-3]})
    assert sheet_rows(formats.excel(Report("p"), [Table("k", "t", rows)], "id"))[1] == ["a", -3]
    assert (
        formats.comma_separated(Report("p"), [Table("k", "t", rows)], "id").decode("utf-8-sig").splitlines()[-1]
        == "a,-3"
    )


@pytest.mark.usefixtures("visit")
def test_unknown_is_an_empty_cell_and_never_zero() -> None:
    rows = pd.DataFrame({"line": ["a"], "need": pd.array([None], "Int64"), "gap": pd.array([0], "Int64")})
    assert sheet_rows(formats.excel(Report("p"), [Table("k", "t", rows)], "id"))[1] == ["a", None, 0]


@pytest.mark.usefixtures("visit")
def test_an_undeclared_column_cannot_leave() -> None:
    with pytest.raises(KeyError):
        columns.presented(pd.DataFrame({"secret": [1]}))


def tables(visit) -> list[Table]:
    money = portfolio.picture(visit)
    found = initiatives.find(visit)
    pairs = overlap.find(visit)
    return [
        initiatives.by_country(found), initiatives.history(found, visit), funding.cliff(money), gaps_of.lines(money),
        dependence.dependence(money), money_reach.newcomers(money), overlap.similar(pairs, "possible_duplication"),
    ]  # fmt: skip


def test_a_workbook_holds_the_rows_on_screen_and_says_what_they_are(visit) -> None:
    shown = tables(visit)
    content = formats.excel(Report("p", title="Page", answer="An answer."), shown, "id")
    for number, table in enumerate(shown):
        presented = columns.presented(table.rows, table.key)
        rows = sheet_rows(content, number)
        assert rows[0] == list(presented.columns)
        assert len(rows) - 1 == len(presented)
        for there, here in zip(rows[1:], presented.itertuples(index=False), strict=True):
            for cell, value in zip(there, here, strict=True):
                if value is None or pd.isna(value):
                    assert cell is None
                elif isinstance(value, date):
                    assert cell.date() == value
                elif isinstance(value, str):
                    assert (cell or "") == formats.safe_text(value)
                else:
                    assert cell == pytest.approx(float(value))
    about = {row[0]: row[1] for row in sheet_rows(content, len(shown)) if row[0]}
    assert about["Answer"] == "An answer."
    assert about["Filters"] == "none: the whole network"
    assert about["As of"] == "18 October 2026"
    assert about["Sample"] == "Every name and figure is invented."


def test_a_csv_holds_the_rows_on_screen_under_its_header_block(visit) -> None:
    table = tables(visit)[3]
    written = list(csv.reader(io.StringIO(formats.comma_separated(Report("p"), [table], "id").decode("utf-8-sig"))))
    body = [row for row in written if not row[0].startswith("# ")]
    presented = columns.presented(table.rows)
    assert body[0] == list(presented.columns)
    assert len(body) == len(presented) + 1
    assert [row[0] for row in body[1:]] == [formats.safe_text(line) for line in presented.iloc[:, 0]]


def test_a_file_has_no_author_and_an_id_nobody_can_guess(own_sample) -> None:
    visit = open_sample_visit()
    table = Table("k", "t", pd.DataFrame({"projects": [1]}))
    one, two = (
        gate.hand_over(visit, gate.Asked("funding_gaps", "k", formats.FORMATS["xlsx"]), lambda: (Report("p"), [table]))
        for _ in range(2)
    )
    assert one != two
    assert not openpyxl.load_workbook(io.BytesIO(one)).properties.creator


def test_libreoffice_opens_the_workbook_with_every_script_intact(visit, tmp_path: Path) -> None:
    if not shutil.which("soffice"):
        unavailable("LibreOffice is missing; install it with: apt install libreoffice-calc-nogui")
    names = ["Вересковый мост", "ლურჯი ჭიშკარი", "Կապույտ դարպաս", "Jałowcowy Most", "=1+1"]
    rows = pd.DataFrame({"organisation": names, "projects": range(5)})
    (tmp_path / "book.xlsx").write_bytes(formats.excel(Report("p"), [Table("k", "t", rows)], "id"))
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to",
         "csv:Text - txt - csv (StarCalc):44,34,76", "--outdir", tmp_path, tmp_path / "book.xlsx"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    found = list(csv.reader((tmp_path / "book.csv").read_text(encoding="utf-8").splitlines()))
    assert [row[0] for row in found[1:]] == [*names[:4], "'=1+1"]
    assert [row[1] for row in found[1:]] == ["0", "1", "2", "3", "4"]


def test_a_workbook_prints_one_landscape_page_wide_with_its_headings_on_each(visit) -> None:
    shown = tables(visit)
    book = openpyxl.load_workbook(io.BytesIO(formats.excel(Report("p", tables=shown), shown, "id")))
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == "landscape" and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert book.worksheets[0].print_title_rows == "$1:$1"


def test_months_on_the_axis_of_a_workbooks_chart_are_days_to_every_program(visit) -> None:
    shown = [table for table in tables(visit) if table.key == "cliff"]
    content = formats.excel(Report("p", tables=shown), shown, "id")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        chart = next(archive.read(name).decode() for name in archive.namelist() if "charts/chart" in name)
    assert "<c:dateAx>" in chart and 'formatCode="yyyy-mm"' in chart


@pytest.mark.parametrize("chosen", [Filters(), Filters(host_countries=("LT",))], ids=["all", "a country"])
def test_sheets_are_called_by_what_they_hold_at_every_choice_and_in_every_language(visit, chosen: Filters) -> None:
    names = set()
    for code in languages():
        token = language.set(code)
        try:
            report = walk.whole("overlap", open_sample_visit(filters=chosen), {})
            book = openpyxl.load_workbook(io.BytesIO(formats.excel(report, report.tables, "id")))
        finally:
            language.reset(token)
        names.add(tuple(book.sheetnames[:-1]))
        assert set(book.sheetnames[:-1]) <= {row[1] for row in book.worksheets[-1].iter_rows(values_only=True)}
    (known,) = names
    assert set(known) == {table.key for table in report.tables}


@pytest.mark.usefixtures("visit")
def test_no_two_sheets_have_one_name_and_none_has_a_name_that_excel_keeps() -> None:
    rows = pd.DataFrame({"projects": [1]})
    shown = [Table(key, "t", rows) for key in ("rows", "history", "rows", "x" * 40)]
    book = openpyxl.load_workbook(io.BytesIO(formats.excel(Report("p", tables=shown), shown, "id")))
    assert book.sheetnames[:-1] == ["rows_1", "history_1", "rows_2", "x" * 31]
