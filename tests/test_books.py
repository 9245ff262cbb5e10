"""The books balance: on made portfolios, through both databases, in the sample for every viewer; and a planted fault shows."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, text

from dashboard.commands.cli import main
from dashboard.metrics import funding, money_sums, standing
from dashboard.metrics.funding import CURRENCIES
from dashboard.upkeep import books
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, database, schema
from data_access.migrate import upgrade
from data_access.viewer import Viewer
from tests.conftest import EVERYWHERE, FUNDER, LITHUANIAN, STEWARD, examples, new_database, some
from tests.test_metrics_funding import grants as grant_rows

AS_OF = date(2024, 6, 30)
ORGANISATIONS = range(1, 8)
DAY = st.integers(0, 900).map(lambda n: date(2022, 6, 1) + timedelta(days=n))

drawn_grant = st.fixed_dictionaries(
    {
        "funder_id": st.one_of(st.none(), st.sampled_from(ORGANISATIONS)),
        "recipient_id": st.sampled_from(ORGANISATIONS),
        "amount_minor": st.one_of(st.none(), st.integers(0, 10**10)),
        "currency": st.sampled_from(["EUR", "EUR", "USD", "GEL"]),
        "status": st.sampled_from(["commitment", "commitment", "commitment", "pledge", "cancelled", "unknown"]),
        "kind": st.sampled_from(schema.GRANT_KINDS),
        "restriction": st.sampled_from(schema.RESTRICTIONS),
        "committed_on": st.one_of(st.none(), DAY),
        "starts_on": st.one_of(st.none(), DAY),
        "ends_on": st.one_of(st.none(), DAY),
        "is_joint": st.booleans(),
        "shares": st.lists(st.sampled_from([None, 0, 1000, 5000, 8000, 10_000]), max_size=3),
    }
)
drawn_need = st.fixed_dictionaries(
    {
        "organisation_id": st.sampled_from(ORGANISATIONS),
        "amount_minor": st.one_of(st.none(), st.integers(0, 10**9)),
        "currency": st.sampled_from(["EUR", "USD", "GEL"]),
        "kind": st.sampled_from(schema.NEED_KINDS),
        "confidence": st.sampled_from(["low", "medium", "high", None]),
        "period_start": DAY,
        "days": st.integers(0, 500),
        "stated_by": st.sampled_from(["x", None]),
        "stated_on": st.one_of(st.none(), DAY),
    }
)
network = st.fixed_dictionaries(
    {
        "member": st.lists(st.booleans(), min_size=7, max_size=7),
        "state_linked": st.lists(st.sampled_from([False, False, False, True]), min_size=7, max_size=7),
        "visibility": st.lists(st.sampled_from(schema.VISIBILITY), min_size=7, max_size=7),
        "precision": st.lists(st.sampled_from(schema.PRECISIONS), min_size=7, max_size=7),
        "country": st.lists(st.sampled_from(["LT", "DE", "GE", None]), min_size=7, max_size=7),
        "status": st.lists(st.sampled_from(["running", "ended"]), min_size=7, max_size=7),
        "grants": st.lists(drawn_grant, max_size=12),
        "needs": st.lists(drawn_need, max_size=6),
    }
)


@settings(max_examples=examples(500))
@given(network)
def test_every_grant_has_one_standing_and_the_money_of_the_network_adds_up(drawn: dict[str, Any]) -> None:
    member = dict(zip(ORGANISATIONS, drawn["member"], strict=True))
    rows = [
        {k: v for k, v in g.items() if k not in ("is_joint", "shares", "restriction")}
        | {"funder_is_member": member.get(g["funder_id"], False), "recipient_is_member": member[g["recipient_id"]]}
        for g in drawn["grants"]
    ]
    if not rows:
        return
    frame = grant_rows(*rows)
    frame["minor"] = frame["amount_minor"].where(frame["currency"] == "EUR")
    words = standing.standing(frame)
    assert set(words) <= set(standing.STANDINGS)
    sums = frame.groupby(words)["minor"].sum().reindex(standing.STANDINGS, fill_value=0)
    entries = funding.ledger(frame)
    came = sums[[standing.ENTERED, standing.CARRIED_OVER, standing.OWN, standing.UNSOURCED]].sum()
    assert entries["minor"].sum() == came - sums[standing.LEFT]
    spread = funding.spread(entries)["minor"].sum()
    assert spread + entries.loc[~funding.has_days(entries), "minor"].sum() == entries["minor"].sum()
    received = money_sums.recipients(frame.assign(restriction="unknown"))
    inside = received[received["organisation_id"].map(member)]
    found = funding.flow(inside)
    assert found["in_network"] - found["not_on_record"] == entries["minor"].sum()
    assert found["kept"] >= 0 and found["regranted"] >= 0 and found["kept"] + found["regranted"] == found["in_network"]
    own = inside.set_index("organisation_id")
    net = entries.groupby("organisation_id")["minor"].sum()
    assert (funding.ends_with(own) == net.reindex(own.index).fillna(0).clip(lower=0)).all()


@settings(max_examples=examples(500))
@given(st.integers(-(10**12), 10**12), st.lists(st.one_of(st.none(), st.integers(0, 15_000)), max_size=4))
def test_parts_add_to_the_amount_and_no_declared_share_grows(amount: int, shares: list[int | None]) -> None:
    parts = pd.DataFrame({"entry": 0, "place": [f"P{n}" for n in range(len(shares))],
                          "share_bp": pd.array(shares, "Int64")})  # fmt: skip
    entries = pd.DataFrame({"entry": [0], "minor": pd.array([amount], "Int64")})
    found = funding.split(entries, parts, "place", "entry").set_index("place")["minor"]
    assert found.sum() == amount
    declared = sum(share or 0 for share in shares)
    if declared > funding.WHOLE_BP:
        assert found.to_dict() == {funding.NOT_STATED: amount}
    for n, share in enumerate(shares):
        if share is not None and declared <= funding.WHOLE_BP:
            assert abs(found.get(f"P{n}", 0)) <= abs(amount) * share / funding.WHOLE_BP + 1


def fill(engine: Engine, drawn: dict[str, Any]) -> None:
    """Make the drawn network the only one in the database."""
    with engine.begin() as connection:
        for table in reversed(schema.shared.sorted_tables):
            if table.name not in ("code", "alembic_version"):
                connection.execute(delete(table))
        for n, member, linked, seen in zip(ORGANISATIONS, drawn["member"], drawn["state_linked"], drawn["visibility"],
                                           strict=True):  # fmt: skip
            connection.execute(insert(schema.organisation), {
                "id": n, "slug": f"o{n}", "name": f"O{n}", "search_key": f"o{n}", "is_initiative": member,
                "is_funder": not member, "visibility": seen,
                "independence": "state_linked" if linked else "independent"})  # fmt: skip
            connection.execute(insert(schema.presence), {
                "organisation_id": n, "host_country": drawn["country"][n - 1], "role": "team",
                "precision": drawn["precision"][n - 1]})  # fmt: skip
            connection.execute(insert(schema.project), {
                "id": n, "slug": f"p{n}", "name": f"P{n}", "organisation_id": n, "status": drawn["status"][n - 1]})  # fmt: skip
            if drawn["country"][n - 1]:
                connection.execute(insert(schema.project_facet), {
                    "project_id": n, "facet": "host_country", "code": drawn["country"][n - 1], "is_withheld": n % 3 == 0})  # fmt: skip
        connection.execute(insert(schema.fx_rate), [
            {"currency": "USD", "on_date": date(2022, 5, 30) + timedelta(days=7 * n), "micro_per_eur": 1_100_000 + n,
             "rate_set": "made"} for n in range(100)])  # fmt: skip
        for number, g in enumerate(drawn["grants"], 1):
            row = {k: v for k, v in g.items() if k not in ("is_joint", "shares")}
            parent = number - 1 if g["kind"] == "regrant" and number > 1 else None
            connection.execute(insert(schema.grant), row | {
                "id": number, "reference": f"G{number}", "parent_grant_id": parent,
                "joint_group": "J" if g["is_joint"] else None, "project_id": g["recipient_id"] if number % 2 else None})  # fmt: skip
            for country, share in zip(("LT", "DE", "GE"), g["shares"], strict=False):
                connection.execute(
                    insert(schema.grant_country), {"grant_id": number, "host_country": country, "share_bp": share}
                )
        for number, n in enumerate(drawn["needs"], 1):
            row = {k: v for k, v in n.items() if k != "days"}
            row["period_end"] = n["period_start"] + timedelta(days=n["days"])
            if number % 2:
                row |= {"organisation_id": None, "project_id": n["organisation_id"]}
            connection.execute(insert(schema.need), row | {"id": number})


def faults(engine: Engine, viewers: list[Viewer], currencies: tuple[str, ...] = CURRENCIES) -> list[str]:
    with engine.connect() as connection:
        read = partial(database.run, connection)
        return [
            f"{account.viewer.role}, {account.page}: {fault}"
            for viewer in viewers
            for account in books.accounts(read, viewer, pd.Timestamp(AS_OF), currencies)
            for fault in account.faults
        ]


VIEWERS = [FUNDER, STEWARD, EVERYWHERE]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    engine = new_database(request, tmp_path_factory.mktemp("made"))
    upgrade(engine, "shared")
    return engine


@settings(max_examples=examples(20, least=4), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(network)
def test_the_books_of_made_networks_balance_for_every_viewer(made: Engine, drawn: dict[str, Any]) -> None:
    fill(made, drawn)
    refresh(made, None, AS_OF)
    assert faults(made, VIEWERS, ("EUR",)) == []


def account_lines(engine: Engine, viewer: Viewer) -> dict[tuple, tuple]:
    with engine.connect() as connection:
        read = partial(database.run, connection)
        found = list(books.accounts(read, viewer, pd.Timestamp(AS_OF), ("EUR",)))
    return {
        (a.page, a.subject, a.currency): (a.loaded, a.loaded_minor, tuple((x.name, x.units, x.minor) for x in a.lines))
        for a in found
    }


@settings(max_examples=examples(6, least=2), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(network, drawn_grant, drawn_need)
def test_nothing_unlisted_is_in_any_line_of_a_funders_account(
    made: Engine, drawn: dict[str, Any], hidden_grant: dict[str, Any], hidden_need: dict[str, Any]
) -> None:
    """The seventh organisation asked not to be listed: changing what is recorded of it changes no line, count or rest."""
    drawn["visibility"][6] = "aggregate_only"
    listed = [g | {"funder_id": None if g["funder_id"] == 7 else g["funder_id"]} for g in drawn["grants"]]
    drawn["grants"] = [g for g in listed if g["recipient_id"] != 7]
    drawn["needs"] = [n for n in drawn["needs"] if n["organisation_id"] != 7]
    fill(made, drawn)
    refresh(made, None, AS_OF)
    before = account_lines(made, FUNDER)
    more = drawn | {
        "country": [*drawn["country"][:6], "LT"],
        "grants": [*drawn["grants"], hidden_grant | {"recipient_id": 7}],
        "needs": [*drawn["needs"], hidden_need | {"organisation_id": 7}],
    }
    fill(made, more)
    refresh(made, None, AS_OF)
    assert account_lines(made, FUNDER) == before


@pytest.mark.parametrize(
    ("urls", "viewer"),
    some(list(product(["sqlite", "postgresql"], [FUNDER, LITHUANIAN, STEWARD])), 5, "books"),
    indirect=["urls"],
    ids=str,
)
def test_the_books_of_the_sample_balance(urls: addresses.Urls, viewer: Viewer) -> None:
    engine = connections.open_reader(urls.shared)
    assert faults(engine, [viewer]) == []


def test_the_cases_of_the_sample_balance_to_the_case(sample_urls: addresses.Urls) -> None:
    read = partial(database.run, connections.open_writer(str(sample_urls.cases)))
    for viewer in (EVERYWHERE, LITHUANIAN):
        account = books.of_cases(read, viewer)
        assert account.faults == () and account.loaded > 0


@pytest.mark.parametrize(
    "fault",
    [
        "DELETE FROM book WHERE line = 'no_rate'",
        "UPDATE book SET units = units + 1 WHERE line = 'pledged'",
        "UPDATE money_recipient SET entered = entered - 1 WHERE entered > 0",
        "UPDATE money_line SET received = 0 WHERE received > 0 AND host_country = 'not_stated'",
        "UPDATE money_month SET signed = signed + 1 WHERE signed > 0 AND activity = 'media'",
        "UPDATE money_line SET need = need + 1 WHERE need > 0 AND host_country = 'DE'",
        "DELETE FROM overlap_pair WHERE label = 'related'",
        "DELETE FROM need WHERE amount_minor IS NULL AND 1 = 0 OR kind = 'budget'",
    ],
)
def test_a_unit_that_is_in_no_line_or_in_two_is_found(own_sample: addresses.Urls, fault: str) -> None:
    engine = connections.open_writer(own_sample.shared)
    with engine.begin() as connection:
        connection.execute(text(fault))
    assert faults(engine, [FUNDER])


def test_check_books_prints_the_account_and_fails_when_it_does_not_add_up(own_sample: addresses.Urls, capsys) -> None:
    engine = connections.open_writer(own_sample.shared)
    assert main(["check", "--books"]) == 0
    said = capsys.readouterr().out
    assert "The books balance." in said and "left out: no_amount" in said and "relocation, coordinator LT" in said
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM book WHERE line = 'cancelled'"))
    assert main(["check", "--books"]) == 1
    assert "WRONG" in capsys.readouterr().out
