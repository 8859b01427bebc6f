"""The judge is judged: what GitHub describes passes, and each kind of violation is told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tests.forge_server import ForgeServer
from tests.forge_server.state import Label
from tests.openapi import prune
from tests.openapi.check import Checker, checker
from tests.openapi.fixture import Validated, Watch, every_exchange, validated  # noqa: F401
from tests.openapi.schema import converted
from tests.openapi.waivers import WAIVERS, Waiver, waived

SHOP = "/api/v3/repos/octo/shop"
SHA = "5" * 40
JSON = {"Content-Type": "application/json; charset=utf-8"}
ERROR = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


@dataclass(frozen=True)
class Sent:
    """An exchange as a table can write it; `body` and `answer` are JSON, or bytes."""

    method: str
    path: str
    query: str = ""
    body: Any = b""
    status: int = 200
    answer: Any = b""
    response_headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    request_headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def request_body(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    @property
    def response_body(self) -> bytes:
        return self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()


REF = {
    "ref": "refs/heads/topic/a",
    "node_id": "MDM6UmVm",
    "url": "http://127.0.0.1/api/v3/repos/octo/shop/git/refs/heads/topic/a",
    "object": {"type": "commit", "sha": SHA, "url": "http://127.0.0.1/api/v3/repos/octo/shop/git/commits/" + SHA},
}
ACTOR = {
    "login": "robin",
    "id": 1,
    "node_id": "U1",
    "avatar_url": "http://x/a",
    "gravatar_id": "",
    "url": "http://x/u",
    "html_url": "http://x/robin",
    "type": "User",
    "site_admin": False,
    **{
        f"{name}_url": "http://x/y"
        for name in (
            "followers",
            "following",
            "gists",
            "starred",
            "subscriptions",
            "organizations",
            "repos",
            "events",
            "received_events",
        )
    },
}
LABEL = {
    "id": 1,
    "node_id": "L1",
    "url": "http://x/l",
    "name": "bug",
    "description": None,
    "color": "f00",
    "default": False,
}
USER = {**ACTOR, **dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"), None)}
USER |= {"public_repos": 1, "public_gists": 0, "followers": 0, "following": 0, "updated_at": "2026-01-01T00:00:00Z"}
EVENT = {
    "id": 1,
    "node_id": "E1",
    "url": "http://x/e",
    "actor": ACTOR,
    "commit_id": None,
    "commit_url": None,
    "created_at": "2026-01-01T00:00:00Z",
    "performed_via_github_app": None,
}

ALLOWED = [
    Sent("GET", f"{SHOP}/git/ref/heads/topic/a", answer=REF),
    Sent("GET", "/api/v3/repositories/7/git/ref/heads/topic/a", answer=REF),
    Sent("POST", f"{SHOP}/git/refs", body={"ref": "refs/heads/topic/a", "sha": SHA}, status=201, answer=REF),
    Sent("DELETE", f"{SHOP}/git/refs/heads/topic/a", status=204),
    Sent("POST", f"{SHOP}/issues/3/labels", body=["bug"], answer=[LABEL]),
    Sent("POST", f"{SHOP}/issues/3/labels", body={"labels": ["bug"]}, answer=[LABEL]),
    Sent("GET", f"{SHOP}/pulls", query="state=all&head=octo%3Atopic&per_page=100&page=2", status=304),
    Sent("GET", f"{SHOP}/pulls/3", status=502, answer=b"<html>", response_headers={"Content-Type": "text/html"}),
    Sent("POST", f"{SHOP}/pulls", body={"title": "x", "head": "a", "base": "main"}, status=0),
    Sent("POST", f"{SHOP}/pulls", body={"titel": "x"}, status=422, answer={**ERROR, "errors": []}),
    Sent("GET", f"{SHOP}/issues/9", status=404, answer=ERROR),
    Sent(
        "GET", f"{SHOP}/issues/9/timeline", answer=[{**EVENT, "event": "labeled", "label": {"name": "a", "color": "f"}}]
    ),
    Sent("GET", f"{SHOP}/issues/9/timeline", answer=[{**EVENT, "event": "head_ref_force_pushed"}]),
    Sent(
        "GET",
        f"{SHOP}/commits/{SHA}",
        answer=b"diff --git a/x b/x",
        response_headers={"Content-Type": "application/vnd.github.diff"},
        request_headers={"Accept": "application/vnd.github.v3.diff"},
    ),
    Sent(
        "POST", f"{SHOP}/dispatches", body={"event_type": "heal", "client_payload": {"any": {"thing": 1}}}, status=204
    ),
    Sent("GET", "/octo/shop.git/info/refs", query="service=git-upload-pack"),
    Sent("POST", "/api/graphql", body={"query": "{viewer{login}}"}, answer={"data": {}}),
]


@pytest.mark.parametrize("sent", ALLOWED, ids=lambda sent: f"{sent.method} {sent.path} {sent.status}")
def test_what_github_describes_passes(sent: Sent) -> None:
    assert checker().violations(sent) == []


def without(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != name}


FORBIDDEN = [
    (Sent("GET", f"{SHOP}/gti/ref/heads/a"), "unknown operation"),
    (Sent("PATCH", f"{SHOP}/pulls"), "unknown operation"),
    (Sent("GET", f"{SHOP}/pulls", query="sate=all", answer=[]), "the query parameter 'sate'"),
    (Sent("GET", f"{SHOP}/pulls", query="state=merged", answer=[]), 'query state "merged" is not one of'),
    (Sent("GET", f"{SHOP}/pulls", query="per_page=many", answer=[]), 'query per_page "many" is not of type "integer"'),
    (
        Sent("GET", "/api/v3/search/issues", answer={"total_count": 0, "incomplete_results": False, "items": []}),
        "lacks the query parameter 'q'",
    ),
    (Sent("GET", f"{SHOP}/pulls/three"), 'path pull_number "three" is not of type "integer"'),
    (
        Sent("POST", f"{SHOP}/git/refs", body={"ref": "refs/heads/a"}, status=201, answer=REF),
        'body "sha" is a required',
    ),
    (
        Sent("POST", f"{SHOP}/git/refs", body={"ref": "a", "sha": SHA, "froce": True}, status=201, answer=REF),
        "request body has what the description does not know: froce",
    ),
    (Sent("POST", f"{SHOP}/git/refs", body=b"{", status=201, answer=REF), "request body is not JSON"),
    (Sent("POST", f"{SHOP}/git/refs", status=201, answer=REF), "has no body, and the operation needs one"),
    (
        Sent("DELETE", f"{SHOP}/git/refs/heads/a", body={"sha": SHA}, status=204),
        "has a body, and the operation takes none",
    ),
    (Sent("POST", f"{SHOP}/issues/3/labels", body={"labels": "bug"}, answer=[LABEL]), "request body"),
    (
        Sent("POST", f"{SHOP}/check-runs", body={"name": "a", "head_sha": SHA, "conclusoin": "success"}, status=201),
        "request body has what the description does not know: conclusoin",
    ),
    (
        Sent("GET", f"{SHOP}/git/ref/heads/a", answer=without(REF, "node_id")),
        'response 200 body "node_id" is a required',
    ),
    (Sent("GET", f"{SHOP}/git/ref/heads/a", answer={**REF, "sha": SHA}), "response 200 body has what the description"),
    (
        Sent("GET", f"{SHOP}/git/ref/heads/a", answer={**REF, "object": {**REF["object"], "size": 3}}),
        "body.object has what the description does not know: size",
    ),
    (
        Sent("GET", f"{SHOP}/git/ref/heads/a", answer=REF, response_headers={"Content-Type": "text/html"}),
        "content type",
    ),
    (Sent("GET", f"{SHOP}/git/ref/heads/a", answer=b"", response_headers=JSON), "response 200 body is not JSON"),
    (Sent("DELETE", f"{SHOP}/git/refs/heads/a", status=204, answer={}), "has a body of 2 bytes"),
    (
        Sent("DELETE", f"{SHOP}/git/refs/heads/a", status=200, answer={}),
        "is not a status of the operation, which has 204",
    ),
    (Sent("GET", f"{SHOP}/issues/9", status=405, answer=ERROR), "is not a status of the operation"),
    (Sent("GET", f"{SHOP}/issues/9", status=404, answer={"error": "no"}), '"message" is a required property'),
    (Sent("GET", f"{SHOP}/issues/9/timeline", answer=[{**EVENT, "event": "labeled"}]), 'body[0] "label" is a required'),
    (Sent("GET", f"{SHOP}/labels", answer=[{**LABEL, "url": "nowhere"}]), 'body[0].url "nowhere" is not a "uri"'),
    (
        Sent("GET", "/api/v3/users/robin", answer={**USER, "created_at": "yesterday"}),
        'body.created_at "yesterday" is not a "date-time"',
    ),
    (Sent("GET", f"{SHOP}/pulls/1", answer=b"diff", response_headers={"Content-Type": "text/plain"}), "content type"),
]


@pytest.mark.parametrize(("sent", "words"), FORBIDDEN, ids=[words for _, words in FORBIDDEN])
def test_a_violation_is_told_in_words(sent: Sent, words: str) -> None:
    told = checker().violations(sent)
    assert any(words in text for text in told), told
    assert all(len(text) < 500 for text in told)


def test_an_unknown_property_is_not_blamed_on_an_object_that_is_broken_elsewhere() -> None:
    told = checker().violations(Sent("GET", f"{SHOP}/issues/9/timeline", answer=[{**EVENT, "event": 5}]))
    assert len(told) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_gets_a_verdict(value: Any) -> None:
    for operation in ("git/ref/heads/a", "pulls", "contents/a/b"):
        assert isinstance(checker().violations(Sent("GET", f"{SHOP}/{operation}", answer=value)), list)
    told = checker().violations(Sent("PATCH", f"{SHOP}/issues/comments/1", body=value, status=403, answer=ERROR))
    assert (told == []) == (isinstance(value, dict) and list(value) == ["body"] and isinstance(value["body"], str))


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/repos/o/r/commits/heads/topic/a", "repos/get-commit"),
        ("/repos/o/r/commits/heads/topic/a/status", "repos/get-combined-status-for-ref"),
        ("/repos/o/r/branches/topic%2Fa", "repos/get-branch"),
        ("/repos/o/r/branches/topic/a/protection", "repos/get-branch-protection"),
        ("/repos/o/r/compare/main...topic/a", "repos/compare-commits-with-basehead"),
        ("/repos/o/r/contents/.github/workflows/ci.yml", "repos/get-content"),
        ("/repos/o/r/git/matching-refs/healer/", "git/list-matching-refs"),
        ("/repos/o/r/issues/comments", "issues/list-comments-for-repo"),
        ("/repos/o/r/issues/7", "issues/get"),
        ("/repositories/5", "repos/get"),
        ("/repos/o/r/x/issues/7", None),
    ],
)
def test_the_operation_with_more_words_of_the_path_is_meant(path: str, operation: str | None) -> None:
    assert checker().operation_of("GET", path) == operation


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True, "enum": ["a"]}, ["a", None], ["b", 1]),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, [{"a": "x"}, {}], [{"b": 1}, []]),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": True}, [{"b": 1}], [1]),
        ({"type": "object"}, [{"b": 1}], [1]),
        (
            {"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}, "additionalProperties": True}]},
            [{"a": 1, "b": 2}],
            [{"c": 3}],
        ),
        ({"nullable": True, "oneOf": [{"type": "integer"}, {"type": "string"}]}, [1, "a", None], [[], 1.5]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, [{"a": 1}], [{"a": "b"}]),
    ],
)
def test_schemas_of_openapi_mean_the_same_in_json_schema(schema: Any, good: list[Any], bad: list[Any]) -> None:
    validator = jsonschema_rs.Draft202012Validator(converted(schema))
    assert [value for value in good if not validator.is_valid(value)] == []
    assert [value for value in bad if validator.is_valid(value)] == []


def test_every_waiver_has_a_reason_and_is_needed() -> None:
    assert all(waiver.reason for waiver in WAIVERS)
    with pytest.raises(LookupError, match="remove the waiver"):
        waived({"paths": {}}, (Waiver(("paths", "/gone", "get"), {}, "was wrong once"),))


SOURCE: Any = {
    "openapi": "3.0.3",
    "info": {"title": "Forge", "version": "1", "license": {"name": "MIT"}, "description": "x"},
    "paths": {
        "/b": {"get": {"operationId": "b", "responses": {"200": {"$ref": "#/components/responses/ok"}}}},
        "/a": {
            "parameters": [],
            "get": {"operationId": "a", "summary": "A", "x-github": {}, "responses": {}},
            "put": {"operationId": "other", "responses": {}},
        },
    },
    "components": {
        "parameters": {},
        "responses": {
            "ok": {
                "description": "x",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/one"}}},
            }
        },
        "schemas": {
            "one": {
                "title": "One",
                "properties": {
                    "title": {"type": "string", "example": "x"},
                    "two": {"$ref": "#/components/schemas/two"},
                },
            },
            "two": {
                "properties": {"back": {"$ref": "#/components/schemas/one"}},
                "required": ["x-back"],
                "enum": [{"title": 1}],
            },
            "unused": {},
        },
    },
}


def test_pruning_keeps_what_is_pointed_at_and_nothing_that_only_explains() -> None:
    kept = prune.pruned(SOURCE, frozenset({"a", "b"}))
    assert list(kept["paths"]) == ["/a", "/b"]
    assert kept["paths"]["/a"] == {"get": {"operationId": "a", "responses": {}}}
    assert list(kept["components"]["schemas"]) == ["one", "two"]
    assert kept["components"]["schemas"]["one"]["properties"]["title"] == {"type": "string"}
    assert kept["components"]["schemas"]["two"]["enum"] == [{"title": 1}]
    text = prune.one_line_each(kept)
    assert json.loads(text) == kept
    assert sum('"operationId"' in line for line in text.splitlines()) == 2
    with pytest.raises(SystemExit, match="the description has no c"):
        prune.pruned(SOURCE, frozenset({"a", "c"}))


def test_the_stored_description_is_what_the_list_asks_for() -> None:
    here = Path(prune.__file__).parent
    stored = json.loads((here / "github.json").read_text("utf-8"))
    asked = prune.wanted_operations((here / "operations.txt").read_text("utf-8"))
    assert {operation["operationId"] for item in stored["paths"].values() for operation in item.values()} == asked
    assert prune.one_line_each(prune.pruned(stored, asked)) == (here / "github.json").read_text("utf-8")
    assert stored["info"]["version"] in (here / "README.md").read_text("utf-8")


def test_the_watch_of_a_test_tells_what_nobody_expected_and_what_was_expected_in_vain() -> None:
    watch = Watch(Checker())
    watch.look(Sent("GET", f"{SHOP}/nonsense"))
    watch.look(Sent("GET", f"{SHOP}/pulls", query="x=1", answer=[]))
    watch.expect("unknown operation")
    watch.expect("never")
    assert [text.partition(":")[0] for text in watch.unexpected()] == [
        "GET /repos/octo/shop/pulls request has the query parameter 'x', which the operation does not know",
        "expected and not seen",
    ]
    assert "in 2 exchanges" in watch.report()


def test_a_server_and_its_client_are_watched(tmp_path: Path) -> None:
    with ForgeServer(tmp_path) as server:
        server.create_repository("octo/shop").labels["bug"] = Label(1, "bug")
        watch = Watch(checker())
        server.on_exchange = watch.look
        headers = {"Authorization": f"Bearer {server.token('pat', login='robin')}"}
        asked = (("labels", 200), ("labels?per_page=1&sort=name", 200), ("labels/bug", 200), ("labels/b", 404))
        for path, status in asked:
            assert requests.get(f"{server.api_url}/repos/octo/shop/{path}", headers=headers).status_code == status
    assert watch.exchanges == 4
    assert [text.partition(",")[0] for text in watch.unexpected()] == [
        "GET /repos/octo/shop/labels request has the query parameter 'sort'"
    ]


def test_every_server_that_a_test_starts_is_judged_where_the_fixture_is(
    tmp_path: Path,
    validated: Validated,  # noqa: F811
) -> None:
    with ForgeServer(tmp_path) as server:
        assert requests.get(f"{server.api_url}/nonsense").status_code == 404
        watch = validated(server)
        assert len(watch.violations) == watch.exchanges == 1
        watch.expect("unknown operation")
