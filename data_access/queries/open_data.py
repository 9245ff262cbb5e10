"""What may be handed to everybody: organisations that said so, and what concerns nobody else.

A funder of the network is told of organisations that are known within it; the open standards are read by everybody, hostile
services among them, so that only organisations whose visibility is `public` are named here. What a funder is not told of
those (hidden places, withheld ones) is not told here either.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select

from data_access.queries import visible
from data_access.schema import grant, organisation, payment, project
from data_access.viewer import Query, Viewer

FUNDER = Viewer("funder")


def _is_public() -> ColumnElement[bool]:
    return and_(visible.organisations(FUNDER), organisation.c.visibility == "public", visible.in_network())


def organisations() -> Query:
    """Who may be named to everybody: organisation_id, slug, name, is_initiative, seat_country."""
    columns = [organisation.c[name] for name in ("slug", "name", "is_initiative", "seat_country")]
    statement = select(organisation.c.id.label("organisation_id"), *columns).where(_is_public())
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
