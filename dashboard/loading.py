"""The commands that load: `meridian import`, `undo`, `template`, `dump`."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine, select

from dashboard.refresh import refresh
from data_access import database, schema
from data_access.importers import formats, load, template
from data_access.importers.correct import write_corrections
from data_access.importers.records import Unreadable

LONGEST_LIST = 20


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the loading commands to the parser of `meridian`."""
    bring = commands.add_parser("import", help="load what networks have: our workbook, 360Giving")
    bring.add_argument("files", nargs="+", type=Path, metavar="FILE")
    bring.add_argument("--source", required=True, help="who sent it; the same name every time")
    bring.add_argument(
        "--as", dest="format", choices=list(formats.FORMATS), help="the format, if it is not told rightly"
    )
    bring.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
    bring.add_argument("--snapshot", action="store_true", help="the file is all there is: rows not in it are taken out")
    bring.add_argument(
        "--corrections", type=Path, metavar="OUT.xlsx", help="write rejected rows here, to mend and load again"
    )
    bring.add_argument("--as-of", type=date.fromisoformat, help="cut-off date after the load; default: today")
    bring.set_defaults(run=_import)
    back = commands.add_parser("undo", help="take back a load")
    back.add_argument("run_id", type=int, metavar="RUN")
    back.add_argument("--database", choices=("shared", "cases"), default="shared")
    back.set_defaults(run=_undo)
    for name, text, run in (
        ("template", "write an empty workbook to fill in", _template),
        ("dump", "write everything the template covers as a workbook", _dump),
    ):
        made = commands.add_parser(name, help=text)
        made.add_argument("out", type=Path, metavar="OUT.xlsx")
        made.add_argument("--language", choices=template.LANGUAGES, default="en", help="language of the headings")
        made.set_defaults(run=run)


def writers() -> dict[database.Which, Engine]:
    """Engines that write, of the databases the environment names."""
    urls = database.urls_from_environment()
    opened: dict[database.Which, Engine] = {"shared": database.open_writer(urls.shared)}
    if urls.cases:
        opened["cases"] = database.open_writer(urls.cases)
    return opened


def vocabulary(engines: Mapping[database.Which, Engine]) -> dict[str, set[str]]:
    """The network's codes per facet, and its routes."""
    found: dict[str, set[str]] = {}
    with engines["shared"].connect() as connection:
        for facet, code in connection.execute(select(schema.code.c.facet, schema.code.c.code)):
            found.setdefault(facet, set()).add(code)
    if "cases" in engines:
        with engines["cases"].connect() as connection:
            found["route"] = set(connection.scalars(select(schema.route.c.code)))
    return found


def _import(chosen: argparse.Namespace) -> int:
    engines, today = writers(), datetime.now(UTC).date()
    codes, worst = vocabulary(engines), 0
    for path in chosen.files:
        try:
            name = formats.format_of(path, chosen.format)
            records = formats.FORMATS[name].read(path, codes)
            done = load.load(
                engines,
                chosen.source,
                records,
                today,
                origin=load.Origin(name, _fingerprint(path)),
                dry_run=chosen.dry_run,
                is_snapshot=chosen.snapshot,
                progress=_say_progress,
            )
        except Unreadable as refusal:
            print(f"meridian: {refusal} Nothing was loaded.", file=sys.stderr)
            worst = 1
            continue
        _tell(path, done, dry_run=chosen.dry_run)
        if chosen.corrections and (lines := write_corrections(chosen.corrections, done.problems)):
            print(f"  {lines:,} rows to mend are in {chosen.corrections}; load that file again when they are.")
    if not chosen.dry_run and not worst:
        refresh(engines["shared"], engines.get("cases"), chosen.as_of or today)
        print("Summaries rebuilt.")
    return worst


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _say_progress(records: int) -> None:
    print(f"  {records:,} rows read", file=sys.stderr)


def _tell(path: Path, done: load.Outcome, *, dry_run: bool) -> None:
    print(f"{path.name}: {'would be' if dry_run else 'loaded'}")
    entities = [
        e for e in load.ORDER if any(e in kind for kind in (done.created, done.updated, done.unchanged, done.not_seen))
    ]
    print(f"  {'':<18}{'created':>9}{'updated':>9}{'unchanged':>11}{'not seen':>10}")
    for entity in entities:
        counts = done.created[entity], done.updated[entity], done.unchanged[entity], done.not_seen[entity]
        print(f"  {entity:<18}{counts[0]:>9,}{counts[1]:>9,}{counts[2]:>11,}{counts[3]:>10,}")
    print(f"  rejected rows and sheets: {done.rejected:,}")
    for problem in done.problems[:LONGEST_LIST]:
        print(f"  {'note' if problem.is_warning else 'WRONG'}: {problem}")
    if len(done.problems) > LONGEST_LIST:
        print(f"  and {len(done.problems) - LONGEST_LIST:,} more")
    for which, run in ({} if dry_run else done.runs).items():
        print(f"  run {run} of the {which} database; take it back with `meridian undo {run} --database {which}`")


def _undo(chosen: argparse.Namespace) -> int:
    engines = writers()
    if chosen.database not in engines:
        raise database.DatabaseProblem("There is no case database.", f"Set {database.CASES_URL_VARIABLE}.")
    try:
        taken = load.undo(engines[chosen.database], chosen.database, chosen.run_id)
    except load.NotUndone as refusal:
        print(f"meridian: {refusal}", file=sys.stderr)
        return 1
    print(f"{taken:,} changes taken back. Run `meridian refresh`.")
    return 0


def _template(chosen: argparse.Namespace) -> int:
    template.write_template(chosen.out, chosen.language)
    print(f"{chosen.out}: fill it in and load it with `meridian import {chosen.out} --source NAME`.")
    return 0


def _dump(chosen: argparse.Namespace) -> int:
    for entity, rows in template.dump(writers(), chosen.out, chosen.language).items():
        print(f"  {entity:<18}{rows:>9,}")
    return 0
