"""What readers say is wrong about a record: one of five things and no text of theirs, one at a time per reader and record, until
a steward settled it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, func, insert, select, update

from data_access.i18n import _
from data_access.schema import contest

MOST_OPEN = 50


class NotNoted(Exception):
    """Nothing was noted; the message says why."""


def contest_record(engine: Engine, subject: str, entity: str, record_id: int, kind: str, now: datetime) -> None:
    """Note that a reader says a record is wrong. Raises NotNoted where she said so already, or of too many records."""
    own = contest.c.subject == subject, contest.c.settled_at.is_(None)
    with engine.begin() as connection:
        if (connection.scalar(select(func.count()).select_from(contest).where(*own)) or 0) >= MOST_OPEN:
            raise NotNoted(_("{n} open remarks are the most one reader can have.").format(n=MOST_OPEN))
        same = contest.c.entity == entity, contest.c.record_id == record_id
        if connection.scalar(select(func.count()).select_from(contest).where(*own, *same)):
            raise NotNoted(_("You said so already; a steward has not settled it yet."))
        row = {"subject": subject, "entity": entity, "record_id": record_id, "kind": kind, "said_at": now}
        connection.execute(insert(contest), row)


def settle(engine: Engine, identity: int, settled_as: str, by: str, now: datetime) -> bool:
    """Settle what is open of a contest; False when somebody else did."""
    open_one = contest.c.id == identity, contest.c.settled_at.is_(None)
    values = {"settled_at": now, "settled_as": settled_as, "settled_by": by}
    with engine.begin() as connection:
        return bool(connection.execute(update(contest).where(*open_one).values(**values)).rowcount)
