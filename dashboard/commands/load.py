"""The commands that load: `meridian import`, `source`, `undo`, `template`, `dump`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from dashboard.commands import speaking
from dashboard.commands.refusal import Refused
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from dashboard.upkeep.writers import writers
from data_access.addresses import CASES_URL_VARIABLE
from data_access.i18n import N_, _, in_digits, ngettext
from data_access.importers import entities, formats, outcomes, proposals, runs, sources, write_template
from data_access.importers import template as workbook
from data_access.importers.correct import write_corrections
from data_access.importers.records import Unreadable, alike, told
from data_access.problems import DatabaseProblem
from data_access.viewer import Which

LONGEST_LIST = 20
TAKEN_FOR = {
    "initiatives": N_("Taken for a list of initiatives."),
    "grants": N_("Taken for a list of grants."),
    "cases": N_("Taken for a list of cases."),
}
PATH = click.Path(path_type=Path)


def _formats() -> dict[str, str]:
    return {"formats": ", ".join(form.title for form in formats.FORMATS.values())}


@speaking.command("import", names=_formats, help=N_("Load what networks have: {formats}."))
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@speaking.option("--source", required=True, help=N_("Who sent it; the same name every time."))
@speaking.option(
    "--as", "stated", type=click.Choice(list(formats.FORMATS)), help=N_("The format, if it is not told rightly.")
)
@speaking.option("--dry-run", is_flag=True, help=N_("Say what would happen, write nothing."))
@speaking.option("--snapshot", is_flag=True, help=N_("The file is all there is: rows not in it are taken out."))
@speaking.option(
    "--corrections", type=PATH, metavar="OUT.xlsx", help=N_("Write rejected rows here, to mend and load again.")
)
@speaking.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help=N_("Cut-off date after the load; default: today."))
@speaking.option(
    "--map",
    "column_map",
    type=PATH,
    metavar="FILE.json",
    help=N_("Which column is which; kept for the source's next file."),
)
@speaking.option(
    "--confirm-total", is_flag=True, help=N_("Load a file whose own total does not reproduce: somebody looked.")
)
@speaking.option(
    "--count-both", is_flag=True, help=N_("Load what another source states already as well: somebody looked.")
)
@speaking.option(
    "--disclose", is_flag=True, help=N_("What was not to be known may become visible: whom it concerns has agreed.")
)
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
    disclose: bool,
) -> None:
    """Load files together, and rebuild what is derived from them."""
    engines, today = writers(), datetime.now(UTC).date()
    try:
        columns = sources.read_column_map(column_map) if column_map else None
        request = Request(source, files, stated, columns, dry_run, snapshot, confirm_total, count_both, disclose)
        done = bring(engines, request, today, _say_progress)
    except formats.UnknownFormat as refusal:
        proposal = _("`meridian map FILE OUT.json` writes a first proposal. Nothing was loaded.")
        raise Refused(" ".join((str(refusal), proposal))) from refusal
    except Unreadable as refusal:
        raise Refused(" ".join((str(refusal), _("Nothing was loaded.")))) from refusal
    _tell(", ".join(path.name for path in files), done, dry_run=dry_run)
    if corrections and (lines := write_corrections(corrections, done.problems)):
        print("  " + _to_mend(lines, corrections))
    if not dry_run:
        refresh(engines["shared"], engines.get("cases"), as_of.date() if as_of else today, is_whole=False)
        print(_("Summaries rebuilt."))


def _to_mend(lines: int, corrections: Path) -> str:
    return ngettext(
        "{n} row to mend is in {file}; load that file again when it is.",
        "{n} rows to mend are in {file}; load that file again when they are.",
        lines,
    ).format(n=in_digits(lines), file=corrections)


def _say_progress(records: int) -> None:
    print("  " + ngettext("{n} row read", "{n} rows read", records).format(n=in_digits(records)), file=sys.stderr)


def _tell(title: str, done: outcomes.Outcome, *, dry_run: bool) -> None:
    print((_("{files}: would be") if dry_run else _("{files}: loaded")).format(files=title))
    seen = (done.created, done.updated, done.unchanged, done.not_seen)
    met = [entity for entity in entities.ORDER if any(entity in kind for kind in seen)]
    headings = ("", _("created"), _("updated"), _("unchanged"), _("not seen"))
    for line in speaking.table(headings, [(entity, *(kind[entity] for kind in seen)) for entity in met], 18, 9):
        print("  " + line)
    print("  " + _("rejected rows and sheets: {n}").format(n=in_digits(done.rejected)))
    groups = alike(done.problems)
    for several in groups[:LONGEST_LIST]:
        said = _("note: {problem}") if several[0].is_warning else _("WRONG: {problem}")
        print("  " + said.format(problem=told(several)))
    if more := sum(len(several) for several in groups[LONGEST_LIST:]):
        print("  " + ngettext("and {n} more", "and {n} more", more).format(n=in_digits(more)))
    for which, run in ({} if dry_run else done.runs).items():
        said = _("run {run} of the {which} database; take it back with `meridian undo {run} --database {which}`")
        print("  " + said.format(run=run, which=which))


@speaking.command("map", help=N_("Propose which column of an unknown table is which."))
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.argument("out", type=PATH, metavar="OUT.json")
@speaking.option(
    "--of",
    "kind",
    type=click.Choice(list(proposals.KINDS)),
    help=N_("What the tables list, if it is not told rightly."),
)
@speaking.option("--source", default="", help=N_("Begin with what is kept for this source."))
def propose_map(files: tuple[Path, ...], out: Path, kind: str | None, source: str) -> None:
    """Propose which column of an unknown table is which."""
    try:
        found = proposals.propose(files, sources.context_of(writers(), source), kind)
    except Unreadable as refusal:
        raise Refused(str(refusal)) from refusal
    if found is None:
        raise Refused(_("Only the columns of tables can be chosen; these files are none."))
    for column in found.columns:
        examples = f"  ({', '.join(column.examples)})" if column.examples else ""
        what = column.what or _("left out")
        print(f"  {column.heading}: {what}{examples}")
    out.write_text(json.dumps(found.column_map, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    kind_of_table, then = (
        proposals.KINDS[found.kind],
        _(
            "Correct {file}: a column can be {allowed}, or empty to be left out;\n"
            "then load with `meridian import FILE --source NAME --as {format} --map {file}`."
        ),
    )
    allowed = ", ".join(sorted(kind_of_table.fields))
    print(_(TAKEN_FOR[found.kind]), then.format(file=out, allowed=allowed, format=kind_of_table.format))


@speaking.command(help=N_("Say who owns a source, its licence, and how often it should be loaded."))
@click.argument("name")
@speaking.option("--owner", help=N_("Who answers for it."))
@speaking.option("--licence", help=N_("What others may do with it."))
@speaking.option("--rhythm-days", type=int, metavar="DAYS", help=N_("How often it should be loaded."))
def source(name: str, **facts: str | int | None) -> None:
    """Say who owns a source, its licence, and how often it should be loaded."""
    sources.describe(writers(), name, **{fact: value for fact, value in facts.items() if value is not None})
    print(_("{name}: noted.").format(name=name))


@speaking.command(help=N_("Take back a load."))
@click.argument("run_id", type=int, metavar="RUN")
@speaking.option("--database", "which", type=click.Choice(["shared", "cases"]), default="shared", show_default=True)
def undo(run_id: int, which: Which) -> None:
    """Take back a load."""
    engines = writers()
    if which not in engines:
        raise DatabaseProblem(_("There is no case database."), _("Set {variable}.").format(variable=CASES_URL_VARIABLE))
    try:
        taken = runs.undo(engines[which], which, run_id)
    except outcomes.NotUndone as refusal:
        raise Refused(str(refusal)) from refusal
    said = ngettext(
        "{n} change taken back. Run `meridian refresh`.", "{n} changes taken back. Run `meridian refresh`.", taken
    )
    print(said.format(n=in_digits(taken)))


OUT = click.argument("out", type=PATH, metavar="OUT.xlsx")
LANGUAGE = speaking.option(
    "--language",
    type=click.Choice(workbook.LANGUAGES),
    default="en",
    show_default=True,
    help=N_("Language of the headings."),
)


@speaking.command(help=N_("Write an empty workbook to fill in."))
@OUT
@LANGUAGE
def template(out: Path, language: str) -> None:
    """Write an empty workbook to fill in."""
    write_template.write_template(out, language)
    print(_("{file}: fill it in and load it with `meridian import {file} --source NAME`.").format(file=out))


@speaking.command(help=N_("Write everything the template covers as a workbook."))
@OUT
@LANGUAGE
def dump(out: Path, language: str) -> None:
    """Write everything the template covers as a workbook."""
    for entity, rows in write_template.dump(writers(), out, language).items():
        print(f"  {entity:<18}{rows:>9,}")


COMMANDS = (import_files, propose_map, source, undo, template, dump)
