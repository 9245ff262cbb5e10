"""One loop over the blocks of a page, for the screen, for a file and for a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

from dashboard.page import offer
from dashboard.page.blocks import Beside, Block, Choice, Day, Number, Remark, Report, Several, Title
from dashboard.page.registry import Page, find
from dashboard.page.visit import Visit, current, open_visit
from data_access.filters import parted
from data_access.i18n import _

PART = "part"
MOST = 10**12


class Surface(Protocol):
    """Where blocks are shown and asked."""

    def show(self, block: Block, report: Report) -> Any:
        """Show a block that `report` has recorded already; its answer."""

    def columns(self, block: Beside) -> Sequence[AbstractContextManager]:
        """One context per column to show blocks in."""


@dataclass(frozen=True)
class Asked:
    """No surface at all: choices are answered by a link, everything else is recorded and nothing shown."""

    own: Mapping[str, str]

    def show(self, block: Block, _report: Report) -> Any:
        """What the link asks for, where it is on offer."""
        match block:
            case Choice():
                asked = self.own.get(block.key)
                return asked if asked in block.names else block.default
            case Several() | Day() | Number():
                return answered(block, self.own.get(block.key, ""))
        return None

    def columns(self, block: Beside) -> Sequence[AbstractContextManager]:
        """Nothing to write into."""
        return [nullcontext() for _column in block.columns]


def answered(block: Several | Day | Number, asked: str) -> Any:
    """What a link asks of a block, as far as it is on offer; else what is there at first."""
    match block:
        case Several():
            return [name for name in parted(asked) if name in block.names]
        case Day():
            with suppress(ValueError):
                return max(block.first, date.fromisoformat(asked).isoformat())
            return block.default
    with suppress(ValueError):
        return max(-MOST, min(MOST, int(asked)))
    return 0


def walk(page: Page, visit: Visit, surface: Surface) -> Report:
    """Go through the blocks of a page: each is recorded, shown, and its answer given back. Returns the report."""
    report = Report(page.file)
    for block in _heading(page, visit):
        _met(block, report, surface)
    blocks = page.blocks(visit)
    answer = None
    while True:
        try:
            block = blocks.send(answer)
        except StopIteration:
            return report
        answer = _met(block, report, surface)


def _met(block: Block, report: Report, surface: Surface) -> Any:
    if not isinstance(block, Beside):
        report.record(block)
        return surface.show(block, report)
    answers = []
    for place, column in zip(surface.columns(block), block.columns, strict=True):
        with place:
            several = [column] if isinstance(column, Block) else column
            answers.append([_met(one, report, surface) for one in several][-1])
    return tuple(answers)


def _heading(page: Page, visit: Visit) -> list[Block]:
    """The page's title, and which of the reader's filters do not apply to it."""
    if not page.title:
        return []
    idle = offer.idle(visit, page.applies)
    said = [Remark(_("Does not apply on this page: {filters}.").format(filters=", ".join(idle)))] if idle else []
    return [Title(_(page.title)), *said]


def one(file: str, visit: Visit, own: Mapping[str, str], surface: Surface | None = None) -> Report:
    """What a page shows this viewer of the part that her own choices `own` name, the first without; on no surface but that
    `own` answers its choices, unless another one is given.

    Afterwards the current visit is the one that was before. Raises NoSuchPage.
    """
    page, before = find(file), current()
    mine = replace(visit, own=dict(own))
    open_visit(mine)
    try:
        return walk(page, mine, surface or Asked(own))
    finally:
        open_visit(before)


def whole(file: str, visit: Visit, own: Mapping[str, str]) -> Report:
    """Everything a page shows this viewer over all its parts, with her own choices `own` on it.

    A part's figures and tables come after those of the parts before it; nothing is there twice. Raises NoSuchPage.
    """
    report = one(file, visit, {name: value for name, value in own.items() if name != PART})
    for other in report.parts[1:]:
        report.add(one(file, visit, {**own, PART: other}))
    return report
