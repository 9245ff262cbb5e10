"""Who carries on if an initiative closes, and which combinations of country and activity may end (WHATIF.md F.4)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd


def contribution(cells: pd.DataFrame) -> pd.DataFrame:
    """Per initiative: cells it works in, those only it serves, and the sum of 1 / number of providers over them (E17).

    `cells`: one row per initiative and cell, columns initiative, cell. Columns: initiative, cells, alone, contribution.
    """
    each = cells[["initiative", "cell"]].drop_duplicates()
    providers = each.groupby("cell")["initiative"].transform("nunique")
    told = each.assign(alone=(providers == 1).astype("int64"), contribution=1 / providers)
    return told.groupby("initiative", as_index=False).agg(
        cells=("cell", "size"), alone=("alone", "sum"), contribution=("contribution", "sum")
    )


@dataclass(frozen=True)
class Pair:
    """How many cells two initiatives both serve, and each without the other."""

    both: int
    only_a: int
    only_b: int


def of_pair(cells: Mapping[Hashable, set], a: Hashable, b: Hashable) -> Pair:
    """The cells of two initiatives; `cells`: initiative -> its cells (E17)."""
    one, other = cells.get(a, set()), cells.get(b, set())
    return Pair(len(one & other), len(one - other), len(other - one))


def may_end(cells: pd.DataFrame, as_of: pd.Timestamp, days: int = 180) -> pd.DataFrame:
    """What becomes of each cell within `days` (E28).

    `cells`: cell, initiative, last_day (last day of signed money, NaT where none is on record). Columns: cell, providers,
    last_day, state: may_end (every provider's signed money ends after `as_of` and by then), ended (it has, of all of them),
    no_money_on_record (a provider has none on record), goes_on.
    """
    until = as_of + pd.Timedelta(days=days)
    last = pd.to_datetime(cells["last_day"])
    told = cells.assign(last_day=last, unknown=last.isna())
    found = told.groupby("cell", as_index=False).agg(
        providers=("initiative", "nunique"), last_day=("last_day", "max"), unknown=("unknown", "any")
    )
    state = pd.Series("goes_on", index=found.index, dtype="str")
    state[found["last_day"] <= until] = "may_end"
    state[found["last_day"] <= as_of] = "ended"
    state[found["unknown"]] = "no_money_on_record"
    return found.drop(columns="unknown").assign(state=state)
