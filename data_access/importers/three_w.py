"""3W tables (who does what where), in whatever columns: organisations, where they are present, and what they do there.

A row says that an organisation does something in a place, often once a month and place; all rows of one organisation and
one activity are one project. A tag row is only a hint. Whoever has an acronym is known by it on every sheet of a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from data_access.i18n import _, in_digits, ngettext
from data_access.importers import files, tables, values, written_days
from data_access.importers.columns import codes_of, columns_of, is_tag_row, known_headings, line_of, meanings
from data_access.importers.evidence import Evidence
from data_access.importers.grant_lists import are_several
from data_access.importers.kinds_of_rows import says_something
from data_access.importers.records import Context, Place, Problem, Record, Unreadable, say_of_dates
from data_access.importers.references import organisation, shortened, slug

SYNONYMS = {
    "organisation": "organisation", "organization": "organisation", "organisation name": "organisation",
    "organization name": "organisation", "organization_name": "organisation", "partner": "organisation",
    "implementing partner": "organisation", "организация": "organisation", "acronyme": "acronym", "acronym": "acronym",
    "organization acronym": "acronym", "cluster": "activity", "sector": "activity", "activity": "activity",
    "activité": "activity", "secteur": "activity", "aktivität": "activity", "деятельность": "activity",
    "country": "country", "host country": "country", "pays": "country", "land": "country", "страна": "country",
    "region": "place", "province": "place", "provinces": "place", "admin1": "place", "admin 1": "place", "adm1": "place",
    "регион": "place", "regionpcode": "place_code", "admin1 pcode": "place_code", "adm1_pcode": "place_code",
    "pcode": "place_code", "project": "project", "project title": "project", "projet": "project", "проект": "project",
    "project start date": "starts_on", "start date": "starts_on", "project end date": "ends_on", "end date": "ends_on",
}  # fmt: skip
TAGS = {"#org": "organisation", "#org+name": "organisation", "#org+acronym": "acronym", "#sector": "activity",
        "#activity": "activity", "#country": "country", "#country+name": "country", "#adm1": "place", "#adm1+name": "place",
        "#adm1+code": "place_code", "#date+start": "starts_on", "#date+end": "ends_on"}  # fmt: skip
FIELDS = frozenset(SYNONYMS.values())
PLACE_CODE = re.compile(r"^([A-Z]{2,3})\d{2,}$")
CODED_FROM = 0.8


def fits(path: Path, context: Context) -> bool:
    """Whether a table names organisations beside activities or places."""
    if files.kind_of(path) not in files.TABLES:
        return False
    for table in tables.of(path, known_headings(SYNONYMS, context)):
        meant = meanings(table.headings, SYNONYMS, context)
        if "organisation" in meant and meant & {"activity", "place", "country", "place_code"}:
            return True
    return False


def read(paths: Sequence[Path], context: Context) -> Iterator[Record | Problem]:
    """Organisations, presences, projects and their facets."""
    reading = _Reading(context)
    for path in paths:
        for table in tables.of(path, known_headings(SYNONYMS, context)):
            yield from reading.sheet(table)
    if not reading.rows:
        raise Unreadable(
            _("{files}: no row names an organisation.").format(files=", ".join(path.name for path in paths))
        )
    yield from reading.run_times()
    yield from reading.untranslated()


DAYS = ("starts_on", "ends_on")


@dataclass
class _Project:
    """A project as its rows tell it: named by its title or by who does what, with every date that a row gives."""

    name: str
    organisation: str
    place: Place
    starts_on: set[date] = field(default_factory=set)
    ends_on: set[date] = field(default_factory=set)


class _Reading:
    """What was met so far: each organisation, presence, project and facet is handed over once."""

    def __init__(self, context: Context) -> None:
        self.context, self.rows = context, 0
        self.told: set[tuple[str, str]] = set()
        self.names: dict[str, str | None] = {}
        self.unknown: Counter[str] = Counter()
        self.first_unknown: dict[str, Place] = {}
        self.projects: dict[str, _Project] = {}

    def sheet(self, table: tables.Table) -> Iterator[Record | Problem]:
        file, sheet = table.file, table.sheet
        columns = columns_of(table.headings, SYNONYMS, FIELDS, self.context, file)
        rows, sections = self._in_sections(table, {what: name for name, what in columns.items()})
        if rows and is_tag_row(rows[0].cells):
            for heading, tag in rows.pop(0).cells.items():
                what = _tagged(str(tag or ""))
                if what and heading not in columns and what not in columns.values():
                    columns[heading] = what
        if "place_code" not in columns.values() and "country" not in columns.values():
            coded = next((h for h in table.headings if h not in columns and _holds_place_codes(rows, h)), None)
            if coded:
                columns[coded] = "place_code"
        is_alone = len(columns) < 2 < len(table.headings) + 1
        if is_alone or not {"organisation", "acronym"} & set(columns.values()):
            yield from table.passed_over()
            return
        by_field = {what: heading for heading, what in columns.items()}
        evidence = {what: Evidence.of(row.cells.get(heading) for row in rows) for what, heading in by_field.items()}
        dated = {by_field[what]: evidence[what] for what in DAYS if what in evidence}
        yield from say_of_dates([(Place(sheet, row.number, file=file), row.cells) for row in rows], dated)
        named = by_field.get("organisation", "")
        names = {str(row.cells.get(named) or "").strip().casefold() for row in rows}
        headed: list[int] = []
        alone: list[Problem] = []
        places = [by_field[what] for what in ("country", "place_code") if what in by_field]
        for row in rows:
            place = Place(sheet, row.number, {name: row.cells.get(name) for name in columns}, file)
            line = line_of(row.cells, columns, self.context)
            if row.number in sections and not any(says_something(row.cells.get(name)) for name in places):
                line["country"] = sections[row.number]
                headed.append(row.number)
            if _says_one_thing(row) and len(columns) > 1 and says_something(row.cells.get(named)):
                alone.append(_a_name_alone(place, str(row.cells[named])))
            yield from self.row(place, line, evidence, names)
        yield from _of_sections(Place(sheet, file=file), headed)
        yield from alone
        yield from table.left_out(columns)

    def _in_sections(self, table: tables.Table, by_field: Mapping[str, str]) -> tuple[list[tables.Row], dict[int, str]]:
        """The rows of a table that head no section, and the country that heads the section of a row, by its number.

        A row heads one that says a country or an activity alone, where others say an organisation. One that says another name alone
        may head one too, where rows have more to say than a country: nobody knows then what holds from there on.
        """
        rows: list[tables.Row] = []
        sections: dict[int, str] = {}
        has_more = bool(by_field.keys() - {"organisation", "country"})
        country, head = "", ""
        for row in table.rows():
            if table.section != head:
                country, head = _country_of(table.section), table.section
            name = row.cells.get(by_field.get("organisation", "")) if _says_one_thing(row) else None
            if isinstance(name, str) and self._heads(name):
                table.begin_section(row)
                country, head = _country_of(name), table.section
                continue
            if name is not None and has_more:
                country = ""
            rows.append(row)
            if country:
                sections[row.number] = country
        return rows, sections

    def _heads(self, name: str) -> bool:
        """Whether what stands where organisations are named is a country or an activity."""
        known = self.context.vocabulary.get("activity", set())
        return bool(_country_of(name) or codes_of(name.strip(" :."), "activities", known, self.context))

    def row(
        self, place: Place, line: Mapping[str, Any], evidence: Mapping[str, Evidence], names: Collection[str]
    ) -> Iterator[Record | Problem]:
        understood, wrong = self._understood(line, evidence)
        word = understood.get("activity")
        activities = codes_of(word, "activities", self.context.vocabulary.get("activity", set()), self.context)
        if word is not None and not activities:
            self.unknown[word] += 1
            self.first_unknown.setdefault(word, place)
        for what, bad in wrong.items():
            yield Problem(place, what, str(line.get(what)), "bad_value", bad.what, bad.do)
        if wrong:
            return
        acronym, name, title, area = (understood[what] for what in ("acronym", "organisation", "project", "place"))
        countries = understood["country"]
        dates = {what: understood[what] for what in DAYS}
        if (unnamed := _not_one(place, name, acronym, names)) is not None:
            yield unnamed
            return
        self.rows += 1
        who, clash = self._who(acronym, name)
        if clash:
            said = _("stands for “{other}” elsewhere and for “{name}” here; they were kept apart.")
            yield Problem(place, "acronym", str(acronym), "two_names_one_acronym",
                          said.format(other=clash, name=name),
                          _("If they are one, write one name; if not, there is nothing to do."),
                          is_warning=True)  # fmt: skip
        if self._is_new("organisation", who):
            yield organisation(who, name or acronym or "", place, is_funder=False, is_initiative=True)
        spot = area if len(countries) == 1 else None
        for country in countries:
            if self._is_new("presence", f"{who}|{country}|{spot or ''}"):
                there = {"organisation": who, "host_country": country, "role": "activity", "place": spot,
                         "precision": "city" if spot else "country"}  # fmt: skip
                yield Record("presence", shortened(f"{who}|{country}|{spot or ''}"), there, place)
        if len(countries) > 1:
            yield _several_countries(place, str(line.get("country")), len(countries))
        if word is not None or title is not None:
            key = shortened(f"{who}|{title or word}")
            found = self.projects.setdefault(key, _Project(title or f"{name or acronym}: {word}", who, place))
            for day, given in ((dates["starts_on"], found.starts_on), (dates["ends_on"], found.ends_on)):
                if day is not None:
                    given.add(day)
            yield from self._facets(place, key, activities, countries)

    def _understood(
        self, line: Mapping[str, Any], evidence: Mapping[str, Evidence]
    ) -> tuple[dict[str, Any], dict[str, values.Bad]]:
        """What each cell of a row says, and what cannot be read of it."""
        readers: dict[str, Callable[[], Any]] = {
            **{what: partial(values.text, line.get(what)) for what in ("acronym", "project", "place")},
            "organisation": partial(values.name, line.get("organisation")),
            "activity": partial(values.text, line.get("activity")),
            "country": partial(self._countries, line),
            **{
                what: partial(written_days.day, line.get(what), evidence.get(what)) for what in ("starts_on", "ends_on")
            },
        }
        return values.understood(readers)

    def _facets(self, place: Place, key: str, activities: Sequence[str], countries: Sequence[str]) -> Iterator[Record]:
        said = [*(("activity", code) for code in activities), *(("host_country", country) for country in countries)]
        for facet, code in said:
            if code and self._is_new("facet", f"{key}|{facet}|{code}"):
                row = {"project": key, "facet": facet, "code": code, "is_withheld": False}
                yield Record("project_facet", shortened(f"{key}|{facet}|{code}"), row, place)

    def _who(self, acronym: str | None, name: str | None) -> tuple[str, str | None]:
        """The key of an organisation, and the other name of its acronym the first time two names share one."""
        if acronym is None:
            return shortened(name or ""), None
        first = self.names.setdefault(acronym, name)
        if name is None or first is None or name.casefold() == first.casefold():
            return shortened(acronym), None
        return shortened(f"{acronym} {name}"), first if self._is_new("clash", f"{acronym} {name}") else None

    def _countries(self, line: Mapping[str, Any]) -> list[str]:
        named = values.countries(line.get("country"))
        if named:
            return named
        coded = PLACE_CODE.match(values.text(line.get("place_code")) or "")
        return values.countries(coded[1]) if coded else []

    def _is_new(self, kind: str, key: str) -> bool:
        is_new = (kind, key) not in self.told
        self.told.add((kind, key))
        return is_new

    def run_times(self) -> Iterator[Record | Problem]:
        """Each project once, from the earliest start to the latest end that a row of it gives."""
        for key, project in self.projects.items():
            known = {"name": project.name[:200], "organisation": project.organisation,
                     "starts_on": min(project.starts_on, default=None), "ends_on": max(project.ends_on, default=None)}  # fmt: skip
            yield Record("project", key, known, project.place, {"slug": slug(project.name, key), "status": "unknown"})
            if len(project.starts_on) > 1 or len(project.ends_on) > 1:
                yield Problem(project.place, "project", project.name, "dates_differ",
                              _("has other dates in other rows; it was taken to run from the earliest to the latest."),
                              _("If they are several projects, give each a name of its own."), is_warning=True)  # fmt: skip

    def untranslated(self) -> Iterator[Problem]:
        """Words for activities that are none of ours: their projects have no activity until the map names one."""
        for word, count in sorted(self.unknown.items()):
            said = ngettext(
                "is none of the network's activities ({n} row); its projects were loaded without one.",
                "is none of the network's activities ({n} rows); their projects were loaded without one.",
                count,
            ).format(n=in_digits(count))
            yield Problem(self.first_unknown[word], "activity", word, "activity_not_translated", said,
                          _("Say which of them it is."), is_warning=True)  # fmt: skip


def _not_one(place: Place, name: str | None, acronym: str | None, names: Collection[str]) -> Problem | None:
    """Why a row is not about one organisation; `names`: of all rows, in small letters."""
    if name is None and acronym is None:
        return Problem(
            place, "organisation", "", "value_missing", _("is empty, but needed."), _("Name the organisation.")
        )
    if name is not None and are_several(name.casefold(), names):
        return Problem(place, "organisation", name, "several_organisations",
                       _("names several organisations; it is not loaded."), _("Write a row for each."))  # fmt: skip
    return None


def _says_one_thing(row: tables.Row) -> bool:
    return len(row.cells) > 1 and sum(map(says_something, row.cells.values())) == 1


def _country_of(head: str) -> str:
    """The country that the head of a section names, "" for any other."""
    try:
        found = values.countries(head.strip(" :."))
    except values.Bad:
        return ""
    return found[0] if len(found) == 1 else ""


def _of_sections(place: Place, rows: Sequence[int]) -> Iterator[Problem]:
    """A note on rows that say no country and stand under the head of one."""
    if rows:
        said = ngettext(
            "{n} row without a country was read as in the country that heads its section.",
            "{n} rows without a country were read as in the countries that head their sections.",
            len(rows),
        ).format(n=in_digits(len(rows)))
        yield Problem(place, "country", "", "country_of_section", said, _("Write the country in each row to be sure."),
                      is_warning=True)  # fmt: skip


def _a_name_alone(place: Place, name: str) -> Problem:
    return Problem(place, "organisation", name, "a_name_alone",
                   _("says a name and nothing else. IT WAS LOADED: an organisation of which nothing more is known."),
                   _("If it heads a section, take the row out and load again."), is_warning=True)  # fmt: skip


def _several_countries(place: Place, cell: str, n: int) -> Problem:
    said = ngettext(
        "names {n} country; it was read as one row for each.",
        "names {n} countries; it was read as one row for each.",
        n,
    ).format(n=n)
    return Problem(place, "country", cell, "several_countries", said, _("Nothing to do."), is_warning=True)


def _tagged(tag: str) -> str | None:
    """What a tag says of its column: the known tag with most of its attributes; further ones do not change it."""
    name, *attributes = re.split(r"[+\s]+", tag.strip().casefold())
    fitting = [
        (len(parts), known)
        for text, known in TAGS.items()
        if (parts := text.split("+"))[0] == name and set(parts[1:]) <= set(attributes)
    ]
    return max(fitting)[1] if fitting else None


def _holds_place_codes(rows: Sequence[tables.Row], heading: str) -> bool:
    """Whether a column holds codes of places, whatever its heading says: a country's code and digits."""
    cells = [str(row.cells[heading]) for row in rows if row.cells.get(heading) is not None]
    known = values.country_names()
    coded = [found for cell in cells if (found := PLACE_CODE.match(cell)) and found[1].casefold() in known]
    return bool(cells) and len(coded) >= CODED_FROM * len(cells)
