"""What a funder or a coordinator may not know changes nothing she sees: properties over a changed database."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, insert, text

from dashboard.answers import what_if
from dashboard.metrics import distribution
from dashboard.metrics.need_tiers import reading
from dashboard.page import walk
from dashboard.page.reading import read
from dashboard.page.visit import open_visit
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, database, protected_year, queries, unlisted
from data_access.filters import LISTS, Filters
from data_access.protected_year import PublicationRefused
from data_access.queries.money import Cut
from data_access.schema import grant, grant_country, local_partner, organisation, presence, project, project_facet
from data_access.search import search_key
from data_access.viewer import Query, Viewer
from sample_data.world import AS_OF
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit, some


def everything(viewer: Viewer, filters: Filters | None = None) -> dict[str, Query]:
    """Every query a page makes of the shared database."""
    chosen = filters or Filters()
    asked = {
        "grants": queries.funding.grants(viewer),
        "needs": queries.funding.needs(viewer),
        "declared places": queries.funding.declared_places(viewer),
        "project facets": queries.funding.project_facets(viewer),
        "organisation places": queries.funding.organisation_places(viewer),
        "money of months": queries.money.months("EUR", viewer, reading("lowest")),
        "money of lines": queries.money.lines("EUR", 2026, viewer, reading("lowest")),
        "money's reach": queries.money.reach("EUR", viewer),
        "funders of the choice": queries.money.sources(Cut(chosen, "EUR"), viewer),
        "recipients": queries.money.recipients("EUR", viewer),
        "book": queries.money.book("EUR", viewer),
        "grants on record": queries.funding.grants_on_record(viewer),
        "needs on record": queries.funding.needs_on_record(viewer),
        "initiatives on record": queries.initiatives.on_record(viewer),
        "projects on record": queries.overlap.on_record(viewer),
        "projects in cells": queries.overlap.projects_in_cells(viewer),
        "grantees": queries.money.grantees("EUR", viewer),
        "money of projects": queries.money.projects("EUR", viewer),
        **{f"chosen lines {n}": query for n, query in enumerate(queries.money.chosen_lines(chosen, viewer))},
        "grants received": queries.funding.grants_received(Cut(chosen, "EUR"), viewer),
        "grants to fix": queries.funding.grants_to_fix("EUR", viewer),
        "needs to fix": queries.funding.needs_to_fix(viewer),
        "projects to fix": queries.overlap.projects_to_fix(viewer),
        "grants moved": queries.funding.grants_moved(date(2026, 1, 1), AS_OF, viewer),
        "grants from outside": queries.funding.grants_between(viewer, from_member=False, to_member=True),
        "pairs": queries.overlap.pairs(viewer),
        "chosen projects": queries.overlap.chosen(chosen, viewer),
        "rarity": queries.overlap.rarity(viewer),
        "pair totals": queries.overlap.totals(viewer),
        "grid": queries.overlap.grid(chosen, viewer),
        "facets": queries.overlap.facets(viewer),
        "chosen initiatives": queries.initiatives.chosen(chosen, viewer),
        "projects": queries.initiatives.projects_per_initiative(viewer),
        "facets of initiatives": queries.initiatives.facets_of_initiatives(viewer),
        **{f"{kind} options": queries.choices.initiatives_of(kind, viewer) for kind in LISTS},
        "unlisted": queries.network.unlisted(viewer),
        "sources": queries.provenance.sources(viewer),
        "loads": queries.provenance.runs(viewer),
        "exports": queries.provenance.exports(viewer),
        "problems of loads": queries.provenance.problems(viewer),
        "all projects": queries.overlap.projects(viewer),
    }
    for basis in queries.initiatives.BASES:
        asked[f"places {basis}"] = queries.initiatives.places(chosen, viewer, basis)
    return asked


def answers(engine: Engine, viewer: Viewer, filters: Filters | None = None) -> dict[str, pd.DataFrame]:
    return {name: database.run(engine, query) for name, query in everything(viewer, filters).items()}


@pytest.fixture
def copy(sample_urls: addresses.Urls, tmp_path: Path) -> Engine:
    """A writable copy of the shared sample; of its coordinators those of Lithuania alone, which makes a refresh quick."""
    shutil.copy(sample_urls.shared.removeprefix("sqlite:///"), tmp_path / "copy.db")
    engine = connections.open_writer(f"sqlite:///{tmp_path}/copy.db")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM viewer_country WHERE host_country <> 'LT'"))
    return engine


def changed(engine: Engine, change: Callable[[Connection], object]) -> None:
    with engine.begin() as connection:
        change(connection)
    refresh(engine, None, AS_OF)


def add_unlisted(connection: Connection, rng: random.Random, *, places: bool = True) -> int:
    """An initiative that asked not to be listed, with `places` or none, a project, money in and money passed on."""
    number = rng.randrange(10_000, 99_999)
    row = {"slug": f"hidden-{number}", "name": f"Hidden {number}", "search_key": search_key(f"Hidden {number}")}
    hidden = connection.execute(
        insert(organisation).values(
            row
            | {"is_initiative": True, "is_funder": True, "visibility": "aggregate_only", "independence": "independent"}
        )
    ).inserted_primary_key[0]
    countries = rng.sample(["DE", "GE", "LT", "KG"], 2)
    for country in countries if places else ():
        connection.execute(
            insert(presence).values(
                organisation_id=hidden, host_country=country, role="team", precision="city", place="X"
            )
        )
    led = connection.execute(
        insert(project).values(
            slug=f"p-{number}", name=f"Hidden work {number}", organisation_id=hidden, status="running"
        )
    ).inserted_primary_key[0]
    for facet, codes in {"activity": ["elections"], "host_country": countries, "audience": ["youth"]}.items():
        for code in codes:
            connection.execute(insert(project_facet).values(project_id=led, facet=facet, code=code, is_withheld=False))
    money = {"amount_minor": 50_000_000, "currency": "EUR", "status": "commitment", "restriction": "unknown",
             "committed_on": AS_OF, "starts_on": AS_OF, "ends_on": AS_OF}  # fmt: skip
    connection.execute(
        insert(grant).values(
            money | {"reference": f"H-{number}", "funder_id": 160, "recipient_id": hidden, "kind": "new"}
        )
    )
    return hidden


def same(before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]) -> None:
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, after[name], obj=name)


@pytest.mark.parametrize("seed", some(range(4), 4))
def test_adding_an_unlisted_initiative_changes_nothing_a_funder_reads(copy: Engine, seed: int) -> None:
    before = answers(copy, FUNDER)
    changed(copy, lambda connection: add_unlisted(connection, random.Random(seed)))
    same(before, answers(copy, FUNDER))


def test_the_fixed_table_of_unlisted_initiatives_moves_with_a_release_and_at_most_once_a_quarter(copy: Engine) -> None:
    def total() -> int:
        return int(database.run(copy, queries.network.unlisted(FUNDER))["organisations"].sum())

    before = total()
    changed(copy, lambda connection: add_unlisted(connection, random.Random(2)))
    assert total() == before > 0
    with copy.begin() as connection, pytest.raises(PublicationRefused, match="can be counted anew on"):
        unlisted.release_alone(connection, AS_OF)
    later = AS_OF + timedelta(days=80)
    with copy.begin() as connection:
        unlisted.release_alone(connection, later)
    assert total() == before + 1
    changed(copy, lambda connection: add_unlisted(connection, random.Random(4)))
    with copy.begin() as connection:
        unlisted.release(connection, later.isoformat(), later)
        assert total() == before + 1, "a release that was counted is not counted again"
        unlisted.release(connection, "2027Q1", later)
    assert total() == before + 2


@pytest.mark.parametrize("viewer", [LITHUANIAN, EVERYWHERE], ids=["coordinator of LT", "coordinator of all"])
def test_an_unlisted_initiative_that_works_nowhere_changes_nothing_for_a_coordinator(
    copy: Engine, viewer: Viewer
) -> None:
    before = answers(copy, viewer)
    changed(copy, lambda connection: add_unlisted(connection, random.Random(3), places=False))
    same(before, answers(copy, viewer))


MOVES = [
    "UPDATE presence SET host_country = 'FR' WHERE organisation_id IN (SELECT id FROM organisation WHERE visibility = 'aggregate_only')",
    "DELETE FROM presence WHERE organisation_id IN (SELECT id FROM organisation WHERE visibility = 'aggregate_only')",
    "UPDATE organisation SET name = 'Other', closed_on = NULL WHERE visibility = 'aggregate_only'",
    "UPDATE project_facet SET code = 'elections' WHERE facet = 'activity' AND project_id IN (SELECT p.id FROM project p "
    "JOIN organisation o ON o.id = p.organisation_id WHERE o.visibility = 'aggregate_only') AND code = 'media'",
    "UPDATE \"grant\" SET amount_minor = 7 WHERE recipient_id IN (SELECT id FROM organisation WHERE visibility = 'aggregate_only')",
]  # fmt: skip


@pytest.mark.parametrize("change", some(MOVES, 4))
def test_moving_or_removing_unlisted_initiatives_changes_nothing_a_funder_reads(copy: Engine, change: str) -> None:
    before = answers(copy, FUNDER)
    changed(copy, lambda connection: connection.execute(text(change)))
    same(before, answers(copy, FUNDER))


@pytest.mark.parametrize(
    "filters", some([Filters(host_countries=("KG",)), Filters(), Filters(activities=("elections",))], 3)
)
def test_filters_do_not_find_an_unlisted_initiative(copy: Engine, filters: Filters) -> None:
    before = answers(copy, FUNDER, filters)
    changed(copy, lambda connection: add_unlisted(connection, random.Random(1)))
    same(before, answers(copy, FUNDER, filters))


def test_a_hidden_intermediary_is_an_unnamed_source(copy: Engine) -> None:
    def pass_on(connection: Connection) -> None:
        hidden = add_unlisted(connection, random.Random(5))
        parent = connection.scalar(text('SELECT id FROM "grant" WHERE recipient_id = :h'), {"h": hidden})
        listed = connection.scalar(
            text(
                "SELECT id FROM organisation WHERE visibility = 'public' AND is_initiative ORDER BY id LIMIT 1 OFFSET 9"
            )
        )
        connection.execute(
            insert(grant).values(
                reference="H-on", funder_id=hidden, recipient_id=listed, parent_grant_id=parent, amount_minor=40_000_000,
                currency="EUR", status="commitment", kind="regrant", restriction="unknown", committed_on=AS_OF,
                starts_on=AS_OF, ends_on=AS_OF,
            )
        )  # fmt: skip

    changed(copy, pass_on)
    rows = database.run(copy, queries.funding.grants(FUNDER))
    assert "H-on" not in set(rows["reference"])
    row = rows[rows["amount_minor"] == 40_000_000].iloc[0]
    assert pd.isna(row["funder_id"]) and pd.isna(row["parent_project_id"]) and not row["funder_is_member"]
    with copy.connect() as connection:
        slug = str(connection.scalar(text("SELECT slug FROM organisation WHERE slug LIKE 'hidden-%'")))
    for forged in (slug, "berezovyy-telegraf-5"):
        chosen = Filters(funders=(forged,))
        hidden_payer = database.run(copy, queries.initiatives.places(chosen, FUNDER))
        named = database.run(copy, queries.choices.initiatives_of("funder", FUNDER))["value"]
        assert hidden_payer.empty or forged in set(named)


def withhold(connection: Connection) -> None:
    """Withhold one more project place, in a project that declares its grant's country too."""
    place = connection.execute(
        text(
            "SELECT f.project_id, f.code FROM project_facet f JOIN project p ON p.id = f.project_id JOIN organisation o "
            "ON o.id = p.organisation_id WHERE f.facet = 'host_country' AND NOT f.is_withheld AND f.code = 'DE' AND "
            "o.visibility = 'public' AND EXISTS (SELECT 1 FROM \"grant\" g WHERE g.project_id = p.id) ORDER BY 1 LIMIT 1"
        )
    ).one()
    own = connection.scalar(text('SELECT id FROM "grant" WHERE project_id = :p ORDER BY id'), {"p": place.project_id})
    connection.execute(text("DELETE FROM grant_country WHERE grant_id = :g"), {"g": own})
    connection.execute(insert(grant_country), {"grant_id": own, "host_country": "DE", "share_bp": 10_000})
    connection.execute(
        text("UPDATE project_facet SET is_withheld = true WHERE project_id = :p AND facet = 'host_country'"),
        {"p": place.project_id},
    )


