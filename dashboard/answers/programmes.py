"""Programmes side by side: a host country and a route beside all, by equal definitions, with what stands behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from dashboard.answers import what_if
from dashboard.answers.cases import HALF_YEAR
from dashboard.answers.live_or_published import is_live
from dashboard.answers.portfolio import by_part, picture
from dashboard.answers.published import FEWEST_PEOPLE, Published, cell_words, groups_by_year, groups_of
from dashboard.metrics import programmes
from dashboard.metrics.programmes import Measured, Programme
from dashboard.page.blocks import Chart, Table
from dashboard.page.reading import found_once, read, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts
from dashboard.words import codes, written
from data_access import protected_year, queries
from data_access.case_episodes import UNKNOWN_COUNTRY, UNKNOWN_ROUTE
from data_access.filters import Filters
from data_access.i18n import _, ngettext

EVERY_ROUTE = "all"
RELOCATION = "relocation"
UNKNOWN = (UNKNOWN_COUNTRY, UNKNOWN_ROUTE)


@dataclass(frozen=True)
class Beside:
    """The programmes of a choice by (host country, route), all their cases as one, and the legal clocks of today."""

    each: dict[tuple[str, str], Programme]
    all: Programme
    clocks: pd.DataFrame

    def wait(self, key: tuple[str, str]) -> Measured | None:
        """How many days longer than in all until half had ended."""
        return _away(self.each[key].half, self.all.half)


def _away(own: Measured | None, of_all: Measured | None) -> Measured | None:
    return None if own is None or of_all is None else own.less(of_all)


def route_names(visit: Visit) -> dict[str, str]:
    """The routes that can be compared: all, or one."""
    known = read(queries.relocation.programme_durations(visit.filters, visit.viewer))["route"].unique()
    return {EVERY_ROUTE: _("all routes")} | {
        route: codes.code("route", route)
        for route in sorted(known, key=lambda one: written.sort_key(codes.code("route", one)))
        if route != UNKNOWN_ROUTE
    }


@found_once
def find(visit: Visit, route: str) -> Beside:
    """The programmes with cases opened in the period, of one route or of all."""
    durations = read(queries.relocation.programme_durations(visit.filters, visit.viewer))
    if route != EVERY_ROUTE:
        durations = durations[durations["route"] == route]
    named = durations[~durations["host_country"].isin(UNKNOWN) & ~durations["route"].isin(UNKNOWN)]
    each = {
        (str(country), str(way)): programmes.of_cases(own, HALF_YEAR)
        for (country, way), own in named.groupby(["host_country", "route"])
    }
    clocks = read(queries.relocation.legal_clocks(visit.cases_as_of.date(), visit.viewer))
    return Beside(each, programmes.of_cases(durations, HALF_YEAR), clocks)


def sentence(found: Beside, route: str) -> str:
    """Where half of the cases wait longer or shorter than in all, in one sentence."""
    told = {key: away for key in found.each if (away := found.wait(key)) is not None}
    longer = [key for key, away in told.items() if away.low > 0]
    shorter = [key for key, away in told.items() if away.high < 0]
    of = _("all routes") if route == EVERY_ROUTE else codes.code("route", route)
    if not told:
        return _("There are too few cases to tell programmes apart ({route}).").format(route=of)
    if not longer and not shorter:
        none = ngettext(
            "{n} programme can be compared ({route}); it cannot be told from all by how long half of the cases wait.",
            "{n} programmes can be compared ({route}); none can be told from all by how long half of the cases wait.",
            len(told),
        )
        return none.format(n=written.number(len(told)), route=of)
    said = ngettext(
        "Of {n} programme that can be compared ({route}), half of the cases wait longer than in all in {longer} and shorter in {shorter}.",
        "Of {n} programmes that can be compared ({route}), half of the cases wait longer than in all in {longer} and shorter in {shorter}.",
        len(told),
    )
    numbers = {
        "n": written.number(len(told)),
        "longer": written.number(len(longer)),
        "shorter": written.number(len(shorter)),
    }
    return said.format(route=of, **numbers)


@shown_once
def waiting(found: Beside, route: str) -> Chart:
    """How much longer or shorter than in all half of the cases wait, per programme, with intervals."""
    told = [(key, away) for key in sorted(found.each, key=_place) if (away := found.wait(key)) is not None]
    rows = pd.DataFrame(
        [(*key, round(away.value), round(away.low), round(away.high)) for key, away in told],
        columns=["host_country", "route", "wait_away", "wait_away_low", "wait_away_high"],
    ).astype(dict.fromkeys(("wait_away", "wait_away_low", "wait_away_high"), "Int64"))
    names = [_name(key) if route == EVERY_ROUTE else written.country(key[0]) for key, _away_ in told]
    apart = [(away.value, name) for name, (_key, away) in zip(names, told, strict=True) if away.low > 0]
    slower = [name for _value, name in sorted(apart, key=lambda one: -one[0])]
    title = _slower(slower)
    half = "–" if found.all.half is None else written.days(round(found.all.half.value))
    return Chart(
        "programmes_waiting",
        title,
        rows,
        _("Days until half had ended, those still waiting included, more or fewer than in all ({half}), with 95 % intervals. Grey: cannot be told apart.")
        .format(half=half),
        charts.apart(rows.assign(name=names), "name", ("wait_away_low", "wait_away", "wait_away_high"), _("days")),
        charts.alternative(title, names, [days_away(away) for _key, away in told]),
        is_live=True,
    )  # fmt: skip


def _slower(names: list[str]) -> str:
    """Which programmes are slower than all: two by name at most."""
    if not names:
        return _("No programme can be told to be slower than all together")
    if len(names) <= 2:
        return _("Slower than all together: {names}").format(names=written.listing(names))
    said = ngettext(
        "{n} programme is slower than all together, the slowest: {names}",
        "{n} programmes are slower than all together, the slowest: {names}",
        len(names),
    )
    return said.format(n=written.number(len(names)), names=written.listing(names[:2]))


def _name(key: tuple[str, str]) -> str:
    return _("{country}: {route}").format(country=written.country(key[0]), route=codes.code("route", key[1]))


def _place(key: tuple[str, str]) -> str:
    """Where a programme stands in the alphabet."""
    return written.sort_key(_name(key))


def days_away(away: Measured | None) -> str:
    """A difference of days in words, with its interval."""
    if away is None:
        return _("too few to say")
    low, high = (written.number(abs(round(limit))) for limit in (away.low, away.high))
    if away.low > 0:
        said = _("{n} days longer than all, {low}–{high}")
    elif away.high < 0:
        said, low, high = _("{n} days shorter than all, {low}–{high}"), high, low
    else:
        said, low, high = (
            _("cannot be told from all, {low} to {high} days"),
            *(written.signed(round(x)) for x in (away.low, away.high)),
        )
    return said.format(n=written.number(abs(round(away.value))), low=low, high=high)


def points_away(away: Measured | None) -> str:
    """A difference of shares in words, in percentage points, with its interval."""
    if away is None:
        return _("too few to say")
    low, high = (round(100 * limit) for limit in (away.low, away.high))
    if away.low > 0:
        said, between = _("{n} points more than all, {low}–{high}"), (low, high)
    elif away.high < 0:
        said, between = _("{n} points less than all, {low}–{high}"), (-high, -low)
    else:
        said = _("cannot be told from all, {low} to {high} points")
        return said.format(low=written.signed(low), high=written.signed(high))
    low_said, high_said = (written.number(limit) if limit else "<1" for limit in between)
    return said.format(n=written.number(abs(round(100 * away.value))), low=low_said, high=high_said)


@shown_once
def table(visit: Visit, found: Beside) -> Table:
    """Every programme with its figures, how far each lies from all, its strong and weak points, and its legal clock."""
    rows = [_row(found, key) for key in sorted(found.each, key=_place)]
    columns = ["host_country", "route", "half_days", "waiting_180", "strong", "weak", "followed", "wait_difference", "relocated_180",
               "relocated_difference", "on_time_share", "on_time_difference", "legal_days"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    kinds = {"followed": "Int64", "half_days": "Int64", "legal_days": "Int64", "waiting_180": "Float64", "relocated_180": "Float64", "on_time_share": "Float64",
             "strong": "str", "weak": "str"}  # fmt: skip
    return Table(
        "programmes",
        _("Programmes by the same definitions"),
        frame.astype(kinds),
        _("A point is strong or weak where the whole 95 % interval of the difference lies on one side. “All” is what you chose above and here, its own cases included. Differences say where to ask, not why."),
        is_live=True,
    )  # fmt: skip


def _row(found: Beside, key: tuple[str, str]) -> tuple:
    own, of_all = found.each[key], found.all
    wait = found.wait(key)
    relocated, on_time = _away(own.relocated, of_all.relocated), _away(own.on_time, of_all.on_time)
    strong, weak = points(wait, relocated, on_time)
    return (
        *key,
        None if own.half is None else round(own.half.value),
        own.waiting,
        strong,
        weak,
        own.followed,
        days_away(wait),
        None if own.relocated is None else own.relocated.value,
        points_away(relocated),
        None if own.on_time is None else own.on_time.value,
        points_away(on_time),
        _clock(found.clocks, key),
    )


def points(
    wait: Measured | None, relocated: Measured | None, on_time: Measured | None
) -> tuple[str | None, str | None]:
    """The strong and the weak points of a programme: what can be told from all, in its words; None without any."""
    said: dict[bool, list[str]] = {True: [], False: []}
    words: tuple[tuple[Measured | None, bool, Callable[[], str]], ...] = (
        (wait, False, lambda: _("waiting time")),
        (relocated, True, lambda: _("relocated by day {n}").format(n=HALF_YEAR)),
        (on_time, True, lambda: _("on time")),
    )
    for away, more_is_good, word in words:
        if away is not None and away.is_told_apart:
            said[(away.value > 0) == more_is_good].append(word())
    strong, weak = (written.listing(said[side]) or None for side in (True, False))
    return strong, weak


def _clock(clocks: pd.DataFrame, key: tuple[str, str]) -> int | None:
    """Days of legal stay of a programme for stays that begin now: the country's own before that of all."""
    own = clocks[clocks["route"] == key[1]]
    for of in (own[own["host_country"] == key[0]], own[own["host_country"].isna()]):
        if len(of):
            return int(of["days"].iloc[-1])
    return None


