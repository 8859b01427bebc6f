"""Workflow files: what they are, and which events start them."""

import fnmatch
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_DEFAULT_TYPES = {"pull_request": ("opened", "synchronize", "reopened")}


class _Yaml(yaml.SafeLoader):
    """YAML 1.2 as GitHub reads it: `on`, `off`, `yes` and `no` are words."""


_Yaml.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def load_yaml(text: str) -> dict[str, Any]:
    data = yaml.load(text, _Yaml)
    if not isinstance(data, dict):
        raise ValueError("a workflow or action must be a mapping")
    return data


@dataclass(frozen=True)
class Workflow:
    path: str
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.data.get("name", self.path))

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self.data["jobs"])

    def trigger(self, event: str) -> Mapping[str, Any] | None:
        """The filters of an event, empty for none; None when it does not start this workflow."""
        on = self.data.get("on")
        if isinstance(on, str):
            on = [on]
        if isinstance(on, list):
            return {} if event in on else None
        if not isinstance(on, dict) or event not in on:
            return None
        filters = on[event]
        return filters if isinstance(filters, dict) else {}

    def is_started_by(self, event: str, payload: Mapping[str, Any]) -> bool:
        filters = self.trigger(event)
        if filters is None:
            return False
        if "paths" in filters or "paths-ignore" in filters:
            raise NotImplementedError(f"{self.path}: filters of paths are not modelled")
        types = _listed(filters.get("types", _DEFAULT_TYPES.get(event, ())))
        if types and event not in ("push", "schedule") and payload.get("action") not in types:
            return False
        if event == "workflow_run" and payload["workflow_run"]["name"] not in _listed(filters.get("workflows", ())):
            return False
        return _branch_fits(event, filters, payload)


def _listed(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else list(value)


def _branch_fits(event: str, filters: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    match event:
        case "push":
            ref = str(payload["ref"])
            if ref.startswith("refs/tags/"):
                return "tags" in filters or "branches" not in filters
            if "tags" in filters and "branches" not in filters and "branches-ignore" not in filters:
                return False
            branch = ref.removeprefix("refs/heads/")
        case "pull_request" | "pull_request_target":
            branch = payload["pull_request"]["base"]["ref"]
        case "workflow_run":
            branch = payload["workflow_run"]["head_branch"] or ""
        case _:
            return True
    if "branches-ignore" in filters:
        return not _any_glob(_listed(filters["branches-ignore"]), branch)
    return "branches" not in filters or _any_glob(_listed(filters["branches"]), branch)


def _any_glob(patterns: Sequence[str], name: str) -> bool:
    """`*` stops at a slash, `**` does not; a pattern with `!` takes back what earlier ones let through."""
    fits = False
    for pattern in patterns:
        text = re.escape(pattern.removeprefix("!")).replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", ".?")
        if re.fullmatch(text, name):
            fits = not pattern.startswith("!")
    return fits


def matrix_of(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every combination; one empty one without a matrix."""
    matrix = job.get("strategy", {}).get("matrix", {})
    if not isinstance(matrix, dict) or {"include", "exclude"} & set(matrix):
        raise NotImplementedError("include, exclude and expressions of a matrix are not modelled")
    names = list(matrix)
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*matrix.values())]


def permissions_of(workflow: Workflow, job: Mapping[str, Any], *, from_fork: bool = False) -> dict[str, str]:
    """What the token of a job may do. Naming any scope sets all others to none; a fork's run may read only."""
    said = job.get("permissions", workflow.data.get("permissions", {"contents": "read", "packages": "read"}))
    if isinstance(said, str):
        raise NotImplementedError("read-all and write-all are not modelled: name the scopes")
    granted = {str(scope): str(level) for scope, level in said.items() if level != "none"}
    return {scope: "read" if from_fork else level for scope, level in granted.items()}


def order_of(jobs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Ids of jobs, each after those that it needs. Raises ValueError for a circle."""
    done: list[str] = []
    while len(done) < len(jobs):
        ready = [name for name in jobs if name not in done and set(needs_of(jobs[name])) <= set(done)]
        if not ready:
            raise ValueError("jobs need each other in a circle")
        done += ready
    return done


def needs_of(job: Mapping[str, Any]) -> Sequence[str]:
    return _listed(job.get("needs", ()))


def matching_files(patterns: Sequence[str], names: Sequence[str]) -> list[str]:
    """For `hashFiles`: files that any pattern fits."""
    return sorted({name for pattern in patterns for name in names if fnmatch.fnmatch(name, pattern)})
