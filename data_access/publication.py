"""Disclosure control: a closed period of cases becomes a small fixed list of protected cells, drawn once.

SECURITY.md section 1. Freezing counts people per cell in the case database and commits; protecting, auditing and
inserting into the shared database follows and is idempotent, so a rerun after a crash completes it. The random source
is an argument.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product

from sqlalchemy import Connection, Engine, Row, func, insert, select

from data_access import unlisted
from data_access.addresses import CASES_URL_VARIABLE
from data_access.disclosure import ALL, Audit, Cell, Rounding
from data_access.freezing import CONTRIBUTORS, freeze, frozen_periods, people_and_contributors
from data_access.i18n import N_, _
from data_access.importers.entities import kept_for
from data_access.protected_year import (
    BAND_NAMES,
    BASE,
    COUNTRY_GROUPS,
    MEASURES,
    OTHER,
    ROUTE_GROUPS,
    Draw,
    K,
    PublicationRefused,
    Year,
    period_days,
)
from data_access.schema import (
    case_episode,
    frozen_atom,
    frozen_event,
    publication_request,
    publication_year,
    published_cell,
    viewer,
    viewer_country,
)

CLOSED_AFTER_DAYS = 30
DRAWS = 20
WITHHELD = "withheld"
PUBLISHED_IN = {
    "quarters": N_("{year} is published in quarters: {periods}."),
    "halves": N_("{year} is published in halves: {periods}."),
}


def protect(count: int, draw: Draw) -> int | None:
    """Below 10 becomes None ('<10', zero included); else an unbiased random multiple of 5."""
    if count < K:
        return None
    lower, rest = divmod(count, BASE)
    return lower * BASE + (BASE if draw(BASE) < rest else 0)


def setting(connection: Connection, year: int) -> Year:
    """The stored settings of `year`, else those of the last year before it, else the house's own."""
    stored = publication_year.c
    row = connection.execute(
        select(publication_year).where(stored.year <= year).order_by(stored.year.desc()).limit(1)
    ).first()
    if row is None:
        return Year(year, "quarters", COUNTRY_GROUPS, ROUTE_GROUPS, kept_for(connection))
    groups = json.loads(row.country_groups), json.loads(row.route_groups)
    return Year(year, row.periods, *groups, kept_for(connection))


def set_year(shared: Engine, cases: Engine, chosen: Year) -> None:
    """Fix the settings of a year. Raises PublicationRefused once a period of it is frozen."""
    with cases.connect() as connection:
        frozen = [name for name in frozen_periods(connection) if name.startswith(str(chosen.year))]
    if frozen:
        raise PublicationRefused(
            _("{period} is frozen already: the groups and periods of {year} are fixed.").format(
                period=frozen[0], year=chosen.year
            )
        )
    with shared.begin() as connection:
        connection.execute(publication_year.delete().where(publication_year.c.year == chosen.year))
        connection.execute(insert(publication_year), _stored(chosen))


def _stored(chosen: Year) -> dict[str, object]:
    return {
        "year": chosen.year,
        "periods": chosen.periods,
        "country_groups": json.dumps(dict(chosen.country_groups), sort_keys=True),
        "route_groups": json.dumps(dict(chosen.route_groups), sort_keys=True),
    }


@dataclass(frozen=True)
class Release:
    """What was published: `inserted` cells, how many of them hidden, whether the year's table is in, draws needed."""

    period: str
    inserted: int
    hidden: int
    with_year: bool
    draws: int


def publish(cases: Engine, shared: Engine, period: str, today: date, draw: Draw) -> Release:
    """Freeze `period`, protect, audit and insert its cells, with the year's table after its last period.

    Published cells are never redrawn: a second run inserts nothing. Raises PublicationRefused when the period is
    running or closed less than 30 days ago, of the wrong kind, out of order, holds an unknown country or route, shows a
    group with fewer than three contributors, or cannot be protected against the audit's attackers: somebody outside,
    and the coordinators of each country and of each set of countries somebody has.
    """
    chosen = _due(shared, period, today)
    if chosen is None:
        return Release(period, 0, 0, False, 0)
    _refuse_gaps(cases, shared, chosen, period)
    with cases.begin() as connection:
        freeze(connection, chosen, period)
    with shared.begin() as connection:
        if _is_published(connection, period):
            return Release(period, 0, 0, False, 0)
        if not connection.scalar(select(publication_year.c.year).where(publication_year.c.year == chosen.year)):
            connection.execute(insert(publication_year), _stored(chosen))
        with cases.connect() as frozen:
            cells, draws = _safe_cells(connection, frozen, chosen, period, draw)
        connection.execute(insert(published_cell), _cell_rows(cells, period))
        unlisted.release(connection, period, today)
    with_year = any(cell[1] == str(chosen.year) for cell in cells)
    return Release(period, len(cells), sum(value is None for value in cells.values()), with_year, draws)


