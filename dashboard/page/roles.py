"""Which role the database gives a person; there is no other way to have one."""

from __future__ import annotations

import hashlib

from sqlalchemy import Engine, select

from dashboard.page.reading import shared_engine
from data_access.schema import viewer as viewer_table
from data_access.schema import viewer_country
from data_access.viewer import Viewer


class NoRole(Exception):
    """Signed in, but the database gives this person no role."""


def pseudonym(issuer: str, subject: str) -> str:
    """The name under which a person is known to the database: a hash of issuer and subject."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


def viewer_of(shared: Engine, subject: str) -> Viewer:
    """The viewer the database records for `subject`. Raises NoRole when there is none."""
    with shared.connect() as connection:
        found = connection.execute(select(viewer_table).where(viewer_table.c.subject == subject)).first()
        if found is None:
            raise NoRole
        countries = connection.scalars(
            select(viewer_country.c.host_country).where(viewer_country.c.subject == subject)
        ).all()
    return Viewer(found.role, None if found.all_countries else tuple(sorted(countries)), subject)


def still_is(viewer: Viewer, *, is_sample: bool) -> bool:
    """Whether the database still gives this person the role and countries she has; the sample world has no roles."""
    if is_sample:
        return True
    try:
        return viewer_of(shared_engine(), viewer.subject) == viewer
    except NoRole:
        return False
