"""Blocks -> widgets: how each kind of block looks in the browser, and what a reader answers there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from functools import partial, singledispatch
from typing import Any

import pandas as pd
import pydeck as pdk
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.layout_utils import WidthWithoutContent
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer
from streamlit.navigation.page import StreamlitPage

from dashboard.page import blocks
from dashboard.page.blocks import Block, Report, Table
from dashboard.page.visit import Visit
from dashboard.page.walk import answered
from dashboard.screen import clicks, figures, file_buttons, lists, plots, tables, texts
from dashboard.screen.markdown import plain, strong
from dashboard.words import columns, terms
from data_access.filters import joined
from data_access.i18n import _

MAP_HEIGHT = 460
ROWS_WIDTH, ROWS_BESIDE = 460, 1.2
MOST_WORDS = 25


@dataclass(frozen=True)
class Screen:
    """The browser of one reader, as a surface to walk a page on. `pages`: what the frame can go to, by file."""

    visit: Visit
    pages: Mapping[str, StreamlitPage]
    places: dict[str, DeltaGenerator] = field(default_factory=dict)

    def show(self, block: Block, report: Report) -> Any:
        """Draw a block; its answer."""
        return draw(block, self, report)

    def columns(self, block: blocks.Beside) -> Sequence[AbstractContextManager]:
        """Columns to draw into, one per column of blocks. Above those of how the page counts is room for its answer, beside them
        for the choice of a figure whose rows are wanted."""
        if not isinstance(block, blocks.Reading):
            return st.columns(block.widths or len(block.columns), gap=block.gap)
        self.places["answer"] = st.container()
        with st.container(key="reading"):
            *own, self.places["rows"] = st.columns([*(block.widths or [1] * len(block.columns)), ROWS_BESIDE], gap=block.gap,
                                                   vertical_alignment="bottom")  # fmt: skip
        return own


@singledispatch
def draw(block: Block, _screen: Screen, _report: Report) -> Any:
    """Draw one block of a report on a reader's screen; its answer. Raises TypeError for a kind that has no look."""
    raise TypeError(f"{type(block).__name__} has no look on the screen.")


@draw.register
def _title(block: blocks.Title, _screen: Screen, _report: Report) -> None:
    st.title(plain(block.text), anchor=False)


@draw.register
def _caption(block: blocks.Caption | blocks.Remark, _screen: Screen, _report: Report) -> None:
    texts.note(block.text)


@draw.register
def _sentence(block: blocks.Sentence, _screen: Screen, _report: Report) -> None:
    texts.sentence(block.text)


@draw.register
def _hint(block: blocks.Hint, _screen: Screen, _report: Report) -> None:
    st.info(plain(block.text))


@draw.register
def _summary(block: blocks.Summary, screen: Screen, _report: Report) -> None:
    with screen.places.pop("answer", nullcontext()):
        texts.answer(block.sentence)
        figures.draw(block.figures)


@draw.register
def _figures(block: blocks.Figures, _screen: Screen, _report: Report) -> None:
    figures.draw(block.figures)


@draw.register
def _glance(block: blocks.Glance, _screen: Screen, _report: Report) -> None:
    figures.glance(block.title, block.lines, is_missing=block.is_missing)


@draw.register
def _chart(block: blocks.Chart, screen: Screen, report: Report) -> None:
    """A titled chart or map and, made when somebody opens it, its rows as a table that can be exported.

    The table is also what remains where a browser has no WebGL for maps.
    """
    if block.rows.empty:
        _table(block, screen, report)
        return
    _heading(block, report)
    react: Any = clicks.reaction(block)
    key = f"chart_{block.key}"
    if isinstance(block.picture, pdk.Deck):
        with nullcontext() if block.narrow is None else st.container(key=f"wide_{block.key}"):
            st.pydeck_chart(block.picture, key=key, height=MAP_HEIGHT, alt=block.alt, on_select=react or "ignore")
        if block.narrow is not None:
            with st.container(key=f"phone_{block.key}"):
                plots.draw(block.narrow, None, f"{key}_narrow", block.alt)
    else:
        rows = block.choice_of_rows if block.opens == "rows" else None
        plots.draw(block.picture, block.narrow, key, block.alt, react, clicks.chosen(block), rows)
    if block.marked:
        texts.note(block.marked)
    title = _("Table and export: {title}").format(title=plain(block.title))
    below = _unfolds(title, block)
    if below.open:
        with below:
            _rows(block, screen, report)


@draw.register
def _table(block: Table, screen: Screen, report: Report) -> None:
    _heading(block, report)
    _rows(block, screen, report)


@draw.register
def _folded(block: blocks.Folded, screen: Screen, report: Report) -> None:
    below = _unfolds(plain(block.table.title), block.table)
    if below.open:
        with below:
            if block.table.note:
                texts.note(block.table.note)
            _rows(block.table, screen, report)


def _unfolds(title: str, table: Table) -> ExpanderContainer:
    """What opens to show the rows of a table; it stays open when a choice changes its title."""
    key = f"rows_{table.key}"
    st.session_state[key] = st.session_state.get(key, False)
    return st.expander(title, key=key, on_change="rerun")


