"""Where initiatives are: counts by host country, openings and closings, confirmation (METHODS.md D)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from dashboard.metrics.statistics import Coverage, largest_remainder, poisson_limits

STALE_AFTER_DAYS = 365
SMALL_GROUP = 3
UNPLACED = ("withheld", "not_stated")
UNITS = ("initiatives", "organisations", "projects", "presences")


def active_on(records: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Whether each record was active at the end of `day`: started and not ended by then (D04).

    Needs founded_on and closed_on; an unknown start is not active in history (see `active_now`).
    """
    return (records["founded_on"] <= day) & ~(records["closed_on"] <= day)


def active_now(records: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Like `active_on`, but a record with an unknown start and no end counts (D04)."""
    return active_on(records, as_of) | (records["founded_on"].isna() & ~(records["closed_on"] <= as_of))


def is_confirmed(records: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Verified within 365 days before the cut-off; never verified is not confirmed (D04)."""
    return records["confirmed_on"] > as_of - pd.Timedelta(days=STALE_AFTER_DAYS + 1)


def confirmed_coverage(records: pd.DataFrame, as_of: pd.Timestamp) -> Coverage:
    """How many of the records active now were confirmed in 365 days."""
    now = records[active_now(records, as_of)]
    return Coverage(int(is_confirmed(now, as_of).sum()), len(now))


def count_by_place(
    places: pd.DataFrame,
    as_of: pd.Timestamp,
    unit: str = "initiatives",
    projects: pd.DataFrame | None = None,
    *,
    share_out: bool = False,
) -> pd.DataFrame:
    """`unit` active now per place: full counting in every place, or shared out so that places add to the total (D01, D02).

    `places`: one row per initiative and place (organisation_id, legal_id, host_country NULL if unknown, is_withheld,
    presences, dates). `unit`: initiatives, organisations (an initiative under a fiscal host counts with it), projects
    (in the places of their initiative; needs `projects`: organisation_id, projects) or presences.
    Returns place (ISO alpha-2, 'withheld', 'not_stated'), the unit's count, confirmed and not_confirmed; largest
    first, withheld and not stated last.
    """
    counted = _counted(places[active_now(places, as_of)], as_of, unit, projects)
    n = counted.n / np.bincount(counted.unit)[counted.unit] if share_out else counted.n
    total, confirmed = (np.bincount(counted.place, part, len(counted.places)) for part in (n, n * counted.is_confirmed))
    counts = {unit: total, "confirmed": confirmed, "not_confirmed": total - confirmed}
    if not share_out:
        counts = {name: part.astype("int64") for name, part in counts.items()}
    order = np.lexsort((counted.places, -total, np.isin(counted.places, UNPLACED)))
    place = {"place": pd.array(counted.places[order], dtype="str")}
    return pd.DataFrame(place | {name: part[order] for name, part in counts.items()})


class _Counted(NamedTuple):
    """What is counted, once per unit and place: the number of its unit, that of its place among `places` (by name), how many it
    is, and whether it is confirmed."""

    unit: np.ndarray
    place: np.ndarray
    places: np.ndarray
    n: np.ndarray
    is_confirmed: np.ndarray


def _counted(now: pd.DataFrame, as_of: pd.Timestamp, unit: str, projects: pd.DataFrame | None) -> _Counted:
    if unit == "presences":
        now = now[now["presences"] > 0]
    units = pd.factorize(now["legal_id" if unit == "organisations" else "organisation_id"])[0]
    place, places = pd.factorize(place_of(now).to_numpy(object), sort=True)
    confirmed, n = is_confirmed(now, as_of).to_numpy(bool), np.ones(len(now))
    if unit == "presences":
        return _Counted(units, place, places, now["presences"].to_numpy("float64"), confirmed)
    if unit == "projects" and projects is not None:
        per_initiative = projects.set_index("organisation_id")["projects"]
        n = now["organisation_id"].map(per_initiative).to_numpy("float64", na_value=0)
    confirmed_first, pair = np.argsort(~confirmed, kind="stable"), units * max(len(places), 1) + place
    kept = confirmed_first[np.unique(pair[confirmed_first], return_index=True)[1]]
    return _Counted(units[kept], place[kept], places, n[kept], confirmed[kept])


def place_of(rows: pd.DataFrame) -> pd.Series:
    """The row's country, or the word for why there is none."""
    word = np.where(rows["is_withheld"].fillna(False).astype(bool), "withheld", "not_stated")
    return rows["host_country"].where(rows["host_country"].notna(), word)


def reconciliation(
    places: pd.DataFrame, as_of: pd.Timestamp, unit: str = "initiatives", projects: pd.DataFrame | None = None
) -> dict[str, int]:
    """Why the bars add to more than the network: sum_of_countries, network, in_several (D01)."""
    now = places[active_now(places, as_of) & places["host_country"].notna()]
    counted = _counted(now, as_of, unit, projects)
    places_of, sums = np.bincount(counted.unit), np.bincount(counted.unit, counted.n)
    total = sums if unit == "presences" else sums / places_of
    return {
        "sum_of_countries": int(sums.sum()),
        "network": int(total.sum()),
        "in_several": int(total[places_of > 1].sum()),
    }


def placement(places: pd.DataFrame, as_of: pd.Timestamp) -> dict[str, int]:
    """Initiatives active now that are placed in a country, only withheld, or without a stated place."""
    now = places[active_now(places, as_of)]
    each = pd.factorize(now["organisation_id"])[0]
    placed, withheld = (
        np.bincount(each, shown) > 0
        for shown in (now["host_country"].notna(), now["is_withheld"].to_numpy(bool, na_value=False))
    )
    return {
        "placed": int(placed.sum()),
        "withheld": int((withheld & ~placed).sum()),
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


def within(days: pd.Series, after: pd.Timestamp, until: pd.Timestamp) -> pd.Series:
    """Whether each day lies after one day and not after another; an unknown day does not."""
    return (days > after) & (days <= until)


def net_openings(records: pd.DataFrame, as_of: pd.Timestamp) -> tuple[int, int]:
    """Opened minus closed in the last 12 months, and in the 12 months before."""
    edges = [as_of - pd.DateOffset(years=2), as_of - pd.DateOffset(years=1), as_of]

    def net(after: pd.Timestamp, until: pd.Timestamp) -> int:
        opened, closed = (within(records[name], after, until).sum() for name in ("founded_on", "closed_on"))
        return int(opened - closed)

    return net(edges[1], edges[2]), net(edges[0], edges[1])


def per_thousand(counts: pd.DataFrame, populations: pd.DataFrame, per: int = 1000) -> pd.DataFrame:
    """Initiatives per `per` recent emigrants as a range (D03): place, initiatives, rate, low_rate, high_rate.

    The range joins the count's 95 % limits with the high and low population; `rate` uses the central one and is never
    ranked on alone. Places without a population are left out: they cannot be compared.
    """
    joined = counts.merge(populations, left_on="place", right_on="host_country").reset_index(drop=True)
    limits = [poisson_limits(int(n)) for n in joined["initiatives"]]
    central = joined["central"].astype(float)
    low_population = joined["low"].astype(float).fillna(central)
    high_population = joined["high"].astype(float).fillna(central)
    return pd.DataFrame(
        {
            "place": joined["place"],
            "initiatives": joined["initiatives"],
            "rate": joined["initiatives"] / central * per,
            "low_rate": [low / people * per for (low, _), people in zip(limits, high_population, strict=True)],
            "high_rate": [high / people * per for (_, high), people in zip(limits, low_population, strict=True)],
        }
    )


def activity_mix(counts: pd.DataFrame, most: int = 8, minimum: int = 5) -> pd.DataFrame:
    """How each of the largest places divides over activities: place, activity, initiatives, percent (adds to 100, X01).

    `counts`: place, activity, initiatives (an initiative counts once per activity). Places below `minimum` are left
    out; the `most` largest are kept.
    """
    totals = counts.groupby("place")["initiatives"].sum().sort_values(ascending=False, kind="stable")
    kept = totals[totals >= minimum].head(most).index
    mix = counts[counts["place"].isin(kept)].copy()
    mix["percent"] = 0
    for _, rows in mix.groupby("place"):
        mix.loc[rows.index, "percent"] = largest_remainder(rows["initiatives"].to_numpy(), 100)
    order = {place: n for n, place in enumerate(kept)}
    return mix.sort_values(["place", "activity"], key=lambda c: c.map(order) if c.name == "place" else c)


def location_quotient(counts: pd.DataFrame, minimum: int = 5) -> pd.DataFrame:
    """How much more common an activity is in a place than on average, NaN below `minimum` (D07): adds `lq`."""
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
