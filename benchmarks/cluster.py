"""Many readers of several servers, and what they see when one of these dies: `python -m benchmarks.cluster [--world S|M]`.

Starts the deployment of `deploy/cluster.py` on loopback and lets 200 readers in, each with a click every ten seconds. Then a
server, the replica and the primary are killed as by a power cut, one after the other, each started again after a while. Somebody
keeps saved views all the time: each that was acknowledged must be there at the end. Printed are the medians and p95 of clicks, the
clicks that failed of readers who were not on what was killed, how long the others waited, and what the load itself cost.

Loopback alone; readers, servers and databases share this machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from websockets.exceptions import WebSocketException

from benchmarks.readers import COUNTRIES, PAGES, Refused, asked, come_and_go, opened
from benchmarks.serving import ROOT
from data_access import addresses, connections, saved_views
from deploy.cluster import SAMPLE, Cluster, trusting

THINK_SECONDS, AWAY_SECONDS, SETTLE_SECONDS, MOST_READERS = 10.0, 20.0, 60.0, 500


@dataclass
class Seen:
    """What readers saw: (when, seconds) of good clicks, (when, server, why) of failed ones, (when, server, seconds) of waits until
    all was well again."""

    clicks: list[tuple[float, float]] = field(default_factory=list)
    failed: list[tuple[float, str, str]] = field(default_factory=list)
    waits: list[tuple[float, str, float]] = field(default_factory=list)


async def reader(cluster: Cluster, number: int, until: float, seen: Seen) -> None:
    """One reader: comes within the first seconds, clicks, and comes back when her socket broke, as a browser does."""
    choose = random.Random(number)
    await asyncio.sleep(choose.random() * THINK_SECONDS)
    hashes: dict[str, str] = {}
    page, broke_at, cookie, server = choose.choice(PAGES), None, "", ""
    while time.perf_counter() < until:
        try:
            headers = {"Cookie": cookie} if cookie else {}
            async with await opened(cluster.address, ssl=trusting(), additional_headers=headers) as socket:
                cookie, server = _stays_with(socket, cookie)
                await asked(socket, "", "as=coordinator", hashes)
                while time.perf_counter() < until:
                    query = f"as=coordinator&country={choose.choice(COUNTRIES)}"
                    seen.clicks.append((time.perf_counter(), await asked(socket, page, query, hashes)))
                    if broke_at is not None:
                        seen.waits.append((broke_at, server, time.perf_counter() - broke_at))
                        broke_at = None
                    await asyncio.sleep(THINK_SECONDS * choose.uniform(0.8, 1.2))
        except (OSError, WebSocketException, Refused, TimeoutError) as fault:
            if broke_at is None:
                broke_at = time.perf_counter()
                seen.failed.append((broke_at, server, f"{type(fault).__name__} {fault}"))
            await asyncio.sleep(0.5)


def _stays_with(socket: object, cookie: str) -> tuple[str, str]:
    """The cookie by which the front knows her server, and that server."""
    given = socket.response.headers.get("Set-Cookie", "").partition(";")[0] or cookie  # type: ignore[attr-defined]
    return given, given.partition("=")[2]


async def keeper(cluster: Cluster, until: float, kept: list[str]) -> None:
    """Somebody who keeps views without end; `kept` are those that were acknowledged."""
    engine = connections.open_appender(cluster.environment()[addresses.NARROW["saved_view"]], "saved_view")
    number = 0
    while time.perf_counter() < until:
        name, number = f"view {number}", number + 1
        try:
            await asyncio.to_thread(
                saved_views.keep, engine, f"reader {number // 10}", saved_views.SavedView(name, "overview", "")
            )
            kept.append(name)
        except SQLAlchemyError:
            pass
        await asyncio.sleep(0.1)
    engine.dispose()


async def watched(
    cluster: Cluster, readers: int, steady: float
) -> tuple[Seen, dict[str, tuple[float, float]], list[str]]:
    """Readers, a steady time, then one death after the other; what was seen, when each step began and ended, views kept."""
    steps: list[tuple[str, Callable[[], None], Callable[[], None]]] = [
        ("a server", lambda: cluster.kill("server-0"), lambda: cluster.start_server(0)),
        ("the replica", lambda: cluster.kill("replica"), cluster.replica.start),
        ("the primary", lambda: cluster.kill("primary"), cluster.primary.start),
        ("a server asked to stop", cluster.processes["server-1"].terminate, lambda: cluster.start_server(1)),
    ]
    seen, times = Seen(), {}
    kept: list[str] = []
    begin = time.perf_counter()
    until = begin + SETTLE_SECONDS + steady + len(steps) * 2 * AWAY_SECONDS + THINK_SECONDS
    crowd: list[Awaitable[None]] = [reader(cluster, number, until, seen) for number in range(readers)]
    tasks = [asyncio.ensure_future(one) for one in (*crowd, keeper(cluster, until, kept))]
    await asyncio.sleep(SETTLE_SECONDS)
    times["before"] = (time.perf_counter(), time.perf_counter() + steady)
    await asyncio.sleep(steady)
    for name, kill, start in steps:
        times[name] = (time.perf_counter(), time.perf_counter() + 2 * AWAY_SECONDS)
        await asyncio.to_thread(kill)
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(start)
        await asyncio.sleep(max(0.0, times[name][1] - time.perf_counter()))
    await asyncio.gather(*tasks)
    return seen, times, kept


def row(name: str, times: tuple[float, float], seen: Seen, killed: str) -> str:
    """A line of the table: clicks, median and p95, failed clicks of others, of those on it, and how long these waited."""
    first, last = times
    clicks = sorted(taken * 1000 for when, taken in seen.clicks if first <= when < last)
    others = sum(first <= when < last and server != killed for when, server, _why in seen.failed)
    own = sum(first <= when < last and server == killed for when, server, _why in seen.failed)
    waits = sorted(seconds for when, _server, seconds in seen.waits if first <= when < last)
    p95 = clicks[int(len(clicks) * 0.95)] if clicks else float("nan")
    waited = f"{statistics.median(waits):.1f} / {waits[-1]:.1f}" if waits else "–"
    return f"| {name} | {len(clicks)} | {statistics.median(clicks):.0f} | {p95:.0f} | {others} | {own} | {waited} |"


def lost(cluster: Cluster, kept: list[str]) -> int:
    """Views that were acknowledged and are not there."""
    with connections.open_writer(cluster.owner()[addresses.SHARED_URL_VARIABLE]).connect() as connection:
        there = set(connection.scalars(text("SELECT name FROM saved_view")))
    return len(set(kept) - there)


def filled_with(world: str) -> Callable[[str, str], None]:
    """Fills the databases with a world of `benchmarks.world`."""

    def fill(shared: str, cases: str) -> None:
        command = [sys.executable, "-m", "benchmarks.world", world, "--shared", shared, "--cases", cases]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    return fill


def main() -> None:
    """Print what readers saw before and while things died."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", default="S", choices=("S", "M"))
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--servers", type=int, default=4)
    parser.add_argument("--steady", type=float, default=40.0, help="seconds without a death")
    chosen = parser.parse_args()
    if chosen.readers > MOST_READERS:
        parser.error(f"At most {MOST_READERS} readers.")
    with Cluster(chosen.servers, SAMPLE if chosen.world == "S" else filled_with(chosen.world)) as cluster:
        for port in cluster.ports:
            asyncio.run(come_and_go(port, "coordinator", len(PAGES) * len(COUNTRIES)))
        began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        seen, times, kept = asyncio.run(watched(cluster, chosen.readers, chosen.steady))
        spent = resource.getrusage(resource.RUSAGE_SELF)
        load = (spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime) / (time.perf_counter() - began)
        print(
            "| what died | clicks | p50 ms | p95 ms | failed elsewhere | failed on it | waited s, median / longest |\n|---|---|---|---|---|---|---|"
        )
        on, why = {"a server": "s0", "a server asked to stop": "s1"}, Counter[str]()
        for name, when in times.items():
            print(row(name, when, seen, on.get(name, "")))
            why |= Counter(
                f"{name}: {reason}"
                for at, server, reason in seen.failed
                if when[0] <= at < when[1] and server != on.get(name, "")
            )
        print("\n" + "\n".join(f"{count} failed elsewhere, {reason}" for reason, count in why.items()))
        print(f"\nViews acknowledged {len(kept)}, lost {lost(cluster, kept)}. The load took {load:.2f} cores.")


if __name__ == "__main__":
    main()
