"""People's answers on pairs: added one by one, never changed, on both databases, by a connection that can do no more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from data_access import connections, rights
from data_access.migrate import upgrade
from data_access.schema import organisation, overlap_verdict, project
from data_access.verdicts import Verdict, record

NOW = datetime(2026, 10, 18, 12, tzinfo=UTC)
CONFIRMED = Verdict(1, 2, "confirmed", None, "ada", NOW, "h1")


@pytest.fixture
def appender(fresh: Engine, request: pytest.FixtureRequest) -> Engine:
    """The narrow connection of a database with two projects."""
    upgrade(fresh, "shared")
    with fresh.begin() as connection:
        lead = {"slug": "a", "name": "A", "search_key": "a", "is_initiative": True, "is_funder": False}
        connection.execute(insert(organisation).values(id=1, **lead))
        rows = [{"id": n, "slug": str(n), "name": "P", "organisation_id": 1, "status": "running"} for n in (1, 2, 3)]
        connection.execute(insert(project), rows)
    if fresh.dialect.name == "sqlite":
        return connections.open_appender(str(fresh.url), "overlap_verdict")
    with fresh.begin() as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = 'answers'")):
            connection.execute(text("CREATE ROLE answers LOGIN"))
    rights.grant({"shared": fresh}, "answers", "answers")
    return connections.open_appender(fresh.url.set(username="answers").render_as_string(), "overlap_verdict")


def recorded(engine: Engine) -> list[tuple]:
    with engine.connect() as connection:
        columns = [overlap_verdict.c[name] for name in ("subject", "answer", "reason", "facet_hash")]
        return [tuple(row) for row in connection.execute(select(*columns).order_by(overlap_verdict.c.id))]


def test_every_answer_is_kept_and_the_same_answer_twice_is_one(appender: Engine) -> None:
    assert record(appender, CONFIRMED)
    assert not record(appender, CONFIRMED)
    assert record(appender, replace(CONFIRMED, answer="not_a_duplicate", reason="other_people"))
    assert record(appender, CONFIRMED)
    assert record(appender, replace(CONFIRMED, facet_hash="h2"))
    assert [row[1] for row in recorded(appender)] == ["confirmed", "not_a_duplicate", "confirmed", "confirmed"]


def test_two_people_who_answer_at_once_are_both_recorded(appender: Engine) -> None:
    people = [f"person {n}" for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda who: record(appender, replace(CONFIRMED, subject=who)), people))
    assert all(done)
    assert sorted(row[0] for row in recorded(appender)) == sorted(people)


@pytest.mark.parametrize(
    "wrong",
    [
        {"answer": "duplicate"},
        {"answer": "not_a_duplicate", "reason": None},
        {"answer": "not_a_duplicate", "reason": "I know her"},
        {"project_b": 99},
    ],
    ids=str,
)
def test_an_answer_outside_the_rules_is_refused_and_nothing_is_written(appender: Engine, wrong: dict) -> None:
    with pytest.raises(IntegrityError):
        record(appender, replace(CONFIRMED, **wrong))
    assert recorded(appender) == []


def test_a_pair_has_one_order() -> None:
    with pytest.raises(ValueError, match="smaller project first"):
        replace(CONFIRMED, project_a=2, project_b=1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE overlap_verdict SET answer = 'not_sure'",
        "DELETE FROM overlap_verdict",
        "SELECT name FROM organisation",
        "SELECT value FROM meta",
        "INSERT INTO meta VALUES ('is_sample', '1')",
        "INSERT INTO viewer VALUES ('me', 'steward', true)",
        "INSERT OR REPLACE INTO overlap_verdict SELECT id, project_a, project_b, 'not_sure', NULL, 'eve', answered_at, 'h' "
        "FROM overlap_verdict",
        "DROP TABLE overlap_verdict",
        "CREATE TABLE more (x int)",
    ],
)
def test_the_connection_that_records_answers_can_do_nothing_else(appender: Engine, statement: str) -> None:
    record(appender, CONFIRMED)
    with pytest.raises(DBAPIError), appender.begin() as connection:
        connection.execute(text(statement))
    assert recorded(appender) == [("ada", "confirmed", None, "h1")]
