"""Load every file of the folders given, each into fresh databases, and say whether the books balance.

    python -m benchmarks.books FOLDER [FOLDER …] [--as-of YYYY-MM-DD]

A file `map.json` or `NAME.json` beside a table is its column map. Files that are refused are named with the reason.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import insert

from dashboard.upkeep import books
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from data_access import connections, rates, schema
from data_access.importers.records import Unreadable
from data_access.migrate import upgrade
from data_access.viewer import Which
from data_access.vocabulary import code_rows, route_rows

RATES = rates.bundled(date(2012, 12, 20))
KINDS = (".xlsx", ".csv", ".json", ".xml")


def files(folders: list[Path]) -> Iterator[Path]:
    """The files that may be loaded, in order."""
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*") if path.suffix in KINDS and path.name != "map.json")


def column_map(path: Path) -> dict | None:
    """The column map beside a table."""
    for beside in (path.with_name("map.json"), path.with_suffix(".json")):
        if path.suffix != ".json" and beside.exists():
            found = json.loads(beside.read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else None
    return None


def balance(path: Path, as_of: date) -> tuple[str, int]:
    """What came of a file in a few words, and how many faults its books have."""
    with tempfile.TemporaryDirectory() as folder:
        both: tuple[Which, Which] = ("shared", "cases")
        engines = {which: connections.open_writer(f"sqlite:///{folder}/{which}.db") for which in both}
        for which, engine in engines.items():
            upgrade(engine, which)
        with engines["shared"].begin() as connection:
            connection.execute(insert(schema.code), code_rows())
            connection.execute(insert(schema.fx_rate), RATES)
        with engines["cases"].begin() as connection:
            connection.execute(insert(schema.route), route_rows())
        try:
            done = bring(engines, Request("benchmark", [path], column_map=column_map(path)), as_of, lambda _n: None)
        except Unreadable as refusal:
            return f"refused: {str(refusal)[:90]}", 0
        refresh(engines["shared"], engines["cases"], as_of)
        accounts = list(books.every_account(engines["shared"], engines["cases"]))
        faults = sorted({fault for account in accounts for fault in account.faults})
        created = sum(done.created.values())
        return f"{created:,} records, {len(accounts)} accounts" + "".join(f"\n    WRONG {f}" for f in faults), len(
            faults
        )


def main() -> int:
    """Print a line per file; 1 when any book does not balance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2024, 6, 30))
    chosen = parser.parse_args()
    wrong = 0
    for path in files(chosen.folders):
        begun = time.perf_counter()
        said, faults = balance(path, chosen.as_of)
        wrong += faults
        print(f"{path.parent.name}/{path.name}: {said} ({time.perf_counter() - begun:.1f} s)", flush=True)
    print("All books balance." if not wrong else f"{wrong} faults.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
