"""After a refresh readers go on with what is kept, while pages are made of the new sums; after a load nobody does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import text

from dashboard.page import reading, renewal, walk
from dashboard.page.opening import open_for, versions
from dashboard.page.registry import listed
from dashboard.page.renewal import FEW_READERS, SECONDS, Renewal, View
from dashboard.page.visit import open_visit
from dashboard.upkeep.refresh import refresh
from data_access import addresses, meta
from data_access.filters import Filters
from data_access.problems import DataMoved
from tests.conftest import EVERYWHERE, open_sample_visit
from tests.test_changing_data import TODAY, load_initiative, writers
from tests.test_pages import open_page, texts

PAGES = [page for page in listed() if page != "initiative"]
LATER = date(2026, 10, 19)


@pytest.fixture(autouse=True)
def end_visit() -> Iterator[None]:
    yield
    open_visit(None)


def state(version: int, *, summed: int | None = None, cases: int = 1) -> dict[str, dict[str, str]]:
    """The `meta` tables of a state whose sums are of `summed`, at first of itself."""
    return {
        "shared": {meta.VERSION: str(version), meta.SUMMED: str(version if summed is None else summed)},
        "cases": {meta.VERSION: str(cases), meta.SUMMED: str(cases)},
    }


class Watched(Renewal):
    """A renewal on a clock of the test's, whose pages are made when the test says so."""

    def __init__(self) -> None:
        self.time, self.may_end, self.has_ended = 0.0, threading.Event(), threading.Event()
        super().__init__(lambda: self.time)

    def _make(self, views, metas) -> None:
        self.may_end.wait(10)
        super()._make([], metas)
        self.has_ended.set()


@pytest.fixture
def watched(own_sample: addresses.Urls) -> Iterator[Watched]:
    """One that many readers were shown a page of lately."""
    found = Watched()
    view = View("overview", open_sample_visit(EVERYWHERE), "en")
    for reader in range(FEW_READERS + 1):
        found.note(view, f"reader {reader}")
    yield found
    found.may_end.set()


def test_after_a_refresh_readers_go_on_with_what_they_were_shown_until_the_new_pages_are_made(watched: Watched) -> None:
    old, new = state(4), state(5)
    assert watched.state(old, None) == (old, False)
    assert watched.state(new, versions(old)) == (old, True)
    assert watched.state(new, None) == (new, False), "who opens a page sees the newest"
    assert watched.state(new, versions(state(3))) == (new, False)
    watched.may_end.set()
    assert watched.has_ended.wait(10)
    assert watched.state(new, versions(old)) == (new, False)


def test_nobody_goes_on_with_an_old_state_for_longer_than_two_minutes(watched: Watched) -> None:
    old, new = state(4), state(5)
    watched.state(old, None)
    watched.time = 1.0
    assert watched.state(new, versions(old)) == (old, True)
    watched.time += SECONDS
    assert watched.state(new, versions(old)) == (new, False)


def test_a_refresh_of_either_database_alone_keeps_pages_as_well(watched: Watched) -> None:
    old, new = state(4), state(4, cases=2)
    watched.state(old, None)
    assert watched.state(new, versions(old)) == (old, True)


def test_who_was_shown_a_state_before_the_last_but_one_goes_on_with_it_too(watched: Watched) -> None:
    """Cases are done before the rest: their pages are not all made when the next change comes."""
    first, second, third = state(4), state(4, cases=2), state(5, cases=2)
    for one in (first, second):
        watched.state(one, None)
    assert watched.state(third, versions(first)) == (first, True)
    assert watched.state(third, versions(second)) == (second, True)
    assert watched.state(state(6, summed=5, cases=2), versions(first)) == (state(6, summed=5, cases=2), False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (state(4), state(5, summed=4)),
        (state(4), state(6)),
        (state(4, summed=3), state(4, summed=3, cases=3)),
        (state(4), {"shared": state(5)["shared"]}),
    ],
    ids=["loaded", "loaded and summed up", "cases loaded and summed up", "another deployment"],
)
def test_what_was_loaded_is_shown_to_everybody_at_once(
    watched: Watched, old: renewal.Metas, new: renewal.Metas
) -> None:
    watched.state(old, None)
    assert watched.state(new, versions(old)) == (new, False)


