"""Headers, hosts, origins and closed endpoints (SECURITY 61-63, 66)."""

from __future__ import annotations

import asyncio
import gzip
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, text
from starlette.datastructures import Headers
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from dashboard import download_gate, web
from dashboard.health import Health, why_not_ready
from dashboard.page import reading
from dashboard.upload_gate import GATE, MOST_BYTES, MOST_FILES, OPEN_SECONDS, Gate
from dashboard.web import Guard, Packed, SignIn
from data_access import addresses, connections
from data_access.problems import DatabaseProblem
from data_access.viewer import Which


class Answer:
    """What the guard sent back for one request."""

    def __init__(
        self,
        path: str = "/",
        kind: str = "http",
        cookies: tuple[str, ...] = (),
        method: str = "GET",
        body: tuple[bytes, ...] = (b"",),
        answers: str = "",
        pause: float = 0,
        query: bytes = b"",
        **headers: str,
    ) -> None:
        self.sent: list[dict] = []
        self.reached, self.heard = False, b""
        self.pieces, self.pause, self.answers = list(body), pause, answers
        self.cookies = cookies
        given = {"host": "localhost:8501"} | {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": kind, "path": path, "method": method, "scheme": "http", "query_string": query,
            "headers": [(k.encode(), v.encode()) for k, v in given.items()],
        }  # fmt: skip
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: asyncio.run(Guard(self._app)(scope, self._receive, self._send))).result()

    async def _app(self, scope, receive, send) -> None:
        self.reached = True
        if scope["type"] == "http":
            more = True
            while more:
                message = await receive()
                self.heard, more = self.heard + message["body"], message["more_body"]
            headers = [(b"set-cookie", cookie.encode()) for cookie in self.cookies]
            headers += [(b"content-type", self.answers.encode())] if self.answers else []
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    async def _receive(self) -> dict:
        await asyncio.sleep(self.pause)
        return {"type": "http.request", "body": self.pieces.pop(0), "more_body": bool(self.pieces)}

    async def _send(self, message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode(): v.decode() for k, v in self.sent[0]["headers"]}


def test_every_answer_carries_our_headers() -> None:
    headers = Answer().headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "'unsafe-eval'" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert "strict-transport-security" not in headers


def test_behind_tls_transport_is_pinned_and_cookies_are_secure() -> None:
    answer = Answer(cookies=("a=1; HttpOnly; SameSite=Lax", "b=2; Secure"), x_forwarded_proto="https")
    assert "strict-transport-security" in answer.headers
    cookies = [v.decode() for k, v in answer.sent[0]["headers"] if k == b"set-cookie"]
    assert all("secure" in cookie.lower() for cookie in cookies) and len(cookies) == 2


@pytest.mark.parametrize(
    "path",
    ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/upload_file/x/y", "/component/evil/x.js",
     "/initiatives/_stcore/metrics"],
)  # fmt: skip
def test_endpoints_the_dashboard_does_not_use_are_closed(path: str) -> None:
    answer = Answer(path)
    assert answer.status == 404 and not answer.reached


def test_the_upload_endpoint_opens_only_when_the_deployment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERIDIAN_UPLOADS", "1")
    assert Answer("/_stcore/upload_file/x").reached


def test_only_sessions_with_a_form_for_files_may_send_any_and_not_more_than_they_may_hold() -> None:
    clock = [0.0]
    gate = Gate(lambda: clock[0])
    assert gate.take("stranger", "a", 10) == 403
    gate.open_for("steward")
    assert gate.take("steward", "a", None) == 411
    assert gate.take("steward", "a", MOST_BYTES) == 200
    assert gate.take("steward", "a", MOST_BYTES) == 200  # the same again is not more
    assert gate.take("steward", "b", 1) == 413
    gate.give_back("steward", "a")
    assert [gate.take("steward", str(n), 1) for n in range(MOST_FILES + 1)] == [200] * MOST_FILES + [413]
    for n in range(3):
        gate.open_for(f"other {n}")
        assert gate.take(f"other {n}", "a", MOST_BYTES) == (200 if n < 2 else 413)
    clock[0] = OPEN_SECONDS + 1
    assert gate.take("steward", "x", 1) == 403


