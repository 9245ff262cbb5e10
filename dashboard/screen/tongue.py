"""In which language a reader reads: what she or a link chose, what is noted for her, or her browser's; and the switch."""

from __future__ import annotations

import streamlit as st

from dashboard.page import links
from data_access.i18n import SOURCE, _, language, languages, spoken

CHOSEN, SWITCH, NOTED = "chosen_language", "language_switch", "noted_language"


def speak() -> None:
    """From now on, in this rerun, every text is in the reader's language."""
    state = st.session_state
    if (asked := spoken(st.query_params.get(links.LANGUAGE))) and asked != state.get("written_language"):
        state[CHOSEN] = state["written_language"] = asked
    language.set(state.get(CHOSEN) or state.get(NOTED) or spoken(st.context.locale) or SOURCE)


def prefer(noted: str) -> None:
    """The language noted for this person goes before her browser's; what she chooses goes before both."""
    st.session_state[NOTED] = spoken(noted)
    before = language.get()
    speak()
    if language.get() != before:
        st.rerun()


def chosen() -> str:
    """The language this reader chose herself, empty while it follows her browser."""
    return st.session_state.get(CHOSEN, "")


def switch() -> None:
    """The languages there are, each by its own name."""
    st.session_state[SWITCH] = language.get()
    st.segmented_control(
        _("Language"),
        list(languages()),
        required=True,
        key=SWITCH,
        format_func=str.upper,
        help=None,
        label_visibility="collapsed",
        on_change=_choose,
    )


def _choose() -> None:
    st.session_state[CHOSEN] = st.session_state["written_language"] = st.session_state[SWITCH]
