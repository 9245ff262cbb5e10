"""Sums of money kept at refresh say what the records say, for every viewer and choice, on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import partial

import pandas as pd
import pytest
from sqlalchemy import insert, text

from dashboard.answers import gaps as gaps_of
from dashboard.answers import money_rows, portfolio
from dashboard.metrics import circles, funding, money_sums, need_tiers, placement
from dashboard.metrics.standing import RECEIVED, STANDINGS, standing
from dashboard.upkeep.recorded_money import records_of
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, database, problems, queries, schema
from data_access.filters import LISTS, Filters
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, open_sample_visit, some

VIEWERS = [FUNDER, LITHUANIAN, Viewer("coordinator", ("DE",)), EVERYWHERE, STEWARD]


def records(urls: addresses.Urls, viewer: Viewer) -> placement.Records:
    return records_of(partial(database.run, connections.open_reader(urls.shared)), viewer)


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    words = frame.select_dtypes("category").columns
    frame = frame.astype(dict.fromkeys(words, "str"))
    return frame.sort_values(list(frame.columns)).reset_index(drop=True)


def own_sums(known: placement.Records, *currencies: str) -> dict[str, pd.DataFrame]:
    """What is kept of records of which everybody knows the same: the rows of each table."""
    everybody = (pd.Series(money_sums.EVERYBODY, index=ids) for ids in (known.lines, known.organisations))
    return whole(money_sums.stored(money_sums.sums(known, known.amounts(*currencies), *everybody)))


def whole(parts: Iterable[money_sums.Part]) -> dict[str, pd.DataFrame]:
    """The rows of each table."""
    found: dict[str, list[pd.DataFrame]] = {}
    for table, rows in parts:
        found.setdefault(table, []).append(rows)
    return {table: pd.concat(several, ignore_index=True) for table, several in found.items()}


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest) -> addresses.Urls:
    """The sample world on one database."""
    return request.getfixturevalue("sample_urls" if request.param == "sqlite" else "postgresql_urls")


READERS = [(viewer, currency) for currency in ("EUR", "USD") for viewer in VIEWERS]


@pytest.mark.parametrize(("viewer", "currency"), some(READERS, 4), ids=str)
def test_what_a_viewer_reads_is_what_her_own_records_add_up_to(
    urls: addresses.Urls, viewer: Viewer, currency: str
) -> None:
    assert_reads_her_own(urls, viewer, currency)


def assert_reads_her_own(urls: addresses.Urls, viewer: Viewer, currency: str) -> None:
    """What is kept for her is what is made of her own records alone."""
    read = partial(database.run, connections.open_reader(urls.shared))
    kept = own_sums(records(urls, viewer), currency)
    own = {name: frame.drop(columns=["circle", "reporting"]) for name, frame in kept.items()}
    for tier in need_tiers.TIERS:
        bit = need_tiers.reading(tier)
        of_reading = own["money_month"][own["money_month"]["readings"] & bit > 0].drop(columns="readings")
        amounts = ["signed", "pledged", "need", "known_needs"]
        keys = [name for name in of_reading if name not in amounts]
        months = of_reading.groupby(keys, as_index=False)[amounts].sum()
        months = months[months[amounts].ne(0).any(axis=1)]
        pd.testing.assert_frame_equal(
            in_order(read(queries.money.months(currency, viewer, bit)))[months.columns],
            in_order(months),
            check_dtype=False,
        )
    lowest = need_tiers.reading("lowest")
    for year in sorted(own["money_line"]["year"].unique()):
        found = read(queries.money.lines(currency, int(year), viewer, lowest))
        rows = own["money_line"][(own["money_line"]["year"] == year) & (own["money_line"]["readings"] & lowest > 0)]
        rows = rows.assign(signed=rows["received"] + rows["passed_on"])
        keys = ["line", "organisation_id", "host_country", "activity"]
        amounts = ["signed", "need", "known_needs", "unknown_needs", "parts"]
        expected = rows.groupby(keys, as_index=False)[amounts].sum()
        expected = expected[expected[["known_needs", "unknown_needs", "parts"]].ne(0).any(axis=1)]
        pd.testing.assert_frame_equal(in_order(found[keys + amounts]), in_order(expected), check_dtype=False)
    received = read(queries.money.recipients(currency, viewer))
    expected = own["money_recipient"].sort_values("organisation_id")
    assert received["organisation_id"].tolist() == expected["organisation_id"].tolist()
    for column in expected.columns:
        assert received[column].astype(object).where(received[column].notna(), None).tolist() == (
            expected[column].astype(object).where(expected[column].notna(), None).tolist()
        ), column
    kept_by = {"money_grantee": "grantees", "money_project": "projects", "book": "book"}
    for table, name in kept_by.items():
        query = getattr(queries.money, name)
        found = read(query(currency, viewer))
        found = found[found["units"] > 0] if table == "book" else found
        assert_same(found[own[table].columns], own[table])
    to_fix = read(queries.funding.grants_to_fix(currency, viewer))[["grant_id", "reason"]]
    assert_same(to_fix, own["grant_to_fix"][["grant_id", "reason"]])


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same rows in whatever order."""
    pd.testing.assert_frame_equal(in_order(found), in_order(expected[found.columns]), check_dtype=False)


