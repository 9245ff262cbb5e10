"""Where the money of an IATI activity goes: countries and shares of the activity, or of its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element

from data_access.i18n import _
from data_access.importers import values
from data_access.importers.records import Place, Problem, Record
from data_access.importers.references import shortened

COMMITMENTS = {"2": "out", "11": "in"}
PLEDGES = {"12": "out", "13": "in"}


@dataclass(frozen=True)
class Party:
    """An organisation as the file names it: its reference where it has one, else its name."""

    key: str
    name: str


@dataclass(frozen=True)
class Transaction:
    """Money between two parties; `direction` says whether the reporting activity pays (out) or receives (in)."""

    code: str
    direction: str
    payer: Party | None
    receiver: Party
    payer_activity: str | None
    receiver_activity: str | None
    minor: int
    currency: str
    on: date | None
    place: Place
    country: str | None = None

    @property
    def link(self) -> tuple[str, str, str] | None:
        """Both activities and the kind of money, where both are named: the same for the two sides of one sum."""
        if not self.payer_activity or not self.receiver_activity or self.payer_activity == self.receiver_activity:
            return None
        kind = "commitment" if self.code in COMMITMENTS else "pledge" if self.code in PLEDGES else "payment"
        return self.payer_activity, self.receiver_activity, kind


def stated_countries(activity: Element) -> list[tuple[str, Decimal | None]]:
    """The countries that an activity or a transaction states, each with its percentage; what is no country is left to
    `say_of_shares`."""
    found = []
    for element in activity.findall("recipient-country"):
        try:
            code, share = values.country(element.get("code")), values.machine_number(element.get("percentage"))
        except values.Bad:
            continue
        if code is not None:
            found.append((code, share))
    return list(dict(found).items())


def share_records(activity: Element, grant: str, place: Place) -> Iterator[Record]:
    """What the activity declares of its countries; a region keeps its share out of them, so that it is in none."""
    countries = stated_countries(activity)
    regions = [_percentage(element) for element in activity.findall("recipient-region")]
    declared = [share for share in (*(share for _code, share in countries), *regions) if share is not None]
    unsaid = len(countries) + len(regions) - len(declared)
    equal_part = max(Decimal(0), 100 - sum(declared)) / max(unsaid, 1)
    for code, share in countries:
        known = equal_part if share is None and regions else share
        row = {"grant": grant, "host_country": code, "share_bp": None if known is None else int(known * 100)}
        yield Record("grant_country", shortened(f"{grant}|{code}"), row, place)


def own_country(activity: Element, transaction: Element) -> str | None:
    """The country of a transaction, where the activity itself states none."""
    return None if has_places(activity) else next((code for code, _share in stated_countries(transaction)), None)


def has_places(activity: Element) -> bool:
    """Whether the activity itself says where it works."""
    return activity.find("recipient-country") is not None or activity.find("recipient-region") is not None


def own_place(key: str, found: Transaction) -> Iterator[Record]:
    """Where a grant's money goes, as its transactions say: they have a grant for each country."""
    if found.country:
        row = {"grant": key, "host_country": found.country, "share_bp": 10_000}
        yield Record("grant_country", shortened(f"{key}|{found.country}"), row, found.place)


def _percentage(element: Element) -> Decimal | None:
    try:
        return values.machine_number(element.get("percentage"))
    except values.Bad:
        return None


def _no_countries(activity: Element) -> Iterator[str]:
    for element in (*activity.findall("recipient-country"), *activity.findall("transaction/recipient-country")):
        try:
            is_one = values.country(element.get("code")) is not None
        except values.Bad:
            is_one = False
        if not is_one:
            yield element.get("code") or _("(empty)")


def say_of_shares(activity: Element, identifier: str, place: Place) -> Iterator[Problem]:
    """Notes on places that are no countries and on shares that do not add to 100."""
    shares = [share for _code, share in stated_countries(activity)]
    regions = [element.get("code", "") for element in activity.findall("recipient-region")]
    for code in dict.fromkeys(_no_countries(activity)):
        said = _("of {activity} is no country; its money is in no country by it.")
        yield Problem(place, "recipient-country", code, "bad_value", said.format(activity=identifier),
                      _("Write the two-letter code, such as LT."), is_warning=True)  # fmt: skip
    declared = sum((share for share in shares if share is not None), Decimal(0))
    if regions:
        said = _("of {activity} is a region, not a country; its share is kept as “not stated”.")
        yield Problem(place, "recipient-region", ", ".join(regions), "place_not_stated", said.format(activity=identifier),
                      _("Name the countries if you know them."), is_warning=True)  # fmt: skip
    elif declared > 100:
        said = _("of {activity} are shares of more than 100 %; where its money works is taken as “not stated”.")
        yield Problem(place, "recipient-country", f"{declared:f} %", "shares_over_100", said.format(activity=identifier),
                      _("Ask the publisher for shares that add to 100."), is_warning=True)  # fmt: skip
    elif shares and all(share is not None for share in shares) and declared < 100:
        said = _("of {activity} are shares of less than 100 %; the rest is kept as “not stated”.")
        yield Problem(place, "recipient-country", f"{declared:f} %", "shares_under_100", said.format(activity=identifier),
                      _("Nothing to do if the rest is not known."), is_warning=True)  # fmt: skip
