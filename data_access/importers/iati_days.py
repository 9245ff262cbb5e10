"""Days of IATI: of transactions, and from when to when an activity lasts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

from data_access.importers import values, written_days
from data_access.importers.records import Place, Problem

ACTUAL_START, PLANNED_START, ACTUAL_END, PLANNED_END = "2", "1", "4", "3"


def day_of(transaction: Element) -> date | None:
    """The day of a transaction, else that of its value. Raises Bad."""
    value = transaction.find("value")
    stated = _stated_day(transaction.find("transaction-date"))
    return written_days.day(stated or (None if value is None else value.get("value-date")))


def _stated_day(element: Element | None) -> str | None:
    """A day as an element states it: in its attribute, or as its text."""
    return None if element is None else element.get("iso-date") or values.text(element.text)


def _date(activity: Element, *kinds: str) -> date | None:
    found = {element.get("type"): _stated_day(element) for element in activity.findall("activity-date")}
    for kind in kinds:
        try:
            if (day := written_days.day(found.get(kind))) is not None:
                return day
        except values.Bad:
            continue
    return None


def period(activity: Element) -> dict[str, date | None]:
    """starts_on and ends_on of an activity, actual before planned; None for a day that is not stated or cannot be read."""
    starts, ends = _date(activity, ACTUAL_START, PLANNED_START), _date(activity, ACTUAL_END, PLANNED_END)
    return {"starts_on": starts, "ends_on": ends}


def say_of_days(activity: Element, place: Place) -> Iterator[Problem]:
    """Days of an activity that cannot be read, and are taken as unknown."""
    for element in activity.findall("activity-date"):
        stated = _stated_day(element)
        try:
            written_days.day(stated)
        except values.Bad as bad:
            yield Problem(place, "activity-date", stated or "", "bad_value", bad.what, bad.do, is_warning=True)
