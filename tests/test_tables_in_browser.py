"""Tables in real Chromium: read, sorted, followed, passed and printed, by mouse and by keyboard, and one step back."""

from __future__ import annotations

import re

import pytest

from tests import test_browser
from tests.conftest import Server
from tests.test_browser import Tab, address

pytestmark = pytest.mark.browser
tab = test_browser.tab


def test_a_name_in_a_table_opens_the_profile_with_role_and_choice_and_one_step_back_leads_to_the_table(
    tab: Tab, server: Server
) -> None:
    page = tab.open(address("directory", server, **{"as": "coordinator.GE"}, country="GE"))
    name = page.locator(".meridian-table tbody a").first
    called = name.inner_text()
    assert re.search(r"^/initiative\?as=coordinator\.GE&country=GE&id=.+", name.get_attribute("href"))
    name.click()
    page.wait_for_url(re.compile(r"/initiative\?as=coordinator\.GE&country=GE&id=.+"))
    tab.settle()
    assert page.locator("h1").inner_text() == called and page.get_by_text("Registered in").count() == 1
    page.go_back()
    page.wait_for_url(re.compile(r"/directory\?"))
    page.locator(".meridian-table tbody a").first.wait_for()


def test_a_table_is_read_sorted_and_followed_by_keyboard_and_nothing_happens_by_merely_coming_there(
    tab: Tab, server: Server
) -> None:
    page = tab.open(address("directory", server, **{"as": "coordinator"}))
    before, table = page.url, page.locator(".meridian-table")
    table.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.wait_for_timeout(600)
    assert page.url == before and page.evaluate("document.activeElement.textContent") == "Skip this table"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Initiative"
    projects = page.get_by_role("columnheader", name="Projects")
    projects.get_by_role("button").press("Enter")
    assert projects.get_attribute("aria-sort") == "descending"
    page.locator(".meridian-table tbody tr").nth(100).wait_for(state="attached")
    numbers = [int(n) for n in table.locator("tbody td:nth-child(6)").all_inner_texts() if n != "–"]
    assert numbers == sorted(numbers, reverse=True) and numbers[0] > numbers[-1]
    projects.get_by_role("button").press("Enter")
    assert projects.get_attribute("aria-sort") == "ascending"
    last = page.get_by_role("columnheader", name="Last confirmed").get_by_role("button")
    last.focus()
    page.keyboard.press("Tab")
    followed = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/initiative"))
    tab.settle()
    assert page.locator("h1").inner_text() == followed


def test_a_table_can_be_passed_by_keyboard_in_one_step(tab: Tab, server: Server) -> None:
    page = tab.open(address("directory", server, **{"as": "coordinator"}))
    page.get_by_role("button", name="Skip this table").press("Enter")
    page.keyboard.press("Tab")
    assert "Files" in page.evaluate("document.activeElement.textContent")


def test_one_step_back_leads_from_page_to_page_with_part_and_choice(tab: Tab, server: Server) -> None:
    page = tab.open(address("overlap", server, **{"as": "coordinator", "country": "GE", "part": "facts"}))
    page.locator(".meridian-table tbody a").first.click()
    page.wait_for_url(re.compile("/initiative"))
    tab.settle()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    page.locator("[data-testid=stSidebarNavLink][href$=relocation]").click()
    page.wait_for_url(re.compile("/relocation.*country=GE"))
    tab.settle()
    page.go_back()
    page.wait_for_url(re.compile("/initiative.*id="))
    tab.settle()
    page.go_back()
    page.wait_for_url(re.compile("/overlap.*part=facts"))
    tab.settle()
    assert page.get_by_role("radio", name="Facts to fill in").is_checked()


def test_an_open_table_stays_open_and_sorted_when_a_choice_changes_its_title(tab: Tab, server: Server) -> None:
    page = tab.open(address("funding_gaps", server, **{"as": "coordinator"}))
    title = page.get_by_text("Table and export:").first
    before = title.inner_text()
    title.click()
    page.locator(".st-key-table_gaps .meridian-table").wait_for()
    page.get_by_role("columnheader", name="Stated need").first.get_by_role("button").click()
    countries = page.get_by_role("combobox", name="Host country").first
    countries.click()
    countries.fill("Lithuania")
    page.wait_for_timeout(400)
    countries.press("Enter")
    page.wait_for_url(re.compile("country=LT"))
    countries.press("Escape")
    tab.settle()
    assert page.get_by_text("Table and export:").first.inner_text() != before
    assert page.locator(".st-key-table_gaps .meridian-table tbody tr").count() == 1
    assert page.get_by_role("columnheader", name="Stated need").first.get_attribute("aria-sort") == "descending"


def test_what_is_unknown_stands_last_however_a_table_is_sorted(tab: Tab, server: Server) -> None:
    page = tab.open(address("directory", server, **{"as": "coordinator"}))
    heading = page.get_by_role("columnheader", name="Works in")
    page.locator(".meridian-table tbody tr").nth(100).wait_for(state="attached")
    for _press in range(2):
        heading.get_by_role("button").click()
        values = page.locator(".meridian-table tbody td:nth-child(2)").all_inner_texts()
        unknown = [value == "–" for value in values]
        assert unknown == sorted(unknown)


def test_a_table_prints_whole(tab: Tab, server: Server) -> None:
    page = tab.open(address("directory", server, **{"as": "coordinator"}))
    listed = int(page.locator(".meridian-value").first.inner_text())
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".meridian-table tbody tr").count() == listed > 100
    page.emulate_media(media="print")
    table = page.locator(".meridian-table").evaluate("one => [one.scrollHeight, one.clientHeight]")
    assert table[0] <= table[1]
    headings = page.locator(".meridian-table thead button")
    assert {headings.nth(at).evaluate("one => getComputedStyle(one).display") for at in range(headings.count())} == {
        "contents"
    }


@pytest.mark.parametrize("idle", ["a browser that tells when it is idle", "Safari, which does not"])
def test_all_of_a_table_and_every_chart_is_drawn_whether_or_not_a_browser_tells_when_it_is_idle(
    tab: Tab, server: Server, idle: str
) -> None:
    if idle.startswith("Safari"):
        tab.page.add_init_script("delete window.requestIdleCallback")
    page = tab.open(address("directory", server, **{"as": "coordinator"}))
    listed = int(page.locator(".meridian-value").first.inner_text())
    page.locator(".meridian-table tbody tr").nth(listed - 1).wait_for(state="attached")
    assert page.locator(".meridian-table tbody tr").count() == listed
    page = tab.open(address("funding_gaps", server, **{"as": "coordinator", "part": "reach"}))
    plots = page.locator(".meridian-plot")
    plots.nth(1).wait_for(state="attached")
    for at in range(plots.count()):
        plots.nth(at).locator(".main-svg").first.wait_for(state="attached")
    assert tab.complaints == []
