"""A coordinator answers a pair on the page and finds it remembered; everybody else only reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text, update
from streamlit.testing.v1 import AppTest

from dashboard.answers import changes, evidence, overlap, portfolio
from dashboard.page.reading import found_once
from dashboard.page.visit import Visit, open_visit
from data_access import addresses, connections
from data_access.schema import overlap_pair, overlap_verdict, project
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit
from tests.test_pages import figures, open_page, texts


def shown_pair(app: AppTest) -> str:
    return next(box for box in app.selectbox if box.key == "page_pair").value


def give(app: AppTest, answer: str, reason: str | None = None) -> AppTest:
    pair = shown_pair(app)
    app.segmented_control(key=f"said_{pair}").set_value(answer)
    if reason:
        app.selectbox(key=f"why_{pair}").set_value(reason)
    next(button for button in app.button if button.label == "Record the answer").click()
    return app.run()


def recorded(urls: addresses.Urls) -> list[tuple]:
    with connections.open_reader(urls.shared).connect() as connection:
        columns = [overlap_verdict.c[name] for name in ("project_a", "project_b", "answer", "reason", "subject")]
        return [tuple(row) for row in connection.execute(select(*columns).order_by(overlap_verdict.c.id))]


def test_an_answered_pair_leaves_the_queue_and_is_remembered_after_a_reload(own_sample: addresses.Urls) -> None:
    app = open_page("overlap", "coordinator")
    strongest, before = shown_pair(app), int(figures(app)["Pairs to check"])
    app = give(app, "confirmed")
    assert not app.exception and not app.error
    assert shown_pair(app) != strongest
    again = open_page("overlap", "coordinator")
    assert int(figures(again)["Pairs to check"]) == before - 1
    again.selectbox(key="page_list").set_value("confirmed").run()
    again.selectbox(key="page_pair").set_value(strongest).run()
    assert any("You, " in line and "confirmed: will talk" in line for line in texts(again))
    assert recorded(own_sample)[-1] == (*ids_at(strongest), "confirmed", None, "sample")


def test_not_a_duplicate_needs_its_reason(own_sample: addresses.Urls) -> None:
    app = open_page("overlap", "coordinator")
    pair, before = shown_pair(app), recorded(own_sample)
    app = give(app, "not_a_duplicate")
    assert any("Choose why" in warning.value for warning in app.warning)
    assert recorded(own_sample) == before
    app = give(app, "not_a_duplicate", "other_people")
    assert recorded(own_sample)[-1][2:4] == ("not_a_duplicate", "other_people")
    assert shown_pair(app) != pair


@pytest.mark.usefixtures("own_sample")
@pytest.mark.parametrize("role", ["funder", "steward"])
def test_whoever_does_not_coordinate_is_offered_no_answer_and_can_record_none(role: str) -> None:
    app = open_page("overlap", role)
    assert not any(button.label == "Record the answer" for button in app.button)
    visit = open_sample_visit({"funder": FUNDER, "steward": STEWARD}[role])
    found = overlap.find(visit)
    pair = next(iter(overlap.pair_names(visit, found.with_status("possible_duplication"))))
    with pytest.raises(PermissionError):
        evidence.answer(visit, found, pair, "confirmed", None)


def ids_at(address: str) -> tuple[int, int]:
    visit = open_sample_visit(EVERYWHERE)
    pair = overlap.at_address(visit, overlap.find(visit), address)
    return int(pair.project_a), int(pair.project_b)


def called(viewer: Viewer) -> set[str]:
    """What addresses call the pairs she sees."""
    visit = open_sample_visit(viewer)
    return set(overlap.addresses(visit, overlap.find(visit).pairs))


@pytest.mark.usefixtures("own_sample")
def test_an_address_of_a_pair_numbers_nothing_and_leads_to_it_alone(own_sample: addresses.Urls) -> None:
    """Ids, and the numbers that senders give their projects, would count those that are not listed."""
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("UPDATE project SET name = 'Work' WHERE id IN (SELECT project_a FROM overlap_pair)"))
        connection.execute(text("UPDATE meta SET value = '99' WHERE key = 'data_version'"))
        numbers = {str(n) for row in connection.execute(select(project.c.id, project.c.slug)) for n in row}
    visit = open_sample_visit(EVERYWHERE)
    found = overlap.find(visit)
    told = list(overlap.addresses(visit, found.pairs))
    assert len(set(told)) == len(told) > 100
    assert not numbers & {
        part for address in told for part in address.replace("-", ".").split(".") if part not in "23456"
    }
    for address, pair in list(zip(told, found.pairs.itertuples(), strict=True))[:20]:
        assert overlap.at_address(visit, found, address)[:3] == pair[:3]
    for gone in ("", "1.2", told[0] + ".", told[0].split(".")[0]):
        with pytest.raises(KeyError):
            overlap.at_address(visit, found, gone)


@pytest.mark.usefixtures("own_sample")
def test_nobody_answers_a_pair_she_does_not_see() -> None:
    hidden = called(EVERYWHERE) - called(FUNDER)
    visit = open_sample_visit(LITHUANIAN)
    scoped = overlap.find(visit)
    unseen = sorted(hidden - called(LITHUANIAN))
    assert unseen
    with pytest.raises(KeyError):
        evidence.answer(visit, scoped, unseen[0], "confirmed", None)


def test_a_server_without_the_connection_says_so(own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(addresses.NARROW["overlap_verdict"], "")
    app = open_page("overlap", "coordinator")
    assert any("records no answers" in said for said in texts(app))
    assert not any(button.label == "Record the answer" for button in app.button)


def test_an_answer_holds_until_the_facts_change_and_then_the_pair_asks_again(own_sample: addresses.Urls) -> None:
    app = open_page("overlap", "coordinator")
    pair = shown_pair(app)
    give(app, "confirmed")
    with connections.open_writer(own_sample.shared).begin() as connection:
        one, other = ids_at(pair)
        these = (overlap_pair.c.project_a == one) & (overlap_pair.c.project_b == other)
        connection.execute(update(overlap_pair).where(these).values(facet_hash="f" * 64))
        connection.execute(text("UPDATE meta SET value = '99' WHERE key = 'data_version'"))
    app = open_page("overlap", "coordinator")
    assert shown_pair(app) == pair
    assert any("facts changed since people answered" in said for said in texts(app))


@pytest.mark.usefixtures("own_sample")
def test_an_answer_is_among_what_changed_and_counts_for_the_agreement() -> None:
    visit = open_sample_visit(EVERYWHERE)
    money, day = portfolio.picture(visit), changes.previous_load(visit)
    assert day is not None

    def answered() -> int:
        found = changes.find(visit, money, overlap.find(visit), day)
        rows = changes.since(visit, found, day).rows.set_index("change")
        return int(rows.loc["pairs_answered", "number"])

    before, found = answered(), overlap.find(visit)
    agreed = overlap.summary(found).figures[4].value
    pair = next(iter(overlap.pair_names(visit, found.with_status("possible_duplication"))))
    evidence.answer(visit, found, pair, "already_coordinating", None)
    assert answered() == before + 1
    assert overlap.summary(overlap.find(visit)).figures[4].value == int(str(agreed)) + 1


@pytest.mark.usefixtures("own_sample")
def test_a_facet_that_is_not_recorded_has_no_bar() -> None:
    app = open_page("overlap", "coordinator")
    assert len(app.get("progress")) == 4
    visit = open_sample_visit(EVERYWHERE)
    unclear = overlap.find(visit).with_status("cannot_tell")
    placeless = unclear[unclear["host_country"].isna() & unclear["audience"].notna() & unclear["language"].notna()]
    (pair,) = overlap.addresses(visit, placeless.head(1))
    app.selectbox(key="page_list").set_value("cannot_tell").run()
    app.selectbox(key="page_pair").set_value(pair).run()
    assert any("not recorded for" in mark.value for mark in app.markdown)
    assert len(app.get("progress")) == 3


def test_an_answer_is_hers_to_who_gave_it_and_a_persons_to_everybody_else_of_her_scope(
    own_sample: addresses.Urls,
) -> None:
    anna, bella = (Viewer("coordinator", None, name) for name in ("anna", "bella"))

    def who(viewer: Viewer) -> list[str]:
        visit = open_sample_visit(viewer)
        open_visit(visit)
        found = overlap.find(visit)
        return [said.split(",")[0] for said, _what in evidence.of_pair(visit, found, pair).answers]

    visit = open_sample_visit(anna)
    open_visit(visit)
    found = overlap.find(visit)
    pair = next(iter(overlap.offered(visit, found, "possible_duplication")))
    evidence.answer(visit, found, pair, "not_sure", None)
    assert [who(one)[0] for one in (anna, bella, anna)] == ["You", "Person 1", "You"]
    open_visit(None)


@pytest.mark.usefixtures("deployment")
def test_nothing_that_is_kept_can_rest_on_who_reads() -> None:
    seen: list[Visit] = []

    @found_once
    def kept(visit: Visit) -> int:
        seen.append(visit)
        return 1

    visit = replace(open_sample_visit(Viewer("coordinator", None, "anna")), reader="Anna", own={"pair": "1.2"})
    open_visit(visit)
    kept(visit)
    open_visit(None)
    assert "anna" not in repr(seen).lower() and seen[0].own == {}
