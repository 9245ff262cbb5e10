"""What a digest told whom and when, so that the same is not told again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, func, insert, select

from data_access.schema import digest_told


def audience(*whose: str) -> str:
    """For whom a digest is, as it is kept: whose view or which role, and the filters."""
    return hashlib.sha256("\n".join(whose).encode()).hexdigest()


def told_since(connection: Connection, to: str, day: date) -> set[tuple[str, str]]:
    """What an audience was told on `day` or later: rule, what about."""
    rows = select(digest_told.c.rule, digest_told.c.about).where(
        digest_told.c.audience == to, digest_told.c.told_on >= day
    )
    return {(rule, about) for rule, about in connection.execute(rows)}


def last(connection: Connection, to: str) -> date | None:
    """The day of the newest digest that told an audience anything."""
    return connection.scalar(select(func.max(digest_told.c.told_on)).where(digest_told.c.audience == to))


def note(connection: Connection, to: str, told: Iterable[tuple[str, str]], day: date) -> None:
    """Note what an audience was told."""
    rows = [{"audience": to, "rule": rule, "about": about, "told_on": day} for rule, about in told]
    if rows:
        connection.execute(insert(digest_told), rows)
