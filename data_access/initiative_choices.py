"""Which initiative every value of the filter bar selects, kept so that counting under any choice reads one narrow table.

Rebuilt at refresh in the caller's transaction. What funders see is stored once, as "funder"; beside it, per host country
and for those who see everything, only what its coordinators see beyond that. A coordinator of several countries reads
the union, which leaves out grants from a payer she sees through one country to an initiative she sees through another.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Subquery,
    delete,
    except_,
    insert,
    intersect,
    literal,
    or_,
    select,
)

from data_access.filters import LISTS, Filters
from data_access.queries import choosing, visible
from data_access.schema import initiative_choice, organisation, presence
from data_access.viewer import FUNDERS, Viewer

BY_FUNDERS, EVERYWHERE = Viewer("funder"), Viewer("coordinator", None)


def rebuild(connection: Connection, as_of: date) -> None:
    """Replace all rows by those of initiatives active on `as_of`."""
    connection.execute(delete(initiative_choice))
    stated = select(presence.c.host_country).where(presence.c.host_country.is_not(None)).distinct()
    countries = list(connection.scalars(stated.order_by(presence.c.host_country)))
    for kind in LISTS:
        known = _selected(kind, BY_FUNDERS, as_of)
        _insert(connection, FUNDERS, kind, known)
        for viewer in (EVERYWHERE, Viewer("steward", None)):
            _insert(connection, viewer.clearance, kind, except_(_selected(kind, viewer, as_of), known))
        for country in countries:
            beyond = _beyond(kind)
            seen = _selected(kind, Viewer("coordinator", (country,)), as_of, near=country)
            seen = seen.where(organisation.c.id.in_(select(beyond.c.organisation_id)))
            _insert(connection, country, kind, intersect(seen, select(beyond)))


def _beyond(kind: str) -> Subquery:
    """value, organisation_id: what coordinators of all countries see beyond funders, of which those of one see a part."""
    row = initiative_choice.c
    return (
        select(row.value, row.organisation_id).where(row.clearance == EVERYWHERE.clearance, row.kind == kind).subquery()
    )


def _insert(connection: Connection, clearance: str, kind: str, rows: Select | CompoundSelect) -> None:
    found = rows.subquery()
    labelled = select(literal(clearance), literal(kind), *found.c)
    connection.execute(insert(initiative_choice).from_select([c.name for c in initiative_choice.c], labelled))


def _selected(kind: str, viewer: Viewer, as_of: date, near: str | None = None) -> Select:
    """value, organisation_id: the initiatives that each value of a filter selects for this viewer.

    `near`: only where the initiative, or who pays it, is in that country: elsewhere its coordinators see no more.
    """
    statement, sides = choosing.FILTERS[kind].offered(viewer)
    if near is not None:
        statement = statement.where(or_(*(_is_in(near, side) for side in sides)))
    return statement.where(choosing.initiatives(Filters(), viewer), visible.active(as_of)).distinct()


def _is_in(country: str, organisation_id: ColumnElement) -> ColumnElement[bool]:
    return organisation_id.in_(select(presence.c.organisation_id).where(presence.c.host_country == country))
