"""If a funder leaves: what of the money ahead falls, for whom, and how much the network hangs on few (WHATIF.md F.2).

Money ahead is what was signed for days after the leaving day. A grant falls when its named payer leaves, or when the grant that
it is taken from falls; a payer nobody names never leaves, and a grant whose source this reader does not see stands by itself.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from dashboard.metrics import bridging
from dashboard.metrics.standing import RECEIVED, holds, standing

MOST_EXACT = 15
DRAWS, SEED = 2_000, 20260101


@dataclass(frozen=True)
class Leaving:
    """What falls when funders leave.

    `rows`: organisation, ahead, lost_low, lost_high, lost_share_high, unnamed, other_funders, for organisations that lose;
    `unnamed`: organisation -> money ahead from payers nobody names; `excess`: passed on beyond what was received; `fallen`: the
    grants that fall.
    """

    rows: pd.DataFrame
    network_lost_low: float
    network_lost_high: float
    unnamed: Mapping[str, float]
    excess: float
    fallen: frozenset[object]

    @property
    def touched(self) -> int:
        """Organisations that lose anything."""
        return len(self.rows)

    @property
    def more_than_half(self) -> tuple[int, int]:
        """Organisations that lose more than half of their money ahead, at least and at most."""
        half = self.rows["ahead"] / 2
        return int((self.rows["lost_low"] > half).sum()), int((self.rows["lost_high"] > half).sum())

    @property
    def all_of_it(self) -> tuple[int, int]:
        """Organisations that lose all of their money ahead, at least and at most."""
        whole = self.rows["ahead"]
        return int((self.rows["lost_low"] >= whole).sum()), int((self.rows["lost_high"] >= whole).sum())


def leaves(grants: pd.DataFrame, leaving: Collection[str]) -> Leaving:
    """What the organisations of `grants` lose when the funders `leaving` do (E01–E09).

    `grants`: grant, funder (NA: not named), recipient, parent (grant it is taken from, NA where none is seen), ahead, unpaid (of
    ahead, what no payment covers). Each unit counts once: what was passed on is the loss of who holds it in the end.
    """
    known = _with_ahead(grants)
    fall = _falls(known, frozenset(leaving))
    known = known.assign(fall=known["grant"].map(fall), direct=known["funder"].isin(list(leaving)))
    giver = known["parent"].map(known.set_index("grant")["recipient"])
    ahead = _held(known["ahead"], known["recipient"], giver)
    lost = _held(known["ahead"] * known["fall"], known["recipient"], giver)
    high = pd.concat([lost.clip(lower=0), ahead.clip(lower=0)], axis=1).min(axis=1)
    direct = _sum(known["unpaid"].where(known["direct"], 0), known["recipient"])
    low = pd.concat([high, direct.reindex(high.index, fill_value=0)], axis=1).min(axis=1)
    unnamed = _sum(known["ahead"].where(known["funder"].isna(), 0), known["recipient"])
    others = known[known["funder"].notna() & ~known["direct"]].groupby("recipient")["funder"].nunique()
    rows = pd.DataFrame(
        {
            "ahead": ahead.clip(lower=0),
            "lost_low": low,
            "lost_high": high,
            "lost_share_high": high / ahead.where(ahead > 0),
            "unnamed": unnamed.reindex(ahead.index, fill_value=0),
            "other_funders": others.reindex(ahead.index, fill_value=0).astype("Int64"),
        }
    )
    touched = rows[rows["lost_high"] > 0].sort_index().rename_axis("organisation").reset_index()
    return Leaving(
        touched,
        float(known["unpaid"].where(known["direct"], 0).sum()),
        float(touched["lost_high"].sum()),
        {str(name): float(value) for name, value in unnamed.items() if value > 0},
        float(-ahead.clip(upper=0).sum()),
        frozenset(grant for grant, falls in fall.items() if falls),
    )


def left_within(grants: pd.DataFrame, fallen: Collection[object], first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """Signed money of days from `first` to `last` that stays per organisation, what it passes on of it taken away.

    `grants`: grant, recipient, parent, minor, starts_on, ends_on; `fallen`: grants that fall.
    """
    stays = grants[~grants["grant"].isin(list(fallen))]
    giver = stays["parent"].map(grants.set_index("grant")["recipient"])
    return _held(bridging.within(stays, first, last), stays["recipient"], giver)


def days_ahead(grants: pd.DataFrame, after: pd.Timestamp) -> pd.DataFrame:
    """Grants with `ahead`, the part of `minor` that falls on days after a day, and `unpaid`, at most what no payment covers.

    `grants`: minor, starts_on, ends_on, amount_minor, paid_minor (NA: no payment on record counts as unpaid). Grants without both
    days, or with inverted ones, have nothing ahead.
    """
    ahead = bridging.within(grants, after + pd.Timedelta(days=1), bridging.FOREVER).round()
    minor = grants["minor"].astype("Float64").fillna(0)
    stated = grants["amount_minor"].astype("Float64")
    rest = (stated - grants["paid_minor"].astype("Float64").fillna(0)).clip(lower=0) / stated.where(stated > 0)
    unpaid = pd.concat([ahead, (minor * rest.fillna(0)).round()], axis=1).min(axis=1)
    return grants.assign(ahead=ahead, unpaid=unpaid.astype("float64"))


def _with_ahead(grants: pd.DataFrame) -> pd.DataFrame:
    """Grants with money ahead; a parent without any, or that is not among them, is none."""
    known = grants[grants["ahead"] > 0]
    return known.assign(parent=known["parent"].where(known["parent"].isin(known["grant"])))


def _sum(values: pd.Series, by: pd.Series) -> pd.Series:
    return values.groupby(by).sum()


def _held(amounts: pd.Series, recipient: pd.Series, giver: pd.Series) -> pd.Series:
    """What each organisation received less what it passed on of it (giver: NA where a grant is taken from nobody's)."""
    return _sum(amounts, recipient).sub(_sum(amounts, giver), fill_value=0)


def _falls(grants: pd.DataFrame, leaving: frozenset[str]) -> dict[object, int]:
    """Grant -> 1 where it falls: its payer leaves, or a grant above it falls; a ring of parents falls with its payers alone."""
    above = dict(zip(grants["grant"], grants["parent"], strict=True))
    direct = {grant: payer in leaving for grant, payer in zip(grants["grant"], grants["funder"], strict=True)}
    found: dict[object, int] = {}
    for grant in above:
        path: list[object] = []
        at: object = grant
        while at in above and at not in found and at not in path and not direct[at]:
            path.append(at)
            at = above[at]
        falls = int(at in above and (found.get(at, 0) == 1 or direct.get(at, False)))
        found.update(dict.fromkeys(path, falls))
        if at in above and direct[at]:
            found[at] = 1
    return found


@dataclass(frozen=True)
class Robustness:
    """The area under `curve`: the mean over all orders, with the largest first (None without money ahead of named funders), and
    for how many organisations orders were drawn because they have too many funders to go through all."""

    mean: float | None
    largest: float | None
    drawn: int


Held = tuple[str, tuple[tuple[str, float], ...], float]
"""An organisation, what it holds of each funder, and of payers that never leave."""
Shares = dict[Held, tuple[float, float]]
"""In which share of cases it still holds half: the mean over all numbers of its funders that leave, and that of none and all."""


def robustness(grants: pd.DataFrame, after: pd.Timestamp, shares: Shares | None = None) -> Robustness:
    """How much a network hangs on few, of what is signed for days after a day (E04).

    `grants`: the columns of `queries.funding.grants` and `minor`; those to organisations of the network count. `shares`: what was
    found for organisations of other networks, which this one adds to.
    """
    named = grants.assign(standing=standing(grants))
    is_own = named["standing"].isin(RECEIVED) & holds(named["recipient_is_member"])
    own = days_ahead(named[is_own], after)
    own = own[own["ahead"] > 0]
    by_payer = own[own["funder_slug"].notna()].groupby(["recipient_slug", "funder_slug"])["ahead"].sum()
    if by_payer.empty:
        return Robustness(None, None, 0)
    held: dict[str, dict[str, float]] = {name: {} for name in own["recipient_slug"].unique()}
    for (recipient, funder), amount in by_payer.items():
        held[recipient][funder] = float(amount)
    unnamed = own[own["funder_slug"].isna()].groupby("recipient_slug")["ahead"].sum().to_dict()
    drawn = sum(len(payers) > MOST_EXACT for payers in held.values())
    return Robustness(mean_robustness(held, unnamed, shares), curve(held, unnamed, largest_first(held)), drawn)


def curve(held: Mapping[str, Mapping[str, float]], unnamed: Mapping[str, float], order: Sequence[str]) -> float:
    """Area under the share of organisations that still hold at least half, as funders leave in this order (E04).

    `held`: organisation -> funder -> money ahead; `unnamed`: organisation -> money of payers that never leave.
    """
    whole = {name: sum(own.values()) + unnamed.get(name, 0) for name, own in held.items()}
    left, given = dict(whole), dict[str, list[tuple[str, float]]]()
    for name, own in held.items():
        for funder, amount in own.items():
            given.setdefault(funder, []).append((name, amount))
    holding, shares = len(held), [1.0]
    for funder in order:
        for name, amount in given.get(funder, ()):
            held_half = 2 * left[name] >= whole[name]
            left[name] -= amount
            holding -= held_half and 2 * left[name] < whole[name]
        shares.append(holding / len(held))
    steps = len(order)
    return sum((a + b) / 2 for a, b in pairwise(shares)) / steps if steps and held else math.nan


def largest_first(held: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Funders by what they hold, largest first, ties by name."""
    sizes: dict[str, float] = {}
    for own in held.values():
        for funder, amount in own.items():
            sizes[funder] = sizes.get(funder, 0) + amount
    return sorted(sizes, key=lambda funder: (-sizes[funder], funder))


def mean_robustness(
    held: Mapping[str, Mapping[str, float]], unnamed: Mapping[str, float], shares: Shares | None = None
) -> float:
    """The mean of `curve` over all orders, exact per organisation over its own funders; above fifteen by draws with a fixed
    seed. `shares` as in `robustness`.

    Over all numbers of funders gone, each number of an organisation's own among them is as likely as any other.
    """
    known = {} if shares is None else shares
    n = len(largest_first(held))
    if not n:
        return math.nan
    area = 0.0
    for name, own in held.items():
        one = name, tuple(own.items()), unnamed.get(name, 0)
        if one not in known:
            share = _holding_shares(own, one[-1], name)
            known[one] = share.mean(), (share[0] + share[-1]) / 2
        mean, ends = known[one]
        area += (n + 1) * mean - ends
    return float(area / n / len(held))


def _holding_shares(own: Mapping[str, float], unnamed: float, name: str) -> np.ndarray:
    """For each number of its own funders that leave: in which share of cases an organisation still holds half."""
    amounts = np.array([own[funder] for funder in sorted(own)], dtype=float)
    whole, m = amounts.sum() + unnamed, len(amounts)
    if m > MOST_EXACT:
        places = np.random.default_rng([SEED, *name.encode()]).random((DRAWS, m)).argsort(axis=1)
        lost = np.concatenate([np.zeros((DRAWS, 1)), amounts[places].cumsum(axis=1)], axis=1)
        return (2 * (whole - lost) >= whole).mean(axis=0)
    lost, sizes = np.zeros(1), np.zeros(1, dtype=int)
    for amount in amounts:
        lost, sizes = np.concatenate([lost, lost + amount]), np.concatenate([sizes, sizes + 1])
    return np.bincount(sizes, 2 * (whole - lost) >= whole, m + 1) / np.bincount(sizes, minlength=m + 1)
