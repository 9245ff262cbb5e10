"""The only cache between pages and database, keyed by viewer scope and data version and by what was asked: a query's
SQL and parameters, or the name of a frame computed from queries that many choices share."""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

import pandas as pd
import streamlit as st
from sqlalchemy import Engine

from dashboard.visit import current
from data_access import database
from data_access.viewer import Query

T = TypeVar("T")


class NoConnection(RuntimeError):
    """This server has no connection to write there with."""


class NoCases(RuntimeError):
    """Live case figures were asked of a deployment without a case database."""


@st.cache_resource
def engine(which: database.Which, url: str) -> Engine:
    """A read-only engine per database and process. Raises DatabaseProblem when it is not ready to be read.

    By then the heavy modules are loaded: frozen, they are not searched at every collection, which took 150 ms.
    """
    opened = database.open_reader(url)
    database.assert_ready(opened, which)
    gc.freeze()
    return opened


def shared_engine() -> Engine:
    """The engine of the shared database."""
    return engine("shared", database.urls_from_environment().shared)


def cases_engine() -> Engine | None:
    """The engine of the case database, or None on a deployment that does not know of one."""
    url = database.urls_from_environment().cases
    return engine("cases", url) if url else None


@st.cache_resource
def _appender(url: str, table: str) -> Engine:
    return database.open_appender(url, table)


def appender(table: str) -> Engine:
    """The narrow connection that adds rows to one shared table. Raises NoConnection where this server has none."""
    url = database.narrow_url(table, database.urls_from_environment())
    if url is None:
        raise NoConnection
    return _appender(url, table)


@st.cache_resource
def _importer(url: str) -> Engine:
    return database.open_importer(url)


def writes_to(table: str) -> bool:
    """Whether this server has the narrow connection that `appender` opens."""
    return database.narrow_url(table, database.urls_from_environment()) is not None


def takes_uploads() -> bool:
    """Whether this server loads files that stewards upload."""
    return database.import_url(database.urls_from_environment()) is not None


def importer() -> Engine:
    """The narrow connection that loads files. Raises NoConnection where this server has none."""
    url = database.import_url(database.urls_from_environment())
    if url is None:
        raise NoConnection
    return _importer(url)


def read_metas() -> dict[str, dict[str, str]]:
    """The `meta` table of each database there is, as it is now."""
    cases = cases_engine()
    metas = {"shared": database.read_meta(shared_engine())}
    return metas if cases is None else metas | {"cases": database.read_meta(cases, "cases")}


def read_now(query: Query) -> pd.DataFrame:
    """The rows of `query` as they are now, never cached: for small tables that people write while others read."""
    return database.run(shared_engine(), query)


def read(query: Query) -> pd.DataFrame:
    """The rows of `query`, from the cache when this viewer's scope asked the same of the same data.

    Raises DataMoved when the data are not those that the visit began with.
    """
    opened = shared_engine() if query.database == "shared" else cases_engine()
    if opened is None:
        raise NoCases
    compiled = query.statement.compile(opened)
    key = (str(compiled), repr(sorted(compiled.params.items(), key=lambda item: item[0])))
    version = current().versions[query.database]
    return _apart(_read(key, query.viewer.scope, query.database, version, opened, query))


@st.cache_resource(max_entries=400, ttl=3600, show_spinner=False)
def _read(key: tuple[str, str], scope: tuple, which: str, version: str, _engine: Engine, _query: Query) -> pd.DataFrame:
    return database.run(_engine, _query, version)


def computed(make: Callable[[], T], *key: Hashable) -> T:
    """`make()`, once per viewer scope, data version and `key`."""
    visit = current()
    return _apart(_computed(key, visit.viewer.scope, tuple(visit.versions.items()), make))


@st.cache_resource(max_entries=50, ttl=3600, show_spinner=False)
def _computed(key: tuple[Hashable, ...], scope: tuple, versions: tuple, _make: Callable[[], T]) -> T:
    return _make()


def _apart(held: T) -> T:
    """What the cache holds, as the caller's own: frames share their memory until somebody writes (pandas' copy on write).

    Copying at each rerun, as `st.cache_data` does, took seconds for a million stored pairs.
    """
    if isinstance(held, pd.DataFrame):
        return held.copy(deep=False)
    if is_dataclass(held) and not isinstance(held, type):
        return replace(held, **{field.name: _apart(getattr(held, field.name)) for field in fields(held)})
    return held
