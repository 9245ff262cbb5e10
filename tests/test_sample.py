"""The invented world: reproducible, calibrated, broken on purpose."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, Row, select, text

from data_access import addresses, connections, database
from data_access.schema import published_cell
from sample_data.build import build
from sample_data.world import PRIMARY
from tests.conftest import IS_RELEASE


@pytest.fixture(scope="session")
def sample(sample_urls: addresses.Urls) -> dict[str, Engine]:
    """The sample with every table in reach; a page's reader sees no row of a case."""
    return {
        "shared": connections.open_writer(sample_urls.shared),
        "cases": connections.open_writer(str(sample_urls.cases)),
    }


def fingerprint(engine: Engine, which: database.Which) -> dict[str, str]:
    """A hash of every table's rows in primary-key order."""
    with engine.connect() as connection:
        return {
            name: hashlib.sha256(
                "\n".join(sorted(repr(_bare(row)) for row in connection.execute(select(table)))).encode()
            ).hexdigest()
            for name, table in database.METADATA[which].tables.items()
        }


def _bare(row: Row) -> list:
    """PostgreSQL hands out times with their zone, SQLite without; both hold UTC."""
    return [value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row]


BUILT_AGAIN = pytest.mark.skipif(not IS_RELEASE, reason="the sample is built once, and anew at a release")


@BUILT_AGAIN
def test_two_builds_are_the_same(tmp_path: Path, sample: dict[str, Engine]) -> None:
    again = {w: connections.open_writer(f"sqlite:///{tmp_path}/{w}.db") for w in ("shared", "cases")}
    build(again["shared"], again["cases"])
    assert fingerprint(again["shared"], "shared") == fingerprint(sample["shared"], "shared")
    assert fingerprint(again["cases"], "cases") == fingerprint(sample["cases"], "cases")


@BUILT_AGAIN
def test_both_databases_hold_the_same_world(postgresql: str, postgresql_urls, sample: dict[str, Engine]) -> None:
    which: database.Which
    for which in ("shared", "cases"):
        there = fingerprint(connections.open_writer(f"{postgresql}/{which}"), which)
        here = fingerprint(sample[which], which)
        assert {t for t in here if here[t] != there[t]} <= {"overlap_pair"}, "floats may differ in the last digit"


def ask(sample: dict[str, Engine], statement: str, which: str = "shared") -> pd.DataFrame:
    with sample[which].connect() as connection:
        return pd.read_sql(text(statement), connection)


def test_150_initiatives_in_25_countries_with_the_stated_weights(sample) -> None:
    orgs = ask(
        sample,
        "SELECT independence, visibility FROM organisation WHERE is_initiative AND independence <> 'state_linked'",
    )
    assert len(orgs) == 150
    assert 0.05 < (orgs["visibility"] == "aggregate_only").mean() < 0.25
    places = ask(sample, "SELECT DISTINCT host_country FROM presence")
    assert set(places["host_country"]) == set(PRIMARY) and len(PRIMARY) == 25


def test_grants_have_the_stated_sizes_and_currencies(sample) -> None:
    grants = ask(sample, 'SELECT amount_minor, currency, status, kind FROM "grant"')
    euro = grants[grants["currency"] == "EUR"]
    assert 0.35 < (euro["amount_minor"] <= 1_000_000).mean() < 0.55
    assert 0.5 < (grants["currency"] == "EUR").mean() < 0.7
    assert {"pledge", "commitment", "cancelled", "unknown"} == set(grants["status"])
    assert {"new", "carry_over", "regrant"} == set(grants["kind"])


def test_open_cases_grow_and_the_freeze_leaves_a_pile(sample) -> None:
    assert 2_400 < len(ask(sample, "SELECT id FROM relocation_case", "cases")) < 2_600
    opened = ask(
        sample, "SELECT substr(on_date, 1, 4) y, sum(opened + reopened - closed) net FROM case_day GROUP BY 1", "cases"
    )
    assert (opened["net"] > 0).all()
    piled = ask(
        sample,
        "SELECT count(*) n FROM stage_event s JOIN case_episode e ON e.id = s.episode_id WHERE s.stage = "
        "'approved_not_issued' AND s.entered_on < '2026-02-15' AND e.host_country = 'DE' AND e.route = 'humanitarian_visa' "
        "AND NOT EXISTS (SELECT 1 FROM stage_event i WHERE i.episode_id = e.id AND i.stage IN ('issued', 'travelled') "
        "AND i.entered_on < '2026-02-15') AND (e.closed_on IS NULL OR e.closed_on > '2026-02-15')",
        "cases",
    )["n"].iloc[0]
    assert piled >= 20


@pytest.mark.parametrize(
    "broken",
    [
        'SELECT 1 FROM "grant" WHERE amount_minor IS NULL',
        'SELECT 1 FROM "grant" WHERE ends_on < starts_on',
        "SELECT 1 FROM \"grant\" WHERE currency NOT IN (SELECT currency FROM fx_rate) AND currency <> 'EUR'",
        "SELECT 1 FROM need WHERE amount_minor IS NULL",
        "SELECT 1 FROM organisation WHERE founded_on IS NULL AND is_initiative",
        "SELECT 1 FROM presence WHERE precision = 'undisclosed'",
    ],
)
def test_missing_facts_and_broken_records_are_there_to_be_shown(sample, broken: str) -> None:
    assert len(ask(sample, broken)) > 0


@pytest.mark.parametrize("problem", ["closed_before_opened", "no_opening_date", "opened_in_future", "no_closing_date"])
def test_broken_cases_are_counted_by_reason(sample, problem: str) -> None:
    assert len(ask(sample, f"SELECT 1 FROM case_fix WHERE problem = '{problem}'", "cases"))


def test_overlapping_pairs_with_a_story_are_found(sample) -> None:
    labels = set(ask(sample, "SELECT DISTINCT label FROM overlap_pair WHERE low > 0.7")["label"])
    assert {"possible_duplication", "coordinated", "one_after_the_other"} <= labels


def test_published_cells_are_hidden_or_multiples_of_five_from_ten(sample) -> None:
    with sample["shared"].connect() as connection:
        values = connection.scalars(select(published_cell.c.value)).all()
    assert any(value is None for value in values)
    assert all(value is None or (value >= 10 and value % 5 == 0) for value in values)


def test_no_sample_name_claims_a_real_organisation(sample) -> None:
    names = ask(sample, "SELECT name FROM organisation")["name"].str.lower()
    for real in (
        "meduza",
        "ovd-info",
        "memorial",
        "kovcheg",
        "free russia",
        "open society",
        "soros",
        "usaid",
        "навальн",
    ):
        assert not names.str.contains(real).any()
