"""The `meridian` command: init, check, refresh, publish, export, brief, import, rates, serve and the like. It trusts whoever holds the database credentials."""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

BARE = (
    "runtime.caching.cache_data_api",
    "runtime.scriptrunner_utils.script_run_context",
    "runtime.state.session_state_proxy",
)
for _talks in BARE:
    logging.getLogger(f"streamlit.{_talks}").addFilter(lambda _record: False)
logging.getLogger("streamlit").addFilter(lambda record: "to view this Streamlit app" not in record.getMessage())

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from dashboard import books, export_command, loading
from dashboard.loading import writers
from dashboard.metrics import overlap
from dashboard.refresh import refresh
from data_access import database, publication, queries, rates
from data_access.disclosure import Impossible
from data_access.migrate import upgrade
from data_access.viewer import Viewer
from data_access.vocabulary import code_rows, route_rows

ROOT = Path(__file__).parent.parent
INSTALLED = Path(sys.prefix) / "share" / "meridian"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse and run; returns the exit code. Problems are one sentence on stderr, never a traceback."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except database.DatabaseProblem as problem:
        print(f"meridian: {problem}", file=sys.stderr)
    except OSError as problem:
        print(f"meridian: {problem.filename or 'a file'}: {problem.strerror}.", file=sys.stderr)
    except SQLAlchemyError as error:
        print(f"meridian: the database refused: {getattr(error, 'orig', error)}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="meridian", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="create the tables, or bring them to the newest schema")
    init.add_argument("--sample", action="store_true", help="fill empty databases with the invented sample world")
    init.add_argument("--reader", metavar="ROLE", help="PostgreSQL: let this existing role SELECT, and nothing else")
    init.add_argument(
        "--answers", metavar="ROLE", help="PostgreSQL: let this existing role add answers on pairs, and nothing else"
    )
    init.add_argument("--log", metavar="ROLE", help="PostgreSQL: let this existing role log exports, and nothing else")
    init.add_argument("--views", metavar="ROLE", help="PostgreSQL: let this existing role keep readers' saved views")
    init.add_argument(
        "--importer", metavar="ROLE", help="PostgreSQL: let this existing role load uploaded files, and nothing else"
    )
    init.add_argument(
        "--publisher", metavar="ROLE", help="PostgreSQL: let this existing role publish periods of cases, and no more"
    )
    init.set_defaults(run=_init)
    check = commands.add_parser("check", help="say what is in the databases and what is wrong with them")
    check.add_argument(
        "--books",
        action="store_true",
        help="per page and viewer: what was loaded is what figures show and named remainders",
    )
    check.set_defaults(run=_check)
    rebuild = commands.add_parser("refresh", help="rebuild summaries and overlap pairs")
    rebuild.add_argument("--as-of", type=date.fromisoformat, help="cut-off date, YYYY-MM-DD; default: the recorded one")
    rebuild.set_defaults(run=_refresh)
    publish = commands.add_parser("publish", help="publish a closed period of relocation cases, protected, once")
    publish.add_argument("period", metavar="PERIOD", help="a quarter or half-year: 2026Q3, 2026H1")
    publish.add_argument(
        "--withhold", action="store_true", help="close a refused period for good: no figure of it will ever appear"
    )
    publish.set_defaults(run=_publish)
    settings = commands.add_parser("publication-year", help="fix a year's periods and groups before its first period")
    settings.add_argument("year", type=int)
    settings.add_argument(
        "--periods", choices=list(publication.PERIODS), help="half-years are safer below 100 cases a quarter"
    )
    settings.add_argument(
        "--groups", type=Path, help='JSON: {"countries": {"DE": "DE", ...}, "routes": {"asylum": "protection", ...}}'
    )
    settings.set_defaults(run=_publication_year)
    report = commands.add_parser("overlap-report", help="say how often people agreed with suggested pairs")
    report.set_defaults(run=_overlap_report)
    money = commands.add_parser("rates", help="load exchange rates")
    money.add_argument("file", nargs="?", type=Path, help="a CSV with the columns currency, date, per_eur")
    money.add_argument("--since", type=date.fromisoformat, default=date(2021, 12, 1), help="first day of bundled rates")
    money.set_defaults(run=_rates)
    loading.add_commands(commands)
    export_command.add_commands(commands)
    serve = commands.add_parser("serve", help="serve the dashboard")
    serve.add_argument("--port", type=int, default=8501)
    serve.set_defaults(run=_serve)
    return parser


def _init(chosen: argparse.Namespace) -> int:
    engines = writers()
    for which, engine in engines.items():
        upgrade(engine, which)
    if chosen.sample:
        _fill_with_sample(engines)
    else:
        _fill_vocabulary(engines)
    if chosen.reader:
        for which, engine in engines.items():
            database.grant_reader(engine, which, chosen.reader)
    if chosen.publisher:
        for which, engine in engines.items():
            database.grant_publisher(engine, which, chosen.publisher)
    if chosen.importer:
        database.grant_importer(engines["shared"], chosen.importer)
    for table, role in (("overlap_verdict", chosen.answers), ("export_log", chosen.log), ("saved_view", chosen.views)):
        if role:
            database.grant_appender(engines["shared"], role, table)
    print(
        "The databases are ready." if chosen.sample else "The tables are ready. Load data, then run `meridian refresh`."
    )
    return 0


def _fill_with_sample(engines: dict[database.Which, Engine]) -> None:
    from sample_data.build import build  # noqa: PLC0415 - the sample world is not needed to serve real data

    for which, engine in engines.items():
        filled = [name for name, n in database.counts_per_table(engine, which).items() if n]
        if filled:
            raise database.DatabaseProblem(
                f"The {which} database is not empty ({', '.join(filled[:3])} hold rows).",
                "The sample world only goes into empty databases: choose another URL.",
            )
    build(engines["shared"], engines.get("cases"))


def _fill_vocabulary(engines: dict[database.Which, Engine]) -> None:
    for which, table, rows in (("shared", "code", code_rows()), ("cases", "route", route_rows())):
        if which in engines and not database.counts_per_table(engines[which], which)[table]:
            with engines[which].begin() as connection:
                connection.execute(database.METADATA[which].tables[table].insert(), rows)


def _check(chosen: argparse.Namespace) -> int:
    if chosen.books:
        return _check_books()
    urls = database.urls_from_environment()
    wrong = 0
    places: dict[database.Which, str | None] = {"shared": urls.shared, "cases": urls.cases}
    for which, url in places.items():
        if not url:
            print(f"{which}: not configured; every page works without it")
            continue
        try:
            database.assert_ready(database.open_reader(url), which)
        except database.DatabaseProblem as problem:
            print(f"{which}: WRONG – {problem}")
            wrong += 1
            continue
        _describe(database.open_writer(url), which)
    return 1 if wrong else 0


def _check_books() -> int:
    engines = writers()
    for which, engine in engines.items():
        database.assert_ready(engine, which)
    wrong = 0
    for account in books.every_account(engines["shared"], engines.get("cases")):
        print("\n".join(_account(account)))
        wrong += len(account.faults)
    print("The books balance." if not wrong else f"The books do not balance: {wrong} faults.")
    return 1 if wrong else 0


def _account(account: books.Account) -> Iterator[str]:
    """One account as lines of text."""
    scope = ", ".join(account.viewer.host_countries or ()) or ("all" if account.viewer.host_countries is None else "")
    who = f"{account.viewer.role} {scope}".strip()
    sum_ = "" if account.loaded_minor is None else f"{account.loaded_minor / 100:>20,.2f} {account.currency}"
    yield f"{account.page}, {who}: {account.loaded:,} {account.subject}{sum_}"
    for line in account.lines:
        if line.units or line.minor:
            minor = "" if line.known_minor is None else f"{line.known_minor / 100:>20,.2f}"
            yield f"  {'left out: ' if line.is_remainder else 'shown:    '}{line.name:<24}{line.units:>9,}{minor}"
    yield from (f"  WRONG: {fault}." for fault in account.faults)


def _describe(engine: Engine, which: database.Which) -> None:
    meta = database.read_meta(engine, which)
    print(
        f"{which}: schema {database.HEAD[which]} (newest), as of {meta['as_of']}, data version {meta.get('data_version', '–')}"
    )
    for table, rows in database.counts_per_table(engine, which).items():
        print(f"  {table:<22}{rows:>9,}")
    findings = [(name, n) for name, statement in FINDINGS[which].items() if (n := _count(engine, statement))]
    for name, n in findings:
        print(f"  to mend: {n:,} {name}")


def _count(engine: Engine, statement: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(statement)) or 0)


