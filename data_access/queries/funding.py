"""Money as recorded: grants, their places and payments, stated needs and exchange rates. Nothing is summed here that
would hide a currency; conversion and counting rules are in `dashboard.metrics.funding`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache

from sqlalchemy import CTE, ColumnElement, Select, and_, case, except_, exists, false, func, or_, select, true, union

from data_access.filters import Filters
from data_access.queries import choosing, money, visible
from data_access.queries.money import Cut
from data_access.schema import (
    fx_rate,
    grant,
    grant_country,
    grant_to_fix,
    need,
    organisation,
    payment,
    presence,
    project,
    project_facet,
)
from data_access.schema import other_income as other_income_table
from data_access.viewer import Query, Viewer


def grants(viewer: Viewer, cut: Cut | None = None, among: Collection[int] | None = None) -> Query:
    """Every grant whose recipient the viewer may see, or those of organisations with money or need in the `cut`, or `among` these
    ids.

    What was paid on a grant without a stated amount was committed: it is its amount (METHODS B, money status). Payments
    in another currency than the grant's are left out of `paid_minor`.

    Whether a side is a member says that it is an initiative of the network; state-linked programmes are not.
    A payer, project or intermediary she may not see is unknown: its money comes from an unnamed source, and the grant's
    reference, which publishers make of their own names, is NULL.

    Columns: grant_id, reference, funder_id, funder_slug, funder, funder_is_member, recipient_id, recipient,
    recipient_slug, recipient_is_member, project_id, project, parent_project_id (that a re-grant is taken from),
    amount_minor, currency, status, kind, restriction, committed_on, starts_on, ends_on, recorded_on, paid_minor,
    first_paid_on (in any currency), has_payment (with or without its day).
    """
    return Query(_grants(viewer).where(_of(cut, viewer), _one_of(grant.c.id, among)), viewer)


def grants_ahead(cut: Cut, after: date, viewer: Viewer) -> Query:
    """The grants that last beyond a day, of organisations with money or need in the cut, with the columns of `grants`."""
    return Query(_grants(viewer).where(_of(cut, viewer), grant.c.ends_on > after), viewer)


def grants_received(cut: Cut, viewer: Viewer) -> Query:
    """All grants of the organisations with signed money in the cut, with the columns of `grants`."""
    statement = _grants(viewer)
    if cut.filters.are_narrow:
        statement = statement.where(grant.c.recipient_id.in_(money.organisations_in(cut, viewer, with_needs=False)))
    return Query(statement, viewer)


def grants_of(organisation_ids: Sequence[int], viewer: Viewer) -> Query:
    """The grants of these organisations, with the columns of `grants`."""
    return Query(_grants(viewer).where(grant.c.recipient_id.in_(organisation_ids)), viewer)


def grants_moved(after: date, until: date, viewer: Viewer) -> Query:
    """Grants recorded after a day, or ending after it and by another one, with the columns of `grants`."""
    has_ended = and_(grant.c.ends_on > after, grant.c.ends_on <= until)
    return Query(_grants(viewer).where(or_(grant.c.recorded_on > after, has_ended)), viewer)


def grants_between(viewer: Viewer, *, from_member: bool | None, to_member: bool) -> Query:
    """Signed grants from inside or outside the network (None: either) to inside or outside of it, with the columns of
    `grants`; a payer she may not see counts as outside."""
    found = _grants(viewer).where(grant.c.status == "commitment").order_by(None).subquery()
    is_asked = found.c.recipient_is_member == to_member
    if from_member is not None:
        is_asked = and_(is_asked, found.c.funder_is_member == from_member)
    return Query(select(found).where(is_asked).order_by(found.c.grant_id), viewer)


def around_leaving(payers: Collection[str], after: date, viewer: Viewer) -> Query:
    """Grants that go on after a day, of every organisation that loses money if these payers leave, and those taken from
    theirs: the columns of `grants`, parent_id (the grant it is taken from, where she may see who got either).

    `payers`: short names; one she may not see never leaves. An organisation loses when one of them pays it, or when the grant
    that its own is taken from falls.
    """
    falling = _falling(payers, after, viewer)
    touched = select(grant.c.recipient_id).where(grant.c.id.in_(select(falling.c.id)))
    theirs = grant.alias("theirs")
    taken = select(theirs.c.id).where(theirs.c.recipient_id.in_(touched), theirs.c.ends_on > after)
    is_near = or_(grant.c.recipient_id.in_(touched), grant.c.parent_grant_id.in_(taken))
    statement = _grants(viewer, with_parent=True).where(grant.c.ends_on > after, is_near)
    return Query(statement, viewer)


def _falling(payers: Collection[str], after: date, viewer: Viewer) -> CTE:
    """Ids of the grants that these payers signed, and of those taken from them, as often as they were passed on."""
    payer, payee, holder = organisation.alias("payer"), organisation.alias("payee"), organisation.alias("holder")
    goes_on = grant.c.ends_on > after, grant.c.status.not_in(("pledge", "cancelled"))
    own = (
        select(grant.c.id)
        .join(payer, payer.c.id == grant.c.funder_id)
        .join(payee, payee.c.id == grant.c.recipient_id)
        .where(payer.c.slug.in_(sorted(payers)), visible.organisations(viewer, payer))
        .where(visible.organisations(viewer, payee), *goes_on)
    )
    falling = own.cte("falling", recursive=True)
    taken = (
        select(grant.c.id)
        .join(falling, falling.c.id == grant.c.parent_grant_id)
        .join(holder, holder.c.id == grant.c.recipient_id)
        .where(visible.organisations(viewer, holder), *goes_on)
    )
    return falling.union(taken)


def payers_ahead(after: date, viewer: Viewer) -> Query:
    """Who pays whom for days after a day, both as far as she may see them: funder_slug, funder, recipient_slug."""
    payer, payee = organisation.alias("payer"), organisation.alias("payee")
    pairs = (
        select(grant.c.funder_id, grant.c.recipient_id)
        .where(grant.c.status.not_in(("pledge", "cancelled")), grant.c.ends_on > after)
        .where(grant.c.starts_on <= grant.c.ends_on, grant.c.funder_id != grant.c.recipient_id)
        .distinct()
        .subquery()
    )
    statement = (
        select(payer.c.slug.label("funder_slug"), payer.c.name.label("funder"), payee.c.slug.label("recipient_slug"))
        .select_from(pairs)
        .join(payer, payer.c.id == pairs.c.funder_id)
        .join(payee, payee.c.id == pairs.c.recipient_id)
        .where(visible.organisations(viewer, payer), visible.organisations(viewer, payee))
        .order_by(payer.c.name, payer.c.slug, payee.c.slug)
    )
    return Query(statement, viewer)


def seats(viewer: Viewer) -> Query:
    """Funders she may see with their seat, NULL where it is not stated or withheld: slug, name, seat_country."""
    statement = (
        select(organisation.c.slug, organisation.c.name, visible.seat(viewer).label("seat_country"))
        .where(organisation.c.is_funder, visible.organisations(viewer))
        .order_by(organisation.c.name, organisation.c.slug)
    )
    return Query(statement, viewer)


def short_names(viewer: Viewer) -> Query:
    """Everybody she may see: organisation_id, slug."""
    statement = select(organisation.c.id.label("organisation_id"), organisation.c.slug)
    return Query(statement.where(visible.organisations(viewer)), viewer)


def last_signed(viewer: Viewer) -> Query:
    """Who she may see with a signed grant of somebody else on record: organisation_id, signed (how many), newest (the day of
    the newest, NULL where none has one), first (of the first)."""
    payee = organisation.alias("payee")
    own = and_(grant.c.funder_id.is_not(None), grant.c.funder_id == grant.c.recipient_id)
    statement = (
        select(
            grant.c.recipient_id.label("organisation_id"),
            func.count(grant.c.id).label("signed"),
            func.max(grant.c.committed_on).label("newest"),
            func.min(grant.c.committed_on).label("first"),
        )
        .join(payee, payee.c.id == grant.c.recipient_id)
        .where(visible.organisations(viewer, payee), grant.c.status == "commitment", ~own)
        .group_by(grant.c.recipient_id)
    )
    return Query(statement, viewer)


def grants_to_fix(currency: str, viewer: Viewer) -> Query:
    """Signed grants that a figure leaves out or cannot place, once per reason: the columns of `grants`, reason."""
    kept = grant_to_fix.c
    is_kept = money.is_read(grant_to_fix, viewer), kept.currency == currency
    found = select(kept.grant_id, kept.reason).where(*is_kept).subquery()
    statement = _grants(viewer).join(found, found.c.grant_id == grant.c.id).add_columns(found.c.reason)
    return Query(statement, viewer)


def _one_of(key: ColumnElement[int], ids: Collection[int] | None) -> ColumnElement[bool]:
    return true() if ids is None else key.in_(ids)


def _of(cut: Cut | None, viewer: Viewer) -> ColumnElement[bool]:
    """The grant adds to, or is taken from, an organisation of the cut."""
    if cut is None:
        return true()
    among = money.organisations_in(cut, viewer)
    return or_(grant.c.recipient_id.in_(among), grant.c.funder_id.in_(among))


@lru_cache(64)
def _grants(viewer: Viewer, *, with_parent: bool = False) -> Select:
    """The columns of `grants`; `with_parent`: and parent_id, the grant it is taken from, if she may see who got that. Putting so long a
    statement together takes longer than running it on few grants; a statement never changes."""
    payer, payee, lead = (organisation.alias(name) for name in ("payer", "payee", "lead"))
    parent, intermediary = grant.alias("parent"), organisation.alias("intermediary")
    source, source_lead = project.alias("source"), organisation.alias("source_lead")
    of_grant = payment.c.grant_id == grant.c.id
    own, paid_in = (of_grant, payment.c.currency == grant.c.currency), (of_grant, payment.c.amount_minor > 0)
    paid = select(func.sum(payment.c.amount_minor)).where(*own).scalar_subquery()
    of_member = and_(visible.organisations(viewer, intermediary), visible.in_network(intermediary))
    named_payer, named_lead = visible.organisations(viewer, payer), visible.organisations(viewer, lead)
    taken_from = case((visible.organisations(viewer, intermediary), parent.c.id)).label("parent_id")
    as_recorded = ("currency", "status", "kind", "restriction", "committed_on", "starts_on", "ends_on", "recorded_on")
    return (
        select(
            grant.c.id.label("grant_id"),
            visible.grant_reference(viewer, payer).label("reference"),
            case((named_payer, grant.c.funder_id)).label("funder_id"),
            case((named_payer, payer.c.slug)).label("funder_slug"),
            case((named_payer, payer.c.name)).label("funder"),
            func.coalesce(case((named_payer, and_(payer.c.is_initiative, visible.in_network(payer)))), false()).label(
                "funder_is_member"
            ),
            grant.c.recipient_id,
            payee.c.name.label("recipient"),
            payee.c.slug.label("recipient_slug"),
            and_(payee.c.is_initiative, visible.in_network(payee)).label("recipient_is_member"),
            case((named_lead, grant.c.project_id)).label("project_id"),
            case((named_lead, project.c.name)).label("project"),
            case((and_(of_member, visible.organisations(viewer, source_lead)), parent.c.project_id)).label(
                "parent_project_id"
            ),
            func.coalesce(grant.c.amount_minor, paid).label("amount_minor"),
            *(grant.c[name] for name in as_recorded),
            paid.label("paid_minor"),
            select(func.min(payment.c.paid_on)).where(*paid_in).scalar_subquery().label("first_paid_on"),
            exists().where(*paid_in).label("has_payment"),
            *((taken_from,) if with_parent else ()),
        )
        .select_from(grant)
        .outerjoin(payer, payer.c.id == grant.c.funder_id)
        .join(payee, payee.c.id == grant.c.recipient_id)
        .outerjoin(project, project.c.id == grant.c.project_id)
        .outerjoin(lead, lead.c.id == project.c.organisation_id)
        .outerjoin(parent, parent.c.id == grant.c.parent_grant_id)
        .outerjoin(intermediary, intermediary.c.id == parent.c.recipient_id)
        .outerjoin(source, source.c.id == parent.c.project_id)
        .outerjoin(source_lead, source_lead.c.id == source.c.organisation_id)
        .where(visible.organisations(viewer, payee))
        .order_by(grant.c.id)
    )


def known_otherwise(one: Query, other: Query, key: str) -> Query:
    """Of what two viewers' answers to the same question are about, whatever only one of them says so: `key`, each once."""
    first, second = (asked.statement.order_by(None) for asked in (one, other))
    apart = [select(except_(a, b).subquery().c[key]) for a, b in ((first, second), (second, first))]
    return Query(select(union(*apart).subquery().c[key]), other.viewer)


