"""What asked not to be known stays so: no load, merge or undo makes an organisation, a place or a withheld fact easier to see.

To show more takes a decision of its own: a load of which somebody says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, select

from data_access import meta
from data_access.schema import HIDING_PRECISIONS, PRECISIONS, VISIBILITY, organisation, presence, project_facet

NOTED = "who_may_know"
LEVELS: dict[Table, tuple[str, tuple[Any, ...]]] = {
    organisation: ("visibility", VISIBILITY),
    presence: ("precision", PRECISIONS),
    project_facet: ("is_withheld", (False, True)),
}
"""Per table the column that says who may know a row, and its values from the most open to the most secret."""


def stricter(table: Table, one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The more secret of what two rows of a table say of who may know them; nothing for tables of which everybody may."""
    if table not in LEVELS:
        return {}
    column, levels = LEVELS[table]
    return {column: max((row[column] for row in (one, other)), key=levels.index)}


def undisclosed(connection: Connection) -> dict[tuple[int, str], str]:
    """Where organisations are at undisclosed places alone: (organisation, host country) -> the strictest precision."""
    place = presence.c
    found: dict[tuple[int, str], set[str]] = {}
    asked = select(place.organisation_id, place.host_country, place.precision).where(place.host_country.is_not(None))
    for of, country, precision in connection.execute(asked.distinct()):
        found.setdefault((of, country), set()).add(precision)
    return {key: max(own, key=PRECISIONS.index) for key, own in found.items() if own <= set(HIDING_PRECISIONS)}


def has_moved(connection: Connection) -> bool:
    """Whether anybody may know a row now who did not at the last refresh, or may no more, whoever changed it; notes what is."""
    digest = hashlib.sha256()
    for table, (column, levels) in LEVELS.items():
        keys, level = list(table.primary_key), table.c[column]
        for row in connection.execute(select(*keys, level).where(level != levels[0]).order_by(*keys)):
            digest.update(repr(tuple(row)).encode())
    before = meta.read(connection, "shared").get(NOTED)
    meta.write(connection, "shared", **{NOTED: digest.hexdigest()})
    return before not in (None, digest.hexdigest())
