"""How cost grows with size: `python -m benchmarks.growth NAME=SHARED_URL,CASES_URL … [--as ROLE] [--refresh]`.

Of each world, in a process of its own: milliseconds of a first visit, a new and a known choice per page, kilobytes sent for the
new one, and the memory at the end; with `--refresh` seconds and peak memory of a refresh, which leaves the rows as they were.
The last column is the exponent: the cost grows with (grants + cases) to its power, fitted over all worlds. Worlds are made by
`benchmarks.world`, smallest first; times compare within one run.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from functools import wraps
from typing import Any

import numpy as np
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

from benchmarks import pages
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, database

MEASURES = ("first visit ms", "new choice ms", "known choice ms", "new choice kB")


def of_pages(role: str) -> dict[str, dict[str, float]]:
    """What each page of the world that the environment names costs, by measure; and the memory of the process after them."""
    sent: list[int] = []
    enqueue, timed = ScriptRunContext.enqueue, pages.timed

    def counted(context: ScriptRunContext, message: Any) -> None:
        sent[-1:] = [sum(sent[-1:]) + message.ByteSize()]
        enqueue(context, message)

    @wraps(timed)
    def apart(app: Any) -> Any:
        sent.append(0)
        return timed(app)

    ScriptRunContext.enqueue = counted  # type: ignore[method-assign,assignment]
    pages.timed = apart
    found = {}
    for page in pages.PAGES:
        sent.clear()
        first, new, known = pages.measure(page, role)
        kilobytes = statistics.median(sent[-pages.REPEATS - len(pages.NEW) : -pages.REPEATS]) / 1024
        found[page] = dict(zip(MEASURES, (first.total(), new.total(), known.total(), kilobytes), strict=True))
    return found | {"memory": {"MB": peak()}}


def of_refresh() -> dict[str, dict[str, float]]:
    """Seconds and peak memory of a refresh of the world that the environment names."""
    urls = addresses.urls_from_environment()
    shared = connections.open_writer(urls.shared)
    as_of = date.fromisoformat(database.read_meta(shared, "shared")["as_of"])
    begin = time.perf_counter()
    refresh(shared, connections.open_writer(urls.cases) if urls.cases else None, as_of)
    return {"refresh": {"s": time.perf_counter() - begin, "MB": peak()}}


def peak() -> float:
    """The most memory this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def size() -> int:
    """Grants and cases of the world that the environment names."""
    urls = addresses.urls_from_environment()
    grants = database.counts_per_table(connections.open_reader(urls.shared), "shared")["grant"]
    if not urls.cases:
        return grants
    return grants + database.counts_per_table(connections.open_writer(urls.cases), "cases")["relocation_case"]


def in_own_process(what: str, role: str, urls: Sequence[str]) -> Any:
    """What one of the functions above finds out, in a process that knows no other world."""
    told = dict(zip((addresses.SHARED_URL_VARIABLE, addresses.CASES_URL_VARIABLE), urls, strict=True))
    command = [sys.executable, "-m", "benchmarks.growth", "--only", what, "--as", role]
    done = subprocess.run(command, env=os.environ | told, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> str:
    """The power of the size with which a cost grows, by least squares of the logarithms; a dash for a single size."""
    if len(sizes) < 2:
        return "–"
    return f"{np.polyfit(np.log(sizes), np.log(np.maximum(costs, 1e-3)), 1)[0]:.2f}"


def table(worlds: Mapping[str, Mapping[str, Mapping[str, float]]], sizes: Sequence[int]) -> None:
    """Print a row per page and measure."""
    print(f"| page | measure | {' | '.join(worlds)} | exponent |\n|{'---|' * (len(worlds) + 3)}")
    for page in next(iter(worlds.values())):
        for measure in next(iter(worlds.values()))[page]:
            costs = [found[page][measure] for found in worlds.values()]
            shown = " | ".join(f"{cost:,.0f}" for cost in costs)
            print(f"| {page} | {measure} | {shown} | {exponent(sizes, costs)} |")


def main() -> None:
    """Print the table, or what one process found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="*", metavar="NAME=SHARED_URL,CASES_URL")
    parser.add_argument("--as", dest="role", default="coordinator", choices=("funder", "coordinator", "steward"))
    parser.add_argument("--refresh", action="store_true")
    parser.add_argument("--only", choices=("pages", "refresh", "size"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        logging.disable(logging.WARNING)
        print(json.dumps({"pages": lambda: of_pages(asked.role), "refresh": of_refresh, "size": size}[asked.only]()))
        return
    urls = {name: urls.split(",") for name, _is, urls in (world.partition("=") for world in asked.worlds)}
    sizes = [int(in_own_process("size", asked.role, one)) for one in urls.values()]
    found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in urls}
    for what in ("refresh", "pages") if asked.refresh else ("pages",):
        for name, one in urls.items():
            found[name] |= in_own_process(what, asked.role, one)
    table(found, sizes)


if __name__ == "__main__":
    main()
