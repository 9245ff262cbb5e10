"""Rows that the database does not accept, told from a database that cannot take any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError

from data_access.i18n import _
from data_access.importers.records import Problem, Record


class RowRefused(Exception):
    """A row that the database does not accept; the words are the database's."""


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """What fails in it is taken back alone. Raises RowRefused; no room left, a connection that broke or a file that cannot be
    written are no row's fault and go on as they are."""
    try:
        with connection.begin_nested():
            yield
    except (OperationalError, InterfaceError, InternalError):
        raise
    except SQLAlchemyError as error:
        raise RowRefused(str(getattr(error, "orig", error))) from error


def problem_of(record: Record, refusal: RowRefused) -> Problem:
    """What the database did not accept, without its statement or parameters."""
    reason = str(refusal).splitlines()[0]
    return Problem(
        record.place,
        "",
        record.key,
        "refused",
        _("was refused by the database: {reason}.").format(reason=reason),
        _("Correct the row."),
    )
