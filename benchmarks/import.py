"""How fast a case log and an IATI file load, and in how much memory, beside pandas reading the same files.

    python -m benchmarks.import [--megabytes 10 100]

Each load runs in a process of its own into empty databases, so that its peak memory is its own. Prints one line per file.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

STAGES = ("request", "verified", "file_complete", "host_found", "authority_applied", "issued", "travelled")
MEGABYTE = 1024**2


def case_log(path: Path, megabytes: int) -> int:
    """Write a log of events of invented cases, mixed as in life; returns its rows."""
    source, rows, number = random.Random(7), 0, 0
    with path.open("w", encoding="utf-8") as file:
        file.write("case,stage,date,outcome,people,country,route\n")
        while file.tell() < megabytes * MEGABYTE:
            number += 1
            day = date(2022, 3, 1) + timedelta(days=source.randrange(1500))
            country = source.choice(("DE", "GE", "LT", "AM", "PL"))
            reached = source.randrange(1, len(STAGES) + 1)
            for stage in STAGES[:reached]:
                outcome = "relocated" if stage == "travelled" else ""
                file.write(f"CASE-{number:07d},{stage},{day.isoformat()},{outcome},1,{country},humanitarian_visa\n")
                day += timedelta(days=source.randrange(1, 60))
                rows += 1
    return rows


def iati(path: Path, megabytes: int) -> int:
    """Write activities of invented organisations; returns their transactions."""
    source, rows, number = random.Random(7), 0, 0
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0"?><iati-activities version="2.03">')
        while file.tell() < megabytes * MEGABYTE:
            number += 1
            file.write(
                f'<iati-activity default-currency="EUR"><iati-identifier>XX-1-{number}</iati-identifier>'
                '<reporting-org ref="XX-1"><narrative>Invented Donor</narrative></reporting-org>'
                f"<title><narrative>Invented work {number}</narrative></title>"
                '<recipient-country code="GE" percentage="100"/><activity-date type="2" iso-date="2024-01-01"/>'
            )
            for _line in range(20):
                rows += 1
                kind, receiver = source.choice("23"), source.randrange(400)
                file.write(
                    f'<transaction><transaction-type code="{kind}"/><transaction-date iso-date="2024-05-{rows % 28 + 1:02d}"/>'
                    f"<value>{source.randrange(1, 90_000)}</value>"
                    f'<receiver-org ref="XX-R{receiver}"><narrative>Invented Receiver {receiver}</narrative></receiver-org></transaction>'
                )
            file.write("</iati-activity>")
        file.write("</iati-activities>")
    return rows


LOADING = """
import sys, time
from pathlib import Path
from datetime import date
from dashboard.upkeep.loading import Request, bring
from dashboard.commands.cli import main
from data_access import database
from dashboard.upkeep.writers import writers
main(["init"])
begin = time.perf_counter()
done = bring(writers(), Request("benchmark", [Path(sys.argv[1])]), date(2026, 1, 1), lambda n: None)
assert done.rejected == 0 and sum(done.created.values()), done.problems[:3]
print(time.perf_counter() - begin)
"""
PANDAS = {
    "case log": "import sys, time, pandas; b = time.perf_counter(); pandas.read_csv(sys.argv[1]); print(time.perf_counter() - b)",
    "IATI": (
        "import sys, time, pandas; b = time.perf_counter(); pandas.read_xml(sys.argv[1], parser='etree', "
        "iterparse={'transaction': ['value']}); print(time.perf_counter() - b)"
    ),
}


def measured(program: str, path: Path, folder: Path) -> tuple[float, int]:
    """Seconds that `program` says it needed for the file, and the peak memory of its process in MB."""
    wrapped = f"{program}\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    urls = {
        "MERIDIAN_DATABASE_URL": f"sqlite:///{folder}/shared.db",
        "MERIDIAN_CASES_URL": f"sqlite:///{folder}/cases.db",
    }
    done = subprocess.run(
        [sys.executable, "-c", wrapped, str(path)],
        env=urls | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    *_said, seconds, megabytes = done.stdout.split()
    return float(seconds), int(megabytes)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[10, 100])
    sizes = parser.parse_args().megabytes
    print(
        f"{'file':<10}{'MB':>5}{'rows':>12}{'seconds':>9}{'rows/s':>9}{'peak MB':>9}{'pandas s':>10}{'peak MB':>9}{'ratio':>7}"
    )
    for kind, write in (("case log", case_log), ("IATI", iati)):
        for megabytes in sizes:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "file"
                rows = write(path, megabytes)
                seconds, peak = measured(LOADING, path, Path(folder))
                plain, plain_peak = measured(PANDAS[kind], path, Path(folder))
                print(
                    f"{kind:<10}{megabytes:>5}{rows:>12,}{seconds:>9.1f}{rows / seconds:>9,.0f}{peak:>9,}{plain:>10.1f}"
                    f"{plain_peak:>9,}{seconds / plain:>7.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
