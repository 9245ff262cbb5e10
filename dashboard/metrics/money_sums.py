"""What is kept of placed money so that no page adds up grants: by month, by line and year, by organisation and project.

Rules: METHODS.md B (B01, B03, B04, B06, B13), WHATIF.md F.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from dashboard.metrics import funding, need_tiers, receiving
from dashboard.metrics.placement import CELL, Amounts, Placed, Records, as_recorded, place
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
    holds,
    itself,
    standing,
)

AT_ONCE = 2_000
ROWS_HELD = 200_000
NOT_IN_TIME = "not_in_time"
HERE, NEVER = "here", ""
BETWEEN = "\n"
MONTH_KEYS = ["reporting", *CELL, "audiences", "needed_in", "readings", "month"]
STATED_IN = ["reporting", "line", "month"]
LINE_MONTH = [*STATED_IN, "group"]
LINE_KEYS = ["reporting", "year", "line", "organisation_id", "funder_id", *CELL, "readings"]


def month_sums(placed: Placed, facets: pd.DataFrame) -> pd.DataFrame:
    """Signed, pledged and needed money per line, cell, month and readings of need; see `sums`.

    All parts of a line must be there, for whether its money meets a need depends on where else it states one.
    """
    keys = ["reporting", "line", *CELL, "month"]
    needs = placed.needs.dropna(subset="month")
    groups = _reading_groups(needs)
    money = [rows.groupby(keys, sort=False)["minor"].sum() for rows in (placed.signed, placed.pledged)]
    money = pd.concat(dict(zip(("signed", "pledged"), money, strict=True)), axis=1).reset_index()
    money = money.merge(groups, on=STATED_IN, how="left")
    money["group"] = money["group"].fillna(need_tiers.EVERY_READING).astype("int64")
    needed = needs.merge(groups, on=STATED_IN)
    needed = (
        needed[needed["readings"] & needed["group"] > 0]
        .groupby([*keys, "group"], sort=False)["minor"]
        .agg(["sum", "size"])
    )
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
    cells = near["host_country"].astype("str") + "/" + near["activity"].astype("str")
    cells = cells.groupby([near[key] for key in LINE_MONTH])
    return cells.agg(BETWEEN.join).reindex(pd.MultiIndex.from_frame(asked[LINE_MONTH])).to_numpy()


def _audiences(facets: pd.DataFrame) -> pd.Series:
    """The audiences that each project serves."""
    served = facets[facets["facet"] == "audience"].astype({"code": "str"}).sort_values("code")
    return served.groupby("project_id")["code"].agg(BETWEEN.join)


def line_sums(placed: Placed) -> pd.DataFrame:
    """Received, passed on and needed money per year, line, organisation, funder and cell; see `sums`."""
    is_passed_on, is_known = placed.signed["is_passed_on"], placed.needs["month"].notna()
    several = [
        _by_year(placed.signed[~is_passed_on], "parts", "received"),
        _by_year(placed.signed[is_passed_on].drop(columns="funder_id"), "parts", "passed_on"),
        _by_year(placed.pledged, "pledges"),
        _by_year(placed.needs[is_known], "known_needs", "need"),
        _by_year(_years(placed.needs[~is_known]), "unknown_needs"),
    ]
    rows = pd.concat(several, ignore_index=True)
    return rows.groupby(LINE_KEYS, as_index=False, dropna=False)[LINE_AMOUNTS].sum()


LINE_AMOUNTS = ["received", "passed_on", "need", "known_needs", "unknown_needs", "parts", "pledges"]


def _by_year(parts: pd.DataFrame, count: str, amount: str | None = None) -> pd.DataFrame:
    """The `count` of parts per `LINE_KEYS` and what they add up to as an `amount`; money meets all readings of need."""
    parts = parts if "year" in parts else parts.assign(year=parts["month"].dt.year)
    each = parts.groupby([key for key in LINE_KEYS if key in parts], dropna=False, sort=False)["minor"]
    own = {count: each.size()} | ({amount: each.sum().astype("int64")} if amount else {})
    found = pd.DataFrame(own).reset_index()
    blank = {"funder_id": pd.NA, "readings": need_tiers.EVERY_READING} | dict.fromkeys(LINE_AMOUNTS, 0)
    whole = found.assign(**{name: value for name, value in blank.items() if name not in found})
    return whole[[*LINE_KEYS, *LINE_AMOUNTS]].astype({"funder_id": "Int64"})


def _years(needs: pd.DataFrame) -> pd.DataFrame:
    """Each need once for every calendar year of its period."""
    first, last = needs["period_start"].dt.year, needs["period_end"].dt.year
    years = [list(range(a, b + 1)) for a, b in zip(first, last, strict=True)]
    return needs.assign(year=pd.Series(years, index=needs.index, dtype="object")).explode("year").astype({"year": int})


def recipients(grants: pd.DataFrame) -> pd.DataFrame:
    """What organisations received and passed on, in one reporting currency.

    Columns: organisation_id, total (signed by others, converted), own (carried over by itself), entered, carried_over,
    unsourced and from_members (the parts of total, see `standing`), passed_on and left_network (what it paid inside and
    outside), outside (what it received without being in the network), grants (signed by others and converted), counted (all
    signed by others), unconverted, undated (without a signing date), left_out (those with a reason to fix other than their
    country), funders, largest_funder_id, largest, unnamed, unrestricted, restricted, unknown_status, last_day.
    """
    grants = grants.assign(standing=standing(grants))
    money, what = grants["minor"].astype("Int64").fillna(0), grants["standing"]
    received = what.isin(RECEIVED)
    is_unknown = what.isin(NOT_CONVERTED) & ~itself(grants)
    is_signed = received | is_unknown
    to_fix = set(funding.to_fix(grants)["grant_id"])
    columns = {
        "total": money.where(received, 0),
        "own": money.where(what == OWN, 0),
        **{name: money.where(what == word, 0) for name, word in PARTS_OF_TOTAL.items()},
        "outside": money.where(what.isin(("outside", LEFT)) & (grants["status"] == "commitment"), 0),
        "grants": received,
        "counted": is_signed,
        "unconverted": is_unknown,
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
    inside = grants[holds(grants["recipient_is_member"])]
    each = each.join(receiving.largest_funders(inside).set_index("organisation_id").drop(columns=["total"]))
    each[["largest_funder_id"]] = each[["largest_funder_id"]].astype("Int64")
    amounts = [name for name in each if name != "largest_funder_id"]
    each[amounts] = each[amounts].fillna(0).astype("int64")
    is_nothing = each.drop(columns="largest_funder_id").eq(0).all(axis=1)
    each["last_day"] = grants["ends_on"].where(what.isin((*RECEIVED, OWN))).groupby(organisation).max()
    return each[~is_nothing | each.index.isin(organisation)].rename_axis("organisation_id").reset_index()


PARTS_OF_TOTAL = {"entered": ENTERED, "carried_over": CARRIED_OVER, "unsourced": UNSOURCED, "from_members": PASSED_ON}


def grantees(grants: pd.DataFrame) -> pd.DataFrame:
    """Signed grants to members per organisation and year of signature: circle, reporting, organisation_id, year, grants,
    unconverted (those without an amount in it), total."""
    grants = grants.assign(standing=standing(grants))
    of_others = grants["standing"].isin((*RECEIVED, *NOT_CONVERTED)) & ~itself(grants)
    is_signed = of_others & grants["committed_on"].notna()
    inside = holds(grants["recipient_is_member"])
    dated = grants[is_signed & inside].rename(columns={"recipient_id": "organisation_id"})
    rows = dated.assign(
        year=dated["committed_on"].dt.year,
        unconverted=dated["standing"].isin(NOT_CONVERTED).astype("int64"),
        total=dated["minor"].astype("Int64").fillna(0),
    ).groupby([*CIRCLE, "organisation_id", "year"])
    return rows.agg(
        grants=("grant_id", "size"), unconverted=("unconverted", "sum"), total=("total", "sum")
    ).reset_index()


def book(grants: pd.DataFrame) -> pd.DataFrame:
    """The account of grants per circle and reporting currency: line (the `standing`), units, without_amount (how many of them
    have none in it), minor (of the others).

    One more line stands beside the account: `not_in_time`, what of the signed money has no days to be spread over.
    """
    known = grants["minor"].astype("Int64")
    named = grants.assign(line=standing(grants), known=known.fillna(0), is_unknown=known.isna())
    entries = funding.ledger(grants)
    timeless = entries[~funding.has_days(entries)].groupby([*CIRCLE])
    lines = pd.concat(
        [
            named.groupby([*CIRCLE, "line"], as_index=False).agg(
                units=("known", "size"), without_amount=("is_unknown", "sum"), minor=("known", "sum")
            ),
            timeless.agg(units=("grant_id", "nunique"), minor=("minor", "sum")).reset_index().assign(line=NOT_IN_TIME),
        ]
    )
    amounts = ["units", "without_amount", "minor"]
    return lines.assign(**lines[amounts].astype("Int64").fillna(0).astype("int64"))


def empty_book(currencies: Iterable[str]) -> pd.DataFrame:
    """The account of nothing, with every line, for everybody: what a reader has no grant in is none and not unknown."""
    rows = [(EVERYBODY, currency, line, 0, 0, 0) for currency in currencies for line in (*STANDINGS, NOT_IN_TIME)]
    return pd.DataFrame(rows, columns=[*CIRCLE, "line", "units", "without_amount", "minor"])


def signed_per_project(grants: pd.DataFrame) -> pd.DataFrame:
    """Signed money tagged to each project: circle, reporting, project_id, total (B03)."""
    signed = grants[standing(grants).isin((*RECEIVED, OWN)) & grants["project_id"].notna()]
    return signed.groupby([*CIRCLE, "project_id"])["minor"].sum().rename("total").reset_index()


EVERYBODY = 0
CIRCLE = ["circle", "reporting"]
ADDED_UP = {
    "money_month": ["circle", *MONTH_KEYS],
    "money_grantee": [*CIRCLE, "organisation_id", "year"],
    "book": [*CIRCLE, "line"],
}
"""The tables of which rows of several lines are one, and what such rows have in common."""
Part = tuple[str, pd.DataFrame]


def sums(records: Records, amounts: Amounts, lines: pd.Series, organisations: pd.Series) -> Iterator[Part]:
    """What is kept of money so that no page adds up grants: names of tables and rows to store of what is recorded of these
    `lines` and `organisations`, each with its circle (see `circles`), a few thousand at a time. See `stored`.

    `money_month`: host_country, activity, audiences (that its lines serve, a line each), needed_in, readings (of need,
    see `need_tiers`: bits), month, signed, pledged, need, known_needs. `needed_in` says where the lines of a row state a need for the month: here, never, or in
    these other cells ("country/activity", a line each).
    `money_line`: year, line, organisation_id, funder_id, host_country, activity, readings (of need; all for money),
    received, passed_on, need, known_needs, unknown_needs, parts (of signed money), pledges.
    `grant_to_fix`: grant_id, reason. `book`: see `book`. `money_recipient`, `money_grantee`, `money_project`: see `recipients`,
    `grantees`, `signed_per_project`.
    Each with circle and `reporting`, the currency of its amounts.
    """
    for some in _a_few(lines):
        yield from _of_lines(records.among(some.index).valued(amounts), some)
    for some in _a_few(organisations):
        own = records.among(lines.index[:0], some.index).valued(amounts).grants
        received = _each(recipients, own)
        received = received[received["organisation_id"].isin(some.index)]
        circle = received["organisation_id"].map(some)
        yield "money_recipient", as_recorded(received.assign(circle=circle))


def stored(parts: Iterable[Part]) -> Iterator[Part]:
    """The rows to store, with those of several parts that are one added up."""
    held: defaultdict[str, list[pd.DataFrame]] = defaultdict(list)
    for table, rows in parts:
        if table not in ADDED_UP:
            yield table, rows
            continue
        held[table].append(rows)
        if sum(map(len, held[table][1:])) > ROWS_HELD:
            held[table] = [_added(held[table], ADDED_UP[table])]
    for table, several in held.items():
        yield table, _added(several, ADDED_UP[table])


def _a_few(ids: pd.Series) -> Iterator[pd.Series]:
    return (ids.iloc[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _each(make: Callable[[pd.DataFrame], pd.DataFrame], grants: pd.DataFrame) -> pd.DataFrame:
    """What is made of the grants in each reporting currency."""
    several = [make(own).assign(reporting=currency) for currency, own in grants.groupby("reporting")]
    return pd.concat(several or [make(grants).assign(reporting="")], ignore_index=True)


def _of_lines(records: Records, lines: pd.Series) -> Iterator[Part]:
    """The rows of lines, of converted records."""
    placed = place(records, lines.index)
    received = records.grants.assign(line=records.received_on)
    received = received[received["line"].isin(lines.index)]
    received = received.assign(circle=received["line"].map(lines))
    by_line = {
        "money_month": month_sums(placed, records.facets),
        "money_line": line_sums(placed),
        "grant_to_fix": _to_fix(received, placed.signed, records.declared),
    }
    for table, rows in by_line.items():
        own = as_recorded(rows.assign(circle=rows["line"].map(lines)))
        yield table, _added([own.drop(columns="line")], ADDED_UP[table]) if table in ADDED_UP else own
    yield "money_grantee", as_recorded(grantees(received))
    yield "money_project", as_recorded(signed_per_project(received))
    yield "book", book(received)


def _to_fix(received: pd.DataFrame, signed: pd.DataFrame, declared: pd.DataFrame) -> pd.DataFrame:
    """Grants to members that a figure leaves out or cannot place: grant_id, reason, line, reporting."""
    is_own, is_nowhere = ~signed["is_passed_on"], signed["host_country"] == funding.NOT_STATED
    nowhere = signed.loc[is_own & is_nowhere, ["reporting", "grant_id"]].drop_duplicates()
    nowhere = nowhere[~nowhere["grant_id"].isin(signed.loc[is_own & ~is_nowhere, "grant_id"].unique())]
    shares = declared.groupby("grant_id")["share_bp"].sum()
    overshared = set(shares.index[shares > funding.WHOLE_BP])

    def found(grants: pd.DataFrame) -> pd.DataFrame:
        unplaced = set(nowhere.loc[nowhere["reporting"].isin(grants["reporting"].unique()), "grant_id"])
        reasons = funding.to_fix(grants, unplaced, overshared)
        return reasons[["grant_id", "reason", "line"]]

    return _each(found, received[holds(received["recipient_is_member"])])


def _added(several: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Amounts added up; rows of which nothing is left are gone."""
    rows = pd.concat(several, ignore_index=True)
    amounts = [column for column in rows if column not in keys]
    whole = rows.groupby(keys, as_index=False, dropna=False)[amounts].sum()
    return whole[whole[amounts].ne(0).any(axis=1)].reset_index(drop=True)
