"""Where initiatives are: counts by host country, openings and closings, confirmation (METHODS.md D)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dashboard.metrics.statistics import Coverage, largest_remainder, poisson_limits

STALE_AFTER_DAYS = 365
SMALL_GROUP = 3


def active_on(records: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Whether each record was active at the end of `day`: started and not ended by then (D04).

    Needs founded_on and closed_on; an unknown start is not active in history (see `active_now`).
    """
    ended = records["closed_on"].notna() & (records["closed_on"] <= day)
    return (records["founded_on"] <= day) & ~ended


def active_now(records: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Like `active_on`, but a record with an unknown start and no end counts (D04)."""
    return active_on(records, as_of) | (records["founded_on"].isna() & ~(records["closed_on"] <= as_of))


def is_confirmed(records: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Verified within 365 days before the cut-off; never verified is not confirmed (D04)."""
    return (as_of - records["confirmed_on"]).dt.days.le(STALE_AFTER_DAYS).fillna(False)


def confirmed_coverage(records: pd.DataFrame, as_of: pd.Timestamp) -> Coverage:
    """How many of the records active now were confirmed in 365 days."""
    now = records[active_now(records, as_of)]
    return Coverage(int(is_confirmed(now, as_of).sum()), len(now))


def by_country(places: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Initiatives active now per host country, each counted in every country it works in (D01, full counting).

    `places`: one row per initiative and country (organisation_id, host_country NULL if unknown, is_withheld, dates).
    Returns place (ISO alpha-2, 'withheld' or 'not_stated'), initiatives, confirmed, not_confirmed, only_here;
    largest first, withheld and not stated last.
    """
    now = places[active_now(places, as_of)].copy()
    now["place"] = now["host_country"].where(
        now["host_country"].notna(), np.where(now["is_withheld"].fillna(False), "withheld", "not_stated")
    )
    now["confirmed"] = is_confirmed(now, as_of)
    now["only_here"] = ~now["organisation_id"].duplicated(keep=False)
    counts = (
        now.drop_duplicates(["organisation_id", "place"])
        .groupby("place")
        .agg(
            initiatives=("organisation_id", "size"),
            confirmed=("confirmed", "sum"),
            only_here=("only_here", "sum"),
        )
        .astype("int64")
        .reset_index()
    )
    counts.insert(3, "not_confirmed", counts["initiatives"] - counts["confirmed"])
    counts["is_unknown"] = counts["place"].isin(["withheld", "not_stated"])
    ordered = counts.sort_values(["is_unknown", "initiatives", "place"], ascending=[True, False, True])
    return ordered.drop(columns="is_unknown").reset_index(drop=True)


def reconciliation(places: pd.DataFrame, as_of: pd.Timestamp) -> dict[str, int]:
    """Why the bars add to more than the network: sum_of_countries, network, in_several (D01)."""
    now = places[active_now(places, as_of) & places["host_country"].notna()]
    per_initiative = now.drop_duplicates(["organisation_id", "host_country"]).groupby("organisation_id").size()
    return {
        "sum_of_countries": int(per_initiative.sum()),
        "network": len(per_initiative),
        "in_several": int((per_initiative > 1).sum()),
    }


def placement(places: pd.DataFrame, as_of: pd.Timestamp) -> dict[str, int]:
    """Initiatives active now that are placed in a country, only withheld, or without a stated place."""
    now = places[active_now(places, as_of)]
    known = now.assign(placed=now["host_country"].notna(), withheld=now["is_withheld"].fillna(False).astype(bool))
    each = known.groupby("organisation_id")[["placed", "withheld"]].any()
    placed, withheld = each["placed"], each["withheld"] & ~each["placed"]
    return {
        "placed": int(placed.sum()),
        "withheld": int(withheld.sum()),
        "not_stated": int((~placed & ~withheld).sum()),
    }


def one_per_initiative(places: pd.DataFrame) -> pd.DataFrame:
    """The distinct initiatives behind `places`."""
    return places.drop_duplicates("organisation_id")


def openings_and_closings(records: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Per quarter: quarter (first day), opened, closed, active at its end, is_partial, is_first (D04).

    The first quarter of the data is marked, never read as an opening wave. Unknown starts are outside the history.
    """
    starts, ends = records["founded_on"].dropna(), records["closed_on"].dropna()
    starts, ends = starts[starts <= as_of], ends[ends <= as_of]
    if starts.empty:
        return pd.DataFrame(columns=["quarter", "opened", "closed", "active", "is_partial", "is_first"])
    quarters = pd.period_range(starts.min(), as_of, freq="Q")
    frame = pd.DataFrame(
        {
            "quarter": quarters.start_time,
            "opened": starts.dt.to_period("Q").value_counts().reindex(quarters, fill_value=0).to_numpy(),
            "closed": ends.dt.to_period("Q").value_counts().reindex(quarters, fill_value=0).to_numpy(),
        }
    )
    frame["active"] = (frame["opened"] - frame["closed"]).cumsum()
    frame["is_partial"] = quarters.end_time.normalize() > as_of
    frame["is_first"] = frame.index == 0
    return frame


def net_openings(records: pd.DataFrame, as_of: pd.Timestamp) -> tuple[int, int]:
    """Opened minus closed in the last 12 months, and in the 12 months before."""
    edges = [as_of - pd.DateOffset(years=2), as_of - pd.DateOffset(years=1), as_of]

    def net(after: pd.Timestamp, until: pd.Timestamp) -> int:
        opened = ((records["founded_on"] > after) & (records["founded_on"] <= until)).sum()
        closed = ((records["closed_on"] > after) & (records["closed_on"] <= until)).sum()
        return int(opened - closed)

    return net(edges[1], edges[2]), net(edges[0], edges[1])


def per_thousand(counts: pd.DataFrame, populations: pd.DataFrame, per: int = 1000) -> pd.DataFrame:
    """Initiatives per `per` recent emigrants as a range (D03): place, initiatives, rate, low, high.

    The range joins the count's 95 % limits with the low and high population. Only places with a population.
    """
    joined = counts.merge(populations, left_on="place", right_on="host_country").reset_index(drop=True)
    limits = [poisson_limits(int(n)) for n in joined["initiatives"]]
    low_population = joined["low"].fillna(joined["central"]).astype(float)
    high_population = joined["high"].fillna(joined["central"]).astype(float)
    joined["rate"] = joined["initiatives"] / joined["central"].astype(float) * per
    joined["low_rate"] = [low / people * per for (low, _), people in zip(limits, high_population, strict=True)]
    joined["high_rate"] = [high / people * per for (_, high), people in zip(limits, low_population, strict=True)]
    return joined[["place", "initiatives", "rate", "low_rate", "high_rate"]]


def activity_mix(counts: pd.DataFrame, minimum: int = 5) -> pd.DataFrame:
    """Whole per cents per country that add to 100 (X01): adds `percent` to place, activity, initiatives.

    Countries below `minimum` are left out.
    """
    totals = counts.groupby("place")["initiatives"].transform("sum")
    kept = counts[totals >= minimum].copy()
    kept["percent"] = 0
    for _, rows in kept.groupby("place"):
        kept.loc[rows.index, "percent"] = largest_remainder(rows["initiatives"].to_numpy(), 100)
    return kept


def location_quotient(counts: pd.DataFrame, minimum: int = 5) -> pd.DataFrame:
    """(n_ca / n_c) / (n_a / n), NaN below `minimum` (D07): adds `lq` to place, activity, initiatives."""
    n = counts["initiatives"]
    in_place = counts.groupby("place")["initiatives"].transform("sum")
    of_activity = counts.groupby("activity")["initiatives"].transform("sum")
    quotient = (n / in_place) / (of_activity / n.sum())
    return counts.assign(lq=quotient.where(n >= minimum))


def bubble_radius(values: pd.Series, largest: float) -> pd.Series:
    """Radius in pixels so that area is proportional to the value (D09)."""
    top = values.max()
    return largest * np.sqrt(values / top) if top else values * 0.0


def merge_small(counts: Mapping[str, int], groups: Mapping[str, str], k: int = SMALL_GROUP) -> pd.DataFrame:
    """The fixed table of initiatives that asked not to be listed: country_group, organisations (D05, DESIGN 6).

    Countries are added up per group; groups below `k` are merged into 'other', and the next smallest joins them until
    at least two groups are merged and the merged count is at least `k`, so that nothing returns by subtraction.
    An empty or too small whole yields no row.
    """
    per_group: dict[str, int] = {}
    for country, n in counts.items():
        group = groups.get(country, "other")
        per_group[group] = per_group.get(group, 0) + n
    ranked = sorted(per_group.items(), key=lambda item: (item[1], item[0]))
    merged = [item for item in ranked if item[1] < k or item[0] == "other"]
    rest = [item for item in ranked if item not in merged]
    while merged and rest and (len(merged) < 2 or sum(n for _, n in merged) < k):
        merged.append(rest.pop(0))
    rows = [{"country_group": group, "organisations": n} for group, n in sorted(rest, key=lambda i: (-i[1], i[0]))]
    total = sum(n for _, n in merged)
    if total >= k:
        rows.append({"country_group": "other", "organisations": total})
    return pd.DataFrame(rows, columns=["country_group", "organisations"])
