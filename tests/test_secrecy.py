"""What asked not to be known stays so, whatever is loaded, merged or taken back, until somebody says that it may be seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dashboard.upkeep.loading import Request, bring
from data_access import database, merges
from data_access.importers import runs
from data_access.importers.outcomes import Outcome
from tests.import_files import book
from tests.small_loads import AS_OF, FACETS, INITIATIVES, PRESENCES, PROJECTS, initiative

Engines = dict[database.Which, Engine]
Sheets = Mapping[str, list[list[Any]]]
HIDDEN: Sheets = {
    "Initiatives": [INITIATIVES, initiative("A", visibility="aggregate_only")],
    "Presences": [PRESENCES, ["A", "GE", "team", "undisclosed", None]],
    "Projects": [PROJECTS, ["p", "Work", "A", None, None, "running"]],
    "Facets": [FACETS, ["p", "host_country", "AM", "yes"]],
}
OPEN: Sheets = HIDDEN | {
    "Initiatives": [INITIATIVES, initiative("A", visibility="public")],
    "Presences": [PRESENCES, ["A", "GE", "team", "country", None]],
    "Facets": [FACETS, ["p", "host_country", "AM", "no"]],
}


def bring_in(engines: Engines, folder: Path, sheets: Sheets, source: str = "x", **said: Any) -> Outcome:
    path = book(folder / f"{source}-{len(list(folder.iterdir()))}.xlsx", **sheets)
    done = bring(engines, Request(source, [path], **said), AS_OF, lambda _n: None)
    assert not done.rejected, [str(problem) for problem in done.problems]
    return done


def known(engines: Engines) -> tuple[set[str], set[str], set[bool]]:
    with engines["shared"].connect() as connection:
        return (
            set(connection.scalars(text("SELECT visibility FROM organisation WHERE name = 'Org A'"))),
            set(connection.scalars(text("SELECT precision FROM presence WHERE host_country = 'GE'"))),
            set(map(bool, connection.scalars(text("SELECT is_withheld FROM project_facet WHERE code = 'AM'")))),
        )


SECRET = ({"aggregate_only"}, {"undisclosed"}, {True})


@pytest.mark.parametrize("source", ["x", "another"])
def test_a_load_makes_nothing_easier_to_see_and_says_so_each_time(
    engines: Engines, tmp_path: Path, source: str
) -> None:
    bring_in(engines, tmp_path, HIDDEN)
    for _again in range(2):
        done = bring_in(engines, tmp_path, OPEN, source)
        assert known(engines) == SECRET
        assert {problem.column for problem in done.problems if problem.code == "kept_secret"} == {
            "visibility",
            "precision",
            "is_withheld",
        }


def test_what_whom_it_concerns_agreed_to_becomes_visible_and_a_trial_says_what(
    engines: Engines, tmp_path: Path
) -> None:
    bring_in(engines, tmp_path, HIDDEN)
    bring_in(engines, tmp_path, OPEN)
    trial = bring_in(engines, tmp_path, OPEN, dry_run=True, discloses=True)
    assert known(engines) == SECRET and sum(problem.code == "disclosed" for problem in trial.problems) == 3
    bring_in(engines, tmp_path, OPEN, discloses=True)
    assert known(engines) == ({"public"}, {"country"}, {False})


def test_a_second_place_in_a_country_that_is_not_disclosed_is_not_disclosed(engines: Engines, tmp_path: Path) -> None:
    bring_in(engines, tmp_path, HIDDEN)
    bring_in(engines, tmp_path, {"Presences": [PRESENCES, ["A", "GE", "activity", "city", "Tbilisi"]]}, "another")
    assert known(engines) == SECRET


def test_taking_a_load_back_makes_nothing_easier_to_see(engines: Engines, tmp_path: Path) -> None:
    bring_in(engines, tmp_path, OPEN)
    run = bring_in(engines, tmp_path, HIDDEN).runs["shared"]
    runs.undo(engines["shared"], "shared", run)
    assert known(engines) == SECRET


def test_a_merge_and_the_next_load_of_either_source_make_nothing_easier_to_see(
    engines: Engines, tmp_path: Path
) -> None:
    shown: Sheets = {
        "Initiatives": [INITIATIVES, initiative("B", visibility="public")],
        "Presences": [PRESENCES, ["B", "GE", "activity", "country", None]],
    }
    bring_in(engines, tmp_path, HIDDEN)
    bring_in(engines, tmp_path, shown, "another")
    with engines["shared"].connect() as connection:
        a, b = connection.scalars(text("SELECT id FROM organisation ORDER BY name"))
    merges.merge(engines["shared"], a, b, "clara", datetime(2026, 1, 1, tzinfo=UTC))
    assert known(engines) == SECRET
    again = [[*row[:-1], "public"] if row[0] == "B" else row for row in shown["Initiatives"]]
    again[1][1] = "Org B e.V."
    bring_in(engines, tmp_path, shown | {"Initiatives": again}, "another")
    assert known(engines) == SECRET
