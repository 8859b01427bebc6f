"""Whatever people do in whatever order, what the forge says and what git says is the same."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.forge_server import ForgeServer, Person, Refusal
from tests.forge_server.git_store import ZERO
from tests.forge_server.mergeability import open_pulls
from tests.forge_server.state import Repository

SHOP = "octo/shop"
Step = tuple[str, str, int]
BRANCHES = ("one", "two", "main")
ACTS: dict[str, Callable[[Person, str, int], object]] = {
    "push": lambda who, branch, number: who.push(branch, {f"{number}.txt": f"{branch}\n"}),
    "push the same file": lambda who, branch, number: who.push(branch, {"a.txt": f"{branch} {number}\n"}),
    "force": lambda who, branch, number: who.force_push(branch, {f"{number}.txt": "forced\n"}),
    "delete": lambda who, branch, number: branch == "main" or who.delete_branch(branch),
    "catch up": lambda who, branch, number: who.move_branch(branch, who.repository.git.branch("main") or ""),
    "open": lambda who, branch, number: who.open_pull(branch, "main", "Title"),
    "open on another": lambda who, branch, number: who.open_pull("one", branch, "Title"),
    "merge": lambda who, branch, number: who.merge(number, ("merge", "squash", "rebase")[number % 3]),
    "close": lambda who, branch, number: who.close(number),
    "reopen": lambda who, branch, number: who.reopen(number),
    "change base": lambda who, branch, number: who.change_base(number, branch),
    "review": lambda who, branch, number: who.review(number, "COMMENT"),
    "label": lambda who, branch, number: who.label(number, branch),
}
STEPS = st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from(BRANCHES), st.integers(1, 4)), max_size=14)


@settings(max_examples=40)
@example([("catch up", "one", 1), ("reopen", "one", 1)])
@given(STEPS)
def test_the_forge_never_says_other_than_git(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder, ForgeServer(Path(folder)) as server:
        shop = server.create_repository(SHOP)
        server.permit(SHOP, "robin", "write")
        robin = server.person("robin", SHOP)
        robin.push("main", {"a.txt": "first\n"})
        robin.push("one", {"b.txt": "b\n"})
        robin.open_pull("one", "main", "Title")
        for act, branch, number in steps:
            with suppress(Refusal):
                ACTS[act](robin, branch, number)
            holds(shop)


def holds(shop: Repository) -> None:
    """What is true after every step."""
    tips = shop.git.branches()
    places = [(pull.head_branch, pull.base_branch) for pull in open_pulls(shop)]
    assert len(places) == len(set(places))
    for number, pull in shop.pulls.items():
        issue = shop.issues[number]
        assert shop.git.ref(f"refs/pull/{number}/head") == pull.head
        assert (issue.state == "closed") == (issue.closed is not None) == bool(issue.closed_by)
        if issue.state == "open":
            assert pull.head == tips[pull.head_branch] and pull.base_branch in tips and pull.merged is None
            assert shop.git.ahead_behind(pull.head, tips[pull.base_branch])[0] > 0
        else:
            assert bool(pull.compared_from)
        assert (pull.merged is not None) == ("merged" in [line.name for line in issue.events]), (
            "who merged it is told, once for all"
        )
    for branch in BRANCHES:
        moves = [line for line in shop.activities if line.ref == f"refs/heads/{branch}"]
        chain = [ZERO, *(line.after for line in moves)]
        assert [line.before for line in moves] == chain[:-1] and chain[-1] == tips.get(branch, ZERO)
    times = [line.created for line in shop.activities]
    assert times == sorted(times)
