"""`meridian merge` and `unmerge`: organisations that are one under two names."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from sqlalchemy import Engine, select

from dashboard.answers.same_organisation import undone
from dashboard.commands import speaking
from dashboard.commands.refusal import Refused
from dashboard.upkeep.refresh import refresh
from dashboard.upkeep.writers import writers
from data_access import merges, meta
from data_access.i18n import N_, _
from data_access.schema import organisation

BY_COMMAND = "command"


@speaking.command(
    help=N_(
        "Make two organisations one: everything that named GONE names KEPT. Both are references, as in a profile's address.\n\n"
        "Without them: which organisations have names alike, and what was decided. `meridian unmerge N` takes it back."
    )
)
@click.argument("kept", required=False)
@click.argument("gone", required=False)
@speaking.option("--two", "are_two", is_flag=True, help=N_("They are two: nobody is asked again."))
def merge(kept: str | None, gone: str | None, *, are_two: bool) -> None:
    """Make two organisations one."""
    shared = writers()["shared"]
    if not kept or not gone:
        _list(shared)
        return
    decide = merges.keep_apart if are_two else merges.merge
    try:
        number = decide(shared, _identity(shared, kept), _identity(shared, gone), BY_COMMAND, datetime.now(UTC))
    except merges.NotMerged as refusal:
        raise Refused(str(refusal)) from refusal
    if are_two:
        print(_("Noted as number {n}: they are two.").format(n=number))
        return
    refreshed(shared)
    print(
        _("Merge {n}: {gone} is {kept} now. `meridian unmerge {n}` takes it back.").format(
            n=number, gone=gone, kept=kept
        )
    )


@speaking.command(help=N_("Take a decision of `meridian merge` back."))
@click.argument("number", type=int)
def unmerge(number: int) -> None:
    """Take a decision of `meridian merge` back."""
    shared = writers()["shared"]
    try:
        left = merges.undo(shared, number)
    except merges.NotMerged as refusal:
        raise Refused(str(refusal)) from refusal
    refreshed(shared)
    print(undone(left))


def _list(shared: Engine) -> None:
    with shared.connect() as connection:
        named = {row.id: row for row in connection.execute(select(organisation))}
        for pair in merges.proposals(connection):
            first, second = named[pair.first], named[pair.second]
            print(f"{pair.alike} %  {first.slug}  {second.slug}")
        for one in merges.decisions(connection):
            print(f"{one['id']}  {one['decided_at']:%Y-%m-%d}  {one['kept']}  {one['gone_name']}  {one['decision']}")


def _identity(shared: Engine, slug: str) -> int:
    with shared.connect() as connection:
        found = connection.scalar(select(organisation.c.id).where(organisation.c.slug == slug))
    if found is None:
        raise Refused(_("there is no organisation {slug}.").format(slug=repr(slug)))
    return int(found)


def refreshed(shared: Engine) -> None:
    """Bring the sums of money and pairs up to the day they were made for, if they ever were."""
    with shared.connect() as connection:
        as_of = meta.read(connection, "shared").get("as_of")
    if as_of:
        refresh(shared, None, datetime.fromisoformat(as_of).date())


COMMANDS = (merge, unmerge)
