"""Where money is and when: grants and needs divided over host countries, activities and months, and the sums kept of them.

A line is where need and money meet: a project, or the core work of an organisation. Its number is the project's id, or
minus the organisation's. Rules: METHODS.md B (B01, B04, B06, B18).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import pandas as pd

from dashboard.metrics import funding, need_tiers
from dashboard.metrics.standing import (
    CARRIED_OVER,
    ENTERED,
    LEFT,
    NOT_CONVERTED,
    OWN,
    PASSED_ON,
    RECEIVED,
    STANDINGS,
    UNSOURCED,
    standing,
)

LINES_AT_ONCE = 5_000
NOT_IN_TIME = "not_in_time"
HERE, NEVER = "here", ""
BETWEEN = "\n"
CELL = ["host_country", "activity"]
MONTH_KEYS = ["reporting", *CELL, "audiences", "needed_in", "readings", "month"]
STATED_IN = ["reporting", "line", "month"]
LINE_MONTH = [*STATED_IN, "group"]
LINE_KEYS = ["reporting", "year", "line", "organisation_id", "funder_id", *CELL, "readings"]


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
        """The line each grant is taken from if its payer is in the network; NA without a named payer."""
        return line_of(self.grants["parent_project_id"], self.grants["funder_id"])

    @cached_property
    def needed_on(self) -> pd.Series:
        """The line of each need."""
        return line_of(self.needs["project_id"], self.needs["organisation_id"])

    @property
    def lines(self) -> pd.Index:
        """Every line there is."""
        return _ids([self.received_on, self.taken_from, self.needed_on])

    def converted(self, *currencies: str) -> Records:
        """Every grant and need once per reporting currency: `reporting`, and `minor`, its amount in it (B09)."""

        def each(amounts: pd.DataFrame, on: str) -> pd.DataFrame:
            several = [funding.convert(amounts, self.rates, c, on).assign(reporting=c) for c in currencies]
            return pd.concat(several, ignore_index=True)

        return replace(self, grants=each(self.grants, "committed_on"), needs=each(self.needs, "stated_on"))

    def are_same(self, others: Records) -> bool:
        """Whether nothing differs."""
        return all(getattr(self, one.name).equals(getattr(others, one.name)) for one in fields(self))

    def valued_as(self, whole: Records) -> Records:
        """With the amounts of `whole`, which was converted and holds each of these grants and needs."""

        def each(own: pd.DataFrame, valued: pd.DataFrame, key: str) -> pd.DataFrame:
            amounts = valued[[key, "reporting", "minor"]]
            several = [own.merge(of, on=key) for _currency, of in amounts.groupby("reporting", sort=False)]
            return pd.concat(several or [own.merge(amounts, on=key)], ignore_index=True)

        grants = each(self.grants, whole.grants, "grant_id")
        return replace(self, grants=grants, needs=each(self.needs, whole.needs, "need_id"))

    def among(self, lines: pd.Index) -> Records:
        """What is recorded of these lines."""
        grants = self.grants[self.received_on.isin(lines) | self.taken_from.isin(lines)]
        needs = self.needs[self.needed_on.isin(lines)]
        organisations = pd.concat([grants["recipient_id"], grants["funder_id"], needs["organisation_id"]])
        return replace(
            self,
            grants=grants,
            needs=needs,
            declared=self.declared[self.declared["grant_id"].isin(grants["grant_id"])],
            places=self.places[self.places["organisation_id"].isin(organisations)],
            facets=self.facets[self.facets["project_id"].isin(lines)],
        )

    def received_by(self, organisations: pd.Index) -> Records:
        """With the grants these organisations received or paid alone."""
        sides = (self.grants["recipient_id"], self.grants["funder_id"])
        return replace(self, grants=self.grants[sides[0].isin(organisations) | sides[1].isin(organisations)])


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
    needs = stated_needs(records, lines)
    both = [funding.ledger(records.grants, status) for status in ("commitment", "pledge")]
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


def line_of(project: pd.Series, organisation: pd.Series) -> pd.Series:
    """The number of a line: the project, or minus the organisation for its core work."""
    return project.astype("Int64").fillna(-organisation.astype("Int64"))


def _divided(entries: pd.DataFrame, records: Records, lines: pd.Index | None) -> pd.DataFrame:
    """Entries divided over countries, then activities; entries of unknown amount keep every part."""
    entries = entries.assign(line=line_of(entries["line_project_id"], entries["organisation_id"]))
    if lines is not None:
        entries = entries[entries["line"].isin(lines)]
    entries = entries.assign(entry=np.arange(len(entries)))
    by_country = funding.split(entries, _country_parts(entries, records), "host_country", "entry")
    by_country = by_country.assign(entry=np.arange(len(by_country)))
    return funding.split(by_country, _facet_parts(by_country, records.facets, "activity"), "activity", "entry")


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


def month_sums(placed: Placed, facets: pd.DataFrame) -> pd.DataFrame:
    """Signed, pledged and needed money per line, cell, month and readings of need; see `sums`.

    All parts of a line must be there, for whether its money meets a need depends on where else it states one.
    """
    keys = ["reporting", "line", *CELL, "month"]
    needs = placed.needs.dropna(subset="month")
    groups = _reading_groups(needs)
    money = [rows.groupby(keys)["minor"].sum() for rows in (placed.signed, placed.pledged)]
    money = pd.concat(dict(zip(("signed", "pledged"), money, strict=True)), axis=1).reset_index()
    money = money.merge(groups, on=STATED_IN, how="left")
    money["group"] = money["group"].fillna(need_tiers.EVERY_READING).astype("int64")
    needed = needs.merge(groups, on=STATED_IN)
    needed = needed[needed["readings"] & needed["group"] > 0].groupby([*keys, "group"])["minor"].agg(["sum", "size"])
    rows = money.set_index([*keys, "group"]).join(
        needed.rename(columns={"sum": "need", "size": "known_needs"}), how="outer"
    )
    rows = rows.astype("Int64").fillna(0).astype("int64").reset_index()
    stated = rows["known_needs"] > 0
    elsewhere = rows.groupby(LINE_MONTH)["known_needs"].transform("sum").gt(0) & ~stated
    rows["needed_in"] = pd.Series(HERE, index=rows.index, dtype="str").where(stated, NEVER)
    rows.loc[elsewhere, "needed_in"] = _cells_of_need(rows[stated], rows[elsewhere])
    rows["audiences"] = rows["line"].map(_audiences(facets)).astype("object").fillna("").astype("str")
    return rows.rename(columns={"group": "readings"})


def _reading_groups(needs: pd.DataFrame) -> pd.DataFrame:
    """Per line and month with a need, the groups of readings under which its statements are the same ones: `STATED_IN`,
    group. The groups of a month hold each reading once."""
    masks = needs[[*STATED_IN, "readings"]].drop_duplicates()
    rank = masks.groupby(STATED_IN).cumcount().to_numpy(dtype="int64")
    bits = np.arange(need_tiers.EVERY_READING.bit_length())
    held = (masks["readings"].to_numpy(dtype="int64")[:, None] >> bits & 1) << rank[:, None]
    alike = pd.DataFrame(held, columns=bits).groupby([masks[key].to_numpy() for key in STATED_IN]).sum()
    each = alike.rename_axis(STATED_IN).melt(var_name="bit", value_name="held", ignore_index=False).reset_index()
    each["group"] = np.left_shift(1, each["bit"].to_numpy(dtype="int64"))
    return each.groupby([*STATED_IN, "held"], as_index=False)["group"].sum()[[*STATED_IN, "group"]]


def _cells_of_need(stated: pd.DataFrame, asked: pd.DataFrame) -> np.ndarray:
    """For each of the `asked` rows, the cells in which its line states a need for that month."""
    near = stated.merge(asked[LINE_MONTH].drop_duplicates(), on=LINE_MONTH)
    cells = (near["host_country"] + "/" + near["activity"]).groupby([near[key] for key in LINE_MONTH])
    return cells.agg(BETWEEN.join).reindex(pd.MultiIndex.from_frame(asked[LINE_MONTH])).to_numpy()


def _audiences(facets: pd.DataFrame) -> pd.Series:
    served = facets[facets["facet"] == "audience"].sort_values("code")
    return served.groupby("project_id")["code"].agg(BETWEEN.join)


def line_sums(placed: Placed) -> pd.DataFrame:
    """Received, passed on and needed money per year, line, organisation, funder and cell; see `sums`."""
    signed, pledged, needs = _by_year(placed.signed), _by_year(placed.pledged), placed.needs
    known = needs.dropna(subset="month")
    amount = known["minor"].astype("int64")
    parts = [
        signed.assign(
            received=signed["minor"].mask(signed["is_passed_on"], 0),
            passed_on=signed["minor"].where(signed["is_passed_on"], 0),
            parts=1,
        ),
        pledged.assign(pledges=1),
        known.assign(
            year=known["month"].dt.year,
            need=amount,
            known_needs=1,
        ),
        _years(needs[needs["month"].isna()]).assign(unknown_needs=1),
    ]
    rows = pd.concat(parts, ignore_index=True).reindex(columns=[*LINE_KEYS, *LINE_AMOUNTS])
    rows["readings"] = rows["readings"].fillna(need_tiers.EVERY_READING).astype("int64")
    rows[LINE_AMOUNTS] = rows[LINE_AMOUNTS].astype("Int64").fillna(0).astype("int64")
    rows = rows.astype({"funder_id": "Int64"})
    return rows.groupby(LINE_KEYS, as_index=False, dropna=False)[LINE_AMOUNTS].sum()


LINE_AMOUNTS = ["received", "passed_on", "need", "known_needs", "unknown_needs", "parts", "pledges"]


def _by_year(money: pd.DataFrame) -> pd.DataFrame:
    """With its year, and with its funder where it was received from one."""
    return money.assign(year=money["month"].dt.year, funder_id=money["funder_id"].mask(money["is_passed_on"]))


def _years(needs: pd.DataFrame) -> pd.DataFrame:
    """Each need once for every calendar year of its period."""
    first, last = needs["period_start"].dt.year, needs["period_end"].dt.year
    years = [list(range(a, b + 1)) for a, b in zip(first, last, strict=True)]
    return needs.assign(year=pd.Series(years, index=needs.index, dtype="object")).explode("year").astype({"year": int})


@dataclass(frozen=True)
class Differences:
    """The `lines` and `recipients` of which one of two viewers sees something other than the other one."""

    lines: pd.Index
    recipients: pd.Index

    @property
    def are_none(self) -> bool:
        """Whether both see the same."""
        return self.lines.empty and self.recipients.empty


def differences(mine: Records, theirs: Records) -> Differences:
    """What two viewers' records differ in."""

    def changed(frames: tuple[pd.DataFrame, pd.DataFrame], key: str) -> pd.Series:
        return pd.concat(frames).drop_duplicates(keep=False)[key]

    grants = changed((mine.grants, theirs.grants), "grant_id")
    declared = changed((mine.declared, theirs.declared), "grant_id")
    projects = changed((mine.facets, theirs.facets), "project_id")
    organisations = changed((mine.places, theirs.places), "organisation_id")
    needs = changed((mine.needs, theirs.needs), "need_id")
    lines, recipients = [projects], []
    for records in (mine, theirs):
        known, stated = records.grants, records.needs
        own = known["grant_id"].isin(grants)
        touched = own | known["grant_id"].isin(declared)
        touched |= known["recipient_id"].isin(organisations) | known["funder_id"].isin(organisations)
        lines += [records.received_on[touched], records.taken_from[touched]]
        lines.append(records.needed_on[stated["need_id"].isin(needs) | stated["organisation_id"].isin(organisations)])
        recipients += [known.loc[own, "recipient_id"], known.loc[own, "funder_id"]]
    return Differences(_ids(lines), _ids(recipients))


