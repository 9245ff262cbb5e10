"""Where the records come from: sources against their rhythm, loads, and what loads found wrong."""

from __future__ import annotations

import pandas as pd

from dashboard.answers import contested, live_reading, same_organisation, who_may_read
from dashboard.page.blocks import Chart, Figure, Summary, Table
from dashboard.page.reading import read, read_now
from dashboard.page.visit import Visit
from dashboard.pictures import charts
from dashboard.words import written
from data_access import queries
from data_access.i18n import _, ngettext

OVERDUE_AFTER = 1.5
PROBLEMS_SHOWN = 500


def part_names(visit: Visit) -> dict[str, str]:
    """The parts of the data page; loads and files are for stewards."""
    names = {"sources": _("Sources"), "fix": _("Records to fix")}
    if visit.viewer.role == "steward":
        names |= {"loads": _("Loads"), "file": _("Load a file"), "exports": _("Exports"), "faults": _("Faults"),
                  "publication": _("Publication")}  # fmt: skip
    if same_organisation.are_decided_here(visit):
        names |= {"same": _("Same organisation?"), "same_money": _("Same grant or need?")}
    if contested.are_settled_here(visit):
        names["contested"] = _("Said to be wrong")
    if live_reading.are_offered():
        names["live"] = _("Live tables")
    if who_may_read.are_kept_here(visit):
        names["people"] = _("People")
    return names


def find(visit: Visit) -> pd.DataFrame:
    """One row per source: source (told apart where both databases have one of its name), name, owner, licence, rhythm_days,
    loaded_on, last_status, days_since, freshness."""
    found = read(queries.provenance.sources(visit.viewer))
    found = found.assign(name=found["source"])
    if visit.viewer.sees_cases and visit.has_cases:
        of_cases = read(queries.provenance.case_sources(visit.viewer))
        told_apart = [
            _("{source} (cases)").format(source=name) if name in set(found["name"]) else name
            for name in of_cases["source"]
        ]
        of_cases = of_cases.assign(name=of_cases["source"], source=pd.array(told_apart, "str"))
        found = pd.concat([found, of_cases], ignore_index=True)
    since = (visit.as_of - found["loaded_on"]).dt.days.clip(lower=0).astype("Int64")
    return found.assign(days_since=since, freshness=freshness(since, found["rhythm_days"]))


def freshness(days_since: pd.Series, rhythm: pd.Series) -> pd.Series:
    """fresh within the declared rhythm, due after it, overdue half a rhythm later; never or no_rhythm where unknown."""
    state = pd.Series("fresh", index=days_since.index)
    state[(days_since > rhythm).fillna(False)] = "due"
    state[(days_since > rhythm.astype("Float64") * OVERDUE_AFTER).fillna(False)] = "overdue"
    state[rhythm.isna()] = "no_rhythm"
    state[days_since.isna()] = "never"
    return state


def summary(found: pd.DataFrame, to_fix: int) -> Summary:
    """How many sources are as fresh as they promised, and how many records wait to be fixed."""
    counts = found["freshness"].value_counts()
    judged = int(found["rhythm_days"].notna().sum())
    fresh, overdue = int(counts.get("fresh", 0)), int(counts.get("overdue", 0))
    failed = int((found["last_status"] == "failed").sum())
    sentence = ngettext(
        "{fresh} of {n} source is as fresh as it promised",
        "{fresh} of {n} sources are as fresh as they promised",
        judged,
    ).format(fresh=written.number(fresh), n=written.number(judged))
    sentence = sentence if judged else _("No source declares how often it comes")
    waiting = ngettext("{n} record waits to be fixed.", "{n} records wait to be fixed.", to_fix).format(
        n=written.number(to_fix)
    )
    declared = _("of {n} with a declared rhythm").format(n=written.number(judged))
    return Summary(
        f"{sentence}; {waiting}",
        [
            Figure("sources_fresh", fresh, written.number(fresh), coverage=declared),
            Figure("sources_overdue", overdue, written.number(overdue), _("more than half a rhythm late"), declared),
            Figure(
                "failed_loads",
                failed,
                written.number(failed),
                _("old data stay until one succeeds"),
                _("of all sources"),
            ),
            Figure("records_to_fix", to_fix, written.number(to_fix), coverage=_("as far as you may see them")),
        ],
    )


