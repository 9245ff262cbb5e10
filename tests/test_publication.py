"""Disclosure control: what is published, how it is protected, and that it is never redrawn (SECURITY 1, rows 1-9, 16)."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text, update

from data_access import database, publication
from data_access.migrate import upgrade
from data_access.schema import case_episode, published_cell, relocation_case
from data_access.vocabulary import route_rows

TODAY = date(2026, 11, 30)


@pytest.fixture
def world(tmp_path: Path) -> dict[str, Engine]:
    """A case database with 60 people opened in Q3 in Germany by four handlers, and an empty shared one."""
    engines = {w: database.open_writer(f"sqlite:///{tmp_path}/{w}.db") for w in ("shared", "cases")}
    upgrade(engines["shared"], "shared")
    upgrade(engines["cases"], "cases")
    with engines["cases"].begin() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(insert(database.METADATA["cases"].tables["route"]), route_rows())
        for n in range(60):
            add_case(connection, n, date(2026, 7, 1 + n % 28), "DE" if n < 52 else "LT")
    return engines


def add_case(connection, number: int, opened: date, country: str) -> None:
    connection.execute(insert(relocation_case), {"id": f"c{number}", "handler_id": number % 4, "people": 1})
    connection.execute(
        insert(case_episode),
        {"id": f"e{number}", "case_id": f"c{number}", "episode_no": 1, "opened_on": opened, "status": "open",
         "route": "asylum", "host_country": country},
    )  # fmt: skip


def cells(world: dict[str, Engine]) -> dict[tuple, int | None]:
    with world["shared"].connect() as connection:
        rows = connection.execute(select(published_cell)).all()
    return {(r.measure, r.period, r.country_group, r.route_group): r.value for r in rows}


def publish(world: dict[str, Engine], seed: int = 1, period: str = "2026Q3", today: date = TODAY) -> int:
    return publication.publish(world["cases"], world["shared"], period, today, random.Random(seed).randrange)


def test_every_published_value_is_hidden_or_a_multiple_of_five_from_ten(world) -> None:
    publish(world)
    values = cells(world)
    assert values["opened", "2026Q3", "all", "all"] == 60
    assert values["opened", "2026Q3", "LT", "all"] is None
    assert all(value is None or (value >= 10 and value % 5 == 0) for value in values.values())


@pytest.mark.parametrize("hidden", range(10))
def test_a_hidden_count_looks_the_same_whatever_it_is(hidden: int) -> None:
    assert publication.protect(hidden, random.Random(1).randrange) is None


def test_rounding_is_unbiased_and_off_by_less_than_five() -> None:
    rng = random.Random(7)
    for n in (*range(10, 40), 99, 500, 4_999):
        drawn = [publication.protect(n, rng.randrange) for _ in range(2_000)]
        assert all(value is not None and value % 5 == 0 and abs(value - n) < 5 for value in drawn)
        assert abs(sum(v for v in drawn if v is not None) / len(drawn) - n) < 0.2


def test_a_second_run_with_another_seed_changes_nothing(world) -> None:
    publish(world, seed=1)
    before = cells(world)
    assert publish(world, seed=2) == 0
    assert cells(world) == before


def test_a_late_case_moves_nothing_published(world) -> None:
    publish(world)
    before = cells(world)
    with world["cases"].begin() as connection:
        for n in range(100, 140):
            add_case(connection, n, date(2026, 8, 1), "LT")
    assert publish(world) == 0
    assert cells(world) == before


def test_frozen_counts_complete_a_publication_that_broke_off(world) -> None:
    with world["cases"].begin() as connection:
        publication.freeze(connection, "2026Q3", publication.quarter_days("2026Q3")[1])
    with world["cases"].begin() as connection:
        connection.execute(update(relocation_case).values(people=50))
    publish(world)
    assert cells(world)["opened", "2026Q3", "all", "all"] == 60


@pytest.mark.parametrize("today", [date(2026, 8, 1), date(2026, 9, 30), date(2026, 10, 30)])
def test_a_running_or_freshly_closed_quarter_is_refused(world, today: date) -> None:
    with pytest.raises(publication.PublicationRefused, match="2026-10-31"):
        publish(world, today=today)
    assert cells(world) == {}


@pytest.mark.parametrize("period", ["2026", "2026Q5", "Q3", "2026Q", "' OR 1=1", "２０２６Q3", "2026Q3 ", "1926Q3"])
def test_what_is_not_a_quarter_is_refused(world, period: str) -> None:
    with pytest.raises(publication.PublicationRefused):
        publish(world, period=period)


def test_a_group_with_fewer_than_three_contributors_is_not_shown(world) -> None:
    with world["cases"].begin() as connection:
        connection.execute(update(relocation_case).values(handler_id=1))
    publish(world)
    assert cells(world)["opened", "2026Q3", "DE", "all"] is None


def test_an_empty_and_a_full_quarter_publish_the_same_cells(world) -> None:
    publish(world, period="2020Q1")
    publish(world, period="2026Q3")
    found = cells(world)
    assert {(m, c, r) for m, p, c, r in found if p == "2026Q3"} == {(m, c, r) for m, p, c, r in found if p == "2020Q1"}
    assert all(value is None for (_m, p, _c, _r), value in found.items() if p == "2020Q1")


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [("2026Q1", date(2026, 1, 1), date(2026, 3, 31)), ("2026Q4", date(2026, 10, 1), date(2026, 12, 31))],
)
def test_quarters_have_their_days(period: str, first: date, last: date) -> None:
    assert publication.quarter_days(period) == (first, last)


def test_a_late_entry_is_booked_to_the_next_quarter_that_can_hold_it(world) -> None:
    publish(world, period="2026Q3")
    with world["cases"].begin() as connection:
        for n in range(100, 140):
            add_case(connection, n, date(2026, 8, 1), "DE")
        for n in range(200, 220):
            add_case(connection, n, date(2026, 10, 5), "DE")
    publish(world, period="2026Q4", today=date(2027, 2, 15))
    assert cells(world)["opened", "2026Q4", "all", "all"] == 60


def test_a_removed_record_never_makes_a_count_negative(world) -> None:
    publish(world, period="2026Q3")
    with world["cases"].begin() as connection:
        connection.execute(text("DELETE FROM case_episode"))
    publish(world, period="2026Q4", today=date(2027, 2, 15))
    assert cells(world)["opened", "2026Q4", "all", "all"] is None


def test_quarters_are_published_in_order(world) -> None:
    publish(world, period="2026Q3")
    with pytest.raises(publication.PublicationRefused, match="in order"):
        publish(world, period="2026Q2")


def test_a_total_and_a_duration_of_one_handler_are_not_shown(world) -> None:
    with world["cases"].begin() as connection:
        connection.execute(update(relocation_case).values(handler_id=1))
        connection.execute(
            text("UPDATE case_episode SET status = 'closed', closed_on = opened_on, outcome = 'relocated'")
        )
    publish(world)
    assert set(cells(world).values()) == {None}
