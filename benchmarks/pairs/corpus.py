"""Pairs of versions whose truth is known: how they are read, laid out and looked at.

A folder of `shown/` or `held/` is a small project: its files, `inputs.py` (see `drive.py`), and `pairs.toml` with a
[[pair]] for each candidate; [[pair.first]] edits both versions, [[pair.change]] the candidate only. README.md says
more.
"""

import builtins
import json
import math
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEEPING = ("equivalent", "noisy", "effectful")
BREAKING = ("regressed", "noisy-regressed", "effectful-regressed")
TRUTHS = (*KEEPING, *BREAKING, "improved")
NOT_CODE = ("pairs.toml", "inputs.py")

Look = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """truth: one of TRUTHS; aim: keeps or mends; tool: what a finding would name; error: of that finding, when it is
    to be mended; why: what was done, and why that is right or wrong; base, candidate: path -> text."""

    set: str
    project: Path
    name: str
    truth: str
    aim: str
    tool: str
    error: str
    why: str
    base: Mapping[str, str]
    candidate: Mapping[str, str]

    @property
    def inputs(self) -> Path:
        return self.project / "inputs.py"

    @property
    def whole_name(self) -> str:
        return f"{self.project.name}/{self.name}"


def read_pairs(which: str) -> list[Pair]:
    """All pairs of `shown` or `held`. Raises ValueError for an edit that does not fit exactly once."""
    return [pair for path in sorted((HERE / which).glob("*/pairs.toml")) for pair in read_project(path.parent)]


def read_project(project: Path) -> Iterator[Pair]:
    files = {
        path.relative_to(project).as_posix(): path.read_text()
        for path in sorted(project.rglob("*"))
        if path.is_file() and path.name not in NOT_CODE and "__pycache__" not in path.parts
    }
    told = tomllib.loads((project / "pairs.toml").read_text())
    for one in told["pair"]:
        where = f"{project.name}/{one['name']}"
        base = edited(files, one.get("first", []), told["file"], where)
        candidate = edited(base, one["change"], told["file"], where)
        yield Pair(
            project.parent.name, project, one["name"], one["truth"], one.get("aim", "keeps"),
            one.get("tool", told["tool"]), one.get("error", ""), one["why"], base, candidate,
        )  # fmt: skip


def edited(files: Mapping[str, str], edits: Sequence[Mapping[str, str]], usual: str, where: str) -> dict[str, str]:
    """The files with each edit's `old` (exactly once there) replaced by its `new`."""
    done = dict(files)
    for edit in edits:
        path = edit.get("file", usual)
        old, new = edit["old"].strip("\n"), edit["new"].strip("\n")
        if done[path].count(old) != 1:
            raise ValueError(f"{where}: {path} has {done[path].count(old)} times:\n{old}")
        done[path] = done[path].replace(old, new)
    return done


def write(files: Mapping[str, str], target: Path) -> Path:
    for name, text in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return target


def looked(versions: Sequence[Mapping[str, str]], inputs: Path, seed: int = 0) -> list[list[Look]]:
    """What is seen of each call when the files of each version run, without sandbox. One process makes them all, so
    that they have the seeds of hashes and of randomness in common; another call of this has others."""
    with tempfile.TemporaryDirectory() as place:
        projects = [write(files, Path(place) / f"version-{number}") for number, files in enumerate(versions)]
        command = [sys.executable, str(HERE / "drive.py"), "look", str(inputs), str(seed), *map(str, projects)]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise ValueError(f"{inputs}: {done.stderr[-2000:]}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def same(one: Any, other: Any, tolerance: float = 1e-9) -> bool:
    """Equal, floats nearly."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance) or (one != one and other != other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def essential(look: Look) -> dict[str, Any]:
    """What must not change: all but the noise in the result."""
    return {key: value for key, value in look.items() if key != "result"}


def differing(base: Sequence[Look], head: Sequence[Look]) -> list[int]:
    """The numbers of the calls that differ in what is essential."""
    rows = enumerate(zip(base, head, strict=True))
    return [number for number, (one, other) in rows if not same(essential(one), essential(other))]


def truth_problems(pair: Pair, base: Sequence[Look], head: Sequence[Look]) -> Iterator[str]:
    """What the calls in both versions say against the pair's truth."""
    other = differing(base, head)
    if not 30 <= len(base) <= 120:
        yield f"{len(base)} calls, 30 to 120 are wanted"
    worked = [number for number in other if "error" not in base[number]]
    if pair.truth in KEEPING and other:
        yield f"{len(other)} of {len(base)} calls differ: {essential(base[other[0]])} {essential(head[other[0]])}"
    if pair.truth in BREAKING and not (other if pair.aim == "keeps" else worked):
        yield "no call is worse"
    if pair.truth == "improved":
        if not other or any(hasattr(builtins, head[number].get("error", "")) for number in other):
            yield "no call is mended, or one crashes in another way"
        if worked:
            yield f"{len(worked)} calls that worked differ: {essential(base[worked[0]])} {essential(head[worked[0]])}"
    if pair.error and pair.error not in {look.get("error") for look in base}:
        yield f"no call fails with {pair.error}"


def looked_at(pairs: Sequence[Pair], seed: int = 0) -> Iterator[tuple[Pair, list[Look], list[Look]]]:
    """The pairs of one project with the calls of both versions."""
    looks = looked([files for pair in pairs for files in (pair.base, pair.candidate)], pairs[0].inputs, seed)
    yield from zip(pairs, looks[::2], looks[1::2], strict=True)


def main() -> None:
    for which in sys.argv[1:] or ["shown", "held"]:
        projects = sorted((HERE / which).glob("*/pairs.toml"))
        for project in projects:
            for pair, base, head in looked_at(list(read_project(project.parent))):
                found = f"{len(differing(base, head)):3} of {len(base):3} differ"
                print(f"{pair.whole_name:45} {pair.truth:20} {found}", *truth_problems(pair, base, head), sep="  ")


if __name__ == "__main__":
    main()
