"""The only way from pages to the databases, and what is kept on it: rows by the query's SQL and parameters, findings and
charts by what they were made from, all by viewer scope and state of the records."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass, replace
from functools import partial, wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import pandas as pd
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from dashboard.page.store import Store
from dashboard.page.visit import Visit, current
from data_access import addresses, connections, database, meta
from data_access.i18n import language
from data_access.problems import DatabaseProblem, DataMoved
from data_access.viewer import Query

T = TypeVar("T")
P = ParamSpec("P")
AWAY_SECONDS = 10.0
ANYBODY = "anybody"
MADE_FROM = "_made_from"
MB = 1 << 20
_engines = Store(20)
_rows, _found, _shown, _behind = Store(400, 400 * MB), Store(1000, 300 * MB), Store(2000, 200 * MB), Store(6, 400 * MB)


class Primary:
    """Whether the primary is away: from when it did not answer until it does, for which one reader asks it every ten seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.is_away = clock, False
        self._asked_anew = float("-inf")

    def note_away(self) -> None:
        """It did not answer."""
        self.is_away, self._asked_anew = True, self.clock() + AWAY_SECONDS

    def note_answer(self) -> None:
        """It answered."""
        self.is_away = False

    def may_be_asked(self) -> bool:
        """Whether it answered when it was last asked; else one who asks this may find out, every ten seconds."""
        if self.is_away and self.clock() < self._asked_anew:
            return False
        self._asked_anew = self.clock() + AWAY_SECONDS
        return True


PRIMARY = Primary()


class NoConnection(RuntimeError):
    """This server has no connection to write there with."""


class NoCases(RuntimeError):
    """Live case figures were asked of a deployment without a case database."""


def engine(which: database.Which, url: str) -> Engine:
    """A read-only engine per database and process. Raises DatabaseProblem when it is not ready to be read."""
    return _engines.get((which, url), lambda: _opened(which, url))


def _opened(which: database.Which, url: str) -> Engine:
    """Open for reading, and freeze.

    By then the heavy modules are loaded: frozen, they are not searched at every collection, which took 150 ms.
    """
    opened = connections.open_reader(url, which)
    try:
        database.assert_ready(opened, which)
    except BaseException:
        opened.dispose()
        raise
    gc.freeze()
    return opened


def asked_for_health(which: database.Which, url: str) -> Engine:
    """An engine that is there whether or not its database can be read by pages, for whoever asks just that."""
    return _engines.get(("health", which, url), lambda: connections.open_reader(url, which))


def shared_engine() -> Engine:
    """The engine of the shared database."""
    return engine("shared", addresses.urls_from_environment().shared)


def cases_engine() -> Engine | None:
    """The engine of the case database, or None on a deployment that does not know of one."""
    url = addresses.urls_from_environment().cases
    return engine("cases", url) if url else None


def appender(table: str) -> Engine:
    """The narrow connection that adds rows to one shared table. Raises NoConnection where this server has none."""
    url = addresses.narrow_url(table, addresses.urls_from_environment())
    if url is None:
        raise NoConnection
    return _engines.get((table, url), lambda: connections.open_appender(url, table))


def writes_to(table: str) -> bool:
    """Whether this server has the narrow connection that `appender` opens."""
    return addresses.narrow_url(table, addresses.urls_from_environment()) is not None


def keeps_now(table: str) -> bool:
    """Whether what readers write there is kept at this moment: not while the primary is away."""
    return writes_to(table) and not primary_is_away()


def primary_went() -> bool:
    """Whether the primary is away, asked anew after something failed unless it is known."""
    if _primary_url() is not None and not primary_is_away():
        now(database.read_meta)
    return primary_is_away()


def takes_uploads() -> bool:
    """Whether this server loads files that stewards upload."""
    return addresses.import_url(addresses.urls_from_environment()) is not None and not primary_is_away()


