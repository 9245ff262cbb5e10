"""`meridian setup`: what a database server needs before `meridian init`, as a script for its own program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dashboard.commands import speaking
from data_access import rights
from data_access.i18n import N_
from data_access.rights import Login

OWNER = "meridian_owner"
SHARED, CASES = "meridian", "meridian_cases"
OF_FUNDERS, OF_COORDINATORS = "meridian_funders", "meridian_coordinators"
ROLES: Mapping[str, Login] = {
    OF_FUNDERS: "reader",
    OF_COORDINATORS: "reader",
    **{f"meridian_{login}": login for login in rights.LOGINS if login != "reader"},
}
"""Every role beside the owner, and what it may do."""
WITHOUT_CASES = frozenset({OF_FUNDERS})


def variable(role: str) -> str:
    """The variable of the environment that holds a role's password."""
    return f"{role.upper()}_PASSWORD"


def statements() -> Iterator[str]:
    """The script for psql, line by line: databases, roles with passwords from the environment, nothing for anybody else."""
    roles = (OWNER, *ROLES)
    yield "\\set ON_ERROR_STOP on"
    for role in roles:
        yield f"\\getenv {role} {variable(role)}"
    for role in roles:
        yield f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'{role}';"
    for name in (SHARED, CASES):
        yield f"CREATE DATABASE {name} OWNER {OWNER};"
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


COMMANDS = (setup,)
