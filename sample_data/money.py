"""Needs, grants, payments, rates, finances: money with its cliffs, gaps, re-grants and the usual broken records."""

from __future__ import annotations

import math
from datetime import date, timedelta

from sample_data.world import AS_OF, BEGIN, World, add_facets, add_project

RATES = {
    "USD": 1.09,
    "SEK": 11.2,
    "NOK": 11.4,
    "CHF": 0.97,
    "GBP": 0.86,
    "CZK": 24.6,
    "GEL": 2.95,
    "AMD": 430.0,
    "PLN": 4.4,
}
CURRENCIES = ("EUR", "USD", "SEK", "NOK", "CHF", "GBP", "CZK", "GEL", "AMD", "PLN")
CURRENCY_WEIGHTS = (60, 22, 3, 3, 3, 3, 2, 1.4, 1.3, 1.3)
FIRST_FUNDER = 154
LEVEL = {"SEK": 11, "NOK": 11, "CZK": 25, "AMD": 430, "GEL": 3, "PLN": 4.4, "USD": 1.1}
CLIFF_FUNDERS = {
    FIRST_FUNDER: date(2026, 12, 31),
    FIRST_FUNDER + 1: date(2027, 1, 31),
    FIRST_FUNDER + 2: date(2026, 11, 30),
}
POPULATIONS = {
    "DE": 36, "GE": 74, "LT": 9, "LV": 6, "AM": 110, "PL": 12, "RS": 30, "TR": 28, "CZ": 8, "FR": 9, "IL": 80, "US": 48,
    "NL": 5, "KZ": 80, "ME": 14, "ES": 16, "KG": 10, "EE": 4, "FI": 5, "GB": 9,
}  # fmt: skip


def populate(world: World) -> None:
    """Rates, populations, grants with payments and places, needs, finances and other income."""
    _rates(world)
    for country, thousands in POPULATIONS.items():
        known = world.rng.random() > 0.15
        world.add("population", host_country=country, low=int(thousands * 800) if known else None,
                  central=thousands * 1000, high=int(thousands * 1250) if known else None,
                  source="Invented for the sample", on_date=date(2026, 1, 1))  # fmt: skip
    _grants(world)
    _regrants(world)
    _broken(world)
    _needs(world)
    _crowded_and_short(world)
    _finances(world)
    _tiers(world)


def _rates(world: World) -> None:
    for currency, level in RATES.items():
        day, rate = date(2021, 12, 27), level
        while day <= AS_OF:
            world.add("fx_rate", currency=currency, on_date=day, micro_per_eur=round(rate * 1_000_000),
                      rate_set="Sample rates (invented)")  # fmt: skip
            rate *= 1 + world.rng.gauss(0, 0.006)
            day += timedelta(days=7)


def _major(world: World) -> int:
    """45 % emergency up to 10k, 35 % log-normal around 45k, 15 % 100-300k, 5 % 300-750k."""
    rng, kind = world.rng, world.rng.random()
    if kind < 0.45:
        return rng.randrange(1_000, 10_001, 500)
    if kind < 0.80:
        return int(round(rng.lognormvariate(math.log(45_000), 0.5), -3))
    return rng.randrange(100_000, 300_000, 5_000) if kind < 0.95 else rng.randrange(300_000, 750_000, 10_000)


def _grants(world: World) -> None:
    rng = world.rng
    favourites = [rng.random() ** 2 for _ in range(150)]
    for _ in range(560):
        recipient = rng.choices(range(1, 151), favourites)[0]
        funder = FIRST_FUNDER + min(int(rng.expovariate(1 / 14)), 55)
        amount = _major(world)
        small = amount <= 10_000
        committed = BEGIN + timedelta(days=int((AS_OF - BEGIN).days * rng.betavariate(2.2, 1.4)))
        starts = committed + timedelta(days=rng.randint(0, 45))
        ends = starts + timedelta(days=rng.choice((89, 120, 181) if small else (364, 364, 545, 729)))
        if funder in CLIFF_FUNDERS and not small and ends > AS_OF:
            ends = CLIFF_FUNDERS[funder]
        add_grant(world, funder if rng.random() > 0.02 else None, recipient, amount, committed, starts, ends)


