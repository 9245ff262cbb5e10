"""Who depends on whom: money that ends, who pays for what, and organisations that lean on one funder."""

from __future__ import annotations

import pandas as pd

from dashboard.answers.portfolio import Portfolio
from dashboard.page.blocks import Chart, Table
from dashboard.page.reading import read, shown_once
from dashboard.pictures import charts
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext
from data_access.queries.money import Cut

ENDING_DAYS = 180


def dependence(money: Portfolio) -> Table:
    """Organisations with more than half of their signed money from one funder."""
    leaning = money.leaning
    dependent = leaning[leaning["is_dependent"].fillna(False).astype(bool)]
    return Table(
        "dependence",
        ngettext("{n} organisation leans on one funder", "{n} organisations lean on one funder", len(dependent)).format(
            n=written.number(len(dependent))
        ),
        dependent[["organisation", "total", "funders", "largest_funder", "low", "high"]],
        _(
            "More than half of all money others signed with it, on record, comes from one funder; its own money carried over aside."
        ),
    )


@shown_once
def leaning_strip(money: Portfolio) -> Chart:
    """Share of the largest funder per organisation, single-funder organisations marked."""
    rows = money.leaning[money.leaning["low"].notna()]
    rows = rows.assign(is_single=(rows["funders"] == 1) & (rows["unnamed"] == 0))
    single = int(rows["is_single"].sum())
    title = ngettext(
        "{n} organisation has all its money from one named funder",
        "{n} organisations have all their money from one named funder",
        single,
    ).format(n=written.number(single))
    return Chart(
        "leaning",
        title,
        rows[["organisation", "total", "funders", "largest_funder", "low", "high"]],
        _("Share of an organisation's signed money that comes from its largest funder; one mark per organisation."),
        charts.strip(rows, "low", "organisation", "is_single", (_("single funder"), _("several, or some not named"))),
        charts.alternative(title, list(rows["organisation"]), [written.percent(v) for v in rows["low"]]),
    )


def ending(money: Portfolio) -> Table:
    """Whose last signed money ends within 180 days after the cut-off, soonest first, with size and largest funder."""
    leaning = money.leaning
    until = money.as_of + pd.Timedelta(days=ENDING_DAYS)
    soon = leaning["last_day"].between(money.as_of, until, inclusive="right")
    rows = leaning[soon]
    rows = rows.assign(days_left=(rows["last_day"] - money.as_of).dt.days.astype("Int64"))
    places = money.reach[money.reach["host_country"].str.len() == 2]
    for column, shown, names in (("host_country", "money_in", written.country), ("activity", "money_for", _activity)):
        named = places[column].map(names).groupby(places["organisation_id"])
        rows[shown] = rows["organisation_id"].map(named.agg(written.in_a_cell))
    rows = rows.sort_values("organisation", key=written.alphabetical)
    rows = rows.sort_values("days_left", kind="stable").reset_index(drop=True)
    columns = ["organisation", "last_day", "days_left", "total", "funders", "largest_funder", "money_in", "money_for"]
    return Table(
        "ending",
        ngettext(
            "{n} organisation loses its last signed money within {days} days",
            "{n} organisations lose their last signed money within {days} days",
            len(rows),
        ).format(n=written.number(len(rows)), days=ENDING_DAYS),
        rows[columns].astype({"money_in": "str", "money_for": "str"}),
        _("Last day of any signed grant on record. Pledges are not counted."),
    )


def _activity(code: str) -> str:
    return codes.code("activity", code)


def who_funds(money: Portfolio) -> Table:
    """The funders behind the signed money of this choice, largest first; unnamed sources are one row."""
    found = read(queries.money.sources(Cut(money.filters, money.currency), money.viewer))
    named = found["funder"].fillna(_("not named")).where(~found["is_own"].astype(bool), _("own money"))
    table = found.assign(funder=named, total_here=found["received"])
    table = table.sort_values(["total_here", "funder"], ascending=[False, True]).reset_index(drop=True)
    return Table(
        "who_funds",
        _("Who funds this choice"),
        table[["funder", "organisations", "total_here"]],
        _("Signed money on record placed in the chosen countries and activities, re-grants under their intermediary."),
    )
