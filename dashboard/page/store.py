"""What is kept between reruns: the values asked for last, each made once however many readers ask at the same time.

Streamlit's own caches hash every argument again at each call: a third of what a known choice cost.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import pandas as pd

T = TypeVar("T")
PLAIN, FRAMES = frozenset((str, float, int, bool, type(None))), (pd.DataFrame, pd.Series, pd.Index)
SHORT, CELL, TEXT = 1_000, 24, 64
"""Frames of fewer rows are not asked what they weigh, which takes longer than it is worth: so many bytes per cell."""


class Store:
    """Values by key, at most `most` and, where `most_bytes` is given, of no more bytes together; the one not asked for
    longest goes first.

    The newest stays whatever it weighs: whoever asked for it is likely to ask again.
    """

    def __init__(self, most: int, most_bytes: int | None = None) -> None:
        self.most, self.most_bytes, self.bytes = most, most_bytes, 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
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
                weighs = 0 if self.most_bytes is None else weight(made)
                with self._lock:
                    self._kept[key] = made, weighs
                    self.bytes += weighs
                    while self._is_full():
                        self.bytes -= self._kept.popitem(last=False)[1][1]
            finally:
                with self._lock:
                    self._being_made.pop(key, None)
        return made

    def _is_full(self) -> bool:
        too_heavy = self.most_bytes is not None and self.bytes > self.most_bytes and len(self._kept) > 1
        return len(self._kept) > self.most or too_heavy

    def _known(self, key: Hashable) -> Any:
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.bytes = 0


def weight(value: object) -> int:
    """About how many bytes a value holds: frames and arrays by what they keep, everything else by what it is made of."""
    total, waiting, met = 0, [value], set()
    while waiting:
        one = waiting.pop()
        if id(one) in met:
            continue
        met.add(id(one))
        if type(one) in PLAIN:
            total += sys.getsizeof(one)
        elif isinstance(one, type | ModuleType):
            continue
        elif isinstance(one, FRAMES):
            total += (
                one.size * CELL if len(one) < SHORT else int(np.sum(one.memory_usage(deep=False))) + _texts(one) * TEXT
            )
        elif isinstance(one, np.ndarray):
            total += one.nbytes
        else:
            total += sys.getsizeof(one)
            if isinstance(one, Mapping):
                waiting += [*one.keys(), *one.values()]
            elif isinstance(one, list | tuple | set | frozenset):
                waiting += one
            elif not callable(one):
                waiting += vars(one).values() if hasattr(one, "__dict__") else ()
    return total


def _texts(frame: pd.DataFrame | pd.Series | pd.Index) -> int:
    """How many cells hold a text that is an object of its own, and not in the column's bytes."""
    kinds = frame.dtypes if isinstance(frame, pd.DataFrame) else [frame.dtype]
    return len(frame) * sum(isinstance(kind, pd.StringDtype) and kind.storage == "python" for kind in kinds)
