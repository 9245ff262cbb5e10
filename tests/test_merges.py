"""Two organisations that are one: everything that named either follows, and everything comes back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, insert, select, update

from dashboard.answers import same_organisation
from dashboard.commands.cli import main
from data_access import addresses, connections, merges
from data_access.importers import load, outcomes, runs
from data_access.importers.records import Place, Record
from data_access.importers.references import organisation as named
from data_access.schema import (
    contest,
    grant,
    organisation,
    organisation_finance,
    organisation_merge,
    other_income,
    partnership,
    presence,
    project,
    shared,
    source_record,
)
from data_access.viewer import Viewer
from tests.conftest import FUNDER, LITHUANIAN, STEWARD, open_sample_visit
from tests.import_files import rows_of
from tests.test_pages import open_page

NOW, TODAY = datetime(2026, 11, 26, tzinfo=UTC), date(2026, 11, 26)
DERIVED = {"organisation_merge", "meta"}


def network(engine: Engine) -> None:
    """Two that are one (1 and 2), a third, and a funder; both have the same place, and one says what the other does not."""
    with engine.begin() as connection:
        base = {"search_key": "x", "is_initiative": True, "is_funder": False, "independence": "unknown",
                "visibility": "public", "founded_on": None, "website": None, "fiscal_host_id": None}  # fmt: skip
        several = [
            base | {"id": 1, "slug": "nest", "name": "Nest e.V."},
            base | {"id": 2, "slug": "the-nest", "name": "Nest", "visibility": "network", "founded_on": date(2022, 5, 1),
                    "website": "https://nest.example", "independence": "independent"},
            base | {"id": 3, "slug": "other", "name": "Other", "fiscal_host_id": 2},
            base | {"id": 4, "slug": "giver", "name": "Giver", "is_initiative": False, "is_funder": True},
        ]  # fmt: skip
        for row in several:
            connection.execute(insert(organisation), row)
        spot = {"role": "team", "precision": "country"}
        for own, country in ((1, "LT"), (2, "LT"), (2, "DE"), (3, "LT")):
            connection.execute(insert(presence), spot | {"organisation_id": own, "host_country": country})
        for pair in ((1, 2), (1, 3), (2, 3), (2, 4)):
            connection.execute(insert(partnership), dict(zip(("organisation_a", "organisation_b"), pair, strict=True)))
        connection.execute(insert(project).values(id=1, slug="p", name="P", organisation_id=2, status="running"))
        money = {
            "amount_minor": 100,
            "currency": "EUR",
            "status": "commitment",
            "kind": "new",
            "restriction": "unknown",
        }
        for number, giver, taker in ((1, 4, 1), (2, 4, 2), (3, 2, 3)):
            connection.execute(
                insert(grant), money | {"reference": f"G-{number}", "funder_id": giver, "recipient_id": taker}
            )
        for own in (1, 2):
            connection.execute(
                insert(organisation_finance).values(organisation_id=own, on_date=TODAY, currency="EUR", cash_minor=own)
            )
            connection.execute(
                insert(other_income).values(
                    organisation_id=own, year=2025, kind="earned", currency="EUR", amount_minor=own
                )
            )
        connection.execute(
            insert(contest).values(subject="s", entity="initiative", record_id=2, kind="wrong", said_at=NOW)
        )


def everything(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row of what is recorded, whatever its order."""
    return {
        table.name: sorted(rows_of(engine, table), key=repr)
        for table in shared.sorted_tables
        if table.name not in DERIVED
    }


@pytest.fixture
def world(empty) -> Engine:
    network(empty["shared"])
    return empty["shared"]


@pytest.mark.by_turns
def test_everything_that_named_either_names_the_one_that_is_kept(world: Engine) -> None:
    merges.merge(world, 1, 2, "clara", NOW)
    for table, columns in merges.REFERRING.items():
        for row in rows_of(world, table):
            assert all(row[column.name] != 2 for column in columns), table.name
    (kept,) = [row for row in rows_of(world, organisation) if row["id"] == 1]
    assert (kept["name"], kept["founded_on"], kept["website"]) == (
        "Nest e.V.",
        date(2022, 5, 1),
        "https://nest.example",
    )
    assert (kept["visibility"], kept["independence"]) == ("network", "independent")
    assert [row["id"] for row in rows_of(world, organisation)] == [1, 3, 4]
    assert sorted((row["organisation_id"], row["host_country"]) for row in rows_of(world, presence)) == [
        (1, "DE"), (1, "LT"), (3, "LT")
    ]  # fmt: skip
    assert [(row["organisation_a"], row["organisation_b"]) for row in rows_of(world, partnership)] == [(1, 3), (1, 4)]
    assert [row["cash_minor"] for row in rows_of(world, organisation_finance)] == [1]
    assert [row["record_id"] for row in rows_of(world, contest)] == [1]
    assert {row["recipient_id"] for row in rows_of(world, grant)} == {1, 3}


