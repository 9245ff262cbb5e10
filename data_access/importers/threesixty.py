"""360Giving 1.4 as JSON, XLSX or CSV: grants with their funder and recipient, what was paid out, and where.

An award is a signed commitment; with a regrant type it passes money on. Grants that name the same related activity are
given jointly. Awards to persons are never loaded: nothing about a person is kept here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from data_access.i18n import _, ngettext
from data_access.importers import (
    files,
    grant_lists,
    grant_status,
    heading_lines,
    repeated_sheets,
    tables,
    values,
    written_amounts,
    written_days,
)
from data_access.importers.columns import as_mapped, columns_of, known_headings, line_of, meanings
from data_access.importers.country_names import NO_ISO_CODE
from data_access.importers.evidence import Evidence
from data_access.importers.grant_lists import SIDES, TEXTS
from data_access.importers.records import Context, Place, Problem, Record, Unreadable, say_of_dates, worked_out
from data_access.importers.references import organisation, places, reference

HEADINGS = {
    "identifier": "id",
    "amount awarded": "amountAwarded",
    "amount disbursed": "amountDisbursed",
    "currency": "currency",
    "award date": "awardDate",
    "planned dates:start date": "starts",
    "planned dates:end date": "ends",
    "recipient org:identifier": "recipient_id",
    "recipient org:name": "recipient",
    "recipient ind:identifier": "person",
    "funding org:identifier": "funder_id",
    "funding org:name": "funder",
    "beneficiary location:country code": "country",
    "regrant type": "regrantType",
    "related activity": "joint",
}
NAME = "beneficiary location:name"
PASSED_OVER = frozenset({"title", "description", NAME, "last modified", "data source",
                         "beneficiary location:description", "classifications:vocabulary", "classifications:code",
                         "classifications:title"})  # fmt: skip
NEEDED = {"amountAwarded", "funder"}
FIELDS = (frozenset(HEADINGS.values()) | {"status"}) - {"person", "joint", "regrantType"}
ONE_OF = ("recipientOrganization", "fundingOrganization")
PERSONS = "recipient ind:"
DATES, AMOUNTS = ("awardDate", "starts", "ends"), ("amountAwarded", "amountDisbursed")


def fits(path: Path, context: Context) -> bool:
    """Whether the file is 360Giving JSON, or a table with its headings."""
    kind = files.kind_of(path)
    if kind == "json":
        found = files.read_json(path)
        return isinstance(found, dict) and isinstance(found.get("grants"), list)
    if kind == "xml":
        return False
    known = known_headings(HEADINGS, context)
    return any(meanings(table.headings, HEADINGS, context) >= NEEDED for table in tables.of(path, known))


def read(paths: Sequence[Path], context: Context) -> Iterator[Record | Problem]:
    """Organisations, grants, their places and payments; problems for awards that cannot be read."""
    lines: Lines = []
    for path in paths:
        met = list(_from_json(path) if files.kind_of(path) == "json" else _from_tables(path, context))
        found = [one for one in met if not isinstance(one, Problem)]
        if not found:
            raise Unreadable(_("{file} holds no grant.").format(file=path.name))
        lines += found
        yield from (one for one in met if isinstance(one, Problem))
    every, lines, not_granted = lines, [], []
    names = grant_lists.names_in(every)
    for place, line in every:
        line["several"] = line.get("several") or grant_lists.several_in(line, names)
        if grant_lists.is_not_granted(line):
            not_granted.append((place, line))
        elif (problem := _unfit(place, line)) is not None:
            yield problem
        else:
            lines.append(
                (place, line | {"id": values.text(line["id"])} | {side: values.name(line.get(side)) for side in SIDES})
            )
    yield from grant_lists.say_not_granted(not_granted)
    evidence = _evidence(lines)
    yield from _notes(lines, evidence)
    givers = {_organisation_id(line, "funder") for _place, line in lines}
    takers = {_organisation_id(line, "recipient") for _place, line in lines if not line.get("person")}
    shared = _joint(lines)
    seen: set[str] = set()
    ids, sums = grant_lists.RowIds(), repeated_sheets.Sums()
    for place, line in lines:
        told_by = evidence[place.file, place.sheet]
        grant, problems = _grant(place, line, told_by, shared)
        yield from problems
        if grant is None:
            continue
        if "row" in line:
            line["id"], is_alike = ids.of([*grant.values(), *grant_lists.beside_the_grant(line, told_by)], line["row"])
            if is_alike:
                yield grant_lists.say_alike(place, line)
        sums.see(place, line["id"], grant)
        grant["reference"] = reference(line["id"])
        for side in SIDES:
            key = _organisation_id(line, side)
            if key and key not in seen:
                seen.add(key)
                yield organisation(key, line[side] or key, place, is_funder=key in givers, is_initiative=key in takers)
        yield from _rows(place, line, grant, told_by)
    sums.refuse_repeated()


Lines = list[tuple[Place, dict[str, Any]]]
Told = dict[str, Evidence]


def _by_sheet(lines: Lines) -> dict[tuple[str, str], Lines]:
    sheets: dict[tuple[str, str], Lines] = {}
    for place, line in lines:
        sheets.setdefault((place.file, place.sheet), []).append((place, line))
    return sheets


def _evidence(lines: Lines) -> dict[tuple[str, str], Told]:
    """By file and sheet, what each column of days or amounts says of how they are written; where it says nothing, all sheets."""
    every = {name: Evidence.of(line.get(name) for _place, line in lines) for name in (*DATES, *AMOUNTS)}
    return {
        sheet: {name: Evidence.of((line.get(name) for _place, line in own), beside) for name, beside in every.items()}
        for sheet, own in _by_sheet(lines).items()
    }


def _notes(lines: Lines, evidence: Mapping[tuple[str, str], Told]) -> Iterator[Problem]:
    """What is to say of a list before its grants are made: payers, totals, days, places and names."""
    yield from grant_lists.say_of_blank_payers(lines)
    yield from grant_lists.say_of_totals(lines)
    for sheet, own in _by_sheet(lines).items():
        yield from grant_lists.say_of_sums(own, evidence[sheet])
        yield from say_of_dates(own, {name: evidence[sheet][name] for name in DATES})
    yield from _say_of_places(lines)
    yield from _say_of_names(lines)


def _from_json(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    for number, grant in enumerate(files.read_json(path)["grants"], 1):
        if not isinstance(grant, dict):
            yield Place("grants", number, file=path.name), {}
            continue
        recipient, funder = _first(grant, "recipientOrganization"), _first(grant, "fundingOrganization")
        found, planned = _objects(grant, "beneficiaryLocation"), _objects(grant, "plannedDates")
        coded = ((_country(spot.get("countryCode"), spot.get("name")), spot.get("description")) for spot in found)
        spots = [(country, said) for country, said in coded if country]
        line = {name: grant.get(name) for name in ("id", *AMOUNTS, "currency", "awardDate", "regrantType")} | {
            "starts": min((str(day) for one in planned if (day := one.get("startDate"))), default=None),
            "ends": max((str(day) for one in planned if (day := one.get("endDate"))), default=None),
            "recipient_id": recipient.get("id"),
            "recipient": recipient.get("name"),
            "person": grant.get("recipientIndividual"),
            "funder_id": funder.get("id"),
            "funder": funder.get("name"),
            "country": ";".join(country for country, _said in spots),
            "shares": _shares(spots),
            "joint": (grant.get("relatedActivity") or [None])[0],
            "several": next((name for name in ONE_OF if len(grant.get(name) or ()) > 1), None),
            "unplaced": len(found) - len(spots),
        }
        row = {heading: line[known] for heading, known in HEADINGS.items() if known != "person"}
        yield Place("grants", number, row, path.name), line


def _first(grant: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = grant.get(name)
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def _objects(grant: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """What a grant has several of."""
    found = grant.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _country(code: Any, name: Any) -> str | None:
    """The country of a location: its code, or the one of its name where no code can be in the file."""
    named = values.country_names().get(str(name or "").casefold())
    return str(code) if code else named if named in NO_ISO_CODE else None


def _beside(by_heading: Mapping[str, str], heading: str, field: str) -> str:
    """The column of another field of the location that a column is about; none where the table has it not."""
    return by_heading.get(f"{heading_lines.heading(heading).rpartition(':')[0]}:{field}", "")


NUMBERED = re.compile(r"^(beneficiary location|classifications):\d+:(.+)$")
SHARE = re.compile(r"^(\d+(?:\.\d+)?) ?%$")


def _shares(spots: Iterable[tuple[str, Any]]) -> dict[str, int | None]:
    """The share of each country in basis points, where every description is one, as in the files that Meridian publishes: the
    standard itself has none."""
    said = [(country, SHARE.match(str(text or ""))) for country, text in spots]
    return (
        {country: round(Decimal(share[1]) * 100) for country, share in said if share}
        if all(share for _country, share in said)
        else {}
    )


def _from_tables(path: Path, context: Context) -> Iterator[tuple[Place, dict[str, Any]] | Problem]:
    for table in tables.of(path, known_headings(HEADINGS, context)):
        plain = {name: NUMBERED.sub(r"\1:\2", heading_lines.heading(name)) for name in table.headings}
        columns = columns_of(table.headings, HEADINGS, FIELDS | set(HEADINGS.values()), context, path.name)
        spots = [name for name in table.headings if "country" in (columns.get(name), HEADINGS.get(plain[name]))]
        by_heading = {heading_lines.heading(name): name for name in table.headings}
        beside = partial(_beside, by_heading)
        unnumbered = [
            name for name, known in plain.items() if known == NAME and beside(name, "country code") not in spots
        ]
        persons = [name for name in table.headings if heading_lines.heading(name).startswith(PERSONS)]
        named_places = [name for name, known in plain.items() if known == NAME and name not in unnumbered]
        if "amountAwarded" not in columns.values():
            yield from table.passed_over()
            continue
        is_mapped, refused = bool(context.column_map.get("columns")), Counter[str]()
        unread = [name for name, known in plain.items() if name not in columns and known not in PASSED_OVER]
        for row in table.rows():
            if is_mapped and table.heads_section(row):
                continue
            refused.update(name for name in unread if grant_status.says_refused(row.cells.get(name)))
            line = line_of(row.cells, columns, context)
            codes = {name: as_mapped("country", row.cells.get(name), context) for name in spots}
            coded = [(_country(code, row.cells.get(beside(name, "name"))), name) for name, code in codes.items()]
            coded += [(_country(None, row.cells.get(name)), name) for name in unnumbered]
            named = [(country, row.cells.get(beside(name, "description"))) for country, name in coded if country]
            if named:
                line |= {"country": ";".join(country for country, _said in named), "shares": _shares(named)}
            line["person"] = line.get("person") or next(
                (said for name in persons if (said := row.cells.get(name))), None
            )
            names = sum(1 for name in [*named_places, *unnumbered] if row.cells.get(name))
            line["unplaced"] = max(0, names - len(named))
            if grant_status.is_of_state(table.section) and line.get("status") in (None, ""):
                line["status"] = table.section
            if "id" not in line and is_mapped:
                line |= {"id": _("row {n}").format(n=row.number), "row": hash(tuple(map(str, row.cells.values())))}
            raw = {name: row.cells.get(name) for name in [*columns, *spots]}
            yield Place(table.sheet, row.number, raw, path.name), line
        yield from grant_lists.say_refused(table, refused)
        passed_over = [name for name, known in plain.items() if known in PASSED_OVER]
        yield from table.left_out([*columns, *spots, *persons, *passed_over])


def _unfit(place: Place, line: Mapping[str, Any]) -> Problem | None:
    if line.get("person"):
        hidden = Place(place.sheet, place.row, file=place.file)
        return Problem(
            hidden,
            "recipient",
            "",
            "grant_to_a_person",
            _("is a grant to a person; it is not loaded."),
            _("Nothing to do."),
        )
    if several := line.get("several"):
        return Problem(
            place,
            several,
            "",
            "several_organisations",
            _("names several organisations, and a grant has one; it is not loaded."),
            _("Write a grant for each, with its own amount."),
        )
    readers = {name: partial(values.name if name in SIDES else values.text, line.get(name)) for name in TEXTS}
    found, wrong = values.understood(readers)
    if wrong:
        name, bad = next(iter(wrong.items()))
        return Problem(place, TEXTS[name], str(line.get(name)), "bad_value", bad.what, bad.do)
    for name in ("id", "recipient"):
        if found[name] is None:
            return Problem(place, TEXTS[name], "", "value_missing", _("is empty, but needed."), _("Fill it in."))
    return None


def _say_of_places(lines: Sequence[tuple[Place, Mapping[str, Any]]]) -> Iterator[Problem]:
    """A note on places that no country is known of."""
    unplaced = sum(int(line.get("unplaced") or 0) for _place, line in lines)
    if unplaced:
        said = ngettext(
            "{n} place has no country code; no country was taken from its name.",
            "{n} places have no country code; no country was taken from their names.",
            unplaced,
        )
        yield Problem(Place(file=lines[0][0].file), "beneficiaryLocation", "", "places_without_code", said.format(n=unplaced),
                      _("Write the two-letter code, such as LT."), is_warning=True)  # fmt: skip


def _organisation_id(line: Mapping[str, Any], side: str) -> str | None:
    """The organisation's identifier, else its name; None when neither is given."""
    return values.text(line.get(f"{side}_id")) or values.text(line.get(side))