@pytest.mark.parametrize(("length", "status"), [("10", 403), (None, 403)])
def test_the_server_asks_the_gate_before_a_byte_is_read(
    monkeypatch: pytest.MonkeyPatch, length: str | None, status: int
) -> None:
    monkeypatch.setenv("MERIDIAN_UPLOADS", "1")
    headers = {"content_length": length} if length else {}
    answer = Answer("/_stcore/upload_file/nobody/f", method="PUT", **headers)
    assert not answer.reached and answer.status == status
    GATE.open_for("steward of the test")
    assert Answer("/_stcore/upload_file/steward of the test/f", method="PUT", content_length="10").reached
    too_much = Answer("/_stcore/upload_file/steward of the test/g", method="PUT", content_length=str(MOST_BYTES))
    assert not too_much.reached and too_much.status == 413


@pytest.mark.parametrize("host", ["evil.invalid", "localhost.evil.invalid", "", "10.0.0.1"])
def test_a_foreign_host_is_refused_before_streamlit(host: str) -> None:
    answer = Answer(host=host)
    assert answer.status == 403 and not answer.reached


def test_a_host_of_the_deployment_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERIDIAN_ALLOWED_HOSTS", "dash.example.org")
    assert Answer(host="dash.example.org").reached


@pytest.mark.parametrize("origin", ["http://evil.invalid", "http://localhost:9999", "null"])
def test_a_socket_from_a_foreign_origin_is_closed_before_streamlit(origin: str) -> None:
    answer = Answer("/_stcore/stream", kind="websocket", origin=origin)
    assert not answer.reached and answer.sent[0]["type"] == "websocket.close"


def test_a_file_is_fetched_by_the_browser_it_was_made_for_and_for_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    gate = download_gate.Gate(lambda: clock[0])
    monkeypatch.setattr(download_gate, "GATE", gate)
    content, mime, name = b"rows", "text/csv", "meridian-overview-page.csv"
    gate.made(content, mime, name, "hers")
    storage = MemoryMediaFileStorage("/media")
    file = storage.load_and_get_id(content, mime, MediaFileKind.DOWNLOADABLE, name)
    address = storage.get_url(file)
    assert Answer(address, cookie="meridian_browser=hers").reached
    for cookie in ("meridian_browser=another", "meridian_browser=", "other=hers"):
        answer = Answer(address, cookie=cookie)
        assert (answer.status, answer.reached) == (404, False)
    assert Answer("/media/of-nobody.csv", cookie="meridian_browser=hers").status == 404
    clock[0] += download_gate.OPEN_SECONDS
    assert Answer(address, cookie="meridian_browser=hers").status == 404


def test_who_signs_out_takes_her_files_along_and_nobody_elses() -> None:
    gate = download_gate.Gate()
    for browser in ("hers", "another"):
        gate.made(b"rows", "text/csv", "a.csv", browser)
    file = download_gate._calculate_file_id(b"rows", "text/csv", "a.csv")
    gate.forget("hers")
    assert [gate.may_fetch(f"/media/{file}.csv", browser) for browser in ("hers", "another", "")] == [
        False,
        True,
        False,
    ]


def test_a_browser_is_named_with_its_first_page_and_keeps_its_name() -> None:
    first = Answer(answers="text/html; charset=utf-8").headers["set-cookie"]
    assert first.startswith("meridian_browser=") and "HttpOnly" in first and "SameSite=Lax" in first
    assert "Max-Age" not in first and "Expires" not in first
    name = first.partition(";")[0]
    assert len(name) > 40 and name != Answer(answers="text/html").headers["set-cookie"].partition(";")[0]
    assert "set-cookie" not in Answer(answers="text/html", cookie=name).headers
    assert "set-cookie" not in Answer("/media/x", answers="text/csv").headers


