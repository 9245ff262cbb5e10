"""What a viewer may see, as SQL conditions; every topic module builds on these and on nothing else.

Rules: DESIGN.md section 6. `aggregate_only` organisations enter no figure of a funder. The country of a hidden
presence, or of a withheld project place, is NULL (unknown) to whoever lacks the right to it.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, FromClause, and_, case, exists, false, func, or_, select, true, tuple_

from data_access.schema import HIDING_PRECISIONS, grant, organisation, presence, project, project_facet, source
from data_access.viewer import Viewer

WITHHELD = "withheld"
LEAST_IN_A_NAME = 4


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


def sources(viewer: Viewer, table: FromClause = source) -> ColumnElement[bool]:
    """The source may be named to this viewer: its name is not, and does not hold, that of an organisation that may not be."""
    namesake = organisation.alias()
    called = [
        or_(name == table.c.name, and_(func.length(name) >= LEAST_IN_A_NAME, table.c.name.contains(name)))
        for name in (namesake.c.name, namesake.c.slug)
    ]
    return ~exists().where(~organisations(viewer, namesake), or_(*called))


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
    """The country is a place of the organisation that the viewer does not cover and that nothing tells her: an undisclosed one,
    or a withheld one of a project of hers where neither a disclosed place nor another project is."""
    at_work = or_(_is_undisclosed(country, organisation_id), _is_withheld_alone(country, organisation_id))
    return and_(~covers(viewer, country), at_work)


def seat(viewer: Viewer, table: FromClause = organisation) -> ColumnElement:
    """The country of the organisation's seat, or NULL where that is an undisclosed place of it that the viewer does not cover."""
    country = table.c.seat_country
    return case((or_(covers(viewer, country), ~_is_undisclosed(country, table.c.id)), country))


def withholds(viewer: Viewer, country: ColumnElement, project_id: ColumnElement) -> ColumnElement[bool]:
    """The country is a withheld place of the project, or an undisclosed one of its lead, that the viewer does not
    cover."""
    lead, mark = project.alias(), project_facet.alias()
    of_lead = exists().where(lead.c.id == project_id, _is_undisclosed(country, lead.c.organisation_id))
    of_project = exists().where(
        mark.c.project_id == project_id,
        mark.c.facet == "host_country",
        mark.c.code == country,
        mark.c.is_withheld,
    )
    return and_(~covers(viewer, country), or_(of_lead, of_project))


def _is_undisclosed(country: ColumnElement, organisation_id: ColumnElement) -> ColumnElement[bool]:
    """The organisation is in the country, at undisclosed places alone."""
    place = presence.alias()
    there = place.c.organisation_id == organisation_id, place.c.host_country == country
    undisclosed = exists().where(*there, place.c.precision.in_(HIDING_PRECISIONS)).correlate_except(place)
    return and_(undisclosed, ~_is_disclosed(country, organisation_id))


def _is_disclosed(country: ColumnElement, organisation_id: ColumnElement) -> ColumnElement[bool]:
    place = presence.alias()
    there = place.c.organisation_id == organisation_id, place.c.host_country == country
    return exists().where(*there, place.c.precision.not_in(HIDING_PRECISIONS)).correlate_except(place)


def _is_withheld_alone(country: ColumnElement, organisation_id: ColumnElement) -> ColumnElement[bool]:
    """Projects of the organisation work in the country, and each that does withholds it; nor is there a disclosed place."""
    lead, mark, led, told = project.alias(), project_facet.alias(), project.alias(), project_facet.alias()
    withheld = (
        select(lead.c.organisation_id, mark.c.code).join(mark, mark.c.project_id == lead.c.id).where(mark.c.is_withheld)
    )
    there = led.c.organisation_id == organisation_id, told.c.facet == "host_country", told.c.code == country
    is_told = exists().where(told.c.project_id == led.c.id, ~told.c.is_withheld, *there).correlate_except(led, told)
    return and_(tuple_(organisation_id, country).in_(withheld), ~is_told, ~_is_disclosed(country, organisation_id))


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
