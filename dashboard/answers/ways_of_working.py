"""How groups work: legal form, teams and partners across borders, how long money lasts, people, and stated results."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from dashboard.answers import initiatives
from dashboard.answers.crossing import levels
from dashboard.metrics import distribution, ways_of_working
from dashboard.metrics.statistics import Coverage
from dashboard.page.blocks import Chart, Figure, Table
from dashboard.page.reading import found_once, read
from dashboard.page.visit import Visit
from dashboard.pictures import charts, grids
from dashboard.words import written
from data_access import queries
from data_access.filters import Filters
from data_access.i18n import _, ngettext

NOT_STATED = "not_stated"
MOST_COUNTRIES = 10
PARTNERSHIPS = ("none_recorded", "one_partnership", "few_partnerships", "many_partnerships")


@dataclass(frozen=True)
class Work:
    """The active initiatives of a choice (`each`), where they work (`places`) and are registered (`seats`), the known
    partnerships of which one side is among them, and the organisations of host countries they work with (`local`)."""

    each: pd.DataFrame
    places: pd.DataFrame
    seats: pd.DataFrame
    partnerships: pd.DataFrame
    local: pd.DataFrame


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
    pairs = _by_name(known[ours])
    crossing = ways_of_working.crossings(pairs, _places_of_all(visit))
    local = read(queries.initiatives.local_partners(visit.filters, visit.viewer))
    local = local[local["organisation_id"].isin(each["organisation_id"])]
    return Work(each, works_in, registered_in, pairs.assign(crossing=crossing), local)


def _by_name(pairs: pd.DataFrame) -> pd.DataFrame:
    """Partnerships with their two sides in the order of their names, whoever was recorded first."""
    turned = (pairs["first"] > pairs["second"]).to_numpy()
    sides = {"first": "second", "organisation_a": "organisation_b"}
    named = pairs.assign(
        **{one: pairs[one].mask(turned, pairs[other]) for one, other in sides.items()},
        **{other: pairs[other].mask(turned, pairs[one]) for one, other in sides.items()},
    )
    return named.sort_values(["first", "second"], ignore_index=True)


def _places_of_all(visit: Visit) -> pd.DataFrame:
    """Where everybody works: a partner may work outside the choice."""
    return read(queries.initiatives.places(Filters(), visit.viewer))


def figures(found: Work) -> list[Figure]:
    """Teams, partners and people; each with how many it is known for."""
    own = found.places[found.places["organisation_id"].isin(found.each["organisation_id"])]
    teams = ways_of_working.teams_abroad(own)
    partnered = ways_of_working.partnered(found.each["organisation_id"], found.partnerships)
    abroad = ways_of_working.partnered_abroad(found.each["organisation_id"], found.partnerships)
    return [
        _share("teams_abroad", teams, _("of initiatives with a known working country")),
        _share("partners_abroad", abroad, _("of active initiatives, as far as places are known")),
        _share("local_partners", _with_local(found), _("of active initiatives")),
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


def _with_local(found: Work) -> Coverage:
    return Coverage(found.local["organisation_id"].nunique(), len(found.each))


def local_partners(found: Work) -> Table:
    """The organisations of host countries that initiatives work with."""
    partners = found.local.drop_duplicates(["partner", "host_country"])
    title = ngettext("{n} partner in host countries", "{n} partners in host countries", len(partners)).format(
        n=written.number(len(partners))
    )
    rows = found.local.sort_values("organisation", key=written.alphabetical, kind="stable", ignore_index=True)
    note = _(
        "Organisations of a host country that are no initiatives of the network, as recorded; none recorded is no proof of absence."
    )
    return Table(
        "local_partners", title, rows[["organisation", "partner", "partner_kind", "host_country", "since"]], note
    )


def _share(term: str, share: Coverage, of: str) -> Figure:
    return Figure(term, share.share, written.percent(share.share), of, written.out_of(share))


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


def partner_countries(visit: Visit, found: Work) -> Chart | None:
    """Which countries partnerships connect: a grid of the countries with most of them, all pairs in its table; None where no
    partnership of two known countries is recorded."""
    rows = ways_of_working.between_countries(found.partnerships, _places_of_all(visit))
    rows = rows.sort_values("partnerships", ascending=False, kind="stable", ignore_index=True)
    if rows.empty:
        return None
    ends = pd.concat([rows["host_country"], rows.loc[rows["host_country"] != rows["other_country"], "other_country"]])
    weights = pd.concat([rows["partnerships"], rows.loc[rows["host_country"] != rows["other_country"], "partnerships"]])
    shown = sorted(
        weights.groupby(ends).sum().nlargest(MOST_COUNTRIES).index,
        key=written.country_key,
    )
    counted = {(r.host_country, r.other_country): int(r.partnerships) for r in rows.itertuples()}
    cells = pd.DataFrame(
        [(a, b, counted.get((min(a, b), max(a, b)), 0)) for a in shown for b in shown],
        columns=["one", "other", "partnerships"],
    )
    cells["word"] = pd.cut(cells["partnerships"], [-1, 0, 1, 3, float("inf")], labels=PARTNERSHIPS).astype("str")
    cells["text"] = cells["partnerships"].map(lambda n: written.number(n) if n else "·")
    cells["first"], cells["second"] = cells["one"].map(written.country), cells["other"].map(written.country)
    title = _("{first} and {second} are connected by the most partnerships: {n} of {all}").format(
        first=written.country(rows["host_country"][0]),
        second=written.country(rows["other_country"][0]),
        n=written.number(rows["partnerships"][0]),
        all=written.number(int(rows["partnerships"].sum())),
    )
    if len(rows) > 1 and rows["partnerships"][0] == rows["partnerships"][1]:
        title = _("Countries that partnerships connect")
    once = cells[cells["first"] <= cells["second"]].sort_values("partnerships", ascending=False, kind="stable")
    pictured = grids.Grid(cells, "first", "second", "text", "word", levels(PARTNERSHIPS))
    return Chart(
        "partner_countries",
        title,
        rows,
        _("The {n} countries with most of them; all pairs are in the table. A partnership of initiatives in several countries counts for each pair of them; on the diagonal both work in that country.")
        .format(n=written.number(len(shown))),
        pictured.whole(),
        charts.alternative(title, [f"{written.country(r.host_country)} · {written.country(r.other_country)}" for r in rows.itertuples()], [written.number(r.partnerships) for r in rows.itertuples()]),
        narrow=replace(pictured, cells=once).listed(),
    )  # fmt: skip


def partnerships(found: Work) -> Table:
    """Every known partnership, and whether it crosses a border."""
    rows = found.partnerships.rename(columns={"first": "initiative", "second": "partner"})
    across, judged = (
        int(rows["crossing"].isin(words).sum()) for words in (ways_of_working.JUDGED[:1], ways_of_working.JUDGED)
    )
    title = ngettext(
        "{k} of {n} partnership whose places are known crosses a border",
        "{k} of {n} partnerships whose places are known cross a border",
        judged,
    ).format(k=written.number(across), n=written.number(judged))
    if not judged:
        title = _("Of no partnership the places of both sides are known") if len(rows) else _("No partnership is known")
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