FINDINGS: dict[database.Which, dict[str, str]] = {
    "shared": {
        "grants without an amount": 'SELECT count(*) FROM "grant" WHERE amount_minor IS NULL',
        "grants that end before they start": 'SELECT count(*) FROM "grant" WHERE ends_on < starts_on',
        "grants without a start or end date": 'SELECT count(*) FROM "grant" WHERE starts_on IS NULL OR ends_on IS NULL',
        "needs without an amount": "SELECT count(*) FROM need WHERE amount_minor IS NULL",
        "organisations never confirmed": "SELECT count(*) FROM organisation WHERE confirmed_on IS NULL",
        "projects without dates": "SELECT count(*) FROM project WHERE starts_on IS NULL",
    },
    "cases": {
        "episodes that closed before they opened": "SELECT count(*) FROM case_episode WHERE closed_on < opened_on",
        "episodes without an opening date": "SELECT count(*) FROM case_episode WHERE opened_on IS NULL",
        "closed episodes without a closing date": (
            "SELECT count(*) FROM case_episode WHERE status = 'closed' AND closed_on IS NULL"
        ),
    },
}


def _refresh(chosen: argparse.Namespace) -> int:
    engines = writers()
    as_of = chosen.as_of
    if as_of is None:
        recorded = database.read_meta(engines["shared"]).get("as_of")
        if recorded is None:
            raise database.DatabaseProblem(
                "No cut-off date is recorded yet.", "Run `meridian refresh --as-of YYYY-MM-DD`."
            )
        as_of = date.fromisoformat(recorded)
    refresh(engines["shared"], engines.get("cases"), as_of)
    print(f"Summaries rebuilt as of {as_of}.")
    return 0


