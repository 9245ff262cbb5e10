"""Many readers: `python -m benchmarks.readers [--readers 50 100 200] [--seconds 60] [--every 5] [--processes 1] [--sessions 1000]`.

Serves the database the environment points at in so many processes, among which readers are divided as a proxy with session
affinity does, and opens that many sockets, as browsers do. Each reader chooses another host country `--every` so many seconds,
by a link of the page she is on; a reading is the time from asking to "script finished" with every message received. They come
one by one over the first third of the time; printed are median and p95 of the last third, the servers' memory per reader, and how
much of a core the load itself took. At the end `--sessions` come and go one after the other, and memory before and after is
compared.

Loopback alone; readers and server share this machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.serving import served

PAGES = ("", "initiatives", "funding-gaps", "overlap", "relocation", "directory")
COUNTRIES = ("DE", "LT", "PL", "LV", "GE", "AM", "RS", "CZ", "NL", "FR")
MOST_READERS, MOST_SESSIONS = 1000, 5000


def memory_mb(process: int) -> float:
    """Resident memory of a process and of those it started."""
    pages = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
            pages += int((folder / "statm").read_text().split()[1]) if session == process else 0
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def opened(address: str, **more: Any) -> ClientConnection:
    """A socket as a browser opens it at `address` (http or https)."""
    return await connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream",
        origin=Origin(address),
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
        compression=None,
        **more,
    )


class Refused(Exception):
    """The page said that it could not be shown."""


async def asked(socket: ClientConnection, page: str, query: str, hashes: dict[str, str]) -> float:
    """Seconds until the page of `query` is complete. `hashes`: what the server calls its pages, learnt from the first.

    Raises Refused where an error stands on it.
    """
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.page_script_hash = hashes.get(page, "")
    begin, is_refused = time.perf_counter(), False
    await socket.send(message.SerializeToString())
    while True:
        received = await socket.recv()
        answer = ForwardMsg.FromString(received if isinstance(received, bytes) else received.encode())
        is_refused |= answer.delta.new_element.alert.format == Alert.ERROR
        if answer.HasField("navigation"):
            hashes |= {one.url_pathname: one.page_script_hash for one in answer.navigation.app_pages}
        if answer.HasField("script_finished"):
            if is_refused:
                raise Refused(page)
            return time.perf_counter() - begin


async def reader(
    port: int, role: str, until: float, number: int, every: float, found: list[tuple[float, float]]
) -> None:
    """One reader: comes at a random moment of the first third, then chooses again and again, `every` so many seconds."""
    choose = random.Random(number)
    await asyncio.sleep(choose.random() * (until - time.perf_counter()) / 3)
    hashes: dict[str, str] = {}
    async with await opened(f"http://localhost:{port}") as socket:
        await asked(socket, "", f"as={role}", hashes)
        page = choose.choice(PAGES)
        while time.perf_counter() < until:
            await asyncio.sleep(every * choose.uniform(0.8, 1.2))
            seconds = await asked(socket, page, f"as={role}&country={choose.choice(COUNTRIES)}", hashes)
            found.append((time.perf_counter(), seconds))


async def crowd(
    ports: Sequence[int], role: str, readers: int, seconds: int, every: float
) -> tuple[float, float, int, float]:
    """Median and p95 in milliseconds over the last third, how many readings, and the share of a core that making them took."""
    found: list[tuple[float, float]] = []
    begin, worked = time.perf_counter(), time.process_time()
    all_of_them = (
        reader(ports[number % len(ports)], role, begin + seconds, number, every, found) for number in range(readers)
    )
    await asyncio.gather(*all_of_them)
    late = sorted(taken for when, taken in found if when > begin + seconds * 2 / 3)
    load = (time.process_time() - worked) / (time.perf_counter() - begin)
    return statistics.median(late) * 1000, late[int(len(late) * 0.95)] * 1000, len(late), load


async def come_and_go(port: int, role: str, sessions: int) -> None:
    """Sessions one after the other, each a page and a choice: every choice of every page before any of them again."""
    for number in range(sessions):
        hashes: dict[str, str] = {}
        async with await opened(f"http://localhost:{port}") as socket:
            await asked(socket, "", f"as={role}", hashes)
            page, country = PAGES[number % len(PAGES)], COUNTRIES[number // len(PAGES) % len(COUNTRIES)]
            await asked(socket, page, f"as={role}&country={country}", hashes)


def main() -> None:
    """Print a row per number of readers, then memory over many sessions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, nargs="+", default=[10, 50, 100, 200])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--every", type=float, default=5)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--as", dest="role", default="funder", choices=("funder", "coordinator", "steward"))
    chosen = parser.parse_args()
    if max(chosen.readers) > MOST_READERS or chosen.sessions > MOST_SESSIONS:
        parser.error(f"At most {MOST_READERS} readers and {MOST_SESSIONS} sessions.")
    with ExitStack() as stack:
        ports, processes = zip(*(stack.enter_context(served()) for _number in range(chosen.processes)), strict=True)

        def memory() -> float:
            return sum(map(memory_mb, processes))

        for port in ports:
            asyncio.run(come_and_go(port, chosen.role, len(PAGES) * len(COUNTRIES)))
        idle = memory()
        print("| readers | readings | p50 ms | p95 ms | MB per reader | load, of a core |\n|---|---|---|---|---|---|")
        for readers in chosen.readers:
            before = memory()
            middle, slow, readings, load = asyncio.run(crowd(ports, chosen.role, readers, chosen.seconds, chosen.every))
            grown = (memory() - before) / readers
            print(f"| {readers} | {readings} | {middle:.0f} | {slow:.0f} | {grown:.2f} | {load:.2f} |", flush=True)
        steps = [memory()]
        for _quarter in range(4):
            asyncio.run(come_and_go(ports[0], chosen.role, chosen.sessions // 4))
            steps.append(memory())
        print(f"\nMemory with warm caches {idle:.0f} MB; over {chosen.sessions} sessions: "
              f"{', '.join(f'{step:.0f}' for step in steps)} MB.")  # fmt: skip


if __name__ == "__main__":
    main()
