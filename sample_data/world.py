"""Initiatives, funders, places, projects: who and where. Everything is drawn from one seeded generator."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from data_access.search import search_key
from data_access.vocabulary import ACTIVITIES, AUDIENCES
from sample_data import names

AS_OF = date(2026, 10, 18)
BEGIN = date(2022, 3, 1)
FIRST_LOAD, PREVIOUS_LOAD, LAST_LOAD = date(2022, 6, 16), date(2026, 9, 16), date(2026, 10, 16)
REGISTERED_AFTER, GRANT_HEARD_AFTER = 105, 10
PRIMARY = {
    "DE": 24, "GE": 14, "LT": 9, "LV": 7, "AM": 6, "PL": 6, "RS": 4, "TR": 4, "CZ": 4, "FR": 4, "IL": 4, "US": 4,
    "NL": 3, "KZ": 2, "ME": 2, "ES": 2, "KG": 1, "EE": 3, "FI": 3, "GB": 3, "SE": 2, "IT": 2, "AT": 2, "BG": 2, "CY": 1,
}  # fmt: skip
CITIES = {"DE": ("Berlin", "Leipzig", "Hamburg"), "GE": ("Tbilisi", "Batumi"), "LT": ("Vilnius",), "LV": ("Riga",),
          "AM": ("Yerevan",), "PL": ("Warsaw", "Kraków"), "RS": ("Belgrade", "Novi Sad"), "TR": ("Istanbul",)}  # fmt: skip
LOCAL_LANGUAGE = {"DE": "de", "AT": "de", "GE": "ka", "AM": "hy", "LT": "lt", "PL": "pl", "FR": "fr"}
WORK_SEED = 20220226
LEGAL_FORMS = ("association", "foundation", "company", "cooperative", "branch", "informal")
RESULTS = (
    ("people advised", 400), ("people housed", 60), ("articles published", 300), ("people trained", 150),
    ("letters to prisoners", 900),
)  # fmt: skip
ACTIVITY_WEIGHTS = (14, 16, 8, 18, 6, 10, 4, 9, 9, 8, 8, 7, 9, 11, 7, 4, 5, 3, 6)
AUDIENCE_OF = {
    "relocation": "at_risk", "legal_aid": "at_risk", "prisoners": "political_prisoners", "media": "in_russia",
    "digital": "journalists", "civic_education": "young_people", "elections": "in_russia", "advocacy": "policy_makers",
    "antiwar": "in_russia", "help_ukrainians": "ukrainians", "equality": "regional_ethnic", "memory": "host_society",
    "psychology": "new_diaspora", "integration": "new_diaspora", "youth": "young_people", "philanthropy": "new_diaspora",
    "asylum_info": "at_risk", "business": "new_diaspora", "capacity": "new_diaspora",
}  # fmt: skip
PROJECT_WORDS = {
    "relocation": "Safe passage", "legal_aid": "Counsel on call", "prisoners": "Letters and parcels", "media": "Evening desk",
    "digital": "Locked door clinic", "civic_education": "Citizens' classroom", "elections": "Watch the count",
    "advocacy": "Voices in the capital", "antiwar": "No to war hub", "help_ukrainians": "Warm shelter",
    "equality": "Equal table", "memory": "Kept records", "psychology": "Someone to talk to", "integration": "First year",
    "youth": "Summer on the road", "philanthropy": "Neighbours' fund", "asylum_info": "Asylum step by step",
    "business": "New trades", "capacity": "Stronger teams",
}  # fmt: skip


@dataclass
class World:
    """Rows per table, and what later steps need to know about them."""

    rng: random.Random
    rows: dict[str, list[dict]] = field(default_factory=dict)
    main_activity: dict[int, str] = field(default_factory=dict)
    countries: dict[int, list[str]] = field(default_factory=dict)
    projects_of: dict[int, list[int]] = field(default_factory=dict)

    def add(self, table: str, **row: object) -> int:
        """Append a row and return its running number within the table."""
        rows = self.rows.setdefault(table, [])
        rows.append(row)
        return len(rows)

    def day_between(self, start: date, end: date) -> date:
        return start + timedelta(days=self.rng.randint(0, max(0, (end - start).days)))


IN_CASES, GRANTS_SOURCE = "cases.", 2


def populate(world: World) -> None:
    """Sources, organisations, presences, partnerships, projects and facets."""
    _sources(world)
    _initiatives(world)
    _state_linked(world)
    _funders(world)
    _partnerships(world)
    for organisation in list(world.main_activity):
        _projects(world, organisation)
    _overlapping_pairs(world)
    _coordinators(world)
    _how_they_work(world)
    _local_partners(world)


def _sources(world: World) -> None:
    """Three sources of the shared database, one of them overdue and one whose newest load failed, and the case log."""
    for table, name, rhythm, loads, rejected in (
        ("", "Network register (invented)", 30, (PREVIOUS_LOAD, LAST_LOAD), 0),
        ("", "Funders' open grants (invented)", 90, (date(2026, 6, 16), PREVIOUS_LOAD), 3),
        ("", "Population estimates (invented)", 150, (date(2026, 2, 2),), 0),
        (IN_CASES, "Coordinators' case log (invented)", 30, (PREVIOUS_LOAD, LAST_LOAD), 2),
    ):
        source = world.add(f"{table}source", name=name, owner="Sample network", licence="CC0", rhythm_days=rhythm)
        for loaded in loads:
            run = world.add(f"{table}import_run", source_id=source, loaded_on=loaded, status="done", created=120, updated=14,
                            unchanged=300, rejected=rejected)  # fmt: skip
    run = world.add("import_run", source_id=GRANTS_SOURCE, loaded_on=LAST_LOAD, status="failed", created=0, updated=0, unchanged=0,
                    rejected=0)  # fmt: skip
    world.add("import_issue", run_id=run, code="failed", is_warning=False,
              message="grants-october.json adds up to 1,204,000 US dollars of incoming funding, but states 1,240,000.")  # fmt: skip


def _coordinators(world: World) -> None:
    """One coordinator per host country, so that each country's overlap is scored."""
    for country in sorted(PRIMARY):
        subject = f"sample coordinator of {country}"
        world.add("viewer", subject=subject, role="coordinator", all_countries=False)
        world.add("viewer_country", subject=subject, host_country=country)