def chosen_lines(known: placement.Records, filters: Filters) -> set[int] | None:
    """The lines of a choice, from the records."""
    lines: set[int] | None = None
    if filters.audiences:
        facets = known.facets
        serving = facets[(facets["facet"] == "audience") & facets["code"].isin(filters.audiences)]
        lines = set(serving["project_id"])
    if filters.funders:
        is_theirs = known.grants["funder_slug"].isin(filters.funders) & (known.grants["status"] != "cancelled")
        paid = set(known.received_on[is_theirs])
        lines = paid if lines is None else lines & paid
    return lines


def cut(rows: pd.DataFrame, filters: Filters, lines: set[int] | None) -> pd.DataFrame:
    for column, values in (("host_country", filters.host_countries), ("activity", filters.activities)):
        rows = rows[rows[column].isin(values)] if values else rows
    return rows if lines is None else rows[rows["line"].isin(lines)]


def choices(known: placement.Records) -> list[Filters]:
    payers = known.grants["funder_slug"].value_counts().index[:2].tolist()
    return [
        Filters(),
        Filters(host_countries=("GE", "LT")),
        Filters(activities=("legal_aid", "media")),
        Filters(audiences=("journalists",)),
        Filters(audiences=("at_risk", "youth"), host_countries=("DE",)),
        Filters(funders=(payers[0],)),
        Filters(funders=tuple(payers), audiences=("journalists",), activities=("media",), since="2023-01"),
    ]


@pytest.mark.parametrize("viewer", [FUNDER, LITHUANIAN, STEWARD], ids=str)
def test_the_picture_of_every_choice_is_that_of_its_records(deployment, sample_urls, viewer: Viewer) -> None:
    known = records(sample_urls, viewer).converted("EUR")
    placed = placement.place(known)
    for filters in choices(known):
        lines = chosen_lines(known, filters)
        signed, pledged, needs = (cut(rows, filters, lines) for rows in (placed.signed, placed.pledged, placed.needs))
        needs = needs[needs["readings"] & need_tiers.reading("lowest") > 0]
        money = portfolio.picture(open_sample_visit(viewer, filters))
        stated = pd.MultiIndex.from_frame(needs[["line", "month"]].drop_duplicates())
        on_need = signed[pd.MultiIndex.from_frame(signed[["line", "month"]]).isin(stated)]
        for column, rows in (("signed", signed), ("signed_on_need", on_need), ("pledged", pledged), ("need", needs)):
            expected = rows.groupby("month")["minor"].sum().reindex(money.monthly["month"])
            found = money.monthly.set_index("month")[column].astype("Int64")
            assert (found.fillna(0) == expected.astype("Int64").fillna(0)).all(), (filters, column)
            assert column != "need" or (found.isna() == expected.isna()).all(), filters
        of_year, needed = (rows[rows["month"].dt.year == money.year] for rows in (signed, needs))
        found = money.lines.set_index("line")
        assert of_year.groupby("line")["minor"].sum().to_dict() == (
            found.loc[found.index.isin(of_year["line"]), "funded"].to_dict()
        )
        is_unknown = needs["minor"].isna() & needs["period_start"].dt.year.le(money.year)
        unknown = set(needs.loc[is_unknown & needs["period_end"].dt.year.ge(money.year), "line"])
        assert set(found.index) == {*of_year["line"], *needed["line"], *unknown}
        expected = {line: need for line, need in needed.groupby("line")["minor"].sum().items() if line not in unknown}
        assert found["need"].dropna().to_dict() == expected
        is_inside = known.grants["recipient_is_member"].astype(bool)
        received = set(known.grants.loc[is_inside, "recipient_id"])
        if any(getattr(filters, field) for field in LISTS.values()):
            received &= set(signed["organisation_id"])
        assert received <= set(money.recipients["organisation_id"])
        counted = known.grants[known.grants["recipient_id"].isin(received) & standing(known.grants).isin(RECEIVED)]
        assert money.recipients["total"].sum() == counted["minor"].sum()


