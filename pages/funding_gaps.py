"""Where money is missing: the cliff, the largest gaps, dependence on one funder, newcomers, and the rows behind."""

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import funding, portfolio

visit = view.begin(
    "funding_gaps",
    _("Where is money missing?"),
    ("host_countries", "activities", "audiences", "funders", "period"),
)
money = portfolio.picture(visit)

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
        if cell := view.open_rows("coverage", _("Open the rows of a cell"), funding.cell_names(grid)):
            view.table(funding.rows_of_cell(money, cell))
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
    view.chart(funding.flow(money))
    for chart in (funding.per_thousand(money, visit), funding.other_income(money, visit)):
        if chart:
            view.chart(chart)
else:
    view.table(funding.to_fix(money))

view.about(*funding.notes(money))
