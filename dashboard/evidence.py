"""Why two projects are listed as a pair: facts they share, with how rare they are, and facts that are missing."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard import labels, words
from dashboard.crossing import COLUMNS, ROWS
from dashboard.data import read
from dashboard.i18n import _
from dashboard.metrics import overlap
from dashboard.visit import Visit
from data_access import queries


@dataclass(frozen=True)
class Card:
    """One pair: a headline and (name, text) lines readable without statistics."""

    headline: str
    lines: list[tuple[str, str]]


def cards(visit: Visit, pairs: pd.DataFrame) -> list[Card]:
    """An evidence card per pair, in the order given."""
    facets = read(queries.overlap.facets(visit.filters.without("host_countries"), visit.viewer))
    values = facets.groupby(["project_id", "facet"])["code"].agg(set).to_dict()
    rarity = overlap.facet_counts(facets).set_index(["facet", "code"])["projects"].to_dict()
    total = facets["project_id"].nunique()
    return [_card(pair, values, rarity, total) for pair in pairs.itertuples()]


def _card(pair, values: dict, rarity: dict, total: int) -> Card:  # noqa: ANN001
    headline = _("{score}: {a} ({oa}) and {b} ({ob})").format(
        score=words.percent(pair.score), a=pair.name_a, oa=pair.organisation_a, b=pair.name_b, ob=pair.organisation_b
    )
    lines = []
    for facet in overlap.WEIGHTS:
        a, b = values.get((pair.project_a, facet), set()), values.get((pair.project_b, facet), set())
        lines.append((labels.word(facet).capitalize(), _compared(facet, a, b, rarity, total)))
    if pd.notna(pair.days_together):
        lines.append((_("Time"), _("both ran on {days}").format(days=words.days(int(pair.days_together)))))
    lines.append((_("Known partners"), _("yes") if pair.are_partners else _("not recorded")))
    return Card(headline, lines)


def _compared(facet: str, a: set, b: set, rarity: dict, total: int) -> str:
    if not a or not b:
        return _("not recorded for one of them")
    both = [
        _("{name} ({n} of {total} projects)").format(name=labels.code(facet, code), n=rarity.get((facet, code), 0), total=total)
        for code in sorted(a & b)
    ]
    parts = [_("both: {values}").format(values=", ".join(both))] if both else [_("nothing in common")]
    for side, only in (("A", a - b), ("B", b - a)):
        if only:
            names = ", ".join(labels.code(facet, code) for code in sorted(only))
            parts.append(_("only {side}: {values}").format(side=side, values=names))
    return "; ".join(parts)


def pair_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """The page's table of pairs, with the facts that are missing in words."""
    missing = [words.listing([labels.word(fact) for fact in facts]) for facts in overlap.unknown_facts(pairs)]
    table = pairs.assign(pair_score=pairs["score"], pair_low=pairs["low"], pair_high=pairs["high"], missing=missing)
    columns = ["name_a", "organisation_a", "name_b", "organisation_b", "pair_score", "pair_low", "pair_high", "days_together",
               "status", "missing"]  # fmt: skip
    return table[columns].reset_index(drop=True)


def grid_levels() -> dict[str, tuple[int, str]]:
    """Order and name of each word a grid cell can say."""
    return {word: (place, labels.word(word)) for place, word in enumerate(("none_recorded", "several", "crowded", "one_provider"))}


def grid_cells(grid: pd.DataFrame) -> pd.DataFrame:
    """The busiest countries and activities as a complete grid: country, work, text, word."""
    busiest = {
        column: list(grid.groupby(column)["organisations"].sum().sort_values(ascending=False, kind="stable").head(most).index)
        for column, most in (("host_country", ROWS), ("activity", COLUMNS))
    }
    complete = pd.MultiIndex.from_product(busiest.values(), names=list(busiest))
    cells = grid.set_index(list(busiest)).reindex(complete).reset_index()
    cells["organisations"] = cells["organisations"].fillna(0)
    cells["word"] = overlap.grid_words(cells["organisations"].astype("int64"))
    cells["text"] = cells["organisations"].map(lambda n: "–" if n == 0 else str(n))
    cells["country"] = cells["host_country"].map(words.country)
    cells["work"] = cells["activity"].map(lambda code: labels.code("activity", code))
    return cells
