"""Loading files: read together, in one transaction per database, or refused with nothing written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from data_access.i18n import _
from data_access.importers import formats, load, outcomes, runs, sources
from data_access.importers.records import Problem, Record, Unreadable
from data_access.viewer import Which

CASE_LOG = "case-log"
TOLD_EVERY = 2_000


@dataclass(frozen=True)
class Request:
    """What is to be loaded and how. `format`: None lets the files tell; `column_map`: None takes the source's saved one.

    `counts_both`: somebody looked; what another source states already is loaded as well. `discloses`: whom it concerns has agreed;
    what was not to be known may become visible.
    """

    source: str
    paths: Sequence[Path]
    format: str | None = None
    column_map: Mapping[str, Any] | None = None
    dry_run: bool = False
    is_snapshot: bool = False
    is_total_confirmed: bool = False
    counts_both: bool = False
    discloses: bool = False


def bring(
    engines: Mapping[Which, Engine], request: Request, today: date, progress: Callable[[int], None]
) -> outcomes.Outcome:
    """Load the files of one request together, in one transaction per database.

    Raises Unreadable with a sentence for people; the failure is recorded, and nothing else is written.
    """
    context = sources.context_of(
        engines,
        request.source,
        request.column_map,
        is_total_confirmed=request.is_total_confirmed,
        counts_both=request.counts_both,
    )
    hashed = _fingerprint(request.paths)
    for of_one, engine in engines.items():
        runs.refuse_twin(engine, of_one, request.source, hashed)
    origin = outcomes.Origin()
    try:
        name, records = formats.read(request.paths, context, request.format)
        origin = outcomes.Origin(name[:20], hashed, context.salt)
        if CASE_LOG in name and "cases" not in engines:
            raise Unreadable(
                _("This is a log of cases, and no case database is configured here: load it where one is.")
            )
        done = load.load(engines, request.source, _said(records, progress), today, origin=origin, dry_run=request.dry_run,
                         is_snapshot=request.is_snapshot,
                         agreed=outcomes.Agreed(request.counts_both, request.discloses))  # fmt: skip
    except Unreadable as refusal:
        if not request.dry_run:
            which: Which = "cases" if origin.format == CASE_LOG and "cases" in engines else "shared"
            runs.note_failure(engines[which], which, request.source, today, origin, str(refusal))
        raise
    if request.column_map is not None and not request.dry_run:
        sources.save_column_map(engines, done.runs, request.source, request.column_map)
    return done


def _said(records: Iterable[Record | Problem], progress: Callable[[int], None]) -> Iterator[Record | Problem]:
    """The records, while somebody is told how many were read."""
    for number, record in enumerate(records, 1):
        if number % TOLD_EVERY == 0:
            progress(number)
        yield record


def _fingerprint(paths: Sequence[Path]) -> str:
    """The SHA-256 of the file, or of the files' one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        if not path.is_file():
            raise Unreadable(_("There is no file {file}.").format(file=path.name))
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    return digest.hexdigest()
