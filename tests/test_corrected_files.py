"""A source's next file of a grant takes the place of what it said before of that grant, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from dashboard.upkeep.loading import Request, bring
from data_access import schema
from data_access.importers import runs
from data_access.importers.records import Unreadable
from data_access.viewer import Which
from tests.conftest import some
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


LISTED = {"R": "recipient", "F": "funder", "A": "amountAwarded", "D": "awardDate"}
LIST = [
    ("Org A", "Fund F", "1000", "2024-03-01"),
    ("Org B", "Fund F", "2000", "2024-03-01"),
    ("Org C", "Fund G", "500", ""),
]


def bring_list(engines: Mapping[Which, Engine], path: Path, rows: list[tuple[Any, ...]], **said: Any) -> dict[str, int]:
    """What a list of grants without numbers created."""
    if path.suffix == ".csv":
        path.write_text("\n".join([",".join(LISTED), *(",".join(map(str, row)) for row in rows)]), encoding="utf-8")
    else:
        book(path, Grants=[list(LISTED), *map(list, rows)])
    request = Request("s", [path], "360giving", {"columns": LISTED, "currency": "EUR"}, **said)
    done = bring(engines, request, AS_OF, lambda _n: None)
    assert not done.rejected, [str(problem) for problem in done.problems]
    return dict(done.created)


def amounts(engines: Mapping[Which, Engine]) -> list[int]:
    with engines["shared"].connect() as connection:
        return sorted(connection.scalars(select(schema.grant.c.amount_minor)))


AS_CELLS = [
    ("Org A", "Fund F", 1000, date(2024, 3, 1)),
    ("Org B", "Fund F", 2000.0, date(2024, 3, 1)),
    ("Org C", "Fund G", 500, None),
]


def test_a_list_without_numbers_is_the_same_list_however_its_cells_are_written(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    assert bring_list(engines, tmp_path / "a.csv", LIST)["grant"] == 3
    for name, rows in (("b.xlsx", AS_CELLS), ("c.csv", [(*row[:2], f"{row[2]}.00", row[3]) for row in LIST])):
        assert not bring_list(engines, tmp_path / name, rows).get("grant")


CHANGED = {
    "an amount, among rows that stay": [*LIST[:2], ("Org C", "Fund G", "550", "")],
    "a day, among rows that stay": [*LIST[1:], ("Org A", "Fund F", "1000", "2024-03-02")],
    "every amount": [(*row[:2], row[2] + "0", row[3]) for row in LIST],
    "an amount, in a list that grew": [*LIST[:2], ("Org C", "Fund G", "550", ""), ("Org D", "Fund G", "5", "")],
    "the name of a recipient": [("Organisation A", "Fund F", "1000", "2024-03-01"), *LIST[1:]],
    "who paid": [("Org A", "Fund H", "1000", "2024-03-01"), *LIST[1:]],
    "who paid, where it was open": [("Org A", "", "1000", "2024-03-01"), *LIST[1:]],
    "who paid each": [(row[0], "Fund H", *row[2:]) for row in LIST],
    "a recipient's name, of a grant without a day": [*LIST[:2], ("Organisation C", "Fund G", "500", "")],
}


@pytest.mark.parametrize("changed", some(list(CHANGED), 2))
def test_a_list_without_numbers_in_which_rows_changed_counts_nothing_twice_unless_somebody_says_so(
    engines: dict[Which, Engine], tmp_path: Path, changed: str
) -> None:
    bring_list(engines, tmp_path / "a.csv", LIST)
    before = amounts(engines)
    with pytest.raises(Unreadable, match=r"all there is.*both count"):
        bring_list(engines, tmp_path / "b.csv", CHANGED[changed])
    assert amounts(engines) == before
    bring_list(engines, tmp_path / "b.csv", CHANGED[changed], is_snapshot=True)
    assert amounts(engines) == sorted(int(row[2]) * 100 for row in CHANGED[changed])


@pytest.mark.parametrize(
    "rows",
    [
        [*LIST, ("Org D", "Fund F", "70", "2024-05-01")],
        [("Org A", "Fund F", "1000", "2024-04-01"), ("Org B", "Fund F", "2000", "2024-04-01")],
        [*LIST[:2], ("Org D", "Fund H", "70", "2024-05-01")],
        [("Org D", "Fund F", "1000", "2024-03-01"), ("Org E", "Fund F", "2000", "2024-03-01")],
    ],
    ids=["grew", "the next month's", "another grant, and one not stated any more", "others of the same call"],
)
def test_a_list_that_goes_on_is_loaded_without_a_question(
    engines: dict[Which, Engine], tmp_path: Path, rows: list[tuple[Any, ...]]
) -> None:
    bring_list(engines, tmp_path / "a.csv", LIST)
    bring_list(engines, tmp_path / "b.csv", rows)
    assert len(amounts(engines)) == len({*LIST, *rows})


def test_numbers_given_to_a_list_that_had_none_count_nothing_twice_unless_somebody_says_so(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    bring_list(engines, tmp_path / "a.csv", LIST)
    numbered = tmp_path / "b.csv"
    numbered.write_text("\n".join(["N,R,F,A,D", *(f"{n},{','.join(row)}" for n, row in enumerate(LIST, 1))]), "utf-8")
    how = {"columns": LISTED | {"N": "id"}, "currency": "EUR"}
    with pytest.raises(Unreadable, match=r"all there is.*both count"):
        bring(engines, Request("s", [numbered], "360giving", how), AS_OF, print)
    bring(engines, Request("s", [numbered], "360giving", how, is_snapshot=True), AS_OF, print)
    assert amounts(engines) == sorted(int(row[2]) * 100 for row in LIST)


def test_what_somebody_looked_at_counts_beside_what_stood_there(engines: dict[Which, Engine], tmp_path: Path) -> None:
    bring_list(engines, tmp_path / "a.csv", LIST)
    bring_list(engines, tmp_path / "b.csv", CHANGED["a day, among rows that stay"], counts_both=True)
    assert len(amounts(engines)) == 4


def test_a_number_that_begins_again_is_said_where_the_grant_is_another_and_not_where_it_is_corrected(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    def codes(name: str, row: str) -> list[str]:
        path = tmp_path / name
        path.write_text(f"N,R,F,A,D\n{row}\n", encoding="utf-8")
        done = bring(
            engines,
            Request("s", [path], "360giving", {"columns": LISTED | {"N": "id"}, "currency": "EUR"}),
            AS_OF,
            print,
        )
        return [problem.code for problem in done.problems]

    codes("a.csv", "1,Org A,Fund F,1000,2024-03-01")
    assert "took_the_place" not in codes("b.csv", "1,Org A,Fund F,1200,2024-03-02")
    assert "took_the_place" in codes("c.csv", "1,Org Z,Fund F,900,2025-03-01")
