"""Mutated files through every reader, and into databases: each must end in records or in a sentence, never in a traceback.

    python -m benchmarks.fuzz SEED N [--load] [FILE...]       N files; the same seed makes the same files

Seeds are small files of each format, and any FILE given. With --load each file is also loaded, and taken back, in the
databases of the environment; then every record must be accounted for: created, updated, unchanged, rejected, met twice, or
left out as stated already. Prints what came of them and, per fault, how to make it again; exits with 1 when there was one.
"""

from __future__ import annotations

import io
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import openpyxl
from sqlalchemy import Engine

from dashboard.upkeep.writers import writers
from data_access.importers import formats
from data_access.importers.load import load
from data_access.importers.records import Context, Problem, Record, Unreadable
from data_access.importers.write_template import write_template
from data_access.viewer import Which
from data_access.vocabulary import code_rows, route_rows

SLOW_SECONDS, MOST_MEGABYTES = 20, 1_000
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
    vocabulary: dict[str, set[str]] = {"route": {str(row["code"]) for row in route_rows()}}
    for row in code_rows():
        vocabulary.setdefault(str(row["facet"]), set()).add(str(row["code"]))
    return Context("fuzz", vocabulary, salt="salt")


LEFT_OUT = ("same_row_twice", "same_money")
REJECTED = ("unknown_reference", "two_rows_one_reference", "refused", "no_case_database")


def unaccounted(path: Path, known: Context, engines: Mapping[Which, Engine]) -> int:
    """How many records of a file a load does not account for; nothing of it stays. Raises what a load raises."""
    read = 0

    def counted() -> Iterator[Record | Problem]:
        nonlocal read
        for record in formats.read([path], known)[1]:
            read += isinstance(record, Record)
            yield record

    done = load(engines, "fuzz", counted(), date(2026, 1, 1), dry_run=True)
    codes = Counter(problem.code for problem in done.problems)
    counts = sum(sum(kind.values()) for kind in (done.created, done.updated, done.unchanged))
    parts = 0 if not codes["same_money"] else read  # what hangs on a grant that is left out is left out with it
    missing = read - counts - sum(codes[code] for code in (*LEFT_OUT, *REJECTED))
    return missing if not 0 <= missing <= parts else 0


def outcomes(number: int, seed: int, given: list[Path], engines: Mapping[Which, Engine]) -> Iterator[tuple[str, str]]:
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
            again = f"file {one} of seed {seed}, from {chosen.name}"
            begin = time.perf_counter()
            try:
                if engines:
                    missing = unaccounted(path, known, engines)
                    word = "loaded"
                    if missing:
                        yield "FAULT", f"{again}: {missing} records are not accounted for"
                else:
                    word = "read" if sum(1 for _record in formats.read([path], known)[1]) else "empty"
            except Unreadable:
                word = "refused"
            except Exception:
                yield "FAULT", f"{again}:\n{traceback.format_exc(limit=-3)}"
                continue
            if (seconds := time.perf_counter() - begin) > SLOW_SECONDS:
                yield "SLOW", f"{again}: {seconds:.0f} s"
            yield word, ""


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    seed, number, *rest = sys.argv[1:]
    opened = writers() if "--load" in rest else {}
    counted: Counter[str] = Counter()
    for said, how in outcomes(int(number), int(seed), [Path(name) for name in rest if name != "--load"], opened):
        counted[said] += 1
        if how:
            print(how)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(", ".join(f"{count:,} {said}" for said, count in counted.most_common()) + f"; at most {peak:,} MB")
    sys.exit(1 if counted["FAULT"] or counted["SLOW"] or peak > MOST_MEGABYTES else 0)
