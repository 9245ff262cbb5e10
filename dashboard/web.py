"""ASGI middleware: our headers on every answer, our hosts and origins only, endpoints the dashboard does not use closed;
bodies bounded in size and time; the front end's files packed.

Allowed hosts are this machine's plus those in MERIDIAN_ALLOWED_HOSTS (comma separated). Uploads answer 404 unless
MERIDIAN_UPLOADS=1, and then only sessions that a form for files was drawn for (`dashboard/upload_gate.py`). A file is fetched
by the browser it was made for (`dashboard/download_gate.py`).
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import time
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import download_gate, measures, upload_gate
from dashboard.page import registry

INLINE_SCRIPT = "'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='"
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
CALLBACK = "/oauth2callback"
NOT_PAGES = ("live", "ready", "robots.txt", CALLBACK.strip("/"))
CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/component/", "/_stcore/script-health-check")
UPLOAD = "/_stcore/upload_file"
FILES = "/media/"
TABLES = "/tables/"
DATA = ("/_stcore/", FILES, TABLES)
COMPONENTS = "/_stcore/bidi-components/"
VERSIONED = ".min.js"
ICON = (Path(__file__).parent / "static" / "icon.png").read_bytes()
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
PACKED = ("javascript", "text/css", "text/html", "json", "svg")
MOST_BODY, MOST_FILE = 1 << 20, 64 << 20
BODY_SECONDS, QUIET_SECONDS = 300.0, 15.0
ROBOTS = "User-agent: *\nDisallow: /\n"
WANTED = "meridian_wanted"
MOST_WANTED, QUERY = 2_000, "=&%+,:;/?-._~"
NO_SIGN_IN = (Path(__file__).parent / "static" / "no_sign_in.html").read_text(encoding="utf-8")


def content_security_policy(host: str) -> str:
    """Browser talks to us alone: no unsafe-eval, no foreign image, font, script or socket."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'wasm-unsafe-eval' {INLINE_SCRIPT}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' ws://{host} wss://{host}",
            "worker-src 'self' blob:",
            "frame-src 'self' blob:",
            "media-src 'self' blob:",
            "manifest-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def host_name(host: str) -> str:
    """The name in a Host header or an origin, without port."""
    return urlsplit(f"//{host}").hostname or ""


