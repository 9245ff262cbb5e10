"""Charts as one element of ours that keeps its plot: figures are plotly's, made in Python; the browser draws what changed.

The library is plotly.js' own cartesian bundle, a third of what Streamlit's chart loads, served as a file by this server.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import plotly.graph_objects as go
import streamlit as st
from babel import Locale
from plotly.io.json import to_json_plotly

from dashboard.screen import scripts
from data_access.i18n import SOURCE, language

PICKED = "picked"


def draw(
    figure: go.Figure,
    narrow: go.Figure | None,
    key: str,
    alt: str,
    react: Callable[[], None] | None = None,
    chosen: str | None = None,
    rows: str | None = None,
) -> None:
    """Draw a figure with its text alternative; on a phone the `narrow` one, where there is one.

    `react` is called after a click; `picked(key)` then says what was clicked. `chosen` is what of its customdata stays
    marked; `rows` the key of the element that a click opens, which comes into view, and which Escape closes.
    """
    wide, on_phone = _drawn(figure), _drawn(narrow) if narrow is not None else None
    shown = {"wide": wide, "narrow": on_phone, "alt": alt, "opens": react is not None, "chosen": chosen, "rows": rows,
             "dates": _dates(language.get())}  # fmt: skip
    scripts.component("plot")(key=key, data=shown, on_picked_change=react or _nothing)


@lru_cache
def _dates(code: str) -> dict[str, object] | None:
    """How axes write months and days in a language; None in English, which the library speaks itself."""
    if code == SOURCE:
        return None
    locale = Locale.parse(code)
    months, short = (locale.months["stand-alone"][width] for width in ("wide", "abbreviated"))
    days, few = (locale.days["stand-alone"][width] for width in ("wide", "abbreviated"))
    monday_last = (6, 0, 1, 2, 3, 4, 5)
    return {
        "name": code,
        "format": {
            "months": [months[number] for number in range(1, 13)],
            "shortMonths": [short[number] for number in range(1, 13)],
            "days": [days[number] for number in monday_last],
            "shortDays": [few[number] for number in monday_last],
            "date": "%d.%m.%Y",
        },
    }


def _drawn(figure: go.Figure) -> dict[str, str | int]:
    """A figure as text without plotly's own template, and its height."""
    spec = figure.to_plotly_json()
    layout = {name: value for name, value in spec["layout"].items() if name != "template"}
    return {"figure": to_json_plotly({"data": spec["data"], "layout": layout}), "height": layout["height"]}


def picked(key: str) -> object:
    """What was clicked last in the chart of this key: the first value of its customdata."""
    return st.session_state[key].get(PICKED)


def _nothing() -> None:
    """A chart that opens nothing."""
