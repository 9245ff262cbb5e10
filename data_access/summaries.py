"""Stored overlap: labelled pairs and the rarity of each facet value, once per clearance, replaced at refresh.

The scoring itself is `dashboard.metrics.overlap`, called by `dashboard.refresh`; the summaries of cases are in
`data_access.case_summaries`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, delete, insert, select

from data_access.schema import facet_rarity, overlap_pair, overlap_total, overlap_verdict

FLAG = "possible_duplication"
ROWS_AT_ONCE = 20_000
STRONGEST = 20_000


@dataclass(frozen=True)
class Scored:
    """What one clearance reads of overlap: labelled `pairs` and, per facet value, its `rarity`."""

    pairs: pd.DataFrame
    rarity: pd.DataFrame


def store_overlap(connection: Connection, scores: Iterable[tuple[str, Callable[[], Scored]]], as_of: date) -> None:
    """Replace all stored pairs and value counts, in the caller's transaction.

    `scores`: clearance and what computes its scores, called one after the other so that only one is in memory.

    A pair keeps the day it was first flagged for checking; nothing is new at the first scoring of a clearance. Of each
    label the `STRONGEST` pairs are stored, and every pair that people answered; how many there are is stored beside.
    """
    before = _flagged_before(connection)
    answered = {
        tuple(row) for row in connection.execute(select(overlap_verdict.c.project_a, overlap_verdict.c.project_b))
    }
    for table in (overlap_pair, overlap_total, facet_rarity):
        connection.execute(delete(table))
    for clearance, score in scores:
        _store(connection, clearance, score(), before.get(clearance), as_of, answered)


def _store(
    connection: Connection, clearance: str, found: Scored, before: dict | None, as_of: date, answered: set[tuple]
) -> None:
    totals = found.pairs["label"].value_counts().rename("pairs").rename_axis("label").reset_index()
    kept = _with_first_flag(strongest(found.pairs, answered), before, as_of)
    for table, frame in ((overlap_pair, kept), (overlap_total, totals), (facet_rarity, found.rarity)):
        for start in range(0, len(frame), ROWS_AT_ONCE):
            rows = frame.iloc[start : start + ROWS_AT_ONCE].assign(clearance=clearance).astype(object)
            connection.execute(insert(table), rows.where(rows.notna(), None).to_dict("records"))


def strongest(pairs: pd.DataFrame, answered: set[tuple], most: int = STRONGEST) -> pd.DataFrame:
    """The `most` strongest pairs of each label, and those of `answered`, in their old order."""
    if len(pairs) <= most:
        return pairs
    ranked = pairs.sort_values(["low", "score", "project_a", "project_b"], ascending=[False, False, True, True])
    top = ranked.groupby("label").head(most).index
    said = [pair in answered for pair in zip(pairs["project_a"], pairs["project_b"], strict=True)]
    return pairs[pairs.index.isin(top) | pd.Series(said, index=pairs.index)]


def _flagged_before(connection: Connection) -> dict[str, dict[tuple[int, int], date | None]]:
    """Per clearance scored before, its flagged pairs and the day each was first flagged."""
    stored = overlap_pair.c
    flagged = select(stored.clearance, stored.project_a, stored.project_b, stored.flagged_on)
    before: dict[str, dict] = {name: {} for name in connection.scalars(select(facet_rarity.c.clearance).distinct())}
    for clearance, first, second, day in connection.execute(flagged.where(stored.label == FLAG)):
        before.setdefault(clearance, {})[first, second] = day
    return before


def _with_first_flag(pairs: pd.DataFrame, before: dict | None, as_of: date) -> pd.DataFrame:
    keys = zip(pairs["project_a"], pairs["project_b"], pairs["label"] == FLAG, strict=True)
    first_time = None if before is None else as_of
    return pairs.assign(flagged_on=[(before or {}).get((a, b), first_time) if flag else None for a, b, flag in keys])
