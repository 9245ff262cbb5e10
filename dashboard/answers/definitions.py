"""What the words mean: every figure and column of the house, from the one place that defines them."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pandas as pd

from dashboard.page.blocks import Table
from dashboard.words import columns, terms, written
from data_access.i18n import _


def part_names() -> dict[str, str]:
    """The parts of the page."""
    return {
        "figures": _("Figures"),
        "rules": _("Rules of counting"),
        "columns": _("Columns"),
        "words": _("Words this house avoids"),
    }


def of_figures() -> Table:
    """Every figure with its meaning and the mark of the rule it follows."""
    rows = [(_(term.label), _(term.definition), term.source) for term in terms.TERMS.values()]
    found = pd.DataFrame(rows, columns=["term", "meaning", "method"], dtype="str")
    return Table("terms", _("Figures"), _in_order(found))


def of_rules() -> Table:
    """Every rule that figures follow, by its mark."""
    rows = [(mark, _(rule)) for mark, rule in terms.RULES.items()]
    return Table("rules", _("Rules of counting"), pd.DataFrame(rows, columns=["term", "meaning"], dtype="str"))


def of_columns() -> Table:
    """Every heading of a column with its meaning; where tables mean different things by one, all of them."""
    every = [*columns.COLUMNS.values(), *(column for own in columns.OWN.values() for column in own.values())]
    meanings: dict[str, list[str]] = {}
    for column in every:
        said = meanings.setdefault(_(column.heading), [])
        if _(column.definition) not in said:
            said.append(_(column.definition))
    rows = [(heading, reduce(_elsewhere, said)) for heading, said in meanings.items()]
    return Table("columns", _("Columns"), _in_order(pd.DataFrame(rows, columns=["term", "meaning"], dtype="str")))


def _elsewhere(meaning: str, other: str) -> str:
    return _("{meaning} Elsewhere: {other}").format(meaning=meaning, other=other)


def _in_order(found: pd.DataFrame) -> pd.DataFrame:
    """By the alphabet of the reader's language."""
    return found.sort_values("term", key=written.alphabetical, kind="stable", ignore_index=True)


def holding(table: Table, words: str) -> Table:
    """The terms that hold these words, in themselves or in their meaning."""
    told = (table.rows["term"] + " " + table.rows["meaning"]).map(_as_typed)
    return replace(table, rows=table.rows[told.str.contains(_as_typed(words), regex=False)].reset_index(drop=True))


def _as_typed(text: str) -> str:
    """Without capitals, and with blanks that a keyboard has."""
    return text.casefold().replace("\u00a0", " ").replace("\u202f", " ")


def words_avoided() -> list[str]:
    """What our words do not say."""
    return [
        _("“None recorded” is an absence of records, not of work."),
        _("“Possible duplication” is a question for people. Only people confirm it."),
        _("A pledge is not a commitment, and a commitment is not a payment."),
        _("Borders on the map follow the United Nations; the map takes no side beyond that."),
    ]
