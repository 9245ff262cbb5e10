"""Who may read what: people by their pseudonym, their role, countries and language, and a log of every change."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, false, func, insert, select, text, true

from data_access.i18n import _, languages
from data_access.protected_year import COUNTRIES
from data_access.schema import ROLES, people_change, viewer, viewer_country

PSEUDONYM = re.compile(r"[0-9a-f]{64}")


class NotPossible(ValueError):
    """What was asked of a person cannot be; the message says why and what would."""


@dataclass(frozen=True)
class Person:
    """Somebody with a role. `countries`: of a coordinator, None for all; of others empty. `language`: empty for the browser's."""

    subject: str
    role: str
    countries: tuple[str, ...] | None = ()
    language: str = ""


def assert_possible(person: Person) -> None:
    """Raises NotPossible for what no person can be."""
    if not PSEUDONYM.fullmatch(person.subject):
        raise NotPossible(
            _("A person is 64 signs from 0 to 9 and a to f, as shown to her when she signs in without a role.")
        )
    if person.role not in ROLES:
        raise NotPossible(
            _("There is no role {role}; roles are {roles}.").format(role=person.role, roles=", ".join(ROLES))
        )
    if wrong := sorted(set(person.countries or ()) - COUNTRIES):
        raise NotPossible(
            _("Not a country: {countries}. Use two-letter codes, such as LT.").format(countries=", ".join(wrong))
        )
    if person.role == "coordinator" and person.countries == ():
        raise NotPossible(_("A coordinator needs her host countries, or all of them."))
    if person.role != "coordinator" and person.countries:
        raise NotPossible(_("Only coordinators have host countries."))
    if person.language and person.language not in languages():
        raise NotPossible(
            _("There is no language {code} here; there are: {codes}.").format(
                code=person.language, codes=", ".join(languages())
            )
        )


@dataclass(frozen=True)
class Change:
    """One line of the log: when, by whom ("" for the command line), what was done, and what the person is since."""

    changed_at: datetime
    changed_by: str
    what: str
    person: str
    role: str
    countries: str
    language: str


def pseudonym(issuer: str, subject: str) -> str:
    """The name under which a person is known to the database: a hash of issuer and subject."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


def everybody(engine: Engine) -> list[Person]:
    """Everybody with a role, stewards first."""
    with engine.connect() as connection:
        found = _read(connection)
    return sorted(found, key=lambda one: (-ROLES.index(one.role), one.subject))


def find(engine: Engine, subject: str) -> Person | None:
    """The person of this pseudonym; None for whom has no role."""
    with engine.connect() as connection:
        return next(iter(_read(connection, subject)), None)


def _read(connection: Connection, subject: str | None = None) -> list[Person]:
    """One person, or everybody."""
    own = true() if subject is None else viewer.c.subject == subject
    statement = (
        select(viewer, viewer_country.c.host_country)
        .outerjoin(viewer_country, viewer_country.c.subject == viewer.c.subject)
        .where(own)
        .order_by(viewer.c.subject, viewer_country.c.host_country)
    )
    found: dict[str, Person] = {}
    for row in connection.execute(statement):
        before = found[row.subject].countries or () if row.subject in found else ()
        countries = (*before, row.host_country) if row.host_country else before
        is_everywhere = row.role == "coordinator" and row.all_countries
        found[row.subject] = Person(row.subject, row.role, None if is_everywhere else countries, row.language or "")
    return list(found.values())


def add(engine: Engine, person: Person, by: str = "") -> None:
    """Give somebody a role. Raises NotPossible for what nobody can be, and for whom already has one."""
    assert_possible(person)
    with engine.begin() as connection:
        _one_at_a_time(connection)
        if _read(connection, person.subject):
            raise NotPossible(_("This person has a role already; change it instead."))
        _write(connection, person)
        _log(connection, "added", person, by)


def change(engine: Engine, person: Person, by: str = "", shown: Person | None = None) -> None:
    """Make somebody what `person` says. Raises NotPossible for what nobody can be, whom has no role yet, and the last steward."""
    assert_possible(person)
    with engine.begin() as connection:
        _one_at_a_time(connection)
        before = _known(connection, person.subject, shown)
        if before.role == "steward" and person.role != "steward":
            _another_steward_than(connection, person.subject)
        _erase(connection, person.subject)
        _write(connection, person)
        _log(connection, "changed", person, by)


def remove(engine: Engine, subject: str, by: str = "", shown: Person | None = None) -> None:
    """Take somebody's role. Raises NotPossible for whom has none, and for the last steward."""
    with engine.begin() as connection:
        _one_at_a_time(connection)
        before = _known(connection, subject, shown)
        if before.role == "steward":
            _another_steward_than(connection, subject)
        _erase(connection, subject)
        _log(connection, "removed", before, by)


def changes(engine: Engine, most: int = 200) -> list[Change]:
    """The log, newest first."""
    own = people_change.c
    columns = (own.changed_at, own.changed_by, own.what, own.subject, own.role, own.countries, own.language)
    with engine.connect() as connection:
        return [Change(*row) for row in connection.execute(select(*columns).order_by(own.id.desc()).limit(most))]


def _one_at_a_time(connection: Connection) -> None:
    """Until this transaction ends nobody else changes people: two stewards who take each other's role leave one."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE viewer IN SHARE ROW EXCLUSIVE MODE"))
    else:
        connection.execute(delete(viewer).where(false()))


def _known(connection: Connection, subject: str, shown: Person | None) -> Person:
    """The person as she is. Raises NotPossible for whom has no role, or another one than whoever decides was `shown`."""
    found = next(iter(_read(connection, subject)), None)
    if found is None:
        raise NotPossible(_("This person has no role; add her first."))
    if shown is not None and shown != found:
        raise NotPossible(_("Somebody else changed this person meanwhile; look again."))
    return found


def _another_steward_than(connection: Connection, subject: str) -> None:
    others = select(func.count()).select_from(viewer).where(viewer.c.role == "steward", viewer.c.subject != subject)
    if not connection.scalar(others):
        raise NotPossible(_("This is the last steward; make somebody else one first."))


def _write(connection: Connection, person: Person) -> None:
    row = {"subject": person.subject, "role": person.role, "all_countries": person.countries is None,
           "language": person.language or None}  # fmt: skip
    connection.execute(insert(viewer), row)
    if person.countries:
        own = [{"subject": person.subject, "host_country": country} for country in person.countries]
        connection.execute(insert(viewer_country), own)


def _erase(connection: Connection, subject: str) -> None:
    connection.execute(delete(viewer_country).where(viewer_country.c.subject == subject))
    connection.execute(delete(viewer).where(viewer.c.subject == subject))


def _log(connection: Connection, what: str, person: Person, by: str) -> None:
    countries = "*" if person.countries is None else ",".join(person.countries)
    row = {"changed_at": datetime.now(UTC), "changed_by": by, "what": what, "subject": person.subject,
           "role": person.role, "countries": countries, "language": person.language}  # fmt: skip
    connection.execute(insert(people_change), row)
