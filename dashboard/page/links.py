"""The link that restores a view: short, readable, only what differs from the default, never a right."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlencode

from dashboard.metrics.funding import CURRENCIES
from dashboard.page.visit import Visit
from data_access.filters import BETWEEN
from data_access.viewer import Viewer

LANGUAGE, PUBLIC_URL = "lang", "MERIDIAN_PUBLIC_URL"
EVERYWHERE = "all"
"""Of a coordinator's link: she chose to see all host countries, not her own alone, which are chosen at first."""


def parameters(visit: Visit) -> dict[str, str]:
    """Filters, the page's own choices, currency, a chosen language, and in the sample world the viewer."""
    spoken = {LANGUAGE: visit.language} if visit.language else {}
    money = {} if visit.currency == CURRENCIES[0] else {"currency": visit.currency}
    viewed_as = as_parameter(visit.viewer) if visit.is_sample else {}
    everywhere = {EVERYWHERE: "1"} if visit.viewer.host_countries and not visit.filters.host_countries else {}
    return viewed_as | spoken | everywhere | money | visit.filters.to_parameters() | visit.own


def as_parameter(viewer: Viewer) -> dict[str, str]:
    """The sample viewer as a URL parameter, empty for the default."""
    if viewer.role == "funder":
        return {}
    scope = viewer.host_countries or () if viewer.role == "coordinator" else ()
    return {"as": BETWEEN.join((viewer.role, *scope))}


def from_outside(link: str) -> str:
    """A link as it stands in files: under the address that MERIDIAN_PUBLIC_URL names, without one as it is. What a browser
    says it came by is never written anywhere."""
    return os.environ.get(PUBLIC_URL, "").rstrip("/") + link


def to(page: str, asked: Mapping[str, str]) -> str:
    """The address of a page (its name with hyphens; the overview has none) with these parameters."""
    query = urlencode(asked)
    return f"/{page}?{query}" if query else f"/{page}"
