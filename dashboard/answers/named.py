"""Where a name in a table leads: who bears it to a profile, a project to its lead's, a funder without one to the money of those
whom it pays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from urllib.parse import quote

from dashboard.page import links, registry
from dashboard.page.reading import read
from dashboard.page.visit import Visit
from dashboard.words.columns import Borne
from data_access import queries


def leads(visit: Visit, borne: Borne, names: Collection[str]) -> Mapping[str, str]:
    """Of these names of initiatives, projects or funders those that lead somewhere, for this viewer, and the address, which keeps
    her choices.

    A name that several bear leads nowhere: a wrong profile would be worse than none.
    """
    asked = queries.initiatives.leads_of if borne == "project" else queries.initiatives.bearers
    found, profile = {}, profiles(visit)
    for name, slug, has_profile in read(asked(sorted(set(names)), visit.viewer)).itertuples(index=False):
        if has_profile:
            found[name] = profile + quote(slug)
        elif borne == "funder" and slug in visit.funders:
            found[name] = _money_of(visit, slug)
    return found


def profiles(visit: Visit) -> str:
    """The address of any profile, up to the initiative whose it is."""
    return links.to(registry.find("initiative").path, links.parameters(replace(visit, own={"id": ""})))


def _money_of(visit: Visit, slug: str) -> str:
    asked = replace(visit, own={}, filters=replace(visit.filters, funders=(slug,)))
    return links.to(registry.find("funding_gaps").path, links.parameters(asked))
