"""Who is signed in: each sign-in until it ends, by its own hand, by idleness, by a steward, or after twelve hours."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from data_access.schema import sign_in

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=30)
NOTED_EVERY = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(days=2)
SHORTEST_COOKIE_SECRET = 32
"""Letters of the secret that cookies are signed with: fewer, as in a manual's example, and nobody is let in."""
_noted: dict[str, datetime] = {}
"""When this process last tried to note a sign-in, so that a load that holds the file costs a reader one wait a minute."""


class Ended(Exception):
    """This sign-in is over; whoever has its cookie must sign in anew."""


def of(subject: str, issued_at: float) -> str:
    """By what a sign-in is known: a hash of the person and of when the provider let her in."""
    return hashlib.sha256(f"{subject}\n{issued_at:.0f}".encode()).hexdigest()


def _barrier(subject: str) -> str:
    """The row that says until when everything issued to somebody has ended, also what was never seen here."""
    return of(subject, 0)


def assert_young(let_in_at: float, now: datetime) -> None:
    """Raises Ended for whom the provider let in too long ago."""
    if now - datetime.fromtimestamp(let_in_at, UTC) > LONGEST:
        raise Ended


def assert_open(engine: Engine, subject: str, issued_at: float, now: datetime) -> bool:
    """Raises Ended for a sign-in that was ended, is too old or was idle for too long. Whether its use was noted lately."""
    assert_young(issued_at, now)
    key, barrier = of(subject, issued_at), _barrier(subject)
    with engine.connect() as connection:
        found = {row.id: row for row in connection.execute(select(sign_in).where(sign_in.c.id.in_([key, barrier])))}
    if barrier in found and issued_at < _aware(found[barrier].ended_at).timestamp() - 1:
        raise Ended
    if key not in found:
        return False
    idle = now - _aware(found[key].last_seen_at)
    if found[key].ended_at is not None or idle > IDLE:
        raise Ended
    return idle < NOTED_EVERY


def seen(engine: Engine, subject: str, issued_at: float, now: datetime) -> None:
    """Note that a sign-in is used, at most once a minute and never in the way of a load. Raises Ended, see `assert_open`."""
    key = of(subject, issued_at)
    if assert_open(engine, subject, issued_at, now) or now - _noted.get(key, now - IDLE) < NOTED_EVERY:
        return
    _noted[key] = now
    try:
        with engine.begin() as connection:
            connection.execute(delete(sign_in).where(sign_in.c.last_seen_at < now - FORGOTTEN_AFTER))
            _keep(connection, {"id": key, "subject": subject, "began_at": now, "last_seen_at": now}, last_seen_at=now)
    except OperationalError:
        return


def _keep(connection: Connection, row: dict[str, Any], **anew: Any) -> None:
    made = {"postgresql": postgresql, "sqlite": sqlite}[connection.dialect.name].insert(sign_in).values(row)
    connection.execute(made.on_conflict_do_update(index_elements=["id"], set_=anew))


def end_all(engine: Engine, subject: str, now: datetime) -> int:
    """End every sign-in of somebody, everywhere, also cookies that were never used here; how many were open."""
    with engine.begin() as connection:
        own = (sign_in.c.subject == subject, sign_in.c.ended_at.is_(None))
        in_use = select(func.count()).select_from(sign_in).where(*own, sign_in.c.last_seen_at >= now - IDLE)
        ended = connection.scalar(in_use) or 0
        connection.execute(update(sign_in).where(*own).values(ended_at=now))
        row = {"id": _barrier(subject), "subject": subject, "began_at": now, "last_seen_at": now, "ended_at": now}
        _keep(connection, row, ended_at=now, last_seen_at=now)
        return ended


def last_seen(engine: Engine, now: datetime) -> dict[str, datetime]:
    """When everybody who is signed in now was last seen, by person."""
    recent = select(sign_in).where(sign_in.c.ended_at.is_(None), sign_in.c.last_seen_at > now - IDLE)
    with engine.connect() as connection:
        rows = connection.execute(recent.order_by(sign_in.c.last_seen_at)).all()
    return {row.subject: _aware(row.last_seen_at) for row in rows}


def _aware(when: datetime) -> datetime:
    """SQLite keeps no time zone; what is stored is universal time."""
    return when if when.tzinfo else when.replace(tzinfo=UTC)