@pytest.mark.parametrize("viewer", some([FUNDER, LITHUANIAN], 2), ids=str)
def test_a_withheld_place_could_be_any_other_withheld_place(copy: Engine, viewer: Viewer) -> None:
    """Moving a withheld place elsewhere changes nothing for whoever may not know it."""
    changed(copy, withhold)
    before = answers(copy, viewer)
    move = (
        "UPDATE project_facet SET code = 'NL' WHERE is_withheld AND code = 'DE' AND NOT EXISTS (SELECT 1 FROM "
        "project_facet x WHERE x.project_id = project_facet.project_id AND x.facet = 'host_country' AND x.code = 'NL')"
    )
    follow = (
        "UPDATE grant_country SET host_country = 'NL' WHERE host_country = 'DE' AND grant_id IN (SELECT g.id FROM \"grant\" g "
        "JOIN project_facet f ON f.project_id = g.project_id AND f.is_withheld AND f.code = 'NL') AND NOT EXISTS (SELECT 1 "
        "FROM grant_country x WHERE x.grant_id = grant_country.grant_id AND x.host_country = 'NL')"
    )
    changed(copy, lambda connection: (connection.execute(text(move)), connection.execute(text(follow))))
    same(before, answers(copy, viewer))


def test_an_undisclosed_place_is_in_no_answer_with_its_country(copy: Engine) -> None:
    """Not as a presence, nor through the same organisation's projects or declared grant places."""
    with copy.connect() as connection:
        undisclosed = connection.execute(
            text(
                "SELECT DISTINCT p.organisation_id, p.host_country FROM presence p WHERE p.precision = 'undisclosed' AND "
                "NOT EXISTS (SELECT 1 FROM presence q WHERE q.organisation_id = p.organisation_id AND q.host_country = "
                "p.host_country AND q.precision <> 'undisclosed')"
            )
        ).all()
        leads = dict(tuple(row) for row in connection.execute(text("SELECT id, organisation_id FROM project")))
        payees = dict(tuple(row) for row in connection.execute(text('SELECT id, recipient_id FROM "grant"')))
    found = answers(copy, FUNDER)
    hidden = {tuple(row) for row in undisclosed}
    assert hidden
    facets = found["facets"][found["facets"]["facet"] == "host_country"]
    assert not hidden & {(leads[p], c) for p, c in zip(facets["project_id"], facets["code"], strict=True)}
    declared = found["declared places"]
    assert not hidden & {(payees[g], c) for g, c in zip(declared["grant_id"], declared["host_country"], strict=True)}
    for basis in queries.initiatives.BASES:
        places = found[f"places {basis}"]
        assert not hidden & set(zip(places["organisation_id"], places["host_country"], strict=True)), basis


