"""The sums of money that are kept: what everybody knows, and what circles of viewers know who do not know the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from functools import partial
from itertools import chain

import pandas as pd
from sqlalchemy import Connection

from dashboard.metrics import circles, leaving, money_sums
from dashboard.metrics.funding import CURRENCIES
from dashboard.upkeep.readers import EVERYTHING, FUNDER, everybody
from dashboard.upkeep.recorded_money import Otherwise, summed_records
from data_access import database


def for_everyone(shared: Connection, as_of: date) -> Iterator[money_sums.Part]:
    """The rows of each table of money: what everybody knows, what circles know that do not know the same, who is in them; and how
    much each viewer's network hangs on few."""
    read = partial(database.run, shared)
    known = summed_records(read, EVERYTHING)
    amounts, otherwise = known.amounts(*CURRENCIES), Otherwise(read, known, EVERYTHING, FUNDER, as_of)
    viewers = everybody(shared)
    unlike = circles.Circles(otherwise.lines, otherwise.organisations, otherwise.unlike)
    shares: leaving.Shares = {}
    on_few: dict[bytes, pd.DataFrame] = {}
    for viewer in viewers:
        mine = otherwise.records(viewer)
        unlike.add(mine)
        ahead = otherwise.grants_ahead(mine)
        network = pd.util.hash_pandas_object(ahead, index=False).to_numpy().tobytes()
        if network not in on_few:
            on_few[network] = on_few_funders(ahead, amounts.grants, as_of, shares)
        yield "money_robustness", on_few[network].assign(clearance=viewer.clearance)
    names = pd.Series([viewer.clearance for viewer in viewers])
    members = unlike.members()
    yield "summed_for", members.assign(clearance=members["viewer"].map(names))
    yield "book", money_sums.empty_book(CURRENCIES)
    alike = (
        pd.Series(money_sums.EVERYBODY, index=of.difference(apart))
        for of, apart in ((known.lines, otherwise.lines), (known.organisations, otherwise.organisations))
    )
    yield from money_sums.stored(chain(money_sums.sums(known, amounts, *alike), unlike.sums(amounts)))


def on_few_funders(ahead: pd.DataFrame, amounts: pd.DataFrame, as_of: date, shares: leaving.Shares) -> pd.DataFrame:
    """How much a viewer's whole network hangs on few funders, of the grants that are signed for days after `as_of`: a row per
    reporting currency of `amounts`, by grant. `shares` keeps what another viewer's network has as well."""
    after, known = pd.Timestamp(as_of), amounts.reindex(ahead["grant_id"])
    rows = [
        {"reporting": currency} | asdict(leaving.robustness(ahead.assign(minor=known[currency].array), after, shares))
        for currency in amounts
    ]
    return pd.DataFrame(rows, columns=["reporting", "mean", "largest", "drawn"])
