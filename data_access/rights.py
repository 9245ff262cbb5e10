"""Which login may do what with which table: one table of rights, from which SQLite's authorizers and PostgreSQL's grants come.

On SQLite a login is an engine of this process, on PostgreSQL a role that `meridian init` grants to.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from sqlalchemy import Connection, Engine, func, select, text

from data_access import meta, money_summaries, schema
from data_access.case_summaries import SUMMARIES
from data_access.viewer import Which

Verb = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]
Login = Literal["reader", "answers", "log", "views", "sessions", "people", "keys", "contests", "importer", "publisher"]
Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]
LOGINS: tuple[Login, ...] = get_args(Login)
APPENDERS: dict[str, Login] = {
    "overlap_verdict": "answers", "export_log": "log", "fault": "log", "saved_view": "views", "sign_in": "sessions", "people_change": "people", "live_key": "keys", "contest": "contests",
}  # fmt: skip
SCOPE_SETTING = "meridian.countries"
VERSION = "alembic_version"
MAY = "may:"

LOADED = (
    "organisation", "presence", "partnership", "local_partner", "project", "project_facet", "project_result", "need", "grant", "grant_country", "payment",
    "fx_rate", "policy_event", "population", "organisation_finance", "other_income", "code", "source", "import_run", "source_record", "import_change", "import_issue",
)  # fmt: skip
REBUILT = (
    "overlap_pair", "overlap_total", "facet_rarity", "initiative_choice", *money_summaries.TABLES, "meta",
)  # fmt: skip
DECIDED = ("organisation_merge", "same_money")
CASE_TABLES_OF_PAGES = (*(table.name for table in SUMMARIES), "capacity", "meta", "route", "legal_clock")
LAW = frozenset({"legal_clock"})
"""Of countries, and of nobody's cases: no country's rows are kept from anybody who may read the case database."""
CELLS, FROZEN = ("published_cell", "publication_year"), ("frozen_atom", "frozen_event")
FUNCTIONS = frozenset(
    [
        "abs",
        "avg",
        "coalesce",
        "count",
        "date",
        "ifnull",
        "julianday",
        "length",
        "like",
        "lower",
        "max",
        "min",
        "nullif",
        "round",
        "strftime",
        "substr",
        "sum",
        "total",
        "upper",
    ]
)
FUNCTIONS_OF_LOADS = frozenset({"substr", "replace"})


@dataclass(frozen=True)
class Rights:
    """What a login may do in one database: verbs on whole tables, and SELECT on some columns of others (`columns`).

    `own_countries`: of tables with a host country, but those of `LAW`, only rows of the countries that the transaction names.
    """

    tables: Mapping[Verb, Sequence[str]]
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own_countries: bool = False

    def allow(self, verb: Verb, table: str, column: str = "") -> bool:
        """Whether the login may do this; `column` "" is no column in particular."""
        return table in self.tables.get(verb, ()) or (
            verb == "SELECT" and table in self.columns and (not column or column in self.columns[table])
        )


RIGHTS: dict[Login, dict[Which, Rights]] = {
    "reader": {
        "shared": Rights({"SELECT": (*schema.shared.tables, VERSION)}),
        "cases": Rights(
            {"SELECT": (*CASE_TABLES_OF_PAGES, VERSION)},
            {
                "source": ("id", "name", "owner", "licence", "rhythm_days"),
                "import_run": ("id", "source_id", "loaded_on", "status"),
            },
            own_countries=True,
        ),
    },
    "answers": {"shared": Rights({"SELECT": ("overlap_verdict",), "INSERT": ("overlap_verdict",)})},
    "log": {"shared": Rights({"SELECT": ("export_log",), "INSERT": ("export_log", "fault")})},
    "views": {
        "shared": Rights({"SELECT": ("saved_view",), "INSERT": ("saved_view",), "DELETE": ("saved_view",)}),
    },
    "sessions": {
        "shared": Rights(dict.fromkeys(("SELECT", "INSERT", "UPDATE", "DELETE"), ("sign_in",))),
    },
    "keys": {
        "shared": Rights(dict.fromkeys(("SELECT", "INSERT", "UPDATE"), ("live_key",))),
    },
    "contests": {
        "shared": Rights(dict.fromkeys(("SELECT", "INSERT", "UPDATE"), ("contest",))),
    },
    "people": {
        "shared": Rights(
            {
                "SELECT": ("viewer", "viewer_country", "people_change"),
                "INSERT": ("viewer", "viewer_country", "people_change"),
                "DELETE": ("viewer", "viewer_country"),
            }
        ),
    },
    "importer": {
        "shared": Rights(
            {
                "SELECT": (
                    *LOADED,
                    *REBUILT,
                    "code_map",
                    "viewer",
                    "viewer_country",
                    "overlap_verdict",
                    "unlisted_count",
                    *DECIDED,
                    "contest",
                    VERSION,
                ),
                "INSERT": (*LOADED, *REBUILT, "unlisted_count", *DECIDED),
                "UPDATE": (*LOADED, *REBUILT, "contest", *DECIDED),
                "DELETE": (*LOADED, *REBUILT, *DECIDED),
            }
        )
    },
    "publisher": {
        "shared": Rights(
            {
                "SELECT": (*CELLS, "publication_request", "unlisted_count", "viewer", "viewer_country", VERSION),
                "INSERT": (*CELLS, "publication_request", "unlisted_count"),
                "DELETE": ("publication_request",),
            },
            {
                "organisation": ("id", "is_initiative", "visibility", "independence", "closed_on"),
                "presence": ("organisation_id", "host_country", "precision", "role"),
                "organisation_merge": ("gone_id", "kept_id", "decision"),
            },
        ),
        "cases": Rights({"SELECT": ("case_episode", "relocation_case", "route", *FROZEN, VERSION), "INSERT": FROZEN}),
    },
}
VERBS: dict[int, Verb] = {
    sqlite3.SQLITE_READ: "SELECT",
    sqlite3.SQLITE_INSERT: "INSERT",
    sqlite3.SQLITE_UPDATE: "UPDATE",
    sqlite3.SQLITE_DELETE: "DELETE",
}


def authorizer(login: Login, which: Which = "shared") -> Authorizer:
    """What SQLite asks before each step of a statement: the rights of a login, and nothing of the structure.

    Beside them SQLite itself reads the ids that a foreign key refers to when a row is added, and the columns that refer to a
    row when it is taken out.
    """
    own = RIGHTS[login][which]
    metadata = {"shared": schema.shared, "cases": schema.cases}[which]
    written = own.tables.get("INSERT", ())
    referred = {key.column.table.name for name in written for key in metadata.tables[name].foreign_keys}
    taken_out = own.tables.get("DELETE", ())
    referring = {
        (table.name, key.parent.name)
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in taken_out
    }
    functions = FUNCTIONS | FUNCTIONS_OF_LOADS if "UPDATE" in own.tables else FUNCTIONS

    def may(action: int, first: str | None, second: str | None) -> bool:
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_TRANSACTION):
            return True
        if action in VERBS:
            table, column = first or "", (second or "") if action == sqlite3.SQLITE_READ else ""
            is_key = action == sqlite3.SQLITE_READ and (
                (table in referred and column == "id") or (table, column) in referring
            )
            return own.allow(VERBS[action], table, column) or is_key or _is_catalogue(action, table)
        if action == sqlite3.SQLITE_FUNCTION:
            return second in functions
        if action == sqlite3.SQLITE_SAVEPOINT:
            return "UPDATE" in own.tables
        return action == sqlite3.SQLITE_PRAGMA and first == "read_uncommitted" and second is None

    def authorise(
        action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None
    ) -> int:
        return sqlite3.SQLITE_OK if may(action, first, second) else sqlite3.SQLITE_DENY

    return authorise


def _is_catalogue(action: int, table: str) -> bool:
    return action == sqlite3.SQLITE_READ and table == "sqlite_master"


def grant(engines: Mapping[Which, Engine], login: Login, role: str) -> None:
    """PostgreSQL: give an existing `role` the rights of a login in each database there is, and take away any other it had.

    It is noted there, for `grant_again`.
    """
    for which, own in RIGHTS[login].items():
        if which in engines:
            with engines[which].begin() as connection:
                _grant(connection, which, role, own)
                meta.write(connection, which, **{_noted_as(role): f"{login} {role}"})


def grant_again(engines: Mapping[Which, Engine]) -> None:
    """PostgreSQL: give every role that was given a login's rights those of this version, with its new tables."""
    for which, engine in engines.items():
        if engine.dialect.name != "postgresql":
            continue
        with engine.begin() as connection:
            existing = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
            noted = [value.split(" ", 1) for key, value in meta.read(connection, which).items() if key.startswith(MAY)]
            for login, role in noted:
                if role in existing and login in RIGHTS:
                    _grant(connection, which, role, RIGHTS[login][which])


