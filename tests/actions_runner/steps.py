"""Steps: `run` in a shell, `uses` of an action, and composite actions, which are steps again.

After actions/runner (MIT): ScriptHandler, CompositeActionHandler, ActionRunner, FileCommandManager.
"""

import hashlib
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.actions_runner.expressions import ExpressionError, Function, evaluate, interpolate, is_true, string_of
from tests.actions_runner.files import CommandFileError, CommandFiles
from tests.actions_runner.host import Host
from tests.actions_runner.listening import Listener, Note
from tests.actions_runner.workflow import load_yaml, matching_files

_SHELLS = {
    "": "bash -e {0}",
    "bash": "bash --noprofile --norc -e -o pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
}


@dataclass
class StepRun:
    """One step that ran or was skipped. outcome: before continue-on-error, conclusion: after it."""

    name: str
    outcome: str = "skipped"
    conclusion: str = "skipped"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    inner: list["StepRun"] = field(default_factory=list)


@dataclass
class Machine:
    """The runner of one job: its folders, its environment so far, and what came out of it."""

    host: Host
    root: Path
    actions: Mapping[str, Path]
    seeds: Mapping[str, Path]
    cache: Path
    tool_cache: Path
    token: str
    seconds: float
    runner: Mapping[str, str]
    listener: Listener = field(default_factory=Listener)
    environment: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    summary: str = ""
    after: list[tuple[str, Path]] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        return self.root / "work"

    @property
    def temp(self) -> Path:
        return self.root / "temp"

    def complain(self, message: str) -> None:
        self.listener.notes.append(Note("error", self.listener.masked(message), {}))


@dataclass
class Frame:
    """Where a step stands: the steps of a job, or of a composite action. contexts: all but `steps` and `env`."""

    machine: Machine
    contexts: Mapping[str, Any]
    env: Mapping[str, str]
    action_path: Path | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    steps: dict[str, StepRun] = field(default_factory=dict)
    status: str = "success"

    def scope(self, env: Mapping[str, str]) -> dict[str, Any]:
        github = dict(self.contexts["github"])
        if self.action_path is not None:
            github["action_path"] = str(self.action_path)
        steps = {
            name: {"outputs": run.outputs, "outcome": run.outcome, "conclusion": run.conclusion}
            for name, run in self.steps.items()
        }
        return {**self.contexts, "github": github, "steps": steps, "env": env, "job": {"status": self.status}}

    def functions(self) -> dict[str, Function]:
        return status_functions(self.status) | {"hashfiles": self._hash_files}

    def _hash_files(self, *patterns: Any) -> str:
        root = self.machine.workspace
        names = [str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()]
        found = matching_files([string_of(pattern) for pattern in patterns], names)
        digests = b"".join(hashlib.sha256((root / name).read_bytes()).digest() for name in found)
        return hashlib.sha256(digests).hexdigest() if found else ""


def status_functions(status: str) -> dict[str, Function]:
    return {
        "success": lambda *_: status == "success",
        "failure": lambda *_: status == "failure",
        "cancelled": lambda *_: status == "cancelled",
        "always": lambda *_: True,
    }


def is_wanted(condition: Any, contexts: Mapping[str, Any], functions: Mapping[str, Function]) -> bool:
    """An `if:`. Where it says nothing of the status, `success() &&` stands in front of it."""
    asked = False

    def noting(function: Function) -> Function:
        def call(*arguments: Any) -> Any:
            nonlocal asked
            asked = True
            return function(*arguments)

        return call

    if condition is None or condition == "":
        return bool(functions["success"]())
    text = string_of(condition).strip()
    text = text[3:-2] if text.startswith("${{") and text.endswith("}}") else text
    names = ("success", "failure", "cancelled", "always")
    asked = any(f"{name}(" in text.lower().replace(" ", "") for name in names)
    wanted = is_true(evaluate(text, contexts, {name: noting(function) for name, function in functions.items()}))
    return wanted and (asked or bool(functions["success"]()))


def run_steps(steps: Sequence[Mapping[str, Any]], frame: Frame) -> list[StepRun]:
    """All steps in order; `frame.status` is failure after the first one that failed."""
    return [run_step(step, frame, number) for number, step in enumerate(steps)]


def run_step(step: Mapping[str, Any], frame: Frame, number: int) -> StepRun:
    name = string_of(step.get("name") or step.get("uses") or string_of(step.get("run")).split("\n")[0])
    done = StepRun(name)
    env = {**frame.env, **frame.machine.environment}
    try:
        env |= _texts(step.get("env"), frame, env)
        scope = frame.scope(env)
        if is_wanted(step.get("if"), scope, frame.functions()):
            done.name = string_of(interpolate(name, scope, frame.functions()))
            _perform(step, frame, env, done)
    except (ExpressionError, CommandFileError) as error:
        frame.machine.complain(str(error))
        done.outcome, done.log = "failure", done.log + f"{error}\n"
    forgiven = done.outcome == "failure" and string_of(step.get("continue-on-error")) == "true"
    done.conclusion = "success" if forgiven else done.outcome
    if done.conclusion == "failure":
        frame.status = "failure"
    frame.steps[str(step.get("id", f"__{number}"))] = done
    return done


