"""The form by which a steward gives, changes and takes roles."""

from __future__ import annotations

import streamlit as st

from dashboard.page import forms
from dashboard.page.blocks import (
    Report,
)
from dashboard.page.forms import (
    Decision,
)
from dashboard.screen.draw import Screen, draw
from data_access.i18n import _


@draw.register
def _person_form(block: forms.PersonForm, _screen: Screen, _report: Report) -> Decision | None:
    """What is asked is bound to the person: another one has another form, with what she is in it."""
    whose = block.reference[:16] or "new"
    with st.form(f"person_{whose}", border=True):
        reference = block.reference or st.text_input(
            _("Reference of somebody without a role"), placeholder=_("64 signs, as she sees them when she signs in")
        )
        left, middle, right = st.columns(3)
        roles, languages = list(block.roles), list(block.languages)
        role = left.selectbox(
            _("Role"), roles, roles.index(block.role), key=f"role_{whose}", format_func=block.roles.__getitem__
        )
        countries = middle.multiselect(
            _("Host countries of a coordinator"), list(block.places), list(block.countries), key=f"countries_{whose}",
            format_func=block.places.__getitem__, placeholder=_("none"), select_all=False,
        )  # fmt: skip
        spoken = right.selectbox(
            _("Language"),
            languages,
            languages.index(block.spoken),
            key=f"language_{whose}",
            format_func=block.languages.__getitem__,
        )
        buttons = st.container(horizontal=True)
        pressed = {
            "give": buttons.form_submit_button(_("Give this role"), type="primary", icon=":material/person_add:")
        }
        if block.reference:
            pressed["take"] = buttons.form_submit_button(_("Take the role"), icon=":material/person_remove:")
            if block.can_sign_out:
                pressed["sign_out"] = buttons.form_submit_button(_("End all sign-ins"), icon=":material/logout:")
    for what, is_pressed in pressed.items():
        if is_pressed and reference:
            return Decision(what, reference, role, countries, spoken)
    return None
