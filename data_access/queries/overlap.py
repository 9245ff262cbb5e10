"""Stored pairs, the facts behind them, people's answers, and the host country x activity grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import ColumnElement, Select, case, distinct, func, or_, select

from data_access.filters import Filters
from data_access.queries import choosing, visible
from data_access.schema import (
    facet_rarity,
    organisation,
    overlap_pair,
    overlap_total,
    overlap_verdict,
    partnership,
    project,
    project_facet,
    viewer_country,
)
from data_access.schema import viewer as viewers
from data_access.viewer import Query, Viewer


def pairs(viewer: Viewer) -> Query:
    """All stored pairs of which both projects are visible; `chosen` says which of them a choice keeps.

    Columns: project_a, name_a, organisation_a, lead_a (organisation id), the same of b, low, score, high, activity,
    host_country, audience, language, days_together, are_partners, facet_hash, label, flagged_on.
    """
    first, second = project.alias("first"), project.alias("second")
    lead_a, lead_b = organisation.alias("lead_a"), organisation.alias("lead_b")
    stored = overlap_pair.c
    statement = (
        select(
            stored.project_a,
            first.c.name.label("name_a"),
            lead_a.c.name.label("organisation_a"),
            lead_a.c.id.label("lead_a"),
            stored.project_b,
            second.c.name.label("name_b"),
            lead_b.c.name.label("organisation_b"),
            lead_b.c.id.label("lead_b"),
            *(stored[name] for name in ("low", "score", "high", "activity", "host_country", "audience", "language")),
            stored.days_together,
            stored.are_partners,
            stored.facet_hash,
            stored.label,
            stored.flagged_on,
        )
        .join(first, first.c.id == stored.project_a)
        .join(second, second.c.id == stored.project_b)
        .join(lead_a, lead_a.c.id == first.c.organisation_id)
        .join(lead_b, lead_b.c.id == second.c.organisation_id)
        .where(stored.clearance == _stored_for(viewer), stored.label != "not_related")
        .where(visible.organisations(viewer, lead_a), visible.organisations(viewer, lead_b))
        .where(visible.in_network(lead_a), visible.in_network(lead_b))
        .order_by(stored.low.desc(), stored.score.desc(), stored.project_a, stored.project_b)
    )
    return Query(statement, viewer)


def chosen(filters: Filters, viewer: Viewer) -> Query:
    """Projects that `filters` choose: project_id. A pair is kept when one of its projects is; scores are never rescaled."""
    statement = (
        select(project.c.id.label("project_id"))
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(choosing.projects(filters, viewer))
        .order_by(project.c.id)
    )
    return Query(statement, viewer)


_place, _work = project_facet.alias("place"), project_facet.alias("work")
NOT_STATED = "not_stated"


def _cell(viewer: Viewer) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Host country (or audience) and activity of a project's cell: withheld or not stated are values of their own."""
    place = case(
        (_place.c.code.is_(None), NOT_STATED), (visible.facets(viewer, _place), _place.c.code), else_=visible.WITHHELD
    )
    return place, func.coalesce(_work.c.code, NOT_STATED)


Across = Literal["host_country", "audience"]


def _in_cells(
    columns: Sequence[ColumnElement], filters: Filters, viewer: Viewer, across: Across = "host_country"
) -> Select:
    """`columns` of every project that has not ended, once per activity and host country, or audience, it counts in."""
    place, work = _cell(viewer)
    statement = (
        select(*columns)
        .select_from(project)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .outerjoin(_place, (_place.c.project_id == project.c.id) & (_place.c.facet == across))
        .outerjoin(_work, (_work.c.project_id == project.c.id) & (_work.c.facet == "activity"))
        .where(project.c.status != "ended", choosing.projects(filters, viewer))
    )
    cell = {across: place, "activity": work}
    parts = [cell[row.part_of_money].in_(values) for row, values in choosing.rows(filters) if row.part_of_money in cell]
    return statement.where(*parts)


def grid(filters: Filters, viewer: Viewer, across: Across = "host_country") -> Query:
    """Distinct organisations and projects per activity and host country, or audience: host_country ('withheld' and 'not_stated'
    among them) or audience, activity ('not_stated' among them), organisations, projects."""
    place, work = _cell(viewer)
    columns = (
        place.label(across),
        work.label("activity"),
        func.count(distinct(organisation.c.id)).label("organisations"),
        func.count(distinct(project.c.id)).label("projects"),
    )
    return Query(_in_cells(columns, filters, viewer, across).group_by(place, work), viewer)


def projects_in_cells(viewer: Viewer) -> Query:
    """The cells every project counts in that `grid` counts: project_id, host_country, activity."""
    place, work = _cell(viewer)
    columns = (project.c.id.label("project_id"), place.label("host_country"), work.label("activity"))
    return Query(_in_cells(columns, Filters(), viewer).distinct(), viewer)


