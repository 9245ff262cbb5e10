"""Stored overlap: labelled pairs and the rarity of each facet value, once per clearance, replaced at refresh.

The scoring itself is `dashboard.metrics.overlap`, called by `dashboard.upkeep.refresh`; the summaries of cases are in
`data_access.case_summaries`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from psycopg import sql
from sqlalchemy import Column, Connection, Dialect, Table, delete, insert, select

from data_access.schema import facet_rarity, overlap_pair, overlap_total, overlap_verdict

FLAG = "possible_duplication"
STRONGEST = 20_000
LET_GO_AT = 5


@dataclass(frozen=True)
class Scored:
    """What one clearance reads of overlap: its strongest `pairs`, how many there are per label in `totals`, and, per
    facet value, its `rarity`."""

    pairs: pd.DataFrame
    totals: dict[str, int]
    rarity: pd.DataFrame


class Strongest:
    """The `most` strongest pairs of each label but those `without`, out of any number, and those of `answered`; all are counted.

    Pairs come block by block; what cannot be among the strongest any more is let go of at once.
    """

    def __init__(self, answered: set[tuple], most: int | None = None, without: Sequence[str] = ()) -> None:
        self.most, self._without = STRONGEST if most is None else most, list(without)
        self.totals: Counter[str] = Counter()
        self._answered = np.sort(as_one(*np.array(sorted(answered), dtype="int64").reshape(-1, 2).T))
        self._enough: dict[str, float] = {}
        self._held: list[pd.DataFrame] = []
        self._settled = 0

    def add(self, pairs: pd.DataFrame) -> None:
        """One more block: project_a, project_b, low, score, label and whatever else."""
        label = pairs["label"]
        counted = label.value_counts().drop(self._without, errors="ignore")
        self.totals.update(counted[counted > 0].to_dict())
        least = label.map(self._enough).astype("float64").fillna(-np.inf).to_numpy()
        is_held = (pairs["low"].to_numpy() >= least) | self._is_answered(pairs)
        self._held.append(pairs[is_held & ~label.isin(self._without).to_numpy()])
        if sum(map(len, self._held)) > self._settled + LET_GO_AT * self.most:
            self._held = [self.pairs()]
            self._settled = len(self._held[0])

    def pairs(self) -> pd.DataFrame:
        """What is kept so far, by project."""
        held = pd.concat(self._held, ignore_index=True)
        keys = ["low", "score", "project_a", "project_b"]
        ranked = held[[*keys, "label"]].sort_values(keys, ascending=[False, False, True, True])
        of_label = ranked.groupby("label", observed=True)
        top = of_label.head(self.most)
        full = of_label.size()
        self._enough = top.groupby("label", observed=True)["low"].min()[full >= self.most].to_dict()
        kept = held[held.index.isin(top.index) | self._is_answered(held)]
        return kept.sort_values(["project_a", "project_b"], ignore_index=True)

    def _is_answered(self, pairs: pd.DataFrame) -> np.ndarray:
        keys = as_one(pairs["project_a"].to_numpy(dtype="int64"), pairs["project_b"].to_numpy(dtype="int64"))
        if not len(self._answered):
            return np.zeros(len(keys), dtype=bool)
        found = np.searchsorted(self._answered, keys).clip(max=len(self._answered) - 1)
        return np.asarray(self._answered[found] == keys)


def as_one(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Two ids of the database as one number."""
    return first << 32 | second


def answered(connection: Connection) -> set[tuple]:
    """The pairs that people answered."""
    verdict = overlap_verdict.c
    return {tuple(row) for row in connection.execute(select(verdict.project_a, verdict.project_b))}


def store_overlap(connection: Connection, scores: Iterable[tuple[str, Callable[[], Scored]]], as_of: date) -> None:
    """Replace all stored pairs and value counts, in the caller's transaction.

    `scores`: clearance and what computes its scores, called one after the other so that few are in memory.

    A pair keeps the day it was first flagged for checking; nothing is new at the first scoring of a clearance. How many
    pairs of each label there are is stored beside those that are kept.
    """
    before = _flagged_before(connection)
    for table in (overlap_pair, overlap_total, facet_rarity):
        connection.execute(delete(table))
    for clearance, score in scores:
        _store(connection, clearance, score(), before.get(clearance), as_of)


def _store(connection: Connection, clearance: str, found: Scored, before: dict | None, as_of: date) -> None:
    totals = pd.DataFrame(list(found.totals.items()), columns=["label", "pairs"])
    kept = _with_first_flag(found.pairs, before, as_of)
    for table, frame in ((overlap_pair, kept), (overlap_total, totals), (facet_rarity, found.rarity)):
        insert_rows(connection, table, frame.assign(clearance=clearance))


def insert_rows(connection: Connection, table: Table, frame: pd.DataFrame) -> None:
    """Add rows to a summary; what is NA becomes NULL.

    They go to the driver as they are: a statement per row, or what SQLAlchemy does for each, is most of a refresh.
    """
    if frame.empty:
        return
    rows = frame[[column.name for column in table.c if column.name in frame]]
    values = zip(*(_values(rows[name], table.c[name], connection.dialect) for name in rows), strict=True)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, rows.columns))
        )
        with driver.cursor() as cursor, cursor.copy(into) as copy:
            for row in values:
                copy.write_row(row)
    else:
        one = insert(table).values(dict.fromkeys(rows.columns)).compile(dialect=connection.dialect)
        connection.exec_driver_sql(str(one), list(values))


def _values(rows: pd.Series, column: Column, dialect: Dialect) -> np.ndarray:
    """What the driver takes for each row: made once per distinct value."""
    codes, distinct = pd.factorize(rows)
    as_bound = column.type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)
    given = [as_bound(value) for value in distinct.astype(object).tolist()]
    return np.array([*given, None], dtype=object)[codes]


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
