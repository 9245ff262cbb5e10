"""Widgets that pages share. Each draws and records into the visit's report, so that exports equal the screen."""

from __future__ import annotations

import contextvars
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial, wraps
from typing import Any, Literal, ParamSpec, TypeVar

import pandas as pd
import pydeck as pdk
import streamlit as st

from dashboard import export, exporting, labels, words
from dashboard.exporting import Made
from dashboard.i18n import _
from dashboard.report import Chart, Evidence, Figure, Report, Sent, Summary, Table
from dashboard.visit import Visit, current
from data_access.importers.records import Unreadable

AUTOLINK = re.compile(r":(?=//)|@|\bwww(?=\.)", re.IGNORECASE)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
T = TypeVar("T")
P = ParamSpec("P")
ALL_FORMS = tuple(export.FORMATS.values())
CHART_CONFIG = {"displayModeBar": False}


def drawn(draw: Callable[P, T | None]) -> Callable[P, T | None]:
    """A function that only draws or asks: nothing happens where nothing is drawn (`headless`), and the answer is None.

    Streamlit keeps state of its own even without a browser, so that nothing of it may be called there.
    """

    @wraps(draw)
    def called(*arguments: P.args, **named: P.kwargs) -> T | None:
        return None if current().is_headless else draw(*arguments, **named)

    return called


@drawn
def caption(text: str) -> None:
    """A small grey sentence."""
    st.caption(plain(text))


@drawn
def sentence(text: str) -> None:
    """A sentence of the page."""
    st.markdown(plain(text))


@drawn
def hint(text: str) -> None:
    """A sentence in a box: what to do next."""
    st.info(plain(text))


def side_by_side(
    widths: int | Sequence[float], gap: Literal["small", "large"] = "small"
) -> Sequence[AbstractContextManager]:
    """Columns to write into, one per width."""
    if current().is_headless:
        return [nullcontext() for _width in (range(widths) if isinstance(widths, int) else widths)]
    return st.columns(widths, gap=gap)


def begin(page: str, title: str, applies: Sequence[str] = ()) -> Visit:
    """Open a page: heading, the filters as a sentence, and which of them do not apply here. Returns the visit.

    Raises NoVisit when the page is run without the frame.
    """
    visit = current()
    visit.report = Report(page, title=title)
    _title(title)
    _say_what_does_not_apply(visit, applies)
    return visit


@drawn
def _title(title: str) -> None:
    st.title(plain(title), anchor=False)


def plain(text: str) -> str:
    """Text from the database or a computed sentence, with every Markdown sign made harmless.

    Bare addresses become links even when escaped, so a zero-width space parts them.
    """
    parted = AUTOLINK.sub(lambda found: found[0] + "\u200b", text)
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+!|~$:" else c for c in parted)


def _say_what_does_not_apply(visit: Visit, applies: Sequence[str]) -> None:
    names = {
        "host_countries": _("host country"),
        "activities": _("activity"),
        "audiences": _("audience"),
        "funders": _("funder"),
        "period": _("period"),
        "scope": _("state-linked programmes"),
    }
    filters = visit.filters
    is_set = {field: bool(getattr(filters, field, ())) for field in names if field not in ("period", "scope")}
    is_set["period"] = bool(filters.since or filters.until)
    is_set["scope"] = filters.include_state_linked
    idle = [names[field] for field in names if is_set[field] and field not in applies]
    place = nullcontext() if visit.is_headless else st.container()
    if idle:
        note = _("Does not apply on this page: {filters}.").format(filters=", ".join(idle))
        visit.report.notes.append(note)
        with place:
            caption(note)


def summary(found: Summary) -> None:
    """The page's computed answer, then its KPIs."""
    current().report.answer = found.sentence
    _answer(found.sentence)
    figures(found.figures)


@drawn
def _answer(text: str) -> None:
    st.markdown(f"##### {plain(text)}")


def figures(items: Sequence[Figure]) -> None:
    """A row of KPIs, each with comparison, coverage and definition."""
    current().report.figures.extend(items)
    _draw_figures(items)


@drawn
def _draw_figures(items: Sequence[Figure]) -> None:
    for column, item in zip(st.columns(len(items)), items, strict=True):
        term = labels.TERMS[item.term]
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(plain(_(term.label)), item.shown, help=plain(_(term.definition)))
            st.caption(" · ".join(plain(text) for text in (item.comparison, item.coverage) if text) or "\u00a0")


