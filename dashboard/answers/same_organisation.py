"""Organisations that may be one under two names: what each is and has, what the merged one would be, and what was decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pandas as pd

from dashboard.answers.uploads import rebuild
from dashboard.page.blocks import Table
from dashboard.page.reading import computed, importer, read_now, takes_uploads
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import merges, queries
from data_access.i18n import N_, _, ngettext
from data_access.importers.records import Unreadable
from data_access.merges import Pair

SHOWN = 200
INTO_FIRST, INTO_SECOND, APART = "into_first", "into_second", "apart"
FACTS = {
    "name": N_("Name"),
    "is_initiative": N_("Is an initiative"),
    "is_funder": N_("Gives money"),
    "visibility": N_("Visibility"),
    "independence": N_("Independence"),
    "seat_country": N_("Seat"),
    "legal_form": N_("Legal form"),
    "is_registered": N_("Is registered"),
    "founded_on": N_("Since"),
    "closed_on": N_("Closed on"),
    "confirmed_on": N_("Last confirmed"),
    "website": N_("Website"),
    "volunteers": N_("Volunteers"),
    "paid_staff": N_("Paid staff"),
}
NAMED_IN = {
    "presence": N_("places where it works"),
    "project": N_("projects"),
    "grant": N_("grants given or received"),
    "need": N_("stated needs"),
    "partnership": N_("partnerships"),
    "local_partner": N_("local partners"),
    "organisation_finance": N_("statements of cash"),
    "other_income": N_("other income"),
    "organisation": N_("organisations it is the fiscal host of"),
}


def are_decided_here(visit: Visit) -> bool:
    """Whether this reader decides here which organisations are one: stewards, and coordinators of those they answer for."""
    return visit.viewer.role in ("steward", "coordinator") and takes_uploads()


def answers_for(visit: Visit) -> set[int]:
    """The organisations this reader may decide about. Raises PermissionError for who decides about none."""
    if not are_decided_here(visit):
        raise PermissionError
    return set(read_now(queries.initiatives.answered_for(visit.viewer))["organisation_id"])


def proposed(visit: Visit) -> list[Pair]:
    """Pairs with names alike that nobody decided about and that this reader may decide about, the most alike first."""
    own = answers_for(visit)
    with importer().connect() as connection:
        known = tuple(one["id"] for one in merges.decisions(connection))
        found = computed(lambda: merges.proposals(connection), "same_organisations", known)
    return [pair for pair in found if {pair.first, pair.second} <= own][:SHOWN]


def listing(pairs: list[Pair]) -> Table:
    """The pairs to decide about."""
    with importer().connect() as connection:
        names = merges.names(connection, {one for pair in pairs for one in (pair.first, pair.second)})
    rows = pd.DataFrame(
        {
            "organisation": pd.array([names[pair.first] for pair in pairs], dtype="str"),
            "same_as": pd.array([names[pair.second] for pair in pairs], dtype="str"),
            "names_alike": pd.array([pair.alike / 100 for pair in pairs], dtype="float64"),
        }
    )
    title = ngettext("{n} pair may be one organisation", "{n} pairs may be one organisation", len(pairs))
    return Table(
        "same_organisations",
        title.format(n=written.number(len(pairs))),
        rows,
        _("By their names alone. Choose one to see both and to decide; nothing is merged by itself."),
    )


def decision_names() -> dict[str, str]:
    """What can be decided about a pair."""
    return {
        APART: _("They are two"),
        INTO_FIRST: _("They are one: keep the first name"),
        INTO_SECOND: _("They are one: keep the second name"),
    }


def before_and_after(visit: Visit, pair: Pair, decision: str) -> Table:
    """What both are, and what the one that is kept would be; for stewards also how many records name each: a coordinator is not
    told of those in countries of others."""
    with importer().connect() as connection:
        first, second = merges.row_of(connection, pair.first), merges.row_of(connection, pair.second)
        has = [merges.named_in(connection, one) for one in (pair.first, pair.second)]
    kept, gone = (second, first) if decision == INTO_SECOND else (first, second)
    merged = kept | merges.after(kept, gone)
    withheld = set() if visit.viewer.role == "steward" else _withheld(visit, (first, second))
    lines = [
        (_(what), *(_("withheld") if name in withheld else _shown(name, one[name]) for one in (first, second, merged)))
        for name, what in FACTS.items()
    ]
    for name, what in NAMED_IN.items() if visit.viewer.role == "steward" else ():
        counts = [own.get(name, 0) for own in has]
        if any(counts):
            lines.append((_(what), *(written.number(n) for n in (*counts, sum(counts)))))
    rows = pd.DataFrame(lines, columns=["recorded_fact", "first", "second", "after_merge"]).astype("str")
    if decision == APART:
        return Table("merge_facts", _("What both are"), rows.drop(columns="after_merge"))
    note = _("What stands there twice, such as the same place, stands once afterwards; the stricter visibility holds.")
    return Table("merge_facts", _("Before and after"), rows, note)


def _withheld(visit: Visit, both: Sequence[Mapping[str, Any]]) -> set[str]:
    """The facts of either of two organisations that this reader may not know."""
    told = read_now(queries.initiatives.told_of([one["id"] for one in both], visit.viewer)).set_index("organisation_id")
    return {
        name
        for name in told
        for one in both
        if one[name] is not None and (one["id"] not in told.index or pd.isna(told.loc[one["id"], name]))
    }


def decide(visit: Visit, pair: Pair, decision: str, say: Callable[[str], None]) -> str:
    """Do what was decided; says what was done. Raises Unreadable; PermissionError for who may not."""
    if not {pair.first, pair.second} <= answers_for(visit):
        raise PermissionError
    by, now = visit.viewer.subject, datetime.now(UTC)
    sides = (pair.second, pair.first) if decision == INTO_SECOND else (pair.first, pair.second)
    make = merges.keep_apart if decision == APART else merges.merge
    _done(partial(make, importer(), *sides, by, now))
    if decision == APART:
        return _("Noted: they are two, and nobody is asked again.")
    rebuild(visit, now.date(), say)
    return _("They are one now. It can be taken back below.")


def decided(visit: Visit) -> list[dict[str, Any]]:
    """What was decided, the newest first: by anybody for stewards, by herself for a coordinator, about those she answers for."""
    with importer().connect() as connection:
        found = merges.decisions(connection)
    if visit.viewer.role == "steward":
        return found
    own = answers_for(visit)
    return [one for one in found if one["decided_by"] == visit.viewer.subject and one["kept_id"] in own]


def decisions(found: list[dict[str, Any]]) -> Table:
    """What was decided, to take back."""
    days = [pd.Timestamp(one["decided_at"]).tz_localize(None).normalize() for one in found]
    rows = pd.DataFrame(
        {
            "organisation": pd.array([one["kept"] or _("not named") for one in found], dtype="str"),
            "same_as": pd.array([one["gone_name"] for one in found], dtype="str"),
            "merge_decision": pd.array([one["decision"] for one in found], dtype="str"),
            "said_on": pd.to_datetime(pd.Series(days, dtype="datetime64[us]")),
            "person": pd.array([one["decided_by"] for one in found], dtype="str"),
        }
    )
    return Table("merges", _("Decided so far"), rows, _("Choose one to take it back."))


def take_back(visit: Visit, decision: Mapping[str, Any], say: Callable[[str], None]) -> str:
    """Take a decision back; says what was done. Raises Unreadable; PermissionError for who may not."""
    if not are_decided_here(visit) or decision not in decided(visit):
        raise PermissionError
    left = _done(partial(merges.undo, importer(), int(decision["id"])))
    if decision["decision"] == merges.MERGED:
        rebuild(visit, datetime.now(UTC).date(), say)
    return undone(left)


def undone(left: int) -> str:
    """What to say of a merge that was taken back, of which `left` rows were changed by hand since."""
    if not left:
        return _("Taken back: everything is as it was.")
    return ngettext(
        "Taken back, but for {n} row that somebody changed since: look at it.",
        "Taken back, but for {n} rows that somebody changed since: look at them.",
        left,
    ).format(n=written.number(left))


def _done(change: Callable[[], Any]) -> Any:
    try:
        return change()
    except merges.NotMerged as refusal:
        raise Unreadable(str(refusal)) from refusal


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return written.day(pd.Timestamp(value))
    if name == "seat_country":
        return written.country(value)
    return codes.word(value) if isinstance(value, str) else written.number(value)
