"""Lists of cases as people keep them: numbers that begin again, a row per person, a list that comes again corrected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dashboard.upkeep.loading import Request, bring
from data_access.importers.outcomes import Outcome
from data_access.viewer import Which
from tests.small_loads import AS_OF

Engines = Mapping[Which, Engine]


def load(engines: Engines, path: Path, content: str) -> Outcome:
    path.write_text(content, encoding="utf-8")
    request = Request("s", [path], "case-log", {"route": "asylum", "outcomes": {"yes": "relocated"}})
    return bring(engines, request, AS_OF, lambda _n: None)


def codes(done: Outcome) -> set[str]:
    return {problem.code for problem in done.problems}


def stages(engines: Engines) -> list[tuple[str, str]]:
    with engines["cases"].connect() as connection:
        found = connection.execute(text("SELECT stage, entered_on FROM stage_event ORDER BY 1, 2"))
        return [(row.stage, str(row.entered_on)[:10]) for row in found]


YEARS = "".join(f"{n},{year}-02-0{n},{year}-05-0{n},yes,\n" for year in (2022, 2023) for n in (1, 2, 3))
OFFICES = "1,2023-01-05,,,LT\n1,2023-02-07,,,GE\n2,2023-01-09,,,LT\n3,2023-01-09,,,LT\n4,2023-01-09,,,LT\n"
ONCE_AGAIN = "".join(f"{n},2022-02-01,2022-05-01,yes,LT\n" for n in range(1, 9)) + "1,2023-02-01,,,LT\n"


@pytest.mark.parametrize(("rows", "is_said"), [(YEARS, True), (OFFICES, True), (ONCE_AGAIN, False)])
def test_numbers_that_begin_again_each_year_or_office_are_said(
    engines: dict[Which, Engine], tmp_path: Path, rows: str, is_said: bool
) -> None:
    done = load(engines, tmp_path / "a.csv", "case,opened,closed,outcome,country\n" + rows)
    assert ("numbers_begin_again" in codes(done)) == is_said


def test_rows_that_may_be_a_person_each_are_said(engines: dict[Which, Engine], tmp_path: Path) -> None:
    done = load(engines, tmp_path / "a.csv", "case,opened,name\n1,2023-01-05,x\n1,2023-01-05,y\n2,2023-01-07,z\n")
    (said,) = [problem for problem in done.problems if problem.code == "a_row_per_person"]
    assert said.message.startswith("1 row ")
    assert not codes(load(engines, tmp_path / "b.csv", "case,opened\n3,2023-01-05\n4,2023-01-05\n")) & {
        "a_row_per_person"
    }


def test_a_corrected_day_of_a_stage_takes_the_place_of_the_one_before(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    head = "case,stage,date\n1,opened,2023-01-05\n"
    load(engines, tmp_path / "a.csv", head + "1,verified,2023-02-01\n1,host_found,2023-03-01\n")
    load(engines, tmp_path / "b.csv", head + "1,verified,2023-02-11\n")
    assert stages(engines) == [("host_found", "2023-03-01"), ("verified", "2023-02-11")]


def test_a_case_that_had_ended_and_by_a_later_log_has_not_is_said(engines: dict[Which, Engine], tmp_path: Path) -> None:
    load(engines, tmp_path / "a.csv", "case,opened,closed,outcome\n1,2023-01-05,2023-04-01,yes\n")
    done = load(engines, tmp_path / "b.csv", "case,opened\n1,2023-01-05\n2,2023-01-05\n")
    (said,) = [problem for problem in done.problems if problem.code == "open_again"]
    assert said.place.row == 2 and not said.place.raw


def test_a_number_that_begins_again_in_a_later_log_is_said(engines: dict[Which, Engine], tmp_path: Path) -> None:
    head = "case,opened,closed,outcome\n"
    load(engines, tmp_path / "a.csv", head + "1,2024-01-02,2024-02-02,yes\n")
    assert "took_the_place" not in codes(load(engines, tmp_path / "b.csv", head + "1,2024-01-02,2024-02-05,yes\n"))
    assert "took_the_place" in codes(load(engines, tmp_path / "c.csv", head + "1,2025-01-02,2025-02-02,yes\n"))
