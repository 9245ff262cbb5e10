"""Who is signed in: each sign-in until it ends, by its own hand, by idleness, by a steward, or after twelve hours."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update

from data_access.schema import sign_in

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=30)
NOTED_EVERY = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(days=2)


class Ended(Exception):
    """This sign-in is over; whoever has its cookie must sign in anew."""


@dataclass(frozen=True)
class SignIn:
    """A sign-in of somebody, known to the database by a hash."""

    id: str
    subject: str
    began_at: datetime
    last_seen_at: datetime
    ended_at: datetime | None


def of(subject: str, issued_at: float) -> str:
    """By what a sign-in is known: a hash of the person and of when the provider let her in."""
    return hashlib.sha256(f"{subject}\n{issued_at:.0f}".encode()).hexdigest()


def seen(engine: Engine, subject: str, issued_at: float, now: datetime) -> None:
    """Note that a sign-in is used, at most once a minute. Raises Ended for one that was ended, too old or idle for too long."""
    if now - datetime.fromtimestamp(issued_at, UTC) > LONGEST:
        raise Ended
    key = of(subject, issued_at)
    with engine.begin() as connection:
        found = connection.execute(select(sign_in).where(sign_in.c.id == key)).first()
        if found is None:
            connection.execute(delete(sign_in).where(sign_in.c.last_seen_at < now - FORGOTTEN_AFTER))
            row = {"id": key, "subject": subject, "began_at": now, "last_seen_at": now}
            connection.execute(insert(sign_in), row)
            return
        idle = now - _aware(found.last_seen_at)
        if found.ended_at is None and idle <= IDLE:
            if idle >= NOTED_EVERY:
                connection.execute(update(sign_in).where(sign_in.c.id == key).values(last_seen_at=now))
            return
        if found.ended_at is None:
            connection.execute(update(sign_in).where(sign_in.c.id == key).values(ended_at=now))
    raise Ended


def end_all(engine: Engine, subject: str, now: datetime) -> int:
    """End every sign-in of somebody, everywhere; how many were open."""
    with engine.begin() as connection:
        own = update(sign_in).where(sign_in.c.subject == subject, sign_in.c.ended_at.is_(None))
        return connection.execute(own.values(ended_at=now)).rowcount


def open_now(engine: Engine, now: datetime) -> list[SignIn]:
    """The sign-ins that are in use, the newest first."""
    recent = select(sign_in).where(sign_in.c.ended_at.is_(None), sign_in.c.last_seen_at > now - IDLE)
    with engine.connect() as connection:
        return [
            SignIn(row.id, row.subject, _aware(row.began_at), _aware(row.last_seen_at), None)
            for row in connection.execute(recent.order_by(sign_in.c.last_seen_at.desc(), sign_in.c.id))
        ]


def _aware(when: datetime) -> datetime:
    """SQLite keeps no time zone; what is stored is universal time."""
    return when if when.tzinfo else when.replace(tzinfo=UTC)
