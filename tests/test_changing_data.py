"""Records change while people read: the next click shows them, no page mixes two states, and nobody reads what was kept
for somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from sqlalchemy import Engine, select
from streamlit.testing.v1 import AppTest

from dashboard.answers import directory, initiatives, overlap, portfolio, published
from dashboard.answers import gaps as gaps_of
from dashboard.files import gate
from dashboard.files.formats import FORMATS
from dashboard.page import reading, walk
from dashboard.page.visit import open_visit
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, database, meta, problems, queries, rates, schema
from data_access.filters import Filters
from data_access.i18n import language
from data_access.importers import load, outcomes, runs
from data_access.importers.records import Record
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit, some
from tests.test_pages import everything_sent, figures, open_page, tables, texts

TODAY = date(2026, 10, 18)
VIEWERS = [FUNDER, EVERYWHERE, LITHUANIAN, STEWARD]


@pytest.fixture(autouse=True)
def end_visit() -> Iterator[None]:
    yield
    open_visit(None)


def writers(urls: addresses.Urls) -> dict[database.Which, Engine]:
    return {"shared": connections.open_writer(urls.shared), "cases": connections.open_writer(str(urls.cases))}


def load_initiative(engines: dict[database.Which, Engine], name: str) -> outcomes.Outcome:
    """One new initiative that works in Lithuania, without the refresh that follows an import."""
    slug = name.lower().replace(" ", "-")
    about = {"slug": slug, "name": name, "search_key": slug, "is_initiative": True, "is_funder": False}
    place = {"organisation": slug, "host_country": "LT", "role": "team", "precision": "country"}
    records = [
        Record("organisation", slug, about, defaults={"visibility": "public", "independence": "independent"}),
        Record("presence", slug, place),
    ]
    done = load.load(engines, "a register", records, TODAY)
    assert not done.problems, done.problems
    return done


def test_every_load_undo_and_rate_moves_the_data_version_and_a_dry_run_does_not(
    empty: dict[database.Which, Engine],
) -> None:
    def version() -> str:
        with empty["shared"].connect() as connection:
            return meta.version(connection, "shared")

    assert version() == "0"
    done = load_initiative(empty, "First of all")
    assert version() == "1"
    load.load(empty, "a register", [], TODAY, dry_run=True)
    assert version() == "1"
    runs.undo(empty["shared"], "shared", done.runs["shared"])
    assert version() == "2"
    rates.store(empty["shared"], rates.bundled(date(2026, 1, 1))[:1])
    assert version() == "3"
    refresh(empty["shared"], empty["cases"], TODAY)
    assert version() == "4"


def test_summaries_are_stale_from_a_load_until_the_refresh_after_it(empty: dict[database.Which, Engine]) -> None:
    refresh(empty["shared"], empty["cases"], TODAY)
    assert not meta.is_stale(database.read_meta(empty["shared"]))
    load_initiative(empty, "Later")
    assert meta.is_stale(database.read_meta(empty["shared"]))
    refresh(empty["shared"], empty["cases"], TODAY)
    assert not any(meta.is_stale(database.read_meta(engine, which)) for which, engine in empty.items())


def test_a_page_says_that_its_summaries_are_older_than_the_records(own_sample: addresses.Urls) -> None:
    engines = writers(own_sample)
    assert not any("older than the rest" in warning.value for warning in open_page("overview").warning)
    load_initiative(engines, "Later")
    assert any("older than the rest" in warning.value for warning in open_page("overview").warning)
    refresh(engines["shared"], engines["cases"], TODAY)
    assert not any("older than the rest" in warning.value for warning in open_page("overview").warning)


def test_a_refresh_of_cases_leaves_what_is_kept_for_those_who_see_no_case_and_for_nobody_else(
    own_sample: addresses.Urls,
) -> None:
    def made_anew(viewer: Viewer) -> bool:
        """Whether anything of the first page is made again by a refresh of cases alone, up to another day."""
        walk.one("overview", open_sample_visit(viewer), {})
        before = reading.kept_now()
        with connections.open_writer(str(own_sample.cases)).begin() as cases:
            meta.note_summed(cases, "cases", date(2026, 10, 19), meta.move(cases, "cases"))
        visit = open_sample_visit(viewer)
        assert visit.cases_as_of == pd.Timestamp(2026, 10, 19)
        walk.one("overview", visit, {})
        with connections.open_writer(str(own_sample.cases)).begin() as cases:
            meta.note_summed(cases, "cases", date(2026, 10, 18), meta.move(cases, "cases"))
        return reading.kept_now() > before

    assert [made_anew(viewer) for viewer in (FUNDER, STEWARD, EVERYWHERE)] == [False, False, True]


def test_a_read_that_began_before_a_load_is_refused_on_either_database(urls: addresses.Urls) -> None:
    for which, address in (("shared", urls.shared), ("cases", str(urls.cases))):
        reader = connections.open_reader(address, which)
        query = queries.network.loads(FUNDER) if which == "shared" else queries.relocation.routes(EVERYWHERE)
        now = database.read_meta(reader, query.database)[meta.VERSION]
        assert query.database == which
        assert len(database.run(reader, query, now))
        with pytest.raises(problems.DataMoved):
            database.run(reader, query, str(int(now) - 1))


def test_the_next_click_after_an_import_shows_the_new_figures(own_sample: addresses.Urls) -> None:
    app = open_page("initiatives")
    before = int(figures(app)["Active initiatives"])
    engines = writers(own_sample)
    load_initiative(engines, "Just arrived")
    refresh(engines["shared"], engines["cases"], TODAY)
    app.run()
    assert int(figures(app)["Active initiatives"]) == before + 1


def test_an_import_in_the_midst_of_a_rerun_gives_the_page_of_a_reader_who_comes_later(
    own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines, find = writers(own_sample), initiatives.find
    arrivals = iter(["In the midst"])

    def find_late(*arguments, **named):
        for name in arrivals:
            load_initiative(engines, name)
            refresh(engines["shared"], engines["cases"], TODAY)
        return find(*arguments, **named)

    monkeypatch.setattr(initiatives, "find", find_late)
    app = open_page("initiatives")
    monkeypatch.undo()
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, own_sample.shared)
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, str(own_sample.cases))
    assert next(arrivals, None) is None
    later = open_page("initiatives")
    assert everything_sent(app) == everything_sent(later)
    assert any("In the midst" in str(frame.to_numpy()) for frame in tables(open_page("directory")))


def test_a_file_of_a_page_drawn_before_a_load_is_refused_rather_than_mixed(own_sample: addresses.Urls) -> None:
    visit = open_sample_visit()
    visit.reader = "reader"
    load_initiative(writers(own_sample), "Between")
    asked = gate.Asked("funding_gaps", "page", FORMATS["csv"])
    with pytest.raises(gate.NotExported, match="loaded since this page was drawn"):
        gate.hand_over(visit, asked, lambda: gate.whole_page(visit, "directory", {}))


def test_a_newly_published_period_appears_without_a_load(own_sample: addresses.Urls) -> None:
    before = published.find(open_sample_visit())
    assert len(before.periods)
    with connections.open_writer(own_sample.shared).begin() as connection:
        cells = schema.published_cell
        last = str(before.newest)
        rows = [dict(row._mapping) for row in connection.execute(select(cells).where(cells.c.period == last))]
        for row in rows:
            row.pop("id", None)
            row |= {"period": "2026Q4", "release": "2026Q4"}
        connection.execute(cells.insert(), rows)
    assert published.find(open_sample_visit()).newest == "2026Q4"


def seen(viewer: Viewer) -> list[str]:
    """Every page a viewer sees, as text."""
    visit = open_sample_visit(viewer)
    pages = ("overview", "initiatives", "funding_gaps", "overlap", "relocation", "directory")
    reports = [walk.whole(page, visit, {}) for page in some(pages, 2)]
    return [
        "\n".join([report.answer, *map(str, report.figures), *report.notes, *(table.rows.to_csv() for table in report.tables)])
        for report in reports
    ]  # fmt: skip


@pytest.mark.usefixtures("deployment")
def test_what_is_kept_for_one_viewer_reaches_no_other_in_whatever_order_they_come() -> None:
    alone = {}
    for viewer in VIEWERS:
        reading.forget()
        alone[viewer] = seen(viewer)
    for order in some((VIEWERS[::-1], VIEWERS), 2):
        reading.forget()
        for viewer in order:
            assert seen(viewer) == alone[viewer]


@pytest.mark.usefixtures("deployment")
def test_two_sessions_of_different_roles_see_their_own_pages_in_turn() -> None:
    def shown(app: AppTest) -> tuple:
        return figures(app), [frame.to_csv() for frame in tables(app)], texts(app)

    alone = {role: shown(open_page("overlap", role)) for role in ("funder", "coordinator")}
    assert alone["funder"] != alone["coordinator"]
    sessions: dict[str, AppTest] = {role: open_page("overlap", role) for role in ("coordinator", "funder")}
    for role in ("funder", "coordinator", "funder"):
        assert shown(sessions[role].run()) == alone[role]


@pytest.mark.usefixtures("deployment")
def test_a_finding_is_known_by_all_it_was_made_from() -> None:
    """Other filters, another currency, another part: never what was kept for something else."""
    shown = {}
    for currency in ("EUR", "USD"):
        for chosen in (Filters(), Filters(host_countries=("DE",))):
            visit = open_sample_visit(FUNDER, chosen)
            visit.currency = currency
            money = portfolio.picture(visit)
            shown[currency, chosen] = [gaps_of.largest(money, by).rows.to_csv() for by in gaps_of.names()]
            shown[currency, chosen, "grid"] = [str(overlap.summary(overlap.find(visit)))]
    assert len({tuple(rows) for rows in shown.values()}) == len(shown)
    narrowed = replace(money, cells=money.cells[money.cells["activity"] == "media"])
    with pytest.raises(TypeError, match="cannot tell one Portfolio from another"):
        gaps_of.largest(narrowed, "line")


@pytest.mark.usefixtures("deployment")
def test_what_is_kept_in_one_language_is_not_shown_in_another() -> None:
    open_sample_visit()
    english = reading.computed(lambda: "Germany", "a word")
    token = language.set("de")
    try:
        assert reading.computed(lambda: "Deutschland", "a word") != english
    finally:
        language.reset(token)
    assert reading.computed(lambda: "anew", "a word") == english


@pytest.mark.usefixtures("deployment")
def test_what_a_page_does_to_a_frame_it_was_given_does_not_change_what_is_kept() -> None:
    visit = open_sample_visit()
    found = directory.find(visit)
    places = initiatives.find(visit).places
    places["host_country"] = "XX"
    found["mark"] = "changed"
    assert set(initiatives.find(visit).places["host_country"].dropna()) != {"XX"}
    assert set(directory.find(visit)["mark"]) != {"changed"}


def test_a_database_that_was_brought_up_to_date_says_that_it_wants_a_refresh() -> None:
    assert meta.is_stale({"as_of": "2026-10-18", "data_version": "3"})
    assert not meta.is_stale({"as_of": "2026-10-18", "data_version": "3", "summed_version": "3"})