def test_lines_placed_a_few_at_a_time_add_to_the_same(monkeypatch: pytest.MonkeyPatch, sample_urls) -> None:
    known = records(sample_urls, STEWARD)
    at_once = own_sums(known, "EUR", "USD")
    monkeypatch.setattr(money_sums, "AT_ONCE", 40)
    monkeypatch.setattr(money_sums, "ROWS_HELD", 100)
    in_turn = own_sums(known, "EUR", "USD")
    assert in_turn.keys() == at_once.keys()
    for name, frame in at_once.items():
        assert_same(in_turn[name], frame)


def test_a_line_meets_need_only_where_the_choice_holds_its_need() -> None:
    needed_in = pd.Series([money_sums.HERE, money_sums.NEVER, "DE/media", "DE/media\nLT/legal_aid"])

    def meets(**chosen: tuple[str, ...]) -> list[bool]:
        return portfolio.meets_need(needed_in, replace(Filters(), **chosen)).tolist()

    assert meets() == [True, False, True, True]
    assert meets(host_countries=("LT",)) == [True, False, False, True]
    assert meets(host_countries=("LT",), activities=("media",)) == [True, False, False, False]


def test_a_regrant_is_to_fix_by_its_own_places_not_by_its_intermediarys(sample_urls) -> None:
    known = records(sample_urls, STEWARD)
    placed = placement.place(known.converted("EUR")).signed
    nowhere = placed[placed["host_country"] == funding.NOT_STATED]
    taken = set(nowhere.loc[nowhere["is_passed_on"], "grant_id"]) - set(
        nowhere.loc[~nowhere["is_passed_on"], "grant_id"]
    )
    assert taken
    to_fix = own_sums(known, "EUR")["grant_to_fix"]
    assert not taken & set(to_fix.loc[to_fix["reason"] == "no_country", "grant_id"])


def test_who_has_no_sums_of_her_own_is_told(deployment) -> None:
    assert open_sample_visit(LITHUANIAN).is_summed
    assert not open_sample_visit(Viewer("coordinator", ("AM", "KZ", "LT"))).is_summed


def test_a_database_without_sums_is_refused_until_it_is_refreshed(own_sample: addresses.Urls) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("DELETE FROM meta WHERE key = 'summed_version'"))
    with pytest.raises(problems.DatabaseProblem, match="meridian refresh"):
        database.assert_ready(connections.open_reader(own_sample.shared))