@draw.register
def _glossary(block: blocks.Glossary, _screen: Screen, report: Report) -> None:
    _heading(block.table, report)
    presented = columns.presented(block.table.rows, block.table.key)
    if presented.empty:
        texts.note(_("Nothing holds these words."))
        return
    st.table(_leaf(presented, block.table.key).map(plain).set_index(presented.columns[0]))


def _leaf(presented: pd.DataFrame, key: str) -> pd.DataFrame:
    """Of a long glossary the words between two of them, which a reader chooses; the table itself has all."""
    if len(presented) <= MOST_WORDS:
        return presented
    leaves = {first: presented.iloc[first : first + MOST_WORDS] for first in range(0, len(presented), MOST_WORDS)}
    names = {first: f"{leaf.iloc[0, 0]} … {leaf.iloc[-1, 0]}" for first, leaf in leaves.items()}
    chosen = st.selectbox(
        _("Words between"), list(leaves), key=f"leaf_{key}", format_func=names.__getitem__, width=ROWS_WIDTH
    )
    return leaves[chosen]


@draw.register
def _selectable(block: blocks.Selectable, screen: Screen, report: Report) -> int | None:
    _heading(block.table, report)
    return _rows(block.table, screen, report, selectable=True)


def _heading(shown: Table, report: Report) -> None:
    """A title one level below the page's answer, or below its title where there is none."""
    texts.heading(shown.title, shown.note, level=3 if report.answer else 2)


def _rows(shown: Table, screen: Screen, report: Report, *, selectable: bool = False) -> int | None:
    """The rows of a table and their files; the place of the chosen one where they are `selectable`."""
    if shown.rows.empty:
        texts.note(_("None recorded."))
        return None
    chosen = None
    if selectable:
        chosen = tables.choose(shown)
    else:
        tables.draw(shown, screen.visit)
    file_buttons.of_table(screen.visit, report, shown)
    return chosen


@draw.register
def _choice(block: blocks.Choice, screen: Screen, _report: Report) -> Any:
    """A selectbox; a choice that is gone, such as a pair that was just answered, gives way to the default. What opens rows says
    so in its place for a choice, and takes no more room."""
    is_of_rows = isinstance(block, blocks.Rows)
    state = _adopted(block, block.key if is_of_rows else f"page_{block.key}")
    place = screen.places.pop("rows", None) if is_of_rows else None
    width: WidthWithoutContent = ROWS_WIDTH if is_of_rows and not place else "stretch"
    with place or nullcontext():
        listed = lists.offered(block.label, block.names, state, width=width)
        chosen = st.selectbox(
            block.label,
            list(listed),
            index=None if is_of_rows else 0,
            key=state,
            placeholder=block.label,
            format_func=listed.__getitem__,
            label_visibility="collapsed" if is_of_rows else "visible",
            width=width,
        )
    return _noted(block, chosen, screen)


@draw.register
def _part(block: blocks.Part, screen: Screen, report: Report) -> Any:
    chosen = st.segmented_control(
        _("Part of this page"),
        list(block.names),
        required=True,
        key=_adopted(block, f"part_{report.page}"),
        format_func=block.names.__getitem__,
        label_visibility="collapsed",
    )
    return _noted(block, chosen, screen)


def _adopted(block: blocks.Choice, state: str) -> str:
    """The key of the session's choice, which a link may ask for, once; what is not on offer gives way to the default."""
    asked = st.session_state.get("asked_own", {})
    if block.key in asked and asked[block.key] in block.names:
        st.session_state[state] = asked.pop(block.key)
    elif "adopts" in st.session_state:
        st.session_state[state] = block.default
    if st.session_state.get(state) not in block.names:
        st.session_state[state] = block.default
    return state


def _noted(block: blocks.Choice, chosen: Any, screen: Screen) -> Any:
    """Note a choice for the link; only what differs from the default."""
    if chosen != block.default:
        screen.visit.own[block.key] = str(chosen)
    return chosen


def _asked_once(key: str) -> str | None:
    """What a link asks of a block of the page, once; empty where it asks for other things alone."""
    nothing = "" if "adopts" in st.session_state else None
    return st.session_state.get("asked_own", {}).pop(key, nothing)


@draw.register
def _several(block: blocks.Several, screen: Screen, _report: Report) -> list[str]:
    state = f"page_{block.key}"
    if (asked := _asked_once(block.key)) is not None:
        st.session_state[state] = answered(block, asked)
    st.session_state[state] = [name for name in st.session_state.get(state, []) if name in block.names]
    listed = lists.offered(block.label, block.names, state)
    chosen = st.multiselect(
        block.label,
        list(listed),
        key=state,
        format_func=listed.__getitem__,
        placeholder=_("none"),
        select_all=False,
    )
    if chosen:
        screen.visit.own[block.key] = joined(chosen)
    return chosen


