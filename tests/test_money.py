"""Every sum on the funding page is the sum of its rows, to the cent, on both databases; one portfolio by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, insert, text

from dashboard.answers import accounts, money_reach, money_rows, portfolio
from dashboard.answers import gaps as gaps_of
from dashboard.commands.cli import main
from dashboard.page.visit import Visit
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from data_access import addresses, connections, database, meta, rates, schema
from data_access.filters import Filters
from data_access.migrate import upgrade
from data_access.viewer import Viewer
from tests.conftest import FUNDER, LITHUANIAN, STEWARD, open_sample_visit, serve, some
from tests.import_files import book

CHOICES = [
    Filters(),
    Filters(host_countries=("LT",)),
    Filters(activities=("media", "legal_aid")),
    Filters(audiences=("at_risk",), host_countries=("DE", "GE")),
    Filters(since="2025-01", until="2025-12"),
]


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize(("filters", "viewer"), some(list(product(CHOICES, [FUNDER, LITHUANIAN, STEWARD])), 7), ids=str)
def test_the_rows_of_every_month_and_bar_add_to_the_figure(viewer: Viewer, filters: Filters) -> None:
    money = portfolio.picture(open_sample_visit(viewer, filters))
    cell, monthly = (viewer, filters), money.monthly[["month", "signed", "need"]]
    for month, signed, need in some(list(monthly.itertuples(index=False)), 6, *cell):
        rows = money_rows.rows_of_month(money, f"{month:%Y-%m}").rows
        assert rows.loc[rows["entry"] != "need", "part"].sum() == signed
        assert rows.loc[rows["entry"] == "need", "part"].sum() == (0 if pd.isna(need) else need)
    for by in gaps_of.names():
        bars = gaps_of.largest(money, by)
        for value, need in some(list(zip(bars.rows[by], bars.rows["need"], strict=True)), 12, by, *cell):
            if lines := money_rows.lines_of_gap(money, by, value):
                bar = bars.rows.set_index(by).loc[value, ["need", "funded", "gap", "surplus"]]
                assert (lines.rows[bar.index].sum() == bar).all()
            rows = money_rows.rows_of_gap(money, by, value).rows
            assert rows.loc[rows["entry"] == "need", "part"].sum() == need
    if grid := gaps_of.coverage_grid(money):
        ranked = grid.rows.sort_values("gap", ascending=False, na_position="last")
        for name, row in some(list(zip(money_rows.grid_names(grid), ranked.itertuples(), strict=True)), 20, *cell):
            lines = money_rows.lines_of_cell(money, name)
            assert lines.rows["gap"].sum() == (0 if pd.isna(row.gap) else row.gap)
            rows = money_rows.rows_of_cell(money, name).rows
            assert rows.loc[rows["entry"] == "need", "part"].sum() == (0 if pd.isna(row.need) else row.need)
    for year in money_reach.year_names(money):
        rows = money_reach.rows_of_year(money, year).rows
        counted = money.newcomers.set_index("year").loc[int(year)]
        assert len(rows) == counted["grantees"] and rows["total"].sum() == counted["amount"]
        if pd.notna(counted["newcomers"]):
            assert (rows["grantee"] == "first_time").sum() == counted["newcomers"]
    chart = money_reach.flow(money)
    flow = chart.rows.set_index("step")["total"].abs()
    for step in money_reach.step_names(chart):
        added = money_reach.rows_of_step(money, step).rows["total"].sum()
        assert added == flow[step] if step != "regranted" else added >= flow[step]
    account = accounts.of_money(money)
    for line in some(list(account.rows.itertuples()), 2, *cell):
        totals = accounts.rows_of_line(money, line.standing).rows["total"]
        assert (len(totals), totals.isna().sum()) == (line.number, line.without_amount)
        assert totals.sum() == (0 if pd.isna(line.sum) else line.sum)
        assert pd.isna(line.sum) == totals.isna().all()
    assert money_reach.signed_grants(money).rows["total"].sum() == money.leaning["total"].sum()
    visit = open_sample_visit(viewer, filters)
    if income := money_reach.other_income(money, visit):
        for stated, row in zip(money_reach.income_names(income), income.rows.itertuples(), strict=True):
            rows = money_reach.rows_of_income(money, visit, stated).rows
            assert rows["total"].sum() == sum(v for k, v in row._asdict().items() if k not in ("Index", "year"))
    assert money.lines["funded"].sum() == money.cells["signed"].sum()


@pytest.mark.usefixtures("deployment")
def test_parts_of_countries_add_to_the_whole() -> None:
    whole = portfolio.picture(open_sample_visit(STEWARD))
    countries = sorted(set(whole.cells["host_country"]))
    assert "not_stated" in countries
    by_country = whole.cells.groupby("host_country")["signed"].sum()
    for country in [c for c in countries if len(c) == 2][:6]:
        one = portfolio.picture(open_sample_visit(STEWARD, Filters(host_countries=(country,))))
        assert one.cells["signed"].sum() == by_country[country]


@pytest.mark.usefixtures("deployment")
def test_the_currency_switch_changes_amounts_and_never_coverage_lines() -> None:
    visit = open_sample_visit(STEWARD)
    euro = portfolio.picture(visit)
    visit.currency = "USD"
    dollar = portfolio.picture(visit)
    assert dollar.totals.lines.known == euro.totals.lines.known
    assert 0.8 < dollar.totals.need / euro.totals.need < 1.5 and dollar.totals.need != euro.totals.need
    assert "USD" in dollar.rate_words and "EUR" in euro.rate_words


OUTSIDE, INTERMEDIARY, FIRST, SECOND = 1, 2, 3, 4
YEAR = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31), "committed_on": date(2025, 12, 20)}
EURO = {"currency": "EUR", "kind": "new", "restriction": "unknown", "status": "commitment", "parent_grant_id": None}


def fill(engine: Engine) -> None:
    """A two-step re-grant, a pledge, a cancelled grant, a missing rate and an inverted date."""
    names = {OUTSIDE: "Outside", INTERMEDIARY: "Hub", FIRST: "First", SECOND: "Second"}
    upgrade(engine, "shared")
    with engine.begin() as connection:
        connection.execute(
            insert(schema.organisation),
            [
                {"id": n, "slug": name.lower(), "name": name, "search_key": name.lower(), "is_initiative": n != OUTSIDE,
                 "is_funder": n < FIRST, "visibility": "public", "independence": "independent"}
                for n, name in names.items()
            ],
        )  # fmt: skip
        connection.execute(
            insert(schema.presence),
            [{"organisation_id": n, "host_country": "LT", "role": "team", "precision": "country"} for n in (2, 3, 4)],
        )
        connection.execute(
            insert(schema.project),
            [{"id": n, "slug": f"p{n}", "name": f"P{n}", "organisation_id": n, "status": "running"} for n in (3, 4)],
        )
        connection.execute(
            insert(schema.need),
            [
                {"project_id": n, "period_start": date(2026, 1, 1), "period_end": date(2026, 12, 31), "currency": "EUR",
                 "amount_minor": amount, "kind": "budget", "stated_on": date(2025, 12, 1)}
                for n, amount in ((3, 30_000_00), (4, 50_000_00))
            ],
        )  # fmt: skip
        rows: list[dict] = [
            {"funder_id": OUTSIDE, "recipient_id": INTERMEDIARY, "project_id": None, "amount_minor": 100_000_00},
            {"funder_id": INTERMEDIARY, "recipient_id": FIRST, "project_id": 3, "amount_minor": 60_000_00,
             "parent_grant_id": 1, "kind": "regrant"},
            {"funder_id": FIRST, "recipient_id": SECOND, "project_id": 4, "amount_minor": 20_000_00,
             "parent_grant_id": 2, "kind": "regrant"},
            {"funder_id": OUTSIDE, "recipient_id": SECOND, "project_id": 4, "amount_minor": 7_000_00, "status": "pledge"},
            {"funder_id": OUTSIDE, "recipient_id": SECOND, "project_id": 4, "amount_minor": 9_000_00, "status": "cancelled"},
            {"funder_id": OUTSIDE, "recipient_id": SECOND, "project_id": 4, "amount_minor": 8_000_00, "currency": "KZT"},
            {"funder_id": OUTSIDE, "recipient_id": SECOND, "project_id": 4, "amount_minor": 6_000_00,
             "ends_on": date(2025, 6, 1)},
        ]  # fmt: skip
        for number, row in enumerate(rows, 1):
            grant = EURO | YEAR | {"id": number, "reference": f"G{number}"} | row
            connection.execute(insert(schema.grant), grant)
        meta.write(connection, "shared", is_sample="1")
    refresh(engine, None, date(2026, 6, 30))


@pytest.fixture(params=["sqlite", "postgresql"])
def by_hand(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a database with the portfolio above."""
    url = f"sqlite:///{tmp_path}/hand.db"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        admin = connections.open_writer(f"{server}/postgres").execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS by_hand"))
            connection.execute(text("CREATE DATABASE by_hand"))
        url = f"{server}/by_hand"
    fill(connections.open_writer(url))
    serve(addresses.Urls(url, None), monkeypatch)
    return url


