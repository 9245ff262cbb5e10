"""Charts as one element of ours that keeps its plot: figures are plotly's, made in Python; the browser draws what changed.

The library is plotly.js' own cartesian bundle, a third of what Streamlit's chart loads, served as a file by this server.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from weakref import WeakKeyDictionary

import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer

PICKED = "picked"
HOST = '<div class="meridian-plot" role="img"></div>'
MANIFEST = ComponentManifest("meridian", "1", [ComponentConfig("plot", "plot")])
_made: WeakKeyDictionary[BidiComponentManager, ComponentRenderer] = WeakKeyDictionary()


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
    shown = {"wide": wide, "narrow": on_phone, "alt": alt, "opens": react is not None, "chosen": chosen, "rows": rows}
    _component()(key=key, data=shown, on_picked_change=react or _nothing)


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


def _component() -> ComponentRenderer:
    """The component, made known once to the runtime that runs this page."""
    manager = get_bidi_component_manager()
    if manager not in _made:
        manager.register_from_manifest(MANIFEST, Path(__file__).parent)
        _made[manager] = st.components.v2.component("meridian.plot", html=HOST, js="plot.js", isolate_styles=False)
    return _made[manager]
