"""The commands that load: `meridian import`, `undo`, `template`, `dump`."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from dashboard.refresh import refresh
from data_access import database
from data_access.importers import formats, load, sources, template
from data_access.importers.correct import write_corrections
from data_access.importers.records import Unreadable, alike, told

LONGEST_LIST = 20
CASE_LOG = "case-log"


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the loading commands to the parser of `meridian`."""
    known = ", ".join(form.title for form in formats.FORMATS.values())
    parser = commands.add_parser("import", help=f"load what networks have: {known}")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--source", required=True, help="who sent it; the same name every time")
    parser.add_argument(
        "--as", dest="format", choices=list(formats.FORMATS), help="the format, if it is not told rightly"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
    parser.add_argument(
        "--snapshot", action="store_true", help="the file is all there is: rows not in it are taken out"
    )
    parser.add_argument(
        "--corrections", type=Path, metavar="OUT.xlsx", help="write rejected rows here, to mend and load again"
    )
    parser.add_argument("--as-of", type=date.fromisoformat, help="cut-off date after the load; default: today")
    parser.add_argument(
        "--map", type=Path, metavar="FILE.json", help="which column is which; kept for the source's next file"
    )
    parser.add_argument(
        "--confirm-total", action="store_true", help="load a file whose own total does not reproduce: somebody looked"
    )
    parser.set_defaults(run=_import)
    about = commands.add_parser("source", help="say who owns a source, its licence, and how often it should be loaded")
    about.add_argument("name")
    about.add_argument("--owner")
    about.add_argument("--licence")
    about.add_argument("--rhythm-days", type=int, metavar="DAYS")
    about.set_defaults(run=_describe_source)
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


@dataclass(frozen=True)
class Request:
    """What is to be loaded and how. `format`: None lets the files tell; `column_map`: None takes the source's saved one."""

    source: str
    paths: Sequence[Path]
    format: str | None = None
    column_map: Mapping[str, Any] | None = None
    dry_run: bool = False
    is_snapshot: bool = False
    is_total_confirmed: bool = False


def bring(
    engines: Mapping[database.Which, Engine], request: Request, today: date, progress: Callable[[int], None]
) -> load.Outcome:
    """Load the files of one request together, in one transaction per database.

    Raises Unreadable with a sentence for people; the failure is recorded, and nothing else is written.
    """
    context = sources.context_of(
        engines, request.source, request.column_map, is_total_confirmed=request.is_total_confirmed
    )
    origin = load.Origin()
    try:
        name, records = formats.read(request.paths, context, request.format)
        origin = load.Origin(name[:20], _fingerprint(request.paths))
        if CASE_LOG in name and "cases" not in engines:
            raise Unreadable("This is a log of cases, and no case database is configured here: load it where one is.")
        done = load.load(engines, request.source, records, today, origin=origin, dry_run=request.dry_run,
                         is_snapshot=request.is_snapshot, progress=progress)  # fmt: skip
    except Unreadable as refusal:
        if not request.dry_run:
            which: database.Which = "cases" if origin.format == CASE_LOG and "cases" in engines else "shared"
            load.note_failure(engines[which], which, request.source, today, origin, str(refusal))
        raise
    if request.column_map is not None and not request.dry_run:
        sources.save_column_map(engines, done.runs, request.source, request.column_map)
    return done


def _fingerprint(paths: Sequence[Path]) -> str:
    """The SHA-256 of the file, or of the files' one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    return digest.hexdigest()


def _import(chosen: argparse.Namespace) -> int:
    engines, today = writers(), datetime.now(UTC).date()
    try:
        columns = sources.read_column_map(chosen.map) if chosen.map else None
        request = Request(chosen.source, chosen.files, chosen.format, columns, chosen.dry_run, chosen.snapshot,
                          chosen.confirm_total)  # fmt: skip
        done = bring(engines, request, today, _say_progress)
    except Unreadable as refusal:
        print(f"meridian: {refusal} Nothing was loaded.", file=sys.stderr)
        return 1
    _tell(", ".join(path.name for path in chosen.files), done, dry_run=chosen.dry_run)
    if chosen.corrections and (lines := write_corrections(chosen.corrections, done.problems)):
        print(f"  {lines:,} rows to mend are in {chosen.corrections}; load that file again when they are.")
    if not chosen.dry_run:
        refresh(engines["shared"], engines.get("cases"), chosen.as_of or today)
        print("Summaries rebuilt.")
    return 0


def _describe_source(chosen: argparse.Namespace) -> int:
    facts = {"owner": chosen.owner, "licence": chosen.licence, "rhythm_days": chosen.rhythm_days}
    sources.describe(writers(), chosen.name, **{name: fact for name, fact in facts.items() if fact is not None})
    print(f"{chosen.name}: noted.")
    return 0


def _say_progress(records: int) -> None:
    print(f"  {records:,} rows read", file=sys.stderr)


def _tell(title: str, done: load.Outcome, *, dry_run: bool) -> None:
    print(f"{title}: {'would be' if dry_run else 'loaded'}")
    entities = [
        e for e in load.ORDER if any(e in kind for kind in (done.created, done.updated, done.unchanged, done.not_seen))
    ]
    print(f"  {'':<18}{'created':>9}{'updated':>9}{'unchanged':>11}{'not seen':>10}")
    for entity in entities:
        counts = done.created[entity], done.updated[entity], done.unchanged[entity], done.not_seen[entity]
        print(f"  {entity:<18}{counts[0]:>9,}{counts[1]:>9,}{counts[2]:>11,}{counts[3]:>10,}")
    print(f"  rejected rows and sheets: {done.rejected:,}")
    groups = alike(done.problems)
    for several in groups[:LONGEST_LIST]:
        print(f"  {'note' if several[0].is_warning else 'WRONG'}: {told(several)}")
    if len(groups) > LONGEST_LIST:
        print(f"  and {sum(len(several) for several in groups[LONGEST_LIST:]):,} more")
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
