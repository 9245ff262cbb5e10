"""The frame: who is reading, navigation, the filter bar and the footer. Pages run inside it and never without it."""

from __future__ import annotations

import html
from base64 import b64encode
from pathlib import Path
from typing import NoReturn

import streamlit as st
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import get_script_run_ctx

import dashboard.screen.contests
import dashboard.screen.keys
import dashboard.screen.loading
import dashboard.screen.people  # noqa: F401 - how the form for roles looks
from dashboard import faults, measures
from dashboard.page import links, roles
from dashboard.page.opening import open_for
from dashboard.page.reading import newer_records, primary_is_away, primary_went, read_metas
from dashboard.page.registry import Page, pages
from dashboard.page.renewal import RENEWAL, View
from dashboard.page.visit import Visit, open_visit
from dashboard.page.walk import walk
from dashboard.screen import filter_bar, saved_views, texts, tongue, who
from dashboard.screen.draw import Screen
from dashboard.words import written
from data_access.i18n import _, language, languages
from data_access.problems import DatabaseProblem, DataMoved, TooMuch

DRAWN = "versions_drawn"
"""The versions of the records that this reader's last page was made of."""
HERE = Path(__file__).parent
PAGES = HERE.parent / "pages"
ICON = "data:image/png;base64," + b64encode((HERE / "static" / "icon.png").read_bytes()).decode()
STYLE = (HERE / "screen" / "style.css").read_text(encoding="utf-8")


def navigation() -> dict[str, StreamlitPage]:
    """Every page by its file, as Streamlit's navigation knows it."""
    first = next(iter(pages()))
    return {
        file: st.Page(
            PAGES / f"{file}.py",
            title=_(page.name),
            icon=f":material/{page.icon}:",
            url_path=page.path,
            default=file == first,
            visibility="hidden" if page.about else "visible",
        )
        for file, page in pages().items()
    }


def open_visit_of_this_run(page: str) -> Visit:
    """The reader's visit: viewer, filters and the state of the data. Raises DatabaseProblem and who's refusals."""
    metas, is_kept_only = RENEWAL.state(read_metas(), st.session_state.get(DRAWN))
    is_sample = metas["shared"].get("is_sample") == "1"
    viewer, noted = who.current_reader(is_sample=is_sample)
    if len({values.get("is_sample") for values in metas.values()}) > 1:
        raise DatabaseProblem(
            _("One of the two databases holds the sample world and the other does not."),
            _("Set both addresses, MERIDIAN_DATABASE_URL and MERIDIAN_CASES_URL, to databases of the same network."),
        )
    tongue.prefer(noted)
    visit = open_for(viewer, metas, is_kept_only=is_kept_only)
    filter_bar.adopt_url(visit, page)
    visit.filters = filter_bar.chosen_filters(visit)
    visit.currency = filter_bar.chosen_currency()
    visit.language = tongue.chosen()
    visit.signed_in_at = None if is_sample else who.signed_in_at()
    visit.reader = who.reader(viewer, is_sample=is_sample)
    return visit


def refuse(title: str, what: str, remedy: str) -> NoReturn:
    """A page that says what is wrong and what mends it, and nothing else."""
    st.title(title)
    st.error(what)
    st.info(remedy)
    st.stop()


def run(page: Page, screen: Screen) -> None:
    """Walk a page; a fault becomes a neutral text with a reference, and a log line that holds no value of the data."""
    try:
        if page.about and page.about in st.query_params:
            screen.visit.own[page.about] = st.query_params[page.about]
        walk(page, screen.visit, screen)
    except TooMuch:
        st.warning(
            _(
                "This is more than one page can read at once. Choose a host country, an activity, an audience or a funder, "
                "or open fewer rows."
            )
        )
    except (DataMoved, OperationalError, DatabaseProblem):
        raise
    except Exception as fault:
        st.error(broken(fault, page.path))


def broken(fault: Exception, page: str) -> str:
    """What a reader is told of a fault, which is kept for stewards under the same reference."""
    return _("Something went wrong on this page. Tell your steward this reference: {ref}.").format(
        ref=faults.note(fault, page)
    )


def place(visit: Visit) -> None:
    """Above every page: the product, who reads what, and as of when."""
    shown = [who.in_words(visit.viewer), _("as of {day}").format(day=written.day(visit.as_of))]
    if visit.cut_offs_differ:
        shown.append(_("live cases as of {day}").format(day=written.day(visit.cases_as_of)))
    if visit.is_sample:
        shown.append(_("sample world: every name and figure is invented"))
    told = "".join(f"<span>{html.escape(text)}</span>" for text in shown)
    with st.container(horizontal=True, vertical_alignment="center", key="place"):
        st.html(f'<div class="meridian-place"><strong>Meridian</strong>{told}</div>{_while_away()}')
        if len(languages()) > 1:
            tongue.switch()


