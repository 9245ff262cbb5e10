"""Where the initiatives are: bars, map, openings and closings, and those that asked not to be listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from dashboard.answers import events
from dashboard.metrics import distribution
from dashboard.metrics.statistics import Coverage, competition_rank
from dashboard.page.blocks import Chart, Figure, Summary, Table
from dashboard.page.reading import found_once, read, shown_once
from dashboard.page.visit import Visit, current
from dashboard.pictures import charts, maps
from dashboard.words import written
from data_access import protected_year, queries
from data_access.filters import Filters
from data_access.i18n import _, ngettext


class Choice(NamedTuple):
    """What the page counts: which unit, in every place or shared out, and which place."""

    unit: str = "initiatives"
    share_out: bool = False
    basis: queries.initiatives.Basis = "works_in"


DEFAULT = Choice()


@dataclass(frozen=True)
class Initiatives:
    """`places`: one row per initiative of the network and place; `each`: one row per initiative; `bars`: the chosen
    unit per place; `named`: initiatives per country, fully counted, without withheld and not stated; `state_linked`: programmes
    outside the network, counted apart and in no total; `one_country`: the only one that is chosen, which then
    has the most of course."""

    choice: Choice
    as_of: pd.Timestamp
    places: pd.DataFrame
    each: pd.DataFrame
    state_linked: pd.DataFrame
    projects: pd.DataFrame
    bars: pd.DataFrame
    named: pd.DataFrame
    placement: dict[str, int]
    confirmed: Coverage
    one_country: str | None

    @property
    def total(self) -> int:
        return sum(self.placement.values())


def part_names() -> dict[str, str]:
    """The parts of the initiatives page."""
    return {
        "where": _("Where"),
        "what": _("Since when, doing what, for how many"),
        "how": _("How they work"),
    }


def unit_names() -> dict[str, str]:
    """Counting units in the plural, as they stand in a sentence."""
    return {
        "initiatives": _("initiatives"),
        "organisations": _("organisations"),
        "projects": _("projects"),
        "presences": _("presences"),
    }


def counting_names() -> dict[str, str]:
    """How what acts in several countries is counted."""
    return {"each": _("count in each"), "share": _("share out")}


def basis_names() -> dict[str, str]:
    """Which place is meant."""
    return {
        "works_in": _("where the team works"),
        "registered_in": _("where it is registered"),
        "serves": _("whom its projects serve"),
    }


def chosen_places(visit: Visit, basis: queries.initiatives.Basis = "works_in", words: str = "") -> pd.DataFrame:
    """The places of the initiatives that the reader chose, state-linked programmes among them where she asked for these; see
    `queries.initiatives.places`. They are cut from those of all, which are read once."""
    everybody = read(queries.initiatives.places(Filters(include_state_linked=True), visit.viewer, basis, words))
    chosen = read(queries.initiatives.chosen(visit.filters, visit.viewer))
    return everybody[everybody["organisation_id"].isin(chosen["organisation_id"])].reset_index(drop=True)


@found_once
def find(visit: Visit, choice: Choice = DEFAULT) -> Initiatives:
    """The chosen initiatives, as this viewer may see them."""
    everything = chosen_places(visit, choice.basis)
    outside = everything["independence"] == "state_linked"
    places = everything[~outside]
    projects = read(queries.initiatives.projects_per_initiative(visit.viewer))
    each = distribution.one_per_initiative(places)
    counts = bars = distribution.count_by_place(places, visit.as_of)
    if choice.unit != "initiatives" or choice.share_out:
        bars = distribution.count_by_place(places, visit.as_of, choice.unit, projects, share_out=choice.share_out)
    return Initiatives(
        choice,
        visit.as_of,
        places,
        each,
        everything[outside],
        projects,
        bars,
        _with_a_country(counts),
        distribution.placement(places, visit.as_of),
        distribution.confirmed_coverage(each, visit.as_of),
        visit.filters.host_countries[0] if len(visit.filters.host_countries) == 1 else None,
    )


def _with_a_country(counts: pd.DataFrame) -> pd.DataFrame:
    return counts[~counts["place"].isin(distribution.UNPLACED)]


@shown_once
def summary(found: Initiatives) -> Summary:
    """The answer sentence and the five KPIs of METHODS E.1."""
    recent, before = distribution.net_openings(found.each, found.as_of)
    placed = found.placement["placed"] / found.total if found.total else None
    dated = int(found.each["founded_on"].notna().sum())
    return Summary(
        sentence(found),
        [
            Figure(
                "active_initiatives",
                found.total,
                written.number(found.total),
                _("of {n} ever recorded").format(n=written.number(len(found.each))),
                _("{k} confirmed in 12 months").format(k=written.number(found.confirmed.known)),
            ),
            Figure(
                "countries",
                len(found.named),
                written.number(len(found.named)),
                _("{n} with exactly one initiative").format(n=int((found.named["initiatives"] == 1).sum())),
                _("country known for {k} of {n}").format(k=found.placement["placed"], n=found.total),
            ),
            Figure(
                "net_openings",
                recent,
                written.signed(recent),
                _("{n} in the 12 months before").format(n=written.signed(before)),
                _("start known for {k} of {n}").format(k=dated, n=len(found.each)),
            ),
            Figure(
                "placed",
                placed,
                written.percent(placed),
                _("{w} withheld, {u} not stated").format(
                    w=found.placement["withheld"], u=found.placement["not_stated"]
                ),
                _("{k} of {n}").format(k=found.placement["placed"], n=found.total),
            ),
            Figure(
                "confirmed_share",
                found.confirmed.share,
                written.percent(found.confirmed.share),
                "",
                written.out_of(found.confirmed),
            ),
        ],
    )


def sentence(found: Initiatives) -> str:
    """How many initiatives are where, by the place that is meant, and which country has the most of what is counted."""
    if found.named.empty:
        return _("No active initiative with a known host country matches this choice.")
    counts = found.named.set_index("place")["initiatives"]
    only = counts.index[0] if len(counts) == 1 else found.one_country if found.one_country in counts.index else None
    n = found.placement["placed"] if only is None else int(counts[only])
    said = _where_words(found.choice.basis, n, one=only is not None).format(
        n=written.number(n), m=written.number(len(counts)), top="" if only is None else written.country(only)
    )
    return " ".join(filter(None, (said, _most_words(found) if only is None else _elsewhere(len(counts) - 1))))


def _elsewhere(others: int) -> str:
    """In how many other countries the chosen initiatives are; nothing where in none."""
    said = ngettext(
        "Those of your choice have places in {m} other host country.",
        "Those of your choice have places in {m} other host countries.",
        others,
    )
    return said.format(m=written.number(others)) if others else ""


def _where_words(basis: str, n: int, *, one: bool) -> str:
    """The sentence for what is in one country, or in several."""
    if basis == "registered_in":
        return (
            ngettext("{n} initiative is registered in {top}.", "{n} initiatives are registered in {top}.", n)
            if one
            else ngettext(
                "{n} initiative is registered in {m} host countries.",
                "{n} initiatives are registered in {m} host countries.",
                n,
            )
        )
    if basis == "serves":
        return (
            ngettext(
                "Projects of {n} initiative serve people in {top}.",
                "Projects of {n} initiatives serve people in {top}.",
                n,
            )
            if one
            else ngettext(
                "Projects of {n} initiative serve people in {m} host countries.",
                "Projects of {n} initiatives serve people in {m} host countries.",
                n,
            )
        )
    return (
        ngettext("{n} initiative works in {top}.", "{n} initiatives work in {top}.", n)
        if one
        else ngettext("{n} initiative works in {m} host countries.", "{n} initiatives work in {m} host countries.", n)
    )


def _most_words(found: Initiatives) -> str:
    """Which country has the most of the unit that is counted; nothing where two have as many."""
    if found.one_country:
        return ""
    unit, counts = found.choice.unit, found.named
    if unit != "initiatives":
        counts = _with_a_country(distribution.count_by_place(found.places, found.as_of, unit, found.projects))
    top, most = counts.iloc[0]["place"], int(counts.iloc[0][unit])
    if len(counts) < 2 or most == int(counts.iloc[1][unit]):
        return ""
    words = {
        "initiatives": _("{top} has the most initiatives ({k})."),
        "organisations": _("{top} has the most organisations ({k})."),
        "projects": _("{top} has the most projects ({k})."),
        "presences": _("{top} has the most presences ({k})."),
    }
    return words[unit].format(top=written.country(top), k=written.number(most))


def reconciled(found: Initiatives) -> str:
    """Why the bars add to more than the network."""
    unit = found.choice.unit
    counts = distribution.reconciliation(found.places, found.as_of, unit, found.projects)
    return _("Sum of countries: {s}; in the network: {n}; of them in several countries: {m}.").format(
        s=written.number(counts["sum_of_countries"]),
        n=written.number(counts["network"]),
        m=written.number(counts["in_several"]),
    )


def _withheld_and_known(found: Initiatives) -> str:
    """Why the bar of withheld places can be longer than the number of initiatives of which no country is known."""
    withheld = found.places[
        found.places["host_country"].isna() & found.places["is_withheld"].fillna(False).astype(bool)
    ]
    now = withheld[distribution.active_now(withheld, found.as_of)]
    both = now["organisation_id"].nunique() - found.placement["withheld"]
    said = ngettext(
        "Of those with a withheld place, {n} also works in a known country.",
        "Of those with a withheld place, {n} also work in a known country.",
        both,
    )
    return said.format(n=written.number(both)) if both > 0 else ""


@shown_once
def by_country(found: Initiatives) -> Chart:
    """Ranked bars of the chosen unit, lighter where not confirmed, unknown grey and last, state-linked apart."""
    choice, bars = found.choice, found.bars
    names = {place: written.country(place) for place in bars["place"]}
    shown = [written.decimal(n) if choice.share_out else written.number(n) for n in bars[choice.unit]]
    title = _title(found)
    segments = [("confirmed", _("confirmed in 12 months")), ("not_confirmed", _("not confirmed recently"))]
    drawn = bars
    if len(found.state_linked):
        outside = distribution.count_by_place(found.state_linked, found.as_of, choice.unit, found.projects)
        drawn = bars.merge(outside[["place", choice.unit]].rename(columns={choice.unit: "state_linked"}), how="left")
        drawn["state_linked"] = drawn["state_linked"].fillna(0)
        segments.append(("state_linked", _("state-linked, in no total")))
    how = (
        _("What works in several countries is shared out, so that countries add to the network.")
        if choice.share_out
        else _("What works in several countries counts in each of them.")
    )
    return Chart(
        "by_country",
        title,
        _ranked(drawn, choice.unit)[["rank", "place", choice.unit, *(column for column, _name in segments)]],
        " ".join(filter(None, (_what_is_counted(choice), how, reconciled(found), _withheld_and_known(found)))),
        charts.ranked_bars(drawn, "place", segments, names, distribution.UNPLACED, shown),
        charts.alternative(title, list(names.values()), shown),
        "country",
    )


def _ranked(bars: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Adds `rank` among named countries: ties share it, marked '='; withheld and not stated have none."""
    named = _with_a_country(bars)
    return bars.assign(rank=competition_rank(named[unit]).reindex(bars.index).fillna("–"))