@pytest.mark.by_turns
@pytest.mark.parametrize(("kept", "gone"), [(1, 2), (2, 1), (3, 2), (4, 1)])
def test_what_is_taken_back_is_as_it_was(world: Engine, kept: int, gone: int) -> None:
    before = everything(world)
    number = merges.merge(world, kept, gone, "clara", NOW)
    assert everything(world) != before
    assert merges.undo(world, number) == 0
    assert everything(world) == before
    assert rows_of(world, organisation_merge) == []


@pytest.mark.by_turns
def test_what_somebody_changed_by_hand_since_stays_and_is_said(world: Engine) -> None:
    number = merges.merge(world, 1, 2, "clara", NOW)
    with world.begin() as connection:
        connection.execute(update(organisation).where(organisation.c.id == 1).values(website="https://new.example"))
    assert merges.undo(world, number) == 1
    assert "changed since" in same_organisation.undone(1)
    (kept,) = [row for row in rows_of(world, organisation) if row["id"] == 1]
    assert kept["website"] == "https://new.example"


@pytest.mark.by_turns
def test_one_merge_on_another_is_taken_back_in_turn_alone(world: Engine) -> None:
    before = everything(world)
    first = merges.merge(world, 1, 2, "clara", NOW)
    second = merges.merge(world, 3, 1, "clara", NOW)
    with pytest.raises(merges.NotMerged, match=f"Merge {second} "):
        merges.undo(world, first)
    merges.undo(world, second)
    merges.undo(world, first)
    assert everything(world) == before


def test_every_table_that_names_organisations_is_known_to_loads() -> None:
    assert set(merges.REFERRING) - {organisation} <= set(merges.ENTITY_OF)


def said(key: str, name: str, *, description: str | None = None) -> list[Record]:
    place = Place("s", 1)
    one = named(key, name, place, is_funder=False, is_initiative=True)
    there = Record("presence", f"{key}|LT", {"organisation": key, "host_country": "LT", "role": "team", "place": None,
                                             "precision": "country"}, place)  # fmt: skip
    return [Record("organisation", key, {**one.values, "description": description}, place, one.defaults), there]


@pytest.mark.by_turns
def test_a_later_load_of_either_key_changes_the_one_that_was_kept_and_adds_none(empty) -> None:
    first = load.load(empty, "a", said("nest", "Nest"), TODAY)
    load.load(empty, "b", said("nido", "Nido"), TODAY)
    kept, gone = (row["id"] for row in rows_of(empty["shared"], organisation))
    number = merges.merge(empty["shared"], kept, gone, "clara", NOW)
    with pytest.raises(outcomes.NotUndone, match=f"unmerge {number}"):
        runs.undo(empty["shared"], "shared", first.runs["shared"])
    again = load.load(empty, "b", said("nido", "Nido"), TODAY)
    assert (dict(again.created), again.rejected) == ({}, 0)
    later = load.load(empty, "b", said("nido", "Nido", description="moved"), TODAY)
    assert (dict(later.created), dict(later.updated)) == ({}, {"organisation": 1})
    (row,) = rows_of(empty["shared"], organisation)
    assert (row["id"], row["name"], row["description"]) == (kept, "Nest", "moved")
    assert len(rows_of(empty["shared"], presence)) == 1
    keys = {one["row_key"] for one in rows_of(empty["shared"], source_record) if one["entity"] == "organisation"}
    assert keys == {json.dumps([kept])}
    with pytest.raises(merges.NotMerged, match=f"Load {later.runs['shared']} "):
        merges.undo(empty["shared"], number)
    runs.undo(empty["shared"], "shared", later.runs["shared"])
    merges.undo(empty["shared"], number)
    assert [row["name"] for row in rows_of(empty["shared"], organisation)] == ["Nest", "Nido"]


@pytest.mark.by_turns
def test_names_alike_are_proposed_until_somebody_decides(world: Engine) -> None:
    with world.connect() as connection:
        assert [(one.first, one.second) for one in merges.proposals(connection)] == [(1, 2)]
    number = merges.keep_apart(world, 1, 2, "clara", NOW)
    with world.connect() as connection:
        assert merges.proposals(connection) == []
    merges.undo(world, number)
    with world.connect() as connection:
        assert len(merges.proposals(connection)) == 1


