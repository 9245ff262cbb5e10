"""Lists of initiatives as people keep them: parted by the heads of countries and of kinds, with names alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dashboard.upkeep.loading import Request, bring
from data_access.importers.outcomes import Outcome
from data_access.viewer import Which
from tests.import_files import book
from tests.small_loads import AS_OF

Engines = Mapping[Which, Engine]


def load(engines: Engines, path: Path, content: str, **said: str) -> Outcome:
    path.write_text(content, encoding="utf-8")
    known = {"Name": "organisation", "Country": "country", "City": "place", "What": "activity"}
    columns = {heading: known[heading] for heading in content.splitlines()[0].split(",") if heading in known}
    return bring(engines, Request("s", [path], "3w", {"columns": columns, **said}), AS_OF, lambda _n: None)


def where(engines: Engines) -> dict[str, str | None]:
    asked = "SELECT o.name, p.host_country FROM organisation o LEFT JOIN presence p ON p.organisation_id = o.id"
    with engines["shared"].connect() as connection:
        return {row.name: row.host_country for row in connection.execute(text(asked))}


def said(done: Outcome, code: str) -> list[str]:
    return [
        f"{problem.place.row or ''} {problem.value} {problem.message}"
        for problem in done.problems
        if problem.code == code
    ]


@pytest.mark.parametrize("head", ["Грузия,,", "Georgia:,,", "GE,,", "Грузия,Грузия,Грузия"])
def test_the_head_of_a_country_is_no_initiative_and_says_where_those_below_are(
    engines: dict[Which, Engine], tmp_path: Path, head: str
) -> None:
    content = f"Name,City,What\nA,,media\n{head}\nB,Tbilisi,media\nC,,media\nЛатвия,,\nD,Riga,media\n"
    done = load(engines, tmp_path / "a.csv", content)
    assert where(engines) == {"A": None, "B": "GE", "C": "GE", "D": "LV"}
    assert said(done, "sections_left_out") and said(done, "country_of_section")[0].endswith("their sections.")


def test_a_country_of_its_own_stands_before_that_of_the_section_and_that_before_the_maps(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    load(engines, tmp_path / "a.csv", "Name,Country,What\nA,,x\nGeorgia,,\nB,Latvia,x\nC,,x\n", country="Poland")
    assert where(engines) == {"A": "PL", "B": "LV", "C": "GE"}


def test_the_head_of_an_activity_is_no_initiative_and_ends_the_section_of_a_country(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    done = load(engines, tmp_path / "a.csv", "Name,City,What\nGeorgia,,\nA,Tbilisi,x\nlegal_aid,,\nB,,y\n")
    assert where(engines) == {"A": "GE", "B": None}
    assert not said(done, "a_name_alone")


def test_a_name_alone_is_loaded_and_said_and_nobody_knows_in_which_country_those_below_are(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    done = load(engines, tmp_path / "a.csv", "Name,City,What\nGeorgia,,\nA,Tbilisi,x\nOthers,,\nB,,y\n")
    assert where(engines) == {"A": "GE", "Others": None, "B": None}
    (asked,) = said(done, "a_name_alone")
    assert asked.startswith("4 Others") and "IT WAS LOADED" in asked


def test_in_a_list_of_names_and_countries_alone_a_name_stays_in_its_section(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    load(engines, tmp_path / "a.csv", "Name,Country\nA,Latvia\nGeorgia,\nB,\nC,\n")
    assert where(engines) == {"A": "LV", "B": "GE", "C": "GE"}


@pytest.mark.parametrize("several", ["B; C", "A and D", "A / D"])
def test_a_cell_that_names_several_initiatives_is_none(
    engines: dict[Which, Engine], tmp_path: Path, several: str
) -> None:
    done = load(engines, tmp_path / "a.csv", f"Name,Country\nA,Latvia\n{several},Georgia\nD,Poland\nE/F,Poland\n")
    assert where(engines) == {"A": "LV", "D": "PL", "E/F": "PL"}
    assert len(said(done, "several_organisations")) == 1


@pytest.mark.parametrize("other", ["«Сова»", "Фонд “Сова”", "Сова, ООО", "Cова"])
def test_a_name_in_quotes_or_with_a_legal_form_is_proposed_as_the_one_without(
    engines: dict[Which, Engine], tmp_path: Path, other: str
) -> None:
    quoted = other.replace('"', '""')
    done = load(engines, tmp_path / "a.csv", f'Name,Country\nСова,Latvia\n"{quoted}",Georgia\n')
    assert len(said(done, "similar_organisation")) == 1


def test_what_stands_alone_elsewhere_or_cannot_be_read_is_said_and_breaks_nothing(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    path = book(
        tmp_path / "a.xlsx",
        L=[
            ["Name", "Country", "What", "Note"],
            ["Georgia"],
            ["A", "=B9", "x"],
            [None, None, None, "a note"],
            ["B", None, "x", "y"],
        ],
    )
    columns = {"Name": "organisation", "Country": "country", "What": "activity"}
    done = bring(engines, Request("s", [path], "3w", {"columns": columns}), AS_OF, lambda _n: None)
    assert where(engines) == {"B": "GE"}
    assert [problem.place.row for problem in done.problems if not problem.is_warning] == [3, 4]


def test_a_code_of_a_place_stands_before_the_country_of_the_section(
    engines: dict[Which, Engine], tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Name,Code,What\nGeorgia,,\nA,LT01,x\nB,,x\n", encoding="utf-8")
    columns = {"Name": "organisation", "Code": "place_code", "What": "activity"}
    bring(engines, Request("s", [path], "3w", {"columns": columns}), AS_OF, lambda _n: None)
    assert where(engines) == {"A": "LT", "B": "GE"}
