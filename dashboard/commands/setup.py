"""`meridian setup`: what servers need before `meridian init`: passwords, a script for PostgreSQL, the environment of each."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, get_args

import click

from dashboard.commands import speaking
from dashboard.commands.refusal import Refused
from data_access import addresses, rights
from data_access.i18n import N_, _
from data_access.rights import Login

OWNER, REPLICATION = "meridian_owner", "meridian_replication"
SHARED, CASES = "meridian", "meridian_cases"
OF_FUNDERS, OF_COORDINATORS = "meridian_funders", "meridian_coordinators"
ROLES: Mapping[str, Login] = {
    OF_FUNDERS: "reader",
    OF_COORDINATORS: "reader",
    **{f"meridian_{login}": login for login in rights.LOGINS if login != "reader"},
}
"""Every role beside the owner and the replica's, and what it may do."""
Part = Literal["coordinators", "funders", "owner"]
WITHOUT_CASES = frozenset({OF_FUNDERS})


def variable(role: str) -> str:
    """The variable of the environment that holds a role's password."""
    return f"{role.upper()}_PASSWORD"


def new_passwords() -> dict[str, str]:
    """A password that nobody can guess for each role."""
    return {role: secrets.token_urlsafe(24) for role in (OWNER, *ROLES, REPLICATION)}


def passwords_given() -> dict[str, str]:
    """The passwords in the environment. Raises Refused where one is missing."""
    roles = (OWNER, *ROLES)
    if missing := [variable(role) for role in roles if not os.environ.get(variable(role))]:
        raise Refused(
            _("{variable} is not set. Make passwords with `meridian setup passwords`.").format(variable=missing[0])
        )
    return {role: os.environ[variable(role)] for role in roles}


def address(role: str, password: str, database: str, hosts: Sequence[str], attributes: str = "any") -> str:
    """The address of a database for a role, on the first of the `hosts` (name:port) that is what `attributes` asks for, as
    PostgreSQL's own library understands it."""
    if len(hosts) == 1:
        return f"postgresql://{role}:{password}@{hosts[0]}/{database}"
    where = "&".join(f"host={host}" for host in hosts)
    return f"postgresql://{role}:{password}@/{database}?{where}&target_session_attrs={attributes}"


def environment(
    of: Part, passwords: Mapping[str, str], primary: str, replica: str | None = None, *, takes_uploads: bool = False
) -> dict[str, str]:
    """What a process of the deployment is told, by variable.

    With a replica, servers read it, or the primary while it is away, and write to whichever of the two is the primary; so do
    commands of the owner, who unsets what a server was told. With `takes_uploads` stewards load files and try publications on
    their pages. Raises Refused where that is asked for anybody but coordinators.
    """
    if takes_uploads and of != "coordinators":
        raise Refused(_("Only servers of coordinators load files: {part} is another part.").format(part=of))
    reading = [replica, primary] if replica else [primary]
    writing = list(reversed(reading))
    if of == "owner":
        return {
            addresses.SHARED_URL_VARIABLE: address(OWNER, passwords[OWNER], SHARED, writing, "primary"),
            addresses.CASES_URL_VARIABLE: address(OWNER, passwords[OWNER], CASES, writing, "primary"),
            addresses.WRITE_URL_VARIABLE: "",
            addresses.CASES_WRITE_URL_VARIABLE: "",
        }
    role = {"funders": OF_FUNDERS, "coordinators": OF_COORDINATORS}[of]
    told = {addresses.SHARED_URL_VARIABLE: address(role, passwords[role], SHARED, reading, "prefer-standby")}
    if of == "coordinators":
        told[addresses.CASES_URL_VARIABLE] = address(role, passwords[role], CASES, reading, "prefer-standby")
    if replica:
        told[addresses.WRITE_URL_VARIABLE] = address(role, passwords[role], SHARED, writing, "primary")
    for table, variable in addresses.NARROW.items():
        login = f"meridian_{rights.APPENDERS[table]}"
        told[variable] = address(login, passwords[login], SHARED, writing, "primary")
    return told | (_of_uploads(passwords, writing) if takes_uploads else {})