def grants_on_record(viewer: Viewer) -> Query:
    """How many grants there are whose recipient the viewer may see, counted from the records alone: grants."""
    payee = organisation.alias("payee")
    counted = select(func.count(grant.c.id).label("grants")).join(payee, payee.c.id == grant.c.recipient_id)
    return Query(counted.where(visible.organisations(viewer, payee)), viewer)


def needs_on_record(viewer: Viewer) -> Query:
    """How many needs there are of organisations the viewer may see, counted from the records alone: needs, outside (those
    of state-linked programmes)."""
    owner = func.coalesce(need.c.organisation_id, project.c.organisation_id)
    outside = func.sum(case((visible.in_network(), 0), else_=1))
    counted = (
        select(func.count(need.c.id).label("needs"), func.coalesce(outside, 0).label("outside"))
        .select_from(need)
        .outerjoin(project, project.c.id == need.c.project_id)
        .join(organisation, organisation.c.id == owner)
        .where(visible.organisations(viewer))
    )
    return Query(counted, viewer)


def needs_to_fix(viewer: Viewer) -> Query:
    """Needs stated without an amount, oldest first, with the columns of `needs`."""
    statement = needs(viewer).statement.where(need.c.amount_minor.is_(None))
    return Query(statement.order_by(None).order_by(need.c.period_start, need.c.id), viewer)


