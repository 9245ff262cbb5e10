"""`meridian same-money`: what loads left out because another source states it already."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from sqlalchemy import Engine

from dashboard.commands import speaking
from dashboard.commands.merges import BY_COMMAND, refreshed
from dashboard.commands.refusal import Refused
from dashboard.upkeep.writers import writers
from data_access.i18n import N_, _
from data_access.importers import left_out


@speaking.command(
    "same-money",
    help=N_(
        "What loads left out because another source states the same sides, days and sum, and what was decided.\n\n"
        "With NUMBER and one of the options: decide about it, or take the decision back."
    ),
)
@click.argument("number", type=int, required=False)
@speaking.option(
    "--one", "decision", flag_value=left_out.ONE, help=N_("They are one: it counts once, and nobody is asked again.")
)
@speaking.option("--two", "decision", flag_value=left_out.TWO, help=N_("They are two: both count."))
@speaking.option("--back", "decision", flag_value=left_out.WAITING, help=N_("Take the decision back."))
def same_money(number: int | None, decision: str | None) -> None:
    """List or decide about what loads left out."""
    shared = writers()["shared"]
    if number is None or decision is None:
        _list(shared)
        return
    try:
        if decision == left_out.WAITING:
            left_out.take_back(shared, number)
        else:
            left_out.decide(shared, number, decision, BY_COMMAND, datetime.now(UTC))
    except left_out.NotDecided as refusal:
        raise Refused(str(refusal)) from refusal
    refreshed(shared)
    said = {
        left_out.ONE: _("Number {n}: they are one."),
        left_out.TWO: _("Number {n}: they are two, and both count."),
        left_out.WAITING: _("Number {n} counts once and waits for an answer."),
    }
    print(said[decision].format(n=number))


def _list(shared: Engine) -> None:
    with shared.connect() as connection:
        for is_decided in (False, True):
            for one in left_out.proposals(connection, is_decided=is_decided):
                row = one["row"]
                money = f"{row['amount_minor'] / 100:.2f} {row['currency']}"
                sides = f"{one['external_id']} ({one['source']}) = {one['kept_name']} ({one['kept_source']})"
                print(f"{one['id']}  {one['entity']}  {money}  {sides}  {one['decision']}")


COMMANDS = (same_money,)
