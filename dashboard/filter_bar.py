"""The filter bar: cascading choices with counts in the sidebar, a removable sentence on top, a short URL that restores.

State lives in `st.session_state["filter_*"]`; the URL holds what differs from the default and is rewritten each run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import export, labels, view, words
from dashboard.data import read, shown_once
from dashboard.i18n import _
from dashboard.links import CURRENCIES
from dashboard.visit import Visit
from data_access import queries
from data_access.filters import LISTS, PARAMETERS, Filters, from_parameters

FRAME = ("as", "id", "currency")
FIRST_MONTH = "2022-03"


def on_offer(name: str, visit: Visit) -> list[str]:
    """Every value of one filter this viewer may choose, whatever else is chosen."""
    return list(_counts(replace(visit, filters=Filters()), name))


@shown_once
def _counts(visit: Visit, name: str) -> dict[str, int]:
    """Initiatives per value of one filter, under the others."""
    rows = read(queries.choices.initiatives_per_value(name, visit.filters, visit.viewer))
    return dict(zip(rows["value"], (int(n) for n in rows["initiatives"]), strict=True))


def adopt_url(visit: Visit) -> None:
    """Take filters from the URL when it is new to this session; drop what is not on offer and say so."""
    asked = _view_of(st.query_params.to_dict())
    state = st.session_state
    if "filter_country" in state and (asked == state.get("written_url", {}) or not asked):
        return
    state["asked_own"] = {key: value for key, value in asked.items() if key not in PARAMETERS}
    filters, dropped = from_parameters(asked, {name: on_offer(name, visit) for name in LISTS})
    for name, field in LISTS.items():
        state[f"filter_{name}"] = list(getattr(filters, field))
    state["filter_from"], state["filter_to"] = filters.since, filters.until
    state["filter_state"] = filters.include_state_linked
    if dropped:
        state["dropped"] = dropped


def chosen_filters(visit: Visit) -> Filters:
    """The choice held in the session, as far as this viewer may choose it: a browser can send anything."""
    state = st.session_state
    for name in LISTS:
        asked = state.get(f"filter_{name}") or ()
        offered = on_offer(name, visit) if asked else ()
        state[f"filter_{name}"] = [value for value in asked if value in offered]
    lists = {field: tuple(state[f"filter_{name}"]) for name, field in LISTS.items()}
    since, until = state.get("filter_from"), state.get("filter_to")
    if since and until and since > until:
        until = None
    return Filters(**lists, since=since, until=until, include_state_linked=bool(state.get("filter_state")))


def chosen_currency() -> str:
    """The reporting currency: from the session, at first from the URL."""
    asked = st.session_state.get("currency", st.query_params.get("currency", CURRENCIES[0]))
    st.session_state["currency"] = asked if asked in CURRENCIES else CURRENCIES[0]
    return st.session_state["currency"]


def draw(visit: Visit) -> None:
    """The widgets, in the sidebar."""
    st.markdown(f"**{_('Filters')}**")
    names: dict[str, tuple[str, Callable[[str], str]]] = {
        "country": (_("Host country"), words.country),
        "activity": (_("Activity"), lambda code: labels.code("activity", code)),
        "audience": (_("Audience"), lambda code: labels.code("audience", code)),
        "funder": (_("Funder"), lambda slug: visit.funders.get(slug, slug)),
    }
    for name, (label, shown) in names.items():
        _multiselect(name, label, shown, visit)
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


def _multiselect(name: str, label: str, shown: Callable[[str], str], visit: Visit) -> None:
    """One cascading choice: values that exist under the other filters, with counts; chosen ones always stay."""
    counts = _counts(visit, name)
    options = sorted({*counts, *st.session_state[f"filter_{name}"]}, key=shown)
    with_counts = {value: f"{shown(value)} ({counts.get(value, 0)})" for value in options}
    st.multiselect(
        label,
        options,
        key=f"filter_{name}",
        placeholder=_("All"),
        select_all=False,
        format_func=lambda value: with_counts.get(value, value),
    )


def sentence(visit: Visit) -> None:
    """What is filtered, as parts that can be taken away one by one."""
    if dropped := st.session_state.pop("dropped", None):
        st.warning(left_out(dropped))
    parts = export.chosen(visit)
    if not parts:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(_("Showing only"), width="content")
        for name, label, values in parts:
            st.button(
                f"{view.plain(label)}: {view.plain(words.listing(values))} ✕",
                key=f"remove_{name}",
                type="tertiary",
                help=_("Remove this filter"),
                on_click=_clear,
                args=(f"filter_{name}",),
            )
        st.button(_("Clear all"), key="remove_all", type="tertiary", on_click=_clear, args=tuple(KEYS))


def left_out(parts: Sequence[str]) -> str:
    """What to say about parts of a link that were dropped."""
    said = _("The link asked for something that is not on offer here; it was left out: {parts}.")
    return view.plain(said.format(parts=", ".join(parts)))


KEYS = (
    "filter_country",
    "filter_activity",
    "filter_audience",
    "filter_funder",
    "filter_from",
    "filter_to",
    "filter_state",
)


def _month_name(month: str) -> str:
    return words.short_month(pd.Timestamp(month))


def forget_choices() -> None:
    """Let the next link decide everything, also where it asks for nothing."""
    _clear(*KEYS)
    st.session_state["written_url"] = None


def _clear(*keys: str) -> None:
    for key in keys:
        st.session_state[key] = False if key == "filter_state" else None if key in ("filter_from", "filter_to") else []


def write_url(wanted: Mapping[str, str]) -> None:
    """Put the view into the address of the page."""
    st.session_state["written_url"] = _view_of(wanted)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(dict(wanted))


def _view_of(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an address that the frame does not keep for itself: filters and the page's own choices."""
    return {key: value for key, value in parameters.items() if key not in FRAME}


def choose_row(chart_key: str) -> Callable[[], None]:
    """A callback for a chart: what was clicked becomes the choice of the selectbox that opens its rows."""

    def apply() -> None:
        points = st.session_state[f"chart_{chart_key}"]["selection"].get("points", [])
        if points:
            clicked = points[0].get("customdata")
            st.session_state[f"open_{chart_key}"] = clicked[0] if isinstance(clicked, list) else clicked

    return apply


def choose_country(chart_key: str) -> Callable[[], None]:
    """A callback for a chart or map: the country clicked becomes the host-country filter."""

    def apply() -> None:
        selection = st.session_state[f"chart_{chart_key}"]["selection"]
        clicked = [point.get("customdata") for point in selection.get("points", [])]
        clicked += [item.get("place") for items in selection.get("objects", {}).values() for item in items]
        codes = [value[0] if isinstance(value, list) else value for value in clicked]
        if countries := [code for code in codes if isinstance(code, str) and len(code) == 2]:
            st.session_state["filter_country"] = countries[:1]

    return apply
