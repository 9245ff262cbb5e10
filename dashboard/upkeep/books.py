"""The books: what was loaded is what the figures show and named remainders, to the cent and to the case.

An account is made for one viewer of what she may see. Its lines are read where the pages read theirs, from the sums kept
at refresh; what they must add to is counted from the records alone. A unit that is in no line, or in two, is a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
from sqlalchemy import Engine

from dashboard.metrics import distribution, funding, money_sums, need_tiers, overlap
from dashboard.metrics.funding import CURRENCIES
from dashboard.metrics.placement import Records
from dashboard.metrics.standing import LEFT, OWN, SIGNED, STANDINGS
from dashboard.upkeep.readers import everybody
from dashboard.upkeep.recorded_money import records_of
from data_access import database, meta, queries
from data_access.filters import Filters
from data_access.i18n import _, ngettext
from data_access.summaries import STRONGEST
from data_access.viewer import Query, Viewer

Read = Callable[[Query], pd.DataFrame]
COUNTED: dict[str, Callable[[int], str]] = {
    "grants": lambda n: ngettext("{n} grant", "{n} grants", n),
    "needs": lambda n: ngettext("{n} need", "{n} needs", n),
    "initiatives": lambda n: ngettext("{n} initiative", "{n} initiatives", n),
    "projects": lambda n: ngettext("{n} project", "{n} projects", n),
    "pairs": lambda n: ngettext("{n} pair", "{n} pairs", n),
    "episodes": lambda n: ngettext("{n} episode", "{n} episodes", n),
}
IN_RECIPIENTS = {what: name for name, what in money_sums.PARTS_OF_TOTAL.items()} | {OWN: "own", LEFT: "left_network"}
"""Which column of recipients holds the money of a standing."""


@dataclass(frozen=True)
class Line:
    """Units of an account, and their money in minor units where they are money; `is_remainder`: in no figure.

    `without_amount`: how many of the units have no amount in the currency, so that `minor` is the sum of the others.
    """

    name: str
    units: int
    minor: int | None = None
    is_remainder: bool = False
    without_amount: int = 0

    @property
    def known_minor(self) -> int | None:
        """The sum as far as it is known; None where no unit has an amount."""
        return self.minor if self.without_amount < self.units else None


@dataclass(frozen=True)
class Account:
    """What was loaded of one subject and where all of it is; `faults` say what does not add up."""

    page: str
    subject: str
    viewer: Viewer
    loaded: int
    lines: tuple[Line, ...]
    currency: str | None = None
    loaded_minor: int | None = None
    others: tuple[str, ...] = ()

    def counted(self, n: str) -> str:
        """What was loaded, with its number as it is to be written."""
        return COUNTED[self.subject](self.loaded).format(n=n)

    @property
    def faults(self) -> tuple[str, ...]:
        """What does not add up, a sentence each."""
        found, apart = list(self.others), _("{loaded} were loaded, {found} are in the lines")
        if (units := sum(line.units for line in self.lines)) != self.loaded:
            found.append(apart.format(loaded=self.counted(str(self.loaded)), found=units))
        if self.loaded_minor is not None:
            minor = sum(line.minor or 0 for line in self.lines)
            if minor != self.loaded_minor:
                stated = f"{self.loaded_minor / 100:.2f} {self.currency}"
                found.append(apart.format(loaded=stated, found=f"{minor / 100:.2f}"))
        return tuple(found)


def every_account(shared: Engine, cases: Engine | None) -> Iterator[Account]:
    """All accounts of every kind of viewer there is: funders, stewards, coordinators of all and of each set of countries."""
    with shared.connect() as connection:
        read = partial(database.run, connection)
        as_of = pd.Timestamp(meta.read(connection, "shared")["as_of"])
        viewers = everybody(connection)
        for viewer in viewers:
            yield from accounts(read, viewer, as_of)
    if cases is not None:
        for viewer in viewers:
            if viewer.sees_cases:
                yield of_cases(partial(database.run, cases), viewer)


def accounts(
    read: Read, viewer: Viewer, as_of: pd.Timestamp, currencies: Sequence[str] = CURRENCIES
) -> Iterator[Account]:
    """The accounts of the shared records for one viewer, of money in each of the `currencies`."""
    recorded = records_of(read, viewer)
    for currency in currencies:
        records = recorded.converted(currency)
        yield of_grants(read, viewer, currency, records)
        yield of_needs(read, viewer, currency, records)
    yield of_initiatives(read, viewer, as_of)
    yield of_projects(read, viewer)
    yield of_pairs(read, viewer)


def of_grants(read: Read, viewer: Viewer, currency: str, records: Records) -> Account:
    """Every grant the viewer may see: in the network's money by how it came, or in a named remainder."""
    lines, timeless = lines_of_grants(read, viewer, currency)
    return Account(
        "funding_gaps",
        "grants",
        viewer,
        int(read(queries.funding.grants_on_record(viewer))["grants"].iloc[0]),
        lines,
        currency,
        int(records.grants["minor"].sum()),
        tuple(_figures_of_money(read, viewer, currency, lines, timeless.minor or 0)),
    )


