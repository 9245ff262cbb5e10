"""A log of cases come again under other numbers, or from another source: each case would count twice, and nobody could tell."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import and_, select

from data_access.i18n import in_digits, ngettext
from data_access.importers.records import Unreadable
from data_access.importers.run import BATCH, Run
from data_access.schema import case_episode, case_source_record, relocation_case

FEWEST = 3
LEAST_PART = 0.5


class AreTheyKnown(Unreadable):
    """The new cases are those of an earlier load by all that a log says of them but their numbers; the message says what to do."""


def ask_whether_cases_are_known(run: Run, *, counts_both: bool) -> None:
    """Refuse a load of which half of the new cases, three or more, have openings, endings, people and countries of as many cases of one
    source that this load does not name. With `counts_both` somebody looked. Raises AreTheyKnown."""
    if counts_both or len(run.new_cases) < FEWEST:
        return
    new: Counter[tuple[Any, ...]] = Counter()
    known: dict[int, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    facts = [relocation_case.c.people, relocation_case.c.waiting_country]
    facts += [case_episode.c[name] for name in ("opened_on", "closed_on", "outcome", "route", "host_country")]
    of_case = select(relocation_case.c.id, *facts).join(case_episode, case_episode.c.case_id == relocation_case.c.id)
    connection, ids = run.connections["cases"], list(run.new_cases)
    for start in range(0, len(ids), BATCH):
        asked = of_case.where(relocation_case.c.id.in_(ids[start : start + BATCH]), case_episode.c.episode_no == 1)
        new.update(tuple(row[1:]) for row in connection.execute(asked) if row.opened_on is not None)
    days = sorted({stood[2] for stood in new})
    trace = case_source_record.c
    for start in range(0, len(days), BATCH):
        asked = (
            of_case.add_columns(trace.source_id)
            .join(case_source_record, and_(trace.entity == "relocation_case", trace.external_id == relocation_case.c.id))
            .where(case_episode.c.opened_on.in_(days[start : start + BATCH]), case_episode.c.episode_no == 1,
                   trace.seen_run_id != run.runs["cases"])
        )  # fmt: skip
        for row in connection.execute(asked):
            if row.id not in run.new_cases:
                known[row.source_id][tuple(row[1:-1])] += 1
    for theirs in known.values():
        alike = (new & theirs).total()
        if alike >= FEWEST and alike >= LEAST_PART * len(ids):
            raise AreTheyKnown(
                ngettext(
                    "{alike} of {n} new case has the opening, ending, people and countries of cases that are there under other numbers, "
                    "and would count beside them. If it is the same log, load it under the source and with the numbers it had; if they "
                    "are other cases, say that somebody looked and both count.",
                    "{alike} of {n} new cases have the openings, endings, people and countries of cases that are there under other "
                    "numbers, and would count beside them. If it is the same log, load it under the source and with the numbers it "
                    "had; if they are other cases, say that somebody looked and both count.",
                    len(ids),
                ).format(alike=in_digits(alike), n=in_digits(len(ids)))
            )