def _publish(chosen: argparse.Namespace) -> int:
    engines = writers()
    if "cases" not in engines:
        raise database.DatabaseProblem(
            "Publishing reads the case database.", f"Set {database.CASES_URL_VARIABLE} for the publisher's login."
        )
    today = datetime.now(UTC).date()
    try:
        if chosen.withhold:
            publication.withhold(engines["cases"], engines["shared"], chosen.period, today)
            print(f"{chosen.period} is closed; none of its figures will appear.")
            return 0
        done = publication.publish(engines["cases"], engines["shared"], chosen.period, today, secrets.randbelow)
    except (publication.PublicationRefused, Impossible) as refusal:
        print(f"meridian: refused: {refusal}", file=sys.stderr)
        return 1
    if not done.inserted:
        print(f"{done.period} is published already; published cells are never redrawn.")
        return 0
    finest = "with the year's table" if done.with_year else "without a year's table"
    print(
        f"{done.period}: {done.inserted} cells published, {done.hidden} of them hidden, {finest}; draws: {done.draws}."
    )
    return 0


def _publication_year(chosen: argparse.Namespace) -> int:
    engines = writers()
    if "cases" not in engines:
        raise database.DatabaseProblem(
            "A year is fixed once one of its periods is frozen in the case database.",
            f"Set {database.CASES_URL_VARIABLE}.",
        )
    shared = engines["shared"]
    with shared.connect() as connection:
        now = publication.setting(connection, chosen.year)
    try:
        groups = json.loads(chosen.groups.read_text(encoding="utf-8")) if chosen.groups else {}
        countries, routes = groups.get("countries", now.country_groups), groups.get("routes", now.route_groups)
        wanted = publication.Year(chosen.year, chosen.periods or now.periods, countries, routes)
        if chosen.groups or chosen.periods:
            publication.set_year(shared, engines["cases"], wanted)
    except (publication.PublicationRefused, OSError, ValueError, AttributeError) as refusal:
        print(f"meridian: refused: {refusal}", file=sys.stderr)
        return 1
    print(f"{wanted.year}: {', '.join(wanted.names)}")
    for kind, names, of in (("countries", wanted.countries, countries), ("routes", wanted.routes, routes)):
        print(f"  {kind}:")
        for name in names:
            print(f"    {name:<24}{' '.join(sorted(code for code, group in of.items() if group == name))}")
    return 0


