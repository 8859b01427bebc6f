"""HTTP: reads a request whole, asks the right part of the forge, sends the answer and keeps the exchange."""

import hashlib
import json
import secrets
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from importlib.util import find_spec
from threading import RLock
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.forge_server import git_http, rest
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.exchanges import Exchange, Fault
from tests.forge_server.state import ANONYMOUS, Forge, Token
from tests.forge_server.tokens import caller_of
from tests.http_serving import EndingHTTPServer

API, GRAPHQL = "/api/v3", "/api/graphql"
JSON = "application/json; charset=utf-8"
LONGEST = 256 * 1024 * 1024
LIMIT = "API rate limit exceeded for user ID {}."


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    kind: str
    token_kind: str = "anonymous"


@dataclass
class Exchanges:
    """The log of a server, and who hears of every line."""

    lines: list[Exchange] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    on_exchange: Callable[[Exchange], None] | None = None
    crashes: list[str] = field(default_factory=list)


class ForgeHTTPServer(EndingHTTPServer):
    def __init__(self, port: int, forge: Forge, log: Exchanges) -> None:
        self.forge = forge
        self.log = log
        self.lock = RLock()
        super().__init__(port, _Connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no error of the server."""
        if not isinstance(sys.exception(), ConnectionError):
            self.log.crashes.append(traceback.format_exc())


class _Connection(BaseHTTPRequestHandler):
    server: ForgeHTTPServer
    protocol_version = "HTTP/1.1"
    server_version = "github.com"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except ValueError as wrong:
            self.send_error(400, str(wrong))
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        log = self.server.log
        with self.server.lock:
            fault = next((known for known in log.faults if known.matches(self.command, self.path)), None)
            if fault is not None:
                fault.times -= 1
        answer = None
        if fault is None or fault.after:
            answer = self._answer(path, query, body)
        if fault is not None:
            kind = answer.kind if answer is not None else _kind(path, query)
            answer = Answer(fault.status, {"Content-Type": JSON, **fault.headers}, fault.content(), kind)
        assert answer is not None
        self._keep(answer, path, query, body)  # before it is sent: who has the answer may look at the log
        self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _read_body(self) -> bytes:
        """Raises ValueError for what is no body."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= LONGEST:
            raise ValueError("Content-Length is out of range")
        return self.rfile.read(length)

    def _read_chunks(self) -> bytes:
        chunks, total = [], 0
        while size := int(self.rfile.readline(1024).split(b";")[0], 16):
            total += size
            if total > LONGEST:
                raise ValueError("the body is too long")
            chunks.append(self.rfile.read(size))
            self.rfile.readline(1024)
        while self.rfile.readline(1024) not in (b"\r\n", b"\n", b""):
            continue
        return b"".join(chunks)

    def _answer(self, path: str, query: str, body: bytes) -> Answer:
        forge, headers = self.server.forge, self.headers
        caller = ANONYMOUS
        kind = _kind(path, query)
        try:
            caller = caller_of(forge, headers.get("Authorization", ""))
            if kind in ("fetch", "push"):
                answer = self._git(caller, path, query, body)
            elif kind == "page":
                answer = self._page(unquote(path))
            else:
                answer = self._api(caller, kind, path, query, body)
        except Refusal as refusal:
            answer = _refused(refusal, kind)
        except Exception:  # a bug of ours: the client sees what GitHub would send, the test sees the traceback
            self.server.log.crashes.append(traceback.format_exc())
            answer = _refused(Refusal(500, "Server Error"), kind)
        answer.kind, answer.token_kind = kind, caller.kind
        if kind in ("rest", "graphql"):
            self._usual_headers(answer, caller)
        return answer

    def _git(self, caller: Token, path: str, query: str, body: bytes) -> Answer:
        request = git_http.parse(self.command, unquote(path), query, self.headers, body)
        if request is None:
            raise not_found()
        if request.rest == "/git-receive-pack":
            with self.server.lock:
                return Answer(*git_http.answer(self.server.forge, caller, request), kind="push")
        return Answer(*git_http.answer(self.server.forge, caller, request), kind="fetch")

    def _page(self, path: str) -> Answer:
        if self.command not in ("GET", "HEAD") or find_spec("tests.forge_server.pages") is None:
            raise not_found()
        pages = import_module("tests.forge_server.pages")
        with self.server.lock:
            page = pages.page(self.server.forge, path)
        if page is None:
            raise not_found()
        status, content_type, body = page
        return Answer(status, {"Content-Type": content_type}, body, "page")

    def _api(self, caller: Token, kind: str, path: str, query: str, body: bytes) -> Answer:
        forge = self.server.forge
        with self.server.lock:
            if forge.used(caller) >= forge.options.rate_limit:
                user = forge.users.get(caller.login)
                raise Refusal(403, LIMIT.format(user.id if user else 0))
            forge.spend(caller)
            if kind == "graphql":
                return self._graphql(caller, body)
            answer = self._rest(caller, path, query, body)
            if answer.status == 304 or path == f"{API}/rate_limit":
                forge.spend(caller, -1)
            return answer

    def _rest(self, caller: Token, path: str, query: str, body: bytes) -> Answer:
        forge = self.server.forge
        path = unquote(path.removeprefix(API)) or "/"
        if path.startswith("/repositories/"):
            path = _by_name(forge, path)
        values = dict(parse_qsl(query, keep_blank_values=True))
        method = "GET" if self.command == "HEAD" else self.command
        request = rest.Request(forge, caller, method, path, values, self.headers, {}, _parsed(body))
        reply = rest.dispatch(request)
        return self._replied(reply)

    def _replied(self, reply: rest.Reply) -> Answer:
        headers = dict(reply.headers)
        if reply.body is None:
            return Answer(reply.status, headers, b"", "rest")
        if isinstance(reply.body, (bytes, str)) and "Content-Type" in headers:
            content = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
        else:
            headers["Content-Type"] = JSON
            content = json.dumps(reply.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        if self.command in ("GET", "HEAD") and reply.status == 200:
            tag = f'"{hashlib.sha256(content).hexdigest()}"'
            headers |= {"ETag": f"W/{tag}", "Cache-Control": "private, max-age=60, s-maxage=60"}
            known = [part.strip().removeprefix("W/") for part in self.headers.get("If-None-Match", "").split(",")]
            if tag in known or "*" in known:
                headers.pop("Content-Type")
                return Answer(304, headers, b"", "rest")
        return Answer(reply.status, headers, content, "rest")

    def _graphql(self, caller: Token, body: bytes) -> Answer:
        if self.command != "POST" or find_spec("tests.forge_server.graphql") is None:
            raise not_found()
        if caller.kind == "anonymous":
            raise Refusal(401, "This endpoint requires you to be authenticated.")
        asked = _parsed(body)
        if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
            raise Refusal(400, "A query attribute must be specified and must be a string.")
        variables, operation = asked.get("variables") or {}, asked.get("operationName")
        if not isinstance(variables, dict) or not isinstance(operation, str | None):
            raise Refusal(400, "variables must be an object, and operationName a string.")
        graphql = import_module("tests.forge_server.graphql")
        status, answered = graphql.answer(self.server.forge, caller, asked["query"], variables, operation)
        return Answer(status, {"Content-Type": JSON}, json.dumps(answered, ensure_ascii=False).encode(), "graphql")

    def _usual_headers(self, answer: Answer, caller: Token) -> None:
        forge = self.server.forge
        limit, used = forge.options.rate_limit, forge.used(caller)
        usual = {
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": "2022-11-28",
            "X-GitHub-Request-Id": ":".join(secrets.token_hex(2).upper() for _ in range(5)),
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str(forge.limit_reset),
            "X-RateLimit-Resource": "graphql" if answer.kind == "graphql" else "core",
        }
        answer.headers = usual | answer.headers

    def _send(self, answer: Answer) -> None:
        if answer.status == 0:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value.replace("\r", " ").replace("\n", " "))
        self.send_header("Server", "github.com")
        self.send_header("Date", format_datetime(self.server.forge.clock.now(), usegmt=True))
        bare = answer.status in (204, 304)
        if not bare:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if not bare and self.command != "HEAD":
            self.wfile.write(answer.body)

    def _keep(self, answer: Answer, path: str, query: str, body: bytes) -> None:
        git = answer.kind in ("fetch", "push")
        exchange = Exchange(
            self.command, path, query, dict(self.headers.items()), b"" if git else body, answer.status,
            answer.headers, b"" if git else answer.body, answer.token_kind, answer.kind,
        )  # fmt: skip
        log = self.server.log
        with self.server.lock:
            log.lines.append(exchange)
            if log.on_exchange is not None:
                log.on_exchange(exchange)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed: the log of exchanges tells more."""


def _kind(path: str, query: str) -> str:
    if path == GRAPHQL:
        return "graphql"
    if path == API or path.startswith(f"{API}/"):
        return "rest"
    if path.endswith("/git-receive-pack") or (path.endswith("/info/refs") and "git-receive-pack" in query):
        return "push"
    return "fetch" if path.endswith(("/git-upload-pack", "/info/refs")) else "page"


def _refused(refusal: Refusal, kind: str) -> Answer:
    headers = dict(refusal.headers)
    if kind in ("rest", "graphql"):
        body = json.dumps(refusal.body(), ensure_ascii=False).encode()
        return Answer(refusal.status, headers | {"Content-Type": JSON}, body, kind)
    if refusal.status == 401 and kind in ("fetch", "push"):
        headers = git_http.CHALLENGE | headers
    text = f"{refusal.message}\n".encode()
    return Answer(refusal.status, headers | {"Content-Type": "text/plain; charset=utf-8"}, text, kind)


def _parsed(body: bytes) -> object:
    """Raises 400."""
    if not body:
        return None
    try:
        parsed = json.loads(body)
        if b"\\u" in body:
            json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as wrong:
        raise Refusal(400, "Problems parsing JSON") from wrong
    return parsed


def _by_name(forge: Forge, path: str) -> str:
    """/repositories/{id}/rest as /repos/{owner}/{repo}/rest. Raises 404."""
    _, _, number, *rest_of = path.split("/", 3)
    found = next((known for known in forge.repositories.values() if str(known.id) == number), None)
    if found is None:
        raise not_found()
    return "/".join((f"/repos/{found.full_name}", *rest_of)).rstrip("/")
