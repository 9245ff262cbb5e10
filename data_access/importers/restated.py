"""A list of grants come again with rows changed that have no numbers, or with numbers written otherwise: nobody can tell the same
grant from another one."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from data_access.i18n import _, in_digits, ngettext
from data_access.importers.outcomes import Outcome
from data_access.importers.questions import id_in
from data_access.importers.records import Place, Problem, Unreadable
from data_access.importers.references import BY_ROW
from data_access.importers.run import Run
from data_access.importers.written_otherwise import plain_number
from data_access.schema import grant, import_change

NUMBERED_BY_HAND = frozenset(["360giving", "template"])


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


def ask_about_numbers(run: Run, *, counts_both: bool, is_snapshot: bool) -> None:
    """Refuse a list in which a new grant has the number of one of an earlier load of its source, written with other zeros, capitals
    or separators, or with letters that look alike: it would count beside it. Two new ones whose numbers are so alike are said.

    With `is_snapshot` the earlier ones are taken out; with `counts_both` somebody looked. Raises IsItCorrected.
    """
    if run.origin.format not in NUMBERED_BY_HAND or not run.outcome.created.get("grant"):
        return
    (records, ours), connection = run.source_records("grant"), run.connections["shared"]
    by_run = import_change.c.run_id == run.runs["shared"], import_change.c.entity == "grant"
    made_now = set(
        connection.scalars(select(import_change.c.external_id).where(*by_run, import_change.c.before.is_(None)))
    )
    known: dict[str, str] = {}
    new: dict[str, str] = {}
    for number in connection.scalars(select(records.c.external_id).where(ours).order_by(records.c.external_id)):
        if number.startswith(f"{BY_ROW}-"):
            continue
        mine, plain = new if number in made_now else known, plain_number(number)
        if mine is new and (other := new.get(plain)) is not None:
            run.outcome.add(
                Problem(Place("grant"), "", number, "numbers_alike",
                        _("and {other} may be one number, written with other zeros, capitals or separators; each is a grant of "
                          "its own.").format(other=other),
                        _("If they are one grant, take this load back, write its number in one way and load again."),
                        is_warning=True)
            )  # fmt: skip
        mine[plain] = number
    if (again := known.keys() & new.keys()) and not counts_both and not is_snapshot:
        first = min(again)
        raise IsItCorrected(
            ngettext(
                "{n} grant has the number of one of an earlier load, written otherwise: {new} for {known}. If they are one, write "
                "the number as before, or, if the file is the whole list as it is now, say that it is all there is; if they are "
                "two, say that somebody looked and both count.",
                "{n} grants have the numbers of earlier loads, written otherwise, such as {new} for {known}. If they are the same, "
                "write the numbers as before, or, if the file is the whole list as it is now, say that it is all there is; if "
                "they are others, say that somebody looked and both count.",
                len(again),
            ).format(n=in_digits(len(again)), new=new[first], known=known[first])
        )


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
