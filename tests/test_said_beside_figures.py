"""What stands beside a figure says what the figure is of."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from dashboard.answers import funding, legal_stays, portfolio
from dashboard.files import formats
from dashboard.metrics.funding import CoverageTotals
from dashboard.metrics.statistics import Coverage
from dashboard.page.blocks import Report, Table
from dashboard.page.visit import Visit
from data_access.filters import Filters
from tests.conftest import open_sample_visit


@pytest.mark.parametrize(
    ("since", "until", "is_said"),
    [(None, None, False), ("2025-01", "2025-12", False), ("2025-01", "2025-06", True), ("2024-01", "2025-12", True)],
)
def test_a_period_that_is_no_year_is_said_to_cut_the_months_alone(
    visit: Visit, since: str | None, until: str | None, is_said: bool
) -> None:
    own = open_sample_visit(filters=Filters(since=since, until=until))
    assert ("2025" in funding.period_words(portfolio.picture(own))) == is_said


def test_a_lowest_need_above_the_highest_is_never_sorted_away(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def under(_money: portfolio.Portfolio, tier: str) -> CoverageTotals:
        return CoverageTotals(Coverage(2, 2), 900_00, 100_00, {"lowest": 800_00, "highest": 500_00}[tier], 0)

    monkeypatch.setattr(portfolio, "under", under)
    said = funding.gap(portfolio.picture(open_sample_visit())).comparison
    assert said.startswith("by each line's lowest stated need €800, by its highest €500")


def test_no_running_stay_is_no_pace_of_zero(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    none = pd.DataFrame({"left": pd.Series(dtype="Int64"), "cases": pd.Series(dtype="Int64")})
    monkeypatch.setattr(legal_stays, "_cases", lambda _visit: none)
    monkeypatch.setattr(legal_stays, "_issued_per_week", lambda _visit: 3.0)
    pace = legal_stays._pace_needed(open_sample_visit())
    assert (pace.value, pace.shown) == (None, "–")


def test_the_csv_of_a_page_is_called_what_it_is(visit: Visit, tmp_path: Path) -> None:
    table = Table("k", "t", pd.DataFrame({"total": [1]}))
    form = formats.SEVERAL_CSV
    for tables in ([table], [table, replace(table, key="l")]):
        path = tmp_path / f"page.{form.ending}"
        path.write_bytes(form.make(Report("p", tables=tables), tables, "id"))
        assert zipfile.is_zipfile(path) and len(zipfile.ZipFile(path).namelist()) == len(tables)