@dataclass(frozen=True)
class Trial:
    """What a period would publish: per cell the two values of which one would be drawn, or None where it would be hidden; and
    how many draws passed the audit at once."""

    cells: Mapping[Cell, tuple[int, int] | None]
    with_year: bool
    draws: int


def attempt(cases: Engine, shared: Engine, period: str, today: date, draw: Draw) -> Trial:
    """What `publish` would do, audited and written nowhere; the draw itself is not told, so that nobody chooses among several.

    Raises PublicationRefused as `publish` does, and for a period that is published already.
    """
    chosen = _due(shared, period, today)
    if chosen is None:
        raise PublicationRefused(
            _("{period} is published already; published cells are never redrawn.").format(period=period)
        )
    _refuse_gaps(cases, shared, chosen, period)
    with cases.connect() as mine, shared.connect() as connection:
        freeze(mine, chosen, period)
        cells, draws = _safe_cells(connection, mine, chosen, period, draw)
        counts, _contributors = _frozen(mine, chosen)
        mine.rollback()
    with_year = any(cell[1] == str(chosen.year) for cell in cells)
    return Trial({cell: _drawn_from(counts.get(cell, 0)) for cell in cells}, with_year, draws)


def _drawn_from(count: int) -> tuple[int, int] | None:
    lower = count // BASE * BASE
    return None if count < K else (lower, lower + (BASE if count % BASE else 0))


@dataclass(frozen=True)
class Standing:
    """Where a period stands: "published", "withheld", "publishable" or "not_closed" before `opens_on`; how many of its cells
    are out and how many of these hidden; who asked for it and whether to withhold it."""

    period: str
    state: str
    opens_on: date
    cells: int
    hidden: int
    asked_by: str
    is_to_be_withheld: bool


def standings(shared: Connection, today: date) -> list[Standing]:
    """Where each period stands, newest first: from the first one that is out, or the beginning of last year, to today's."""
    counted = select(
        published_cell.c.release,
        published_cell.c.measure == WITHHELD,
        func.count(),
        func.count() - func.count(published_cell.c.value),
    ).group_by(published_cell.c.release, published_cell.c.measure == WITHHELD)
    out = {release: (bool(withheld), n, hidden) for release, withheld, n, hidden in shared.execute(counted)}
    wishes = {wish.period: wish for wish in shared.execute(select(publication_request))}
    first = min((period_days(name)[0] for name in out), default=date(today.year - 1, 1, 1))
    found = []
    for period in (name for year in range(first.year, today.year + 1) for name in setting(shared, year).names):
        begin, last = period_days(period)
        if not first <= begin <= today:
            continue
        opens_on = last + timedelta(days=CLOSED_AFTER_DAYS + 1)
        withheld, cells, hidden = out.get(period, (False, 0, 0))
        state = (
            "withheld_period"
            if withheld
            else "published"
            if cells
            else "publishable"
            if today >= opens_on
            else "not_closed"
        )
        wish = wishes.get(period)
        found.append(
            Standing(period, state, opens_on, 0 if withheld else cells, 0 if withheld else hidden,
                     wish.asked_by if wish else "", bool(wish and wish.is_to_be_withheld))
        )  # fmt: skip
    return found[::-1]


def ask(shared: Engine, period: str, steward: str, now: datetime, *, withhold: bool = False) -> str:
    """Note that a steward wants a period published, or withheld; who asked for it first, another one than she when she now
    approves.

    Whoever asked may ask for the other of the two instead. Raises PublicationRefused for anybody who is no steward, and for
    another steward who wants the other of the two.
    """
    with shared.begin() as connection:
        if connection.scalar(select(viewer.c.role).where(viewer.c.subject == steward)) != "steward":
            raise PublicationRefused(_("{person} is no steward: two of them publish a period.").format(person=steward))
        first = connection.execute(select(publication_request).where(publication_request.c.period == period)).first()
        if first is not None and first.asked_by != steward:
            _refuse_another_wish(first, withhold=withhold)
            return str(first.asked_by)
        row = {"period": period, "asked_by": steward, "asked_at": now, "is_to_be_withheld": withhold}
        connection.execute(publication_request.delete().where(publication_request.c.period == period))
        connection.execute(insert(publication_request), row)
        return steward


def _refuse_another_wish(first: Row, *, withhold: bool) -> None:
    if first.is_to_be_withheld == withhold:
        return
    said = (
        N_("{person} asked to withhold {period}, not to publish it: approve that with `--withhold`, or ask her.")
        if first.is_to_be_withheld
        else N_(
            "{person} asked to publish {period}, not to withhold it: approve that without `--withhold`, or ask her."
        )
    )
    raise PublicationRefused(_(said).format(person=first.asked_by, period=first.period))


