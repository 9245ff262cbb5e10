"""A reader's own named views, in the sidebar: open one, keep the present one, forget one."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.page import links
from dashboard.page.reading import appender, keeps_now
from dashboard.page.visit import Visit
from dashboard.screen import file_buttons, filter_bar, texts
from dashboard.words import written
from data_access import saved_views
from data_access.i18n import _
from data_access.saved_views import SavedView


def draw(visit: Visit, page: str, targets: Iterable[StreamlitPage]) -> None:
    """The views of this reader; nothing where the server keeps none. `targets`: the pages a view can be of."""
    if not keeps_now("saved_view"):
        return
    kept = {found.name: found for found in saved_views.views_of(appender("saved_view"), visit.viewer.subject)}
    if (asked := st.session_state.pop("view_asked", None)) in kept:
        _open(targets, kept[asked])
    with st.expander(_("Saved views")):
        if kept:
            if st.session_state.get("saved_view") not in kept:
                st.session_state["saved_view"] = None
            name = st.selectbox(_("View"), list(kept), index=None, key="saved_view", placeholder=_("choose"))
            left, right = st.columns(2)
            left.button(
                _("Open"), key="open_view", disabled=name is None, width="stretch", on_click=_ask_for, args=(name,)
            )
            right.button(
                _("Forget"),
                key="forget_view",
                disabled=name is None,
                width="stretch",
                on_click=_forget,
                args=(visit, name),
            )
        if len(kept) > 1 and not (visit.viewer.sees_cases and visit.has_cases):
            file_buttons.of_pack(visit, list(kept.values()))
        st.text_input(_("Name for the view shown now"), key="view_name", max_chars=saved_views.LONGEST_NAME)
        st.button(_("Keep this view"), key="keep_view", on_click=_keep, args=(visit, page), width="stretch")
        if said := st.session_state.pop("view_said", None):
            texts.note(said)


def _ask_for(name: str | None) -> None:
    st.session_state["view_asked"] = name
    filter_bar.forget_choices()


def _open(targets: Iterable[StreamlitPage], kept: SavedView) -> None:
    target = next((found for found in targets if found.url_path == kept.page), None)
    if target is not None:
        st.switch_page(target, query_params=dict(parse_qsl(kept.query)))


def _keep(visit: Visit, page: str) -> None:
    asked = {key: value for key, value in links.parameters(visit).items() if key != "as"}
    try:
        wanted = SavedView(st.session_state.get("view_name", "").strip(), page, urlencode(asked))
    except ValueError:
        st.session_state["view_said"] = _("Not kept: it needs a name, and at most 400 signs of choices.")
        return
    try:
        saved_views.keep(appender("saved_view"), visit.viewer.subject, wanted)
    except saved_views.TooMany:
        said = _("Not kept: there are {n} views already. Forget one first.")
        st.session_state["view_said"] = said.format(n=written.number(saved_views.MOST_VIEWS))
        return
    st.session_state["view_said"] = _("Kept: {name}.").format(name=wanted.name)


def _forget(visit: Visit, name: str | None) -> None:
    if name:
        saved_views.forget(appender("saved_view"), visit.viewer.subject, name)
