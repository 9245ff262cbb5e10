"""Figures open the rows they are made of, and these add up to them: on every page, for every role and several choices."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from dashboard.metrics.relocation import STANDARD_DAYS
from dashboard.page import walk
from dashboard.page.blocks import Report, Rows, Table
from dashboard.page.visit import Visit, open_visit
from data_access.filters import Filters
from data_access.queries.relocation import LONGEST_LIST
from tests.conftest import ROLES, open_sample_visit, some

CHOICES = [
    Filters(),
    Filters(host_countries=("LT",)),
    Filters(activities=("legal_aid",)),
    Filters(since="2025-01", until="2025-12"),
]
PAGES = ["overview", "initiatives", "funding_gaps", "overlap", "relocation"]


def offered(page: str, visit: Visit, key: str) -> list[str]:
    """What the choice `key` of a page offers this reader."""
    seen: list[str] = []

    class Watching(walk.Asked):
        def show(self, block, report):
            if isinstance(block, Rows) and block.key == key:
                seen.extend(block.names)
            return super().show(block, report)

    open_visit(visit)
    walk.walk(walk.find(page), visit, Watching({}))
    return seen


def listed(rows: pd.DataFrame, n: int) -> bool:
    return len(rows) == min(n, LONGEST_LIST)


def signed(table: Table, report: Report) -> bool:
    """What is needed and not signed, line by line, is the gap; what is signed of it is the share covered."""
    rows = table.rows.assign(part=table.rows["part"].astype("Int64"))
    is_need = rows["entry"] == "need"
    by_line = pd.DataFrame(
        {"need": rows[is_need].groupby("line")["part"].sum(), "signed": rows[~is_need].groupby("line")["part"].sum()}
    ).fillna(0)
    stated = by_line[by_line["need"] > 0]
    covered = float(stated[["need", "signed"]].min(axis=1).sum() / stated["need"].sum()) if len(stated) else None
    value = value_of(report, "need_covered")
    return (covered is None and value is None) or abs(covered - value) < 0.03


def value_of(report: Report, figure: str) -> float | None:
    return next(f.value for f in report.figures if f.term == figure)


ADDS_UP: dict[str, Callable[[Table, Report], bool]] = {
    "active_initiatives": lambda table, report: len(table.rows) == value_of(report, "active_initiatives"),
    "countries": lambda table, report: len(table.rows) == value_of(report, "countries"),
    "net_openings": lambda table, report: (
        int(table.rows["founded_on"].gt(report.day - pd.DateOffset(years=1)).sum() - table.rows["closed_on"].gt(report.day - pd.DateOffset(years=1)).sum())
        == value_of(report, "net_openings")
    ),
    "placed": lambda table, report: round((1 - value_of(report, "placed")) * value_of(report, "active_initiatives")) == len(table.rows),
    "confirmed_share": lambda table, report: (
        round((1 - value_of(report, "confirmed_share")) * value_of(report, "active_initiatives")) == len(table.rows)
    ),
    "need_covered": signed,
    "gap": signed,
    "monthly_signed": lambda table, report: (
        abs(table.rows.loc[table.rows["entry"].isin(["commitment", "signed"]) | ~table.rows["entry"].isin(["need", "pledge"]), "part"].sum()
            - 100 * value_of(report, "monthly_signed")) < 1
    ),
    "dependent": lambda table, report: len(table.rows) == value_of(report, "dependent"),
    "newcomers": lambda table, report: (
        int(table.rows["grantee"].eq("first_time").sum()) == (value_of(report, "newcomers") or 0)
    ),
    "pairs_to_check": lambda table, report: len(table.rows) == value_of(report, "pairs_to_check"),
    "coordinated": lambda table, report: len(table.rows) == value_of(report, "coordinated"),
    "cannot_tell": lambda table, report: len(table.rows) == value_of(report, "cannot_tell"),
    "one_provider": lambda table, report: len(table.rows) == value_of(report, "one_provider"),
    "agreement": lambda table, report: len(table.rows) >= (value_of(report, "agreement") or 0),
    "open_cases": lambda table, report: listed(table.rows, value_of(report, "open_cases")),
    "open_long": lambda table, report: (
        listed(table.rows, value_of(report, "open_long")) and bool(table.rows["days_open"].gt(STANDARD_DAYS).all())
    ),
    "resolved_rate": lambda table, report: (
        value_of(report, "resolved_rate") is None
        or abs(100 * table.rows["closed"].head(3).sum() / table.rows["incoming"].head(3).sum() - value_of(report, "resolved_rate")) < 1e-6
    ),
    "half_end_within": lambda table, _report: int(table.rows[["closed", "still_waiting"]].to_numpy().sum()) > 0,
    "on_time": lambda table, report: (
        value_of(report, "on_time") is None
        or abs(table.rows["closed"].sum() / table.rows["followed"].sum() - value_of(report, "on_time")) < 1e-9
    ),
    "may_end": lambda table, report: len(table.rows) == value_of(report, "may_end"),
}  # fmt: skip


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ROLES)
def test_the_rows_of_a_figure_add_up_to_it(page: str, role: str) -> None:
    for filters in some(CHOICES, 3, page, role):
        visit = open_sample_visit(ROLES[role], filters)
        for figure in offered(page, visit, "open_figure"):
            report = walk.one(page, visit, {"open_figure": figure})
            report.day = visit.as_of  # type: ignore[attr-defined]
            table = report.tables[0]
            assert ADDS_UP[figure](table, report), (filters, figure, value_of(report, figure), len(table.rows))
    open_visit(None)


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ROLES)
def test_a_change_lists_as_many_records_as_it_counts(role: str) -> None:
    for filters in some(CHOICES, 3, role):
        visit = open_sample_visit(ROLES[role], filters)
        for change in offered("overview", visit, "open_changes"):
            report = walk.one("overview", visit, {"open_changes": change})
            counted = next(t for t in report.tables if t.key == "changes").rows.set_index("change")["number"]
            rows = next(t for t in report.tables if t.key.startswith("change_")).rows
            assert len(rows) == counted[change] or (change == "cases_opened" and len(rows) <= counted[change])
    open_visit(None)


@pytest.mark.usefixtures("deployment")
def test_the_cases_of_a_stage_are_as_many_as_its_bar() -> None:
    visit = open_sample_visit(ROLES["coordinator of all"])
    for stage in offered("relocation", visit, "open_ages"):
        report = walk.one("relocation", visit, {"open_ages": stage})
        tables = {table.key: table.rows for table in report.tables}
        bar = tables["ages"].loc[tables["ages"]["stage"] == stage, "episodes"].sum()
        assert listed(tables["figure_cases"], int(bar))
        assert set(tables["figure_cases"]["stage"]) <= {stage}
    open_visit(None)


@pytest.mark.usefixtures("deployment")
def test_the_cases_of_a_legal_clock_are_those_of_its_bar() -> None:
    visit = open_sample_visit(ROLES["coordinator of all"])
    routes = offered("relocation", visit, "open_clocks")
    assert routes
    for route in routes:
        report = walk.one("relocation", visit, {"open_clocks": route})
        tables = {table.key: table.rows for table in report.tables}
        bars = tables["clocks"].loc[tables["clocks"]["route"] == route]
        rows = tables["clock_cases"]
        assert listed(rows, int(bars["episodes"].sum()))
        assert (rows["route"] == route).all() and rows["stay_left"].notna().all()
        if len(rows) == bars["episodes"].sum():
            over = bars.loc[bars["clock_left"] == "over", "episodes"].sum()
            assert (rows["stay_left"] <= 0).sum() == over
    open_visit(None)
