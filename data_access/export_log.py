"""The log of exports: who took what and when, never content. It only grows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import SQLAlchemyError

from data_access.schema import export_log

LONGEST_FILTERS, UNCHANGED = 400, "same"


class NotLogged(Exception):
    """The entry could not be written."""


@dataclass(frozen=True)
class Export:
    """One export, or a refused one. `subject` is a pseudonym, `filters` the query of the link, `release` the data version."""

    exported_at: datetime
    subject: str
    role: str
    scope: str
    page: str
    what: str
    format: str
    filters: str
    release: str
    reason: str | None
    rows: int
    sha256: str
    refused: bool
    live_key: str = ""


def record(engine: Engine, entry: Export) -> None:
    """Add an entry. Raises NotLogged."""
    row = asdict(entry) | {"filters": entry.filters[:LONGEST_FILTERS]}
    try:
        with engine.begin() as connection:
            connection.execute(insert(export_log), row)
    except SQLAlchemyError as error:
        raise NotLogged(type(error).__name__) from None


def exports_since(engine: Engine, subject: str, since: datetime, key: str = "") -> list[datetime]:
    """When this reader took a file since then, by hand or by one of her keys, oldest first; refused ones and those that a
    program had already do not count."""
    log = export_log.c
    own = log.subject == subject, log.live_key == key
    taken = select(log.exported_at).where(*own, log.exported_at > since, ~log.refused, log.format != UNCHANGED)
    with engine.connect() as connection:
        moments = connection.scalars(taken.order_by(export_log.c.exported_at)).all()
    return [moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments]
