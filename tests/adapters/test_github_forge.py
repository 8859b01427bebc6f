"""The GitHub forge over real HTTP and real git: the contract, and what only it promises."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.adapters.cache import MemoryCache
from gitops_healer.adapters.github_client import Calls
from gitops_healer.adapters.github_pulls import compare_link
from gitops_healer.adapters.github_reading import comment_of, pull_of, review_of
from gitops_healer.adapters.github_seen import (
    board_seen,
    check_run,
    check_run_of,
    latest,
    pull_seen,
)
from gitops_healer.core.forge import Permission, PullState, Source, Status, StatusState
from gitops_healer.errors import ForgeError, PullRefusedError
from gitops_healer.ports import RefUpdate
from tests.adapters.forge_contract import MARKER, ForgeContract, proposed, state_of
from tests.adapters.github_ground import KINDS, NAME, GitHubGround, github_ground, token_of
from tests.forge_server import Fault
from tests.forge_server.state import Workflow, WorkflowRun
from tests.openapi.fixture import validated  # noqa: F401

Make = Callable[..., GitHubGround]
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def make(tmp_path: Path, validated: Any) -> Iterator[Make]:  # noqa: F811
    with ExitStack() as stack:

        def make(kind: str = "app", **options: Any) -> GitHubGround:
            ground = stack.enter_context(github_ground(tmp_path, kind, **options))
            validated(ground.server)
            return ground

        yield make


@pytest.fixture
def here(make: Make) -> GitHubGround:
    return make()


class TestGitHubForge(ForgeContract):
    """Small pages, so that nothing works only because everything fits on one."""

    @pytest.fixture(params=["app", "pat"])
    def ground(self, request: pytest.FixtureRequest, make: Make) -> GitHubGround:
        return make(request.param, page_size=1)


def test_with_the_token_of_a_job_all_of_it_works_as_well(make: Make) -> None:
    """From pull request to merge, with the dashboard; what differs between tokens is tested below."""
    ground = make("actions", page_size=1)
    number, head = proposed(ground)
    ground.forge.set_status(head, Status("healer/one", StatusState.SUCCESS))
    ground.forge.set_sticky(number, MARKER, MARKER)
    ground.say(number, "robin", "/approve")
    (_, said) = ground.forge.comments(number)
    ground.forge.acknowledge(said)
    assert (said.author, said.head, ground.forge.permission("robin").may_write) == ("robin", head, True)
    assert ground.forge.show_dashboard("Dashboard", "text")
    merge = ground.forge.merge_pull(number, head, "A title")
    ground.forge.delete_branch("healer/rule/1", head)
    assert ground.forge.branch_head("main") == merge
    assert ground.forge.login == "github-actions[bot]"


def test_a_link_is_never_too_long() -> None:
    link = compare_link("https://github.com/octo/shop", "main", "healer/a&b", "A #1", "x" * 70_000)
    assert link.startswith("https://github.com/octo/shop/compare/main...healer/a%26b?expand=1&title=A%20%231&body=xxx")
    assert 7_000 < len(link) < 8_000


def test_a_link_keeps_the_hidden_marker() -> None:
    link = compare_link(
        "https://github.com/octo/shop", "main", "healer/x", "A", "é" * 70_000 + "\n<!-- healer:v1 {} -->"
    )
    assert unquote(link).endswith("<!-- healer:v1 {} -->")
    assert len(link) < 8_000


# Whose pull requests


def test_a_branch_of_the_same_name_in_a_fork_is_not_ours(here: GitHubGround) -> None:
    number, head = proposed(here)
    here.server.create_repository("passer-by/shop", source=here.shop.path, fork_of=NAME)
    here.server.permit("passer-by/shop", "passer-by", "admin")
    here.server.person("passer-by", "passer-by/shop").push("healer/rule/1", {"evil.txt": "x\n"})
    theirs = here.person("passer-by").open_pull("passer-by:healer/rule/1", "main", "Mine").number
    here.forge.refresh()
    branches = {pull.number: pull.branch for pull in here.forge.pulls(PullState.OPEN)}
    assert branches == {number: "healer/rule/1", theirs: "passer-by:healer/rule/1"}
    of_branch = here.forge.pull_of_branch("healer/rule/1")
    assert of_branch is not None
    assert (of_branch.number, of_branch.head) == (number, head)
    assert here.forge.open_pull("healer/rule/1", "main", "x", "y").number == number


def test_labels_and_who_closed_it(here: GitHubGround) -> None:
    number, _ = proposed(here)
    here.person("robin").label(number, "healer:stop")
    here.forge.refresh()
    pull = here.forge.pull(number)
    assert pull is not None
    assert pull.labels == ("healer:stop",)
    here.person("robin").close(number)
    here.forge.refresh()
    pull = here.forge.pull(number)
    assert pull is not None
    assert (pull.state, pull.closed_by) == (PullState.CLOSED, "robin")


def test_where_we_may_not_open_a_person_gets_a_link(make: Make) -> None:
    ground = make("actions")
    ground.shop.options.actions_may_open_pulls = False
    with pytest.raises(PullRefusedError, match="Allow GitHub Actions to create") as caught:
        proposed(ground)
    link = caught.value.link
    assert link.startswith(f"{ground.server.url}/{NAME}/compare/main...healer/rule/1?expand=1&title=A%20title")
    assert ground.forge.branch_head("healer/rule/1")
    assert ground.forge.pulls() == ()


# Merging


def test_what_github_still_computes_is_waited_for(make: Make) -> None:
    ground = make("pat", unknown_reads=3)
    number, head = proposed(ground)
    ground.forge.merge_pull(number, head, "merge")
    assert ground.clock.slept == [1, 2, 3]
    assert state_of(ground, number) is PullState.MERGED


def test_what_github_never_computes_is_left_for_the_next_cycle(make: Make) -> None:
    ground = make("pat", unknown_reads=100)
    number, head = proposed(ground)
    with pytest.raises(ForgeError, match="the next cycle tries again"):
        ground.forge.merge_pull(number, head, "merge")
    assert sum(ground.clock.slept) == 20
    assert state_of(ground, number) is PullState.OPEN


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"reviews": 1}, "At least 1 approving review is required"),
        ({"checks": ("ci",)}, 'Required status check "ci" is expected'),
    ],
)
def test_what_the_branch_asks_for_is_said_in_githubs_words(make: Make, rules: Any, reason: str) -> None:
    ground = make("pat")
    number, head = proposed(ground)
    ground.server.protect(NAME, "main", **rules)
    base = ground.forge.branch_head("main")
    with pytest.raises(ForgeError, match=reason):
        ground.forge.merge_pull(number, head, "merge")
    ground.forge.refresh()
    assert ground.forge.branch_head("main") == base


def test_a_squash_that_landed_though_the_pull_request_stayed_open_is_found(here: GitHubGround) -> None:
    """GitHub can fail between the two: a second merge would be a second commit."""
    number, head = proposed(here)
    message = "A title\n\nHealer-Upgrade: up-1"
    base = here.forge.branch_head("main")
    assert base is not None
    landed = here.repository.squash(base, head, message, here.repository.commit(head).committer)
    here.move("main", landed)
    here.move("main", here.commit(landed, {"later.txt": "x\n"}))
    assert here.forge.merge_pull(number, head, message) == landed
    assert state_of(here, number) is PullState.CLOSED
    assert len(here.shop.git.git("rev-list", "main").split()) == 3


# Commits that GitHub signs


@pytest.mark.parametrize("kind", KINDS)
def test_commits_are_signed_where_the_token_is_a_bots(make: Make, kind: str) -> None:
    ground = make(kind)
    _, head = proposed(ground)
    raw = ground.shop.git.git("cat-file", "commit", head)
    assert ("gpgsig" in raw) == (kind != "pat")
    info = ground.repository.commit(head)
    assert info.author.email in (ground.forge.emails if kind != "pat" else {"healer@example.org"})
    assert ground.repository.refs("refs/healer/origin/scratch/") == {}
    assert "refs/healer/scratch" not in ground.shop.git.git("for-each-ref")


@pytest.mark.parametrize("dies_at", ["git/commits$", "git/refs/healer/scratch", "git-receive-pack$"])
def test_a_run_that_dies_while_it_signs_is_picked_up(here: GitHubGround, dies_at: str) -> None:
    base = here.forge.branch_head("main")
    assert base is not None
    commit = here.commit(base, {"new.txt": "x\n"})
    here.server.faults.append(Fault(path=dies_at, status=500, times=50, after=True))
    with pytest.raises(ForgeError):
        here.forge.push("healer/x", commit, "")
    here.server.faults.clear()
    later = here.again()
    stands = later.forge.push("healer/x", commit, "")
    assert here.shop.git.branch("healer/x") == stands
    assert later.forge.push("healer/x", commit, "") == stands
    assert len(here.shop.git.git("rev-list", "healer/x").split()) == 2


# Who said what when


def test_the_head_is_that_of_the_second_in_which_it_was_written(here: GitHubGround) -> None:
    number, first = proposed(here)
    here.say(number, "robin", "one")
    second = here.person("robin").force_push("healer/rule/1", {"other.txt": "x\n"})
    pushed = here.shop.activities[-1]
    here.say(number, "robin", "two")
    said = here.person("robin").comment(number, "three")
    said.created = said.updated = pushed.created
    third = here.person("robin").push("healer/rule/1", {"third.txt": "x\n"})
    here.say(number, "robin", "four")
    heads = {one.body: one.head for one in here.forge.comments()}
    assert heads == {"one": first, "two": second, "three": first, "four": third}
    mark = here.server.mark()
    again = here.again()
    assert {one.body: one.head for one in again.forge.comments()} == heads
    assert not [line.path for line in here.server.exchanges[mark:] if "activity" in line.path]


def test_what_was_edited_and_what_bots_say(here: GitHubGround) -> None:
    number, _ = proposed(here)
    said = here.person("robin").comment(number, "/hold")
    here.person("robin").edit_comment(said.id, "/approve")
    here.server.create_app("dependabot")
    here.person("dependabot[bot]").comment(number, "/approve")
    here.forge.refresh()
    assert [(one.edited, one.bot) for one in here.forge.comments()] == [(True, False), (False, True)]


def test_only_new_comments_are_asked_for(here: GitHubGround) -> None:
    number, _ = proposed(here)
    for text in ("one", "two", "three"):
        here.say(number, "robin", text)
    moment = here.forge.comments()[1].created
    here.forge.refresh()
    assert [one.body for one in here.forge.comments(since=moment)] == ["two", "three"]


# Reviews


def test_reviews_are_commands_bound_to_the_commit_that_was_looked_at(here: GitHubGround) -> None:
    number, head = proposed(here)
    robin = here.person("robin")
    given = [robin.review(number, event, body).id for event, body in REVIEWS]
    later = robin.push("healer/rule/1", {"later.txt": "x\n"})
    here.forge.refresh()
    found = [(one.id, one.author, one.body, one.head, one.source, one.edited) for one in here.forge.comments()]
    bodies = ["/approve", "/hold robin requested changes: see the review", "/retry"]
    assert found == [
        (f"review-{id_}", "robin", body, head, Source.REVIEW, False) for id_, body in zip(given, bodies, strict=True)
    ]
    assert head != later


REVIEWS = [("APPROVE", ""), ("REQUEST_CHANGES", "no"), ("COMMENT", "/retry")]


@pytest.mark.parametrize("graphql", [True, False])
def test_a_dismissed_approval_holds_and_a_dismissed_objection_does_nothing(here: GitHubGround, graphql: bool) -> None:
    number, head = proposed(here)
    robin = here.person("robin")
    here.server.permit(NAME, "kim", "write")
    for event in ("APPROVE", "REQUEST_CHANGES"):
        here.person("kim").dismiss_review(number, robin.review(number, event, "x").id)
    if not graphql:
        here.server.faults.append(Fault(path="/api/graphql", status=403, body={"message": "no GraphQL"}, times=9))
    here.forge.refresh()
    (held,) = here.forge.comments()
    assert (held.author, held.body, held.head) == ("kim", "/hold the approval was dismissed", head)
    assert held.id.startswith("review-")
    assert held.id.endswith("-dismissed")


def test_without_graphql_the_text_of_a_review_is_no_order(here: GitHubGround) -> None:
    """Anybody with write permission may have edited it, and REST does not tell."""
    number, _ = proposed(here)
    for event, body in REVIEWS:
        here.person("robin").review(number, event, body)
    here.server.faults.append(Fault(path="/api/graphql", status=403, body={"message": "no GraphQL"}, times=9))
    here.forge.refresh()
    assert [(one.body.split()[0], one.edited) for one in here.forge.comments()] == [
        ("/approve", False), ("/hold", False), ("/retry", True),
    ]  # fmt: skip


# Checks


@pytest.mark.parametrize(
    ("state", "conclusion", "found", "words"),
    [
        ("queued", None, StatusState.PENDING, "queued"),
        ("IN_PROGRESS", None, StatusState.PENDING, "in progress"),
        ("completed", "success", StatusState.SUCCESS, "success"),
        ("COMPLETED", "NEUTRAL", StatusState.SUCCESS, "neutral"),
        ("completed", "skipped", StatusState.SUCCESS, "skipped"),
        ("completed", "failure", StatusState.FAILURE, "failure"),
        ("completed", "timed_out", StatusState.FAILURE, "timed out"),
        ("completed", "cancelled", StatusState.FAILURE, "cancelled"),
        ("COMPLETED", "STARTUP_FAILURE", StatusState.FAILURE, "startup failure"),
        ("completed", "action_required", StatusState.PENDING, "waits for a maintainer to press Approve workflows"),
        ("completed", "stale", StatusState.PENDING, "stale"),
        ("completed", "made up tomorrow", StatusState.PENDING, "made up tomorrow"),
    ],
)
def test_what_a_check_run_means(state: str, conclusion: str | None, found: StatusState, words: str) -> None:
    status = check_run(1, "ci", state, conclusion, None, None, "github-actions", 1).status
    assert (status.state, status.description) == (found, words)


@pytest.mark.parametrize(
    ("runs", "counted"),
    [
        ([(1, 1, "failure"), (2, 1, "success")], ["success"]),  # the job was run again
        ([(1, 1, "failure"), (2, 2, "success")], ["failure", "success"]),  # two workflows with a job of that name
        ([(1, 1, "cancelled"), (2, 2, "success")], ["success"]),  # a newer run of the workflow took its place
        ([(1, 1, "success"), (2, 2, "cancelled")], ["success", "cancelled"]),
    ],
)
def test_which_runs_of_one_name_count(runs: list[tuple[int, int, str]], counted: list[str]) -> None:
    made = [check_run(id_, "ci", "completed", word, None, None, "actions", suite) for id_, suite, word in runs]
    assert [status.description for status in latest(reversed(made))] == counted


@pytest.mark.parametrize("graphql", [True, False])
def test_check_runs_and_statuses_both_count(here: GitHubGround, graphql: bool) -> None:
    _, head = proposed(here)
    robin = here.person("robin")
    for state in ("failure", "success"):
        robin.set_status(head, "ci", state)
    for name, conclusion in [("ci", "failure"), ("lint", "skipped"), ("slow", None), ("gated", "action_required")]:
        robin.check_run(head, name, conclusion, "words")
    if not graphql:
        here.server.faults.append(Fault(path="/api/graphql", status=403, body={"message": "no GraphQL"}, times=9))
    here.forge.refresh()
    assert [(one.context, one.state, one.description) for one in here.forge.statuses(head)] == [
        ("ci", StatusState.FAILURE, "failure: words"),
        ("ci", StatusState.SUCCESS, ""),
        ("gated", StatusState.PENDING, "waits for a maintainer to press Approve workflows: words"),
        ("lint", StatusState.SUCCESS, "skipped: words"),
        ("slow", StatusState.PENDING, "in progress: words"),
    ]


def test_a_workflow_that_waits_for_approval_is_seen_though_it_reports_nothing(make: Make) -> None:
    ground, now = make("actions"), START
    head = ground.person("robin").push("healer/rule/1", {"new.txt": "x\n"})
    ground.person("robin").open_pull("healer/rule/1", "main", "A title")
    run = WorkflowRun(1, 1, 1, "pull_request", "healer/rule/1", head, "octo", "completed", "action_required", now, now)
    ground.shop.workflow_runs[1] = run
    ground.shop.workflows[1] = Workflow(1, ".github/workflows/ci.yml", "CI", now)
    ground.forge.refresh()
    (waits,) = ground.forge.statuses(head)
    assert (waits.state, waits.description) == (
        StatusState.PENDING,
        "waits for a maintainer to press Approve workflows",
    )
    run.conclusion = "success"
    ground.forge.refresh()
    assert ground.forge.statuses(head) == ()


def test_more_checks_than_one_query_gives_are_all_read(make: Make) -> None:
    ground = make("pat")
    _, head = proposed(ground)
    for number in range(101):
        ground.person("robin").set_status(head, f"ci/{number:03}", "failure" if number == 100 else "success")
    ground.forge.refresh()
    found = ground.forge.statuses(head)
    assert [one.context for one in found if one.state is StatusState.FAILURE] == ["ci/100"]
    assert len(found) == 101


def test_a_status_that_says_the_same_is_not_written(here: GitHubGround) -> None:
    _, head = proposed(here)
    status = Status("healer/one", StatusState.PENDING, "w" * 200)
    for forge in (here.forge, here.again().forge):
        forge.set_status(head, status)
    assert len(here.shop.statuses) == 1
    assert len(here.forge.statuses(head)[0].description) == 140


# Comments of ours


def test_an_unchanged_sticky_comment_costs_no_call_and_a_deleted_one_comes_back(here: GitHubGround) -> None:
    number, _ = proposed(here)
    here.forge.set_sticky(number, MARKER, f"one {MARKER}")
    mark = here.server.mark()
    again = here.again()
    again.forge.set_sticky(number, MARKER, f"one {MARKER}")
    assert here.server.calls(mark).rest == 0
    (said,) = again.forge.comments(number)
    here.person("robin").delete_comment(int(said.id))
    again.forge.set_sticky(number, MARKER, f"two {MARKER}")
    assert [one.body for one in again.forge.comments(number)] == [f"two {MARKER}"]


@pytest.mark.parametrize("graphql", [True, False])
def test_of_two_sticky_comments_the_younger_goes(here: GitHubGround, graphql: bool) -> None:
    """Two runs at the same time, with no cache in common."""
    number, _ = proposed(here)
    first = here.forge.add_comment(number, here.forge.login, f"one {MARKER}").id
    here.forge.add_comment(number, here.forge.login, f"two {MARKER}")
    here.say(number, "robin", f"mine {MARKER}")
    if not graphql:
        here.server.faults.append(Fault(path="/api/graphql", status=403, body={"message": "no GraphQL"}, times=9))
    here.forge.set_sticky(number, MARKER, f"three {MARKER}")
    found = [(one.id == first, one.body) for one in here.forge.comments(number)]
    assert found == [(True, f"three {MARKER}"), (False, f"mine {MARKER}")]


def test_what_comes_after_a_full_page_is_heard(make: Make) -> None:
    """A new page changes no word of the page before it: that is answered by 304, with a link to the new one."""
    ground = make(page_size=2)
    number, _ = proposed(ground)
    for text in ("one", "two", "three"):
        ground.say(number, "robin", text)
        assert ground.forge.comments(number)[-1].body == text


def test_nothing_too_long_and_nothing_in_another_name_is_written(here: GitHubGround) -> None:
    number, _ = proposed(here)
    for write in (
        lambda: here.forge.set_sticky(number, MARKER, "x" * 65_537),
        lambda: here.forge.show_dashboard("Dashboard", "x" * 65_537),
        lambda: here.forge.update_pull(number, "x", "x" * 65_537),
    ):
        with pytest.raises(ForgeError, match="65,536 are allowed"):
            write()
    with pytest.raises(ForgeError, match="let robin comment there"):
        here.forge.add_comment(number, "robin", "/approve")
    with pytest.raises(ForgeError, match="settings/access"):
        here.forge.set_permission("robin", Permission.ADMIN)
    assert here.forge.comments(number) == ()


# The dashboard

BOXES = """Waiting
- [ ] <!-- healer:do /approve up-1a2b 1f2e3d --> approve
- [ ] <!-- healer:do /retry up-3c4d 5a6b7c --> retry"""


def test_a_ticked_box_is_the_command_of_who_ticked_it(here: GitHubGround) -> None:
    shown = here.forge.show_dashboard("Dashboard", BOXES)
    assert shown is not None
    here.server.permit(NAME, "kim", "admin")
    here.forge.refresh()
    assert here.forge.comments() == ()
    here.person("robin").tick(shown.number, "approve")
    here.forge.refresh()
    (first,) = here.forge.comments()
    here.person("kim").tick(shown.number, "retry")
    here.forge.refresh()
    ticked = here.forge.comments(shown.number)
    assert [(one.author, one.body, one.source, one.pull) for one in ticked] == [
        ("robin", "/approve up-1a2b 1f2e3d", Source.CHECKBOX, shown.number),
        ("kim", "/retry up-3c4d 5a6b7c", Source.CHECKBOX, shown.number),
    ]
    assert ticked[0] == first
    forgetful = here.again(cache=MemoryCache())
    assert forgetful.forge.comments(shown.number) == ticked


def edited(login: str, when: str, text: str | None) -> dict[str, Any]:
    return {
        "editor": login and {"__typename": "User", "login": login},
        "editedAt": f"2026-01-01T00:00:{when}Z",
        "diff": text,
    }


A, B = (f"- [x] <!-- healer:do /approve up-{n}a2b 1f2e3d --> x" for n in "12")


@pytest.mark.parametrize(
    ("edits", "ticks"),
    [
        (
            [edited("kim", "02", f"{A}\n{B}"), edited("robin", "01", A), edited("healer", "00", "")],
            {"/a": "robin", "/b": "kim"},
        ),
        (
            [edited("kim", "02", f"{A}\n{B}"), edited("robin", "01", B), edited("kim", "00", A)],
            {"/a": "kim", "/b": "robin"},
        ),
        ([edited("kim", "02", None), edited("kim", "01", None)], {"/a": "kim", "/b": "kim"}),
        ([edited("kim", "02", None), edited("robin", "01", None)], {}),  # nobody can tell who ticked which
        (
            [edited("kim", "02", None), edited("healer", "01", None), edited("robin", "00", "")],
            {"/a": "kim", "/b": "kim"},
        ),
        ([edited("", "02", f"{A}\n{B}")], {}),
        ([edited("healer", "02", f"{A}\n{B}"), edited("robin", "01", A)], {}),
        ([edited("kim", "01", f"{A}\n{B}")], {}),  # there is a later edit that we were not told of
        ([], {}),
    ],
)
def test_whose_tick_it_is(edits: list[Any], ticks: dict[str, str]) -> None:
    node = {
        "number": 1,
        "state": "OPEN",
        "body": f"{A}\r\n{B}",
        "lastEditedAt": "2026-01-01T00:00:02Z",
        "userContentEdits": {"nodes": edits},
    }
    found = {
        {"1": "/a", "2": "/b"}[command.split()[1][3]]: edit.editor["login"]
        for command, edit in board_seen(node, "healer").ticks()
        if edit.editor
    }
    assert found == ticks


def test_a_box_that_was_ticked_while_we_worked_is_not_overwritten(here: GitHubGround) -> None:
    shown = here.forge.show_dashboard("Dashboard", BOXES)
    assert shown is not None
    here.person("robin").tick(shown.number, "retry")
    kept = here.forge.show_dashboard("Dashboard", "new text")
    assert kept is not None
    assert "- [x] <!-- healer:do /retry" in kept.body
    here.forge.refresh()
    assert [one.body for one in here.forge.comments()] == ["/retry up-3c4d 5a6b7c"]
    written = here.forge.show_dashboard("Dashboard", "new text")
    assert written is not None
    assert written.body.startswith("new text")
    here.forge.refresh()
    assert here.forge.comments() == ()


def test_the_dashboard_is_ours_and_one_and_comes_back_only_when_it_was_deleted(here: GitHubGround) -> None:
    here.person("robin").open_issue("Dashboard", "<!-- healer:dashboard -->")
    here.person(here.forge.login).open_issue("Something else of ours", "text")
    shown = here.forge.show_dashboard("Dashboard", "one")
    assert shown is not None
    assert shown.number == 3
    mark = here.server.mark()
    again = here.again()
    assert again.forge.show_dashboard("Dashboard", "one") == shown
    assert (here.server.calls(mark).rest, here.server.calls(mark).graphql) == (1, 1)
    forgetful = here.again(cache=MemoryCache())
    assert forgetful.forge.show_dashboard("Dashboard", "one") == shown
    here.person("robin").edit_issue(shown.number, "all of it is gone, the marker as well")
    here.forge.refresh()
    assert here.forge.show_dashboard("Dashboard", "one") == shown
    here.person("robin").close(shown.number)
    here.forge.refresh()
    closed = here.forge.show_dashboard("Dashboard", "two")
    assert closed == replace(shown, open=False)


def test_where_issues_are_switched_off_there_is_no_dashboard(here: GitHubGround) -> None:
    here.shop.options.has_issues = False
    assert here.forge.show_dashboard("Dashboard", "one") is None
    here.forge.close_dashboard("off")
    assert here.forge.comments() == ()


# People and refs


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        ("admin", Permission.ADMIN), ("maintain", Permission.WRITE), ("write", Permission.WRITE),
        ("triage", Permission.READ), ("read", Permission.READ), ("none", Permission.NONE),
    ],
)  # fmt: skip
def test_roles(here: GitHubGround, role: str, permission: Permission) -> None:
    here.server.permit(NAME, "kim", role)
    mark = here.server.mark()
    assert [here.forge.permission("kim") for _ in range(2)] == [permission] * 2
    assert here.server.calls(mark).rest == 1


@pytest.mark.parametrize(
    "login", ["", "..", "a/../../user", "octo-healer[bot]", "github-actions[bot]", "?x=1", "nobody"]
)
def test_bots_and_what_is_no_login_may_nothing(here: GitHubGround, login: str) -> None:
    assert here.forge.permission(login) is Permission.NONE


def test_refs_of_ours_are_there_for_other_runs(here: GitHubGround) -> None:
    base = here.forge.branch_head("main")
    assert base is not None
    ref = "refs/healer/restore/calm-owl-20260301T000000Z"
    for _ in range(2):
        here.forge.publish([RefUpdate(ref, base, "")])
    assert here.shop.git.ref(ref) == base
    here.forge.publish([RefUpdate(ref, "", base)])
    assert here.shop.git.ref(ref) is None


@pytest.mark.parametrize("kind", ["app", "pat"])
@pytest.mark.parametrize(
    ("lacking", "act", "words"),
    [
        ("statuses", lambda forge, _, head: forge.set_status(head, STATUS), "lacks `statuses: write`"),
        ("issues", lambda forge, number, _: forge.show_dashboard("Dashboard", "text"), "lacks `issues: write`"),
        ("pull_requests", lambda forge, number, _: forge.close_pull(number, "x"), "lacks `pull-requests: write`"),
        ("contents", lambda forge, number, head: forge.merge_pull(number, head, "m"), "lacks `contents: write`"),
    ],
)
def test_a_permission_that_is_missing_is_named(make: Make, kind: str, lacking: str, act: Any, words: str) -> None:
    ground = make(kind)
    number, head = proposed(ground)
    permissions = dict.fromkeys(("contents", "issues", "pull_requests", "statuses", "checks", "actions"), "write")
    weak = token_of(ground.server, kind, {**permissions, lacking: "read"})
    with pytest.raises(ForgeError) as caught:
        act(ground.again(token=weak).forge, number, head)
    assert words in str(caught.value)
    assert weak not in str(caught.value)


# What it costs

STATUS = Status("healer/one", StatusState.SUCCESS)


@pytest.mark.parametrize(("pulls", "graphql"), [(0, 1), (1, 1), (10, 1), (26, 2)])
def test_a_cycle_in_which_nothing_happened_costs_little(make: Make, pulls: int, graphql: int) -> None:
    ground = make("pat")
    heads = {}
    for number in range(pulls):
        head = ground.person("robin").push(f"healer/rule/{number}", {"new.txt": f"{number}\n"})
        heads[ground.person("robin").open_pull(f"healer/rule/{number}", "main", "A title").number] = head
        ground.person("robin").comment(number + 1, "nice")
    idle(ground, heads)
    first = ground.again(cache=MemoryCache())
    idle(first, heads)
    assert first.client.calls.graphql <= 2 * graphql
    idle(ground.again(), heads)
    mark, later = ground.server.mark(), ground.again()
    idle(later, heads)
    calls = ground.server.calls(mark)
    assert (calls.rest, calls.graphql, calls.fetches, calls.writes) == (2, graphql, 1, 0)
    assert later.client.calls == Calls(rest=2, graphql=graphql, not_modified=1)


def idle(ground: GitHubGround, heads: dict[int, str]) -> None:
    """What a cycle asks when it has nothing to do."""
    ground.forge.refresh()
    assert ground.forge.branch_head("main")
    ground.forge.comments(since=START)
    for number, head in heads.items():
        pull = ground.forge.pull(number)
        assert pull is not None
        assert pull.state is PullState.OPEN
        ground.forge.set_status(head, Status("healer/one", StatusState.SUCCESS))
        ground.forge.statuses(head)
        ground.forge.set_sticky(number, MARKER, MARKER)
    ground.forge.show_dashboard("Dashboard", "text")


# Answers that nobody promised

WHEN = "2026-01-01T00:00:00Z"
ROBIN, WHO = {"login": "robin", "type": "User"}, {"__typename": "User", "login": "robin"}
HEAD: dict[str, Any] = {"ref": "x", "sha": "1" * 40, "repo": {"full_name": NAME}, "user": ROBIN}
PULL = {
    "number": 1, "title": "t", "body": "b", "state": "open", "user": ROBIN, "head": HEAD, "base": HEAD,
    "created_at": WHEN, "merged_at": None, "html_url": "u", "labels": [{"name": "l"}],
}  # fmt: skip
RUN = {"id": 1, "name": "ci", "status": "completed", "conclusion": "success", "app": {"slug": "a"}, "output": {}}
NODE = {
    "number": 1,
    "reviews": {"pageInfo": {"hasNextPage": False}, "nodes": [
        {"databaseId": 1, "state": "APPROVED", "body": "", "submittedAt": WHEN, "author": WHO, "commit": {"oid": "1"}},
    ]},
    "timelineItems": {"pageInfo": {"hasNextPage": False}, "nodes": [
        {"createdAt": WHEN, "previousReviewState": "APPROVED", "actor": WHO, "review": {"databaseId": 1}},
    ]},
    "commits": {"nodes": [{"commit": {"oid": "1", "statusCheckRollup": {"contexts": {"pageInfo": {}, "nodes": [
        {"__typename": "CheckRun", "databaseId": 1, "name": "ci", "status": "COMPLETED", "conclusion": "SUCCESS"},
        {"__typename": "StatusContext", "context": "ci", "state": "SUCCESS"},
    ]}}}}]},
}  # fmt: skip
BOARD = {
    "number": 1,
    "state": "OPEN",
    "body": A,
    "lastEditedAt": WHEN,
    "userContentEdits": {"nodes": [edited("kim", "00", A)]},
}
READERS: list[tuple[Callable[[Any], object], Any]] = [
    (lambda data: pull_of(data, NAME), PULL),
    (
        lambda data: comment_of(data, "us"),
        {"id": 1, "user": ROBIN, "created_at": WHEN, "updated_at": WHEN, "body": "x"},
    ),
    (review_of, {"id": 1, "state": "APPROVED", "user": ROBIN, "submitted_at": WHEN, "commit_id": "1"}),
    (check_run_of, RUN),
    (pull_seen, NODE),
    (lambda data: tuple(board_seen(data, "us").ticks()), BOARD),
]


@given(st.data())
def test_an_answer_that_was_not_promised_is_an_error_that_says_so(data: st.DataObject) -> None:
    read, sample = data.draw(st.sampled_from(READERS))
    read(sample)
    answer = deepcopy(sample)
    place = answer
    while True:
        key = data.draw(st.sampled_from(range(len(place)) if isinstance(place, list) else sorted(place)))
        if not (isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans())):
            break
        place = place[key]
    place[key] = data.draw(st.sampled_from([None, [], {}, "x", 7, True, [None], {"x": 1}]))
    with suppress(ForgeError):
        read(answer)
