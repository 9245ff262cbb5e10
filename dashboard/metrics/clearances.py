"""What other clearances see beyond funders, as sums: all of them placed at once, each in a world of its own.

What a clearance sees otherwise touches few lines. Of most of these it sees all that those see who see most: what differs there is
what differs for them. Its records of the others are put beside those of the others with ids moved apart, so that no line,
organisation or project of one world meets another's, and `money_sums` places them in one pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from dashboard.metrics.money_sums import BY_LINE, Sums, added, book, by_line, kept, received
from dashboard.metrics.placement import Records, ids

APART = 1 << 40
GRANTS_AT_ONCE = 150_000
IDS = ("line", "grant_id", "need_id", "project_id", "parent_project_id", "organisation_id", "recipient_id", "funder_id",
       "largest_funder_id")  # fmt: skip


@dataclass(frozen=True)
class Differences:
    """The `lines` and `recipients` of which one of two viewers sees something other than the other one."""

    lines: pd.Index
    recipients: pd.Index


KEYS = {
    "grants": "grant_id",
    "needs": "need_id",
    "declared": "grant_id",
    "places": "organisation_id",
    "facets": "project_id",
}
"""The frames of records in which viewers can differ, and what their rows are about."""
Unlike = Mapping[str, np.ndarray]
"""Per frame of `KEYS` the ids of which anybody knows something else than somebody; all others are alike to everybody."""


def not_in_both(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The rows that only one of two frames has."""
    return pd.concat([one, other]).drop_duplicates(keep=False)


def differences(mine: Records, theirs: Records, unlike: Unlike | None = None) -> Differences:
    """What two viewers' records differ in; `unlike`: nothing else does, which need not be looked for."""

    def changed(name: str) -> pd.Series:
        key, frames = KEYS[name], [getattr(mine, name), getattr(theirs, name)]
        if unlike is not None:
            frames = [frame[frame[key].isin(unlike[name])] for frame in frames]
        return not_in_both(*frames)[key]

    grants, needs, declared, organisations, projects = map(changed, KEYS)
    lines, recipients = [projects], []
    for records in (mine, theirs):
        known, stated = records.grants, records.needs
        own = known["grant_id"].isin(grants)
        touched = own | known["grant_id"].isin(declared)
        touched |= known["recipient_id"].isin(organisations) | known["funder_id"].isin(organisations)
        lines += [records.received_on[touched], records.taken_from[touched]]
        lines.append(records.needed_on[stated["need_id"].isin(needs) | stated["organisation_id"].isin(organisations)])
        recipients += [known.loc[own, "recipient_id"], known.loc[own, "funder_id"]]
    return Differences(ids(lines), ids(recipients))


@dataclass(frozen=True)
class World:
    """What a `clearance` sees otherwise: its `own` records of the lines to be `placed` and of all its recipients, `theirs` of the
    same recipients, and the lines of which it sees `all` that anybody sees."""

    clearance: str
    differs: Differences
    placed: pd.Index
    all: pd.Index
    own: Records
    theirs: Records


NOTHING = pd.Index([], dtype="int64")
PER_LINE = {**dict.fromkeys(BY_LINE, "line"), "money_project": "project_id"}
"""Tables whose rows of a line follow from the records of that line, and where they name it."""


def beyond(
    common: Sums,
    theirs: Records,
    whole: Records,
    most: tuple[str, Records],
    several: Iterable[tuple[str, Records]],
    unlike: Unlike | None = None,
) -> Iterator[tuple[str, Sums]]:
    """Per clearance what to add to the `common` sums, which are those of `theirs`, to have the sums of its own records:
    signed amounts in the tables of `BY_LINE`, in the others the rows that are not the same.

    `most`: the clearance that sees most and its records, `several`: the others and theirs; `whole`: what was converted, every grant
    and need of all of them; `unlike`: see `differences`. So many worlds are placed at once as have `GRANTS_AT_ONCE` grants.
    """
    name, everything = most
    differs = differences(everything, theirs, unlike)
    ((_name, of_most),) = _beyond(common, whole, [_world(name, everything, theirs, differs, differs.lines)], {})
    yield name, kept(of_most)
    worlds: list[World] = []
    for clearance, mine in several:
        differs = differences(mine, theirs, unlike)
        placed = differs.lines.intersection(differences(mine, everything, unlike).lines)
        worlds.append(_world(clearance, mine, theirs, differs, placed))
        if sum(len(world.own.grants) for world in worlds) > GRANTS_AT_ONCE:
            yield from ((one, kept(sums)) for one, sums in _beyond(common, whole, worlds, of_most))
            worlds = []
    if worlds:
        yield from ((one, kept(sums)) for one, sums in _beyond(common, whole, worlds, of_most))


