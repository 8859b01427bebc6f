"""What the runner needs of a forge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Happened:
    """An event as webhooks tell it. token_kind: of whoever caused it; "actions" starts no workflow."""

    name: str
    payload: Mapping[str, Any]
    token_kind: str = "pat"
    repository: str = ""

    @property
    def starts_workflows(self) -> bool:
        return self.token_kind != "actions" or self.name in ("workflow_dispatch", "repository_dispatch")


class Host(Protocol):
    """One repository of a forge. repository: owner/name; bare: the folder of its bare git repository."""

    repository: str
    bare: Path
    default_branch: str
    server_url: str
    api_url: str
    graphql_url: str
    clone_url: str
    variables: Mapping[str, str]
    secrets: Mapping[str, str]

    def token(self, permissions: Mapping[str, str]) -> str:
        """A token of a job with exactly these permissions."""
        ...

    def take_events(self) -> list[Happened]: ...

    def run_started(self, workflow: str, event: str, branch: str, sha: str, jobs: Sequence[str]) -> object:
        """A run of a workflow file begins; jobs: their names. What is returned is given back when it ends."""
        ...

    def run_ended(self, run: Any, conclusions: Mapping[str, str]) -> None:
        """conclusions: by name of job."""
        ...


@dataclass
class FolderHost:
    """A bare repository without a forge around it: jobs get a token that opens nothing."""

    bare: Path
    repository: str = "octo/shop"
    default_branch: str = "main"
    server_url: str = "http://127.0.0.1:9"
    api_url: str = "http://127.0.0.1:9/api/v3"
    graphql_url: str = "http://127.0.0.1:9/api/graphql"
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    granted: list[Mapping[str, str]] = field(default_factory=list)
    ended: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    @property
    def clone_url(self) -> str:
        return str(self.bare)

    def token(self, permissions: Mapping[str, str]) -> str:
        self.granted.append(permissions)
        return f"ghs_job{len(self.granted):033}"

    def take_events(self) -> list[Happened]:
        return []

    def run_started(self, workflow: str, event: str, branch: str, sha: str, jobs: Sequence[str]) -> object:
        return workflow

    def run_ended(self, run: Any, conclusions: Mapping[str, str]) -> None:
        self.ended.append((str(run), conclusions))