def _what_is_counted(choice: Choice) -> str:
    return _("Counted: {unit}, active now; place: {basis}.").format(
        unit=unit_names()[choice.unit], basis=basis_names()[choice.basis]
    )


def _title(found: Initiatives) -> str:
    """Which country has the most; neutral where several have as many, or one is chosen, which then has the most of course."""
    named, unit = _with_a_country(found.bars), found.choice.unit
    if not found.one_country and len(named) > 1 and named.iloc[0][unit] > named.iloc[1][unit]:
        said = {
            "initiatives": _("{country} has the most initiatives"),
            "organisations": _("{country} has the most organisations"),
            "projects": _("{country} has the most projects"),
            "presences": _("{country} has the most presences"),
        }[unit]
        return said.format(country=written.country(named.iloc[0]["place"]))
    return {
        "initiatives": _("Active initiatives by host country"),
        "organisations": _("Active organisations by host country"),
        "projects": _("Active projects by host country"),
        "presences": _("Active presences by host country"),
    }[unit]


@shown_once
def on_map(found: Initiatives) -> Chart:
    """The same counts as bubbles, one point per country."""
    bubbles = found.named.assign(
        value=found.named["initiatives"],
        title=[written.country(place) for place in found.named["place"]],
        line=[
            _("{n} initiatives, {k} confirmed in 12 months").format(n=r.initiatives, k=r.confirmed)
            for r in found.named.itertuples()
        ],
    )
    title = _("The same on a map")
    return Chart(
        "map",
        title,
        found.named[["place", "initiatives", "confirmed", "not_confirmed"]],
        " ".join(
            [
                _(
                    "Area of a bubble is the number of initiatives, at one point per country, moved apart where they would hide "
                    "each other. Location withheld: {n}."
                ).format(n=found.placement["withheld"]),
                *_outside(bubbles),
            ]
        ),
        maps.bubbles(bubbles, dark=current().is_dark),
        charts.alternative(title, list(bubbles["title"]), [written.number(n) for n in bubbles["value"]]),
        "country",
    )


