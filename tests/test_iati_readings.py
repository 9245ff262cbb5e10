"""What a program's file of activities leaves open: days with two readings, what is not signed yet, programmes and their parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from dashboard.upkeep.loading import Request, bring
from data_access import schema
from data_access.importers.outcomes import Outcome
from data_access.viewer import Which
from tests.small_loads import AS_OF

ACTIVITY = (
    '<iati-activity default-currency="EUR"><iati-identifier>{own}</iati-identifier><reporting-org ref="F" type="60"><narrative>Fund'
    '</narrative></reporting-org>{related}<activity-status code="{status}"/>{dates}{money}</iati-activity>'
)
MONEY = (
    '<transaction><transaction-type code="{code}"/><transaction-date iso-date="{day}"/><value value-date="2024-01-02">{value}</value>'
    '<receiver-org ref="R"><narrative>Lantern House</narrative></receiver-org></transaction>'
)


def activity(own: str = "A", code: int = 2, value: int = 100, day: str = "2024-01-02", **more: Any) -> str:
    known = {"related": "", "status": 2, "dates": ""} | more
    return ACTIVITY.format(own=own, money=MONEY.format(code=code, value=value, day=day), **known)


def brought(engines: Mapping[Which, Engine], folder: Path, *activities: str) -> Outcome:
    path = folder / "a.xml"
    path.write_text(f'<iati-activities version="2.03">{"".join(activities)}</iati-activities>')
    return bring(engines, Request("s", [path]), AS_OF, lambda _n: None)


def column(engines: Mapping[Which, Engine], of: Any) -> list[Any]:
    with engines["shared"].connect() as connection:
        return sorted(connection.scalars(select(of)), key=repr)


def codes(done: Outcome) -> set[str]:
    return {problem.code for problem in done.problems}


@pytest.mark.parametrize(
    ("day", "read"),
    [
        ("05/03/2024", None),
        ("05.03.2024", date(2024, 3, 5)),
        ("13/03/2024", date(2024, 3, 13)),
        ("03/13/2024", date(2024, 3, 13)),
        ("03/03/2024", date(2024, 3, 3)),
        ("2024/03/05", date(2024, 3, 5)),
        ("2024-03-05+03:00", date(2024, 3, 5)),
        ("2024-03-05T00:00:00+03:00", date(2024, 3, 5)),
    ],
)
@pytest.mark.by_turns
def test_a_day_that_can_be_two_is_refused_and_midnight_is_the_day_it_stands_on(
    empty, tmp_path: Path, day: str, read: date | None
) -> None:
    done = brought(empty, tmp_path, activity(day=day))
    assert column(empty, schema.grant.c.committed_on) == ([] if read is None else [read])
    assert [problem.value for problem in done.problems if not problem.is_warning] == ([day] if read is None else [])


@pytest.mark.by_turns
def test_a_day_of_an_activity_that_cannot_be_read_is_said_and_unknown(empty, tmp_path: Path) -> None:
    done = brought(empty, tmp_path, activity(dates='<activity-date type="2" iso-date="05/03/2024"/>'))
    assert column(empty, schema.project.c.starts_on) == [None]
    assert [problem.value for problem in done.problems] == ["05/03/2024"]


@pytest.mark.by_turns
@pytest.mark.parametrize(
    ("status", "is_kept_as", "is_said"), [(1, "pledge", True), (2, "commitment", False), (5, "cancelled", False)]
)
def test_what_an_activity_commits_while_it_is_prepared_is_pledged(
    empty, tmp_path: Path, status: int, is_kept_as: str, is_said: bool
) -> None:
    done = brought(empty, tmp_path, activity(status=status))
    assert column(empty, schema.grant.c.status) == [is_kept_as]
    assert ("not_signed_yet" in codes(done)) == is_said


@pytest.mark.by_turns
@pytest.mark.parametrize("code", [2, 11, 3, 1])
@pytest.mark.parametrize(("in_part", "counted"), [(100, 1), (60, 2)])
def test_money_of_any_kind_that_a_programme_and_its_parts_state_counts_once(
    empty, tmp_path: Path, code: int, in_part: int, counted: int
) -> None:
    whole = activity("P", code, 100, related='<related-activity ref="C" type="2"/>')
    part = activity("C", code, in_part, related='<related-activity ref="P" type="1"/>')
    done = brought(empty, tmp_path, whole, part)
    assert "money_of_parts" in codes(done)
    assert len(column(empty, schema.grant.c.id)) == counted


@pytest.mark.by_turns
def test_a_grant_with_several_planned_periods_lasts_from_the_first_day_to_the_last(empty, tmp_path: Path) -> None:
    years = [{"startDate": f"{year}-02-01", "endDate": f"{year + 1}-01-31"} for year in (2025, 2024)]
    grant = {"id": "g", "title": "t", "currency": "EUR", "amountAwarded": 10, "awardDate": "2024-01-01T00:00:00+03:00",
             "recipientOrganization": [{"id": "R", "name": "R"}], "fundingOrganization": [{"id": "F", "name": "F"}],
             "plannedDates": years}  # fmt: skip
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"grants": [grant]}))
    bring(empty, Request("s", [path]), AS_OF, lambda _n: None)
    days = [schema.grant.c.committed_on, schema.grant.c.starts_on, schema.grant.c.ends_on]
    assert [column(empty, day) for day in days] == [[date(2024, 1, 1)], [date(2024, 2, 1)], [date(2026, 1, 31)]]
