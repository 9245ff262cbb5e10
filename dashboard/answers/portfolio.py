"""The money of this view: converted, counted once, placed by country and activity, kept to the reader's choice.

Country and activity choose parts of a line's money and need; audience and funder choose lines. Everything that shows
money (overview, funding page, exports) reads this one picture, so figures agree. It is made of the sums kept at refresh;
single grants are read where they are listed, for their sizes and waits, and for the rows behind a figure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial, reduce

import numpy as np
import pandas as pd

from dashboard.metrics import funding, money_sums, need_tiers, placement, receiving
from dashboard.metrics.standing import RECEIVED, standing
from dashboard.metrics.statistics import added_up
from dashboard.page.reading import found_once, kept_briefly, read
from dashboard.page.visit import Visit
from dashboard.upkeep.recorded_money import records_of
from dashboard.words import written
from data_access import queries
from data_access.filters import Filters
from data_access.i18n import _
from data_access.queries import choosing
from data_access.queries.money import Cut
from data_access.viewer import Viewer

MONTHS_BACK, MONTHS_AHEAD = 18, 18


@dataclass(frozen=True)
class Portfolio:
    """What is kept of the money of a choice.

    `tier` and `only_sure`: which statements of need count (`need_tiers`). `cells`: money and need of `year` by line,
    organisation, host country and activity (`queries.money.lines`); `reach`: where signed money of any year works; `lines`:
    line, name, organisation, need, funded of the year; `recipients` and `grantees`: what the chosen organisations of the
    network received, and in which years; `outside`: what others did; `monthly`: month, signed, signed_on_need, pledged, need.
    """

    viewer: Viewer
    filters: Filters
    as_of: pd.Timestamp
    currency: str
    year: int
    tier: str
    only_sure: bool
    cells: pd.DataFrame
    reach: pd.DataFrame
    lines: pd.DataFrame
    monthly: pd.DataFrame
    recipients: pd.DataFrame
    outside: pd.DataFrame
    grantees: pd.DataFrame
    rate_words: str

    @property
    def totals(self) -> funding.CoverageTotals:
        """Need, funded, gap and surplus of the year over all lines."""
        return under(self, self.tier)

    @cached_property
    def cliff(self) -> funding.Cliff:
        """When signed money falls below need."""
        return funding.cliff(self.monthly, self.as_of, self.recipients["last_day"].max())

    @property
    def signed_today(self) -> int | None:
        """Signed money of the month of the cut-off; unknown where nothing signed could be converted or placed in time."""
        this_month = self.as_of.to_period("M").start_time
        is_shown = bool((self.monthly["month"] == this_month).any())
        return None if not is_shown or self.is_unplaced else self.cliff.today

    @property
    def is_unplaced(self) -> bool:
        """Whether money was signed and none of it could be converted and placed in time: nothing is known to be covered then, and
        nothing to be missing."""
        counted, left_out = self.recipients["counted"].sum(), self.recipients["left_out"].sum()
        return (
            bool(counted)
            and counted == left_out
            and not self.cells["signed"].any()
            and not self.monthly["signed"].any()
        )

    @cached_property
    def leaning(self) -> pd.DataFrame:
        """Share of the largest funder per organisation that signed a grant."""
        return receiving.dependence(self.recipients[self.recipients["counted"] > 0])

    @cached_property
    def newcomers(self) -> pd.DataFrame:
        """First-time and all grantees per year."""
        return receiving.newcomers(self.grantees)

    @property
    def beyond(self) -> int:
        """What lines passed on in the year beyond what was placed on them in it."""
        return int(-self.cells.groupby("line")["signed"].sum().clip(upper=0).sum())

    @property
    def over_committed(self) -> int:
        """Project lines with more signed money in the year than their stated budget (B19)."""
        lines = funding.coverage_lines(self.sums_read("budget"))
        own = lines["need"].gt(0).fillna(False) & (lines["line"] > 0)
        return int((lines["surplus"].gt(0).fillna(False) & own).sum())

    def sums_read(self, tier: str) -> pd.DataFrame:
        """line, need and funded as in `lines`, under any tier of need."""
        if tier == self.tier:
            return self.lines
        bit = need_tiers.reading(tier, only_sure=self.only_sure)
        cells = read(queries.money.lines(self.currency, self.year, self.viewer, bit))
        return _stated(_chosen(cells, self.filters, _lines_of(self.filters, self.viewer)))

    @property
    def coverage_words(self) -> str:
        """How many signed grants no figure holds."""
        counted = int(self.recipients["counted"].sum())
        if not counted:
            return _("no signed grant is on record")
        return _("{n} of {total} signed grants could not be converted or placed in time").format(
            n=written.number(self.recipients["left_out"].sum()), total=written.number(counted)
        )

    @property
    def grants(self) -> pd.DataFrame:
        """All grants to the chosen organisations of the network, converted, each with its `standing`."""
        cut = Cut(self.filters, self.currency)
        asked = queries.funding.grants_received(cut, self.viewer)

        def made() -> pd.DataFrame:
            grants = converted(read(asked), self.viewer, self.currency)
            return grants[grants["recipient_is_member"].astype(bool)]

        return kept_briefly(made, "grants", cut)

    @property
    def signed(self) -> pd.DataFrame:
        """The signed, converted grants of others among them."""
        grants = self.grants
        return grants[grants["standing"].isin(RECEIVED)]


def converted(grants: pd.DataFrame, viewer: Viewer, currency: str) -> pd.DataFrame:
    """Grants with `minor`, their amount in the reporting currency, and their `standing`."""
    grants = funding.convert(grants, read(queries.funding.rates(viewer)), currency)
    return grants.assign(standing=standing(grants))


@found_once
def picture(visit: Visit, tier: str = "lowest", confidence: str = "all") -> Portfolio:
    """The money of the reader's choice; see the class for what comes back.

    `tier`: one of `need_tiers.CHOICES`; `confidence`: all statements of need, or those not of low confidence ("sure").
    """
    viewer, filters, currency = visit.viewer, visit.filters, visit.currency
    bit = need_tiers.reading(tier, only_sure=confidence == "sure")
    year = int(filters.until[:4]) if filters.until else visit.as_of.year
    of, lines = queries.money, _lines_of(filters, viewer)
    cells = _chosen(read(of.lines(currency, year, viewer, bit)), filters, lines)
    reach = _chosen(read(of.reach(currency, viewer)), filters, lines)
    received, years = read(of.recipients(currency, viewer)), read(of.grantees(currency, viewer))
    received = received.assign(is_member=received["is_member"].astype(bool))
    if filters.are_narrow:
        received, years = (rows[rows["organisation_id"].isin(reach["organisation_id"])] for rows in (received, years))
    return Portfolio(
        viewer,
        filters,
        visit.as_of,
        currency,
        year,
        tier,
        confidence == "sure",
        cells,
        reach,
        _lines(cells),
        _monthly(visit, lines, bit),
        received[received["is_member"]],
        received[~received["is_member"]],
        years,
        _rate_words(currency, read(queries.funding.rates(viewer))),
    )


@found_once
def under(money: Portfolio, tier: str) -> funding.CoverageTotals:
    """Need, funded, gap and surplus of the year over all lines under a tier of need."""
    return funding.coverage_totals(funding.coverage_lines(money.sums_read(tier)))


def _lines_of(filters: Filters, viewer: Viewer) -> pd.Index | None:
    """The lines chosen by every filter of lines, None for all."""
    chosen = [pd.Index(read(asked)["line"]) for asked in queries.money.chosen_lines(filters, viewer)]
    return reduce(pd.Index.intersection, chosen) if chosen else None


def _chosen(rows: pd.DataFrame, filters: Filters, lines: pd.Index | None = None) -> pd.DataFrame:
    keep = choosing.parts_of_money(rows, filters)
    if lines is not None:
        keep &= rows["line"].isin(lines)
    return rows if keep.all() else rows[keep]


def _stated(cells: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """line, `by`, need and funded of each line, or each part of one, with money or need in the year.

    Need is NA where none is stated, or where the line states any without an amount. What a line passed on beyond what was placed
    on it counts as nothing received (see `Portfolio.beyond`).
    """
    names = ["need", "signed", "known_needs", "unknown_needs", "parts"]
    sums = cells.groupby(["line", *by], as_index=False)[names].sum()
    known, unknown, parts = (sums[name].to_numpy("int64") for name in names[2:])
    is_open = sums["line"].isin(sums["line"][unknown > 0]).to_numpy()
    need = pd.arrays.IntegerArray(sums["need"].to_numpy("int64", na_value=0), (known <= 0) | is_open)
    found = sums[["line", *by]].assign(need=need, funded=np.maximum(sums["signed"].to_numpy("int64"), 0))
    return found[(known + unknown + parts > 0)] if by else found


def _lines(cells: pd.DataFrame) -> pd.DataFrame:
    """`_sums` with the name and the organisation of each line."""
    named = cells.drop_duplicates("line").sort_values("line", ignore_index=True)
    sums = _stated(cells)
    names = {"name": named["name"].fillna(_("Core work")), "organisation": named["organisation"]}
    return sums.assign(**names)[["line", "name", "organisation", "need", "funded"]]


def _monthly(visit: Visit, lines: pd.Index | None, reading: int) -> pd.DataFrame:
    """Signed money, that of it on lines that state a need, pledges and need of each month shown."""
    filters, this_month = visit.filters, visit.as_of.to_period("M")
    first = pd.Period(filters.since, "M") if filters.since else this_month - MONTHS_BACK
    last = pd.Period(filters.until, "M") if filters.until else this_month + MONTHS_AHEAD
    months = pd.period_range(first, max(first, last), freq="M").start_time.as_unit("us")
    rows = _chosen(_months(visit, lines, reading), filters)
    for chosen, values in choosing.rows(filters):
        if chosen.months:
            rows = rows[_names(rows[chosen.months], set(values))]
    signed = rows["signed"].to_numpy("int64")
    on_need = np.where(meets_need(rows["needed_in"], filters), signed, 0)
    sums = partial(added_up, group=months.get_indexer(pd.DatetimeIndex(rows["month"])), groups=len(months))
    need, known = (sums(rows[name].to_numpy("int64", na_value=0)) for name in ("need", "known_needs"))
    return pd.DataFrame(
        {
            "month": months,
            "signed": sums(signed),
            "signed_on_need": sums(on_need),
            "pledged": sums(rows["pledged"].to_numpy("int64")),
            "need": pd.arrays.IntegerArray(need, known <= 0),
        }
    )


def _months(visit: Visit, lines: pd.Index | None, reading: int) -> pd.DataFrame:
    """Money per month: from the sums, or where these do not say which lines it is on, as with a funder's, from the records
    of the few lines chosen."""
    if not any(chosen.lines and not chosen.months for chosen, _values in choosing.rows(visit.filters)):
        return read(queries.money.months(visit.currency, visit.viewer, reading))
    own = choosing.of_lines(visit.filters)
    records = records_in(visit.viewer, Cut(own, visit.currency))
    rows = money_sums.month_sums(placement.place(records, lines), records.facets)
    return rows[rows["readings"] & reading > 0]


def meets_need(needed_in: pd.Series, filters: Filters) -> pd.Series:
    """Whether the lines of a row state a need for the month within the choice."""
    cells = sorted({text for text in needed_in.unique() if text not in (money_sums.HERE, money_sums.NEVER)})
    named = [(text, *cell.split("/", 1)) for text in cells for cell in text.split(money_sums.BETWEEN)]
    frame = pd.DataFrame(named, columns=["text", *placement.CELL], dtype="str")
    return needed_in.isin({money_sums.HERE, *frame["text"][choosing.parts_of_money(frame, filters)]})


def _names(texts: pd.Series, chosen: set[str]) -> pd.Series:
    """Whether a row names one of the chosen values among its own, a line each."""
    return texts.isin({text for text in texts.unique() if not chosen.isdisjoint(text.split(money_sums.BETWEEN))})


def _rate_words(currency: str, rates: pd.DataFrame) -> str:
    if rates.empty:
        return _(
            "Shown in {currency}; no exchange rates are loaded, so money in other currencies is in no sum."
        ).format(currency=currency)
    sets = ", ".join(sorted(rates["rate_set"].unique()))
    return _(
        "Shown in {currency}, each grant at the last rate within 7 days before it was signed, each need at that before it was stated "
        "({sets}, newest {day}). Where rates moved in between, gap and surplus differ from currency to currency."
    ).format(currency=currency, sets=sets, day=written.day(rates["on_date"].max()))


@dataclass(frozen=True)
class Behind:
    """The converted grants and needs of a cut, its lines by name, and the parts of these within the choice."""

    grants: pd.DataFrame
    needs: pd.DataFrame
    lines: pd.DataFrame
    placed: placement.Placed


def records_in(viewer: Viewer, cut: Cut) -> placement.Records:
    """The converted records of organisations with money or need in the cut, kept for a short while."""
    return kept_briefly(lambda: records_of(read, viewer, cut).converted(cut.currency), "records", cut)


def behind(viewer: Viewer, cut: Cut) -> Behind:
    """The records of a cut and their parts within it, kept for a short while."""

    def made() -> Behind:
        records, lines = records_in(viewer, cut), read(queries.money.lines_in(cut, viewer))
        placed = placement.place(records, pd.Index(lines["line"]))
        signed, pledged, needs = (_chosen(rows, cut.filters) for rows in (placed.signed, placed.pledged, placed.needs))
        return Behind(records.grants, records.needs, lines, placement.Placed(signed, pledged, needs))

    return kept_briefly(made, "behind", cut)


def signed_parts(viewer: Viewer, cut: Cut, filters: Filters, grants: Collection[object]) -> pd.DataFrame:
    """The parts within the choice `filters` of these signed grants, which the cut holds; see `placement.Placed`."""
    records = records_in(viewer, cut)
    own = records.grants[records.grants["grant_id"].isin(grants)]
    lines = pd.Index(read(queries.money.lines_in(replace(cut, filters=filters), viewer))["line"])
    placed = placement.place(replace(records, grants=own, needs=records.needs.iloc[:0]), lines)
    return _chosen(placed.signed, filters)


def rows_behind(portfolio: Portfolio, cut: Cut, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """One row per grant or need, country and activity with money in the months from `first` to `last`.

    `cut`: the choice, or a part of it. Columns: entry (signed, passed_on, need), line (its number), reference, funder,
    organisation, name, host_country, activity, part (minor units falling into the months), original (major units) and
    currency of the record. Signed and passed on add to the figures of those months to the cent.
    """
    found = behind(portfolio.viewer, cut)
    signed, stated = found.placed.signed, found.placed.needs
    stated = stated[stated["readings"] & need_tiers.reading(portfolio.tier, only_sure=portfolio.only_sure) > 0]
    keys = ["line", *placement.CELL]
    money = signed[signed["month"].between(first, last)]
    money = money.assign(entry=np.where(money["is_passed_on"], "passed_on", "signed"))
    sums = money.groupby(["entry", "grant_id", *keys], as_index=False)["minor"].sum()
    known = found.grants[["grant_id", "reference", "funder", "recipient", "amount_minor", "currency"]]
    sums = sums.merge(known, on="grant_id", how="left").rename(columns={"recipient": "organisation"})
    needed = stated[stated["month"].between(first, last)].groupby(["need_id", *keys], as_index=False)["minor"].sum()
    owners = found.needs[["need_id", "organisation"]]
    rows = pd.concat([sums, needed.merge(owners, on="need_id").assign(entry="need")], ignore_index=True)
    order = rows["entry"].map({"signed": 0, "passed_on": 1, "need": 2})
    rows = rows.assign(order=order).sort_values(["order", "minor"], ascending=[True, False], kind="stable")
    rows = rows.merge(found.lines, on="line", how="left")
    return rows.assign(
        name=rows["name"].fillna(_("Core work")),
        part=rows["minor"].astype("Int64"),
        original=rows["amount_minor"].astype("Float64") / 100,
    )


def lines_in_parts(portfolio: Portfolio, columns: list[str]) -> pd.DataFrame:
    """need, funded, coverage, gap and surplus of the year, one row per line and part; need NA where none is stated."""
    return funding.coverage_lines(_stated(portfolio.cells, [column for column in columns if column != "line"]))


def by_part(portfolio: Portfolio, columns: list[str], *, with_unknown: bool = False) -> pd.DataFrame:
    """Need, funded, coverage, gap and surplus of the year per line and part, summed over `columns`.

    The gap of each line within a part is taken before summing, so parts can add to more than the headline.
    `with_unknown` adds, as the last, parts with money on lines that state no need alone: need, gap and coverage NA.
    """
    cells = lines_in_parts(portfolio, columns)
    is_known = cells["need"].notna().to_numpy()
    funded = cells["funded"].to_numpy("int64")
    apart = cells.assign(funded=np.where(is_known, funded, 0), without=np.where(is_known, 0, funded), known=is_known)
    amounts = ["need", "funded", "gap", "surplus", "without", "known"]
    summed = apart.groupby(columns, as_index=False)[amounts].sum()
    known = summed["known"].to_numpy("int64") > 0
    need, gap, surplus = (summed[name].to_numpy("int64", na_value=0) for name in ("need", "gap", "surplus"))
    whole = pd.arrays.IntegerArray
    coverage = np.divide(need - gap, need, out=np.zeros(len(need)), where=need > 0)
    found = summed[columns].assign(
        need=whole(need, ~known),
        funded=pd.array(np.where(known, summed["funded"], summed["without"]), dtype="Int64"),
        gap=whole(gap, ~known),
        surplus=whole(surplus, ~known),
        coverage=pd.arrays.FloatingArray(coverage, ~known | (need <= 0)),
    )
    kept = np.argsort(~known, kind="stable") if with_unknown else np.flatnonzero(known)
    return found.iloc[kept].reset_index(drop=True)
