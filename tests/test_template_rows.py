"""Rows of our own workbook that contradict or repeat each other: refused, or said, never settled in silence."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data_access.importers import template
from data_access.importers.records import Problem, Record
from tests.import_files import CONTEXT, book
from tests.small_loads import INITIATIVES, NEEDS, PROJECTS, YEAR, initiative

CASES = ["Reference", "People"]
EVENTS = ["Case", "Episode", "Event", "Date", "Outcome"]
POPULATION = ["Host country", "At least", "Estimate", "At most", "Source", "As of"]


def read(path: Path, **sheets: list[list[Any]]) -> tuple[list[Record], list[Problem]]:
    found = list(template.read([book(path, **sheets)], CONTEXT))
    return [one for one in found if isinstance(one, Record)], [one for one in found if isinstance(one, Problem)]


def event(kind: str, month: int, outcome: str | None = None) -> list[Any]:
    return ["c1", 1, kind, date(2024, month, 1), outcome]


@pytest.mark.parametrize("kind", ["opened", "closed", "entered"])
def test_what_an_episode_has_one_of_is_refused_on_a_second_day_and_taken_once_on_the_same(
    kind: str, tmp_path: Path
) -> None:
    outcome = "relocated" if kind == "closed" else None
    for second, refused in ((3, 0), (5, 1)):
        events = [EVENTS, event(kind, 3, outcome), event(kind, second, outcome)]
        records, said = read(tmp_path / "a.xlsx", Cases=[CASES, ["c1", 2]], Case_events=events)
        assert [problem.code for problem in said if not problem.is_warning] == ["stated_twice"] * refused
        (episode,) = [record for record in records if record.entity == "case_episode"]
        assert date(2024, 3, 1) in episode.values.values()


def test_an_episode_that_ends_before_it_opens_is_said(tmp_path: Path) -> None:
    events = [EVENTS, event("opened", 5), event("closed", 3, "relocated")]
    _records, said = read(tmp_path / "a.xlsx", Cases=[CASES, ["c1", 2]], Case_events=events)
    assert [problem.code for problem in said] == ["ended_before_it_began"]


def need(name: str, amount: int, since: date = YEAR[1], until: date = YEAR[2], kind: str = "budget") -> list[Any]:
    return [name, "p", None, since, until, amount, "EUR", kind, "medium", "initiative", None]


HALVES = [need("n2", 30, until=date(2024, 6, 30)), need("n3", 30, since=date(2024, 7, 1))]


@pytest.mark.parametrize(
    ("needs", "said_of"),
    [
        ([need("n1", 60), *HALVES], ["n1"]),
        ([need("n1", 60), need("N-1", 60)], ["N-1"]),
        ([need("n1", 70), *HALVES], []),
        ([need("n1", 60), need("n2", 60, kind="minimum")], []),
        (HALVES, []),
    ],
    ids=["a year and its halves", "under two references", "a year and other needs", "a need of another kind", "halves"],
)
def test_a_need_stated_beside_its_parts_or_twice_is_said(
    needs: list[list[Any]], said_of: list[str], tmp_path: Path
) -> None:
    project = ["p", "Project", "a", *YEAR[1:], "running"]
    sheets = {"Initiatives": [INITIATIVES, initiative("a")], "Projects": [PROJECTS, project], "Needs": [NEEDS, *needs]}
    records, said = read(tmp_path / "a.xlsx", **sheets)
    assert [problem.value for problem in said] == said_of
    assert sum(record.entity == "need" for record in records) == len(needs)


@pytest.mark.parametrize(
    ("low", "central", "high", "is_refused"),
    [(1, 2, 3, False), (None, 2, None, False), (5, 2, 3, True), (1, 4, 3, True), (5, None, 3, True)],
)
def test_estimates_of_people_rise_from_the_lowest_to_the_highest_or_are_refused(
    low: int | None, central: int | None, high: int | None, is_refused: bool, tmp_path: Path
) -> None:
    row = ["GE", low, central, high, "x", date(2024, 1, 1)]
    records, said = read(tmp_path / "a.xlsx", Population=[POPULATION, row])
    assert bool(said) == is_refused == (not records)
