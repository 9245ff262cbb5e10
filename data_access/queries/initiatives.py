"""Where initiatives are: one row per initiative and place, as far as the viewer may know the place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, case, distinct, exists, func, literal, null, or_, select, true

from data_access.filters import Filters
from data_access.queries import choosing, visible
from data_access.schema import (
    local_partner,
    need,
    organisation,
    organisation_finance,
    organisation_merge,
    partnership,
    population,
    presence,
    project,
    project_facet,
    project_result,
    source,
)
from data_access.search import matches
from data_access.viewer import Query, Viewer

Basis = Literal["works_in", "registered_in", "serves"]
BASES: tuple[Basis, ...] = ("works_in", "registered_in", "serves")


def places(filters: Filters, viewer: Viewer, basis: Basis = "works_in", words: str = "") -> Query:
    """Chosen initiatives with each place, by where the team works, is registered, or whom its projects serve.

    Columns: organisation_id, legal_id (the fiscal host where there is one), slug, name, independence, recorded_on
    (when it was first recorded here), founded_on, closed_on, confirmed_on, host_country (NULL when not stated or withheld),
    is_withheld, presences (distinct sites).
    An initiative without any recorded place has one row. `words` searches names.
    """
    spots = _spots(basis, viewer).subquery()
    who = organisation.c
    days = (who.recorded_on, who.founded_on, who.closed_on, who.confirmed_on)
    columns = [who.id, who.slug, who.name, who.independence, *days]
    host = organisation.alias("fiscal_host")
    legal = func.coalesce(case((visible.organisations(viewer, host), host.c.id)), who.id)
    hidden = func.coalesce(spots.c.is_withheld, False)
    chosen = choosing.initiatives(filters, viewer, with_state_linked=filters.include_state_linked)
    statement = (
        select(
            who.id.label("organisation_id"),
            legal.label("legal_id"),
            *columns[1:],
            spots.c.host_country,
            hidden.label("is_withheld"),
            func.count(distinct(spots.c.site)).label("presences"),
        )
        .select_from(organisation)
        .outerjoin(spots, spots.c.organisation_id == who.id)
        .outerjoin(host, host.c.id == who.fiscal_host_id)
        .where(chosen, matches(who.search_key, words))
        .group_by(*columns, legal, spots.c.host_country, hidden)
        .order_by(who.name, who.id, spots.c.host_country)
    )
    return Query(statement, viewer)


def chosen(filters: Filters, viewer: Viewer) -> Query:
    """The initiatives that `filters` choose: organisation_id."""
    condition = choosing.initiatives(filters, viewer, with_state_linked=filters.include_state_linked)
    return Query(select(organisation.c.id.label("organisation_id")).where(condition), viewer)


def _spots(basis: Basis, viewer: Viewer) -> Select:
    """organisation_id, host_country (NULL if withheld), is_withheld and a name for the site."""
    if basis == "serves":
        shown = visible.facets(viewer)
        return (
            select(
                project.c.organisation_id,
                case((shown, project_facet.c.code)).label("host_country"),
                case((shown, False), else_=True).label("is_withheld"),
                case((shown, project_facet.c.code), else_="").label("site"),
            )
            .join(project, project.c.id == project_facet.c.project_id)
            .where(project_facet.c.facet == "host_country")
        )
    country = visible.presence_country(viewer)
    registered = presence.c.role == "registered"
    return select(
        presence.c.organisation_id,
        country.label("host_country"),
        case((and_(country.is_(None), presence.c.host_country.is_not(None)), True), else_=False).label("is_withheld"),
        func.coalesce(visible.presence_place(viewer), "").label("site"),
    ).where(registered if basis == "registered_in" else ~registered)


def on_record(viewer: Viewer) -> Query:
    """How many initiatives there are that the viewer may see, counted from the records alone: initiatives."""
    counted = select(func.count(organisation.c.id).label("initiatives"))
    return Query(counted.where(organisation.c.is_initiative, visible.organisations(viewer)), viewer)


def facets_of_initiatives(viewer: Viewer, facets: Sequence[str] = ("activity", "audience", "language")) -> Query:
    """Distinct codes of these facets per initiative, state-linked programmes among them: organisation_id, facet, code."""
    everybody = select(organisation.c.id).where(choosing.initiatives(Filters(), viewer, with_state_linked=True))
    theirs = select(project.c.id).where(project.c.organisation_id.in_(everybody))
    statement = (
        select(project.c.organisation_id, project_facet.c.facet, project_facet.c.code)
        .distinct()
        .join(project, project.c.id == project_facet.c.project_id)
        .where(project_facet.c.facet.in_(facets), project_facet.c.project_id.in_(theirs))
        .order_by(project.c.organisation_id, project_facet.c.facet, project_facet.c.code)
    )
    return Query(statement, viewer)


def projects_per_initiative(viewer: Viewer) -> Query:
    """How many projects each initiative has, state-linked programmes among them: organisation_id, projects."""
    statement = (
        select(project.c.organisation_id, func.count(literal(1)).label("projects"))
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(choosing.initiatives(Filters(), viewer, with_state_linked=True))
        .group_by(project.c.organisation_id)
    )
    return Query(statement, viewer)


def populations(viewer: Viewer) -> Query:
    """Recent Russian emigrants per host country: host_country, low, central, high, source, on_date."""
    return Query(select(population), viewer)


def profile(slug: str, viewer: Viewer) -> Query:
    """One initiative, or no row when it does not exist or may not be named to this viewer; the one that another was merged into
    has the other's address too.

    Columns: organisation_id, slug, name, independence, visibility, is_registered, legal_form, volunteers, paid_staff, website
    and description (NULL where it is not public), founded_on, closed_on, confirmed_on, source, fiscal_host.
    """
    merged = select(organisation_merge.c.kept_id).where(
        organisation_merge.c.gone_slug == slug, organisation_merge.c.decision == "merged"
    )
    host = organisation.alias("fiscal_host")
    who = organisation.c
    statement = (
        select(
            who.id.label("organisation_id"),
            who.slug,
            who.name,
            who.independence,
            who.visibility,
            who.is_registered,
            who.legal_form,
            who.volunteers,
            who.paid_staff,
            case((who.visibility == "public", who.website)).label("website"),
            case((who.visibility == "public", who.description)).label("description"),
            who.founded_on,
            who.closed_on,
            who.confirmed_on,
            case((visible.sources(viewer), source.c.name)).label("source"),
            case((visible.organisations(viewer, host), host.c.name)).label("fiscal_host"),
        )
        .select_from(organisation)
        .outerjoin(source, source.c.id == who.source_id)
        .outerjoin(host, host.c.id == who.fiscal_host_id)
        .where(or_(who.slug == slug, who.id.in_(merged)), who.is_initiative, visible.organisations(viewer))
    )
    return Query(statement, viewer)


def told_of(organisations: Collection[int], viewer: Viewer) -> Query:
    """What not everybody may know of these organisations: organisation_id, seat_country (NULL where it is withheld), website (NULL
    where it is not public)."""
    who = organisation.c
    website = case((who.visibility == "public", who.website)).label("website")
    statement = select(who.id.label("organisation_id"), visible.seat(viewer).label("seat_country"), website)
    return Query(statement.where(who.id.in_(sorted(organisations)), visible.organisations(viewer)), viewer)


def bearers(names: Collection[str], viewer: Viewer) -> Query:
    """The organisations of these names that one alone bears: name, slug, has_profile (1 or 0)."""
    return _borne_once(organisation.c.name, select(organisation.c.id), names, viewer)


def leads_of(projects: Collection[str], viewer: Viewer) -> Query:
    """Who leads the projects of these names, where it is one organisation: name (of the project), slug (of its lead), has_profile
    (1 or 0)."""
    led = select(project.c.id).join(organisation, organisation.c.id == project.c.organisation_id)
    return _borne_once(project.c.name, led, projects, viewer)


def _borne_once(name: ColumnElement, those: Select, names: Collection[str], viewer: Viewer) -> Query:
    who = organisation.c
    has_profile = func.max(case((who.is_initiative, 1), else_=0)).label("has_profile")
    asked = those.with_only_columns(name, func.min(who.slug).label("slug"), has_profile)
    asked = asked.where(name.in_(names), visible.organisations(viewer)).group_by(name)
    return Query(asked.having(func.count(distinct(who.slug)) == 1).order_by(name), viewer)


def _of(slug: str, viewer: Viewer) -> Select:
    return select(organisation.c.id).where(organisation.c.slug == slug, visible.organisations(viewer))


def presences_of(slug: str, viewer: Viewer) -> Query:
    """The initiative's places: host_country, is_withheld, role, site, started_on, ended_on."""
    country = visible.presence_country(viewer)
    statement = (
        select(
            country.label("host_country"),
            case((and_(country.is_(None), presence.c.host_country.is_not(None)), True), else_=False).label(
                "is_withheld"
            ),
            presence.c.role,
            visible.presence_place(viewer).label("site"),
            case((country.is_(None), null()), else_=presence.c.started_on).label("started_on"),
            case((country.is_(None), null()), else_=presence.c.ended_on).label("ended_on"),
        )
        .where(presence.c.organisation_id.in_(_of(slug, viewer)))
        .order_by(presence.c.role, presence.c.id)
    )
    return Query(statement, viewer)


