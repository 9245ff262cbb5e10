"""Logs of relocation cases: a row per event (case, stage, date) or a row per case with a column per date.

Outside case numbers never enter the database: a case is known by a reference computed from its number with a secret of
the case database, and of a row that cannot be read only the columns that mean something here are kept. A case that is
opened again after it closed has another episode. A log holds all events of each case it names; a case of which one row
cannot be read is not loaded at all, because half of its events would move its dates. Memory does not grow with the log:
its rows are sorted on disk.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sqlite3
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from data_access.i18n import N_, _, in_digits, ngettext
from data_access.importers import files, tables, values, written_amounts, written_days
from data_access.importers.columns import columns_of, known_headings, line_of, meanings, translated
from data_access.importers.evidence import Evidence
from data_access.importers.records import Context, Place, Problem, Record, Unreadable
from data_access.importers.written_otherwise import plain_number
from data_access.schema import OUTCOMES, STAGES

SYNONYMS = {
    "case": "case", "case id": "case", "case number": "case", "case_number": "case", "case no": "case", "case_id": "case",
    "case reference": "case", "fall": "case", "fallnummer": "case", "дело": "case", "номер дела": "case", "кейс": "case",
    "stage": "stage", "status": "stage", "event": "stage", "activity": "stage", "step": "stage", "schritt": "stage",
    "stufe": "stage", "этап": "stage", "статус": "stage", "событие": "stage", "date": "date", "event date": "date",
    "timestamp": "date", "datum": "date", "дата": "date", "outcome": "outcome", "result": "outcome", "ergebnis": "outcome",
    "исход": "outcome", "результат": "outcome", "people": "people", "persons": "people", "personen": "people",
    "людей": "people", "человек": "people", "host country": "country", "country": "country", "land": "country",
    "gastland": "country", "страна": "country", "waiting country": "waiting_country", "route": "route", "weg": "route",
    "маршрут": "route", "handler": "handler", "opened": "opened", "opened on": "opened", "closed": "closed",
    "closed on": "closed", "entered the country on": "entry", "entered the country": "entry",
    "date of entry": "entry", "einreise": "entry", "eingereist am": "entry", "въезд": "entry", "дата въезда": "entry",
}  # fmt: skip
WIDE = ("opened", "closed", *STAGES)
FIELDS = frozenset(
    ("case", "stage", "date", "outcome", "people", "country", "waiting_country", "route", "handler", "entry", *WIDE)
)
FACTS = ("people", "country", "waiting_country", "handler", "route", "entry")
STAYS = ("people", "country", "handler", "route")
OPENS = ("opened", "request")
DAYS = ("date", "entry", *WIDE)
FEW, MANY = 3, 5
MADE = "made"
"""From how many numbers, and which part of all, several openings of a number are no chance."""
NONE_OF_OURS = {
    "routes": N_("is none of our routes."),
    "outcomes": N_("is none of our outcomes."),
    "stages": N_("is none of our stages."),
}


def fits(path: Path, context: Context) -> bool:
    """Whether a table has cases beside dated stages."""
    if files.kind_of(path) not in files.TABLES:
        return False
    for table in tables.of(path, known_headings(SYNONYMS, context)):
        meant = meanings(table.headings, SYNONYMS, context)
        if "case" in meant and ({"stage", "date"} <= meant or "opened" in meant):
            return True
    return False


def read(paths: Sequence[Path], context: Context) -> Iterator[Record | Problem]:
    """Cases, episodes and stages, case by case. Raises Unreadable when no column says which case or when."""
    with closing(sqlite3.connect("")) as spool:
        spool.execute("CREATE TABLE line (case_name TEXT, file TEXT, sheet TEXT, number INTEGER, cells TEXT)")
        evidence: dict[tuple[str, str], dict[str, Evidence]] = {}
        for path in paths:
            yield from _spool(path, context, spool, evidence)
        if not evidence:
            names = ", ".join(path.name for path in paths)
            raise Unreadable(
                _("{names}: no column says which case a row is about and when. Say which column is which.").format(
                    names=names
                )
            )
        spool.execute("CREATE INDEX by_case ON line (case_name, file, sheet, number)")
        rows = spool.execute("SELECT * FROM line ORDER BY case_name, file, sheet, number")
        seen = Counter[str]()
        for name, lines in groupby(rows, key=lambda row: row[0]):
            told = [
                (Place(s, n, cells, f), cells)
                for _n, f, s, n, c in lines
                for cells in (json.loads(c, object_hook=_cell),)
            ]
            seen.update(_looks_of([line for _place, line in told]))
            yield from _case(name, told, evidence, context)
        yield from _say_of_numbers(seen)


def _as_json(cell: Any) -> Any:
    """A cell that is no text or number, as the spool keeps it: a day that the spreadsheet made stays one."""
    return {MADE: cell.isoformat()} if isinstance(cell, date) else str(cell)


def _cell(kept: dict[str, Any]) -> Any:
    return datetime.fromisoformat(kept[MADE]) if MADE in kept else kept


def _looks_of(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the rows of one case number look like: `several` that say when it opened, each another day; `apart`, in what stays the
    same of a case too; `alike`, once for every row that says what another says."""
    yield "all"
    if len(lines) == 1:
        return
    openings = [line for line in lines if line.get("opened") is not None]
    if len({str(line["opened"]) for line in openings}) > 1:
        yield "several"
        if any(len({str(line[fact]) for line in openings if line.get(fact) is not None}) > 1 for fact in STAYS):
            yield "apart"
    yield from ["alike"] * (
        len(openings) - len({json.dumps(line, sort_keys=True, default=_as_json) for line in openings})
    )


