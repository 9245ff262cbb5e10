"""If a funder leaves: what falls, for whom, what only they serve, and who else could step in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from dashboard.answers import events
from dashboard.answers.portfolio import Portfolio, converted, picture, records_in, signed_parts
from dashboard.metrics import bridging, funding, leaving, need_tiers, placement
from dashboard.metrics.standing import LEFT, RECEIVED
from dashboard.page.blocks import Chart, Figure, Table
from dashboard.page.reading import computed, found_once, read, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts
from dashboard.words import codes, written
from data_access import queries
from data_access.filters import Filters
from data_access.i18n import _, ngettext
from data_access.queries.money import Cut

MONTHS_SHOWN = 18
NOBODY = "none"


@dataclass(frozen=True)
class Leaves:
    """What is signed for days after `day`, and what of it falls if the funders `who` leave.

    `grants` (grant, funder, recipient by their short names, parent, ahead, unpaid …): of every organisation that loses any;
    `pledged` per recipient, `names` and `ids` of recipients, `chosen` the recipients of the reader's choice.
    """

    day: pd.Timestamp
    currency: str
    who: tuple[str, ...]
    grants: pd.DataFrame
    pledged: Mapping[str, float]
    names: Mapping[str, str]
    ids: Mapping[str, int]
    chosen: frozenset[str]

    @cached_property
    def direct(self) -> pd.DataFrame:
        """What they signed themselves, to recipients of the reader's choice."""
        grants = self.grants
        return grants[grants["recipient"].isin(list(self.chosen)) & grants["funder"].isin(list(self.who))]

    @cached_property
    def lost(self) -> leaving.Leaving:
        """What falls, for organisations of the reader's choice."""
        found = leaving.leaves(self.grants, self.who)
        rows = found.rows[found.rows["organisation"].isin(list(self.chosen))].reset_index(drop=True)
        low, high = float(self.direct["unpaid"].sum()), float(rows["lost_high"].sum())
        return leaving.Leaving(rows, min(low, high), high, found.unnamed, found.excess, found.fallen)

    @property
    def cut(self) -> Cut:
        """Whose records are behind it, whatever else is chosen."""
        return Cut(
            Filters(), self.currency, organisations=tuple(self.ids[slug] for slug in self.lost.rows["organisation"])
        )


def part_names() -> dict[str, str]:
    """The parts of the page."""
    return {"leaves": _("A funder leaves"), "amount": _("Money grows or shrinks"), "closes": _("An initiative closes")}


def money_of(visit: Visit, tier: str = "lowest") -> Portfolio:
    """The money of the reader's choice in the year of the cut-off: what would be is asked of now, whatever period is chosen."""
    return picture(replace(visit, filters=replace(visit.filters, since=None, until=None)), tier)


def funder_names(visit: Visit) -> dict[str, str]:
    """Funders the reader may see, by short name, in alphabetical order."""

    def made() -> dict[str, str]:
        found = read(queries.funding.seats(visit.viewer))
        return dict(zip(found["slug"].tolist(), found["name"].tolist(), strict=True))

    return computed(made, "funder_names")


def seat_names(visit: Visit) -> dict[str, str]:
    """Countries in which funders have their seat."""
    seats = read(queries.funding.seats(visit.viewer))["seat_country"].dropna().unique()
    return {NOBODY: _("none")} | {seat: written.country(seat) for seat in sorted(seats, key=written.country_key)}


def who_leaves(visit: Visit, named: Sequence[str], seat: str) -> tuple[str, ...]:
    """The funders that leave: those named, and all whose seat is in the country; the country is never expanded in a link."""
    found = read(queries.funding.seats(visit.viewer))
    return tuple(sorted({*named, *found.loc[found["seat_country"] == seat, "slug"]}))


