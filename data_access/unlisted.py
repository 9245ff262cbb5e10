"""Counts of initiatives that asked not to be listed: taken at a release, so that no single load shows in them."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, case, func, insert, select

from data_access.case_episodes import UNKNOWN_COUNTRY
from data_access.i18n import _
from data_access.protected_year import PublicationRefused
from data_access.schema import HIDING_PRECISIONS, organisation, presence, unlisted_count

APART = timedelta(days=80)


def release(connection: Connection, name: str, today: date) -> None:
    """Count, under the name of a release, the unlisted initiatives per host country of each; nothing when it was counted.

    An initiative counts once, in its first country by code; in ZZ where none is stated or may be told.
    """
    if connection.scalar(select(unlisted_count.c.release).where(unlisted_count.c.release == name).limit(1)):
        return
    told = case((presence.c.precision.not_in(HIDING_PRECISIONS), presence.c.host_country))
    each = (
        select(func.min(told).label("host_country"))
        .select_from(organisation)
        .outerjoin(presence, (presence.c.organisation_id == organisation.c.id) & (presence.c.role != "registered"))
        .where(organisation.c.is_initiative, organisation.c.visibility == "aggregate_only")
        .where(organisation.c.independence != "state_linked", organisation.c.closed_on.is_(None))
        .group_by(organisation.c.id)
        .subquery()
    )
    country = func.coalesce(each.c.host_country, UNKNOWN_COUNTRY)
    counted = connection.execute(select(country, func.count()).select_from(each).group_by(country))
    counts = {UNKNOWN_COUNTRY: 0} | {place: n for place, n in counted}  # noqa: C416
    rows = [
        {"release": name, "host_country": place, "released_on": today, "organisations": n}
        for place, n in counts.items()
    ]
    connection.execute(insert(unlisted_count), rows)


def release_first(connection: Connection, today: date) -> None:
    """The first count of a new database; nothing once there is one."""
    if _newest(connection) is None:
        release(connection, today.isoformat(), today)


def release_alone(connection: Connection, today: date) -> None:
    """Count anew without publishing cases. Raises PublicationRefused within 80 days of the newest count."""
    newest = _newest(connection)
    if newest is not None and today < newest + APART:
        raise PublicationRefused(
            _(
                "The initiatives that asked not to be listed were counted on {day}; they can be counted anew on {next}, "
                "so that no single load shows in the table."
            ).format(day=newest, next=newest + APART)
        )
    release(connection, today.isoformat(), today)


def _newest(connection: Connection) -> date | None:
    return connection.scalar(select(func.max(unlisted_count.c.released_on)))
