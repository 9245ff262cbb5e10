"""What becomes of live cases: outcomes, routes, cohorts, places and journeys."""

from __future__ import annotations

import pandas as pd

from dashboard.answers.cases import HALF_YEAR, Live
from dashboard.metrics import programmes, relocation, survival
from dashboard.page.blocks import Chart, Table
from dashboard.page.reading import read, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts, maps
from dashboard.words import columns, written
from data_access import queries
from data_access.i18n import _, ngettext
from data_access.schema import STAGES

MOST_FLOWS, LISTED = 30, 14
FEWEST_FOR_SHARES = 10
FEW_COUNTRIES = 3


@shown_once
def outcomes(cases: Live) -> Chart:
    """What happens to people, and when."""
    curve = relocation.readable(cases.curve)
    keys = ["t", "at_risk", *[c for c in curve if c in columns.COLUMNS and c not in ("t", "at_risk")]]
    half_year = curve[curve["t"] <= HALF_YEAR]
    title = _("Outcomes by days since opening")
    if len(half_year) and "relocated" in curve:
        is_least = "unknown" in curve and half_year["unknown"].iloc[-1] > 0
        text = (
            _("At least {share} are relocated within {n} days")
            if is_least
            else _("{share} are relocated within {n} days")
        )
        title = text.format(share=written.percent(half_year["relocated"].iloc[-1]), n=HALF_YEAR)
    names = {column: columns.heading(column) for column in keys}
    last = [written.percent(curve[c].iloc[-1]) if len(curve) else "–" for c in keys[2:]]
    return Chart(
        "outcomes",
        title,
        curve[keys],
        _("Share of cases by outcome, open cases included; drawn while at least 5 cases are followed."),
        charts.outcome_areas(curve, names),
        charts.alternative(title, [names[c] for c in keys[2:]], last),
        is_live=True,
    )


@shown_once
def routes(cases: Live) -> Table:
    """Every route by the same definitions; shares and times only where there are enough cases."""
    rows = [_route_row(route, durations) for route, durations in cases.durations.groupby("route")]
    columns = ["route", "followed", "half_days", "four_fifths_days", "waiting_180", "relocated_180", "on_time_share",
               "of_decided"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).sort_values("followed", ascending=False)
    kinds = {"followed": "Int64", "half_days": "Int64", "four_fifths_days": "Int64"}
    return Table(
        "routes",
        _("Routes by the same definitions"),
        table.astype(kinds).reset_index(drop=True),
        _("An empty field: too few cases ended to say, or that many have not ended yet."),
        is_live=True,
    )


def _route_row(route: str, durations: pd.DataFrame) -> tuple:
    curve = relocation.readable(survival.outcome_curve(durations))
    days = [
        survival.days_until(curve, p / 100) if relocation.can_show_percentile(durations, p) else None for p in (50, 80)
    ]
    found = programmes.of_cases(durations, HALF_YEAR)
    relocated, on_time = (None if one is None else one.value for one in (found.relocated, found.on_time))
    decided = relocation.outcome_shares(durations)["of_decided"]
    of_decided = decided.share if decided.total >= FEWEST_FOR_SHARES else None
    return route, found.followed, *days, found.waiting, relocated, on_time, of_decided


def horizon_names() -> dict[str, str]:
    """Within how many days a cohort is judged."""
    return {
        str(days): _("within {n} days").format(n=days) for days in (180, *(h for h in relocation.HORIZONS if h != 180))
    }


@shown_once
def cohorts(visit: Visit, horizon: str) -> Table:
    """Is it getting better: of the cases opened in a month, how many reached each stage within the horizon."""
    days = int(horizon)
    reach = read(queries.relocation.reach(days, visit.filters, visit.viewer))
    table = relocation.cohorts(reach, STAGES, visit.cases_as_of, days)
    table = table.sort_values(["is_mature", "month"], ascending=False)
    shown = table[["month", "n"]].rename(columns={"n": "cohort"})
    for stage in ("verified", "file_complete", "host_found", "approved_not_issued", "travelled"):
        share = table[stage] / table["n"].where(table["n"] >= FEWEST_FOR_SHARES)
        shown[f"reached_{stage}"] = share.where(table["is_mature"]).astype("Float64")
    shown["maturity"] = table["is_mature"].map({True: "mature", False: "too_young"})
    return Table(
        "cohorts",
        _("Cases by month of opening: how far within {n} days").format(n=days),
        shown.reset_index(drop=True),
        _("A stage counts as reached if it or a later one was; a month too young, or with fewer than {n} cases, has no shares.").format(n=FEWEST_FOR_SHARES),
        is_live=True,
    )  # fmt: skip


