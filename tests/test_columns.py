"""Columns belong to tables: what a heading means is what it means in that table, on screen and in every file."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from dashboard.answers import directory, profile, same_money, uploads
from dashboard.files import formats
from dashboard.page import walk
from dashboard.page.blocks import Report, Table
from dashboard.page.visit import Visit, open_visit
from dashboard.words import columns
from dashboard.words.columns import Column
from data_access import addresses
from data_access.filters import Filters
from data_access.importers import proposals
from tests.conftest import EVERYWHERE, PAGES, STEWARD, open_sample_visit

OPENED = {
    "what_if": [{"seat": "DE"}],
    "funding_gaps": [
        {"open_newcomers": "2023", "open_account": "passed_on", "open_cliff": "2026-10", "open_flow": "regranted"},
        *({"part": "reach", "open_figure": figure} for figure in ("dependent", "newcomers", "gap")),
    ],
    "overlap": [{}, {"part": "where", "across": "audience"}],
    "relocation": [{}, {"open_figure": "half_end_within"}, {"open_figure": "on_time"}],
    "overview": [{}, {"open_changes": "lapsed"}],
}


def test_a_table_with_a_column_of_its_own_says_so_everywhere(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Column("Of this table alone", "money", "Means something here.")
    monkeypatch.setitem(columns.OWN, "planted", {"projects": own})
    tables = [Table(key, key, pd.DataFrame({"projects": pd.array([150], "Int64")})) for key in ("planted", "other")]
    planted, other = json.loads(formats.as_json(Report("p", tables=tables), tables, "x"))["tables"]
    assert planted["columns"][0]["heading"] == f"Of this table alone ({visit.currency})"
    assert planted["columns"][0]["definition"] == "Means something here." and planted["rows"] == [{"projects": 1.5}]
    assert other["columns"][0]["heading"] == "Projects" and other["rows"] == [{"projects": 150}]
    assert "Of this table alone" in formats.comma_separated(Report("p", tables=tables), tables[:1], "x").decode()
    assert [name for name, _text in formats.column_facts(tables[0])] == [f"Of this table alone ({visit.currency})"]


def test_an_undeclared_column_never_leaves() -> None:
    with pytest.raises(KeyError):
        columns.presented(pd.DataFrame({"secret": [1]}), "planted")


def _steward() -> Visit:
    visit = open_sample_visit(STEWARD)
    open_visit(visit)
    return visit


def _any_slug() -> str:
    return str(directory.find(_steward())["slug"].iloc[0])


def test_every_own_column_is_in_its_table(deployment: addresses.Urls) -> None:
    met: dict[str, set[str]] = {}
    for page in PAGES:
        for viewer in (STEWARD, EVERYWHERE):
            whole, *parts = OPENED.get(page, [{}])
            reports = [walk.whole(page, open_sample_visit(viewer, Filters()), whole)]
            reports += [walk.one(page, open_sample_visit(viewer, Filters()), own) for own in parts]
            for table in (table for report in reports for table in report.tables):
                met.setdefault(table.key, set()).update(table.rows.columns)
    met["projects"] = set(profile.projects(profile.find(_steward(), _any_slug())).rows.columns)
    open_visit(None)
    for table in (same_money.listing([]), same_money.decisions([])):
        met[table.key] = set(table.rows.columns)
    met[uploads.FIRST_ROWS] = {what for kind in proposals.KINDS.values() for what in kind.fields}
    missing = {key: set(own) - met.get(key, set()) for key, own in columns.OWN.items()}
    assert {key: names for key, names in missing.items() if names} == {}
