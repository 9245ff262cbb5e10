"""What refresh stores of overlap: per clearance, blind to what is withheld, with the day a pair was first flagged."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, insert, select, text

from dashboard.answers import overlap
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from data_access import addresses, case_summaries, connections, database, money_summaries, queries, summaries
from data_access.filters import Filters
from data_access.schema import (
    facet_rarity,
    initiative_choice,
    organisation,
    overlap_pair,
    overlap_total,
    presence,
    project,
    project_facet,
)
from data_access.viewer import Viewer
from tests.conftest import FUNDER, LITHUANIAN, STEWARD, open_sample_visit
from tests.import_files import book
from tests.small_loads import FACETS, GRANTS, INITIATIVES, PRESENCES, PROJECTS, grant, initiative

AS_OF = date(2026, 10, 18)


def seen_by(urls: addresses.Urls, viewer: Viewer) -> dict[str, pd.DataFrame]:
    """Every frame the overlap pages read."""
    reader = connections.open_reader(urls.shared)
    asked = {
        "pairs": queries.overlap.pairs(viewer),
        "grid": queries.overlap.grid(Filters(), viewer),
        "facets": queries.overlap.facets(viewer),
        "rarity": queries.overlap.rarity(viewer),
        "projects": queries.overlap.projects(viewer),
    }
    return {name: database.run(reader, query) for name, query in asked.items()}


def add_project(urls: addresses.Urls, visibility: str, *, is_withheld: bool = False) -> None:
    """A copy of the facts of a flagged project, led by a new organisation in Lithuania."""
    with connections.open_writer(urls.shared).begin() as connection:
        model = connection.scalar(
            select(overlap_pair.c.project_a)
            .where(overlap_pair.c.label == "possible_duplication", overlap_pair.c.host_country == 1)
            .limit(1)
        )
        lead = connection.execute(
            insert(organisation).values(
                slug="new", name="New", search_key="new", is_initiative=True, is_funder=False, visibility=visibility,
                independence="independent",
            )
        ).inserted_primary_key[0]  # fmt: skip
        spot = {"host_country": "LT", "role": "team", "precision": "country"}
        connection.execute(insert(presence).values(organisation_id=lead, **spot))
        dates = {"starts_on": date(2025, 1, 1), "ends_on": date(2027, 1, 1), "status": "running"}
        made = connection.execute(insert(project).values(slug="new", name="New", organisation_id=lead, **dates))
        facts = connection.execute(select(project_facet).where(project_facet.c.project_id == model)).mappings().all()
        for fact in facts:
            hidden = is_withheld and fact["facet"] == "host_country"
            row = dict(fact) | {"project_id": made.inserted_primary_key[0], "is_withheld": hidden}
            connection.execute(insert(project_facet).values(**row))


def test_a_withheld_project_changes_nothing_a_funder_sees(own_sample: addresses.Urls) -> None:
    before = seen_by(own_sample, FUNDER)
    figures = overlap.summary(overlap.find(open_sample_visit(FUNDER)))
    scoped, everything = seen_by(own_sample, LITHUANIAN), seen_by(own_sample, STEWARD)
    add_project(own_sample, "aggregate_only")
    refresh(connections.open_writer(own_sample.shared), None, AS_OF)
    for name, frame in seen_by(own_sample, FUNDER).items():
        pd.testing.assert_frame_equal(frame, before[name])
    assert overlap.summary(overlap.find(open_sample_visit(FUNDER))) == figures
    assert len(seen_by(own_sample, LITHUANIAN)["projects"]) == len(scoped["projects"]) + 1
    assert len(seen_by(own_sample, LITHUANIAN)["pairs"]) > len(scoped["pairs"])
    assert len(seen_by(own_sample, STEWARD)["pairs"]) > len(everything["pairs"])
    georgian = Viewer("coordinator", ("GE",))
    assert "New" not in set(seen_by(own_sample, georgian)["projects"]["project"])


def test_a_withheld_place_is_unknown_to_the_arithmetic_of_who_may_not_see_it(own_sample: addresses.Urls) -> None:
    add_project(own_sample, "public", is_withheld=True)
    refresh(connections.open_writer(own_sample.shared), None, AS_OF)
    for viewer, knows in ((FUNDER, False), (STEWARD, True)):
        pairs = seen_by(own_sample, viewer)["pairs"]
        with_new = pairs[(pairs["name_a"] == "New") | (pairs["name_b"] == "New")]
        assert len(with_new)
        assert bool(with_new["host_country"].notna().any()) is knows


def test_a_scope_that_sees_no_more_than_funders_reads_their_scores(own_sample: addresses.Urls) -> None:
    reader = connections.open_reader(own_sample.shared)
    with reader.connect() as connection:
        stored = set(connection.scalars(select(overlap_pair.c.clearance).distinct()))
    unstored = sorted({"DE", "GE", "LT", "KZ", "US", "NL", "CY", "KG", "AT"} - stored)
    assert unstored
    own = seen_by(own_sample, Viewer("coordinator", (unstored[0],)))
    pd.testing.assert_frame_equal(own["rarity"], seen_by(own_sample, FUNDER)["rarity"])
    assert {"funder", "steward", "all"} <= stored and len(stored) > 5


def test_a_pair_keeps_the_day_it_was_first_flagged(own_sample: addresses.Urls) -> None:
    before = seen_by(own_sample, STEWARD)["pairs"]
    assert before["flagged_on"].dropna().unique().tolist() == [pd.Timestamp(AS_OF)]
    add_project(own_sample, "public")
    later = date(2026, 10, 25)
    refresh(connections.open_writer(own_sample.shared), None, later)
    after = seen_by(own_sample, STEWARD)["pairs"].set_index(["project_a", "project_b"])
    flagged = after[after["label"] == "possible_duplication"]
    is_new = (flagged["name_a"] == "New") | (flagged["name_b"] == "New")
    assert is_new.any() and (flagged.loc[is_new, "flagged_on"] == pd.Timestamp(later)).all()
    kept = before[before["flagged_on"].notna()].set_index(["project_a", "project_b"])
    assert (after.loc[kept.index, "flagged_on"] == kept["flagged_on"]).all()


def test_a_withheld_place_does_not_undo_an_answer(own_sample: addresses.Urls) -> None:
    before = seen_by(own_sample, FUNDER)["pairs"].set_index(["project_a", "project_b"])["facet_hash"]
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(
            text("INSERT INTO project_facet VALUES (:p, 'host_country', 'KG', true)"), {"p": int(before.index[0][0])}
        )
    refresh(connections.open_writer(own_sample.shared), None, AS_OF)
    for viewer in (FUNDER, STEWARD):
        after = seen_by(own_sample, viewer)["pairs"].set_index(["project_a", "project_b"])["facet_hash"]
        assert after[before.index[0]] == before.iloc[0]


@pytest.mark.usefixtures("deployment")
def test_people_answer_alike_in_every_clearance() -> None:
    found = {
        v: overlap.find(open_sample_visit(v)).pairs.set_index(["project_a", "project_b"]) for v in (FUNDER, STEWARD)
    }
    both = found[FUNDER].index.intersection(found[STEWARD].index)
    assert found[FUNDER].loc[both, "answer"].equals(found[STEWARD].loc[both, "answer"])
    assert found[FUNDER].loc[both, "answer"].notna().sum() > 5


def test_of_each_label_the_strongest_pairs_are_stored_with_those_people_answered_and_all_are_counted() -> None:
    rows = [
        (1, n, score, label) for n, (score, label) in enumerate([(0.9, "a"), (0.8, "a"), (0.7, "a"), (0.6, "b")], 2)
    ]
    pairs = pd.DataFrame(rows, columns=["project_a", "project_b", "score", "label"]).assign(low=lambda p: p["score"])
    kept = summaries.Strongest({(1, 4)}, most=1)
    kept.add(pairs)
    assert list(kept.pairs()["project_b"]) == [2, 4, 5] and kept.totals == {"a": 3, "b": 1}
    everything = summaries.Strongest(set(), most=4)
    everything.add(pairs)
    pd.testing.assert_frame_equal(everything.pairs(), pairs)


def test_the_strongest_are_the_same_in_whatever_blocks_pairs_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "LET_GO_AT", 2)
    choose = random.Random(1)
    rows = [(a, b, choose.randrange(20) / 20, choose.choice("xy")) for a in range(40) for b in range(a + 1, 40)]
    pairs = pd.DataFrame(rows, columns=["project_a", "project_b", "score", "label"]).assign(low=lambda p: p["score"])
    at_once, in_blocks = (summaries.Strongest({(3, 7)}, most=5) for _turn in range(2))
    at_once.add(pairs)
    for start in range(0, len(pairs), 13):
        in_blocks.add(pairs.iloc[start : start + 13])
    pd.testing.assert_frame_equal(in_blocks.pairs(), at_once.pairs())
    assert in_blocks.totals == at_once.totals == pairs["label"].value_counts().to_dict()
    assert len(in_blocks.pairs()) in (10, 11) and (3, 7) in set(
        zip(*[in_blocks.pairs()[f"project_{s}"] for s in "ab"], strict=True)
    )


def test_a_list_of_which_only_the_strongest_are_kept_counts_at_least(own_sample: addresses.Urls, monkeypatch) -> None:
    monkeypatch.setattr(summaries, "STRONGEST", 5)
    monkeypatch.setattr(overlap, "STRONGEST", 5)
    refresh(connections.open_writer(own_sample.shared), None, AS_OF)
    found = overlap.find(open_sample_visit(FUNDER))
    assert found.totals["possible_duplication"] > 5
    assert found.shown_count("possible_duplication").startswith("≥")
    assert any("the 5 strongest of" in note for note in overlap.notes(found))


def summaries_of(engines: dict[database.Which, Engine]) -> dict[str, list[tuple]]:
    """Every stored row but what notes when and of what it was made."""
    found = {}
    for which, engine in engines.items():
        kept = [*money_summaries.TABLES.values(), *STORED] if which == "shared" else case_summaries.SUMMARIES
        with engine.connect() as connection:
            for table in kept:
                columns = [column for column in table.c if not column.primary_key or column.name != "id"]
                found[table.name] = sorted(map(tuple, connection.execute(select(*columns))), key=repr)
    return found


STORED = (overlap_pair, overlap_total, facet_rarity, initiative_choice)
ONE_GRANT = [grant("new-1", "fund", "one", 700, restriction="restricted")]
LOADED: dict[str, dict[str, list[list[Any]]]] = {
    "money": {"grants": [GRANTS, *ONE_GRANT]},
    "a project": {
        "projects": [PROJECTS, ["p3", "Third", "two", date(2024, 1, 1), None, "running"]],
        "facets": [FACETS, ["p3", "activity", "media", "no"], ["p3", "host_country", "GE", "no"]],
    },
    "an initiative": {
        "initiatives": [INITIATIVES, initiative("three")],
        "presences": [PRESENCES, ["three", "LT", "team", "country", None]],
    },
    "a change of policy": {
        "events": [["Date", "Label", "Kind", "Host country"], [date(2024, 3, 1), "New rule", "policy", "GE"]]
    },
    "nothing": {},
}
FIRST = {
    "initiatives": [INITIATIVES, initiative("one"), initiative("two"), initiative("fund", member="no")],
    "presences": [PRESENCES, ["one", "GE", "team", "country", None], ["two", "LT", "team", "country", None]],
    "projects": [PROJECTS, *([name, name.title(), lead, date(2024, 1, 1), None, "running"] for name, lead in (("p1", "one"), ("p2", "two")))],
    "facets": [FACETS, *([p, facet, code, "no"] for p in ("p1", "p2") for facet, code in (("activity", "media"), ("host_country", "GE")))],
    "grants": [GRANTS, grant("g1", "fund", "one", 1000, project="p1"), grant("g2", "one", "two", 400)],
}  # fmt: skip


def case_log(folder: Path, rows: str) -> Path:
    path = folder / "log.csv"
    path.write_text(f"case,opened,closed,outcome,country\n{rows}", encoding="utf-8")
    return path


@pytest.mark.parametrize("loaded", [*LOADED, "cases"])
def test_what_a_refresh_after_a_load_leaves_is_what_a_whole_one_would_make(
    engines: dict[database.Which, Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: str
) -> None:
    said = {"route": "asylum", "outcomes": {"yes": "relocated"}}
    bring(engines, Request("x", [book(tmp_path / "first.xlsx", **FIRST)]), DAY, print)
    bring(
        engines,
        Request("c", [case_log(tmp_path, "1,2024-01-02,2024-03-05,yes,GE\n2,2024-02-02,,,LT\n")], None, said),
        DAY,
        print,
    )
    refresh(engines["shared"], engines["cases"], DAY)
    if loaded == "cases":
        bring(engines, Request("c", [case_log(tmp_path, "3,2024-02-02,,,GE\n")], None, said), DAY, print)
    elif LOADED[loaded]:
        bring(engines, Request("y", [book(tmp_path / "more.xlsx", **LOADED[loaded])]), DAY, print)
    made: list[str] = []
    for module, name in ((case_summaries, "rebuild"), (money_summaries, "store"), (summaries, "store_overlap")):
        whole = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, whole=whole, name=name: (made.append(name), whole(*given)))
    refresh(engines["shared"], engines["cases"], DAY, is_whole=False)
    in_part = summaries_of(engines)
    assert sorted(made) == MADE_OF[loaded]
    refresh(engines["shared"], engines["cases"], DAY)
    assert in_part == summaries_of(engines)
    refresh(engines["shared"], engines["cases"], DAY + timedelta(days=1), is_whole=False)
    assert len(made) == len(MADE_OF[loaded]) + 2 * len(MADE_OF["a day later"])


MADE_OF = {
    "nothing": [],
    "cases": ["rebuild"],
    "money": ["store"],
    "an initiative": ["store"],
    "a project": ["store", "store_overlap"],
    "a change of policy": ["rebuild", "store"],
    "a day later": ["rebuild", "store", "store_overlap"],
}
DAY = date(2024, 6, 30)
