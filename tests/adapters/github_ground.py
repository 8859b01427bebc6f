"""A GitHub to stand on: the forge server, a clone of a repository there, and the forge over both, signed in."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from github import Auth

from gitops_healer.adapters.cache import MemoryCache
from gitops_healer.adapters.github_client import GitHubClient, Pace, connect
from gitops_healer.adapters.github_credentials import GitHubPlace, sign_in
from gitops_healer.adapters.github_forge import GitHubForge
from gitops_healer.adapters.origin import Origin
from gitops_healer.adapters.remote import Git
from gitops_healer.adapters.repository import GitRepository, open_repository
from gitops_healer.ports import Cache, Signature
from gitops_healer.settings import ForgeVariables
from tests.adapters.forge_contract import Hands
from tests.forge_server import ForgeServer, Person
from tests.forge_server.state import Repository

NAME = "octo/shop"
KINDS = ("app", "pat", "actions")
PAT_LOGIN = "healer-account"


@dataclass
class ServerClock:
    """The server's time; a pause turns it."""

    server: ForgeServer
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.server.clock.now()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.server.clock.turn(seconds)


@dataclass
class GitHubGround(Hands):
    server: ForgeServer
    token: str
    clone: Path
    cache: Cache
    clock: ServerClock
    repository: GitRepository
    client: GitHubClient
    origin: Origin
    forge: GitHubForge
    base: str = "main"
    writer: str = "robin"
    stranger: str = "passer-by"

    def commit(self, parent: str, files: Mapping[str, str]) -> str:
        data = {path: text.encode() for path, text in files.items()}
        healer = Signature("gitops-healer", "healer@example.org", self.clock.now() + timedelta(seconds=1))
        return self.repository.commit_files(parent, data, "work", healer)

    def say(self, pull: int, login: str, body: str) -> None:
        self.person(login).comment(pull, body)
        self.forge.refresh()

    def move(self, branch: str, commit: str) -> None:
        """A push by a person who may, from this clone: its objects are the test's."""
        token = self.server.token("pat", repository=NAME, login=self.writer)
        url = self.origin.url.replace("://", f"://x-access-token:{token}@")
        arguments = ["push", "--quiet", "--force", url, f"{commit}:refs/heads/{branch}"]
        subprocess.run(["git", *arguments], cwd=self.clone, check=True, capture_output=True)
        self.forge.refresh()

    def close_issue(self, number: int) -> None:
        self.person(self.writer).close(number)

    @property
    def shop(self) -> Repository:
        """As the server has it."""
        return self.server.repository(NAME)

    def person(self, login: str) -> Person:
        return self.server.person(login, NAME)

    def again(self, cache: Cache | None = None, token: str = "") -> "GitHubGround":
        """As another run has it: the same clone, token and cache (if no other is given), nothing else remembered."""
        return _ground(self.server, token or self.token, self.clone, cache or self.cache)


@contextmanager
def github_ground(folder: Path, kind: str = "app", page_size: int = 0, **options: Any) -> Iterator[GitHubGround]:
    """page_size: the most that the server gives of a list at once, 0 for GitHub's own limit."""
    if page_size:
        options["page_cap"] = page_size
    with ForgeServer(folder / "server", **options) as server:
        shop = server.create_repository(NAME)
        for login in ("robin", "passer-by"):
            server.add_user(login)
        server.permit(NAME, "robin", "write")
        server.person("robin", NAME).push("main", {"a.txt": "a\n"}, "first")
        yield _ground(server, token_of(server, kind), clone_of(shop.path, folder), MemoryCache())


def token_of(server: ForgeServer, kind: str, permissions: Mapping[str, str] | None = None) -> str:
    login = {"app": "octo-healer[bot]", "pat": PAT_LOGIN, "actions": "github-actions[bot]"}[kind]
    if kind == "pat":
        server.add_user(login)
        server.permit(NAME, login, "write")
    return server.token(kind, repository=NAME, login=login, permissions=permissions)


def clone_of(bare: Path, folder: Path) -> Path:
    clone = folder / "clone"
    Git(clone / ".git").clone(str(bare))
    return clone


def _ground(server: ForgeServer, token: str, clone: Path, cache: Cache) -> GitHubGround:
    clock = ServerClock(server)
    place = GitHubPlace(NAME, server.url, server.api_url)

    def client_of(auth: Auth.Auth, login: str = "") -> GitHubClient:
        return connect(place.api_url, auth, cache, clock, login, Pace(clock.sleep, between_writes=0.0))

    access = sign_in(ForgeVariables(token=token), place, cache, client_of)
    repository = open_repository(clone, access.credential())
    client = client_of(access.auth, access.account.login)
    origin = Origin(repository.git, repository, place.clone_url, ["main"])
    forge = GitHubForge(client, origin, repository, cache, clock, access.account, place)
    return GitHubGround(server, token, clone, cache, clock, repository, client, origin, forge)
