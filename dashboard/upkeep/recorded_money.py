"""Reading what the placement of money needs: all of it at refresh, and the part behind a figure when somebody opens it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from dashboard.metrics.placement import Records
from data_access import queries
from data_access.queries.money import Cut
from data_access.viewer import Query, Viewer

GRANTS_AT_ONCE = 5_000


def records_of(
    read: Callable[[Query], pd.DataFrame],
    viewer: Viewer,
    cut: Cut | None = None,
    rates: pd.DataFrame | None = None,
    grants: pd.DataFrame | None = None,
) -> Records:
    """Everything recorded about the money this viewer may see, or about that of organisations in the `cut`.

    Exchange rates are the same for every viewer; whoever has them already gives them as `rates`, and likewise the viewer's `grants`.
    """
    of = queries.funding
    return Records(
        read(of.grants(viewer, cut)) if grants is None else grants,
        read(of.needs(viewer, cut)),
        read(of.declared_places(viewer, cut)),
        read(of.organisation_places(viewer, cut)),
        read(of.project_facets(viewer, cut)),
        read(of.rates(viewer)) if rates is None else rates,
    )


def records_between(
    read: Callable[[Query], pd.DataFrame], least: Records, most: Records
) -> Callable[[Viewer], Records]:
    """How to read everything recorded about the money of viewers who see of each grant what `least` or what `most` has of it:
    only the grants of which these two have something other are read for each."""
    of, known = queries.funding, least.grants
    both = pd.concat([known, most.grants[list(known)].drop_duplicates("grant_id")])
    unlike = both.drop_duplicates(keep=False)["grant_id"].unique()
    alike = known[~known["grant_id"].isin(unlike)]
    starts = range(0, len(unlike), GRANTS_AT_ONCE)

    def records(viewer: Viewer) -> Records:
        several = [read(of.these_grants(unlike[at : at + GRANTS_AT_ONCE].tolist(), viewer)) for at in starts]
        grants = pd.concat([alike, *several]).sort_values("grant_id", ignore_index=True)
        return records_of(read, viewer, rates=least.rates, grants=grants)

    return records