@pytest.fixture
def crossed(own_sample: addresses.Urls) -> addresses.Urls:
    """Money that crosses: core work alone, a re-grant for its payer's project, a grant without day or place."""
    engine = connections.open_writer(own_sample.shared)
    with engine.begin() as connection:
        owner = connection.scalar(
            text(
                "SELECT id FROM organisation WHERE is_initiative AND visibility = 'public' AND independence = 'independent' "
                "AND id NOT IN (SELECT organisation_id FROM need WHERE organisation_id IS NOT NULL) ORDER BY id LIMIT 1"
            )
        )
        payer, led = connection.execute(
            text(
                "SELECT o.id, p.id FROM organisation o JOIN project p ON p.organisation_id = o.id "
                "WHERE o.visibility = 'public' AND o.id <> :owner ORDER BY p.id LIMIT 1"
            ),
            {"owner": owner},
        ).one()
        nowhere = connection.scalar(
            text(
                "SELECT id FROM organisation WHERE is_initiative AND visibility = 'public' AND independence = 'independent' "
                "AND id NOT IN (:owner, :payer) ORDER BY id DESC LIMIT 1"
            ),
            {"owner": owner, "payer": payer},
        )
        for organisation_id in (payer, nowhere):
            connection.execute(text("DELETE FROM presence WHERE organisation_id = :o"), {"o": organisation_id})
        connection.execute(
            text("DELETE FROM project_facet WHERE project_id = :p AND facet = 'host_country'"), {"p": led}
        )
        year = {"period_start": date(2026, 1, 1), "period_end": date(2026, 12, 31)}
        need = {"currency": "EUR", "kind": "budget", "stated_on": date(2025, 12, 1), **year}
        connection.execute(
            insert(schema.need),
            [
                {**need, "project_id": None, "organisation_id": owner, "amount_minor": 900_000_00},
                {**need, "project_id": led, "organisation_id": None, "amount_minor": 900_000_00},
            ],
        )
        grant = {"status": "commitment", "restriction": "unknown", "starts_on": date(2026, 1, 1),
                 "ends_on": date(2026, 12, 31), "recorded_on": date(2026, 1, 1)}  # fmt: skip
        day = {"currency": "EUR", "committed_on": date(2025, 12, 1), "kind": "regrant", "amount_minor": 120_000_00}
        connection.execute(
            insert(schema.grant),
            [
                {**grant, **day, "reference": "X-1", "funder_id": payer, "recipient_id": owner, "project_id": led},
                {**grant, "reference": "X-2", "funder_id": None, "recipient_id": nowhere, "project_id": None,
                 "currency": "USD", "committed_on": None, "kind": "new", "amount_minor": 5_000_00},
            ],
        )  # fmt: skip
    refresh(engine, None, date(2026, 10, 18))
    return own_sample


def test_rows_behind_a_bar_add_to_it_where_money_crosses(crossed: addresses.Urls) -> None:
    for viewer in (FUNDER, STEWARD):
        money = portfolio.picture(open_sample_visit(viewer))
        cells = money.cells
        for by in ("host_country", "activity"):
            for value, signed in some(list(cells.groupby(by)["signed"].sum().items()), 3, viewer.role, by):
                rows = money_rows.rows_of_gap(money, by, str(value)).rows
                assert rows.loc[rows["entry"] != "need", "part"].sum() == signed, (by, value)
        gaps = gaps_of.by_size(money, "line")
        for line in gaps["line"][:3]:
            assert not money_rows.rows_of_gap(money, "line", line).rows.empty
        assert any(line.startswith("Core work · ") for line in gaps["line"][:3])
        reasons = {
            currency: own.loc[own["reference"] == "X-2", "reason"].tolist()
            for currency in ("EUR", "USD")
            for own in [money_rows.grants_to_fix(replace(money, currency=currency))]
        }
        assert reasons == {"EUR": ["no_signing_date"], "USD": ["no_country"]}


@pytest.mark.parametrize("viewer", VIEWERS, ids=str)
def test_a_line_of_the_account_that_a_reader_has_no_grant_in_is_none_and_not_unknown(sample_urls, viewer) -> None:
    read = partial(database.run, connections.open_reader(sample_urls.shared))
    for currency in funding.CURRENCIES:
        found = read(queries.money.book(currency, viewer)).set_index("line")
        assert set(found.index) == {*STANDINGS, money_sums.NOT_IN_TIME}
        assert found.notna().all(axis=None) and (found["units"] == 0).any()


def circles_of(
    several: list[placement.Records],
) -> tuple[placement.Records, tuple[pd.Index, pd.Index], circles.Circles]:
    """What the last one of several viewers knows, who knows most; the lines and organisations of which somebody knows something
    else; and the circles of all of them."""
    known = several[-1]
    unlike = {}
    for name, key in circles.KEYS.items():
        frames = [getattr(mine, name) for mine in several]
        apart = [
            pd.concat([one, getattr(known, name)]).drop_duplicates(keep=False)[key].astype("int64") for one in frames
        ]
        unlike[name] = pd.concat(apart).unique()
    about = circles.touched(known, unlike)
    found = circles.Circles(*about, unlike)
    for mine in several:
        found.add(mine)
    return known, about, found


