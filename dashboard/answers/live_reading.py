"""Live tables: the addresses a spreadsheet reads by itself, and a reader's own keys to them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd

from dashboard.metrics.funding import CURRENCIES
from dashboard.page import links, registry, walk
from dashboard.page.blocks import Table
from dashboard.page.opening import open_for
from dashboard.page.reading import appender, hands_out_live_tables, keeps_now, read_metas
from dashboard.page.visit import Visit, open_visit
from dashboard.words import written
from data_access import live_keys
from data_access.i18n import _, ngettext
from data_access.live_keys import LiveKey
from data_access.viewer import Viewer

KEYS = "live_key"
NEVER = frozenset({"unlisted", "live_keys", "live_addresses"})
"""Of those who asked not to be listed, which changes at a release alone: a program that asks each hour would see when. And what
says how tables are read."""


def are_offered() -> bool:
    """Whether this server hands out live tables now."""
    return hands_out_live_tables() and keeps_now(KEYS)


def keys_of(visit: Visit) -> list[LiveKey]:
    """The reader's keys, the newest first."""
    return live_keys.keys_of(appender(KEYS), visit.reader)


def listing(known: list[LiveKey]) -> Table:
    """The reader's keys with what they are for, their end and whether they still open anything."""
    rows = pd.DataFrame(
        {
            "key_name": pd.array([key.name for key in known], "str"),
            "made_on": pd.to_datetime(pd.Series([key.made_at.date() for key in known], dtype="object")),
            "good_until": pd.to_datetime(pd.Series([key.expires_on for key in known], dtype="object")),
            "key_state": pd.array([_state(key, _today()) for key in known], "str"),
        }
    )
    title = ngettext("{n} key of yours", "{n} keys of yours", len(known)).format(n=written.number(len(known)))
    return Table(
        "live_keys",
        title,
        rows,
        _(
            "Whoever has a key reads what a funder reads, in your name: every use is logged. Choose a key to take it back; "
            "make one per spreadsheet, so that one can go without the others."
        ),
    )


def _today() -> date:
    return datetime.now(UTC).date()


def _state(key: LiveKey, today: date) -> str:
    return "key_taken_back" if key.revoked_at else "key_good" if key.is_good(today) else "key_over"


def make(visit: Visit, name: str, days: int) -> str:
    """A new key, which nobody can read again. Raises live_keys.NotMade."""
    return live_keys.make(appender(KEYS), visit.reader, name, days, datetime.now(UTC))


def made_words() -> str:
    """What to do with a key."""
    return _(
        "This is the key; it is shown this once. Give it as the password of the address (any user name), or as a Bearer token."
    )


def take_back(visit: Visit, key: LiveKey) -> str:
    """Take a key back; says what was done."""
    live_keys.revoke(appender(KEYS), visit.reader, key.id, datetime.now(UTC))
    return _("Taken back: {name} opens nothing any more.").format(name=key.name)


def page_names() -> dict[str, str]:
    """The pages whose tables can be read live."""
    return {file: _(page.name) for file, page in registry.pages().items() if page.applies}


def _tables(visit: Visit, page: str) -> list[Table]:
    """The tables that a funder sees on a page; the visit is the same afterwards."""
    try:
        report = walk.whole(page, open_for(Viewer("funder"), read_metas()), {})
    finally:
        open_visit(visit)
    return [table for table in report.tables if table.key not in NEVER]


def addresses(visit: Visit, page: str) -> Table:
    """The address of each table of a page, with the reader's filters."""
    asked = visit.filters.to_parameters() | ({} if visit.currency == CURRENCIES[0] else {"currency": visit.currency})
    folder = f"tables/{registry.find(page).path}"
    rows = pd.DataFrame(
        [
            (table.title, links.from_outside(links.to(f"{folder}/{table.key}.csv", asked)))
            for table in _tables(visit, page)
        ],
        columns=["table_title", "address"],
        dtype="str",
    )
    return Table(
        "live_addresses",
        _("Addresses, with your filters"),
        rows,
        _(
            "Write .json or .xlsx for .csv for another kind of file, .meta.json for what the columns mean. Figures are those a "
            "funder sees. Spreadsheets on somebody else’s servers would be handed key and figures: they are not supported."
        ),
    )
