"""What comes after arrival, on records of both databases: the newest permit counts, and who never arrived has none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, insert

from dashboard.answers import after_arrival
from dashboard.page import walk
from dashboard.page.visit import open_visit
from dashboard.upkeep.refresh import refresh
from data_access import schema
from data_access.queries.relocation import NotCleared
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, open_sample_visit
from tests.small_loads import AS_OF, visit_of

ARRIVED = AS_OF - timedelta(days=400)


@pytest.fixture(autouse=True)
def end_visit() -> Iterator[None]:
    yield
    open_visit(None)


def day(ahead: int) -> date:
    return AS_OF + timedelta(days=ahead)


def fill(engines: dict[str, Engine], events: dict[str, list[tuple[str, date, date | None]]]) -> None:
    """A case per name, relocated unless its name begins with "open", with what happened after."""
    with engines["cases"].begin() as connection:
        for name, own in events.items():
            is_open = name.startswith("open")
            connection.execute(insert(schema.relocation_case).values(id=name, people=1))
            row = {"id": name, "case_id": name, "episode_no": 1, "opened_on": ARRIVED - timedelta(days=90), "host_country": "DE",
                   "route": "asylum", "status": "open" if is_open else "closed", "closed_on": None if is_open else ARRIVED,
                   "outcome": None if is_open else "relocated"}  # fmt: skip
            connection.execute(insert(schema.case_episode).values(row))
            for event, on_date, until in own:
                after = {"episode_id": name, "event": event, "on_date": on_date, "until": until}
                connection.execute(insert(schema.after_arrival).values(after))
    refresh(engines["shared"], engines["cases"], AS_OF)


def test_the_newest_permit_of_a_case_counts_by_the_days_left_of_it(engines) -> None:
    fill(
        engines,
        {
            "over today": [("permit", ARRIVED, day(0))],
            "renewed": [("permit", ARRIVED, day(-10)), ("permit", day(-20), day(90))],
            "soon": [("permit", ARRIVED, day(91))],
            "later": [("permit", ARRIVED, day(181)), ("document", ARRIVED, day(-1))],
            "no last day": [("permit", ARRIVED, None)],
            "nothing": [],
            "not yet": [("permit", day(5), day(500))],
            "open, never arrived": [("permit", ARRIVED, day(1))],
            "gone": [("moved_on", day(-5), None), ("returned", day(-1), None)],
        },
    )
    found = after_arrival.running_out(visit_of(EVERYWHERE))
    assert found is not None and found.title.startswith("The newest permits of 2 cases")
    rows = {(row.what, row.validity): row.episodes for row in found.rows.itertuples()}
    assert rows == {
        ("permit", "over"): 1, ("permit", "in_90_days"): 1, ("permit", "in_180_days"): 1, ("permit", "after_180_days"): 1,
        ("permit", "not_stated"): 1, ("document", "over"): 1,
    }  # fmt: skip
    (told,) = after_arrival.by_programme(visit_of(EVERYWHERE)).rows.to_dict("records")
    assert told == {"host_country": "DE", "route": "asylum", "arrived": 8, "permit": 5, "soon": 3, "renewed": 1,
                    "route_changed": 0, "moved_on": 1, "returned": 1}  # fmt: skip


def test_without_anything_on_record_there_is_no_picture_and_no_zero_is_a_fact(engines) -> None:
    fill(engines, {"nothing": []})
    assert after_arrival.running_out(visit_of(EVERYWHERE)) is None
    assert after_arrival.by_programme(visit_of(EVERYWHERE)).rows["arrived"].tolist() == [1]


@pytest.mark.usefixtures("deployment")
def test_a_coordinator_sees_her_countries_and_a_funder_none() -> None:
    report = walk.one("relocation", open_sample_visit(LITHUANIAN), {"part": "after"})
    table = next(table for table in report.tables if table.key == "after_arrival")
    assert set(table.rows["host_country"]) == {"LT"} and table.rows["permit"].sum() > 0
    with pytest.raises(NotCleared):
        after_arrival.by_programme(open_sample_visit(FUNDER))
    shown = walk.whole("relocation", open_sample_visit(FUNDER), {"part": "after"})
    assert not {"permits", "after_arrival"} & {table.key for table in shown.tables}
