"""Open standards out: what is public and nothing else, valid by the standards' rules, and the same when it is read back."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pandas as pd
import pytest
from babel import Locale
from lxml import etree
from sqlalchemy import Engine, delete, insert, update

from dashboard.answers import open_data
from dashboard.commands.cli import main
from dashboard.files import iati, threesixty
from dashboard.metrics import placement
from dashboard.upkeep.recorded_money import records_of
from dashboard.upkeep.refresh import refresh
from data_access import database
from data_access.importers import formats, load, sources
from data_access.importers.records import Record
from data_access.schema import grant, grant_country, organisation, presence, project, project_facet
from data_access.viewer import Viewer
from tests.import_files import rows_of

TODAY = date(2026, 9, 14)
MONEY = [
    "funder",
    "recipient",
    "currency",
    "amount_minor",
    "status",
    "committed_on",
    "starts_on",
    "ends_on",
    "paid_minor",
]
DAY = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
PARTY = {
    "type": "array", "minItems": 1, "maxItems": 1,
    "items": {"type": "object", "required": ["id", "name"],
              "properties": {"id": {"type": "string", "minLength": 1}, "name": {"type": "string", "minLength": 1}}},
}  # fmt: skip
ISO = sorted(
    {code for code in Locale("en").territories if len(code) == 2 and code.isalpha()}
    - {"XK", "EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
)
THREESIXTY = {
    "type": "object",
    "required": ["grants"],
    "properties": {
        "version": {"type": "string", "pattern": r"^\d+\.\d+$"},
        "issued": DAY,
        "publisher": {"type": "object", "required": ["name"]},
        "grants": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "title", "description", "currency", "amountAwarded", "awardDate",
                             "recipientOrganization", "fundingOrganization"],
                "properties": {
                    "id": {"type": "string", "pattern": "^360G-"},
                    "title": {"type": "string", "minLength": 1},
                    "description": {"type": "string", "minLength": 1},
                    "currency": {"enum": sorted(Locale("en").currencies)},
                    "amountAwarded": {"type": "number"},
                    "amountDisbursed": {"type": "number"},
                    "awardDate": DAY,
                    "plannedDates": {"type": "array", "items": {
                        "type": "object", "additionalProperties": False,
                        "properties": {"startDate": DAY, "endDate": DAY}}},
                    "recipientOrganization": PARTY,
                    "fundingOrganization": PARTY,
                    "beneficiaryLocation": {"type": "array", "items": {
                        "type": "object", "additionalProperties": False,
                        "properties": {"name": {"type": "string"}, "description": {"type": "string"},
                                       "countryCode": {"enum": ISO}}}},
                    "classifications": {"type": "array", "items": {
                        "type": "object", "additionalProperties": False, "required": ["vocabulary"],
                        "properties": {key: {"type": "string"} for key in ("vocabulary", "code", "title")}}},
                    "regrantType": {"enum": [f"FRG0{n}0" for n in range(1, 6)]},
                    "relatedActivity": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}  # fmt: skip
"""What 360Giving 1.4 asks of the fields written here, and no field that it does not have."""


def published(folder: Path, standard: str, *options: str) -> dict[str, bytes]:
    """What the command writes of the deployment, by ending."""
    assert main(["publish-data", standard, str(folder), *options]) == 0
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def found_in(engine: Engine) -> open_data.OpenData:
    return open_data.collected(partial(database.run, engine), TODAY)


def loaded(engines: dict[database.Which, Engine], path: Path) -> None:
    context = sources.context_of(engines, "back")
    name = formats.format_of(path, context)
    done = load.load(engines, "back", formats.FORMATS[name].read([path], context), TODAY)
    assert done.rejected == 0, done


def money_of(grants: pd.DataFrame, places: pd.DataFrame) -> tuple[list[tuple[str, ...]], pd.Series]:
    """The grants as their facts, and the money of each country and currency."""
    parts = places.merge(grants, on="grant_id")
    parts = parts.assign(
        host_country=parts["host_country"].replace("withheld", "not_stated"),
        part=parts["share_bp"] * parts["amount_minor"].fillna(0),
    )
    facts = [tuple(row) for row in grants[MONEY].astype(str).itertuples(index=False)]
    return sorted(facts), parts.groupby(["host_country", "currency"])["part"].sum()


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("ending", [".json", ".xlsx", ".xml"])
def test_what_was_published_is_the_same_money_in_the_same_countries_when_it_is_read_back(
    empty, sample, tmp_path: Path, ending: str
) -> None:
    standard = "iati" if ending == ".xml" else "360giving"
    path = tmp_path / f"out{ending}"
    path.write_bytes(published(tmp_path / "out", standard)[ending])
    loaded(empty, path)
    found = found_in(sample["shared"])
    left = iati.left_out(found.grants, found.payments) if standard == "iati" else threesixty.left_out(found.grants)
    back = records_of(partial(database.run, empty["shared"]), Viewer("steward", None))
    facts, by_country = money_of(found.grants[left.isna()], found.places)
    facts_back, by_country_back = money_of(back.grants, placement.shares(back))
    assert facts_back == facts
    assert len(facts) > 300
    pd.testing.assert_series_equal(by_country_back, by_country, check_dtype=False)


@pytest.mark.usefixtures("deployment")
def test_who_works_where_on_what_is_the_same_when_it_is_read_back(empty, sample, tmp_path: Path) -> None:
    path = tmp_path / "hxl.csv"
    path.write_bytes(published(tmp_path / "out", "hxl")[".csv"])
    loaded(empty, path)

    def told(work: pd.DataFrame) -> set[tuple[str, ...]]:
        rows = work.drop(columns="organisation_id").astype(str).replace({"nan": "", "NaT": "", "None": "", "<NA>": ""})
        return set(rows.itertuples(index=False, name=None))

    with empty["shared"].begin() as connection:
        connection.execute(update(organisation).values(visibility="public"))
    assert told(found_in(empty["shared"]).work) == told(found_in(sample["shared"]).work)


@pytest.mark.usefixtures("deployment")
def test_the_files_are_valid_by_the_rules_of_their_standards(tmp_path: Path) -> None:
    package = json.loads(published(tmp_path / "a", "360giving")[".json"])
    jsonschema.Draft202012Validator(THREESIXTY, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(
        package
    )
    assert len({one["id"] for one in package["grants"]}) == len(package["grants"])
    spec = importlib.util.find_spec("iati")
    assert spec is not None
    (home,) = spec.submodule_search_locations or ()
    schema = etree.XMLSchema(etree.parse(f"{home}/resources/standard/2-03/schemas/iati-activities-schema.xsd"))
    tree = etree.fromstring(published(tmp_path / "b", "iati")[".xml"])
    schema.assertValid(tree)
    for activity in tree.iter("iati-activity"):
        shares = [float(one.get("percentage")) for one in activity.iter("recipient-country", "recipient-region")]
        assert round(sum(shares), 6) == 100
        for sectors in [[float(one.get("percentage")) for one in activity.iter("sector")]]:
            assert not sectors or round(sum(sectors), 6) == 100
    headings, tags = list(csv.reader(io.StringIO(published(tmp_path / "c", "hxl")[".csv"].decode())))[:2]
    assert len(headings) == len(tags)
    assert all(tag.startswith("#") and tag == tag.lower() for tag in tags)


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("standard", ["360giving", "iati", "hxl"])
def test_nobody_who_is_not_public_is_named_in_any_file(sample, tmp_path: Path, standard: str) -> None:
    files = published(tmp_path / "out", standard)
    shown = {text for ending, content in files.items() for text in texts(ending, content)}
    public = {row["id"] for row in rows_of(sample["shared"], organisation) if row["visibility"] == "public"}
    hidden = [row for row in rows_of(sample["shared"], organisation) if row["id"] not in public]
    assert hidden
    assert [row["name"] for row in hidden if row["name"] in shown] == []
    assert [row["slug"] for row in hidden if any(row["slug"] in text for text in shown)] == []
    projects = [row for row in rows_of(sample["shared"], project) if row["organisation_id"] not in public]
    assert [row["name"] for row in projects if row["name"] in shown] == []
    references = [
        row["reference"]
        for row in rows_of(sample["shared"], grant)
        if not {row["funder_id"], row["recipient_id"]} <= public
    ]
    assert references
    assert [reference for reference in references if any(text.endswith(reference) for text in shown)] == []


def texts(ending: str, content: bytes) -> set[str]:
    """Every text of a file: cells, values of keys, texts and attributes of elements."""
    if ending == ".xml":
        tree = etree.fromstring(content)
        return {text for one in tree.iter() for text in (one.text or "", *one.attrib.values())}
    if ending == ".json":
        return set(_values(json.loads(content)))
    if ending == ".csv":
        return {cell for row in csv.reader(io.StringIO(content.decode())) for cell in row}
    return {
        str(cell)
        for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
        for cell in row
    }


def _values(found: Any) -> Iterator[str]:
    if isinstance(found, dict | list):
        for one in found.values() if isinstance(found, dict) else found:
            yield from _values(one)
    else:
        yield str(found)


def planted(shared: Engine, *, visibility: str = "public", shares: Sequence[int | None] = (7000, 3000)) -> None:
    """A funder's grant to an initiative that hides its place in Georgia and has a project that withholds Turkey."""
    with shared.begin() as connection:
        base = {"search_key": "", "independence": "independent"}
        rows = [
            {"id": 1, "slug": "giver", "name": "Giver", "is_initiative": False, "is_funder": True, "visibility": "public"},
            {"id": 2, "slug": "taker", "name": "=Taker", "is_initiative": True, "is_funder": False, "visibility": visibility},
        ]  # fmt: skip
        connection.execute(insert(organisation), [base | row for row in rows])
        spots = [("GE", "undisclosed"), ("LT", "country")]
        connection.execute(insert(presence), [
            {"organisation_id": 2, "host_country": country, "role": "activity", "precision": precision}
            for country, precision in spots
        ])  # fmt: skip
        connection.execute(insert(project).values(id=1, slug="p", name="Project", organisation_id=2, status="running"))
        connection.execute(insert(project_facet), [
            {"project_id": 1, "facet": "host_country", "code": code, "is_withheld": code == "TR"} for code in ("TR", "LT")
        ])  # fmt: skip
        stated = {"funder_id": 1, "recipient_id": 2, "amount_minor": 10_050, "currency": "EUR", "status": "commitment",
                  "kind": "new", "restriction": "unknown", "committed_on": TODAY, "starts_on": TODAY}  # fmt: skip
        connection.execute(insert(grant), [stated | {"id": 1, "reference": "G-1"},
                                           stated | {"id": 2, "reference": "G-2", "project_id": 1}])  # fmt: skip
        connection.execute(insert(grant_country), [
            {"grant_id": 1, "host_country": country, "share_bp": share}
            for country, share in zip(("GE", "LT"), shares, strict=True)
        ])  # fmt: skip