def test_a_portfolio_by_hand_has_the_right_totals(by_hand: str) -> None:
    visit: Visit = open_sample_visit(FUNDER)
    visit.as_of = pd.Timestamp("2026-06-30")
    money = portfolio.picture(visit)
    lines = money.lines.set_index("line")["funded"].to_dict()
    assert lines == {-2: 40_000_00, 3: 40_000_00, 4: 20_000_00}
    assert money.cells["signed"].sum() == 100_000_00
    assert (money.totals.need, money.totals.gap, money.totals.surplus) == (80_000_00, 30_000_00, 10_000_00)
    assert money.monthly["pledged"].sum() == 7_000_00
    assert money.over_committed == 1
    fix = money_rows.to_fix(money).rows
    assert dict(zip(fix["reference"], fix["reason"], strict=True)) == {"G6": "no_rate", "G7": "inverted_dates"}
    steps = money_reach.flow(money).rows.set_index("step")["total"].to_dict()
    assert steps == {
        "new_money": 106_000_00,
        "outgoing": 0,
        "in_network": 106_000_00,
        "regranted": -60_000_00,
        "kept": 46_000_00,
    }


def test_bundled_rates_cover_the_usual_currencies() -> None:
    rows = rates.bundled(date(2022, 1, 1))
    assert {"USD", "GBP", "SEK", "NOK", "CHF", "CZK", "PLN"} <= {row["currency"] for row in rows}
    dollar = [row for row in rows if row["currency"] == "USD" and row["on_date"] == date(2022, 3, 1)]
    assert dollar[0]["micro_per_eur"] == pytest.approx(1_116_200, rel=0.01)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("GE,2026-01-01,2.9", "currency"),
        ("GEL,1.1.2026,2.9", "date"),
        ("GEL,2026-01-01,2;9", "per_eur"),
        ("GEL,2026-01-01,0", "per_eur"),
        ("GEL,2026-01-01,0.34", "per_eur"),
        ("RUB,2026-01-01,0.0101", "per_eur"),
        ("USD,2026-01-01,0.926", "per_eur"),
        ("GBP,2026-01-01,1.17", "per_eur"),
        ("EUR,2026-01-01,1.08", "per_eur"),
    ],
)
def test_a_bad_rate_names_file_row_column_and_value(tmp_path: Path, line: str, column: str) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(f"currency,date,per_eur\nAMD,2026-01-01,430.5\n{line}\n")
    with pytest.raises(rates.BadRates, match=rf"rates\.csv, row 3, column {column}"):
        rates.from_csv(path)


