"""What changed since the load before the last one: initiatives, money, pairs and, for those who may, cases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd

from dashboard.answers import case_rows, initiative_rows, initiatives, live_or_published
from dashboard.answers.money_rows import grant_rows
from dashboard.answers.overlap import Overlap, pair_table
from dashboard.answers.portfolio import Portfolio, converted
from dashboard.metrics import distribution
from dashboard.metrics.standing import RECEIVED
from dashboard.page.blocks import Table
from dashboard.page.reading import computed, read, shown_once
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _


@dataclass(frozen=True)
class Change:
    """The records that came, went or were answered, and the money that goes with them; `records` None: counted, not kept here."""

    number: int
    sum: int | None = None
    records: pd.DataFrame | None = None


def previous_load(visit: Visit) -> pd.Timestamp | None:
    """The day of the load before the last one; None when there was only one."""
    days = read(queries.network.load_days(visit.viewer))["loaded_on"]
    return days.iloc[1] if len(days) > 1 else None


@shown_once
def find(visit: Visit, money: Portfolio, similar: Overlap, day: pd.Timestamp) -> dict[str, Change]:
    """What changed after `day`, within the choice."""
    found = {**_initiatives(visit, day), **_money(money, day), **_pairs(similar.pairs, day)}
    return found | _cases(visit, day) if live_or_published.is_live(visit) else found


def since(visit: Visit, changes: dict[str, Change], day: pd.Timestamp) -> Table:
    """How many records came, went or were answered after `day`, with the money that goes with them."""
    rows = [(name, change.number, change.sum) for name, change in changes.items()]
    return Table(
        "changes",
        _("What changed since the load of {day}").format(day=written.day(day)),
        pd.DataFrame(rows, columns=["change", "number", "sum"]).astype({"number": "Int64", "sum": "Int64"}),
        _("Within what you chose above. Money recorded late counts when it was recorded, not when it was signed."),
        is_live=live_or_published.is_live(visit),
    )


def names(changes: dict[str, Change]) -> dict[str, str]:
    """The changes whose records can be listed; closed cases are counted alone."""
    return {name: codes.word(name) for name, change in changes.items() if change.number and name != "cases_closed"}


def rows_of(visit: Visit, money: Portfolio, changes: dict[str, Change], name: str, day: pd.Timestamp) -> Table:
    """The records of a change after `day`."""
    records, title = changes[name].records, written.capital(codes.word(name))
    if name == "cases_opened" or records is None:
        return case_rows.opened_since(visit, day, changes[name].number)
    if name in ("initiatives_recorded", "initiatives_closed"):
        return Table("change_initiatives", title, initiative_rows.listed(initiatives.find(visit), records))
    if name in ("signed_new", "lapsed"):
        return Table("change_grants", title, grant_rows(records, money))
    return Table("change_pairs", title, pair_table(records))


def _initiatives(visit: Visit, day: pd.Timestamp) -> dict[str, Change]:
    each = initiatives.find(visit).each
    new, closed = each["recorded_on"].gt(day), distribution.within(each["closed_on"], day, visit.as_of)
    return {
        name: Change(int(those.sum()), records=each[those])
        for name, those in (("initiatives_recorded", new), ("initiatives_closed", closed))
    }


def _money(money: Portfolio, day: pd.Timestamp) -> dict[str, Change]:
    signed = computed(partial(_signed_of_those_moved, money, day), "signed grants moved", day, money.currency)
    signed = signed[signed["recipient_id"].isin(money.recipients["organisation_id"])]
    new = signed[signed["recorded_on"].gt(day)]
    lapsed = signed[distribution.within(signed["ends_on"], day, money.as_of)]
    return {
        name: Change(len(rows), int(rows["minor"].sum()), rows)
        for name, rows in (("signed_new", new), ("lapsed", lapsed))
    }


def _signed_of_those_moved(money: Portfolio, day: pd.Timestamp) -> pd.DataFrame:
    """The signed grants among those that were recorded or ended since, of the whole network."""
    moved = read(queries.funding.grants_moved(day.date(), money.as_of.date(), money.viewer))
    grants = converted(moved, money.viewer, money.currency)
    return grants[grants["standing"].isin(RECEIVED)]


def _pairs(pairs: pd.DataFrame, day: pd.Timestamp) -> dict[str, Change]:
    new = pairs[pairs["flagged_on"].gt(day)]
    answered = pairs[pairs["answered_at"].ge(day + pd.Timedelta(days=1))]
    return {name: Change(len(rows), records=rows) for name, rows in (("pairs_new", new), ("pairs_answered", answered))}


def _cases(visit: Visit, day: pd.Timestamp) -> dict[str, Change]:
    """Cases opened since, of which those still open can be listed; closed ones are counted."""
    flow = read(queries.relocation.flow(visit.filters, visit.viewer))
    later = flow[flow["on_date"] > day]
    opened, closed = int(later["opened"].sum() + later["reopened"].sum()), int(later["closed"].sum())
    return {"cases_opened": Change(opened), "cases_closed": Change(closed)}
