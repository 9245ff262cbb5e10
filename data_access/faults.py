"""Faults of pages, by the reference that a reader was told. Of the data nothing is kept: where in the code, and which kind."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Engine, insert

from data_access.schema import fault

LONGEST = 800


@dataclass(frozen=True)
class Fault:
    """What broke on a page: `kind` is the class of the exception, `places` files, lines and functions, the innermost last."""

    noted_at: datetime
    reference: str
    page: str
    kind: str
    places: str


def record(engine: Engine, entry: Fault) -> None:
    """Keep a fault. Raises SQLAlchemyError where the database does not take it."""
    with engine.begin() as connection:
        connection.execute(insert(fault), asdict(entry) | {"places": entry.places[-LONGEST:]})
