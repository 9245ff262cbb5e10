"""Where the initiatives are: bars, map, openings and closings, and those that asked not to be listed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard import charts, filter_bar, maps, words
from dashboard.data import read
from dashboard.i18n import _, ngettext
from dashboard.metrics import distribution
from dashboard.metrics.statistics import Coverage
from dashboard.report import Chart, Figure, Summary, Table
from dashboard.visit import Visit, current
from data_access import publication, queries

UNPLACED = ("withheld", "not_stated")


@dataclass(frozen=True)
class Initiatives:
    """`places`: one row per initiative and country; `each`: one row per initiative; `countries`: the ranked bars."""

    as_of: pd.Timestamp
    places: pd.DataFrame
    each: pd.DataFrame
    countries: pd.DataFrame
    placement: dict[str, int]
    confirmed: Coverage

    @property
    def total(self) -> int:
        return sum(self.placement.values())

    @property
    def named(self) -> pd.DataFrame:
        """The bars of countries, without withheld and not stated."""
        return self.countries[~self.countries["place"].isin(UNPLACED)]


def find(visit: Visit) -> Initiatives:
    """The chosen initiatives, as this viewer may see them."""
    places = read(queries.initiatives.places(visit.filters, visit.viewer))
    each = distribution.one_per_initiative(places)
    return Initiatives(
        visit.as_of,
        places,
        each,
        distribution.by_country(places, visit.as_of),
        distribution.placement(places, visit.as_of),
        distribution.confirmed_coverage(each, visit.as_of),
    )


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
                words.number(found.total),
                _("of {n} ever recorded").format(n=words.number(len(found.each))),
                _("{k} confirmed in 12 months").format(k=words.number(found.confirmed.known)),
            ),
            Figure(
                "countries",
                len(found.named),
                words.number(len(found.named)),
                _("{n} with exactly one initiative").format(n=int((found.named["initiatives"] == 1).sum())),
            ),
            Figure(
                "net_openings",
                recent,
                words.signed(recent),
                _("{n} in the 12 months before").format(n=words.signed(before)),
                _("start known for {k} of {n}").format(k=dated, n=len(found.each)),
            ),
            Figure(
                "placed",
                placed,
                words.percent(placed),
                _("{w} withheld, {u} not stated").format(
                    w=found.placement["withheld"], u=found.placement["not_stated"]
                ),
            ),
            Figure(
                "confirmed_share",
                found.confirmed.share,
                words.percent(found.confirmed.share),
                "",
                words.based_on(found.confirmed),
            ),
        ],
    )


def sentence(found: Initiatives) -> str:
    """How many initiatives work in how many countries, and where most are."""
    if found.named.empty:
        return _("No active initiative with a known host country matches this choice.")
    top = found.named.iloc[0]
    if len(found.named) == 1:
        return ngettext("{n} initiative works in {top}.", "{n} initiatives work in {top}.", found.total).format(
            n=words.number(found.total), top=words.country(top["place"])
        )
    return ngettext(
        "{n} initiative works in {m} host countries; most are in {top} ({k}).",
        "{n} initiatives work in {m} host countries; most are in {top} ({k}).",
        found.total,
    ).format(
        n=words.number(found.total),
        m=len(found.named),
        top=words.country(top["place"]),
        k=words.number(top["initiatives"]),
    )


def reconciled(found: Initiatives) -> str:
    """Why the bars add to more than the network."""
    counts = distribution.reconciliation(found.places, found.as_of)
    return _("Sum of countries {s} → network {n}: {m} act in several countries.").format(
        s=words.number(counts["sum_of_countries"]),
        n=words.number(counts["network"]),
        m=words.number(counts["in_several"]),
    )


def by_country(found: Initiatives) -> Chart:
    """Ranked bars, lighter where not confirmed, unknown grey and last."""
    names = {place: words.country(place) for place in found.countries["place"]}
    shown = [words.number(n) for n in found.countries["initiatives"]]
    title = _title(found.named)
    segments = [("confirmed", _("confirmed in 12 months")), ("not_confirmed", _("not confirmed recently"))]
    return Chart(
        "by_country",
        title,
        found.countries,
        _("Active initiatives by country of work, each counted in every country. {line}").format(
            line=reconciled(found)
        ),
        charts.ranked_bars(found.countries, "place", segments, names, UNPLACED, shown),
        charts.alternative(title, list(names.values()), shown),
        filter_bar.choose_country("by_country"),
    )


def _title(named: pd.DataFrame) -> str:
    if len(named) > 1 and named.iloc[0]["initiatives"] > named.iloc[1]["initiatives"]:
        return _("{country} has the most initiatives").format(country=words.country(named.iloc[0]["place"]))
    return _("Initiatives by host country")


def on_map(found: Initiatives) -> Chart:
    """The same counts as bubbles, one point per country."""
    bubbles = found.named.assign(
        value=found.named["initiatives"],
        title=[words.country(place) for place in found.named["place"]],
        line=[
            _("{n} initiatives, {k} confirmed in 12 months").format(n=r.initiatives, k=r.confirmed)
            for r in found.named.itertuples()
        ],
    )
    title = _("The same on a map")
    return Chart(
        "map",
        title,
        found.named,
        _("Area of a bubble is the number of initiatives, at one point per country. Location withheld: {n}.").format(
            n=found.placement["withheld"]
        ),
        maps.bubbles(bubbles, dark=current().is_dark),
        charts.alternative(title, list(bubbles["title"]), [words.number(n) for n in bubbles["value"]]),
        filter_bar.choose_country("map"),
    )


def history(found: Initiatives) -> Chart:
    """Openings and closings per quarter under the line of active initiatives."""
    rows = distribution.openings_and_closings(found.each, found.as_of)
    title = _("Openings and closings by quarter")
    columns = [("opened", _("opened")), ("closed", _("closed"))]
    newest = rows.iloc[::-1]
    changes = [words.signed(int(o - c)) for o, c in zip(newest["opened"], newest["closed"], strict=True)]
    return Chart(
        "history",
        title,
        rows[["quarter", "opened", "closed", "active"]],
        _("Founding and closing dates as recorded. The first quarter of the records is not an opening wave."),
        charts.columns_over_time(
            rows, "quarter", columns, ("active", _("active at the end")), "is_partial", ("closed",)
        ),
        charts.alternative(title, [words.quarter(q) for q in newest["quarter"]], changes),
    )


def unlisted(visit: Visit) -> Table | None:
    """The one fixed table of initiatives that asked not to be listed; None for whoever sees them by name."""
    if visit.viewer.role != "funder":
        return None
    hidden = read(queries.network.unlisted(visit.viewer))["host_country"].dropna().value_counts().to_dict()
    groups = distribution.merge_small(hidden, publication.COUNTRY_GROUPS)
    if groups.empty:
        return None
    return Table(
        "unlisted",
        _("And {n} more that asked not to be listed").format(n=words.number(groups["organisations"].sum())),
        groups,
        _("One fixed table, never filtered; groups below 3 are merged. These initiatives enter no other figure here."),
    )