def _overlap_report(_chosen: argparse.Namespace) -> int:
    reader = database.open_reader(database.urls_from_environment().shared)
    database.assert_ready(reader)
    everything = Viewer("steward", None)
    answers = database.run(reader, queries.overlap.answers(everything))
    pairs = overlap.reviewed(database.run(reader, queries.overlap.pairs(everything)), answers)
    answered = int(pairs["answer"].notna().sum())
    print(f"{answered:,} of {len(pairs):,} stored pairs have an answer that holds; history: {len(answers):,} answers.")
    if answered < overlap.VALIDATED_FROM:
        print(
            f"Marks {overlap.POSSIBLE:g} and {overlap.RELATED:g} are not yet validated: {overlap.VALIDATED_FROM} needed."
        )
    suggested = pairs[pairs["label"] == "possible_duplication"].sort_values("score", ascending=False, kind="stable")
    judged = overlap.worth_a_talk(suggested["answer"])
    for k in (10, 20):
        print(
            f"Precision at {k:<3}{_share(overlap.precision_at(k, judged))} of {judged.head(k).notna().sum()} answered"
        )
    print(f"Average precision {_share(overlap.average_precision(judged))}")
    both, doubly = overlap.kappa_of(answers)
    print(f"Two people's agreement (kappa) {'–' if both is None else f'{both:.2f}'} over {doubly} pairs")
    print(f"\n{'score':<12}{'pairs':>8}{'answered':>10}{'worth a talk':>14}")
    for row in overlap.agreement_by_score(pairs).itertuples():
        print(f"{row.stratum:<12}{row.pairs:>8,}{row.answered:>10,}{row.agreed:>14,}")
    print("Pairs below the lowest mark are not stored and never shown, so nobody judges them here.")
    return 0


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _rates(chosen: argparse.Namespace) -> int:
    try:
        rows = rates.from_csv(chosen.file) if chosen.file else rates.bundled(chosen.since)
    except (rates.BadRates, OSError) as problem:
        print(f"meridian: {problem}", file=sys.stderr)
        return 1
    stored = rates.store(writers()["shared"], rows)
    print(f"{stored:,} rates stored. Run `meridian refresh` so that pages see them.")
    return 0


def _serve(chosen: argparse.Namespace) -> int:
    settings = ROOT if (ROOT / ".streamlit").exists() else INSTALLED
    if not (settings / ".streamlit" / "config.toml").exists():
        print(f"meridian: {settings}/.streamlit/config.toml is missing; without it nothing is served.", file=sys.stderr)
        return 1
    print(f"Meridian: http://localhost:{chosen.port}", flush=True)
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(ROOT / "streamlit_app.py"),
        "--server.port",
        str(chosen.port),
    ]
    return subprocess.call(
        command,
        cwd=settings,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


if __name__ == "__main__":
    sys.exit(main())