def _texts(mapping: Any, frame: Frame, env: Mapping[str, str]) -> dict[str, str]:
    """A mapping of texts with expressions, filled in."""
    scope, functions = frame.scope(env), frame.functions()
    return {
        str(key): string_of(interpolate(value, scope, functions) if isinstance(value, str) else value)
        for key, value in (mapping or {}).items()
    }


def _perform(step: Mapping[str, Any], frame: Frame, env: dict[str, str], done: StepRun) -> None:
    if "run" in step:
        _run(step, frame, env, done)
        return
    from tests.actions_runner.actions import BUILT_IN

    uses, given = str(step["uses"]), _texts(step.get("with"), frame, env)
    name = uses.split("@")[0]
    if name in BUILT_IN:
        BUILT_IN[name](frame, given, done)
    else:
        _composite(_action_folder(uses, frame), given, frame, env, done)


def _action_folder(uses: str, frame: Frame) -> Path:
    if uses.startswith("./"):
        return frame.machine.workspace / uses
    name = uses.split("@")[0]
    if "@" not in uses or name not in frame.machine.actions:
        raise ExpressionError(f"Unable to resolve action {uses}")
    return frame.machine.actions[name]


def _composite(folder: Path, given: Mapping[str, str], frame: Frame, env: dict[str, str], done: StepRun) -> None:
    file = next((folder / name for name in ("action.yml", "action.yaml") if (folder / name).is_file()), None)
    if file is None:
        raise ExpressionError(f"Can't find 'action.yml' or 'action.yaml' under '{folder}'")
    action = load_yaml(file.read_text("utf-8"))
    if action["runs"]["using"] != "composite":
        raise NotImplementedError(f"{file}: only composite actions are modelled")
    declared = action.get("inputs") or {}
    for name in set(given) - set(declared):
        frame.machine.listener.notes.append(Note("warning", f"Unexpected input(s) '{name}'", {}))
    defaults = _texts({name: (facts or {}).get("default", "") for name, facts in declared.items()}, frame, env)
    contexts = {key: value for key, value in frame.contexts.items() if key not in ("secrets", "needs", "vars")}
    inner = Frame(
        frame.machine, {**contexts, "inputs": {**defaults, **given}}, env, folder.resolve(), status=frame.status
    )
    done.inner = run_steps(action["runs"]["steps"], inner)
    done.log = "".join(step.log for step in done.inner)
    done.outcome = "failure" if any(step.conclusion == "failure" for step in done.inner) else "success"
    values = {name: facts["value"] for name, facts in (action.get("outputs") or {}).items()}
    done.outputs = _texts(values, inner, env)  # also of an action that failed


def _run(step: Mapping[str, Any], frame: Frame, env: dict[str, str], done: StepRun) -> None:
    machine = frame.machine
    shell = str(step.get("shell") or frame.defaults.get("shell", ""))
    if frame.action_path is not None and not shell:
        raise ExpressionError("Required property is missing: shell")
    scope, functions = frame.scope(env), frame.functions()
    script = string_of(interpolate(str(step["run"]), scope, functions))
    folder = Path(tempfile.mkdtemp(dir=machine.temp))
    (folder / "script.sh").write_text(script + "\n", "utf-8")
    files = CommandFiles(folder / "commands")
    place = string_of(
        interpolate(str(step.get("working-directory") or frame.defaults.get("working-directory", "")), scope, functions)
    )
    command = shlex.split(_SHELLS.get(shell, shell).replace("{0}", shlex.quote(str(folder / "script.sh"))))
    variables = {**base_environment(frame), **env, **files.create()}
    output, ended = _execute(command, machine.workspace / place, variables, machine.seconds)
    done.log = machine.listener.hear(output)
    done.outcome = "success" if ended == 0 else "failure"
    if ended != 0:
        machine.complain(f"Process completed with exit code {ended}.")
    machine.summary += files.summary()
    done.outputs = files.outputs()
    machine.environment |= files.environment()
    machine.path = [*reversed(files.path()), *machine.path]


def _execute(command: list[str], place: Path, env: Mapping[str, str], seconds: float) -> tuple[str, int]:
    try:
        ran = subprocess.run(
            command, cwd=place, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        return (error.output or b"").decode("utf-8", "replace") + "The action has timed out.\n", 124
    return ran.stdout.decode("utf-8", "replace"), ran.returncode


def base_environment(frame: Frame) -> dict[str, str]:
    """What the runner itself sets. No INPUT_ variables, and no token: a step has to be given it."""
    machine = frame.machine
    known = {key: value for key, value in frame.contexts["github"].items() if key not in ("event", "token")}
    variables = {f"GITHUB_{key.upper()}": string_of(value) for key, value in known.items()}
    if frame.action_path is not None:
        variables["GITHUB_ACTION_PATH"] = str(frame.action_path)
    return {
        "PATH": ":".join([*machine.path, *frame.contexts["runner"]["path"].split(":")]),
        "HOME": str(machine.root / "home"),
        "LANG": "C.UTF-8",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        **variables,
        **{f"RUNNER_{key.upper()}": value for key, value in frame.contexts["runner"].items() if key != "path"},
    }


def all_steps(runs: Sequence[StepRun]) -> Iterator[StepRun]:
    """Those of composite actions too."""
    for run in runs:
        yield run
        yield from all_steps(run.inner)
