"""The money of this view: converted, counted once, placed by country and activity, kept to the reader's choice.

Country and activity choose parts of a line's money and need; audience and funder choose lines. Everything that shows
money (overview, funding page, exports) reads this one picture, so figures agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from dashboard import words
from dashboard.data import computed, found_once, read
from dashboard.i18n import _
from dashboard.metrics import funding
from dashboard.visit import Visit
from data_access import queries
from data_access.filters import Filters

MONTHS_BACK, MONTHS_AHEAD = 18, 18


@dataclass(frozen=True)
class Portfolio:
    """`parts`: signed money by line, country, activity and month; `needs`: the same of stated needs.

    `lines`: line, organisation, need, funded of the year; `grants`: converted grants of the chosen organisations.
    """

    as_of: pd.Timestamp
    currency: str
    year: int
    all_grants: pd.DataFrame
    grants: pd.DataFrame
    parts: pd.DataFrame
    needs: pd.DataFrame
    lines: pd.DataFrame
    monthly: pd.DataFrame
    last_day: pd.Timestamp | None
    coverage_words: str
    rate_words: str

    @cached_property
    def totals(self) -> funding.CoverageTotals:
        """Need, funded, gap and surplus of the year over all lines."""
        return funding.coverage_totals(funding.coverage_lines(self.lines))

    @cached_property
    def cliff(self) -> funding.Cliff:
        """When signed money falls below need."""
        return funding.cliff(self.monthly, self.as_of, self.last_day)

    @cached_property
    def leaning(self) -> pd.DataFrame:
        """Share of the largest funder per organisation."""
        return funding.dependence(self.grants)

    @cached_property
    def newcomers(self) -> pd.DataFrame:
        """First-time and all grantees per year."""
        return funding.newcomers(self.signed)

    @cached_property
    def unplaced(self) -> set[int]:
        """Grants whose money is in no known country."""
        return set(self.parts.loc[self.parts["host_country"] == funding.NOT_STATED, "grant_id"])

    @property
    def over_committed(self) -> int:
        """Project lines with more signed money in the year than their stated budget (B19)."""
        budgets = set(self.needs.loc[self.needs["kind"] == "budget", "line"])
        lines = funding.coverage_lines(self.lines)
        own = lines["line"].isin(budgets) & lines["line"].str.startswith("p")
        return int((lines["surplus"].gt(0).fillna(False) & own).sum())

    def only(self, column: str, value: str) -> Portfolio:
        """The same picture kept to one line, country or activity, for the rows behind a figure."""
        return replace(
            self, parts=self.parts[self.parts[column] == value], needs=self.needs[self.needs[column] == value]
        )

    @property
    def signed(self) -> pd.DataFrame:
        """The signed, converted grants."""
        return self.grants[(self.grants["status"] == "commitment") & self.grants["minor"].notna()]


@dataclass(frozen=True)
class Placed:
    """All money this viewer may see, before any choice: converted `grants`, and parts of signed, pledged and needed
    money by line, country, activity and month (needs of unknown amount keep a row without month)."""

    grants: pd.DataFrame
    facets: pd.DataFrame
    signed: pd.DataFrame
    pledged: pd.DataFrame
    needs: pd.DataFrame
    rate_words: str


def place(visit: Visit) -> Placed:
    """Read, convert, split over countries and activities, spread over months."""
    viewer = visit.viewer
    rates = read(queries.funding.rates(viewer))
    grants = funding.convert(read(queries.funding.grants(viewer)), rates, visit.currency)
    stated = funding.convert(read(queries.funding.needs(viewer)), rates, visit.currency, on="stated_on")
    places = _places(visit)
    facets = read(queries.funding.project_facets(viewer))
    needs = _placed(stated.assign(grant_id=-stated["need_id"], line_project_id=stated["project_id"]), places, facets)
    known = funding.spread(needs, "period_start", "period_end")
    return Placed(
        grants.assign(line=_line(grants["project_id"], grants["recipient_id"])),
        facets,
        funding.spread(_placed(funding.ledger(grants), places, facets))[PART_COLUMNS],
        funding.spread(_placed(funding.ledger(grants, "pledge"), places, facets))[PART_COLUMNS],
        pd.concat([known, needs[needs["minor"].isna()]])[NEED_COLUMNS],
        _rate_words(visit, rates),
    )


def placed_money(visit: Visit) -> Placed:
    """`place`, once per viewer, data version and currency."""
    return computed(lambda: place(visit), "portfolio", visit.currency)


@found_once
def picture(visit: Visit) -> Portfolio:
    """The money of the reader's choice; see the class for what comes back."""
    filters, as_of = visit.filters, visit.as_of
    year = int(filters.until[:4]) if filters.until else as_of.year
    placed = placed_money(visit)
    lines = _lines_of(filters, placed)
    signed, pledged, needs = (_chosen(rows, filters, lines) for rows in (placed.signed, placed.pledged, placed.needs))
    grants = placed.grants
    if filters.host_countries or filters.activities or lines is not None:
        grants = grants[grants["recipient_id"].isin(signed["organisation_id"])]
    ends = signed.loc[signed["minor"] > 0, "ends_on"]
    return Portfolio(
        as_of,
        visit.currency,
        year,
        placed.grants,
        grants,
        signed,
        needs,
        _lines(signed, needs, year),
        _monthly(signed, pledged, needs, filters, as_of),
        ends.max() if len(ends) else None,
        _coverage_words(grants),
        placed.rate_words,
    )


