"""Lists of cases as people keep them: numbers that begin again, a row per person, a list that comes again corrected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dashboard.upkeep.loading import Request, bring
from data_access.importers.outcomes import Outcome
from data_access.importers.records import Unreadable
from data_access.viewer import Which
from tests.small_loads import AS_OF

Engines = Mapping[Which, Engine]


def load(engines: Engines, path: Path, content: str, source: str = "s", **how: bool) -> Outcome:
    path.write_text(content, encoding="utf-8")
    request = Request(source, [path], "case-log", {"route": "asylum", "outcomes": {"yes": "relocated"}}, **how)
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


LOG = "case,opened,closed,outcome,country\n1,2023-01-05,,,LT\n2,2023-01-05,2023-03-01,yes,GE\n3,2023-02-07,,,\n"


@pytest.mark.parametrize(
    ("again", "source"),
    [
        (LOG.replace("\n", "\n2023-"), "s"),
        (LOG + "\n", "another office"),
        (LOG + "4,2023-08-01,,,LT\n", "another office"),
    ],
    ids=["numbered anew", "from another source", "from another source, and grown"],
)
def test_a_log_that_comes_again_under_other_numbers_counts_no_case_twice_unless_somebody_says_so(
    engines: dict[Which, Engine], tmp_path: Path, again: str, source: str
) -> None:
    load(engines, tmp_path / "a.csv", LOG)
    again = again.removesuffix("2023-")
    with pytest.raises(Unreadable, match="both count"):
        load(engines, tmp_path / "b.csv", again, source)
    made = load(engines, tmp_path / "b.csv", again, source, counts_both=True).created["relocation_case"]
    assert made == len(again.split()) - 1


def test_other_cases_of_another_office_are_loaded_without_a_question(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    load(engines, tmp_path / "a.csv", LOG)
    head, first, *_rest = LOG.splitlines()
    others = "\n".join([head, first, "2,2023-01-06,,,GE", "3,2023-02-07,,,AM", "4,2023-02-07,2023-05-01,yes,", ""])
    assert load(engines, tmp_path / "b.csv", others, "another office").created["relocation_case"] == 4


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


def episodes(engines: Engines) -> list[tuple[int, str, str, str | None]]:
    with engines["cases"].connect() as connection:
        asked = "SELECT episode_no, opened_on, closed_on, outcome FROM case_episode ORDER BY opened_on, episode_no"
        return [(n, str(a)[:10], str(b)[:10], outcome) for n, a, b, outcome in connection.execute(text(asked))]


EVENTS = "case,stage,date,outcome\n"


def test_a_file_that_is_closed_later_takes_no_outcome_away(engines: dict[Which, Engine], tmp_path: Path) -> None:
    load(engines, tmp_path / "a.csv", EVENTS + "1,opened,2024-01-02,\n1,relocated,2024-02-02,\n1,closed,2024-05-02,\n")
    assert episodes(engines) == [(1, "2024-01-02", "2024-02-02", "relocated")]


def test_an_outcome_in_every_row_of_a_case_is_one_outcome(engines: dict[Which, Engine], tmp_path: Path) -> None:
    rows = "".join(
        f"1,{stage},{day},yes\n"
        for stage, day in (("opened", "2024-01-02"), ("verified", "2024-01-20"), ("closed", "2024-03-01"))
    )
    load(engines, tmp_path / "a.csv", EVENTS + rows)
    assert episodes(engines) == [(1, "2024-01-02", "2024-03-01", "relocated")]


def test_an_opening_stays_though_a_stage_is_dated_before_it_and_this_is_said(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    rows = "1,opened,2024-05-10,\n1,verified,2024-05-02,\n2,opened,2024-05-11,\n2,verified,2024-05-12,\n"
    done = load(engines, tmp_path / "a.csv", EVENTS + rows)
    assert [opened for _n, opened, _closed, _outcome in episodes(engines)] == ["2024-05-10", "2024-05-11"]
    assert [problem.place.row for problem in done.problems if problem.code == "stage_before_opening"] == [2]


def test_openings_and_endings_after_today_are_said(engines: dict[Which, Engine], tmp_path: Path) -> None:
    done = load(
        engines, tmp_path / "a.csv", "case,opened,closed,outcome\n1,2024-05-10,2031-03-01,yes\n2,2031-12-24,,\n"
    )
    assert [problem.column for problem in done.problems if problem.code == "not_yet"] == ["closed_on", "opened_on"]
    assert not any(problem.place.raw for problem in done.problems)


@pytest.mark.parametrize("people", ["2.000", '"1,500"'])
def test_no_case_is_about_thousands_of_people_by_a_mark_between_figures(
    engines: dict[Which, Engine], people: str, tmp_path: Path
) -> None:
    assert load(engines, tmp_path / "a.csv", f"case,opened,people\n1,2024-01-02,{people}\n").rejected == 1


def test_numbers_that_a_spreadsheet_cut_short_are_no_case(engines: dict[Which, Engine], tmp_path: Path) -> None:
    done = load(engines, tmp_path / "a.csv", 'case,opened\n"1,23457E+12",2024-01-02\n"1,23457E+12",2024-03-05\n')
    assert done.rejected == 2 and episodes(engines) == []
