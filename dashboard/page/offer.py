"""The reader's filters: which values are on offer, how many initiatives each would leave, and what is chosen, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from dashboard.page.reading import read, shown_once
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.filters import LISTS, Filters
from data_access.i18n import _


@dataclass(frozen=True)
class Named:
    """A filter's label, its name within a sentence, and how its values are written."""

    label: str
    within: str
    value: Callable[[str], str]


def on_offer(name: str, visit: Visit) -> list[str]:
    """Every value of one filter this viewer may choose, whatever else is chosen."""
    return list(counts(replace(visit, filters=Filters()), name))


@shown_once
def counts(visit: Visit, name: str) -> dict[str, int]:
    """Initiatives per value of one filter, under the others."""
    return queries.choices.initiatives_per_value(
        name, visit.filters, lambda kind: read(queries.choices.initiatives_of(kind, visit.viewer))
    )


def sentence(visit: Visit) -> str:
    """The reader's choices as one sentence."""
    parts = [f"{label}: {written.listing(values)}" for _name, label, values in chosen(visit)]
    return "; ".join(parts) if parts else _("none: the whole network")


def names(visit: Visit) -> dict[str, Named]:
    """How each filter of `LISTS` is called, and its values."""
    known = {
        "country": Named(_("Host country"), _("host country"), written.country),
        "activity": Named(_("Activity"), _("activity"), partial(codes.code, "activity")),
        "audience": Named(_("Audience"), _("audience"), partial(codes.code, "audience")),
        "funder": Named(_("Funder"), _("funder"), lambda slug: visit.funders.get(slug, slug)),
    }
    return {name: known[name] for name in LISTS}


def chosen(visit: Visit) -> list[tuple[str, str, list[str]]]:
    """URL name, label and readable values of every filter that is set."""
    filters = visit.filters
    parts = [
        (name, named.label, [named.value(value) for value in getattr(filters, LISTS[name])])
        for name, named in names(visit).items()
    ]
    parts += [
        ("from", _("From"), [written.month(pd.Timestamp(filters.since))] if filters.since else []),
        ("to", _("To"), [written.month(pd.Timestamp(filters.until))] if filters.until else []),
        ("state", _("Scope"), [_("state-linked programmes included")] if filters.include_state_linked else []),
    ]
    return [part for part in parts if part[2]]


def idle(visit: Visit, applies: Sequence[str]) -> list[str]:
    """The filters that are set and not among those a page says apply to it, in words."""
    filters = visit.filters
    is_set = {LISTS[name]: (named.within, getattr(filters, LISTS[name])) for name, named in names(visit).items()}
    is_set["period"] = (_("period"), filters.since or filters.until)
    is_set["scope"] = (_("state-linked programmes"), filters.include_state_linked)
    return [name for field, (name, value) in is_set.items() if value and field not in applies]
