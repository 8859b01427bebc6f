"""Routes, requests and answers of the REST interface."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TypeVar
from urllib.parse import quote, urlencode

from tests.forge_server.access import accepted, allow
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.issues import check_body
from tests.forge_server.state import Forge, Repository, Token

AREAS = ("repositories", "git", "contents", "pulls", "issues", "checks", "people", "actions", "apps")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Reply:
    """body None: nothing is sent (204)."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Request:
    """One call. names: what the path says; repository: set for everything under /repos/{owner}/{repo}."""

    forge: Forge
    caller: Token
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    names: Mapping[str, str]
    body: object
    found: Repository | None = None

    @property
    def repository(self) -> Repository:
        if self.found is None:
            raise not_found()
        return self.found

    def number(self, name: str = "number") -> int:
        return int(self.names[name])

    def fields(self) -> dict[str, object]:
        """The body as an object. Raises 400."""
        if not isinstance(self.body, dict):
            raise Refusal(400, "Body should be a JSON object")
        return self.body

    def text(self, name: str, default: str = "") -> str:
        """A text of the body; null counts as not given. Raises 422 for anything else."""
        value = self.fields().get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise _wrong_type(name, value, "a string")
        return value

    def maybe_text(self, name: str) -> str | None:
        return self.text(name) if self.fields().get(name) is not None else None

    def needed(self, name: str) -> str:
        """Raises 422 when it is not there."""
        if self.fields().get(name) is None:
            raise Refusal(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return self.text(name)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.fields().get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise _wrong_type(name, value, "a boolean")
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list of texts; None when not given."""
        value = self.fields().get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _wrong_type(name, value, "an array of strings")
        return value


def _wrong_type(name: str, value: object, wanted: str) -> Refusal:
    return Refusal(422, f"Invalid request.\n\nFor 'properties/{name}', {json.dumps(value)} is not {wanted}.")


Answer = Callable[[Request], Reply]


@dataclass(frozen=True)
class Route:
    """needs: the permissions, as access.allow reads them."""

    method: str
    pattern: re.Pattern[str]
    needs: str
    answer: Answer
    template: str


ROUTES: list[Route] = []
REPO = "/repos/{owner}/{repo}"


def route(method: str, template: str, needs: str = "") -> Callable[[Answer], Answer]:
    """template: {name} is one segment, {name+} is several, {name#} a number."""

    def add(answer: Answer) -> Answer:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        pattern = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", pattern)
        pattern = re.sub(r"\{(\w+)#\}", r"(?P<\1>\\d{1,15})", pattern)
        ROUTES.append(Route(method, re.compile(pattern), needs, answer, template))
        return answer

    return add


def load() -> None:
    for area in AREAS:
        import_module(f"tests.forge_server.rest_{area}")
    ROUTES.sort(key=lambda known: known.template.endswith("+}"))  # what takes every path is asked last


def dispatch(request: Request) -> Reply:
    """Answer a call. Raises Refusal."""
    methods = set()
    for known in ROUTES:
        matched = known.pattern.fullmatch(request.path)
        if matched is None:
            continue
        methods.add(known.method)
        if known.method != request.method:
            continue
        request.names = matched.groupdict()
        headers = {"X-Accepted-GitHub-Permissions": accepted(known.needs or "metadata:read")}
        if known.template.startswith(REPO):
            request.found = request.forge.repository(f"{request.names['owner']}/{request.names['repo']}")
            allow(request.found, request.caller, known.needs)
            if request.found.options.archived and request.method != "GET":
                raise Refusal(403, "Repository was archived so is read-only.")
        reply = known.answer(request)
        return Reply(reply.status, reply.body, headers | dict(reply.headers))
    raise not_found()


# Pages


def page_of(request: Request) -> tuple[int, int]:
    """(page from 1, size). The server's cap may make pages smaller than was asked for."""
    size = min(_whole(request.query.get("per_page"), 30), 100, request.forge.options.page_cap)
    return _whole(request.query.get("page"), 1), size


def _whole(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else default


def paged(request: Request, items: Sequence[Item], show: Callable[[Item], object], key: str = "") -> Reply:
    """One page of a list with GitHub's Link header; key: the list is in an object beside total_count."""
    page, size = page_of(request)
    shown = [show(item) for item in items[(page - 1) * size : page * size]]
    last = max(1, -(-len(items) // size))
    body: object = {"total_count": len(items), key: shown} if key else shown
    return Reply(200, body, _links(request, page, last))


def cursor_paged(
    request: Request, items: Sequence[Item], key: Callable[[Item], int], show: Callable[[Item], object]
) -> Reply:
    """One page of a list that is paged by `after` and `before` a place, not by numbers."""
    size = page_of(request)[1]
    keys = [str(key(item)) for item in items]
    after, before = request.query.get("after", ""), request.query.get("before", "")
    start = keys.index(after) + 1 if after in keys else 0
    if before in keys:
        start = max(0, keys.index(before) - size)
    shown = items[start : start + size]
    links = {}
    if start + size < len(items):
        links["next"] = {"after": keys[start + size - 1]}
    if start > 0:
        links["prev"] = {"before": keys[start]}
    kept = {name: value for name, value in request.query.items() if name not in ("after", "before", "page")}
    parts = [f'<{_own_url(request)}?{urlencode({**kept, **place})}>; rel="{name}"' for name, place in links.items()]
    return Reply(200, [show(item) for item in shown], {"Link": ", ".join(parts)} if parts else {})


def _links(request: Request, page: int, last: int) -> dict[str, str]:
    places = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    forward, back = page < last, page > 1
    wanted = [name for name in places if (forward if name in ("next", "last") else back)]
    if not wanted:
        return {}
    url = _own_url(request)
    queries = {name: urlencode({**request.query, "page": str(places[name])}) for name in wanted}
    return {"Link": ", ".join(f'<{url}?{query}>; rel="{name}"' for name, query in queries.items())}


def _own_url(request: Request) -> str:
    """The address of the request as links give it: a repository by its id."""
    path = request.path
    if request.found is not None:
        rest = path.split("/", 4)[4:]
        path = f"/repositories/{request.found.id}/{rest[0] if rest else ''}".rstrip("/")
    return f"{request.forge.api_url}{quote(path)}"


def body_text(request: Request, name: str = "body") -> str:
    """A body of an issue or pull, not over the limit."""
    text = request.text(name)
    check_body(request.repository, text)
    return text