def _outside(bubbles: pd.DataFrame) -> list[str]:
    """What lies outside the part of the world that the map shows at first, said beside it."""
    framed = maps.in_frame(dict(zip(bubbles["place"], bubbles["value"].astype(float), strict=True)))
    beyond = bubbles[~bubbles["place"].isin(framed)]
    if beyond.empty:
        return []
    names = ", ".join(f"{r.title} {written.number(r.value)}" for r in beyond.itertuples())
    return [_("Outside the map as it opens: {names}.").format(names=names)]


@shown_once
def history(found: Initiatives, visit: Visit) -> Chart:
    """Openings and closings per quarter under the line of active initiatives."""
    rows = distribution.openings_and_closings(found.each, found.as_of)
    title = _("Initiatives founded and closed by quarter")
    columns = [("opened", _("founded")), ("closed", _("closed down"))]
    newest, marks = rows.iloc[::-1], events.marks(visit, pd.to_datetime(rows["quarter"]))
    changes = [written.signed(int(o - c)) for o, c in zip(newest["opened"], newest["closed"], strict=True)]
    return Chart(
        "history",
        title,
        rows[["quarter", "opened", "closed", "active"]],
        _("Founding and closing dates as recorded. The first quarter of the records is not an opening wave."),
        charts.columns_over_time(
            rows, "quarter", columns, ("active", _("active at the end")), "is_partial", ("closed",), marks
        ),
        charts.alternative(title, [written.quarter(q) for q in newest["quarter"]], changes),
        marked=events.named(marks),
    )


