"""Who may do what in a repository that has no accounts: what git itself knows of people."""

from collections.abc import Mapping
from functools import cached_property

from gitops_healer.core.authority import valid_login
from gitops_healer.core.forge import Permission
from gitops_healer.errors import HealerError
from gitops_healer.ports import Repository, Signature

AUTHORS_SEARCHED = 500


class People:
    """Permissions: what was granted, else ADMIN for whose repository it is, WRITE for maintainers and authors, NONE.

    Cost: the authors of the last 500 commits are read once, and only when nothing else decides.
    """

    def __init__(
        self,
        repository: Repository,
        healer: str,
        signature: Signature,
        maintainers: tuple[str, ...],
        git_identity: tuple[str, str, str],
        default_branch: str,
    ) -> None:
        self._repository = repository
        self._healer = healer.casefold()
        self._ours = frozenset(text.casefold() for text in (healer, signature.name, signature.email))
        self._maintainers = frozenset(login.casefold() for login in maintainers)
        name, email, os_login = git_identity
        self._owner = frozenset({*_names(name, email), os_login.casefold()})
        self._default_branch = default_branch

    def is_healer(self, login: str) -> bool:
        return login.casefold() == self._healer

    def permission(self, login: str, granted: Mapping[str, Permission]) -> Permission:
        """granted: by logins in lower case; a grant of NONE takes away what one would have otherwise."""
        wanted = login.casefold()
        if not valid_login(login) or self.is_healer(login):
            return Permission.NONE
        if wanted in granted:
            return granted[wanted]
        if wanted in self._owner:
            return Permission.ADMIN
        return Permission.WRITE if wanted in self._maintainers or wanted in self._authors else Permission.NONE

    @cached_property
    def _authors(self) -> frozenset[str]:
        """Names by which the authors of the default branch may be called."""
        branch = self._default_branch or self._repository.head_branch()
        try:
            head = self._repository.resolve(f"refs/heads/{branch}" if branch else "HEAD")
            commits = list(self._repository.log(head, limit=AUTHORS_SEARCHED)) if head else []
        except HealerError:
            return frozenset()  # a broken or shallow history knows nobody
        authors = {(commit.author.name, commit.author.email) for commit in commits}
        known = [_names(*author) for author in authors]
        return frozenset().union(*(names for names in known if not names & self._ours))


def _names(name: str, email: str) -> frozenset[str]:
    """Name, e-mail, the part before its @, and the login in a `12345+login@` address, in lower case."""
    local = email.partition("@")[0]
    return frozenset(text.casefold() for text in (name, email, local, local.partition("+")[2]) if text)