def importer() -> Engine:
    """The narrow connection that loads files. Raises NoConnection where this server has none."""
    url = addresses.import_url(addresses.urls_from_environment())
    if url is None:
        raise NoConnection
    return _engines.get(("importer", url), lambda: connections.open_importer(url))


def hands_out_live_tables() -> bool:
    """Whether this server does: it was told to (MERIDIAN_LIVE=1), and has the logins that keep keys and the log."""
    return os.environ.get(addresses.LIVE_VARIABLE) == "1" and writes_to("live_key") and writes_to("export_log")


def tries_publications() -> bool:
    """Whether this server has the logins that `publishers` opens."""
    return addresses.publisher_urls(addresses.urls_from_environment()) is not None and not primary_is_away()


def publishers() -> dict[database.Which, Engine]:
    """The narrow connections that publish periods, per database. Raises NoConnection where this server has none."""
    urls = addresses.publisher_urls(addresses.urls_from_environment())
    if urls is None or urls.cases is None:
        raise NoConnection
    named: dict[database.Which, str] = {"shared": urls.shared, "cases": urls.cases}
    return {
        which: _engines.get(("publisher", which, url), partial(connections.open_publisher, url, which))
        for which, url in named.items()
    }


def read_metas() -> dict[str, dict[str, str]]:
    """The `meta` table of each database there is, as it is now."""
    cases = cases_engine()
    metas = {"shared": _again_if_broken(lambda: database.read_meta(shared_engine()))}
    return metas if cases is None else metas | {"cases": _again_if_broken(lambda: database.read_meta(cases, "cases"))}


def _again_if_broken(ask: Callable[[], T]) -> T:
    """What `ask` reads, asked once more when its connection broke in the midst: reading changes nothing, and where there are two
    servers the other one answers."""
    try:
        return ask()
    except OperationalError as error:
        if not error.connection_invalidated:
            raise
        return ask()


def read_now(query: Query) -> pd.DataFrame:
    """The rows of `query` as they are now, never cached: for small tables that people write while others read."""
    return now(lambda shared: database.run(shared, query))


def now(ask: Callable[[Engine], T]) -> T:
    """What `ask` finds in the shared database as it is now: on the primary where pages read a replica.

    While the primary does not answer the replica is asked, and the primary anew ten seconds later.
    """
    primary = _primary_url()
    if primary is None or not PRIMARY.may_be_asked():
        return _again_if_broken(lambda: ask(shared_engine()))
    try:
        found = _again_if_broken(lambda: ask(engine("shared", primary)))
    except (OperationalError, DatabaseProblem):
        PRIMARY.note_away()
        return _again_if_broken(lambda: ask(shared_engine()))
    PRIMARY.note_answer()
    return found


def _primary_url() -> str | None:
    """Where the primary is, None where pages read it anyway."""
    urls = addresses.urls_from_environment()
    primary = addresses.primaries(urls).shared
    return None if primary == urls.shared else primary


def newer_records(version: str) -> bool:
    """Whether the primary holds a newer state of the records than the replica that pages read, which is `version`."""
    return _primary_url() is not None and now(database.read_meta).get(meta.VERSION, "0") != version


def primary_is_away() -> bool:
    """Whether a primary that this server has beside its replica did not answer lately: nothing is kept then."""
    return PRIMARY.is_away


def read(query: Query) -> pd.DataFrame:
    """The rows of `query`, from the cache when this viewer's scope asked the same of the same data.

    Raises DataMoved when the data are not those that the visit began with.
    """
    opened = shared_engine() if query.database == "shared" else cases_engine()
    if opened is None:
        raise NoCases
    version = current().versions[query.database]
    asked = (*_named(query), query.viewer.scope, query.database, version)
    return _apart(_from(_rows, asked, lambda: _again_if_broken(lambda: database.run(opened, query, version))))


def _from(store: Store, key: Hashable, make: Callable[[], T]) -> T:
    """What is kept under `key`, made when there is nothing. Raises DataMoved instead for a visit that is shown what is kept."""
    return store.get(key, _moved if current().is_kept_only else make)


