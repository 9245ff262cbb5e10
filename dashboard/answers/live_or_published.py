"""Which picture of relocation a reader gets: live and grouped for coordinators, published for everybody else."""

from __future__ import annotations

from dashboard.answers import cases, published
from dashboard.page.blocks import Glance, Summary
from dashboard.page.visit import Visit
from dashboard.words import written
from data_access.i18n import _


def is_live(visit: Visit) -> bool:
    """Whether this viewer, on this deployment, sees live cases of what she chose."""
    chosen = visit.filters.host_countries
    sees_none_of_them = bool(chosen) and len(out_of_reach(visit)) == len(chosen)
    return visit.viewer.sees_cases and visit.has_cases and not sees_none_of_them


def out_of_reach(visit: Visit) -> list[str]:
    """The chosen countries whose cases a coordinator may not see."""
    own = visit.viewer.host_countries
    if not visit.viewer.sees_cases or own is None:
        return []
    return [country for country in visit.filters.host_countries if country not in own]


def reach_words(visit: Visit) -> str | None:
    """Which of the chosen countries' cases are not shown to this coordinator, in a sentence."""
    beyond = out_of_reach(visit)
    if not beyond or not visit.has_cases:
        return None
    return _("You do not coordinate {countries}: live cases there are not shown to you.").format(
        countries=written.listing([written.country(country) for country in beyond])
    )


def glance(visit: Visit) -> Glance:
    """How many have ended by when for who may see it live, else people relocated per published period."""
    return cases.ended_by(cases.find(visit)) if is_live(visit) else published.lately(published.find(visit))


def summary(visit: Visit) -> Summary:
    """Sentence and KPIs for whichever picture the viewer may see."""
    if is_live(visit):
        return cases.summary(visit, cases.find(visit))
    return published.summary(published.find(visit))
