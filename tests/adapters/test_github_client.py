"""The client's patience, over real HTTP: a server that answers what the test wrote down."""

import datetime as dt
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from github import Auth
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.adapters.cache import MemoryCache
from gitops_healer.adapters.github_client import Calls, GitHubClient, Pace, connect, path_of
from gitops_healer.adapters.github_errors import LostAnswerError, RefusedError
from gitops_healer.errors import ForgeError
from tests.http_serving import EndingHTTPServer

TOKEN = "ghp_" + "s3cret" * 6
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CUT = "cut"
OK = (200, {}, {"fine": True})


@dataclass
class Request:
    verb: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Script:
    """answers: each is taken once, the last one for ever."""

    answers: list[Any] = field(default_factory=lambda: [OK])
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def take(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def verbs(self) -> list[str]:
        return [request.verb for request in self.requests]


@dataclass
class TurnedClock:
    """Turned by whoever sleeps."""

    moment: datetime = START
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


def handler_of(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            script.requests.append(Request(self.command, self.path, dict(self.headers), body))
            answer = script.take()
            if answer == CUT:
                self.close_connection = True
                return
            status, headers, data = answer
            raw = data.encode() if isinstance(data, str) else json.dumps(data).encode() if data is not None else b""
            self.send_response(status)
            for name, value in {"Date": "Sun, 01 Mar 2026 12:00:00 GMT", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815

        def send_response(self, code: int, message: str | None = None) -> None:
            self.send_response_only(code, message)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    with serving(script) as server:
        script.url = f"http://127.0.0.1:{server.server_port}/api/v3"
        yield script


class serving:  # noqa: N801
    def __init__(self, script: Script) -> None:
        self.server = EndingHTTPServer(0, handler_of(script))

    def __enter__(self) -> EndingHTTPServer:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self.server

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


Make = Callable[..., GitHubClient]


@pytest.fixture
def make(script: Script, clock: TurnedClock) -> Make:
    cache = MemoryCache()

    def make(login: str = "robin", between_writes: float = 0.0) -> GitHubClient:
        pace = Pace(clock.sleep, between_writes)
        return connect(script.url, Auth.Token(TOKEN), cache, clock, login, pace, timeout=5)

    return make


# Reading


@pytest.mark.parametrize("trouble", [(502, {}, "<html>"), (503, {}, None), (500, {}, {"message": "x"}), CUT])
def test_a_read_is_repeated_until_it_is_answered(script: Script, make: Make, clock: TurnedClock, trouble: Any) -> None:
    script.answers = [trouble, trouble, OK]
    assert make().get("/x") == {"fine": True}
    assert clock.slept == [1, 2]


@pytest.mark.parametrize("trouble", [(502, {}, {"message": "Server Error"}), CUT])
def test_a_server_that_stays_in_trouble_is_an_error_that_says_what_to_do(
    script: Script, make: Make, trouble: Any
) -> None:
    script.answers = [trouble]
    with pytest.raises(LostAnswerError, match=r"Nothing is lost.*run again"):
        make().get("/x")
    assert len(script.requests) == 4


def test_a_server_that_is_not_there(clock: TurnedClock) -> None:
    client = connect("http://127.0.0.1:9/api/v3", None, MemoryCache(), clock, pace=Pace(clock.sleep))
    with pytest.raises(ForgeError, match=r"127\.0\.0\.1:9 cannot be reached"):
        client.get("/x")


@pytest.mark.parametrize("address", ["", "api.github.com", "ftp://x/y", "https://"])
def test_what_is_no_address_is_refused(clock: TurnedClock, address: str) -> None:
    with pytest.raises(ForgeError, match=r"https://api\.github\.com"):
        connect(address, None, MemoryCache(), clock)


def test_a_certificate_that_nobody_signed_is_not_trusted(tmp_path: Path, clock: TurnedClock) -> None:
    script = Script()
    with serving(script) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_self_signed(tmp_path))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = f"https://localhost:{server.server_port}/api/v3"
        with pytest.raises(ForgeError, match=r"certificate of localhost.*REQUESTS_CA_BUNDLE"):
            connect(url, None, MemoryCache(), clock, pace=Pace(clock.sleep)).get("/x")
    assert not clock.slept


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    signed = made.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(secret + signed.public_bytes(pem))
    return folder / "both.pem"


# Rate limits

RESET = str(int((START + timedelta(seconds=30)).timestamp()))
FAR = str(int((START + timedelta(hours=1)).timestamp()))
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (403, {"Retry-After": "5"}, {"message": "no"}, 6),
        (429, {"Retry-After": "5"}, {"message": "no"}, 6),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}, {"message": "API rate limit exceeded"}, 31),
        (429, {"X-RateLimit-Remaining": "0"}, None, 60),
        (403, {}, SECONDARY, 60),
        (429, {}, "", 60),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST", "PATCH"])
