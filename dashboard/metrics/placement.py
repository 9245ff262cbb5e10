"""Where money is and when: grants and needs divided over host countries, activities and months.

A line is where need and money meet: a project, or the core work of an organisation. Its number is the project's id, or
minus the organisation's. Rules: METHODS.md B (B01, B04, B06, B18).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from dashboard.metrics import funding, need_tiers
from dashboard.metrics.standing import holds

CELL = ["host_country", "activity"]
APART = 1 << 40
"""What several viewers know is placed side by side with the ids of each apart by a multiple of this (`circles`)."""
IDS = (
    "line",
    "grant_id",
    "need_id",
    "project_id",
    "parent_project_id",
    "organisation_id",
    "recipient_id",
    "funder_id",
    "largest_funder_id",
)


@dataclass(frozen=True)
class Amounts:
    """Grants and needs in reporting currencies: by grant_id and by need_id a column of minor units (Int64) per currency."""

    grants: pd.DataFrame
    needs: pd.DataFrame


@dataclass(frozen=True)
class Records:
    """Money as one viewer may see it: one frame per query of `data_access.queries.funding`."""

    grants: pd.DataFrame
    needs: pd.DataFrame
    declared: pd.DataFrame
    places: pd.DataFrame
    facets: pd.DataFrame
    rates: pd.DataFrame

    @cached_property
    def received_on(self) -> pd.Series:
        """The line each grant adds to."""
        return line_of(self.grants["project_id"], self.grants["recipient_id"])

    @cached_property
    def taken_from(self) -> pd.Series:
        """The line each grant is taken from; NA where its payer is not named or not in the network."""
        line = line_of(self.grants["parent_project_id"], self.grants["funder_id"])
        return line.where(holds(self.grants["funder_is_member"]))

    @cached_property
    def needed_on(self) -> pd.Series:
        """The line of each need."""
        return line_of(self.needs["project_id"], self.needs["organisation_id"])

    @property
    def lines(self) -> pd.Index:
        """Every line there is."""
        return ids([self.received_on, self.taken_from, self.needed_on])

    @property
    def organisations(self) -> pd.Index:
        """Everybody who received a grant, or paid one and is in the network."""
        return with_own_sums(self.grants)

    def amounts(self, *currencies: str) -> Amounts:
        """Every grant and need in reporting currencies (B09)."""

        def of(rows: pd.DataFrame, key: str, on: str) -> pd.DataFrame:
            each = {c: funding.convert(rows, self.rates, c, on)["minor"].array for c in currencies}
            return pd.DataFrame(each, index=pd.Index(rows[key], dtype="int64"))

        return Amounts(of(self.grants, "grant_id", "committed_on"), of(self.needs, "need_id", "stated_on"))

    def valued(self, amounts: Amounts) -> Records:
        """Every grant and need once per reporting currency of `amounts`: `reporting`, and `minor`, its amount in it."""

        def each(rows: pd.DataFrame, known: pd.DataFrame, key: str) -> pd.DataFrame:
            own = known.reindex(rows[key].to_numpy(dtype="int64") % APART)
            several = [rows.assign(reporting=currency, minor=own[currency].array) for currency in own]
            return pd.concat(several, ignore_index=True)

        grants = each(self.grants, amounts.grants, "grant_id")
        return replace(self, grants=grants, needs=each(self.needs, amounts.needs, "need_id"))

    def converted(self, *currencies: str) -> Records:
        """Every grant and need once per reporting currency: `reporting`, and `minor`, its amount in it (B09)."""
        return self.valued(self.amounts(*currencies))

    def among(self, lines: pd.Index, organisations: pd.Index | None = None) -> Records:
        """What is recorded of these lines, and the grants that these organisations received or paid."""
        grants, needs = self.grants, self.needs[self.needed_on.isin(lines)]
        is_near = self.received_on.isin(lines) | self.taken_from.isin(lines)
        if organisations is not None:
            is_near |= grants["recipient_id"].isin(organisations) | grants["funder_id"].isin(organisations)
        grants = grants[is_near]
        sides = pd.concat([grants["recipient_id"], grants["funder_id"], needs["organisation_id"]])
        return replace(
            self,
            grants=grants,
            needs=needs,
            declared=self.declared[self.declared["grant_id"].isin(grants["grant_id"])],
            places=self.places[self.places["organisation_id"].isin(sides)],
            facets=self.facets[self.facets["project_id"].isin(lines)],
        )


@dataclass(frozen=True)
class Placed:
    """Parts of money by line, host country, activity and month, in each `reporting` currency.

    `signed` and `pledged`: grant_id, line, organisation_id, funder_id, host_country, activity, month, minor,
    is_passed_on. `needs`: need_id, kind, line, organisation_id, host_country, activity, period_start, period_end,
    readings (the tiers a part counts in, see `need_tiers`), month, minor; needs of unknown amount keep a row without month.
    """

    signed: pd.DataFrame
    pledged: pd.DataFrame
    needs: pd.DataFrame


def place(records: Records, lines: pd.Index | None = None) -> Placed:
    """Divide converted grants and needs over countries and activities, then months; `lines`: only what is on them."""
    needs = stated_needs(records, lines)[STATED_COLUMNS]
    both = [funding.ledger(records.grants, status)[LEDGER_COLUMNS] for status in ("commitment", "pledge")]
    stated, money = (_divided(rows, records, lines) for rows in (needs, pd.concat(both, ignore_index=True)))
    parts = funding.spread(money)
    known = funding.spread(stated, "period_start", "period_end")
    unknown = stated[stated["minor"].isna()].assign(month=pd.Series(dtype="datetime64[us]"))
    return Placed(
        parts.loc[parts["status"] == "commitment", PART_COLUMNS],
        parts.loc[parts["status"] == "pledge", PART_COLUMNS],
        pd.concat([known, unknown], ignore_index=True)[NEED_COLUMNS],
    )


def stated_needs(records: Records, lines: pd.Index | None = None) -> pd.DataFrame:
    """The needs that count, cut into the readings they count in, in each reporting currency; `lines`: only theirs."""
    needs = records.needs.assign(
        grant_id=-records.needs["need_id"], line_project_id=records.needs["project_id"], line=records.needed_on
    )
    if lines is not None:
        needs = needs[needs["line"].isin(lines)]
    several = [need_tiers.in_readings(need_tiers.newest(own)) for _currency, own in needs.groupby("reporting")]
    return pd.concat(several or [needs.assign(readings=0)], ignore_index=True)


PART_COLUMNS = [
    "reporting",
    "grant_id",
    "line",
    "organisation_id",
    "funder_id",
    *CELL,
    "month",
    "minor",
    "is_passed_on",
]
NEED_COLUMNS = [
    "reporting",
    "need_id",
    "kind",
    "line",
    "organisation_id",
    *CELL,
    "period_start",
    "period_end",
    "readings",
    "month",
    "minor",
]


LEDGER_COLUMNS = [
    "reporting",
    "grant_id",
    "line_project_id",
    "organisation_id",
    "funder_id",
    "status",
    "starts_on",
    "ends_on",
    "minor",
    "is_passed_on",
]
STATED_COLUMNS = [
    "reporting",
    "need_id",
    "grant_id",
    "kind",
    "line_project_id",
    "organisation_id",
    "period_start",
    "period_end",
    "readings",
    "minor",
]
"""What placing reads: names would be copied for every part of every month."""


def line_of(project: pd.Series, organisation: pd.Series) -> pd.Series:
    """The number of a line: the project, or minus the organisation for its core work."""
    return project.astype("Int64").fillna(-organisation.astype("Int64"))


def _divided(entries: pd.DataFrame, records: Records, lines: pd.Index | None) -> pd.DataFrame:
    """Entries divided over countries, then activities; entries of unknown amount keep every part."""
    line = line_of(entries["line_project_id"], entries["organisation_id"])
    entries = entries.assign(line=line.astype("int64"), organisation_id=entries["organisation_id"].astype("int64"))
    if lines is not None:
        entries = entries[entries["line"].isin(lines)]
    entries = entries.assign(entry=np.arange(len(entries)))
    by_country = funding.split(entries, _country_parts(entries, records), "host_country", "entry")
    by_country = by_country.assign(entry=np.arange(len(by_country)))
    return funding.split(by_country, _facet_parts(by_country, records.facets, "activity"), "activity", "entry")


def shares(records: Records) -> pd.DataFrame:
    """Which part of each grant works in which host country (B18): grant_id, host_country ('withheld' or 'not_stated' where it
    is), share_bp, of which a grant's add to 10,000."""
    grants = records.grants
    entries = grants[["grant_id"]].assign(
        organisation_id=grants["recipient_id"],
        line_project_id=grants["project_id"],
        minor=pd.array([funding.WHOLE_BP] * len(grants), dtype="Int64"),
        entry=np.arange(len(grants)),
    )
    placed = funding.split(entries, _country_parts(entries, records), "host_country", "entry")
    return placed[["grant_id", "host_country", "minor"]].rename(columns={"minor": "share_bp"})


