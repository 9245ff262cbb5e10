"""Every filter either changes what a page shows, or the page says that it does not apply: nothing is filtered by half."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest

from dashboard.page import walk
from dashboard.page.blocks import Report
from dashboard.page.reading import read
from dashboard.page.visit import open_visit
from data_access import addresses, queries
from data_access.filters import Filters
from tests.conftest import EVERYWHERE, PAGES, ROOT, STEWARD, open_sample_visit, some

CHOSEN: dict[str, dict[str, Any]] = {
    "host country": {"host_countries": ("LT",)},
    "activity": {"activities": ("media",)},
    "audience": {"audiences": ("youth",)},
    "funder": {"funders": ("the first on offer",)},
    "period": {"since": "2025-01", "until": "2025-06"},
    "state-linked programmes": {"include_state_linked": True},
}
NOTHING_TO_FILTER = {("data", "state-linked programmes")}
"""The sample's state-linked programmes have nothing to fix."""


def chosen(name: str) -> Filters:
    fields_chosen = dict(CHOSEN[name])
    if name == "funder":
        offered = queries.choices.initiatives_of("funder", STEWARD)
        fields_chosen["funders"] = (read(offered)["value"].iloc[0],)
    return replace(Filters(), **fields_chosen)


def content(report: Report) -> list[Any]:
    """Figures and rows, without the words that repeat the choice."""
    figures = [(figure.term, figure.value, figure.comparison) for figure in report.figures]
    return [figures, *((table.key, table.rows.to_csv(index=False)) for table in report.tables)]


@pytest.mark.parametrize("page", [page for page in PAGES if page != "definitions"])
def test_each_filter_changes_a_page_or_the_page_says_that_it_does_not_apply(
    deployment: addresses.Urls, page: str
) -> None:
    viewer = EVERYWHERE if page == "relocation" else STEWARD
    own = {"amount": "100000"} if page == "what_if" else {}
    whole = content(walk.whole(page, open_sample_visit(viewer), own))
    for name in some(list(CHOSEN), 3, page):
        report = walk.whole(page, open_sample_visit(viewer, chosen(name)), own)
        said = [note for note in report.notes if note.startswith("Does not apply on this page")]
        does_not_apply, is_changed = any(name in note for note in said), content(report) != whole
        if (page, name) not in NOTHING_TO_FILTER:
            assert does_not_apply or is_changed, f"{page}: {name} changes nothing and nobody says so"
        assert not (does_not_apply and is_changed), f"{page}: {name} is said not to apply and changes figures"
    open_visit(None)


def test_every_filter_is_tried() -> None:
    assert {field.name for field in fields(Filters)} == {field for chosen in CHOSEN.values() for field in chosen}


@pytest.mark.parametrize(
    "asked",
    ["import data_access.queries.choosing", "from dashboard.page import offer; offer.names(None)"],
    ids=["what it chooses", "what it is called"],
)
def test_a_filter_that_is_not_known_everywhere_is_refused(asked: str) -> None:
    planted = "from data_access import filters; filters.LISTS['planted'] = 'plants'; "
    if "choosing" not in asked:
        planted = "import data_access.queries.choosing; " + planted
    done = subprocess.run(
        [sys.executable, "-c", planted + asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "KeyError: 'planted'" in done.stderr
