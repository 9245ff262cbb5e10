"""Where the records come from: sources and loads, records to fix, files to fill in and to load."""

from collections.abc import Callable, Mapping
from functools import partial

from dashboard.answers import (
    contested,
    fixes,
    live_reading,
    publishing,
    same_money,
    same_organisation,
    sources,
    uploads,
    who_may_read,
)
from dashboard.page.blocks import (
    About,
    Blocks,
    Choice,
    Done,
    Download,
    Hint,
    Part,
    Remark,
    Rows,
    Selectable,
    StartAgain,
    Templates,
)
from dashboard.page.forms import (
    Attempt,
    ColumnForm,
    Confirm,
    FileForm,
    KeyForm,
    Sent,
    Shown,
    TryOrLoad,
    ValueForm,
)
from dashboard.page.registry import EVERY_LIST, page
from dashboard.page.visit import Visit
from data_access import contests, live_keys, people
from data_access.i18n import N_, _


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
    yield sources.summary(sources.find(visit), len(fixes.find(visit)))
    part = yield Part(sources.part_names(visit))

    parts = {
        "sources": _sources,
        "fix": _fix,
        "loads": _loads,
        "file": _file,
        "exports": lambda visit: [sources.exports(visit)],
        "faults": lambda visit: [sources.faults(visit)],
        "publication": _publication,
        "people": _people,
        "live": _live,
        "contested": _contested,
        "same": _same,
        "same_money": _same_money,
    }
    yield from parts[part](visit)

    yield About(sources.notes())


def _sources(visit: Visit) -> Blocks:
    """Sources by age, and the workbook to fill in."""
    found = sources.find(visit)
    yield sources.ages(found)
    yield sources.listing(found)
    if contested.can_be_said() and (wrong := (yield contested.of_sources(visit))):
        try:
            yield Hint(contested.say(visit, *wrong))
        except contests.NotNoted as refusal:
            yield Hint(str(refusal))
    yield Templates(uploads.language_names(), uploads.template_bytes)


def _fix(visit: Visit) -> Blocks:
    """Records to fix by reason, each with its way to the profile."""
    to_fix = fixes.find(visit)
    yield fixes.by_reason(to_fix)
    if reasons := fixes.reason_names(to_fix):
        yield fixes.records(to_fix, (yield Choice("reason", _("Reason"), reasons)))


def _loads(visit: Visit) -> Blocks:
    """Every load, and taking one back."""
    yield Done()
    yield sources.loads(visit)
    if loads := uploads.undoable(visit):
        yield from _take_back(visit, loads)
    yield sources.problems(visit)


def _file(visit: Visit) -> Blocks:
    """A file, and what becomes of it."""
    known = list(dict.fromkeys(sources.find(visit)["name"]))
    sent = yield FileForm(known, uploads.format_names(), uploads.why_not_here(visit))
    if sent:
        yield from _load(visit, sent)


def _load(visit: Visit, sent: Sent) -> Blocks:
    """From a file to its records: which column is which, how to read what is not understood, try, load."""
    if tables := uploads.table_kinds(visit, sent):
        kinds, is_needed = tables
        kind, said = yield ColumnForm(kinds, is_needed)
        sent = uploads.with_columns(sent, kind, said, kinds[kind], is_needed=is_needed)
        if faults := uploads.faults(sent):
            sent = uploads.with_values(sent, (yield ValueForm(faults)))
        if sent.column_map:
            yield uploads.first_rows(sent, kind)

    step = yield TryOrLoad()
    if step and (done := (yield Attempt(partial(uploads.take, visit, sent, dry_run=step == "try")))):
        yield uploads.outcome(done, dry_run=step == "try")
        yield uploads.problems(done)
        if rejected := uploads.corrections(done):
            yield Download(_("Rejected rows, to mend and load again"), "corrections.xlsx", rejected)
        if step == "load":
            yield Remark(uploads.thanks(done))