@found_once
def leaves(visit: Visit, money: Portfolio, who: tuple[str, ...], day: str) -> Leaves:
    """What is signed for days after a day around these funders, as this reader's query returns it."""
    after = pd.Timestamp(day)
    asked = queries.funding.around_leaving(who, after.date(), visit.viewer)
    grants = leaving.days_ahead(converted(read(asked), visit.viewer, visit.currency), after)
    signed = grants[grants["standing"].isin([*RECEIVED, LEFT]) & (grants["ahead"] > 0)]
    signed = signed.rename(
        columns={"grant_id": "grant", "funder": "funder_name", "recipient": "organisation", "parent_id": "parent"}
    ).rename(columns={"funder_slug": "funder", "recipient_slug": "recipient"})
    pledges = grants[grants["standing"] == "pledged"].groupby("recipient_slug")["ahead"].sum()
    own = signed[signed["recipient_is_member"].astype(bool)]
    chosen = own[own["recipient_id"].isin(money.recipients["organisation_id"])]
    return Leaves(
        after,
        visit.currency,
        who,
        signed,
        {str(name): float(value) for name, value in pledges.items()},
        dict(zip(own["recipient"], own["organisation"], strict=True)),
        dict(zip(own["recipient"], own["recipient_id"], strict=True)),
        frozenset(chosen["recipient"]),
    )


@found_once
def cash(visit: Visit, currency: str) -> dict[int, tuple[float | None, float | None]]:
    """Cash and cost per month by the newest statement of each organisation, in minor units of a currency; empty for funders."""
    stated, rates = read(queries.initiatives.cash(visit.viewer)), read(queries.funding.rates(visit.viewer))
    held, spent = (
        funding.convert(stated.rename(columns={name: "amount_minor"}), rates, currency, "on_date")["minor"].astype(
            float
        )
        for name in ("cash_minor", "monthly_cost_minor")
    )
    return {one: (own, cost) for one, own, cost in zip(stated["organisation_id"], held, spent, strict=True)}


def leaves_sentence(found: Leaves, names: Mapping[str, str]) -> str:
    """What falls in one sentence."""
    if not found.who:
        return _("Choose funders, or a country of their seat, and a day: nothing is chosen yet.")
    if not found.lost.touched:
        said = ngettext(
            "If {funders} leaves after {day}, no money signed for later days falls in your choice.",
            "If {funders} leave after {day}, no money signed for later days falls in your choice.",
            len(found.who),
        )
        return said.format(funders=_listed(found.who, names), day=written.day(found.day))
    said = ngettext(
        "If {funders} leaves after {day}, {amount} of the money ahead falls.",
        "If {funders} leave after {day}, {amount} of the money ahead falls.",
        len(found.who),
    )
    falls = said.format(funders=_listed(found.who, names), day=written.day(found.day), amount=_between(found))
    return f"{falls} {_losing_half(*found.lost.more_than_half)}"


def _losing_half(low: int, high: int) -> str:
    """How many organisations lose more than half of what is ahead of them."""
    if low == high:
        said = ngettext(
            "{n} organisation loses more than half of its own.",
            "{n} organisations lose more than half of theirs.",
            high,
        )
        return said.format(n=written.number(high))
    said = _("Organisations that lose more than half of theirs: {low} to {high}.")
    return said.format(low=written.number(low), high=written.number(high))


def _listed(who: Sequence[str], names: Mapping[str, str]) -> str:
    shown = [names.get(slug, slug) for slug in who]
    return (
        written.listing(shown)
        if len(shown) <= 3
        else ngettext("{n} funder", "{n} funders", len(shown)).format(n=written.number(len(shown)))
    )


def _between(found: Leaves) -> str:
    low, high = (
        written.money(int(x), found.currency) for x in (found.lost.network_lost_low, found.lost.network_lost_high)
    )
    return written.between(low, high)