def _ids(found: list[pd.Series]) -> pd.Index:
    return pd.Index(pd.concat(found).dropna().astype("int64").unique())


def recipients(records: Records) -> pd.DataFrame:
    """What organisations received and passed on, in one reporting currency.

    Columns: organisation_id, total (signed by others, converted), own (carried over by itself), entered, carried_over,
    unsourced and from_members (the parts of total, see `standing`), passed_on and left_network (what it paid inside and
    outside), outside (what it received without being in the network), grants (signed by others and converted), counted (all
    signed by others), unconverted, undated (without a signing date), left_out (those with a reason to fix other than their
    country), funders, largest_funder_id, largest, unnamed, unrestricted, restricted, unknown_status, last_day.
    """
    grants = records.grants.assign(standing=standing(records.grants))
    money, what = grants["minor"].astype("Int64").fillna(0), grants["standing"]
    received = what.isin(RECEIVED)
    is_signed = received | what.isin(NOT_CONVERTED)
    to_fix = set(funding.to_fix(grants)["grant_id"])
    columns = {
        "total": money.where(received, 0),
        "own": money.where(what == OWN, 0),
        **{name: money.where(what == word, 0) for name, word in PARTS_OF_TOTAL.items()},
        "outside": money.where(what.isin(("outside", LEFT)) & (grants["status"] == "commitment"), 0),
        "grants": received,
        "counted": is_signed,
        "unconverted": what.isin(NOT_CONVERTED),
        "undated": is_signed & grants["committed_on"].isna(),
        "left_out": is_signed & grants["grant_id"].isin(to_fix),
        "unrestricted": money.where(received & (grants["restriction"] == "unrestricted"), 0),
        "restricted": money.where(received & (grants["restriction"] == "restricted"), 0),
        "unknown_status": money.where(what == "unknown_status", 0),
    }
    organisation = grants["recipient_id"].rename("organisation_id")
    each = pd.DataFrame({name: values.astype("int64") for name, values in columns.items()}).groupby(organisation).sum()
    paid = {"passed_on": what == PASSED_ON, "left_network": what == LEFT}
    payer = grants["funder_id"].astype("Int64").rename("organisation_id")
    given = pd.DataFrame({name: money.where(mask, 0).astype("int64") for name, mask in paid.items()})[payer.notna()]
    each = each.join(given.groupby(payer[payer.notna()].astype("int64")).sum(), how="outer")
    inside = grants[grants["recipient_is_member"].astype("boolean").fillna(False)]
    each = each.join(funding.largest_funders(inside).set_index("organisation_id").drop(columns=["total"]))
    each[["largest_funder_id"]] = each[["largest_funder_id"]].astype("Int64")
    amounts = [name for name in each if name != "largest_funder_id"]
    each[amounts] = each[amounts].fillna(0).astype("int64")
    is_nothing = each.drop(columns="largest_funder_id").eq(0).all(axis=1)
    each["last_day"] = grants["ends_on"].where(what.isin((*RECEIVED, OWN))).groupby(organisation).max()
    return each[~is_nothing | each.index.isin(organisation)].rename_axis("organisation_id").reset_index()


