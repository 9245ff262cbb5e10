"""Two organisations, or two projects, that are called alike are two: in every figure, in every table and in every list."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import partial

import pandas as pd
import pytest
from sqlalchemy import text

from dashboard.answers import open_data
from dashboard.commands import publish_data
from dashboard.page import walk
from dashboard.page.blocks import Report
from dashboard.page.reading import forget
from data_access import addresses, connections, database
from data_access.viewer import Viewer
from tests.conftest import FUNDER, LITHUANIAN, PAGES, STEWARD, open_sample_visit, some
from tests.test_pages import PARTS, ROLES, lists_of, open_page

PAGE_PARTS = [(page, "") for page in ("overview", "initiatives", "directory", "data")] + [
    (page, part) for page, parts in PARTS.items() for part in parts
]
OWN = {
    "what_if": {"leaving": "calloway-reach-foundation-154", "initiative": "vereskovyy-most-1"},
    "overlap": {"around": "1"},
}


def everything(viewer: Viewer) -> dict[str, Report]:
    pages = some([page for page in PAGES if page != "initiative"], 2, viewer.clearance)
    return {page: walk.whole(page, open_sample_visit(viewer), OWN.get(page, {})) for page in pages}


def call_alike(urls: addresses.Urls) -> None:
    """Many organisations share a name now, and all projects."""
    with connections.open_writer(urls.shared).begin() as connection:
        connection.execute(text("UPDATE organisation SET name = CASE id % 3 WHEN 0 THEN 'Dawn' ELSE 'Dusk' END"))
        connection.execute(text("UPDATE project SET name = 'Legal aid'"))
    forget()


def without_names(rows: pd.DataFrame) -> dict[str, Counter]:
    """How often each value stands in each column that holds no texts."""
    return {
        column: Counter(map(str, rows[column].round(9) if rows[column].dtype.kind == "f" else rows[column]))
        for column in rows
        if not pd.api.types.is_string_dtype(rows[column]) and rows[column].dtype != object
    }


@pytest.mark.parametrize("viewer", [FUNDER, LITHUANIAN, STEWARD], ids=lambda viewer: viewer.clearance)
def test_no_figure_and_no_table_changes_when_organisations_and_projects_are_called_alike(
    own_sample: addresses.Urls, viewer: Viewer
) -> None:
    before = everything(viewer)
    call_alike(own_sample)
    apart = []
    for page, now in everything(viewer).items():
        was = before[page]
        assert [(one.term, one.value) for one in now.figures] == [(one.term, one.value) for one in was.figures], page
        assert [table.key for table in now.tables] == [table.key for table in was.tables], page
        for table, earlier in zip(now.tables, was.tables, strict=True):
            if len(table.rows) != len(earlier.rows) or without_names(table.rows) != without_names(earlier.rows):
                apart.append((page, table.key, len(earlier.rows), len(table.rows)))
    assert not apart


def test_open_data_count_two_that_are_called_alike_as_two(own_sample: addresses.Urls) -> None:
    as_of = date(2026, 10, 18)

    def organisations() -> int:
        with connections.open_reader(own_sample.shared).connect() as connection:
            found = open_data.collected(partial(database.run, connection), as_of)
        return publish_data._as_hxl(found, publish_data.Publisher("", "", "", ""), as_of).count

    before = organisations()
    call_alike(own_sample)
    assert organisations() == before > 2


@pytest.mark.parametrize("role", ROLES)
def test_no_list_of_any_page_holds_two_names_that_are_alike(own_sample: addresses.Urls, role: str) -> None:
    call_alike(own_sample)
    several = 0
    for page, part in some(PAGE_PARTS, 2, role):
        app = open_page(page, role)
        if part and f"part_{page}" in app.session_state:
            app.session_state[f"part_{page}"] = part
            app.run()
        for key, names in lists_of(app).items():
            assert len(set(names)) == len(names), (page, part, key)
            several += len(names) > 20
    assert several > 3
