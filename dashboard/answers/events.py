"""Dated changes of policy and funding as numbered marks on every axis of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from dashboard.answers.portfolio import Portfolio
from dashboard.page.reading import read
from dashboard.page.visit import Visit
from dashboard.pictures.charts import Mark
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, language


def marks(chosen: Visit | Portfolio, days: pd.Series, *, of_cases: bool = False) -> list[Mark]:
    """The changes that concern the reader's choice, within the time that the periods beginning on `days` show.

    On figures of live cases a coordinator's own countries count as chosen.
    """
    own = chosen.viewer.host_countries if of_cases else None
    found = read(queries.network.events(chosen.filters.host_countries or own or (), chosen.viewer))
    if days.empty:
        return []
    shown = found[found["on_date"].between(days.min(), days.max() + pd.offsets.QuarterEnd(0))]
    return [(row.on_date, _named(row)) for row in shown.itertuples()]


def in_periods(found: Sequence[Mark], spans: Mapping[str, tuple[date, date]]) -> list[Mark]:
    """Marks at the name of the period their day lies in; `spans`: name -> first and last day."""
    return [
        (name, label) for day, label in found for name, (first, last) in spans.items() if first <= day.date() <= last
    ]


def of_years(chosen: Visit | Portfolio, years: pd.Series) -> list[Mark]:
    """Marks on an axis of years, by their names; a year that is not drawn has none."""
    first = pd.to_datetime(years.astype("str") + "-01-01")
    found = marks(chosen, pd.concat([first, first + pd.offsets.YearEnd(1)]))
    return [(str(day.year), label) for day, label in found if str(day.year) in set(years)]


def named(found: Sequence[Mark]) -> str:
    """What the numbered marks of a chart's axis stand for; nothing where there are none."""
    several = [f"{n} {label}" for n, (_place, label) in enumerate(found, 1)]
    return _("Marks: {marks}.").format(marks="; ".join(several)) if several else ""


def _named(row: Any) -> str:
    said = getattr(row, f"label_{language.get()}", None)
    label = said if isinstance(said, str) and said else row.label_en
    about = row.host_country
    kind = codes.word(row.kind)
    concerns = f"{kind}, {written.country(about)}" if isinstance(about, str) else kind
    return f"{label} ({concerns}), {written.short_month(row.on_date)}"
