"""The server's own log lines: as text, or one JSON object per line where MERIDIAN_LOGS=json."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime

from streamlit import logger as streamlit_logging

FORM_VARIABLE = "MERIDIAN_LOGS"


class Json(logging.Formatter):
    """A line as a JSON object: at, level, logger, message, and what the caller told in `extra={"told": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; of an exception its class alone, because its words may hold values."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line | getattr(record, "told", {}), ensure_ascii=False)


def set_up() -> None:
    """Write to standard error, in the form that was asked for; Streamlit's lines and the web server's too."""
    handler = logging.StreamHandler()
    is_json = os.environ.get(FORM_VARIABLE) == "json"
    handler.setFormatter(Json() if is_json else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    own = logging.getLogger("meridian")
    own.handlers, own.propagate = [handler], False
    own.setLevel(logging.INFO)
    if is_json:
        _also_of_others(handler)


def _also_of_others(handler: logging.Handler) -> None:
    """Streamlit gives each of its loggers, and those of the web server, a handler of its own: now, later, and again whenever a
    setting of its changes."""

    def take_over(logger: logging.Logger) -> None:
        logger.handlers, logger.propagate = [handler], False

    streamlit_logging.setup_formatter = take_over
    known = [
        name
        for name in logging.root.manager.loggerDict
        if name.partition(".")[0] in ("streamlit", "uvicorn", "websockets")
    ]
    for name in {"streamlit", "uvicorn", "uvicorn.error", *known}:
        take_over(logging.getLogger(name))
