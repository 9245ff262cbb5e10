"""Worlds of three sizes with the shape of the sample world, for measuring: `python -m benchmarks.world S|M|L [--url …]`.

S is the sample world. M and L are copies of it side by side, each copy with its own organisations, projects, grants and
cases, its days moved by up to six weeks; grants and cases are copied more often than organisations, as DESIGN 7 has it:
S 150 initiatives, 600 grants, 2,500 cases; M 5,000, 50,000, 100,000; L 50,000, 1,000,000, 1,000,000.
"""

from __future__ import annotations

import argparse
import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, Table, insert

from dashboard.upkeep.refresh import refresh
from data_access import connections, database, meta
from data_access.migrate import upgrade
from data_access.vocabulary import code_rows, route_rows
from sample_data import build, cases, money, world

ROWS_AT_ONCE = 20_000
SPACE = uuid.UUID("0d1f6f0e-52a5-4d0e-9b60-3f6f0a1f5a11")


@dataclass(frozen=True)
class Size:
    """How often organisations and what hangs on them, grants and what hangs on them, and cases are copied."""

    organisations: int
    grants: int
    cases: int


SIZES = {"S": Size(1, 1, 1), "M": Size(33, 83, 40), "L": Size(333, 1666, 400)}
ORGANISATIONS = ("organisation", "presence", "partnership", "local_partner", "project", "project_facet", "project_result", "need", "organisation_finance",
                 "other_income")  # fmt: skip
GRANTS = ("grant", "grant_country", "payment")
CASES = ("relocation_case", "case_episode", "stage_event", "hold", "after_arrival")
ONCE_SHARED = ("source", "import_run", "import_issue", "fx_rate", "population", "viewer", "viewer_country",
               "policy_event")  # fmt: skip
ONCE_CASES = ("capacity", "legal_clock")
OF_ORGANISATIONS = {
    "organisation_id",
    "fiscal_host_id",
    "organisation_a",
    "organisation_b",
    "funder_id",
    "recipient_id",
    "handler_id",
}
OF_PROJECTS, OF_GRANTS = {"project_id"}, {"grant_id", "parent_grant_id"}
UUIDS = {"id", "case_id", "episode_id"}


def fill(engines: dict[database.Which, Engine], size: Size, seed: int = build.SEED) -> dict[str, int]:
    """Create the tables, write the world, and return rows per table. Refresh is left to the caller."""
    sample = world.World(random.Random(seed))
    world.populate(sample)
    money.populate(sample)
    cases.populate(sample)
    sample.rows |= {"code": code_rows(), "route": route_rows()}
    counts: dict[str, int] = {}
    for which, engine in engines.items():
        upgrade(engine, which)
        with engine.begin() as connection:
            for table in database.METADATA[which].sorted_tables:
                rows = list(sample.rows.get(table.name, ()))
                for part in _parts(_copied(table, rows, size, sample)):
                    connection.execute(insert(table), part)
                    counts[table.name] = counts.get(table.name, 0) + len(part)
            meta.write(connection, which, is_sample="1", as_of=world.AS_OF.isoformat())
    return counts


def _copied(table: Table, rows: list[dict[str, Any]], size: Size, sample: world.World) -> Iterator[dict[str, Any]]:
    name = table.name
    copies = (
        size.organisations
        if name in ORGANISATIONS
        else size.grants
        if name in GRANTS
        else size.cases
        if name in CASES
        else 1
    )
    known = (*ORGANISATIONS, *GRANTS, *CASES, *ONCE_SHARED, *ONCE_CASES, "code", "route")
    if name not in known:
        return
    organisations, projects, grants = (len(sample.rows[one]) for one in ("organisation", "project", "grant"))
    days = [column.name for column in table.c if column.type.python_type is date]
    for copy in range(copies):
        home, moved = copy % size.organisations, timedelta(days=copy * 11 % 42)
        for number, row in enumerate(rows, 1):
            made = dict(row)
            if "id" in table.c and name not in CASES:
                made["id"] = number + copy * len(rows)
            for column, value in row.items():
                if value is None:
                    continue
                if column in OF_ORGANISATIONS:
                    made[column] = value + home * organisations
                elif column in OF_PROJECTS:
                    made[column] = value + home * projects
                elif column in OF_GRANTS:
                    made[column] = value + copy * grants
                elif name in CASES and column in UUIDS and copy:
                    made[column] = str(uuid.uuid5(SPACE, f"{copy}{value}"))
                elif copy and column in days:
                    made[column] = value - moved
                elif copy and column in ("slug", "reference"):
                    made[column] = f"{value}-{copy}"
            yield made


def _parts(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == ROWS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def main() -> None:
    """Write a world where the arguments say, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("--shared", required=True, metavar="URL")
    parser.add_argument("--cases", required=True, metavar="URL")
    chosen = parser.parse_args()
    engines: dict[database.Which, Engine] = {
        "shared": connections.open_writer(chosen.shared),
        "cases": connections.open_writer(chosen.cases),
    }
    begin = time.perf_counter()
    counts = fill(engines, SIZES[chosen.size])
    print(
        f"{chosen.size}: {', '.join(f'{n:,} {name}' for name, n in counts.items() if n > 1000)}; {time.perf_counter() - begin:.0f} s"
    )
    begin = time.perf_counter()
    refresh(engines["shared"], engines["cases"], world.AS_OF)
    print(f"refresh: {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
