"""Every page, every role, without a browser: it starts, answers to filters, and shows nobody more than she may see."""

from __future__ import annotations

import html
import itertools
import json
import re
import shutil

import pandas as pd
import pytest
from google.protobuf.text_format import MessageToString
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.page import links, walk
from dashboard.page.registry import find
from dashboard.page.visit import NoVisit, Visit, open_visit
from dashboard.screen import tables as tables_on_screen
from data_access import addresses, connections, problems
from tests.conftest import PAGES, ROOT

ROLES = ("funder", "coordinator", "coordinator.LT", "steward")


FIGURE = re.compile(r'meridian-label"><span>(.*?)</span>.*?meridian-value">(.*?)</div>', re.DOTALL)


def open_page(page: str, role: str = "funder", **parameters: str) -> AppTest:
    """The frame with one page open."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.query_params["as"] = role
    if "country" not in parameters and "." in role:
        app.query_params[links.EVERYWHERE] = "1"
    for name, value in parameters.items():
        app.query_params[name] = value
    if page != "overview":
        app._page_hash = calc_hash(find(page).path)  # its own switch_page needs a run of the first page before
    return app.run()


def figures(app: AppTest) -> dict[str, str]:
    return dict(FIGURE.findall("".join(element.proto.body for element in app.get("html"))))


def lists_of(app: AppTest) -> dict[str, list[str]]:
    """What every list to choose from on the page offers, by its key."""
    return {one.key or one.label: list(one.options) for one in (*app.selectbox, *app.multiselect)}


def texts(app: AppTest) -> list[str]:
    """Every text of the page that is drawn as HTML, as a reader sees it, one per paragraph, heading or point."""
    drawn = "".join(element.proto.body for element in app.get("html"))
    return [html.unescape(re.sub(r"<[^>]*>", "", text)) for text in re.split(r"</(?:p|li|h\d|div)>", drawn)]


def tables(app: AppTest) -> list[pd.DataFrame]:
    """Every table of the page as it is sent, by its headings; shares rounded as files have them."""
    sent = [
        json.loads(one.proto.json) for one in app.get("bidi_component") if one.proto.component_name == "meridian.table"
    ]
    found = [
        {column["heading"]: pd.Series(column["values"], dtype="object") for column in one["columns"]} for one in sent
    ]
    for one, made in zip(sent, found, strict=True):
        made |= {
            column["heading"]: made[column["heading"]].astype("Float64").round(2)
            for column in one["columns"]
            if column["kind"] == "percent"
        }
    return [pd.DataFrame(columns) for columns in found] + [frame.value for frame in app.dataframe]


def open_tables(app: AppTest) -> AppTest:
    """The same page with the table under each chart opened, as a reader does it."""
    opened = False
    for expander in app.expander:
        _start, mark, name = expander.proto.id.partition("-rows_")
        if mark and not app.session_state[f"rows_{name}"]:
            app.session_state[f"rows_{name}"] = opened = True
    return app.run() if opened else app


def everything_sent(app: AppTest) -> str:
    """All text, tables and charts the page sends to the browser, with every table opened."""
    open_tables(app)
    protos = [proto for element in app.main if (proto := getattr(element, "proto", None)) is not None]
    parts = [html.unescape(MessageToString(proto, as_utf8=True)) for proto in protos]
    parts += [frame.to_json(date_format="iso", force_ascii=False) for frame in tables(app)]
    parts += [str(chart.proto) for chart in app.get("bidi_component")]
    return re.sub(r"deferred_file_id: .*", "", "\n".join(parts))


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_starts_for_every_role(page: str, role: str) -> None:
    app = open_page(page, role)
    assert not app.exception
    assert not app.error
    assert app.title[0].value


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_a_choice_that_leaves_nothing(page: str, role: str) -> None:
    app = open_page(
        page, role, country="KG", activity="elections", audience="belarusians", **{"from": "2022-03", "to": "2022-03"}
    )
    assert not app.exception
    assert not app.error


PARTS = {
    "relocation": ("call", "flow", "outcomes", "programmes", "after", "places", "records"),
    "overlap": ("where", "funders", "project", "facts"),
    "initiatives": ("what", "how"),
    "funding_gaps": ("months", "dependence", "reach", "flows", "unseen", "records"),
    "what_if": ("amount", "closes"),
    "data": ("fix",),
    "definitions": ("rules", "columns", "words"),
}


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ["funder", "coordinator"])
@pytest.mark.parametrize(("page", "part"), [(page, part) for page, parts in PARTS.items() for part in parts])
@pytest.mark.parametrize("choice", [{}, {"country": "KG", "activity": "elections", "audience": "belarusians"}], ids=str)
def test_every_part_of_a_long_page_starts(page: str, part: str, role: str, choice: dict[str, str]) -> None:
    app = open_page(page, role, **choice)
    if f"part_{page}" not in app.session_state:
        assert (page, role) == ("relocation", "funder")
        return
    app.session_state[f"part_{page}"] = part
    app.run()
    assert not app.exception
    assert not app.error
    assert app.session_state[f"part_{page}"] == part


@pytest.mark.usefixtures("deployment")
def test_opening_the_rows_of_a_figure_shows_them() -> None:
    app = open_page("funding_gaps")
    app.session_state["part_funding_gaps"] = "months"
    app.run()
    before = len(tables(app))
    next(box for box in app.selectbox if box.key == "open_cliff").select("2026-10").run()
    assert len(tables(app)) == before + 1
    assert any("Behind October 2026" in said for said in texts(app))


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ["funder", "coordinator"])
def test_choosing_lithuania_changes_the_figures_it_applies_to(role: str) -> None:
    expected = {
        "overview": {"Active initiatives", "Need covered", "Pairs to check"},
        "initiatives": {"Active initiatives", "Host countries"},
        "funding_gaps": {"Need covered", "Gap", "Signed per month"},
        "overlap": {"Pairs to check", "One provider"},
        "relocation": {"Open cases", "Open over 120 days"} if role == "coordinator" else {"People who asked"},
    }
    for page, names in expected.items():
        before, after = figures(open_page(page, role)), figures(open_page(page, role, country="LT"))
        assert {name for name in names if before[name] == after[name]} == set(), page


@pytest.mark.usefixtures("deployment")
def test_a_choice_stays_across_pages_and_can_be_taken_away() -> None:
    app = open_page("overview", country="LT")
    for page in PAGES[1:]:
        app.switch_page(f"../pages/{page}.py").run()
        assert app.session_state["filter_country"] == ["LT"]
        assert any("Lithuania" in button.label for button in app.button), page
    next(button for button in app.button if "Lithuania" in button.label).click().run()
    assert app.session_state["filter_country"] == []


@pytest.mark.usefixtures("deployment")
def test_what_does_not_apply_on_a_page_is_said() -> None:
    app = open_page("relocation", activity="media")
    assert any("Does not apply" in said and "activity" in said for said in texts(app))


@pytest.mark.usefixtures("deployment")
def test_a_link_that_asks_for_what_is_not_on_offer_says_so_and_shows_the_rest() -> None:
    app = open_page("overview", country="LT.XX")
    assert app.session_state["filter_country"] == ["LT"]
    assert any("not on offer" in warning.value for warning in app.warning)


@pytest.mark.usefixtures("deployment")
def test_the_filter_bar_offers_counts_and_only_what_exists_under_the_other_filters() -> None:
    app = open_page("initiatives", country="LT")
    activities = next(widget for widget in app.multiselect if widget.key == "filter_activity")
    assert activities.options
    assert all(re.search(r"\([1-9]\d*\)$", option) for option in activities.options)


@pytest.mark.usefixtures("deployment")
def test_a_funder_sees_no_case_figure_a_coordinator_sees() -> None:
    app = open_page("relocation", "funder")
    assert "Open cases" not in figures(app)
    shown = tables(open_tables(app))
    assert len(shown) == 6
    for frame in shown:
        counted = [name for name in ("People", "Asked for help", "Case ended", "Reached safety") if name in frame]
        people = [value for name in counted for value in frame[name] if value != "<10"]
        assert all(int(value.replace(",", "")) % 5 == 0 for value in people)


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("first", ["coordinator", "funder"])
def test_one_viewers_answers_never_reach_another(first: str) -> None:
    second = "funder" if first == "coordinator" else "coordinator"
    alone = figures(open_page("relocation", second))
    open_page("relocation", first)
    assert figures(open_page("relocation", second)) == alone


@pytest.mark.usefixtures("deployment")
def test_without_a_case_database_a_funder_notices_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    before = {page: everything_sent(open_page(page)) for page in PAGES}
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, "")
    assert {page: everything_sent(open_page(page)) for page in PAGES} == before


@pytest.mark.usefixtures("deployment")
@pytest.mark.usefixtures("deployment")
def test_a_sample_beside_a_real_case_database_is_refused(monkeypatch: pytest.MonkeyPatch, deployment, tmp_path) -> None:
    shutil.copy(deployment.cases.removeprefix("sqlite:///"), tmp_path / "real.db")
    with connections.open_writer(f"sqlite:///{tmp_path}/real.db").begin() as connection:
        connection.execute(text("DELETE FROM meta WHERE key = 'is_sample'"))
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, f"sqlite:///{tmp_path}/real.db")
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30)
    app.query_params["as"] = "coordinator"
    app.run()
    assert app.error and not figures(app) and not tables(app)


@pytest.mark.usefixtures("deployment")
def test_a_forged_choice_is_dropped(sample) -> None:
    """A browser can send any value for a widget: an unlisted organisation's slug tells a funder nothing."""
    with sample["shared"].connect() as connection:
        slug = connection.scalar(text("SELECT slug FROM organisation WHERE visibility = 'aggregate_only' LIMIT 1"))
    app = open_page("overview")
    before = figures(app)
    app.session_state["filter_funder"] = [slug]
    app.session_state["filter_country"] = ["XX"]
    app.run()
    assert app.session_state["filter_funder"] == [] and figures(app) == before


