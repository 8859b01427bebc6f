"""The checks of a commit as GraphQL nodes: statuses and check runs in one rollup."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from tests.forge_server import checks, views
from tests.forge_server.clock import stamp
from tests.forge_server.graphql_paging import Node, connection
from tests.forge_server.graphql_reader import Reader
from tests.forge_server.state import CheckRun, CommitStatus, Repository


def rollup(see: Reader, sha: str) -> Node | None:
    """All statuses (the latest of each context) and check runs (the latest of each name); None without any."""
    see.needs("checks:read&statuses:read")
    contexts = latest_checks(see.repository, sha)
    if not contexts:
        return None
    runs = sum(isinstance(context, CheckRun) for context in contexts)
    counts = {"checkRunCount": runs, "statusContextCount": len(contexts) - runs}
    return {
        "id": views.node_id("SCR", see.repository.id, sha), "state": rollup_state(contexts),
        "contexts": lambda info, **a: connection(info, contexts, partial(check, see), a, **counts),
    }  # fmt: skip


def check(see: Reader, found: CheckRun | CommitStatus) -> Node:
    url = f"{see.repository.html_url}/runs/{found.id}"
    if isinstance(found, CommitStatus):
        return {
            "__typename": "StatusContext", "id": views.node_id("SC", found.id), "context": found.context,
            "state": found.state.upper(), "description": found.description, "targetUrl": found.target_url,
            "createdAt": stamp(found.created), "creator": see.actor(found.login),
            "isRequired": lambda info, **a: is_required(see, found.context, **a),
        }  # fmt: skip
    app = see.forge.apps.get(found.app)
    return {
        "__typename": "CheckRun", "id": views.node_id("CR", found.id), "databaseId": found.id, "name": found.name,
        "status": found.status.upper(), "conclusion": found.conclusion.upper() if found.conclusion else None,
        "detailsUrl": found.details_url or url, "url": url, "externalId": found.external_id or None,
        "title": found.title, "summary": found.summary, "text": found.text,
        "startedAt": views.maybe(found.started), "completedAt": views.maybe(found.completed),
        "isRequired": lambda info, **a: is_required(see, found.name, **a),
        "checkSuite": {
            "id": views.node_id("CS", found.suite_id), "databaseId": found.suite_id,
            "app": {"id": views.node_id("A", found.app), "databaseId": app.id if app else None,
                    "name": found.app, "slug": found.app},
        },
    }  # fmt: skip


def is_required(see: Reader, name: str, **a: Any) -> bool:
    number = a.get("pullRequestNumber")
    pull = see.repository.pulls.get(number or 0)
    rule = see.repository.protections.get(pull.base_branch) if pull else None
    return rule is not None and name in rule.checks


def latest_checks(repository: Repository, sha: str) -> list[CheckRun | CommitStatus]:
    return [*checks.latest_runs(repository, sha), *checks.latest_statuses(repository, sha)]


def rollup_state(contexts: Sequence[CheckRun | CommitStatus]) -> str:
    """SUCCESS, PENDING, FAILURE, ERROR: the worst of all. Skipped and neutral runs count as done well."""
    states = {_state(context) for context in contexts}
    return next(state for state in ("FAILURE", "ERROR", "PENDING", "SUCCESS") if state in states)


def _state(context: CheckRun | CommitStatus) -> str:
    if isinstance(context, CommitStatus):
        return context.state.upper()
    if context.status != "completed":
        return "PENDING"
    return "SUCCESS" if context.conclusion in ("success", "neutral", "skipped") else "FAILURE"
