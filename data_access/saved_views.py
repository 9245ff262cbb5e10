"""Named views of one reader: a page and the query of its link. A view is a link like any other and gives no right."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Delete, Engine, delete, func, insert, select

from data_access.i18n import _
from data_access.schema import saved_view

LONGEST_NAME, LONGEST_QUERY, MOST_VIEWS = 80, 400, 50


class TooMany(Exception):
    """A reader keeps as many views as anybody may."""


@dataclass(frozen=True)
class SavedView:
    """A view: its name, the page's address, and the query. Raises ValueError when it is too long to be kept."""

    name: str
    page: str
    query: str

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > LONGEST_NAME or len(self.query) > LONGEST_QUERY:
            raise ValueError(_("A view needs a name of at most 80 signs, and a query of at most 400."))


def views_of(engine: Engine, subject: str) -> list[SavedView]:
    """The reader's views by name."""
    mine = select(saved_view).where(saved_view.c.subject == subject).order_by(saved_view.c.name)
    with engine.connect() as connection:
        return [SavedView(row.name, row.page, row.query) for row in connection.execute(mine)]


def keep(engine: Engine, subject: str, view: SavedView) -> None:
    """Keep a view; one of the same name is replaced. Raises TooMany."""
    with engine.begin() as connection:
        connection.execute(_named(subject, view.name))
        others = select(func.count()).select_from(saved_view).where(saved_view.c.subject == subject)
        if (connection.scalar(others) or 0) >= MOST_VIEWS:
            raise TooMany
        row = {"subject": subject, "name": view.name, "page": view.page, "query": view.query}
        connection.execute(insert(saved_view), row)


def forget(engine: Engine, subject: str, name: str) -> None:
    """Take a view out."""
    with engine.begin() as connection:
        connection.execute(_named(subject, name))


def _named(subject: str, name: str) -> Delete:
    return delete(saved_view).where(saved_view.c.subject == subject, saved_view.c.name == name)