@pytest.mark.usefixtures("deployment")
def test_a_coordinator_without_a_case_database_reads_published_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, "")
    assert "People who asked" in figures(open_page("relocation", "coordinator"))


@pytest.mark.usefixtures("deployment")
def test_the_map_has_country_points_and_no_foreign_host() -> None:
    deck = open_page("initiatives").get("deck_gl_json_chart")[0].proto.json
    assert '"mapStyle":"__MAP_STYLE__"' in deck
    assert "carto" not in deck and "http" not in deck
    points = json.loads(deck)["layers"][2]["data"]
    assert {tuple(p) for p in points[0]} if isinstance(points[0], list) else set(points[0]) <= {
        "place", "position", "radius", "title", "line", "value", "below"
    }  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_page_yields_nothing_without_a_viewer(visit: Visit, page: str) -> None:
    open_visit(None)
    with pytest.raises(NoVisit):
        walk.whole(page, visit, {})


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_file_opened_directly_shows_no_data(page: str) -> None:
    app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=30).run()
    assert not app.main.children


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////nowhere/none.db", "meridian init"),
        ("nonsense", "sqlite:///"),
        ("postgresql://nobody@127.0.0.1:9/none", "meridian check"),
    ],
)
def test_a_database_that_cannot_be_read_is_a_page_with_the_remedy(monkeypatch, deployment, url: str, says: str) -> None:
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, url)
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30).run()
    assert not app.exception
    assert app.error and says in app.info[0].value
    assert not figures(app)


