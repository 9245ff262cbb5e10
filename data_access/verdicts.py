"""People's answers on pairs: added through a connection that can do nothing else; history is never changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Engine, exists, func, insert, literal, select

from data_access.schema import overlap_verdict


@dataclass(frozen=True)
class Verdict:
    """One person's answer on one pair, with the facts she saw (`facet_hash`).

    `subject` is a pseudonym. Raises ValueError unless project_a < project_b.
    """

    project_a: int
    project_b: int
    answer: str
    reason: str | None
    subject: str
    answered_at: datetime
    facet_hash: str

    def __post_init__(self) -> None:
        if not self.project_a < self.project_b:
            raise ValueError("A pair is written with the smaller project first.")


def record(engine: Engine, verdict: Verdict) -> bool:
    """Add `verdict` in one statement; False when it is this person's newest answer on these facts already.

    Raises IntegrityError for an unknown answer, reason or project, or a "not a duplicate" without its reason.
    """
    before = overlap_verdict.alias()
    same_person = (
        (before.c.project_a == verdict.project_a)
        & (before.c.project_b == verdict.project_b)
        & (before.c.subject == verdict.subject)
    )
    newest = select(func.max(before.c.id)).where(same_person).scalar_subquery()
    said_already = exists().where(
        overlap_verdict.c.id == newest,
        overlap_verdict.c.answer == verdict.answer,
        func.coalesce(overlap_verdict.c.reason, "") == (verdict.reason or ""),
        overlap_verdict.c.facet_hash == verdict.facet_hash,
    )
    columns = asdict(verdict)
    values = select(*(literal(value, overlap_verdict.c[name].type) for name, value in columns.items()))
    values = values.where(~said_already)
    added = insert(overlap_verdict).from_select(list(columns), values).returning(overlap_verdict.c.id)
    with engine.begin() as connection:
        return connection.execute(added).first() is not None
