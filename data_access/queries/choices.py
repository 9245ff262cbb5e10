"""What the filter bar offers: values that exist for this viewer under the other filters, with active initiatives."""

from __future__ import annotations

from datetime import date

from sqlalchemy import distinct, func, select

from data_access.filters import Filters
from data_access.queries import visible
from data_access.schema import grant, organisation, presence, project, project_facet
from data_access.viewer import Query, Viewer


def host_countries(filters: Filters, viewer: Viewer, as_of: date) -> Query:
    """Columns: value (ISO alpha-2), initiatives. Counts under every other filter."""
    country = visible.presence_country(viewer).label("value")
    statement = (
        select(country, func.count(distinct(organisation.c.id)).label("initiatives"))
        .join(organisation, organisation.c.id == presence.c.organisation_id)
        .where(presence.c.role != "registered", visible.initiatives(filters, viewer, but="host_countries"))
        .where(visible.active(as_of))
        .where(visible.presence_country(viewer).is_not(None))
        .group_by(country)
    )
    return Query(statement, viewer)


def facet_codes(facet: str, filters: Filters, viewer: Viewer, as_of: date) -> Query:
    """Columns: value (code), initiatives; `facet` is activity or audience."""
    field = {"activity": "activities", "audience": "audiences"}[facet]
    statement = (
        select(project_facet.c.code.label("value"), func.count(distinct(organisation.c.id)).label("initiatives"))
        .join(project, project.c.id == project_facet.c.project_id)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(
            project_facet.c.facet == facet,
            visible.facets(viewer),
            visible.initiatives(filters, viewer, but=field),
            visible.active(as_of),
        )
        .group_by(project_facet.c.code)
    )
    return Query(statement, viewer)


def funders(filters: Filters, viewer: Viewer, as_of: date) -> Query:
    """Columns: value (slug), name, initiatives."""
    payer = organisation.alias("payer")
    statement = (
        select(
            payer.c.slug.label("value"),
            payer.c.name,
            func.count(distinct(organisation.c.id)).label("initiatives"),
        )
        .join(grant, grant.c.funder_id == payer.c.id)
        .join(organisation, organisation.c.id == grant.c.recipient_id)
        .where(grant.c.status != "cancelled", visible.organisations(viewer, payer))
        .where(visible.initiatives(filters, viewer, but="funders"), visible.active(as_of))
        .group_by(payer.c.slug, payer.c.name)
    )
    return Query(statement, viewer)
