"""About 2,500 relocation cases since 2022 with growing open cases, a freeze in mid-2025 and the usual broken records."""

from __future__ import annotations

import math
import random
import uuid
from datetime import date, timedelta

from data_access.schema import STAGES
from sample_data.world import AS_OF, BEGIN, World

ENTRY_SEED, AFTER_SEED = 20220304, 20220305
FREEZE = (date(2025, 6, 10), date(2026, 2, 15))
EVENTS = (
    (date(2022, 9, 21), "policy", None, "Mobilisation announced", "Mobilmachung verkündet", "Объявлена мобилизация"),
    (date(2023, 6, 1), "policy", "LT", "Residence rules tightened", "Aufenthaltsregeln verschärft", "Правила ВНЖ ужесточены"),
    (date(2025, 2, 3), "funding", None, "A large donor froze its grants", "Eine große fördernde Stelle fror ihre Förderungen ein",
     "Крупный донор заморозил гранты"),
    (FREEZE[0], "policy", "DE", "Humanitarian visas frozen", "Humanitäre Visa ausgesetzt", "Гуманитарные визы заморожены"),
    (FREEZE[1], "policy", "DE", "Humanitarian visas resumed", "Humanitäre Visa wieder erteilt", "Выдача виз возобновлена"),
)  # fmt: skip
DESTINATIONS = {
    "DE": (38, ("humanitarian_visa", "freelance_visa", "asylum")),
    "LT": (12, ("humanitarian_visa", "residence", "short_stay_extension")),
    "PL": (12, ("humanitarian_visa", "residence")),
    "LV": (6, ("humanitarian_visa", "residence", "other")),
    "FR": (9, ("humanitarian_visa", "asylum")),
    "CZ": (6, ("residence", "humanitarian_visa")),
    "GE": (9, ("visa_free", "residence")),
    "AM": (5, ("visa_free", "residence")),
    "RS": (5, ("visa_free", "residence")),
    "ES": (4, ("asylum", "residence")),
    "NL": (3, ("asylum", "tolerated")),
    "KZ": (2, ("visa_free", "other")),
}
WAITING = {"GE": 26, "AM": 18, "TR": 16, "KZ": 14, "RS": 12, "KG": 5, "ME": 5, "IL": 4}
MEDIAN_DAYS = {
    "humanitarian_visa": 165, "freelance_visa": 140, "residence": 110, "short_stay_extension": 60, "asylum": 260,
    "tolerated": 200, "visa_free": 45, "other": 130,
}  # fmt: skip
CLOCKS = (
    ("visa_free", "GE", 365, None, None), ("visa_free", "AM", 180, None, None), ("visa_free", "RS", 30, None, None),
    ("visa_free", "KZ", 90, None, None), ("short_stay_extension", None, 90, None, None),
    ("short_stay_extension", "LT", 180, None, date(2023, 5, 31)), ("tolerated", "NL", 180, date(2024, 1, 1), None),
)  # fmt: skip
"""Invented: route, host country, days, valid from and until."""
STEP_WEIGHTS = (0.0, 0.06, 0.16, 0.14, 0.2, 0.22, 0.12, 0.06, 0.04)
ENDINGS = ("refused", "withdrawn", "lost_contact", "other_route", "ineligible")


def populate(world: World, *, cases: int = 2_500) -> None:
    """Cases with episodes, stage events and holds; capacity and policy marks."""
    handlers = [
        o for o, activity in world.main_activity.items() if activity in ("relocation", "legal_aid", "asylum_info")
    ]
    for _ in range(cases):
        _case(world, handlers)
    _broken(world, handlers)
    _entries(world)
    _after_arrival(world)
    _capacity(world)
    for number, (route, country, days, first, last) in enumerate(CLOCKS, 1):
        world.add(
            "legal_clock", id=number, route=route, host_country=country, days=days, valid_from=first, valid_until=last
        )
    for day, kind, country, en, de, ru in EVENTS:
        world.add("policy_event", on_date=day, kind=kind, host_country=country, label_en=en, label_de=de, label_ru=ru)


def _uuid(world: World) -> str:
    return str(uuid.UUID(int=world.rng.getrandbits(128), version=4))


def _case(world: World, handlers: list[int]) -> None:
    rng = world.rng
    total = (AS_OF - BEGIN).days
    opened = BEGIN + timedelta(days=int(total * rng.random() ** 0.72))
    host = rng.choices(list(DESTINATIONS), [weight for weight, _ in DESTINATIONS.values()])[0]
    routes = DESTINATIONS[host][1]
    route = rng.choices(routes, range(len(routes) + 1, 1, -1))[0]
    case = _uuid(world)
    world.add("relocation_case", id=case, handler_id=rng.choice(handlers), people=rng.choice((1, 1, 1, 2, 2, 3, 4)),
              waiting_country=rng.choices(list(WAITING), list(WAITING.values()))[0])  # fmt: skip
    closed = _episode(world, case, 1, opened, host, route)
    if closed and rng.random() < 0.04 and (AS_OF - closed).days > 60:
        _episode(world, case, 2, closed + timedelta(days=rng.randint(20, 60)), host, route)


