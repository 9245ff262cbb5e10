"""The same figure is the same on overview, page, directory, profile and export, for every role and choice."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboard.answers import (
    directory,
    four_questions,
    funding,
    initiatives,
    live_or_published,
    overlap,
    portfolio,
    profile,
)
from dashboard.answers import gaps as gaps_of
from dashboard.metrics import distribution
from dashboard.words import columns
from data_access.filters import Filters
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit

CHOICES = [
    Filters(),
    Filters(host_countries=("LT",)),
    Filters(host_countries=("DE", "GE"), activities=("media", "legal_aid")),
    Filters(audiences=("at_risk",), include_state_linked=True),
    Filters(host_countries=("KG",), activities=("elections",), audiences=("belarusians",)),
]
VIEWERS: list[Viewer] = [FUNDER, LITHUANIAN, EVERYWHERE, STEWARD]


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("viewer", VIEWERS, ids=str)
@pytest.mark.parametrize("filters", CHOICES, ids=str)
def test_initiatives_agree_wherever_they_are_counted(viewer: Viewer, filters: Filters) -> None:
    visit = open_sample_visit(viewer, filters)
    found = initiatives.find(visit)
    listed = directory.find(visit)
    network = listed[listed["mark"] != "state_linked"]
    overview = four_questions.where(visit).figure.value
    assert overview == initiatives.summary(found).figures[0].value == found.total == len(network)
    assert directory.summary(listed, visit).figures[0].value == overview
    table = initiatives.countries(found, visit).rows
    assert table["shared"].sum() == pytest.approx(found.total)
    counts = distribution.reconciliation(found.places, visit.as_of)
    placed = table[~table["place"].isin(distribution.UNPLACED)]
    assert placed["initiatives"].sum() == counts["sum_of_countries"]
    assert counts["network"] == found.placement["placed"]
    bars = initiatives.by_country(found).rows
    assert bars.set_index("place")["initiatives"].to_dict() == table.set_index("place")["initiatives"].to_dict()
    on_map = initiatives.on_map(found).rows.set_index("place")["initiatives"].to_dict()
    assert on_map == placed.set_index("place")["initiatives"].to_dict()
    assert list(columns.presented(bars)[columns.heading("initiatives")]) == list(bars["initiatives"])


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("viewer", VIEWERS, ids=str)
def test_a_profile_agrees_with_directory_and_funding(viewer: Viewer) -> None:
    visit = open_sample_visit(viewer)
    listed = directory.find(visit).head(25)
    money = portfolio.picture(visit)
    signed = money.leaning.set_index("organisation_id")["total"]
    pairs = overlap.find(visit).pairs
    for row in listed.itertuples():
        one = profile.find(visit, row.slug)
        assert one is not None
        assert one.row["name"] == row.initiative
        assert len(one.projects) == row.projects
        assert (one.signed or 0) == signed.get(row.organisation_id, 0)
        known = (*one.projects["project_id"],)
        assert len(one.pairs) == (pairs["project_a"].isin(known) | pairs["project_b"].isin(known)).sum()


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("viewer", VIEWERS, ids=str)
@pytest.mark.parametrize("filters", CHOICES, ids=str)
def test_money_and_pairs_agree_between_overview_and_page(viewer: Viewer, filters: Filters) -> None:
    visit = open_sample_visit(viewer, filters)
    money = portfolio.picture(visit)
    assert four_questions.money(money).figure.value == funding.summary(money).figures[0].value
    lines = gaps_of.lines(money).rows
    assert lines["gap"].dropna().sum() == money.totals.gap
    assert lines.loc[lines["need"].notna(), "funded"].sum() == money.totals.funded
    found = overlap.find(visit)
    assert (
        four_questions.same(found).figure.value
        == overlap.summary(found).figures[0].value
        == found.count("possible_duplication")
    )
    assert four_questions.waiting(visit).figure in live_or_published.summary(visit).figures


@pytest.mark.usefixtures("deployment")
def test_an_unlisted_initiative_has_no_profile_for_a_funder() -> None:
    visit = open_sample_visit(STEWARD)
    everyone = set(directory.find(visit)["slug"])
    visit = open_sample_visit(FUNDER)
    hidden = everyone - set(directory.find(visit)["slug"])
    assert hidden
    for slug in (*hidden, "no-such-initiative", "' OR 1=1"):
        assert profile.find(visit, slug) is None


@pytest.mark.usefixtures("deployment")
def test_state_linked_programmes_enter_no_total_and_carry_a_mark() -> None:
    without = initiatives.find(open_sample_visit(FUNDER))
    shown = initiatives.find(open_sample_visit(FUNDER, Filters(include_state_linked=True)))
    assert without.total == shown.total and len(shown.state_linked) > 0
    assert initiatives.by_country(shown).rows["state_linked"].sum() == len(shown.state_linked)
    listed = directory.listing(directory.find(open_sample_visit(FUNDER, Filters(include_state_linked=True)))).rows
    assert set(listed["mark"]) >= {"state_linked", "independent"}


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize(
    ("search", "name"),
    [
        ("вересковый", "Вересковый мост"),
        ("ВЕРЕСК", "Вересковый мост"),
        ("veresk", "Вересковый мост"),
        ("jalowc", "Jałowcowy Most"),
        ("Jałowcowy", "Jałowcowy Most"),
        ("wacholderbrucke", "Wacholderbrücke"),
        ("WACHOLDERBRÜCKE", "Wacholderbrücke"),
        ("lurji", "ლურჯი ჭიშკარი"),
        ("tram late", "Late Tram"),
        ("100%", None),
        ("_", None),
    ],
)
def test_names_are_found_in_any_script_and_in_part(search: str, name: str | None) -> None:
    every = set(directory.find(open_sample_visit(STEWARD))["initiative"])
    found = set(directory.find(open_sample_visit(STEWARD), search)["initiative"])
    expected = {known for known in every if name and known.startswith(name)}
    assert found >= expected
    if name is None:
        assert not found
    elif expected:
        assert len(found) < len(every)


@pytest.mark.usefixtures("deployment")
def test_confirmation_narrows_the_directory_without_losing_anyone() -> None:
    visit = open_sample_visit(STEWARD)
    parts = {key: directory.find(visit, confirmation=key) for key in directory.confirmation_names()}
    assert len(parts["recent"]) + len(parts["stale"]) == len(parts["any"])
    assert (parts["this_year"]["confirmed_on"].dt.year == visit.as_of.year).all()
    assert isinstance(parts["any"], pd.DataFrame)
