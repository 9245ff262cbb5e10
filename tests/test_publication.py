"""Disclosure control: what is published, how it is protected, and that it is never redrawn (SECURITY 1, rows 1-9, 16)."""

from __future__ import annotations

import random
import signal
import subprocess
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from data_access import connections, database, protected_year, publication, rights
from data_access.disclosure import Audit, Impossible, Rounding, Structure
from data_access.migrate import upgrade
from data_access.schema import case_episode, frozen_atom, organisation_merge, published_cell, relocation_case
from data_access.vocabulary import route_rows
from tests import killed
from tests.conftest import IS_RELEASE, KINDS, copied, examples, some

TODAY = date(2026, 11, 30)


@pytest.fixture
def world(tmp_path: Path, empty_files: Path) -> dict[str, Engine]:
    """A case database with 60 people opened in Q3 in Germany by four handlers, and an empty shared one."""
    engines = {which: copied(empty_files / f"{which}.db", tmp_path) for which in KINDS}
    with engines["cases"].begin() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
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
    draw = random.Random(seed).randrange
    return publication.publish(world["cases"], world["shared"], period, today, draw).inserted


def year_of(world: dict[str, Engine], year: int = 2026) -> protected_year.Year:
    with world["shared"].connect() as connection:
        return publication.setting(connection, year)


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
        publication.freeze(connection, year_of(world), "2026Q3")
    with world["cases"].begin() as connection:
        connection.execute(update(relocation_case).values(people=50))
    publish(world)
    assert cells(world)["opened", "2026Q3", "all", "all"] == 60


@pytest.mark.parametrize("today", [date(2026, 8, 1), date(2026, 9, 30), date(2026, 10, 30)])
def test_a_running_or_freshly_closed_quarter_is_refused(world, today: date) -> None:
    with pytest.raises(protected_year.PublicationRefused, match="2026-10-31"):
        publish(world, today=today)
    assert cells(world) == {}


@pytest.mark.parametrize("period", ["2026", "2026Q5", "Q3", "2026Q", "' OR 1=1", "２０２６Q3", "2026Q3 ", "1926Q3"])
def test_what_is_not_a_quarter_is_refused(world, period: str) -> None:
    with pytest.raises(protected_year.PublicationRefused):
        publish(world, period=period)


def test_a_group_with_fewer_than_three_contributors_is_refused_and_nothing_is_written(world) -> None:
    with world["cases"].begin() as connection:
        connection.execute(update(relocation_case).values(handler_id=text("CAST(substr(id, 2) AS INTEGER) % 2")))
    with pytest.raises(protected_year.PublicationRefused, match="Fewer than 3 organisations stand behind"):
        publish(world)
    assert cells(world) == {} and frozen(world) == []


def test_whoever_handled_cases_under_two_names_is_one_contributor(world) -> None:
    with world["shared"].begin() as connection:
        row = {"gone_slug": "x", "gone_name": "x", "decision": "merged", "decided_at": datetime.now(UTC), "decided_by": "s",
               "after_run": 0, "steps": "[]"}  # fmt: skip
        for number, gone in enumerate((2, 3), 1):
            connection.execute(insert(organisation_merge), row | {"id": number, "kept_id": 1, "gone_id": gone})
    with pytest.raises(protected_year.PublicationRefused, match="Fewer than 3 organisations stand behind"):
        publish(world)


def frozen(world: dict[str, Engine]) -> list:
    with world["cases"].connect() as connection:
        return connection.execute(select(frozen_atom)).all()


def test_an_empty_and_a_full_quarter_publish_the_same_cells(world) -> None:
    publish(world, period="2026Q2")
    publish(world, period="2026Q3")
    found = cells(world)
    assert {(m, c, r) for m, p, c, r in found if p == "2026Q3"} == {(m, c, r) for m, p, c, r in found if p == "2026Q2"}
    assert all(value is None for (_m, p, _c, _r), value in found.items() if p == "2026Q2")


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [("2026Q1", date(2026, 1, 1), date(2026, 3, 31)), ("2026Q4", date(2026, 10, 1), date(2026, 12, 31))],
)
def test_quarters_have_their_days(period: str, first: date, last: date) -> None:
    assert protected_year.period_days(period) == (first, last)


