"""“This is wrong”: one of five things, by whoever sees the record, known to stewards alone, counted beside figures until it is settled."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from dashboard.answers import contested, initiatives, overlap, portfolio, profile
from dashboard.page import reading, walk
from data_access import addresses, connections, contests, database, queries
from data_access.schema import CONTESTS, SETTLEMENTS
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit
from tests.test_pages import open_page, texts

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def number(urls: addresses.Urls, statement: str) -> int:
    with connections.open_reader(urls.shared).connect() as connection:
        return int(connection.scalar(text(statement)) or 0)


def say(entity: str, record_id: int, kind: str = "wrong", subject: str = "anna") -> None:
    contests.contest_record(reading.appender("contest"), subject, entity, record_id, kind, NOW)


def seen(viewer) -> set[tuple[str, int]]:
    rows = database.run(reading.shared_engine(), queries.contested.contested(viewer))
    return set(zip(rows["entity"], rows["record_id"], strict=True))


LISTED = "SELECT min(id) FROM organisation WHERE is_initiative AND visibility = 'public' AND independence <> 'state_linked' AND closed_on IS NULL"
HIDDEN = "SELECT min(id) FROM organisation WHERE is_initiative AND visibility = 'aggregate_only'"


def test_a_reader_says_it_once_per_record_and_not_of_everything(own_sample: addresses.Urls) -> None:
    say("initiative", 1)
    with pytest.raises(contests.NotNoted, match="already"):
        say("initiative", 1, "outdated")
    say("initiative", 1, subject="boris")
    for record in range(2, contests.MOST_OPEN + 1):
        say("initiative", record)
    with pytest.raises(contests.NotNoted, match="most one reader"):
        say("initiative", 99)


def test_what_is_contested_counts_beside_the_figures_that_rest_on_it_until_it_is_settled(own_sample) -> None:
    chosen = number(own_sample, LISTED)
    its_grant = f'SELECT min(id) FROM "grant" WHERE recipient_id = {chosen}'
    visit = open_sample_visit(FUNDER)
    found, money, pairs = initiatives.find(visit), portfolio.picture(visit), overlap.find(visit)
    own_project = int(pairs.pairs["project_a"].iloc[0])
    assert (
        contested.of_initiatives(visit, found)
        == contested.of_money(visit, money)
        == contested.of_pairs(visit, pairs)
        == ""
    )
    say("initiative", chosen)
    say("initiative", chosen, "not_ours", "boris")
    say("grant", number(own_sample, its_grant))
    say("project", own_project)
    assert (
        contested.of_initiatives(visit, found)
        == f"1 of {found.each['organisation_id'].nunique()} initiatives are contested."
    )
    assert contested.of_money(visit, money).startswith("1 of ") and contested.of_pairs(visit, pairs).startswith("1 of ")
    for page in ("initiatives", "funding_gaps", "overlap"):
        assert any("contested" in note for note in walk.whole(page, open_sample_visit(FUNDER), {}).notes), page
    rows = contested.waiting(open_sample_visit(STEWARD))
    for identity in rows["contest_id"]:
        assert contests.settle(reading.appender("contest"), int(identity), "mended", "clara", NOW)
        assert not contests.settle(reading.appender("contest"), int(identity), "kept_right", "dora", NOW)
    assert contested.of_initiatives(visit, found) == "" and seen(STEWARD) == set()
    say("initiative", chosen)


def test_nobody_learns_of_a_contested_record_that_she_may_not_see(own_sample: addresses.Urls) -> None:
    hidden = number(own_sample, HIDDEN)
    its_project = number(own_sample, f"SELECT coalesce(min(id), 0) FROM project WHERE organisation_id = {hidden}")
    say("initiative", hidden)
    say("project", its_project)
    say("source", 1)
    assert seen(FUNDER) == {("source", 1)}
    assert ("initiative", hidden) in seen(STEWARD)


def test_who_said_it_is_told_to_stewards_alone(own_sample: addresses.Urls) -> None:
    say("initiative", number(own_sample, LISTED))
    for viewer, told in ((FUNDER, {None}), (LITHUANIAN, {None}), (EVERYWHERE, {None}), (STEWARD, {"anna"})):
        rows = database.run(reading.shared_engine(), queries.contested.contested(viewer))
        assert {None if pd.isna(value) else value for value in rows["subject"]} == told, viewer


def test_nothing_but_five_words_can_be_said_and_four_become_of_it(own_sample: addresses.Urls) -> None:
    assert len(CONTESTS) == 5 and len(SETTLEMENTS) == 4
    for entity, kind in (("initiative", "she is a spy"), ("person", "wrong")):
        with pytest.raises(Exception, match=r"CHECK|check"):
            say(entity, 1, kind)


def pressed(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return app.run()


def test_on_a_profile_a_reader_says_what_is_wrong_and_a_steward_settles_it(own_sample: addresses.Urls) -> None:
    with connections.open_reader(own_sample.shared).connect() as connection:
        slug = str(connection.scalar(text(f"SELECT slug FROM organisation WHERE id = ({LISTED})")))
    app = open_page("initiative", "funder", id=slug)
    assert not app.exception
    records = next(choice for choice in app.selectbox if choice.key == "contested")
    kinds = {option.split(":")[0] for option in records.options}
    assert "this initiative as a whole" in records.options and kinds & {"project", "grant"}
    pressed(app, "Say so")
    assert not app.exception and any("Noted" in one.value for one in app.success)
    assert any("is contested" in said or "are contested" in said for said in texts(app))
    pressed(app, "Say so")
    assert any("already" in one.value for one in app.info)
    steward = open_page("data", "steward", part="contested")
    assert not steward.exception and len(steward.dataframe[0].value) == 1
    funder = open_page("data", "funder", part="contested")
    assert funder.session_state["part_data"] == "sources"


def test_a_profile_says_of_each_of_its_records_once_whether_somebody_contests_it(own_sample: addresses.Urls) -> None:
    visit = open_sample_visit(FUNDER)
    with connections.open_reader(own_sample.shared).connect() as connection:
        slug = str(connection.scalar(text(f"SELECT slug FROM organisation WHERE id = ({LISTED})")))
    found = profile.find(visit, slug)
    assert found is not None and contested.of_one(visit, found) == ""
    for key in list(contested.of_profile(found).records)[:3]:
        for subject in ("anna", "boris"):
            entity, _point, identity = key.partition(".")
            say(entity, int(identity), subject=subject)
    total = 1 + len(found.projects) + len(found.grants)
    assert contested.of_one(visit, found).startswith(f"{min(3, total)} of {total} ")


def test_without_a_login_for_it_nothing_can_be_said(own_sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERIDIAN_CONTESTS_URL", "")
    with connections.open_reader(own_sample.shared).connect() as connection:
        slug = str(connection.scalar(text(f"SELECT slug FROM organisation WHERE id = ({LISTED})")))
    app = open_page("initiative", "funder", id=slug)
    assert not app.exception and not [choice for choice in app.selectbox if choice.key == "contested"]
