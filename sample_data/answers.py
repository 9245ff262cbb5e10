"""What invented coordinators answered about pairs: agreement, dismissal, dispute, and an answer on older facts."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, insert, select

from data_access.schema import overlap_pair, overlap_verdict

ADA, BORIS, CHIARA = "sample coordinator A", "sample coordinator B", "sample coordinator C"
# (place in the ranking of flagged pairs, person, answer, reason, day, on today's facts)
SAID = (
    (2, ADA, "already_coordinating", None, datetime(2026, 6, 3, tzinfo=UTC), True),
    (3, ADA, "confirmed", None, datetime(2026, 6, 3, tzinfo=UTC), True),
    (4, BORIS, "not_a_duplicate", "other_people", datetime(2026, 7, 14, tzinfo=UTC), True),
    (5, BORIS, "confirmed", None, datetime(2026, 7, 14, tzinfo=UTC), True),
    (6, ADA, "confirmed", None, datetime(2026, 7, 20, tzinfo=UTC), True),
    (6, CHIARA, "not_a_duplicate", "agreed_division", datetime(2026, 9, 22, tzinfo=UTC), True),
    (7, CHIARA, "not_a_duplicate", "other_work", datetime(2026, 5, 11, tzinfo=UTC), False),
    (9, CHIARA, "not_sure", None, datetime(2026, 9, 22, tzinfo=UTC), True),
    (10, ADA, "confirmed", None, datetime(2026, 9, 30, tzinfo=UTC), True),
    (12, BORIS, "already_coordinating", None, datetime(2026, 10, 2, tzinfo=UTC), True),
)


def populate(shared: Engine) -> None:
    """Record the answers on pairs that funders may see, after a first scoring."""
    stored = overlap_pair.c
    flagged = (
        select(stored.project_a, stored.project_b, stored.facet_hash)
        .where(stored.clearance == "funder", stored.label == "possible_duplication")
        .order_by(stored.low.desc(), stored.score.desc(), stored.project_a, stored.project_b)
    )
    with shared.begin() as connection:
        pairs = connection.execute(flagged).all()
        rows = [
            {
                "project_a": pairs[place].project_a,
                "project_b": pairs[place].project_b,
                "answer": answer,
                "reason": reason,
                "subject": subject,
                "answered_at": at,
                "facet_hash": pairs[place].facet_hash if is_current else "0" * 64,
            }
            for place, subject, answer, reason, at, is_current in SAID
        ]
        connection.execute(insert(overlap_verdict), rows)
