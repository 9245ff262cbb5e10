"""A list of grants come again with rows changed that have no numbers, or with numbers written otherwise: nobody can tell the same
grant from another one."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from data_access.i18n import _, in_digits, ngettext
from data_access.importers.outcomes import Outcome
from data_access.importers.questions import grants_made, id_in
from data_access.importers.records import Place, Problem, Unreadable
from data_access.importers.references import BY_ROW
from data_access.importers.run import Run
from data_access.importers.written_otherwise import plain_number
from data_access.schema import grant, import_change

NUMBERED_BY_HAND = frozenset(["360giving", "template"])


class IsItCorrected(Unreadable):
    """New rows stand where earlier ones of the list stood; the message says what to do."""


ALIKE = ("funder_id", "recipient_id", "committed_on"), ("recipient_id", "committed_on", "amount_minor", "currency")
ALIKE_IN_A_LIST_AGAIN = (
    ("funder_id", "recipient_id"), ("recipient_id", "committed_on", "amount_minor", "currency"),
    ("funder_id", "committed_on", "amount_minor", "currency"),
)  # fmt: skip
"""Facts in which a new row may be what is left of a corrected one: in any file, and in one that states rows of an earlier list of its
source again. Grants of one call have payer, day and sum in common."""


def ask_whether_corrected(run: Run, *, counts_both: bool, is_snapshot: bool) -> None:
    """Refuse a list of grants where rows without numbers of an earlier load of its source are gone and others, with numbers or
    without, are there that are like them in all but what may have been corrected.

    Each would count beside what it may stand for. With `is_snapshot` the earlier ones are taken out; with `counts_both` somebody
    looked. Raises IsItCorrected.
    """
    if counts_both or is_snapshot or "grant" not in run.entities or not run.outcome.created.get("grant"):
        return
    connection, (records, ours), this = run.connections["shared"], run.source_records("grant"), run.runs["shared"]
    asked = select(records.c.seen_run_id, records.c.run_id, grant).join(grant, grant.c.id == id_in(records)).where(ours)
    without_numbers = asked.where(records.c.external_id.startswith(f"{BY_ROW}-"))
    earlier = [row for row in connection.execute(without_numbers).mappings() if row["run_id"] != this]
    gone = [row for row in earlier if row["seen_run_id"] != this]
    if not gone:
        return
    made = asked.where(records.c.external_id.in_(grants_made(run, import_change.c.external_id)))
    new = connection.execute(made).mappings().all()
    is_list_again = len(gone) < len(earlier)

    def alike(facts: tuple[str, ...]) -> int:
        of_new, of_gone = (Counter(tuple(row[fact] for fact in facts) for row in some) for some in (new, gone))
        return (of_new & of_gone).total()

    if most := max(map(alike, ALIKE_IN_A_LIST_AGAIN if is_list_again else ALIKE)):
        raise IsItCorrected(_said(most, run.outcome))


def ask_about_numbers(run: Run, *, counts_both: bool, is_snapshot: bool) -> None:
    """Refuse a list in which a new grant has the number of one of an earlier load of its source, written with other zeros, capitals
    or separators, or with letters that look alike: it would count beside it. Two new ones whose numbers are so alike are said.

    With `is_snapshot` the earlier ones are taken out; with `counts_both` somebody looked. Raises IsItCorrected.
    """
    if run.origin.format not in NUMBERED_BY_HAND or not run.outcome.created.get("grant"):
        return
    (records, ours), connection = run.source_records("grant"), run.connections["shared"]
    made_now = set(connection.scalars(grants_made(run, import_change.c.external_id)))
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
        "{n} other is gone, and a new row is like it but for a name, a day, a sum or a number: corrected, or another grant? The rows "
        "had no numbers that would tell.",
        "{n} others are gone, and as many new rows are like them but for a name, a day, a sum or a number: corrected, or other "
        "grants? The rows had no numbers that would tell.",
        alike,
    ).format(n=in_digits(alike))
    do = _(
        "If the file is the whole list as it is now, say that it is all there is; if they are other grants, say that somebody looked "
        "and both count. A column of numbers, read as the grant's, ends the question."
    )
    return " ".join((again, stand, do))