def _say_of_numbers(seen: Mapping[str, int]) -> Iterator[Problem]:
    """Notes on numbers that several cases seem to bear, and on rows that may be a person each."""
    if seen["apart"] or (seen["several"] >= FEW and seen["several"] * MANY >= seen["all"]):
        said = ngettext(
            "{n} number has several openings on different days; it was taken for one case, opened again.",
            "{n} numbers have several openings on different days; each was taken for one case, opened again.",
            seen["several"],
        ).format(n=in_digits(seen["several"]))
        do = _("If numbers begin again each year or in each office, write the year or the office before them.")
        yield Problem(Place("case"), "case", "", "numbers_begin_again", said, do, is_warning=True)
    if seen["alike"]:
        said = ngettext(
            "{n} row says of its case what another row says; the case was counted once.",
            "{n} rows say of their case what another row says; each case was counted once.",
            seen["alike"],
        ).format(n=in_digits(seen["alike"]))
        do = _("If each row is a person, say in a column how many people the case is about.")
        yield Problem(Place("case"), "people", "", "a_row_per_person", said, do, is_warning=True)


def _spool(
    path: Path,
    context: Context,
    spool: sqlite3.Connection,
    evidence: dict[tuple[str, str], dict[str, Evidence]],
) -> Iterator[Problem]:
    """Write the columns that mean something to the spool, and learn how their dates are written."""
    for table in tables.of(path, known_headings(SYNONYMS, context)):
        sheet = table.sheet
        columns = columns_of(table.headings, SYNONYMS, FIELDS, context, path.name)
        meant = set(columns.values())
        if "case" not in meant or not ({"stage", "date"} <= meant or meant & set(WIDE)):
            yield from table.passed_over()
            continue
        dates = evidence[path.name, sheet] = {what: Evidence() for what in meant & set(DAYS)}
        for row in table.rows():
            line = line_of(row.cells, columns, context)
            kept = {what: cell.text if isinstance(cell, values.Formula) else cell for what, cell in line.items()}
            try:
                name = values.text(line["case"])
            except values.Bad:
                name = None
            if name is None:
                yield Problem(Place(sheet, row.number, kept, path.name), "case", "", "value_missing",
                              _("is empty or a formula, but needed."), _("Say which case it is."))  # fmt: skip
                continue
            for what, seen in dates.items():
                seen.see(kept.get(what))
            cells = json.dumps({w: c for w, c in kept.items() if c is not None}, default=_as_json, ensure_ascii=False)
            spool.execute("INSERT INTO line VALUES (?, ?, ?, ?, ?)", (name, path.name, sheet, row.number, cells))
        yield from table.left_out(columns)
        for what, seen in dates.items():
            if seen.is_ambiguous:
                yield Problem(Place(sheet, file=path.name), what, "", "dates_ambiguous",
                              _("holds dates of which nothing tells whether the day or the month comes first; read day "
                                "first."),
                              _("Write dates like 2026-10-18 to be sure."), is_warning=True)  # fmt: skip


ONCE = ("opened", "closed")
THOUSANDS = 1_000
SPOILED = re.compile(r"^\d(?:[.,]\d+)?E\+\d+$", re.IGNORECASE)
"""A long number that a spreadsheet made a short one of: several numbers look like it."""


@dataclass(frozen=True)
class Event:
    """What happened when: a stage, an opening, or an ending with its outcome; `day` may be unknown for an ending."""

    what: str
    day: date | None
    outcome: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    told_on: date | None = None

    @property
    def place(self) -> tuple[date, int]:
        """Where it stands in time: an undated ending after the last day of its row, on one day openings before stages
        before endings."""
        kind = 0 if self.what in OPENS else 2 if self.ends else 1
        return self.day or self.told_on or date.max, kind

    @property
    def ends(self) -> bool:
        """Whether the case ended with this."""
        return self.what == "closed" or self.outcome is not None