def _of_uploads(passwords: Mapping[str, str], writing: Sequence[str]) -> dict[str, str]:
    """What servers are told on whose pages stewards load files and try publications."""
    importer, publisher = "meridian_importer", "meridian_publisher"
    told = {
        addresses.UPLOADS_VARIABLE: "1",
        addresses.IMPORT_URL_VARIABLE: address(importer, passwords[importer], SHARED, writing, "primary"),
    }
    for which, variable in addresses.PUBLISHER_URL_VARIABLES.items():
        database = {"shared": SHARED, "cases": CASES}[which]
        told[variable] = address(publisher, passwords[publisher], database, writing, "primary")
    return told


def statements() -> Iterator[str]:
    """The script for psql, line by line: databases, roles with passwords from the environment, nothing for anybody else."""
    roles = (OWNER, *ROLES)
    yield "\\set ON_ERROR_STOP on"
    for role in roles:
        yield f"\\getenv {role} {variable(role)}"
    for role in roles:
        yield f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'{role}';"
    yield f"\\getenv {REPLICATION} {variable(REPLICATION)}"
    yield f"\\if :{{?{REPLICATION}}}"
    yield f"CREATE ROLE {REPLICATION} LOGIN REPLICATION PASSWORD :'{REPLICATION}';"
    yield "\\endif"
    for name in (SHARED, CASES):
        yield f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';"
        yield f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;"
        yield f"GRANT CONNECT ON DATABASE {name} TO {', '.join(_who_connects(name))};"
        yield f"\\connect {name}"
        yield f"ALTER SCHEMA public OWNER TO {OWNER};"
        yield "REVOKE ALL ON SCHEMA public FROM PUBLIC;"


def _who_connects(database: str) -> Sequence[str]:
    if database == SHARED:
        return list(ROLES)
    return [role for role, login in ROLES.items() if "cases" in rights.RIGHTS[login] and role not in WITHOUT_CASES]


def then() -> Iterator[str]:
    """What comes after the script: the tables, and what each role may do with them."""
    narrow = " ".join(f"--{login} {role}" for role, login in ROLES.items() if login != "reader")
    shared = f"MERIDIAN_DATABASE_URL=postgresql://{OWNER}@HOST/{SHARED}"
    yield "-- then, with the owner's password in PGPASSWORD or ~/.pgpass:"
    yield f"--   {shared} MERIDIAN_CASES_URL=postgresql://{OWNER}@HOST/{CASES} \\"
    yield f"--     meridian init --reader {OF_COORDINATORS} {narrow}"
    yield f"--   {shared} meridian init --reader {OF_FUNDERS}"


@speaking.group(help=N_("What a server needs before the databases can be made."))
def setup() -> None:
    """What a server needs before the databases can be made."""


@setup.command(
    "postgresql",
    cls=speaking.Command,
    help=N_(
        "Print the script that makes databases and logins on a PostgreSQL server, for `psql -f - postgres`.\n\n"
        "Passwords come from the environment: MERIDIAN_OWNER_PASSWORD and one per login, as the script names them."
    ),
)
@speaking.option(
    "--print", "is_printed", is_flag=True, required=True, help=N_("Print it; this command runs nothing itself.")
)
def postgresql(**_is_printed: bool) -> None:
    """Print the script that makes databases and logins on a PostgreSQL server."""
    print("\n".join((*statements(), *then())))


@setup.command("passwords", cls=speaking.Command, help=N_("Print a new password for each login, as variables."))
def passwords() -> None:
    """Print a new password for each login, as variables."""
    for role, password in new_passwords().items():
        print(f"{variable(role)}='{password}'")


@setup.command(
    "environment",
    cls=speaking.Command,
    help=N_(
        "Print what a process of the deployment is told: its addresses and logins, with the passwords of the environment."
    ),
)
@click.argument("part", type=click.Choice(get_args(Part)), metavar="[coordinators|funders|owner]")
@speaking.option("--primary", metavar="HOST:PORT", default="127.0.0.1:5432", help=N_("Where the primary is."))
@speaking.option("--replica", metavar="HOST:PORT", help=N_("Where its streaming replica is, which pages then read."))
@speaking.option("--uploads", is_flag=True, help=N_("Stewards load files and try publications on their pages."))
def environment_(part: Part, primary: str, replica: str | None, *, uploads: bool) -> None:
    """Print what a process of the deployment is told."""
    for name, value in environment(part, passwords_given(), primary, replica, takes_uploads=uploads).items():
        print(f"{name}='{value}'")


COMMANDS = (setup,)
