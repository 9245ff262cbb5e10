"""What a page weighs and when it is painted, in real Chromium: `python -m benchmarks.paint [--page overview …] [--as ROLE]`.

Serves the database the environment points at on a free port. Cold is a new profile, warm the same page again in it. Bytes
are those on the wire (encoded bodies over HTTP, and socket messages); painted is when every chart stands and the last line is there.
"""

from __future__ import annotations

import argparse
import shutil
import time
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.serving import served
from dashboard.page.registry import listed

PAGES = tuple(page.path for page in listed().values())
WHOLE = "[data-testid=stAppViewContainer] >> text=data version"
PAINTED = "() => [...document.querySelectorAll('.meridian-plot')].every(one => one.querySelector('.main-svg'))"


class Scale:
    """Bytes a tab received since the last reading: over HTTP from the network, over the socket, and requests."""

    def __init__(self, tab: Any, session: Any) -> None:
        self.http = self.socket = self.requests = 0
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._loaded)
        session.on("Network.webSocketFrameReceived", self._framed)
        self.tab = tab

    def _loaded(self, event: dict[str, Any]) -> None:
        self.http += int(event["encodedDataLength"])
        self.requests += 1

    def _framed(self, event: dict[str, Any]) -> None:
        payload = event["response"]["payloadData"]
        self.socket += len(payload) * 3 // 4 if event["response"]["opcode"] == 2 else len(payload)

    def read(self) -> tuple[float, float, int]:
        """KB over HTTP, KB over the socket, requests; then start anew."""
        found = self.http / 1024, self.socket / 1024, self.requests
        self.http = self.socket = self.requests = 0
        return found


def visited(tab: Any, address: str) -> float:
    """Seconds from asking for the address to the last line and the last chart."""
    begin = time.perf_counter()
    tab.goto(address)
    tab.wait_for_selector("h1")
    tab.wait_for_selector(WHOLE, state="attached")
    tab.wait_for_function(PAINTED)
    tab.wait_for_selector("[data-testid=stSkeleton]", state="detached")
    seconds = time.perf_counter() - begin
    tab.wait_for_timeout(1500)
    return seconds


def main() -> None:
    """Print a line per page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", nargs="+", default=PAGES, choices=PAGES)
    parser.add_argument("--as", dest="role", default="funder")
    chosen = parser.parse_args()
    print("| page | cold s | HTTP KB | socket KB | requests | warm s | HTTP KB | socket KB | requests |")
    print("|---|---|---|---|---|---|---|---|---|")
    with served() as (port, _process), sync_playwright() as run:
        browser = run.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for page in chosen.page:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            tab = context.new_page()
            scale = Scale(tab, context.new_cdp_session(tab))
            address = f"http://localhost:{port}/{'' if page == 'overview' else page}?as={chosen.role}"
            cells = []
            for _visit in ("cold", "warm"):
                seconds = visited(tab, address)
                http, framed, requests = scale.read()
                cells += [f"{seconds:.1f}", f"{http:,.0f}", f"{framed:,.0f}", str(requests)]
            print(f"| {page} | {' | '.join(cells)} |", flush=True)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
