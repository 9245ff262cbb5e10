"""Which picture of relocation a reader gets: live and grouped for coordinators, published for everybody else."""

from __future__ import annotations

from dashboard.report import Summary
from dashboard.topics import cases, published
from dashboard.visit import Visit


def is_live(visit: Visit) -> bool:
    """Whether this viewer, on this deployment, sees live cases."""
    return visit.viewer.sees_cases and visit.has_cases


def summary(visit: Visit) -> Summary:
    """Sentence and KPIs for whichever picture the viewer may see."""
    if is_live(visit):
        return cases.summary(visit, cases.find(visit))
    return published.summary(published.find(visit))
