"""What every picture holds to, on every page: marks stand where their day is, orange is what is missing, nothing on a map hides
anything else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import pandas as pd
import plotly.graph_objects as go
import pydeck as pdk
import pytest

from dashboard.answers import activity_mix, crossing, portfolio, providers
from dashboard.page import walk
from dashboard.page.blocks import Chart
from dashboard.page.visit import open_visit
from dashboard.pictures import grids, maps
from dashboard.pictures.charts import SECOND, THIRD
from data_access.filters import Filters
from tests.conftest import FUNDER, ROLES, STEWARD, open_sample_visit

MISSING = {"gaps", "crossing", "coverage", "ages", "clocks", "permits", "programmes_waiting", "source_ages"}
"""Charts in which something is missing, late or over: who draws another one says what is missing there."""
ON_ONE = {"crossing", "grid", "leaning"}
"""Charts in which something hangs on one."""


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


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ["funder", "coordinator of all"])
@pytest.mark.parametrize("page", ["overview", "initiatives", "funding_gaps", "overlap", "relocation", "data"])
def test_orange_is_what_is_missing_and_teal_what_hangs_on_one(page: str, role: str) -> None:
    for chart in charts_of(page, role):
        drawn = str([trace.to_plotly_json() for trace in chart.picture.data])
        assert SECOND not in drawn or chart.key in MISSING, f"{chart.key}: what is missing there?"
        assert THIRD not in drawn or chart.key in ON_ONE, f"{chart.key}: what hangs on one there?"


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ["funder", "coordinator of all"])
@pytest.mark.parametrize("filters", [Filters(), Filters(activities=("media",)), Filters(host_countries=("US", "KG"))])
def test_no_bubble_of_the_map_hides_another_and_no_name_lies_over_anything(role: str, filters: Filters) -> None:
    tables = walk.one("initiatives", open_sample_visit(ROLES[role], filters), {}).tables
    open_visit(None)
    deck: pdk.Deck = next(table.picture for table in tables if isinstance(table, Chart) and table.key == "map")
    layers = {layer.id: layer.data for layer in deck.layers}
    zoom = deck.initial_view_state.zoom
    circles = [(*maps._pixels(one["position"], zoom), one["radius"]) for one in layers["places"]]
    assert circles
    for (x, y, radius), (other_x, other_y, other) in combinations(circles, 2):
        assert math.dist((x, y), (other_x, other_y)) > radius + other - 1
    boxes = []
    for one in layers["names"]:
        x, y = (place + away for place, away in zip(maps._pixels(one["position"], zoom), one["beside"], strict=True))
        half = len(one["title"]) * maps.LETTER / 2
        boxes.append((x - half, y - maps.NAME_SIZE / 2, x + half, y + maps.NAME_SIZE / 2))
    for left, top, right, bottom in boxes:
        for x, y, radius in circles:
            assert math.dist((x, y), (min(max(x, left), right), min(max(y, top), bottom))) > radius - 1
    for one, other in combinations(boxes, 2):
        assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]


@pytest.mark.usefixtures("deployment")
def test_what_somebody_does_is_never_shown_as_none_recorded_however_small_its_share() -> None:
    open_sample_visit(FUNDER)
    counts = pd.DataFrame(
        [("DE", "media", 999, 100), ("DE", "memory", 1, 0), ("GE", "media", 7, 100)],
        columns=["place", "activity", "initiatives", "percent"],
    )
    cells = activity_mix._cells(counts, pd.Series({"DE": 999, "GE": 7})).set_index(["place", "activity"])
    open_visit(None)
    assert cells.loc[("DE", "memory"), "text"] == "<1\u00a0%" and cells.loc[("DE", "memory"), "word"] == "small_share"
    assert cells.loc[("GE", "memory"), "text"] == "–" and cells.loc[("GE", "memory"), "word"] == "none_recorded"


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("countries", [(), ("DE",), ("GE",), ("LT",)])
def test_the_list_for_a_phone_begins_with_the_cells_that_the_title_counts(countries: tuple[str, ...]) -> None:
    visit = open_sample_visit(STEWARD, Filters(host_countries=countries))
    open_visit(visit)
    crossed, provided = crossing.chart(visit, portfolio.picture(visit)), providers.chart(visit, "host_country")
    open_visit(None)
    assert crossed is not None and provided is not None
    for chart, colours in ((crossed, ("under_funded", "both")), (provided, ("one_provider",))):
        counted = int(chart.title.split()[0].replace(",", ""))
        drawn = list(chart.narrow.data[0]["marker"]["color"])
        told = {grids.MEANING[one] for one in colours}
        assert sum(colour in told for colour in drawn) == min(counted, grids.LISTED), chart.title
