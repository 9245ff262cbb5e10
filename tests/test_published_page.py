"""What a funder reads of relocation: published cells, their sums, ratios and ranks, and nothing else (rows 19-29)."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from sqlalchemy import delete, insert, text

from dashboard.answers import published, publishing
from data_access import addresses, connections, protected_year
from data_access.filters import Filters
from data_access.schema import published_cell
from tests.conftest import FUNDER, ROOT, STEWARD, open_sample_visit
from tests.test_pages import open_page, tables, texts

CHOICES = [
    Filters(),
    Filters(host_countries=("DE",)),
    Filters(host_countries=("LV", "GE", "KZ")),
    Filters(host_countries=("FR",), since="2024-01", until="2025-06"),
    Filters(since="2026-09"),
]


def allowed(found: published.Published, cells: pd.DataFrame) -> set[int]:
    """Every published value, and per period and measure the sums of shown cells of the chosen groups."""
    shown = cells["value"].dropna()
    return {int(n) for n in shown} | {
        int(n)
        for measure in protected_year.MEASURES
        for n in found.periods.get(measure, pd.Series(dtype="Int64")).dropna()
    }


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("viewer", [FUNDER, STEWARD], ids=["funder", "steward"])
@pytest.mark.parametrize("filters", CHOICES, ids=str)
def test_every_number_is_a_published_cell_a_sum_or_a_share_of_them(sample, viewer, filters: Filters) -> None:
    with sample["shared"].connect() as connection:
        cells = pd.read_sql(published_cell.select(), connection)
    visit = open_sample_visit(viewer, filters)
    found = published.find(visit)
    known = allowed(found, cells)
    charts = [published.people(found, visit), published.lengths(found)] if found.newest else []
    if found.newest:
        charts += [
            published.breakdown(found, by, measure)
            for by in published.breakdown_names()
            for measure in published.measure_names()
        ]
    if found.newest and (year := published.year_table(found)):
        charts.append(year)
    for shown in charts:
        if shown is not None:
            people = [value for value in shown.rows["people"] if value != "<10"]
            assert {int(value.replace(",", "")) for value in people} <= known
    for figure in published.summary(found).figures:
        if figure.term == "published_share":
            assert figure.value is None or figure.value in range(101)
        elif isinstance(figure.value, int):
            assert figure.value in known
    sums = found.periods
    for period, row in sums.set_index("period").iterrows() if len(sums) else []:
        for measure in protected_year.MEASURES:
            mine = found.cells[(found.cells["period"] == period) & (found.cells["measure"] == measure)]["value"]
            total = mine.sum(min_count=1)
            assert (pd.isna(row[measure]) and pd.isna(total)) or row[measure] == total
            assert row[f"{measure}_hidden"] == mine.isna().sum()


def publish_cells(urls: addresses.Urls, **values: int | None) -> None:
    """Replace everything published by one quarter: 'measure' or 'measure/country/route' -> value."""
    rows = []
    for name, value in values.items():
        measure, country, kind = (*name.split("__"), "all", "all")[:3]
        rows.append({"measure": measure, "period": "2026Q2", "country_group": country, "route_group": kind,
                     "value": value, "release": "2026Q2"})  # fmt: skip
    with connections.open_writer(urls.shared).begin() as connection:
        connection.execute(delete(published_cell))
        connection.execute(insert(published_cell), rows)


@pytest.mark.parametrize(("closed", "shown"), [(25, "–"), (30, "67\u00a0%"), (None, "–")])
def test_a_share_needs_thirty_people(own_sample: addresses.Urls, closed: int | None, shown: str) -> None:
    publish_cells(own_sample, opened=40, closed=closed, relocated=20)
    figures = {f.term: f for f in published.summary(published.find(open_sample_visit(FUNDER))).figures}
    assert figures["published_share"].shown == shown


def test_a_share_is_never_above_the_whole(own_sample: addresses.Urls) -> None:
    publish_cells(own_sample, opened=40, closed=30, relocated=35)
    figures = {f.term: f for f in published.summary(published.find(open_sample_visit(FUNDER))).figures}
    assert figures["published_share"].value == 100


def test_shown_groups_are_ranked_and_hidden_ones_follow_in_order_of_the_alphabet(own_sample: addresses.Urls) -> None:
    publish_cells(
        own_sample, opened=90, closed=None, relocated=None, opened__DE=50, opened__LT=10, opened__PL=30,
        opened__CZ=None, opened__LV=None, opened__caucasus=None,
    )  # fmt: skip
    chart = published.breakdown(published.find(open_sample_visit(FUNDER)), "country_group", "opened")
    names = list(chart.picture.layout.yaxis.ticktext)
    assert names == ["Germany", "Poland", "Lithuania", "Czechia", "Latvia", "South Caucasus"]
    assert list(chart.picture.data[0].text) == ["50", "30", "10", "<10", "<10", "<10"]
    assert list(chart.picture.data[0].x)[3:] == [None, None, None]


def test_a_hidden_part_makes_a_sum_at_least_and_never_a_difference(own_sample: addresses.Urls) -> None:
    publish_cells(own_sample, opened=90, closed=40, relocated=30, opened__DE=50, closed__DE=20, relocated__DE=10,
                  opened__LT=None, closed__LT=None, relocated__LT=None)  # fmt: skip
    visit = open_sample_visit(FUNDER, Filters(host_countries=("DE", "LT")))
    found = published.find(visit)
    assert published.summary(found).figures[0].shown == "≥ 50"
    chart = published.people(found, visit)
    assert list(chart.picture.data[0].y) == [None]


def test_a_hidden_period_is_a_gap_and_not_zero(own_sample: addresses.Urls) -> None:
    publish_cells(own_sample, opened=None, closed=None, relocated=None)
    visit = open_sample_visit(FUNDER)
    found = published.find(visit)
    assert published.summary(found).figures[0].shown == "<10"
    assert list(published.people(found, visit).picture.data[0].y) == [None]
    assert published.lengths(found) is None


@pytest.mark.parametrize(("people", "shown"), [(25, False), (30, True)])
def test_bands_of_time_need_thirty_people(own_sample: addresses.Urls, people: int, shown: bool) -> None:
    publish_cells(own_sample, opened=90, closed=40, relocated=30, band_3=people)
    found = published.find(open_sample_visit(FUNDER))
    assert (published.lengths(found) is not None) is shown


def test_nothing_asks_for_the_longest_or_shortest_case_of_funders() -> None:
    source = (ROOT / "dashboard" / "answers" / "published.py").read_text()
    assert not re.search(r"oldest|longest|shortest|\bdays_open\b", source)


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("day", ["2025-03-03", "2025-03"])
def test_a_period_inside_a_quarter_is_ignored_or_leaves_whole_quarters(day: str) -> None:
    from data_access.filters import from_parameters

    filters, dropped = from_parameters({"from": day, "to": day}, {})
    found = published.find(open_sample_visit(FUNDER, filters))
    whole = published.find(open_sample_visit(FUNDER))
    assert set(found.periods["period"]) <= set(whole.periods["period"])
    assert bool(dropped) == (len(day) > 7)
    assert found.periods.empty or found.periods.equals(whole.periods)


def test_the_middle_band_is_not_named_when_hidden_bands_could_move_it() -> None:
    def bands(*values: int | None) -> pd.DataFrame:
        return pd.DataFrame({"measure": published.BANDS, "value": pd.array(list(values), "Int64")})

    assert published.middle_band(bands(None, None, None, 20, 20, None, None, None)) is None
    assert published.middle_band(bands(10, 10, 10, 90, 10, 10, 10, 10)) == "band_4"


def test_a_group_of_its_own_this_year_leaves_the_rest_group_out(own_sample: addresses.Urls) -> None:
    visit = open_sample_visit(FUNDER, Filters(host_countries=("KZ",)))
    assert published.groups_of(visit.filters, {"KZ": "KZ"}) == {"KZ"}
    assert published.groups_of(visit.filters, {}) == {protected_year.OTHER}


def test_nothing_published_is_said_and_drawn_as_nothing(own_sample: addresses.Urls) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(delete(published_cell))
    for filters in (Filters(), Filters(host_countries=("DE",))):
        found = published.find(open_sample_visit(FUNDER, filters))
        assert found.newest is None
        assert "No period has been published yet." in published.summary(found).sentence


def everything_in(urls: addresses.Urls) -> list[str]:
    """Both databases as SQL."""
    lines: list[str] = []
    for url in (urls.shared, str(urls.cases)):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            lines += connection.iterdump()
    return lines


@pytest.fixture
def december(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third quarter of the sample can be published; nothing of it is out."""
    monkeypatch.setattr(publishing, "_today", lambda: date(2026, 12, 1))


