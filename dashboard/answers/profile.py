"""One initiative: what is recorded of it, as far as the viewer may see, and how sure we are."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard.answers import overlap, portfolio
from dashboard.metrics import distribution, funding
from dashboard.metrics.standing import SIGNED
from dashboard.page.blocks import Figure, Summary, Table
from dashboard.page.reading import read
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _


@dataclass(frozen=True)
class Profile:
    """The initiative's own row and everything that hangs on it."""

    row: pd.Series
    places: pd.DataFrame
    projects: pd.DataFrame
    grants: pd.DataFrame
    needs: pd.DataFrame
    partners: pd.DataFrame
    pairs: pd.DataFrame
    signed: int | None
    finance: pd.DataFrame


def find(visit: Visit, slug: str) -> Profile | None:
    """The profile, or None when there is none this viewer may open."""
    viewer, of = visit.viewer, queries.initiatives
    found = read(of.profile(slug, viewer))
    if found.empty:
        return None
    row = found.iloc[0]
    slug = str(row["slug"])
    projects = read(of.projects_of(slug, viewer))
    received = read(queries.funding.grants_of([int(row["organisation_id"])], viewer))
    own = portfolio.converted(received, viewer, visit.currency)
    signed = own.loc[own["standing"].isin(SIGNED), "minor"]
    return Profile(
        row,
        read(of.presences_of(slug, viewer)),
        _with_facets(projects, read(of.facets_of(slug, viewer))),
        own.sort_values("committed_on", ascending=False, kind="stable"),
        read(of.needs_of(slug, viewer)),
        read(of.partners_of(slug, viewer)),
        overlap.pairs_of(visit, projects["project_id"]),
        int(signed.sum()) if len(signed) else None,
        read(of.finance_of(slug, viewer)),
    )


def _with_facets(projects: pd.DataFrame, facets: pd.DataFrame) -> pd.DataFrame:
    """Projects with their countries, activities, audiences and languages in words."""
    shown = facets.assign(name=[codes.code(f, c) for f, c in zip(facets["facet"], facets["code"], strict=True)])
    for facet, column in (
        ("host_country", "works_in"),
        ("activity", "does"),
        ("audience", "serves"),
        ("language", "speaks"),
    ):
        named = shown[shown["facet"] == facet].groupby("project_id")["name"].agg(", ".join)
        projects = projects.assign(**{column: projects["project_id"].map(named).astype("str")})
    return projects


def summary(found: Profile, visit: Visit) -> Summary:
    """Where it works, and four figures."""
    running = int((found.projects["status"] == "running").sum())
    similar = int((found.pairs["status"] == "possible_duplication").sum())
    known, asked = facts_known(found, visit.as_of)
    return Summary(
        _works_in(found),
        [
            Figure(
                "projects",
                len(found.projects),
                written.number(len(found.projects)),
                _("{n} running").format(n=written.number(running)),
                _("as far as you may see them"),
            ),
            Figure(
                "signed_total",
                None if found.signed is None else found.signed / 100,
                written.money(found.signed, visit.currency),
                coverage=_("{n} grants on record").format(n=written.number(len(found.grants))),
            ),
            Figure(
                "similar_projects",
                len(found.pairs),
                written.number(len(found.pairs)),
                _("{n} to check with others").format(n=written.number(similar)),
                _("as far as you may see them"),
            ),
            Figure(
                "facts_known",
                known,
                _("{k} of {n}").format(k=known, n=asked),
                coverage=_(
                    "dates, registration, country, confirmation within a year, independence, projects and what these do"
                ),
            ),
        ],
    )


def _works_in(found: Profile) -> str:
    places = places_in_words(found)
    if not places:
        return _("{name}: where it works is not stated.").format(name=found.row["name"])
    return _("{name} works in: {places}.").format(name=found.row["name"], places=places)


def places_in_words(found: Profile) -> str:
    """The countries its team works in, withheld and not stated in words; empty without any."""
    team = found.places[found.places["role"] != "registered"]
    return written.countries(distribution.place_of(team))


