"""Who may read what: roles given, changed and taken, a log of it, and sign-ins that end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from dashboard.commands.cli import main
from dashboard.page import roles
from data_access import addresses, connections, people, sign_ins
from data_access.migrate import upgrade
from data_access.people import NotPossible, Person
from data_access.viewer import Viewer

ANNA, BORIS = people.pseudonym("https://id.example", "anna"), people.pseudonym("https://id.example", "boris")
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_noted() -> None:
    sign_ins._noted.clear()


@pytest.fixture
def shared(fresh: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    upgrade(fresh, "shared")
    monkeypatch.setattr(roles, "now", lambda ask: ask(fresh))
    yield fresh
    fresh.dispose()


def test_a_role_is_given_changed_and_taken_and_each_is_logged_with_who_did_it(shared: Engine) -> None:
    people.add(shared, Person(ANNA, "steward"))
    assert roles.as_viewer(roles.person_of(ANNA)) == Viewer("steward", None, ANNA)
    people.add(shared, Person(BORIS, "coordinator", ("DE", "LT"), "ru"), by=ANNA)
    assert roles.as_viewer(roles.person_of(BORIS)) == Viewer("coordinator", ("DE", "LT"), BORIS)
    assert roles.person_of(BORIS).language == "ru"
    people.change(shared, Person(BORIS, "coordinator", None), by=ANNA)
    assert roles.as_viewer(roles.person_of(BORIS)) == Viewer("coordinator", None, BORIS)
    people.remove(shared, BORIS, by=ANNA)
    with pytest.raises(roles.NoRole) as nobody:
        roles.as_viewer(roles.person_of(BORIS))
    assert nobody.value.subject == BORIS
    told = [(one.what, one.person, one.role, one.countries, one.changed_by) for one in people.changes(shared)]
    assert told == [
        ("removed", BORIS, "coordinator", "*", ANNA),
        ("changed", BORIS, "coordinator", "*", ANNA),
        ("added", BORIS, "coordinator", "DE,LT", ANNA),
        ("added", ANNA, "steward", "", ""),
    ]


def test_the_last_steward_stays_one(shared: Engine) -> None:
    people.add(shared, Person(ANNA, "steward"))
    for attempt in (lambda: people.remove(shared, ANNA), lambda: people.change(shared, Person(ANNA, "funder"))):
        with pytest.raises(NotPossible, match="last steward"):
            attempt()
    people.add(shared, Person(BORIS, "steward"))
    people.change(shared, Person(ANNA, "funder"))
    assert [(one.subject, one.role) for one in people.everybody(shared)] == [(BORIS, "steward"), (ANNA, "funder")]


def test_two_stewards_who_take_each_others_role_at_once_leave_one(shared: Engine) -> None:
    people.add(shared, Person(ANNA, "steward"))
    people.add(shared, Person(BORIS, "steward"))

    def take(subject: str) -> str:
        try:
            people.remove(shared, subject)
        except NotPossible as refusal:
            return str(refusal)
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(take, (ANNA, BORIS)))
    assert said == sorted(["taken", "This is the last steward; make somebody else one first."])
    assert len(people.everybody(shared)) == 1


@pytest.mark.parametrize(
    ("subject", "role", "countries", "language", "why"),
    [
        ("anna", "funder", (), "", "64 signs"),
        (ANNA, "admin", (), "", "no role admin"),
        (ANNA, "coordinator", ("XX",), "", "Not a country: XX"),
        (ANNA, "coordinator", ("lt",), "", "Not a country: lt"),
        (ANNA, "coordinator", (), "", "needs her host countries"),
        (ANNA, "funder", ("LT",), "", "Only coordinators"),
        (ANNA, "funder", (), "xx", "no language xx"),
    ],
)
def test_what_nobody_can_be_is_refused_before_it_is_written(
    subject: str, role: str, countries: tuple[str, ...], language: str, why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        people.assert_possible(Person(subject, role, countries, language))


def test_who_has_a_role_is_changed_and_who_has_none_is_added(shared: Engine) -> None:
    people.add(shared, Person(ANNA, "steward"))
    with pytest.raises(NotPossible, match="has a role already"):
        people.add(shared, Person(ANNA, "funder"))
    with pytest.raises(NotPossible, match="has no role"):
        people.change(shared, Person(BORIS, "funder"))


def test_a_sign_in_is_kept_open_by_use_and_ends_by_idleness_age_or_a_word(shared: Engine) -> None:
    issued = NOW.timestamp()
    for minutes in (0, 29, 58, 80):
        sign_ins.seen(shared, ANNA, issued, NOW + timedelta(minutes=minutes))
    with pytest.raises(sign_ins.Ended):
        sign_ins.seen(shared, ANNA, issued, NOW + timedelta(minutes=111))
    with pytest.raises(sign_ins.Ended):  # a cookie that is sent again later
        sign_ins.seen(shared, ANNA, issued, NOW + timedelta(minutes=112))
    later = NOW + timedelta(minutes=113)
    sign_ins.seen(shared, ANNA, later.timestamp(), later)
    sign_ins.seen(shared, ANNA, later.timestamp() + 5, later)
    sign_ins.seen(shared, BORIS, later.timestamp(), later)
    assert set(sign_ins.last_seen(shared, later)) == {ANNA, BORIS}
    assert sign_ins.end_all(shared, ANNA, later) == 2
    for issued_at in (later.timestamp(), later.timestamp() + 5):
        with pytest.raises(sign_ins.Ended):
            sign_ins.seen(shared, ANNA, issued_at, later)
    with pytest.raises(sign_ins.Ended):  # a cookie that was copied before and never used here
        sign_ins.seen(shared, ANNA, later.timestamp() - 60, later)
    sign_ins.seen(shared, BORIS, later.timestamp(), later)
    with pytest.raises(sign_ins.Ended):
        sign_ins.seen(shared, BORIS, later.timestamp(), later + timedelta(hours=12, seconds=1))


def test_a_reader_goes_on_while_a_load_holds_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shared.db"
    upgrade(connections.open_writer(url), "shared")
    noting = connections.open_appender(url, "sign_in")
    sign_ins.seen(noting, ANNA, NOW.timestamp(), NOW)
    with connections.open_writer(url).begin() as loading:
        loading.execute(text("UPDATE meta SET value = value"))
        sign_ins.seen(noting, ANNA, NOW.timestamp(), NOW + timedelta(minutes=5))
        sign_ins.seen(noting, BORIS, NOW.timestamp(), NOW + timedelta(minutes=5))


def test_who_was_changed_meanwhile_is_not_changed_unseen(shared: Engine) -> None:
    people.add(shared, Person(ANNA, "steward"))
    shown = Person(BORIS, "funder")
    people.add(shared, shown)
    people.change(shared, Person(BORIS, "coordinator", ("LT",)), by=ANNA)
    with pytest.raises(NotPossible, match="meanwhile"):
        people.remove(shared, BORIS, shown=shown)
    with pytest.raises(NotPossible, match="meanwhile"):
        people.change(shared, Person(BORIS, "steward"), shown=shown)


def test_the_logins_for_people_and_for_sign_ins_write_nothing_else(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shared.db"
    upgrade(connections.open_writer(url), "shared")
    giving, noting = connections.open_appender(url, "people_change"), connections.open_appender(url, "sign_in")
    people.add(giving, Person(ANNA, "steward"))
    sign_ins.seen(noting, ANNA, NOW.timestamp(), NOW)
    for engine, statement in (
        (giving, "DELETE FROM people_change"), (giving, "SELECT * FROM organisation"), (giving, "UPDATE meta SET value = '1'"),
        (noting, "INSERT INTO viewer (subject, role) VALUES ('x', 'steward')"), (noting, "SELECT * FROM viewer"),
    ):  # fmt: skip
        with pytest.raises(SQLAlchemyError), engine.begin() as connection:
            connection.execute(text(statement))


def test_the_command_gives_and_takes_roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, f"sqlite:///{tmp_path}/shared.db")
    assert main(["init"]) == 0
    who = ["--issuer", "https://id.example", "--subject", "anna"]
    assert main(["people", "add", *who, "--role", "steward"]) == 0
    assert (
        main(["people", "add", "--person", BORIS, "--role", "coordinator", "--country", "lt", "--language", "ru"]) == 0
    )
    assert main(["people", "change", "--person", BORIS, "--role", "coordinator", "--all-countries"]) == 0
    capsys.readouterr()
    assert main(["people", "list"]) == 0
    assert capsys.readouterr().out.split() == [ANNA, "steward", BORIS, "coordinator", "All", "countries"]
    assert main(["people", "remove", *who]) == 1
    assert "last steward" in capsys.readouterr().err
    assert main(["people", "remove", "--person", BORIS]) == 0
    assert main(["people", "add", "--role", "funder"]) == 1
    assert "Say who" in capsys.readouterr().err
    assert main(["people", "log"]) == 0
    assert [line.split()[4] for line in capsys.readouterr().out.splitlines()] == [
        "removed",
        "changed",
        "added",
        "added",
    ]
