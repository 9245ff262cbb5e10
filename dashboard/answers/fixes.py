"""Records to fix: by reason, with what each reason leaves out of which chart, and the way to the record."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from dashboard.answers import money_rows, portfolio
from dashboard.answers.initiatives import chosen_places
from dashboard.metrics import distribution, need_tiers, placement
from dashboard.metrics import funding as metric
from dashboard.page.blocks import Table
from dashboard.page.reading import computed, found_once, read
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import N_, _

COLUMNS = ["reason", "record", "initiative", "slug"]
EFFECTS = {
    "no_place": N_("Initiatives: in no country and not on the map, counted as “not stated”."),
    "not_confirmed": N_("Initiatives: counted, but drawn as not confirmed recently."),
    "no_amount": N_("Funding gaps: in no sum."),
    "no_signing_date": N_("Funding gaps: in no sum of another currency than its own, and in no year of grantees."),
    "no_rate": N_("Funding gaps: in no sum of the chosen currency."),
    "no_dates": N_("Funding gaps: in no month of the cliff and in no year's coverage."),
    "inverted_dates": N_("Funding gaps: in no month of the cliff and in no year's coverage."),
    "shares_over_100": N_("Funding gaps and overview: in the network's sums, but its places are taken as not stated."),
    "no_country": N_("Funding gaps and overview: in the network's sums, but in no country."),
    "minimum_above_budget": N_("Funding gaps: both statements count in their own tier."),
    "need_without_amount": N_("Funding gaps: the line's need is unknown, so it enters no coverage and no gap."),
    "project_without_dates": N_("Overlap: whether it ran beside another cannot be told."),
    "project_without_activity": N_("Overview and overlap: in no cell of the grids, and pairs cannot be judged."),
}


@found_once
def find(visit: Visit) -> pd.DataFrame:
    """One row per record and reason: reason, record, initiative, slug. What the reader may not see is not in it."""
    of_all = computed(partial(_of_the_whole_network, visit), "records to fix", visit.currency)
    parts = [part[COLUMNS] for part in (*_initiatives(visit), of_all, _grants(visit))]
    found = pd.concat(parts, ignore_index=True).sort_values("initiative", kind="stable")
    order = {reason: place for place, reason in enumerate(EFFECTS)}
    return found.iloc[np.argsort(found["reason"].map(order).to_numpy(), kind="stable")]


def _of_the_whole_network(visit: Visit) -> pd.DataFrame:
    """Projects and needs to fix, whatever is chosen."""
    parts = (*_projects(visit), _needs(visit), _tiers(visit))
    return pd.concat([part[COLUMNS] for part in parts], ignore_index=True)


def _initiatives(visit: Visit) -> list[pd.DataFrame]:
    places = chosen_places(visit)
    places = places[distribution.active_now(places, visit.as_of)]
    each = distribution.one_per_initiative(places)
    placed = places[places["host_country"].notna() | places["is_withheld"]]["organisation_id"]
    stale = each[~distribution.is_confirmed(each, visit.as_of)]
    nowhere = each[~each["organisation_id"].isin(placed)]
    return [
        rows.assign(reason=reason, record=rows["name"], initiative=rows["name"])
        for reason, rows in (("no_place", nowhere), ("not_confirmed", stale))
    ]


def _projects(visit: Visit) -> list[pd.DataFrame]:
    found = read(queries.overlap.projects_to_fix(visit.viewer)).sort_values("project", kind="stable")
    rows = found.rename(columns={"project": "record", "organisation": "initiative", "organisation_slug": "slug"})
    return [
        rows[rows["is_undated"]].assign(reason="project_without_dates"),
        rows[rows["is_idle"]].assign(reason="project_without_activity"),
    ]


def _needs(visit: Visit) -> pd.DataFrame:
    return _of_need(read(queries.funding.needs_to_fix(visit.viewer)), "need_without_amount")


def _tiers(visit: Visit) -> pd.DataFrame:
    """Lines of which a smaller kind of need is above a larger one."""
    needs = read(queries.funding.needs(visit.viewer))
    rates = read(queries.funding.rates(visit.viewer))
    converted = metric.convert(needs, rates, visit.currency, "stated_on")
    line = placement.line_of(needs["project_id"], needs["organisation_id"])
    rows = need_tiers.to_fix(need_tiers.newest(converted.assign(line=line))).drop_duplicates("line")
    return _of_need(rows, "minimum_above_budget")


def _of_need(rows: pd.DataFrame, reason: str) -> pd.DataFrame:
    return rows.assign(
        reason=reason,
        record=rows["project"].fillna(rows["organisation"]),
        initiative=rows["organisation"],
        slug=rows["organisation_slug"],
    )


def _grants(visit: Visit) -> pd.DataFrame:
    rows = money_rows.grants_to_fix(portfolio.picture(visit))
    return rows.assign(
        record=rows["reference"].fillna(_("a grant")), initiative=rows["recipient"], slug=rows["recipient_slug"]
    )


def by_reason(found: pd.DataFrame) -> Table:
    """How many records each reason touches, and what that leaves out of the charts."""
    counts = found["reason"].value_counts()
    reasons = [reason for reason in EFFECTS if counts.get(reason)]
    rows = pd.DataFrame(
        {
            "reason": pd.array(reasons, dtype="str"),
            "number": pd.array([int(counts[reason]) for reason in reasons], dtype="Int64"),
            "effect": pd.array([_(EFFECTS[reason]) for reason in reasons], dtype="str"),
        }
    )
    note = _("Nothing here is thrown away: each record is in the database and waits for somebody who knows.")
    return Table("fix_reasons", _("What is missing, and what charts leave out because of it"), rows, note)


def reason_names(found: pd.DataFrame) -> dict[str, str]:
    """The reasons that occur, with their counts, to choose from."""
    counts = found["reason"].value_counts()
    return {
        reason: f"{codes.word(reason)} ({written.number(int(counts[reason]))})"
        for reason in EFFECTS
        if counts.get(reason)
    }


def records(found: pd.DataFrame, reason: str) -> Table:
    """The records of one reason, each with the way to the initiative's profile."""
    rows = found[found["reason"] == reason]
    note = _("A name opens the initiative's profile.")
    shown = rows[["record", "initiative"]]
    return Table("fix_records", written.capital(codes.word(reason)), shown, note, profiles={"initiative": rows["slug"]})
