"""Where the gaps are: by host country, activity and line, and where a country meets an activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard.answers.crossing import UNDER_FUNDED_BELOW, UNPLACED, laid_out, levels
from dashboard.answers.funding import tier_words
from dashboard.answers.portfolio import Portfolio, by_part
from dashboard.metrics import funding
from dashboard.page.blocks import Chart, Table
from dashboard.page.reading import shown_once
from dashboard.pictures import charts, grids
from dashboard.words import codes, written
from data_access.i18n import _

GAPS_SHOWN = 15
GRID = (10, 10)
COVERED_FROM = 0.995


def names() -> dict[str, str]:
    """What gaps can be ranked by."""
    return {"host_country": _("Host country"), "activity": _("Activity"), "line": _("Project")}


@shown_once
def largest(money: Portfolio, by: str) -> Chart:
    """The gaps of the year by line, activity or host_country; the picture has the largest."""
    ranked = by_size(money, by)
    drawn = _shown_of(ranked, by)
    names = {value: value if by == "line" else codes.code(by, value) for value in drawn[by]}
    amounts = [written.money(gap, money.currency) for gap in drawn["gap"]]
    bars = drawn.assign(met=(drawn["need"] - drawn["gap"]) / 100, missing=drawn["gap"] / 100)
    title = _gap_title(money, by, drawn, names)
    note = _("Need stated for {year} and what signed money meets of it, in {currency}. {need}").format(
        year=money.year, currency=money.currency, need=tier_words(money)
    )
    return Chart(
        "gaps",
        title,
        ranked[[by, "need", "funded", "gap", "surplus", "coverage"]],
        " ".join((note, *_more_than_drawn(len(drawn), len(ranked)), *_more_than_lines(money, ranked))),
        charts.ranked_bars(
            bars,
            by,
            [("met", _("covered")), ("missing", _("gap"))],
            names,
            text=amounts,
            colours=charts.MISSING_STANDS_OUT,
        ),
        charts.alternative(title, list(names.values()), amounts),
        "rows",
    )


def _more_than_drawn(drawn: int, ranked: int) -> list[str]:
    if drawn == ranked:
        return []
    said = _("The picture has {n} of {m}, the table all.")
    return [said.format(n=written.number(drawn), m=written.number(ranked))]


def _more_than_lines(money: Portfolio, ranked: pd.DataFrame) -> list[str]:
    """Why the parts' gaps add to more than the headline, where they do."""
    parts, lines = int(ranked["gap"].sum()), money.totals.gap
    if parts == lines:
        return []
    said = _(
        "Added up these are {parts}, the gap of all lines is {lines}: a line can lack in one part and have more than it needs in another."
    )
    return [said.format(parts=written.money(parts, money.currency), lines=written.money(lines, money.currency))]


def _shown_of(ranked: pd.DataFrame, by: str) -> pd.DataFrame:
    """The largest gaps with a name, and all that is not placed: it can be larger than any of them."""
    unplaced = ranked[by].isin(UNPLACED)
    return pd.concat([ranked[~unplaced].head(GAPS_SHOWN - int(unplaced.sum())), ranked[unplaced]], ignore_index=True)


def _gap_title(money: Portfolio, by: str, ranked: pd.DataFrame, names: Mapping[str, str]) -> str:
    """What has a name and lacks more than anything else, of the rows shown; neutral where several lack as much."""
    if ranked.empty:
        said = (
            _("Nothing is lacking by the need stated for {year}")
            if money.totals.need
            else _("No need is stated for {year}")
        )
        return said.format(year=money.year)
    named = ranked[~ranked[by].isin(UNPLACED)]
    if money.is_unplaced or named.empty or (len(named) > 1 and named["gap"].iloc[0] == named["gap"].iloc[1]):
        return _("The largest gaps in {year}").format(year=money.year)
    largest, unplaced = int(named["gap"].iloc[0]), int(ranked.loc[ranked[by].isin(UNPLACED), "gap"].sum())
    if len(named) == 1:
        said = _("{name} lacks {amount} in {year}")
    elif unplaced <= largest:
        said = _("{name} lacks the most in {year}: {amount}")
    elif by == "host_country":
        said = _(
            "{name} lacks the most in {year}: {amount}; where the country is withheld or not stated {more} is lacking"
        )
    else:
        said = _("{name} lacks the most in {year}: {amount}; where the activity is not stated {more} is lacking")
    return said.format(
        name=names[named[by].iloc[0]],
        year=money.year,
        amount=written.money(largest, money.currency),
        more=written.money(unplaced, money.currency),
    )


