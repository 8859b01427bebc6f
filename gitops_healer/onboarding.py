"""The first minute: a commented configuration and a workflow, written where they are read before they count."""

import importlib.metadata
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygit2

from gitops_healer import __version__
from gitops_healer.errors import UsageError
from gitops_healer.settings import OVERRIDES, Source, parse

EXAMPLE_POLICY = """\
# gitops_healer reads this file from the base branch. Every key may be left out; `gitops-healer config check` checks it.
# All keys and their defaults: policies/*.yml of gitops_healer, or `gitops-healer config check --format json`.

limits:
  mode: propose          # observe: writes nothing. propose: pull requests only. deploy: merges within this policy.
  open_pulls: 3          # at most so many pull requests of ours at a time

testing:
  command: ""            # empty: discovered (pytest, make test, tox, nox, unittest)
  timeout: 10m

risk:
  max_lines: 80          # a change never gets larger
  merge_without_approval: [low]   # what mode deploy merges by itself

monitoring:
  window: 24h            # how long a merge is watched before it counts as stable
"""

WORKFLOW = ".github/workflows/gitops-healer.yml"
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"
SETUP_PYTHON = "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0"
SWITCH_ON = """\
what GitHub has to be told, once (an admin of the repository):
  1. Settings > Actions > General > Workflow permissions: "Allow GitHub Actions to create and approve pull requests".
     Without it the healer pushes branches only, and the dashboard has a link for each to open its pull request.
  2. Better: a GitHub App of your own (contents, pull requests, issues and commit statuses: write; checks: read). Keep
     its id in the variable HEALER_APP_ID and its key in the secret HEALER_APP_PRIVATE_KEY, and write
     `gitops-healer init --github --app --force`. Then CI runs on pull requests of the healer like on any other.
`gitops-healer doctor --forge github` says which of them is active and what follows from it."""

_REFERENCE = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)@(?P<ref>[\w./-]+)")
_SHA = re.compile(r"[0-9a-f]{40}")
_GITHUB = re.compile(r"(?:https://[^/]*/|ssh://git@[^/]*/|git@[^:/]*:)(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?")
_PLAIN_BRANCH = re.compile(r"[A-Za-z0-9._/-]+")


@dataclass(frozen=True)
class ActionReference:
    """What `uses:` names. said: the version, for the comment behind a sha; pinned: whether it can never change."""

    name: str
    ref: str
    said: str = ""

    @property
    def pinned(self) -> bool:
        return _SHA.fullmatch(self.ref) is not None

    def __str__(self) -> str:
        return f"{self.name}@{self.ref}{f' # {self.said}' if self.said else ''}"


def start(work_tree: Path, force: bool = False) -> Path:
    """Write the example policy; returns its path. Raises UsageError when there is one, or no work tree."""
    return _written(work_tree, OVERRIDES, EXAMPLE_POLICY, force, "`gitops-healer config check` checks it")


def start_workflow(work_tree: Path, text: str, force: bool = False) -> Path:
    """Write the workflow; returns its path. Raises UsageError when there is one, or no work tree."""
    return _written(work_tree, WORKFLOW, text, force, "compare it with `gitops-healer init --github --print`")


def _written(work_tree: Path, name: str, text: str, force: bool, advice: str) -> Path:
    if not (work_tree / ".git").exists():
        raise UsageError(
            f"{work_tree} is bare and has no work tree: use `gitops-healer init --print` and commit the file"
        )
    target = work_tree / name
    if target.exists() and not force:
        raise UsageError(f"{target} is there already: {advice}, --force replaces it")
    for place in (target.parent, target):
        if not place.resolve().is_relative_to(work_tree.resolve()):
            raise UsageError(f"{place} leads out of the repository: nothing was written")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


# The workflow


def workflow_text(work_tree: Path, base_branch: str, action: ActionReference, app: bool = False) -> str:
    """The workflow for one repository. app: acts as a GitHub App instead of by the token of the job.

    Raises UsageError for a base branch whose name means something else in a workflow.
    """
    if not _PLAIN_BRANCH.fullmatch(base_branch):
        raise UsageError(
            f"the branch {base_branch!r} cannot stand in a workflow as it is: letters, digits and . _ / - are allowed. "
            "Name another one with --base-branch, or use --print and write the workflow by hand"
        )
    names = ci_names(work_tree)
    fields = {
        "@WORKFLOW_RUN@": _workflow_run(names),
        "@BASE@": f"'{base_branch}'",
        "@BASE_PLAIN@": base_branch,
        "@CHECKOUT@": CHECKOUT,
        "@SETUP_PYTHON@": SETUP_PYTHON,
        "@INSTALL@": install_arguments(work_tree),
        "@PIN@": "" if action.pinned else _PIN,
        "@ACTION@": str(action),
        "@APP@": _APP if app else "",
    }
    text = (Path(__file__).parent / "workflows" / "gitops-healer.yml").read_text(encoding="utf-8")
    return re.sub("|".join(sorted(fields, key=len, reverse=True)), lambda match: fields[match[0]], text)


