"""Sums of money, kept so that no page adds up grants: what funders see, and per other clearance what differs from it.

Made by `dashboard.refresh` from `dashboard.metrics.placement`, read by `data_access.queries.money`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd
from sqlalchemy import Connection, delete, insert

from data_access import schema

TABLES = {
    table.name: table
    for table in (
        schema.money_month,
        schema.money_line,
        schema.money_recipient,
        schema.money_grantee,
        schema.money_project,
        schema.grant_to_fix,
    )
}
ROWS_AT_ONCE = 20_000


def store(connection: Connection, sums: Iterable[tuple[str, Mapping[str, pd.DataFrame]]]) -> None:
    """Replace all sums in the caller's transaction: per clearance the rows of each table, `reporting` their currency."""
    for table in (*TABLES.values(), schema.summed_for):
        connection.execute(delete(table))
    for clearance, frames in sums:
        connection.execute(insert(schema.summed_for), {"clearance": clearance})
        for name, frame in frames.items():
            _insert(connection, name, frame.rename(columns={"reporting": "currency"}).assign(clearance=clearance))


def _insert(connection: Connection, name: str, frame: pd.DataFrame) -> None:
    for start in range(0, len(frame), ROWS_AT_ONCE):
        rows = frame.iloc[start : start + ROWS_AT_ONCE].astype(object)
        connection.execute(insert(TABLES[name]), rows.where(rows.notna(), None).to_dict("records"))
