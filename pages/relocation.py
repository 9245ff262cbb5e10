"""How fast relocation cases move: live and grouped for coordinators, published quarters for everybody else."""

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import relocation

visit = view.begin("relocation", _("How fast do relocation cases move?"), ("host_countries", "period"))

if relocation.is_live(visit):
    cases = relocation.live(visit)
    view.summary(relocation.live_summary(visit, cases))
    view.chart(relocation.arrived_and_left(cases))
    view.chart(relocation.outcomes(cases))
    view.chart(relocation.ages(cases))
    view.table(relocation.months(cases))
    view.about(*relocation.live_notes(cases))
else:
    cells = relocation.published(visit)
    view.summary(relocation.published_summary(cells))
    if len(cells.quarters):
        view.chart(relocation.people(cells))
        if lengths := relocation.lengths(cells):
            view.chart(lengths)
    view.about(*relocation.published_notes(cells))
