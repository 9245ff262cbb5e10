"""The same money of two sources: counted once, never lost, and as somebody says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from dashboard.answers import same_money as answers
from dashboard.commands.cli import main
from data_access import addresses, connections
from data_access.importers import left_out, load, runs
from data_access.importers.records import Place, Record
from data_access.schema import (
    grant,
    grant_country,
    organisation,
    payment,
    presence,
    same_money,
    shared,
    source_record,
)
from data_access.viewer import Viewer
from tests.conftest import FUNDER, LITHUANIAN, STEWARD, open_sample_visit
from tests.import_files import rows_of
from tests.test_pages import open_page

NOW, TODAY = datetime(2026, 11, 26, tzinfo=UTC), date(2026, 11, 26)
RECORDED = [table for table in shared.sorted_tables if table.name not in ("same_money", "meta", "import_issue")]


@pytest.fixture
def world(empty) -> dict[str, Engine]:
    base = {"search_key": "x", "independence": "unknown", "visibility": "public"}
    with empty["shared"].begin() as connection:
        for number, slug in ((1, "giver"), (2, "taker"), (3, "last")):
            row = base | {"id": number, "slug": slug, "name": slug.title(), "is_funder": number == 1,
                          "is_initiative": number > 1}  # fmt: skip
            connection.execute(insert(organisation), row)
    return empty


def stated(name: str, minor: int = 10_000, **more: Any) -> list[Record]:
    """A grant as a source states it, with a payment and a country."""
    facts = {"reference": name, "funder": "giver", "recipient": "taker", "amount_minor": minor, "currency": "EUR",
             "status": "commitment", "kind": "new", "restriction": "unknown", "committed_on": date(2025, 3, 1)}  # fmt: skip
    parts = {"grant": name, "host_country": "LT", "share_bp": 10_000}
    paid = {"grant": name, "paid_on": date(2025, 4, 1), "amount_minor": minor, "currency": "EUR"}
    place = Place("s", 1)
    return [Record("grant", name, facts | more, place), Record("grant_country", f"{name}|LT", parts, place),
            Record("payment", f"{name}|1", paid, place)]  # fmt: skip


def brought(world: dict[str, Engine], source: str, records: list[Record], **how: Any) -> Any:
    done = load.load(world, source, records, TODAY, **how)
    assert done.rejected == 0, done.problems
    return done


def signed(world: dict[str, Engine]) -> int:
    return sum(row["amount_minor"] for row in rows_of(world["shared"], grant))


def waiting(world: dict[str, Engine]) -> list[dict[str, Any]]:
    with world["shared"].connect() as connection:
        return left_out.proposals(connection, is_decided=False)


def recorded(world: dict[str, Engine]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row, but for numbers that nobody outside knows."""
    return {table.name: sorted(map(repr, rows_of(world["shared"], table))) for table in RECORDED}


@pytest.mark.by_turns
def test_what_was_left_out_waits_with_its_facts_and_counts_once_it_is_said_to_be_another(world) -> None:
    brought(world, "one", stated("g1"))
    done = brought(world, "two", stated("h1"))
    assert (done.created["grant"], done.created["payment"], done.created["grant_country"]) == (0, 0, 0)
    (asked,) = waiting(world)
    assert (asked["external_id"], asked["source"], asked["kept_name"], asked["kept_source"]) == (
        "h1",
        "two",
        "g1",
        "one",
    )
    assert (asked["row"]["amount_minor"], asked["row"]["committed_on"]) == (10_000, date(2025, 3, 1))
    left_out.decide(world["shared"], asked["id"], left_out.TWO, "clara", NOW)
    assert signed(world) == 20_000 and not waiting(world)
    assert len(rows_of(world["shared"], payment)) == len(rows_of(world["shared"], grant_country)) == 2
    again = brought(world, "two", stated("h1"))
    assert again.unchanged["grant"] == 1 and signed(world) == 20_000
    with pytest.raises(left_out.NotDecided):
        left_out.decide(world["shared"], asked["id"], left_out.ONE, "clara", NOW)