def withhold(cases: Engine, shared: Engine, period: str, today: date) -> None:
    """Close a period that cannot be published: its events are counted as booked and no figure of it appears, ever.

    Raises PublicationRefused as `publish` does for what is not due or out of order, and for what is published.
    """
    chosen = _due(shared, period, today)
    if chosen is None:
        _refuse_to_withhold_what_is_published(shared, period)
        return
    _refuse_gaps(cases, shared, chosen, period)
    with cases.begin() as connection:
        freeze(connection, chosen, period, is_shown=False)
    with shared.begin() as connection:
        connection.execute(insert(published_cell), _cell_rows({(WITHHELD, period, ALL, ALL): None}, period))
        unlisted.release(connection, period, today)


def _refuse_to_withhold_what_is_published(shared: Engine, period: str) -> None:
    told = published_cell.c.period == period, published_cell.c.measure != WITHHELD
    with shared.connect() as connection:
        if connection.scalar(select(func.count()).select_from(published_cell).where(*told)):
            raise PublicationRefused(
                _("{period} is published: what people have read cannot be withheld any more.").format(period=period)
            )


def _due(shared: Engine, period: str, today: date) -> Year | None:
    """The settings for a period that may be published now; None when it is published already."""
    last = period_days(period)[1]
    if today <= last + timedelta(days=CLOSED_AFTER_DAYS):
        raise PublicationRefused(
            _("{period} closes for publication on {day}.").format(
                period=period, day=last + timedelta(days=CLOSED_AFTER_DAYS + 1)
            )
        )
    with shared.connect() as connection:
        chosen = setting(connection, int(period[:4]))
        if _is_published(connection, period):
            return None
    if period not in chosen.names:
        said = _(PUBLISHED_IN[chosen.periods])
        raise PublicationRefused(said.format(year=chosen.year, periods=", ".join(chosen.names)))
    return chosen


def _is_published(connection: Connection, period: str) -> bool:
    return bool(
        connection.scalar(select(func.count()).select_from(published_cell).where(published_cell.c.period == period))
    )


def _refuse_gaps(cases: Engine, shared: Engine, chosen: Year, period: str) -> None:
    """Periods follow each other without a hole: what is frozen must be published or withheld before the next one."""
    with cases.connect() as connection:
        frozen = frozen_periods(connection)
        if not frozen and not connection.scalar(select(func.count()).select_from(case_episode)):
            raise PublicationRefused(
                _("The case database holds no case at all. Load cases first, or check {variable}.").format(
                    variable=CASES_URL_VARIABLE
                )
            )
    if not frozen or period in frozen:
        return
    begin = period_days(period)[0]
    newest = frozen[-1]
    if begin <= period_days(newest)[0]:
        raise PublicationRefused(
            _("{period} lies before {newest}, which is frozen; periods come in order.").format(
                period=period, newest=newest
            )
        )
    with shared.connect() as connection:
        if not _is_published(connection, newest):
            raise PublicationRefused(
                _("{newest} is frozen but not published: publish or withhold it first.").format(newest=newest)
            )
    if period_days(newest)[1] + timedelta(days=1) != begin:
        raise PublicationRefused(
            _("Between {newest} and {period} a period is missing; periods come in order.").format(
                newest=newest, period=period
            )
        )


def _cell_rows(cells: Mapping[Cell, int | None], release: str) -> list[dict[str, object]]:
    return [
        {"measure": cell[0], "period": cell[1], "country_group": cell[2], "route_group": cell[3], "release": release, "value": value}
        for cell, value in cells.items()
    ]  # fmt: skip


def _safe_cells(
    connection: Connection, cases: Connection, chosen: Year, period: str, draw: Draw
) -> tuple[dict[Cell, int | None], int]:
    """Protected cells of the release that pass the audit together with the year's earlier ones, and the draws it took.

    After twenty draws, or where fewer than three contributors stand behind one of its figures, the finest table, of
    the year, is left out; after twenty more the release is refused.
    """
    counts, contributors = _frozen(cases, chosen)
    in_year = published_cell.c.period.in_([*chosen.names, str(chosen.year)])
    earlier = {
        (row.measure, row.period, row.country_group, row.route_group): row.value
        for row in connection.execute(select(published_cell).where(in_year))
        if row.measure != WITHHELD
    }
    shown = {cell[1] for cell in earlier} | {period}
    is_whole = shown >= set(chosen.names)
    fine = list(year_cells(chosen)) if is_whole and _can_show_year(chosen, counts, contributors) else []
    scopes = connection.execute(select(viewer_country.c.subject, viewer_country.c.host_country)).all()
    attackers = [{}, *_coordinators(cases, chosen, counts, scopes)]
    structure = chosen.structure(name for name in chosen.names if name in shown)
    for table in (fine, []) if fine else ([],):
        new = [*period_cells(chosen, period), *table]
        audit = Audit([*earlier, *new], structure, Rounding(K, BASE), holds=_endings_follow(counts))
        for turn in range(1, DRAWS + 1):
            cells = {cell: protect(counts.get(cell, 0), draw) for cell in new}
            if not any(audit.provable(earlier | cells, known) for known in attackers):
                return cells, turn
    raise PublicationRefused(
        _(
            "{period} cannot be protected: in {n} draws an attacker could still prove somebody in a hidden cell. Close it with "
            "`meridian publish {period} --withhold`; publish half-years, or merge groups, from the next year on."
        ).format(period=period, n=DRAWS)
    )


