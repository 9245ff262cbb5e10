"""What the filter bar offers: values that exist for this viewer under the other filters, with active initiatives."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from sqlalchemy import ColumnElement, and_, select

from data_access.filters import LISTS, Filters
from data_access.queries import choosing, visible
from data_access.schema import initiative_choice, organisation
from data_access.viewer import Query, Viewer


def initiatives_of(kind: str, viewer: Viewer) -> Query:
    """Which initiatives every value of a filter selects: value, organisation_id; `kind` is a name of `LISTS`.

    As of the last refresh; who may not be named any more is not among them at once.
    """
    choice = initiative_choice.c
    statement = (
        select(choice.value, choice.organisation_id)
        .join(organisation, organisation.c.id == choice.organisation_id)
        .where(_of(kind, viewer), visible.organisations(viewer))
        .distinct()
        .order_by(choice.value, choice.organisation_id)
    )
    if choosing.FILTERS[kind].are_organisations:
        payer = organisation.alias("payer")
        statement = statement.join(payer, payer.c.slug == choice.value).where(visible.organisations(viewer, payer))
    return Query(statement, viewer)


def initiatives_per_value(kind: str, filters: Filters, rows_of: Callable[[str], pd.DataFrame]) -> dict[str, int]:
    """How many initiatives each value of a filter leaves under every other filter; `rows_of`: the rows of `initiatives_of` by kind."""
    rows = rows_of(kind)
    for other, field in LISTS.items():
        if other != kind and (values := getattr(filters, field)):
            others = rows_of(other)
            rows = rows[rows["organisation_id"].isin(others["organisation_id"][others["value"].isin(values)])]
    return {value: int(n) for value, n in rows["value"].value_counts().sort_index().items()}


def funder_names(viewer: Viewer) -> Query:
    """Names of the funders on offer: value (slug), name."""
    offered = select(initiative_choice.c.value).where(_of("funder", viewer))
    statement = select(organisation.c.slug.label("value"), organisation.c.name)
    statement = statement.where(organisation.c.slug.in_(offered), visible.organisations(viewer))
    return Query(statement.order_by(organisation.c.slug), viewer)


def _of(kind: str, viewer: Viewer) -> ColumnElement[bool]:
    return and_(initiative_choice.c.clearance.in_(viewer.choices_read), initiative_choice.c.kind == kind)