def _moved() -> NoReturn:
    raise DataMoved


def _named(query: Query) -> tuple[Hashable, ...]:
    """What tells this statement from every other: SQLAlchemy's own name of its shape, a tenth of the price of its text, and the
    values in it."""
    name = query.statement._generate_cache_key()
    if name is None:
        raise TypeError("A statement whose shape has no name cannot be kept.")
    return name.key, tuple(repr(parameter.effective_value) for parameter in name.bindparams)


def kept_now() -> int:
    """How many rows, findings and charts are kept: for tests and measurements."""
    return sum(map(len, (_rows, _found, _shown, _behind)))


def forget() -> None:
    """Nothing is kept any more: for tests and measurements."""
    for store in (_engines, _rows, _found, _shown, _behind):
        store.clear()


def computed(make: Callable[[], T], *key: Hashable) -> T:
    """`make()`, once per viewer scope, state of the records, language and `key`."""
    return _kept(_found, key, make)


def kept_briefly(make: Callable[[], T], *key: Hashable) -> T:
    """Like `computed`, for the records behind a figure: large, so that only the last few are kept."""
    return _kept(_behind, key, make)


def found_once(make: Callable[P, T]) -> Callable[P, T]:
    """What a topic found for a choice, computed once per viewer scope, state of the records, language and arguments.

    Arguments are the visit, without who reads and what she chose on the page alone, plain values and findings made by such a
    function. Raises TypeError for anything else, which nothing could tell from another of its kind.
    """
    return _once(make, _found)


def shown_once(make: Callable[P, T]) -> Callable[P, T]:
    """A chart or a row of figures, kept like `found_once`, but many of them: they are small."""
    return _once(make, _shown)


def _once(make: Callable[P, T], store: Store) -> Callable[P, T]:
    name = f"{make.__module__}.{make.__qualname__}"

    @wraps(make)
    def once(*arguments: P.args, **named: P.kwargs) -> T:
        made_from = tuple(_made_from(name, argument) for argument in (*arguments, *named.values()))
        theirs = {key: _anybodys(value) for key, value in named.items()}
        return _kept(store, (name, tuple(named), made_from), lambda: make(*map(_anybodys, arguments), **theirs))

    return once


def _anybodys(argument: Any) -> Any:
    """A visit as all of its scope make it: what is kept can rest on nothing that `Visit.choice` does not tell apart."""
    if not isinstance(argument, Visit):
        return argument
    return replace(
        argument, viewer=replace(argument.viewer, subject=ANYBODY), own={}, reader="", link="", signed_in_at=None
    )


def _kept(store: Store, key: tuple[Hashable, ...], make: Callable[[], T]) -> T:
    visit = current()
    whose = visit.viewer.scope, visit.records, language.get()
    found = _apart(_from(store, (key, *whose), make))
    if is_dataclass(found):
        object.__setattr__(found, MADE_FROM, key)
    return found


def _made_from(asked: str, argument: object) -> tuple[Hashable, ...]:
    """What tells this argument from every other of its kind. Raises TypeError when nothing does."""
    if isinstance(argument, Visit):
        return argument.choice
    if argument is None or isinstance(argument, str | int | tuple | pd.Timestamp):
        return type(argument).__name__, argument
    if (key := getattr(argument, MADE_FROM, None)) is None:
        raise TypeError(f"{asked} keeps what it finds and cannot tell one {type(argument).__name__} from another.")
    return key


def _apart(held: T) -> T:
    """What the cache holds, as the caller's own: frames share their memory until somebody writes (pandas' copy on write).

    Copying at each rerun, as `st.cache_data` does, took seconds for a million stored pairs.
    """
    if isinstance(held, pd.DataFrame):
        return held.copy(deep=False)
    if is_dataclass(held) and not isinstance(held, type):
        return replace(held, **{field.name: _apart(getattr(held, field.name)) for field in fields(held)})
    return held
