"""Who is to blame: real repositories, real calls in the sandbox, on every commit that may have done it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.clock import TurnedClock
from gitops_healer.attributing import attribute, evidence_key, newest_failing
from gitops_healer.core.attribution import Attribution, Blame
from gitops_healer.core.upgrade import Merged, Upgrade, Watched
from gitops_healer.core.watching import Health, Judgement, Measure, Reading, Window
from gitops_healer.places import Choices
from gitops_healer.wiring import build_world
from gitops_healer.world import World
from tests.conftest import GitRepo
from tests.core.test_upgrade import TO_MERGE, UPGRADE, walk

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PRICES = '''\
"""Prices."""


def total(prices, discount=0.0):
    """What an order costs."""
    return round(net(prices) * (1 - discount), 2)


def net(prices):
    """Without the discount."""
    return sum(prices)
'''
BAD = PRICES.replace("return sum(prices)", "return sum(prices) / (len(prices) - 2) * (len(prices) - 2)")
"""It fails for two prices."""
TESTS = """\
from shop.prices import total


def test_total():
    assert total([1.0]) == 1.0


def test_of_two():
    assert total([1.0, 2.0]) == 3.0
"""
FILES = {"shop/__init__.py": "", "shop/prices.py": PRICES, "shop/names.py": "def name(text):\n    return text\n"}
TOOL = "shop.prices:total"
ZERO = {"type": "ZeroDivisionError", "message": "division by zero", "frames": [["shop/prices.py", 11, "net"]]}


@dataclass
class Story:
    """One repository. merged: the commit whose watch raised the alarm."""

    repo: GitRepo
    now: datetime = NOW
    commits: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    def land(self, files: Mapping[str, str], message: str) -> str:
        self.commits.append(self.repo.commit(files, message))
        return self.commits[-1]

    def fine(self, number: int) -> str:
        return self.land({f"shop/extra_{number}.py": f"VALUE = {number}\n"}, f"Add extra {number}")

    def world(self) -> World:
        options = {"testing.flaky_reruns": 0, **self.options}
        return build_world(Choices(self.repo.path, options=options, clock=TurnedClock(self.now)))

    def calls(
        self, inputs: Iterable[Sequence[Any]], commit: str, error: Mapping[str, Any] | None = None, tool: str = TOOL,
        hours: float = 1.0,
    ) -> None:  # fmt: skip
        when = self.now - timedelta(hours=hours)
        lines = []
        for number, given in enumerate(inputs):
            event = {
                "v": 1, "tool": tool, "ts": (when + timedelta(seconds=number)).isoformat(), "ok": error is None,
                "args": list(given), "commit": commit, **({"error": error} if error else {"result": 1.0}),
            }  # fmt: skip
            lines.append(json.dumps(event).encode())
        assert not self.world().executions.import_jsonl(lines).broken

    def upgrade(self, merged: str, name: str = UPGRADE, minutes: int = 180) -> Upgrade:
        at = self.now - timedelta(minutes=minutes)
        base = walk(*TO_MERGE, Watched).upgrades[UPGRADE]
        assert base.watched is not None
        parent = self.repo.git("rev-parse", f"{merged}^")
        window = Window(at, at + timedelta(hours=24), at - timedelta(days=7))
        return replace(
            base, id=name, merged=Merged(merged, parent, merged, at), watched=replace(base.watched, window=window)
        )

    def asked(self, merged: str, *subjects: str, others: Sequence[Upgrade] = (), **reading: Any) -> Attribution:
        up = self.upgrade(merged)
        return attribute(self.world(), up, health(*subjects, **reading), [up, *others])


def health(
    *subjects: str,
    failed: int = 12,
    distinct: int = 12,
    metric: str = "executions",
    measure: Measure = Measure.FAILURES,
) -> Health:
    readings = tuple(Reading(metric, name, 100, 0, 40, failed, distinct, measure=measure) for name in subjects)
    return Health(Judgement.SUSPECT, "worse", readings, subjects)


@pytest.fixture
def story(make_repo: Callable[..., GitRepo]) -> Story:
    return Story(make_repo(FILES))


TWO = [[[1.0, float(number)]] for number in range(2, 14)]
THREE = [[[1.0, 2.0, float(number)]] for number in range(12)]


def test_a_bad_merge_among_good_ones_is_found_and_all_is_well_without_it(story: Story) -> None:
    story.now = datetime.now(UTC)  # the command that shows it again reads the calls of the last weeks
    merges = [story.fine(1), story.fine(2), story.fine(3), story.land({"shop/prices.py": BAD}, "Be exact"),
              *(story.fine(number) for number in range(4, 12))]  # fmt: skip
    before = story.repo.git("rev-parse", f"{merges[0]}^")
    story.calls(THREE, before, hours=30)
    story.calls(THREE, merges[-1])
    story.calls(TWO, merges[-1], ZERO)
    others = [story.upgrade(commit, f"up-{at}", 190) for at, commit in enumerate(merges[:6])]
    found = story.asked(merges[6], TOOL, others=others)
    assert (found.blame, found.culprit, found.restored) == (Blame.FOUND, merges[3], True), found
    assert found.confirmed and found.probability > 0.99
    assert found.base == before and found.head == merges[-1]
    named = {candidate.commit: candidate for candidate in found.candidates}
    assert named[merges[3]].upgrade == "up-3" and named[merges[3]].weight > 4 * named[merges[2]].weight
    assert "without the culprit it gives" in found.shown[0] and "ZeroDivisionError" in found.shown[0]
    assert not story.repo.git("status", "--porcelain")
    told = subprocess.run(
        [sys.executable, "-m", *found.reproduce.replace("gitops-healer", "gitops_healer", 1).split()],
        cwd=story.repo.path, capture_output=True, text=True,
    )  # fmt: skip
    assert "ZeroDivisionError" in told.stdout, told.stderr


def test_calls_of_a_clock_that_is_behind_belong_to_their_commit_all_the_same(story: Story) -> None:
    before = story.fine(0)
    bad = story.land({"shop/prices.py": BAD}, "Be quick")
    story.calls(THREE, before, hours=30)
    story.calls(TWO, bad, ZERO, hours=5)
    found = story.asked(bad, TOOL)
    assert (found.blame, found.culprit) == (Blame.FOUND, bad), found.reason


def test_a_tool_that_fails_by_chance_has_no_culprit(story: Story) -> None:
    chance = FILES["shop/prices.py"].replace(
        "return sum(prices)",
        ("import random\n    if random.random() < 0.3:\n        raise ZeroDivisionError\n    return sum(prices)"),
    )
    start = story.land({"shop/prices.py": chance}, "Sell")
    merged = [story.fine(number) for number in range(6)]
    story.calls(THREE, start, hours=30)
    story.calls(TWO, merged[-1], ZERO)
    found = story.asked(merged[0], TOOL)
    assert found.blame in (Blame.FLAKY, Blame.UNDECIDED, Blame.NOT_REPRODUCED), found
    assert not found.culprit


def test_what_fails_at_the_last_good_commit_as_well_is_no_commits_fault(story: Story, tmp_path: Path) -> None:
    """It asks for a file outside of the repository, that is gone."""
    rates = "import os\n\n\ndef rate(name):\n    return float(open('/nowhere/rates').read())\n"
    story.land({"shop/rates.py": rates}, "Sell")
    story.calls([["eur"]], story.commits[0], tool="shop.rates:rate", hours=30)
    merged = story.fine(1)
    error = {"type": "FileNotFoundError", "message": "gone", "frames": [["shop/rates.py", 5, "rate"]]}
    story.calls([["eur"], ["usd"], ["yen"]], merged, error, tool="shop.rates:rate")
    found = story.asked(merged, "shop.rates:rate")
    assert (found.blame, found.culprit, found.restored) == (Blame.ENVIRONMENT, "", None), found
    assert "fails with FileNotFoundError" in found.shown[0]
    story.calls([["chf"], ["sek"]], merged, tool="shop.rates:rate", hours=0.5)
    here = story.asked(merged, "shop.rates:rate")
    assert here.blame is Blame.NOTHING_TO_RUN and "is not here" in here.reason, here


def test_what_always_failed_now_and_then_does_not_explain_what_is_new(story: Story) -> None:
    chronic = {"type": "TypeError", "message": "unsupported operand", "frames": [["shop/prices.py", 11, "net"]]}
    story.calls([[["a"]], [["b"]]], story.repo.git("rev-parse", "HEAD"), chronic, hours=30)
    merged = story.fine(1)
    story.calls([[["a"]], [["c"]], [["d"]], [["e"]]], merged, chronic)
    story.calls([[[1.0 + n]] for n in range(3)], merged, {"type": "ConnectionError", "message": "no answer"})
    found = story.asked(merged, TOOL)
    assert found.blame is Blame.NOT_REPRODUCED, found
    assert not any("TypeError" in line for line in found.shown)


def test_a_commit_that_cannot_be_imported_is_skipped_and_a_persons_commit_is_named(story: Story) -> None:
    merged = story.fine(1)
    broken = story.land({"shop/__init__.py": "import nothing_of_that_name\n"}, "Plan")
    story.land({"shop/__init__.py": ""}, "Plan better")
    story.fine(2)
    bad = story.land({"shop/prices.py": BAD}, "Be exact")
    story.fine(3)
    story.calls(TWO, story.commits[-1], ZERO)
    found = story.asked(merged, TOOL)
    assert (found.blame, found.culprit) == (Blame.FOUND, bad), found
    skipped = [line for line in found.shown if "could not be run" in line]
    assert skipped in ([], [f"it could not be run at {broken[:10]}"])
    (candidate,) = (one for one in found.candidates if one.commit == bad)
    assert (candidate.upgrade, candidate.author, candidate.title) == ("", "Maintainer", "Be exact")


def test_what_cannot_be_told_apart_is_not_guessed(story: Story) -> None:
    merged = story.fine(1)
    story.land({"shop/__init__.py": "import nothing_of_that_name\n", "shop/prices.py": BAD}, "Be exact")
    story.land({"shop/__init__.py": ""}, "Be less exact")
    story.calls(TWO, story.commits[-1], ZERO)
    found = story.asked(merged, TOOL)
    assert (found.blame, found.culprit) == (Blame.UNDECIDED, ""), found
    assert "cannot be told apart" in found.reason


def test_a_revert_that_conflicts_is_not_tried_and_it_says_so(story: Story) -> None:
    merged = story.land({"shop/prices.py": BAD}, "Be exact")
    story.land({"shop/prices.py": BAD.replace("* (len(prices) - 2)", "* (len(prices) - 2.0)")}, "Be more exact")
    story.calls(TWO, story.commits[-1], ZERO)
    found = story.asked(merged, TOOL)
    assert (found.blame, found.culprit, found.restored) == (Blame.FOUND, merged, None), found
    assert "shop/prices.py" in found.reason and not found.confirmed


def test_it_is_the_failing_test_that_is_run_where_no_input_is_known(story: Story) -> None:
    story.land({"test_prices.py": TESTS}, "Try")
    merged = story.fine(1)
    bad = story.land({"shop/prices.py": BAD}, "Be exact")
    story.fine(2)
    found = story.asked(merged, "ci / tests", metric="ci", measure=Measure.RUNS)
    assert (found.blame, found.culprit, found.restored) == (Blame.FOUND, bad, True), found
    assert found.subjects == ("ci / tests",) and found.shown[0].startswith("test_prices.py::test_of_two passes at ")
    assert found.reproduce.endswith("test_prices.py::test_of_two")


def test_nothing_to_run_says_what_would_help_and_who_is_likely(story: Story) -> None:
    merged = story.fine(1)
    story.land({"README.md": "Hello.\n", "tests/test_x.py": "def test_x():\n    pass\n"}, "Explain")
    story.land({"requirements.txt": "attrs==23.1.0\n"}, "Depend")
    story.land({"shop/prices.py": BAD}, "Be exact")
    secret = {"type": "ZeroDivisionError", "message": "division by zero", "frames": [["shop/prices.py", 11, "net"]]}
    found = story.asked(merged, TOOL)
    assert found.blame is Blame.NOTHING_TO_RUN and "Record calls with their inputs" in found.reason
    assert [candidate.commit for candidate in found.candidates] == story.commits
    assert [candidate.weight for candidate in found.candidates] == [1.0, 0.1, 4.0, 8.0]
    lines = [{"v": 1, "tool": TOOL, "ts": (NOW - timedelta(hours=1)).isoformat(), "ok": False, "error": secret}]
    story.world().executions.import_jsonl(json.dumps(line).encode() for line in lines)
    assert "none of 1 recorded failures can be made again (inputs not recorded: 1)" in story.asked(merged, TOOL).reason


def test_a_merge_that_is_not_on_the_branch_any_more(story: Story) -> None:
    merged = story.fine(1)
    story.repo.git("reset", "--hard", "--quiet", "HEAD^")
    found = story.asked(merged, TOOL)
    assert found.blame is Blame.UNDECIDED and "not on the branch" in found.reason


def test_a_clone_that_ends_at_the_merge_does_not_take_it_for_the_last_good_commit(story: Story, tmp_path: Path) -> None:
    merged = story.land({"shop/prices.py": BAD}, "Be exact")
    newest, up = story.fine(1), story.upgrade(merged)
    story.repo.git("clone", "--quiet", "--depth", "2", f"file://{story.repo.path}", str(tmp_path / "clone"))
    clone = Story(GitRepo(tmp_path / "clone"))
    clone.calls(TWO, newest, ZERO)
    found = attribute(clone.world(), up, health(TOOL), [up])
    assert found.blame is Blame.UNDECIDED and "git fetch --unshallow" in found.reason, found
    assert [candidate.commit for candidate in found.candidates] == [merged, newest]


def test_a_merge_of_several_commits_is_one_candidate_and_taken_back_as_a_whole(story: Story) -> None:
    good, bad = story.fine(1), story.land({"shop/prices.py": BAD}, "Be exact")
    merged = story.land({"shop/names.py": "def name(text):\n    return text.strip()\n"}, "Strip")
    story.fine(2)
    story.calls(TWO, story.commits[-1], ZERO)
    up = story.upgrade(merged)
    assert up.merged is not None
    up = replace(up, merged=replace(up.merged, parent=good))
    found = attribute(story.world(), up, health(TOOL), [up])
    assert (found.culprit, found.restored, found.base) == (merged, True, good), found
    assert bad not in [candidate.commit for candidate in found.candidates]


def test_what_else_began_with_the_culprit_is_its_fault_too(story: Story) -> None:
    """Two tools fail in ways of their own since one commit; a third one has failed in its own way all along."""
    other = "def name(text):\n    return text\n\n\ndef old(text):\n    return text.gone\n"
    story.land({"shop/names.py": other}, "Name")
    merged = story.land(
        {"shop/prices.py": BAD, "shop/names.py": other.replace("return text\n", "return text.no\n")}, "Mend"
    )
    story.calls(TWO[:4], merged, ZERO)
    for tool, function, line in (("shop.names:name", "name", 2), ("shop.names:old", "old", 6)):
        lacks = {"type": "AttributeError", "message": "no", "frames": [["shop/names.py", line, function]]}
        story.calls([[letter] for letter in "abcdef"[: line + 1]], merged, lacks, tool=tool)
    found = story.asked(merged, TOOL, "shop.names:name", "shop.names:old")
    assert (found.blame, found.culprit, found.restored) == (Blame.FOUND, merged, True), found
    assert found.subjects == (TOOL, "shop.names:name")


def test_it_is_asked_again_only_when_much_is_new(story: Story) -> None:
    merged = story.fine(1)
    key = evidence_key(health(TOOL))
    assert key == evidence_key(health(TOOL, failed=14, distinct=13))
    assert key != evidence_key(health(TOOL, failed=80, distinct=60))
    assert key != evidence_key(health(TOOL, "shop.names:name"))
    up = story.upgrade(merged)
    assert newest_failing(story.world(), up, health(TOOL)) == ""
    story.calls(TWO, merged, ZERO)
    later = story.fine(2)
    assert newest_failing(story.world(), up, health(TOOL)) == merged
    story.calls(TWO, later, ZERO)
    assert newest_failing(story.world(), up, health(TOOL)) == later
