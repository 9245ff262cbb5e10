"""What a page yields: summary, charts, tables, choices, forms; values that a surface shows and a report records.

A page is a generator of blocks. `dashboard.page.walk` goes through them for the screen, for a file and for a test, so
that an export equals the screen because there is nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from dashboard.words import terms
from data_access.i18n import _


@dataclass(frozen=True)
class Figure:
    """One KPI: its term, typed value, shown text, comparison and coverage in words. Raises KeyError without a term.

    `is_live`: an exact figure of live cases.
    """

    term: str
    value: float | int | str | None
    shown: str
    comparison: str = ""
    coverage: str = ""
    is_live: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        terms.term(self.term)


class Block:
    """Anything a page yields. What it answers, if anything, is said with each kind; None wherever nobody is asked."""


@dataclass(frozen=True)
class Title(Block):
    """The heading of a page that depends on its subject; other pages have theirs in the registry."""

    text: str


@dataclass(frozen=True)
class Summary(Block):
    """A page's computed answer in one sentence, and its KPIs."""

    sentence: str
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Figures(Block):
    """A row of KPIs, each with comparison, coverage and definition."""

    figures: Sequence[Figure]


@dataclass(frozen=True)
class Table(Block):
    """Rows to show and export: columns are declared in `dashboard.words.columns`, some for the table `key` alone.

    `is_live`: exact figures of live cases. `profiles`: per column of initiatives' names whose profile each row's leads to, where
    the maker knows; other names lead to a profile if one initiative alone bears them.
    """

    key: str
    title: str
    rows: pd.DataFrame
    note: str = ""
    is_live: bool = field(default=False, kw_only=True)
    profiles: Mapping[str, pd.Series] = field(default_factory=dict, kw_only=True)

    @property
    def notes(self) -> str:
        """Everything that is said of it."""
        return self.note


@dataclass(frozen=True)
class Chart(Table):
    """A table with a picture: a plotly Figure or a pydeck Deck, and its text alternative.

    `opens`: what a click does: open the rows of what was clicked, or choose the country clicked; `opens_under`: the chart under
    which those rows open, if not this one. `narrow`: the picture for a phone, where it is another one. `marked`: what its
    numbered marks stand for, said under it. `on_paper`: what a brief prints of it, where its first rows would not tell what the
    title says.
    """

    picture: Any = None
    alt: str = ""
    opens: Literal["rows", "country"] | None = None
    narrow: Any = None
    opens_under: str = ""
    marked: str = ""
    on_paper: Table | None = None

    @property
    def notes(self) -> str:
        """Everything that is said of it, above and under the picture."""
        return f"{self.note} {self.marked}".strip()

    @property
    def choice_of_rows(self) -> str:
        """The key of the choice of which rows are open."""
        return f"open_{self.opens_under or self.key}"


@dataclass(frozen=True)
class Glossary(Block):
    """A table to read rather than to sort, all of it on the page."""

    table: Table


@dataclass(frozen=True)
class Selectable(Block):
    """A table of which one row can be chosen. Answers the chosen row's place."""

    table: Table


@dataclass(frozen=True)
class Folded(Block):
    """A table behind its title, made on the screen when somebody opens it."""

    table: Table


@dataclass(frozen=True)
class Choice(Block):
    """A choice of the page itself; the first of `names` is the default. Answers the chosen key."""

    key: str
    label: str
    names: Mapping[str, str]

    @property
    def default(self) -> str | None:
        """What is chosen when nobody chose."""
        return next(iter(self.names))


@dataclass(frozen=True)
class Part(Choice):
    """Which part of a long page to show; only that part is computed. Answers the chosen key."""

    key: str = field(default="part", init=False)
    label: str = field(default="", init=False)


@dataclass(frozen=True)
class Rows(Choice):
    """Which figure's rows to show: chosen with the keyboard, or by a click in the chart `of`. Answers the key, or None."""

    @property
    def of(self) -> str:
        """The chart whose figures they are."""
        return self.key.removeprefix("open_")

    @property
    def default(self) -> str | None:
        """Nothing is open at first."""
        return None


def rows_of(chart: str, label: str, names: Mapping[str, str]) -> Rows:
    """The choice of which figure of `chart` to open."""
    return Rows(f"open_{chart}", label, names)


def rows_of_figures(shown: Summary, keys: Collection[str]) -> Rows:
    """The choice of which KPI to open: those of `keys`, whose rows can be listed, that are known."""
    known = [one.term for one in shown.figures if one.term in keys and one.value is not None]
    return rows_of("figure", _("Open the rows of a figure"), {term: _(terms.term(term).label) for term in known})


