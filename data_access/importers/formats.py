"""Which format a file is in, by its content and not by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_access.i18n import N_, _
from data_access.importers import case_log, files, fts, heading_lines, iati, tables, template, three_w, threesixty
from data_access.importers.records import Context, Problem, Record, Unreadable


class UnknownFormat(Unreadable):
    """The file can be read, and no format is its own: somebody has to say which column is which."""


@dataclass(frozen=True)
class Format:
    """A format: its name in English, whether a file is in it, and what reads files of it that belong together."""

    name: str
    fits: Callable[[Path, Context], bool]
    read: Callable[[Sequence[Path], Context], Iterator[Record | Problem]]

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return _(self.name)


FORMATS = {
    "template": Format(N_("our own workbook"), template.fits, template.read),
    "360giving": Format(N_("360Giving"), threesixty.fits, threesixty.read),
    "iati": Format(N_("IATI 2.0x activities"), iati.fits, iati.read),
    "fts": Format(N_("OCHA FTS flows"), fts.fits, fts.read),
    "case-log": Format(N_("logs of cases"), case_log.fits, case_log.read),
    "3w": Format(N_("3W tables"), three_w.fits, three_w.read),
}


def format_of(path: Path, context: Context, stated: str | None = None) -> str:
    """The name of the file's format: as `stated`, else the first that fits. Raises Unreadable when none does."""
    files.kind_of(path)
    if stated is not None:
        return stated
    for name, known in FORMATS.items():
        if _fits(known, path, context):
            return name
    if template.is_a_sheet(path):
        return "template"
    for sentence, is_it in STATISTICS.items():
        if is_it(path):
            raise Unreadable(_(sentence).format(file=path.name))
    known_formats = ", ".join(known.title for known in FORMATS.values())
    raise UnknownFormat(
        _(
            "{file} is in no format that is known here ({formats}). If it is a table of organisations, grants or cases, say "
            "which of its columns is which."
        ).format(file=path.name, formats=known_formats)
    )


def _fits(known: Format, path: Path, context: Context) -> bool:
    """Whether a file is in a format; what stumbles over its bytes says that it cannot be read. Raises Unreadable."""
    try:
        return known.fits(path, context)
    except Unreadable:
        raise
    except Exception as fault:
        raise Unreadable(
            _("{file} cannot be read: it is damaged ({kind}).").format(file=path.name, kind=type(fault).__name__)
        ) from fault


def _has_columns(path: Path, needed: set[str]) -> bool:
    if files.kind_of(path) not in files.TABLES:
        return False
    return any(needed <= {heading_lines.heading(name) for name in table.headings} for table in tables.of(path, needed))


def _is_list_of_projects(path: Path) -> bool:
    if files.kind_of(path) != "json":
        return False
    found = files.read_json(path)
    listed = found.get("data") if isinstance(found, dict) else None
    results = listed.get("results") if isinstance(listed, dict) else None
    return isinstance(results, list) and any("currentRequestedFunds" in one for one in results if isinstance(one, dict))


STATISTICS: dict[str, Callable[[Path], bool]] = {
    N_(
        "{file} holds UNHCR's yearly totals, not cases: there is no row of ours to make of it. Nothing is wrong with the file."
    ): lambda path: _has_columns(path, {"coo_iso", "coa_iso"}),
    N_(
        "{file} holds what whole response plans ask for and got, not who gave what to whom. Load FTS flows instead."
    ): lambda path: _has_columns(path, {"requirements", "percentfunded"}),
    N_(
        "{file} lists projects of a response plan, which is not read here. Fill their needs into our workbook instead."
    ): _is_list_of_projects,
}


def read(paths: Sequence[Path], context: Context, stated: str | None = None) -> tuple[str, Iterator[Record | Problem]]:
    """The names of the formats found, and the records of all files, format by format.

    Files of one format are read together, so that what stands in one may refer to another. Raises Unreadable.
    """
    found: dict[str, list[Path]] = {}
    for path in paths:
        found.setdefault(format_of(path, context, stated), []).append(path)
    return "+".join(found), (record for name, group in found.items() for record in _read(name, group, context))


def _read(name: str, group: Sequence[Path], context: Context) -> Iterator[Record | Problem]:
    """The records of one format's files; whatever a reader stumbles over becomes a sentence."""
    try:
        for path in group:
            yield from tables.left_out(path)
        yield from FORMATS[name].read(group, context)
    except (Unreadable, GeneratorExit):
        raise
    except Exception as fault:
        names = ", ".join(path.name for path in group)
        known = FORMATS[name].title
        raise Unreadable(
            _("{files} cannot be read as {format}: something in it is not what it should be ({kind}).").format(
                files=names, format=known, kind=type(fault).__name__
            )
        ) from fault