def work_by_place(found: Initiatives, visit: Visit, facet: str) -> pd.DataFrame:
    """place, facet value, initiatives: active initiatives in a known country by what their projects say."""
    held = read(queries.initiatives.facets_of_initiatives(visit.viewer, (facet,)))
    now = found.places[distribution.active_now(found.places, found.as_of) & found.places["host_country"].notna()]
    joined = now[["organisation_id", "host_country"]].merge(held.rename(columns={"code": facet}), on="organisation_id")
    counts = joined.groupby(["host_country", facet]).size().rename("initiatives").reset_index()
    return counts.rename(columns={"host_country": "place"})


@shown_once
def per_thousand(found: Initiatives, visit: Visit) -> Chart | None:
    """Initiatives per 1,000 recent emigrants as ranges, sorted by name: many overlap, so nobody is ranked."""
    populations = read(queries.initiatives.populations(visit.viewer))
    rates = distribution.per_thousand(found.named, populations)
    if rates.empty:
        return None
    names = {place: written.country(place) for place in rates["place"]}
    rates = rates.sort_values("place", key=lambda places: written.alphabetical(places.map(names)), ignore_index=True)
    without = len(found.named) - len(rates)
    overlap = rates["low_rate"].max() <= rates["high_rate"].min()
    title = (
        _("Initiatives per 1,000 recent emigrants: ranges overlap")
        if overlap
        else _("Initiatives per 1,000 recent emigrants, as ranges")
    )
    spans = [f"{written.decimal(r.low_rate, 2)}–{written.decimal(r.high_rate, 2)}" for r in rates.itertuples()]
    return Chart(
        "per_thousand",
        title,
        rates[["place", "initiatives", "low_rate", "high_rate"]],
        _(
            "Limits of the count and of the population estimate; by name, because many ranges overlap. {n} countries have no "
            "estimate."
        ).format(n=written.number(without)),
        charts.ranges(rates, "place", "low_rate", "high_rate", names),
        charts.alternative(title, list(names.values()), spans),
    )


