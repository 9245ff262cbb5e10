"""Where a name in a table leads: who bears it to a profile, a project to its lead's, a funder without one to the money of those
whom it pays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

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
    bearers = read(asked(sorted(set(names)), visit.viewer))
    alone = bearers[~bearers["name"].duplicated(keep=False)]
    is_payer = alone["slug"].isin(visit.funders) & (borne == "funder")
    known = {True: profile, False: _money_of}
    leading = alone[alone["has_profile"] | is_payer]
    return {row.name: known[row.has_profile](visit, row.slug) for row in leading.itertuples(index=False)}


def profile(visit: Visit, slug: str) -> str:
    """The address of an initiative's profile."""
    return links.to(registry.find("initiative").path, links.parameters(replace(visit, own={"id": slug})))


def _money_of(visit: Visit, slug: str) -> str:
    asked = replace(visit, own={}, filters=replace(visit.filters, funders=(slug,)))
    return links.to(registry.find("funding_gaps").path, links.parameters(asked))
