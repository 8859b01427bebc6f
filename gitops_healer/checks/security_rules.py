"""New warnings of ruff's security rules. What they are about is compared, so that code may move."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gitops_healer.checks.analysis import Desk, Trouble, failure_of
from gitops_healer.checks.scope import lines
from gitops_healer.checks.security_steps import Step, Worry
from gitops_healer.code.roles import is_test_path
from gitops_healer.evidence.danger_rules import LEFT_OUT, stops
from gitops_healer.registry import Scene

_OPTIONS = ("check", "--isolated", "--ignore-noqa", "--select", "S", "--ignore", ",".join(LEFT_OUT), "--output-format",
            "json", "--exit-zero", "--no-fix", "--no-cache", "--quiet")  # fmt: skip


@dataclass(frozen=True)
class Ruled:
    """What ruff sees that is new, and how much it saw before."""

    worries: tuple[Worry, ...]
    before: int
    seconds: float


@dataclass(frozen=True)
class Hit:
    """One warning. text: the call that it is about, so that it is known again elsewhere; shown: its line."""

    code: str
    path: str
    line: int
    message: str
    text: str
    shown: str

    @property
    def key(self) -> tuple[str, str]:
        return self.code, self.text

    @property
    def worry(self) -> Worry:
        stop = stops(self.code, self.shown, is_test_path(self.path))
        return Worry("rule", self.path, self.line, f"{self.code} {self.message}", stop)


def new_warnings(scene: Scene, python: Sequence[Step]) -> Ruled | Trouble:
    """Both versions of each file under names of ours, so that no name of the project's is an option or a pattern."""
    sides = [(step, side, data) for step in python for side, data in _versions(step)]
    if not sides:
        return Ruled((), 0, 0.0)
    with scene.sandbox.scratch() as scratch:
        (scratch / "code").mkdir()
        names = [f"f{number}{_suffix(step.path)}" for number, (step, _, _) in enumerate(sides)]
        for name, (_, _, data) in zip(names, sides, strict=True):
            (scratch / "code" / name).write_bytes(data)
        ran = Desk(scene, scratch).run("ruff", [*_OPTIONS, "--", *names], "code")
    if ran.exit_code != 0:
        return Trouble(failure_of(ran))
    by_name = {name: (step, side) for name, (step, side, _) in zip(names, sides, strict=True)}
    try:
        items = [item for item in json.loads(ran.stdout or b"[]") if str(item.get("code") or "").startswith("S")]
        found = [(side, _hit(item, step, side)) for item in items for step, side in [by_name[_file_of(item)]]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Trouble(f"its answer cannot be read ({type(error).__name__}: {error})")
    before = [hit for side, hit in found if side == "before"]
    after = [hit for side, hit in found if side == "after"]
    return Ruled(tuple(hit.worry for hit in _fresh(before, after, python)), len(before), ran.seconds)


def _versions(step: Step) -> Iterator[tuple[str, bytes]]:
    yield from ((side, data) for side, data in (("before", step.file.before), ("after", step.file.after)) if data)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix if path.endswith((".pyi", ".pyw")) else ".py"


def _file_of(item: dict[str, object]) -> str:
    return PurePosixPath(str(item["filename"])).name


def _fresh(before: Sequence[Hit], after: Sequence[Hit], python: Sequence[Step]) -> Iterator[Hit]:
    """Warnings of calls of which there are more than before; those on lines that stayed are the old ones."""
    known = Counter(hit.key for hit in before)
    added = {step.path: {number for number, _ in step.added} for step in python}
    for hit in sorted(after, key=lambda hit: hit.line in added[hit.path]):
        if known[hit.key] > 0:
            known[hit.key] -= 1
        else:
            yield hit


def _hit(item: dict[str, object], step: Step, side: str) -> Hit:
    location, end = item["location"], item["end_location"]
    if not isinstance(location, dict) or not isinstance(end, dict):
        raise TypeError("no location")
    source = (step.file.before if side == "before" else step.file.after) or b""
    rows = lines(source)
    first, last = _point(rows, location), _point(rows, end)
    shown = rows[first[0] - 1].decode("utf-8", "replace").strip() if first[0] <= len(rows) else ""
    text = step.calls[side == "after"].around(first, last) or shown
    return Hit(str(item["code"]), step.path, first[0], str(item["message"]), text, shown)


def _point(rows: Sequence[bytes], place: dict[str, int]) -> tuple[int, int]:
    """Line from 1 and byte from 0, as `ast` counts, of one that is counted in characters from 1."""
    row, column = int(place["row"]), int(place["column"]) - 1
    if row > len(rows):
        return row, column
    return row, len(rows[row - 1].decode("utf-8", "replace")[:column].encode())
