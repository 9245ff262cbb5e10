"""Grants that two sources state in two ways, or one source in rows per country: both count, and it is said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from dashboard.upkeep.loading import Request, bring
from data_access import schema
from data_access.importers.outcomes import Outcome
from data_access.viewer import Which
from tests.small_loads import AS_OF

COLUMNS = {
    "N": "id",
    "Org": "recipient",
    "From": "funder",
    "Sum": "amountAwarded",
    "Day": "awardDate",
    "Where": "country",
}
FUNDERS = "N,Org,From,Sum,Day\nG1,A,F,10000,2024-01-02\nG2,B,F,5000,2024-01-02\n"


def brought(engines: Mapping[Which, Engine], path: Path, source: str, content: str) -> Outcome:
    path.write_text(content, encoding="utf-8")
    named = {name: COLUMNS[name] for name in content.partition("\n")[0].split(",")}
    return bring(engines, Request(source, [path], "360giving", {"columns": named, "currency": "EUR"}), AS_OF, print)


def said(done: Outcome) -> list[str]:
    return [problem.value for problem in done.problems if problem.code == "nearly_same_money"]


NEAR = {
    "three days later": "Org,From,Sum,Day\nA,F,10000,2024-01-05\n",
    "a cent less": "Org,From,Sum,Day\nA,F,9999.99,2024-01-02\n",
    "without a day": "Org,From,Sum\nA,F,10000\n",
    "without a payer": "Org,Sum,Day\nA,10000,2024-01-02\n",
    "in two parts": "Org,From,Sum,Day\nA,F,4000,2024-01-02\nA,F,6000,2024-01-02\n",
}
FAR = {
    "half a year later": "Org,From,Sum,Day\nA,F,10000,2024-07-05\n",
    "another sum": "Org,From,Sum,Day\nA,F,9000,2024-01-02\n",
    "another payer": "Org,From,Sum,Day\nA,Z,10000,2024-01-02\n",
    "another recipient": "Org,From,Sum,Day\nC,F,10000,2024-01-02\n",
}


@pytest.mark.by_turns
@pytest.mark.parametrize(("stated", "is_said"), [*((one, True) for one in NEAR), *((one, False) for one in FAR)])
def test_what_another_source_states_nearly_so_counts_and_is_said(
    empty: dict[Which, Engine], tmp_path: Path, stated: str, is_said: bool
) -> None:
    assert not said(brought(empty, tmp_path / "a.csv", "funder", FUNDERS))
    content = (NEAR | FAR)[stated]
    again = brought(empty, tmp_path / "b.csv", "network", content)
    assert (len(said(again)) == 1) == is_said
    with empty["shared"].connect() as connection:
        assert connection.scalar(select(func.count(schema.grant.c.id))) == 2 + content.count("\n") - 1


def test_of_monthly_payments_that_two_sources_state_alike_nothing_more_is_said(
    empty: dict[Which, Engine], tmp_path: Path
) -> None:
    months = [f"A,F,100,2024-{month:02d}-02" for month in range(1, 6)]
    numbered = [f"G{n},{row}" for n, row in enumerate(months)]
    brought(empty, tmp_path / "a.csv", "funder", "\n".join(["N,Org,From,Sum,Day", *numbered]))
    again = brought(empty, tmp_path / "b.csv", "network", "\n".join(["Org,From,Sum,Day", *months]))
    assert {problem.code for problem in again.problems} == {"same_money"}


@pytest.mark.parametrize(("second", "is_said"), [("A,F,100,2024-01-02,AM", True), ("B,F,100,2024-01-02,AM", False)])
def test_rows_alike_but_for_their_countries_are_said(
    empty: dict[Which, Engine], tmp_path: Path, second: str, is_said: bool
) -> None:
    done = brought(empty, tmp_path / "a.csv", "s", f"Org,From,Sum,Day,Where\nA,F,100,2024-01-02,GE\n{second}\n")
    assert bool(said(done)) == is_said
