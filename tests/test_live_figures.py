"""Whatever changes with a live case is marked as an exact figure of live cases; nothing a funder reads changes with one.

The law is read off behaviour: cases are taken away, and what pages then show differently must have said that it is live.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from dashboard.metrics import relocation
from dashboard.page import reading, walk
from dashboard.page.blocks import Report
from dashboard.page.visit import open_visit
from data_access import addresses, case_summaries, connections
from data_access.viewer import Viewer
from sample_data.world import AS_OF
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, PAGES, STEWARD, open_sample_visit, some

Shown = dict[tuple[str, str], tuple[bool, object]]


def shown(report: Report) -> Iterator[tuple[tuple[str, str], tuple[bool, object]]]:
    """Every figure and table of a report: whether it says it is live, and what it shows."""
    for figure in report.figures:
        yield (
            (report.page, f"figure {figure.term}"),
            (figure.is_live, (figure.value, figure.comparison, figure.coverage)),
        )
    for table in report.tables:
        yield (report.page, table.key), (table.is_live, (table.title, table.rows.to_csv(index=False)))


def all_pages(viewer: Viewer) -> Shown:
    found: Shown = {}
    for page in PAGES:
        found |= dict(shown(walk.whole(page, open_sample_visit(viewer), {})))
    open_visit(None)
    return found


def take_cases_away(urls: addresses.Urls) -> None:
    """Every third case goes, and the summaries are made anew; the published cells stay."""
    with connections.open_writer(str(urls.cases)).begin() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        gone = "SELECT id FROM relocation_case WHERE rowid % 3 = 0"
        episodes = f"SELECT id FROM case_episode WHERE case_id IN ({gone})"
        for table in ("stage_event", "hold"):
            connection.execute(text(f"DELETE FROM {table} WHERE episode_id IN ({episodes})"))
        connection.execute(text(f"DELETE FROM case_episode WHERE case_id IN ({gone})"))
        case_summaries.rebuild(connection, AS_OF, relocation.STANDARD_DAYS, relocation.HORIZONS, {})
    reading.forget()


def test_what_changes_with_a_live_case_says_that_it_is_live(own_sample: addresses.Urls) -> None:
    viewers = {"all": EVERYWHERE, "LT": LITHUANIAN}
    before = {name: all_pages(viewer) for name, viewer in viewers.items()}
    take_cases_away(own_sample)
    for name, viewer in viewers.items():
        after = all_pages(viewer)
        changed = {key for key in before[name].keys() | after.keys() if before[name].get(key) != after.get(key)}
        unmarked = {key for key in changed for one in (before[name], after) if key in one and not one[key][0]}
        assert changed and unmarked == set(), (name, unmarked)


@pytest.mark.parametrize("viewer", some([FUNDER, STEWARD], 2), ids=str)
def test_nothing_that_others_read_changes_with_a_live_case(own_sample: addresses.Urls, viewer: Viewer) -> None:
    before = all_pages(viewer)
    take_cases_away(own_sample)
    assert all_pages(viewer) == before and not any(is_live for is_live, _what in before.values())
