"""The legal stay against the queue: who is not expected in time, the pace that would be, and capacity for a target."""

from __future__ import annotations

from datetime import date

import pandas as pd

from dashboard.answers import cases
from dashboard.answers.cases import Live, LiveFigure
from dashboard.metrics import legal_stay, relocation
from dashboard.metrics.statistics import DAYS_PER_MONTH
from dashboard.page.blocks import Figure, Table
from dashboard.page.reading import found_once, read
from dashboard.page.visit import Visit
from dashboard.words import written
from data_access import queries
from data_access.case_summaries import BEFORE_ISSUE
from data_access.i18n import _, ngettext

WEEKS = 4
TARGET_MONTHS = 6


@found_once
def _cases(visit: Visit) -> pd.DataFrame:
    """Open cases before issue, grouped: stage, waited, left (NA without a clock on record), cases."""
    found = read(queries.relocation.legal_stays(visit.filters, visit.viewer))
    found = found[found["stage"].isin(BEFORE_ISSUE)]
    return found.assign(
        waited=(visit.cases_as_of - found["stage_since"]).dt.days,
        left=(found["stay_ends_on"] - visit.cases_as_of).dt.days.astype("Int64"),
    )


@found_once
def in_time(visit: Visit) -> tuple[legal_stay.InTime, bool]:
    """Open cases against past stays, those since the newest change of policy where enough remain; and whether there are
    enough of both to show it."""
    stays = read(queries.relocation.stays(visit.filters, visit.viewer))
    current = stays[stays["is_current"].astype(bool)]
    compared = current if current["stays"].sum() >= legal_stay.FEWEST_PAST else stays
    found = legal_stay.against_the_queue(compared, _cases(visit))
    is_enough = found.running >= legal_stay.FEWEST_OPEN and compared["stays"].sum() >= legal_stay.FEWEST_PAST
    return found, bool(is_enough and found.chances)


def figures(visit: Visit) -> list[Figure]:
    """How many cases are not expected in time, and what pace would do."""
    return [_not_in_time(visit), _pace_needed(visit)]


def _not_in_time(visit: Visit) -> Figure:
    found, is_enough = in_time(visit)
    apart = _("of cases without a visa yet: {over} over already; {none} without a clock on record").format(
        over=written.number(found.over), none=written.number(found.no_clock)
    )
    if not is_enough:
        why = _("too few to say; stays that still run: {n}").format(n=written.number(found.running))
        return LiveFigure("not_in_time", None, "–", why, apart)
    if found.unjudged:
        apart += "; " + _("{n} cannot be compared").format(n=written.number(found.unjudged))
    low, high = found.limits
    said = _("{low} to {high}, of {n} cases whose stay still runs").format(
        low=written.number(low), high=written.number(high), n=written.number(found.running)
    )
    shown = _("about {n}").format(n=written.number(round(found.expected)))
    return LiveFigure("not_in_time", found.expected, shown, said, apart)


def _pace_needed(visit: Visit) -> Figure:
    cases = _cases(visit)
    running = cases[cases["left"].gt(0).fillna(False)]
    left = [int(row.left) for row in running.itertuples() for _case in range(int(row.cases))]
    pace = legal_stay.pace_needed(left)
    return LiveFigure(
        "pace_needed",
        pace if left else None,
        written.number(-int(-pace // 1)) if left else "–",
        _("{n} a week were issued in the last {weeks} weeks").format(
            n=written.decimal(_issued_per_week(visit)), weeks=WEEKS
        ),
        _("so that none of {n} running stays ends first, if whose stay ends first is served first").format(
            n=written.number(len(left))
        )
        if left
        else _("no legal stay on record still runs"),
    )


def _issued_per_week(visit: Visit) -> float:
    days = (visit.cases_as_of - pd.Timedelta(weeks=WEEKS), visit.cases_as_of)
    then, now = (relocation.reached_by(cases.moves(visit), day).get("issued", 0) for day in days)
    return (now - then) / WEEKS


def target_day(visit: Visit) -> str:
    """The day a target is meant for at first: half a year after the cut-off."""
    return str((visit.cases_as_of + pd.DateOffset(months=TARGET_MONTHS)).date().isoformat())


def capacity(visit: Visit, cases: Live, target: int, by: str) -> Figure:
    """Closings a month to have `target` cases open on a day, at the arrivals of the last three full months."""
    window = relocation.full_months(cases.flow).tail(3)
    day = date.fromisoformat(by)
    months = round((day - visit.cases_as_of.date()).days / DAYS_PER_MONTH, 2)
    if window.empty or months <= 0:
        return LiveFigure("closings_needed", None, "–", _("the records are too short to say"))
    arrivals, pace = (float(window[name].mean()) for name in ("incoming", "closed"))
    needed = legal_stay.closings_needed(arrivals, cases.open_now, max(0, target), months)
    is_enough = pace >= needed
    compared = (_("the present pace of {n} is higher already") if is_enough else _("{n} at the present pace")).format(
        n=written.decimal(pace)
    )
    return LiveFigure(
        "closings_needed",
        needed,
        written.decimal(needed),
        compared,
        _("{now} open now, {n} a month arrive").format(now=written.number(cases.open_now), n=written.decimal(arrivals)),
    )


def notes() -> list[str]:
    """How it is found out."""
    return [
        _("In time: compared are past stays in the same stage that had lasted as long, of all routes of the choice; since the newest change of policy where at least {n} remain. Nine times in ten the number lies between the two given.").format(n=legal_stay.FEWEST_PAST),
        _("It says nothing of any one case and does not order the call list."),
    ]  # fmt: skip


def long_over(visit: Visit) -> Table:
    """Cases whose legal stay has been over for more than a year, to check."""
    found = read(queries.relocation.stays_over_before(cases.long_over(visit), visit.filters, visit.viewer))
    rows = found.assign(
        case_reference=found["case_id"],
        stay_left=(found["stay_ends_on"] - visit.cases_as_of).dt.days.astype("Int64"),
    )[["case_reference", "host_country", "route", "stage", "stay_left"]]
    title = ngettext(
        "The legal stay of {n} open case has been over for more than a year",
        "The legal stay of {n} open cases has been over for more than a year",
        len(rows),
    ).format(n=written.number(len(rows)))
    return Table("stays_long_over", title, rows, _("Records to check: closed without a word, or another stay that nobody entered."), is_live=True)  # fmt: skip