def _endings_follow(counts: Mapping[Cell, int]) -> Callable[[Cell], bool]:
    """Whether a cell's relocated are among its ended: not where an outcome was entered after the ending was booked."""
    return lambda cell: counts.get(("relocated", *cell[1:]), 0) <= counts.get(("closed", *cell[1:]), 0)


def period_cells(chosen: Year, period: str) -> Iterable[Cell]:
    """The fixed list of one period: measure x (all, each country group, each route group), bands for all only."""
    for measure, country in product(MEASURES, (ALL, *chosen.countries)):
        yield measure, period, country, ALL
    for measure, group in product(MEASURES, chosen.routes):
        yield measure, period, ALL, group
    for band in BAND_NAMES:
        yield band, period, ALL, ALL


def year_cells(chosen: Year) -> Iterable[Cell]:
    """The year's table: measure x country group x route group."""
    for measure, country, group in product(MEASURES, chosen.countries, chosen.routes):
        yield measure, str(chosen.year), country, group


def _frozen(connection: Connection, chosen: Year) -> tuple[dict[Cell, int], dict[Cell, int]]:
    """People and contributors frozen per cell of the year's periods, and of the year itself."""
    rows = connection.execute(select(frozen_atom).where(frozen_atom.c.period.in_(chosen.names))).all()
    year = people_and_contributors(connection, chosen, frozen_event.c.period.in_(chosen.names))
    people = {(r.measure, r.period, r.country_group, r.route_group): r.people for r in rows}
    contributors = {(r.measure, r.period, r.country_group, r.route_group): r.contributors for r in rows}
    for cell in year_cells(chosen):
        people[cell] = sum(people.get((cell[0], name, *cell[2:]), 0) for name in chosen.names)
        contributors[cell] = year.get((cell[0], *cell[2:]), (0, 0))[1]
    return people, contributors


def _can_show_year(chosen: Year, counts: Mapping[Cell, int], contributors: Mapping[Cell, int]) -> bool:
    """Three contributors stand behind every figure the year's table would show."""
    return all(contributors[cell] >= CONTRIBUTORS for cell in year_cells(chosen) if counts[cell] >= K)


def _coordinators(
    connection: Connection, chosen: Year, counts: Mapping[Cell, int], scopes: Iterable[Sequence[str]] = ()
) -> list[Mapping]:
    """What each country's coordinator knows, and each who has several: at least her own people in every atom, exactly
    where the group holds no other country. `scopes`: subject, host country."""
    of_group = {group: {c for c, g in chosen.country_groups.items() if g == group} for group in chosen.countries}
    own: dict[str, dict[Cell, int]] = {}
    for country in sorted(c for c in connection.scalars(select(case_episode.c.host_country).distinct()) if c):
        own[country] = {}
        for name in {cell[1] for cell in counts} & set(chosen.names):
            booked = (frozen_event.c.period == name, case_episode.c.host_country == country)
            for key, (people, _n) in people_and_contributors(connection, chosen, *booked).items():
                own[country][key[0], name, key[1], key[2]] = people
    several: dict[str, set[str]] = {}
    for subject, country in scopes:
        several.setdefault(subject, set()).add(country)
    known: list[Mapping] = []
    for countries in {frozenset({c}) for c in own} | {frozenset(s & own.keys()) for s in several.values()}:
        atoms: dict[Cell, tuple[int, int | None]] = {}
        for name, group, kind, measure in product(chosen.names, chosen.countries, chosen.routes, MEASURES):
            cell = (measure, name, group, kind)
            people = counts.get(cell, 0)
            hers = min(people, sum(own[country].get(cell, 0) for country in countries))
            is_alone = group != OTHER and of_group[group] <= countries
            if hers or is_alone:
                atoms[cell] = (people, people) if is_alone else (hers, None)
        known.append(atoms)
    return known
