"""Where money is missing: the cliff, the largest gaps, dependence on one funder, newcomers, and the rows behind."""

from dashboard.answers import (
    accounts,
    contested,
    dependence,
    funding,
    gaps,
    money_figures,
    money_reach,
    money_rows,
    portfolio,
    unseen,
)
from dashboard.page.blocks import (
    About,
    Blocks,
    Choice,
    Day,
    Figures,
    Folded,
    Part,
    Reading,
    Remark,
    rows_of,
    rows_of_figures,
)
from dashboard.page.registry import EVERY_LIST, page
from dashboard.page.visit import Visit
from data_access.i18n import N_, _


@page(
    N_("Funding gaps"),
    N_("Where is money missing?"),
    icon="payments",
    place=30,
    applies=(*EVERY_LIST, "period"),
)
def funding_gaps(visit: Visit) -> Blocks:
    """Gaps, who depends on whom, whom money reaches, and the account of it all."""
    tiers = Choice("tier", _("Need that counts"), funding.tier_names())
    statements = Choice("confidence", _("Statements of need"), funding.confidence_names())
    tier, confidence = yield Reading((tiers, statements))
    money = portfolio.picture(visit, tier, confidence)

    summary = funding.summary(money)
    yield summary
    if figure := (yield rows_of_figures(summary, money_figures.FIGURES)):
        yield money_figures.rows_of_figure(money, figure)
    if said := funding.period_words(money):
        yield Remark(said)
    if said := contested.of_money(visit, money):
        yield Remark(said)
    part = yield Part(funding.part_names())
    parts = {
        "gaps": _gaps,
        "months": _months,
        "dependence": _dependence,
        "reach": _reach,
        "flows": _flows,
        "unseen": _unseen,
        "records": _account,
    }
    yield from parts[part](visit, money)

    yield About(funding.notes(money))


def _gaps(_visit: Visit, money: portfolio.Portfolio) -> Blocks:
    by = yield Choice("gaps_by", _("Gaps, broken down by"), gaps.names())
    largest = gaps.largest(money, by)
    yield largest
    if bar := (yield rows_of("gaps", _("Open the rows of a bar"), money_rows.gap_rows(largest, by))):
        if lines := money_rows.lines_of_gap(money, by, bar):
            yield lines
        yield money_rows.rows_of_gap(money, by, bar)
    if grid := gaps.coverage_grid(money):
        yield grid
        if cell := (yield rows_of("coverage", _("Open the rows of a cell"), money_rows.grid_names(grid))):
            yield money_rows.lines_of_cell(money, cell)
            yield money_rows.rows_of_cell(money, cell)


def _months(_visit: Visit, money: portfolio.Portfolio) -> Blocks:
    yield funding.cliff(money)
    if month := (yield rows_of("cliff", _("Open the rows of a month"), money_rows.row_names(money))):
        yield money_rows.rows_of_month(money, month)
    yield funding.tiers(money)
    yield gaps.lines(money)


def _dependence(_visit: Visit, money: portfolio.Portfolio) -> Blocks:
    yield dependence.ending(money)
    yield dependence.who_funds(money)
    yield dependence.leaning_strip(money)
    yield Folded(dependence.dependence(money))


def _reach(_visit: Visit, money: portfolio.Portfolio) -> Blocks:
    yield Figures(money_reach.shape(money))
    yield money_reach.newcomers(money)
    if year := (yield rows_of("newcomers", _("Open the grantees of a year"), money_reach.year_names(money))):
        yield money_reach.rows_of_year(money, year)
    yield money_reach.spread_of_money(money)
    yield Folded(money_reach.signed_grants(money))


def _flows(visit: Visit, money: portfolio.Portfolio) -> Blocks:
    shown = money_reach.flow(money)
    yield shown
    if step := (yield rows_of("flow", _("Open the grants of a step"), money_reach.step_names(shown))):
        yield money_reach.rows_of_step(money, step)
    if rates := money_reach.per_thousand(money, visit):
        yield rates
    if income := money_reach.other_income(money, visit):
        yield income
        if stated := (yield rows_of("other_income", _("Open the rows of a year"), money_reach.income_names(income))):
            yield money_reach.rows_of_income(money, visit, stated)


def _unseen(visit: Visit, money: portfolio.Portfolio) -> Blocks:
    yield Figures(unseen.figures(visit, money))
    yield unseen.not_reached(visit)
    first = visit.as_of.date().isoformat()
    yield unseen.bridge(visit, money, (yield Day("bridge_to", _("Bridge until"), first, unseen.bridged_until(visit))))


def _account(_visit: Visit, money: portfolio.Portfolio) -> Blocks:
    account = accounts.of_money(money)
    yield account
    if line := (yield rows_of("account", _("Open the grants of a line"), accounts.line_names(account))):
        yield accounts.rows_of_line(money, line)
    yield money_rows.to_fix(money)
    if outside := money_rows.outside(money):
        yield outside