@shown_once
def behind(visit: Visit) -> Table:
    """What stands behind the programmes of each host country: places (for who sees live cases), initiatives for relocation,
    money signed for it."""
    rows = behind_each(visit)
    title, year = _("What stands behind, by host country"), visit.as_of.year
    if not is_live(visit):
        note = _(
            "Initiatives with a project for relocation that has not ended; money of {year} placed there and signed for relocation. Empty: nothing on record."
        )
        return Table("behind_programmes", title, _ordered(rows.set_index("host_country")), note.format(year=year))
    day = visit.cases_as_of.date()
    places = read(queries.relocation.places_pledged(day, visit.filters, visit.viewer)).set_index("host_country")[
        "places"
    ]
    used = read(queries.relocation.places_used(day, visit.filters, visit.viewer)).set_index("host_country")
    own = rows.set_index("host_country")
    frame = own.reindex(own.index.union(places.index)).assign(places=places, used=used["relocated_people"])
    frame["used"] = frame["used"].fillna(0).where(frame["places"].notna())
    return Table(
        "behind_programmes",
        title,
        _ordered(frame)[["host_country", "places", "used", "relocating", "signed"]],
        _("Places of the period that runs now, in people; initiatives with a project for relocation that has not ended; money of {year} placed there and signed for relocation. Empty: nothing on record.")
        .format(year=year),
        is_live=True,
    )  # fmt: skip


