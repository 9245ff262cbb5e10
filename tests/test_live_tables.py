"""Live tables: what a spreadsheet reads by itself, for whom, how often, and what it never gets (attack rows of the new addresses)."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import text
from starlette.datastructures import Headers

from dashboard import live
from dashboard.files import formats, live_table
from dashboard.page import reading, walk
from dashboard.page.visit import open_visit
from dashboard.web import TABLES
from dashboard.words import columns
from data_access import addresses, connections, i18n, live_keys, people
from data_access.people import Person
from data_access.schema import export_log
from data_access.viewer import Viewer
from tests.conftest import FUNDER, PAGES, open_sample_visit
from tests.test_pages import open_page, tables

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ME = "a" * 64


@pytest.fixture
def served(own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch) -> addresses.Urls:
    """A sample that hands out live tables."""
    monkeypatch.setenv(addresses.LIVE_VARIABLE, "1")
    return own_sample


@pytest.fixture
def key(served: addresses.Urls) -> str:
    return live_keys.make(reading.appender("live_key"), ME, "the board's sheet", 30, NOW)


def ask(path: str, key: str = "", now: datetime = NOW, **headers: str) -> live.Answer:
    """What `/tables/<path>` is answered with this key as a Bearer token."""
    path, _mark, query = path.partition("?")
    named = {"authorization": f"Bearer {key}"} if key else {}
    asked = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    given = named | {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        return live.answer(TABLES + path, asked, Headers(given), now)
    finally:
        i18n.language.set(i18n.SOURCE)
        open_visit(None)


def logged() -> list[dict]:
    with reading.appender("export_log").connect() as connection:
        rows = connection.execute(export_log.select().order_by(export_log.c.id)).mappings().all()
    return [dict(row) for row in rows]


def test_nothing_is_handed_out_unless_the_server_was_told_to(own_sample: addresses.Urls) -> None:
    made = live_keys.make(reading.appender("live_key"), ME, "x", 30, NOW)
    assert ask("initiatives/by_country.csv", made).status == 404


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("initiative", "definitions", "data")])
def test_a_live_table_has_the_rows_and_values_of_the_page(served: addresses.Urls, key: str, page: str) -> None:
    report = walk.whole(page, open_sample_visit(FUNDER), {})
    chosen = [one for one in report.tables if one.key not in live_table.NEVER][:3]
    shown = {table.key: list(csv.reader(io.StringIO(formats.bare_csv(table).decode()))) for table in chosen}
    for table in chosen:
        got, wanted = ask(f"{page.replace('_', '-')}/{table.key}.csv", key), shown[table.key]
        assert got.status == 200, (table.key, got.content)
        rows = list(csv.reader(io.StringIO(got.content.decode())))
        assert [row[: len(wanted[0])] for row in rows] == wanted
        values = json.loads(ask(f"{page.replace('_', '-')}/{table.key}.json", key).content)
        assert len(values) == len(table.rows)


def test_filters_choices_currency_and_language_of_an_address_are_those_of_a_link(served, key: str) -> None:
    def first_line(query: str) -> str:
        got = ask(f"funding-gaps/gaps.csv?{query}", key)
        assert got.status == 200, got.content
        return got.content.decode().splitlines()[0]

    assert first_line("country=LT") != first_line("currency=USD")
    assert first_line("lang=de").startswith("Gastland") and first_line("gaps_by=activity").startswith("Activity")
    georgian = ask("initiatives/countries.json?country=GE", key)
    whole = ask("initiatives/countries.json", key)
    assert len(json.loads(georgian.content)) < len(json.loads(whole.content))


@pytest.mark.parametrize(
    "wrong", ["contry=LT", "country=XX", "from=soon", "lang=xx", "currency=BTC", "as=steward", "scope=LT"]
)
def test_a_parameter_that_is_not_understood_is_refused_by_its_name_and_never_ignored(
    served, key: str, wrong: str
) -> None:
    got = ask(f"initiatives/by_country.csv?{wrong}", key)
    assert got.status == 400 and wrong.partition("=")[0] in got.content.decode()


@pytest.mark.parametrize(
    "path",
    ["initiatives/none.csv", "none/by_country.csv", "initiatives/by_country.exe", "initiatives/by_country", "initiatives",
     "initiatives/../data/loads.csv", "initiatives/unlisted.csv", "directory/unlisted.json", "relocation/call_list.csv",
     "data/loads.csv", "data/people.csv"],
)  # fmt: skip
def test_a_guessed_table_is_not_there(served, key: str, path: str) -> None:
    """Neither one that there is not, nor one of stewards, of live cases, or of those who asked not to be listed."""
    assert ask(path, key).status == 404


def test_without_a_good_key_nothing_is_handed_out(served, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, keeper = "initiatives/by_country.csv", reading.appender("live_key")
    for wrong in ("", "mk_guessed", key[:-1], key.upper()):
        got = ask(path, wrong)
        assert got.status == 401 and got.headers["WWW-Authenticate"].startswith("Basic")
    in_address = f"{path}?key={key}"
    assert ask(in_address).status == 401
    monkeypatch.setenv(live.IN_ADDRESS, "1")
    assert ask(in_address).status == 200
    basic = base64.b64encode(f"anybody:{key}".encode()).decode()
    assert ask(path, authorization=f"Basic {basic}").status == 200
    assert ask(path, authorization="Basic !!!").status == 401
    assert ask(path, key, NOW + timedelta(days=30)).status == 200
    assert ask(path, key, NOW + timedelta(days=31)).status == 401
    (known,) = live_keys.keys_of(keeper, ME)
    live_keys.revoke(keeper, "somebody else", known.id, NOW)
    assert ask(path, key).status == 200
    live_keys.revoke(keeper, ME, known.id, NOW)
    assert ask(path, key).status == 401


def test_a_key_is_as_good_as_its_makers_role_and_reads_no_more_than_a_funder(
    served: addresses.Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = connections.open_writer(served.shared)
    with writer.begin() as connection:
        connection.execute(text("UPDATE meta SET value = '0' WHERE key = 'is_sample'"))
    made = live_keys.make(reading.appender("live_key"), ME, "x", 30, NOW)
    path = "initiatives/countries.json"
    assert ask(path, made).status == 401
    people.add(writer, Person(ME, "coordinator", None))
    coordinators = ask(path, made)
    assert coordinators.status == 200 and ask("relocation/call_list.json", made).status == 404
    people.change(writer, Person(ME, "funder"))
    assert ask(path, made).content == coordinators.content
    people.add(writer, Person("b" * 64, "steward"))
    people.remove(writer, ME)
    assert ask(path, made).status == 401


def test_each_use_is_logged_before_it_leaves_and_an_unchanged_answer_is_not_counted(served, key: str) -> None:
    first = ask("initiatives/countries.csv?country=LT", key)
    tag = first.headers["ETag"]
    again = ask("initiatives/countries.csv?country=LT", key, if_none_match=tag)
    assert (again.status, again.content) == (304, b"") and again.headers["ETag"] == tag
    rows = logged()
    assert [row["format"] for row in rows] == ["csv", "same"]
    assert all(row["subject"] == ME and row["live_key"] and row["page"] == "initiatives" for row in rows)
    assert rows[0]["what"] == "countries" and rows[0]["rows"] > 0 and "country=LT" in rows[0]["filters"]
    assert key not in json.dumps(rows, default=str)


def test_a_key_is_used_at_most_so_often_within_an_hour_and_buttons_are_counted_apart(
    served, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_AN_HOUR", 3)
    path = "initiatives/countries.csv"
    tag = ask(path, key).headers["ETag"]
    assert [ask(path, key).status for _use in range(3)] == [200, 200, 429]
    assert int(ask(path, key, if_none_match=tag).headers["Retry-After"]) <= 3600
    assert ask(path, key, NOW + timedelta(minutes=61)).status == 200
    other = live_keys.make(reading.appender("live_key"), ME, "another", 30, NOW)
    assert ask(path, other).status == 200
    assert logged()[-2]["refused"] is False and any(row["refused"] for row in logged())


def test_equal_rows_are_equal_bytes_and_nothing_tells_of_a_load(served: addresses.Urls, key: str) -> None:
    def everything() -> list[bytes]:
        return [ask(f"initiatives/countries.{ending}", key).content for ending in live_table.MIMES]

    before = everything()
    with connections.open_writer(served.shared).begin() as connection:
        connection.execute(text("UPDATE meta SET value = '4711' WHERE key IN ('data_version', 'summed_version')"))
        connection.execute(text("UPDATE import_run SET loaded_on = '2026-10-18'"))
    reading.forget()
    assert everything() == before
    book = openpyxl.load_workbook(io.BytesIO(before[2]))
    assert "4711" not in str([[cell.value for cell in row] for sheet in book for row in sheet])


def test_what_columns_mean_stands_beside_every_table(served, key: str) -> None:
    told = json.loads(ask("funding-gaps/gaps.meta.json?country=LT&lang=ru", key).content)
    assert told["role"] == "funder" and told["as_of"] == "2026-10-18" and told["language"] == "ru" and told["filters"]
    assert all(column["definition"] and column["heading"] for column in told["columns"])
    assert "data_version" not in told and "last_load" not in told and "release" not in told
    headings = ask("funding-gaps/gaps.csv?country=LT&lang=ru", key).content.decode().splitlines()[0]
    assert next(csv.reader([headings])) == [column["heading"] for column in told["columns"]]


def test_published_figures_carry_their_release_and_what_protects_them(served, key: str) -> None:
    rows = json.loads(ask("relocation/published.json", key).content)
    assert rows and all(row["release"] == row["period"] and "10" in row["note"] for row in rows)
    assert all("release" in row for row in json.loads(ask("relocation/breakdown.json", key).content))
    assert {"release", "note"} <= columns.COLUMNS.keys()


def test_nothing_leaves_while_the_log_does_not_answer(served, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "keeps_now", lambda table: table != "export_log")
    assert ask("initiatives/countries.csv", key).status == 503


def test_a_fault_tells_a_reference_and_nothing_else(served, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_how: object) -> None:
        raise ValueError("Anna Petrova")

    monkeypatch.setattr(live_table, "make", broken)
    got = ask("initiatives/countries.csv", key)
    assert got.status == 500 and b"reference" in got.content and b"Petrova" not in got.content


def test_a_reader_makes_a_key_that_is_shown_once_and_takes_it_back(served: addresses.Urls) -> None:
    app = open_page("data", "funder", part="live")
    assert not app.exception
    assert any("/tables/" in str(frame) for frame in tables(app))
    next(field for field in app.text_input if field.label == "What the key is for").set_value("my sheet")
    next(button for button in app.button if button.label == "Make a key").click()
    app.run()
    assert not app.exception
    made = app.code[0].value
    assert ask("initiatives/countries.csv", made, datetime.now(UTC)).status == 200
    assert made.removeprefix("mk_") not in str(
        [tuple(row) for row in reading.appender("live_key").connect().execute(text("SELECT * FROM live_key"))]
    )
    app.run()
    assert not app.code, "it is shown once"


def test_keys_are_bounded_in_name_days_and_number(served: addresses.Urls) -> None:
    keeper = reading.appender("live_key")
    for name, days in (("", 30), ("x" * 61, 30), ("x", 0), ("x", 367)):
        with pytest.raises(live_keys.NotMade):
            live_keys.make(keeper, ME, name, days, NOW)
    for number in range(live_keys.MOST_KEYS):
        live_keys.make(keeper, ME, f"key {number}", 30, NOW)
    with pytest.raises(live_keys.NotMade, match="take one back"):
        live_keys.make(keeper, ME, "one more", 30, NOW)


def test_a_viewer_of_a_key_is_a_funder() -> None:
    assert Viewer("funder", (), ME).scope == FUNDER.scope
