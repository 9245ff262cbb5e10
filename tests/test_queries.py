"""Queries give the same frames on both databases, and each viewer only what is hers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from dashboard.answers import initiatives
from dashboard.metrics import distribution
from dashboard.page.visit import open_visit
from data_access import connections, database, queries
from data_access.filters import LISTS, MAX_CHOICES, Filters, from_parameters
from data_access.queries import choosing, visible
from data_access.queries.money import Cut
from data_access.queries.relocation import NotCleared
from data_access.schema import organisation
from data_access.viewer import Query, Viewer
from sample_data.world import AS_OF
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, ROLES, STEWARD, open_sample_visit

NAMES = ["Amber Kettle Listening Room", "Blue Samovar Legal Desk", "Counsel on call 5", "Warm shelter 247"]
CHOICES = {
    "all": Filters(),
    "LT": Filters(host_countries=("LT",)),
    "narrow": Filters(host_countries=("DE", "LT"), activities=("legal_aid",), include_state_linked=True),
    "period": Filters(since="2025-01", until="2026-03"),
}
SHARED = {
    "places": queries.initiatives.places,
    "chosen initiatives": queries.initiatives.chosen,
    "facets": lambda _filters, viewer: queries.initiatives.facets_of_initiatives(viewer),
    "grants": lambda _filters, viewer: queries.funding.grants(viewer),
    "needs": lambda _filters, viewer: queries.funding.needs(viewer),
    "grants received": lambda filters, viewer: queries.funding.grants_received(Cut(filters, "EUR"), viewer),
    "grants to fix": lambda _filters, viewer: queries.funding.grants_to_fix("USD", viewer),
    "needs to fix": lambda _filters, viewer: queries.funding.needs_to_fix(viewer),
    "bearers of a name": lambda _filters, viewer: queries.initiatives.bearers(NAMES, viewer),
    "leads of projects": lambda _filters, viewer: queries.initiatives.leads_of(NAMES, viewer),
    "grants known otherwise": lambda _filters, viewer: queries.funding.known_otherwise(
        queries.funding.grants(STEWARD), queries.funding.grants(viewer), "grant_id"
    ),
    "projects to fix": lambda _filters, viewer: queries.overlap.projects_to_fix(viewer),
    "grants ahead": lambda filters, viewer: queries.funding.grants_ahead(Cut(filters, "EUR"), AS_OF, viewer),
    "grants moved": lambda _filters, viewer: queries.funding.grants_moved(date(2026, 1, 1), AS_OF, viewer),
    "regrants": lambda _filters, viewer: queries.funding.grants_between(viewer, from_member=True, to_member=True),
    "declared places": lambda filters, viewer: queries.funding.declared_places(viewer, Cut(filters, "EUR")),
    "project facets": lambda filters, viewer: queries.funding.project_facets(viewer, Cut(filters, "EUR")),
    "money of months": lambda _filters, viewer: queries.money.months("EUR", viewer, 1),
    "money of lines": lambda _filters, viewer: queries.money.lines("USD", 2026, viewer, 1),
    "money's reach": lambda _filters, viewer: queries.money.reach("EUR", viewer),
    "funders of the choice": lambda filters, viewer: queries.money.sources(Cut(filters, "EUR"), viewer),
    "recipients": lambda _filters, viewer: queries.money.recipients("EUR", viewer),
    "grantees": lambda _filters, viewer: queries.money.grantees("EUR", viewer),
    "money of projects": lambda _filters, viewer: queries.money.projects("EUR", viewer),
    "lines in a cut": lambda filters, viewer: queries.money.lines_in(Cut(filters, "EUR"), viewer),
    "sources": lambda _filters, viewer: queries.provenance.sources(viewer),
    "all projects": lambda _filters, viewer: queries.overlap.projects(viewer),
    "pairs": lambda _filters, viewer: queries.overlap.pairs(viewer),
    "chosen projects": queries.overlap.chosen,
    "grid": queries.overlap.grid,
    "country options": lambda _filters, viewer: queries.choices.initiatives_of("country", viewer),
    "funder options": lambda _filters, viewer: queries.choices.initiatives_of("funder", viewer),
}
LIVE = {
    "flow": queries.relocation.flow,
    "durations": queries.relocation.durations,
    "open": queries.relocation.open_by_stage,
    "problems": queries.relocation.problems,
    "fixes": queries.relocation.fixes,
    "stage days": queries.relocation.stage_days,
    "reach": lambda filters, viewer: queries.relocation.reach(180, filters, viewer),
    "lags": queries.relocation.lags,
    "transit": queries.relocation.transit,
    "clocks": queries.relocation.clocks,
    "programmes": queries.relocation.programme_durations,
    "after arrival": queries.relocation.after_arrival,
    "legal clocks": lambda _filters, viewer: queries.relocation.legal_clocks(AS_OF, viewer),
    "places pledged": lambda filters, viewer: queries.relocation.places_pledged(AS_OF, filters, viewer),
    "places used": lambda filters, viewer: queries.relocation.places_used(AS_OF, filters, viewer),
    "stays": queries.relocation.stays,
    "legal stays": queries.relocation.legal_stays,
    "call list": lambda filters, viewer: queries.relocation.call_list("urgent", date(2025, 10, 18), filters, viewer),
}


def rows(engine: Engine, query: Query) -> pd.DataFrame:
    frame = database.run(engine, query)
    return frame.sort_values(list(frame.columns)).reset_index(drop=True)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("name", SHARED)
def test_both_databases_give_the_same_frame(sample_urls, postgresql_urls, name: str, choice: str) -> None:
    query = SHARED[name](CHOICES[choice], FUNDER)
    there = rows(connections.open_reader(postgresql_urls.shared), query)
    pd.testing.assert_frame_equal(rows(connections.open_reader(sample_urls.shared), query), there)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("name", LIVE)
def test_both_databases_give_the_same_case_figures(sample_urls, postgresql_urls, name: str, choice: str) -> None:
    query = LIVE[name](CHOICES[choice], EVERYWHERE)
    there = rows(connections.open_reader(postgresql_urls.cases, "cases"), query)
    pd.testing.assert_frame_equal(rows(connections.open_reader(sample_urls.cases, "cases"), query), there)


@pytest.mark.parametrize("viewer", [FUNDER, STEWARD])
@pytest.mark.parametrize("name", LIVE)
def test_live_case_figures_are_refused_before_any_query(name: str, viewer: Viewer) -> None:
    with pytest.raises(NotCleared):
        LIVE[name](Filters(), viewer)


def test_a_coordinator_gets_nothing_of_another_country(sample) -> None:
    assert database.run(sample["cases"], queries.relocation.flow(Filters(host_countries=("DE",)), LITHUANIAN)).empty
    assert database.run(sample["cases"], queries.relocation.flow(Filters(), Viewer("coordinator", ()))).empty


def test_a_coordinators_own_country_is_the_same_asked_or_not(sample) -> None:
    own = rows(sample["cases"], queries.relocation.flow(Filters(), LITHUANIAN))
    asked = rows(sample["cases"], queries.relocation.flow(Filters(host_countries=("LT",)), EVERYWHERE))
    pd.testing.assert_frame_equal(own, asked)


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("choice", CHOICES)
def test_initiatives_cut_from_all_are_those_that_the_database_chooses(sample, choice: str) -> None:
    for viewer in ROLES.values():
        for basis in queries.initiatives.BASES:
            asked = database.run(sample["shared"], queries.initiatives.places(CHOICES[choice], viewer, basis))
            visit = open_sample_visit(viewer, CHOICES[choice])
            pd.testing.assert_frame_equal(initiatives.chosen_places(visit, basis), asked)
    open_visit(None)


def hidden_names(sample, viewer: Viewer) -> set[str]:
    """Initiatives a viewer must never see by name."""
    everything = database.run(sample["shared"], queries.initiatives.places(Filters(), STEWARD))
    seen = database.run(sample["shared"], queries.initiatives.places(Filters(), viewer))
    return set(everything["name"]) - set(seen["name"])


def test_initiatives_that_asked_not_to_be_listed_are_in_no_answer_to_a_funder(sample) -> None:
    hidden = hidden_names(sample, FUNDER)
    assert len(hidden) > 5
    for name, build in SHARED.items():
        frame = database.run(sample["shared"], build(Filters(), FUNDER))
        for column in frame.select_dtypes("str"):
            assert not hidden & set(frame[column].dropna()), (name, column)


def test_a_coordinator_sees_the_unlisted_of_her_countries_alone(sample) -> None:
    for_all, for_her = hidden_names(sample, FUNDER), hidden_names(sample, Viewer("coordinator", ("GE",)))
    assert for_her < for_all
    assert not hidden_names(sample, STEWARD)


def test_every_initiative_has_a_legal_organisation_that_may_be_its_fiscal_host(sample) -> None:
    for viewer in ROLES.values():
        places = database.run(sample["shared"], queries.initiatives.places(Filters(), viewer))
        assert places["legal_id"].notna().all()
        hosted = places["legal_id"] != places["organisation_id"]
        assert 0 < hosted.mean() < 0.3


def test_an_undisclosed_place_is_unknown_not_absent(sample) -> None:
    for_funder = database.run(sample["shared"], queries.initiatives.places(Filters(), FUNDER))
    for_steward = database.run(sample["shared"], queries.initiatives.places(Filters(), STEWARD))
    withheld = for_funder[for_funder["is_withheld"].fillna(False)]
    assert len(withheld) > 0 and withheld["host_country"].isna().all()
    assert not for_steward["is_withheld"].fillna(False).any()


def test_filtering_by_a_country_does_not_reveal_who_hides_there(sample) -> None:
    for_funder = database.run(sample["shared"], queries.initiatives.places(Filters(), FUNDER))
    hiding = set(for_funder.loc[for_funder["is_withheld"].fillna(False), "organisation_id"])
    for country in for_funder["host_country"].dropna().unique():
        found = database.run(sample["shared"], queries.initiatives.places(Filters(host_countries=(country,)), FUNDER))
        only_there = found.groupby("organisation_id")["host_country"].agg(lambda c: set(c.dropna()))
        assert all(country in countries for organisation, countries in only_there.items() if organisation in hiding)


def _offered(shared: Engine, kind: str, filters: Filters, viewer: Viewer) -> dict[str, int]:
    """What the filter bar counts for each value of a filter."""
    return queries.choices.initiatives_per_value(
        kind, filters, lambda name: database.run(shared, queries.choices.initiatives_of(name, viewer))
    )


def test_options_never_lead_to_nothing(sample) -> None:
    for viewer in ROLES.values():
        for filters in CHOICES.values():
            offered = _offered(sample["shared"], "country", filters, viewer)
            assert all(offered.values())
            for value in list(offered)[:4]:
                chosen = Filters(**{**vars(filters), "host_countries": (value,)})
                found = database.run(sample["shared"], queries.initiatives.places(chosen, viewer))
                found = found[found["independence"] != "state_linked"]
                found = found[distribution.active_now(found, pd.Timestamp(AS_OF))]
                assert found["organisation_id"].nunique() == offered[value]


@pytest.mark.parametrize("kind", LISTS)
def test_every_count_of_the_filter_bar_is_that_of_the_records(sample, kind: str) -> None:
    """Counted anew from the records by the rules that pages filter with, value by value."""
    for viewer in (*ROLES.values(), Viewer("coordinator", ("GE",))):
        for filters in CHOICES.values():
            offered = _offered(sample["shared"], kind, filters, viewer)
            for value in _offered(sample["shared"], kind, Filters(), viewer):
                chosen = replace(filters, **{LISTS[kind]: (value,)})
                rows = select(organisation.c.id).where(choosing.initiatives(chosen, viewer), visible.active(AS_OF))
                with sample["shared"].connect() as connection:
                    assert len(set(connection.scalars(rows))) == offered.get(value, 0), (viewer, filters, value)


def test_a_coordinator_of_two_countries_is_offered_what_she_sees_in_either(sample) -> None:
    def offered(kind: str, *countries: str) -> dict[str, int]:
        return _offered(sample["shared"], kind, Filters(), Viewer("coordinator", countries))

    for kind in LISTS:
        both, first, second = offered(kind, "DE", "LT"), offered(kind, "DE"), offered(kind, "LT")
        assert set(both) == {*first, *second}
        assert all(both[value] >= max(first.get(value, 0), second.get(value, 0)) for value in both)


def test_state_linked_programmes_are_out_of_scope_until_asked_for(sample) -> None:
    default = database.run(sample["shared"], queries.initiatives.places(Filters(), STEWARD))
    asked = database.run(sample["shared"], queries.initiatives.places(Filters(include_state_linked=True), STEWARD))
    assert "state_linked" not in set(default["independence"])
    assert set(asked["organisation_id"]) - set(default["organisation_id"]) == set(
        asked.loc[asked["independence"] == "state_linked", "organisation_id"]
    )


@pytest.mark.parametrize("bad", ["LT,DE", "lt", "L1", "", "LTU"])
def test_a_viewer_scope_that_is_no_country_is_rejected(bad: str) -> None:
    with pytest.raises(ValueError, match="country"):
        Viewer("coordinator", (bad,))


def test_an_unknown_role_is_rejected() -> None:
    with pytest.raises(ValueError, match="role"):
        Viewer("admin")  # type: ignore[arg-type]


ALLOWED = {"country": ["DE", "LT"], "activity": ["media"], "audience": [], "funder": []}


@pytest.mark.parametrize(
    ("parameters", "expected", "dropped"),
    [
        ({"country": "LT"}, Filters(host_countries=("LT",)), ()),
        ({"country": "LT.XX"}, Filters(host_countries=("LT",)), ("country",)),
        ({"country": "' OR 1=1"}, Filters(), ("country",)),
        ({"country": ".".join(f"A{n}" for n in range(10_000))}, Filters(), ("country",)),
        ({"from": "2025-03", "to": "2025-04"}, Filters(since="2025-03", until="2025-04"), ()),
        ({"from": "2025-03-03", "to": "2025-03-04"}, Filters(), ("from", "to")),
        ({"from": "2025-05", "to": "2025-04"}, Filters(since="2025-05"), ("to",)),
        ({"state": "1", "nonsense": "x"}, Filters(include_state_linked=True), ()),
    ],
)
def test_what_a_link_asks_is_kept_if_on_offer_and_dropped_if_not(parameters, expected, dropped) -> None:
    assert from_parameters(parameters, ALLOWED) == (expected, dropped)


def test_a_view_survives_the_way_through_its_link() -> None:
    filters = Filters(("DE", "LT"), ("media",), since="2025-01", include_state_linked=True)
    assert from_parameters(filters.to_parameters(), ALLOWED) == (filters, ())
    assert Filters().to_parameters() == {}


@given(st.lists(st.text(st.sampled_from("ab.~01, /"), min_size=1, max_size=6), min_size=1, max_size=4, unique=True))
def test_no_mark_within_a_value_parts_it_in_a_link(values: list[str]) -> None:
    filters = Filters(funders=tuple(values))
    everything = {"funder": [*values, *(part for value in values for part in value.split("."))]}
    assert from_parameters(filters.to_parameters(), everything) == (filters, ())


def test_more_values_than_a_link_may_hold_are_said() -> None:
    many = tuple(f"f{n}" for n in range(MAX_CHOICES + 1))
    filters, dropped = from_parameters({"funder": ".".join(many)}, {"funder": many})
    assert (filters.funders, dropped) == (many[:MAX_CHOICES], ("funder",))