@pytest.mark.by_turns
@pytest.mark.parametrize("standard", ["360giving", "iati", "hxl"])
def test_a_place_that_is_hidden_or_withheld_stands_in_no_file(engines, tmp_path: Path, standard: str) -> None:
    planted(engines["shared"])
    refresh(engines["shared"], engines["cases"], TODAY)
    files = published(tmp_path / "out", standard)
    for ending, content in files.items():
        shown = texts(ending, content)
        assert "LT" in shown
        assert not {"GE", "TR", "Georgia", "Türkiye", "Turkey"} & shown
    if standard == "360giving":
        locations = [one.get("beneficiaryLocation") for one in json.loads(files[".json"])["grants"]]
        assert locations == [
            [{"name": "Lithuania", "countryCode": "LT", "description": "30 %"}],
            [{"name": "Lithuania", "countryCode": "LT", "description": "50 %"}],
        ]
    if standard == "hxl":
        assert b"'=Taker" in files[".csv"]


@pytest.mark.by_turns
def test_a_country_that_the_standard_has_no_code_for_has_its_name_and_is_read_back_by_it(
    engines, tmp_path: Path
) -> None:
    planted(engines["shared"])
    with engines["shared"].begin() as connection:
        connection.execute(update(grant_country).where(grant_country.c.host_country == "LT").values(host_country="XK"))
    refresh(engines["shared"], engines["cases"], TODAY)
    for ending, content in published(tmp_path / "out", "360giving").items():
        assert "Kosovo" in texts(ending, content) and "XK" not in texts(ending, content)
        path = tmp_path / f"back{ending}"
        path.write_bytes(content)
        met = formats.FORMATS["360giving"].read([path], sources.context_of(engines, "back"))
        places = [(one.values["host_country"], one.values["share_bp"]) for one in met
                  if isinstance(one, Record) and one.entity == "grant_country"]  # fmt: skip
        assert sorted(places) == [("LT", 5000), ("XK", 3000)]


