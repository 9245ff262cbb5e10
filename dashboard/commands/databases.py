"""`meridian init`, `check` and `refresh`: the databases themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

import click
from sqlalchemy import Engine, text

from dashboard.commands import speaking
from dashboard.upkeep import books
from dashboard.upkeep.refresh import refresh as rebuild
from dashboard.upkeep.writers import writers
from data_access import addresses, connections, database, problems, rights
from data_access.i18n import N_, _, in_digits, ngettext
from data_access.migrate import upgrade_both
from data_access.vocabulary import code_rows, route_rows

FINDINGS: dict[database.Which, tuple[tuple[Callable[[int], str], str], ...]] = {
    "shared": (
        (
            lambda n: ngettext("to mend: {n} grant without an amount", "to mend: {n} grants without an amount", n),
            'SELECT count(*) FROM "grant" WHERE amount_minor IS NULL',
        ),
        (
            lambda n: ngettext(
                "to mend: {n} grant that ends before it starts", "to mend: {n} grants that end before they start", n
            ),
            'SELECT count(*) FROM "grant" WHERE ends_on < starts_on',
        ),
        (
            lambda n: ngettext(
                "to mend: {n} grant without a start or end date", "to mend: {n} grants without a start or end date", n
            ),
            'SELECT count(*) FROM "grant" WHERE starts_on IS NULL OR ends_on IS NULL',
        ),
        (
            lambda n: ngettext("to mend: {n} need without an amount", "to mend: {n} needs without an amount", n),
            "SELECT count(*) FROM need WHERE amount_minor IS NULL",
        ),
        (
            lambda n: ngettext(
                "to mend: {n} organisation never confirmed", "to mend: {n} organisations never confirmed", n
            ),
            "SELECT count(*) FROM organisation WHERE confirmed_on IS NULL",
        ),
        (
            lambda n: ngettext("to mend: {n} project without dates", "to mend: {n} projects without dates", n),
            "SELECT count(*) FROM project WHERE starts_on IS NULL",
        ),
    ),
    "cases": (
        (
            lambda n: ngettext(
                "to mend: {n} episode that closed before it opened",
                "to mend: {n} episodes that closed before they opened",
                n,
            ),
            "SELECT count(*) FROM case_episode WHERE closed_on < opened_on",
        ),
        (
            lambda n: ngettext(
                "to mend: {n} episode without an opening date", "to mend: {n} episodes without an opening date", n
            ),
            "SELECT count(*) FROM case_episode WHERE opened_on IS NULL",
        ),
        (
            lambda n: ngettext(
                "to mend: {n} closed episode without a closing date",
                "to mend: {n} closed episodes without a closing date",
                n,
            ),
            "SELECT count(*) FROM case_episode WHERE status = 'closed' AND closed_on IS NULL",
        ),
    ),
}


@speaking.command(help=N_("Create the tables, or bring them to the newest schema."))
@speaking.option("--sample", is_flag=True, help=N_("Fill empty databases with the invented sample world."))
@speaking.option("--reader", metavar="ROLE", help=N_("PostgreSQL: let this existing role SELECT, and nothing else."))
@speaking.option(
    "--answers", metavar="ROLE", help=N_("PostgreSQL: let this existing role add answers on pairs, and nothing else.")
)
@speaking.option("--log", metavar="ROLE", help=N_("PostgreSQL: let this existing role log exports, and nothing else."))
@speaking.option("--views", metavar="ROLE", help=N_("PostgreSQL: let this existing role keep readers' saved views."))
@speaking.option(
    "--sessions", metavar="ROLE", help=N_("PostgreSQL: let this existing role keep who is signed in, and nothing else.")
)
@speaking.option(
    "--people", metavar="ROLE", help=N_("PostgreSQL: let this existing role give and take roles, and nothing else.")
)
@speaking.option(
    "--keys", metavar="ROLE", help=N_("PostgreSQL: let this existing role keep keys to live tables, and nothing else.")
)
@speaking.option(
    "--contests",
    metavar="ROLE",
    help=N_("PostgreSQL: let this existing role keep what readers say is wrong, and nothing else."),
)
@speaking.option(
    "--importer", metavar="ROLE", help=N_("PostgreSQL: let this existing role load uploaded files, and nothing else.")
)
@speaking.option(
    "--publisher", metavar="ROLE", help=N_("PostgreSQL: let this existing role publish periods of cases, and no more.")
)
def init(*, sample: bool, **roles: str | None) -> None:
    """Create the tables, or bring them to the newest schema."""
    engines = writers(are_new=True)
    upgrade_both(engines)
    if sample:
        _fill_with_sample(engines)
    else:
        _fill_vocabulary(engines)
    rights.grant_again(engines)
    for login in rights.LOGINS:
        if role := roles[login]:
            rights.grant(engines, login, role)
    print(
        _("The databases are ready.") if sample else _("The tables are ready. Load data, then run `meridian refresh`.")
    )


def _fill_with_sample(engines: dict[database.Which, Engine]) -> None:
    from sample_data.build import build  # noqa: PLC0415 - the sample world is not needed to serve real data

    for which, engine in engines.items():
        filled = [name for name, n in database.counts_per_table(engine, which).items() if n]
        if filled:
            raise problems.DatabaseProblem(
                _("The {which} database is not empty ({tables} hold rows).").format(
                    which=which, tables=", ".join(filled[:3])
                ),
                _("The sample world only goes into empty databases: choose another URL."),
            )
    build(engines["shared"], engines.get("cases"))


def _fill_vocabulary(engines: dict[database.Which, Engine]) -> None:
    for which, table, rows in (("shared", "code", code_rows()), ("cases", "route", route_rows())):
        if which in engines and not database.counts_per_table(engines[which], which)[table]:
            with engines[which].begin() as connection:
                connection.execute(database.METADATA[which].tables[table].insert(), rows)


@speaking.command(help=N_("Say what is in the databases and what is wrong with them."))
@speaking.option(
    "--books",
    "with_books",
    is_flag=True,
    help=N_("Per page and viewer: what was loaded is what figures show and named remainders."),
)
def check(*, with_books: bool) -> int:
    """Say what is in the databases and what is wrong with them."""
    if with_books:
        return check_books()
    urls = addresses.urls_from_environment()
    wrong = 0
    places: dict[database.Which, str | None] = {"shared": urls.shared, "cases": urls.cases}
    for which, url in places.items():
        if not url:
            print(_("{which}: not configured; every page works without it").format(which=which))
            continue
        try:
            database.assert_ready(connections.open_reader(url, which), which)
        except problems.DatabaseProblem as problem:
            print(_("{which}: WRONG – {problem}").format(which=which, problem=problem))
            wrong += 1
            continue
        _describe(connections.open_writer(url), which)
    return 1 if wrong else 0


def check_books() -> int:
    """Print per page and viewer whether what was loaded is what figures show; the exit code."""
    engines = writers()
    for which, engine in engines.items():
        database.assert_ready(engine, which)
    wrong = 0
    for account in books.every_account(engines["shared"], engines.get("cases")):
        print("\n".join(_account(account)))
        wrong += len(account.faults)
    said = ngettext("The books do not balance: {n} fault.", "The books do not balance: {n} faults.", wrong)
    print(said.format(n=wrong) if wrong else _("The books balance."))
    return 1 if wrong else 0


def _account(account: books.Account) -> Iterator[str]:
    """One account as lines of text."""
    scope = ", ".join(account.viewer.host_countries or ()) or ("all" if account.viewer.host_countries is None else "")
    who = f"{account.viewer.role} {scope}".strip()
    sum_ = "" if account.loaded_minor is None else f"{account.loaded_minor / 100:>20,.2f} {account.currency}"
    yield f"{account.page}, {who}: {account.counted(in_digits(account.loaded))}{sum_}"
    left_out, shown = _("left out:"), _("shown:")
    wide = max(len(left_out), len(shown)) + 1
    for line in account.lines:
        if line.units or line.minor:
            minor = "" if line.known_minor is None else f"{line.known_minor / 100:>20,.2f}"
            yield f"  {left_out if line.is_remainder else shown:<{wide}}{line.name:<24}{line.units:>9,}{minor}"
    yield from ("  " + _("WRONG: {fault}.").format(fault=fault) for fault in account.faults)


def _describe(engine: Engine, which: database.Which) -> None:
    meta = database.read_meta(engine, which)
    print(
        _("{which}: schema {schema} (newest), as of {day}, data version {version}").format(
            which=which, schema=database.HEAD[which], day=meta["as_of"], version=meta.get("data_version", "–")
        )
    )
    for table, rows in database.counts_per_table(engine, which).items():
        print(f"  {table:<22}{rows:>9,}")
    for said, statement in FINDINGS[which]:
        if n := _count(engine, statement):
            print("  " + said(n).format(n=in_digits(n)))


def _count(engine: Engine, statement: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(statement)) or 0)


@speaking.command(help=N_("Rebuild summaries and overlap pairs."))
@speaking.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help=N_("Cut-off date, YYYY-MM-DD; default: the recorded one.")
)
def refresh(as_of: datetime | None) -> None:
    """Rebuild summaries and overlap pairs."""
    engines = writers()
    day = as_of.date() if as_of else None
    if day is None:
        recorded = database.read_meta(engines["shared"]).get("as_of")
        if recorded is None:
            raise problems.DatabaseProblem(
                _("No cut-off date is recorded yet."), _("Run `meridian refresh --as-of YYYY-MM-DD`.")
            )
        day = date.fromisoformat(recorded)
    rebuild(engines["shared"], engines.get("cases"), day)
    print(_("Summaries rebuilt as of {day}.").format(day=day))


COMMANDS = (init, check, refresh)
