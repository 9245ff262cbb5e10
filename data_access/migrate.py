"""Bring a database to the newest schema with Alembic; the shared and the case database have a history each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, column, delete, insert, inspect, select, table

from data_access.database import METADATA, Which
from data_access.i18n import _
from data_access.problems import DatabaseProblem
from data_access.schema import policy_event

MIGRATIONS = Path(__file__).parent / "migrations"


def config(which: Which, connection: Connection) -> Config:
    """What Alembic is told: where the migrations of `which` are, and in which transaction to run them."""
    told = Config()
    told.set_main_option("script_location", str(MIGRATIONS))
    told.set_main_option("version_locations", str(MIGRATIONS / which))
    told.set_main_option("path_separator", "os")
    told.attributes |= {"target_metadata": METADATA[which], "connection": connection}
    return told


def upgrade(engine: Engine, which: Which) -> None:
    """Run every migration of `which` that the database has not seen, in one transaction: all of them or none.

    SQLite's driver begins one at the first change of a row alone; until then each change of a table would stand for itself.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            command.upgrade(config(which, connection), "head")
        except CommandError as error:
            raise DatabaseProblem(
                _("The {which} database is of a version that is not known here ({why}).").format(
                    which=which, why=error
                ),
                _("Use the version of Meridian that wrote it, or a newer one."),
            ) from None


def upgrade_both(engines: Mapping[Which, Engine]) -> None:
    """Bring what is given to the newest schema. Changes of policy that an older case database keeps go to the shared one."""
    upgrade(engines["shared"], "shared")
    if "cases" in engines:
        _move_events(engines["cases"], engines["shared"])
        upgrade(engines["cases"], "cases")


def _move_events(cases: Engine, shared: Engine) -> None:
    """Written there before they are deleted here; begun again, nothing is there twice."""
    if not inspect(cases).has_table(policy_event.name):
        return
    names = [one.name for one in policy_event.c if one.name not in ("id", "kind")]
    old = table(policy_event.name, *(column(name, policy_event.c[name].type) for name in names))
    with cases.begin() as here, shared.begin() as there:
        known = {tuple(row) for row in there.execute(select(policy_event.c.on_date, policy_event.c.label_en))}
        moved = [dict(row._mapping) for row in here.execute(select(old))]
        new = [row | {"kind": "policy"} for row in moved if (row["on_date"], row["label_en"]) not in known]
        if new:
            there.execute(insert(policy_event), new)
        here.execute(delete(old))
