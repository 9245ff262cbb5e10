"""Time and memory of scoring every pair: `python -m benchmarks.overlap [PROJECTS ...]`.

Each size runs in a process of its own, so that its peak memory is its own; times are also given as a ratio to the
first size, because machines differ. Facts are drawn as densely as in the sample world.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Engine, insert

from dashboard.metrics import overlap
from dashboard.upkeep.refresh import refresh
from data_access import connections, database, schema
from data_access.migrate import upgrade

AS_OF = pd.Timestamp("2026-10-18")
VALUES = {
    "activity": (19, (1, 2)),
    "host_country": (25, (0, 1, 2)),
    "audience": (12, (0, 1, 2)),
    "language": (9, (1, 2)),
}


def world(n: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`n` projects and their facets, a few values frequent and most of them rare."""
    rng = random.Random(seed)
    starts = [AS_OF - pd.Timedelta(days=rng.randint(0, 900)) for _ in range(n)]
    ends = [start + pd.Timedelta(days=rng.choice((545, 729, 1094))) for start in starts]
    projects = pd.DataFrame(
        {"project_id": range(n), "organisation_id": [p // 2 for p in range(n)], "starts_on": starts, "ends_on": ends}
    )
    rows = []
    for project in range(n):
        for facet, (kinds, counts) in VALUES.items():
            weights = [1 / (place + 2) for place in range(kinds)]
            for code in set(rng.choices(range(kinds), weights, k=rng.choice(counts))):
                rows.append((project, facet, str(code)))
    return projects, pd.DataFrame(rows, columns=["project_id", "facet", "code"])


def fill(folder: str, projects: pd.DataFrame, facets: pd.DataFrame) -> Engine:
    """A shared database with these projects, two to an organisation."""
    engine = connections.open_writer(f"sqlite:///{folder}/shared.db")
    upgrade(engine, "shared")
    leads = [
        {"id": n, "slug": f"o{n}", "name": f"O{n}", "search_key": "o", "is_initiative": True, "is_funder": False,
         "visibility": "public", "independence": "independent"}
        for n in projects["organisation_id"].unique().tolist()
    ]  # fmt: skip
    rows = projects.rename(columns={"project_id": "id"}).assign(status="running")
    rows["slug"] = rows["name"] = "p" + rows["id"].astype(str)
    with engine.begin() as connection:
        connection.execute(insert(schema.organisation), leads)
        connection.execute(insert(schema.project), rows.to_dict("records"))
        connection.execute(insert(schema.project_facet), facets.to_dict("records"))
    return engine


NOBODY = pd.DataFrame({"organisation_a": [], "organisation_b": []})


def measure(n: int) -> tuple[float, float, int, int]:
    """Seconds to score, seconds of a whole refresh (both clearances, stored), peak memory in MB and pairs kept."""
    projects, facets = world(n)
    began = time.perf_counter()
    for _pairs in overlap.scored_blocks(projects, facets, AS_OF, NOBODY):
        pass
    scored = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        engine = fill(folder, projects, facets)
        began = time.perf_counter()
        refresh(engine, None, AS_OF.date())
        refreshed = time.perf_counter() - began
        kept = database.counts_per_table(engine, "shared")["overlap_pair"] // 2
    return scored, refreshed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, kept


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("projects", nargs="*", type=int, default=[300, 1000, 5000])
    first = None
    print(f"{'projects':>9}{'pairs':>13}{'kept':>11}{'score s':>9}{'refresh s':>11}{'ratio':>8}{'peak MB':>9}")
    for n in parser.parse_args(arguments).projects:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            scored, refreshed, megabytes, kept = pool.apply(measure, (n,))
        first = first or refreshed
        pairs = n * (n - 1) // 2
        print(f"{n:>9,}{pairs:>13,}{kept:>11,}{scored:>9.2f}{refreshed:>11.2f}{refreshed / first:>8.1f}{megabytes:>9,}")


if __name__ == "__main__":
    main()