PART_COLUMNS = [
    "grant_id",
    "line",
    "project",
    "recipient",
    "organisation_id",
    "host_country",
    "activity",
    "ends_on",
    "month",
    "minor",
]
NEED_COLUMNS = [
    "need_id",
    "kind",
    "line",
    "project",
    "organisation",
    "host_country",
    "activity",
    "period_start",
    "period_end",
    "month",
    "minor",
]


def _chosen(rows: pd.DataFrame, filters: Filters, lines: set[str] | None) -> pd.DataFrame:
    keep = pd.Series(True, index=rows.index)
    if filters.host_countries:
        keep &= rows["host_country"].isin(filters.host_countries)
    if filters.activities:
        keep &= rows["activity"].isin(filters.activities)
    if lines is not None:
        keep &= rows["line"].isin(lines)
    return rows if keep.all() else rows[keep]


def _places(visit: Visit) -> dict[str, pd.DataFrame]:
    return {
        "declared": read(queries.funding.declared_places(visit.viewer)),
        "organisation": read(queries.funding.organisation_places(visit.viewer)),
    }


def _line(project: pd.Series, organisation: pd.Series) -> pd.Series:
    return ("p" + project.astype("str")).where(project.notna(), "o" + organisation.astype("str"))


def _lines_of(filters: Filters, placed: Placed) -> set[str] | None:
    """The lines chosen by audience and funder, None for all."""
    chosen: set[str] | None = None
    if filters.audiences:
        facets = placed.facets
        found = facets[(facets["facet"] == "audience") & facets["code"].isin(filters.audiences)]
        chosen = set("p" + found["project_id"].astype("str"))
    if filters.funders:
        grants = placed.grants
        theirs = grants[grants["funder_slug"].isin(filters.funders) & (grants["status"] != "cancelled")]
        chosen = set(theirs["line"]) if chosen is None else chosen & set(theirs["line"])
    return chosen


def _placed(entries: pd.DataFrame, places: dict[str, pd.DataFrame], facets: pd.DataFrame) -> pd.DataFrame:
    """Entries divided over countries, then activities; entries of unknown amount keep every part."""
    entries = entries.assign(
        line=_line(entries["line_project_id"], entries["organisation_id"]), entry=np.arange(len(entries))
    )
    by_country = funding.split(entries, _country_parts(entries, places, facets), "host_country", "entry")
    by_country = by_country.assign(entry=np.arange(len(by_country)))
    return funding.split(by_country, _facet_parts(by_country, facets, "activity"), "activity", "entry")


