"""Files that leave: equal to the screen on every page and for every role, logged, limited, the same by command."""

from __future__ import annotations

import contextvars
import csv
import html
import io
import json
import re
import shutil
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from streamlit.delta_generator import DeltaGenerator

from dashboard.answers.crossing import UNPLACED
from dashboard.commands.cli import main
from dashboard.files import brief, formats, gate, opendocument
from dashboard.page import links, walk
from dashboard.page.blocks import Figure, Report, Table
from dashboard.page.opening import open_for
from dashboard.page.reading import appender, read_metas
from dashboard.page.visit import Visit, open_visit
from dashboard.screen.draw import MOST_WORDS
from dashboard.words import columns, written
from data_access import addresses, connections, export_log, rights, saved_views, schema
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, PAGES, ROOT, STEWARD, some, unavailable
from tests.test_pages import PARTS, open_page, open_tables, tables

VIEWERS = {"funder": FUNDER, "coordinator.LT": LITHUANIAN, "coordinator": EVERYWHERE, "steward": STEWARD}
XLSX = formats.FORMATS["xlsx"]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def visit_of(urls: addresses.Urls, viewer: Viewer) -> Visit:
    visit = open_for(viewer, read_metas())
    visit.reader = f"reader {viewer.clearance}"
    return visit


@pytest.fixture(autouse=True)
def end_visit():
    yield
    open_visit(None)


def tables_of(app: Any) -> list[pd.DataFrame]:
    return tables(app) + glossaries(app)


def glossaries(app: Any) -> list[pd.DataFrame]:
    """The glossaries of a page, the leaves of a long one put together as a reader turns them."""
    found = [table.value.reset_index().map(read_back) for table in app.table]
    for choice in (one for one in app.selectbox if (one.key or "").startswith("leaf_")):
        for leaf in choice.options[1:]:
            choice.set_value(choice.options.index(leaf) * MOST_WORDS).run()
            found[0] = pd.concat([found[0], app.table[0].value.reset_index().map(read_back)], ignore_index=True)
    return found


def read_back(value: Any) -> Any:
    """Text as it was before its Markdown signs were made harmless."""
    return re.sub(r"\\(.)", r"\1", value).replace("\u200b", "") if isinstance(value, str) else value


def on_screen(page: str, role: str) -> list[pd.DataFrame]:
    """Every table of every part, as sent to the browser."""
    app = open_page(page, role)
    assert not app.exception
    frames = [*tables_of(open_tables(app))]
    parts = ("fix", "loads", "exports") if (page, role) == ("data", "steward") else PARTS.get(page, ())
    for part in parts:
        if f"part_{page}" in app.session_state:
            app.session_state[f"part_{page}"] = part
            app.run()
            assert not app.exception
            frames += tables_of(open_tables(app))
    return frames


def plain(value: Any) -> Any:
    """A cell as it can be compared, whatever made it: unknown is None, days are ISO text, numbers are rounded floats."""
    if value is None or (not isinstance(value, str) and pd.isna(value)) or value == "":
        return None
    if isinstance(value, datetime | date | pd.Timestamp):
        return value.isoformat()[:10]
    if isinstance(value, bool | str):
        return str(value)
    return round(float(value), 6)


def cells(frame: pd.DataFrame) -> list[list[Any]]:
    return [[formats.safe_text(str(name)) for name in frame.columns]] + [
        [
            formats.safe_text(found)
            if isinstance(found := plain(value), str) and not isinstance(value, date)
            else found
            for value in row
        ]
        for row in frame.itertuples(index=False)
    ]


