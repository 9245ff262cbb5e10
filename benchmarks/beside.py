"""The four questions as people would ask them elsewhere, beside our pages, on the same SQLite files in one run:

    .venv/bin/python -m benchmarks.beside [--python OTHER]

"SQL" is what a dashboard of Superset or Metabase sends for the four charts of a chosen country, on the base tables; "Datasette"
(`OTHER`: a Python with benchmarks/requirements.txt installed) answers the same statements over HTTP. Neither converts
currencies, counts re-grants once, withholds a place, protects a case or knows of an unknown; both stop at thirty seconds. Ours
are the server's milliseconds of a page for a country nobody chose before, and again.
"""

from __future__ import annotations

import argparse
import logging
import sqlite3
import statistics
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from benchmarks import pages
from benchmarks.serving import served
from data_access import addresses

SECONDS = 30
QUESTIONS = {
    "initiatives": ("shared", """
        SELECT f.code, count(DISTINCT o.id) FROM organisation o JOIN presence p ON p.organisation_id = o.id
        JOIN project j ON j.organisation_id = o.id JOIN project_facet f ON f.project_id = j.id AND f.facet = 'activity'
        WHERE o.is_initiative AND o.visibility != 'aggregate_only' AND p.host_country = :country AND o.closed_on IS NULL
        GROUP BY 1 ORDER BY 2 DESC"""),
    "funding_gaps": ("shared", """
        SELECT strftime('%Y', g.starts_on), sum(g.amount_minor * coalesce(c.share_bp, 10000) / 10000.0),
          (SELECT sum(n.amount_minor) FROM need n JOIN project_facet f ON f.project_id = n.project_id
           WHERE f.facet = 'host_country' AND f.code = :country)
        FROM "grant" g JOIN grant_country c ON c.grant_id = g.id WHERE c.host_country = :country AND g.status = 'commitment'
        GROUP BY 1"""),
    "overlap": ("shared", """
        SELECT a.project_id, b.project_id, count(*) FROM project_facet a
        JOIN project_facet b ON a.facet = b.facet AND a.code = b.code AND a.project_id < b.project_id
        WHERE a.project_id IN (SELECT project_id FROM project_facet WHERE facet = 'host_country' AND code = :country)
          AND b.project_id IN (SELECT project_id FROM project_facet WHERE facet = 'host_country' AND code = :country)
        GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50"""),
    "relocation": ("cases", """
        SELECT route, strftime('%Y-%m', closed_on), count(*), avg(julianday(closed_on) - julianday(opened_on))
        FROM case_episode WHERE host_country = :country AND closed_on IS NOT NULL GROUP BY 1, 2"""),
}  # fmt: skip


def milliseconds(asked: Callable[[str], object]) -> str:
    """The median over the countries that the pages are measured with; what stops is said."""
    spent = []
    for country in pages.NEW:
        begin = time.perf_counter()
        try:
            asked(country)
        except (sqlite3.OperationalError, urllib.error.HTTPError):
            return f"over {SECONDS} s"
        spent.append((time.perf_counter() - begin) * 1000)
    return f"{statistics.median(spent):,.0f}"


def of_sql(path: str, statement: str) -> str:
    """Milliseconds of a statement on a file that is open already."""
    connection = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)
    until = [0.0]
    connection.set_progress_handler(lambda: int(time.perf_counter() > until[0]), 100_000)

    def ask(country: str) -> object:
        until[0] = time.perf_counter() + SECONDS
        return connection.execute(statement, {"country": country}).fetchall()

    return milliseconds(ask)


def of_datasette(port: int, path: str, statement: str) -> str:
    """Milliseconds of the same statement from Datasette, as JSON."""

    def ask(country: str) -> object:
        asked = urllib.parse.urlencode({"sql": statement, "country": country, "_shape": "array"})
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/{Path(path).stem}.json?{asked}", timeout=SECONDS + 5
        ) as answer:
            return answer.read()

    return milliseconds(ask)


def main() -> None:
    """Print a row per question."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="a Python that has Datasette")
    other = parser.parse_args().python
    urls = addresses.urls_from_environment()
    files = {
        "shared": addresses.parse(urls.shared).database or "",
        "cases": addresses.parse(urls.cases or "").database or "",
    }
    theirs = {page: of_sql(files[which], statement) for page, (which, statement) in QUESTIONS.items()}
    over_http = dict.fromkeys(QUESTIONS, "–")
    if other:
        limits = ("--setting", "sql_time_limit_ms", str(SECONDS * 1000), "--setting", "max_returned_rows", "100000")
        command = ("-m", "datasette", *files.values(), *limits, "-p")
        with served(command, python=other, health="/-/versions.json") as (port, _pid):
            for page, (which, statement) in QUESTIONS.items():
                over_http[page] = of_datasette(port, files[which], statement)
    print("| question | SQL ms | Datasette ms | ours, new ms | ours, again ms |\n|---|---|---|---|---|")
    for page in QUESTIONS:
        _first, new, again = pages.measure(page, "coordinator")
        print(f"| {page} | {theirs[page]} | {over_http[page]} | {new.total():.0f} | {again.total():.0f} |", flush=True)


if __name__ == "__main__":
    main()
