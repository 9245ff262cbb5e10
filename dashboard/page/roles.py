"""Which role the database gives a person; there is no other way to have one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from dashboard.page.reading import appender, now, writes_to
from dashboard.page.visit import Visit
from data_access import people, sign_ins
from data_access.people import Person
from data_access.viewer import Role, Viewer


class NoRole(Exception):
    """Signed in, but the database gives this person no role; `subject` is her pseudonym, to be told to a steward."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject


def person_of(subject: str) -> Person:
    """The person the database records for `subject` now. Raises NoRole when there is none."""
    if (found := now(lambda shared: people.find(shared, subject))) is None:
        raise NoRole(subject)
    return found


def as_viewer(person: Person) -> Viewer:
    """The person as one who reads; a steward answers for all countries, whatever was recorded."""
    return Viewer(cast("Role", person.role), None if person.role == "steward" else person.countries, person.subject)


def still_is(viewer: Viewer, *, is_sample: bool) -> bool:
    """Whether the database still gives this person the role and countries she has; the sample world has no roles."""
    if is_sample:
        return True
    try:
        return as_viewer(person_of(viewer.subject)) == viewer
    except NoRole:
        return False


def is_signed_in(visit: Visit) -> bool:
    """Whether the sign-in that this page was drawn for is still open: a tab can outlive it. Where nobody signs in none ends."""
    if visit.signed_in_at is None:
        return True
    now = datetime.now(UTC)
    try:
        sign_ins.assert_young(visit.signed_in_at, now)
        if writes_to("sign_in"):
            sign_ins.assert_open(appender("sign_in"), visit.viewer.subject, visit.signed_in_at, now)
    except sign_ins.Ended:
        return False
    return True