@dataclass
class Episode:
    """One opening of a case, and what followed."""

    events: list[Event] = field(default_factory=list)

    @property
    def ending(self) -> Event | None:
        """The last event that ended it: one with an outcome, though its file was closed later."""
        ended = [event for event in reversed(self.events) if event.ends]
        return next((event for event in ended if event.outcome is not None), ended[0] if ended else None)

    @property
    def opening(self) -> Event | None:
        """What opened it, though a stage may be dated before."""
        return next((event for event in self.events if event.what in OPENS), None)

    def fact(self, name: str) -> Any:
        """What the newest row that says it says."""
        return next((event.facts[name] for event in reversed(self.events) if name in event.facts), None)


def _case(
    name: str,
    lines: Sequence[tuple[Place, dict[str, Any]]],
    evidence: Mapping[tuple[str, str], Mapping[str, Evidence]],
    context: Context,
) -> Iterator[Record | Problem]:
    if SPOILED.match(name):
        for place, line in lines:
            spoiled = values.Bad(_("was cut short by a spreadsheet, so that several cases may have it."),
                                 _("Format the column as text in the file it comes from, and save that again."))  # fmt: skip
            yield from _faults(place, line, {"case": spoiled}, name)
        return
    events: list[Event] = []
    wrong: dict[int, dict[str, values.Bad]] = {}
    for number, (place, line) in enumerate(lines):
        found, bad = _understood(line, evidence.get((place.file, place.sheet), {}), context)
        events += [] if bad else _events(found, bad)
        if bad:
            wrong[number] = bad
    if wrong:
        for number, (place, line) in enumerate(lines):
            yield from _faults(place, line, wrong.get(number), name)
        return
    events = list({(event.what, event.day, event.outcome): event for event in events}.values())
    events.sort(key=lambda event: event.place)
    if not events:
        return
    if _repeat_the_outcome(events):
        events = [*(replace(event, outcome=None) for event in events[:-1]), events[-1]]
    if events[0].ends and any(event.what == "opened" for event in events):
        yield Problem(lines[0][0], "closed", str(events[0].day or ""), "ended_before_it_began",
                      _("is before the case's beginning; taken as the end of an earlier opening that is not in the log."),
                      _("Correct one of the two dates if there was none."), is_warning=True)  # fmt: skip
    reference, place, episodes = _secret_of(context, name), lines[0][0], _episodes(events)
    of_case = {fact: Episode(events).fact(fact) for fact in ("people", "waiting_country", "handler")}
    number_key = {"number_key": _secret_of(context, plain_number(name))}
    yield Record("relocation_case", reference, {"id": reference} | of_case, place, number_key)
    if any(episode.opening not in (None, episode.events[0]) for episode in episodes):
        yield Problem(replace(lines[0][0], raw={}), "opened", "", "stage_before_opening",
                      _("is after a stage of the case; the opening counts as it is stated."),
                      _("Correct one of the two dates if it is mistyped."), is_warning=True)  # fmt: skip
    for number, episode in enumerate(episodes, 1):
        yield from _rows(reference, number, episode, place)


def _repeat_the_outcome(events: Sequence[Event]) -> bool:
    """Whether every event of a case says how it ended: a list of events joined with the cases they are of."""
    kinds = Counter(event.what for event in events)
    return (
        len(events) > 1
        and all(event.outcome is not None and event.what in (*STAGES, *ONCE) for event in events)
        and all(kinds[what] < 2 for what in ONCE)
    )


def _faults(
    place: Place, line: Mapping[str, Any], wrong: Mapping[str, values.Bad] | None, name: str
) -> Iterator[Problem]:
    """Why a row of a case that cannot be read is not loaded."""
    if wrong is None:
        yield Problem(place, "case", name, "case_with_a_bad_row",
                      _("is of a case of which another row cannot be read; none of it was loaded."),
                      _("Mend the other row and load both again."))  # fmt: skip
    for what, bad in (wrong or {}).items():
        yield Problem(place, what, str(line.get(what) or ""), "bad_value", bad.what, bad.do)


def _understood(
    line: Mapping[str, Any], evidence: Mapping[str, Evidence], context: Context
) -> tuple[dict[str, Any], dict[str, values.Bad]]:
    """What each cell of a row says, and what cannot be read of it."""
    codes = {"route": context.vocabulary.get("route", set()), "outcome": OUTCOMES,
             "stage": (*STAGES, *OUTCOMES, "opened", "closed")}  # fmt: skip
    found, wrong = values.understood({
        "people": lambda: _people(line.get("people")),
        "country": lambda: values.country(line.get("country")),
        "waiting_country": lambda: values.country(line.get("waiting_country")),
        "handler": lambda: values.text(line.get("handler")),
        "route": lambda: _word(line.get("route"), "routes", codes["route"], context),
        "outcome": lambda: _word(line.get("outcome"), "outcomes", codes["outcome"], context),
        "stage": lambda: _word(line.get("stage"), "stages", codes["stage"], context),
        **{what: partial(written_days.day, line[what], evidence.get(what)) for what in DAYS if what in line},
    })  # fmt: skip
    found["says_a_stage"] = "stage" not in wrong and values.text(line.get("stage")) is not None
    return found, wrong