def ages(found: pd.DataFrame) -> Chart:
    """Days since each source was loaded, within its rhythm and beyond it."""
    known = found[found["days_since"].notna()].sort_values("days_since", ascending=False).reset_index(drop=True)
    rhythm = known["rhythm_days"].astype("Int64").fillna(known["days_since"])
    within = known["days_since"].clip(upper=rhythm)
    rows = known.assign(within=within, beyond=known["days_since"] - within)
    title = _("Days since each source was loaded")
    shown = [written.days(int(count)) for count in rows["days_since"]]
    return Chart(
        "source_ages",
        title,
        rows[["source", "days_since", "rhythm_days", "freshness"]],
        _("Up to the cut-off, within the rhythm that the source declared and beyond it."),
        charts.ranked_bars(
            rows,
            "source",
            [("within", _("within its rhythm")), ("beyond", _("beyond it"))],
            text=shown,
            colours=((charts.FIRST, charts.GREY), (charts.SECOND, charts.GREY)),
        ),
        charts.alternative(title, list(rows["source"]), shown),
    )


def listing(found: pd.DataFrame) -> Table:
    """Every source with owner, licence, rhythm and state."""
    rows = found.rename(columns={"loaded_on": "last_loaded"})
    columns = ["source", "owner", "licence", "rhythm_days", "last_loaded", "freshness", "last_status"]
    note = _("A failed load changes nothing: what was loaded before is still shown.")
    return Table("sources", _("Sources"), rows[columns], note)


def loads(visit: Visit) -> Table:
    """Every load with its counts, for stewards."""
    rows = read(queries.provenance.runs(visit.viewer)).rename(
        columns={"status": "last_status", "loaded_on": "last_loaded"}
    )
    columns = ["run_id", "source", "last_loaded", "last_status", "format", "created", "updated", "unchanged", "rejected",
               "not_seen", "message"]  # fmt: skip
    note = _("A load can be taken back, the newest of a source first.")
    return Table("loads", _("Loads"), rows[columns], note)


def problems(visit: Visit) -> Table:
    """What the newest load of each source found wrong, rejected rows first, for stewards."""
    rows = read(queries.provenance.problems(visit.viewer))
    rows["severity"] = rows["is_warning"].map({True: "note", False: "rejected"})
    columns = [
        "source",
        "severity",
        "file_name",
        "sheet",
        "row_number",
        "column_name",
        "value",
        "message",
        "suggestion",
    ]
    note = _("From the newest load of each source; up to {n} shown.").format(n=written.number(PROBLEMS_SHOWN))
    return Table("problems", _("What loads found wrong"), rows.head(PROBLEMS_SHOWN)[columns], note)


def exports(visit: Visit) -> Table:
    """Who took what out of the house, for stewards; never content."""
    rows = read_now(queries.provenance.exports(visit.viewer))
    shown = pd.DataFrame(
        {
            "exported_at": rows["exported_at"].dt.strftime("%Y-%m-%d %H:%M").astype("str"),
            "subject": rows["subject"].str.slice(0, 12),
            "role": rows["role"],
            "exported_page": rows["page"],
            "what": rows["what"],
            "format": rows["format"],
            "filters": rows["filters"],
            "reason": rows["reason"].fillna(""),
            "row_count": rows["rows"],
            "handed": rows["refused"].map({True: "refused_export", False: "handed_over"}),
        }
    )
    note = _("Times are UTC; people are known by the beginning of a pseudonym. The log cannot be changed from here.")
    return Table("exports", _("Files taken"), shown, note)


def faults(visit: Visit) -> Table:
    """What broke on pages, by the reference a reader was told, for stewards; nothing of the data."""
    rows = read_now(queries.provenance.faults(visit.viewer))
    shown = pd.DataFrame(
        {
            "noted_at": rows["noted_at"].dt.strftime("%Y-%m-%d %H:%M").astype("str"),
            "fault_reference": rows["reference"],
            "exported_page": rows["page"],
            "fault_kind": rows["kind"],
            "code_places": rows["places"],
        }
    )
    note = _("Times are UTC. Send this to whoever mends the code: it names places in the code and nothing of the data.")
    return Table("faults", _("Pages that broke"), shown, note)


def notes() -> list[str]:
    """Method and limits."""
    return [
        _("A source is due when its declared rhythm has passed since its last load, and overdue half a rhythm later."),
        _("Counts of loads are for stewards alone: they would tell of records that are not shown to you."),
        _("Sources of relocation cases are recorded in the case database and listed for coordinators."),
    ]