def test_a_limit_is_waited_for(
    script: Script, make: Make, clock: TurnedClock, verb: str, status: int, headers: Any, body: Any, seconds: float
) -> None:
    clock.moment += timedelta(days=3)  # GitHub's clock counts, not ours
    script.answers = [(status, headers, body), OK]
    client = make()
    match verb:
        case "GET":
            client.get("/x")
        case "POST":
            client.create("/x", {}, lambda: pytest.fail("nothing to look for"), lambda data: data)
        case _:
            client.change(verb, "/x", {})
    assert clock.slept == [seconds]
    assert script.verbs == [verb, verb]


def test_a_limit_that_lasts_too_long_says_until_when(script: Script, make: Make, clock: TurnedClock) -> None:
    script.answers = [(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": FAR}, {"message": "API rate limit"})]
    with pytest.raises(ForgeError, match="lasts until 13:00:01 UTC: run again then"):
        make().get("/x")
    assert not clock.slept


def test_waits_add_up_to_no_more_than_two_minutes(script: Script, make: Make, clock: TurnedClock) -> None:
    script.answers = [(403, {"Retry-After": "49"}, {"message": "slow down"})]
    with pytest.raises(ForgeError, match="lasts until"):
        make().get("/x")
    assert clock.slept == [50, 50]


def test_writes_are_a_second_apart(script: Script, make: Make, clock: TurnedClock) -> None:
    client = make(between_writes=1.0)
    for _ in range(3):
        client.change("PATCH", "/x", {})
        client.get("/x")
    clock.moment += timedelta(seconds=5)
    client.change("PATCH", "/x", {})
    assert clock.slept == [1, 1]


# What did not change


def test_what_did_not_change_is_not_sent_again(script: Script, make: Make) -> None:
    tagged = (200, {"ETag": 'W/"1"'}, {"n": 1})
    script.answers = [tagged, (304, {}, None), (304, {}, None), (200, {"ETag": 'W/"2"'}, {"n": 2}), (304, {}, None)]
    first = make()
    assert [first.get("/x")["n"], first.get("/x")["n"]] == [1, 1]
    second = make()  # another run with the same cache
    assert [second.get("/x")["n"] for _ in range(3)] == [1, 2, 2]
    sent = [request.headers.get("If-None-Match") for request in script.requests]
    assert sent == [None, 'W/"1"', 'W/"1"', 'W/"1"', 'W/"2"']
    assert first.calls == Calls(rest=2, not_modified=1)
    assert second.calls == Calls(rest=3, not_modified=2)


def test_another_login_another_query_and_a_damaged_entry_share_nothing(script: Script, clock: TurnedClock) -> None:
    script.answers = [(200, {"ETag": '"1"'}, [1])]
    cache = MemoryCache()
    for login in ("robin", "kim"):
        client = connect(script.url, None, cache, clock, login, Pace(clock.sleep))
        assert list(client.each("/x", state="open")) == [1]
        assert client.get("/x") == [1]
    for key in list(cache._values):
        cache.put(key, b"\xff{")
    assert client.get("/x") == [1]
    assert not any("If-None-Match" in request.headers for request in script.requests)


def test_what_is_asked_since_a_moment_fills_no_cache(script: Script, clock: TurnedClock) -> None:
    script.answers = [(200, {"ETag": '"1"'}, [])]
    cache = MemoryCache()
    client = connect(script.url, None, cache, clock, pace=Pace(clock.sleep))
    assert list(client.each("/x", since="2026-01-01T00:00:00Z")) == []
    assert not cache._values


def test_a_list_is_read_page_by_page(script: Script, make: Make) -> None:
    def page(number: int, last: bool = False) -> Any:
        following = f"{script.url}/repositories/1/x?a=b,c&page={number + 1}"
        link = {} if last else {"Link": f'<{script.url}/x?page=9>; rel="last", <{following}>; rel="next"'}
        return (200, link, {"things": [number], "total_count": 3})

    script.answers = [page(1), page(2), page(3, last=True)]
    assert list(make().each("/x", "things", state="all")) == [1, 2, 3]
    assert [request.path for request in script.requests] == [
        "/api/v3/x?per_page=100&state=all", "/api/v3/repositories/1/x?a=b%2Cc&page=2",
        "/api/v3/repositories/1/x?a=b%2Cc&page=3",
    ]  # fmt: skip


def test_a_list_is_not_followed_to_another_host(script: Script, make: Make) -> None:
    script.answers = [(200, {"Link": '<https://evil.example/x?page=2>; rel="next"'}, [1])]
    with pytest.raises(ForgeError, match=r"evil\.example"):
        list(make().each("/x"))


def test_what_is_no_list_is_an_error(script: Script, make: Make) -> None:
    with pytest.raises(ForgeError, match="not the list"):
        list(make().each("/x"))


# Writing


@pytest.mark.parametrize("trouble", [(502, {}, None), CUT])
@pytest.mark.parametrize("arrived", [True, False])
def test_a_post_is_repeated_only_when_a_look_says_that_it_did_not_arrive(
    script: Script, make: Make, trouble: Any, arrived: bool
) -> None:
    script.answers = [trouble, (201, {}, {"id": 7})]
    made = make().create("/x", {"a": 1}, lambda: 5 if arrived else None, lambda data: int(data["id"]))
    assert made == (5 if arrived else 7)
    assert script.verbs == ["POST"] * (1 if arrived else 2)


def test_a_post_that_is_refused_is_not_repeated(script: Script, make: Make) -> None:
    script.answers = [
        (422, {}, {"message": "Validation Failed", "errors": [{"message": "No commits between a and b"}]})
    ]
    with pytest.raises(RefusedError, match="Validation Failed: No commits between a and b") as caught:
        make().create("/x", {}, lambda: pytest.fail("nothing to look for"), lambda data: data)
    assert (caught.value.status, script.verbs) == (422, ["POST"])


def test_a_change_is_repeated_only_where_that_is_harmless(script: Script, make: Make) -> None:
    script.answers = [(502, {}, None), CUT, OK]
    assert make().change("PATCH", "/x", {}) == {"fine": True}
    script.answers = [(502, {}, None), OK]
    with pytest.raises(LostAnswerError):
        make().change("PUT", "/merge", {}, repeat=False)
    script.answers = [CUT, (404, {}, {"message": "Not Found"})]
    assert make().change("DELETE", "/x") is None
    assert script.verbs == ["PATCH"] * 3 + ["PUT"] + ["DELETE"] * 2


# Words


INTEGRATION = {"message": "Resource not accessible by integration"}
NEEDS = {"X-Accepted-GitHub-Permissions": "contents=write,issues=read; pull_requests=write"}
LACKS = "lacks `contents: write, issues: read` or `pull-requests: write`"


@pytest.mark.parametrize(
    ("login", "status", "headers", "body", "words"),
    [
        ("robin", 401, {}, {"message": "Bad credentials"}, ["expired or revoked", "GITOPS_HEALER_TOKEN"]),
        ("octo-healer[bot]", 403, NEEDS, INTEGRATION, [LACKS, "settings of the GitHub App"]),
        ("github-actions[bot]", 403, NEEDS, INTEGRATION, [LACKS, "`permissions:` of the job"]),
        ("robin", 403, NEEDS, {"message": "Resource not accessible by personal access token"}, [LACKS, "of the token"]),
        ("robin", 403, {}, INTEGRATION, ["a permission that GitHub does not name"]),
        ("robin", 403, {"X-GitHub-SSO": "required; url=https://sso.example/1"}, {}, ["https://sso.example/1"]),
        ("robin", 404, {}, {"message": "Not Found"}, ["not there, or this token may not see it"]),
        ("robin", 409, {}, {"message": "Head branch was modified"}, ["did not accept it: Head branch was modified"]),
        ("robin", 418, {}, "<html>teapot", ["is not JSON"]),
        ("robin", 422, {}, {"message": "Bad", "errors": [{"field": "head", "code": "invalid"}]}, ["Bad: head invalid"]),
        ("robin", 307, {"Location": "/api/v3/y"}, {"message": "Moved"}, ["renamed or moved", "set-url"]),
        ("robin", 301, {"Location": "http://evil.example/y"}, {}, ["evil.example"]),
        ("robin", 422, {}, {"message": f"bad token {TOKEN} at https://a:b@host/"}, ["bad token [...] at https://[...]host"]),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do_and_no_secret(
    script: Script, make: Make, login: str, status: int, headers: Any, body: Any, words: list[str]
) -> None:
    script.answers = [(status, headers, body)]
    with pytest.raises(ForgeError) as caught:
        make(login).change("PATCH", "/x", {}, repeat=False)
    assert all(word in str(caught.value) for word in words), caught.value
    assert TOKEN not in str(caught.value) + repr(caught.value)


def test_a_renamed_repository_is_followed_when_it_is_read(script: Script, make: Make) -> None:
    script.answers = [(301, {"Location": f"{script.url}/repositories/1"}, {"message": "Moved"}), OK]
    assert make().get("/repos/octo/old") == {"fine": True}
    assert script.requests[-1].path == "/api/v3/repositories/1"


def test_a_query_tolerates_what_is_not_there_and_nothing_else(script: Script, make: Make) -> None:
    gone = {"type": "NOT_FOUND", "message": "Could not resolve to an Issue", "path": ["repository", "board"]}
    data = {"repository": {"board": None}}
    script.answers = [(502, {}, None), (200, {}, {"data": data, "errors": [gone]})]
    client = make()
    assert client.ask("query { x }", {"a": 1}) == data
    assert script.requests[-1].path == "/api/graphql"
    assert client.calls == Calls(graphql=2)
    script.answers = [(200, {}, {"data": data, "errors": [gone, {"type": "FORBIDDEN", "message": "no rights"}]})]
    with pytest.raises(RefusedError, match="no rights"):
        client.ask("query { x }", {})


@given(st.lists(st.text(min_size=1), min_size=1))
def test_no_part_of_a_path_leads_elsewhere(parts: list[str]) -> None:
    try:
        path = path_of("repos", *parts)
    except ForgeError:
        return
    assert path.startswith("/repos/")
    assert not {"", ".", ".."} & set(path[1:].split("/"))
    assert not set(path) & set("?#%\\ ") - {"%"}
