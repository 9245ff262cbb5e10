"""Names in tables lead to whoever bears them, on every page, for every role, and to nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from dashboard.answers import named
from dashboard.page.reading import forget, read
from dashboard.page.visit import open_visit
from data_access import addresses, connections, queries
from tests.conftest import FUNDER, STEWARD, open_sample_visit, some
from tests.test_pages import PARTS, ROLES, open_page, open_tables

WITH_NAMES = ("overlap", "funding_gaps", "initiatives", "directory", "data")


@pytest.fixture(autouse=True)
def end_visit() -> Iterator[None]:
    yield
    open_visit(None)


def names_of(app: AppTest) -> list[tuple[str, str, str]]:
    """Per name in the tables of a page: its column, the name, the address that it leads to; empty where none."""
    found = []
    for element in app.get("bidi_component"):
        if element.proto.component_name != "meridian.table":
            continue
        for column in json.loads(element.proto.json)["columns"]:
            addresses = [column.get("leads", {}).get(value, "") for value in column["values"]]
            if "profile" in column:
                addresses = [column["profile"] + slug for slug in column["bearers"]]
            if "profile" in column or "leads" in column:
                found += zip([column["heading"]] * len(addresses), column["values"], addresses, strict=True)
    return found


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize(("page", "role"), some(list(product(WITH_NAMES, ROLES)), 2))
def test_every_name_that_leads_to_a_profile_leads_to_that_of_its_bearer_and_keeps_the_readers_choices(
    page: str, role: str
) -> None:
    app = open_tables(open_page(page, role, currency="USD"))
    leading = [name for name in names_of(app) if name[2].startswith("/initiative")]
    for part in PARTS.get(page, ()):
        if f"part_{page}" in app.session_state:
            app.session_state[f"part_{page}"] = part
            app.run()
            leading += [name for name in names_of(open_tables(app)) if name[2].startswith("/initiative")]
    assert leading or page == "data"
    viewer = open_sample_visit(STEWARD).viewer
    for heading, name, address in set(leading):
        asked = parse_qs(urlsplit(address).query)
        assert asked["currency"] == ["USD"] and asked.get("as", ["funder"]) == [role]
        (slug,) = asked["id"]
        profile = read(queries.initiatives.profile(slug, viewer)).iloc[0]
        projects = read(queries.initiatives.projects_of(slug, viewer))
        assert name == profile["name"] or name in set(projects["project"]), heading


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("role", ROLES)
def test_every_initiative_of_the_directory_leads_to_its_profile(role: str) -> None:
    names = [name for name in names_of(open_page("directory", role)) if name[0] == "Initiative"]
    assert len(names) > 100 and all("id=" in address for _heading, _name, address in names)


@pytest.fixture
def twins(own_sample: addresses.Urls) -> tuple[str, str]:
    """Two listed initiatives of one name, and one that is not listed; the name of the twins and of the hidden one."""
    with connections.open_writer(own_sample.shared).begin() as shared:
        listed = text("SELECT id FROM organisation WHERE is_initiative AND visibility = 'public' ORDER BY id LIMIT 2")
        for one in shared.scalars(listed).all():
            shared.execute(text("UPDATE organisation SET name = 'Twin' WHERE id = :id"), {"id": one})
        hidden = text("SELECT name FROM organisation WHERE is_initiative AND visibility = 'aggregate_only' ORDER BY id")
        unlisted = shared.scalar(hidden)
    forget()
    return "Twin", str(unlisted)


def test_a_name_that_two_bear_leads_nowhere_but_in_the_directory_each_to_its_own(twins: tuple[str, str]) -> None:
    visit = open_sample_visit()
    assert named.leads(visit, "initiative", [twins[0]]) == {}
    rows = [name for name in names_of(open_page("directory")) if name[1] == twins[0]]
    assert len({address for _heading, _name, address in rows}) == len(rows) == 2


def test_the_name_of_an_unlisted_initiative_leads_to_its_profile_for_those_alone_who_may_read_it(
    twins: tuple[str, str],
) -> None:
    unlisted = twins[1]
    assert named.leads(open_sample_visit(FUNDER), "initiative", [unlisted]) == {}
    assert set(named.leads(open_sample_visit(STEWARD), "initiative", [unlisted])) == {unlisted}


@pytest.mark.usefixtures("deployment")
def test_a_funder_without_a_profile_leads_to_the_money_of_those_whom_it_pays() -> None:
    visit = open_sample_visit()
    names = list(visit.funders.values())
    found = named.leads(visit, "funder", names)
    assert len(found) > len(names) / 2
    for slug, name in visit.funders.items():
        address = found.get(name, "")
        if address.startswith("/funding-gaps"):
            assert parse_qs(urlsplit(address).query)["funder"] == [slug]
            app = open_page("funding_gaps", funder=slug)
            assert app.session_state["filter_funder"] == [slug] and not app.exception
            return
    raise AssertionError("No funder leads to its money.")


@pytest.mark.usefixtures("deployment")
def test_an_organisation_that_has_no_profile_is_no_link_although_it_is_named() -> None:
    visit = open_sample_visit(STEWARD)
    without = list(visit.funders.values())
    found = named.leads(visit, "initiative", without)
    assert all("/initiative?" in address for address in found.values()) and len(found) < len(without)
