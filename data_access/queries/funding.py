"""Money as recorded: grants, their places and payments, stated needs and exchange rates. Nothing is summed here that
would hide a currency; conversion and counting rules are in `dashboard.metrics.funding`."""

from __future__ import annotations

from sqlalchemy import and_, case, func, or_, select

from data_access.filters import Filters
from data_access.queries import visible
from data_access.schema import (
    fx_rate,
    grant,
    grant_country,
    need,
    organisation,
    payment,
    presence,
    project,
    project_facet,
)
from data_access.schema import other_income as other_income_table
from data_access.viewer import Query, Viewer


def grants(viewer: Viewer) -> Query:
    """Every grant whose recipient the viewer may see, never filtered by place or period (attribution comes later).

    What was paid on a grant without a stated amount was committed: it is its amount (METHODS B, money status). Payments
    in another currency than the grant's are left out.

    A payer, project or intermediary she may not see is unknown: its money comes from an unnamed source, and the grant's
    reference, which publishers make of their own names, is NULL.

    Columns: grant_id, reference, funder_id, funder_slug, funder, funder_is_member, recipient_id, recipient,
    recipient_slug, recipient_is_member, project_id, project, parent_grant_id, amount_minor, currency, status, kind, restriction,
    committed_on, starts_on, ends_on, recorded_on, paid_minor, first_paid_on.
    """
    payer, payee = organisation.alias("payer"), organisation.alias("payee")
    lead = organisation.alias("lead")
    parent, intermediary = grant.alias("parent"), organisation.alias("intermediary")
    paid = (
        select(
            payment.c.grant_id,
            payment.c.currency,
            func.sum(payment.c.amount_minor).label("paid_minor"),
            func.min(payment.c.paid_on).label("first_paid_on"),
        )
        .group_by(payment.c.grant_id, payment.c.currency)
        .subquery()
    )
    named_payer, named_lead = visible.organisations(viewer, payer), visible.organisations(viewer, lead)
    statement = (
        select(
            grant.c.id.label("grant_id"),
            visible.grant_reference(viewer, payer).label("reference"),
            case((named_payer, grant.c.funder_id)).label("funder_id"),
            case((named_payer, payer.c.slug)).label("funder_slug"),
            case((named_payer, payer.c.name)).label("funder"),
            case((named_payer, payer.c.is_initiative), else_=False).label("funder_is_member"),
            grant.c.recipient_id,
            payee.c.name.label("recipient"),
            payee.c.slug.label("recipient_slug"),
            payee.c.is_initiative.label("recipient_is_member"),
            case((named_lead, grant.c.project_id)).label("project_id"),
            case((named_lead, project.c.name)).label("project"),
            case((visible.organisations(viewer, intermediary), grant.c.parent_grant_id)).label("parent_grant_id"),
            func.coalesce(grant.c.amount_minor, paid.c.paid_minor).label("amount_minor"),
            grant.c.currency,
            grant.c.status,
            grant.c.kind,
            grant.c.restriction,
            grant.c.committed_on,
            grant.c.starts_on,
            grant.c.ends_on,
            grant.c.recorded_on,
            paid.c.paid_minor,
            paid.c.first_paid_on,
        )
        .select_from(grant)
        .outerjoin(payer, payer.c.id == grant.c.funder_id)
        .join(payee, payee.c.id == grant.c.recipient_id)
        .outerjoin(project, project.c.id == grant.c.project_id)
        .outerjoin(lead, lead.c.id == project.c.organisation_id)
        .outerjoin(parent, parent.c.id == grant.c.parent_grant_id)
        .outerjoin(intermediary, intermediary.c.id == parent.c.recipient_id)
        .outerjoin(paid, and_(paid.c.grant_id == grant.c.id, paid.c.currency == grant.c.currency))
        .where(visible.organisations(viewer, payee), visible.in_network(payee))
        .order_by(grant.c.id)
    )
    return Query(statement, viewer)