def _facet_parts(entries: pd.DataFrame, facets: pd.DataFrame, facet: str) -> pd.DataFrame:
    values = facets[facets["facet"] == facet].rename(columns={"project_id": "line_project_id", "code": facet})
    linked = entries.loc[entries["line_project_id"].notna(), ["entry", "line_project_id"]]
    return linked.merge(values, on="line_project_id")[["entry", facet]]


def _country_parts(entries: pd.DataFrame, records: Records) -> pd.DataFrame:
    """Declared by the grant, else the project's countries, else where the organisation works (B18)."""
    received = entries[entries["minor"].gt(0).fillna(False)]
    declared = received[["entry", "grant_id"]].merge(records.declared, on="grant_id")
    from_project = _facet_parts(entries, records.facets, "host_country")
    from_project = from_project[~from_project["entry"].isin(declared["entry"])]
    rest = entries[~entries["entry"].isin(declared["entry"]) & ~entries["entry"].isin(from_project["entry"])]
    from_organisation = rest[["entry", "organisation_id"]].merge(records.places, on="organisation_id")
    columns = ["entry", "host_country", "share_bp"]
    parts = [declared, from_project.assign(share_bp=pd.NA), from_organisation.assign(share_bp=pd.NA)]
    return pd.concat([p[columns].astype({"share_bp": "Int64"}) for p in parts], ignore_index=True)


def ids(found: list[pd.Series]) -> pd.Index:
    """Each of them once, in order."""
    return pd.Index(np.sort(pd.concat(found).dropna().astype("int64").unique()))


def with_own_sums(grants: pd.DataFrame) -> pd.Index:
    """Of whom these grants say what they received or passed on: whoever received one, and members who paid one."""
    return ids([grants["recipient_id"], grants.loc[holds(grants["funder_is_member"]), "funder_id"]])


def moved(rows: pd.DataFrame, by: int) -> pd.DataFrame:
    """Rows with all their ids further from zero."""
    return rows.assign(**{name: rows[name] + np.sign(rows[name]) * by for name in IDS if name in rows})


def as_recorded(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the ids of the database, of whichever viewer they are."""
    return rows.assign(**{name: rows[name].abs() % APART * np.sign(rows[name]) for name in IDS if name in rows})
