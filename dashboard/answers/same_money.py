"""Grants and needs that loads left out as money that another source states: one or two, decided here, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pandas as pd

from dashboard.answers.same_organisation import answers_for
from dashboard.answers.uploads import rebuild
from dashboard.page.blocks import Table
from dashboard.page.reading import importer, read_now
from dashboard.page.visit import Visit
from dashboard.words import written
from data_access import queries
from data_access.i18n import _, ngettext
from data_access.importers import left_out
from data_access.importers.records import Unreadable

SHOWN = 200


def proposed(visit: Visit) -> list[dict[str, Any]]:
    """What was left out and nobody decided about, of the organisations this reader answers for, the newest first."""
    return _hers(visit, is_decided=False)[:SHOWN]


def decided(visit: Visit) -> list[dict[str, Any]]:
    """What was decided: by anybody for stewards, by herself for a coordinator."""
    found = _hers(visit, is_decided=True)
    is_steward = visit.viewer.role == "steward"
    return [one for one in found if is_steward or one["decided_by"] == visit.viewer.subject]


def _hers(visit: Visit, *, is_decided: bool) -> list[dict[str, Any]]:
    """Those this reader answers for, without those whose payer may not be named to her."""
    own = answers_for(visit)
    named = dict(read_now(queries.initiatives.names(visit.viewer)).itertuples(index=False))
    with importer().connect() as connection:
        found = left_out.proposals(connection, is_decided=is_decided)
    return [
        one | {"payer": named.get(one["payer_id"]), "owner": named[one["owner_id"]]}
        for one in found
        if one["owner_id"] in own & named.keys() and (one["payer_id"] is None or one["payer_id"] in named)
    ]


def listing(found: list[dict[str, Any]]) -> Table:
    """What was left out, beside what states the same."""
    title = ngettext(
        "{n} record was left out as stated already", "{n} records were left out as stated already", len(found)
    )
    note = _(
        "Another source states the same sides, days and sum, so that it counts once. Choose one to say whether they are one or two; "
        "without an answer it stays left out."
    )
    return Table("same_money", title.format(n=written.number(len(found))), _facts(found), note)


def decisions(found: list[dict[str, Any]]) -> Table:
    """What was decided, to take back."""
    days = [pd.Timestamp(one["decided_at"]).tz_localize(None).normalize() for one in found]
    said = _facts(found).assign(
        same_money_decision=pd.array([one["decision"] for one in found], dtype="str"),
        said_on=pd.to_datetime(pd.Series(days, dtype="datetime64[us]")),
        person=pd.array([one["decided_by"] for one in found], dtype="str"),
    )
    return Table("same_money_decided", _("Decided so far"), said, _("Choose one to take it back."))


def decision_names() -> dict[str, str]:
    """What can be decided about what was left out."""
    return {
        left_out.ONE: _("They are one: it counts once"),
        left_out.TWO: _("They are two: both count"),
    }


def decide(visit: Visit, one: dict[str, Any], decision: str, say: Callable[[str], None]) -> str:
    """Do what was decided; says what was done. Raises Unreadable; PermissionError for who may not."""
    _assert_hers(one, proposed(visit))
    by, now = visit.viewer.subject, datetime.now(UTC)
    _done(partial(left_out.decide, importer(), int(one["id"]), decision, by, now))
    if decision == left_out.ONE:
        return _("Noted: they are one, and nobody is asked again.")
    rebuild(visit, now.date(), say)
    return _("Both count now. It can be taken back below.")


def take_back(visit: Visit, one: dict[str, Any], say: Callable[[str], None]) -> str:
    """Take a decision back; says what was done. Raises Unreadable; PermissionError for who may not."""
    _assert_hers(one, decided(visit))
    _done(partial(left_out.take_back, importer(), int(one["id"])))
    if one["decision"] == left_out.TWO:
        rebuild(visit, datetime.now(UTC).date(), say)
    return _("Taken back: it counts once and waits for an answer.")


def _assert_hers(one: dict[str, Any], hers: list[dict[str, Any]]) -> None:
    """Raises PermissionError for what this reader is not asked about."""
    if one["id"] not in {other["id"] for other in hers}:
        raise PermissionError


def _done(change: Callable[[], None]) -> None:
    try:
        change()
    except left_out.NotDecided as refusal:
        raise Unreadable(str(refusal)) from refusal


def _facts(found: list[dict[str, Any]]) -> pd.DataFrame:
    rows = [one["row"] for one in found]
    since = [row["committed_on"] if "committed_on" in row else row["period_start"] for row in rows]

    def text(values: list[Any]) -> pd.api.extensions.ExtensionArray:
        return pd.array(values, dtype="str")

    return pd.DataFrame(
        {
            "funder": text([one["payer"] for one in found]),
            "organisation": text([one["owner"] for one in found]),
            "amount": pd.array([row["amount_minor"] / 100 for row in rows], dtype="float64"),
            "currency": text([row["currency"] for row in rows]),
            "since": pd.to_datetime(pd.Series(since, dtype="datetime64[us]")),
            "source": text([one["source"] for one in found]),
            "source_reference": text([one["external_id"] for one in found]),
            "kept_source": text([one["kept_source"] for one in found]),
            "kept_reference": text([one["kept_name"] for one in found]),
            "record_kind": text([one["entity"] for one in found]),
        }
    )
