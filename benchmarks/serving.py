"""Servers that benchmarks start on loopback and stop again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.cluster import free_port

ROOT = Path(__file__).parent.parent
MERIDIAN = ("-m", "dashboard.commands.cli", "serve", "--port")


@contextmanager
def served(
    command: Sequence[str] = MERIDIAN,
    environment: Mapping[str, str] | None = None,
    python: str = sys.executable,
    health: str = "/_stcore/health",
) -> Iterator[tuple[int, int]]:
    """The port and the process id of a running server; `command` is completed by the port."""
    port = free_port()
    process = subprocess.Popen(
        [python, *command, str(port)],
        cwd=ROOT,
        env=os.environ | dict(environment or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(f"http://localhost:{port}{health}", process)
        yield port, process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(address: str, process: subprocess.Popen) -> None:
    for _attempt in range(600):
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit(f"{process.args!r} does not answer.")