def by_size(money: Portfolio, by: str) -> pd.DataFrame:
    """Lines, activities or countries with a gap, largest first and what is not stated last; a line becomes a readable name,
    and lines of the same name are numbered."""
    summed = by_part(money, [by])
    short = summed[summed["gap"] > 0].assign(is_apart=lambda rows: rows[by].isin(UNPLACED))
    order = ["is_apart", "gap", by]
    ranked = short.sort_values(order, ascending=[True, False, True]).drop(columns="is_apart").reset_index(drop=True)
    if by == "line":
        known = money.lines.set_index("line")
        ranked["key"] = ranked["line"]
        names = pd.Series([f"{known['name'][line]} · {known['organisation'][line]}" for line in ranked["line"]])
        again = names.groupby(names).cumcount()
        ranked["line"] = names.where(again == 0, names + " (" + (again + 1).astype("str") + ")")
    return ranked


def lines(money: Portfolio) -> Table:
    """Every line, largest gap first, unknown need last."""
    rows = funding.coverage_lines(money.lines).assign(line=money.lines["name"])
    rows = rows.sort_values("gap", ascending=False, na_position="last")
    return Table(
        "lines",
        _("All lines with need, signed money and gap"),
        rows[["line", "organisation", "need", "funded", "gap", "surplus", "coverage"]],
        _("A line is a project. Lines without a stated need keep their signed money beside the totals, never inside."),
    )


COVERAGE_SIGNALS = ("nothing_stated", "need_unknown", "covered", "partly_covered", "under_funded")


@shown_once
def coverage_grid(money: Portfolio) -> Chart | None:
    """Host country x activity: gap in the cell, colour by coverage, words where there is no number."""
    cells = by_part(money, ["host_country", "activity"], with_unknown=True)
    if cells.empty:
        return None
    cells["signal"] = [_signal(need, coverage) for need, coverage in zip(cells["need"], cells["coverage"], strict=True)]
    title = _("Coverage of stated need by host country and activity")
    grid = _complete(cells, money.currency)
    pictured = grids.Grid(grid, "work", "country", "text", "signal", levels(COVERAGE_SIGNALS), opens="cell")
    return Chart(
        "coverage",
        title,
        cells[["host_country", "activity", "need", "funded", "gap", "surplus", "coverage", "signal"]],
        _("In each cell the gap of {year} in {currency}; the largest countries and activities by need. {need}").format(
            year=money.year, currency=money.currency, need=tier_words(money)
        ),
        pictured.whole(),
        charts.alternative(title, list(grid["country"] + " · " + grid["work"]), list(grid["text"])),
        opens="rows",
        narrow=pictured.listed("gap", grids.LEVEL),
    )


def _signal(need: Any, coverage: Any) -> str:
    if pd.isna(need):
        return "need_unknown"
    if pd.isna(coverage) or coverage >= COVERED_FROM:
        return "covered"
    return "under_funded" if coverage < UNDER_FUNDED_BELOW else "partly_covered"


def _complete(cells: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The ten largest countries and activities by need as a complete grid with words in every cell."""
    grid = laid_out(cells, "need", GRID)
    grid["signal"] = grid["signal"].astype(object).fillna("nothing_stated")
    plain = {"nothing_stated": "–", "need_unknown": "?"}
    grid["text"] = [
        plain.get(s) or written.money(g, currency) for s, g in zip(grid["signal"], grid["gap"], strict=True)
    ]
    return grid
