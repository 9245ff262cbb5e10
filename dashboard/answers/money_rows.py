"""The rows behind a figure of money: grants and needs of a month, a bar or a cell, and grants to fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from dashboard.answers import gaps
from dashboard.answers.crossing import cell_name, cell_names
from dashboard.answers.portfolio import Portfolio, converted, lines_in_parts, rows_behind
from dashboard.metrics import funding
from dashboard.page.blocks import Chart, Table
from dashboard.page.reading import read
from dashboard.words import codes, written
from data_access import queries
from data_access.filters import Filters
from data_access.i18n import _, ngettext
from data_access.queries.money import Cut


def grants_to_fix(money: Portfolio) -> pd.DataFrame:
    """Signed grants of the chosen organisations that a figure left out or could not place, once per reason."""
    rows = read(queries.funding.grants_to_fix(money.currency, money.viewer))
    rows = rows[rows["recipient_id"].isin(money.recipients["organisation_id"])]
    return rows.sort_values("reason", key=lambda reasons: reasons.map(funding.REASONS.index), kind="stable")


def to_fix(money: Portfolio) -> Table:
    """Every signed grant a figure left out or could not place, with the reason; over-committed lines beside it."""
    rows = grants_to_fix(money)
    rows = rows.assign(organisation=rows["recipient"], original=rows["amount_minor"] / 100)
    columns = [
        "reference",
        "reason",
        "organisation",
        "funder",
        "original",
        "currency",
        "committed_on",
        "starts_on",
        "ends_on",
    ]
    note = _(
        "Left out of the figures, or in no country, until somebody mends them. {n} budget lines are over-committed."
    )
    return Table("to_fix", _("Grants to fix"), rows[columns], note.format(n=written.number(money.over_committed)))


def gap_rows(largest: Chart, by: str) -> dict[str, str]:
    """The bars whose rows can be opened."""
    return {value: value if by == "line" else codes.code(by, value) for value in largest.rows[by]}


def row_names(money: Portfolio) -> dict[str, str]:
    """What rows can be opened: the months of the cliff."""
    return {f"{month:%Y-%m}": written.month(month) for month in money.monthly["month"]}


def rows_of_month(money: Portfolio, month: str) -> Table:
    """The grants and needs behind one month of the cliff; signed rows add to the month to the cent."""
    when = pd.Timestamp(month)
    whole = Cut(money.filters, money.currency)
    return _rows(money, whole, when, when, _("Behind {month}").format(month=written.month(when)), "month_rows")


def rows_of_all(money: Portfolio) -> Table:
    """The grants and needs of the whole year."""
    title = _("All grants and needs of {year}").format(year=money.year)
    return _rows(money, Cut(money.filters, money.currency), *_year_of(money), title, "figure_money")


def rows_of_gap(money: Portfolio, by: str, value: str) -> Table:
    """The grants and needs behind one bar of the gaps, over the year."""
    if by == "line":
        ranked = gaps.by_size(money, by)
        cut = Cut(money.filters, money.currency, int(ranked.loc[ranked["line"] == value, "key"].iloc[0]))
        name = value
    else:
        cut = Cut(_narrowed(money.filters, {by: value}), money.currency)
        name = codes.code(by, value)
    return _rows_of_year(money, cut, name, "gap_rows")


def lines_of_gap(money: Portfolio, by: str, value: str) -> Table | None:
    """The lines whose gaps add to one bar; None for a bar that is one line."""
    return None if by == "line" else _lines_of(money, {by: value}, codes.code(by, value), "gap_lines")


def lines_of_cell(money: Portfolio, cell: str) -> Table:
    """The lines whose gaps add to one cell of the coverage grid."""
    country, _dot, activity = cell.partition(".")
    part = {"host_country": country, "activity": activity}
    return _lines_of(money, part, cell_name(country, activity), "cell_lines")


def _lines_of(money: Portfolio, part: Mapping[str, str], name: str, key: str) -> Table:
    """Need, signed money and gap of each line within a part, largest gap first; they add to the bar or cell."""
    rows = lines_in_parts(money, list(part))
    for column, value in part.items():
        rows = rows[rows[column] == value]
    rows = rows[rows["need"].notna()].merge(money.lines[["line", "name", "organisation"]], on="line", how="left")
    rows = rows.sort_values(["gap", "name"], ascending=[False, True], ignore_index=True)
    said = ngettext(
        "The gap of {n} line adds to {gap}. What a line has beyond its need ({surplus} here) serves no other.",
        "The gaps of {n} lines add to {gap}. What a line has beyond its need ({surplus} here) serves no other.",
        len(rows),
    ).format(
        n=written.number(len(rows)),
        gap=written.exact_money(rows["gap"].sum(), money.currency),
        surplus=written.exact_money(rows["surplus"].sum(), money.currency),
    )
    title = _("{name} lacks {amount} in {year}").format(
        name=name, amount=written.money(rows["gap"].sum(), money.currency), year=money.year
    )
    columns = ["line", "gap", "need", "funded", "surplus", "coverage", "organisation"]
    return Table(key, title, rows.assign(line=rows["name"])[columns], said)


def _narrowed(filters: Filters, part: Mapping[str, str]) -> Filters:
    """The choice, kept to one host country, activity or both."""
    chosen = {"host_country": "host_countries", "activity": "activities"}
    kept: dict[str, Any] = {chosen[column]: (value,) for column, value in part.items()}
    return replace(filters, **kept)


def _rows_of_year(money: Portfolio, cut: Cut, name: str, key: str) -> Table:
    title = _("Behind {name} in {year}").format(name=name, year=money.year)
    return _rows(money, cut, *_year_of(money), title, key)


def _year_of(money: Portfolio) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and the last month of the year the figures are of."""
    return pd.Timestamp(f"{money.year}-01-01"), pd.Timestamp(f"{money.year}-12-01")


