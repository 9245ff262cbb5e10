"""One reader at one rerun: who she is and what she chose.

The frame (or the command line) opens a visit; a page asks for it. Without a visit there is no viewer, and so no query.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

import pandas as pd

from dashboard.words.spoken import speak_for
from data_access.filters import Filters
from data_access.viewer import Viewer


class NoVisit(RuntimeError):
    """A page was run on its own, without the frame that knows the viewer."""


@dataclass
class Visit:
    """Viewer, choices, cut-off date and the state of each database at this rerun.

    `as_of` is the cut-off of the shared records, `cases_as_of` that of live cases: each moves with its own refresh.

    `is_stale`: summaries are older than the records; `is_summed`: they hold what only this viewer's scope sees; `own`: the
    page's own choices, by their names in a link; `reader`: under which name exports are logged; `signed_in_at`:
    when the provider let her in, in seconds, None where nobody signs in; `language`: the one she chose,
    empty while it follows her browser; `is_kept_only`: only what is kept may be shown (`renewal`);
    `no_files`: why she gets no file now, empty when she does, None until the log was asked.
    """

    viewer: Viewer
    filters: Filters
    as_of: pd.Timestamp
    versions: Mapping[str, str]
    is_sample: bool
    has_cases: bool
    cases_as_of: pd.Timestamp
    is_stale: bool = False
    is_summed: bool = True
    is_kept_only: bool = False
    is_dark: bool = False
    currency: str = "EUR"
    language: str = ""
    link: str = ""
    codes: dict[tuple[str, str], str] = field(default_factory=dict)
    funders: dict[str, str] = field(default_factory=dict)
    last_load: pd.Timestamp | None = None
    own: dict[str, str] = field(default_factory=dict)
    reader: str = ""
    signed_in_at: float | None = None
    no_files: str | None = None

    @property
    def data_version(self) -> str:
        """The state of the shared records, as pages and files state it."""
        return self.versions["shared"]

    @property
    def choice(self) -> tuple[Hashable, ...]:
        """All of a visit that figures may depend on besides the viewer's scope and the records: what they are kept under."""
        of_cases = self.cases_as_of if self.viewer.sees_cases else None
        return self.filters, self.as_of, of_cases, self.currency, self.is_dark, self.has_cases

    @property
    def records(self) -> tuple[Hashable, ...]:
        """The states of the records that figures may depend on: to whoever sees no live case those of cases are all one."""
        return tuple(
            self.versions[which] for which in sorted(self.versions) if which != "cases" or self.viewer.sees_cases
        )

    @property
    def cut_offs_differ(self) -> bool:
        """Whether live cases, as far as this viewer sees any, are summed up to another day than the rest."""
        return self.viewer.sees_cases and self.has_cases and self.cases_as_of != self.as_of


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


def open_visit(visit: Visit | None) -> None:
    """Make `visit` the current one; None ends it."""
    _visit.set(visit)
    speak_for(visit)


def current() -> Visit:
    """The visit of this rerun. Raises NoVisit when a page is run outside the frame."""
    visit = _visit.get()
    if visit is None:
        raise NoVisit("Open Meridian at its start page; a page cannot be run on its own.")
    return visit
