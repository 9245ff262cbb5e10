"""What a load balancer asks: whether this process lives, and whether it can answer readers now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.page import reading
from data_access import addresses, database
from data_access.problems import DatabaseProblem

LIVE, READY = "/live", "/ready"
HELD_SECONDS = 2.0


def why_not_ready() -> str:
    """Why this server cannot answer readers, in words without addresses or values; empty when it can.

    Sums that are older than the records, or that were never made, are no reason: every load would take all servers away at
    once, and a new deployment would never show the page that says what to do. Pages say it.
    """
    try:
        urls = addresses.urls_from_environment()
        database.assert_schema(reading.asked_for_health("shared", urls.shared), "shared")
        if urls.cases:
            database.assert_schema(reading.asked_for_health("cases", urls.cases), "cases")
    except (DatabaseProblem, SQLAlchemyError):
        return "A database is missing, does not answer or is of another schema: see `meridian doctor` on the server."
    return ""


class Health:
    """Answers `/live` and `/ready` itself; anybody may ask, and learns nothing but that."""

    def __init__(self, app: ASGIApp, ask: Callable[[], str] = why_not_ready) -> None:
        self.app = app
        self.ask = ask
        self.asked_at = float("-inf")
        self.answer = ""
        self.one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in (LIVE, READY):
            await self.app(scope, receive, send)
            return
        why_not = "" if scope["path"] == LIVE else await self._why_not()
        await PlainTextResponse(why_not or "ok", status_code=503 if why_not else 200)(scope, receive, send)

    async def _why_not(self) -> str:
        async with self.one_at_a_time:
            if time.monotonic() - self.asked_at > HELD_SECONDS:
                self.answer = await asyncio.to_thread(self.ask)
                self.asked_at = time.monotonic()
            return self.answer