def test_names_are_proposed_wherever_they_stand_among_thousands(empty_shared: Engine) -> None:
    with empty_shared.begin() as connection:
        rows = [{"slug": f"o{n}", "name": f"Organisation of {n * 7919 % 100_003} lamps {chr(97 + n % 26)}x{n}"}
                for n in range(3_000)]  # fmt: skip
        rows += [{"slug": "one", "name": "Stiftung Zartes Nest Vilnius"}, {"slug": "two", "name": "Vilnius, zartes Nest e.V."},
                 {"slug": "three", "name": "Aestrel Zebras"}, {"slug": "four", "name": "Bestrel Zebras"}]  # fmt: skip
        base = {"search_key": "", "is_initiative": True, "is_funder": False}
        connection.execute(insert(organisation), [base | row for row in rows])
    with empty_shared.connect() as connection:
        slugs = dict(connection.execute(select(organisation.c.id, organisation.c.slug)).all())
        found = {frozenset((slugs[one.first], slugs[one.second])) for one in merges.proposals(connection)}
    assert {frozenset(("one", "two")), frozenset(("three", "four"))} <= found


def test_the_command_merges_and_takes_back_and_an_old_address_leads_on(own_sample: addresses.Urls, capsys) -> None:
    writer = connections.open_writer(own_sample.shared)
    with writer.connect() as connection:
        kept, gone = connection.scalars(
            select(organisation.c.slug)
            .where(organisation.c.is_initiative, organisation.c.visibility == "public")
            .limit(2)
        )
    assert main(["merge"]) == 0
    assert main(["merge", kept, gone]) == 0
    assert "takes it back" in capsys.readouterr().out
    assert main(["check", "--books"]) == 0
    assert main(["export", "initiative", "--choice", f"id={gone}", "--format", "json"]) == 0
    out = capsys.readouterr().out
    with writer.connect() as connection:
        name = connection.scalar(select(organisation.c.name).where(organisation.c.slug == kept))
    assert str(name) in out
    assert main(["unmerge", "1"]) == 0
    assert main(["unmerge", "1"]) != 0
    assert main(["merge", kept, "nobody"]) != 0
    with writer.connect() as connection:
        assert connection.scalar(select(func.count()).where(organisation.c.slug == gone)) == 1