@draw.register
def _day(block: blocks.Day, screen: Screen, _report: Report) -> str:
    state = f"page_{block.key}"
    first, default = date.fromisoformat(block.first), date.fromisoformat(block.default)
    if (asked := _asked_once(block.key)) is not None:
        st.session_state[state] = date.fromisoformat(answered(block, asked))
    if st.session_state.get(state, default) < first:
        st.session_state[state] = default
    st.session_state.setdefault(state, default)
    chosen = st.date_input(block.label, key=state, min_value=first, format="YYYY-MM-DD")
    if chosen != default:
        screen.visit.own[block.key] = chosen.isoformat()
    return chosen.isoformat()


@draw.register
def _number(block: blocks.Number, screen: Screen, _report: Report) -> int:
    state = f"page_{block.key}"
    if (asked := _asked_once(block.key)) is not None:
        st.session_state[state] = answered(block, asked)
    st.session_state.setdefault(state, 0)
    chosen = int(st.number_input(block.label, key=state, step=block.step, format="%d"))
    if chosen:
        screen.visit.own[block.key] = str(chosen)
    return chosen


@draw.register
def _search(block: blocks.Search, _screen: Screen, _report: Report) -> str:
    return st.text_input(block.label, key="page_search", placeholder=block.placeholder)


@draw.register
def _facts(block: blocks.Facts, _screen: Screen, _report: Report) -> None:
    texts.listing(facts=block.lines)


@draw.register
def _points(block: blocks.Points, _screen: Screen, _report: Report) -> None:
    texts.heading(block.title, level=3)
    texts.listing(block.lines)


@draw.register
def _link(block: blocks.Link, screen: Screen, _report: Report) -> None:
    st.page_link(
        screen.pages[block.page],
        label=block.label,
        icon=":material/arrow_back:" if block.is_back else ":material/arrow_forward:",
        query_params=dict(block.parameters) or None,
    )


@draw.register
def _evidence(block: blocks.Evidence, _screen: Screen, _report: Report) -> None:
    """A bar per facet that is known of both, other facts, and what people answered so far."""
    with st.container(border=True):
        st.markdown(f"**{plain(block.headline)}**")
        left, right = st.columns(2)
        with left:
            for name, similarity, text in block.facets:
                said = f"**{plain(name)}**: {plain(text)}"
                if similarity is None:
                    st.markdown(said)
                else:
                    st.progress(similarity, said)
        with right:
            texts.listing(facts=block.facts)
            if block.answers:
                st.markdown(strong(_("Answers so far")))
                texts.listing(facts=block.answers)


@draw.register
def _answer_form(block: blocks.AnswerForm, _screen: Screen, _report: Report) -> tuple[Any, str | None] | None:
    if block.why_not:
        texts.note(block.why_not)
        return None
    with st.form(f"answer_{block.pair}", border=False):
        said = st.segmented_control(
            _("Your answer"), list(block.answers), key=f"said_{block.pair}", format_func=block.answers.__getitem__
        )
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        reason = left.selectbox(
            _("Why is it not a duplicate?"),
            list(block.reasons),
            index=None,
            key=f"why_{block.pair}",
            placeholder=_("only for “not a duplicate”"),
            format_func=block.reasons.__getitem__,
        )
        sent = right.form_submit_button(_("Record the answer"), type="primary", width="stretch")
    if sent and said == "not_a_duplicate" and reason is None:
        st.warning(_("Choose why it is not a duplicate; nothing was recorded yet."))
    elif sent and said is None:
        st.warning(_("Choose an answer first."))
    elif sent and said in block.answers and (reason is None or reason in block.reasons):
        return said, reason
    return None


@draw.register
def _done(_block: blocks.Done, _screen: Screen, _report: Report) -> None:
    if message := st.session_state.pop("done", None):
        st.success(plain(message), icon=":material/check:")


@draw.register
def _start_again(block: blocks.StartAgain, _screen: Screen, _report: Report) -> None:
    st.session_state["done"] = block.message
    st.session_state["decided"] = st.session_state.get("decided", 0) + 1
    st.rerun()


@draw.register
def _templates(block: blocks.Templates, _screen: Screen, _report: Report) -> None:
    texts.heading(
        _("A workbook to fill in"),
        _("Headings in three languages, lists to choose from, one example row per sheet that is never loaded."),
        level=3,
    )
    for column, (code, name) in zip(st.columns(3 * [1] + [2]), block.languages.items(), strict=False):
        column.download_button(
            name,
            data=partial(block.make, code),
            file_name=f"meridian-template-{code}.xlsx",
            mime=file_buttons.XLSX,
            key=f"template_{code}",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )


@draw.register
def _download(block: blocks.Download, _screen: Screen, _report: Report) -> None:
    st.download_button(
        block.label,
        block.content,
        block.name,
        file_buttons.XLSX,
        on_click="ignore",
        icon=":material/download:",
        key=f"file_{block.name}",
    )


@draw.register
def _about(block: blocks.About, screen: Screen, report: Report) -> None:
    with st.expander(_("About these numbers")):
        used = (terms.term(item.term) for item in report.figures)
        texts.listing(block.notes, ((_(term.label), _(term.definition)) for term in used))
    file_buttons.of_page(screen.visit, report)
