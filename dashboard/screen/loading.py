"""How a steward's file is sent, read and loaded in the browser: the form, its columns, its values, and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.page import forms
from dashboard.page.blocks import (
    Report,
)
from dashboard.page.forms import (
    Sent,
)
from dashboard.screen import texts
from dashboard.screen.draw import Screen, draw
from dashboard.screen.markdown import plain, strong
from dashboard.upload_gate import GATE
from dashboard.words import written
from data_access.disclosure import Impossible
from data_access.i18n import _, ngettext
from data_access.importers.records import Unreadable
from data_access.protected_year import PublicationRefused

NOT_KNOWN = "-"


@draw.register
def _file_form(block: forms.FileForm, _screen: Screen, _report: Report) -> Sent | None:
    if block.why_not:
        st.info(plain(block.why_not))
        return None
    if (run := get_script_run_ctx()) is not None:
        GATE.open_for(run.session_id)
    left, right = st.columns(2)
    source = left.selectbox(
        _("Source"),
        block.sources,
        index=None,
        key="file_source",
        accept_new_options=True,
        placeholder=_("choose, or write a new one"),
    )
    stated = right.selectbox(_("Format"), list(block.formats), key="file_format", format_func=block.formats.__getitem__)
    sent = st.file_uploader(
        _("Files that belong together, up to 50 MB each"), accept_multiple_files=True, key="file_sent"
    )
    with st.expander(_("Special cases")):
        is_snapshot = st.checkbox(_("The file is all there is: take out what is not in it"), key="file_snapshot")
        counts_both = st.checkbox(
            _("Somebody looked: what is there already is other money, or other cases; count both"), key="file_both"
        )
        is_confirmed = st.checkbox(
            _("Somebody looked: load the file although its own total does not add up"), key="file_total"
        )
        discloses = st.checkbox(
            _("Whom it concerns has agreed: what was not to be known may become visible"), key="file_discloses"
        )
    if not source or not sent:
        texts.note(_("Choose a source and at least one file."))
        return None
    contents = [(file.name, file.getvalue()) for file in sent]
    return Sent(source, contents, stated or None, is_snapshot=is_snapshot, counts_both=counts_both,
                is_total_confirmed=is_confirmed, discloses=discloses)  # fmt: skip


@draw.register
def _column_form(block: forms.ColumnForm, _screen: Screen, _report: Report) -> tuple[str, dict[str, str]]:
    """A choice per column, beside its heading and what stands in it; the choices of one table end with it."""
    if block.is_needed:
        texts.heading(
            _("Which column is which?"),
            _(
                "This table is in no format known here. What could be told from headings and content is chosen already; "
                "correct it, or leave columns out. It is kept for the source's next file."
            ),
            level=3,
        )
        return _columns(block)
    with st.expander(_("Which column is which")):
        return _columns(block)


def _columns(block: forms.ColumnForm) -> tuple[str, dict[str, str]]:
    stamp = _stamp([heading for kind in block.kinds.values() for heading, _examples, _what in kind.columns])
    kind = next(iter(block.kinds))
    if len(block.kinds) > 1:
        kind = st.radio(
            _("The table lists"),
            list(block.kinds),
            key=f"file_kind_{stamp}",
            format_func=lambda name: block.kinds[name].name,
            horizontal=True,
        )
    chosen = block.kinds[kind]
    said: dict[str, str] = {}
    with st.container(border=True, gap="xsmall"):
        for number, (heading, examples, what) in enumerate(chosen.columns):
            left, right = st.columns([3, 2], vertical_alignment="center", gap="small")
            left.markdown(f"**{plain(heading)}** · {plain(examples)}" if examples else f"**{plain(heading)}**")
            options = ["", *chosen.fields]
            said[heading] = right.selectbox(
                _("What “{heading}” is").format(heading=heading),
                options,
                index=options.index(what),
                key=f"file_column_{stamp}_{kind}_{number}",
                format_func=lambda one: chosen.fields.get(one, _("leave out")),
                label_visibility="collapsed",
            )
    return kind, said


@draw.register
def _value_form(block: forms.ValueForm, _screen: Screen, _report: Report) -> dict[str, dict[str, str]]:
    """A field per text that cannot be read, with the reason; what is left empty stays refused."""
    texts.heading(
        _("Not understood"),
        _(
            "Write how each is to be read; a dash (–) means that it is not known. Rows with what stays empty are not loaded."
        ),
        level=3,
    )
    is_unknown = st.checkbox(_("Take everything that stays empty here as not known, and load the rest of its row"))
    said: dict[str, dict[str, str]] = {}
    with st.container(border=True, gap="xsmall"):
        for fault in block.faults:
            rows = ngettext("{n} row", "{n} rows", fault.rows).format(n=written.number(fault.rows))
            left, right = st.columns([3, 2], vertical_alignment="center", gap="small")
            left.markdown(f"**{plain(fault.name)}: {plain(fault.value)}** · {rows} · {plain(fault.message)}")
            if read_as := _read_as(right, fault) or (NOT_KNOWN if is_unknown else None):
                said.setdefault(fault.what, {})[fault.value] = read_as
    return said


def _read_as(place: Any, fault: forms.Fault) -> str | None:
    label = _("Read “{value}” as").format(value=fault.value)
    key = f"file_value_{_stamp([fault.what, fault.value])}"
    if fault.options is None:
        return place.text_input(label, key=key, placeholder=_("read as …"), label_visibility="collapsed")
    names: Mapping[str, str] = {NOT_KNOWN: _("not known"), **fault.options}
    return place.selectbox(
        label, list(names), index=None, key=key, placeholder=_("read as …"), format_func=names.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip


def _stamp(texts: Sequence[str]) -> str:
    return hashlib.sha256("\x00".join(texts).encode("utf-8", "replace")).hexdigest()[:12]


@draw.register
def _try_or_load(_block: forms.TryOrLoad, _screen: Screen, _report: Report) -> Literal["try", "load"] | None:
    left, right, _rest = st.columns([1, 1, 2])
    tried = left.button(_("Try it, write nothing"), key="file_try", width="stretch")
    loaded = right.button(_("Load it"), key="file_load", type="primary", width="stretch")
    return "load" if loaded else "try" if tried else None


@draw.register
def _confirm(block: forms.Confirm, _screen: Screen, _report: Report) -> bool:
    return st.button(plain(block.label), key="confirm", type="primary", icon=f":material/{block.icon}:")


@draw.register
def _attempt(block: forms.Attempt, _screen: Screen, _report: Report) -> Any:
    place = st.empty()
    with place.status(_("Reading …")) as status:
        try:
            done = block.load(lambda said: status.update(label=plain(said)))
        except (Unreadable, PublicationRefused, Impossible) as refusal:
            done, said = None, str(refusal)
    if done is None:
        place.error(" ".join((strong(_("Refused; nothing was changed.")), plain(said))), icon=":material/block:")
        return None
    place.success(_("Done"), icon=":material/check:")
    return done