@pytest.mark.parametrize(
    ("body", "length", "status"),
    [((b"x" * 1000,), None, 200), ((b"",), "2000000", 413), ((b"",), "-1", 413), ((b"",), "many", 413),
     ((b"x" * 700_000,) * 2, None, 413)],
    ids=["small", "stated too large", "a length below zero", "no length", "larger than stated"],
)  # fmt: skip
def test_a_body_larger_than_any_of_ours_is_ended(body: tuple[bytes, ...], length: str | None, status: int) -> None:
    stated = {} if length is None else {"content_length": length}
    answer = Answer("/_stcore/host-config", method="POST", body=body, **stated)
    assert answer.status == status
    assert answer.heard == (b"".join(body) if status == 200 else b"x" * min(700_000, len(answer.heard)))


def test_a_body_that_comes_too_slowly_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "QUIET_SECONDS", 0.02)
    assert Answer("/_stcore/host-config", method="POST", body=(b"a", b"b"), pause=0.2).status == 408
    monkeypatch.setattr(web, "QUIET_SECONDS", 5.0)
    monkeypatch.setattr(web, "BODY_SECONDS", 0.05)
    assert Answer("/_stcore/host-config", method="POST", body=(b"a",) * 50, pause=0.01).status == 408


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/nowhere", "/"),
        ("/funding-gaps/x", "/"),
        ("/secret", "/"),
        ("/overview", "/?country=LT"),
        ("/overview/", "/?country=LT"),
    ],
)
def test_a_page_that_there_is_not_leads_to_the_first_one_without_a_dialog_and_its_name_keeps_the_choices(
    path: str, leads_to: str
) -> None:
    answer = Answer(path, accept="text/html,*/*", query=b"country=LT")
    assert (answer.status, answer.headers["location"], answer.reached) == (302, leads_to, False)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/funding-gaps",
        "/initiative",
        "/static/js/index.js",
        "/static/media/font.woff2",
        "/_stcore/health",
        "/oauth2callback",
        "/auth/login",
    ],
)
def test_pages_that_there_are_and_the_servers_own_addresses_pass(path: str) -> None:
    assert Answer(path, accept="text/html,*/*").reached


def test_our_own_socket_passes() -> None:
    assert Answer("/_stcore/stream", kind="websocket", origin="http://localhost:8501").reached


