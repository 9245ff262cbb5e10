"""How fast relocation cases move: live and grouped for coordinators, published periods for everybody else."""

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import accounts, cases, published, relocation

visit = view.begin("relocation", _("How fast do relocation cases move?"), ("host_countries", "period"))

if beyond := relocation.reach_words(visit):
    view.remark(beyond)
if relocation.is_live(visit):
    found = cases.find(visit)
    view.summary(cases.summary(visit, found))
    part = view.part(cases.part_names())
    if part == "now":
        if bottleneck := cases.bottleneck(visit):
            view.chart(bottleneck)
        view.figures(cases.soon_too_long(found))
        view.chart(cases.ages(found))
        if clocks := cases.clocks(visit):
            view.chart(clocks)
        view.table(cases.call_list(visit, view.choose("call_order", _("Whom to call first"), cases.call_orders())))
    elif part == "flow":
        view.chart(cases.arrived_and_left(visit, found))
        view.chart(cases.months(visit, found))
        if forecast := cases.forecast(visit, found):
            view.chart(forecast)
    elif part == "outcomes":
        view.chart(cases.outcomes(found))
        view.table(cases.routes(found))
        view.table(cases.cohorts(visit, view.choose("horizon", _("How far"), cases.horizon_names())))
    elif part == "places":
        if places := cases.places(visit):
            view.chart(places)
        if journeys := cases.journeys(visit):
            view.chart(journeys)
    else:
        view.table(accounts.of_cases(visit))
        view.table(cases.fixes(visit))
        view.table(cases.reconciliation(visit, found))
    view.about(*cases.notes(visit, found))
else:
    shown = published.find(visit)
    view.summary(published.summary(shown))
    view.remark(published.protection())
    if shown.newest:
        view.chart(published.people(shown))
        by = view.choose("breakdown", _("Newest period by"), published.breakdown_names())
        measure = view.choose("measure", _("Counting people who"), published.measure_names())
        view.chart(published.breakdown(shown, by, measure))
        if lengths := published.lengths(shown):
            view.chart(lengths)
        if year := published.year_table(shown):
            view.table(year)
    view.about(*published.notes(shown))
