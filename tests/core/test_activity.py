"""What each event of the forge makes the healer do, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.activity import Activity, ForgeEvent, Kind, activity_of, has_command

REPOSITORY = "octo/shop"
BRANCH = "healer/failing_test/0123456789"


def decided(name: str, **facts: object) -> Activity:
    event = ForgeEvent(name, **{"repository": REPOSITORY, "actor": "robin", **facts})  # type: ignore[arg-type]
    return activity_of(event, repository=REPOSITORY, base_branch="main")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("schedule", {"repository": "", "actor": ""}),
        ("workflow_dispatch", {}),
        ("push", {"ref": "refs/heads/main"}),
        ("push", {"ref": "refs/heads/main", "by_bot": True}),
    ],
)
def test_a_cycle_is_started_by(name: str, facts: dict[str, object]) -> None:
    assert decided(name, **facts).kind is Kind.CYCLE


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("issue_comment", {"action": "created", "text": "/approve"}),
        ("issue_comment", {"action": "created", "text": "thanks\r\n\r\n  /hold please"}),
        ("issue_comment", {"action": "created", "text": "@octo-healer /explain"}),
        ("pull_request_review", {"action": "submitted", "state": "approved", "branch": BRANCH}),
        ("pull_request_review", {"action": "submitted", "state": "CHANGES_REQUESTED", "branch": BRANCH}),
        ("pull_request_review", {"action": "submitted", "state": "commented", "branch": BRANCH, "text": "/hold"}),
        ("pull_request_review", {"action": "submitted", "state": "commented", "branch": "x", "text": "/self_upgrade"}),
        (
            "issues",
            {"action": "edited", "text": "<!-- healer:dashboard -->\n- [x] <!-- healer:do /approve up-1 --> approve"},
        ),
    ],
)
def test_orders_are_read_after(name: str, facts: dict[str, object]) -> None:
    found = decided(name, pull=7, **facts)
    assert (found.kind, found.pull) == (Kind.ORDERS, 7)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("workflow_run", {"action": "completed"}),
        ("workflow_run", {"action": "completed", "by_bot": True, "head_repository": REPOSITORY}),
        ("check_suite", {"action": "completed"}),
        ("status", {"state": "success", "context": "ci/build"}),
        ("status", {"state": "failure", "context": "ci/build"}),
        ("pull_request", {"action": "closed"}),
        ("pull_request", {"action": "labeled"}),
        ("pull_request", {"action": "unlabeled"}),
        ("pull_request", {"action": "synchronize"}),
        ("pull_request", {"action": "edited", "head_repository": "Octo/Shop"}),
    ],
)
def test_upgrades_are_advanced_after(name: str, facts: dict[str, object]) -> None:
    found = decided(name, branch=BRANCH, head="a" * 40, **facts)
    assert (found.kind, found.branch, found.head) == (Kind.ADVANCE, BRANCH, "a" * 40)


@pytest.mark.parametrize(
    ("name", "facts", "because"),
    [
        ("issue_comment", {"action": "edited", "text": "/approve"}, "write a new one"),
        ("issue_comment", {"action": "deleted", "text": "/approve"}, "write a new one"),
        ("issue_comment", {"action": "created", "text": "/approve", "by_bot": True}, "is a bot"),
        ("issue_comment", {"action": "created", "text": "see https://example.org/approve"}, "no command"),
        ("issue_comment", {"action": "created", "text": ""}, "no command"),
        ("issue_comment", {"action": "created", "text": "/approve", "repository": "octo/other"}, "octo/other"),
        ("pull_request_review", {"action": "dismissed", "state": "approved", "branch": BRANCH}, "orders nothing"),
        ("pull_request_review", {"action": "submitted", "state": "approved", "branch": "topic"}, "no word about"),
        ("pull_request_review", {"action": "submitted", "state": "commented", "branch": BRANCH}, "no command"),
        (
            "pull_request_review",
            {"action": "submitted", "state": "approved", "branch": BRANCH, "head_repository": "eve/shop"},
            "no word about",
        ),
        ("issues", {"action": "edited", "text": "- [x] done"}, "not the dashboard"),
        (
            "issues",
            {
                "action": "edited",
                "text": "<!-- healer:dashboard -->\n- [ ] <!-- healer:do /approve up-1 --> approve\n- [x] x",
            },
            "no box",
        ),
        (
            "issues",
            {"action": "opened", "text": "<!-- healer:dashboard -->\n- [x] <!-- healer:do /approve up-1 --> approve"},
            "orders nothing",
        ),
        (
            "issues",
            {"action": "edited", "text": "<!-- healer:dashboard -->\n- [x] <!-- healer:do /x --> a", "by_bot": True},
            "is a bot",
        ),
        ("push", {"ref": "refs/heads/topic"}, "not the base branch"),
        ("push", {"ref": "refs/heads/healer-ledger"}, "not the base branch"),
        ("push", {"ref": "refs/tags/v1"}, "is no branch"),
        ("push", {"ref": "refs/heads/main", "deleted": True}, "was deleted"),
        ("push", {"ref": f"refs/heads/{BRANCH}", "by_bot": True}, "a bot pushed"),
        ("workflow_run", {"action": "completed", "branch": "main"}, "no branch of the healer"),
        ("workflow_run", {"action": "requested", "branch": BRANCH}, "requested"),
        ("workflow_run", {"action": "completed", "branch": BRANCH, "head_repository": "eve/shop"}, "no branch of"),
        ("status", {"state": "pending", "context": "ci", "branch": BRANCH}, "pending"),
        ("status", {"state": "success", "context": "gitops-healer/validation", "branch": BRANCH}, "our own"),
        ("pull_request", {"action": "closed", "branch": "topic"}, "no branch of the healer"),
        ("pull_request", {"action": "opened", "branch": BRANCH}, "needs nothing"),
        ("pull_request", {"action": "closed", "branch": BRANCH, "by_bot": True}, "is a bot"),
        ("watch", {"action": "started"}, "no event that concerns"),
    ],
)
def test_nothing_is_done_and_the_reason_is_said(name: str, facts: dict[str, object], because: str) -> None:
    found = decided(name, **facts)
    assert found.kind is Kind.NOTHING
    assert because in found.reason


@given(st.text(max_size=200))
def test_without_a_slash_there_is_no_command(text: str) -> None:
    assert not has_command(text.replace("/", ""))


@given(st.text(alphabet="abc \n", max_size=60), st.sampled_from(["/approve", "   /x", "@healer /go on"]))
def test_a_command_is_found_wherever_its_line_stands(around: str, line: str) -> None:
    assert has_command(f"{around}\n{line}\n{around}")
