"""What a click in a chart does: the row or country clicked becomes the choice of a widget."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard.page.blocks import Chart
from dashboard.screen import plots


def reaction(chart: Chart) -> Callable[[], None] | None:
    """What a click in `chart` calls; None where it does nothing."""
    made = {"rows": _choose_row, "country": _choose_country, None: None}[chart.opens]
    return partial(made, chart) if made else None


def chosen(chart: Chart) -> str | None:
    """What of a chart is chosen now and stays marked in it."""
    if chart.opens == "rows":
        return st.session_state.get(chart.choice_of_rows)
    countries = st.session_state.get("filter_country") or []
    return countries[0] if chart.opens == "country" and len(countries) == 1 else None


def _choose_row(chart: Chart) -> None:
    """What was clicked becomes the choice of the selectbox that opens its rows; clicked again, its rows close."""
    clicked, state = plots.picked(f"chart_{chart.key}"), chart.choice_of_rows
    if clicked is not None:
        st.session_state[state] = None if clicked == st.session_state.get(state) else clicked


def _choose_country(chart: Chart) -> None:
    """The country clicked, on a map or in a chart, becomes the host-country filter."""
    state = st.session_state[f"chart_{chart.key}"]
    objects = state.get("selection", {}).get("objects", {})
    places = [item.get("place") for items in objects.values() for item in items]
    codes = [*places, plots.picked(f"chart_{chart.key}")]
    if countries := [code for code in codes if isinstance(code, str) and len(code) == 2]:
        st.session_state["filter_country"] = countries[:1]
