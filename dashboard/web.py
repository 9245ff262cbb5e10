"""ASGI middleware: our headers on every answer, our hosts and origins only, endpoints the dashboard does not use closed.

Allowed hosts are this machine's plus those in MERIDIAN_ALLOWED_HOSTS (comma separated). Uploads answer 404 unless
MERIDIAN_UPLOADS=1.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INLINE_SCRIPT = "'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='"
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/component/", "/_stcore/script-health-check")
UPLOAD = "/_stcore/upload_file"
ROBOTS = "User-agent: *\nDisallow: /\n"


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
        elif scope["path"] == "/robots.txt":
            await PlainTextResponse(ROBOTS)(scope, receive, self._with_headers(send, scope, host, headers))
        elif self._is_closed(scope["path"]):
            await self._refuse(scope, receive, self._with_headers(send, scope, host, headers), 404)
        else:
            await self.app(scope, receive, self._with_headers(send, scope, host, headers))

    def _is_closed(self, path: str) -> bool:
        closed = CLOSED if self.uploads else (*CLOSED, UPLOAD)
        return any(marker in path for marker in closed)

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send, status: int) -> None:
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
                headers["Content-Security-Policy"] = content_security_policy(host)
                headers["X-Frame-Options"] = "DENY"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
                if not scope["path"].startswith(("/static/", "/app/static/")):
                    headers["Cache-Control"] = "no-store"
                if behind_tls:
                    headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
                    _secure_cookies(headers)
            await send(message)

        return send_with_headers


def _secure_cookies(headers: MutableHeaders) -> None:
    cookies = headers.getlist("set-cookie")
    if cookies:
        del headers["set-cookie"]
        for cookie in cookies:
            headers.append("set-cookie", cookie if "secure" in cookie.lower() else f"{cookie}; Secure")
