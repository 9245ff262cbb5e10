"""Facts of the whole database: vocabulary, loads, and the one fixed table of initiatives that asked not to be listed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from data_access.queries import visible
from data_access.schema import code, import_run, policy_event, source, unlisted_count
from data_access.viewer import Query, Viewer


def codes(viewer: Viewer) -> Query:
    """Columns: facet, code, label_en, label_de, label_ru, position."""
    return Query(select(code).order_by(code.c.facet, code.c.position), viewer)


def events(countries: Sequence[str], viewer: Viewer) -> Query:
    """Dated changes of policy and funding that concern these countries, or all of them without any; those of no single
    country concern everybody: on_date, kind, host_country, label_en, label_de, label_ru."""
    columns = (column for column in policy_event.c if column.name != "id")
    statement = select(*columns).order_by(policy_event.c.on_date, policy_event.c.label_en)
    if countries:
        concerned = or_(policy_event.c.host_country.is_(None), policy_event.c.host_country.in_(countries))
        statement = statement.where(concerned)
    return Query(statement, viewer)


def loads(viewer: Viewer) -> Query:
    """One row per source that may be named, with its newest finished load: source, rhythm_days, loaded_on."""
    newest = (
        select(import_run.c.source_id, func.max(import_run.c.loaded_on).label("loaded_on"))
        .where(import_run.c.status == "done")
        .group_by(import_run.c.source_id)
        .subquery()
    )
    statement = (
        select(source.c.name.label("source"), source.c.rhythm_days, newest.c.loaded_on)
        .outerjoin(newest, newest.c.source_id == source.c.id)
        .where(visible.sources(viewer))
        .order_by(source.c.name)
    )
    return Query(statement, viewer)


def load_days(viewer: Viewer) -> Query:
    """The days on which anything was loaded, newest first: loaded_on."""
    statement = select(import_run.c.loaded_on).where(import_run.c.status == "done").distinct()
    return Query(statement.order_by(import_run.c.loaded_on.desc()), viewer)


def unlisted(viewer: Viewer) -> Query:
    """How many initiatives asked not to be listed, as counted at the newest release, never filtered: release,
    released_on, host_country (ZZ when undisclosed or not stated), organisations.

    Feeds the one fixed table (`distribution.merge_small`); its raw rows are never shown or exported.
    """
    newest = (
        select(unlisted_count.c.release)
        .order_by(unlisted_count.c.released_on.desc(), unlisted_count.c.release.desc())
        .limit(1)
    )
    return Query(select(unlisted_count).where(unlisted_count.c.release == newest.scalar_subquery()), viewer)
