"""The initiatives behind a figure."""

from __future__ import annotations

import pandas as pd

from dashboard.answers.initiatives import Initiatives
from dashboard.metrics import distribution
from dashboard.page.blocks import Table
from dashboard.words import written
from data_access.i18n import _, ngettext

FIGURES = ("active_initiatives", "countries", "net_openings", "placed", "confirmed_share")


def rows_of_figure(found: Initiatives, figure: str) -> Table:
    """The initiatives a figure counts; for a share those that are not in it, since they are who can be asked."""
    if figure == "countries":
        return _countries(found)
    now = distribution.active_now(found.each, found.as_of)
    if figure == "net_openings":
        year_ago = found.as_of - pd.DateOffset(years=1)
        came, went = (
            distribution.within(found.each[name], year_ago, found.as_of) for name in ("founded_on", "closed_on")
        )
        kept, title = came | went, _came_and_went(int(came.sum()), int(went.sum()))
    elif figure == "placed":
        placed = found.places.loc[found.places["host_country"].notna(), "organisation_id"]
        kept = now & ~found.each["organisation_id"].isin(placed)
        n = int(kept.sum())
        title = ngettext(
            "{n} active initiative is in no country shown", "{n} active initiatives are in no country shown", n
        ).format(n=written.number(n))
    elif figure == "confirmed_share":
        kept = now & ~distribution.is_confirmed(found.each, found.as_of)
        n = int(kept.sum())
        title = ngettext(
            "{n} active initiative was not confirmed in 12 months",
            "{n} active initiatives were not confirmed in 12 months",
            n,
        ).format(n=written.number(n))
    else:
        kept, n = now, int(now.sum())
        title = ngettext("{n} active initiative", "{n} active initiatives", n).format(n=written.number(n))
    return Table("figure_initiatives", title, listed(found, found.each[kept]))


def _came_and_went(came: int, went: int) -> str:
    return _("In 12 months {came} were founded and {went} closed").format(
        came=written.number(came), went=written.number(went)
    )


def _countries(found: Initiatives) -> Table:
    counts = found.named[["place", "initiatives", "confirmed", "not_confirmed"]]
    title = ngettext("{n} host country", "{n} host countries", len(counts)).format(n=written.number(len(counts)))
    return Table("figure_countries", title, counts.reset_index(drop=True))


def listed(found: Initiatives, each: pd.DataFrame) -> pd.DataFrame:
    """Initiatives as a table lists them, by name: initiative, works_in (in words), founded_on, closed_on, confirmed_on."""
    own = found.places[found.places["organisation_id"].isin(each["organisation_id"])]
    named = own.assign(country=distribution.place_of(own).map(written.country))
    works_in = named.groupby("organisation_id")["country"].agg(lambda names: written.listing(written.in_order(names)))
    rows = each.assign(initiative=each["name"], works_in=each["organisation_id"].map(works_in))
    columns = ["initiative", "works_in", "founded_on", "closed_on", "confirmed_on"]
    return rows.sort_values("initiative", key=written.alphabetical, kind="stable")[columns].reset_index(drop=True)