@shown_once
def leaves_figures(visit: Visit, found: Leaves) -> list[Figure]:
    """The bounds of what falls, whom it touches, and how much the network hangs on few."""
    if not found.who:
        return _robustness(visit)
    money = {
        name: int(value)
        for name, value in (("low", found.lost.network_lost_low), ("high", found.lost.network_lost_high))
    }
    paid, signed = int(found.direct["has_payment"].sum()), len(found.direct)
    known = _("payments known for {k} of {n} of their grants").format(k=written.number(paid), n=written.number(signed))
    half, whole = found.lost.more_than_half, found.lost.all_of_it
    named = _("as far as grants on record name who pays")
    return [
        Figure("network_lost_low", money["low"] / 100, written.money(money["low"], found.currency), coverage=known),
        Figure("network_lost_high", money["high"] / 100, written.money(money["high"], found.currency), coverage=known),
        Figure("touched", found.lost.touched, written.number(found.lost.touched), coverage=named),
        Figure("more_than_half", half[1], written.number(half[1]), _at_least(half), named),
        Figure("all", whole[1], written.number(whole[1]), _at_least(whole), named),
        _newly_uncovered(visit, found),
        *_robustness(visit),
    ]


def _newly_uncovered(visit: Visit, found: Leaves) -> Figure:
    """Stated minimum need of the 12 months after the day that would no longer be met, of the organisations touched."""
    records = records_in(visit.viewer, found.cut)
    stated = placement.stated_needs(records)
    minimum = stated[stated["readings"] & need_tiers.reading("minimum") > 0]
    first, last = found.day + pd.Timedelta(days=1), found.day + pd.DateOffset(months=bridging.MONTHS)
    need = bridging.to_bridge(minimum, funding.ledger(records.grants), first, last)["need"]
    of_touched = pd.Series(
        {slug: need.get(found.ids[slug], pd.NA) for slug in found.lost.rows["organisation"]}, dtype="Int64"
    )
    before, after = (leaving.left_within(found.grants, gone, first, last) for gone in ((), found.lost.fallen))
    value = round(bridging.newly_uncovered(of_touched, before, after))
    known = int(of_touched.notna().sum())
    coverage = _("a minimum is stated by {k} of {n} touched").format(
        k=written.number(known), n=written.number(found.lost.touched)
    )
    if not known:
        return Figure("newly_uncovered", None, "–", _("in the 12 months after"), coverage)
    return Figure(
        "newly_uncovered", value / 100, written.money(value, found.currency), _("in the 12 months after"), coverage
    )


def _at_least(bounds: tuple[int, int]) -> str:
    return "" if bounds[0] == bounds[1] else _("at least {n}").format(n=written.number(bounds[0]))


def _as_share(value: float | None) -> str:
    return "–" if value is None else written.percent(value)


def _robustness(visit: Visit) -> list[Figure]:
    """How much the whole network hangs on few, as made at refresh; unknown without money ahead of named funders."""
    kept = read(queries.money.robustness(visit.currency, visit.viewer))
    mean, largest = (
        None if kept.empty or pd.isna(kept[name][0]) else float(kept[name][0]) for name in ("mean", "largest")
    )
    drawn = _("by draws for those with more than {n} funders").format(n=leaving.MOST_EXACT)
    named = _("organisations with signed money ahead whose funders are named")
    return [
        Figure("robustness_mean", mean, _as_share(mean), _("whole network today, over all orders of leaving"),
               drawn if kept["drawn"].sum() else named),
        Figure("robustness_largest", largest, _as_share(largest), _("whole network today, the largest first"), named),
    ]  # fmt: skip


