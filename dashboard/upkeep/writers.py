"""The engines that write, for whoever holds the database credentials."""

from __future__ import annotations

from sqlalchemy import Engine

from data_access import addresses, connections, database
from data_access.viewer import Which


def writers(*, are_new: bool = False) -> dict[Which, Engine]:
    """Engines that write, of the databases the environment names; they need not be there yet when they `are_new`.

    Raises DatabaseProblem for a database that is not there or has another schema: a mistyped address creates nothing.
    """
    urls = addresses.primaries(addresses.urls_from_environment())
    named: dict[Which, str | None] = {"shared": urls.shared, "cases": urls.cases}
    for which, url in named.items():
        if url and not are_new:
            reader = connections.open_reader(url, which)
            database.assert_schema(reader, which)
            reader.dispose()
    opened: dict[Which, Engine] = {"shared": connections.open_writer(urls.shared)}
    if urls.cases:
        opened["cases"] = connections.open_writer(urls.cases)
    return opened