def facts_known(found: Profile, as_of: pd.Timestamp) -> tuple[int, int]:
    """How many of the facts a profile asks for are recorded, and how many it asks for."""
    recent = pd.notna(found.row["confirmed_on"]) and (as_of - found.row["confirmed_on"]).days <= 365
    asked = [
        pd.notna(found.row["founded_on"]),
        pd.notna(found.row["is_registered"]),
        bool(found.places["host_country"].notna().any()),
        recent,
        found.row["independence"] != "unknown",
        bool(len(found.projects)),
        bool(found.projects["starts_on"].notna().all()) and bool(len(found.projects)),
        *(bool(found.projects[column].notna().any()) for column in ("does", "serves", "speaks")),
    ]
    return sum(map(bool, asked)), len(asked)


def facts(found: Profile) -> list[tuple[str, str]]:
    """Named facts in words; what is not recorded says so."""
    row = found.row
    registered = found.places.loc[found.places["role"] == "registered"]
    legal = written.countries(distribution.place_of(registered))
    lines = [
        (_("Works in"), places_in_words(found) or _("not stated")),
        (_("Registered in"), legal or _("not stated")),
        (_("Since"), written.day(row["founded_on"])),
        (
            _("Last confirmed"),
            _("{day} by {source}").format(
                day=written.day(row["confirmed_on"]),
                source=row["source"] if pd.notna(row["source"]) else _("an unnamed source"),
            ),
        ),
        (_("Independence"), codes.word(row["independence"])),
        (_("Legal form"), codes.word(row["legal_form"]) if pd.notna(row["legal_form"]) else _("not stated")),
        (_("Volunteers"), _number_or_unknown(row["volunteers"])),
        (_("Paid people"), _number_or_unknown(row["paid_staff"])),
    ]
    lines += [(label, row[name]) for name, label in (("description", _("In its words")), ("website", _("Website")))
              if pd.notna(row[name])]  # fmt: skip
    for stated in found.finance.itertuples():
        months = funding.runway(stated.cash_minor, stated.monthly_cost_minor)
        free = funding.runway(stated.unrestricted_minor, stated.monthly_cost_minor)
        text = _("{months} months, of it unrestricted {free}; stated {day}")
        shown = text.format(months=written.decimal(months), free=written.decimal(free), day=written.day(stated.on_date))
        lines.append((_("Cash lasts"), shown))
    if pd.notna(row["fiscal_host"]):
        lines.append((_("Under the fiscal host"), row["fiscal_host"]))
    if pd.notna(row["closed_on"]):
        lines.append((_("Closed down"), written.day(row["closed_on"])))
    if row["visibility"] == "aggregate_only":
        lines.append((_("Not listed"), _("asked not to be named to funders")))
    return lines


def _number_or_unknown(value: float | None) -> str:
    return _("not stated") if value is None or pd.isna(value) else written.number(int(value))


def projects(found: Profile) -> Table:
    """What it does, for whom, where and in which languages."""
    columns = ["project", "does", "serves", "works_in", "speaks", "starts_on", "ends_on", "status"]
    return Table("projects", _("Projects"), found.projects[columns])


def grants(found: Profile) -> Table:
    """Money received, in the currency of each record."""
    rows = found.grants.assign(
        amount=found.grants["amount_minor"] / 100,
        paid=found.grants["paid_minor"] / 100,
        grant_status=found.grants["status"],
        signed_on=found.grants["committed_on"],
    )
    columns = [
        "reference",
        "funder",
        "project",
        "amount",
        "currency",
        "grant_status",
        "paid",
        "signed_on",
        "starts_on",
        "ends_on",
    ]
    return Table("grants", _("Grants on record"), rows[columns], _("As recorded; a pledge is not a commitment."))


def needs(found: Profile) -> Table:
    """Needs as stated, in the currency of each record; an empty amount is unknown."""
    rows = found.needs.assign(amount=found.needs["amount_minor"] / 100, tier=found.needs["kind"])
    columns = ["project", "tier", "period_start", "period_end", "amount", "currency", "stated_on"]
    return Table(
        "needs",
        _("Stated needs"),
        rows[columns],
        _(
            "A minimum lies inside a budget, a budget inside an ambition: they are never added. An empty amount is unknown, not zero."
        ),
    )


def partners(found: Profile) -> Table:
    """Known partners the viewer may see."""
    return Table(
        "partners", _("Known partners"), found.partners.rename(columns={"name": "partner"})[["partner", "since"]]
    )


def similar(found: Profile) -> Table:
    """Pairs in which one of its projects is involved."""
    note = _(
        "The first are most alike for certain: at least so, whatever is not recorded. A question for people, not a verdict."
    )
    return Table("pairs", _("Similar projects of others"), overlap.pair_table(found.pairs), note)
