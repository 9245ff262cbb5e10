"""What was asked for and refused is no grant, wherever a list says so: in a column, above a section, in a column nobody named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dashboard.upkeep.loading import Request, bring
from data_access.importers import grant_status, proposals, values
from data_access.importers.outcomes import Outcome
from data_access.viewer import Which
from tests.small_loads import AS_OF
from tests.test_unknown_tables import CONTEXT

Engines = Mapping[Which, Engine]


def load(engines: Engines, path: Path, content: str, columns: Mapping[str, str]) -> Outcome:
    path.write_text(content, encoding="utf-8")
    request = Request("s", [path], "360giving", {"columns": dict(columns), "currency": "EUR"})
    return bring(engines, request, AS_OF, lambda _n: None)


def stored(engines: Engines) -> list[tuple[Any, ...]]:
    with engines["shared"].connect() as connection:
        found = connection.execute(text('SELECT amount_minor / 100, status FROM "grant" ORDER BY 1'))
        return [tuple(row) for row in found]


MAPPED = {"Org": "recipient", "From": "funder", "Sum": "amountAwarded", "State": "status"}


def test_of_a_list_of_applications_only_what_was_granted_is_loaded(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    done = load(engines, tmp_path / "a.csv", "Org,From,Sum,State\nA,F,1,Одобрено\nB,F,2,отказ\nC,F,3,\nD,F,4,на рассмотрении\n"
                "E,F,5,pledged\nG,F,6,cancelled\nH,F,7,Rejected\nI,F,8,not approved\nJ,F,9,maybe\n", MAPPED)  # fmt: skip
    assert stored(engines) == [(1, "commitment"), (3, "commitment"), (5, "pledge"), (6, "cancelled")]
    left = [problem.value for problem in done.problems if problem.code == "not_granted"]
    assert sorted(left) == sorted(["отказ", "на рассмотрении", "Rejected"])
    assert [problem.value for problem in done.problems if not problem.is_warning] == ["not approved", "maybe"]


@pytest.mark.parametrize("head", ["Отказано,,,", "Отказано,Отказано,Отказано,Отказано", ",,Rejected applications,"])
def test_what_stands_under_a_head_of_refused_ones_is_no_grant(
    engines: dict[Which, Engine], tmp_path: Path, head: str
) -> None:
    content = f"Org,From,Sum,Note\nSigned,,,\nA,F,1,x\n{head}\nB,F,2,y\nC,F,3,\n2025,,,\nD,F,4,\n"
    done = load(engines, tmp_path / "a.csv", content, {"Org": "recipient", "From": "funder", "Sum": "amountAwarded"})
    assert stored(engines) == [(1, "commitment"), (4, "commitment")]
    with engines["shared"].connect() as connection:
        assert set(connection.scalars(text("SELECT name FROM organisation"))) == {"A", "D", "F"}
    assert {"sections_left_out", "not_granted"} <= {problem.code for problem in done.problems}


def test_a_column_that_is_not_read_and_says_refused_is_said_loudly(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    columns = {"Org": "recipient", "From": "funder", "Sum": "amountAwarded", "Комментарий": ""}
    done = load(engines, tmp_path / "a.csv", "Org,From,Sum,Комментарий\nA,F,1,ок\nB,F,2,отказ фонда\n", columns)
    (said,) = [problem for problem in done.problems if problem.code == "refused_but_loaded"]
    assert said.column == "Комментарий" and said.is_warning


@pytest.mark.parametrize(
    ("heading", "cells", "what"),
    [
        ("Статус", ("одобрено", "отказ"), "status"),
        ("Decision", ("approved", "declined"), "status"),
        ("Чем кончилось", ("одобрено", "отказ"), "status"),
        ("Kind", ("grant", "contract"), ""),
        ("Решение", ("2024-03-01", "2024-05-02"), ""),
    ],
)
def test_a_column_that_says_what_became_of_applications_is_proposed_as_the_status(
    tmp_path: Path, heading: str, cells: tuple[str, str], what: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"Recipient,Amount,{heading}\nA,4000,{cells[0]}\nB,500,{cells[1]}\n", encoding="utf-8")
    found = proposals.propose([path], CONTEXT, "grants")
    assert found is not None
    assert found.columns[2].what == what


def test_a_cell_that_names_several_payers_is_no_organisation(engines: dict[Which, Engine], tmp_path: Path) -> None:
    several = ["F; G", "F / G", "F, G", "F and G", "G & F", "X; Y"]
    rows = "".join(f'C{n},"{cell}",9\n' for n, cell in enumerate(several))
    rows += 'A,F,1\nB,G,2\nD,Fair and Square,4\nE,"Bread, Peace & Co",5\n'
    columns = {"Org": "recipient", "From": "funder", "Sum": "amountAwarded"}
    done = load(engines, tmp_path / "a.csv", "Org,From,Sum\n" + rows, columns)
    assert [amount for amount, _status in stored(engines)] == [1, 2, 4, 5]
    refused = [problem.code for problem in done.problems if not problem.is_warning]
    assert refused == ["several_organisations"] * len(several)


def test_rows_without_a_payer_below_one_that_names_it_are_said(engines: dict[Which, Engine], tmp_path: Path) -> None:
    columns = {"Org": "recipient", "From": "funder", "Sum": "amountAwarded"}
    done = load(engines, tmp_path / "a.csv", "Org,From,Sum\nA,,1\nB,F,2\nC,,3\nD,,4\n", columns)
    (said,) = [problem for problem in done.problems if problem.code == "payer_left_blank"]
    assert said.place.row == 4 and "2 rows" in said.message


def test_a_day_of_signature_that_has_not_come_yet_is_said(engines: dict[Which, Engine], tmp_path: Path) -> None:
    columns = {"Org": "recipient", "From": "funder", "Sum": "amountAwarded", "On": "awardDate", "State": "status"}
    rows = "A,F,1,2024-07-01,\nB,F,2,2024-06-30,\nC,F,3,2024-09-01,pledged\nD,F,4,,\n"
    done = load(engines, tmp_path / "a.csv", "Org,From,Sum,On,State\n" + rows, columns)
    assert [problem.value for problem in done.problems if problem.code == "not_yet"] == ["2024-07-01"]


def test_a_cell_that_holds_an_error_refuses_its_row_and_no_other(engines: dict[Which, Engine], tmp_path: Path) -> None:
    columns = {"Org": "recipient", "From": "funder", "FromId": "funder_id", "Sum": "amountAwarded", "State": "status"}
    rows = "Отказано,,,,\nA,F,#REF!,1,\nB,F,,2,#N/A\n2025,,,,\nC,F,,3,\n"
    done = load(engines, tmp_path / "a.csv", "Org,From,FromId,Sum,State\n" + rows, columns)
    assert stored(engines) == [(3, "commitment")]
    assert [problem.place.row for problem in done.problems if not problem.is_warning] == [4]


@pytest.mark.parametrize("said", ["approved and rejected", "не одобрено", "in two weeks", "yes"])
def test_words_that_say_neither_or_both_are_asked_about(said: str) -> None:
    with pytest.raises(values.Bad):
        grant_status.status_of(said)


@pytest.mark.parametrize(
    "word",
    ["Awaiting approval", "for approval", "To be signed", "will be funded", "Signed?", "на подпись", "будет подписан", "Zusage ausstehend",
     "Accord de principe", "Contracting", "Funding gap", "Ended without funding"],
)  # fmt: skip
def test_what_is_still_to_be_signed_is_not_taken_for_signed(word: str) -> None:
    with pytest.raises(values.Bad, match="signed"):
        grant_status.status_of(word)


@pytest.mark.parametrize("head", ["Pending applications", "Заявки на рассмотрении", "Rejected"])
def test_what_stands_under_a_head_of_applications_is_no_grant(
    engines: dict[Which, Engine], tmp_path: Path, head: str
) -> None:
    content = f"Org,From,Sum\nA,F,1\n{head},,\nB,F,2\n"
    load(engines, tmp_path / "a.csv", content, {"Org": "recipient", "From": "funder", "Sum": "amountAwarded"})
    assert stored(engines) == [(1, "commitment")]
