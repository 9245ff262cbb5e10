"""Sums of money, kept so that no page adds up grants: what funders see, and per other clearance what differs from it.

Made by `dashboard.upkeep.refresh` from `dashboard.metrics.placement`, read by `data_access.queries.money`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd
from sqlalchemy import Connection, delete, insert

from data_access import schema
from data_access.summaries import insert_rows

TABLES = {
    table.name: table
    for table in (
        schema.money_month,
        schema.money_line,
        schema.money_recipient,
        schema.money_grantee,
        schema.money_project,
        schema.grant_to_fix,
        schema.book,
        schema.money_robustness,
    )
}


def store(connection: Connection, sums: Iterable[tuple[str, Mapping[str, pd.DataFrame]]]) -> None:
    """Replace all sums in the caller's transaction: per clearance the rows of each table, `reporting` their currency."""
    for table in (*TABLES.values(), schema.summed_for):
        connection.execute(delete(table))
    for clearance, frames in sums:
        connection.execute(insert(schema.summed_for), {"clearance": clearance})
        for name, frame in frames.items():
            insert_rows(connection, TABLES[name], frame.rename(columns={"reporting": "currency"}), clearance)