def lines_of_grants(read: Read, viewer: Viewer, currency: str) -> tuple[tuple[Line, ...], Line]:
    """The account of grants kept at refresh, a line per `standing`; and what of the signed money is in no month and year."""
    kept = read(queries.money.book(currency, viewer)).set_index("line")

    def line(name: str) -> Line:
        row = kept.loc[name].astype(int)
        return Line(name, row["units"], row["minor"], name not in SIGNED, row["without_amount"])

    timeless = (
        line(money_sums.NOT_IN_TIME) if money_sums.NOT_IN_TIME in kept.index else Line(money_sums.NOT_IN_TIME, 0, 0)
    )
    return tuple(line(name) for name in STANDINGS if name in kept.index), timeless


def _figures_of_money(read: Read, viewer: Viewer, currency: str, lines: Sequence[Line], timeless: int) -> Iterator[str]:
    received = read(queries.money.recipients(currency, viewer))
    inside = received[received["is_member"].astype(bool)]
    of_line = {line.name: line.minor or 0 for line in lines}
    for name, column in IN_RECIPIENTS.items():
        figure = int((received if name == LEFT else inside)[column].sum())
        stated = of_line.get(name, 0)
        if figure != stated:
            said = _("the figures hold {figure} {currency} as “{name}”, the account {stated}")
            yield said.format(figure=_major(figure), currency=currency, name=name, stated=_major(stated))
    flow = funding.flow(inside)
    came = flow["new_money"] + flow["carried_over"] + flow["unsourced"] + flow["not_on_record"] - flow["outgoing"]
    if came != flow["in_network"] or flow["in_network"] != flow["regranted"] + flow["kept"]:
        yield _("the flow does not add up: {flow}").format(flow=flow)
    net = flow["in_network"] - flow["not_on_record"]
    of_lines = {tier: _sums(read, queries.money.sums_of_lines, currency, viewer, tier) for tier in need_tiers.TIERS}
    placed = int(of_lines["lowest"][["received", "passed_on"]].sum())
    if placed + timeless != net:
        yield _(
            "{net} {currency} are in the network, {placed} in the lines of years and {timeless} have no days"
        ).format(net=_major(net), currency=currency, placed=_major(placed), timeless=_major(timeless))
    for tier, years in of_lines.items():
        months = _sums(read, queries.money.sums_of_months, currency, viewer, tier)
        if months["signed"] != placed:
            said = _("months hold {months} {currency} signed, years {years} ({tier})")
            yield said.format(months=_major(months["signed"]), currency=currency, years=_major(placed), tier=tier)
        if months["need"] != years["need"]:
            said = _("months hold a need of {months} {currency}, years {years} ({tier})")
            yield said.format(months=_major(months["need"]), currency=currency, years=_major(years["need"]), tier=tier)


def _sums(
    read: Read, asked: Callable[[str, Viewer, int], Query], currency: str, viewer: Viewer, tier: str
) -> pd.Series:
    """The one row of sums under a tier of need; of nothing they are 0."""
    return read(asked(currency, viewer, need_tiers.reading(tier))).fillna(0).astype("int64").iloc[0]


def _major(minor: int) -> str:
    return f"{minor / 100:.2f}"


def of_needs(read: Read, viewer: Viewer, currency: str, records: Records) -> Account:
    """Every statement of need the viewer may see: counted by its kind, or in a named remainder."""
    counted = read(queries.funding.needs_on_record(viewer)).iloc[0]
    needs = records.needs.assign(line=records.needed_on)
    current = need_tiers.newest(needs)
    known = current[current["minor"].notna()]
    kinds = {kind: known[known["kind"] == kind] for kind in need_tiers.NEED_KINDS}
    figures = {kind: int(_sums(read, queries.money.sums_of_lines, currency, viewer, kind)["need"]) for kind in kinds}
    unknown = current[current["minor"].isna()]
    lines = (
        *(Line(kind, len(rows), figures[kind]) for kind, rows in kinds.items()),
        Line("replaced", len(needs) - len(current), is_remainder=True),
        Line("no_amount", int(unknown["amount_minor"].isna().sum()), is_remainder=True),
        Line("no_rate", int(unknown["amount_minor"].notna().sum()), is_remainder=True),
        Line("outside", int(counted["outside"]), is_remainder=True),
    )
    total = int(known["minor"].sum())
    return Account("funding_gaps", "needs", viewer, int(counted["needs"]), lines, currency, total)