def projects_of(slug: str, viewer: Viewer) -> Query:
    """The initiative's projects: project_id, project, starts_on, ends_on, status."""
    statement = (
        select(
            project.c.id.label("project_id"),
            project.c.name.label("project"),
            project.c.starts_on,
            project.c.ends_on,
            project.c.status,
        )
        .where(project.c.organisation_id.in_(_of(slug, viewer)))
        .order_by(project.c.starts_on.desc(), project.c.id)
    )
    return Query(statement, viewer)


def facets_of(slug: str, viewer: Viewer) -> Query:
    """Facets of the initiative's projects the viewer may see: project_id, facet, code."""
    statement = (
        select(project_facet.c.project_id, project_facet.c.facet, project_facet.c.code)
        .join(project, project.c.id == project_facet.c.project_id)
        .where(project.c.organisation_id.in_(_of(slug, viewer)), visible.facets(viewer))
        .order_by(project_facet.c.project_id, project_facet.c.facet, project_facet.c.code)
    )
    return Query(statement, viewer)


def needs_of(slug: str, viewer: Viewer) -> Query:
    """Needs stated: project (NULL for core work), period_start, period_end, amount_minor, currency, kind, stated_on."""
    own = _of(slug, viewer)
    statement = (
        select(
            project.c.name.label("project"),
            need.c.period_start,
            need.c.period_end,
            need.c.amount_minor,
            need.c.currency,
            need.c.kind,
            need.c.stated_on,
        )
        .select_from(need)
        .outerjoin(project, project.c.id == need.c.project_id)
        .where(or_(need.c.organisation_id.in_(own), project.c.organisation_id.in_(own)))
        .order_by(need.c.period_start.desc(), need.c.id)
    )
    return Query(statement, viewer)


