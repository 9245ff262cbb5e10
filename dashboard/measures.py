"""How this process is doing, for Prometheus: on a port of this machine alone, and only where MERIDIAN_METRICS_PORT names one.

Nothing of a reader, a choice or a figure is among it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from starlette.types import ASGIApp, Receive, Scope, Send

PORT_VARIABLE = "MERIDIAN_METRICS_PORT"
HERE_ALONE = "127.0.0.1"
REGISTRY = CollectorRegistry()
RERUNS = Histogram(
    "meridian_rerun_seconds",
    "Time the server took for a rerun of a page.",
    ["page"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
UNDER_WAY = Gauge(
    "meridian_reruns_under_way", "Reruns begun and not ended: the queue of this process.", registry=REGISTRY
)
SOCKETS = Gauge("meridian_sockets", "Open sockets of browsers.", registry=REGISTRY)
FAULTS = Counter(
    "meridian_faults", "Pages that broke, each told to a reader by its reference.", ["page"], registry=REGISTRY
)
REFUSED = Counter(
    "meridian_refused_requests", "Requests refused before the dashboard saw them.", ["status"], registry=REGISTRY
)
SUMS_AGE = Gauge("meridian_sums_age_days", "Days between the cut-off date of the sums and today.", registry=REGISTRY)
SUMS_STALE = Gauge("meridian_sums_stale", "1 while records were loaded after the sums were made.", registry=REGISTRY)


def serve() -> None:
    """Answer Prometheus on this machine, where a port is named."""
    if port := os.environ.get(PORT_VARIABLE):
        start_http_server(int(port), HERE_ALONE, REGISTRY)


@contextmanager
def rerun(page: str) -> Iterator[None]:
    """Time a rerun of a page."""
    with UNDER_WAY.track_inprogress():
        began = time.perf_counter()
        try:
            yield
        finally:
            RERUNS.labels(page).observe(time.perf_counter() - began)


def note_sums(as_of: date, *, is_stale: bool) -> None:
    """How old the sums are that readers are shown."""
    SUMS_AGE.set((datetime.now(UTC).date() - as_of).days)
    SUMS_STALE.set(is_stale)


class Sockets:
    """Counts the sockets that are open."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        with SOCKETS.track_inprogress():
            await self.app(scope, receive, send)