def before_and_after(visit: Visit, money: Portfolio, found: Leaves) -> Chart:
    """Signed money of the choice per month, what of it stays and what would fall; what is needed is in the table alone, for it is
    that of some lines and the money that of all."""
    first = (found.day + pd.Timedelta(days=1) + pd.offsets.MonthBegin(0)).normalize()
    shown = money.monthly[money.monthly["month"].between(first, first + pd.DateOffset(months=MONTHS_SHOWN))]
    falls = _falling_per_month(visit, found).reindex(shown["month"], fill_value=0).array
    rows = pd.DataFrame(
        {
            "month": shown["month"],
            "stays": (shown["signed"] - falls).astype("Int64"),
            "falls": pd.array(falls, "Int64"),
            "need": shown["need"],
        }
    ).reset_index(drop=True)
    title, marks = _("Signed money per month: what stays and what would fall"), events.marks(visit, rows["month"])
    drawn = rows.assign(**{name: rows[name] / 100 for name in ("stays", "falls")})
    columns = [("stays", _("stays")), ("falls", _("falls"))]
    return Chart(
        "leaves_months",
        title,
        rows,
        _("Whole months after {day}, in {currency}, each unit counted once as on Funding gaps; a re-grant falls with the grant it is taken from. Need is in the table: it is that of lines which state it.")
            .format(currency=found.currency, day=written.day(found.day)),
        charts.columns_over_time(drawn, "month", columns, marks=marks, stacked=True),
        charts.alternative(
            title,
            [written.short_month(month) for month in rows["month"]],
            [written.money(int(value), found.currency) for value in rows["falls"]],
        ),
        marked=events.named(marks),
    )  # fmt: skip


def _falling_per_month(visit: Visit, found: Leaves) -> pd.Series:
    """What falls of the signed money placed within the choice, per month, in minor units: of each organisation no less than
    nothing, because what it would no longer pass on is not lost."""
    if found.lost.rows.empty:
        return pd.Series(dtype="int64")
    filters = replace(visit.filters, since=None, until=None)
    parts = signed_parts(visit.viewer, found.cut, filters, list(found.lost.fallen))
    fallen = parts[parts["organisation_id"].isin(found.cut.organisations)]
    return fallen.groupby(["organisation_id", "month"])["minor"].sum().clip(lower=0).groupby("month").sum()


def organisations(visit: Visit, found: Leaves) -> Table:
    """Who loses what, alphabetical; touched organisations only. How long cash lasts then, for everybody but funders."""
    sees_cash = visit.viewer.role != "funder"
    rows = found.lost.rows.assign(
        months_of_cash=_months_of_cash(visit, found) if sees_cash else None,
        pledged=found.lost.rows["organisation"].map(found.pledged).astype("Float64").fillna(0),
        organisation=found.lost.rows["organisation"].map(found.names),
    ).sort_values("organisation", key=written.alphabetical, ignore_index=True)
    for name in ("ahead", "lost_low", "lost_high", "unnamed", "pledged"):
        rows[name] = rows[name].round().astype("Int64")
    columns = [
        "organisation",
        "ahead",
        "lost_low",
        "lost_high",
        "lost_share_high",
        "unnamed",
        "pledged",
        "other_funders",
        *(["months_of_cash"] if sees_cash else []),
    ]
    return Table(
        "leaves_organisations",
        _("Whom it touches"),
        rows[columns],
        _("At least: what of the leaving funders' own grants no payment covers. At most: all that is signed by them or taken from "
          "it. Money of payers nobody names never falls; pledges stand beside."),
    )  # fmt: skip


def _months_of_cash(visit: Visit, found: Leaves) -> list[str | None]:
    """Per touched organisation: months that cash lasts beside what is still signed in the 12 months after the day."""
    stated, ids = cash(visit, found.currency), found.ids
    last = found.day + pd.DateOffset(months=bridging.MONTHS)
    left = leaving.left_within(found.grants, found.lost.fallen, found.day + pd.Timedelta(days=1), last)
    months = [
        bridging.cash_months(*stated.get(ids[slug], (None, None)), left.get(slug, 0.0) / bridging.MONTHS)
        for slug in found.lost.rows["organisation"]
    ]
    return [None if n is None else _("covered") if math.isinf(n) else written.decimal(n) for n in months]


