"""Sums of money, kept so that no page adds up grants: what everybody knows, and what each circle of viewers knows of the rest.

Made by `dashboard.upkeep.refresh` from `dashboard.metrics.placement`, read by `data_access.queries.money`.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from sqlalchemy import Connection, delete

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
        schema.summed_for,
    )
}


def store(connection: Connection, sums: Iterable[tuple[str, pd.DataFrame]]) -> None:
    """Replace all sums in the caller's transaction: names of tables and rows of each, `reporting` their currency."""
    for table in TABLES.values():
        connection.execute(delete(table))
    for name, rows in sums:
        insert_rows(connection, TABLES[name], rows.rename(columns={"reporting": "currency"}))
