"""The account of each page in words: of what was loaded, what is in the figures and what is left out, and why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dashboard.answers.money_rows import grant_rows
from dashboard.answers.portfolio import Portfolio, converted
from dashboard.page.blocks import Table
from dashboard.page.reading import computed, kept_briefly, read
from dashboard.page.visit import Visit
from dashboard.upkeep import books
from dashboard.upkeep.books import Line
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext


def of_money(money: Portfolio) -> Table:
    """Every grant this reader may see under what it is to the network's money; filters do not cut it."""
    lines, timeless = books.lines_of_grants(read, money.viewer, money.currency)
    note = _(
        "Whole network, whatever you chose above. Money passed on stands in the grant it was paid from as well, so that it "
        "is counted once, where it ends up."
    )
    if timeless.units:
        note += " " + ngettext(
            "{n} signed grant has no days to be spread over ({amount}): it is in no month and no year.",
            "{n} signed grants have no days to be spread over ({amount}): they are in no month and no year.",
            timeless.units,
        ).format(n=written.number(timeless.units), amount=written.exact_money(timeless.known_minor, money.currency))
    total = sum(line.units for line in lines)
    title = ngettext("Where {n} grant on record stands", "Where all {n} grants on record stand", total).format(
        n=written.number(total)
    )
    return _table("account", title, lines, note, with_money=True)


def line_names(account: Table) -> dict[str, str]:
    """The lines of the account whose grants can be opened."""
    return {name: codes.word(name) for name in account.rows["standing"]}


def rows_of_line(money: Portfolio, line: str) -> Table:
    """The grants of one line of the account; they add to it to the cent."""

    def all_grants() -> pd.DataFrame:
        return converted(read(queries.funding.grants(money.viewer)), money.viewer, money.currency)

    grants = kept_briefly(all_grants, "account", money.currency)
    title = _("Grants: {line}").format(line=codes.word(line))
    return Table("account_rows", title, grant_rows(grants[grants["standing"] == line], money))


def of_initiatives(visit: Visit) -> Table:
    """Every initiative this reader may see: in a host country, or why not."""

    def made() -> Table:
        account = books.of_initiatives(read, visit.viewer, visit.as_of)
        title = ngettext(
            "Where {n} initiative on record stands", "Where all {n} initiatives on record stand", account.loaded
        ).format(n=written.number(account.loaded))
        return _table("initiatives_account", title, account.lines, _("Whole network, whatever you chose above."))

    return computed(made, "account of initiatives")


def of_projects(visit: Visit) -> Table:
    """Every project this reader may see: in a combination of country and activity, or why not."""

    def made() -> Table:
        account = books.of_projects(read, visit.viewer)
        title = ngettext("Where {n} project on record stands", "Where all {n} projects on record stand", account.loaded)
        title = title.format(n=written.number(account.loaded))
        return _table("projects_account", title, account.lines, _("Whole network, whatever you chose above."))

    return computed(made, "account of projects")


def of_cases(visit: Visit) -> Table:
    """Every case of the coordinator's countries: open, closed, or a record to fix."""
    lines = books.lines_of_cases(read, visit.viewer)
    total = sum(line.units for line in lines)
    title = ngettext("Where {n} case on record stands", "Where all {n} cases on record stand", total).format(
        n=written.number(total)
    )
    note = _("Your countries, whatever you chose above. A reopened case counts as a new one.")
    return _table("cases_account", title, lines, note, is_live=True)


def _table(
    key: str, title: str, lines: Sequence[Line], note: str, *, with_money: bool = False, is_live: bool = False
) -> Table:
    shown = [line for line in lines if line.units]
    rows = pd.DataFrame(
        {
            "standing": pd.array([line.name for line in shown], "str"),
            "in_figures": pd.array(["left_out" if line.is_remainder else "counted" for line in shown], "str"),
            "number": pd.array([line.units for line in shown], "Int64"),
        }
    )
    if with_money:
        rows["sum"] = pd.array([line.known_minor for line in shown], "Int64")
        rows["without_amount"] = pd.array([line.without_amount for line in shown], "Int64")
    return Table(key, title, rows, note, is_live=is_live)
