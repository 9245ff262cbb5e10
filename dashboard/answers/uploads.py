"""A steward's own file: tried first, then loaded, and what came of it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from dashboard.page.blocks import Table
from dashboard.page.forms import Fault, Sent, TableKind
from dashboard.page.reading import importer, read_now, takes_uploads
from dashboard.page.visit import Visit
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from dashboard.words import codes, written
from dashboard.words.columns import OWN
from dashboard.words.columns import heading as heading_of
from data_access import queries
from data_access.addresses import UPLOADS_VARIABLE
from data_access.i18n import N_, _, ngettext
from data_access.importers import entities, formats, outcomes, proposals, runs, template, write_template
from data_access.importers.correct import write_corrections
from data_access.importers.records import Context, Problem, Unreadable
from data_access.importers.sources import context_of

PROBLEMS_SHOWN = 200
FAULTS_SHOWN = 60
LARGEST_LOOKED_THROUGH = 5 * 1024**2
FIRST_ROWS = "first_rows"
TABLE_KINDS = {"initiatives": N_("initiatives, or who does what where"), "grants": N_("grants")}


def why_not_here(visit: Visit) -> str | None:
    """Why this reader cannot load a file here, or None."""
    if visit.viewer.role != "steward":
        return _("Files are loaded by stewards.")
    if not takes_uploads():
        return _(
            "This server takes no uploads. Whoever runs it can load files there, or switch uploads on with {switch}."
        ).format(switch=f"{UPLOADS_VARIABLE}=1")
    return None


def format_names() -> dict[str, str]:
    """What a file can be said to be; the first lets its content tell."""
    return {"": _("told by its content")} | {name: form.title for name, form in formats.FORMATS.items()}


def language_names() -> dict[str, str]:
    """Languages of the template's headings."""
    names = {"en": _("English"), "ru": _("Russian"), "de": _("German")}
    return {code: names[code] for code in template.LANGUAGES}


def template_bytes(language: str) -> bytes:
    """The empty workbook to fill in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        write_template.write_template(path, language)
        return path.read_bytes()


@contextmanager
def _on_disk(sent: Sent) -> Iterator[list[Path]]:
    """The files sent, each under its own name in a folder that ends with them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (name, content) in enumerate(sent.files):
            own = Path(folder) / str(number)
            own.mkdir()
            paths.append(own / (PurePosixPath(name.replace("\\", "/")).name or "file"))
            paths[-1].write_bytes(content)
        yield paths


@contextmanager
def _opened(sent: Sent) -> Iterator[tuple[list[Path], Context]]:
    """The files sent, and what their readers need to know."""
    with _on_disk(sent) as paths:
        yield paths, context_of({"shared": importer()}, sent.source, sent.column_map)


def table_kinds(visit: Visit, sent: Sent) -> tuple[dict[str, TableKind], bool] | None:
    """What the table sent can be, likeliest first, and whether somebody must say so; None for files whose columns are known.

    A file that cannot be read at all is left to the load, which says why.
    """
    if why_not_here(visit):
        raise PermissionError
    with _opened(sent) as (paths, context):
        try:
            kind, is_known = _kind(paths, context, sent.format)
            if is_known and kind is None:
                return None
            first = proposals.propose(paths, context, kind, is_known=is_known)
            if first is None:
                return None
            others = [] if is_known else [other for other in TABLE_KINDS if other != first.kind]
            found = [first, *(proposals.propose(paths, context, other) for other in others)]
        except Unreadable:
            return None
    kinds = {one.kind: _table_kind(one) for one in found if one and one.kind in TABLE_KINDS}
    return (kinds, not is_known) if kinds else None


def _kind(paths: list[Path], context: Context, stated: str | None) -> tuple[str | None, bool]:
    """The kind of table the files are known as, None for another format; and whether they are known at all."""
    try:
        names = {formats.format_of(path, context, stated) for path in paths}
    except formats.UnknownFormat:
        return None, False
    return (proposals.kind_of_format(names.pop()), True) if len(names) == 1 else (None, True)


