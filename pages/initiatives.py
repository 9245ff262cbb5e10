"""Where the initiatives are: by host country, on the map, and how that has changed."""

import streamlit as st

from dashboard import charts, maps, view, words
from dashboard.data import read
from dashboard.i18n import _, ngettext
from dashboard.metrics import distribution
from dashboard.report import Figure
from data_access import publication, queries

visit = view.begin("initiatives", _("Where are the initiatives?"), ("host_countries", "activities", "audiences", "funders"))
filters, viewer, as_of = visit.filters, visit.viewer, visit.as_of

places = read(queries.initiatives.places(filters, viewer))
initiatives = distribution.one_per_initiative(places)
countries = distribution.by_country(places, as_of)
named = countries[~countries["place"].isin(["withheld", "not_stated"])]
confirmed = distribution.confirmed_coverage(initiatives, as_of)
placed = distribution.placement(places, as_of)
total = sum(placed.values())
recent, before = distribution.net_openings(initiatives, as_of)
counts = distribution.reconciliation(places, as_of)
history = distribution.openings_and_closings(initiatives, as_of)

if named.empty:
    view.answer(_("No active initiative with a known host country matches this choice."))
else:
    top = named.iloc[0]
    view.answer(
        ngettext(
            "{n} initiative works in {m} host countries; most are in {top} ({k}).",
            "{n} initiatives work in {m} host countries; most are in {top} ({k}).",
            total,
        ).format(n=words.number(total), m=len(named), top=words.country(top["place"]), k=words.number(top["initiatives"]))
    )

view.figures(
    [
        Figure("active_initiatives", total, words.number(total),
               _("of {n} ever recorded").format(n=words.number(len(initiatives))), words.based_on(confirmed)),
        Figure("countries", len(named), words.number(len(named)),
               _("{n} with exactly one initiative").format(n=int((named["initiatives"] == 1).sum()))),
        Figure("net_openings", recent, words.signed(recent),
               _("{n} in the 12 months before").format(n=words.signed(before)),
               _("start known for {k} of {n}").format(k=int(initiatives["founded_on"].notna().sum()), n=len(initiatives))),
        Figure("placed", placed["placed"] / total if total else None, words.percent(placed["placed"] / total if total else None),
               _("{w} withheld, {u} not stated").format(w=placed["withheld"], u=placed["not_stated"])),
        Figure("confirmed_share", confirmed.share, words.percent(confirmed.share), "", words.based_on(confirmed)),
    ]
)  # fmt: skip

names = {place: words.country(place) for place in countries["place"]}
reconciled = _("Sum of countries {s} → network {n}: {m} act in several countries.").format(
    s=words.number(counts["sum_of_countries"]), n=words.number(counts["network"]), m=words.number(counts["in_several"])
)
title = (
    _("{country} has the most initiatives").format(country=words.country(named.iloc[0]["place"]))
    if len(named) > 1 and named.iloc[0]["initiatives"] > named.iloc[1]["initiatives"]
    else _("Initiatives by host country")
)
bars, map_column = st.columns([1, 1], gap="large")
with bars:
    view.chart(
        "by_country",
        title,
        charts.ranked_bars(
            countries,
            "place",
            [("confirmed", _("confirmed in 12 months")), ("not_confirmed", _("not confirmed recently"))],
            names,
            ("withheld", "not_stated"),
            [words.number(n) for n in countries["initiatives"]],
        ),
        countries,
        _("Active initiatives by country of work, each counted in every country. {line}").format(line=reconciled),
        charts.alternative(title, list(names.values()), [words.number(n) for n in countries["initiatives"]]),
        view.choose_country("by_country"),
    )
with map_column:
    on_map = named.assign(
        value=named["initiatives"],
        title=named["place"].map(words.country),
        line=[_("{n} initiatives, {k} confirmed in 12 months").format(n=r.initiatives, k=r.confirmed) for r in named.itertuples()],
    )
    map_title = _("The same on a map")
    view.map_of(
        "map",
        map_title,
        maps.bubbles(on_map, dark=view.is_dark()),
        named,
        _("Area of a bubble is the number of initiatives, at one point per country. Location withheld: {n}.").format(n=placed["withheld"]),
        charts.alternative(map_title, list(on_map["title"]), [words.number(n) for n in on_map["initiatives"]]),
        view.choose_country("map"),
    )

if len(history):
    history_title = _("Openings and closings by quarter")
    view.chart(
        "history",
        history_title,
        charts.columns_over_time(history, "quarter", [("opened", _("opened")), ("closed", _("closed"))],
                                 ("active", _("active at the end")), "is_partial", ("closed",)),
        history[["quarter", "opened", "closed", "active"]],
        _("Founding and closing dates as recorded. The first quarter of the records is not an opening wave; the last one is partial."),
        charts.alternative(history_title, [words.quarter(q) for q in history["quarter"].iloc[::-1]],
                           [words.signed(int(o - c)) for o, c in zip(history["opened"].iloc[::-1], history["closed"].iloc[::-1], strict=True)]),
    )  # fmt: skip

unlisted = read(queries.network.unlisted(viewer))
groups = distribution.merge_small(unlisted["host_country"].value_counts().to_dict(), publication.COUNTRY_GROUPS)
if viewer.role == "funder" and len(groups):
    view.table(
        "unlisted",
        _("And {n} more that asked not to be listed").format(n=words.number(groups["organisations"].sum())),
        groups,
        _("One fixed table for everybody, never filtered; groups below 3 are merged. These initiatives enter no other figure here."),
    )

view.about(
    _("Counts what partners registered, not everything that exists."),
    _("Initiatives in several countries are counted in each."),
    reconciled,
)
