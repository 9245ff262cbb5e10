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
from data_access.database import Which

MARKS, PAIRS = "summed_marks", "pairs_of"
"""What is noted beside summaries of which changes of policy and of which facts they are made of."""


def refresh(shared: Engine, cases: Engine | None, as_of: date, *, is_whole: bool = True) -> None:
    """Rebuild summaries up to `as_of`, each database in one transaction, and move its data version; both at the same time,
    because neither waits for the other.

    The version is moved first, which waits for loads and refreshes at work and keeps others out, so that the summaries are
    of the state they are noted for; twice where somebody may know what she might not, or may no more, so that nobody is shown what
    was kept before (`renewal`). Cases that are not given keep their own cut-off. Unless it `is_whole`, what would come out as it is
    stored stays: a database in which nothing was loaded since, and pairs of projects of which nothing was.
    """
    marks = newest_marks(shared, as_of)
    with ThreadPoolExecutor(1) as pool:
        is_left = cases is None or (not is_whole and _is_up_to_date(cases, "cases", as_of, _told(marks)))
        of_cases = None if cases is None or is_left else pool.submit(_refresh_cases, cases, as_of, marks)
        if is_whole or not _is_up_to_date(shared, "shared", as_of):
            _refresh_shared(shared, as_of, is_whole=is_whole)
        if of_cases is not None:
            of_cases.result()


def _is_up_to_date(engine: Engine, which: Which, as_of: date, marks: str | None = None) -> bool:
    """Whether summaries were made up to this day, of what the database holds; those of cases with these marks."""
    with engine.connect() as connection:
        noted = meta.read(connection, which)
    return not meta.is_stale(noted) and noted.get("as_of") == as_of.isoformat() and noted.get(MARKS) == marks


def _told(marks: Mapping[str | None, date]) -> str:
    return "; ".join(f"{country or ''} {day.isoformat()}" for country, day in sorted(marks.items(), key=str))


def _refresh_cases(cases: Engine, as_of: date, marks: Mapping[str | None, date]) -> None:
    with cases.begin() as connection:
        version = meta.move(connection, "cases")
        case_summaries.rebuild(connection, as_of, relocation.STANDARD_DAYS, relocation.HORIZONS, marks)
        meta.note_summed(connection, "cases", as_of, version)
        meta.write(connection, "cases", **{MARKS: _told(marks)})


def _refresh_shared(shared: Engine, as_of: date, *, is_whole: bool) -> None:
    with shared.begin() as connection:
        version = meta.move(connection, "shared")
        if secrecy.has_moved(connection):
            version = meta.move(connection, "shared")
        with ThreadPoolExecutor(1) as pool:
            scores = scored_pairs.for_everyone(connection, as_of)
            noted = meta.read(connection, "shared")
            is_scored = not is_whole and meta.SUMMED in noted and noted.get(PAIRS) == scores.digest
            pairs = [(clearance, pool.submit(score).result) for clearance, score in scores.of if not is_scored]
            initiative_choices.rebuild(connection, as_of)
            money_summaries.store(connection, summed_money.for_everyone(connection, as_of))
            if not is_scored:
                summaries.store_overlap(connection, pairs, as_of)
                meta.write(connection, "shared", **{PAIRS: scores.digest})
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
    summaries.store_overlap(shared, scored_pairs.for_everyone(shared, as_of).of, as_of)
