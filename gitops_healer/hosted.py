"""A repository that is at home at GitHub: signed in, asked by one client, seen by one fetch.

What `--forge github` needs of the wiring, and nothing else does: it starts without PyGithub.
"""

from dataclasses import dataclass
from typing import Any

from github import Auth

from gitops_healer.adapters.cache import SqliteCache, scan_cache
from gitops_healer.adapters.github_client import GitHubClient, Pace, connect, path_of
from gitops_healer.adapters.github_credentials import Access, sign_in
from gitops_healer.adapters.github_forge import GitHubForge
from gitops_healer.adapters.github_place import find_github, origin_url
from gitops_healer.adapters.github_probe import GitHubProbe
from gitops_healer.adapters.github_workflows import healing_workflows
from gitops_healer.adapters.ledger import GitLedger
from gitops_healer.adapters.origin import Origin
from gitops_healer.adapters.repository import open_repository
from gitops_healer.core.github_probed import Probed
from gitops_healer.errors import ForgeError, PreflightError
from gitops_healer.places import Choices, Place, chosen_branch, governed
from gitops_healer.ports import Clock
from gitops_healer.settings import forge_variables


@dataclass(frozen=True)
class Door:
    """As far as one comes without knowing the repository: signed in, nothing asked of it yet. app_client: speaks as the
    App itself, where we have its key."""

    access: Access
    client: GitHubClient
    cache: SqliteCache
    app_client: GitHubClient | None = None

    def prober(self, clock: Clock) -> GitHubProbe:
        return GitHubProbe(self.access, self.client, self.app_client, clock)


@dataclass(frozen=True)
class Hosted(Place):
    """A place whose base branch, policy and ledger are those of the remote, as its origin fetched them."""

    door: Door
    origin: Origin

    @property
    def forge(self) -> str:
        return "github"


def open_door(choices: Choices) -> Door:
    """Find out where and as whom. Raises RepositoryError, UsageError, ForgeError."""
    repository = open_repository(choices.path)
    variables = forge_variables() if choices.variables is None else choices.variables
    github = find_github(variables, origin_url(repository.state_dir.parent))
    cache = scan_cache(repository.state_dir, choices.progress)

    def client_of(auth: Auth.Auth, login: str = "") -> GitHubClient:
        return connect(github.api_url, auth, cache, choices.clock, login, Pace(sleep=choices.sleep))

    access = sign_in(variables, github, cache, client_of)
    app_client = client_of(access.app) if access.app else None
    return Door(access, client_of(access.auth, access.account.login), cache, app_client)


def find_hosted(choices: Choices) -> Hosted:
    """Sign in, fetch, and read the policy from the base branch as it stands at GitHub.

    Raises RepositoryError, UsageError, ConfigError, PreflightError, ForgeError.
    """
    door = open_door(choices)
    repository = open_repository(choices.path, door.access.credential)
    branch = chosen_branch(choices) or default_branch_of(door)
    origin = Origin(repository.git, repository, door.access.place.clone_url, (branch,))
    origin.prime()
    base_branch, base, settings = governed(choices, repository, branch, origin.head)
    return Hosted(repository, base_branch, base, settings, door, origin)


def ledger_at(place: Hosted) -> GitLedger:
    account = place.door.access.account
    return GitLedger(place.repository, name=account.login, email=account.email, origin=place.origin)


def probed(choices: Choices, place: Place | None) -> Probed:
    """What GitHub answers about the token and the repository. place: None when it could not be looked into: GitHub is
    asked all the same. Raises UsageError, ForgeError."""
    if not isinstance(place, Hosted):
        return open_door(choices).prober(choices.clock).probe(chosen_branch(choices))
    workflows = healing_workflows(place.repository, place.base) if place.base else ()
    return place.door.prober(choices.clock).probe(place.base_branch, workflows)


def default_branch_of(door: Door) -> str:
    """The branch that GitHub shows first. Raises ForgeError when the repository cannot be seen, PreflightError when it
    cannot be written to by anybody."""
    github = door.access.place
    found: Any = door.client.find(path_of("repos", *github.name.split("/")))
    if not isinstance(found, dict):
        raise ForgeError(
            f"there is no repository {github.name} at {github.host}, or the token may not see it: check the name, and "
            "give the token access to that repository"
        )
    if found.get("archived") or found.get("disabled"):
        raise PreflightError(f"{github.name} is archived or disabled: nothing can be written to it")
    return str(found.get("default_branch") or "main")


def forge_at(place: Hosted, clock: Clock) -> GitHubForge:
    door, access = place.door, place.door.access
    return GitHubForge(door.client, place.origin, place.repository, door.cache, clock, access.account, access.place)
