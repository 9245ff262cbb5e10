"""Every filter either changes what a page shows, or the page says that it does not apply: nothing is filtered by half."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from dashboard import headless
from dashboard.data import read
from dashboard.report import Report
from dashboard.visit import open_visit
from data_access import database, queries
from data_access.filters import Filters
from tests.conftest import EVERYWHERE, STEWARD, open_sample_visit

PAGES = ("overview", "initiatives", "funding_gaps", "overlap", "relocation", "directory", "data")
CHOSEN: dict[str, Any] = {
    "host_countries": ("LT",),
    "activities": ("media",),
    "audiences": ("youth",),
    "funders": None,
    "since": "2025-01",
    "until": "2025-06",
    "include_state_linked": True,
}
NAMES = {
    "host_countries": "host country",
    "activities": "activity",
    "audiences": "audience",
    "funders": "funder",
    "since": "period",
    "until": "period",
    "include_state_linked": "state-linked programmes",
}


def chosen(field: str) -> Filters:
    if field == "funders":
        offered = queries.choices.initiatives_per_value("funder", Filters(), STEWARD)
        return Filters(funders=(read(offered)["value"].iloc[0],))
    return replace(Filters(), **{field: CHOSEN[field]})


def content(report: Report) -> list[Any]:
    """Figures and rows, without the words that repeat the choice."""
    figures = [(figure.term, figure.value, figure.comparison) for figure in report.figures]
    return [figures, *((table.key, table.rows.to_csv(index=False)) for table in report.tables)]


@pytest.mark.parametrize("page", PAGES)
def test_each_filter_changes_a_page_or_the_page_says_that_it_does_not_apply(
    deployment: database.Urls, page: str
) -> None:
    viewer = EVERYWHERE if page == "relocation" else STEWARD
    whole = content(headless.whole(page, open_sample_visit(viewer), {}))
    open_visit(open_sample_visit(viewer))
    for field in (one.name for one in fields(Filters)):
        report = headless.whole(page, open_sample_visit(viewer, chosen(field)), {})
        said = [note for note in report.notes if note.startswith("Does not apply on this page")]
        does_not_apply = any(NAMES[field] in note for note in said)
        assert does_not_apply or content(report) != whole, f"{page}: {field} changes nothing and nobody says so"
        assert not does_not_apply or content(report) == whole, (
            f"{page}: {field} is said not to apply and changes figures"
        )
    open_visit(None)
