"""Who does the same: pairs worth a conversation with their reasons and people's answers, and who works on what where."""

from dashboard.answers import accounts, contested, evidence, providers
from dashboard.answers import overlap as same
from dashboard.page.blocks import (
    About,
    AnswerForm,
    Blocks,
    Choice,
    Done,
    Link,
    Part,
    Remark,
    StartAgain,
    rows_of,
    rows_of_figures,
)
from dashboard.page.registry import EVERY_LIST, page
from dashboard.page.visit import Visit
from data_access.i18n import N_, _


@page(
    N_("Overlap"),
    N_("Who does the same?"),
    icon="join_inner",
    place=40,
    applies=EVERY_LIST,
    needs_refresh=True,
)
def overlap(visit: Visit) -> Blocks:
    """Pairs and answers, providers by place, shared grantees, one project's neighbours, facts to fill."""
    found = same.find(visit)

    summary = same.summary(found)
    yield summary
    if figure := (yield rows_of_figures(summary, same.FIGURES)):
        yield same.rows_of_figure(found, figure)
    if said := contested.of_pairs(visit, found):
        yield Remark(said)
    part = yield Part(same.part_names())

    if part == "pairs":
        yield from _pairs(visit, found)
    elif part == "where":
        across = yield Choice("across", _("Activities, laid out by"), providers.across_names())
        if grid := providers.chart(visit, across):
            yield grid
            key, cells = providers.cell_choice(across, grid)
            if cell := (yield rows_of(key, _("Open the projects of a cell"), cells)):
                yield providers.rows_of_cell(visit, cell, across)
        yield accounts.of_projects(visit)
    elif part == "funders":
        if shared := same.shared_grantees(visit):
            yield shared
            names = same.funder_pair_names(shared)
            if two := (yield rows_of("co_funding", _("Open what two funders share"), names)):
                yield same.rows_of_funders(visit, shared, two)
    elif part == "project":
        if names := same.project_names(found):
            yield same.around(found, (yield Choice("around", _("Project"), names)))
    else:
        yield same.facts_to_fill(visit, found)

    yield About(same.notes(found))


def _pairs(visit: Visit, found: same.Overlap) -> Blocks:
    yield Done()
    status = yield Choice("list", _("List"), same.list_names(found))
    if pairs := same.offered(visit, found, status):
        pair = yield Choice("pair", same.offer_words(found, status), pairs)
        yield evidence.of_pair(visit, found, pair)
        for name, slug in evidence.leads(visit, found, pair):
            yield Link("initiative", _("Profile of {name}").format(name=name), {"id": slug})
        why_not = evidence.why_not_here(visit)
        if said := (yield AnswerForm(pair, evidence.answer_names(), evidence.reason_names(), why_not)):
            evidence.answer(visit, found, pair, *said)
            yield StartAgain(evidence.thanks(said[0]))
        yield same.similar(found, status)