PARTS_OF_TOTAL = {"entered": ENTERED, "carried_over": CARRIED_OVER, "unsourced": UNSOURCED, "from_members": PASSED_ON}


def grantees(records: Records) -> pd.DataFrame:
    """Signed grants to members per organisation and year of signature, in one reporting currency: organisation_id, year,
    grants, unconverted (those without an amount in it), total."""
    grants = records.grants.assign(standing=standing(records.grants))
    is_signed = grants["standing"].isin((*RECEIVED, *NOT_CONVERTED)) & grants["committed_on"].notna()
    inside = grants["recipient_is_member"].astype("boolean").fillna(False)
    dated = grants[is_signed & inside].rename(columns={"recipient_id": "organisation_id"})
    rows = dated.assign(
        year=dated["committed_on"].dt.year,
        unconverted=dated["standing"].isin(NOT_CONVERTED).astype("int64"),
        total=dated["minor"].astype("Int64").fillna(0),
    ).groupby(["organisation_id", "year"])
    return rows.agg(
        grants=("grant_id", "size"), unconverted=("unconverted", "sum"), total=("total", "sum")
    ).reset_index()


def book(records: Records) -> pd.DataFrame:
    """The account of all grants, in one reporting currency: line (the `standing`), units, without_amount (how many
    of them have none in it), minor (of the others). Every line is there.

    One more line stands beside the account: `not_in_time`, what of the signed money has no days to be spread over.
    """
    known = records.grants["minor"].astype("Int64")
    grants = records.grants.assign(line=standing(records.grants), known=known.fillna(0), is_unknown=known.isna())
    lines = grants.groupby("line").agg(
        units=("known", "size"), without_amount=("is_unknown", "sum"), minor=("known", "sum")
    )
    entries = funding.ledger(records.grants)
    timeless = entries[~funding.has_days(entries)]
    lines = lines.reindex(STANDINGS, fill_value=0).astype("int64")
    lines.loc[NOT_IN_TIME] = [timeless["grant_id"].nunique(), 0, int(timeless["minor"].sum())]
    return lines.rename_axis("line").reset_index()


