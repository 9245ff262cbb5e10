"""Which initiative every value of the filter bar selects, kept so that counting under any choice reads one narrow table.

Rebuilt at refresh in the caller's transaction. What funders see is stored once, as "funder"; beside it, per host country
and for those who see everything, only what its coordinators see beyond that. A coordinator of several countries reads
the union, which leaves out grants from a payer she sees through one country to an initiative she sees through another.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, delete, except_, insert, literal, or_, select

from data_access.filters import LISTS, Filters
from data_access.queries import choosing, visible
from data_access.schema import initiative_choice, presence
from data_access.viewer import FUNDERS, Viewer

BY_FUNDERS = Viewer("funder")


def rebuild(connection: Connection, as_of: date) -> None:
    """Replace all rows by those of initiatives active on `as_of`."""
    connection.execute(delete(initiative_choice))
    everybody = [(Viewer("coordinator", None), None), (Viewer("steward", None), None)]
    stated = select(presence.c.host_country).where(presence.c.host_country.is_not(None)).distinct()
    countries = connection.scalars(stated.order_by(presence.c.host_country))
    scoped = [(Viewer("coordinator", (country,)), country) for country in countries]
    for kind in LISTS:
        _insert(connection, FUNDERS, kind, _selected(kind, BY_FUNDERS, as_of))
        for viewer, country in (*everybody, *scoped):
            seen, known = (_selected(kind, whose, as_of, near=country) for whose in (viewer, BY_FUNDERS))
            _insert(connection, viewer.choices_read[-1], kind, except_(seen, known))


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
