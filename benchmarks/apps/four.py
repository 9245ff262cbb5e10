"""One chart per question for one host country, from the same queries, metrics and figures as Meridian's pages."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.answers import case_flow, cases, funding, initiatives, portfolio, providers
from dashboard.page.opening import open_for
from dashboard.page.reading import read_metas
from dashboard.page.visit import Visit
from data_access.filters import Filters
from data_access.viewer import Viewer


def visit_of(country: str) -> Visit:
    """A coordinator of all countries who chose one of them, or none."""
    visit = open_for(Viewer("coordinator", None), read_metas())
    visit.filters = Filters(host_countries=() if country == "all" else (country,))
    return visit


def pictures(country: str) -> list[go.Figure]:
    """Where they are, where money is missing, who does the same, how cases move."""
    visit = visit_of(country)
    charts = [
        initiatives.by_country(initiatives.find(visit)),
        funding.cliff(portfolio.picture(visit)),
        providers.chart(visit, "host_country"),
        case_flow.months(visit, cases.find(visit)),
    ]
    return [chart.picture for chart in charts if chart is not None]
