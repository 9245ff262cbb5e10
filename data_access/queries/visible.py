"""What a viewer may see, as SQL conditions; every topic module builds on these and on nothing else.

Rules: DESIGN.md section 6. `aggregate_only` organisations enter no figure of a funder. The country of a hidden
presence, or of a withheld project place, is NULL (unknown) to whoever lacks the right to it.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, false, or_, select, true

from data_access.filters import Filters
from data_access.schema import HIDING_PRECISIONS, grant, organisation, presence, project, project_facet
from data_access.viewer import Viewer

WITHHELD = "withheld"


def covers(viewer: Viewer, country: ColumnElement) -> ColumnElement[bool]:
    """The viewer answers for this country: stewards and network-wide coordinators for all, funders for none."""
    if viewer.role == "steward" or (viewer.role == "coordinator" and viewer.host_countries is None):
        return true()
    if viewer.role == "coordinator" and viewer.host_countries:
        return country.in_(viewer.host_countries)
    return false()


def organisations(viewer: Viewer, table: FromClause = organisation) -> ColumnElement[bool]:
    """The organisation may be named to this viewer."""
    listed = table.c.visibility.in_(("public", "network"))
    if viewer.role == "funder":
        return listed
    if viewer.role == "steward":
        return true()
    spot = presence.alias()
    return or_(listed, exists().where(spot.c.organisation_id == table.c.id, covers(viewer, spot.c.host_country)))


def grant_reference(viewer: Viewer, payer: FromClause) -> ColumnElement:
    """The grant's reference, which publishers make of their own names: NULL where its payer may not be named."""
    return case((or_(grant.c.funder_id.is_(None), organisations(viewer, payer)), grant.c.reference))


def presence_country(viewer: Viewer, table: FromClause = presence) -> ColumnElement:
    """The presence's host country, or NULL when its sender hides it and the viewer does not cover it.

    Precision says what may be known: city the place, country no more than the country, region and undisclosed neither.
    """
    hidden = and_(table.c.precision.in_(HIDING_PRECISIONS), ~covers(viewer, table.c.host_country))
    return case((hidden, None), else_=table.c.host_country)


def presence_place(viewer: Viewer, table: FromClause = presence) -> ColumnElement:
    """The presence's place within its country, or NULL when its sender lets only coarser things be known."""
    shown = or_(table.c.precision == "city", covers(viewer, table.c.host_country))
    return case((shown, table.c.place))


def hides(viewer: Viewer, country: ColumnElement, organisation_id: ColumnElement) -> ColumnElement[bool]:
    """The country is an undisclosed place of the organisation that the viewer does not cover."""
    place, undisclosed = _undisclosed(country)
    return and_(~covers(viewer, country), exists().where(place.c.organisation_id == organisation_id, undisclosed))


def withholds(viewer: Viewer, country: ColumnElement, project_id: ColumnElement) -> ColumnElement[bool]:
    """The country is a withheld place of the project, or an undisclosed one of its lead, that the viewer does not
    cover."""
    place, undisclosed = _undisclosed(country)
    lead, mark = project.alias(), project_facet.alias()
    of_lead = exists().where(lead.c.id == project_id, place.c.organisation_id == lead.c.organisation_id, undisclosed)
    of_project = exists().where(
        mark.c.project_id == project_id,
        mark.c.facet == "host_country",
        mark.c.code == country,
        mark.c.is_withheld,
    )
    return and_(~covers(viewer, country), or_(of_lead, of_project))


def _undisclosed(country: ColumnElement) -> tuple[FromClause, ColumnElement[bool]]:
    """A presence, and the condition that its organisation is in `country` only at undisclosed places."""
    place, disclosed = presence.alias(), presence.alias()
    elsewhere = exists().where(
        disclosed.c.organisation_id == place.c.organisation_id,
        disclosed.c.host_country == place.c.host_country,
        disclosed.c.precision.not_in(HIDING_PRECISIONS),
    )
    return place, and_(place.c.host_country == country, place.c.precision.in_(HIDING_PRECISIONS), ~elsewhere)