def _rows(money: Portfolio, cut: Cut, first: pd.Timestamp, last: pd.Timestamp, title: str, key: str) -> Table:
    rows = rows_behind(money, cut, first, last)
    signed = rows.loc[rows["entry"] != "need", "part"].sum()
    needed = rows.loc[rows["entry"] == "need", "part"].sum()
    with_need = set(rows.loc[rows["entry"] == "need", "line"])
    counted = rows.loc[(rows["entry"] != "need") & rows["line"].isin(with_need), "part"].sum()
    note = _(
        "Signed rows add to {signed}, needs to {needed}. Of the signed money {counted} is on lines that state a need; only "
        "that covers need, line by line. Money passed on is taken from its intermediary."
    ).format(
        signed=written.exact_money(signed, money.currency),
        needed=written.exact_money(needed, money.currency),
        counted=written.exact_money(counted, money.currency),
    )
    columns = [
        "entry",
        "organisation",
        "part",
        "line",
        "funder",
        "reference",
        "host_country",
        "activity",
        "original",
        "currency",
    ]
    return Table(key, title, rows.assign(line=rows["name"])[columns], note)


def grid_names(grid: Chart) -> dict[str, str]:
    """The cells of the coverage grid whose rows can be opened."""
    return cell_names(grid.rows.sort_values("gap", ascending=False, na_position="last"))


def rows_of_cell(money: Portfolio, cell: str) -> Table:
    """The grants and needs behind one cell of the coverage grid, over the year."""
    country, _dot, activity = cell.partition(".")
    filters = _narrowed(money.filters, {"host_country": country, "activity": activity})
    return _rows_of_year(money, Cut(filters, money.currency), cell_name(country, activity), "cell_rows")


def outside(money: Portfolio) -> Table | None:
    """Signed grants of which neither side is in the network, or that left it: in no figure of what its members received;
    None when there are none."""
    viewer = money.viewer
    found = [
        read(queries.funding.grants_between(viewer, from_member=inside, to_member=False)) for inside in (False, True)
    ]
    rows = converted(pd.concat(found, ignore_index=True), viewer, money.currency)
    if rows.empty:
        return None
    shown = grant_rows(rows, money).assign(standing=rows["standing"].to_numpy())
    note = _("They add to {total}. Whoever receives them is no initiative of the network.").format(
        total=written.exact_money(int(rows["minor"].sum()), money.currency)
    )
    title = ngettext("{n} signed grant outside the network", "{n} signed grants outside the network", len(rows)).format(
        n=written.number(len(rows))
    )
    return Table("outside_network", title, shown, note)


def grant_rows(grants: pd.DataFrame, money: Portfolio) -> pd.DataFrame:
    """Converted grants as a table lists them: signed and paid in the reporting currency, and by which rate."""
    rated = funding.rates_used(grants, read(queries.funding.rates(money.viewer)), money.currency)
    rows = grants.assign(
        organisation=grants["recipient"],
        total=grants["minor"],
        paid_converted=funding.paid_in(grants),
        original=grants["amount_minor"] / 100,
        exchange_rate=1 / rated["rate"],
        rate_on=rated["rate_on"],
    )
    columns = ["reference", "funder", "organisation", "project", "total", "paid_converted", "original", "currency",
               "exchange_rate", "rate_on"]  # fmt: skip
    return rows[[*columns, "restriction", "committed_on", "first_paid_on"]].reset_index(drop=True)
