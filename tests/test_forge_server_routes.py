"""Every route of the forge server, asked once in a lively repository and judged by GitHub's own description."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from tests.forge_server import ForgeServer, rest
from tests.forge_server.server import EVERYTHING
from tests.forge_server.workflows import finish_run, start_run
from tests.openapi.fixture import Validated, validated  # noqa: F401

SHOP = "octo/shop"
WORKFLOW = "name: CI\non: [push, workflow_dispatch]\njobs: {}\n"
UNDESCRIBED = {("GET", "/contents"), ("GET", "/statuses/{head}")}
"""GitHub answers these, and its description has them not, or not in this form: the root folder, and the older address
of a commit's statuses, which PyGithub asks."""

# method, path (under the repository unless it begins with //), body, status
CALLS: list[tuple[str, str, Any, int]] = [
    ("GET", "", None, 200),
    ("PATCH", "", {"description": "Sells things", "allow_auto_merge": True, "default_branch": "main"}, 200),
    ("POST", "/dispatches", {"event_type": "heal", "client_payload": {"a": 1}}, 204),
    ("GET", "/branches", None, 200),
    ("GET", "/branches/healer/x/1", None, 200),
    ("GET", "/branches/guarded/protection", None, 200),
    ("GET", "/branches/main/protection", None, 404),
    ("GET", "/rules/branches/ruled", None, 200),
    ("GET", "/rules/branches/main", None, 200),
    ("GET", "/activity?ref=main&direction=asc&time_period=day&actor=robin", None, 200),
    ("GET", "/commits?sha=main&path=a.txt&per_page=1&since=2020-01-01T00:00:00Z", None, 200),
    ("GET", "/commits/{head}", None, 200),
    ("GET", "/commits/{head}/pulls", None, 200),
    ("GET", "/compare/main...octo:healer/x/1", None, 200),
    ("POST", "/merges", {"base": "target", "head": "main"}, 201),
    ("POST", "/merges", {"base": "target", "head": "main"}, 204),
    ("GET", "/git/ref/heads/main", None, 200),
    ("GET", "/git/matching-refs/heads/", None, 200),
    ("POST", "/git/refs", {"ref": "refs/healer/locks/x", "sha": "{head}"}, 201),
    ("PATCH", "/git/refs/healer/locks/x", {"sha": "{base}", "force": True}, 200),
    ("DELETE", "/git/refs/healer/locks/x", None, 204),
    ("GET", "/git/commits/{head}", None, 200),
    ("POST", "/git/trees", {"base_tree": "{head}", "tree": [
        {"path": "new/d.txt", "mode": "100755", "type": "blob", "content": "d"},
        {"path": "b.txt", "mode": "100644", "type": "blob", "sha": None},
    ]}, 201),
    ("GET", "/git/trees/main?recursive=1", None, 200),
    ("POST", "/git/commits", {"message": "m", "tree": "{tree}", "parents": ["{base}"]}, 201),
    ("POST", "/git/blobs", {"content": "aGk=", "encoding": "base64"}, 201),
    ("GET", "/git/blobs/{blob}", None, 200),
    ("GET", "/contents", None, 200),
    ("GET", "/contents/a.txt?ref=main", None, 200),
    ("PUT", "/contents/e/f.txt", {"message": "m", "content": "aGk=", "branch": "target"}, 201),
    ("DELETE", "/contents/e/f.txt", {"message": "m", "sha": "{hi}", "branch": "target"}, 200),
    ("GET", "/pulls?state=all&sort=updated&direction=desc", None, 200),
    ("POST", "/pulls", {"title": "Second", "head": "second", "base": "main", "draft": True}, 201),
    ("GET", "/pulls/1", None, 200),
    ("PATCH", "/pulls/1", {"title": "Renamed", "body": "Other"}, 200),
    ("GET", "/pulls/1/commits", None, 200),
    ("GET", "/pulls/1/files", None, 200),
    ("GET", "/pulls/1/merge", None, 404),
    ("GET", "/pulls/1/comments", None, 200),
    ("GET", "/pulls/1/reviews", None, 200),
    ("POST", "/pulls/1/reviews", {"event": "COMMENT", "body": "Hm.", "commit_id": "{head}"}, 200),
    ("GET", "/pulls/1/reviews/{review}", None, 200),
    ("PUT", "/pulls/1/reviews/{review}", {"body": "Fine."}, 200),
    ("PUT", "/pulls/1/reviews/{review}/dismissals", {"message": "Old"}, 200),
    ("GET", "/pulls/1/requested_reviewers", None, 200),
    ("POST", "/pulls/1/requested_reviewers", {"reviewers": ["alex"]}, 201),
    ("DELETE", "/pulls/1/requested_reviewers", {"reviewers": ["alex"]}, 200),
    ("PUT", "/pulls/1/update-branch", {"expected_head_sha": "{head}"}, 202),
    ("GET", "/issues?state=all&labels=dash&creator=robin&sort=updated&since=2020-01-01T00:00:00Z", None, 200),
    ("POST", "/issues", {"title": "New", "body": "b", "labels": ["x"], "assignees": ["robin"]}, 201),
    ("GET", "/issues/2", None, 200),
    ("PATCH", "/issues/2", {"state": "closed", "state_reason": "not_planned", "labels": ["dash", "y"]}, 200),
    ("PATCH", "/issues/2", {"state": "open", "assignees": ["alex"]}, 200),
    ("GET", "/issues/comments?sort=updated&direction=desc&since=2020-01-01T00:00:00Z", None, 200),
    ("GET", "/issues/1/comments", None, 200),
    ("POST", "/issues/1/comments", {"body": "hi"}, 201),
    ("GET", "/issues/comments/{comment}", None, 200),
    ("PATCH", "/issues/comments/{comment}", {"body": "changed"}, 200),
    ("POST", "/issues/comments/{comment}/reactions", {"content": "+1"}, 201),
    ("POST", "/issues/comments/{comment}/reactions", {"content": "eyes"}, 201),
    ("GET", "/issues/comments/{comment}/reactions?content=eyes", None, 200),
    ("DELETE", "/issues/comments/{comment}/reactions/{reaction}", None, 204),
    ("DELETE", "/issues/comments/{comment}", None, 204),
    ("POST", "/issues/2/reactions", {"content": "eyes"}, 201),
    ("GET", "/issues/2/reactions", None, 200),
    ("DELETE", "/issues/2/reactions/{reaction}", None, 204),
    ("GET", "/issues/2/labels", None, 200),
    ("POST", "/issues/2/labels", {"labels": ["healer:stop"]}, 200),
    ("PUT", "/issues/2/labels", {"labels": ["healer:stop", "z"]}, 200),
    ("DELETE", "/issues/2/labels/healer:stop", None, 200),
    ("DELETE", "/issues/2/labels", None, 204),
    ("GET", "/labels", None, 200),
    ("POST", "/labels", {"name": "with space/slash", "color": "ff0000", "description": "d"}, 201),
    ("GET", "/labels/dash", None, 200),
    ("DELETE", "/labels/z", None, 204),
    ("GET", "/issues/1/timeline", None, 200),
    ("GET", "/issues/2/timeline", None, 200),
    ("GET", "/issues/1/events", None, 200),
    ("GET", "/issues/2/events", None, 200),
    ("GET", "/issues/events", None, 200),
    ("POST", "/statuses/{head}", {"state": "pending", "context": "ci", "target_url": "http://a/b"}, 201),
    ("GET", "/statuses/{head}", None, 200),
    ("GET", "/commits/{head}/statuses", None, 200),
    ("GET", "/commits/healer/x/1/status", None, 200),
    ("POST", "/check-runs", {"name": "lint", "head_sha": "{base}", "status": "in_progress"}, 201),
    ("PATCH", "/check-runs/{run}", {"conclusion": "success", "output": {"title": "t", "summary": "s", "annotations": [
        {"path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"},
    ]}}, 200),
    ("GET", "/check-runs/{run}", None, 200),
    ("GET", "/check-runs/{run}/annotations", None, 200),
    ("GET", "/commits/{base}/check-runs?check_name=lint&status=completed&filter=all", None, 200),
    ("GET", "/commits/{base}/check-suites", None, 200),
    ("GET", "/check-suites/{suite}", None, 200),
    ("GET", "/check-suites/{suite}/check-runs", None, 200),
    ("GET", "//user", None, 403),
    ("GET", "//users/robin", None, 200),
    ("GET", "//users/octo-healer[bot]", None, 200),
    ("GET", "/collaborators", None, 200),
    ("GET", "/collaborators/robin", None, 204),
    ("GET", "/collaborators/robin/permission", None, 200),
    ("GET", "//rate_limit", None, 200),
    ("GET", "//meta", None, 200),
    ("GET", "/actions/workflows", None, 200),
    ("GET", "/actions/workflows/ci.yml", None, 200),
    ("PUT", "/actions/workflows/ci.yml/disable", None, 204),
    ("PUT", "/actions/workflows/ci.yml/enable", None, 204),
    ("POST", "/actions/workflows/ci.yml/dispatches", {"ref": "main"}, 204),
    ("GET", "/actions/runs?branch=main&event=push&status=success&head_sha={base}", None, 200),
    ("GET", "/actions/workflows/ci.yml/runs", None, 200),
    ("GET", "/actions/runs/{workflow_run}", None, 200),
    ("GET", "/actions/permissions/workflow", None, 200),
    ("PUT", "/actions/permissions/workflow", {"can_approve_pull_request_reviews": True}, 204),
    ("GET", "//app", None, 200),
    ("GET", "//app/installations", None, 200),
    ("GET", "//app/installations/{installation}", None, 200),
    ("POST", "//app/installations/{installation}/access_tokens", {"repositories": ["shop"]}, 201),
    ("GET", "/installation", None, 200),
    ("GET", "//installation/repositories", None, 200),
    ("GET", "//apps/octo-healer", None, 200),
    ("PUT", "/pulls/1/merge", {"merge_method": "squash", "commit_title": "t", "commit_message": ""}, 200),
    ("GET", "/pulls/1/merge", None, 204),
    ("GET", "/pulls/1", None, 200),
    ("GET", "/issues/1", None, 200),
]  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ForgeServer]:
    with ForgeServer(tmp_path / "forge") as server:
        server.create_repository(SHOP)
        for login, role in (("robin", "write"), ("alex", "admin")):
            server.permit(SHOP, login, role)
        yield server


