"""Cells as people write them -> values: text, yes and no, countries, words of a list, and the many ways to say nothing.

Days are read by `written_days`, amounts by `written_amounts`, both by the `evidence` of their whole column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from data_access.i18n import _
from data_access.importers.country_names import country_names, without_marks

NOTHING = frozenset((
    "", "-", "–", "—", "n/a", "na", "none", "null", "nan", "unknown", "k. a.", "k.a.", "?", "??", "???", "unbekannt",
    "keine angabe", "нет", "н/д", "неизвестно", "нет данных", "уточняется", "n.a.", "n. a.", "no data", "not known", "not stated",
    "не указано", "не указан",
))  # fmt: skip
NO_NAME = frozenset((
    "0", "tbd", "tba", "tbc", "to be determined", "to be confirmed", "to be announced", "no name", "unnamed", "без названия",
))  # fmt: skip
AS_ABOVE = re.compile(
    r"""["'“”„″〃]+|[-–—]*\s?(?://|"|''|〃|″)\s?[-–—]*|d(?:itt)o\.?|dito|idem|same(?: as above)?|as above|s\. ?o\.|siehe oben|то же|тот же|та же|см\. выше""",
    re.IGNORECASE,
)
YES = frozenset(["yes", "y", "true", "1", "x", "oui", "ja", "да", "sí", "si", "tak", "taip"])
NO = frozenset(["no", "n", "false", "0", "non", "nein", "не", "нет", "nie", "ne"])
SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
UNWRITABLE = re.compile(r"[\x00\ud800-\udfff\ufffe\uffff]")
ERRORS = re.compile(
    r"^#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|ERROR!|SPILL!|CALC!)$|^(Loading|Загрузка|Wird geladen)\s?(\.\.\.|…)$",
    re.IGNORECASE,
)
NAMIBIA = "NA"


class Bad(ValueError):
    """A cell that cannot be read; `what` says what it is or is not, `do` what to write instead."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.what, self.do = what, do


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula: its text is never computed here."""

    text: str


def understood(readers: Mapping[str, Callable[[], Any]]) -> tuple[dict[str, Any], dict[str, Bad]]:
    """What each cell of a row says, by name, and what cannot be read of it: all of its faults, not the first."""
    found: dict[str, Any] = {}
    wrong: dict[str, Bad] = {}
    for what, read_cell in readers.items():
        try:
            found[what] = read_cell()
        except Bad as bad:
            wrong[what] = bad
    return found, wrong


def text(cell: Any) -> str | None:
    """The cell as one line of text, None for the ways to say nothing. Raises Bad for a formula."""
    line = _line(cell)
    return None if line.casefold() in NOTHING else line


def name(cell: Any) -> str | None:
    """Who is named, as one line of text; None for the ways to name nobody. Raises Bad for what refers to another row, and for a cell
    that holds a day, or yes or no."""
    if isinstance(cell, bool | date):
        raise Bad(_("is no name."), _("Write the name."))
    line = text(cell)
    if line is None or line.casefold() in NO_NAME:
        return None
    if AS_ABOVE.fullmatch(line):
        raise Bad(_("refers to another row."), _("Write the name in each row."))
    return line


def writable(line: str) -> str:
    """Text without signs that no database keeps: halves of pairs, and zero."""
    return UNWRITABLE.sub("", line)


def _line(cell: Any) -> str:
    if isinstance(cell, Formula):
        raise Bad(_("is a formula."), _("Paste its value instead."))
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, str) and ERRORS.match(cell.strip()):
        raise Bad(_("is an error of the spreadsheet."), _("Mend its formula, or write the value."))
    return SPACES.sub(" ", writable(str(cell))).strip()


def flag(cell: Any) -> bool | None:
    """Yes or no in several languages. Raises Bad."""
    if isinstance(cell, bool):
        return cell
    line = _line(cell)
    word = line.casefold()
    if word in NOTHING and word not in NO:
        return None
    if word in YES:
        return True
    if word in NO:
        return False
    raise Bad(_("is neither yes nor no."), _("Write yes or no, or leave it empty."))


def one_of(cell: Any, codes: Iterable[str], names: dict[str, str] | None = None) -> str | None:
    """A code of a list, by itself or by one of its `names` (any case). Raises Bad.

    A list may itself hold a word for nothing, such as unknown; then it is that code.
    """
    line = _line(cell)
    known = {code.casefold(): code for code in codes} | {name.casefold(): code for name, code in (names or {}).items()}
    found = known.get(line.casefold()) or known.get(line.casefold().replace(" ", "_"))
    if found is None and line.casefold() not in NOTHING:
        raise Bad(
            _("is not in the list."),
            _("Use one of: {codes}.").format(codes=", ".join(sorted(set(known.values()))[:12])),
        )
    return found


def country(cell: Any) -> str | None:
    """An ISO 3166-1 alpha-2 country, from its code or its name in the languages of host countries; NA is Namibia. Raises Bad."""
    found = countries(cell)
    if len(found) > 1:
        raise Bad(_("is several countries."), _("Write one country per row."))
    return found[0] if found else None


PARTING = re.compile(r"(\s*[/;,|+&\n]\s*|\s+(?:and|und|et|и|та|y)\s+|\s+)", re.IGNORECASE)


def countries(cell: Any) -> list[str]:
    """Every country a cell names, in its order; a name that holds a comma or a blank stays whole. Raises Bad.

    Parts between /, ;, commas, line breaks, “and” and the like; the longest run of parts that names a country is one. Two letters
    beside other words are a code in capitals alone, and not within a sentence: “in Georgia” is not India as well.
    """
    line = without_marks(_line(str(cell).replace("\n", " / ") if isinstance(cell, str) else cell))
    if line.casefold() in NOTHING and line != NAMIBIA:
        return []
    parts, known, found, at = PARTING.split(line), country_names(), [], 0
    while at < len(parts):
        for end in range(len(parts), at, -2):
            name = "".join(parts[at:end]).strip()
            if (code := known.get(name.casefold())) and not (len(name) == 2 and _is_a_word(name, parts)):
                found.append(code)
                at = end + 1
                break
        else:
            said = _("is not a country.") if len(parts) == 1 else _("is not countries: “{name}” is none.")
            raise Bad(said.format(name=parts[at].strip()), _("Write the two-letter code, such as LT."))
    if found[:2] == ["GE", "US"]:
        raise Bad(
            _("can be read in two ways: a state of the USA, or two countries."),
            _("Write the two-letter code, such as LT."),
        )
    return list(dict.fromkeys(found))


def _is_a_word(name: str, parts: list[str]) -> bool:
    """Whether two letters are a word of a sentence and no code."""
    if len(parts) == 1:
        return name == "no"
    is_sentence = any(len(part) > 2 for part in parts[::2]) and all(not mark.strip() for mark in parts[1::2])
    return name != name.upper() or is_sentence
