"""Stored pairs, the facts behind them, people's answers, and the host country x activity grid."""

from __future__ import annotations

from sqlalchemy import distinct, func, or_, select

from data_access.filters import Filters
from data_access.queries import visible
from data_access.schema import (
    facet_rarity,
    organisation,
    overlap_pair,
    overlap_verdict,
    partnership,
    project,
    project_facet,
)
from data_access.viewer import Query, Viewer


def pairs(filters: Filters, viewer: Viewer) -> Query:
    """Pairs of which one project is chosen by `filters` and both are visible; scores are never rescaled.

    Columns: project_a, name_a, organisation_a, project_b, name_b, organisation_b, same_organisation, low, score,
    high, activity, host_country, audience, language, days_together, are_partners, facet_hash, label.
    """
    chosen = (
        select(project.c.id)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(visible.projects(filters, viewer))
    )
    first, second = project.alias("first"), project.alias("second")
    lead_a, lead_b = organisation.alias("lead_a"), organisation.alias("lead_b")
    stored = overlap_pair.c
    statement = (
        select(
            stored.project_a,
            first.c.name.label("name_a"),
            lead_a.c.name.label("organisation_a"),
            stored.project_b,
            second.c.name.label("name_b"),
            lead_b.c.name.label("organisation_b"),
            *(stored[name] for name in ("low", "score", "high", "activity", "host_country", "audience", "language")),
            stored.days_together,
            stored.are_partners,
            stored.facet_hash,
            stored.label,
        )
        .join(first, first.c.id == stored.project_a)
        .join(second, second.c.id == stored.project_b)
        .join(lead_a, lead_a.c.id == first.c.organisation_id)
        .join(lead_b, lead_b.c.id == second.c.organisation_id)
        .where(stored.clearance == viewer.clearance, stored.label != "not_related")
        .where(or_(stored.project_a.in_(chosen), stored.project_b.in_(chosen)))
        .where(visible.organisations(viewer, lead_a), visible.organisations(viewer, lead_b))
        .where(visible.in_network(lead_a), visible.in_network(lead_b))
        .order_by(stored.low.desc(), stored.score.desc(), stored.project_a, stored.project_b)
    )
    return Query(statement, viewer)


def grid(filters: Filters, viewer: Viewer) -> Query:
    """Distinct organisations and projects per host country x activity: host_country, activity, organisations, projects."""
    place, work = project_facet.alias("place"), project_facet.alias("work")
    statement = (
        select(
            place.c.code.label("host_country"),
            work.c.code.label("activity"),
            func.count(distinct(organisation.c.id)).label("organisations"),
            func.count(distinct(project.c.id)).label("projects"),
        )
        .select_from(project)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .join(place, (place.c.project_id == project.c.id) & (place.c.facet == "host_country"))
        .join(work, (work.c.project_id == project.c.id) & (work.c.facet == "activity"))
        .where(visible.facets(viewer, place), project.c.status != "ended", visible.projects(filters, viewer))
        .group_by(place.c.code, work.c.code)
    )
    if filters.host_countries:
        statement = statement.where(place.c.code.in_(filters.host_countries))
    if filters.activities:
        statement = statement.where(work.c.code.in_(filters.activities))
    return Query(statement, viewer)


def facets(viewer: Viewer) -> Query:
    """Every visible project's facets for evidence cards: project_id, facet, code."""
    statement = (
        select(project_facet.c.project_id, project_facet.c.facet, project_facet.c.code)
        .join(project, project.c.id == project_facet.c.project_id)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(visible.organisations(viewer), visible.in_network(), visible.facets(viewer))
        .order_by(project_facet.c.project_id, project_facet.c.facet, project_facet.c.code)
    )
    return Query(statement, viewer)


def rarity(viewer: Viewer) -> Query:
    """How many projects hold each facet value, as stored for the viewer's clearance: facet, code, projects, of_projects."""
    columns = [facet_rarity.c[name] for name in ("facet", "code", "projects", "of_projects")]
    return Query(select(*columns).where(facet_rarity.c.clearance == viewer.clearance), viewer)


def answers(viewer: Viewer) -> Query:
    """Every recorded answer, oldest first: project_a, project_b, answer, reason, subject, answered_at, facet_hash."""
    columns = [c for c in overlap_verdict.c if c.name != "id"]
    return Query(select(*columns).order_by(overlap_verdict.c.answered_at), viewer)


def scored_facts(viewer: Viewer) -> Query:
    """What scoring reads at refresh: project_id, organisation_id, starts_on, ends_on of projects the viewer may see."""
    statement = (
        select(
            project.c.id.label("project_id"),
            project.c.organisation_id,
            project.c.starts_on,
            project.c.ends_on,
        )
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(visible.organisations(viewer), visible.in_network())
        .order_by(project.c.id)
    )
    return Query(statement, viewer)


def partnerships(viewer: Viewer) -> Query:
    """Known partners: organisation_a, organisation_b."""
    return Query(select(partnership.c.organisation_a, partnership.c.organisation_b), viewer)
