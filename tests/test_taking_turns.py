"""Loads and refreshes wait for each other; sums are noted for the state they were made of; each database has its cut-off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
from sqlalchemy import Engine, text

from dashboard.answers import cases
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from data_access import database, meta
from tests.conftest import EVERYWHERE, FUNDER
from tests.import_files import book
from tests.small_loads import GRANTS, INITIATIVES, grant, initiative, load_text, visit_of

Engines = dict[database.Which, Engine]


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    """Run all at the same moment; what they raised."""
    raised: list[BaseException] = []
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        gate.wait()
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return raised


def test_two_loads_with_their_refreshes_at_once_leave_sums_of_both(empty: Engines, tmp_path: Path) -> None:
    def load(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        organisations = [initiative(name), initiative(f"F{name}", member="no")]
        grants = [grant(f"{name}{n}", f"F{name}", name, 10) for n in range(40)]
        path = book(folder / "b.xlsx", Initiatives=[INITIATIVES, *organisations], Grants=[GRANTS, *grants])
        bring({"shared": empty["shared"]}, Request(name, [path]), date(2024, 6, 30), lambda _n: None)
        refresh(empty["shared"], None, date(2024, 6, 30))

    assert at_once(*(lambda name=name: load(name) for name in "ABC")) == []
    with empty["shared"].connect() as connection:
        values = meta.read(connection, "shared")
        assert not meta.is_stale(values)
        stored = connection.execute(text("SELECT count(*), sum(signed) FROM money_month WHERE currency = 'EUR'")).one()
    refresh(empty["shared"], None, date(2024, 6, 30))
    with empty["shared"].connect() as connection:
        assert (
            stored
            == connection.execute(text("SELECT count(*), sum(signed) FROM money_month WHERE currency = 'EUR'")).one()
        )
    assert stored[1] == 3 * 40 * 10_00


def test_a_load_waits_for_the_refresh_at_work_and_makes_its_sums_stale(empty: Engines, tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", Initiatives=[INITIATIVES, initiative("A")])
    done: list[str] = []
    with empty["shared"].begin() as connection:
        version = meta.move(connection, "shared")
        loading = threading.Thread(
            target=lambda: done.append(
                str(bring({"shared": empty["shared"]}, Request("x", [path]), date(2024, 6, 30), lambda _n: None))
            )
        )
        loading.start()
        loading.join(1.5)
        assert not done
        meta.note_summed(connection, "shared", date(2024, 6, 30), version)
    loading.join(60)
    assert done
    with empty["shared"].connect() as connection:
        assert meta.is_stale(meta.read(connection, "shared"))


def test_a_refresh_of_the_shared_records_leaves_the_cut_off_of_cases(engines: Engines, tmp_path: Path) -> None:
    log = "case,opened,closed,outcome\n" + "\n".join(f"{n},2024-03-0{n},," for n in range(1, 8))
    load_text(engines, tmp_path / "log.csv", log, column_map={"country": "DE", "route": "asylum"})
    before = cases.summary(visit_of(EVERYWHERE), cases.find(visit_of(EVERYWHERE))).figures
    refresh(engines["shared"], None, date(2024, 12, 31))
    visit = visit_of(EVERYWHERE)
    assert (visit.as_of, visit.cases_as_of) == (pd.Timestamp("2024-12-31"), pd.Timestamp("2024-06-30"))
    assert cases.summary(visit, cases.find(visit)).figures == before
    assert visit.cut_offs_differ and not visit_of(FUNDER).cut_offs_differ
