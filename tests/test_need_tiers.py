"""Kinds of need nest and are never added: the worked example E10, and laws over made portfolios."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.metrics import funding, need_tiers
from tests.case_files import case, close
from tests.conftest import examples


def statements(*rows: dict) -> pd.DataFrame:
    base = {"line": 1, "kind": "budget", "confidence": None, "period_start": "2024-01-01", "period_end": "2024-12-31",
            "minor": 0, "stated_by": "x", "stated_on": "2024-01-01"}  # fmt: skip
    frame = pd.DataFrame([base | row for row in rows])
    days = ["period_start", "period_end", "stated_on"]
    frame[days] = frame[days].apply(pd.to_datetime)
    return frame.assign(minor=frame["minor"].astype("Int64"), need_id=range(len(frame)))


def need_of(pieces: pd.DataFrame, tier: str) -> pd.Series:
    read = pieces[pieces["readings"] & need_tiers.reading(tier) > 0]
    return read.groupby("line")["minor"].sum()


def test_tiers_are_read_per_line_and_never_added() -> None:
    rows, expected = case("E10")
    stated = [
        {"line": row["line"], "kind": kind, "minor": row[kind]} for row in rows for kind in need_tiers.NEED_KINDS if kind in row
    ]  # fmt: skip
    pieces = need_tiers.in_readings(statements(*stated))
    signed = pd.DataFrame(rows).set_index("line")["signed"]

    def totals(tier: str) -> funding.CoverageTotals:
        lines = pd.DataFrame({"need": need_of(pieces, tier).reindex(signed.index), "funded": signed})
        return funding.coverage_totals(funding.coverage_lines(lines))

    for kind in need_tiers.NEED_KINDS:
        found, known = totals(kind), expected[kind]
        assert (found.lines.known, found.need, found.gap) == (known["lines_stating"], known["need"], known["gap"])
        assert found.coverage_capped == close(known["coverage_capped"])
    low, high = totals("lowest"), totals("highest")
    assert [low.gap, high.gap] == expected["gap_range"] and [low.need, high.need] == expected["need_range"]
    assert low.lines.total - low.lines.known == expected["lines_unknown"]


def test_a_later_statement_of_the_same_author_replaces_the_earlier() -> None:
    frame = statements(
        {"minor": 10},
        {"minor": 20, "stated_on": "2024-03-01"},
        {"minor": 5, "stated_by": "y"},
        {"minor": 7, "stated_by": None},
        {"minor": 9, "kind": "minimum"},
    )
    assert need_tiers.newest(frame)["minor"].tolist() == [20, 5, 7, 9]


def tiers_of_unknown(*rows: dict) -> set[str]:
    """The tiers in which a statement without an amount leaves the need of its line unknown."""
    pieces = need_tiers.in_readings(statements(*rows))
    unknown = pieces[pieces["minor"].isna()]
    return {tier for tier in need_tiers.TIERS if (unknown["readings"] & need_tiers.reading(tier) > 0).any()}


def test_a_statement_without_an_amount_leaves_unknown_what_no_smaller_or_larger_kind_states() -> None:
    half = {"period_end": "2024-06-30"}
    assert tiers_of_unknown({"minor": None}) == {"lowest", "budget", "highest"}
    assert tiers_of_unknown({"minor": None, "kind": "minimum"}, {"minor": 9}) == {"lowest", "minimum"}
    assert tiers_of_unknown({"minor": None}, {"minor": 9, "kind": "minimum"}) == {"budget", "highest"}
    assert tiers_of_unknown({"minor": None}, {"minor": 9, "kind": "minimum"} | half) == {"lowest", "budget", "highest"}
    assert tiers_of_unknown({"minor": None}, {"minor": 9, "line": 2}) == {"lowest", "budget", "highest"}
    both = {"minor": 9, "kind": "minimum"}, {"minor": 20, "kind": "ambition"}
    assert tiers_of_unknown({"minor": None}, *both) == {"budget"}


def test_a_minimum_above_the_budget_is_listed_and_kept() -> None:
    frame = statements({"kind": "minimum", "minor": 80}, {"minor": 60}, {"line": 2, "kind": "minimum", "minor": 1})
    assert set(need_tiers.to_fix(frame)["line"]) == {1}
    assert need_of(need_tiers.in_readings(frame), "lowest").to_dict() == {1: 80, 2: 1}


days = st.integers(0, 400)
made = st.fixed_dictionaries(
    {
        "line": st.integers(1, 3), "kind": st.sampled_from(need_tiers.NEED_KINDS), "start": days, "length": days,
        "minor": st.one_of(st.none(), st.integers(0, 10**9)), "confidence": st.sampled_from(["low", "high", None]),
    }
)  # fmt: skip


@settings(max_examples=examples(500))
@given(st.lists(made, min_size=1, max_size=8))
def test_pieces_add_to_the_statement_and_every_day_has_one_lowest_and_one_highest_kind(rows: list[dict]) -> None:
    start = pd.Timestamp("2023-01-01")
    frame = statements(
        *(
            {
                **{name: row[name] for name in ("line", "kind", "minor", "confidence")},
                "period_start": start + pd.Timedelta(days=row["start"]),
                "period_end": start + pd.Timedelta(days=row["start"] + row["length"]),
            }
            for row in rows
        )
    )
    pieces = need_tiers.in_readings(frame)
    added = pieces.groupby("need_id")["minor"].sum(min_count=1)
    assert added.fillna(-1).tolist() == frame["minor"].fillna(-1).tolist()
    known = pieces[pieces["minor"].notna()]
    for tier in need_tiers.TIERS:
        read = known[known["readings"] & need_tiers.reading(tier) > 0]
        if tier in need_tiers.NEED_KINDS:
            assert set(read["kind"]) <= {tier}
        else:
            kinds = read.groupby(["line", "period_start"])["kind"].nunique()
            assert kinds.eq(1).all() and len(kinds) == len(known.drop_duplicates(["line", "period_start"]))
    sure = known[known["readings"] & need_tiers.reading("lowest", only_sure=True) > 0]
    assert not sure["confidence"].eq("low").fillna(False).any()
