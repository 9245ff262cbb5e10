"""Rebuild everything derived from the records: case summaries, sums of money and overlap pairs, then move the data version.

Called by `meridian refresh`, by every import and by the sample builder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import date
from functools import cache, partial
from itertools import chain

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from dashboard.metrics import circles, leaving, money_sums, overlap, relocation
from dashboard.metrics.funding import CURRENCIES
from dashboard.upkeep.recorded_money import Otherwise, summed_records
from data_access import (
    case_summaries,
    database,
    initiative_choices,
    meta,
    money_summaries,
    queries,
    summaries,
    unlisted,
)
from data_access.viewer import Viewer

FUNDER = Viewer("funder")
EVERYTHING = Viewer("steward", None)
EVERYWHERE = Viewer("coordinator", None)
SCOPED_UP_TO = 1500


def refresh(shared: Engine, cases: Engine | None, as_of: date) -> None:
    """Rebuild summaries up to `as_of`, each database in one transaction, and move its data version; both at the same time,
    because neither waits for the other.

    The version is moved first, which waits for loads and refreshes at work and keeps others out, so that the summaries are
    of the state they are noted for. Cases that are not given keep their own cut-off.
    """
    marks = newest_marks(shared, as_of)
    with ThreadPoolExecutor(1) as pool:
        of_cases = None if cases is None else pool.submit(_refresh_cases, cases, as_of, marks)
        _refresh_shared(shared, as_of)
        if of_cases is not None:
            of_cases.result()


def _refresh_cases(cases: Engine, as_of: date, marks: Mapping[str | None, date]) -> None:
    with cases.begin() as connection:
        version = meta.move(connection, "cases")
        case_summaries.rebuild(connection, as_of, relocation.STANDARD_DAYS, relocation.HORIZONS, marks)
        meta.note_summed(connection, "cases", as_of, version)


def _refresh_shared(shared: Engine, as_of: date) -> None:
    with shared.begin() as connection:
        version = meta.move(connection, "shared")
        initiative_choices.rebuild(connection, as_of)
        money_summaries.store(connection, money_for_everyone(connection, as_of))
        refresh_overlap(connection, as_of)
        unlisted.release_first(connection, as_of)
        meta.note_summed(connection, "shared", as_of, version)


def newest_marks(shared: Engine, as_of: date) -> dict[str | None, date]:
    """The newest change of policy up to a day per country, None for those that concern all."""
    found = database.run(shared, queries.network.events((), EVERYTHING))
    held = found[(found["kind"] == "policy") & (found["on_date"] <= pd.Timestamp(as_of))]
    return {
        None if pd.isna(country) else country: day.date()
        for country, day in held.groupby("host_country", dropna=False)["on_date"].max().items()
    }


def refresh_overlap(shared: Connection, as_of: date) -> None:
    """Score all pairs anew and note which are flagged for the first time."""
    summaries.store_overlap(shared, score_for_everyone(shared, as_of), as_of)


def money_for_everyone(shared: Connection, as_of: date) -> Iterator[money_sums.Part]:
    """The rows of each table of money: what everybody knows, what circles know that do not know the same, who is in them; and how
    much each viewer's network hangs on few."""
    read = partial(database.run, shared)
    known = summed_records(read, EVERYTHING)
    amounts, otherwise = known.amounts(*CURRENCIES), Otherwise(read, known, EVERYTHING, FUNDER, as_of)
    viewers = (FUNDER, EVERYTHING, EVERYWHERE, *coordinators(shared))
    unlike = circles.Circles(otherwise.lines, otherwise.organisations, otherwise.unlike)
    shares: dict[leaving.Held, np.ndarray] = {}
    on_few: dict[bytes, pd.DataFrame] = {}
    for viewer in viewers:
        mine = otherwise.records(viewer)
        unlike.add(mine)
        ahead = otherwise.grants_ahead(mine)
        network = pd.util.hash_pandas_object(ahead, index=False).to_numpy().tobytes()
        if network not in on_few:
            on_few[network] = on_few_funders(ahead, amounts.grants, as_of, shares)
        yield "money_robustness", on_few[network].assign(clearance=viewer.clearance)
    names = pd.Series([viewer.clearance for viewer in viewers])
    members = unlike.members()
    yield "summed_for", members.assign(clearance=members["viewer"].map(names))
    yield "book", money_sums.empty_book(CURRENCIES)
    alike = (
        pd.Series(money_sums.EVERYBODY, index=of.difference(apart))
        for of, apart in ((known.lines, otherwise.lines), (known.organisations, otherwise.organisations))
    )
    yield from money_sums.stored(chain(money_sums.sums(known, amounts, *alike), unlike.sums(amounts)))