def _take_back(visit: Visit, loads: Mapping[str, str]) -> Blocks:
    """A load chosen, what taking it back would change, and the button that does it."""
    chosen = yield Rows("open_loads", _("Take a load back"), loads)
    if chosen:
        yield uploads.would_undo(chosen)
        if (yield Confirm(_("Take it back"))):
            taken = yield Attempt(partial(uploads.undo, visit, chosen))
            if taken is not None:
                yield StartAgain(uploads.undone(taken))


def _publication(_visit: Visit) -> Blocks:
    """Where each period stands, and one of them as it would be published."""
    found = publishing.find()
    yield publishing.listing(found)
    if periods := publishing.can_be_tried(found):
        period = yield Rows("open_periods", _("Show what a period would publish"), periods)
        if period and (tried := (yield Attempt(publishing.attempt(period)))):
            yield publishing.trial(tried, period)


def _live(visit: Visit) -> Blocks:
    """Addresses of tables, and the reader's keys to them."""
    page = yield Choice("live_page", _("Tables of the page"), live_reading.page_names())
    yield live_reading.addresses(visit, page)
    yield Done()
    try:
        if asked := (yield KeyForm(live_keys.MOST_DAYS)):
            yield Shown(live_reading.make(visit, *asked), live_reading.made_words())
    except live_keys.NotMade as refusal:
        yield Hint(str(refusal))
    known = live_reading.keys_of(visit)
    place = yield Selectable(live_reading.listing(known))
    if place is not None and (yield Confirm(_("Take this key back"))):
        yield StartAgain(live_reading.take_back(visit, known[place]))


def _contested(visit: Visit) -> Blocks:
    """What readers say is wrong; one chosen, and what became of it."""
    yield Done()
    waiting = contested.waiting(visit)
    place = yield Selectable(contested.listing(waiting))
    if place is not None:
        settled_as = yield Choice("settled_as", _("What became of it"), contested.settlement_names())
        if (yield Confirm(_("Settle it"), "check")):
            yield StartAgain(contested.settle(visit, waiting, place, settled_as))


def _same(visit: Visit) -> Blocks:
    """Organisations that may be one; a pair chosen, both beside the merged one, what is decided, and what was."""
    yield Done()
    pairs = same_organisation.proposed(visit)
    place = yield Selectable(same_organisation.listing(pairs))
    if place is not None:
        decision = yield Choice("same_decision", _("What they are"), same_organisation.decision_names())
        yield same_organisation.before_and_after(visit, pairs[place], decision)
        yield from _at_a_press(_("Decide"), partial(same_organisation.decide, visit, pairs[place], decision), "check")
    if decided := same_organisation.decided(visit):
        place = yield Selectable(same_organisation.decisions(decided))
        if place is not None:
            yield from _at_a_press(_("Take it back"), partial(same_organisation.take_back, visit, decided[place]))


def _same_money(visit: Visit) -> Blocks:
    """What loads left out as stated already; one chosen and what it is, and what was decided."""
    yield Done()
    found = same_money.proposed(visit)
    place = yield Selectable(same_money.listing(found))
    if place is not None:
        decision = yield Choice("money_decision", _("What they are"), same_money.decision_names())
        yield from _at_a_press(_("Decide"), partial(same_money.decide, visit, found[place], decision), "check")
    if decided := same_money.decided(visit):
        place = yield Selectable(same_money.decisions(decided))
        if place is not None:
            yield from _at_a_press(_("Take it back"), partial(same_money.take_back, visit, decided[place]))


def _at_a_press(label: str, change: Callable[[Callable[[str], None]], str], icon: str = "undo") -> Blocks:
    """A button, and what it changes; what was done is said above the page as it is then."""
    if (yield Confirm(label, icon)):
        said = yield Attempt(change)
        if said:
            yield StartAgain(said)


def _people(visit: Visit) -> Blocks:
    """Who has which role; one chosen or a new one, and what becomes of her."""
    yield Done()
    known = who_may_read.everybody()
    place = yield Selectable(who_may_read.listing(known))
    person = known[place] if place is not None else None
    if decision := (yield who_may_read.form(person)):
        try:
            said = who_may_read.decide(visit, decision, person)
        except people.NotPossible as refusal:
            yield Hint(str(refusal))
        else:
            yield StartAgain(said)
    yield who_may_read.log()
