"""Where a name in a table leads: who bears it to a profile, a project to its lead's, a funder without one to the money of those
whom it pays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from dashboard.page import links, registry
from dashboard.page.reading import read
from dashboard.page.visit import Visit
from dashboard.words.columns import Borne
from data_access import queries

PROFILE, MONEY = "initiative", "funding_gaps"


@dataclass(frozen=True)
class Lead:
    """An address that keeps the reader's choices; `profile`: the initiative whose profile it is, empty for another page."""

    address: str
    profile: str = ""


def leads(visit: Visit, borne: Borne, names: Collection[str]) -> Mapping[str, Lead]:
    """Of these names of initiatives, projects or funders those that lead somewhere, for this viewer, and where.

    A name that several bear leads nowhere: a wrong profile would be worse than none.
    """
    asked = queries.initiatives.leads_of if borne == "project" else queries.initiatives.bearers
    bearers = read(asked(sorted(set(names)), visit.viewer))
    alone = bearers[~bearers["name"].duplicated(keep=False)]
    is_payer = alone["slug"].isin(visit.funders) & (borne == "funder")
    known = {True: profile, False: _money_of}
    leading = alone[alone["has_profile"] | is_payer]
    return {row.name: known[row.has_profile](visit, row.slug) for row in leading.itertuples(index=False)}


def profile(visit: Visit, slug: str) -> Lead:
    """The profile of an initiative."""
    return Lead(links.to(registry.find(PROFILE).path, parameters_of(visit, slug)), slug)


def parameters_of(visit: Visit, slug: str) -> dict[str, str]:
    """What the address of an initiative's profile says, besides its page: the reader's choices, and whose it is."""
    return links.parameters(replace(visit, own={"id": slug}))


def _money_of(visit: Visit, slug: str) -> Lead:
    asked = replace(visit, own={}, filters=replace(visit.filters, funders=(slug,)))
    return Lead(links.to(registry.find(MONEY).path, links.parameters(asked)))