def test_a_late_entry_is_booked_to_the_next_quarter_that_can_hold_it(world) -> None:
    publish(world, period="2026Q3")
    with world["cases"].begin() as connection:
        for n in range(100, 140):
            add_case(connection, n, date(2026, 8, 1), "DE")
        for n in range(200, 220):
            add_case(connection, n, date(2026, 10, 5), "DE")
    publish(world, period="2026Q4", today=date(2027, 2, 15))
    assert cells(world)["opened", "2026Q4", "all", "all"] == 60


def test_records_that_are_purged_take_nothing_from_later_periods(world) -> None:
    publish(world, period="2026Q3")
    with world["cases"].begin() as connection:
        connection.execute(text("DELETE FROM case_episode"))
        for n in range(300, 340):
            add_case(connection, n, date(2026, 10, 5), "DE")
    publish(world, period="2026Q4", today=date(2027, 2, 15))
    assert cells(world)["opened", "2026Q4", "all", "all"] == 40


def test_groups_of_a_new_year_move_no_earlier_people_into_it(world) -> None:
    for name in ("2026Q3", "2026Q4"):
        publish(world, period=name, today=date(2027, 6, 1))
    groups = {"DE": "north", "LT": "north"}
    publication.set_year(world["shared"], world["cases"], protected_year.Year(2027, "quarters", groups, {}))
    with world["cases"].begin() as connection:
        for n in range(300, 330):
            add_case(connection, n, date(2027, 1, 5), "LT")
    publish(world, period="2027Q1", today=date(2027, 6, 1))
    found = cells(world)
    assert found["opened", "2027Q1", "all", "all"] == found["opened", "2027Q1", "north", "all"] == 30


def test_a_period_cannot_be_left_out_and_a_frozen_one_must_be_published_first(world) -> None:
    publish(world, period="2026Q1")
    with pytest.raises(protected_year.PublicationRefused, match="a period is missing"):
        publish(world, period="2026Q3")
    with world["cases"].begin() as connection:
        publication.freeze(connection, year_of(world), "2026Q2")
    with pytest.raises(protected_year.PublicationRefused, match="frozen but not published"):
        publish(world, period="2026Q3")
    halves = protected_year.Year(2026, "halves", protected_year.COUNTRY_GROUPS, protected_year.ROUTE_GROUPS)
    with pytest.raises(protected_year.PublicationRefused, match="fixed"):
        publication.set_year(world["shared"], world["cases"], halves)


def test_a_refused_period_can_be_closed_and_its_people_never_appear(world) -> None:
    with world["cases"].begin() as connection:
        connection.execute(update(relocation_case).values(handler_id=1))
    with pytest.raises(protected_year.PublicationRefused, match="withhold"):
        publish(world)
    publication.withhold(world["cases"], world["shared"], "2026Q3", TODAY)
    assert list(cells(world)) == [("withheld", "2026Q3", "all", "all")]
    assert publish(world) == 0
    with world["cases"].begin() as connection:
        for n in range(300, 330):
            add_case(connection, n, date(2026, 10, 5), "LT")
    publish(world, period="2026Q4", today=date(2027, 2, 15))
    found = cells(world)
    assert found["opened", "2026Q4", "all", "all"] == 30
    assert {period for _m, period, _c, _r in found} == {"2026Q3", "2026Q4"}


def test_an_outcome_entered_late_is_booked_later_and_does_not_block_publication(world) -> None:
    with world["cases"].begin() as connection:
        connection.execute(text("UPDATE case_episode SET status = 'closed', closed_on = opened_on"))
    publish(world)
    with world["cases"].begin() as connection:
        connection.execute(update(case_episode).values(outcome="relocated"))
    publish(world, period="2026Q4", today=date(2027, 2, 15))
    found = cells(world)
    assert (found["relocated", "2026Q3", "all", "all"], found["closed", "2026Q4", "all", "all"]) == (None, None)
    assert found["relocated", "2026Q4", "all", "all"] == 60