def row_names(found: Leaves) -> dict[str, str]:
    """Organisations whose grants can be opened."""
    return {str(slug): found.names[str(slug)] for slug in found.lost.rows["organisation"]}


def grants_of(found: Leaves, slug: str) -> Table:
    """The grants with money ahead of one organisation, and which of them fall."""
    own = found.grants[found.grants["recipient"] == slug]
    rows = own.assign(
        funder=own["funder_name"].fillna(_("not named")),
        ahead=own["ahead"].round().astype("Int64"),
        unpaid=own["unpaid"].round().astype("Int64"),
        state=own["grant"].isin(list(found.lost.fallen)).map({True: "falls", False: "stays"}),
    ).sort_values(["funder", "ends_on"], ignore_index=True)
    title = _("Grants of {organisation}").format(organisation=found.names[slug])
    return Table("leaves_grants", title, rows[["funder", "ahead", "unpaid", "state", "starts_on", "ends_on"]])


def cells_of(visit: Visit) -> pd.DataFrame:
    """Who works on what where, for projects that have not ended: organisation_id, organisation_slug, organisation,
    host_country, activity; combinations that are withheld or not stated left out. Whatever is chosen."""
    return computed(lambda: _cells(visit), "what_if.cells")


def _cells(visit: Visit) -> pd.DataFrame:
    cells = read(queries.overlap.projects_in_cells(visit.viewer))
    known = cells.merge(read(queries.overlap.projects(visit.viewer)), on="project_id")
    stated = known[~known["host_country"].isin(["withheld", "not_stated"]) & (known["activity"] != "not_stated")]
    columns = ["organisation_id", "organisation_slug", "organisation", "host_country", "activity"]
    return stated[columns].drop_duplicates(ignore_index=True)


def last_providers(visit: Visit, found: Leaves) -> Table:
    """Combinations whose only provider would lose everything that is signed ahead."""
    whole = found.lost.rows.loc[found.lost.rows["lost_high"] >= found.lost.rows["ahead"], "organisation"]
    cells = cells_of(visit)
    alone = cells.groupby(["host_country", "activity"])["organisation_id"].transform("nunique") == 1
    rows = cells[alone & cells["organisation_slug"].isin(whole)].sort_values(
        ["host_country", "activity"], ignore_index=True
    )
    return Table("leaves_only_providers", _("Combinations whose only provider would lose everything"),
                 rows[["host_country", "activity", "organisation"]])  # fmt: skip


def could_step_in(visit: Visit, found: Leaves) -> Table:
    """Named funders with signed money in combinations of the organisations touched, alphabetical."""
    keys = ["host_country", "activity"]
    cells = cells_of(visit)
    touched = cells[cells["organisation_slug"].isin(found.lost.rows["organisation"])][keys].drop_duplicates()
    touched["combination"] = [
        f"{written.country(country)} · {codes.code('activity', activity)}"
        for country, activity in touched.itertuples(index=False)
    ]
    payers = read(queries.funding.payers_ahead(found.day.date(), visit.viewer))
    payers = payers[~payers["funder_slug"].isin(list(found.who))]
    served = cells[["organisation_slug", *keys]].merge(touched, on=keys)
    near = payers.merge(served, left_on="recipient_slug", right_on="organisation_slug")
    near = near.drop_duplicates(["funder_slug", "combination"]).sort_values(["funder", "combination"])
    of_each = near.groupby(["funder", "funder_slug"], as_index=False)
    rows = of_each.agg(combinations=("combination", "; ".join))
    return Table(
        "could_step_in",
        _("Funders with signed money in the same combinations"),
        rows[["funder", "combinations"]].astype("str"),
        _(
            "Named funders that pay somebody there after the day, in alphabetical order; whether they would is for them to say."
        ),
    )


def what_can_mislead() -> str:
    """In one sentence."""
    return _(
        "What is signed may be frozen or honoured, others may step in, and grants not recorded here are in no figure."
    )
