"""One tool, called with recorded inputs, in the sandbox, on any commit, with or without a change."""

import json
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from gitops_healer.adapters.suite_commands import Tree, import_roots
from gitops_healer.adapters.workbench import environment, lay_out, make_bench
from gitops_healer.core.change import Change
from gitops_healer.ports import CallOutcome, Limits, Ran, Repository, Sandbox
from gitops_healer.settings import Testing

CRASHED = "gitops_healer.Crashed"
TIMED_OUT = "gitops_healer.TimedOut"
UNCALLABLE = "gitops_healer.Uncallable"
CALL_SECONDS = 10.0
IMPORT_SECONDS = 60.0
_OUTPUT = 64 * 1024**2


class SandboxedCaller:
    """`Caller`. python: the interpreter that has the project's dependencies; call_seconds: limit of one call.

    Outcomes that are not the tool's own have error types of ours: `gitops_healer.Crashed` (it took its process with
    it), `gitops_healer.TimedOut`, `gitops_healer.Uncallable` (no such function, or an instance that cannot be made).
    """

    def __init__(
        self,
        repository: Repository,
        sandbox: Sandbox,
        testing: Testing,
        python: Path,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self._repository = repository
        self._sandbox = sandbox
        self._testing = testing
        self._python = python
        self._call_seconds = call_seconds

    def call(
        self,
        commit: str,
        tool: str,
        path: str,
        inputs: Sequence[tuple[str, str]],
        change: Change | None = None,
    ) -> tuple[CallOutcome, ...]:
        """One outcome an input, in order. The whole batch ends within `testing.timeout`."""
        module, _, qualname = tool.partition(":")
        if not inputs:
            return ()
        if not module or not qualname:
            reason = f"{tool!r} is no tool: write it as package.module:function"
            return tuple(CallOutcome(False, None, reason, UNCALLABLE) for _ in inputs)
        nonces = [secrets.token_hex(16) for _ in inputs]
        items = [
            {"args": args, "kwargs": kwargs, "nonce": nonce}
            for (args, kwargs), nonce in zip(inputs, nonces, strict=True)
        ]
        job = {
            "module": module, "qualname": qualname, "file": path, "roots": self._roots(commit, module, path),
            "inputs": items, "seconds": self._call_seconds, "import_seconds": IMPORT_SECONDS,
        }  # fmt: skip
        ran = self._run(commit, change, job)
        told = dict(_outcomes(ran.stdout))
        return tuple(told.get(nonce) or _lost(ran) for nonce in nonces)

    def _run(self, commit: str, change: Change | None, job: Mapping[str, Any]) -> Ran:
        seconds = IMPORT_SECONDS + (self._call_seconds + 1) * len(job["inputs"])
        limits = Limits(
            seconds=min(seconds, self._testing.timeout.total_seconds()),
            memory=self._testing.memory_mb * 1024**2,
            processes=self._testing.processes,
            output=_OUTPUT,
        )
        with self._sandbox.scratch() as scratch:
            lay_out(self._repository, scratch, commit, change)
            bench = make_bench(scratch, self._python)
            env = environment(bench, self._python, ())
            program = [str(self._python), str(bench.inside / "healer_caller_program.py")]
            stdin = json.dumps(job).encode("ascii")
            return self._sandbox.run(program, scratch, env=env, limits=limits, stdin=stdin, cwd=bench.tree.name)

    def _roots(self, commit: str, module: str, path: str) -> list[str]:
        """Where the module is imported from comes first, then where the project's other packages are."""
        paths = tuple(file.path for file in self._repository.files(commit))
        tree = Tree(paths, lambda name: self._repository.read(commit, name))
        return list(dict.fromkeys([*_root_of(module, path), *import_roots(tree)]))


def _root_of(module: str, path: str) -> Iterable[str]:
    """`src` for `pkg.mod` in `src/pkg/mod.py`; nothing when the file is not where its name says."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    if parts and parts[-1] == "__init__":
        parts.pop()
    names = module.split(".")
    if parts[-len(names) :] == names:
        yield str(PurePosixPath(*parts[: -len(names)]))


def _outcomes(stdout: bytes) -> Iterable[tuple[str, CallOutcome]]:
    """(nonce, outcome) of each line that is one; the first of a nonce is the last in the answer's dictionary."""
    for line in reversed(stdout.splitlines()):
        with suppress(ValueError, RecursionError, KeyError, TypeError):
            told = json.loads(line)
            yield str(told["nonce"]), _outcome(told)


def _outcome(told: Mapping[str, Any]) -> CallOutcome:
    result, seconds = told["result"], told["seconds"]
    frames = tuple(
        (str(file), int(line), str(function)) for file, line, function in told["frames"] or () if int(line) < 2**31
    )
    return CallOutcome(
        told["ok"] is True,
        result if isinstance(result, str) else None,
        str(told["detail"]),
        str(told["type"] or ""),
        frames,
        float(seconds) if isinstance(seconds, int | float) and math.isfinite(seconds) else 0.0,
    )


def _lost(ran: Ran) -> CallOutcome:
    """The answer to an input of which nothing was heard."""
    if ran.timed_out:
        return CallOutcome(False, None, "the batch of calls ran out of time before this one", TIMED_OUT)
    said = ran.stderr.strip().splitlines()[-1:] or [b""]
    text = said[0].decode("utf-8", "replace")[:300]
    return CallOutcome(False, None, f"the calling process ended early ({ran.reason or text or ran.exit_code})", CRASHED)
