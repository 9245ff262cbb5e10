"""What changed since the load before the last one: initiatives, money, pairs and, for those who may, cases."""

from __future__ import annotations

import pandas as pd

from dashboard.answers import live_or_published
from dashboard.answers.overlap import Overlap
from dashboard.answers.portfolio import Portfolio, converted
from dashboard.metrics.standing import RECEIVED
from dashboard.page.blocks import Table
from dashboard.page.reading import read, shown_once
from dashboard.page.visit import Visit
from dashboard.words import written
from dashboard.words.i18n import _
from data_access import queries


def previous_load(visit: Visit) -> pd.Timestamp | None:
    """The day of the load before the last one; None when there was only one."""
    days = read(queries.network.load_days(visit.viewer))["loaded_on"]
    return days.iloc[1] if len(days) > 1 else None


@shown_once
def since(visit: Visit, money: Portfolio, similar: Overlap, day: pd.Timestamp) -> Table:
    """How many records came, went or were answered after `day`, with the money that goes with them."""
    rows = [*_initiatives(visit, day), *_money(money, day), *_pairs(similar.pairs, day)]
    if live_or_published.is_live(visit):
        rows += _cases(visit, day)
    return Table(
        "changes",
        _("What changed since the load of {day}").format(day=written.day(day)),
        pd.DataFrame(rows, columns=["change", "number", "sum"]).astype({"number": "Int64", "sum": "Int64"}),
        _("Within what you chose above. Money recorded late counts when it was recorded, not when it was signed."),
        is_live=live_or_published.is_live(visit),
    )


Row = tuple[str, int, int | None]


def _initiatives(visit: Visit, day: pd.Timestamp) -> list[Row]:
    found = read(queries.initiatives.comings_and_goings(visit.filters, visit.viewer))
    closed = found["closed_on"].gt(day) & found["closed_on"].le(visit.as_of)
    return [
        ("initiatives_recorded", int(found["recorded_on"].gt(day).sum()), None),
        ("initiatives_closed", int(closed.sum()), None),
    ]


def _money(money: Portfolio, day: pd.Timestamp) -> list[Row]:
    moved = read(queries.funding.grants_moved(day.date(), money.as_of.date(), money.viewer))
    moved = moved[moved["recipient_id"].isin(money.recipients["organisation_id"])]
    grants = converted(moved, money.viewer, money.currency)
    signed = grants[grants["standing"].isin(RECEIVED)]
    new = signed[signed["recorded_on"].gt(day)]
    lapsed = signed[signed["ends_on"].gt(day) & signed["ends_on"].le(money.as_of)]
    return [(name, len(rows), int(rows["minor"].sum())) for name, rows in (("signed_new", new), ("lapsed", lapsed))]


def _pairs(pairs: pd.DataFrame, day: pd.Timestamp) -> list[Row]:
    answered = pairs["answered_at"].ge(day + pd.Timedelta(days=1))
    return [
        ("pairs_new", int(pairs["flagged_on"].gt(day).sum()), None),
        ("pairs_answered", int(answered.sum()), None),
    ]


def _cases(visit: Visit, day: pd.Timestamp) -> list[Row]:
    flow = read(queries.relocation.flow(visit.filters, visit.viewer))
    later = flow[flow["on_date"] > day]
    opened = int(later["opened"].sum() + later["reopened"].sum())
    return [("cases_opened", opened, None), ("cases_closed", int(later["closed"].sum()), None)]
