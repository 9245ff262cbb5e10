"""What would be, on records: a funder leaves, an amount is divided, an initiative closes; on both databases."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from dashboard.answers import closing, dividing, portfolio, what_if
from dashboard.metrics import need_tiers
from dashboard.page import walk
from dashboard.page.visit import open_visit
from data_access import schema
from data_access.filters import Filters, joined
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, STEWARD, open_sample_visit
from tests.small_loads import (
    AS_OF,
    FACETS,
    GRANTS,
    INITIATIVES,
    NEEDS,
    PROJECTS,
    grant,
    initiative,
    load_book,
    visit_of,
)

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
    paid = {one["id"]: one["paid_ahead"] for one in case["input"] if "paid_ahead" in one}
    with databases["shared"].begin() as connection:
        for reference, amount in paid.items():
            number = connection.scalar(select(schema.grant.c.id).where(schema.grant.c.reference == reference))
            row = {"grant_id": number, "paid_on": AS_OF, "amount_minor": amount * 100, "currency": "EUR"}
            connection.execute(insert(schema.payment), row)


@pytest.mark.parametrize("name", ["E01", "E02", "E03", "E05", "E06", "E09"])
def test_what_falls_when_a_funder_leaves(engines, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    load_case(engines, tmp_path, case)
    viewer: Viewer = FUNDER if case["params"].get("hidden") else STEWARD
    visit = visit_of(viewer)
    found = what_if.leaves(visit, portfolio.picture(visit), tuple(case["params"]["leaving"]), AS_OF.isoformat())
    lost, shown = found.lost, what_if.organisations(visit, found).rows
    expected = sorted(case["expected"]["rows"], key=lambda row: row["organisation"])
    assert [(row.organisation, row.ahead, row.lost_low, row.lost_high) for row in shown.itertuples()] == [
        (f"Org {row['organisation']}", row["ahead"] * 100, row["lost_low"] * 100, row["lost_high"] * 100)
        for row in expected
    ]
    assert lost.network_lost_high == case["expected"]["network_lost_high"] * 100
    own = {"leaving": joined(case["params"]["leaving"]), "leaves_on": AS_OF.isoformat()}
    told = {figure.term: figure.value for figure in walk.one("what_if", visit, own).figures}
    assert told["network_lost_high"] == case["expected"]["network_lost_high"], "figures are in whole units of money"
    assert (lost.more_than_half[1], lost.all_of_it[1]) == (case["expected"]["more_than_half"], case["expected"]["all"])
    months = what_if.before_and_after(visit, portfolio.picture(visit), found).rows
    assert int(months["falls"].sum()) == lost.network_lost_high, "each unit falls once in the picture too"
    whole = portfolio.picture(visit).monthly.set_index("month")["signed"].reindex(months["month"])
    assert list(months["stays"] + months["falls"]) == list(whole), "what stays and what falls is what is signed"


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
    awards = dividing.divided(found, dividing.Asked(20_000))
    assert {name: sum(given.values()) for name, given in awards.items()} == dict.fromkeys(dividing.rule_names(), 20_000)
    assert list(awards["talmud"].values()) == [5_000, 7_500, 7_500]
    over = dividing.divided(found, dividing.Asked(100_000))
    assert {sum(given.values()) for given in over.values()} == {60_000}
    small = dividing.divided(found, dividing.asked(200, 60, 0))
    assert {sum(given.values()) for given in small.values()} == {20_000}
    assert all(award == 0 or award >= 6_000 for given in small.values() for award in given.values())
    capped = dividing.divided(found, dividing.asked(200, 0, 80))
    assert max(award for given in capped.values() for award in given.values()) == 8_000
    table = dividing.rules_table(money, found, dividing.Asked(20_000), awards).rows.set_index("rule")
    assert set(table["budget_after"].round(4)) == {0.3333}
    assert table["minimum_after"].isna().all() and set(table["below_line"]) <= {2, 3}
    assert table["if_doubled"]["proportional"] == 13_333 - 10_000
    assert "left over" in dividing.sentence(
        money, found, dividing.Asked(100_000)
    ) and "Write an amount" in dividing.sentence(money, found, dividing.Asked(0))


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
        found = what_if.leaves(visit, money, (slug,), "2026-12-31")
        told.append(len(what_if.last_providers(visit, found).rows) if found.lost.touched else 0)
    open_visit(None)
    assert max(told) > 0


def test_a_cut_takes_what_each_rule_leaves_of_the_money_ahead(engines, tmp_path: Path) -> None:
    """Claims of 100, 200 and 300 signed ahead, less 500: by thirds 83.33, 166.67 and 250."""
    projects = [[f"p{n}", f"Project {n}", "A", date(2023, 1, 1), None, "running"] for n in range(3)]
    grants = [grant(f"g{n}", "F", "A", amount, project=f"p{n}", **LATER) for n, amount in enumerate((100, 200, 300))]
    past = grant("past", "F", "A", 1_000, starts=date(2023, 1, 1), ends=date(2023, 12, 31))
    load_book(engines, tmp_path, Initiatives=[INITIATIVES, initiative("A"), initiative("F", member="no")],
              Projects=[PROJECTS, *projects], Grants=[GRANTS, *grants, past])  # fmt: skip
    money = portfolio.picture(visit_of())
    found = dividing.claims_of(money, is_cut=True)
    assert sorted(found["claim"]) == [10_000, 20_000, 30_000]
    for less, taken in ((50_000, 50_000), (90_000, 60_000)):
        cuts = dividing.divided(found, dividing.Asked(-less))
        assert {sum(given.values()) for given in cuts.values()} == {taken}
    by_claim = dict(zip(found["line"], found["claim"], strict=True))
    thirds = dividing.divided(found, dividing.Asked(-50_000))["proportional"]
    assert sorted(thirds.values()) == [8_333, 16_667, 25_000]
    assert all(cut <= by_claim[line] for line, cut in thirds.items())
    own = {"part": "amount", "amount": "-500"}
    tables = {table.key: table for table in walk.whole("what_if", visit_of(), own).tables}
    assert tables["amount_lines"].rows["proportional"].sum() == 50_000
    assert set(tables["amount_rules"].rows["loses_all"]) <= {0, 1, 2}


def test_smallest_and_largest_grants_and_the_tier_are_in_the_link(engines, tmp_path: Path) -> None:
    year = (date(2024, 1, 1), date(2024, 12, 31))
    needs = [["n0", None, "A", *year, 100, "EUR", "minimum", None, None, None],
             ["n1", None, "A", *year, 400, "EUR", "budget", None, None, None],
             ["n2", None, "B", *year, 300, "EUR", "budget", None, None, None]]  # fmt: skip
    load_book(engines, tmp_path, Initiatives=[INITIATIVES, initiative("A"), initiative("B"), initiative("F", member="no")],
              Needs=[NEEDS, *needs], Grants=[GRANTS, grant("g", "F", "A", 1, **LATER)])  # fmt: skip
    shown = {}
    for tier in ("lowest", "budget"):
        report = walk.whole("what_if", visit_of(), {"amount": "200", "tier": tier, "ceiling": "150"})
        lines = next(table.rows for table in report.tables if table.key == "amount_lines")
        shown[tier] = sorted(lines["claim"])
        assert lines["proportional"].max() <= 15_000 and lines["proportional"].sum() == 20_000
    assert shown == {"lowest": [9_900, 30_000], "budget": [30_000, 39_900]}


def test_how_much_a_network_hangs_on_few(engines, tmp_path: Path) -> None:
    case = CASES["E04"]
    load_case(engines, tmp_path, case)
    visit = visit_of()
    found = what_if.leaves(visit, portfolio.picture(visit), (), AS_OF.isoformat())
    told = {figure.term: figure.value for figure in what_if.leaves_figures(visit, found)}
    assert told["robustness_mean"] == pytest.approx(case["expected"]["mean"])
    assert told["robustness_largest"] == pytest.approx(case["expected"]["largest_first_ties_by_name"])


def test_tiers_of_need_side_by_side(engines, tmp_path: Path) -> None:
    case, year = CASES["E10"], (date(2024, 1, 1), date(2024, 12, 31))
    names = [row["line"] for row in case["input"]]
    needs = [
        [f"{row['line']}{kind}", row["line"], None, *year, row[kind], "EUR", kind, None, None, None]
        for row in case["input"] for kind in ("minimum", "budget", "ambition") if kind in row
    ]  # fmt: skip
    grants = [
        grant(f"g{row['line']}", "F", "A", row["signed"], project=row["line"]) for row in case["input"] if row["signed"]
    ]
    load_book(engines, tmp_path, Initiatives=[INITIATIVES, initiative("A"), initiative("F", member="no")],
              Projects=[PROJECTS, *([name, name, "A", date(2023, 1, 1), None, "running"] for name in names)],
              Needs=[NEEDS, *needs], Grants=[GRANTS, *grants])  # fmt: skip
    money = portfolio.picture(visit_of())
    tiers = {tier: portfolio.under(money, tier) for tier in need_tiers.TIERS}
    for kind in ("minimum", "budget", "ambition"):
        expected = case["expected"][kind]
        assert (tiers[kind].lines.known, tiers[kind].need, tiers[kind].gap) == (
            expected["lines_stating"], expected["need"] * 100, expected["gap"] * 100,
        )  # fmt: skip
        assert tiers[kind].coverage_capped == pytest.approx(expected["coverage_capped"])
    assert [tiers[tier].gap / 100 for tier in ("lowest", "highest")] == case["expected"]["gap_range"]
    assert [tiers[tier].need / 100 for tier in ("lowest", "highest")] == case["expected"]["need_range"]


def work(engines: Any, folder: Path, cells: dict[str, list[tuple[str, str]]], grants: list = ()) -> None:
    """Initiatives with a project each in their cells of country and activity."""
    names = sorted(cells)
    load_book(
        engines, folder, Initiatives=[INITIATIVES, *map(initiative, names), initiative("F", member="no")],
        Projects=[PROJECTS, *([f"{name}-{n}", f"{name} {n}", name, date(2023, 1, 1), None, "running"]
                              for name in names for n in range(len(cells[name])))],
        Facets=[FACETS, *([f"{name}-{n}", facet, value, None] for name in names for n, cell in enumerate(cells[name])
                          for facet, value in zip(("host_country", "activity"), cell, strict=True))],
        **({"Grants": [GRANTS, *grants]} if grants else {}),
    )  # fmt: skip


def test_who_carries_on_if_an_initiative_closes(engines, tmp_path: Path) -> None:
    case = CASES["E17"]
    places = {1: ("GE", "media"), 2: ("LT", "media"), 3: ("LT", "legal_aid"), 4: ("DE", "legal_aid")}
    work(engines, tmp_path, {name: [places[n] for n in own] for name, own in case["input"]["cells"].items()})
    visit = visit_of(FUNDER)
    for slug in closing.initiative_names(visit):
        name = slug.removeprefix("org-").upper()
        told = {figure.term: figure.value for figure in closing.figures(visit, slug)}
        assert told["contribution"] == pytest.approx(case["expected"]["contribution"][name])
        assert told["only_it"] == case["expected"]["alone"][name]
    with engines["shared"].connect() as connection:
        projects = {row.slug: row.id for row in connection.execute(select(schema.project))}
    assert closing.together(visit, [projects["A-0"], projects["B-0"]]) == "3 combinations: 2 both, 1 one of them"


def test_combinations_that_may_end(engines, tmp_path: Path) -> None:
    """As E28, from the cut-off of these records: within 180 days, beyond, and without money on record."""
    last = {"A": AS_OF + timedelta(days=74), "B": AS_OF + timedelta(days=106), "C": AS_OF + timedelta(days=800)}
    grants = [grant(name, "F", name, 10, ends=day) for name, day in last.items()]
    gone = grant("gone", "F", "E", 10, starts=date(2023, 1, 1), ends=AS_OF)
    media, legal = ("GE", "media"), ("GE", "legal_aid")
    cells = {"A": [media, legal], "B": [media], "C": [legal], "D": [("LT", "media")], "E": [("DE", "media")]}
    work(engines, tmp_path, cells, [*grants, gone])
    visit = visit_of(FUNDER)
    table = closing.may_end(visit)
    assert [tuple(row[:3]) for row in table.rows.itertuples(index=False)] == [("GE", "media", 2)]
    assert (
        "Of 4 combinations. Without signed money any more: 1; with a provider that has none on record, of which nothing is said: 1."
        in table.note
    )
    assert closing.may_end_figure(visit).value == 1


@pytest.mark.usefixtures("deployment")
def test_robustness_is_that_of_the_readers_whole_network_whatever_is_chosen() -> None:
    told = []
    for chosen in (Filters(), Filters(host_countries=("LT",))):
        report = walk.one("what_if", open_sample_visit(FUNDER, chosen), {})
        told.append([figure.value for figure in report.figures if figure.term.startswith("robustness")])
    open_visit(None)
    assert told[0] == told[1] and None not in told[0]


def test_the_minimum_that_is_newly_uncovered_is_what_signed_money_met_before(engines, tmp_path: Path) -> None:
    year, half = (date(2024, 1, 1), date(2024, 12, 31)), (date(2024, 7, 1), date(2024, 12, 31))
    needs = [["n1", None, "A", *half, 100, "EUR", "minimum", None, None, None],
             ["n2", None, "A", *half, 500, "EUR", "budget", None, None, None],
             ["n3", None, "B", *year, 80, "EUR", "budget", None, None, None]]  # fmt: skip
    grants = [
        grant("g1", "F", "A", 70, **LATER),
        grant("g2", "G", "A", 50, **LATER),
        grant("g3", "F", "B", 10, **LATER),
    ]
    load_book(engines, tmp_path, Initiatives=[INITIATIVES, *map(initiative, "AB"), *(initiative(n, member="no") for n in "FG")],
              Needs=[NEEDS, *needs], Grants=[GRANTS, *grants])  # fmt: skip
    visit = visit_of()
    (payer,) = (slug for slug, name in what_if.funder_names(visit).items() if name == "Org F")
    found = what_if.leaves(visit, portfolio.picture(visit), (payer,), AS_OF.isoformat())
    told = {f.term: f for f in what_if.leaves_figures(visit, found)}["newly_uncovered"]
    assert told.value == 50, "120 signed met the minimum of 100; 50 are left of it"
    assert "1 of 2" in told.coverage
