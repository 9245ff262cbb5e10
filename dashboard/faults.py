"""What becomes of a fault: a reference for the reader, a line in the server's log, a row that stewards can look up.

Nothing of the data is in any of them: the class of the exception and where in the code it came from.
"""

from __future__ import annotations

import logging
import secrets
import time
import traceback
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from dashboard import measures
from dashboard.page.reading import appender, writes_to
from data_access import faults
from data_access.problems import DatabaseProblem

PLACES = 6
MOST_AN_HOUR, HOUR = 100, 3600.0
logger = logging.getLogger("meridian")
_lately: deque[float] = deque(maxlen=MOST_AN_HOUR)


def note(fault: Exception, page: str) -> str:
    """Keep what broke on a page; the reference to tell the reader. Never raises."""
    traced = traceback.extract_tb(fault.__traceback__)[-PLACES:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traced)
    entry = faults.Fault(datetime.now(UTC), secrets.token_hex(4), page, type(fault).__name__, places)
    told = {"reference": entry.reference, "page": page, "kind": entry.kind, "places": places}
    logger.error("Fault %s on page %s: %s at %s", entry.reference, page, entry.kind, places, extra={"told": told})
    measures.FAULTS.labels(page).inc()
    with suppress(SQLAlchemyError, DatabaseProblem):
        _keep(entry)
    return entry.reference


def _keep(entry: faults.Fault) -> None:
    """Where faults come in floods the first ones of an hour say all; the log has every one."""
    now = time.monotonic()
    if writes_to("fault") and (len(_lately) < MOST_AN_HOUR or now - _lately[0] > HOUR):
        _lately.append(now)
        faults.record(appender("fault"), entry)
