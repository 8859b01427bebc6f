"""The three actions of GitHub that our workflows use, done as they do it."""

import base64
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from tests.actions_runner.expressions import ExpressionError
from tests.actions_runner.steps import Frame, StepRun


def checkout(frame: Frame, given: Mapping[str, str], done: StepRun) -> None:
    """actions/checkout: a real clone from the forge with the token of the job."""
    machine, github = frame.machine, frame.contexts["github"]
    if given.get("repository", machine.host.repository) != machine.host.repository:
        raise NotImplementedError("only the repository of the workflow can be checked out")
    folder = machine.workspace / given.get("path", "")
    folder.mkdir(parents=True, exist_ok=True)
    token = given.get("token", machine.token)
    key = f"http.{machine.host.server_url}/.extraheader"
    value = "AUTHORIZATION: basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()
    machine.listener.add_secrets([value.rpartition(" ")[2]])
    secret = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": value}

    def git(*arguments: str) -> str:
        env = {**os.environ, **secret, "GIT_TERMINAL_PROMPT": "0", "HOME": str(machine.root / "home")}
        ran = subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)
        done.log += machine.listener.masked(ran.stdout + ran.stderr)
        if ran.returncode:
            raise ExpressionError(f"The process 'git' failed with exit code {ran.returncode}: {ran.stderr.strip()}")
        return ran.stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    git("remote", "add", "origin", machine.host.clone_url)
    _fetch(git, given, github)
    if given.get("persist-credentials", "true") == "true":
        git("config", "--local", key, value)
    done.outcome, done.outputs = "success", {"commit": git("rev-parse", "HEAD")}


def _fetch(git: Callable[..., str], given: Mapping[str, str], github: Mapping[str, str]) -> None:
    """By the ref that is asked for, else by what started the workflow."""
    asked = given.get("ref", "")
    ref, sha = (asked, "") if asked else (github["ref"], github["sha"])
    depth = int(given.get("fetch-depth") or 1)
    if depth == 0:
        git("fetch", "--quiet", "--prune", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
    else:
        git("fetch", "--quiet", "--no-tags", f"--depth={depth}", "origin", sha or ref)
    branch = ref.removeprefix("refs/heads/")
    if branch.startswith("refs/") or len(branch) == 40:
        if depth == 0:
            git("fetch", "--quiet", "origin", sha or ref)
        git("checkout", "--quiet", "--force", "--detach", sha or "FETCH_HEAD")
        return
    tip = sha or (f"refs/remotes/origin/{branch}" if depth == 0 else "FETCH_HEAD")
    git("update-ref", f"refs/remotes/origin/{branch}", tip)
    git("checkout", "--quiet", "--force", "-B", branch, f"refs/remotes/origin/{branch}")


def setup_python(frame: Frame, given: Mapping[str, str], done: StepRun) -> None:
    """actions/setup-python: the interpreter that there is stands for every version."""
    python = Path(sys.executable)
    version = platform.python_version()
    done.outcome = "success"
    done.outputs = {"python-version": version, "python-path": str(python), "cache-hit": "false"}
    if given.get("update-environment", "true") == "true":
        frame.machine.path = [str(python.parent), *frame.machine.path]
        frame.machine.environment["pythonLocation"] = str(python.parent.parent)


def cache(frame: Frame, given: Mapping[str, str], done: StepRun) -> None:
    """actions/cache: one folder a key. A seed stands for what an earlier run saved under keys that begin so."""
    machine = frame.machine
    paths = [Path(line).expanduser() for line in given["path"].split("\n") if line.strip()]
    key = given["key"]
    done.outcome, done.outputs = "success", {"cache-hit": "", "cache-primary-key": key}
    seed = next((folder for prefix, folder in machine.seeds.items() if key.startswith(prefix)), None)
    if seed is not None:
        _link(seed, paths[0])
        done.outputs["cache-hit"] = "true"
        return
    for wanted in [key, *given.get("restore-keys", "").split("\n")]:
        stored = next((known for known in stored_keys(machine.cache) if wanted and known.startswith(wanted)), None)
        if stored is None or (wanted == key and stored != key):
            continue
        for number, path in enumerate(paths):
            _copy(folder_of(machine.cache, stored) / str(number), path)
        done.outputs |= {"cache-hit": "true" if stored == key else "false", "cache-matched-key": stored}
        break
    if done.outputs["cache-hit"] != "true":
        machine.after += [(key, path) for path in paths]


def _link(seed: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.symlink_to(seed, target_is_directory=True)


def _copy(source: Path, target: Path) -> None:
    """A file or a folder, whatever is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def folder_of(store: Path, key: str) -> Path:
    return store / sha256(key.encode()).hexdigest()


def stored_keys(store: Path) -> list[str]:
    return sorted(file.read_text("utf-8") for file in store.glob("*/key"))


def save(store: Path, saved: list[tuple[str, Path]]) -> None:
    """What the post steps of a job do that went well."""
    for number, (key, path) in enumerate(saved):
        target = folder_of(store, key) / str(number)
        if path.exists() and not target.exists():
            _copy(path, target)
            (folder_of(store, key) / "key").write_text(key, "utf-8")


BUILT_IN: Mapping[str, Callable[[Frame, Mapping[str, str], StepRun], None]] = {
    "actions/cache": cache,
    "actions/checkout": checkout,
    "actions/setup-python": setup_python,
}
