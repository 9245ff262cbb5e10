"""Cases behind a figure: whom to call, open cases by pseudonymous reference, and the counts a figure is made of."""

from __future__ import annotations

import pandas as pd

from dashboard.answers.cases import Live, long_over
from dashboard.metrics import relocation
from dashboard.page.blocks import Chart, Table
from dashboard.page.reading import read
from dashboard.page.visit import Visit
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext

MONTHS = 6
FIGURES = ("open_cases", "resolved_rate", "half_end_within", "on_time", "open_long")


def call_orders() -> dict[str, str]:
    """How the call list can be sorted."""
    return {"urgent": _("most urgent"), "stuck": _("longest in their stage"), "oldest": _("open longest")}


def call_list(visit: Visit, order: str) -> Table:
    """Whom to call today: open cases by pseudonymous reference, own countries only."""
    rows = _open(visit, order)
    note = _(
        "The first {n} open cases of your countries; most urgent: legal stay ends soonest, then longest in their stage. Cases "
        "whose stay has been over for more than a year are listed under Records. The person behind a reference is known only to "
        "whoever handles the case."
    ).format(n=written.number(len(rows)))
    return Table("call_list", _("Whom to call today"), rows, note, is_live=True)


def _open(visit: Visit, order: str, which: queries.relocation.Which = queries.relocation.EVERY_CASE) -> pd.DataFrame:
    """Open cases as a list shows them."""
    found = read(queries.relocation.call_list(order, long_over(visit), visit.filters, visit.viewer, which))
    rows = found.assign(
        case_reference=found["case_id"],
        days_open=(visit.cases_as_of - found["opened_on"]).dt.days.astype("Int64"),
        days_in_stage=(visit.cases_as_of - found["stage_since"]).dt.days.astype("Int64"),
        stay_left=(found["stay_ends_on"] - visit.cases_as_of).dt.days.astype("Int64"),
        hold=found["on_hold"].map({True: "on_hold", False: "moving"}),
    )
    columns = ["stay_left", "case_reference", "stage", "days_in_stage", "days_open", "route", "host_country", "hold",
               "opened_on"]  # fmt: skip
    return rows[columns]


def rows_of_figure(visit: Visit, found: Live, figure: str) -> Table:
    """Open cases behind a figure of them; for rates and waiting times the counts they are made of, since closed cases are
    listed nowhere."""
    if figure == "resolved_rate":
        return _months(found)
    if figure == "half_end_within":
        return _waits(found)
    if figure == "on_time":
        return _in_time(found)
    if figure == "open_long":
        first_day = (visit.cases_as_of - pd.Timedelta(days=relocation.STANDARD_DAYS)).date()
        whole = relocation.open_longer_than(found.open_ages).known
        return open_rows(visit, queries.relocation.Which(opened_before=first_day), whole)
    return open_rows(visit, queries.relocation.EVERY_CASE, found.open_now)


def open_rows(visit: Visit, which: queries.relocation.Which, whole: int) -> Table:
    """The first of `whole` open cases, open longest first."""
    rows = _open(visit, "oldest", which)
    return Table("figure_cases", _counted(whole), rows, _listed(len(rows), whole), is_live=True)


def _counted(whole: int) -> str:
    return ngettext("{n} open case", "{n} open cases", whole).format(n=written.number(whole))


def stage_names(ages: Chart) -> dict[str, str]:
    """The stages whose open cases can be listed."""
    return {stage: codes.word(stage) for stage in dict.fromkeys(ages.rows["stage"])}


def route_names(clocks: Chart) -> dict[str, str]:
    """The routes whose open cases with a legal clock can be listed."""
    return {route: codes.code("route", route) for route in dict.fromkeys(clocks.rows["route"])}


def rows_of_clocks(visit: Visit, clocks: Chart, route: str) -> Table:
    """The open cases of one route that have a legal clock, those whose stay ends soonest first."""
    rows = _open(visit, "urgent", queries.relocation.Which(clocks_of_route=route))
    whole = int(clocks.rows.loc[clocks.rows["route"] == route, "episodes"].sum())
    note = (
        _("Legal stay ends soonest first; the first {n} are listed.").format(n=written.number(len(rows)))
        if len(rows) < whole
        else _("Legal stay ends soonest first.")
    )
    return Table("clock_cases", _counted(whole), rows, note, is_live=True)


def rows_of_stage(visit: Visit, found: Live, stage: str) -> Table:
    """The open cases of one stage."""
    whole = int(found.open_ages.loc[found.open_ages["stage"] == stage, "episodes"].sum())
    return open_rows(visit, queries.relocation.Which(stage=stage), whole)


def _months(found: Live) -> Table:
    full = relocation.full_months(found.flow).tail(MONTHS).iloc[::-1]
    title = _("The last {n} full months").format(n=written.number(len(full)))
    rows = full.assign(
        incoming=full["incoming"] - full["ineligible_in"], closed=full["closed"] - full["ineligible_out"]
    )
    note = _("The rate counts the newest three. Cases that turned out not to be eligible are left out.")
    return Table("figure_months", title, rows[["month", "incoming", "closed"]], note, is_live=True)


def _waits(found: Live) -> Table:
    """Cases followed, by days since opening: ended by then, and still waiting."""
    days = found.durations.rename(columns={"outcome": "stage"}).assign(stage=found.durations["outcome"].eq("open"))
    counted = relocation.age_buckets(days[["stage", "days", "episodes"]])
    wide = counted.pivot_table(index="bucket", columns="stage", values="episodes", aggfunc="sum", fill_value=0)
    wide = wide.reindex(
        index=[b for b in relocation.AGE_BUCKETS if b in wide.index], columns=[False, True], fill_value=0
    )
    rows = wide.set_axis(["closed", "still_waiting"], axis=1).astype("int64").reset_index()
    note = _("Cases opened in the period, by days from opening to their end or to the cut-off.")
    return Table("figure_waits", _("Cases followed, ended and still waiting"), rows, note, is_live=True)


def _in_time(found: Live) -> Table:
    """Per route: cases opened at least the standard ago, and those of them that closed within it."""
    shares = {route: relocation.on_time_share(own) for route, own in found.durations.groupby("route")}
    counted = [(route, share.total, share.known) for route, share in shares.items() if share.total]
    rows = pd.DataFrame(counted, columns=["route", "followed", "closed"])
    title = _("Closed within {n} days, by route").format(n=relocation.STANDARD_DAYS)
    note = _("Cases opened at least {n} days before the cut-off.").format(n=relocation.STANDARD_DAYS)
    return Table("figure_on_time", title, rows, note, is_live=True)


def opened_since(visit: Visit, day: pd.Timestamp, opened: int) -> Table:
    """The first of the cases opened after a day that are still open; `opened`: how many were opened or reopened."""
    rows = _open(visit, "oldest", queries.relocation.Which(opened_after=day.date()))
    ages = read(queries.relocation.open_by_stage(visit.filters, visit.viewer))
    is_later = (ages["days"] < (visit.cases_as_of - day).days).fillna(False)
    still = int(ages.loc[is_later, "episodes"].sum())
    note = _("{k} of {n} are still open.").format(k=written.number(still), n=written.number(opened))
    return Table(
        "change_cases",
        _("Cases opened since {day}").format(day=written.day(day)),
        rows,
        " ".join(filter(None, (note, _listed(len(rows), still)))),
        is_live=True,
    )


def _listed(shown: int, whole: int) -> str:
    """How many of a longer list are there."""
    return _("The {n} open longest are listed.").format(n=written.number(shown)) if shown < whole else ""
