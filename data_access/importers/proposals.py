"""A first proposal of which column of an unknown table is what: by its heading in any of four languages, and by its content.

Somebody looks at it, corrects it, and it becomes the column map of the source (docs/importing.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from data_access.i18n import _, in_digits
from data_access.importers import (
    case_log,
    files,
    grant_status,
    heading_lines,
    tables,
    three_w,
    threesixty,
    values,
    written_amounts,
    written_days,
)
from data_access.importers.columns import TAG, as_said, codes_of, columns_of, is_tag_row, line_of
from data_access.importers.records import Context

ROWS_LOOKED_AT = 200
EXAMPLES = 3
FIRST_ROWS = 8
LONGEST_EXAMPLE = 40
ALIKE_FROM = 84
WORD_FROM = 4
FITS_FROM, FITS_NOT_UNDER = 0.8, 0.3
CODE_LETTERS = 2
YES_OR_NO = frozenset({"no", "yes", "y", "n", "ja", "nein", "да", "нет", "si", "oui", "non"})


@dataclass(frozen=True)
class Kind:
    """What a table can be: the format that reads it, by which headings alone, what its columns can be, by which words, and
    what it must say."""

    format: str
    synonyms: Mapping[str, str]
    fields: Mapping[str, tuple[str, ...]]
    needed: tuple[frozenset[str], ...]


def _words(synonyms: Mapping[str, str], more: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    words: dict[str, list[str]] = {}
    for heading, what in synonyms.items():
        words.setdefault(what, []).append(heading)
    for what, said in more.items():
        words.setdefault(what, []).extend(part.strip() for part in said.split(","))
    return {what: tuple(said) for what, said in words.items()}


KINDS: dict[str, Kind] = {
    "initiatives": Kind("3w", three_w.SYNONYMS, _words(three_w.SYNONYMS, {
        "organisation": "name, initiative, ngo, group, название, инициатива, наименование, träger, verein, einrichtung, grantee,"
                        " name of your organisation, organization, organisationen",
        "acronym": "abbr, abbreviation, short name, аббр, сокращение, abkürzung, kürzel",
        "activity": "type of work, what do you do, does, field, area of work, направление, сфера, чем занимается, tätigkeit,"
                    " arbeitsfeld, bereich, activities",
        "country": "countries, country of work, works in, where, in which countries do you work, где, страны, gastland, länder,"
                   " wo, location country",
        "place": "city, town, location, город, место, ort, stadt, wo genau",
        "project": "project name, title, projekt, название проекта, projektname",
        "starts_on": "started, since, since when, start, begin, начало, с какого года, с какого времени, seit, beginn, когда",
        "ends_on": "ended, until, end, окончание, конец, ende, bis",
    }), (frozenset({"organisation", "country"}), frozenset({"organisation", "activity"}), frozenset({"organisation", "place"}))),
    "grants": Kind("360giving", threesixty.HEADINGS, _words(
        {heading: what for heading, what in threesixty.HEADINGS.items() if what in threesixty.FIELDS}, {
        "id": "grant id, reference, ref, grant number, номер, номер гранта, nr, aktenzeichen, förderkennzeichen",
        "amountAwarded": "amount, sum, awarded, approved, grant amount, amount granted, grant size, сумма, сколько, грант, одобрено,"
                         " утверждено, выделено, сума, виділено, betrag, fördersumme, summe, bewilligt, zuwendung, montant, kwota",
        "amountDisbursed": "paid, disbursed, paid out, amount paid, выплачено, перечислено, ausgezahlt",
        "currency": "валюта, währung, curr",
        "status": "status, state, stage, decision, result, outcome, grant status, application status, статус, состояние, решение,"
                  " результат, стадия, итог, статус заявки, stand, ergebnis, entscheidung, statut",
        "awardDate": "date, signed, signed on, decision date, date of award, дата, подписан, datum, bewilligt am, bewilligung",
        "starts": "start, starts, from, start date, date of start, project start, начало, с, дата начала, начало проекта, начат,"
                  " початок, дата початку, beginn, von, laufzeit von, startdatum, projektbeginn, date de début",
        "ends": "end, ends, to, until, end date, date of end, project end, окончание, по, дата окончания, окончание проекта,"
                " дата завершения, завершение, закончен, завершення, дата завершення, ende, bis, laufzeit bis, enddatum, projektende,"
                " date de fin",
        "recipient": "grantee, recipient, organisation, initiative, partner, получатель, грантополучатель, организация, кому,"
                     " название организации, название инициативы, имя получателя, кому дали, партнёр, отримувач, empfänger, träger, zuwendungsempfänger",
        "recipient_id": "recipient id, grantee id",
        "funder": "funder, donor, grantmaker, from whom, funded by, фонд, донор, грантодатель, от кого,"
                  " от какого фонда, название фонда, источник финансирования, source of funding, funding source, funding organisation,"
                  " who funded, geldgeber, geber, förderer",
        "funder_id": "funder id, donor id",
        "country": "country, countries, страна, где, land, gastland, где работает",
    }), (frozenset({"amountAwarded", "recipient"}),)),
    "cases": Kind("case-log", case_log.SYNONYMS, _words(case_log.SYNONYMS, {
        "case": "case number, number, id, номер, fallnummer, aktenzeichen, заявка",
        "opened": "opened on, received, submitted, открыто, поступило, дата обращения, дата открытия, дата поступления, eröffnet,"
                  " eingang",
        "closed": "closed on, decided, finished, закрыто, завершено, дата закрытия, дата завершения, abgeschlossen, entschieden",
        "outcome": "result, decision, исход, итог, решение, ergebnis",
    }), (frozenset({"case", "opened"}), frozenset({"case", "stage", "date"}))),
}  # fmt: skip


OWN_WORDS: dict[str, tuple[str, ...]] = {
    "amountAwarded": ("amount", "sum", "total", "award", "grant", "approv", "sign", "commit", "contract", "agree", "fund", "how", "much",
                      "size", "restrict", "unrestrict", "сумм", "сума", "сколько", "дали", "грант", "договор", "одобр", "утвержд",
                      "выдел", "виділ", "присужд", "предостав", "назнач", "итог", "всего", "betrag", "summe", "höhe", "bewillig",
                      "zusage", "zugesagt", "zuwendung", "förder", "vertrag", "gesamt", "montant", "accord", "octroy", "kwota", "przyznan"),
    "amountDisbursed": ("amount", "sum", "total", "paid", "payment", "out", "so", "far", "to", "date", "disburs", "transfer", "сумм",
                        "сума", "выплачен", "выплат", "перечислен", "betrag", "summe", "ausgezahlt", "auszahlung", "gezahlt"),
    "awardDate": ("date", "day", "when", "award", "grant", "approv", "sign", "commit", "contract", "agree", "decision", "board",
                  "дата", "день", "когда", "грант", "договор", "соглашени", "одобр", "утвержд", "решени", "ріше", "подпис", "підпис",
                  "присужд", "datum", "tag", "bewillig", "zusage", "bescheid", "vertrag", "unterzeichn", "unterschr", "beschluss",
                  "vergabe", "förder"),
    "date": ("date", "day", "when", "event", "stage", "status", "step", "change", "дата", "день", "когда", "событи", "этап", "статус",
             "datum", "tag", "ereignis", "schritt", "stufe"),
    "opened": ("date", "day", "opened", "open", "start", "received", "submitted", "request", "intake", "contact", "case", "file",
               "дата", "откры", "поступ", "обращ", "заяв", "запрос", "дело", "кейс", "datum", "eröffn", "eingang", "anfrage", "fall"),
    "closed": ("date", "day", "closed", "close", "closing", "ended", "end", "decided", "finished", "case", "file", "дата", "закры",
               "заверш", "оконч", "дело", "кейс", "datum", "abgeschl", "abschluss", "entschieden", "geschlossen", "fall"),
    "entry": ("date", "day", "entered", "entry", "arriv", "country", "дата", "въезд", "приезд", "страну", "datum", "einreise", "eingereist"),
    "funder": ("fund", "donor", "grantmak", "giver", "payer", "foundation", "agency", "name", "org", "from", "whom", "who", "фонд", "донор",
               "грантодат", "плательщик", "от", "кого", "кто", "дал", "какого", "источник", "финанс", "source", "организац", "название", "имя", "geldgeber", "geber", "förder",
               "zuwendungsgeber", "stiftung"),
    "recipient": ("recipient", "grantee", "org", "initiative", "partner", "group", "name", "to", "whom", "who", "ngo", "получател",
                  "грантополуч", "отримувач", "организац", "організац", "инициатив", "групп", "кому", "кто", "дали", "партн", "название", "имя",
                  "empfänger", "zuwendungs", "träger", "verein", "initiativ", "gruppe"),
}  # fmt: skip
"""Beginnings of words with which a heading can speak of an amount or a day as the grant's or the case's own. A word beyond them
makes it another one, of which nobody can list all: asked for, planned, spent, given back, of birth."""
ANOTHER_COUNTRY = ("origin", "citizen", "national", "birth", "passport", "from", "donor", "funder", "payer", "bank", "regist", "incorp",
                   "legal", "tax", "previous", "former", "гражданст", "происхожд", "откуда", "рожд", "паспорт", "донор", "фонд",
                   "грантодат", "банк", "регистр", "юрид", "прежн", "походжен", "громадян", "herkunft", "staatsang", "geburt", "geber",
                   "förderer", "sitz", "steuer")  # fmt: skip
"""Beginnings of words that make of a country another one than that where somebody works or waits."""
LITTLE_WORDS = frozenset([
    "the", "of", "a", "an", "in", "on", "at", "by", "for", "and", "was", "is", "der", "die", "das", "des", "dem", "am", "im", "von",
    "für", "und", "в", "на", "по", "о", "и", "у", "du", "de", "la", "le", "en", "w", "z",
])  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of the file: its heading and sheet, how many cells of the rows looked at hold something, some of them, and
    what it is proposed to be; empty: leave out."""

    heading: str
    sheet: str
    filled: int
    examples: tuple[str, ...]
    what: str = ""


