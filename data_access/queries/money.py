"""Sums of money as kept at refresh: those of the circles this viewer is in (docs/money.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BindParameter, ColumnElement, Select, Table, and_, bindparam, case, false, func, or_, select

from data_access.filters import Filters
from data_access.queries import choosing, visible
from data_access.schema import book as book_table
from data_access.schema import (
    money_grantee,
    money_line,
    money_month,
    money_project,
    money_recipient,
    money_robustness,
    organisation,
    project,
    summed_for,
)
from data_access.viewer import Query, Viewer


@dataclass(frozen=True)
class Cut:
    """Some of the placed money: what `filters` choose, within it one `line`, or what `organisations` (ids, None for all) have,
    in a reporting `currency`."""

    filters: Filters
    currency: str
    line: int | None = None
    organisations: tuple[int, ...] | None = None


def is_summed(viewer: Viewer) -> Query:
    """The circles whose sums this viewer reads, none where none were made for what she sees: circle."""
    return Query(_circles(viewer), viewer)


def months(currency: str, viewer: Viewer, reading: int) -> Query:
    """Money under one reading of need (a bit of `need_tiers`): host_country, activity, audiences, needed_in, month, signed,
    pledged, need, known_needs."""
    table = money_month.c
    keys = [table[name] for name in ("host_country", "activity", "audiences", "needed_in", "month")]
    names = ("signed", "pledged", "need", "known_needs")
    sums = select(*keys, *_summed(table[name] for name in names)).where(
        _kept(money_month, currency, viewer), _is_read(money_month, reading)
    )
    is_left = or_(*(func.sum(table[name]) != 0 for name in names))
    return Query(sums.group_by(*keys).having(is_left).order_by(*keys), viewer)


def _is_read(table: Table, reading: int) -> ColumnElement[bool]:
    return table.c.readings.bitwise_and(reading) > 0


def lines(currency: str, year: int, viewer: Viewer, reading: int) -> Query:
    """Money of a year by line and cell under one reading of need: line (a project's id, or minus an organisation's), name (of
    the project), organisation (its lead, or who does the core work), organisation_id, host_country, activity, signed, need,
    known_needs, unknown_needs, parts."""
    table, lead = money_line.c, organisation.alias("lead")
    keys = [table[name] for name in ("line", "organisation_id", "host_country", "activity")]
    signed = func.sum(table.received + table.passed_on).label("signed")
    amounts = _summed(table[name] for name in ("need", "known_needs", "unknown_needs", "parts"))
    sums = (
        select(*keys, signed, *amounts)
        .where(_kept(money_line, currency, viewer), _is_read(money_line, reading), table.year == year)
        .group_by(*keys)
    )
    found = sums.having(func.sum(table.known_needs + table.unknown_needs + table.parts) > 0).subquery()
    owner = func.coalesce(project.c.organisation_id, -found.c.line)
    statement = (
        select(*found.c, project.c.name.label("name"), lead.c.name.label("organisation"))
        .select_from(found)
        .outerjoin(project, project.c.id == found.c.line)
        .join(lead, lead.c.id == owner)
        .where(visible.organisations(viewer, lead))
        .order_by(found.c.line, found.c.organisation_id, found.c.host_country, found.c.activity)
    )
    return Query(statement, viewer)


def reach(currency: str, viewer: Viewer) -> Query:
    """Where signed money of any year works: line, organisation_id, host_country, activity."""
    table = money_line.c
    keys = [table[name] for name in ("line", "organisation_id", "host_country", "activity")]
    kept = select(*keys).where(_kept(money_line, currency, viewer)).group_by(*keys).having(func.sum(table.parts) > 0)
    return Query(kept.order_by(*keys), viewer)


def sources(cut: Cut, viewer: Viewer) -> Query:
    """Who signed the money placed in the choice: funder (NULL: not named), is_own (carried over by who holds it),
    organisations, received."""
    table = money_line.c
    received = func.sum(table.received)
    payers = (
        select(table.funder_id, table.organisation_id, received.label("received"))
        .where(*_within(cut, viewer))
        .group_by(table.funder_id, table.organisation_id)
        .having(received > 0)
        .subquery()
    )
    is_own = func.coalesce(payers.c.funder_id == payers.c.organisation_id, false())
    is_named = and_(visible.organisations(viewer), ~is_own)
    statement = (
        select(
            func.max(case((is_named, organisation.c.name))).label("funder"),
            is_own.label("is_own"),
            func.count(payers.c.organisation_id.distinct()).label("organisations"),
            func.sum(payers.c.received).label("received"),
        )
        .select_from(payers)
        .outerjoin(organisation, organisation.c.id == payers.c.funder_id)
        .group_by(case((is_named, payers.c.funder_id)), is_own)
    )
    return Query(statement, viewer)


def recipients(currency: str, viewer: Viewer) -> Query:
    """What every organisation received: organisation_id, organisation, is_member, the columns of
    `money_sums.recipients`, and largest_funder by name."""
    funder = organisation.alias("funder")
    statement = (
        select(
            *(column for column in money_recipient.c if column.name not in ("circle", "currency")),
            organisation.c.name.label("organisation"),
            and_(organisation.c.is_initiative, visible.in_network()).label("is_member"),
            case((visible.organisations(viewer, funder), funder.c.name)).label("largest_funder"),
        )
        .join(organisation, organisation.c.id == money_recipient.c.organisation_id)
        .outerjoin(funder, funder.c.id == money_recipient.c.largest_funder_id)
        .where(_kept(money_recipient, currency, viewer), visible.organisations(viewer))
        .order_by(organisation.c.id)
    )
    return Query(statement, viewer)


def grantees(currency: str, viewer: Viewer) -> Query:
    """Signed grants per recipient and year of signature: organisation_id, year, grants, total."""
    keys = money_grantee.c.organisation_id, money_grantee.c.year
    amounts = _summed(money_grantee.c[name] for name in ("grants", "unconverted", "total"))
    kept = select(*keys, *amounts).where(_kept(money_grantee, currency, viewer)).group_by(*keys)
    return Query(kept.order_by(*keys), viewer)


def book(currency: str, viewer: Viewer) -> Query:
    """The account of all grants this viewer may see, as kept at refresh: line (a word of `standing`), units,
    without_amount (how many of them have none in the currency), minor (of the others)."""
    amounts = _summed(book_table.c[name] for name in ("units", "without_amount", "minor"))
    kept = select(book_table.c.line, *amounts).where(_kept(book_table, currency, viewer))
    return Query(kept.group_by(book_table.c.line).order_by(book_table.c.line), viewer)


def sums_of_lines(currency: str, viewer: Viewer, reading: int) -> Query:
    """All money placed in time and all need under one reading, over all lines and years: received, passed_on, need."""
    columns = _summed((money_line.c.received, money_line.c.passed_on, money_line.c.need))
    kept = _kept(money_line, currency, viewer), _is_read(money_line, reading)
    return Query(select(*columns).where(*kept), viewer)


def sums_of_months(currency: str, viewer: Viewer, reading: int) -> Query:
    """All money and need of all months under one reading of need: signed, need."""
    columns = _summed((money_month.c.signed, money_month.c.need))
    kept = _kept(money_month, currency, viewer), _is_read(money_month, reading)
    return Query(select(*columns).where(*kept), viewer)


def robustness(currency: str, viewer: Viewer) -> Query:
    """How much her whole network hangs on few funders, as kept at refresh: mean, largest (NULL without money ahead of named
    funders), drawn (organisations with too many funders to go through all orders)."""
    table = money_robustness.c
    is_hers = table.clearance == viewer.clearance, table.currency == currency
    return Query(select(table.mean, table.largest, table.drawn).where(*is_hers), viewer)


def projects(currency: str, viewer: Viewer) -> Query:
    """Signed money tagged to each project: project_id, total."""
    columns = money_project.c.project_id, money_project.c.total
    kept = select(*columns).where(_kept(money_project, currency, viewer))
    return Query(kept.order_by(money_project.c.project_id), viewer)


def chosen_lines(filters: Filters, viewer: Viewer) -> list[Query]:
    """The lines that each filter of lines chooses, a query per filter: line."""
    return [Query(chosen, viewer) for chosen in choosing.lines(filters, viewer)]


def lines_in(cut: Cut, viewer: Viewer) -> Query:
    """The lines with money or need in the cut: line, name (of the project, NULL for core work)."""
    found = select(money_line.c.line).where(*_within(cut, viewer)).distinct().subquery()
    lead = organisation.alias("lead")
    statement = (
        select(found.c.line, case((visible.organisations(viewer, lead), project.c.name)).label("name"))
        .select_from(found)
        .outerjoin(project, project.c.id == found.c.line)
        .outerjoin(lead, lead.c.id == project.c.organisation_id)
    )
    return Query(statement, viewer)


def projects_in(cut: Cut, viewer: Viewer) -> Select:
    """Ids of the projects among them."""
    return select(money_line.c.line).where(*_within(cut, viewer), money_line.c.line > 0).distinct()


def organisations_in(cut: Cut, viewer: Viewer, *, with_needs: bool = True) -> Select:
    """Ids of the organisations with signed money in the cut; `with_needs`: or with pledged money or a need."""
    table = money_line.c
    entries = table.parts + table.pledges + table.known_needs if with_needs else table.parts
    found = select(table.organisation_id).where(*_within(cut, viewer)).group_by(table.organisation_id)
    return found.having(func.sum(entries) > 0)


def _within(cut: Cut, viewer: Viewer) -> list[ColumnElement[bool]]:
    table, filters = money_line.c, cut.filters
    conditions = [_kept(money_line, cut.currency, viewer)]
    for row, values in choosing.rows(filters):
        if row.part_of_money:
            conditions.append(table[row.part_of_money].in_(values))
    conditions += [table.line.in_(chosen) for chosen in choosing.lines(filters, viewer)]
    if cut.line is not None:
        conditions.append(table.line == cut.line)
    if cut.organisations is not None:
        among: BindParameter = bindparam("organisations", cut.organisations, expanding=True, literal_execute=True)
        conditions.append(table.organisation_id.in_(among))
    return conditions


def _summed(columns: Iterable[ColumnElement]) -> list[ColumnElement]:
    return [func.sum(column).label(column.name) for column in columns]


def _kept(table: Table, currency: str, viewer: Viewer) -> ColumnElement[bool]:
    return and_(is_read(table, viewer), table.c.currency == currency)


def is_read(table: Table, viewer: Viewer) -> ColumnElement[bool]:
    """The row of a table of sums is of a circle that this viewer is in."""
    return table.c.circle.in_(_circles(viewer))


def _circles(viewer: Viewer) -> Select:
    return select(summed_for.c.circle).where(summed_for.c.clearance == viewer.clearance)
