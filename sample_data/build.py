"""Fill a shared and a case database with the sample world: `meridian init --sample`."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date

from sqlalchemy import Engine, MetaData, insert

from dashboard.upkeep.refresh import refresh, refresh_overlap
from data_access import database, meta, protected_year, publication
from data_access.migrate import upgrade_both
from data_access.schema import cases as case_tables
from data_access.schema import shared as shared_tables
from data_access.vocabulary import code_rows, route_rows
from sample_data import answers, cases, money, world

SEED = 20220224


def build(shared: Engine, case_database: Engine | None, seed: int = SEED) -> None:
    """Create the tables and fill them; two builds with one seed are the same to the byte."""
    sample = world.World(random.Random(seed))
    world.populate(sample)
    money.populate(sample)
    cases.populate(sample)
    _say_when_recorded(sample)
    sample.rows["code"] = code_rows()
    sample.rows["route"] = route_rows()
    both: dict[database.Which, Engine] = {"shared": shared}
    if case_database is not None:
        both["cases"] = case_database
    upgrade_both(both)
    _insert(shared, shared_tables, sample.rows)
    with shared.begin() as connection:
        meta.write(connection, "shared", is_sample="1")
    if case_database is not None:
        own = {
            name.removeprefix(world.IN_CASES): rows
            for name, rows in sample.rows.items()
            if name.startswith(world.IN_CASES)
        }
        _insert(case_database, case_tables, {**sample.rows, **own, "import_issue": []})
        with case_database.begin() as connection:
            meta.write(connection, "cases", is_sample="1")
    with shared.begin() as connection:
        refresh_overlap(connection, world.PREVIOUS_LOAD)
    answers.populate(shared)
    refresh(shared, case_database, world.AS_OF)
    if case_database is not None:
        _publish(shared, case_database, random.Random(seed + 1))


def _say_when_recorded(sample: world.World) -> None:
    for row in sample.rows["organisation"]:
        row["recorded_on"] = world.recorded_after(row["founded_on"], world.REGISTERED_AFTER)
    for row in sample.rows["grant"]:
        row["recorded_on"] = world.recorded_after(row["committed_on"], world.GRANT_HEARD_AFTER)


def _insert(engine: Engine, metadata: MetaData, rows: Mapping[str, list[dict]]) -> None:
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            if rows.get(table.name):
                connection.execute(insert(table), rows[table.name])


def _publish(shared: Engine, case_database: Engine, rng: random.Random) -> None:
    """The sample's published cells, drawn from a seed; a real network draws from `secrets`."""
    for year in range(2022, world.AS_OF.year + 1):
        for period in protected_year.Year(year, "quarters", {}, {}).names:
            last = protected_year.period_days(period)[1]
            if date(2022, 3, 31) < last and (world.AS_OF - last).days > publication.CLOSED_AFTER_DAYS:
                publication.publish(case_database, shared, period, world.AS_OF, rng.randrange)
