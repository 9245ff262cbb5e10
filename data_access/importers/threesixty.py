"""360Giving 1.4 as JSON, XLSX or CSV: grants with their funder and recipient, what was paid out, and where.

An award is a signed commitment; with a regrant type it passes money on. Grants that name the same related activity are
given jointly. Awards to persons are never loaded: nothing about a person is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from data_access.importers import files, values
from data_access.importers.records import Context, Place, Problem, Record, Unreadable
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
NEEDED = {"amount awarded", "funding org:name"}
DATES, AMOUNTS = ("awardDate", "starts", "ends"), ("amountAwarded", "amountDisbursed")


def fits(path: Path, _context: Context) -> bool:
    """Whether the file is 360Giving JSON, or a table with its headings."""
    kind = files.kind_of(path)
    if kind == "json":
        found = files.read_json(path)
        return isinstance(found, dict) and isinstance(found.get("grants"), list)
    if kind == "xml":
        return False
    return any({files.heading(h) for h in headings} >= NEEDED for _s, headings, _r in files.tables(path, set(HEADINGS)))


def read(paths: Sequence[Path], _context: Context) -> Iterator[Record | Problem]:
    """Organisations, grants, their places and payments; problems for awards that cannot be read."""
    lines: list[tuple[Place, dict[str, Any]]] = []
    for path in paths:
        found = list(_from_json(path) if files.kind_of(path) == "json" else _from_tables(path))
        if not found:
            raise Unreadable(f"{path.name} holds no grant.")
        lines += found
    evidence = {name: values.Evidence.of(line.get(name) for _place, line in lines) for name in (*DATES, *AMOUNTS)}
    givers = {_organisation_id(line, "funder") for _place, line in lines}
    takers = {_organisation_id(line, "recipient") for _place, line in lines if not line.get("person")}
    shared = _joint(lines)
    seen: set[str] = set()
    for place, line in lines:
        if problem := _unfit(place, line):
            yield problem
            continue
        try:
            grant = _grant(line, evidence, shared)
        except values.Bad as bad:
            yield Problem(place, "", str(line.get("id")), "bad_value", f"holds {bad.what}.", bad.do)
            continue
        for side in ("funder", "recipient"):
            key = _organisation_id(line, side)
            if key and key not in seen:
                seen.add(key)
                yield organisation(key, str(line[side]), place, is_funder=key in givers, is_initiative=key in takers)
        yield from _rows(place, line, grant, evidence)


def _from_json(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    for number, grant in enumerate(files.read_json(path)["grants"], 1):
        place = Place("grants", number, grant if isinstance(grant, dict) else {"grant": grant}, path.name)
        if not isinstance(grant, dict):
            yield place, {}
            continue
        recipient, funder = _first(grant, "recipientOrganization"), _first(grant, "fundingOrganization")
        planned = _first(grant, "plannedDates")
        locations = [spot for spot in grant.get("beneficiaryLocation") or () if isinstance(spot, dict)]
        yield (
            place,
            {name: grant.get(name) for name in ("id", *AMOUNTS, "currency", "awardDate", "regrantType")}
            | {
                "starts": planned.get("startDate"),
                "ends": planned.get("endDate"),
                "recipient_id": recipient.get("id"),
                "recipient": recipient.get("name"),
                "person": grant.get("recipientIndividual"),
                "funder_id": funder.get("id"),
                "funder": funder.get("name"),
                "country": ";".join(str(spot["countryCode"]) for spot in locations if spot.get("countryCode")),
                "joint": (grant.get("relatedActivity") or [None])[0],
            },
        )


def _first(grant: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = grant.get(name)
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def _from_tables(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    for sheet, headings, rows in files.tables(path, set(HEADINGS)):
        columns = {name: HEADINGS[files.heading(name)] for name in headings if files.heading(name) in HEADINGS}
        if "amountAwarded" not in columns.values():
            continue
        for row in rows:
            yield (
                Place(sheet, row.number, row.cells, path.name),
                {known: row.cells.get(name) for name, known in columns.items()},
            )


def _unfit(place: Place, line: Mapping[str, Any]) -> Problem | None:
    if line.get("person"):
        hidden = Place(place.sheet, place.row, file=place.file)
        return Problem(
            hidden, "recipient", "", "grant_to_a_person", "is a grant to a person; it is not loaded.", "Nothing to do."
        )
    for name, shown in (("id", "Identifier"), ("recipient", "Recipient Org:Name"), ("currency", "Currency")):
        if values.text(line.get(name)) is None:
            return Problem(place, shown, "", "value_missing", "is empty, but needed.", "Fill it in.")
    return None


def _organisation_id(line: Mapping[str, Any], side: str) -> str | None:
    """The organisation's identifier, else its name; None when neither is given."""
    return values.text(line.get(f"{side}_id")) or values.text(line.get(side))


def _joint(lines: Iterable[tuple[Place, Mapping[str, Any]]]) -> set[str]:
    """Related activities that more than one funder names."""
    funders: dict[str, set[str | None]] = {}
    for _place, line in lines:
        if joint := values.text(line.get("joint")):
            funders.setdefault(joint, set()).add(_organisation_id(line, "funder"))
    return {joint for joint, names in funders.items() if len(names) > 1}


def _grant(line: Mapping[str, Any], evidence: Mapping[str, values.Evidence], shared: set[str]) -> dict[str, Any]:
    joint = values.text(line.get("joint"))
    return {
        "reference": reference(str(line["id"])),
        "funder": _organisation_id(line, "funder"),
        "recipient": _organisation_id(line, "recipient"),
        "joint_group": reference(joint) if joint in shared else None,
        "amount_minor": values.amount(line.get("amountAwarded"), evidence["amountAwarded"]),
        "currency": values.currency(line.get("currency")),
        "status": "commitment",
        "kind": "regrant" if values.text(line.get("regrantType")) else "new",
        "restriction": "unknown",
        "committed_on": values.day(line.get("awardDate"), evidence["awardDate"]),
        "starts_on": values.day(line.get("starts"), evidence["starts"]),
        "ends_on": values.day(line.get("ends"), evidence["ends"]),
    }


def _rows(
    place: Place, line: Mapping[str, Any], grant: dict[str, Any], evidence: Mapping[str, values.Evidence]
) -> Iterator[Record | Problem]:
    key = str(line["id"])
    yield Record("grant", key, grant, place)
    yield from places(key, str(line.get("country") or "").split(";"), place)
    try:
        paid = values.amount(line.get("amountDisbursed"), evidence["amountDisbursed"])
    except values.Bad as bad:
        yield Problem(place, "amountDisbursed", "", "bad_value", f"holds {bad.what}.", bad.do, is_warning=True)
        return
    if paid:
        payment = {"grant": key, "paid_on": None, "amount_minor": paid, "currency": grant["currency"]}
        yield Record("payment", f"{key}|disbursed", payment, place)