def _facet_parts(entries: pd.DataFrame, facets: pd.DataFrame, facet: str) -> pd.DataFrame:
    values = facets[facets["facet"] == facet].rename(columns={"project_id": "line_project_id", "code": facet})
    linked = entries.loc[entries["line_project_id"].notna(), ["entry", "line_project_id"]]
    return linked.merge(values, on="line_project_id")[["entry", facet]]


def _country_parts(entries: pd.DataFrame, places: dict[str, pd.DataFrame], facets: pd.DataFrame) -> pd.DataFrame:
    """Declared by the grant, else the project's countries, else where the organisation works (B18)."""
    received = entries[entries["minor"].gt(0).fillna(False)]
    declared = received[["entry", "grant_id"]].merge(places["declared"], on="grant_id")
    from_project = _facet_parts(entries, facets, "host_country")
    from_project = from_project[~from_project["entry"].isin(declared["entry"])]
    rest = entries[~entries["entry"].isin(declared["entry"]) & ~entries["entry"].isin(from_project["entry"])]
    from_organisation = rest[["entry", "organisation_id"]].merge(places["organisation"], on="organisation_id")
    columns = ["entry", "host_country", "share_bp"]
    parts = [declared, from_project.assign(share_bp=pd.NA), from_organisation.assign(share_bp=pd.NA)]
    return pd.concat([p[columns].astype({"share_bp": "Int64"}) for p in parts], ignore_index=True)


def _lines(parts: pd.DataFrame, needs: pd.DataFrame, year: int) -> pd.DataFrame:
    """One row per line with money or need in `year`: need NA when it is not stated or stated without an amount."""
    money = parts[parts["month"].dt.year == year].groupby("line")["minor"].sum()
    known = needs[needs["month"].dt.year == year].groupby("line")["minor"].sum()
    unknown = needs[needs["minor"].isna()]
    blank = unknown.loc[(unknown["period_start"].dt.year <= year) & (unknown["period_end"].dt.year >= year), "line"]
    index = pd.Index(sorted({*money.index, *known.index, *blank}), name="line")
    lines = pd.DataFrame({"need": known.reindex(index), "funded": money.reindex(index)}, index=index)
    lines["need"] = lines["need"].astype("Int64").mask(index.isin(blank))
    lines["funded"] = lines["funded"].astype("Int64").fillna(0)
    return lines.join(_names(parts, needs)).reset_index()


def _names(parts: pd.DataFrame, needs: pd.DataFrame) -> pd.DataFrame:
    of_grants = parts.assign(organisation=parts["recipient"].where(parts["minor"] > 0))[
        ["line", "project", "organisation"]
    ]
    known = pd.concat([needs[["line", "project", "organisation"]], of_grants.dropna(subset="organisation")])
    first = known.drop_duplicates("line").set_index("line")
    name = first["project"].where(first.index.str.startswith("p"))
    return first.assign(name=name.fillna(_("Core work")))[["name", "organisation"]]


def _monthly(
    parts: pd.DataFrame, pledged: pd.DataFrame, needs: pd.DataFrame, filters: Filters, as_of: pd.Timestamp
) -> pd.DataFrame:
    this_month = as_of.to_period("M")
    first = pd.Period(filters.since, "M") if filters.since else this_month - MONTHS_BACK
    last = pd.Period(filters.until, "M") if filters.until else this_month + MONTHS_AHEAD
    months = pd.period_range(first, max(first, last), freq="M").start_time.as_unit("us")

    def per_month(rows: pd.DataFrame) -> pd.Series:
        return rows.groupby("month")["minor"].sum().reindex(months)

    stated = pd.MultiIndex.from_frame(needs[["line", "month"]].drop_duplicates())
    on_need = parts[pd.MultiIndex.from_frame(parts[["line", "month"]]).isin(stated)]

    return pd.DataFrame(
        {
            "month": months,
            "signed": per_month(parts).fillna(0).astype("int64").to_numpy(),
            "signed_on_need": per_month(on_need).fillna(0).astype("int64").to_numpy(),
            "pledged": per_month(pledged).fillna(0).astype("int64").to_numpy(),
            "need": per_month(needs).astype("Int64").to_numpy(),
        }
    )