@dataclass(frozen=True)
class Proposal:
    """What an unknown table seems to be: its kind, and its columns in their order."""

    kind: str
    columns: tuple[Column, ...] = field(default_factory=tuple)

    @property
    def column_map(self) -> dict[str, Any]:
        """The proposal as a column map."""
        return {"columns": {column.heading: column.what for column in self.columns}}


def propose(
    paths: Sequence[Path], context: Context, kind: str | None = None, *, is_known: bool = False
) -> Proposal | None:
    """What the tables of the files seem to be, or as `kind` says; None for files that are no tables. Raises Unreadable.

    With `is_known` only headings that the format's reader takes by itself, or by the source's map, are proposed.
    """
    if any(files.kind_of(path) not in files.TABLES for path in paths):
        return None
    chosen = [kind] if kind else list(KINDS)
    return max((_proposed(paths, context, one, is_known=is_known) for one in chosen), key=_worth)


def kind_of_format(name: str) -> str | None:
    """The kind of table that a format reads, None for a format whose columns nobody can choose."""
    return next((kind for kind, known in KINDS.items() if known.format == name), None)


def _worth(proposal: Proposal) -> tuple[bool, int]:
    """Whether a proposal says what its kind must say, and how much it says."""
    said = {column.what for column in proposal.columns} - {""}
    return any(needed <= said for needed in KINDS[proposal.kind].needed), len(said)


