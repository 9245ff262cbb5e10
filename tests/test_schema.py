"""Tables, constraints and migrations, on both databases."""

from __future__ import annotations

import re
from datetime import date

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, insert, inspect, text
from sqlalchemy.exc import IntegrityError

from data_access import database, schema
from data_access.migrate import upgrade

WHICH: tuple[database.Which, ...] = ("shared", "cases")


@pytest.mark.parametrize("which", WHICH)
def test_migrations_make_exactly_the_tables_of_the_schema(fresh: Engine, which: database.Which) -> None:
    upgrade(fresh, which)
    with fresh.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), database.METADATA[which]) == []
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == database.HEAD[which]


@pytest.mark.parametrize("which", WHICH)
def test_migrations_carry_every_check_of_the_schema(fresh: Engine, which: database.Which) -> None:
    upgrade(fresh, which)
    for name, table in database.METADATA[which].tables.items():
        declared = {c.name for c in table.constraints if isinstance(c, CheckConstraint)}
        declared |= {c.name for column in table.c for c in column.constraints if isinstance(c, CheckConstraint)}
        assert {c["name"] for c in inspect(fresh).get_check_constraints(name)} == declared, name


def test_upgrade_twice_changes_nothing(fresh: Engine) -> None:
    upgrade(fresh, "shared")
    upgrade(fresh, "shared")
    assert set(database.counts_per_table(fresh, "shared").values()) == {0}


ORGANISATION = {"slug": "a", "name": "A", "search_key": "a", "is_initiative": True, "is_funder": False}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("organisation", ORGANISATION | {"is_initiative": False}),
        ("organisation", ORGANISATION | {"visibility": "secret"}),
        ("organisation", ORGANISATION | {"founded_on": date(2024, 1, 1), "closed_on": date(2023, 1, 1)}),
        ("organisation", ORGANISATION | {"seat_country": "DEU"}),
        ("presence", {"organisation_id": 99, "host_country": "DE", "role": "team", "precision": "city"}),
        (
            "published_cell",
            {"measure": "m", "period": "p", "country_group": "c", "route_group": "r", "release": "x", "value": 7},
        ),
        (
            "published_cell",
            {"measure": "m", "period": "p", "country_group": "c", "route_group": "r", "release": "x", "value": 13},
        ),
        ("fx_rate", {"currency": "USD", "on_date": date(2024, 1, 1), "micro_per_eur": 0, "rate_set": "x"}),
    ],
)
def test_the_database_refuses_what_cannot_be_true(fresh: Engine, table: str, row: dict) -> None:
    upgrade(fresh, "shared")
    with pytest.raises(Exception, match=r"(?i)check|constraint|foreign|too long"), fresh.begin() as connection:
        connection.execute(insert(schema.shared.tables[table]), row)


def test_a_new_organisation_is_not_listed_unless_somebody_says_so(fresh: Engine) -> None:
    upgrade(fresh, "shared")
    with fresh.begin() as connection:
        connection.execute(insert(schema.organisation), ORGANISATION)
        found = connection.execute(text("SELECT visibility, independence FROM organisation")).one()
    assert tuple(found) == ("aggregate_only", "unknown")


def test_the_same_published_cell_cannot_be_inserted_twice(fresh: Engine) -> None:
    upgrade(fresh, "shared")
    cell = {"measure": "m", "period": "p", "country_group": "c", "route_group": "r", "release": "x", "value": 15}
    with fresh.begin() as connection:
        connection.execute(insert(schema.published_cell), cell)
    with pytest.raises(IntegrityError), fresh.begin() as connection:
        connection.execute(insert(schema.published_cell), cell | {"value": 20})


PERSONAL = re.compile(r"name|mail|phone|passport|birth|address|text|note|comment|contact", re.IGNORECASE)


def test_case_tables_hold_nothing_about_a_person() -> None:
    for table in ("relocation_case", "case_episode", "stage_event", "hold"):
        for column in schema.cases.tables[table].c:
            assert not PERSONAL.search(column.name), f"{table}.{column.name}"
            assert str(column.type) != "TEXT", f"{table}.{column.name}"


def test_no_table_holds_a_coordinate() -> None:
    for metadata in (schema.shared, schema.cases):
        for table in metadata.tables.values():
            assert not [c.name for c in table.c if re.search(r"lat|lon|coord|geo", c.name) and c.name != "relocated"]
