"""Many readers of one process: `python -m benchmarks.readers [--readers 50 100 200] [--seconds 30] [--sessions 1000]`.

Serves the database the environment points at and opens that many sockets, as browsers do. Each reader chooses another
host country every five seconds, by a link of the page she is on; a reading is the time from asking to "script
finished" with every message received. They come one by one over the first third of the time; printed are median and
p95 of the last third, and the server's memory per reader. At the end `--sessions` come and go one after the other, and memory before and after is compared.

Loopback alone; readers and server share this machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import time
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
THINK_SECONDS = 5
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


async def reader(port: int, role: str, until: float, number: int, found: list[tuple[float, float]]) -> None:
    """One reader: comes at a random moment of the first third, then chooses again and again."""
    choose = random.Random(number)
    await asyncio.sleep(choose.random() * (until - time.perf_counter()) / 3)
    hashes: dict[str, str] = {}
    async with await opened(f"http://localhost:{port}") as socket:
        await asked(socket, "", f"as={role}", hashes)
        page = choose.choice(PAGES)
        while time.perf_counter() < until:
            await asyncio.sleep(THINK_SECONDS * choose.uniform(0.8, 1.2))
            seconds = await asked(socket, page, f"as={role}&country={choose.choice(COUNTRIES)}", hashes)
            found.append((time.perf_counter(), seconds))


async def crowd(port: int, role: str, readers: int, seconds: int) -> tuple[float, float, int]:
    """Median and p95 in milliseconds over the last third, and how many readings."""
    found: list[tuple[float, float]] = []
    begin = time.perf_counter()
    await asyncio.gather(*(reader(port, role, begin + seconds, number, found) for number in range(readers)))
    late = sorted(taken for when, taken in found if when > begin + seconds * 2 / 3)
    return statistics.median(late) * 1000, late[int(len(late) * 0.95)] * 1000, len(late)


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
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--as", dest="role", default="funder", choices=("funder", "coordinator", "steward"))
    chosen = parser.parse_args()
    if max(chosen.readers) > MOST_READERS or chosen.sessions > MOST_SESSIONS:
        parser.error(f"At most {MOST_READERS} readers and {MOST_SESSIONS} sessions.")
    with served() as (port, process):
        asyncio.run(come_and_go(port, chosen.role, len(PAGES) * len(COUNTRIES)))
        idle = memory_mb(process)
        print("| readers | readings | p50 ms | p95 ms | MB per reader |\n|---|---|---|---|---|")
        for readers in chosen.readers:
            before = memory_mb(process)
            middle, slow, readings = asyncio.run(crowd(port, chosen.role, readers, chosen.seconds))
            grown = (memory_mb(process) - before) / readers
            print(f"| {readers} | {readings} | {middle:.0f} | {slow:.0f} | {grown:.2f} |", flush=True)
        steps = [memory_mb(process)]
        for _quarter in range(4):
            asyncio.run(come_and_go(port, chosen.role, chosen.sessions // 4))
            steps.append(memory_mb(process))
        print(f"\nMemory with warm caches {idle:.0f} MB; over {chosen.sessions} sessions: "
              f"{', '.join(f'{step:.0f}' for step in steps)} MB.")  # fmt: skip


if __name__ == "__main__":
    main()
