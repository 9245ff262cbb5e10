"""Formats that networks have: 360Giving, IATI, FTS, 3W and logs of cases, from small files of invented content."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from data_access import schema
from data_access.importers import case_log, formats, fts, iati, load, outcomes, sources, three_w, threesixty
from data_access.importers.records import Problem, Record, Unreadable, alike, told
from tests.import_files import CONTEXT, TODAY, as_json, book, rows_of

pytestmark = pytest.mark.by_turns


def records(found: Sequence[Record | Problem], entity: str) -> list[dict[str, Any]]:
    return [dict(one.values) for one in found if isinstance(one, Record) and one.entity == entity]


def codes(found: Sequence[Record | Problem]) -> list[str]:
    return [one.code for one in found if isinstance(one, Problem)]


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def giving(*grants: dict[str, Any]) -> dict[str, Any]:
    base = {
        "currency": "GBP", "awardDate": "2025-03-01T00:00:00+00:00", "amountAwarded": 1000.5,
        "fundingOrganization": [{"id": "GB-CHC-1", "name": "Invented Trust"}],
        "recipientOrganization": [{"id": "GB-CHC-2", "name": "Invented Shelter"}],
    }  # fmt: skip
    return {"grants": [base | grant for grant in grants]}


def test_360giving_awards_become_signed_grants_with_places_and_payments(empty, tmp_path: Path) -> None:
    path = as_json(
        tmp_path / "g.data",
        giving(
            {"id": "360G-1", "amountDisbursed": 400, "beneficiaryLocation": [{"countryCode": "LT"}, {"countryCode": "DE"}],
             "plannedDates": [{"startDate": "2025-04-01", "endDate": "2026-03-31"}]},
            {"id": "360G-2", "regrantType": "FRG010", "amountDisbursed": 0},
            {"id": "360G-3", "recipientOrganization": [], "recipientIndividual": {"name": "Jane Doe"}},
            {"id": "360G-4", "currency": "POUNDS"},
        ),
    )  # fmt: skip
    assert formats.format_of(path, CONTEXT) == "360giving"
    done = load.load(empty, "trust", threesixty.read([path], CONTEXT), TODAY)
    grants = rows_of(empty["shared"], schema.grant)
    assert [(g["reference"], g["status"], g["kind"], g["amount_minor"]) for g in grants] == [
        ("360G-1", "commitment", "new", 100_050),
        ("360G-2", "commitment", "regrant", 100_050),
    ]
    assert (grants[0]["committed_on"], grants[0]["ends_on"]) == (date(2025, 3, 1), date(2026, 3, 31))
    assert [row["host_country"] for row in rows_of(empty["shared"], schema.grant_country)] == ["DE", "LT"]
    assert [row["amount_minor"] for row in rows_of(empty["shared"], schema.payment)] == [40_000]
    kinds = {
        r["name"]: (r["is_funder"], r["is_initiative"], r["visibility"])
        for r in rows_of(empty["shared"], schema.organisation)
    }
    assert kinds == {
        "Invented Trust": (True, False, "aggregate_only"),
        "Invented Shelter": (False, True, "aggregate_only"),
    }
    assert {problem.code for problem in done.problems} == {"grant_to_a_person", "bad_value"}
    with empty["shared"].connect() as connection:
        assert "Jane" not in repr(connection.execute(select(schema.import_issue)).all())


def test_what_a_steward_decided_about_an_organisation_outlives_a_reload(empty, tmp_path: Path) -> None:
    load.load(empty, "trust", threesixty.read([as_json(tmp_path / "1.json", giving({"id": "1"}))], CONTEXT), TODAY)
    with empty["shared"].begin() as connection:
        connection.execute(text("UPDATE organisation SET visibility = 'public'"))
    renamed = giving({"id": "1", "recipientOrganization": [{"id": "GB-CHC-2", "name": "New name"}]})
    done = load.load(empty, "trust", threesixty.read([as_json(tmp_path / "2.json", renamed)], CONTEXT), TODAY)
    assert dict(done.updated) == {"organisation": 1}
    names = {row["name"]: row["visibility"] for row in rows_of(empty["shared"], schema.organisation)}
    assert names == {"Invented Trust": "public", "New name": "public"}


def test_360giving_tables_and_json_give_the_same_rows(empty, tmp_path: Path) -> None:
    heads = ["Identifier", "Title", "Amount Awarded", "Currency", "Award Date", "Recipient Org:Name",
             "Recipient Org:Identifier", "Funding Org:Name", "Funding Org:Identifier", "Own column"]  # fmt: skip
    row = [
        "360G-1",
        "A grant",
        1000.5,
        "GBP",
        "2025-03-01",
        "Invented Shelter",
        "GB-CHC-2",
        "Invented Trust",
        "GB-CHC-1",
        "x",
    ]
    table = book(tmp_path / "t.xlsx", Grants=[heads, row])
    assert formats.format_of(table, CONTEXT) == "360giving"

    def rows(path: Path) -> list:
        return [(r.entity, r.key, r.values) for r in threesixty.read([path], CONTEXT) if isinstance(r, Record)]

    assert rows(table) == rows(as_json(tmp_path / "g.json", giving({"id": "360G-1"})))


def test_grants_of_two_funders_for_one_activity_are_joint(tmp_path: Path) -> None:
    other = [{"id": "GB-CHC-9", "name": "Second Trust"}]
    path = as_json(
        tmp_path / "g.json",
        giving({"id": "1", "relatedActivity": ["shared-1"]}, {"id": "2", "relatedActivity": ["shared-1"], "fundingOrganization": other},
               {"id": "3", "relatedActivity": ["alone"]}),
    )  # fmt: skip
    groups = {
        r.key: r.values["joint_group"]
        for r in threesixty.read([path], CONTEXT)
        if isinstance(r, Record) and r.entity == "grant"
    }
    assert groups == {"1": "shared-1", "2": "shared-1", "3": None}


def flow(number: int, amount: int, **changes: Any) -> dict[str, Any]:
    place = {"type": "Location", "name": "Georgia"}
    year = {"type": "UsageYear", "name": "2025"}
    return {
        "id": str(number), "amountUSD": amount, "boundary": "incoming", "onBoundary": "single", "status": "paid",
        "flowType": "Standard", "date": "2025-03-01T00:00:00Z", "decisionDate": "2025-02-01T00:00:00Z", "parentFlowId": None,
        "sourceObjects": [{"type": "Organization", "name": "Invented Ministry"}],
        "destinationObjects": [{"type": "Organization", "name": "Invented Relief"}, place, year],
    } | changes  # fmt: skip


def page(*flows: dict[str, Any], of: int | None = None, funding: int = 300, pledges: int = 50) -> dict[str, Any]:
    stated = {"fundingTotal": funding, "pledgeTotal": pledges}
    return {"data": {"incoming": stated, "flows": list(flows)}, "meta": {"count": of or len(flows)}}


PASSED_ON = {"boundary": "internal", "parentFlowId": 1, "sourceObjects": [{"type": "Organization", "name": "Invented Relief"}],
             "destinationObjects": [{"type": "Organization", "name": "Second Relief"}]}  # fmt: skip
FLOWS = [
    flow(1, 100),
    flow(2, 200, status="commitment"),
    flow(3, 50, status="pledge"),
    flow(4, 999, onBoundary="shared"),
    flow(5, 70, **PASSED_ON),
]


def test_fts_counts_flows_over_the_boundary_once_and_keeps_shared_ones_without_an_amount(empty, tmp_path: Path) -> None:
    path = as_json(tmp_path / "flows", page(*FLOWS))
    assert formats.format_of(path, CONTEXT) == "fts"
    load.load(empty, "fts", fts.read([path], CONTEXT), TODAY)
    grants = {row["reference"]: row for row in rows_of(empty["shared"], schema.grant)}
    shown = {name: (row["status"], row["kind"], row["amount_minor"]) for name, row in grants.items()}
    assert shown == {
        "FTS-1": ("commitment", "new", 10_000),
        "FTS-2": ("commitment", "new", 20_000),
        "FTS-3": ("pledge", "new", 5_000),
        "FTS-4": ("commitment", "new", None),
        "FTS-5": ("commitment", "regrant", 7_000),
    }
    assert grants["FTS-5"]["parent_grant_id"] == grants["FTS-1"]["id"]
    assert grants["FTS-1"]["ends_on"] == date(2025, 12, 31)
    assert sorted(row["amount_minor"] for row in rows_of(empty["shared"], schema.payment)) == [7_000, 10_000]
    again = load.load(empty, "fts", fts.read([path], CONTEXT), TODAY)
    assert not any(again.created.values()) and not any(again.updated.values())


def test_pages_that_miss_their_own_total_are_refused_until_somebody_confirms(tmp_path: Path) -> None:
    path = as_json(tmp_path / "flows", page(*FLOWS, funding=301))
    with pytest.raises(Unreadable, match="adds up to 300 US dollars of incoming funding, but states 301"):
        list(fts.read([path], CONTEXT))
    confirmed = list(fts.read([path], replace(CONTEXT, is_total_confirmed=True)))
    assert "total_not_reproduced" in codes(confirmed) and len(records(confirmed, "grant")) == 5


def test_one_page_of_several_loads_with_a_warning_and_all_together_are_compared(tmp_path: Path) -> None:
    first = as_json(tmp_path / "1", page(*FLOWS[:2], of=5))
    second = as_json(tmp_path / "2", page(*FLOWS[2:], of=5))
    alone, both = list(fts.read([first], CONTEXT)), list(fts.read([second, first], CONTEXT))
    assert "part_of_a_search" in codes(alone) and len(records(alone, "grant")) == 2
    assert "part_of_a_search" not in codes(both) and len(records(both, "grant")) == 5


def test_a_flow_without_a_recipient_is_kept_and_counts_for_no_initiative(tmp_path: Path) -> None:
    found = list(fts.read([as_json(tmp_path / "f", page(flow(1, 300, destinationObjects=[]), pledges=0))], CONTEXT))
    (grant,) = records(found, "grant")
    assert grant["recipient"] == "Recipient not stated"
    (kept,) = [r for r in found if isinstance(r, Record) and r.entity == "organisation" and "not stated" in r.key]
    assert kept.defaults["is_initiative"] is False and "recipient_not_stated" in codes(found)


def activity(
    identifier: str, *parts: str, currency: str = "EUR", reporter: str = "XX-1", name: str = "Invented Donor"
) -> str:
    return (
        f'<iati-activity default-currency="{currency}"><iati-identifier>{identifier}</iati-identifier>'
        f'<reporting-org ref="{reporter}"><narrative>{name}</narrative></reporting-org>'
        f"<title><narrative>Work {identifier}</narrative></title>{''.join(parts)}</iati-activity>"
    )


def transaction(kind: str, value: str, *sides: str, on: str = "2025-03-01") -> str:
    return (
        f'<transaction><transaction-type code="{kind}"/><transaction-date iso-date="{on}"/>'
        f"<value>{value}</value>{''.join(sides)}</transaction>"
    )


def xml(path: Path, *activities: str, version: str = "2.03") -> Path:
    return written(
        path, f'<?xml version="1.0"?><iati-activities version="{version}">{"".join(activities)}</iati-activities>'
    )


TO_B = '<receiver-org ref="XX-2" receiver-activity-id="B"><narrative>Invented Relief</narrative></receiver-org>'
FROM_A = '<provider-org ref="XX-1" provider-activity-id="A"><narrative>Invented Donor</narrative></provider-org>'
DONOR = activity("A", transaction("2", "1000", TO_B), transaction("3", "400", TO_B), transaction("3", "-50", TO_B))
RELIEF = activity(
    "B", transaction("11", "990", FROM_A), transaction("1", "350", FROM_A), reporter="XX-2", name="Invented Relief"
)


@pytest.mark.parametrize("order", [(DONOR, RELIEF), (RELIEF, DONOR)])
def test_the_two_sides_of_one_iati_payment_are_one_and_the_payer_is_believed(empty, tmp_path: Path, order) -> None:
    paths = [xml(tmp_path / f"{n}.xml", one) for n, one in enumerate(order)]
    assert formats.format_of(paths[0], CONTEXT) == "iati"
    load.load(empty, "iati", iati.read(paths, CONTEXT), TODAY)
    (grant,) = rows_of(empty["shared"], schema.grant)
    assert (grant["amount_minor"], grant["currency"], grant["status"]) == (100_000, "EUR", "commitment")
    assert sorted(row["amount_minor"] for row in rows_of(empty["shared"], schema.payment)) == [-5_000, 40_000]
    names = {
        row["name"]: (row["is_funder"], row["is_initiative"]) for row in rows_of(empty["shared"], schema.organisation)
    }
    assert names == {"Invented Donor": (True, False), "Invented Relief": (False, True)}
    projects = {row["slug"][:6]: row["id"] for row in rows_of(empty["shared"], schema.project)}
    assert grant["project_id"] == projects["work-b"]


def test_a_receiver_that_reports_alone_is_believed(tmp_path: Path) -> None:
    found = list(iati.read([xml(tmp_path / "b.xml", RELIEF)], CONTEXT))
    assert [row["amount_minor"] for row in records(found, "grant")] == [99_000]
    assert [row["amount_minor"] for row in records(found, "payment")] == [35_000]


def test_each_counted_kind_of_transaction_keeps_its_sum_and_the_others_never_count(tmp_path: Path) -> None:
    kinds = [transaction(str(kind), str(10**kind), TO_B if kind in (2, 3, 12) else "") for kind in range(1, 14)]
    found = list(iati.read([xml(tmp_path / "a.xml", activity("A", *kinds))], CONTEXT))
    by_status: dict[str, int] = defaultdict(int)
    for grant in records(found, "grant"):
        by_status[grant["status"]] += grant["amount_minor"] or 0
    assert by_status == {"commitment": (10**2 + 10**11) * 100, "pledge": (10**12 + 10**13) * 100}
    assert sum(row["amount_minor"] for row in records(found, "payment")) == (10**1 + 10**3 + 10**4) * 100
    (said,) = [one for one in found if isinstance(one, Problem)]
    assert said.code == "not_counted" and said.is_warning and "type 5" in said.value and "type 10" in said.value


def test_what_an_activity_passes_on_is_a_regrant_of_what_came_in(tmp_path: Path) -> None:
    onward = '<receiver-org ref="XX-3"><narrative>Small Group</narrative></receiver-org>'
    relief = activity(
        "B", transaction("1", "350", FROM_A), transaction("2", "100", onward), reporter="XX-2", name="Relief"
    )
    kinds = {row["recipient"]: (row["kind"], row.get("parent")) for row in
             records(list(iati.read([xml(tmp_path / "b.xml", relief)], CONTEXT)), "grant")}  # fmt: skip
    assert kinds["XX-2"] == ("new", None)
    assert kinds["XX-3"][0] == "regrant" and str(kinds["XX-3"][1]).startswith("B|XX-1|XX-2")


def test_iati_places_dates_and_sectors_come_with_the_activity(tmp_path: Path) -> None:
    parts = ('<recipient-country code="GE" percentage="60"/><recipient-country code="AM" percentage="30"/>'
             '<activity-date type="1" iso-date="2025-01-01"/><activity-date type="2" iso-date="2025-02-01"/>'
             '<activity-date type="3" iso-date="2026-01-31"/><sector code="15160" percentage="100"/>')  # fmt: skip
    context = replace(CONTEXT, code_map={("dac", "15160"): ("activity", "legal_aid")})
    found = list(iati.read([xml(tmp_path / "a.xml", activity("A", parts, transaction("2", "10", TO_B)))], context))
    (project,) = records(found, "project")
    assert (project["starts_on"], project["ends_on"]) == (date(2025, 2, 1), date(2026, 1, 31))
    shares = {row["host_country"]: row["share_bp"] for row in records(found, "grant_country")}
    assert shares == {"GE": 6_000, "AM": 3_000}
    assert ("activity", "legal_aid") in {(row["facet"], row["code"]) for row in records(found, "project_facet")}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            '<iati-activities version="1.03"><iati-activity/></iati-activities>',
            "is IATI 1.03; 2.01 to 2.03 can be read",
        ),
        ('<iati-organisations version="2.03"/>', "not of activities"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><iati-activities version="2.03"/>', "DOCTYPE"),
        ('<iati-activities version="2.03"><iati-activity>', "is not XML that can be read"),
        ('<iati-activities version="2.03"/>', "no activity is in it"),
    ],
)
def test_xml_that_cannot_be_trusted_or_read_is_refused_with_a_sentence(
    tmp_path: Path, content: str, sentence: str
) -> None:
    path = written(tmp_path / "a.xml", content)
    with pytest.raises(Unreadable, match=sentence):
        list(formats.read([path], CONTEXT)[1])


def test_several_possible_receivers_are_not_guessed(tmp_path: Path) -> None:
    partners = "".join(
        f'<participating-org role="4" ref="XX-{n}"><narrative>P{n}</narrative></participating-org>' for n in (5, 6)
    )
    found = list(iati.read([xml(tmp_path / "a.xml", activity("A", partners, transaction("2", "10")))], CONTEXT))
    assert [row["recipient"] for row in records(found, "grant")] == ["Recipient not stated"]


THREE_W = [
    ["Title", "Province", "Cluster", "Acronyme", "Organisation", "Month"],
    [None, "#adm1+name", "#sector", "#org+acronym", None, None],
    ["GE01", "Imereti", "Media", "IR", "Invented Relief", "January"],
    ["GE01", "Imereti", "Media", "IR", "Invented Relief", "February"],
    ["GE02", "Kakheti", "Media", "IR", "Invented Relief", "January"],
    ["GE02", "Kakheti", "Shelter", "SG", "Small Group", "January"],
    ["GE02", "Kakheti", "Shelter", None, None, "January"],
]


def test_3w_rows_of_one_organisation_and_activity_are_one_project(empty, tmp_path: Path) -> None:
    physical = [["Provinces", "Organisation", "Title"], ["Guria", "IR", "GE03"]]
    path = book(tmp_path / "w.xlsx", Operational=THREE_W, Physical=physical)
    context = replace(CONTEXT, column_map={"activities": {"shelter": "relocation"}})
    assert formats.format_of(path, context) == "3w"
    done = load.load(empty, "3w", three_w.read([path], context), TODAY)
    assert sorted(row["name"] for row in rows_of(empty["shared"], schema.organisation)) == [
        "Invented Relief",
        "Small Group",
    ]
    assert sorted(row["name"] for row in rows_of(empty["shared"], schema.project)) == [
        "Invented Relief: Media",
        "Small Group: Shelter",
    ]
    facets = {(row["facet"], row["code"]) for row in rows_of(empty["shared"], schema.project_facet)}
    assert facets == {("activity", "media"), ("activity", "relocation"), ("host_country", "GE")}
    places = [(row["host_country"], row["place"]) for row in rows_of(empty["shared"], schema.presence)]
    assert sorted(places) == [("GE", "Guria"), ("GE", "Imereti"), ("GE", "Kakheti"), ("GE", "Kakheti")]
    assert done.rejected == 1 and [p.code for p in done.problems] == ["value_missing", "columns_not_read"]
    again = load.load(empty, "3w", three_w.read([path], context), TODAY)
    assert not any(again.created.values()) and not any(again.updated.values())


def test_a_3w_activity_nobody_translated_is_said_and_never_guessed(tmp_path: Path) -> None:
    rows = list(three_w.read([book(tmp_path / "w.xlsx", A=THREE_W)], CONTEXT))
    assert {row["code"] for row in records(rows, "project_facet")} == {"media", "GE"}
    (said,) = [one for one in rows if isinstance(one, Problem) and one.code == "activity_not_translated"]
    assert said.value == "Shelter" and said.is_warning


def test_a_3w_project_runs_from_the_first_to_the_last_date_of_its_rows_and_that_is_said(tmp_path: Path) -> None:
    rows = [
        ["Organisation", "Activity", "Country", "Start date", "End date"],
        ["Invented Relief", "Media", "GE", date(2024, 3, 1), date(2024, 5, 31)],
        ["Invented Relief", "Media", "AM", date(2024, 1, 1), None],
        ["Small Group", "Shelter", "GE", None, None],
    ]
    found = list(three_w.read([book(tmp_path / "w.xlsx", A=rows)], CONTEXT))
    spans = {row["name"]: (row["starts_on"], row["ends_on"]) for row in records(found, "project")}
    assert spans["Invented Relief: Media"] == (date(2024, 1, 1), date(2024, 5, 31))
    assert spans["Small Group: Shelter"] == (None, None)
    (said,) = [one for one in found if isinstance(one, Problem) and one.code == "dates_differ"]
    assert said.is_warning and said.value == "Invented Relief: Media"


def test_an_unknown_stage_is_said_once_with_its_rows(tmp_path: Path) -> None:
    lines = "".join(f"K-{n};warten;23/01/2025;;1;LT\n" for n in range(8))
    log = written(tmp_path / "l.csv", "Case;Stage;Date;Outcome;People;Country\n" + lines)
    problems = [one for one in case_log.read([log], CONTEXT) if isinstance(one, Problem)]
    (group,) = alike(problems)
    assert len(group) == 8
    assert "rows 2, 3, 4, 5, 6 and 3 more" in told(group) and "stage: 'warten' – is none of our stages" in told(group)


LOG = """Case;Stage;Date;Outcome;People;Country
K-1;request;03/01/2025;;2;Deutschland
K-1;issued;28/02/2025;;;
K-1;travelled;15/03/2025;relocated;;
K-1;request;01/09/2025;;3;Deutschland
K-2;refused;01/05/2025;;1;LT
K-2;request;01/04/2025;;1;LT
K-3;dancing;01/04/2025;;1;LT
;request;01/04/2025;;1;LT
"""


def test_a_log_of_events_becomes_cases_episodes_and_stages(empty, tmp_path: Path) -> None:
    path = written(tmp_path / "log.csv", LOG)
    assert formats.format_of(path, CONTEXT) == "case-log"
    done = load.load(empty, "log", case_log.read([path], CONTEXT), TODAY)
    episodes = {(row["host_country"], row["episode_no"]): row for row in rows_of(empty["cases"], schema.case_episode)}
    first, second, refused = episodes["DE", 1], episodes["DE", 2], episodes["LT", 1]
    assert (first["opened_on"], first["closed_on"], first["outcome"]) == (
        date(2025, 1, 3),
        date(2025, 3, 15),
        "relocated",
    )
    assert (second["opened_on"], second["status"], second["outcome"]) == (date(2025, 9, 1), "open", None)
    assert (refused["opened_on"], refused["closed_on"], refused["outcome"]) == (
        date(2025, 4, 1),
        date(2025, 5, 1),
        "refused",
    )
    assert first["case_id"] == second["case_id"]
    assert sorted(row["people"] for row in rows_of(empty["cases"], schema.relocation_case)) == [1, 3]
    assert sorted(row["stage"] for row in rows_of(empty["cases"], schema.stage_event)) == [
        "issued",
        "request",
        "request",
        "request",
        "travelled",
    ]
    assert sorted(p.code for p in done.problems) == ["bad_value", "value_missing"]
    assert "value='dancing'" in str(done.problems)
    again = load.load(empty, "log", case_log.read([path], CONTEXT), TODAY)
    assert not any(again.created.values()) and not any(again.updated.values())


def test_an_outside_case_number_or_an_unmapped_column_never_enters_the_database(empty, tmp_path: Path) -> None:
    path = written(
        tmp_path / "log.csv",
        LOG.replace("Case;", "Name;Case;").replace("\nK-", "\nJane Doe;K-").replace("\n;", "\nJane Doe;;"),
    )
    load.load(empty, "log", case_log.read([path], CONTEXT), TODAY)
    for engine in empty.values():
        with engine.connect() as connection:
            for table in (*schema.cases.sorted_tables, *schema.shared.sorted_tables):
                if table.name in schema.cases.tables and engine is empty["cases"]:
                    found = repr(connection.execute(select(table)).all())
                    assert "Jane" not in found
                    assert "K-1" not in found and "K-2" not in found, table.name
    other = replace(CONTEXT, salt="t" * 64)
    ours, theirs = (records(list(case_log.read([path], context)), "relocation_case") for context in (CONTEXT, other))
    assert {row["id"] for row in ours}.isdisjoint({row["id"] for row in theirs})


WIDE_LOG = (
    "NUMBER,SENT,DECIDED,RESULT,HEADS\n7,2025-01-03,2025-02-01,Granted,2\n8,2025-01-05,,,1\n9,2025-01-06,,Denied,1\n"
)
WIDE_MAP = {
    "columns": {"NUMBER": "case", "SENT": "opened", "DECIDED": "closed", "RESULT": "outcome", "HEADS": "people"},
    "outcomes": {"Granted": "relocated", "Denied": "refused"},
    "country": "Georgia",
}


def test_a_row_per_case_is_read_by_the_sources_column_map(tmp_path: Path) -> None:
    path = written(tmp_path / "wide.csv", WIDE_LOG)
    with pytest.raises(Unreadable, match="say which of its columns is which"):
        formats.format_of(path, CONTEXT)
    context = replace(CONTEXT, column_map=WIDE_MAP)
    assert formats.format_of(path, context) == "case-log"
    found = records(list(case_log.read([path], context)), "case_episode")
    shown = [
        (row["opened_on"].day, row["closed_on"], row["status"], row["outcome"], row["host_country"]) for row in found
    ]
    assert shown == [
        (3, date(2025, 2, 1), "closed", "relocated", "GE"),
        (5, None, "open", None, "GE"),
        (6, None, "closed", "refused", "GE"),
    ]


def test_a_column_map_that_says_nonsense_is_refused_by_name(tmp_path: Path) -> None:
    context = replace(CONTEXT, column_map={"columns": {"NUMBER": "case", "SENT": "sent on"}})
    with pytest.raises(Unreadable, match="says sent on; it can say"):
        list(case_log.read([written(tmp_path / "wide.csv", WIDE_LOG)], context))


def test_a_log_that_repeats_the_outcome_on_every_row_closes_the_case_once(tmp_path: Path) -> None:
    rows = "Case,Stage,Date,Outcome\n1,request,2025-01-03,relocated\n1,issued,2025-02-03,relocated\n"
    (episode,) = records(list(case_log.read([written(tmp_path / "l.csv", rows)], CONTEXT)), "case_episode")
    assert (episode["closed_on"], episode["outcome"]) == (date(2025, 2, 3), "relocated")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("year,coo_iso,coa_iso,applied\n2025,RUS,DEU,5\n", "yearly totals, not cases"),
        ("id,name,requirements,funding,percentFunded\n1,Plan,5,4,80\n", "Load FTS flows instead"),
        ("a,b\n1,2\n", "in no format that is known here"),
    ],
)
def test_a_file_that_is_something_else_is_refused_with_what_it_is(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        formats.format_of(written(tmp_path / "x.csv", content), CONTEXT)


def test_organisations_with_like_names_are_proposed_and_never_merged(empty, tmp_path: Path) -> None:
    load.load(empty, "one", threesixty.read([as_json(tmp_path / "1.json", giving({"id": "1"}))], CONTEXT), TODAY)
    other = [{"id": "GB-CHC-77", "name": "Shelter, Invented e.V."}]
    grants = giving({"id": "2", "recipientOrganization": other})
    done = load.load(empty, "two", threesixty.read([as_json(tmp_path / "2.json", grants)], CONTEXT), TODAY)
    said = {problem.value: problem.message for problem in done.problems if problem.code == "similar_organisation"}
    assert "Invented Shelter" in said["Shelter, Invented e.V."]
    assert len(rows_of(empty["shared"], schema.organisation)) == 3


def test_an_amount_a_hundred_times_the_usual_is_loaded_with_a_loud_warning(empty, tmp_path: Path) -> None:
    grants = [{"id": str(n), "amountAwarded": 1000 + n} for n in range(6)] + [{"id": "big", "amountAwarded": 100_300}]
    path = as_json(tmp_path / "1.json", giving(*grants))
    done = load.load(empty, "one", threesixty.read([path], CONTEXT), TODAY)
    (said,) = [problem for problem in done.problems if problem.code == "outlier"]
    assert "of big is 100 times this source's median" in said.message and said.is_warning
    assert len(rows_of(empty["shared"], schema.grant)) == 7
    again = load.load(empty, "one", threesixty.read([path], CONTEXT), TODAY)
    assert [problem.code for problem in again.problems] == []


def test_a_file_of_which_nothing_can_be_read_ends_before_it_fills_the_memory(empty, monkeypatch) -> None:
    monkeypatch.setattr(outcomes, "MOST_REJECTED", 10)
    bad = (
        Problem(place=threesixty.Place("s", n), column="c", value="v", code="bad_value", message="m", suggestion="d")
        for n in range(99)
    )
    with pytest.raises(Unreadable, match="More than 10 rows cannot be read"):
        load.load(empty, "one", bad, TODAY)
    assert rows_of(empty["shared"], schema.import_run) == []


def test_programs_amounts_have_a_point_before_decimals_and_nothing_else(tmp_path: Path) -> None:
    """Three decimals are decimals, and a comma is an error rather than a guess."""
    exact = list(iati.read([xml(tmp_path / "a.xml", activity("A", transaction("2", "12345.678", TO_B)))], CONTEXT))
    assert [row["amount_minor"] for row in records(exact, "grant")] == [1_234_568]
    guessed = list(iati.read([xml(tmp_path / "b.xml", activity("A", transaction("2", "1.234,56", TO_B)))], CONTEXT))
    assert records(guessed, "grant") == [] and "bad_value" in codes(guessed)
    found = list(fts.read([as_json(tmp_path / "f", page(flow(1, "1234.567"), funding=1234, pledges=0))], CONTEXT))
    assert [row["amount_minor"] for row in records(found, "grant")] == [123_457]


def test_thirds_are_shares(tmp_path: Path) -> None:
    parts = "".join(f'<recipient-country code="{code}" percentage="33.333"/>' for code in ("GE", "AM", "LT"))
    found = list(iati.read([xml(tmp_path / "a.xml", activity("A", parts, transaction("2", "10", TO_B)))], CONTEXT))
    assert [row["share_bp"] for row in records(found, "grant_country")] == [3_333] * 3


def test_a_reference_names_nobody(tmp_path: Path) -> None:
    (grant,) = records(list(iati.read([xml(tmp_path / "a.xml", DONOR)], CONTEXT)), "grant")
    assert re.fullmatch(r"IATI-[0-9a-f]{16}", grant["reference"])


def test_two_sides_that_state_different_sums_are_said(tmp_path: Path) -> None:
    found = list(iati.read([xml(tmp_path / "a.xml", DONOR, RELIEF)], CONTEXT))
    said = [one for one in found if isinstance(one, Problem) and one.code == "two_sides_differ"]
    assert {one.value for one in said} == {"1,000.00 and 990.00", "350.00 and 350.00"} - {"350.00 and 350.00"}


def test_an_activity_in_two_files_is_read_once_and_its_money_stays(tmp_path: Path) -> None:
    paths = [
        xml(tmp_path / "a.xml", RELIEF),
        xml(tmp_path / "b.xml", RELIEF, DONOR.replace("<iati-identifier>A", "<iati-identifier>B")),
    ]
    found = list(iati.read(paths, CONTEXT))
    assert sum(row["amount_minor"] for row in records(found, "payment")) == 35_000


@pytest.mark.parametrize(
    "rows",
    [
        "1,2025-03-05,2025-03-05\n",
        "1,2025-03-05,2025-03-05\n1,2025-03-05,2025-03-05\n",
    ],
    ids=["one day", "the same row twice"],
)
def test_a_case_opened_and_closed_on_one_day_is_one_closed_case(tmp_path: Path, rows: str) -> None:
    path = written(tmp_path / "l.csv", "case,opened,closed\n" + rows)
    (episode,) = records(list(case_log.read([path], CONTEXT)), "case_episode")
    assert (episode["status"], episode["opened_on"], episode["closed_on"]) == (
        "closed",
        date(2025, 3, 5),
        date(2025, 3, 5),
    )


def test_a_log_listed_newest_first_gives_the_same_cases(tmp_path: Path) -> None:
    lines = ["1,refused,2025-03-05", "1,request,2025-03-05"]
    for order in (lines, lines[::-1]):
        path = written(tmp_path / "l.csv", "\n".join(["case,stage,date", *order]))
        (episode,) = records(list(case_log.read([path], CONTEXT)), "case_episode")
        assert (episode["status"], episode["outcome"]) == ("closed", "refused")


def test_a_case_with_one_bad_row_is_not_loaded_by_half(tmp_path: Path) -> None:
    path = written(
        tmp_path / "l.csv", "case,stage,date\n1,request,2025-13-40\n1,issued,2025-05-01\n2,request,2025-05-01\n"
    )
    found = list(case_log.read([path], CONTEXT))
    assert len(records(found, "case_episode")) == 1
    assert sorted(codes(found)) == ["bad_value", "case_with_a_bad_row"]


def test_a_row_that_ends_before_it_begins_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "l.csv", "case,opened,closed\n1,2025-03-05,2025-01-05\n")
    found = list(case_log.read([path], CONTEXT))
    assert records(found, "case_episode") == [] and "before the case's beginning" in str(found)


def test_a_later_file_without_the_opening_keeps_the_day_the_case_opened(empty, tmp_path: Path) -> None:
    for stage, day in (("request", "2024-01-05"), ("closed", "2025-03-01")):
        path = written(tmp_path / "l.csv", f"case,stage,date\n7,{stage},{day}\n")
        load.load(empty, "log", case_log.read([path], CONTEXT), TODAY)
    (episode,) = rows_of(empty["cases"], schema.case_episode)
    assert (episode["opened_on"], episode["closed_on"]) == (date(2024, 1, 5), date(2025, 3, 1))


def test_dates_are_read_by_the_evidence_of_their_own_file_and_doubt_is_said(tmp_path: Path) -> None:
    day_first = written(tmp_path / "a.csv", "case,stage,date\n1,request,25/12/2024\n2,request,03/04/2025\n")
    month_first = written(tmp_path / "b.csv", "case,stage,date\n3,request,12/25/2024\n4,request,03/04/2025\n")
    nothing_tells = written(tmp_path / "c.csv", "case,stage,date\n5,request,03/04/2025\n")
    found = list(case_log.read([day_first, month_first, nothing_tells], CONTEXT))
    days = sorted(row["opened_on"] for row in records(found, "case_episode"))
    assert days.count(date(2025, 4, 3)) == 2 and days.count(date(2025, 3, 4)) == 1
    assert codes(found) == ["dates_ambiguous"]


def test_two_sources_may_name_the_same_organisation(empty, tmp_path: Path) -> None:
    for source in ("one", "two"):
        done = load.load(empty, source, iati.read([xml(tmp_path / "a.xml", DONOR)], CONTEXT), TODAY)
        assert done.rejected == 0
    assert len(rows_of(empty["shared"], schema.organisation)) == 2


def test_a_file_with_rejected_rows_is_not_all_there_is(empty, tmp_path: Path) -> None:
    load.load(
        empty, "trust", threesixty.read([as_json(tmp_path / "1", giving({"id": "1"}, {"id": "2"}))], CONTEXT), TODAY
    )
    fewer = as_json(tmp_path / "2", giving({"id": "1", "currency": "POUNDS"}))
    with pytest.raises(Unreadable, match="nothing can be taken out"):
        load.load(empty, "trust", threesixty.read([fewer], CONTEXT), TODAY, is_snapshot=True)
    assert len(rows_of(empty["shared"], schema.grant)) == 2


def test_organisations_that_share_an_acronym_are_kept_apart_and_said(tmp_path: Path) -> None:
    rows = [
        ["Organisation", "Acronym", "Country"],
        ["International Rescue", "IRC", "GE"],
        ["Iranian Refugee Club", "IRC", "GE"],
        ["Total", "TT", "GE"],
    ]
    found = list(three_w.read([book(tmp_path / "w.xlsx", A=rows)], CONTEXT))
    names = sorted(row["name"] for row in records(found, "organisation"))
    assert names == ["International Rescue", "Iranian Refugee Club", "Total"] and codes(found) == [
        "two_names_one_acronym"
    ]


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("null flow", '{"data": {"flows": [null, 5]}}', "fts"),
        ("odd parts", '{"data": {"flows": [{"id": 1, "sourceObjects": 5}]}, "meta": 3}', "fts"),
        (
            "not a number",
            '{"grants": [{"id": "1", "amountAwarded": NaN, "currency": "EUR", "recipientOrganization": [{"name": "x"}]}]}',
            "360giving",
        ),
        ("a moment out of time", "case,stage,date\n1,request,0001-01-01T00:00:00+14:00\n", "case-log"),
        ("unknown encoding", '<?xml version="1.0" encoding="x-odd"?><iati-activities version="2.03"/>', "iati"),
    ],
)
def test_nonsense_is_a_sentence_or_a_problem_and_never_a_traceback(
    tmp_path: Path, name: str, content: str, form: str
) -> None:
    path = written(tmp_path / "f", content)
    with suppress(Unreadable):
        found = list(formats.read([path], CONTEXT, form)[1])
        assert any(isinstance(one, Problem) and not one.is_warning for one in found), name


@pytest.mark.parametrize(
    "content", ['{"columns": "x"}', '{"outcomes": "x"}', '{"columns": {"a": 1}}', '{"country": ["GE"]}', "[1]"]
)
def test_a_column_map_of_the_wrong_shape_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(Unreadable, match="must be"):
        sources.read_column_map(written(tmp_path / "map.json", content))


def test_a_table_of_too_many_columns_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="more than 2,000 columns"):
        formats.format_of(written(tmp_path / "wide.csv", ",".join(f"c{n}" for n in range(40_000)) + "\n1\n"), CONTEXT)
