"""Buttons under tables and pages: one per kind of file, whose bytes are made, and logged, when one is pressed."""

from __future__ import annotations

import contextvars
from collections.abc import Sequence
from functools import partial
from typing import Literal
from urllib.parse import parse_qsl

import streamlit as st

from dashboard.download_gate import GATE, named
from dashboard.files import brief as two_pages
from dashboard.files import formats, gate
from dashboard.files.gate import Asked, Made
from dashboard.page.blocks import Report, Table
from dashboard.page.visit import Visit, open_visit
from dashboard.screen import scripts, texts
from data_access.i18n import N_, _, language
from data_access.saved_views import SavedView

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OF_A_TABLE = tuple(formats.FORMATS.values())
OF_A_PAGE = tuple(formats.SEVERAL_CSV if form.ending == "csv" else form for form in OF_A_TABLE)


def of_table(visit: Visit, report: Report, table: Table) -> None:
    """The files of one table."""
    _buttons(visit, report.page, table.key, table.key, lambda: (report, [table]), is_live=table.is_live)


def of_page(visit: Visit, report: Report) -> None:
    """The files of all parts of a page, and the brief of what it shows."""

    def of_brief() -> tuple[Report, Sequence[Table]]:
        made = two_pages.contents(visit, report)
        return made, made.tables

    make = partial(gate.whole_page, visit, report.page, dict(visit.own))
    _buttons(visit, report.page, "page", "page", make, is_live=report.is_live, brief=of_brief)


def of_pack(visit: Visit, views: Sequence[SavedView]) -> None:
    """The board pack of a reader's views: for whoever sees no live case, whose exact figures leave page by page, each for a
    reason."""
    if gate.why_not_now(visit):
        return
    made: list[tuple[Visit, Report]] = []

    def make() -> tuple[Report, Sequence[Table]]:
        made[:] = [two_pages.of_link(visit.viewer, view.page, dict(parse_qsl(view.query))) for view in views]
        open_visit(visit)
        tables = [table for _own, report in made for table in report.tables]
        return Report("views", _("Board pack"), tables=tables), tables

    pack = formats.Format(
        "html", N_("Board pack of all views"), "text/html", lambda *asked: two_pages.pack(made, asked[2])
    )
    _button(visit, "pack", Asked("views", "pack", pack), make)


def _buttons(
    visit: Visit,
    page: str,
    key: str,
    what: str,
    make: Made,
    *,
    is_live: bool,
    brief: Made | None = None,
) -> None:
    """A menu of the files, or why there are none; exact figures of live cases need a reason first.

    `make` gives the report and the tables that go into the file, `brief` those of the brief, which stands beside the menu
    where it needs no reason.
    """
    if why_not := gate.why_not_now(visit):
        texts.note(why_not)
        return
    places = st.container(horizontal=True)
    name = _("Files") if brief is None else _("Files of the whole page")
    menu = places.popover(name, icon=":material/download:", key=f"files_{key}", on_change="rerun")
    if brief is not None:
        with places:
            _copy_link(visit)
    if brief is not None and not is_live:
        with places:
            _button(visit, key, Asked(page, "brief", two_pages.FORMAT), brief, width="content")
    if not menu.open:
        return
    with menu:
        reason = None
        if is_live:
            reasons = gate.reason_names()
            reason = st.selectbox(
                _("Why exact figures of live cases leave"), list(reasons), index=None, key=f"reason_{key}",
                placeholder=_("choose a reason, it is logged"), format_func=reasons.__getitem__,
            )  # fmt: skip
            if reason is None:
                return
        for form in OF_A_TABLE if brief is None else OF_A_PAGE:
            _button(visit, key, Asked(page, what, form, reason), make)
        if brief is not None and is_live:
            _button(visit, key, Asked(page, "brief", two_pages.FORMAT, reason), brief)


def _copy_link(visit: Visit) -> None:
    """The button that copies the address; its script does what else a page does beside its content."""
    said = {"label": _("Copy link"), "done": _("Copied"), "language": language.get(), "part": visit.own.get("part", "")}
    scripts.component("frame")(key="copy_link", data=said, width="content")


def _button(visit: Visit, key: str, asked: Asked, make: Made, width: Literal["stretch", "content"] = "stretch") -> None:
    form = asked.form
    name = f"meridian-{asked.page}-{asked.what}.{form.ending}"

    def made_for_this_browser(browser: str = named(st.context.cookies)) -> bytes:
        content = gate.hand_over(visit, asked, make)
        GATE.made(content, form.mime, name, browser)
        return content

    st.download_button(
        _(form.name),
        data=partial(contextvars.copy_context().run, made_for_this_browser),
        file_name=name,
        mime=form.mime,
        key=f"{form.ending}_{key}",
        on_click="ignore",
        icon=":material/download:",
        width=width,
    )
