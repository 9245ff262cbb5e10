"""Facts of the whole database: vocabulary, loads, and the one fixed table of initiatives that asked not to be listed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, func, or_, select

from data_access.schema import HIDING_PRECISIONS, code, import_run, organisation, policy_event, presence, source
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
    """One row per source with its newest finished load: source, rhythm_days, loaded_on, rejected."""
    newest = (
        select(import_run.c.source_id, func.max(import_run.c.loaded_on).label("loaded_on"))
        .where(import_run.c.status == "done")
        .group_by(import_run.c.source_id)
        .subquery()
    )
    statement = (
        select(source.c.name.label("source"), source.c.rhythm_days, newest.c.loaded_on)
        .outerjoin(newest, newest.c.source_id == source.c.id)
        .order_by(source.c.name)
    )
    return Query(statement, viewer)


def load_days(viewer: Viewer) -> Query:
    """The days on which anything was loaded, newest first: loaded_on."""
    statement = select(import_run.c.loaded_on).where(import_run.c.status == "done").distinct()
    return Query(statement.order_by(import_run.c.loaded_on.desc()), viewer)


def unlisted(viewer: Viewer) -> Query:
    """Aggregate-only initiatives, never filtered: host_country (NULL when undisclosed or not stated), organisation_id.

    Feeds the one fixed table (`distribution.merge_small`); its raw rows are never shown or exported.
    """
    statement = (
        select(
            func.min(case((presence.c.precision.not_in(HIDING_PRECISIONS), presence.c.host_country))).label(
                "host_country"
            ),
            organisation.c.id.label("organisation_id"),
        )
        .select_from(organisation)
        .outerjoin(presence, (presence.c.organisation_id == organisation.c.id) & (presence.c.role != "registered"))
        .where(organisation.c.is_initiative, organisation.c.visibility == "aggregate_only")
        .where(organisation.c.independence != "state_linked", organisation.c.closed_on.is_(None))
        .group_by(organisation.c.id)
    )
    return Query(statement, viewer)
