"""How groups work: teams in several countries, who works with whom and across which borders."""

from __future__ import annotations

import pandas as pd

from dashboard.metrics.statistics import Coverage

JUDGED = ACROSS, WITHIN = "across_borders", "in_one_country"
UNKNOWN = "place_unknown"


def teams_abroad(places: pd.DataFrame) -> Coverage:
    """Of initiatives with a known working country, those that work in more than one.

    `places`: organisation_id, host_country (NA where it is not stated or withheld).
    """
    countries = places.dropna(subset="host_country").groupby("organisation_id")["host_country"].nunique()
    return Coverage(int((countries > 1).sum()), len(countries))


def crossings(partnerships: pd.DataFrame, places: pd.DataFrame) -> pd.Series:
    """Per partnership whether the two have no working country in common (across borders), have one, or one side's is unknown.

    `partnerships`: organisation_a, organisation_b; `places` as in `teams_abroad`.
    """
    known = places.dropna(subset="host_country").groupby("organisation_id")["host_country"].agg(frozenset).to_dict()

    def word(a: int, b: int) -> str:
        if a not in known or b not in known:
            return UNKNOWN
        return WITHIN if known[a] & known[b] else ACROSS

    sides = zip(partnerships["organisation_a"], partnerships["organisation_b"], strict=True)
    return pd.Series([word(a, b) for a, b in sides], index=partnerships.index, dtype="str")


def partnered(initiatives: pd.Series, partnerships: pd.DataFrame) -> Coverage:
    """Of these initiatives, those with any partnership among `partnerships`."""
    sides = pd.concat([partnerships["organisation_a"], partnerships["organisation_b"]])
    return Coverage(int(initiatives.isin(sides).sum()), len(initiatives))


def partnered_abroad(initiatives: pd.Series, partnerships: pd.DataFrame) -> Coverage:
    """Of these initiatives, those with a partnership across borders; who has none, and one of which the place of a side is not
    known, is not judged.

    `partnerships`: organisation_a, organisation_b, crossing.
    """
    sides = partnerships.melt("crossing", ["organisation_a", "organisation_b"], value_name="organisation")
    across, unclear = (sides.loc[sides["crossing"] == word, "organisation"] for word in (ACROSS, UNKNOWN))
    judged = initiatives[initiatives.isin(across) | ~initiatives.isin(unclear)]
    return Coverage(int(judged.isin(across).sum()), len(judged))


def between_countries(partnerships: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """How many partnerships connect two countries: host_country, other_country (in alphabetical order), partnerships.

    One of sides that work in several countries counts once for each pair of them.
    """
    known = places.dropna(subset="host_country")[["organisation_id", "host_country"]].drop_duplicates()
    left = partnerships.merge(known, left_on="organisation_a", right_on="organisation_id")
    both = left.merge(known, left_on="organisation_b", right_on="organisation_id", suffixes=("", "_other"))
    ends = both[["host_country", "host_country_other"]]
    pairs = pd.DataFrame({"host_country": ends.min(axis=1), "other_country": ends.max(axis=1)})
    pairs = pairs.assign(of=both["organisation_a"].astype(str) + "-" + both["organisation_b"].astype(str))
    counted = pairs.drop_duplicates().groupby(["host_country", "other_country"], as_index=False)["of"].size()
    return counted.rename(columns={"size": "partnerships"})


def stated_people(people: pd.Series) -> tuple[int | None, Coverage]:
    """All people that are stated, and by how many it is; None where nobody states any."""
    known = people.dropna()
    return (int(known.sum()) if len(known) else None), Coverage(len(known), len(people))
