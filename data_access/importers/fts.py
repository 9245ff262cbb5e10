"""OCHA FTS flows, as pages of its API (JSON) or its CSV: money that enters, moves inside or leaves what was searched.

FTS counts a flow that crosses the boundary alone (`onBoundary` single); of a flow shared with other places or years it
does not say how much falls inside, so such a grant is kept without an amount, never with all of it. Pages of one
search are read together; when all are there, they must add up to the totals that the first one states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from data_access.i18n import N_, _, in_digits, ngettext
from data_access.importers import files, heading_lines, tables, values, written_amounts, written_days
from data_access.importers.evidence import Evidence
from data_access.importers.records import PART_OF_A_SEARCH, Context, Place, Problem, Record, Unreadable, say_of_dates
from data_access.importers.references import NOT_STATED, organisation, places, reference

COLUMNS = {
    "id": "id",
    "amountusd": "amount",
    "srcorganization": "funder",
    "destorganization": "recipient",
    "destlocations": "countries",
    "boundary": "boundary",
    "onboundary": "on_boundary",
    "status": "status",
    "decisiondate": "decided",
    "date": "date",
    "destusageyearstart": "from_year",
    "destusageyearend": "to_year",
    "flowtype": "flow_type",
}
NEEDED = {"amountusd", "srcorganization", "destorganization", "boundary", "onboundary", "status"}
BOUNDARIES = ("incoming", "internal", "outgoing")
ADDS_UP_TO = {
    "funding": N_("adds up to {found} US dollars of incoming funding, but states {stated}."),
    "pledges": N_("adds up to {found} US dollars of incoming pledges, but states {stated}."),
}
CURRENCY = "USD"
DAYS = ("decided", "date")


def fits(path: Path, _context: Context) -> bool:
    """Whether the file is a page of FTS flows, or a table with its headings."""
    kind = files.kind_of(path)
    if kind == "json":
        return _flows(files.read_json(path)) is not None
    if kind == "xml":
        return False
    return any({heading_lines.heading(h) for h in table.headings} >= NEEDED for table in tables.of(path, set(COLUMNS)))


def _flows(found: Any) -> list[Any] | None:
    data = found.get("data") if isinstance(found, dict) else None
    flows = data.get("flows") if isinstance(data, dict) else None
    return flows if isinstance(flows, list) else None


def read(paths: Sequence[Path], context: Context) -> Iterator[Record | Problem]:
    """Organisations, grants, their places and payments. Raises Unreadable when all pages together miss their totals."""
    lines: list[tuple[Place, dict[str, Any]]] = []
    pages: list[tuple[Path, Any]] = []
    for path in paths:
        if files.kind_of(path) == "json":
            pages.append((path, files.read_json(path)))
        for one in _from_json(*pages[-1]) if files.kind_of(path) == "json" else _from_tables(path):
            if isinstance(one, Problem):
                yield one
            else:
                lines.append(one)
    if not lines:
        raise Unreadable(_("{files}: no flow is in it.").format(files=", ".join(path.name for path in paths)))
    if pages:
        yield from _check_totals(pages, [line for _place, line in lines], is_confirmed=context.is_total_confirmed)
    yield from _say_shared(lines)
    evidence = {name: Evidence.of(line.get(name) for _place, line in lines) for name in DAYS}
    yield from say_of_dates(lines, evidence)
    yield from _records(lines, evidence)


def _records(
    lines: Sequence[tuple[Place, dict[str, Any]]], evidence: Mapping[str, Evidence]
) -> Iterator[Record | Problem]:
    here = {str(line.get("id")) for _place, line in lines}
    givers = {values.text(line.get("funder")) for _place, line in lines}
    members = {
        values.text(line.get("recipient")) for _place, line in lines if _word(line.get("boundary")) != "outgoing"
    } - {None}
    seen: set[str] = set()
    for place, line in lines:
        found, wrong = _understood(line, evidence)
        for name, bad in wrong.items():
            yield Problem(place, name, str(line.get(name) or ""), "bad_value", bad.what, bad.do)
        if wrong:
            continue
        grant, paid_on = _grant(line, found, here), found["date"]
        for name in (grant["funder"], grant["recipient"]):
            if name is not None and name not in seen:
                seen.add(name)
                yield organisation(
                    name, name, place, is_funder=name not in members or name in givers, is_initiative=name in members
                )
        if grant["recipient"] == NOT_STATED:
            yield Problem(place, "", str(line["id"]), "recipient_not_stated", _("does not say who receives it."),
                          _("It is kept under “{name}” and counts for no initiative.").format(name=NOT_STATED),
                          is_warning=True)  # fmt: skip
        key = str(line["id"])
        yield Record("grant", key, grant, place)
        yield from places(key, line.get("countries") or (), place)
        if _word(line.get("status")) == "paid" and grant["amount_minor"] is not None:
            paid = {"grant": key, "paid_on": paid_on, "amount_minor": grant["amount_minor"], "currency": CURRENCY}
            yield Record("payment", f"{key}|paid", paid, place)


def _from_json(path: Path, page: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    for number, flow in enumerate(_flows(page) or (), 1):
        if not isinstance(flow, dict):
            yield Place("flows", number, file=path.name), {}
            continue
        years = sorted(_names(flow, "destinationObjects", "UsageYear"))
        line = {
            "id": flow.get("id"),
            "amount": flow.get("amountUSD"),
            "funder": ", ".join(_names(flow, "sourceObjects", "Organization")) or None,
            "recipient": ", ".join(_names(flow, "destinationObjects", "Organization")) or None,
            "countries": _names(flow, "destinationObjects", "Location"),
            "boundary": flow.get("boundary"),
            "on_boundary": flow.get("onBoundary"),
            "status": flow.get("status"),
            "decided": flow.get("decisionDate"),
            "date": flow.get("date"),
            "from_year": years[0] if years else None,
            "to_year": years[-1] if years else None,
            "flow_type": flow.get("flowType"),
            "parent": flow.get("parentFlowId"),
        }
        yield Place("flows", number, _as_row(line), path.name), line


def _as_row(line: dict[str, Any]) -> dict[str, Any]:
    """A flow under the headings of FTS's own table, so that it can be mended and loaded as one."""
    flat = line | {"countries": ", ".join(line["countries"])}
    return {heading: flat[known] for heading, known in COLUMNS.items()}


