"""The way back on real repositories: whole, in part, or explained; and what later commits built on what goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from gitops_healer.adapters.clock import TurnedClock
from gitops_healer.core.aim import Aim
from gitops_healer.core.decision import no, yes
from gitops_healer.core.history import History
from gitops_healer.core.reverting import MOVED_ON, Purity, Reversal, Way, held_by, proof_of
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import Merged, Upgrade
from gitops_healer.places import Choices
from gitops_healer.proving import prove
from gitops_healer.reverting import (
    base_before,
    case_of,
    plan_back,
    revert_permission,
    same_way,
    trailers_of,
)
from gitops_healer.wiring import build_world
from gitops_healer.world import World
from tests.core.upgrade_scenes import START, TAKEN_BACK, WATCHED, after

GitRepo = Any  # tests/conftest.py
MakeRepo = Callable[..., GitRepo]

SHOP = '''\
"""Ratings of a shop."""

LIMIT = 5


def average(stars):
    return sum(stars) / len(stars)


def best(stars):
    return max(stars)


class Board:
    """Shows ratings."""

    def line(self, stars):
        return f"{average(stars):.1f}"

    def empty(self):
        return "-"
'''
BAD = SHOP.replace("return sum(stars) / len(stars)", "return sum(stars) / (len(stars) - 1)")
BAD_BEST = BAD.replace("return max(stars)", "return sorted(stars)[-1]")
TESTS = "from shop.ratings import average, best\n\n\ndef test_best():\n    assert best([1, 3]) == 3\n"
FILES = {"shop/__init__.py": "", "shop/ratings.py": SHOP, "test_shop.py": TESTS, "notes.txt": "one\ntwo\nthree\n"}


@dataclass
class Ground:
    """A repository in which something was merged; later commits follow."""

    repo: GitRepo
    since: str
    merged: str

    @property
    def world(self) -> World:
        options = {"testing.disabled": ["security", "types"], "testing.flaky_reruns": 0}
        return build_world(Choices(self.repo.path, options=options, clock=TurnedClock(START + timedelta(hours=5))))

    def upgrade(self, blamed: Sequence[str] = ("shop.ratings:average",)) -> Upgrade:
        up = after(*WATCHED, *TAKEN_BACK[:2])
        assert up.merged and up.health
        merged = Merged(self.merged, self.since, up.merged.head, START)
        return replace(up, merged=merged, health=replace(up.health, blamed=tuple(blamed)))

    def back(self, *blamed: str) -> Reversal:
        return plan_back(self.world, self.upgrade(blamed or ("shop.ratings:average",)))

    def file(self, reversal: Reversal, path: str = "shop/ratings.py") -> str:
        return (self.world.repository.read(reversal.commit, path) or b"").decode()


@pytest.fixture
def merge(make_repo: MakeRepo) -> Callable[[dict[str, str]], Ground]:
    def made(files: dict[str, str]) -> Ground:
        repo = make_repo(FILES)
        since = repo.git("rev-parse", "HEAD")
        return Ground(repo, since, repo.commit(files, "Merge it"))

    return made


Merge = Callable[[dict[str, str]], Ground]


# Whole


def test_right_after_the_merge_the_tree_before_comes_back_and_nothing_has_to_be_proved(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD, "new.py": "x = 1\n"})
    back = ground.back()
    assert (back.way, back.purity, back.restores) == (Way.WHOLE, Purity.PURE, ground.since)
    assert back.paths == ("new.py", "shop/ratings.py")
    assert not proof_of(back).needed
    assert Trailers.parse(ground.world.repository.commit(back.commit).message).reverts == ground.merged  # type: ignore[union-attr]
    assert ground.back().commit == back.commit  # the same way back is the same commit


def test_later_work_elsewhere_in_the_file_stays_and_the_revert_is_still_pure(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD})
    ground.repo.commit({"shop/ratings.py": "# new\n" + BAD.replace("Shows ratings.", "Shows all ratings.")}, "later")
    back = ground.back()
    assert (back.way, back.purity, back.restores) == (Way.WHOLE, Purity.PURE, "")
    assert ground.file(back) == "# new\n" + SHOP.replace("Shows ratings.", "Shows all ratings.")
    assert proof_of(back).only == MOVED_ON
    case = case_of(ground.upgrade(), back)
    assert case.plan.aim is Aim.OBEYS
    verdict = prove(ground.world, case, only=("syntax", "scope"))
    assert verdict.outcome.value == "passed", verdict


def test_what_somebody_took_back_by_hand_is_gone(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD})
    ground.repo.git("revert", "--no-edit", "HEAD")
    assert ground.back().way is Way.GONE


# In part


def test_what_regressed_goes_back_alone_when_later_work_changed_the_rest(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD_BEST, "notes.txt": "one\nTWO\nthree\n"})
    now = BAD_BEST.replace("return sorted(stars)[-1]", "return sorted(stars, key=int)[-1]")
    later = ground.repo.commit({"shop/ratings.py": now}, "Sort by number")
    back = ground.back()
    assert (back.way, back.purity) == (Way.SMALLEST, Purity.NARROWER)
    assert ground.file(back) == SHOP.replace("return max(stars)", "return sorted(stars, key=int)[-1]")
    assert ground.file(back, "notes.txt") == "one\ntwo\nthree\n"
    assert back.symbols == ("shop/ratings.py:average",)
    (stays,) = back.stays
    assert (stays.name, [one.commit for one in stays.later]) == ("shop/ratings.py:best", [later])
    assert proof_of(back).only == () and proof_of(back).needed
    assert "In part only" in ground.world.repository.commit(back.commit).message
    assert (
        prove(ground.world, case_of(ground.upgrade(), back), only=("syntax", "lint", "scope", "tests")).outcome.value
        == "passed"
    )


def test_when_what_regressed_changed_since_a_person_is_told_who_changed_what(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD_BEST})
    ground.repo.commit({"notes.txt": "x\n"}, "Nothing to do with it")
    now = BAD_BEST.replace("(len(stars) - 1)", "max(1, len(stars) - 1)")
    later = ground.repo.commit({"shop/ratings.py": now}, "Divide by one at least")
    back = ground.back()
    assert back.way is Way.HELD and not back.commit
    held = held_by(ground.upgrade(), back)
    assert "shop/ratings.py:average" in held.reason
    assert f"{later[:10]} Divide by one at least, by Maintainer" in held.reason
    assert "Nothing to do with it" not in held.reason
    assert f"git revert --no-commit {ground.merged[:10]}" in held.next_action


def test_what_is_to_blame_may_be_something_that_is_not_known_to_go(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD_BEST})
    ground.repo.commit({"shop/ratings.py": BAD_BEST.replace("sorted(stars)[-1]", "sorted(stars)[0]")}, "later")
    assert ground.back("shop.other:report").way is Way.HELD
    assert ground.back("shop.ratings:average").way is Way.SMALLEST


def test_what_the_merge_added_goes_unless_it_is_used(merge: Merge) -> None:
    helper = "\n\ndef _less(stars):\n    return len(stars) - 1\n\n\ndef _unused():\n    return 1\n"
    using = SHOP.replace("/ len(stars)", "/ _less(stars)").replace("max(stars)", "max(stars or [0])") + helper
    ground = merge({"shop/ratings.py": using})
    now = using.replace("max(stars or [0])", "max(stars or [1])").replace('return "-"', "return str(_less([]))")
    ground.repo.commit({"shop/ratings.py": now}, "later")
    back = ground.back()
    assert back.way is Way.SMALLEST, back
    assert "/ len(stars)" in ground.file(back)
    assert "def _less" in ground.file(back)
    assert "_unused" not in ground.file(back)
    assert {(one.symbol, one.why) for one in back.stays} == {
        ("best", "it changed since"),
        ("_less", "it is new with the merge, and something else uses it"),
    }


def test_what_would_not_fit_together_is_no_proposal(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD_BEST.replace("LIMIT = 5\n", "BOUND = 5\n")})
    now = BAD_BEST.replace("LIMIT = 5\n", "BOUND = 5\n").replace("sorted(stars)[-1]", "min(BOUND, *sorted(stars))")
    ground.repo.commit({"shop/ratings.py": now}, "Use the bound")
    back = ground.back()
    assert back.way is Way.SMALLEST
    assert "BOUND = 5" in ground.file(back)  # used by later work, so that it stays


@pytest.mark.parametrize(
    ("merged", "later", "why"),
    [
        ({"notes.txt": "one\nTWO\nthree\n"}, {"notes.txt": "one\nZWEI\nthree\n"}, "only Python"),
        ({"shop/ratings.py": BAD}, {"shop/ratings.py": BAD.replace("- 1)", "- 1")}, "does not parse"),
    ],
)
def test_what_has_no_parts_is_explained(merge: Merge, merged: dict[str, str], later: dict[str, str], why: str) -> None:
    ground = merge(merged)
    commit = ground.repo.commit(later, "later")
    back = ground.back()
    assert back.way is Way.HELD
    (stays,) = back.stays
    assert why in stays.why
    assert [one.commit for one in stays.later] == [commit]


def test_a_file_that_is_gone_is_explained(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD})
    ground.repo.git("rm", "-q", "shop/ratings.py")
    commit = ground.repo.commit({}, "Remove ratings")
    back = ground.back()
    assert back.way is Way.HELD
    assert [one.commit for one in back.stays[0].later] == [commit]


def test_a_file_that_moved_takes_the_revert_with_it_and_holds_it_when_its_lines_changed(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD})
    ground.repo.git("mv", "shop/ratings.py", "shop/stars.py")
    ground.repo.commit({}, "Move it")
    back = ground.back()
    assert (back.way, ground.file(back, "shop/stars.py")) == (Way.WHOLE, SHOP)
    commit = ground.repo.commit({"shop/stars.py": BAD.replace("(len(stars) - 1)", "len(stars) - 2")}, "Change it")
    back = ground.back()
    assert back.way is Way.HELD
    assert commit[:10] in held_by(ground.upgrade(), back).reason


def test_links_and_what_is_no_text_are_left_to_people(merge: Merge) -> None:
    ground = merge({"notes.txt": "one\n"})
    (ground.repo.path / "notes.txt").unlink()
    (ground.repo.path / "notes.txt").symlink_to("/etc/passwd")
    ground.repo.commit({}, "A link")
    assert ground.back().way is Way.HELD


# What later commits built on it

WIDER = SHOP.replace(
    "def best(stars):\n    return max(stars)", "def best(stars, least=0):\n    return max([least, *stars])"
)
ADDED = WIDER + "\n\ndef worst(stars):\n    return min(stars)\n"


def test_later_code_that_uses_what_goes_is_shown_with_its_commit(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": ADDED})
    page = "from shop.ratings import best, worst\n\n\ndef page(stars):\n    return best(stars, least=1), worst(stars)\n"
    first = ground.repo.commit({"shop/page.py": page}, "Show a page")
    second = ground.repo.commit(
        {"other.py": "import shop.ratings as r\n\nTOP = r.best([1])\nworst = 3\nprint(worst)\n"}, "Top"
    )
    back = ground.back()
    assert back.way is Way.WHOLE
    shown = [(one.name, one.path, one.line, one.symbol, one.breaks, one.later.commit) for one in back.dependants]
    assert shown == [
        ("worst", "shop/page.py", 1, "", True, first),
        ("best", "shop/page.py", 5, "page", True, first),
        ("worst", "shop/page.py", 5, "page", True, first),
        ("best", "other.py", 3, "", False, second),
        ("best", "shop/page.py", 1, "", False, first),
    ]
    assert "least" in back.dependants[1].why
    proof = proof_of(back)
    assert proof.needed and proof.only == () and "shop/page.py:1" in proof.because


def test_code_that_is_older_than_the_merge_or_means_something_else_depends_on_nothing(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": ADDED})
    ground.repo.commit(
        {"free.py": "def worst(x):\n    return x\n\n\nprint(worst(1))\n", "a.py": "best = 2\n"}, "Not it"
    )
    local = "from shop import ratings\n\n\ndef f(best):\n    return best\n\n\nprint(ratings.LIMIT)\n"
    ground.repo.commit({"local.py": local}, "A parameter")
    assert ground.back().dependants == ()


def test_a_method_that_later_code_calls_with_a_new_parameter(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": SHOP.replace("def line(self, stars):", "def line(self, stars, width=3):")})
    use = "from shop.ratings import Board\n\nb = Board()\nb.line([1], 5)\nb.line([1])\n"
    ground.repo.commit({"use.py": use}, "Use it")
    told = [(one.line, one.breaks) for one in ground.back("shop.ratings:Board.line").dependants]
    assert told == [(4, True), (5, False)]


# What people did


def test_what_people_merged_by_rebase_begins_before_their_first_commit(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD})
    head = ground.repo.commit({"notes.txt": "x\n"}, "And this")
    up = ground.upgrade()
    assert up.validated
    up = replace(up, validated=replace(up.validated, base=ground.since))
    assert base_before(ground.world, up, head, head) == ground.since


def test_policy_history_and_proof_decide(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD})
    world, up = ground.world, replace(after(*WATCHED, *TAKEN_BACK[:3]), merged=ground.upgrade().merged)
    back = ground.back()
    assert same_way(world.repository, back, back.commit) and not same_way(world.repository, back, ground.merged)
    proved = yes("proof", proof_of(back).because)
    assert up.regressed
    ours = replace(up, regressed=replace(up.regressed, by=world.forge.login))
    history = History({up.id: ours})
    assert revert_permission(world, ours, plan_back(world, ours), history, proved).allowed
    assert not revert_permission(world, ours, plan_back(world, ours), history, no("proof", "1 test fails")).allowed
    assert up.merged
    loop = replace(ours, merged=replace(up.merged, commit=back.commit, parent=ground.merged))
    decision = revert_permission(world, loop, plan_back(world, loop), history, proved)
    assert decision.blocking and decision.blocking.gate == "loop"


def test_a_revert_of_ours_is_known_by_its_trailers(merge: Merge) -> None:
    ground = merge({"shop/ratings.py": BAD})
    back = ground.back()
    assert trailers_of(ground.world.repository, ground.merged) is None
    assert trailers_of(ground.world.repository, back.commit).reverts == ground.merged  # type: ignore[union-attr]
