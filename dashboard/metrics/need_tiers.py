"""Kinds of need nest and are never added: which statement counts on which day (WHATIF.md F.1).

A minimum lies inside a budget, a budget inside an ambition. Of each line and day one tier is read: a kind, the lowest
stated or the highest stated; and either every statement or only those that are not of low confidence. A reading is one
bit; a statement's part of some days belongs to the readings of its `readings`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.metrics.statistics import whole_shares

NEED_KINDS = ("minimum", "budget", "ambition")
TIERS = ("lowest", *NEED_KINDS, "highest")
CHOICES = TIERS[:-1]
EVERY_READING = (1 << 2 * len(TIERS)) - 1


def reading(tier: str, *, only_sure: bool = False) -> int:
    """The bit of a tier, `only_sure` leaving out statements of low confidence."""
    return 1 << TIERS.index(tier) + len(TIERS) * only_sure


def newest(needs: pd.DataFrame) -> pd.DataFrame:
    """Without statements that their author replaced: a later one of the same author for the same kind, line and period.

    `needs`: line, kind, period_start, period_end, stated_by, stated_on. Statements without author or day replace nothing.
    """
    keys = ["line", "kind", "period_start", "period_end", "stated_by"]
    last = needs.groupby(keys, dropna=False)["stated_on"].transform("max")
    is_replaced = needs["stated_by"].notna() & (needs["stated_on"] < last).fillna(False)
    return needs[~is_replaced.astype(bool)]


def in_readings(needs: pd.DataFrame) -> pd.DataFrame:
    """Statements cut where another one of their line begins or ends, each piece with the `readings` it counts in.

    `needs`: line, kind, confidence, period_start, period_end, minor. A piece's `minor` is its share by days, cents by
    largest remainder, so that the pieces of a statement add to it. A statement without an amount stays whole and counts as
    unknown in its own tier, in the lowest unless the line states a smaller kind for all of its days, and in the highest unless
    it states a larger one.
    """
    known = needs["minor"].notna() & (needs["period_end"] >= needs["period_start"])
    pieces = _pieces(needs[known].reset_index(drop=True))
    kind = _place(pieces["kind"])
    sure = _is_sure(pieces)
    group = pieces.groupby(["line", "period_start"], sort=False).ngroup().to_numpy()
    bits = _bits(kind, group, np.ones(len(pieces), dtype=bool)) | (_bits(kind, group, sure) << len(TIERS))
    unknown, stated = needs[~known], needs[known]
    sure_unknown, sure_stated = (_is_sure(rows) for rows in (unknown, stated))
    own = _bits_of_unknown(unknown, stated)
    own = own | np.where(sure_unknown, _bits_of_unknown(unknown, stated[sure_stated]) << len(TIERS), 0)
    return pd.concat([pieces.assign(readings=bits), unknown.assign(readings=own)], ignore_index=True)


def _place(kinds: pd.Series) -> np.ndarray:
    return kinds.map({name: place for place, name in enumerate(NEED_KINDS)}).to_numpy(dtype="int64")


def _is_sure(needs: pd.DataFrame) -> np.ndarray:
    return needs["confidence"].ne("low").fillna(True).to_numpy(dtype=bool)


def _bits_of_unknown(unknown: pd.DataFrame, stated: pd.DataFrame) -> np.ndarray:
    """The tiers of statements without an amount, beside those `stated` with one."""
    columns = ["line", "kind", "period_start", "period_end"]
    pairs = (
        unknown[columns]
        .assign(_row=np.arange(len(unknown)))
        .merge(stated[columns], on="line", suffixes=("", "_stated"))
    )
    covers = (pairs["period_start_stated"] <= pairs["period_start"]) & (
        pairs["period_end_stated"] >= pairs["period_end"]
    )
    kind, other = (_place(pairs[name]) for name in ("kind", "kind_stated"))
    smaller, larger = (set(pairs.loc[covers & found, "_row"]) for found in (other < kind, other > kind))
    rows = pd.Series(np.arange(len(unknown)))
    own = np.left_shift(1, _place(unknown["kind"]) + 1)
    lowest = np.where(rows.isin(smaller), 0, reading("lowest"))
    return own | lowest | np.where(rows.isin(larger), 0, reading("highest"))


def _bits(kind: np.ndarray, group: np.ndarray, counts: np.ndarray) -> np.ndarray:
    groups = int(group.max()) + 1 if len(group) else 0
    lowest, highest = np.full(groups, len(NEED_KINDS)), np.full(groups, -1)
    np.minimum.at(lowest, group[counts], kind[counts])
    np.maximum.at(highest, group[counts], kind[counts])
    is_highest = (kind == highest[group]).astype("int64") << (len(TIERS) - 1)
    found = np.left_shift(1, kind + 1) | (kind == lowest[group]) | is_highest
    return np.where(counts, found, 0)


def _pieces(needs: pd.DataFrame) -> pd.DataFrame:
    """Each statement once per stretch of days on which its line's statements stay the same."""
    day = pd.Timedelta(days=1)
    edges = pd.concat(
        [
            needs[["line"]].assign(edge=needs["period_start"]),
            needs[["line"]].assign(edge=needs["period_end"] + day),
        ]
    ).drop_duplicates()
    needs = needs.assign(_need=np.arange(len(needs)))
    inside = needs[["_need", "line", "period_start", "period_end"]].merge(edges, on="line")
    inside = inside[(inside["edge"] >= inside["period_start"]) & (inside["edge"] <= inside["period_end"])]
    inside = inside.sort_values(["_need", "edge"]).reset_index(drop=True)
    following = inside.groupby("_need")["edge"].shift(-1)
    until = (following - day).fillna(inside["period_end"])
    row = inside["_need"].to_numpy(dtype="int64")
    days = (until - inside["edge"]).dt.days.to_numpy(dtype="int64") + 1
    whole = ((needs["period_end"] - needs["period_start"]).dt.days + 1).to_numpy(dtype="int64")
    minor = whole_shares(needs["minor"].to_numpy(dtype="int64"), row, days, whole)
    cut = needs.iloc[row].reset_index(drop=True).drop(columns="_need")
    return cut.assign(period_start=inside["edge"], period_end=until, minor=pd.array(minor, "Int64"))


def to_fix(needs: pd.DataFrame) -> pd.DataFrame:
    """Statements of a minimum above the budget, or a budget above the ambition, of the same line on the same days.

    `needs`: as `in_readings` takes it. Both stay in the figures; somebody should mend one.
    """
    pieces = _pieces(
        needs[needs["minor"].notna() & (needs["period_end"] >= needs["period_start"])].reset_index(drop=True)
    )
    per_day = pieces.groupby(["line", "period_start", "period_end", "kind"])["minor"].sum().unstack("kind")
    per_day = per_day.reindex(columns=list(NEED_KINDS)).astype("Float64")
    above = pd.Series(False, index=per_day.index)
    for place, smaller in enumerate(NEED_KINDS):
        for larger in NEED_KINDS[place + 1 :]:
            above |= (per_day[smaller] > per_day[larger]).fillna(False).astype(bool)
    lines = set(above.index[above].get_level_values("line"))
    return needs[needs["line"].isin(lines)]