def test_a_steward_sees_where_each_period_stands_and_one_as_it_would_be(own_sample, december) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        wish = {"period": "2026Q3", "by": "anna", "at": datetime(2026, 12, 1, tzinfo=UTC)}
        connection.execute(
            text("INSERT INTO publication_request (period, asked_by, asked_at) VALUES (:period, :by, :at)"), wish
        )
    before = everything_in(own_sample)
    app = open_page("data", "steward", part="publication")
    assert not app.exception
    rows = tables(app)[0].set_index("Period")
    assert dict(rows["State"].iloc[:3]) == {
        "2026Q4": "not closed yet",
        "2026Q3": "can be published",
        "2026Q2": "published",
    }
    assert "1 closed period is neither published nor withheld" in texts(app)
    assert rows.loc["2026Q3", "Asked for"] == "to publish it"
    app.session_state["open_periods"] = "2026Q3"
    app.run()
    assert not app.exception and not app.error
    shown = tables(app)[1]
    assert len(shown) > 50 and set(shown["Would show"].str.contains("hidden")) == {True, False}
    assert everything_in(own_sample) == before


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ["funder", "coordinator"])
def test_nobody_but_a_steward_sees_how_publication_stands(role: str) -> None:
    app = open_page("data", role, part="publication")
    assert not app.exception
    assert app.session_state["part_data"] == "sources"


def test_a_server_without_the_publishers_logins_shows_no_trial(own_sample, december, monkeypatch) -> None:
    monkeypatch.setenv("MERIDIAN_CASES_PUBLISHER_URL", "")
    app = open_page("data", "steward", part="publication")
    assert not app.exception and len(tables(app)) == 1
    assert "open_periods" not in app.session_state