@pytest.mark.by_turns
@pytest.mark.parametrize("decision", [left_out.ONE, left_out.TWO])
def test_a_decision_that_is_taken_back_leaves_every_row_as_it_was(world, decision: str) -> None:
    brought(world, "one", stated("g1"))
    brought(world, "two", [*stated("h1"), *stated("h2", 500, funder="taker", recipient="last", parent="h1")])
    before = recorded(world)
    (asked,) = waiting(world)
    left_out.decide(world["shared"], asked["id"], decision, "clara", NOW)
    assert (recorded(world) == before) == (decision == left_out.ONE)
    assert not waiting(world)
    left_out.take_back(world["shared"], asked["id"])
    assert recorded(world) == before
    assert [one["external_id"] for one in waiting(world)] == ["h1"]


@pytest.mark.by_turns
def test_a_load_with_decisions_on_it_is_taken_back_whole(world) -> None:
    brought(world, "one", stated("g1"))
    before = {name: rows for name, rows in recorded(world).items() if name not in ("import_run", "source")}
    done = brought(world, "two", [*stated("h1"), *stated("h2", 500, funder="taker", recipient="last", parent="h1")])
    left_out.decide(world["shared"], waiting(world)[0]["id"], left_out.TWO, "clara", NOW)
    parents = {row["reference"]: row["parent_grant_id"] for row in rows_of(world["shared"], grant)}
    ids = {row["reference"]: row["id"] for row in rows_of(world["shared"], grant)}
    assert parents["h2"] == ids["h1"]
    runs.undo(world["shared"], "shared", done.runs["shared"])
    assert {name: rows for name, rows in recorded(world).items() if name in before} == before
    brought(world, "two", stated("h1"))
    assert signed(world) == 20_000


@pytest.mark.by_turns
@pytest.mark.parametrize("is_decided", [False, True])
def test_money_that_one_source_still_states_is_not_lost_when_the_other_source_goes(world, is_decided: bool) -> None:
    first = brought(world, "one", stated("g1"))
    brought(world, "two", stated("h1"))
    if is_decided:
        left_out.decide(world["shared"], waiting(world)[0]["id"], left_out.ONE, "clara", NOW)
    runs.undo(world["shared"], "shared", first.runs["shared"])
    assert [row["reference"] for row in rows_of(world["shared"], grant)] == ["h1"]
    assert len(rows_of(world["shared"], payment)) == 1
    assert rows_of(world["shared"], same_money) == []
    brought(world, "one", stated("g1"))
    assert signed(world) == 10_000 and waiting(world)[0]["kept_name"] == "h1"


@pytest.mark.by_turns
def test_of_three_sources_that_state_the_same_one_counts_whichever_goes(world) -> None:
    loads = [brought(world, name, stated(f"g-{name}")) for name in ("one", "two", "three")]
    assert signed(world) == 10_000 and len(waiting(world)) == 2
    runs.undo(world["shared"], "shared", loads[0].runs["shared"])
    assert [row["reference"] for row in rows_of(world["shared"], grant)] == ["g-two"]
    (asked,) = waiting(world)
    assert (asked["external_id"], asked["kept_name"], asked["kept_source"]) == ("g-three", "g-two", "two")
    runs.undo(world["shared"], "shared", loads[1].runs["shared"])
    assert [row["reference"] for row in rows_of(world["shared"], grant)] == ["g-three"] and not waiting(world)


@pytest.mark.by_turns
def test_a_decision_is_not_taken_back_when_the_record_that_stated_the_same_is_gone(world) -> None:
    first = brought(world, "one", stated("g1"))
    brought(world, "two", stated("h1"))
    (asked,) = waiting(world)
    left_out.decide(world["shared"], asked["id"], left_out.TWO, "clara", NOW)
    runs.undo(world["shared"], "shared", first.runs["shared"])
    before = recorded(world)
    with pytest.raises(left_out.NotDecided, match="alone states the money"):
        left_out.take_back(world["shared"], asked["id"])
    assert recorded(world) == before


