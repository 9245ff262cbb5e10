"""What a click costs in real Chromium, beside other frameworks: `python -m benchmarks.clicks [--as ROLE] [--python OTHER]`.

Serves the databases the environment points at, one app after the other: Meridian's pages; the same four charts as a bare
Streamlit page, in Dash and in Panel (`OTHER`: a Python with benchmarks/requirements.txt installed); a Streamlit page that
reads whole tables; and a Streamlit page with nothing on it. A click is measured from the key that chooses a host country
to the last change of any chart, table, figure or text on the screen, and on the whole page, by the browser's own clock (the
accessibility tree that a table's canvas gets later is left out); "new" is a choice nobody made before in that process, "again"
the same choice by another browser.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.apps.names import COUNTRIES
from benchmarks.serving import served

PAGES = ("overview", "initiatives", "funding-gaps", "overlap", "relocation", "directory")
CHOICES = ("Germany", "Lithuania", "Poland", "Latvia", "Georgia")
QUIET_MS = 700
WATCH = """
() => {
  window.asked = 0; window.changes = new Map();
  const roots = new WeakSet();
  const shown = '.js-plotly-plot, .meridian-table tr, [data-testid=stDataFrame], .meridian-figures, [data-testid=stMarkdown], [data-testid=stHtml]';
  const element = node => node instanceof Element ? node : node.parentElement;
  const seen = new MutationObserver(found => {
    const now = performance.now();
    for (const one of found) {
      one.addedNodes.forEach(watch);
      const at = element(one.target);
      if (!at || at.closest('[data-testid=data-grid-canvas]')) continue;
      const added = [...one.addedNodes].map(element).filter(node => node);
      const changed = [at.closest(shown), ...added.flatMap(node => node.closest(shown) ?? [...node.querySelectorAll(shown)])];
      changed.filter(node => node).forEach(node => window.changes.set(node, now));
    }
  });
  const watch = node => {
    if (!(node instanceof Element) && !(node instanceof ShadowRoot) && node !== document.body) return;
    const root = node.shadowRoot;
    if (root && !roots.has(root)) { roots.add(root); seen.observe(root, {subtree: true, childList: true, attributes: true, characterData: true}); root.querySelectorAll('*').forEach(watch); }
    if (node.querySelectorAll) node.querySelectorAll('*').forEach(one => { if (one.shadowRoot) watch(one); });
  };
  seen.observe(document.body, {subtree: true, childList: true, characterData: true});
  watch(document.body);
  for (const kind of ['keydown', 'change', 'pointerdown'])
    document.addEventListener(kind, () => { window.asked = performance.now(); window.changes.clear(); }, true);
}
"""
CHANGED = """
() => {
  const onScreen = node => { const at = node.getBoundingClientRect(); return at.top < innerHeight && at.bottom > 0; };
  const all = [...window.changes], last = of => Math.max(0, ...of.map(([, when]) => when - window.asked));
  return [performance.now() - window.asked, last(all), last(all.filter(([node]) => onScreen(node)))];
}
"""


def quiet(tab: Any) -> tuple[float, float]:
    """Milliseconds from the last key or click to the last change on the screen and on the whole page, once nothing changes."""
    while True:
        tab.wait_for_timeout(QUIET_MS / 2)
        passed, page, screen = tab.evaluate(CHANGED)
        if page and passed - page > QUIET_MS:
            return screen, page
        if passed > 60_000:
            raise SystemExit("Nothing changed within a minute.")


def opened(browser: Any, address: str, painted: str) -> tuple[Any, float]:
    """A new browser profile on the page, and seconds until its charts stand."""
    tab = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    begin = time.perf_counter()
    tab.goto(address)
    tab.locator(painted).first.wait_for(state="attached", timeout=120_000)
    before = ""
    while (
        now := tab.evaluate("document.body.innerHTML.length + ' ' + document.querySelectorAll('.main-svg').length")
    ) != before:
        before = now
        last = time.perf_counter() - begin
        tab.wait_for_timeout(250)
    tab.evaluate(WATCH)
    return tab, last


def in_sidebar(tab: Any, name: str) -> None:
    """Choose a country more in Meridian's filter bar."""
    box = tab.get_by_role("combobox", name="Host country").first
    box.click()
    box.fill(name)
    tab.wait_for_timeout(250)
    box.press("Enter")


def in_select(tab: Any, name: str) -> None:
    """Choose a country in a Streamlit select."""
    box = tab.get_by_role("combobox").first
    box.click()
    box.fill(name)
    tab.wait_for_timeout(250)
    box.press("Enter")