def test_who_knows_the_same_is_in_the_same_circles_and_nothing_is_placed_twice(sample_urls) -> None:
    funder, steward = (records(sample_urls, viewer) for viewer in (FUNDER, STEWARD))
    known, _about, found = circles_of([funder, funder, steward, steward])
    members = found.members()
    sets = {viewer: set(own) for viewer, own in members.groupby("viewer")["circle"]}
    assert sets[0] == sets[1] and sets[2] == sets[3] and sets[0] & sets[2] == {money_sums.EVERYBODY}
    rows = whole(found.sums(known.amounts("EUR")))["grant_to_fix"]
    for viewer in (0, 3):
        own = rows[rows["circle"].isin(sets[viewer])]
        assert not own.duplicated(["grant_id", "reason"]).any()


def test_each_viewer_has_in_her_circles_what_she_has_alone(sample_urls) -> None:
    several = [records(sample_urls, viewer) for viewer in VIEWERS]
    known, (lines, organisations), found = circles_of(several)
    amounts, members = known.amounts("EUR", "USD"), found.members()
    unlike = whole(money_sums.stored(found.sums(amounts)))
    everybody = (
        pd.Series(money_sums.EVERYBODY, index=ids)
        for ids in (known.lines.difference(lines), known.organisations.difference(organisations))
    )
    alike = whole(money_sums.stored(money_sums.sums(known, amounts, *everybody)))
    for number, mine in enumerate(several):
        circle = members.loc[members["viewer"] == number, "circle"]
        for table, alone in own_sums(mine, "EUR", "USD").items():
            both = pd.concat([alike[table], unlike[table][unlike[table]["circle"].isin(circle)]])
            keys = [name for name in money_sums.ADDED_UP.get(table, alone.columns) if name != "circle"]
            together = [
                rows.astype({name: "str" for name in keys if rows[name].dtype == "category"}) for rows in (both, alone)
            ]
            summed = [
                rows.drop(columns="circle").groupby(keys, dropna=False, as_index=False).sum()
                if table in money_sums.ADDED_UP
                else rows.drop(columns="circle")
                for rows in together
            ]
            summed = [rows[rows.select_dtypes("number").ne(0).any(axis=1)] for rows in summed]
            assert_same(*summed)


@pytest.fixture
def halfway(own_sample: addresses.Urls) -> addresses.Urls:
    """Somebody unlisted in Lithuania has a grant for the project of somebody unlisted in Germany, another for its core work, and
    needs money there: who coordinates Lithuania alone has the first among the core work, as nobody else has."""
    engine = connections.open_writer(own_sample.shared)
    with engine.begin() as connection:
        ids = {}
        for country in ("LT", "DE"):
            made = connection.execute(
                insert(schema.organisation).values(
                    slug=country, name=country, search_key=country, is_initiative=True, is_funder=False,
                    visibility="aggregate_only", independence="independent",
                )
            )  # fmt: skip
            ids[country] = made.inserted_primary_key[0]
            spot = {"host_country": country, "role": "team", "precision": "country"}
            connection.execute(insert(schema.presence).values(organisation_id=ids[country], **spot))
        led = {"slug": "led", "name": "Led", "organisation_id": ids["DE"], "status": "running"}
        led_id = connection.execute(insert(schema.project).values(**led)).inserted_primary_key[0]
        year = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31), "committed_on": date(2025, 12, 1)}
        grant = {"status": "commitment", "restriction": "unknown", "recorded_on": date(2026, 1, 1), "kind": "new",
                 "currency": "EUR", "recipient_id": ids["LT"], "funder_id": None, **year}  # fmt: skip
        for reference, project_id in (("H-1", led_id), ("H-2", None)):
            connection.execute(
                insert(schema.grant).values(**grant, reference=reference, project_id=project_id, amount_minor=1_000_00)
            )
        connection.execute(
            insert(schema.need).values(
                organisation_id=ids["LT"], project_id=None, amount_minor=5_000_00, currency="EUR", kind="budget",
                stated_on=date(2025, 12, 1), period_start=date(2026, 1, 1), period_end=date(2026, 12, 31),
            )
        )  # fmt: skip
    refresh(engine, None, date(2026, 10, 18))
    return own_sample


def test_who_sees_a_grant_but_not_its_project_reads_what_she_knows(halfway: addresses.Urls) -> None:
    for viewer in (FUNDER, LITHUANIAN, EVERYWHERE, STEWARD):
        assert_reads_her_own(halfway, viewer, "EUR")
