"""What may be handed to everybody: organisations that said so, and what concerns nobody else.

A funder of the network is told of organisations that are known within it; the open standards are read by everybody, hostile
services among them, so that only organisations whose visibility is `public` are named here. What a funder is not told of
those (hidden places, withheld ones) is not told here either.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select

from data_access.queries import visible
from data_access.schema import grant, organisation, payment, presence, project
from data_access.viewer import Query, Viewer

FUNDER = Viewer("funder")


def _is_public() -> ColumnElement[bool]:
    return and_(visible.organisations(FUNDER), organisation.c.visibility == "public", visible.in_network())


def organisations(as_of: date) -> Query:
    """Who may be named to everybody: organisation_id, name, is_at_work (an initiative that has not closed by a day)."""
    is_at_work = and_(organisation.c.is_initiative, visible.active(as_of)).label("is_at_work")
    statement = select(organisation.c.id.label("organisation_id"), organisation.c.name, is_at_work).where(_is_public())
    return Query(statement.order_by(organisation.c.slug), FUNDER)


def projects() -> Query:
    """Their projects: project_id, organisation_id, name, starts_on, ends_on."""
    columns = [project.c[name] for name in ("organisation_id", "name", "starts_on", "ends_on")]
    statement = (
        select(project.c.id.label("project_id"), *columns)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(_is_public())
        .order_by(project.c.name, project.c.id)
    )
    return Query(statement, FUNDER)


def places(as_of: date) -> Query:
    """The countries in which they work on a day, of those that may be known: organisation_id, host_country. Where somebody is
    registered is no place of work."""
    spot, country = presence.c, visible.presence_country(FUNDER)
    statement = (
        select(spot.organisation_id, country.label("host_country"))
        .distinct()
        .join(organisation, organisation.c.id == spot.organisation_id)
        .where(_is_public(), country.is_not(None), spot.role != "registered")
        .where(or_(spot.started_on.is_(None), spot.started_on <= as_of))
        .where(or_(spot.ended_on.is_(None), spot.ended_on > as_of))
        .order_by(spot.organisation_id)
    )
    return Query(statement, FUNDER)


def as_stated() -> Query:
    """What their grants state beside the columns of `funding.grants`: grant_id, stated_minor (NULL where only payments are on
    record), joint_group, parent_grant_id."""
    statement = (
        select(
            grant.c.id.label("grant_id"), grant.c.amount_minor.label("stated_minor"), grant.c.joint_group,
            grant.c.parent_grant_id,
        )
        .join(organisation, organisation.c.id == grant.c.recipient_id)
        .where(_is_public())
        .order_by(grant.c.id)
    )  # fmt: skip
    return Query(statement, FUNDER)


def payments() -> Query:
    """What was paid on their grants: grant_id, paid_on, amount_minor, currency."""
    columns = [payment.c[name] for name in ("grant_id", "paid_on", "amount_minor", "currency")]
    statement = (
        select(*columns)
        .join(grant, grant.c.id == payment.c.grant_id)
        .join(organisation, organisation.c.id == grant.c.recipient_id)
        .where(_is_public())
        .order_by(payment.c.grant_id, payment.c.paid_on, payment.c.id)
    )
    return Query(statement, FUNDER)
