"""The rows behind a KPI of the funding page."""

from __future__ import annotations

from dataclasses import replace

from dashboard.answers import dependence, money_reach, money_rows
from dashboard.answers.portfolio import Portfolio
from dashboard.page.blocks import Table

FIGURES = ("need_covered", "gap", "monthly_signed", "dependent", "newcomers")


def rows_of_figure(money: Portfolio, figure: str) -> Table:
    """Grants and needs of the year or the month, organisations that lean on one funder, or grantees of the year."""
    if figure == "monthly_signed":
        return replace(money_rows.rows_of_month(money, f"{money.as_of:%Y-%m}"), key="figure_money")
    if figure == "dependent":
        return replace(dependence.dependence(money), key="figure_dependent")
    if figure == "newcomers":
        return replace(money_reach.rows_of_year(money, str(money.year)), key="figure_grantees")
    return money_rows.rows_of_all(money)
