"""Loading files: read together, in one transaction per database, or refused with nothing written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from data_access.importers import formats, load, outcomes, runs, sources
from data_access.importers.records import Unreadable
from data_access.viewer import Which

CASE_LOG = "case-log"


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
    engines: Mapping[Which, Engine], request: Request, today: date, progress: Callable[[int], None]
) -> outcomes.Outcome:
    """Load the files of one request together, in one transaction per database.

    Raises Unreadable with a sentence for people; the failure is recorded, and nothing else is written.
    """
    context = sources.context_of(
        engines, request.source, request.column_map, is_total_confirmed=request.is_total_confirmed
    )
    origin = outcomes.Origin()
    try:
        name, records = formats.read(request.paths, context, request.format)
        origin = outcomes.Origin(name[:20], _fingerprint(request.paths))
        if CASE_LOG in name and "cases" not in engines:
            raise Unreadable("This is a log of cases, and no case database is configured here: load it where one is.")
        done = load.load(engines, request.source, records, today, origin=origin, dry_run=request.dry_run,
                         is_snapshot=request.is_snapshot, progress=progress)  # fmt: skip
    except Unreadable as refusal:
        if not request.dry_run:
            which: Which = "cases" if origin.format == CASE_LOG and "cases" in engines else "shared"
            runs.note_failure(engines[which], which, request.source, today, origin, str(refusal))
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
