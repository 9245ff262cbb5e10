"""When sums were made anew: readers go on with the pages that are kept while the new ones are made behind their backs.

After a refresh every page has to be made again. Were many readers given the new state at once, all of them would wait for it at the
same time: seconds, where a page takes tenths. Records that were loaded are shown to everybody at once; only what a refresh alone
has changed may be up to two minutes older, to those who were shown it before, and every page says of which state it is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from dashboard.page import offer, walk
from dashboard.page.opening import Metas, open_for, versions
from dashboard.page.visit import Visit
from data_access import meta
from data_access.i18n import language
from data_access.problems import DataMoved

LOG = logging.getLogger(__name__)
SECONDS, LATELY, MOST_VIEWS = 120.0, 600.0, 200
FEW_READERS = 5
"""So many lately, and fewer, do not keep each other waiting: they are shown the newest at once."""
REST = 1.0
"""How long making pages rests after each, in times of what it took: readers come first."""


@dataclass(frozen=True)
class View:
    """What a reader looked at: a page with her choices, in her language."""

    page: str
    visit: Visit
    language: str

    @property
    def name(self) -> Hashable:
        """What tells it from every other view, whoever has it and of whichever state it was made."""
        visit = self.visit
        chosen = visit.filters, visit.currency, visit.is_dark, tuple(sorted(visit.own.items()))
        return self.page, visit.viewer.scope, chosen, self.language

    def made_of(self, metas: Metas) -> None:
        """Have everything on it made of another state of the records, which keeps it. Raises DataMoved."""
        language.set(self.language)
        visit, seen = open_for(self.visit.viewer, metas), self.visit
        visit.filters, visit.currency, visit.is_dark = seen.filters, seen.currency, seen.is_dark
        for name in offer.names(visit):
            offer.on_offer(name, visit)
            offer.counts(visit, name)
        walk.one(self.page, visit, seen.own)


class Renewal:
    """The newest state of the records that this process saw and, until its pages are made, those before it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._newest: Metas = {}
        self._before: list[Metas] = []
        self._until = float("-inf")
        self._views: OrderedDict[Hashable, tuple[float, View]] = OrderedDict()
        self._readers: dict[str, float] = {}

    def note(self, view: View, session: str) -> None:
        """A reader was shown this in a session of hers."""
        with self._lock:
            now = self._clock()
            self._views[view.name], self._readers[session] = (now, view), now
            self._views.move_to_end(view.name)
            while len(self._views) > MOST_VIEWS:
                self._views.popitem(last=False)
            if len(self._readers) > MOST_VIEWS:
                self._readers = {one: seen for one, seen in self._readers.items() if seen >= now - LATELY}

    def state(self, newest: Metas, drawn: Mapping[str, str] | None) -> tuple[Metas, bool]:
        """The `meta` tables to draw a page by, and whether it may show only what is kept: `newest` or, while its pages are made,
        a state before it for somebody who was shown that last (`drawn`: its versions)."""
        with self._lock:
            if versions(newest) != versions(self._newest):
                self._move(newest)
            if self._clock() < self._until:
                for before in self._before:
                    if drawn == versions(before):
                        return before, True
            return newest, False

    def _move(self, newest: Metas) -> None:
        now = self._clock()
        lately = [view for seen, view in reversed(self._views.values()) if seen >= now - LATELY]
        are_many = sum(seen >= now - LATELY for seen in self._readers.values()) > FEW_READERS
        goes_on = are_many and _is_summed_anew(self._newest, newest)
        self._before = [*(self._before if now < self._until else ()), self._newest] if goes_on else []
        self._newest, self._until = newest, now + SECONDS
        if goes_on:
            threading.Thread(target=self._make, args=(lately, newest), name="renewal", daemon=True).start()

    def _make(self, views: Sequence[View], metas: Metas) -> None:
        """Make views one after the other."""
        for view in views:
            begin = self._clock()
            try:
                view.made_of(metas)
            except DataMoved:
                return
            except Exception:
                LOG.info("a view was not made anew")
            time.sleep(REST * (self._clock() - begin))
        with self._lock:
            if self._newest is metas:
                self._before = []


def _is_summed_anew(before: Metas, after: Metas) -> bool:
    """Whether the same records were summed up anew, in one database or in both, and nothing was loaded."""
    return before.keys() == after.keys() and all(
        after[which] == before[which] or meta.is_summed_anew(before[which], after[which]) for which in after
    )


RENEWAL = Renewal()
