"""The form by which a reader makes a key for live tables, and the key, shown once."""

from __future__ import annotations

import streamlit as st

from dashboard.page import forms
from dashboard.page.blocks import Report
from dashboard.screen.draw import Screen, draw
from dashboard.screen.markdown import plain
from data_access.i18n import _


@draw.register
def _key_form(block: forms.KeyForm, _screen: Screen, _report: Report) -> tuple[str, int] | None:
    with st.form("live_key", border=True, clear_on_submit=True):
        left, right = st.columns([3, 1])
        name = left.text_input(_("What the key is for"), placeholder=_("the spreadsheet, the machine it is on"))
        days = right.number_input(_("Good for days"), min_value=1, max_value=block.most_days, value=90)
        is_asked = st.form_submit_button(_("Make a key"), type="primary", icon=":material/key:")
    return (name, int(days)) if is_asked else None


@draw.register
def _shown(block: forms.Shown, _screen: Screen, _report: Report) -> None:
    st.success(plain(block.said), icon=":material/key:")
    st.code(block.text, language=None, wrap_lines=True)