def _table_kind(found: proposals.Proposal) -> TableKind:
    columns = [
        (one.heading, ", ".join(one.examples) + (" …" if one.filled > len(one.examples) else ""), one.what)
        for one in found.columns
    ]
    fields = {what: heading_of(what, FIRST_ROWS) for what in proposals.KINDS[found.kind].fields}
    return TableKind(_(TABLE_KINDS[found.kind]), columns, fields)


def with_columns(sent: Sent, kind: str, said: Mapping[str, str], proposed: TableKind, *, is_needed: bool) -> Sent:
    """What was sent, read as somebody said; a table that is known and was left as proposed is read as it is."""
    changed = {heading: what for heading, _examples, what in proposed.columns if said[heading] != what}
    if not is_needed and not changed:
        return sent
    return replace(sent, format=proposals.KINDS[kind].format, column_map={**_map_of(sent), "columns": dict(said)})


def with_values(sent: Sent, said: Mapping[str, Mapping[str, str]]) -> Sent:
    """What was sent, with what was not understood read as somebody said."""
    if not said:
        return sent
    base = _map_of(sent)
    known = base.get("values") or {}
    read_as = {what: {**known.get(what, {}), **said.get(what, {})} for what in {*known, *said}}
    return replace(sent, column_map={**base, "values": read_as})


def _map_of(sent: Sent) -> Mapping[str, Any]:
    """The column map that the files are read with: as somebody said now, else as it is kept for the source."""
    if sent.column_map is not None:
        return sent.column_map
    return context_of({"shared": importer()}, sent.source).column_map


def faults(sent: Sent) -> list[Fault]:
    """Texts of the file that cannot be read as what their columns are, most frequent first; none for large files, whose
    rejected rows come back as a workbook."""
    if sum(len(content) for _name, content in sent.files) > LARGEST_LOOKED_THROUGH:
        return []
    counted: Counter[tuple[str, str]] = Counter()
    messages: dict[tuple[str, str], str] = {}
    with _opened(sent) as (paths, context):
        try:
            for found in formats.read(paths, context, sent.format)[1]:
                if (
                    isinstance(found, Problem)
                    and found.code in ("bad_value", "activity_not_translated")
                    and found.value
                ):
                    counted[found.column, found.value] += 1
                    messages.setdefault((found.column, found.value), found.message)
        except Unreadable:
            return []
    fields = {what for kind in proposals.KINDS.values() for what in kind.fields}
    options = {
        "activity": {code: codes.code("activity", code) for code in sorted(context.vocabulary.get("activity", ()))}
    }
    return [
        Fault(what, heading_of(what, FIRST_ROWS), value, rows, messages[what, value], options.get(what))
        for (what, value), rows in counted.most_common(FAULTS_SHOWN)
        if what in fields
    ]


def first_rows(sent: Sent, kind: str) -> Table:
    """The first rows of the table as they would load."""
    with _opened(sent) as (paths, context):
        try:
            told, lines = proposals.first_rows(paths, context, kind)
        except Unreadable:
            told, lines = [], []
    rows = pd.DataFrame({what: pd.array([line[what] for line in lines], dtype="str") for what in told})
    return Table(FIRST_ROWS, _("The first rows as they would load"), rows, _("A question mark: not understood."))


def take(visit: Visit, sent: Sent, say: Callable[[str], None], *, dry_run: bool) -> outcomes.Outcome:
    """Load what was sent, or only try to. Raises Unreadable; PermissionError for who may not."""
    if why_not_here(visit):
        raise PermissionError
    engine, today = importer(), datetime.now(UTC).date()
    with _on_disk(sent) as paths:
        request = Request(sent.source, paths, sent.format, sent.column_map, dry_run=dry_run, is_snapshot=sent.is_snapshot,
                          is_total_confirmed=sent.is_total_confirmed, counts_both=sent.counts_both,
                          discloses=sent.discloses)  # fmt: skip
        done = bring({"shared": engine}, request, today, lambda rows: say(_read(rows)))
    if not dry_run:
        rebuild(visit, today, say)
    return done


def _read(rows: int) -> str:
    return ngettext("{n} row read", "{n} rows read", rows).format(n=written.number(rows))


