"""Programmes side by side on the sample: equal definitions, own countries alone, published cells alone."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboard.page import walk
from dashboard.page.visit import open_visit
from data_access.filters import Filters
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit

pytestmark = pytest.mark.usefixtures("deployment")


def tables(viewer: Viewer, country: str | None = None, **own: str) -> dict[str, pd.DataFrame]:
    visit = open_sample_visit(viewer, Filters(host_countries=(country,) if country else ()))
    report = walk.one("relocation", visit, own)
    open_visit(None)
    return {table.key: table.rows for table in report.tables}


@pytest.mark.parametrize("country", ["DE", "LT"])
def test_a_programme_has_the_figures_that_its_route_has_in_its_country(country: str) -> None:
    side_by_side = tables(EVERYWHERE, part="programmes")["programmes"]
    own = side_by_side[side_by_side["host_country"] == country].set_index("route")
    routes = tables(EVERYWHERE, country, part="outcomes")["routes"].set_index("route").loc[own.index]
    assert list(own["followed"]) == list(routes["followed"])
    both = own["half_days"].notna() & routes["half_days"].notna()
    assert both.any() and list(own["half_days"][both]) == list(routes["half_days"][both])
    both = own["relocated_180"].notna() & routes["relocated_180"].notna()
    assert both.any() and own["relocated_180"][both].tolist() == pytest.approx(
        routes["relocated_180"][both].tolist(), abs=0.005
    )


def test_a_point_is_named_where_its_difference_can_be_told_and_nowhere_else() -> None:
    rows = tables(EVERYWHERE, part="programmes")["programmes"]
    told = {
        "wait_difference": "waiting time",
        "relocated_difference": "relocated by day 180",
        "on_time_difference": "on time",
    }
    for row in rows.to_dict("records"):
        named = f"{row['strong']} {row['weak']}"
        for column, word in told.items():
            assert (word in named) == ("than all" in row[column]), (row["host_country"], row["route"], column)
    assert rows["strong"].notna().any() and rows["weak"].notna().any()


def test_one_route_is_compared_with_itself_everywhere() -> None:
    rows = tables(EVERYWHERE, part="programmes", programmes_of="humanitarian_visa")["programmes"]
    assert set(rows["route"]) == {"humanitarian_visa"} and len(rows) > 3


def test_a_coordinator_sees_the_programmes_of_her_countries_alone() -> None:
    assert set(tables(LITHUANIAN, part="programmes")["programmes"]["host_country"]) == {"LT"}


@pytest.mark.parametrize("viewer", [FUNDER, STEWARD], ids=["funder", "steward"])
def test_everybody_else_reads_them_from_published_cells(viewer: Viewer) -> None:
    found = tables(viewer)
    assert "programmes" not in found
    rows = found["programmes_published"]
    for column in ("asked", "ended", "relocated_people"):
        assert all(text == "<10" or int(text.replace(",", "")) % 5 == 0 for text in rows[column])
    shown = rows[rows["relocated_share"].notna()]
    assert len(shown) and (shown["ended"].str.replace(",", "").astype(int) >= 30).all()
    assert (rows.loc[rows["relocated_share"].isna(), "relocated_beside"] == "too few to say").all()