@pytest.mark.parametrize("seed", range(30))
def test_no_group_of_the_fixed_table_is_recovered_by_subtraction(seed: int) -> None:
    """An attacker knows the total and every shown group: what is left is at least three, over at least two groups."""
    rng = random.Random(seed)
    counts = {c: rng.randint(0, 7) for c in ("DE", "LT", "PL", "FR", "GE", "AM", "LV", "CZ", "RS", "US", "KZ", "ZZ")}
    counts = {country: n for country, n in counts.items() if n}
    table = distribution.merge_small(counts, protected_year.COUNTRY_GROUPS).set_index("country_group")["organisations"]
    groups: dict[str, int] = {}
    for country, n in counts.items():
        group = protected_year.COUNTRY_GROUPS.get(country, "other")
        groups[group] = groups.get(group, 0) + n
    hidden = {group: n for group, n in groups.items() if group not in table or group == "other"}
    assert all(n >= distribution.SMALL_GROUP for n in table)
    assert not hidden or len(hidden) >= 2 or set(hidden) == {"other"}
    assert not hidden or sum(hidden.values()) >= distribution.SMALL_GROUP


def test_a_withheld_place_of_a_project_is_not_told_by_what_else_is_recorded_of_its_lead(copy: Engine) -> None:
    """Neither by a local partner there nor by where a grant without a project works."""
    with copy.begin() as connection:
        led = "SELECT p.id, p.organisation_id FROM project p JOIN organisation o ON o.id = p.organisation_id"
        one, lead = connection.execute(text(f"{led} WHERE o.visibility = 'public' ORDER BY p.id LIMIT 1")).one()
        place = {"facet": "host_country", "code": "AU", "is_withheld": True}
        connection.execute(insert(project_facet).values(project_id=one, **place))
        partner = {"name": "Legal clinic", "host_country": "AU", "kind": "other"}
        connection.execute(insert(local_partner).values(organisation_id=lead, **partner))
        money = {
            "amount_minor": 100,
            "currency": "EUR",
            "status": "commitment",
            "restriction": "unknown",
            "kind": "new",
        }
        payer = connection.scalar(text("SELECT min(id) FROM organisation WHERE is_funder AND visibility = 'public'"))
        sides = {"reference": "untagged", "funder_id": payer, "recipient_id": lead}
        (own,) = connection.execute(insert(grant).values(money | sides)).inserted_primary_key
        connection.execute(insert(grant_country).values(grant_id=own, host_country="AU"))
    open_place = text("UPDATE project_facet SET is_withheld = false WHERE code = 'AU'")
    for viewer, knows in ((FUNDER, False), (LITHUANIAN, False), (STEWARD, True)):
        assert told_in_australia(copy, viewer, own) == (knows, knows)
    with copy.begin() as connection:
        connection.execute(open_place)
    assert told_in_australia(copy, FUNDER, own) == (True, True)


