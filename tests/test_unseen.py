"""Whom money does not reach and what has to be bridged, on records, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from dashboard.answers import portfolio, unseen, what_if
from dashboard.page import walk
from dashboard.page.visit import open_visit
from dashboard.upkeep.refresh import refresh
from data_access import connections, schema
from data_access.filters import joined
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit, some
from tests.small_loads import (
    AS_OF,
    FACETS,
    GRANTS,
    INITIATIVES,
    NEEDS,
    PRESENCES,
    PROJECTS,
    grant,
    initiative,
    load_book,
    visit_of,
)

UNTIL_NOVEMBER = {"starts": date(2024, 1, 1), "ends": date(2024, 11, 30)}


@pytest.fixture(autouse=True)
def end_visit() -> Iterator[None]:
    yield
    open_visit(None)


def confirm(engines: Any, day: date = AS_OF) -> None:
    with engines["shared"].begin() as connection:
        connection.execute(update(schema.organisation).values(confirmed_on=day))


def test_the_unseen_are_open_confirmed_and_without_a_signed_grant(engines, tmp_path: Path) -> None:
    members = [initiative(name) for name in ("never", "pledged", "lately", "old", "hidden")]
    members[-1][-1] = "aggregate_only"
    load_book(
        engines, tmp_path,
        Initiatives=[INITIATIVES, *members, initiative("state", independence="state_linked"), initiative("F", member="no")],
        Presences=[PRESENCES, ["hidden", "LT", "team", "country", None]],
        Projects=[PROJECTS, ["p", "Work", "never", date(2023, 1, 1), None, "running"]],
        Facets=[FACETS, ["p", "host_country", "GE", None], ["p", "activity", "media", None]],
        Grants=[GRANTS, grant("g1", "F", "lately", 1), grant("g2", "F", "old", 1, signed=date(2022, 6, 29)),
                grant("g3", "F", "pledged", 1, status="pledge"), grant("g4", "never", "never", 5, kind="carry_over")],
    )  # fmt: skip
    confirm(engines)
    rows = unseen.not_reached(visit_of(FUNDER)).rows
    assert list(rows["organisation"]) == ["Org never", "Org old", "Org pledged"]
    assert list(rows["none_since"].dt.strftime("%Y-%m-%d").fillna("never")) == ["never", "2022-06-29", "never"]
    assert (rows["host_countries"][0], rows["activities"][0], rows["only_provider_of"][0]) == (
        "Georgia",
        "Independent media",
        1,
    )
    assert "Org hidden" in set(unseen.not_reached(visit_of(STEWARD)).rows["organisation"])
    assert "Org hidden" in set(unseen.not_reached(visit_of(LITHUANIAN)).rows["organisation"])
    confirm(engines, AS_OF - timedelta(days=366))
    refresh(engines["shared"], engines["cases"], AS_OF)
    assert unseen.not_reached(visit_of(FUNDER)).rows.empty


def test_a_bridge_is_the_lowest_stated_need_less_what_is_signed_and_unknown_without_a_need(
    engines, tmp_path: Path
) -> None:
    short = {"starts": date(2024, 1, 1), "ends": date(2024, 8, 31)}
    load_book(
        engines, tmp_path,
        Initiatives=[INITIATIVES, initiative("A"), initiative("B"), initiative("C"), initiative("F", member="no")],
        Needs=[NEEDS, ["n1", None, "A", date(2024, 1, 1), date(2024, 12, 31), 366, "EUR", "minimum", None, None, None],
               ["n2", None, "A", date(2024, 1, 1), date(2024, 12, 31), 3660, "EUR", "budget", None, None, None],
               ["n3", None, "C", date(2024, 1, 1), date(2024, 12, 31), None, "EUR", "budget", None, None, None]],
        Grants=[GRANTS, grant("g1", "F", "A", 122, **short), grant("g2", "F", "B", 10, **short), grant("g3", "F", "C", 10, **short)],
    )  # fmt: skip
    visit = visit_of(FUNDER)
    told = unseen.bridge(visit, portfolio.picture(visit), "2024-12-31").rows.set_index("organisation")
    signed = round(12_200 * 62 / 244)
    assert tuple(told.loc["Org A", ["need_ahead", "signed_ahead", "to_bridge"]]) == (18_400, signed, 18_400 - signed)
    for name in ("Org B", "Org C"):
        assert told["to_bridge"].isna()[name] and told["need_ahead"].isna()[name]
    near = unseen.bridge(visit, portfolio.picture(visit), "2024-08-31")
    assert near.rows.set_index("organisation")["to_bridge"]["Org A"] == 6_200 - signed


def test_cash_is_told_to_nobody_who_gives(engines, tmp_path: Path) -> None:
    load_book(
        engines, tmp_path,
        Initiatives=[INITIATIVES, initiative("A"), initiative("F", member="no")],
        Grants=[GRANTS, grant("g1", "F", "A", 335, **UNTIL_NOVEMBER)],
    )  # fmt: skip
    with engines["shared"].begin() as connection:
        number = connection.scalar(select(schema.organisation.c.id).where(schema.organisation.c.name == "Org A"))
        connection.execute(
            insert(schema.organisation_finance).values(
                organisation_id=number, on_date=AS_OF, cash_minor=12_000, monthly_cost_minor=4_000, currency="EUR"
            )
        )
    for viewer, is_told in ((FUNDER, False), (STEWARD, True), (EVERYWHERE, True)):
        visit = visit_of(viewer)
        own = {"leaving": joined([*what_if.funder_names(visit)]), "leaves_on": AS_OF.isoformat()}
        tables = {table.key: table for table in walk.whole("what_if", visit, own).tables}
        tables |= {table.key: table for table in walk.whole("funding_gaps", visit, {}).tables}
        assert ("months_of_cash" in tables["leaves_organisations"].rows) == is_told
        assert ("cash_lasts" in tables["bridging"].rows) == is_told
        if is_told:
            assert list(tables["leaves_organisations"].rows["months_of_cash"]) == ["3"]
            assert list(tables["bridging"].rows["cash_lasts"]) == [3.0]


HIDDEN = "SELECT id FROM organisation WHERE visibility = 'aggregate_only'"
CHANGES = {
    "its money": f"UPDATE \"grant\" SET amount_minor = 7, committed_on = '2022-05-01' WHERE recipient_id IN ({HIDDEN})",
    "its need": f"UPDATE need SET amount_minor = 7 WHERE project_id IN (SELECT id FROM project WHERE organisation_id IN ({HIDDEN}))",
    "its name and days": f"UPDATE organisation SET name = 'Other', founded_on = NULL, confirmed_on = '2026-10-01' WHERE id IN ({HIDDEN})",
    "its work": "UPDATE project_facet SET code = 'elections' WHERE facet = 'activity' AND code = 'media' AND project_id IN "
    f"(SELECT id FROM project WHERE organisation_id IN ({HIDDEN}))",
    "its cash": f"UPDATE organisation_finance SET cash_minor = 1 WHERE organisation_id IN ({HIDDEN})",
}


@pytest.mark.parametrize("change", some(list(CHANGES), 5))
def test_no_answer_of_what_would_be_changes_with_what_a_funder_may_not_see(own_sample, change: str) -> None:
    def seen() -> list[str]:
        visit = open_sample_visit(FUNDER)
        named = list(what_if.funder_names(visit))
        own = {"leaving": joined(named[:3]), "seat": "DE", "leaves_on": "2026-12-31", "amount": "250000"}
        told = []
        for page in ("what_if", "funding_gaps"):
            report = walk.whole(page, visit, own)
            told += [report.answer, *map(str, report.figures), *report.notes]
            told += [f"{table.title} {table.note} {table.rows.to_csv()}" for table in report.tables]
        return told

    before = seen()
    engine = connections.open_writer(own_sample.shared)
    with engine.begin() as connection:
        assert connection.execute(text(CHANGES[change])).rowcount, "nothing was changed"
    refresh(engine, None, date(2026, 10, 18))
    assert seen() == before
