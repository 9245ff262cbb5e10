"""Records -> rows, in one transaction: created, updated, unchanged, rejected, not seen again; undone run by run.

Idempotent by (source, entity, outside id) and a hash of what the source said: the same file twice changes nothing. What
an update replaces is kept in `import_change`, so that a run can be undone. Memory does not grow with the file: records
are written in batches, and looked up in batches.

Organisations are never merged because their names are alike, only proposed; amounts far above the source's usual ones
are loaded with a loud warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import Engine

from data_access import meta
from data_access.database import Which
from data_access.importers.known_cases import ask_whether_cases_are_known
from data_access.importers.nearly_same_money import say_what_is_nearly_the_same
from data_access.importers.outcomes import Agreed, Origin, Outcome
from data_access.importers.questions import propose_same_cases, propose_similar, warn_of_outliers
from data_access.importers.records import Problem, Record
from data_access.importers.restated import ask_about_numbers, ask_whether_corrected
from data_access.importers.run import Run
from data_access.importers.same_money import leave_out_same_money
from data_access.importers.sources import keep_salt

UNNAMED, NOTHING = Origin(), Agreed()


def load(
    engines: Mapping[Which, Engine],
    source: str,
    records: Iterable[Record | Problem],
    today: date,
    *,
    origin: Origin = UNNAMED,
    dry_run: bool = False,
    is_snapshot: bool = False,
    agreed: Agreed = NOTHING,
) -> Outcome:
    """Write `records` of `source`, each database in one transaction that ends at the end of the file, or not at all.

    A dry run does everything and takes it back. With `is_snapshot`, rows of this source that are not in the file any
    more are taken out; otherwise they are only counted. Raises what the readers of `records` raise, and then nothing
    was written.
    """
    outcome = Outcome()
    open_transactions = {which: engine.connect() for which, engine in engines.items()}
    try:
        for which, connection in open_transactions.items():
            meta.take_turn(connection, which)
        run = Run(open_transactions, source, today, outcome, origin, discloses=agreed.discloses)
        run.take(records)
        ask_about_numbers(run, counts_both=agreed.counts_both, is_snapshot=is_snapshot)
        ask_whether_corrected(run, counts_both=agreed.counts_both, is_snapshot=is_snapshot)
        ask_whether_cases_are_known(run, counts_both=agreed.counts_both)
        run.look_for_the_missing(is_snapshot)
        propose_similar(run)
        propose_same_cases(run)
        leave_out_same_money(run, counts_both=agreed.counts_both, is_snapshot=is_snapshot)
        say_what_is_nearly_the_same(run)
        warn_of_outliers(run)
        run.finish()
        if origin.salt and "cases" in run.runs:
            keep_salt(open_transactions["cases"], origin.salt)
        for connection in open_transactions.values():
            if dry_run:
                connection.rollback()
            else:
                connection.commit()
    finally:
        for connection in open_transactions.values():
            connection.close()
    return outcome
