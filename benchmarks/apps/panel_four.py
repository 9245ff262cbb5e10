"""The four charts in Panel: `python -m benchmarks.apps.panel_four PORT`."""

import logging
import sys

import panel as pn

from benchmarks.apps.four import pictures
from benchmarks.apps.names import COUNTRIES

logging.disable(logging.WARNING)
pn.extension("plotly")


def page() -> pn.Column:
    """A choice over four panes."""
    country = pn.widgets.Select(options={name: code for code, name in COUNTRIES.items()}, value="all")
    panes = [pn.pane.Plotly(picture, width=1200, link_figure=False) for picture in pictures("all")]

    def draw(event: object) -> None:
        for pane, picture in zip(panes, pictures(country.value), strict=True):
            pane.object = picture

    country.param.watch(draw, "value")
    return pn.Column(country, *panes, sizing_mode="stretch_width")


pn.serve(page, port=int(sys.argv[1]), show=False, autoreload=False)
