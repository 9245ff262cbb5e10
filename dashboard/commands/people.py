"""`meridian people`: who has which role, for whoever holds the database credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
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


ROLE_OPTIONS = (
    speaking.option("--role", required=True, type=click.Choice(ROLES), help=N_("What she may read.")),
    speaking.option(
        "--country", "countries", multiple=True, metavar="XX", help=N_("A coordinator's host country; again for more.")
    ),
    speaking.option("--all-countries", is_flag=True, help=N_("A coordinator of all host countries.")),
    speaking.option("--language", "spoken", default="", help=N_("Language of all she reads; default: her browser's.")),
)
WHO_OPTIONS = (
    speaking.option("--person", help=N_("Her reference, as she sees it when she signs in without a role.")),
    speaking.option("--issuer", help=N_("Address of the sign-in provider (`iss`).")),
    speaking.option("--subject", help=N_("What the sign-in provider knows her by (`sub`).")),
)


def _with(options: Sequence[Callable[..., Any]], command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


def _of_whom(command: Callable[[str], None]) -> Callable[..., Any]:
    """A command about somebody, who is named in one of two ways."""

    @wraps(command)
    def named(person: str | None, issuer: str | None, subject: str | None) -> None:
        command(_reference(person, issuer, subject))

    return _with(WHO_OPTIONS, named)


def _to_be(command: Callable[[Person], None]) -> Callable[..., Any]:
    """A command about what somebody is to be."""

    @wraps(command)
    def made(role: str, countries: tuple[str, ...], spoken: str, *, all_countries: bool, **who: str | None) -> None:
        if all_countries and countries:
            raise Refused(_("Say --country or --all-countries, not both."))
        named = tuple(sorted({country.strip().upper() for country in countries}))
        command(Person(_reference(**who), role, None if all_countries else named, spoken))

    return _with((*WHO_OPTIONS, *ROLE_OPTIONS), made)


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
@_to_be
def add(person: Person) -> None:
    """Give somebody a role."""
    with _shared() as engine:
        known.add(engine, person)
    print(_line(person))


@people.command(cls=speaking.Command, help=N_("Change somebody's role, countries or language."))
@_to_be
def change(person: Person) -> None:
    """Change somebody's role, countries or language."""
    with _shared() as engine:
        known.change(engine, person)
    print(_line(person))


@people.command(cls=speaking.Command, help=N_("Take somebody's role and end her sign-ins."))
@_of_whom
def remove(reference: str) -> None:
    """Take somebody's role and end her sign-ins."""
    with _shared() as engine:
        known.remove(engine, reference)
        sign_ins.end_all(engine, reference, datetime.now(UTC))
    print(_("Taken; she reads nothing from her next click on."))


@people.command("sign-out", cls=speaking.Command, help=N_("End somebody's sign-ins everywhere."))
@_of_whom
def sign_out(reference: str) -> None:
    """End somebody's sign-ins everywhere."""
    with _shared() as engine:
        n = sign_ins.end_all(engine, reference, datetime.now(UTC))
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