def _say_of_names(lines: Iterable[tuple[Place, Mapping[str, Any]]]) -> Iterator[Problem]:
    """Notes on identifiers of organisations that stand beside several names."""
    names: dict[tuple[str, str], dict[str, Place]] = {}
    for place, line in lines:
        for side in SIDES:
            own, name = line.get(f"{side}_id"), line.get(side)
            if own and name and not line.get("person"):
                names.setdefault((side, str(own)), {}).setdefault(str(name), place)
    for (side, own), several in names.items():
        if len(several) > 1:
            said = ngettext(
                "stands beside {n} name ({names}); all of its grants are under the first.",
                "stands beside {n} names ({names}); all of its grants are under the first.",
                len(several),
            )
            yield Problem(next(iter(several.values())), side, own, "several_names",
                          said.format(n=len(several), names=", ".join(several)),
                          _("If they are several organisations, give each its own identifier."),
                          is_warning=True)  # fmt: skip


def _joint(lines: Iterable[tuple[Place, Mapping[str, Any]]]) -> set[str]:
    """Related activities that more than one funder names."""
    funders: dict[str, set[str | None]] = {}
    for _place, line in lines:
        if joint := values.text(line.get("joint")):
            funders.setdefault(joint, set()).add(_organisation_id(line, "funder"))
    return {joint for joint, names in funders.items() if len(names) > 1}