class Files:
    """An app of two files behind `Packed`, and how often each was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.packed = Packed(self._app)

    async def _app(self, scope, receive, send) -> None:
        self.asked.append(scope["path"])
        kind = {"js": "text/javascript; charset=utf-8", "woff2": "font/woff2"}.get(
            scope["path"].rpartition(".")[2], "text/html"
        )
        headers = [(b"content-type", kind.encode()), (b"cache-control", b"public, immutable")]
        await send(
            {"type": "http.response.start", "status": 404 if "missing" in scope["path"] else 200, "headers": headers}
        )
        await send({"type": "http.response.body", "body": b"a" * 3000, "more_body": True})
        await send({"type": "http.response.body", "body": b"b" * 3000})

    def get(self, path: str, **headers: str) -> tuple[dict[str, str], bytes]:
        sent: list[dict] = []

        async def receive() -> dict:
            return {"type": "http.request", "body": b""}

        async def send(message) -> None:
            sent.append(message)

        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "GET", "path": path, "headers": given}
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: asyncio.run(self.packed(scope, receive, send))).result()
        return {k.decode(): v.decode() for k, v in sent[0]["headers"]}, b"".join(m.get("body", b"") for m in sent[1:])


def test_the_front_ends_files_are_packed_once_and_are_the_same_when_unpacked() -> None:
    files = Files()
    for _reader in range(3):
        headers, body = files.get("/static/js/a.js", accept_encoding="gzip, br")
        assert headers["content-encoding"] == "gzip" and headers["cache-control"] == "public, immutable"
        assert len(body) < 200 and gzip.decompress(body) == b"a" * 3000 + b"b" * 3000
    assert files.asked == ["/static/js/a.js"]


def test_a_browser_that_has_a_file_of_the_front_end_is_sent_it_no_more() -> None:
    files = Files()
    headers, _body = files.get("/_stcore/bidi-components/meridian.plot/plot.js", accept_encoding="gzip")
    same = {"accept_encoding": "gzip", "if_none_match": headers["etag"]}
    assert files.get("/_stcore/bidi-components/meridian.plot/plot.js", **same)[1] == b""
    other = {"accept_encoding": "gzip", "if_none_match": '"other"'}
    assert gzip.decompress(files.get("/_stcore/bidi-components/meridian.plot/plot.js", **other)[1])[:1] == b"a"
    assert gzip.decompress(files.get("/", accept_encoding="gzip")[1])[:1] == b"a" and len(files.asked) == 2


@pytest.mark.parametrize("how", ["nothing of it", "a part of it", "less than it said"])
def test_a_file_whose_reader_went_away_in_the_midst_is_kept_for_nobody(how: str) -> None:
    files = Files()
    whole = files.packed.app

    async def cut(scope, receive, send) -> None:
        length = [(b"content-length", b"6000")] if how == "less than it said" else []
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/javascript"), *length],
        }
        await send(start)
        if how != "nothing of it":
            await send({"type": "http.response.body", "body": b"a" * 3000, "more_body": how == "a part of it"})

    files.packed.app = cut
    files.get("/static/js/a.js", accept_encoding="gzip")
    files.packed.app = whole
    headers, body = files.get("/static/js/a.js", accept_encoding="gzip")
    assert headers["content-encoding"] == "gzip" and gzip.decompress(body) == b"a" * 3000 + b"b" * 3000


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/js/a.js", {}),
        ("/static/js/a.js", {"accept_encoding": "gzip", "range": "bytes=0-9"}),
        ("/static/font.woff2", {"accept_encoding": "gzip"}),
        ("/static/js/missing.js", {"accept_encoding": "gzip"}),
        ("/media/export.js", {"accept_encoding": "gzip"}),
        ("/initiatives", {"accept_encoding": "gzip", "accept": "text/html"}),
    ],
)
def test_what_is_no_file_of_the_front_end_passes_as_it_is(path: str, headers: dict[str, str]) -> None:
    found, body = Files().get(path, **headers)
    assert "content-encoding" not in found and body == b"a" * 3000 + b"b" * 3000


def test_the_icon_is_ours_and_may_be_kept_by_browsers() -> None:
    answer = Answer("/favicon.png")
    assert not answer.reached and answer.headers["cache-control"] == "public, max-age=86400"
    assert answer.sent[1]["body"].startswith(b"\x89PNG")


@pytest.mark.parametrize("path", ["/_stcore/health", "/media/abc.xlsx"])
def test_data_may_load_nothing_wherever_it_is_opened(path: str) -> None:
    assert Answer(path).headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert Answer(path).headers["cache-control"] == "no-store"


def asked(path: str, why_not: list[str], times: int = 1) -> tuple[int, str, list[str]]:
    """What a server answers whose database says `why_not`, and what was asked of the database."""
    sent: list[dict] = []
    called: list[str] = []

    def ask() -> str:
        called.append(path)
        return why_not[len(called) - 1]

    async def go() -> None:
        health = Health(Answer._app, ask)  # type: ignore[arg-type]
        scope = {"type": "http", "path": path, "method": "GET", "headers": [], "query_string": b""}

        async def send(message) -> None:
            sent.append(message)

        async def receive() -> dict:
            return {"type": "http.request", "body": b""}

        for _turn in range(times):
            await health(scope, receive, send)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(go())).result()
    return sent[0]["status"], sent[1]["body"].decode(), called


def test_alive_is_alive_whatever_the_database_does_and_ready_asks_it_at_most_every_two_seconds() -> None:
    assert asked("/live", []) == (200, "ok", [])
    assert asked("/ready", [""]) == (200, "ok", ["/ready"])
    assert asked("/ready", ["gone"]) == (503, "gone", ["/ready"])
    assert asked("/ready", ["", "gone"], times=5)[2] == ["/ready"]


@pytest.mark.by_turns
@pytest.mark.usefixtures("engines")
def test_a_new_deployment_without_records_shows_the_page_that_says_what_to_do() -> None:
    assert why_not_ready() == ""


@pytest.mark.by_turns
@pytest.mark.usefixtures("engines")
def test_a_database_that_cannot_be_read_yet_holds_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    url, opened = addresses.urls_from_environment().shared, []

    def noted(url: str, which: Which = "shared") -> Engine:
        opened.append(connections.open_reader(url, which))
        return opened[-1]

    monkeypatch.setattr(reading, "connections", SimpleNamespace(open_reader=noted))
    for _click in range(3):
        with pytest.raises(DatabaseProblem, match="empty"):
            reading.engine("shared", url)
    assert [engine.pool.checkedin() + engine.pool.checkedout() for engine in opened] == [0, 0, 0]


@pytest.mark.parametrize(("status", "shown"), [(400, b"Try again"), (302, b"")])
def test_a_sign_in_that_cannot_begin_is_said_in_our_words(status: int, shown: bytes) -> None:
    sent: list[dict] = []

    async def streamlit(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"Authentication error" if status == 400 else b""})

    async def note(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/auth/login", "method": "GET"}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(SignIn(streamlit)(scope, None, note))).result()  # type: ignore[arg-type]
    body = b"".join(message.get("body", b"") for message in sent)
    assert shown in body and b"Authentication error" not in body
    assert [message["status"] for message in sent if "status" in message] == [502 if status == 400 else 302]
    assert len(sent) == 2


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/initiatives?country=LT&activity=media", "/initiatives?country=LT&activity=media"),
        ("/", "/"),
        ("/?country=LT", "/?country=LT"),
        ("//evil.example/", "/"),
        ("https://evil.example/overlap", "/"),
        ("/\\evil.example", "/"),
        ("/nowhere", "/"),
        ("/auth/logout", "/"),
        ("/overlap?x=\r\nset-cookie: a=b", "/overlap?x=%0D%0Aset-cookie:%20a=b"),
        (f"/overlap?x={'y' * 3000}", "/"),
    ],
)
def test_a_sign_in_leads_back_to_the_page_that_was_wanted_and_to_none_but_ours(wanted: str, led_to: str) -> None:
    sent: list[dict] = []

    async def streamlit(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 302, "headers": [(b"location", b"/")]})

    async def note(message: dict) -> None:
        sent.append(message)

    cookie = f"a=b; meridian_wanted={quote(wanted, safe='')}".encode()
    scope = {"type": "http", "path": "/oauth2callback", "method": "GET", "headers": [(b"cookie", cookie)]}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(SignIn(streamlit)(scope, None, note))).result()  # type: ignore[arg-type]
    headers = Headers(raw=sent[0]["headers"])
    assert headers["location"] == led_to and "Max-Age=0" in headers["set-cookie"]


def test_a_server_whose_database_is_gone_or_older_is_not_ready_and_says_no_address(
    own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert why_not_ready() == ""
    with connections.open_writer(own_sample.shared).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'shared_0001'"))
    assert "another schema" in why_not_ready()
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, "postgresql://nobody:secret@127.0.0.1:9/none")
    assert "does not answer" in why_not_ready() and "secret" not in why_not_ready()
    monkeypatch.setenv(addresses.SHARED_URL_VARIABLE, "sqlite:////nowhere/at-all.db")
    assert "missing" in why_not_ready() and "nowhere" not in why_not_ready()
