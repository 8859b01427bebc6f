"""What went over the wire, and what goes wrong on purpose."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. kind: rest, graphql, fetch, push, page; path: as in the request line, without the
    query; status 0: the connection was cut. Bodies of git are not kept."""

    method: str
    path: str
    query: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes
    token_kind: str
    kind: str

    @property
    def request_json(self) -> object:
        return json.loads(self.request_body) if self.request_body else None

    @property
    def response_json(self) -> object:
        return json.loads(self.response_body) if self.response_body else None


@dataclass(frozen=True)
class Calls:
    """How often a client asked. fetches and pushes: runs of git that reached the server with the right credentials;
    unchanged: REST calls that were answered by 304 and cost nothing; writes: REST calls other than GET."""

    rest: int = 0
    unchanged: int = 0
    writes: int = 0
    graphql: int = 0
    fetches: int = 0
    pushes: int = 0


def count(exchanges: list[Exchange]) -> Calls:
    rest = [exchange for exchange in exchanges if exchange.kind == "rest"]
    git = [
        exchange.kind
        for exchange in exchanges
        if exchange.method == "GET" and exchange.path.endswith("/info/refs") and exchange.status == 200
    ]
    return Calls(
        rest=len(rest),
        unchanged=sum(exchange.status == 304 for exchange in rest),
        writes=sum(exchange.method not in ("GET", "HEAD") for exchange in rest),
        graphql=sum(exchange.kind == "graphql" for exchange in exchanges),
        fetches=git.count("fetch"),
        pushes=git.count("push"),
    )


@dataclass
class Fault:
    """The next `times` requests that match get `status` instead of an answer. after: the request takes effect first.
    status 0 cuts the connection; path is searched for in the path with its query; body: text or JSON, GitHub's own
    words when not given."""

    path: str = ""
    method: str | None = None
    status: int = 502
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False
    body: object = None

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in (None, method) and re.search(self.path, path) is not None

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(
            USUAL.get(self.status, {"message": "Server Error"}) if self.body is None else self.body
        ).encode()


SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to "
    "GitHub Support for help, please include the request ID."
)
LIMITS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
USUAL = {
    403: {"message": SECONDARY, "documentation_url": f"{LIMITS}#about-secondary-rate-limits", "status": "403"},
    429: {"message": SECONDARY, "documentation_url": f"{LIMITS}#about-secondary-rate-limits", "status": "429"},
    404: {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"},
}
