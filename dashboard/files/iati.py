"""Public grants as IATI activities 2.03: one activity per grant, with what was committed, pledged and paid.

The network reports about others' money, so that it is the secondary reporter of each. Countries have their shares; what is
withheld or not stated of them is kept out of all countries as an unspecified region, so that the shares add to 100.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import pandas as pd

from dashboard.answers.open_data import UNNAMED, OpenData, description, first_reason, title
from dashboard.files.formats import without_controls
from dashboard.files.publisher import Publisher
from dashboard.words import codes
from data_access.i18n import language
from data_access.importers.iati import OUR_SECTORS

VERSION = "2.03"
FUNDING, IMPLEMENTING = "1", "4"
OTHER_ORGANISATION, SECONDARY = "90", "1"
PIPELINE, IMPLEMENTATION, FINALISED, STOPPED = "1", "2", "3", "5"
PLANNED_START, ACTUAL_START, PLANNED_END, ACTUAL_END = "1", "2", "3", "4"
COMMITMENT, DISBURSEMENT, PLEDGE = "2", "3", "12"
UNSPECIFIED_REGION = "998"
NAMESPACE = "{http://www.w3.org/XML/1998/namespace}lang"


def left_out(grants: pd.DataFrame, payments: pd.DataFrame) -> pd.Series:
    """Why a grant is no activity: unknown_status, own, carried_over, no_amount (and no dated payment), no_signing_date, no_days
    (neither first nor last); NA for activities."""
    has_payment = grants["grant_id"].isin(_dated(payments, grants)["grant_id"])
    has_amount = grants["stated_minor"].notna()
    reasons = {
        "unknown_status": ~grants["status"].isin(("commitment", "pledge", "cancelled")),
        "own": grants["is_own"],
        "carried_over": grants["kind"] == "carry_over",
        "no_amount": ~has_amount & ~has_payment,
        "no_signing_date": has_amount & grants["committed_on"].isna(),
        "no_days": grants["starts_on"].isna() & grants["ends_on"].isna(),
    }
    return first_reason(grants, reasons)


def payments_left_out(found: OpenData) -> int:
    """How many payments have no day, or are in another currency than their grant: IATI asks for a day, and would make two
    grants of two currencies."""
    return len(found.payments) - len(_dated(found.payments, found.grants))


def as_xml(found: OpenData, publisher: Publisher, as_of: date) -> bytes:
    """The file."""
    grants = found.grants[left_out(found.grants, found.payments).isna()]
    root = Element("iati-activities", {"version": VERSION, "generated-datetime": f"{as_of.isoformat()}T00:00:00Z"})
    places = dict(list(found.places.groupby("grant_id")))
    paid = dict(list(_dated(found.payments, grants).groupby("grant_id")))
    activities = found.activities.groupby("project_id")["code"].agg(list)
    for row in grants.itertuples():
        activity = SubElement(root, "iati-activity", {NAMESPACE: language.get(), "default-currency": row.currency})
        _who(activity, row, publisher)
        _when(activity, row, as_of)
        _where(activity, places.get(row.grant_id))
        _what(activity, activities.get(row.project_id, []) if pd.notna(row.project) else [])
        _money(activity, row, paid.get(row.grant_id), publisher)
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _who(activity: Element, row: Any, publisher: Publisher) -> None:
    SubElement(activity, "iati-identifier").text = _identifier(row.reference, publisher)
    reporting = {"ref": publisher.prefix, "type": OTHER_ORGANISATION, "secondary-reporter": SECONDARY}
    _narrative(SubElement(activity, "reporting-org", reporting), publisher.name)
    _narrative(SubElement(activity, "title"), title(row))
    _narrative(SubElement(activity, "description"), description(row))
    for role, slug, name in (
        (FUNDING, row.funder_slug, row.funder),
        (IMPLEMENTING, row.recipient_slug, row.recipient),
    ):
        party = {"ref": _party(slug, publisher), "role": role}
        _narrative(SubElement(activity, "participating-org", party), name)


def _when(activity: Element, row: Any, as_of: date) -> None:
    SubElement(activity, "activity-status", {"code": _status(row, as_of)})
    for day, planned, actual in (
        (row.starts_on, PLANNED_START, ACTUAL_START),
        (row.ends_on, PLANNED_END, ACTUAL_END),
    ):
        if pd.notna(day):
            kind = actual if day.date() <= as_of else planned
            SubElement(activity, "activity-date", {"iso-date": day.date().isoformat(), "type": kind})


def _status(row: Any, as_of: date) -> str:
    if row.status == "cancelled":
        return STOPPED
    if pd.notna(row.ends_on) and row.ends_on.date() <= as_of:
        return FINALISED
    return PIPELINE if row.status == "pledge" else IMPLEMENTATION


def _where(activity: Element, places: pd.DataFrame | None) -> None:
    if places is None:
        return
    named = places[~places["host_country"].isin(UNNAMED)]
    for code, share in zip(named["host_country"], named["share_bp"], strict=True):
        SubElement(activity, "recipient-country", {"code": code, "percentage": _percent(share)})
    rest = places.loc[places["host_country"].isin(UNNAMED), "share_bp"].sum()
    if rest:
        SubElement(activity, "recipient-region", {"code": UNSPECIFIED_REGION, "percentage": _percent(rest)})


def _what(activity: Element, found: list[str]) -> None:
    for place, code in enumerate(found):
        share = 10_000 // len(found) + (place < 10_000 % len(found))
        sector = {"vocabulary": "99", "vocabulary-uri": OUR_SECTORS, "code": code, "percentage": _percent(share)}
        _narrative(SubElement(activity, "sector", sector), codes.code("activity", code))


def _money(activity: Element, row: Any, paid: pd.DataFrame | None, publisher: Publisher) -> None:
    given = {"ref": _party(row.funder_slug, publisher)}
    if pd.notna(row.parent):
        given["provider-activity-id"] = _identifier(row.parent, publisher)
    several = []
    if pd.notna(row.stated_minor):
        several.append((PLEDGE if row.status == "pledge" else COMMITMENT, row.committed_on, row.stated_minor))
    if paid is not None:
        several += [(DISBURSEMENT, *one) for one in zip(paid["paid_on"], paid["amount_minor"], strict=True)]
    for code, day, minor in several:
        on = day.date().isoformat()
        transaction = SubElement(activity, "transaction")
        SubElement(transaction, "transaction-type", {"code": code})
        SubElement(transaction, "transaction-date", {"iso-date": on})
        value = {"currency": row.currency, "value-date": on}
        SubElement(transaction, "value", value).text = f"{int(minor) / 100:.2f}"
        _narrative(SubElement(transaction, "provider-org", given), row.funder)
        taken = {"ref": _party(row.recipient_slug, publisher)}
        _narrative(SubElement(transaction, "receiver-org", taken), row.recipient)


def _dated(payments: pd.DataFrame, grants: pd.DataFrame) -> pd.DataFrame:
    """Payments with a day, in the currency of their grant."""
    currency = payments["grant_id"].map(grants.set_index("grant_id")["currency"])
    return payments[payments["paid_on"].notna() & (payments["currency"] == currency)]


def _identifier(reference: str, publisher: Publisher) -> str:
    return without_controls(f"{publisher.prefix}-{reference}")


def _party(slug: str, publisher: Publisher) -> str:
    return without_controls(f"{publisher.prefix}-{slug}")


def _percent(basis_points: int) -> str:
    return f"{int(basis_points) / 100:.2f}".rstrip("0").rstrip(".")


def _narrative(element: Element, text: str) -> None:
    SubElement(element, "narrative").text = without_controls(text)
