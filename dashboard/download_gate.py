"""Which browser may fetch which file: the one it was made for, for a few minutes. An address that went astray opens nothing.

The pages say what was made for whom, the web server asks; both are one process. A browser is known by a cookie of ours, which
says nothing about anybody and ends with the browser.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from threading import Lock

from streamlit.runtime.memory_media_file_storage import _calculate_file_id

BROWSER_COOKIE = "meridian_browser"
OPEN_SECONDS = 600.0


def new_browser() -> str:
    """A name for a browser that has none yet, which nobody can guess."""
    return secrets.token_urlsafe(24)


def named(cookies: Mapping[str, str]) -> str:
    """The browser that sent these cookies, empty where it has no name yet."""
    return cookies.get(BROWSER_COOKIE, "")


class Gate:
    """Files that were made, and for whom."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._until: dict[tuple[str, str], float] = {}
        self._lock = Lock()

    def made(self, content: bytes, mime: str, name: str, browser: str) -> None:
        """A file was made for a browser, and Streamlit is about to keep it under the address it gives such a file."""
        with self._lock:
            now = self.now()
            self._until = {key: until for key, until in self._until.items() if until > now}
            if browser:
                self._until[_calculate_file_id(content, mime, name), browser] = now + OPEN_SECONDS

    def may_fetch(self, path: str, browser: str) -> bool:
        """Whether the file at this address was made for this browser, lately."""
        file = path.rpartition("/")[2].partition(".")[0]
        with self._lock:
            return self._until.get((file, browser), 0.0) > self.now()

    def forget(self, browser: str) -> None:
        """Who sits at this browser has signed out."""
        with self._lock:
            self._until = {key: until for key, until in self._until.items() if key[1] != browser}


GATE = Gate()
"""The gate of this process."""
