"""What each filter chooses: one row per filter, from which every query and count takes it.

A filter is a field of `Filters` and a row here; one without the other raises when this module is imported. Filters of
places and work choose parts of a line of money, the others choose lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, select

from data_access.filters import LISTS, Filters
from data_access.queries import visible
from data_access.schema import grant, organisation, presence, project, project_facet
from data_access.viewer import Viewer

Values = tuple[str, ...]


@dataclass(frozen=True)
class Choosing:
    """What the values of one filter choose.

    `initiatives` and `projects`: conditions on rows of `organisation` and `project`. `part_of_money`: the column of placed
    money that holds its values, or None where `lines` chooses lines: line (a project's id, or minus an organisation's for its
    core work). `months`: the column of months of money that names its values; None where there is none, and months are
    made of the records of the lines. `cases`: the column of case summaries.
    `offered`: value, organisation_id, with the sides who must be near a coordinator; `are_organisations`: values are slugs.
    """

    initiatives: Callable[[Values, Viewer], ColumnElement[bool]]
    projects: Callable[[Values, Viewer], ColumnElement[bool]]
    offered: Callable[[Viewer], tuple[Select, list[ColumnElement]]]
    part_of_money: str | None = None
    lines: Callable[[Values, Viewer], Select] | None = None
    months: str | None = None
    cases: str | None = None
    are_organisations: bool = False


def rows(filters: Filters) -> Iterator[tuple[Choosing, Values]]:
    """The rows of the filters that are set, each with its chosen values."""
    for name, field in LISTS.items():
        if values := getattr(filters, field):
            yield FILTERS[name], values


def initiatives(filters: Filters, viewer: Viewer, *, with_state_linked: bool = False) -> ColumnElement[bool]:
    """Organisation rows that are initiatives of the network, visible, and chosen by `filters`.

    `with_state_linked` adds programmes outside the network for comparison; whoever asks for them must mark them.
    """
    network = [] if with_state_linked else [visible.in_network()]
    chosen = [row.initiatives(values, viewer) for row, values in rows(filters)]
    return and_(organisation.c.is_initiative, visible.organisations(viewer), *network, *chosen)


def projects(filters: Filters, viewer: Viewer) -> ColumnElement[bool]:
    """Project rows (joined to their lead organisation) chosen by `filters`, countries by project place."""
    chosen = [row.projects(values, viewer) for row, values in rows(filters)]
    return and_(visible.organisations(viewer), visible.in_network(), *chosen)


def parts_of_money(frame: pd.DataFrame, filters: Filters) -> pd.Series:
    """Whether each row of placed money (host_country, activity) is a chosen part."""
    keep = pd.Series(True, index=frame.index)
    for row, values in rows(filters):
        if row.part_of_money:
            keep &= frame[row.part_of_money].isin(values)
    return keep


def lines(filters: Filters, viewer: Viewer) -> list[Select]:
    """The lines each filter of lines chooses: line. A line is chosen when all of them hold it."""
    return [row.lines(values, viewer) for row, values in rows(filters) if row.lines]


def of_lines(filters: Filters) -> Filters:
    """The filters of lines alone."""
    kept = {field: getattr(filters, field) for name, field in LISTS.items() if FILTERS[name].lines}
    return Filters(**kept)


def _in_country(values: Values, viewer: Viewer) -> ColumnElement[bool]:
    """Asked as a set of the few that are there, by the index of countries, and not of each organisation in turn."""
    spot = presence.alias()
    is_shown = visible.presence_country(viewer, spot).in_(values)
    there = select(spot.c.organisation_id).where(spot.c.host_country.in_(values), spot.c.role != "registered", is_shown)
    return organisation.c.id.in_(there)


def _countries(viewer: Viewer) -> tuple[Select, list[ColumnElement]]:
    country = visible.presence_country(viewer)
    statement = (
        select(country.label("value"), organisation.c.id)
        .join(organisation, organisation.c.id == presence.c.organisation_id)
        .where(presence.c.role != "registered", country.is_not(None))
    )
    return statement, [organisation.c.id]


def _has_facet(of_project: FromClause, facet: str, values: Values, viewer: Viewer) -> ColumnElement[bool]:
    mark = project_facet.alias()
    marked = select(mark.c.project_id).where(
        mark.c.facet == facet, mark.c.code.in_(values), visible.facets(viewer, mark)
    )
    return of_project.c.id.in_(marked)


def _project_with(facet: str) -> Callable[[Values, Viewer], ColumnElement[bool]]:
    return lambda values, viewer: _has_facet(project, facet, values, viewer)


def _initiative_with(facet: str) -> Callable[[Values, Viewer], ColumnElement[bool]]:
    def condition(values: Values, viewer: Viewer) -> ColumnElement[bool]:
        work = project.alias()
        return exists().where(work.c.organisation_id == organisation.c.id, _has_facet(work, facet, values, viewer))

    return condition


def _codes(facet: str) -> Callable[[Viewer], tuple[Select, list[ColumnElement]]]:
    def offered(_viewer: Viewer) -> tuple[Select, list[ColumnElement]]:
        statement = (
            select(project_facet.c.code.label("value"), organisation.c.id)
            .join(project, project.c.id == project_facet.c.project_id)
            .join(organisation, organisation.c.id == project.c.organisation_id)
            .where(project_facet.c.facet == facet)
        )
        return statement, [organisation.c.id]

    return offered


def _lines_with(facet: str) -> Callable[[Values, Viewer], Select]:
    def lines_with(values: Values, viewer: Viewer) -> Select:
        mark = project_facet.c
        return (
            select(mark.project_id.label("line"))
            .join(project, project.c.id == mark.project_id)
            .join(organisation, organisation.c.id == project.c.organisation_id)
            .where(mark.facet == facet, mark.code.in_(values), visible.organisations(viewer))
            .distinct()
        )

    return lines_with


def _has_grant_from(values: Values, viewer: Viewer) -> ColumnElement[bool]:
    money, payer = grant.alias(), organisation.alias()
    return exists().where(
        money.c.recipient_id == organisation.c.id,
        money.c.funder_id == payer.c.id,
        money.c.status != "cancelled",
        payer.c.slug.in_(values),
        visible.organisations(viewer, payer),
    )


def _is_funded_by(values: Values, viewer: Viewer) -> ColumnElement[bool]:
    payer = organisation.alias()
    funded = (
        select(grant.c.project_id)
        .join(payer, payer.c.id == grant.c.funder_id)
        .where(
            payer.c.slug.in_(values),
            visible.organisations(viewer, payer),
            grant.c.project_id.is_not(None),
            grant.c.status != "cancelled",
        )
    )
    return project.c.id.in_(funded)


def _payers(viewer: Viewer) -> tuple[Select, list[ColumnElement]]:
    payer = organisation.alias("payer")
    statement = (
        select(payer.c.slug.label("value"), organisation.c.id)
        .select_from(grant)
        .join(payer, payer.c.id == grant.c.funder_id)
        .join(organisation, organisation.c.id == grant.c.recipient_id)
        .where(grant.c.status != "cancelled", visible.organisations(viewer, payer))
    )
    return statement, [organisation.c.id, payer.c.id]


def _lines_paid_by(values: Values, viewer: Viewer) -> Select:
    """The lines that hold a grant of one of these funders, cancelled ones aside."""
    payer, payee, lead = (organisation.alias(name) for name in ("payer", "payee", "lead"))
    tagged = and_(grant.c.project_id.is_not(None), visible.organisations(viewer, lead))
    return (
        select(case((tagged, grant.c.project_id), else_=-grant.c.recipient_id).label("line"))
        .select_from(grant)
        .join(payer, payer.c.id == grant.c.funder_id)
        .join(payee, payee.c.id == grant.c.recipient_id)
        .outerjoin(project, project.c.id == grant.c.project_id)
        .outerjoin(lead, lead.c.id == project.c.organisation_id)
        .where(payer.c.slug.in_(values), grant.c.status != "cancelled")
        .where(visible.organisations(viewer, payer), visible.organisations(viewer, payee), visible.in_network(payee))
        .distinct()
    )


_KNOWN = {
    "country": Choosing(
        _in_country, _project_with("host_country"), _countries, part_of_money="host_country", cases="host_country"
    ),
    "activity": Choosing(
        _initiative_with("activity"), _project_with("activity"), _codes("activity"), part_of_money="activity"
    ),
    "audience": Choosing(
        _initiative_with("audience"),
        _project_with("audience"),
        _codes("audience"),
        lines=_lines_with("audience"),
        months="audiences",
    ),
    "funder": Choosing(_has_grant_from, _is_funded_by, _payers, lines=_lines_paid_by, are_organisations=True),
}
FILTERS = {name: _KNOWN[name] for name in LISTS}