def test_a_steward_sees_both_merges_them_and_takes_it_back_on_the_page(
    own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(addresses.UPLOADS_VARIABLE, "1")
    visit = open_sample_visit(STEWARD)
    pair = same_organisation.proposed(visit)[0]
    assert len(same_organisation.listing([pair]).rows) == 1
    shown = same_organisation.before_and_after(visit, pair, same_organisation.INTO_FIRST)
    facts = shown.rows.set_index("recorded_fact")
    assert list(facts.loc["Name"]) == [
        facts.loc["Name", "first"],
        facts.loc["Name", "second"],
        facts.loc["Name", "first"],
    ]
    before = everything(connections.open_reader(own_sample.shared))
    same_organisation.decide(visit, pair, same_organisation.INTO_SECOND, lambda _rows: None)
    (decision,) = same_organisation.decided(visit)
    assert decision["kept"] == facts.loc["Name", "second"]
    assert pair not in same_organisation.proposed(visit)
    assert len(same_organisation.decisions([decision]).rows) == 1
    same_organisation.take_back(visit, decision, lambda _rows: None)
    recorded = set(merges.ENTITY_OF)
    after = everything(connections.open_reader(own_sample.shared))
    assert all(after[table.name] == before[table.name] for table in recorded)
    assert not open_page("data", "steward", part="same").exception
    assert open_page("data", "funder", part="same").session_state["part_data"] == "sources"


@pytest.mark.parametrize("viewer", [FUNDER, LITHUANIAN])
def test_nobody_decides_about_organisations_she_does_not_answer_for(
    own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch, viewer
) -> None:
    monkeypatch.setenv(addresses.UPLOADS_VARIABLE, "1")
    pair = same_organisation.proposed(open_sample_visit(STEWARD))[0]
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(delete(presence).where(presence.c.organisation_id == pair.first))
    visit = open_sample_visit(viewer)
    with pytest.raises(PermissionError):
        same_organisation.decide(visit, pair, same_organisation.INTO_FIRST, lambda _rows: None)
    with pytest.raises(PermissionError):
        same_organisation.take_back(visit, {"id": 1, "decision": merges.MERGED}, lambda _rows: None)


def test_a_coordinator_decides_about_those_of_her_countries_and_takes_back_what_she_decided(
    own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(addresses.UPLOADS_VARIABLE, "1")
    steward = open_sample_visit(Viewer("steward", None, "clara"))
    first, other = same_organisation.proposed(steward)[:2]
    spot = {"host_country": "LT", "role": "team", "precision": "country", "place": "here"}
    with connections.open_writer(own_sample.shared).begin() as connection:
        for one in (first.first, first.second):
            connection.execute(insert(presence), spot | {"organisation_id": one})
    same_organisation.decide(steward, other, same_organisation.APART, lambda _rows: None)
    visit = open_sample_visit(LITHUANIAN)
    assert same_organisation.proposed(visit) == [first]
    shown = same_organisation.before_and_after(visit, first, same_organisation.INTO_FIRST).rows
    assert len(shown) == len(same_organisation.FACTS)
    same_organisation.decide(visit, first, same_organisation.INTO_FIRST, lambda _rows: None)
    assert [one["decision"] for one in same_organisation.decided(visit)] == [merges.MERGED]
    same_organisation.take_back(visit, same_organisation.decided(visit)[0], lambda _rows: None)
    assert same_organisation.proposed(visit) == [first]


@pytest.mark.by_turns
def test_a_source_that_drops_its_own_second_entry_drops_nothing_of_the_one_that_was_kept(empty) -> None:
    load.load(empty, "a", [*said("nest", "Nest"), *said("nido", "Nido")], TODAY)
    kept, gone = (row["id"] for row in rows_of(empty["shared"], organisation))
    number = merges.merge(empty["shared"], kept, gone, "clara", NOW)
    done = load.load(empty, "a", said("nest", "Nest"), TODAY, is_snapshot=True)
    assert done.not_seen["organisation"] == 1
    assert [row["id"] for row in rows_of(empty["shared"], organisation)] == [kept]
    assert len(rows_of(empty["shared"], presence)) == 1
    with pytest.raises(merges.NotMerged, match=f"Load {done.runs['shared']} "):
        merges.undo(empty["shared"], number)


@pytest.mark.by_turns
def test_neither_the_number_nor_the_short_name_of_the_one_that_is_gone_is_given_to_another(empty) -> None:
    load.load(empty, "a", [*said("nest", "Nest"), *said("nido", "Nido")], TODAY)
    kept, gone = (row["id"] for row in rows_of(empty["shared"], organisation))
    slug = next(row["slug"] for row in rows_of(empty["shared"], organisation) if row["id"] == gone)
    before = everything(empty["shared"])
    number = merges.merge(empty["shared"], kept, gone, "clara", NOW)
    load.load(empty, "b", said("new", "New"), TODAY)
    assert max(row["id"] for row in rows_of(empty["shared"], organisation)) > gone
    there = Record("presence", "x", {"organisation": slug, "host_country": "DE", "role": "team", "place": None,
                                     "precision": "country"}, Place("s", 1))  # fmt: skip
    done = load.load(empty, "c", [there], TODAY)
    assert done.rejected == 0
    assert kept in {row["organisation_id"] for row in rows_of(empty["shared"], presence) if row["host_country"] == "DE"}
    for run in (done.runs["shared"], done.runs["shared"] - 1):
        runs.undo(empty["shared"], "shared", run)
    merges.undo(empty["shared"], number)
    after = everything(empty["shared"])
    assert all(after[name] == before[name] for name in ("organisation", "presence", "source_record"))


@pytest.mark.by_turns
def test_of_two_statements_of_one_place_the_stricter_precision_and_all_the_days_are_kept(world: Engine) -> None:
    with world.begin() as connection:
        spot = presence.c
        mine = spot.organisation_id == 1, spot.host_country == "LT"
        connection.execute(update(presence).where(*mine).values(ended_on=date(2021, 1, 1), started_on=date(2020, 1, 1)))
        other = spot.organisation_id == 2, spot.host_country == "LT"
        connection.execute(update(presence).where(*other).values(precision="undisclosed", started_on=date(2019, 1, 1)))
        connection.execute(update(organisation).where(organisation.c.id == 1).values(closed_on=date(2021, 1, 1)))
    before = everything(world)
    number = merges.merge(world, 1, 2, "clara", NOW)
    (row,) = (row for row in rows_of(world, presence) if (row["organisation_id"], row["host_country"]) == (1, "LT"))
    assert (row["precision"], row["started_on"], row["ended_on"]) == ("undisclosed", date(2019, 1, 1), None)
    assert next(row for row in rows_of(world, organisation) if row["id"] == 1)["closed_on"] is None
    merges.undo(world, number)
    assert everything(world) == before