def facets(viewer: Viewer, table: FromClause = project_facet) -> ColumnElement[bool]:
    """The project facet may enter this viewer's arithmetic."""
    return or_(table.c.facet != "host_country", ~withholds(viewer, table.c.code, table.c.project_id))


def in_network(table: FromClause = organisation) -> ColumnElement[bool]:
    """State-linked programmes are recorded, but are not part of the network and enter none of its figures."""
    return table.c.independence != "state_linked"


def active(as_of: date) -> ColumnElement[bool]:
    """The organisation had started by `as_of`, as far as known, and not closed by then (METHODS D04)."""
    started = or_(organisation.c.founded_on.is_(None), organisation.c.founded_on <= as_of)
    return and_(started, or_(organisation.c.closed_on.is_(None), organisation.c.closed_on > as_of))


def initiatives(filters: Filters, viewer: Viewer, *, with_state_linked: bool = False) -> ColumnElement[bool]:
    """Organisation rows that are initiatives of the network, visible, and chosen by `filters`.

    `with_state_linked` adds programmes outside the network for comparison; whoever asks for them must mark them.
    """
    conditions = [organisation.c.is_initiative, organisations(viewer)]
    if not with_state_linked:
        conditions.append(in_network())
    if filters.host_countries:
        spot = presence.alias()
        conditions.append(
            exists().where(
                spot.c.organisation_id == organisation.c.id,
                spot.c.role != "registered",
                presence_country(viewer, spot).in_(filters.host_countries),
            )
        )
    for field, facet in (("activities", "activity"), ("audiences", "audience")):
        chosen = getattr(filters, field)
        if chosen:
            conditions.append(_has_project_with(facet, chosen, viewer))
    if filters.funders:
        conditions.append(_has_grant_from(filters.funders, viewer))
    return and_(*conditions)


def projects(filters: Filters, viewer: Viewer) -> ColumnElement[bool]:
    """Project rows (joined to their lead organisation) chosen by `filters`, countries by project place."""
    conditions = [organisations(viewer), in_network()]
    for field, facet in (
        ("host_countries", "host_country"),
        ("activities", "activity"),
        ("audiences", "audience"),
    ):
        if chosen := getattr(filters, field):
            conditions.append(_has_facet(project, facet, chosen, viewer))
    if filters.funders:
        conditions.append(project.c.id.in_(_projects_funded_by(filters.funders, viewer)))
    return and_(*conditions)


def _has_facet(of_project: FromClause, facet: str, codes: tuple[str, ...], viewer: Viewer) -> ColumnElement[bool]:
    mark = project_facet.alias()
    return exists().where(
        mark.c.project_id == of_project.c.id,
        mark.c.facet == facet,
        mark.c.code.in_(codes),
        facets(viewer, mark),
    )


def _has_project_with(facet: str, codes: tuple[str, ...], viewer: Viewer) -> ColumnElement[bool]:
    work = project.alias()
    return exists().where(work.c.organisation_id == organisation.c.id, _has_facet(work, facet, codes, viewer))


def _has_grant_from(slugs: tuple[str, ...], viewer: Viewer) -> ColumnElement[bool]:
    money, payer = grant.alias(), organisation.alias()
    return exists().where(
        money.c.recipient_id == organisation.c.id,
        money.c.funder_id == payer.c.id,
        money.c.status != "cancelled",
        payer.c.slug.in_(slugs),
        organisations(viewer, payer),
    )


def _projects_funded_by(slugs: tuple[str, ...], viewer: Viewer) -> Select:
    payer = organisation.alias()
    return (
        select(grant.c.project_id)
        .join(payer, payer.c.id == grant.c.funder_id)
        .where(
            payer.c.slug.in_(slugs),
            organisations(viewer, payer),
            grant.c.project_id.is_not(None),
            grant.c.status != "cancelled",
        )
    )