@pytest.mark.by_turns
@pytest.mark.parametrize("visibility", ["network", "aggregate_only"])
def test_where_nobody_is_public_nothing_is_written(engines, tmp_path: Path, capsys, visibility: str) -> None:
    planted(engines["shared"], visibility=visibility)
    refresh(engines["shared"], engines["cases"], TODAY)
    assert main(["publish-data", "iati", str(tmp_path / "out.xml")]) != 0
    assert "no grant is public" in capsys.readouterr().err
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.usefixtures("deployment")
def test_a_file_of_an_ending_that_the_standard_has_not_is_refused(tmp_path: Path, capsys) -> None:
    assert main(["publish-data", "360giving", str(tmp_path / "out.pdf")]) != 0
    assert "360giving is written as .json, .xlsx" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("deployment")
def test_every_grant_a_funder_sees_is_written_or_counted_with_its_reason(sample, tmp_path: Path, capsys) -> None:
    seen = len(records_of(partial(database.run, sample["shared"]), Viewer("funder")).grants)
    for standard, unit in (("360giving", "grant"), ("iati", "grant")):
        published(tmp_path / standard, standard)
        lines = capsys.readouterr().out.splitlines()
        written = {line.split(": ")[1] for line in lines if line.startswith(str(tmp_path))}
        assert len(written) == 1
        left = [line for line in lines if f"{unit}s were left out" in line or f"{unit} was left out" in line]
        counts = [int(line.split()[0].replace(",", "")) for line in (*written, *left)]
        assert sum(counts) == seen


