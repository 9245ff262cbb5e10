"""`meridian publish` and `publication-year`: protected periods of relocation cases."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import Engine

from dashboard.commands.refusal import Refused
from dashboard.upkeep.writers import writers
from data_access import addresses, database, problems, protected_year, publication
from data_access.disclosure import Impossible


def _both(why: str, remedy: str) -> dict[database.Which, Engine]:
    engines = writers()
    if "cases" not in engines:
        raise problems.DatabaseProblem(why, remedy)
    return engines


@click.command()
@click.argument("period")
@click.option("--withhold", is_flag=True, help="Close a refused period for good: no figure of it will ever appear.")
def publish(period: str, *, withhold: bool) -> None:
    """Publish a closed period of relocation cases, protected, once.

    PERIOD is a quarter or half-year: 2026Q3, 2026H1.
    """
    engines = _both(
        "Publishing reads the case database.", f"Set {addresses.CASES_URL_VARIABLE} for the publisher's login."
    )
    today = datetime.now(UTC).date()
    try:
        if withhold:
            publication.withhold(engines["cases"], engines["shared"], period, today)
            print(f"{period} is closed; none of its figures will appear.")
            return
        done = publication.publish(engines["cases"], engines["shared"], period, today, secrets.randbelow)
    except (protected_year.PublicationRefused, Impossible) as refusal:
        raise Refused(f"refused: {refusal}") from refusal
    if not done.inserted:
        print(f"{done.period} is published already; published cells are never redrawn.")
        return
    finest = "with the year's table" if done.with_year else "without a year's table"
    print(
        f"{done.period}: {done.inserted} cells published, {done.hidden} of them hidden, {finest}; draws: {done.draws}."
    )


@click.command("publication-year")
@click.argument("year", type=int)
@click.option(
    "--periods",
    type=click.Choice(list(protected_year.PERIODS)),
    help="Half-years are safer below 100 cases a quarter.",
)
@click.option(
    "--groups",
    type=click.Path(path_type=Path),
    help='JSON: {"countries": {"DE": "DE", ...}, "routes": {"asylum": "protection", ...}}',
)
def publication_year(year: int, periods: str | None, groups: Path | None) -> None:
    """Fix a year's periods and groups before its first period."""
    engines = _both(
        "A year is fixed once one of its periods is frozen in the case database.",
        f"Set {addresses.CASES_URL_VARIABLE}.",
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
        raise Refused(f"refused: {refusal}") from refusal
    print(f"{wanted.year}: {', '.join(wanted.names)}")
    for kind, names, of in (("countries", wanted.countries, countries), ("routes", wanted.routes, routes)):
        print(f"  {kind}:")
        for name in names:
            print(f"    {name:<24}{' '.join(sorted(code for code, group in of.items() if group == name))}")


COMMANDS = (publish, publication_year)
