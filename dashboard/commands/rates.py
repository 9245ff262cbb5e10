"""`meridian rates`: exchange rates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from dashboard.commands import speaking
from dashboard.commands.refusal import Refused
from dashboard.upkeep.writers import writers
from data_access import rates as loaded
from data_access.i18n import N_, in_digits, ngettext


@speaking.command(
    help=N_(
        "Load exchange rates.\n\n"
        "FILE is a CSV with the columns currency, date, per_eur; without it the bundled rates of the European Central Bank."
    )
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@speaking.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2021-12-01",
    show_default=True,
    help=N_("First day of bundled rates."),
)
def rates(file: Path | None, since: datetime) -> None:
    """Load exchange rates.

    FILE is a CSV with the columns currency, date, per_eur; without it the bundled rates of the European Central Bank.
    """
    try:
        rows = loaded.from_csv(file) if file else loaded.bundled(since.date())
    except (loaded.BadRates, OSError) as problem:
        raise Refused(str(problem)) from problem
    stored = loaded.store(writers()["shared"], rows)
    said = ngettext(
        "{n} rate stored. Run `meridian refresh` so that pages see it.",
        "{n} rates stored. Run `meridian refresh` so that pages see them.",
        stored,
    )
    print(said.format(n=in_digits(stored)))


COMMANDS = (rates,)
