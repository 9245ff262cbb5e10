"""A steward's own file: tried first, then loaded, and what came of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pandas as pd

from dashboard.page.blocks import Sent, Table
from dashboard.page.reading import importer, takes_uploads
from dashboard.page.visit import Visit
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from dashboard.words.i18n import _
from data_access.importers import entities, formats, outcomes, template, write_template
from data_access.importers.correct import write_corrections

PROBLEMS_SHOWN = 200


def why_not_here(visit: Visit) -> str | None:
    """Why this reader cannot load a file here, or None."""
    if visit.viewer.role != "steward":
        return _("Files are loaded by stewards.")
    if not takes_uploads():
        return _(
            "This server takes no uploads. Load files with “meridian import”, or set MERIDIAN_UPLOADS=1 where the network wants it."
        )
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


def take(visit: Visit, sent: Sent, progress: Callable[[int], None]) -> outcomes.Outcome:
    """Load what was sent, or only try to. Raises Unreadable; PermissionError for who may not."""
    if why_not_here(visit):
        raise PermissionError
    engine, today = importer(), datetime.now(UTC).date()
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (name, content) in enumerate(sent.files):
            own = Path(folder) / str(number)
            own.mkdir()
            paths.append(own / (PurePosixPath(name.replace("\\", "/")).name or "file"))
            paths[-1].write_bytes(content)
        request = Request(sent.source, paths, sent.format, dry_run=sent.dry_run, is_snapshot=sent.is_snapshot)
        done = bring({"shared": engine}, request, today, progress)
    if not sent.dry_run:
        refresh(engine, None, visit.as_of.date() if visit.is_sample else today)
    return done


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
    note = _("{n} rows were rejected. Rows not seen are only flagged, unless the file is all there is.")
    title = _("What the file would do") if dry_run else _("What the file did")
    return Table("outcome", title, rows, note.format(n=done.rejected))


def problems(done: outcomes.Outcome) -> Table:
    """What was wrong, where, and what to do, rejected rows first."""
    found = sorted(done.problems, key=lambda problem: problem.is_warning)[:PROBLEMS_SHOWN]
    said = [
        ("note" if p.is_warning else "rejected", p.value, p.message, p.suggestion, p.place.file, p.place.sheet, p.place.row, p.column)
        for p in found
    ]  # fmt: skip
    columns = ["severity", "value", "message", "suggestion", "file_name", "sheet", "row_number", "column_name"]
    rows = pd.DataFrame(said, columns=columns).astype({"row_number": "Int64"})
    return Table("outcome_problems", _("What was wrong"), rows, _("Up to {n} shown.").format(n=PROBLEMS_SHOWN))


def corrections(done: outcomes.Outcome) -> bytes | None:
    """The rejected rows as a workbook to mend and load again; None when there are none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corrections.xlsx"
        return path.read_bytes() if write_corrections(path, done.problems) else None


def thanks(done: outcomes.Outcome) -> str:
    """What to say when a file was loaded."""
    created, updated = sum(done.created.values()), sum(done.updated.values())
    return _("Loaded: {c} created, {u} updated, {r} rejected.").format(c=created, u=updated, r=done.rejected)
