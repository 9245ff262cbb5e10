"""How long a table of 100,000 rows takes as each kind of file, beside pandas' own Excel writer, and in how much memory.

    python -m benchmarks.export [--rows 100000]

Each kind runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import resource
import time

import pandas as pd

from dashboard.files import formats
from dashboard.page.blocks import Report, Table
from dashboard.page.visit import Visit, open_visit
from data_access.filters import Filters
from data_access.viewer import Viewer


def table(rows: int) -> pd.DataFrame:
    """Names, numbers, money and days."""
    numbers = range(rows)
    return pd.DataFrame(
        {
            "organisation": pd.array([f"Organisation {n}" for n in numbers], dtype="str"),
            "projects": pd.array(numbers, dtype="Int64"),
            "need": pd.array([n * 1_00 for n in numbers], dtype="Int64"),
            "coverage": pd.array([n % 100 / 100 for n in numbers], dtype="Float64"),
            "starts_on": pd.Timestamp("2026-01-01"),
        }
    )


def measured(kind: str, rows: int, answers: multiprocessing.Queue) -> None:
    """Put seconds, bytes and added peak memory in MB."""
    frame = table(rows)
    open_visit(
        Visit(
            Viewer("funder"),
            Filters(),
            pd.Timestamp("2026-01-01"),
            {"shared": "1"},
            True,
            False,
            pd.Timestamp("2026-01-01"),
        )
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    if kind == "pandas":
        buffer = io.BytesIO()
        frame.to_excel(buffer, index=False, engine="xlsxwriter")
        content = buffer.getvalue()
    else:
        content = formats.FORMATS[kind].make(Report("p"), [Table("k", "t", frame)], "id")
    seconds = time.perf_counter() - begin
    answers.put((seconds, len(content), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    context = multiprocessing.get_context("spawn")
    print(f"{'kind':<8}{'seconds':>9}{'ratio':>7}{'MB':>7}{'added MB':>10}")
    first = 0.0
    for kind in ("pandas", *formats.FORMATS):
        answers = context.Queue()
        process = context.Process(target=measured, args=(kind, rows, answers))
        process.start()
        seconds, size, added = answers.get()
        process.join()
        first = first or seconds
        print(f"{kind:<8}{seconds:>9.1f}{seconds / first:>7.2f}{size / 1024**2:>7.1f}{added:>10,}", flush=True)


if __name__ == "__main__":
    main()
