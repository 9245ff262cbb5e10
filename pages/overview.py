"""The four answers, and where need and crowding meet: host country by activity."""

from dashboard.answers import changes, closing, crossing, four_questions, money_rows, portfolio, providers
from dashboard.answers import overlap as same
from dashboard.page.blocks import About, Beside, Blocks, Folded, Link, Sentence, Summary, rows_of, rows_of_figures
from dashboard.page.registry import EVERY_LIST, page
from dashboard.page.visit import Visit
from data_access.i18n import N_, _


@page(
    N_("Overview"),
    N_("Civil society in exile at a glance"),
    icon="dashboard",
    place=10,
    applies=(*EVERY_LIST, "period"),
    needs_refresh=True,
)
def overview(visit: Visit) -> Blocks:
    """The four answers, the grid of countries and activities, and what changed."""
    money, similar = portfolio.picture(visit), same.find(visit)
    four = four_questions.four(visit, money, similar)

    question = _("Where it works, where money is missing, who does the same, how fast people reach safety.")
    summary = Summary(question, [*(answer.figure for answer in four), closing.may_end_figure(visit)])
    yield summary
    if figure := (yield rows_of_figures(summary, four_questions.FIGURES)):
        yield four_questions.rows_of_figure(visit, money, similar, figure)
    yield Beside([(Link(answer.page, answer.question), Sentence(answer.sentence), answer.glance) for answer in four])

    if grid := crossing.chart(visit, money):
        yield grid
        if cell := (yield rows_of("crossing", _("Open the rows of a cell"), crossing.grid_names(grid))):
            yield providers.rows_of_cell(visit, cell)
            yield money_rows.rows_of_cell(money, cell)

    if day := changes.previous_load(visit):
        changed = changes.find(visit, money, similar, day)
        yield Folded(changes.since(visit, changed, day))
        if change := (yield rows_of("changes", _("Open the records of a change"), changes.names(changed))):
            yield changes.rows_of(visit, money, changed, change, day)

    yield About(
        [
            _(
                "A cell counts the organisations with a running project recorded for that country and activity. None recorded is no proof of "
                "absence."
            ),
            _("Coverage is computed only where a need is stated; “?” says it is not."),
            money.coverage_words,
            money.rate_words,
        ]
    )
