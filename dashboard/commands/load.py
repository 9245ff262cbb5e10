"""The commands that load: `meridian import`, `source`, `undo`, `template`, `dump`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from dashboard.commands.refusal import Refused
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from dashboard.upkeep.writers import writers
from data_access.addresses import CASES_URL_VARIABLE
from data_access.importers import entities, formats, outcomes, proposals, runs, sources, write_template
from data_access.importers import template as workbook
from data_access.importers.correct import write_corrections
from data_access.importers.records import Unreadable, alike, told
from data_access.problems import DatabaseProblem
from data_access.viewer import Which

LONGEST_LIST = 20
PATH = click.Path(path_type=Path)
KNOWN = ", ".join(form.title for form in formats.FORMATS.values())


@click.command("import", help=f"Load what networks have: {KNOWN}.")
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.option("--source", required=True, help="Who sent it; the same name every time.")
@click.option("--as", "stated", type=click.Choice(list(formats.FORMATS)), help="The format, if it is not told rightly.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, write nothing.")
@click.option("--snapshot", is_flag=True, help="The file is all there is: rows not in it are taken out.")
@click.option("--corrections", type=PATH, metavar="OUT.xlsx", help="Write rejected rows here, to mend and load again.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Cut-off date after the load; default: today.")
@click.option(
    "--map",
    "column_map",
    type=PATH,
    metavar="FILE.json",
    help="Which column is which; kept for the source's next file.",
)
@click.option("--confirm-total", is_flag=True, help="Load a file whose own total does not reproduce: somebody looked.")
@click.option("--count-both", is_flag=True, help="Load what another source states already as well: somebody looked.")
def import_files(
    files: tuple[Path, ...],
    source: str,
    stated: str | None,
    corrections: Path | None,
    as_of: datetime | None,
    column_map: Path | None,
    *,
    dry_run: bool,
    snapshot: bool,
    confirm_total: bool,
    count_both: bool,
) -> None:
    """Load files together, and rebuild what is derived from them."""
    engines, today = writers(), datetime.now(UTC).date()
    try:
        columns = sources.read_column_map(column_map) if column_map else None
        request = Request(source, files, stated, columns, dry_run, snapshot, confirm_total, count_both)
        done = bring(engines, request, today, _say_progress)
    except formats.UnknownFormat as refusal:
        raise Refused(
            f"{refusal} `meridian map FILE OUT.json` writes a first proposal. Nothing was loaded."
        ) from refusal
    except Unreadable as refusal:
        raise Refused(f"{refusal} Nothing was loaded.") from refusal
    _tell(", ".join(path.name for path in files), done, dry_run=dry_run)
    if corrections and (lines := write_corrections(corrections, done.problems)):
        print(f"  {lines:,} rows to mend are in {corrections}; load that file again when they are.")
    if not dry_run:
        refresh(engines["shared"], engines.get("cases"), as_of.date() if as_of else today)
        print("Summaries rebuilt.")


def _say_progress(records: int) -> None:
    print(f"  {records:,} rows read", file=sys.stderr)


def _tell(title: str, done: outcomes.Outcome, *, dry_run: bool) -> None:
    print(f"{title}: {'would be' if dry_run else 'loaded'}")
    seen = (done.created, done.updated, done.unchanged, done.not_seen)
    met = [entity for entity in entities.ORDER if any(entity in kind for kind in seen)]
    print(f"  {'':<18}{'created':>9}{'updated':>9}{'unchanged':>11}{'not seen':>10}")
    for entity in met:
        counts = [kind[entity] for kind in seen]
        print(f"  {entity:<18}{counts[0]:>9,}{counts[1]:>9,}{counts[2]:>11,}{counts[3]:>10,}")
    print(f"  rejected rows and sheets: {done.rejected:,}")
    groups = alike(done.problems)
    for several in groups[:LONGEST_LIST]:
        print(f"  {'note' if several[0].is_warning else 'WRONG'}: {told(several)}")
    if len(groups) > LONGEST_LIST:
        print(f"  and {sum(len(several) for several in groups[LONGEST_LIST:]):,} more")
    for which, run in ({} if dry_run else done.runs).items():
        print(f"  run {run} of the {which} database; take it back with `meridian undo {run} --database {which}`")


@click.command("map")
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.argument("out", type=PATH, metavar="OUT.json")
@click.option(
    "--of", "kind", type=click.Choice(list(proposals.KINDS)), help="What the tables list, if it is not told rightly."
)
@click.option("--source", default="", help="Begin with what is kept for this source.")
def propose_map(files: tuple[Path, ...], out: Path, kind: str | None, source: str) -> None:
    """Propose which column of an unknown table is which."""
    try:
        found = proposals.propose(files, sources.context_of(writers(), source), kind)
    except Unreadable as refusal:
        raise Refused(str(refusal)) from refusal
    if found is None:
        raise Refused("Only the columns of tables can be chosen; these files are none.")
    for column in found.columns:
        examples = f"  ({', '.join(column.examples)})" if column.examples else ""
        print(f"  {column.heading}: {column.what or 'left out'}{examples}")
    out.write_text(json.dumps(found.column_map, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    allowed = ", ".join(sorted(proposals.KINDS[found.kind].fields))
    print(f"Taken for a list of {found.kind}. Correct {out}: a column can be {allowed}, or empty to be left out;")
    print(f"then load with `meridian import FILE --source NAME --as {proposals.KINDS[found.kind].format} --map {out}`.")


@click.command()
@click.argument("name")
@click.option("--owner", help="Who answers for it.")
@click.option("--licence", help="What others may do with it.")
@click.option("--rhythm-days", type=int, metavar="DAYS", help="How often it should be loaded.")
def source(name: str, **facts: str | int | None) -> None:
    """Say who owns a source, its licence, and how often it should be loaded."""
    sources.describe(writers(), name, **{fact: value for fact, value in facts.items() if value is not None})
    print(f"{name}: noted.")


@click.command()
@click.argument("run_id", type=int, metavar="RUN")
@click.option("--database", "which", type=click.Choice(["shared", "cases"]), default="shared", show_default=True)
def undo(run_id: int, which: Which) -> None:
    """Take back a load."""
    engines = writers()
    if which not in engines:
        raise DatabaseProblem("There is no case database.", f"Set {CASES_URL_VARIABLE}.")
    try:
        taken = runs.undo(engines[which], which, run_id)
    except outcomes.NotUndone as refusal:
        raise Refused(str(refusal)) from refusal
    print(f"{taken:,} changes taken back. Run `meridian refresh`.")


OUT = click.argument("out", type=PATH, metavar="OUT.xlsx")
LANGUAGE = click.option(
    "--language",
    type=click.Choice(workbook.LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the headings.",
)


@click.command()
@OUT
@LANGUAGE
def template(out: Path, language: str) -> None:
    """Write an empty workbook to fill in."""
    write_template.write_template(out, language)
    print(f"{out}: fill it in and load it with `meridian import {out} --source NAME`.")


@click.command()
@OUT
@LANGUAGE
def dump(out: Path, language: str) -> None:
    """Write everything the template covers as a workbook."""
    for entity, rows in write_template.dump(writers(), out, language).items():
        print(f"  {entity:<18}{rows:>9,}")


COMMANDS = (import_files, propose_map, source, undo, template, dump)