def recorded_after(day: date | None, delay: int) -> date | None:
    """The monthly load, on the 16th, that first brought in what happened on `day`; None for what is not known."""
    if day is None:
        return None
    heard = day + timedelta(days=delay)
    load = heard.replace(day=16) if heard.day <= 16 else (heard.replace(day=1) + timedelta(days=32)).replace(day=16)
    return max(FIRST_LOAD, min(load, LAST_LOAD))


def _initiatives(world: World) -> None:
    rng = world.rng
    homes: list[str | None] = [country for country, n in PRIMARY.items() for _ in range(n)]
    homes += rng.choices(list(PRIMARY), list(PRIMARY.values()), k=150 - len(homes) - 8) + [None] * 8
    rng.shuffle(homes)
    activities = rng.choices(list(ACTIVITIES), ACTIVITY_WEIGHTS, k=len(homes))
    for number, (home, activity, name) in enumerate(
        zip(homes, activities, names.initiative_names(rng, activities), strict=True), 1
    ):
        founded = world.day_between(date(2019, 1, 1), date(2026, 8, 1)) if rng.random() < 0.12 else _founding_day(world)
        closed = world.day_between(founded, AS_OF) if rng.random() < 0.11 else None
        confirmed = world.day_between(max(founded, date(2026, 1, 1)), AS_OF)
        if rng.random() < 0.24:
            confirmed = world.day_between(min(founded, date(2024, 6, 1)), date(2025, 9, 1))
        organisation = world.add(
            "organisation",
            slug=names.slug(name, number),
            name=name,
            search_key=search_key(name),
            fiscal_host_id=rng.randint(1, number - 1) if number > 20 and rng.random() < 0.08 else None,
            is_initiative=True,
            is_funder=number <= 4,
            is_registered=rng.choice((True, True, True, False, None)),
            seat_country=home,
            founded_on=None if rng.random() < 0.05 else founded,
            closed_on=closed,
            confirmed_on=None if rng.random() < 0.04 else max(confirmed, founded),
            independence="unknown" if rng.random() < 0.04 else "independent",
            visibility=rng.choices(("public", "network", "aggregate_only"), (62, 24, 14))[0]
            if number > 4
            else "public",
            source_id=1,
        )
        world.main_activity[organisation] = activity
        world.countries[organisation] = _presences(world, organisation, home, founded, hidden=rng.random() < 0.07)


