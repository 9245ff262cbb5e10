"""What a page shows, as values: summary, charts, tables; and the report that collects them for exports and tests.

Because `view` draws from and records the same objects, an export equals the screen by construction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Figure:
    """One KPI: its term in `labels.TERMS`, typed value, shown text, comparison and coverage in words.

    `is_live`: an exact figure of live cases.
    """

    term: str
    value: float | int | str | None
    shown: str
    comparison: str = ""
    coverage: str = ""
    is_live: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Summary:
    """A page's computed answer in one sentence, and its KPIs."""

    sentence: str
    figures: list[Figure]


@dataclass(frozen=True)
class Table:
    """Rows to show and export: columns are keys of `labels.COLUMNS`. `is_live`: exact figures of live cases."""

    key: str
    title: str
    rows: pd.DataFrame
    note: str = ""
    is_live: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Chart(Table):
    """A table with a picture: a plotly Figure or a pydeck Deck, its text alternative and what a click does."""

    picture: Any = None
    alt: str = ""
    on_select: Callable[[], None] | None = None


@dataclass(frozen=True)
class Evidence:
    """Why a pair is listed: a headline, one (name, similarity or None, words) per facet, facts, and answers so far."""

    headline: str
    facets: list[tuple[str, float | None, str]]
    facts: list[tuple[str, str]]
    answers: list[tuple[str, str]]


@dataclass(frozen=True)
class Sent:
    """Files (name, content) a steward sent: whose they are, what they are said to be, and whether only to try them."""

    source: str
    files: list[tuple[str, bytes]]
    format: str | None
    is_snapshot: bool = field(kw_only=True)
    dry_run: bool = field(kw_only=True)


@dataclass
class Report:
    """One page as one viewer saw it."""

    page: str
    title: str = ""
    answer: str = ""
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_live(self) -> bool:
        """Whether the page shows exact figures of live cases."""
        return any(figure.is_live for figure in self.figures) or any(table.is_live for table in self.tables)
