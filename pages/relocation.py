"""How fast relocation cases move: live and grouped for coordinators, published periods for everybody else."""

from dashboard.answers import (
    accounts,
    after_arrival,
    case_flow,
    case_outcomes,
    case_rows,
    cases,
    legal_stays,
    live_or_published,
    programmes,
    published,
)
from dashboard.page.blocks import (
    About,
    Beside,
    Blocks,
    Choice,
    Day,
    Figures,
    Folded,
    Number,
    Part,
    Remark,
    rows_of,
    rows_of_figures,
)
from dashboard.page.registry import page
from dashboard.page.visit import Visit
from data_access.i18n import N_, _


@page(
    N_("Relocation"),
    N_("How fast do relocation cases move?"),
    icon="flight_land",
    place=50,
    applies=("host_countries", "period"),
    needs_refresh=True,
)
def relocation(visit: Visit) -> Blocks:
    """Live cases where the reader may see them, published periods elsewhere."""
    if beyond := live_or_published.reach_words(visit):
        yield Remark(beyond)
    yield from _live(visit) if live_or_published.is_live(visit) else _published(visit)


def _live(visit: Visit) -> Blocks:
    found = cases.find(visit)
    summary = cases.summary(visit, found)
    yield summary
    if figure := (yield rows_of_figures(summary, case_rows.FIGURES)):
        yield case_rows.rows_of_figure(visit, found, figure)
    part = yield Part(cases.part_names())
    parts = {"now": _now, "call": _call, "flow": _flow, "outcomes": _outcomes, "programmes": _programmes, "after": _after,
             "places": _places, "records": _records}  # fmt: skip
    yield from parts[part](visit, found)
    yield About([*cases.notes(visit, found), *legal_stays.notes()])


def _now(visit: Visit, found: cases.Live) -> Blocks:
    if bottleneck := cases.bottleneck(visit):
        yield bottleneck
    yield Figures(cases.soon_too_long(found))
    ages = cases.ages(found)
    yield ages
    if stage := (yield rows_of("ages", _("Open the cases of a stage"), case_rows.stage_names(ages))):
        yield case_rows.rows_of_stage(visit, found, stage)
    if clocks := cases.clocks(visit):
        yield clocks
        if route := (yield rows_of("clocks", _("Open the cases of a route"), case_rows.route_names(clocks))):
            yield case_rows.rows_of_clocks(visit, clocks, route)
    yield Figures(legal_stays.figures(visit))


def _call(visit: Visit, _found: cases.Live) -> Blocks:
    yield case_rows.call_list(visit, (yield Choice("call_order", _("Whom to call first"), case_rows.call_orders())))


def _flow(visit: Visit, found: cases.Live) -> Blocks:
    yield case_flow.arrived_and_left(visit, found)
    yield case_flow.months(visit, found)
    if forecast := case_flow.forecast(visit, found):
        yield forecast
    target, by = yield Beside(
        (
            Number("target", _("Open cases to reach")),
            Day("target_by", _("By"), visit.cases_as_of.date().isoformat(), legal_stays.target_day(visit)),
        )
    )
    yield Figures([legal_stays.capacity(visit, found, target, by)])


def _outcomes(visit: Visit, found: cases.Live) -> Blocks:
    yield case_outcomes.outcomes(found)
    yield case_outcomes.routes(found)
    yield case_outcomes.cohorts(visit, (yield Choice("horizon", _("How far"), case_outcomes.horizon_names())))


def _programmes(visit: Visit, _found: cases.Live) -> Blocks:
    route = yield Choice("programmes_of", _("Programmes, by route"), programmes.route_names(visit))
    beside = programmes.find(visit, route)
    yield Remark(programmes.sentence(beside, route))
    yield programmes.waiting(beside, route)
    yield programmes.table(visit, beside)
    yield Folded(programmes.behind(visit))


def _after(visit: Visit, _found: cases.Live) -> Blocks:
    if permits := after_arrival.running_out(visit):
        yield permits
    yield after_arrival.by_programme(visit)


def _places(visit: Visit, _found: cases.Live) -> Blocks:
    if places := case_outcomes.places(visit):
        yield places
    if journeys := case_outcomes.journeys(visit):
        yield journeys


def _records(visit: Visit, found: cases.Live) -> Blocks:
    yield accounts.of_cases(visit)
    yield case_flow.fixes(visit)
    yield legal_stays.long_over(visit)
    yield case_flow.reconciliation(visit, found)


def _published(visit: Visit) -> Blocks:
    shown = published.find(visit)
    yield published.summary(shown)
    yield Remark(published.protection())
    if shown.newest:
        yield published.people(shown, visit)
        by = yield Choice("breakdown", _("Newest period, broken down by"), published.breakdown_names())
        measure = yield Choice("measure", _("Counting people who"), published.measure_names())
        yield published.breakdown(shown, by, measure)
        if lengths := published.lengths(shown):
            yield lengths
        if year := published.year_table(shown):
            yield Folded(year)
        if side_by_side := programmes.published_shares(visit, shown):
            yield Folded(side_by_side)
            yield Folded(programmes.behind(visit))
    yield About(published.notes(shown))
