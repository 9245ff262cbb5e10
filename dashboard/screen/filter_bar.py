"""The filter bar: cascading choices with counts in the sidebar, a removable sentence on top, a short URL that restores.

State lives in `st.session_state["filter_*"]`; the URL holds what differs from the default and is rewritten each run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from dashboard.metrics.funding import CURRENCIES
from dashboard.page import links, offer
from dashboard.page.visit import Visit
from dashboard.screen import lists, texts
from dashboard.screen.markdown import plain, strong
from dashboard.words import written
from data_access.filters import LISTS, PARAMETERS, Filters, from_parameters
from data_access.i18n import _

FRAME = ("as", "id", "currency", links.LANGUAGE, links.EVERYWHERE)
FIRST_MONTH = "2022-03"
ALWAYS_SHOWN = 2
CHOICES = ("filter_", "page_", "part_", "open_", "currency")


def adopt_url(visit: Visit, page: str) -> None:
    """Take what is chosen from the address of `page` when it is new to this session, as after going back; drop what is not on offer
    and say so."""
    asked = _view_of(st.query_params.to_dict())
    state = st.session_state
    is_new_here = state.get("filters_of") != visit.viewer.scope
    state["filters_of"] = visit.viewer.scope
    state.pop("adopts", None)
    if "filter_country" in state and _goes_on(asked, page):
        if is_new_here and not state["filter_country"]:
            state["filter_country"] = own_countries(visit)
        return
    asks_for_all = links.EVERYWHERE in st.query_params
    state["adopts"] = True
    state["asked_own"] = {key: value for key, value in asked.items() if key not in PARAMETERS}
    filters, dropped = from_parameters(asked, {name: offer.on_offer(name, visit) for name in LISTS})
    for name, field in LISTS.items():
        state[f"filter_{name}"] = list(getattr(filters, field))
    if not filters.host_countries and not asks_for_all:
        state["filter_country"] = own_countries(visit)
    state["filter_from"], state["filter_to"] = filters.since, filters.until
    state["filter_state"] = filters.include_state_linked
    if dropped:
        state["dropped"] = dropped


def _goes_on(asked: Mapping[str, str], page: str) -> bool:
    """Whether the session's choice holds: the address says the same, or nothing on a page that was just opened, or not yet what was
    clicked. Where nothing was clicked an older address of the same page was gone back to."""
    if asked == st.session_state.get("written_url", {}):
        return True
    drawn, choices = st.session_state.get("drawn_with", (None, {}))
    if drawn != page:
        return not asked
    now = _choices()
    return any(now[key] != was for key, was in choices.items() if key in now)


def _choices() -> dict[str, str]:
    """What every choice of the session is, in a form to compare."""
    names = (str(key) for key in st.session_state)
    return {key: repr(st.session_state[key]) for key in names if key.startswith(CHOICES)}


def own_countries(visit: Visit) -> list[str]:
    """The host countries of a coordinator of some that are on offer; none for everybody else."""
    own = visit.viewer.host_countries or () if visit.viewer.role == "coordinator" else ()
    return [country for country in own if country in offer.on_offer("country", visit)] if own else []


def chosen_filters(visit: Visit) -> Filters:
    """The choice held in the session, as far as this viewer may choose it: a browser can send anything."""
    state = st.session_state
    for name in LISTS:
        asked = state.get(f"filter_{name}") or ()
        offered = offer.on_offer(name, visit) if asked else ()
        state[f"filter_{name}"] = [value for value in asked if value in offered]
    lists = {field: tuple(state[f"filter_{name}"]) for name, field in LISTS.items()}
    for key, unset in (("filter_from", None), ("filter_to", None), ("filter_state", False)):
        state[key] = state.get(key, unset)  # outlives a run in which its widget is not drawn only when it is set again
    since, until = state["filter_from"], state["filter_to"]
    if since and until and since > until:
        until = None
    return Filters(**lists, since=since, until=until, include_state_linked=bool(state["filter_state"]))


def chosen_currency() -> str:
    """The reporting currency: from the session, at first from the URL."""
    asked = st.session_state.get("currency", st.query_params.get("currency", CURRENCIES[0]))
    st.session_state["currency"] = asked if asked in CURRENCIES else CURRENCIES[0]
    return st.session_state["currency"]


def draw(visit: Visit) -> None:
    """The widgets, in the sidebar: where and what always, the rest in a menu that is sent when it is opened."""
    st.markdown(strong(_("Filters")))
    several = list(offer.names(visit).items())
    for name, named in several[:ALWAYS_SHOWN]:
        _multiselect(name, named, visit)
    more = st.popover(_("More filters"), key="more_filters", on_change="rerun", width="stretch")
    if more.open:
        with more:
            _more(visit, several[ALWAYS_SHOWN:])


def _more(visit: Visit, several: Sequence[tuple[str, offer.Named]]) -> None:
    for name, named in several:
        _multiselect(name, named, visit)
    months = [str(month) for month in pd.period_range(FIRST_MONTH, visit.as_of, freq="M")]
    left, right = st.columns(2)
    for column, key, label in ((left, "filter_from", _("From")), (right, "filter_to", _("To"))):
        column.selectbox(
            label,
            months,
            index=None,
            key=key,
            placeholder=_("Any"),
            format_func=_month_name,
        )
    st.selectbox(_("Amounts in"), CURRENCIES, key="currency")
    st.toggle(_("Include state-linked programmes"), key="filter_state")


def _multiselect(name: str, named: offer.Named, visit: Visit) -> None:
    """One cascading choice: values that exist under the other filters, with counts; chosen ones always stay."""
    counts, state = offer.counts(visit, name), f"filter_{name}"
    known = {value: named.value(value) for value in (*counts, *st.session_state[state])}
    listed = lists.offered(named.label, known, state, first=sorted(counts, key=lambda value: -counts[value]))
    listed = {value: f"{shown} ({counts.get(value, 0)})" for value, shown in listed.items()}
    st.multiselect(
        named.label,
        sorted(listed, key=lambda value: written.sort_key(listed[value])),
        key=state,
        placeholder=_("All"),
        select_all=False,
        format_func=lambda value: listed.get(value, value),
    )


def sentence(visit: Visit) -> None:
    """What is filtered, as parts that can be taken away one by one."""
    if dropped := st.session_state.pop("dropped", None):
        st.warning(left_out(dropped))
    parts = offer.chosen(visit)
    if not parts:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        texts.note(_("Showing only"), width="content")
        own = own_countries(visit)
        for name, label, values in parts:
            is_own = name == "country" and own and set(own) == set(visit.filters.host_countries)
            named = _("Your host countries") if is_own else label
            st.button(
                f"{plain(named)}: {plain(written.listing(values))} ✕",
                key=f"remove_{name}",
                type="tertiary",
                help=_("Show all host countries") if is_own else _("Remove this filter"),
                on_click=_clear,
                args=(f"filter_{name}",),
            )
        st.button(_("Clear all"), key="remove_all", type="tertiary", on_click=_clear, args=tuple(KEYS))


def left_out(parts: Sequence[str]) -> str:
    """What to say about parts of a link that were dropped."""
    said = _("The link asked for something that is not on offer here; it was left out: {parts}.")
    return plain(said.format(parts=", ".join(parts)))


KEYS = (*(f"filter_{name}" for name in LISTS), "filter_from", "filter_to", "filter_state")


def _month_name(month: str) -> str:
    return written.short_month(pd.Timestamp(month))


def forget_choices() -> None:
    """Let the next link decide everything, also where it asks for nothing."""
    _clear(*KEYS)
    st.session_state["written_url"] = None
    st.session_state.pop("drawn_with", None)


def _clear(*keys: str) -> None:
    for key in keys:
        st.session_state[key] = False if key == "filter_state" else None if key in ("filter_from", "filter_to") else []


def write_url(wanted: Mapping[str, str], page: str) -> None:
    """Put the view into the address of the page."""
    st.session_state["written_url"] = _view_of(wanted)
    st.session_state["drawn_with"] = page, _choices()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(dict(wanted))


def _view_of(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an address that the frame does not keep for itself: filters and the page's own choices."""
    return {key: value for key, value in parameters.items() if key not in FRAME}
