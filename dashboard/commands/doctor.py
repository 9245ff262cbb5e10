"""`meridian doctor` and `meridian faults`: what of a deployment is not as it should be, and what mends it."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import httpx
from sqlalchemy import URL, Engine, create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from dashboard.commands import speaking
from dashboard.commands.backups import named_urls
from dashboard.commands.refusal import Refused
from dashboard.page.links import PUBLIC_URL
from data_access import addresses, backups, connections, database, meta, people, queries, rights, sign_ins
from data_access.i18n import N_, _
from data_access.problems import DatabaseProblem
from data_access.viewer import Viewer, Which

BACKUPS_VARIABLE = "MERIDIAN_BACKUPS"
HOSTS_VARIABLE = "MERIDIAN_ALLOWED_HOSTS"
OLDEST_BACKUP = timedelta(days=2)
CLOCK_MAY_DIFFER = timedelta(seconds=60)
SECRETS = (Path(".streamlit/secrets.toml"), Path.home() / ".streamlit" / "secrets.toml")


@dataclass(frozen=True)
class Finding:
    """What was looked at; `remedy` is empty where it is as it should be."""

    what: str
    remedy: str = ""


def findings(now: datetime) -> Iterator[Finding]:
    """Everything that was looked at, in the order of a deployment."""
    for which, url in named_urls().items():
        yield from _database(which, url, now)
        yield from _one_primary(which, url)
    yield from _logins()
    yield from _writers()
    yield from _secrets()
    yield from _sign_in()
    yield _hosts()
    yield from _front()
    yield _backups(now)


def _database(which: Which, url: str, now: datetime) -> Iterator[Finding]:
    try:
        engine = connections.open_reader(url, which)
        database.assert_schema(engine, which)
        values = database.read_meta(engine, which)
        yield Finding(_("{which}: answers, its schema is the newest.").format(which=which))
        yield _fresh(which, values)
        if engine.dialect.name == "postgresql":
            yield _clock(which, engine, now)
            yield _keeps_to_its_rights(which, url, "reader")
        if which == "shared" and values.get("is_sample") != "1":
            yield _stewards(engine)
        database.assert_ready(engine, which)
    except DatabaseProblem as problem:
        yield Finding(f"{which}: {problem.what}", problem.remedy)


def _one_primary(which: Which, url: str) -> Iterator[Finding]:
    """Of several hosts of an address one takes writes, and no more: two would each keep what the other never hears of."""
    parsed = addresses.parse(url)
    hosts = parsed.query.get("host", ())
    if isinstance(hosts, str):
        return
    found = [(host, _takes_writes(parsed.set(query={"host": host}))) for host in hosts]
    if len(taking := [host for host, takes in found if takes]) > 1:
        yield Finding(
            _("{which}: {hosts} take writes, each for itself.").format(which=which, hosts=", ".join(taking)),
            _("Stop the older one at once, and build it anew as a replica of the other: see docs/deploy.md."),
        )
    elif hosts:
        yield Finding(_("{which}: no two of its servers take writes.").format(which=which))
    remedy = (
        _("If it was the primary before, never start it: make it a replica anew. If it was the replica, start it.")
        if taking
        else _(
            "Start its PostgreSQL; if it does not come back, fence it and promote the other one, as docs/deploy.md says."
        )
    )
    for host in (host for host, takes in found if takes is None):
        yield Finding(
            _("{which}: {host} does not answer; nothing would take the place of the other one.").format(
                which=which, host=host
            ),
            remedy,
        )


def _takes_writes(url: URL) -> bool | None:
    """Whether a server takes writes; None where it does not answer."""
    engine = create_engine(url, hide_parameters=True, connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            return not connection.scalar(text("SELECT pg_is_in_recovery()"))
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()


def _fresh(which: Which, values: dict[str, str]) -> Finding:
    if meta.is_stale(values):
        return Finding(_("{which}: sums are older than the records.").format(which=which), _("Run `meridian refresh`."))
    return Finding(_("{which}: sums are those of the records.").format(which=which))


def _clock(which: Which, engine: Engine, now: datetime) -> Finding:
    with engine.connect() as connection:
        there = connection.scalar(select(func.now()))
    if there is not None and abs(there - now) > CLOCK_MAY_DIFFER:
        return Finding(
            _("{which}: the clock of the database server differs by more than a minute.").format(which=which),
            _("Let both machines follow the same time service: sign-ins end by the clock."),
        )
    return Finding(_("{which}: both clocks agree.").format(which=which))


def _keeps_to_its_rights(which: Which, url: str, login: rights.Login) -> Finding:
    """Whether a login may do what the table of rights does not give it."""
    own, metadata = rights.RIGHTS[login].get(which), database.METADATA[which]
    verbs: tuple[rights.Verb, ...] = ("SELECT", "INSERT", "UPDATE", "DELETE")
    engine = connections.open_writer(url)
    with engine.connect() as connection:
        too_much = [
            f"{verb} {name}"
            for name in metadata.tables
            for verb in verbs
            if not (own and own.allow(verb, name))
            and connection.scalar(text("SELECT has_table_privilege(:name, :verb)"), {"name": f'"{name}"', "verb": verb})
        ]
    engine.dispose()
    if too_much:
        return Finding(
            _("{which}: the login {login} may more than it needs: {verbs}.").format(
                which=which, login=login, verbs=", ".join(too_much[:5])
            ),
            _("Use the login of `meridian setup postgresql --print`, and run its `meridian init` again."),
        )
    return Finding(_("{which}: the login {login} may do its work and nothing else.").format(which=which, login=login))


def _stewards(engine: Engine) -> Finding:
    stewards = [one for one in people.everybody(engine) if one.role == "steward"]
    if len(stewards) < 2:
        return Finding(
            _("There are fewer than two stewards."),
            _("Add one with `meridian people add --role steward`: two see what the other changes."),
        )
    return Finding(_("There are two stewards or more."))


def _logins() -> Iterator[Finding]:
    urls = addresses.urls_from_environment()
    for variable, table in {variable: table for table, variable in addresses.NARROW.items()}.items():
        if addresses.narrow_url(table, urls) is None:
            yield Finding(
                _("{variable} is not set: pages keep nothing there.").format(variable=variable),
                _("Set it to the login made with `meridian init --{login} ROLE`, or leave it if this is meant.").format(
                    login=rights.APPENDERS[table]
                ),
            )
            continue
        url = str(addresses.narrow_url(table, urls))
        try:
            connections.open_appender(url, table).connect().close()
            if addresses.parse(url).get_backend_name() == "postgresql":
                yield _keeps_to_its_rights("shared", url, rights.APPENDERS[table])
            yield Finding(_("{variable} answers.").format(variable=variable))
        except (DatabaseProblem, SQLAlchemyError):
            yield _does_not_answer(variable)


def _writers() -> Iterator[Finding]:
    """The logins that load files and try publications, where this deployment does."""
    urls = addresses.urls_from_environment()
    named: list[tuple[str, Which, rights.Login, str | None]] = [
        (addresses.IMPORT_URL_VARIABLE, "shared", "importer", addresses.import_url(urls))
    ]
    if publishers := addresses.publisher_urls(urls):
        names = addresses.PUBLISHER_URL_VARIABLES
        named += [
            (names["shared"], "shared", "publisher", publishers.shared),
            (names["cases"], "cases", "publisher", publishers.cases),
        ]
    for variable, which, login, url in named:
        if not url or addresses.parse(url).get_backend_name() != "postgresql":
            continue
        try:
            yield _keeps_to_its_rights(which, url, login)
        except SQLAlchemyError:
            yield _does_not_answer(variable)


def _does_not_answer(variable: str) -> Finding:
    return Finding(
        _("{variable} does not answer, or its tables are not there.").format(variable=variable),
        _("Check its address and its password, and run `meridian init` with its login."),
    )


def _sign_in() -> Iterator[Finding]:
    """Whether the provider of identities answers from here, what it calls itself, and where it sends readers back to."""
    path = next((path for path in SECRETS if path.exists()), None)
    if path is None:
        return
    auth = tomllib.loads(path.read_text(encoding="utf-8")).get("auth", {})
    if len(str(auth.get("cookie_secret", ""))) < sign_ins.SHORTEST_COOKIE_SECRET:
        yield Finding(
            _(
                "The cookie_secret of {file} is a short word that others could guess: nobody can sign in with it."
            ).format(file=path),
            _("Set it to what `openssl rand -hex 32` says, and start the servers again."),
        )
    if public := os.environ.get(PUBLIC_URL):
        wanted = f"{public.rstrip('/')}/oauth2callback"
        if auth.get("redirect_uri") != wanted:
            yield Finding(
                _("Readers are sent back from sign-in to {there}.").format(there=auth.get("redirect_uri") or "–"),
                _("Set redirect_uri in secrets.toml, and at the provider, to {wanted}.").format(wanted=wanted),
            )
    if address := auth.get("server_metadata_url"):
        yield _provider(address)


def _provider(address: str) -> Finding:
    """Whether the provider of identities answers from here, and what it calls itself."""
    try:
        issuer = httpx.get(address, timeout=5).raise_for_status().json()["issuer"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as fault:
        return Finding(
            _("The provider of identities does not answer from here ({fault}): nobody can sign in.").format(
                fault=type(fault).__name__
            ),
            _(
                "Check server_metadata_url, the way there, and its certificate; one of your own authority needs SSL_CERT_FILE."
            ),
        )
    return Finding(
        _("The provider of identities answers; for `people add --issuer` it is {issuer}").format(issuer=issuer)
    )


def _secrets() -> Iterator[Finding]:
    found = [path for path in SECRETS if path.exists()]
    if not found:
        yield Finding(
            _("There are no sign-in secrets: a real database is served to nobody."),
            _("Write `.streamlit/secrets.toml` with an [auth] section."),
        )
    for path in found:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(_("{file} can be read by others on this machine.").format(file=path), f"chmod 600 {path}")
        else:
            yield Finding(_("{file} is readable by its owner alone.").format(file=path))


def _hosts() -> Finding:
    if not os.environ.get(HOSTS_VARIABLE):
        return Finding(
            _("{variable} is not set: only this machine is answered.").format(variable=HOSTS_VARIABLE),
            _("Set it to the name that readers type; TLS ends in front of it."),
        )
    return Finding(_("{variable} names who is answered.").format(variable=HOSTS_VARIABLE))


def _front() -> Iterator[Finding]:
    """Whether what readers open answers; where no address is said nothing can be asked."""
    if public := os.environ.get(PUBLIC_URL):
        try:
            httpx.get(public, timeout=5).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            yield Finding(
                _("{address} does not answer from here ({fault}).").format(address=public, fault=type(fault).__name__),
                _(
                    "Look at the servers and the front (`systemctl status 'meridian*'`), and whether its certificate is trusted here; "
                    "one of your own authority needs SSL_CERT_FILE."
                ),
            )
        else:
            yield Finding(_("{address} answers.").format(address=public))


def _backups(now: datetime) -> Finding:
    folder = os.environ.get(BACKUPS_VARIABLE)
    if not folder:
        return Finding(
            _("{variable} is not set: nobody knows how old the newest backup is.").format(variable=BACKUPS_VARIABLE),
            _("Set it to the folder that holds what `meridian backup` makes."),
        )
    made = [_made_at(path) for path in Path(folder).glob(f"*/{backups.MANIFEST}")]
    newest = max((when for when in made if when), default=None)
    if newest is None or now - newest > OLDEST_BACKUP:
        return Finding(
            _("The newest backup is older than two days, or there is none."), _("Run `meridian backup DIR` daily.")
        )
    return Finding(_("The newest backup is younger than two days."))


def _made_at(path: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["made_at"])
    except (OSError, ValueError, KeyError):
        return None


@speaking.command(help=N_("Look at this deployment and say what is not as it should be, and what mends it."))
def doctor() -> int:
    """Look at this deployment and say what is not as it should be, and what mends it."""
    wrong = 0
    for one in findings(datetime.now(UTC)):
        print(("!! " if one.remedy else "ok ") + one.what)
        if one.remedy:
            print("   " + one.remedy)
            wrong += 1
    return 1 if wrong else 0


@speaking.command("faults", help=N_("List the newest faults of pages, or the one a reader was told the reference of."))
@click.argument("reference", default="")
def faults_(reference: str) -> int:
    """List the newest faults of pages, or the one a reader was told the reference of."""
    reader = connections.open_reader(addresses.urls_from_environment().shared)
    found = database.run(reader, queries.provenance.faults(Viewer("steward", None), reference))
    for one in found.iloc[::-1].itertuples():
        print(f"{one.noted_at:%Y-%m-%d %H:%M} {one.reference} {one.page}: {one.kind} at {one.places}")
    if reference and found.empty:
        raise Refused(_("No fault is kept under {reference}.").format(reference=reference))
    return 0


COMMANDS = (doctor, faults_)