def add_grant(
    world: World,
    funder: int | None,
    recipient: int,
    major: int,
    committed: date,
    starts: date,
    ends: date,
    **known: object,
) -> int:
    """One grant with its project, declared places and payments drawn around what is `known`."""
    rng = world.rng
    currency = rng.choices(CURRENCIES, CURRENCY_WEIGHTS)[0]
    factor = {"SEK": 10, "NOK": 10, "CZK": 24, "AMD": 400, "GEL": 3, "PLN": 4}.get(currency, 1)
    running = [p for p in world.projects_of.get(recipient, ()) if _runs(world, p, starts)]
    row: dict[str, object] = {
        "reference": f"MS-{len(world.rows.get('grant', [])) + 1:04d}",
        "funder_id": funder,
        "recipient_id": recipient,
        "project_id": rng.choice(running) if running and rng.random() < 0.88 else None,
        "parent_grant_id": None,
        "joint_group": None,
        "amount_minor": major * factor * 100,
        "currency": currency,
        "status": rng.choices(("commitment", "pledge", "cancelled", "unknown"), (88, 7, 4, 1))[0],
        "kind": "carry_over" if rng.random() < 0.03 else "new",
        "restriction": rng.choices(("restricted", "unrestricted", "unknown"), (55, 25, 20))[0],
        "committed_on": committed,
        "starts_on": starts,
        "ends_on": ends,
    }
    grant = world.add("grant", **(row | known))
    countries = world.countries.get(recipient, [])
    if len(countries) > 1 and rng.random() < 0.5:
        first = rng.choice((5000, 6000, 7000))
        rest = (10_000 - first) // (len(countries) - 1)
        shares = [first] + [rest] * (len(countries) - 2)
        for country, share in zip(countries, [*shares, 10_000 - sum(shares)], strict=True):
            world.add("grant_country", grant_id=grant, host_country=country, share_bp=share)
    _payments(world, grant)
    return grant


def _runs(world: World, project: int, day: date) -> bool:
    row = world.rows["project"][project - 1]
    return row["starts_on"] is not None and (row["ends_on"] is None or row["ends_on"] >= day)


def _payments(world: World, grant: int) -> None:
    row, rng = world.rows["grant"][grant - 1], world.rng
    if row["status"] != "commitment" or rng.random() < 0.12:
        return
    parts = rng.choice((1, 1, 2, 3))
    each, day = (
        row["amount_minor"] // parts,
        row["committed_on"] + timedelta(days=int(rng.lognormvariate(3.3, 0.7))),
    )
    for number in range(parts):
        if day > AS_OF:
            return
        amount = row["amount_minor"] - each * (parts - 1) if number == 0 else each
        world.add("payment", grant_id=grant, paid_on=day, amount_minor=amount, currency=row["currency"])
        day += timedelta(days=rng.randint(90, 200))


def _regrants(world: World) -> None:
    """Four intermediaries pass a third of large grants on; some of it leaves the network."""
    rng = world.rng
    for _ in range(14):
        intermediary, committed = rng.randint(1, 4), world.day_between(date(2023, 6, 1), date(2026, 8, 1))
        ends = committed + timedelta(days=545)
        amount = rng.randrange(150_000, 600_000, 10_000)
        parent = add_grant(world, FIRST_FUNDER + rng.randint(0, 20), intermediary, amount, committed, committed, ends,
                           currency="EUR", amount_minor=amount * 100, status="commitment", kind="new")  # fmt: skip
        project = world.rows["grant"][parent - 1]["project_id"]
        for recipient in rng.sample(range(5, 151), rng.randint(2, 5)):
            part = round(amount * rng.uniform(0.05, 0.17), -2)
            signed = committed + timedelta(days=rng.randint(30, 150))
            add_grant(world, intermediary, recipient, int(part), signed, signed, ends, parent_grant_id=parent,
                      currency="EUR", amount_minor=int(part) * 100, status="commitment", kind="regrant")  # fmt: skip
        if project is None:
            world.rows["grant"][parent - 1]["restriction"] = "unrestricted"


def _broken(world: World) -> None:
    """Deliberate dirt: no amount, no rate, no end, inverted dates, no dates at all."""
    for recipient, changes in (
        (20, {"amount_minor": None}),
        (33, {"currency": "KZT"}),
        (47, {"currency": "KZT"}),
        (58, {"ends_on": None}),
        (71, {"ends_on": None}),
        (84, {"starts_on": date(2026, 6, 1), "ends_on": date(2026, 1, 31)}),
        (99, {"starts_on": None, "ends_on": None}),
        (110, {"committed_on": None, "currency": "USD"}),
    ):
        world.add("grant", **({
            "reference": f"MS-{len(world.rows['grant']) + 1:04d}", "funder_id": FIRST_FUNDER + 9, "recipient_id": recipient,
            "project_id": None, "parent_grant_id": None, "joint_group": None, "amount_minor": 2_500_000, "currency": "EUR",
            "status": "commitment", "kind": "new", "restriction": "unknown", "committed_on": date(2026, 4, 8),
            "starts_on": date(2026, 5, 1), "ends_on": date(2027, 4, 30),
        } | changes))  # fmt: skip