def chart(shown: Chart) -> None:
    """A titled chart or map, its subtitle, its text alternative, and its rows as a table that can be exported.

    The table is also what remains where a browser has no WebGL for maps. It is made when somebody opens it.
    """
    if current().is_headless or shown.rows.empty:
        table(shown)
        return
    _begin_table(shown)
    key: str = f"chart_{shown.key}"
    react: Any = shown.on_select or "ignore"
    if isinstance(shown.picture, pdk.Deck):
        st.pydeck_chart(shown.picture, key=key, height=460, alt=shown.alt, on_select=react)
    else:
        st.plotly_chart(
            shown.picture, key=key, config=CHART_CONFIG, alt=shown.alt, on_select=react, selection_mode="points"
        )
    title = _("Table and export: {title}").format(title=plain(shown.title))
    below = st.expander(title, key=f"rows_{shown.key}", on_change="rerun")
    if below.open:
        with below:
            _rows_and_exports(shown)


def choose(key: str, label: str, names: dict[str, str]) -> Any:
    """A choice of the page itself; the first of `names` is the default. Returns the chosen key.

    A choice that is gone, such as a pair that was just answered, gives way to the default.
    """
    default = next(iter(names))
    if current().is_headless:
        return _asked_headless(key, names, default)
    state = f"page_{key}"
    _adopt(key, state, names)
    if st.session_state.get(state) not in names:
        st.session_state[state] = default
    chosen = st.selectbox(label, list(names), key=state, format_func=names.__getitem__)
    return _own(key, chosen, default)


def part(names: dict[str, str]) -> str:
    """Which part of a long page to show; only that part is computed. The first of `names` is the default."""
    first, visit = next(iter(names)), current()
    visit.parts = list(names)
    if visit.is_headless:
        return str(_asked_headless("part", names, first))
    state = f"part_{visit.report.page}"
    _adopt("part", state, names)
    if st.session_state.get(state) not in names:
        st.session_state[state] = first
    chosen = st.segmented_control(
        _("Part of this page"),
        list(names),
        required=True,
        key=state,
        format_func=names.__getitem__,
        label_visibility="collapsed",
    )
    return str(_own("part", chosen, first))


def open_rows(key: str, label: str, names: dict[str, str]) -> str | None:
    """Which figure's rows to show: chosen here with the keyboard, or by a click in the chart `key`."""
    state = f"open_{key}"
    if current().is_headless:
        return _asked_headless(state, names, None)
    _adopt(state, state, names)
    if st.session_state.get(state) not in names:
        st.session_state[state] = None
    chosen = st.selectbox(
        label, list(names), index=None, key=state, placeholder=_("none"), format_func=names.__getitem__
    )
    return _own(state, chosen, None)


def _asked_headless(key: str, names: dict[str, str], default: Any) -> Any:
    asked = current().own.get(key)
    return asked if asked in names else default


def _adopt(key: str, state: str, names: dict[str, str]) -> None:
    """Take a choice that a link asks for, once; what is not on offer stays with what the link could not have."""
    asked = st.session_state.get("asked_own", {})
    if key in asked and asked[key] in names:
        st.session_state[state] = asked.pop(key)


def _own(key: str, chosen: Any, default: Any) -> Any:
    """Note a choice for the link; only what differs from the default."""
    if chosen != default:
        current().own[key] = str(chosen)
    return chosen


def subject(name: str) -> str:
    """What the page is about, as its address says, such as an initiative's reference."""
    visit = current()
    if not visit.is_headless and name in st.query_params:
        visit.own[name] = st.query_params[name]
    return visit.own.get(name, "")


@drawn
def search(label: str, placeholder: str) -> str:
    """Words to look for; they stay out of the URL, where history and proxies would keep them."""
    return st.text_input(label, key="page_search", placeholder=placeholder)


@drawn
def go_to(page: str, **parameters: str) -> None:
    """Leave for another page of the frame."""
    st.switch_page(current().pages[page], query_params=parameters)


def remark(text: str) -> None:
    """A sentence every reader must see, on the page and in its exports."""
    current().report.notes.append(text)
    caption(text)


@drawn
def lines(facts: Sequence[tuple[str, str]]) -> None:
    """Named facts, one per line."""
    st.markdown("\n".join(f"- **{plain(name)}**: {plain(text)}" for name, text in facts))


@drawn
def evidence(shown: Evidence) -> None:
    """Why a pair is listed: a bar per facet that is known of both, other facts, and what people answered so far."""
    with st.container(border=True):
        st.markdown(f"**{plain(shown.headline)}**")
        left, right = st.columns(2)
        with left:
            for name, similarity, text in shown.facets:
                said = f"**{plain(name)}**: {plain(text)}"
                if similarity is None:
                    st.markdown(said)
                else:
                    st.progress(similarity, said)
        with right:
            lines(shown.facts)
            if shown.answers:
                st.markdown(f"**{_('Answers so far')}**")
                lines(shown.answers)