def test_the_bundled_rates_of_twenty_years_are_all_likely() -> None:
    found = rates.bundled(date(2003, 1, 1))
    odd = {
        row["currency"]
        for row in found
        if rates.why_unlikely(str(row["currency"]), Decimal(row["micro_per_eur"]) / 10**6)
    }  # type: ignore[arg-type]
    assert odd <= {"CYP", "LVL", "MTL"}


@pytest.mark.parametrize(
    ("currency", "rate", "is_read"),
    [
        ("GEL", 2.95, True),
        ("GEL", 0.34, False),
        ("EUR", 1.1, False),
        ("EUR", 1, True),
        ("GEL", "2,950", False),
        ("GEL", "2,9500", True),
    ],
)
def test_a_rate_of_the_workbook_that_its_currency_cannot_have_had_is_refused(
    engines: dict[database.Which, Engine], tmp_path: Path, currency: str, rate: float | str, is_read: bool
) -> None:
    path = book(
        tmp_path / "r.xlsx",
        Rates=[
            ["Currency", "Date", "Units for one euro", "Source of the rate"],
            [currency, date(2024, 1, 1), rate, "x"],
        ],
    )
    done = bring(engines, Request("x", [path]), date(2024, 6, 30), lambda _n: None)
    assert (done.created.get("fx_rate") == 1) == is_read
    assert [problem.column for problem in done.problems] == ([] if is_read else ["Units for one euro"])


def test_rates_are_replaced_by_day_and_nothing_is_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, f"sqlite:///{tmp_path}/s.db")
    monkeypatch.setenv(addresses.CASES_URL_VARIABLE, "")
    main(["init"])
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("currency,date,per_eur\nGEL,2026-01-01,2.95\n")
    bad.write_text("currency,date,per_eur\nGEL,2026-01-01,3.1\nGEL,2026-01-02,x\n")
    assert main(["rates", str(good)]) == 0 and main(["rates", str(good)]) == 0
    assert main(["rates", str(bad)]) == 1
    assert "row 3, column per_eur: 'x'" in capsys.readouterr().err
    with connections.open_reader(f"sqlite:///{tmp_path}/s.db").connect() as connection:
        assert connection.execute(text("SELECT currency, micro_per_eur FROM fx_rate")).all() == [("GEL", 2_950_000)]


def test_lines_of_the_same_name_are_told_apart_and_open_their_own_rows(own_sample: addresses.Urls) -> None:
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("UPDATE project SET name = 'Programme'"))
        connection.execute(text("UPDATE organisation SET name = 'House'"))
    money = portfolio.picture(open_sample_visit())
    shown = gaps_of.largest(money, "line").rows
    assert shown["line"].is_unique and shown["line"].iloc[1] == "Programme · House (2)"
    for bar in shown.head(4).itertuples():
        rows = money_rows.rows_of_gap(money, "line", bar.line).rows
        assert int(rows.loc[rows["entry"] == "need", "part"].sum()) == bar.need
