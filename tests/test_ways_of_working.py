"""How groups work: pure rules, and what a viewer may see of it."""

from __future__ import annotations

import pandas as pd
import pytest
from sqlalchemy import select, text

from dashboard.answers import profile
from dashboard.metrics import receiving, ways_of_working
from dashboard.page import walk
from dashboard.page.visit import open_visit
from data_access import addresses, connections, schema
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, STEWARD, open_sample_visit

PLACES = pd.DataFrame(
    [(1, "LT"), (1, "DE"), (2, "DE"), (3, "GE"), (4, None)], columns=["organisation_id", "host_country"]
)
PAIRS = pd.DataFrame([(1, 2), (2, 3), (3, 4)], columns=["organisation_a", "organisation_b"])


def test_a_partnership_crosses_a_border_where_the_two_have_no_country_in_common() -> None:
    assert list(ways_of_working.crossings(PAIRS, PLACES)) == ["in_one_country", "across_borders", "place_unknown"]


def test_teams_in_several_countries_are_counted_among_those_whose_country_is_known() -> None:
    assert ways_of_working.teams_abroad(PLACES) == ways_of_working.Coverage(1, 3)


def test_countries_are_connected_once_for_each_pair_a_partnership_stands_for() -> None:
    found = ways_of_working.between_countries(PAIRS, PLACES)
    assert list(found.itertuples(index=False, name=None)) == [("DE", "DE", 1), ("DE", "GE", 1), ("DE", "LT", 1)]


def test_people_nobody_states_are_unknown_and_not_none() -> None:
    assert ways_of_working.stated_people(pd.Series([3, None, 0], dtype="Int64")) == (3, ways_of_working.Coverage(2, 3))
    assert ways_of_working.stated_people(pd.Series([None], dtype="Int64"))[0] is None


def test_money_of_more_than_a_year_is_a_share_of_what_has_days() -> None:
    grants = pd.DataFrame(
        {
            "minor": pd.array([100, 300, 500, None], "Int64"),
            "starts_on": pd.to_datetime(["2024-01-01", "2024-01-01", None, "2024-01-01"]),
            "ends_on": pd.to_datetime(["2024-12-31", "2025-12-31", "2025-12-31", "2024-01-31"]),
        }
    )
    found = receiving.lengths(grants)
    assert found.multi_year == 0.75 and (found.dated.known, found.dated.total) == (3, 4)
    assert found.months == pytest.approx(366 / (365.25 / 12))


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("viewer", [FUNDER, EVERYWHERE, STEWARD], ids=lambda viewer: viewer.clearance)
def test_the_figures_are_those_of_the_tables_below_them(viewer: Viewer) -> None:
    report = walk.one("initiatives", open_sample_visit(viewer), {"part": "how"})
    open_visit(None)
    tables, told = {table.key: table for table in report.tables}, {one.term: one.value for one in report.figures}
    assert told["without_partner"] == len(tables["no_partner"].rows)
    pairs = tables["partnerships"]
    assert pairs.title.startswith(
        f"{(pairs.rows['crossing'] == 'across_borders').sum()} of {(pairs.rows['crossing'] != 'place_unknown').sum()} "
    )
    assert len(tables["results"].rows) and tables["results"].rows["number"].isna().any()
    assert 0 < told["partners_abroad"] < 1 and 0 < told["teams_abroad"] < 1


def test_website_and_description_are_shown_of_public_initiatives_alone(own_sample: addresses.Urls) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("UPDATE organisation SET website = 'https://planted.example', description = 'planted'"))
        named = {
            visibility: connection.scalar(
                select(schema.organisation.c.slug).where(
                    schema.organisation.c.visibility == visibility, schema.organisation.c.is_initiative
                )
            )
            for visibility in ("public", "network", "aggregate_only")
        }
    visit = open_sample_visit(STEWARD)
    shown = {visibility: dict(profile.facts(profile.find(visit, slug))) for visibility, slug in named.items()}
    open_visit(None)
    assert shown["public"]["Website"] == "https://planted.example" and shown["public"]["In its words"] == "planted"
    assert all(
        "Website" not in shown[other] and "In its words" not in shown[other] for other in ("network", "aggregate_only")
    )
