"""Every write of the GitHub forge x every way in which an answer can go wrong: it takes effect exactly once."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.cache import MemoryCache
from gitops_healer.core.forge import PullState, Status, StatusState
from gitops_healer.errors import ForgeError
from gitops_healer.ports import RefUpdate
from tests.adapters.github_ground import GitHubGround, github_ground
from tests.forge_server import Fault
from tests.openapi.fixture import validated  # noqa: F401

CUT = 0
FAULTS = {
    "502 before": Fault(status=502),
    "502 after": Fault(status=502, after=True),
    "504 after, twice": Fault(status=504, after=True, times=2),
    "cut before": Fault(status=CUT),
    "cut after": Fault(status=CUT, after=True),
    "403 Retry-After": Fault(status=403, headers={"Retry-After": "3"}),
    "403 without": Fault(status=403),
    "429": Fault(status=429, headers={"Retry-After": "3"}),
}


@dataclass(frozen=True)
class Write:
    """prepare: gives what the write is about, `round` makes it new; effects: how often it took effect, once is right;
    again: whether the next cycle may have to do it, because nobody may repeat it in this one."""

    method: str
    path: str
    prepare: Callable[[GitHubGround, int], Any]
    act: Callable[[GitHubGround, Any, int], object]
    effects: Callable[[GitHubGround, Any, int], int]
    again: bool = False


def branch(ground: GitHubGround, round: int) -> str:
    return ground.person("robin").push(f"healer/rule/{round}", {f"new{round}.txt": "x\n"})


def pull(ground: GitHubGround, round: int) -> int:
    branch(ground, round)
    return ground.person("robin").open_pull(f"healer/rule/{round}", "main", "A title").number


def draft(ground: GitHubGround, round: int) -> int:
    """A flag in even rounds, a title in odd ones."""
    branch(ground, round)
    ground.shop.options.has_drafts = round % 2 == 0
    return ground.forge.open_pull(f"healer/rule/{round}", "main", "A title", "A body", draft=True).number


def flagged(ground: GitHubGround, round: int) -> int:
    return draft(ground, 2 * round)


def titled(ground: GitHubGround, round: int) -> int:
    return draft(ground, 2 * round + 1)


def issue(ground: GitHubGround, round: int) -> int:
    return ground.forge.show_issue(blame(round), "Not ours", "old").number


def blame(round: int) -> str:
    return f"<!-- healer:blame {round} -->"


def blames(ground: GitHubGround, round: int, text: str) -> int:
    """Issues about that, open and with that text."""
    found = [one for one in ground.shop.issues.values() if blame(round) in one.body]
    return sum(one.state == "open" and one.body.startswith(text) for one in found) * (len(found) == 1)


def ready(ground: GitHubGround, number: int, _: int) -> int:
    ground.forge.refresh()
    found = ground.forge.pull(number)
    assert found is not None
    assert found.title == "A title"
    names = [event.name for event in ground.shop.issues[number].events]
    return (names.count("ready_for_review") + names.count("renamed")) * (not found.draft)


def sticky(ground: GitHubGround, round: int) -> int:
    number = pull(ground, round)
    ground.forge.set_sticky(number, MARKER, f"old {MARKER}")
    return number


def doubled(ground: GitHubGround, round: int) -> int:
    number = pull(ground, round)
    for text in ("one", "two"):
        ground.forge.add_comment(number, ground.forge.login, f"{text} {MARKER}")
    return number


def comment(ground: GitHubGround, round: int) -> Any:
    ground.person("robin").comment(pull(ground, round), "/hold")
    ground.forge.refresh()
    return ground.forge.comments()[-1]


def no_dashboard(ground: GitHubGround, round: int) -> None:
    for issue in boards(ground):
        issue.body = "no dashboard any more"


def dashboard(ground: GitHubGround, round: int) -> int:
    no_dashboard(ground, round)
    shown = ground.again(cache=MemoryCache()).forge.show_dashboard("Dashboard", "old")
    assert shown is not None
    return shown.number


def commit(ground: GitHubGround, round: int) -> str:
    base = ground.forge.branch_head("main")
    assert base is not None
    return ground.commit(base, {f"new{round}.txt": "x\n"})


def restore(ground: GitHubGround, round: int) -> str:
    return f"refs/healer/restore/calm-owl-{round}"


def said(ground: GitHubGround, number: int, text: str) -> int:
    return sum(text in one.body for one in ground.shop.comments_of(number))


def pushed(ground: GitHubGround, made: str, round: int) -> int:
    head = ground.forge.branch_head(f"healer/new/{round}")
    assert head == ground.shop.git.branch(f"healer/new/{round}")
    return ground.shop.git.git("rev-list", f"main..{head}").split().count(str(head)) if head else 0


def landed(ground: GitHubGround, number: int, round: int) -> int:
    assert ground.shop.pulls[number].merged
    ground.forge.refresh()
    found = ground.forge.pull(number)
    assert found is not None
    assert (found.state, found.merge_commit) == (PullState.MERGED, ground.forge.branch_head("main"))
    return ground.shop.git.git("log", "--format=%s", "main").split("\n").count(f"Merge {round}")


def boards(ground: GitHubGround) -> list[Any]:
    return [issue for issue in ground.shop.issues.values() if "healer:dashboard" in issue.body]


MARKER = "<!-- healer:faults -->"
STATUS = Status("healer/one", StatusState.SUCCESS, "words")
COMMENTS, ISSUES, PULLS = r"issues/\d+/comments$", r"shop/issues(/\d+)?$", r"shop/pulls(/\d+)?$"
WRITES = {
    "open a pull request": Write(
        "POST", PULLS, branch,
        lambda ground, _, round: ground.forge.open_pull(f"healer/rule/{round}", "main", "A title", "A body"),
        lambda ground, _, round: sum(one.head_branch == f"healer/rule/{round}" for one in ground.shop.pulls.values()),
    ),
    "open a draft": Write(
        "POST", PULLS, branch,
        lambda ground, _, round: ground.forge.open_pull(f"healer/rule/{round}", "main", "A", "B", draft=True),
        lambda ground, _, round: sum(
            one.head_branch == f"healer/rule/{round}" and one.draft for one in ground.shop.pulls.values()
        ),
    ),
    "mark a draft ready": Write(
        "POST", "graphql$", flagged, lambda ground, number, _: ground.forge.mark_ready(number), ready,
    ),
    "mark a draft by title ready": Write(
        "PATCH", PULLS, titled, lambda ground, number, _: ground.forge.mark_ready(number), ready,
    ),
    "make an issue": Write(
        "POST", ISSUES, lambda ground, round: None,
        lambda ground, _, round: ground.forge.show_issue(blame(round), "Not ours", f"text {round}"),
        lambda ground, _, round: blames(ground, round, f"text {round}"),
    ),
    "change an issue": Write(
        "PATCH", ISSUES, issue,
        lambda ground, _, round: ground.forge.show_issue(blame(round), "Not ours", f"text {round}"),
        lambda ground, _, round: blames(ground, round, f"text {round}"),
    ),
    "update it": Write(
        "PATCH", PULLS, pull,
        lambda ground, number, round: ground.forge.update_pull(number, f"New {round}", "New"),
        lambda ground, number, round: ground.shop.issues[number].title == f"New {round}",
    ),
    "close it": Write(
        "PATCH", PULLS, pull,
        lambda ground, number, _: ground.forge.close_pull(number, ground.forge.login),
        lambda ground, number, _: sum(event.name == "closed" for event in ground.shop.issues[number].events),
    ),
    "merge it": Write(
        "PUT", "merge$", pull,
        lambda ground, number, round: ground.forge.merge_pull(
            number, ground.shop.pulls[number].head, f"Merge {round}\n\nHealer-Upgrade: up-{round}"
        ),
        landed, again=True,
    ),
    "comment": Write(
        "POST", COMMENTS, pull,
        lambda ground, number, _: ground.forge.add_comment(number, ground.forge.login, "words"),
        lambda ground, number, _: said(ground, number, "words"),
    ),
    "make a sticky comment": Write(
        "POST", COMMENTS, pull,
        lambda ground, number, _: ground.forge.set_sticky(number, MARKER, f"new {MARKER}"),
        lambda ground, number, _: said(ground, number, MARKER),
    ),
    "change a sticky comment": Write(
        "PATCH", r"comments/\d+$", sticky,
        lambda ground, number, _: ground.forge.set_sticky(number, MARKER, f"new {MARKER}"),
        lambda ground, number, _: said(ground, number, f"new {MARKER}"),
    ),
    "delete a second sticky comment": Write(
        "DELETE", r"comments/\d+$", doubled,
        lambda ground, number, _: ground.forge.set_sticky(number, MARKER, f"one {MARKER}"),
        lambda ground, number, _: said(ground, number, MARKER),
    ),
    "react": Write(
        "POST", "reactions$", comment,
        lambda ground, said, _: ground.forge.acknowledge(said),
        lambda ground, said, _: len(ground.shop.comment(int(said.id)).reactions),
    ),
    "set a status": Write(
        "POST", "statuses/", branch,
        lambda ground, head, _: ground.forge.set_status(head, STATUS),
        lambda ground, head, _: sum(one.sha == head for one in ground.shop.statuses),
    ),
    "make the dashboard": Write(
        "POST", ISSUES, no_dashboard,
        lambda ground, _, __: ground.forge.show_dashboard("Dashboard", "text"),
        lambda ground, _, __: len(boards(ground)),
    ),
    "change the dashboard": Write(
        "PATCH", ISSUES, dashboard,
        lambda ground, _, round: ground.forge.show_dashboard("Dashboard", f"text {round}"),
        lambda ground, _, round: sum(issue.body.startswith(f"text {round}") for issue in boards(ground)),
    ),
    "close the dashboard": Write(
        "PATCH", ISSUES, dashboard,
        lambda ground, _, __: ground.forge.close_dashboard("off"),
        lambda ground, number, _: said(ground, number, "off") * (ground.shop.issues[number].state == "closed"),
    ),
    "say why the dashboard is closed": Write(
        "POST", COMMENTS, dashboard,
        lambda ground, _, __: ground.forge.close_dashboard("off"),
        lambda ground, number, _: said(ground, number, "off") * (ground.shop.issues[number].state == "closed"),
    ),
    "let a commit be signed": Write(
        "POST", "git/commits$", commit,
        lambda ground, made, round: ground.forge.push(f"healer/new/{round}", made, ""), pushed,
    ),
    "move its ref": Write(
        "PATCH", "git/refs/", commit,
        lambda ground, made, round: ground.forge.push(f"healer/new/{round}", made, ""), pushed,
    ),
    "push": Write(
        "POST", "git-receive-pack$", commit,
        lambda ground, made, round: ground.forge.push(f"healer/new/{round}", made, ""), pushed, again=True,
    ),
    "publish": Write(
        "POST", "git-receive-pack$", restore,
        lambda ground, ref, _: ground.forge.publish([RefUpdate(ref, ground.forge.branch_head("main") or "", "")]),
        lambda ground, ref, _: ground.shop.git.ref(ref) == ground.shop.git.branch("main"), again=True,
    ),
    "delete a branch": Write(
        "POST", "git-receive-pack$", branch,
        lambda ground, head, round: ground.forge.delete_branch(f"healer/rule/{round}", head),
        lambda ground, _, round: ground.shop.git.branch(f"healer/rule/{round}") is None, again=True,
    ),
}  # fmt: skip


@pytest.fixture
def ground(tmp_path: Path, validated: Any) -> Iterator[GitHubGround]:  # noqa: F811
    with github_ground(tmp_path) as made:
        validated(made.server)
        yield made


@pytest.mark.parametrize("name", WRITES)
def test_a_write_takes_effect_once_whatever_happens_to_the_answer(ground: GitHubGround, name: str) -> None:
    write, wrong = WRITES[name], {}
    for round, (kind, fault) in enumerate(FAULTS.items()):
        about = write.prepare(ground, round)
        run = ground.again(cache=MemoryCache()) if "dashboard" in name else ground.again()
        ground.server.faults[:] = [planned := replace(fault, path=write.path, method=write.method)]
        if write.again:
            with suppress(ForgeError):
                write.act(run, about, round)
            run = ground.again()
        write.act(run, about, round)
        hit = planned.times < fault.times
        ground.server.faults.clear()
        if not hit or write.effects(run, about, round) != 1:
            wrong[kind] = (hit, write.effects(run, about, round))
    assert not wrong