def rebuild(visit: Visit, today: date, say: Callable[[str], None]) -> None:
    """Rebuild what is derived, up to today; of the sample up to its own day."""
    say(_("Written; figures are made anew …"))
    refresh(importer(), None, visit.as_of.date() if visit.is_sample else today, is_whole=False)


def undoable(visit: Visit) -> dict[str, str]:
    """Loads that can be taken back here, the newest of each source: number -> name."""
    rows = read_now(queries.provenance.runs(visit.viewer))
    newest = rows[rows["status"] == "done"].drop_duplicates("source")
    if why_not_here(visit):
        return {}
    said = _("{source}, {day}: load {n}")
    return {
        str(run.run_id): said.format(source=run.source, day=written.day(run.loaded_on), n=run.run_id)
        for run in newest.itertuples()
    }


def would_undo(run_id: str) -> Table:
    """What taking a load back would change, by kind of record."""
    found = runs.would_undo(importer(), "shared", int(run_id))
    counted = {
        name: pd.array([pair[place] for pair in found.values()], dtype="Int64")
        for place, name in enumerate(("taken_out", "restored"))
    }
    rows = pd.DataFrame({"record_kind": pd.array(list(found), dtype="str")} | counted)
    return Table("would_undo", _("What taking it back would change"), rows)


def undo(visit: Visit, run_id: str, say: Callable[[str], None]) -> int:
    """Take a load back and rebuild what is derived; how many changes. Raises Unreadable; PermissionError for who may not."""
    if why_not_here(visit):
        raise PermissionError
    try:
        taken = runs.undo(importer(), "shared", int(run_id))
    except outcomes.NotUndone as refusal:
        raise Unreadable(str(refusal)) from refusal
    rebuild(visit, datetime.now(UTC).date(), say)
    return taken


def undone(taken: int) -> str:
    """What to say when a load was taken back."""
    return ngettext("{n} change was taken back.", "{n} changes were taken back.", taken).format(n=written.number(taken))


def outcome(done: outcomes.Outcome, *, dry_run: bool) -> Table:
    """Counts per kind of record."""
    kinds = [
        k
        for k in entities.ORDER
        if any(k in part for part in (done.created, done.updated, done.unchanged, done.not_seen))
    ]
    counted = {
        name: pd.array([getattr(done, name)[kind] for kind in kinds], dtype="Int64")
        for name in ("created", "updated", "unchanged", "not_seen")
    }
    rows = pd.DataFrame({"record_kind": pd.array(kinds, dtype="str")} | counted)
    note = _("Rows rejected: {n}. Rows not seen are only flagged, unless the file is all there is.")
    title = _("What the file would do") if dry_run else _("What the file did")
    return Table("outcome", title, rows, note.format(n=written.number(done.rejected)))


def problems(done: outcomes.Outcome) -> Table:
    """What was wrong, where, and what to do, rejected rows first."""
    found = sorted(done.problems, key=lambda problem: problem.is_warning)[:PROBLEMS_SHOWN]
    said = [
        ("note" if p.is_warning else "rejected", p.value, p.message, p.suggestion, p.place.file, p.place.sheet, p.place.row, _name_of(p.column))
        for p in found
    ]  # fmt: skip
    columns = ["severity", "value", "message", "suggestion", "file_name", "sheet", "row_number", "column_name"]
    rows = pd.DataFrame(said, columns=columns).astype({"row_number": "Int64"})
    return Table("outcome_problems", _("What was wrong"), rows, _("Up to {n} shown.").format(n=PROBLEMS_SHOWN))


def _name_of(column: str) -> str:
    """What a column is called here, where a reader names it by what it is."""
    known = OWN[FIRST_ROWS].get(column)
    return _(known.heading) if known else column


def corrections(done: outcomes.Outcome) -> bytes | None:
    """The rejected rows as a workbook to mend and load again; None when there are none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corrections.xlsx"
        return path.read_bytes() if write_corrections(path, done.problems) else None


def thanks(done: outcomes.Outcome) -> str:
    """What to say when a file was loaded."""
    created, updated = sum(done.created.values()), sum(done.updated.values())
    return _("Loaded: {c} created, {u} updated, {r} rejected.").format(
        c=written.number(created), u=written.number(updated), r=written.number(done.rejected)
    )