def lively(server: ForgeServer) -> dict[str, object]:
    """Something of everything; the names that CALLS has in braces."""
    robin, alex, shop = server.person("robin", SHOP), server.person("alex", SHOP), server.repository(SHOP)
    base = alex.push("main", {"a.txt": "1\n2\n", ".github/workflows/ci.yml": WORKFLOW})
    for branch in ("target", "guarded", "ruled"):
        robin.move_branch(branch, base)
    head = robin.push("healer/x/1", {"a.txt": "1\n3\n", "b.txt": "b\n"})
    robin.push("second", {"c.txt": "c\n"})
    base = alex.push("main", {"README.md": "# Shop\n"})
    server.protect(SHOP, "guarded", reviews=1, checks=("ci",), classic=True)
    server.protect(SHOP, "ruled", reviews=1, checks=("ci",), linear=True)
    robin.open_pull("healer/x/1", "main", "First", "Body")
    robin.open_issue("Dashboard", "- [ ] a box")
    robin.label(2, "dash")
    review = alex.review(1, "APPROVE")
    run = robin.check_run(base, "build", "failure")
    workflow = next(iter(shop.workflows.values()))
    workflow_run = start_run(shop, alex.token, workflow, "push", "main", base)
    finish_run(shop, alex.token, workflow_run, "success")
    return {
        "base": base, "head": head, "review": review.id, "comment": robin.comment(1, "hello").id, "suite": run.suite_id,
        "workflow_run": workflow_run.id, "tree": str(shop.git.tree(base).id), "blob": shop.git.write_blob(b"blob"),  # type: ignore[union-attr]
        "hi": shop.git.write_blob(b"hi"),
    }  # fmt: skip


