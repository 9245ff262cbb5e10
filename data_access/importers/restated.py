"""A list whose rows have no numbers, come again with some of them changed: nobody can tell a corrected grant from another one."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from data_access.i18n import _, in_digits, ngettext
from data_access.importers.outcomes import Outcome
from data_access.importers.questions import id_in
from data_access.importers.records import Unreadable
from data_access.importers.references import BY_ROW
from data_access.importers.run import Run
from data_access.schema import grant


class IsItCorrected(Unreadable):
    """New rows stand where earlier ones of the list stood; the message says what to do."""


def ask_whether_corrected(run: Run, *, counts_both: bool, is_snapshot: bool) -> None:
    """Refuse a list of grants without numbers where rows of an earlier load of its source are gone and others are there between
    the same funder and recipient: of the same day, or in a file that states other rows of the earlier list again.

    Each would count beside what it may stand for. With `is_snapshot` the earlier ones are taken out; with `counts_both` somebody
    looked. Raises IsItCorrected.
    """
    if counts_both or is_snapshot or "grant" not in run.entities or not run.outcome.created.get("grant"):
        return
    records, ours = run.source_records("grant")
    facts = grant.c.funder_id, grant.c.recipient_id, grant.c.committed_on
    asked = select(records.c.run_id, records.c.seen_run_id, *facts).join(grant, grant.c.id == id_in(records))
    rows = run.connections["shared"].execute(asked.where(ours, records.c.external_id.startswith(f"{BY_ROW}-"))).all()
    this = run.runs["shared"]
    is_list_again = any(row.seen_run_id == this != row.run_id for row in rows)

    def stood(*, is_new: bool) -> Counter[tuple[object, ...]]:
        own = (row for row in rows if (row.run_id == this if is_new else row.seen_run_id != this))
        return Counter((row.funder_id, row.recipient_id, None if is_list_again else row.committed_on) for row in own)

    alike = (stood(is_new=True) & stood(is_new=False)).total()
    if alike:
        raise IsItCorrected(_said(alike, run.outcome))


def _said(alike: int, outcome: Outcome) -> str:
    again = ngettext(
        "{n} row of the earlier list of this source is there again.",
        "{n} rows of the earlier list of this source are there again.",
        outcome.unchanged["grant"],
    ).format(n=in_digits(outcome.unchanged["grant"]))
    stand = ngettext(
        "{n} other is gone, and a new row is between the same funder and recipient: corrected, or another grant? The rows have no "
        "numbers that would tell.",
        "{n} others are gone, and as many new rows are between the same funders and recipients: corrected, or other grants? The "
        "rows have no numbers that would tell.",
        alike,
    ).format(n=in_digits(alike))
    do = _(
        "If the file is the whole list as it is now, say that it is all there is; if they are other grants, say that somebody looked "
        "and both count. A column of numbers, read as the grant's, ends the question."
    )
    return " ".join((again, stand, do))
