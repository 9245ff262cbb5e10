"""`/tables/PAGE/TABLE.csv|json|xlsx` and `.meta.json`: what a spreadsheet or a script reads by itself, with a reader's key.

Off unless MERIDIAN_LIVE=1. The key comes as the password of Basic authentication or as a Bearer token; in the address (`key=`)
only where MERIDIAN_LIVE_IN_ADDRESS=1, because addresses are kept by whatever carries them. Each answer is in the log of exports
before it leaves; 120 an hour per key, of which those do not count that the program had already.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import faults
from dashboard.files import live_table
from dashboard.files.gate import HOUR
from dashboard.page import roles
from dashboard.page.reading import appender, hands_out_live_tables, keeps_now, now
from dashboard.web import TABLES
from data_access import database, export_log, live_keys
from data_access.problems import DatabaseProblem, DataMoved, TooMuch

IN_ADDRESS = "MERIDIAN_LIVE_IN_ADDRESS"
KEY = "key"
MOST_AN_HOUR = 120
BASIC = 'Basic realm="Meridian", charset="UTF-8"'


@dataclass(frozen=True)
class Answer:
    """A status, what is said or handed over, and further headers."""

    status: int
    content: bytes = b""
    mime: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


SAID: tuple[tuple[tuple[type[Exception], ...], Answer], ...] = (
    ((live_table.NoSuchTable,), Answer(404, b"There is no such table.")),
    ((TooMuch,), Answer(413, b"This is more than one table can hold at once. Choose a part with the filters.")),
    (
        (DataMoved, DatabaseProblem, SQLAlchemyError, export_log.NotLogged),
        Answer(503, b"Try again in a minute.", headers={"Retry-After": "60"}),
    ),
)
"""What is said of a fault, by its kind."""


class Live:
    """Answers `/tables/…` itself, in a thread of its own each; everything else goes on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(TABLES):
            await self.app(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await PlainTextResponse("Not available", status_code=405)(scope, receive, send)
        else:
            asked = dict(parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=40))
            context = copy_context()
            found = await asyncio.to_thread(context.run, answer, scope["path"], asked, Headers(scope=scope))
            content = b"" if scope["method"] == "HEAD" else found.content
            await Response(content, found.status, dict(found.headers), found.mime)(scope, receive, send)


class _No(Exception):
    """Nothing is handed over; `answer` says why."""

    def __init__(self, status: int, said: str, **headers: str) -> None:
        super().__init__(said)
        self.answer = Answer(
            status, said.encode(), headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


def answer(path: str, asked: dict[str, str], headers: Headers, moment: datetime | None = None) -> Answer:
    """What is answered to one request, logged before it leaves."""
    try:
        return _handed_over(path, asked, headers, moment or datetime.now(UTC))
    except _No as no:
        return no.answer
    except live_table.NotUnderstood as fault:
        return Answer(400, f"Not on offer here: {fault}".encode())
    except Exception as fault:
        return next((told for kinds, told in SAID if isinstance(fault, kinds)), None) or Answer(
            500, f"Something went wrong. Tell your steward this reference: {faults.note(fault, 'tables')}".encode()
        )


def _handed_over(path: str, asked: dict[str, str], headers: Headers, moment: datetime) -> Answer:
    if not hands_out_live_tables():
        raise _No(404, "Not available")
    if not (keeps_now("live_key") and keeps_now("export_log")):
        raise _No(503, "What leaves cannot be logged at this moment.", Retry_After="60")
    text = _given(asked, headers)
    asked.pop(KEY, None)
    key = live_keys.find(appender("live_key"), text, moment.date()) if text else None
    if key is None or not _has_a_role(key.subject):
        raise _No(401, "A key is missing, unknown, over or taken back.", WWW_Authenticate=BASIC)
    wanted = _wanted(path, asked)
    taken = export_log.exports_since(appender("export_log"), key.subject, moment - HOUR, key.id)
    if len(taken) >= MOST_AN_HOUR:
        _log(key, wanted, moment, None, "", refused=True)
        left = max(1, int((taken[-MOST_AN_HOUR] + HOUR - moment).total_seconds()))
        raise _No(429, "This key was used too often within an hour.", Retry_After=str(left))
    return _made(key, wanted, headers, moment)


def _given(asked: Mapping[str, str], headers: Headers) -> str:
    """The key of a request, empty without one."""
    kind, _blank, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return asked.get(KEY, "") if os.environ.get(IN_ADDRESS) == "1" else ""


def _has_a_role(subject: str) -> bool:
    """Whether whoever made the key may still read; in the sample world everybody may."""
    if now(database.read_meta).get("is_sample") == "1":
        return True
    try:
        return bool(roles.person_of(subject))
    except roles.NoRole:
        return False


def _wanted(path: str, asked: Mapping[str, str]) -> live_table.Wanted:
    """What the address names. Raises NoSuchTable."""
    page, slash, file = path.removeprefix(TABLES).partition("/")
    table, dot, ending = file.partition(".")
    if not (page and slash and table and dot) or "/" in file:
        raise live_table.NoSuchTable
    return live_table.Wanted(page.replace("-", "_"), table, ending, asked)


def _made(key: live_keys.LiveKey, wanted: live_table.Wanted, headers: Headers, moment: datetime) -> Answer:
    made = live_table.make(wanted, key.subject)
    digest = hashlib.sha256(made.content).hexdigest()
    named = {"ETag": f'"{digest[:32]}"'}
    is_known = named["ETag"] in (one.strip() for one in headers.get("if-none-match", "").split(","))
    _log(key, wanted, moment, made, digest, is_known=is_known)
    if is_known:
        return Answer(304, headers=named)
    return Answer(200, made.content, live_table.MIMES[wanted.ending], named)


def _log(
    key: live_keys.LiveKey,
    wanted: live_table.Wanted,
    moment: datetime,
    made: live_table.Live | None,
    digest: str,
    *,
    refused: bool = False,
    is_known: bool = False,
) -> None:
    """Note an answer. Raises NotLogged."""
    entry = export_log.Export(
        exported_at=moment,
        subject=key.subject,
        role="funder",
        scope="",
        page=wanted.page[:40],
        what=wanted.table[:80],
        format=export_log.UNCHANGED if is_known else wanted.ending[:8],
        filters=made.filters if made else "",
        release="",
        reason=None,
        rows=made.rows if made else 0,
        sha256=digest,
        refused=refused,
        live_key=key.id,
    )
    export_log.record(appender("export_log"), entry)
