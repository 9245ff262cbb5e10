"""Which browser sessions may send files, and how much: those a form for files was drawn for, a while ago at most.

The pages open the gate, the web server asks it; both are one process. A session's name alone opens nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

MEGABYTE = 1024 * 1024
MOST_FILES, MOST_BYTES, MOST_BYTES_OF_ALL = 20, 200 * MEGABYTE, 600 * MEGABYTE
OPEN_SECONDS = 1_800.0


@dataclass
class _Session:
    until: float
    files: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(self.files.values())


class Gate:
    """Sessions that may send files, and what they hold."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._sessions: dict[str, _Session] = {}
        self._lock = Lock()

    def open_for(self, session: str) -> None:
        """Let a session send files from now on, for half an hour after its form was last drawn."""
        with self._lock:
            self._forget()
            until = self.now() + OPEN_SECONDS
            self._sessions.setdefault(session, _Session(until)).until = until

    def take(self, session: str, file: str, size: int | None) -> int:
        """Whether this file may come: 200; 403 from a session without a form, 411 without a length, 413 for too much."""
        with self._lock:
            self._forget()
            own = self._sessions.get(session)
            if own is None:
                return 403
            if size is None:
                return 411
            of_others = sum(one.size for one in self._sessions.values()) - own.size
            held = own.size - own.files.get(file, 0)
            is_new = file not in own.files
            if (
                len(own.files) + is_new > MOST_FILES
                or held + size > MOST_BYTES
                or of_others + held + size > MOST_BYTES_OF_ALL
            ):
                return 413
            own.files[file] = size
            return 200

    def give_back(self, session: str, file: str) -> None:
        """A file was taken out again."""
        with self._lock:
            if session in self._sessions:
                self._sessions[session].files.pop(file, None)

    def _forget(self) -> None:
        """Sessions whose form is long gone; Streamlit drops their files when their sockets close."""
        now = self.now()
        for name in [name for name, one in self._sessions.items() if one.until < now]:
            del self._sessions[name]


GATE = Gate()
"""The gate of this process."""
