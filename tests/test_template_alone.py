"""A network that fills in the template and nothing else has every figure that the invented world has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from dashboard.files import formats
from dashboard.page import walk
from dashboard.page.visit import open_visit
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, schema
from data_access.importers import load, template, write_template
from data_access.migrate import upgrade_both
from sample_data.world import AS_OF
from tests.conftest import PAGES, ROLES, open_sample_visit, serve, some
from tests.import_files import CONTEXT, TODAY

MADE_BY_PEOPLE_AND_COMMANDS = (schema.overlap_verdict, schema.published_cell, schema.publication_year)
OF_LOADS = {
    "sources",
    "source_ages",
    "loads",
    "problems",
    "changes",
    "sources_fresh",
    "sources_overdue",
    "failed_loads",
}
"""What says where records came from and when: another load, another story."""
DRAWN = {"money_follows_money"}
"""A figure of draws, which go by the order in which records were written."""


def engines_of(urls: addresses.Urls) -> dict[Any, Any]:
    return {"shared": connections.open_writer(urls.shared), "cases": connections.open_writer(str(urls.cases))}


@pytest.fixture
def both(own_sample: addresses.Urls, tmp_path: Path) -> tuple[addresses.Urls, addresses.Urls]:
    """The sample without what people and commands made beside the records, and what its dump makes of empty databases."""
    filled, made = engines_of(own_sample), addresses.Urls(f"sqlite:///{tmp_path}/s.db", f"sqlite:///{tmp_path}/c.db")
    with filled["shared"].begin() as connection:
        for table in MADE_BY_PEOPLE_AND_COMMANDS:
            connection.execute(delete(table))
        people = {
            table: connection.execute(select(table)).mappings().all()
            for table in (schema.viewer, schema.viewer_country)
        }
    write_template.dump(filled, tmp_path / "book.xlsx")
    empty = engines_of(made)
    upgrade_both(empty)
    assert load.load(empty, "our network", template.read([tmp_path / "book.xlsx"], CONTEXT), TODAY).rejected == 0
    with empty["shared"].begin() as connection:
        for table, rows in people.items():
            connection.execute(insert(table), list(map(dict, rows)))
    for engines in (filled, empty):
        refresh(engines["shared"], engines["cases"], AS_OF)
        for engine in engines.values():
            engine.dispose()
    return own_sample, made


def _row(table: str, row: dict[str, Any]) -> str:
    """A row as text; the two sides of a pair, and the numbers of groups, go by who was written first."""
    if table == "pairs":
        return json.dumps(sorted(map(str, (value for name, value in row.items() if name != "group"))))
    return json.dumps(row)


def told(page: str, role: str) -> dict[str, Any]:
    """Every figure and table of a page by its key, rows in one order."""
    report = walk.whole(page, open_sample_visit(ROLES[role]), {})
    found = json.loads(formats.as_json(report, report.tables, "x"))
    figures = {one["key"]: (one["value"], one["shown"], one["comparison"]) for one in found["figures"]}
    tables = {
        one["key"]: (one["title"], sorted(_row(one["key"], row) for row in one["rows"])) for one in found["tables"]
    }
    return {key: value for key, value in (figures | tables).items() if key not in OF_LOADS | DRAWN}


def test_the_dumped_sample_loaded_into_empty_databases_tells_what_the_sample_tells(
    both: tuple[addresses.Urls, addresses.Urls], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for urls in both:
        serve(urls, monkeypatch)
        found.append({(page, role): told(page, role) for role in ROLES for page in some(PAGES, 4, role)})
    open_visit(None)
    for cell, expected in found[0].items():
        assert expected and found[1][cell] == expected, cell
