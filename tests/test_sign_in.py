"""Sign-in against a real OpenID Connect provider on loopback, in Chromium: from no role to sign-out everywhere."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import oidc_provider_mock
import pytest
from sqlalchemy import text

from data_access import addresses, connections, people
from data_access.people import Person
from tests.conftest import Server, free_port

pytestmark = pytest.mark.browser
SECRETS = """[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "{cookie}"
client_id = "meridian"
client_secret = "of-the-test"
server_metadata_url = "{issuer}/.well-known/openid-configuration"
"""


class Network:
    """A real network on loopback: a database without sample, a provider, a server, and people who come with a browser."""

    def __init__(self, urls: addresses.Urls, server: Server, issuer: str, browser) -> None:
        self.urls, self.server, self.issuer, self.browser = urls, server, issuer, browser
        self.writer = connections.open_writer(urls.shared)

    def person(self, subject: str) -> str:
        return people.pseudonym(self.issuer, subject)

    def come(self, cookies: list | None = None, path: str = ""):
        context = self.browser.new_context(viewport={"width": 1440, "height": 900})
        if cookies:
            context.add_cookies(cookies)
        page = context.new_page()
        page.goto(f"{self.server.address}{path}")
        return page

    def sign_in(self, page, subject: str) -> None:
        page.get_by_role("button", name="Sign in").click()
        page.locator("input[name=sub]").fill(subject)
        page.locator("button[type=submit], input[type=submit]").first.click()
        page.wait_for_url(re.compile(re.escape(self.server.address)), timeout=30_000)


@pytest.fixture
def network(own_sample: addresses.Urls, tmp_path: Path, chromium) -> Iterator[Network]:
    for url in (own_sample.shared, str(own_sample.cases)):
        with connections.open_writer(url).begin() as connection:
            connection.execute(text("DELETE FROM meta WHERE key = 'is_sample'"))
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("DELETE FROM viewer_country"))
        connection.execute(text("DELETE FROM viewer"))
    with oidc_provider_mock.run_server_in_thread() as provider:
        issuer, port = f"http://localhost:{provider.server_port}", free_port()
        kept = tmp_path / "secrets.toml"
        kept.write_text(SECRETS.format(port=port, cookie=secrets.token_hex(32), issuer=issuer))
        server = Server(own_sample, port=port, STREAMLIT_SECRETS_FILES=str(kept))
        yield Network(own_sample, server, issuer, chromium)
        server.stop()


def wait_for(page, words: str) -> None:
    page.get_by_text(words).first.wait_for(timeout=30_000)


def test_a_sign_in_leads_back_to_the_view_that_a_link_asked_for(network: Network) -> None:
    people.add(network.writer, Person(network.person("anna"), "funder"))
    page = network.come(path="/initiatives?country=LT")
    network.sign_in(page, "anna")
    wait_for(page, "Host country: Lithuania")
    assert urlsplit(page.url)[2:4] == ("/initiatives", "country=LT")
    assert "meridian_wanted" not in {cookie["name"] for cookie in page.context.cookies()}


def test_from_no_role_over_every_role_to_sign_out_everywhere(network: Network) -> None:
    page = network.come()
    network.sign_in(page, "anna")
    anna = network.person("anna")
    wait_for(page, "You are signed in, but have no role yet.")
    assert anna in page.inner_text("body")

    people.add(network.writer, Person(network.person("owner"), "steward"))
    for role, countries, words in (
        ("funder", (), "you read as a funder"),
        ("coordinator", ("LT",), "you read as a coordinator of Lithuania"),
        ("steward", (), "you read as a steward"),
    ):
        known = {one.subject for one in people.everybody(network.writer)}
        (people.change if anna in known else people.add)(network.writer, Person(anna, role, countries))
        page.goto(network.server.address)
        wait_for(page, words)
    page.goto(f"{network.server.address}/data?part=people")
    wait_for(page, "2 people have a role")
    carla = network.person("carla")
    page.get_by_label("Reference of somebody without a role").fill(carla)
    page.get_by_role("button", name="Give this role").click()
    wait_for(page, "3 people have a role")
    assert carla in {one.subject for one in people.everybody(network.writer)}
    assert people.changes(network.writer)[0].changed_by == anna

    cookies = page.context.cookies()
    elsewhere = network.come(cookies)
    wait_for(elsewhere, "you read as a steward")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url(re.compile(re.escape(f"{network.issuer}/oauth2/end_session")), timeout=30_000)
    page.goto(network.server.address)
    page.get_by_role("button", name="Sign in").wait_for(timeout=30_000)
    elsewhere.goto(f"{network.server.address}/overlap")
    elsewhere.get_by_role("button", name="Sign in").wait_for(timeout=30_000)
    replayed = network.come(cookies)
    replayed.get_by_role("button", name="Sign in").wait_for(timeout=30_000)
    assert "steward" not in replayed.inner_text("body")

    network.sign_in(page, "anna")
    wait_for(page, "you read as a steward")
    people.remove(network.writer, anna)
    page.goto(network.server.address)
    wait_for(page, "You are signed in, but have no role yet.")


def test_a_sign_in_left_alone_for_half_an_hour_is_over(network: Network) -> None:
    people.add(network.writer, Person(network.person("boris"), "funder"))
    page = network.come()
    network.sign_in(page, "boris")
    wait_for(page, "you read as a funder")
    long_ago = datetime.now(UTC) - timedelta(minutes=31)
    with network.writer.begin() as connection:
        assert connection.execute(text("UPDATE sign_in SET last_seen_at = :then"), {"then": long_ago}).rowcount == 1
    page.get_by_role("link", name="Overlap").click()
    page.get_by_role("button", name="Sign in").wait_for(timeout=30_000)


def test_somebody_of_another_provider_is_somebody_else(network: Network) -> None:
    people.add(network.writer, Person(people.pseudonym("https://id.example", "carla"), "steward"))
    page = network.come()
    network.sign_in(page, "carla")
    wait_for(page, "You are signed in, but have no role yet.")