def _names(flow: Mapping[str, Any], side: str, kind: str) -> list[str]:
    return [str(o.get("name")) for o in flow.get(side) or () if isinstance(o, dict) and o.get("type") == kind]


def _from_tables(path: Path) -> Iterator[tuple[Place, dict[str, Any]] | Problem]:
    for table in tables.of(path, set(COLUMNS)):
        columns = {
            name: COLUMNS[heading_lines.heading(name)]
            for name in table.headings
            if heading_lines.heading(name) in COLUMNS
        }
        if "amount" not in columns.values():
            yield from table.passed_over()
            continue
        for row in table.rows():
            line = {known: row.cells.get(name) for name, known in columns.items()}
            line["countries"] = _places(line.get("countries"))
            yield Place(table.sheet, row.number, row.cells, path.name), line
        yield from table.left_out(columns)


def _places(cell: Any) -> list[str]:
    """The countries of a cell, of which a name may hold a comma; its parts where one of them names none."""
    try:
        return values.countries(cell)
    except values.Bad:
        return [part.strip() for part in str(cell).split(",")]


def _check_totals(
    pages: Sequence[tuple[Path, Any]], lines: Sequence[Mapping[str, Any]], *, is_confirmed: bool
) -> Iterator[Problem]:
    """Compare what the pages add up to with the totals they state; a part only warns that nothing could be compared."""
    place = Place("flows", file=pages[0][0].name)
    stated = {_stated(page) for _path, page in pages}
    if len(stated) > 1:
        raise Unreadable(
            _(
                "{file} and the other pages state different totals: they are not of one search. Load each search by itself."
            ).format(file=place.file)
        )
    count, funding, pledges = stated.pop()
    there = len({str(line.get("id")) for line in lines})
    if count is None or there < count:
        yield Problem(
            place, "", _("{n} of {all}").format(n=there, all="?" if count is None else count), PART_OF_A_SEARCH,
            _("is only a part of a search; its stated totals could not be checked."),
            _("Load all pages with one command."), is_warning=True,
        )  # fmt: skip
        return
    for name, wanted, statuses in (("funding", funding, ("paid", "commitment")), ("pledges", pledges, ("pledge",))):
        found = _total(lines, statuses)
        if wanted is None or found == wanted:
            continue
        says = _(ADDS_UP_TO[name]).format(found=in_digits(found), stated=in_digits(wanted))
        if not is_confirmed:
            raise Unreadable(
                _(
                    "{file} {fault} Fetch it again; if it is right all the same, load it again and say that somebody looked."
                ).format(file=place.file, fault=says)
            )
        yield Problem(place, name, in_digits(found), "total_not_reproduced", says, _("Nobody can tell which is right."),
                      is_warning=True)  # fmt: skip