@pytest.mark.by_turns
def test_money_that_one_source_still_states_is_not_lost_when_a_snapshot_of_the_other_drops_it(world) -> None:
    brought(world, "one", [*stated("g1"), *stated("g2", 700)])
    brought(world, "two", stated("h1"))
    brought(world, "one", stated("g2", 700), is_snapshot=True)
    assert sorted(row["reference"] for row in rows_of(world["shared"], grant)) == ["g2", "h1"]


@pytest.mark.by_turns
def test_what_a_source_does_not_state_any_more_is_not_asked_about(world) -> None:
    brought(world, "one", stated("g1"))
    brought(world, "two", [*stated("h1"), *stated("h2", 700)])
    brought(world, "two", stated("h2", 700), is_snapshot=True)
    assert not waiting(world) and signed(world) == 10_700
    brought(world, "two", [*stated("h1"), *stated("h2", 700)])
    assert len(waiting(world)) == 1
    brought(world, "two", stated("h1", 900))
    assert not waiting(world) and signed(world) == 11_600


@pytest.mark.by_turns
def test_a_decision_is_not_taken_back_over_a_later_load_nor_made_about_what_is_gone(world) -> None:
    brought(world, "one", stated("g1"))
    brought(world, "two", stated("h1"))
    (asked,) = waiting(world)
    left_out.decide(world["shared"], asked["id"], left_out.TWO, "clara", NOW)
    later = brought(world, "two", stated("h1", 900))
    with pytest.raises(left_out.NotDecided, match=f"Load {later.runs['shared']} "):
        left_out.take_back(world["shared"], asked["id"])
    runs.undo(world["shared"], "shared", later.runs["shared"])
    left_out.take_back(world["shared"], asked["id"])
    with world["shared"].begin() as connection:
        steps = connection.scalar(select(same_money.c.steps)).replace('"recipient_id": 2', '"recipient_id": 77')
        connection.execute(update(same_money).values(steps=steps))
    before = recorded(world)
    with pytest.raises(left_out.NotDecided, match="merged or removed"):
        left_out.decide(world["shared"], asked["id"], left_out.TWO, "clara", NOW)
    assert recorded(world) == before


@pytest.mark.by_turns
def test_needs_of_two_sources_are_decided_about_like_grants(world) -> None:
    def need(name: str) -> Record:
        facts = {"organisation": "taker", "kind": "minimum", "period_start": date(2026, 1, 1), "period_end": date(2026, 12, 31),
                 "amount_minor": 5_000, "currency": "EUR", "stated_on": date(2025, 12, 1)}  # fmt: skip
        return Record("need", name, facts, Place("s", 1))

    brought(world, "one", [need("n1")])
    brought(world, "two", [need("m1")])
    (asked,) = waiting(world)
    assert asked["entity"] == "need"
    left_out.decide(world["shared"], asked["id"], left_out.TWO, "clara", NOW)
    names = {row["external_id"] for row in rows_of(world["shared"], source_record) if row["entity"] == "need"}
    assert names == {"n1", "m1"}


def state_twice(url: str, like: Mapping[str, Any], more: int) -> None:
    """Let two sources state a grant like one that is there, of `more` minor units more."""
    writer = connections.open_writer(url)
    with writer.connect() as connection:
        slugs = {row.id: row.slug for row in connection.execute(select(organisation.c.id, organisation.c.slug))}
    facts = {name: like[name] for name in ("currency", "status", "kind", "restriction", "committed_on")}
    facts |= {"amount_minor": like["amount_minor"] + more, "funder": slugs[like["funder_id"]],
              "recipient": slugs[like["recipient_id"]]}  # fmt: skip
    for source, name in (("first", "here"), ("other", "again")):
        named = name if more == 1 else f"{name}-{more}"
        load.load(
            {"shared": writer}, source, [Record("grant", named, facts | {"reference": named}, Place("s", 1))], TODAY
        )