def needs(viewer: Viewer) -> Query:
    """Stated needs of chosen projects' and initiatives' visible organisations.

    Columns: need_id, project_id, project, organisation_id, organisation, organisation_slug, period_start, period_end,
    amount_minor, currency, kind, stated_by, stated_on. `organisation_id` is the lead organisation for a project need.
    """
    owner = func.coalesce(need.c.organisation_id, project.c.organisation_id)
    statement = (
        select(
            need.c.id.label("need_id"),
            need.c.project_id,
            project.c.name.label("project"),
            organisation.c.id.label("organisation_id"),
            organisation.c.name.label("organisation"),
            organisation.c.slug.label("organisation_slug"),
            need.c.period_start,
            need.c.period_end,
            need.c.amount_minor,
            need.c.currency,
            need.c.kind,
            need.c.stated_by,
            need.c.stated_on,
        )
        .select_from(need)
        .outerjoin(project, project.c.id == need.c.project_id)
        .join(organisation, organisation.c.id == owner)
        .where(visible.organisations(viewer), visible.in_network())
        .order_by(need.c.id)
    )
    return Query(statement, viewer)


def declared_places(viewer: Viewer) -> Query:
    """Where a grant says its money works: grant_id, host_country, share_bp (basis points, NULL if not declared).

    A country the viewer may not connect with the grant's project or recipient is 'withheld' and keeps its share, so
    that neither the place nor a redistributed amount gives it away.
    """
    payee = organisation.alias("payee")
    country = grant_country.c.host_country
    hidden = or_(
        visible.hides(viewer, country, grant.c.recipient_id), visible.withholds(viewer, country, grant.c.project_id)
    )
    statement = (
        select(
            grant_country.c.grant_id,
            case((hidden, "withheld"), else_=country).label("host_country"),
            grant_country.c.share_bp,
        )
        .join(grant, grant.c.id == grant_country.c.grant_id)
        .join(payee, payee.c.id == grant.c.recipient_id)
        .where(visible.organisations(viewer, payee))
        .order_by(grant_country.c.grant_id)
    )
    return Query(statement, viewer)


def project_facets(viewer: Viewer) -> Query:
    """Facets of every visible project that enter money attribution: project_id, facet, code."""
    statement = (
        select(project_facet.c.project_id, project_facet.c.facet, project_facet.c.code)
        .join(project, project.c.id == project_facet.c.project_id)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(project_facet.c.facet.in_(("activity", "audience", "host_country")))
        .where(visible.organisations(viewer), visible.facets(viewer))
        .order_by(project_facet.c.project_id, project_facet.c.facet, project_facet.c.code)
    )
    return Query(statement, viewer)


def organisation_places(viewer: Viewer) -> Query:
    """Disclosed working countries per visible organisation: organisation_id, host_country."""
    country = visible.presence_country(viewer).label("host_country")
    statement = (
        select(presence.c.organisation_id, country)
        .distinct()
        .join(organisation, organisation.c.id == presence.c.organisation_id)
        .where(presence.c.role != "registered", visible.organisations(viewer))
        .where(visible.presence_country(viewer).is_not(None))
    )
    return Query(statement, viewer)


def rates(viewer: Viewer) -> Query:
    """Exchange rates: currency, on_date, micro_per_eur (units per euro times 10**6), rate_set."""
    return Query(select(fx_rate).order_by(fx_rate.c.on_date, fx_rate.c.currency), viewer)


def other_income(filters: Filters, viewer: Viewer) -> Query:
    """Income beyond grants of the chosen initiatives: organisation, year, kind, amount_minor, currency."""
    columns = [other_income_table.c[name] for name in ("year", "kind", "amount_minor", "currency")]
    statement = (
        select(organisation.c.name.label("organisation"), *columns)
        .join(organisation, organisation.c.id == other_income_table.c.organisation_id)
        .where(visible.initiatives(filters, viewer))
        .order_by(other_income_table.c.year, organisation.c.name, other_income_table.c.kind)
    )
    return Query(statement, viewer)