def _founding_day(world: World) -> date:
    """Most opened in the eighteen months after the invasion, fewer since."""
    return BEGIN + timedelta(days=int(min(world.rng.expovariate(1 / 420), 1560)))


def _presences(world: World, organisation: int, home: str | None, since: date, *, hidden: bool) -> list[str]:
    if home is None:
        return []
    rng = world.rng
    others = (
        rng.choices(list(PRIMARY), list(PRIMARY.values()), k=rng.choice((1, 1, 2, 3))) if rng.random() < 0.22 else []
    )
    countries = list(dict.fromkeys([home, *others]))
    for place, country in enumerate(countries):
        undisclosed = hidden and place == 0
        city = rng.choice(CITIES[country]) if country in CITIES and not undisclosed else None
        precision = "undisclosed" if undisclosed else "city" if city else "country"
        for role in ("registered", "team") if place == 0 and rng.random() < 0.7 else ("team",):
            world.add("presence", organisation_id=organisation, host_country=country, role=role, precision=precision,
                      place=city, started_on=since, ended_on=None)  # fmt: skip
    return countries


def _state_linked(world: World) -> None:
    """Recorded, out of scope by default, shown only for comparison."""
    for number, country in enumerate(("DE", "KZ", "RS"), 151):
        name = f"Compatriots' House {country} (invented, state-linked)"
        organisation = world.add(
            "organisation", slug=names.slug(name, number), name=name, search_key=search_key(name), fiscal_host_id=None,
            is_initiative=True, is_funder=False,
            is_registered=True, seat_country=country, founded_on=date(2012, 5, 1), closed_on=None,
            confirmed_on=date(2026, 3, 1), independence="state_linked", visibility="public", source_id=1,
        )  # fmt: skip
        world.add("presence", organisation_id=organisation, host_country=country, role="team", precision="country",
                  place=None, started_on=date(2012, 5, 1), ended_on=None)  # fmt: skip
        world.main_activity[organisation] = "integration"
        world.countries[organisation] = [country]


def _funders(world: World) -> None:
    for number, name in enumerate(names.funder_names(world.rng, 56), 154):
        world.add(
            "organisation", slug=names.slug(name, number), name=name, search_key=search_key(name), fiscal_host_id=None,
            is_initiative=False, is_funder=True,
            is_registered=True, seat_country=world.rng.choice(("DE", "SE", "US", "GB", "NL", "CH", "NO", "CZ")),
            founded_on=None, closed_on=None, confirmed_on=date(2026, 9, 1), independence="independent",
            visibility="public", source_id=2,
        )  # fmt: skip


LOCAL_PARTNERS = {
    "civil_society": ("Neighbours' House {}", "Open Door {}"),
    "university": ("Riverside University {}", "Evening College {}"),
    "public_body": ("Town Hall {}", "Welcome Office {}"),
    "faith_community": ("Parish of the Two Bridges {}",),
    "business": ("Printing Works {}",),
}