def _coverage_words(grants: pd.DataFrame) -> str:
    counted = grants[grants["status"] == "commitment"]
    left_out = funding.to_fix(grants)["grant_id"].nunique()
    return _("{n} of {total} signed grants could not be converted or placed in time").format(
        n=words.number(left_out), total=words.number(len(counted))
    )


def _rate_words(visit: Visit, rates: pd.DataFrame) -> str:
    sets = ", ".join(sorted(rates["rate_set"].unique())) or _("no rates loaded")
    newest = words.day(rates["on_date"].max()) if len(rates) else ""
    return _(
        "Shown in {currency}, each grant at the last rate within 7 days before it was signed ({sets}, newest {day})."
    ).format(currency=visit.currency, sets=sets, day=newest)


def rows_behind(portfolio: Portfolio, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """One row per grant or need, country and activity with money in the months from `first` to `last`.

    Columns: entry (signed, passed_on, need), reference, funder, organisation, line, host_country, activity, part
    (minor units falling into the months), original (major units) and currency of the record. Signed and passed on add
    to the figures of those months to the cent.
    """
    keys = ["line", "host_country", "activity"]
    money = portfolio.parts[portfolio.parts["month"].between(first, last)]
    money = money.assign(entry=np.where(money["minor"] < 0, "passed_on", "signed"))
    signed = money.groupby(["entry", "grant_id", *keys], as_index=False)["minor"].sum()
    known = portfolio.all_grants[["grant_id", "reference", "funder", "recipient", "amount_minor", "currency"]]
    signed = signed.merge(known, on="grant_id", how="left").rename(columns={"recipient": "organisation"})
    stated = portfolio.needs[portfolio.needs["month"].between(first, last)]
    needed = stated.groupby(["need_id", *keys, "organisation"], as_index=False)["minor"].sum().assign(entry="need")
    rows = pd.concat([signed, needed], ignore_index=True)
    order = rows["entry"].map({"signed": 0, "passed_on": 1, "need": 2})
    rows = rows.assign(order=order).sort_values(["order", "minor"], ascending=[True, False], kind="stable")
    names = portfolio.lines.set_index("line")["name"]
    return rows.assign(
        line=rows["line"].map(names).astype("str"),
        part=rows["minor"].astype("Int64"),
        original=rows["amount_minor"].astype("Float64") / 100,
    )


def by_part(portfolio: Portfolio, columns: list[str], *, with_unknown: bool = False) -> pd.DataFrame:
    """Need, funded, coverage, gap and surplus of the year per line and part, summed over `columns`.

    The gap of each line within a part is taken before summing, so parts can add to more than the headline.
    `with_unknown` adds parts with money on lines that state no need: need, gap and coverage NA.
    """
    keys = ["line", *[column for column in columns if column != "line"]]
    in_year = portfolio.parts[portfolio.parts["month"].dt.year == portfolio.year]
    money = in_year.groupby(keys)["minor"].sum().rename("funded")
    need = (
        portfolio.needs[portfolio.needs["month"].dt.year == portfolio.year].groupby(keys)["minor"].sum().rename("need")
    )
    cells = funding.coverage_lines(pd.concat([need, money], axis=1).reset_index())
    known = cells[cells["need"].notna()]
    summed = known.groupby(columns, as_index=False)[["need", "funded", "gap", "surplus"]].sum()
    if with_unknown:
        unknown = cells[cells["need"].isna()].groupby(columns, as_index=False)[["funded"]].sum()
        only = unknown.merge(summed[columns], on=columns, how="left", indicator=True)
        summed = pd.concat([summed, only[only["_merge"] == "left_only"].drop(columns="_merge")], ignore_index=True)
    summed["coverage"] = (summed["need"] - summed["gap"]).astype("Float64") / summed["need"].astype("Float64").where(
        summed["need"] > 0
    )
    return summed