def signed_per_project(records: Records) -> pd.DataFrame:
    """Signed money tagged to each project, in one reporting currency: project_id, total (B03)."""
    grants = records.grants
    signed = grants[standing(grants).isin((*RECEIVED, OWN)) & grants["project_id"].notna()]
    return signed.groupby("project_id")["minor"].sum().rename("total").reset_index()


Sums = dict[str, pd.DataFrame]
BY_LINE = {
    "money_month": [*MONTH_KEYS, "line"],
    "money_line": LINE_KEYS,
    "grant_to_fix": ["reporting", "grant_id", "reason", "line"],
}


def sums(records: Records) -> Sums:
    """What is kept of converted money, so that no page adds up grants: the rows of each table of sums, still by line; `kept`
    gives those to store.

    `money_month`: host_country, activity, audiences (that its lines serve, a line each), needed_in, readings (of need,
    see `need_tiers`: bits), month, signed, pledged, need, known_needs. `needed_in` says where the lines of a row state a need for the month: here, never, or in
    these other cells ("country/activity", a line each).
    `money_line`: year, line, organisation_id, funder_id, host_country, activity, readings (of need; all for money),
    received, passed_on, need, known_needs, unknown_needs, parts (of signed money), pledges.
    `grant_to_fix`: grant_id, reason, times. `book`: see `book`. `money_recipient`, `money_grantee`, `money_project`: see `recipients`,
    `grantees`, `signed_per_project`.
    Each with `reporting`, the currency of its amounts.
    """
    return _by_line(records, records.lines) | _received(records) | {"book": _each(book, records)}