def _world(clearance: str, mine: Records, theirs: Records, differs: Differences, placed: pd.Index) -> World:
    """What is `mine` and not `theirs`, of which only the lines `placed` are not seen whole."""
    own, others = mine.among(placed, differs.recipients), theirs.among(NOTHING, differs.recipients)
    return World(clearance, differs, placed, differs.lines.difference(placed), own, others)


def _beyond(common: Sums, whole: Records, worlds: Sequence[World], of_most: Sums) -> Iterator[tuple[str, Sums]]:
    """`beyond`, of these worlds in one pass, still by line; `of_most`: of those who see most."""
    recipients = [world.differs.recipients for world in worlds]
    records = _side_by_side([world.own for world in worlds], whole)
    others = _side_by_side([world.theirs for world in worlds], whole)
    sums = _beyond_by_line(common, records, [world.placed for world in worlds]) | received(records)
    accounts = _accounts(common, records, others, recipients)
    for number, world in enumerate(worlds):
        ours = {table: _of_world(rows, number) for table, rows in sums.items()}
        for table in ("money_recipient", "money_grantee", "money_project"):
            among = world.placed if table == "money_project" else world.differs.recipients
            ours[table] = _not_in(common[table], ours[table], among)
        for table, line in PER_LINE.items():
            if table in of_most:
                alike = of_most[table][of_most[table][line].isin(world.all)]
                ours[table] = pd.concat([ours[table], alike], ignore_index=True)
        yield world.clearance, ours | {"book": accounts[accounts["world"] == number].drop(columns="world")}


def _beyond_by_line(common: Sums, records: Records, lines: Sequence[pd.Index]) -> Sums:
    """The tables of `BY_LINE` of each world's `lines`, less what is common."""
    apart = _moved([own.to_frame(name="line") for own in lines])
    sums = by_line(records, pd.Index(apart["line"]))
    common_of = {name: _moved([common[name][common[name]["line"].isin(own)] for own in lines]) for name in BY_LINE}
    return {name: added([sums[name], _negated(common_of[name], keys)], keys) for name, keys in BY_LINE.items()}


def _accounts(common: Sums, records: Records, others: Records, recipients: Sequence[pd.Index]) -> pd.DataFrame:
    """The lines of each world's account that are not the common ones: what their `recipients` got in the common account is
    taken out of it, what they get in the world's is put in."""
    apart = _moved([own.to_frame(name="recipient_id") for own in recipients])["recipient_id"]
    more, less = (
        book(rows.assign(world=rows["grant_id"] // APART), ("world", "reporting"))
        for rows in (side.grants[side.grants["recipient_id"].isin(apart)] for side in (records, others))
    )
    keys = ["world", "reporting", "line"]
    change = added([more, _negated(less, keys)], keys)
    before = common["book"].merge(change[keys], on=keys[1:])
    return pd.concat([before, change]).groupby(keys, as_index=False).sum()


def _side_by_side(several: Sequence[Records], whole: Records) -> Records:
    """The records of several worlds as one, with the amounts of `whole`."""
    frames = {one.name: _moved([getattr(records, one.name) for records in several]) for one in fields(Records)}
    return Records(**frames | {"rates": whole.rates}).valued_as(whole, lambda ids: ids % APART)


def _moved(several: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several worlds, one after the other, their ids moved apart."""
    rows = pd.concat(several, ignore_index=True)
    by = np.repeat(np.arange(len(several)) * APART, [len(frame) for frame in several])
    return rows.assign(**{name: rows[name] + np.sign(rows[name]) * by for name in IDS if name in rows})


def _of_world(rows: pd.DataFrame, world: int) -> pd.DataFrame:
    """The rows of a world, with the ids they have in the database."""
    mine = rows[rows[next(name for name in IDS if name in rows)].abs() // APART == world]
    moved = {name: mine[name].abs() % APART * np.sign(mine[name]) for name in IDS if name in mine}
    return mine.assign(**moved)


def _not_in(common: pd.DataFrame, own: pd.DataFrame, among: pd.Index) -> pd.DataFrame:
    """The rows of each organisation or project `among` them that are not the same in `common`."""
    key = own.columns[0]
    own = own[own[key].isin(among)]
    near = common[common[key].isin(own[key])]
    return own[own[key].isin(not_in_both(near, own)[key])]


def _negated(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    amounts = [column for column in rows if column not in keys]
    return rows.assign(**-rows[amounts])
