"""Who is reading: a role from the database behind OpenID Connect, or the "view as" switch of the sample world.

Default deny: a real database without sign-in configured serves nobody; a signed-in person without a role sees nothing.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import NoReturn

import streamlit as st

from dashboard.download_gate import GATE, named
from dashboard.page import roles
from dashboard.page.reading import appender, read, writes_to
from dashboard.screen import scripts
from dashboard.screen.markdown import strong
from dashboard.words import written
from data_access import people, queries, sign_ins
from data_access.filters import BETWEEN
from data_access.i18n import _
from data_access.people import Person
from data_access.schema import ROLES
from data_access.viewer import Viewer

ALL = "all"


class NoSignIn(Exception):
    """A real database, and no sign-in configured: nobody is served."""


class NotSignedIn(Exception):
    """The reader has yet to sign in, or her sign-in has ended."""


def current_reader(*, is_sample: bool) -> tuple[Viewer, str]:
    """The viewer of this rerun, and the language noted for her, empty for none. Raises NoSignIn, NotSignedIn or roles.NoRole."""
    if is_sample:
        return _sample_viewer(), ""
    person = _signed_in()
    return roles.as_viewer(person), person.language


def _signed_in() -> Person:
    if not _sign_in_is_configured():
        raise NoSignIn
    if not st.user.is_logged_in:
        raise NotSignedIn
    subject = people.pseudonym(str(st.user.get("iss")), str(st.user.get("sub")))
    try:
        _note_use(subject)
    except sign_ins.Ended:
        raise NotSignedIn from None
    return roles.person_of(subject)


def _note_use(subject: str) -> None:
    """Keep the sign-in of this browser open. Raises Ended: its cookie may outlive it, in other tabs and elsewhere."""
    now, issued_at = datetime.now(UTC), signed_in_at() or 0
    let_in_at = float(str(st.user.get("auth_time") or issued_at))
    sign_ins.assert_young(let_in_at, now)
    if writes_to("sign_in"):
        sign_ins.seen(appender("sign_in"), subject, issued_at, now)


def sign_in_page() -> NoReturn:
    """Asks to sign in, which leads back to the page that was wanted; whose sign-in has ended is told so, and can leave the provider too."""
    if st.user.is_logged_in:
        st.info(_("Your sign-in has ended. If signing in brings you back here, sign out first."))
        st.button(_("Sign out"), key="sign_out", on_click=st.logout)
    scripts.component("returning")(key="wanted")
    st.button(_("Sign in"), on_click=st.login)
    st.stop()


def signed_in_at() -> float | None:
    """When the provider let this reader in, in seconds; None where nobody signs in."""
    return float(str(st.user.get("iat") or 0)) if _sign_in_is_configured() and st.user.is_logged_in else None


def sign_out_button(subject: str) -> None:
    """Ends this person's sign-ins everywhere; the sample world has none."""
    st.button(_("Sign out"), key="sign_out", on_click=_sign_out, args=(subject,), width="stretch")


def _sign_out(subject: str) -> None:
    GATE.forget(named(st.context.cookies))
    if writes_to("sign_in"):
        sign_ins.end_all(appender("sign_in"), subject, datetime.now(UTC))
    st.logout()


def _sign_in_is_configured() -> bool:
    """Whether there are secrets of a provider, and one for cookies that is none of a manual's examples."""
    try:
        return len(str(st.secrets.get("auth", {}).get("cookie_secret", ""))) >= sign_ins.SHORTEST_COOKIE_SECRET
    except FileNotFoundError:
        return False


def _sample_viewer() -> Viewer:
    state = st.session_state
    if "view_as" not in state:
        role, *countries = st.query_params.get("as", "funder").split(BETWEEN)
        state["view_as"] = role if role in ROLES else "funder"
        state["view_as_countries"] = [c for c in countries if len(c) == 2 and c.isalpha() and c.isupper()]
    for key in ("view_as", "view_as_countries"):
        state[key] = state.get(key, [])  # a widget's value outlives a page change only when it is set again
    scope = tuple(sorted(state.get("view_as_countries", ()))) or None
    return Viewer(state["view_as"], scope if state["view_as"] == "coordinator" else None)


def reader(viewer: Viewer, *, is_sample: bool) -> str:
    """The pseudonym under which exports are logged and counted: in the sample world one per session."""
    if not is_sample:
        return viewer.subject
    return str(st.session_state.setdefault("sample_reader", f"sample {secrets.token_hex(8)}"))


def in_words(viewer: Viewer) -> str:
    """Role and countries of the reader, as she is told on every page."""
    if viewer.role != "coordinator":
        return {"funder": _("you read as a funder"), "steward": _("you read as a steward")}[viewer.role]
    if viewer.host_countries is None:
        return _("you read as a coordinator of all host countries")
    return _("you read as a coordinator of {countries}").format(countries=written.countries(viewer.host_countries))


def sample_switch() -> None:
    """The sample world's "view as" switch; it does not exist on a real database."""
    st.markdown(
        strong(_("View as")),
        help=_("Only in the sample world. On a real database the role comes with sign-in."),
    )
    names = {"funder": _("Funder"), "coordinator": _("Coordinator"), "steward": _("Steward")}
    st.selectbox(_("Role"), ROLES, key="view_as", format_func=lambda role: names[role], label_visibility="collapsed")
    if st.session_state["view_as"] == "coordinator":
        everywhere = read(queries.choices.initiatives_of("country", Viewer("steward", None)))["value"].unique()
        st.multiselect(
            _("Coordinator of"),
            sorted(everywhere, key=written.country_key),
            key="view_as_countries",
            format_func=written.country,
            placeholder=_("All host countries"),
            select_all=False,
        )