def test_every_route_answers_as_github_says(server: ForgeServer, validated: Validated) -> None:  # noqa: F811
    watch = validated(server)
    judge = server.on_exchange
    app = server.create_app("octo-healer", EVERYTHING)
    names = lively(server) | {"installation": app.installation_id}
    token = server.token("app", SHOP, "octo-healer", app.permissions)
    now = int(time.time())
    claims = {"iss": str(app.id), "iat": now - 30, "exp": now + 500}
    proof = jwt.encode(claims, app.private_key, algorithm="RS256")
    asked = set()
    with requests.Session() as session:
        for method, template, sent, status in CALLS:
            path, body = _filled(template, names), _filled(sent, names)
            server.on_exchange = None if (method, template) in UNDESCRIBED else judge
            as_app = path.startswith("//app/") or path in ("//app", "/installation")
            url = f"{server.api_url}{path[1:]}" if path.startswith("//") else f"{server.api_url}/repos/{SHOP}{path}"
            bearer = {"Authorization": f"Bearer {proof if as_app else token}"}
            got = session.request(method, url, json=body, headers=bearer)
            assert got.status_code == status, f"{method} {path}: {got.text}"
            _learn(names, path, got)
            asked.add(next(
                (method, known.template) for known in rest.ROUTES if known.method == method and _is(known, url, server)
            ))  # fmt: skip
    assert {(known.method, known.template) for known in rest.ROUTES} - asked == set()
    assert watch.exchanges == len(CALLS) - len(UNDESCRIBED)


def _is(known: rest.Route, url: str, server: ForgeServer) -> bool:
    path = requests.utils.unquote(url.removeprefix(server.api_url).partition("?")[0])
    return known.pattern.fullmatch(path) is not None


def _filled(value: Any, names: dict[str, object]) -> Any:
    """The value with every name in braces replaced, however deep."""
    match value:
        case str():
            for name, content in names.items():
                value = value.replace(f"{{{name}}}", str(content))
            return value
        case list():
            return [_filled(item, names) for item in value]
        case dict():
            return {key: _filled(item, names) for key, item in value.items()}
    return value


def _learn(names: dict[str, object], path: str, got: requests.Response) -> None:
    """What was made has an id that later calls use."""
    if got.status_code == 201 and path.endswith("/reactions"):
        names["reaction"] = got.json()["id"]
    elif got.status_code == 201 and path == "/check-runs":
        names["run"] = got.json()["id"]
