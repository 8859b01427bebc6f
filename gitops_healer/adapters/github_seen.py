"""Checks, and what one GraphQL query tells of a pull request and of the dashboard, as values of ours. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from gitops_healer.adapters.github_reading import (
    Json,
    Reviewed,
    login_of,
    moment,
    more_of,
    nodes_of,
    oid_of,
    plain,
    promised,
    reviews_in,
    same_text,
    text_of,
)
from gitops_healer.core.dashboard import ticked
from gitops_healer.core.forge import Dashboard, Status, StatusState

_GREEN = ("success", "neutral", "skipped")
_RED = ("failure", "timed_out", "cancelled", "startup_failure")
_GATED = "waits for a maintainer to press Approve workflows"
_STATES = {state.value: state for state in StatusState}


@dataclass(frozen=True)
class CheckRun:
    """suite: of one run of one workflow or App on one commit; a job that is run again stays in its suite."""

    id: int
    app: str
    suite: int
    word: str
    status: Status


def check_run(
    id_: int, name: str, state: str, conclusion: str | None, title: str | None, url: str | None, app: str, suite: int
) -> CheckRun:
    """state, conclusion: GitHub's words, in any case."""
    word = str(conclusion or state).lower()
    if state.lower() != "completed":
        found, text = StatusState.PENDING, word
    elif word in _GREEN:
        found, text = StatusState.SUCCESS, word
    elif word in _RED:
        found, text = StatusState.FAILURE, word
    elif word == "action_required":
        found, text = StatusState.PENDING, _GATED
    else:
        found, text = StatusState.PENDING, word
    text = text.replace("_", " ")
    return CheckRun(id_, app, suite, word, Status(name, found, f"{text}: {title}" if title else text, url or ""))


@promised
def gated_run_of(data: Json) -> Status:
    """REST: a run of a workflow that waits for approval."""
    return Status(str(data.get("name") or "workflow"), StatusState.PENDING, _GATED, str(data.get("html_url") or ""))


@promised
def check_run_of(data: Json) -> CheckRun:
    """REST."""
    suite, app, output = data.get("check_suite") or {}, data.get("app") or {}, data.get("output") or {}
    return check_run(
        data["id"], data["name"], data["status"], data.get("conclusion"), output.get("title"),
        data.get("details_url") or data.get("html_url"), str(app.get("slug") or ""), suite.get("id") or 0,
    )  # fmt: skip


@promised
def status_of(data: Json) -> Status:
    """REST: a commit status."""
    return Status(
        data["context"], _STATES.get(data["state"], StatusState.PENDING), text_of(data.get("description")),
        data.get("target_url") or "",
    )  # fmt: skip


def latest(runs: Iterable[CheckRun]) -> tuple[Status, ...]:
    """Of each name the newest run of each suite: two workflows may have a job of the same name, and both count. One
    that was cancelled does not, when a newer one of that name and App came after it."""
    newest: dict[tuple[str, str, int], CheckRun] = {}
    for run in sorted(runs, key=lambda run: run.id):
        newest[run.app, run.status.context, run.suite] = run
    last = {(run.app, run.status.context): run.id for run in sorted(newest.values(), key=lambda run: run.id)}
    return tuple(
        run.status for run in newest.values() if run.word != "cancelled" or run.id == last[run.app, run.status.context]
    )


def ordered(statuses: Iterable[Status]) -> tuple[Status, ...]:
    return tuple(sorted(statuses, key=lambda status: (status.context, status.state.value, status.url)))


# What one GraphQL query tells of a pull request and of the dashboard


@dataclass(frozen=True)
class PullSeen:
    """reviews, statuses: None when there are more than the query gave; head: the commit that the statuses are of."""

    number: int
    head: str
    reviews: tuple[Reviewed, ...] | None
    statuses: tuple[Status, ...] | None


@promised
def pull_seen(node: Json) -> PullSeen:
    commit: Json = next((one["commit"] for one in nodes_of(node, "commits") if one.get("commit")), {})
    rollup = commit.get("statusCheckRollup") or {}
    long_talk = more_of(node, "reviews") or more_of(node, "timelineItems")
    contexts = None if more_of(rollup, "contexts") else ordered(_rolled_up(nodes_of(rollup, "contexts")))
    return PullSeen(node["number"], oid_of(commit), None if long_talk else tuple(reviews_in(node)), contexts)


def _rolled_up(nodes: Iterable[Json]) -> Iterator[Status]:
    runs = []
    for node in nodes:
        if node["__typename"] == "StatusContext":
            state = _STATES.get(str(node["state"]).lower(), StatusState.PENDING)
            yield Status(node["context"], state, text_of(node.get("description")), node.get("targetUrl") or "")
            continue
        suite = node.get("checkSuite") or {}
        app = str((suite.get("app") or {}).get("slug") or "")
        runs.append(
            check_run(
                node.get("databaseId") or 0, node["name"], node["status"], node.get("conclusion"), node.get("title"),
                node.get("detailsUrl"), app, suite.get("databaseId") or 0,
            )
        )  # fmt: skip
    yield from latest(runs)


@dataclass(frozen=True)
class Edit:
    """text: what the body said afterwards, "" where GitHub does not tell."""

    editor: Json | None
    when: datetime
    text: str


@dataclass(frozen=True)
class BoardSeen:
    """edits: by others since the healer last wrote it, newest first; empty when that cannot be told."""

    dashboard: Dashboard
    author: str
    edits: tuple[Edit, ...] = ()

    def ticks(self) -> Iterator[tuple[str, Edit]]:
        """Each command whose box is ticked, with the edit that ticked it; left out when nobody can tell whose it is."""
        whole = bool(self.edits) and same_text(self.edits[0].text, self.dashboard.body)
        alone = len({login_of(edit.editor) for edit in self.edits}) == 1
        for command in ticked(plain(self.dashboard.body)):
            edit = self._first_with(command) if whole else self.edits[0] if alone else None
            if edit and edit.editor:
                yield command, edit

    def _first_with(self, command: str) -> Edit | None:
        """The oldest edit since which its box has been ticked."""
        found = None
        for edit in self.edits:
            if command not in ticked(plain(edit.text)):
                break
            found = edit
        return found


@promised
def board_seen(node: Json, ours: str) -> BoardSeen:
    """GraphQL."""
    newest = sorted(nodes_of(node, "userContentEdits"), key=lambda edit: str(edit["editedAt"]), reverse=True)
    theirs = list(takewhile(lambda edit: login_of(edit.get("editor")) != ours, newest))
    if theirs and theirs[0]["editedAt"] != node.get("lastEditedAt"):
        theirs = []
    edits = (Edit(edit.get("editor"), moment(edit["editedAt"]), text_of(edit.get("diff"))) for edit in theirs)
    board = Dashboard(node["number"], text_of(node.get("body")), node["state"] == "OPEN", str(node.get("url") or ""))
    return BoardSeen(board, login_of(node.get("author")), tuple(edits))


@promised
def board_of(data: Json) -> BoardSeen:
    """REST, which does not tell who edited it."""
    board = Dashboard(data["number"], text_of(data.get("body")), data["state"] == "open", data["html_url"])
    return BoardSeen(board, login_of(data.get("user")))
