"""Countries by activities and the like: a grid of coloured cells, and on a phone the cells that say most as a list."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.pictures.charts import (
    CLEAR,
    EMPTY,
    FIRST,
    FOURTH,
    LIGHT,
    MIDDLE,
    PALE,
    SECOND,
    THIRD,
    Trace,
    figure,
    plain,
)

LISTED = 14
MEANING = {
    "none_recorded": EMPTY, "none_shared": EMPTY, "unplaced": EMPTY, "need_unknown": PALE, "own_grantees": PALE,
    "under_funded": SECOND, "both": FOURTH, "partly_covered": LIGHT, "covered": FIRST,
    "one_provider": THIRD, "several": LIGHT, "crowded": FIRST, "one_shared": LIGHT, "few_shared": MIDDLE, "many_shared": FIRST,
}  # fmt: skip
"""What a colour means in grids, the same on every page (docs/colours.md): orange is missing, teal hangs on one, blue is more the
darker it is, grey is not known."""


def grid(
    cells: pd.DataFrame,
    row: str,
    column: str,
    text: str,
    level: str,
    levels: Mapping[str, tuple[int, str]],
    opens: str | None = None,
) -> go.Figure:
    """A table of cells with a word-backed colour each: `level` picks from `levels` (order, name); text in cells.

    `cells` must be complete: one row per combination. A click hands over the column `opens`: a heatmap cannot be
    clicked, so the texts of its cells are, each in the ink that is readable on its colour.
    """
    rows, columns = list(dict.fromkeys(cells[row])), list(dict.fromkeys(cells[column]))
    place = {(r, c): n for n, (r, c) in enumerate(zip(cells[row], cells[column], strict=True))}

    def laid_out(values: Sequence[Any]) -> list[list[Any]]:
        return [[values[place[r, c]] for c in columns] for r in rows]

    count = max(order for order, _name in levels.values()) + 1
    shades = [MEANING[one] for one in levels][:count]
    trace = {
        "type": "heatmap",
        "x": [plain(name) for name in columns],
        "y": [_wrapped(name) for name in rows],
        "z": laid_out([levels[value][0] for value in cells[level]]),
        "hoverinfo": "skip",
        "zmin": 0,
        "zmax": count - 1,
        "colorscale": [(edge / count, shades[n]) for n in range(count) for edge in (n, n + 1)],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }
    names = dict(sorted(levels.values(), reverse=True))
    legend = [_square(name, shades[order], columns[0]) for order, name in names.items()]
    texts = _cell_texts(cells, row, column, text, [levels[value] for value in cells[level]], shades, opens)
    x = {"side": "bottom", "autotickangles": [0, 90], "showgrid": False, "range": [-0.5, len(columns) - 0.5]}
    y = {"ticksuffix": "  ", "showgrid": False, "range": [len(rows) - 0.5, -0.5]}
    return figure([trace, *legend, texts], 44 * len(rows) + 110, x, y)


def listed(
    cells: pd.DataFrame,
    row: str,
    column: str,
    text: str,
    level: str,
    levels: Mapping[str, tuple[int, str]],
    opens: str | None = None,
) -> go.Figure:
    """The cells of a grid that say most as a list, for a phone: the highest level first, each in its colour."""
    ordered = cells.assign(_order=[levels[one][0] for one in cells[level]])
    first = ordered[ordered["_order"] > 0].sort_values("_order", ascending=False, kind="stable").head(LISTED)
    colours = [MEANING[one] for one in first[level]]
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(first))),
        "x": [1] * len(first),
        "text": [f"{plain(one[column])} · {plain(one[row])}: {one[text]}" for one in first.to_dict("records")],
        "textposition": "inside",
        "insidetextanchor": "start",
        "textangle": 0,
        "constraintext": "none",
        "textfont": {"size": 12, "color": [ink_on(colour) for colour in colours]},
        "hovertext": [levels[one][1] for one in first[level]],
        "hovertemplate": "%{hovertext}: %{text}<extra></extra>",
        "customdata": list(first[opens]) if opens else None,
        "marker": {"color": colours},
        "showlegend": False,
    }
    names = {name: shade for one, shade in zip(first[level], colours, strict=True) for name in [levels[one][1]]}
    legend = [_square(name, shade, 0) for name, shade in names.items()]
    nothing = {"visible": False}
    return figure([trace, *legend], 32 * len(first) + 90, nothing, {"autorange": "reversed"} | nothing, showlegend=True)


def _square(name: str, colour: str, at: str | int) -> Trace:
    """A line of the legend: a square that is nowhere in the plot."""
    marker = {"symbol": "square", "size": 12, "color": colour}
    return {"type": "scatter", "mode": "markers", "name": name, "x": [at], "y": [None], "marker": marker}


def _cell_texts(
    cells: pd.DataFrame, row: str, column: str, text: str, words: Sequence[tuple[int, str]], shades: Sequence[str],
    opens: str | None,
) -> Trace:  # fmt: skip
    """The texts of a heatmap's cells; a click hands over the column `opens`."""
    return {
        "type": "scatter",
        "mode": "markers+text",
        "meta": "cells",
        "x": [plain(name) for name in cells[column]],
        "y": [_wrapped(name) for name in cells[row]],
        "text": list(cells[text]),
        "textfont": {"size": 11, "color": [ink_on(shades[order]) for order, _name in words]},
        "customdata": list(cells[opens]) if opens else None,
        "hovertext": [name for _order, name in words],
        "marker": {"symbol": "square", "size": 34, "color": CLEAR},
        "hovertemplate": "%{y} · %{x}<br>%{hovertext}: %{text}<extra></extra>",
        "showlegend": False,
    }


def ink_on(colour: str) -> str:
    """A placeholder for the ink that is readable on a colour of the palette; on anything else that of the theme."""
    return f"#0001{int(colour[1:]):02}" if colour.startswith("#0000") else "#000100"


def _wrapped(name: str) -> str:
    return "<br>".join(plain(line) for line in textwrap.wrap(name, 17))
