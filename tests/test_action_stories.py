"""The whole life of an upgrade, driven by nothing but events, through action.yml, over real HTTP and real git."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitops_healer.onboarding import action_reference, workflow_text
from tests.actions_runner.forge import ServerHost
from tests.actions_runner.runner import JobRun, Runner
from tests.forge_server.clock import ServerClock
from tests.forge_server.person import Person
from tests.forge_server.server import ForgeServer
from tests.forge_server.state import Repository
from tests.openapi.fixture import Validated
from tests.test_action import CI, ROOT, venv, without_install

NAME = "octo/shop"
TOOL = "shop.ratings:average"
FAILS = "    return sum(stars) / len(stars)"
LABELS = '''from shop.ratings import average

WORDS = {1: "bad", 2: "poor", 3: "fair", 4: "good", 5: "great"}


def words(stars):
    """What people think of it."""
    return WORDS[round(average(stars))]


def label(name, stars):
    """A name with what people think of it, `new` when nobody said anything yet."""
    try:
        return f"{name}: {words(stars)}"
    except ZeroDivisionError:
        return f"{name}: new"
'''
"""Two calls away somebody lives on the error that `average` raises, and no test says so."""
CALLS = """
import json, sys, traceback
from shop.labels import label

for number in range(40):
    line = {"v": 1, "tool": "shop.labels:label", "args": [f"tea {number}", json.loads(sys.argv[1])]}
    try:
        line |= {"ok": True, "result": label(*line["args"])}
    except Exception as error:
        calls = traceback.extract_tb(error.__traceback__)[1:]
        frames = [["shop/" + one.filename.rpartition("/")[2], one.lineno, one.name] for one in calls]
        line |= {"ok": False, "error": {"type": type(error).__name__, "message": str(error), "frames": frames}}
    print(json.dumps(line))
