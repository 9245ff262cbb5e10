"""Where the money of an IATI activity goes: countries and shares of the activity, or of its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element

from data_access.i18n import _
from data_access.importers import values, written_amounts
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
    countries: tuple[tuple[str, int], ...] = ()
    """Where it states to work, in basis points, where the activity itself states nothing."""

    @property
    def where(self) -> str:
        """What tells money that works elsewhere apart."""
        if len(self.countries) < 2:
            return "".join(country for country, _share in self.countries)
        return ";".join(f"{country} {share}" for country, share in self.countries)

    @property
    def link(self) -> tuple[str, str, str] | None:
        """Both activities and the kind of money, where both are named: the same for the two sides of one sum."""
        if not self.payer_activity or not self.receiver_activity or self.payer_activity == self.receiver_activity:
            return None
        kind = "commitment" if self.code in COMMITMENTS else "pledge" if self.code in PLEDGES else "payment"
        return self.payer_activity, self.receiver_activity, kind


def stated_countries(activity: Element) -> list[tuple[str, Decimal | None]]:
    """The countries that an activity or a transaction states, each with its percentage, those of one that is stated twice added up;
    what is no country is left to `say_of_shares`."""
    found: dict[str, Decimal | None] = {}
    for element in activity.findall("recipient-country"):
        try:
            code, share = values.country(element.get("code")), written_amounts.machine_number(element.get("percentage"))
        except values.Bad:
            continue
        if code is not None:
            before = found.get(code, Decimal(0))
            found[code] = None if share is None or before is None else before + share
    return list(found.items())


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


def own_countries(activity: Element, transaction: Element) -> tuple[tuple[str, int], ...]:
    """The countries of a transaction with their shares in basis points, equal ones where it states none, where the activity itself
    states no country."""
    found = [] if has_places(activity) else stated_countries(transaction)
    equal_part = Decimal(100) / max(len(found), 1)
    is_shared = all(share is not None for _code, share in found)
    return tuple((code, int((share if is_shared and share is not None else equal_part) * 100)) for code, share in found)


def has_places(activity: Element) -> bool:
    """Whether the activity itself says where it works."""
    return activity.find("recipient-country") is not None or activity.find("recipient-region") is not None


def own_place(key: str, found: Transaction) -> Iterator[Record]:
    """Where a grant's money goes, as its transactions say: they have a grant for each country."""
    for country, share in found.countries:
        row = {"grant": key, "host_country": country, "share_bp": 10_000 if len(found.countries) == 1 else share}
        yield Record("grant_country", shortened(f"{key}|{country}"), row, found.place)


def _percentage(element: Element) -> Decimal | None:
    try:
        return written_amounts.machine_number(element.get("percentage"))
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
    elsewhere = (
        sum(bool(stated_countries(one)) for one in activity.findall("transaction")) if has_places(activity) else 0
    )
    if elsewhere:
        said = _(
            "of {activity} states countries itself and in {n} of its transactions; those of the activity were taken."
        )
        yield Problem(place, "recipient-country", "", "places_twice", said.format(activity=identifier, n=elsewhere),
                      _("Ask the publisher to state them once."), is_warning=True)  # fmt: skip
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
