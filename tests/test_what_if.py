"""What would be, on records: a funder leaves, an amount is divided, an initiative closes; on both databases."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dashboard.answers import dividing, portfolio, what_if
from dashboard.page import walk
from dashboard.page.visit import open_visit
from data_access.filters import joined
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, STEWARD, open_sample_visit
from tests.small_loads import AS_OF, GRANTS, INITIATIVES, NEEDS, PROJECTS, grant, initiative, load_book, visit_of

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "cases/E_whatif.json").read_text())["cases"]}
LATER = {"starts": date(2024, 7, 1), "ends": date(2024, 12, 31)}


def load_case(databases: Any, folder: Path, case: dict[str, Any]) -> None:
    hidden = set(case["params"].get("hidden", ()))
    names = sorted({one[side] for one in case["input"] for side in ("funder", "recipient")})
    payees = {one["recipient"] for one in case["input"]}
    organisations = [
        initiative(
            name, member="yes" if name in payees else "no", visibility="aggregate_only" if name in hidden else "public"
        )
        for name in names
    ]
    rows = [
        grant(one["id"], one["funder"], one["recipient"], one["ahead"], parent=one.get("parent"),
              kind="regrant" if one.get("parent") else "new", **LATER)
        for one in case["input"]
    ]  # fmt: skip
    load_book(databases, folder, Initiatives=[INITIATIVES, *organisations], Grants=[GRANTS, *rows])


@pytest.mark.parametrize("name", ["E01", "E02", "E03", "E06", "E09"])
def test_what_falls_when_a_funder_leaves(engines, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    load_case(engines, tmp_path, case)
    viewer: Viewer = FUNDER if case["params"].get("hidden") else STEWARD
    visit = visit_of(viewer)
    found = what_if.ahead(visit, portfolio.picture(visit), AS_OF.isoformat())
    lost = found.leaves(case["params"]["leaving"])
    shown = what_if.organisations(visit, found, lost).rows
    expected = sorted(case["expected"]["rows"], key=lambda row: row["organisation"])
    assert [(row.organisation, row.ahead, row.lost_low, row.lost_high) for row in shown.itertuples()] == [
        (f"Org {row['organisation']}", row["ahead"] * 100, row["lost_low"] * 100, row["lost_high"] * 100)
        for row in expected
    ]
    assert lost.network_lost_high == case["expected"]["network_lost_high"] * 100
    assert (lost.more_than_half[1], lost.all_of_it[1]) == (case["expected"]["more_than_half"], case["expected"]["all"])
    months = what_if.before_and_after(visit, portfolio.picture(visit), found, lost).rows
    assert int(months["falls"].sum()) == sum(
        one["ahead"] * 100 for one in case["input"] if found.grants.set_index("grant").index.size and _falls(one, case)
    )


def _falls(one: dict[str, Any], case: dict[str, Any]) -> bool:
    hidden = set(case["params"].get("hidden", ()))
    if one["recipient"] in hidden:
        return False
    parents = {other["id"]: other for other in case["input"]}
    above = parents.get(one.get("parent"))
    return one["funder"] in case["params"]["leaving"] or bool(above and _falls(above, case))


def test_awards_and_what_is_left_over_add_to_the_amount_and_bad_amounts_are_a_sentence(engines, tmp_path: Path) -> None:
    year = (date(2024, 1, 1), date(2024, 12, 31))
    needs = [
        [f"n{n}", f"p{n}", None, *year, need, "EUR", "budget", None, None, None]
        for n, need in enumerate((100, 200, 300))
    ]
    projects = [[f"p{n}", f"Project {n}", "A", date(2023, 1, 1), None, "running"] for n in range(3)]
    load_book(engines, tmp_path, Initiatives=[INITIATIVES, initiative("A"), initiative("F", member="no")],
              Projects=[PROJECTS, *projects], Needs=[NEEDS, *needs], Grants=[GRANTS, grant("g", "F", "A", 1, **LATER)])  # fmt: skip
    money = portfolio.picture(visit_of())
    found = dividing.claims_of(money)
    assert list(found["claim"]) == [10_000, 20_000, 30_000]
    awards = dividing.divided(found, 20_000)
    assert {name: sum(given.values()) for name, given in awards.items()} == dict.fromkeys(dividing.rule_names(), 20_000)
    assert list(awards["talmud"].values()) == [5_000, 7_500, 7_500]
    over = dividing.divided(found, 100_000)
    assert {sum(given.values()) for given in over.values()} == {60_000}
    assert "left over" in dividing.sentence(money, found, 100_000) and "Write an amount" in dividing.sentence(
        money, found, 0
    )


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("viewer", [FUNDER, EVERYWHERE, STEWARD], ids=lambda viewer: viewer.clearance)
@pytest.mark.parametrize(
    "own",
    [
        {},
        {"leaving": joined(["nobody.here", "gone"]), "leaves_on": "2019-01-01"},
        {"seat": "ZZ", "leaves_on": "spring", "amount": "lots"},
        {"amount": "999999999999999999", "initiative": "nobody"},
    ],
    ids=["nothing", "gone and past", "nonsense", "too much"],
)
def test_a_link_that_asks_for_what_is_not_there_ends_in_sentences(viewer: Viewer, own: dict[str, str]) -> None:
    report = walk.whole("what_if", open_sample_visit(viewer), own)
    open_visit(None)
    assert report.answer.endswith((".", "!")) and "nan" not in report.answer
    assert {"may_end"} <= {table.key for table in report.tables}


@pytest.mark.usefixtures("deployment")
def test_the_invented_world_has_a_funder_whose_leaving_takes_the_last_provider_of_a_combination() -> None:
    visit = open_sample_visit(EVERYWHERE)
    money, told = portfolio.picture(visit), []
    for slug in what_if.funder_names(visit):
        found = what_if.ahead(visit, money, "2026-12-31")
        lost = found.leaves([slug])
        told.append(len(what_if.last_providers(visit, lost).rows) if lost.touched else 0)
    open_visit(None)
    assert max(told) > 0