@shown_once
def places(visit: Visit) -> Chart | None:
    """Places pledged and used this period, per country; None where none are pledged."""
    day = visit.cases_as_of.date()
    pledged = read(queries.relocation.places_pledged(day, visit.filters, visit.viewer))
    if pledged.empty:
        return None
    used = read(queries.relocation.places_used(day, visit.filters, visit.viewer)).set_index("host_country")
    rows = pledged.assign(used=pledged["host_country"].map(used["relocated_people"]).fillna(0).astype("Int64"))
    rows["places_left"] = (rows["places"] - rows["used"]).clip(lower=0)
    rows = rows.sort_values("places", ascending=False).reset_index(drop=True)
    full = int((rows["used"] >= rows["places"]).sum())
    title = _("In {n} of {m} countries all pledged places are used").format(
        n=written.number(full), m=written.number(len(rows))
    )
    if len(rows) <= FEW_COUNTRIES:
        parts = [
            _("{country} has used {used} of {places}").format(
                country=written.country(r.host_country), used=r.used, places=r.places
            )
            for r in rows.itertuples()
        ]
        title = _("Pledged places: {parts}").format(parts=written.listing(parts))
    names = {code: written.country(code) for code in rows["host_country"]}
    text = [_("{used} of {places}").format(used=r.used, places=r.places) for r in rows.itertuples()]
    return Chart(
        "places",
        title,
        rows[["host_country", "places", "used", "places_left"]],
        _("People relocated since each country’s period of places began, against places pledged."),
        charts.ranked_bars(
            rows, "host_country", [("used", _("people relocated")), ("places_left", _("places left"))], names, text=text
        ),
        charts.alternative(title, list(names.values()), text),
        is_live=True,
    )


@shown_once
def journeys(visit: Visit) -> Chart | None:
    """From where people waited to where they were to go; None when neither is known."""
    found = read(queries.relocation.transit(visit.filters, visit.viewer))
    total = int(found["episodes"].sum())
    known = found[
        found["waiting_country"].isin(list(maps.label_points())) & found["host_country"].isin(list(maps.label_points()))
    ]
    flows = known.groupby(["waiting_country", "host_country"], as_index=False)["episodes"].sum()
    flows = flows.sort_values("episodes", ascending=False, kind="stable").head(MOST_FLOWS).reset_index(drop=True)
    if flows.empty:
        return None
    names = [f"{written.country(r.waiting_country)} → {written.country(r.host_country)}" for r in flows.itertuples()]
    ends = {place: written.country(place) for place in sorted({*flows["waiting_country"], *flows["host_country"]})}
    lines = [ngettext("{n} case", "{n} cases", n).format(n=written.number(n)) for n in flows["episodes"]]
    title = _("The most frequent way: {way}, {n} of {m} cases").format(
        way=names[0], n=written.number(flows["episodes"].iloc[0]), m=written.number(total)
    )
    return Chart(
        "journeys",
        title,
        flows.rename(columns={"episodes": "journeys"}),
        _("Cases from the country of waiting (orange end) to the host country (blue end), the {n} strongest ways; both are known "
          "for {k} of {m}.").format(
            n=written.number(len(flows)), k=written.number(int(known["episodes"].sum())), m=written.number(total)
        ),
        maps.arcs(flows.assign(title=names, line=lines), ends, dark=visit.is_dark),
        charts.alternative(title, names, lines),
        narrow=charts.ranked_bars(
            flows.head(LISTED).assign(way=names[:LISTED]), "way", [("episodes", _("Cases"))],
            text=[written.number(n) for n in flows["episodes"].head(LISTED)],
        ),
        is_live=True,
    )  # fmt: skip
