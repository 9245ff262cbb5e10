"""Mutated files through every reader: each must end in records or in a sentence, never in a traceback.

    python -m benchmarks.fuzz SEED N [FILE...]       N files; the same seed makes the same files

Seeds are small files of each format, and any FILE given. Prints what came of them and, per fault, how to make it again;
exits with 1 when there was one.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import openpyxl

from data_access.importers import formats
from data_access.importers.records import Context, Unreadable
from data_access.importers.write_template import write_template
from data_access.vocabulary import code_rows, route_rows

SLOW_SECONDS = 20
WORDS = (
    b"NaN",
    b"1e999",
    b"\xff\xfe",
    b"\x00",
    b"<",
    b"&#x0;",
    b"-",
    b"ZZZZ9",
    b"9" * 30,
    b"\xed\xa0\x80",
    b'"',
    b"1A",
    b"''",
    b"{",
    b"]",
)
TEXTS = {
    "3w.csv": "Organisation,Country,Sector,Start date\nLantern House,Georgia / Armenia,media,5 March 2026\n",
    "log.csv": "case,stage,date,outcome,people,country\n1,request,2026-01-05,,2,LT\n1,closed,2026-02-05,relocated,2,LT\n",
    "grants.csv": "Identifier,Currency,Amount Awarded,Award Date,Recipient Org:Identifier,Recipient Org:Name,"
    "Funding Org:Identifier,Funding Org:Name\ng1,EUR,15k €,2025-03-04,R-1,Lantern House,F-1,North Fund\n",
    "grants.json": '{"grants": [{"id": "g1", "currency": "EUR", "amountAwarded": 1000, "awardDate": "2025-03-04", '
    '"recipientOrganization": [{"id": "R", "name": "Lantern"}], "fundingOrganization": [{"id": "F", "name": "North"}]}]}',
    "act.xml": '<iati-activities version="2.03"><iati-activity default-currency="EUR"><iati-identifier>X-1</iati-identifier>'
    '<reporting-org ref="F" type="60"><narrative>North</narrative></reporting-org><recipient-country code="GE" percentage="40"/>'
    '<transaction><transaction-type code="2"/><transaction-date iso-date="2025-03-01"/><value value-date="2025-03-01">10</value>'
    '<receiver-org ref="R"><narrative>Lantern</narrative></receiver-org></transaction></iati-activity></iati-activities>',
    "flows.json": '{"data": {"flows": [{"id": "1", "amountUSD": 5, "boundary": "incoming", "status": "paid", "sourceObjects": '
    '[{"type": "Organization", "name": "A"}], "destinationObjects": [{"type": "Organization", "name": "B"}]}]}}',
}  # fmt: skip


def seeds(folder: Path) -> list[Path]:
    """One small file of each format."""
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_template(folder / "template.xlsx", "en")
    book = openpyxl.Workbook()
    for line in TEXTS["3w.csv"].splitlines():
        book.active.append(line.split(","))
    book.active.merge_cells("A2:A3")
    book.save(folder / "3w.xlsx")
    return sorted(folder.iterdir())


def mutated(content: bytes, source: random.Random) -> bytes:
    """A few bytes changed, cut, doubled or replaced by what programs stumble over; of a workbook, within its parts."""
    if content.startswith(b"PK\x03\x04") and source.random() < 0.8:
        return _mutated_archive(content, source)
    changed = bytearray(content)
    for _time in range(source.randrange(1, 6)):
        at = source.randrange(len(changed) + 1)
        kind = source.randrange(4)
        if kind == 0 and changed:
            changed[at % len(changed)] = source.randrange(256)
        elif kind == 1:
            del changed[at : at + source.randrange(1, 40)]
        elif kind == 2:
            changed[at:at] = changed[at : at + source.randrange(1, 40)]
        else:
            changed[at : at + source.randrange(8)] = source.choice(WORDS)
    return bytes(changed)


def _mutated_archive(content: bytes, source: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = source.choice(old.namelist())
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, mutated(part, source) if name == chosen else part)
    return out.getvalue()


def context() -> Context:
    """What readers know besides the files."""
    vocabulary: dict[str, set[str]] = {"route": {row["code"] for row in route_rows()}}
    for row in code_rows():
        vocabulary.setdefault(row["facet"], set()).add(row["code"])
    return Context("fuzz", vocabulary, salt="salt")


def outcomes(number: int, seed: int, given: list[Path]) -> Iterator[tuple[str, str]]:
    """What came of each mutated file: a word, and for a fault how to make it again."""
    known = context()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seeds").mkdir()
        files = [*seeds(folder / "seeds"), *given]
        for one in range(number):
            source = random.Random(f"{seed} {one}")
            chosen = source.choice(files)
            path = folder / chosen.name
            path.write_bytes(mutated(chosen.read_bytes(), source))
            begin = time.perf_counter()
            try:
                found = sum(1 for _record in formats.read([path], known)[1])
                word = "read" if found else "empty"
            except Unreadable:
                word = "refused"
            except Exception:
                yield "FAULT", f"file {one} of seed {seed}, from {chosen.name}:\n{traceback.format_exc(limit=-3)}"
                continue
            if (seconds := time.perf_counter() - begin) > SLOW_SECONDS:
                yield "SLOW", f"file {one} of seed {seed}, from {chosen.name}: {seconds:.0f} s"
            yield word, ""


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    counted: Counter[str] = Counter()
    for said, how in outcomes(int(sys.argv[2]), int(sys.argv[1]), [Path(name) for name in sys.argv[3:]]):
        counted[said] += 1
        if how:
            print(how)
    print(", ".join(f"{count:,} {said}" for said, count in counted.most_common()))
    sys.exit(1 if counted["FAULT"] or counted["SLOW"] else 0)
