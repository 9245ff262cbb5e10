"""A process of its own that dies by SIGKILL before one of its statements, as by a power cut."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tests.conftest import ROOT

COUNTED = """
import os, signal, sys
from sqlalchemy import Engine, event
left = int(sys.argv[1])
@event.listens_for(Engine, "before_cursor_execute")
def count(*_how):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
def told():
    print(-left, file=sys.stderr)
"""


def run(
    program: str, at: int, words: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Python text with `words` as `sys.argv[2:]`, killed before its `at`-th statement; 0: it lives. The program calls `told()` at
    its end."""
    return subprocess.run(
        [sys.executable, "-c", f"{COUNTED}{program}", str(at), *words], cwd=ROOT, env=os.environ | (environment or {}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def statements(whole: subprocess.CompletedProcess[str]) -> int:
    """How many statements a program made that lived."""
    return int(whole.stderr.split()[-1])