_PIN = """\
      # To pin it: replace what follows @ by the full sha of that version, and keep the version as a comment behind it.
"""
_APP = """
        with:
          app-id: ${{ vars.HEALER_APP_ID }}
          app-private-key: ${{ secrets.HEALER_APP_PRIVATE_KEY }}"""


def _workflow_run(names: tuple[str, ...]) -> str:
    """The trigger that tells of the end of CI, or how to have it."""
    if not names:
        return "  # When there is CI, its end is worth a run:  workflow_run: {workflows: [NAME], types: [completed]}\n"
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"  workflow_run:\n    workflows: [{quoted}]\n    types: [completed]\n"


def ci_names(work_tree: Path) -> tuple[str, ...]:
    """Names of the workflows that run on pull requests or pushes, as `workflow_run` wants them; ours is left out."""
    found = []
    for file in sorted((work_tree / WORKFLOW).parent.glob("*.y*ml")):
        if file.name == Path(WORKFLOW).name or not file.is_file():
            continue
        workflow = _yaml(file)
        triggers = workflow.get("on", workflow.get(True))  # YAML 1.1 reads `on` as a yes
        known = [triggers] if isinstance(triggers, str) else list(triggers) if isinstance(triggers, list | dict) else []
        name = workflow.get("name", f".github/workflows/{file.name}")
        if {"push", "pull_request"} & {str(one) for one in known} and isinstance(name, str) and _is_plain(name):
            found.append(name)
    return tuple(dict.fromkeys(found))


def _yaml(file: Path) -> Mapping[Any, Any]:
    """A workflow; nothing for one that cannot be read, which GitHub cannot read either."""
    try:
        return parse(Source(str(file), file.read_bytes()))
    except (UsageError, OSError):
        return {}


def _is_plain(name: str) -> bool:
    return name.isprintable() and "${{" not in name


def install_arguments(work_tree: Path) -> str:
    """What pip installs so that the tests can run: pytest, requirement files, the project with its extras for tests."""
    files = [f"requirements{kind}.txt" for kind in ("", "-dev", "-test", "-tests")]
    wanted = ["pytest", *(f"--requirement {name}" for name in files if (work_tree / name).is_file())]
    project = _project(work_tree)
    if project is not None:
        known = project.get("optional-dependencies")
        extras = [name for name in ("test", "tests", "testing", "dev") if isinstance(known, dict) and name in known]
        wanted.append(f"'.[{','.join(extras)}]'" if extras else ".")
    elif (work_tree / "setup.py").is_file():
        wanted.append(".")
    return " ".join(wanted)


def _project(work_tree: Path) -> Mapping[str, Any] | None:
    """The table [project], empty for a pyproject.toml that builds something without it, None for neither."""
    try:
        data = tomllib.loads((work_tree / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    project = data.get("project")
    if isinstance(project, dict):
        return project
    return {} if "build-system" in data else None


# The action


def action_reference(text: str = "") -> ActionReference:
    """What `--action-ref` names, else what is installed here, else the version with an owner to fill in.

    Raises UsageError for a text that is no reference to an action.
    """
    if not text:
        return installed_action() or ActionReference("OWNER/gitops_healer", f"v{__version__}")
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise UsageError(f"--action-ref must be OWNER/REPOSITORY@REF, not {text!r}. Example: octo/gitops_healer@v1.0.0")
    said = f"v{__version__}" if _SHA.fullmatch(match["ref"]) else ""
    return ActionReference(match["name"], match["ref"], said)


def installed_action() -> ActionReference | None:
    """The commit that this installation was made of, when pip wrote it down or it runs from a clone; else None."""
    try:
        recorded = importlib.metadata.distribution("gitops-healer").read_text("direct_url.json")
        origin = json.loads(recorded or "{}")
    except (importlib.metadata.PackageNotFoundError, ValueError):
        origin = {}
    vcs = origin.get("vcs_info")
    if isinstance(vcs, dict):
        return _reference(str(origin.get("url", "")), str(vcs.get("commit_id", "")))
    return _of_clone(Path(__file__).parent.parent)


def _of_clone(folder: Path) -> ActionReference | None:
    """HEAD of a clone, when its origin is on GitHub and has it: a sha that nobody else has would not be found."""
    if not (folder / ".git").exists():
        return None
    try:
        clone = pygit2.Repository(str(folder))
        head = clone.head.target
        pushed = [ref for ref in clone.references if ref.startswith("refs/remotes/origin/")]
        tips = [clone.references[ref].resolve().target for ref in pushed]
        known = any(tip == head or clone.descendant_of(tip, head) for tip in tips)
        return _reference(clone.remotes["origin"].url or "", str(head)) if known else None
    except (pygit2.GitError, KeyError, ValueError):
        return None


def _reference(url: str, commit: str) -> ActionReference | None:
    match = _GITHUB.fullmatch(url)
    if match is None or not _SHA.fullmatch(commit):
        return None
    return ActionReference(match["name"], commit, f"v{__version__}")