@pytest.mark.parametrize("auth", [None, {"client_id": "meridian"}, {"cookie_secret": "COOKIE-SECRET"}])
def test_a_real_database_without_sign_in_serves_nobody(monkeypatch, deployment, tmp_path, auth) -> None:
    copy = tmp_path / "real.db"
    shutil.copy(deployment.shared.removeprefix("sqlite:///"), copy)
    with connections.open_writer(f"sqlite:///{copy}").begin() as connection:
        connection.execute(text("DELETE FROM meta WHERE key = 'is_sample'"))
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, f"sqlite:///{copy}")
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30)
    app.query_params["as"] = "steward"
    if auth is not None:
        app.secrets["auth"] = auth
    app.run()
    assert not figures(app) and not tables(app)
    assert app.title[0].value == "Sign-in is not configured"


@pytest.mark.usefixtures("deployment")
def test_the_table_under_a_chart_is_made_only_when_somebody_opens_it() -> None:
    app = open_page("funding_gaps")
    closed = len(tables(app))
    opened = len(tables(open_tables(app)))
    assert (
        opened - closed
        == len([chart for chart in app.get("bidi_component") if str(chart.key).startswith("chart_")])
        > 1
    )


@pytest.mark.usefixtures("deployment")
def test_a_page_that_would_read_too_much_asks_for_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_arguments: object) -> None:
        raise problems.TooMuch

    monkeypatch.setattr("dashboard.answers.portfolio.read", stopped)
    app = open_page("funding_gaps")
    assert not app.exception and not app.error
    assert any("Choose a host country" in warning.value for warning in app.warning)


