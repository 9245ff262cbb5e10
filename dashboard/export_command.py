"""`meridian export` and `meridian brief`: what the buttons give, without a browser. They trust whoever has the database
credentials, and are not logged."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from dashboard import brief, export, filter_bar, headless, links
from dashboard.data import read_metas
from dashboard.i18n import _
from dashboard.opening import open_for
from dashboard.report import Report
from dashboard.visit import Visit, open_visit
from data_access.filters import LISTS, from_parameters, joined
from data_access.schema import ROLES
from data_access.viewer import Viewer

PAGES = ("overview", "initiatives", "funding_gaps", "overlap", "relocation", "directory", "data", "definitions")
ANY_DAY = ("initiatives", "funding_gaps", "directory", "initiative", "definitions")
EARLIEST = date(2022, 1, 1)


class NotAsked(ValueError):
    """What was asked for cannot be given; the message says why."""


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add `export` and `brief` to the parser of `meridian`."""
    take = commands.add_parser("export", help="write what a page shows: every figure, table and chart of all its parts")
    take.add_argument("page", help=f"one of {', '.join(PAGES)}, initiative (with --choice id=…), or all")
    take.add_argument("--format", choices=list(export.FORMATS), default="xlsx")
    take.add_argument(
        "--choice",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a choice of the page itself, as in its link",
    )
    take.set_defaults(run=_export)
    short = commands.add_parser("brief", help="write two pages for a board or a ministry, as HTML to print")
    short.set_defaults(run=_brief)
    for parser in (take, short):
        parser.add_argument(
            "--out", type=Path, metavar="FILE", help="where to write; JSON without it goes to the screen"
        )
        for name in LISTS:
            parser.add_argument(f"--{name}", action="append", default=[], metavar="CODE")
        parser.add_argument("--from", dest="since", metavar="YYYY-MM")
        parser.add_argument("--to", dest="until", metavar="YYYY-MM")
        parser.add_argument("--state", action="store_true", help="include state-linked programmes")
        parser.add_argument("--currency", choices=links.CURRENCIES, default=links.CURRENCIES[0])
        parser.add_argument("--as", dest="role", choices=ROLES, default="funder")
        parser.add_argument("--scope", default="", metavar="DE,LT", help="a coordinator's host countries; default: all")
        parser.add_argument("--as-of", type=date.fromisoformat, help="cut-off date; default: the recorded one")
        parser.add_argument(
            "--export-id", default=None, help="the id inside the file: the same one gives the same bytes"
        )


def _visit(chosen: argparse.Namespace) -> Visit:
    scope = tuple(sorted(filter(None, chosen.scope.upper().split(",")))) or None
    try:
        viewer = Viewer(
            chosen.role, scope if chosen.role == "coordinator" else None if chosen.role == "steward" else ()
        )
    except ValueError as problem:
        raise NotAsked(str(problem)) from None
    visit = open_for(viewer, read_metas())
    allowed = {name: filter_bar.on_offer(name, visit) for name in LISTS}
    asked = {name: joined(_values(getattr(chosen, name), allowed[name])) for name in LISTS if getattr(chosen, name)}
    asked |= {name: value for name, value in (("from", chosen.since), ("to", chosen.until)) if value}
    asked |= {"state": "1"} if chosen.state else {}
    filters, dropped = from_parameters(asked, allowed)
    if dropped:
        raise NotAsked(f"Not on offer for a {chosen.role}: {', '.join(f'{name} {asked[name]}' for name in dropped)}.")
    visit.filters, visit.currency = filters, chosen.currency
    return visit


def _values(said: Sequence[str], allowed: Collection[str]) -> list[str]:
    """The values of a repeated option; one that is not on offer as it stands may be several with commas between them."""
    return [value for text in said for value in ([text] if text in allowed else text.split(","))]


def _dated(visit: Visit, pages: list[str], as_of: date | None) -> Visit:
    """The visit at another cut-off, where nothing that was summed up at refresh is shown. Raises NotAsked."""
    if as_of is None or pd.Timestamp(as_of) == visit.as_of:
        return visit
    if not EARLIEST <= as_of <= visit.as_of.date():
        raise NotAsked(f"--as-of can be from {EARLIEST} to {visit.as_of:%Y-%m-%d}, up to which data are recorded.")
    summed = [page for page in pages if page not in ANY_DAY]
    if summed:
        raise NotAsked(
            f"{', '.join(summed)}: cases and overlap are summed up as of {visit.as_of:%Y-%m-%d}. Run `meridian refresh "
            f"--as-of {as_of}` first, or leave --as-of out."
        )
    return replace(visit, as_of=pd.Timestamp(as_of))


def reports(visit: Visit, pages: list[str], own: dict[str, str]) -> list[tuple[Report, str]]:
    """What each page shows, with the link that restores it."""
    found = []
    for page in pages:
        visit.own = own
        visit.link = links.to("" if page == "overview" else page.replace("_", "-"), links.parameters(visit))
        found.append((headless.whole(page, visit, own), visit.link))
    return found


def _export(chosen: argparse.Namespace) -> int:
    page = chosen.page.replace("-", "_")
    pages = list(PAGES) if page == "all" else [page]
    try:
        if any("=" not in choice for choice in chosen.choice):
            raise NotAsked("A --choice is written NAME=VALUE, as in the page's link.")
        own = dict(choice.split("=", 1) for choice in chosen.choice)
        visit = _dated(_visit(chosen), pages, chosen.as_of)
        open_visit(visit)
        made = reports(visit, pages, own)
    except (NotAsked, headless.NoSuchPage, ValueError) as problem:
        print(f"meridian: {problem}", file=sys.stderr)
        return 1
    identity = chosen.export_id or secrets.token_hex(8)
    if page == "all" and chosen.format == "json":
        values = []
        for report, link in made:
            visit.link = link
            values.append(export.as_values(report, report.tables, identity))
        content = json.dumps({"pages": values}, ensure_ascii=False, indent=1).encode()
    else:
        report = made[0][0] if page != "all" else _all(made)
        content = export.FORMATS[chosen.format].make(report, report.tables, identity)
    return _write(content, chosen.out, chosen.format)


def _all(made: list[tuple[Report, str]]) -> Report:
    """Every page in one report."""
    return Report(
        "all",
        _("All pages"),
        " ".join(report.answer for report, _link in made),
        [figure for report, _link in made for figure in report.figures],
        [table for report, _link in made for table in report.tables],
        list(dict.fromkeys(note for report, _link in made for note in report.notes)),
    )


def _brief(chosen: argparse.Namespace) -> int:
    try:
        visit = _dated(_visit(chosen), ["brief"], chosen.as_of)
    except NotAsked as problem:
        print(f"meridian: {problem}", file=sys.stderr)
        return 1
    visit.link = links.to("", links.parameters(visit))
    report = brief.contents(visit)
    return _write(brief.write(report, report.tables, chosen.export_id or secrets.token_hex(8)), chosen.out, "html")


def _write(content: bytes, out: Path | None, kind: str) -> int:
    if out is None:
        if kind not in ("json", "html"):
            print("meridian: say with --out where to write it.", file=sys.stderr)
            return 1
        sys.stdout.buffer.write(content + b"\n")
        return 0
    out.write_bytes(content)
    print(f"{out}: {len(content):,} bytes", file=sys.stderr)
    return 0
