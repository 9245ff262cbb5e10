"""Where initiatives are: one row per initiative and place, as far as the viewer may know the place."""

from __future__ import annotations

from sqlalchemy import case, func, literal, select

from data_access.filters import Filters
from data_access.queries import visible
from data_access.schema import organisation, population, presence, project, project_facet
from data_access.viewer import Query, Viewer


def places(filters: Filters, viewer: Viewer) -> Query:
    """Chosen initiatives with each place they work in.

    Columns: organisation_id, slug, name, independence, founded_on, closed_on, confirmed_on, host_country (NULL when
    not stated or withheld), is_withheld, is_registered_here. An initiative without any recorded place has one row.
    """
    country = visible.presence_country(viewer)
    withheld = case((country.is_(None) & presence.c.host_country.is_not(None), True), else_=False)
    statement = (
        select(
            organisation.c.id.label("organisation_id"),
            organisation.c.slug,
            organisation.c.name,
            organisation.c.independence,
            organisation.c.founded_on,
            organisation.c.closed_on,
            organisation.c.confirmed_on,
            country.label("host_country"),
            withheld.label("is_withheld"),
        )
        .distinct()
        .outerjoin(presence, (presence.c.organisation_id == organisation.c.id) & (presence.c.role != "registered"))
        .where(visible.initiatives(filters, viewer))
        .order_by(organisation.c.name, organisation.c.id)
    )
    return Query(statement, viewer)


def facets_of_initiatives(filters: Filters, viewer: Viewer) -> Query:
    """Distinct activity and language codes per chosen initiative: organisation_id, facet, code."""
    statement = (
        select(project.c.organisation_id, project_facet.c.facet, project_facet.c.code)
        .distinct()
        .join(project, project.c.id == project_facet.c.project_id)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(project_facet.c.facet.in_(("activity", "language")), visible.initiatives(filters, viewer))
        .order_by(project.c.organisation_id, project_facet.c.facet, project_facet.c.code)
    )
    return Query(statement, viewer)


def projects_per_initiative(filters: Filters, viewer: Viewer) -> Query:
    """Columns: organisation_id, projects."""
    statement = (
        select(project.c.organisation_id, func.count(literal(1)).label("projects"))
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(visible.initiatives(filters, viewer))
        .group_by(project.c.organisation_id)
    )
    return Query(statement, viewer)


def populations(viewer: Viewer) -> Query:
    """Recent Russian emigrants per host country: host_country, low, central, high, source, on_date."""
    return Query(select(population), viewer)
