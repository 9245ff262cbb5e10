"""What changed since the load before the last one: initiatives, money, pairs and, for those who may, cases."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard.answers import case_rows, initiative_rows, initiatives, live_or_published
from dashboard.answers.money_rows import grant_rows
from dashboard.answers.overlap import Overlap, pair_table
from dashboard.answers.portfolio import Portfolio, converted
from dashboard.metrics import distribution
from dashboard.metrics.standing import RECEIVED
from dashboard.page.blocks import Table
from dashboard.page.reading import read, shown_once
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _


@dataclass(frozen=True)
class Change:
    """The records that came, went or were answered, and the money that goes with them; `rows` None: counted, never listed."""

    number: int
    sum: int | None = None
    rows: Table | None = None


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
    """The changes whose records can be listed."""
    return {name: codes.word(name) for name, change in changes.items() if change.number and change.rows is not None}


def rows_of(changes: dict[str, Change], name: str) -> Table:
    """The records of a change."""
    rows = changes[name].rows
    assert rows is not None, name
    return rows


def _initiatives(visit: Visit, day: pd.Timestamp) -> dict[str, Change]:
    found = initiatives.find(visit)
    recorded = read(queries.initiatives.comings_and_goings(visit.filters, visit.viewer)).set_index("organisation_id")
    new = recorded.index[recorded["recorded_on"].gt(day)]
    closed = recorded.index[distribution.within(recorded["closed_on"], day, visit.as_of)]
    return {
        name: Change(len(ids), rows=_listed("change_initiatives", name, initiative_rows.listed(found, _of(found, ids))))
        for name, ids in (("initiatives_recorded", new), ("initiatives_closed", closed))
    }


def _of(found: initiatives.Initiatives, ids: pd.Index) -> pd.DataFrame:
    return found.each[found.each["organisation_id"].isin(ids)]


def _listed(key: str, name: str, rows: pd.DataFrame) -> Table:
    return Table(key, written.capital(codes.word(name)), rows)


def _money(money: Portfolio, day: pd.Timestamp) -> dict[str, Change]:
    moved = read(queries.funding.grants_moved(day.date(), money.as_of.date(), money.viewer))
    moved = moved[moved["recipient_id"].isin(money.recipients["organisation_id"])]
    grants = converted(moved, money.viewer, money.currency)
    signed = grants[grants["standing"].isin(RECEIVED)]
    new = signed[signed["recorded_on"].gt(day)]
    lapsed = signed[distribution.within(signed["ends_on"], day, money.as_of)]
    return {
        name: Change(len(rows), int(rows["minor"].sum()), _listed("change_grants", name, grant_rows(rows, money)))
        for name, rows in (("signed_new", new), ("lapsed", lapsed))
    }


def _pairs(pairs: pd.DataFrame, day: pd.Timestamp) -> dict[str, Change]:
    new = pairs[pairs["flagged_on"].gt(day)]
    answered = pairs[pairs["answered_at"].ge(day + pd.Timedelta(days=1))]
    return {
        name: Change(len(rows), rows=_listed("change_pairs", name, pair_table(rows)))
        for name, rows in (("pairs_new", new), ("pairs_answered", answered))
    }


def _cases(visit: Visit, day: pd.Timestamp) -> dict[str, Change]:
    """Cases opened since, of which those still open can be listed; closed ones are counted."""
    flow = read(queries.relocation.flow(visit.filters, visit.viewer))
    later = flow[flow["on_date"] > day]
    opened, closed = int(later["opened"].sum() + later["reopened"].sum()), int(later["closed"].sum())
    return {
        "cases_opened": Change(opened, rows=case_rows.opened_since(visit, day, opened)),
        "cases_closed": Change(closed),
    }
