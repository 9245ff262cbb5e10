"""Every title that states a finding, read against its own table: for every page, role and ten choices."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest

from dashboard.answers.crossing import UNPLACED
from dashboard.page import walk
from dashboard.page.blocks import Report, Table
from dashboard.page.visit import Visit, open_visit
from dashboard.words import codes, written
from data_access.filters import Filters
from data_access.viewer import Viewer
from tests.conftest import FUNDER, ROLES, open_sample_visit, some

CHOICES = [
    Filters(),
    Filters(host_countries=("LT",)),
    Filters(host_countries=("KG",)),
    Filters(host_countries=("DE", "GE"), activities=("media", "legal_aid")),
    Filters(activities=("elections",)),
    Filters(audiences=("at_risk",)),
    Filters(funders=("nowhere-at-all",)),
    Filters(since="2025-01", until="2025-12"),
    Filters(since="2023-01", until="2023-12", host_countries=("AM",)),
    Filters(audiences=("youth",), include_state_linked=True),
]
MONTHS = {name: n for n, name in enumerate(("January", "February", "March", "April", "May", "June", "July", "August",
                                            "September", "October", "November", "December"), 1)}  # fmt: skip


def number(text: str) -> float:
    return float(re.sub(r"[^\d.\-−]", "", text).replace("−", "-"))


def share(text: str) -> tuple[float, float]:
    """What a written percentage stands for: from, to."""
    if "<" in text:
        return 0.0, 0.01
    if ">" in text:
        return 0.99, 1.0
    value = number(text) / 100
    return value - 0.00501, value + 0.00501


def holds(text: str, value: float) -> bool:
    low, high = share(text)
    return low <= value <= high


def cliff(table: Table, visit: Visit) -> None:
    rows = table.rows
    found = re.match(r"Signed money is below 75 % of need (again )?from (\w+) (\d{4})$", table.title)
    now = visit.as_of.to_period("M").start_time
    ahead = rows[(rows["month"] >= now) & rows["need"].gt(0).fillna(False)]
    under = ahead[ahead["signed_on_need"] < 0.75 * ahead["need"].astype("Float64")]
    if found:
        month = pd.Timestamp(int(found[3]), MONTHS[found[2]], 1)
        assert under["month"].iloc[0] == month > visit.as_of
        before = rows[(rows["month"] < month) & rows["need"].gt(0).fillna(False)]
        was_short = (before["signed_on_need"] < 0.75 * before["need"].astype("Float64")).any()
        assert bool(found[1]) == was_short
    elif table.title == "Signed money is below 75 % of need this month already":
        assert under["month"].iloc[0] == now
    else:
        assert table.title == "Signed money and stated need by month"
        assert under.empty


def counts_its_rows(pattern: str) -> Callable[[Table, Visit], None]:
    def check(table: Table, _visit: Visit) -> None:
        found = re.match(pattern, table.title)
        assert found, table.title
        assert int(number(found[1])) == len(table.rows), table.title

    return check


def dependence(table: Table, visit: Visit) -> None:
    counts_its_rows(r"([\d,]+) organisations? leans? on one funder$")(table, visit)
    assert (table.rows["low"] > 0.5).all() and (table.rows["high"] <= 1).all()


def ending(table: Table, visit: Visit) -> None:
    counts_its_rows(r"([\d,]+) organisations? loses? .* within 180 days$")(table, visit)
    assert table.rows["days_left"].between(0, 180).all()


def leaning(table: Table, _visit: Visit) -> None:
    single = table.rows[(table.rows["funders"] == 1) & (table.rows["low"] == table.rows["high"])]
    found = re.match(r"([\d,]+) organisations? ha(?:s|ve) all (?:its|their) money from one named funder$", table.title)
    assert found and int(number(found[1])) == len(single), table.title


def lorenz(table: Table, _visit: Visit) -> None:
    found = re.match(r"The larger half of recipients holds (.*) of signed money$", table.title)
    if found:
        assert len(table.rows) > 2
        held = float(np.interp(0.5, table.rows["recipients"], table.rows["money"]))
        assert holds(found[1], 1 - held), table.title


def flow(table: Table, _visit: Visit) -> None:
    if "step" not in table.rows:
        return
    steps = table.rows.set_index("step")["total"].astype(float)
    found = re.match(r"(.*) of the money in the network was passed on to others inside it$", table.title)
    if found:
        assert holds(found[1], -steps["regranted"] / steps["in_network"])
    else:
        assert steps["regranted"] == 0
    came = steps.reindex(["new_money", "carried_over", "unsourced", "not_on_record"]).fillna(0).sum()
    assert came + steps["outgoing"] == steps["in_network"] == steps["kept"] - steps["regranted"]


def need_tiers(table: Table, _visit: Visit) -> None:
    gaps = table.rows.set_index("tier")["gap"]
    found = re.match(r"Between €([\d.]+)([KM]?) and €([\d.]+)([KM]?) are missing", table.title)
    if found:
        size = {"": 100, "K": 100_000, "M": 100_000_000}
        said = [float(found[n]) * size[found[n + 1]] for n in (1, 3)]
        assert said == pytest.approx(sorted(gaps[["lowest", "highest"]].astype(float)), rel=0.006)


def gaps(table: Table, _visit: Visit) -> None:
    by = table.rows.columns[0]
    named = table.rows[~table.rows[by].isin(UNPLACED)].sort_values("gap", ascending=False)
    stands_out = len(named) == 1 or (len(named) > 1 and named["gap"].iloc[0] > named["gap"].iloc[1])
    many = re.match(
        r"(.*) lacks the most in \d{4}: €([^;]*)(?:; where the \w+ is (?:withheld or )?not stated (.*) is lacking)?$",
        table.title,
    )
    one = re.match(r"(.*) lacks €(.*) in \d{4}$", table.title)
    assert (many or one) if stands_out else not (many or one)
    if found := many or one:
        value, unplaced = named[by].iloc[0], table.rows.loc[table.rows[by].isin(UNPLACED), "gap"].sum()
        assert found[1] == (value if by == "line" else codes.code(by, value))
        assert bool(many) == (len(named) > 1)
    if many:
        assert bool(many[3]) == (unplaced > named["gap"].iloc[0])
        assert many[3] in (None, written.money(unplaced, "EUR"))


def lines_of_part(table: Table, _visit: Visit) -> None:
    found = re.match(r".* lacks (€.*) in \d{4}$", table.title)
    assert found and found[1] == written.money(table.rows["gap"].sum(), "EUR")


def crossing(table: Table, _visit: Visit) -> None:
    signals = table.rows["signal"]
    short, both = int(signals.isin(["under_funded", "both"]).sum()), int((signals == "both").sum())
    found = re.match(r"([\d,]+) combinations? (?:is|are) under-funded; crowded as well: (\d+)$", table.title)
    if found:
        assert (int(number(found[1])), int(found[2])) == (short, both)
    else:
        assert short == 0


def grid(table: Table, _visit: Visit) -> None:
    across = "host_country" if table.key == "grid" else "audience"
    placed = table.rows[~table.rows[across].isin(UNPLACED) & (table.rows["activity"] != "not_stated")]
    found = re.match(r"([\d,]+) of ([\d,]+) combinations ha", table.title)
    assert found
    assert int(number(found[1])) == (placed["organisations"] == 1).sum() and int(number(found[2])) == len(placed)


def by_country(table: Table, _visit: Visit) -> None:
    unit = next(name for name in ("initiatives", "organisations", "projects", "presences") if name in table.rows)
    named = table.rows[table.rows["place"].str.len() == 2].sort_values(unit, ascending=False)
    if "has the most" in table.title:
        assert named[unit].iloc[0] > named[unit].iloc[1]
    else:
        assert len(named) < 2 or named[unit].iloc[0] == named[unit].iloc[1]


def ages(table: Table, _visit: Visit) -> None:
    totals = table.rows.groupby("stage")["episodes"].sum().sort_values(ascending=False)
    found = re.search(r"\((.*)\)$", table.title)
    if found:
        top = totals.iloc[0] / totals.sum()
        assert holds(found[1], top)
        assert (top > 0.5) == table.title.startswith("Most open cases")
        assert len(totals) == 1 or totals.iloc[0] > totals.iloc[1]
    else:
        assert totals.empty or totals.iloc[0] == totals.iloc[1]


def bottleneck(table: Table, _visit: Visit) -> None:
    shares = table.rows["waiting_share"].astype(float).sort_values(ascending=False)
    one = re.match(r"“.*” takes (.*) of all waiting$", table.title)
    several = re.match(r"(\d+) stages share (.*) of all waiting", table.title)
    assert one or several
    if one:
        assert holds(one[1], shares.iloc[0])
    elif several:
        assert holds(several[2], shares.iloc[: int(several[1])].sum())


def clocks(table: Table, _visit: Visit) -> None:
    soon = table.rows.loc[table.rows["clock_left"].isin(["over", "within_30"]), "episodes"].sum()
    found = re.search(r"of ([\d,]+) open cases? ", table.title)
    assert found and int(number(found[1])) == soon


def arrived_left(table: Table, visit: Visit) -> None:
    months = table.rows.set_index("month")["still_waiting"]
    this_month = visit.cases_as_of.to_period("M").start_time
    is_full = visit.cases_as_of == visit.cases_as_of + pd.offsets.MonthEnd(0)
    full = months if is_full else months[months.index < this_month]
    if len(full) < 4:
        return
    change = int(full.iloc[-1] - full.iloc[-4])
    found = re.match(r"Over 3 full months ([\d,]+) more cases? (came than left|left than came)$", table.title)
    if found:
        assert change == int(number(found[1])) * (1 if found[2] == "came than left" else -1)
    else:
        assert change == 0


def outcomes(table: Table, _visit: Visit) -> None:
    found = re.match(r"(?:At least )?(.*) are relocated within 180 days$", table.title)
    if found:
        until = table.rows[table.rows["t"] <= 180]
        assert holds(found[1], float(until["relocated"].iloc[-1]))


def journeys(table: Table, _visit: Visit) -> None:
    found = re.search(r", ([\d,]+) of ([\d,]+) cases$", table.title)
    assert found and int(number(found[1])) == table.rows["journeys"].max()


def breakdown(table: Table, _visit: Visit) -> None:
    values = pd.to_numeric(table.rows["people"], errors="coerce").dropna().sort_values(ascending=False)
    if "has the most" in table.title:
        assert len(values) == 1 or values.iloc[0] > values.iloc[1]


def outside(table: Table, visit: Visit) -> None:
    counts_its_rows(r"([\d,]+) signed grants? outside the network$")(table, visit)


def account(table: Table, _visit: Visit) -> None:
    found = re.search(r"Where (?:all )?([\d,]+) ", table.title)
    assert found and int(number(found[1])) == table.rows["number"].sum()


def programmes_waiting(table: Table, _visit: Visit) -> None:
    slower = int((table.rows["wait_away_low"] > 0).sum())
    found = re.match(r"([\d,]+) programmes? (?:is|are) slower than all together", table.title)
    if table.title.startswith("Slower than all together: "):
        assert slower == 1 + table.title.count(" and ") and slower <= 2, table.title
    else:
        assert slower == (int(number(found[1])) if found else 0), table.title


def partner_countries(table: Table, _visit: Visit) -> None:
    found = re.match(r"(.+) and (.+) are connected by the most partnerships: ([\d,]+) of ([\d,]+)$", table.title)
    if found:
        top = table.rows.iloc[0]
        said = [written.country(top["host_country"]), written.country(top["other_country"]), int(top["partnerships"])]
        assert [found[1], found[2], int(number(found[3]))] == said
        assert int(number(found[4])) == table.rows["partnerships"].sum()
        assert (table.rows["partnerships"].iloc[1:] < top["partnerships"]).all()


def permits(table: Table, _visit: Visit) -> None:
    rows = table.rows[(table.rows["what"] == "permit") & table.rows["validity"].isin(["over", "in_90_days"])]
    found = re.match(r"The newest permits? of ([\d,]+) cases? ", table.title)
    assert found and int(number(found[1])) == rows["episodes"].sum()


READ: dict[str, Callable[[Table, Visit], None]] = {
    "cliff": cliff, "dependence": dependence, "ending": ending, "leaning": leaning, "lorenz": lorenz, "flow": flow,
    "need_tiers": need_tiers, "gaps": gaps, "gap_lines": lines_of_part, "cell_lines": lines_of_part, "crossing": crossing, "grid": grid, "by_country": by_country, "ages": ages,
    "bottleneck": bottleneck, "clocks": clocks, "arrived_left": arrived_left, "outcomes": outcomes, "journeys": journeys,
    "breakdown": breakdown, "programmes_waiting": programmes_waiting, "permits": permits, "partner_countries": partner_countries, "outside_network": outside, "account": account, "initiatives_account": account,
    "projects_account": account, "cases_account": account,
    "fixes": counts_its_rows(r"([\d,]+) records? to fix$"),
    "facts": counts_its_rows(r"([\d,]+) missing facts? keeps? pairs from being judged$"),
    "pairs": counts_its_rows(r".*: ([\d,]+)$"),
}  # fmt: skip
ONE_WITH_MANY = re.compile(r"(?<![\d.,  ])1 (?:organisations|initiatives|cases|grants|pairs|countries|projects|weeks|"
                           r"records|combinations|stages|closings|grantees|partnerships|programmes) (?!of)", re.IGNORECASE)  # fmt: skip


def texts(report: Report) -> list[str]:
    figures = [text for f in report.figures for text in (f.comparison, f.coverage)]
    return [report.answer, *report.notes, *(t.title for t in report.tables), *(t.note for t in report.tables), *figures]


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize(
    ("page", "role"),
    some(list(product(["overview", "initiatives", "funding_gaps", "overlap", "relocation"], ROLES)), 3),
)
def test_titles_say_what_their_tables_say(page: str, role: str) -> None:
    viewer: Viewer = ROLES[role]
    checked = set()
    for filters in [CHOICES[0], *some(CHOICES[1:], 5, page, role)]:
        visit = open_sample_visit(viewer, filters)
        report = walk.whole(page, visit, {})
        for table in report.tables:
            if table.key in READ and not table.rows.empty:
                READ[table.key](table, visit)
                checked.add(table.key)
        for figure in report.figures:
            assert figure.coverage or figure.value is None, (
                f"{figure.term} does not say how much of the record it covers"
            )
        for text in texts(report):
            assert not ONE_WITH_MANY.search(text), text
            assert "{" not in text and "nan" not in text.split(), text
    open_visit(None)
    assert checked


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ROLES)
def test_the_grid_of_audiences_says_what_its_table_says(role: str) -> None:
    for filters in CHOICES:
        visit = open_sample_visit(ROLES[role], filters)
        for table in walk.one("overlap", visit, {"part": "where", "across": "audience"}).tables:
            if table.key == "audience_grid":
                grid(table, visit)
    open_visit(None)


@pytest.mark.usefixtures("deployment")
def test_of_a_country_that_was_chosen_nobody_is_told_that_it_has_the_most() -> None:
    report = walk.one("initiatives", open_sample_visit(FUNDER, Filters(host_countries=("DE",))), {})
    open_visit(None)
    assert not [said for said in (report.answer, *(table.title for table in report.tables)) if "has the most" in said]


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("unit", ["initiatives", "organisations", "projects", "presences"])
@pytest.mark.parametrize("basis", ["works_in", "registered_in", "serves"])
def test_the_answer_follows_the_unit_and_the_place_that_are_chosen(unit: str, basis: str) -> None:
    report = walk.one("initiatives", open_sample_visit(FUNDER), {"unit": unit, "basis": basis})
    open_visit(None)
    rows = next(table.rows for table in report.tables if table.key == "by_country")
    rows = rows[~rows["place"].isin(["withheld", "not_stated"])]
    placed = re.match(
        r"(?:Projects of )?([\d,]+) initiatives (work in|are registered in|serve people in)", report.answer
    )
    assert placed and {"work in": "works_in", "are registered in": "registered_in"}.get(placed[2], "serves") == basis
    said = re.search(r"(\S.*) has the most (\w+) \(([\d,]+)\)\.$", report.answer.partition(". ")[2])
    if said:
        top = rows.sort_values(unit, ascending=False).iloc[0]
        assert (said[1], said[2], int(number(said[3]))) == (written.country(top["place"]), unit, top[unit])
    else:
        assert rows[unit].nlargest(2).nunique() == 1
