"""Rebuild everything derived from the records: case summaries and overlap pairs, then move the data version.

Called by `meridian refresh`, by every import and by the sample builder.
"""

from __future__ import annotations

import hashlib
from datetime import date

import pandas as pd
from sqlalchemy import Connection, Engine, delete, insert

from dashboard.metrics import overlap
from data_access import database, queries, summaries
from data_access.viewer import Viewer

CLEARANCES = {"funder": Viewer("funder"), "all": Viewer("steward", None)}


def refresh(shared: Engine, cases: Engine | None, as_of: date) -> None:
    """Rebuild summaries up to `as_of`, each database in one transaction, and bump `data_version`."""
    if cases is not None:
        with cases.begin() as connection:
            summaries.rebuild_cases(connection, as_of)
            write_meta(connection, "cases", as_of=as_of.isoformat())
    scored = {clearance: score(shared, viewer, as_of) for clearance, viewer in CLEARANCES.items()}
    version = int(database.read_meta(shared).get("data_version", "0")) + 1
    with shared.begin() as connection:
        for clearance, (pairs, rarity) in scored.items():
            summaries.store_overlap(connection, clearance, pairs, rarity)
        write_meta(connection, "shared", as_of=as_of.isoformat(), data_version=str(version))


def write_meta(connection: Connection, which: database.Which, **values: str) -> None:
    """Set keys of the `meta` table."""
    table = database.METADATA[which].tables["meta"]
    connection.execute(delete(table).where(table.c.key.in_(values)))
    connection.execute(insert(table), [{"key": key, "value": value} for key, value in values.items()])


def score(shared: Engine, viewer: Viewer, as_of: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labelled pairs worth storing and how rare each facet value is, as one clearance sees them."""
    projects = database.run(shared, queries.overlap.scored_facts(viewer))
    facets = database.run(shared, queries.overlap.facets(viewer))
    partners = database.run(shared, queries.overlap.partnerships(viewer))
    pairs = overlap.score_pairs(projects, facets, pd.Timestamp(as_of))
    leads = projects.set_index("project_id")["organisation_id"]
    known = set(zip(partners["organisation_a"], partners["organisation_b"], strict=True))
    sides = zip(pairs["project_a"].map(leads), pairs["project_b"].map(leads), strict=True)
    pairs["are_partners"] = [(min(side), max(side)) in known for side in sides]
    pairs["label"] = overlap.label(pairs)
    kept = pairs[~pairs["label"].isin(["not_related", "same_organisation"])]
    hashes = facet_hashes(projects, facets)
    ids = zip(kept["project_a"], kept["project_b"], strict=True)
    kept = kept.assign(facet_hash=[_joined(hashes[a], hashes[b]) for a, b in ids])
    return kept.drop(columns="same_organisation"), overlap.facet_counts(facets)


def facet_hashes(projects: pd.DataFrame, facets: pd.DataFrame) -> dict[int, str]:
    """One fingerprint per project of the facts a person judged: facet values and dates."""
    values = (facets["facet"] + "=" + facets["code"]).groupby(facets["project_id"]).agg(lambda v: ";".join(sorted(v)))
    dates = _iso(projects["starts_on"]) + "/" + _iso(projects["ends_on"])
    facts = projects["project_id"].map(values.to_dict()).astype(object).fillna("") + "|" + dates
    return dict(zip(projects["project_id"], facts, strict=True))


def _iso(days: pd.Series) -> pd.Series:
    return days.dt.strftime("%Y-%m-%d").fillna("?")


def _joined(first: str, second: str) -> str:
    return hashlib.sha256("\n".join(sorted((first, second))).encode()).hexdigest()
