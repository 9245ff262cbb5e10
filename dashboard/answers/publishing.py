"""The publication of periods, for stewards: where each period stands, and what one would publish."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

import pandas as pd
from sqlalchemy import Engine

from dashboard.page.blocks import Table
from dashboard.page.reading import now, publishers, tries_publications
from dashboard.words import written
from data_access import publication
from data_access.i18n import _, ngettext
from data_access.protected_year import K
from data_access.publication import Standing, Trial


def find() -> list[Standing]:
    """Where each period stands now, newest first."""
    today = _today()

    def ask(shared: Engine) -> list[Standing]:
        with shared.connect() as connection:
            return publication.standings(connection, today)

    return now(ask)


def _today() -> date:
    return datetime.now(UTC).date()


def listing(found: list[Standing]) -> Table:
    """Every period with its state, the day from which it can be published, its cells and who asked for it."""
    is_out = [one.state == "published" for one in found]
    rows = pd.DataFrame(
        {
            "period": pd.array([one.period for one in found], "str"),
            "period_state": pd.array([one.state for one in found], "str"),
            "opens_on": pd.to_datetime(pd.Series([one.opens_on for one in found], dtype="object")),
            "cells": pd.array([one.cells if out else None for one, out in zip(found, is_out, strict=True)], "Int64"),
            "cells_hidden": pd.array(
                [one.hidden if out else None for one, out in zip(found, is_out, strict=True)], "Int64"
            ),
            "wish": pd.array([_wish(one) for one in found], "str"),
            "person": pd.array([one.asked_by for one in found], "str"),
        }
    )
    waiting = sum(one.state == "publishable" for one in found)
    title = ngettext(
        "{n} closed period is neither published nor withheld",
        "{n} closed periods are neither published nor withheld",
        waiting,
    ).format(n=written.number(waiting))
    return Table(
        "periods",
        title,
        rows,
        _(
            "Two stewards publish a period with `meridian publish`: one asks, another one approves. Published figures are never "
            "drawn anew. When a period may be published goes by the calendar: today is {day}."
        ).format(day=written.day(pd.Timestamp(_today()))),
    )


def _wish(one: Standing) -> str:
    if not one.asked_by:
        return ""
    return "wish_withhold" if one.is_to_be_withheld else "wish_publish"


def can_be_tried(found: list[Standing]) -> dict[str, str]:
    """The closed periods that this server can show before they are out, the oldest, which is next, first."""
    if not tries_publications():
        return {}
    return {one.period: written.period(one.period) for one in reversed(found) if one.state == "publishable"}


def attempt(period: str) -> Callable[[Callable[[str], None]], Trial]:
    """Draw and audit a period and write nothing. Raises PublicationRefused."""
    engines = publishers()
    tried = partial(publication.attempt, engines["cases"], engines["shared"], period, _today(), secrets.randbelow)
    return lambda _say: tried()


def trial(tried: Trial, period: str) -> Table:
    """Every cell as it would be: the two values of which one is drawn, or that it is hidden."""
    rows = pd.DataFrame(
        [
            {
                "measure": cell[0],
                "would_show": _shown(drawn),
                "country_group": cell[2],
                "route_group": cell[3],
                "period": cell[1],
            }
            for cell, drawn in tried.cells.items()
        ]
    )
    hidden = sum(drawn is None for drawn in tried.cells.values())
    return Table(
        "trial",
        _("{period} as it would be published, cell by cell; hidden: {hidden} of {n}").format(
            period=written.period(period), n=written.number(len(rows)), hidden=written.number(hidden)
        ),
        rows,
        ngettext(
            "The audit passed after {n} draw. Nothing was written, and the draw that counts is made when the period is published.",
            "The audit passed after {n} draws. Nothing was written, and the draw that counts is made when the period is published.",
            tried.draws,
        ).format(n=written.number(tried.draws)),
        is_live=True,
    )


def _shown(drawn: tuple[int, int] | None) -> str:
    if drawn is None:
        return _("below {k}: hidden").format(k=K)
    first, second = (written.number(value) for value in drawn)
    return first if first == second else _("{first} or {second}").format(first=first, second=second)