def _local_partners(world: World) -> None:
    """Some initiatives work with organisations of the country their team is in."""
    rng = random.Random(len(world.rows["presence"]))
    teams = {p["organisation_id"]: p["host_country"] for p in world.rows["presence"] if p["role"] == "team"}
    for organisation, country in sorted(teams.items()):
        if country is None or rng.random() > 0.35:
            continue
        for turn in range(rng.choice((1, 1, 2))):
            kind = rng.choice(tuple(LOCAL_PARTNERS))
            name = rng.choice(LOCAL_PARTNERS[kind]).format(100 + organisation * 3 + turn)
            since = BEGIN + timedelta(days=rng.randint(0, (AS_OF - BEGIN).days)) if rng.random() < 0.7 else None
            world.add(
                "local_partner", organisation_id=organisation, name=name, host_country=country, kind=kind, since=since
            )


def _partnerships(world: World) -> None:
    seen: set[tuple[int, int]] = set()
    while len(seen) < 40:
        a, b = sorted(world.rng.sample(range(1, 151), 2))
        if (a, b) not in seen:
            seen.add((a, b))
            world.add("partnership", organisation_a=a, organisation_b=b, since=world.day_between(BEGIN, AS_OF))


def _how_they_work(world: World) -> None:
    """Legal forms, people, websites and results, as far as somebody stated them; drawn apart, so that nothing else moves."""
    rng = random.Random(WORK_SEED)
    for organisation, row in enumerate(world.rows["organisation"], 1):
        known = row["is_initiative"] and rng.random() < 0.8
        form = rng.choices(LEGAL_FORMS, (50, 12, 10, 4, 6, 18))[0] if known else None
        people = rng.random() < 0.55 and row["is_initiative"]
        is_described = row["is_initiative"] and row["visibility"] == "public" and rng.random() < 0.6
        work = ACTIVITIES.get(world.main_activity.get(organisation, ""), ("",))[0] if is_described else ""
        row |= {
            "legal_form": form, "website": f"https://{row['slug']}.example" if is_described else None,
            "description": f"{work}, by people who had to leave and for those who stayed (invented)." if is_described else None,
            "volunteers": rng.choice((3, 5, 8, 12, 20, 35)) if people else None,
            "paid_staff": rng.choice((0, 0, 1, 2, 4, 7)) if people else None,
        }  # fmt: skip
    dated = [(number, row) for number, row in enumerate(world.rows["project"], 1) if row["starts_on"]]
    for number, project in (one for one in dated if rng.random() < 0.4):
        what, most = rng.choice(RESULTS)
        first = max(project["starts_on"], date(2025, 1, 1))
        if first + timedelta(days=180) > AS_OF:
            continue
        world.add("project_result", project_id=number, what=what, period_start=first,
                  number=None if rng.random() < 0.1 else rng.randint(3, most), period_end=first + timedelta(days=180),
                  source="Own report (invented)")  # fmt: skip


def _projects(world: World, organisation: int) -> None:
    rng = world.rng
    main = world.main_activity[organisation]
    for turn in range(rng.choices((1, 2, 3), (45, 38, 17))[0]):
        starts = world.day_between(date(2024, 1, 1), date(2026, 8, 1))
        ends = starts + timedelta(days=rng.choice((545, 729, 1094)))
        activity = main if turn == 0 else rng.choices(list(ACTIVITIES), ACTIVITY_WEIGHTS)[0]
        project = add_project(world, organisation, activity, starts, ends)
        if rng.random() < 0.05:
            world.rows["project"][project - 1] |= {"starts_on": None, "ends_on": None, "status": "unknown"}
        _facets(world, project, organisation, activity)


def add_project(world: World, organisation: int, activity: str, starts: date, ends: date | None) -> int:
    """One project, named after its work and its organisation's running number."""
    number = len(world.rows.get("project", [])) + 1
    status = "ended" if ends and ends < AS_OF else "running"
    project = world.add("project", slug=f"p{number}", name=f"{PROJECT_WORDS[activity]} {number}",
                        organisation_id=organisation, starts_on=starts, ends_on=ends, status=status)  # fmt: skip
    world.projects_of.setdefault(organisation, []).append(project)
    return project


