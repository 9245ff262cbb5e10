"""`meridian publish-data`: what is public, in the open standards, for whoever wants to load it elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import click
import pandas as pd

from dashboard.answers import open_data
from dashboard.answers.open_data import OpenData
from dashboard.commands import speaking
from dashboard.commands.refusal import Refused
from dashboard.files import hxl, iati, threesixty
from dashboard.files.publisher import Publisher
from dashboard.page.opening import open_for
from dashboard.page.reading import read_metas
from dashboard.upkeep.writers import writers
from data_access import database
from data_access.i18n import N_, _, in_digits, ngettext
from data_access.queries.open_data import FUNDER

PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
STANDARDS = ("360giving", "iati", "hxl")
"""The names that people know them by."""
FILES = {
    "360giving": {".json": "360giving.json", ".xlsx": "360giving.xlsx"},
    "iati": {".xml": "iati-activities.xml"},
    "hxl": {".csv": "hxl-who-works-where.csv"},
}


@speaking.command(
    name="publish-data",
    help=N_(
        "Write what is public in an open standard: grants as 360Giving or IATI, who works where as HXL.\n\n"
        "OUT is a folder, or a file whose ending says which of the standard's forms it has. Only organisations whose visibility is "
        "public are named; what cannot be said in the standard is counted on the screen and not written."
    ),
)
@click.argument("standard", type=click.Choice(STANDARDS))
@click.argument("out", type=click.Path(path_type=Path))
@speaking.option("--publisher", default="Meridian", show_default=True, metavar="NAME", help=N_("Who publishes."))
@speaking.option(
    "--prefix",
    default="meridian",
    show_default=True,
    metavar="ID",
    help=N_("What its identifiers begin with: the prefix of 360Giving without 360G-, or the identifier of IATI."),
)
def publish_data(standard: str, out: Path, publisher: str, prefix: str) -> None:
    """Write what is public in an open standard."""
    endings = FILES[standard]
    if out.suffix and out.suffix not in endings and not out.is_dir():
        raise Refused(
            _("{file}: {standard} is written as {endings}.").format(
                file=out, standard=standard, endings=", ".join(endings)
            )
        )
    if not PREFIX.fullmatch(prefix):
        raise Refused(_("--prefix is letters, digits, dots and hyphens, such as XM-ORG-1."))
    visit = open_for(FUNDER, read_metas())
    as_of = visit.as_of.date()
    found = open_data.collected(partial(database.run, writers()["shared"]), as_of)
    title = _("Public grants, published by {publisher}").format(publisher=publisher)
    said = _("Invented sample data: no organisation in it exists.") if visit.is_sample else title
    written = _MAKERS[standard](found, Publisher(publisher, prefix, title, said), as_of)
    for path in [out] if out.suffix in endings and not out.is_dir() else [out / name for name in endings.values()]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written.forms[path.suffix]())
        print(written.said.format(file=path, n=in_digits(written.count)))
    for line in written.left_out:
        print(line)


@dataclass(frozen=True)
class Written:
    """How each form of a standard is made, by its ending; how many it holds and what to say of it; what could not be said."""

    forms: Mapping[str, Callable[[], bytes]]
    count: int
    said: str
    left_out: Sequence[str]


def _as_360giving(found: OpenData, publisher: Publisher, as_of: date) -> Written:
    awards = threesixty.awards(found, publisher)
    forms = {
        ".json": partial(threesixty.as_json, awards, publisher, as_of),
        ".xlsx": partial(threesixty.as_workbook, awards, as_of),
    }
    return _of_grants(forms, len(awards), _left_out(found, threesixty.left_out(found.grants)))


def _as_iati(found: OpenData, publisher: Publisher, as_of: date) -> Written:
    reasons = iati.left_out(found.grants, found.payments)
    lines = _left_out(found, reasons)
    if count := iati.payments_left_out(found):
        said = ngettext(
            "{n} payment was left out: it has no day, or another currency than its grant.",
            "{n} payments were left out: they have no day, or another currency than their grant.",
            count,
        )
        lines.append(said.format(n=in_digits(count)))
    forms = {".xml": partial(iati.as_xml, found, publisher, as_of)}
    return _of_grants(forms, int(reasons.isna().sum()), lines)


def _as_hxl(found: OpenData, _publisher: Publisher, _as_of: date) -> Written:
    count = found.work["organisation_id"].nunique()
    said = ngettext("{file}: {n} organisation.", "{file}: {n} organisations.", count)
    return Written({".csv": partial(hxl.as_csv, found)}, count, said, ())


_MAKERS = {"360giving": _as_360giving, "iati": _as_iati, "hxl": _as_hxl}


def _of_grants(forms: Mapping[str, Callable[[], bytes]], count: int, left_out: Sequence[str]) -> Written:
    """Raises Refused for a file without a grant, which no standard allows."""
    if not count:
        raise Refused(_("no grant is public, so there is nothing to write."))
    return Written(forms, count, ngettext("{file}: {n} grant.", "{file}: {n} grants.", count), left_out)


def _left_out(found: OpenData, reasons: pd.Series) -> list[str]:
    """A sentence per reason, of those who are there."""
    counts = {open_data.NOT_PUBLIC: found.not_public} | reasons.value_counts().to_dict()
    return [REASONS[reason](n).format(n=in_digits(n)) for reason, n in counts.items() if n]


REASONS: dict[str, Callable[[int], str]] = {
    open_data.NOT_PUBLIC: lambda n: ngettext(
        "{n} grant was left out: its payer is not named, or one side of it is not public.",
        "{n} grants were left out: their payer is not named, or one side of them is not public.",
        n,
    ),
    "cancelled": lambda n: ngettext(
        "{n} grant was left out: it was cancelled.", "{n} grants were left out: they were cancelled.", n
    ),
    "pledged": lambda n: ngettext(
        "{n} grant was left out: it is a pledge.", "{n} grants were left out: they are pledges.", n
    ),
    "unknown_status": lambda n: ngettext(
        "{n} grant was left out: its status is not known.", "{n} grants were left out: their status is not known.", n
    ),
    "own": lambda n: ngettext(
        "{n} grant was left out: it is an organisation's own money.",
        "{n} grants were left out: they are organisations' own money.",
        n,
    ),
    "carried_over": lambda n: ngettext(
        "{n} grant was left out: it was carried over from an earlier period.",
        "{n} grants were left out: they were carried over from an earlier period.",
        n,
    ),
    "no_amount": lambda n: ngettext(
        "{n} grant was left out: its amount is not stated.", "{n} grants were left out: their amount is not stated.", n
    ),
    "no_signing_date": lambda n: ngettext(
        "{n} grant was left out: the day of its signing is not stated.",
        "{n} grants were left out: the day of their signing is not stated.",
        n,
    ),
    "no_days": lambda n: ngettext(
        "{n} grant was left out: neither its first nor its last day is stated.",
        "{n} grants were left out: neither their first nor their last day is stated.",
        n,
    ),
}


COMMANDS = (publish_data,)