@drawn
def answer_form(
    pair: str, answers: dict[str, str], reasons: dict[str, str], why_not: str | None
) -> tuple[str, str | None] | None:
    """Ask for an answer on `pair`; `why_not` says instead why this reader cannot give one.

    Returns the answer and its reason once both are there, else None.
    """
    if why_not:
        st.caption(plain(why_not))
        return None
    with st.form(f"answer_{pair}", border=False):
        said = st.segmented_control(
            _("Your answer"), list(answers), key=f"said_{pair}", format_func=lambda answer: answers[answer]
        )
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        reason = left.selectbox(
            _("Why is it not a duplicate?"),
            list(reasons),
            index=None,
            key=f"why_{pair}",
            placeholder=_("only for “not a duplicate”"),
            format_func=lambda reason: reasons[reason],
        )
        sent = right.form_submit_button(_("Record the answer"), type="primary", width="stretch")
    if sent and said == "not_a_duplicate" and reason is None:
        st.warning(_("Choose why it is not a duplicate; nothing was recorded yet."))
    elif sent and said is None:
        st.warning(_("Choose an answer first."))
    elif sent and said in answers and (reason is None or reason in reasons):
        return said, reason
    return None


@drawn
def start_again(message: str) -> None:
    """Draw the page anew and say there, once, what was done."""
    st.session_state["done"] = message
    st.rerun()


@drawn
def files_to_fill(languages: dict[str, str], made: Callable[[str], bytes]) -> None:
    """Downloads of the template, one per language."""
    st.subheader(_("A workbook to fill in"), anchor=False)
    st.caption(_("Headings in three languages, lists to choose from, one example row per sheet that is never loaded."))
    for column, (code, name) in zip(st.columns(3 * [1] + [2]), languages.items(), strict=False):
        column.download_button(
            name,
            data=partial(made, code),
            file_name=f"meridian-template-{code}.xlsx",
            mime=XLSX,
            key=f"template_{code}",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )


@drawn
def file_form(sources: list[str], formats: dict[str, str], why_not: str | None) -> Sent | None:
    """Ask for files of a source; `why_not` says instead why this reader cannot send any.

    Returns what was sent once a button is pressed.
    """
    if why_not:
        st.info(plain(why_not))
        return None
    left, right = st.columns(2)
    source = left.selectbox(
        _("Source"),
        sources,
        index=None,
        key="file_source",
        accept_new_options=True,
        placeholder=_("choose, or write a new one"),
    )
    stated = right.selectbox(_("Format"), list(formats), key="file_format", format_func=lambda name: formats[name])
    sent = st.file_uploader(
        _("Files that belong together, up to 50 MB each"), accept_multiple_files=True, key="file_sent"
    )
    is_snapshot = st.checkbox(_("The file is all there is: take out what is not in it"), key="file_snapshot")
    left, right, _rest = st.columns([1, 1, 3])
    tried = left.button(_("Try it, write nothing"), key="file_try", width="stretch")
    loaded = right.button(_("Load it"), key="file_load", type="primary", width="stretch")
    if not (tried or loaded):
        return None
    if not source or not sent:
        st.warning(_("Choose a source and at least one file first."))
        return None
    contents = [(file.name, file.getvalue()) for file in sent]
    return Sent(source, contents, stated or None, is_snapshot=is_snapshot, dry_run=tried)


@drawn
def attempt(load: Callable[[Callable[[int], None]], T]) -> T | None:
    """Run `load` with a progress line; a refused file becomes its sentence, and nothing was written."""
    with st.status(_("Reading …")) as status:
        try:
            done = load(lambda rows: status.update(label=_("{n} rows read").format(n=words.number(rows))))
        except Unreadable as refusal:
            status.update(label=_("Refused; nothing was loaded"), state="error")
            st.error(plain(str(refusal)))
            return None
        status.update(label=_("Done"), state="complete")
    return done


@drawn
def download(label: str, name: str, content: bytes | None) -> None:
    """A file to take away; nothing where there is none."""
    if content is not None:
        st.download_button(
            label, content, name, XLSX, on_click="ignore", icon=":material/download:", key=f"file_{name}"
        )


@drawn
def say_what_was_done() -> None:
    """The message of the action that drew this page anew, if one did."""
    if message := st.session_state.pop("done", None):
        st.success(plain(message), icon=":material/check:")


def table(shown: Table) -> None:
    """A table in the open, with its exports."""
    _begin_table(shown)
    _rows_and_exports(shown)


def glossary(shown: Table) -> None:
    """A table to read rather than to sort, all of it on the page."""
    _begin_table(shown)
    _draw_glossary(shown)


@drawn
def _draw_glossary(shown: Table) -> None:
    presented = labels.presented(shown.rows)
    st.table(presented.map(plain).set_index(presented.columns[0]))