@pytest.fixture
def loaded_twice(own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The sample with a grant to a Lithuanian organisation that two sources state; one like it that is in the sample."""
    monkeypatch.setenv(addresses.UPLOADS_VARIABLE, "1")
    writer = connections.open_writer(own_sample.shared)
    with writer.connect() as connection:
        there = select(presence.c.organisation_id).where(presence.c.host_country == "LT")
        known = select(organisation.c.id).where(organisation.c.visibility == "public")
        asked = select(grant).where(
            grant.c.recipient_id.in_(there), grant.c.funder_id.in_(known), grant.c.status == "commitment",
            grant.c.committed_on.is_not(None), grant.c.amount_minor.is_not(None),
        )  # fmt: skip
        row = dict(connection.execute(asked.order_by(grant.c.id)).mappings().first() or {})
    state_twice(own_sample.shared, row, 1)
    return row


@pytest.mark.parametrize("viewer", [STEWARD, LITHUANIAN])
def test_stewards_and_coordinators_of_its_country_decide_on_the_page_and_take_it_back(loaded_twice, viewer) -> None:
    visit = open_sample_visit(viewer)
    (asked,) = answers.proposed(visit)
    (line,) = answers.listing([asked]).rows.to_dict("records")
    assert (line["source_reference"], line["kept_reference"]) == ("again", "here")
    assert line["amount"] == (loaded_twice["amount_minor"] + 1) / 100
    answers.decide(visit, asked, left_out.TWO, lambda _rows: None)
    assert answers.proposed(visit) == []
    (decided,) = answers.decided(visit)
    assert len(answers.decisions([decided]).rows) == 1
    assert decided["decision"] == left_out.TWO
    answers.take_back(visit, decided, lambda _rows: None)
    assert [one["external_id"] for one in answers.proposed(visit)] == ["again"]
    assert not open_page("data", "steward", part="same_money").exception


@pytest.mark.usefixtures("loaded_twice")
def test_nobody_decides_about_money_she_does_not_answer_for() -> None:
    (asked,) = answers.proposed(open_sample_visit(STEWARD))
    elsewhere = open_sample_visit(Viewer("coordinator", ("UY",), "ulla"))
    assert answers.proposed(elsewhere) == []
    for viewer in (FUNDER, elsewhere.viewer):
        visit = open_sample_visit(viewer)
        with pytest.raises(PermissionError):
            answers.decide(visit, asked, left_out.TWO, lambda _rows: None)
        with pytest.raises(PermissionError):
            answers.take_back(visit, asked, lambda _rows: None)
    assert open_page("data", "funder", part="same_money").session_state["part_data"] == "sources"


def test_a_coordinator_is_not_told_of_money_whose_payer_may_not_be_named_to_her(loaded_twice, own_sample) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(
            update(organisation)
            .where(organisation.c.id == loaded_twice["funder_id"])
            .values(visibility="aggregate_only")
        )
        connection.execute(delete(presence).where(presence.c.organisation_id == loaded_twice["funder_id"]))
    assert answers.proposed(open_sample_visit(LITHUANIAN)) == []
    assert len(answers.proposed(open_sample_visit(STEWARD))) == 1


@pytest.mark.usefixtures("loaded_twice")
def test_the_command_lists_decides_and_takes_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["same-money"]) == 0
    number = capsys.readouterr().out.split()[0]
    assert main(["same-money", number, "--two"]) == 0
    assert main(["same-money", number, "--two"]) != 0
    assert main(["same-money", number, "--back"]) == 0
    assert main(["same-money", number, "--one"]) == 0
    capsys.readouterr()
    assert main(["same-money"]) == 0
    assert "again (other)" in capsys.readouterr().out


def test_what_is_decided_about_next_is_chosen_anew(loaded_twice, own_sample: addresses.Urls) -> None:
    state_twice(own_sample.shared, loaded_twice, 2)
    app = open_page("data", "steward", part="same_money")
    app.session_state["table_same_money"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    next(button for button in app.button if button.label == "Decide").click()
    app.run()
    assert not app.exception and len(app.success) == 1
    assert len(answers.proposed(open_sample_visit(STEWARD))) == 1
    assert "Decide" not in [button.label for button in app.button]