def of_initiatives(read: Read, viewer: Viewer, as_of: pd.Timestamp) -> Account:
    """Every initiative the viewer may see: in a country, withheld, not stated, not active at the cut-off or outside the network."""
    places = read(queries.initiatives.places(Filters(include_state_linked=True), viewer))
    outside = places[places["independence"] == "state_linked"]["organisation_id"].nunique()
    own = places[places["independence"] != "state_linked"]
    word = distribution.place_of(own).where(distribution.place_of(own).isin(("withheld", "not_stated")), "placed")
    rank = word.map({"placed": 0, "withheld": 1, "not_stated": 2})
    best = own.assign(word=word, rank=rank, is_active=distribution.active_now(own, as_of))
    each = best.sort_values("rank", kind="stable").drop_duplicates("organisation_id")
    name = each["word"].where(each["is_active"].astype(bool), "not_active")
    lines = tuple(
        Line(word, int((name == word).sum()), is_remainder=word != "placed")
        for word in ("placed", "withheld", "not_stated", "not_active")
    )
    loaded = int(read(queries.initiatives.on_record(viewer))["initiatives"].iloc[0])
    return Account("initiatives", "initiatives", viewer, loaded, (*lines, Line("outside", outside, is_remainder=True)))


def of_projects(read: Read, viewer: Viewer) -> Account:
    """Every project the viewer may see: in a cell of the grid, withheld, not stated, ended or outside the network."""
    counted = read(queries.overlap.on_record(viewer)).iloc[0]
    cells = read(queries.overlap.projects_in_cells(viewer))
    grid = read(queries.overlap.grid(Filters(), viewer))
    is_placed = overlap.is_placed(cells)
    placed = set(cells.loc[is_placed, "project_id"])
    withheld = set(cells.loc[cells["host_country"] == "withheld", "project_id"]) - placed
    unsaid = set(cells["project_id"]) - placed - withheld
    lines = (
        Line("placed", len(placed)),
        Line("withheld", len(withheld), is_remainder=True),
        Line("not_stated", len(unsaid), is_remainder=True),
        Line("ended", int(counted["ended"]), is_remainder=True),
        Line("outside", int(counted["outside"]), is_remainder=True),
    )
    shown = int(grid["projects"].sum())
    said = ngettext(
        "the grid counts {n} project in cells, there are {there}",
        "the grid counts {n} projects in cells, there are {there}",
        shown,
    )
    others = () if shown == len(cells) else (said.format(n=shown, there=len(cells)),)
    return Account("overlap", "projects", viewer, int(counted["projects"]), lines, others=others)


def of_pairs(read: Read, viewer: Viewer) -> Account:
    """Every pair found worth keeping for this viewer: listed under its label, or beyond the strongest that are kept."""
    totals = read(queries.overlap.totals(viewer)).set_index("label")["pairs"]
    pairs = read(queries.overlap.pairs(viewer))
    stored = pairs["label"].value_counts()
    labels = sorted({*totals.index, *stored.index})
    lines = [Line(label, int(stored.get(label, 0))) for label in labels]
    beyond = {label: int(totals.get(label, 0)) - int(stored.get(label, 0)) for label in labels}
    lines.append(Line("beyond_the_strongest", sum(n for label, n in beyond.items() if totals.get(label, 0) > STRONGEST),
                      is_remainder=True))  # fmt: skip
    return Account("overlap", "pairs", viewer, int(totals.sum()), tuple(lines))


def lines_of_cases(read: Read, viewer: Viewer) -> tuple[Line, ...]:
    """Open and closed cases of a coordinator's countries, and the records to fix, from the summaries alone."""
    open_now = int(read(queries.relocation.open_by_stage(Filters(), viewer))["episodes"].sum())
    closed = int(read(queries.relocation.flow(Filters(), viewer))["closed"].sum())
    problems = read(queries.relocation.problems(Filters(), viewer))
    broken = (Line(row.problem, int(row.episodes), is_remainder=True) for row in problems.itertuples())
    return (Line("open", open_now), Line("closed", closed), *broken)


def of_cases(read: Read, viewer: Viewer) -> Account:
    """Every episode of a coordinator's countries: open, closed, or a record to fix."""
    lines = lines_of_cases(read, viewer)
    flow = read(queries.relocation.flow(Filters(), viewer))
    came, ineligible = int(flow["opened"].sum() + flow["reopened"].sum()), int(flow["ineligible_out"].sum())
    followed = int(read(queries.relocation.durations(Filters(), viewer))["episodes"].sum())
    others = []
    open_now, closed = (line.units for line in lines[:2])
    if came != closed + open_now:
        said = _("{came} came, {closed} closed and {open} are open")
        others.append(said.format(came=came, closed=closed, open=open_now))
    if followed + ineligible != came:
        others.append(_("waiting times follow {n} of {all}").format(n=followed, all=came - ineligible))
    loaded = int(read(queries.relocation.on_record(viewer))["episodes"].iloc[0])
    return Account("relocation", "episodes", viewer, loaded, lines, others=tuple(others))
