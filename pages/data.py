"""Where the records come from: sources and loads, records to fix, files to fill in and to load."""

from functools import partial

from dashboard.answers import fixes, sources, uploads
from dashboard.page.blocks import (
    About,
    Attempt,
    Blocks,
    Choice,
    Download,
    FileForm,
    GoTo,
    Part,
    Remark,
    Selectable,
    Templates,
)
from dashboard.page.registry import EVERY_LIST, page
from dashboard.page.visit import Visit
from dashboard.words.i18n import N_, _


@page(
    N_("Data"),
    N_("Data"),
    icon="database",
    place=70,
    applies=(*EVERY_LIST, "scope"),
    needs_refresh=True,
)
def data(visit: Visit) -> Blocks:
    """Sources, what to mend, loads, exports, and a form for files."""
    found, to_fix = sources.find(visit), fixes.find(visit)

    yield sources.summary(found, len(to_fix))
    part = yield Part(sources.part_names(visit))

    if part == "sources":
        yield sources.ages(found)
        yield sources.listing(found)
        yield Templates(uploads.language_names(), uploads.template_bytes)
    elif part == "fix":
        yield fixes.by_reason(to_fix)
        if reasons := fixes.reason_names(to_fix):
            records = fixes.records(to_fix, (yield Choice("reason", _("Reason"), reasons)))
            chosen = yield Selectable(records)
            if chosen is not None:
                yield GoTo("initiative", {"id": to_fix.loc[records.rows.index[chosen], "slug"]})
    elif part == "loads":
        yield sources.loads(visit)
        yield sources.problems(visit)
    elif part == "exports":
        yield sources.exports(visit)
    else:
        sent = yield FileForm(list(found["source"]), uploads.format_names(), uploads.why_not_here(visit))
        if sent and (done := (yield Attempt(partial(uploads.take, visit, sent)))):
            yield uploads.outcome(done, dry_run=sent.dry_run)
            yield uploads.problems(done)
            if rejected := uploads.corrections(done):
                yield Download(_("Rejected rows, to mend and load again"), "corrections.xlsx", rejected)
            if not sent.dry_run:
                yield Remark(uploads.thanks(done))

    yield About(sources.notes())