def of_excel(content: bytes) -> list[list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [[[plain(cell.value) for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets[:-1]]


def of_csv(content: bytes) -> list[list[list[str]]]:
    if not content.startswith(b"PK"):
        files = [content]
    else:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [archive.read(name) for name in archive.namelist()]
    found = []
    for one in files:
        assert one.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(one.decode("utf-8-sig"))))
        found.append([row for row in rows if not row or not row[0].startswith("# ")])
    return found


OFFICE = {prefix: f"{{{name}}}" for prefix, name in opendocument.NAMES.items()}


def of_ods(content: bytes) -> list[list[list[Any]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))
    sheets = []
    for table in list(root.iter(f"{OFFICE['table']}table"))[:-1]:
        rows = []
        for row in table.iter(f"{OFFICE['table']}table-row"):
            rows.append([_ods_cell(cell) for cell in row])
        sheets.append(rows)
    return sheets


def _ods_cell(cell: ElementTree.Element) -> Any:
    kind = cell.get(f"{OFFICE['office']}value-type")
    if kind in ("float", "percentage"):
        return round(float(cell.get(f"{OFFICE['office']}value", "")), 6)
    if kind == "date":
        return cell.get(f"{OFFICE['office']}date-value")
    return plain("\n".join(line.text or "" for line in cell))


def of_json(content: bytes) -> list[list[list[Any]]]:
    """JSON as the screen shows it: labels for codes, rounding as on screen."""
    sheets = []
    for table in json.loads(content)["tables"]:
        columns = table["columns"]
        rows = [[formats.safe_text(column["heading"]) for column in columns]]
        for row in table["rows"]:
            rows.append([_json_cell(row[column["key"]], column) for column in columns])
        sheets.append(rows)
    return sheets


def _json_cell(value: Any, column: dict[str, Any]) -> Any:
    if "labels" in column and value is not None:
        return plain(formats.safe_text(column["labels"][str(value)]))
    digits = {"percent": 2, "rate": 3, "decimal": 2, "exchange": 4}.get(column["kind"])
    if digits is not None and value is not None:
        return round(float(pd.Series([value]).astype("Float64").round(digits).iloc[0]), 6)
    return formats.safe_text(value) if isinstance(value, str) and column["kind"] == "text" and value else plain(value)


@pytest.mark.parametrize("page", [*PAGES, "initiative"])
def test_a_page_without_a_browser_touches_nothing_that_other_readers_see(
    deployment: addresses.Urls, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit keeps a form opened outside a browser for the whole process."""
    visit = visit_of(deployment, EVERYWHERE)

    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a page without a browser drew something")

    for name in ("_enqueue", "_block"):
        monkeypatch.setattr(DeltaGenerator, name, refuse)
    walk.whole(page, visit, {"id": "p"})


@pytest.mark.parametrize(("page", "role"), some([(page, role) for page in PAGES for role in VIEWERS], 3))
def test_every_kind_of_file_holds_every_cell_that_is_on_screen(
    deployment: addresses.Urls, page: str, role: str
) -> None:
    frames = on_screen(page, role)
    visit = visit_of(deployment, VIEWERS[role])
    report = walk.whole(page, visit, {})
    tables = [table for table in report.tables if not table.rows.empty]
    wanted = [cells(columns.presented(table.rows, table.key)) for table in tables]
    for frame in frames:
        assert cells(frame) in wanted, list(frame.columns)
    assert len(frames) == len(tables), [table.key for table in tables]
    assert of_excel(formats.excel(report, tables, "id")) == [
        [[plain(cell) for cell in row] for row in sheet] for sheet in wanted
    ]
    assert of_ods(formats.open_document(report, tables, "id")) == wanted
    assert of_json(formats.as_json(report, tables, "id")) == wanted
    shown = [[["" if cell is None else cell for cell in row] for row in sheet] for sheet in wanted]
    written = of_csv(formats.comma_separated(report, tables, "id"))
    assert [[[_read(cell, there) for cell, there in zip(row, other, strict=True)] for row, other in zip(sheet, others, strict=True)]
            for sheet, others in zip(written, shown, strict=True)] == shown  # fmt: skip


def _read(cell: str, there: Any) -> Any:
    return round(float(cell), 6) if isinstance(there, float) else cell


def test_libreoffice_finds_the_same_cells_in_the_workbooks_of_every_page(
    deployment: addresses.Urls, tmp_path: Path
) -> None:
    if not shutil.which("soffice"):
        unavailable("LibreOffice is missing; install it with: apt install libreoffice-calc-nogui")
    made = {}
    for role in ("funder", "coordinator"):
        visit = visit_of(deployment, VIEWERS[role])
        for page in some(PAGES, 2, role):
            report = walk.whole(page, visit, {})
            for ending in ("xlsx", "ods"):
                path = tmp_path / f"{page}-{role}-{ending}.{ending}"
                path.write_bytes(formats.FORMATS[ending].make(report, report.tables, "id"))
                made[path] = [cells(columns.presented(table.rows, table.key)) for table in report.tables]
    (tmp_path / "out").mkdir()
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx",
         "--outdir", tmp_path / "out", *made],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    for path, wanted in made.items():
        found = of_excel((tmp_path / "out" / f"{path.stem}.xlsx").read_bytes())
        for sheet, there in zip(found, wanted, strict=True):
            trimmed = [row[: len(there[0])] for row in sheet if any(cell is not None for cell in row)]
            assert trimmed == [row for row in there if any(cell is not None for cell in row)], path.name


def test_charts_have_a_native_chart_beside_their_numbers_where_one_fits(deployment: addresses.Urls) -> None:
    report = walk.whole("funding_gaps", visit_of(deployment, FUNDER), {})
    book = openpyxl.load_workbook(io.BytesIO(formats.excel(report, report.tables, "id")))
    drawn = {table.key for table, sheet in zip(report.tables, book.worksheets, strict=False) if sheet._charts}
    assert {"gaps", "cliff", "newcomers"} <= drawn
    assert "coverage" not in drawn and "lines" not in drawn


@pytest.mark.parametrize("role", VIEWERS)
def test_every_key_of_the_json_is_documented(deployment: addresses.Urls, role: str) -> None:
    documented = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    for page in PAGES:
        line = next((line for line in documented.splitlines() if line.startswith(f"| `{page}` |")), None)
        assert line, f"docs/exports.md has no line for {page}: add one with the keys of its figures and tables"
        report = walk.whole(page, visit_of(deployment, VIEWERS[role]), {})
        for key in [figure.term for figure in report.figures] + [table.key for table in report.tables]:
            assert f"`{key}`" in line, f"{page}: add {key} to its line in docs/exports.md"


def test_the_same_report_and_id_give_the_same_bytes_and_another_id_other_bytes(deployment: addresses.Urls) -> None:
    for form in formats.FORMATS.values():
        one, two, other = (
            form.make(report, report.tables, identity)
            for report, identity in (
                (walk.whole("initiatives", visit_of(deployment, FUNDER), {}), i) for i in ("a", "a", "b")
            )
        )
        assert one == two != other, form.name


@pytest.mark.parametrize("ending", formats.FORMATS)
def test_the_command_writes_the_bytes_of_the_button(own_sample: addresses.Urls, tmp_path: Path, ending: str) -> None:
    command = ["export", "funding-gaps", "--country", "LT", "--as", "coordinator", "--scope", "LT,DE", "--format", ending,
               "--export-id", "same", "--choice", "gaps_by=activity", "--out", str(tmp_path / "file")]  # fmt: skip
    assert main(command) == 0
    visit = visit_of(own_sample, Viewer("coordinator", ("DE", "LT")))
    visit.filters, visit.own = replace(visit.filters, host_countries=("LT",)), {"gaps_by": "activity"}
    visit.link = links.to("funding-gaps", links.parameters(visit))
    asked = gate.Asked("funding_gaps", "page", formats.FORMATS[ending])
    content = gate.hand_over(visit, asked, lambda: gate.whole_page(visit, "funding_gaps", visit.own), export_id="same")
    assert (tmp_path / "file").read_bytes() == content


def test_the_command_prints_any_figure_as_typed_values(deployment: addresses.Urls, capfdbinary) -> None:
    assert deployment
    assert main(["export", "all", "--format", "json", "--currency", "USD"]) == 0
    pages = {page["page"]: page for page in json.loads(capfdbinary.readouterr().out)["pages"]}
    assert set(pages) == set(PAGES)
    figures = {figure["key"]: figure for figure in pages["funding_gaps"]["figures"]}
    assert isinstance(figures["gap"]["value"], float) and 0 < figures["need_covered"]["value"] < 1
    assert pages["relocation"]["about"]["role"] == "funder" and pages["overview"]["about"]["currency"] == "USD"
    for page in pages.values():
        keys = [table["key"] for table in page["tables"]]
        assert len(keys) == len(set(keys)), "a key names one table of a page"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "nope", "--out", "x"], "no page 'nope'"),
        (["export", "../cli", "--out", "x"], "no page"),
        (["export", "initiatives", "--country", "XX", "--out", "x"], "country XX"),
        (["export", "overlap", "--as-of", "2026-01-01", "--out", "x"], "refresh --as-of 2026-01-01"),
        (["export", "initiatives"], "--out"),
        (["export", "initiatives", "--as", "coordinator", "--scope", "Germany", "--out", "x"], "not an ISO"),
    ],
)
def test_what_the_command_cannot_give_it_says_in_a_sentence(
    deployment: addresses.Urls, capsys, arguments, said: str
) -> None:
    assert deployment
    assert main(arguments) == 1
    assert said in capsys.readouterr().err


def test_a_funders_command_needs_no_case_database_and_shows_published_figures_alone(
    deployment: addresses.Urls, monkeypatch: pytest.MonkeyPatch, capfdbinary
) -> None:
    assert main(["export", "relocation", "--format", "json", "--export-id", "x"]) == 0
    with_cases = capfdbinary.readouterr().out
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, "")
    assert main(["export", "relocation", "--format", "json", "--export-id", "x"]) == 0
    assert capfdbinary.readouterr().out == with_cases
    assert not any(table["is_live"] for table in json.loads(with_cases)["tables"])
    assert deployment


def one_table(*, is_live: bool = False) -> tuple[Report, list[Table]]:
    table = Table("k", "t", pd.DataFrame({"projects": [1, 2]}), is_live=is_live)
    report = Report("p", tables=[table])
    return report, [table]


def log_of(urls: addresses.Urls) -> list[dict[str, Any]]:
    with connections.open_writer(urls.shared).connect() as connection:
        return [
            dict(row._mapping) for row in connection.execute(select(schema.export_log).order_by(schema.export_log.c.id))
        ]


def test_each_export_is_logged_with_everything_but_its_content(own_sample: addresses.Urls) -> None:
    visit = visit_of(own_sample, LITHUANIAN)
    visit.link = "/relocation?country=LT"
    content = gate.hand_over(
        visit, gate.Asked("relocation", "k", XLSX, "casework"), lambda: one_table(is_live=True), NOON
    )
    (row,) = log_of(own_sample)
    assert (row["subject"], row["role"], row["scope"], row["page"], row["what"], row["format"]) == (
        "reader LT", "coordinator", "LT", "relocation", "k", "xlsx")  # fmt: skip
    assert (row["filters"], row["reason"], row["rows"], row["release"]) == (
        "country=LT",
        "casework",
        2,
        visit.data_version,
    )
    assert len(row["sha256"]) == 64 and content and not row["refused"]


def test_the_twenty_first_file_in_an_hour_is_refused_and_logged(own_sample: addresses.Urls) -> None:
    visit, asked = visit_of(own_sample, FUNDER), gate.Asked("funding_gaps", "k", XLSX)
    for number in range(20):
        gate.hand_over(visit, asked, one_table, NOON + timedelta(minutes=number))
    late = NOON + timedelta(minutes=30)
    with pytest.raises(gate.NotExported, match="20 files in an hour is the most"):
        gate.hand_over(visit, asked, one_table, late)
    assert log_of(own_sample)[-1]["refused"] and len(log_of(own_sample)) == 21
    assert "the next in 30 minutes" in str(gate.why_not(visit, late))
    visit.reader = "somebody else"
    assert gate.hand_over(visit, asked, one_table, late)
    visit.reader = "reader funder"
    assert gate.hand_over(visit, asked, one_table, NOON + timedelta(minutes=61))


def test_exact_figures_of_live_cases_leave_for_a_reason_only(own_sample: addresses.Urls) -> None:
    visit = visit_of(own_sample, LITHUANIAN)
    for reason in (None, "because"):
        with pytest.raises(gate.NotExported, match="for a reason only"):
            gate.hand_over(visit, gate.Asked("funding_gaps", "k", XLSX, reason), lambda: one_table(is_live=True), NOON)
    assert log_of(own_sample) == []


def test_a_table_beside_live_figures_leaves_without_them(visit) -> None:
    other = Table("other", "t", pd.DataFrame({"projects": [1]}))
    live = Figure("open_cases", 403, "403", is_live=True)
    report = Report("p", answer="403 cases", figures=[live], tables=[other, other], notes=["403 of them"])
    for form in formats.FORMATS.values():
        content = form.make(report, [other], "id")
        text_ = content.decode() if form.ending in ("csv", "json") else _unpacked(content)
        assert "403" not in text_, form.name
    assert visit


def _unpacked(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def test_a_button_drawn_before_a_role_was_taken_away_gives_nothing(own_sample: addresses.Urls) -> None:
    visit = visit_of(own_sample, Viewer("coordinator", ("LT",), "sample coordinator of LT"))
    visit.is_sample = False
    asked = gate.Asked("funding_gaps", "k", XLSX)
    assert gate.hand_over(visit, asked, one_table, NOON)
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("DELETE FROM viewer_country WHERE subject = 'sample coordinator of LT'"))
    with pytest.raises(gate.NotExported, match="role has changed"):
        gate.hand_over(visit, asked, one_table, NOON)
    assert len(log_of(own_sample)) == 1


def test_without_a_log_nothing_leaves(own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    visit, asked = visit_of(own_sample, FUNDER), gate.Asked("funding_gaps", "k", XLSX)
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("ALTER TABLE export_log RENAME COLUMN sha256 TO hash"))
    with pytest.raises(gate.NotExported, match="log does not answer"):
        gate.hand_over(visit, asked, one_table, NOON)
    monkeypatch.setenv(addresses.NARROW["export_log"], "")
    with pytest.raises(gate.NotExported, match="no export log"):
        gate.hand_over(visit, asked, one_table, NOON)


def entry(**changes: Any) -> export_log.Export:
    base = {"exported_at": NOON, "subject": "s", "role": "funder", "scope": "", "page": "p", "what": "k", "format": "csv", "filters": "",
            "release": "1", "reason": None, "rows": 1, "sha256": "0" * 64, "refused": False}  # fmt: skip
    return export_log.Export(**(base | changes))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE export_log SET rows = 0", "DELETE FROM export_log", "INSERT INTO meta VALUES ('a', 'b')",
     "INSERT OR REPLACE INTO export_log (id, exported_at, subject, role, page, filters, rows, sha256) VALUES (1, '2026-01-01', 'x', 'y', 'z', '', 0, '')",
     "SELECT * FROM organisation"],
)  # fmt: skip
def test_the_log_only_grows(fresh: Engine, statement: str) -> None:
    from data_access.migrate import upgrade

    upgrade(fresh, "shared")
    if fresh.dialect.name == "sqlite":
        narrow = connections.open_appender(str(fresh.url), "export_log")
    else:
        with fresh.begin() as connection:
            if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = 'logger'")):
                connection.execute(text("CREATE ROLE logger LOGIN"))
        rights.grant({"shared": fresh}, "log", "logger")
        narrow = connections.open_appender(fresh.url.set(username="logger").render_as_string(), "export_log")
    export_log.record(narrow, entry())
    with pytest.raises(DBAPIError), narrow.begin() as connection:
        connection.execute(text(statement))
    assert export_log.exports_since(narrow, "s", NOON - timedelta(hours=1)) == [NOON]


def test_a_view_is_kept_replaced_opened_and_forgotten_for_its_reader_alone(own_sample: addresses.Urls) -> None:
    keeper = connections.open_appender(own_sample.shared, "saved_view")
    saved_views.keep(keeper, "a", saved_views.SavedView("Mine", "overlap", "country=LT"))
    saved_views.keep(keeper, "a", saved_views.SavedView("Mine", "overlap", "country=DE"))
    saved_views.keep(keeper, "b", saved_views.SavedView("Mine", "", ""))
    assert saved_views.views_of(keeper, "a") == [saved_views.SavedView("Mine", "overlap", "country=DE")]
    for number in range(saved_views.MOST_VIEWS - 1):
        saved_views.keep(keeper, "a", saved_views.SavedView(f"{number}", "", ""))
    saved_views.keep(keeper, "a", saved_views.SavedView("Mine", "overlap", "country=DE"))
    with pytest.raises(saved_views.TooMany):
        saved_views.keep(keeper, "a", saved_views.SavedView("one more", "", ""))
    assert len(saved_views.views_of(keeper, "a")) == saved_views.MOST_VIEWS
    for number in range(saved_views.MOST_VIEWS - 1):
        saved_views.forget(keeper, "a", f"{number}")
    saved_views.forget(keeper, "a", "Mine")
    assert saved_views.views_of(keeper, "a") == [] and len(saved_views.views_of(keeper, "b")) == 1
    with pytest.raises(ValueError, match="name"):
        saved_views.SavedView(" ", "overlap", "")
    with pytest.raises(DBAPIError), keeper.begin() as connection:
        connection.execute(text("DELETE FROM export_log"))


def test_a_links_own_choices_restore_the_page_and_what_is_not_on_offer_is_said(deployment: addresses.Urls) -> None:
    assert deployment
    app = open_page("overview", part="nonsense", colour="red")
    assert any("colour, part" in warning.value for warning in app.warning)
    app = open_page("overview")
    app.switch_page("../pages/funding_gaps.py").run()
    app.session_state["part_funding_gaps"] = "reach"
    app.run()
    assert app.query_params["part"] == "reach"
    restored = open_page("overview", part="reach")
    assert "part" not in restored.query_params


def test_a_large_table_is_streamed_and_whole(visit) -> None:
    rows = pd.DataFrame({"organisation": [f"o{n}" for n in range(30_000)], "projects": range(30_000)})
    book = openpyxl.load_workbook(io.BytesIO(formats.excel(Report("p"), [Table("k", "t", rows)], "id")), read_only=True)
    found = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(found) == 30_001 and found[-1] == ("o29999", 29_999)
    assert visit


@pytest.mark.parametrize("role", ["funder", "coordinator"])
def test_the_brief_holds_the_four_answers_three_charts_and_its_limits(deployment: addresses.Urls, role: str) -> None:
    visit = visit_of(deployment, VIEWERS[role])
    report = brief.contents(visit, walk.one("overview", visit, {}))
    page = brief.write(report, report.tables, "id").decode()
    assert page.count('class="answer"') == 4 and page.count('class="bar"') > 10 and len(report.tables) == 3
    assert "18 October 2026" in page and "<script" not in page and "http" not in page
    assert report.is_live == (role == "coordinator")


def test_the_brief_of_a_page_holds_its_answer_figures_and_tables_of_the_part_on_screen(
    deployment: addresses.Urls,
) -> None:
    visit = visit_of(deployment, VIEWERS["funder"])
    shown = walk.one("what_if", visit, {"seat": "DE", "leaves_on": "2026-12-31"})
    report = brief.contents(visit, shown)
    page = html.unescape(brief.write(report, report.tables, "id").decode())
    assert shown.answer in page and page.count('class="answer"') == len(shown.figures) == 8
    first = [table for table in shown.tables if not table.rows.empty][: brief.TABLES]
    assert all(table.title in page for table in first)
    organisations = next(table for table in first if table.key == "leaves_organisations")
    assert all(name in page for name in organisations.rows["organisation"].head(brief.ROWS))
    rest = len(organisations.rows) - brief.ROWS
    assert (f"{rest} more in the table" in page) == (rest > 0)
    other = walk.one("what_if", visit, {"part": "amount", "amount": "100000"})
    assert "Talmud" not in page and other.answer in html.unescape(brief.write(other, other.tables, "id").decode())


def test_a_board_pack_holds_the_brief_of_each_page_with_its_own_choices(
    deployment: addresses.Urls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["overview", "funding-gaps?country=LT&currency=USD", "what-if?seat=DE"]
    assert main(["brief", *asked, "--out", str(tmp_path / "pack.html"), "--export-id", "x"]) == 0
    page = html.unescape((tmp_path / "pack.html").read_text(encoding="utf-8"))
    made = [
        brief.of_link(VIEWERS["funder"], one.partition("?")[0], dict(parse_qsl(one.partition("?")[2]))) for one in asked
    ]
    assert brief.pack(made, "x") == (tmp_path / "pack.html").read_bytes()
    assert page.count("<section>") == len(asked) and page.count("<!doctype") == 1
    assert "Lithuania" in page and "/funding-gaps?currency=USD&country=LT" in page and "seat=DE" in page
    for wrong in ("nowhere", "funding-gaps?country=XX", "funding-gaps?currency=XXX"):
        assert main(["brief", "overview", wrong]) == 1
    assert "XX" in capsys.readouterr().err


def test_kept_views_are_offered_as_a_board_pack_to_who_sees_no_live_case(own_sample: addresses.Urls) -> None:
    def offered(role: str) -> bool:
        return any("Board pack" in button.label for button in open_page("overview", role).get("download_button"))

    assert not offered("funder")
    for viewer in (FUNDER, EVERYWHERE):
        for name in ("one", "two"):
            view = saved_views.SavedView(name, "initiatives", "country=LT")
            saved_views.keep(appender("saved_view"), viewer.subject, view)
    assert offered("funder") and not offered("coordinator")


@pytest.mark.parametrize(
    "name",
    [
        "🕊 Dove legal aid project in Vilnius and elsewhere",
        "=Sheet1!$A$1",
        "a\x0bb\ufffe\uffff",
        "x" * 40_000,
        "History",
        "'quoted'",
    ],
    ids=["emoji", "formula", "no characters", "long", "reserved", "quotes"],
)
def test_any_name_makes_readable_files(visit, name: str) -> None:
    from dashboard.page.blocks import Chart
    from dashboard.pictures import charts

    rows = pd.DataFrame({"organisation": pd.array([name, "b"], dtype="str"), "projects": [1, 2]})
    picture = charts.ranked_bars(rows.assign(key=["a", "b"]), "key", [("projects", "n")])
    shown = Chart("k", name, rows, "", picture, "")
    report = Report("p", title=name, tables=[shown])
    for ending in ("xlsx", "ods"):
        content = formats.FORMATS[ending].make(report, [shown], "id")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.namelist():
                if part.endswith(".xml"):
                    ElementTree.fromstring(archive.read(part))
            written = "".join(archive.read(part).decode() for part in archive.namelist() if "chart" in part)
            assert "<c:f>Sheet1" not in written
    assert visit


def test_a_csv_parted_at_semicolons_holds_no_formula_either(visit) -> None:
    rows = pd.DataFrame({"organisation": pd.array(["x;=1+1", "y\t@z", "a; b"], dtype="str")})
    written = formats.comma_separated(Report("p"), [Table("k", "t", rows)], "id").decode("utf-8-sig")
    assert "x;'=1+1" in written and "a; b" in written
    assert visit


def test_many_files_asked_for_at_once_do_not_pass_the_limit(own_sample: addresses.Urls) -> None:
    visit, asked = visit_of(own_sample, FUNDER), gate.Asked("funding_gaps", "k", XLSX)

    def take(_n: int) -> bool:
        try:
            return bool(contexts.pop().run(gate.hand_over, visit, asked, one_table, NOON))
        except gate.NotExported:
            return False

    contexts = [contextvars.copy_context() for _ in range(40)]
    with ThreadPoolExecutor(20) as pool:
        taken = sum(pool.map(take, range(40)))
    assert 10 < taken <= 20
    contexts.extend(contextvars.copy_context() for _ in range(20))
    assert taken + sum(take(n) for n in range(20)) == 20


def test_the_reference_of_a_grant_whose_payer_is_unnamed_is_not_shown(own_sample: addresses.Urls) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        funder = connection.scalar(text('SELECT funder_id FROM "grant" WHERE funder_id IS NOT NULL LIMIT 1'))
        connection.execute(text("UPDATE organisation SET visibility = 'aggregate_only' WHERE id = :id"), {"id": funder})
        connection.execute(
            text("UPDATE \"grant\" SET reference = reference || ' Hidden Payer' WHERE funder_id = :id"), {"id": funder}
        )
    visit = visit_of(own_sample, FUNDER)
    for page in ("funding_gaps", "data"):
        report = walk.whole(page, visit, {})
        assert "Hidden Payer" not in formats.as_json(report, report.tables, "id").decode()


def test_a_day_before_march_1900_is_text_that_every_spreadsheet_reads_alike(visit: Visit) -> None:
    days = [date(1863, 2, 17), date(1900, 2, 28), date(1900, 3, 1)]
    table = Table("t", "T", pd.DataFrame({"founded_on": pd.to_datetime(pd.Series(days))}))
    book = openpyxl.load_workbook(io.BytesIO(formats.excel(Report("p", tables=[table]), [table], "x")))
    shown = [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
    assert visit and shown == ["1863-02-17", "1900-02-28", datetime.combine(days[2], datetime.min.time())]


@pytest.mark.usefixtures("deployment")
def test_the_cells_of_a_grid_that_a_brief_prints_are_its_largest(tmp_path: Path) -> None:
    _visit, report = brief.of_link(VIEWERS["funder"], "funding-gaps", {})
    grid = next(table for table in report.tables if table.key == "coverage")
    printed = html.unescape(brief.write(report, [grid], "x").decode())
    numbers = [int(text.replace(",", "")) for text in re.findall(r'class="value">([\d,]+)<', printed)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] == round(grid.rows["gap"].max() / 100)


@pytest.mark.usefixtures("deployment")
def test_a_brief_prints_what_the_titles_of_its_charts_speak_of_and_says_how_much_more_there_is() -> None:
    _visit, gaps = brief.of_link(VIEWERS["funder"], "funding-gaps", {})
    printed = html.unescape(brief.write(gaps, gaps.tables[:1], "x").decode())
    rows = gaps.tables[0].rows
    assert "withheld or not stated" in gaps.tables[0].title
    for place, amount in rows.loc[rows["host_country"].isin(UNPLACED), ["host_country", "gap"]].itertuples(index=False):
        assert f"{amount // 100:,}" in printed or f"{round(amount / 100):,}" in printed, place
    assert f"{len(rows) - brief.BARS} more in the table" in printed

    _visit, months = brief.of_link(VIEWERS["funder"], "funding-gaps", {"part": "months"})
    cliff = next(table for table in months.tables if table.key == "cliff")
    printed = html.unescape(brief.write(months, [cliff], "x").decode())
    month = pd.Timestamp(re.search(r"from (\w+ \d{4})$", cliff.title)[1])
    told = re.findall(r'class="name">([^<]+)<.*?class="value">(\d+)', printed)
    shares = [(name, int(share)) for name, share in told]
    (at,) = (place for place, (name, _share) in enumerate(shares) if name == written.short_month(month))
    assert shares[at][1] < 75 and all(share >= 75 for _name, share in shares[:at])