def needs(viewer: Viewer, cut: Cut | None = None, among: Collection[int] | None = None) -> Query:
    """Stated needs of visible organisations and their projects, or of those in the `cut`, or `among` these ids.

    Columns: need_id, project_id, project, organisation_id, organisation, organisation_slug, period_start, period_end,
    amount_minor, currency, kind, confidence, stated_by, stated_on. `organisation_id` is the lead organisation for a project need.
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
            need.c.confidence,
            need.c.stated_by,
            need.c.stated_on,
        )
        .select_from(need)
        .outerjoin(project, project.c.id == need.c.project_id)
        .join(organisation, organisation.c.id == owner)
        .where(visible.organisations(viewer), visible.in_network(), _one_of(need.c.id, among))
        .order_by(need.c.id)
    )
    if cut is not None:
        statement = statement.where(organisation.c.id.in_(money.organisations_in(cut, viewer)))
    return Query(statement, viewer)


def declared_places(viewer: Viewer, cut: Cut | None = None, among: Collection[int] | None = None) -> Query:
    """Where a grant, or one of those that `grants` gives for the `cut`, or one `among` these ids, says its money works: grant_id, host_country, share_bp (basis points, NULL if not declared).

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
            case((hidden, visible.WITHHELD), else_=country).label("host_country"),
            grant_country.c.share_bp,
        )
        .join(grant, grant.c.id == grant_country.c.grant_id)
        .join(payee, payee.c.id == grant.c.recipient_id)
        .where(visible.organisations(viewer, payee), _of(cut, viewer), _one_of(grant.c.id, among))
        .order_by(grant_country.c.grant_id)
    )
    return Query(statement, viewer)


