"""The legal stay against the queue and dated changes of policy, on records, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from dashboard.answers import case_rows, legal_stays
from dashboard.page import walk
from dashboard.page.visit import open_visit
from dashboard.upkeep.refresh import refresh
from data_access import migrate, schema
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit
from tests.small_loads import AS_OF, load_book, visit_of

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "cases/E_whatif.json").read_text())["cases"]}
EVENTS = ["Date", "Kind", "Host country", "Label", "Label in German", "Label in Russian"]


@pytest.fixture(autouse=True)
def end_visit() -> Iterator[None]:
    yield
    open_visit(None)


def case(connection: Any, number: int, entered: date, **how: Any) -> None:
    """A case that entered `verified` the day it was opened, then what `how` says: issued, closed (outcome), route, host_country,
    entered_on."""
    name = f"{number:036d}"
    connection.execute(insert(schema.relocation_case).values(id=name, people=1))
    closed = how.get("closed")
    connection.execute(
        insert(schema.case_episode).values(
            id=name, case_id=name, episode_no=1, opened_on=entered, closed_on=closed, route=how.get("route"),
            status="closed" if closed else "open", outcome=how.get("outcome"),
            host_country=how.get("host_country", "DE"), entered_on=how.get("entered_on"),
        )
    )  # fmt: skip
    stages = {"verified": entered} | ({"issued": how["issued"]} if how.get("issued") else {})
    connection.execute(
        insert(schema.stage_event), [{"episode_id": name, "stage": s, "entered_on": d} for s, d in stages.items()]
    )


def fill(engines: Any) -> None:
    """The stays and open cases of E12: what is open was opened ten days ago, on routes with a clock of its own."""
    given = CASES["E12"]["input"]
    with engines["cases"].begin() as connection:
        for number, stay in enumerate(given["past"]):
            entered = AS_OF - timedelta(days=stay["followed"])
            issued = entered + timedelta(days=stay["issued_day"]) if stay["issued_day"] else None
            case(connection, number, entered, issued=issued)
        for number, one in enumerate(given["open"], 100):
            clock = one["days_in_stage"] + one["days_of_stay_left"]
            connection.execute(
                insert(schema.route).values(code=f"clock{clock}", label_en="c", label_de="c", label_ru="c", position=90)
            )
            connection.execute(insert(schema.legal_clock).values(route=f"clock{clock}", days=clock))
            case(connection, number, AS_OF - timedelta(days=one["days_in_stage"]), route=f"clock{clock}")
    refresh(engines["shared"], engines["cases"], AS_OF)


def test_the_clock_against_the_queue_on_records(engines) -> None:
    fill(engines)
    found, is_enough = legal_stays.in_time(visit_of(EVERYWHERE))
    expected = CASES["E12"]["expected"]
    assert sorted(chance for chance, _n in found.chances) == sorted(expected["p_not_in_time"].values())
    assert (found.running, found.over, found.expected) == (2, expected["already_over"], expected["expected"])
    assert found.no_clock == 1, "one of the past stays still waits, on no route"
    assert not is_enough
    figure = {one.term: one for one in legal_stays.figures(visit_of(EVERYWHERE))}["not_in_time"]
    assert figure.value is None and "too few" in figure.comparison and figure.is_live


def test_who_ended_otherwise_is_no_longer_waiting_and_who_arrived_was_issued(engines) -> None:
    day = AS_OF - timedelta(days=100)
    with engines["cases"].begin() as connection:
        case(connection, 1, day, closed=day + timedelta(days=30), outcome="refused")
        case(connection, 2, day, closed=day + timedelta(days=40), outcome="relocated")
        case(connection, 3, day, issued=day, closed=day, outcome="relocated")
    refresh(engines["shared"], engines["cases"], AS_OF)
    with engines["cases"].connect() as connection:
        stay = schema.case_stay.c
        rows = connection.execute(
            select(stay.stage, stay.waited, stay.days, stay.outcome, stay.stays).order_by(stay.days)
        )
        assert [tuple(row) for row in rows] == [("verified", 30, 30, "ended", 1), ("verified", 40, 40, "issued", 1)]


def test_only_stays_since_the_newest_change_of_policy_are_current(engines, tmp_path: Path) -> None:
    newest = AS_OF - timedelta(days=50)
    rows = [
        [newest, "policy", "DE", "Visas resumed", None, None],
        [AS_OF - timedelta(days=10), "policy", "LT", "Elsewhere", None, None],
        [AS_OF - timedelta(days=5), "funding", None, "A freeze", "Eingefroren", None],
        [AS_OF + timedelta(days=5), "policy", None, "To come", None, None],
    ]
    with engines["cases"].begin() as connection:
        for number, days in enumerate((60, 50, 40)):
            case(connection, number, AS_OF - timedelta(days=days))
    load_book(engines, tmp_path, Events=[EVENTS, *rows])
    with engines["cases"].connect() as connection:
        stay = schema.case_stay.c
        found = connection.execute(select(stay.days, stay.is_current).order_by(stay.days)).all()
    assert [tuple(row) for row in found] == [(40, True), (50, True), (60, False)]


@pytest.mark.usefixtures("deployment")
def test_the_legal_stay_is_told_to_coordinators_alone_and_orders_no_list() -> None:
    for viewer in (FUNDER, STEWARD):
        report = walk.whole("relocation", open_sample_visit(viewer), {"target": "200"})
        assert not {"not_in_time", "pace_needed", "closings_needed"} & {figure.term for figure in report.figures}
        assert "stays_long_over" not in {table.key for table in report.tables}
    for viewer in (EVERYWHERE, LITHUANIAN):
        report = walk.whole("relocation", open_sample_visit(viewer), {"target": "200"})
        told = {figure.term: figure for figure in report.figures}
        assert all(told[name].is_live for name in ("not_in_time", "pace_needed", "closings_needed"))


@pytest.mark.usefixtures("deployment")
def test_a_stay_over_for_a_year_is_to_check_and_comes_last_among_the_urgent() -> None:
    visit = open_sample_visit(EVERYWHERE)
    to_check = set(legal_stays.long_over(visit).rows["case_reference"])
    assert to_check
    urgent = case_rows.call_list(visit, "urgent").rows
    assert not to_check & set(urgent["case_reference"].head(len(urgent) - len(to_check)))


SHOWN = {"overview": (), "initiatives": ("history",), "funding_gaps": ("cliff", "newcomers", "other_income"),
         "what_if": ("leaves_months",), "relocation": ("arrived_left", "flow")}  # fmt: skip


@pytest.mark.usefixtures("deployment")
def test_every_axis_of_time_has_its_dated_changes_as_numbered_marks_that_its_note_names() -> None:
    visit = open_sample_visit(EVERYWHERE)
    for page, keys in SHOWN.items():
        own = {"leaving": "amber-donors-alliance"} if page == "what_if" else {}
        charts = {table.key: table for table in walk.whole(page, visit, own).tables}
        for key in (key for key in keys if key in charts):
            marks = charts[key].picture.layout.annotations
            numbers = [n for mark in marks if mark.text[0].isdigit() for n in mark.text.split(", ")]
            assert ("Marks: " in charts[key].notes) == bool(numbers), key
            assert [f"{n} " in charts[key].notes for n in numbers] == [True] * len(numbers), key
            assert numbers or key == "leaves_months", key
    found = walk.whole("relocation", open_sample_visit(FUNDER), {})
    assert "Marks: " in next(table.notes for table in found.tables if table.key == "published")


@pytest.mark.usefixtures("deployment")
def test_a_mark_concerns_the_chosen_countries_or_all_and_on_cases_a_coordinators_own() -> None:
    report = walk.whole("relocation", open_sample_visit(LITHUANIAN), {})
    note = next(table.notes for table in report.tables if table.key == "flow")
    assert "Residence rules tightened" in note and "Germany" not in note
    money = walk.whole("initiatives", open_sample_visit(LITHUANIAN), {})
    assert "Germany" in next(table.notes for table in money.tables if table.key == "history")


def test_changes_of_policy_and_clocks_of_an_older_case_database_are_moved_and_none_is_lost(empty) -> None:
    with empty["cases"].begin() as connection:
        for said in (
            "DROP TABLE after_arrival",
            "DROP TABLE case_after",
            "DROP TABLE legal_clock",
            "ALTER TABLE case_call DROP COLUMN is_from_entry",
            "ALTER TABLE case_episode DROP COLUMN entered_on",
            "ALTER TABLE route ADD COLUMN clock_days INTEGER",
            "UPDATE route SET clock_days = 365 WHERE code = 'visa_free'",
            "INSERT INTO relocation_case (id, people) VALUES ('c1', 1)",
            "INSERT INTO case_episode (id, case_id, episode_no, status, route) VALUES ('e1', 'c1', 1, 'open', 'visa_free')",
            "DROP TABLE case_stay",
            "CREATE TABLE policy_event (id INTEGER PRIMARY KEY, on_date DATE NOT NULL, host_country VARCHAR(2), "
            "label_en VARCHAR(160) NOT NULL, label_de VARCHAR(160) NOT NULL, label_ru VARCHAR(160) NOT NULL)",
            "INSERT INTO policy_event VALUES (1, '2023-06-01', 'LT', 'Rules', 'Regeln', 'Правила'), "
            "(2, '2022-09-21', NULL, 'Call-up', 'Einberufung', 'Призыв')",
            "UPDATE alembic_version SET version_num = 'cases_0006'",
        ):
            connection.execute(text(said))
    with pytest.raises(migrate.DatabaseProblem, match="both addresses"):
        migrate.upgrade(empty["cases"], "cases")
    for _again in range(2):
        migrate.upgrade_both(empty)
    with empty["shared"].connect() as connection:
        moved = connection.execute(select(schema.policy_event).order_by(schema.policy_event.c.on_date)).all()
    with empty["cases"].connect() as connection:
        assert [tuple(row)[1:] for row in connection.execute(select(schema.legal_clock))] == [
            ("visa_free", None, 365, None, None)
        ]
        assert connection.scalar(select(schema.case_episode.c.route)) == "visa_free"
    assert [tuple(row)[1:] for row in moved] == [
        (date(2022, 9, 21), "policy", None, "Call-up", "Einberufung", "Призыв"),
        (date(2023, 6, 1), "policy", "LT", "Rules", "Regeln", "Правила"),
    ]


def test_the_clock_is_that_of_country_and_time_from_entry_where_known_else_from_opening(engines) -> None:
    """A country's own clock before that of all, the newest that holds when the stay begins."""
    clocks = [(None, 90, None, None), ("GE", 365, None, date(2023, 12, 31)), ("GE", 180, date(2024, 1, 1), None)]
    opened, entered = date(2024, 1, 10), date(2023, 12, 20)
    expected = {
        ("GE", opened, entered): entered + timedelta(days=365),
        ("GE", opened, None): opened + timedelta(days=180),
        ("AM", opened, entered): entered + timedelta(days=90),
        ("AM", opened, AS_OF + timedelta(days=5)): opened + timedelta(days=90),
        (None, opened, None): opened + timedelta(days=90),
    }
    with engines["cases"].begin() as connection:
        for country, days, first, last in clocks:
            row = {
                "route": "visa_free",
                "host_country": country,
                "days": days,
                "valid_from": first,
                "valid_until": last,
            }
            connection.execute(insert(schema.legal_clock), row)
        for number, (country, day, entry) in enumerate(expected):
            case(connection, number, day, route="visa_free", host_country=country, entered_on=entry)
    refresh(engines["shared"], engines["cases"], AS_OF)
    with engines["cases"].connect() as connection:
        found = {
            row.case_id: (row.stay_ends_on, row.is_from_entry) for row in connection.execute(select(schema.case_call))
        }
    assert [found[name][0] for name in sorted(found)] == list(expected.values())
    assert [bool(found[name][1]) for name in sorted(found)] == [True, False, True, False, False]
