"""Grants that two sources may state in two ways: days or a little money apart, without a payer, or in parts. Both count, and it is
said; what two sources state alike is left out (see `same_money`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Subquery, and_, case, func, or_, select

from data_access.i18n import _, in_digits, ngettext
from data_access.importers.questions import grants_made, id_in, key_of
from data_access.importers.records import Place, Problem
from data_access.importers.references import BY_ROW, NOT_STATED
from data_access.importers.run import Run
from data_access.schema import grant, grant_country, import_change, organisation, same_money, source, source_record

DAYS_APART = timedelta(days=31)
PARTS_IN_100 = 1
MOST_PER_GRANT = 3


def say_what_is_nearly_the_same(run: Run) -> None:
    """Say of each new grant that another source states one to the same recipient in the same currency that is no more than a month
    and a hundredth of its sum apart, or leaves day or payer open; of several of one day that they add up to one of another source;
    and of rows without numbers that they are alike but for their countries."""
    if not run.outcome.created.get("grant"):
        return
    records, ours = run.source_records("grant")
    made = grants_made(run, import_change.c.row_key)
    new = select(id_in(records).label("id"), records.c.external_id).where(ours, records.c.row_key.in_(made)).subquery()
    for name, what, do in (*_single_ones(run, new), *_parts(run, new), *_a_row_per_country(run, new)):
        run.outcome.add(Problem(Place("grant"), "", name, "nearly_same_money", what, do, is_warning=True))


def _single_ones(run: Run, made: Subquery) -> Iterator[tuple[str, str, str]]:
    new, old, trace = grant, grant.alias("old"), source_record.alias("trace")
    away = func.abs(new.c.amount_minor - old.c.amount_minor)
    nearly = (
        select(
            made.c.external_id, trace.c.external_id.label("other"), source.c.name, new.c.committed_on,
            old.c.committed_on.label("other_day"), away.label("away"), (new.c.funder_id == old.c.funder_id).label("is_payer"),
        )
        .join(new, new.c.id == made.c.id)
        .join(organisation, and_(organisation.c.id == new.c.recipient_id, organisation.c.name != NOT_STATED))
        .join(old, and_(old.c.recipient_id == new.c.recipient_id, old.c.currency == new.c.currency))
        .join(trace, and_(trace.c.row_key == key_of(old.c.id), trace.c.entity == "grant",
                          trace.c.source_id != run.sources["shared"]))
        .join(source, source.c.id == trace.c.source_id)
        .where(
            away * 100 <= func.abs(new.c.amount_minor) * PARTS_IN_100,
            or_(new.c.funder_id == old.c.funder_id, new.c.funder_id.is_(None), old.c.funder_id.is_(None)),
            old.c.id.not_in(select(same_money.c.kept_id).where(same_money.c.entity == "grant")),
        )
        .order_by(new.c.id, old.c.id)
    )  # fmt: skip
    what = _(
        "is nearly what {name} of “{source}” is: to the same recipient, of the same sum or within a hundredth of it, and no more than a "
        "month apart or without a day or a payer. BOTH ARE COUNTED."
    )
    do = _("If they are one, write payer, day and sum in the same way in both, take this load back and load again.")
    said: Counter[str] = Counter()
    for row in run.connections["shared"].execute(nearly):
        are_apart = None not in (row.committed_on, row.other_day) and abs(row.committed_on - row.other_day) > DAYS_APART
        are_alike = row.is_payer and row.committed_on is not None and row.committed_on == row.other_day and not row.away
        if not are_apart and not are_alike and said[row.external_id] < MOST_PER_GRANT:
            said[row.external_id] += 1
            yield row.external_id, what.format(name=row.other, source=row.name), do


def _parts(run: Run, made: Subquery) -> Iterator[tuple[str, str, str]]:
    trace, own = source_record.alias("trace"), run.sources["shared"]
    sides = [grant.c[name] for name in ("funder_id", "recipient_id", "committed_on", "currency")]
    touched = select(grant.c.recipient_id).join(made, made.c.id == grant.c.id)
    is_new = trace.c.row_key.in_(grants_made(run, import_change.c.row_key))
    sums = (
        select(
            *sides, trace.c.source_id, func.sum(grant.c.amount_minor).label("total"), func.count().label("number"),
            func.min(trace.c.external_id).label("first"), func.max(case((is_new, grant.c.id))).label("newest"),
        )
        .join(trace, and_(trace.c.row_key == key_of(grant.c.id), trace.c.entity == "grant"))
        .where(grant.c.recipient_id.in_(touched), grant.c.committed_on.is_not(None), grant.c.amount_minor.is_not(None))
        .group_by(*sides, trace.c.source_id)
    ).cte()  # fmt: skip
    ours, theirs = sums.alias("ours"), sums.alias("theirs")
    are_one_sum = and_(
        *(ours.c[name].is_not_distinct_from(theirs.c[name]) for name in (*(of.name for of in sides), "total"))
    )
    same = (
        select(ours.c.first, ours.c.number, theirs.c.first.label("other"), theirs.c.number.label("others"), source.c.name)
        .join(theirs, are_one_sum)
        .join(source, source.c.id == theirs.c.source_id)
        .where(ours.c.source_id == own, theirs.c.source_id != own, ours.c.newest.is_not(None),
               ours.c.number != theirs.c.number, or_(ours.c.number == 1, theirs.c.number == 1))
        .order_by(ours.c.first)
    )  # fmt: skip
    what = _(
        "adds up, with those of the same sides and day, to what “{source}” states: {number} here, {others} there, such as {other}. "
        "BOTH ARE COUNTED."
    )
    do = _("If they are one grant in parts, leave one of the two out, take this load back and load again.")
    for row in run.connections["shared"].execute(same):
        here, there = in_digits(row.number), in_digits(row.others)
        yield row.first, what.format(source=row.name, other=row.other, number=here, others=there), do


def _a_row_per_country(run: Run, made: Subquery) -> Iterator[tuple[str, str, str]]:
    facts = [
        grant.c[name]
        for name in ("funder_id", "recipient_id", "project_id", "committed_on", "amount_minor", "currency")
    ]
    alike = (
        select(func.min(made.c.external_id).label("first"), func.count(grant.c.id.distinct()).label("number"))
        .join(grant, grant.c.id == made.c.id)
        .join(grant_country, grant_country.c.grant_id == grant.c.id)
        .where(made.c.external_id.startswith(f"{BY_ROW}-"), grant.c.committed_on.is_not(None))
        .group_by(*facts)
        .having(
            func.count(grant.c.id.distinct()) > 1, func.count() == func.count(grant_country.c.host_country.distinct())
        )
        .order_by("first")
    )
    for row in run.connections["shared"].execute(alike):
        yield (
            row.first,
            ngettext(
                "and {n} other row are alike in sides, day and sum and differ in their countries alone. EACH IS COUNTED.",
                "and {n} other rows are alike in sides, day and sum and differ in their countries alone. EACH IS COUNTED.",
                row.number - 1,
            ).format(n=in_digits(row.number - 1)),
            _(
                "If they are one grant in several countries, write it in one row with all of them, take this load back and load again."
            ),
        )
