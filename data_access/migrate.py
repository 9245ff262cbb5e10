"""Bring a database to the newest schema with Alembic; the shared and the case database have a history each."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine

from data_access.database import METADATA, Which
from data_access.problems import DatabaseProblem

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, which: Which) -> None:
    """Run every migration of `which` that the database has not seen, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / which))
    config.set_main_option("path_separator", "os")
    config.attributes["target_metadata"] = METADATA[which]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DatabaseProblem(
                f"The {which} database is of a version that is not known here ({error}).",
                "Use the version of Meridian that wrote it, or a newer one.",
            ) from None
