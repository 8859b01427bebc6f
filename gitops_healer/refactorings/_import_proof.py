"""What is run before a moved import is proposed: the compiler, ruff, and every module imported alone."""

import json
import subprocess
import sys
import sysconfig
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_healer.core.change import Change
from gitops_healer.ports import Limits
from gitops_healer.registry import Scene

_RULES = ("F821", "F811", "F401")
_RUFF_SECONDS = 60

_CHILD = """
import importlib, json, os, sys
target, name, roots, top = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), os.getcwd()
sys.argv = [""]
sys.path[:0] = [os.path.join(top, root) if root else top for root in roots]
try:
    module = importlib.import_module(name)
    said = [True, sorted(n for n, v in vars(module).items() if not (
        isinstance(v, type(sys)) and v.__name__ == name + "." + n))]
except BaseException as error:
    said = [False, type(error).__name__ + ": " + str(error).replace(top, "")]
with open(target, "w") as file:
    json.dump(said, file)
os._exit(0)
"""

_PARENT = """
import json, os, subprocess, sys
child, jobs, seconds = sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3])
target, found = os.path.join(os.environ.get("TMPDIR", "."), "healer-import.json"), {}
for name, roots in jobs:
    try:
        os.unlink(target)
    except OSError:
        pass
    try:
        done = subprocess.run([sys.executable, "-c", child, target, name, json.dumps(roots)], timeout=seconds,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(target) as file:
            found[name] = json.load(file)
    except subprocess.TimeoutExpired:
        found[name] = [False, "it did not end within %g s" % seconds]
    except (OSError, ValueError):
        found[name] = [False, "the interpreter ended with %s" % done.returncode]
print("\\n" + json.dumps(found))
"""


@dataclass(frozen=True)
class Imported:
    """How the import of one module alone went. names: what the module then holds, without its own submodules."""

    ok: bool
    error: str = ""
    names: frozenset[str] = frozenset()


class ProofMissingError(Exception):
    """Why something could not be tried, as a sentence."""


def uncompilable(sources: Mapping[str, bytes]) -> str:
    """The first file that does not compile, with the reason, or ""."""
    for path, source in sources.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(source, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return f"{path} does not compile: {error}"
    return ""


def new_lint(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """The first undefined, doubled or unused name that is new, or "". Raises ProofMissingError without ruff."""
    for path, source in after.items():
        old, new = Counter(_complaints(path, before[path])), Counter(_complaints(path, source))
        added = sorted((new - old).elements())
        if added:
            return f"{path}: {added[0]}"
    return ""


def _complaints(path: str, source: bytes) -> list[str]:
    text = source if _is_utf8(source) else source.decode("latin-1").encode()
    arguments = ["check", "--isolated", "--no-cache", "--output-format=json", f"--select={','.join(_RULES)}"]
    name = path.encode("utf-8", "replace").decode().replace("\0", "")
    try:
        done = subprocess.run(
            [_ruff(), *arguments, "--stdin-filename", name, "-"],
            input=text, capture_output=True, timeout=_RUFF_SECONDS, check=False, env={}, cwd="/",
        )  # fmt: skip
        found: list[dict[str, Any]] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ProofMissingError(f"ruff could not look at {path}: {error}") from None
    return [f"{item['code']} {item['message']}" for item in found if item.get("code") in _RULES]


def _ruff() -> str:
    """The ruff that was installed with us."""
    places = (Path(sys.executable).parent / "ruff", Path(sysconfig.get_path("scripts")) / "ruff")
    for place in places:
        if place.is_file():
            return str(place)
    raise ProofMissingError(f"there is no ruff at {places[0]}: install it into the environment of gitops-healer")


def _is_utf8(source: bytes) -> bool:
    try:
        source.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def import_each(
    scene: Scene, modules: Sequence[tuple[str, Sequence[str]]], change: Change | None, seconds: float
) -> dict[str, Imported]:
    """Import each module alone, in an interpreter of its own, in the sandbox, at the commit with or without a change.

    modules: (dotted name, directories to import from); seconds: for all of them together. Raises ProofMissingError.
    """
    with scene.sandbox.scratch() as scratch:
        scene.repository.export(scene.commit, scratch, change)
        each = max(1.0, seconds / 2)
        argv = [sys.executable, "-c", _PARENT, _CHILD, json.dumps(modules), str(each)]
        policy = scene.settings.testing
        limits = Limits(seconds=seconds, memory=policy.memory_mb * 1024**2, processes=policy.processes)
        ran = scene.sandbox.run(argv, scratch, limits=limits)
    lines = ran.stdout.decode("utf-8", "replace").strip().splitlines()
    try:
        said = json.loads(lines[-1]) if ran.exit_code == 0 and lines else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        error = ran.reason or ran.stderr.decode("utf-8", "replace").strip()[-300:] or f"exit code {ran.exit_code}"
        raise ProofMissingError(f"the modules could not be imported in the sandbox: {error}")
    return {
        name: Imported(True, names=frozenset(detail)) if ok else Imported(False, str(detail))
        for name, (ok, detail) in said.items()
    }


def worse(before: Mapping[str, Imported], after: Mapping[str, Imported], moved: Mapping[str, frozenset[str]]) -> str:
    """What the change broke, as a sentence, or "". moved: names that each module may lose."""
    for name, was in before.items():
        now = after.get(name, Imported(False, "it was not tried"))
        if not now.ok and (was.ok or now.error != was.error):
            return f"import {name} failed with the change: {now.error}" + ("" if was.ok else f" (before: {was.error})")
        if "circular import" in now.error:
            return f"import {name} still meets a half made module: {now.error}"
        lost = was.names - now.names - moved.get(name, frozenset()) if was.ok else frozenset()
        if lost:
            return f"{name} no longer has {', '.join(sorted(lost))}"
    return ""
