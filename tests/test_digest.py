"""The digest: what crossed a line, once in six months to the same view, worsening first, and nothing its reader may not know."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import insert, text

from dashboard.answers import crossed, dependence, portfolio
from dashboard.commands.cli import main
from dashboard.files import digest as files
from dashboard.page import reading
from data_access import addresses, connections, digests, saved_views
from data_access.saved_views import SavedView
from data_access.schema import digest_told
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit

LONG_AGO = date(2020, 1, 1)


def lines(viewer=FUNDER, since: date = LONG_AGO, told: frozenset = frozenset()) -> list[crossed.Crossed]:
    found = crossed.lines(open_sample_visit(viewer), since, set(told))
    return [one for several in found.values() for one in several]


@pytest.mark.usefixtures("deployment")
def test_each_line_is_what_the_pages_say() -> None:
    found = lines()
    visit = open_sample_visit(FUNDER)
    money = portfolio.picture(visit)
    short = portfolio.by_part(money, ["host_country"])
    short = short[(short["coverage"] < crossed.COVERAGE_BELOW) & (short["host_country"].str.len() == 2)]
    assert {one.about.split()[0] for one in found if one.rule == "coverage"} == set(short["host_country"])
    ending = dependence.ending(money).rows
    assert [one.about for one in found if one.rule == "organisation"] == list(ending["organisation"])
    assert {one.rule for one in found} == set(crossed.RULES)


@pytest.mark.usefixtures("deployment")
def test_what_has_a_day_is_told_from_that_day_on_and_the_rest_until_it_was_told() -> None:
    everything = lines()
    for one in everything:
        if one.day is not None:
            assert one.about not in {other.about for other in lines(since=one.day) if other.rule == one.rule}
            assert one.about in {
                other.about for other in lines(since=one.day - timedelta(days=1)) if other.rule == one.rule
            }
            break
    told = frozenset((one.rule, one.about) for one in everything[:3])
    assert len(lines(told=told)) == len(everything) - 3


@pytest.mark.usefixtures("deployment")
def test_a_rule_is_told_worst_first() -> None:
    found = crossed.lines(open_sample_visit(FUNDER), LONG_AGO, set())
    assert list(found) == [rule for rule in crossed.RULES if rule in found]
    for several in found.values():
        assert [one.weight for one in several] == sorted((one.weight for one in several), reverse=True)


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("viewer", [LITHUANIAN, EVERYWHERE, STEWARD], ids=str)
def test_of_cases_nothing_is_told_but_published_figures(viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    told = lines(viewer)
    monkeypatch.delenv(addresses.CASES_URL_VARIABLE)
    reading.forget()
    assert [one.said for one in lines(viewer)] == [one.said for one in told if "(cases)" not in one.said]


def test_nothing_of_an_unlisted_initiative_is_in_a_funders_digest(own_sample: addresses.Urls) -> None:
    with connections.open_reader(own_sample.shared).connect() as connection:
        hidden = set(connection.scalars(text("SELECT name FROM organisation WHERE visibility = 'aggregate_only'")))
        listed = set(connection.scalars(text("SELECT name FROM organisation WHERE visibility <> 'aggregate_only'")))
    hidden = {name for name in hidden if not any(name in other for other in listed)}
    said = " ".join(one.said for one in lines())
    assert hidden and not [name for name in hidden if name in said]


def test_the_command_tells_once_in_six_months_and_prints_nothing_then(
    own_sample: addresses.Urls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["digest", "--as", "funder", "--since", "2026-01-01", "--out", str(tmp_path / "out")]
    assert main([*command, "--dry-run"]) == 0
    first = capsys.readouterr().out
    assert main(command) == 0 and capsys.readouterr().out == first != ""
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()}
    assert set(written) == {"digest.txt", "digest.html", "digest.atom"} and written["digest.txt"] == first
    assert main(command) == 0 and capsys.readouterr().out == ""
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(digest_told.update().values(told_on=datetime.now(UTC).date() - timedelta(days=184)))
    assert main(command) == 0 and capsys.readouterr().out == first


def test_a_saved_view_is_told_with_its_filters_and_what_its_owner_may_see(
    own_sample: addresses.Urls, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = connections.open_writer(own_sample.shared)
    saved_views.keep(writer, "anna", SavedView("board", "overview", "country=LT&lang=de"))
    assert main(["digest", "--view", "board", "--since", "2026-01-01"]) == 0
    told = capsys.readouterr().out
    assert "Litauen" in told and "Georgien" not in told and "country=LT" in told
    saved_views.keep(writer, "boris", SavedView("board", "overview", "country=GE"))
    assert main(["digest", "--view", "board"]) == 1 and "--of" in capsys.readouterr().err
    assert main(["digest", "--view", "board", "--of", "boris", "--since", "2026-01-01"]) == 0
    assert "Georgia" in capsys.readouterr().out
    for wrong in (["--view", "none"], [], ["--view", "board", "--as", "funder"], ["--as", "funder", "--since", "soon"]):
        assert main(["digest", *wrong]) == 1


@pytest.mark.usefixtures("deployment")
def test_names_become_neither_markup_nor_broken_xml_and_links_are_those_of_the_deployment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MERIDIAN_PUBLIC_URL", "https://dash.example/")
    visit = open_sample_visit(FUNDER)
    wild = crossed.Crossed(
        "organisation", "<b>&\x1b", None, 1.0, "<script>alert(1)</script> & co", "funding_gaps", {"part": "dependence"}
    )
    found = {"organisation": [wild]}
    page = files.as_html(visit, found, LONG_AGO)
    assert "<script>" not in page and "https://dash.example/funding-gaps?part=dependence" in page
    feed = ElementTree.fromstring(files.as_atom(visit, found, "a" * 64, date(2026, 11, 26)))
    space = {"a": files.ATOM}
    assert feed.find("a:entry/a:title", space).text == wild.said
    for name in ("id", "title", "updated"):
        assert feed.find(f"a:{name}", space).text and feed.find(f"a:entry/a:{name}", space).text
    assert feed.find("a:entry/a:link", space).get("href", "").startswith("https://dash.example/")


def test_what_one_audience_was_told_is_not_another_ones(empty_shared) -> None:
    one, other = digests.audience("view", "anna", "board"), digests.audience("view", "anna", "boar", "d")
    assert one != other
    with empty_shared.begin() as connection:
        connection.execute(
            insert(digest_told), {"audience": one, "rule": "pair", "about": "1.2", "told_on": date(2026, 5, 1)}
        )
        digests.note(connection, other, [("coverage", "LT 2026")], date(2026, 6, 1))
        digests.note(connection, other, [], date(2026, 7, 1))
        assert digests.told_since(connection, one, LONG_AGO) == {("pair", "1.2")}
        assert digests.told_since(connection, other, date(2026, 6, 2)) == set()
        assert (digests.last(connection, one), digests.last(connection, other)) == (date(2026, 5, 1), date(2026, 6, 1))
