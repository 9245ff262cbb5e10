"""A file leaves the house: made when asked for, logged before it is handed over, at most twenty an hour per reader.

The log says who (a pseudonym), what, when and a hash; never content. No log, no export.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from dashboard.files import formats
from dashboard.page import roles
from dashboard.page.blocks import Report, Table
from dashboard.page.reading import appender, keeps_now, writes_to
from dashboard.page.visit import Visit
from dashboard.page.walk import whole
from dashboard.words import codes, written
from data_access import export_log
from data_access.i18n import _, ngettext
from data_access.problems import DataMoved, TooMuch
from data_access.schema import EXPORT_REASONS

MOST_AN_HOUR = 20
HOUR = timedelta(hours=1)
LOG = "export_log"
Made = Callable[[], tuple[Report, Sequence[Table]]]
_counting, _being_made = Lock(), Counter[str]()


class NotExported(Exception):
    """No file leaves; the message says why."""


@dataclass(frozen=True)
class Asked:
    """What was asked for on which page: a table's key, "page" or "brief", the kind of file, and why exact live figures
    leave."""

    page: str
    what: str
    form: formats.Format
    reason: str | None = None


def why_not(visit: Visit, now: datetime | None = None, being_made: int = 0) -> str | None:
    """Why this reader gets no file now, or None; `being_made` more of hers are not in the log yet."""
    if not writes_to(LOG):
        return _("Exports are off: this server has no export log.")
    if not keeps_now(LOG):
        return _("Files have to wait: what leaves cannot be logged at this moment.")
    moment = now or datetime.now(UTC)
    lately = export_log.exports_since(appender(LOG), visit.reader, moment - HOUR)
    if len(lately) + being_made < MOST_AN_HOUR:
        return None
    first = lately[-MOST_AN_HOUR] if len(lately) >= MOST_AN_HOUR else moment
    minutes = max(1, -int((moment - HOUR - first).total_seconds() // 60))
    return ngettext(
        "{n} files in an hour is the most one reader may take; the next in {m} minute.",
        "{n} files in an hour is the most one reader may take; the next in {m} minutes.",
        minutes,
    ).format(n=written.number(MOST_AN_HOUR), m=minutes)


def why_not_now(visit: Visit) -> str:
    """Why this reader gets no file now, empty when she does; the log is asked once per visit."""
    if visit.no_files is None:
        visit.no_files = why_not(visit) or ""
    return visit.no_files


def reason_names() -> dict[str, str]:
    """Why exact figures of live cases may leave: a fixed list, so that no text about people enters the log."""
    return {reason: codes.word(reason) for reason in EXPORT_REASONS}


def whole_page(visit: Visit, page: str, own: dict[str, str]) -> tuple[Report, Sequence[Table]]:
    """The report of every part of a page, and its tables."""
    report = whole(page, visit, own)
    return report, report.tables


def hand_over(
    visit: Visit,
    asked: Asked,
    make: Made,
    now: datetime | None = None,
    export_id: str | None = None,
) -> bytes:
    """The bytes of a file, once they are in the log.

    Raises NotExported over the limit, when the log does not answer, for exact figures of live cases without a reason, and
    for a reader whose role is no longer what it was when the button was drawn.
    """
    if not roles.still_is(visit.viewer, is_sample=visit.is_sample):
        raise NotExported(_("Your role has changed since this page was drawn. Reload it."))
    if not roles.is_signed_in(visit):
        raise NotExported(_("Your sign-in has ended. Reload this page and sign in."))
    moment = now or datetime.now(UTC)
    with _one_more(visit, moment) as refused:
        if refused:
            if keeps_now(LOG):
                _log(visit, asked, moment, 0, "", refused=True)
            raise NotExported(refused)
        return _made_and_logged(visit, asked, make, moment, export_id)


@contextmanager
def _one_more(visit: Visit, moment: datetime) -> Iterator[str | None]:
    """Count a file that is being made, so that many asked for at once are not all the twentieth; why not, or None."""
    with _counting:
        refused = why_not(visit, moment, _being_made[visit.reader])
        _being_made[visit.reader] += not refused
    try:
        yield refused
    finally:
        with _counting:
            _being_made[visit.reader] -= not refused


def _made_and_logged(
    visit: Visit,
    asked: Asked,
    make: Made,
    moment: datetime,
    export_id: str | None,
) -> bytes:
    try:
        report, tables = make()
    except DataMoved as fault:
        raise NotExported(_("Records were loaded since this page was drawn. Reload it.")) from fault
    except TooMuch as fault:
        raise NotExported(_("This is more than one file can hold at once. Choose a part with the filters.")) from fault
    if asked.reason not in EXPORT_REASONS and report.is_live and formats.says_all(report, tables):
        raise NotExported(_("Exact figures of live cases leave for a reason only, which is logged."))
    content = asked.form.make(report, tables, export_id or secrets.token_hex(8))
    _log(
        visit,
        asked,
        moment,
        sum(len(table.rows) for table in tables),
        hashlib.sha256(content).hexdigest(),
        refused=False,
    )
    return content


def _log(visit: Visit, asked: Asked, moment: datetime, rows: int, sha256: str, *, refused: bool) -> None:
    viewer = visit.viewer
    entry = export_log.Export(
        exported_at=moment,
        subject=visit.reader,
        role=viewer.role,
        scope="*" if viewer.host_countries is None else ".".join(viewer.host_countries),
        page=asked.page,
        what=asked.what,
        format=asked.form.ending,
        filters=visit.link.partition("?")[2],
        release=visit.data_version,
        reason=asked.reason,
        rows=rows,
        sha256=sha256,
        refused=refused,
    )
    try:
        export_log.record(appender(LOG), entry)
    except export_log.NotLogged as fault:
        raise NotExported(_("The export log does not answer, so no file leaves.")) from fault
