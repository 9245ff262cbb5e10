"""The real app in Firefox: it draws there, complains of nothing, and has no fault of accessibility."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest

from tests.conftest import PAGES, Server, some, unavailable
from tests.firefox import Firefox, program
from tests.test_browser import address

pytestmark = pytest.mark.browser
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
VIOLATIONS = (
    "axe.run().then(found => JSON.stringify(found.violations.map(one => [one.id, one.nodes[0].html.slice(0, 200)])))"
)
IS_WHOLE = "document.body.innerText.includes('data version') && !document.querySelector('[data-testid=stSkeleton]')"
DRAWN = "[...document.querySelectorAll('.meridian-plot')].every(one => one.querySelector('.main-svg'))"


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    path = program()
    if path is None:
        unavailable("Firefox is missing; install it with: apt install firefox-esr")
    opened = Firefox(path, tmp_path)
    yield opened
    opened.stop()


@pytest.mark.parametrize("width", some([1440, 390], 2))
def test_pages_are_drawn_in_firefox_without_a_fault_of_accessibility(
    firefox: Firefox, server: Server, width: int
) -> None:
    firefox.resize(width, 900)
    for page in some(PAGES, 4, str(width)):
        firefox.open(address(page, server, **{"as": "coordinator"}), f"{IS_WHOLE} && {DRAWN}")
        firefox.value(f"{AXE.read_text(encoding='utf-8')}; 1")
        assert json.loads(firefox.value(VIOLATIONS)) == [], page
        assert firefox.value("document.documentElement.scrollWidth") <= width, page
        assert firefox.value("document.querySelectorAll('[data-testid=stException]').length") == 0, page
