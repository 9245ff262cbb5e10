"""What one page showed: answer, figures, charts and tables. Drawing fills it; exports and tests read it.

Because `view` draws from and records into the same objects, an export equals the screen by construction.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Figure:
    """One KPI: its term in `labels.TERMS`, typed value, shown text, comparison and coverage in words."""

    term: str
    value: float | int | str | None
    shown: str
    comparison: str = ""
    coverage: str = ""


@dataclass(frozen=True)
class Table:
    """A chart's or table's rows: columns are keys of `labels.COLUMNS`."""

    key: str
    title: str
    rows: pd.DataFrame
    note: str = ""


@dataclass
class Report:
    """One page as one viewer saw it."""

    page: str
    title: str = ""
    answer: str = ""
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
