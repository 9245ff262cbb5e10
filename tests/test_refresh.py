"""What refresh stores of overlap: per clearance, blind to what is withheld, with the day a pair was first flagged."""

from __future__ import annotations

import random
from datetime import date

import pandas as pd
import pytest
from sqlalchemy import insert, select, text

from dashboard.answers import overlap
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, database, queries, summaries
from data_access.filters import Filters
from data_access.schema import organisation, overlap_pair, presence, project, project_facet
from data_access.viewer import Viewer
from tests.conftest import FUNDER, LITHUANIAN, STEWARD, open_sample_visit

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
