"""Firefox as Debian has it, driven over WebDriver BiDi, which it speaks by itself: open a page, ask it something."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.conftest import free_port

PROGRAMS = ("firefox-esr", "firefox")
SECONDS = 60


def program() -> str | None:
    """The path of the Firefox there is."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Firefox:
    """A headless Firefox with a profile of its own in `folder`; ends with `stop`."""

    def __init__(self, path: str, folder: Path) -> None:
        port, self._asked, self._open = free_port(), 0, ExitStack()
        command = [path, "--headless", "--no-remote", "--profile", str(folder), f"--remote-debugging-port={port}"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket = self._connected(f"ws://127.0.0.1:{port}/session")
        self._ask("session.new", capabilities={})
        self._tab = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def _connected(self, address: str) -> ClientConnection:
        end = time.monotonic() + SECONDS
        while True:
            try:
                return self._open.enter_context(connect(address, max_size=None))
            except (OSError, WebSocketException):
                if time.monotonic() > end:
                    self._process.kill()
                    raise
                time.sleep(0.2)

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=SECONDS))
            if answer.get("id") == self._asked:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['message']}")
                return answer["result"]

    def resize(self, width: int, height: int) -> None:
        """The size of the page."""
        self._ask("browsingContext.setViewport", context=self._tab, viewport={"width": width, "height": height})

    def open(self, address: str, until: str) -> None:
        """Go there, and wait until an expression is true of it."""
        self._ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")
        end = time.monotonic() + SECONDS
        while not self.value(until):
            if time.monotonic() > end:
                raise TimeoutError(f"{until} was never true of {address}")
            time.sleep(0.2)

    def value(self, expression: str) -> Any:
        """What a JavaScript expression, or what it promises, is: text, a number or a truth value."""
        found = self._ask("script.evaluate", expression=expression, target={"context": self._tab}, awaitPromise=True)
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return found["result"].get("value")

    def stop(self) -> None:
        """End the browser."""
        self._open.close()
        self._process.terminate()
        self._process.wait(timeout=SECONDS)