def test_a_late_entry_of_one_organisation_is_not_vouched_for_by_others(world) -> None:
    publish(world)
    with world["cases"].begin() as connection:
        for n in range(500, 540):
            add_case(connection, n, date(2026, 8, 1), "PL")
        connection.execute(update(relocation_case).where(relocation_case.c.id >= "c5").values(handler_id=9))
    with pytest.raises(protected_year.PublicationRefused, match="opened/PL"):
        publish(world, period="2026Q4", today=date(2027, 2, 15))


def test_the_audit_also_plays_who_coordinates_several_countries(world) -> None:
    structure = Structure(("opened",), ("A", "B", "C"), ("r",), ("2026Q1",), "2026", ())
    values = {
        ("opened", "2026Q1", group, "all"): value for group, value in (("all", 75), ("A", 40), ("B", 30), ("C", None))
    }
    audit = Audit(list(values), structure, Rounding(10, 5))
    one = {("opened", "2026Q1", "A", "r"): (40, 40)}
    both = one | {("opened", "2026Q1", "B", "r"): (30, 30)}
    assert audit.provable(values, one) == []
    assert audit.provable(values, both) == [("opened", "2026Q1", "C", "all")]


def test_quarters_are_published_in_order(world) -> None:
    publish(world, period="2026Q3")
    with pytest.raises(protected_year.PublicationRefused, match="in order"):
        publish(world, period="2026Q2")


@pytest.mark.parametrize("wrong", [{"host_country": "XX"}, {"route": "teleport"}], ids=str)
def test_an_unknown_country_or_route_is_refused_and_nothing_is_written(world, wrong: dict) -> None:
    with world["cases"].begin() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
    with world["cases"].connect() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(update(case_episode).where(case_episode.c.id == "e3").values(**wrong))
        connection.commit()
    with pytest.raises(protected_year.PublicationRefused, match=r"XX|teleport"):
        publish(world)
    assert cells(world) == {} and frozen(world) == []


def fill(
    world, seed: int, *, periods: tuple[str, ...] = ("2026Q1", "2026Q2", "2026Q3", "2026Q4"), people: int = 90
) -> None:
    """Cases of a year, drawn unevenly over countries and routes, some ended."""
    rng = random.Random(seed)
    countries = rng.choices(
        ["DE", "LT", "PL", "FR", "GE", "AM", "RS", "KZ", "ES"], [30, 9, 8, 8, 7, 4, 4, 2, 3], k=people
    )
    routes = ["humanitarian_visa", "asylum", "residence", "visa_free", "other"]
    rows, cases_ = [], []
    for number, country in enumerate(countries):
        first, last = protected_year.period_days(rng.choice(periods))
        opened = first + (last - first) * rng.random()
        ends = opened + timedelta(days=rng.randint(5, 200))
        is_closed = rng.random() < 0.6 and ends <= protected_year.period_days(periods[-1])[1]
        cases_.append({"id": f"y{seed}-{number}", "handler_id": rng.randrange(12), "people": rng.choice((1, 1, 2, 3))})
        rows.append(
            {"id": f"z{seed}-{number}", "case_id": f"y{seed}-{number}", "episode_no": 1, "opened_on": opened,
             "closed_on": ends if is_closed else None, "status": "closed" if is_closed else "open",
             "outcome": rng.choice(("relocated", "refused")) if is_closed else None,
             "route": rng.choices(routes, (6, 3, 4, 2, 1))[0], "host_country": country}
        )  # fmt: skip
    with world["cases"].begin() as connection:
        connection.execute(text("DELETE FROM case_episode"))
        connection.execute(text("DELETE FROM relocation_case"))
        connection.execute(insert(relocation_case), cases_)
        connection.execute(insert(case_episode), rows)


