"""Who does the same: pairs worth a conversation with their reasons and people's answers, and who works on what where."""

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import accounts, evidence, overlap

visit = view.begin("overlap", _("Who does the same?"), ("host_countries", "activities", "audiences", "funders"))
found = overlap.find(visit)

view.summary(overlap.summary(found))
part = view.part(overlap.part_names())

if part == "pairs":
    view.say_what_was_done()
    status = view.choose("list", _("List"), overlap.list_names(found))
    if pairs := overlap.offered(found, status):
        pair = view.choose("pair", overlap.offer_words(found, status), pairs)
        view.evidence(evidence.of_pair(visit, found, pair))
        said = view.answer_form(pair, evidence.answer_names(), evidence.reason_names(), evidence.why_not_here(visit))
        if said:
            evidence.answer(visit, found, pair, *said)
            view.start_again(evidence.thanks(said[0]))
        view.table(overlap.similar(found, status))
elif part == "where":
    if grid := overlap.providers(found):
        view.chart(grid)
        if cell := view.open_rows("grid", _("Open the projects of a cell"), overlap.grid_names(grid)):
            view.table(overlap.rows_of_cell(visit, cell))
    view.table(accounts.of_projects(visit))
elif part == "funders":
    if shared := overlap.shared_grantees(visit):
        view.chart(shared)
        if two := view.open_rows("co_funding", _("Open what two funders share"), overlap.funder_pair_names(shared)):
            view.table(overlap.rows_of_funders(visit, shared, two))
elif part == "project":
    if names := overlap.project_names(found):
        view.chart(overlap.around(found, view.choose("around", _("Project"), names)))
else:
    view.table(overlap.facts_to_fill(visit, found))

view.about(*overlap.notes(found))
