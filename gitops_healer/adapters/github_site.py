"""`Site`: one repository at GitHub with all that is needed to work there."""

from dataclasses import dataclass

from gitops_healer.adapters.github_client import GitHubClient, path_of
from gitops_healer.adapters.github_credentials import Account, GitHubPlace
from gitops_healer.adapters.origin import Origin
from gitops_healer.core.naming import BRANCH_PREFIX
from gitops_healer.ports import Cache, Clock, Repository


@dataclass(frozen=True)
class Site:
    client: GitHubClient
    origin: Origin
    repository: Repository
    cache: Cache
    clock: Clock
    account: Account
    place: GitHubPlace

    @property
    def login(self) -> str:
        return self.account.login

    @property
    def owner(self) -> str:
        return self.place.name.partition("/")[0]

    def path(self, *parts: str | int) -> str:
        """`site.path("pulls", 3)`: `/repos/octo/shop/pulls/3`."""
        return path_of("repos", self.place.name, *parts)

    def key(self, *parts: str | int) -> str:
        """The key under which something about this repository is kept in the cache."""
        return " ".join(map(str, ("github", self.place.api_url, self.place.name, self.login, *parts)))


def is_ours(branch: str) -> bool:
    """Whether a pull request's branch, as `github_reading` names it, is one of the healer's in this repository."""
    return branch.startswith(BRANCH_PREFIX)
