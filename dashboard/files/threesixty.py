"""Public grants as 360Giving 1.4: a package of JSON and the flat table of the same grants.

An award needs its amount, the day of signing, who gave and who got; what lacks one is counted by `left_out` and not written.
The standard has no shares: where countries have other parts than equal ones, or a part of the grant is in none, each says its
share as its description, which is read back; a part that is withheld or not stated is in no country.
"""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pandas as pd
import xlsxwriter

from dashboard.answers.open_data import UNNAMED, OpenData, description, first_reason, title
from dashboard.files.publisher import Publisher
from dashboard.words import codes, written
from data_access.importers.country_names import NO_ISO_CODE
from data_access.workbooks import INERT_TEXT

VERSION = "1.4"
COMMON_REGRANT = "FRG010"


def left_out(grants: pd.DataFrame) -> pd.Series:
    """Why a grant is no award: cancelled, pledged, unknown_status, own, carried_over, no_amount, no_signing_date; NA for awards."""
    reasons = {
        "cancelled": grants["status"] == "cancelled",
        "pledged": grants["status"] == "pledge",
        "unknown_status": grants["status"] != "commitment",
        "own": grants["is_own"],
        "carried_over": grants["kind"] == "carry_over",
        "no_amount": grants["stated_minor"].isna(),
        "no_signing_date": grants["committed_on"].isna(),
    }
    return first_reason(grants, reasons)


def awards(found: OpenData, publisher: Publisher) -> list[dict[str, Any]]:
    """The grants as objects of the standard, by their identifiers."""
    grants = found.grants[left_out(found.grants).isna()]
    places = dict(list(found.places.groupby("grant_id")))
    activities = found.activities.groupby("project_id")["code"].agg(list)
    givers = grants.groupby("parent")["funder_slug"].nunique()
    ids = {reference: _identifier(reference, publisher) for reference in grants["reference"]}
    several = []
    for row in grants.itertuples():
        is_taken = row.parent in ids and givers[row.parent] == 1
        related = [*([row.joint_group] if pd.notna(row.joint_group) else []), *([ids[row.parent]] if is_taken else [])]
        award = {
            "id": ids[row.reference],
            "title": title(row),
            "description": description(row),
            "currency": row.currency,
            "amountAwarded": _major(row.stated_minor),
            "amountDisbursed": None if pd.isna(row.paid_minor) else _major(row.paid_minor),
            "awardDate": _day(row.committed_on),
            "plannedDates": [_known({"startDate": _day(row.starts_on), "endDate": _day(row.ends_on)})],
            "recipientOrganization": [_organisation(row.recipient_slug, row.recipient, publisher)],
            "fundingOrganization": [_organisation(row.funder_slug, row.funder, publisher)],
            "beneficiaryLocation": _locations(places.get(row.grant_id)),
            "classifications": [
                {"vocabulary": "Meridian", "code": code, "title": codes.code("activity", code)}
                for code in activities.get(row.project_id, [])
                if pd.notna(row.project)
            ],
            "regrantType": COMMON_REGRANT if row.is_passed_on else None,
            "relatedActivity": related,
        }
        several.append(_known(award))
    return several


def as_json(several: list[dict[str, Any]], publisher: Publisher, as_of: date) -> bytes:
    """The package. Raises nothing for an empty one, though the standard asks for one grant at least."""
    package = {
        "version": VERSION,
        "title": publisher.title,
        "description": publisher.description,
        "issued": as_of.isoformat(),
        "publisher": {"name": publisher.name},
        "grants": several,
    }
    return (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode()


def as_workbook(several: list[dict[str, Any]], as_of: date) -> bytes:
    """The flat table: a row per grant, a column per country and classification."""
    rows = [_flat(award) for award in several]
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    headings.sort(key=lambda heading: ORDER.index(_plain(heading)))
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, INERT_TEXT | {"in_memory": True}) as book:
        book.set_properties({"author": "", "created": pd.Timestamp(as_of).to_pydatetime()})
        page = book.add_worksheet("grants")
        page.freeze_panes(1, 0)
        for column, heading in enumerate(headings):
            page.write_string(0, column, heading)
            for number, row in enumerate(rows, 1):
                value = row.get(heading)
                if isinstance(value, str):
                    page.write_string(number, column, value)
                elif value is not None:
                    page.write_number(number, column, value)
    return buffer.getvalue()


ONE = {
    "id": "Identifier", "title": "Title", "description": "Description", "currency": "Currency",
    "amountAwarded": "Amount Awarded", "amountDisbursed": "Amount Disbursed", "awardDate": "Award Date",
    "regrantType": "Regrant Type",
}  # fmt: skip
SEVERAL = {
    "plannedDates": ("Planned Dates", {"startDate": "Start Date", "endDate": "End Date"}),
    "recipientOrganization": ("Recipient Org", {"id": "Identifier", "name": "Name"}),
    "fundingOrganization": ("Funding Org", {"id": "Identifier", "name": "Name"}),
    "beneficiaryLocation": (
        "Beneficiary Location",
        {"name": "Name", "countryCode": "Country Code", "description": "Description"},
    ),
    "classifications": ("Classifications", {"vocabulary": "Vocabulary", "code": "Code", "title": "Title"}),
}
RELATED = "Related Activity"
ORDER = [
    *ONE.values(),
    *(f"{heading}:{name}" for heading, names in SEVERAL.values() for name in names.values()),
    RELATED,
]


def _flat(award: dict[str, Any]) -> dict[str, Any]:
    """An award as cells under the standard's headings; what there is several of is numbered."""
    row = {heading: award[key] for key, heading in ONE.items() if key in award}
    for key, (heading, names) in SEVERAL.items():
        found = award.get(key, [])
        for number, one in enumerate(found):
            at = f"{heading}:{number}" if key in ("beneficiaryLocation", "classifications") else heading
            row |= {f"{at}:{names[name]}": value for name, value in one.items()}
    row |= {RELATED: ";".join(award["relatedActivity"])} if "relatedActivity" in award else {}
    return row


def _plain(heading: str) -> str:
    return ":".join(part for part in heading.split(":") if not part.isdigit())


def _locations(places: pd.DataFrame | None) -> list[dict[str, str]]:
    if places is None:
        return []
    named = places[~places["host_country"].isin(UNNAMED)]
    are_equal = len(named) == len(places) and named["share_bp"].max() - named["share_bp"].min() <= 1
    return [
        {"name": written.country(code)}
        | ({} if code in NO_ISO_CODE else {"countryCode": code})
        | ({} if are_equal else {"description": f"{int(share) / 100:g} %"})
        for code, share in zip(named["host_country"], named["share_bp"], strict=True)
    ]


def _identifier(reference: str, publisher: Publisher) -> str:
    return reference if reference.startswith("360G-") else f"360G-{publisher.prefix}-{reference}"


def _organisation(slug: str, name: str, publisher: Publisher) -> dict[str, str]:
    return {"id": f"360G-{publisher.prefix}-Org:{slug}", "name": name}


def _major(minor: int) -> float | int:
    return int(minor) // 100 if minor % 100 == 0 else int(minor) / 100


def _day(value: Any) -> str | None:
    return None if pd.isna(value) else value.date().isoformat()


def _known(one: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known: a missing key says so, an empty one would say nothing there is."""
    return {key: value for key, value in one.items() if value not in (None, [], {}, [{}])}