def _facets(world: World, project: int, organisation: int, activity: str) -> None:
    rng = world.rng
    values: dict[str, list[str]] = {"activity": [activity]}
    if rng.random() < 0.3:
        values["activity"].append(rng.choices(list(ACTIVITIES), ACTIVITY_WEIGHTS)[0])
    if rng.random() > 0.06:
        values["audience"] = [AUDIENCE_OF[activity], *rng.sample(list(AUDIENCES), rng.choice((0, 0, 1, 2)))]
    countries = world.countries[organisation]
    if countries and rng.random() > 0.05:
        values["host_country"] = countries[: rng.choice((1, 1, len(countries)))]
    if rng.random() > 0.08:
        local = [LOCAL_LANGUAGE[c] for c in countries if c in LOCAL_LANGUAGE]
        values["language"] = [
            "ru",
            *(local if rng.random() < 0.6 else []),
            *(["en"] if rng.random() < 0.3 else []),
        ]
    withheld = rng.random() < 0.04
    add_facets(world, project, values, withheld=withheld)


def add_facets(world: World, project: int, values: dict[str, list[str]], *, withheld: bool = False) -> None:
    """Facet rows of one project; `withheld` hides its host countries from funders."""
    for facet, codes in values.items():
        for code in dict.fromkeys(codes):
            world.add("project_facet", project_id=project, facet=facet, code=code,
                      is_withheld=withheld and facet == "host_country")  # fmt: skip


def _overlapping_pairs(world: World) -> None:
    """Six pairs with a story: duplicated, partners, newly alike, unknown place, one after the other, short."""
    stories = (
        ("GE", "psychology", "journalists", (date(2025, 3, 1), date(2027, 2, 28)), (date(2025, 6, 1), date(2027, 5, 31))),
        ("LT", "digital", "journalists", (date(2025, 1, 1), date(2026, 12, 31)), (date(2025, 9, 1), date(2027, 8, 31))),
        ("DE", "prisoners", "political_prisoners", (date(2026, 1, 1), date(2027, 12, 31)), (date(2026, 9, 1), None)),
        (None, "memory", "host_society", (date(2025, 5, 1), date(2027, 4, 30)), (date(2025, 5, 1), date(2027, 4, 30))),
        ("PL", "elections", "in_russia", (date(2024, 1, 1), date(2024, 12, 31)), (date(2025, 1, 1), date(2026, 12, 31))),
        ("RS", "antiwar", "new_diaspora", (date(2025, 1, 1), date(2026, 12, 31)), (date(2025, 2, 1), date(2026, 12, 31))),
    )  # fmt: skip
    open_to_all = [
        number
        for number, row in enumerate(world.rows["organisation"][:150], 1)
        if row["visibility"] == "public" and row["closed_on"] is None
    ]
    for number, (country, activity, audience, first, second) in enumerate(stories):
        local = [o for o in open_to_all if country is None or country in world.countries[o]] or open_to_all
        lead_a, lead_b = world.rng.sample(local if len(local) > 1 else open_to_all, 2)
        for side, (lead, (starts, ends)) in enumerate(((lead_a, first), (lead_b, second))):
            project = add_project(world, lead, activity, starts, ends)
            values = {"activity": [activity], "audience": [audience, "at_risk"], "language": ["ru", "en"]}
            if country and not (number == 3 and side):
                values["host_country"] = [country]
            add_facets(world, project, values)
        pair = tuple(sorted((lead_a, lead_b)))
        known = {(p["organisation_a"], p["organisation_b"]) for p in world.rows["partnership"]}
        if number == 1 and pair not in known:
            world.add("partnership", organisation_a=pair[0], organisation_b=pair[1], since=date(2025, 9, 1))
