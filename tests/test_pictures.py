"""What every picture holds to, on every page: marks stand where their day is, and what has a rank stands in its order."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard.page import walk
from dashboard.page.blocks import Chart
from dashboard.page.visit import open_visit
from tests.conftest import ROLES, open_sample_visit


def charts_of(page: str, role: str) -> Iterator[Chart]:
    for table in walk.whole(page, open_sample_visit(ROLES[role]), {}).tables:
        if isinstance(table, Chart) and isinstance(table.picture, go.Figure):
            yield table
    open_visit(None)


def place_of(mark: object, axis: go.layout.XAxis, drawn: list[object]) -> bool:
    """Whether a mark stands between the first and the last thing drawn, as plotly reads it: on an axis of names by their number."""
    if axis.type == "category":
        return isinstance(mark, int) and 0 <= mark < len(drawn)
    days = pd.to_datetime(pd.Series(drawn))
    return bool(days.min() <= pd.Timestamp(mark) <= days.max() + pd.offsets.QuarterEnd(1))  # type: ignore[arg-type]


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", ["initiatives", "funding_gaps", "relocation"])
def test_every_mark_of_a_dated_change_stands_among_what_is_drawn(page: str, role: str) -> None:
    met = 0
    for chart in charts_of(page, role):
        if not chart.marked:
            continue
        layout = chart.picture.layout
        drawn = list(dict.fromkeys(x for trace in chart.picture.data for x in trace.x))
        places = [shape.x0 for shape in layout.shapes]
        assert places and all(place_of(place, layout.xaxis, drawn) for place in places), (chart.key, places, drawn)
        numbered = [note.x for note in layout.annotations if note.yref == "paper"]
        assert numbered == places, chart.key
        met += 1
    assert met or page == "relocation", "no chart with marks"