@drawn
def points(title: str, lines: Sequence[str]) -> None:
    """Sentences under a heading, one per line."""
    st.subheader(plain(title), anchor=False)
    st.markdown("\n".join(f"- {plain(line)}" for line in lines))


def selectable(shown: Table) -> int | None:
    """A table of which one row can be chosen; returns the chosen row's place."""
    _begin_table(shown)
    return _rows_and_exports(shown, selectable=True)


def _begin_table(shown: Table) -> None:
    """Note the table for the page's report and write its heading."""
    current().report.tables.append(shown)
    _heading(shown)


@drawn
def _heading(shown: Table) -> None:
    st.subheader(plain(shown.title), anchor=False)
    if shown.note:
        st.caption(plain(shown.note))


@drawn
def _rows_and_exports(shown: Table, *, selectable: bool = False) -> int | None:
    if shown.rows.empty:
        st.caption(_("None recorded."))
        return None
    presented = labels.presented(shown.rows)
    event: Any = st.dataframe(
        presented,
        hide_index=True,
        column_config=_formats(shown.rows),
        alt=plain(shown.title),
        placeholder="–",
        key=f"table_{shown.key}",
        on_select="rerun" if selectable else "ignore",
        selection_mode="single-row",
    )
    chosen = event["selection"]["rows"] if selectable else []
    visit = current()
    _files(shown.key, shown.key, lambda: (visit.report, [shown]), is_live=shown.is_live)
    return chosen[0] if chosen else None


def _files(key: str, what: str, make: Made, *, is_live: bool, forms: Sequence[export.Format] = ALL_FORMS) -> None:
    """Buttons for each kind of file; bytes are made, and logged, when one is pressed.

    Exact figures of live cases need a reason first. `make` gives the report and the tables that go into the file.
    """
    visit = current()
    if visit.no_files is None:
        visit.no_files = exporting.why_not(visit) or ""
    if visit.no_files:
        st.caption(plain(visit.no_files))
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        reason = None
        if is_live:
            reasons = exporting.reason_names()
            reason = st.selectbox(
                _("Why exact figures of live cases leave"), list(reasons), index=None, key=f"reason_{key}",
                placeholder=_("choose a reason, it is logged"), format_func=reasons.__getitem__, width=320,
            )  # fmt: skip
            if reason is None:
                return
        for form in forms:
            _file_button(key, exporting.Asked(what, form, reason), make)


def _file_button(key: str, asked: exporting.Asked, make: Made) -> None:
    visit, form = current(), asked.form
    st.download_button(
        _(form.name),
        data=partial(contextvars.copy_context().run, exporting.hand_over, visit, asked, make),
        file_name=f"meridian-{visit.report.page}-{asked.what}.{form.ending}",
        mime=form.mime,
        key=f"{form.ending}_{key}",
        on_click="ignore",
        icon=":material/download:",
    )


def _formats(rows: pd.DataFrame) -> dict:
    kinds = {labels.heading(column): labels.COLUMNS[column] for column in rows.columns}
    made = {
        "integer": lambda help_text: st.column_config.NumberColumn(format="localized", help=help_text),
        "money": lambda help_text: st.column_config.NumberColumn(format="localized", help=help_text),
        "decimal": lambda help_text: st.column_config.NumberColumn(format="localized", help=help_text),
        "rate": lambda help_text: st.column_config.NumberColumn(format="%.2f", help=help_text),
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
    _draw_about(notes)


@drawn
def _draw_about(notes: Sequence[str]) -> None:
    report = current().report
    with st.expander(_("About these numbers")):
        for note in notes:
            st.markdown(f"- {plain(note)}")
        for item in report.figures:
            term = labels.TERMS[item.term]
            st.markdown(f"- **{plain(_(term.label))}**: {plain(_(term.definition))}")
    st.markdown(f"**{_('Everything on this page, all its parts')}**")
    visit = current()
    own = dict(visit.own)
    _files("page", "page", lambda: exporting.whole_page(visit, report.page, own), is_live=report.is_live)


@drawn
def file_of(form: export.Format, contents: Callable[[Visit], Report]) -> None:
    """One more file of this page, such as the brief, made, logged and handed over like the others."""
    visit = current()

    def make() -> tuple[Report, Sequence[Table]]:
        report = contents(visit)
        return report, report.tables

    _files(form.ending, "brief", make, is_live=visit.report.is_live, forms=(form,))


@drawn
def link_to(page: str, label: str) -> None:
    """A link to another page of the frame; nothing where there is no frame to go to (command line)."""
    if target := current().pages.get(page):
        st.page_link(target, label=label, icon=":material/arrow_forward:")
