"""Who may read what, for stewards: people and their roles, who is signed in, and a log of every change."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from dashboard.page.blocks import Table
from dashboard.page.reading import appender, writes_to
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import people, sign_ins
from data_access.i18n import _, languages, ngettext
from data_access.people import Person
from data_access.protected_year import COUNTRIES
from data_access.schema import ROLES

SHOWN = 12


def are_kept_here(visit: Visit) -> bool:
    """Whether this reader may give roles, and this server has the login for it; the sample world has no roles to give."""
    return visit.viewer.role == "steward" and not visit.is_sample and writes_to("people_change")


def everybody() -> list[Person]:
    """Everybody with a role, as it is now."""
    return people.everybody(appender("people_change"))


def listing(known: list[Person]) -> Table:
    """People by their pseudonym, with role, host countries, language, and when they were last seen."""
    seen: dict[str, datetime] = {}
    if writes_to("sign_in"):
        for one in sign_ins.open_now(appender("sign_in"), datetime.now(UTC)):
            seen.setdefault(one.subject, one.last_seen_at)
    rows = pd.DataFrame(
        {
            "person": pd.array([one.subject for one in known], "str"),
            "person_role": pd.array([one.role for one in known], "str"),
            "scope": pd.array([_countries(one.countries) for one in known], "str"),
            "spoken": pd.array([languages().get(one.language, "") for one in known], "str"),
            "seen_at": pd.array([f"{seen[one.subject]:%H:%M}" if one.subject in seen else "" for one in known], "str"),
        }
    )
    title = ngettext("{n} person has a role", "{n} people have a role", len(known)).format(n=written.number(len(known)))
    return Table(
        "people", title, rows, _("Choose somebody to change her role or to take it, or give somebody new a role below.")
    )


def _countries(countries: tuple[str, ...] | None) -> str:
    if countries is None:
        return _("All countries")
    return written.listing(sorted(map(written.country, countries), key=written.sort_key))


def log() -> Table:
    """What stewards changed, newest first."""
    found = people.changes(appender("people_change"))
    rows = pd.DataFrame(
        {
            "changed_on": pd.to_datetime(
                pd.Series([one.changed_at for one in found], dtype="object"), utc=True
            ).dt.tz_localize(None),
            "changed_by": pd.array([one.changed_by[:SHOWN] or _("command line") for one in found], "str"),
            "person_change": pd.array([f"person_{one.what}" for one in found], "str"),
            "person": pd.array([one.person for one in found], "str"),
            "person_role": pd.array([one.role for one in found], "str"),
            "scope": pd.array([_logged(one.countries) for one in found], "str"),
        }
    )
    return Table("people_log", _("What was changed"), rows)


def _logged(countries: str) -> str:
    return _countries(None if countries == "*" else tuple(filter(None, countries.split(","))))


def role_names() -> dict[str, str]:
    """The roles there are."""
    return {role: codes.word(role) for role in ROLES}


def country_names() -> dict[str, str]:
    """The host countries a coordinator can have, and all of them."""
    named = {code: written.country(code) for code in COUNTRIES}
    return {"all": _("All countries")} | dict(sorted(named.items(), key=lambda item: written.sort_key(item[1])))


def language_names() -> dict[str, str]:
    """The languages that can be noted for somebody."""
    return {"browser": _("as in the browser")} | languages()


def give(visit: Visit, subject: str, role: str, countries: list[str], spoken: str) -> str:
    """Give somebody a role or change what she has; says what was done. Raises people.NotPossible."""
    own = (None if "all" in countries else tuple(countries)) if role == "coordinator" else ()
    person = Person(subject.strip().lower(), role, own, "" if spoken == "browser" else spoken)
    engine = appender("people_change")
    if person.subject in {one.subject for one in people.everybody(engine)}:
        people.change(engine, person, visit.viewer.subject)
        return _("Changed; it holds from her next click on.")
    people.add(engine, person, visit.viewer.subject)
    return _("Added; she can read from her next click on.")


def take(visit: Visit, person: Person) -> str:
    """Take somebody's role and end her sign-ins; says what was done. Raises people.NotPossible."""
    people.remove(appender("people_change"), person.subject, visit.viewer.subject)
    if writes_to("sign_in"):
        sign_ins.end_all(appender("sign_in"), person.subject, datetime.now(UTC))
    return _("Taken; she reads nothing from her next click on.")


def sign_out(person: Person) -> str:
    """End somebody's sign-ins everywhere; says how many were open."""
    n = sign_ins.end_all(appender("sign_in"), person.subject, datetime.now(UTC)) if writes_to("sign_in") else 0
    return ngettext("{n} sign-in ended.", "{n} sign-ins ended.", n).format(n=written.number(n))
