"""Where the records come from: sources and loads, records to fix, files to fill in and to load."""

from functools import partial

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import files, fixes, sources

visit = view.begin("data", _("Data"), ("host_countries", "activities", "audiences", "funders", "scope"))
found, to_fix = sources.find(visit), fixes.find(visit)

view.summary(sources.summary(found, len(to_fix)))
part = view.part(sources.part_names(visit))

if part == "sources":
    view.chart(sources.ages(found))
    view.table(sources.listing(found))
    view.files_to_fill(files.language_names(), files.template_bytes)
elif part == "fix":
    view.table(fixes.by_reason(to_fix))
    if reasons := fixes.reason_names(to_fix):
        records = fixes.records(to_fix, view.choose("reason", _("Reason"), reasons))
        chosen = view.selectable(records)
        if chosen is not None:
            view.go_to("initiative", id=to_fix.loc[records.rows.index[chosen], "slug"])
elif part == "loads":
    view.table(sources.loads(visit))
    view.table(sources.problems(visit))
elif part == "exports":
    view.table(sources.exports(visit))
else:
    sent = view.file_form(list(found["source"]), files.format_names(), files.why_not_here(visit))
    if sent and (done := view.attempt(partial(files.take, visit, sent))):
        view.table(files.outcome(done, dry_run=sent.dry_run))
        view.table(files.problems(done))
        view.download(_("Rejected rows, to mend and load again"), "corrections.xlsx", files.corrections(done))
        if not sent.dry_run:
            view.remark(files.thanks(done))

view.about(*sources.notes())
