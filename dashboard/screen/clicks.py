"""What a click in a chart does: the row or country clicked becomes the choice of a widget."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard.page.blocks import Chart


def reaction(chart: Chart) -> Callable[[], None] | None:
    """What a click in `chart` calls; None where it does nothing."""
    made = {"rows": _choose_row, "country": _choose_country, None: None}[chart.opens]
    return partial(made, chart.key) if made else None


def _choose_row(chart_key: str) -> None:
    """What was clicked becomes the choice of the selectbox that opens its rows."""
    points = st.session_state[f"chart_{chart_key}"]["selection"].get("points", [])
    if points:
        clicked = points[0].get("customdata")
        st.session_state[f"open_{chart_key}"] = clicked[0] if isinstance(clicked, list) else clicked


def _choose_country(chart_key: str) -> None:
    """The country clicked becomes the host-country filter."""
    selection = st.session_state[f"chart_{chart_key}"]["selection"]
    clicked = [point.get("customdata") for point in selection.get("points", [])]
    clicked += [item.get("place") for items in selection.get("objects", {}).values() for item in items]
    codes = [value[0] if isinstance(value, list) else value for value in clicked]
    if countries := [code for code in codes if isinstance(code, str) and len(code) == 2]:
        st.session_state["filter_country"] = countries[:1]
