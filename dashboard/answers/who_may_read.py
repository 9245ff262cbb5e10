"""Who may read what, for stewards: people and their roles, who is signed in, and a log of every change."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from dashboard.page.blocks import Table
from dashboard.page.forms import Decision, PersonForm
from dashboard.page.reading import appender, keeps_now, writes_to
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import people, sign_ins
from data_access.i18n import _, languages, ngettext
from data_access.people import Person
from data_access.protected_year import COUNTRIES
from data_access.schema import ROLES


def are_kept_here(visit: Visit) -> bool:
    """Whether this reader may give roles, and this server has the login for it; the sample world has no roles to give."""
    return visit.viewer.role == "steward" and not visit.is_sample and keeps_now("people_change")


def everybody() -> list[Person]:
    """Everybody with a role, as it is now."""
    return people.everybody(appender("people_change"))


def listing(known: list[Person]) -> Table:
    """People by their pseudonym, with role, host countries, language, and when they were last seen."""
    seen = sign_ins.last_seen(appender("sign_in"), datetime.now(UTC)) if writes_to("sign_in") else {}
    rows = pd.DataFrame(
        {
            "person_role": pd.array([one.role for one in known], "str"),
            "scope": pd.array([_countries(one.countries) for one in known], "str"),
            "spoken": pd.array([languages().get(one.language, "") for one in known], "str"),
            "seen_at": pd.array([f"{seen[one.subject]:%H:%M}" if one.subject in seen else "" for one in known], "str"),
            "person": pd.array([one.subject for one in known], "str"),
        }
    )
    title = ngettext("{n} person has a role", "{n} people have a role", len(known)).format(n=written.number(len(known)))
    return Table(
        "people", title, rows, _("Choose somebody to change her role or to take it, or give somebody new a role below.")
    )


def _countries(countries: tuple[str, ...] | None) -> str:
    if countries is None:
        return _("All countries")
    return written.countries(countries)


def log() -> Table:
    """What stewards changed, newest first."""
    found = people.changes(appender("people_change"))
    rows = pd.DataFrame(
        {
            "changed_on": pd.to_datetime(
                pd.Series([one.changed_at for one in found], dtype="object"), utc=True
            ).dt.tz_localize(None),
            "changed_by": pd.array([one.changed_by or _("command line") for one in found], "str"),
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
    named = {code: written.country(code) for code in sorted(COUNTRIES, key=written.country_key)}
    return {"all": _("All countries")} | {code: name for code, name in named.items() if name != code}


def language_names() -> dict[str, str]:
    """The languages that can be noted for somebody."""
    return {"browser": _("as in the browser")} | languages()


def form(person: Person | None) -> PersonForm:
    """What is asked of a person, with what she is now in it."""
    one = person or Person("", "funder")
    countries = ["all"] if one.countries is None else list(one.countries)
    return PersonForm(
        one.subject, one.role, countries, one.language or "browser", role_names(), country_names(), language_names(),
        can_sign_out=writes_to("sign_in"),
    )  # fmt: skip


def decide(visit: Visit, decision: Decision, person: Person | None) -> str:
    """Do what a steward decided about the person she was shown; says what was done. Raises people.NotPossible."""
    engine, by = appender("people_change"), visit.viewer.subject
    if decision.what == "sign_out":
        n = sign_ins.end_all(appender("sign_in"), decision.reference, datetime.now(UTC))
        return ngettext("{n} sign-in ended.", "{n} sign-ins ended.", n).format(n=written.number(n))
    if decision.what == "take":
        people.remove(engine, decision.reference, by, person)
        if writes_to("sign_in"):
            sign_ins.end_all(appender("sign_in"), decision.reference, datetime.now(UTC))
        return _("Taken; she reads nothing from her next click on.")
    is_everywhere = "all" in decision.countries
    own = (None if is_everywhere else tuple(sorted(decision.countries))) if decision.role == "coordinator" else ()
    spoken = "" if decision.spoken == "browser" else decision.spoken
    wanted = Person(decision.reference.strip().lower(), decision.role, own, spoken)
    if person is None:
        people.add(engine, wanted, by)
        return _("Added; she can read from her next click on.")
    people.change(engine, wanted, by, person)
    return _("Changed; it holds from her next click on.")
