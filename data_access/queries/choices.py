"""What the filter bar offers: values that exist for this viewer under the other filters, with active initiatives."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, distinct, func, select

from data_access.filters import LISTS, Filters
from data_access.queries import choosing, visible
from data_access.schema import initiative_choice, organisation
from data_access.viewer import Query, Viewer


def initiatives_per_value(kind: str, filters: Filters, viewer: Viewer) -> Query:
    """Columns: value, initiatives; `kind` is a name of `LISTS`. Counts under every other
    filter.

    Counts are those of the last refresh; who may not be named any more is in none of them at once.
    """
    choice = initiative_choice.c
    chosen = [
        choice.organisation_id.in_(select(choice.organisation_id).where(_of(other, viewer), choice.value.in_(values)))
        for other, field in LISTS.items()
        if other != kind and (values := getattr(filters, field))
    ]
    statement = (
        select(choice.value, func.count(distinct(choice.organisation_id)).label("initiatives"))
        .join(organisation, organisation.c.id == choice.organisation_id)
        .where(_of(kind, viewer), visible.organisations(viewer), *chosen)
        .group_by(choice.value)
        .order_by(choice.value)
    )
    if choosing.FILTERS[kind].are_organisations:
        payer = organisation.alias("payer")
        statement = statement.join(payer, payer.c.slug == choice.value).where(visible.organisations(viewer, payer))
    return Query(statement, viewer)


def funder_names(viewer: Viewer) -> Query:
    """Names of the funders on offer: value (slug), name."""
    offered = select(initiative_choice.c.value).where(_of("funder", viewer))
    statement = select(organisation.c.slug.label("value"), organisation.c.name)
    statement = statement.where(organisation.c.slug.in_(offered), visible.organisations(viewer))
    return Query(statement.order_by(organisation.c.slug), viewer)


def _of(kind: str, viewer: Viewer) -> ColumnElement[bool]:
    return and_(initiative_choice.c.clearance.in_(viewer.choices_read), initiative_choice.c.kind == kind)
