"""Figures of networks so small that everybody can add them up: what is unknown, given back or passed on distorts none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dashboard.answers import crossing, dividing, funding, initiatives, portfolio
from dashboard.answers import gaps as gaps_of
from dashboard.metrics import relocation
from dashboard.page import walk
from dashboard.page.blocks import Table
from dashboard.page.visit import open_visit
from dashboard.upkeep.refresh import refresh
from data_access import database
from data_access.filters import Filters
from tests.conftest import FUNDER, STEWARD, open_sample_visit
from tests.small_loads import (
    AS_OF,
    FACETS,
    GRANTS,
    INITIATIVES,
    NEEDS,
    PROJECTS,
    YEAR,
    grant,
    initiative,
    load_book,
    visit_of,
)

A_B = [INITIATIVES, initiative("A"), initiative("B"), initiative("F", member="no")]
EARLIER = {"signed": date(2023, 1, 1), "starts": date(2023, 1, 1), "ends": date(2023, 12, 31)}


def need(name: str, of: str, amount: float | None, kind: str = "budget", project: str | None = None) -> list[Any]:
    return [name, project, None if project else of, YEAR[1], YEAR[2], amount, "EUR", kind, "high", of, YEAR[0]]


def table(page: str, key: str, own: Mapping[str, str] | None = None) -> Table:
    return next(one for one in walk.whole(page, visit_of(), own or {}).tables if one.key == key)


def test_an_initiative_at_work_without_any_project_opens_every_page(
    engines: dict[database.Which, Engine], tmp_path: Path
) -> None:
    load_book(engines, tmp_path, Initiatives=A_B, Grants=[GRANTS, grant("g", "F", "A", 100)])
    with engines["shared"].begin() as connection:
        connection.execute(text("UPDATE organisation SET confirmed_on = '2024-05-01'"))
    refresh(engines["shared"], engines["cases"], AS_OF)
    assert len(walk.whole("funding_gaps", visit_of(), {}).tables) > 10


def test_money_passed_on_in_another_year_makes_no_line_hold_less_than_nothing(
    engines: dict[database.Which, Engine], tmp_path: Path
) -> None:
    grants = [grant("g", "F", "A", 100, **EARLIER), grant("r", "A", "B", 70, kind="regrant", parent="g")]
    needs = [need("a", "A", 50), need("b", "B", 100)]
    load_book(engines, tmp_path, Initiatives=A_B, Grants=[GRANTS, *grants], Needs=[NEEDS, *needs])
    money = portfolio.picture(visit_of())
    assert (money.totals.gap, money.totals.coverage_capped, money.beyond) == (80_00, 70 / 150, 70_00)
    assert (table("funding_gaps", "lines").rows["gap"] <= table("funding_gaps", "lines").rows["need"]).all()
    assert any("passed on beyond" in note for note in walk.whole("funding_gaps", visit_of(), {}).notes)
    assert dividing.claims_of(money, is_cut=False)["claim"].sum() == 80_00


def test_a_line_with_a_need_of_unknown_amount_is_in_no_gap_of_any_page(
    engines: dict[database.Which, Engine], tmp_path: Path
) -> None:
    needs = [need("a", "A", 100), need("b", "A", None), need("c", "B", 40)]
    load_book(engines, tmp_path, Initiatives=A_B, Grants=[GRANTS, grant("g", "F", "A", 40)], Needs=[NEEDS, *needs])
    money = portfolio.picture(visit_of())
    parts = portfolio.by_part(money, ["host_country", "activity"])
    cells = crossing.cells(visit_of(), money)
    assert money.totals.gap == 40_00 == parts["gap"].sum()
    assert money.totals.need == 40_00 == parts["need"].sum() == cells["need"].sum()


def test_own_money_is_nobodys_grant_whether_or_not_it_can_be_converted(
    engines: dict[database.Which, Engine], tmp_path: Path
) -> None:
    grants = [
        grant("g", "A", "A", 100, kind="carry_over"),
        grant("x", "B", "B", 100, kind="carry_over", currency="RUB"),
    ]
    load_book(engines, tmp_path, Initiatives=A_B, Grants=[GRANTS, *grants])
    money = portfolio.picture(visit_of())
    assert money.recipients["counted"].sum() == 0 and money.grantees.empty


def test_a_profile_adds_up_payments_in_the_grants_currency_alone(
    engines: dict[database.Which, Engine], tmp_path: Path
) -> None:
    load_book(engines, tmp_path, Initiatives=A_B, Grants=[GRANTS, grant("g", "F", "A", 100)])
    with engines["shared"].begin() as connection:
        for place, currency in enumerate(("EUR", "USD"), 1):
            connection.execute(
                text("INSERT INTO payment (id, grant_id, paid_on, amount_minor, currency) SELECT :id, id, '2024-02-02', 3000, :c "
                     'FROM "grant"'), {"id": place, "c": currency})  # fmt: skip
    refresh(engines["shared"], engines["cases"], AS_OF)
    with engines["shared"].connect() as connection:
        slug = str(connection.scalar(text("SELECT slug FROM organisation WHERE name = 'Org A'")))
    assert list(table("initiative", "grants", {"id": slug}).rows["paid"]) == [30]


@pytest.mark.parametrize(("amounts", "share"), [((100, 100, 100), "50"), ((100, 200, 300), "67"), ((100, 300), "75")])
def test_the_larger_half_of_recipients_is_half_of_them(
    engines: dict[database.Which, Engine], tmp_path: Path, amounts: tuple[int, ...], share: str
) -> None:
    names = "ABC"[: len(amounts)]
    initiatives = [INITIATIVES, *map(initiative, names), initiative("F", member="no")]
    grants = [grant(name, "F", name, amount) for name, amount in zip(names, amounts, strict=True)]
    load_book(engines, tmp_path, Initiatives=initiatives, Grants=[GRANTS, *grants])
    assert f"holds {share}" in table("funding_gaps", "lorenz").title.replace("\u202f", " ")


@pytest.mark.parametrize("giver", ["B", None])
def test_what_was_given_back_makes_no_share_of_a_funder_larger_than_the_whole(
    engines: dict[database.Which, Engine], tmp_path: Path, giver: str | None
) -> None:
    grants = [grant("g", "F", "A", 100), grant("h", giver, "A", 30)]
    load_book(engines, tmp_path, Initiatives=A_B, Grants=[GRANTS, *grants])
    with engines["shared"].begin() as connection:
        connection.execute(text('UPDATE "grant" SET amount_minor = -3000 WHERE amount_minor = 3000'))
    refresh(engines["shared"], engines["cases"], AS_OF)
    row = portfolio.picture(visit_of()).leaning.set_index("organisation").loc["Org A"]
    assert 0 <= row["low"] <= row["high"] <= 1


def test_a_project_that_has_ended_nobody_knows_when_is_no_duplicate_of_anything(
    engines: dict[database.Which, Engine], tmp_path: Path
) -> None:
    days = {"a": (date(2024, 1, 31), date(2024, 4, 29), "running"), "b": (date(2023, 1, 8), None, "ended")}
    projects = [[name, name, name.upper(), *how] for name, how in days.items()]
    said = {"activity": "media", "host_country": "KZ", "audience": "new_diaspora", "language": "ru"}
    facets = [[name, facet, value, None] for name in days for facet, value in said.items()]
    load_book(engines, tmp_path, Initiatives=A_B, Projects=[PROJECTS, *projects], Facets=[FACETS, *facets])
    with engines["shared"].connect() as connection:
        assert list(connection.scalars(text("SELECT DISTINCT label FROM overlap_pair"))) == ["cannot_tell"]


def test_a_partnership_of_which_a_place_is_not_known_is_not_counted_as_crossing_none(
    engines: dict[database.Which, Engine], tmp_path: Path
) -> None:
    load_book(engines, tmp_path, Initiatives=A_B)
    with engines["shared"].begin() as connection:
        connection.execute(text(
            "INSERT INTO partnership (organisation_a, organisation_b) SELECT min(id), max(id) FROM organisation WHERE is_initiative"
        ))  # fmt: skip
    refresh(engines["shared"], engines["cases"], AS_OF)
    report = walk.whole("initiatives", visit_of(), {})
    abroad = next(one for one in report.figures if one.term == "partners_abroad")
    assert abroad.value is None and "of 1" not in table("initiatives", "partnerships").title


def test_what_grows_or_stands_still_does_not_clear() -> None:
    for closures, arrivals in (([1] * 7 + [0] * 5, [0] * 10 + [3, 3]), ([1, 2] * 6, [0, 3] * 6)):
        found = relocation.exact_forecast(3, closures, arrivals)
        assert (found.weeks_at(0.5) is None) == (sum(arrivals) >= sum(closures))


@pytest.mark.usefixtures("deployment")
def test_the_table_of_gaps_has_all_of_them_and_says_why_they_add_to_more_than_the_gap_above() -> None:
    visit = open_sample_visit(STEWARD)
    open_visit(visit)
    money = portfolio.picture(visit)
    for by in gaps_of.names():
        gaps = gaps_of.largest(money, by)
        parts = portfolio.by_part(money, [by])
        assert gaps.rows["gap"].sum() == parts["gap"].sum()
        assert ("Added up these are" in gaps.note) == (parts["gap"].sum() != money.totals.gap)
    open_visit(None)


def test_the_answer_for_one_country_counts_who_is_in_it_and_not_who_was_chosen(deployment) -> None:
    assert deployment
    visit = open_sample_visit(FUNDER, Filters(host_countries=("DE",)))
    open_visit(visit)
    found = initiatives.find(visit)
    here = found.named.set_index("place")["initiatives"]["DE"]
    others = len(found.named) - 1
    assert initiatives.sentence(found).startswith(f"{here} initiatives work in Germany. ")
    assert here <= found.placement["placed"] and f"{others} other host countries" in initiatives.sentence(found)
    open_visit(None)


def test_a_range_that_reads_the_same_at_both_ends_is_said_once(
    engines: dict[database.Which, Engine], tmp_path: Path
) -> None:
    tiers = [need("a", "A", 109_000), need("b", "A", 109_001, "ambition")]
    load_book(engines, tmp_path, Initiatives=A_B, Grants=[GRANTS, grant("g", "F", "A", 10)], Needs=[NEEDS, *tiers])
    money = portfolio.picture(visit_of())
    said = [funding.answer(money), funding.gap(money).comparison, funding.tiers(money).title]
    assert [text for text in said if "109" in text] == [] and "between" not in " ".join(said).casefold()
