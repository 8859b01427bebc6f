"""`GitHubClient`: one GitHub API asked with patience, over PyGithub's requester.

GETs are conditional and repeated; a POST is never repeated before somebody looked whether it took effect; writes are
serial with a pause between them (docs.github.com, "Best practices for using the REST API"). JSON goes in and out here;
`github_reading` makes values of it.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

import github
import requests
from github.Requester import Requester
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from gitops_healer.adapters.github_errors import (
    LimitedError,
    LostAnswerError,
    RefusedError,
    Response,
    failure_of,
    said_by,
    scrubbed,
    unreachable,
)
from gitops_healer.errors import ForgeError
from gitops_healer.ports import Cache, Clock

T = TypeVar("T")
Query = str | int

USER_AGENT = "gitops-healer"
_FORMAT = 1
_MAX_PAGES = 1_000


@dataclass(frozen=True)
class Pace:
    """sleep: gets seconds; between_writes: seconds; longest: that one call may wait in all for a rate limit, seconds;
    attempts: how often something is sent at most; first: seconds before the second attempt, doubled each time."""

    sleep: Callable[[float], None] = time.sleep
    between_writes: float = 1.0
    longest: float = 120.0
    attempts: int = 4
    first: float = 1.0


@dataclass(frozen=True)
class Calls:
    """rest: all calls of the REST API, not_modified among them (these cost no rate limit); graphql: of the other."""

    rest: int = 0
    graphql: int = 0
    not_modified: int = 0

    def __sub__(self, other: "Calls") -> "Calls":
        return Calls(
            self.rest - other.rest, self.graphql - other.graphql, self.not_modified - other.not_modified
        )  # fmt: skip


@dataclass(frozen=True)
class _Page:
    data: Any
    next: str


def connect(
    api_url: str,
    auth: github.Auth.Auth | None,
    cache: Cache,
    clock: Clock,
    login: str = "",
    pace: Pace | None = None,
    timeout: int = 30,
    page_size: int = 100,
) -> "GitHubClient":
    """A client of `https://api.github.com` or `https://HOST/api/v3`. login: whose answers are remembered together;
    timeout: seconds. Raises ForgeError for what is no address."""
    parts = urlsplit(api_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ForgeError(
            f"{scrubbed(api_url)!r} is no address of an API: use https://api.github.com or https://HOST/api/v3"
        )
    known = github.Github(
        base_url=api_url.rstrip("/"), auth=auth, retry=None, timeout=timeout, user_agent=USER_AGENT,
        per_page=page_size, lazy=True, seconds_between_requests=0, seconds_between_writes=0,
    )  # fmt: skip
    return GitHubClient(known.requester, cache, clock, login, pace or Pace())


class GitHubClient:
    """Paths begin with `/`, such as `/repos/octo/shop/pulls`; build them with `path_of`."""

    def __init__(self, requester: Requester, cache: Cache, clock: Clock, login: str, pace: Pace) -> None:
        self.calls = Calls()
        self._requester = requester
        self._cache = cache
        self._clock = clock
        self._login = login
        self._pace = pace
        self._last_write: datetime | None = None

    @property
    def api_url(self) -> str:
        return self._requester.base_url

    def pause(self, seconds: float) -> None:
        self._pace.sleep(seconds)

    # Reading

    def get(self, path: str, **query: Query) -> Any:
        """The JSON of one resource. Raises RefusedError (status 404 when it is not there)."""
        return self._page(_with_query(path, query)).data

    def fresh(self, path: str) -> Any:
        """As `get`, whatever is remembered: for what GitHub computes in the meantime."""
        return self._patiently(lambda: self._send("GET", path)).data

    def look(self, path: str) -> Response:
        """The answer as it came, a no as well, and nothing remembered. Raises ForgeError where there is none."""

        def send() -> Response:
            response = self._exchange("GET", path)
            failure = self._failure_of(response, f"GET {path}") if response.status >= 300 else None
            if isinstance(failure, (LostAnswerError, LimitedError)):
                raise failure
            return response

        return self._patiently(send)

    def find(self, path: str, **query: Query) -> Any | None:
        """As `get`, None when it is not there or gone."""
        try:
            return self.get(path, **query)
        except RefusedError as error:
            if error.status in (404, 410):
                return None
            raise

    def each(self, path: str, inside: str = "", **query: Query) -> Iterator[Any]:
        """All of a list, page by page as they are needed. inside: the key under which an object holds the list."""
        url = _with_query(path, {**query, "per_page": self._requester.per_page})
        for _ in range(_MAX_PAGES):
            page = self._page(url)
            items = page.data.get(inside) if inside and isinstance(page.data, dict) else page.data
            if not isinstance(items, list):
                raise ForgeError(
                    f"GET {path}: GitHub's answer is not the list that it promises; is {self.api_url} an API?"
                )
            yield from items
            if not page.next:
                return
            url = self._same_host(page.next)

    def ask(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data of a GraphQL query (never of a mutation: it is sent again when the answer is lost).

        Raises RefusedError for errors in it; of what is not there alone, null stands in the data.
        """
        body = {"query": document, "variables": dict(variables)}
        response = self._patiently(lambda: self._send("POST", self._requester.graphql_url, body))
        return _data_of(response.data, "query", absent="NOT_FOUND")

    # Writing

    def create(self, path: str, body: Mapping[str, Any], look: Callable[[], T | None], read: Callable[[Any], T]) -> T:
        """POST. When the answer is lost, `look` says whether it took effect; only when not, it is sent again."""
        for attempt in range(self._pace.attempts):
            try:
                return read(self._write("POST", path, body))
            except LostAnswerError:
                self._pace.sleep(self._backoff(attempt))
                if (found := look()) is not None:
                    return found
                if attempt + 1 == self._pace.attempts:
                    raise
        raise AssertionError("unreachable")

    def mutate(
        self, document: str, variables: Mapping[str, Any], look: Callable[[], T | None], read: Callable[[Any], T]
    ) -> T:
        """A GraphQL mutation; sent again as `create` does. read: gets its data. Raises RefusedError for any error."""
        body = {"query": document, "variables": dict(variables)}
        return self.create(self._requester.graphql_url, body, look, lambda data: read(_data_of(data, "mutation")))

    def change(self, verb: str, path: str, body: Mapping[str, Any] | None = None, *, repeat: bool = True) -> Any:
        """PATCH, PUT or DELETE of what can be done twice without harm; `repeat` says so. Raises LostAnswerError when it
        cannot, or when GitHub stays in trouble."""
        for attempt in range(self._pace.attempts):
            try:
                return self._write(verb, path, body)
            except LostAnswerError:
                if not repeat or attempt + 1 == self._pace.attempts:
                    raise
                self._pace.sleep(self._backoff(attempt))
            except RefusedError as error:
                if verb == "DELETE" and error.status in (404, 410):
                    return None
                raise
        raise AssertionError("unreachable")

    # Tokens

    def admit(self, auth: github.Auth.AppInstallationAuth) -> None:
        """Give an installation of the App, as which this client speaks, its tokens; the first is made now. Raises
        RefusedError when GitHub gives it none."""
        auth.withRequester(self._requester)
        asked = f"POST /app/installations/{auth.installation_id}/access_tokens"
        self._patiently(lambda: self._caught(asked, lambda: auth.token))

    # One page, asked for with the tag of what we have

    def _page(self, url: str) -> _Page:
        key = f"github {_FORMAT} {self.api_url} {self._login} {url}"
        tag, known = _remembered(self._cache.get(key))
        response = self._patiently(lambda: self._send("GET", url, headers={"If-None-Match": tag} if tag else {}))
        link = response.headers.get("link", "")
        if response.status == 304 and known is not None:
            # a page that came after it changes no word of this one, and so not its tag (app-sre/github-mirror#113)
            return _Page(known.data, _next_of(link) if link else known.next)
        page = _Page(response.data, _next_of(link))
        new = response.headers.get("etag", "")
        if new and "since=" not in url:  # the next look asks since another moment
            self._cache.put(key, json.dumps([new, page.next, page.data]).encode())
        return page

    def _same_host(self, url: str) -> str:
        """The token goes nowhere else."""
        full, ours = urlsplit(urljoin(self.api_url, url)), urlsplit(self.api_url)
        if (full.scheme, full.netloc) != (ours.scheme, ours.netloc):
            raise ForgeError(f"GitHub's list goes on at {full.netloc}, which is not {ours.netloc}: it is not followed")
        return full.geturl()

    # Sending

    def _write(self, verb: str, path: str, body: Mapping[str, Any] | None) -> Any:
        def send() -> Response:
            self._space_writes()
            try:
                return self._send(verb, path, body)
            finally:
                self._last_write = self._clock.now()

        return self._patiently(send, LimitedError).data

    def _space_writes(self) -> None:
        if self._last_write is None or not self._pace.between_writes:
            return
        due = self._last_write + timedelta(seconds=self._pace.between_writes)
        if (left := (due - self._clock.now()).total_seconds()) > 0:
            self._pace.sleep(left)

    def _patiently(self, send: Callable[[], T], *again: type[ForgeError]) -> T:
        """Send, and again after what is in `again` (all that passes by itself, when none is named)."""
        waited = 0.0

        def wait(state: RetryCallState) -> float:
            nonlocal waited
            error = state.outcome.exception() if state.outcome else None
            seconds = self._backoff(state.attempt_number - 1)
            if isinstance(error, LimitedError):
                seconds = error.seconds
                if waited + seconds > self._pace.longest:
                    raise ForgeError(self._too_long(error)) from error
                waited += seconds
            return seconds

        retrying = Retrying(
            retry=retry_if_exception_type(again or (LimitedError, LostAnswerError)),
            stop=lambda state: state.attempt_number >= self._pace.attempts,
            wait=wait,
            sleep=self._pace.sleep,
            reraise=True,
        )
        return retrying(send)

    def _backoff(self, attempt: int) -> float:
        return float(self._pace.first * 2**attempt)

    def _too_long(self, error: LimitedError) -> str:
        until = self._clock.now() + timedelta(seconds=error.seconds)
        return f"{error}. That lasts until {until:%H:%M:%S} UTC: run again then; nothing is lost"

    def _send(
        self, verb: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """One exchange. Raises the errors of `github_errors`."""
        response = self._exchange(verb, url, body, headers)
        if response.status == 304:
            self._count(Calls(not_modified=1))
        elif response.status >= 300:
            raise self._failure_of(response, _asked(verb, url))
        return response

    def _exchange(
        self, verb: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """What is sent and what comes back, whatever it is; counted."""
        self._count(Calls(graphql=1) if url == self._requester.graphql_url else Calls(rest=1))

        def exchanged() -> Response:
            status, found, text = self._requester.requestJson(verb, url, headers=dict(headers or {}), input=body)
            named = {str(key).lower(): str(value) for key, value in found.items()}
            return Response(status, named, json.loads(text) if text else None)

        return self._caught(_asked(verb, url), exchanged)

    def _caught(self, asked: str, exchange: Callable[[], T]) -> T:
        """Whatever PyGithub raises, in words of ours."""
        try:
            return exchange()
        except requests.RequestException as error:
            raise unreachable(asked, urlsplit(self.api_url).netloc, error) from None
        except github.GithubException as error:  # the App's own token could not be had
            known = {str(key).lower(): str(value) for key, value in (error.headers or {}).items()}
            raise self._failure_of(Response(error.status, known, error.data), asked) from None
        except ValueError:
            raise LostAnswerError(
                f"{asked}: the answer is not JSON; is {self.api_url} the address of an API?"
            ) from None
        except (RuntimeError, AssertionError) as error:  # PyGithub does not follow to another host
            raise ForgeError(f"{asked}: {scrubbed(str(error))}") from None

    def _failure_of(self, response: Response, asked: str) -> ForgeError:
        return failure_of(response, asked, self._login, self._clock.now())

    def _count(self, more: Calls) -> None:
        known = self.calls
        self.calls = Calls(
            known.rest + more.rest, known.graphql + more.graphql, known.not_modified + more.not_modified
        )  # fmt: skip


def path_of(*parts: str | int) -> str:
    """`path_of("repos", "octo/shop", "pulls", 3)`: a path, with what comes from outside quoted; `/` stays. Raises
    ForgeError for what would lead elsewhere."""
    path = "/".join(quote(str(part), safe="/@:") for part in parts)
    if any(step in ("", ".", "..") for step in path.split("/")):
        raise ForgeError(f"{path[:200]!r} is no path of GitHub's API")
    return f"/{path}"


def _data_of(answer: Any, kind: str, absent: str = "") -> dict[str, Any]:
    """What a GraphQL answer holds. absent: the type of errors for which null in the data is enough."""
    answered = answer if isinstance(answer, dict) else {}
    listed = answered.get("errors") or []
    errors = [one for one in listed if not (absent and isinstance(one, dict) and one.get("type") == absent)]
    if errors or not isinstance(answered.get("data"), dict):
        said = said_by(Response(200, {}, {"errors": errors})) or "no data"
        raise RefusedError(f"GraphQL: GitHub did not accept the {kind}: {said}", 200, said)
    found: dict[str, Any] = answered["data"]
    return found


def _asked(verb: str, url: str) -> str:
    return f"{verb} {url.partition('?')[0]}"


def _with_query(path: str, query: Mapping[str, Query]) -> str:
    return f"{path}?{urlencode(sorted(query.items()))}" if query else path


def _next_of(link: str) -> str:
    """The address of the next page by a `Link` header, "" on the last."""
    links = requests.utils.parse_header_links(link) if link else []
    return next((str(one["url"]) for one in links if one.get("rel") == "next"), "")


def _remembered(raw: bytes | None) -> tuple[str, _Page | None]:
    try:
        tag, following, data = json.loads(raw) if raw else ("", "", None)
    except (ValueError, TypeError):
        return "", None
    return (str(tag), _Page(data, str(following))) if tag else ("", None)