class Guard:
    """Refuses foreign hosts and origins before Streamlit sees them, and adds the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        extra = os.environ.get("MERIDIAN_ALLOWED_HOSTS", "")
        self.hosts = LOCAL_HOSTS | {name.strip().lower() for name in extra.split(",") if name.strip()}
        self.uploads = os.environ.get("MERIDIAN_UPLOADS") == "1"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        foreign = host_name(host) not in self.hosts or (origin is not None and urlsplit(origin).netloc != host)
        if foreign:
            await self._refuse(scope, receive, send, 403)
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        elif _is_no_page(scope, headers):
            await RedirectResponse(_first_page(scope), 302)(
                scope, receive, self._with_headers(send, scope, host, headers)
            )
        elif scope["path"] == "/robots.txt":
            await PlainTextResponse(ROBOTS)(scope, receive, self._with_headers(send, scope, host, headers))
        elif scope["path"] == "/favicon.png":
            await Response(ICON, media_type="image/png")(scope, receive, self._with_headers(send, scope, host, headers))
        elif self._is_closed(scope["path"]):
            await self._refuse(scope, receive, self._with_headers(send, scope, host, headers), 404)
        elif (status := self._may_pass(scope, headers)) != 200:
            await self._refuse(scope, receive, self._with_headers(send, scope, host, headers), status)
        else:
            await self._bounded(scope, receive, self._with_headers(send, scope, host, headers))

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request whose body is neither larger nor slower than any of ours; another one is ended."""
        body = Body(receive, _most(scope))
        try:
            await self.app(scope, body.receive, body.watched(send))
        except _Ended as ended:
            if not body.is_answered:
                await self._refuse(scope, receive, send, ended.status)

    def _is_closed(self, path: str) -> bool:
        closed = CLOSED if self.uploads else (*CLOSED, UPLOAD)
        return any(marker in path for marker in closed)

    def _may_pass(self, scope: Scope, headers: Headers) -> int:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > _most(scope):
            return 413
        if FILES in scope["path"] and not scope["path"].startswith("/static/"):
            browser = download_gate.named(cookie_parser(headers.get("cookie", "")))
            return 200 if download_gate.GATE.may_fetch(scope["path"], browser) else 404
        return self._may_upload(scope, headers)

    @staticmethod
    def _may_upload(scope: Scope, headers: Headers) -> int:
        """Files come only from sessions that a form for files was drawn for, and not more than these may hold."""
        path = scope["path"]
        if UPLOAD not in path or scope["method"] not in ("PUT", "DELETE"):
            return 200
        session, _slash, file = path.partition(f"{UPLOAD}/")[2].partition("/")
        if scope["method"] == "DELETE":
            upload_gate.GATE.give_back(session, file)
            return 200
        length = headers.get("content-length", "")
        return upload_gate.GATE.take(session, file, int(length) if length.isdecimal() else None)

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send, status: int) -> None:
        measures.REFUSED.labels(status).inc()
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await PlainTextResponse("Not available", status_code=status)(scope, receive, send)

    @staticmethod
    def _with_headers(send: Send, scope: Scope, host: str, request: Headers) -> Send:
        behind_tls = scope["scheme"] == "https" or request.get("x-forwarded-proto") == "https"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_data = any(marker in scope["path"] for marker in DATA)
                headers["Content-Security-Policy"] = DATA_POLICY if is_data else content_security_policy(host)
                headers["X-Frame-Options"] = "DENY"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
                if scope["path"] == "/favicon.png":
                    headers["Cache-Control"] = "public, max-age=86400"
                elif scope["path"].startswith(COMPONENTS) and scope["path"].endswith(VERSIONED):
                    headers["Cache-Control"] = "public, max-age=31536000, immutable"
                elif scope["path"].startswith(COMPONENTS):
                    headers["Cache-Control"] = "public, no-cache"
                elif scope["path"].startswith(TABLES):
                    headers["Cache-Control"] = "private, no-cache"
                elif not scope["path"].startswith(("/static/", "/app/static/")):
                    headers["Cache-Control"] = "no-store"
                if _is_a_first_page(headers, request):
                    named = f"{download_gate.BROWSER_COOKIE}={download_gate.new_browser()}"
                    headers.append("set-cookie", f"{named}; Path=/; HttpOnly; SameSite=Lax")
                if behind_tls:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                    _secure_cookies(headers)
            await send(message)

        return send_with_headers


class _Ended(Exception):
    """A body that is larger or slower than any of ours."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Body:
    """What a browser sends, counted and timed as it comes. `receive` raises _Ended."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.left = most
        self.until = time.monotonic() + BODY_SECONDS
        self.is_whole = self.is_answered = False
        self._receive = receive

    async def receive(self) -> Message:
        """The next piece. After the last one the application waits for the browser to go away, as long as that takes."""
        if self.is_whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), min(QUIET_SECONDS, self.until - time.monotonic()))
        except TimeoutError:
            raise _Ended(408) from None
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise _Ended(413)
        self.is_whole = not message.get("more_body", False)
        return message

    def watched(self, send: Send) -> Send:
        """`send`, noting that an answer has begun: from then on none of ours can."""

        async def sent(message: Message) -> None:
            self.is_answered = True
            await send(message)

        return sent


def _most(scope: Scope) -> int:
    """How many bytes a request may bring: a file where files are heard, else little."""
    return MOST_FILE if UPLOAD in scope["path"] else MOST_BODY


def _is_no_page(scope: Scope, request: Headers) -> bool:
    """Whether a browser asks for a page that there is not; Streamlit would say so in a dialog of its own, in English."""
    path = scope["path"].strip("/")
    if scope["method"] != "GET" or "text/html" not in request.get("accept", "") or path in ("", *NOT_PAGES):
        return False
    is_file = "." in path or path.startswith(("_stcore", "media/", "auth/", "static/", "app/"))
    _first, *others = (page.path for page in registry.pages().values())
    return not is_file and path not in others


def _first_page(scope: Scope) -> str:
    """The address of the first page, which has no name there; a link that names it keeps its choices."""
    asked = scope["query_string"].decode("latin-1")
    is_named = scope["path"].strip("/") == next(iter(registry.pages().values())).path
    return f"/?{asked}" if is_named and asked else "/"