@pytest.mark.by_turns
def test_nothing_of_a_project_whose_initiative_is_not_public_and_no_name_of_a_group_gets_out(
    engines, tmp_path: Path
) -> None:
    planted(engines["shared"])
    with engines["shared"].begin() as connection:
        base = {"search_key": "", "is_initiative": True, "is_funder": False, "independence": "independent"}
        connection.execute(
            insert(organisation), base | {"id": 3, "slug": "quiet", "name": "Quiet", "visibility": "network"}
        )
        connection.execute(
            insert(project).values(id=2, slug="q", name="Quiet work", organisation_id=3, status="running")
        )
        for facet, code in (("host_country", "AM"), ("activity", "legal_aid")):
            connection.execute(insert(project_facet).values(project_id=2, facet=facet, code=code, is_withheld=False))
        connection.execute(update(grant).where(grant.c.id == 2).values(project_id=2, joint_group="Quiet and friends"))
    refresh(engines["shared"], engines["cases"], TODAY)
    for standard in ("360giving", "iati", "hxl"):
        for ending, content in published(tmp_path / standard, standard).items():
            shown = texts(ending, content)
            assert not [text for text in shown if "Quiet" in text or text in ("AM", "Armenia", "legal_aid")], standard
    award = json.loads((tmp_path / "360giving" / "360giving.json").read_bytes())["grants"][1]
    assert award["title"] == "Grant to =Taker"
    assert award["relatedActivity"][0].startswith("JOINT-")


@pytest.mark.by_turns
def test_who_has_closed_or_left_works_nowhere_today(engines, tmp_path: Path) -> None:
    planted(engines["shared"])
    yesterday = TODAY - timedelta(days=1)
    with engines["shared"].begin() as connection:
        connection.execute(update(presence).where(presence.c.host_country == "LT").values(ended_on=yesterday))
        connection.execute(delete(project_facet))
    refresh(engines["shared"], engines["cases"], TODAY)
    (content,) = published(tmp_path / "left", "hxl").values()
    assert "LT" not in texts(".csv", content)
    assert "'=Taker" in texts(".csv", content)
    with engines["shared"].begin() as connection:
        connection.execute(update(organisation).where(organisation.c.id == 2).values(closed_on=yesterday))
    (content,) = published(tmp_path / "closed", "hxl").values()
    assert "'=Taker" not in texts(".csv", content)