def on_few_funders(
    ahead: pd.DataFrame, amounts: pd.DataFrame, as_of: date, shares: dict[leaving.Held, np.ndarray]
) -> pd.DataFrame:
    """How much a viewer's whole network hangs on few funders, of the grants that are signed for days after `as_of`: a row per
    reporting currency of `amounts`, by grant. `shares` keeps what another viewer's network has as well."""
    after, known = pd.Timestamp(as_of), amounts.reindex(ahead["grant_id"])
    rows = [
        {"reporting": currency} | asdict(leaving.robustness(ahead.assign(minor=known[currency].array), after, shares))
        for currency in amounts
    ]
    return pd.DataFrame(rows, columns=["reporting", "mean", "largest", "drawn"])


def coordinators(shared: Connection) -> list[Viewer]:
    """One viewer for each set of countries that somebody coordinates."""
    rows = database.run(shared, queries.overlap.scopes(EVERYTHING))
    scopes = {tuple(sorted(own)) for _subject, own in rows.groupby("subject")["host_country"]}
    return [Viewer("coordinator", scope) for scope in sorted(scopes)]


def score_for_everyone(shared: Connection, as_of: date) -> Iterator[tuple[str, Callable[[], summaries.Scored]]]:
    """How to score pairs, per clearance: funders, those who see everything, coordinators of all countries and of each set
    that somebody has.

    Coordinators who see no fact that funders do not see are left out: they read the funders' scores. So are all sets of
    countries in a database of more than `SCOPED_UP_TO` projects, where a copy per set would be too large. Those who see the
    facts that stewards see have their scores, computed once.
    """
    common, everything = facts(shared, FUNDER, as_of), facts(shared, EVERYTHING, as_of)
    of_stewards = cache(partial(score, shared, everything, as_of))
    yield FUNDER.clearance, partial(score, shared, common, as_of)
    yield EVERYTHING.clearance, of_stewards
    for viewer in (EVERYWHERE, *(coordinators(shared) if len(common[0]) <= SCOPED_UP_TO else ())):
        known = facts(shared, viewer, as_of)
        if _are_same(known, everything):
            yield viewer.clearance, of_stewards
        elif not _are_same(known, common):
            yield viewer.clearance, partial(score, shared, known, as_of)


def _are_same(known: Sequence[pd.DataFrame], others: Sequence[pd.DataFrame]) -> bool:
    return all(mine.equals(theirs) for mine, theirs in zip(known, others, strict=True))


def facts(shared: Connection, viewer: Viewer, as_of: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Projects of the window and their facets, as far as `viewer` may know them."""
    projects = database.run(shared, queries.overlap.projects(viewer))
    projects = projects[overlap.in_window(projects, pd.Timestamp(as_of))].reset_index(drop=True)
    facets = database.run(shared, queries.overlap.facets(viewer))
    return projects, facets[facets["project_id"].isin(projects["project_id"])].reset_index(drop=True)


def score(shared: Connection, known: tuple[pd.DataFrame, pd.DataFrame], as_of: date) -> summaries.Scored:
    """The strongest labelled pairs, how many there are, and how rare each facet value is, from the facts of `facts`."""
    projects, facets = known
    partners = database.run(shared, queries.overlap.partnerships(EVERYTHING))
    strongest = summaries.Strongest(summaries.answered(shared), without=("not_related", "same_organisation"))
    for pairs in overlap.scored_blocks(projects, facets, pd.Timestamp(as_of), partners):
        strongest.add(pairs.assign(label=overlap.label(pairs)))
    kept = strongest.pairs().drop(columns="same_organisation")
    paired = projects[projects["project_id"].isin([*kept["project_a"], *kept["project_b"]])]
    judged = database.run(shared, queries.overlap.facets(EVERYTHING, known_to=FUNDER))
    fingerprints = facet_hashes(paired, judged[judged["project_id"].isin(paired["project_id"])])
    ids = zip(kept["project_a"], kept["project_b"], strict=True)
    kept = kept.assign(facet_hash=[_joined(fingerprints[a], fingerprints[b]) for a, b in ids])
    return summaries.Scored(kept, dict(strongest.totals), overlap.facet_counts(facets))


def facet_hashes(projects: pd.DataFrame, facets: pd.DataFrame) -> dict[int, str]:
    """One fingerprint per project of the facts a person judged: facet values nobody withholds, and dates.

    Withheld places stay out, so that an answer means the same to every reader and tells nobody of a withheld change.
    """
    values = (facets["facet"] + "=" + facets["code"]).groupby(facets["project_id"]).agg(lambda v: ";".join(sorted(v)))
    dates = _iso(projects["starts_on"]) + "/" + _iso(projects["ends_on"])
    known = projects["project_id"].map(values.to_dict()).astype(object).fillna("") + "|" + dates
    return dict(zip(projects["project_id"], known, strict=True))


def _iso(days: pd.Series) -> pd.Series:
    return days.dt.strftime("%Y-%m-%d").fillna("?")


def _joined(first: str, second: str) -> str:
    return hashlib.sha256("\n".join(sorted((first, second))).encode()).hexdigest()
