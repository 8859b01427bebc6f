"""A merge on a real repository, the watch over it, and what is asked about it, for tests of metrics."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from gitops_healer.adapters.telemetry import DeployedTelemetry
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.forge import Status, StatusState
from gitops_healer.core.upgrade import Event, Merged, Queued, Upgrade, Watched, begin
from gitops_healer.core.verdict import Verdict
from gitops_healer.core.watching import Measure, Reading, Tolerance, Window
from gitops_healer.ports import Forge, Telemetry
from gitops_healer.registry import Metric, Scene
from tests.detectors.tools_scene import HOUR, NOW, Tools

MERGED_AT = NOW - 4 * HOUR
DAY = timedelta(days=1)
FILES = {
    "pkg/__init__.py": "",
    "pkg/mod.py": "def f(x):\n    return 1 / x\n",
    "pkg/user.py": "from pkg.mod import f\n\n\ndef use(x):\n    return f(x)\n",
    "pkg/alone.py": "def a(x):\n    return x\n",
    "tests/__init__.py": "",
    "tests/test_mod.py": "from pkg.mod import f\n\n\ndef test_f():\n    assert f(1) == 1\n",
    "tests/test_use.py": "from pkg.user import use\n\n\ndef test_use():\n    assert use(1) == 1\n",
    "tests/test_alone.py": "from pkg.alone import a\n\n\ndef test_a():\n    assert a(1) == 1\n",
}
MENDED = {"pkg/mod.py": "def f(x):\n    return 1 / x if x else 0\n"}


@dataclass
class Checked:
    """A forge that knows what CI said; asked: commits, in order."""

    said: dict[str, tuple[Status, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def statuses(self, commit: str) -> tuple[Status, ...]:
        self.asked.append(commit)
        return self.said.get(commit, ())

    def report(self, commit: str, state: StatusState, context: str = "tests", description: str = "") -> None:
        self.said[commit] = (*self.said.get(commit, ()), Status(context, state, description))


class Merge:
    """`f` was mended: parent, merge and a later commit on `main`, and one on another branch."""

    def __init__(
        self, make_repo: Callable[..., Any], directory: Path, *, files: Mapping[str, str] = FILES,
        change: Mapping[str, str] = MENDED, before: int = 1,
    ) -> None:  # fmt: skip
        self.repo = make_repo(files)
        self.tools = Tools(self.repo, directory)
        self.past = [self.repo.git("rev-parse", "HEAD")]
        self.past += [self.repo.commit({"README": f"{number}"}) for number in range(before)]
        self.parent = self.past[-1]
        self.repo.git("branch", "other")
        self.merge = self.repo.commit(dict(change))
        self.later = self.repo.commit({"README": "even more"})
        self.repo.git("checkout", "--quiet", "other")
        self.other = self.repo.commit({"README": "another line of history"})
        self.repo.git("checkout", "--quiet", "main")
        self.window = Window(MERGED_AT, MERGED_AT + DAY, MERGED_AT - 7 * DAY)
        self.tolerance = Tolerance()
        self.checked = Checked()
        self.url = ""
        self.finding = Finding("recent_failures", "pkg/mod.py", "pkg.mod:f", 1, 2, Severity.HIGH, "fails", "f" * 40)

    @property
    def upgrade(self) -> Upgrade:
        born = begin(Event("e", NOW, "up-1", "run", "healer", Queued(self.finding, "calm-otter", self.parent)))
        merged = Merged(self.merge, self.parent, self.merge, self.window.opened)
        return replace(born, merged=merged, watched=Watched(Verdict(2, self.merge, ()), self.window, self.tolerance))

    @property
    def telemetry(self) -> Telemetry:
        return DeployedTelemetry(cast(Forge, self.checked), self.tools.directory, self.url)

    @property
    def scene(self) -> Scene:
        return replace(self.tools.scene(), telemetry=self.telemetry)

    def configure(self, **options: Any) -> None:
        """Keys of the policy section `monitoring`."""
        self.tools.options = {f"monitoring.{key.replace('__', '.')}": value for key, value in options.items()}

    def ask(self, metric: Metric) -> list[Reading]:
        return list(metric(self.scene, self.upgrade))

    def asked(self, metric: Metric, measure: Measure = Measure.FAILURES) -> dict[str, Reading]:
        return {reading.subject: reading for reading in self.ask(metric) if reading.measure is measure}


def until_error(readings: Iterable[Reading]) -> Iterator[Reading | Exception]:
    """What a metric says before it raises, and what it raises."""
    found = iter(readings)
    while True:
        try:
            yield next(found)
        except StopIteration:
            return
        except Exception as error:
            yield error
            return


def before_after(reading: Reading) -> tuple[float, float, float, float]:
    return reading.before_total, reading.before_failed, reading.after_total, reading.after_failed