@dataclass(frozen=True)
class Several(Block):
    """A choice of any number of `names`, none at first; in a link they are parted as in filters. Answers the chosen keys."""

    key: str
    label: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class Day(Block):
    """A day from `first` on; at first `proposed`, or the first. Answers an ISO date."""

    key: str
    label: str
    first: str
    proposed: str = ""

    @property
    def default(self) -> str:
        """What is chosen when nobody chose."""
        return self.proposed or self.first


@dataclass(frozen=True)
class Number(Block):
    """A whole number, 0 at first, that goes up and down by `step`. Answers it."""

    key: str
    label: str
    step: int = 1


@dataclass(frozen=True)
class Search(Block):
    """Words to look for; they stay out of the address, where history and proxies would keep them. Answers them."""

    label: str
    placeholder: str


@dataclass(frozen=True)
class Beside(Block):
    """Columns of blocks, as wide as `widths` says. Answers what the last block of each column answered."""

    columns: Sequence[Block | Sequence[Block]]
    widths: Sequence[float] = ()
    gap: Literal["small", "large"] = "small"


@dataclass(frozen=True)
class Reading(Beside):
    """Choices of how the page counts: asked before its answer, which rests on them, and standing under it."""


@dataclass(frozen=True)
class Glance(Block):
    """The first lines of an answer as bars, whose page holds all of them: name, length from 0 to 1 (None without a bar), what
    is said of it. `title` says what they are, `is_missing` that they are what is missing."""

    title: str
    lines: Sequence[tuple[str, float | None, str]]
    is_missing: bool = False


@dataclass(frozen=True)
class Caption(Block):
    """A small grey sentence."""

    text: str


@dataclass(frozen=True)
class Sentence(Block):
    """A sentence of the page."""

    text: str


@dataclass(frozen=True)
class Hint(Block):
    """A sentence in a box: what to do next."""

    text: str


@dataclass(frozen=True)
class Remark(Block):
    """A sentence every reader must see, on the page and in its exports."""

    text: str


@dataclass(frozen=True)
class Facts(Block):
    """Named facts, one per line."""

    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Points(Block):
    """Sentences under a heading, one per line."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Link(Block):
    """A way to another page of the frame, with what its address asks for."""

    page: str
    label: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    is_back: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Evidence(Block):
    """Why a pair is listed: a headline, one (name, similarity or None, words) per facet, facts, and answers so far."""

    headline: str
    facets: list[tuple[str, float | None, str]]
    facts: list[tuple[str, str]]
    answers: list[tuple[str, str]]


@dataclass(frozen=True)
class AnswerForm(Block):
    """Asks for an answer on `pair`; `why_not` says instead why this reader cannot give one.

    Answers the answer and its reason once both are there.
    """

    pair: str
    answers: Mapping[str, str]
    reasons: Mapping[str, str]
    why_not: str | None


@dataclass(frozen=True)
class Done(Block):
    """The message of the action that drew this page anew, if one did."""


@dataclass(frozen=True)
class StartAgain(Block):
    """Draw the page anew and say there, once, what was done."""

    message: str


@dataclass(frozen=True)
class Templates(Block):
    """Workbooks to fill in, one per language; `make` gives the bytes."""

    languages: Mapping[str, str]
    make: Callable[[str], bytes]


@dataclass(frozen=True)
class Download(Block):
    """A workbook to take away."""

    label: str
    name: str
    content: bytes


@dataclass(frozen=True)
class About(Block):
    """What stands behind the page's numbers, and the files of the whole page."""

    notes: Sequence[str]


Blocks = Generator[Block, Any, None]


@dataclass
class Report:
    """One page as one viewer saw it: what it yielded that leaves the house."""

    page: str
    title: str = ""
    answer: str = ""
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def is_live(self) -> bool:
        """Whether the page shows exact figures of live cases."""
        return any(figure.is_live for figure in self.figures) or any(table.is_live for table in self.tables)

    def record(self, block: Block) -> None:
        """Note what of a block leaves the house."""
        match block:
            case Title():
                self.title = block.text
            case Summary():
                self.answer = block.sentence
                self.figures.extend(block.figures)
            case Figures():
                self.figures.extend(block.figures)
            case Table():
                self.tables.append(block)
            case Glossary() | Selectable() | Folded():
                self.tables.append(block.table)
            case Part():
                self.parts = list(block.names)
            case Remark():
                self.notes.append(block.text)
            case About():
                self.notes.extend(block.notes)

    def add(self, other: Report) -> None:
        """Put another part's figures, tables and notes behind these; nothing is there twice."""
        self.figures += [figure for figure in other.figures if figure not in self.figures]
        keys = {table.key for table in self.tables}
        self.tables += [table for table in other.tables if table.key not in keys]
        self.notes += [note for note in other.notes if note not in self.notes]
