"""How much a digest would have said: `python -m benchmarks.digest [--weeks 26] [--as funder]`.

Replays the sample week by week: of each week a copy without what was recorded later, summed up as of that day, and the digest of
what crossed a line since the week before, each told once in six months. Printed are the lines of each week by rule, and their
median without the first week, which tells everything that is so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text

from dashboard.answers import crossed
from dashboard.commands.digest import ONCE_IN
from dashboard.page import reading
from dashboard.page.opening import open_for
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections
from data_access.viewer import Viewer
from sample_data.build import build
from sample_data.world import AS_OF

MOST_WEEKS = 104
NOT_YET = (
    "UPDATE organisation SET visibility = 'aggregate_only' WHERE recorded_on > :day",
    "UPDATE \"grant\" SET status = 'cancelled' WHERE recorded_on > :day",
    "DELETE FROM overlap_pair",
    "DELETE FROM viewer_country",
)
"""What was recorded later is in no figure of a funder's; a pair is new on the day it is found first."""


def of_week(whole: Path, folder: Path, day: date) -> str:
    """The sample as it was recorded on a day, summed up: the address of a copy."""
    shutil.copy(whole, folder / "week.db")
    url = f"sqlite:///{folder}/week.db"
    writer = connections.open_writer(url)
    with writer.begin() as connection:
        for statement in NOT_YET:
            connection.execute(text(statement), {"day": day})
        connection.execute(text("UPDATE import_run SET status = 'failed' WHERE loaded_on > :day"), {"day": day})
    refresh(writer, None, day)
    writer.dispose()
    return url


def main() -> None:
    """Print a line per week, and the median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=26)
    parser.add_argument("--as", dest="role", default="funder", choices=("funder", "steward"))
    chosen = parser.parse_args()
    if not 2 <= chosen.weeks <= MOST_WEEKS:
        parser.error(f"2 to {MOST_WEEKS} weeks.")
    viewer = Viewer(chosen.role, () if chosen.role == "funder" else None)
    told: dict[tuple[str, str], date] = {}
    numbers: list[int] = []
    os.environ[addresses.CASES_URL_VARIABLE] = ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = connections.open_writer(f"sqlite:///{folder}/whole.db")
        build(whole, None)
        whole.dispose()
        for left in range(chosen.weeks, -1, -1):
            day = AS_OF - timedelta(weeks=left)
            os.environ[addresses.SHARED_URL_VARIABLE] = of_week(folder / "whole.db", folder, day)
            reading.forget()
            known = {key for key, when in told.items() if day - when < ONCE_IN}
            found = crossed.lines(open_for(viewer, reading.read_metas()), day - timedelta(weeks=1), known)
            told |= {(one.rule, one.about): day for lines in found.values() for one in lines}
            counts = Counter({rule: len(lines) for rule, lines in found.items()})
            numbers.append(counts.total())
            print(f"{day}: {counts.total():3d}  {', '.join(f'{rule} {n}' for rule, n in counts.items())}", flush=True)
    print(f"\nMedian of {len(numbers) - 1} weeks: {statistics.median(numbers[1:]):.1f} lines; most {max(numbers[1:])}.")


if __name__ == "__main__":
    main()
