"""Which format a file is in, by its content and not by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from data_access.importers import template, threesixty
from data_access.importers.records import Problem, Record, Unreadable

Vocabulary = Mapping[str, set[str]]


@dataclass(frozen=True)
class Format:
    """A format: its title, whether a file is in it, and what reads it."""

    title: str
    fits: Callable[[Path], bool]
    read: Callable[[Path, Vocabulary], Iterator[Record | Problem]]


FORMATS = {
    "template": Format("our own workbook", template.fits, template.read),
    "360giving": Format("360Giving", threesixty.fits, threesixty.read),
}


def format_of(path: Path, stated: str | None = None) -> str:
    """The name of the file's format: as `stated`, else the first that fits. Raises Unreadable when none does."""
    if stated is not None:
        return stated
    for name, known in FORMATS.items():
        if known.fits(path):
            return name
    known_ones = ", ".join(known.title for known in FORMATS.values())
    raise Unreadable(f"{path.name} is in no format that is known here ({known_ones}).")
