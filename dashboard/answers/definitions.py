"""What the words mean: every figure and column of the house, from the one place that defines them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dashboard.page.blocks import Table
from dashboard.words import columns, terms
from dashboard.words.i18n import _


def of_figures() -> Table:
    """Every figure with its meaning and the mark of the rule it follows."""
    rows = [(_(term.label), _(term.definition), term.source) for term in terms.TERMS.values()]
    return Table("terms", _("Figures"), pd.DataFrame(rows, columns=["term", "meaning", "method"], dtype="str"))


def of_rules() -> Table:
    """Every rule that figures follow, by its mark."""
    rows = [(mark, _(rule)) for mark, rule in terms.RULES.items()]
    return Table("rules", _("Rules of counting"), pd.DataFrame(rows, columns=["term", "meaning"], dtype="str"))


def of_columns() -> Table:
    """Every column with its meaning."""
    rows = [(_(column.heading), _(column.definition)) for column in columns.COLUMNS.values()]
    known = pd.DataFrame(rows, columns=["term", "meaning"], dtype="str").drop_duplicates(ignore_index=True)
    return Table("columns", _("Columns"), known)


def holding(table: Table, words: str) -> Table:
    """The terms that hold these words, in themselves or in their meaning."""
    told = table.rows["term"].str.casefold() + " " + table.rows["meaning"].str.casefold()
    return replace(table, rows=table.rows[told.str.contains(words.casefold(), regex=False)].reset_index(drop=True))


def words_avoided() -> list[str]:
    """What our words do not say."""
    return [
        _("“None recorded” is an absence of records, not of work."),
        _("“Possible duplication” is a question for people. Only people confirm it."),
        _("A pledge is not a commitment, and a commitment is not a payment."),
        _("Borders on the map follow the United Nations; the map takes no side beyond that."),
    ]
