"""What a load says of days that cannot be, or have not come yet: their rows are loaded all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from data_access.case_episodes import EARLIEST, latest_possible
from data_access.i18n import _
from data_access.importers.outcomes import Outcome
from data_access.importers.records import Problem, Record

LONG_LIVED = frozenset(["organisation", "presence", "fx_rate"])
HAPPENED = {"grant": "committed_on", "payment": "paid_on"}
"""The day on which each was done, which cannot be ahead."""
OF_A_CASE, KEPT_BY_HAND = ("opened_on", "closed_on"), "case-log"


def ask_about_days(record: Record, today: date, outcome: Outcome, form: str | None) -> None:
    """A note on days that nobody can mean; the row is loaded, and figures leave such a case out. Days ahead of a case are asked about
    where it comes from a log (`form`); our own workbook brings back what pages list as records to fix."""
    if record.entity in LONG_LIVED:
        return
    done_on = HAPPENED.get(record.entity, "")
    if (day := record.values.get(done_on)) is not None and day > today and record.values.get("status") != "pledge":
        outcome.add(
            Problem(record.place, done_on, day.isoformat(), "not_yet",
                    _("is after today, and counts all the same."),
                    _("Correct the day, or load it as pledged until it is signed."), is_warning=True)
        )  # fmt: skip
    for column in OF_A_CASE if record.entity == "case_episode" and form == KEPT_BY_HAND else ():
        if (day := record.values.get(column)) is not None and today < day <= latest_possible(today):
            outcome.add(
                Problem(replace(record.place, raw={}), column, day.isoformat(), "not_yet",
                        _("is after today; until then the case counts as if this had not happened."),
                        _("Correct the day if it is mistyped, and load again."), is_warning=True)
            )  # fmt: skip
    for column, value in record.values.items():
        if isinstance(value, date) and not EARLIEST <= value <= latest_possible(today):
            outcome.add(
                Problem(record.place, column, value.isoformat(), "impossible_day",
                        _("is before {year} or more than ten years ahead. Is it meant?").format(year=EARLIEST.year),
                        _("Correct the year and load again."), is_warning=True)
            )  # fmt: skip
