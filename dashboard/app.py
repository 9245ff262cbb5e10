"""The frame: who is reading, navigation, the filter bar and the footer. Pages run inside it and never without it."""

from __future__ import annotations

import logging
import secrets
import traceback
from base64 import b64encode
from pathlib import Path
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from dashboard import filter_bar, links, saved_views, who, words
from dashboard.data import read_metas, shared_engine
from dashboard.i18n import _
from dashboard.opening import open_for
from dashboard.visit import Visit, open_visit
from data_access.database import DatabaseProblem, DataMoved, TooMuch

HERE = Path(__file__).parent
PAGES = HERE.parent / "pages"
ICON = "data:image/png;base64," + b64encode((HERE / "static" / "icon.png").read_bytes()).decode()
PRINTED = """<style>@media print {
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stDownloadButton"], [data-testid="stButtonGroup"],
  [data-testid="stSelectbox"], [data-testid="stTextInput"], [data-testid="stExpander"], [data-testid="stElementToolbar"] { display: none !important }
  [data-testid="stPlotlyChart"], [data-testid="stMetric"], [data-testid="stDataFrame"] { break-inside: avoid }
  h3, h4, h5 { break-after: avoid }
  [data-testid="stMainBlockContainer"] { max-width: none; padding: 0 }
  @page { size: A4 landscape; margin: 12mm }
}</style>"""
logger = logging.getLogger("meridian")


def navigation() -> dict:
    """The pages in reading order; adding a page is one line here and one file."""
    listed = (
        ("overview", _("Overview"), ":material/dashboard:"),
        ("initiatives", _("Initiatives"), ":material/location_on:"),
        ("funding_gaps", _("Funding gaps"), ":material/payments:"),
        ("overlap", _("Overlap"), ":material/join_inner:"),
        ("relocation", _("Relocation"), ":material/flight_land:"),
        ("directory", _("Directory"), ":material/list:"),
        ("data", _("Data"), ":material/database:"),
        ("definitions", _("Definitions"), ":material/menu_book:"),
        ("initiative", _("Initiative"), ":material/flag:"),
    )
    hidden = ("initiative",)
    return {
        name: st.Page(
            PAGES / f"{name}.py",
            title=title,
            icon=icon,
            url_path=name.replace("_", "-"),
            default=name == "overview",
            visibility="hidden" if name in hidden else "visible",
        )
        for name, title, icon in listed
    }


def open_visit_of_this_run() -> Visit:
    """The reader's visit: viewer, filters and the state of the data. Raises DatabaseProblem and who's refusals."""
    metas = read_metas()
    is_sample = metas["shared"].get("is_sample") == "1"
    viewer = who.current_viewer(shared_engine(), is_sample=is_sample)
    if len({values.get("is_sample") for values in metas.values()}) > 1:
        raise DatabaseProblem(
            "One of the two databases holds the sample world and the other does not.",
            "Set both addresses, MERIDIAN_DATABASE_URL and MERIDIAN_CASES_URL, to databases of the same network.",
        )
    visit = open_for(viewer, metas)
    filter_bar.adopt_url(visit)
    visit.filters = filter_bar.chosen_filters(visit)
    visit.currency = filter_bar.chosen_currency()
    visit.reader = who.reader(viewer, is_sample=is_sample)
    return visit


def refuse(title: str, what: str, remedy: str) -> NoReturn:
    """A page that says what is wrong and what mends it, and nothing else."""
    st.title(title)
    st.error(what)
    st.info(remedy)
    st.stop()


def run(page: StreamlitPage) -> None:
    """Run a page; a fault becomes a neutral text with a reference, and a log line that holds no value of the data."""
    try:
        page.run()
    except DataMoved:
        raise
    except TooMuch:
        st.warning(
            _(
                "This is more than one page can read at once. Choose a host country, an activity, an audience or a funder, "
                "or open fewer rows."
            )
        )
    except Exception as fault:
        reference = secrets.token_hex(4)
        places = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(fault.__traceback__)]
        logger.error(
            "Fault %s on page %s: %s at %s", reference, page.url_path, type(fault).__name__, " < ".join(places[-6:])
        )
        st.error(_("Something went wrong on this page. Tell your steward this reference: {ref}.").format(ref=reference))


def footer(visit: Visit) -> None:
    """As-of, last load and data version, under every page."""
    st.divider()
    if visit.cut_offs_differ:
        st.caption(
            _("Live cases are as of {cases_as_of}, everything else as of {as_of}.").format(
                cases_as_of=words.day(visit.cases_as_of), as_of=words.day(visit.as_of)
            )
        )
    st.caption(
        _("As of {as_of} · last load {load} · data version {version}").format(
            as_of=words.day(visit.as_of), load=words.day(visit.last_load), version=visit.data_version
        )
    )


def main() -> None:
    """One rerun; when records were loaded in the midst of it, it begins anew, so that no page mixes two states."""
    open_visit(None)
    try:
        draw()
    except DataMoved:
        st.rerun()


def draw() -> None:
    """The frame and the page in it. Raises DataMoved."""
    st.set_page_config(page_title="Meridian", page_icon=ICON, layout="wide")
    st.html(PRINTED)
    pages = navigation()
    page = st.navigation(list(pages.values()))
    try:
        visit = open_visit_of_this_run()
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
        st.button(_("Sign in"), on_click=st.login)
        st.stop()
    except who.NoRole:
        refuse(_("No access"), _("You are signed in, but have no role yet."), _("Ask your network's steward."))
    visit.pages = pages
    visit.is_dark = getattr(st.context.theme, "type", "light") == "dark"
    with st.sidebar:
        filter_bar.draw(visit)
        if visit.is_sample:
            who.sample_switch()
        saved_views.draw(visit, page.url_path)
    if visit.is_sample:
        st.caption(_("Sample world: every name and figure is invented."))
    if visit.is_stale:
        st.warning(
            _(
                "Records were loaded after the last `meridian refresh`: figures of money, cases and overlap are older than "
                "the rest."
            )
        )
    if not visit.is_summed:
        st.warning(
            _(
                "You were given your countries after the last `meridian refresh`: until the next one, sums of money and "
                "overlap lack what only you may see."
            )
        )
    with st.container():
        filter_bar.sentence(visit)
    notice = st.container()
    run(page)
    keep_in_url(visit, page, notice)
    footer(visit)


def keep_in_url(visit: Visit, page: StreamlitPage, notice: DeltaGenerator) -> None:
    """Write the view into the address, and say what a link asked for that this page could not give."""
    parameters = links.parameters(visit)
    visit.link = links.to(page.url_path, parameters)
    filter_bar.write_url(parameters)
    if left := st.session_state.pop("asked_own", None):
        notice.warning(filter_bar.left_out(sorted(left)))


main()
