"""More or less money divided over what is missing, under named rules, side by side (WHATIF.md F.3).

A claim is the gap of a line. Every rule gives nobody less than nothing or more than the claim; awards and what is left over add
to the amount. Values are exact; `in_cents` rounds them at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

Amounts = Mapping[Any, Fraction]
Rule = Callable[[Amounts, Fraction], dict[Any, Fraction]]
HALF = Fraction(1, 2)


def exactly(claims: Mapping[Any, float | int | Fraction]) -> dict[Any, Fraction]:
    """Claims as exact numbers; none is below nothing."""
    return {line: max(Fraction(0), Fraction(claim)) for line, claim in claims.items()}


def proportional(claims: Amounts, amount: Fraction) -> dict[Any, Fraction]:
    """Everybody the same share of the claim (E21)."""
    whole = sum(claims.values())
    share = min(Fraction(1), amount / whole) if whole else Fraction(0)
    return {line: claim * share for line, claim in claims.items()}


def equal_awards(claims: Amounts, amount: Fraction) -> dict[Any, Fraction]:
    """Everybody the same sum, nobody more than the claim (E21)."""
    left, open_lines, awards = (
        min(amount, sum(claims.values(), Fraction(0))),
        sorted(claims, key=claims.__getitem__),
        {},
    )
    for place, line in enumerate(open_lines):
        awards[line] = min(claims[line], left / (len(open_lines) - place))
        left -= awards[line]
    return {line: awards[line] for line in claims}


def equal_losses(claims: Amounts, amount: Fraction) -> dict[Any, Fraction]:
    """Everybody goes short of the same sum, nobody below nothing (E21)."""
    short = equal_awards(claims, max(Fraction(0), sum(claims.values(), Fraction(0)) - amount))
    return {line: claim - short[line] for line, claim in claims.items()}


def talmud(claims: Amounts, amount: Fraction) -> dict[Any, Fraction]:
    """Equal awards up to half of each claim, equal losses beyond (E21, E22)."""
    whole = sum(claims.values(), Fraction(0))
    halves = {line: claim * HALF for line, claim in claims.items()}
    if amount <= whole * HALF:
        return equal_awards(halves, amount)
    short = equal_awards(halves, max(Fraction(0), whole - amount))
    return {line: claim - short[line] for line, claim in claims.items()}


def equal_coverage(need: Amounts) -> Rule:
    """The least covered first, until all are covered alike (E25)."""

    def rule(claims: Amounts, amount: Fraction) -> dict[Any, Fraction]:
        asking = {line: need[line] for line, claim in claims.items() if claim > 0}
        floors = {line: max(Fraction(0), need[line] - claims[line]) / need[line] for line in asking}
        left, level, raised = min(amount, sum(claims.values(), Fraction(0))), Fraction(0), Fraction(0)
        for place, line in enumerate(sorted(floors, key=floors.__getitem__)):
            if raised and (floors[line] - level) * raised >= left:
                break
            left -= (floors[line] - level) * raised if place else Fraction(0)
            level, raised = floors[line], raised + asking[line]
        level = min(Fraction(1), level + left / raised) if raised else Fraction(0)
        short = {line: max(Fraction(0), level - floors[line]) * asking[line] for line in asking}
        return {line: short.get(line, Fraction(0)) for line in claims}

    return rule


def in_order(order: Sequence[Any]) -> Rule:
    """The first in the order whole, then the next: the soonest cliff first, without signed money before all others."""

    def rule(claims: Amounts, amount: Fraction) -> dict[Any, Fraction]:
        left, awards = amount, dict.fromkeys(claims, Fraction(0))
        for line in order:
            if line in claims:
                awards[line] = min(claims[line], left)
                left -= awards[line]
        return awards

    return rule


def first_to(newcomers: Collection[Any]) -> Rule:
    """Lines of first-time grantees proportionally, then all others proportionally."""

    def rule(claims: Amounts, amount: Fraction) -> dict[Any, Fraction]:
        new = {line: claim for line, claim in claims.items() if line in newcomers}
        rest = {line: claim for line, claim in claims.items() if line not in newcomers}
        to_new = min(amount, sum(new.values(), Fraction(0)))
        awards = proportional(new, to_new) | proportional(rest, amount - to_new)
        return {line: awards[line] for line in claims}

    return rule


def with_smallest(rule: Rule, claims: Amounts, amount: Fraction, smallest: Fraction) -> dict[Any, Fraction]:
    """A rule whose awards below a smallest grant are dropped, the least first (ties: the later line), and divided again."""
    asking = dict(claims)
    while True:
        awards = rule(asking, amount)
        below = [line for line, award in awards.items() if 0 < award < smallest]
        if not below:
            return {line: awards.get(line, Fraction(0)) for line in claims}
        least = min(awards[line] for line in below)
        asking[[line for line in below if awards[line] == least][-1]] = Fraction(0)


def with_ceiling(rule: Rule, claims: Amounts, amount: Fraction, ceiling: Fraction) -> dict[Any, Fraction]:
    """A rule whose awards above a ceiling are cut to it, and what is above divided again among the others."""
    fixed: dict[Any, Fraction] = {}
    while True:
        asking = {line: claim for line, claim in claims.items() if line not in fixed}
        awards = rule(asking, amount - sum(fixed.values(), Fraction(0)))
        above = [line for line, award in awards.items() if award > ceiling]
        if not above:
            return {line: fixed.get(line, awards.get(line, Fraction(0))) for line in claims}
        fixed |= dict.fromkeys(above, ceiling)


def cut(rule: Rule, signed_ahead: Amounts, less: Fraction) -> dict[Any, Fraction]:
    """What each line loses when there is so much less: what remains of the signed money is divided, and the rest is the cut."""
    whole = sum(signed_ahead.values(), Fraction(0))
    awards = rule(signed_ahead, max(Fraction(0), whole - less))
    return {line: ahead - awards[line] for line, ahead in signed_ahead.items()}


def in_cents(awards: Amounts) -> dict[Any, int]:
    """Whole cents that add to the whole cents of the sum, by largest remainder, ties by the order of the lines."""
    floors = {line: award.numerator // award.denominator for line, award in awards.items()}
    whole = sum(awards.values(), Fraction(0))
    left = whole.numerator // whole.denominator - sum(floors.values())
    by_rest = sorted(awards, key=lambda line: -(awards[line] - floors[line]))
    return floors | {line: floors[line] + 1 for line in by_rest[: max(0, left)]}
