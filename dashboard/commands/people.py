"""`meridian people`: who has which role, for whoever holds the database credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy import Engine

from dashboard.commands import speaking
from dashboard.commands.refusal import Refused
from dashboard.upkeep.writers import writers
from data_access import people as known
from data_access import sign_ins
from data_access.i18n import N_, _, languages, ngettext
from data_access.people import NotPossible, Person
from data_access.schema import ROLES


@click.group(cls=speaking.Group, help=N_("Who may read what: give, change and take roles."))
def people() -> None:
    """Who may read what."""


def _role_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        speaking.option(
            "--language", "spoken", default="", help=N_("Language of all she reads; default: her browser's.")
        ),
        speaking.option("--all-countries", is_flag=True, help=N_("A coordinator of all host countries.")),
        speaking.option(
            "--country",
            "countries",
            multiple=True,
            metavar="XX",
            help=N_("A coordinator's host country; again for more."),
        ),
        speaking.option("--role", required=True, type=click.Choice(ROLES), help=N_("What she may read.")),
    ):
        command = option(command)
    return _who(command)


def _who(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        speaking.option("--subject", help=N_("What the sign-in provider knows her by (`sub`).")),
        speaking.option("--issuer", help=N_("Address of the sign-in provider (`iss`).")),
        speaking.option("--person", help=N_("Her reference, as she sees it when she signs in without a role.")),
    ):
        command = option(command)
    return command


def _reference(person: str | None, issuer: str | None, subject: str | None) -> str:
    if person and not (issuer or subject):
        return person.strip().lower()
    if issuer and subject and not person:
        return known.pseudonym(issuer, subject)
    raise Refused(_("Say who: --person, or --issuer and --subject."))


@contextmanager
def _shared() -> Iterator[Engine]:
    try:
        yield writers()["shared"]
    except NotPossible as refusal:
        raise Refused(str(refusal)) from refusal


def _person(reference: str, role: str, countries: tuple[str, ...], *, all_countries: bool, spoken: str) -> Person:
    if all_countries and countries:
        raise Refused(_("Say --country or --all-countries, not both."))
    named = tuple(sorted({country.strip().upper() for country in countries}))
    return Person(reference, role, None if all_countries else named, spoken)


def _line(one: Person) -> str:
    countries = _("All countries") if one.countries is None else ", ".join(one.countries)
    return "  ".join(filter(None, (one.subject, one.role, countries, languages().get(one.language, ""))))


@people.command("list", cls=speaking.Command, help=N_("Everybody with a role."))
def everybody() -> None:
    """Everybody with a role."""
    with _shared() as engine:
        found = known.everybody(engine)
    for one in found:
        print(_line(one))
    if not found:
        print(_("Nobody has a role yet: nobody can read a page of this database."))


@people.command(cls=speaking.Command, help=N_("Give somebody a role."))
@_role_options
def add(
    person: str | None,
    issuer: str | None,
    subject: str | None,
    role: str,
    countries: tuple[str, ...],
    *,
    all_countries: bool,
    spoken: str,
) -> None:
    """Give somebody a role."""
    with _shared() as engine:
        one = _person(_reference(person, issuer, subject), role, countries, all_countries=all_countries, spoken=spoken)
        known.add(engine, one)
    print(_line(one))


@people.command(cls=speaking.Command, help=N_("Change somebody's role, countries or language."))
@_role_options
def change(
    person: str | None,
    issuer: str | None,
    subject: str | None,
    role: str,
    countries: tuple[str, ...],
    *,
    all_countries: bool,
    spoken: str,
) -> None:
    """Change somebody's role, countries or language."""
    with _shared() as engine:
        one = _person(_reference(person, issuer, subject), role, countries, all_countries=all_countries, spoken=spoken)
        known.change(engine, one)
    print(_line(one))


@people.command(cls=speaking.Command, help=N_("Take somebody's role and end her sign-ins."))
@_who
def remove(person: str | None, issuer: str | None, subject: str | None) -> None:
    """Take somebody's role and end her sign-ins."""
    reference = _reference(person, issuer, subject)
    with _shared() as engine:
        known.remove(engine, reference)
        sign_ins.end_all(engine, reference, datetime.now(UTC))
    print(_("Taken; she reads nothing from her next click on."))


@people.command("sign-out", cls=speaking.Command, help=N_("End somebody's sign-ins everywhere."))
@_who
def sign_out(person: str | None, issuer: str | None, subject: str | None) -> None:
    """End somebody's sign-ins everywhere."""
    with _shared() as engine:
        n = sign_ins.end_all(engine, _reference(person, issuer, subject), datetime.now(UTC))
    print(ngettext("{n} sign-in ended.", "{n} sign-ins ended.", n).format(n=n))


@people.command(cls=speaking.Command, help=N_("What was changed, by whom, newest first."))
def log() -> None:
    """What was changed, by whom, newest first."""
    with _shared() as engine:
        found = known.changes(engine)
    for one in found:
        by = one.changed_by or _("command line")
        print(f"{one.changed_at:%Y-%m-%d %H:%M}  {by}  {one.what}  {one.person}  {one.role}  {one.countries}".rstrip())


COMMANDS = (people,)