def _grant(
    place: Place, line: Mapping[str, Any], evidence: Mapping[str, Evidence], shared: set[str]
) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The grant of a line, None where one of its cells cannot be read; and what is wrong or was worked out."""
    readers: dict[str, Callable[[], Any]] = {
        "amountAwarded": lambda: written_amounts.money(line.get("amountAwarded"), evidence["amountAwarded"]),
        "currency": lambda: written_amounts.currency(line.get("currency")),
        "status": lambda: grant_status.status_of(line.get("status")),
        **{name: partial(written_days.day, line.get(name), evidence[name]) for name in DATES},
    }
    found, wrong = values.understood(readers)
    problems = [_bad(place, line, name, bad) for name, bad in wrong.items()]
    awarded = found.get("amountAwarded")
    try:
        currency = written_amounts.agreed(awarded, found.get("currency"))
    except values.Bad as bad:
        problems.append(_bad(place, line, "amountAwarded", bad))
    else:
        if currency is None and "currency" not in wrong:
            problems.append(
                Problem(place, "Currency", "", "value_missing", _("is empty, but needed."), _("Fill it in."))
            )
    if problems:
        return None, problems
    if awarded is not None and awarded.is_worked_out:
        problems.append(worked_out(place, "amountAwarded", str(line["amountAwarded"]), awarded.minor))
    joint = values.text(line.get("joint"))
    return {
        "funder": _organisation_id(line, "funder"),
        "recipient": _organisation_id(line, "recipient"),
        "joint_group": reference(joint) if joint in shared else None,
        "amount_minor": None if awarded is None else awarded.minor,
        "currency": currency,
        "status": found["status"] or "commitment",
        "kind": "regrant" if _is_regrant(line.get("regrantType")) else "new",
        "restriction": "unknown",
        "committed_on": found["awardDate"],
        "starts_on": found["starts"],
        "ends_on": found["ends"],
    }, problems


def _is_regrant(said: Any) -> bool:
    """Whether a cell names a type of re-grant; one that says no to it names none."""
    word = values.text(said)
    return word is not None and not word.casefold().startswith("not ") and word.casefold() not in values.NO


def _bad(place: Place, line: Mapping[str, Any], column: str, bad: values.Bad) -> Problem:
    said = _("of {grant} {fault}").format(grant=line.get("id"), fault=bad.what)
    return Problem(place, column, str(line.get(column)), "bad_value", said, bad.do)


def _rows(
    place: Place, line: Mapping[str, Any], grant: dict[str, Any], evidence: Mapping[str, Evidence]
) -> Iterator[Record | Problem]:
    key = line["id"]
    yield Record("grant", key, grant, place)
    yield from places(key, str(line.get("country") or "").split(";"), place, line.get("shares") or {})
    try:
        paid = written_amounts.money(line.get("amountDisbursed"), evidence["amountDisbursed"])
        written_amounts.agreed(paid, grant["currency"])
    except values.Bad as bad:
        shown = str(line.get("amountDisbursed"))
        yield Problem(place, "amountDisbursed", shown, "bad_value", bad.what, bad.do, is_warning=True)
        return
    if paid and paid.minor:
        if paid.is_worked_out:
            yield worked_out(place, "amountDisbursed", str(line["amountDisbursed"]), paid.minor)
        payment = {"grant": key, "paid_on": None, "amount_minor": paid.minor, "currency": grant["currency"]}
        yield Record("payment", f"{key}|disbursed", payment, place)
