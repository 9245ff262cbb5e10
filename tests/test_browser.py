"""The real app in real Chromium: nothing leaves for another host, links restore, a cold server keeps its frame."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import WebSocketRoute, expect
from sqlalchemy import text

from dashboard.files import brief
from dashboard.page import walk
from dashboard.page.visit import open_visit
from data_access import addresses, connections, i18n
from tests.conftest import PAGES, Server, open_sample_visit, some
from tests.conftest import ROLES as VIEWERS

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is missing; run `make test`")
pytestmark = pytest.mark.browser

PROBES = re.compile(r"/[a-z-]+/_stcore/(health|host-config)$")
ROLES = ("funder", "coordinator", "steward")


def address(page: str, server: Server, **parameters: str) -> str:
    path = "" if page == "overview" else page.replace("_", "-")
    return f"{server.address}/{path}?" + "&".join(f"{k}={v}" for k, v in parameters.items())


class Tab:
    """One browser profile that remembers every request, console error and failed answer."""

    def __init__(self, chromium, width: int = 1440) -> None:
        self.context = chromium.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        self.page = self.context.new_page()
        self.requested: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("websocket", lambda socket: self.requested.append(socket.url))
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _listen(self, message) -> None:
        if message.type == "error" and not PROBES.search(message.location.get("url", "")):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def open(self, url: str):
        self.page.goto(url)
        self.settle()
        return self.page

    def settle(self) -> None:
        self.page.wait_for_selector("h1", timeout=30_000)
        self.page.wait_for_selector(".meridian-place", timeout=30_000)
        self.page.wait_for_selector("[data-test-script-state=notRunning]", timeout=30_000)
        self.page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=30_000)
        self.page.wait_for_timeout(400)

    def figures(self) -> dict[str, str]:
        labels = self.page.locator(".meridian-label > span").all_inner_texts()
        values = self.page.locator(".meridian-value").all_inner_texts()
        return dict(zip(labels, values, strict=True))

    def hosts(self) -> set[str]:
        return {urlsplit(url).netloc for url in self.requested if not url.startswith(("data:", "blob:"))}


@pytest.fixture
def tab(chromium) -> Iterator[Tab]:
    opened = Tab(chromium)
    yield opened
    opened.context.close()


def test_a_broken_connection_is_said_in_our_words_and_the_page_comes_back(tab: Tab, server: Server) -> None:
    sockets: list[WebSocketRoute] = []

    def keep(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    tab.page.route_web_socket("**/_stcore/stream", keep)
    shown = tab.open(address("overview", server, **{"as": "funder", "country": "LT"}))
    notice, dialog = shown.locator(".meridian-away"), shown.locator("[data-testid=stDialog]")
    expect(notice).to_be_hidden()
    shown.route("**/_stcore/*", lambda route: route.abort())
    sockets[-1].close()
    expect(notice).to_be_visible(timeout=10_000)
    expect(dialog).to_have_count(1, timeout=60_000)
    expect(dialog).to_be_hidden()
    shown.unroute("**/_stcore/*")
    expect(notice).to_be_hidden(timeout=60_000)
    expect(dialog).to_have_count(0)
    assert "country=LT" in shown.url


@pytest.mark.parametrize("role", ROLES)
def test_no_page_asks_another_host_or_shows_an_error(tab: Tab, server: Server, role: str) -> None:
    for page in some(PAGES, 5, role):
        shown = tab.open(address(page, server, **{"as": role}))
        assert shown.locator("[data-testid=stException]").count() == 0, page
        assert "Traceback" not in shown.inner_text("body"), page
    assert tab.hosts() == {f"localhost:{server.port}"}
    assert tab.complaints == []


def test_the_browser_is_given_our_headers(tab: Tab, server: Server) -> None:
    answer = tab.page.goto(server.address)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert tab.page.request.get(f"{server.address}/_stcore/metrics").status == 404
    assert tab.page.request.get(server.address, headers={"Host": "evil.invalid"}).status == 403


@pytest.mark.parametrize("page", some(PAGES, 9))
def test_a_cold_server_asked_first_for_a_page_gives_frame_and_access_check(chromium, sample_urls, page: str) -> None:
    cold = Server(sample_urls)
    tab = Tab(chromium)
    try:
        shown = tab.open(address(page, cold))
        assert shown.locator("[data-testid=stSidebarNavLink]").count() == len(PAGES)
        assert shown.get_by_text("View as", exact=True).count() == 1
        assert shown.locator("[data-testid=stException]").count() == 0
    finally:
        tab.context.close()
        cold.stop()


EVIL = (
    '<img src="http://evil.invalid/i.png" onerror="alert(1)">![x](http://evil.invalid/p.png)'
    '[l](javascript:alert(1))<script>alert(1)</script><a href="http://evil.invalid">a</a>'
)


def test_names_with_markup_are_inert(tab: Tab, sample_urls, tmp_path: Path) -> None:
    shutil.copy(sample_urls.shared.removeprefix("sqlite:///"), tmp_path / "evil.db")
    with connections.open_writer(f"sqlite:///{tmp_path}/evil.db").begin() as connection:
        for table in ("organisation", "project"):
            connection.execute(text(f"UPDATE {table} SET name = :evil || id"), {"evil": EVIL})
    running = Server(addresses.Urls(f"sqlite:///{tmp_path}/evil.db", None))
    dialogs: list[str] = []
    tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    try:
        funder = (
            connections.open_reader(f"sqlite:///{tmp_path}/evil.db")
            .connect()
            .scalar(text("SELECT slug FROM organisation WHERE is_funder AND NOT is_initiative ORDER BY id"))
        )
        for page in some(PAGES, 5, "markup"):
            shown = tab.open(address(page, running, funder=str(funder)))
            assert shown.locator("a[href*='evil'], img[src*='evil'], a[href^='javascript']").count() == 0, page
        assert tab.hosts() == {f"localhost:{running.port}"}
        assert dialogs == [] and tab.complaints == []
    finally:
        running.stop()


def test_a_fault_shows_a_reference_and_logs_no_value(tab: Tab, sample_urls, tmp_path: Path) -> None:
    shutil.copy(sample_urls.shared.removeprefix("sqlite:///"), tmp_path / "broken.db")
    with connections.open_writer(f"sqlite:///{tmp_path}/broken.db").begin() as connection:
        connection.execute(text("UPDATE organisation SET confirmed_on = 'Ivan SECRETNAME'"))
    running = Server(addresses.Urls(f"sqlite:///{tmp_path}/broken.db", None))
    try:
        tab.page.goto(address("initiatives", running))
        tab.page.get_by_text("Something went wrong").wait_for(timeout=30_000)
        shown = tab.page.inner_text("body")
    finally:
        log = running.stop()
    reference = re.search(r"reference: ([0-9a-f]{8})", shown)
    assert reference and reference[1] in log
    assert "SECRETNAME" not in shown + log and "SELECT" not in shown + log


def choose_lithuania(tab: Tab) -> None:
    page = tab.page
    page.get_by_label("Host country").first.click()
    page.get_by_label("Host country").first.fill("Lithu")
    page.get_by_role("option", name=re.compile("Lithuania")).click()
    page.wait_for_url(re.compile(r"country=LT"))
    page.keyboard.press("Escape")
    tab.settle()


def test_a_choice_survives_page_changes_and_its_link_restores_it_in_a_new_profile(
    chromium, tab: Tab, server: Server
) -> None:
    page = tab.open(address("overview", server))
    everywhere = tab.figures()
    choose_lithuania(tab)
    chosen = tab.figures()
    assert chosen["Active initiatives"] != everywhere["Active initiatives"]
    page.locator("[data-testid=stSidebarNavLink]", has_text="Initiatives").click()
    page.wait_for_url(re.compile(r"/initiatives\?.*country=LT"))
    tab.settle()
    assert tab.figures()["Active initiatives"] == chosen["Active initiatives"]
    there = tab.figures()
    other = Tab(chromium)
    try:
        other.open(page.url)
        assert other.figures() == there
    finally:
        other.context.close()


def in_language(code: str, message: str) -> str:
    i18n.language.set(code)
    said = i18n._(message)
    i18n.language.set(i18n.SOURCE)
    return said


def test_a_reader_reads_her_browsers_language_until_she_chooses_one_and_the_link_keeps_it(
    chromium, server: Server
) -> None:
    title = "Where are the initiatives?"
    german = chromium.new_context(locale="de-DE", viewport={"width": 1440, "height": 900}).new_page()
    german.goto(address("initiatives", server))
    german.get_by_role("heading", name=in_language("de", title)).wait_for(timeout=60_000)
    german.locator("html[lang=de]").wait_for(state="attached", timeout=30_000)
    assert "lang=" not in german.url
    german.get_by_role("radiogroup").first.get_by_text("RU", exact=True).click()
    german.get_by_role("heading", name=in_language("ru", title)).wait_for(timeout=60_000)
    german.wait_for_url(re.compile("lang=ru"))
    german.get_by_role("link", name=in_language("ru", "Overlap")).click()
    german.get_by_role("heading", name=in_language("ru", "Who does the same?"), exact=True).first.wait_for(
        timeout=60_000
    )
    german.wait_for_url(re.compile("overlap.*lang=ru"))
    english = chromium.new_context(locale="en-GB").new_page()
    english.goto(german.url)
    english.get_by_role("heading", name=in_language("ru", "Who does the same?"), exact=True).first.wait_for(
        timeout=60_000
    )
    german.context.close()
    english.context.close()


def test_one_step_back_takes_the_newest_choice_away_filters_and_the_pages_own_alike(tab: Tab, server: Server) -> None:
    page = tab.open(address("initiatives", server))
    everywhere = tab.figures()
    choose_lithuania(tab)
    chosen = tab.figures()
    parts = page.get_by_test_id("stButtonGroup")
    parts.get_by_text("How they work", exact=True).click()
    page.wait_for_url(re.compile(r"part=how"))
    tab.settle()
    page.go_back()
    page.wait_for_url(re.compile(r"\?country=LT$"))
    tab.settle()
    assert page.get_by_role("radio", name="Where").is_checked() and tab.figures() == chosen
    page.go_back()
    page.wait_for_url(re.compile(r"^(?!.*country)"))
    tab.settle()
    assert tab.figures() == everywhere
    assert not page.get_by_role("button", name=re.compile("Lithuania ✕")).count()
    page.go_forward()
    page.wait_for_url(re.compile(r"\?country=LT$"))
    tab.settle()
    page.get_by_role("button", name=re.compile("Lithuania ✕")).click()
    page.wait_for_url(re.compile(r"/initiatives$"))
    tab.settle()
    assert tab.figures() == everywhere


def test_clicking_a_bar_chooses_its_country(tab: Tab, server: Server) -> None:
    page = tab.open(address("initiatives", server))
    box = page.locator(".barlayer .point path").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile(r"country=DE"))


def test_clicking_where_the_waiting_is_opens_the_cases_of_that_stage(tab: Tab, server: Server) -> None:
    page = tab.open(address("relocation", server, **{"as": "coordinator"}))
    box = page.locator(".js-plotly-plot").first.locator(".barlayer .point path").nth(1).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile(r"open_ages=verified"))
    page.get_by_role("heading", name=re.compile("open cases$")).first.wait_for()


def test_the_downloaded_workbook_has_the_rows_of_the_page(tab: Tab, server: Server) -> None:
    page = tab.open(address("initiatives", server, country="LT"))
    page.get_by_text("Table and export:").first.click()
    page.locator(".st-key-files_by_country").get_by_role("button", name="Files").wait_for()
    tab.settle()
    page.locator(".st-key-files_by_country").get_by_role("button", name="Files").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Excel").first.click()
    content = Path(download.value.path()).read_bytes()
    assert page.request.get(download.value.url).body() == content
    with page.context.browser.new_context() as stranger:
        assert stranger.request.get(download.value.url).status == 404
    book = openpyxl.load_workbook(io.BytesIO(content))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    lithuania = dict(zip(rows[0], next(row for row in rows if "Lithuania" in row), strict=True))
    assert str(lithuania["Initiatives"]) == tab.figures()["Active initiatives"]
    about = {row[0]: row[1] for row in book.worksheets[1].iter_rows(values_only=True)}
    assert about["Filters"] == "Host country: Lithuania"


CUT = """() => [...document.querySelectorAll('.meridian-label, .meridian-value, h1, h2, h3')]
    .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)"""


@pytest.mark.parametrize("width", [390, 720], ids=["a phone", "twice as large on a desktop"])
def test_nothing_needs_sideways_scrolling_and_no_label_is_cut(chromium, server: Server, width: int) -> None:
    tab = Tab(chromium, width)
    try:
        for page in some(PAGES, 4, str(width)):
            shown = tab.open(address(page, server))
            assert shown.evaluate("() => document.documentElement.scrollWidth") <= width, page
            assert shown.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth") <= width, page
            assert shown.evaluate(CUT) == [], page
    finally:
        tab.context.close()


VOLUNTEERS = "Список групп,,,\n\nНазвание,Страна,С какого года,Заметки\nДом Фонарь,Грузия / Армения,весна 2022,дубль?\nПричал,Литва,2022-03-01,\n"


def test_a_steward_loads_a_volunteers_table_and_takes_it_back_without_touching_file_or_command(
    tab: Tab, own_sample: addresses.Urls, tmp_path: Path
) -> None:
    file = tmp_path / "volunteers.csv"
    file.write_text(VOLUNTEERS, encoding="utf-8")
    running = Server(addresses.Urls(own_sample.shared, None), MERIDIAN_UPLOADS="1")
    page = tab.page
    try:
        tab.open(address("data", running, **{"as": "steward", "part": "file"}))
        page.get_by_label("Source", exact=True).first.click()
        page.keyboard.type("Volunteers")
        page.keyboard.press("Enter")
        page.locator("input[type=file]").set_input_files(str(file))
        page.get_by_text("Which column is which?").wait_for(timeout=30_000)
        page.get_by_label("Read “весна 2022” as").fill("-")
        page.keyboard.press("Tab")
        page.get_by_text("The first rows as they would load").wait_for(timeout=30_000)
        page.get_by_role("button", name="Load it").click()
        page.get_by_text("0 rejected").wait_for(timeout=60_000)
        tab.open(address("data", running, **{"as": "steward", "part": "loads"}))
        page.get_by_label("Take a load back").click()
        page.keyboard.type("Volunteers")
        page.keyboard.press("Enter")
        page.get_by_text("What taking it back would change").wait_for(timeout=30_000)
        page.get_by_role("button", name="Take it back").click()
        page.get_by_text("changes were taken back").wait_for(timeout=60_000)
        assert tab.complaints == []
    finally:
        running.stop()


SEEN = [
    *PAGES,
    "funding_gaps?part=dependence",
    "funding_gaps?part=reach",
    "overlap?part=where",
    "relocation?part=outcomes",
]


ALL_IS_DRAWN = "() => !document.querySelector('.meridian-plot:not([aria-label]), .meridian-copy:empty')"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_are_without_a_fault_of_accessibility(chromium, server: Server, scheme: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    try:
        for name in some(SEEN, 12, scheme, str(width)):
            file, _mark, part = name.partition("?part=")
            parameters = (
                {"as": "coordinator"}
                | ({"part": part} if part else {})
                | ({"id": "none"} if file == "initiative" else {})
            )
            page.goto(address(file, server, **parameters))
            page.wait_for_selector("[data-testid=stAppViewContainer] >> text=data version", timeout=30_000)
            page.wait_for_function(ALL_IS_DRAWN, timeout=30_000)
            page.wait_for_timeout(500)
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], name
    finally:
        context.close()


def test_a_click_marks_what_was_clicked_opens_its_rows_in_view_and_escape_closes_them(tab: Tab, server: Server) -> None:
    page = tab.open(address("funding_gaps", server, **{"as": "coordinator"}))
    plot = page.locator(".st-key-chart_gaps .meridian-plot")
    plot.locator(".bars .point").first.wait_for(timeout=30_000)
    bar = plot.locator(".bars .point path").nth(16).bounding_box()
    page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    rows = page.locator(".st-key-open_gaps")
    page.wait_for_function("() => new URLSearchParams(location.search).has('open_gaps')", timeout=30_000)
    tab.settle()
    page.wait_for_timeout(1_000)
    box, height = rows.bounding_box(), page.viewport_size["height"]
    assert box and 0 <= box["y"] < height
    faded = plot.locator(".bars .point path").evaluate_all(
        "paths => paths.filter(one => +one.style.opacity < 1).length"
    )
    assert faded > 0
    page.keyboard.press("Escape")
    page.wait_for_function("() => !new URLSearchParams(location.search).has('open_gaps')", timeout=30_000)
    assert tab.complaints == []


def test_charts_are_drawn_anew_at_the_width_of_paper(chromium, server: Server) -> None:
    wide = Tab(chromium, width=1920)
    try:
        page = wide.open(address("funding_gaps", server, **{"as": "coordinator"}))
        plot = page.locator(".st-key-chart_gaps .main-svg").first
        plot.wait_for(timeout=30_000)
        before = plot.bounding_box()["width"]
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert before > 1_032 >= plot.bounding_box()["width"]
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert plot.bounding_box()["width"] == before
    finally:
        wide.context.close()


def test_a_brief_prints_on_two_pages(chromium, deployment: addresses.Urls, tmp_path: Path) -> None:
    pages = [page for page in PAGES if page not in ("definitions", "initiative")]
    for page, viewer in some([(page, viewer) for page in pages for viewer in VIEWERS.values()], 9):
        visit = open_sample_visit(viewer)
        open_visit(visit)
        report = brief.contents(visit, walk.one(page, visit, {"seat": "DE"} if page == "what_if" else {}))
        (tmp_path / "brief.html").write_bytes(brief.write(report, report.tables, "id"))
        sheet = chromium.new_page()
        sheet.goto((tmp_path / "brief.html").as_uri())
        printed = sheet.pdf(prefer_css_page_size=True)
        sheet.close()
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2, (page, viewer)
    open_visit(None)