def _noted_as(role: str) -> str:
    return f"{MAY}{hashlib.sha256(role.encode()).hexdigest()[:16]}"


def _grant(connection: Connection, which: Which, role: str, own: Rights) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    metadata = {"shared": schema.shared, "cases": schema.cases}[which]
    connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quote(role)}"))
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quote(role)}"))
    for verb, tables in own.tables.items():
        names = ", ".join(quote(name) for name in tables)
        connection.execute(text(f"GRANT {verb} ON {names} TO {quote(role)}"))
    for name, columns in own.columns.items():
        connection.execute(text(f"GRANT SELECT ({', '.join(columns)}) ON {quote(name)} TO {quote(role)}"))
    for name in own.tables.get("INSERT", ()):
        if "id" in metadata.tables[name].c:
            sequence = connection.scalar(select(func.pg_get_serial_sequence(quote(name), "id")))
            if sequence:
                connection.execute(text(f"GRANT USAGE, UPDATE ON SEQUENCE {sequence} TO {quote(role)}"))
    if own.own_countries:
        for name in own.tables["SELECT"]:
            if name in metadata.tables and name not in LAW and "host_country" in metadata.tables[name].c:
                _keep_to_named_countries(connection, name, role)


def _keep_to_named_countries(connection: Connection, table: str, role: str) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    named = f"coalesce(nullif(current_setting('{SCOPE_SETTING}', true), ''), '[]')::jsonb"
    policy = quote(f"{role} reads its countries")
    connection.execute(text(f"ALTER TABLE {quote(table)} ENABLE ROW LEVEL SECURITY"))
    connection.execute(text(f"DROP POLICY IF EXISTS {policy} ON {quote(table)}"))
    connection.execute(
        text(
            f"CREATE POLICY {policy} ON {quote(table)} FOR SELECT TO {quote(role)} "
            f"USING ({named} ? '*' OR {named} ? host_country)"
        )
    )
