"""One table of a page as a program reads it again and again: what a funder may see, the same rows and values as on the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from dashboard.answers import published
from dashboard.answers.live_reading import NEVER
from dashboard.files import formats
from dashboard.page import links, offer, registry
from dashboard.page.blocks import Block, Choice, Day, Number, Report, Several, Table
from dashboard.page.opening import open_view
from dashboard.page.visit import Visit, open_visit
from dashboard.page.walk import PART, Asked, one
from data_access.i18n import language, languages
from data_access.viewer import Viewer

OF_PUBLISHED_CELLS = "relocation"
NOT_OF_A_KEY = frozenset({"as", links.EVERYWHERE})
"""What a link of the sample or of a coordinator asks: a key reads what a funder reads."""
MIMES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": formats.FORMATS["xlsx"].mime,
    "meta.json": "application/json",
}


class NoSuchTable(Exception):
    """There is no such page, table or kind of file, or it is none that is read live."""


class NotUnderstood(Exception):
    """A parameter that nobody knows or whose value is not on offer; the message names it."""


@dataclass(frozen=True)
class Wanted:
    """A table by page, key and kind of file, and what the address asks of it."""

    page: str
    table: str
    ending: str
    asked: Mapping[str, str]


@dataclass(frozen=True)
class Live:
    """What is handed over: bytes, how many rows they hold, and the filters they are of."""

    content: bytes
    rows: int
    filters: str


@dataclass(frozen=True)
class _Noting(Asked):
    """Answers the choices of a page by the address, and notes which there are."""

    met: set[str] = field(default_factory=set)

    def show(self, block: Block, report: Report) -> Any:
        if isinstance(block, Choice | Several | Day | Number):
            self.met.add(block.key)
        return super().show(block, report)


def make(wanted: Wanted, subject: str) -> Live:
    """The table of a page as funders see it now. Raises NoSuchTable, NotUnderstood, and what reading raises."""
    visit = _visit(wanted, subject)
    report, table = _found(wanted, visit)
    if report.page == OF_PUBLISHED_CELLS:
        table = _with_release(table, visit)
    content = {"csv": _csv, "json": _json, "xlsx": _excel, "meta.json": _described}[wanted.ending](report, table, visit)
    return Live(content, len(table.rows), visit.link.partition("?")[2])


def _visit(wanted: Wanted, subject: str) -> Visit:
    spoken = wanted.asked.get(links.LANGUAGE, "en")
    if spoken not in languages():
        raise NotUnderstood(f"{links.LANGUAGE}={spoken}")
    language.set(spoken)
    visit, dropped = open_view(Viewer("funder", (), subject), wanted.asked)
    if dropped:
        raise NotUnderstood(", ".join(f"{name}={wanted.asked[name]}" for name in dropped))
    return visit


def _found(wanted: Wanted, visit: Visit) -> tuple[Report, Table]:
    own = dict(visit.own) | {name: wanted.asked[name] for name in NOT_OF_A_KEY & wanted.asked.keys()}
    try:
        page = registry.find(wanted.page)
    except registry.NoSuchPage as fault:
        raise NoSuchTable from fault
    if wanted.table in NEVER or wanted.ending not in MIMES:
        raise NoSuchTable
    visit.own = {name: value for name, value in own.items() if name != PART}
    visit.link = links.to(page.path, links.parameters(visit))
    met: set[str] = {PART, *([page.about] if page.about else [])}
    found = None
    for report in _parts(wanted.page, visit, own, met):
        found = found or next(((report, table) for table in report.tables if table.key == wanted.table), None)
    if unknown := sorted(own.keys() - met):
        raise NotUnderstood(", ".join(unknown))
    if found is None:
        raise NoSuchTable
    return found


def _parts(file: str, visit: Visit, own: Mapping[str, str], met: set[str]) -> list[Report]:
    """Every part of a page, one report each; `met` gets the names of the choices that were asked on the way."""
    asked = {name: value for name, value in own.items() if name != PART}
    first = one(file, visit, asked, _Noting(asked, met))
    others = ({**asked, PART: part} for part in first.parts[1:])
    return [first, *(one(file, visit, chosen, _Noting(chosen, met)) for chosen in others)]


def _with_release(table: Table, visit: Visit) -> Table:
    """A table of published cells, each row with its release and what protects it."""
    found = published.find(visit)
    releases = table.rows["period"] if "period" in table.rows else pd.Series(found.newest, index=table.rows.index)
    rows = table.rows.assign(release=releases.astype("str"), note=published.protection())
    return replace(table, rows=rows)


def _csv(_report: Report, table: Table, _visit: Visit) -> bytes:
    """Headings and rows, nothing before them: UTF-8."""
    return formats.bare_csv(table)


def _json(_report: Report, table: Table, _visit: Visit) -> bytes:
    return json.dumps(formats.table_values(table)["rows"], ensure_ascii=False, indent=1).encode()


def _excel(report: Report, table: Table, visit: Visit) -> bytes:
    """The workbook of the button, without what tells when something was loaded: equal rows are equal bytes."""
    open_visit(replace(visit, versions=dict.fromkeys(visit.versions, ""), last_load=None))
    try:
        return formats.excel(report, [table], "")
    finally:
        open_visit(visit)


def _described(report: Report, table: Table, visit: Visit) -> bytes:
    """What the table is: definitions, units, as-of and filters; nothing of loads."""
    told = formats.table_values(table)
    about = {
        "page": report.page,
        "table": table.key,
        "title": table.title,
        "note": table.notes,
        "as_of": f"{visit.as_of:%Y-%m-%d}",
        "filters": offer.sentence(visit),
        "choices": dict(visit.own),
        "currency": visit.currency,
        "language": language.get(),
        "role": visit.viewer.role,
        "is_sample": visit.is_sample,
        "columns": told["columns"],
        "notes": list(report.notes),
    }
    return json.dumps(about, ensure_ascii=False, indent=1).encode()
