"""What is kept between reruns: made once, the last asked for stay, a fault is kept for nobody."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from dashboard.page.store import Store, weight

PLENTY = 1 << 30


def test_many_who_ask_at_once_wait_for_one_that_makes_it() -> None:
    store, made, gate = Store(10, PLENTY), [], threading.Event()

    def make() -> int:
        gate.wait(5)
        made.append(1)
        return 7

    with ThreadPoolExecutor(8) as readers:
        answers = [readers.submit(store.get, "key", make) for _reader in range(8)]
        gate.set()
        assert [answer.result(5) for answer in answers] == [7] * 8
    assert made == [1]


def test_something_else_can_be_made_meanwhile_and_on_the_way() -> None:
    store = Store(10, PLENTY)
    assert store.get("a", lambda: store.get("b", lambda: 1) + store.get("c", lambda: 2)) == 3
    assert store.get("b", lambda: 9) == 1


def test_what_was_asked_for_last_stays() -> None:
    store = Store(2, PLENTY)
    for key in ("a", "b", "a", "c"):
        store.get(key, lambda key=key: key)
    assert store.get("a", lambda: "anew") == "a"
    assert store.get("b", lambda: "anew") == "anew"


def test_a_fault_is_raised_to_who_asked_and_kept_for_nobody() -> None:
    store = Store(2, PLENTY)
    with pytest.raises(ZeroDivisionError):
        store.get("a", lambda: 1 // 0)
    assert store.get("a", lambda: 1) == 1


def test_none_is_a_value_that_is_kept() -> None:
    store = Store(2, PLENTY)
    assert store.get("a", lambda: None) is None
    assert store.get("a", lambda: 1) is None


def test_what_is_kept_is_bounded_by_bytes_and_the_newest_stays() -> None:
    store = Store(100, 10_000)
    for key in range(5):
        store.get(key, lambda: np.zeros(500))
    assert store.bytes <= 10_000
    assert store.get(4, lambda: None) is not None and store.get(0, lambda: "anew") == "anew"
    large = store.get("large", lambda: np.zeros(5_000))
    assert store.get("large", lambda: None) is large and store.bytes == large.nbytes


def test_a_frame_inside_a_finding_is_weighed() -> None:
    frame = pd.DataFrame({"n": np.zeros(1_000), "word": ["x" * 50] * 1_000})
    assert weight({"found": [frame, frame]}) > 50_000
    assert weight({"found": [frame, frame]}) < 2 * weight(frame)