def partners_of(slug: str, viewer: Viewer) -> Query:
    """Known partners the viewer may see: slug, name, since."""
    own = _of(slug, viewer)
    other = case(
        (partnership.c.organisation_a.in_(own), partnership.c.organisation_b), else_=partnership.c.organisation_a
    )
    statement = (
        select(organisation.c.slug, organisation.c.name, partnership.c.since)
        .select_from(partnership)
        .join(organisation, organisation.c.id == other)
        .where(or_(partnership.c.organisation_a.in_(own), partnership.c.organisation_b.in_(own)))
        .where(visible.organisations(viewer))
        .order_by(organisation.c.name)
    )
    return Query(statement, viewer)


def at_work(filters: Filters, viewer: Viewer) -> Query:
    """The chosen initiatives as they work: organisation_id, name, legal_form, volunteers, paid_staff, closed_on, founded_on."""
    who = organisation.c
    columns = (
        who.id.label("organisation_id"),
        who.name,
        who.legal_form,
        who.volunteers,
        who.paid_staff,
        who.founded_on,
        who.closed_on,
    )
    return Query(select(*columns).where(choosing.initiatives(filters, viewer)).order_by(who.name, who.id), viewer)


def partnerships(viewer: Viewer) -> Query:
    """Known partnerships of initiatives of which she may see both: organisation_a, first, organisation_b, second, since."""
    first, second = organisation.alias("first"), organisation.alias("second")
    known = [
        condition
        for side in (first, second)
        for condition in (side.c.is_initiative, visible.organisations(viewer, side), visible.in_network(side))
    ]
    statement = (
        select(
            partnership.c.organisation_a,
            first.c.name.label("first"),
            partnership.c.organisation_b,
            second.c.name.label("second"),
            partnership.c.since,
        )
        .join(first, first.c.id == partnership.c.organisation_a)
        .join(second, second.c.id == partnership.c.organisation_b)
        .where(*known)
        .order_by(first.c.name, second.c.name)
    )
    return Query(statement, viewer)


