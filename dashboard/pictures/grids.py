"""Countries by activities and the like: a grid of coloured cells, and on a phone the cells that say most as a list."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

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
from dashboard.words import written
from data_access.i18n import _

LISTED, LOWEST = 14, 210
DOWN, ACROSS, SQUARE = 22, 10, 0.05
LEVEL = "_level"
MEANING = {
    "none_recorded": EMPTY, "nothing_stated": EMPTY, "none_shared": EMPTY, "unplaced": PALE, "need_unknown": PALE, "own_grantees": PALE,
    "under_funded": SECOND, "both": FOURTH, "partly_covered": LIGHT, "covered": FIRST,
    "one_provider": THIRD, "several": LIGHT, "crowded": FIRST, "one_shared": LIGHT, "few_shared": MIDDLE, "many_shared": FIRST,
    "small_share": LIGHT, "middle_share": MIDDLE, "large_share": FIRST,
    "one_partnership": LIGHT, "few_partnerships": MIDDLE, "many_partnerships": FIRST,
}  # fmt: skip
"""What a colour means in grids, the same on every page (docs/colours.md): orange is missing, teal hangs on one, blue is more the
darker it is, grey is not known."""


@dataclass(frozen=True)
class Grid:
    """Cells by `row` and `column`, complete: one per combination, each with a `text` and a `level` of `levels` (order, name).

    A click hands over the column `opens`.
    """

    cells: pd.DataFrame
    row: str
    column: str
    text: str
    level: str
    levels: Mapping[str, tuple[int, str]]
    opens: str | None = None

    def whole(self) -> go.Figure:
        """A table of cells with a word-backed colour each.

        A heatmap cannot be clicked, so the texts of its cells are, each in the ink that is readable on its colour.
        """
        cells = self.cells
        rows, columns = list(dict.fromkeys(cells[self.row])), list(dict.fromkeys(cells[self.column]))
        order = {
            (r, c): self.levels[level][0]
            for r, c, level in zip(cells[self.row], cells[self.column], cells[self.level], strict=True)
        }
        count = max(order for order, _name in self.levels.values()) + 1
        shades = [MEANING[one] for one in self.levels][:count]
        trace = {
            "type": "heatmap",
            "x": [_wrapped(name, ACROSS) for name in columns],
            "y": [_wrapped(name, DOWN) for name in rows],
            "z": [[order[r, c] for c in columns] for r in rows],
            "hoverinfo": "skip",
            "zmin": 0,
            "zmax": count - 1,
            "colorscale": [(edge / count, shades[n]) for n in range(count) for edge in (n, n + 1)],
            "showscale": False,
            "xgap": 2,
            "ygap": 2,
        }
        names = dict(sorted(self.levels.values(), reverse=True))
        legend = [_square(name, shades[order], _wrapped(columns[0], ACROSS)) for order, name in names.items()]
        x = {"side": "bottom", "autotickangles": [0, 90], "showgrid": False, "range": [-0.5, len(columns) - 0.5]}
        y = {"ticksuffix": "  ", "showgrid": False, "range": [len(rows) - 0.5, -0.5]}
        return figure([trace, *legend, self._texts()], max(LOWEST, 36 * len(rows) + 100), x, y)

    def listed(self, *by: str) -> go.Figure:
        """The cells that say most as a list, for a phone: those with most in the columns `by` first, in the order of their levels
        by LEVEL; each beside a square in its colour, and how many there are."""
        ordered = self.cells.assign(**{LEVEL: [self.levels[one][0] for one in self.cells[self.level]]})
        said = ordered[ordered[LEVEL] > 0].sort_values(list(by), ascending=False, kind="stable")
        first = said.head(LISTED)
        words, colours = [self.levels[one][1] for one in first[self.level]], [MEANING[one] for one in first[self.level]]
        legend = [_square(name, shade, 0) for name, shade in dict(zip(words, colours, strict=True)).items()]
        nothing = {"visible": False}
        left_out = _("{n} of {m} cells; all are in the table.").format(
            n=written.number(len(first)), m=written.number(len(said))
        )
        told = {
            "xref": "paper",
            "yref": "paper",
            "x": 0,
            "y": 0,
            "yanchor": "top",
            "text": left_out,
            "showarrow": False,
        }
        return figure(
            [*self._lines(first, words, colours), *legend],
            32 * len(first) + 120,
            {"range": [0, 1]} | nothing,
            {"autorange": "reversed"} | nothing,
            barmode="overlay",
            showlegend=True,
            annotations=[told] if len(said) > len(first) else [],
            margin={"l": 8, "r": 8, "t": 8, "b": 32},
        )

    def _lines(self, cells: pd.DataFrame, words: list[str], colours: list[str]) -> list[Trace]:
        """A square in its colour for each cell, and its text beside it, which can be clicked."""
        places = list(range(len(cells)))
        squares = {
            "type": "bar",
            "orientation": "h",
            "y": places,
            "x": [SQUARE] * len(cells),
            "hoverinfo": "skip",
            "marker": {"color": colours},
            "showlegend": False,
        }
        texts = {
            "type": "bar",
            "orientation": "h",
            "y": places,
            "base": SQUARE,
            "x": [1 - SQUARE] * len(cells),
            "text": [
                f"{plain(one[self.column])} · {plain(one[self.row])}: {one[self.text]}"
                for one in cells.to_dict("records")
            ],
            "textposition": "inside",
            "insidetextanchor": "start",
            "textangle": 0,
            "constraintext": "none",
            "textfont": {"size": 12, "color": ink_on(CLEAR)},
            "hovertext": words,
            "hovertemplate": "%{hovertext}: %{text}<extra></extra>",
            "customdata": list(cells[self.opens]) if self.opens else None,
            "marker": {"color": CLEAR},
            "showlegend": False,
        }
        return [squares, texts]

    def _texts(self) -> Trace:
        """The texts of a heatmap's cells."""
        cells = self.cells
        return {
            "type": "scatter",
            "mode": "markers+text",
            "meta": "cells",
            "x": [_wrapped(name, ACROSS) for name in cells[self.column]],
            "y": [_wrapped(name, DOWN) for name in cells[self.row]],
            "text": list(cells[self.text]),
            "textfont": {"size": 11, "color": [ink_on(MEANING[level]) for level in cells[self.level]]},
            "customdata": list(cells[self.opens]) if self.opens else None,
            "hovertext": [self.levels[level][1] for level in cells[self.level]],
            "marker": {"symbol": "square", "size": 34, "color": CLEAR},
            "hovertemplate": "%{y} · %{x}<br>%{hovertext}: %{text}<extra></extra>",
            "showlegend": False,
        }


def _square(name: str, colour: str, at: str | int) -> Trace:
    """A line of the legend: a square that is nowhere in the plot."""
    marker = {"symbol": "square", "size": 12, "color": colour}
    return {"type": "scatter", "mode": "markers", "name": name, "x": [at], "y": [None], "marker": marker}


def ink_on(colour: str) -> str:
    """A placeholder for the ink that is readable on a colour of the palette; on anything else that of the theme."""
    return f"#0001{int(colour[1:]):02}" if colour.startswith("#0000") else "#000100"


def _wrapped(name: str, width: int) -> str:
    return "<br>".join(plain(line) for line in textwrap.wrap(name, width, break_long_words=False))