def _people(cell: Any) -> int | None:
    """How many people a case is about. Raises Bad."""
    found = written_amounts.whole(cell)
    if found is not None and (
        found < 1 or (isinstance(cell, str) and found >= THOUSANDS and not cell.strip().isdecimal())
    ):
        raise values.Bad(_("is no number of people."), _("Write 1 or more, or leave it empty."))
    return found


def _word(cell: Any, kind: str, codes: Collection[str], context: Context) -> str | None:
    """Our code for a cell, None when it is empty or means nothing here. Raises Bad for a word that is not known."""
    word = values.text(cell)
    code = translated(word, kind, codes, context)
    if word is not None and code is None:
        allowed = ", ".join(sorted(codes))
        raise values.Bad(_(NONE_OF_OURS[kind]), _("Say which it is: {allowed}.").format(allowed=allowed))
    return code or None


def _events(line: Mapping[str, Any], wrong: dict[str, values.Bad]) -> list[Event]:
    """What happened when, in a row that was understood; what contradicts itself is added to `wrong`."""
    facts = {name: line[name] for name in FACTS if line.get(name)}
    stage, outcome, found = line["stage"], line["outcome"], []
    if stage is not None:
        if line.get("date") is None:
            wrong["date"] = values.Bad(_("is missing beside a stage."), _("Add the date."))
        found.append(Event(stage, line.get("date"), stage if stage in OUTCOMES else outcome, facts))
    for what in WIDE:
        day = line.get(what)
        if day is not None or (what == "closed" and outcome is not None and not line["says_a_stage"]):
            found.append(Event(what, day, outcome if what == "closed" else None, facts))
    if not found and not line["says_a_stage"]:
        wrong["stage"] = values.Bad(_("is empty, and so is every date."), _("Say what happened when."))
    days = {event.what: event.day for event in found if event.day is not None}
    if "closed" in days and any(days[what] > days["closed"] for what in OPENS if what in days):
        wrong["closed"] = values.Bad(_("is before the case's beginning."), _("Correct one of the two dates."))
    last = max(days.values(), default=None)
    return [replace(event, told_on=last) if event.day is None else event for event in found]


def _episodes(events: Sequence[Event]) -> list[Episode]:
    """Events in the order of their dates; an opening after an ending begins another episode.

    So does another ending on a later day: somebody opened the case again and nobody wrote down when.
    """
    found = [Episode()]
    for event in events:
        ended = found[-1].ending
        is_again = ended is not None and (event.what in OPENS or (event.ends and _is_later(event, ended)))
        if is_again:
            found.append(Episode())
        found[-1].events.append(event)
    return found


def _is_later(event: Event, ended: Event) -> bool:
    """Whether two endings are two: on two days, the later one with an outcome of its own."""
    return event.day is not None and ended.day is not None and event.day > ended.day and event.outcome is not None


def _rows(reference: str, number: int, episode: Episode, place: Place) -> Iterator[Record]:
    key = str(uuid.uuid5(uuid.UUID(reference), str(number)))
    ending = episode.ending
    row = {
        "id": key,
        "case": reference,
        "episode_no": number,
        **({"opened_on": opening.day} if (opening := episode.opening) is not None else {}),
        "closed_on": None if ending is None else ending.day,
        "status": "open" if ending is None else "closed",
        "outcome": None if ending is None else ending.outcome,
        "route": episode.fact("route"),
        **({"entered_on": entry} if (entry := episode.fact("entry")) else {}),
        "host_country": episode.fact("country"),
    }
    yield Record("case_episode", key, row, place)
    entered = dict.fromkeys((event.what, event.day) for event in episode.events if event.what in STAGES)
    for stage, day in entered:
        event = {"episode": key, "stage": stage, "entered_on": day}
        yield Record("stage_event", f"{key}|{stage}|{day}", event, place)


def _secret_of(context: Context, text: str) -> str:
    """What nobody can tell a case's number from without the secret of the case database: its reference here."""
    secret = f"{context.source}|{text}".encode()
    return str(uuid.UUID(bytes=hmac.new(context.salt.encode(), secret, hashlib.sha256).digest()[:16], version=4))
