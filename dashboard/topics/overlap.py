"""Who does the same: pairs to check with their evidence, and who works on what where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard import charts, labels, words
from dashboard.data import read
from dashboard.i18n import _, ngettext
from dashboard.metrics import overlap
from dashboard.report import Chart, Figure, Summary, Table
from dashboard.topics.crossing import MOST, laid_out
from dashboard.visit import Visit
from data_access import queries
from data_access.filters import Filters

CARDS_SHOWN = 8


@dataclass(frozen=True)
class Overlap:
    """`pairs` with people's answers laid over; `grid`: organisations per host country and activity."""

    pairs: pd.DataFrame
    grid: pd.DataFrame

    def count(self, status: str) -> int:
        return int((self.pairs["status"] == status).sum())


@dataclass(frozen=True)
class Card:
    """One pair: a headline and (name, text) lines readable without statistics."""

    headline: str
    lines: list[tuple[str, str]]


def find(visit: Visit) -> Overlap:
    """Stored pairs of the viewer's clearance, reviewed, and the grid."""
    grid = read(queries.overlap.grid(visit.filters, visit.viewer))
    return Overlap(reviewed_pairs(visit, visit.filters), grid)


def reviewed_pairs(visit: Visit, filters: Filters) -> pd.DataFrame:
    """Pairs under `filters` with people's answers laid over."""
    pairs = read(queries.overlap.pairs(filters, visit.viewer))
    return overlap.reviewed(pairs, read(queries.overlap.answers(visit.viewer)))


def summary(found: Overlap) -> Summary:
    """The answer sentence and the five KPIs of METHODS E.3."""
    to_check, known, unclear = (found.count(s) for s in ("possible_duplication", "coordinated", "cannot_tell"))
    agreed, judged = overlap.agreement(found.pairs)
    single = int((found.grid["organisations"] == 1).sum())
    return Summary(
        sentence(to_check, unclear),
        [
            Figure(
                "pairs_to_check",
                to_check,
                words.number(to_check),
                _("of {n} similar pairs").format(n=words.number(len(found.pairs))),
                _("{u} cannot be judged yet").format(u=words.number(unclear)),
            ),
            Figure("coordinated", known, words.number(known), _("similar and known to work together")),
            Figure("cannot_tell", unclear, words.number(unclear), _("missing facts keep them open")),
            Figure(
                "one_provider",
                single,
                words.number(single),
                _("of {n} recorded cells").format(n=words.number(len(found.grid))),
            ),
            Figure(
                "agreement",
                agreed if judged else None,
                _("{k} of {n}").format(k=agreed, n=judged) if judged else "–",
                _("so far") if judged else _("no suggestion has been answered yet"),
            ),
        ],
    )


def sentence(to_check: int, unclear: int) -> str:
    """How many pairs are worth a conversation."""
    if not to_check:
        return _("No pair reaches the mark for checking; {n} cannot be judged until facts are filled in.").format(
            n=words.number(unclear)
        )
    return ngettext(
        "{n} pair of projects looks alike, runs together and is not known to coordinate.",
        "{n} pairs of projects look alike, run together and are not known to coordinate.",
        to_check,
    ).format(n=words.number(to_check))


def strongest(visit: Visit, found: Overlap) -> list[Card]:
    """Evidence cards of the strongest pairs to check."""
    return cards(visit, found.pairs[found.pairs["status"] == "possible_duplication"].head(CARDS_SHOWN))


def providers(found: Overlap) -> Chart | None:
    """The grid with a word for each cell; None when nothing is recorded."""
    if found.grid.empty:
        return None
    cells = grid_cells(found.grid)
    single = int((found.grid["organisations"] == 1).sum())
    title = _("{n} of {m} combinations have a single provider").format(
        n=words.number(single), m=words.number(len(found.grid))
    )
    return Chart(
        "grid",
        title,
        found.grid.sort_values(["organisations", "host_country", "activity"], ascending=[False, True, True]),
        _("Distinct organisations with a running project. A dash: none recorded."),
        charts.grid(cells, "work", "country", "text", "word", grid_levels()),
        charts.alternative(title, list(cells["country"] + " · " + cells["work"]), list(cells["text"])),
    )


def similar(found: Overlap) -> Table:
    """Every stored pair with what missing facts could change."""
    note = _("Most similar first. At least and at most say what missing facts could change.")
    return Table("pairs", _("All similar pairs"), pair_table(found.pairs), note)


def notes(found: Overlap) -> list[str]:
    """How the score is made, and how many pairs each word holds."""
    weights = {facet: words.percent(weight) for facet, weight in overlap.WEIGHTS.items()}
    return [
        _(
            "Only facts entered here are compared. The score weighs activity {activity}, host country {host_country}, "
            "audience {audience} and language {language}."
        ).format(**weights),
        _("Marks of {p} and {r} are starting values, not yet validated.").format(
            p=words.percent(overlap.POSSIBLE), r=words.percent(overlap.RELATED)
        ),
        *(f"{labels.word(status)}: {words.number(n)}" for status, n in found.pairs["status"].value_counts().items()),
    ]


def cards(visit: Visit, pairs: pd.DataFrame) -> list[Card]:
    """An evidence card per pair, in the order given."""
    facets = read(queries.overlap.facets(visit.viewer))
    shown = facets[facets["project_id"].isin({*pairs["project_a"], *pairs["project_b"]})]
    values = shown.groupby(["project_id", "facet"])["code"].agg(set).to_dict()
    counted = read(queries.overlap.rarity(visit.viewer))
    rarity = dict(zip(zip(counted["facet"], counted["code"], strict=True), counted["projects"], strict=True))
    total = int(counted["of_projects"].max()) if len(counted) else 0
    return [_card(pair, values, rarity, total) for pair in pairs.itertuples()]


def _card(pair: Any, values: dict, rarity: dict, total: int) -> Card:
    headline = _("{score}: {a} ({oa}) and {b} ({ob})").format(
        score=words.percent(pair.score),
        a=pair.name_a,
        oa=pair.organisation_a,
        b=pair.name_b,
        ob=pair.organisation_b,
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
        _("{name} ({n} of {total} projects)").format(
            name=labels.code(facet, code), n=rarity.get((facet, code), 0), total=total
        )
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
    columns = [
        "name_a",
        "organisation_a",
        "name_b",
        "organisation_b",
        "pair_score",
        "pair_low",
        "pair_high",
        "days_together",
        "status",
        "missing",
    ]
    return table[columns].reset_index(drop=True)


def grid_levels() -> dict[str, tuple[int, str]]:
    """Order and name of each word a grid cell can say."""
    return {
        word: (place, labels.word(word))
        for place, word in enumerate(("none_recorded", "several", "crowded", "one_provider"))
    }


def grid_cells(grid: pd.DataFrame) -> pd.DataFrame:
    """The busiest countries and activities as a complete grid: country, work, text, word."""
    cells = laid_out(grid, "organisations", MOST)
    cells["organisations"] = cells["organisations"].fillna(0)
    cells["word"] = overlap.grid_words(cells["organisations"].astype("int64"))
    cells["text"] = cells["organisations"].map(lambda n: "–" if n == 0 else str(n))
    return cells