@shown_once
def countries(found: Initiatives, visit: Visit) -> Table:
    """Every country with every counting unit, side by side."""
    count, at = distribution.count_by_place, "place"
    shared = count(found.places, found.as_of, share_out=True).set_index(at)["initiatives"]
    table = count(found.places, found.as_of).set_index(at)[["initiatives"]].assign(shared=shared)
    for unit in distribution.UNITS[1:]:
        table[unit] = count(found.places, found.as_of, unit, found.projects).set_index(at)[unit]
    for facet, column in (("activity", "activities"), ("language", "languages")):
        table[column] = work_by_place(found, visit, facet)[at].value_counts().astype("Int64")
    now = found.places[distribution.active_now(found.places, found.as_of)]
    table["last_confirmed"] = now["confirmed_on"].groupby(distribution.place_of(now)).max()
    return Table(
        "countries",
        _("Countries in every counting unit"),
        table.reset_index(),
        _("Shared out adds to the network; the other columns count in every country."),
    )


@shown_once
def unlisted(visit: Visit) -> Table | None:
    """The one fixed table of initiatives that asked not to be listed; None for whoever sees them by name."""
    if visit.viewer.role != "funder":
        return None
    counted = read(queries.network.unlisted(visit.viewer))
    hidden = dict(zip(counted["host_country"], counted["organisations"], strict=True))
    groups = distribution.merge_small(hidden, protected_year.COUNTRY_GROUPS)
    if groups.empty:
        return None
    day = written.day(counted["released_on"].iloc[0])
    return Table(
        "unlisted",
        _("And {n} more that asked not to be listed").format(n=written.number(groups["organisations"].sum())),
        groups,
        _(
            "One fixed table, never filtered, as counted on {day} and not anew before the next release; groups below 3 are "
            "merged. These initiatives enter no other figure here."
        ).format(day=day),
    )


@shown_once
def notes(found: Initiatives) -> list[str]:
    """What the counts are, what is apart, and why they add to more."""
    said = [
        _("Counts what partners registered, not everything that exists."),
        _("Initiatives in several countries are counted in each, unless shared out."),
        _("An initiative under a fiscal host is one initiative; as organisations, host and initiative count once."),
        reconciled(found),
    ]
    if len(found.state_linked):
        outside = found.state_linked["organisation_id"].nunique()
        said.append(
            _("{n} state-linked programmes are shown apart and enter no total.").format(n=written.number(outside))
        )
    return said