def told_in_australia(engine: Engine, viewer: Viewer, grant_id: int) -> tuple[bool, bool]:
    partners = database.run(engine, queries.initiatives.local_partners(Filters(), viewer))
    declared = database.run(engine, queries.funding.declared_places(viewer, among=[grant_id]))
    return "AU" in set(partners["host_country"]), "AU" in set(declared["host_country"])


def test_the_seat_of_a_funder_whose_place_there_is_not_disclosed_is_told_to_nobody_who_may_not_know_it(
    own_sample: addresses.Urls,
) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        hidden = "SELECT organisation_id FROM presence WHERE host_country = 'FI' AND precision = 'undisclosed'"
        (one,) = connection.scalars(text(f"SELECT min(organisation_id) FROM ({hidden}) AS hidden"))
        connection.execute(text("DELETE FROM presence WHERE host_country = 'FI' AND organisation_id = :id AND precision <> "
                                "'undisclosed'"), {"id": one})  # fmt: skip
        connection.execute(text("UPDATE organisation SET is_funder = :yes, seat_country = 'FI', visibility = 'network', "
                                "website = 'https://hidden.example' WHERE id = :id"), {"yes": True, "id": one})  # fmt: skip
        (slug,) = connection.scalars(text("SELECT slug FROM organisation WHERE id = :id"), {"id": one})
    for viewer, knows in ((FUNDER, False), (LITHUANIAN, False), (STEWARD, True)):
        visit = open_sample_visit(viewer)
        open_visit(visit)
        assert (slug in what_if.who_leaves(visit, (), "FI")) == knows
        told = read(queries.initiatives.told_of([one], viewer)).iloc[0]
        assert (told["seat_country"] == "FI") == knows and pd.isna(told["website"])
    open_visit(None)


@pytest.mark.parametrize("called", ["{}", "Grants to {} (May)"])
def test_a_source_that_is_called_as_who_asked_not_to_be_listed_is_named_to_nobody_who_may_not_know_her(
    own_sample: addresses.Urls, called: str
) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        asked = "SELECT name FROM organisation WHERE visibility = 'aggregate_only' AND is_initiative ORDER BY id"
        name = called.format(next(iter(connection.scalars(text(asked)))))
        connection.execute(
            text("UPDATE source SET name = :name WHERE id = (SELECT min(id) FROM source)"), {"name": name}
        )
    for viewer, knows in ((FUNDER, False), (STEWARD, True)):
        open_visit(open_sample_visit(viewer))
        asked_of = queries.provenance.sources, queries.network.loads, queries.contested.sources
        assert [name in set(read(query(viewer))["source"]) for query in asked_of] == [knows] * 3
        assert (
            name in str([one.rows.to_csv() for one in walk.whole("data", open_sample_visit(viewer), {}).tables])
        ) == knows
    open_visit(None)
