"""The four answers, and where need and crowding meet: host country by activity."""

from dashboard import brief, view
from dashboard.i18n import _
from dashboard.report import Summary
from dashboard.topics import answers, changes, crossing, funding, overlap, portfolio

visit = view.begin(
    "overview",
    _("Civil society in exile at a glance"),
    ("host_countries", "activities", "audiences", "funders", "period"),
)
money, similar = portfolio.picture(visit), overlap.find(visit)
four = answers.four(visit, money, similar)

question = _("Where it works, where money is missing, who does the same, how fast people reach safety.")
view.summary(Summary(question, [answer.figure for answer in four]))
for column, answer in zip(view.side_by_side(len(four)), four, strict=True):
    with column:
        view.link_to(answer.page, answer.question)
        view.sentence(answer.sentence)

if grid := crossing.chart(visit, money):
    view.chart(grid)
    if cell := view.open_rows("crossing", _("Open the rows of a cell"), crossing.grid_names(grid)):
        view.table(overlap.rows_of_cell(visit, cell))
        view.table(funding.rows_of_cell(money, cell))

if day := changes.previous_load(visit):
    view.table(changes.since(visit, money, similar, day))

view.about(
    _("A cell counts running projects recorded for that country and activity. None recorded is no proof of absence."),
    _("Coverage is computed only where a need is stated; “?” says it is not."),
    money.coverage_words,
    money.rate_words,
)
view.file_of(brief.FORMAT, brief.contents)