def _episode(world: World, case: str, number: int, opened: date, host: str, route: str) -> date | None:
    """Draw one episode; returns the closing day if it has closed by the cut-off."""
    rng = world.rng
    length = rng.lognormvariate(math.log(MEDIAN_DAYS[route] * (1.2 if opened.year > 2024 else 1)), 0.55)
    steps = [max(0, round(length * weight * rng.uniform(0.5, 1.5))) for weight in STEP_WEIGHTS]
    days = [opened + timedelta(days=sum(steps[: place + 1])) for place in range(len(STAGES))]
    frozen = host == "DE" and route == "humanitarian_visa" and FREEZE[0] <= days[6] <= FREEZE[1]
    if frozen and rng.random() < 0.85:
        delay = (FREEZE[1] - days[6]).days + round(rng.expovariate(1 / 160))
        days[6:] = [day + timedelta(days=delay) for day in days[6:]]
    relocated = rng.random() < 0.66
    reached = len(STAGES) if relocated else rng.choices(range(1, 7), (3, 3, 2, 2, 4, 1))[0]
    outcome = "relocated" if relocated else rng.choices(ENDINGS, (30, 32, 20, 12, 6))[0]
    ends = days[7] if relocated else days[reached - 1] + timedelta(days=max(0, round(length * rng.uniform(0.05, 0.5))))
    closed = ends if ends <= AS_OF and rng.random() > 0.015 else None
    lag = min(int(rng.expovariate(1 / 5)), 60)
    episode = _uuid(world)
    world.add(
        "case_episode", id=episode, case_id=case, episode_no=number, opened_on=opened, closed_on=closed,
        status="closed" if closed else "open", outcome=outcome if closed else None,
        route=route if rng.random() > 0.02 else None, host_country=host if rng.random() > 0.015 else None,
        recorded_on=min(opened + timedelta(days=lag), AS_OF),
    )  # fmt: skip
    for stage, day in list(zip(STAGES, days, strict=True))[:reached]:
        if day <= min(closed or AS_OF, AS_OF) and (stage == "request" or rng.random() > 0.04):
            recorded = min(day + timedelta(days=min(int(rng.expovariate(1 / 5)), 60)), AS_OF)
            world.add("stage_event", episode_id=episode, stage=stage, entered_on=day, recorded_on=recorded)
    if rng.random() < 0.09:
        start = opened + timedelta(days=rng.randint(5, 60))
        end = start + timedelta(days=rng.randint(10, 120))
        if start < (closed or AS_OF):
            held_to = None if closed is None and end > AS_OF else min(end, closed or end)
            world.add("hold", episode_id=episode, held_from=start, held_to=held_to,
                      reason=rng.choice(("applicant", "authority", "host", "unknown")))  # fmt: skip
    return closed


def _broken(world: World, handlers: list[int]) -> None:
    """Records a page must leave out of dated figures and list: each kind METHODS A29 names."""
    for opened, closed, status in (
        (None, date(2025, 2, 10), "closed"),
        (None, None, "open"),
        (date(2025, 2, 1), None, "closed"),
        (date(2025, 3, 1), date(2025, 2, 20), "closed"),
        (date(2024, 8, 9), date(2024, 7, 1), "closed"),
        (date(2026, 12, 1), None, "open"),
        (date(2027, 1, 15), None, "open"),
    ):
        case = _uuid(world)
        world.add("relocation_case", id=case, handler_id=handlers[0], people=1, waiting_country="GE")
        world.add("case_episode", id=_uuid(world), case_id=case, episode_no=1, opened_on=opened, closed_on=closed,
                  status=status, outcome="withdrawn" if status == "closed" else None, route="humanitarian_visa",
                  host_country=world.rng.choice(("DE", "LT")), recorded_on=date(2026, 9, 1))  # fmt: skip


def _entries(world: World) -> None:
    """The day of entry, where somebody wrote it down, of people who came without a visa and asked then."""
    rng = random.Random(ENTRY_SEED)
    clocked = {route for route, *_rest in CLOCKS}
    for episode in world.rows["case_episode"]:
        came = rng.random() < 0.6 and episode["route"] in clocked and episode["opened_on"] is not None
        episode["entered_on"] = episode["opened_on"] - timedelta(days=rng.randint(0, 40)) if came else None


def _after_arrival(world: World) -> None:
    """Permits, renewals and what else became of some of those who arrived, as far as somebody kept track."""
    rng = random.Random(AFTER_SEED)
    for episode in world.rows["case_episode"]:
        if episode["outcome"] != "relocated" or rng.random() > 0.7:
            continue
        day, until = episode["closed_on"], None
        for _turn in range(1 + int(rng.random() < 0.8) + int(rng.random() < 0.5)):
            if day > AS_OF:
                break
            until = day + timedelta(days=rng.choice((364, 364, 729)))
            world.add("after_arrival", episode_id=episode["id"], event="permit", on_date=day,
                      until=until if rng.random() < 0.95 else None)  # fmt: skip
            day = until - timedelta(days=rng.randint(1, 60))
        if rng.random() < 0.3:
            expires = episode["closed_on"] + timedelta(days=rng.randint(100, 1800))
            world.add(
                "after_arrival", episode_id=episode["id"], event="document", on_date=episode["closed_on"], until=expires
            )
        for event, share in (("route_changed", 0.08), ("moved_on", 0.07), ("returned", 0.02)):
            moved = episode["closed_on"] + timedelta(days=rng.randint(60, 700))
            if rng.random() < share and moved <= AS_OF:
                world.add("after_arrival", episode_id=episode["id"], event=event, on_date=moved, until=None)


def _capacity(world: World) -> None:
    for country, (weight, _) in DESTINATIONS.items():
        for year in range(2023, 2027):
            world.add("capacity", host_country=country, period_start=date(year, 1, 1), period_end=date(year, 12, 31),
                      places=round(weight * world.rng.uniform(7, 16)))  # fmt: skip
