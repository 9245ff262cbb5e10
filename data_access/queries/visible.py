"""What a viewer may see, as SQL conditions; every topic module builds on these and on nothing else.

Rules: DESIGN.md section 6. `aggregate_only` organisations enter no figure of a funder. The country of an undisclosed
presence, or of a withheld project place, is NULL (unknown) to whoever lacks the right to it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, exists, false, or_, select, true

from data_access.filters import Filters
from data_access.schema import grant, organisation, presence, project, project_facet
from data_access.viewer import Viewer


def covers(viewer: Viewer, country: ColumnElement) -> ColumnElement[bool]:
    """The viewer answers for this country: stewards and network-wide coordinators for all, funders for none."""
    if viewer.role == "steward" or (viewer.role == "coordinator" and viewer.host_countries is None):
        return true()
    if viewer.role == "coordinator" and viewer.host_countries:
        return country.in_(viewer.host_countries)
    return false()


def organisations(viewer: Viewer, table=organisation) -> ColumnElement[bool]:  # noqa: ANN001
    """The organisation may be named to this viewer."""
    listed = table.c.visibility.in_(("public", "network"))
    if viewer.role == "funder":
        return listed
    here = exists().where(presence.c.organisation_id == table.c.id, covers(viewer, presence.c.host_country))
    return or_(listed, here) if viewer.role == "coordinator" else true()


def presence_country(viewer: Viewer) -> ColumnElement:
    """The presence's host country, or NULL when it is undisclosed and the viewer does not cover it."""
    hidden = and_(presence.c.precision == "undisclosed", ~covers(viewer, presence.c.host_country))
    return case((hidden, None), else_=presence.c.host_country)


def facets(viewer: Viewer) -> ColumnElement[bool]:
    """The project facet may enter this viewer's arithmetic."""
    if viewer.role == "funder":
        return project_facet.c.is_withheld.is_(False)
    return or_(project_facet.c.is_withheld.is_(False), covers(viewer, project_facet.c.code))


def in_scope(filters: Filters, table=organisation) -> ColumnElement[bool]:  # noqa: ANN001
    """State-linked programmes are out unless the reader asked for them."""
    return true() if filters.include_state_linked else table.c.independence != "state_linked"


def initiatives(filters: Filters, viewer: Viewer, *, but: str = "") -> ColumnElement[bool]:
    """Organisation rows that are initiatives, visible, in scope and chosen by `filters`.

    `but` names one filter field to leave out, so that its own options can be counted.
    """
    conditions = [organisation.c.is_initiative, organisations(viewer), in_scope(filters)]
    if filters.host_countries and but != "host_countries":
        conditions.append(
            exists().where(
                presence.c.organisation_id == organisation.c.id,
                presence.c.role != "registered",
                presence_country(viewer).in_(filters.host_countries),
            )
        )
    for field, facet in (("activities", "activity"), ("audiences", "audience")):
        chosen = getattr(filters, field)
        if chosen and but != field:
            conditions.append(_has_project_with(facet, chosen, viewer))
    if filters.funders and but != "funders":
        conditions.append(_has_grant_from(filters.funders))
    return and_(*conditions)


def projects(filters: Filters, viewer: Viewer) -> ColumnElement[bool]:
    """Project rows (joined to their lead organisation) chosen by `filters`, countries by project place."""
    conditions = [organisations(viewer), in_scope(filters)]
    for field, facet in (("host_countries", "host_country"), ("activities", "activity"), ("audiences", "audience")):
        if chosen := getattr(filters, field):
            conditions.append(
                exists().where(
                    project_facet.c.project_id == project.c.id,
                    project_facet.c.facet == facet,
                    project_facet.c.code.in_(chosen),
                    facets(viewer),
                )
            )
    if filters.funders:
        conditions.append(project.c.id.in_(_projects_funded_by(filters.funders)))
    return and_(*conditions)


def _has_project_with(facet: str, codes: tuple[str, ...], viewer: Viewer) -> ColumnElement[bool]:
    return exists().where(
        project.c.organisation_id == organisation.c.id,
        project_facet.c.project_id == project.c.id,
        project_facet.c.facet == facet,
        project_facet.c.code.in_(codes),
        facets(viewer),
    )


def _has_grant_from(slugs: tuple[str, ...]) -> ColumnElement[bool]:
    payer = organisation.alias("payer")
    return exists().where(
        grant.c.recipient_id == organisation.c.id,
        grant.c.funder_id == payer.c.id,
        grant.c.status != "cancelled",
        payer.c.slug.in_(slugs),
    )


def _projects_funded_by(slugs: tuple[str, ...]):  # noqa: ANN202
    payer = organisation.alias("payer")
    return (
        select(grant.c.project_id)
        .join(payer, payer.c.id == grant.c.funder_id)
        .where(payer.c.slug.in_(slugs), grant.c.project_id.is_not(None), grant.c.status != "cancelled")
    )
