"""What words depend on besides the language: the labels of the network's codes, and the currency amounts are shown in.

Whoever opens a visit says for whom is spoken; nothing below asks more of a visit than this.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Protocol


class Spoken(Protocol):
    """Labels of codes by (facet, code), and the currency of amounts."""

    @property
    def codes(self) -> Mapping[tuple[str, str], str]:
        """Labels of the network's codes."""

    @property
    def currency(self) -> str:
        """The reporting currency."""


class NotSpoken(RuntimeError):
    """Nothing says for whom words are: a page was run on its own, without the frame that knows the viewer."""


_spoken: ContextVar[Spoken | None] = ContextVar("spoken", default=None)


def speak_for(reader: Spoken | None) -> None:
    """From now on words are for `reader`; None ends it."""
    _spoken.set(reader)


def spoken() -> Spoken:
    """For whom words are. Raises NotSpoken."""
    reader = _spoken.get()
    if reader is None:
        raise NotSpoken("Words depend on a reader's visit, and none is open.")
    return reader