def local_partners(filters: Filters, viewer: Viewer) -> Query:
    """Organisations of host countries that the chosen initiatives work with: organisation_id, organisation, partner,
    host_country, partner_kind, since. Not those of a country that she may not know the initiative to be in."""
    own = local_partner.c
    statement = (
        select(
            own.organisation_id,
            organisation.c.name.label("organisation"),
            own.name.label("partner"),
            own.host_country,
            own.kind.label("partner_kind"),
            own.since,
        )
        .join(organisation, organisation.c.id == own.organisation_id)
        .where(choosing.initiatives(filters, viewer), ~visible.hides(viewer, own.host_country, own.organisation_id))
        .order_by(organisation.c.name, own.name, own.id)
    )
    return Query(statement, viewer)


def results(filters: Filters, viewer: Viewer) -> Query:
    """Results of the chosen projects as stated: organisation, project, what, number, period_start, period_end, source."""
    stated = project_result.c
    statement = (
        select(
            organisation.c.name.label("organisation"),
            project.c.name.label("project"),
            *(stated[name] for name in ("what", "number", "period_start", "period_end", "source")),
        )
        .select_from(project_result)
        .join(project, project.c.id == stated.project_id)
        .join(organisation, organisation.c.id == project.c.organisation_id)
        .where(choosing.projects(filters, viewer))
        .order_by(organisation.c.name, project.c.name, stated.period_start, stated.id)
    )
    return Query(statement, viewer)


def finance_of(slug: str, viewer: Viewer) -> Query:
    """The newest stated cash position: on_date, cash_minor, unrestricted_minor, monthly_cost_minor. Empty for funders:
    what an initiative has in the bank is for those who help it, not for those who give."""
    columns = [organisation_finance.c[n] for n in ("on_date", "cash_minor", "unrestricted_minor", "monthly_cost_minor")]
    statement = (
        select(*columns)
        .where(organisation_finance.c.organisation_id.in_(_of(slug, viewer)), literal(viewer.role != "funder"))
        .order_by(organisation_finance.c.on_date.desc())
        .limit(1)
    )
    return Query(statement, viewer)


def cash(viewer: Viewer) -> Query:
    """The newest stated cash position of each initiative she may see: organisation_id, on_date, cash_minor,
    monthly_cost_minor, currency. Empty for funders, as `finance_of`."""
    own, later = organisation_finance, organisation_finance.alias("later")
    is_newest = ~exists().where(later.c.organisation_id == own.c.organisation_id, later.c.on_date > own.c.on_date)
    columns = [own.c[n] for n in ("organisation_id", "on_date", "cash_minor", "monthly_cost_minor", "currency")]
    statement = (
        select(*columns)
        .join(organisation, organisation.c.id == own.c.organisation_id)
        .where(visible.organisations(viewer), is_newest, literal(viewer.role != "funder"))
        .order_by(own.c.organisation_id)
    )
    return Query(statement, viewer)


def answered_for(viewer: Viewer) -> Query:
    """Organisations that the viewer answers for: all for stewards, those with a place in a country of hers for coordinators,
    none for funders: organisation_id."""
    spot = presence.alias()
    there = exists().where(spot.c.organisation_id == organisation.c.id, visible.covers(viewer, spot.c.host_country))
    mine = true() if viewer.role == "steward" else there
    return Query(select(organisation.c.id.label("organisation_id")).where(visible.organisations(viewer), mine), viewer)


def names(viewer: Viewer) -> Query:
    """Organisations that may be named to this viewer: organisation_id, organisation."""
    named = select(organisation.c.id.label("organisation_id"), organisation.c.name.label("organisation"))
    return Query(named.where(visible.organisations(viewer)), viewer)
