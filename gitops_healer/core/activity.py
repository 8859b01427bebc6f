"""An event of the forge to what is to be done about it. Pure: the payload is read by `console.event_payload`.

Which fields an event has is GitHub's: https://docs.github.com/actions/reference/events-that-trigger-workflows
"""

import re
from dataclasses import dataclass
from enum import Enum

from gitops_healer.core.naming import BRANCH_PREFIX

_COMMAND_LINE = re.compile(r"^ {0,3}(?:@[A-Za-z0-9-]+(?:\[bot\])?[ ,:]+)?/[A-Za-z]", re.MULTILINE)
_TICKED = re.compile(r"\[[xX]\] <!-- healer:do ")
_MARKER = "<!-- healer:dashboard"
_OWN_STATUS = "gitops-healer/"
_PULL_ACTIONS = frozenset(
    {"closed", "reopened", "labeled", "unlabeled", "synchronize", "edited", "ready_for_review", "converted_to_draft"}
)


class Kind(Enum):
    """What a run does. CYCLE: everything; ORDERS: what maintainers said, and what follows; ADVANCE: the upgrades that
    the event is about; NOTHING: end at once."""

    CYCLE = "cycle"
    ORDERS = "orders"
    ADVANCE = "advance"
    NOTHING = "nothing"


@dataclass(frozen=True)
class ForgeEvent:
    """The part of a webhook payload that counts; what a payload does not have is empty.

    repository: owner/name; by_bot: the sender, or who wrote the comment, is an app or bot; text: body of the comment,
    review or issue; ref: the full ref of a push; pull: number of the pull request or issue, 0 for none; branch: head of
    the pull request or run; head: its commit; head_repository: owner/name of where that branch is; state: of a review
    or commit status; context: name of a commit status.
    """

    name: str
    action: str = ""
    repository: str = ""
    actor: str = ""
    by_bot: bool = False
    text: str = ""
    ref: str = ""
    deleted: bool = False
    pull: int = 0
    branch: str = ""
    head: str = ""
    head_repository: str = ""
    state: str = ""
    context: str = ""


@dataclass(frozen=True)
class Activity:
    """What to do, and the because. pull, branch, head: what it concerns, 0 and "" for none in particular."""

    kind: Kind
    reason: str
    pull: int = 0
    branch: str = ""
    head: str = ""


def activity_of(event: ForgeEvent, *, repository: str, base_branch: str) -> Activity:
    """repository: owner/name of the one that is healed; base_branch: a push there starts a cycle, "" for any branch
    that is none of ours."""
    if event.repository and repository and event.repository.lower() != repository.lower():
        return _nothing(f"it happened in {event.repository}, and {repository} is healed here")
    match event.name:
        case "schedule":
            return Activity(Kind.CYCLE, "it is time")
        case "workflow_dispatch":
            return Activity(Kind.CYCLE, f"started by {event.actor or 'hand'}")
        case "push":
            return _push(event, base_branch)
        case "issue_comment":
            return _comment(event)
        case "pull_request_review":
            return _review(event, repository)
        case "issues":
            return _issue(event)
        case "pull_request":
            return _pull(event, repository)
        case "workflow_run" | "check_suite" | "status":
            return _checked(event, repository)
        case _:
            return _nothing(f"{event.name} is no event that concerns the healer")


def has_command(text: str) -> bool:
    """Whether a line may be a command; whether it is one is decided by whoever obeys (`core.comments`)."""
    return _COMMAND_LINE.search(text.replace("\r\n", "\n").replace("\r", "\n")) is not None


def _nothing(reason: str) -> Activity:
    return Activity(Kind.NOTHING, reason)


def _push(event: ForgeEvent, base_branch: str) -> Activity:
    branch = event.ref.removeprefix("refs/heads/")
    if branch == event.ref or event.deleted:
        return _nothing(f"{event.ref or 'nothing'} {'was deleted' if event.deleted else 'is no branch'}")
    if branch.startswith(BRANCH_PREFIX):
        if event.by_bot:
            return _nothing(f"a bot pushed to {branch}")
        return Activity(Kind.ADVANCE, f"{event.actor} pushed to {branch}", branch=branch)
    if branch.startswith("healer-") or (base_branch and branch != base_branch):
        return _nothing(f"{branch} is not the base branch{f' {base_branch}' if base_branch else ''}")
    return Activity(Kind.CYCLE, f"{branch} moved")


def _comment(event: ForgeEvent) -> Activity:
    if event.action != "created":
        return _nothing(f"a comment that was {event.action or 'changed'} orders nothing: write a new one")
    if event.by_bot:
        return _nothing(f"{event.actor or 'the author'} is a bot")
    if not has_command(event.text):
        return _nothing("the comment has no command")
    return Activity(Kind.ORDERS, f"{event.actor} commented", event.pull)


def _review(event: ForgeEvent, repository: str) -> Activity:
    if event.action != "submitted":
        return _nothing(f"a review that was {event.action or 'changed'} orders nothing")
    if event.by_bot:
        return _nothing(f"{event.actor or 'the reviewer'} is a bot")
    if has_command(event.text) or (_is_ours(event, repository) and event.state.lower() != "commented"):
        return Activity(Kind.ORDERS, f"{event.actor} reviewed", event.pull, event.branch, event.head)
    return _nothing("the review has no command, and is no word about a pull request of the healer")


def _issue(event: ForgeEvent) -> Activity:
    if event.by_bot:
        return _nothing(f"{event.actor or 'the editor'} is a bot")
    if event.action != "edited":
        return _nothing(f"an issue that was {event.action or 'changed'} orders nothing")
    if _MARKER not in event.text:
        return _nothing("the issue is not the dashboard")
    if not _TICKED.search(event.text):
        return _nothing("no box of the dashboard is ticked")
    return Activity(Kind.ORDERS, f"{event.actor} edited the dashboard", event.pull)


def _pull(event: ForgeEvent, repository: str) -> Activity:
    if not _is_ours(event, repository):
        return _nothing(f"{event.branch or 'the pull request'} is no branch of the healer")
    if event.by_bot:
        return _nothing(f"{event.actor or 'the sender'} is a bot")
    if event.action not in _PULL_ACTIONS:
        return _nothing(f"a pull request that was {event.action or 'changed'} needs nothing")
    return Activity(Kind.ADVANCE, f"{event.actor}: pull request {event.action}", event.pull, event.branch, event.head)


def _checked(event: ForgeEvent, repository: str) -> Activity:
    """CI said something about a commit."""
    if event.name != "status" and event.action != "completed":
        return _nothing(f"{event.name} is {event.action or 'not over'}")
    if event.name == "status" and (event.state == "pending" or event.context.startswith(_OWN_STATUS)):
        return _nothing("the status is our own" if event.context.startswith(_OWN_STATUS) else "the status is pending")
    if not _is_ours(event, repository):
        return _nothing(f"{event.branch or 'the commit'} is no branch of the healer")
    return Activity(Kind.ADVANCE, f"{event.name} on {event.branch}", event.pull, event.branch, event.head)


def _is_ours(event: ForgeEvent, repository: str) -> bool:
    """A branch with our prefix in this repository: in a fork anybody can name a branch so."""
    elsewhere = event.head_repository and repository and event.head_repository.lower() != repository.lower()
    return event.branch.startswith(BRANCH_PREFIX) and not elsewhere