def in_dash(tab: Any, name: str) -> None:
    """Choose a country in Dash's dropdown."""
    tab.locator("#country").click()
    tab.wait_for_timeout(250)
    tab.get_by_role("option", name=name).first.click()


def in_panel(tab: Any, name: str) -> None:
    """Choose a country in Panel's native select."""
    tab.locator("select").first.select_option(label=name)


def clicks(tab: Any, choose: Callable[[Any, str], None]) -> list[tuple[float, float]]:
    """Milliseconds of one choice after the other, on the screen and on the whole page."""
    found = []
    for name in CHOICES:
        tab.wait_for_timeout(400)
        choose(tab, name)
        found.append(quiet(tab))
    return found


def measured(browser: Any, address: str, choose: Callable[[Any, str], None], painted: str) -> str:
    """A row of the table: seconds of the first load; milliseconds of a new choice and of the same by another browser
    (medians), until the screen stands and until the whole page does."""
    firsts, cells = [], []
    for _reader in range(2):
        tab, first = opened(browser, address, painted)
        firsts.append(first)
        cells += [statistics.median(times) for times in zip(*clicks(tab, choose), strict=True)]
        tab.context.close()
    return f"{firsts[0]:.1f} | {' | '.join(f'{cell:.0f}' for cell in cells)}"


def page_changes(browser: Any, address: str) -> list[float]:
    """Milliseconds from a click in the navigation to the last change, page after page, each for the second time."""
    tab, _first = opened(browser, address, "h1")
    found = []
    for turn in range(2):
        for page in (*PAGES[1:], PAGES[0]):
            tab.locator(f"[data-testid=stSidebarNavLink][href$='{'/' if page == PAGES[0] else page}']").click()
            _screen, page_ms = quiet(tab)
            if turn:
                found.append(page_ms)
    tab.context.close()
    return found


def main() -> None:
    """Print a row per app and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as", dest="role", default="coordinator", choices=("funder", "coordinator", "steward"))
    parser.add_argument("--python", default=sys.executable, help="has what benchmarks/requirements.txt names")
    parser.add_argument("--only", nargs="+", help="rows whose name holds one of these words")
    chosen = parser.parse_args()
    assert set(CHOICES) <= set(COUNTRIES.values())
    streamlit = ("-m", "streamlit", "run", "--server.headless=true", "--server.fileWatcherType=none")
    svg, select = ".main-svg", (in_select, ".main-svg")
    others: dict[str, tuple[tuple[str, ...], str, str, Callable[[Any, str], None], str]] = {
        "empty Streamlit page": ((*streamlit, "benchmarks/apps/streamlit_empty.py", "--server.port"), sys.executable, "/_stcore/health", in_select, "p"),
        "four charts, bare Streamlit": ((*streamlit, "benchmarks/apps/streamlit_four.py", "--server.port"), sys.executable, "/_stcore/health", *select),
        "four charts, Dash": (("-m", "benchmarks.apps.dash_four"), chosen.python, "/", in_dash, svg),
        "four charts, Panel": (("-m", "benchmarks.apps.panel_four"), chosen.python, "/", in_panel, svg),
        "whole tables, Streamlit": ((*streamlit, "benchmarks/apps/streamlit_plain.py", "--server.port"), sys.executable, "/_stcore/health", *select),
    }  # fmt: skip

    def wanted(name: str) -> bool:
        return not chosen.only or any(word in name for word in chosen.only)

    print("| | first load s | new choice: screen | page | again: screen | page |\n|---|---|---|---|---|---|")
    with sync_playwright() as run:
        browser = run.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for name, (command, python, health, choose, painted) in others.items():
            if not wanted(name):
                continue
            with served(command, {"PYTHONPATH": "."}, python, health) as (port, _process):
                print(f"| {name} | {measured(browser, f'http://localhost:{port}/', choose, painted)} |", flush=True)
        if any(wanted(f"Meridian {page}") for page in PAGES):
            with served() as (port, _process):
                for page in PAGES:
                    if not wanted(f"Meridian {page}"):
                        continue
                    address = f"http://localhost:{port}/{'' if page == 'overview' else page}?as={chosen.role}"
                    print(f"| Meridian, {page} | {measured(browser, address, in_sidebar, 'h1')} |", flush=True)
                changes = page_changes(browser, f"http://localhost:{port}/?as={chosen.role}")
            print(
                f"\nPage change in Meridian: median {statistics.median(changes):.0f} ms, slowest {max(changes):.0f} ms."
            )
        browser.close()


if __name__ == "__main__":
    main()
