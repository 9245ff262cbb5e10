"""The directory: who works where on what, found by any word in any script, sorted and exported."""

from __future__ import annotations

import pandas as pd

from dashboard.answers.initiatives import chosen_places
from dashboard.metrics import distribution
from dashboard.page.blocks import Figure, Summary, Table
from dashboard.page.reading import computed, found_once, read
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext
from data_access.viewer import Viewer

COLUMNS = ["initiative", "works_in", "does", "serves", "speaks", "projects", "founded_on", "confirmed_on"]


def confirmation_names() -> dict[str, str]:
    """Which initiatives to list, by when a source last confirmed them."""
    return {
        "any": _("whenever confirmed"),
        "this_year": _("confirmed this year"),
        "recent": _("confirmed in 12 months"),
        "stale": _("not confirmed in 12 months"),
    }


def find(visit: Visit, search: str = "", confirmation: str = "any") -> pd.DataFrame:
    """One row per active initiative: slug, name and what is recorded of it, by name."""
    found = _recorded(visit, search)
    return found[_confirmed(found, confirmation, visit.as_of)].reset_index(drop=True)


@found_once
def _recorded(visit: Visit, search: str) -> pd.DataFrame:
    places = chosen_places(visit, words=search)
    places = places[distribution.active_now(places, visit.as_of)]
    each = distribution.one_per_initiative(places).set_index("organisation_id")
    each["works_in"] = _in_words(places.assign(name=distribution.place_of(places).map(written.country)))
    each = each.join(computed(lambda: _of_its_projects(visit.viewer), "directory"))
    each["projects"] = each["projects"].fillna(0).astype("Int64")
    each = each.sort_values("name", key=written.alphabetical, kind="stable")
    return each.reset_index().rename(columns={"name": "initiative", "independence": "mark"})


def _of_its_projects(viewer: Viewer) -> pd.DataFrame:
    """What the projects of each initiative do, for whom and in which languages, and how many they are: no choice changes it."""
    held = read(queries.initiatives.facets_of_initiatives(viewer))
    said = read(queries.initiatives.projects_per_initiative(viewer)).set_index("organisation_id")
    for facet, column in (("activity", "does"), ("audience", "serves"), ("language", "speaks")):
        names = held[held["facet"] == facet]
        said[column] = _in_words(names.assign(name=[codes.code(facet, code) for code in names["code"]]))
    return said


def _in_words(named: pd.DataFrame) -> pd.Series:
    return named.groupby("organisation_id")["name"].agg(written.in_a_cell)


def _confirmed(found: pd.DataFrame, confirmation: str, as_of: pd.Timestamp) -> pd.Series:
    recent = distribution.is_confirmed(found, as_of)
    this_year = (found["confirmed_on"].dt.year == as_of.year).fillna(False)
    return {
        "any": pd.Series(True, index=found.index),
        "this_year": this_year,
        "recent": recent,
        "stale": ~recent,
    }[confirmation]


def summary(found: pd.DataFrame, visit: Visit) -> Summary:
    """How many are listed, and how sure we are of them."""
    network = found[found["mark"] != "state_linked"]
    confirmed = int(distribution.is_confirmed(network, visit.as_of).sum())
    n = len(network)
    sentence = ngettext("{n} initiative is listed.", "{n} initiatives are listed.", n).format(n=written.number(n))
    share = confirmed / n if n else None
    return Summary(
        sentence,
        [
            Figure("active_initiatives", n, written.number(n), _("under this choice"), _("as far as you may see them")),
            Figure("confirmed_share", share, written.percent(share), coverage=_("{k} of {n}").format(k=confirmed, n=n)),
        ],
    )


def listing(found: pd.DataFrame) -> Table:
    """Who is listed, each with the way to its profile; state-linked programmes carry their mark in a column of its own."""
    columns = [*COLUMNS, *(["mark"] if (found["mark"] == "state_linked").any() else [])]
    note = _("A name opens the profile, a heading sorts.")
    return Table("directory", _("Initiatives"), found[columns], note, profiles={"initiative": found["slug"]})
