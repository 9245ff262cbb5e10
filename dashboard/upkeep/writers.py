"""The engines that write, for whoever holds the database credentials."""

from __future__ import annotations

from sqlalchemy import Engine

from data_access import addresses, connections
from data_access.viewer import Which


def writers() -> dict[Which, Engine]:
    """Engines that write, of the databases the environment names."""
    urls = addresses.urls_from_environment()
    opened: dict[Which, Engine] = {"shared": connections.open_writer(urls.shared)}
    if urls.cases:
        opened["cases"] = connections.open_writer(urls.cases)
    return opened
