"""Which records somebody contests, of those a viewer may see."""

from __future__ import annotations

from sqlalchemy import String, cast, func, literal, null, select, union_all

from data_access.queries import visible
from data_access.schema import contest, grant, organisation, project, source
from data_access.viewer import Query, Viewer


def contested(viewer: Viewer) -> Query:
    """Open contests of records that the viewer may see: contest_id, entity, record_id, organisation_id (of the initiative,
    the lead or the recipient; NULL of a source), organisation, record, kind, said_at, and for stewards subject."""
    whose = contest.c.subject if viewer.role == "steward" else null()
    about = (
        contest.c.id.label("contest_id"),
        contest.c.entity,
        contest.c.record_id,
        organisation.c.id.label("organisation_id"),
        organisation.c.name.label("organisation"),
    )
    said = contest.c.kind, contest.c.said_at, cast(whose, String).label("subject")
    reference = visible.grant_reference(viewer, payer := organisation.alias("payer"))
    named = visible.organisations(viewer)
    shown = [
        select(*about, organisation.c.name.label("record"), *said)
        .join(organisation, organisation.c.id == contest.c.record_id)
        .where(contest.c.entity == "initiative", named),
        select(*about, project.c.name.label("record"), *said)
        .join(project, project.c.id == contest.c.record_id)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(contest.c.entity == "project", named),
        select(*about, reference.label("record"), *said)
        .join(grant, grant.c.id == contest.c.record_id)
        .join(organisation, organisation.c.id == grant.c.recipient_id)
        .outerjoin(payer, payer.c.id == grant.c.funder_id)
        .where(contest.c.entity == "grant", named),
        select(
            contest.c.id.label("contest_id"),
            contest.c.entity,
            contest.c.record_id,
            null().label("organisation_id"),
            literal("").label("organisation"),
            source.c.name.label("record"),
            *said,
        )
        .join(source, source.c.id == contest.c.record_id)
        .where(contest.c.entity == "source"),
    ]
    every = union_all(*(one.where(contest.c.settled_at.is_(None)) for one in shown)).subquery()
    return Query(select(every).order_by(every.c.contest_id), viewer)


def state(viewer: Viewer) -> Query:
    """One row that changes with every contest that is said or settled: newest, settled."""
    return Query(
        select(func.max(contest.c.id).label("newest"), func.count(contest.c.settled_at).label("settled")), viewer
    )


def sources(viewer: Viewer) -> Query:
    """Sources of the shared database that somebody can contest: source_id, source."""
    named = select(source.c.id.label("source_id"), source.c.name.label("source")).where(visible.sources(viewer))
    return Query(named.order_by(source.c.name), viewer)
