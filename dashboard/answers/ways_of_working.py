"""How groups work: legal form, teams and partners across borders, how long money lasts, people, and stated results."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard.answers import initiatives
from dashboard.metrics import distribution, ways_of_working
from dashboard.metrics.statistics import Coverage
from dashboard.page.blocks import Figure, Table
from dashboard.page.reading import found_once, read
from dashboard.page.visit import Visit
from dashboard.words import written
from dashboard.words.i18n import _, ngettext
from data_access import queries
from data_access.filters import Filters

NOT_STATED = "not_stated"


@dataclass(frozen=True)
class Work:
    """The active initiatives of a choice (`each`), where they work (`places`) and are registered (`seats`), and the known
    partnerships of which one side is among them."""

    each: pd.DataFrame
    places: pd.DataFrame
    seats: pd.DataFrame
    partnerships: pd.DataFrame


@found_once
def find(visit: Visit) -> Work:
    """How the chosen initiatives work, as this viewer may see it."""
    each = read(queries.initiatives.at_work(visit.filters, visit.viewer))
    each = each[distribution.active_now(each, visit.as_of)]
    works_in, registered_in = (
        initiatives.find(visit, initiatives.Choice(basis=basis)).places for basis in ("works_in", "registered_in")
    )
    known = read(queries.initiatives.partnerships(visit.viewer))
    ours = known["organisation_a"].isin(each["organisation_id"]) | known["organisation_b"].isin(each["organisation_id"])
    pairs = known[ours].reset_index(drop=True)
    crossing = ways_of_working.crossings(pairs, _places_of_all(visit))
    return Work(each, works_in, registered_in, pairs.assign(crossing=crossing))


def _places_of_all(visit: Visit) -> pd.DataFrame:
    """Where everybody works: a partner may work outside the choice."""
    return read(queries.initiatives.places(Filters(), visit.viewer))


def figures(found: Work) -> list[Figure]:
    """Teams, partners and people; each with how many it is known for."""
    own = found.places[found.places["organisation_id"].isin(found.each["organisation_id"])]
    teams = ways_of_working.teams_abroad(own)
    partnered = ways_of_working.partnered(found.each["organisation_id"], found.partnerships)
    across = found.partnerships[found.partnerships["crossing"] == ways_of_working.ACROSS]
    abroad = ways_of_working.partnered(found.each["organisation_id"], across)
    return [
        _share("teams_abroad", teams, _("of initiatives with a known working country")),
        _share("partners_abroad", abroad, _("of active initiatives")),
        Figure(
            "without_partner",
            partnered.total - partnered.known,
            written.number(partnered.total - partnered.known),
            _("of {n} active initiatives").format(n=written.number(partnered.total)),
            _("recorded partnerships you may see"),
        ),
        _people("volunteers", found.each["volunteers"]),
        _people("paid_staff", found.each["paid_staff"]),
    ]


def _share(term: str, share: Coverage, of: str) -> Figure:
    return Figure(term, share.share, written.percent(share.share), of, written.based_on(share))


def _people(term: str, stated: pd.Series) -> Figure:
    people, known = ways_of_working.stated_people(stated)
    coverage = _("stated by {k} of {n}").format(k=written.number(known.known), n=written.number(known.total))
    return Figure(term, people, "–" if people is None else written.number(people), "", coverage)


def legal_forms(found: Work) -> Table:
    """How many active initiatives have which legal form in which country of registration."""
    seats = found.seats[["organisation_id", "host_country"]].drop_duplicates()
    rows = found.each.merge(seats, on="organisation_id", how="left")
    rows = rows.assign(
        host_country=rows["host_country"].fillna(NOT_STATED), legal_form=rows["legal_form"].fillna(NOT_STATED)
    )
    counted = rows.groupby(["host_country", "legal_form"], as_index=False)["organisation_id"].nunique()
    shown = counted.rename(columns={"organisation_id": "initiatives"})
    order = shown["host_country"].map(lambda code: (code == NOT_STATED, written.country(code)))
    shown = shown.assign(order=order).sort_values(["order", "initiatives"], ascending=[True, False], kind="stable")
    return Table(
        "legal_forms",
        _("Legal form by country of registration"),
        shown.drop(columns="order").reset_index(drop=True),
        _("One that is registered in two countries stands in both."),
    )


def partner_countries(visit: Visit, found: Work) -> Table:
    """Which countries partnerships connect."""
    rows = ways_of_working.between_countries(found.partnerships, _places_of_all(visit))
    rows = rows.sort_values("partnerships", ascending=False, kind="stable", ignore_index=True)
    return Table(
        "partner_countries",
        _("Countries that partnerships connect"),
        rows,
        _("A partnership of initiatives in several countries counts for each pair of them; both in one country stands as that country twice."),
    )  # fmt: skip


def partnerships(found: Work) -> Table:
    """Every known partnership, and whether it crosses a border."""
    rows = found.partnerships.rename(columns={"first": "initiative", "second": "partner"})
    across = int((rows["crossing"] == ways_of_working.ACROSS).sum())
    title = ngettext(
        "{k} of {n} known partnership crosses a border", "{k} of {n} known partnerships cross a border", len(rows)
    ).format(k=written.number(across), n=written.number(len(rows)))
    return Table("partnerships", title, rows[["initiative", "partner", "crossing", "since"]])


def without_partner(found: Work) -> Table:
    """Active initiatives of which no partnership is recorded that this viewer may see."""
    sides = pd.concat([found.partnerships["organisation_a"], found.partnerships["organisation_b"]])
    alone = found.each[~found.each["organisation_id"].isin(sides)]
    title = ngettext(
        "{n} active initiative without a partnership on record",
        "{n} active initiatives without a partnership on record",
        len(alone),
    ).format(n=written.number(len(alone)))
    rows = alone.rename(columns={"name": "initiative"})[["initiative", "founded_on"]].reset_index(drop=True)
    return Table("no_partner", title, rows, _("An absence of records, not of partners."))


def results(visit: Visit) -> Table:
    """Results of projects as they are stated; never added up over kinds, never ranked."""
    rows = read(queries.initiatives.results(visit.filters, visit.viewer))
    return Table(
        "results",
        _("Results as projects state them"),
        rows[["organisation", "project", "what", "number", "period_start", "period_end", "source"]].astype({"number": "Int64"}),
        _("In the words of the source; different kinds are never added up. An empty number: nobody counted."),
    )  # fmt: skip
