"""Workflow files that run the healer, and what they let the token of their job do.

Source: docs.github.com, "Workflow syntax for GitHub Actions": a job's `permissions` replace those of the workflow, and
naming one scope sets the others to none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_healer.core.github_permissions import NEEDS
from gitops_healer.core.github_probed import Grant
from gitops_healer.errors import ConfigError
from gitops_healer.ports import Repository
from gitops_healer.settings import Source, parse

FOLDER = ".github/workflows/"

_NAMED = re.compile(rb"gitops[_-]healer")
_USES = re.compile(r"(.*/)?gitops[_-]healer(/.*)?@.+|\./?")
_RUNS = re.compile(r"\bgitops-healer\s+(on-event|heal|watch)\b|\bpython3? -m gitops_healer\b")
_GRANTS = {"write": Grant.WRITE, "read": Grant.READ, "none": Grant.NONE}
_ORDER = (Grant.NONE, Grant.READ, Grant.WRITE)


@dataclass(frozen=True)
class HealingWorkflow:
    """grants: scope -> what the job's token gets, the least of all jobs that run the healer; empty where the file
    leaves it to the settings of the repository."""

    path: str
    grants: tuple[tuple[str, Grant], ...] = ()


def healing_workflows(repository: Repository, commit: str) -> tuple[HealingWorkflow, ...]:
    """Those at a commit, by path. What is no valid workflow runs nothing."""
    found = []
    for file in repository.files(commit):
        if file.path.startswith(FOLDER) and file.path.endswith((".yml", ".yaml")):
            text = repository.read_blob(file.blob)
            if _NAMED.search(text) and (jobs := list(_jobs(file.path, text))):
                found.append(HealingWorkflow(file.path, _least(jobs)))
    return tuple(found)


def _jobs(path: str, text: bytes) -> Iterator[Any]:
    """`permissions` of each job that runs the healer, None where nothing is said."""
    try:
        workflow = parse(Source(path, text))
    except ConfigError:
        return
    jobs = workflow.get("jobs")
    for job in jobs.values() if isinstance(jobs, dict) else ():
        steps = job.get("steps") if isinstance(job, dict) else None
        if any(isinstance(step, dict) and _runs_us(step) for step in steps or ()):
            yield job.get("permissions", workflow.get("permissions"))


def _runs_us(step: Mapping[str, Any]) -> bool:
    return bool(_USES.fullmatch(str(step.get("uses", ""))) or _RUNS.search(str(step.get("run", ""))))


def _least(jobs: list[Any]) -> tuple[tuple[str, Grant], ...]:
    if any(permissions is None for permissions in jobs):
        return ()
    return tuple(
        (need.scope, min((_grant(permissions, need.scope) for permissions in jobs), key=_ORDER.index))
        for need in NEEDS
    )  # fmt: skip


def _grant(permissions: Any, scope: str) -> Grant:
    if permissions in ("write-all", "read-all"):
        return Grant.WRITE if permissions == "write-all" else Grant.READ
    return _GRANTS.get(str(permissions.get(scope)), Grant.NONE) if isinstance(permissions, dict) else Grant.NONE
