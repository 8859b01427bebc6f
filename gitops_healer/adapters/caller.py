"""One tool, called in the sandbox, on any commit, with or without a change."""

import contextlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from gitops_healer.adapters.call_session import (
    CRASHED,
    IMPORT_SECONDS,
    TIMED_OUT,
    UNCALLABLE,
    SandboxedSession,
    described,
    seen_of,
)
from gitops_healer.adapters.suite_commands import Tree, import_roots
from gitops_healer.adapters.workbench import Bench, environment, lay_out, make_bench
from gitops_healer.core.calls import Conditions
from gitops_healer.core.change import Change
from gitops_healer.ports import CallOutcome, CallSession, Conversation, Limits, Ran, Repository, Sandbox, SandboxLevel
from gitops_healer.settings import Testing

__all__ = ["CRASHED", "IMPORT_SECONDS", "TIMED_OUT", "UNCALLABLE", "SandboxedCaller"]

CALL_SECONDS = 10.0
_OUTPUT = 64 * 1024**2
_ROOTS_KEPT = 64


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
        self._roots = lru_cache(_ROOTS_KEPT)(self._found_roots)

    @contextlib.contextmanager
    def open(
        self, commit: str, tool: str, path: str, change: Change | None = None, conditions: Conditions | None = None
    ) -> Iterator[CallSession]:
        """A session of one function, imported when this returns; it ends with `testing.timeout`."""
        conditions = conditions or Conditions()
        module, qualname = _parts(tool)
        job = {**self._job(commit, module, qualname, path), **described(conditions)} if qualname else {}
        seconds = self._testing.timeout.total_seconds()
        session = SandboxedSession(
            lambda: self._conversation(commit, change, conditions.hashes, seconds), job, self._call_seconds
        )
        with contextlib.closing(session):
            if qualname:
                session.open()
            else:
                session.refuse(_no_tool(tool))
            yield session

    def call(
        self,
        commit: str,
        tool: str,
        path: str,
        inputs: Sequence[tuple[str, str]],
        change: Change | None = None,
    ) -> tuple[CallOutcome, ...]:
        """One outcome an input, in order. The whole batch ends within `testing.timeout`."""
        module, qualname = _parts(tool)
        if not inputs:
            return ()
        if not qualname:
            return tuple(CallOutcome(False, None, _no_tool(tool), UNCALLABLE) for _ in inputs)
        nonces = [secrets.token_hex(16) for _ in inputs]
        items = [
            {"args": args, "kwargs": kwargs, "nonce": nonce}
            for (args, kwargs), nonce in zip(inputs, nonces, strict=True)
        ]
        ran = self._run(commit, change, [self._job(commit, module, qualname, path), *items])
        told = dict(_outcomes(ran.stdout))
        return tuple(told.get(nonce) or _lost(ran) for nonce in nonces)

    def _job(self, commit: str, module: str, qualname: str, path: str) -> dict[str, Any]:
        return {
            "module": module, "qualname": qualname, "file": path, "roots": self._roots(commit, module, path),
            "seconds": self._call_seconds, "import_seconds": IMPORT_SECONDS,
            "own_processes": self._sandbox.level is not SandboxLevel.PROCESS,
        }  # fmt: skip

    def _run(self, commit: str, change: Change | None, messages: Sequence[Mapping[str, Any]]) -> Ran:
        seconds = IMPORT_SECONDS + (self._call_seconds + 1) * len(messages)
        limits = self._limits(min(seconds, self._testing.timeout.total_seconds()))
        stdin = b"".join(json.dumps(message).encode("ascii") + b"\n" for message in messages)
        with self._sandbox.scratch() as scratch:
            bench, env = self._laid_out(scratch, commit, change)
            return self._sandbox.run(
                self._program(bench), scratch, env=env, limits=limits, stdin=stdin, cwd=bench.tree.name
            )

    @contextlib.contextmanager
    def _conversation(self, commit: str, change: Change | None, hashes: int, seconds: float) -> Iterator[Conversation]:
        with self._sandbox.scratch() as scratch:
            bench, env = self._laid_out(scratch, commit, change)
            env["PYTHONHASHSEED"] = str(hashes % 2**32)
            program, limits = self._program(bench), self._limits(seconds)
            with self._sandbox.converse(program, scratch, env=env, limits=limits, cwd=bench.tree.name) as talk:
                yield talk

    def _laid_out(self, scratch: Path, commit: str, change: Change | None) -> tuple[Bench, dict[str, str]]:
        lay_out(self._repository, scratch, commit, change)
        bench = make_bench(scratch, self._python)
        return bench, environment(bench, self._python, ())

    def _program(self, bench: Bench) -> list[str]:
        return [str(self._python), str(bench.inside / "healer_caller_program.py")]

    def _limits(self, seconds: float) -> Limits:
        return Limits(
            seconds=seconds,
            memory=self._testing.memory_mb * 1024**2,
            processes=self._testing.processes,
            output=_OUTPUT,
        )

    def _found_roots(self, commit: str, module: str, path: str) -> list[str]:
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


def _parts(tool: str) -> tuple[str, str]:
    """Module and dotted name in it; two empty texts when it is no tool."""
    module, _, qualname = tool.partition(":")
    return (module, qualname) if module and qualname else ("", "")


def _no_tool(tool: str) -> str:
    return f"{tool!r} is no tool: write it as package.module:function"


def _outcomes(stdout: bytes) -> Iterable[tuple[str, CallOutcome]]:
    """(nonce, outcome) of each line that is one; the first of a nonce is the last in the answer's dictionary."""
    for line in reversed(stdout.splitlines()):
        with contextlib.suppress(ValueError, RecursionError):
            told = json.loads(line)
            if isinstance(told, dict) and isinstance(told.get("nonce"), str):
                seen = seen_of(told)
                yield (
                    told["nonce"],
                    CallOutcome(seen.ok, seen.value, seen.detail, seen.error_type, seen.frames, seen.seconds),
                )


def _lost(ran: Ran) -> CallOutcome:
    """The answer to an input of which nothing was heard."""
    if ran.timed_out:
        return CallOutcome(False, None, "the batch of calls ran out of time before this one", TIMED_OUT)
    said = ran.stderr.strip().splitlines()[-1:] or [b""]
    text = said[0].decode("utf-8", "replace")[:300]
    return CallOutcome(False, None, f"the calling process ended early ({ran.reason or text or ran.exit_code})", CRASHED)
