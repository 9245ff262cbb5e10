"""Opening a visit: the state of the data, codes and names for one viewer, in the frame and on the command line alike."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from dashboard.metrics.funding import CURRENCIES
from dashboard.page import links, offer
from dashboard.page.reading import computed, read, read_metas
from dashboard.page.visit import Visit, open_visit
from data_access import meta, queries
from data_access.filters import LISTS, Filters, from_parameters
from data_access.i18n import SOURCE, language
from data_access.viewer import Viewer

Metas = Mapping[str, Mapping[str, str]]
"""The `meta` table of each database there is."""


def versions(metas: Metas) -> dict[str, str]:
    """The state of the records of each database."""
    return {which: values.get(meta.VERSION, "0") for which, values in metas.items()}


def open_for(viewer: Viewer, metas: Metas, *, is_kept_only: bool = False) -> Visit:
    """The unfiltered visit of `viewer`, opened, in the state that `metas` says; `is_kept_only`: of what is kept of it alone."""
    shared, has_cases = metas["shared"], "cases" in metas
    visit = Visit(
        viewer,
        Filters(),
        pd.Timestamp(shared["as_of"]),
        versions(metas),
        shared.get("is_sample") == "1",
        has_cases,
        pd.Timestamp(metas["cases"]["as_of"] if has_cases else shared["as_of"]),
        is_stale=any(meta.is_stale(values) for values in metas.values()),
        is_kept_only=is_kept_only,
    )
    open_visit(visit)
    visit.is_summed = not read(queries.money.is_summed(viewer)).empty
    visit.codes, visit.funders, visit.last_load = computed(lambda: _known(visit), "opening")
    return visit


FILTERS = frozenset({*LISTS, "from", "to", "state", "currency", links.LANGUAGE, links.EVERYWHERE, "as"})
"""What a link asks of the frame; everything else are choices of the page."""


def open_view(viewer: Viewer, asked: Mapping[str, str]) -> tuple[Visit, tuple[str, ...]]:
    """The visit of a link's parameters, opened, with the page's own choices in it; and which of them held something that is not on
    offer, which is left out."""
    visit = open_for(viewer, read_metas())
    visit.filters, dropped = from_parameters(asked, {name: offer.on_offer(name, visit) for name in LISTS})
    currency = asked.get("currency", CURRENCIES[0])
    visit.currency = currency if currency in CURRENCIES else CURRENCIES[0]
    visit.own = {name: value for name, value in asked.items() if name not in FILTERS}
    return visit, dropped if currency == visit.currency else (*dropped, "currency")


def _known(visit: Visit) -> tuple[dict[tuple[str, str], str], dict[str, str], pd.Timestamp]:
    """Labels of codes, names of funders, and the day of the last load."""
    viewer = visit.viewer
    codes = read(queries.network.codes(viewer))
    labels = dict(zip(zip(codes["facet"], codes["code"], strict=True), _spoken(codes), strict=True))
    if viewer.sees_cases and visit.has_cases:
        routes = read(queries.relocation.routes(viewer))
        labels |= {("route", code): label for code, label in zip(routes["code"], _spoken(routes), strict=True)}
    funders = read(queries.choices.funder_names(viewer))
    names = dict(zip(funders["value"], funders["name"], strict=True))
    return labels, names, read(queries.network.loads(viewer))["loaded_on"].max()


def _spoken(codes: pd.DataFrame) -> pd.Series:
    """Labels in the reader's language, in English where the network has none in it."""
    own = f"label_{language.get()}"
    english = codes[f"label_{SOURCE}"]
    return codes[own].where(codes[own].fillna("").ne(""), english) if own in codes else english
