"""Our workbook written: empty to fill in, or with everything the template covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import Connection, Engine, select

from data_access import schema
from data_access.database import Which
from data_access.importers.entities import kept_for
from data_access.importers.template import Field, rows, sheets
from data_access.importers.template_cells import MICRO
from data_access.workbooks import INERT_TEXT, write_cell


def write_template(path: Path, language: str = "en") -> None:
    """An empty workbook with headings, drop-downs for codes, and one example row per sheet, which is never loaded."""
    _write(path, language, {}, with_example=True)


def dump(engines: Mapping[Which, Engine], path: Path, language: str = "en") -> dict[str, int]:
    """Everything the template covers, as a workbook that loads into an empty database; returns rows per sheet."""
    rows = {sheet.entity: list(_dumped(engines, sheet.entity)) for sheet in sheets()}
    _write(path, language, rows, with_example=False)
    return {entity: len(found) for entity, found in rows.items()}


def _write(path: Path, language: str, rows: Mapping[str, list[dict[str, Any]]], *, with_example: bool) -> None:
    options = INERT_TEXT | {"constant_memory": not with_example}
    with path.open("wb") as file, xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF4", "text_wrap": True})
        grey = book.add_format({"italic": True, "font_color": "#7A7A7A"})
        for sheet in sheets():
            page = book.add_worksheet(sheet.titles[language])
            page.freeze_panes(1, 0)
            for column, field in enumerate(sheet.fields):
                page.set_column(column, column, max(14, len(field.titles[language]) + 4))
                page.write_string(0, column, field.titles[language] + (" *" if field.required else ""), bold)
                if with_example:
                    page.write_comment(0, column, field.descriptions[language])
                    page.write_string(1, column, field.example, grey)
                    _drop_down(page, column, field)
            for number, row in enumerate(rows.get(sheet.entity, ()), 1):
                for column, field in enumerate(sheet.fields):
                    value = row.get(field.name)
                    said = ("yes" if value else "no") if isinstance(value, bool) else value
                    write_cell(page, number, column, said)


def _drop_down(page: Any, column: int, field: Field) -> None:
    choices = list(field.codes) or (["yes", "no"] if field.type == "boolean" else [])
    if choices and len(",".join(choices)) <= 255:
        page.data_validation(2, column, 5000, column, {"validate": "list", "source": choices, "error_type": "warning"})


def _dumped(engines: Mapping[Which, Engine], entity: str) -> Iterator[dict[str, Any]]:
    which: Which = "shared" if entity in schema.shared.tables else "cases"
    if which not in engines:
        return
    with engines["shared"].connect() as shared:
        names = _names(shared, schema.organisation, "slug")
        names |= {gone: names[kept] for gone, kept in kept_for(shared).items()}
        projects = _names(shared, schema.project, "slug")
        grants = _names(shared, schema.grant, "reference")
        if which == "shared":
            yield from _dumped_shared(shared, entity, names, projects, grants)
            return
    with engines["cases"].connect() as cases:
        yield from _dumped_cases(cases, entity, names)


def _names(connection: Connection, table: Any, column: str) -> dict[int, str]:
    return {row[0]: row[1] for row in connection.execute(select(table.c.id, table.c[column]))}


def _dumped_shared(
    connection: Connection, entity: str, names: dict[int, str], projects: dict[int, str], grants: dict[int, str]
) -> Iterator[dict[str, Any]]:
    shares: dict[int, list[str]] = {}
    if entity == "grant":
        for row in rows(connection, schema.grant_country):
            share = "" if row["share_bp"] is None else f" {Decimal(row['share_bp']) / 100:f}"
            shares.setdefault(row["grant_id"], []).append(f"{row['host_country']}{share}")
    for row in rows(connection, schema.shared.tables[entity]):
        row |= {name: Decimal(row[name]) / 100 for name in row if name.endswith("_minor") and row[name] is not None}
        if entity == "fx_rate":
            row["micro_per_eur"] = Decimal(row["micro_per_eur"]) / MICRO
        row |= {
            "organisation": names.get(row.get("organisation_id")),  # type: ignore[arg-type]
            "project": projects.get(row.get("project_id")),  # type: ignore[arg-type]
            "grant": grants.get(row.get("grant_id")),  # type: ignore[arg-type]
            "fiscal_host": names.get(row.get("fiscal_host_id")),  # type: ignore[arg-type]
            "funder": names.get(row.get("funder_id")),  # type: ignore[arg-type]
            "recipient": names.get(row.get("recipient_id")),  # type: ignore[arg-type]
            "parent": grants.get(row.get("parent_grant_id")),  # type: ignore[arg-type]
            "first": names.get(row.get("organisation_a")),  # type: ignore[arg-type]
            "second": names.get(row.get("organisation_b")),  # type: ignore[arg-type]
            "countries": "; ".join(shares.get(row.get("id", 0), [])) or None,
            "key": f"{entity[0].upper()}{row.get('id')}",
        }
        yield row


def _dumped_cases(connection: Connection, entity: str, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    if entity != "case_event":
        for row in rows(connection, schema.cases.tables[entity]):
            yield row | {"handler": names.get(row.get("handler_id"))}  # type: ignore[arg-type]
        return
    known: dict[str, dict[str, Any]] = {}
    for row in rows(connection, schema.case_episode):
        known[row["id"]] = {"case": row["case_id"], "episode_no": row["episode_no"], "episode": row["id"]}
        opened = {"event": "opened", "date": row["opened_on"], "route": row["route"],
                  "host_country": row["host_country"], "recorded_on": row["recorded_on"]}  # fmt: skip
        yield known[row["id"]] | opened
        if row["entered_on"] is not None:
            yield known[row["id"]] | {"event": "entered", "date": row["entered_on"]}
        if row["status"] == "closed":
            yield known[row["id"]] | {"event": "closed", "date": row["closed_on"], "outcome": row["outcome"]}
    for row in rows(connection, schema.stage_event):
        yield known[row["episode_id"]] | {
            "event": row["stage"],
            "date": row["entered_on"],
            "recorded_on": row["recorded_on"],
        }
    for row in rows(connection, schema.hold):
        held = {"event": "hold", "date": row["held_from"], "until": row["held_to"], "reason": row["reason"]}
        yield known[row["episode_id"]] | held
    for row in rows(connection, schema.after_arrival):
        yield known[row["episode_id"]] | {"event": row["event"], "date": row["on_date"], "until": row["until"]}
