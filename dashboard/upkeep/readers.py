"""For whom summaries are made: a viewer for each clearance."""

from __future__ import annotations

from sqlalchemy import Connection

from data_access import database, queries
from data_access.viewer import Viewer

FUNDER = Viewer("funder")
EVERYTHING = Viewer("steward", None)
EVERYWHERE = Viewer("coordinator", None)


def everybody(shared: Connection) -> list[Viewer]:
    """Funders first, then those who see everything, then coordinators."""
    return [FUNDER, EVERYTHING, EVERYWHERE, *coordinators(shared)]


def coordinators(shared: Connection) -> list[Viewer]:
    """One viewer for each set of countries that somebody coordinates."""
    rows = database.run(shared, queries.overlap.scopes(EVERYTHING))
    scopes = {tuple(sorted(own)) for _subject, own in rows.groupby("subject")["host_country"]}
    return [Viewer("coordinator", scope) for scope in sorted(scopes)]