@found_once
def behind_each(visit: Visit) -> pd.DataFrame:
    """Per host country: host_country, relocating (initiatives with a project for relocation that has not ended), signed (money
    of the year placed there for relocation, minor units; NA without any on record)."""
    chosen = Filters(host_countries=visit.filters.host_countries)
    money = by_part(picture(replace(visit, filters=chosen)), ["host_country", "activity"], with_unknown=True)
    signed = money[money["activity"] == RELOCATION].set_index("host_country")["funded"]
    cells = what_if.cells_of(visit)
    at_work = cells[cells["activity"] == RELOCATION].groupby("host_country")["organisation_id"].nunique()
    if chosen.host_countries:
        at_work = at_work[at_work.index.isin(chosen.host_countries)]
    frame = pd.DataFrame({"relocating": at_work.astype("Int64"), "signed": signed.astype("Int64")})
    frame = frame[~frame.index.isin(["withheld", "not_stated"])]
    return frame.rename_axis("host_country").reset_index()


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    rows = frame.rename_axis("host_country").reset_index()
    kinds = {name: "Int64" for name in ("places", "used", "relocating", "signed") if name in rows}
    return codes.by_names(rows, ["host_country"]).astype(kinds)


def published_shares(visit: Visit, found: Published) -> Table | None:
    """Programmes as everybody may read them, of the newest whole year that is published: people by country group and route
    group, the share relocated of those whose case ended, and how far it lies from that of all; None before one is published."""
    if found.of_year.empty:
        return None
    year = str(found.of_year["period"].max())
    cells = found.of_year[found.of_year["period"] == year]
    if visit.filters.host_countries:
        groups = groups_of(visit.filters, groups_by_year(visit).get(year, protected_year.COUNTRY_GROUPS))
        cells = cells[cells["country_group"].isin(groups)]
    whole = _share_of_year(found, year)
    wide = cells.pivot(index=["country_group", "route_group"], columns="measure", values="value").reset_index()
    rows = [_published_row(row, whole) for row in wide.to_dict("records")]
    columns = [
        "country_group",
        "route_group",
        "asked",
        "ended",
        "relocated_people",
        "relocated_share",
        "relocated_beside",
    ]
    return Table(
        "programmes_published",
        _("{year}: programmes by the same definitions").format(year=year),
        pd.DataFrame(rows, columns=columns).astype({"relocated_share": "Float64"}),
        _("People, rounded at random to 5; shares from {n} people on. Beside all: percentage points from the share of all in that year ({share}), with what rounding leaves open.")
        .format(n=FEWEST_PEOPLE, share="–" if whole is None else written.percent(whole.value)),
    )  # fmt: skip


def _share_of_year(found: Published, year: str) -> Measured | None:
    """The share relocated of all whose case ended in the periods of a year, as these were published."""
    own = found.totals[found.totals["period"].str.startswith(year)]
    if own.empty or own["value"].isna().any():
        return None
    sums = own.groupby("measure")["value"].sum()
    off = (protected_year.BASE - 1) * own["period"].nunique()
    return programmes.rounded_share(sums["relocated"], sums["closed"], off) if sums["closed"] >= FEWEST_PEOPLE else None


def _published_row(row: dict[str, Any], whole: Measured | None) -> tuple:
    ended, relocated = (pd.to_numeric(row.get(name)) for name in ("closed", "relocated"))
    is_shown = pd.notna(ended) and pd.notna(relocated) and ended >= FEWEST_PEOPLE
    share = programmes.rounded_share(relocated, ended, protected_year.BASE - 1) if is_shown else None
    people = [cell_words(row.get(name)) for name in ("opened", "closed", "relocated")]
    away = _away(share, whole)
    return row["country_group"], row["route_group"], *people, None if share is None else share.value, points_away(away)
