"""The form by which a reader says that a record is wrong."""

from __future__ import annotations

import streamlit as st

from dashboard.page import forms
from dashboard.page.blocks import Report
from dashboard.screen import lists, texts
from dashboard.screen.draw import Screen, draw
from data_access.i18n import _


@draw.register
def _contest_form(block: forms.ContestForm, _screen: Screen, _report: Report) -> tuple[str, str] | None:
    """Folded: most readers come to read."""
    with st.expander(_("Something here is wrong")), st.form("contest", border=False):
        left, right = st.columns(2)
        records = lists.told_apart(block.records, block.records)
        record = left.selectbox(_("What it is about"), list(records), format_func=records.__getitem__, key="contested")
        kind = right.selectbox(
            _("What is wrong"), list(block.kinds), format_func=block.kinds.__getitem__, key="contest_kind"
        )
        texts.note(_("A steward sees it with your reference and settles it. Nobody else sees who said it."))
        is_said = st.form_submit_button(_("Say so"), icon=":material/flag:")
    return (record, kind) if is_said else None
