"""Tables as one element of ours: plain HTML, in which names are links, long words wrap and columns sort; sent as values, which the
browser writes in the page's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.answers import named
from dashboard.page.blocks import Table
from dashboard.page.visit import Visit
from dashboard.screen import scripts, texts
from dashboard.screen.markdown import plain
from dashboard.words import columns, written
from dashboard.words.columns import Borne
from data_access.i18n import SOURCE, _, language

MOST_SENT = 1_000


def draw(table: Table, visit: Visit) -> None:
    """Draw the rows of a table, or those of a long one that somebody looks for."""
    sent = _sent(table)
    rows = table.rows.iloc[sent.index]
    leads = _leads(table, rows, visit)
    several = [
        _column(table, rows[key], sent[heading], leads, visit)
        for key, heading in zip(rows.columns, sent.columns, strict=True)
    ]
    words = {"alt": table.title, "language": language.get(), "skip": _("Skip this table")}
    data = {"key": table.key, "columns": several} | words
    scripts.component("table")(key=f"table_{table.key}", data=data)


def _leads(table: Table, rows: pd.DataFrame, visit: Visit) -> dict[Borne, Mapping[str, str]]:
    """Where the names in these rows lead, by who bears them: asked once for all columns of a kind."""
    borne = {key: columns.column(key, table.key).names for key in rows.columns if key not in table.profiles}
    names = {who: pd.concat([rows[key] for key in borne if borne[key] == who]) for who in borne.values() if who}
    return {who: named.leads(visit, who, found.dropna().unique().tolist()) for who, found in names.items()}


def _column(
    table: Table, values: pd.Series, presented: pd.Series, leads: Mapping[Borne, Mapping[str, str]], visit: Visit
) -> dict[str, Any]:
    """A column's heading and values; a share as exact as it is, so that a small one is not written as none."""
    key = str(values.name)
    known = columns.column(key, table.key)
    sent = values.astype("Float64") if known.kind == "percent" else presented
    if known.kind in ("date", "month"):
        sent = sent.map(lambda day: day.isoformat(), na_action="ignore")
    column = {"heading": presented.name, "help": _(known.definition), "kind": known.kind, "values": _plain(sent)}
    if key in table.profiles:
        bearers = table.profiles[key].loc[values.index]
        return column | {"profile": named.profiles(visit), "bearers": _plain(bearers)}
    if known.names is None:
        return column
    held = leads[known.names]
    return column | {"leads": {name: held[name] for name in values.dropna().unique() if name in held}}


def _plain(values: pd.Series) -> list[object]:
    return values.astype("object").where(values.notna(), None).tolist()


def choose(table: Table) -> int | None:
    """Rows to choose one from, by the box before each, so that nothing is chosen by merely coming there; its place."""
    sent = _sent(table)
    event: Any = st.dataframe(
        sent,
        hide_index=True,
        column_config=_formats(table),
        alt=plain(table.title),
        placeholder="–",
        key=_choice_of(table.key),
        on_select="rerun",
        selection_mode="single-row",
    )
    chosen = [int(sent.index[row]) for row in event["selection"]["rows"] if row < len(sent)]
    return chosen[0] if chosen else None


def _choice_of(key: str) -> str:
    """The name of a table's choice; another one once something was decided, so that the next row is chosen anew."""
    again = st.session_state.get("decided", 0)
    return f"table_{key}_{again}" if again else f"table_{key}"


def _sent(table: Table) -> pd.DataFrame:
    """The rows that the browser is given, as a reader sees them, by their places: of a long table those that are looked for."""
    presented = columns.presented(table.rows, table.key)
    return presented if len(presented) <= MOST_SENT else _searched(presented, table.key)


def _searched(presented: pd.DataFrame, key: str) -> pd.DataFrame:
    """The first rows of a long table, or of those that hold the words somebody looks for; their places are kept."""
    words = st.text_input(_("Find in this table"), key=f"find_{key}", placeholder=_("a name, a country, an activity"))
    found = presented
    for word in words.casefold().split():
        words_of = found.select_dtypes(exclude="number").astype("str")
        found = found[
            words_of.apply(lambda column, w=word: column.str.casefold().str.contains(w, regex=False)).any(axis=1)
        ]
    texts.note(
        _("{shown} of {n} rows that fit are shown here; files hold all {all}.").format(
            shown=written.number(min(MOST_SENT, len(found))),
            n=written.number(len(found)),
            all=written.number(len(presented)),
        )
    )
    return found.head(MOST_SENT)


FORMATS = {
    "integer": partial(st.column_config.NumberColumn, format="localized"),
    "money": partial(st.column_config.NumberColumn, format="localized", step=0.01),
    "decimal": partial(st.column_config.NumberColumn, format="localized"),
    "rate": partial(st.column_config.NumberColumn, format="%.2f"),
    "exchange": partial(st.column_config.NumberColumn, format="%.4f"),
    "percent": partial(st.column_config.NumberColumn, format="percent"),
}
DAYS = {"month": ("MMM YYYY", "MM.YYYY"), "date": ("D MMM YYYY", "DD.MM.YYYY")}
"""How days look in English, and in every other language: Streamlit knows no names of months but the English."""


def _formats(table: Table) -> dict:
    known = {columns.heading(key, table.key): columns.column(key, table.key) for key in table.rows.columns}
    return {heading: _format(column.kind)(help=_(column.definition)) for heading, column in known.items()}


def _format(kind: str) -> Callable[..., Any]:
    if kind in DAYS:
        return partial(st.column_config.DateColumn, format=DAYS[kind][language.get() != SOURCE])
    return FORMATS.get(kind, st.column_config.Column)
