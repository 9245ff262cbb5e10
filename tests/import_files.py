"""What tests of importers share: the network's codes as readers know them, small files, and a look into a table."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import Engine, select

from data_access.importers.records import Context
from data_access.vocabulary import code_rows, route_rows

TODAY = date(2026, 10, 18)
VOCABULARY: dict[str, set[str]] = {"route": {str(row["code"]) for row in route_rows()}}
for row_ in code_rows():
    VOCABULARY.setdefault(str(row_["facet"]), set()).add(str(row_["code"]))
CONTEXT = Context("register", VOCABULARY, salt="s" * 64)


def book(path: Path, **sheets: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        page = made.create_sheet(title.replace("_", " "))
        for row in rows:
            page.append(row)
    made.save(path)
    return path


def rows_of(engine: Engine, table: Any) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]


def as_json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