def _is_a_first_page(answer: MutableHeaders, request: Headers) -> bool:
    """Whether this is a page, for a browser that has no name yet."""
    is_page = answer.get("content-type", "").startswith("text/html")
    return is_page and not download_gate.named(cookie_parser(request.get("cookie", "")))


def _secure_cookies(headers: MutableHeaders) -> None:
    cookies = headers.getlist("set-cookie")
    if cookies:
        del headers["set-cookie"]
        for cookie in cookies:
            headers.append("set-cookie", cookie if "secure" in cookie.lower() else f"{cookie}; Secure")


def _page_of_ours(address: str) -> str:
    """An address below one of the pages, as it is; anything else gives way to the first page."""
    path, _mark, asked = address.partition("?")
    known = {"/", *(f"/{page.path}" for page in registry.pages().values())}
    if path not in known or len(asked) > MOST_WANTED:
        return "/"
    return f"{path}?{quote(asked, safe=QUERY)}" if asked else path


class SignIn:
    """Says in our words that a sign-in could not begin, where Streamlit would answer "Authentication error"; at its end leads to
    the page that was wanted, where Streamlit leads to the first one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/auth/login":
            await self._begin(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == CALLBACK:
            await self.app(scope, receive, self._led_back(scope, send))
        else:
            await self.app(scope, receive, send)

    @staticmethod
    def _led_back(scope: Scope, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 302:
                headers = MutableHeaders(scope=message)
                wanted = cookie_parser(Headers(scope=scope).get("cookie", "")).get(WANTED)
                if wanted and headers.get("location") == "/":
                    headers["location"] = _page_of_ours(unquote(wanted))
                    headers.append("set-cookie", f"{WANTED}=; Path={CALLBACK}; Max-Age=0; SameSite=Lax")
            await send(message)

        return sent

    async def _begin(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_refused = False

        async def sent(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and message["status"] == 400:
                is_refused = True
                await HTMLResponse(NO_SIGN_IN, status_code=502)(scope, receive, send)
            elif not is_refused:
                await send(message)

        await self.app(scope, receive, sent)


class Packed:
    """Packs the front end's own files with gzip, each once per process: Streamlit leaves them as they are.

    They are the same for everybody; nothing of the data is among them. What is not named after its content is asked for each
    time, and answered with "as you have it".
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._may_pack(scope):
            await self.app(scope, receive, send)
        elif kept := self.kept.get(scope["path"]):
            named, asked = kept.headers["etag"], Headers(scope=scope).get("if-none-match")
            await (Response(status_code=304, headers={"etag": named}) if asked == named else kept)(scope, receive, send)
        else:
            await self._pack(scope, receive, send)

    @staticmethod
    def _may_pack(scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        request = Headers(scope=scope)
        is_ours = scope["path"] == "/" or scope["path"].startswith(("/static/", COMPONENTS))
        return is_ours and "range" not in request and "gzip" in request.get("accept-encoding", "")

    async def _pack(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        plain = [
            (name, value) for name, value in scope["headers"] if name not in (b"if-none-match", b"accept-encoding")
        ]
        await self.app({**scope, "headers": plain}, receive, hold)
        start = messages[0]
        headers = Headers(raw=start["headers"])
        kind, body = headers.get("content-type", ""), b"".join(message.get("body", b"") for message in messages[1:])
        is_file = start["status"] == 200 and "content-encoding" not in headers and any(name in kind for name in PACKED)
        if not is_file or not _is_whole(messages, headers, body):
            for message in messages:
                await send(message)
            return
        packed = await asyncio.to_thread(gzip.compress, body, 9)
        named = {
            "content-encoding": "gzip",
            "vary": "Accept-Encoding",
            "etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        }
        kept_headers = {name: headers[name] for name in ("content-type", "cache-control") if name in headers}
        self.kept[scope["path"]] = Response(packed, headers=kept_headers | named)
        await self.kept[scope["path"]](scope, receive, send)


def _is_whole(messages: list[Message], headers: Headers, body: bytes) -> bool:
    """Whether an answer ended as it said it would: one whose reader went away in the midst of it is kept for nobody."""
    has_ended = len(messages) > 1 and not messages[-1].get("more_body", False)
    return has_ended and int(headers.get("content-length", len(body))) == len(body)
