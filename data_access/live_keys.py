"""Keys by which a program reads tables in a reader's name: shown once, kept as a hash, with an end, taken back at any time."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, RowMapping, insert, select, update

from data_access.i18n import _
from data_access.schema import live_key

LONGEST_NAME, MOST_DAYS, MOST_KEYS = 60, 366, 10


class NotMade(Exception):
    """No key was made; the message says why."""


@dataclass(frozen=True)
class LiveKey:
    """A key without itself: `id` names it in the log, `subject` is whose it is."""

    id: str
    subject: str
    name: str
    made_at: datetime
    expires_on: date
    revoked_at: datetime | None

    def is_good(self, today: date) -> bool:
        """Whether it opens anything on that day, its last one included."""
        return self.revoked_at is None and today <= self.expires_on


def make(engine: Engine, subject: str, name: str, days: int, now: datetime) -> str:
    """A new key of `subject`, good for `days` days: the text that nobody can read again. Raises NotMade."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise NotMade(_("A key needs a name of at most {n} signs.").format(n=LONGEST_NAME))
    if not 1 <= days <= MOST_DAYS:
        raise NotMade(_("A key is good for 1 to {n} days.").format(n=MOST_DAYS))
    if sum(key.is_good(now.date()) for key in keys_of(engine, subject)) >= MOST_KEYS:
        raise NotMade(_("{n} keys are the most one reader can have: take one back first.").format(n=MOST_KEYS))
    text = f"mk_{secrets.token_urlsafe(32)}"
    row = {
        "id": secrets.token_hex(8),
        "hashed": hashed(text),
        "subject": subject,
        "name": name,
        "made_at": now,
        "expires_on": now.date() + timedelta(days=days),
    }
    with engine.begin() as connection:
        connection.execute(insert(live_key), row)
    return text


def hashed(text: str) -> str:
    """What is kept of a key: it is random and long, so that a plain hash tells nobody of it."""
    return hashlib.sha256(text.encode()).hexdigest()


def find(engine: Engine, text: str, today: date) -> LiveKey | None:
    """The key that this text is, if it is good today."""
    with engine.connect() as connection:
        row = connection.execute(select(live_key).where(live_key.c.hashed == hashed(text))).mappings().first()
    found = None if row is None else _key(row)
    return found if found is not None and found.is_good(today) else None


def keys_of(engine: Engine, subject: str) -> list[LiveKey]:
    """Every key of a reader, the newest first."""
    mine = select(live_key).where(live_key.c.subject == subject).order_by(live_key.c.made_at.desc(), live_key.c.id)
    with engine.connect() as connection:
        return [_key(row) for row in connection.execute(mine).mappings()]


def revoke(engine: Engine, subject: str, identity: str, now: datetime) -> None:
    """Take a key of the reader's back: it opens nothing from now on. Somebody else's stays as it is."""
    own = live_key.c.id == identity, live_key.c.subject == subject, live_key.c.revoked_at.is_(None)
    with engine.begin() as connection:
        connection.execute(update(live_key).where(*own).values(revoked_at=now))


def _key(row: RowMapping) -> LiveKey:
    made_at = row["made_at"] if row["made_at"].tzinfo else row["made_at"].replace(tzinfo=UTC)
    return LiveKey(row["id"], row["subject"], row["name"], made_at, row["expires_on"], row["revoked_at"])
