"""Where money is missing: the cliff, the largest gaps, dependence on one funder, newcomers, and the rows behind."""

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import accounts, funding, portfolio

visit = view.begin(
    "funding_gaps",
    _("Where is money missing?"),
    ("host_countries", "activities", "audiences", "funders", "period"),
)
one, two = view.side_by_side(2)
with one:
    tier = view.choose("tier", _("Need that counts"), funding.tier_names())
with two:
    confidence = view.choose("confidence", _("Statements of need"), funding.confidence_names())
money = portfolio.picture(visit, tier, confidence)

view.summary(funding.summary(money))
part = view.part(funding.part_names())

if part == "gaps":
    view.chart(funding.cliff(money))
    if month := view.open_rows("cliff", _("Open the rows of a month"), funding.row_names(money)):
        view.table(funding.rows_of_month(money, month))
    by = view.choose("gaps_by", _("Gaps by"), funding.gap_names())
    gaps = funding.gaps(money, by)
    view.chart(gaps)
    if bar := view.open_rows("gaps", _("Open the rows of a bar"), funding.gap_rows(gaps, by)):
        view.table(funding.rows_of_gap(money, by, bar))
    if grid := funding.coverage_grid(money):
        view.chart(grid)
        if cell := view.open_rows("coverage", _("Open the rows of a cell"), funding.grid_names(grid)):
            view.table(funding.rows_of_cell(money, cell))
    view.table(funding.tiers(money))
    view.table(funding.lines(money))
elif part == "dependence":
    view.table(funding.ending(money))
    view.table(funding.who_funds(money))
    view.chart(funding.leaning_strip(money))
    view.table(funding.dependence(money))
elif part == "reach":
    view.figures(funding.shape(money))
    view.chart(funding.newcomers(money))
    if year := view.open_rows("newcomers", _("Open the grantees of a year"), funding.year_names(money)):
        view.table(funding.rows_of_year(money, year))
    view.chart(funding.spread_of_money(money))
    shown = funding.flow(money)
    view.chart(shown)
    if step := view.open_rows("flow", _("Open the grants of a step"), funding.step_names(shown)):
        view.table(funding.rows_of_step(money, step))
    if rates := funding.per_thousand(money, visit):
        view.chart(rates)
    if income := funding.other_income(money, visit):
        view.chart(income)
        if stated := view.open_rows("other_income", _("Open the rows of a year"), funding.income_names(income)):
            view.table(funding.rows_of_income(money, visit, stated))
    view.table(funding.signed_grants(money))
else:
    account = accounts.of_money(money)
    view.table(account)
    if line := view.open_rows("account", _("Open the grants of a line"), accounts.line_names(account)):
        view.table(accounts.rows_of_line(money, line))
    view.table(funding.to_fix(money))
    if outside := funding.outside(money):
        view.table(outside)

view.about(*funding.notes(money))
