"""In which language a reader reads: what she chose, what a link asks for, or her browser's; and the switch between them."""

from __future__ import annotations

import streamlit as st

from dashboard.page import links
from data_access.i18n import SOURCE, _, language, languages, spoken

CHOSEN, SWITCH = "chosen_language", "language_switch"


def speak() -> None:
    """From now on, in this rerun, every text is in the reader's language."""
    state = st.session_state
    if (asked := spoken(st.query_params.get(links.LANGUAGE))) and asked != state.get("written_language"):
        state[CHOSEN] = state["written_language"] = asked
    language.set(state.get(CHOSEN) or spoken(st.context.locale) or SOURCE)


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
