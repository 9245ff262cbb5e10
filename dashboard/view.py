"""Widgets that pages share. Each draws and records into the visit's report, so that exports equal the screen."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Sequence

import pandas as pd
import plotly.graph_objects as go
import pydeck as pdk
import streamlit as st

from dashboard import export, labels
from dashboard.i18n import _
from dashboard.report import Figure, Report, Table
from dashboard.visit import Visit, current

CHART_CONFIG = {"displayModeBar": False, "responsive": True}


def begin(page: str, title: str, applies: Sequence[str] = ()) -> Visit:
    """Open a page: heading, the filters as a sentence, and which of them do not apply here. Returns the visit.

    Raises NoVisit when the page is run without the frame.
    """
    visit = current()
    visit.report = Report(page, title=title)
    st.title(plain(title), anchor=False)
    _say_what_does_not_apply(visit, applies)
    return visit


def plain(text: str) -> str:
    """Text from the database or a computed sentence, with every Markdown sign made harmless."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+!|~$:" else c for c in text)


def _say_what_does_not_apply(visit: Visit, applies: Sequence[str]) -> None:
    names = {
        "host_countries": _("host country"),
        "activities": _("activity"),
        "audiences": _("audience"),
        "funders": _("funder"),
        "period": _("period"),
    }
    filters = visit.filters
    is_set = {field: bool(getattr(filters, field, ())) for field in names if field != "period"}
    is_set["period"] = bool(filters.since or filters.until)
    idle = [names[field] for field in names if is_set[field] and field not in applies]
    if idle:
        note = _("Does not apply on this page: {filters}.").format(filters=", ".join(idle))
        visit.report.notes.append(note)
        st.caption(note)


def answer(sentence: str) -> None:
    """The page's computed one-sentence answer."""
    current().report.answer = sentence
    st.markdown(f"##### {plain(sentence)}")


def figures(items: Sequence[Figure]) -> None:
    """A row of KPIs: value, comparison in words, coverage, and the definition behind the question mark."""
    current().report.figures.extend(items)
    for column, item in zip(st.columns(len(items)), items, strict=True):
        term = labels.TERMS[item.term]
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(plain(_(term.label)), item.shown, help=plain(_(term.definition)))
            st.caption(" · ".join(plain(text) for text in (item.comparison, item.coverage) if text) or "\u00a0")


def chart(
    key: str,
    title: str,
    figure: go.Figure,
    rows: pd.DataFrame,
    subtitle: str,
    alt: str,
    on_select: Callable[[], None] | None = None,
) -> None:
    """A titled chart, its subtitle, its text alternative and its rows as a table that can be exported."""
    _heading(title, subtitle)
    selecting = {"on_select": on_select, "selection_mode": "points"} if on_select else {}
    st.plotly_chart(figure, key=f"chart_{key}", config=CHART_CONFIG, alt=alt, **selecting)
    _rows_behind(Table(key, title, rows, subtitle))


def map_of(key: str, title: str, deck: pdk.Deck, rows: pd.DataFrame, subtitle: str, alt: str, on_select: Callable[[], None]) -> None:
    """A titled map with its table; the table is what remains where a browser has no WebGL."""
    _heading(title, subtitle)
    st.pydeck_chart(deck, key=f"chart_{key}", height=460, alt=alt, on_select=on_select, selection_mode="single-object")
    _rows_behind(Table(key, title, rows, subtitle))


def table(key: str, title: str, rows: pd.DataFrame, subtitle: str = "") -> None:
    """A table in the open, with its exports."""
    _heading(title, subtitle)
    _table_and_exports(Table(key, title, rows, subtitle))


def _heading(title: str, subtitle: str) -> None:
    st.subheader(plain(title), anchor=False)
    if subtitle:
        st.caption(plain(subtitle))


def _rows_behind(behind: Table) -> None:
    with st.expander(_("Table and export: {title}").format(title=plain(behind.title))):
        _table_and_exports(behind)


def _table_and_exports(shown: Table) -> None:
    visit = current()
    visit.report.tables.append(shown)
    if shown.rows.empty:
        st.info(_("Nothing is recorded for this choice. Remove a filter to see more."))
        return
    presented = labels.presented(shown.rows)
    st.dataframe(presented, hide_index=True, column_config=_formats(shown.rows), alt=plain(shown.title))
    context, report = contextvars.copy_context(), visit.report
    left, right, _rest = st.columns([1, 1, 4])
    left.download_button(
        _("Excel"),
        data=lambda: context.copy().run(export.workbook, report, [shown]),
        file_name=f"meridian-{report.page}-{shown.key}.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key=f"xlsx_{shown.key}",
        on_click="ignore",
        width="stretch",
    )
    right.download_button(
        _("CSV"),
        data=lambda: context.copy().run(export.comma_separated, report, shown),
        file_name=f"meridian-{report.page}-{shown.key}.csv",
        mime="text/csv",
        key=f"csv_{shown.key}",
        on_click="ignore",
        width="stretch",
    )


def _formats(rows: pd.DataFrame) -> dict:
    kinds = {labels.heading(column): labels.COLUMNS[column] for column in rows.columns}
    made = {
        "integer": lambda help_text: st.column_config.NumberColumn(format="localized", help=help_text),
        "money": lambda help_text: st.column_config.NumberColumn(format="localized", help=help_text),
        "decimal": lambda help_text: st.column_config.NumberColumn(format="%.1f", help=help_text),
        "percent": lambda help_text: st.column_config.NumberColumn(format="percent", help=help_text),
        "month": lambda help_text: st.column_config.DateColumn(format="MMM YYYY", help=help_text),
        "date": lambda help_text: st.column_config.DateColumn(format="D MMM YYYY", help=help_text),
    }
    return {
        heading: made.get(column.kind, lambda help_text: st.column_config.Column(help=help_text))(_(column.definition))
        for heading, column in kinds.items()
    }


def about(*notes: str) -> None:
    """What stands behind the page's numbers: method, exclusions with counts, cut-off and last load."""
    report = current().report
    report.notes.extend(notes)
    with st.expander(_("About these numbers")):
        for note in notes:
            st.markdown(f"- {plain(note)}")
        for item in report.figures:
            term = labels.TERMS[item.term]
            st.markdown(f"- **{plain(_(term.label))}**: {plain(_(term.definition))}")
    context = contextvars.copy_context()
    st.download_button(
        _("Whole page as one workbook"),
        data=lambda: context.copy().run(export.workbook, report, report.tables),
        file_name=f"meridian-{report.page}.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key="xlsx_page",
        on_click="ignore",
        icon=":material/download:",
    )


def link_to(page: str, label: str) -> None:
    """A link to another page of the frame; nothing where there is no frame to go to (command line)."""
    if target := current().pages.get(page):
        st.page_link(target, label=label, icon=":material/arrow_forward:")


def choose_country(chart_key: str) -> Callable[[], None]:
    """A callback for a chart or map: the chosen country becomes the host-country filter."""

    def apply() -> None:
        selection = st.session_state[f"chart_{chart_key}"]["selection"]
        points = [point.get("customdata") for point in selection.get("points", [])]
        points += [item.get("place") for items in selection.get("objects", {}).values() for item in items]
        codes = [value[0] if isinstance(value, list) else value for value in points]
        chosen = [code for code in codes if isinstance(code, str) and len(code) == 2]
        if chosen:
            st.session_state["filter_country"] = chosen[:1]

    return apply


def is_dark() -> bool:
    """The reader's theme at this rerun, for what cannot follow it by itself (maps)."""
    return getattr(st.context.theme, "type", "light") == "dark"
