"""Host country x activity: crowding (distinct organisations) and need coverage of each cell, joined."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from dashboard.answers.portfolio import Portfolio, by_part
from dashboard.metrics.overlap import CROWDED_FROM, is_placed
from dashboard.page.blocks import Chart
from dashboard.page.reading import read, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts, grids
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext

UNDER_FUNDED_BELOW = 0.5
MOST, EVERY = (12, 8), (10**6, 10**6)
UNPLACED = ("withheld", "not_stated")
SIGNALS = ("none_recorded", "several", "one_provider", "crowded", "under_funded", "both")


def cells(visit: Visit, portfolio: Portfolio) -> pd.DataFrame:
    """Every recorded cell, withheld and not stated among them: host_country, activity, organisations, projects, need, funded,
    coverage, signal."""
    work = read(queries.overlap.grid(visit.filters, visit.viewer))
    money = by_part(portfolio, ["host_country", "activity"])
    joined = work.merge(money, on=["host_country", "activity"], how="outer")
    joined[["organisations", "projects"]] = joined[["organisations", "projects"]].astype("Int64").fillna(0)
    joined["signal"] = signals(joined)
    return codes.by_names(joined, ["host_country", "activity"])


def signals(frame: pd.DataFrame) -> pd.Series:
    """One word per cell from `organisations` and `coverage` (NA when no need is stated)."""
    organisations = frame["organisations"].to_numpy("int64")
    short = frame["coverage"].to_numpy("float64", na_value=np.nan) < UNDER_FUNDED_BELOW
    crowded = organisations >= CROWDED_FROM
    words = {
        "unplaced": ~is_placed(frame).to_numpy(bool),
        "none_recorded": (organisations == 0) & ~short,
        "both": crowded & short,
        "crowded": crowded,
        "under_funded": short,
        "one_provider": organisations == 1,
    }
    return pd.Series(np.select([*words.values()], [*words], "several"), frame.index, dtype="str")


@shown_once
def chart(visit: Visit, money: Portfolio) -> Chart | None:
    """The grid of the busiest countries and activities; None when nothing is recorded."""
    found = cells(visit, money)
    if found.empty:
        return None
    grid, finding = _complete(found), title(found)
    pictured = grids.Grid(grid, "work", "country", "text", "signal", levels(with_unplaced(SIGNALS)), opens="cell")
    return Chart(
        "crossing",
        finding,
        found[["host_country", "activity", "organisations", "need", "funded", "coverage", "signal"]],
        _note(money.year, recorded(grid), recorded(found)),
        pictured.whole(),
        charts.alternative(finding, list(grid["country"] + " · " + grid["work"]), list(grid["text"])),
        opens="rows",
        narrow=replace(pictured, cells=_complete(found, EVERY)).listed(grids.LEVEL, "organisations"),
    )


def _note(year: int, shown: int, known: int) -> str:
    """What stands in a cell, and how many of all `known` combinations are `shown`."""
    what = _(
        "Distinct organisations · share of the need stated for {year} that signed money covers; “?” where none is stated."
    ).format(year=year)
    if not known:
        return what + " " + _("Of no combination both sides are known. Click a cell to open its rows.")
    which = _(
        "The busiest {countries} countries and {activities} activities, {shown} of the {n} combinations in which somebody works; "
        "all are in the table. Click a cell to open its rows."
    ).format(countries=MOST[0], activities=MOST[1], shown=written.number(shown), n=written.number(known))
    return f"{what} {which}"


def recorded(grid: pd.DataFrame, across: str = "host_country") -> int:
    """In how many combinations, laid out or not, an organisation works."""
    return int((grid["organisations"].gt(0) & is_placed(grid, across)).sum())


def grid_names(grid: Chart) -> dict[str, str]:
    """The cells whose rows can be opened, those that lack money or have one provider first."""
    order = {signal: -place for place, signal in enumerate(("unplaced", *SIGNALS))}
    return cell_names(grid.rows.sort_values("signal", key=lambda signals: signals.map(order), kind="stable"))


def levels(signals: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Order and name of each signal of a grid, for the chart's colours."""
    return {signal: (place, codes.word(signal)) for place, signal in enumerate(signals)}


def with_unplaced(signals: Sequence[str]) -> tuple[str, ...]:
    """Signals of a grid that shows what is in no known place as well: after the first, which is nothing recorded."""
    nothing, *others = signals
    return (nothing, "unplaced", *others)


def _complete(frame: pd.DataFrame, most: tuple[int, int] = MOST) -> pd.DataFrame:
    """The busiest countries and activities, `most` of each, with a text in every cell."""
    grid = laid_out(frame, "organisations", most)
    grid["signal"] = grid["signal"].astype(object).fillna("none_recorded")
    grid["organisations"] = grid["organisations"].fillna(0)
    grid["text"] = [
        _cell_text(n, coverage) for n, coverage in zip(grid["organisations"], grid["coverage"], strict=True)
    ]
    return grid


def laid_out(cells: pd.DataFrame, by: str, most: tuple[int, int], across: str = "host_country") -> pd.DataFrame:
    """The host countries (or audiences) and activities, `most` of each, with the largest sums of `by`, then what is withheld or
    not stated, as a complete grid: one row per combination, largest first, with its key `cell` and the names `country` and
    `work`; missing combinations hold NA. A country counts though the activity is not stated, and an activity though its country
    is not."""
    keys = (across, "activity")
    largest = [
        [
            *cells[~cells[key].isin(UNPLACED)]
            .groupby(key)[by]
            .sum()
            .sort_values(ascending=False, kind="stable")
            .index[:shown],
            *(value for value in UNPLACED if cells[key].eq(value).any()),
        ]
        for key, shown in zip(keys, most, strict=True)
    ]
    pairs = list(itertools.product(*largest))
    row = {pair: place for place, pair in enumerate(zip(cells[across], cells["activity"], strict=True))}
    grid = cells.reset_index(drop=True).reindex([row.get(pair, -1) for pair in pairs]).reset_index(drop=True)
    for place, key in enumerate(keys):
        grid[key] = pd.array([pair[place] for pair in pairs], dtype="str")
    return grid.assign(
        cell=grid[across] + "." + grid["activity"],
        country=[written.capital(codes.code(across, one)) for one in grid[across]],
        work=[written.capital(codes.code("activity", one)) for one in grid["activity"]],
    )


def cell_names(cells: pd.DataFrame, across: str = "host_country") -> dict[str, str]:
    """Cells of a grid that can be opened, in the order given: "country.activity" -> name."""
    return {
        f"{value}.{activity}": cell_name(value, activity, across)
        for value, activity in zip(cells[across], cells["activity"], strict=True)
    }


def cell_name(value: str, activity: str, across: str = "host_country") -> str:
    """One cell in words."""
    return f"{codes.code(across, value)} · {codes.code('activity', activity)}"


def _cell_text(organisations: int, coverage: float | None) -> str:
    if not organisations:
        return "–" if pd.isna(coverage) else f"0 · {written.percent(coverage)}"
    return f"{organisations} · {written.percent(coverage)}" if pd.notna(coverage) else f"{organisations} · ?"


def title(frame: pd.DataFrame) -> str:
    """The finding: how many cells are under-funded and how many of those are crowded as well."""
    short = int(frame["signal"].isin(["under_funded", "both"]).sum())
    both = int((frame["signal"] == "both").sum())
    if not short:
        return _("Need and crowding by host country and activity")
    return ngettext(
        "{n} combination is under-funded; crowded as well: {k}",
        "{n} combinations are under-funded; crowded as well: {k}",
        short,
    ).format(n=written.number(short), k=written.number(both))
