"""`GitHubForge`: pull requests and the people around them, at GitHub.

Between two `refresh`es it remembers what it saw. A cycle in which nothing happened costs one list of open pull
requests, one list of new comments, a GraphQL query for every 25 pull requests of ours, and one fetch.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from gitops_healer.adapters.github_board import Board
from gitops_healer.adapters.github_branches import Branches
from gitops_healer.adapters.github_checks import Checks
from gitops_healer.adapters.github_client import GitHubClient
from gitops_healer.adapters.github_comments import Talk
from gitops_healer.adapters.github_credentials import Account, GitHubPlace
from gitops_healer.adapters.github_drafts import Drafts
from gitops_healer.adapters.github_issues import Issues
from gitops_healer.adapters.github_pulls import Proposal, Pulls
from gitops_healer.adapters.github_reading import permission_of
from gitops_healer.adapters.github_sight import Sight
from gitops_healer.adapters.github_site import Site
from gitops_healer.adapters.origin import Origin
from gitops_healer.core.forge import Comment, Dashboard, Permission, Pull, PullState, Status
from gitops_healer.errors import ForgeError
from gitops_healer.ports import Cache, Clock, RefUpdate, Repository

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class GitHubForge:
    """Implements `ports.Forge`."""

    kind = "github"

    def __init__(
        self,
        client: GitHubClient,
        origin: Origin,
        repository: Repository,
        cache: Cache,
        clock: Clock,
        account: Account,
        place: GitHubPlace,
    ) -> None:
        """repository: the clone that `origin` fetches into; cache: may be lost, which costs calls."""
        self._site = Site(client, origin, repository, cache, clock, account, place)
        self._sight = Sight(self._site)
        self._pulls = Pulls(self._site, self._sight)
        self._drafts = Drafts(self._site, self._sight)
        self._talk = Talk(self._site, self._sight)
        self._checks = Checks(self._site, self._sight)
        self._board = Board(self._site, self._sight, self._talk)
        self._issues = Issues(self._site, self._sight)
        self._branches = Branches(self._site)
        self._permissions: dict[str, Permission] = {}

    @property
    def login(self) -> str:
        return self._site.login

    @property
    def url(self) -> str:
        return f"{self._site.place.server_url}/{self._site.place.name}"

    @property
    def email(self) -> str:
        return self._site.account.email

    @property
    def emails(self) -> frozenset[str]:
        return self._site.account.emails

    def refresh(self) -> None:
        self._site.origin.forget()
        self._sight.forget()
        self._talk.forget()
        self._checks.forget()
        self._issues.forget()
        self._permissions = {}

    # Pull requests

    def pull(self, number: int) -> Pull | None:
        return self._sight.pull(number)

    def pulls(self, state: PullState | None = None) -> tuple[Pull, ...]:
        return self._pulls.all(state)

    def pull_of_branch(self, branch: str) -> Pull | None:
        return self._pulls.of_branch(branch)

    def open_pull(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Pull:
        return self._pulls.open(Proposal(branch, base, title, body, draft))

    def mark_ready(self, number: int) -> None:
        self._drafts.mark_ready(number)

    def update_pull(self, number: int, title: str, body: str) -> None:
        self._pulls.update(number, title, body)

    def close_pull(self, number: int, by: str) -> None:
        """GitHub notes that it was us, whoever wanted it."""
        self._pulls.close(number)

    def merge_pull(self, number: int, head: str, message: str) -> str:
        return self._pulls.merge(number, head, message)

    # Branches

    def push(self, branch: str, commit: str, expected: str) -> str:
        made = self._branches.push(branch, commit, expected)
        self._sight.moved(branch, made)
        return made

    def publish(self, updates: Sequence[RefUpdate]) -> None:
        self._site.origin.publish({update.ref: update.new for update in updates})

    def delete_branch(self, branch: str, expected: str) -> None:
        self._branches.delete(branch, expected)
        self._sight.moved(branch, "")

    def branch_head(self, branch: str) -> str | None:
        return self._site.origin.head(branch)

    # Comments

    def comments(self, pull: int | None = None, since: datetime | None = None) -> tuple[Comment, ...]:
        return self._talk.all(pull, since)

    def acknowledge(self, comment: Comment) -> None:
        self._talk.acknowledge(comment)

    def add_comment(self, pull: int, author: str, body: str) -> Comment:
        return self._talk.add(pull, author, body)

    def set_sticky(self, pull: int, marker: str, body: str) -> None:
        self._talk.set_sticky(pull, marker, body)

    # The dashboard

    def dashboard(self) -> Dashboard | None:
        return self._board.seen()

    def show_dashboard(self, title: str, body: str) -> Dashboard | None:
        return self._board.show(title, body)

    def close_dashboard(self, reason: str) -> None:
        self._board.close(reason)

    # Issues about one thing

    def show_issue(self, marker: str, title: str, body: str) -> Dashboard:
        return self._issues.show(marker, title, body)

    # Statuses

    def statuses(self, commit: str) -> tuple[Status, ...]:
        return self._checks.of(commit)

    def set_status(self, commit: str, status: Status) -> None:
        self._checks.set(commit, status)

    # Permissions

    def permission(self, login: str) -> Permission:
        if not _LOGIN.fullmatch(login) or login == self.login:  # an App's has brackets: bots may order nothing
            return Permission.NONE
        if login not in self._permissions:
            data = self._site.client.find(self._site.path("collaborators", login, "permission"))
            self._permissions[login] = permission_of(data) if data else Permission.NONE
        return self._permissions[login]

    def set_permission(self, login: str, permission: Permission) -> None:
        raise ForgeError(
            f"who may write is not the healer's to say at GitHub: see {self._site.place.server_url}/"
            f"{self._site.place.name}/settings/access"
        )