def _stated(page: Any) -> tuple[int | None, int | None, int | None]:
    """How many flows a search found, and its incoming funding and pledges in US dollars, as a page states them."""
    meta, incoming = page.get("meta"), page["data"].get("incoming")
    if not isinstance(meta, dict) or not isinstance(incoming, dict) or not isinstance(meta.get("count"), int):
        return None, None, None
    return meta["count"], incoming.get("fundingTotal"), incoming.get("pledgeTotal")


def _say_shared(lines: Sequence[tuple[Place, Mapping[str, Any]]]) -> Iterator[Problem]:
    shared = [(place, line) for place, line in lines if _word(line.get("on_boundary")) == "shared"]
    if shared:
        total = sum(_dollars(line.get("amount")) for _place, line in shared)
        yield Problem(
            Place("flows", shared[0][0].row, file=shared[0][0].file), "onBoundary", "shared", "shared_flows",
            ngettext(
                "and {n} more flows ({total} US dollars in all) are shared with other places or years; how much falls here "
                "is not stated, so they are kept without an amount.",
                "and {n} more flows ({total} US dollars in all) are shared with other places or years; how much falls here "
                "is not stated, so they are kept without an amount.",
                len(shared) - 1,
            ).format(n=len(shared) - 1, total=in_digits(total)),
            _("Nothing to do; FTS leaves them out of its totals too."), is_warning=True,
        )  # fmt: skip


def _word(cell: Any) -> str:
    return (values.text(cell) or "").casefold()


def _dollars(cell: Any) -> int:
    """An amount to add up; what cannot be read adds nothing here and is said with its own row."""
    try:
        return int(written_amounts.machine_number(cell) or 0)
    except values.Bad:
        return 0


def _total(lines: Sequence[Mapping[str, Any]], statuses: tuple[str, ...]) -> int:
    return sum(
        _dollars(line.get("amount"))
        for line in lines
        if (_word(line.get("boundary")), _word(line.get("on_boundary"))) == ("incoming", "single")
        and _word(line.get("status")) in statuses
    )


def _understood(
    line: Mapping[str, Any], evidence: Mapping[str, Evidence]
) -> tuple[dict[str, Any], dict[str, values.Bad]]:
    """What each cell of a flow says, and what cannot be read of it."""
    return values.understood({
        "id": lambda: _stated_as(values.text(line.get("id"))),
        "boundary": lambda: _stated_as(values.one_of(line.get("boundary"), BOUNDARIES)),
        "status": lambda: _stated_as(values.one_of(line.get("status"), ("paid", "commitment", "pledge"))),
        "on_boundary": lambda: values.one_of(line.get("on_boundary"), ("single", "shared")),
        "amount": lambda: _amount(line.get("amount")),
        **{name: partial(written_days.day, line.get(name), evidence[name]) for name in DAYS},
        "from_year": lambda: _year(line.get("from_year"), "01-01"),
        "to_year": lambda: _year(line.get("to_year"), "12-31"),
    })  # fmt: skip


def _amount(cell: Any) -> int | None:
    """Money of a flow in minor units; in a table the heading, which names the currency, is said beside it. Raises Bad also where a
    spreadsheet may have put a point between thousands."""
    figures = cell.strip().removesuffix(f" {CURRENCY}") if isinstance(cell, str) else cell
    if isinstance(cell, str) and written_amounts.THOUSANDS_LOOK.fullmatch(figures) and not figures.startswith("0"):
        raise values.Bad(_("is an amount that can be read in two ways."), _("Fetch the flows again from FTS."))
    return written_amounts.machine_amount(figures)


def _stated_as(found: str | None) -> str:
    if found is None:
        raise values.Bad(_("is empty, but needed."), _("Fetch the flows again from FTS."))
    return found


def _grant(line: Mapping[str, Any], found: Mapping[str, Any], here: set[str]) -> dict[str, Any]:
    is_shared = found["on_boundary"] != "single"
    parent = values.text(line.get("parent"))
    is_new = found["boundary"] == "incoming"
    kind = "carry_over" if line.get("flow_type") == "Carryover" else "new" if is_new else "regrant"
    return {
        "reference": reference(f"FTS-{found['id']}"),
        "funder": values.text(line.get("funder")),
        "recipient": values.text(line.get("recipient")) or NOT_STATED,
        "joint_group": None,
        "amount_minor": None if is_shared else found["amount"],
        "currency": CURRENCY,
        "status": "pledge" if found["status"] == "pledge" else "commitment",
        "kind": kind,
        "restriction": "unknown",
        "committed_on": found["decided"] if found["decided"] is not None else found["date"],
        "starts_on": found["from_year"],
        "ends_on": found["to_year"],
        "parent": parent if parent in here else None,
    }


def _year(cell: Any, day: str) -> Any:
    year = written_amounts.whole(cell)
    return None if year is None else written_days.day(f"{year}-{day}")
