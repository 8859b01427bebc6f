"""`LocalForge`: pull requests, comments, statuses and permissions in one ref of the repository itself.

`refs/healer/forge` -> a commit whose tree holds `pulls/<number>.json`, `issues/<number>.json`,
`comments/<pull or issue>/<id>.json`, `statuses/<commit>/<digest of the context>.json`, `dashboard.json` and
`permissions.json`.
Clone or push that ref, and the forge comes along.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gitops_healer.adapters.forge_input import branch_ref, checked_body, checked_login, checked_title, marked
from gitops_healer.adapters.json_tree import JsonTree, Write
from gitops_healer.adapters.people import People
from gitops_healer.adapters.remote import check_id
from gitops_healer.core.codec import digest
from gitops_healer.core.forge import Comment, Dashboard, Permission, Pull, PullState, Status
from gitops_healer.errors import ForgeError, HealerError, LostRaceError, NotMergeableError
from gitops_healer.ports import Clock, Conflict, RefUpdate, Repository, Signature

REF = "refs/healer/forge"
_PERMISSIONS = "permissions.json"
_DASHBOARD = "dashboard.json"
_MERGES_SEARCHED = 500


@dataclass(frozen=True)
class Issue:
    """An issue of ours about one thing. open: False in the file closes it for good."""

    number: int
    marker: str
    title: str
    body: str
    author: str
    created: datetime
    open: bool = True

    def shown(self) -> Dashboard:
        return Dashboard(self.number, self.body, self.open)


class LocalForge:
    """Implements `ports.Forge`. Branches are `refs/heads/<branch>`; no work tree and no index is ever touched."""

    kind = "local"
    url = ""
    emails: frozenset[str] = frozenset()

    def __init__(
        self,
        repository: Repository,
        clock: Clock,
        login: str,
        signature: Signature,
        maintainers: tuple[str, ...],
        git_identity: tuple[str, str, str],
        default_branch: str = "",
    ) -> None:
        """login, signature: the healer's own; maintainers: logins that may write; git_identity: (user.name, user.email,
        login of the operating system) of whose repository this is; default_branch: "" for the one that HEAD names."""
        self.login = login
        self._repository = repository
        self._clock = clock
        self._signature = signature
        self._tree = JsonTree(repository, REF, clock, signature)
        self._people = People(repository, login, signature, maintainers, git_identity, default_branch)

    @property
    def email(self) -> str:
        return self._signature.email

    def refresh(self) -> None:
        self._tree.look()

    # Pull requests

    def pull(self, number: int) -> Pull | None:
        self._tree.look()
        return self._pull(number)

    def pulls(self, state: PullState | None = None) -> tuple[Pull, ...]:
        self._tree.look()
        return tuple(pull for pull in self._pulls() if state in (None, pull.state))

    def pull_of_branch(self, branch: str) -> Pull | None:
        self._tree.look()
        numbers = [number for number in self._numbers() if self._stored(number).branch == branch]
        return self._pull(numbers[-1]) if numbers else None

    def open_pull(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Pull:
        def wanted() -> Write[Pull]:
            return self._opened(branch, base, title, body, draft)

        return self._tree.write(wanted, f"open a {'draft' if draft else 'pull request'} of {branch}")

    def mark_ready(self, number: int) -> None:
        def wanted() -> Write[None]:
            pull = self._known(number)
            if not pull.draft:
                return Write(None)
            if pull.state is not PullState.OPEN:
                raise ForgeError(f"#{number} is {pull.state.value}: only an open draft can be marked ready")
            return Write(None, {_pull_path(number): replace(pull, draft=False)})

        self._tree.write(wanted, f"mark #{number} ready")

    def update_pull(self, number: int, title: str, body: str) -> None:
        def wanted() -> Write[None]:
            pull = self._known(number)
            changed = replace(pull, title=checked_title(title), body=checked_body(body))
            return Write(None) if changed == pull else Write(None, {_pull_path(number): changed})

        self._tree.write(wanted, f"update #{number}")

    def close_pull(self, number: int, by: str) -> None:
        def wanted() -> Write[None]:
            pull = self._known(number)
            if pull.state is PullState.MERGED:
                raise ForgeError(
                    f"#{number} is merged as {pull.merge_commit[:10]}: it cannot be closed, only taken back"
                )
            if pull.state is PullState.CLOSED:
                return Write(None)
            return Write(None, {_pull_path(number): replace(pull, state=PullState.CLOSED, closed_by=checked_login(by))})

        self._tree.write(wanted, f"close #{number}")

    def merge_pull(self, number: int, head: str, message: str) -> str:
        return self._tree.write(lambda: self._merged(number, head, message), f"merge #{number}")

    # Branches

    def push(self, branch: str, commit: str, expected: str) -> str:
        def wanted() -> Write[str]:
            now = self.branch_head(branch) or ""
            if now == commit:
                return Write(commit)
            self._must_stand(branch, now, expected)
            found = self._open_pull_of(branch)
            files = {_pull_path(found.number): replace(found, head=commit)} if found else {}
            return Write(commit, files, (RefUpdate(branch_ref(branch), check_id(commit), expected),))

        return self._tree.write(wanted, f"push {branch}")

    def publish(self, updates: Sequence[RefUpdate]) -> None:
        """They are here already."""

    def delete_branch(self, branch: str, expected: str) -> None:
        def wanted() -> Write[None]:
            now = self.branch_head(branch) or ""
            if not now:
                return Write(None)
            self._must_stand(branch, now, expected)
            found = self._open_pull_of(branch)
            files = {_pull_path(found.number): found} if found else {}
            return Write(None, files, (RefUpdate(branch_ref(branch), "", expected),))

        self._tree.write(wanted, f"delete {branch}")

    def branch_head(self, branch: str) -> str | None:
        return self._repository.resolve(branch_ref(branch))

    # Comments

    def comments(self, pull: int | None = None, since: datetime | None = None) -> tuple[Comment, ...]:
        self._tree.look()
        prefix = "comments/" if pull is None else f"comments/{pull}/"
        paths = sorted(self._tree.paths(prefix), key=_number_of)
        return tuple(comment for path in paths if (comment := self._tree.read(path, Comment)))

    def add_comment(self, pull: int, author: str, body: str) -> Comment:
        def wanted() -> Write[Comment]:
            comment = self._new_comment(pull, checked_login(author), checked_body(body))
            return Write(comment, {_comment_path(comment): comment})

        return self._tree.write(wanted, f"comment on #{pull}" if pull else "comment")

    def set_sticky(self, pull: int, marker: str, body: str) -> None:
        text = checked_body(body if marker in body else f"{marker}\n{body}")

        def wanted() -> Write[None]:
            ours = (known for known in self._comments_of(pull) if known.author == self.login and marker in known.body)
            comment = next(ours, None)
            if comment is not None and comment.body == text:
                return Write(None)
            changed = replace(comment, body=text) if comment else self._new_comment(pull, self.login, text)
            return Write(None, {_comment_path(changed): changed})

        self._tree.write(wanted, f"say on #{pull}" if pull else "say")

    def acknowledge(self, comment: Comment) -> None:
        """Nothing to show: a reply follows at once."""

    # The dashboard

    def dashboard(self) -> Dashboard | None:
        self._tree.look()
        return self._tree.read(_DASHBOARD, Dashboard)

    def show_dashboard(self, title: str, body: str) -> Dashboard | None:
        text = checked_body(body)

        def wanted() -> Write[Dashboard]:
            known = self._tree.read(_DASHBOARD, Dashboard) or Dashboard(0, "")
            changed = replace(known, body=text)
            return Write(known) if not known.open or known.body == text else Write(changed, {_DASHBOARD: changed})

        return self._tree.write(wanted, f"show {checked_title(title)}")

    def close_dashboard(self, reason: str) -> None:
        def wanted() -> Write[None]:
            known = self._tree.read(_DASHBOARD, Dashboard)
            if known is None or not known.open:
                return Write(None)
            return Write(None, {_DASHBOARD: replace(known, open=False)})

        self._tree.write(wanted, f"close the dashboard: {reason[:200]}")

    # Issues about one thing

    def show_issue(self, marker: str, title: str, body: str) -> Dashboard:
        text = checked_body(marked(marker, body))

        def wanted() -> Write[Dashboard]:
            known = next((issue for issue in self._issues() if issue.marker == marker), None)
            if known is not None and (not known.open or known.body == text):
                return Write(known.shown())
            started = known or Issue(self._next_number(), marker, "", "", self.login, self._clock.now())
            changed = replace(started, title=checked_title(title), body=text)
            return Write(changed.shown(), {_issue_path(changed.number): changed})

        return self._tree.write(wanted, f"show {checked_title(title)}")

    # Statuses

    def statuses(self, commit: str) -> tuple[Status, ...]:
        self._tree.look()
        paths = self._tree.paths(f"statuses/{commit}/")
        found = [status for path in paths if (status := self._tree.read(path, Status))]
        return tuple(sorted(found, key=lambda status: status.context))

    def set_status(self, commit: str, status: Status) -> None:
        path = f"statuses/{check_id(commit)}/{digest(status.context)[:16]}.json"
        self._write_one(path, status, Status, f"{status.context[:100]} of {commit[:10]}: {status.state.value}")

    # Permissions

    def permission(self, login: str) -> Permission:
        self._tree.look()
        return self._people.permission(login, self._permissions())

    def set_permission(self, login: str, permission: Permission) -> None:
        if self._people.is_healer(checked_login(login)):
            raise ForgeError(f"{login} is the healer itself, which is never obeyed: name somebody else")

        def wanted() -> Write[None]:
            known = self._permissions()
            changed = {**known, login.casefold(): permission}
            return Write(None) if changed == known else Write(None, {_PERMISSIONS: changed})

        self._tree.write(wanted, f"let {login} {permission.value}")

    # Below: everything is as of the last look

    def _numbers(self) -> list[int]:
        return sorted(_number_of(path) for path in self._tree.paths("pulls/"))

    def _issues(self) -> Iterator[Issue]:
        paths = sorted(self._tree.paths("issues/"), key=_number_of)
        return (issue for path in paths if (issue := self._tree.read(path, Issue)))

    def _next_number(self) -> int:
        """Pull requests and issues share their numbers, as at GitHub."""
        return max(map(_number_of, (*self._tree.paths("pulls/"), *self._tree.paths("issues/"))), default=0) + 1

    def _pulls(self) -> Iterator[Pull]:
        return (self._live(self._stored(number)) for number in self._numbers())

    def _pull(self, number: int) -> Pull | None:
        stored = self._tree.read(_pull_path(number), Pull)
        return self._live(stored) if stored else None

    def _stored(self, number: int) -> Pull:
        stored = self._tree.read(_pull_path(number), Pull)
        assert stored is not None
        return stored

    def _known(self, number: int) -> Pull:
        pull = self._pull(number)
        if pull is None:
            raise ForgeError(f"there is no pull request #{number}: the newest is #{max(self._numbers(), default=0)}")
        return pull

    def _live(self, stored: Pull) -> Pull:
        """An open pull request follows its branch; whoever merges the branch by hand has merged it."""
        if stored.state is not PullState.OPEN:
            return stored
        head = self.branch_head(stored.branch) or stored.head
        base = self.branch_head(stored.base)
        grown = head if head == stored.head or self._is_ancestor(stored.head, head) else stored.head
        if base is not None and self._is_ancestor(grown, base):
            merge = self._merge_of(grown, base)
            return replace(stored, head=grown, state=PullState.MERGED, merge_commit=merge)
        return replace(stored, head=head)

    def _is_ancestor(self, older: str, newer: str) -> bool:
        try:
            return self._repository.is_ancestor(older, newer)
        except HealerError:
            return False  # the commit is gone: a branch was deleted by hand and git cleaned up

    def _merge_of(self, head: str, base: str) -> str:
        """The commit of the first-parent line of `base` that brought `head`."""
        while base != head:
            parents = self._repository.commit(base).parents
            if not parents or not self._repository.is_ancestor(head, parents[0]):
                break
            base = parents[0]
        return base

    def _open_pull_of(self, branch: str) -> Pull | None:
        candidates = (self._live(stored) for n in self._numbers() if (stored := self._stored(n)).branch == branch)
        return next((pull for pull in candidates if pull.state is PullState.OPEN), None)

    def _opened(self, branch: str, base: str, title: str, body: str, draft: bool) -> Write[Pull]:
        found = self._open_pull_of(branch)
        if found is not None:
            return Write(found)
        head, onto = self._must_exist(branch), self._must_exist(base)
        if self._repository.is_ancestor(head, onto):
            raise ForgeError(f"{branch} holds nothing that {base} does not have: push a commit to it first")
        number, now = self._next_number(), self._clock.now()
        pull = Pull(
            number, branch, base, head, checked_title(title), checked_body(body), self.login, PullState.OPEN, now,
            draft=draft,
        )  # fmt: skip
        return Write(pull, {_pull_path(number): pull})

    def _merged(self, number: int, head: str, message: str) -> Write[str]:
        pull = self._known(number)
        self._check_mergeable(pull, head)
        if pull.state is PullState.MERGED:
            known = self._stored(number).state is PullState.MERGED
            return Write(pull.merge_commit, {} if known else {_pull_path(number): pull})
        base = self._must_exist(pull.base)
        commit = self._squashed(pull, base, message)
        done = replace(pull, state=PullState.MERGED, merge_commit=commit)
        still = RefUpdate(branch_ref(pull.branch), head, head)
        moves = (still,) if commit == base else (still, RefUpdate(branch_ref(pull.base), commit, base))
        return Write(commit, {_pull_path(number): done}, moves)

    def _check_mergeable(self, pull: Pull, head: str) -> None:
        """Raises when it is not open (or not merged as that head), or when its head is another."""
        if pull.state is PullState.CLOSED:
            raise ForgeError(f"#{pull.number} was closed by {pull.closed_by or 'somebody'}: it cannot be merged")
        if pull.head != head:
            done = "was merged" if pull.state is PullState.MERGED else "stands"
            raise LostRaceError(f"#{pull.number} {done} at {pull.head[:10]}, not at {head[:10]}: prove that first")
        if pull.state is PullState.OPEN and self.branch_head(pull.branch) is None:
            raise ForgeError(
                f"the branch {pull.branch} of #{pull.number} is gone: push it again, or close #{pull.number}"
            )
        if pull.state is PullState.OPEN and pull.draft:
            raise NotMergeableError(f"#{pull.number} is still a draft: mark it ready first")

    def _squashed(self, pull: Pull, base: str, message: str) -> str:
        """The merge commit: a new one, or the one that a process made that died before it could say so."""
        signature = replace(self._signature, when=self._clock.now())
        try:
            made = self._repository.squash(base, pull.head, message, signature)
        except HealerError as error:
            raise ForgeError(f"#{pull.number} cannot be merged: {error}") from error
        if isinstance(made, Conflict):
            raise ForgeError(
                f"#{pull.number} conflicts with {pull.base} in {', '.join(made.paths)}: "
                f"build the change again on {pull.base}"
            )
        if self._repository.commit(made).tree != self._repository.commit(base).tree:
            return made
        for earlier in self._repository.log(base, limit=_MERGES_SEARCHED):
            if earlier.message.strip() == message.strip() and earlier.committer.email == self._signature.email:
                return earlier.id
        raise ForgeError(f"#{pull.number} changes nothing that {pull.base} does not have already: close it")

    def _new_comment(self, pull: int, author: str, body: str) -> Comment:
        head = self._known(pull).head if pull and not self._tree.paths(_issue_path(pull)) else ""
        number = max(map(_number_of, self._tree.paths("comments/")), default=0) + 1
        return Comment(str(number), pull, author, body, self._clock.now(), bot=author == self.login, head=head)

    def _comments_of(self, pull: int) -> Iterator[Comment]:
        found = (self._tree.read(path, Comment) for path in self._tree.paths(f"comments/{pull}/"))
        return (comment for comment in found if comment)

    def _permissions(self) -> dict[str, Permission]:
        return self._tree.read(_PERMISSIONS, dict[str, Permission]) or {}

    def _write_one(self, path: str, value: Status, kind: type[Status], reason: str) -> None:
        def wanted() -> Write[None]:
            return Write(None) if self._tree.read(path, kind) == value else Write(None, {path: value})

        self._tree.write(wanted, reason)

    def _must_exist(self, branch: str) -> str:
        head = self.branch_head(branch)
        if head is None:
            raise ForgeError(f"there is no branch {branch}: push it first")
        return head

    def _must_stand(self, branch: str, now: str, expected: str) -> None:
        """Raises LostRaceError when the branch moved, ForgeError when somebody works on it in a work tree."""
        if now != expected:
            raise LostRaceError(
                f"{branch} stands at {now[:10] or 'nothing'}, not at {expected[:10] or 'nothing'}: look again"
            )
        if now and self._repository.checked_out(branch):
            raise ForgeError(f"{branch} is checked out in a work tree: switch to another branch there, then run again")


def _pull_path(number: int) -> str:
    return f"pulls/{number}.json"


def _issue_path(number: int) -> str:
    return f"issues/{number}.json"


def _comment_path(comment: Comment) -> str:
    return f"comments/{comment.pull}/{comment.id}.json"


def _number_of(path: str) -> int:
    name = path.rpartition("/")[2].removesuffix(".json")
    if not (name.isascii() and name.isdigit()):
        raise ForgeError(f"{REF}:{path} is not what the healer writes: `git log --stat {REF}` shows who did")
    return int(name)