def _while_away() -> str:
    """What stands on the page while its connection to the server is broken, instead of Streamlit's dialog."""
    said = _(
        "No connection to the server. The page comes back by itself with what you chose; clicks made now do not count."
    )
    return f'<div class="meridian-away" role="status">{html.escape(said)}</div>'


def footer(visit: Visit) -> None:
    """As-of, last load and data version, under every page."""
    texts.note(
        _("As of {as_of} · last load {load} · data version {version}").format(
            as_of=written.day(visit.as_of), load=written.day(visit.last_load), version=visit.data_version
        )
    )


def main() -> None:
    """One rerun; when records were loaded in the midst of it, or the primary went, it begins anew, so that no page mixes two
    states and none is refused that can be read."""
    open_visit(None)
    was_away = primary_is_away()
    try:
        draw()
    except DataMoved:
        st.session_state.pop(DRAWN, None)
        st.rerun()
    except (SQLAlchemyError, DatabaseProblem):
        if not was_away and primary_went():
            st.rerun()
        refuse(
            _("Meridian cannot read its database"),
            _("The database does not answer at this moment."),
            _("Try again in a minute. What you chose is in the address of this page and comes back with it."),
        )
    except Exception as fault:
        refuse(
            _("Meridian cannot show this page"),
            broken(fault, "frame"),
            _("Try again in a minute. What you chose is in the address of this page and comes back with it."),
        )


def draw() -> None:
    """The frame and the page in it. Raises DataMoved."""
    tongue.speak()
    st.set_page_config(page_icon=ICON, layout="wide")
    st.html(f"<style>{STYLE}</style>")
    targets = navigation()
    chosen = st.navigation(list(targets.values()))
    page = next(page for file, page in pages().items() if targets[file].url_path == chosen.url_path)
    st.set_page_config(page_title=" · ".join((_(page.name), "Meridian")))
    visit = visit_or_refusal(chosen.url_path)
    measures.note_sums(visit.as_of.date(), is_stale=visit.is_stale)
    visit.is_dark = getattr(st.context.theme, "type", "light") == "dark"
    with st.sidebar:
        filter_bar.draw(visit)
        if visit.is_sample:
            who.sample_switch()
        else:
            who.sign_out_button(visit.viewer.subject)
        saved_views.draw(visit, chosen.url_path, targets.values())
    place(visit)
    say_what_to_know(visit)
    with st.container():
        filter_bar.sentence(visit)
    notice = st.container()
    with measures.rerun(page.path or "overview"):
        run(page, Screen(visit, targets))
    keep_in_url(visit, chosen, notice)
    footer(visit)
    st.session_state[DRAWN] = visit.versions
    if context := get_script_run_ctx():
        RENEWAL.note(View(page.file, visit, language.get()), context.session_id)


def visit_or_refusal(page: str) -> Visit:
    """The reader's visit; who may not read sees why and what to do, and nothing else. Raises DataMoved."""
    try:
        return open_visit_of_this_run(page)
    except DataMoved:
        raise
    except DatabaseProblem as problem:
        refuse(_("Meridian cannot read its database"), problem.what, problem.remedy)
    except who.NoSignIn:
        refuse(
            _("Sign-in is not configured"),
            _("A real database is served only behind sign-in."),
            _("See “Point it at a real database” in the README."),
        )
    except who.NotSignedIn:
        who.sign_in_page()
    except roles.NoRole as nobody:
        with st.sidebar:
            who.sign_out_button(nobody.subject)
        refuse(
            _("No access"),
            _("You are signed in, but have no role yet."),
            _("Tell your network's steward this reference; it says nothing about you: {subject}").format(
                subject=nobody.subject
            ),
        )


def say_what_to_know(visit: Visit) -> None:
    """That some figures are older than the rest or lack something."""
    is_steward = visit.viewer.role == "steward"
    if visit.is_stale:
        st.warning(
            _(
                "Records were loaded after the last `meridian refresh`: figures of money, cases and overlap are older than the rest."
            )
            if is_steward
            else _(
                "New records were loaded: until their sums are made, figures of money, cases and overlap are older than the rest."
            )
        )
    if newer_records(visit.data_version):
        st.info(_("New records were loaded; they reach this page within moments. What you see is of one state."))
    if primary_is_away():
        st.warning(
            _("Pages can be read, but nothing can be kept at this moment: answers, views and files have to wait.")
        )
    if not visit.is_summed:
        st.warning(
            _(
                "This scope was given after the last `meridian refresh`: until the next one, sums lack what only it may see."
            )
            if is_steward
            else _(
                "Your countries are new here: until their sums are made, money and overlap lack what only you may see."
            )
        )


def keep_in_url(visit: Visit, page: StreamlitPage, notice: DeltaGenerator) -> None:
    """Write the view into the address, and say what a link asked for that this page could not give."""
    parameters = links.parameters(visit)
    visit.link = links.to(page.url_path, parameters)
    filter_bar.write_url(parameters, page.url_path)
    if left := st.session_state.pop("asked_own", None):
        notice.warning(filter_bar.left_out(sorted(left)))


main()