def sums_beyond(common: Sums, mine: Records, found: Differences) -> Sums:
    """What to add to the `common` sums of all lines to have those of `mine`: signed amounts in the tables of `BY_LINE`, in
    the others the rows of each organisation or project that are not the same."""
    own = _by_line(mine, found.lines)
    less = {name: common[name][common[name]["line"].isin(found.lines)] for name in BY_LINE}
    more = {name: _added([own[name], _negated(less[name], keys)], keys) for name, keys in BY_LINE.items()}
    projects = _each(signed_per_project, mine.among(found.lines))
    received = {}
    if not found.recipients.empty:
        near = _received(mine.received_by(found.recipients))
        received = {name: rows[rows.iloc[:, 0].isin(found.recipients)] for name, rows in near.items()}
    received["book"] = _each(book, mine)
    received["money_project"] = projects[projects["project_id"].isin(found.lines)]
    return more | {name: _not_in(common[name], rows) for name, rows in received.items()}


def kept(found: Sums) -> Sums:
    """The rows to store: a month of all lines that are alike is one."""
    rows = {
        name: _added([found[name].drop(columns="line")], keys[:-1])
        for name, keys in BY_LINE.items()
        if keys[-1] == "line"
    }
    return found | rows


def _received(records: Records) -> Sums:
    makers = {"money_recipient": recipients, "money_grantee": grantees, "money_project": signed_per_project}
    return {name: _each(make, records) for name, make in makers.items()}


def _each(make: Callable[[Records], pd.DataFrame], records: Records) -> pd.DataFrame:
    """What is made of the grants in each reporting currency."""
    several = [
        make(replace(records, grants=own)).assign(reporting=currency)
        for currency, own in records.grants.groupby("reporting")
    ]
    return pd.concat(several or [make(records).assign(reporting="")], ignore_index=True)


def _not_in(common: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """The rows of each organisation or project of `own` that are not the same in `common`."""
    key = own.columns[0]
    near = common[common[key].isin(own[key])]
    return own[own[key].isin(pd.concat([near, own]).drop_duplicates(keep=False)[key])]


def _by_line(records: Records, lines: pd.Index) -> Sums:
    """Place what is recorded of `lines`, a few thousand at a time, and add it up, line by line."""
    starts = range(0, max(len(lines), 1), LINES_AT_ONCE)
    several = [_placed_sums(records, lines[start : start + LINES_AT_ONCE]) for start in starts]
    return {name: pd.concat([one[name] for one in several], ignore_index=True) for name in BY_LINE}


def _placed_sums(records: Records, lines: pd.Index) -> Sums:
    own = records.among(lines)
    placed = place(own, lines)
    nowhere = placed.signed[(placed.signed["host_country"] == funding.NOT_STATED) & ~placed.signed["is_passed_on"]]

    declared = own.declared.groupby("grant_id")["share_bp"].sum()
    overshared = set(declared.index[declared > funding.WHOLE_BP])

    def to_fix(received: Records) -> pd.DataFrame:
        grants = received.grants.assign(line=received.received_on)[received.received_on.isin(lines)]
        grants = grants[grants["recipient_is_member"].astype("boolean").fillna(False)]
        unplaced = nowhere.loc[nowhere["reporting"].isin(grants["reporting"]), "grant_id"]
        found = funding.to_fix(grants, set(unplaced) - _placed_in_part(placed.signed), overshared)
        return found[["grant_id", "reason", "line"]].assign(times=1)

    return {
        "money_month": month_sums(placed, own.facets),
        "money_line": line_sums(placed),
        "grant_to_fix": _each(to_fix, own),
    }


def _placed_in_part(signed: pd.DataFrame) -> set[int]:
    """Grants of which some part has a place."""
    return set(signed.loc[(signed["host_country"] != funding.NOT_STATED) & ~signed["is_passed_on"], "grant_id"])


def _added(several: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Amounts added up; rows of which nothing is left are gone."""
    rows = pd.concat(several, ignore_index=True)
    amounts = [column for column in rows if column not in keys]
    whole = rows.groupby(keys, as_index=False, dropna=False)[amounts].sum()
    return whole[whole[amounts].ne(0).any(axis=1)].reset_index(drop=True)


def _negated(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    amounts = [column for column in rows if column not in keys]
    return rows.assign(**-rows[amounts])
