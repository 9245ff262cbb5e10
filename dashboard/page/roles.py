"""Which role the database gives a person; there is no other way to have one."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, select

from dashboard.page.reading import appender, shared_engine, writes_to
from dashboard.page.visit import Visit
from data_access import sign_ins
from data_access.schema import viewer as viewer_table
from data_access.schema import viewer_country
from data_access.viewer import Viewer


class NoRole(Exception):
    """Signed in, but the database gives this person no role; `subject` is her pseudonym, to be told to a steward."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject


def viewer_of(shared: Engine, subject: str) -> Viewer:
    """The viewer the database records for `subject`. Raises NoRole when there is none."""
    with shared.connect() as connection:
        found = connection.execute(select(viewer_table).where(viewer_table.c.subject == subject)).first()
        if found is None:
            raise NoRole(subject)
        countries = connection.scalars(
            select(viewer_country.c.host_country).where(viewer_country.c.subject == subject)
        ).all()
    return Viewer(found.role, None if found.all_countries else tuple(sorted(countries)), subject)


def language_of(shared: Engine, subject: str) -> str:
    """The language a steward noted for this person; empty for none."""
    with shared.connect() as connection:
        return connection.scalar(select(viewer_table.c.language).where(viewer_table.c.subject == subject)) or ""


def still_is(viewer: Viewer, *, is_sample: bool) -> bool:
    """Whether the database still gives this person the role and countries she has; the sample world has no roles."""
    if is_sample:
        return True
    try:
        return viewer_of(shared_engine(), viewer.subject) == viewer
    except NoRole:
        return False


def is_signed_in(visit: Visit) -> bool:
    """Whether the sign-in that this page was drawn for is still open: a tab can outlive it. The sample world has none."""
    if visit.is_sample or visit.signed_in_at is None:
        return True
    now = datetime.now(UTC)
    if not writes_to("sign_in"):
        return now - datetime.fromtimestamp(visit.signed_in_at, UTC) <= sign_ins.LONGEST
    try:
        sign_ins.assert_open(appender("sign_in"), visit.viewer.subject, visit.signed_in_at, now)
    except sign_ins.Ended:
        return False
    return True
