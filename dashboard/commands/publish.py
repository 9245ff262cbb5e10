"""`meridian publish` and `publication-year`: protected periods of relocation cases."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import Engine

from dashboard.commands import speaking
from dashboard.commands.refusal import Refused
from dashboard.upkeep.writers import writers
from data_access import addresses, database, problems, protected_year, publication, unlisted
from data_access.disclosure import Impossible
from data_access.i18n import N_, _, ngettext


def _both(why: str, remedy: str) -> dict[database.Which, Engine]:
    engines = writers()
    if "cases" not in engines:
        raise problems.DatabaseProblem(why, remedy)
    return engines


@speaking.command(
    help=N_(
        "Publish a closed period of relocation cases, protected, once.\n\n"
        "PERIOD is a quarter or half-year: 2026Q3, 2026H1. Two stewards publish it: one asks, another one approves."
    )
)
@click.argument("period")
@speaking.option(
    "--withhold", is_flag=True, help=N_("Close a refused period for good: no figure of it will ever appear.")
)
@speaking.option("--try", "is_trial", is_flag=True, help=N_("Show every cell as it would be, and write nothing."))
@speaking.option("--by", "steward", metavar="REFERENCE", help=N_("The reference of the steward who asks or approves."))
def publish(period: str, *, withhold: bool, is_trial: bool, steward: str | None) -> None:
    """Publish a closed period of relocation cases, protected, once.

    PERIOD is a quarter or half-year: 2026Q3, 2026H1. Two stewards publish it: one asks, another one approves.
    """
    engines = _both(
        _("Publishing reads the case database."),
        _("Set {variable} for the publisher's login.").format(variable=addresses.CASES_URL_VARIABLE),
    )
    now = datetime.now(UTC)
    today = now.date()
    try:
        if is_trial:
            _show(publication.attempt(engines["cases"], engines["shared"], period, today, secrets.randbelow), period)
            return
        if not _is_approved(engines["shared"], period, steward, now, withhold=withhold):
            return
        if withhold:
            publication.withhold(engines["cases"], engines["shared"], period, today)
            print(_("{period} is closed; none of its figures will appear.").format(period=period))
            return
        done = publication.publish(engines["cases"], engines["shared"], period, today, secrets.randbelow)
    except (protected_year.PublicationRefused, Impossible) as refusal:
        raise Refused(_("refused: {why}").format(why=refusal)) from refusal
    if not done.inserted:
        print(_("{period} is published already; published cells are never redrawn.").format(period=done.period))
        return
    if done.with_year:
        said = ngettext(
            "{period}: {n} cell published, {hidden} of them hidden, with the year's table; draws: {draws}.",
            "{period}: {n} cells published, {hidden} of them hidden, with the year's table; draws: {draws}.",
            done.inserted,
        )
    else:
        said = ngettext(
            "{period}: {n} cell published, {hidden} of them hidden, without a year's table; draws: {draws}.",
            "{period}: {n} cells published, {hidden} of them hidden, without a year's table; draws: {draws}.",
            done.inserted,
        )
    print(said.format(period=done.period, n=done.inserted, hidden=done.hidden, draws=done.draws))


def _is_approved(shared: Engine, period: str, steward: str | None, now: datetime, *, withhold: bool) -> bool:
    """Whether another steward asked for the same before; else her wish is noted. Raises PublicationRefused."""
    if not steward:
        raise protected_year.PublicationRefused(
            _(
                "say who you are with `--by REFERENCE`: two stewards publish a period, one asks and another one approves."
            )
        )
    first = publication.ask(shared, period, steward, now, withhold=withhold)
    if first == steward:
        print(
            _("{period}: noted. It is published when another steward runs this command with her own reference.").format(
                period=period
            )
        )
    return first != steward


def _show(trial: publication.Trial, period: str) -> None:
    """Every cell of a trial, and what the audit says."""
    for (measure, when, country, kind), drawn in trial.cells.items():
        shown = f"<{protected_year.K}" if drawn is None else "/".join(str(value) for value in dict.fromkeys(drawn))
        print(f"{measure:<12}{when:<8}{country:<20}{kind:<20}{shown}")
    said = ngettext(
        "{period}: {n} cell, {hidden} of them hidden; the audit passed after {draws} draws. Nothing was written.",
        "{period}: {n} cells, {hidden} of them hidden; the audit passed after {draws} draws. Nothing was written.",
        len(trial.cells),
    )
    hidden = sum(drawn is None for drawn in trial.cells.values())
    print(said.format(period=period, n=len(trial.cells), hidden=hidden, draws=trial.draws))


@speaking.command(
    "publish-unlisted",
    help=N_(
        "Count anew the initiatives that asked not to be listed.\n\n"
        "`meridian publish` does it with each period; this is for networks that publish no cases. At most once a quarter."
    ),
)
def publish_unlisted() -> None:
    """Count anew the initiatives that asked not to be listed."""
    today = datetime.now(UTC).date()
    try:
        with writers()["shared"].begin() as connection:
            unlisted.release_alone(connection, today)
    except protected_year.PublicationRefused as refusal:
        raise Refused(_("refused: {why}").format(why=refusal)) from refusal
    print(_("Counted as of {day}.").format(day=today))


@speaking.command("publication-year", help=N_("Fix a year's periods and groups before its first period."))
@click.argument("year", type=int)
@speaking.option(
    "--periods",
    type=click.Choice(list(protected_year.PERIODS)),
    help=N_("Half-years are safer below 100 cases a quarter."),
)
@speaking.option(
    "--groups",
    type=click.Path(path_type=Path),
    help=N_('JSON: {"countries": {"DE": "DE", ...}, "routes": {"asylum": "protection", ...}}'),
)
def publication_year(year: int, periods: str | None, groups: Path | None) -> None:
    """Fix a year's periods and groups before its first period."""
    engines = _both(
        _("A year is fixed once one of its periods is frozen in the case database."),
        _("Set {variable}.").format(variable=addresses.CASES_URL_VARIABLE),
    )
    shared = engines["shared"]
    with shared.connect() as connection:
        now = publication.setting(connection, year)
    try:
        stated = json.loads(groups.read_text(encoding="utf-8")) if groups else {}
        countries, routes = stated.get("countries", now.country_groups), stated.get("routes", now.route_groups)
        wanted = protected_year.Year(year, periods or now.periods, countries, routes)
        if groups or periods:
            publication.set_year(shared, engines["cases"], wanted)
    except (protected_year.PublicationRefused, OSError, ValueError, AttributeError) as refusal:
        raise Refused(_("refused: {why}").format(why=refusal)) from refusal
    print(f"{wanted.year}: {', '.join(wanted.names)}")
    for kind, names, of in ((_("countries"), wanted.countries, countries), (_("routes"), wanted.routes, routes)):
        print(f"  {kind}:")
        for name in names:
            print(f"    {name:<24}{' '.join(sorted(code for code, group in of.items() if group == name))}")


COMMANDS = (publish, publish_unlisted, publication_year)