def project_facets(viewer: Viewer, cut: Cut | None = None, among: Collection[int] | None = None) -> Query:
    """Facets of visible projects, or of those in the `cut` or `among` these ids, that enter money attribution: project_id, facet,
    code.

    However many places of a project the viewer may not know, they are one: 'withheld'.
    """
    shown = case((visible.facets(viewer), project_facet.c.code), else_=visible.WITHHELD).label("code")
    statement = (
        select(project_facet.c.project_id, project_facet.c.facet, shown)
        .distinct()
        .join(project, project.c.id == project_facet.c.project_id)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(project_facet.c.facet.in_(("activity", "audience", "host_country")), visible.organisations(viewer))
        .where(_one_of(project.c.id, among))
        .order_by(project_facet.c.project_id, project_facet.c.facet, shown)
    )
    if cut is not None:
        statement = statement.where(project_facet.c.project_id.in_(money.projects_in(cut, viewer)))
    return Query(statement, viewer)


def organisation_places(viewer: Viewer, cut: Cut | None = None, among: Collection[int] | None = None) -> Query:
    """Working countries per visible organisation, or per one that gave, received or needs money of the `cut`, or one `among`
    these ids: organisation_id, host_country ('withheld' for those the viewer may not know, however many)."""
    country = func.coalesce(visible.presence_country(viewer), visible.WITHHELD).label("host_country")
    statement = (
        select(presence.c.organisation_id, country)
        .distinct()
        .join(organisation, organisation.c.id == presence.c.organisation_id)
        .where(presence.c.role != "registered", visible.organisations(viewer))
        .where(presence.c.host_country.is_not(None), _one_of(organisation.c.id, among))
        .order_by(presence.c.organisation_id, country)
    )
    if cut is not None:
        sides = [select(side).where(_of(cut, viewer)) for side in (grant.c.recipient_id, grant.c.funder_id)]
        near = [presence.c.organisation_id.in_(ids) for ids in (*sides, money.organisations_in(cut, viewer))]
        statement = statement.where(or_(*near))
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
        .where(choosing.initiatives(filters, viewer))
        .order_by(other_income_table.c.year, organisation.c.name, other_income_table.c.kind)
    )
    return Query(statement, viewer)
