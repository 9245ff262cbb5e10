"""Networks of a few records, of which most is unknown: every page opens for everybody, and nothing is left out of a grid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.answers import providers
from dashboard.page import walk
from dashboard.upkeep.refresh import refresh
from data_access import database
from tests.conftest import PAGES, ROLES, STEWARD, some
from tests.small_loads import (
    AS_OF,
    FACETS,
    GRANTS,
    INITIATIVES,
    NEEDS,
    PRESENCES,
    PROJECTS,
    grant,
    initiative,
    load_book,
    load_text,
    visit_of,
)

Sheets = Mapping[str, list[list[Any]]]
PROJECT = ["p1", "Work", "A", None, None, "unknown"]
ONE = [INITIATIVES, initiative("A")]
NEED = ["n1", None, "A", date(2024, 1, 1), date(2024, 12, 31), None, "EUR", "budget", "low", None, None]
LOADS: dict[str, Sheets] = {
    "one initiative": {"Initiatives": ONE},
    "only a funder outside": {"Initiatives": [INITIATIVES, initiative("F", member="no")]},
    "a place and no project": {"Initiatives": ONE, "Presences": [PRESENCES, ["A", "GE", "team", "country", None]]},
    "a hidden place": {"Initiatives": ONE, "Presences": [PRESENCES, ["A", "GE", "team", "undisclosed", None]]},
    "a project of which nothing is known": {"Initiatives": ONE, "Projects": [PROJECTS, PROJECT]},
    "a project without an activity": {
        "Initiatives": ONE,
        "Projects": [PROJECTS, PROJECT],
        "Facets": [FACETS, ["p1", "host_country", "GE", None]],
    },
    "a project without a country": {
        "Initiatives": ONE,
        "Projects": [PROJECTS, PROJECT],
        "Facets": [FACETS, ["p1", "activity", "media", None]],
    },
    "a project in a withheld country": {
        "Initiatives": ONE,
        "Projects": [PROJECTS, PROJECT],
        "Facets": [FACETS, ["p1", "host_country", "GE", "yes"], ["p1", "activity", "media", None]],
    },
    "a grant without an amount": {
        "Initiatives": [INITIATIVES, initiative("A"), initiative("F", member="no")],
        "Grants": [GRANTS, grant("g1", "F", "A", None, signed=None, starts=None, ends=None)],
    },
    "a grant without a payer or days": {
        "Initiatives": ONE,
        "Grants": [GRANTS, grant("g1", None, "A", 10, signed=None, starts=None, ends=None)],
    },
    "a pledge": {
        "Initiatives": [INITIATIVES, initiative("A"), initiative("F", member="no")],
        "Grants": [GRANTS, grant("g1", "F", "A", 10, status="pledge")],
    },
    "a grant from nobody to somebody outside": {
        "Initiatives": [INITIATIVES, initiative("X", member="no")],
        "Grants": [GRANTS, grant("g1", None, "X", 10)],
    },
    "own money alone": {"Initiatives": ONE, "Grants": [GRANTS, grant("g1", "A", "A", 10, kind="carry_over")]},
    "a need of unknown amount": {"Initiatives": ONE, "Needs": [NEEDS, NEED]},
}
LOGS = {
    "no case": "",
    "a case opened": "1,2024-03-05,,\n",
    "a case closed without an outcome": "1,2024-03-05,2024-04-01,\n",
    "a case without any usable day": "1,0206-03-03,,\n",
}


pytestmark = pytest.mark.parametrize("empty", ["sqlite"], indirect=True)


def open_every_page(cell: str) -> None:
    for name, viewer in ROLES.items():
        for page in some(PAGES, 8, name, cell):
            report = walk.whole(page, visit_of(viewer), {})
            assert report.answer or report.tables or report.figures or report.notes, (page, viewer)


@pytest.mark.parametrize("name", some(list(LOADS), 4))
def test_every_page_of_a_network_of_which_little_is_known_opens_for_everybody(
    engines: dict[database.Which, Engine], tmp_path: Path, name: str
) -> None:
    load_book(engines, tmp_path, **LOADS[name])
    open_every_page(name)


@pytest.mark.parametrize("lines", some(list(LOGS.values()), 4))
def test_every_page_of_a_network_with_few_cases_opens_for_everybody(
    engines: dict[database.Which, Engine], tmp_path: Path, lines: str
) -> None:
    if lines:
        columns = {"route": "asylum", "country": "LT", "handler": "A"}
        load_text(engines, tmp_path / "log.csv", "case,opened,closed,outcome\n" + lines, column_map=columns)
    else:
        refresh(engines["shared"], engines["cases"], AS_OF)
    open_every_page(lines)


@pytest.mark.parametrize("missing", ["activity", "country"])
def test_a_place_or_activity_is_in_the_grid_though_the_other_is_not_stated(
    engines: dict[database.Which, Engine], tmp_path: Path, missing: str
) -> None:
    load_book(engines, tmp_path, **LOADS[f"a project without {'an' if missing == 'activity' else 'a'} {missing}"])
    drawn = providers.chart(visit_of(STEWARD), "host_country")
    assert drawn is not None
    axes = {str(name) for axis in ("x", "y") for name in drawn.picture.data[0][axis]}
    assert axes == ({"Georgia", "Not stated"} if missing == "activity" else {"Not stated", "Independent media"})


OF_NOTHING = re.compile(r"\b0 of (?:the )?0\b|^– \w|\b0 cannot\b")


@pytest.mark.parametrize("name", some(list(LOADS), 6))
def test_no_answer_title_or_note_counts_shares_of_nothing_and_no_figure_begins_with_a_dash(
    engines: dict[database.Which, Engine], tmp_path: Path, name: str
) -> None:
    load_book(engines, tmp_path, **LOADS[name])
    for role, viewer in ROLES.items():
        for page in some(PAGES, 8, role, name):
            report = walk.whole(page, visit_of(viewer), {})
            said = [
                report.answer,
                *(text for table in report.tables for text in (table.title, table.notes)),
                *report.notes,
            ]
            said += [figure.comparison for figure in report.figures]
            said += [figure.coverage for figure in report.figures if figure.coverage.startswith("– ")]
            assert [text for text in said if OF_NOTHING.search(text)] == [], (page, role)


@pytest.mark.parametrize("name", some(list(LOADS), 6))
def test_no_chart_of_months_or_recipients_is_drawn_of_nothing(
    engines: dict[database.Which, Engine], tmp_path: Path, name: str
) -> None:
    load_book(engines, tmp_path, **LOADS[name])
    for viewer in ROLES.values():
        report = walk.whole("funding_gaps", visit_of(viewer), {})
        drawn = [table for table in report.tables if table.key in ("cliff", "lorenz", "flow") and not table.rows.empty]
        unknown = [chart.key for chart in drawn if chart.key == "cliff" and chart.rows["signed"].isna().all()]
        for chart in drawn:
            amounts = chart.rows.select_dtypes("number").fillna(0)
            assert chart.key in unknown or amounts.ne(0).any(axis=None), (chart.key, viewer)