def _proposed(paths: Sequence[Path], context: Context, kind: str, *, is_known: bool) -> Proposal:
    fields, synonyms = KINDS[kind].fields, KINDS[kind].synonyms
    said = {heading_lines.heading(heading): what for heading, what in (context.column_map.get("columns") or {}).items()}
    known = {*synonyms, *said} if is_known else {*said, *(word for words in fields.values() for word in words)}
    met = _met(paths, known)
    by_heading = {
        heading: said[heading_lines.heading(heading)]
        for heading in met
        if said.get(heading_lines.heading(heading)) in fields
    }
    taken = set(by_heading.values())
    exact = [(100.0, heading, synonyms.get(heading_lines.heading(heading), "")) for heading in met]
    for _score, heading, what in sorted(
        exact if is_known else _candidates(met, fields, context), key=lambda one: -one[0]
    ):
        if (
            what in fields
            and heading not in by_heading
            and what not in taken
            and heading_lines.heading(heading) not in said
        ):
            by_heading[heading] = what
            taken.add(what)
    return Proposal(kind, tuple(
        Column(heading, one.sheet, len(one.cells), _examples(one.cells), by_heading.get(heading, "")) for heading, one in met.items()
    ))  # fmt: skip


def _met(paths: Sequence[Path], known: Collection[str]) -> dict[str, _Met]:
    """The columns of all tables of the files, by heading; without what a survey tool notes of itself."""
    met: dict[str, _Met] = {}
    for path in paths:
        for table in tables.of(path, known):
            own = SURVEY_TOOL if SURVEY_MARK in table.headings else frozenset()
            for heading, cells in _cells(table).items():
                if heading not in table.inherited and heading not in own and not (own and heading.startswith("_")):
                    met.setdefault(heading, _Met(table.sheet)).cells += cells
    return met


