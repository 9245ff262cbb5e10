"""The four charts in Dash: `python -m benchmarks.apps.dash_four PORT`."""

import logging
import sys

import plotly.graph_objects as go
from dash import Dash, Input, Output, dcc, html

from benchmarks.apps.four import pictures
from benchmarks.apps.names import COUNTRIES

logging.disable(logging.WARNING)
app = Dash(__name__, serve_locally=True)
app.layout = html.Div(
    [
        dcc.Dropdown([{"label": name, "value": code} for code, name in COUNTRIES.items()], "all", id="country"),
        *(dcc.Graph(id=f"chart_{number}") for number in range(4)),
    ]
)


@app.callback(*(Output(f"chart_{number}", "figure") for number in range(4)), Input("country", "value"))
def draw(country: str) -> list[go.Figure]:
    """The charts of a choice."""
    return pictures(country or "all")


app.run(port=int(sys.argv[1]), debug=False)
