"""`meridian export` and `meridian brief`: what the buttons give, without a browser. They trust whoever has the database
credentials, and are not logged."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import click
import pandas as pd

from dashboard.commands import speaking
from dashboard.commands.refusal import Refused
from dashboard.files import brief as two_pages
from dashboard.files import formats
from dashboard.metrics.funding import CURRENCIES
from dashboard.page import links, offer, registry
from dashboard.page.blocks import Report
from dashboard.page.opening import FILTERS, open_for
from dashboard.page.reading import read_metas
from dashboard.page.visit import Visit, open_visit
from dashboard.page.walk import one, whole
from data_access.filters import LISTS, from_parameters, joined
from data_access.i18n import N_, _, in_digits, ngettext
from data_access.schema import ROLES
from data_access.viewer import Role, Viewer

EARLIEST = date(2022, 1, 1)
FIRST = "overview"


@dataclass(frozen=True)
class Wanted:
    """What both commands are asked: whose view, of what, at which cut-off, and where to write it."""

    out: Path | None
    lists: Mapping[str, Sequence[str]]
    since: str | None
    until: str | None
    state: bool
    currency: str
    role: Role
    scope: str
    as_of: date | None
    export_id: str


def _asks(command: Callable[..., None]) -> Callable[..., None]:
    """The options that `export` and `brief` share, given to the command as one `Wanted`."""

    def asked(
        out: Path | None,
        since: str | None,
        until: str | None,
        as_of: datetime | None,
        export_id: str | None,
        role: Role,
        scope: str,
        currency: str,
        *,
        state: bool,
        **rest: Any,
    ) -> None:
        lists = {name: rest.pop(name) for name in LISTS}
        day, identity = as_of.date() if as_of else None, export_id or secrets.token_hex(8)
        wanted = Wanted(out, lists, since, until, state, currency, role, scope, day, identity)
        command(wanted, **rest)

    options = [
        speaking.option(
            "--out",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=N_("Where to write; JSON without it goes to the screen."),
        ),
        *(speaking.option(f"--{name}", multiple=True, metavar="CODE") for name in LISTS),
        speaking.option("--from", "since", metavar="YYYY-MM"),
        speaking.option("--to", "until", metavar="YYYY-MM"),
        speaking.option("--state", is_flag=True, help=N_("Include state-linked programmes.")),
        speaking.option("--currency", type=click.Choice(CURRENCIES), default=CURRENCIES[0], show_default=True),
        speaking.option("--as", "role", type=click.Choice(ROLES), default="funder", show_default=True),
        speaking.option(
            "--scope", default="", metavar="DE,LT", help=N_("A coordinator's host countries; default: all.")
        ),
        speaking.option(
            "--as-of", type=click.DateTime(["%Y-%m-%d"]), help=N_("Cut-off date; default: the recorded one.")
        ),
        speaking.option("--export-id", help=N_("The id inside the file: the same one gives the same bytes.")),
    ]
    asked.__name__, asked.__doc__ = command.__name__, command.__doc__
    for option in reversed(options):
        asked = option(asked)
    return asked


@speaking.command(
    help=N_(
        "Write what a page shows: every figure, table and chart of all its parts.\n\n"
        "PAGE is a page as in its address, initiative (with --choice id=…), or all."
    )
)
@click.argument("page")
@speaking.option("--format", "kind", type=click.Choice(list(formats.FORMATS)), default="xlsx", show_default=True)
@speaking.option(
    "--choice", multiple=True, metavar="NAME=VALUE", help=N_("A choice of the page itself, as in its link.")
)
@_asks
def export(wanted: Wanted, page: str, kind: str, choice: Sequence[str]) -> None:
    """Write what a page shows: every figure, table and chart of all its parts.

    PAGE is a page as in its address, initiative (with --choice id=…), or all.
    """
    file = page.replace("-", "_")
    pages = list(registry.listed()) if file == "all" else [file]
    own = _own(choice)
    try:
        visit = _dated(_visit(wanted), [registry.find(one) for one in pages], wanted.as_of)
    except registry.NoSuchPage as problem:
        raise Refused(str(problem)) from problem
    made = _reports(visit, pages, own)
    if file == "all" and kind == "json":
        values = []
        for report, link in made:
            visit.link = link
            values.append(formats.as_values(report, report.tables, wanted.export_id))
        content = json.dumps({"pages": values}, ensure_ascii=False, indent=1).encode()
    else:
        report = made[0][0] if file != "all" else _all(made)
        content = formats.FORMATS[kind].make(report, report.tables, wanted.export_id)
    _write(content, wanted.out, kind)


@speaking.command(
    help=N_(
        "Write two pages for a board or a ministry, as HTML to print; of several pages a board pack.\n\n"
        "PAGE is a page as in its address, with choices of its own if it has any (`funding-gaps?country=LT&part=dependence`); "
        "without it the brief is of the overview."
    )
)
@click.argument("pages", nargs=-1, metavar="[PAGE]...")
@speaking.option(
    "--choice", multiple=True, metavar="NAME=VALUE", help=N_("A choice of the page itself, as in its link.")
)
@_asks
def brief(wanted: Wanted, pages: Sequence[str], choice: Sequence[str]) -> None:
    """Write two pages for a board or a ministry, as HTML to print; of several pages a board pack.

    PAGE is a page as in its address, with choices of its own if it has any; without it the brief is of the overview.
    """
    made = [_brief_of(wanted, page, _own(choice)) for page in pages or (FIRST,)]
    if len(made) == 1:
        open_visit(made[0][0])
        content = two_pages.write(made[0][1], made[0][1].tables, wanted.export_id)
    else:
        content = two_pages.pack(made, wanted.export_id)
    _write(content, wanted.out, "html")


def _brief_of(wanted: Wanted, asked: str, own: dict[str, str]) -> tuple[Visit, Report]:
    """The visit and the brief of one page; what its address asks goes before the options. Raises Refused."""
    page, _mark, query = asked.partition("?")
    file, given = page.replace("-", "_"), dict(parse_qsl(query))
    try:
        found = registry.find(file)
    except registry.NoSuchPage as problem:
        raise Refused(str(problem)) from problem
    visit = _dated(_visit(wanted, given), [found], wanted.as_of)
    visit.own = own | {name: value for name, value in given.items() if name not in FILTERS}
    visit.link = links.to("" if file == FIRST else found.path, links.parameters(visit))
    open_visit(visit)
    return visit, two_pages.contents(visit, one(file, visit, visit.own))


def _own(choice: Sequence[str]) -> dict[str, str]:
    if any("=" not in text for text in choice):
        raise Refused(_("A --choice is written NAME=VALUE, as in the page's link."))
    return dict(text.split("=", 1) for text in choice)


def _visit(wanted: Wanted, given: Mapping[str, str] = MappingProxyType({})) -> Visit:
    """The visit that the options ask for; what a link asks, `given`, goes before them. Raises Refused."""
    scope = tuple(sorted(filter(None, wanted.scope.upper().split(",")))) or None
    try:
        viewer = Viewer(
            wanted.role, scope if wanted.role == "coordinator" else None if wanted.role == "steward" else ()
        )
    except ValueError as problem:
        raise Refused(str(problem)) from None
    visit = open_for(viewer, read_metas())
    allowed = {name: offer.on_offer(name, visit) for name in LISTS}
    asked = {name: joined(_values(wanted.lists[name], allowed[name])) for name in LISTS if wanted.lists[name]}
    asked |= {name: value for name, value in (("from", wanted.since), ("to", wanted.until)) if value}
    asked |= {"state": "1"} if wanted.state else {}
    asked |= {name: value for name, value in given.items() if name in FILTERS}
    filters, dropped = from_parameters(asked, allowed)
    if dropped:
        raise Refused(
            _("Not on offer for a {role}: {dropped}.").format(
                role=wanted.role, dropped=", ".join(f"{name} {asked[name]}" for name in dropped)
            )
        )
    visit.filters, visit.currency = filters, given.get("currency", wanted.currency)
    if visit.currency not in CURRENCIES:
        raise Refused(
            _("Amounts are shown in {known}, not in {asked}.").format(known=", ".join(CURRENCIES), asked=visit.currency)
        )
    return visit


def _values(said: Sequence[str], allowed: Collection[str]) -> list[str]:
    """The values of a repeated option; one that is not on offer as it stands may be several with commas between them."""
    return [value for text in said for value in ([text] if text in allowed else text.split(","))]


def _dated(visit: Visit, pages: Sequence[registry.Page], as_of: date | None) -> Visit:
    """The visit at another cut-off, where nothing that was summed up at refresh is shown. Raises Refused."""
    if as_of is None or pd.Timestamp(as_of) == visit.as_of:
        return visit
    if not EARLIEST <= as_of <= visit.as_of.date():
        raise Refused(
            _("--as-of can be from {first} to {last}, up to which data are recorded.").format(
                first=EARLIEST, last=f"{visit.as_of:%Y-%m-%d}"
            )
        )
    summed = [page.file for page in pages if page.needs_refresh]
    if summed:
        raise Refused(
            _(
                "{pages}: cases and overlap are summed up as of {last}. Run `meridian refresh --as-of {day}` first, or leave "
                "--as-of out."
            ).format(pages=", ".join(summed), last=f"{visit.as_of:%Y-%m-%d}", day=as_of)
        )
    return replace(visit, as_of=pd.Timestamp(as_of))


def _reports(visit: Visit, pages: list[str], own: dict[str, str]) -> list[tuple[Report, str]]:
    """What each page shows, with the link that restores it."""
    found = []
    for page in pages:
        visit.own = own
        visit.link = links.to("" if page == FIRST else registry.find(page).path, links.parameters(visit))
        found.append((whole(page, visit, own), visit.link))
    return found


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


def _write(content: bytes, out: Path | None, kind: str) -> None:
    if out is None:
        if kind not in ("json", "html"):
            raise Refused(_("say with --out where to write it."))
        sys.stdout.buffer.write(content + b"\n")
        return
    out.write_bytes(content)
    said = ngettext("{file}: {n} byte", "{file}: {n} bytes", len(content))
    print(said.format(file=out, n=in_digits(len(content))), file=sys.stderr)


COMMANDS = (export, brief)
