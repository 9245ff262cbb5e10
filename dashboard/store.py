"""What is kept between reruns: the values asked for last, each made once however many readers ask at the same time.

Streamlit's own caches hash every argument again at each call: a third of what a known choice cost.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Store:
    """Values by key, at most `most`; the one not asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._being_made: dict[Hashable, Lock] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of `key`, from `make` when there is none. What `make` raises is kept for nobody."""
        with self._lock:
            if key in self._kept:
                return self._known(key)
            mine = self._being_made.setdefault(key, Lock())
        with mine:
            with self._lock:
                if key in self._kept:
                    return self._known(key)
            try:
                made = make()
                with self._lock:
                    self._kept[key] = made
                    while len(self._kept) > self.most:
                        self._kept.popitem(last=False)
            finally:
                with self._lock:
                    self._being_made.pop(key, None)
        return made

    def _known(self, key: Hashable) -> Any:
        self._kept.move_to_end(key)
        return self._kept[key]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