@pytest.mark.usefixtures("deployment")
def test_a_database_that_stops_answering_is_our_own_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_arguments: object) -> None:
        raise OperationalError("SELECT secret", {}, Exception("could not connect to 10.0.0.7"))

    monkeypatch.setattr("dashboard.page.reading.read_metas", gone)
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30).run()
    assert not app.exception and "does not answer" in app.error[0].value and "in a minute" in app.info[0].value
    assert "10.0.0.7" not in str(app.main) and "SELECT" not in str(app.main)


@pytest.mark.usefixtures("deployment")
def test_who_reads_and_as_of_when_stands_above_every_page() -> None:
    for page in PAGES:
        app = open_page(page, "coordinator.LT")
        places = [one.proto.body for one in app.get("html") if "meridian-place" in one.proto.body]
        assert any(
            "Lithuania" in place and "as of 18 October 2026" in place and "Meridian" in place for place in places
        ), page


@pytest.mark.usefixtures("deployment")
def test_definitions_are_found_by_a_word_of_their_meaning() -> None:
    app = open_page("definitions")
    everything = len(app.table[0].value)
    found = app.text_input[0].set_value("legal seat").run().table[0].value
    assert 0 < len(found) < everything


@pytest.mark.usefixtures("deployment")
def test_a_coordinator_sees_her_countries_at_first_and_all_with_one_click_which_her_link_keeps() -> None:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.query_params["as"] = "coordinator.LT.GE"
    app.run()
    assert sorted(app.session_state["filter_country"]) == ["GE", "LT"]
    assert "all" not in app.query_params
    chip = next(button for button in app.button if button.key == "remove_country")
    assert chip.label.startswith("Your host countries: Georgia") and "Lithuania" in chip.label
    chip.click().run()
    assert app.session_state["filter_country"] == [] and app.query_params["all"] == "1"
    assert open_page("overview", "coordinator.LT").session_state["filter_country"] == [], "its link asks for all"
    for role in ("coordinator", "funder", "steward"):
        assert open_page("overview", role).session_state["filter_country"] == []


@pytest.mark.usefixtures("deployment")
def test_a_coordinators_link_to_one_country_is_not_widened_to_all_of_hers() -> None:
    app = open_page("overview", "coordinator.LT.GE", country="LT")
    assert app.session_state["filter_country"] == ["LT"]


@pytest.mark.usefixtures("deployment")
def test_a_pair_names_the_funders_of_both_leads_and_leads_to_their_profiles() -> None:
    app = open_page("overlap", "coordinator")
    told = " ".join(texts(app))
    assert "Funders of the lead of A" in told and "Funders of the lead of B" in told
    links_ = [element.proto for element in app.get("page_link") if element.proto.label.startswith("Profile of ")]
    assert 1 <= len(links_) <= 2 and all("id=" in one.query_string for one in links_)


@pytest.mark.usefixtures("deployment")
def test_of_a_long_table_only_what_is_looked_for_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_on_screen, "MOST_SENT", 20)
    app = open_page("funding_gaps", "steward")
    app.session_state["part_funding_gaps"] = "months"
    app.run()
    lines = next(frame for frame in tables(app) if "Line" in frame)
    assert len(lines) == 20
    name = str(lines["Organisation"].iloc[3])
    app.text_input(key="find_lines").set_value(name).run()
    found = next(frame for frame in tables(app) if "Line" in frame)
    assert 0 < len(found) <= 20 and set(found["Organisation"]) == {name}
    assert any("of" in said and "rows that fit" in said for said in texts(app))


def test_no_country_of_the_map_is_torn_where_east_meets_west() -> None:
    """The longest straight border there is, on the 49th parallel, spans 28 degrees; what spans more was stitched wrongly."""
    shapes = json.loads((ROOT / "dashboard" / "static" / "countries.geojson").read_text(encoding="utf-8"))["features"]
    for shape in shapes:
        of_shape = shape["geometry"]["coordinates"]
        rings = [
            ring
            for polygon in (of_shape if shape["geometry"]["type"] == "MultiPolygon" else [of_shape])
            for ring in polygon
        ]
        for ring in rings:
            assert ring[0] == ring[-1], shape["id"]
            assert max(abs(a[0] - b[0]) for a, b in itertools.pairwise(ring)) < 30, shape["id"]
    russia = next(shape for shape in shapes if shape["id"] == "RU")["geometry"]["coordinates"]
    north_of_the_white_sea = [point for point in russia[0][0] if point[1] > 66]
    assert len(north_of_the_white_sea) > 100