def publish_year(world, seed: int) -> None:
    for name in year_of(world).names:
        publish(world, seed=seed, period=name, today=date(2027, 3, 1))


def audited(world, known: dict | None = None, holds=lambda _atom: True) -> list:
    """What an attacker could prove from everything published of 2026."""
    values = cells(world)
    structure = year_of(world).structure(year_of(world).names)
    return Audit(list(values), structure, Rounding(10, 5), holds).provable(values, known or {})


@settings(max_examples=examples(6, least=2), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 10_000), st.integers(400, 900))
def test_nobody_can_prove_anybody_in_a_hidden_cell_of_a_whole_year(world, seed: int, people: int) -> None:
    """Rows 11, 12 and 13: from outside, with the rule that endings follow openings, and as each coordinator."""
    with world["shared"].begin() as connection:
        for table in ("published_cell", "publication_year"):
            connection.execute(text(f"DELETE FROM {table}"))
    with world["cases"].begin() as connection:
        connection.execute(text("DELETE FROM frozen_atom"))
        connection.execute(text("DELETE FROM frozen_event"))
    fill(world, seed, people=people)
    try:
        publish_year(world, seed)
    except protected_year.PublicationRefused:
        reject()
    assert audited(world) == []
    with world["cases"].connect() as frozen:
        counts, _contributors = publication._frozen(frozen, year_of(world))
        attackers = publication._coordinators(frozen, year_of(world), counts)
    holds = publication._endings_follow(counts)
    for known in some(list(attackers), 3, str(seed)):
        assert audited(world, dict(known), holds=holds) == []


def test_the_audit_finds_a_cell_that_a_difference_gives_away() -> None:
    structure = Structure(("opened",), ("A", "B"), ("r",), ("2026Q1",), "2026", ())
    values = {
        ("opened", "2026Q1", "all", "all"): 60, ("opened", "2026Q1", "A", "all"): 50, ("opened", "2026Q1", "B", "all"): None,
    }  # fmt: skip
    found = Audit(values, structure, Rounding(10, 5)).provable(values)
    assert found == [("opened", "2026Q1", "B", "all")]
    assert Audit(values, structure, Rounding(10, 5)).provable(values | {("opened", "2026Q1", "A", "all"): 60}) == []


def test_the_audit_knows_that_nobody_is_relocated_whose_case_has_not_ended() -> None:
    structure = Structure(("closed", "relocated"), ("A",), ("r",), ("2026Q1",), "2026", ())
    cell = "2026Q1", "A", "all"
    values = {("closed", *cell): None, ("relocated", *cell): None}
    few = {("closed", "2026Q1", "A", "r"): (0, 2)}
    audit = Audit(values, structure, Rounding(10, 5))
    assert audit.provable(values) == []
    assert ("relocated", *cell) in audit.provable(values, few)


def test_contradictory_cells_cannot_be_audited() -> None:
    structure = Structure(("opened",), ("A",), ("r",), ("2026Q1",), "2026", ())
    values = {("opened", "2026Q1", "all", "all"): 100, ("opened", "2026Q1", "A", "all"): None}
    with pytest.raises(Impossible):
        Audit(values, structure, Rounding(10, 5)).provable(values)


def test_what_is_audited_is_what_is_stored(world, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict] = []
    real = Audit.provable
    monkeypatch.setattr(Audit, "provable", lambda self, values, known=None: seen.append(dict(values)) or real(self, values, known))  # fmt: skip
    fill(world, 8, people=500)
    publish_year(world, 8)
    assert seen[-1] == cells(world)


def test_a_release_that_cannot_be_protected_is_refused_and_not_inserted(world, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Audit, "provable", lambda self, values, known=None: [next(iter(values))])
    with pytest.raises(protected_year.PublicationRefused, match="cannot be protected"):
        publish(world)
    assert cells(world) == {}


