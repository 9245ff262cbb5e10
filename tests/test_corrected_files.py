"""A source's next file of a grant takes the place of what it said before of that grant, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from dashboard.upkeep.loading import Request, bring
from data_access import schema
from data_access.importers import runs
from data_access.viewer import Which
from tests.import_files import book
from tests.small_loads import AS_OF, GRANTS, INITIATIVES, grant, initiative

ACTIVITY = """<iati-activity default-currency="EUR"><iati-identifier>XM-F-{n}</iati-identifier>
<reporting-org ref="XM-F" type="10"><narrative>Fund F</narrative></reporting-org><title><narrative>Work {n}</narrative></title>
<participating-org ref="{receiver}" role="4"><narrative>Org {receiver}</narrative></participating-org><activity-status code="2"/>
<activity-date type="2" iso-date="2025-01-01"/><activity-date type="4" iso-date="2025-12-31"/>{country}
<transaction><transaction-type code="2"/><transaction-date iso-date="2024-03-01"/><value value-date="2024-03-01">1000</value>
{place}</transaction><transaction><transaction-type code="3"/><transaction-date iso-date="2024-04-01"/>
<value value-date="2024-04-01">{paid}</value>{place}</transaction></iati-activity>"""


def iati(n: int = 1, paid: int = 500, country: str = "GE", place: str = "", receiver: str = "XI-A") -> str:
    of_activity = f'<recipient-country code="{country}"/>' if country else ""
    of_money = f'<recipient-country code="{place}"/>' if place else ""
    activity = ACTIVITY.format(n=n, paid=paid, country=of_activity, place=of_money, receiver=receiver)
    return f'<?xml version="1.0"?><iati-activities version="2.03">{activity}</iati-activities>'


def threesixty(country: str, paid: int) -> str:
    grant = {
        "id": "360G-f-1", "amountAwarded": 1000, "amountDisbursed": paid, "currency": "EUR", "awardDate": "2024-03-01",
        "recipientOrganization": [{"id": "XI-A", "name": "Org A"}], "fundingOrganization": [{"id": "XM-F", "name": "Fund F"}],
        "beneficiaryLocation": [{"countryCode": country}],
    }  # fmt: skip
    return json.dumps({"grants": [grant]})


def own_book(path: Path, countries: str) -> Path:
    headings = [*GRANTS, "countries"]
    row = [*grant("g1", "F", "A", 1000), countries]
    return book(path, Initiatives=[INITIATIVES, initiative("A"), initiative("F", member="no")], Grants=[headings, row])


CORRECTIONS = {
    "what was paid": (iati(paid=500), iati(paid=550)),
    "a country": (iati(country="GE"), iati(country="AM")),
    "a transaction's country": (iati(country="", place="GE"), iati(country="", place="AM")),
    "who received it": (iati(receiver="XI-A"), iati(receiver="XI-B")),
    "360Giving": (threesixty("GE", 500), threesixty("AM", 550)),
}


def sent(folder: Path, name: str, content: str) -> Path:
    path = folder / f"{name}.{'xml' if content.startswith('<') else 'json'}"
    path.write_text(content, encoding="utf-8")
    return path


def load(engines: Mapping[Which, Engine], path: Path) -> None:
    done = bring(engines, Request("partner", [path]), AS_OF, lambda _n: None)
    assert not done.rejected, done.problems


def money(engines: Mapping[Which, Engine]) -> dict[str, list[tuple[Any, ...]]]:
    """Grants, payments and places as they are, whatever their numbers."""
    g, paid, places, who = schema.grant.c, schema.payment.c, schema.grant_country.c, schema.organisation.c
    asked = {
        "grants": select(who.name, g.amount_minor).join_from(
            schema.grant, schema.organisation, g.recipient_id == who.id
        ),
        "paid": select(paid.amount_minor, paid.paid_on),
        "places": select(places.host_country, places.share_bp),
    }
    with engines["shared"].connect() as connection:
        return {name: sorted(map(tuple, connection.execute(one)), key=repr) for name, one in asked.items()}


@pytest.mark.parametrize("what", CORRECTIONS)
def test_a_corrected_file_takes_the_place_of_the_one_before_and_can_be_taken_back(
    empty, what: str, tmp_path: Path
) -> None:
    before, after = CORRECTIONS[what]
    load(empty, sent(tmp_path, "before", before))
    first = money(empty)
    load(empty, sent(tmp_path, "after", after))
    second = money(empty)
    assert second != first and all(len(rows) == len(first[name]) for name, rows in second.items())
    runs.undo(empty["shared"], "shared", 2)
    assert money(empty) == first
    runs.undo(empty["shared"], "shared", 1)
    assert not any(money(empty).values())
    load(empty, sent(tmp_path, "alone", after))
    assert money(empty) == second


def test_a_workbook_takes_back_the_places_it_no_longer_states(empty, tmp_path: Path) -> None:
    load(empty, own_book(tmp_path / "before.xlsx", "GE 60; AM 40"))
    load(empty, own_book(tmp_path / "after.xlsx", "GE 100"))
    assert money(empty)["places"] == [("GE", 10_000)]


def test_a_file_of_other_grants_leaves_what_was_said_before(empty, tmp_path: Path) -> None:
    load(empty, sent(tmp_path, "one", iati(n=1)))
    first = money(empty)
    load(empty, sent(tmp_path, "two", iati(n=2, paid=700, country="AM")))
    both = money(empty)
    assert all(set(rows) <= set(both[name]) and len(both[name]) == 2 * len(rows) for name, rows in first.items())