SURVEY_MARK = "_uuid"
SURVEY_TOOL = frozenset({"start", "end", "today", "deviceid", "username", "phonenumber", "audit"})


@dataclass
class _Met:
    """Where a heading was met, and the filled cells under it."""

    sheet: str
    cells: list[Any] = field(default_factory=list)


def _cells(table: tables.Table) -> dict[str, list[Any]]:
    """The filled cells of each column among the first rows."""
    found: dict[str, list[Any]] = {heading: [] for heading in table.headings}
    for number, row in enumerate(table.rows()):
        if number == ROWS_LOOKED_AT:
            break
        if number == 0 and is_tag_row(row.cells):
            continue
        for heading, cell in row.cells.items():
            if cell is not None and str(cell).strip():
                found[heading].append(cell)
    return {heading: cells for heading, cells in found.items() if cells or not re.fullmatch(r"column \d+", heading)}


def _examples(cells: Sequence[Any]) -> tuple[str, ...]:
    shown = dict.fromkeys(
        as_said(int(cell) if isinstance(cell, float) and cell.is_integer() else cell) for cell in cells
    )
    return tuple(
        one if len(one) <= LONGEST_EXAMPLE else one[: LONGEST_EXAMPLE - 1] + "…" for one in list(shown)[:EXAMPLES]
    )


def first_rows(paths: Sequence[Path], context: Context, kind: str) -> tuple[list[str], list[dict[str, str]]]:
    """What is read, in its order, and the first rows as the map reads them: texts, empty for what is not known.

    Rows of other sheets than the first that says anything are left out. Raises Unreadable.
    """
    known, synonyms = KINDS[kind], KINDS[kind].synonyms
    readers = _readers(context)
    for path in paths:
        for table in tables.of(
            path, {*synonyms, *(heading_lines.heading(h) for h in context.column_map.get("columns") or {})}
        ):
            columns = columns_of(table.headings, synonyms, {*known.fields, *synonyms.values()}, context, path.name)
            if not any(needed <= set(columns.values()) for needed in known.needed):
                continue
            rows = (row for row in table.rows() if not is_tag_row(row.cells))
            lines = [
                line_of(row.cells, columns, context) for row, _number in zip(rows, range(FIRST_ROWS), strict=False)
            ]
            told = [what for what in known.fields if what in {*columns.values(), *context.column_map}]
            return told, [
                {what: _read(line.get(what), readers.get(what, values.text)) for what in told} for line in lines
            ]
    return [], []


def _read(cell: Any, read: Callable[[Any], Any]) -> str:
    """A cell as it would load, in short; “?” where it cannot be read."""
    try:
        found = read(cell)
    except values.Bad:
        return "?"
    if isinstance(found, written_amounts.Money):
        return f"{in_digits(found.minor / 100, 2)} {found.currency or ''}".strip()
    if isinstance(found, list):
        return ", ".join(found)
    return "" if found is None else str(found)