def test_the_finest_table_is_dropped_before_a_release_is_refused(world, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(world, 8, people=500)
    monkeypatch.setattr(Audit, "provable", lambda self, values, known=None: [c for c in values if c[1] == "2026"])
    publish_year(world, 8)
    assert {period for _m, period, _c, _r in cells(world)} == set(year_of(world).names)


def test_the_year_is_built_from_what_was_frozen(world) -> None:
    """Row 8: cases of the first quarter that come in after the third are in the fourth's and the year's figures."""
    fill(world, 8, people=500)
    for name in ("2026Q1", "2026Q2", "2026Q3"):
        publish(world, seed=8, period=name, today=date(2027, 3, 1))
    before = cells(world)
    with world["cases"].begin() as connection:
        for n in range(500, 540):
            add_case(connection, n, date(2026, 2, 1), "DE")
    publish(world, seed=8, period="2026Q4", today=date(2027, 3, 1))
    found = cells(world)
    assert {cell: value for cell, value in found.items() if cell in before} == before
    atoms = [r for r in frozen(world) if r.measure == "opened" and "all" not in (r.country_group, r.route_group)]
    for country in year_of(world).countries:
        for kind in year_of(world).routes:
            people = sum(r.people for r in atoms if (r.country_group, r.route_group) == (country, kind))
            value = found["opened", "2026", country, kind]
            assert (value is None) == (people < 10) and (value is None or abs(value - people) < 5)
    late = sum(r.people for r in atoms if (r.period, r.country_group, r.route_group) == ("2026Q4", "DE", "protection"))
    assert late >= 40


def test_parts_add_up_before_rounding(world) -> None:
    fill(world, 8, people=500)
    publish_year(world, 8)
    rows = [row for row in frozen(world) if row.period == "2026Q2" and row.measure == "opened"]
    total = next(r.people for r in rows if (r.country_group, r.route_group) == ("all", "all"))
    for mine in (
        lambda r: r.country_group != "all" and r.route_group == "all",
        lambda r: r.country_group == "all" and r.route_group != "all",
        lambda r: "all" not in (r.country_group, r.route_group),
    ):
        assert sum(r.people for r in rows if mine(r)) == total


def test_half_years_are_a_setting_of_a_year_and_fixed_once_it_has_begun(world) -> None:
    halves = protected_year.Year(2026, "halves", protected_year.COUNTRY_GROUPS, protected_year.ROUTE_GROUPS)
    publication.set_year(world["shared"], world["cases"], halves)
    with pytest.raises(protected_year.PublicationRefused, match="published in halves"):
        publish(world, period="2026Q3")
    assert publish(world, period="2026H2", today=date(2027, 3, 1)) > 0
    with pytest.raises(protected_year.PublicationRefused, match="fixed"):
        publication.set_year(world["shared"], world["cases"], halves)
    assert year_of(world, 2027).periods == "halves"


@pytest.mark.parametrize(
    ("countries", "routes"),
    [({code: code for code in ("DE", "LT", "PL", "FR", "GE", "AM", "RS", "KZ", "ES", "NL")}, {}),
     ({}, {name: name for name in "abcde"}), ({"XX": "XX"}, {})],
)  # fmt: skip
def test_groups_that_are_too_many_or_no_countries_are_refused(countries: dict, routes: dict) -> None:
    with pytest.raises(protected_year.PublicationRefused):
        protected_year.Year(2027, "quarters", countries, routes)


def test_the_same_cell_cannot_be_inserted_twice_and_unprotected_values_not_at_all(world) -> None:
    publish(world)
    row = {"measure": "opened", "period": "2026Q3", "country_group": "all", "route_group": "all", "release": "x"}
    for change in ({"value": 60}, {"period": "2026Q2", "value": 7}, {"period": "2026Q2", "value": 13}):
        with pytest.raises(IntegrityError), world["shared"].begin() as connection:
            connection.execute(insert(published_cell), row | change)


@pytest.fixture
def publisher(postgresql: str) -> dict[str, Engine]:
    """A publisher's login on PostgreSQL, with cases of a quarter to publish."""
    name = uuid.uuid4().hex[:8]
    with (
        connections.open_writer(f"{postgresql}/postgres").execution_options(isolation_level="AUTOCOMMIT").connect() as c
    ):
        for which in ("shared", "cases"):
            c.execute(text(f"CREATE DATABASE {which}_{name}"))
        if not c.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = 'publisher'")):
            c.execute(text("CREATE ROLE publisher LOGIN"))
    logins: dict[str, Engine] = {}
    which_: database.Which
    for which_ in ("shared", "cases"):
        owner = connections.open_writer(f"{postgresql}/{which_}_{name}")
        upgrade(owner, which_)
        rights.grant({which_: owner}, "publisher", "publisher")
        logins[f"{which_} owner"] = owner
        logins[which_] = connections.open_writer(f"{postgresql.replace('owner@', 'publisher@')}/{which_}_{name}")
    with logins["cases owner"].begin() as connection:
        connection.execute(insert(database.METADATA["cases"].tables["route"]), route_rows())
        for n in range(60):
            add_case(connection, n, date(2026, 7, 1 + n % 28), "DE" if n < 52 else "LT")
    return logins


def test_the_publishers_login_publishes_and_can_neither_change_nor_delete(publisher) -> None:
    assert publish(publisher) == len(cells(publisher)) > 0
    assert publish(publisher) == 0
    assert cells(publisher)["opened", "2026Q3", "all", "all"] == 60
    for which, statement in (
        ("shared", "UPDATE published_cell SET value = 100"),
        ("shared", "DELETE FROM published_cell"),
        ("shared", "SELECT * FROM organisation"),
        ("cases", "UPDATE frozen_atom SET people = 0"),
        ("cases", "DELETE FROM frozen_atom"),
        ("cases", "DELETE FROM case_episode"),
    ):
        with pytest.raises(DBAPIError), publisher[which].begin() as connection:
            connection.execute(text(statement))
    for value in (7, 13):
        with pytest.raises(IntegrityError), publisher["shared"].begin() as connection:
            connection.execute(
                insert(published_cell),
                {"measure": "m", "period": "2026Q1", "country_group": "a", "route_group": "b", "release": "r", "value": value},
            )  # fmt: skip


def test_both_databases_freeze_the_same_counts(publisher, world) -> None:
    for engines in (publisher, world):
        publish(engines, seed=3)
    assert sorted(map(tuple, frozen(publisher))) == sorted(map(tuple, frozen(world)))
    assert cells(publisher) == cells(world)


PUBLISHED = """
import random
from datetime import date
from data_access import connections, publication
cases, shared = (connections.open_writer(url) for url in sys.argv[2:])
publication.publish(cases, shared, "2026Q3", date(2026, 11, 3), random.Random(1).randrange)
told()
"""


def published_or_killed(world: dict[str, Engine], at: int) -> subprocess.CompletedProcess[str]:
    """The third quarter published by a process of its own, which dies before its `at`-th statement; 0: lives."""
    urls = [world[which].url.render_as_string(hide_password=False) for which in ("cases", "shared")]
    return killed.run(PUBLISHED, at, urls)


def as_before_publication(engines: dict[str, Engine]) -> None:
    for which, tables in (
        ("cases", ("frozen_event", "frozen_atom")),
        ("shared", ("published_cell", "publication_year", "unlisted_count")),
    ):
        with engines.get(f"{which} owner", engines[which]).begin() as connection:
            for table in tables:
                connection.execute(text(f"DELETE FROM {table}"))


@pytest.mark.parametrize("kind", some(["world", "publisher"], 2, "killed"))
def test_a_publication_killed_in_its_midst_publishes_all_or_nothing_and_is_finished_by_the_next(
    request: pytest.FixtureRequest, kind: str
) -> None:
    engines = request.getfixturevalue(kind)
    whole = published_or_killed(engines, 0)
    assert whole.returncode == 0, whole.stderr
    published, atoms, statements = cells(engines), len(frozen(engines)), killed.statements(whole)
    for place in (0.2, 0.5, 0.8, 0.99) if IS_RELEASE else (0.5, 0.99):
        as_before_publication(engines)
        died = published_or_killed(engines, round(statements * place))
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert not cells(engines) and len(frozen(engines)) in (0, atoms)
        assert publish(engines) == len(published)
        assert cells(engines) == published


def test_a_trial_says_what_would_be_published_and_writes_nothing(world) -> None:
    def stored() -> tuple[int, ...]:
        with world["cases"].connect() as cases, world["shared"].connect() as shared:
            return tuple(
                int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
                for connection, table in ((cases, "frozen_atom"), (cases, "frozen_event"), (shared, "published_cell"))
            )

    before = stored()
    trial = publication.attempt(world["cases"], world["shared"], "2026Q3", TODAY, random.Random(5).randrange)
    assert stored() == before
    publish(world)
    with world["shared"].connect() as connection:
        rows = connection.execute(
            text(
                "SELECT measure, period, country_group, route_group, value FROM published_cell WHERE release = '2026Q3'"
            )
        )
        values = {tuple(row)[:4]: row.value for row in rows}
    assert values.keys() == trial.cells.keys()
    assert all(values[cell] in (drawn or (None,)) for cell, drawn in trial.cells.items())
    assert any(drawn for drawn in trial.cells.values()) and any(drawn is None for drawn in trial.cells.values())
    with pytest.raises(publication.PublicationRefused, match="already"):
        publication.attempt(world["cases"], world["shared"], "2026Q3", TODAY, random.Random(5).randrange)


def test_two_stewards_publish_a_period_and_nobody_else_may_ask(world) -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    with world["shared"].begin() as connection:
        for person, role in (("anna", "steward"), ("boris", "steward"), ("carl", "funder")):
            connection.execute(text("INSERT INTO viewer (subject, role) VALUES (:p, :r)"), {"p": person, "r": role})
    for nobody in ("carl", "dora"):
        with pytest.raises(publication.PublicationRefused, match="no steward"):
            publication.ask(world["shared"], "2026Q3", nobody, now)
    assert publication.ask(world["shared"], "2026Q3", "anna", now) == "anna"
    assert publication.ask(world["shared"], "2026Q3", "anna", now) == "anna"
    assert publication.ask(world["shared"], "2026Q3", "boris", now) == "anna"
    assert publication.ask(world["shared"], "2026Q4", "boris", now) == "boris"


def test_the_second_steward_approves_what_the_first_one_asked_for_and_not_its_opposite(world) -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    with world["shared"].begin() as connection:
        for person in ("anna", "boris"):
            connection.execute(text("INSERT INTO viewer (subject, role) VALUES (:p, 'steward')"), {"p": person})
    publication.ask(world["shared"], "2026Q3", "anna", now)
    with pytest.raises(publication.PublicationRefused, match="asked to publish 2026Q3, not to withhold it"):
        publication.ask(world["shared"], "2026Q3", "boris", now, withhold=True)
    assert publication.ask(world["shared"], "2026Q3", "anna", now, withhold=True) == "anna", "she may change her mind"
    with pytest.raises(publication.PublicationRefused, match="asked to withhold 2026Q3, not to publish it"):
        publication.ask(world["shared"], "2026Q3", "boris", now)
    assert publication.ask(world["shared"], "2026Q3", "boris", now, withhold=True) == "anna"


def test_what_is_published_cannot_be_withheld_and_an_empty_case_database_publishes_nothing(world) -> None:
    publish(world)
    with pytest.raises(publication.PublicationRefused, match="cannot be withheld"):
        publication.withhold(world["cases"], world["shared"], "2026Q3", TODAY)
    with world["cases"].begin() as connection:
        for table in ("frozen_event", "frozen_atom", "case_episode"):
            connection.execute(text(f"DELETE FROM {table}"))
    for wanted in (publication.withhold, lambda *a: publication.publish(*a, random.Random(1).randrange)):
        with pytest.raises(publication.PublicationRefused, match="no case at all"):
            wanted(world["cases"], world["shared"], "2026Q4", date(2027, 2, 15))
