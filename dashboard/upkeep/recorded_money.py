"""Reading what the placement of money needs: all of it at refresh, and the part behind a figure when somebody opens it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from dashboard.metrics.placement import Records
from data_access import queries
from data_access.queries.money import Cut
from data_access.viewer import Query, Viewer


def records_of(
    read: Callable[[Query], pd.DataFrame],
    viewer: Viewer,
    cut: Cut | None = None,
    rates: pd.DataFrame | None = None,
) -> Records:
    """Everything recorded about the money this viewer may see, or about that of organisations in the `cut`.

    Exchange rates are the same for every viewer; whoever has them already gives them as `rates`.
    """
    of = queries.funding
    return Records(
        read(of.grants(viewer, cut)),
        read(of.needs(viewer, cut)),
        read(of.declared_places(viewer, cut)),
        read(of.organisation_places(viewer, cut)),
        read(of.project_facets(viewer, cut)),
        read(of.rates(viewer)) if rates is None else rates,
    )
