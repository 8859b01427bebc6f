"""The forge server of the tests as the runner's host."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.actions_runner.host import Happened
from tests.forge_server import checks, workflows
from tests.forge_server.server import ForgeServer
from tests.forge_server.state import ACTIONS_BOT, Token

_SYSTEM = Token("", "system", ACTIONS_BOT, None, {"checks": "write", "actions": "write"})
"""What GitHub itself does about workflows. Its events start workflows, as `workflow_run` has to."""
_CHECKS = Token("", "actions", ACTIONS_BOT, None, {"checks": "write"}, "github-actions")


def scopes_of(permissions: Mapping[str, str]) -> dict[str, str]:
    """`pull-requests` in a workflow is `pull_requests` at the forge."""
    return {scope.replace("-", "_"): level for scope, level in permissions.items()}


@dataclass
class ServerHost:
    server: ForgeServer
    repository: str
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    granted: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def bare(self) -> Path:
        return self.server.repository(self.repository).path

    @property
    def default_branch(self) -> str:
        return self.server.repository(self.repository).options.default_branch

    @property
    def server_url(self) -> str:
        return self.server.url

    @property
    def api_url(self) -> str:
        return self.server.api_url

    @property
    def graphql_url(self) -> str:
        return self.server.graphql_url

    @property
    def clone_url(self) -> str:
        return self.server.repository(self.repository).clone_url

    def token(self, permissions: Mapping[str, str]) -> str:
        self.granted.append(permissions)
        return self.server.token("actions", self.repository, permissions=scopes_of(permissions))

    def take_events(self) -> list[Happened]:
        return [
            Happened(event.name, event.payload, event.token_kind, event.repository)
            for event in self.server.take_events()
            if event.repository.lower() == self.repository.lower()
        ]

    def run_started(self, workflow: str, event: str, branch: str, sha: str, jobs: Sequence[str]) -> object:
        """Every job is a check on the commit that the run is about, also those of the healer itself."""
        repository = self.server.repository(self.repository)
        known = next((found for found in repository.workflows.values() if found.path == workflow), None)
        if known is None:
            return None
        run = workflows.start_run(repository, _SYSTEM, known, event, branch, sha)
        made = {name: checks.create_run(repository, _CHECKS, sha, name, status="in_progress") for name in jobs}
        return run, made

    def run_ended(self, run: Any, conclusions: Mapping[str, str]) -> None:
        if run is None:
            return
        repository = self.server.repository(self.repository)
        started, made = run
        for name, conclusion in conclusions.items():
            checks.update_run(repository, _CHECKS, made[name], status="completed", conclusion=conclusion)
        found = set(conclusions.values())
        worst = next((one for one in ("failure", "cancelled") if one in found), "")
        workflows.finish_run(repository, _SYSTEM, started, worst or ("success" if "success" in found else "skipped"))