def test_a_few_readers_are_shown_the_newest_at_once(own_sample: addresses.Urls) -> None:
    few = Watched()
    for reader in range(FEW_READERS):
        few.note(View("overview", open_sample_visit(EVERYWHERE), "en"), f"reader {reader}")
    few.state(state(4), None)
    assert few.state(state(5), versions(state(4))) == (state(5), False)


def test_readers_who_left_do_not_count(watched: Watched) -> None:
    watched.state(state(4), None)
    watched.time = renewal.LATELY + 1
    assert watched.state(state(5), versions(state(4))) == (state(5), False)


def test_a_view_that_is_made_anew_is_shown_without_making_anything(own_sample: addresses.Urls) -> None:
    """Every page under a choice, as a coordinator: made of the state after a refresh, it is all there for whoever comes."""
    engines = writers(own_sample)
    visit = open_sample_visit(EVERYWHERE)
    visit.filters, visit.currency = Filters(host_countries=("LT",)), "USD"
    views = [View(page, visit, "en") for page in PAGES]
    refresh(engines["shared"], engines["cases"], LATER)
    metas = reading.read_metas()
    with pytest.raises(DataMoved):
        open_for(EVERYWHERE, metas, is_kept_only=True)
    for view in views:
        view.made_of(metas)
    for page in PAGES:
        kept = open_for(EVERYWHERE, metas, is_kept_only=True)
        kept.filters, kept.currency = visit.filters, visit.currency
        assert walk.one(page, kept, {}).tables is not None
    kept = open_for(EVERYWHERE, metas, is_kept_only=True)
    kept.filters = Filters(host_countries=("GE",))
    with pytest.raises(DataMoved):
        walk.one("funding_gaps", kept, {})


def test_the_same_view_of_two_states_is_made_once(own_sample: addresses.Urls) -> None:
    engines, before = writers(own_sample), View("overview", open_sample_visit(EVERYWHERE), "en")
    refresh(engines["shared"], engines["cases"], LATER)
    after = View("overview", open_sample_visit(EVERYWHERE), "en")
    assert after.visit.as_of > before.visit.as_of and after.name == before.name
    after.visit.currency = "USD"
    assert after.name != before.name


def test_a_reader_goes_on_with_her_page_after_a_refresh_and_is_shown_the_newest_for_what_is_not_kept(
    own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch, watched: Watched
) -> None:
    monkeypatch.setattr(renewal, "RENEWAL", watched)
    app = open_page("funding_gaps", "coordinator")

    def version() -> str:
        return next(text.rpartition(" ")[2] for text in texts(app) if "data version" in text)

    before = version()
    engines = writers(own_sample)
    refresh(engines["shared"], engines["cases"], TODAY)
    app.run()
    assert version() == before
    app.session_state["filter_country"] = ["LT"]
    app.run()
    assert not app.exception
    assert version() == str(int(before) + 1)
    load_initiative(engines, "Just arrived")
    app.run()
    assert version() == str(int(before) + 2)


def test_what_somebody_withdrew_by_hand_is_shown_to_nobody_after_a_refresh(own_sample: addresses.Urls) -> None:
    engines, metas = writers(own_sample), reading.read_metas
    refresh(engines["shared"], engines["cases"], LATER)
    before = metas()
    refresh(engines["shared"], engines["cases"], LATER)
    same = metas()
    assert meta.is_summed_anew(before["shared"], same["shared"])
    with engines["shared"].begin() as connection:
        connection.execute(text("UPDATE organisation SET visibility = 'aggregate_only' WHERE id = "
                                "(SELECT min(id) FROM organisation WHERE visibility = 'public')"))  # fmt: skip
    refresh(engines["shared"], engines["cases"], LATER)
    assert not meta.is_summed_anew(same["shared"], metas()["shared"])