def on_record(viewer: Viewer) -> Query:
    """Projects of organisations the viewer may see, counted from the records alone: projects, ended, outside (not ended,
    led by a state-linked programme)."""
    outside = case((visible.in_network(), 0), (project.c.status == "ended", 0), else_=1)
    counted = (
        select(
            func.count(project.c.id).label("projects"),
            func.coalesce(func.sum(case((project.c.status == "ended", 1), else_=0)), 0).label("ended"),
            func.coalesce(func.sum(outside), 0).label("outside"),
        )
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(visible.organisations(viewer))
    )
    return Query(counted, viewer)


def projects_of_cell(
    value: str, activity: str, filters: Filters, viewer: Viewer, across: Across = "host_country"
) -> Query:
    """The projects one cell of `grid` counts: project, organisation, starts_on, ends_on."""
    columns = (
        project.c.name.label("project"),
        organisation.c.name.label("organisation"),
        project.c.starts_on,
        project.c.ends_on,
    )
    place, work = _cell(viewer)
    statement = _in_cells(columns, filters, viewer, across).where(place == value, work == activity).distinct()
    return Query(statement.order_by(organisation.c.name, project.c.name), viewer)


def facets(viewer: Viewer, known_to: Viewer | None = None, of: Sequence[int] | None = None) -> Query:
    """Facets of every visible project, or `of` some: project_id, facet, code; `known_to` keeps those another viewer may
    know too."""
    statement = (
        select(project_facet.c.project_id, project_facet.c.facet, project_facet.c.code)
        .join(project, project.c.id == project_facet.c.project_id)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(visible.organisations(viewer), visible.in_network(), visible.facets(known_to or viewer))
        .order_by(project_facet.c.project_id, project_facet.c.facet, project_facet.c.code)
    )
    return Query(statement if of is None else statement.where(project_facet.c.project_id.in_(of)), viewer)


def rarity(viewer: Viewer) -> Query:
    """How many projects hold each facet value, as stored for the viewer's clearance: facet, code, projects, of_projects."""
    columns = [facet_rarity.c[name] for name in ("facet", "code", "projects", "of_projects")]
    return Query(select(*columns).where(facet_rarity.c.clearance == _stored_for(viewer)), viewer)


def totals(viewer: Viewer) -> Query:
    """How many pairs of each label were found for the viewer's clearance, stored or not: label, pairs."""
    columns = (overlap_total.c.label, overlap_total.c.pairs)
    return Query(select(*columns).where(overlap_total.c.clearance == _stored_for(viewer)), viewer)


def _stored_for(viewer: Viewer) -> ColumnElement[str]:
    """The viewer's own computation when there is one, else the funders'."""
    own = select(facet_rarity.c.clearance).where(facet_rarity.c.clearance == viewer.clearance).limit(1)
    return func.coalesce(own.scalar_subquery(), "funder")


def answers(viewer: Viewer) -> Query:
    """Every recorded answer, oldest first: project_a, project_b, answer, reason, subject, answered_at, facet_hash."""
    columns = [c for c in overlap_verdict.c if c.name != "id"]
    return Query(select(*columns).order_by(overlap_verdict.c.id), viewer)


def newest_answer(viewer: Viewer) -> Query:
    """The id of the newest answer, NULL without any: newest."""
    return Query(select(func.max(overlap_verdict.c.id).label("newest")), viewer)


def projects(viewer: Viewer, of: Sequence[int] | None = None) -> Query:
    """Projects the viewer may see, all or `of` some: project_id, project, organisation_id, organisation, organisation_slug,
    starts_on, ends_on, status."""
    statement = (
        select(
            project.c.id.label("project_id"),
            project.c.name.label("project"),
            project.c.organisation_id,
            organisation.c.name.label("organisation"),
            organisation.c.slug.label("organisation_slug"),
            project.c.starts_on,
            project.c.ends_on,
            project.c.status,
        )
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(visible.organisations(viewer), visible.in_network())
        .order_by(project.c.id)
    )
    return Query(statement if of is None else statement.where(project.c.id.in_(of)), viewer)


def projects_to_fix(viewer: Viewer) -> Query:
    """Projects that cannot be compared in time or by what they do, with the columns of `projects`, is_undated, is_idle."""
    asked = projects(viewer).statement
    work = select(project_facet.c.project_id).where(project_facet.c.facet == "activity")
    is_undated = or_(project.c.starts_on.is_(None), project.c.ends_on.is_(None))
    is_idle = project.c.id.not_in(work)
    statement = asked.add_columns(is_undated.label("is_undated"), is_idle.label("is_idle"))
    return Query(statement.where(or_(is_undated, is_idle)), viewer)


def partnerships(viewer: Viewer) -> Query:
    """Known partners: organisation_a, organisation_b, since."""
    return Query(select(partnership.c.organisation_a, partnership.c.organisation_b, partnership.c.since), viewer)


def scopes(viewer: Viewer) -> Query:
    """The countries of every coordinator who answers for some: subject, host_country."""
    statement = (
        select(viewer_country.c.subject, viewer_country.c.host_country)
        .join(viewers, viewers.c.subject == viewer_country.c.subject)
        .where(viewers.c.role == "coordinator", ~viewers.c.all_countries)
    )
    return Query(statement, viewer)