def _needs(world: World) -> None:
    """A need per running project and year: around what was signed for it where something was, else modest."""
    rng = world.rng
    for number, project in enumerate(world.rows["project"], 1):
        if project["status"] == "ended" or rng.random() < 0.1:
            continue
        usual = rng.randrange(4_000, 30_000, 1_000) * 100
        for year in (2025, 2026, 2027):
            if (year == 2027 and rng.random() < 0.15) or (project["starts_on"] and project["starts_on"].year > year):
                continue
            if project["ends_on"] and project["ends_on"].year < year:
                continue
            signed = _signed_in(world, number, year if year < 2027 else 2026)
            if not signed and rng.random() < 0.55:
                continue
            stated = signed * rng.uniform(0.75, 1.2) if signed else usual
            amount = None if rng.random() < 0.08 else round(stated / 10_000) * 10_000
            world.add("need", project_id=number, organisation_id=None, period_start=date(year, 1, 1),
                      period_end=date(year, 12, 31), amount_minor=amount, currency="EUR",
                      kind=rng.choice(("budget", "budget", "minimum", "ambition")), confidence=rng.choice(("low", "medium", "high")),
                      stated_by="initiative", stated_on=min(date(year - 1, 11, 15), AS_OF - timedelta(days=20)))  # fmt: skip


def _crowded_and_short(world: World) -> None:
    """In Georgia many do independent media and most of it is unpaid: a cell that is crowded and under-funded at once."""
    local = [
        number
        for number, row in enumerate(world.rows["organisation"][:150], 1)
        if row["visibility"] == "public" and row["closed_on"] is None and "GE" in world.countries[number]
    ]
    for lead in local[:6]:
        project = add_project(world, lead, "media", date(2026, 1, 1), date(2027, 6, 30))
        places = {"activity": ["media"], "audience": ["new_diaspora"], "host_country": ["GE"], "language": ["ka", "ru"]}
        add_facets(world, project, places)
        for year in (2026, 2027):
            world.add("need", project_id=project, organisation_id=None, period_start=date(year, 1, 1),
                      period_end=date(year, 12, 31), amount_minor=2_500_000, currency="EUR", kind="minimum",
                      confidence="medium", stated_by="initiative", stated_on=date(2025, 11, 15))  # fmt: skip


def _tiers(world: World) -> None:
    """What some lines need beyond their first statement: a budget around a minimum, an ambition around that, a minimum for
    half a year, a later statement that replaces an earlier one, and a minimum above its budget for somebody to mend."""
    stated = [row for row in world.rows["need"] if row["amount_minor"]]
    minimums = [row for row in stated if row["kind"] == "minimum"]
    budgets = [row for row in stated if row["kind"] == "budget"]

    def more(row: dict, kind: str, times: float, **changed: object) -> None:
        amount = round(row["amount_minor"] * times / 10_000) * 10_000
        known = {k: v for k, v in row.items() if k != "id"} | {"kind": kind, "amount_minor": amount}
        world.add("need", **(known | changed))

    for place, row in enumerate(minimums):
        if place % 3 == 0:
            more(row, "budget", 1.5, confidence="low" if place % 2 else "high")
        if place % 6 == 0:
            more(row, "ambition", 2.2, confidence="low")
    for place, row in enumerate(budgets):
        if place % 7 == 0:
            more(row, "minimum", 0.35, period_end=date(row["period_start"].year, 6, 30))
        if place % 11 == 0:
            more(row, "budget", 1.1, stated_on=row["stated_on"] + timedelta(days=30))
    more(budgets[3], "minimum", 1.4)


def _signed_in(world: World, project: int, year: int) -> float:
    """Roughly what was signed for a project in a year, in euro cents."""
    total = 0.0
    for row in world.rows["grant"]:
        if row["project_id"] == project and row["status"] == "commitment" and row["amount_minor"] and row["ends_on"]:
            first, last = max(row["starts_on"], date(year, 1, 1)), min(row["ends_on"], date(year, 12, 31))
            days = (row["ends_on"] - row["starts_on"]).days + 1
            total += row["amount_minor"] / LEVEL.get(row["currency"], 1) * max(0, (last - first).days + 1) / days
    return total


def _finances(world: World) -> None:
    rng = world.rng
    for organisation in range(1, 151):
        if rng.random() < 0.4:
            cost = rng.randrange(2_000, 30_000, 500) * 100
            cash = int(cost * rng.lognormvariate(1.2, 0.7))
            world.add("organisation_finance", organisation_id=organisation, on_date=date(2026, 9, 30), cash_minor=cash,
                      unrestricted_minor=int(cash * rng.uniform(0, 0.8)) if rng.random() < 0.7 else None,
                      monthly_cost_minor=cost, currency="EUR")  # fmt: skip
        for kind in ("crowdfunding", "diaspora", "earned"):
            for year in (2024, 2025):
                if rng.random() < 0.16:
                    world.add("other_income", organisation_id=organisation, year=year, kind=kind,
                              amount_minor=rng.randrange(500, 40_000, 100) * 100, currency="EUR")  # fmt: skip
