"""Rebuild everything derived from the records: case summaries, sums of money and overlap pairs, then move the data version.

Called by `meridian refresh`, by every import and by the sample builder.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pandas as pd
from sqlalchemy import Connection, Engine

from dashboard.metrics import relocation
from dashboard.upkeep import scored_pairs, summed_money
from dashboard.upkeep.readers import EVERYTHING
from data_access import (
    case_summaries,
    database,
    initiative_choices,
    meta,
    money_summaries,
    queries,
    secrecy,
    summaries,
    unlisted,
)


def refresh(shared: Engine, cases: Engine | None, as_of: date) -> None:
    """Rebuild summaries up to `as_of`, each database in one transaction, and move its data version; both at the same time,
    because neither waits for the other.

    The version is moved first, which waits for loads and refreshes at work and keeps others out, so that the summaries are
    of the state they are noted for; twice where somebody may know what she might not, or may no more, so that nobody is shown what
    was kept before (`renewal`). Cases that are not given keep their own cut-off.
    """
    marks = newest_marks(shared, as_of)
    with ThreadPoolExecutor(1) as pool:
        of_cases = None if cases is None else pool.submit(_refresh_cases, cases, as_of, marks)
        _refresh_shared(shared, as_of)
        if of_cases is not None:
            of_cases.result()


def _refresh_cases(cases: Engine, as_of: date, marks: Mapping[str | None, date]) -> None:
    with cases.begin() as connection:
        version = meta.move(connection, "cases")
        case_summaries.rebuild(connection, as_of, relocation.STANDARD_DAYS, relocation.HORIZONS, marks)
        meta.note_summed(connection, "cases", as_of, version)


def _refresh_shared(shared: Engine, as_of: date) -> None:
    with shared.begin() as connection:
        version = meta.move(connection, "shared")
        if secrecy.has_moved(connection):
            version = meta.move(connection, "shared")
        with ThreadPoolExecutor(1) as pool:
            pairs = [
                (clearance, pool.submit(score).result)
                for clearance, score in scored_pairs.for_everyone(connection, as_of)
            ]
            initiative_choices.rebuild(connection, as_of)
            money_summaries.store(connection, summed_money.for_everyone(connection, as_of))
            summaries.store_overlap(connection, pairs, as_of)
        unlisted.release_first(connection, as_of)
        meta.note_summed(connection, "shared", as_of, version)


def newest_marks(shared: Engine, as_of: date) -> dict[str | None, date]:
    """The newest change of policy up to a day per country, None for those that concern all."""
    found = database.run(shared, queries.network.events((), EVERYTHING))
    held = found[(found["kind"] == "policy") & (found["on_date"] <= pd.Timestamp(as_of))]
    return {
        None if pd.isna(country) else country: day.date()
        for country, day in held.groupby("host_country", dropna=False)["on_date"].max().items()
    }


def refresh_overlap(shared: Connection, as_of: date) -> None:
    """Score all pairs anew and note which are flagged for the first time."""
    summaries.store_overlap(shared, scored_pairs.for_everyone(shared, as_of), as_of)