def _readers(context: Context) -> dict[str, Callable[[Any], Any]]:
    """What reads the cells of columns whose content tells what they are."""
    activities = context.vocabulary.get("activity", set())
    return {
        "country": values.countries, "currency": written_amounts.currency, "amountAwarded": written_amounts.money, "amountDisbursed": written_amounts.money,
        "status": grant_status.status_of, "activity": lambda cell: _codes(cell, activities, context), **dict.fromkeys(DAYS, written_days.day),
    }  # fmt: skip


def _codes(cell: Any, activities: Collection[str], context: Context) -> list[str]:
    word = values.text(cell)
    found = codes_of(word, "activities", activities, context)
    if word is not None and not found:
        raise values.Bad(_("is none of the network's activities."), _("Say which of them it is."))
    return found


def _candidates(
    met: Mapping[str, _Met], fields: Mapping[str, tuple[str, ...]], context: Context
) -> Iterator[tuple[float, str, str]]:
    """(score, heading, what it could be) where heading and content speak for it, or the content alone."""
    readers = _readers(context)
    for heading, one in met.items():
        if any(heading.startswith(f"{other}/") for other in met if other != heading):
            continue
        is_counts = bool(one.cells) and _share(one.cells, written_amounts.decimal) >= FITS_FROM
        for what, words in fields.items():
            by_name = _alike(heading, words)
            content = _share(one.cells, readers[what]) if what in readers and one.cells else None
            if (is_counts and (what == "project" or (what in DAYS and not content))) or _is_another(heading, what):
                continue
            if by_name >= ALIKE_FROM and (content is None or content >= FITS_NOT_UNDER or what in MAY_BE_WORDED):
                yield by_name + 10 * (content or 0), heading, what
            elif content is not None and content >= FITS_FROM and what in TOLD_BY_CONTENT and _tells(what, one.cells):
                yield 50 + 10 * content, heading, what


def _is_another(heading: str, what: str) -> bool:
    """Whether a heading speaks of another amount, day or country than the one it could be taken for."""
    words = re.findall(r"[^\W\d_]+", heading_lines.heading(heading.rsplit("/", 1)[-1]))
    if what not in OWN_WORDS:
        return what == "country" and any(word.startswith(ANOTHER_COUNTRY) for word in words)
    return not all(word in LITTLE_WORDS or word.startswith(OWN_WORDS[what]) or _is_unit(word) for word in words)


def _is_unit(word: str) -> bool:
    """Whether it is a currency, or thousands or millions of one."""
    if word in written_amounts.MULTIPLIERS or word in written_amounts.CURRENCY_WORDS:
        return True
    with suppress(values.Bad):
        return written_amounts.currency(word) is not None
    return False


def _tells(what: str, cells: Sequence[Any]) -> bool:
    """Whether such cells can be nothing else where their heading says nothing: “no” is no Norway, “de” may be a language, and one
    code in every row is no column of countries."""
    if what == "status":
        return any(map(grant_status.says_refused, cells))
    if what != "country":
        return True
    words = {str(cell).strip() for cell in cells}
    if {word.casefold() for word in words} <= YES_OR_NO:
        return False
    codes = {word for word in words if len(word) <= CODE_LETTERS}
    return bool(words - codes) or len({code for code in codes if code.isupper()}) > 1


DAYS = ("starts_on", "ends_on", "awardDate", "starts", "ends", "date", "opened", "closed")
MAY_BE_WORDED = frozenset({"activity", *DAYS})
TOLD_BY_CONTENT = frozenset({"country", "currency", "activity", "status"})


def _alike(heading: str, words: Sequence[str]) -> float:
    """How much a heading, or its last part, is like one of the words for a thing: 0 to 100."""
    plain = heading_lines.heading(heading.rsplit("/", 1)[-1].lstrip(TAG)).strip(" .:?!")
    if plain in words:
        return 100
    best = max((fuzz.ratio(plain, word) for word in words), default=0)
    whole = [word for word in words if len(word) >= WORD_FROM and re.search(rf"\b{re.escape(word)}\b", plain)]
    return max(best, 85 + min(10, max(map(len, whole))) if whole else 0)


def _share(cells: Sequence[Any], read: Callable[[Any], Any]) -> float:
    """Which part of the cells can be read so."""
    right = 0
    for cell in cells:
        with suppress(values.Bad):
            right += bool(read(cell))
    return right / len(cells)