"""
FILES = {
    ".github/workflows/ci.yml": CI,
    "shop/__init__.py": "",
    "shop/ratings.py": f'def average(stars):\n    """The mean of the stars, 0.0 when there are no stars."""\n{FAILS}\n',
    "shop/labels.py": LABELS,
    "tests/test_ratings.py": "from shop.ratings import average\n\n\ndef test_average():\n"
    "    assert average([1, 3]) == 2\n\n\ndef test_one():\n    assert average([5]) == 5\n",
}
QUICK = "proof: {mutants: 0, shadow: {inputs: 20, budget: 5s}}\nlimits: {allow_weak_sandbox: true}\n"
"""Little is proved, since the way counts here; and the code is that of the story, wherever its sandbox runs."""


@dataclass
class Story:
    server: ForgeServer
    repository: Repository
    runner: Runner
    calls: Path

    @property
    def robin(self) -> Person:
        return self.server.person("robin", NAME)

    def settle(self) -> list[JobRun]:
        """Whatever the events so far lead to; every run of the healer ends well."""
        return self._well(self.runner.settle())

    def tick(self) -> list[JobRun]:
        return self._well([*self.runner.tick(), *self.runner.settle()])

    def _well(self, jobs: list[JobRun]) -> list[JobRun]:
        ours = [job for job in jobs if job.workflow.endswith("gitops-healer.yml") and job.conclusion != "skipped"]
        for job in ours:
            assert job.conclusion == "success", job.log
        return ours

    def record(self, commit: str, good: int, bad: int, hours_ago: float) -> None:
        """What production tells."""
        start = datetime.now(UTC) - timedelta(hours=hours_ago)
        self.tell([call(start + timedelta(seconds=n), commit, n < bad, n) for n in range(good + bad)])

    def tell(self, lines: list[bytes]) -> None:
        """Into the file that the workflow names as `executions`."""
        with self.calls.open("ab") as file:
            file.writelines(lines)

    def text(self, ref: str = "main", path: str = "shop/ratings.py") -> str:
        return self._git("show", f"{ref}:{path}")

    def head(self, ref: str = "main") -> str:
        return self._git("rev-parse", ref).strip()

    def _git(self, *arguments: str) -> str:
        argv = ["git", "--git-dir", str(self.repository.path), *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def ours(self, number: int) -> str:
        """All that the healer said there."""
        said = (one for one in self.repository.comments.values() if one.number == number)
        return "\n".join(one.body for one in said if one.login == "octo-healer[bot]")


def call(when: datetime, commit: str, failed: bool, number: int) -> bytes:
    event = {"v": 1, "tool": TOOL, "ts": when.isoformat(), "ok": not failed, "commit": commit, "duration_ms": 1.0}
    if failed:
        frames = [["shop/ratings.py", 3, "average"]]
        error = {"type": "ZeroDivisionError", "message": "division by zero", "frames": frames}
        event |= {"args": [[]], "error": error}
    else:
        event |= {"args": [[1, 2, number % 5]], "result": (3 + number % 5) / 3}
    return json.dumps(event).encode() + b"\n"


def label_calls(story: Story, commit: str, stars: list[int], folder: Path) -> list[bytes]:
    """Lines of calls of shop.labels:label that are really made, at a commit, each with a name of its own."""
    files = subprocess.run(
        ["git", "--git-dir", str(story.repository.path), "archive", commit, "shop"], check=True, capture_output=True
    )
    folder.mkdir()
    subprocess.run(["tar", "-x"], input=files.stdout, cwd=folder, check=True)
    made = subprocess.run(
        [sys.executable, "-c", CALLS, json.dumps(stars)], cwd=folder, check=True, capture_output=True, text=True
    )
    now = datetime.now(UTC).isoformat()
    return [
        json.dumps({**json.loads(line), "ts": now, "commit": commit}).encode() + b"\n"
        for line in made.stdout.split("\n")[:-1]
    ]


@pytest.fixture
def story(tmp_path: Path, validated: Validated) -> Iterator[Story]:
    """octo/shop, whose maintainer robin ran `gitops-healer init --github` and made an App."""
    source, calls = tmp_path / "shop", tmp_path / "calls.jsonl"
    calls.touch()
    for name, text in {**FILES, ".github/gitops-healer.yml": QUICK}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    workflow = without_install(workflow_text(source, "main", action_reference(f"octo/gitops_healer@{'ab' * 20}")))
    workflow += f"        with:\n          token: ${{{{ secrets.HEALER_TOKEN }}}}\n          executions: '{calls}'\n"
    (source / ".github/workflows/gitops-healer.yml").write_text(workflow)
    with ForgeServer(tmp_path / "forge", clock=ServerClock(live=True)) as server:
        server.create_repository(NAME, source=source)
        validated(server)
        server.permit(NAME, "robin", "admin")
        permissions = {"contents": "write", "pull_requests": "write", "issues": "write", "statuses": "write"}
        token = server.token("app", NAME, "octo-healer", {**permissions, "checks": "read"})
        host = ServerHost(server, NAME, secrets={"HEALER_TOKEN": token})
        runner = Runner(host, tmp_path / "runner", {"octo/gitops_healer": ROOT}, {"gitops-healer-": venv()})
        server.take_events()
        yield Story(server, server.repository(NAME), runner, calls)
        assert not server.crashes


@pytest.mark.slow
def test_from_the_schedule_to_the_merge_of_the_revert(story: Story, tmp_path: Path) -> None:
    before = story.text()
    story.record(story.head(), good=24, bad=16, hours_ago=2)
    story.tell(label_calls(story, story.head(), [4, 5], tmp_path / "before"))

    opened = story.tick()
    (number,) = story.repository.pulls
    pull = story.repository.pulls[number]
    assert opened[0].event == "schedule"
    assert opened[0].step("Heal").outputs == {
        "findings": "1", "pulls-opened": "1", "pulls-merged": "0", "rollbacks": "0",
    }  # fmt: skip
    assert [note.facts["file"] for note in opened[0].annotations if note.level == "warning"] == ["shop/ratings.py"]
    assert "low_success_rate" in opened[0].summary
    assert "0.0" in story.text(pull.head_branch)
    assert not pull.merged
    head = story.head(pull.head_branch)
    checks = {run.name: run.conclusion for run in story.repository.check_runs.values() if run.sha == head}
    assert checks["tests"] == "success", "the shop's own CI ran on the pull request"
    assert "is proved" in story.ours(number)

    story.robin.review(number, "APPROVE")
    approved = story.settle()
    assert pull.merged, story.ours(number)
    assert all(job.permissions["contents"] == "write" and "actions" not in job.permissions for job in approved)
    merge = story.head()
    assert story.text() != before
    assert "watched until" in story.ours(number)

    story.tell(label_calls(story, merge, [], tmp_path / "after"))
    taken = story.tick()
    assert [job.step("Heal").outputs["rollbacks"] for job in taken].count("1") == 1, taken[0].log
    (revert,) = (known for known in story.repository.pulls.values() if known is not pull)
    assert revert.merged
    assert story.text() == before
    assert "Taken back" in story.ours(number)
    assert "/reland" in story.repository.issue(revert.number).body
    subjects = story._git("log", "--format=%s", "main").splitlines()
    assert subjects[0].startswith("Take back: ")
    assert "Healer-Reverts: " + merge in story._git("log", "-1", "--format=%B", "main")


@pytest.mark.slow
def test_from_an_order_over_a_plan_to_a_merge_by_comments_alone(story: Story) -> None:
    strict = f"{QUICK.replace('{allow', '{new_per_cycle: 0, allow')}risk: {{plan_without_approval: []}}\n"
    story.robin.push("main", {".github/gitops-healer.yml": strict})
    story.record(story.head(), good=24, bad=16, hours_ago=2)
    story.settle()
    assert not story.repository.pulls

    issue = story.robin.open_issue("Ratings fail", "For customers without ratings.").number
    story.robin.comment(issue, "/self_upgrade shop.ratings empty ratings fail")
    story.settle()
    said = story.ours(issue)
    assert "/approve_plan" in said, said
    assert not story.repository.pulls, "nothing is built before the plan is approved"

    story.robin.comment(issue, "/approve_plan agreed")
    story.settle()
    if not story.repository.pulls:
        upgrade = said.split("/approve_plan ")[1][:13]
        story.robin.comment(issue, f"/approve_plan {upgrade}")
        story.settle()
    (number,) = story.repository.pulls
    story.robin.comment(number, "/approve")
    story.settle()
    assert story.repository.pulls[number].merged, story.ours(number)
    assert "0.0" in story.text()
    assert "Merged" in story.ours(issue), "who ordered it is told where it was ordered"
