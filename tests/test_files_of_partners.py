"""Small files as partners really send them, where they are at hand: each loads with its right figures, or says what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from dashboard.upkeep.loading import Request, bring
from data_access import schema
from data_access.importers import formats
from data_access.importers.records import Context, Problem, Record, Unreadable
from tests.conftest import some

pytestmark = pytest.mark.by_turns
FOLDERS = sorted(path for path in (Path(__file__).parents[2] / "shared/cases/files").glob("*") if path.is_dir())
PUBLISHED = sorted((Path(__file__).parents[2] / "shared/data").glob("[!t]*/*.*"))
RIGHT: dict[str, Mapping[str, Any]] = {
    "01-": {"grant": 2, "signed": 9_000_000}, "03-": {"grant": 1, "signed": 1_200_000}, "05b": {"grant": 2, "grant_country": 3},
    "07-": {"organisation": 2, "project": 3}, "07b": {"organisation": 5, "presence": 5}, "12-": {"signed": 1_000_000},
    "15-": {"rejected": 9}, "17-": {"presence": 3}, "19-": {"grant": 1, "signed": 1_200_000}, "33-": {"rejected": 12},
    "34-": {"presence": 7}, "35-": {"organisation": 2}, "38-": {"signed": 10_000_000}, "42-": {"grant": 4, "rejected": 0},
    "44-": {"organisation": 2},
}  # fmt: skip
"""Counts and sums (minor units) over all files of a folder, each under a source of its own."""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_file_of_partners_loads_or_says_what_to_do(empty, folder: Path) -> None:
    beside = folder / "map.json"
    column_map = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else None
    found: dict[str, int] = {"rejected": 0}
    refusals: list[tuple[str, str]] = []
    for file in sorted(path for path in folder.iterdir() if path.name not in ("expected.md", "map.json")):
        try:
            done = bring(empty, Request(file.name, [file], None, column_map), date(2026, 11, 25), lambda _n: None)
        except Unreadable as refusal:
            refusals.append((file.name, str(refusal)))
            continue
        found["rejected"] += done.rejected
        for entity, count in done.created.items():
            found[entity] = found.get(entity, 0) + count
        for problem in done.problems:
            assert problem.message.strip() and problem.suggestion.strip() and problem.place.file + problem.value
    assert all(name in said and said.endswith(".") for name, said in refusals)
    with empty["shared"].connect() as connection:
        found["signed"] = int(connection.scalar(select(func.sum(schema.grant.c.amount_minor))) or 0)
    expected = next((right for begin, right in RIGHT.items() if folder.name.startswith(begin)), {})
    assert {name: found.get(name, 0) for name in expected} == expected


@pytest.mark.parametrize("file", some(PUBLISHED, 3), ids=lambda path: path.name)
def test_of_a_file_that_its_publisher_wrote_few_rows_cannot_be_read(file: Path) -> None:
    context = Context("s")
    try:
        name = formats.format_of(file, context)
    except Unreadable:
        return
    found = list(formats.FORMATS[name].read([file], context))
    rejected = sum(isinstance(one, Problem) and not one.is_warning for one in found)
    assert rejected * 10 <= sum(isinstance(one, Record) for one in found)
